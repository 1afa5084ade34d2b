//! The command line, read by hand.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::Failure;

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

/// What to do.
#[derive(Debug)]
pub(crate) enum Command {
    Help,
    Proof(Request),
    Log(LogRequest),
}

/// The files of one check.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) proof: PathBuf,
    pub(crate) record: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) checkpoint: Option<PathBuf>,
    pub(crate) policy: Option<PathBuf>,
}

/// The folder of a log and what to hold it against.
#[derive(Debug)]
pub(crate) struct LogRequest {
    pub(crate) folder: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) checkpoint: Option<PathBuf>,
    pub(crate) lake: Option<PathBuf>,
    /// Only the published part is there to be checked.
    pub(crate) published: bool,
}

pub(crate) fn parse(arguments: &[OsString]) -> Result<Command, Failure> {
    let mut words = arguments.iter();
    let log = match words.next().and_then(|word| word.to_str()) {
        Some("proof") => false,
        Some("log") => true,
        Some("help" | "--help" | "-h") => return Ok(Command::Help),
        Some(other) => return Err(Failure::Usage(format!("unknown command `{other}`"))),
        None => return Err(Failure::Usage("no command given".to_owned())),
    };
    let (mut proof, mut record, mut key, mut checkpoint, mut policy) = (None, None, None, None, None);
    let (mut lake, mut published) = (None, false);
    while let Some(word) = words.next() {
        let name = word.to_string_lossy().into_owned();
        let slot = match name.as_str() {
            "--help" | "-h" => return Ok(Command::Help),
            "--published" if log => {
                published = true;
                continue;
            }
            "--lake" if log => &mut lake,
            "--record" if !log => &mut record,
            "--key" => &mut key,
            "--checkpoint" => &mut checkpoint,
            "--policy" if !log => &mut policy,
            option if option.starts_with('-') => return Err(Failure::Usage(format!("unknown option `{option}`"))),
            _ => &mut proof,
        };
        let value = match name.starts_with('-') {
            true => words.next().ok_or_else(|| Failure::Usage(format!("option `{name}` needs a value")))?,
            false => word,
        };
        if slot.replace(PathBuf::from(value)).is_some() {
            return Err(Failure::Usage(format!("`{name}` is given twice, or there is a second folder or proof")));
        }
    }
    let needed = |slot: Option<PathBuf>, what: &str| slot.ok_or_else(|| Failure::Usage(format!("{what} is missing")));
    if log {
        let folder = needed(proof, "the folder of the log")?;
        let key = needed(key, "--key")?;
        return Ok(Command::Log(LogRequest { folder, key, checkpoint, lake, published }));
    }
    Ok(Command::Proof(Request {
        proof: needed(proof, "the proof file")?,
        record: needed(record, "--record")?,
        key: needed(key, "--key")?,
        checkpoint,
        policy,
    }))
}
