//! A whole log, in the order of trust: what is signed, the tree of the published entries, the leaves
//! that open these entries, then what those leaves seal about files.

use std::fs;
use std::ops::Range;
use std::path::Path;

use model::Directive;
use serde::Deserialize;
use tlog::ErrorKind;
use tlog::checkpoint::{Checkpoint, Opened};
use tlog::note::VerifierKey;

use crate::args::Request;
use crate::files::{describe, read};
use crate::history::History;
use crate::leaves::Leaves;
use crate::proof::{read_checkpoint, read_key, refused};
use crate::report::Findings;
use crate::sealed::Sealed;
use crate::tree::{Entries, Tree};
use crate::{Failure, Result, evidence, wal};

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
pub(crate) fn check(request: &Request) -> Result<String> {
    for _ in 1..LOOKS_MAX {
        let before = names(&request.subject);
        let verdict = look(request);
        if verdict.is_ok() || names(&request.subject) == before {
            return verdict;
        }
    }
    look(request)
}

/// The files that a writer makes, writes to and frees, and when each was last written.
fn names(folder: &Path) -> Vec<impl Ord + use<>> {
    let entries = ["wal", "evidence"].into_iter().filter_map(|name| fs::read_dir(folder.join(name)).ok());
    let written = |entry: &fs::DirEntry| entry.metadata().and_then(|file| file.modified()).ok();
    let mut names: Vec<_> = entries.flatten().flatten().map(|entry| (entry.file_name(), written(&entry))).collect();
    names.sort_unstable();
    names
}

fn look(request: &Request) -> Result<String> {
    let key = read_key(&request.key)?;
    let log = request.subject.join("log");
    let mut findings = Findings::default();
    let identity = identity(request)?;
    let is_own = identity.as_ref().is_some_and(|identity| identity.key == key.to_string());
    let mut history = History::begin(&log.join("history"), &key)?;
    // After the history: a writer publishes first and records then.
    let published = published(&log.join("checkpoint"), &key, is_own, &mut history)?;
    let mut tree = Tree::new(history);
    let (mut size, mut anchored) = (0, 0);
    if let Some(published) = published {
        size = published.size;
        findings.keep(tree.expect(size, published.root, "log/checkpoint"))?;
    }
    if let Some(path) = &request.checkpoint {
        let kept = read_checkpoint(path, &key)?;
        anchored = kept.size;
        findings.keep(tree.expect(anchored, kept.root, &path.display().to_string()))?;
    }
    let in_wal = match &identity {
        Some(_) => signed_in_wal(&request.subject.join("wal"), &key, &mut tree, &mut findings)?,
        None => 0..0,
    };
    let is_whole = findings.keep(tree.walk(&log, size))?.is_some();
    let (entries, tree, sealed) = (Entries::new(&log, size), is_whole.then_some(tree), Sealed::default());
    let mut leaves = Leaves { entries, tree, next: 0, opened: 0, sealed };
    if let Some(identity) = identity {
        open_leaves(&request.subject, &key, size.max(in_wal.end), in_wal, &mut leaves, &mut findings)?;
        let Identity { format, origin, created_ms, key } = identity;
        // Leaf 0 seals what the log is called and which key it signs with.
        let expected = Directive::LogOpened { origin, key, format, created_ms };
        if leaves.sealed.opened.as_ref().is_some_and(|opened| *opened != expected) {
            findings.altered.add("identity: does not say what leaf 0 sealed when the log was made");
        }
    } else {
        findings.facts.add(format!("0 of {size} leaves were opened: only the published part was looked at"));
    }
    let (all, root) = finish(size, leaves.tree, &mut findings)?;
    match &request.lake {
        Some(folder) => {
            let files = leaves.sealed.check_lake(folder, &mut findings)?;
            findings.facts.add(format!("{files} lake files are announced by sealed leaves"));
        }
        None => findings.facts.add("lake files were not looked at: no --lake"),
    }
    match anchored.checked_sub(1) {
        Some(last) => findings.facts.add(format!("anchored: leaves 0 to {last}, by the checkpoint you kept")),
        None => {
            let unseen = "a log cut or signed anew as a whole would not show";
            findings.facts.add(format!("anchored: nothing. No outside checkpoint was given: {unseen}"));
        }
    }
    if anchored < all {
        findings.facts.add(format!("not anchored: leaves {anchored} to {} rest on the log's own key alone", all - 1));
    }
    findings.verdict(&format!("{all} leaves of {}{root}", key.name()))
}

/// What the file `identity` says; `None` when only the published part is to be checked.
fn identity(request: &Request) -> Result<Option<Identity>> {
    #[derive(Deserialize)]
    struct Version {
        format: u32,
    }
    if request.published {
        return Ok(None);
    }
    let path = request.subject.join("identity");
    if request.subject.exists() && !path.exists() {
        return Err(Failure::Altered("identity: missing; a copy of log/ alone is checked with --published".to_owned()));
    }
    let text = read(&path)?;
    let altered = |e: serde_json::Error| Failure::Altered(format!("identity: {e}"));
    let Version { format } = serde_json::from_slice(&text).map_err(altered)?;
    if format != 0 {
        let formats = format!("folder has format {format}, this program reads format 0");
        return Err(Failure::Unverifiable(format!("identity: {formats}")));
    }
    serde_json::from_slice(&text).map(Some).map_err(altered)
}

