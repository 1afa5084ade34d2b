//! Signed webhooks: GitHub's `X-Hub-Signature-256`, and Standard Webhooks.
//!
//! The signature stands in for a token: it is checked over the bytes as they came, before anything else is done with
//! them, with the secret that the operator has for this source. What is signed is the key of a delivery, so one that
//! is sent again, by the platform or by somebody who recorded it, adds nothing. GitHub signs the body and not the
//! id beside it: there the signature itself is the key.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use collect::Cut;
use hmac::{Hmac, KeyInit as _, Mac as _};
use model::Millis;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::app::{App, parcel};
use crate::problem::Problem;

/// How far the time of a signed delivery may lie from ours, seconds (Standard Webhooks, *Verifying webhook authenticity*).
const AGE_S_MAX: u64 = 300;

/// `POST /v1/webhooks/<source>`.
pub(crate) async fn deliver(
    State(app): State<Arc<App>>,
    Path(source): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let webhook = app.config.webhook.iter().find(|webhook| webhook.source == source);
    let secret = webhook.and_then(|webhook| app.secret(&webhook.secret));
    // One answer for an unknown source and a wrong signature: who has no secret learns nothing, nor has a body read.
    let wrong = || Problem::signature(format!("no valid signature for source `{source}`"));
    let secret = secret.ok_or_else(wrong)?;
    let (body, _permit) = app.body(&headers, body).await?;
    let checked = github(&headers, &body, secret).or_else(|| standard(&headers, &body, secret, (app.clock)()));
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
    let sealed = app.seal(parcel(source, "/v1/webhooks", Some(key), body, Cut::Whole)).await?;
    let ids: Vec<String> = sealed.records.iter().map(|receipt| format!("{}-{}", app.log, receipt.index.0)).collect();
    Ok(Json(json!({ "event_ids": ids, "already_known": sealed.already_known })))
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
    let right = verify(secret.as_bytes(), &[body], &tag);
    Some(if right { Signed::Right { key: model::hex(&tag) } } else { Signed::Wrong })
}

/// Standard Webhooks: HMAC-SHA-256 over `id.timestamp.body`, base64, one of several signatures.
fn standard(headers: &HeaderMap, body: &[u8], secret: &str, now: Millis) -> Option<Signed> {
    let told = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (id, time, signatures) = (told("webhook-id")?, told("webhook-timestamp")?, told("webhook-signature")?);
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or(secret));
    let (Ok(key), Ok(seconds)) = (key, time.parse::<u64>()) else { return Some(Signed::Wrong) };
    let parts: [&[u8]; 5] = [id.as_bytes(), b".", time.as_bytes(), b".", body];
    let tags = signatures.split(' ').filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok());
    let right = tags.into_iter().any(|tag| verify(&key, &parts, &tag));
    Some(match right {
        false => Signed::Wrong,
        true if seconds.abs_diff(now.0 / 1_000) > AGE_S_MAX => Signed::Stale,
        true => Signed::Right { key: id.to_owned() },
    })
}

/// In constant time.
fn verify(key: &[u8], parts: &[&[u8]], tag: &[u8]) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return false };
    parts.iter().for_each(|part| mac.update(part));
    mac.verify_slice(tag).is_ok()
}
