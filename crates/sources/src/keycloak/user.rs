//! What users and clients did: sign-ins, tokens, sessions.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    Access, ActorKind, Alias, AliasRel, Authn, Credential, CredentialChange, CredentialChangeKind, Event, Human,
    Principal, Resource, ResourceRole, Status, Step, StepKind,
};

use super::record::UserEvent;
use super::{NAME, authority};
use crate::Context;
use crate::field::{Pairs, Text, first, said, words};
use crate::fill::{self, Act, act};

/// Class, activity and access of a type, without its `_ERROR`.
fn of(kind: &str) -> Act {
    match kind {
        "LOGIN" | "IDENTITY_PROVIDER_LOGIN" | "IDENTITY_PROVIDER_FIRST_LOGIN" | "IDENTITY_PROVIDER_POST_LOGIN" => {
            act(3002, 1, Access::Authenticate)
        }
        "CLIENT_LOGIN"
        | "CODE_TO_TOKEN"
        | "TOKEN_EXCHANGE"
        | "OAUTH2_DEVICE_CODE_TO_TOKEN"
        | "AUTHREQID_TO_TOKEN"
        | "PERMISSION_TOKEN"
        | "JWT_AUTHORIZATION_GRANT" => act(3002, 3, Access::Issue),
        "REFRESH_TOKEN" => act(3002, 5, Access::Issue),
        "LOGOUT" | "USER_SESSION_DELETED" => act(3002, 2, Access::Authenticate),
        "IMPERSONATE" => act(3002, 7, Access::Authenticate),
        "OAUTH2_DEVICE_AUTH"
        | "PUSHED_AUTHORIZATION_REQUEST"
        | "SEND_IDENTITY_PROVIDER_LINK"
        | "SEND_VERIFY_EMAIL"
        | "SEND_RESET_PASSWORD"
        | "RESTART_AUTHENTICATION" => act(3002, 6, Access::Authenticate),
        "REVOKE_GRANT" | "CLIENT_DELETE" => act(3007, 19, Access::Delete),
        "REGISTER" => act(3007, 1, Access::Create),
        "DELETE_ACCOUNT" => act(3007, 3, Access::Delete),
        "UPDATE_PASSWORD" => act(3007, 8, Access::Modify),
        "RESET_PASSWORD" | "RESET_PASSWORD_BY_ADMIN" => act(3007, 9, Access::Modify),
        "UPDATE_TOTP" => act(3007, 12, Access::Modify),
        "REMOVE_TOTP" => act(3007, 13, Access::Modify),
        "UPDATE_CREDENTIAL" => act(3007, 18, Access::Modify),
        "REMOVE_CREDENTIAL" => act(3007, 19, Access::Delete),
        "USER_DISABLED_BY_PERMANENT_LOCKOUT" | "USER_DISABLED_BY_TEMPORARY_LOCKOUT" => act(3007, 6, Access::Modify),
        "GRANT_CONSENT" | "UPDATE_CONSENT" => act(3003, 1, Access::Grant),
        "CLIENT_REGISTER" => Act::entity(Access::Create),
        "CLIENT_UPDATE" => Act::entity(Access::Modify),
        "INTROSPECT_TOKEN" | "USER_INFO_REQUEST" | "VALIDATE_ACCESS_TOKEN" | "CLIENT_INFO" => Act::api(Access::Read),
        _ if kind.starts_with("UPDATE_") || kind.starts_with("VERIFY_") => act(3007, 2, Access::Modify),
        _ => act(6003, 99, Access::Other),
    }
}

/// Reads a user event.
pub(super) fn read<'a>(record: &UserEvent<'a>, context: &Context<'_>) -> Event<'a> {
    let authority = authority(&record.realm, context);
    let kind = said(&record.kind).unwrap_or(Cow::Borrowed("unknown"));
    let name = kind.strip_suffix("_ERROR").unwrap_or(&kind);
    let none = Pairs::default();
    let details = record.details.as_ref().unwrap_or(&none);
    let act = of(name);
    let mut event = super::event(authority.clone(), actor(record, details, name, &authority, context), &record.error);
    act.put(&mut event);
    if kind.ends_with("_ERROR") {
        event.status = Status::Failure;
    }
    event.source_event_id = said(&record.id);
    event.tenant = first(&[&record.realm_name, &record.realm]);
    event.client_app = said(&record.client);
    event.error_message = details.get(&["reason"]).filter(|_| event.status == Status::Failure);
    event.authn = Authn {
        protocol: details
            .get(&["auth_method"])
            .or_else(|| details.get(&["grant_type"]).map(|_| Cow::Borrowed("oauth2"))),
        method: details.get(&["grant_type", "auth_type"]),
        mfa: None,
        factors: details.get(&["client_auth_method"]).into_iter().collect(),
    };
    fill::endpoint(&mut event.src, said(&record.ip));
    if let Some(id) = said(&record.session) {
        event.session = Some(uri::session(NAME, &authority, "session", &id));
    }
    fill::when(&mut event, first(&[&record.time]));
    names(&mut event, record, details);
    delegated(&mut event, record, details, name, context);
    tokens(&mut event, record, details, name);
    resources(&mut event, record, details);
    event.api.operation = Some(kind.clone());
    event
}

