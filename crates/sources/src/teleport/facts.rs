//! Facts for lineage and grants: what was issued, under which grant, and what was acted on.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    Credential, CredentialChange, CredentialChangeKind, Event, GrantFact, GrantPhase, Resource, ResourceRole, Status,
    Text,
};

use super::identity::{self, Boundary};
use super::record::{Record, first, said};
use super::{NAME, nanos};
use crate::spiffe;

/// The session that the record belongs to.
pub(super) fn session(record: &Record<'_>, at: &Boundary<'_>) -> Option<String> {
    Some(uri::session(NAME, &at.cluster, "session", &said(&record.sid)?))
}

/// What the actor acted with, as far as it has a name: all certificates that one instance of a bot
/// renews carry its id. Certificates of users have none in a record.
pub(super) fn credential<'a>(record: &Record<'a>, at: &Boundary<'_>) -> Option<Credential<'a>> {
    let id = identity::instance(record)?;
    Some(Credential {
        uri: uri::cred(NAME, &at.home, "bot-instance", &id),
        kind: Cow::Borrowed("bot-instance"),
        native_id: Some(id),
        ..Credential::default()
    })
}

/// The certificate or document that this record shows being issued.
pub(super) fn issued<'a>(
    record: &Record<'a>,
    used: Option<&Credential<'a>>,
    at: &Boundary<'_>,
) -> Option<Credential<'a>> {
    let parent = used.map(|used| used.uri.clone());
    match record.event.as_deref()? {
        "cert.create" => {
            let identity = record.identity.as_ref()?;
            // The record names no serial number: its own id stands for the certificate.
            let id = said(&record.uid)?;
            Some(Credential {
                uri: uri::cred(NAME, &at.cluster, "certificate", &id),
                kind: Cow::Borrowed("certificate"),
                native_id: Some(id),
                issuer: said(&identity.teleport_cluster),
                scopes: identity.roles.clone(),
                not_before: nanos(&record.time),
                not_after: nanos(&identity.expires),
                mfa: said(&identity.mfa_device_uuid).map(|_| true),
                parent,
                ..Credential::default()
            })
        }
        "bot.join" => {
            let id = identity::instance(record)?;
            Some(Credential {
                uri: uri::cred(NAME, &at.home, "bot-instance", &id),
                kind: Cow::Borrowed("bot-instance"),
                native_id: Some(id),
                parent: said(&record.token_name).map(|name| join_token(&name, at)),
                ..Credential::default()
            })
        }
        "join_token.create" => {
            let name = first(&[&record.name, &record.token_name])?;
            Some(Credential {
                uri: join_token(&name, at),
                kind: Cow::Borrowed("join-token"),
                native_id: Some(name),
                scopes: record.roles.clone(),
                not_after: nanos(&record.expires),
                parent,
                ..Credential::default()
            })
        }
        "spiffe.svid.issued" => svid(record, parent),
        _ => None,
    }
}

/// A join token by its name, which says nothing about its value: secret tokens are logged masked.
fn join_token(name: &str, at: &Boundary<'_>) -> String {
    uri::build(Class::Cred, NAME, &at.home, "join-token").name(name).finish()
}

fn svid<'a>(record: &Record<'a>, parent: Option<String>) -> Option<Credential<'a>> {
    let id = said(&record.spiffe_id)?;
    let (domain, _) = spiffe::parse(&id)?;
    let (uri, kind, native_id) = match (said(&record.serial_number), said(&record.jti)) {
        (Some(serial), _) => (spiffe::certificate(domain, &spiffe::hex(&serial)), "x509-serial", serial),
        (None, Some(jti)) => (spiffe::token(domain, &jti), "jti", jti),
        (None, None) => return None,
    };
    Some(Credential {
        uri,
        kind: Cow::Borrowed(kind),
        native_id: Some(native_id),
        issuer: Some(Cow::Owned(domain.to_owned())),
        audience: record.audiences.clone(),
        not_after: nanos(&record.not_after),
        parent,
        ..Credential::default()
    })
}

/// Credentials whose life this record ended: a lock stops whatever it names from being used.
pub(super) fn changes<'a>(record: &Record<'a>, at: &Boundary<'_>) -> Vec<CredentialChange<'a>> {
    let change = match record.event.as_deref() {
        Some("lock.created") => CredentialChangeKind::Disabled,
        Some("lock.deleted") => CredentialChangeKind::Enabled,
        _ => return Vec::new(),
    };
    let id = record.target.as_ref().and_then(|target| said(&target.bot_instance_id));
    id.map(|id| CredentialChange {
        change,
        uri: uri::cred(NAME, &at.home, "bot-instance", &id),
        native_id: Some(id),
        holder: None,
    })
    .into_iter()
    .collect()
}

