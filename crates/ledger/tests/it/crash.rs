//! Power cuts: after every operation of a scripted run, each torn at 512 and again at 4,096 bytes.
//!
//! Promises: recovery succeeds; no acknowledged leaf is lost; every checkpoint that anybody got is
//! still a prefix of the log (never two roots for one size); the log goes on and closes.

use std::collections::BTreeMap;
use std::path::Path;

use ledger::{
    Disk, ErrorKind, InitOptions, Ledger, LogInfo, Options, Reader, Receipt, Selection, Signed, Stored, View,
};
use model::{DamageNote, Kind, LeafIndex, Manifest};
use sha2::{Digest, Sha256};
use tlog::checkpoint::Opened;
use tlog::note::VerifierKey;
use tlog::tree::Frontier;

use crate::sim::{Coins, Medium, SimDisk};
use crate::support::{HandClock, START_MS, record, record_of, records, small};

const DATA: &str = "/data";

/// What arrives together or not at all, bytes: every cut is made with each of these.
const SECTORS: [usize; 2] = [512, 4_096];

/// What the outside world knows at some point of the run.
#[derive(Default)]
struct Known {
    /// Receipts with the number of operations done when they were given.
    receipts: Vec<(usize, Receipt, Vec<Vec<u8>>)>,
    /// Checkpoints that were published.
    published: Vec<(usize, Signed)>,
    /// Operations done when `init` returned.
    made_at: usize,
    /// The log at the end of the run, with the tree after each leaf.
    leaves: Vec<(Stored, Frontier)>,
}

impl Known {
    /// Signatures are checked here, once: what a cut leaves is compared with these very bytes.
    fn check_signatures(&self, info: &LogInfo) {
        let key: VerifierKey = info.vkey.parse().unwrap();
        let receipts = self.receipts.iter().map(|(_, receipt, _)| &receipt.checkpoint);
        for signed in receipts.chain(self.published.iter().map(|(_, signed)| signed)) {
            let opened = Opened::open(&signed.note, &key).unwrap().checkpoint;
            assert_eq!((opened.size, opened.root.0), (signed.size.0, signed.root));
        }
    }

    /// The tree after `leaf`, from its own bytes. Hashing is saved where they are those of the run,
    /// behind the very leaves of the run.
    fn tree_after(&self, before: &Tree, leaf: &Stored) -> Tree {
        let next = before.frontier.size() as usize;
        match self.leaves.get(next).filter(|(known, _)| before.as_in_run && known == leaf) {
            Some((_, frontier)) => Tree { frontier: frontier.clone(), as_in_run: true },
            None => {
                let mut frontier = before.frontier.clone();
                frontier.append(tlog::leaf_hash(&leaf.leaf()));
                Tree { frontier, as_in_run: false }
            }
        }
    }
}

/// A tree, and whether all its leaves are those of the run.
struct Tree {
    frontier: Frontier,
    as_in_run: bool,
}

fn options() -> Options {
    Options {
        wal_file_bytes: 64 << 10,
        wal_files_max: 6,
        wal_files_ahead: 2,
        leaf_bytes_max: 12 << 10,
        group_bytes_max: 8 << 10,
        ..small()
    }
}

fn open(disk: &SimDisk, info: &LogInfo) -> ledger::Result<Ledger> {
    Ledger::open_on(disk.arc(), Path::new(DATA), &info.short, options(), HandClock::at(START_MS))
}

