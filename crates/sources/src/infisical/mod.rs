//! Infisical: audit logs: secrets, machine identities and how they prove themselves, leases, certificates.

mod act;
mod origins;
mod record;

use std::borrow::Cow;

use model::uri;
use model::{
    Access, ActorKind, Alias, AliasRel, Change, Credential, CredentialChange, CredentialChangeKind, Event, GrantFact,
    GrantPhase, Human, Platform, Principal, ResourceRole, Status,
};

use crate::field::{Text, first, said};
use crate::fill;
use crate::{Context, Module, Probe, Reject, RejectKind, json};
use record::{Actor, Details, Record, Several, Who, path};

/// The platform part of canonical URIs.
const NAME: &str = "infisical";

pub(crate) static MODULE: Module =
    Module { platform: Platform::Infisical, version: 1, recognise, normalise, origins: origins::ORIGINS };

fn recognise(probe: &Probe<'_>) -> bool {
    let typed = |key: &str| {
        probe
            .raw(key)
            .is_some_and(|raw| raw.starts_with('{') && raw.contains("\"type\"") && raw.contains("\"metadata\""))
    };
    probe.contains("\"userAgentType\"") && probe.has("createdAt") && typed("actor") && typed("event")
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let not_json = |error: serde_json::Error| json::not_json(&error);
    let record: Record<'a> = serde_json::from_str(text).map_err(not_json)?;
    let several: Several<'a> = serde_json::from_str(text).map_err(not_json)?;
    let happened = record.event.as_ref();
    let Some(kind) = happened.and_then(|event| said(&event.kind)) else {
        return Err(Reject::new(RejectKind::Shape, "event.type is missing; every audit log has one"));
    };
    let none = Details::default();
    let details = happened.and_then(|event| event.metadata.as_ref()).unwrap_or(&none);
    let authority = context.authority.unwrap_or("unknown").to_owned();
    let nobody = Actor::default();
    let by = record.actor.as_ref().unwrap_or(&nobody);
    let actor = actor(by, record.user_agent_type.as_deref(), &authority);
    let mut event = Event::new(Platform::Infisical, Cow::Owned(authority), actor);
    let act = act::classify(&kind);
    act.put(&mut event);
    event.privileged = (matches!(act.access, Access::Issue | Access::Grant) || act.class_uid == 1008).then_some(true);
    let failed = kind.ends_with("-failed") || kind.ends_with("-denied");
    event.status = if failed { Status::Failure } else { Status::Success };
    event.source_event_id = said(&record.id);
    event.tenant = said(&record.organization);
    fill::when(&mut event, said(&record.created_at));
    event.api.service = Some(Cow::Borrowed(NAME));
    fill::endpoint(&mut event.src, said(&record.ip_address));
    event.user_agent = said(&record.user_agent);
    event.client_app = said(&record.user_agent_type);
    authenticated(&mut event, by, &kind);
    credentials(&mut event, by, &kind, details);
    leases(&mut event, &kind, details);
    secret(&mut event, &kind, details);
    if let Some(after) = said(&details.new_role) {
        let before = said(&details.old_role);
        event.changes.push(Change { field: Cow::Borrowed("role"), before, after: Some(after) });
    }
    let listed = several.event.and_then(|event| event.metadata).map(|of| of.secrets).unwrap_or_default();
    resources(&mut event, &record, details, &listed, &kind);
    event.api.operation = Some(kind);
    fill::usual(&mut event);
    Ok(event)
}

/// Who acted, by the type of the actor: machine identities and service tokens are no persons.
fn actor<'a>(by: &Actor<'a>, agent: Option<&str>, authority: &str) -> Principal<'a> {
    let none = Who::default();
    let who = by.metadata.as_ref().unwrap_or(&none);
    let (of, id, kind, is_human, rule) = match by.kind.as_deref() {
        Some("user") if agent == Some("web") => {
            ("user", &who.user_id, ActorKind::Human, Human::Human, "R2:infisical-web")
        }
        Some("user") => ("user", &who.user_id, ActorKind::Unknown, Human::Unknown, "default"),
        Some("identity") => {
            ("identity", &who.identity_id, ActorKind::ServiceAccount, Human::Nonhuman, "R1:infisical-identity")
        }
        Some("service" | "serviceV3") => {
            ("service-token", &who.service_id, ActorKind::Script, Human::Nonhuman, "R1:infisical-service-token")
        }
        Some("kmipClient") => {
            ("kmip-client", &who.client_id, ActorKind::ApiClient, Human::Nonhuman, "R1:infisical-kmip-client")
        }
        Some("scimClient") => {
            ("scim-client", &None, ActorKind::Integration, Human::Nonhuman, "R1:infisical-scim-client")
        }
        Some("platform") => ("platform", &None, ActorKind::PlatformService, Human::Nonhuman, "R1:infisical-platform"),
        _ => ("user", &None, ActorKind::Unknown, Human::Unknown, "default"),
    };
    let id = said(id);
    let name = first(&[&who.email, &who.username, &who.name]).or_else(|| id.clone());
    let machine = rule.starts_with("R1");
    let uri = match (&id, &name) {
        (Some(id), _) => uri::principal(NAME, authority, of, id),
        (None, Some(name)) => uri::principal_named(NAME, authority, of, name),
        (None, None) if machine => uri::principal(NAME, authority, of, authority),
        (None, None) => uri::principal_claimed(NAME, authority, of, "unknown"),
    };
    let name = name.or_else(|| said(&by.kind).filter(|_| machine));
    Principal { uri, kind, name, is_human, rule }
}

