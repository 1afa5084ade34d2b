//! A log folder, from its entries up: the tree is rebuilt without reading any hash that is stored,
//! then every tile, the checkpoint and the history are held against it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};
use tlog::Hash;
use tlog::checkpoint::Opened;
use tlog::note::VerifierKey;
use tlog::tile::{Row, Tile, TileBuilder, bundle_entries, row_tiles};

use crate::Failure;
use crate::args::LogRequest;
use crate::proof::{read, read_key, refused};

/// Domain of the history chain (`docs/format/history.md`).
const HISTORY_TAG: &[u8] = b"deedbook/history/v0\n";

/// Checks `log/` of a folder and says in plain text what that shows and what it does not.
pub(crate) fn check(request: &LogRequest) -> Result<String, Failure> {
    let key = read_key(&request.key)?;
    let log = request.folder.join("log");
    let path = log.join("checkpoint");
    let newest = open(&path, &read(&path)?, &key)?;
    let mut wanted = Roots::default();
    wanted.add(newest.checkpoint.size, newest.checkpoint.root, "log/checkpoint")?;
    let published = history(&log.join("history"), &key, &mut wanted)?;
    if let Some(path) = &request.checkpoint {
        let kept = open(path, &read(path)?, &key)?.checkpoint;
        wanted.add(kept.size, kept.root, &path.display().to_string())?;
    }
    let size = newest.checkpoint.size;
    if let Some((above, (_, place))) = wanted.by_size.range(size + 1..).next_back() {
        return Err(Failure::Altered(format!(
            "log/checkpoint has {size} leaves, {place} has {above}: the log was cut"
        )));
    }
    walk(&log, size, &wanted)?;
    let kept = match &request.checkpoint {
        Some(_) => "the checkpoint you kept is the beginning of this log",
        None => "no outside checkpoint was given: a log cut or signed anew as a whole would not show",
    };
    Ok(format!(
        "INTACT: {size} leaves of {}, root {}\n  every entry, tile and checkpoint under log/ agrees; {published} checkpoints in the history\n  {kept}\n  \
         not checked here: evidence/, wal/ and lake/, for which there is `deedbook verify`\n",
        newest.checkpoint.origin, newest.checkpoint.root
    ))
}

/// The roots that signed checkpoints give for sizes, and where each was read.
#[derive(Default)]
struct Roots {
    by_size: BTreeMap<u64, (Hash, String)>,
}

impl Roots {
    fn add(&mut self, size: u64, root: Hash, place: &str) -> Result<(), Failure> {
        let (known, other) = self.by_size.entry(size).or_insert_with(|| (root, place.to_owned()));
        if *known == root {
            return Ok(());
        }
        Err(Failure::Altered(format!(
            "the log signed two roots for {size} leaves: {known} in {other}, {root} in {place}"
        )))
    }

    fn check(&self, tree: &TileBuilder) -> Result<(), Failure> {
        match self.by_size.get(&tree.size()) {
            Some((root, place)) if *root != tree.root() => Err(Failure::Altered(format!(
                "{place}: root at {} leaves is {root}, the entries give {}",
                tree.size(),
                tree.root()
            ))),
            _ => Ok(()),
        }
    }
}

/// Hashes all entries and compares each tile as soon as it is complete.
fn walk(log: &Path, size: u64, wanted: &Roots) -> Result<(), Failure> {
    let mut tree = TileBuilder::new();
    wanted.check(&tree)?;
    for bundle in row_tiles(Row::Entries, size) {
        let bytes = stored(log, bundle)?;
        for entry in bundle_entries(bundle, &bytes).map_err(|e| Failure::Altered(e.to_string()))? {
            let mut differs = Ok(());
            tree.append(tlog::leaf_hash(entry), |tile, bytes| {
                if differs.is_ok() {
                    differs = same(log, tile, bytes);
                }
            });
            differs?;
            wanted.check(&tree)?;
        }
    }
    tree.partial_tiles().try_for_each(|(tile, bytes)| same(log, tile, bytes))
}

