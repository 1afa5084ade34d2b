//! What a call does beyond its operation: logins, tokens, leases, secrets, keys, the system itself.

use std::borrow::Cow;

use model::{
    Access, Authn, Credential, CredentialChangeKind, Event, GrantFact, GrantPhase, Resource, ResourceRole,
    SecretAccess, Status, Text, uri,
};

use super::path::{Act, Path};
use super::record::{Data, Record, Request, some};
use super::{Boundary, PLATFORM, actor, record, token};

/// One entry, as far as it has been read.
pub(super) struct Entry<'a, 'e> {
    pub(super) record: &'e Record<'a>,
    pub(super) request: &'e Request<'a>,
    pub(super) path: &'e Path<'e>,
    pub(super) asked: &'e Data<'a>,
    pub(super) at: &'e Boundary,
}

impl<'a> Entry<'a, '_> {
    fn answer(&self) -> Data<'a> {
        record::read(self.record.response.as_ref().and_then(|response| response.data))
    }

    fn lease(&self) -> Option<&Text<'a>> {
        let lease = self.record.response.as_ref()?.secret.as_ref()?.lease_id.as_ref()?;
        (!lease.is_empty()).then_some(lease)
    }

    /// The last part of the path: the word, or the name, that an action on it takes.
    fn after(&self, prefix: &str) -> Option<&str> {
        some(self.path.rest.strip_prefix(prefix).map(|rest| rest.trim_matches('/')))
    }
}

/// Fills in what the act says. An attempt names the same things as a call that was answered; only
/// what was issued waits for the answer.
pub(super) fn read<'a>(event: &mut Event<'a>, act: Act, entry: &Entry<'a, '_>) {
    if act != Act::Login {
        let auth = entry.record.auth.as_ref().filter(|auth| auth.is_known());
        event.credential = match auth {
            Some(auth) => token::of_auth(auth, entry.at),
            None => token::of_request(entry.request, entry.at),
        };
    }
    event.resources.push(target(act, entry));
    match act {
        Act::Login => read_login(event, entry),
        Act::TokenCreate => read_token_create(event, entry),
        Act::TokenRenew | Act::TokenRevoke | Act::TokenLookup => read_token(event, act, entry),
        Act::SecretId => read_secret_id(event, entry),
        Act::Secret => read_secret(event, entry),
        Act::Dynamic => read_dynamic(event, entry),
        Act::Certificate | Act::CertificateRevoke => read_certificate(event, act, entry),
        Act::LeaseRenew | Act::LeaseRevoke => read_lease(event, act, entry),
        Act::LeaseLookup => read_lease_lookup(event, entry),
        Act::Unwrap => read_unwrap(event, entry),
        _ => classify(event, act, entry),
    }
    read_wrapping(event, entry);
}

/// Class, activity and access of the acts that need nothing else.
fn classify(event: &mut Event<'_>, act: Act, entry: &Entry<'_, '_>) {
    let by_access = |create: u8, update: u8, delete: u8| match event.access {
        Access::Create => create,
        Access::Delete => delete,
        _ => update,
    };
    let (class, activity, access) = match act {
        Act::Encrypt => (6005, 9, Access::Execute),
        Act::Decrypt => (6005, 10, Access::Execute),
        Act::KeyUse => (6003, 99, Access::Execute),
        Act::Capabilities => (6003, 2, Access::Read),
        Act::SelfTest => (6003, 99, Access::Other),
        Act::Policy => (3004, by_access(1, 3, 4), Access::Grant),
        Act::Audit => (1008, by_access(9, 9, 10), event.access),
        Act::AuditPolicy => (1008, 99, event.access),
        Act::Mount if entry.path.rest.ends_with("/tune") => (6003, 3, Access::Modify),
        // Mounting is an update of a path that was not there.
        Act::Mount if event.access == Access::Modify && !entry.path.rest.starts_with("remount") => {
            (6003, 1, Access::Create)
        }
        Act::Seal if entry.path.rest == "unseal" => (6002, 3, Access::Modify),
        Act::Seal => (6002, 4, Access::Modify),
        Act::User if entry.path.rest.ends_with("/password") => (3007, 8, Access::Modify),
        Act::User => (3007, by_access(1, 2, 3), event.access),
        Act::Role => (3008, by_access(1, 2, 3), event.access),
        _ => (event.class_uid, event.activity_id, event.access),
    };
    (event.class_uid, event.activity_id, event.access) = (class, activity, access);
    // Going dark, going down and making root are the acts that an intruder needs and few others do.
    let grave = matches!(act, Act::Seal | Act::RootKey) || (act == Act::Audit && event.activity_id == 10);
    if grave {
        event.severity_id = 4;
        event.privileged = Some(true);
    }
}

