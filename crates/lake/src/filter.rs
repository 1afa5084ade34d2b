//! Questions about events that need no SQL: a filter, a point look-up, the span of the log, and the
//! folding of rows that belong together.
//!
//! A filter becomes expressions, never text: nothing a user types is ever parsed as SQL.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, TimestampNanosecondType};
use datafusion::common::{JoinType, ScalarValue};
use datafusion::error::Result as PlanResult;
use datafusion::execution::context::SessionContext;
use datafusion::functions_nested::expr_fn::array_has;
use datafusion::logical_expr::expr::Like;
use datafusion::logical_expr::{Expr, LogicalPlan, SortExpr, col, lit};
use futures::FutureExt;
use model::{EventId, Platform, Status};

use crate::cells::UTC;
use crate::writer::Table;
use crate::{Answer, Error, ErrorKind, Lake, Limits, Result, functions};

/// Rows that are folded at once: more would need more memory than a question may have.
const FOLDED_ROWS_MAX: usize = 2_000_000;

/// Which events; every part that is set must hold. In patterns `*` is any run of characters and `?`
/// any one; upper and lower case differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Event time from here on, nanoseconds since 1970.
    pub since: Option<i64>,
    /// Event time before this, nanoseconds since 1970.
    pub until: Option<i64>,
    /// Pattern of the actor's URI or name, or the URI of subject or initiator.
    pub principal: Option<String>,
    /// Pattern of `api_operation`.
    pub action: Option<String>,
    /// Outcome.
    pub outcome: Option<Status>,
    /// Platform.
    pub platform: Option<Platform>,
    /// Pattern of the source's name.
    pub source: Option<String>,
    /// The record's id at its source, as it is.
    pub source_event_id: Option<String>,
    /// Pattern of the URI or native id of the credential used or issued.
    pub credential: Option<String>,
    /// Pattern of the URI or name of any resource.
    pub resource: Option<String>,
    /// Pattern of the address it came from.
    pub src_ip: Option<String>,
    /// Pattern of the initiator's URI.
    pub initiator: Option<String>,
    /// Pattern of the session's URI.
    pub session: Option<String>,
    /// A value among `correlation_ids`, as it is.
    pub correlation: Option<String>,
    /// Coarse kind of act, as in the column `access`.
    pub access: Option<model::Access>,
    /// Whether events that were told twice show twice.
    pub duplicates: bool,
    /// Oldest first instead of newest first.
    pub oldest_first: bool,
    /// Only what lies beyond this event.
    pub cursor: Option<Cursor>,
    /// Most rows.
    pub limit: Option<usize>,
    /// These columns only, in this order; all when empty.
    pub columns: Vec<String>,
}

/// Where in a list a page of it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// The events before this one: older, or of the same time and sealed earlier.
    Before {
        /// Its time, nanoseconds since 1970.
        time: i64,
        /// Its leaf.
        leaf: i64,
    },
    /// The events after this one, the nearest of them if there is a limit.
    After {
        /// Its time, nanoseconds since 1970.
        time: i64,
        /// Its leaf.
        leaf: i64,
    },
    /// The events sealed after this leaf, in the order of the log: nothing comes in between later.
    SealedAfter {
        /// The leaf.
        leaf: i64,
    },
}

impl Cursor {
    fn condition(self) -> Expr {
        // The first half alone lets whole files be passed over.
        match self {
            Cursor::Before { time, leaf } => {
                let beyond = col("time").lt(nanos(time)).or(col("leaf_index").lt(lit(leaf)));
                col("time").lt_eq(nanos(time)).and(beyond)
            }
            Cursor::After { time, leaf } => {
                let beyond = col("time").gt(nanos(time)).or(col("leaf_index").gt(lit(leaf)));
                col("time").gt_eq(nanos(time)).and(beyond)
            }
            Cursor::SealedAfter { leaf } => col("leaf_index").gt(lit(leaf)),
        }
    }
}

