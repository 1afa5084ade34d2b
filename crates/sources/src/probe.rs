//! A look at the top level of a JSON object, cheap enough to be taken of every record.

use std::cell::OnceCell;

/// The keys of a record's top level, found when first asked for.
pub struct Probe<'a> {
    text: &'a str,
    top: OnceCell<Vec<(&'a str, &'a str)>>,
}

impl<'a> Probe<'a> {
    /// Looks at a record: JSON text, unwrapped.
    pub fn new(text: &'a str) -> Probe<'a> {
        Probe { text, top: OnceCell::new() }
    }

    /// Whether the record contains these bytes anywhere: a fast first look, to be confirmed with
    /// [`Probe::has`].
    pub fn contains(&self, needle: &str) -> bool {
        memchr::memmem::find(self.text.as_bytes(), needle.as_bytes()).is_some()
    }

    /// Whether the top level has this key.
    pub fn has(&self, key: &str) -> bool {
        self.raw(key).is_some()
    }

    /// The value of a top-level key as JSON text.
    pub fn raw(&self, key: &str) -> Option<&'a str> {
        let top = self.top.get_or_init(|| top_level(self.text));
        top.iter().rev().find(|(name, _)| *name == key).map(|(_, value)| *value)
    }

    /// The value of a top-level key, if it is a text without escapes.
    pub fn text(&self, key: &str) -> Option<&'a str> {
        self.raw(key)?.strip_prefix('"')?.strip_suffix('"')
    }
}

fn top_level(text: &str) -> Vec<(&str, &str)> {
    use serde::de::{Deserializer as _, MapAccess, Visitor};
    struct Top;
    impl<'de> Visitor<'de> for Top {
        type Value = Vec<(&'de str, &'de str)>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut top = Vec::with_capacity(24);
            while let Some((key, value)) = map.next_entry::<&'de str, &'de serde_json::value::RawValue>()? {
                top.push((key, value.get()));
            }
            Ok(top)
        }
    }
    serde_json::Deserializer::from_str(text).deserialize_map(Top).unwrap_or_default()
}
