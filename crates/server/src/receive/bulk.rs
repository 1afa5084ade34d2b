//! `_bulk` of Elasticsearch, with the greeting that its clients, Beats, Fluent Bit and Logstash ask for first.
//!
//! Each document is a record; the action lines stay in the delivery leaf as the bytes between them. Every document is
//! answered as created, with its event id as `_id`: there is no index, no update and no delete in a log.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use collect::Cut;
use serde_json::{Value, json};

use crate::access::Scope;
use crate::app::{App, parcel};
use crate::problem::Problem;

/// The release whose answers these are: clients look at it before they send.
const SPOKEN: &str = "8.17.0";

/// `GET /`: who answers. A token is asked for here already, so that a wrong one is found before anything is sent.
pub(crate) async fn greeting(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    if let Err(problem) = app.admitted(&headers, Scope::RecordsWrite) {
        return said(&problem);
    }
    let body = json!({
        "name": "deedbook",
        "cluster_name": app.log,
        "cluster_uuid": app.log,
        "version": { "number": SPOKEN, "build_flavor": "default", "build_type": "deedbook", "lucene_version": "9.12.0",
            "minimum_wire_compatibility_version": "7.17.0", "minimum_index_compatibility_version": "7.0.0" },
        "tagline": "You Know, for Search",
    });
    product(Json(body).into_response())
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
    let sealed = app.seal(parcel(source, "/_bulk", None, body, Cut::Bulk)).await?;
    let index = index.unwrap_or_else(|| "deedbook".to_owned());
    let item = |receipt: &collect::Receipt| {
        let id = format!("{}-{}", app.log, receipt.index.0);
        json!({ "create": { "_index": index, "_id": id, "_version": 1, "result": "created", "status": 201,
            "_shards": { "total": 1, "successful": 1, "failed": 0 } } })
    };
    let items: Vec<Value> = sealed.records.iter().map(item).collect();
    let took = (app.clock)().0.saturating_sub(begun.0);
    Ok(Json(json!({ "took": took, "errors": false, "items": items })).into_response())
}

/// Clients of Elasticsearch talk to nobody who does not say this.
fn product(mut response: Response) -> Response {
    response.headers_mut().insert("x-elastic-product", HeaderValue::from_static("Elasticsearch"));
    response
}

/// An error in the words of Elasticsearch. Its clients send again after 429 and 503.
fn said(problem: &Problem) -> Response {
    let (kind, status) = (problem.code, problem.status.as_u16());
    let body = json!({ "error": { "type": kind, "reason": problem.detail }, "status": status });
    product(problem.in_words(&body))
}
