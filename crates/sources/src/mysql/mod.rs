//! Audit logs of MySQL and its kin: the JSON of MySQL Enterprise Audit and of Percona Server's filter, the JSON of Percona's
//! older plugin, and the lines of MariaDB's plugin, which Amazon RDS and Aurora write as well.
//!
//! Accounts are names. Those that a secrets engine makes for a while look like any other; its log says which they are.

mod origins;
mod record;

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    Access, ActorKind, Alias, AliasRel, Credential, CredentialChange, CredentialChangeKind, Effect, Event, Human,
    Platform, Principal, Status,
};

use self::record::{Kind, Record};
use crate::{Context, Module, Probe, Reject, RejectKind, fill, sql};

/// The platform part of URIs.
const NAME: &str = "mysql";

/// How much of a line shows whose it is.
const HEAD_BYTES: usize = 1_024;

pub(crate) static MODULE: Module =
    Module { platform: Platform::Mysql, version: 1, recognise, normalise, origins: origins::ORIGINS };

fn recognise(probe: &Probe<'_>) -> bool {
    let head = probe.head(HEAD_BYTES);
    if head.as_bytes().first().is_some_and(u8::is_ascii_digit) {
        return record::begins(head);
    }
    if probe.contains("\"audit_record\"") {
        return probe.raw("audit_record").is_some_and(|inside| Probe::new(inside).has("record"));
    }
    probe.contains("\"class\"")
        && ["timestamp", "id", "class"].iter().all(|key| probe.has(key))
        && (probe.has("event") || probe.has("server_id"))
        && (probe.has("connection_id") || probe.text("class") == Some("audit"))
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let record = Record::read(text)?;
    let Some(record) = record else {
        return Err(Reject::new(RejectKind::Shape, "neither ten fields of the audit plugin nor JSON of an audit log"));
    };
    let at = context.authority.or(record.server.as_deref()).unwrap_or("unknown").to_owned();
    let mut event = Event::new(Platform::Mysql, Cow::Owned(at.clone()), actor(&record, &at));
    fill::when(&mut event, record.time.clone());
    if let Some(parsed) = record.parsed_time {
        (event.time, event.time_precision) = (Some(parsed.nanos), parsed.precision);
    }
    event.api.service = Some(Cow::Borrowed(NAME));
    event.status_code.clone_from(&record.code);
    event.status = match (record.kind, record.code.as_deref()) {
        (Kind::Refused, _) => Status::Failure,
        (_, Some("0")) => Status::Success,
        (_, Some(_)) => Status::Failure,
        (Kind::Disconnect | Kind::Start | Kind::Stop | Kind::Table, None) => Status::Success,
        _ => Status::Unknown,
    };
    event.source_event_id.clone_from(&record.id);
    event.role.clone_from(&record.account);
    event.client_app.clone_from(&record.program);
    fill::endpoint(&mut event.src, record.client.clone());
    event.duration_ms = record.duration_ms;
    event.data_rows = record.rows;
    event.workload.node.clone_from(&record.server);
    if let Some(connection) = record.connection.as_deref().filter(|id| *id != "0") {
        // Numbers begin again when the server does.
        event.session = Some(uri::build(Class::Session, NAME, &at, "connection").name(connection).finish());
    }
    act(&mut event, &record, &at);
    if event.actor.kind != ActorKind::PlatformService && record.kind != Kind::Refused {
        event.credential = record.user.clone().map(|user| Credential {
            uri: login_uri(&user, &at),
            kind: Cow::Borrowed("login"),
            native_id: Some(user),
            ..Credential::default()
        });
    }
    outcome(&mut event, &record);
    if let Some(database) = record.database.clone() {
        fill::target(&mut event, "database", Some(database));
    }
    if event.resources.is_empty() {
        let server = record.server.clone().unwrap_or(Cow::Borrowed("server"));
        fill::target(&mut event, "server", Some(server));
    }
    let nobody = event.actor.name.is_none() && !matches!(record.kind, Kind::Start | Kind::Stop);
    fill::missing(&mut event, &[(nobody, "actor_principal")]);
    Ok(event)
}

fn user_uri(name: &str, at: &str) -> String {
    uri::principal_named(NAME, at, "user", name)
}

fn login_uri(name: &str, at: &str) -> String {
    uri::build(Class::Cred, NAME, at, "login").name(name).finish()
}

