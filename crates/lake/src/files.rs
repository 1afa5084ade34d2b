//! Lake files on disk: written once, durable before anyone hears their name, never overwritten.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use model::LakeFile;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use sha2::{Digest, Sha256};

use crate::schema::{LOOKED_UP, RARELY_REPEATED};
use crate::{Error, ErrorKind, Result};

/// Rows of one row group: a segment is one.
const ROW_GROUP_ROWS: usize = 65_536;

/// Rows of one page: what the page index can skip.
const PAGE_ROWS: usize = 8_192;

/// One in a hundred looked-up values that are not in a file reads it for nothing.
const BLOOM_FALSE_POSITIVES: f64 = 0.01;

/// Bytes gathered before they are handed to the operating system.
const WRITE_BYTES: usize = 1 << 20;

/// Key of the carry in the footer of an events file.
pub(crate) const CARRY: &str = "deedbook.carry";

/// Suffix of a file that is not complete.
pub(crate) const UNFINISHED: &str = ".tmp";

/// A Parquet file under construction.
pub(crate) struct TableFile {
    writer: ArrowWriter<Hashing>,
    unfinished: PathBuf,
    rows: u64,
}

impl TableFile {
    /// Begins a file under a working name; [`TableFile::finish`] gives it its own.
    pub(crate) fn create(folder: &Path, working: &str, schema: SchemaRef) -> Result<TableFile> {
        let path = folder.join(format!("{working}{UNFINISHED}"));
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| Error::io("create", &path, error))?;
        let writer = ArrowWriter::try_new(Hashing::new(file), schema, Some(properties()))
            .map_err(|error| Error::caused(ErrorKind::Unavailable, format!("write {}", path.display()), error))?;
        Ok(TableFile { writer, unfinished: path, rows: 0 })
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows() as u64;
        self.writer.write(batch).map_err(|error| write_failed(&self.unfinished, error))
    }

    /// Adds a line to the footer.
    pub(crate) fn note(&mut self, key: &str, value: String) {
        self.writer.append_key_value_metadata(KeyValue::new(key.to_owned(), value));
    }

    /// Completes the file. When this returns, content and name are durable. After a crash before
    /// that, an unfinished file or one that no leaf names is left: neither is ever read, and both
    /// are removed by the next [`crate::Lake::tidy`].
    pub(crate) fn finish(self, folder: &Path, name: String) -> Result<LakeFile> {
        let TableFile { writer, unfinished, rows } = self;
        let path = folder.join(&name);
        let hashing = writer.into_inner().map_err(|error| write_failed(&unfinished, error))?;
        let (sha256, bytes) = hashing.finish().map_err(|error| Error::io("sync", &unfinished, error))?;
        // A link, unlike a rename, refuses to take the place of a file.
        std::fs::hard_link(&unfinished, &path).map_err(|error| Error::io("name", &path, error))?;
        std::fs::remove_file(&unfinished).map_err(|error| Error::io("remove", &unfinished, error))?;
        sync_folder(folder)?;
        Ok(LakeFile { name, sha256, bytes, rows })
    }

    /// Gives up an unfinished file.
    pub(crate) fn discard(self) -> Result<()> {
        let TableFile { writer, unfinished, .. } = self;
        drop(writer);
        std::fs::remove_file(&unfinished).map_err(|error| Error::io("remove", &unfinished, error))
    }
}

fn write_failed(path: &Path, error: parquet::errors::ParquetError) -> Error {
    Error::caused(ErrorKind::Unavailable, format!("write {}", path.display()), error)
}

/// Makes names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| Error::io("sync", folder, error))
}

/// SHA-256 of a file, hex, and its length.
pub(crate) fn digest(path: &Path) -> io::Result<(String, u64)> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; WRITE_BYTES];
    let mut bytes = 0;
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((model::hex(&hash.finalize()), bytes)),
            read => {
                hash.update(buffer.get(..read).unwrap_or_default());
                bytes += read as u64;
            }
        }
    }
}

fn properties() -> WriterProperties {
    // Level 3 is the knee; ZstdLevel only refuses levels that zstd does not have.
    let compression = ZstdLevel::try_new(3).map_or(Compression::UNCOMPRESSED, Compression::ZSTD);
    let mut properties = WriterProperties::builder()
        .set_compression(compression)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_created_by("deedbook".to_owned());
    for column in LOOKED_UP {
        let path = path(column);
        properties = properties
            .set_column_bloom_filter_enabled(path.clone(), true)
            .set_column_bloom_filter_fpp(path.clone(), BLOOM_FALSE_POSITIVES)
            // The most that can be in a row group; the writer folds the filter to what is.
            .set_column_bloom_filter_max_ndv(path, ROW_GROUP_ROWS as u64);
    }
    for column in RARELY_REPEATED {
        properties = properties.set_column_dictionary_enabled(path(column), false);
    }
    properties.set_column_encoding(path("leaf_index"), Encoding::DELTA_BINARY_PACKED).build()
}

fn path(column: &str) -> ColumnPath {
    ColumnPath::new(column.split('.').map(str::to_owned).collect())
}

/// Hashes and counts what it writes, in large pieces.
struct Hashing {
    file: File,
    hash: Sha256,
    bytes: u64,
    pending: Vec<u8>,
}

impl Hashing {
    fn new(file: File) -> Hashing {
        Hashing { file, hash: Sha256::new(), bytes: 0, pending: Vec::with_capacity(WRITE_BYTES) }
    }

    fn drain(&mut self) -> io::Result<()> {
        self.hash.update(&self.pending);
        self.file.write_all(&self.pending)?;
        self.bytes += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }

    fn finish(mut self) -> io::Result<(String, u64)> {
        self.drain()?;
        self.file.sync_all()?;
        Ok((model::hex(&self.hash.finalize()), self.bytes))
    }
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        if self.pending.len() >= WRITE_BYTES {
            self.drain()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.drain()
    }
}
