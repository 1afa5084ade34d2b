//! An audit record of the Vault, in the form of its translator files: JSON, and CEF.

use std::borrow::Cow;

use serde::Deserialize;

use crate::field::{Text, first, texts};
use crate::json;
use crate::syslog::payload::Payload;

#[derive(Deserialize)]
pub(super) struct Record<'a> {
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) syslog: Option<Syslog<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Syslog<'a> {
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) audit_record: Option<Audit<'a>>,
}

texts! {
    /// What was done in the Vault. Empty texts stand for what there is not.
    Audit {
        iso_timestamp: "IsoTimestamp",
        timestamp: "Timestamp",
        hostname: "Hostname",
        message_id: "MessageID",
        message: "Message",
        severity: "Severity",
        issuer: "Issuer",
        action: "Action",
        source_user: "SourceUser",
        target_user: "TargetUser",
        safe: "Safe",
        file: "File",
        station: "Station",
        gateway_station: "GatewayStation",
        request_id: "RequestId",
        reason: "Reason",
        ticket_id: "TicketId",
    }
}

/// The account that a file of a safe describes.
#[derive(Default)]
pub(super) struct Account<'a> {
    pub(super) user: Text<'a>,
    pub(super) address: Text<'a>,
}

#[derive(Deserialize)]
struct Again<'a> {
    #[serde(borrow, default, deserialize_with = "json::object")]
    syslog: Option<Inner<'a>>,
}

#[derive(Deserialize)]
struct Inner<'a> {
    #[serde(borrow, default, deserialize_with = "json::object")]
    audit_record: Option<Deep<'a>>,
}

#[derive(Deserialize)]
struct Deep<'a> {
    #[serde(rename = "CAProperties", borrow, default, deserialize_with = "json::object")]
    properties: Option<Properties<'a>>,
}

#[derive(Deserialize)]
struct Properties<'a> {
    #[serde(rename = "CAProperty", borrow, default, deserialize_with = "json::objects")]
    list: Vec<Property<'a>>,
}

texts! { Property { name: "Name", value: "Value", } }

/// The properties of the account, by their names.
pub(super) fn account(text: &str) -> Account<'_> {
    let again: Option<Again<'_>> = serde_json::from_str(text).ok();
    let list = again.and_then(|again| again.syslog?.audit_record?.properties).map(|of| of.list).unwrap_or_default();
    let named = |name: &str| {
        let found = list.iter().find(|property| property.name.as_deref() == Some(name));
        found.and_then(|property| crate::field::said(&property.value))
    };
    Account { user: named("UserName"), address: named("Address") }
}

/// The same record out of CEF: values stand in quotes in some, and what a custom string is its label says.
pub(super) fn cef<'a>(payload: &Payload<'a>, host: Option<&'a str>) -> (Audit<'a>, Account<'a>) {
    let value = |name: &str| payload.any(&[name]).map(bare).filter(|value| !value.is_empty());
    let labelled = |label: &str| {
        let custom = ["cs1", "cs2", "cs3", "cs4", "cs5", "cn1", "cn2"];
        custom.iter().find(|name| value(&format!("{name}Label")).as_deref() == Some(label)).and_then(|name| value(name))
    };
    let audit = Audit {
        hostname: host.map(Cow::Borrowed),
        message_id: Some(payload.id.clone()),
        message: value("msg"),
        severity: payload.severity.clone(),
        issuer: value("suser"),
        action: first(&[&value("act"), &payload.name]),
        target_user: labelled("Affected User Name"),
        safe: labelled("Safe Name"),
        file: value("fname"),
        station: first(&[&value("shost"), &value("src")]),
        request_id: labelled("Request Id"),
        ticket_id: labelled("Ticket Id"),
        reason: value("reason"),
        ..Audit::default()
    };
    (audit, Account { user: value("duser"), address: value("dhost") })
}

/// Without quotes around it.
fn bare(value: Cow<'_, str>) -> Cow<'_, str> {
    match value.trim().strip_prefix('"').map(|inside| inside.strip_suffix('"').unwrap_or(inside)) {
        Some(inside) => Cow::Owned(inside.to_owned()),
        None => value,
    }
}
