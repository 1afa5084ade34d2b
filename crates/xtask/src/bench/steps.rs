//! The steps that no implementation can leave out, as bare loops on one thread over the same
//! records: what they take bounds what the product can do.

use std::borrow::Cow;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parquet::basic::Compression;
use parquet::column::reader::ColumnReader;
use parquet::data_type::{ByteArray, DataType, FixedLenByteArray, Int96};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Result, percentile};

/// Records that the bare loops run over: enough that caches do not hold them.
const SAMPLE_RECORDS: usize = 100_000;

/// What is compressed at once, as a page of an evidence file.
const CHUNK_BYTES: usize = 1 << 20;

/// What one sync of the acknowledgement bound carries.
const SYNC_BYTES: usize = 256 << 10;

/// How many syncs make a percentile.
const SYNCS: usize = 400;

/// Records in memory, from every platform in turn.
pub(crate) struct Sample {
    /// Lines, each with its newline.
    pub(crate) text: Vec<u8>,
    pub(crate) records: usize,
}

impl Sample {
    pub(crate) fn read(inputs: &[PathBuf]) -> Result<Sample> {
        let mut files = Vec::new();
        for input in inputs {
            for entry in fs::read_dir(input)? {
                files.push(BufReader::with_capacity(1 << 20, File::open(entry?.path())?));
            }
        }
        let mut sample = Sample { text: Vec::new(), records: 0 };
        while sample.records < SAMPLE_RECORDS && !files.is_empty() {
            let before = sample.text.len();
            files.retain_mut(|file| file.read_until(b'\n', &mut sample.text).is_ok_and(|read| read > 0));
            sample.records += memchr::memchr_iter(b'\n', sample.text.get(before..).unwrap_or_default()).count();
        }
        Ok(sample)
    }

    pub(crate) fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.text.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end)
    }

    pub(crate) fn mean_bytes(&self) -> f64 {
        self.text.len() as f64 / self.records.max(1) as f64
    }
}

/// Seconds that each bare step takes for one record, and the syncs.
#[derive(Default)]
pub(crate) struct Bare {
    pub(crate) split: f64,
    pub(crate) parse: f64,
    pub(crate) sha256: f64,
    pub(crate) zstd: f64,
    pub(crate) unzstd: f64,
    pub(crate) parquet: f64,
    pub(crate) scrub: f64,
    pub(crate) sync_p50: Duration,
    pub(crate) sync_p99: Duration,
    /// Records that one sync carries.
    pub(crate) records_per_sync: f64,
    pub(crate) cores: f64,
}

impl Bare {
    /// Records a second of which all cores do the steps from raw JSON to rows and nothing else.
    pub(crate) fn ingest_per_s(&self) -> f64 {
        self.cores / (self.split + self.parse + self.sha256 + self.zstd + self.parquet)
    }

    /// Records a second up to the sync: split and committed to on all cores, or what the medium takes.
    pub(crate) fn acknowledge_per_s(&self) -> f64 {
        (self.cores / (self.split + self.sha256)).min(self.records_per_sync / self.sync_p50.as_secs_f64())
    }

    /// Records a second that are unpacked and hashed on all cores.
    pub(crate) fn verify_per_s(&self) -> f64 {
        self.cores / (self.unzstd + self.sha256)
    }
}

/// The fields that every platform's records have, borrowed where they need no unescaping; the rest is
/// read and dropped.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Typed<'a> {
    #[serde(borrow, default, alias = "auditID", alias = "eventID")]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default, alias = "eventTime", alias = "requestReceivedTimestamp")]
    time: Option<Cow<'a, str>>,
    #[serde(borrow, default, alias = "eventName", alias = "verb", alias = "type")]
    operation: Option<Cow<'a, str>>,
}

/// Measures every step but the Parquet one, which needs rows.
pub(crate) fn measure(sample: &Sample, work: &Path) -> Result<Bare> {
    let per_record = |step: &mut dyn FnMut()| {
        // The first round touches memory and code; the second counts.
        step();
        let began = Instant::now();
        step();
        began.elapsed().as_secs_f64() / sample.records.max(1) as f64
    };
    let mut bare = Bare { cores: std::thread::available_parallelism()?.get() as f64, ..Bare::default() };
    bare.split = per_record(&mut || {
        black_box(memchr::memchr_iter(b'\n', &sample.text).count());
    });
    bare.parse = per_record(&mut || {
        for line in sample.lines() {
            let typed: serde_json::Result<Typed<'_>> = serde_json::from_slice(line);
            let _ = black_box(typed.map(|t| [t.id, t.time, t.operation].iter().flatten().count()));
        }
    });
    bare.sha256 = per_record(&mut || {
        for line in sample.lines() {
            black_box(Sha256::digest(line));
        }
    });
    let mut packed = Vec::new();
    let mut compressor = zstd::bulk::Compressor::new(3)?;
    bare.zstd = per_record(&mut || {
        packed = sample.text.chunks(CHUNK_BYTES).filter_map(|chunk| compressor.compress(chunk).ok()).collect();
    });
    let mut decompressor = zstd::bulk::Decompressor::new()?;
    bare.unzstd = per_record(&mut || {
        for chunk in &packed {
            let _ = black_box(decompressor.decompress(chunk, CHUNK_BYTES));
        }
    });
    let scrubber = sources::scrub::Scrubber::new([7; 32])?;
    bare.scrub = per_record(&mut || {
        for line in sample.lines() {
            black_box(scrubber.scrub(line));
        }
    });
    (bare.sync_p50, bare.sync_p99) = syncs(work)?;
    bare.records_per_sync = SYNC_BYTES as f64 / sample.mean_bytes();
    Ok(bare)
}

