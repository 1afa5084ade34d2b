//! The forms of the audit log, brought to one.

use std::borrow::Cow;

use crate::Reject;
use crate::field::Text;
use crate::json::Document;
use crate::time::{self, Parsed};

/// What a record is about.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Kind {
    Connect,
    Refused,
    ChangeUser,
    Disconnect,
    Statement,
    Table,
    Start,
    Stop,
    #[default]
    Other,
}

#[derive(Default)]
pub(super) struct Record<'a> {
    pub(super) kind: Kind,
    pub(super) time: Text<'a>,
    pub(super) parsed_time: Option<Parsed>,
    pub(super) id: Text<'a>,
    pub(super) server: Text<'a>,
    pub(super) user: Text<'a>,
    /// The account whose rights are used, with its host.
    pub(super) account: Text<'a>,
    pub(super) client: Text<'a>,
    pub(super) connection: Text<'a>,
    pub(super) operation: Text<'a>,
    pub(super) database: Text<'a>,
    pub(super) table: Text<'a>,
    pub(super) statement: Text<'a>,
    pub(super) code: Text<'a>,
    pub(super) program: Text<'a>,
    pub(super) duration_ms: Option<i64>,
    pub(super) rows: Option<i64>,
}

/// Operations of MariaDB's plugin.
const OPERATIONS: [&str; 13] = [
    "CONNECT",
    "FAILED_CONNECT",
    "DISCONNECT",
    "CHANGEUSER",
    "QUERY",
    "QUERY_DDL",
    "QUERY_DML",
    "QUERY_DCL",
    "READ",
    "WRITE",
    "CREATE",
    "ALTER",
    "DROP",
];

/// Whether a text begins like a line of MariaDB's plugin: a time, six more fields, one of its operations.
pub(super) fn begins(text: &str) -> bool {
    fields(text).is_some()
}

/// Time, server, user, host, connection, query, operation; and what is behind them.
fn fields(text: &str) -> Option<([&str; 7], &str)> {
    let mut found = [""; 7];
    let mut rest = text;
    for field in &mut found {
        (*field, rest) = rest.split_once(',')?;
    }
    let [time, _, _, _, connection, query, operation] = found;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_time = (time.len() == 17 && stamp(time).is_some()) || (time.len() == 16 && digits(time));
    let fits = is_time && digits(connection) && digits(query);
    (fits && (OPERATIONS.contains(&operation) || operation == "RENAME")).then_some((found, rest))
}

/// `20261129 07:08:35`, by the clock of the server's host.
fn stamp(text: &str) -> Option<Parsed> {
    let (date, clock) = text.split_once(' ')?;
    let (year, rest) = date.split_at_checked(4)?;
    let (month, day) = rest.split_at_checked(2)?;
    time::parse(&format!("{year}-{month}-{day}T{clock}"))
}

fn said(text: &str) -> Text<'_> {
    (!text.is_empty()).then_some(Cow::Borrowed(text))
}

impl<'a> Record<'a> {
    pub(super) fn read(text: &'a str) -> Result<Option<Record<'a>>, Reject> {
        if !text.trim_start().starts_with('{') {
            return Ok(line(text.trim_end()));
        }
        let record = Document::read(text)?;
        Ok(Some(if record.has("/audit_record") { old(&record) } else { json(&record) }))
    }
}

/// A line of MariaDB's plugin.
fn line(text: &str) -> Option<Record<'_>> {
    let (found, rest) = fields(text)?;
    let [time, server, user, host, connection, _, operation] = found;
    let (database, rest) = rest.split_once(',')?;
    // A statement has commas in it; the code is behind the last one.
    let (object, code) = rest.rsplit_once(',')?;
    let kind = match operation {
        "CONNECT" => Kind::Connect,
        "FAILED_CONNECT" => Kind::Refused,
        "DISCONNECT" => Kind::Disconnect,
        "CHANGEUSER" => Kind::ChangeUser,
        _ if operation.starts_with("QUERY") => Kind::Statement,
        _ => Kind::Table,
    };
    let statement = (kind == Kind::Statement).then(|| unescaped(object));
    let parsed = if time.len() == 17 { stamp(time) } else { time::from_epoch(time.parse().ok()?) };
    Some(Record {
        kind,
        time: Some(Cow::Borrowed(time)),
        parsed_time: parsed,
        server: said(server),
        user: said(user),
        client: said(host),
        connection: Some(Cow::Borrowed(connection)),
        operation: Some(Cow::Borrowed(operation)),
        database: said(database),
        table: (kind == Kind::Table).then(|| said(object)).flatten(),
        statement,
        code: said(code),
        ..Record::default()
    })
}

