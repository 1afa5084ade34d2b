//! CloudEvents 1.0 over HTTP (CloudEvents specification, *HTTP Protocol Binding* and *JSON Event Format*): structured,
//! batched, and binary, which becomes the structured form.
//!
//! `source` and `id` together are the identity of an event: for one that comes alone they are the sender's key, so that
//! it may be sent again.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use collect::Cut;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::access::Scope;
use crate::app::{App, blocking, parcel};
use crate::problem::Problem;
use crate::receive::records::{Members, Wrong, elements, gunzip, is_gzip};
use crate::receive::source_of;

/// Longest key that is kept as it is.
const KEY_BYTES_MAX: usize = 255;

#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    source: Option<String>,
}

/// How events are in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The body is an event.
    Structured,
    /// The body is a list of events.
    Batched,
    /// The attributes are headers, the body is the data.
    Binary {
        /// Attributes by name.
        attributes: BTreeMap<String, String>,
    },
}

/// Events of a request: the bytes to seal, where the records are in them, and the key of a single one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Events {
    pub(crate) body: Bytes,
    pub(crate) at: Vec<Range<usize>>,
    pub(crate) key: Option<String>,
}

/// `POST /v1/cloudevents`.
pub(crate) async fn deliver(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let token = app.admitted(&headers, Scope::RecordsWrite)?;
    let told = headers.get("x-deedbook-source").and_then(|source| source.to_str().ok());
    let source = source_of(&token, asked.source.as_deref().or(told), "cloudevents")?;
    let mode = mode(&headers)?;
    let is_gzip = is_gzip(&headers, &header::CONTENT_ENCODING)?;
    let (body, _permit) = app.body(&headers, body).await?;
    let room = Arc::clone(&app);
    let work = move || {
        let (body, room) = if is_gzip { gunzip(&room, &body)? } else { (body, room.room(0)?) };
        Ok::<_, Problem>((events(&mode, body)?, room))
    };
    let (events, _room) = blocking(work).await??;
    let Events { body, at, key } = events;
    if at.is_empty() {
        return Ok(Json(json!({ "event_ids": [], "already_known": 0 })));
    }
    let sealed = app.seal(parcel(source, "/v1/cloudevents", key, body, Cut::At(at.into()))).await?;
    let ids: Vec<String> = sealed.records.iter().map(|receipt| format!("{}-{}", app.log, receipt.index.0)).collect();
    Ok(Json(json!({ "event_ids": ids, "already_known": sealed.already_known })))
}

/// The mode, by the content type (*HTTP Protocol Binding*, section 3).
fn mode(headers: &HeaderMap) -> Result<Mode, Problem> {
    let content = headers.get(header::CONTENT_TYPE).map_or(Ok(""), |value| value.to_str());
    let content = content.map_err(|_| Problem::invalid("`Content-Type` is no text"))?;
    match content.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/cloudevents+json" => return Ok(Mode::Structured),
        "application/cloudevents-batch+json" => return Ok(Mode::Batched),
        other if other.starts_with("application/cloudevents") => {
            return Err(Problem::content_unsupported("application/cloudevents+json or -batch+json"));
        }
        _ => {}
    }
    let mut attributes = BTreeMap::new();
    for (name, value) in headers {
        let Some(name) = name.as_str().strip_prefix("ce-") else { continue };
        let is_plain = !name.is_empty() && name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let value = value.to_str().ok().and_then(unescaped);
        let (true, Some(value)) = (is_plain && !matches!(name, "data" | "datacontenttype"), value) else {
            return Err(Problem::invalid(format!(
                "header `ce-{name}` is no attribute: letters and digits, percent-encoded"
            )));
        };
        if attributes.insert(name.to_owned(), value).is_some() {
            return Err(Problem::invalid(format!("header `ce-{name}` is there twice")));
        }
    }
    if attributes.is_empty() {
        return Err(Problem::content_unsupported("application/cloudevents+json, -batch+json, or headers `ce-*`"));
    }
    if !content.is_empty() {
        attributes.insert("datacontenttype".to_owned(), content.to_owned());
    }
    Ok(Mode::Binary { attributes })
}

