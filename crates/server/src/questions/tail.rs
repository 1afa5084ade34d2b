//! The live tail: events as they can be asked for, in the order of the log, as server-sent events (WHATWG HTML,
//! section 9.2). The id of each is its event id, so a client that was cut off goes on where it was: it says
//! `Last-Event-ID` by itself.
//!
//! While the log has grown, a process looks for what is new, once a second at most, one for all streams at a time. What it
//! found is held by its stream alone: a client that reads slowly is given the next page when it has read this one.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::stream;
use model::EventId;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::ask::{Head, spawn};
use super::table::PICKED;
use super::{Argument, Format, Method, Named, Parameter, Route, Takes, arguments, page};
use crate::access::Scope;
use crate::app::{App, blocking};
use crate::problem::Problem;

/// How often a stream looks whether there is more.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often a stream without events shows that it lives.
const BEAT_EVERY: Duration = Duration::from_secs(15);

/// Events of one look.
const PAGE_EVENTS: usize = 200;

/// Bytes of one look: what is beyond comes with the next.
const PAGE_BYTES_MAX: usize = 4 << 20;

const AFTER: &[Parameter] = &[Parameter {
    name: "after",
    takes: Takes::Text,
    required: false,
    about: "The event, or any leaf, after which it begins, as `Last-Event-ID` says it too; now without both.",
}];

/// The route, for the document; it is answered here and not as others are.
pub(crate) const ROUTE: Route = Route {
    method: Method::Get,
    path: "/v1/events/tail",
    command: &["events"],
    about: "Events as they can be asked for, in the order of the log, as server-sent events.",
    scope: Scope::Read,
    argument: Argument::None,
    named: Named::Query,
    parameters: &[PICKED, AFTER],
    formats: &[],
    paged: false,
};

/// Opens a stream.
pub(crate) async fn events(State(app): State<Arc<App>>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    if let Err(problem) = app.admitted(&headers, ROUTE.scope) {
        return problem.into_response();
    }
    let opened = open(&app, &query.unwrap_or_default(), headers).await;
    super::answered(&app, &ROUTE, opened)
}

async fn open(app: &Arc<App>, query: &str, headers: HeaderMap) -> Result<Response, Problem> {
    let seat = Arc::clone(&app.questions.tails).try_acquire_owned();
    let seat = seat.map_err(|_| Problem::busy(format!("{} tails are open (tails_max)", app.limits.tails_max)))?;
    let named = arguments::of_query(query);
    // What it is asked with beyond its cursor is what `events` is asked with.
    let mut command = arguments::of(&ROUTE, &[], &named, Some(Format::Ndjson))?;
    command.retain(|argument| !argument.starts_with("--after="));
    command.push(format!("--limit={PAGE_EVENTS}"));
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let asked = named.iter().find(|(name, _)| name == "after").map(|(_, id)| id.as_str());
    let size = size(app).await?;
    let after = match last.or(asked) {
        Some(text) => known(app, text, size)?,
        None => size.saturating_sub(1),
    };
    let mut tail = Tail {
        app: Arc::clone(app),
        headers,
        command,
        after,
        ready: VecDeque::new(),
        looked: false,
        next_look: Instant::now(),
        next_beat: Instant::now(),
        _seat: seat,
    };
    // What is wrong with the question is found by asking it.
    tail.look().await?;
    let body = Body::from_stream(stream::unfold(tail, |mut tail| async {
        let next = tail.next().await?;
        Some((Ok::<Bytes, io::Error>(next), tail))
    }));
    let mut response = body.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The leaf of an id that this log has given out.
fn known(app: &App, text: &str, size: u64) -> Result<u64, Problem> {
    let id: EventId = text.parse().map_err(|_| {
        let shown: String = text.chars().take(40).collect();
        Problem::invalid(format!("`{shown}` is no event id: the log and the leaf, as in {}-17", app.log))
    })?;
    if id.log != app.log || id.index.0 >= size {
        return Err(Problem::not_found(format!("event {id} is not there: log {} has {size} leaves", app.log)));
    }
    Ok(id.index.0)
}

async fn size(app: &Arc<App>) -> Result<u64, Problem> {
    let app = Arc::clone(app);
    Ok(blocking(move || app.view()).await??.size().0)
}

/// One stream.
struct Tail {
    app: Arc<App>,
    headers: HeaderMap,
    command: Vec<String>,
    /// The leaf up to which everything was shown, or passed over.
    after: u64,
    ready: VecDeque<Bytes>,
    /// Whether the question was asked once.
    looked: bool,
    next_look: Instant,
    next_beat: Instant,
    _seat: OwnedSemaphorePermit,
}

impl Tail {
    /// What is sent next; `None` ends the stream, and the client comes back.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(ready) = self.ready.pop_front() {
                self.next_beat = Instant::now() + BEAT_EVERY;
                return Some(ready);
            }
            // A stop, or a token that was taken back, ends it.
            if self.app.is_stopping() || self.app.admitted(&self.headers, ROUTE.scope).is_err() {
                return None;
            }
            if Instant::now() >= self.next_beat {
                self.next_beat = Instant::now() + BEAT_EVERY;
                // An id without data moves the place from which the client goes on, and shows nothing.
                return Some(Bytes::from(format!(": still here\nid: {}-{}\n\n", self.app.log, self.after)));
            }
            tokio::time::sleep_until(self.next_look).await;
            if let Err(problem) = self.look().await {
                tracing::warn!(code = problem.code, detail = problem.detail, "tail");
                return None;
            }
        }
    }

    /// Looks for events behind the last one, if the log has grown.
    async fn look(&mut self) -> Result<(), Problem> {
        self.next_look = Instant::now() + LOOK_EVERY;
        if size(&self.app).await? <= self.after + 1 && self.looked {
            return Ok(());
        }
        self.looked = true;
        let looks = Arc::clone(&self.app.questions.looks);
        let turn = looks.acquire_owned().await.map_err(|_| Problem::busy("the collector is stopping"))?;
        let mut command = self.command.clone();
        command.push(format!("--sealed-after={}-{}", self.app.log, self.after));
        let mut running = spawn(&self.app, &command, None, turn)?;
        let (page, said) = match running.head(PAGE_BYTES_MAX).await? {
            Head::Begun(begun) => (begun, String::new()),
            Head::Whole(page) => (page, running.answered().await?),
        };
        // Behind the last line feed is a row that was cut.
        let end = page.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let rows = page::rows(page.get(..end).unwrap_or_default());
        for row in &rows {
            let Some(id) = page::id(row) else { continue };
            let index = id.parse::<EventId>().map_or(self.after, |id| id.index.0);
            self.after = self.after.max(index);
            self.ready.push_back(Bytes::from(format!("id: {id}\ndata: {}\n\n", String::from_utf8_lossy(row))));
        }
        match page::seen_through(&said).and_then(|id| id.parse::<EventId>().ok()) {
            Some(id) => self.after = self.after.max(id.index.0),
            // There is more: no reason to wait.
            None if !rows.is_empty() => self.next_look = Instant::now(),
            None => {}
        }
        Ok(())
    }
}
