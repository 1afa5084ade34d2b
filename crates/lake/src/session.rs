//! SQL: read-only, with limits on memory, time and rows, on a thread with a large stack.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result as PlanResult};
use datafusion::execution::cache::cache_manager::CacheManagerConfig;
use datafusion::execution::context::{SessionConfig, SessionContext};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::LogicalPlan;
use datafusion::object_store::local::LocalFileSystem;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};

use crate::tables::{EVIDENCE_STORE, LAKE_STORE, store};
use crate::{Error, ErrorKind, Lake, Result, functions, views};

/// Stack of the thread that plans: nested expressions are planned by recursion.
const PLANNER_STACK_BYTES: usize = 64 << 20;

/// Stack of the threads that compute.
const WORKER_STACK_BYTES: usize = 8 << 20;

/// Batches that wait for the caller.
const BATCHES_WAITING_MAX: usize = 4;

/// Longest text of a query in bytes: planning takes more than linear time and cannot be stopped.
const SQL_BYTES_MAX: usize = 64 << 10;

/// How much longer than the time limit the caller waits for the limit to be kept.
const GRACE: Duration = Duration::from_secs(5);

/// What one answer may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Memory of sorts, joins and groups, in bytes.
    pub memory_bytes: usize,
    /// Time until the last row.
    pub time: Duration,
    /// Rows of the answer.
    pub rows: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { memory_bytes: 1 << 30, time: Duration::from_secs(300), rows: 10_000_000 }
    }
}

/// An answer as it comes: batches of rows. Dropped early, it stops the work behind it.
#[derive(Debug)]
pub struct Answer {
    schema: SchemaRef,
    batches: Receiver<Result<RecordBatch>>,
    deadline: Instant,
    limits: Limits,
}

impl Answer {
    /// Names and types of its columns.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

impl Iterator for Answer {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.batches.recv_deadline(self.deadline + GRACE) {
            Ok(batch) => Some(batch),
            Err(RecvTimeoutError::Timeout) => Some(Err(too_slow(self.limits.time))),
            Err(RecvTimeoutError::Disconnected) => None,
        }
    }
}

impl Lake {
    /// Answers a SQL query over `events`, `events_all`, `records`, `leaves`, `rejects`, `sources` and
    /// `checkpoints`.
    ///
    /// # Errors
    /// Invalid, if it is not one query that can be planned; Denied, if it would change something;
    /// errors of the run come from the answer.
    pub fn sql(self: &Arc<Self>, text: &str, limits: Limits) -> Result<Answer> {
        if text.len() > SQL_BYTES_MAX {
            let context = format!("the query has {} bytes, at most {SQL_BYTES_MAX} are read", text.len());
            return Err(Error::new(ErrorKind::Invalid, context));
        }
        let text = text.to_owned();
        let plan = move |context: SessionContext| {
            async move {
                let plan = context.state().create_logical_plan(&text).await?;
                read_only(&plan)?;
                Ok(plan)
            }
            .boxed()
        };
        self.ask(limits, Box::new(plan))
    }

    /// Runs a plan that `plan` makes, on a thread of its own.
    pub(crate) fn ask(self: &Arc<Self>, limits: Limits, plan: Plan) -> Result<Answer> {
        let deadline = Instant::now() + limits.time;
        let (began, begin) = bounded(1);
        let (sender, batches) = bounded(BATCHES_WAITING_MAX);
        let lake = Arc::clone(self);
        std::thread::Builder::new()
            .name("lake-query".to_owned())
            .stack_size(PLANNER_STACK_BYTES)
            .spawn(move || lake.run(limits, deadline, plan, &began, &sender))
            .map_err(|error| Error::caused(ErrorKind::Unavailable, "start a thread for a query", error))?;
        match begin.recv_deadline(deadline + GRACE) {
            Ok(schema) => Ok(Answer { schema: schema?, batches, deadline, limits }),
            Err(RecvTimeoutError::Timeout) => Err(too_slow(limits.time)),
            Err(RecvTimeoutError::Disconnected) => Err(Error::new(ErrorKind::Fatal, "the query's thread ended early")),
        }
    }

