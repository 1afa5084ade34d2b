//! What an event shows beside who and when: resources, credentials, grants, changes, devices.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    Alias, AliasRel, Change, Credential, CredentialChange, CredentialChangeKind, Event, GrantFact, GrantPhase, Human,
    Resource, ResourceRole, Status,
};

use super::NAME;
use super::actor::{client, user_named};
use super::record::{Parameters, Text};

/// Parameters that name what was acted on: id, name, kind; the first that is there is the target.
const RESOURCES: [(&[&str], &[&str], &str); 11] = [
    (&["doc_id"], &["doc_title"], "document"),
    (&["ROLE_ID"], &["ROLE_NAME"], "role"),
    (&["client_id", "API_CLIENT_NAME", "OAUTH2_APP_ID"], &["app_name", "OAUTH2_APP_NAME"], "oauth-client"),
    (&["DEVICE_ID", "RESOURCE_ID"], &["DEVICE_MODEL"], "device"),
    (&["rule_resource_name"], &["rule_name"], "rule"),
    (&["shared_drive_id", "team_drive_id"], &[], "shared-drive"),
    (&[], &["GROUP_EMAIL", "group_email", "group_id"], "group"),
    (&[], &["USER_EMAIL", "target_user", "new_owner", "user_email", "member_email"], "user"),
    (&[], &["target_domain", "DOMAIN_NAME"], "domain"),
    (&[], &["SETTING_NAME"], "setting"),
    (&[], &["MOBILE_APP_PACKAGE_ID", "APP_ID", "app_id"], "app"),
];

/// What was acted on, in the order of the table.
pub(super) fn resources<'a>(event: &mut Event<'a>, parameters: &Parameters<'a>) {
    for (ids, names, kind) in RESOURCES {
        let (id, name) = (parameters.first(ids), parameters.first(names));
        let builder = uri::build(Class::Resource, NAME, &event.authority, kind);
        let uri = match (&id, &name) {
            (Some(id), _) => builder.id(id).finish(),
            (None, Some(name)) if kind == "setting" => {
                let application = parameters.text("APPLICATION_NAME");
                application.map_or(builder.clone(), |application| builder.name(&application)).name(name).finish()
            }
            (None, Some(name)) => builder.name(name).finish(),
            (None, None) => continue,
        };
        let role = if event.resources.is_empty() { ResourceRole::Target } else { ResourceRole::Related };
        let name = name.or(id);
        event.resources.push(Resource { uri, kind: Cow::Borrowed(kind), name, role });
    }
}

/// Who a mailbox or address in the parameters is.
fn user_of(event: &Event<'_>, parameters: &Parameters<'_>) -> Option<String> {
    let email = parameters.first(&["USER_EMAIL", "user_email", "target_user", "new_owner"])?;
    Some(user_named(&event.authority, &email))
}

/// Tokens, codes, keys and passwords that came or went.
pub(super) fn credentials<'a>(event: &mut Event<'a>, parameters: &Parameters<'a>, name: &str) {
    if name == "activity" || name == "authorize" || name == "revoke" {
        return token(event, parameters, name);
    }
    if event.status == Status::Failure {
        return;
    }
    let holder = user_of(event, parameters);
    let of_holder = holder.as_deref().and_then(|uri| uri.rsplit('/').next()).map(uri::decoded);
    let (change, kind, id) = match name {
        "REVOKE_ASP" => (CredentialChangeKind::Revoked, "app-password", parameters.text("ASP_ID").map(Cow::into_owned)),
        "CHANGE_PASSWORD" => (CredentialChangeKind::Rotated, "password", of_holder),
        "GENERATE_2SV_SCRATCH_CODES" => (CredentialChangeKind::Issued, "backup-codes", of_holder),
        "REVOKE_3LO_TOKEN" => {
            let id = parameters.first(&["APP_ID", "client_id"]).map(Cow::into_owned);
            (CredentialChangeKind::Revoked, "oauth-token", id)
        }
        "password_edit" => {
            let id = event.actor.name.as_deref().map(str::to_owned);
            (CredentialChangeKind::Rotated, "password", id)
        }
        _ => return,
    };
    let Some(id) = id else { return };
    let holder = holder.or_else(|| (name == "password_edit").then(|| event.actor.uri.clone()));
    let builder = uri::build(Class::Cred, NAME, &event.authority, kind);
    let uri = match (kind, &holder) {
        ("oauth-token", Some(holder)) => of_user(builder.id(&id), holder),
        ("password" | "backup-codes", _) => builder.name(id.trim_start_matches('~')).finish(),
        _ => builder.id(&id).finish(),
    };
    event.credential_changes.push(CredentialChange {
        change,
        uri,
        native_id: Some(Cow::Owned(id.trim_start_matches('~').to_owned())),
        holder,
    });
}

/// A URI that ends with the user, an id or a name as in the user's own.
fn of_user(builder: uri::Builder, user: &str) -> String {
    let last = uri::decoded(user.rsplit('/').next().unwrap_or_default());
    match last.strip_prefix('~') {
        Some(name) => builder.name(name).finish(),
        None => builder.id(&last).finish(),
    }
}

