//! Reading evidence files: whole row groups in batches, or one row through the page index.

use std::io::{self, Read};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use model::{Kind, LeafIndex, Millis};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_typed_column_reader};
use parquet::data_type::{ByteArray, ByteArrayType, FixedLenByteArray, FixedLenByteArrayType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, Length};
use parquet::file::serialized_reader::{ReadOptionsBuilder, SerializedFileReader};
use sha2::{Digest as _, Sha256};

use super::Segment;
use crate::disk::{Disk, File};
use crate::stored::Stored;
use crate::{Error, Result};

/// The open file as Parquet wants to see it.
pub(crate) struct Source {
    file: Arc<dyn File>,
    bytes: u64,
}

/// A reader from some offset on.
pub(crate) struct Cursor {
    file: Arc<dyn File>,
    offset: u64,
}

impl Read for Cursor {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(self.offset, buffer)?;
        self.offset += read as u64;
        Ok(read)
    }
}

impl Length for Source {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for Source {
    type T = io::BufReader<Cursor>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(io::BufReader::new(Cursor { file: self.file.clone(), offset: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.bytes) {
            return Err(ParquetError::EOF(format!("bytes {start}+{length} are past the end at {}", self.bytes)));
        }
        let mut bytes = vec![0; length];
        let read = self.file.read_at(start, &mut bytes)?;
        if read < length {
            return Err(ParquetError::EOF(format!("file ended at {}", start + read as u64)));
        }
        Ok(bytes.into())
    }
}

/// An open evidence file.
pub(crate) struct EvidenceFile {
    segment: Segment,
    parquet: SerializedFileReader<Source>,
    /// First leaf of each row group, and one past the last leaf.
    starts: Vec<u64>,
}

impl EvidenceFile {
    /// Opens the file of a segment and checks its shape: our columns, the right number of rows.
    pub(crate) fn open(disk: &dyn Disk, segment: &Segment) -> Result<EvidenceFile> {
        let path = &segment.path;
        let file = disk.open(path).map_err(|e| Error::io("open", path, &e))?;
        let bytes = file.len().map_err(|e| Error::io("read length of", path, &e))?;
        guarded(segment, || {
            let options = ReadOptionsBuilder::new().with_page_index().build();
            let parquet = SerializedFileReader::new_with_options(Source { file, bytes }, options)?;
            if parquet.metadata().file_metadata().schema() != super::schema()?.as_ref() {
                return Err(ParquetError::General("columns are not those of evidence".into()));
            }
            let mut starts = vec![segment.first.0];
            for group in parquet.metadata().row_groups() {
                let rows = u64::try_from(group.num_rows()).unwrap_or(0);
                starts.push(starts.last().copied().unwrap_or(0).saturating_add(rows));
            }
            let end = segment.last.0 + 1;
            match starts.last() {
                Some(last) if *last == end => Ok(EvidenceFile { segment: segment.clone(), parquet, starts }),
                last => Err(ParquetError::General(format!("rows end at leaf {last:?}, the name says {end}"))),
            }
        })
    }

    /// The segment it holds.
    pub(crate) fn segment(&self) -> &Segment {
        &self.segment
    }

    /// Leaves and raw bytes of the row group that holds a leaf.
    pub(crate) fn row_group_of(&self, index: u64) -> Option<(Range<u64>, u64)> {
        let (number, group) = self.row_groups().enumerate().find(|(_, group)| group.contains(&index))?;
        let bytes = self.parquet.metadata().row_groups().get(number)?.total_byte_size();
        Some((group, u64::try_from(bytes).unwrap_or(0)))
    }

    /// Raw bytes of all rows.
    pub(crate) fn raw_bytes(&self) -> u64 {
        let groups = self.parquet.metadata().row_groups().iter();
        groups.map(|group| u64::try_from(group.total_byte_size()).unwrap_or(0)).sum()
    }

    /// Leaf ranges of the row groups.
    pub(crate) fn row_groups(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        self.starts.windows(2).map(|pair| match pair {
            [first, end] => *first..*end,
            _ => 0..0,
        })
    }

    /// Reads the leaves of `range`, which must lie inside one row group.
    pub(crate) fn rows(&self, range: Range<u64>, bodies: bool) -> Result<RowReader> {
        let found = self.row_groups().enumerate().find(|(_, group)| group.contains(&range.start));
        let Some((number, group)) = found.filter(|(_, group)| range.end <= group.end) else {
            return Err(Error::invalid(format!("{}: no row group holds {range:?}", self.segment.path.display())));
        };
        guarded(&self.segment, || {
            let row_group = self.parquet.get_row_group(number)?;
            let column = |at: usize| -> parquet::errors::Result<ColumnReader> { row_group.get_column_reader(at) };
            let mut reader = RowReader {
                segment: self.segment.clone(),
                next: range.start,
                end: range.end,
                index: get_typed_column_reader(column(0)?),
                kind: get_typed_column_reader(column(1)?),
                sequenced_at: get_typed_column_reader(column(2)?),
                salt: get_typed_column_reader(column(3)?),
                header: get_typed_column_reader(column(4)?),
                body: if bodies { Some(get_typed_column_reader(column(5)?)) } else { None },
                batch: Batch::default(),
            };
            reader.skip(usize::try_from(range.start - group.start).unwrap_or(usize::MAX))?;
            Ok(reader)
        })
    }

