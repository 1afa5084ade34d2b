//! How a call ended: status, error and the decision behind it.

use std::borrow::Cow;

use model::{Decision, Text};
use model::{Effect, Status};

use super::class::Call;
use super::record::{Record, filled, seen};
use crate::params::Params;

/// Error codes that mean: not allowed.
const DENIALS: [&str; 12] = [
    "AccessDenied",
    "AccessDeniedException",
    "Client.UnauthorizedOperation",
    "UnauthorizedOperation",
    "Client.UnauthorizedAccess",
    "UnauthorizedAccess",
    "UnauthorizedException",
    "VpceAccessDenied",
    "AuthorizationError",
    "AuthorizationErrorException",
    "NotAuthorized",
    "NotAuthorizedException",
];

/// Kinds of policy, as the error messages of AWS name them.
const POLICIES: [&str; 7] = [
    "identity-based policy",
    "resource-based policy",
    "service control policy",
    "resource control policy",
    "permissions boundary",
    "session policy",
    "VPC endpoint policy",
];

/// Success, unless the record names an error; a sign-in says so in its response.
pub(super) fn status(record: &Record<'_>, call: Call<'_>) -> Status {
    if seen(&record.error_code).is_some() || seen(&record.error_message).is_some() {
        return Status::Failure;
    }
    // The service says in the name of its own event how the rotation of a secret ended.
    if call.service == "secretsmanager" && (call.name.ends_with("RotationFailed") || call.name == "RotationAbandoned") {
        return Status::Failure;
    }
    if call.service == "signin" || call.service == "sso" {
        let said = [record.response_elements, record.service_event_details]
            .into_iter()
            .flat_map(|value| {
                Params::of(value).iter().filter_map(|(_, v)| crate::params::scalar(v)).collect::<Vec<_>>()
            })
            .any(|word| matches!(word.as_ref(), "Failure" | "Failed" | "failure"));
        if said {
            return Status::Failure;
        }
    }
    Status::Success
}

/// What was decided: allowed when it succeeded, denied when an error code says so. Any other error
/// says nothing about rights.
pub(super) fn decision<'a>(record: &Record<'a>, status: Status) -> Decision<'a> {
    let mut decision = Decision::default();
    if seen(&record.event_type) == Some("AwsServiceEvent") {
        return decision;
    }
    let denied = seen(&record.error_code)
        .is_some_and(|code| DENIALS.contains(&code) || code.ends_with(".UnauthorizedOperation"));
    if status == Status::Success {
        decision.effect = Some(Effect::Allow);
    } else if denied {
        decision.effect = Some(Effect::Deny);
        decision.reason = filled(&record.error_message);
        let message = seen(&record.error_message).unwrap_or_default();
        decision.policies = policies(message);
        decision.rule = if message.contains("with an explicit deny") {
            Some(Cow::Borrowed("explicit-deny"))
        } else if message.contains(" because no ") {
            Some(Cow::Borrowed("implicit-deny"))
        } else {
            None
        };
    }
    if decision.effect.is_some() {
        decision.pdp = Some(Cow::Borrowed("iam"));
    }
    decision
}

/// The kinds of policy that a denial names, and the policy itself where it does.
fn policies<'a>(message: &str) -> Vec<Text<'a>> {
    let Some((_, because)) = message.split_once(" because no ").or_else(|| message.split_once("explicit deny")) else {
        return Vec::new();
    };
    let mut named: Vec<Text<'a>> =
        POLICIES.into_iter().filter(|kind| because.contains(kind)).map(Cow::Borrowed).collect();
    named.extend(
        because
            .split([' ', ','])
            .filter(|word| word.starts_with("arn:") && word.contains("policy/"))
            .map(|arn| Cow::Owned(arn.trim_end_matches('.').to_owned())),
    );
    named
}

/// The ARN that a denial says was the target: the one place where a denied call names it when
/// CloudTrail left out the request.
pub(super) fn denied_target(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once(" on resource: ")?;
    let end = rest.find([' ', '"']).unwrap_or(rest.len());
    rest.get(..end).map(|arn| arn.trim_end_matches('.')).filter(|arn| arn.starts_with("arn:"))
}
