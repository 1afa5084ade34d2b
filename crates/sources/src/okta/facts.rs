//! What a record says about credentials, grants and values changed.

use std::borrow::Cow;

use model::{
    Change, Credential, CredentialChange, CredentialChangeKind, Fingerprint, GrantFact, GrantPhase, Resource,
    ResourceRole, Status, Step, StepKind, uri,
};
use serde_json::Value;

use super::identity::{NAME, debug, kebab, principal_of_id, target_principal};
use super::record::{Entity, Record, said};
use crate::time;

type Text<'a> = Cow<'a, str>;

/// Everything a fact is built from.
pub(super) struct Scene<'r, 'a> {
    pub(super) record: &'r Record<'a>,
    pub(super) event_type: &'r str,
    pub(super) authority: &'r str,
    pub(super) actor: &'r str,
    pub(super) status: Status,
}

impl<'a> Scene<'_, 'a> {
    fn first(&self, kinds: &[&str]) -> Option<&Entity<'a>> {
        self.record.target.iter().find(|target| kinds.iter().any(|kind| target.kind.as_deref() == Some(kind)))
    }

    fn tokens(&self) -> impl Iterator<Item = (&'static str, &Entity<'a>)> {
        self.record.target.iter().filter_map(|target| Some((token_kind(target.kind.as_deref()?)?, target)))
    }
}

/// The targets as resources.
pub(super) fn resources<'a>(scene: &Scene<'_, 'a>) -> Vec<Resource<'a>> {
    scene.record.target.iter().filter_map(|target| resource(target, scene.authority)).collect()
}

fn resource<'a>(target: &Entity<'a>, authority: &str) -> Option<Resource<'a>> {
    let native = target.kind.as_deref().unwrap_or_default();
    let kind = kebab(native);
    let named = match native {
        "User" | "AppUser" => said(&target.alternate_id).or_else(|| said(&target.display_name)),
        _ => said(&target.display_name).or_else(|| said(&target.alternate_id)),
    };
    let builder = uri::build(uri::Class::Resource, NAME, authority, &kind);
    let uri = match (said(&target.id), &named) {
        (Some(id), _) => builder.id(&id).finish(),
        (None, Some(name)) => builder.name(name).finish(),
        (None, None) => return None,
    };
    let role = match native {
        "AuthenticatorEnrollment" | "Rule" | "PolicyRule" | "AppUser" => ResourceRole::Related,
        _ => ResourceRole::Target,
    };
    Some(Resource { uri, kind: Cow::Owned(kind), name: named.or_else(|| said(&target.id)), role })
}

/// The type part of the URI of a token that a target of this type is.
fn token_kind(target: &str) -> Option<&'static str> {
    Some(match target {
        "access_token" => "access-token",
        "id_token" => "id-token",
        "refresh_token" => "refresh-token",
        "id_jag" => "id-jag",
        "code" => "code",
        "device_secret" => "device-secret",
        "Token" => "ssws",
        _ => return None,
    })
}

/// The API token a request was made with.
pub(super) fn credential_used<'a>(record: &Record<'a>, authority: &str) -> Option<Credential<'a>> {
    let id = said(&record.transaction.as_ref()?.detail.as_ref()?.api_token)?;
    Some(Credential {
        uri: uri::cred(NAME, authority, "ssws", &id),
        kind: Cow::Borrowed("ssws"),
        native_id: Some(id),
        ..Credential::default()
    })
}

/// The token that the record shows being handed out; none when nothing was.
pub(super) fn credential_issued<'a>(scene: &Scene<'_, 'a>, used: Option<&Credential<'a>>) -> Option<Credential<'a>> {
    if scene.status != Status::Success || !issues(scene.event_type) {
        return None;
    }
    // `...token.grant.access_token` names the token it is about; others may stand beside it.
    let wanted = scene.event_type.rsplit('.').next().unwrap_or_default();
    let (kind, token) =
        scene.tokens().find(|(_, token)| token.kind.as_deref() == Some(wanted)).or_else(|| scene.tokens().next())?;
    let (uri, native_id) = token_uri(scene.authority, kind, token)?;
    let detail = token.detail.as_ref();
    let data = debug(scene.record);
    Some(Credential {
        uri,
        kind: Cow::Borrowed(kind),
        native_id,
        fingerprint: detail.and_then(|d| fingerprint(said(&d.hash)?)),
        issuer: data.and_then(|d| said(&d.authorization_server)),
        audience: detail.map(|d| d.audience.clone()).unwrap_or_default(),
        scopes: scopes(scene),
        not_after: detail.and_then(|d| Some(expiry(d.expires.as_deref()?)?.nanos)),
        parent: used.map(|credential| credential.uri.clone()),
        ..Credential::default()
    })
}

fn issues(event_type: &str) -> bool {
    event_type == "system.api_token.create"
        || ["app.oauth2.token.grant", "app.oauth2.as.token.grant", "app.oauth2.authorize", "app.oauth2.as.authorize"]
            .iter()
            .any(|prefix| event_type.starts_with(prefix))
}