/// The published checkpoint; a log that has published nothing yet has none. When the key is known to
/// be the log's own, bytes that it has not signed are damage; else it is the wrong key.
fn published(path: &Path, key: &VerifierKey, is_own: bool, history: &mut History<'_>) -> Result<Option<Checkpoint>> {
    if !path.exists() {
        let is_new = history.days.is_empty() && is_own;
        return if is_new { Ok(None) } else { Err(Failure::Altered("log/checkpoint: missing".to_owned())) };
    }
    match Opened::open(history.newest.insert(read(path)?), key) {
        Ok(opened) => Ok(Some(opened.checkpoint)),
        Err(e) if is_own || e.kind() == ErrorKind::Invalid => Err(Failure::Altered(format!("log/checkpoint: {e}"))),
        Err(e) => Err(refused(path, &e)),
    }
}

/// Collects the roots that the WAL says and the notes in it sign.
fn signed_in_wal(folder: &Path, key: &VerifierKey, tree: &mut Tree<'_>, findings: &mut Findings) -> Result<Range<u64>> {
    wal::read(folder, key.name(), findings, &mut |frame| {
        tree.expect(frame.size, frame.root, &frame.place)?;
        if frame.note.is_empty() {
            return Ok(());
        }
        let altered = |what: &str| Failure::Altered(format!("{}: {what}", frame.place));
        let signed = Opened::open(frame.note, key).map_err(|e| altered(&e.to_string()))?.checkpoint;
        if signed.size != frame.first {
            return Err(altered("note is not over the leaves before it"));
        }
        tree.expect(signed.size, signed.root, &frame.place)
    })
}

/// Opens every leaf: from the evidence files, then from the WAL.
fn open_leaves(
    folder: &Path,
    key: &VerifierKey,
    size: u64,
    in_wal: Range<u64>,
    leaves: &mut Leaves<'_>,
    findings: &mut Findings,
) -> Result {
    let (segments, others) = findings.keep(evidence::segments(&folder.join("evidence")))?.unwrap_or_default();
    let mut files = Vec::new();
    for segment in segments {
        // A gap that the WAL fills is told of later, if it does not.
        if segment.first < in_wal.start {
            leaves.skip_to(segment.first, "evidence", findings);
        }
        let (place, mut named) = (&segment.place, 0);
        let result = evidence::rows(&segment, &mut |row| {
            named += usize::from(findings.keep(leaves.open(place, row))?.is_none());
            match named {
                LEAVES_NAMED_MAX => Err(Failure::Altered(format!("{place}: the rest of this file was left out"))),
                _ => Ok(()),
            }
        });
        if findings.keep(result)?.is_none() {
            leaves.next = leaves.next.max(segment.last + 1);
        }
        let found = describe(&segment.path)?;
        files.push((segment, found));
    }
    let in_evidence = leaves.opened;
    leaves.skip_to(in_wal.start.min(size), "evidence", findings);
    // What is wrong with the frames was found when they were read for what they sign.
    wal::read(&folder.join("wal"), key.name(), &mut Findings::default(), &mut |frame| {
        leaves.skip_to(frame.first, &frame.place, findings);
        frame.openings(&mut |opening| findings.keep(leaves.open(&frame.place, opening)).map(|_| ()))
    })?;
    leaves.skip_to(size, "wal", findings);
    leaves.sealed.check_evidence(&files, in_wal.start, findings);
    if others > 0 {
        findings.notes.add(format!("{others} files in evidence/ are not named like evidence and were not read"));
    }
    let (opened, in_wal, files) = (leaves.opened, leaves.opened - in_evidence, files.len());
    findings.facts.add(format!(
        "{opened} of {size} leaves were opened: {in_evidence} in {files} evidence files, {in_wal} in the WAL"
    ));
    Ok(())
}

/// Nothing may be left over that speaks of more leaves than there are. Returns how many there are,
/// and the words for their root if it is known.
fn finish(size: u64, tree: Option<Tree<'_>>, findings: &mut Findings) -> Result<(u64, String)> {
    let Some(tree) = tree else { return Ok((size, String::new())) };
    let (all, root) = (tree.builder.size(), tree.builder.root());
    if let Some(history) = findings.keep(tree.finish(all))? {
        let counts = format!("{size} leaves are published, {} checkpoints are in the history", history.count);
        findings.facts.add(format!("every entry, tile and checkpoint of log/ agrees: {counts}"));
        if history.torn {
            let what = "the last entry of the history is unfinished, as a crash leaves it";
            findings.facts.add(format!("{what}: log/checkpoint is that entry"));
        }
    }
    Ok((all, format!(", root {root}")))
}
