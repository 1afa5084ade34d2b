//! Request parameters and response elements: a JSON tree of which one branch at a time is read.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Longest list of which the items are read.
const ITEMS_MAX: usize = 64;

/// The members of one object, their values unread.
#[derive(Debug, Default)]
pub(crate) struct Params<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Params<'a> {
    /// The members of a value that may be absent or no object.
    pub(crate) fn of(value: Option<&'a RawValue>) -> Params<'a> {
        value
            .filter(|value| value.get().starts_with('{'))
            .and_then(|value| serde_json::from_str(value.get()).ok())
            .unwrap_or_default()
    }

    /// All members, their names as they were read.
    pub(crate) fn into_members(self) -> Vec<(Cow<'a, str>, &'a RawValue)> {
        self.0
    }

    /// All members.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), *value))
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a member, unread.
    pub(crate) fn raw(&self, key: &str) -> Option<&'a RawValue> {
        self.0.iter().rev().find(|(name, _)| name == key).map(|(_, value)| *value)
    }

    /// A member that is a text, a number or a boolean, unless it is empty.
    pub(crate) fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        scalar(self.raw(key)?)
    }

    /// The first of several members that is a text, a number or a boolean.
    pub(crate) fn first(&self, keys: &[&str]) -> Option<Cow<'a, str>> {
        keys.iter().find_map(|key| self.text(key))
    }

    /// A member that is an object.
    pub(crate) fn object(&self, key: &str) -> Params<'a> {
        Params::of(self.raw(key))
    }

    /// The texts of a member that is a list.
    pub(crate) fn texts(&self, key: &str) -> Vec<Cow<'a, str>> {
        self.raw(key).map(items).unwrap_or_default().into_iter().filter_map(scalar).collect()
    }

    /// The objects of a member that is a list.
    pub(crate) fn objects(&self, key: &str) -> Vec<Params<'a>> {
        self.raw(key).map(items).unwrap_or_default().into_iter().map(|item| Params::of(Some(item))).collect()
    }
}

/// A scalar as text, unless it is empty or null.
pub(crate) fn scalar(value: &RawValue) -> Option<Cow<'_, str>> {
    let text = value.get();
    match text.as_bytes().first()? {
        b'"' => {
            let inner = text.strip_prefix('"')?.strip_suffix('"')?;
            let inner = if inner.contains('\\') {
                Cow::Owned(serde_json::from_str::<String>(text).ok()?)
            } else {
                Cow::Borrowed(inner)
            };
            (!inner.is_empty()).then_some(inner)
        }
        b'{' | b'[' | b'n' => None,
        _ => Some(Cow::Borrowed(text)),
    }
}

/// The first items of a list.
pub(crate) fn items(value: &RawValue) -> Vec<&RawValue> {
    if !value.get().starts_with('[') {
        return Vec::new();
    }
    let mut items: Vec<&RawValue> = serde_json::from_str(value.get()).unwrap_or_default();
    items.truncate(ITEMS_MAX);
    items
}

impl<'de> Deserialize<'de> for Params<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Params<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(8);
                while let Some((Key(key), value)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
                    members.push((key, value));
                }
                Ok(Params(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// A key, borrowed where it has no escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(v)))
            }
            fn visit_str<E>(self, v: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(v.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}
