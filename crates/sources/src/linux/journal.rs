//! Records of systemd's journal as `journalctl -o json` writes them. What begins with an underscore the journal found out
//! itself; all else is what the sender says.

use std::borrow::Cow;

use model::{
    ActorKind, Credential, CredentialChange, Event, Fingerprint, Human, Principal, Resource, TimePrecision, uri,
};

use super::{NAME, audit, of_line, placed, program, session_of};
use crate::json::Document;
use crate::{Context, Probe, Reject, RejectKind, fill};

pub(super) fn recognise(probe: &Probe<'_>) -> bool {
    probe.contains("\"__REALTIME_TIMESTAMP\"")
        && probe.has("__REALTIME_TIMESTAMP")
        && probe.has("MESSAGE")
        && (probe.has("_BOOT_ID") || probe.has("_TRANSPORT") || probe.has("__CURSOR"))
}

pub(super) fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let record = Document::read(text)?;
    let host = record.get("/_HOSTNAME");
    let at = context.authority.or(host.as_deref()).unwrap_or("unknown").to_owned();
    let Some(message) = record.get("/MESSAGE") else {
        return Err(Reject::new(RejectKind::Shape, "MESSAGE is missing or no text; a record of the journal has one"));
    };
    let app = record.any(&["/SYSLOG_IDENTIFIER", "/_COMM"]).unwrap_or(Cow::Borrowed("journal"));
    let exe = record.get("/_EXE");
    // Whoever may write to the journal may call itself what it likes; which program it is, the kernel knows.
    let believed = exe.as_deref().and_then(|exe| exe.rsplit('/').next()).is_none_or(|exe| is_program(&app, exe));
    let kind = record.get("/_AUDIT_TYPE_NAME").filter(|_| record.get("/_TRANSPORT").as_deref() == Some("audit"));
    let mut event = match kind.as_deref() {
        Some(kind) => {
            let body = message.strip_prefix(kind).unwrap_or(&message).trim_start();
            detached(audit::of_record(Some(kind), "", body, &at, None))
        }
        None => detached(of_line(&app, &message, &at, believed)),
    };
    fill::when(&mut event, record.any(&["/_SOURCE_REALTIME_TIMESTAMP", "/__REALTIME_TIMESTAMP"]));
    event.time_precision = TimePrecision::Micro;
    event.source_event_id = record.get("/__CURSOR");
    event.correlation_ids.extend(record.get("/_AUDIT_ID"));
    placed(&mut event, host.clone(), app.clone(), record.any(&["/_PID", "/SYSLOG_PID"]));
    if let Some(session) = record.any(&["/_SYSTEMD_SESSION", "/_AUDIT_SESSION"]).filter(|_| event.session.is_none()) {
        event.session = Some(session_of(&at, &session));
    }
    if event.actor.rule == "R1:linux-service"
        && let Some(uid) = record.get("/_UID").filter(|_| !program::is_ours(&app, &message))
    {
        event.actor = sender(uid, &at);
    }
    if !believed {
        event.severity_id = event.severity_id.max(4);
    }
    event.quality.missing.clear();
    let holes = [(event.source_event_id.is_none(), "source_event_id"), (host.is_none(), "workload_node")];
    fill::missing(&mut event, &holes);
    Ok(event)
}

/// The event without its ties to the message: a message with a quote in it does not stand in the record as it is. What
/// lines and audit records never fill is not looked at.
fn detached(event: Event<'_>) -> Event<'static> {
    fn own(text: Option<Cow<'_, str>>) -> Option<Cow<'static, str>> {
        text.map(|text| Cow::Owned(text.into_owned()))
    }
    fn credential(from: Credential<'_>) -> Credential<'static> {
        Credential {
            uri: from.uri,
            kind: Cow::Owned(from.kind.into_owned()),
            native_id: own(from.native_id),
            fingerprint: from.fingerprint.map(|print| Fingerprint {
                algorithm: print.algorithm,
                encoding: print.encoding,
                value: Cow::Owned(print.value.into_owned()),
            }),
            issuer: own(from.issuer),
            ..Credential::default()
        }
    }
    let actor = Principal {
        uri: event.actor.uri,
        kind: event.actor.kind,
        name: own(event.actor.name),
        is_human: event.actor.is_human,
        rule: event.actor.rule,
    };
    let mut to = Event::new(event.platform, Cow::Owned(event.authority.into_owned()), actor);
    (to.class_uid, to.activity_id, to.access) = (event.class_uid, event.activity_id, event.access);
    (to.status, to.status_code, to.severity_id) = (event.status, own(event.status_code), event.severity_id);
    (to.subject, to.privileged, to.session) = (event.subject, event.privileged, event.session);
    (to.error_code, to.error_message) = (own(event.error_code), own(event.error_message));
    (to.api.service, to.api.operation) = (own(event.api.service), own(event.api.operation));
    (to.src.ip, to.src.host, to.src.port) = (own(event.src.ip), own(event.src.host), event.src.port);
    (to.authn.method, to.authn.protocol) = (own(event.authn.method), own(event.authn.protocol));
    (to.client_app, to.process, to.workload.name) =
        (own(event.client_app), own(event.process), own(event.workload.name));
    to.credential = event.credential.map(credential);
    to.issued_credential = event.issued_credential.map(credential);
    to.decision.effect = event.decision.effect;
    (to.decision.pdp, to.decision.reason) = (own(event.decision.pdp), own(event.decision.reason));
    to.decision.policies = event.decision.policies.into_iter().filter_map(|policy| own(Some(policy))).collect();
    to.correlation_ids = event.correlation_ids.into_iter().filter_map(|id| own(Some(id))).collect();
    to.aliases = event.aliases;
    let changed = |change: CredentialChange<'_>| CredentialChange {
        change: change.change,
        uri: change.uri,
        native_id: own(change.native_id),
        holder: change.holder,
    };
    to.credential_changes = event.credential_changes.into_iter().map(changed).collect();
    let named = |resource: Resource<'_>| Resource {
        uri: resource.uri,
        kind: Cow::Owned(resource.kind.into_owned()),
        name: own(resource.name),
        role: resource.role,
    };
    to.resources = event.resources.into_iter().map(named).collect();
    to
}

fn is_program(app: &str, exe: &str) -> bool {
    let app = app.rsplit('/').next().unwrap_or(app);
    app == exe || (app.starts_with("sshd") && exe.starts_with("sshd")) || (app == "su-l" && exe == "su")
}

/// The user under which a program runs that is none of those that decide about users.
fn sender<'a>(uid: Cow<'a, str>, at: &str) -> Principal<'a> {
    let (uri, kind) = match uid.as_ref() {
        "0" => (uri::principal_named(NAME, at, "user", "root"), ActorKind::Shared),
        uid => (uri::principal_named(NAME, at, "unix-uid", uid), ActorKind::Unknown),
    };
    Principal { uri, kind, name: Some(uid), is_human: Human::Unknown, rule: "default" }
}
