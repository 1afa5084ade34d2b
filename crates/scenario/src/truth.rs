//! What really happened: one line a credential, and the totals.

use std::collections::BTreeMap;

use serde::Serialize;

/// A credential, from the record that minted it to its last use.
#[derive(Clone, Debug, Serialize)]
pub struct Minted {
    /// `aws`, `k8s` or `vault`.
    pub platform: &'static str,
    /// The id under which later records name it.
    pub credential: String,
    /// The source's id of the record that minted it; empty for a key that is older than the log.
    pub minted_by: String,
    /// The credential it was minted with; empty where the platform logs none.
    pub parent: String,
    /// Who used it, as the company would say.
    pub holder: String,
    /// Who is behind it in the end.
    pub origin: String,
    /// Records that were made with it.
    pub uses: u64,
    /// The source's id of the last of them; empty if it was never used.
    pub last_use: String,
}

/// Counts over the whole scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Records.
    pub records: u64,
    /// Bytes of them, line feeds included, before compression.
    pub bytes: u64,
    /// Records by platform.
    pub platforms: BTreeMap<&'static str, u64>,
    /// Records whose outcome is a failure.
    pub denied: u64,
    /// Credentials minted.
    pub minted: u64,
    /// Time of the first record, milliseconds since 1970.
    pub first_ms: i64,
    /// Time of the last record, milliseconds since 1970.
    pub last_ms: i64,
}
