//! Who asked: entities, tokens without one, logins that are not yet proved (`identity.md` 3.1, 3.4).

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{ActorKind, Alias, AliasRel, Human, Principal, Text};

use super::record::{Auth, Data, Metadata, some};
use super::{Boundary, PLATFORM, path::Path, token::Digest};

/// The principal behind a token that Vault knows.
pub(super) fn known<'a>(auth: &Auth<'a>, at: &Boundary) -> Principal<'a> {
    let name = auth.display_name.clone().filter(|name| !name.is_empty());
    if auth.is_root() {
        // All root tokens bear one name; only the accessor tells them apart.
        let uri = token_principal(auth, at);
        return Principal { uri, kind: ActorKind::Shared, name, is_human: Human::Unknown, rule: "vault-root-token" };
    }
    let (kind, is_human, rule) = machine(auth.metadata.as_ref()).unwrap_or((
        if name.as_deref() == Some("token") { ActorKind::Shared } else { ActorKind::Unknown },
        Human::Unknown,
        "default",
    ));
    let uri = match some(auth.entity_id.as_deref()) {
        Some(entity) => uri::principal(PLATFORM, &at.namespace, "entity", entity),
        None => token_principal(auth, at),
    };
    Principal { uri, kind, name, is_human, rule }
}

fn token_principal(auth: &Auth<'_>, at: &Boundary) -> String {
    match (some(auth.accessor.as_deref()), some(auth.client_token.as_deref())) {
        (Some(accessor), _) => uri::principal(PLATFORM, &at.cluster, "token", accessor),
        // Batch tokens have no accessor.
        (None, Some(token)) => uri::principal(PLATFORM, &at.cluster, "token", &digest(token)),
        (None, None) => uri::principal(PLATFORM, &at.namespace, "anon", &at.namespace),
    }
}

fn digest(token: &str) -> String {
    Digest::of(Cow::Borrowed(token)).id.into_owned()
}

/// Auth methods whose metadata only a machine's login carries.
fn machine(metadata: Option<&Metadata<'_>>) -> Option<(ActorKind, Human, &'static str)> {
    let metadata = metadata?;
    let has = |field: &Option<Text<'_>>| some(field.as_deref()).is_some();
    if has(&metadata.service_account_uid) {
        return Some((ActorKind::ServiceAccount, Human::Nonhuman, "R1:vault-kubernetes"));
    }
    if has(&metadata.service_account_email) {
        return Some((ActorKind::ServiceAccount, Human::Nonhuman, "R1:vault-gcp"));
    }
    if has(&metadata.role_name) {
        return Some((ActorKind::ServiceAccount, Human::Nonhuman, "R3:vault-approle"));
    }
    None
}

/// Whoever tries to log in, as far as the request says: a claim until the answer proves it.
pub(super) fn claimed<'a>(path: &Path<'_>, data: &Data<'a>, at: &Boundary) -> Principal<'a> {
    let name = login_name(path, data);
    let method = path.mount.strip_prefix("auth/").unwrap_or(path.mount);
    let claim = match &name {
        Some(name) => format!("{method}/{name}"),
        None => method.to_owned(),
    };
    Principal {
        uri: uri::principal_claimed(PLATFORM, &at.namespace, "alias", &claim),
        kind: ActorKind::Unknown,
        name: Some(name.unwrap_or_else(|| Cow::Owned(method.to_owned()))),
        is_human: Human::Unknown,
        rule: "default",
    }
}

/// The name given at a login: in the path, or among the data, where it is hashed.
pub(super) fn login_name<'a>(path: &Path<'_>, data: &Data<'a>) -> Option<Text<'a>> {
    match path.rest.strip_prefix("login/").filter(|name| !name.is_empty()) {
        Some(name) => Some(Cow::Owned(name.to_owned())),
        // Neither is a secret: a role id is half of what an AppRole needs.
        None => data.role_id.clone().or_else(|| data.role.clone()).filter(|name| !name.is_empty()),
    }
}

/// A call without a token, or with one that Vault does not know. The hash of an unknown token is a
/// claim: it says that the same text was shown again, not whose it was.
pub(super) fn unknown<'a>(client_token: Option<&str>, at: &Boundary) -> Principal<'a> {
    let (uri, kind, rule) = match some(client_token) {
        Some(token) => (uri::principal_claimed(PLATFORM, &at.namespace, "token", token), ActorKind::Unknown, "default"),
        None => (uri::principal(PLATFORM, &at.namespace, "anon", &at.namespace), ActorKind::Shared, "anonymous"),
    };
    Principal { uri, kind, name: None, is_human: Human::Unknown, rule }
}

/// The server, on its own behalf.
pub(super) fn vault_itself<'a>(at: &Boundary) -> Principal<'a> {
    Principal {
        uri: uri::principal(PLATFORM, &at.cluster, "server", &at.cluster),
        kind: ActorKind::PlatformService,
        name: None,
        is_human: Human::Nonhuman,
        rule: "R1:vault-itself",
    }
}

/// What a login shows about who is who: the name at the auth method, and the identity of another
/// platform that the method checked.
pub(super) fn aliases(path: &Path<'_>, name: Option<&str>, auth: &Auth<'_>, actor: &str, at: &Boundary) -> Vec<Alias> {
    let mut aliases = Vec::new();
    if let (Some(name), Some(_)) = (name, some(auth.entity_id.as_deref())) {
        let method = path.mount.strip_prefix("auth/").unwrap_or(path.mount);
        let by_name = uri::build(Class::Principal, PLATFORM, &at.namespace, "alias").name(method).id(name).finish();
        aliases.push(Alias {
            a: actor.to_owned(),
            b: by_name,
            rel: AliasRel::SameAs,
            rule: "vault:login-name+entity_id",
        });
    }
    if let Some(foreign) = auth.metadata.as_ref().and_then(foreign) {
        aliases.push(Alias {
            a: foreign,
            b: actor.to_owned(),
            rel: AliasRel::FederatesTo,
            rule: "vault:login-metadata",
        });
    }
    aliases
}

/// The principal of another platform that an auth method names in its metadata.
fn foreign(metadata: &Metadata<'_>) -> Option<String> {
    if let Some(uid) = some(metadata.service_account_uid.as_deref()) {
        // The method does not say of which cluster.
        return Some(uri::principal("k8s", "unknown", "serviceaccount", uid));
    }
    let id = some(metadata.client_user_id.as_deref())?;
    let account = some(metadata.account_id.as_deref())?;
    match id.split(':').next()? {
        role if role.starts_with("AROA") => Some(uri::principal("aws", account, "role", role)),
        user if user.starts_with("AIDA") => Some(uri::principal("aws", account, "user", user)),
        _ => None,
    }
}
