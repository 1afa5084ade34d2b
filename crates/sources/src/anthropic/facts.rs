//! Credentials, grants and resources that an activity shows.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    Change, Credential, CredentialChange, CredentialChangeKind, Event, GrantFact, GrantPhase, Principal, Resource,
    ResourceRole, Status,
};

use super::NAME;
use super::record::{Fields, More};
use crate::field::{Text, first, said};
use crate::fill;
use crate::url;

/// Keys of the API, of administration and of services; the first two are of one list of ids.
fn key<'a>(kind: &'static str, id: Cow<'a, str>, authority: &str) -> Credential<'a> {
    let uri = uri::cred(NAME, authority, kind, &id);
    Credential { uri, kind: Cow::Borrowed(kind), native_id: Some(id), ..Credential::default() }
}

pub(super) fn credentials<'a>(event: &mut Event<'a>, kind: &str, fields: &Fields<'a>, more: &More<'a>) {
    let actor = more.actor.as_ref();
    let used = actor.and_then(|actor| first(&[&actor.api_key_id, &actor.admin_api_key_id]));
    event.credential = used.map(|id| key("api-key", id, &event.authority));
    let (of, id) = if kind.starts_with("service_key_") {
        ("service-key", said(&fields.service_key_id))
    } else if kind.contains("api_key_") {
        ("api-key", first(&[&fields.admin_api_key_id, &fields.api_key_id]))
    } else {
        return;
    };
    let Some(id) = id.filter(|_| event.status == Status::Success) else { return };
    if kind.ends_with("_created") {
        let key = key(of, id, &event.authority);
        event.issued_credential = Some(Credential { scopes: more.scopes.clone(), ..key });
    } else if kind.ends_with("_deleted") || kind.ends_with("_revoked") {
        let uri = uri::cred(NAME, &event.authority, of, &id);
        let change = CredentialChangeKind::Revoked;
        let holder =
            said(&fields.service_name).map(|name| uri::principal_named(NAME, &event.authority, "service", &name));
        event.credential_changes.push(CredentialChange { change, uri, native_id: Some(id), holder });
    }
}

/// A role that was given or taken.
pub(super) fn grants<'a>(event: &mut Event<'a>, kind: &str, fields: &Fields<'a>) {
    let phase = match kind {
        "role_assignment_granted" | "rbac_role_assigned" => GrantPhase::Activate,
        "role_assignment_revoked" | "rbac_role_unassigned" => GrantPhase::Revoke,
        _ => return,
    };
    let (to, role) = (first(&[&fields.target_id, &fields.principal_id]), first(&[&fields.role, &fields.role_id]));
    let (Some(to), Some(role)) = (to, role) else { return };
    let builder = uri::build(Class::Grant, NAME, &event.authority, "role-assignment").id(&to).id(&role);
    let uri = said(&fields.resource_id).iter().fold(builder, |builder, id| builder.id(id)).finish();
    let of = first(&[&fields.target_type, &fields.principal_type]).unwrap_or(Cow::Borrowed("user"));
    let class = if of.contains("group") { Class::Resource } else { Class::Principal };
    let beneficiary = uri::build(class, NAME, &event.authority, &crate::field::kebab(&of)).id(&to).finish();
    let resource = said(&fields.resource_id).map(|id| {
        let kind = fields.resource_type.as_deref().unwrap_or("resource");
        Cow::Owned(uri::build(Class::Resource, NAME, &event.authority, &crate::field::kebab(kind)).id(&id).finish())
    });
    event.grant_refs.push(uri.clone());
    event.grants.push(GrantFact {
        requester: Some(event.actor.uri.clone()),
        beneficiary: Some(beneficiary),
        target: Some(role),
        resource,
        ..GrantFact::new(uri, phase)
    });
}

pub(super) fn changes<'a>(event: &mut Event<'a>, fields: &Fields<'a>) {
    if let Some(after) = said(&fields.current_role) {
        let before = said(&fields.previous_role);
        event.changes.push(Change { field: Cow::Borrowed("role"), before, after: Some(after) });
    }
    for (field, value) in [
        ("max_permission", &fields.max_permission),
        ("compliance_api_logging_enabled", &fields.compliance_api_logging_enabled),
    ] {
        if let Some(after) = said(value) {
            event.changes.push(Change { field: Cow::Borrowed(field), before: None, after: Some(after) });
        }
    }
}