/// Median and 99th percentile of a write of 256 KiB into a zero-filled file and its `fdatasync`.
pub(crate) fn syncs(work: &Path) -> Result<(Duration, Duration)> {
    let path = work.join("syncs");
    let file = File::options().create(true).truncate(true).write(true).open(&path)?;
    let piece = vec![0x5a; SYNC_BYTES];
    let pieces = 64;
    for at in 0..pieces {
        file.write_all_at(&vec![0; SYNC_BYTES], at * SYNC_BYTES as u64)?;
    }
    file.sync_all()?;
    let mut took = Vec::with_capacity(SYNCS);
    for round in 0..SYNCS as u64 {
        let began = Instant::now();
        file.write_all_at(&piece, (round % pieces) * SYNC_BYTES as u64)?;
        rustix::fs::fdatasync(&file)?;
        took.push(began.elapsed());
    }
    fs::remove_file(path)?;
    took.sort();
    Ok((percentile(&took, 0.5), percentile(&took, 0.99)))
}

/// Seconds a row takes to be written as Parquet (zstd 3), from columns in memory: the columns are
/// those of one events file of the lake.
pub(crate) fn parquet(lake: &Path) -> Result<f64> {
    let mut files: Vec<PathBuf> = fs::read_dir(lake)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.to_string_lossy().ends_with(".events.parquet"));
    let largest = files.iter().max_by_key(|path| fs::metadata(path).map_or(0, |meta| meta.len()));
    let reader = SerializedFileReader::new(File::open(largest.ok_or("the lake has no events file")?)?)?;
    let group = reader.get_row_group(0)?;
    let rows = usize::try_from(group.metadata().num_rows())?;
    let mut columns = Vec::new();
    for at in 0..group.num_columns() {
        columns.push(Values::read(group.get_column_reader(at)?, rows)?);
    }
    let schema = reader.metadata().file_metadata().schema_descr().root_schema_ptr();
    let level = parquet::basic::ZstdLevel::try_new(3)?;
    let properties = Arc::new(WriterProperties::builder().set_compression(Compression::ZSTD(level)).build());
    let mut took = Duration::MAX;
    for _ in 0..3 {
        let began = Instant::now();
        let mut writer = SerializedFileWriter::new(Vec::new(), schema.clone(), properties.clone())?;
        let mut out = writer.next_row_group()?;
        for column in &columns {
            column.write(&mut out)?;
        }
        out.close()?;
        black_box(writer.into_inner()?);
        took = took.min(began.elapsed());
    }
    Ok(took.as_secs_f64() / rows.max(1) as f64)
}

/// One column in memory, with its levels.
struct Column<T> {
    values: Vec<T>,
    definition: Vec<i16>,
    repetition: Vec<i16>,
}

/// A column of any physical type.
enum Values {
    Bool(Column<bool>),
    Int32(Column<i32>),
    Int64(Column<i64>),
    Int96(Column<Int96>),
    Float(Column<f32>),
    Double(Column<f64>),
    Bytes(Column<ByteArray>),
    Fixed(Column<FixedLenByteArray>),
}

impl Values {
    fn read(reader: ColumnReader, rows: usize) -> Result<Values> {
        macro_rules! column {
            ($reader:expr) => {{
                let mut reader = $reader;
                let mut column = Column { values: Vec::new(), definition: Vec::new(), repetition: Vec::new() };
                let (definition, repetition) = (&mut column.definition, &mut column.repetition);
                reader.read_records(rows, Some(definition), Some(repetition), &mut column.values)?;
                column
            }};
        }
        Ok(match reader {
            ColumnReader::BoolColumnReader(reader) => Values::Bool(column!(reader)),
            ColumnReader::Int32ColumnReader(reader) => Values::Int32(column!(reader)),
            ColumnReader::Int64ColumnReader(reader) => Values::Int64(column!(reader)),
            ColumnReader::Int96ColumnReader(reader) => Values::Int96(column!(reader)),
            ColumnReader::FloatColumnReader(reader) => Values::Float(column!(reader)),
            ColumnReader::DoubleColumnReader(reader) => Values::Double(column!(reader)),
            ColumnReader::ByteArrayColumnReader(reader) => Values::Bytes(column!(reader)),
            ColumnReader::FixedLenByteArrayColumnReader(reader) => Values::Fixed(column!(reader)),
        })
    }

    fn write(&self, group: &mut SerializedRowGroupWriter<'_, Vec<u8>>) -> Result<()> {
        fn put<T: DataType>(group: &mut SerializedRowGroupWriter<'_, Vec<u8>>, column: &Column<T::T>) -> Result<()> {
            let mut writer = group.next_column()?.ok_or("one column too few")?;
            let levels = |levels: &'_ [i16]| (!levels.is_empty()).then(|| levels.to_vec());
            let (definition, repetition) = (levels(&column.definition), levels(&column.repetition));
            writer.typed::<T>().write_batch(&column.values, definition.as_deref(), repetition.as_deref())?;
            Ok(writer.close()?)
        }
        use parquet::data_type as types;
        match self {
            Values::Bool(column) => put::<types::BoolType>(group, column),
            Values::Int32(column) => put::<types::Int32Type>(group, column),
            Values::Int64(column) => put::<types::Int64Type>(group, column),
            Values::Int96(column) => put::<types::Int96Type>(group, column),
            Values::Float(column) => put::<types::FloatType>(group, column),
            Values::Double(column) => put::<types::DoubleType>(group, column),
            Values::Bytes(column) => put::<types::ByteArrayType>(group, column),
            Values::Fixed(column) => put::<types::FixedLenByteArrayType>(group, column),
        }
    }
}
