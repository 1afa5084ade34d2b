//! Signed webhooks: GitHub's `X-Hub-Signature-256`, Standard Webhooks, and event hooks of Okta.
//!
//! The signature stands in for a token: it is checked over the bytes as they came, before anything else is done with
//! them, with the secret that the operator has for this source. What is signed is the key of a delivery, so one that
//! is sent again, by the platform or by somebody who recorded it, adds nothing. GitHub signs the body and not the
//! id beside it: there the signature itself is the key.
//!
//! Okta signs nothing: its secret is the value of `Authorization`, so whoever reads a delivery can make another. Such a
//! secret is taken for a hook that is set to `okta` alone.

use std::ops::Range;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use collect::Cut;
use model::Millis;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::native::KEY_BYTES_MAX;
use crate::app::{App, parcel};
use crate::config::{Signature, Webhook};
use crate::problem::Problem;
use crate::signature;

/// How far the time of a signed delivery may lie from ours, seconds (Standard Webhooks, *Verifying webhook authenticity*).
const AGE_S_MAX: u64 = 300;

/// Longest challenge that is answered.
const CHALLENGE_BYTES_MAX: usize = 1 << 10;

/// `POST /v1/webhooks/<source>`.
pub(crate) async fn deliver(
    State(app): State<Arc<App>>,
    Path(source): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let delivered = take(&app, source, &headers, body).await;
    if delivered.as_ref().is_err_and(|problem| problem.status == StatusCode::UNAUTHORIZED) {
        app.metrics.refused_unauthorized();
    }
    delivered
}

async fn take(app: &Arc<App>, source: String, headers: &HeaderMap, body: Body) -> Result<Json<Value>, Problem> {
    let webhook = app.config.webhook.iter().find(|webhook| webhook.source == source);
    let secret = webhook.and_then(|webhook| Some((app.secret(&webhook.secret)?, webhook.kind)));
    // One answer for an unknown source and a wrong signature: who has no secret learns nothing, nor has a body read.
    let wrong = || Problem::signature(format!("no valid signature for source `{source}`"));
    let (secret, kind) = secret.ok_or_else(wrong)?;
    if kind == Some(Signature::Okta) && !is_okta(headers, secret) {
        return Err(wrong());
    }
    let (body, _permit) = app.body(headers, body).await?;
    let now = (app.clock)();
    let checked = match kind {
        Some(Signature::Github) => github(headers, &body, secret),
        Some(Signature::Standard) => standard(headers, &body, secret, now),
        Some(Signature::Okta) => Some(Signed::Right { key: okta_key(&body) }),
        None => github(headers, &body, secret).or_else(|| standard(headers, &body, secret, now)),
    };
    let Some(checked) = checked else {
        return Err(Problem::signature(
            "no signature: `X-Hub-Signature-256`, or `webhook-signature` with id and timestamp",
        ));
    };
    let key = match checked {
        Signed::Right { key } => key,
        Signed::Wrong => return Err(wrong()),
        Signed::Stale => return Err(Problem::signature(format!("signed more than {AGE_S_MAX} s away from now"))),
    };
    let events = if kind == Some(Signature::Okta) { okta_events(&body) } else { None };
    let cut = events.map_or(Cut::Whole, |events| Cut::At(events.into()));
    let sealed = app.seal(parcel(source, "/v1/webhooks", Some(key), body, cut)).await?;
    let ids: Vec<String> = sealed.records.iter().map(|receipt| format!("{}-{}", app.log, receipt.index.0)).collect();
    Ok(Json(json!({ "event_ids": ids, "already_known": sealed.already_known })))
}

