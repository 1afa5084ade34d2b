//! Lake files on disk: written once, durable before anyone hears their name, never overwritten.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use model::LakeFile;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use sha2::{Digest, Sha256};

use crate::schema::{LOOKED_UP, RANGED, RARELY_REPEATED};
use crate::{Error, ErrorKind, Result};

/// Rows of one row group: a segment is one.
const ROW_GROUP_ROWS: usize = 65_536;

/// Rows of one page: what the page index can skip.
const PAGE_ROWS: usize = 8_192;

/// One in a hundred looked-up values that are not in a file reads it for nothing.
const BLOOM_FALSE_POSITIVES: f64 = 0.01;

/// Batches that wait for the encoder.
const WORK_WAITING_MAX: usize = 2;

/// Bytes gathered before they are handed to the operating system.
const WRITE_BYTES: usize = 1 << 20;

/// Key of the carry in the footer of an events file.
pub(crate) const CARRY: &str = "deedbook.carry";

/// Suffix of a file that is not complete.
pub(crate) const UNFINISHED: &str = ".tmp";

/// What makes a file of one form out of pieces.
pub(crate) trait Encode: Send + Sized + 'static {
    /// What it is handed.
    type Piece: Send + 'static;

    /// Takes one piece.
    fn take(&mut self, piece: Self::Piece) -> Result<()>;

    /// Ends the file; returns it with how many rows it has.
    fn end(self) -> Result<(Hashing, u64)>;
}

/// A file under construction. A thread of its own encodes, so that making pieces and packing them go on
/// side by side.
pub(crate) struct Working<E: Encode> {
    work: SyncSender<Work<E::Piece>>,
    encoder: Encoder,
}

/// What the encoder is handed.
enum Work<P> {
    Piece(P),
    /// The file is complete. Without this the file is given up.
    End,
}

/// The thread that encodes one file; nothing comes of one that was given up.
struct Encoder {
    thread: JoinHandle<Result<Option<Packed>>>,
    unfinished: PathBuf,
}

/// A file that is complete and durable, and has no name yet.
struct Packed {
    sha256: String,
    bytes: u64,
    rows: u64,
}

impl<E: Encode> Working<E> {
    /// Begins a file under a working name; [`Working::finish`] gives it its own.
    pub(crate) fn begin(
        folder: &Path,
        working: &str,
        encode: impl FnOnce(Hashing, &Path) -> Result<E>,
    ) -> Result<Working<E>> {
        let path = folder.join(format!("{working}{UNFINISHED}"));
        let mut encode = encode(Hashing::create(&path)?, &path)?;
        let (work, orders) = sync_channel(WORK_WAITING_MAX);
        let encoder = Encoder::spawn(path, move |path| {
            for work in orders {
                match work {
                    Work::Piece(piece) => encode.take(piece)?,
                    Work::End => {
                        let (file, rows) = encode.end()?;
                        return file.finish(rows).map(Some).map_err(|error| Error::io("sync", path, error));
                    }
                }
            }
            Ok(None)
        })?;
        Ok(Working { work, encoder })
    }

    /// Hands a piece to the encoder; waits while it has enough to do.
    ///
    /// # Errors
    /// Unavailable, if it has stopped; [`Working::failed`] says why.
    pub(crate) fn write(&mut self, piece: E::Piece) -> Result<()> {
        let stopped = |_| Error::new(ErrorKind::Unavailable, format!("write {}", self.encoder.unfinished.display()));
        self.work.send(Work::Piece(piece)).map_err(stopped)
    }

    /// Why the encoder has stopped, after a call that found it so.
    pub(crate) fn failed(self, error: Error) -> Error {
        drop(self.work);
        self.encoder.join().err().unwrap_or(error)
    }

    /// Has the file completed under this name, and does not wait for it.
    pub(crate) fn finish(self, folder: &Path, name: String) -> Result<Ending> {
        match self.work.send(Work::End) {
            Ok(()) => Ok(Ending { encoder: self.encoder, folder: folder.to_owned(), name }),
            Err(_) => Err(self.encoder.join().err().unwrap_or_else(|| Error::new(ErrorKind::Fatal, "encoder stopped"))),
        }
    }
}

/// Rows as Parquet.
pub(crate) struct Rows {
    writer: ArrowWriter<Hashing>,
    rows: u64,
    path: PathBuf,
}

/// What a Parquet file is made of.
pub(crate) enum RowsPiece {
    Rows(RecordBatch),
    /// A line of the footer.
    Note(&'static str, String),
}

impl Rows {
    /// An empty table.
    pub(crate) fn new(file: Hashing, path: &Path, schema: SchemaRef) -> Result<Rows> {
        let writer = ArrowWriter::try_new(file, schema, Some(properties())).map_err(|e| write_failed(path, e))?;
        Ok(Rows { writer, rows: 0, path: path.to_owned() })
    }
}

impl Encode for Rows {
    type Piece = RowsPiece;

    fn take(&mut self, piece: RowsPiece) -> Result<()> {
        match piece {
            RowsPiece::Rows(batch) => {
                self.rows += batch.num_rows() as u64;
                self.writer.write(&batch).map_err(|error| write_failed(&self.path, error))
            }
            RowsPiece::Note(key, value) => {
                self.writer.append_key_value_metadata(KeyValue::new(key.to_owned(), value));
                Ok(())
            }
        }
    }

