//! What is stored, part by part, and how to make files cold.

use std::fs::{self, File};
use std::path::Path;

use super::report::{Report, bytes};
use super::{Place, Result};

/// Raw bytes that are packed with `zstd -9` at most: beyond, the rate is that of the beginning.
const PACKED_BYTES_MAX: u64 = 512 << 20;

/// Hashes and salts, which do not compress: allowed for each record.
const ALLOWED_PER_RECORD: f64 = 100.0;

/// Prints the bytes of every part, and all of them against the packed raw stream.
pub(crate) fn measure(place: &Place, report: &mut Report) -> Result<()> {
    eprintln!("sizes");
    let records = place.records as f64;
    let log = place.log()?;
    let parts = [
        ("tiles and entries", log.join("log")),
        ("evidence", log.join("evidence")),
        ("WAL, free files included", log.join("wal")),
        ("lake", place.data().join("lake")),
        ("state", place.data().join("state")),
    ];
    let mut stored = 0;
    for (name, path) in &parts {
        let size = size_of(path)?;
        stored += size;
        report.line("stored", name, &format!("{}, {:.0} B a record", bytes(size), size as f64 / records), "");
    }
    let raw: u64 = place.inputs().iter().map(|input| size_of(input)).sum::<Result<u64>>()?;
    let packed = packed_rate(place)? * raw as f64;
    let allowed = 1.6 * packed + ALLOWED_PER_RECORD * records;
    report.line("stored", "raw", &format!("{}, {:.0} B a record", bytes(raw), raw as f64 / records), "");
    report.line("stored", "raw, zstd -9", &format!("{:.0} B a record", packed / records), "");
    let ratio = stored as f64 / allowed;
    let all = format!("{:.0} B a record, {ratio:.2} of what is allowed", stored as f64 / records);
    report.line("stored", "all of it", &all, "<= 1.6 x zstd -9 + 100 B a record");
    Ok(())
}

/// Bytes after `zstd -9` over bytes before, of the beginning of each input.
fn packed_rate(place: &Place) -> Result<f64> {
    let (mut raw, mut packed) = (0, 0);
    for input in place.inputs() {
        for entry in fs::read_dir(&input)? {
            let path = entry?.path();
            let share = PACKED_BYTES_MAX / place.inputs().len() as u64;
            let head = std::io::Read::take(File::open(path)?, share);
            let mut counted = Counted { inner: head, bytes: 0 };
            let mut encoder = zstd::stream::read::Encoder::new(&mut counted, 9)?;
            packed += std::io::copy(&mut encoder, &mut std::io::sink())?;
            drop(encoder);
            raw += counted.bytes;
        }
    }
    Ok(packed as f64 / raw.max(1) as f64)
}

/// A reader that counts.
struct Counted<R> {
    inner: R,
    bytes: u64,
}

impl<R: std::io::Read> std::io::Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes += read as u64;
        Ok(read)
    }
}

/// Bytes of the files in a folder and below.
pub(crate) fn size_of(path: &Path) -> Result<u64> {
    let mut total = 0;
    each_file(path, &mut |_, length| {
        total += length;
        Ok(())
    })?;
    Ok(total)
}

/// Takes every file below a folder out of the page cache.
pub(crate) fn make_cold(path: &Path) -> Result<()> {
    // Only what is clean can be dropped.
    each_file(path, &mut |path, _| Ok(File::open(path)?.sync_all()?))?;
    drop_pages(path)
}

/// The same where nothing was written since it was made cold.
pub(crate) fn drop_pages(path: &Path) -> Result<()> {
    each_file(path, &mut |path, _| {
        let file = File::open(path)?;
        rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)?;
        Ok(())
    })
}

fn each_file(path: &Path, visit: &mut dyn FnMut(&Path, u64) -> Result<()>) -> Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        if meta.is_dir() {
            each_file(&entry.path(), visit)?;
        } else if meta.is_file() {
            visit(&entry.path(), meta.len())?;
        }
    }
    Ok(())
}
