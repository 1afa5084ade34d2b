//! On whose behalf a sender sends: the token of its caller, relayed with a request or in a record.
//!
//! What counts is the signature of a configured issuer, that it was made for us, and that it holds now (RFC 7519, RFC
//! 8725). What does not pass is not an error of the records: what the token says is kept as a claim, with the reason. The
//! token itself is kept nowhere; its header is taken off the request before anything sees it.

use std::collections::HashMap;
use std::sync::OnceLock;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use collect::{Opened, Parcel};
use jsonwebtoken::{Algorithm, crypto};
use model::{Actor, Caller, Millis};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::app::App;
use crate::issuer::Issuers;

/// The token of the caller of a whole request.
static HEADER: HeaderName = HeaderName::from_static("x-deedbook-actor-token");

/// In the answer: what was found out about it.
static FOUND: HeaderName = HeaderName::from_static("x-deedbook-actor");

/// Longest token, bytes. So much fits a header of most servers, and it bounds what is kept of it.
const TOKEN_BYTES_MAX: usize = 8 << 10;

/// How far our clock and that of an issuer may be apart, seconds.
const LEEWAY_S: i64 = 60;

/// Hops of an actor chain.
const ACTORS_MAX: usize = 16;

/// Longest part of a foreign text in a reason, characters.
const SHOWN_MAX: usize = 24;

tokio::task_local! {
    static ATTACHED: Attached;
}

/// The token that came with the request that is being answered.
struct Attached {
    token: Option<String>,
    found: OnceLock<String>,
}

/// Around every route: takes the token off a request, and tells what came of it.
pub(crate) async fn attach(mut request: Request, next: Next) -> Response {
    let mut values = request.headers().get_all(&HEADER).iter();
    let Some(value) = values.next() else { return next.run(request).await };
    // One that is no text, and several of them, are none that could be checked.
    let token = value.to_str().ok().filter(|_| values.next().is_none()).map(|token| token.trim().to_owned());
    request.headers_mut().remove(&HEADER);
    let attached = Attached { token, found: OnceLock::new() };
    let scoped = ATTACHED.scope(attached, async {
        let response = next.run(request).await;
        (response, ATTACHED.with(|attached| attached.found.get().cloned()))
    });
    let (mut response, found) = scoped.await;
    if let Some(found) = found.and_then(|found| HeaderValue::from_str(&found).ok()) {
        response.headers_mut().insert(FOUND.clone(), found);
    }
    response
}

/// Whether anything has to be found out about the callers of a delivery before it is cut.
pub(crate) fn is_asked(parcel: &Parcel) -> bool {
    parcel.relayed.records.is_some() || ATTACHED.try_with(|_| ()).is_ok()
}

/// Finds out about the callers of a delivery.
pub(crate) async fn relayed(app: &App, parcel: &mut Parcel, opened: &Opened) {
    let now = (app.clock)();
    if let Ok(token) = ATTACHED.try_with(|attached| attached.token.clone()) {
        let caller = match token {
            Some(token) => check(&app.issuers, &token, now).await,
            None => claim("the header is there twice, or no text"),
        };
        let told = caller.reason.as_ref().map_or_else(|| "verified".to_owned(), |why| format!("claim; {why}"));
        // A request with two deliveries has one token, and the same is found.
        let _ = ATTACHED.try_with(|attached| attached.found.set(told));
        app.metrics.caller(caller.verified);
        parcel.relayed.delivery = Some(caller);
    }
    let tokens = opened.tokens(parcel);
    if let Some(known) = &mut parcel.relayed.records {
        *known = HashMap::with_capacity(tokens.len());
        for token in tokens {
            let caller = check(&app.issuers, &token, now).await;
            app.metrics.caller(caller.verified);
            known.insert(Sha256::digest(token.as_bytes()).into(), caller);
            // A signature takes a fraction of a millisecond, and there may be a thousand.
            tokio::task::yield_now().await;
        }
    }
}

fn claim(reason: impl Into<String>) -> Caller {
    Caller { reason: Some(reason.into()), ..Caller::default() }
}

/// What a token says, and whether that is so.
pub(crate) async fn check(issuers: &Issuers, token: &str, now: Millis) -> Caller {
    if token.len() > TOKEN_BYTES_MAX {
        return claim(format!("it has more than {TOKEN_BYTES_MAX} bytes"));
    }
    let Some(parts) = Parts::of(token) else { return claim("it is no JSON web token") };
    let (caller, chain) = said(&parts.claims);
    match verify(issuers, &parts, now).await.and(chain) {
        Ok(()) => Caller { verified: true, ..caller },
        Err(reason) => Caller { reason: Some(reason), ..caller },
    }
}

