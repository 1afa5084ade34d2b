//! Policy documents of IAM: statements as entitlements, and whom a role trusts.

use std::borrow::Cow;

use model::uri;
use model::{Effect, Entitlement, Text};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::arn::{AMAZON, Arn, PLATFORM, place};
use super::human::{self, Verdict};
use super::identity::{issuer_host, oidc_subject};
use super::record::{Maybe, seen};
use crate::{json, listing};

/// Who works in a role that only services may take.
const SERVICE_ROLE: Verdict =
    Verdict { kind: model::ActorKind::Workload, human: model::Human::Nonhuman, rule: "R2:aws-service-trust" };

/// One document.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Document<'a> {
    #[serde(borrow, deserialize_with = "json::objects")]
    statement: Vec<Statement<'a>>,
}

/// One statement.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Statement<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    sid: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    effect: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::texts")]
    action: Vec<Text<'a>>,
    #[serde(borrow, deserialize_with = "json::texts")]
    not_action: Vec<Text<'a>>,
    #[serde(borrow, deserialize_with = "json::texts")]
    resource: Vec<Text<'a>>,
    #[serde(borrow, deserialize_with = "json::texts")]
    not_resource: Vec<Text<'a>>,
    #[serde(borrow)]
    principal: Option<&'a RawValue>,
    #[serde(borrow)]
    not_principal: Option<&'a RawValue>,
    #[serde(borrow)]
    condition: Option<&'a RawValue>,
}

/// Those whom a statement of a trust policy names.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Principals<'a> {
    #[serde(borrow, rename = "AWS", deserialize_with = "json::texts")]
    aws: Vec<Text<'a>>,
    #[serde(borrow, rename = "Service", deserialize_with = "json::texts")]
    service: Vec<Text<'a>>,
    #[serde(borrow, rename = "Federated", deserialize_with = "json::texts")]
    federated: Vec<Text<'a>>,
}

/// A document as an object, as JSON text, or percent-encoded as the API gives it; its JSON.
fn plain(document: &RawValue) -> Option<String> {
    let text = document.get();
    if text.starts_with('{') {
        return Some(text.to_owned());
    }
    let inside: String = serde_json::from_str(text).ok()?;
    Some(if inside.trim_start().starts_with('{') { inside } else { model::uri::decoded(&inside) })
}

/// What a document gives to its holder. `None` if it cannot be read.
pub(super) fn entitlements(holder: &str, name: Option<&str>, document: &RawValue) -> Option<Vec<Entitlement<'static>>> {
    let text = plain(document)?;
    let document: Document<'_> = serde_json::from_str(&text).ok()?;
    Some(document.statement.iter().filter_map(|statement| entitlement(holder, name, statement)).collect())
}

