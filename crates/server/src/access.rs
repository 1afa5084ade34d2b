//! API tokens: who may do what, folded from sealed directives.
//!
//! A token is 32 random bytes, shown once. What is sealed is its SHA-256: nobody can get the token back from that, and
//! with so much randomness nobody can guess it, so no slow hash is needed.

use std::collections::HashMap;
use std::fmt;

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use model::{Directive, Millis};
use parking_lot::{Mutex, RwLock};
use sha2::{Digest as _, Sha256};

use crate::pause::Pauses;
use crate::problem::Problem;

/// How a token begins, so that people and scanners know it when they see it.
const PREFIX: &str = "dbk_";

/// Random bytes of a token.
const TOKEN_BYTES: usize = 32;

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Have records sealed.
    RecordsWrite,
    /// Ask.
    Read,
    /// Take evidence out.
    Export,
    /// Everything, tokens and settings included.
    Admin,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Scope; 4] = [Scope::RecordsWrite, Scope::Read, Scope::Export, Scope::Admin];

    /// The name in commands, directives and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Scope::RecordsWrite => "records:write",
            Scope::Read => "read",
            Scope::Export => "export",
            Scope::Admin => "admin",
        }
    }

    /// The scope of this name.
    pub fn parse(name: &str) -> Option<Scope> {
        Scope::ALL.into_iter().find(|scope| scope.as_str() == name)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A token, without what proves that one has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The id by which it is listed and revoked.
    pub id: String,
    /// The name people gave it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The sources it may write to; empty for all.
    pub sources: Vec<String>,
    /// When it stops to hold; never for `None`.
    pub expires: Option<Millis>,
    /// Whether it was revoked.
    pub revoked: bool,
}

impl Token {
    /// Whether it may do this now.
    ///
    /// # Errors
    /// Forbidden, with what is missing.
    pub(crate) fn may(&self, scope: Scope) -> Result<(), Problem> {
        if self.scopes.contains(&scope) || self.scopes.contains(&Scope::Admin) {
            return Ok(());
        }
        let held = self.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ");
        Err(Problem::scope_missing(scope, &self.name, &held))
    }

    /// The source it writes to: the one asked for, else the only one it is bound to.
    ///
    /// # Errors
    /// Forbidden, if it is bound to others; Invalid, if none is named and it is not bound to exactly one.
    pub(crate) fn source(&self, asked: Option<&str>) -> Result<String, Problem> {
        match (asked, self.sources.as_slice()) {
            (Some(asked), []) => named(asked),
            (Some(asked), bound) if bound.iter().any(|source| source == asked) => Ok(asked.to_owned()),
            (Some(asked), bound) => Err(Problem::source_forbidden(asked, &self.name, bound)),
            (None, [only]) => Ok(only.clone()),
            (None, _) => Err(Problem::source_missing()),
        }
    }
}

/// Longest name of a source.
const SOURCE_BYTES_MAX: usize = 128;

/// A source's name as people may type it.
pub(crate) fn named(name: &str) -> Result<String, Problem> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/@".contains(c);
    if name.is_empty() || name.len() > SOURCE_BYTES_MAX || !name.chars().all(is_plain) {
        return Err(Problem::source_invalid(name, SOURCE_BYTES_MAX));
    }
    Ok(name.to_owned())
}

/// A token that was just made: the only moment at which it can be shown.
#[derive(Clone, Debug)]
pub struct Minted {
    /// What the caller sends.
    pub token: String,
    /// What is to be sealed.
    pub directive: Directive,
    /// The id by which it is listed and revoked.
    pub id: String,
}

/// Makes a token.
///
/// # Errors
/// When the system has no randomness to give.
pub fn mint(name: &str, scopes: &[Scope], sources: Vec<String>, expires: Option<Millis>) -> std::io::Result<Minted> {
    let mut secret = [0; TOKEN_BYTES];
    getrandom::fill(&mut secret).map_err(|error| std::io::Error::other(error.to_string()))?;
    let token = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(secret));
    let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
    let sha256 = model::hex(&digest);
    let id = sha256.chars().take(12).collect::<String>();
    let directive = Directive::Token {
        id: id.clone(),
        name: name.to_owned(),
        scopes: scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
        sources,
        expires_ms: expires.map(|at| at.0),
        sha256,
    };
    Ok(Minted { token, directive, id })
}