    fn run(
        &self,
        limits: Limits,
        deadline: Instant,
        plan: Plan,
        began: &Sender<Result<SchemaRef>>,
        sender: &Sender<Result<RecordBatch>>,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .thread_name("lake-worker")
            .thread_stack_size(WORKER_STACK_BYTES)
            .enable_time()
            .build();
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(error) => {
                let _ = began.send(Err(Error::caused(ErrorKind::Unavailable, "start threads for a query", error)));
                return;
            }
        };
        // A send fails when nobody wants the answer any more; then there is nothing left to do.
        let failed = runtime.block_on(async {
            let work = self.answer(limits, plan, began, sender);
            match tokio::time::timeout_at(deadline.into(), work).await {
                Ok(result) => result.err(),
                Err(_) => Some(too_slow(limits.time)),
            }
        });
        if let Some(error) = failed
            && let Err(unsent) = began.try_send(Err(error))
            && let Err(error) = unsent.into_inner()
        {
            let _ = sender.send(Err(error));
        }
        runtime.shutdown_background();
    }

    async fn answer(
        &self,
        limits: Limits,
        plan: Plan,
        began: &Sender<Result<SchemaRef>>,
        sender: &Sender<Result<RecordBatch>>,
    ) -> Result<()> {
        let context = self.session(limits).await?;
        let plan = plan(context.clone()).await.map_err(|error| translate(error, limits))?;
        let frame = context.execute_logical_plan(plan).await.map_err(|error| translate(error, limits))?;
        let mut stream = frame.execute_stream().await.map_err(|error| translate(error, limits))?;
        let _ = began.send(Ok(stream.schema()));
        let mut rows = 0;
        while let Some(batch) = stream.next().await {
            let batch = batch.map_err(|error| translate(error, limits))?;
            rows += batch.num_rows() as u64;
            if rows > limits.rows {
                let context = format!("the answer has more than {} rows, add LIMIT or raise the limit", limits.rows);
                return Err(Error::new(ErrorKind::Limit, context));
            }
            if sender.send(Ok(batch)).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// A session with all tables in it.
    async fn session(&self, limits: Limits) -> Result<SessionContext> {
        let fatal = |error: DataFusionError| Error::caused(ErrorKind::Fatal, "set up a query", error.strip_backtrace());
        // Sorting on disk would write what the tables say outside the folder that protects it.
        let runtime = RuntimeEnvBuilder::new()
            // Nothing spills, so nobody has to be left a share: a group by principal may use all there is.
            .with_memory_pool(Arc::new(GreedyMemoryPool::new(limits.memory_bytes)))
            .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))
            // Files never change under their name, so what one question read of a footer serves the next.
            .with_cache_manager(CacheManagerConfig::default().with_file_metadata_cache(self.footers.get().cloned()))
            .build_arc()
            .map_err(fatal)?;
        self.footers.get_or_init(|| runtime.cache_manager.get_file_metadata_cache());
        let evidence = self.evidence.segments().first().and_then(|segment| segment.path.parent());
        for (url, folder) in [(LAKE_STORE, Some(self.folder.as_path())), (EVIDENCE_STORE, evidence)] {
            let Some(folder) = folder else { continue };
            let files = LocalFileSystem::new_with_prefix(folder)
                .map_err(|error| Error::caused(ErrorKind::Unavailable, format!("read {}", folder.display()), error))?;
            runtime.register_object_store(store(url).as_ref(), Arc::new(files));
        }
        let mut context = SessionContext::new_with_config_rt(config(), runtime);
        functions::register(&mut context).map_err(fatal)?;
        views::register(self, &context).await.map_err(|error| translate(error, limits))?;
        Ok(context)
    }
}

fn config() -> SessionConfig {
    let mut config = SessionConfig::new().with_information_schema(true);
    let options = config.options_mut();
    options.execution.time_zone = Some("+00:00".to_owned());
    let parquet = &mut options.execution.parquet;
    parquet.pushdown_filters = true;
    parquet.reorder_filters = true;
    parquet.pruning = true;
    parquet.enable_page_index = true;
    parquet.bloom_filter_on_read = true;
    config
}

/// Refuses whatever is not a question.
fn read_only(plan: &LogicalPlan) -> PlanResult<()> {
    plan.apply_with_subqueries(|node| {
        let refused = match node {
            LogicalPlan::Ddl(ddl) => ddl.name().to_owned(),
            LogicalPlan::Dml(dml) => dml.op.to_string(),
            LogicalPlan::Copy(_) => "COPY".to_owned(),
            LogicalPlan::Statement(statement) => statement.name().to_owned(),
            _ => return Ok(TreeNodeRecursion::Continue),
        };
        let what = format!("{refused} is refused: the tables are read-only, ask with SELECT, EXPLAIN or DESCRIBE");
        Err(DataFusionError::External(Box::new(Error::new(ErrorKind::Denied, what))))
    })?;
    Ok(())
}

fn too_slow(time: Duration) -> Error {
    let context = format!("no answer within {} s, narrow the question or raise the limit", time.as_secs());
    Error::new(ErrorKind::Limit, context)
}

/// Names a failure of the planner or of a run by what the caller does about it.
fn translate(error: DataFusionError, limits: Limits) -> Error {
    use DataFusionError as E;
    let error = match error {
        E::Context(context, inner) => {
            let inner = translate(*inner, limits);
            return Error::caused(inner.kind(), context, inner);
        }
        E::External(inner) => match inner.downcast::<Error>() {
            Ok(ours) => return *ours,
            Err(inner) => E::External(inner),
        },
        E::ArrowError(inner, trace) => match *inner {
            arrow::error::ArrowError::ExternalError(inner) => return translate(E::External(inner), limits),
            inner => E::ArrowError(Box::new(inner), trace),
        },
        other => other,
    };
    let text = error.strip_backtrace();
    match error.find_root() {
        E::ResourcesExhausted(_) => {
            let limit = limits.memory_bytes >> 20;
            let context = format!("the query needs more than {limit} MiB, narrow it or raise the limit");
            Error::caused(ErrorKind::Limit, context, text)
        }
        E::ParquetError(_) | E::ObjectStore(_) | E::IoError(_) => {
            Error::caused(ErrorKind::Corrupt, "a file cannot be read, run `verify`, then `deedbook lake rebuild`", text)
        }
        E::Internal(_) => Error::caused(ErrorKind::Fatal, "the query planner failed", text),
        _ => Error::new(ErrorKind::Invalid, text),
    }
}

/// Makes the plan of a question inside a session.
type Plan = Box<dyn FnOnce(SessionContext) -> BoxFuture<'static, PlanResult<LogicalPlan>> + Send>;
