//! PostgreSQL server log, as `jsonlog` and `csvlog`, with the lines of pgaudit: connections with the
//! identity that was proved, statements, and what was denied.
//!
//! Roles are names. Those that a secrets engine makes for a while look like any other; the log of
//! the engine says which they are.

mod logging;
mod message;
mod origins;
mod record;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    Access, ActorKind, Alias, AliasRel, Credential, CredentialChange, CredentialChangeKind, Decision, Effect, Event,
    Human, Platform, Principal, Resource, ResourceRole, Status,
};

use crate::split::csv;
use crate::{Context, Module, Probe, Reject, RejectKind, fill, json, sql, time};
use message::{Audit, Told};
use record::{Record, said};

/// The name of the platform inside URIs.
const NAME: &str = "postgres";

pub(crate) static MODULE: Module =
    Module { platform: Platform::Postgres, version: 3, recognise, normalise, origins: origins::ORIGINS };

fn recognise(probe: &Probe<'_>) -> bool {
    if csv::begins(probe.head(csv::HEAD_BYTES).as_bytes(), true) == Some(true) {
        return true;
    }
    probe.contains("\"error_severity\"")
        && ["timestamp", "error_severity", "message", "pid"].iter().all(|key| probe.has(key))
        && (probe.has("backend_type") || probe.has("session_id"))
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let record: Record<'a> = if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|error| json::not_json(&error))?
    } else {
        record::of_csv(text).ok_or_else(|| {
            Reject::new(RejectKind::Shape, "neither a JSON object nor a csvlog line of at least 23 columns")
        })?
    };
    let Some(message) = record.message.clone() else {
        return Err(Reject::new(RejectKind::Shape, "message is missing; every line of the log has one"));
    };
    let told = message::read(&message);
    let at = context.authority.unwrap_or("unknown").to_owned();
    let status = status(&record, &told);
    let mut event = Event::new(Platform::Postgres, Cow::Owned(at.clone()), actor(&record, &told, status, &at));
    event.status = status;
    event.status_code = said(&record.state_code);
    event.severity_id = severity(record.error_severity.as_deref());
    event.credential = login(&record, &event.actor.uri, &at);
    act(&mut event, &record, &told, &at);
    outcome(&mut event, &record, message);
    place(&mut event, &record, &at);
    when(&mut event, &record);
    event.api.service = Some(Cow::Borrowed(NAME));
    missing(&mut event, &record);
    Ok(event)
}

fn failed(record: &Record<'_>) -> bool {
    matches!(record.error_severity.as_deref(), Some("ERROR" | "FATAL" | "PANIC"))
}

/// Lines of pgaudit about reads and writes come after the check of rights, all others before the
/// statement runs.
fn status(record: &Record<'_>, told: &Told<'_>) -> Status {
    match told {
        _ if failed(record) => Status::Failure,
        Told::Audit(audit) => match audit.class.as_deref() {
            Some("READ" | "WRITE") => Status::Success,
            _ => Status::Unknown,
        },
        Told::Statement { duration_ms: None, .. } | Told::Received => Status::Unknown,
        _ => Status::Success,
    }
}

fn severity(level: Option<&str>) -> u8 {
    match level {
        Some("WARNING") => 2,
        Some("ERROR") => 3,
        Some("FATAL") => 4,
        Some("PANIC") => 6,
        _ => 1,
    }
}

/// A failure before the session began, by its SQLSTATE class: 28 invalid authorization.
fn is_refused_login(record: &Record<'_>) -> bool {
    failed(record) && record.state_code.as_deref().is_some_and(|code| code.starts_with("28"))
}

fn role_uri(name: &str, at: &str) -> String {
    uri::principal_named(NAME, at, "role", name)
}

