//! Roles of users and scopes of apps, as grants, and what was changed.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{Change, Event, GrantFact, GrantPhase, Status};

use super::NAME;
use super::record::{Entry, Thing};
use crate::field::{Text, said};

/// Fills in what an entry says about grants.
pub(super) fn read<'a>(event: &mut Event<'a>, entry: &Entry<'a>, action: &str, kind: &str, thing: &Thing<'a>) {
    changes(event, entry);
    if let Some(role) = action.strip_prefix("role_change_to_") {
        role_of(event, thing, role);
    } else if kind == "app" {
        app(event, entry, action, thing);
    } else if kind == "channel" || kind == "usergroup" {
        member(event, action, kind, thing);
    }
}

/// A user has one of the roles at a time, so the last entry is what counts.
fn role_of<'a>(event: &mut Event<'a>, user: &Thing<'a>, role: &str) {
    let Some(id) = said(&user.id) else { return };
    let uri = uri::grant(NAME, &event.authority, "role-of-user", &id);
    event.grant_refs.push(uri.clone());
    event.grants.push(GrantFact {
        requester: Some(event.actor.uri.clone()),
        beneficiary: Some(uri::principal(NAME, &event.authority, "user", &id)),
        target: Some(Cow::Owned(role.to_owned())),
        ..GrantFact::new(uri, GrantPhase::Activate)
    });
}

/// An app in a workspace: asked for, approved, installed, removed.
fn app<'a>(event: &mut Event<'a>, entry: &Entry<'a>, action: &str, app: &Thing<'a>) {
    let phase = match action {
        "app_requested" | "app_approval_requested" => GrantPhase::Request,
        "app_approved" => GrantPhase::Approve,
        "app_restricted" | "app_rejected" | "app_denied" => GrantPhase::Deny,
        "app_installed"
        | "app_scopes_expanded"
        | "app_resources_added"
        | "app_resources_granted"
        | "org_app_workspace_added" => GrantPhase::Activate,
        "app_uninstalled" | "org_app_workspace_removed" | "app_deleted" => GrantPhase::Revoke,
        _ => return,
    };
    let Some(id) = said(&app.id) else { return };
    let place = event.tenant.clone().unwrap_or(Cow::Borrowed("unknown"));
    let uri = uri::build(Class::Grant, NAME, &event.authority, "app").id(&id).id(&place).finish();
    let details = entry.details.as_ref();
    let scopes = details.map(|details| details.new_scopes.as_slice()).filter(|scopes| !scopes.is_empty());
    let scopes = scopes.unwrap_or(app.scopes.as_slice());
    let target: Text<'a> = (!scopes.is_empty()).then(|| Cow::Owned(scopes.join(" ")));
    let by = Some(event.actor.uri.clone());
    let decides = matches!(phase, GrantPhase::Approve | GrantPhase::Deny);
    event.grant_refs.push(uri.clone());
    event.grants.push(GrantFact {
        requester: by.clone().filter(|_| !decides),
        approver: by.filter(|_| decides),
        beneficiary: Some(uri::principal(NAME, &event.authority, "app", &id)),
        target,
        ..GrantFact::new(uri, phase)
    });
}

/// Whoever joins or leaves is the actor; who was added by another is not named beside the channel.
fn member<'a>(event: &mut Event<'a>, action: &str, kind: &str, thing: &Thing<'a>) {
    let phase = match action {
        "user_channel_join" | "guest_channel_join" => GrantPhase::Activate,
        "user_channel_leave" | "guest_channel_leave" => GrantPhase::Revoke,
        _ => return,
    };
    let (Some(id), Status::Success) = (said(&thing.id), event.status) else { return };
    let who = event.actor.uri.rsplit('/').next().map(uri::decoded).unwrap_or_default();
    let uri = uri::build(Class::Grant, NAME, &event.authority, "membership").id(kind).id(&id).id(&who).finish();
    event.grant_refs.push(uri.clone());
    event.grants.push(GrantFact {
        requester: Some(event.actor.uri.clone()),
        beneficiary: Some(event.actor.uri.clone()),
        target: said(&thing.name),
        ..GrantFact::new(uri, phase)
    });
}

fn changes<'a>(event: &mut Event<'a>, entry: &Entry<'a>) {
    let Some(details) = entry.details.as_ref() else { return };
    let joined = |scopes: &[Cow<'a, str>]| -> Text<'a> { (!scopes.is_empty()).then(|| Cow::Owned(scopes.join(" "))) };
    let scopes = (joined(&details.previous_scopes), joined(&details.new_scopes));
    let value = (said(&details.previous_value), said(&details.new_value));
    for (field, (before, after)) in [("scopes", scopes), ("value", value)] {
        if before.is_some() || after.is_some() {
            event.changes.push(Change { field: Cow::Borrowed(field), before, after });
        }
    }
}
