//! Words and sizes.

/// Rust files of ours.
fn sources() -> Vec<(String, String)> {
    let files = crate::tracked().into_iter().filter(|file| file.ends_with(".rs"));
    files.filter_map(|file| Some((file.clone(), crate::text(&file)?))).collect()
}

#[test]
fn no_file_is_a_drawer() {
    for (file, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= 1_000, "{file} has {lines} lines; split it by what it knows");
    }
}

#[test]
fn every_crate_and_module_says_what_it_is() {
    for (file, text) in sources() {
        let module = file.contains("/src/") && !file.ends_with("tests.rs");
        assert!(!module || text.starts_with("//!"), "{file} does not begin with a `//!` line");
    }
}

#[test]
fn no_unfinished_mark_is_left() {
    // Put together here, so that this file does not find itself.
    let marks = [["TO", "DO"].concat(), ["FIX", "ME"].concat(), ["to", "do!("].concat(), ["#[ig", "nore"].concat()];
    for (file, text) in sources() {
        for mark in &marks {
            assert!(!text.contains(mark.as_str()), "{file} has an unfinished mark: {mark}");
        }
    }
}

#[test]
fn no_type_is_named_after_nothing() {
    for (file, text) in sources() {
        for word in ["Manager", "Helper", "Util", "Impl"] {
            for declared in ["struct ", "enum ", "trait "] {
                let named = text.lines().filter_map(|line| line.split(declared).nth(1)).any(|rest| {
                    let name: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
                    name.ends_with(word)
                });
                assert!(!named, "{file} declares a {declared}…{word}");
            }
        }
    }
}

#[test]
fn the_repository_speaks_of_the_product_alone() {
    let places = [["/wo", "rk/"].concat(), ["/ro", "ot/"].concat(), ["/tm", "p/wt"].concat(), ["/ho", "me/"].concat()];
    for file in crate::tracked() {
        let Some(text) = crate::text(&file) else { continue };
        // Lock files and goldens name what vendors name.
        if file.ends_with("Cargo.lock") || file.contains("/golden/") || file.ends_with("go.sum") {
            continue;
        }
        for place in &places {
            assert!(!text.contains(place.as_str()), "{file} names a path of somebody's machine: {place}");
        }
    }
}
