//! For how long the platforms keep their own logs: a stop that is mended before that can be filled.

use serde::Serialize;

/// For how long a platform keeps what it has logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Retention {
    /// The platform, as in `model::Platform`.
    pub platform: &'static str,
    /// Days, where a plan or a kind of log decides the shortest of them.
    pub days: u32,
    /// What exactly is kept for so long, and who says so.
    pub what: &'static str,
}

const fn kept(platform: &'static str, days: u32, what: &'static str) -> Retention {
    Retention { platform, days, what }
}

/// What the vendors' documents say; `docs/completeness.md` prints it. What is kept by a setting of the customer's own (files,
/// buckets, a database's own log) is not here: it is not known.
pub const RETENTIONS: &[Retention] = &[
    kept("aws", 90, "CloudTrail event history: management events of 90 days; data events are not in it at all"),
    kept("azure", 90, "activity log: 90 days"),
    kept("entra", 7, "sign-in and audit logs: 7 days without a licence of Entra ID P1 or P2, 30 with one"),
    kept("gcp", 30, "Cloud Audit Logs: data access 30 days in _Default; admin activity 400 days in _Required"),
    kept("github", 7, "audit log: Git events 7 days, all others 180 days"),
    kept("okta", 90, "System Log: 90 days"),
];

/// For how long a platform keeps its own log, where that is known.
pub fn retention(platform: &str) -> Option<&'static Retention> {
    RETENTIONS.iter().find(|retention| retention.platform == platform)
}