fn request_uri(id: &str, at: &Boundary<'_>) -> String {
    uri::grant(NAME, &at.home, "access-request", id)
}

/// The access requests under which the record's certificate, or the one it shows, was issued.
pub(super) fn grant_refs(record: &Record<'_>, at: &Boundary<'_>) -> Vec<String> {
    let inside = record.identity.iter().flat_map(|identity| &identity.access_requests);
    let mut refs: Vec<String> =
        record.access_requests.iter().chain(inside).filter(|id| !id.is_empty()).map(|id| request_uri(id, at)).collect();
    if let (true, Some(id)) = (is_request(record), said(&record.id)) {
        refs.push(request_uri(&id, at));
    }
    let mut seen = Vec::with_capacity(refs.len());
    refs.retain(|uri| !seen.contains(uri) && (seen.push(uri.clone()), true).1);
    refs
}

fn is_request(record: &Record<'_>) -> bool {
    record.event.as_deref().is_some_and(|event| event.starts_with("access_request.") && !event.ends_with(".search"))
}

/// The steps of an access request. A review that completes the approval is two of them: the vote,
/// and the request that is in force from then on.
pub(super) fn grants<'a>(record: &Record<'a>, event: &Event<'a>, at: &Boundary<'_>) -> Vec<GrantFact<'a>> {
    let Some(id) = said(&record.id).filter(|_| is_request(record)) else { return Vec::new() };
    let step = record.event.as_deref().unwrap_or_default();
    let state = record.state.as_deref().unwrap_or_default();
    let vote = first(&[&record.proposed_state, &record.state]);
    let phases: &[GrantPhase] = match (step, vote.as_deref().unwrap_or_default(), state) {
        _ if event.status == Status::Failure => &[GrantPhase::Request],
        ("access_request.create", ..) => &[GrantPhase::Request],
        ("access_request.expire", ..) => &[GrantPhase::Expire],
        ("access_request.delete", ..) => &[GrantPhase::Revoke],
        (_, "DENIED", _) => &[GrantPhase::Deny],
        (_, "APPROVED", "APPROVED") => &[GrantPhase::Approve, GrantPhase::Activate],
        // More votes are wanted; or it was turned into a membership of an access list.
        (_, "APPROVED" | "PROMOTED", _) => &[GrantPhase::Approve],
        _ => &[GrantPhase::Request],
    };
    let created = step == "access_request.create";
    let decided = phases.iter().any(|phase| matches!(phase, GrantPhase::Approve | GrantPhase::Deny));
    // A plugin that changes the state does so for its delegator.
    let decider = first(&[&record.reviewer, &record.delegator, &record.user, &record.updated_by]);
    let now = nanos(&record.time);
    let longest = nanos(&record.max_duration);
    let duration = longest.zip(now).and_then(|(end, now)| u64::try_from(end.saturating_sub(now) / 1_000_000_000).ok());
    let fact = |phase| GrantFact {
        requester: created.then(|| event.actor.uri.clone()),
        beneficiary: created
            .then(|| said(&record.user).map_or_else(|| event.actor.uri.clone(), |user| identity::user_uri(&user, at))),
        approver: decider.as_deref().filter(|_| decided).map(|user| identity::user_uri(user, at)),
        target: target(record),
        reason: said(&record.reason),
        not_before: nanos(&record.assume_start_time),
        not_after: nanos(&record.expires).or(longest),
        duration_s: duration.filter(|_| created),
        ..GrantFact::new(request_uri(&id, at), phase)
    };
    phases.iter().copied().map(fact).collect()
}

/// Roles, then resources as the platform writes their ids: `access,/cluster/node/<id>`.
fn target<'a>(record: &Record<'a>) -> Option<Text<'a>> {
    let mut parts: Vec<Text<'a>> = record.roles.clone();
    parts.extend(record.resource_ids.iter().map(|id| {
        let word = |value: &Option<Text<'a>>| value.clone().unwrap_or_default();
        let sub = said(&id.sub_resource).map(|sub| format!("/{sub}")).unwrap_or_default();
        Cow::Owned(format!("/{}/{}/{}{sub}", word(&id.cluster), word(&id.kind), word(&id.name)))
    }));
    parts.extend(said(&record.promoted_access_list_name));
    match parts.len() {
        0 => None,
        1 => parts.pop(),
        _ => Some(Cow::Owned(parts.join(","))),
    }
}

/// What was acted on, as it is collected.
struct Acted<'a, 'b> {
    at: &'b Boundary<'b>,
    list: Vec<Resource<'a>>,
}