fn actor<'a>(record: &Record<'a>, at: &str) -> Principal<'a> {
    let Some(user) = record.user.clone() else {
        return match record.client.clone() {
            Some(host) => fill::claimed(NAME, at, "client", Some(host)),
            None => fill::itself(NAME, at, "server", "R1:mysql-itself"),
        };
    };
    if record.kind == Kind::Refused {
        return fill::claimed(NAME, at, "user", Some(user));
    }
    // The servers' own accounts: no client can log in with one.
    if matches!(user.as_ref(), "event_scheduler" | "rdsadmin" | "mysql.session" | "mysql.sys" | "mariadb.sys") {
        let uri = user_uri(&user, at);
        let (kind, is_human, rule) = (ActorKind::PlatformService, Human::Nonhuman, "R1:mysql-itself");
        return Principal { uri, kind, name: Some(user), is_human, rule };
    }
    let shared = user == "root";
    fill::named(NAME, at, user, shared)
}

fn set(event: &mut Event<'_>, class: u32, activity: u8, access: Access, operation: &'static str) {
    (event.class_uid, event.activity_id, event.access) = (class, activity, access);
    event.api.operation = Some(Cow::Borrowed(operation));
}

fn act<'a>(event: &mut Event<'a>, record: &Record<'a>, at: &str) {
    match record.kind {
        Kind::Connect | Kind::Refused => set(event, 3002, 1, Access::Authenticate, "connect"),
        Kind::ChangeUser => set(event, 3002, 7, Access::Authenticate, "change_user"),
        Kind::Disconnect => set(event, 3002, 2, Access::Other, "disconnect"),
        Kind::Start => set(event, 1008, 6, Access::Create, "audit_start"),
        Kind::Stop => {
            set(event, 1008, 7, Access::Delete, "audit_stop");
            event.severity_id = 4;
        }
        Kind::Table => {
            let operation = record.operation.clone().unwrap_or(Cow::Borrowed("READ"));
            let (activity, access) = match operation.to_ascii_uppercase().as_str() {
                "READ" => (1, Access::Read),
                "WRITE" | "INSERT" => (5, Access::Modify),
                "UPDATE" | "ALTER" | "RENAME" => (2, Access::Modify),
                "CREATE" => (6, Access::Create),
                "DROP" | "DELETE" => (7, Access::Delete),
                _ => (4, Access::Other),
            };
            (event.class_uid, event.activity_id, event.access) = (6005, activity, access);
            event.api.operation = Some(operation);
        }
        Kind::Statement => {
            let statement = record.statement.clone().unwrap_or_default();
            (event.class_uid, (event.activity_id, event.access)) = (6005, sql::act(&statement));
            event.api.operation = Some(Cow::Owned(sql::verb(&statement)));
            said(event, &statement, at);
        }
        Kind::Other => {
            (event.class_uid, event.activity_id, event.access) = (6005, 99, Access::Other);
            event.api.operation = record.operation.clone();
        }
    }
    if let Some(table) = record.table.clone() {
        let name = match record.database.as_deref() {
            Some(database) => Cow::Owned(format!("{database}.{table}")),
            None => table,
        };
        fill::target(event, "table", Some(name));
    }
}

/// Accounts and rights that a statement makes, changes or takes; and the trail, where it is about that.
fn said(event: &mut Event<'_>, statement: &str, at: &str) {
    let words: Vec<String> = statement.split_whitespace().take(16).map(str::to_ascii_uppercase).collect();
    let word = |number: usize| words.get(number).map_or("", String::as_str);
    if let Some((activity, severity)) = about_the_trail(&words, statement) {
        (event.class_uid, event.activity_id, event.access) = (1008, activity, Access::Modify);
        event.severity_id = severity;
        event.privileged = Some(true);
        return;
    }
    let is_role = word(1) == "ROLE";
    match (word(0), word(1)) {
        ("CREATE", "USER" | "ROLE") => {
            (event.class_uid, event.activity_id, event.access) = (if is_role { 3008 } else { 3007 }, 1, Access::Create);
        }
        ("ALTER" | "RENAME", "USER") => {
            (event.class_uid, event.activity_id, event.access) = (3007, 2, Access::Modify);
        }
        ("DROP", "USER" | "ROLE") => {
            (event.class_uid, event.activity_id, event.access) = (if is_role { 3008 } else { 3007 }, 3, Access::Delete);
        }
        ("SET", "PASSWORD") => (event.class_uid, event.activity_id, event.access) = (3007, 8, Access::Modify),
        ("SET", "ROLE") => {
            (event.class_uid, event.activity_id, event.access) = (3002, 7, Access::Authenticate);
            let role =
                statement.split_whitespace().nth(2).map(unquoted).filter(|role| !role.eq_ignore_ascii_case("none"));
            event.subject = role.map(|role| uri::principal_named(NAME, at, "role", &role));
            return;
        }
        ("GRANT" | "REVOKE", _) => {
            let gives = word(0) == "GRANT";
            // Of privileges there is an object they are for; of roles there is none.
            let on = words.iter().any(|word| word == "ON");
            event.class_uid = 3007;
            event.activity_id = match (on, gives) {
                (true, true) => 14,
                (true, false) => 15,
                (false, true) => 16,
                (false, false) => 17,
            };
            event.access = Access::Grant;
        }
        _ => return,
    }
    event.privileged = Some(true);
    let Some(name) = account(statement, word(0)) else { return };
    accounts(event, &name, is_role, word(0), at);
}