    /// The leaves of this kind, by the column that says so: no other column is read.
    pub(crate) fn of_kind(&self, kind: Kind) -> Result<Vec<LeafIndex>> {
        let wanted = i32::from(kind.number());
        guarded(&self.segment, || {
            let (mut found, mut kinds) = (Vec::new(), Vec::new());
            for (number, group) in self.row_groups().enumerate() {
                let column = self.parquet.get_row_group(number)?.get_column_reader(1)?;
                let mut column: ColumnReaderImpl<Int32Type> = get_typed_column_reader(column);
                let rows = usize::try_from(group.end - group.start).unwrap_or(usize::MAX);
                kinds.clear();
                column.read_records(rows, None, None, &mut kinds)?;
                let leaves = (group.start..).map(LeafIndex).zip(&kinds);
                found.extend(leaves.filter(|(_, kind)| **kind == wanted).map(|(index, _)| index));
            }
            Ok(found)
        })
    }

    /// One leaf, through the page index: one page per column is unpacked.
    pub(crate) fn leaf(&self, index: LeafIndex) -> Result<Stored> {
        let mut reader = self.rows(index.0..index.0 + 1, true)?;
        let batch = reader.next_batch(1)?;
        batch
            .and_then(|batch| batch.stored(0))
            .ok_or_else(|| Error::corrupt(format!("{}: leaf {index} is not there", self.segment.path.display())))
    }

    /// These leaves, which rise: each page that holds one of them is unpacked once.
    pub(crate) fn leaves(&self, indexes: &[LeafIndex]) -> Result<Vec<Stored>> {
        let mut found = Vec::with_capacity(indexes.len());
        let mut wanted = indexes.iter().peekable();
        for group in self.row_groups() {
            let Some(first) = wanted.peek().filter(|index| group.contains(&index.0)) else { continue };
            let mut reader = self.rows(first.0..group.end, true)?;
            while let Some(index) = wanted.next_if(|index| group.contains(&index.0)) {
                reader.skip_to(*index)?;
                found.extend(reader.next_batch(1)?.and_then(|batch| batch.stored(0)));
            }
        }
        if found.len() < indexes.len() {
            let message =
                format!("{}: {} of {} leaves are there", self.segment.path.display(), found.len(), indexes.len());
            return Err(Error::corrupt(message));
        }
        Ok(found)
    }
}

/// Bytes of a file hashed at once.
const HASH_BYTES_AT_ONCE: usize = 1 << 20;

/// Length and SHA-256 (hex) of a file: what its manifest sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Digest {
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
}

impl Digest {
    /// Reads the whole file of a segment.
    pub(crate) fn of(disk: &dyn Disk, segment: &Segment) -> Result<Digest> {
        let path = &segment.path;
        let file = disk.open(path).map_err(|e| Error::io("open", path, &e))?;
        let mut hash = Sha256::new();
        let mut buffer = vec![0; HASH_BYTES_AT_ONCE];
        let mut bytes = 0;
        loop {
            let read = file.read_at(bytes, &mut buffer).map_err(|e| Error::io("read", path, &e))?;
            if read == 0 {
                return Ok(Digest { bytes, sha256: model::hex(&hash.finalize()) });
            }
            hash.update(buffer.get(..read).unwrap_or_default());
            bytes += read as u64;
        }
    }
}

/// Length of the file of a segment, and whether it ends as a Parquet file does: the mark, and a
/// footer that fits in.
pub(crate) fn ending(disk: &dyn Disk, segment: &Segment) -> io::Result<(u64, bool)> {
    let file = disk.open(&segment.path)?;
    let bytes = file.len()?;
    let mut end = [0; 8];
    let Some(at) = bytes.checked_sub(end.len() as u64) else { return Ok((bytes, false)) };
    file.read_at(at, &mut end)?;
    let (footer, mark) = end.split_at(4);
    let footer = u64::from(u32::from_le_bytes(footer.try_into().unwrap_or_default()));
    Ok((bytes, mark == b"PAR1" && footer < at))
}

/// Rows column by column, as they came out of their pages: nothing is copied per row.
#[derive(Default)]
pub(crate) struct Batch {
    /// Leaf of the first row.
    pub(crate) first: u64,
    pub(crate) index: Vec<i64>,
    pub(crate) kind: Vec<i32>,
    pub(crate) sequenced_at: Vec<i64>,
    pub(crate) salt: Vec<FixedLenByteArray>,
    pub(crate) header: Vec<ByteArray>,
    pub(crate) body: Vec<ByteArray>,
}

impl Batch {
    fn clear(&mut self) {
        self.index.clear();
        self.kind.clear();
        self.sequenced_at.clear();
        self.salt.clear();
        self.header.clear();
        self.body.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    /// The row as a leaf; `None` past the end or when its kind or salt is impossible.
    pub(crate) fn stored(&self, row: usize) -> Option<Stored> {
        Some(Stored {
            index: LeafIndex(self.index.get(row)?.cast_unsigned()),
            kind: Kind::from_number(u8::try_from(*self.kind.get(row)?).ok()?)?,
            sequenced_at: Millis(self.sequenced_at.get(row)?.cast_unsigned()),
            salt: self.salt.get(row)?.data().try_into().ok()?,
            header: shared(self.header.get(row)?),
            body: self.body.get(row).map(shared).unwrap_or_default(),
        })
    }
}

fn shared(value: &ByteArray) -> Bytes {
    Bytes::copy_from_slice(value.data())
}

/// Reads rows of one row group, batch by batch.
pub(crate) struct RowReader {
    segment: Segment,
    next: u64,
    end: u64,
    index: ColumnReaderImpl<Int64Type>,
    kind: ColumnReaderImpl<Int32Type>,
    sequenced_at: ColumnReaderImpl<Int64Type>,
    salt: ColumnReaderImpl<FixedLenByteArrayType>,
    header: ColumnReaderImpl<ByteArrayType>,
    body: Option<ColumnReaderImpl<ByteArrayType>>,
    batch: Batch,
}

impl RowReader {
    fn skip(&mut self, rows: usize) -> parquet::errors::Result<()> {
        self.index.skip_records(rows)?;
        self.kind.skip_records(rows)?;
        self.sequenced_at.skip_records(rows)?;
        self.salt.skip_records(rows)?;
        self.header.skip_records(rows)?;
        if let Some(body) = self.body.as_mut() {
            body.skip_records(rows)?;
        }
        Ok(())
    }

