//! The HTTP event collector of Splunk: what forwarders, Fluent Bit, Vector and Logstash send there.
//!
//! The records are the event objects as they came, envelope included, and the lines of `/raw`; their `event` is read when
//! they are normalised. The acknowledgement of an indexer means more here than there: it is given once everything is sealed, and a request is answered
//! only then, so an acknowledged id is known the moment it is told.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use collect::Cut;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::packed::unpacked;
use crate::access::Scope;
use crate::app::{App, parcel};
use crate::problem::Problem;

/// Channels remembered; when there are more, all are let go, and their senders send again.
const CHANNELS_MAX: usize = 10_000;
/// Ids of one channel that nobody has asked about; the oldest are let go.
const IDS_MAX: usize = 100_000;
/// Longest name of a channel; Splunk's own is a GUID.
const CHANNEL_BYTES_MAX: usize = 128;

/// Acknowledgements that nobody has asked for yet.
#[derive(Debug, Default)]
pub(crate) struct Channels(Mutex<HashMap<String, Channel>>);

#[derive(Debug, Default)]
struct Channel {
    next: u64,
    sealed: BTreeSet<u64>,
}

impl Channels {
    fn sealed(&self, name: &str) -> u64 {
        let mut channels = self.0.lock();
        if channels.len() >= CHANNELS_MAX && !channels.contains_key(name) {
            channels.clear();
        }
        let channel = channels.entry(name.to_owned()).or_default();
        let id = channel.next;
        channel.next += 1;
        channel.sealed.insert(id);
        if channel.sealed.len() > IDS_MAX {
            channel.sealed.pop_first();
        }
        id
    }

    /// Whether these are sealed; what was told is forgotten.
    fn ask(&self, name: &str, ids: &[u64]) -> Value {
        let mut channels = self.0.lock();
        let mut channel = channels.get_mut(name);
        let mut told = |id: &u64| channel.as_mut().is_some_and(|channel| channel.sealed.remove(id));
        ids.iter().map(|id| (id.to_string(), Value::Bool(told(id)))).collect::<serde_json::Map<_, _>>().into()
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    channel: Option<String>,
    source: Option<String>,
}

/// `/services/collector` and `/event`: objects, one behind the other, each with its `event`.
pub(crate) async fn collect(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    take(&app, false, &asked, &headers, body).await.unwrap_or_else(|wrong| said(&wrong, &headers))
}

/// `/raw`: lines.
pub(crate) async fn raw(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    take(&app, true, &asked, &headers, body).await.unwrap_or_else(|wrong| said(&wrong, &headers))
}

async fn take(app: &Arc<App>, is_raw: bool, asked: &Asked, headers: &HeaderMap, body: Body) -> Result<Response, Wrong> {
    let token = app.admitted(headers, Scope::RecordsWrite)?;
    // `source` is Splunk's own word for a file name: it chooses ours only where the token leaves the choice.
    let bound = token.sources.len() == 1;
    let source = token.source(asked.source.as_deref().filter(|_| !bound).or((!bound).then_some("hec")))?;
    let channel = channel(asked, headers)?;
    let (body, _permit) = app.body(headers, body).await?;
    let (body, _room) = unpacked(app, headers, body).await?;
    let events = events(is_raw, &body).map_err(|number| Wrong::Event { number })?;
    if events.is_empty() {
        return Err(Wrong::NoData);
    }
    app.seal(parcel(source, "/services/collector", None, body, Cut::At(events.into()))).await?;
    let mut answer = json!({ "text": "Success", "code": 0 });
    if let (Some(channel), Some(answer)) = (channel, answer.as_object_mut()) {
        answer.insert("ackId".to_owned(), app.channels.sealed(&format!("{}/{channel}", token.id)).into());
    }
    Ok(Json(answer).into_response())
}

/// Where the events of a body are. What is in them is read later; that each has one is looked at now, since the sender
/// is told by number which has none, and nothing is taken then.
///
/// # Errors
/// The number of the first that is none.
pub(crate) fn events(is_raw: bool, body: &[u8]) -> Result<Vec<Range<usize>>, usize> {
    let mut events = Vec::new();
    if is_raw {
        let mut at = 0;
        for line in body.split_inclusive(|byte| *byte == b'\n') {
            let text = line.trim_ascii_end();
            if !text.is_empty() {
                events.push(at..at + text.len());
            }
            at += line.len();
        }
        return Ok(events);
    }
    let mut stream = serde_json::Deserializer::from_slice(body).into_iter::<&RawValue>();
    loop {
        let begin = stream.byte_offset();
        let event = match stream.next() {
            None => return Ok(events),
            Some(Ok(event)) => event.get(),
            Some(Err(_)) => return Err(events.len()),
        };
        let envelope: Envelope<'_> = serde_json::from_str(event).map_err(|_| events.len())?;
        let is_blank = envelope.event.is_none_or(|event| matches!(event.get(), "null" | "\"\""));
        if is_blank {
            return Err(events.len());
        }
        let end = stream.byte_offset();
        // White space in front of a value is not part of it.
        let begin = begin.max(end.saturating_sub(event.len()));
        events.push(begin..end);
    }
}

/// The object around an event, as far as it has to be there.
#[derive(Debug, Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    event: Option<&'a RawValue>,
}

