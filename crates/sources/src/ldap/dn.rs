//! Distinguished names in one spelling (RFC 4514): two spellings of one name compare equal.
//!
//! Types in lower case; values without escapes that are not needed, in lower case and with single
//! blanks, as the directories in use compare them; the parts of a relative name in order.

/// A distinguished name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dn {
    /// The one spelling.
    pub(super) text: String,
    /// The domain that its `dc` parts name; empty without any.
    pub(super) domain: String,
}

impl Dn {
    /// Reads a name; `None` if it is none.
    pub(super) fn parse(text: &str) -> Option<Dn> {
        let mut bytes = text.bytes().peekable();
        let mut names: Vec<Vec<(String, String)>> = vec![Vec::new()];
        loop {
            let kind = kind(&mut bytes)?;
            let (value, end) = value(&mut bytes)?;
            names.last_mut()?.push((kind, value));
            match end {
                Some(b'+') => {}
                Some(_) => names.push(Vec::new()),
                None => break,
            }
        }
        let is_dc = |part: &&(String, String)| part.0 == "dc";
        let domain: Vec<&str> = names.iter().flatten().filter(is_dc).map(|(_, value)| value.as_str()).collect();
        let domain = domain.join(".");
        let spelled: Vec<String> = names.iter_mut().map(|parts| relative(parts)).collect();
        Some(Dn { text: spelled.join(","), domain })
    }
}

type Bytes<'t> = std::iter::Peekable<std::str::Bytes<'t>>;

/// The type up to its equals sign: a word, or numbers with dots.
fn kind(bytes: &mut Bytes<'_>) -> Option<String> {
    let mut kind = String::new();
    loop {
        match bytes.next()? {
            b'=' => break,
            byte => kind.push(char::from(byte)),
        }
    }
    let kind = kind.trim().to_ascii_lowercase();
    let kind = kind.strip_prefix("oid.").unwrap_or(&kind);
    let valid = !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
    valid.then(|| kind.to_owned())
}

/// The value without escapes and outer blanks, and the separator behind it.
fn value(bytes: &mut Bytes<'_>) -> Option<(String, Option<u8>)> {
    let mut value = Vec::new();
    // Blanks at the end count only if they are escaped.
    let mut kept = 0;
    while bytes.peek() == Some(&b' ') {
        bytes.next();
    }
    let end = loop {
        match bytes.next() {
            Some(separator @ (b',' | b';' | b'+')) => break Some(separator),
            Some(b'\\') => {
                value.push(escaped(bytes)?);
                kept = value.len();
            }
            Some(byte) => {
                value.push(byte);
                if byte != b' ' {
                    kept = value.len();
                }
            }
            None => break None,
        }
    };
    value.truncate(kept);
    let value = String::from_utf8(value).ok()?;
    Some((folded(&value), end))
}

fn escaped(bytes: &mut Bytes<'_>) -> Option<u8> {
    let first = bytes.next()?;
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let Some(high) = digit(first) else { return Some(first) };
    let low = digit(bytes.next()?)?;
    u8::try_from(high * 16 + low).ok()
}

/// Lower case, and one blank where there are several.
fn folded(value: &str) -> String {
    let mut folded = String::with_capacity(value.len());
    for letter in value.chars().flat_map(char::to_lowercase) {
        if letter != ' ' || !folded.ends_with(' ') {
            folded.push(letter);
        }
    }
    folded
}

/// One relative name, its parts in order, with the escapes that are needed.
fn relative(parts: &mut [(String, String)]) -> String {
    parts.sort();
    let each: Vec<String> = parts.iter().map(|(kind, value)| format!("{kind}={}", escape(value))).collect();
    each.join("+")
}

fn escape(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let last = value.chars().count().saturating_sub(1);
    for (at, letter) in value.chars().enumerate() {
        let special = matches!(letter, ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=')
            || letter == ' ' && (at == 0 || at == last)
            || letter == '#' && at == 0;
        if special {
            text.push('\\');
        }
        text.push(letter);
    }
    text
}
