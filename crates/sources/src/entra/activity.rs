//! Microsoft Graph activity: each call of the Graph API, with the token it was made with.

use std::borrow::Cow;

use model::{Access, ActorKind, Credential, Event, Human, Platform, Principal, Resource, ResourceRole, Status, uri};

use super::guid::{is_guid, lower};
use super::identity::{self, NAME};
use super::record::{Envelope, Properties, said};
use crate::time;

/// Reads a call of the Graph API.
pub(super) fn read<'a>(envelope: &Envelope<'a>, properties: &Properties<'a>, tenant: String) -> Event<'a> {
    let mut event = Event::new(Platform::Entra, Cow::Owned(tenant.clone()), actor(properties, &tenant));
    let method = said(&properties.method).unwrap_or(Cow::Borrowed("GET"));
    (event.activity_id, event.access) = match method.as_ref() {
        "GET" | "HEAD" | "OPTIONS" => (2, Access::Read),
        "POST" => (1, Access::Create),
        "PUT" | "PATCH" => (3, Access::Modify),
        "DELETE" => (4, Access::Delete),
        _ => (99, Access::Other),
    };
    event.status = match properties.http_status {
        Some(200..=399) => Status::Success,
        Some(400..) => Status::Failure,
        Some(_) => Status::Other,
        None => Status::Unknown,
    };
    event.status_code = properties.http_status.map(|code| Cow::Owned(code.to_string()));
    event.error_code = event.status_code.clone().filter(|_| event.status == Status::Failure);
    event.credential = credential(properties, &tenant);
    event.session = said(&properties.session_id).map(|id| uri::session(NAME, &tenant, "sid", &lower(&id)));
    event.authn.method = said(&properties.client_auth).map(|code| match code.as_ref() {
        "0" => Cow::Borrowed("public-client"),
        "1" => Cow::Borrowed("client-secret"),
        "2" => Cow::Borrowed("client-certificate"),
        _ => code,
    });
    event.api.service = Some(Cow::Borrowed("graph.microsoft.com"));
    if let Some(uri) = &properties.uri {
        event.api.operation = Some(Cow::Owned(format!("{method} {}", template(uri))));
        event.resources = vec![Resource {
            uri: uri::resource(NAME, &tenant, "graph", path(uri)),
            kind: Cow::Borrowed("graph"),
            name: Some(uri.clone()),
            role: ResourceRole::Target,
        }];
    }
    event.api.request_id = said(&properties.request_id);
    event.source_event_id = said(&properties.request_id).or_else(|| said(&properties.operation_id));
    let ids = [
        &properties.request_id,
        &properties.client_request_id,
        &properties.operation_id,
        &properties.sign_in_activity,
        &envelope.correlation_id,
    ];
    for id in ids.into_iter().filter_map(said) {
        if !event.correlation_ids.contains(&id) {
            event.correlation_ids.push(id);
        }
    }
    event.user_agent = said(&properties.user_agent);
    event.client_app = said(&properties.app_display_name).or_else(|| said(&properties.app_id));
    event.device.id = said(&properties.device_id);
    event.data_bytes_out = properties.response_bytes;
    event
}

/// The user of a delegated token, else the service principal, else the application.
fn actor<'a>(properties: &Properties<'a>, tenant: &str) -> Principal<'a> {
    if let Some(id) = said(&properties.user_id) {
        let uri = identity::user(tenant, Some(id.clone()), None, true);
        // A delegated call shows no person at the keyboard, only an account.
        return Principal { uri, kind: ActorKind::Human, name: Some(id), is_human: Human::Unknown, rule: "default" };
    }
    let principal = said(&properties.service_principal_id).map(|id| ("sp", id));
    let (part, id) = match principal.or_else(|| said(&properties.app_id).map(|id| ("app", id))) {
        Some(found) => found,
        None => {
            return Principal {
                uri: identity::unknown(tenant),
                kind: ActorKind::Unknown,
                name: None,
                is_human: Human::Unknown,
                rule: "default",
            };
        }
    };
    Principal {
        uri: uri::principal(NAME, tenant, part, &lower(&id)),
        kind: ActorKind::ServiceAccount,
        name: Some(id),
        is_human: Human::Nonhuman,
        rule: "R1:entra-service-principal",
    }
}

/// The token: the sign-in activity id is its unique token identifier.
fn credential<'a>(properties: &Properties<'a>, tenant: &str) -> Option<Credential<'a>> {
    let id = said(&properties.sign_in_activity)?;
    let permissions = said(&properties.scopes).or_else(|| said(&properties.roles));
    Some(Credential {
        uri: uri::cred(NAME, tenant, "uti", &id),
        kind: Cow::Borrowed("uti"),
        native_id: Some(id),
        scopes: permissions
            .map(|text| text.split_whitespace().map(|word| Cow::Owned(word.to_owned())).collect())
            .unwrap_or_default(),
        not_before: said(&properties.issued_at).and_then(|text| Some(time::parse(&text)?.nanos)),
        ..Credential::default()
    })
}

/// The path of a URL, without its query.
fn path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/");
    rest.split(['?', '#']).next().unwrap_or(rest)
}

/// The path with each id replaced, so that calls of one kind have one name.
fn template(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for part in path(url).split('/').filter(|part| !part.is_empty()) {
        out.push('/');
        match part.split_once('(') {
            _ if is_guid(part) || part.contains('@') => out.push_str("{id}"),
            Some((name, _)) => out.push_str(name),
            None => out.push_str(part),
        }
    }
    out
}
