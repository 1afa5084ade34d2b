//! Rows of leaves that have no lake file yet, derived when they are asked for: the newest record is
//! visible as soon as it is sealed.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, SchemaRef};
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchReceiverStream;
use datafusion::physical_plan::streaming::PartitionStream;
use model::Kind;
use parking_lot::Mutex;
use parquet::arrow::ProjectionMask;

use crate::catalog::{self, Catalog};
use crate::derive::{Carry, Deriver};
use crate::evidence::{Evidence, try_scan};
use crate::rows::TableRows;
use crate::twice::{Twice, WINDOW_LEAVES, telling};
use crate::writer::Table;
use crate::{Error, Result, schema};

/// Rows of the tail are kept in memory up to this size; a longer tail is derived for each question.
const KEPT_BYTES_MAX: usize = 64 << 20;

/// Rows gathered before they are handed on: small, so that the first ones come soon.
const BATCH_ROWS: usize = 1_024;

/// Batches that wait for the question to take them.
const BATCHES_WAITING_MAX: usize = 2;

/// The leaves behind the last lake file.
#[derive(Debug)]
pub(crate) struct Tail {
    folder: PathBuf,
    catalog: Arc<Catalog>,
    evidence: Arc<dyn Evidence>,
    kept: Mutex<Option<Arc<Kept>>>,
    carry: Mutex<Option<Carry>>,
}

#[derive(Debug, Default)]
struct Kept {
    events: Vec<RecordBatch>,
    rejects: Vec<RecordBatch>,
    bytes: usize,
}

impl Kept {
    fn of(&self, table: Table) -> &[RecordBatch] {
        match table {
            Table::Events => &self.events,
            Table::Rejects => &self.rejects,
        }
    }

    /// Keeps a batch; says whether it still fits.
    fn add(&mut self, table: Table, batch: &RecordBatch) -> bool {
        self.bytes += batch.get_array_memory_size();
        match table {
            Table::Events => self.events.push(batch.clone()),
            Table::Rejects => self.rejects.push(batch.clone()),
        }
        self.bytes <= KEPT_BYTES_MAX
    }
}

impl Tail {
    pub(crate) fn new(folder: PathBuf, catalog: Arc<Catalog>, evidence: Arc<dyn Evidence>) -> Tail {
        Tail { folder, catalog, evidence, kept: Mutex::new(None), carry: Mutex::new(None) }
    }

    /// Whether every leaf has its lake file.
    pub(crate) fn is_empty(&self) -> bool {
        self.catalog.covered() >= self.evidence.size()
    }

