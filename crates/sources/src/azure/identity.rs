//! Who acted: principals of the Entra tenant, or whoever held the key of a storage account.

use std::borrow::Cow;

use model::{ActorKind, Alias, Credential, Fingerprint, Human, Principal, Workload, uri};

use super::NAME;
use super::record::{Claims, Record, said};
use crate::entra::guid::{is_guid, lower};
use crate::entra::identity as directory;
use crate::{Context, time};

type Text<'a> = Cow<'a, str>;

/// The tenant that owns the resources.
pub(super) fn tenant(record: &Record<'_>, context: &Context<'_>) -> Option<String> {
    let claims = record.claims();
    let requester = record.identity.as_ref().and_then(|identity| identity.requester.as_ref());
    said(&record.tenant)
        .or_else(|| claims.and_then(|claims| said(&claims.tenant).or_else(|| said(&claims.tid))))
        .or_else(|| requester.and_then(|requester| said(&requester.tenant)))
        .map(|id| lower(&id).into_owned())
        .or_else(|| context.authority.map(str::to_owned))
}

/// The executing principal; its URI is the one that Entra's own records give it.
pub(super) fn actor<'a>(record: &Record<'a>, tenant: &str) -> Principal<'a> {
    record
        .claims()
        .and_then(|claims| of_claims(claims, tenant))
        .or_else(|| of_requester(record, tenant))
        .or_else(|| of_caller(record, tenant))
        .or_else(|| of_evidence(record, tenant))
        .or_else(|| of_key(record, tenant))
        .unwrap_or_else(|| Principal {
            uri: directory::unknown(tenant),
            kind: ActorKind::Unknown,
            name: None,
            is_human: Human::Unknown,
            rule: "default",
        })
}

fn object_id<'a>(claims: &Claims<'a>) -> Option<Text<'a>> {
    said(&claims.oid).or_else(|| said(&claims.object_identifier))
}

fn user_name<'a>(claims: &Claims<'a>) -> Option<Text<'a>> {
    said(&claims.upn)
        .or_else(|| said(&claims.long_upn))
        .or_else(|| [&claims.long_name, &claims.name].into_iter().filter_map(said).find(|name| name.contains('@')))
}

fn of_claims<'a>(claims: &Claims<'a>, tenant: &str) -> Option<Principal<'a>> {
    let (id, name) = (object_id(claims), user_name(claims));
    let app = claims.id_kind.as_deref() == Some("app") || (claims.id_kind.is_none() && name.is_none());
    if let Some(resource) = said(&claims.managed_identity) {
        let uri = match &id {
            Some(id) => uri::principal(directory::NAME, tenant, "mi", &lower(id)),
            None => uri::principal_named(directory::NAME, tenant, "mi", &resource.to_ascii_lowercase()),
        };
        let rule = "R1:azure-managed-identity";
        return Some(Principal {
            uri,
            kind: ActorKind::Workload,
            name: Some(resource),
            is_human: Human::Nonhuman,
            rule,
        });
    }
    match (app, id, said(&claims.app_id)) {
        (true, Some(id), app_id) => Some(Principal {
            uri: uri::principal(directory::NAME, tenant, "sp", &lower(&id)),
            kind: ActorKind::ServiceAccount,
            name: said(&claims.name).or(app_id).or(Some(id)),
            is_human: Human::Nonhuman,
            rule: "R1:azure-service-principal",
        }),
        (true, None, Some(app_id)) => Some(Principal {
            uri: uri::principal(directory::NAME, tenant, "app", &lower(&app_id)),
            kind: ActorKind::ApiClient,
            name: Some(app_id),
            // A client id alone: the token may be its own or one of a user.
            is_human: Human::Unknown,
            rule: "default",
        }),
        (_, id, _) => {
            let name = name.or_else(|| said(&claims.name));
            if id.is_none() && name.is_none() {
                return None;
            }
            // Authentication methods are in a token only when a user signed in with them.
            let signed_in = said(&claims.methods).is_some();
            let (is_human, rule) =
                if signed_in { (Human::Human, "R2:azure-authentication-methods") } else { (Human::Unknown, "default") };
            let uri = directory::user(tenant, id.clone(), name.clone(), true);
            Some(Principal { uri, kind: ActorKind::Human, name: name.or(id), is_human, rule })
        }
    }
}