/// A run that crosses every limit: groups, WAL files, segments, blocks, merges, publishing, a clean
/// stop and a second start.
fn script(disk: &SimDisk) -> (LogInfo, Known) {
    let init = InitOptions { origin: Some("test/log".to_owned()), options: options() };
    let info = ledger::init_on(&disk.arc(), Path::new(DATA), &init, HandClock::at(START_MS).as_ref()).unwrap();
    let mut known = Known { made_at: disk.ops(), ..Known::default() };
    let mut number = 0;
    for run in 0..3 {
        let ledger = open(disk, &info).unwrap();
        for step in 0..30 {
            let batch = match step % 5 {
                0 => records(number..number + 1),
                1 => vec![record_of(number, 9_000)],
                2 => records(number..number + 23),
                _ => records(number..number + 7),
            };
            number += batch.len() as u64;
            let bodies = batch.iter().map(|prepared| prepared.body.clone()).collect();
            let receipt = ledger.append().submit(batch).unwrap().wait().unwrap();
            known.receipts.push((disk.ops(), receipt, bodies));
            if step % 9 == 4 {
                ledger.flush().unwrap();
            }
            if step % 7 == 3 {
                let signed = ledger.publish().unwrap();
                known.published.push((disk.ops(), signed));
            }
        }
        let signed = ledger.close().unwrap();
        assert!(signed.size.0 > number, "run {run}");
        known.published.push((disk.ops(), signed));
    }
    let mut tree = Frontier::new();
    let view = Reader::open_on(disk.arc(), Path::new(DATA), &info.short).unwrap().view().unwrap();
    for leaf in view.scan(0..u64::MAX, Selection::default()).flat_map(|batch| batch.unwrap()) {
        tree.append(tlog::leaf_hash(&leaf.leaf()));
        known.leaves.push((leaf, tree.clone()));
    }
    known.check_signatures(&info);
    (info, known)
}

/// Opens what the power cut left, and holds it against what was known before.
fn check(disk: &SimDisk, info: &LogInfo, known: &Known, ops: usize, close: bool) -> Result<(), String> {
    let ledger = match open(disk, info) {
        Ok(ledger) => ledger,
        Err(error) if error.kind() == ErrorKind::NotFound && ops < known.made_at => return Ok(()),
        Err(error) => return Err(format!("open: {error}")),
    };
    let receipt =
        ledger.append().submit(vec![record(1_000_000)]).unwrap().wait().map_err(|e| format!("append: {e}"))?;
    check_view(disk, &ledger.reader(), known, ops, &receipt)?;
    if close {
        let signed = ledger.close().map_err(|e| format!("close: {e}"))?;
        let view = Reader::open_on(disk.arc(), Path::new(DATA), &info.short).and_then(|reader| reader.view());
        let view = view.map_err(|e| format!("view after close: {e}"))?;
        if (view.size(), view.root()) != (signed.size, signed.root) {
            return Err("view after close differs from what was published".to_owned());
        }
    }
    Ok(())
}

fn check_view(disk: &SimDisk, reader: &Reader, known: &Known, ops: usize, last: &Receipt) -> Result<(), String> {
    let view = reader.view().map_err(|e| format!("view: {e}"))?;
    let key: VerifierKey = reader.info().vkey.parse().unwrap();
    let mut roots = BTreeMap::new();
    let (mut bodies, mut own) = (Vec::new(), Vec::new());
    let mut tree = Tree { frontier: Frontier::new(), as_in_run: true };
    for batch in view.scan(0..view.size().0, Selection::default()) {
        for leaf in batch.map_err(|e| format!("scan: {e}"))? {
            tree = known.tree_after(&tree, &leaf);
            roots.insert(tree.frontier.size(), tree.frontier.clone());
            if matches!(leaf.kind, Kind::Manifest | Kind::Note) {
                own.push(leaf.clone());
            }
            bodies.push(leaf.body);
        }
    }
    check_evidence(disk, reader, &view, &own)?;
    let holds = |signed: &Signed| match roots.get(&signed.size.0) {
        Some(tree) if tree.root().0 == signed.root => Ok(()),
        Some(_) => Err(format!("two roots for {} leaves", signed.size)),
        None => Err(format!("checkpoint of {} leaves, the log has {}", signed.size, roots.len())),
    };
    Opened::open(&last.checkpoint.note, &key).map_err(|e| e.to_string())?;
    holds(&last.checkpoint)?;
    for (_, signed) in known.published.iter().filter(|(at, _)| *at <= ops) {
        holds(signed)?;
    }
    for (_, receipt, expected) in known.receipts.iter().filter(|(at, ..)| *at <= ops) {
        holds(&receipt.checkpoint)?;
        let first = receipt.first.0 as usize;
        if bodies.get(first..first + expected.len()).is_none_or(|found| found.iter().ne(expected.iter())) {
            return Err(format!("leaves of receipt {first} are not what was acknowledged"));
        }
    }
    let proved = known.receipts.iter().filter(|(at, ..)| *at <= ops).map(|(_, receipt, _)| receipt.first);
    for index in proved.step_by(29).chain([LeafIndex(0)]) {
        view.prove(index).map_err(|e| format!("prove {index}: {e}"))?;
    }
    Ok(())
}

