//! What a text stands for that somebody pasted: an ARN, a key id, a name, an address, a request id, an
//! event id, an alert.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::uri::build;
use model::{AliasRel, EventId};
use trace::{Fact, Key, Lookup, Store as _};

use crate::question::Question;

/// Events that a text leads to, the newest first.
#[derive(Default)]
pub(crate) struct Hits {
    pub(crate) facts: Vec<Arc<Fact>>,
    /// Whether there are others, older ones.
    pub(crate) more: bool,
}

/// Values of an alert that are looked up; those beyond are passed over.
const VALUES_MAX: usize = 256;

/// Shortest value of an alert that is looked up: shorter ones are words, not ids.
const VALUE_BYTES_MIN: usize = 6;

/// Events, of the oldest and of the newest, from which the URIs behind a text are read.
const WITNESSES: usize = 64;

/// The forms under which records may hold a text.
fn forms(text: &str) -> Vec<String> {
    let mut forms = vec![text.to_owned()];
    if let Some(object) = text.strip_prefix("s3://") {
        let object = object.trim_end_matches('/');
        forms.extend([object.to_owned(), format!("arn:aws:s3:::{object}")]);
    }
    if let Some(object) = text.strip_prefix("arn:aws:s3:::") {
        forms.push(object.to_owned());
    }
    if let Some(digest) = text.strip_prefix("sha256:") {
        forms.push(digest.to_owned());
    }
    // A digest of a token is written in hex here and in base64 there.
    let digest = text.strip_prefix("sha256:").unwrap_or(text);
    if let Some(bytes) = model::unhex::<32>(digest) {
        forms.push(STANDARD.encode(bytes));
    }
    if let Ok(bytes) = STANDARD.decode(digest)
        && bytes.len() == 32
    {
        forms.push(model::hex(&bytes));
    }
    if text.contains('@') && text.to_ascii_lowercase() != text {
        forms.push(text.to_ascii_lowercase());
    }
    forms.extend(uri(text));
    forms
}

/// The URI of a principal that people write in another form: a SPIFFE ID, an ARN of IAM or STS.
fn uri(text: &str) -> Option<String> {
    if let Some((domain, path)) = text.strip_prefix("spiffe://").and_then(|id| id.split_once('/')) {
        return Some(build(model::uri::Class::Principal, "spiffe", domain, "workload").path(path).finish());
    }
    let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
    let (_, service, _, account, rest) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let mut path = rest.split('/');
    let (kind, name) = match (service, path.next()?) {
        // The path between is no part of what tells one from another.
        ("iam", kind @ ("role" | "user")) => (kind, path.next_back()?),
        ("sts", "assumed-role") => ("role", path.next()?),
        _ => return None,
    };
    Some(build(model::uri::Class::Principal, "aws", account, kind).name(name).finish())
}

/// The keys by which a text may be found.
fn keys<'t>(text: &'t str, escaped: &'t str) -> Vec<Key<'t>> {
    if text.starts_with(concat!("nhi", ":")) {
        let by_uri = [Key::Used, Key::Issued, Key::Changed, Key::Session, Key::Principal, Key::Resource, Key::Grant];
        let others = [Key::GrantedTo(text), Key::Listed(text), Key::Alias(text, AliasRel::SameAs)];
        return by_uri.iter().map(|key| key(text)).chain(others).collect();
    }
    let by_text = [Key::UsedId, Key::IssuedId, Key::Name, Key::SourceEvent, Key::Correlation, Key::Address];
    by_text.iter().map(|key| key(text)).chain([Key::EndsWith(escaped)]).collect()
}

/// The newest events that a text leads to.
pub(crate) fn events(question: &Question, text: &str, limit: usize) -> anyhow::Result<Hits> {
    if let Some(event) = by_id(question, text)? {
        return Ok(Hits { facts: vec![event], more: false });
    }
    let (mut found, mut more) = (BTreeMap::new(), false);
    for form in forms(text) {
        let escaped = trace::escaped(&form);
        for key in keys(&form, &escaped) {
            let mut lookup = Lookup::newest(key, question.until, limit);
            lookup.from = question.since;
            let page = question.facts.find(&lookup)?;
            more |= page.more;
            found.extend(page.facts.into_iter().map(|fact| (fact.id.index, fact)));
        }
    }
    let mut facts: Vec<Arc<Fact>> = found.into_values().collect();
    facts.sort_by(|a, b| b.order().cmp(&a.order()));
    more |= facts.len() > limit;
    facts.truncate(limit);
    Ok(Hits { facts, more })
}

fn by_id(question: &Question, text: &str) -> anyhow::Result<Option<Arc<Fact>>> {
    match text.parse::<EventId>() {
        Ok(id) => Ok(question.facts.event(&id)?),
        Err(_) => Ok(None),
    }
}

/// The newest events that the values of an alert lead to: those named by an id that only they have
/// before those that share a name with it.
pub(crate) fn alert(question: &Question, alert: &serde_json::Value, limit: usize) -> anyhow::Result<Hits> {
    let mut values = BTreeSet::new();
    collect(alert, &mut values);
    let mut named = BTreeMap::new();
    for value in values.iter().take(VALUES_MAX) {
        let own = by_id(question, value)?;
        for key in [Key::SourceEvent(value), Key::Correlation(value)] {
            let page = question.facts.find(&Lookup::newest(key, question.until, limit))?;
            named.extend(page.facts.into_iter().chain(own.clone()).map(|fact| (fact.id.index, fact)));
        }
    }
    if named.is_empty() {
        for value in values.iter().take(VALUES_MAX) {
            named.extend(events(question, value, limit)?.facts.into_iter().map(|fact| (fact.id.index, fact)));
        }
    }
    let mut facts: Vec<Arc<Fact>> = named.into_values().collect();
    facts.sort_by(|a, b| b.order().cmp(&a.order()));
    let more = facts.len() > limit || values.len() > VALUES_MAX;
    facts.truncate(limit);
    Ok(Hits { facts, more })
}

