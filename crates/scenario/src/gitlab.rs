//! GitLab audit events as a streaming destination receives them, after the vendor's audit event schema.

/// One event.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// Its number; of events that are only streamed, a UUID.
    pub id: &'a str,
    /// RFC 3339 with milliseconds.
    pub time: &'a str,
    /// As in `project_access_token_created`.
    pub kind: &'a str,
    /// Number of the user; below zero for keys and tokens of a project.
    pub author: i64,
    /// Name of the user, or title of the key.
    pub name: &'a str,
    /// `User`, `DeployKey`.
    pub class: &'a str,
    /// Source address.
    pub ip: &'a str,
    /// The project it belongs to.
    pub project: Project<'a>,
    /// What it is about: number, type, name.
    pub target: (u64, &'a str, &'a str),
    /// JSON of `custom_message`.
    pub message: &'a str,
}

/// A project.
#[derive(Clone, Copy, Debug)]
pub struct Project<'a> {
    /// Its number.
    pub id: u64,
    /// Name, within the group `halden`.
    pub name: &'a str,
}

/// One event as a line of JSON.
pub fn record(event: &Event<'_>) -> String {
    let Event { id, time, kind, author, name, class, ip, project, target, message } = *event;
    let Project { id: entity, name: path } = project;
    let (target_id, target_type, target_name) = target;
    format!(
        r#"{{"id":"{id}","author_id":{author},"entity_id":{entity},"entity_type":"Project","details":{{"event_name":"{kind}","author_name":"{name}","author_class":"{class}","target_id":{target_id},"target_type":"{target_type}","target_details":"{target_name}","custom_message":{message},"ip_address":"{ip}","entity_path":"halden/{path}"}},"ip_address":"{ip}","author_name":"{name}","entity_path":"halden/{path}","target_details":"{target_name}","created_at":"{time}","target_type":"{target_type}","target_id":{target_id},"event_type":"{kind}"}}"#
    )
}

/// JSON of the message of an operation of Git.
pub fn git(protocol: &str, action: &str) -> String {
    format!(r#"{{"protocol":"{protocol}","action":"{action}"}}"#)
}

/// The server, which its events do not name: the authority that an operator gives the source.
pub const SERVER: &str = "gitlab.halden.example";
