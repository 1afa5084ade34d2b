//! One pass over a record for the anchors of all rules.
//!
//! An automaton over all of them reads one byte after the other. Vectors are several times faster, as long as few of
//! the places they stop at are wrong. So each anchor is looked for by the three or four of its bytes that are rarest
//! in logs, and those of one kind share a searcher: parts of names, what ends with `_`, what ends with a letter
//! and `.`, what ends with another mark, and the rest.

use aho_corasick::{AhoCorasick, Input, Match, Span, packed};

use super::rule::Anchor;

/// Most windows that one vector searcher tells apart without stopping at too many wrong places.
const WINDOWS_MAX: usize = 48;

/// The groups of parts of names, and of what ends with a mark: their bytes have nothing in common, so they
/// are dealt out to more buckets.
const NAMES: usize = 0;
const ENDS: usize = 3;

/// Anchors whose rarest bytes are neither their first nor their last, and where these are.
const WITHIN: [(&str, usize); 4] = [("dentified by", 8), ("glagent-", 0), ("tskey-", 0), ("ignature=", 5)];

/// Finds the places that a rule has to look closer at.
#[derive(Clone, Debug)]
pub(super) struct Finder {
    groups: Vec<Group>,
}

/// Windows that share a searcher.
#[derive(Clone, Debug)]
pub(super) struct Group {
    searcher: Searcher,
    /// What each window leads to.
    leads: Vec<Vec<Lead>>,
}

/// An anchor that has this window in it.
#[derive(Clone, Copy, Debug)]
struct Lead {
    text: &'static str,
    /// Where in the text the window begins.
    offset: usize,
    anchor: Anchor,
}

#[derive(Clone, Debug)]
enum Searcher {
    /// With vector instructions.
    Packed(packed::Searcher),
    /// On processors without them.
    Automaton(AhoCorasick),
}

impl Finder {
    pub(super) fn new(anchors: &[(&'static str, Anchor)]) -> Result<Finder, aho_corasick::BuildError> {
        let mut kinds: [Vec<(&'static str, Vec<Lead>)>; 6] = Default::default();
        for (text, anchor) in anchors {
            let (kind, offset, length) = window(text, *anchor);
            let Some(window) = text.get(offset..offset + length) else { continue };
            let Some(kind) = kinds.get_mut(kind) else { continue };
            let lead = Lead { text, offset, anchor: *anchor };
            match kind.iter_mut().find(|(known, _)| *known == window) {
                Some((_, leads)) => leads.push(lead),
                None => kind.push((window, vec![lead])),
            }
        }
        let groups = kinds.iter().enumerate().flat_map(|(kind, windows)| {
            let mixed = matches!(kind, NAMES | ENDS);
            windows.chunks(WINDOWS_MAX).map(move |windows| Group::new(windows, mixed))
        });
        Ok(Finder { groups: groups.collect::<Result<_, _>>()? })
    }

    pub(super) fn groups(&self) -> &[Group] {
        &self.groups
    }
}

impl Group {
    fn new(windows: &[(&'static str, Vec<Lead>)], mixed: bool) -> Result<Group, aho_corasick::BuildError> {
        let vectors = |fat: Option<bool>| {
            let mut config = packed::Config::new();
            let mut builder = config.heuristic_pattern_limits(false).only_teddy_fat(fat).builder();
            builder.extend(windows.iter().map(|(window, _)| window.as_bytes())).build()
        };
        let searcher = match vectors(Some(mixed)).or_else(|| vectors(None)) {
            Some(searcher) => Searcher::Packed(searcher),
            None => Searcher::Automaton(AhoCorasick::new(windows.iter().map(|(window, _)| window))?),
        };
        Ok(Group { searcher, leads: windows.iter().map(|(_, leads)| leads.clone()).collect() })
    }

    /// The next window from `from` on.
    fn find(&self, text: &[u8], from: usize) -> Option<Match> {
        match &self.searcher {
            Searcher::Packed(searcher) => searcher.find_in(text, Span { start: from, end: text.len() }),
            Searcher::Automaton(automaton) => automaton.find(Input::new(text).range(from..)),
        }
    }

    /// Calls `at` with each anchor of the group and where it begins. An anchor may begin inside of another,
    /// as that of a private key in `pypi-----BEGIN `.
    pub(super) fn each(&self, text: &[u8], mut at: impl FnMut(Anchor, usize)) {
        let mut from = 0;
        while let Some(hit) = self.find(text, from) {
            from = hit.start() + 1;
            for lead in self.leads.get(hit.pattern().as_usize()).into_iter().flatten() {
                let Some(begin) = hit.start().checked_sub(lead.offset) else { continue };
                if text.get(begin..).is_some_and(|rest| rest.starts_with(lead.text.as_bytes())) {
                    at(lead.anchor, begin);
                }
            }
        }
    }
}

/// By which bytes an anchor is looked for, and with which others: group, offset and length.
fn window(text: &str, anchor: Anchor) -> (usize, usize, usize) {
    let bytes = text.as_bytes();
    let last = bytes.len().saturating_sub(1);
    let within = WITHIN.iter().find(|(own, _)| *own == text).map(|(_, offset)| *offset);
    match bytes {
        [_, _, _] => (2, 0, 3),
        _ if matches!(anchor, Anchor::Key) => (NAMES, within.unwrap_or(0), 4),
        _ if within.is_some() => (5, within.unwrap_or(0), 4),
        [_, _, .., b'_'] => (1, last - 2, 3),
        [_, .., letter, b'.'] if letter.is_ascii_alphabetic() => (2, last.saturating_sub(2), 3),
        // Words are many, and what they end with is rare.
        [.., b' ' | b':' | b'=' | b'-' | b'"' | b'\\'] if last >= 4 => (ENDS, last - 3, 4),
        [first, ..] if first.is_ascii_lowercase() => (5, 0, 4),
        _ => (4, 0, 4),
    }
}