fn token_uri<'a>(authority: &str, kind: &str, token: &Entity<'a>) -> Option<(String, Option<Text<'a>>)> {
    if let Some(id) = said(&token.id) {
        return Some((uri::cred(NAME, authority, kind, &id), Some(id)));
    }
    let hash = said(&token.detail.as_ref()?.hash)?;
    Some((uri::build(uri::Class::Cred, NAME, authority, kind).id("sha256").id(&hash).finish(), None))
}

/// The platform logs the SHA-256 of the token in base64.
fn fingerprint(value: Text<'_>) -> Option<Fingerprint<'_>> {
    let hex = value.len() == 64 && value.bytes().all(|b| b.is_ascii_hexdigit());
    Some(Fingerprint { algorithm: "sha256", encoding: if hex { "hex" } else { "base64" }, value })
}

fn expiry(text: &str) -> Option<time::Parsed> {
    time::parse(text).or_else(|| time::from_epoch(text.parse().ok()?))
}

/// Scopes granted; those asked for when the platform granted none.
fn scopes<'a>(scene: &Scene<'_, 'a>) -> Vec<Text<'a>> {
    let token = scene.tokens().find_map(|(_, token)| token.detail.as_ref().filter(|d| !d.scope.is_empty()));
    if let Some(detail) = token {
        return detail.scope.iter().flat_map(words).collect();
    }
    let Some(data) = debug(scene.record) else { return Vec::new() };
    said(&data.granted_scopes).or_else(|| said(&data.requested_scopes)).iter().flat_map(words).collect()
}

fn words<'a>(text: &Text<'a>) -> Vec<Text<'a>> {
    let separators = |c: char| c == ',' || c.is_whitespace();
    match text {
        Cow::Borrowed(text) => text.split(separators).filter(|w| !w.is_empty()).map(Cow::Borrowed).collect(),
        Cow::Owned(text) => {
            text.split(separators).filter(|w| !w.is_empty()).map(|w| Cow::Owned(w.to_owned())).collect()
        }
    }
}

/// Credentials whose life this record changed; nothing when the attempt failed.
pub(super) fn credential_changes<'a>(scene: &Scene<'_, 'a>) -> Vec<CredentialChange<'a>> {
    let change = match scene.event_type {
        _ if scene.status != Status::Success => return Vec::new(),
        "system.api_token.revoke" => CredentialChangeKind::Revoked,
        "system.api_token.disable" => CredentialChangeKind::Disabled,
        "system.api_token.enable" => CredentialChangeKind::Enabled,
        t if t.starts_with("app.oauth2.token.revoke") || t.starts_with("app.oauth2.as.token.revoke") => {
            CredentialChangeKind::Revoked
        }
        _ => return Vec::new(),
    };
    scene
        .tokens()
        .filter_map(|(kind, token)| {
            let (uri, native_id) = token_uri(scene.authority, kind, token)?;
            let holder = token.detail.as_ref().and_then(|d| said(&d.subject));
            Some(CredentialChange {
                change,
                uri,
                native_id,
                holder: holder.map(|id| principal_of_id(scene.authority, &id)),
            })
        })
        .collect()
}

/// Whose rights were used, and the steps from who started it to who executed.
pub(super) fn delegation<'a>(scene: &Scene<'_, 'a>) -> (Option<String>, Vec<Step<'a>>) {
    if scene.event_type == "user.session.impersonation.initiate" {
        let Some(subject) = scene.first(&["User"]).and_then(|user| target_principal(user, scene.authority)) else {
            return (None, Vec::new());
        };
        let chain = vec![
            step(scene.actor.to_owned(), StepKind::Impersonation, "/actor/id"),
            step(subject.clone(), StepKind::Impersonation, "/target/*/id"),
        ];
        return (Some(subject), chain);
    }
    if !issues(scene.event_type) || scene.event_type == "system.api_token.create" {
        return (None, Vec::new());
    }
    let Some(detail) = scene.tokens().find_map(|(_, token)| token.detail.as_ref()) else { return (None, Vec::new()) };
    let subject = said(&detail.subject).map(|id| principal_of_id(scene.authority, &id));
    let Some(subject) = subject.filter(|subject| subject != scene.actor) else { return (None, Vec::new()) };
    let mut chain = vec![step(subject.clone(), StepKind::Delegation, "/target/*/detailEntry/subject")];
    let acts = detail.act.map(|raw| act_chain(raw.get())).unwrap_or_default();
    for id in acts.into_iter().rev() {
        chain.push(step(principal_of_id(scene.authority, &id), StepKind::Exchange, "/target/*/detailEntry/actor"));
    }
    if chain.last().is_some_and(|last| last.principal != scene.actor) {
        chain.push(step(scene.actor.to_owned(), StepKind::Delegation, "/actor/id"));
    }
    (Some(subject), chain)
}