fn same(log: &Path, tile: Tile, computed: &[u8]) -> Result<(), Failure> {
    let found = stored(log, tile)?;
    if found.get(..computed.len()) == Some(computed) && found.len() == computed.len() {
        return Ok(());
    }
    let at = found.iter().zip(computed).position(|(a, b)| a != b).unwrap_or(found.len().min(computed.len()));
    Err(Failure::Altered(format!("{tile}: hash {} is not what the entries give (byte {at})", at / tlog::HASH_BYTES)))
}

/// A tile's bytes; where the partial tile is gone, the beginning of the full one.
fn stored(log: &Path, tile: Tile) -> Result<Vec<u8>, Failure> {
    let path = log.join(tile.to_string());
    if path.exists() || !tile.is_partial() {
        return if path.exists() { read(&path) } else { Err(Failure::Altered(format!("{tile} is missing"))) };
    }
    let full = tile.full();
    let path = log.join(full.to_string());
    if !path.exists() {
        return Err(Failure::Altered(format!("{tile} is missing, and so is {full}")));
    }
    let bytes = read(&path)?;
    let end = match tile.row {
        Row::Level(_) => usize::from(tile.width) * tlog::HASH_BYTES,
        Row::Entries => bundle_entries(full, &bytes)
            .map_err(|e| Failure::Altered(e.to_string()))?
            .iter()
            .take(usize::from(tile.width))
            .map(|entry| entry.len() + 2)
            .sum(),
    };
    Ok(bytes.get(..end).unwrap_or(&bytes).to_vec())
}

/// Reads the chain of published checkpoints, day by day; returns how many there are.
fn history(folder: &Path, key: &VerifierKey, wanted: &mut Roots) -> Result<u64, Failure> {
    if !folder.exists() {
        return Ok(0);
    }
    let failed = |e: std::io::Error| Failure::Io(format!("{}: {e}", folder.display()));
    let mut days = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        days.push(entry.map_err(failed)?.path());
    }
    days.retain(|path| path.extension().is_some_and(|extension| extension == "notes"));
    days.sort();
    let (mut link, mut count) = ([0; 32], 0);
    for path in days {
        let bytes = read(&path)?;
        let mut at = 0;
        while at < bytes.len() {
            let place = format!("{} byte {at}", path.display());
            let (next, note, end) = entry(&bytes, at, &link)
                .ok_or_else(|| Failure::Altered(format!("{place}: the entry does not follow the one before")))?;
            let opened = open(&path, note, key)?.checkpoint;
            wanted.add(opened.size, opened.root, &place)?;
            (link, at, count) = (next, end, count + 1);
        }
    }
    Ok(count)
}

/// One entry: `<digest hex> <note bytes>\n<note>`, where the digest chains to the entry before.
fn entry<'b>(bytes: &'b [u8], at: usize, previous: &[u8; 32]) -> Option<([u8; 32], &'b [u8], usize)> {
    let rest = bytes.get(at..)?;
    let line_end = rest.iter().position(|byte| *byte == b'\n')?;
    let line = rest.get(..line_end)?;
    let (_, length) = std::str::from_utf8(line).ok()?.split_once(' ')?;
    let start = at + line_end + 1;
    let end = start.checked_add(length.parse().ok()?)?;
    let note = bytes.get(start..end)?;
    let mut hash = Sha256::new();
    hash.update(HISTORY_TAG);
    hash.update(previous);
    hash.update(note);
    let digest: [u8; 32] = hash.finalize().into();
    let expected = format!("{} {}", model::hex(&digest), note.len());
    (line == expected.as_bytes()).then_some((digest, note, end))
}

/// A checkpoint on disk; malformed bytes there are damage, not another format.
fn open(path: &Path, bytes: &[u8], key: &VerifierKey) -> Result<Opened, Failure> {
    Opened::open(bytes, key).map_err(|e| match e.kind() {
        tlog::ErrorKind::Invalid => Failure::Altered(format!("{}: {e}", path.display())),
        _ => refused(path, &e),
    })
}