/// What the path names, by the kind of thing it is.
fn target<'a>(act: Act, entry: &Entry<'a, '_>) -> Resource<'a> {
    let path = entry.request.path.clone().unwrap_or_default();
    let (kind, name) = match act {
        Act::Login => ("auth-method", entry.path.mount.to_owned()),
        Act::TokenCreate | Act::TokenRenew | Act::TokenRevoke | Act::TokenLookup => ("token", path.to_string()),
        Act::SecretId | Act::Role => ("role", path.strip_suffix("/secret-id").unwrap_or(&path).to_owned()),
        Act::User => ("user", path.strip_suffix("/password").unwrap_or(&path).to_owned()),
        Act::Dynamic => ("role", path.to_string()),
        Act::Encrypt | Act::Decrypt | Act::KeyUse => {
            let mut words = entry.path.rest.split('/');
            let key = words.nth(1).unwrap_or_default();
            ("key", format!("{}/keys/{key}", entry.path.mount))
        }
        Act::LeaseRenew | Act::LeaseRevoke | Act::LeaseLookup => ("lease", path.to_string()),
        Act::Policy => ("policy", path.to_string()),
        Act::Audit | Act::SelfTest => ("audit-device", path.to_string()),
        Act::Mount => ("mount", path.trim_end_matches("/tune").trim_end_matches('/').to_owned()),
        Act::Certificate | Act::CertificateRevoke => ("issuer", entry.path.mount.to_owned()),
        _ => match entry.path.secret() {
            Some(secret) => ("secret", secret),
            None => ("path", path.to_string()),
        },
    };
    Resource {
        uri: uri::resource(PLATFORM, &entry.at.namespace, kind, &name),
        kind: Cow::Borrowed(kind),
        name: Some(path),
        role: ResourceRole::Target,
    }
}

fn read_login<'a>(event: &mut Event<'a>, entry: &Entry<'a, '_>) {
    event.class_uid = 3002;
    event.activity_id = 1;
    event.access = Access::Authenticate;
    let method = entry.path.mount.strip_prefix("auth/").unwrap_or(entry.path.mount);
    let protocol = entry.path.engine.unwrap_or(method);
    event.authn = Authn {
        protocol: Some(Cow::Owned(protocol.to_owned())),
        method: Some(Cow::Owned(entry.path.mount.to_owned())),
        ..Authn::default()
    };
    let serial = entry.request.client_certificate_serial_number.clone().filter(|serial| !serial.is_empty());
    event.credential = token::of_secret_id(entry.asked, entry.at)
        .or_else(|| serial.map(|serial| token::of_client_certificate(&serial, entry.at)));
    let issued = entry.record.response.as_ref().and_then(|response| response.auth.as_ref());
    let Some(auth) = issued.filter(|auth| auth.is_known()) else { return };
    event.issued_credential = token::of_auth(auth, entry.at).map(|issued| with_parent(issued, event));
    let name = actor::login_name(entry.path, entry.asked);
    event.aliases = actor::aliases(entry.path, name.as_deref(), auth, &event.actor.uri, entry.at);
    if auth.is_root() {
        event.privileged = Some(true);
    }
}

fn with_parent<'a>(issued: Credential<'a>, event: &Event<'_>) -> Credential<'a> {
    let parent = event.credential.as_ref().map(|credential| credential.uri.clone());
    Credential { parent: parent.filter(|parent| *parent != issued.uri), ..issued }
}

