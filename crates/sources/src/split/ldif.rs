//! Entries of LDIF: runs of lines up to a blank one (RFC 2849).

/// As many bytes behind a line end decide [`ends`].
pub(super) const HEAD_BYTES: usize = 3;

/// Lines in front of an entry, or behind the last one, that belong to none: of the format, and of the
/// program that searched.
const ASIDE: [&[u8]; 3] = [b"version:", b"search:", b"result:"];

/// Whether a delivery is LDIF, by its beginning: after comments and the version comes the name of an entry.
pub(super) fn is_ldif(text: &[u8]) -> bool {
    let lines = text.split(|byte| *byte == b'\n');
    let mut said = lines.filter(|line| !is_aside(line) && !line.trim_ascii().is_empty() && !line.starts_with(b" "));
    said.next().is_some_and(names_entry)
}

/// Whether a line begins an entry.
pub(super) fn names_entry(line: &[u8]) -> bool {
    line.get(..3).is_some_and(|begin| begin.eq_ignore_ascii_case(b"dn:"))
}

/// Whether a line belongs to no entry.
pub(super) fn is_aside(line: &[u8]) -> bool {
    let begins = |word: &&[u8]| line.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
    line.starts_with(b"#") || ASIDE.iter().any(begins)
}

/// As many bytes tell [`is_aside`].
pub(super) const ASIDE_BYTES: usize = 8;

/// Whether the entry ends before these bytes, which follow a line end of it. `None` if there are too few
/// to tell; `whole` says that there will be no more.
pub(super) fn ends(next: &[u8], whole: bool) -> Option<bool> {
    match next {
        [b'\n', ..] | [b'\r', b'\n', ..] => Some(true),
        // A broken entry must not swallow the next.
        [_, _, _, ..] => Some(names_entry(next)),
        _ => whole.then_some(next.is_empty()),
    }
}
