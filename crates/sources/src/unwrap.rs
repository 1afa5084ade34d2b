//! Envelopes: transports that wrap a platform's record in an object of their own.
//!
//! An envelope is opened only if no module recognises the outer object, and only if one recognises
//! what is inside. So the list of keys below may be generous: a wrong guess changes nothing. A log record of OTLP is an
//! envelope and a record of its own: what a collector has read from a file is in there as its body. So is an event of
//! EventBridge. A line of text that a collector has put under `message` or its like counts as well, if a module recognises it.
//! A syslog header in front of a JSON object is one, too, as of devices that log JSON over syslog; that one is taken off
//! first, because what is left of it is a platform's own record.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserializer, Visitor};
use serde_json::value::RawValue;

use crate::{Probe, Reader, syslog};

/// How deep envelopes may be nested: a Pub/Sub push message inside its own object, SNS inside SQS.
pub(crate) const ENVELOPES_MAX: usize = 2;

/// Keys under which transports carry a record: an object, or a text that holds one.
const KEYS: [&str; 16] = [
    // EventBridge.
    "detail",
    // CloudWatch Logs, Filebeat, Logstash, Vector; Pub/Sub push, with `data` in it.
    "message",
    // CloudTrail `lookup-events`.
    "CloudTrailEvent",
    // SNS.
    "Message",
    // SQS, by API and as a Lambda function gets it.
    "Body",
    "body",
    // Splunk HTTP event collector; Elastic Common Schema, with `original` in it.
    "event",
    "original",
    // Elasticsearch documents.
    "_source",
    // Container runtimes and Fluent Bit.
    "log",
    // Pub/Sub and Kinesis: base64.
    "data",
    // Azure diagnostic settings around a log of something else, as AKS `kube-audit` with `log` in it.
    "properties",
    // A line of Loki beside its labels, as our receiver seals it.
    "line",
    // Fluent forward, as our receiver writes it.
    "record",
    // Microsoft 365: search of the unified audit log, by cmdlet and by the Graph API.
    "AuditData",
    "auditData",
];

/// Keys under which collectors carry a line of text.
const LINES: [&str; 5] = ["message", "log", "line", "event", "MESSAGE"];

/// Buffers for records that had to be unescaped.
pub(crate) type Buffers = [String; ENVELOPES_MAX];

/// The record inside of `text`, recognised, and what reads it; `None` if nothing is.
pub(crate) fn find<'a, 'm>(
    text: &'a str,
    recognise: impl Fn(&str) -> Option<Reader<'m>>,
    buffers: &'a mut Buffers,
) -> Option<(&'a str, Reader<'m>)> {
    if let Some(inside) = syslog::object(text)
        && let Some(module) = recognise(inside)
    {
        return Some((inside, module));
    }
    let mut text = text;
    if let Some(module) = recognise(text) {
        let [buffer, second] = buffers;
        let is_event = module.carries_others();
        let inside = if is_event { carried(text) } else { log_body(text) };
        let Some(inside) = inside.and_then(|inside| open(inside, buffer)) else { return Some((text, module)) };
        if let Some(found) = recognise(inside) {
            return Some((inside, found));
        }
        // Partners of EventBridge put their record into an object of its own.
        let deeper = Some(inside).filter(|_| is_event).and_then(carried).and_then(|inside| open(inside, second));
        let found = deeper.and_then(|inside| Some((inside, recognise(inside)?)));
        return Some(found.unwrap_or((text, module)));
    }
    for buffer in buffers {
        if let Some((line, module)) = line(text, &recognise) {
            buffer.clear();
            buffer.push_str(&line);
            return Some((buffer, module));
        }
        text = open(carried(text)?, buffer)?;
        if let Some(module) = recognise(text) {
            return Some((text, module));
        }
    }
    None
}

/// A line of text that a collector has put into an object of its own, as Filebeat and container runtimes do; and the
/// object behind such a line's header of syslog.
fn line<'m>(text: &str, recognise: impl Fn(&str) -> Option<Reader<'m>>) -> Option<(String, Reader<'m>)> {
    let probe = Probe::new(text);
    let mut texts = LINES.iter().filter_map(|key| probe.raw(key));
    let value = texts.find(|value| value.starts_with('"') && !value.starts_with("\"{"))?;
    let mut line = String::new();
    serde_json::Deserializer::from_str(value).deserialize_str(Into(&mut line)).ok()?;
    let line = line.trim();
    if let Some(inside) = syslog::object(line)
        && let Some(module) = recognise(inside)
    {
        return Some((inside.to_owned(), module));
    }
    recognise(line).map(|module| (line.to_owned(), module))
}

/// The value that may carry a record, as JSON.
fn carried(text: &str) -> Option<&str> {
    let probe = Probe::new(text);
    KEYS.iter().filter_map(|key| probe.raw(key)).find(|value| {
        let inside = value.strip_prefix('"').map_or(*value, str::trim_start);
        // `eyJ` is how the base64 of an object with a key begins.
        ["{", "\\n{", "\\t{", "eyJ", "ewo"].iter().any(|start| inside.starts_with(start))
    })
}

/// The body of the only log record in an export request of OTLP, if it is a text that may hold a record, as JSON.
fn log_body(text: &str) -> Option<&str> {
    if !["\"logRecords\"", "\"log_records\""].iter().any(|mark| text.contains(mark)) {
        return None;
    }
    let mut inner = text;
    for names in [["resourceLogs", "resource_logs"], ["scopeLogs", "scope_logs"], ["logRecords", "log_records"]] {
        let probe = Probe::new(inner);
        let list = names.iter().find_map(|name| probe.raw(name))?;
        let (only,) = serde_json::from_str::<(&RawValue,)>(list).ok()?;
        inner = only.get();
    }
    let body = Probe::new(inner).raw("body")?;
    let body = Probe::new(body);
    let text = ["stringValue", "string_value"].iter().find_map(|name| body.raw(name))?;
    text.strip_prefix('"')?.trim_start().starts_with('{').then_some(text)
}

fn open<'a>(value: &'a str, buffer: &'a mut String) -> Option<&'a str> {
    if value.starts_with('{') {
        return Some(value);
    }
    buffer.clear();
    serde_json::Deserializer::from_str(value).deserialize_str(Into(buffer)).ok()?;
    if !buffer.trim_start().starts_with('{') {
        let decoded = STANDARD.decode(buffer.as_bytes()).ok()?;
        buffer.clear();
        buffer.push_str(std::str::from_utf8(&decoded).ok()?);
    }
    Some(buffer.trim())
}

/// Puts a JSON string, unescaped, into a buffer that is used again.
struct Into<'a>(&'a mut String);

impl Visitor<'_> for Into<'_> {
    type Value = ();
    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a text")
    }
    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.0.push_str(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
