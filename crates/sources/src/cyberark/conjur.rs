//! Audit messages of Conjur: structured data under the enterprise number 43868.
//!
//! Roles and resources have ids of the form `account:kind:name`; names can be given again once they were deleted.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    Access, ActorKind, CredentialChange, CredentialChangeKind, Decision, Effect, Event, GrantFact, GrantPhase, Human,
    Platform, Principal, Resource, ResourceRole, Status, TimePrecision,
};

use super::NAME;
use crate::Context;
use crate::fill::{self, Act, act};
use crate::syslog::line::{Line, parameters};

/// The number of the vendor, as it stands in every element.
pub(super) const MARK: &str = "@43868";

/// What a message says, by element and name.
struct Says(Vec<(String, String, String)>);

impl Says {
    fn get<'a>(&self, element: &str, name: &str) -> Option<Cow<'a, str>> {
        let of = self.0.iter().find(|(of, key, value)| of == element && key == name && !value.is_empty());
        of.map(|(.., value)| Cow::Owned(value.clone()))
    }
}

fn says(data: &str) -> Says {
    let parameter = |(element, name, value): (&str, &str, String)| {
        (element.strip_suffix(MARK).unwrap_or(element).to_owned(), name.to_owned(), value)
    };
    Says(parameters(data).into_iter().map(parameter).collect())
}

/// `account:kind:name` taken apart.
fn parts(id: &str) -> Option<(&str, &str, &str)> {
    let (account, rest) = id.split_once(':')?;
    let (kind, name) = rest.split_once(':')?;
    Some((account, kind, name))
}

pub(super) fn event<'a>(line: &Line<'a>, context: &Context<'_>) -> Event<'a> {
    let says = says(line.data.unwrap_or_default());
    let user = says.get("auth", "user");
    let (role, resource) = (says.get("subject", "role"), says.get("subject", "resource"));
    let of = user.as_deref().or(role.as_deref()).or(resource.as_deref()).and_then(parts);
    let authority = context.authority.or(of.map(|(account, ..)| account)).unwrap_or("unknown").to_owned();
    let operation = says.get("action", "operation");
    let message = line.id.unwrap_or("unknown");
    let result = says.get("action", "result");
    let failed = result.as_deref() == Some("failure") || result.is_none() && line.severity().is_some_and(|of| of <= 4);
    let act = classify(message, operation.as_deref().unwrap_or_default(), &says);
    let who = user.or_else(|| role.clone().filter(|_| act.class_uid == 3002));
    let actor = actor(who.as_deref(), failed && act.class_uid == 3002, &authority);
    let mut event = Event::new(Platform::CyberArk, Cow::Owned(authority), actor);
    act.put(&mut event);
    event.privileged = (act.access == Access::Grant || act.class_uid == 3004).then_some(true);
    event.status = if failed { Status::Failure } else { Status::Success };
    event.status_code = result;
    event.time = line.time.map(|time| time.nanos);
    event.time_precision = line.time.map_or(TimePrecision::Second, |time| time.precision);
    event.time_raw = line.time_raw.map(Cow::Borrowed);
    event.api.service = Some(Cow::Borrowed("conjur"));
    let operation = operation.unwrap_or(Cow::Borrowed("unknown"));
    event.api.operation = Some(Cow::Owned(format!("{message}.{operation}")));
    // Of a call it is the id of the request, of work by hand the number of a process.
    event.api.request_id = line.pid.filter(|pid| pid.contains('-')).map(Cow::Borrowed);
    event.correlation_ids.extend(event.api.request_id.clone());
    event.workload.node = line.host.map(Cow::Borrowed);
    event.authn.method = says.get("auth", "authenticator").filter(|_| act.class_uid == 3002);
    fill::endpoint(&mut event.src, says.get("client", "ip"));
    if failed {
        event.error_message = Some(Cow::Borrowed(line.message)).filter(|text| !text.is_empty());
    }
    decision(&mut event, message, &says);
    resources(&mut event, &says);
    if matches!(message, "fetch" | "update") {
        event.secret_access.path = resource.as_deref().and_then(parts).map(|(.., name)| Cow::Owned(name.to_owned()));
        event.secret_access.version = says.get("subject", "version");
    }
    membership(&mut event, &says, &operation);
    if message == "update" && event.status == Status::Success {
        rotated(&mut event, resource.as_deref());
    }
    fill::usual(&mut event);
    event.quality.missing.retain(|column| *column != "source_event_id");
    event
}

fn classify(message: &str, operation: &str, says: &Says) -> Act {
    let rights = ["member", "privilege", "owner"].iter().any(|name| says.get("subject", name).is_some());
    match (message, operation) {
        ("authn", "logout") => act(3002, 2, Access::Authenticate),
        ("authn" | "host-factory", _) | (_, "authenticate" | "login" | "validate-status") => {
            act(3002, 1, Access::Authenticate)
        }
        ("fetch", _) => act(6003, 2, Access::Read),
        ("update", _) => act(6003, 3, Access::Modify),
        ("check" | "identity-check" | "list" | "show" | "resource" | "whoami", _) => act(6003, 2, Access::Read),
        ("api-key" | "password", _) => act(3007, 8, Access::Modify),
        (_, "add") if rights => act(3007, 14, Access::Grant),
        (_, "remove") if rights => act(3007, 15, Access::Grant),
        (_, "change") if rights => act(3007, 2, Access::Grant),
        ("policy", "add") => act(3004, 1, Access::Create),
        ("policy", "remove") => act(3004, 4, Access::Delete),
        ("policy", _) => act(3004, 3, Access::Modify),
        _ => fill::by_verb(operation),
    }
}

