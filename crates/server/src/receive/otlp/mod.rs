//! OTLP (OpenTelemetry Protocol specification 1.x): logs and traces, over HTTP in protobuf or JSON, and over gRPC.
//!
//! A request holds many log records or spans, with what they share said once. Each becomes a record of its own: an
//! export request in OTLP/JSON that holds just that one, with its resource and scope (decision 9).

mod answer;
mod cut;
pub(crate) mod grpc;
mod schema;
mod transcode;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use serde::Deserialize;

use self::answer::Failed;
pub(crate) use self::cut::{Form, Signal, cut};
use crate::access::Scope;
use crate::app::{App, blocking, parcel};
use crate::problem::Problem;
use crate::receive::records::{gunzip, is_gzip};
use crate::receive::source_of;

const CONTENT_PROTOBUF: &str = "application/x-protobuf";
const CONTENT_JSON: &str = "application/json";
const CONTENT_GRPC: &str = "application/grpc";

/// A body up to this long is cut where it came in: cheaper than handing it to another thread.
const INLINE_BYTES_MAX: usize = 32 << 10;

#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    source: Option<String>,
}

/// `POST /v1/logs`.
pub(crate) async fn logs(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    answered(&app, Signal::Logs, &asked, &headers, body).await
}

/// `POST /v1/traces`.
pub(crate) async fn traces(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    answered(&app, Signal::Traces, &asked, &headers, body).await
}

/// In the encoding of the request; an error, too.
async fn answered(app: &Arc<App>, signal: Signal, asked: &Asked, headers: &HeaderMap, body: Body) -> Response {
    let form = form(headers);
    let answer = match form {
        Some(form) => take(app, signal, form, asked, headers, body).await,
        // Who may not send learns that first.
        None => app
            .admitted(headers, Scope::RecordsWrite)
            .and_then(|_| Err(Problem::content_unsupported(&format!("{CONTENT_PROTOBUF} or {CONTENT_JSON}")))),
    };
    let form = form.unwrap_or(Form::Json);
    let mut response = match answer {
        Ok(answer) => (StatusCode::OK, answer).into_response(),
        Err(problem) => {
            let failed = Failed::from(&problem);
            let mut response = problem.into_response();
            *response.status_mut() = failed.status;
            *response.body_mut() = Body::from(failed.encode(form));
            if let Some(seconds) = failed.retry_after {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            response
        }
    };
    let content = match form {
        Form::Protobuf => CONTENT_PROTOBUF,
        Form::Json => CONTENT_JSON,
    };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content));
    response
}

fn form(headers: &HeaderMap) -> Option<Form> {
    let content = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    match content.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        CONTENT_PROTOBUF => Some(Form::Protobuf),
        CONTENT_JSON => Some(Form::Json),
        _ => None,
    }
}

async fn take(
    app: &Arc<App>,
    signal: Signal,
    form: Form,
    asked: &Asked,
    headers: &HeaderMap,
    body: Body,
) -> Result<Vec<u8>, Problem> {
    let token = app.admitted(headers, Scope::RecordsWrite)?;
    let told = headers.get("x-deedbook-source").and_then(|source| source.to_str().ok());
    let source = source_of(&token, asked.source.as_deref().or(told), "otlp")?;
    let is_gzip = is_gzip(headers, &header::CONTENT_ENCODING)?;
    let (body, _permit) = app.body(headers, body).await?;
    let name = match signal {
        Signal::Logs => "/v1/logs",
        Signal::Traces => "/v1/traces",
    };
    let (refused, why) = export(app, source, name, signal, form, body, is_gzip).await?;
    Ok(answer::taken(signal, form, refused, why.as_deref()))
}

/// Has a request sealed; how many of its log records or spans were refused, and why. One without any is a success.
async fn export(
    app: &Arc<App>,
    source: String,
    name: &str,
    signal: Signal,
    form: Form,
    body: Bytes,
    is_gzip: bool,
) -> Result<(u64, Option<String>), Problem> {
    let work = {
        let app = Arc::clone(app);
        let is_long = is_gzip || body.len() > INLINE_BYTES_MAX;
        let work = move || {
            let (body, room) = if is_gzip { gunzip(&app, &body)? } else { (body, app.room(0)?) };
            let taken = cut(signal, form, &body)?;
            let room = (room, app.room(taken.records.len_bytes().saturating_sub(body.len()))?);
            Ok::<_, Problem>((taken, room))
        };
        if is_long { blocking(work).await? } else { work() }
    };
    let (taken, _room) = work?;
    let why = taken.why.map(|why| why.to_string());
    if !taken.records.is_empty() {
        let (body, cut) = taken.records.into_cut();
        app.seal(parcel(source, name, None, body, cut)).await?;
    }
    Ok((taken.refused, why))
}