    fn end(self) -> Result<(Hashing, u64)> {
        let file = self.writer.into_inner().map_err(|error| write_failed(&self.path, error))?;
        Ok((file, self.rows))
    }
}

impl Encoder {
    fn spawn(
        unfinished: PathBuf,
        encode: impl FnOnce(&Path) -> Result<Option<Packed>> + Send + 'static,
    ) -> Result<Encoder> {
        let path = unfinished.clone();
        let thread = std::thread::Builder::new()
            .name("lake-encoder".to_owned())
            .spawn(move || encode(&path))
            .map_err(|error| Error::io("start a thread for", &unfinished, error))?;
        Ok(Encoder { thread, unfinished })
    }

    fn join(self) -> Result<Option<Packed>> {
        let panicked = |_| Error::new(ErrorKind::Fatal, "the encoder of a lake file ended with a panic");
        self.thread.join().map_err(panicked)?
    }
}

/// A file that is being completed.
pub(crate) struct Ending {
    encoder: Encoder,
    folder: PathBuf,
    name: String,
}

impl Ending {
    /// Has a file of another form than rows written by a thread of its own; `write` says how many rows
    /// it stands for.
    pub(crate) fn begin(
        folder: &Path,
        working: &str,
        name: String,
        write: impl FnOnce(&mut dyn Write) -> Result<u64> + Send + 'static,
    ) -> Result<Ending> {
        let encoder = Encoder::spawn(folder.join(format!("{working}{UNFINISHED}")), move |path| {
            let mut file = Hashing::create(path)?;
            let rows = write(&mut file)?;
            file.finish(rows).map(Some).map_err(|error| Error::io("sync", path, error))
        })?;
        Ok(Ending { encoder, folder: folder.to_owned(), name })
    }

    /// Whether [`Ending::wait`] would return at once.
    pub(crate) fn is_done(&self) -> bool {
        self.encoder.thread.is_finished()
    }

    /// Waits for the file. When this returns, content and name are durable. After a crash before
    /// that, an unfinished file or one that no leaf names is left: neither is ever read, and both
    /// are removed by the next [`crate::Lake::tidy`].
    pub(crate) fn wait(self) -> Result<LakeFile> {
        let Ending { encoder, folder, name } = self;
        let (path, unfinished) = (folder.join(&name), encoder.unfinished.clone());
        let given_up = || Error::new(ErrorKind::Fatal, format!("{} was given up", unfinished.display()));
        let Packed { sha256, bytes, rows } = encoder.join()?.ok_or_else(given_up)?;
        // A link, unlike a rename, refuses to take the place of a file.
        std::fs::hard_link(&unfinished, &path).map_err(|error| Error::io("name", &path, error))?;
        std::fs::remove_file(&unfinished).map_err(|error| Error::io("remove", &unfinished, error))?;
        sync_folder(&folder)?;
        Ok(LakeFile { name, sha256, bytes, rows })
    }
}

fn write_failed(path: &Path, error: parquet::errors::ParquetError) -> Error {
    Error::caused(ErrorKind::Unavailable, format!("write {}", path.display()), error)
}

/// Makes names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| Error::io("sync", folder, error))
}

/// Tells the operating system that a file is read here and there: reading ahead would be for nothing. Advice:
/// where it cannot be given, nothing is lost but time.
pub(crate) fn advise_random(file: &File) {
    #[cfg(target_os = "linux")]
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::Random);
    #[cfg(not(target_os = "linux"))]
    let _ = file;
}

/// Has the operating system read bytes of a file that are asked for soon, and does not wait for them.
pub(crate) fn advise_soon(file: &File, offset: u64, bytes: u64) {
    #[cfg(target_os = "linux")]
    if let Some(bytes) = std::num::NonZeroU64::new(bytes) {
        let _ = rustix::fs::fadvise(file, offset, Some(bytes), rustix::fs::Advice::WillNeed);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (file, offset, bytes);
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
        .set_statistics_enabled(EnabledStatistics::None)
        .set_created_by("deedbook".to_owned());
    for column in RANGED {
        properties = properties.set_column_statistics_enabled(path(column), EnabledStatistics::Page);
    }
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

/// A file that hashes and counts what is written to it, in large pieces.
pub(crate) struct Hashing {
    file: File,
    hash: Sha256,
    bytes: u64,
    pending: Vec<u8>,
}

impl Hashing {
    fn create(path: &Path) -> Result<Hashing> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
        let file = file.map_err(|error| Error::io("create", path, error))?;
        Ok(Hashing { file, hash: Sha256::new(), bytes: 0, pending: Vec::with_capacity(WRITE_BYTES) })
    }

    fn drain(&mut self) -> io::Result<()> {
        self.hash.update(&self.pending);
        self.file.write_all(&self.pending)?;
        self.bytes += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }

    fn finish(mut self, rows: u64) -> io::Result<Packed> {
        self.drain()?;
        self.file.sync_all()?;
        Ok(Packed { sha256: model::hex(&self.hash.finalize()), bytes: self.bytes, rows })
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
