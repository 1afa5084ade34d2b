//! OTLP over gRPC: `opentelemetry.proto.collector.{logs,trace}.v1.*Service/Export`, on the listeners of HTTP.
//!
//! The framing (gRPC over HTTP/2, *Requests*: a flag, four bytes of length, the message) is read here rather than by
//! tonic's codecs: the message stays bytes, and takes its place in memory, by the length that is told, before it comes.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use bytes::{Buf as _, Bytes, BytesMut};
use futures::StreamExt as _;
use http_body_util::{BodyExt as _, Full};
use tokio::sync::OwnedSemaphorePermit;

use super::answer::{self, Failed};
use super::cut::{Form, Signal};
use super::{CONTENT_GRPC, export};
use crate::access::Scope;
use crate::app::App;
use crate::problem::Problem;
use crate::receive::records::is_gzip;
use crate::receive::source_of;

/// A flag and the length.
const PREFIX_BYTES: usize = 5;

static ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
static ACCEPTED: HeaderName = HeaderName::from_static("grpc-accept-encoding");

/// `LogsService/Export`.
pub(crate) async fn logs(State(app): State<Arc<App>>, headers: HeaderMap, body: Body) -> Response {
    answered(&app, Signal::Logs, &headers, body).await
}

/// `TraceService/Export`.
pub(crate) async fn traces(State(app): State<Arc<App>>, headers: HeaderMap, body: Body) -> Response {
    answered(&app, Signal::Traces, &headers, body).await
}

async fn answered(app: &Arc<App>, signal: Signal, headers: &HeaderMap, body: Body) -> Response {
    let mut response = match take(app, signal, headers, body).await {
        Ok(message) => {
            let mut frame = BytesMut::with_capacity(PREFIX_BYTES + message.len());
            frame.extend_from_slice(&[0]);
            frame.extend_from_slice(&u32::try_from(message.len()).unwrap_or_default().to_be_bytes());
            frame.extend_from_slice(&message);
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", HeaderValue::from_static("0"));
            let body = Full::new(frame.freeze()).with_trailers(std::future::ready(Some(Ok(trailers))));
            let mut response = Response::new(Body::new(body));
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_GRPC));
            response
        }
        Err(problem) => {
            let mut status = Failed::from(&problem).into_status();
            if problem.code == "encoding-unsupported" {
                status = tonic::Status::unimplemented(problem.detail);
            }
            status.into_http::<Body>()
        }
    };
    response.headers_mut().insert(ACCEPTED.clone(), HeaderValue::from_static("identity,gzip"));
    response
}

async fn take(app: &Arc<App>, signal: Signal, headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Problem> {
    let token = app.admitted(headers, Scope::RecordsWrite)?;
    let asked = headers.get("x-deedbook-source").and_then(|source| source.to_str().ok());
    let source = source_of(&token, asked, "otlp")?;
    let name = match signal {
        Signal::Logs => "LogsService/Export",
        Signal::Traces => "TraceService/Export",
    };
    let seconds = app.limits.body_seconds_max;
    let patience = Duration::from_secs(seconds);
    let read = tokio::time::timeout(patience, message(app, body)).await;
    let (is_packed, body, _permit) = read.map_err(|_| Problem::slow(seconds))??;
    let is_gzip = is_packed && is_gzip(headers, &ENCODING)?;
    if is_packed && !is_gzip {
        return Err(Problem::invalid("the message is packed, and `grpc-encoding` does not say how"));
    }
    let (refused, why) = export(app, source, name, signal, Form::Protobuf, body, is_gzip).await?;
    Ok(answer::taken(signal, Form::Protobuf, refused, why.as_deref()))
}

/// The one message of a call, and whether it is packed.
async fn message(app: &App, body: Body) -> Result<(bool, Bytes, OwnedSemaphorePermit), Problem> {
    let mut chunks = body.into_data_stream();
    let mut bytes = BytesMut::new();
    let mut told: Option<(bool, usize, OwnedSemaphorePermit)> = None;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Problem::damaged("the message breaks off"))?;
        bytes.extend_from_slice(&chunk);
        if told.is_none()
            && let Some([flag, length @ ..]) = bytes.first_chunk::<PREFIX_BYTES>()
        {
            let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
            if length > app.limits.body_bytes_max {
                return Err(Problem::too_long(app.limits.body_bytes_max));
            }
            told = Some((*flag == 1, length, app.room(2 * length)?));
        }
        if told.as_ref().is_some_and(|(_, length, _)| bytes.len() > PREFIX_BYTES + length) {
            return Err(Problem::invalid("a call of `Export` has one message"));
        }
    }
    match told {
        Some((is_packed, length, permit)) if bytes.len() == PREFIX_BYTES + length => {
            bytes.advance(PREFIX_BYTES);
            Ok((is_packed, bytes.freeze(), permit))
        }
        _ => Err(Problem::damaged("the message ends early")),
    }
}
