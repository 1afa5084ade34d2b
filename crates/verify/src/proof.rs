//! One record: is it, byte for byte, what the log sealed at its place?

use std::fmt::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::{Header, Leaf, Millis, commitment, rfc3339_from_millis};
use serde::Deserialize;
use tlog::ErrorKind;
use tlog::checkpoint::{Checkpoint, Opened};
use tlog::note::VerifierKey;
use tlog::policy::Policy;
use tlog::proof::{LogProof, Proved};

use crate::args::Request;
use crate::files::read;
use crate::{Failure, Result};

/// A record and what opens its commitment, as `deedbook prove --record` writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Opening {
    log: String,
    index: u64,
    sequenced_at_ms: u64,
    salt: String,
    header: String,
    body: String,
}

/// Checks a proof and says in plain text what it shows and what it does not.
pub(crate) fn check(request: &Request, record: &Path) -> Result<String> {
    let key = read_key(&request.key)?;
    let opening: Opening = serde_json::from_slice(&read(record)?)
        .map_err(|e| Failure::Unverifiable(format!("record {}: {e}", record.display())))?;
    let proof = LogProof::parse(&read(&request.subject)?).map_err(|e| refused(&request.subject, &e))?;
    let policy = match &request.policy {
        Some(path) => Some(Policy::parse(&read(path)?).map_err(|e| Failure::Unverifiable(format!("{e}")))?),
        None => None,
    };
    let (index, log) = (proof.index, key.name());
    if opening.index != index || opening.log != log {
        let record = format!("leaf {} of {}", opening.index, opening.log);
        let what = format!("the record says {record}, the proof is for leaf {index} and the key for {log}");
        return Err(Failure::Altered(what));
    }
    let wrong_salt = |_| Failure::Altered("the salt of the record has not 16 bytes".to_owned());
    let salt = bytes("salt", &opening.salt)?.try_into().map_err(wrong_salt)?;
    let (header, body) = (bytes("header", &opening.header)?, bytes("body", &opening.body)?);
    let commitment = commitment(&salt, &header, &body);
    let leaf = Leaf { sequenced_at: Millis(opening.sequenced_at_ms), commitment }.encode();
    let proved =
        proof.verify(&tlog::leaf_hash(&leaf), &key, policy.as_ref()).map_err(|e| refused(&request.subject, &e))?;
    let kept = request.checkpoint.as_deref().map(|path| compare(path, &key, &proved)).transpose()?;
    // Only now is the header worth reading: its bytes are the sealed ones.
    let header = Header::decode(&header).map_err(|e| Failure::Unverifiable(format!("header of the record: {e}")))?;
    let (sealed, found) = (header.body_bytes, body.len());
    if sealed != found as u64 {
        return Err(Failure::Altered(format!("header says {sealed} bytes of body, there are {found}")));
    }
    Ok(verdict(&opening, &header, &proved, kept.as_ref()))
}

fn verdict(opening: &Opening, header: &Header, proved: &Proved, kept: Option<&Checkpoint>) -> String {
    let sealed = &proved.opened.checkpoint;
    let mut text = format!("INTACT: leaf {} of {}\n\nproved\n", opening.index, opening.log);
    let same = kept.filter(|kept| kept.size == sealed.size);
    // Writing to a string cannot end in an error.
    let _ = writeln!(text, "  these {} bytes, their header and time are what the log sealed there", header.body_bytes);
    let _ = writeln!(text, "  the log signed that it has {} leaves, root {}", sealed.size, sealed.root);
    for witness in &proved.witnesses {
        let at = rfc3339_from_millis(Millis(witness.posix_seconds.saturating_mul(1_000)));
        let _ = writeln!(text, "  witness {} has seen this checkpoint, by its clock at {at}", witness.name);
    }
    let agreed = if same.is_some() { "  the checkpoint you kept says the same\n" } else { "" };
    let _ = writeln!(text, "{agreed}\nnot proved");
    if proved.witnesses.is_empty() && same.is_none() {
        text.push_str("  that others saw the same log: this rests on the log's own key alone\n");
    }
    if let Some(kept) = kept.filter(|kept| kept.size != sealed.size) {
        let _ = writeln!(text, "  that the checkpoint you kept, of {} leaves, is of the same history", kept.size);
    }
    text.push_str("  that the sequenced and received times are right: they are the operator's claim\n");
    text.push_str("  that the source told the truth, or told everything\n\nheader\n");
    let lines = [
        ("kind", format!("{:?}", header.kind).to_lowercase()),
        ("sequenced", rfc3339_from_millis(Millis(opening.sequenced_at_ms))),
        ("received", rfc3339_from_millis(header.received_at)),
        ("source", format!("{}, its number {}", header.source, header.source_seq)),
        ("replaced", format!("{} known secrets", header.replacements.len())),
        ("name", header.position.name.clone().unwrap_or_default().escape_debug().to_string()),
    ];
    for (name, value) in lines.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(text, "  {name:<10} {value}");
    }
    text
}

/// A kept checkpoint of the same size must have the same root.
fn compare(path: &Path, key: &VerifierKey, proved: &Proved) -> Result<Checkpoint> {
    let (kept, sealed) = (read_checkpoint(path, key)?, &proved.opened.checkpoint);
    let Checkpoint { size, root, .. } = &kept;
    if *size == sealed.size && *root != sealed.root {
        let roots = format!("{root} in {}, {} in the proof", path.display(), sealed.root);
        return Err(Failure::Altered(format!("the log signed two roots for {size} leaves: {roots}")));
    }
    Ok(kept)
}

/// A checkpoint in a file, signed with this key.
pub(crate) fn read_checkpoint(path: &Path, key: &VerifierKey) -> Result<Checkpoint> {
    Ok(Opened::open(&read(path)?, key).map_err(|e| refused(path, &e))?.checkpoint)
}

pub(crate) fn refused(path: &Path, error: &tlog::Error) -> Failure {
    let text = format!("{}: {error}", path.display());
    if error.kind() == ErrorKind::Mismatch { Failure::Altered(text) } else { Failure::Unverifiable(text) }
}

/// The verifier key in a file.
pub(crate) fn read_key(path: &Path) -> Result<VerifierKey> {
    let text = read(path)?;
    let key = String::from_utf8_lossy(&text).trim().parse();
    key.map_err(|e| Failure::Unverifiable(format!("key {}: {e}", path.display())))
}

fn bytes(field: &str, text: &str) -> Result<Vec<u8>> {
    STANDARD.decode(text).map_err(|e| Failure::Unverifiable(format!("field `{field}` of the record: {e}")))
}
