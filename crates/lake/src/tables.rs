//! The tables of SQL: stored files and the tail behind them, as one.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryViewBuilder, Int32Builder, Int64Array, Int64Builder, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, Result, ScalarValue, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::union::UnionExec;

use crate::catalog::LiveFile;
use crate::cells::UTC;
use crate::evidence::{Evidence, try_scan};
use crate::needle::Filters;
use crate::tail::send_from_thread;

/// Where lake files are, for the planner.
pub(crate) const LAKE_STORE: &str = "lake://files/";

/// Where evidence files are, for the planner.
pub(crate) const EVIDENCE_STORE: &str = "evidence://files/";

/// Rows of one batch of evidence. A record has up to 16 MiB, so batches of the usual size could be
/// larger than memory.
const EVIDENCE_BATCH_ROWS: usize = 256;

/// Raw bytes of one batch of the evidence tail.
const EVIDENCE_BATCH_BYTES: usize = 4 << 20;

/// Leaves gathered for one batch of the evidence tail.
const EVIDENCE_TAIL_ROWS: usize = 1_024;

/// Parquet files of one schema, and a partition of rows that have no file yet.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) schema: SchemaRef,
    pub(crate) store: ObjectStoreUrl,
    pub(crate) files: Vec<PartitionedFile>,
    /// Bloom filters that can rule files out before the plan.
    pub(crate) filters: Option<Filters>,
    pub(crate) tail: Option<Arc<dyn PartitionStream>>,
    pub(crate) batch_rows: Option<usize>,
}

#[async_trait]
impl TableProvider for Stored {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        // The physical optimizer pushes each filter into the Parquet reader and leaves it above the tail.
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        conditions: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut parts: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
        let mut files = self.files.clone();
        if let Some(search) = self.filters.as_ref().and_then(|filters| filters.search(conditions)) {
            files.retain(|file| search.may_be_in(file.object_meta.location.as_ref()));
        }
        if !files.is_empty() {
            parts.push(self.scan_files(files, state, projection, limit)?);
        }
        if let Some(tail) = &self.tail {
            let partitions = vec![Arc::clone(tail)];
            let schema = Arc::clone(&self.schema);
            parts.push(Arc::new(StreamingTableExec::try_new(schema, partitions, projection, [], false, limit)?));
        }
        match parts.len() {
            0 => {
                let schema = match projection {
                    Some(columns) => Arc::new(self.schema.project(columns)?),
                    None => Arc::clone(&self.schema),
                };
                Ok(Arc::new(EmptyExec::new(schema)))
            }
            1 => Ok(parts.swap_remove(0)),
            _ => UnionExec::try_new(parts),
        }
    }
}

impl Stored {
    fn scan_files(
        &self,
        files: Vec<PartitionedFile>,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let runtime = state.runtime_env();
        let store = runtime.object_store(&self.store)?;
        let footers = runtime.cache_manager.get_file_metadata_cache();
        let source = ParquetSource::new(Arc::clone(&self.schema))
            .with_table_parquet_options(state.table_options().parquet.clone())
            .with_parquet_file_reader_factory(Arc::new(CachedParquetFileReaderFactory::new(store, footers)));
        let partitions = state.config().target_partitions().max(1);
        let rows = self.rows(&files);
        let groups = FileGroup::new(files).split_files(partitions);
        let config = FileScanConfigBuilder::new(self.store.clone(), Arc::new(source))
            .with_file_groups(groups)
            .with_statistics(rows)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .with_batch_size(self.batch_rows)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }

    /// How many rows the files have, if every one says so.
    fn rows(&self, files: &[PartitionedFile]) -> Statistics {
        let mut total = Statistics::new_unknown(&self.schema);
        let rows = files.iter().map(|file| file.statistics.as_ref()?.num_rows.get_value().copied());
        if let Some(rows) = rows.sum::<Option<usize>>() {
            total.num_rows = Precision::Exact(rows);
        }
        total
    }
}

/// A lake file for the planner, with what lets it be skipped unopened.
pub(crate) fn lake_file(file: &LiveFile, schema: &SchemaRef) -> PartitionedFile {
    let columns = schema.fields().iter().map(|field| {
        let span = match field.name().as_str() {
            "leaf_index" => file.leaves.map(|(from, to)| (ScalarValue::from(from), ScalarValue::from(to))),
            "time" => file.times.map(|(from, to)| (nanos(from), nanos(to))),
            _ => None,
        };
        let mut column = ColumnStatistics::new_unknown();
        if let Some((from, to)) = span {
            column.null_count = Precision::Exact(0);
            column.min_value = Precision::Exact(from);
            column.max_value = Precision::Exact(to);
        }
        column
    });
    let statistics = Statistics {
        num_rows: Precision::Exact(usize::try_from(file.rows).unwrap_or(usize::MAX)),
        total_byte_size: Precision::Absent,
        column_statistics: columns.collect(),
    };
    PartitionedFile::new(file.name.as_str(), file.bytes).with_statistics(Arc::new(statistics))
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn nanos(value: i64) -> ScalarValue {
    ScalarValue::TimestampNanosecond(Some(value), Some(UTC.into()))
}

/// The columns that the tables read from evidence files; the salt stays where it is.
pub(crate) fn evidence_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("index", DataType::Int64, false),
        Field::new("kind", DataType::Int32, false),
        Field::new("sequenced_at", DataType::Int64, false),
        Field::new("header", DataType::BinaryView, true),
        Field::new("body", DataType::BinaryView, true),
    ]))
}

