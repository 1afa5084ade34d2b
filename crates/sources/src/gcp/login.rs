//! Sign-ins of Google accounts, as Workspace shares them with Cloud Logging.

use std::borrow::Cow;

use model::Event;
use serde::Deserialize;

use super::method::Kind;
use super::record::{AuditLog, read};
use crate::json;

#[derive(Default, Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, default, deserialize_with = "json::objects")]
    event: Vec<Activity<'a>>,
}

#[derive(Default, Deserialize)]
struct Activity<'a> {
    #[serde(borrow, default, deserialize_with = "json::objects")]
    parameter: Vec<Parameter<'a>>,
}

#[derive(Default, Deserialize)]
struct Parameter<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    name: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    value: Option<Cow<'a, str>>,
    #[serde(rename = "multiStrValue", borrow, default, deserialize_with = "json::texts")]
    values: Vec<Cow<'a, str>>,
    #[serde(rename = "boolValue", default, deserialize_with = "json::boolean")]
    flag: Option<bool>,
}

/// Adds how a person signed in.
pub(super) fn facts<'a>(event: &mut Event<'a>, payload: &AuditLog<'a>, kind: Kind) {
    if kind != Kind::Login {
        return;
    }
    let metadata: Metadata<'a> = read(payload.metadata).unwrap_or_default();
    for parameter in metadata.event.into_iter().flat_map(|activity| activity.parameter) {
        match parameter.name.as_deref() {
            Some("login_type") => {
                event.authn.protocol = match parameter.value.as_deref() {
                    Some("saml") => Some(Cow::Borrowed("saml")),
                    Some("google_password") => Some(Cow::Borrowed("password")),
                    _ => None,
                };
                event.authn.method = parameter.value;
            }
            Some("login_challenge_method") => {
                event.authn.factors.extend(parameter.values.into_iter().chain(parameter.value))
            }
            Some("is_second_factor") => {
                event.authn.mfa = parameter.flag.or(parameter.value.map(|value| value == "true"));
            }
            Some("login_failure_type") if event.error_message.is_none() => event.error_message = parameter.value,
            _ => {}
        }
    }
}