/// Whether the client acts, with what a user gave it.
fn by_client(name: &str) -> bool {
    matches!(
        name,
        "CLIENT_LOGIN"
            | "CODE_TO_TOKEN"
            | "TOKEN_EXCHANGE"
            | "REFRESH_TOKEN"
            | "INTROSPECT_TOKEN"
            | "REVOKE_GRANT"
            | "OAUTH2_DEVICE_CODE_TO_TOKEN"
            | "AUTHREQID_TO_TOKEN"
            | "PERMISSION_TOKEN"
            | "USER_INFO_REQUEST"
            | "PUSHED_AUTHORIZATION_REQUEST"
            | "JWT_AUTHORIZATION_GRANT"
    )
}

fn actor<'a>(
    record: &UserEvent<'a>,
    details: &Pairs<'a>,
    name: &str,
    authority: &str,
    context: &Context<'_>,
) -> Principal<'a> {
    let failed = said(&record.error).is_some() || record.kind.as_deref().is_some_and(|kind| kind.ends_with("_ERROR"));
    if name == "IMPERSONATE"
        && let Some(admin) = details.get(&["impersonator"])
    {
        let uri = impersonator(details, &admin, context);
        return Principal { uri, kind: ActorKind::Human, name: Some(admin), is_human: Human::Unknown, rule: "default" };
    }
    if let Some(client) = said(&record.client).filter(|_| by_client(name)) {
        let uri = match failed {
            true => uri::principal_claimed(NAME, authority, "client", &client),
            false => uri::principal_named(NAME, authority, "client", &client),
        };
        let kind = ActorKind::ApiClient;
        return Principal { uri, kind, name: Some(client), is_human: Human::Nonhuman, rule: "R1:keycloak-client" };
    }
    let username = details.get(&["username"]);
    let id = said(&record.user);
    let uri = match (&id, &username) {
        (Some(claim), _) | (None, Some(claim)) if failed => uri::principal_claimed(NAME, authority, "user", claim),
        (Some(id), _) => uri::principal(NAME, authority, "user", id),
        (None, Some(name)) => uri::principal_named(NAME, authority, "user", name),
        (None, None) => uri::principal(NAME, authority, "unknown", "unknown"),
    };
    let service = username.as_deref().is_some_and(|name| name.starts_with("service-account-"));
    let browser = name.contains("LOGIN") && details.get(&["grant_type"]).is_none();
    let (kind, is_human, rule) = match () {
        () if service => (ActorKind::ServiceAccount, Human::Nonhuman, "R1:keycloak-service-account"),
        () if failed => (ActorKind::Unknown, Human::Unknown, "default"),
        () if browser => (ActorKind::Human, Human::Human, "R2:keycloak-sign-in"),
        () => (ActorKind::Unknown, Human::Unknown, "default"),
    };
    Principal { uri, kind, name: username.or(id), is_human, rule }
}

/// The administrator is named by names alone, those of realm and user.
fn impersonator(details: &Pairs<'_>, admin: &str, context: &Context<'_>) -> String {
    let realm = details.get(&["impersonator_realm"]);
    uri::principal_named(NAME, &authority(&realm, context), "user", admin)
}

/// Names of one identity: a user's id and name, a service account and its client.
fn names<'a>(event: &mut Event<'a>, record: &UserEvent<'a>, details: &Pairs<'a>) {
    let (Some(id), Some(name)) = (said(&record.user), details.get(&["username"])) else { return };
    if event.status == Status::Failure {
        return;
    }
    let a = uri::principal(NAME, &event.authority, "user", &id);
    let (b, rule) = match name.strip_prefix("service-account-") {
        Some(client) => (uri::principal_named(NAME, &event.authority, "client", client), "keycloak:service-account"),
        None => (uri::principal_named(NAME, &event.authority, "user", &name), "keycloak:id+username"),
    };
    event.aliases.push(Alias { a, b, rel: AliasRel::SameAs, rule });
}

