//! 1Password: item usages, sign-in attempts and audit events of the Events API.
//!
//! [`record`] knows the shapes, [`act`] what actions do.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    Access, ActorKind, Alias, AliasRel, Credential, CredentialChange, CredentialChangeKind, Decision, Effect, Event,
    GrantFact, GrantPhase, Human, Platform, Principal, Resource, ResourceRole, Status,
};

use self::record::{Record, User};
use crate::field::{Text, first, kebab, said};
use crate::fill;
use crate::{Context, Module, Probe, Reject, RejectKind, json};

mod act;
mod origins;
mod record;

/// The platform part of canonical URIs.
const NAME: &str = "onepassword";

/// The domain under which the platform gives addresses to service accounts.
const SERVICE_ACCOUNTS: &str = "@1passwordserviceaccounts.com";

pub(crate) static MODULE: Module =
    Module { platform: Platform::OnePassword, version: 1, recognise, normalise, origins: origins::ORIGINS };

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Usage,
    SignIn,
    Audit,
}

fn kind(probe: &Probe<'_>) -> Option<Kind> {
    let all = |keys: &[&str]| keys.iter().all(|key| probe.has(key));
    if !probe.contains("\"uuid\"") || !all(&["uuid", "timestamp"]) {
        return None;
    }
    if all(&["item_uuid", "vault_uuid", "user"]) {
        return Some(Kind::Usage);
    }
    if all(&["target_user", "category", "type"]) {
        return Some(Kind::SignIn);
    }
    all(&["actor_uuid", "action", "object_type"]).then_some(Kind::Audit)
}

fn recognise(probe: &Probe<'_>) -> bool {
    kind(probe).is_some()
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let Some(kind) = kind(&Probe::new(text)) else {
        return Err(Reject::new(RejectKind::Shape, "neither an item usage nor a sign-in attempt nor an audit event"));
    };
    let record: Record<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    let authority = match (context.authority, said(&record.account)) {
        (Some(set), _) => Cow::Owned(set.to_owned()),
        (None, account) => account.unwrap_or(Cow::Borrowed("unknown")),
    };
    let failed =
        kind == Kind::SignIn && !matches!(record.category.as_deref(), Some("success" | "firewall_reported_success"));
    let mut event = Event::new(Platform::OnePassword, authority.clone(), actor(&record, failed, &authority));
    event.status = if failed { Status::Failure } else { Status::Success };
    event.tenant = said(&record.account);
    event.source_event_id = said(&record.id);
    event.api.service = Some(Cow::Borrowed(NAME));
    event.aliases.extend(
        [&record.user, &record.target_user, &record.actor_details]
            .into_iter()
            .flatten()
            .filter_map(|user| names(user, &authority).filter(|_| !failed)),
    );
    place(&mut event, &record);
    match kind {
        Kind::Usage => usage(&mut event, &record),
        Kind::SignIn => sign_in(&mut event, &record, failed),
        Kind::Audit => audit(&mut event, &record),
    }
    fill::when(&mut event, first(&[&record.timestamp]));
    let holes = [
        (event.time.is_none(), "time"),
        (event.source_event_id.is_none(), "source_event_id"),
        (event.actor.name.is_none(), "actor_principal"),
        (event.src.ip.is_none(), "src_ip"),
        (event.session.is_none() && kind != Kind::Usage, "session_uri"),
        (event.resources.is_empty(), "resources"),
        (event.authority == "unknown", "authority"),
    ];
    fill::lacking(&mut event, &holes);
    Ok(event)
}

