//! Our own way: a body of any shape that a file may have, and a receipt for each record.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use collect::{Cut, Sealed};
use serde::{Deserialize, Serialize};

use crate::access::Scope;
use crate::app::{App, parcel};
use crate::problem::Problem;

/// Longest key of a sender, bytes.
pub(crate) const KEY_BYTES_MAX: usize = 255;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    source: Option<String>,
    /// `sealed`, the default.
    ack: Option<String>,
}

/// What the sender keeps.
#[derive(Debug, Serialize)]
pub(crate) struct Answer {
    log: String,
    /// One for each record that was sealed, or had been under this key.
    records: Vec<One>,
    /// Records that had been sealed before.
    already_known: u64,
    /// Known secrets replaced before sealing.
    replaced: u64,
    /// A signed checkpoint over all of them.
    checkpoint: String,
}

#[derive(Debug, Serialize)]
struct One {
    event_id: String,
    leaf_hash: String,
}

pub(crate) async fn records(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Answer>, Problem> {
    let token = app.admitted(&headers, Scope::RecordsWrite)?;
    let source = token.source(asked.source.as_deref())?;
    if let Some(ack) = asked.ack.as_deref().filter(|ack| *ack != "sealed") {
        return Err(match ack {
            "witnessed" => Problem::ack_unsupported(ack),
            _ => Problem::invalid(format!("`ack={ack}` is not known; sealed")),
        });
    }
    let key = key(&headers)?;
    let (body, _permit) = app.body(&headers, body).await?;
    let mut parcel = parcel(source, "/v1/records", key, body, Cut::Auto);
    parcel.relayed.records = Some(HashMap::new());
    let sealed = app.seal(parcel).await?;
    Ok(Json(answer(&app.log, &sealed)))
}

/// The sender's key for this request.
fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let text = value.to_str().ok().filter(|text| !text.is_empty() && text.len() <= KEY_BYTES_MAX);
    let wrong = || Problem::invalid(format!("`Idempotency-Key` has 1 to {KEY_BYTES_MAX} visible characters"));
    text.map(|text| Some(text.to_owned())).ok_or_else(wrong)
}

fn answer(log: &str, sealed: &Sealed) -> Answer {
    let one = |receipt: &collect::Receipt| One {
        event_id: format!("{log}-{}", receipt.index.0),
        leaf_hash: model::hex(&receipt.leaf_hash),
    };
    Answer {
        log: log.to_owned(),
        records: sealed.records.iter().map(one).collect(),
        already_known: sealed.already_known,
        replaced: sealed.replaced.total(),
        checkpoint: String::from_utf8_lossy(&sealed.checkpoint.note).into_owned(),
    }
}
