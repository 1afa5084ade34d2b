//! The shapes a span comes in: OTLP, alone or in its request, and flat, as exporters to a console print it. And a log
//! record in its request.

use std::borrow::Cow;

use serde::Deserialize;

use super::attributes::Attributes;
pub(super) use crate::field::{Text, said};
use crate::json;

/// A request of the protocol; one that holds a single span is a record with its resource.
#[derive(Deserialize)]
pub(super) struct Request<'a> {
    #[serde(borrow, default, rename = "resourceSpans", alias = "resource_spans", deserialize_with = "json::objects")]
    pub(super) resources: Vec<ResourceSpans<'a>>,
}

/// The spans of one process.
#[derive(Deserialize)]
pub(super) struct ResourceSpans<'a> {
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) resource: Option<Resource<'a>>,
    #[serde(borrow, default, rename = "scopeSpans", alias = "scope_spans", deserialize_with = "json::objects")]
    pub(super) scopes: Vec<ScopeSpans<'a>>,
}

/// The spans of one library in it.
#[derive(Deserialize)]
pub(super) struct ScopeSpans<'a> {
    #[serde(borrow, default, deserialize_with = "json::objects")]
    pub(super) spans: Vec<Span<'a>>,
}

/// What a process says of itself.
#[derive(Deserialize)]
pub(super) struct Resource<'a> {
    #[serde(borrow, default)]
    pub(super) attributes: Attributes<'a>,
}

/// One span.
#[derive(Deserialize)]
pub(super) struct Span<'a> {
    #[serde(borrow, default, rename = "traceId", alias = "trace_id", deserialize_with = "json::text")]
    pub(super) trace_id: Text<'a>,
    #[serde(borrow, default, rename = "spanId", alias = "span_id", deserialize_with = "json::text")]
    pub(super) span_id: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "parentSpanId",
        alias = "parent_span_id",
        alias = "parent_id",
        deserialize_with = "json::text"
    )]
    pub(super) parent_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) context: Option<SpanContext<'a>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) kind: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "startTimeUnixNano",
        alias = "start_time_unix_nano",
        alias = "start_time",
        deserialize_with = "json::text"
    )]
    pub(super) start: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "endTimeUnixNano",
        alias = "end_time_unix_nano",
        alias = "end_time",
        deserialize_with = "json::text"
    )]
    pub(super) end: Text<'a>,
    #[serde(borrow, default)]
    pub(super) attributes: Attributes<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) resource: Option<Resource<'a>>,
    #[serde(borrow, default)]
    pub(super) status: SpanStatus<'a>,
    #[serde(
        default,
        rename = "droppedAttributesCount",
        alias = "dropped_attributes_count",
        deserialize_with = "json::integer"
    )]
    pub(super) dropped: Option<i64>,
}

/// Ids of a span where they are an object of their own.
#[derive(Deserialize)]
pub(super) struct SpanContext<'a> {
    #[serde(borrow, default, alias = "traceId", deserialize_with = "json::text")]
    pub(super) trace_id: Text<'a>,
    #[serde(borrow, default, alias = "spanId", deserialize_with = "json::text")]
    pub(super) span_id: Text<'a>,
}

/// A span inside of an object that says whether it began or ended.
#[derive(Deserialize)]
pub(super) struct Carried<'a> {
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) span: Option<Span<'a>>,
}

/// A request that holds log records.
#[derive(Deserialize)]
pub(super) struct LogRequest<'a> {
    #[serde(borrow, default, rename = "resourceLogs", alias = "resource_logs", deserialize_with = "json::objects")]
    pub(super) resources: Vec<ResourceLogs<'a>>,
}

/// The log records of one process.
#[derive(Deserialize)]
pub(super) struct ResourceLogs<'a> {
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) resource: Option<Resource<'a>>,
    #[serde(borrow, default, rename = "scopeLogs", alias = "scope_logs", deserialize_with = "json::objects")]
    pub(super) scopes: Vec<ScopeLogs<'a>>,
}