fn actor<'a>(record: &Record<'a>, told: &Told<'_>, status: Status, at: &str) -> Principal<'a> {
    let Some(user) = said(&record.user) else {
        let here = *told == Told::Received;
        let uri = match said(&record.remote_host).filter(|_| here) {
            Some(host) => uri::principal_claimed(NAME, at, "host", &host),
            None => uri::principal(NAME, at, "server", at),
        };
        let (kind, is_human, rule) = match here {
            true => (ActorKind::Unknown, Human::Unknown, "default"),
            false => (ActorKind::PlatformService, Human::Nonhuman, "R1:postgres-itself"),
        };
        return Principal { uri, kind, name: said(&record.backend_type).filter(|_| !here), is_human, rule };
    };
    let claim = is_refused_login(record) && status == Status::Failure;
    let uri = if claim { uri::principal_claimed(NAME, at, "role", &user) } else { role_uri(&user, at) };
    // The name that every cluster has.
    let kind = if user == "postgres" { ActorKind::Shared } else { ActorKind::Unknown };
    Principal { uri, kind, name: Some(user), is_human: Human::Unknown, rule: "default" }
}

/// What a session was opened with: the login of its role, by the role's name. Whether that was its
/// password is in the record of the authentication alone.
fn login<'a>(record: &Record<'a>, actor: &str, at: &str) -> Option<Credential<'a>> {
    let user = said(&record.user).filter(|user| actor == role_uri(user, at))?;
    Some(Credential {
        uri: login_uri(&user, at),
        kind: Cow::Borrowed("login"),
        native_id: Some(user),
        ..Credential::default()
    })
}

fn login_uri(role: &str, at: &str) -> String {
    uri::build(Class::Cred, NAME, at, "login").name(role).finish()
}

/// What happened, and to what.
fn act<'a>(event: &mut Event<'a>, record: &Record<'a>, told: &Told<'a>, at: &str) {
    let database = said(&record.dbname);
    match told {
        Told::Received => set(event, 6005, 3, Access::Other, "connection received"),
        Told::Authenticated { identity, method } => {
            set(event, 3002, 1, Access::Authenticate, "connection authenticated");
            event.authn.method.clone_from(method);
            federate(event, identity.as_deref(), method.as_deref(), at);
        }
        Told::Authorized { principal, tls } => {
            set(event, 3002, 1, Access::Authenticate, "connection authorized");
            event.authn.protocol = tls.then_some(Cow::Borrowed("tls"));
            if principal.is_some() {
                event.authn.method = Some(Cow::Borrowed("gss"));
            }
            federate(event, principal.as_deref(), Some("gss"), at);
            event.decision =
                Decision { effect: Some(Effect::Allow), pdp: Some(Cow::Borrowed(NAME)), ..Decision::default() };
        }
        Told::Disconnected { length_ms } => {
            set(event, 3002, 2, Access::Other, "disconnection");
            event.duration_ms = *length_ms;
        }
        Told::Audit(audit) => audited(event, audit, database.as_deref(), at),
        Told::Statement { statement, duration_ms } => {
            event.duration_ms = *duration_ms;
            stated(event, statement, at);
        }
        Told::Other if is_refused_login(record) => set(event, 3002, 1, Access::Authenticate, "connection authorized"),
        Told::Other => match said(&record.statement) {
            Some(statement) => stated(event, &statement, at),
            None => {
                set(event, 6002, 99, Access::Other, "server message");
                logged(event, record.message.as_deref().and_then(logging::of_message));
            }
        },
    }
    if let Some(name) = database {
        resource(event, "database", name, at);
    }
    if event.resources.is_empty() {
        let server = said(&record.backend_type).unwrap_or(Cow::Borrowed("server"));
        resource(event, "server", server, at);
    }
}

fn set(event: &mut Event<'_>, class: u32, activity: u8, access: Access, operation: &'static str) {
    (event.class_uid, event.activity_id, event.access) = (class, activity, access);
    event.api.operation = Some(Cow::Borrowed(operation));
}

fn resource<'a>(event: &mut Event<'a>, kind: &str, name: Cow<'a, str>, at: &str) {
    event.resources.push(Resource {
        uri: uri::resource(NAME, at, kind, &name),
        kind: Cow::Owned(kind.to_owned()),
        name: Some(name),
        role: ResourceRole::Target,
    });
}

