//! Directory audits: who changed which object of the directory, and with which effect on
//! credentials and grants.

use std::borrow::Cow;

use model::{
    ActorKind, Alias, AliasRel, Change, Credential, CredentialChange, CredentialChangeKind, Event, GrantFact,
    GrantPhase, Human, Platform, Principal, Resource, ResourceRole, Status, uri,
};

use super::class;
use super::guid::lower;
use super::identity::{self, NAME};
use super::record::{Envelope, Modified, Properties, Target, said};
use crate::time;

type Text<'a> = Cow<'a, str>;

/// Reads a directory audit.
pub(super) fn read<'a>(envelope: &Envelope<'a>, properties: &Properties<'a>, tenant: String) -> Event<'a> {
    let activity = said(&properties.activity).or_else(|| said(&envelope.operation)).unwrap_or(Cow::Borrowed("unknown"));
    let category = said(&properties.category).or_else(|| said(&envelope.category)).unwrap_or_default();
    let class = class::of(&activity, &category, properties.operation_type.as_deref().unwrap_or_default());
    let mut event = Event::new(Platform::Entra, Cow::Owned(tenant.clone()), actor(properties, &tenant));
    event.class_uid = class.uid;
    event.activity_id = class.activity;
    event.access = class.access;
    event.privileged = class::privileged(class, &category).then_some(true);
    let result = said(&properties.result).or_else(|| said(&envelope.result_type));
    event.status = match result.as_deref().map(str::to_ascii_lowercase).as_deref() {
        Some("success") => Status::Success,
        Some("failure" | "failed" | "timeout") => Status::Failure,
        Some("clienterror") => Status::Failure,
        Some(_) => Status::Other,
        None => Status::Unknown,
    };
    event.status_code = result;
    if event.status == Status::Failure {
        event.error_code = event.status_code.clone();
        event.error_message = said(&properties.result_reason).or_else(|| said(&envelope.result_description));
    }
    event.aliases = aliases(properties, &tenant);
    link(&mut event, properties, &tenant);
    event.resources = properties.targets.iter().filter_map(|target| resource(target, &tenant)).collect();
    event.changes = properties.targets.iter().flat_map(|target| &target.modified).filter_map(change).collect();
    keys(&mut event, properties, &tenant);
    event.grants = grant(&event, properties, &activity, &tenant).into_iter().collect();
    event.grant_refs = event.grants.iter().map(|grant| grant.uri.clone()).collect();
    event.purpose.reason = detail(properties, "Justification");
    event.purpose.ticket = detail(properties, "TicketNumber");
    event.api.service = said(&properties.logged_by);
    event.api.operation = Some(activity);
    event.api.request_id = said(&properties.correlation_id).or_else(|| said(&envelope.correlation_id));
    event.source_event_id = said(&properties.id);
    let ids = [&properties.correlation_id, &envelope.correlation_id].into_iter().filter_map(said);
    for id in ids.chain(detail(properties, "RequestId")) {
        if !event.correlation_ids.contains(&id) {
            event.correlation_ids.push(id);
        }
    }
    event.user_agent = said(&properties.user_agent).or_else(|| detail(properties, "User-Agent"));
    event
}

/// The user, else the application, that initiated it.
fn actor<'a>(properties: &Properties<'a>, tenant: &str) -> Principal<'a> {
    let initiator = properties.initiated_by.as_ref();
    let session = initiator.and_then(|i| said(&i.linkable.as_ref()?.session_id)).is_some();
    if let Some(user) = initiator.and_then(|i| i.user.as_ref()) {
        let (id, name) = (said(&user.id), said(&user.principal_name));
        if id.is_some() || name.is_some() {
            let (is_human, rule) =
                if session { (Human::Human, "R2:entra-session") } else { (Human::Unknown, "default") };
            let uri = identity::user(tenant, id.clone(), name.clone(), true);
            let name = name.or_else(|| said(&user.display_name)).or(id);
            return Principal { uri, kind: ActorKind::Human, name, is_human, rule };
        }
    }
    let nothing = Principal {
        uri: identity::unknown(tenant),
        kind: ActorKind::Unknown,
        name: None,
        is_human: Human::Unknown,
        rule: "default",
    };
    let Some(app) = initiator.and_then(|i| i.app.as_ref()) else { return nothing };
    let name = said(&app.display_name).or_else(|| said(&app.service_principal_name));
    let uri = match (said(&app.service_principal_id), said(&app.app_id), &name) {
        (Some(id), ..) => uri::principal(NAME, tenant, "sp", &lower(&id)),
        (None, Some(id), _) => uri::principal(NAME, tenant, "app", &lower(&id)),
        (None, None, Some(name)) => uri::principal_named(NAME, tenant, "app", name),
        (None, None, None) => return nothing,
    };
    let name = name.or_else(|| said(&app.service_principal_id)).or_else(|| said(&app.app_id));
    Principal { uri, kind: ActorKind::ServiceAccount, name, is_human: Human::Nonhuman, rule: "R1:entra-app" }
}

