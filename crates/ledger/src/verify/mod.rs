//! Verification: recompute everything from the evidence and the WAL, and compare it with what is
//! written, signed, published and kept elsewhere.
//!
//! The order is that of trust: leaves are recomputed from salt, header and body; the tree from the
//! leaves; tiles, checkpoints and history are compared with that tree; the kept checkpoint, if there
//! is one, anchors a prefix of it. A damaged file costs its own leaves, not the rest of the report.

mod checkpoints;
mod manifests;
mod segments;
mod tree;
mod wal;

pub(crate) use tree::end_of;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use model::TreeSize;
use tlog::checkpoint::Opened;
use tlog::note::VerifierKey;

use crate::disk::{Disk, RealDisk};
use crate::evidence::{self, Segment};
use crate::layout::Layout;
use crate::{LogInfo, Result, identity};

use manifests::Manifests;
use tree::Tree;

/// What to verify, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// A signed checkpoint of this log that was kept elsewhere.
    pub checkpoint: Option<Vec<u8>>,
    /// Recompute the commitments from salt, header and body. Without it the tree is checked from its
    /// entries, and evidence files by their digests.
    pub bodies: bool,
    /// Evidence files wholly below this leaf are not opened again: their entries are checked, as without bodies, and
    /// their digests are left for another time. 0 looks at all of them.
    pub from: u64,
    /// Threads that read evidence.
    pub threads: usize,
}

/// What is wrong, coarsely: the exit code follows from the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Bytes are not what was sealed, or what was sealed is not what was kept.
    Altered,
    /// Sealed bytes are not there, and no sealed leaf says why.
    Missing,
    /// It cannot be told: a key or a format that this program does not have.
    Unverifiable,
}

impl Class {
    /// The one spelling of this class.
    pub const fn as_str(self) -> &'static str {
        match self {
            Class::Altered => "altered",
            Class::Missing => "missing",
            Class::Unverifiable => "unverifiable",
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of wrong.
    pub class: Class,
    /// Where: a file inside the log's folder, with its offset or leaf.
    pub place: String,
    /// What was found and what was expected.
    pub what: String,
}

/// The part of the log that somebody else can vouch for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Leaves that the kept checkpoint covers.
    pub size: TreeSize,
}

/// The result.
#[derive(Clone, Debug)]
pub struct Report {
    /// The log.
    pub info: LogInfo,
    /// Leaves whose hashes make up `root`.
    pub size: TreeSize,
    /// RFC 6962 root over them, base64.
    pub root: String,
    /// Leaves whose commitment was recomputed from its opening.
    pub opened: u64,
    /// Bytes of evidence files that were read.
    pub evidence_bytes: u64,
    /// What a kept checkpoint covers; `None` without one: then nothing but our own key vouches.
    pub anchored: Option<Anchor>,
    /// What is wrong; empty when the log is intact. At most [`FINDINGS_MAX`] of each file.
    pub findings: Vec<Finding>,
    /// Weaker than a finding: what a reader should know.
    pub notes: Vec<String>,
}

