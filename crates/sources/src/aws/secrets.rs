//! Secrets of Secrets Manager that were rotated, deleted and restored: calls, and what the service did by itself.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{CredentialChange, CredentialChangeKind, Event, Text};

use super::arn::{Arn, PLATFORM};
use super::class::Call;
use super::record::{Record, filled};
use crate::params::Params;

/// The secret of a service event, which has no request.
pub(super) fn of_service_event<'a>(record: &Record<'a>) -> Option<Text<'a>> {
    record.additional_event_data.as_ref().and_then(|data| filled(&data.secret_id))
}

/// Says what became of a secret as a whole. One version of several that went leaves the secret as it was.
pub(super) fn fill<'a>(event: &mut Event<'a>, record: &Record<'a>, call: Call<'_>, request: &Params<'a>) {
    if call.service != "secretsmanager" {
        return;
    }
    let forced = || request.text("forceDeleteWithoutRecovery").as_deref() == Some("true");
    let change = match call.name {
        "RotationSucceeded" => CredentialChangeKind::Rotated,
        "DeleteSecret" if forced() => CredentialChangeKind::Revoked,
        "DeleteSecret" => CredentialChangeKind::Disabled,
        "RestoreSecret" => CredentialChangeKind::Enabled,
        _ => return,
    };
    let answer = Params::of(record.response_elements);
    let found = of_service_event(record).or_else(|| answer.first(&["arn", "aRN"])).or_else(|| request.text("secretId"));
    let Some(id) = found else { return };
    let uri = match Arn::parse(&id) {
        Some(arn) => uri::build(Class::Cred, PLATFORM, arn.account, "secretsmanager-secret")
            .id(arn.region)
            .name(arn.typed().1)
            .finish(),
        None => {
            let region = record.aws_region.as_deref().unwrap_or("unknown");
            uri::build(Class::Cred, PLATFORM, &event.authority, "secretsmanager-secret").id(region).name(&id).finish()
        }
    };
    let native_id = Some(Cow::Owned(id.into_owned()));
    event.credential_changes.push(CredentialChange { change, uri, native_id, holder: None });
}