/// Every live evidence file is byte for byte what its manifest sealed: a power cut is never damage.
/// Reading alone would not tell, for leaves that are in the WAL too are then taken from there.
fn check_evidence(disk: &SimDisk, reader: &Reader, view: &View, own: &[Stored]) -> Result<(), String> {
    let mut sealed = BTreeMap::new();
    for leaf in own {
        if leaf.kind == Kind::Manifest {
            let manifest: Manifest = serde_json::from_slice(&leaf.body).unwrap();
            sealed.insert((manifest.first, manifest.last, manifest.generation), manifest.sha256);
        }
        let damage = leaf.kind == Kind::Note && serde_json::from_slice::<DamageNote>(&leaf.body).is_ok();
        if damage {
            return Err(format!("a note of damage: {}", String::from_utf8_lossy(&leaf.body)));
        }
    }
    for segment in view.segments() {
        let bytes = match disk.read(&segment.path, u64::MAX) {
            Ok(bytes) => bytes,
            // Merged since the view was taken.
            Err(_) if !reader.view().unwrap().segments().contains(segment) => continue,
            Err(error) => return Err(format!("{}: {error}", segment.name())),
        };
        let found = model::hex(&Sha256::digest(&bytes));
        if sealed.get(&(segment.first.0, segment.last.0, segment.generation)) != Some(&found) {
            return Err(format!("{} is not what its manifest sealed", segment.name()));
        }
    }
    Ok(())
}

/// Every image of the run, each held against what was known when the power was cut.
fn cut_everywhere(disk: &SimDisk, info: &LogInfo, known: &Known) -> (usize, Vec<String>) {
    let record = disk.record();
    let mut medium: Medium = SimDisk::empty_medium();
    let (mut cuts, mut failures) = (0, Vec::new());
    let mut images = Vec::new();
    for (n, op) in record.iter().enumerate() {
        medium.apply(op);
        for sector in SECTORS {
            let seed = (n * SECTORS.len() + sector / SECTORS[1]) as u64 + 1;
            images.push((n, sector, medium.power_cut(sector, &mut Coins::new(seed))));
        }
        if images.len() < 64 && n + 1 < record.len() {
            continue;
        }
        cuts += images.len();
        failures.extend(check_all(std::mem::take(&mut images), info, known));
    }
    (cuts, failures)
}

fn check_all(images: Vec<(usize, usize, SimDisk)>, info: &LogInfo, known: &Known) -> Vec<String> {
    let half = images.len().div_ceil(2);
    std::thread::scope(|scope| {
        let threads: Vec<_> = images
            .chunks(half)
            .map(|images| {
                scope.spawn(move || {
                    let mut failures = Vec::new();
                    for (n, sector, image) in images {
                        if let Err(what) = check(image, info, known, n + 1, n % 16 == 0) {
                            failures.push(format!("power cut after operation {n}, sectors of {sector}: {what}"));
                        }
                    }
                    failures
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn a_power_cut_after_every_operation_loses_nothing_acknowledged() {
    let disk = SimDisk::recording();
    let (info, known) = script(&disk);
    let operations = disk.ops();
    let (cuts, failures) = cut_everywhere(&disk, &info, &known);
    println!("{operations} operations, each cut at sectors of {SECTORS:?} bytes: {cuts} power cuts");
    assert!(failures.is_empty(), "{} of {cuts}:\n{}", failures.len(), failures[..failures.len().min(8)].join("\n"));
    assert_eq!(cuts, operations * SECTORS.len());
    assert!(operations >= 1_000, "the script has become too short: {operations} operations");
}