impl Report {
    /// Whether everything is as it was sealed.
    pub fn is_intact(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Findings listed of one file; the rest is counted in the last of them.
pub const FINDINGS_MAX: usize = 20;

/// How often the log is looked at again when its files move on under a living writer.
const LOOKS_MAX: usize = 3;

/// How far a verification is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Leaves checked.
    pub leaves: u64,
    /// Leaves in all, as far as it is known.
    pub leaves_total: u64,
}

/// Verifies a log, without a lock and beside a living writer.
///
/// # Errors
/// Only what keeps it from looking at all: no log, another format version, an unreadable folder.
/// Damage is a finding.
pub fn run(data: &Path, short: &str, options: &Options, progress: &mut dyn FnMut(Progress)) -> Result<Report> {
    run_on(&(Arc::new(RealDisk) as Arc<dyn Disk>), data, short, options, progress)
}

/// [`run`] on any disk.
///
/// # Errors
/// As [`run`].
pub fn run_on(
    disk: &Arc<dyn Disk>,
    data: &Path,
    short: &str,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report> {
    let layout = Layout::new(data, short);
    let info = identity::read(disk.as_ref(), &layout)?;
    run_in(disk, &layout, &info, options, progress)
}

/// Verifies the log of `info` in a folder that may have another name.
pub(crate) fn run_in(
    disk: &Arc<dyn Disk>,
    layout: &Layout,
    info: &LogInfo,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report> {
    let key = identity::verifier(info)?;
    let mut looks = 0;
    loop {
        looks += 1;
        let before = names(disk.as_ref(), layout);
        let report = Look { disk, layout, info, key: &key, options }.run(progress)?;
        // Something was found while files moved on: what was found may be the move.
        let moved = names(disk.as_ref(), layout) != before;
        if report.is_intact() || !moved || looks == LOOKS_MAX {
            return Ok(report);
        }
    }
}

fn names(disk: &dyn Disk, layout: &Layout) -> Vec<String> {
    let mut names: Vec<String> =
        [layout.wal(), layout.evidence()].iter().flat_map(|folder| disk.list(folder).unwrap_or_default()).collect();
    names.sort_unstable();
    names
}

/// One look at everything.
struct Look<'a> {
    disk: &'a Arc<dyn Disk>,
    layout: &'a Layout,
    info: &'a LogInfo,
    key: &'a VerifierKey,
    options: &'a Options,
}

/// Findings, bounded by file.
#[derive(Default)]
struct Findings {
    list: Vec<Finding>,
    /// How many each file has, and where in the list its last one stands.
    files: HashMap<String, (usize, usize)>,
}

impl Findings {
    fn add(&mut self, class: Class, file: &str, at: &str, what: impl Into<String>) {
        let (in_file, last) = self.files.entry(file.to_owned()).or_default();
        *in_file += 1;
        let place = if at.is_empty() { file.to_owned() } else { format!("{file} {at}") };
        if *in_file <= FINDINGS_MAX {
            *last = self.list.len();
            self.list.push(Finding { class, place, what: what.into() });
        } else if let Some(last) = self.list.get_mut(*last) {
            last.what = format!("and {} more of this file", *in_file - FINDINGS_MAX + 1);
            last.place = file.to_owned();
        }
    }
}

impl Look<'_> {
    fn run(&self, progress: &mut dyn FnMut(Progress)) -> Result<Report> {
        let mut findings = Findings::default();
        let mut notes = Vec::new();
        let wal = wal::scan(self, &mut findings)?;
        let segments = self.segments(&wal, &mut findings)?;
        let covered = segments.last().map_or(0, |segment| segment.last.0 + 1);
        let total = wal.end.max(covered);
        let mut tree = Tree::new(self.disk.clone(), self.layout.public());
        tree.expect_all(wal.expected.iter().cloned());
        let kept = self.kept(&mut findings);
        if let Some(kept) = &kept {
            tree.remember(kept.checkpoint.size);
        }
        tree.expect_all(checkpoints::published(self, &mut findings));
        let mut manifests = Manifests::default();
        let mut read = segments::Read::default();
        let mut into =
            segments::Gathered { tree: &mut tree, manifests: &mut manifests, findings: &mut findings, read: &mut read };
        segments::check(self, &segments, &wal, &mut into, &mut |leaves| {
            progress(Progress { leaves, leaves_total: total });
        });
        for leaf in wal.leaves(self.disk.as_ref(), self.layout, covered) {
            match leaf {
                Ok(leaf) => {
                    manifests.note(&leaf, self.info, &mut findings);
                    read.opened += 1;
                    tree.push(&leaf.leaf(), &mut findings);
                }
                Err(error) => {
                    findings.add(Class::Altered, "wal", &format!("leaf {}", tree.size()), error.to_string());
                    break;
                }
            }
        }
        progress(Progress { leaves: tree.size(), leaves_total: total });
        manifests.compare(&segments, &read.digests, &mut findings);
        tree.finish(&mut findings);
        let anchored = kept.and_then(|kept| self.anchor(&kept, &tree, &mut findings));
        if anchored.is_none() {
            notes.push(
                "no checkpoint was kept elsewhere: only our own key vouches, and a cut above the last published checkpoint cannot be seen"
                    .to_owned(),
            );
        }
        notes.extend(wal.notes);
        Ok(Report {
            info: self.info.clone(),
            size: TreeSize(tree.size()),
            root: tree.root().to_base64(),
            opened: read.opened,
            evidence_bytes: read.bytes,
            anchored,
            findings: findings.list,
            notes,
        })
    }

    /// The live evidence files, by the names in the folder and the manifests in the WAL; lost leaves
    /// have a gap in their place.
    fn segments(&self, wal: &wal::Wal, findings: &mut Findings) -> Result<Vec<Segment>> {
        let folder = self.layout.evidence();
        let (files, _) = evidence::list(self.disk.as_ref(), &folder)?;
        let chosen = evidence::choose(files, wal.first, &|name| wal.manifests.contains(name));
        for lost in &chosen.gaps {
            let what = format!("leaves {}..{} are in no segment and not in the WAL", lost.start, lost.end);
            findings.add(Class::Missing, "evidence", "", what);
        }
        let mut segments = chosen.live;
        segments.extend(chosen.gaps.iter().map(|lost| Segment::gap(&folder, lost)));
        segments.sort_by_key(|segment| segment.first);
        Ok(segments)
    }

    /// Opens the kept checkpoint with the log's key.
    fn kept(&self, findings: &mut Findings) -> Option<Opened> {
        let bytes = self.options.checkpoint.as_deref()?;
        match Opened::open(bytes, self.key) {
            Ok(kept) => Some(kept),
            Err(error) => {
                findings.add(Class::Unverifiable, "kept checkpoint", "", error.to_string());
                None
            }
        }
    }

    fn anchor(&self, kept: &Opened, tree: &Tree, findings: &mut Findings) -> Option<Anchor> {
        let (size, root) = (kept.checkpoint.size, kept.checkpoint.root);
        let place = "kept checkpoint";
        if size > tree.size() {
            let what = format!("covers {size} leaves, the log has {}: the end of the log was cut", tree.size());
            findings.add(Class::Missing, place, "", what);
            return None;
        }
        match tree.root_at(size) {
            Some(found) if found == root => Some(Anchor { size: TreeSize(size) }),
            Some(found) => {
                let what = format!(
                    "says root {} at size {size}, the log has {}: history was rewritten",
                    root.to_base64(),
                    found.to_base64()
                );
                findings.add(Class::Altered, place, "", what);
                None
            }
            None => {
                findings.add(
                    Class::Altered,
                    place,
                    "",
                    format!("root at size {size} cannot be computed from damaged leaves"),
                );
                None
            }
        }
    }
}
