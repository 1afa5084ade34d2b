//! `_bulk` of Elasticsearch (elastic.co, *Bulk API*), with what its clients, Beats, Fluent Bit, Vector and Logstash ask for
//! before they send.
//!
//! Each document of `index` and `create` is a record, whatever it holds; the action lines stay in the delivery leaf as the
//! bytes between them. It is answered as created, with its event id as `_id`. `delete` and `update` are refused, each for
//! itself: a log never changes. Index templates, policies and aliases are said to be there, for there is no index that they
//! could apply to, and a sender that could not make its own would not send.

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use collect::{Cut, Receipt};
use serde::Deserialize;
use serde_json::{Value, json};

use super::packed::unpacked;
use crate::access::Scope;
use crate::app::{App, parcel};
use crate::problem::Problem;

/// The release whose answers these are: clients look at it before they send.
const SPOKEN: &str = "8.17.0";

/// Actions of one request: each has an item in the answer.
const ACTIONS_MAX: usize = 200_000;

/// Says something about a deployment that has no indices, no nodes, and everything that a sender looks for.
async fn told(app: &App, headers: &HeaderMap, body: Value) -> Response {
    match app.admitted(headers, Scope::RecordsWrite) {
        Ok(_) => product(Json(body).into_response()),
        Err(problem) => said(&problem),
    }
}

/// `GET /`: who answers. A token is asked for here already, so that a wrong one is found before anything is sent.
pub(crate) async fn greeting(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let body = json!({
        "name": "deedbook",
        "cluster_name": app.log,
        "cluster_uuid": app.log,
        "version": { "number": SPOKEN, "build_flavor": "default", "build_type": "deedbook", "lucene_version": "9.12.0",
            "minimum_wire_compatibility_version": "7.17.0", "minimum_index_compatibility_version": "7.0.0" },
        "tagline": "You Know, for Search",
    });
    told(&app, &headers, body).await
}

/// `GET /_license` and `/_xpack`: Beats and Logstash send to none without an active license.
pub(crate) async fn license(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let license = json!({ "uid": app.log, "type": "basic", "mode": "basic", "status": "active" });
    told(&app, &headers, json!({ "license": license, "features": { "ilm": { "available": true, "enabled": true } } }))
        .await
}

/// `GET /_cluster/health`: what Vector asks for.
pub(crate) async fn health(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let status = if app.door.ready().is_ok() { "green" } else { "red" };
    told(&app, &headers, json!({ "cluster_name": app.log, "status": status, "timed_out": false, "number_of_nodes": 1 }))
        .await
}

/// Templates, policies, aliases and data streams: each is there, and was made if asked for.
pub(crate) async fn there(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    told(&app, &headers, json!({ "acknowledged": true })).await
}

/// What else clients of Elasticsearch ask for is not here, and is said so in their words.
pub(crate) async fn missing(uri: Uri) -> Response {
    let problem = Problem::not_found(format!("there is nothing at this path: {}", uri.path()));
    if uri.path().starts_with("/_") { said(&problem) } else { problem.into_response() }
}

/// `POST /_bulk`.
pub(crate) async fn bulk(State(app): State<Arc<App>>, headers: HeaderMap, body: Body) -> Response {
    take(&app, None, &headers, body).await.map_or_else(|problem| said(&problem), product)
}

/// `POST /<index>/_bulk`.
pub(crate) async fn bulk_of(
    State(app): State<Arc<App>>,
    Path(index): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    take(&app, Some(index), &headers, body).await.map_or_else(|problem| said(&problem), product)
}

async fn take(app: &Arc<App>, index: Option<String>, headers: &HeaderMap, body: Body) -> Result<Response, Problem> {
    let token = app.admitted(headers, Scope::RecordsWrite)?;
    let free = token.sources.len() != 1;
    let source = token.source(free.then_some(index.as_deref().unwrap_or("bulk")))?;
    let (body, _permit) = app.body(headers, body).await?;
    let begun = (app.clock)();
    let (body, _room) = unpacked(app, headers, body).await?;
    let actions = actions(&body)?;
    let records: Vec<Range<usize>> = actions.iter().filter_map(|action| action.document.clone()).collect();
    let receipts = if records.is_empty() {
        Vec::new()
    } else {
        app.seal(parcel(source, "/_bulk", None, body, Cut::At(records.into()))).await?.records
    };
    let took = (app.clock)().0.saturating_sub(begun.0);
    let index = index.as_deref().unwrap_or("deedbook");
    let answer = answer(&app.log, index, took, &actions, &receipts);
    Ok(([(header::CONTENT_TYPE, "application/json")], answer).into_response())
}

