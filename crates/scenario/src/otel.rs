//! Spans of AI agents as OTLP/JSON, after the OpenTelemetry protocol and its GenAI conventions.

use crate::put;

/// One span.
#[derive(Clone, Copy, Debug)]
pub struct Span<'a> {
    /// 32 hex digits.
    pub trace: &'a str,
    /// 16 hex digits.
    pub id: &'a str,
    /// 16 hex digits; empty at the root.
    pub parent: &'a str,
    /// As in `invoke_agent billing-agent`.
    pub name: &'a str,
    /// 1 internal, 3 client.
    pub kind: u8,
    /// Nanoseconds since 1970.
    pub begins: i64,
    /// Nanoseconds since 1970.
    pub ends: i64,
    /// Keys and texts.
    pub attributes: &'a [(&'a str, &'a str)],
    /// What went wrong; empty for nothing.
    pub error: &'a str,
}

/// Spans of one resource as one export request, a line of JSON.
pub fn export(resource: &[(&str, &str)], spans: &[Span<'_>]) -> String {
    let mut out = String::with_capacity(1_024);
    out.push_str(r#"{"resourceSpans":[{"resource":{"attributes":"#);
    attributes(&mut out, resource);
    out.push_str(
        r#"},"scopeSpans":[{"scope":{"name":"opentelemetry.instrumentation.genai","version":"2.1"},"spans":["#,
    );
    for (n, span) in spans.iter().enumerate() {
        let Span { trace, id, parent, name, kind, begins, ends, error, .. } = *span;
        let comma = if n > 0 { "," } else { "" };
        put(
            &mut out,
            format_args!(
                r#"{comma}{{"traceId":"{trace}","spanId":"{id}","parentSpanId":"{parent}","name":"{name}","kind":{kind},"startTimeUnixNano":"{begins}","endTimeUnixNano":"{ends}","attributes":"#
            ),
        );
        attributes(&mut out, span.attributes);
        match error {
            "" => out.push_str(r#","status":{}}"#),
            error => put(&mut out, format_args!(r#","status":{{"code":2,"message":"{error}"}}}}"#)),
        }
    }
    out.push_str("]}]}]}");
    out
}

fn attributes(out: &mut String, attributes: &[(&str, &str)]) {
    out.push('[');
    for (n, (key, value)) in attributes.iter().enumerate() {
        let comma = if n > 0 { "," } else { "" };
        put(out, format_args!(r#"{comma}{{"key":"{key}","value":{{"stringValue":"{value}"}}}}"#));
    }
    out.push(']');
}