fn collect(value: &serde_json::Value, values: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::String(text) if text.len() >= VALUE_BYTES_MIN => {
            values.insert(text.clone());
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, values)),
        serde_json::Value::Object(members) => members.values().for_each(|member| collect(member, values)),
        _ => {}
    }
}

/// What a URI may stand for; named by the class in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Principal,
    Credential,
    Session,
    Grant,
}

impl Class {
    fn of(uri: &str) -> Option<Class> {
        match uri.split(':').nth(1)? {
            "principal" => Some(Class::Principal),
            "cred" => Some(Class::Credential),
            "session" => Some(Class::Session),
            "grant" => Some(Class::Grant),
            _ => None,
        }
    }
}

/// The URIs that a text stands for, of these classes: those of the events that it leads to. Several,
/// when several things bear the name.
pub(crate) fn uris(question: &Question, text: &str, wanted: &[Class]) -> anyhow::Result<Vec<String>> {
    let is_wanted = |uri: &str| Class::of(uri).is_some_and(|class| wanted.contains(&class));
    if text.starts_with("nhi:") {
        return Ok(is_wanted(text).then(|| text.to_owned()).into_iter().collect());
    }
    let mut found = Vec::new();
    let mut add = |uri: &str| {
        if is_wanted(uri) && !found.iter().any(|known| known == uri) {
            found.push(uri.to_owned());
        }
    };
    if let Some(event) = by_id(question, text)? {
        event.credential.iter().for_each(|credential| add(&credential.uri));
        event.session.iter().for_each(|session| add(session));
        event.grant_refs.iter().chain(event.grants.iter().map(|grant| &grant.uri)).for_each(|uri| add(uri));
        add(&event.actor.uri);
        return Ok(found);
    }
    for form in forms(text) {
        let escaped = trace::escaped(&form);
        for key in keys(&form, &escaped) {
            let newest = question.facts.find(&Lookup::newest(key, question.until, WITNESSES))?;
            newest.facts.iter().for_each(|fact| named(fact, &form, &escaped, &mut add));
            if !newest.facts.is_empty() {
                add(&form);
            }
            if newest.more {
                let oldest = question.facts.find(&Lookup::within(key, i64::MIN, question.until, WITNESSES))?;
                oldest.facts.iter().for_each(|fact| named(fact, &form, &escaped, &mut add));
            }
        }
    }
    // A name whose boundary is known says more than one without.
    found.sort_by_key(|uri| uri.split(':').nth(3) == Some("unknown"));
    Ok(found)
}

/// The URIs that a text names in one event.
fn named(fact: &Fact, text: &str, escaped: &str, add: &mut dyn FnMut(&str)) {
    let id_is = |credential: &&trace::Credential| credential.native_id.as_deref() == Some(text);
    fact.credential.iter().chain(&fact.issued).filter(id_is).for_each(|credential| add(&credential.uri));
    if fact.actor.name.as_deref() == Some(text) {
        add(&fact.actor.uri);
    }
    // What is acted on may be an identity too: a user that is made, a role that is changed.
    for resource in fact.resources.iter().filter(|resource| resource.name.as_deref() == Some(text)) {
        add(&resource.uri);
    }
    let ends = |uri: &&String| uri.ends_with(escaped);
    let aliased = fact.aliases.iter().flat_map(|alias| [&alias.a, &alias.b]);
    let others = fact.subject.iter().chain(&fact.initiator).chain(fact.chain.iter().map(|step| &step.principal));
    let grants = fact.grants.iter().map(|grant| &grant.uri);
    let used = fact.credential.iter().chain(&fact.issued).map(|credential| &credential.uri);
    aliased.chain(others).chain(grants).chain(used).chain(&fact.session).filter(ends).for_each(|uri| add(uri));
}

#[cfg(test)]
mod tests {
    use super::forms;

    #[test]
    fn what_people_paste_is_looked_for_as_records_write_it() {
        let has = |text: &str, form: &str| assert!(forms(text).iter().any(|own| own == form), "{:?}", forms(text));
        has("s3://payroll-exports/", "arn:aws:s3:::payroll-exports");
        has("arn:aws:s3:::b/k.csv", "b/k.csv");
        has(
            "spiffe://prod.example/ns/billing/sa/agent",
            "nhi:principal:spiffe:prod.example:workload/ns/billing/sa/agent",
        );
        has("arn:aws:iam::111122223333:role/team/export", "nhi:principal:aws:111122223333:role/~export");
        has("arn:aws:sts::111122223333:assumed-role/export/run-7", "nhi:principal:aws:111122223333:role/~export");
        has("Alice@Example.com", "alice@example.com");
        let hex = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        let base64 = "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=";
        has(hex, base64);
        has(base64, hex);
        has(&format!("sha256:{hex}"), base64);
    }

    #[test]
    fn other_texts_are_looked_for_as_they_are() {
        for text in ["", "10.0.0.1", "arn:aws:iam", "arn:aws:iam::1:role", "spiffe://", "ASIAEXAMPLE", "é@", "a/b"] {
            assert_eq!(forms(text), [text], "{text}");
        }
    }
}