/// The token and session of the request, where the platform links them.
fn link<'a>(event: &mut Event<'a>, properties: &Properties<'a>, tenant: &str) {
    let Some(linkable) = properties.initiated_by.as_ref().and_then(|i| i.linkable.as_ref()) else { return };
    event.session = said(&linkable.session_id).map(|id| uri::session(NAME, tenant, "sid", &lower(&id)));
    if let Some(id) = linkable.token.as_ref().and_then(|token| said(&token.uti)) {
        event.correlation_ids.push(id.clone());
        event.credential = Some(Credential {
            uri: uri::cred(NAME, tenant, "uti", &id),
            kind: Cow::Borrowed("uti"),
            native_id: Some(id),
            ..Credential::default()
        });
    }
}

fn aliases(properties: &Properties<'_>, tenant: &str) -> Vec<Alias> {
    let mut aliases = Vec::new();
    let initiator = properties.initiated_by.as_ref();
    let user = initiator.and_then(|i| i.user.as_ref()).and_then(|u| said(&u.id).zip(said(&u.principal_name)));
    aliases.extend(user.and_then(|(id, name)| identity::user_alias(tenant, &id, &name)));
    let app = initiator.and_then(|i| i.app.as_ref());
    let app = app.and_then(|app| said(&app.service_principal_id).zip(said(&app.app_id)));
    aliases.extend(app.map(|(id, app_id)| Alias {
        a: uri::principal(NAME, tenant, "sp", &lower(&id)),
        b: uri::principal(NAME, tenant, "app", &lower(&app_id)),
        rel: AliasRel::SameAs,
        rule: "entra:servicePrincipalId+appId",
    }));
    for target in properties.targets.iter().filter(|target| target.kind.as_deref() == Some("User")) {
        if let (Some(id), Some(name)) = (said(&target.id), said(&target.principal_name)) {
            aliases.extend(identity::user_alias(tenant, &id, &name));
        }
    }
    aliases
}

fn resource<'a>(target: &Target<'a>, tenant: &str) -> Option<Resource<'a>> {
    let native = target.kind.as_deref().unwrap_or_default();
    let kind = kebab(native);
    let name = said(&target.name).or_else(|| said(&target.principal_name));
    let uri = match (said(&target.id), &name) {
        (Some(id), _) => uri::build(uri::Class::Resource, NAME, tenant, &kind).id(&lower(&id)).finish(),
        (None, Some(name)) => uri::resource(NAME, tenant, &kind, name),
        (None, None) => return None,
    };
    let role = match native {
        "Request" | "Directory" | "Other" | "Tenant" => ResourceRole::Related,
        _ => ResourceRole::Target,
    };
    Some(Resource { uri, kind: Cow::Owned(kind), name: name.or_else(|| said(&target.id)), role })
}

fn kebab(kind: &str) -> String {
    let mut out = String::with_capacity(kind.len() + 2);
    for c in kind.chars().filter(char::is_ascii_alphanumeric) {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    if out.is_empty() { "object".to_owned() } else { out }
}

fn change<'a>(modified: &Modified<'a>) -> Option<Change<'a>> {
    Some(Change { field: said(&modified.name)?, before: said(&modified.before), after: said(&modified.after) })
}

fn detail<'a>(properties: &Properties<'a>, key: &str) -> Option<Text<'a>> {
    properties
        .additional
        .iter()
        .find(|d| d.key.as_deref().is_some_and(|k| k.eq_ignore_ascii_case(key)))
        .and_then(|d| said(&d.value))
}

/// The value of a modified property without the JSON quotes around it: the new one, else the old one.
fn property<'a>(properties: &Properties<'a>, name: &str) -> Option<Text<'a>> {
    let modified = properties.targets.iter().flat_map(|t| &t.modified).find(|m| m.name.as_deref() == Some(name))?;
    [&modified.after, &modified.before].into_iter().find_map(|value| {
        let text = value.as_deref()?;
        let plain = serde_json::from_str::<String>(text).unwrap_or_else(|_| text.to_owned());
        let plain = plain.trim_matches('"');
        (!plain.is_empty() && plain != "null").then(|| Cow::Owned(plain.to_owned()))
    })
}

