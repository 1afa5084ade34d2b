//! Grants of Privileged Access Manager: rights that are asked for, for a time.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{Event, GrantFact, GrantPhase};
use serde::Deserialize;

use super::iam::Parts;
use super::method;
use super::record::{present, read};
use super::{PLATFORM, actor};
use crate::json;

type OptText<'a> = Option<Cow<'a, str>>;

#[derive(Default, Deserialize)]
struct GrantRequest<'a> {
    #[serde(borrow, default, deserialize_with = "json::object")]
    grant: Option<Grant<'a>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    reason: OptText<'a>,
}

#[derive(Default, Deserialize)]
struct Grant<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    name: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    requester: OptText<'a>,
    #[serde(rename = "requestedDuration", borrow, default, deserialize_with = "json::text")]
    duration: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    justification: Option<Justification<'a>>,
    #[serde(rename = "privilegedAccess", borrow, default, deserialize_with = "json::object")]
    access: Option<PrivilegedAccess<'a>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    state: OptText<'a>,
}

#[derive(Default, Deserialize)]
struct Justification<'a> {
    #[serde(rename = "unstructuredJustification", borrow, default, deserialize_with = "json::text")]
    text: OptText<'a>,
}

#[derive(Default, Deserialize)]
struct PrivilegedAccess<'a> {
    #[serde(rename = "gcpIamAccess", borrow, default, deserialize_with = "json::object")]
    iam: Option<IamAccess<'a>>,
}

#[derive(Default, Deserialize)]
struct IamAccess<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    resource: OptText<'a>,
    #[serde(rename = "roleBindings", borrow, default, deserialize_with = "json::objects")]
    bindings: Vec<RoleBinding<'a>>,
}

#[derive(Default, Deserialize)]
struct RoleBinding<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    role: OptText<'a>,
}

/// A step in the life of a Privileged Access Manager grant.
///
/// The step that puts a grant in force is logged without a principal, and the policy change that
/// follows is the service agent's: who benefits is known from the request alone, and only if the
/// record shows it. Steps are joined by the grant's name.
pub(super) fn grant<'a>(event: &mut Event<'a>, parts: &Parts<'_, 'a>) {
    let verb = method::last(parts.method);
    let request: GrantRequest<'a> = read(parts.payload.request).unwrap_or_default();
    let asked = request.grant.unwrap_or_default();
    // Some steps answer with an operation whose `response` is the grant.
    let shown: Grant<'a> = read(parts.payload.response).or_else(|| read(parts.payload.metadata)).unwrap_or_default();
    let name = present(shown.name).filter(|name| name.contains("/grants/"));
    let name = name.or_else(|| present(parts.payload.resource_name.clone()).filter(|name| name.contains("/grants/")));
    let uri = match &name {
        Some(name) => grant_uri(&event.authority, name),
        None => uri::build(Class::Grant, PLATFORM, &event.authority, "pam-grant")
            .claim(&format!("{}/{}", parts.resource_name, event.source_event_id.as_deref().unwrap_or_default()))
            .finish(),
    };
    let phase = match verb {
        _ if parts.failed => GrantPhase::Deny,
        "CreateGrant" => GrantPhase::Request,
        "ApproveGrant" => GrantPhase::Approve,
        "DenyGrant" => GrantPhase::Deny,
        "RevokeGrant" | "WithdrawGrant" => GrantPhase::Revoke,
        "PAMActivateGrant" => GrantPhase::Activate,
        "PAMEndGrant" | "PAMExpireGrant" => GrantPhase::Expire,
        "PAMReportExternalGrantModification" => GrantPhase::Bypass,
        _ => {
            if name.is_some() {
                event.grant_refs.push(uri);
            }
            return;
        }
    };
    event.privileged = Some(true);
    let caller = Some(event.actor.uri.clone());
    let requester = present(shown.requester).map(|email| actor::of_email(&email).uri);
    let requester = if verb == "CreateGrant" { requester.or_else(|| caller.clone()) } else { requester };
    let justification = |grant: Option<Justification<'a>>| grant.and_then(|grant| present(grant.text));
    let reason = present(request.reason).or(justification(asked.justification)).or(justification(shown.justification));
    let access = shown.access.or(asked.access).and_then(|access| access.iam).unwrap_or_default();
    let access_resource = access.resource.clone();
    let approvals_min = shown.state.as_deref().filter(|_| verb == "CreateGrant").and_then(approvals_owed);
    let roles = access.bindings.into_iter().find_map(|binding| binding.role);
    let entitlement = || parts.resource_name.split("/grants/").next().map(|name| Cow::Owned(name.to_owned()));
    event.purpose.reason.clone_from(&reason);
    event.grant_refs.push(uri.clone());
    event.grants.push(GrantFact {
        beneficiary: requester.clone(),
        requester,
        approver: matches!(verb, "ApproveGrant" | "DenyGrant").then_some(caller).flatten(),
        target: roles.or(access.resource).or_else(entitlement).filter(|target| !target.is_empty()),
        resource: access_resource.as_deref().and_then(all_of_project),
        policy: entitlement_name(parts.resource_name),
        approvals_min,
        reason,
        not_before: (phase == GrantPhase::Activate).then_some(event.time).flatten(),
        duration_s: present(asked.duration)
            .or(present(shown.duration))
            .as_deref()
            .and_then(seconds)
            .and_then(|s| u64::try_from(s).ok()),
        ..GrantFact::new(uri, phase)
    });
}