/// The log records of one library in it.
#[derive(Deserialize)]
pub(super) struct ScopeLogs<'a> {
    #[serde(borrow, default, rename = "logRecords", alias = "log_records", deserialize_with = "json::objects")]
    pub(super) records: Vec<LogRecord<'a>>,
}

/// One log record. Its body is content: it becomes no column.
#[derive(Deserialize)]
pub(super) struct LogRecord<'a> {
    #[serde(borrow, default, rename = "timeUnixNano", alias = "time_unix_nano", deserialize_with = "json::text")]
    pub(super) time: Text<'a>,
    #[serde(
        borrow,
        default,
        rename = "observedTimeUnixNano",
        alias = "observed_time_unix_nano",
        deserialize_with = "json::text"
    )]
    pub(super) observed: Text<'a>,
    #[serde(borrow, default, rename = "eventName", alias = "event_name", deserialize_with = "json::text")]
    pub(super) event_name: Text<'a>,
    #[serde(borrow, default, rename = "traceId", alias = "trace_id", deserialize_with = "json::text")]
    pub(super) trace_id: Text<'a>,
    #[serde(borrow, default, rename = "spanId", alias = "span_id", deserialize_with = "json::text")]
    pub(super) span_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) attributes: Attributes<'a>,
    #[serde(
        default,
        rename = "droppedAttributesCount",
        alias = "dropped_attributes_count",
        deserialize_with = "json::integer"
    )]
    pub(super) dropped: Option<i64>,
}

impl<'a> LogRecord<'a> {
    /// What it shares with a span: it was written within one, and has no end.
    pub(super) fn into_span(self, resource: Option<Resource<'a>>) -> Span<'a> {
        let told = |time: &Text<'a>| said(time).filter(|time| &**time != "0");
        Span {
            trace_id: self.trace_id,
            span_id: self.span_id,
            parent_id: None,
            context: None,
            name: self.event_name,
            kind: None,
            start: told(&self.time).or_else(|| told(&self.observed)),
            end: None,
            attributes: self.attributes,
            resource,
            status: SpanStatus::default(),
            dropped: self.dropped,
        }
    }
}

/// How a span ended: an object in OTLP, a word elsewhere.
#[derive(Default)]
pub(super) struct SpanStatus<'a> {
    pub(super) code: Text<'a>,
    pub(super) message: Text<'a>,
}

#[derive(Deserialize)]
struct StatusObject<'a> {
    #[serde(borrow, default, alias = "status_code", deserialize_with = "json::text")]
    code: Text<'a>,
    #[serde(borrow, default, alias = "description", deserialize_with = "json::text")]
    message: Text<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for SpanStatus<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&serde_json::value::RawValue>::deserialize(deserializer)?.get();
        if raw.starts_with('{') {
            let StatusObject { code, message } = serde_json::from_str(raw).map_err(serde::de::Error::custom)?;
            return Ok(SpanStatus { code, message });
        }
        let mut word = serde_json::Deserializer::from_str(raw);
        Ok(SpanStatus { code: json::text(&mut word).map_err(serde::de::Error::custom)?, message: None })
    }
}

/// A trace or span id in one spelling: hex in lower case, without the prefix that some exporters print.
pub(super) fn id<'a>(value: &Text<'a>) -> Text<'a> {
    let id = said(value)?;
    let bare = match id {
        Cow::Borrowed(text) => Cow::Borrowed(text.strip_prefix("0x").unwrap_or(text)),
        Cow::Owned(text) => Cow::Owned(text.strip_prefix("0x").map(str::to_owned).unwrap_or(text)),
    };
    if bare.bytes().all(|byte| byte == b'0') {
        return None;
    }
    let is_hex = bare.bytes().all(|byte| byte.is_ascii_hexdigit());
    Some(if is_hex && bare.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(bare.to_ascii_lowercase())
    } else {
        bare
    })
}
