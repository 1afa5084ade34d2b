//! Bodies that a receiver has to look into before it can say where the records are.

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;

use super::records::DECODED_BYTES_MAX;
use crate::app::{App, blocking};
use crate::problem::Problem;

/// How many times longer than it came a body is, as a rule: that much room is asked for first.
const GROWS_BY: usize = 16;

/// The content of a body, and its place in memory. Gzip and zstd are known by their first bytes, not by what is said of
/// them: a sender whose proxy has unpacked the body leaves the header, another forgets it.
///
/// # Errors
/// Invalid, if it cannot be decoded; too long; busy, if there is no room.
pub(crate) async fn unpacked(
    app: &Arc<App>,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Problem> {
    if !collect::is_packed(&body) {
        let said = headers.get(header::CONTENT_ENCODING).and_then(|said| said.to_str().ok()).unwrap_or("identity");
        if ["identity", "gzip", "zstd"].iter().any(|known| said.trim().eq_ignore_ascii_case(known)) {
            return Ok((body, None));
        }
        return Err(Problem::invalid(format!("`Content-Encoding: {said}` is not known: gzip, zstd")));
    }
    let mut limit = body.len().saturating_mul(GROWS_BY).min(DECODED_BYTES_MAX);
    loop {
        let room = app.room(limit)?;
        let packed = body.clone();
        match blocking(move || collect::decode(&packed, limit)).await? {
            Err(collect::Refused::TooLong { .. }) if limit < DECODED_BYTES_MAX => limit = DECODED_BYTES_MAX,
            decoded => return Ok((Bytes::from(decoded?), Some(room))),
        }
    }
}