/// The sender's channel, if it has one.
fn channel(asked: &Asked, headers: &HeaderMap) -> Result<Option<String>, Wrong> {
    let header = headers.get("x-splunk-request-channel").map(|value| value.to_str().unwrap_or_default());
    let Some(name) = header.or(asked.channel.as_deref()) else { return Ok(None) };
    let is_plain = !name.is_empty() && name.len() <= CHANNEL_BYTES_MAX && name.bytes().all(|b| b.is_ascii_graphic());
    if is_plain { Ok(Some(name.to_owned())) } else { Err(Wrong::Channel) }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Acks {
    acks: Vec<u64>,
}

/// Which of these are sealed.
pub(crate) async fn acks(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let answer = async {
        let token = app.admitted(&headers, Scope::RecordsWrite)?;
        let channel = channel(&asked, &headers)?.ok_or(Wrong::NoChannel)?;
        let (body, _permit) = app.body(&headers, body).await?;
        let acks: Acks = serde_json::from_slice(&body).map_err(|error| Problem::invalid(format!("acks: {error}")))?;
        Ok(Json(json!({ "acks": app.channels.ask(&format!("{}/{channel}", token.id), &acks.acks) })).into_response())
    };
    answer.await.unwrap_or_else(|wrong| said(&wrong, &headers))
}

/// Whether it would take something.
pub(crate) async fn health(State(app): State<Arc<App>>) -> Response {
    match app.door.ready() {
        Ok(()) if !app.is_stopping() => Json(json!({ "text": "HEC is healthy", "code": 17 })).into_response(),
        _ => {
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "text": "HEC is unhealthy, queues are full", "code": 18 })))
                .into_response()
        }
    }
}

/// What Splunk has a number of its own for, and all else.
#[derive(Debug)]
enum Wrong {
    NoData,
    Event { number: usize },
    NoChannel,
    Channel,
    Problem(Problem),
}

impl From<Problem> for Wrong {
    fn from(problem: Problem) -> Wrong {
        Wrong::Problem(problem)
    }
}

/// An error in Splunk's words, with its own numbers: senders decide by them whether to send again (help.splunk.com,
/// *Troubleshoot HTTP Event Collector*, *Possible error codes*).
fn said(wrong: &Wrong, headers: &HeaderMap) -> Response {
    let problem = match wrong {
        Wrong::NoData => return refused(&json!({ "text": "No data", "code": 5 })),
        Wrong::Event { number } => {
            return refused(&json!({ "text": "Invalid data format", "code": 6, "invalid-event-number": number }));
        }
        Wrong::NoChannel => return refused(&json!({ "text": "Data channel is missing", "code": 10 })),
        Wrong::Channel => return refused(&json!({ "text": "Invalid data channel", "code": 11 })),
        Wrong::Problem(problem) => problem,
    };
    let (status, code) = match problem.code {
        "token-missing" if headers.contains_key(header::AUTHORIZATION) => (StatusCode::UNAUTHORIZED, 3),
        "token-missing" => (StatusCode::UNAUTHORIZED, 2),
        "token-unknown" => (StatusCode::FORBIDDEN, 4),
        "token-revoked" | "token-expired" | "scope-missing" | "source-forbidden" => (StatusCode::FORBIDDEN, 1),
        "request-invalid" | "body-damaged" => (StatusCode::BAD_REQUEST, 6),
        "busy" | "source-paused" => (problem.status, 9),
        _ => (problem.status, 8),
    };
    let words = json!({ "text": problem.detail, "code": code });
    problem.clone().with_status(status).in_words(&words)
}

fn refused(words: &Value) -> Response {
    (StatusCode::BAD_REQUEST, Json(words)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_found_however_they_are_put_together() {
        let body = b" {\"event\":1}{\"event\":{\"a\":\"}\"}}\n\n{\"time\":1,\"event\":\"x\"} ";
        let found: Vec<&[u8]> = events(false, body).unwrap().into_iter().map(|at| &body[at]).collect();
        let expected: [&[u8]; 3] = [b"{\"event\":1}", b"{\"event\":{\"a\":\"}\"}}", b"{\"time\":1,\"event\":\"x\"}"];
        assert_eq!(found, expected);
        for (body, number) in [
            ("{\"event\":1}{\"event\":\"\"}", 1),
            ("{\"event\":1}{}", 1),
            ("{\"event\":null}", 0),
            ("{\"event\":1}{\"event\":2} x", 2),
            ("{\"event\":1}{\"eve", 1),
            ("[]", 0),
            ("7", 0),
        ] {
            assert_eq!(events(false, body.as_bytes()), Err(number), "{body}");
        }
        assert_eq!(events(true, b"a b\r\n\n  c\nd").unwrap(), [0..3, 6..9, 10..11]);
    }
}
