//! `deedbook token`: who may send and ask over the network.

use std::sync::Arc;

use collect::Unscrubbed;
use ledger::{Selection, View};
use model::{Directive, Kind};
use serde_json::json;
use server::{Access, Scope};

use super::Place;
use super::ingest::set_directives;
use crate::cli::Format;
use crate::exit::{Exit, Missing, Usage};
use crate::{pipeline, when};

/// Makes a token and seals its hash. When this returns, a server on this log knows it.
pub(crate) fn create(
    place: &Place,
    name: &str,
    scopes: &[String],
    sources: Vec<String>,
    expires: Option<&str>,
    format: Format,
) -> anyhow::Result<Exit> {
    let log = place.log()?;
    let scopes = scopes.iter().map(|scope| self::scope(scope)).collect::<Result<Vec<_>, _>>()?;
    let expires = expires.map(|text| when::ahead("expires", text, pipeline::now())).transpose()?;
    let minted = server::mint(name, &scopes, sources.clone(), expires)?;
    set_directives(place, &log, &[minted.directive])?;
    if format == Format::Table {
        println!("{}", minted.token);
        eprintln!("token {} for {name}: shown once, keep it; take it back with `deedbook token revoke {0}`", minted.id);
    } else {
        let scopes: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
        let expires_ms = expires.map(|at| at.0);
        let answer = json!({ "token": minted.token, "id": minted.id, "name": name, "scopes": scopes, "sources": sources,
            "expires_ms": expires_ms });
        println!("{answer}");
    }
    Ok(Exit::Done)
}

pub(crate) fn list(place: &Place, format: Format) -> anyhow::Result<Exit> {
    let access = known(&pipeline::view(&place.data, &place.log()?)?)?.access;
    let now = pipeline::now();
    let mut all = Vec::new();
    for token in access.tokens() {
        let state = match token.expires {
            _ if token.revoked => "revoked",
            Some(expires) if expires <= now => "expired",
            _ => "valid",
        };
        let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.as_str()).collect();
        if format == Format::Table {
            let sources = if token.sources.is_empty() { "all sources".to_owned() } else { token.sources.join(",") };
            println!("{}  {:8}  {:20}  {}  {sources}", token.id, state, token.name, scopes.join(","));
        } else {
            let expires_ms = token.expires.map(|at| at.0);
            let line = json!({ "id": token.id, "name": token.name, "scopes": scopes, "sources": token.sources,
                "expires_ms": expires_ms, "state": state });
            match format {
                Format::Json => all.push(line),
                _ => println!("{line}"),
            }
        }
    }
    if format == Format::Json {
        println!("{:#}", serde_json::Value::Array(all));
    }
    Ok(Exit::Done)
}

/// Takes a token back. When this returns, a server on this log refuses it.
pub(crate) fn revoke(place: &Place, id: &str) -> anyhow::Result<Exit> {
    let log = place.log()?;
    let access = known(&pipeline::view(&place.data, &log)?)?.access;
    let tokens = access.tokens();
    if !tokens.iter().any(|token| token.id == id) {
        let there = tokens.iter().map(|token| format!("{} ({})", token.id, token.name)).collect::<Vec<_>>().join(", ");
        return Err(Missing(format!("token `{id}` is not there; there: {there}")).into());
    }
    set_directives(place, &log, &[Directive::TokenRevoked { id: id.to_owned() }])?;
    println!("revoked {id}");
    Ok(Exit::Done)
}

/// What the directives of a log come to.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// All tokens.
    pub(crate) access: Arc<Access>,
    /// The settings of the last server, as TOML.
    pub(crate) settings: Option<String>,
    /// Sources whose known secrets are sealed as they come.
    pub(crate) unscrubbed: Unscrubbed,
}

/// Folds the directives of a log. Reads all of it.
pub(crate) fn known(view: &View) -> anyhow::Result<Known> {
    let mut known = Known::default();
    for leaves in view.scan(0..view.size().0, Selection { bodies: true, only: Some(Kind::Directive) }) {
        leaves?.iter().for_each(|leaf| known.apply(&leaf.body));
    }
    Ok(known)
}

impl Known {
    /// Takes the next directive, as it is sealed.
    pub(crate) fn apply(&mut self, body: &[u8]) {
        // A directive of a later release is about something that this one does not know.
        if let Ok(directive) = serde_json::from_slice(body) {
            self.access.apply(&directive);
            self.unscrubbed.apply(&directive);
            if let Directive::Settings { toml } = directive {
                self.settings = Some(toml);
            }
        }
    }
}

fn scope(name: &str) -> Result<Scope, Usage> {
    let known = || Scope::ALL.map(Scope::as_str).join(", ");
    Scope::parse(name).ok_or_else(|| Usage(format!("scope `{name}` is not known; {}", known())))
}
