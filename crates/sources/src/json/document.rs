//! A JSON object as the list of its values, for logs whose keys their owners choose: access logs, alerts, decisions.
//!
//! Where a platform's schema is fixed, a typed record says more and costs less.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Text, not_json};
use crate::Reject;

/// Most values kept of one record; what is behind them is checked and not kept.
const VALUES_MAX: usize = 16_384;

/// Most keys of one object that are compared with each other.
const KEYS_COMPARED_MAX: usize = 256;

/// The values of a record, each before the values inside of it.
pub(crate) struct Document<'a> {
    values: Vec<Value<'a>>,
}

struct Value<'a> {
    key: Cow<'a, str>,
    text: Option<Cow<'a, str>>,
    /// Behind the last value inside of this one.
    end: usize,
}

/// One value of a document, and what is inside of it.
#[derive(Clone, Copy)]
pub(crate) struct View<'d, 'a> {
    values: &'d [Value<'a>],
    at: usize,
}

impl<'a> Document<'a> {
    /// Reads a record.
    pub(crate) fn read(text: &'a str) -> Result<Document<'a>, Reject> {
        let mut values = vec![Value { key: Cow::Borrowed(""), text: None, end: 0 }];
        let mut from = serde_json::Deserializer::from_str(text);
        let read = Grow(&mut values).deserialize(&mut from).and_then(|()| from.end());
        read.map_err(|error| not_json(&error))?;
        let end = values.len();
        if let Some(root) = values.first_mut() {
            root.end = end;
        }
        Ok(Document { values })
    }

    /// All of it.
    pub(crate) fn root(&self) -> View<'_, 'a> {
        View { values: &self.values, at: 0 }
    }

    /// The scalar at a JSON pointer, if it says something.
    pub(crate) fn get(&self, pointer: &str) -> Option<Cow<'a, str>> {
        self.root().get(pointer)
    }

    /// The first scalar at one of these pointers.
    pub(crate) fn any(&self, pointers: &[&str]) -> Option<Cow<'a, str>> {
        self.root().any(pointers)
    }

    /// Whether there is a value at a pointer, whatever it is.
    pub(crate) fn has(&self, pointer: &str) -> bool {
        self.root().at(pointer).is_some()
    }

    /// What is inside of the value at a pointer.
    pub(crate) fn items(&self, pointer: &str) -> impl Iterator<Item = View<'_, 'a>> {
        self.root().at(pointer).into_iter().flat_map(View::inside)
    }
}

impl<'d, 'a> View<'d, 'a> {
    /// The key under which it stands; empty in a list.
    pub(crate) fn key(self) -> &'d str {
        self.values.get(self.at).map_or("", |value| &value.key)
    }

    /// The scalar that it is, if that says something.
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        self.values.get(self.at)?.text.clone().filter(|text| !text.is_empty())
    }

    /// The values right inside of it.
    pub(crate) fn inside(self) -> impl Iterator<Item = View<'d, 'a>> {
        let end = self.values.get(self.at).map_or(0, |value| value.end);
        let mut next = self.at + 1;
        std::iter::from_fn(move || {
            let value = self.values.get(next).filter(|_| next < end)?;
            let at = std::mem::replace(&mut next, value.end);
            Some(View { values: self.values, at })
        })
    }

    /// The value at a JSON pointer below it. Keys with a slash in them cannot be named.
    pub(crate) fn at(self, pointer: &str) -> Option<View<'d, 'a>> {
        let mut parts = pointer.split('/').skip(1);
        parts.try_fold(self, |view, part| match part.parse::<usize>() {
            Ok(number) if view.inside().next().is_some_and(|first| first.key().is_empty()) => view.inside().nth(number),
            _ => view.inside().find(|inside| inside.key() == part),
        })
    }

    /// The scalar at a JSON pointer below it, if it says something.
    pub(crate) fn get(self, pointer: &str) -> Option<Cow<'a, str>> {
        self.at(pointer)?.text()
    }

    /// The first scalar at one of these pointers.
    pub(crate) fn any(self, pointers: &[&str]) -> Option<Cow<'a, str>> {
        pointers.iter().find_map(|pointer| self.get(pointer))
    }
}

/// Puts a value, and all inside of it, behind the values so far; the last of them is its place.
struct Grow<'v, 'a>(&'v mut Vec<Value<'a>>);

impl<'a> Grow<'_, 'a> {
    fn set(self, text: Cow<'a, str>) {
        if let Some(last) = self.0.last_mut() {
            last.text = Some(text);
        }
    }

    /// A place for the next value; `None` if there are too many.
    fn place(&mut self, key: Cow<'a, str>) -> Option<usize> {
        let at = self.0.len();
        (at < VALUES_MAX).then(|| {
            self.0.push(Value { key, text: None, end: at + 1 });
            at
        })
    }

    fn close(&mut self, at: usize) {
        let end = self.0.len();
        if let Some(value) = self.0.get_mut(at) {
            value.end = end;
        }
    }
}

impl<'de> DeserializeSeed<'de> for Grow<'_, 'de> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Grow<'_, 'de> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_borrowed_str<E>(self, v: &'de str) -> Result<(), E> {
        self.set(Cow::Borrowed(v));
        Ok(())
    }
    fn visit_str<E>(self, v: &str) -> Result<(), E> {
        self.set(Cow::Owned(v.to_owned()));
        Ok(())
    }
    fn visit_bool<E>(self, v: bool) -> Result<(), E> {
        self.set(Cow::Borrowed(if v { "true" } else { "false" }));
        Ok(())
    }
    fn visit_i64<E>(self, v: i64) -> Result<(), E> {
        self.set(Cow::Owned(v.to_string()));
        Ok(())
    }
    fn visit_u64<E>(self, v: u64) -> Result<(), E> {
        self.set(Cow::Owned(v.to_string()));
        Ok(())
    }
    fn visit_f64<E>(self, v: f64) -> Result<(), E> {
        self.set(Cow::Owned(v.to_string()));
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut mine: Vec<usize> = Vec::new();
        while let Some(Text(key)) = map.next_key()? {
            let key = key.unwrap_or_default();
            let is_new = mine.len() >= KEYS_COMPARED_MAX
                || !mine.iter().any(|at| self.0.get(*at).is_some_and(|value| value.key == key));
            if !is_new {
                // As a typed record does: the way of `normalise` mends it and says so.
                return Err(A::Error::custom(format_args!("duplicate field `{key}`")));
            }
            match self.place(key) {
                Some(at) => {
                    map.next_value_seed(Grow(&mut *self.0))?;
                    self.close(at);
                    mine.push(at);
                }
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        loop {
            let Some(at) = self.place(Cow::Borrowed("")) else {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(());
            };
            if seq.next_element_seed(Grow(&mut *self.0))?.is_none() {
                self.0.truncate(at);
                return Ok(());
            }
            self.close(at);
        }
    }
}

#[cfg(test)]
mod tests;
