//! A question from its request to its answer: arguments, a process, and what it prints, as it comes.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::RawPathParams;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::{Bytes, BytesMut};
use futures::stream;
use percent_encoding::{CONTROLS, utf8_percent_encode};
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdout};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::arguments::{self, Pair};
use super::{Argument, Format, Named, Route, accept, page};
use crate::app::App;
use crate::audit;
use crate::problem::Problem;

/// An answer up to this long is known as a whole before the first byte of it goes out: how it ended is in its status. A
/// longer one goes out as it comes; if it fails then, the connection breaks, so that nobody takes it for whole.
const HEAD_BYTES_MAX: usize = 256 << 10;

/// The same for a page of events, which has links to its neighbours in front of it.
const PAGE_BYTES_MAX: usize = 4 << 20;

/// What is kept of what a command says on stderr.
const SAID_BYTES_MAX: usize = 16 << 10;

/// What is handed on of it in a header.
const NOTE_BYTES_MAX: usize = 2 << 10;

/// Bytes read at once.
const READ_BYTES: usize = 64 << 10;

/// How a command ended that was asked rightly: `docs/exit-codes.md`. Damage that was found is an answer.
const ANSWERS: [i32; 4] = [0, 3, 5, 6];

/// Answers one question.
///
/// # Errors
/// Invalid, not acceptable, not found, too large, too slow, busy, failed.
pub(super) async fn answer(
    app: &Arc<App>,
    route: &'static Route,
    path: &RawPathParams,
    query: &str,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let format = accept::chosen(headers, route.formats)?;
    let query = arguments::of_query(query);
    let reads_body = matches!(route.argument, Argument::Body(_)) || route.named == Named::Body;
    let (body, _permit) = match reads_body {
        true => app.body(headers, body).await.map(|(body, permit)| (body, Some(permit)))?,
        false => (Bytes::new(), None),
    };
    let named = match route.named {
        Named::Query => query,
        Named::Body => {
            if let Some((name, _)) = query.first() {
                return Err(Problem::invalid(format!("`{name}` is in the query; this is said in the body, as JSON")));
            }
            if body.is_empty() && route.parameters.is_empty() { Vec::new() } else { arguments::of_body(&body)? }
        }
    };
    let asked = (!body.is_empty()).then(|| audit::Asked(String::from_utf8_lossy(&body).into_owned()));
    let path: Vec<(&str, &str)> = path.iter().collect();
    let command = arguments::of(route, &path, &named, format)?;
    let input = matches!(route.argument, Argument::Body(_)).then_some(body);
    let mut running = start(app, &command, input)?;
    let head_bytes_max = if route.paged { PAGE_BYTES_MAX } else { HEAD_BYTES_MAX };
    let head = running.head(head_bytes_max).await?;
    let mut response = match head {
        Head::Whole(answer) => whole(running, answer.freeze(), route, &named, format).await?,
        Head::Begun(begun) => Body::from_stream(running.rest(begun.freeze())).into_response(),
    };
    let content_type = match format {
        Some(Format::Csv) => "text/csv; charset=utf-8; header=present",
        Some(Format::Table) | None => "text/plain; charset=utf-8",
        Some(other) => other.media_type(),
    };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(asked) = asked {
        response.extensions_mut().insert(asked);
    }
    Ok(response)
}

async fn whole(
    running: Running,
    answer: Bytes,
    route: &Route,
    named: &[Pair],
    format: Option<Format>,
) -> Result<Response, Problem> {
    let (status, said) = running.end().await?;
    let code = status.code().filter(|code| ANSWERS.contains(code));
    let Some(code) = code else { return Err(problem(status, &said)) };
    let links = match route.paged {
        true => page::links(route.path, named, format, &answer, &said),
        false => None,
    };
    let mut response = (StatusCode::OK, answer).into_response();
    let headers = response.headers_mut();
    headers.insert("deedbook-exit", HeaderValue::from(code));
    let said = said.trim_end();
    if !said.is_empty() && said.len() <= NOTE_BYTES_MAX {
        let note = utf8_percent_encode(said, NOTE).to_string();
        headers.extend(
            HeaderValue::try_from(note).ok().map(|note| (header::HeaderName::from_static("deedbook-note"), note)),
        );
    }
    headers.extend(links.and_then(|links| Some((header::LINK, HeaderValue::try_from(links).ok()?))));
    Ok(response)
}

/// What cannot stand in a header as it is.
const NOTE: &percent_encoding::AsciiSet = &CONTROLS.add(b'%');

/// A process at work on a question.
pub(super) struct Running {
    child: Child,
    output: ChildStdout,
    said: JoinHandle<String>,
    deadline: Instant,
    seconds: u64,
    _seat: OwnedSemaphorePermit,
}

/// What has come so far.
pub(super) enum Head {
    /// All of it.
    Whole(BytesMut),
    /// So much that the rest goes out as it comes.
    Begun(BytesMut),
}

/// Starts the process for a question that has got its arguments.
///
/// # Errors
/// Busy, when so many are at work; failed, when there can be no other process.
pub(super) fn start(app: &Arc<App>, command: &[String], input: Option<Bytes>) -> Result<Running, Problem> {
    let seat = Arc::clone(&app.questions.seats).try_acquire_owned().map_err(|_| {
        Problem::busy(format!("{} questions are being answered (questions_max)", app.limits.questions_max))
    })?;
    spawn(app, command, input, seat)
}