/// The URI of a role or a resource: the kind of Conjur in front, so that a host here is none of another's.
fn named(class: Class, id: &str, authority: &str, claimed: bool) -> String {
    let (kind, name) = parts(id).map_or(("role", id), |(_, kind, name)| (kind, name));
    let kind = format!("conjur-{}", crate::field::kebab(kind));
    let builder = uri::build(class, NAME, authority, &kind);
    if claimed { builder.claim(name).finish() } else { builder.name(name).finish() }
}

/// Hosts are machines; users are people by intent, but nothing proves it.
fn actor<'a>(id: Option<&str>, claimed: bool, authority: &str) -> Principal<'a> {
    let Some(id) = id else {
        let uri = uri::principal_claimed(NAME, authority, "conjur-role", "unknown");
        return Principal { uri, kind: ActorKind::Unknown, name: None, is_human: Human::Unknown, rule: "default" };
    };
    let (kind, is_human, rule) = match parts(id).map(|(_, kind, name)| (kind, name)) {
        Some(("host", _)) if !claimed => (ActorKind::Workload, Human::Nonhuman, "R1:conjur-host"),
        Some(("user", "admin")) => (ActorKind::Shared, Human::Unknown, "default"),
        _ => (ActorKind::Unknown, Human::Unknown, "default"),
    };
    let uri = named(Class::Principal, id, authority, claimed);
    Principal { uri, kind, name: Some(Cow::Owned(id.to_owned())), is_human, rule }
}

/// A check of a permission is a decision in itself.
fn decision<'a>(event: &mut Event<'a>, message: &str, says: &Says) {
    let denied = event.status == Status::Failure;
    if message == "check" || denied {
        event.decision = Decision {
            effect: Some(if denied { Effect::Deny } else { Effect::Allow }),
            pdp: Some(Cow::Borrowed("conjur")),
            policies: says.get("policy", "id").into_iter().collect(),
            rule: says.get("subject", "privilege"),
            ..Decision::default()
        };
    }
}

fn resources<'a>(event: &mut Event<'a>, says: &Says) {
    let mut add = |class_of: &str, role: ResourceRole| {
        let (element, name) = class_of.split_once('.').unwrap_or(("subject", class_of));
        let Some(id) = says.get(element, name) else { return };
        let uri = named(Class::Resource, &id, &event.authority, false);
        let kind = parts(&id).map_or_else(|| "role".to_owned(), |(_, kind, _)| crate::field::kebab(kind));
        if event.resources.iter().all(|known| known.uri != uri) {
            event.resources.push(Resource { uri, kind: Cow::Owned(kind), name: Some(id), role });
        }
    };
    add("subject.resource", ResourceRole::Target);
    add("subject.role", ResourceRole::Target);
    add("subject.member", ResourceRole::Affected);
    add("subject.owner", ResourceRole::Affected);
    add("policy.id", ResourceRole::Related);
    add("auth.service", ResourceRole::Related);
}

/// Who was made a member, an owner, or was given a privilege, by which version of a policy.
fn membership<'a>(event: &mut Event<'a>, says: &Says, operation: &str) {
    let phase = match operation {
        "add" => GrantPhase::Activate,
        "remove" => GrantPhase::Revoke,
        _ => return,
    };
    let privilege = says.get("subject", "privilege");
    let (to, on, what) = if privilege.is_some() {
        (says.get("subject", "role"), says.get("subject", "resource"), privilege)
    } else if let Some(owner) = says.get("subject", "owner") {
        (Some(owner), says.get("subject", "resource"), Some(Cow::Borrowed("owner")))
    } else {
        (says.get("subject", "member"), says.get("subject", "role"), Some(Cow::Borrowed("member")))
    };
    let (Some(to), Some(on), Some(what)) = (to, on, what) else { return };
    let uri = uri::build(Class::Grant, NAME, &event.authority, "conjur-right").name(&on).id(&what).id(&to).finish();
    event.grant_refs.push(uri.clone());
    event.grants.push(GrantFact {
        requester: Some(event.actor.uri.clone()),
        beneficiary: Some(named(Class::Principal, &to, &event.authority, false)),
        target: Some(what),
        resource: Some(Cow::Owned(named(Class::Resource, &on, &event.authority, false))),
        policy: says.get("policy", "id"),
        policy_version: says.get("policy", "version"),
        ..GrantFact::new(uri, phase)
    });
}

/// A variable has a new value.
fn rotated(event: &mut Event<'_>, resource: Option<&str>) {
    let Some((_, "variable", name)) = resource.and_then(parts) else { return };
    let uri = uri::build(Class::Cred, NAME, &event.authority, "conjur-variable").name(name).finish();
    let change = CredentialChangeKind::Rotated;
    event.credential_changes.push(CredentialChange { change, uri, native_id: None, holder: None });
}