/// The identity that a method proved became this role: of a certificate, of Kerberos, of a token.
fn federate(event: &mut Event<'_>, identity: Option<&str>, method: Option<&str>, at: &str) {
    let Some(identity) = identity else { return };
    // Of a password method the identity is the role's own name.
    if matches!(method, Some("scram-sha-256" | "md5" | "password")) {
        return;
    }
    let a = match crate::spiffe::principal(identity) {
        Some(workload) => workload,
        None => {
            uri::build(Class::Principal, NAME, at, "identity").name(method.unwrap_or("unknown")).id(identity).finish()
        }
    };
    event.aliases.push(Alias {
        a,
        b: event.actor.uri.clone(),
        rel: AliasRel::FederatesTo,
        rule: "postgres:authenticated-identity",
    });
}

fn audited<'a>(event: &mut Event<'a>, audit: &Audit<'a>, database: Option<&str>, at: &str) {
    let command = said(&audit.command).unwrap_or(Cow::Borrowed("statement"));
    (event.class_uid, (event.activity_id, event.access)) = (6005, sql::act(&command));
    if audit.class.as_deref() == Some("FUNCTION") {
        (event.activity_id, event.access) = (4, Access::Execute);
    }
    if let Some(statement) = said(&audit.statement) {
        if command == "COPY" {
            (event.activity_id, event.access) = sql::act(&statement);
        }
        roles(event, &statement, at);
    }
    event.data_rows = audit.rows;
    if let Some(name) = said(&audit.object_name) {
        let kind = said(&audit.object_type).unwrap_or(Cow::Borrowed("object")).to_ascii_lowercase().replace(' ', "-");
        let full = database.map_or_else(|| name.to_string(), |database| format!("{database}/{name}"));
        resource(event, &kind, Cow::Owned(full), at);
    }
    event.api.operation = Some(command);
    if let Some(statement) = said(&audit.statement) {
        logged(event, logging::of_statement(&statement));
    }
}

/// What the server writes down was changed: more than a change of data.
fn logged(event: &mut Event<'_>, found: Option<(u8, Access)>) {
    if let Some((activity, access)) = found {
        (event.class_uid, event.activity_id, event.access) = (1008, activity, access);
        event.privileged = Some(true);
    }
}

fn stated(event: &mut Event<'_>, statement: &str, at: &str) {
    (event.class_uid, (event.activity_id, event.access)) = (6005, sql::act(statement));
    event.api.operation = Some(Cow::Owned(sql::verb(statement)));
    roles(event, statement, at);
    logged(event, logging::of_statement(statement));
}

/// Roles made, changed, dropped or switched to; rights given or taken.
fn roles(event: &mut Event<'_>, statement: &str, at: &str) {
    let verb = sql::verb(statement);
    if let Some(role) = message::switched_to(statement) {
        (event.class_uid, event.activity_id, event.access) = (3002, 7, Access::Authenticate);
        if !role.eq_ignore_ascii_case("none") {
            event.subject = Some(role_uri(role, at));
        }
        return;
    }
    match verb.as_str() {
        "GRANT" => (event.class_uid, event.activity_id) = (3007, 14),
        "REVOKE" => (event.class_uid, event.activity_id) = (3007, 15),
        _ => {}
    }
    let Some((name, until)) = message::role(statement) else { return };
    event.class_uid = 3007;
    event.privileged = Some(true);
    resource(event, "role", Cow::Owned(name.to_owned()), at);
    let password = login_uri(name, at);
    let change = |change| CredentialChange {
        change,
        uri: password.clone(),
        native_id: Some(Cow::Owned(name.to_owned())),
        holder: Some(role_uri(name, at)),
    };
    match verb.as_str() {
        "CREATE" => {
            event.activity_id = 1;
            if event.status != Status::Failure {
                let (a, b) = (password.clone(), role_uri(name, at));
                event.aliases.push(Alias { a, b, rel: AliasRel::CredentialOf, rule: "postgres:create-role" });
                event.issued_credential = Some(Credential {
                    uri: password.clone(),
                    kind: Cow::Borrowed("login"),
                    native_id: Some(Cow::Owned(name.to_owned())),
                    not_after: until.and_then(nanos),
                    ..Credential::default()
                });
            }
        }
        "DROP" => {
            event.activity_id = 3;
            if event.status != Status::Failure {
                event.credential_changes.push(change(CredentialChangeKind::Revoked));
            }
        }
        _ => {
            event.activity_id = 2;
            if event.status != Status::Failure && until.is_some() {
                event.credential_changes.push(change(CredentialChangeKind::Refreshed));
            }
        }
    }
}