fn entitlement(holder: &str, name: Option<&str>, statement: &Statement<'_>) -> Option<Entitlement<'static>> {
    let inverted = statement.action.is_empty() && !statement.not_action.is_empty();
    let actions = if inverted { vec![Cow::Borrowed("*")] } else { owned(&statement.action) };
    let via = match (name, seen(&statement.sid)) {
        (Some(name), Some(sid)) => Some(Cow::Owned(format!("{name}/{sid}"))),
        (name, sid) => name.or(sid).map(|name| Cow::Owned(name.to_owned())),
    };
    Some(Entitlement {
        except: owned(&statement.not_action),
        targets: if statement.not_resource.is_empty() { owned(&statement.resource) } else { vec![Cow::Borrowed("*")] },
        effect: effect(statement)?,
        via,
        conditional: is_conditional(statement) || !statement.not_resource.is_empty(),
        ..listing::privileges(holder, actions)
    })
}

fn effect(statement: &Statement<'_>) -> Option<Effect> {
    match seen(&statement.effect)? {
        "Allow" => Some(Effect::Allow),
        "Deny" => Some(Effect::Deny),
        _ => None,
    }
}

fn is_conditional(statement: &Statement<'_>) -> bool {
    statement.condition.is_some_and(|condition| !matches!(condition.get(), "{}" | "null"))
}

fn owned(texts: &[Text<'_>]) -> Vec<Text<'static>> {
    texts.iter().map(|text| Cow::Owned(text.to_string())).collect()
}

/// Whom a role trusts.
#[derive(Debug)]
pub(super) struct Trust {
    /// Who may take the role.
    pub(super) entitlements: Vec<Entitlement<'static>>,
    /// What that says about those who work in it.
    pub(super) verdict: Verdict,
}

/// Reads a trust policy. `None` if it cannot be read.
pub(super) fn trust(role_arn: &str, account: &str, document: &RawValue) -> Option<Trust> {
    let text = plain(document)?;
    let document: Document<'_> = serde_json::from_str(&text).ok()?;
    let mut trust = Trust { entitlements: Vec::new(), verdict: human::UNKNOWN };
    let mut verdicts = Vec::new();
    for statement in &document.statement {
        let Some(effect) = effect(statement) else { continue };
        for (holder, verdict) in trusted(statement, account) {
            if effect == Effect::Allow {
                verdicts.push(verdict);
            }
            trust.entitlements.push(Entitlement {
                targets: vec![Cow::Owned(role_arn.to_owned())],
                effect,
                via: seen(&statement.sid).map(|sid| Cow::Owned(sid.to_owned())),
                conditional: is_conditional(statement) || statement.not_principal.is_some(),
                ..listing::privileges(&holder, owned(&statement.action))
            });
        }
    }
    // One kind of caller only, or nothing is said.
    if let [first, rest @ ..] = verdicts.as_slice()
        && rest.iter().all(|verdict| verdict == first)
    {
        trust.verdict = *first;
    }
    Some(trust)
}

fn trusted(statement: &Statement<'_>, account: &str) -> Vec<(String, Verdict)> {
    let anyone = || (uri::principal_named(PLATFORM, AMAZON, "anyone", "*"), human::UNKNOWN);
    let Some(principal) = statement.principal else {
        return if statement.not_principal.is_some() { vec![anyone()] } else { Vec::new() };
    };
    let Ok(named) = serde_json::from_str::<Principals<'_>>(principal.get()) else { return vec![anyone()] };
    let mut found = Vec::new();
    for text in &named.aws {
        found.push((aws_principal(text).unwrap_or_else(|| anyone().0), human::UNKNOWN));
    }
    for service in &named.service {
        found.push((uri::principal(PLATFORM, AMAZON, "service", service), SERVICE_ROLE));
    }
    for provider in &named.federated {
        found.extend(federated(provider, statement.condition, account));
    }
    found
}

/// A principal of IAM as policies name it: ARN, account, or the unique id of one that was deleted.
pub(super) fn aws_principal(text: &str) -> Option<String> {
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(uri::principal(PLATFORM, text, "account", text));
    }
    let Some(arn) = Arn::parse(text) else {
        return match text.get(..4)? {
            "AROA" => Some(uri::principal(PLATFORM, "unknown", "role", text)),
            "AIDA" => Some(uri::principal(PLATFORM, "unknown", "user", text)),
            _ => None,
        };
    };
    Some(match (arn.role_name(), arn.typed().0) {
        (Some(role), _) => uri::principal_named(PLATFORM, arn.account, "role", role),
        (None, "user") => uri::principal_named(PLATFORM, arn.account, "user", arn.last()),
        (None, "federated-user") => uri::principal_named(PLATFORM, arn.account, "federated-user", arn.last()),
        _ if arn.resource == "root" => uri::principal(PLATFORM, arn.account, "account", arn.account),
        _ => uri::principal_named(PLATFORM, arn.account, "unknown", arn.resource),
    })
}

/// Those of an identity provider: the subjects that conditions name exactly, else all that it vouches for.
fn federated(provider: &str, condition: Option<&RawValue>, account: &str) -> Vec<(String, Verdict)> {
    let whole = || match Arn::parse(provider) {
        Some(arn) => place(arn, account).uri(),
        None => uri::resource(PLATFORM, AMAZON, "identity-provider", provider),
    };
    if provider.contains(":saml-provider/") {
        return vec![(whole(), human::SAML)];
    }
    let issuer = issuer_host(provider);
    let subjects = condition.map(|condition| exact_subjects(condition, issuer)).unwrap_or_default();
    if subjects.is_empty() {
        return vec![(whole(), human::oidc(provider, ""))];
    }
    subjects.iter().map(|subject| (oidc_subject(issuer, subject), human::oidc(provider, subject))).collect()
}

/// The values of `StringEquals` and `StringLike` on `<issuer>:sub` that have no wildcard.
fn exact_subjects(condition: &RawValue, issuer: &str) -> Vec<String> {
    let Ok(condition) = serde_json::from_str::<serde_json::Value>(condition.get()) else { return Vec::new() };
    let key = format!("{issuer}:sub");
    let values = ["StringEquals", "StringLike"].iter().filter_map(|operator| condition.get(operator)?.get(&key));
    let mut subjects: Vec<String> = Vec::new();
    for value in values {
        match value {
            serde_json::Value::String(text) => subjects.push(text.clone()),
            serde_json::Value::Array(items) => {
                subjects.extend(items.iter().filter_map(|item| item.as_str().map(str::to_owned)));
            }
            _ => {}
        }
    }
    // One wildcard, and the exact ones are not all.
    if subjects.iter().any(|subject| subject.contains(['*', '?'])) { Vec::new() } else { subjects }
}
