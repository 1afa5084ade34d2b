//! Credentials, grants, secrets and resources that an entry names.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    Alias, AliasRel, Change, Credential, CredentialChange, CredentialChangeKind, Event, GrantFact, GrantPhase,
    Resource, ResourceRole, Status,
};
use serde::Deserialize;

use super::record::{Entry, Params};
use super::{NAME, act, principal};
use crate::field::{Text, first, kebab, nanos, said};
use crate::json;

/// Fills in what the call names.
pub(super) fn read<'a>(event: &mut Event<'a>, entry: &Entry<'a>, params: &Params<'a>, service: &str, action: &str) {
    credentials(event, entry, params, service, action);
    grants(event, params, action);
    resources(event, params, service);
    if service == "secrets"
        && let Some(scope) = said(&params.scope)
    {
        event.secret_access.path = Some(match said(&params.key) {
            Some(key) => Cow::Owned(format!("{scope}/{key}")),
            None => scope,
        });
    }
    if let Some(field) = said(&params.conf_keys) {
        event.changes.push(Change { field, before: None, after: said(&params.conf_values) });
    }
    event.purpose.job = first(&[&params.job, &params.run]);
    event.workload.uid = first(&[&params.cluster, &params.warehouse]);
}

/// The token by which the record names it: its id, else the hash that is logged when it ends.
fn token<'a>(params: &Params<'a>, authority: &str) -> Option<Credential<'a>> {
    let (kind, id) = [
        ("service-principal-secret", &params.secret),
        ("token", &params.token),
        ("token-hash", &params.token_hash),
        ("token-client", &params.token_client),
    ]
    .into_iter()
    .find_map(|(kind, id)| Some((kind, said(id)?)))?;
    let uri = uri::cred(NAME, authority, kind, &id);
    Some(Credential { uri, kind: Cow::Borrowed(kind), native_id: Some(id), ..Credential::default() })
}

fn credentials<'a>(event: &mut Event<'a>, entry: &Entry<'a>, params: &Params<'a>, service: &str, action: &str) {
    if event.class_uid == 3002 && event.activity_id == 1 {
        event.credential = token(params, &event.authority);
        return;
    }
    if action.starts_with("generateTemporary") {
        if event.status == Status::Success {
            event.issued_credential = temporary(event, entry, params);
        }
        return;
    }
    if !act::is_credential(service, action) || event.status == Status::Failure {
        return;
    }
    let Some(mut token) = token(params, &event.authority) else { return };
    let holder = first(&[&params.service_principal, &params.user, &params.user_id]);
    let holder = holder.map_or_else(|| event.actor.uri.clone(), |name| principal(&name, &event.authority));
    let change = match event.access {
        model::Access::Issue => None,
        model::Access::Delete => Some(CredentialChangeKind::Revoked),
        model::Access::Modify if action.starts_with("rotate") => Some(CredentialChangeKind::Rotated),
        model::Access::Modify if action.starts_with("disable") => Some(CredentialChangeKind::Disabled),
        _ => return,
    };
    match change {
        Some(change) => event.credential_changes.push(CredentialChange {
            change,
            uri: token.uri,
            native_id: token.native_id,
            holder: Some(holder),
        }),
        None => {
            token.not_after = nanos(&params.token_expires);
            let a = token.uri.clone();
            event.aliases.push(Alias { a, b: holder, rel: AliasRel::CredentialOf, rule: "databricks:issued-for" });
            event.issued_credential = Some(token);
        }
    }
}

/// Credentials of the cloud below, handed out for one table, volume or path. They have no id in the log: the
/// request stands for what it was answered with.
fn temporary<'a>(event: &Event<'a>, entry: &Entry<'a>, params: &Params<'a>) -> Option<Credential<'a>> {
    let id = first(&[&entry.request, &entry.event_id])?;
    let on = first(&[&params.table, &params.volume, &params.url, &params.credential]);
    Some(Credential {
        uri: uri::cred(NAME, &event.authority, "temporary", &id),
        kind: said(&params.credential_kind).map_or(Cow::Borrowed("temporary"), |kind| Cow::Owned(kebab(&kind))),
        native_id: Some(id),
        scopes: said(&params.operation).into_iter().collect(),
        audience: on.into_iter().collect(),
        ..Credential::default()
    })
}

/// A change of the rights on an object of Unity Catalog.
#[derive(Deserialize)]
struct Given {
    #[serde(default, deserialize_with = "owned")]
    principal: Vec<String>,
    #[serde(default, deserialize_with = "owned")]
    add: Vec<String>,
    #[serde(default, deserialize_with = "owned")]
    remove: Vec<String>,
}

fn owned<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(json::texts(deserializer)?.into_iter().map(Cow::into_owned).collect())
}