/// What a line says is to be done with the document in the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Index,
    Create,
    Update,
    Delete,
}

impl Verb {
    const fn as_str(self) -> &'static str {
        match self {
            Verb::Index => "index",
            Verb::Create => "create",
            Verb::Update => "update",
            Verb::Delete => "delete",
        }
    }
}

/// An action line, as Elasticsearch writes it: one key, and an object.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Index(Meta),
    Create(Meta),
    Update(Meta),
    Delete(Meta),
}

#[derive(Debug, Deserialize)]
struct Meta {
    #[serde(rename = "_index")]
    index: Option<String>,
    #[serde(rename = "_id")]
    id: Option<String>,
}

/// One action of a request.
#[derive(Debug)]
struct Action {
    verb: Verb,
    index: Option<String>,
    /// The document's own id; kept for what is refused.
    id: Option<String>,
    /// The record, for what is taken.
    document: Option<Range<usize>>,
}

/// The lines of a body, each without its end, and where it begins.
struct Lines<'b> {
    body: &'b [u8],
    at: usize,
    number: usize,
}

impl<'b> Iterator for Lines<'b> {
    type Item = (usize, usize, &'b [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.body.get(self.at..)?;
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let (begin, line) = (self.at, rest.get(..end)?);
        self.at += end + 1;
        self.number += 1;
        Some((self.number, begin, line))
    }
}

/// All actions in a body.
///
/// # Errors
/// Invalid, with the number of the line: where one is no action, all that follow may be taken for what they are not.
fn actions(body: &[u8]) -> Result<Vec<Action>, Problem> {
    let mut lines = Lines { body, at: 0, number: 0 };
    let mut actions = Vec::new();
    while let Some((number, _, line)) = lines.next() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let wrong = |why: &str| Problem::invalid(format!("Malformed action/metadata line [{number}], {why}"));
        let line: Line = serde_json::from_slice(line)
            .map_err(|error| wrong(&format!("expected one of [create], [delete], [index] or [update]: {error}")))?;
        let (verb, meta) = match line {
            Line::Index(meta) => (Verb::Index, meta),
            Line::Create(meta) => (Verb::Create, meta),
            Line::Update(meta) => (Verb::Update, meta),
            Line::Delete(meta) => (Verb::Delete, meta),
        };
        let mut document = None;
        if verb != Verb::Delete {
            let (_, begin, line) = lines.next().ok_or_else(|| wrong("no line with a document follows it"))?;
            let text = line.trim_ascii();
            let begin = begin + (line.len() - line.trim_ascii_start().len());
            let is_taken = verb != Verb::Update && !text.is_empty();
            document = is_taken.then(|| begin..begin + text.len());
        }
        if actions.len() == ACTIONS_MAX {
            return Err(Problem::too_long(body.len())
                .with(format!("the body has more than {ACTIONS_MAX} actions (actions_max); send it in parts")));
        }
        actions.push(Action { verb, index: meta.index, id: meta.id.filter(|_| document.is_none()), document });
    }
    if body.get(lines.at..).is_some_and(|rest| !rest.is_empty()) {
        return Err(Problem::invalid("The bulk request must be terminated by a newline [\\n]"));
    }
    if actions.is_empty() {
        return Err(Problem::invalid("request body is required"));
    }
    Ok(actions)
}

/// Where the documents are, for tests and fuzz targets.
pub(crate) fn documents(body: &[u8]) -> Result<Vec<Option<Range<usize>>>, Problem> {
    Ok(actions(body)?.into_iter().map(|action| action.document).collect())
}