/// The evidence as a table: its files, and what is still in the write-ahead log.
pub(crate) fn evidence_table(evidence: &Arc<dyn Evidence>) -> Stored {
    let mut files = Vec::new();
    let mut next = 0;
    for segment in evidence.segments() {
        if segment.first > next {
            files.push(lost(next, segment.first - 1));
        }
        let name = segment.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        files.push(match std::fs::metadata(&segment.path) {
            Ok(file) => PartitionedFile::new(name, file.len()),
            Err(_) => lost(segment.first, segment.last),
        });
        next = segment.last + 1;
    }
    let rest = (next < evidence.size()).then(|| {
        let tail = EvidenceTail { evidence: Arc::clone(evidence), from: next, schema: evidence_schema() };
        Arc::new(tail) as Arc<dyn PartitionStream>
    });
    Stored {
        schema: evidence_schema(),
        store: store(EVIDENCE_STORE),
        files,
        filters: None,
        tail: rest,
        batch_rows: Some(EVIDENCE_BATCH_ROWS),
    }
}

/// Stands for leaves whose evidence file is gone. There is no such file, so a question that reads them
/// fails and says this name; an answer without them would look whole.
fn lost(first: u64, last: u64) -> PartitionedFile {
    PartitionedFile::new(format!("leaves-{first}-to-{last}-are-missing-run-verify"), 1)
}

/// The store behind one of the constants above.
pub(crate) fn store(url: &str) -> ObjectStoreUrl {
    ObjectStoreUrl::parse(url).unwrap_or_else(|_| ObjectStoreUrl::local_filesystem())
}

/// Leaves that are in no evidence file yet.
#[derive(Debug)]
struct EvidenceTail {
    evidence: Arc<dyn Evidence>,
    from: u64,
    schema: SchemaRef,
}

impl PartitionStream for EvidenceTail {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (evidence, from, schema) = (Arc::clone(&self.evidence), self.from, Arc::clone(&self.schema));
        send_from_thread(Arc::clone(&schema), move |send| {
            let mut leaves = Leaves::default();
            let mut stopped = false;
            try_scan(&*evidence, from, evidence.size(), |leaf| {
                leaves.append(leaf);
                if leaves.bytes < EVIDENCE_BATCH_BYTES && leaves.rows < EVIDENCE_TAIL_ROWS {
                    return Ok(ControlFlow::Continue(()));
                }
                let flow = send(&leaves.flush(&schema)?);
                stopped = flow.is_break();
                Ok(flow)
            })?;
            if !stopped && leaves.rows > 0 {
                let _ = send(&leaves.flush(&schema)?);
            }
            Ok(())
        })
    }
}

/// Leaves on their way into a batch.
#[derive(Default)]
struct Leaves {
    rows: usize,
    bytes: usize,
    index: Int64Builder,
    kind: Int32Builder,
    sequenced_at: Int64Builder,
    header: BinaryViewBuilder,
    body: BinaryViewBuilder,
}

impl Leaves {
    fn append(&mut self, leaf: &crate::Sealed<'_>) {
        self.rows += 1;
        self.bytes += leaf.header.len() + leaf.body.len();
        self.index.append_value(signed(leaf.index));
        self.kind.append_value(leaf.header.first().copied().map_or(0, i32::from));
        self.sequenced_at.append_value(signed(leaf.sequenced_at.0));
        self.header.append_value(leaf.header);
        self.body.append_value(leaf.body);
    }

    fn flush(&mut self, schema: &SchemaRef) -> crate::Result<RecordBatch> {
        (self.rows, self.bytes) = (0, 0);
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.index.finish()),
            Arc::new(self.kind.finish()),
            Arc::new(self.sequenced_at.finish()),
            Arc::new(self.header.finish()),
            Arc::new(self.body.finish()),
        ];
        batch(schema, columns)
    }
}

/// The published checkpoints, read when they are asked for.
#[derive(Debug)]
pub(crate) struct CheckpointRows {
    evidence: Arc<dyn Evidence>,
    schema: SchemaRef,
}

impl CheckpointRows {
    pub(crate) fn new(evidence: Arc<dyn Evidence>) -> CheckpointRows {
        let schema =
            Schema::new(vec![Field::new("size", DataType::Int64, false), Field::new("root", DataType::Utf8, false)]);
        CheckpointRows { evidence, schema: Arc::new(schema) }
    }

    pub(crate) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

impl PartitionStream for CheckpointRows {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (evidence, schema) = (Arc::clone(&self.evidence), self.schema());
        send_from_thread(self.schema(), move |send| {
            let checkpoints = evidence.checkpoints()?;
            let columns: Vec<ArrayRef> = vec![
                Arc::new(Int64Array::from_iter_values(checkpoints.iter().map(|c| signed(c.size)))),
                Arc::new(StringArray::from_iter_values(checkpoints.iter().map(|c| c.root.as_str()))),
            ];
            let _ = send(&batch(&schema, columns)?);
            Ok(())
        })
    }
}

fn batch(schema: &SchemaRef, columns: Vec<ArrayRef>) -> crate::Result<RecordBatch> {
    RecordBatch::try_new(Arc::clone(schema), columns)
        .map_err(|error| crate::Error::caused(crate::ErrorKind::Fatal, "columns of unequal length", error))
}