/// For whom a client acts, and through which other one.
fn delegated<'a>(
    event: &mut Event<'a>,
    record: &UserEvent<'a>,
    details: &Pairs<'a>,
    name: &str,
    context: &Context<'_>,
) {
    let Some(id) = said(&record.user) else { return };
    let proved = event.status != Status::Failure;
    let user = match proved {
        true => uri::principal(NAME, &event.authority, "user", &id),
        false => uri::principal_claimed(NAME, &event.authority, "user", &id),
    };
    let step = |principal: String, step, evidence_path| Step {
        principal,
        step,
        evidence_path,
        asserted_by: Cow::Borrowed(NAME),
        verified: proved,
    };
    if name == "IMPERSONATE" {
        let Some(admin) = details.get(&["impersonator"]) else { return };
        let admin = impersonator(details, &admin, context);
        event.chain.push(step(admin.clone(), StepKind::Impersonation, "/details/impersonator"));
        event.chain.push(step(user.clone(), StepKind::Impersonation, "/userId"));
        event.privileged = Some(true);
        (event.initiator, event.subject) = (Some(admin), Some(user));
        return;
    }
    // The client of a service account is itself; one that only asks about a token acts for itself, too.
    if !by_client(name) || name == "CLIENT_LOGIN" || name == "INTROSPECT_TOKEN" {
        return;
    }
    let exchange = name == "TOKEN_EXCHANGE";
    let how = if exchange { StepKind::Exchange } else { StepKind::Delegation };
    event.chain.push(step(user.clone(), how, "/userId"));
    if let Some(through) = details.get(&["subject_token_client_id"]).filter(|_| exchange) {
        let through = uri::principal_named(NAME, &event.authority, "client", &through);
        event.chain.push(step(through, how, "/details/subject_token_client_id"));
    }
    event.chain.push(step(event.actor.uri.clone(), how, "/clientId"));
    (event.initiator, event.subject) = (Some(user.clone()), Some(user));
}

/// Tokens by their ids, which are the claims `jti` of what was handed out.
fn tokens<'a>(event: &mut Event<'a>, record: &UserEvent<'a>, details: &Pairs<'a>, name: &str) {
    let authority = event.authority.clone();
    let cred = |kind: &'static str, id: &str| uri::cred(NAME, &authority, kind, id);
    let token = details.get(&["token_id"]);
    let refresh = details.get(&["refresh_token_id"]);
    event.correlation_ids.extend(token.iter().chain(&refresh).cloned());
    event.correlation_ids.extend(details.get(&["code_id"]).filter(|code| Some(code) != record.session.as_ref()));
    if matches!(name, "REFRESH_TOKEN" | "REVOKE_GRANT")
        && let Some(id) = &refresh
    {
        event.credential = Some(Credential {
            uri: cred("refresh-token", id),
            kind: Cow::Borrowed("refresh-token"),
            native_id: Some(id.clone()),
            ..Credential::default()
        });
    }
    if event.status == Status::Failure {
        return;
    }
    let holder = said(&record.user).map(|id| uri::principal(NAME, &authority, "user", &id));
    let mut changed = |change, id: &Text<'a>| {
        if let Some(id) = id {
            let uri = cred("refresh-token", id);
            event.credential_changes.push(CredentialChange {
                change,
                uri,
                native_id: Some(id.clone()),
                holder: holder.clone(),
            });
        }
    };
    match name {
        "REVOKE_GRANT" => changed(CredentialChangeKind::Revoked, &refresh),
        "REFRESH_TOKEN" => changed(CredentialChangeKind::Issued, &details.get(&["updated_refresh_token_id"])),
        "LOGIN" | "CODE_TO_TOKEN" | "TOKEN_EXCHANGE" => changed(CredentialChangeKind::Issued, &refresh),
        _ => {}
    }
    let issues = event.access == Access::Issue || name == "LOGIN";
    let Some(id) = token.filter(|_| issues) else { return };
    let seconds = details.get(&["access_token_expiration_time"]).and_then(|text| text.parse::<i64>().ok());
    event.issued_credential = Some(Credential {
        uri: cred("jti", &id),
        kind: Cow::Borrowed("jti"),
        native_id: Some(id),
        audience: words(&details.get(&["audience"])),
        scopes: words(&details.get(&["scope"])),
        not_before: event.time.filter(|_| seconds.is_some()),
        not_after: event
            .time
            .zip(seconds)
            .and_then(|(time, seconds)| time.checked_add(seconds.checked_mul(1_000_000_000)?)),
        parent: event.credential.as_ref().map(|credential| credential.uri.clone()),
        ..Credential::default()
    });
}

/// The client for which it was done, a token that was asked about, the provider that knows the user.
fn resources<'a>(event: &mut Event<'a>, record: &UserEvent<'a>, details: &Pairs<'a>) {
    let mut add = |kind: &'static str, id: Text<'a>, role: ResourceRole| {
        let Some(id) = id else { return };
        let uri = uri::build(Class::Resource, NAME, &event.authority, kind).name(&id).finish();
        event.resources.push(Resource { uri, kind: Cow::Borrowed(kind), name: Some(id), role });
    };
    let asked = record.kind.as_deref().is_some_and(|kind| kind.starts_with("INTROSPECT_TOKEN"));
    add("token", details.get(&["token_id"]).filter(|_| asked), ResourceRole::Target);
    add("client", details.get(&["revoked_client"]), ResourceRole::Target);
    add("client", said(&record.client), ResourceRole::Target);
    add("identity-provider", details.get(&["identity_provider"]), ResourceRole::Related);
    add("credential", details.get(&["selected_credential_id"]), ResourceRole::Related);
    // What names no client is about the realm.
    add("realm", said(&record.realm).filter(|_| said(&record.client).is_none()), ResourceRole::Target);
}