fn read_token_create<'a>(event: &mut Event<'a>, entry: &Entry<'a, '_>) {
    event.class_uid = 3002;
    event.activity_id = 3;
    event.access = Access::Issue;
    let issued = entry.record.response.as_ref().and_then(|response| response.auth.as_ref());
    let Some(auth) = issued.filter(|auth| auth.is_known()) else { return };
    event.issued_credential = token::of_auth(auth, entry.at).map(|issued| with_parent(issued, event));
    if auth.is_root() {
        event.severity_id = 4;
        event.privileged = Some(true);
    }
}

fn read_token<'a>(event: &mut Event<'a>, act: Act, entry: &Entry<'a, '_>) {
    let change = match act {
        Act::TokenRenew => {
            (event.class_uid, event.activity_id, event.access) = (3002, 5, Access::Modify);
            CredentialChangeKind::Refreshed
        }
        Act::TokenRevoke => {
            (event.class_uid, event.activity_id, event.access) = (3002, 2, Access::Delete);
            CredentialChangeKind::Revoked
        }
        // `lookup` sends the token it asks for, hence an update; it changes nothing.
        _ => {
            (event.activity_id, event.access) = (2, Access::Read);
            // After renewals the end differs from what the token's own times say.
            let ends = entry.answer().expire_time.as_deref().and_then(crate::time::parse).map(|time| time.nanos);
            let own = event.credential.as_mut().filter(|_| entry.path.rest == "lookup-self");
            if let (Some(own), Some(ends)) = (own, ends) {
                own.not_after = Some(ends);
            }
            return;
        }
    };
    if event.status != Status::Success {
        return;
    }
    let answered = entry.record.response.as_ref().and_then(|response| response.auth.as_ref());
    let word = entry.path.rest.split('/').next().unwrap_or_default();
    let changed = token::changed(change, word, entry.asked, answered, event.credential.as_ref(), entry.at);
    event.credential_changes.extend(changed);
}

fn read_secret_id<'a>(event: &mut Event<'a>, entry: &Entry<'a, '_>) {
    (event.class_uid, event.activity_id, event.access) = (3007, 18, Access::Issue);
    event.issued_credential = token::of_secret_id(&entry.answer(), entry.at).map(|issued| with_parent(issued, event));
}

fn read_secret<'a>(event: &mut Event<'a>, entry: &Entry<'a, '_>) {
    let answer = entry.answer();
    let path = entry.path.secret().or_else(|| entry.request.path.as_deref().map(str::to_owned));
    event.secret_access = SecretAccess {
        path: path.map(Cow::Owned),
        version: answer
            .metadata
            .and_then(|metadata| metadata.version)
            .or(answer.version)
            .or_else(|| entry.asked.version.clone()),
        lease_id: entry.lease().cloned(),
    };
}

fn read_dynamic<'a>(event: &mut Event<'a>, entry: &Entry<'a, '_>) {
    event.activity_id = 1;
    event.access = Access::Issue;
    event.secret_access.path.clone_from(&entry.request.path);
    let Some(lease) = entry.lease() else { return };
    event.secret_access.lease_id = Some(lease.clone());
    let answer = entry.answer();
    let issued = token::of_lease(lease, &answer, entry.path.mount, entry.at);
    let fact = lease_fact(event, lease, GrantPhase::Activate, entry);
    let not_after = fact.not_after.or_else(|| token::until(event.time, answer.ttl));
    let fact = GrantFact { not_after, ..fact };
    event.issued_credential = Some(with_parent(Credential { not_after, ..issued }, event));
    event.grant_refs.push(fact.uri.clone());
    event.grants.push(GrantFact { beneficiary: Some(event.actor.uri.clone()), ..fact });
}

fn lease_fact<'a>(event: &Event<'a>, lease: &str, phase: GrantPhase, entry: &Entry<'a, '_>) -> GrantFact<'a> {
    // A lease id is the path it was made at and a random part.
    let target = lease.rsplit_once('/').map(|(path, _)| Cow::Owned(path.to_owned()));
    let logged = entry.record.response.as_ref().and_then(|response| response.secret.as_ref()?.lease_duration);
    GrantFact {
        requester: Some(event.actor.uri.clone()),
        target,
        not_after: token::until(event.time, logged),
        ..GrantFact::new(uri::grant(PLATFORM, &entry.at.cluster, "lease", lease), phase)
    }
}

