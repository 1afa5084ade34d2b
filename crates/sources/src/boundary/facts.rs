//! Sessions, hosts, tokens and brokered credentials that an event shows.

use std::borrow::Cow;

use model::uri;
use model::{
    Alias, AliasRel, Credential, CredentialChange, CredentialChangeKind, Event, GrantFact, GrantPhase, ResourceRole,
    Status,
};

use super::{Call, NAME};
use crate::field::Text;
use crate::fill;
use crate::json::View;

pub(super) fn read<'a>(event: &mut Event<'a>, call: &Call<'a>, data: View<'_, 'a>) {
    event.credential = token_used(data, &event.authority);
    if let Some(id) = &call.id {
        let kind = kind(&call.collection);
        fill::target(event, kind, Some(Cow::Owned(id.clone())));
    }
    let item = data.at("/response/details/item").or_else(|| data.at("/response/details"));
    match (call.action.as_deref(), call.part_method()) {
        (Some("authenticate"), _) => token_issued(event, item),
        (Some("authorize-session"), _) => session_authorized(event, item, data),
        (Some("cancel"), _) if call.collection == "sessions" => {
            session_of(event, call.id.clone().map(Cow::Owned), Some(GrantPhase::Revoke));
        }
        (_, Some(method)) => part(event, method, data),
        _ => {
            if call.collection == "sessions" {
                session_of(event, call.id.clone().map(Cow::Owned), None);
            }
            if call.collection == "auth-tokens" && call.method.as_deref() == Some("DELETE") {
                token_gone(event, call.id.clone());
            }
        }
    }
    if event.resources.is_empty() && !call.collection.is_empty() {
        fill::target(event, "collection", Some(Cow::Owned(call.collection.clone())));
    }
    if event.resources.is_empty() {
        let node = event.workload.node.clone();
        fill::target(event, "node", node);
    }
}

/// `auth-tokens` as `auth-token`.
fn kind(collection: &str) -> &'static str {
    match collection {
        "targets" => "target",
        "sessions" => "session",
        "users" => "user",
        "accounts" => "account",
        "auth-tokens" => "auth-token",
        "auth-methods" => "auth-method",
        "roles" => "role",
        "groups" => "group",
        "hosts" => "host",
        "host-sets" => "host-set",
        "host-catalogs" => "host-catalog",
        "credential-stores" => "credential-store",
        "credential-libraries" => "credential-library",
        "credentials" => "credential",
        "scopes" => "scope",
        "workers" => "worker",
        "session-recordings" => "session-recording",
        _ => "resource",
    }
}

/// The token of the call, by its public id.
fn token_used<'a>(data: View<'_, 'a>, at: &str) -> Option<Credential<'a>> {
    let id = data.any(&["/auth/auth_token_id", "/request_info/public_id"]).filter(|id| id.starts_with("at_"))?;
    Some(token(id, at))
}

fn token<'a>(id: Cow<'a, str>, at: &str) -> Credential<'a> {
    Credential {
        uri: uri::cred(NAME, at, "auth-token", &id),
        kind: Cow::Borrowed("auth-token"),
        native_id: Some(id),
        ..Credential::default()
    }
}

fn token_issued<'a>(event: &mut Event<'a>, item: Option<View<'_, 'a>>) {
    event.authn.method = event.resources.first().and_then(|resource| resource.name.clone());
    let Some(item) = item.filter(|_| event.status == Status::Success) else { return };
    let Some(id) = item.any(&["/attributes/id", "/id"]).filter(|id| id.starts_with("at_")) else { return };
    let mut issued = token(id, &event.authority);
    issued.not_after = expiry(item, "/attributes/expiration_time").or_else(|| expiry(item, "/expiration_time"));
    let holder = event.actor.uri.clone();
    event.aliases.push(Alias {
        a: issued.uri.clone(),
        b: holder,
        rel: AliasRel::CredentialOf,
        rule: "boundary:authenticate",
    });
    event.issued_credential = Some(issued);
}

fn token_gone(event: &mut Event<'_>, id: Option<String>) {
    let Some(id) = id.filter(|_| event.status == Status::Success) else { return };
    let uri = uri::cred(NAME, &event.authority, "auth-token", &id);
    let (change, native_id, holder) = (CredentialChangeKind::Revoked, Some(Cow::Owned(id)), None);
    event.credential_changes.push(CredentialChange { change, uri, native_id, holder });
}

/// A time as text, or as seconds since 1970 under `seconds`.
fn expiry(view: View<'_, '_>, pointer: &str) -> Option<i64> {
    let text = view.get(pointer).or_else(|| view.get(&format!("{pointer}/seconds")))?;
    crate::field::instant(&text).map(|parsed| parsed.nanos)
}