/// How many have to agree at least, as the answer to a request shows: it waits for an approval, or it does
/// not because its entitlement asks for none.
fn approvals_owed(state: &str) -> Option<u32> {
    match state {
        "APPROVAL_AWAITED" => Some(1),
        "SCHEDULED" | "ACTIVATING" | "ACTIVE" => Some(0),
        _ => None,
    }
}

/// Everything in a project, as resources are named here; nothing for a folder or an organisation, since
/// records name only the project.
pub(super) fn all_of_project<'a>(resource: &str) -> OptText<'a> {
    let project = resource.rsplit_once("/projects/").map(|(_, project)| project)?;
    let any = uri::build(Class::Resource, PLATFORM, project, "any").id("any").finish();
    any.strip_suffix("any/any").map(|within| Cow::Owned(format!("{within}*")))
}

/// The entitlement under which a grant was asked for: it says who must agree.
fn entitlement_name<'a>(resource: &str) -> OptText<'a> {
    let name = resource.split("/grants/").next().unwrap_or(resource);
    name.contains("/entitlements/").then(|| Cow::Owned(name.to_owned()))
}

/// URI of a grant by its name: `projects/<p>/locations/<l>/entitlements/<e>/grants/<id>`. The scope in
/// the name is written with the project's id or its number, so only the tail is used: the id is a
/// UUID of the service's own.
fn grant_uri(authority: &str, name: &str) -> String {
    match name.split_once("/entitlements/").and_then(|(_, rest)| rest.split_once("/grants/")) {
        Some((entitlement, id)) => {
            uri::build(Class::Grant, PLATFORM, "privilegedaccessmanager.googleapis.com", "pam-grant")
                .id(entitlement)
                .id(id)
                .finish()
        }
        None => uri::grant(PLATFORM, authority, "pam-grant", name),
    }
}

/// Seconds of a protobuf duration: `3600s`.
pub(super) fn seconds(duration: &str) -> Option<i64> {
    duration.strip_suffix('s')?.split('.').next()?.parse().ok()
}

/// Whether the caller is the service agent of Privileged Access Manager.
pub(super) fn is_agent(name: Option<&str>) -> bool {
    name.is_some_and(|name| name.ends_with("@gcp-sa-pam.iam.gserviceaccount.com"))
}
