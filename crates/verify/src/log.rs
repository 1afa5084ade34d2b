//! A whole log, in the order of trust: what is signed, the tree of the published entries, the leaves
//! that open these entries, then what those leaves seal about files.

use std::fs;
use std::path::Path;

use model::Directive;
use serde::Deserialize;
use tlog::checkpoint::Opened;
use tlog::note::VerifierKey;

use crate::args::LogRequest;
use crate::history::History;
use crate::leaves::Leaves;
use crate::proof::{read, read_key, refused};
use crate::report::Findings;
use crate::sealed::Sealed;
use crate::tree::{Entries, Growing, Roots};
use crate::{Failure, evidence, wal};

/// Looks at a log whose files are written to meanwhile before a finding is believed.
const LOOKS_MAX: usize = 3;

/// Leaves named of one file before the rest of it is left out.
const LEAVES_NAMED_MAX: usize = 5;

/// The file `identity` of a log's folder.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    format: u32,
    origin: String,
    created_ms: u64,
    key: String,
}

/// Checks a log and says in plain text what that shows and what it does not.
pub(crate) fn check(request: &LogRequest) -> Result<String, Failure> {
    let mut looks = 0;
    loop {
        looks += 1;
        let before = names(&request.folder);
        let verdict = look(request);
        if verdict.is_ok() || looks == LOOKS_MAX || names(&request.folder) == before {
            return verdict;
        }
    }
}

/// The files that a writer makes, writes to and frees, and when each was last written.
fn names(folder: &Path) -> Vec<(std::ffi::OsString, Option<std::time::SystemTime>)> {
    let entries = ["wal", "evidence"].into_iter().filter_map(|name| fs::read_dir(folder.join(name)).ok());
    let written = |entry: &fs::DirEntry| entry.metadata().and_then(|file| file.modified()).ok();
    let mut names: Vec<_> = entries.flatten().flatten().map(|entry| (entry.file_name(), written(&entry))).collect();
    names.sort_unstable();
    names
}

fn look(request: &LogRequest) -> Result<String, Failure> {
    let key = read_key(&request.key)?;
    let log = request.folder.join("log");
    let mut findings = Findings::default();
    let identity = identity(request)?;
    let is_its_key = identity.as_ref().is_none_or(|identity| identity.key == key.to_string());
    let mut history = History::begin(&log.join("history"), &key)?;
    // After the history: a writer publishes first and records then.
    let published = match checkpoint(&log.join("checkpoint"), &key, identity.is_some() && is_its_key)? {
        Some((opened, note)) => {
            history.set_newest(note);
            Some(opened.checkpoint)
        }
        None if history.is_empty() && identity.is_some() && is_its_key => None,
        None => return Err(Failure::Altered("log/checkpoint: missing".to_owned())),
    };
    let mut roots = Roots::new(history);
    let mut anchored = 0;
    if let Some(published) = &published {
        findings.keep(roots.add(published.size, published.root, "log/checkpoint"))?;
    }
    if let Some(path) = &request.checkpoint {
        let kept = Opened::open(&read(path)?, &key).map_err(|e| refused(path, &e))?.checkpoint;
        findings.keep(roots.add(kept.size, kept.root, &path.display().to_string()))?;
        anchored = kept.size;
    }
    let size = published.as_ref().map_or(0, |published| published.size);
    let in_wal = match &identity {
        Some(_) => signed_in_wal(&request.folder.join("wal"), &key, &mut roots, &mut findings)?,
        None => wal::Extent::default(),
    };
    let mut growing = Growing::new(roots);
    let is_whole = findings.keep(growing.walk(&log, size))?.is_some();
    let mut leaves = Leaves {
        entries: Entries::new(&log, size),
        growing: is_whole.then_some(growing),
        next: 0,
        opened: 0,
        sealed: Sealed::default(),
    };
    let mut facts = Vec::new();
    if let Some(identity) = identity {
        open_leaves(request, &key, size.max(in_wal.end), in_wal, &mut leaves, &mut findings, &mut facts)?;
        let Identity { format, origin, created_ms, key } = identity;
        leaves.sealed.check_opening(&Directive::LogOpened { origin, key, format, created_ms }, &mut findings);
    } else {
        facts.push(format!("0 of {size} leaves were opened: only the published part was looked at"));
    }
    conclude(request, &key, size, anchored, leaves, findings, facts)
}

/// What the file `identity` says; `None` when only the published part is to be checked.
fn identity(request: &LogRequest) -> Result<Option<Identity>, Failure> {
    #[derive(Deserialize)]
    struct Version {
        format: u32,
    }
    if request.published {
        return Ok(None);
    }
    let path = request.folder.join("identity");
    if request.folder.exists() && !path.exists() {
        return Err(Failure::Altered("identity: missing; a copy of log/ alone is checked with --published".to_owned()));
    }
    let text = read(&path)?;
    let altered = |e: serde_json::Error| Failure::Altered(format!("identity: {e}"));
    let Version { format } = serde_json::from_slice(&text).map_err(altered)?;
    if format != 0 {
        return Err(Failure::Unverifiable(format!(
            "identity: folder has format {format}, this program reads format 0"
        )));
    }
    serde_json::from_slice(&text).map(Some).map_err(altered)
}