fn step(principal: String, step: StepKind, evidence_path: &'static str) -> Step<'static> {
    Step { principal, step, evidence_path, asserted_by: Cow::Borrowed(NAME), verified: true }
}

/// The subjects of a nested `act` claim, the current actor first (RFC 8693 section 4.1). At most 16.
fn act_chain(raw: &str) -> Vec<String> {
    let mut out = Vec::new();
    let parsed: Value = serde_json::from_str(raw).unwrap_or_default();
    let parsed = match &parsed {
        // Some components write the claim as JSON inside a text.
        Value::String(text) => serde_json::from_str(text).unwrap_or_else(|_| serde_json::json!({ "sub": text })),
        _ => parsed,
    };
    let mut next = Some(&parsed);
    while let Some(claim) = next.filter(|_| out.len() < 16) {
        out.extend(claim.get("sub").and_then(Value::as_str).map(str::to_owned));
        next = claim.get("act");
    }
    out
}

/// Roles, memberships and assignments given or taken. The platform gives grants no id: they are
/// named by who has what.
pub(super) fn grants<'a>(scene: &Scene<'_, 'a>) -> Vec<GrantFact<'a>> {
    let (kind, gives, holders, things): (_, _, &[&str], &[&str]) = match scene.event_type {
        "user.account.privilege.grant" => ("admin-role", true, &["User"], &[]),
        "user.account.privilege.revoke" => ("admin-role", false, &["User"], &[]),
        "group.privilege.grant" => ("admin-role", true, &["UserGroup"], &[]),
        "group.privilege.revoke" => ("admin-role", false, &["UserGroup"], &[]),
        "app.oauth2.client.privilege.grant" => ("admin-role", true, &["PublicClientApp", "AppInstance"], &[]),
        "app.oauth2.client.privilege.revoke" => ("admin-role", false, &["PublicClientApp", "AppInstance"], &[]),
        "group.user_membership.add" => ("group-membership", true, &["User"], &["UserGroup"]),
        "group.user_membership.remove" => ("group-membership", false, &["User"], &["UserGroup"]),
        "application.user_membership.add" => ("app-assignment", true, &["User", "AppUser"], &["AppInstance"]),
        "application.user_membership.remove" => ("app-assignment", false, &["User", "AppUser"], &["AppInstance"]),
        "group.application_assignment.add" => ("app-assignment", true, &["UserGroup"], &["AppInstance"]),
        "group.application_assignment.remove" => ("app-assignment", false, &["UserGroup"], &["AppInstance"]),
        "user.session.impersonation.grant" | "user.session.impersonation.extend" => {
            ("support-access", true, &["User"], &[])
        }
        "user.session.impersonation.revoke" => ("support-access", false, &["User"], &[]),
        _ => return Vec::new(),
    };
    let holder = scene.first(holders);
    let beneficiary = holder.and_then(|holder| target_principal(holder, scene.authority));
    let mut builder = uri::build(uri::Class::Grant, NAME, scene.authority, kind);
    builder = match holder.and_then(|h| said(&h.id)) {
        Some(id) => builder.id(&id),
        None => builder.name("unknown"),
    };
    let data = debug(scene.record);
    let roles = data.and_then(|d| said(&d.privilege_granted).or_else(|| said(&d.privilege_revoked)));
    let thing = scene.first(things);
    let target = roles.or_else(|| thing.and_then(|t| said(&t.display_name).or_else(|| said(&t.alternate_id))));
    match (thing.and_then(|t| said(&t.id)), &target) {
        (Some(id), _) => builder = builder.id(&id),
        (None, Some(name)) => builder = builder.name(name),
        (None, None) => {}
    }
    let phase = match (scene.status, gives, scene.event_type.ends_with(".extend")) {
        (Status::Failure, ..) => GrantPhase::Request,
        (_, true, true) => GrantPhase::Extend,
        (_, true, false) => GrantPhase::Activate,
        (_, false, _) => GrantPhase::Revoke,
    };
    vec![GrantFact {
        requester: Some(scene.actor.to_owned()),
        beneficiary,
        target,
        ..GrantFact::new(builder.finish(), phase)
    }]
}

/// Values before and after, as far as the targets carry them.
pub(super) fn changes<'a>(scene: &Scene<'_, 'a>) -> Vec<Change<'a>> {
    let mut changes = Vec::new();
    for details in scene.record.target.iter().filter_map(|target| target.changes.as_ref()) {
        let [before, after] = [details.from, details.to].map(|raw| {
            raw.and_then(|raw| serde_json::from_str::<serde_json::Map<String, Value>>(raw.get()).ok())
                .unwrap_or_default()
        });
        let mut fields: Vec<&String> = before.keys().chain(after.keys()).collect();
        fields.sort_unstable();
        fields.dedup();
        changes.extend(fields.into_iter().filter(|field| before.get(*field) != after.get(*field)).map(|field| {
            Change {
                field: Cow::Owned(field.clone()),
                before: before.get(field).map(plain),
                after: after.get(field).map(plain),
            }
        }));
    }
    if let Some(names) = debug(scene.record).and_then(|data| said(&data.changed_attributes)) {
        changes.extend(words(&names).into_iter().map(|field| Change { field, before: None, after: None }));
    }
    changes
}

fn plain<'a>(value: &Value) -> Text<'a> {
    Cow::Owned(match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    })
}