/// One item for each action, in their order. Written as text: a request may have many thousands.
fn answer(log: &str, index: &str, took: u64, actions: &[Action], receipts: &[Receipt]) -> String {
    let errors = actions.iter().any(|action| action.document.is_none());
    let mut out = format!("{{\"took\":{took},\"errors\":{errors},\"items\":[");
    let mut receipts = receipts.iter();
    for (nth, action) in actions.iter().enumerate() {
        let comma = if nth == 0 { "" } else { "," };
        let (verb, index) = (action.verb.as_str(), text(action.index.as_deref().unwrap_or(index)));
        let receipt = action.document.as_ref().and_then(|_| receipts.next());
        // Writing to a string cannot fail.
        let _ = match receipt {
            Some(receipt) => write!(
                out,
                "{comma}{{\"{verb}\":{{\"_index\":{index},\"_id\":\"{log}-{}\",\"_version\":1,\"result\":\"created\",\
                 \"_shards\":{{\"total\":1,\"successful\":1,\"failed\":0}},\"status\":201}}}}",
                receipt.index.0
            ),
            None => {
                let reason = match action.verb {
                    Verb::Delete | Verb::Update => "a log never changes: only create and index are taken",
                    Verb::Index | Verb::Create => "the document is an empty line",
                };
                let id = action.id.as_deref().map_or_else(|| "null".to_owned(), text);
                write!(
                    out,
                    "{comma}{{\"{verb}\":{{\"_index\":{index},\"_id\":{id},\"status\":400,\
                     \"error\":{{\"type\":\"illegal_argument_exception\",\"reason\":\"{reason}\"}}}}}}"
                )
            }
        };
    }
    out.push_str("]}");
    out
}

fn text(text: &str) -> String {
    Value::from(text).to_string()
}

/// Clients of Elasticsearch talk to nobody who does not say this.
fn product(mut response: Response) -> Response {
    response.headers_mut().insert("x-elastic-product", HeaderValue::from_static("Elasticsearch"));
    response
}

/// An error in the words of Elasticsearch, with our code beside its type. Its clients send again after 429 and 503.
fn said(problem: &Problem) -> Response {
    let kind = match problem.status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "security_exception",
        StatusCode::BAD_REQUEST => "illegal_argument_exception",
        StatusCode::PAYLOAD_TOO_LARGE => "content_too_long_exception",
        StatusCode::NOT_FOUND => "resource_not_found_exception",
        StatusCode::SERVICE_UNAVAILABLE => "es_rejected_execution_exception",
        _ => "exception",
    };
    let cause = json!({ "type": kind, "reason": problem.detail });
    let body = json!({ "error": { "root_cause": [cause], "type": kind, "reason": problem.detail, "code": problem.code },
        "status": problem.status.as_u16() });
    product(problem.in_words(&body))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Vec<Option<&str>> {
        documents(body.as_bytes()).unwrap().into_iter().map(|at| at.map(|at| &body[at])).collect()
    }

    #[test]
    fn an_action_has_its_own_document_and_no_other() {
        let body = "{\"index\":{}}\n {\"a\":1} \r\n\n{ \"delete\" : {\"_id\":\"7\"}}\n{\"create\":{\"_index\":\"x\"}}\n{\"delete\":{}}\n\
                    {\"update\":{}}\n{\"doc\":{}}\n{\"index\":{}}\n\n{\"create\":{}}\nno json\n";
        let expected = [Some("{\"a\":1}"), None, Some("{\"delete\":{}}"), None, None, Some("no json")];
        assert_eq!(read(body), expected);
    }

    #[test]
    fn what_is_no_action_is_said_with_its_line() {
        let said = |body: &str| documents(body.as_bytes()).unwrap_err().detail;
        for (body, words) in [
            ("", "body is required"),
            ("{\"a\":1}\n{\"b\":2}\n", "line [1]"),
            ("{\"index\":{}}\n{}\n{\"drop\":{}}\n{}\n", "line [3]"),
            ("{\"index\":{}}\n{}\n{\"index\":{},\"create\":{}}\n{}\n", "line [3]"),
            ("{\"index\":{}}\n", "no line with a document"),
            ("{\"index\":{}}\n{\"a\":1}", "no line with a document"),
            ("{\"index\":{}}\n{\"a\":1}\n{\"index\"", "newline"),
            ("\u{fffd}\n\n", "line [1]"),
        ] {
            assert!(said(body).contains(words), "{body:?}: {}", said(body));
        }
    }
}
