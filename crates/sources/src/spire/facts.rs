//! Facts for lineage and grants: documents that were issued, and the entries they were issued under.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    Access, Alias, AliasRel, Credential, CredentialChange, CredentialChangeKind, Event, GrantFact, GrantPhase,
    Resource, ResourceRole, Status, Text,
};

use super::record::{Record, first, said};
use super::{NAME, nanos};
use crate::spiffe;

/// Fills in what the call names.
pub(super) fn read<'a>(event: &mut Event<'a>, record: &Record<'a>, domain: &str) {
    let entry = first(&[&record.entry_id, &record.registration_entry_id]);
    let method = record.method.as_deref().unwrap_or_default();
    resources(event, record, entry.as_ref(), domain);
    if let Some(entry) = &entry {
        event.grant_refs.push(entry_uri(entry, domain));
        entry_grant(event, record, entry, method, domain);
    }
    if event.status == Status::Success {
        event.issued_credential = issued(event, record, entry.as_ref(), domain);
        event.aliases.extend(holder(event, record));
        event.credential_changes.extend(ended(record, method, domain));
    }
}

/// Whose document it is: the workload's, although its agent asked for it.
fn holder(event: &Event<'_>, record: &Record<'_>) -> Option<Alias> {
    let issued = event.issued_credential.as_ref()?;
    let holder = spiffe::principal(&first(&[&record.spiffe_id, &record.agent_id])?)?;
    Some(Alias { a: issued.uri.clone(), b: holder, rel: AliasRel::CredentialOf, rule: "spire:issued" })
}

fn entry_uri(entry: &str, domain: &str) -> String {
    uri::grant(NAME, domain, "entry", entry)
}

/// The document that was signed. Without a serial number, which only debug lines have, the request
/// and what it was for stand for it.
fn issued<'a>(
    event: &Event<'a>,
    record: &Record<'a>,
    entry: Option<&Text<'a>>,
    domain: &str,
) -> Option<Credential<'a>> {
    let method = record.method.as_deref().unwrap_or_default();
    let attests = matches!(method, "AttestAgent" | "RenewAgent");
    if event.access != Access::Issue && !attests || method == "CreateJoinToken" {
        return None;
    }
    let holder = first(&[&record.spiffe_id, &record.agent_id]).or_else(|| said(&record.caller_id).filter(|_| attests));
    let serial = first(&[&record.serial_num, &record.serial_number]);
    let (uri, kind, native_id) = match (serial, said(&record.jti)) {
        (Some(serial), _) => {
            let hex = hex_of_decimal(&serial).unwrap_or_else(|| spiffe::hex(&serial));
            (spiffe::certificate(domain, &hex), "x509-serial", Some(serial))
        }
        (None, Some(jti)) => (spiffe::token(domain, &jti), "jti", Some(jti)),
        (None, None) => {
            let request = said(&record.request_id)?;
            let what = entry.cloned().or_else(|| holder.clone()).unwrap_or(Cow::Borrowed("unknown"));
            let uri = uri::build(Class::Cred, spiffe::NAME, domain, "svid").id(&request).id(&what).finish();
            (uri, "svid", Some(request))
        }
    };
    let audience = said(&record.audience).unwrap_or_default();
    Some(Credential {
        uri,
        kind: Cow::Borrowed(kind),
        native_id,
        issuer: Some(Cow::Owned(domain.to_owned())),
        audience: audience.split(',').filter(|word| !word.is_empty()).map(|word| Cow::Owned(word.to_owned())).collect(),
        scopes: holder.into_iter().collect(),
        not_before: nanos(&record.time),
        not_after: nanos(&record.expires_at).or_else(|| nanos(&record.expiration)),
        ..Credential::default()
    })
}

