//! Chains in real logs, where a folder of them is named by `DEEDBOOK_REAL_LOGS`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::{EventId, LeafIndex};
use sources::split::{Limits, Piece, Splitter};
use sources::{Context, Scratch};
use trace::{EdgeKind, Fact, Settings, lineage};

use crate::memory::Memory;

fn folder(under: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("DEEDBOOK_REAL_LOGS").map(|root| Path::new(&root).join(under))?;
    folder.is_dir().then_some(folder)
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Everything in a folder that some module reads; what none reads is not of interest here.
fn read(under: &str) -> Option<Memory> {
    let mut paths = Vec::new();
    files(&folder(under)?, &mut paths);
    let mut facts: Vec<Arc<Fact>> = Vec::new();
    for path in paths {
        let bytes = std::fs::read(&path).unwrap();
        let mut take = |piece: Piece<'_>| {
            let Piece::Record { bytes, .. } = piece else { return };
            let mut scratch = Scratch::default();
            let Ok(event) = sources::normalise(bytes, &Context::default(), &mut scratch) else { return };
            let id = EventId { log: "3f2a91c0".to_owned(), index: LeafIndex(facts.len() as u64) };
            facts.push(Arc::new(Fact::of(id, event.time.unwrap_or_default(), &event)));
        };
        let mut splitter = Splitter::new(Limits::default());
        splitter.push(&bytes, &mut take);
        splitter.finish(&mut take);
    }
    Some(Memory::of(facts))
}

/// Each use of a credential that some record issues leads to that record, and to none besides.
/// Returns how many uses lead somewhere, by kind of credential.
fn judge(store: &Memory) -> BTreeMap<String, usize> {
    let mut issued: BTreeMap<&str, Vec<&Fact>> = BTreeMap::new();
    for fact in store.facts() {
        if let Some(credential) = &fact.issued {
            issued.entry(&credential.uri).or_default().push(fact);
        }
    }
    let mut led = BTreeMap::new();
    for fact in store.facts() {
        let Some(used) = &fact.credential else { continue };
        let lineage = lineage::of_event(store, fact, &Settings::default()).unwrap();
        let first = |edge: &&trace::Edge| edge.hop == 0 && edge.kind == EdgeKind::Issued && edge.to == used.uri;
        let before = |issuer: &&&Fact| issuer.time <= fact.time + 5_000_000_000;
        let expected = issued.get(used.uri.as_str()).into_iter().flatten().filter(before).count();
        match lineage.edges.iter().find(first) {
            Some(edge) if edge.rule != "announced" => {
                let id = &edge.issuer.as_ref().unwrap().event_id;
                let issuers = &issued[used.uri.as_str()];
                assert!(issuers.iter().any(|issuer| issuer.id == *id), "{:?}", fact.id);
                *led.entry(used.kind.clone()).or_default() += 1;
            }
            _ => assert_eq!(expected, 0, "{} is issued and leads nowhere: {:?}", used.kind, lineage.gaps),
        }
    }
    led
}

/// Folder, and how many uses lead to an issuance in it, by kind of credential.
const FOUND: &[(&str, &[(&str, usize)])] = &[
    ("cloudtrail/invictus", &[("sts-key", 70)]),
    ("cloudtrail/stratus", &[("sts-key", 17)]),
    ("cloudtrail/otrf", &[("sts-key", 11)]),
    ("vault/real_labs", &[("accessor", 910), ("secret-id", 16)]),
];

#[test]
fn every_use_in_real_logs_leads_to_the_record_that_issued_its_credential() {
    for (under, found) in FOUND {
        let Some(store) = read(under) else {
            eprintln!("skipped: DEEDBOOK_REAL_LOGS has no {under}, chains in real logs are not tested");
            continue;
        };
        let found = found.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect();
        assert_eq!(judge(&store), found, "{under}");
    }
}