fn actor<'a>(record: &Record<'a>, failed: bool, authority: &str) -> Principal<'a> {
    let user = [&record.user, &record.target_user, &record.actor_details].into_iter().find_map(Option::as_ref);
    let id = user.and_then(|user| said(&user.id)).or_else(|| said(&record.actor));
    let name = user.and_then(|user| first(&[&user.email, &user.name])).or_else(|| id.clone());
    let uri = match (&id, &name) {
        (Some(claim), _) | (None, Some(claim)) if failed => uri::principal_claimed(NAME, authority, "user", claim),
        (Some(id), _) => uri::principal(NAME, authority, "user", id),
        (None, Some(name)) => uri::principal_named(NAME, authority, "user", name),
        (None, None) => uri::principal(NAME, authority, "unknown", "unknown"),
    };
    let service = user.and_then(|user| user.email.as_deref()).is_some_and(|email| email.ends_with(SERVICE_ACCOUNTS));
    let app = record.client.as_ref().and_then(|client| client.app.as_deref()).unwrap_or_default();
    let machine = ["Connect", "SCIM", "CLI", "SDK", "Bridge", "Automation"].iter().any(|word| app.contains(word));
    let (kind, is_human, rule) = match () {
        () if service => (ActorKind::ServiceAccount, Human::Nonhuman, "R1:onepassword-service-account"),
        () if failed || app.is_empty() => (ActorKind::Unknown, Human::Unknown, "default"),
        () if app.contains("SCIM") => (ActorKind::Integration, Human::Nonhuman, "R1:onepassword-scim-bridge"),
        () if machine => (ActorKind::Script, Human::Unknown, "default"),
        () if app.starts_with("1Password") => (ActorKind::Human, Human::Human, "R2:onepassword-app"),
        () => (ActorKind::Unknown, Human::Unknown, "default"),
    };
    Principal { uri, kind, name, is_human, rule }
}

/// A user's id and address, seen in one record.
fn names(user: &User<'_>, authority: &str) -> Option<Alias> {
    let a = uri::principal(NAME, authority, "user", &said(&user.id)?);
    let b = uri::principal_named(NAME, authority, "user", &said(&user.email)?);
    Some(Alias { a, b, rel: AliasRel::SameAs, rule: "onepassword:uuid+email" })
}

fn place<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    let client = record.client.as_ref();
    let signed_in = record.signed_in.as_ref();
    let ip = client.and_then(|client| said(&client.ip)).or_else(|| signed_in.and_then(|session| said(&session.ip)));
    fill::endpoint(&mut event.src, ip);
    event.src.country =
        record.location.as_ref().and_then(|place| said(&place.country)).or_else(|| said(&record.country));
    event.client_app = client.and_then(|client| {
        let app = said(&client.app)?;
        Some(said(&client.app_version).map_or(app.clone(), |version| Cow::Owned(format!("{app} {version}"))))
    });
    event.device.name = client.and_then(|client| said(&client.platform));
    event.device.os = client.and_then(|client| {
        let os = said(&client.os)?;
        Some(said(&client.os_version).map_or(os.clone(), |version| Cow::Owned(format!("{os} {version}"))))
    });
    event.device.id = signed_in.and_then(|session| said(&session.device));
    let session = said(&record.session).or_else(|| signed_in.and_then(|session| said(&session.id)));
    if let Some(id) = session {
        event.session = Some(uri::session(NAME, &event.authority, "session", &id));
        event.correlation_ids.push(id);
    }
}

fn resource<'a>(event: &mut Event<'a>, kind: &str, id: Text<'a>, role: ResourceRole) {
    let Some(id) = id else { return };
    let uri = uri::build(Class::Resource, NAME, &event.authority, kind).id(&id).finish();
    if event.resources.iter().all(|known| known.uri != uri) {
        event.resources.push(Resource { uri, kind: Cow::Owned(kind.to_owned()), name: Some(id), role });
    }
}

/// Somebody used an item of a shared vault; older records do not say how.
fn usage<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    let action = said(&record.action).unwrap_or(Cow::Borrowed("used"));
    act::of_usage(&action).put(event);
    event.secret_access.path =
        said(&record.vault).zip(said(&record.item)).map(|(vault, item)| Cow::Owned(format!("{vault}/{item}")));
    event.secret_access.version = said(&record.version);
    resource(event, "item", said(&record.item), ResourceRole::Target);
    resource(event, "vault", said(&record.vault), ResourceRole::Related);
    event.api.operation = Some(Cow::Owned(format!("item.{action}")));
}

