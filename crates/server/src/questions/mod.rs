//! Questions over HTTP. Each is a command, answered by a process of its own that reads the same data folder:
//! whatever it costs, and however it ends, the process that takes records goes on (`docs/decisions/0010`).
//!
//! [`routes`] is the table: what a request may say, and which arguments become of it. The router, the access test, the
//! OpenAPI document and `deedbook --server` are made from it. This module knows no command; what a command means is
//! the binary's.

mod accept;
mod arguments;
mod ask;
mod page;
mod table;
mod tail;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use axum::Router;
use axum::extract::{RawPathParams, RawQuery, State, rejection::RawPathParamsRejection};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodFilter, get, on};
use tokio::process::Command;
use tokio::sync::Semaphore;

use crate::access::Scope;
use crate::app::App;
use crate::config::Limits;
use crate::problem::Problem;

pub use table::routes;
pub(crate) use tail::ROUTE as TAIL;

/// How the process for a question is made: given its arguments, as `deedbook` takes them.
pub type Asked = Arc<dyn Fn(&[String]) -> Command + Send + Sync>;

/// The method of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Asks.
    Get,
    /// Asks with a body, or makes something.
    Post,
    /// Changes something.
    Patch,
    /// Takes something back.
    Delete,
}

impl Method {
    /// Its name, as HTTP has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }

    const fn filter(self) -> MethodFilter {
        match self {
            Method::Get => MethodFilter::GET,
            Method::Post => MethodFilter::POST,
            Method::Patch => MethodFilter::PATCH,
            Method::Delete => MethodFilter::DELETE,
        }
    }
}

/// A form in which an answer is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON array or object.
    Json,
    /// One JSON object a line, as they come.
    Ndjson,
    /// RFC 4180, with a header line.
    Csv,
    /// What a person sees in a terminal.
    Table,
}

impl Format {
    /// As the command's `-o` has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Ndjson => "ndjson",
            Format::Csv => "csv",
            Format::Table => "table",
        }
    }

    /// As `Accept` has it.
    pub const fn media_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::Ndjson => "application/x-ndjson",
            Format::Csv => "text/csv",
            Format::Table => "text/plain",
        }
    }
}

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// A text.
    Text,
    /// One of these.
    One(&'static [&'static str]),
    /// A number, 0 or more.
    Count,
    /// `true` or `false`.
    Switch,
    /// A text, and it may be given several times.
    Texts,
}

/// A parameter of a route, which is an option of its command: `src_ip` is `--src-ip`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// Whether the command cannot do without.
    pub required: bool,
    /// What it means.
    pub about: &'static str,
}

/// Where the one argument without a name comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// There is none.
    None,
    /// From the path, where it says so in braces.
    Path(&'static str),
    /// From where the named ones come from.
    Named(&'static str),
    /// The body, of this media type, is what the command reads from standard input.
    Body(&'static str),
}

/// Where named parameters come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// From the query.
    Query,
    /// From a JSON object in the body.
    Body,
}

/// One route: a question, or a change that a command makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its method.
    pub method: Method,
    /// Its path, with the argument in braces.
    pub path: &'static str,
    /// The words of its command.
    pub command: &'static [&'static str],
    /// What it answers.
    pub about: &'static str,
    /// What a token must be allowed to.
    pub scope: Scope,
    /// The argument without a name.
    pub argument: Argument,
    /// Where the named ones come from.
    pub named: Named,
    /// The named ones.
    pub parameters: &'static [&'static [Parameter]],
    /// The forms it can be answered in, the one for callers that do not care first; none if it just prints.
    pub formats: &'static [Format],
    /// Whether it is answered page by page, with links to the next and the previous one.
    pub paged: bool,
}

impl Route {
    /// All parameters with a name.
    pub fn named_parameters(&self) -> impl Iterator<Item = &'static Parameter> {
        self.parameters.iter().copied().flatten()
    }
}

/// What questions share.
pub(crate) struct Questions {
    command: Asked,
    /// Questions at once.
    seats: Arc<Semaphore>,
    /// Tails at once.
    tails: Arc<Semaphore>,
    /// Looks of tails at once: each is a process.
    looks: Arc<Semaphore>,
    answered: [AtomicU64; 4],
}

/// How a question ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Answered,
    Refused,
    Busy,
    Failed,
}

impl Questions {
    pub(crate) fn new(command: Asked, limits: &Limits) -> Questions {
        Questions {
            command,
            seats: Arc::new(Semaphore::new(limits.questions_max)),
            tails: Arc::new(Semaphore::new(limits.tails_max)),
            looks: Arc::new(Semaphore::new(1)),
            answered: Default::default(),
        }
    }

    /// How a question is asked.
    pub(crate) fn asked(&self) -> Asked {
        Arc::clone(&self.command)
    }

    /// The same with other limits; what was counted goes on.
    pub(crate) fn again(&self, limits: &Limits) -> Questions {
        let answered = self.answered.each_ref().map(|count| AtomicU64::new(count.load(Relaxed)));
        Questions { answered, ..Questions::new(Arc::clone(&self.command), limits) }
    }

    /// The text of its counters, for Prometheus.
    pub(crate) fn metrics(&self) -> String {
        let mut text = "# HELP deedbook_questions_total Questions over HTTP, by how they ended.\n".to_owned();
        text.push_str("# TYPE deedbook_questions_total counter\n");
        for (ended, count) in ["answered", "refused", "busy", "failed"].iter().zip(&self.answered) {
            text.push_str(&format!("deedbook_questions_total{{outcome=\"{ended}\"}} {}\n", count.load(Relaxed)));
        }
        text
    }

    fn count(&self, ended: Ended) {
        if let Some(counter) = self.answered.get(ended as usize) {
            counter.fetch_add(1, Relaxed);
        }
    }
}

/// All routes of questions.
pub(crate) fn router() -> Router<Arc<App>> {
    let mut router = Router::new().route("/v1/events/tail", get(tail::events));
    for route in routes() {
        let handler = move |State(app): State<Arc<App>>,
                            path: Result<RawPathParams, RawPathParamsRejection>,
                            RawQuery(query): RawQuery,
                            headers: HeaderMap,
                            body: axum::body::Body| async move {
            if let Err(problem) = app.admitted(&headers, route.scope) {
                return problem.into_response();
            }
            let query = query.unwrap_or_default();
            let response = match path {
                Ok(path) => ask::answer(&app, route, &path, &query, &headers, body).await,
                Err(_) => Err(Problem::invalid("the path is no text in UTF-8")),
            };
            answered(&app, route, response)
        };
        router = router.route(route.path, on(route.method.filter(), handler));
    }
    router
}

/// Every question of somebody who may ask passes here when its answer begins, refusals included.
fn answered(app: &App, route: &Route, response: Result<Response, Problem>) -> Response {
    let ended = match &response {
        Ok(_) => Ended::Answered,
        Err(problem) if problem.retry() => Ended::Busy,
        Err(problem) if problem.status.is_server_error() => Ended::Failed,
        Err(_) => Ended::Refused,
    };
    app.questions.count(ended);
    if let Err(problem) = &response
        && ended == Ended::Failed
    {
        tracing::warn!(path = route.path, code = problem.code, detail = problem.detail, "question");
    }
    response.unwrap_or_else(|problem| problem.into_response())
}
