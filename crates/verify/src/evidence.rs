//! Evidence files (`docs/format/evidence.md`): plain Parquet, one row per leaf of any kind.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::{panic, thread};

use parquet::column::reader::{ColumnReaderImpl, get_typed_column_reader};
use parquet::data_type::{
    ByteArray, ByteArrayType, DataType, FixedLenByteArray, FixedLenByteArrayType, Int32Type, Int64Type,
};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::reader::{FileReader, SerializedFileReader};

use crate::files::{list, unreadable};
use crate::leaves::{Each, Opening};
use crate::{Failure, Result};

/// Rows in memory at once, and how many times as many may wait to be opened.
const BATCH_ROWS: usize = 256;
const BATCHES_AHEAD: usize = 8;

/// The columns, in order.
const COLUMNS: &str = "index INT64, kind INT32, sequenced_at INT64, salt FIXED_LEN_BYTE_ARRAY, \
                       header BYTE_ARRAY, body BYTE_ARRAY";

/// A file by its name, `<first>-<last>.<generation>.parquet`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Segment {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) generation: u32,
    /// The name without `.parquet`, as manifests say it.
    pub(crate) name: String,
    /// How findings name it.
    pub(crate) place: String,
    pub(crate) path: PathBuf,
}

impl Segment {
    fn parse(path: &Path) -> Option<Segment> {
        let name = path.file_name()?.to_str()?.strip_suffix(".parquet")?.to_owned();
        let (range, generation) = name.split_once('.')?;
        let (first, last) = range.split_once('-')?;
        let (first, last, generation) = (first.parse().ok()?, last.parse().ok()?, generation.parse().ok()?);
        // One spelling only: no leading zeros, no signs.
        let canonical =
            name == format!("{first}-{last}.{generation}") && first <= last && last < u64::MAX && generation > 0;
        let place = format!("evidence/{name}.parquet");
        canonical.then(|| Segment { first, last, generation, name, place, path: path.to_path_buf() })
    }
}

/// The files of the folder in the order of their leaves, and how many have another name.
pub(crate) fn segments(folder: &Path) -> Result<(Vec<Segment>, usize)> {
    if !folder.exists() {
        return Err(Failure::Altered(format!("{}: the folder is missing", folder.display())));
    }
    // What a writer has not finished is its own affair.
    let is_open = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("open-"));
    let paths: Vec<PathBuf> = list(folder)?.into_iter().filter(|path| !is_open(path)).collect();
    let mut segments: Vec<Segment> = paths.iter().filter_map(|path| Segment::parse(path)).collect();
    segments.sort();
    let others = paths.len() - segments.len();
    Ok((segments, others))
}

/// Hands over every row of a file; stops at the first error of `each`. The file is read and
/// decompressed on a thread of its own, a few batches ahead.
///
/// The Parquet reader checks foreign bytes well but not completely: a panic inside it is a damaged
/// file, not the end of this program.
pub(crate) fn rows(segment: &Segment, each: Each<'_>) -> Result {
    let file = File::open(&segment.path).map_err(unreadable(&segment.path))?;
    let (first, place) = (segment.first, &segment.place);
    let mut next = first;
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let result = thread::scope(|scope| {
        let (ahead, batches) = sync_channel(BATCHES_AHEAD);
        let reader = scope.spawn(move || read(file, first, &ahead));
        for batch in batches {
            batch.openings().try_for_each(|row| each(&row))?;
            next += batch.index.len() as u64;
        }
        let what = match reader.join() {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "a page or the footer cannot be decoded".to_owned(),
        };
        Err(Failure::Altered(format!("{place}: from leaf {next}: {what}")))
    });
    panic::set_hook(hook);
    result?;
    if next == segment.last + 1 {
        return Ok(());
    }
    Err(Failure::Altered(format!("{place}: ends at leaf {next}, its name says after {}", segment.last)))
}

/// Reads a file from its first row to its last, or until nobody wants more.
fn read(file: File, first: u64, ahead: &SyncSender<Batch>) -> ParquetResult<()> {
    let reader = SerializedFileReader::new(file)?;
    let columns = reader.metadata().file_metadata().schema_descr().columns().iter();
    let columns: Vec<String> = columns.map(|column| format!("{} {}", column.name(), column.physical_type())).collect();
    if columns.join(", ") != COLUMNS {
        return Err(ParquetError::General("columns are not those of evidence".to_owned()));
    }
    let mut next = first;
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group)?;
        let column = |at| group.get_column_reader(at);
        let mut index = get_typed_column_reader::<Int64Type>(column(0)?);
        let mut kind = get_typed_column_reader::<Int32Type>(column(1)?);
        let mut sequenced_at = get_typed_column_reader::<Int64Type>(column(2)?);
        let mut salt = get_typed_column_reader::<FixedLenByteArrayType>(column(3)?);
        let mut header = get_typed_column_reader::<ByteArrayType>(column(4)?);
        let mut body = get_typed_column_reader::<ByteArrayType>(column(5)?);
        loop {
            let batch = Batch {
                index: values(&mut index)?,
                kind: values(&mut kind)?,
                sequenced_at: values(&mut sequenced_at)?,
                salt: values(&mut salt)?,
                header: values(&mut header)?,
                body: values(&mut body)?,
            };
            batch.check(next)?;
            next += batch.index.len() as u64;
            if batch.index.is_empty() {
                break;
            }
            if ahead.send(batch).is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The next values of a column; none at the end of the row group.
fn values<T: DataType>(column: &mut ColumnReaderImpl<T>) -> ParquetResult<Vec<T::T>> {
    let mut values = Vec::with_capacity(BATCH_ROWS);
    column.read_records(BATCH_ROWS, None, None, &mut values)?;
    Ok(values)
}

/// Some rows, column by column.
struct Batch {
    index: Vec<i64>,
    kind: Vec<i32>,
    sequenced_at: Vec<i64>,
    salt: Vec<FixedLenByteArray>,
    header: Vec<ByteArray>,
    body: Vec<ByteArray>,
}

impl Batch {
    /// Rows are whole, and of the leaves from `next` on.
    fn check(&self, next: u64) -> ParquetResult<()> {
        let rows = self.index.len();
        let others = [self.kind.len(), self.sequenced_at.len(), self.salt.len(), self.header.len(), self.body.len()];
        if others != [rows; 5] {
            return Err(ParquetError::General(format!("columns have {rows} and {others:?} rows")));
        }
        let expected = (next..).map(u64::cast_signed);
        if let Some((found, expected)) = self.index.iter().zip(expected).find(|(found, expected)| *found != expected) {
            return Err(ParquetError::General(format!("the row of leaf {expected} carries index {found}")));
        }
        Ok(())
    }

    fn openings(&self) -> impl Iterator<Item = Opening<'_>> {
        (0..self.index.len()).filter_map(|row| {
            Some(Opening {
                index: self.index.get(row)?.cast_unsigned(),
                kind: *self.kind.get(row)?,
                sequenced_at: self.sequenced_at.get(row)?.cast_unsigned(),
                salt: self.salt.get(row)?.data(),
                header: self.header.get(row)?.data(),
                body: self.body.get(row)?.data(),
            })
        })
    }
}