impl Filter {
    /// The condition, over the columns of `events_all`.
    fn conditions(&self) -> Vec<Expr> {
        let mut all = Vec::new();
        all.extend(self.since.map(|time| col("time").gt_eq(nanos(time))));
        all.extend(self.until.map(|time| col("time").lt(nanos(time))));
        let principals = ["actor_principal", "actor_name", "subject_principal", "initiator_principal"];
        all.extend(self.principal.as_deref().map(|pattern| any_column(&principals, pattern)));
        all.extend(self.action.as_deref().map(|pattern| like("api_operation", pattern)));
        all.extend(self.outcome.map(|outcome| col("status_id").eq(lit(i32::from(outcome.id())))));
        all.extend(self.platform.map(|platform| col("platform").eq(lit(platform.as_str()))));
        all.extend(self.source.as_deref().map(|pattern| like("source", pattern)));
        all.extend(self.source_event_id.as_deref().map(|id| col("source_event_id").eq(lit(id))));
        let credentials =
            ["credential_uri", "credential_native_id", "issued_credential_uri", "issued_credential_native_id"];
        all.extend(self.credential.as_deref().map(|pattern| any_column(&credentials, pattern)));
        all.extend(
            self.resource.as_deref().map(|pattern| any_resource("uri", pattern).or(any_resource("name", pattern))),
        );
        all.extend(self.src_ip.as_deref().map(|pattern| like("src_ip", pattern)));
        all.extend(self.initiator.as_deref().map(|pattern| like("initiator_principal", pattern)));
        all.extend(self.session.as_deref().map(|pattern| like("session_uri", pattern)));
        all.extend(self.correlation.as_deref().map(|id| array_has(col("correlation_ids"), lit(id))));
        all.extend(self.access.map(|access| col("access").eq(lit(access.as_str()))));
        all.extend(self.cursor.map(Cursor::condition));
        if !self.duplicates {
            all.push(col("duplicate_of").is_null());
        }
        all
    }

    /// Newest first, and among equal times the later leaf first; or the reverse.
    fn order(&self) -> Vec<SortExpr> {
        if matches!(self.cursor, Some(Cursor::SealedAfter { .. })) {
            return vec![col("leaf_index").sort(true, false)];
        }
        [col("time"), col("leaf_index")].map(|column| column.sort(self.oldest_first, false)).into()
    }

    /// The order in which rows count up to the limit: those nearest to the cursor come first.
    fn nearest_first(&self) -> Filter {
        match self.cursor {
            Some(Cursor::Before { .. }) => Filter { oldest_first: false, ..self.clone() },
            Some(Cursor::After { .. }) => Filter { oldest_first: true, ..self.clone() },
            _ => self.clone(),
        }
    }
}

fn nanos(time: i64) -> Expr {
    lit(ScalarValue::TimestampNanosecond(Some(time), Some(UTC.into())))
}

/// A column against a pattern. Without a wildcard it is equality, which bloom filters can answer.
fn like(column: &str, pattern: &str) -> Expr {
    if !pattern.contains(['*', '?']) {
        return col(column).eq(lit(pattern));
    }
    let mut sql = String::with_capacity(pattern.len() + 8);
    for c in pattern.chars() {
        match c {
            '*' => sql.push('%'),
            '?' => sql.push('_'),
            '%' | '_' | '\\' => sql.extend(['\\', c]),
            _ => sql.push(c),
        }
    }
    Expr::Like(Like::new(false, Box::new(col(column)), Box::new(lit(sql)), Some('\\'), false))
}

fn any_column(columns: &[&str], pattern: &str) -> Expr {
    columns.iter().map(|column| like(column, pattern)).reduce(Expr::or).unwrap_or_else(|| lit(false))
}

fn any_resource(field: &str, pattern: &str) -> Expr {
    let values = functions::pluck().call(vec![col("resources"), lit(field)]);
    functions::any_glob().call(vec![values, lit(pattern)])
}

impl Lake {
    /// The events that a filter lets through, as they come.
    ///
    /// # Errors
    /// Invalid, if a column does not exist; errors of the run come from the answer.
    pub fn events(self: &Arc<Self>, filter: &Filter, limits: Limits) -> Result<Answer> {
        let filter = filter.clone();
        self.ask(limits, Box::new(move |context| events(context, filter).boxed()))
    }