fn of_requester<'a>(record: &Record<'a>, tenant: &str) -> Option<Principal<'a>> {
    let requester = record.identity.as_ref()?.requester.as_ref()?;
    let id = said(&requester.object_id)?;
    let upn = said(&requester.upn);
    let (part, kind, is_human, rule) = if upn.is_some() {
        ("user", ActorKind::Human, Human::Unknown, "default")
    } else {
        ("sp", ActorKind::ServiceAccount, Human::Nonhuman, "R1:azure-service-principal")
    };
    let uri = uri::principal(directory::NAME, tenant, part, &lower(&id));
    Some(Principal { uri, kind, name: upn.or(Some(id)), is_human, rule })
}

/// The REST shape repeats the principal name, or the id of an application, as `caller`.
fn of_caller<'a>(record: &Record<'a>, tenant: &str) -> Option<Principal<'a>> {
    let caller = said(&record.caller)?;
    let (uri, kind) = if is_guid(&caller) {
        (uri::principal(directory::NAME, tenant, "object", &lower(&caller)), ActorKind::Unknown)
    } else {
        (directory::user(tenant, None, Some(caller.clone()), true), ActorKind::Human)
    };
    Some(Principal { uri, kind, name: Some(caller), is_human: Human::Unknown, rule: "default" })
}

/// The holder of the role assignment that allowed it, unless that is a group.
fn of_evidence<'a>(record: &Record<'a>, tenant: &str) -> Option<Principal<'a>> {
    let evidence = record.authorization()?.evidence.as_ref()?;
    let id = said(&evidence.principal_id)?;
    let (part, kind, is_human, rule) = match evidence.principal_kind.as_deref() {
        Some("User") => ("user", ActorKind::Human, Human::Unknown, "default"),
        Some("ServicePrincipal") => ("sp", ActorKind::ServiceAccount, Human::Nonhuman, "R1:azure-service-principal"),
        _ => return None,
    };
    let uri = uri::principal(directory::NAME, tenant, part, &uuid_of(&id));
    Some(Principal { uri, kind, name: Some(id), is_human, rule })
}

/// Whoever held a key of the account, a signature made with one, or nothing at all.
fn of_key<'a>(record: &Record<'a>, tenant: &str) -> Option<Principal<'a>> {
    let account = record.properties.as_ref().and_then(|properties| said(&properties.account));
    let (part, name) = match key_kind(record)? {
        "anonymous" => ("anon", Cow::Borrowed("anonymous")),
        _ => ("storage-account-key", account?),
    };
    let uri = if part == "anon" {
        uri::principal(NAME, tenant, part, tenant)
    } else {
        uri::principal_named(NAME, tenant, part, &name)
    };
    Some(Principal { uri, kind: ActorKind::Shared, name: Some(name), is_human: Human::Unknown, rule: "default" })
}