    /// The carry behind the last leaf of the log: every source that it names.
    pub(crate) fn carry(&self) -> Result<Carry> {
        if let Some(carry) = &*self.carry.lock() {
            return Ok(carry.clone());
        }
        let mut carry = self.catalog.carry(&self.folder, self.catalog.covered())?;
        try_scan(&*self.evidence, self.catalog.covered(), self.evidence.size(), |leaf| {
            carry.note(leaf)?;
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(self.carry.lock().insert(carry).clone())
    }

    /// A fold that goes on at `end`, which is the end of an events file. The firsts of the duplicate
    /// window are read back from the files that reach into it.
    pub(crate) fn deriver(&self, end: u64) -> Result<Deriver> {
        let carry = self.catalog.carry(&self.folder, end)?;
        let mut twice = Twice::default();
        let window = end.saturating_sub(WINDOW_LEAVES);
        for file in self.catalog.events.values().filter(|file| file.last >= window && file.last < end) {
            remember(&self.folder.join(&file.name), &mut twice)?;
        }
        let mappings = carry.mappings(&*self.evidence)?;
        Ok(Deriver::resume(self.evidence.log(), carry, twice, mappings))
    }

    /// Whether a leaf without files is a record: only then the window has to be read.
    pub(crate) fn has_records(&self) -> Result<bool> {
        let mut found = false;
        try_scan(&*self.evidence, self.catalog.covered(), self.evidence.size(), |leaf| {
            found = leaf.header.first() == Some(&Kind::Record.number());
            Ok(if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        Ok(found)
    }

    /// Hands the rows of one table to `send`, batch by batch, until it says stop.
    pub(crate) fn rows(&self, table: Table, send: &mut dyn FnMut(&RecordBatch) -> ControlFlow<()>) -> Result<()> {
        let kept = self.kept.lock().clone();
        if let Some(kept) = kept {
            let _ = kept.of(table).iter().try_for_each(send);
            return Ok(());
        }
        let mut keep = Some(Kept::default());
        let mut pass = |made: Table, batch: &RecordBatch| {
            if keep.as_mut().is_some_and(|keep| !keep.add(made, batch)) {
                keep = None;
            }
            if made == table { send(batch) } else { ControlFlow::Continue(()) }
        };
        if self.derive(&mut pass)?.is_continue() {
            *self.kept.lock() = keep.map(Arc::new);
        }
        Ok(())
    }

    fn derive(&self, pass: &mut dyn FnMut(Table, &RecordBatch) -> ControlFlow<()>) -> Result<ControlFlow<()>> {
        if !self.has_records()? {
            return Ok(ControlFlow::Continue(()));
        }
        let mut deriver = self.deriver(self.catalog.covered())?;
        let mut rows = TableRows::default();
        let mut flow = ControlFlow::Continue(());
        try_scan(&*self.evidence, self.catalog.covered(), self.evidence.size(), |leaf| {
            deriver.push(leaf, &mut rows)?;
            if rows.events.len() >= BATCH_ROWS {
                flow = pass(Table::Events, &rows.events.flush()?);
            }
            if flow.is_continue() && rows.rejects.len() >= BATCH_ROWS {
                flow = pass(Table::Rejects, &rows.rejects.flush()?);
            }
            Ok(flow)
        })?;
        if flow.is_continue() {
            flow = pass(Table::Events, &rows.events.flush()?);
        }
        if flow.is_continue() {
            flow = pass(Table::Rejects, &rows.rejects.flush()?);
        }
        Ok(flow)
    }
}

/// Reads the firsts of one events file.
fn remember(path: &std::path::Path, twice: &mut Twice) -> Result<()> {
    let builder = catalog::open(path)?;
    let names = ["leaf_index", "source_event_id", "time_raw", "status", "duplicate_of", "platform", "authority"];
    let mask = ProjectionMask::columns(builder.parquet_schema(), names);
    let reader = builder.with_projection(mask).build().map_err(|error| Error::file(path, error))?;
    for batch in reader {
        let batch = batch.map_err(|error| Error::file(path, error))?;
        let column = |name| batch.column_by_name(name).ok_or_else(|| Error::file(path, format!("no column {name}")));
        let leaves = column("leaf_index")?.as_primitive::<Int64Type>();
        let (times, outcomes) = (column("time_raw")?.as_string_view(), column("status")?.as_string_view());
        let (ids, copies) = (column("source_event_id")?.as_string_view(), column("duplicate_of")?);
        let (platforms, authorities) = (column("platform")?.as_string_view(), column("authority")?.as_string_view());
        for row in 0..batch.num_rows() {
            if copies.is_valid(row) || ids.is_null(row) || ids.value(row).is_empty() {
                continue;
            }
            let leaf = u64::try_from(leaves.value(row)).unwrap_or_default();
            let time_raw = if times.is_null(row) { "" } else { times.value(row) };
            let told = telling(ids.value(row), time_raw, outcomes.value(row));
            twice.remember(leaf, platforms.value(row), authorities.value(row), &told);
        }
    }
    Ok(())
}

/// The rows of one table of the tail, as a partition of a plan.
#[derive(Debug)]
pub(crate) struct TailRows {
    pub(crate) tail: Arc<Tail>,
    pub(crate) table: Table,
    pub(crate) schema: SchemaRef,
}

impl TailRows {
    pub(crate) fn new(tail: Arc<Tail>, table: Table) -> TailRows {
        let schema = match table {
            Table::Events => schema::events(),
            Table::Rejects => schema::rejects(),
        };
        TailRows { tail, table, schema }
    }
}

impl PartitionStream for TailRows {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (tail, table) = (Arc::clone(&self.tail), self.table);
        send_from_thread(Arc::clone(&self.schema), move |send| tail.rows(table, send))
    }
}

/// Runs a producer of batches on a thread of its own and gives what it sends as a stream. When the
/// question has enough, `send` says stop.
pub(crate) fn send_from_thread(
    schema: SchemaRef,
    produce: impl FnOnce(&mut dyn FnMut(&RecordBatch) -> ControlFlow<()>) -> Result<()> + Send + 'static,
) -> SendableRecordBatchStream {
    let mut builder = RecordBatchReceiverStream::builder(schema, BATCHES_WAITING_MAX);
    let sender = builder.tx();
    builder.spawn_blocking(move || {
        produce(&mut |batch| match sender.blocking_send(Ok(batch.clone())) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        })
        .map_err(|error| DataFusionError::External(Box::new(error)))
    });
    builder.build()
}
