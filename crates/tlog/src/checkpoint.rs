//! Checkpoints: the signed statement "the log has N leaves and this root" (c2sp.org/tlog-checkpoint).

use crate::note::{Note, SignerKey, Verified, VerifierKey};
use crate::tree::TREE_SIZE_MAX;
use crate::{Error, Hash, Result, text};

#[cfg(test)]
mod tests;

/// What a checkpoint says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The name of the log.
    pub origin: String,
    /// Number of leaves.
    pub size: u64,
    /// The RFC 6962 root over them.
    pub root: Hash,
    /// Extension lines of a foreign log. Ours has none: nobody can audit them.
    pub extensions: Vec<String>,
}

/// A checkpoint whose log signature is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// The note it came from, with all signatures.
    pub note: Note,
}

impl Checkpoint {
    /// A checkpoint without extensions.
    pub fn new(origin: impl Into<String>, size: u64, root: Hash) -> Checkpoint {
        Checkpoint { origin: origin.into(), size, root, extensions: Vec::new() }
    }

    /// Reads the text of a note. Accepts exactly what [`Checkpoint::to_text`] writes.
    ///
    /// Errors: `Invalid`; among others for a tree of 0 leaves whose root is not that of one.
    pub fn parse(text: &str) -> Result<Checkpoint> {
        let body = text.strip_suffix('\n').ok_or_else(|| Error::invalid("checkpoint does not end with a newline"))?;
        let mut lines = body.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(Error::invalid("checkpoint has fewer than three lines: origin, size, root"));
        };
        if origin.is_empty() {
            return Err(Error::invalid("checkpoint has an empty origin"));
        }
        let size = text::decimal(size).map_err(|e| e.at("checkpoint size"))?;
        let root = Hash::from_base64(root).map_err(|e| e.at("checkpoint root"))?;
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        if extensions.iter().any(String::is_empty) {
            return Err(Error::invalid("checkpoint has an empty extension line"));
        }
        if size > TREE_SIZE_MAX {
            return Err(Error::invalid(format!("checkpoint size {size} is over the limit of {TREE_SIZE_MAX}")));
        }
        if size == 0 && root != Hash::EMPTY_TREE {
            return Err(Error::invalid(format!("checkpoint of 0 leaves has root {}", root.short())));
        }
        Ok(Checkpoint { origin: origin.to_owned(), size, root, extensions })
    }

    /// Origin, size, root and extensions, one a line.
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.origin, self.size, self.root.to_base64());
        for extension in &self.extensions {
            text.push_str(extension);
            text.push('\n');
        }
        text
    }

    /// Signs it with the key of the log. The caller sees to it that no two roots are ever signed
    /// for one size.
    ///
    /// Errors: `Invalid` when the key has not the name of the origin, or for extension lines.
    pub fn sign(&self, key: &SignerKey) -> Result<Note> {
        if key.name() != self.origin {
            return Err(Error::invalid(format!("key {} cannot sign for the log {}", key.name(), self.origin)));
        }
        if !self.extensions.is_empty() {
            return Err(Error::invalid("checkpoint has extension lines, which are not signed"));
        }
        let mut note = Note::new(self.to_text())?;
        note.sign(key)?;
        Ok(note)
    }
}

impl Opened {
    /// Reads a signed checkpoint and checks the signature of its log.
    ///
    /// Errors: `Invalid` for malformed bytes, `UnknownKey` when this key has not signed or names
    /// another log, `Mismatch` when its signature is wrong.
    pub fn open(bytes: &[u8], key: &VerifierKey) -> Result<Opened> {
        let note = Note::parse(bytes)?;
        let checkpoint = Checkpoint::parse(note.text())?;
        if checkpoint.origin != key.name() {
            return Err(Error::unknown_key(format!(
                "checkpoint is of the log {}, the key is for {}",
                text::shown(&checkpoint.origin),
                key.name()
            )));
        }
        note.verify([key])?;
        Ok(Opened { checkpoint, note })
    }

    /// The good cosignatures by these keys; none is an empty list.
    ///
    /// Errors: `Mismatch` when a signature of one of the keys is wrong.
    pub fn cosignatures<'k>(&self, keys: &'k [VerifierKey]) -> Result<Vec<Verified<'k>>> {
        if !self.note.signatures().iter().any(|signature| keys.iter().any(|key| key.made(signature))) {
            return Ok(Vec::new());
        }
        self.note.verify(keys)
    }
}
