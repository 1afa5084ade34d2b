//! What sealed manifests say about evidence files, against the files that are there.

use std::collections::{BTreeMap, BTreeSet};

use model::{Directive, Kind, Manifest};

use super::{Class, Findings};
use crate::LogInfo;
use crate::evidence::{Digest, Segment};
use crate::stored::Stored;

/// The manifests of a log, by segment name.
#[derive(Default)]
pub(super) struct Manifests {
    sealed: BTreeMap<String, (u64, Manifest)>,
    replaced: BTreeSet<String>,
}

impl Manifests {
    /// Takes note of a leaf that says something about files or about the log itself.
    pub(super) fn note(&mut self, leaf: &Stored, info: &LogInfo, findings: &mut Findings) {
        let place = format!("leaf {}", leaf.index);
        if leaf.index.0 == 0 {
            let opened = serde_json::from_slice(&leaf.body).ok();
            let same = matches!(&opened, Some(Directive::LogOpened { origin, key, format, created_ms })
                if *origin == info.origin && *key == info.vkey && *format == info.format && *created_ms == info.created.0);
            if !same {
                findings.add(Class::Altered, "identity", "", "does not say what leaf 0 sealed when the log was made");
            }
        }
        if leaf.kind == Kind::Manifest {
            match serde_json::from_slice::<Manifest>(&leaf.body) {
                Ok(manifest) => {
                    let name = format!("{}-{}.{}", manifest.first, manifest.last, manifest.generation);
                    self.replaced.extend(manifest.replaces.iter().cloned());
                    self.sealed.insert(name, (leaf.index.0, manifest));
                }
                Err(error) => {
                    findings.add(Class::Unverifiable, &place, "", format!("manifest cannot be read: {error}"))
                }
            }
        }
    }

    /// Each live file must be the one a manifest sealed; each sealed file must be there.
    pub(super) fn compare(&self, segments: &[Segment], digests: &BTreeMap<String, Digest>, findings: &mut Findings) {
        let live: BTreeSet<String> = segments.iter().map(Segment::name).collect();
        for segment in segments.iter().filter(|segment| !segment.is_gap()) {
            let name = segment.name();
            let file = format!("evidence/{name}.parquet");
            let Some((leaf, manifest)) = self.sealed.get(&name) else {
                findings.add(Class::Altered, &file, "", "no sealed manifest names this file");
                continue;
            };
            let Some(digest) = digests.get(&name) else { continue };
            if digest.sha256 != manifest.sha256 || digest.bytes != manifest.bytes {
                let what = format!(
                    "has {} bytes and SHA-256 {}.., the manifest in leaf {leaf} sealed {} bytes and {}..",
                    digest.bytes,
                    short(&digest.sha256),
                    manifest.bytes,
                    short(&manifest.sha256)
                );
                findings.add(Class::Altered, &file, "", what);
            }
        }
        for (name, (leaf, _)) in &self.sealed {
            if !live.contains(name) && !self.replaced.contains(name) {
                let what = format!("sealed by the manifest in leaf {leaf}, and not there");
                findings.add(Class::Missing, &format!("evidence/{name}.parquet"), "", what);
            }
        }
    }
}

fn short(digest: &str) -> &str {
    digest.get(..16).unwrap_or(digest)
}