fn sign_in<'a>(event: &mut Event<'a>, record: &Record<'a>, failed: bool) {
    crate::fill::act(3002, 1, Access::Authenticate).put(event);
    event.api.operation = Some(Cow::Borrowed("signin"));
    event.status_code = said(&record.category);
    event.authn.method = said(&record.kind);
    let kind = record.kind.as_deref().unwrap_or_default();
    event.authn.mfa = match kind {
        "mfa_ok" => Some(true),
        _ if kind.contains("totp") || kind.contains("duo") || kind.contains("u2f") => Some(true),
        _ => None,
    };
    if failed {
        event.error_code = said(&record.kind);
        event.error_message = said(&record.category);
        let value = record.details.as_ref().and_then(|details| said(&details.value));
        if record.category.as_deref() == Some("firewall_failed") {
            event.decision = Decision {
                effect: Some(Effect::Deny),
                pdp: Some(Cow::Borrowed("firewall")),
                rule: said(&record.kind),
                reason: value,
                ..Decision::default()
            };
        }
    }
    resource(event, "account", said(&record.account), ResourceRole::Target);
}

fn audit<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    let object = said(&record.object_type).unwrap_or(Cow::Borrowed("unknown"));
    let action = said(&record.action).unwrap_or(Cow::Borrowed("unknown"));
    act::of_audit(&object, &action).put(event);
    event.privileged = matches!(event.access, Access::Grant | Access::Issue).then_some(true);
    // Memberships and access are named by what they are on, and by whose they are.
    let (kind, other) = match object.as_ref() {
        "gm" => ("group".to_owned(), "user"),
        "gva" => ("vault".to_owned(), "group"),
        "uva" | "sva" => ("vault".to_owned(), "user"),
        "satoken" | "satkn" => ("service-account-token".to_owned(), "user"),
        other => (kebab(other), "other"),
    };
    resource(event, &kind, said(&record.object), ResourceRole::Target);
    resource(event, other, said(&record.aux), ResourceRole::Affected);
    event.api.operation = Some(Cow::Owned(format!("{object}.{action}")));
    token(event, record, &object);
    grant(event, record, &object, &action);
}

/// Tokens of service accounts, by the id under which the account lists them.
fn token<'a>(event: &mut Event<'a>, record: &Record<'a>, object: &str) {
    let (true, Some(id)) = (matches!(object, "satoken" | "satkn"), said(&record.object)) else { return };
    let uri = uri::cred(NAME, &event.authority, "service-account-token", &id);
    let holder = said(&record.aux).map(|user| uri::principal(NAME, &event.authority, "user", &user));
    if event.access == Access::Issue {
        if let Some(b) = holder {
            event.aliases.push(Alias {
                a: uri.clone(),
                b,
                rel: AliasRel::CredentialOf,
                rule: "onepassword:issued-for",
            });
        }
        let kind = Cow::Borrowed("service-account-token");
        event.issued_credential = Some(Credential { uri, kind, native_id: Some(id), ..Credential::default() });
    } else if event.access == Access::Delete {
        let change = CredentialChangeKind::Revoked;
        event.credential_changes.push(CredentialChange { change, uri, native_id: Some(id), holder });
    }
}

/// Who is in a group, and who may use a vault: the object is the group or the vault, the other id is who.
fn grant<'a>(event: &mut Event<'a>, record: &Record<'a>, object: &str, action: &str) {
    let (kind, holder) = match object {
        "gm" => ("membership", "user"),
        "gva" => ("vault-access", "group"),
        "uva" | "sva" => ("vault-access", "user"),
        _ => return,
    };
    let (Some(on), Some(who)) = (said(&record.object), said(&record.aux)) else { return };
    let uri = uri::build(Class::Grant, NAME, &event.authority, kind).id(&on).id(holder).id(&who).finish();
    let phase = if act::gives(action) { GrantPhase::Activate } else { GrantPhase::Revoke };
    let resource = (kind == "vault-access")
        .then(|| Cow::Owned(uri::build(Class::Resource, NAME, &event.authority, "vault").id(&on).finish()));
    event.grant_refs.push(uri.clone());
    event.grants.push(GrantFact {
        requester: Some(event.actor.uri.clone()),
        beneficiary: Some(uri::principal(NAME, &event.authority, holder, &who)),
        target: said(&record.aux_info).or(Some(on)),
        resource,
        ..GrantFact::new(uri, phase)
    });
}
