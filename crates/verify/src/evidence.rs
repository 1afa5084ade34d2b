//! Evidence files (`docs/format/evidence.md`): plain Parquet, one row per leaf of any kind.

use std::fs::{self, File};
use std::io::Read as _;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};

use parquet::basic::Type as Physical;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_typed_column_reader};
use parquet::data_type::{ByteArrayType, DataType, FixedLenByteArrayType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use sha2::{Digest, Sha256};

use crate::Failure;
use crate::leaves::Opening;

/// Rows in memory at once.
const BATCH_ROWS: usize = 256;

/// The columns, in order.
const COLUMNS: [(&str, Physical); 6] = [
    ("index", Physical::INT64),
    ("kind", Physical::INT32),
    ("sequenced_at", Physical::INT64),
    ("salt", Physical::FIXED_LEN_BYTE_ARRAY),
    ("header", Physical::BYTE_ARRAY),
    ("body", Physical::BYTE_ARRAY),
];

/// A file by its name, `<first>-<last>.<generation>.parquet`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Segment {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) generation: u32,
    /// The name without `.parquet`, as manifests say it.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

impl Segment {
    /// How findings name it.
    pub(crate) fn place(&self) -> String {
        format!("evidence/{}.parquet", self.name)
    }

    fn parse(path: PathBuf) -> Option<Segment> {
        let name = path.file_name()?.to_str()?.strip_suffix(".parquet")?.to_owned();
        let (range, generation) = name.split_once('.')?;
        let (first, last) = range.split_once('-')?;
        let (first, last, generation) = (first.parse().ok()?, last.parse().ok()?, generation.parse().ok()?);
        // One spelling only: no leading zeros, no signs.
        let canonical = name == format!("{first}-{last}.{generation}") && first <= last && generation > 0;
        canonical.then_some(Segment { first, last, generation, name, path })
    }
}

/// The files of the folder in the order of their leaves, and the names of all others.
pub(crate) fn list(folder: &Path) -> Result<(Vec<Segment>, Vec<String>), Failure> {
    let failed = |e: std::io::Error| Failure::Io(format!("{}: {e}", folder.display()));
    let (mut segments, mut others) = (Vec::new(), Vec::new());
    if !folder.exists() {
        return Err(Failure::Altered(format!("{}: the folder is missing", folder.display())));
    }
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match Segment::parse(path) {
            Some(segment) => segments.push(segment),
            None => others.push(name),
        }
    }
    segments.sort();
    Ok((segments, others))
}

/// SHA-256 (hex) and length of a file.
pub(crate) fn digest(path: &Path) -> Result<(String, u64), Failure> {
    let failed = |e: std::io::Error| Failure::Io(format!("{}: {e}", path.display()));
    let mut file = File::open(path).map_err(failed)?;
    let (mut hash, mut bytes, mut chunk) = (Sha256::new(), 0, vec![0; 1 << 20]);
    loop {
        let read = file.read(&mut chunk).map_err(failed)?;
        if read == 0 {
            return Ok((model::hex(&hash.finalize()), bytes));
        }
        hash.update(chunk.get(..read).unwrap_or_default());
        bytes += read as u64;
    }
}

/// Hands over every row of a file; stops at the first error of `each`.
pub(crate) fn rows(
    segment: &Segment,
    each: &mut dyn FnMut(&Opening<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let file = File::open(&segment.path).map_err(|e| Failure::Io(format!("{}: {e}", segment.path.display())))?;
    let reader = guarded(segment, segment.first, || {
        let reader = SerializedFileReader::new(file)?;
        let columns = reader.metadata().file_metadata().schema_descr().columns().iter();
        if !columns.map(|column| (column.name(), column.physical_type())).eq(COLUMNS) {
            return Err(ParquetError::General("columns are not those of evidence".to_owned()));
        }
        Ok(reader)
    })?;
    let mut next = segment.first;
    for group in 0..reader.num_row_groups() {
        let mut columns = guarded(segment, next, || Columns::open(&reader, group))?;
        while guarded(segment, next, || columns.fill(next))? {
            let batch = columns.index.values.len();
            (0..batch).filter_map(|row| columns.opening(row)).try_for_each(|row| each(&row))?;
            next += batch as u64;
        }
    }
    if next == segment.last + 1 {
        return Ok(());
    }
    Err(Failure::Altered(format!("{}: ends at leaf {next}, its name says after {}", segment.place(), segment.last)))
}

/// A column of one row group, and the values of the batch.
struct Column<T: DataType> {
    reader: ColumnReaderImpl<T>,
    values: Vec<T::T>,
}

impl<T: DataType> Column<T> {
    fn new(reader: ColumnReader) -> Column<T> {
        Column { reader: get_typed_column_reader(reader), values: Vec::new() }
    }

    fn fill(&mut self) -> parquet::errors::Result<usize> {
        self.values.clear();
        Ok(self.reader.read_records(BATCH_ROWS, None, None, &mut self.values)?.0)
    }
}

struct Columns {
    index: Column<Int64Type>,
    kind: Column<Int32Type>,
    sequenced_at: Column<Int64Type>,
    salt: Column<FixedLenByteArrayType>,
    header: Column<ByteArrayType>,
    body: Column<ByteArrayType>,
}

impl Columns {
    fn open(reader: &SerializedFileReader<File>, group: usize) -> parquet::errors::Result<Columns> {
        let group = reader.get_row_group(group)?;
        Ok(Columns {
            index: Column::new(group.get_column_reader(0)?),
            kind: Column::new(group.get_column_reader(1)?),
            sequenced_at: Column::new(group.get_column_reader(2)?),
            salt: Column::new(group.get_column_reader(3)?),
            header: Column::new(group.get_column_reader(4)?),
            body: Column::new(group.get_column_reader(5)?),
        })
    }

    /// Reads the next rows; `false` at the end of the row group.
    fn fill(&mut self, next: u64) -> parquet::errors::Result<bool> {
        let rows = self.index.fill()?;
        let others =
            [self.kind.fill()?, self.sequenced_at.fill()?, self.salt.fill()?, self.header.fill()?, self.body.fill()?];
        if others != [rows; 5] {
            return Err(ParquetError::General(format!("columns have {rows} and {others:?} rows")));
        }
        let expected = (next..).map(u64::cast_signed);
        if let Some((found, expected)) = self.index.values.iter().zip(expected).find(|(at, expected)| *at != expected) {
            return Err(ParquetError::General(format!("the row of leaf {expected} carries index {found}")));
        }
        Ok(rows > 0)
    }

    fn opening(&self, row: usize) -> Option<Opening<'_>> {
        Some(Opening {
            index: self.index.values.get(row)?.cast_unsigned(),
            kind: *self.kind.values.get(row)?,
            sequenced_at: self.sequenced_at.values.get(row)?.cast_unsigned(),
            salt: self.salt.values.get(row)?.data(),
            header: self.header.values.get(row)?.data(),
            body: self.body.values.get(row)?.data(),
        })
    }
}

/// Runs a step of the Parquet reader, which checks foreign bytes well but not completely: a panic
/// inside it is a damaged file, not the end of this program.
fn guarded<T>(segment: &Segment, leaf: u64, step: impl FnOnce() -> parquet::errors::Result<T>) -> Result<T, Failure> {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let result = panic::catch_unwind(AssertUnwindSafe(step));
    panic::set_hook(hook);
    let what = match result {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "a page or the footer cannot be decoded".to_owned(),
    };
    Err(Failure::Altered(format!("{}: from leaf {leaf}: {what}", segment.place())))
}