/// What became of the login of an account.
fn accounts(event: &mut Event<'_>, name: &str, is_role: bool, verb: &str, at: &str) {
    fill::target(event, if is_role { "role" } else { "user" }, Some(Cow::Owned(name.to_owned())));
    if event.status == Status::Failure || is_role {
        return;
    }
    let (uri, holder) = (login_uri(name, at), user_uri(name, at));
    let native_id = Some(Cow::Owned(name.to_owned()));
    let change = match verb {
        "CREATE" => {
            event.aliases.push(Alias {
                a: uri.clone(),
                b: holder,
                rel: AliasRel::CredentialOf,
                rule: "mysql:create-user",
            });
            event.issued_credential =
                Some(Credential { uri, kind: Cow::Borrowed("login"), native_id, ..Credential::default() });
            return;
        }
        "DROP" => CredentialChangeKind::Revoked,
        "SET" => CredentialChangeKind::Rotated,
        _ => return,
    };
    event.credential_changes.push(CredentialChange { change, uri, native_id, holder: Some(holder) });
}

/// The account that a statement is about, without its host: a log does not say which host an account is for.
fn account(statement: &str, verb: &str) -> Option<String> {
    let mut words = statement.split_whitespace();
    let after = match verb {
        "GRANT" => "TO",
        "REVOKE" => "FROM",
        "SET" => "FOR",
        _ => "",
    };
    if after.is_empty() {
        words.nth(1)?;
        let mut words =
            words.skip_while(|word| ["IF", "NOT", "EXISTS"].iter().any(|skip| word.eq_ignore_ascii_case(skip)));
        return words.next().map(unquoted);
    }
    words.find(|word| word.eq_ignore_ascii_case(after))?;
    words.next().map(unquoted)
}

/// `'app'@'10.%'`, in quotes of any kind or none, as `app`.
fn unquoted(word: &str) -> String {
    let name = word.split('@').next().unwrap_or(word);
    name.trim_matches(['\'', '"', '`', ';', ',', '\\', '=']).to_owned()
}

/// Whether a statement is about the audit log itself: activity of Event Log Activity, and severity.
fn about_the_trail(words: &[String], statement: &str) -> Option<(u8, u8)> {
    let first = words.first()?.as_str();
    let lower = statement.to_ascii_lowercase();
    if !["audit", "general_log", "sql_log_off"].iter().any(|name| lower.contains(name)) {
        return None;
    }
    let off = ["=off", "= off", "=0", "= 0"].iter().any(|end| lower.contains(end));
    match first {
        "SET" if lower.contains("server_audit_logging") || lower.contains("general_log") => {
            Some(if off { (10, 5) } else { (9, 2) })
        }
        "SET" if lower.contains("audit_log") || lower.contains("server_audit") => Some((99, 4)),
        "UNINSTALL" => Some((10, 5)),
        "INSTALL" => Some((9, 2)),
        "SELECT" if lower.contains("audit_log_filter_remove") || lower.contains("audit_log_filter_flush") => {
            Some((10, 4))
        }
        "SELECT" if lower.contains("audit_log_filter_set") => Some((99, 4)),
        _ => None,
    }
}

fn outcome<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    if event.status != Status::Failure {
        if record.kind == Kind::Connect {
            fill::decided(event, Effect::Allow, None);
        }
        return;
    }
    event.error_code.clone_from(&record.code);
    // 1044, 1045 and 1698: who logs in is refused; 1142, 1143, 1227, 1370 and 1410: a right is missing.
    let code = record.code.as_deref().unwrap_or_default();
    if record.kind == Kind::Refused
        || matches!(code, "1044" | "1045" | "1698" | "1142" | "1143" | "1227" | "1370" | "1410")
    {
        fill::decided(event, Effect::Deny, None);
        event.severity_id = event.severity_id.max(2);
    }
}

#[cfg(test)]
mod tests;
