//! Pages that must exist, and links that must lead somewhere.

use std::path::Path;

#[test]
fn every_platform_module_has_its_page() {
    let modules = std::fs::read_dir(crate::root().join("crates/sources/src")).unwrap();
    let skip = ["split", "scrub", "json", "unwrap", "time", "probe", "listing", "fill", "field", "mapping"];
    let mut found = 0;
    for module in modules.map(|entry| entry.unwrap()).filter(|entry| entry.file_type().unwrap().is_dir()) {
        let name = module.file_name().into_string().unwrap().replace('_', "-");
        if skip.contains(&name.as_str()) {
            continue;
        }
        found += 1;
        assert!(crate::text(&format!("docs/sources/{name}.md")).is_some(), "docs/sources/{name}.md is missing");
    }
    assert!(found >= 9, "{found} modules");
}

#[test]
fn every_format_page_says_what_an_auditor_asks_first() {
    for page in crate::tracked().iter().filter(|file| file.starts_with("docs/format/") && file.ends_with(".md")) {
        let text = crate::text(page).unwrap();
        for heading in ["Security of", "Version changes"] {
            assert!(text.contains(heading) || page.ends_with("README.md"), "{page} has no heading `{heading}`");
        }
    }
}

#[test]
fn every_relative_link_leads_to_a_file() {
    for page in crate::tracked().iter().filter(|file| file.ends_with(".md")) {
        let text = crate::text(page).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = target.split('#').next().unwrap();
            if target.is_empty() || target.contains("://") || target.contains(' ') {
                continue;
            }
            let path = Path::new(page).parent().unwrap().join(target);
            assert!(crate::root().join(&path).exists(), "{page} links to {target}, which is not there");
        }
    }
}
