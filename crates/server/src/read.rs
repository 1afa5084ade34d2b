//! What a sender wants back to check on us: the checkpoint, and the proof of its record.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use ledger::ErrorKind;
use model::{EventId, TreeSize};
use serde::{Deserialize, Serialize};

use crate::access::Scope;
use crate::app::{App, blocking};
use crate::problem::Problem;

const TEXT: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];

/// The newest signed checkpoint, as a signed note.
pub(crate) async fn checkpoint(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<impl IntoResponse, Problem> {
    admit(&app, &headers)?;
    let view = app.view()?;
    Ok((TEXT, view.checkpoint().note.clone()))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct From {
    /// Size of the log that the caller has seen.
    from: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct Consistency {
    from: u64,
    to: u64,
    /// RFC 6962, hex, in the order in which they are used.
    hashes: Vec<String>,
    /// Of the log with `to` leaves.
    checkpoint: String,
}

/// The proof that the log goes on from what the caller has seen of it.
pub(crate) async fn consistency(
    State(app): State<Arc<App>>,
    Query(From { from }): Query<From>,
    headers: HeaderMap,
) -> Result<Json<Consistency>, Problem> {
    admit(&app, &headers)?;
    let proved = blocking(move || {
        let view = app.view()?;
        let hashes = view.consistency(TreeSize(from)).map_err(|error| match error.kind() {
            ErrorKind::Invalid => Problem::invalid(error.to_string()),
            _ => Problem::failed(error.to_string()),
        })?;
        let checkpoint = String::from_utf8_lossy(&view.checkpoint().note).into_owned();
        let hashes = hashes.iter().map(|hash| model::hex(hash)).collect();
        Ok(Json(Consistency { from, to: view.size().0, hashes, checkpoint }))
    });
    proved.await?
}

/// The proof that a leaf is in the log, as a `.tlog-proof` that anyone can check offline.
pub(crate) async fn proof(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    admit(&app, &headers)?;
    let wrong = || Problem::invalid(format!("`{id}` is no event id: the log and the leaf, as in {}-17", app.log));
    let id: EventId = id.parse().map_err(|_| wrong())?;
    if id.log != app.log {
        return Err(Problem::not_found(format!("log {} is not here; this is {}", id.log, app.log)));
    }
    let proved = blocking(move || {
        let view = app.view()?;
        if id.index.0 >= view.size().0 {
            return Err(Problem::not_found(format!(
                "the log has {} leaves, {} is asked for",
                view.size().0,
                id.index.0
            )));
        }
        view.prove(id.index).map_err(|error| Problem::failed(error.to_string()))
    });
    let proof = proved.await??;
    Ok((TEXT, proof.text))
}

/// Whoever writes may check what became of it.
fn admit(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    let read = app.admitted(headers, Scope::Read);
    read.or_else(|problem| app.admitted(headers, Scope::RecordsWrite).map_err(|_| problem)).map(drop)
}
