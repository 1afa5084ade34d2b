//! Fields as platforms write them: texts that may be empty, times in many forms, types in many spellings. Modules of
//! platforms with many flat fields declare their records with [`texts!`]; [`crate::fill`] is what becomes of them.

use std::borrow::Cow;
use std::marker::PhantomData;

use model::TimePrecision;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use crate::{json, time};

/// A text that may be missing.
pub(crate) type Text<'a> = Option<Cow<'a, str>>;

/// Declares a record whose fields are texts: each with its key, if that is not its name, and other spellings of it, of which
/// a record has one at most; fields of other types follow behind `and`.
macro_rules! texts {
    (
        $(#[$doc:meta])* $name:ident {
            $($(#[$fdoc:meta])* $field:ident $(: $key:literal $(| $alias:literal)*)?,)+
        } $(and { $($(#[$meta:meta])+ $other:ident: $kind:ty,)+ })?
    ) => {
        $(#[$doc])*
        #[derive(Default, serde::Deserialize)]
        pub(super) struct $name<'a> {
            $(
                $(#[$fdoc])*
                $(#[serde(rename = $key, $(alias = $alias,)*)])?
                #[serde(borrow, default, deserialize_with = "crate::json::text")]
                pub(super) $field: crate::field::Text<'a>,
            )+
            $($($(#[$meta])+ pub(super) $other: $kind,)+)?
        }
    };
}
pub(crate) use texts;

/// An open set of parameters: each key of an object whose value is a text or a number, in their order.
#[derive(Default)]
pub(crate) struct Pairs<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Pairs<'a> {
    /// Pairs that were read off another form than JSON.
    pub(crate) fn of(pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>) -> Pairs<'a> {
        Pairs(pairs)
    }

    /// The value of the first of these keys that has one that is not empty.
    pub(crate) fn get(&self, keys: &[&str]) -> Text<'a> {
        keys.iter().find_map(|key| {
            let (_, value) = self.0.iter().find(|(name, value)| name == key && !value.is_empty())?;
            Some(value.clone())
        })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pairs<'a>, D::Error> {
        struct Keys<'a>(PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for Keys<'a> {
            type Value = Pairs<'a>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of parameters")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs: Vec<(Cow<'a, str>, Cow<'a, str>)> = Vec::new();
                while let Some((Scalar(key), Scalar(value))) = map.next_entry()? {
                    let (Some(key), Some(value)) = (key, value) else { continue };
                    // The way round repeated keys is the same for all records: `json::repair`.
                    if pairs.iter().any(|(name, _)| *name == key) {
                        return Err(serde::de::Error::custom(format!("duplicate field `{key}`")));
                    }
                    pairs.push((key, value));
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Keys(PhantomData))
    }
}

/// [`json::text`] as a type.
struct Scalar<'a>(Text<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Scalar<'a>, D::Error> {
        json::text(deserializer).map(Scalar)
    }
}

/// A text that is there and not empty.
pub(crate) fn said<'a>(text: &Text<'a>) -> Text<'a> {
    text.clone().filter(|text| !text.is_empty())
}

/// The first text that is there and not empty.
pub(crate) fn first<'a>(texts: &[&Text<'a>]) -> Text<'a> {
    texts.iter().find_map(|text| said(text))
}

/// A time: RFC 3339 and its relatives, a civil time with its zone behind a space, or an epoch number.
pub(crate) fn instant(text: &str) -> Option<time::Parsed> {
    let text = text.trim();
    if let Some(parsed) = digits(text) {
        return Some(parsed);
    }
    if let Ok(number) = text.parse::<i64>() {
        return if number == 0 { None } else { time::from_epoch(number) };
    }
    if let Some(parsed) = time::parse(text) {
        return Some(parsed);
    }
    if let Some(parsed) = seconds(text) {
        return Some(parsed);
    }
    let (civil, zone) = text.rsplit_once(' ')?;
    time::parse(&format!("{civil}{}", if matches!(zone, "UTC" | "Z") { "Z" } else { zone }))
}

/// Seconds since 1970 with a fraction, as precise as it is written.
fn seconds(text: &str) -> Option<time::Parsed> {
    let (whole, fraction) = text.split_once('.')?;
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let precision = match fraction.len() {
        0..=3 => TimePrecision::Milli,
        4..=6 => TimePrecision::Micro,
        _ => TimePrecision::Nano,
    };
    let digits: String = fraction.chars().chain(std::iter::repeat('0')).take(9).collect();
    let whole = time::from_epoch(whole.parse().ok()?).filter(|whole| whole.precision == TimePrecision::Second)?;
    let nanos = whole.nanos.checked_add(digits.parse().ok()?)?;
    Some(time::Parsed { nanos, precision, ..whole })
}

/// A civil time in UTC without a sign between its parts, as in `20260903080522.417`. As an epoch number it would
/// be of a year far off.
fn digits(text: &str) -> Option<time::Parsed> {
    let (whole, rest) = text.split_at_checked(14)?;
    if !whole.bytes().all(|byte| byte.is_ascii_digit()) || !(whole.starts_with("19") || whole.starts_with("20")) {
        return None;
    }
    if !rest.is_empty() && !rest.starts_with('.') {
        return None;
    }
    let part = |from: usize, to: usize| whole.get(from..to);
    let (date, clock) = (part(0, 4)?, part(8, 10)?);
    let text = format!("{date}-{}-{}T{clock}:{}:{}{rest}Z", part(4, 6)?, part(6, 8)?, part(10, 12)?, part(12, 14)?);
    time::parse(&text)
}

/// Nanoseconds of a time that is there.
pub(crate) fn nanos(text: &Text<'_>) -> Option<i64> {
    Some(instant(&said(text)?)?.nanos)
}

/// The type part of a URI, which is never empty: a text as [`hyphened`].
pub(crate) fn kebab(kind: &str) -> String {
    let out = hyphened(kind);
    if out.is_empty() { "object".to_owned() } else { out }
}

/// `OrgMember`, `ORG_MEMBER` and `org member` as `org-member`, `APIToken` as `api-token`.
pub(crate) fn hyphened(kind: &str) -> String {
    let mut out = String::with_capacity(kind.len() + 4);
    let mut before = '-';
    let mut chars = kind.chars().peekable();
    while let Some(c) = chars.next() {
        let is_small = before.is_ascii_lowercase() || before.is_ascii_digit();
        let ends_acronym = before.is_ascii_uppercase() && chars.peek().is_some_and(char::is_ascii_lowercase);
        let begins = c.is_ascii_uppercase() && (is_small || ends_acronym) || !c.is_ascii_alphanumeric();
        if begins && !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        }
        before = c;
    }
    out.truncate(out.trim_end_matches('-').len());
    out
}

/// The words of a list that a platform writes as one text.
pub(crate) fn words<'a>(text: &Text<'a>) -> Vec<Cow<'a, str>> {
    let separators = |c: char| matches!(c, ',' | ';' | '[' | ']' | '"') || c.is_whitespace();
    match text {
        Some(Cow::Borrowed(text)) => {
            text.split(separators).filter(|word| !word.is_empty()).map(Cow::Borrowed).collect()
        }
        Some(Cow::Owned(text)) => {
            text.split(separators).filter(|word| !word.is_empty()).map(|word| Cow::Owned(word.to_owned())).collect()
        }
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
