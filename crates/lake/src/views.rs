//! The tables by their names: what each is made of.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use datafusion::catalog::MemTable;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::catalog::view::ViewTable;
use datafusion::datasource::provider_as_source;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::context::SessionContext;
use datafusion::functions::core::expr_ext::FieldAccessor;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, col, lit};

use crate::cells::UTC;
use crate::derive::Source;
use crate::needle::Filters;
use crate::tables::{CheckpointRows, LAKE_STORE, Stored, evidence_table, lake_file, store};
use crate::tail::TailRows;
use crate::writer::Table;
use crate::{Lake, functions, schema};

/// Sources with what came of their records. The names are those of the other tables and of
/// `named_sources`, which nobody else sees.
const SOURCES: &str = "
    SELECT s.number, s.name, s.platform, s.owner,
           coalesce(e.events, 0) + coalesce(r.rejects, 0) AS records,
           coalesce(e.events, 0) AS events,
           coalesce(r.rejects, 0) AS rejects,
           e.first_time, e.last_time
    FROM named_sources s
    LEFT JOIN (SELECT source_number, count(*) AS events, min(time) AS first_time, max(time) AS last_time
               FROM events_all GROUP BY source_number) e ON e.source_number = s.number
    LEFT JOIN (SELECT source_number, count(*) AS rejects
               FROM rejects GROUP BY source_number) r ON r.source_number = s.number";

/// A checkpoint says no time; its last leaf does.
const CHECKPOINTS: &str = "
    SELECT l.sequenced_at AS time, c.size, c.root
    FROM published c LEFT JOIN leaves l ON l.leaf_index = c.size - 1";

/// Gives a session all tables.
pub(crate) async fn register(lake: &Lake, context: &SessionContext) -> Result<()> {
    let sources = lake.sources().map_err(external)?;
    let evidence = evidence_table(&lake.evidence);
    let view = |plan: LogicalPlan| Arc::new(ViewTable::new(plan, None));

    let events = derived(lake, Table::Events)?;
    let originals = LogicalPlanBuilder::from(events.clone()).filter(col("duplicate_of").is_null())?.build()?;
    context.register_table("events_all", view(events))?;
    context.register_table("events", view(originals))?;
    context.register_table("rejects", view(derived(lake, Table::Rejects)?))?;

    let leaves = leaves(lake, evidence, &sources)?;
    let records = LogicalPlanBuilder::from(leaves.clone()).filter(col("kind").eq(lit("record")))?.build()?;
    context.register_table("leaves", view(leaves))?;
    context.register_table("records", view(records))?;

    let rows = Arc::new(CheckpointRows::new(Arc::clone(&lake.evidence)));
    context.register_table("published", Arc::new(StreamingTable::try_new(rows.schema(), vec![rows])?))?;
    context.register_table("named_sources", Arc::new(named(&sources)?))?;
    for (name, text, part) in [("checkpoints", CHECKPOINTS, "published"), ("sources", SOURCES, "named_sources")] {
        let plan = context.state().create_logical_plan(text).await?;
        context.deregister_table(part)?;
        context.register_table(name, view(plan))?;
    }
    Ok(())
}

fn external(error: crate::Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// The stored rows of a table with the id of each in front.
fn derived(lake: &Lake, table: Table) -> Result<LogicalPlan> {
    let (schema, live) = match table {
        Table::Events => (schema::events(), &lake.catalog.events),
        Table::Rejects => (schema::rejects(), &lake.catalog.rejects),
    };
    let covered = lake.covered();
    let live = live.values().filter(|file| file.last < covered && file.rows > 0);
    let tail = (!lake.tail.is_empty()).then(|| Arc::new(TailRows::new(Arc::clone(&lake.tail), table)) as _);
    let stored = Stored {
        store: store(LAKE_STORE),
        files: live.map(|file| lake_file(file, &schema)).collect(),
        schema: Arc::clone(&schema),
        filters: (table == Table::Events)
            .then(|| Filters { folder: lake.folder.clone(), catalog: Arc::clone(&lake.catalog) }),
        tail,
        batch_rows: None,
    };
    let id = functions::event_id(lake.evidence.log()).call(vec![col("leaf_index")]).alias("event_id");
    let columns = std::iter::once(id).chain(schema.fields().iter().map(|field| col(field.name().as_str())));
    plan(stored)?.project(columns.collect::<Vec<_>>())?.build()
}

/// Every leaf of the log with the parts of its header.
fn leaves(lake: &Lake, evidence: Stored, sources: &[Source]) -> Result<LogicalPlan> {
    let header = functions::leaf_header().call(vec![col("header")]);
    let part = |name: &str| header.clone().field(name).alias(name);
    let source = functions::source_name(sources.to_vec()).call(vec![header.clone().field("source_number")]);
    let columns: Vec<Expr> = vec![
        functions::event_id(lake.evidence.log()).call(vec![col("index")]).alias("event_id"),
        col("index").alias("leaf_index"),
        functions::leaf_kind().call(vec![col("kind")]).alias("kind"),
        source.alias("source"),
        part("source_number"),
        part("source_seq"),
        cast(col("sequenced_at"), DataType::Timestamp(TimeUnit::Millisecond, Some(UTC.into()))).alias("sequenced_at"),
        part("received_at"),
        part("position_name"),
        part("position_delivery"),
        part("position_ordinal"),
        part("position_offset"),
        part("body_bytes"),
        part("truncated"),
        part("secrets_replaced"),
        part("secret_rules"),
        functions::raw_text().call(vec![col("body")]).alias("raw"),
    ];
    plan(evidence)?.project(columns)?.build()
}

fn named(sources: &[Source]) -> Result<MemTable> {
    let schema = Arc::new(Schema::new(vec![
        Field::new("number", DataType::Int64, false),
        Field::new("name", DataType::Utf8, false),
        Field::new("platform", DataType::Utf8, false),
        Field::new("owner", DataType::Utf8, true),
    ]));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(sources.iter().map(|source| i64::from(source.number)))),
        Arc::new(StringArray::from_iter_values(sources.iter().map(|source| source.name.as_str()))),
        Arc::new(StringArray::from_iter_values(sources.iter().map(|source| source.platform.as_str()))),
        Arc::new(StringArray::from_iter(sources.iter().map(|source| source.owner.as_deref()))),
    ];
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns)?;
    MemTable::try_new(schema, vec![vec![batch]])
}

fn plan(table: Stored) -> Result<LogicalPlanBuilder> {
    LogicalPlanBuilder::scan("stored", provider_as_source(Arc::new(table)), None)
}
