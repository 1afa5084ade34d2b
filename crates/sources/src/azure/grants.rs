//! Role assignments: given, taken, and requested for a time.

use std::borrow::Cow;

use model::{Event, GrantFact, GrantPhase, Status, uri};
use serde_json::Value;

use super::NAME;
use super::identity::uuid_of;
use super::record::{Record, said};
use crate::entra::identity as directory;
use crate::time;

/// What the record says about a role assignment.
pub(super) fn grant<'a>(
    record: &Record<'a>,
    event: &Event<'a>,
    operation: &str,
    tenant: &str,
) -> Option<GrantFact<'a>> {
    let kind = match operation.rsplit('/').nth(1)? {
        "roleassignments" => "role-assignment",
        "roleassignmentschedulerequests" => "role-assignment-request",
        "roleeligibilityschedulerequests" => "role-eligibility-request",
        "elevateaccess" => "elevated-access",
        _ => return None,
    };
    let body = body(record);
    let field = |name: &str| body.as_ref().and_then(|body| find(body, name)).filter(|text| !text.is_empty());
    let id = match kind {
        "elevated-access" => event.actor.uri.rsplit('/').next().map(str::to_owned),
        _ => record.resource_id.as_deref().and_then(|id| id.rsplit('/').next()).map(uuid_of),
    };
    let beneficiary = match (field("principalId"), kind) {
        // Who activates a role for themselves is the one the token names.
        (Some(id), _) if event.actor.uri.ends_with(&uuid_of(&id)) => Some(event.actor.uri.clone()),
        (Some(id), _) => Some(principal(tenant, field("principalType").as_deref(), &id)),
        (None, "elevated-access") => Some(event.actor.uri.clone()),
        (None, _) => None,
    };
    let role = if kind == "elevated-access" {
        Some("User Access Administrator".to_owned())
    } else {
        field("roleDefinitionId")
    };
    let not_after = field("endDateTime").and_then(|text| Some(time::parse(&text)?.nanos));
    Some(GrantFact {
        requester: Some(event.actor.uri.clone()),
        beneficiary,
        target: role.map(Cow::Owned),
        reason: field("justification").map(Cow::Owned),
        ticket: field("ticketNumber").map(Cow::Owned),
        not_before: field("startDateTime").and_then(|text| Some(time::parse(&text)?.nanos)),
        not_after,
        duration_s: field("duration").as_deref().and_then(duration_s),
        ..GrantFact::new(
            uri::grant(NAME, tenant, kind, &id?),
            phase(operation, field("requestType").as_deref(), event.status),
        )
    })
}

fn phase(operation: &str, request: Option<&str>, status: Status) -> GrantPhase {
    match request {
        // What is only asked for, or failed, put nothing in force.
        _ if status != Status::Success => GrantPhase::Request,
        Some("SelfDeactivate" | "AdminRemove") => GrantPhase::Revoke,
        Some("SelfExtend" | "AdminExtend" | "SelfRenew" | "AdminRenew") => GrantPhase::Extend,
        _ if operation.ends_with("/delete") => GrantPhase::Revoke,
        _ => GrantPhase::Activate,
    }
}

/// The request, which is JSON inside a text.
fn body(record: &Record<'_>) -> Option<Value> {
    let text = record.properties.as_ref().and_then(|properties| said(&properties.request_body))?;
    serde_json::from_str(&text).ok()
}

/// The first text under this name, whatever its case, at most six levels deep.
fn find(value: &Value, name: &str) -> Option<String> {
    fn inside(value: &Value, name: &str, depth: u8) -> Option<String> {
        let map = value.as_object().filter(|_| depth > 0)?;
        let here = map.iter().find(|(key, value)| key.eq_ignore_ascii_case(name) && value.is_string());
        here.and_then(|(_, value)| value.as_str().map(str::to_owned))
            .or_else(|| map.values().find_map(|value| inside(value, name, depth - 1)))
    }
    inside(value, name, 6)
}

fn principal(tenant: &str, kind: Option<&str>, id: &str) -> String {
    let part = match kind {
        Some("ServicePrincipal") => "sp",
        Some("Group") => "group",
        Some("User") => "user",
        _ => "object",
    };
    uri::principal(directory::NAME, tenant, part, &uuid_of(id))
}

/// Seconds of an ISO 8601 duration such as `PT8H`.
fn duration_s(text: &str) -> Option<u64> {
    let span: jiff::SignedDuration = text.parse().ok()?;
    u64::try_from(span.as_secs()).ok()
}
