//! Signed notes: a text and the signatures under it (c2sp.org/signed-note).

mod key;
#[cfg(test)]
mod tests;

pub use key::{Algorithm, SignerKey, VerifierKey};

use std::fmt::Write as _;

use crate::{Error, Result, text};

/// Longest note: a signature of the largest kind takes 5 kB, and a hundred of those fit twice.
pub const NOTE_BYTES_MAX: usize = 1_000_000;

/// Most signatures of a note. The specification asks for at least 16.
pub const SIGNATURES_MAX: usize = 100;

/// What every signature line begins with: an em dash and a space.
const LINE_START: &str = "\u{2014} ";

/// A text with its signatures, none of them checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

/// One signature line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Name of the key.
    pub name: String,
    /// Id of the key, which tells keys of one name apart.
    pub key_id: u32,
    /// What the algorithm of the key makes of it; never empty.
    pub bytes: Vec<u8>,
}

/// A signature that its key has confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified<'k> {
    /// The key.
    pub key: &'k VerifierKey,
    /// For a cosignature, when the cosigner says it was made, in seconds since 1970.
    pub time: Option<u64>,
}

impl Note {
    /// A note without signatures yet; it has an encoding once the first is added.
    ///
    /// Errors: `Invalid` for a text that is empty, does not end with a newline or has control
    /// characters.
    pub fn new(text: impl Into<String>) -> Result<Note> {
        let text = text.into();
        check_text(&text)?;
        Ok(Note { text, signatures: Vec::new() })
    }

    /// Reads a signed note. Accepts exactly what [`Note::encode`] writes, so that no two byte
    /// strings are the same note.
    ///
    /// Errors: `Invalid`, with the line of a signature that is malformed.
    pub fn parse(bytes: &[u8]) -> Result<Note> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(Error::invalid(format!("note has {} bytes, the limit is {NOTE_BYTES_MAX}", bytes.len())));
        }
        let note = std::str::from_utf8(bytes)
            .map_err(|source| Error::invalid(format!("note is not UTF-8 from byte {}", source.valid_up_to())))?;
        // The last empty line: the text may have others, signatures have none.
        let at = note.rfind("\n\n").ok_or_else(|| Error::invalid("note has no empty line before its signatures"))?;
        let (text, lines) = note.split_at_checked(at + 1).unwrap_or((note, ""));
        check_text(text)?;
        let lines = lines
            .strip_prefix('\n')
            .and_then(|lines| lines.strip_suffix('\n'))
            .ok_or_else(|| Error::invalid("note does not end with a signature line and a newline"))?;
        let count = lines.split('\n').count();
        if count > SIGNATURES_MAX {
            return Err(Error::invalid(format!("note has {count} signatures, the limit is {SIGNATURES_MAX}")));
        }
        let line = |(at, line)| Signature::parse(line).map_err(|e| e.at(format_args!("signature {}", at + 1)));
        let signatures = lines.split('\n').enumerate().map(line).collect::<Result<_>>()?;
        Ok(Note { text: text.to_owned(), signatures })
    }

    /// The signed text, with its last newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures, in order.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Adds a signature by an [`Algorithm::Ed25519`] key.
    ///
    /// Errors: `Invalid` for a cosigner's key, or when the note would break a limit.
    pub fn sign(&mut self, key: &SignerKey) -> Result<()> {
        let signature = key.sign(&self.text)?;
        self.push(signature)
    }

    /// Adds a cosignature made at `posix_seconds` by an [`Algorithm::Cosignature`] key
    /// (c2sp.org/tlog-cosignature).
    ///
    /// Errors: `Invalid` for a key of the other kind, a time over 2^63 - 1, or a broken limit.
    pub fn cosign(&mut self, key: &SignerKey, posix_seconds: u64) -> Result<()> {
        let signature = key.cosign(&self.text, posix_seconds)?;
        self.push(signature)
    }

    /// Adds a signature made elsewhere, unchecked.
    ///
    /// Errors: `Invalid` for a name that is not a key name, empty bytes, or a broken limit.
    pub fn push(&mut self, signature: Signature) -> Result<()> {
        check_name(&signature.name)?;
        if signature.bytes.is_empty() {
            return Err(Error::invalid(format!("signature of {} has no bytes", signature.name)));
        }
        if self.signatures.len() >= SIGNATURES_MAX {
            return Err(Error::invalid(format!("note has {SIGNATURES_MAX} signatures, which is the limit")));
        }
        let bytes = self.encode().len() + signature.line().len();
        if bytes > NOTE_BYTES_MAX {
            return Err(Error::invalid(format!("note would have {bytes} bytes, the limit is {NOTE_BYTES_MAX}")));
        }
        self.signatures.push(signature);
        Ok(())
    }

    /// Text, empty line, signature lines.
    pub fn encode(&self) -> String {
        let lines = self.signatures.iter().map(Signature::line);
        [self.text.clone(), "\n".to_owned()].into_iter().chain(lines).collect()
    }

    /// Checks every signature whose key is known; signatures of other keys are passed over.
    ///
    /// Errors: `Mismatch` when one of a known key is wrong (the whole note is refused then, even if
    /// others are good), `UnknownKey` when no key is known.
    pub fn verify<'k>(&self, keys: impl IntoIterator<Item = &'k VerifierKey> + Clone) -> Result<Vec<Verified<'k>>> {
        let mut verified = Vec::new();
        for signature in &self.signatures {
            for key in keys.clone() {
                if key.made(signature) {
                    verified.push(Verified { key, time: key.verify(&self.text, signature)? });
                }
            }
        }
        if verified.is_empty() {
            let names: Vec<String> = self.signatures.iter().map(Signature::key_text).collect();
            let known: Vec<String> = keys.into_iter().map(VerifierKey::short_text).collect();
            return Err(Error::unknown_key(format!(
                "note is signed by {}, the keys given are {}",
                names.join(", "),
                known.join(", ")
            )));
        }
        Ok(verified)
    }
}