/// An agent that was banned or deleted cannot use or renew what it holds; the record names no serial
/// number, so its identity stands for all of it.
fn ended<'a>(record: &Record<'a>, method: &str, domain: &str) -> Option<CredentialChange<'a>> {
    let change = match method {
        "BanAgent" => CredentialChangeKind::Disabled,
        "DeleteAgent" => CredentialChangeKind::Revoked,
        _ => return None,
    };
    let id = first(&[&record.spiffe_id, &record.agent_id])?;
    let uri = uri::build(Class::Cred, spiffe::NAME, domain, "agent-svid").name(&id).finish();
    Some(CredentialChange { change, uri, holder: spiffe::principal(&id), native_id: Some(id) })
}

/// An entry says that a parent may have an identity issued: a grant, without an end unless it has
/// an expiry of its own.
fn entry_grant<'a>(event: &mut Event<'a>, record: &Record<'a>, entry: &str, method: &str, domain: &str) {
    let phase = match (method, event.status) {
        ("BatchCreateEntry" | "BatchUpdateEntry" | "BatchDeleteEntry", Status::Failure) => GrantPhase::Request,
        ("BatchCreateEntry", _) => GrantPhase::Activate,
        ("BatchUpdateEntry", _) => GrantPhase::Extend,
        ("BatchDeleteEntry", _) => GrantPhase::Revoke,
        _ => return,
    };
    event.grants.push(GrantFact {
        requester: Some(event.actor.uri.clone()),
        beneficiary: said(&record.spiffe_id).as_deref().and_then(spiffe::principal),
        target: said(&record.spiffe_id),
        not_after: nanos(&record.expires_at),
        ..GrantFact::new(entry_uri(entry, domain), phase)
    });
}

fn resources<'a>(event: &mut Event<'a>, record: &Record<'a>, entry: Option<&Text<'a>>, domain: &str) {
    let mut add = |kind: &'static str, id: &Text<'a>, role| {
        let uri = uri::build(Class::Resource, NAME, domain, kind).id(id).finish();
        event.resources.push(Resource { uri, kind: Cow::Borrowed(kind), name: Some(id.clone()), role });
    };
    if let Some(id) = said(&record.spiffe_id) {
        add("spiffe-id", &id, ResourceRole::Target);
    }
    if let Some(id) = entry {
        add("entry", id, ResourceRole::Target);
    }
    if let Some(id) = said(&record.agent_id) {
        add("agent", &id, ResourceRole::Affected);
    }
    if let Some(id) = said(&record.parent_id) {
        add("agent", &id, ResourceRole::Related);
    }
    if let Some(id) = said(&record.trust_domain_id) {
        add("trust-domain", &id, ResourceRole::Target);
    }
    if event.resources.is_empty() {
        // A call that names nothing is about the server's service.
        if let Some(service) = first(&[&record.service, &record.plugin_name, &record.subsystem_name]) {
            let uri = uri::resource(NAME, domain, "service", &service);
            let (kind, role) = (Cow::Borrowed("service"), ResourceRole::Target);
            event.resources.push(Resource { uri, kind, name: Some(service), role });
        }
    }
}

/// A serial number written as a decimal number, in the form of [`spiffe::hex`]; `None` if it is no number of
/// at most 64 digits (RFC 5280, section 4.1.2.2 allows 49).
pub(super) fn hex_of_decimal(serial: &str) -> Option<String> {
    if serial.is_empty() || serial.len() > 64 || !serial.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Hexadecimal digits, the lowest first.
    let mut places: Vec<u32> = Vec::with_capacity(serial.len());
    for digit in serial.bytes() {
        let mut carry = u32::from(digit - b'0');
        for place in &mut places {
            let value = *place * 10 + carry;
            *place = value % 16;
            carry = value / 16;
        }
        while carry > 0 {
            places.push(carry % 16);
            carry /= 16;
        }
    }
    let digits: String = places.iter().rev().filter_map(|place| char::from_digit(*place, 16)).collect();
    Some(spiffe::hex(&digits))
}
