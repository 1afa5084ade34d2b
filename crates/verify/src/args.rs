//! The command line, read by hand.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use crate::{Failure, Result};

pub(crate) const USAGE: &str = "\
usage: deedbook-verify proof <file.tlog-proof> --record <r.json> --key <deedbook.vkey>
                       [--checkpoint <kept>] [--policy <file>]
       deedbook-verify log <folder of logs/<short>> --key <deedbook.vkey> [--checkpoint <kept>]
                       [--lake <folder>] [--published]

proof checks one record. log checks a whole log: it rebuilds the tree from the entries, compares
tiles, checkpoint and history with it, opens every leaf from evidence/ and wal/, and holds the
evidence files against the manifests that are sealed in the log.

  --record      the record with its opening, as `deedbook prove --record` writes it
  --key         the verifier key of the log, received apart from the proof
  --checkpoint  a checkpoint of this log kept by you: must not contradict the proof or the log
  --policy      a trust policy (c2sp.org/tlog-policy): which witnesses must have cosigned
  --lake        the folder lake/: its files must be those that sealed leaves announce
  --published   the folder has only log/, a mirror: entries are not opened

exit codes: 0 intact, 1 a file cannot be read, 2 usage, 3 altered or missing, 5 cannot be verified,
            6 a lake file differs while the evidence is intact
";

/// What is checked, and what it is held against.
pub(crate) struct Request {
    /// The proof file, or the folder of the log.
    pub(crate) subject: PathBuf,
    /// The record that the proof is for; none of a log.
    pub(crate) record: Option<PathBuf>,
    pub(crate) key: PathBuf,
    pub(crate) checkpoint: Option<PathBuf>,
    pub(crate) policy: Option<PathBuf>,
    pub(crate) lake: Option<PathBuf>,
    /// Only the published part is there to be checked.
    pub(crate) published: bool,
}

/// What is asked for; `None` is help.
pub(crate) fn parse(arguments: &[OsString]) -> Result<Option<Request>> {
    let usage = Failure::Usage;
    let mut words = arguments.iter();
    let (subject, options) = match words.next().and_then(|word| word.to_str()) {
        Some("proof") => ("the proof file", ["--record", "--key", "--checkpoint", "--policy"]),
        Some("log") => ("the folder of the log", ["--published", "--key", "--checkpoint", "--lake"]),
        Some("help" | "--help" | "-h") => return Ok(None),
        Some(other) => return Err(usage(format!("unknown command `{other}`"))),
        None => return Err(usage("no command given".to_owned())),
    };
    let mut published = false;
    let mut given = BTreeMap::new();
    while let Some(word) = words.next() {
        let name = word.to_string_lossy();
        let (slot, value) = match options.into_iter().find(|option| *option == name) {
            Some("--published") => {
                published = true;
                continue;
            }
            Some(option) => (option, words.next().ok_or_else(|| usage(format!("option `{name}` needs a value")))?),
            None if name == "--help" || name == "-h" => return Ok(None),
            None if name.starts_with('-') => return Err(usage(format!("unknown option `{name}`"))),
            None => (subject, word),
        };
        if given.insert(slot, PathBuf::from(value)).is_some() {
            return Err(usage(format!("`{name}` is given twice, or there is a second folder or proof")));
        }
    }
    let is_proof = options.contains(&"--record");
    let mut needed = |slot: &str| given.remove(slot).ok_or_else(|| usage(format!("{slot} is missing")));
    let subject = needed(subject)?;
    let record = is_proof.then(|| needed("--record")).transpose()?;
    let key = needed("--key")?;
    let mut optional = |option: &str| given.remove(option);
    let (checkpoint, policy, lake) = (optional("--checkpoint"), optional("--policy"), optional("--lake"));
    Ok(Some(Request { subject, record, key, checkpoint, policy, lake, published }))
}