/// The published checkpoint, if there is one. When the key is known to be that of the log
/// (`is_its_key`), bytes that it has not signed are damage; else it is the wrong key.
fn checkpoint(path: &Path, key: &VerifierKey, is_its_key: bool) -> Result<Option<(Opened, Vec<u8>)>, Failure> {
    if !path.exists() {
        return Ok(None);
    }
    let note = read(path)?;
    match Opened::open(&note, key) {
        Ok(opened) => Ok(Some((opened, note))),
        Err(e) if is_its_key || e.kind() == tlog::ErrorKind::Invalid => {
            Err(Failure::Altered(format!("log/checkpoint: {e}")))
        }
        Err(e) => Err(refused(path, &e)),
    }
}

/// Collects the roots that the WAL says and the notes in it sign.
fn signed_in_wal(
    folder: &Path,
    key: &VerifierKey,
    roots: &mut Roots<'_>,
    findings: &mut Findings,
) -> Result<wal::Extent, Failure> {
    wal::read(folder, key.name(), findings, &mut |frame| {
        roots.add(frame.size, frame.root, &frame.place)?;
        let Some(note) = frame.note() else { return Ok(()) };
        let signed = Opened::open(note, key).map_err(|e| Failure::Altered(format!("{}: {e}", frame.place)))?;
        if signed.checkpoint.size != frame.note_size() {
            return Err(Failure::Altered(format!("{}: note is not over the leaves before it", frame.place)));
        }
        roots.add(signed.checkpoint.size, signed.checkpoint.root, &frame.place)
    })
}

/// Opens every leaf: from the evidence files, then from the WAL.
fn open_leaves(
    request: &LogRequest,
    key: &VerifierKey,
    size: u64,
    in_wal: wal::Extent,
    leaves: &mut Leaves<'_>,
    findings: &mut Findings,
    facts: &mut Vec<String>,
) -> Result<(), Failure> {
    let (segments, others) = findings.keep(evidence::list(&request.folder.join("evidence")))?.unwrap_or_default();
    let mut files = Vec::new();
    for segment in segments {
        files.push((segment.clone(), evidence::digest(&segment.path)?));
        // A gap that the WAL fills is told of later, if it does not.
        if segment.first < in_wal.first
            && let Some(gap) = leaves.gap(segment.first)
        {
            findings.altered("evidence", gap);
        }
        let (place, mut named) = (segment.place(), 0);
        let result = evidence::rows(&segment, &mut |row| {
            if findings.keep(leaves.open(&place, row))?.is_none() {
                named += 1;
            }
            match named {
                LEAVES_NAMED_MAX => Err(Failure::Altered(format!("{place}: the rest of this file was left out"))),
                _ => Ok(()),
            }
        });
        if findings.keep(result)?.is_none() {
            leaves.next = leaves.next.max(segment.last + 1);
        }
    }
    let in_evidence = leaves.opened;
    if let Some(gap) = leaves.gap(in_wal.first.min(size)) {
        findings.altered("evidence", gap);
    }
    // What is wrong with the frames was found when they were read for what they sign.
    wal::read(&request.folder.join("wal"), key.name(), &mut Findings::default(), &mut |frame| {
        if let Some(gap) = leaves.gap(frame.first) {
            findings.altered(&frame.place, gap);
        }
        frame.openings(&mut |opening| findings.keep(leaves.open(&frame.place, opening)).map(|_| ()))
    })?;
    if let Some(gap) = leaves.gap(size) {
        findings.altered("wal", gap);
    }
    leaves.sealed.check_evidence(&files, in_wal.first, findings);
    let others = others.iter().filter(|name| !name.starts_with("open-")).count();
    if others > 0 {
        findings.note(format!("{others} files in evidence/ are not named like evidence and were not read"));
    }
    let (opened, in_wal) = (leaves.opened, leaves.opened - in_evidence);
    facts.push(format!(
        "{opened} of {size} leaves were opened: {in_evidence} in {} evidence files, {in_wal} in the WAL",
        files.len()
    ));
    Ok(())
}

/// Nothing may be left over that speaks of more leaves than there are; then the verdict.
fn conclude(
    request: &LogRequest,
    key: &VerifierKey,
    size: u64,
    anchored: u64,
    mut leaves: Leaves<'_>,
    mut findings: Findings,
    mut facts: Vec<String>,
) -> Result<String, Failure> {
    let (all, root) = leaves.tree().map_or((size, String::new()), |(size, root)| (size, format!(", root {root}")));
    if let Some(growing) = leaves.growing.take()
        && let Some(history) = findings.keep(growing.roots.finish(all))?
    {
        facts.push(format!("every entry, tile and checkpoint of log/ agrees: {size} leaves are published, {} checkpoints are in the history", history.count));
        if history.torn {
            facts.push(
                "the last entry of the history is unfinished, as a crash leaves it: log/checkpoint is that entry"
                    .to_owned(),
            );
        }
    }
    match &request.lake {
        Some(folder) => {
            let files = leaves.sealed.check_lake(folder, &mut findings)?;
            facts.push(format!("{files} lake files are announced by sealed leaves"));
        }
        None => facts.push("lake files were not looked at: no --lake".to_owned()),
    }
    facts.push(match anchored {
        0 => "anchored: nothing. No outside checkpoint was given: a log cut or signed anew as a whole would not show"
            .to_owned(),
        _ => format!("anchored: leaves 0 to {}, by the checkpoint you kept", anchored - 1),
    });
    if anchored < all {
        facts.push(format!(
            "not anchored: leaves {anchored} to {} rest on the log's own key alone",
            all.saturating_sub(1)
        ));
    }
    findings.verdict(&format!("{all} leaves of {}{root}", key.name()), &facts)
}
