//! Inventory of an organisation's apps: installations as the REST API lists them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use model::uri;
use model::{ActorKind, Alias, AliasRel, Entitlement, Event, Human, Platform};
use serde::Deserialize;

use super::PLATFORM;
use super::record::{OptText, present};
use crate::{Probe, Reject, RejectKind, json, listing};

/// One installation.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Installation<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    id: OptText<'a>,
    #[serde(borrow, deserialize_with = "json::object")]
    account: Option<Account<'a>>,
    #[serde(borrow, deserialize_with = "json::text")]
    app_id: OptText<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    app_slug: OptText<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    repository_selection: OptText<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    created_at: OptText<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    suspended_at: OptText<'a>,
    #[serde(deserialize_with = "json::object")]
    permissions: Option<BTreeMap<String, serde_json::Value>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Account<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    login: OptText<'a>,
}

/// Whether a record is an installation: no entry of the log and no delivery has these together.
pub(super) fn recognise(probe: &Probe<'_>) -> bool {
    ["app_slug", "app_id", "account", "permissions"].iter().all(|key| probe.has(key)) && !probe.has("action")
}

/// Reads an installation. What acts, and is seen in the log, is its app.
pub(super) fn read<'a>(text: &'a str, authority: &str) -> Result<Event<'a>, Reject> {
    let installation: Installation<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    let (id, app) = (present(installation.id.clone()), present(installation.app_id.clone()));
    let (Some(id), Some(app)) = (id, app) else {
        return Err(Reject::new(RejectKind::Shape, "an installation of an app without id or app_id"));
    };
    let uri = uri::principal(PLATFORM, authority, "app", &app);
    let slug = present(installation.app_slug.clone());
    let mut listed = listing::item(uri.clone(), "app-installation", slug.clone());
    (listed.kind, listed.is_human, listed.rule) =
        (ActorKind::Integration, Human::Nonhuman, "R1:github-app-installation");
    listed.state = Some(listing::enabled(present(installation.suspended_at).is_none()));
    listed.created = listing::nanos(installation.created_at.as_deref());
    let mut event = listing::listed(Platform::GitHub, Cow::Owned(authority.to_owned()), listed);
    let login = installation.account.and_then(|account| present(account.login));
    event.tenant = login.clone();
    if let Some(slug) = slug {
        let named = uri::principal_named(PLATFORM, authority, "app", &slug);
        event.aliases.push(alias(uri.clone(), named, AliasRel::SameAs, "github:app_id+app_slug"));
    }
    let installed = uri::principal(PLATFORM, authority, "installation", &id);
    event.aliases.push(alias(installed, uri.clone(), AliasRel::InstanceOf, "github:installation+app_id"));
    let privileges: Vec<_> = installation
        .permissions
        .unwrap_or_default()
        .into_iter()
        .filter_map(|(name, level)| Some(Cow::Owned(format!("{name}:{}", level.as_str()?))))
        .collect();
    if !privileges.is_empty() {
        event.entitlements.push(Entitlement {
            targets: login.map(|login| Cow::Owned(format!("{login}/*"))).into_iter().collect(),
            conditional: installation.repository_selection.as_deref() != Some("all"),
            ..listing::privileges(&uri, privileges)
        });
    }
    Ok(event)
}

fn alias(a: String, b: String, rel: AliasRel, rule: &'static str) -> Alias {
    Alias { a, b, rel, rule }
}
