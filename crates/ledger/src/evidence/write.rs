//! Writing one evidence file while its segment is open.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use model::Manifest;
use parquet::data_type::{ByteArray, ByteArrayType, FixedLenByteArray, FixedLenByteArrayType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use sha2::{Digest, Sha256};

use super::Segment;
use crate::disk::{Disk, File};
use crate::stored::Stored;
use crate::{Error, Options, Result};

/// Rows of the row group under construction, column by column.
#[derive(Default)]
struct Rows {
    index: Vec<i64>,
    kind: Vec<i32>,
    sequenced_at: Vec<i64>,
    salt: Vec<u8>,
    header: Vec<ByteArray>,
    body: Vec<ByteArray>,
    bytes: usize,
}

impl Rows {
    fn push(&mut self, leaf: &Stored) {
        self.index.push(leaf.index.0.cast_signed());
        self.kind.push(i32::from(leaf.kind.number()));
        self.sequenced_at.push(leaf.sequenced_at.0.cast_signed());
        self.salt.extend_from_slice(&leaf.salt);
        self.header.push(leaf.header.clone().into());
        self.body.push(leaf.body.clone().into());
        self.bytes += leaf.raw_bytes();
    }

    fn clear(&mut self) {
        self.index.clear();
        self.kind.clear();
        self.sequenced_at.clear();
        self.salt.clear();
        self.header.clear();
        self.body.clear();
        self.bytes = 0;
    }

    fn write(&self, group: &mut SerializedRowGroupWriter<'_, Sink>) -> parquet::errors::Result<()> {
        let salts = Bytes::copy_from_slice(&self.salt);
        let salt = |at: usize| FixedLenByteArray::from(ByteArray::from(salts.slice(at..at + model::SALT_BYTES)));
        let salts: Vec<_> = (0..salts.len()).step_by(model::SALT_BYTES).map(salt).collect();
        macro_rules! column {
            ($type:ty, $values:expr) => {
                let mut column = group.next_column()?.ok_or_else(|| ParquetError::General("column".into()))?;
                column.typed::<$type>().write_batch($values, None, None)?;
                column.close()?;
            };
        }
        column!(Int64Type, &self.index);
        column!(Int32Type, &self.kind);
        column!(Int64Type, &self.sequenced_at);
        column!(FixedLenByteArrayType, &salts);
        column!(ByteArrayType, &self.header);
        column!(ByteArrayType, &self.body);
        Ok(())
    }
}

/// Where Parquet writes to: the file, hashed on the way.
struct Sink {
    file: Arc<dyn File>,
    offset: u64,
    hash: Sha256,
    /// The first error of the medium: Parquet keeps only its text.
    failed: Arc<parking_lot::Mutex<Option<io::Error>>>,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Err(error) = self.file.write_at(self.offset, bytes) {
            let copy = io::Error::new(error.kind(), error.to_string());
            self.failed.lock().get_or_insert(error);
            return Err(copy);
        }
        self.hash.update(bytes);
        self.offset += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An evidence file that is durable under its final name, not yet under a manifest.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) segment: Segment,
    pub(crate) sha256: [u8; 32],
    pub(crate) bytes: u64,
}

impl Finished {
    /// The body of its manifest leaf.
    pub(crate) fn manifest(&self, replaces: Vec<String>) -> Manifest {
        Manifest {
            first: self.segment.first.0,
            last: self.segment.last.0,
            generation: self.segment.generation,
            sha256: model::hex(&self.sha256),
            bytes: self.bytes,
            replaces,
        }
    }
}

/// An evidence file being written under a temporary name.
pub(crate) struct Writer {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    temporary: PathBuf,
    generation: u32,
    first: u64,
    next: u64,
    raw_bytes: u64,
    rows: Rows,
    row_group_records_max: usize,
    row_group_bytes_max: usize,
    file: Arc<dyn File>,
    failed: Arc<parking_lot::Mutex<Option<io::Error>>>,
    parquet: SerializedFileWriter<Sink>,
}

