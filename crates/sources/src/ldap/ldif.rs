//! The lines of one LDIF entry (RFC 2849): folded lines, base64, options; addresses are never followed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The attributes of an entry, in their order. Attribute names are compared without regard to case.
#[derive(Debug)]
pub(super) struct Entry {
    attributes: Vec<(String, Value)>,
}

/// A value as it stands in the file.
#[derive(Debug)]
enum Value {
    Plain(String),
    Base64(String),
    /// An address where the value would be found. It is not looked for.
    Address,
}

/// Why these lines are no entry.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken(pub(super) String);

impl Entry {
    /// Reads the lines of an entry: comments left out, folded lines put together.
    pub(super) fn read(text: &str) -> Result<Entry, Broken> {
        let mut attributes = Vec::new();
        for (number, line) in unfolded(text).into_iter().enumerate() {
            // Between the parts of a change.
            if line == "-" {
                continue;
            }
            let (name, rest) = line.split_once(':').ok_or_else(|| {
                Broken(format!("line {} of the entry has no colon; a folded line begins with a space", number + 1))
            })?;
            // `userCertificate;binary`: options say how a value is written, or in which language.
            let name = name.split(';').next().unwrap_or(name).trim().to_ascii_lowercase();
            let value = match rest.as_bytes().first() {
                Some(b':') => Value::Base64(rest.get(1..).unwrap_or_default().trim().to_owned()),
                Some(b'<') => Value::Address,
                _ => Value::Plain(rest.trim_start_matches(' ').to_owned()),
            };
            attributes.push((name, value));
        }
        Ok(Entry { attributes })
    }

    /// The first value of an attribute, as text.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.texts(name).into_iter().next()
    }

    /// The values of an attribute that are text and not empty.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let named = self.attributes.iter().filter(|(known, _)| known == name);
        named.filter_map(|(_, value)| value.text()).filter(|text| !text.is_empty()).collect()
    }

    /// The bytes of the first value of an attribute.
    pub(super) fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        self.attributes.iter().find(|(known, _)| known == name).and_then(|(_, value)| value.bytes())
    }

    /// Whether a value of this attribute lies elsewhere.
    pub(super) fn is_elsewhere(&self, name: &str) -> bool {
        self.attributes.iter().any(|(known, value)| known == name && matches!(value, Value::Address))
    }
}

impl Value {
    fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            Value::Plain(text) => Some(text.clone().into_bytes()),
            Value::Base64(text) => STANDARD.decode(text).ok(),
            Value::Address => None,
        }
    }

    fn text(&self) -> Option<String> {
        match self {
            Value::Plain(text) => Some(text.clone()),
            _ => String::from_utf8(self.bytes()?).ok(),
        }
    }
}

/// Lines with those that go on with a space put together; comments, folded or not, are left out.
fn unfolded(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut in_comment = false;
    for line in text.lines() {
        match line.strip_prefix(' ') {
            Some(_) if in_comment => {}
            Some(rest) => match lines.last_mut() {
                Some(last) => last.push_str(rest),
                None => lines.push(rest.to_owned()),
            },
            None => {
                in_comment = line.starts_with('#');
                if !in_comment && !line.is_empty() {
                    lines.push(line.to_owned());
                }
            }
        }
    }
    lines
}