impl Signature {
    fn parse(line: &str) -> Result<Signature> {
        let wrong = || Error::invalid(format!("`{}` is not a signature line", text::shown(line)));
        let (name, encoded) = line.strip_prefix(LINE_START).and_then(|rest| rest.split_once(' ')).ok_or_else(wrong)?;
        check_name(name)?;
        let bytes = text::from_base64(encoded)?;
        let (key_id, bytes) = bytes.split_first_chunk::<4>().filter(|(_, rest)| !rest.is_empty()).ok_or_else(wrong)?;
        Ok(Signature { name: name.to_owned(), key_id: u32::from_be_bytes(*key_id), bytes: bytes.to_vec() })
    }

    fn line(&self) -> String {
        let mut bytes = self.key_id.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.bytes);
        let mut line = String::with_capacity(128);
        // Writing to a string cannot end in an error.
        let _ = writeln!(line, "{LINE_START}{} {}", self.name, text::base64(&bytes));
        line
    }

    fn key_text(&self) -> String {
        format!("{}+{:08x}", text::shown(&self.name), self.key_id)
    }
}

fn check_text(text: &str) -> Result<()> {
    if !text.ends_with('\n') {
        return Err(Error::invalid("text of a note must end with a newline"));
    }
    match text.bytes().find(|byte| *byte < 0x20 && *byte != b'\n') {
        Some(byte) => Err(Error::invalid(format!("text of a note has the control character {byte:#04x}"))),
        None => Ok(()),
    }
}

/// A key name is not empty and has neither spaces nor a plus.
pub(crate) fn check_name(name: &str) -> Result<()> {
    if name.is_empty() || name.chars().any(|c| c == '+' || c.is_whitespace() || c.is_control()) {
        return Err(Error::invalid(format!(
            "`{}` is not a key name, which has no spaces, no control characters and no +",
            text::shown(name)
        )));
    }
    Ok(())
}