/// All tokens that were ever made, by what proves that one has them.
#[derive(Debug, Default)]
pub struct Access {
    tokens: RwLock<HashMap<String, Token>>,
    /// Tokens of this process for workloads, by SPIFFE id.
    workloads: Mutex<HashMap<String, HeaderValue>>,
    pauses: Pauses,
}

impl Access {
    /// Folds a directive in; those that are about neither tokens nor pauses change nothing.
    pub fn apply(&self, directive: &Directive) {
        self.pauses.apply(directive);
        let mut tokens = self.tokens.write();
        match directive {
            Directive::Token { id, name, scopes, sources, expires_ms, sha256 } => {
                let token = Token {
                    id: id.clone(),
                    name: name.clone(),
                    // A scope of a later release is none here.
                    scopes: scopes.iter().filter_map(|scope| Scope::parse(scope)).collect(),
                    sources: sources.clone(),
                    expires: expires_ms.map(Millis),
                    revoked: false,
                };
                tokens.insert(sha256.clone(), token);
            }
            Directive::TokenRevoked { id } => {
                tokens.values_mut().filter(|token| token.id == *id).for_each(|token| token.revoked = true);
            }
            _ => {}
        }
    }

    /// What a workload sends that has shown its certificate instead of a token: it holds in this process, for records
    /// of the source that has the name of its SPIFFE id. `None` for an id that cannot be the name of a source.
    pub(crate) fn workload(&self, spiffe_id: &str) -> Option<HeaderValue> {
        let source = named(spiffe_id).ok()?;
        let mut workloads = self.workloads.lock();
        if let Some(token) = workloads.get(spiffe_id) {
            return Some(token.clone());
        }
        let minted = mint(spiffe_id, &[Scope::RecordsWrite], vec![source], None).ok()?;
        let token = HeaderValue::from_str(&format!("Bearer {}", minted.token)).ok()?;
        self.apply(&minted.directive);
        workloads.insert(spiffe_id.to_owned(), token.clone());
        Some(token)
    }

    /// Sources for which nothing is taken now.
    pub fn pauses(&self) -> &Pauses {
        &self.pauses
    }

    /// All tokens, by name.
    pub fn tokens(&self) -> Vec<Token> {
        let mut tokens: Vec<Token> = self.tokens.read().values().cloned().collect();
        tokens.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        tokens
    }

    /// Whose request this is.
    ///
    /// # Errors
    /// Unauthorized: no token, none that is known, one that was revoked or has expired.
    pub(crate) fn of(&self, headers: &HeaderMap, now: Millis) -> Result<Token, Problem> {
        let shown = shown(headers).ok_or_else(Problem::token_missing)?;
        self.known(&shown, now)
    }

    pub(crate) fn known(&self, shown: &str, now: Millis) -> Result<Token, Problem> {
        let digest: [u8; 32] = Sha256::digest(shown.as_bytes()).into();
        let token = self.tokens.read().get(&model::hex(&digest)).cloned().ok_or_else(Problem::token_unknown)?;
        if token.revoked {
            return Err(Problem::token_revoked(&token.id));
        }
        match token.expires.filter(|expires| *expires <= now) {
            Some(expires) => Err(Problem::token_expired(&token.id, expires)),
            None => Ok(token),
        }
    }
}

/// The token in a request, in the ways that senders have of showing one: `Bearer`, `Splunk`, `ApiKey` and `Token` carry it
/// as it is (`ApiKey` also as base64 of `id:key`), `Basic` as the password.
fn shown(headers: &HeaderMap) -> Option<String> {
    let header = headers.get(AUTHORIZATION)?.to_str().ok()?.trim();
    let (scheme, value) = header.split_once(' ')?;
    let value = value.trim();
    let second = || {
        let text = String::from_utf8(STANDARD.decode(value).ok()?).ok()?;
        Some(text.split_once(':')?.1.to_owned())
    };
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" | "splunk" | "token" => Some(value.to_owned()),
        "apikey" => Some(second().unwrap_or_else(|| value.to_owned())),
        "basic" => second(),
        _ => None,
    }
}