    /// The row of one event; nothing, if there is no such event (the record may be a reject).
    ///
    /// # Errors
    /// As for a question.
    pub fn event(self: &Arc<Self>, id: &EventId) -> Result<Option<RecordBatch>> {
        self.point("events_all", id)
    }

    /// When one event happened, nanoseconds since 1970; nothing, if there is no such event.
    ///
    /// # Errors
    /// As for a question.
    pub fn time(self: &Arc<Self>, id: &EventId) -> Result<Option<i64>> {
        let row = self.event(id)?;
        let time = row.as_ref().and_then(|row| row.column_by_name("time"));
        Ok(time.map(|time| time.as_primitive::<TimestampNanosecondType>().value(0)))
    }

    /// The row of one reject; nothing, if there is no such reject.
    ///
    /// # Errors
    /// As for a question.
    pub fn reject(self: &Arc<Self>, id: &EventId) -> Result<Option<RecordBatch>> {
        self.point("rejects", id)
    }

    fn point(self: &Arc<Self>, table: &'static str, id: &EventId) -> Result<Option<RecordBatch>> {
        let Some(leaf) = i64::try_from(id.index.0).ok().filter(|_| id.log == self.evidence.log()) else {
            return Ok(None);
        };
        let plan = move |context: SessionContext| {
            async move {
                let rows = context.table(table).await?.filter(col("leaf_index").eq(lit(leaf)))?;
                Ok(rows.into_unoptimized_plan())
            }
            .boxed()
        };
        for batch in self.ask(Limits::default(), Box::new(plan))? {
            let batch = batch?;
            if batch.num_rows() > 0 {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    /// Earliest and latest event time, nanoseconds since 1970: from footers, and the tail's rows.
    ///
    /// # Errors
    /// As for a question.
    pub fn span(&self) -> Result<Option<(i64, i64)>> {
        let covered = self.covered();
        let files = self.catalog.events.values().filter(|file| file.last < covered);
        let mut span = files.filter_map(|file| file.times).reduce(wider);
        if !self.tail.is_empty() {
            self.tail.rows(Table::Events, &mut |batch| {
                let times = batch.column_by_name("time").map(|time| time.as_primitive::<TimestampNanosecondType>());
                let tail = times.and_then(|times| Some((arrow::compute::min(times)?, arrow::compute::max(times)?)));
                span = [span, tail].into_iter().flatten().reduce(wider);
                std::ops::ControlFlow::Continue(())
            })?;
        }
        Ok(span)
    }

    /// The events that a filter lets through, those that share a correlation id folded into one: the
    /// first of them in the order of the filter, with how many there are in `group_count`. Sharing is
    /// transitive. The limit counts folded rows.
    ///
    /// # Errors
    /// Limit, if more than two million rows would have to be folded; else as [`Lake::events`].
    pub fn groups(self: &Arc<Self>, filter: &Filter, limits: Limits) -> Result<Answer> {
        let keys = ["leaf_index", "correlation_ids"].map(str::to_owned).to_vec();
        let ungrouped = Filter { columns: keys, limit: None, ..filter.clone() };
        let mut folds = Folds::default();
        for batch in self.events(&ungrouped, limits)? {
            folds.add(&batch?)?;
        }
        let (leaves, counts) = folds.finish(filter.limit.unwrap_or(usize::MAX));
        let (filter, kept) = (filter.clone(), group_table(leaves, counts)?);
        self.ask(limits, Box::new(move |context| groups(context, filter, kept).boxed()))
    }
}

fn wider((from, to): (i64, i64), (other_from, other_to): (i64, i64)) -> (i64, i64) {
    (from.min(other_from), to.max(other_to))
}

async fn events(context: SessionContext, filter: Filter) -> PlanResult<LogicalPlan> {
    let mut rows = context.table("events_all").await?;
    for condition in filter.conditions() {
        rows = rows.filter(condition)?;
    }
    let nearest = filter.nearest_first().order();
    let turned = nearest != filter.order();
    rows = rows.sort(nearest)?.limit(0, filter.limit)?;
    if turned {
        rows = rows.sort(filter.order())?;
    }
    if !filter.columns.is_empty() {
        rows = rows.select(filter.columns.iter().map(|name| col(name.as_str())).collect::<Vec<_>>())?;
    }
    Ok(rows.into_unoptimized_plan())
}

async fn groups(context: SessionContext, filter: Filter, kept: RecordBatch) -> PlanResult<LogicalPlan> {
    let kept = context.read_batch(kept)?;
    let rows = context.table("events_all").await?;
    let names: Vec<String> = match filter.columns.is_empty() {
        true => rows.schema().fields().iter().map(|field| field.name().clone()).collect(),
        false => filter.columns.clone(),
    };
    let rows = rows.join(kept, JoinType::Inner, &["leaf_index"], &["group_leaf"], None)?.sort(filter.order())?;
    let columns = names.iter().map(String::as_str).chain(["group_count"]).map(col);
    Ok(rows.select(columns.collect::<Vec<_>>())?.into_unoptimized_plan())
}

fn group_table(leaves: Vec<i64>, counts: Vec<i64>) -> Result<RecordBatch> {
    let fields = ["group_leaf", "group_count"].map(|name| Field::new(name, DataType::Int64, false));
    let columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(leaves)), Arc::new(Int64Array::from(counts))];
    RecordBatch::try_new(Arc::new(Schema::new(fields.to_vec())), columns)
        .map_err(|error| Error::caused(ErrorKind::Fatal, "make the table of groups", error))
}

/// Rows joined by the correlation ids they share: disjoint sets, each led by its first row.
#[derive(Default)]
struct Folds {
    leaves: Vec<i64>,
    /// For each row an earlier row of its set, or itself.
    earlier: Vec<u32>,
    seen: HashMap<String, u32>,
}

impl Folds {
    fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        let (Some(leaves), Some(ids)) = (batch.column_by_name("leaf_index"), batch.column_by_name("correlation_ids"))
        else {
            return Ok(());
        };
        for (leaf, ids) in leaves.as_primitive::<Int64Type>().iter().zip(ids.as_list::<i32>().iter()) {
            if self.leaves.len() >= FOLDED_ROWS_MAX {
                let context = format!("more than {FOLDED_ROWS_MAX} rows to fold, narrow the time range");
                return Err(Error::new(ErrorKind::Limit, context));
            }
            let row = u32::try_from(self.leaves.len()).unwrap_or(u32::MAX);
            self.leaves.push(leaf.unwrap_or_default());
            self.earlier.push(row);
            let ids = ids.map(|ids| arrow::compute::cast(&ids, &DataType::Utf8)).transpose();
            let ids = ids.map_err(|error| Error::caused(ErrorKind::Fatal, "read correlation ids", error))?;
            for id in ids.iter().flat_map(|ids| ids.as_string::<i32>()).flatten() {
                match self.seen.get(id) {
                    Some(other) => self.join(row, *other),
                    None => {
                        self.seen.insert(id.to_owned(), row);
                    }
                }
            }
        }
        Ok(())
    }

    fn join(&mut self, one: u32, other: u32) {
        let (one, other) = (self.leader(one), self.leader(other));
        if let Some(slot) = self.earlier.get_mut(one.max(other) as usize) {
            *slot = one.min(other);
        }
    }

    fn leader(&mut self, mut row: u32) -> u32 {
        while let Some(earlier) = self.earlier.get(row as usize).copied().filter(|earlier| *earlier != row) {
            // Halving the path keeps every later walk short.
            let further = self.earlier.get(earlier as usize).copied().unwrap_or(earlier);
            if let Some(slot) = self.earlier.get_mut(row as usize) {
                *slot = further;
            }
            row = further;
        }
        row
    }

    /// Leaf and number of rows of the first `limit` sets.
    fn finish(mut self, limit: usize) -> (Vec<i64>, Vec<i64>) {
        let mut counts = vec![0_i64; self.leaves.len()];
        for row in 0..u32::try_from(self.leaves.len()).unwrap_or(u32::MAX) {
            let leader = self.leader(row);
            if let Some(count) = counts.get_mut(leader as usize) {
                *count += 1;
            }
        }
        let sets = self.leaves.into_iter().zip(counts).filter(|(_, count)| *count > 0);
        sets.take(limit).unzip()
    }
}
