//! Loki's push API (Grafana Loki HTTP API, *Ingest logs*): JSON, and protobuf in Snappy (`logproto.PushRequest`).
//!
//! A line is a record together with what Loki keeps beside it: `{"labels":..,"ts":"..","line":"..","structuredMetadata":..}`,
//! the time in nanoseconds. Labels and time stand nowhere in the line, and a line that is JSON need not name its host
//! or its cluster; so no line is sealed alone. The line is a text in there, to the byte, and a record of a platform is
//! found inside of it when it is normalised.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::OwnedSemaphorePermit;

use crate::access::Scope;
use crate::app::{App, blocking, parcel};
use crate::problem::Problem;
use crate::receive::records::{DECODED_BYTES_MAX, Members, Records, Wrong, elements, gunzip, is_gzip, text};
use crate::receive::source_of;
use crate::receive::wire::{Fields, Value};

#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    source: Option<String>,
}

/// `POST /loki/api/v1/push`. Senders of Loki show the text of an answer, whatever it is.
pub(crate) async fn push(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let token = app.admitted(&headers, Scope::RecordsWrite)?;
    let told = headers.get("x-deedbook-source").and_then(|source| source.to_str().ok());
    let source = source_of(&token, asked.source.as_deref().or(told), "loki")?;
    let content = headers.get(header::CONTENT_TYPE).and_then(|content| content.to_str().ok()).unwrap_or_default();
    let is_json = match content.split(';').next().unwrap_or_default().trim() {
        "application/json" => true,
        // Loki's own default.
        "application/x-protobuf" | "" => false,
        _ => return Err(Problem::content_unsupported("application/json or application/x-protobuf")),
    };
    let is_gzip = match headers.get(header::CONTENT_ENCODING).map(axum::http::HeaderValue::as_bytes) {
        Some(b"snappy") if !is_json => false,
        _ => is_gzip(&headers, &header::CONTENT_ENCODING)?,
    };
    let (body, _permit) = app.body(&headers, body).await?;
    let room = Arc::clone(&app);
    let work = move || {
        let (body, room) = match (is_json, is_gzip) {
            (_, true) => gunzip(&room, &body)?,
            (true, false) => (body, room.room(0)?),
            (false, false) => unsnap(&room, &body)?,
        };
        let records = if is_json { json(&body)? } else { protobuf(&body)? };
        Ok::<_, Problem>((records, room))
    };
    let (records, _room) = blocking(work).await??;
    if !records.is_empty() {
        let (body, cut) = records.into_cut();
        app.seal(parcel(source, "/loki/api/v1/push", None, body, cut)).await?;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Decodes a block of Snappy, which begins with the length of its content.
fn unsnap(app: &App, body: &[u8]) -> Result<(Bytes, OwnedSemaphorePermit), Problem> {
    let damaged = |error: snap::Error| Problem::damaged(format!("the Snappy of the body: {error}"));
    let length = snap::raw::decompress_len(body).map_err(damaged)?;
    if length > DECODED_BYTES_MAX {
        return Err(Wrong::BodyTooLong.into());
    }
    let permit = app.room(2 * length)?;
    let decoded = snap::raw::Decoder::new().decompress_vec(body).map_err(damaged)?;
    Ok((decoded.into(), permit))
}

/// The lines of a push in JSON: `{"streams":[{"stream":{..},"values":[["<ns>","<line>",{..}]]}]}`.
pub(crate) fn json(body: &[u8]) -> Result<Records, Wrong> {
    let body = std::str::from_utf8(body).map_err(|error| Wrong::Shape(format!("the body is not UTF-8: {error}")))?;
    let missing =
        |what: &str| Wrong::Shape(format!("a push has `streams`, each with `stream` and `values`: no `{what}`"));
    let mut records = Records::default();
    let push = Members::read(body)?;
    elements(push.get("streams").ok_or_else(|| missing("streams"))?, &mut |stream| {
        let stream = Members::read(stream.get())?;
        let labels = stream.get("stream").ok_or_else(|| missing("stream"))?.get();
        if !labels.starts_with('{') {
            return Err(Wrong::Shape("`stream` is an object of labels".to_owned()));
        }
        elements(stream.get("values").ok_or_else(|| missing("values"))?, &mut |entry| {
            let (ts, line, metadata) = entry_of(entry)?;
            let metadata = metadata.map(|metadata| [",", "\"structuredMetadata\":", metadata].concat());
            let metadata = metadata.unwrap_or_default();
            let parts = ["{\"labels\":", labels, ",\"ts\":", ts, ",\"line\":", line, &metadata, "}"];
            records.push(&parts.map(str::as_bytes))
        })
    })?;
    Ok(records)
}

/// Time, line and metadata of one entry, as they came.
fn entry_of(entry: &RawValue) -> Result<(&str, &str, Option<&str>), Wrong> {
    let wrong =
        || Wrong::Shape("a value is [\"<nanoseconds>\", \"<line>\"], with an object of metadata or without".to_owned());
    type Two<'a> = (&'a RawValue, &'a RawValue);
    type Three<'a> = (&'a RawValue, &'a RawValue, &'a RawValue);
    let (ts, line, metadata) = match serde_json::from_str::<Two<'_>>(entry.get()) {
        Ok((ts, line)) => (ts.get(), line.get(), None),
        Err(_) => {
            let (ts, line, metadata) = serde_json::from_str::<Three<'_>>(entry.get()).map_err(|_| wrong())?;
            (ts.get(), line.get(), Some(metadata.get()))
        }
    };
    let is_number = ts.trim_matches('"').bytes().all(|byte| byte.is_ascii_digit());
    if !ts.starts_with('"') || !is_number || !line.starts_with('"') || metadata.is_some_and(|it| !it.starts_with('{')) {
        return Err(wrong());
    }
    Ok((ts, line, metadata))
}