/// Keys, certificates and federated credentials that came to an application, or went.
fn keys<'a>(event: &mut Event<'a>, properties: &Properties<'a>, tenant: &str) {
    if event.status != Status::Success {
        return;
    }
    let mut issued = Vec::new();
    let mut revoked = Vec::new();
    for target in &properties.targets {
        let holder = holder(properties, target, tenant);
        for modified in &target.modified {
            let (kind, ids): (_, fn(&str) -> Vec<String>) = match modified.name.as_deref() {
                Some("KeyDescription") => ("app-key", key_ids),
                Some("FederatedIdentityCredentials") => ("federated-credential", federated_ids),
                _ => continue,
            };
            let [before, after] =
                [&modified.before, &modified.after].map(|value| value.as_deref().map(ids).unwrap_or_default());
            let change = |id: &String, change| CredentialChange {
                change,
                uri: uri::cred(NAME, tenant, kind, &lower(id)),
                native_id: Some(Cow::Owned(id.clone())),
                holder: holder.clone(),
            };
            issued.extend(
                after
                    .iter()
                    .filter(|id| !before.contains(id))
                    .map(|id| (kind, change(id, CredentialChangeKind::Issued))),
            );
            revoked.extend(
                before.iter().filter(|id| !after.contains(id)).map(|id| change(id, CredentialChangeKind::Revoked)),
            );
        }
    }
    for (_, key) in &issued {
        if let Some(holder) = &key.holder {
            let (a, b) = (key.uri.clone(), holder.clone());
            event.aliases.push(Alias { a, b, rel: AliasRel::CredentialOf, rule: "entra:key-of" });
        }
    }
    if let Some((kind, first)) = issued.first() {
        event.issued_credential = Some(Credential {
            uri: first.uri.clone(),
            kind: Cow::Borrowed(*kind),
            native_id: first.native_id.clone(),
            parent: event.credential.as_ref().map(|credential| credential.uri.clone()),
            ..Credential::default()
        });
    } else if !revoked.is_empty() {
        // One activity name covers adding and removing; the values tell which it was.
        event.activity_id = 19;
        event.access = model::Access::Delete;
    }
    event.credential_changes = issued.into_iter().map(|(_, change)| change).chain(revoked).collect();
}

/// Whose key it is: the service principal, else the application by its client id.
fn holder(properties: &Properties<'_>, target: &Target<'_>, tenant: &str) -> Option<String> {
    let id = said(&target.id)?;
    match target.kind.as_deref() {
        Some("ServicePrincipal") => Some(uri::principal(NAME, tenant, "sp", &lower(&id))),
        _ => match detail(properties, "AppId").or_else(|| property(properties, "AppId")) {
            Some(app) => Some(uri::principal(NAME, tenant, "app", &lower(&app))),
            None => Some(uri::principal(NAME, tenant, "app-object", &lower(&id))),
        },
    }
}

/// Ids in `["[KeyIdentifier=<id>,KeyType=Password,KeyUsage=Verify,DisplayName=x]"]`.
fn key_ids(text: &str) -> Vec<String> {
    text.split("KeyIdentifier=")
        .skip(1)
        .map(|rest| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect::<String>())
        .filter(|id| !id.is_empty())
        .collect()
}

/// Ids in a JSON list of credentials, each an object, some of them as JSON in a text.
fn federated_ids(text: &str) -> Vec<String> {
    use serde_json::Value;
    let Ok(Value::Array(items)) = serde_json::from_str(text) else { return Vec::new() };
    items
        .into_iter()
        .filter_map(|item| match item {
            Value::String(inner) => serde_json::from_str(&inner).ok(),
            other => Some(other),
        })
        .filter_map(|item| item.get("Id").or_else(|| item.get("id")).and_then(Value::as_str).map(str::to_owned))
        .collect()
}

