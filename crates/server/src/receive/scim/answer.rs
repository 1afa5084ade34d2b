//! What SCIM answers, with its own media type, and how it says no (RFC 7644 section 3.12).

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::problem::Problem;

/// RFC 7644 section 3.1.
const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/scim+json");

/// The schema of a refusal.
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// An answer with a body.
pub(super) fn answer(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, MEDIA_TYPE);
    response
}

/// An answer that says no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    /// `scimType`, where the standard has one.
    pub(super) kind: Option<&'static str>,
    pub(super) detail: String,
    retry_after: Option<HeaderValue>,
}

impl Refusal {
    fn new(status: StatusCode, kind: Option<&'static str>, detail: impl Into<String>) -> Refusal {
        Refusal { status, kind, detail: detail.into(), retry_after: None }
    }

    fn bad(kind: &'static str, detail: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, Some(kind), detail)
    }

    pub(super) fn syntax(detail: impl Into<String>) -> Refusal {
        Refusal::bad("invalidSyntax", detail)
    }

    pub(super) fn filter(detail: impl Into<String>) -> Refusal {
        Refusal::bad("invalidFilter", detail)
    }

    pub(super) fn path(detail: impl Into<String>) -> Refusal {
        Refusal::bad("invalidPath", detail)
    }

    pub(super) fn value(detail: impl Into<String>) -> Refusal {
        Refusal::bad("invalidValue", detail)
    }

    pub(super) fn no_target(detail: impl Into<String>) -> Refusal {
        Refusal::bad("noTarget", detail)
    }

    pub(super) fn mutability(name: &str) -> Refusal {
        Refusal::bad("mutability", format!("`{name}` is not the client's to change"))
    }

    pub(super) fn taken(name: &str, value: &str) -> Refusal {
        let value: String = value.chars().take(80).collect();
        Refusal::new(StatusCode::CONFLICT, Some("uniqueness"), format!("{name} `{value}` is there already"))
    }

    pub(super) fn not_found(detail: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, None, detail)
    }

    pub(super) fn too_many(limit: usize) -> Refusal {
        let detail = format!("{limit} resources are here already, which is the most a source may have");
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, None, detail)
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Refusal {
        let (status, detail, again) = (problem.status, problem.detail.clone(), problem.retry());
        let response = again.then(|| problem.into_response());
        let retry_after = response.and_then(|response| response.headers().get(header::RETRY_AFTER).cloned());
        Refusal { status, kind: None, detail, retry_after }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut body = json!({ "schemas": [ERROR], "status": self.status.as_str(), "detail": self.detail });
        if let (Some(kind), Some(members)) = (self.kind, body.as_object_mut()) {
            members.insert("scimType".to_owned(), kind.into());
        }
        let mut response = answer(self.status, &body);
        if let Some(when) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, when);
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
