//! Teleport audit events, after the vendor's audit event reference and protocol definition.

/// The cluster.
pub const CLUSTER: &str = "teleport.halden.example";

/// What every event has.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// `uid`.
    pub id: &'a str,
    /// RFC 3339 with milliseconds.
    pub time: &'a str,
    /// As in `access_request.create`.
    pub kind: &'a str,
    /// As in `T5000I`.
    pub code: &'a str,
    /// Further members, each with a leading comma.
    pub members: &'a str,
}

/// One event as a line of JSON.
pub fn record(event: &Event<'_>) -> String {
    let Event { id, time, kind, code, members } = *event;
    format!(
        r#"{{"ei":0,"event":"{kind}","uid":"{id}","code":"{code}","time":"{time}","cluster_name":"{CLUSTER}"{members}}}"#
    )
}

/// The user behind a session, with the access requests that its certificate holds.
pub fn user(name: &str, requests: &[&str]) -> String {
    let requests = match requests {
        [] => String::new(),
        ids => format!(r#","access_requests":["{}"]"#, ids.join(r#"",""#)),
    };
    format!(r#","user":"{name}","user_kind":1{requests}"#)
}

/// A bot and its instance.
pub fn bot(name: &str, instance: &str) -> String {
    format!(r#","user":"bot-{name}","user_kind":2,"bot_name":"{name}","bot_instance_id":"{instance}""#)
}

/// An access request, as it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// UUID of the request.
    pub id: &'a str,
    /// Who asks, and for whom.
    pub user: &'a str,
    /// The role asked for.
    pub role: &'a str,
    /// Why.
    pub reason: &'a str,
    /// RFC 3339; when what is granted ends.
    pub ends: &'a str,
}

/// Members of `access_request.create`, code `T5000I`.
pub fn asked(request: &Request<'_>) -> String {
    let Request { id, user, role, reason, ends } = *request;
    format!(
        r#","id":"{id}","user":"{user}","user_kind":1,"roles":["{role}"],"reason":"{reason}","state":"PENDING","expires":"{ends}","max_duration":"{ends}""#
    )
}

/// Members of `access_request.review`, code `T5002I`: one vote is enough.
pub fn reviewed(request: &Request<'_>, reviewer: &str, state: &str) -> String {
    let Request { id, ends, .. } = request;
    format!(
        r#","id":"{id}","state":"{state}","proposed_state":"{state}","reviewer":"{reviewer}","reason":"","expires":"{ends}","max_duration":"{ends}""#
    )
}

/// Members of `access_request.expire`, code `T5005I`.
pub fn expired(request: &Request<'_>) -> String {
    format!(r#","id":"{}","user":"{}","expires":"{}""#, request.id, request.user, request.ends)
}

/// Members of `cert.create`, code `TC000I`.
pub fn certificate(user: &str, requests: &[&str], ends: &str, ip: &str) -> String {
    let requests = match requests {
        [] => String::new(),
        ids => format!(r#","access_requests":["{}"]"#, ids.join(r#"",""#)),
    };
    format!(
        r#","cert_type":"user","identity":{{"user":"{user}","roles":["access"]{requests},"expires":"{ends}","teleport_cluster":"{CLUSTER}","route_to_cluster":"{CLUSTER}","client_ip":"{ip}","prev_identity_expires":"0001-01-01T00:00:00Z"}}"#
    )
}
