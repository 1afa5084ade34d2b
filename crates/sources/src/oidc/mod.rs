//! OpenID Connect: providers and their signing keys, as our own server finds them published (Discovery 1.0, RFC 7517).
//!
//! A record is the provider with its document, or one key. A key is named by its thumbprint (RFC 7638), which no other key ever
//! has, and the name by which tokens call it (`kid`) is its display name: names are used again.

mod origins;

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{Event, InventoryState, Platform};
use serde::Deserialize;

use crate::field::{Text, said};
use crate::{Context, Module, Probe, Reject, RejectKind, json, listing};

pub(crate) static MODULE: Module =
    Module { platform: Platform::Oidc, version: 1, recognise, normalise, origins: origins::ORIGINS };

/// The platform part of URIs.
const PLATFORM: &str = "oidc";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Record<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    issuer: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    thumbprint: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    state: Text<'a>,
    #[serde(borrow, deserialize_with = "json::object")]
    jwk: Option<Key<'a>>,
}

/// What is said of a key beside the key.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Key<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    kid: Text<'a>,
    #[serde(borrow, rename = "use", deserialize_with = "json::text")]
    used_for: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    alg: Text<'a>,
}

fn recognise(probe: &Probe<'_>) -> bool {
    probe.has("issuer") && (probe.has("discovery") || probe.has("jwk") && probe.has("thumbprint"))
}

fn normalise<'a>(text: &'a str, _: &Context<'_>) -> Result<Event<'a>, Reject> {
    let record: Record<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    let lacks = |what: &str| Reject::new(RejectKind::Shape, format!("the record has no {what}"));
    let issuer = said(&record.issuer).ok_or_else(|| lacks("issuer"))?;
    let address = issuer.split_once("://").map_or(&*issuer, |(_, address)| address).trim_end_matches('/').to_owned();
    let authority = address.split('/').next().unwrap_or_default().to_owned();
    let resource = |part: &str, id: &str| uri::build(Class::Resource, PLATFORM, &authority, part).id(id).finish();
    let item = match record.jwk {
        None => {
            let mut item = listing::item(resource("issuer", &address), "issuer", Some(issuer));
            item.state = Some(InventoryState::Enabled);
            item
        }
        Some(key) => {
            let thumbprint = said(&record.thumbprint).ok_or_else(|| lacks("thumbprint"))?;
            let name = said(&key.kid).or_else(|| said(&key.alg));
            let mut item = listing::item(resource("signing-key", &thumbprint), "signing-key", name);
            item.purpose = said(&key.used_for);
            item.state = match said(&record.state).as_deref() {
                Some("withdrawn") => Some(InventoryState::Deleted),
                _ => Some(InventoryState::Enabled),
            };
            item
        }
    };
    Ok(listing::listed(Platform::Oidc, Cow::Owned(authority), item))
}
