//! hoop.dev sessions and reviews, after the vendor's API definition.

/// The organisation.
pub const ORGANISATION: &str = "5a1b0c2d-7e3f-4a5b-8c6d-9e0f1a2b3c4d";

/// A session on a connection.
#[derive(Clone, Copy, Debug)]
pub struct Session<'a> {
    /// `id`.
    pub id: &'a str,
    /// Subject at the identity provider.
    pub user_id: &'a str,
    /// Address of the user.
    pub user: &'a str,
    /// `connect` or `exec`.
    pub verb: &'a str,
    /// Name of the connection.
    pub connection: &'a str,
    /// RFC 3339.
    pub begins: &'a str,
    /// RFC 3339; empty while it lasts.
    pub ends: &'a str,
    /// Its review as JSON; empty for none.
    pub review: &'a str,
}

/// A session as a line of JSON.
pub fn session(session: &Session<'_>) -> String {
    let Session { id, user_id, user, verb, connection, begins, ends, review } = *session;
    let (end, status) = match ends {
        "" => ("null".to_owned(), "open"),
        ends => (format!(r#""{ends}""#), "done"),
    };
    let review = if review.is_empty() { "null" } else { review };
    format!(
        r#"{{"id":"{id}","org_id":"{ORGANISATION}","user":"{user}","user_id":"{user_id}","user_name":"{user}","type":"database","connection":"{connection}","connection_subtype":"postgres","verb":"{verb}","status":"{status}","exit_code":0,"labels":{{}},"metadata":{{}},"review":{review},"event_size":0,"start_date":"{begins}","end_date":{end}}}"#
    )
}

/// A review: a request for access for a time, or for one session.
#[derive(Clone, Copy, Debug)]
pub struct Review<'a> {
    /// `id`.
    pub id: &'a str,
    /// The session that asked.
    pub session: &'a str,
    /// `jit` or `onetime`.
    pub kind: &'a str,
    /// `PENDING`, `APPROVED`, `REJECTED`, `REVOKED`, `EXECUTED`.
    pub status: &'a str,
    /// Subject of who asked.
    pub owner_id: &'a str,
    /// Address of who asked.
    pub owner: &'a str,
    /// Name of the connection.
    pub connection: &'a str,
    /// RFC 3339.
    pub created: &'a str,
    /// How long it lasts from the approval, seconds.
    pub seconds: u64,
    /// Who decided; empty while nobody did.
    pub reviewer: &'a str,
    /// When, RFC 3339.
    pub reviewed: &'a str,
}

/// A review as a line of JSON.
pub fn review(review: &Review<'_>) -> String {
    let Review { id, session, kind, status, owner_id, owner, connection, created, seconds, reviewer, reviewed } =
        *review;
    let group = match reviewer {
        "" => r#"{"group":"dba","status":"PENDING","owner":null,"reviewed_at":null,"forced_review":false}"#.to_owned(),
        by => {
            let status = if status == "REJECTED" { "REJECTED" } else { "APPROVED" };
            format!(
                r#"{{"group":"dba","status":"{status}","owner":{{"id":"{by}","email":"{by}","name":"{by}"}},"reviewed_at":"{reviewed}","forced_review":false}}"#
            )
        }
    };
    format!(
        r#"{{"id":"{id}","org":"{ORGANISATION}","created_at":"{created}","type":"{kind}","session":"{session}","input":"","access_duration":{nanos},"access_duration_sec":{seconds},"status":"{status}","revoked_at":null,"review_owner":{{"id":"{owner_id}","email":"{owner}","name":"{owner}"}},"review_connection":{{"id":"{connection}","name":"{connection}"}},"review_groups_data":[{group}],"access_request_rule_name":"production","min_approvals":1,"rejection_reason":null,"force_approval_groups":[]}}"#,
        nanos = seconds * 1_000_000_000
    )
}