impl<'a> Acted<'a, '_> {
    /// A thing known by a name that can be given to another.
    fn name(&mut self, kind: &str, name: Text<'a>, role: ResourceRole) {
        let uri = uri::resource(NAME, &self.at.cluster, kind, &name);
        self.list.push(Resource { uri, kind: Cow::Owned(kind.to_owned()), name: Some(name), role });
    }

    /// A thing known by an id of its own.
    fn id(&mut self, kind: &str, id: &str, name: Text<'a>, role: ResourceRole) {
        let uri = uri::build(Class::Resource, NAME, &self.at.cluster, kind).id(id).finish();
        self.list.push(Resource { uri, kind: Cow::Owned(kind.to_owned()), name: Some(name), role });
    }
}

/// What was acted on, the target first.
pub(super) fn resources<'a>(record: &Record<'a>, at: &Boundary<'_>) -> Vec<Resource<'a>> {
    let mut acted = Acted { at, list: Vec::new() };
    if let (true, Some(id)) = (is_request(record), said(&record.id)) {
        acted.id("access-request", &id, id.clone(), ResourceRole::Target);
        for resource in &record.resource_ids {
            match (said(&resource.kind).as_deref(), said(&resource.name)) {
                (Some("node"), Some(id)) => acted.id("node", &id, id.clone(), ResourceRole::Related),
                (Some(kind), Some(name)) => acted.name(&kind.replace('_', "-"), name, ResourceRole::Related),
                _ => {}
            }
        }
        return acted.list;
    }
    if let Some(name) = said(&record.db_service) {
        let full = said(&record.db_name).map_or(name.clone(), |db| Cow::Owned(format!("{name}/{db}")));
        acted.name("database", full, ResourceRole::Target);
    }
    if let Some(name) = first(&[&record.app_name, &record.app_public_addr, &record.app_uri]) {
        acted.name("app", name, ResourceRole::Target);
    }
    if let Some(name) = first(&[&record.desktop_name, &record.desktop_addr]) {
        acted.name("desktop", name, ResourceRole::Target);
    }
    if let Some(cluster) = said(&record.kubernetes_cluster) {
        if let Some(object) = kubernetes(record) {
            acted.name("kube-object", Cow::Owned(format!("{cluster}/{object}")), ResourceRole::Target);
        }
        acted.name("kube-cluster", cluster, ResourceRole::Target);
    }
    if let Some(address) = said(&record.dst_addr) {
        acted.name("address", address, ResourceRole::Target);
    }
    if acted.list.is_empty() {
        own(record, &mut acted);
    }
    if let Some(id) = said(&record.server_id) {
        let role = if acted.list.is_empty() { ResourceRole::Target } else { ResourceRole::Related };
        acted.id("node", &id, said(&record.server_hostname).unwrap_or_else(|| id.clone()), role);
    }
    acted.list
}

/// What events about the cluster's own things name: users, roles, locks, tokens, certificates.
fn own<'a>(record: &Record<'a>, acted: &mut Acted<'a, '_>) {
    if let Some(lock) = &record.target {
        let parts = [
            ("user", &lock.user),
            ("role", &lock.role),
            ("login", &lock.login),
            ("access-request", &lock.access_request),
            ("node", &lock.server_id),
            ("bot-instance", &lock.bot_instance_id),
            ("mfa-device", &lock.mfa_device),
            ("device", &lock.device),
            ("desktop", &lock.windows_desktop),
        ];
        for (kind, name) in parts {
            if let Some(name) = said(name) {
                acted.name(kind, name, ResourceRole::Affected);
            }
        }
    }
    let kind = record.event.as_deref().and_then(|event| event.split('.').next()).unwrap_or_default();
    if let Some(user) = record.identity.as_ref().and_then(|identity| said(&identity.user)) {
        acted.name("user", user, ResourceRole::Affected);
    } else if let Some(id) = said(&record.spiffe_id) {
        acted.name("spiffe-id", id, ResourceRole::Target);
    } else if let Some(name) = first(&[&record.name, &record.token_name]).filter(|_| !kind.is_empty()) {
        acted.name(&kind.replace('_', "-"), name, ResourceRole::Target);
    } else if let ("user" | "auth", Some(user)) = (kind, said(&record.user)) {
        acted.name("user", user, ResourceRole::Target);
    }
}

fn kubernetes(record: &Record<'_>) -> Option<String> {
    let kind = said(&record.resource_kind);
    let (kind, namespace, name) = match kind {
        Some(kind) => (kind, said(&record.resource_namespace), said(&record.resource_name)),
        None => {
            let pod = said(&record.kubernetes_pod_name)?;
            (Cow::Borrowed("pods"), said(&record.kubernetes_pod_namespace), Some(pod))
        }
    };
    let parts = [namespace.as_deref(), Some(&*kind), name.as_deref()];
    Some(parts.into_iter().flatten().collect::<Vec<_>>().join("/"))
}
