//! Making one look-up file of several that follow each other, so that a look-up in a long log opens few.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use model::ViewManifest;

use super::read::Run;
use super::write::Packer;
use crate::Result;
use crate::writer::{FileName, Part};

/// How many runs of one size become one: a name that is in few of them is looked for in all, so few runs count
/// for more than merging seldom.
const RUNS: usize = 8;

/// Most leaves of a merged run: while it is made, 24 bytes a leaf are in memory.
const MERGED_LEAVES_MAX: u64 = 1 << 23;

/// Which look-up files there are, and which of them shall become one.
#[derive(Default)]
pub(crate) struct Merging {
    /// Last leaf and name, by first leaf.
    pub(super) runs: BTreeMap<u64, (u64, String)>,
    /// The run that is being made.
    making: Option<(u64, u64)>,
}

/// Files that shall become one.
pub(crate) struct Due {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) names: Vec<String>,
}

impl Merging {
    /// Over the look-up files of these names.
    pub(crate) fn over<'n>(names: impl Iterator<Item = &'n str>) -> Merging {
        let mut merging = Merging::default();
        names.for_each(|name| merging.add(name));
        merging
    }

    /// Takes note of announced files.
    pub(crate) fn note(&mut self, manifest: &ViewManifest) {
        manifest.files.iter().for_each(|file| self.add(&file.name));
    }

    fn add(&mut self, name: &str) {
        let Some(FileName { first, last, part: Part::Lookup, .. }) = FileName::parse(name) else { return };
        self.runs.retain(|own, (end, _)| *own > last || *end < first);
        self.runs.insert(first, (last, name.to_owned()));
        self.making.take_if(|making| *making == (first, last));
    }

    /// The next files to merge, the smallest first; nothing while a merge is under way.
    pub(crate) fn due(&mut self) -> Option<Due> {
        if self.making.is_some() {
            return None;
        }
        let runs: Vec<Numbered<'_>> = self.runs.iter().map(|(first, (last, name))| (*first, *last, name)).collect();
        let is_due = |window: &&[Numbered<'_>]| {
            let sum: u64 = window.iter().map(leaves).sum();
            let follows = |pair: &[_]| matches!(pair, [(_, last, _), (first, ..)] if last + 1 == *first);
            // A large run among small ones would be written again and again.
            sum <= MERGED_LEAVES_MAX && largest(window) <= sum / 4 && window.windows(2).all(follows)
        };
        let window = runs.windows(RUNS).filter(is_due).min_by_key(|window| largest(window))?;
        let ((first, ..), (_, last, _)) = (*window.first()?, *window.last()?);
        let names = window.iter().map(|(.., name)| (*name).clone()).collect();
        self.making = Some((first, last));
        Some(Due { first, last, names })
    }
}

/// First and last leaf of a run, and its name.
type Numbered<'n> = (u64, u64, &'n String);

fn leaves((first, last, _): &Numbered<'_>) -> u64 {
    last - first + 1
}

fn largest(window: &[Numbered<'_>]) -> u64 {
    window.iter().map(leaves).max().unwrap_or(0)
}

/// One block of a run, unpacked: what the merge holds of each.
struct Front<'r> {
    run: &'r Run,
    /// Offset of the run's first leaf from that of the merged run.
    shift: u64,
    next_block: usize,
    /// Keys with their leaves, in order, those taken first at the end.
    values: Vec<(u32, Vec<u64>)>,
}

impl Front<'_> {
    fn key(&mut self) -> Result<Option<u32>> {
        while self.values.is_empty() && self.next_block < self.run.blocks() {
            let values = &mut self.values;
            let shift = self.shift;
            self.run.block(self.next_block, |key, leaves| {
                values.push((key, leaves.iter().map(|leaf| leaf + shift).collect()));
            })?;
            self.values.reverse();
            self.next_block += 1;
        }
        Ok(self.values.last().map(|(key, _)| *key))
    }
}

/// Writes the file that finds what these files find; they follow each other without a gap. Returns how
/// many events it finds.
pub(crate) fn merged(paths: &[PathBuf], out: &mut dyn Write) -> Result<u64> {
    let runs = paths.iter().map(|path| Run::open(path)).collect::<Result<Vec<_>>>()?;
    let first = runs.first().map_or(0, Run::first);
    let mut times = Vec::new();
    for run in &runs {
        let leaves: Vec<u64> = (run.first()..run.first() + run.leaves()).collect();
        times.extend(run.times(&leaves)?);
    }
    let mut packer = Packer::begin(first, &times, out)?;
    let front = |run| Front { run, shift: Run::first(run) - first, next_block: 0, values: Vec::new() };
    let mut fronts: Vec<Front<'_>> = runs.iter().map(front).collect();
    let mut leaves = Vec::new();
    loop {
        let mut least = None;
        for front in &mut fronts {
            least = match (least, front.key()?) {
                (Some(least), Some(key)) => Some(u32::min(least, key)),
                (least, key) => least.or(key),
            };
        }
        let Some(least) = least else { break };
        leaves.clear();
        for front in &mut fronts {
            if let Some((_, own)) = front.values.pop_if(|(key, _)| *key == least) {
                leaves.extend(own);
            }
        }
        packer.value(least, &leaves)?;
    }
    packer.end()?;
    Ok(times.iter().flatten().count() as u64)
}