/// A value of a header, which is percent-encoded (*HTTP Protocol Binding*, section 3.1.3.2).
fn unescaped(value: &str) -> Option<String> {
    // The decoder leaves a `%` that encodes nothing as it is.
    let is_encoded = |part: &str| part.get(..2).is_some_and(|hex| hex.bytes().all(|digit| digit.is_ascii_hexdigit()));
    let is_whole = value.split('%').skip(1).all(is_encoded);
    is_whole.then(|| percent_decode_str(value).decode_utf8().ok().map(Cow::into_owned))?
}

/// Checks the events of a request.
///
/// # Errors
/// When one of them is no event: none is taken then.
pub(crate) fn events(mode: &Mode, body: Bytes) -> Result<Events, Wrong> {
    let body = match mode {
        Mode::Binary { attributes } => structured(attributes, &body),
        _ => body,
    };
    let content =
        std::str::from_utf8(&body).map_err(|error| Wrong::Shape(format!("the body is not UTF-8: {error}")))?;
    let (mut at, mut key) = (Vec::new(), None);
    match mode {
        Mode::Structured | Mode::Binary { .. } => {
            key = Some(identity(content)?);
            at.push(0..content.len());
        }
        Mode::Batched => {
            let whole: &RawValue = serde_json::from_str(content)?;
            elements(whole, &mut |event| {
                identity(event.get())?;
                // Where it lies in the body: what is around it stays there.
                let start = event.get().as_ptr().addr().saturating_sub(content.as_ptr().addr());
                at.push(start..start + event.get().len());
                Ok(())
            })?;
        }
    }
    Ok(Events { body, at, key })
}

/// `source` and `id` of an event that has all it must have (*CloudEvents*, section *Required attributes*).
fn identity(event: &str) -> Result<String, Wrong> {
    let members = Members::read(event)?;
    let required = |name: &str| {
        let value = members.get(name).and_then(|value| serde_json::from_str::<String>(value.get()).ok());
        value.filter(|value| !value.is_empty()).ok_or_else(|| Wrong::Shape(format!("an event has a text `{name}`")))
    };
    let (id, source) = (required("id")?, required("source")?);
    required("type")?;
    match required("specversion")?.as_str() {
        "1.0" => {}
        other => {
            let shown: String = other.chars().take(20).collect();
            return Err(Wrong::Shape(format!("`specversion` is `{shown}`, 1.0 is known here")));
        }
    }
    let key = json!([source, id]).to_string();
    // A long one is as good by its hash.
    Ok(if key.len() <= KEY_BYTES_MAX { key } else { model::hex(&<[u8; 32]>::from(Sha256::digest(key.as_bytes()))) })
}

/// The structured form of an event in binary mode (*JSON Event Format*, section 3).
fn structured(attributes: &BTreeMap<String, String>, data: &[u8]) -> Bytes {
    let said = attributes.get("datacontenttype").map(|content| content.split(';').next().unwrap_or_default().trim());
    // Where nothing is said of it, data is JSON (*JSON Event Format*, section 3.1), if it can be.
    let is_json = said.is_none_or(|said| said.ends_with("/json") || said.ends_with("+json"));
    let value = is_json.then(|| serde_json::from_slice::<&RawValue>(data).ok()).flatten();
    let mut out = serde_json::to_vec(attributes).unwrap_or_default();
    // The closing brace: the data stands before it.
    out.pop();
    match value {
        _ if data.is_empty() => {}
        Some(value) => out.extend_from_slice(format!(",\"data\":{}", value.get()).as_bytes()),
        None => out.extend_from_slice(format!(",\"data_base64\":\"{}\"", STANDARD.encode(data)).as_bytes()),
    }
    out.push(b'}');
    out.into()
}