/// A statement in quotes, backslashes before quotes and line ends taken off.
fn unescaped(text: &str) -> Cow<'_, str> {
    let inside = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')).unwrap_or(text);
    if !inside.contains('\\') {
        return Cow::Borrowed(inside);
    }
    let mut out = String::with_capacity(inside.len());
    let mut chars = inside.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => match chars.next() {
                Some('n' | 'r' | 't') => out.push(' '),
                Some(escaped) => out.push(escaped),
                None => out.push('\\'),
            },
            char => out.push(char),
        }
    }
    Cow::Owned(out)
}

/// `root[root] @ localhost []` as `root`.
fn name<'a>(text: Text<'a>) -> Text<'a> {
    let text = text?;
    match text.find(['[', ' ']) {
        Some(end) => text.get(..end).filter(|name| !name.is_empty()).map(|name| Cow::Owned(name.to_owned())),
        None => Some(text),
    }
}

/// MySQL Enterprise Audit, and Percona Server's filter.
fn json<'a>(record: &Document<'a>) -> Record<'a> {
    let (class, event) = (record.get("/class").unwrap_or_default(), record.get("/event").unwrap_or_default());
    let code = record.any(&[
        "/connection_data/status",
        "/general_data/status",
        "/query_data/status",
        "/table_access_data/status",
        "/command_data/status",
    ]);
    let statement = record.any(&["/general_data/query", "/query_data/query", "/table_access_data/query"]);
    let kind = match (class.as_ref(), event.as_ref()) {
        ("audit", "shutdown" | "noaudit") => Kind::Stop,
        ("audit", _) => Kind::Start,
        ("connection", "connect" | "pre_authenticate") if code.as_deref().is_some_and(|code| code != "0") => {
            Kind::Refused
        }
        ("connection", "change_user") => Kind::ChangeUser,
        ("connection", "disconnect") => Kind::Disconnect,
        ("connection", _) => Kind::Connect,
        ("table_access", _) => Kind::Table,
        _ if statement.is_some() => Kind::Statement,
        _ => Kind::Other,
    };
    let time = record.get("/timestamp");
    let id = time.clone().zip(record.get("/id")).map(|(time, id)| Cow::Owned(format!("{time}/{id}")));
    let account = record.get("/account/user").map(|user| match record.get("/account/host") {
        Some(host) => Cow::Owned(format!("{user}@{host}")),
        None => user,
    });
    let rows = record.get("/query_statistics/rows_sent").and_then(|rows| rows.parse().ok());
    Record {
        kind,
        time,
        id,
        user: name(record.any(&["/account/user", "/login/user"])),
        account,
        client: record.any(&["/login/ip", "/account/host"]),
        connection: record.get("/connection_id"),
        operation: if event.is_empty() { Some(class) } else { Some(event) },
        database: record.any(&["/connection_data/db", "/table_access_data/db"]),
        table: record.get("/table_access_data/table"),
        statement,
        code,
        program: record.get("/connection_data/connection_attributes/program_name"),
        duration_ms: record.get("/query_statistics/query_time").and_then(|time| millis(&time)),
        rows,
        ..Record::default()
    }
}

/// The older plugin of Percona Server.
fn old<'a>(record: &Document<'a>) -> Record<'a> {
    let get = |key: &str| record.get(&format!("/audit_record/{key}"));
    let kind = match get("name").as_deref() {
        Some("Connect") if get("status").is_some_and(|code| code != "0") => Kind::Refused,
        Some("Connect") => Kind::Connect,
        Some("Change user") => Kind::ChangeUser,
        Some("Quit") => Kind::Disconnect,
        Some("Audit") => Kind::Start,
        Some("NoAudit") => Kind::Stop,
        _ if get("sqltext").is_some() => Kind::Statement,
        _ => Kind::Other,
    };
    let time = get("timestamp");
    let parsed = time.as_deref().and_then(|time| time::parse(time.trim_end_matches(" UTC")));
    Record {
        kind,
        time,
        parsed_time: parsed,
        id: get("record"),
        user: name(get("user")),
        client: get("ip").or_else(|| get("host")),
        connection: get("connection_id"),
        operation: get("name"),
        database: get("db"),
        statement: get("sqltext"),
        code: get("status"),
        ..Record::default()
    }
}

/// Seconds with a fraction as milliseconds.
fn millis(seconds: &str) -> Option<i64> {
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let fraction: i64 = format!("{:0<3}", fraction.get(..3).unwrap_or(fraction)).parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(1_000)?.checked_add(fraction)
}