/// What the activity names: the first is what it is about.
pub(super) fn resources<'a>(event: &mut Event<'a>, fields: &Fields<'a>, more: &More<'a>) {
    let named: [(&'static str, &Text<'a>, &Text<'a>); 25] = [
        ("mcp-server", &fields.mcp_server_id, &fields.mcp_server_name),
        ("service-key", &fields.service_key_id, &fields.key_name),
        ("service", &None, &fields.service_name),
        ("api-key", &fields.admin_api_key_id, &None),
        ("api-key", &fields.api_key_id, &None),
        ("artifact", &fields.claude_artifact_id, &None),
        ("file", &fields.claude_file_id, &fields.filename),
        ("file", &fields.file_id, &None),
        ("document", &fields.claude_project_document_id, &fields.filename),
        ("chat-snapshot", &fields.claude_chat_snapshot_id, &None),
        ("chat", &fields.claude_chat_id, &None),
        ("project", &fields.claude_project_id, &None),
        ("role", &fields.role_id, &fields.role_name),
        ("group", &fields.group_id, &fields.group_name),
        ("user", &fields.deleted_user_id, &fields.deleted_user_email),
        ("user", &fields.user_id, &fields.user_email),
        ("invite", &fields.invite_id, &fields.invited_email),
        ("workspace", &fields.workspace_id, &None),
        ("integration", &fields.integration_id, &fields.integration_type),
        ("skill", &fields.skill_id, &fields.skill_name),
        ("plugin", &fields.plugin_id, &fields.plugin_name),
        ("connection", &fields.connection_id, &None),
        ("session-share", &fields.share_id, &None),
        ("session", &fields.session_id, &None),
        ("organization", &fields.organization_id, &None),
    ];
    if let Some(called) = said(&fields.url) {
        // The query of an address may hold more than it should.
        fill::item(event, Cow::Borrowed("url"), (None, Some(url::bare(called))), ResourceRole::Target);
    }
    if let Some(name) = said(&fields.tool_name) {
        // Tools of two servers may have one name.
        let server = first(&[&fields.mcp_server_id, &fields.mcp_server_name]).unwrap_or(Cow::Borrowed("unknown"));
        let uri = uri::build(Class::Resource, NAME, &event.authority, "tool").name(&server).id(&name).finish();
        let (kind, role) = (Cow::Borrowed("tool"), ResourceRole::Target);
        event.resources.push(Resource { uri, kind, name: Some(name), role });
    }
    if let Some(id) = said(&fields.resource_id) {
        let kind = crate::field::kebab(fields.resource_type.as_deref().unwrap_or("resource"));
        fill::item(event, Cow::Owned(kind), (Some(id), None), ResourceRole::Target);
    }
    if let Some(id) = first(&[&fields.target_id, &fields.principal_id]) {
        let kind = first(&[&fields.target_type, &fields.principal_type]).unwrap_or(Cow::Borrowed("user"));
        let role = if event.resources.is_empty() { ResourceRole::Target } else { ResourceRole::Affected };
        fill::item(event, Cow::Owned(crate::field::kebab(&kind)), (Some(id), None), role);
    }
    for (kind, id, name) in named {
        let role = if event.resources.is_empty() { ResourceRole::Target } else { ResourceRole::Related };
        fill::item(event, Cow::Borrowed(kind), (said(id), said(name)), role);
    }
    for member in &more.member_ids {
        let member = (Some(member.clone()), None);
        fill::item(event, Cow::Borrowed("user"), member, ResourceRole::Affected);
    }
}

/// A sign-in is about the user who signs in.
pub(super) fn user<'a>(event: &mut Event<'a>, actor: &Principal<'a>) {
    if event.class_uid == 3002 && event.resources.iter().all(|resource| resource.kind == "organization") {
        let user = (None, actor.name.clone());
        fill::item(event, Cow::Borrowed("user"), user, ResourceRole::Target);
    }
}