pub(super) fn spawn(
    app: &App,
    command: &[String],
    input: Option<Bytes>,
    seat: OwnedSemaphorePermit,
) -> Result<Running, Problem> {
    let failed = |error: io::Error| Problem::failed(format!("start a process for the question: {error}"));
    let mut process = (app.questions.command)(command);
    process.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    // Whoever hangs up drops this, and the process with it.
    process.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = process.spawn().map_err(failed)?;
    // Where memory is short the system is to end this, and not the process that takes records. Linux knows how to be told.
    if let Some(id) = child.id() {
        let _ = std::fs::write(format!("/proc/{id}/oom_score_adj"), "500");
    }
    let missing = || Problem::failed("the process for the question has no pipes");
    let output = child.stdout.take().ok_or_else(missing)?;
    let said = tokio::spawn(said(child.stderr.take().ok_or_else(missing)?));
    if let Some((mut pipe, input)) = child.stdin.take().zip(input) {
        // One that does not read its input to the end says why itself.
        tokio::spawn(async move { pipe.write_all(&input).await });
    }
    let seconds = app.limits.question_seconds_max;
    let deadline = Instant::now() + Duration::from_secs(seconds);
    Ok(Running { child, output, said, deadline, seconds, _seat: seat })
}

impl Running {
    /// The answer, or as much of it as is kept before it goes out.
    pub(super) async fn head(&mut self, bytes_max: usize) -> Result<Head, Problem> {
        let mut head = BytesMut::new();
        while head.len() < bytes_max {
            let more = self.more(&mut head).await?;
            if !more {
                return Ok(Head::Whole(head));
            }
        }
        Ok(Head::Begun(head))
    }

    async fn more(&mut self, into: &mut BytesMut) -> Result<bool, Problem> {
        into.reserve(READ_BYTES);
        match timeout_at(self.deadline, self.output.read_buf(into)).await {
            Ok(Ok(read)) => Ok(read > 0),
            Ok(Err(error)) => Err(Problem::failed(format!("read the answer: {error}"))),
            Err(_) => Err(Problem::question_too_slow(self.seconds)),
        }
    }

    /// How it ended, and what it said.
    pub(super) async fn end(mut self) -> Result<(ExitStatus, String), Problem> {
        match timeout_at(self.deadline, self.child.wait()).await {
            Ok(Ok(status)) => Ok((status, self.said.await.unwrap_or_default())),
            Ok(Err(error)) => Err(Problem::failed(format!("wait for the answer: {error}"))),
            Err(_) => Err(Problem::question_too_slow(self.seconds)),
        }
    }

    /// What it said, once it has answered.
    ///
    /// # Errors
    /// What it says is wrong.
    pub(super) async fn answered(self) -> Result<String, Problem> {
        let (status, said) = self.end().await?;
        if status.success() { Ok(said) } else { Err(problem(status, &said)) }
    }

    /// The rest of an answer, as it comes; it ends with an error if the process does.
    fn rest(self, begun: Bytes) -> impl stream::Stream<Item = io::Result<Bytes>> {
        stream::try_unfold(Some((self, begun)), |state| async {
            let Some((mut running, ready)) = state else { return Ok(None) };
            if !ready.is_empty() {
                return Ok(Some((ready, Some((running, Bytes::new())))));
            }
            let broken = |problem: Problem| {
                tracing::warn!(code = problem.code, detail = problem.detail, "an answer was cut off");
                io::Error::other(problem.detail)
            };
            let mut next = BytesMut::new();
            if running.more(&mut next).await.map_err(broken)? {
                return Ok(Some((next.freeze(), Some((running, Bytes::new())))));
            }
            let (status, said) = running.end().await.map_err(broken)?;
            match status.code().filter(|code| ANSWERS.contains(code)) {
                Some(_) => Ok(None),
                None => Err(broken(problem(status, &said))),
            }
        })
    }
}

/// What a command says on stderr, to its end, so that it never waits; the beginning is kept.
async fn said(mut pipe: impl AsyncRead + Unpin) -> String {
    let mut said = BytesMut::new();
    loop {
        let mut next = BytesMut::with_capacity(READ_BYTES);
        match pipe.read_buf(&mut next).await {
            Ok(read) if read > 0 => {
                let room = SAID_BYTES_MAX.saturating_sub(said.len());
                next.truncate(room);
                said.extend_from_slice(&next);
            }
            _ => return String::from_utf8_lossy(&said).into_owned(),
        }
    }
}

#[derive(Deserialize)]
struct Said {
    code: String,
    detail: String,
}

/// The last line of what was said, if it is a failure in JSON (`--errors=json`); else its first paragraph, which is
/// how a wrong argument is said.
fn problem(status: ExitStatus, said: &str) -> Problem {
    let last = said.lines().next_back().unwrap_or_default();
    if let Ok(Said { code, detail }) = serde_json::from_str(last) {
        return match code.as_str() {
            "request-invalid" => Problem::invalid(detail),
            "not-found" => Problem::not_found(detail),
            "question-too-large" => Problem::question_too_large(detail),
            _ => Problem::failed(detail),
        };
    }
    let paragraph = said.split("\n\n").next().unwrap_or_default().trim();
    let paragraph = paragraph.strip_prefix("error: ").unwrap_or(paragraph);
    match status.code() {
        Some(2) => Problem::invalid(paragraph),
        Some(code) => Problem::failed(format!("the question ended with {code}: {paragraph}")),
        None => Problem::failed("the process for the question was ended from outside, as when memory is short"),
    }
}