/// The event is of this session, and of the grant that it is.
fn session_of<'a>(event: &mut Event<'a>, id: Text<'a>, phase: Option<GrantPhase>) {
    let Some(id) = id else { return };
    let at = event.authority.to_string();
    event.session = Some(uri::session(NAME, &at, "session", &id));
    event.correlation_ids.push(id.clone());
    let grant = uri::grant(NAME, &at, "session", &id);
    event.grant_refs.push(grant.clone());
    if let Some(phase) = phase.filter(|_| event.status == Status::Success) {
        event.grants.push(GrantFact::new(grant, phase));
    }
}

/// A session that a user may open now: to which target and host, until when, with which credentials.
fn session_authorized<'a>(event: &mut Event<'a>, item: Option<View<'_, 'a>>, data: View<'_, 'a>) {
    event.grants.clear();
    let target = event.resources.first().and_then(|resource| resource.name.clone());
    let Some(item) = item.filter(|_| event.status == Status::Success) else { return };
    let id = item.any(&["/session_id", "/id"]).filter(|id| id.starts_with("s_"));
    session_of(event, id.clone(), Some(GrantPhase::Activate));
    let (user, at) = (event.actor.uri.clone(), event.authority.to_string());
    let until = expiry(item, "/expiration").or_else(|| expiry(item, "/expiration_time"));
    let host = item.get("/host_id").or_else(|| item.get("/endpoint"));
    if let Some(grant) = event.grants.first_mut() {
        grant.beneficiary = Some(user.clone());
        grant.requester = Some(user.clone());
        grant.target.clone_from(&target);
        grant.not_after = until;
        grant.resource = host.clone().map(|host| Cow::Owned(uri::resource(NAME, &at, "host", &host)));
    }
    if let Some(id) = id {
        let issued = Credential {
            uri: uri::cred(NAME, &at, "session-authorization", &id),
            kind: Cow::Borrowed("session-authorization"),
            native_id: Some(id),
            scopes: target.into_iter().collect(),
            not_after: until,
            ..Credential::default()
        };
        event.aliases.push(Alias {
            a: issued.uri.clone(),
            b: user,
            rel: AliasRel::CredentialOf,
            rule: "boundary:session",
        });
        event.issued_credential = Some(issued);
    }
    if let Some(host) = host {
        fill::resource(event, "host", host, ResourceRole::Related);
    }
    // What is brokered comes from a store of credentials, whose own log shows what was made.
    for credential in item.at("/credentials").into_iter().flat_map(View::inside) {
        if let Some(source) = credential.any(&["/credential_source/id", "/credential_library/id"]) {
            fill::resource(event, "credential-library", source, ResourceRole::Related);
            event.secret_access.path = credential.any(&["/credential_source/name", "/credential_source/id"]);
        }
    }
    event.tenant = item.any(&["/scope/id", "/scope_id"]).or_else(|| data.get("/request/details/scope_id"));
}

/// Calls between parts: which sessions and connections they are about.
fn part<'a>(event: &mut Event<'a>, method: &str, data: View<'_, 'a>) {
    let session = data.any(&[
        "/request/details/session_id",
        "/response/details/session_id",
        "/response/details/authorization/session_id",
    ]);
    let phase = match method {
        "ActivateSession" => Some(GrantPhase::Activate),
        "AuthorizeConnection" | "ConnectConnection" => Some(GrantPhase::Use),
        "CancelSession" => Some(GrantPhase::Revoke),
        _ => None,
    };
    session_of(event, session, phase);
    fill::endpoint(
        &mut event.src,
        data.any(&["/request/details/client_tcp_address", "/request/details/client_address"]),
    );
    fill::endpoint(
        &mut event.dst,
        data.any(&["/request/details/endpoint_tcp_address", "/request/details/endpoint_address"]),
    );
    let connection = data.any(&["/request/details/connection_id", "/response/details/connection_id"]);
    let mut connections: Vec<Cow<'a, str>> = connection.filter(|id| id != "[REDACTED]").into_iter().collect();
    let (mut up, mut down, mut closed) = (0_i64, 0_i64, false);
    for close in data.at("/request/details/close_request_data").into_iter().flat_map(View::inside) {
        connections.extend(close.get("/connection_id"));
        let number = |key: &str| close.get(key).and_then(|text| text.parse::<i64>().ok()).unwrap_or_default();
        (up, down) = (up.saturating_add(number("/bytes_up")), down.saturating_add(number("/bytes_down")));
        closed = true;
        event.purpose.reason = close.get("/reason").or(event.purpose.reason.take());
    }
    if closed {
        (event.data_bytes_in, event.data_bytes_out) = (Some(up), Some(down));
    }
    for connection in connections {
        event.correlation_ids.push(connection.clone());
        fill::target(event, "connection", Some(connection));
    }
    if event.resources.is_empty() {
        let sessions = data.at("/request/details/sessions").into_iter().flat_map(View::inside);
        event.data_rows = i64::try_from(sessions.count()).ok().filter(|count| *count > 0);
        fill::target(event, "worker", data.get("/request/details/worker_id"));
    }
}