impl Writer {
    /// Begins a file whose first leaf is `first`, under a name that was never used before.
    pub(crate) fn create(
        disk: &Arc<dyn Disk>,
        folder: &Path,
        options: &Options,
        first: u64,
        generation: u32,
    ) -> Result<Writer> {
        let [salt] = crate::append::salts(1)?.try_into().unwrap_or([[0; 16]]);
        let temporary = folder.join(format!("open-{first}-{}", model::hex(&salt)));
        let file = disk.create_new(&temporary).map_err(|e| Error::io("create", &temporary, &e))?;
        let failed = Arc::default();
        let sink = Sink { file: file.clone(), offset: 0, hash: Sha256::new(), failed: Arc::clone(&failed) };
        let parquet = super::schema()
            .and_then(|schema| SerializedFileWriter::new(sink, schema, super::properties()?))
            .map_err(|e| write_error(&temporary, &failed, &e))?;
        Ok(Writer {
            disk: disk.clone(),
            folder: folder.to_path_buf(),
            temporary,
            generation,
            first,
            next: first,
            raw_bytes: 0,
            rows: Rows::default(),
            row_group_records_max: options.row_group_records_max,
            row_group_bytes_max: options.row_group_bytes_max,
            file,
            failed,
            parquet,
        })
    }

    pub(crate) fn raw_bytes(&self) -> u64 {
        self.raw_bytes
    }

    /// Appends one leaf; a full row group goes to the file at once.
    pub(crate) fn push(&mut self, leaf: &Stored) -> Result<()> {
        if leaf.index.0 != self.next {
            return Err(Error::fatal(format!("evidence expects leaf {}, got leaf {}", self.next, leaf.index)));
        }
        self.rows.push(leaf);
        self.next += 1;
        self.raw_bytes += leaf.raw_bytes() as u64;
        if self.rows.index.len() >= self.row_group_records_max || self.rows.bytes >= self.row_group_bytes_max {
            self.write_rows()?;
        }
        Ok(())
    }

    fn write_rows(&mut self) -> Result<()> {
        let mut write = || {
            let mut group = self.parquet.next_row_group()?;
            self.rows.write(&mut group)?;
            group.close()?;
            std::io::Write::flush(self.parquet.inner_mut())?;
            Ok(())
        };
        write().map_err(|e: ParquetError| write_error(&self.temporary, &self.failed, &e))?;
        self.rows.clear();
        // Not durable: pages of an open segment are in the WAL until its manifest is sealed.
        Ok(())
    }

    /// Ends the file: durable, then under its final name, then that name durable.
    pub(crate) fn finish(mut self) -> Result<Finished> {
        if !self.rows.index.is_empty() {
            self.write_rows()?;
        }
        self.parquet.finish().map_err(|e| write_error(&self.temporary, &self.failed, &e))?;
        self.file.sync().map_err(|e| Error::io("sync", &self.temporary, &e).sync_is_fatal())?;
        // Durable now: all bytes, under a temporary name that recovery deletes.
        let (sha256, bytes) = (self.parquet.inner().hash.clone().finalize().into(), self.parquet.inner().offset);
        let segment = Segment::new(&self.folder, self.first, self.next.saturating_sub(1), self.generation);
        self.disk.link(&self.temporary, &segment.path).map_err(|e| Error::io("link", &segment.path, &e))?;
        self.disk.unlink(&self.temporary).map_err(|e| Error::io("unlink", &self.temporary, &e))?;
        self.disk.sync_dir(&self.folder).map_err(|e| Error::io("sync", &self.folder, &e).sync_is_fatal())?;
        // Durable now: the final name. Without a manifest it is an orphan: recovery deletes it and
        // the leaves are still in the WAL.
        Ok(Finished { segment, sha256, bytes })
    }

    /// Gives up: removes the temporary file. The leaves are in the WAL.
    pub(crate) fn abandon(self) {
        let _ = self.disk.unlink(&self.temporary);
    }
}

fn write_error(path: &Path, failed: &parking_lot::Mutex<Option<io::Error>>, error: &ParquetError) -> Error {
    match failed.lock().as_ref() {
        Some(io) => Error::io("write", path, io),
        None => Error::fatal(format!("write {}: {error}", path.display())),
    }
}