/// The lines of a push in protobuf: `PushRequest{streams = 1}`, `StreamAdapter{labels = 1, entries = 2, hash = 3}`,
/// `EntryAdapter{timestamp = 1, line = 2, structuredMetadata = 3}`.
pub(crate) fn protobuf(body: &[u8]) -> Result<Records, Wrong> {
    let mut records = Records::default();
    let (mut labels, mut rest) = (Vec::new(), Vec::new());
    for stream in each(body, 1) {
        let stream = stream?;
        labels.clear();
        labels.extend_from_slice(b"{\"labels\":");
        match each(stream, 1).last().transpose()? {
            Some(selector) => write_labels(utf8(selector)?, &mut labels),
            None => labels.extend_from_slice(b"{}"),
        }
        for entry in each(stream, 2) {
            rest.clear();
            write_entry(entry?, &mut rest)?;
            records.push(&[&labels, &rest])?;
        }
    }
    Ok(records)
}

fn write_entry(entry: &[u8], out: &mut Vec<u8>) -> Result<(), Wrong> {
    out.extend_from_slice(b",\"ts\":\"");
    out.extend_from_slice(nanoseconds(each(entry, 1).last().transpose()?.unwrap_or_default())?.to_string().as_bytes());
    out.extend_from_slice(b"\",\"line\":");
    text(out, utf8(each(entry, 2).last().transpose()?.unwrap_or_default())?);
    let mut opening: &[u8] = b",\"structuredMetadata\":{";
    let mut is_any = false;
    for pair in each(entry, 3) {
        let pair = pair?;
        out.extend_from_slice(opening);
        text(out, utf8(each(pair, 1).last().transpose()?.unwrap_or_default())?);
        out.push(b':');
        text(out, utf8(each(pair, 2).last().transpose()?.unwrap_or_default())?);
        (opening, is_any) = (b",", true);
    }
    out.extend_from_slice(if is_any { b"}}" } else { b"}" });
    Ok(())
}

/// `google.protobuf.Timestamp` as one number.
fn nanoseconds(timestamp: &[u8]) -> Result<i128, Wrong> {
    let (mut seconds, mut nanos) = (0_i64, 0_i64);
    for field in Fields::new(timestamp) {
        let field = field?;
        match (field.number, field.value) {
            (1, Value::Varint(bits)) => seconds = bits.cast_signed(),
            (2, Value::Varint(bits)) => nanos = bits.cast_signed(),
            _ => {}
        }
    }
    Ok(i128::from(seconds) * 1_000_000_000 + i128::from(nanos))
}

/// The messages and texts of one number in a message.
fn each(message: &[u8], number: u32) -> impl Iterator<Item = Result<&[u8], Wrong>> {
    let fields = Fields::new(message).filter(move |field| field.as_ref().map_or(true, |field| field.number == number));
    fields.map(|field| match field?.value {
        Value::Bytes(bytes) => Ok(bytes),
        _ => Err(Wrong::Shape("a field of the push has another type on the wire".to_owned())),
    })
}

fn utf8(bytes: &[u8]) -> Result<&str, Wrong> {
    std::str::from_utf8(bytes).map_err(|_| Wrong::Shape("a text of the push is not UTF-8".to_owned()))
}

/// Labels, `{app="pay", host="a"}`, as an object; those that are not written so stay a text.
fn write_labels(selector: &str, out: &mut Vec<u8>) {
    let before = out.len();
    if labels(selector, out).is_none() {
        out.truncate(before);
        text(out, selector);
    }
}

fn labels(selector: &str, out: &mut Vec<u8>) -> Option<()> {
    let mut rest = selector.trim().strip_prefix('{')?.trim_start();
    out.push(b'{');
    let mut names = std::collections::BTreeSet::new();
    while !rest.starts_with('}') {
        let (name, value) = rest.split_once('=')?;
        // The name twice has no place in an object.
        if !names.insert(name.trim_end()) {
            return None;
        }
        if names.len() > 1 {
            out.push(b',');
        }
        text(out, name.trim_end());
        out.push(b':');
        let (value, behind) = quoted(value.trim_start())?;
        text(out, &value);
        rest = behind.trim_start();
        match rest.strip_prefix(',') {
            Some(next) => rest = next.trim_start(),
            None if !rest.starts_with('}') => return None,
            None => {}
        }
    }
    out.push(b'}');
    (rest == "}").then_some(())
}

/// A text as Go quotes it, and what is behind it.
fn quoted(literal: &str) -> Option<(String, &str)> {
    let mut chars = literal.strip_prefix('"')?.chars();
    let mut value = String::new();
    loop {
        let c = match chars.next()? {
            '"' => return Some((value, chars.as_str())),
            '\\' => match chars.next()? {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'a' => '\u{7}',
                'b' => '\u{8}',
                'f' => '\u{c}',
                'v' => '\u{b}',
                'x' => code(&mut chars, 2).filter(char::is_ascii)?,
                'u' => code(&mut chars, 4)?,
                'U' => code(&mut chars, 8)?,
                c @ ('"' | '\\') => c,
                _ => return None,
            },
            c => c,
        };
        value.push(c);
    }
}

fn code(chars: &mut std::str::Chars<'_>, digits: usize) -> Option<char> {
    let hex = chars.as_str().get(..digits)?;
    let value = u32::from_str_radix(hex, 16).ok().filter(|_| !hex.starts_with('+'))?;
    *chars = chars.as_str().get(digits..)?.chars();
    char::from_u32(value)
}