/// What an application may do for one user. Tokens have no id of their own here: client and user stand for
/// all of those that one consent gave.
fn token<'a>(event: &mut Event<'a>, parameters: &Parameters<'a>, name: &str) {
    let Some(id) = parameters.text("client_id") else { return };
    let client_id = id.clone();
    let uri = uri::build(Class::Cred, NAME, &event.authority, "oauth-token");
    let uri = of_user(uri.id(&id), &event.actor.uri);
    let scopes = parameters.texts("scope");
    let holder = event.actor.uri.clone();
    let credential = Credential {
        uri: uri.clone(),
        kind: Cow::Borrowed("oauth-token"),
        native_id: Some(id.clone()),
        issuer: Some(Cow::Borrowed("accounts.google.com")),
        scopes: scopes.clone(),
        ..Credential::default()
    };
    let phase = match name {
        "authorize" => {
            event.aliases.push(Alias {
                a: uri,
                b: holder.clone(),
                rel: AliasRel::CredentialOf,
                rule: "google-workspace:authorize",
            });
            event.issued_credential = Some(credential);
            GrantPhase::Activate
        }
        "revoke" => {
            let native_id = Some(id.clone());
            let change = CredentialChangeKind::Revoked;
            event.credential_changes.push(CredentialChange { change, uri, native_id, holder: Some(holder.clone()) });
            GrantPhase::Revoke
        }
        _ => {
            event.client_app = parameters.text("app_name").or(Some(id));
            event.credential = Some(credential);
            // The token is a user's, whoever works with it is a program.
            (event.actor.is_human, event.actor.rule) = (Human::Mixed, "R3:google-oauth-token");
            return;
        }
    };
    let target = (!scopes.is_empty()).then(|| Cow::Owned(scopes.join(" ")));
    let grant = of_user(uri::build(Class::Grant, NAME, &event.authority, "oauth").id(&client_id), &holder);
    give(event, grant, phase, Some(client(&client_id)), target, Some(holder));
}

fn give<'a>(
    event: &mut Event<'a>,
    uri: String,
    phase: GrantPhase,
    beneficiary: Option<String>,
    target: Text<'a>,
    requester: Option<String>,
) {
    event.grant_refs.push(uri.clone());
    event.grants.push(GrantFact { beneficiary, target, requester, ..GrantFact::new(uri, phase) });
}

/// Roles, shares of documents, and what clients may do in the whole domain.
pub(super) fn grants<'a>(event: &mut Event<'a>, parameters: &Parameters<'a>, name: &str) {
    if event.status == Status::Failure {
        return;
    }
    let requester = Some(event.actor.uri.clone());
    let build = |kind: &str| uri::build(Class::Grant, NAME, &event.authority, kind);
    match name {
        "ASSIGN_ROLE" | "UNASSIGN_ROLE" => {
            let (Some(role), Some(user)) = (parameters.first(&["ROLE_ID", "ROLE_NAME"]), user_of(event, parameters))
            else {
                return;
            };
            let uri = of_user(build("role-assignment").id(&role), &user);
            let phase = if name == "ASSIGN_ROLE" { GrantPhase::Activate } else { GrantPhase::Revoke };
            give(event, uri, phase, Some(user), parameters.first(&["ROLE_NAME", "ROLE_ID"]), requester);
        }
        "ADD_GROUP_MEMBER" | "REMOVE_GROUP_MEMBER" => {
            let (Some(group), Some(user)) = (parameters.text("GROUP_EMAIL"), user_of(event, parameters)) else {
                return;
            };
            let uri = of_user(build("membership").name(&group), &user);
            let phase = if name.starts_with("ADD") { GrantPhase::Activate } else { GrantPhase::Revoke };
            give(event, uri, phase, Some(user), Some(group), requester);
        }
        "AUTHORIZE_API_CLIENT_ACCESS" | "REMOVE_API_CLIENT_ACCESS" => {
            let Some(id) = parameters.text("API_CLIENT_NAME") else { return };
            let uri = build("domain-wide-delegation").id(&id).finish();
            let phase = if name.starts_with("AUTHORIZE") { GrantPhase::Activate } else { GrantPhase::Revoke };
            give(event, uri, phase, Some(client(&id)), parameters.joined("API_SCOPES"), requester);
        }
        "change_user_access" => {
            let (Some(document), Some(user)) = (parameters.text("doc_id"), user_of(event, parameters)) else { return };
            let access = parameters.joined("new_value");
            let taken = access.as_deref() == Some("none");
            let uri = of_user(build("document-access").id(&document), &user);
            let phase = if taken { GrantPhase::Revoke } else { GrantPhase::Activate };
            give(event, uri, phase, Some(user), access, requester);
            if let (Some(fact), Some(resource)) = (event.grants.last_mut(), event.resources.first()) {
                fact.resource = Some(Cow::Owned(resource.uri.clone()));
            }
        }
        _ => {}
    }
}

/// The value that was changed, by the name of the setting where there is one.
pub(super) fn changes<'a>(event: &mut Event<'a>, parameters: &Parameters<'a>) {
    let (before, after) = (parameters.joined("old_value"), parameters.joined("new_value"));
    if before.is_some() || after.is_some() {
        let field = parameters.text("SETTING_NAME").unwrap_or(Cow::Borrowed("value"));
        event.changes.push(Change { field, before, after });
    }
    let (before, after) = (parameters.text("old_visibility"), parameters.text("visibility"));
    if before.is_some() && before != after {
        event.changes.push(Change { field: Cow::Borrowed("visibility"), before, after });
    }
}

/// The device of a record about mobile devices.
pub(super) fn device<'a>(event: &mut Event<'a>, parameters: &Parameters<'a>) {
    event.device.id = parameters.first(&["DEVICE_ID", "device_id"]);
    event.device.name = parameters.first(&["DEVICE_MODEL", "device_name"]);
    event.device.os = parameters.text("OS_VERSION");
}