fn read_lease<'a>(event: &mut Event<'a>, act: Act, entry: &Entry<'a, '_>) {
    let (activity, access, phase) = match act {
        Act::LeaseRenew => (3, Access::Modify, GrantPhase::Extend),
        _ => (4, Access::Delete, GrantPhase::Revoke),
    };
    (event.activity_id, event.access) = (activity, access);
    let in_path = ["leases/renew/", "leases/revoke/", "renew/", "revoke/"].iter().find_map(|p| entry.after(p));
    // Given in the body, a lease id is hashed; the response to a renewal has it in the clear.
    let lease = entry.lease().map(AsRef::as_ref).or(in_path).or_else(|| some(entry.asked.lease_id.as_deref()));
    let Some(lease) = lease else { return };
    let phase = if event.status == Status::Success { phase } else { GrantPhase::Request };
    let fact = lease_fact(event, lease, phase, entry);
    event.grant_refs.push(fact.uri.clone());
    // What has only begun is told again when it is over.
    if event.status != Status::Unknown {
        event.grants.push(fact);
    }
    if act == Act::LeaseRevoke && event.status == Status::Success {
        let lease = Cow::Owned(lease.to_owned());
        event.credential_changes.push(token::change(CredentialChangeKind::Revoked, "lease", lease, entry.at));
    }
}

/// The answer says when the lease ends, as it stands now.
fn read_lease_lookup<'a>(event: &mut Event<'a>, entry: &Entry<'a, '_>) {
    (event.activity_id, event.access) = (2, Access::Read);
    let answer = entry.answer();
    let Some(lease) = some(answer.id.as_deref()).or_else(|| some(entry.asked.lease_id.as_deref())) else { return };
    let ends = answer.expire_time.as_deref().and_then(crate::time::parse).map(|time| time.nanos);
    let not_after = ends.or_else(|| token::until(event.time, answer.ttl));
    let fact = GrantFact { not_after, requester: None, ..lease_fact(event, lease, GrantPhase::Use, entry) };
    event.grant_refs.push(fact.uri.clone());
    event.grants.push(fact);
}

fn read_certificate<'a>(event: &mut Event<'a>, act: Act, entry: &Entry<'a, '_>) {
    if act == Act::CertificateRevoke {
        (event.class_uid, event.activity_id, event.access) = (3007, 19, Access::Delete);
        let serial = entry.asked.serial_number.clone().filter(|_| event.status == Status::Success);
        let change = serial.map(|serial| token::change(CredentialChangeKind::Revoked, "x509-serial", serial, entry.at));
        event.credential_changes.extend(change);
        return;
    }
    (event.class_uid, event.activity_id, event.access) = (3007, 18, Access::Issue);
    event.issued_credential =
        token::of_certificate(&entry.answer(), entry.path.mount, entry.at).map(|issued| with_parent(issued, event));
}

/// Whoever opens a wrapped response shows the wrapping token, as its own or in the body.
fn read_unwrap<'a>(event: &mut Event<'a>, entry: &Entry<'a, '_>) {
    (event.activity_id, event.access) = (2, Access::Read);
    if event.status != Status::Success {
        return;
    }
    let word = if some(entry.asked.token.as_deref()).is_some() { "unwrap" } else { "unwrap-self" };
    let own = event.credential.as_ref();
    let change = token::changed(CredentialChangeKind::Revoked, word, entry.asked, None, own, entry.at);
    event.credential_changes.extend(change);
    let inside = entry.record.response.as_ref().and_then(|response| response.auth.as_ref());
    event.issued_credential =
        inside.and_then(|auth| token::of_auth(auth, entry.at)).map(|issued| with_parent(issued, event));
}

/// A wrapped answer hands out a token for itself; what is inside is named by its accessor, or not
/// at all.
fn read_wrapping<'a>(event: &mut Event<'a>, entry: &Entry<'a, '_>) {
    let Some(wrap) = entry.record.response.as_ref().and_then(|response| response.wrap_info.as_ref()) else { return };
    event.credential_changes.extend(token::wrapped(wrap, entry.at));
    if let Some(issued) = token::of_wrapping(wrap, entry.at) {
        event.issued_credential = Some(with_parent(issued, event));
    }
}
