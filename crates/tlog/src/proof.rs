//! `.tlog-proof` files: all that a stranger needs, beside the entry and a key, to check that the
//! entry is in a log (c2sp.org/tlog-proof).

use crate::checkpoint::Opened;
use crate::note::{NOTE_BYTES_MAX, Note, VerifierKey};
use crate::policy::{Policy, Witnessed};
use crate::tree::verify_inclusion;
use crate::{Error, Hash, Result, text};

#[cfg(test)]
mod tests;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// Longest path in a tree whose size has 63 bits.
const HASHES_MAX: usize = 63;

/// Longest file: a note, and as much again for the extra data and the hashes.
const PROOF_BYTES_MAX: usize = 2 * NOTE_BYTES_MAX;

/// The content of a `.tlog-proof` file, nothing of it checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogProof {
    /// Data for the application. **Not covered by any signature.**
    pub extra: Option<Vec<u8>>,
    /// Which leaf, from 0.
    pub index: u64,
    /// Inclusion proof, sibling first.
    pub hashes: Vec<Hash>,
    /// The signed checkpoint.
    pub checkpoint: Note,
}

/// What a good proof has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proved {
    /// The checkpoint whose tree holds the leaf.
    pub opened: Opened,
    /// The witnesses of the policy that have cosigned it; empty without a policy.
    pub witnesses: Vec<Witnessed>,
}

impl LogProof {
    /// Reads a file. Accepts exactly what [`LogProof::encode`] writes.
    ///
    /// Errors: `Invalid`, with the line.
    pub fn parse(bytes: &[u8]) -> Result<LogProof> {
        if bytes.len() > PROOF_BYTES_MAX {
            return Err(Error::invalid(format!("proof has {} bytes, the limit is {PROOF_BYTES_MAX}", bytes.len())));
        }
        let file = std::str::from_utf8(bytes)
            .map_err(|source| Error::invalid(format!("proof is not UTF-8 from byte {}", source.valid_up_to())))?;
        let (head, checkpoint) =
            file.split_once("\n\n").ok_or_else(|| Error::invalid("proof has no empty line before its checkpoint"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(FIRST_LINE) {
            return Err(Error::invalid(format!("proof does not begin with the line `{FIRST_LINE}`")));
        }
        let extra = lines.next_if(|line| line.starts_with("extra ")).and_then(|line| line.strip_prefix("extra "));
        let extra = extra.map(text::from_base64).transpose().map_err(|e| e.at("extra line of the proof"))?;
        let index = lines
            .next()
            .and_then(|line| line.strip_prefix("index "))
            .ok_or_else(|| Error::invalid("proof has no index line"))?;
        let index = text::decimal(index).map_err(|e| e.at("index line of the proof"))?;
        let mut hashes = Vec::new();
        for line in lines {
            if hashes.len() == HASHES_MAX {
                return Err(Error::invalid(format!("proof has more than {HASHES_MAX} hashes")));
            }
            let at = hashes.len() + 1;
            hashes.push(Hash::from_base64(line).map_err(|e| e.at(format_args!("hash {at} of the proof")))?);
        }
        Ok(LogProof { extra, index, hashes, checkpoint: Note::parse(checkpoint.as_bytes())? })
    }

    /// The text of the file.
    pub fn encode(&self) -> String {
        let mut file = format!("{FIRST_LINE}\n");
        if let Some(extra) = &self.extra {
            file.push_str(&format!("extra {}\n", text::base64(extra)));
        }
        file.push_str(&format!("index {}\n", self.index));
        for hash in &self.hashes {
            file.push_str(&hash.to_base64());
            file.push('\n');
        }
        file.push('\n');
        file.push_str(&self.checkpoint.encode());
        file
    }

    /// Checks, in this order: origin and signature of the log, the policy if there is one, the
    /// inclusion of the leaf with this hash.
    ///
    /// Errors: `UnknownKey` when the key has not signed, `Mismatch` for a wrong signature or a leaf
    /// that is not in the tree, `Quorum` when too few witnesses have cosigned, `Invalid` for a
    /// proof that does not fit its sizes.
    pub fn verify(&self, leaf: &Hash, key: &VerifierKey, policy: Option<&Policy>) -> Result<Proved> {
        let opened = Opened::open(self.checkpoint.encode().as_bytes(), key)?;
        let witnesses = policy.map(|policy| policy.check(&self.checkpoint)).transpose()?.unwrap_or_default();
        let checkpoint = &opened.checkpoint;
        verify_inclusion(self.index, checkpoint.size, leaf, &self.hashes, &checkpoint.root)?;
        Ok(Proved { opened, witnesses })
    }
}
