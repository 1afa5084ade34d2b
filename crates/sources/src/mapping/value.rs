//! Values of a mapping: paths, texts around paths, constants; with conditions, cuts and tables; the first that
//! is there counts.

use std::borrow::Cow;

use super::rows::{Pattern, Rows};
use super::shape::{Filled, Slot};

use crate::field::hyphened;

/// What a value is computed from: the slots of a record, and the item of a list that is looked at.
#[derive(Clone, Copy)]
pub(super) struct Env<'f, 'a> {
    pub(super) filled: &'f Filled<'a>,
    /// The list and the item.
    pub(super) row: Option<(usize, usize)>,
}

/// Where a text comes from, with the words of the file for it.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) slot: Slot,
    pub(super) said: &'static str,
}

/// A text with places in it.
#[derive(Debug)]
pub(super) enum Template {
    Place(Place),
    Constant(&'static str),
    Parts(Vec<Part>),
}

#[derive(Debug)]
pub(super) enum Part {
    Text(&'static str),
    Place(Place),
}

/// What is cut out of a text.
#[derive(Debug, Default)]
pub(super) struct Cut {
    pub(super) after: Option<Box<str>>,
    pub(super) before: Option<Box<str>>,
    pub(super) lower: bool,
    pub(super) kebab: bool,
}

/// What must hold.
#[derive(Debug)]
pub(super) struct Condition {
    pub(super) value: Value,
    pub(super) test: Test,
    pub(super) said: Box<str>,
}

#[derive(Debug)]
pub(super) enum Test {
    /// It has a value, or has none.
    Exists(bool),
    /// It is one of these, or none of them.
    Is(Vec<Word>, bool),
    /// One of these holds.
    Any(Vec<Condition>),
}

#[derive(Debug)]
pub(super) enum Word {
    Exact(Box<str>),
    Pattern(Pattern),
}

impl Word {
    pub(super) fn fits(&self, text: &str) -> bool {
        match self {
            Word::Exact(word) => **word == *text,
            Word::Pattern(pattern) => pattern.fits(text),
        }
    }
}

/// One way to a value.
#[derive(Debug)]
pub(super) struct Alternative {
    pub(super) when: Vec<Condition>,
    pub(super) template: Template,
    pub(super) cut: Cut,
    pub(super) table: Option<Rows<&'static str>>,
    /// The words of the file.
    pub(super) said: Box<str>,
}

/// The first alternative that is there.
#[derive(Debug, Default)]
pub(super) struct Value {
    pub(super) alternatives: Vec<Alternative>,
}

impl<'a> Env<'_, 'a> {
    /// The text at a place, unless it is empty.
    pub(super) fn at(&self, place: &Place) -> Option<&Cow<'a, str>> {
        self.filled.get(place.slot, self.row).filter(|text| !text.is_empty())
    }

    pub(super) fn all(&self, conditions: &[Condition]) -> bool {
        conditions.iter().all(|condition| condition.holds(self))
    }
}

impl Template {
    pub(super) fn get<'a>(&self, env: &Env<'_, 'a>) -> Option<Cow<'a, str>> {
        match self {
            Template::Place(place) => env.at(place).cloned(),
            Template::Constant(text) => Some(Cow::Borrowed(*text)),
            Template::Parts(parts) => {
                let mut out = String::new();
                for part in parts {
                    out.push_str(match part {
                        Part::Text(text) => text,
                        Part::Place(place) => env.at(place)?,
                    });
                }
                Some(Cow::Owned(out))
            }
        }
    }

    pub(super) fn places(&self) -> impl Iterator<Item = &Place> {
        let (one, parts) = match self {
            Template::Place(place) => (Some(place), &[][..]),
            Template::Constant(_) => (None, &[][..]),
            Template::Parts(parts) => (None, parts.as_slice()),
        };
        let inside = parts.iter().filter_map(|part| match part {
            Part::Place(place) => Some(place),
            Part::Text(_) => None,
        });
        one.into_iter().chain(inside)
    }
}

impl Cut {
    fn cuts(&self) -> bool {
        self.after.is_some() || self.before.is_some() || self.lower || self.kebab
    }

    fn get<'a>(&self, text: Cow<'a, str>) -> Option<Cow<'a, str>> {
        if !self.cuts() {
            return Some(text);
        }
        let part = match text {
            Cow::Borrowed(text) => Cow::Borrowed(self.part(text)?),
            Cow::Owned(text) => Cow::Owned(self.part(&text)?.to_owned()),
        };
        if part.is_empty() {
            return None;
        }
        Some(match (self.kebab, self.lower) {
            (true, _) => Cow::Owned(hyphened(&part)),
            (_, true) if part.bytes().any(|byte| byte.is_ascii_uppercase()) => Cow::Owned(part.to_lowercase()),
            _ => part,
        })
    }

    fn part<'t>(&self, text: &'t str) -> Option<&'t str> {
        let mut rest = text;
        if let Some(after) = &self.after {
            rest = rest.split_once(&**after)?.1;
        }
        if let Some(before) = &self.before {
            rest = rest.split_once(&**before)?.0;
        }
        Some(rest.trim())
    }
}

impl Condition {
    pub(super) fn holds(&self, env: &Env<'_, '_>) -> bool {
        match &self.test {
            Test::Any(conditions) => conditions.iter().any(|condition| condition.holds(env)),
            Test::Exists(there) => self.value.get(env).is_some() == *there,
            Test::Is(words, yes) => {
                let found = self.value.get(env).is_some_and(|text| words.iter().any(|word| word.fits(&text)));
                found == *yes
            }
        }
    }
}

impl Alternative {
    pub(super) fn get<'a>(&self, env: &Env<'_, 'a>) -> Option<Cow<'a, str>> {
        if !env.all(&self.when) {
            return None;
        }
        let text = self.cut.get(self.template.get(env)?)?;
        match &self.table {
            None => Some(text),
            Some(rows) => rows.get(&text).map(|(_, row)| Cow::Borrowed(*row)),
        }
    }

    /// Why this alternative has no value; asked only when it has none.
    pub(super) fn why_not(&self, env: &Env<'_, '_>) -> String {
        if let Some(failed) = self.when.iter().find(|condition| !condition.holds(env)) {
            return format!("not so: {}", failed.said);
        }
        let absent = self.template.places().find(|place| env.at(place).is_none());
        if let Some(place) = absent {
            return format!("{} has no value", place.said);
        }
        match self.template.get(env).and_then(|text| self.cut.get(text)) {
            None => "the text has not what it is cut by".to_owned(),
            Some(text) => format!("the table has no row for \"{text}\""),
        }
    }

    /// What gave the value: the words of the file, and the row of the table.
    pub(super) fn how(&self, env: &Env<'_, '_>) -> String {
        let text = self.template.get(env).and_then(|text| self.cut.get(text));
        let row = text.and_then(|text| Some(self.table.as_ref()?.get(&text)?.0.to_owned()));
        match row {
            Some(row) => format!("{}, row \"{row}\"", self.said),
            None => self.said.to_string(),
        }
    }
}

impl Value {
    pub(super) fn get<'a>(&self, env: &Env<'_, 'a>) -> Option<Cow<'a, str>> {
        self.alternatives.iter().find_map(|alternative| alternative.get(env))
    }

    /// The places that it may come from, in order.
    pub(super) fn places(&self) -> impl Iterator<Item = &Place> {
        self.alternatives.iter().flat_map(|alternative| alternative.template.places())
    }
}