fn grants<'a>(event: &mut Event<'a>, params: &Params<'a>, action: &str) {
    let gives = match (event.access, event.status) {
        (model::Access::Grant, Status::Failure) => GrantPhase::Request,
        (model::Access::Grant, _) if action.starts_with("remove") => GrantPhase::Revoke,
        (model::Access::Grant, _) => GrantPhase::Activate,
        _ => return,
    };
    if let Some(changes) = said(&params.changes) {
        permissions(event, params, &changes, gives);
        return;
    }
    let who = first(&[&params.principal, &params.user, &params.user_id]);
    let target = first(&[&params.group, &params.role]).or_else(|| admin(action));
    let (Some(who), Some(target)) = (who, target) else { return };
    let kind = if params.group.is_some() { "membership" } else { "role" };
    let beneficiary = principal(&who, &event.authority);
    let builder = uri::build(Class::Grant, NAME, &event.authority, kind).name(&target);
    let uri = match super::principal_kind(&who) {
        "user" => builder.name(&who.to_lowercase()).finish(),
        _ => builder.id(&who).finish(),
    };
    push(event, uri, gives, Some(beneficiary), Some(target), None);
}

/// Actions that are named after the role.
fn admin(action: &str) -> Text<'static> {
    let role = match action {
        "setAdmin" | "removeAdmin" => "workspace-admin",
        "setAccountAdmin" | "removeAccountAdmin" => "account-admin",
        "changeAccountOwner" => "account-owner",
        _ => return None,
    };
    Some(Cow::Borrowed(role))
}

fn permissions<'a>(event: &mut Event<'a>, params: &Params<'a>, changes: &str, gives: GrantPhase) {
    let Ok(changes) = serde_json::from_str::<Vec<Given>>(changes) else { return };
    let kind = said(&params.securable_kind).map_or_else(|| "securable".to_owned(), |kind| kebab(&kind));
    let object = first(&[&params.securable, &params.full_name, &params.name]);
    let resource =
        object.as_deref().map(|name| uri::build(Class::Resource, NAME, &event.authority, &kind).name(name).finish());
    for change in &changes {
        for who in &change.principal {
            for (privileges, phase) in [(&change.add, gives), (&change.remove, GrantPhase::Revoke)] {
                for privilege in privileges {
                    let uri = uri::build(Class::Grant, NAME, &event.authority, "permission")
                        .id(&kind)
                        .name(object.as_deref().unwrap_or("unknown"))
                        .name(who)
                        .name(privilege)
                        .finish();
                    let beneficiary = Some(principal(who, &event.authority));
                    push(event, uri, phase, beneficiary, Some(Cow::Owned(privilege.clone())), resource.clone());
                }
            }
        }
    }
}

fn push<'a>(
    event: &mut Event<'a>,
    uri: String,
    phase: GrantPhase,
    beneficiary: Option<String>,
    target: Text<'a>,
    resource: Option<String>,
) {
    event.grant_refs.push(uri.clone());
    event.grants.push(GrantFact {
        requester: Some(event.actor.uri.clone()),
        beneficiary,
        target,
        resource: resource.map(Cow::Owned),
        ..GrantFact::new(uri, phase)
    });
}

fn resources<'a>(event: &mut Event<'a>, params: &Params<'a>, service: &str) {
    let of_service = kebab(service);
    let kind = params.securable_kind.as_deref().map(kebab);
    let candidates: [(&str, &Text<'a>, ResourceRole); 21] = [
        (kind.as_deref().unwrap_or("securable"), &params.securable, ResourceRole::Target),
        ("table", &params.table, ResourceRole::Target),
        ("volume", &params.volume, ResourceRole::Target),
        ("url", &params.url, ResourceRole::Target),
        ("credential", &params.credential, ResourceRole::Target),
        (&of_service, &params.full_name, ResourceRole::Target),
        (&of_service, &params.name, ResourceRole::Target),
        ("secret-scope", &params.scope, ResourceRole::Target),
        ("recipient", &params.recipient, ResourceRole::Target),
        ("share", &params.share, ResourceRole::Target),
        ("metastore", &params.metastore, ResourceRole::Target),
        ("path", &params.path, ResourceRole::Target),
        ("notebook", &params.notebook, ResourceRole::Target),
        ("mount", &params.mount, ResourceRole::Target),
        ("job", &params.job, ResourceRole::Target),
        ("cluster", &params.cluster, ResourceRole::Target),
        ("warehouse", &params.warehouse, ResourceRole::Target),
        ("log-delivery", &params.config, ResourceRole::Target),
        ("group", &params.group, ResourceRole::Target),
        ("user", &params.user, ResourceRole::Affected),
        ("principal", &params.principal, ResourceRole::Affected),
    ];
    for (kind, name, role) in candidates {
        let Some(name) = said(name) else { continue };
        let uri = uri::build(Class::Resource, NAME, &event.authority, kind).name(&name).finish();
        if event.resources.iter().all(|known| known.uri != uri) {
            event.resources.push(Resource { uri, kind: Cow::Owned(kind.to_owned()), name: Some(name), role });
        }
    }
    // A call that names nothing is about its service.
    if event.resources.is_empty() {
        let uri = uri::build(Class::Resource, NAME, &event.authority, "service").id(service).finish();
        let name = Some(Cow::Owned(service.to_owned()));
        event.resources.push(Resource { uri, kind: Cow::Borrowed("service"), name, role: ResourceRole::Target });
    }
}
