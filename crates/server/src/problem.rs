//! What went wrong, as RFC 9457 says it: each kind with a stable code and a section in `docs/errors.md`.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use collect::Refused;
use model::Millis;
use serde::Serialize;

use crate::access::Scope;
use crate::pause::Pause;

/// Where the codes are explained.
const PAGE: &str = "https://github.com/deedbook/deedbook/blob/main/docs/errors.md#";

/// When a sender that was told to come back should.
pub(crate) const RETRY_AFTER_S: u64 = 1;

/// The same for a paused source, at most: a pause may end early.
const RETRY_PAUSED_S_MAX: u64 = 60;

/// An answer that says no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    /// Stable: programs compare it.
    pub(crate) code: &'static str,
    /// For people.
    pub(crate) detail: String,
    /// When the same may be asked again, if it may.
    retry_after_s: u64,
}

#[derive(Serialize)]
struct Members<'b> {
    r#type: String,
    title: &'b str,
    status: u16,
    code: &'b str,
    detail: &'b str,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Problem {
        Problem { status, code, detail: detail.into(), retry_after_s: RETRY_AFTER_S }
    }

    pub(crate) fn token_missing() -> Problem {
        let detail =
            "no token in `Authorization`; send `Authorization: Bearer <token>`, make one with `deedbook token create`";
        Problem::new(StatusCode::UNAUTHORIZED, "token-missing", detail)
    }

    pub(crate) fn token_unknown() -> Problem {
        Problem::new(
            StatusCode::UNAUTHORIZED,
            "token-unknown",
            "this token was not made here; `deedbook token ls` lists those that were",
        )
    }

    pub(crate) fn token_revoked(id: &str) -> Problem {
        Problem::new(StatusCode::UNAUTHORIZED, "token-revoked", format!("token {id} was revoked"))
    }

    pub(crate) fn token_expired(id: &str, expires: Millis) -> Problem {
        let ms = i64::try_from(expires.0).unwrap_or(i64::MAX);
        let at = jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::MAX);
        let detail = format!("token {id} expired at {at}; make another with `deedbook token create`");
        Problem::new(StatusCode::UNAUTHORIZED, "token-expired", detail)
    }

    pub(crate) fn scope_missing(scope: Scope, name: &str, held: &str) -> Problem {
        Problem::new(
            StatusCode::FORBIDDEN,
            "scope-missing",
            format!("this needs scope `{scope}`; token `{name}` has {held}"),
        )
    }

    pub(crate) fn source_forbidden(source: &str, name: &str, bound: &[String]) -> Problem {
        let detail = format!("token `{name}` may not write to source `{source}`; it is bound to {}", bound.join(", "));
        Problem::new(StatusCode::FORBIDDEN, "source-forbidden", detail)
    }

    pub(crate) fn source_missing() -> Problem {
        let detail = "no source is named; add `?source=NAME`, or bind the token to one source";
        Problem::new(StatusCode::BAD_REQUEST, "source-missing", detail)
    }

    pub(crate) fn source_invalid(name: &str, limit: usize) -> Problem {
        let shown: String = name.chars().take(40).collect();
        let detail = format!("`{shown}` is no name of a source: 1 to {limit} letters, digits and -_.:/@");
        Problem::new(StatusCode::BAD_REQUEST, "source-invalid", detail)
    }

    pub(crate) fn invalid(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "request-invalid", detail)
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "not-found", detail)
    }

    pub(crate) fn method(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
    }

    pub(crate) fn ack_unsupported(asked: &str) -> Problem {
        let detail = format!("`ack={asked}` cannot be given: no witness is configured, `ack=sealed` is the strongest");
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "ack-unsupported", detail)
    }

    pub(crate) fn too_long(limit: usize) -> Problem {
        Problem::too_long_by(format!("the body has more than {limit} bytes (body_bytes_max); send it in parts"))
    }

    /// Of another limit, which the detail names.
    pub(crate) fn too_long_by(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-long", detail)
    }

    pub(crate) fn damaged(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "body-damaged", detail)
    }

    pub(crate) fn content_unsupported(known: &str) -> Problem {
        let detail = format!("this `Content-Type` is not known here; {known}");
        Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-unsupported", detail)
    }

    pub(crate) fn encoding_unsupported(header: &str) -> Problem {
        let detail = format!("what `{header}` says is not known here; gzip, or none");
        Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "encoding-unsupported", detail)
    }

    /// The same with the status that another protocol has for it.
    pub(crate) fn with_status(self, status: StatusCode) -> Problem {
        Problem { status, ..self }
    }

    /// The same with other words for people.
    pub(crate) fn with(self, detail: impl Into<String>) -> Problem {
        Problem { detail: detail.into(), ..self }
    }

    pub(crate) fn slow(seconds: u64) -> Problem {
        let detail = format!("the body did not come within {seconds} s (body_seconds_max)");
        Problem::new(StatusCode::REQUEST_TIMEOUT, "body-too-slow", detail)
    }

    pub(crate) fn busy(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail)
    }

    /// Nothing is taken for a source until a pause ends.
    pub(crate) fn paused(pause: &Pause, now: Millis) -> Problem {
        let Pause { source, reason, until } = pause;
        let detail = format!("source `{source}` is paused until {until} ({reason}); send it again then");
        let left_s = until.0.saturating_sub(now.0).div_ceil(1_000);
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "source-paused", detail);
        Problem { retry_after_s: left_s.clamp(RETRY_AFTER_S, RETRY_PAUSED_S_MAX), ..problem }
    }

    pub(crate) fn not_acceptable(known: &[&str]) -> Problem {
        let detail = format!("`Accept` names none of the forms that this is answered in: {}", known.join(", "));
        Problem::new(StatusCode::NOT_ACCEPTABLE, "not-acceptable", detail)
    }

    pub(crate) fn question_too_large(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "question-too-large", detail)
    }

    pub(crate) fn question_too_slow(seconds: u64) -> Problem {
        let detail = format!("no answer within {seconds} s (question_seconds_max); narrow the question");
        Problem::new(StatusCode::GATEWAY_TIMEOUT, "question-too-slow", detail)
    }

    pub(crate) fn signature(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::UNAUTHORIZED, "signature-wrong", detail)
    }

    pub(crate) fn failed(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", detail)
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Problem {
        let detail = refused.to_string();
        match refused {
            Refused::Empty => Problem::new(StatusCode::BAD_REQUEST, "body-empty", detail),
            Refused::Damaged(_) => Problem::new(StatusCode::BAD_REQUEST, "body-damaged", detail),
            Refused::TooLong { .. } => Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-long", detail),
            Refused::OtherBody(_) => Problem::new(StatusCode::CONFLICT, "idempotency-key-reused", detail),
            Refused::InUse(_) => Problem::new(StatusCode::CONFLICT, "idempotency-key-in-use", detail),
            Refused::Busy(_) => Problem::busy(detail),
            Refused::Failed(_) => Problem::failed(detail),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("Error");
        let body = Members {
            r#type: format!("{PAGE}{}", self.code),
            title,
            status: self.status.as_u16(),
            code: self.code,
            detail: &self.detail,
        };
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.retry() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(self.retry_after_s));
        }
        response
    }
}

/// What the framework refuses by itself (a query that is not as it should be, a path that is no UTF-8) in our words.
pub(crate) async fn worded(response: Response) -> Response {
    let is_plain =
        response.headers().get(header::CONTENT_TYPE).is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    if response.status() != StatusCode::BAD_REQUEST || !is_plain {
        return response;
    }
    let said = axum::body::to_bytes(response.into_body(), 1 << 10).await.unwrap_or_default();
    Problem::invalid(String::from_utf8_lossy(&said)).into_response()
}

impl Problem {
    /// The same answer in the words of another protocol.
    pub(crate) fn in_words(&self, body: &serde_json::Value) -> Response {
        let mut response = self.clone().into_response();
        *response.body_mut() = Body::from(body.to_string());
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }

    /// Whether the same request may succeed later.
    pub(crate) fn retry(&self) -> bool {
        matches!(self.code, "busy" | "source-paused" | "idempotency-key-in-use")
    }
}
