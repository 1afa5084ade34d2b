//! The HTTP event collector of Splunk: what forwarders, Fluent Bit, Vector and Logstash send there.
//!
//! The records are the event objects as they came, envelope included; their `event` is read when they are normalised. The
//! acknowledgement of an indexer means more here than there: it is given once everything is sealed, and a request is answered
//! only then, so an acknowledged id is known the moment it is told.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use collect::Cut;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::access::Scope;
use crate::app::{App, parcel};
use crate::problem::Problem;

/// Channels remembered; when there are more, all are let go, and their senders send again.
const CHANNELS_MAX: usize = 10_000;
/// Ids of one channel that nobody has asked about; the oldest are let go.
const IDS_MAX: usize = 100_000;

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

/// `/services/collector`, `/event` and `/raw`: all of them seal what the body holds.
pub(crate) async fn collect(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    take(&app, &asked, &headers, body).await.unwrap_or_else(|problem| said(&problem))
}

async fn take(app: &Arc<App>, asked: &Asked, headers: &HeaderMap, body: Body) -> Result<Response, Problem> {
    let token = app.admitted(headers, Scope::RecordsWrite)?;
    // `source` is Splunk's own word for a file name: it chooses ours only where the token leaves the choice.
    let bound = token.sources.len() == 1;
    let source = token.source(asked.source.as_deref().filter(|_| !bound).or((!bound).then_some("hec")))?;
    let channel = channel(asked, headers);
    let (body, _permit) = app.body(headers, body).await?;
    app.seal(parcel(source, "/services/collector", None, body, Cut::Auto)).await?;
    let mut answer = json!({ "text": "Success", "code": 0 });
    if let (Some(channel), Some(answer)) = (channel, answer.as_object_mut()) {
        answer.insert("ackId".to_owned(), app.channels.sealed(&format!("{}/{channel}", token.id)).into());
    }
    Ok(Json(answer).into_response())
}

fn channel(asked: &Asked, headers: &HeaderMap) -> Option<String> {
    let header = headers.get("x-splunk-request-channel").and_then(|value| value.to_str().ok());
    header.or(asked.channel.as_deref()).map(str::to_owned)
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
        let channel = channel(&asked, &headers).ok_or_else(|| Problem::invalid("Data channel is missing"))?;
        let (body, _permit) = app.body(&headers, body).await?;
        let acks: Acks = serde_json::from_slice(&body).map_err(|error| Problem::invalid(format!("acks: {error}")))?;
        Ok(Json(json!({ "acks": app.channels.ask(&format!("{}/{channel}", token.id), &acks.acks) })).into_response())
    };
    answer.await.unwrap_or_else(|problem: Problem| said(&problem))
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

/// An error in Splunk's words, with its own numbers: senders decide by them whether to send again.
fn said(problem: &Problem) -> Response {
    let code = match problem.code {
        "token-missing" => 2,
        "token-unknown" => 4,
        "token-revoked" | "token-expired" => 1,
        "scope-missing" | "source-forbidden" => 1,
        "body-empty" => 5,
        "request-invalid" if problem.detail.starts_with("Data channel") => 10,
        "request-invalid" | "body-damaged" => 6,
        "busy" | "source-paused" => 9,
        _ => 8,
    };
    problem.in_words(&json!({ "text": problem.detail, "code": code }))
}
