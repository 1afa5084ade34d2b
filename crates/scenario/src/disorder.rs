//! Records that arrive late, out of order, or twice: what was written stays true all the same.

use std::collections::BTreeMap;
use std::fs::{self, File, create_dir_all};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::Options;
use crate::random::Random;

/// Arrivals are sorted into this many boxes per length of the delay: a box is what memory has to hold.
const BOXES: i64 = 64;

/// Holds back the records of one log until they arrive.
pub(crate) struct Disorder {
    folder: PathBuf,
    random: Random,
    /// Longest delay, milliseconds.
    delay_ms: i64,
    double_percent: u64,
    /// Boxes by the time they arrive, on disk.
    boxes: BTreeMap<i64, BufWriter<File>>,
}

impl Disorder {
    pub(crate) fn new(folder: &Path, options: &Options, salt: u64) -> io::Result<Disorder> {
        let delay_ms = options.delivery.shuffle_s.saturating_mul(1_000).cast_signed();
        if delay_ms > 0 {
            create_dir_all(folder)?;
        }
        Ok(Disorder {
            folder: folder.to_owned(),
            // Chance of its own: who did what does not depend on when it is told.
            random: Random::new(options.seed.wrapping_add(1 + salt).wrapping_mul(0x9E37_79B9_7F4A_7C15)),
            delay_ms,
            double_percent: options.delivery.double_percent,
            boxes: BTreeMap::new(),
        })
    }

    pub(crate) fn push(
        &mut self,
        record: &str,
        now_ms: i64,
        mut out: impl FnMut(&str) -> io::Result<()>,
    ) -> io::Result<()> {
        let times = 1 + u32::from(self.random.percent(self.double_percent));
        if self.delay_ms == 0 {
            return (0..times).try_for_each(|_| out(record));
        }
        let width = (self.delay_ms / BOXES).max(1);
        while let Some(entry) = self.boxes.first_entry().filter(|entry| (entry.key() + 1) * width <= now_ms) {
            let (at, file) = entry.remove_entry();
            self.empty(at, file, &mut out)?;
        }
        for _ in 0..times {
            let arrival = now_ms + self.random.below(self.delay_ms.cast_unsigned()).cast_signed();
            let at = arrival / width;
            let path = self.path(at);
            let file = match self.boxes.entry(at) {
                std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::btree_map::Entry::Vacant(entry) => entry.insert(BufWriter::new(File::create(path)?)),
            };
            file.write_all(record.as_bytes())?;
            file.write_all(b"\n")?;
        }
        Ok(())
    }

    fn path(&self, at: i64) -> PathBuf {
        self.folder.join(at.to_string())
    }

    /// Delivers a box in an order of its own.
    fn empty(
        &mut self,
        at: i64,
        mut file: BufWriter<File>,
        out: &mut impl FnMut(&str) -> io::Result<()>,
    ) -> io::Result<()> {
        file.flush()?;
        let path = self.path(at);
        let text = fs::read_to_string(&path)?;
        fs::remove_file(path)?;
        let mut lines: Vec<&str> = text.lines().collect();
        for n in (1..lines.len()).rev() {
            let other = usize::try_from(self.random.below(n as u64 + 1)).unwrap_or(0);
            lines.swap(n, other);
        }
        lines.into_iter().try_for_each(out)
    }

    pub(crate) fn finish(mut self, mut out: impl FnMut(&str) -> io::Result<()>) -> io::Result<()> {
        while let Some((at, file)) = self.boxes.pop_first() {
            self.empty(at, file, &mut out)?;
        }
        if self.delay_ms > 0 { fs::remove_dir(&self.folder) } else { Ok(()) }
    }
}
