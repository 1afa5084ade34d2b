//! What a rule is, and how each makes sure of what it found.

use super::check::{Found, Shape, any};
use super::{Secret, encoded, field, known, kube, named, vendor};

/// A kind of secret that is known by its structure.
#[derive(Debug)]
pub struct Rule {
    /// Its number in the headers of leaves; never used for another rule.
    pub number: u16,
    /// Its name in replacements.
    pub name: &'static str,
    /// What it looks for, in words.
    pub what: &'static str,
    pub(super) how: How,
}

/// How a rule finds its secrets.
#[derive(Debug)]
pub(super) enum How {
    /// Bytes that every such secret has, and a closer look at where they are.
    Anchors(&'static [&'static str], fn(&[u8], usize) -> Option<Found>),
    /// The same for a byte, which is found faster alone.
    Byte(u8, fn(&[u8], usize) -> Option<Found>),
    /// Tokens that look so; each is found by its first part.
    Shapes(&'static [Shape]),
    /// The text value of a field with such a key, in lowercase.
    Key(fn(&str) -> bool),
    /// Texts behind names, in all the ways in which names stand before them.
    Named(named::Place),
    /// Found by what stands around it, from these anchors on; there may be several.
    Around(&'static [&'static str], fn(&[u8], usize, &mut Vec<Found>) -> usize),
}

/// All rules, in order of their numbers. A number is never reused; a change of what a rule takes for a secret
/// gets a new number.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    known::RULES.iter().chain(&vendor::RULES).chain(&encoded::RULES).chain(&named::RULES).chain(&kube::RULES)
}

/// The rule of this number.
pub fn rule(number: u16) -> Option<&'static Rule> {
    rules().find(|rule| rule.number == number)
}

/// The rule of JSON web tokens.
pub(super) fn token() -> &'static Rule {
    // It is in the table at its number less one, and a test says so.
    const JWT: usize = 10;
    &known::RULES[JWT]
}

/// All anchors, each with how to look closer.
pub(super) fn anchors() -> Vec<(&'static str, Anchor)> {
    let mut anchors: Vec<(&'static str, Anchor)> = Vec::new();
    for rule in rules() {
        match &rule.how {
            How::Anchors(texts, find) => anchors.extend(texts.iter().map(|text| (*text, Anchor::Of(rule, *find)))),
            How::Around(texts, find) => anchors.extend(texts.iter().map(|text| (*text, Anchor::Around(rule, *find)))),
            How::Shapes(shapes) => {
                let mut texts: Vec<&'static str> = shapes.iter().filter_map(Shape::anchor).collect();
                texts.sort_unstable();
                texts.dedup();
                anchors.extend(texts.into_iter().map(|text| (text, Anchor::Shaped(rule, shapes))));
            }
            How::Byte(..) | How::Key(_) | How::Named(_) => {}
        }
    }
    anchors.extend(named::ANCHORS.iter().map(|text| (*text, Anchor::Key)));
    anchors
}

/// What a byte that is found alone leads to.
pub(super) fn of_byte(byte: u8) -> impl Iterator<Item = Anchor> {
    rules().filter_map(move |rule| match rule.how {
        How::Byte(own, find) if own == byte => Some(Anchor::Of(rule, find)),
        _ => None,
    })
}

/// What an anchor leads to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Anchor {
    /// This rule.
    Of(&'static Rule, fn(&[u8], usize) -> Option<Found>),
    /// This rule, which may find several.
    Around(&'static Rule, fn(&[u8], usize, &mut Vec<Found>) -> usize),
    /// Tokens of this rule.
    Shaped(&'static Rule, &'static [Shape]),
    /// The rule that knows the name.
    Key,
}

impl Anchor {
    /// Which of the turns it belongs to: one for each rule, and one for all names.
    pub(super) fn turn(self) -> u16 {
        match self {
            Anchor::Key => 0,
            Anchor::Of(rule, _) | Anchor::Around(rule, _) | Anchor::Shaped(rule, _) => rule.number,
        }
    }

    /// Makes sure of an anchor at `at`, where the last one of its turn ended at `done`. Returns up to where
    /// the turn is done.
    pub(super) fn look(self, record: &[u8], at: usize, done: usize, out: &mut Vec<Secret>) -> usize {
        let (rule, found) = match self {
            Anchor::Of(rule, find) => (rule, find(record, at)),
            Anchor::Shaped(rule, shapes) => (rule, any(shapes, record, at)),
            Anchor::Around(rule, find) => {
                let mut found = Vec::new();
                let done = find(record, at, &mut found).max(done);
                out.extend(found.into_iter().map(|found| Secret::new(found, rule)));
                return done;
            }
            Anchor::Key => {
                let wanted = |key: &str| {
                    // All rules of this kind are among the first.
                    known::RULES.iter().find(|rule| matches!(rule.how, How::Key(knows) if knows(key)))
                };
                // A name that nothing follows is a word.
                let rest = record.get(at..).unwrap_or_default();
                let end = rest.iter().position(|byte| !named::is_name(*byte)).and_then(|end| rest.get(end));
                if !matches!(end, Some(b'"' | b'\\' | b'=' | b':' | b'%' | b' ')) {
                    return done;
                }
                match field::value(record, at, done, wanted) {
                    Some((rule, found)) => (rule, Some(found)),
                    None => return named::look(record, at, done, out),
                }
            }
        };
        match found {
            Some(found) => {
                out.push(Secret::new(found, rule));
                found.end
            }
            None => done,
        }
    }
}