/// `GET /v1/webhooks/<source>`: Okta asks once whether the hook is wanted (developer.okta.com, *Event hooks*, *One-time
/// verification request*).
pub(crate) async fn challenge(
    State(app): State<Arc<App>>,
    Path(source): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let is_okta = |webhook: &Webhook| webhook.source == source && webhook.kind == Some(Signature::Okta);
    let told = headers.get("x-okta-verification-challenge").and_then(|value| value.to_str().ok());
    match told.filter(|told| (1..=CHALLENGE_BYTES_MAX).contains(&told.len())) {
        Some(told) if app.config.webhook.iter().any(is_okta) => Ok(Json(json!({ "verification": told }))),
        _ => Err(Problem::not_found("no challenge of Okta, or no hook of Okta for this source")),
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Signed {
    Right { key: String },
    Wrong,
    Stale,
}

/// GitHub: HMAC-SHA-256 over the body, hex, and beside it the delivery's GUID, which is not signed.
fn github(headers: &HeaderMap, body: &[u8], secret: &str) -> Option<Signed> {
    let told = headers.get("x-hub-signature-256")?.to_str().ok()?;
    let tag = told.strip_prefix("sha256=").and_then(model::unhex::<32>);
    let has_id = headers.get("x-github-delivery").is_some_and(|id| !id.is_empty());
    let (Some(tag), true) = (tag, has_id) else { return Some(Signed::Wrong) };
    let right = signature::is_right(secret.as_bytes(), &[body], &tag);
    Some(if right { Signed::Right { key: model::hex(&tag) } } else { Signed::Wrong })
}

/// Standard Webhooks: HMAC-SHA-256 over `id.timestamp.body`, base64, one of several signatures.
fn standard(headers: &HeaderMap, body: &[u8], secret: &str, now: Millis) -> Option<Signed> {
    let told = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (id, time, signatures) = (told("webhook-id")?, told("webhook-timestamp")?, told("webhook-signature")?);
    let (Some(key), Ok(seconds)) = (signature::standard_key(secret), time.parse::<u64>()) else {
        return Some(Signed::Wrong);
    };
    let right = signature::Standard { id, timestamp: time, body }.is_signed(&key, signatures);
    Some(match right {
        false => Signed::Wrong,
        true if seconds.abs_diff(now.0 / 1_000) > AGE_S_MAX => Signed::Stale,
        true => Signed::Right { key: id.to_owned() },
    })
}

/// Whether the delivery shows the secret of the hook (developer.okta.com, *Event hooks*, *Security*), in constant time.
fn is_okta(headers: &HeaderMap, secret: &str) -> bool {
    headers.get(AUTHORIZATION).is_some_and(|shown| signature::is_same(shown.as_bytes(), secret.as_bytes()))
}

/// A delivery of an event hook, as far as it is looked into.
#[derive(Deserialize)]
struct Hook<'a> {
    #[serde(rename = "eventId")]
    id: Option<String>,
    #[serde(borrow)]
    data: Option<Data<'a>>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    events: Option<Vec<&'a RawValue>>,
}

/// The key of a delivery: its id, else what it holds.
fn okta_key(body: &[u8]) -> String {
    let id = serde_json::from_slice::<Hook<'_>>(body).ok().and_then(|hook| hook.id);
    let id = id.filter(|id| (1..=KEY_BYTES_MAX).contains(&id.len()));
    id.unwrap_or_else(|| format!("sha256:{}", model::hex(&<[u8; 32]>::from(Sha256::digest(body)))))
}

/// Where the events of a delivery are: objects of the System Log. None if it is something else, which is a record then.
pub(crate) fn okta_events(body: &[u8]) -> Option<Vec<Range<usize>>> {
    let hook: Hook<'_> = serde_json::from_slice(body).ok()?;
    let begin = body.as_ptr().addr();
    let place = |event: &&RawValue| {
        // It borrows from the body, so its address says where it is.
        let at = event.get().as_ptr().addr().checked_sub(begin)?;
        Some(at..at + event.get().len())
    };
    let events: Vec<Range<usize>> = hook.data?.events?.iter().map(place).collect::<Option<_>>()?;
    (!events.is_empty()).then_some(events)
}
