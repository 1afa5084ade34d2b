//! What devices of security put into syslog messages: CEF (ArcSight Common Event Format, version 0 and 1) and LEEF (Log
//! Event Extended Format of IBM, 1.0 and 2.0). Both have a header of fields between bars, and names with values behind it.

use std::borrow::Cow;

/// Most names read of one message.
const NAMES_MAX: usize = 1_024;

/// A payload, taken apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Payload<'a> {
    pub(crate) vendor: Cow<'a, str>,
    pub(crate) product: Cow<'a, str>,
    /// Class of the event (CEF), or its id (LEEF).
    pub(crate) id: Cow<'a, str>,
    /// What the event is called; LEEF has no such field.
    pub(crate) name: Option<Cow<'a, str>>,
    /// 0 to 10, or a word.
    pub(crate) severity: Option<Cow<'a, str>>,
    pairs: Vec<(&'a str, Cow<'a, str>)>,
}

impl<'a> Payload<'a> {
    pub(crate) fn read(message: &'a str) -> Option<Payload<'a>> {
        if message.starts_with("CEF:") {
            return cef(message);
        }
        message.starts_with("LEEF:").then(|| leef(message)).flatten()
    }

    /// The value of the first of these names that has one. Names of LEEF are compared in any case.
    pub(crate) fn any(&self, names: &[&str]) -> Option<Cow<'a, str>> {
        let of = |name: &&str| {
            let pair = self.pairs.iter().rev().find(|(key, _)| key.eq_ignore_ascii_case(name));
            pair.map(|(_, value)| value.clone()).filter(|value| !value.is_empty() && *value != "-")
        };
        names.iter().find_map(of)
    }
}

/// So many fields up to a bar each, escapes (`\|`, `\\`) taken off, and what is behind them.
fn fields(text: &str, count: usize) -> Option<(Vec<Cow<'_, str>>, &str)> {
    let (mut found, mut rest) = (Vec::with_capacity(count), text);
    while found.len() < count {
        let mut escaped = false;
        let bar = rest.bytes().position(|byte| {
            let is_bar = byte == b'|' && !escaped;
            escaped = byte == b'\\' && !escaped;
            is_bar
        })?;
        found.push(unescaped(rest.get(..bar)?));
        rest = rest.get(bar + 1..)?;
    }
    Some((found, rest))
}

/// A backslash before a bar, an equals sign or another is taken off; `\n` and `\r` are line ends.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let (mut out, mut chars) = (String::with_capacity(text.len()), text.chars());
    while let Some(char) = chars.next() {
        if char != '\\' {
            out.push(char);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some(escaped @ ('|' | '=' | '\\')) => out.push(escaped),
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    Cow::Owned(out)
}

/// `CEF:Version|Vendor|Product|Version|Class|Name|Severity|name=value name=value`.
fn cef(message: &str) -> Option<Payload<'_>> {
    let (fields, rest) = fields(message, 7)?;
    let mut fields = fields.into_iter().skip(1);
    let (vendor, product, _version) = (fields.next()?, fields.next()?, fields.next()?);
    let (id, name, severity) = (fields.next()?, fields.next()?, fields.next()?);
    Some(Payload { vendor, product, id, name: Some(name), severity: Some(severity), pairs: extension(rest) })
}

/// Names and values: a value goes on, blanks and all, up to the blank before the next name and its equals sign.
fn extension(text: &str) -> Vec<(&str, Cow<'_, str>)> {
    let mut equals = Vec::new();
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        if byte == b'=' && !escaped && equals.len() < NAMES_MAX {
            equals.push(at);
        }
        escaped = byte == b'\\' && !escaped;
    }
    // Where each name begins; an equals sign without a name in front belongs to the value before it.
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-[]".contains(&byte);
    let mut names: Vec<(usize, usize)> = Vec::new();
    for at in equals {
        let before = text.get(..at).unwrap_or_default();
        let begin = at - before.bytes().rev().take_while(|byte| is_name(*byte)).count();
        let stands_alone = begin == 0 || text.as_bytes().get(begin - 1) == Some(&b' ');
        if begin < at && stands_alone {
            names.push((begin, at));
        }
    }
    let ends = names.iter().skip(1).map(|(begin, _)| *begin).chain([text.len()]);
    let pairs = names.iter().zip(ends).filter_map(|((begin, equals), end)| {
        Some((text.get(*begin..*equals)?, unescaped(text.get(equals + 1..end)?.trim_end())))
    });
    pairs.collect()
}

/// `LEEF:1.0|Vendor|Product|Version|EventID|` and names with values, between tabs; version 2.0 may name another sign,
/// itself or as `x` or `0x` and its number in hexadecimal digits.
fn leef(message: &str) -> Option<Payload<'_>> {
    let (fields, mut rest) = fields(message, 5)?;
    let mut sign = '\t';
    if message.starts_with("LEEF:2.0|")
        && let Some((given, behind)) =
            rest.split_once('|').filter(|(given, _)| given.len() <= 6 && !given.contains('='))
    {
        sign = delimiter(given).unwrap_or('\t');
        rest = behind;
    }
    let mut header = fields.into_iter().skip(1);
    let (vendor, product, _version, id) = (header.next()?, header.next()?, header.next()?, header.next()?);
    let pairs = rest.split(sign).take(NAMES_MAX).filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        Some((name.trim(), Cow::Borrowed(value.trim_end())))
    });
    let mut payload = Payload { vendor, product, id, pairs: pairs.collect(), ..Payload::default() };
    payload.severity = payload.any(&["sev"]);
    Some(payload)
}

fn delimiter(given: &str) -> Option<char> {
    let mut chars = given.chars();
    match (chars.next(), chars.next()) {
        (Some(only), None) => Some(only),
        _ => {
            let digits = given.strip_prefix("0x").or_else(|| given.strip_prefix('x'))?;
            char::from_u32(u32::from_str_radix(digits, 16).ok()?)
        }
    }
}