    /// Passes over the rows before a leaf of the range.
    fn skip_to(&mut self, index: LeafIndex) -> Result<()> {
        let rows = index.0.saturating_sub(self.next);
        if rows > 0 {
            let segment = self.segment.clone();
            guarded(&segment, || self.skip(usize::try_from(rows).unwrap_or(usize::MAX)))?;
            self.next += rows;
        }
        Ok(())
    }

    /// Up to `rows_max` further rows; `None` at the end of the range.
    ///
    /// # Errors
    /// `Corrupt` when a page cannot be unpacked or the rows do not carry the expected indexes.
    pub(crate) fn next_batch(&mut self, rows_max: usize) -> Result<Option<&Batch>> {
        let rows = usize::try_from(self.end - self.next).map_or(rows_max, |left| left.min(rows_max));
        if rows == 0 {
            return Ok(None);
        }
        let segment = self.segment.clone();
        let next = self.next;
        guarded(&segment, || self.fill(rows)).map_err(|e| e.at(format!("leaf {next}")))?;
        self.next += rows as u64;
        Ok(Some(&self.batch))
    }

    fn fill(&mut self, rows: usize) -> parquet::errors::Result<()> {
        let batch = &mut self.batch;
        batch.clear();
        batch.first = self.next;
        let read = [
            self.index.read_records(rows, None, None, &mut batch.index)?.0,
            self.kind.read_records(rows, None, None, &mut batch.kind)?.0,
            self.sequenced_at.read_records(rows, None, None, &mut batch.sequenced_at)?.0,
            self.salt.read_records(rows, None, None, &mut batch.salt)?.0,
            self.header.read_records(rows, None, None, &mut batch.header)?.0,
            match self.body.as_mut() {
                Some(body) => body.read_records(rows, None, None, &mut batch.body)?.0,
                None => rows,
            },
        ];
        if read.iter().any(|count| *count != rows) {
            return Err(ParquetError::General(format!("columns have {read:?} rows, expected {rows}")));
        }
        let expected = (self.next..).map(u64::cast_signed);
        if let Some((at, expected)) = batch.index.iter().zip(expected).find(|(at, expected)| *at != expected) {
            return Err(ParquetError::General(format!("row of leaf {expected} carries index {at}")));
        }
        Ok(())
    }
}

/// Runs a step of the Parquet reader. Its checks of foreign bytes are many but not complete: a panic
/// inside it is a damaged file too, not the end of this process.
fn guarded<T>(segment: &Segment, step: impl FnOnce() -> parquet::errors::Result<T>) -> Result<T> {
    let path = segment.path.display();
    match catch_unwind(AssertUnwindSafe(step)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Error::corrupt(format!("{path}: {error}"))),
        Err(_) => Err(Error::corrupt(format!("{path}: page or footer cannot be decoded"))),
    }
}