fn outcome<'a>(event: &mut Event<'a>, record: &Record<'a>, message: Cow<'a, str>) {
    if event.status != Status::Failure {
        return;
    }
    event.error_code = said(&record.state_code);
    event.error_message = Some(message.clone());
    let denied = event.error_code.as_deref() == Some("42501");
    if let Some((kind, name)) = message::denied_object(&message).filter(|_| denied) {
        let full = match said(&record.dbname) {
            Some(database) => format!("{database}/{name}"),
            None => name.to_owned(),
        };
        let at = event.authority.to_string();
        resource(event, &kind.replace(' ', "-"), Cow::Owned(full), &at);
    }
    if denied || is_refused_login(record) {
        event.decision = Decision {
            effect: Some(Effect::Deny),
            pdp: Some(Cow::Borrowed(NAME)),
            reason: Some(message),
            ..Decision::default()
        };
    }
}

fn place<'a>(event: &mut Event<'a>, record: &Record<'a>, at: &str) {
    match said(&record.remote_host) {
        Some(host) if host.parse::<std::net::IpAddr>().is_ok() => event.src.ip = Some(host),
        // A Unix socket is `[local]`; a server may look names up.
        host => event.src.host = host,
    }
    event.src.port = record.remote_port.as_deref().and_then(|port| port.parse().ok()).filter(|port| *port != 0);
    // The client says so of itself.
    event.client_app = said(&record.application_name);
    event.process = said(&record.pid);
    if let Some(id) = said(&record.session_id) {
        if said(&record.user).is_some() {
            event.session = Some(uri::session(NAME, at, "session", &id));
        }
        event.source_event_id = match said(&record.line_num) {
            Some(line) => Some(Cow::Owned(format!("{id}/{line}"))),
            None => Some(id.clone()),
        };
        event.correlation_ids.push(id);
    }
}

fn when<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    let parsed = record.timestamp.as_deref().and_then(zoned);
    fill::timed(event, parsed, said(&record.timestamp));
}

fn nanos(text: &str) -> Option<i64> {
    time::parse(text).or_else(|| zoned(text)).map(|parsed| parsed.nanos)
}

/// A time with its zone behind a space. Names of zones other than that of Greenwich are not unique:
/// such a time is none, rather than a wrong one.
fn zoned(text: &str) -> Option<time::Parsed> {
    let (civil, zone) = text.trim().rsplit_once(' ')?;
    let offset = match zone {
        "UTC" | "GMT" | "Z" => "Z",
        zone if zone.starts_with(['+', '-']) => zone,
        _ => return None,
    };
    let offset = if offset.len() == 3 { format!("{offset}:00") } else { offset.to_owned() };
    time::parse(&format!("{}{offset}", civil.replacen(' ', "T", 1)))
}

/// Columns that every complete line fills; lines of the server itself need less.
fn missing(event: &mut Event<'_>, record: &Record<'_>) {
    let client = said(&record.user).is_some();
    let holes = [
        (event.time.is_none(), "time"),
        (event.source_event_id.is_none(), "source_event_id"),
        (client && event.src.ip.is_none() && event.src.host.is_none(), "src_ip"),
        (event.authority == "unknown", "authority"),
    ];
    fill::lacking(event, &holes);
}