fn key_kind(record: &Record<'_>) -> Option<&'static str> {
    match record.identity.as_ref().and_then(|identity| identity.kind.as_deref()) {
        Some("SAS" | "DelegationSas") => Some("sas"),
        Some("AccountKey") => Some("account-key"),
        Some("Anonymous") => Some("anonymous"),
        // The signature itself has been replaced before sealing; its parameter is still there.
        None if record.uri.as_deref().is_some_and(|uri| uri.contains("sig=")) => Some("sas"),
        _ => None,
    }
}

/// What it acted with: the token of the claims, or the key or signature of a storage account.
pub(super) fn credential<'a>(record: &Record<'a>, tenant: &str) -> Option<Credential<'a>> {
    if let Some(claims) = record.claims() {
        let id = said(&claims.uti)?;
        return Some(Credential {
            uri: uri::cred(directory::NAME, tenant, "uti", &id),
            kind: Cow::Borrowed("uti"),
            native_id: Some(id),
            issuer: said(&claims.issuer),
            audience: said(&claims.audience).into_iter().collect(),
            scopes: said(&claims.scope)
                .map(|text| text.split_whitespace().map(|word| Cow::Owned(word.to_owned())).collect())
                .unwrap_or_default(),
            not_before: epoch(&claims.not_before),
            not_after: epoch(&claims.not_after),
            mfa: mfa(claims),
            ..Credential::default()
        });
    }
    let kind = key_kind(record).filter(|kind| *kind != "anonymous")?;
    let account = record.properties.as_ref().and_then(|properties| said(&properties.account)).unwrap_or_default();
    let hash = record.identity.as_ref().and_then(|identity| said(&identity.token_hash));
    let builder = uri::build(uri::Class::Cred, NAME, tenant, kind).name(&account);
    let builder = match &hash {
        Some(hash) => builder.id(hash),
        None => builder,
    };
    Some(Credential {
        uri: builder.finish(),
        kind: Cow::Borrowed(kind),
        fingerprint: hash.as_deref().and_then(fingerprint),
        native_id: hash,
        ..Credential::default()
    })
}

/// The digest in `key1(<hex>)`: which key made the signature, and the SHA-256 of the signature.
fn fingerprint<'a>(hash: &str) -> Option<Fingerprint<'a>> {
    let digest = hash.rsplit_once('(')?.1.strip_suffix(')')?;
    (digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit())).then(|| Fingerprint {
        algorithm: "sha256",
        encoding: "hex",
        value: Cow::Owned(digest.to_owned()),
    })
}

fn epoch(text: &Option<Text<'_>>) -> Option<i64> {
    Some(time::from_epoch(text.as_deref()?.parse().ok()?)?.nanos)
}

/// Whether the token says that a second factor was used.
pub(super) fn mfa(claims: &Claims<'_>) -> Option<bool> {
    said(&claims.methods).map(|methods| methods.split(',').any(|method| method.trim().eq_ignore_ascii_case("mfa")))
}

/// Names of a principal that stand in one token.
pub(super) fn aliases(record: &Record<'_>, actor: &Principal<'_>, tenant: &str) -> Vec<Alias> {
    let Some(claims) = record.claims() else { return Vec::new() };
    let Some(id) = object_id(claims) else { return Vec::new() };
    if actor.uri.contains(":user/") {
        return user_name(claims).and_then(|name| directory::user_alias(tenant, &id, &name)).into_iter().collect();
    }
    let mut aliases: Vec<Alias> = directory::same_object(&actor.uri, tenant, &id).into_iter().collect();
    aliases.extend(said(&claims.app_id).map(|app| Alias {
        a: actor.uri.clone(),
        b: uri::principal(directory::NAME, tenant, "app", &lower(&app)),
        rel: model::AliasRel::SameAs,
        rule: "azure:oid+appid",
    }));
    aliases
}

/// The resource a managed identity belongs to.
pub(super) fn workload<'a>(record: &Record<'a>) -> Workload<'a> {
    let Some(resource) = record.claims().and_then(|claims| said(&claims.managed_identity)) else {
        return Workload::default();
    };
    let after = |word: &str| {
        let mut parts = resource.split('/').skip_while(|part| !part.eq_ignore_ascii_case(word));
        parts.next()?;
        parts.next().map(|part| Cow::Owned(part.to_owned()))
    };
    let name = resource.rsplit('/').next().map(|part| Cow::Owned(part.to_owned()));
    Workload { name, namespace: after("resourcegroups"), uid: None, node: None }
}

/// Ids of role assignments and principals come with and without hyphens.
pub(super) fn uuid_of(id: &str) -> String {
    uuid::Uuid::try_parse(id).map_or_else(|_| lower(id).into_owned(), |uuid| uuid.hyphenated().to_string())
}