/// `login-identity-kubernetes-auth` is a proof by `kubernetes-auth`.
fn authenticated<'a>(event: &mut Event<'a>, by: &Actor<'a>, kind: &str) {
    let method = kind.strip_prefix("login-identity-").map(|method| Cow::Owned(method.to_owned()));
    event.authn.method = method.or_else(|| by.metadata.as_ref().and_then(|who| said(&who.auth_method)));
}

fn key<'a>(kind: &'static str, id: Cow<'a, str>, authority: &str) -> Credential<'a> {
    let uri = uri::cred(NAME, authority, kind, &id);
    Credential { uri, kind: Cow::Borrowed(kind), native_id: Some(id), ..Credential::default() }
}

/// Client secrets lead to access tokens: both have ids, in the sign-in both at once.
fn credentials<'a>(event: &mut Event<'a>, by: &Actor<'a>, kind: &str, details: &Details<'a>) {
    let authority = event.authority.clone();
    let secret = said(&details.client_secret_id).map(|id| key("client-secret", id, &authority));
    let token = first(&[&details.identity_access_token_id, &details.token_id]);
    let token = token.map(|id| key("access-token", id, &authority));
    let serial = said(&details.serial_number).map(|id| key("certificate", id, &authority));
    let service = by.kind.as_deref().is_some_and(|kind| kind.starts_with("service"));
    let service = by.metadata.as_ref().and_then(|who| said(&who.service_id)).filter(|_| service);
    event.credential = service.map(|id| key("service-token", id, &authority));
    let issued = match event.access {
        Access::Authenticate => {
            let parent = secret.as_ref().map(|secret| secret.uri.clone());
            event.credential = secret.or(event.credential.take());
            token.map(|token| Credential { parent, ..token })
        }
        Access::Issue => token.or(secret).or(serial),
        Access::Delete if kind.starts_with("revoke") || kind.starts_with("delete") => {
            let holder = said(&details.identity_id).map(|id| uri::principal(NAME, &authority, "identity", &id));
            for gone in [token, secret, serial].into_iter().flatten() {
                event.credential_changes.push(CredentialChange {
                    change: CredentialChangeKind::Revoked,
                    uri: gone.uri,
                    native_id: gone.native_id,
                    holder: holder.clone(),
                });
            }
            None
        }
        _ => None,
    };
    if let (Some(issued), Some(id)) = (&issued, said(&details.identity_id)) {
        let b = uri::principal(NAME, &authority, "identity", &id);
        event.aliases.push(Alias {
            a: issued.uri.clone(),
            b,
            rel: AliasRel::CredentialOf,
            rule: "infisical:issued-for",
        });
    }
    event.issued_credential = issued;
}

/// A lease of a dynamic secret is a grant for a time; how long is not said.
fn leases<'a>(event: &mut Event<'a>, kind: &str, details: &Details<'a>) {
    let Some(id) = said(&details.lease_id) else { return };
    let uri = uri::grant(NAME, &event.authority, "lease", &id);
    event.grant_refs.push(uri.clone());
    let phase = match event.access {
        Access::Issue => GrantPhase::Activate,
        Access::Delete => GrantPhase::Revoke,
        _ if kind.contains("renew") => GrantPhase::Extend,
        _ => return,
    };
    event.grants.push(GrantFact {
        beneficiary: Some(event.actor.uri.clone()).filter(|_| phase == GrantPhase::Activate),
        target: said(&details.dynamic_secret_name),
        ..GrantFact::new(uri, phase)
    });
}

fn secret<'a>(event: &mut Event<'a>, kind: &str, details: &Details<'a>) {
    event.data_rows = details.number_of_secrets.as_deref().and_then(|count| count.parse().ok());
    if !kind.contains("secret") || kind.contains("client-secret") {
        return;
    }
    event.secret_access.path = path(details);
    event.secret_access.version = said(&details.secret_version);
    event.secret_access.lease_id = said(&details.lease_id);
}

/// What the event names; else what its type is about; and the project.
fn resources<'a>(
    event: &mut Event<'a>,
    record: &Record<'a>,
    details: &Details<'a>,
    listed: &[Details<'a>],
    kind: &str,
) {
    for (at, of) in std::iter::once(details).chain(listed).enumerate() {
        let shown = path(of).or_else(|| said(&of.secret_key).filter(|_| at > 0));
        if shown.is_some() {
            fill::item(event, Cow::Borrowed("secret"), (said(&of.secret_id), shown), ResourceRole::Target);
        }
    }
    let named: [(&'static str, &Text<'a>, &Text<'a>); 8] = [
        ("identity", &details.identity_id, &details.name),
        ("user", &details.user_id, &details.email),
        ("integration", &details.integration_id, &details.integration),
        ("folder", &details.folder_id, &details.folder_path),
        ("webhook", &details.webhook_id, &None),
        ("certificate", &details.cert_id, &details.cn),
        ("ca", &details.ca_id, &details.dn),
        ("lease", &details.lease_id, &None),
    ];
    for (kind, id, name) in named {
        if said(id).is_some() {
            let role = if event.resources.is_empty() { ResourceRole::Target } else { ResourceRole::Related };
            fill::item(event, Cow::Borrowed(kind), (said(id), said(name)), role);
        }
    }
    if event.resources.is_empty() {
        let of = crate::field::kebab(kind.split_once('-').map_or(kind, |(_, of)| of));
        let name = first(&[&details.name, &details.slug]).or_else(|| Some(Cow::Owned(of.clone())));
        fill::item(event, Cow::Owned(of), (None, name), ResourceRole::Target);
    }
    let project = first(&[&record.project, &details.project_id]);
    let project = (project, said(&record.project_name));
    fill::item(event, Cow::Borrowed("project"), project, ResourceRole::Related);
}
