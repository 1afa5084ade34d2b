//! PostgreSQL's `jsonlog`, after the vendor's documentation of its keys, with pgaudit's messages.

/// The system identifier of the server.
pub const SERVER: &str = "7431188204411863044";

/// One line.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// `2026-11-02 00:00:00.000 UTC`.
    pub time: &'a str,
    /// `session_id`: start and process id, hexadecimal.
    pub session: &'a str,
    /// `line_num`.
    pub number: u64,
    /// Process id.
    pub process: u64,
    /// Role.
    pub user: &'a str,
    /// Database.
    pub database: &'a str,
    /// Source address.
    pub ip: &'a str,
    /// `ps`: the command tag.
    pub tag: &'a str,
    /// `LOG`, `ERROR`, `FATAL`.
    pub severity: &'a str,
    /// SQLSTATE; `00000` for none.
    pub state: &'a str,
    /// The message, escaped.
    pub message: &'a str,
    /// What the client calls itself.
    pub application: &'a str,
}

/// One line of JSON.
pub fn record(line: &Line<'_>) -> String {
    let Line { time, session, number, process, user, database, ip, tag, severity, state, message, application } = *line;
    let state = if state == "00000" { String::new() } else { format!(r#","state_code":"{state}""#) };
    format!(
        r#"{{"timestamp":"{time}","user":"{user}","dbname":"{database}","pid":{process},"remote_host":"{ip}","remote_port":51734,"session_id":"{session}","line_num":{number},"ps":"{tag}","session_start":"{start}","vxid":"4/0","txid":0,"error_severity":"{severity}"{state},"message":"{message}","application_name":"{application}","backend_type":"client backend","query_id":0}}"#,
        start = time.get(..19).unwrap_or_default().to_owned() + " UTC"
    )
}

/// A message of pgaudit about one statement of a session.
pub fn audited(class: &str, command: &str, object: &str) -> String {
    format!("AUDIT: SESSION,1,1,{class},{command},TABLE,{object},<not logged>,<not logged>")
}