/// The claim that a token comes to before anybody is asked about it; none if it is no token.
pub(crate) fn claimed(token: &str) -> Option<Caller> {
    Parts::of(token).map(|parts| said(&parts.claims).0)
}

/// A token taken apart (RFC 7515 section 3.1).
struct Parts<'t> {
    head: Head,
    claims: Map<String, Value>,
    /// What is signed.
    message: &'t str,
    signature: &'t str,
}

/// Its header.
#[derive(Deserialize)]
struct Head {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
    b64: Option<Value>,
}

impl Parts<'_> {
    fn of(token: &str) -> Option<Parts<'_>> {
        let (message, signature) = token.rsplit_once('.')?;
        let (head, claims) = message.split_once('.')?;
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        let head = serde_json::from_slice(&decoded(head)?).ok()?;
        let claims = serde_json::from_slice(&decoded(claims)?).ok()?;
        Some(Parts { head, claims, message, signature })
    }
}

/// What is kept of the claims, and whether the actor chain could be read to its end.
fn said(claims: &Map<String, Value>) -> (Caller, Result<(), String>) {
    let text = |claims: &Map<String, Value>, name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    let mut actors = Vec::new();
    let mut next = claims.get("act");
    let chain = loop {
        match next {
            None => break Ok(()),
            Some(_) if actors.len() == ACTORS_MAX => {
                break Err(format!("its actor chain has more than {ACTORS_MAX} hops"));
            }
            Some(Value::Object(act)) => {
                actors.push(Actor { issuer: text(act, "iss"), subject: text(act, "sub") });
                next = act.get("act");
            }
            Some(_) => break Err("`act` is not an object".to_owned()),
        }
    };
    let caller = Caller {
        issuer: text(claims, "iss"),
        subject: text(claims, "sub"),
        jti: text(claims, "jti"),
        client: text(claims, "client_id").or_else(|| text(claims, "azp")),
        actors,
        ..Caller::default()
    };
    (caller, chain)
}

/// Whether a configured issuer signed it, for us, and it holds now.
async fn verify(issuers: &Issuers, parts: &Parts<'_>, now: Millis) -> Result<(), String> {
    let Parts { head, claims, message, signature } = parts;
    if issuers.is_empty() {
        return Err("no issuer is configured".to_owned());
    }
    // Nothing but these: no `none`, and no HMAC, for which a public key would be the secret.
    let alg = match head.alg.as_str() {
        "RS256" => Algorithm::RS256,
        "ES256" => Algorithm::ES256,
        "EdDSA" => Algorithm::EdDSA,
        other => return Err(format!("algorithm `{}` is not taken: RS256, ES256, EdDSA", shown(other))),
    };
    if head.crit.is_some() || head.b64.is_some() {
        return Err("its header has `crit` or `b64`".to_owned());
    }
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let url = text("iss").ok_or("it names no issuer")?;
    let issuer = issuers.of(url).ok_or("its issuer is not configured")?;
    let key = issuers.key(url, head.kid.as_deref(), alg).await?;
    if !crypto::verify(signature, message.as_bytes(), &key, alg).unwrap_or(false) {
        return Err("its signature is wrong".to_owned());
    }
    let is_ours =
        |audience: &Value| audience.as_str().is_some_and(|told| issuer.audience.iter().any(|one| one == told));
    let for_us = match claims.get("aud") {
        Some(Value::Array(several)) => several.iter().any(is_ours),
        Some(one) => is_ours(one),
        None => false,
    };
    if !for_us {
        return Err("it is for another audience".to_owned());
    }
    if text("sub").is_none_or(str::is_empty) {
        return Err("it names no subject".to_owned());
    }
    holds(claims, now)
}

/// Whether it holds at this moment (RFC 7519 sections 4.1.4 and 4.1.5).
fn holds(claims: &Map<String, Value>, now: Millis) -> Result<(), String> {
    let seconds = i64::try_from(now.0 / 1_000).unwrap_or(i64::MAX);
    // Parts of a second do not matter, and what is far too large is far away.
    let number = |at: &Value| at.as_i64().or_else(|| at.as_f64().map(|at| at as i64));
    let ends = claims.get("exp").and_then(number).ok_or("it has no end")?;
    if ends.saturating_add(LEEWAY_S) <= seconds {
        return Err("it had expired".to_owned());
    }
    match claims.get("nbf").map(number) {
        None => Ok(()),
        Some(Some(begins)) if begins.saturating_sub(LEEWAY_S) <= seconds => Ok(()),
        Some(_) => Err("it does not hold yet".to_owned()),
    }
}

/// The beginning of a foreign text, without what a reader of logs might stumble over.
fn shown(text: &str) -> String {
    text.chars().take(SHOWN_MAX).map(|c| if c.is_ascii_graphic() { c } else { '?' }).collect()
}