/// What the audit says about a role, membership, permission or consent.
fn grant<'a>(event: &Event<'a>, properties: &Properties<'a>, activity: &str, tenant: &str) -> Option<GrantFact<'a>> {
    let name = activity.to_ascii_lowercase();
    let pim = properties.logged_by.as_deref() == Some("PIM") || name.contains("pim");
    if event.access != model::Access::Grant {
        return None;
    }
    let of = |kinds: &[&str]| properties.targets.iter().find(|t| kinds.iter().any(|k| t.kind.as_deref() == Some(k)));
    let beneficiary = beneficiary(properties, &name, tenant);
    let request = detail(properties, "RequestId").or_else(|| of(&["Request"]).and_then(|t| said(&t.id)));
    let named = ["Role.DisplayName", "Group.DisplayName", "AppRole.Value", "DelegatedPermissionGrant.Scope"];
    let role = of(&["Role"])
        .and_then(|target| said(&target.name))
        .or_else(|| named.iter().find_map(|field| property(properties, field)))
        .or_else(|| of(&["Role"]).and_then(|target| said(&target.id)));
    let uri = match (pim, request) {
        (true, Some(id)) => uri::grant(NAME, tenant, "pim-request", &lower(&id)),
        _ => {
            let holder = beneficiary.as_deref().and_then(|uri| uri.rsplit('/').next()).unwrap_or("unknown");
            let thing = ["Role.ObjectID", "Group.ObjectID", "AppRole.Id"]
                .iter()
                .find_map(|field| property(properties, field))
                .or_else(|| of(&["Role"]).and_then(|target| said(&target.id)));
            let builder = uri::build(uri::Class::Grant, NAME, tenant, kind(&name)).id(holder);
            match (thing, &role) {
                (Some(id), _) => builder.id(&lower(&id)).finish(),
                (None, Some(role)) => builder.name(role).finish(),
                (None, None) => builder.finish(),
            }
        }
    };
    let phase = phase(&name, event.status);
    let actor = event.actor.uri.clone();
    let decides = matches!(phase, GrantPhase::Approve | GrantPhase::Deny);
    let asks = !decides && phase != GrantPhase::Expire;
    let nanos = |key| detail(properties, key).and_then(|text| Some(time::parse(&text)?.nanos));
    let (not_before, not_after) = (nanos("StartTime"), nanos("ExpirationTime"));
    Some(GrantFact {
        requester: asks.then(|| actor.clone()),
        beneficiary,
        approver: decides.then_some(actor),
        target: role,
        reason: detail(properties, "Justification").or_else(|| said(&properties.result_reason).filter(|_| pim)),
        ticket: detail(properties, "TicketNumber"),
        not_before,
        not_after,
        duration_s: not_before.zip(not_after).and_then(|(from, to)| u64::try_from((to - from) / 1_000_000_000).ok()),
        ..GrantFact::new(uri, phase)
    })
}

/// Who receives it. For permissions of an application the targets name the API, and a property the
/// client that may call it.
fn beneficiary(properties: &Properties<'_>, name: &str, tenant: &str) -> Option<String> {
    if matches!(kind(name), "app-role" | "permission") {
        let client = [("ServicePrincipal.ObjectID", "sp"), ("User.ObjectID", "user"), ("Group.ObjectID", "group")]
            .into_iter()
            .find_map(|(field, part)| Some((part, property(properties, field)?)));
        if let Some((part, id)) = client {
            return Some(uri::principal(NAME, tenant, part, &lower(&id)));
        }
    }
    properties
        .targets
        .iter()
        .find(|target| matches!(target.kind.as_deref(), Some("User" | "ServicePrincipal" | "Group")))
        .and_then(|target| principal_of(target, tenant))
        .or_else(|| Some(uri::principal(NAME, tenant, "user", &lower(&property(properties, "User.ObjectID")?))))
}

fn kind(name: &str) -> &'static str {
    match name {
        _ if name.contains("app role") => "app-role",
        _ if name.contains("delegated permission") || name.contains("consent") => "permission",
        _ if name.contains("owner") => "ownership",
        _ if name.contains("group") => "group-membership",
        _ => "directory-role",
    }
}

fn phase(name: &str, status: Status) -> GrantPhase {
    match name {
        // An attempt that failed put nothing in force.
        _ if status == Status::Failure && !name.contains("denied") => GrantPhase::Request,
        _ if name.contains("outside of pim") => GrantPhase::Bypass,
        _ if name.contains("request approved") || name.contains("approved") => GrantPhase::Approve,
        _ if name.contains("denied") => GrantPhase::Deny,
        _ if name.contains("canceled") => GrantPhase::Revoke,
        _ if name.contains("expired") => GrantPhase::Expire,
        _ if name.contains("requested") => GrantPhase::Request,
        _ if name.contains("renew") || name.contains("extend") => GrantPhase::Extend,
        _ if name.starts_with("remove") || name.starts_with("revoke") => GrantPhase::Revoke,
        _ => GrantPhase::Activate,
    }
}

fn principal_of(target: &Target<'_>, tenant: &str) -> Option<String> {
    let part = match target.kind.as_deref()? {
        "ServicePrincipal" => "sp",
        "Group" => "group",
        _ => return Some(identity::user(tenant, said(&target.id), said(&target.principal_name), true)),
    };
    Some(uri::principal(NAME, tenant, part, &lower(&said(&target.id)?)))
}
