//! Answers in the words of OTLP: the response of an export, and `google.rpc.Status`.

use axum::http::StatusCode;
use prost::Message;
use serde_json::{Value, json};
use tonic::Code;

use super::cut::{Form, Signal};
use crate::problem::{Problem, RETRY_AFTER_S};

/// `ExportLogsServiceResponse` and `ExportTraceServiceResponse`: they differ in names only.
#[derive(Clone, PartialEq, Message)]
struct Response {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<PartialSuccess>,
}

#[derive(Clone, PartialEq, Message)]
struct PartialSuccess {
    #[prost(int64, tag = "1")]
    rejected: i64,
    #[prost(string, tag = "2")]
    error_message: String,
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<Duration>,
}

/// `google.protobuf.Duration`.
#[derive(Clone, PartialEq, Message)]
struct Duration {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";

/// What a sender is told whose request was taken, all of it or in part.
pub(super) fn taken(signal: Signal, form: Form, refused: u64, why: Option<&str>) -> Vec<u8> {
    let partial = (refused > 0).then(|| why.unwrap_or_default().to_owned());
    match form {
        Form::Protobuf => {
            let rejected = i64::try_from(refused).unwrap_or(i64::MAX);
            let partial_success = partial.map(|error_message| PartialSuccess { rejected, error_message });
            Response { partial_success }.encode_to_vec()
        }
        Form::Json => {
            let rejected = match signal {
                Signal::Logs => "rejectedLogRecords",
                Signal::Traces => "rejectedSpans",
            };
            let partial = partial.map(|message| json!({ rejected: refused.to_string(), "errorMessage": message }));
            let members = partial.map(|partial| ("partialSuccess".to_owned(), partial));
            Value::Object(members.into_iter().collect()).to_string().into_bytes()
        }
    }
}

/// An error as senders of OTLP are told of it, and whether they shall send again.
#[derive(Clone, Debug)]
pub(super) struct Failed {
    pub(super) status: StatusCode,
    pub(super) code: Code,
    pub(super) message: String,
    /// Seconds.
    pub(super) retry_after: Option<u64>,
}

impl From<&Problem> for Failed {
    /// OTLP specification, *Failures*: only a few answers make a sender keep what it has. A log that cannot be written
    /// is one of its operator's problems, not of the data, so it is among them.
    fn from(problem: &Problem) -> Failed {
        let (status, code) = match problem.status {
            _ if problem.retry() => (StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable),
            StatusCode::INTERNAL_SERVER_ERROR => (StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable),
            StatusCode::UNAUTHORIZED => (problem.status, Code::Unauthenticated),
            StatusCode::FORBIDDEN => (problem.status, Code::PermissionDenied),
            StatusCode::REQUEST_TIMEOUT => (problem.status, Code::DeadlineExceeded),
            // Sent again it would be as long: `OUT_OF_RANGE` and, for some, `RESOURCE_EXHAUSTED` say to try.
            _ => (problem.status, Code::InvalidArgument),
        };
        let retry_after = (code == Code::Unavailable).then_some(RETRY_AFTER_S);
        Failed { status, code, message: format!("{}: {}", problem.code, problem.detail), retry_after }
    }
}

impl Failed {
    /// As `google.rpc.Status`.
    pub(super) fn encode(&self, form: Form) -> Vec<u8> {
        let code = i32::from(self.code);
        match form {
            Form::Protobuf => {
                let details =
                    self.retry_after.map(|seconds| Any { type_url: RETRY_INFO.to_owned(), value: delay(seconds) });
                let details = details.into_iter().collect();
                Status { code, message: self.message.clone(), details }.encode_to_vec()
            }
            Form::Json => {
                let retry = |seconds| json!({ "@type": RETRY_INFO, "retryDelay": format!("{seconds}s") });
                let details: Vec<Value> = self.retry_after.map(retry).into_iter().collect();
                json!({ "code": code, "message": self.message, "details": details }).to_string().into_bytes()
            }
        }
    }

    /// As gRPC has it, in the head of an answer.
    pub(super) fn into_status(self) -> tonic::Status {
        let details = self.encode(Form::Protobuf);
        tonic::Status::with_details(self.code, self.message, details.into())
    }
}

fn delay(seconds: u64) -> Vec<u8> {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    RetryInfo { retry_delay: Some(Duration { seconds, nanos: 0 }) }.encode_to_vec()
}
