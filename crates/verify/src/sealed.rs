//! What sealed leaves say about files and about the log itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use model::{CanonicalJson, Directive, Kind, Manifest, ViewManifest, canonical_json};

use crate::Result;
use crate::evidence::Segment;
use crate::files::{describe, described};
use crate::report::Findings;

/// The statements of all leaves opened so far, and what they amount to.
#[derive(Default)]
pub(crate) struct Sealed {
    /// Evidence files by name, each with the leaf of its manifest and as that describes it.
    evidence: BTreeMap<String, (u64, String)>,
    /// Names of evidence files that a later one took the place of.
    replaced: BTreeSet<String>,
    /// Live lake files by name, each with the leaf of its view manifest and as that describes it.
    lake: BTreeMap<String, (u64, String)>,
    /// What leaf 0 says.
    pub(crate) opened: Option<Directive>,
}

impl Sealed {
    /// Takes note of a leaf whose bytes are the sealed ones.
    pub(crate) fn note(&mut self, index: u64, kind: Kind, body: &[u8]) -> Result<(), String> {
        match kind {
            Kind::Directive if index == 0 => self.opened = Some(parse(body)?),
            Kind::Manifest => {
                let Manifest { first, last, generation, sha256, bytes, replaces } = parse(body)?;
                self.replaced.extend(replaces);
                self.evidence.insert(format!("{first}-{last}.{generation}"), (index, described(bytes, &sha256)));
            }
            Kind::ViewManifest => {
                let view: ViewManifest = parse(body)?;
                // Files of the same leaves are replaced; a rebuild replaces all.
                self.lake.retain(|name, _| !view.rebuild && !overlaps(name, view.first, view.last));
                for file in view.files {
                    self.lake.insert(file.name, (index, described(file.bytes, &file.sha256)));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Holds the evidence files against their manifests. `in_wal` is the first leaf that is in the
    /// WAL too: a file from there on may be what a crash left before its manifest was sealed.
    pub(crate) fn check_evidence(&self, files: &[(Segment, String)], in_wal: u64, findings: &mut Findings) {
        for (segment, found) in files {
            let place = &segment.place;
            match self.evidence.get(&segment.name) {
                Some((leaf, sealed)) if found != sealed => {
                    findings.altered.add(format!("{place}: has {found}; leaf {leaf} sealed {sealed}"));
                }
                Some(_) if self.replaced.contains(&segment.name) => {
                    findings.notes.add(format!("{place} was replaced by a later generation and is still there"));
                }
                Some(_) => {}
                None if segment.first >= in_wal || files.iter().any(|(file, _)| self.holds(file, segment)) => {
                    findings.notes.add(format!("{place} has no manifest: a crash left it, and nothing needs it"));
                }
                None => findings.altered.add(format!("{place}: no sealed manifest announces this file")),
            }
        }
        let there: BTreeSet<&String> = files.iter().map(|(segment, _)| &segment.name).collect();
        for (name, (leaf, _)) in &self.evidence {
            if !there.contains(name) && !self.replaced.contains(name) {
                findings.altered.add(format!("evidence/{name}.parquet: sealed by leaf {leaf}, and missing"));
            }
        }
    }

    /// Whether a file with a manifest holds all leaves of another one.
    fn holds(&self, file: &Segment, other: &Segment) -> bool {
        self.evidence.contains_key(&file.name) && file.first <= other.first && other.last <= file.last
    }

    /// Holds the live lake files against their view manifests; returns how many there are.
    pub(crate) fn check_lake(&self, folder: &Path, findings: &mut Findings) -> Result<usize> {
        for (name, (leaf, announced)) in &self.lake {
            let path = folder.join(name);
            if name.contains('/') || !path.exists() {
                findings.differs.add(format!("lake/{name}: announced by leaf {leaf}, and missing"));
                continue;
            }
            let found = describe(&path)?;
            if found != *announced {
                findings.differs.add(format!("lake/{name}: has {found}; leaf {leaf} announced {announced}"));
            }
        }
        Ok(self.lake.len())
    }
}

/// A body that is canonical JSON of its type, and nothing else.
fn parse<T: CanonicalJson>(body: &[u8]) -> Result<T, String> {
    let value: T = serde_json::from_slice(body).map_err(|e| format!("body cannot be read: {e}"))?;
    if canonical_json(&value) == body { Ok(value) } else { Err("body is not canonical JSON".to_owned()) }
}

/// Whether a lake file, `<first>-<last>.<..>`, has rows of these leaves.
fn overlaps(name: &str, first: u64, last: u64) -> bool {
    let range = name.split_once('.').and_then(|(range, _)| range.split_once('-'));
    let range = range.and_then(|(from, to)| Some((from.parse::<u64>().ok()?, to.parse::<u64>().ok()?)));
    range.is_some_and(|(from, to)| from <= last && first <= to)
}
