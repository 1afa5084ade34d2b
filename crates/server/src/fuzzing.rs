//! The readers of foreign bytes alone, for tests and fuzz targets: bytes in, records out.

use std::ops::Range;

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::receive::cloudevents::{Mode, events};
use crate::receive::loki;
use crate::receive::otlp::{Form, Signal, cut};
use crate::receive::records::Records;

/// What a body comes to: its records, or why there are none.
pub type Read = Result<Vec<Vec<u8>>, String>;

fn each(records: &Records) -> Vec<Vec<u8>> {
    records.iter().map(<[u8]>::to_vec).collect()
}

/// An export request of OTLP in protobuf: the records, and how many log records or spans were refused.
///
/// # Errors
/// With the reason, if none of it can be taken.
pub fn otlp_protobuf(is_logs: bool, body: &[u8]) -> Result<(Vec<Vec<u8>>, u64), String> {
    otlp(is_logs, Form::Protobuf, body)
}

/// The same in JSON.
///
/// # Errors
/// As there.
pub fn otlp_json(is_logs: bool, body: &[u8]) -> Result<(Vec<Vec<u8>>, u64), String> {
    otlp(is_logs, Form::Json, body)
}

fn otlp(is_logs: bool, form: Form, body: &[u8]) -> Result<(Vec<Vec<u8>>, u64), String> {
    let signal = if is_logs { Signal::Logs } else { Signal::Traces };
    let taken = cut(signal, form, body).map_err(|wrong| wrong.to_string())?;
    Ok((each(&taken.records), taken.refused))
}

/// A push of Loki in protobuf, out of its Snappy.
///
/// # Errors
/// With the reason, if it is none.
pub fn loki_protobuf(body: &[u8]) -> Read {
    loki::protobuf(body).map(|records| each(&records)).map_err(|wrong| wrong.to_string())
}

/// A push of Loki in JSON.
///
/// # Errors
/// As there.
pub fn loki_json(body: &[u8]) -> Read {
    loki::json(body).map(|records| each(&records)).map_err(|wrong| wrong.to_string())
}

/// One CloudEvent in JSON, or a list of them.
///
/// # Errors
/// With the reason, if one of them is none.
pub fn cloudevents(is_list: bool, body: &[u8]) -> Read {
    let mode = if is_list { Mode::Batched } else { Mode::Structured };
    let events = events(&mode, Bytes::copy_from_slice(body)).map_err(|wrong| wrong.to_string())?;
    Ok(events.at.iter().map(|at| events.body.get(at.clone()).unwrap_or_default().to_vec()).collect())
}

/// The messages of syslog in a stream that comes in chunks, each cut to so many bytes.
pub fn syslog_messages(chunks: &[&[u8]], limit: usize) -> Vec<Vec<u8>> {
    crate::receive::syslog::messages(chunks, limit)
}

/// The records of a message of Fluent, if it is one, of at most so many bytes.
pub fn fluent_records(message: &[u8], limit: usize) -> Option<Vec<Vec<u8>>> {
    crate::receive::fluent::records(message, limit)
}

/// The lines of a stream that comes in chunks, each with its true length; of one over the limit the beginning.
pub fn lines(chunks: &[&[u8]], limit: usize) -> Vec<(Vec<u8>, u64)> {
    crate::receive::lines::records(chunks, limit)
}

/// Where the documents of a `_bulk` body are, one place for each action; none for an action without one.
///
/// # Errors
/// With the reason, if a line is no action.
pub fn bulk(body: &[u8]) -> Result<Vec<Option<Range<usize>>>, String> {
    crate::receive::bulk::documents(body).map_err(|problem| problem.detail)
}

/// Where the events of a body of the HTTP event collector are, as objects or as lines.
///
/// # Errors
/// With the number of the first that is none.
pub fn hec(is_raw: bool, body: &[u8]) -> Result<Vec<Range<usize>>, usize> {
    crate::receive::hec::events(is_raw, body)
}

/// Where the events of a delivery of Okta are; none if it is none.
pub fn okta(body: &[u8]) -> Option<Vec<Range<usize>>> {
    crate::receive::webhook::okta_events(body)
}

/// The objects, bucket and key, that a message of a queue says are new.
pub fn sqs(body: &str) -> Vec<(String, String)> {
    match crate::pull::sqs::told_by(body) {
        crate::pull::sqs::Told::New(objects) => objects,
        _ => Vec::new(),
    }
}

/// What a token of a caller claims; none if it is no token.
pub fn token(text: &str) -> Option<model::Caller> {
    crate::caller::claimed(text)
}

/// A resource of SCIM after a request that changes it.
///
/// # Errors
/// With the reason, if it cannot be done.
pub fn scim_changed(resource: &Map<String, Value>, body: &[u8]) -> Result<Map<String, Value>, String> {
    crate::receive::scim::changed(resource, body)
}

/// Whether a filter of SCIM finds a resource; none if it is no filter.
pub fn scim_finds(resource: &Map<String, Value>, filter: &str) -> Option<bool> {
    crate::receive::scim::finds(resource, filter)
}
