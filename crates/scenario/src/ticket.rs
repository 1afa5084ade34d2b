//! What a ticket system exports of the grants it decides on: the plain form of `docs/sources/grant.md`.

/// The system.
pub const SYSTEM: &str = "desk.halden.example";

/// One step in the life of a grant.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// `record_id`.
    pub id: &'a str,
    /// RFC 3339.
    pub time: &'a str,
    /// The grant.
    pub grant: &'a str,
    /// `request`, `approve`, `deny`, `activate`, `revoke`, `bypass`.
    pub step: &'a str,
    /// Who took the step; empty for the system itself.
    pub by: &'a str,
    /// Further members, each with a leading comma.
    pub members: &'a str,
}

/// One step as a line of JSON.
pub fn record(step: &Step<'_>) -> String {
    let Step { id, time, grant, step, by, members } = *step;
    let by = if by.is_empty() { String::new() } else { format!(r#","by":"{by}""#) };
    format!(
        r#"{{"format":"deedbook/grant/1","system":"{SYSTEM}","record_id":"{id}","time":"{time}","id":"{grant}","step":"{step}"{by}{members}}}"#
    )
}

/// What is asked for: members of the request.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Who asks.
    pub requester: &'a str,
    /// Canonical URI of who receives it.
    pub beneficiary: &'a str,
    /// In words.
    pub target: &'a str,
    /// What it is limited to.
    pub resource: &'a str,
    /// Seconds from the activation; 0 for no end.
    pub duration_s: u64,
}

/// Members of a request, or of a bypass that asks nobody.
pub fn request(request: &Request<'_>) -> String {
    let Request { requester, beneficiary, target, resource, duration_s } = *request;
    let duration = if duration_s == 0 { String::new() } else { format!(r#","duration_s":{duration_s}"#) };
    format!(
        r#","requester":"{requester}","beneficiaries":["{beneficiary}"],"target":"{target}","resources":["{resource}"],"reason":"queue is stuck","ticket":"OPS-2291"{duration}"#
    )
}

/// The member that says which policy is in force.
pub fn policy(version: u32, approvals_min: u32) -> String {
    format!(r#","policy":{{"id":"exports","version":"{version}","approvals_min":{approvals_min}}}"#)
}
