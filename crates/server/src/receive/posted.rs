//! Platforms that post their audit to a path of ours and can set nothing but that path and a token.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use bytes::Bytes;
use collect::Cut;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::access::Scope;
use crate::app::{App, parcel};
use crate::problem::Problem;

/// `POST /v1/kubernetes/audit/<source>`: the webhook backend of kube-apiserver (kubernetes.io, *Auditing*), lists of
/// events. It sends a list again, the same bytes, when it was not answered; no two lists are the same, since each event
/// has its id and stage. So the digest of a list is its key.
pub(crate) async fn kubernetes(
    State(app): State<Arc<App>>,
    Path(source): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let key = |body: &Bytes| Some(format!("sha256:{}", model::hex(&<[u8; 32]>::from(Sha256::digest(body)))));
    take(&app, source, "/v1/kubernetes/audit", headers, body, key).await
}

/// `POST /v1/vault/audit/<source>`: the `http` audit device of OpenBao (openbao.org, *HTTP audit device*), an entry with
/// each request, never sent again.
pub(crate) async fn vault(
    State(app): State<Arc<App>>,
    Path(source): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Problem> {
    take(&app, source, "/v1/vault/audit", headers, body, |_| None).await
}

async fn take(
    app: &Arc<App>,
    source: String,
    name: &str,
    headers: HeaderMap,
    body: Body,
    key: impl Fn(&Bytes) -> Option<String>,
) -> Result<Json<Value>, Problem> {
    let token = app.admitted(&headers, Scope::RecordsWrite)?;
    let source = token.source(Some(&source))?;
    let (body, _permit) = app.body(&headers, body).await?;
    let key = key(&body);
    let sealed = app.seal(parcel(source, name, key, body, Cut::Auto)).await?;
    Ok(Json(json!({ "sealed": sealed.records.len(), "already_known": sealed.already_known })))
}
