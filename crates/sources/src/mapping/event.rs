//! A record becomes an event: the slots are filled in one pass, then each part of the event is read off them.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{ActorKind, Event, Fingerprint, GrantFact, Human, Platform, Principal, Status, Step as ModelStep, Text};

use super::columns::flag;
use super::identity::Home;
use super::lines::{self, Form};
use super::plan::{Act, Actor, Credential, Listed, Mapping, Who};
use super::shape::Filled;
use super::value::{Condition, Env};
use crate::{Context, Reject, RejectKind, json};

/// The actor of a record that names none.
pub(super) fn nobody(platform: Platform, authority: &str) -> Principal<'static> {
    let uri = uri::principal_claimed(platform.as_str(), authority, "user", "unknown");
    Principal { uri, kind: ActorKind::Unknown, name: None, is_human: Human::Unknown, rule: "default" }
}

/// What was computed before anything else, as all other parts see it.
pub(super) struct Read<'a> {
    pub(super) filled: Filled<'a>,
    pub(super) authority: Text<'a>,
    pub(super) operation: Option<Text<'a>>,
    pub(super) status: Status,
    pub(super) act: Act,
}

/// An act of which nothing is known; the `*` row of each mapping comes before it.
const OTHER: Act =
    Act { class_uid: 6003, activity_id: 99, access: model::Access::Other, is_privileged: false, severity_id: None };

/// The record, or each item of a list in it.
pub(super) fn rows(list: Option<usize>, filled: &Filled<'_>) -> impl Iterator<Item = Option<(usize, usize)>> + use<> {
    let (one, many) = match list {
        None => (Some(None), 0),
        Some(list) => (None, filled.rows(list)),
    };
    let list = list.unwrap_or_default();
    one.into_iter().chain((0..many).map(move |row| Some((list, row))))
}

impl Mapping {
    /// Fills the slots, and computes what other parts look at.
    pub(super) fn read<'a>(&self, text: &'a str, context: &Context<'_>) -> Result<Read<'a>, Reject> {
        let mut filled = self.filled(text)?;
        for (_, slot, value) in &self.named {
            let value = value.get(&Env { filled: &filled, row: None });
            filled.set(*slot, value);
        }
        let authority = match context.authority {
            Some(authority) => Cow::Owned(authority.to_owned()),
            None => self.authority.get(&Env { filled: &filled, row: None }).unwrap_or(Cow::Borrowed("unknown")),
        };
        let operation = self.operation.get(&Env { filled: &filled, row: None });
        filled.set(self.slots.operation, operation.clone());
        let status = self.outcome.rows.as_ref().map_or(Status::Unknown, |rows| {
            let by = self.outcome.by.get(&Env { filled: &filled, row: None });
            rows.get(by.as_deref().unwrap_or_default()).map_or(Status::Unknown, |(_, status)| *status)
        });
        filled.set(self.slots.status, Some(Cow::Borrowed(status.as_str())));
        let by = self.acts.by.get(&Env { filled: &filled, row: None });
        let act = self.acts.rows.get(by.as_deref().unwrap_or_default()).map_or(OTHER, |(_, act)| *act);
        filled.set(self.slots.access, Some(Cow::Borrowed(act.access.as_str())));
        Ok(Read { filled, authority, operation, status, act })
    }

    fn filled<'a>(&self, text: &'a str) -> Result<Filled<'a>, Reject> {
        match &self.form {
            Form::Json => self.shape.json(text).map_err(|error| json::not_json(&error)),
            _ if text.trim().is_empty() => Err(Reject::new(RejectKind::Empty, "nothing but white space")),
            Form::Pairs(separator) => Ok(self.shape.pairs(lines::pairs(text, *separator))),
            Form::Csv(separator, columns) => {
                let names = columns.iter().map(|name| &**name);
                Ok(self.shape.pairs(names.zip(lines::values(text, *separator))))
            }
        }
    }

    /// Reads the event off one record.
    pub(crate) fn normalise<'a>(&self, text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
        if let Some(why) = self.why_not(text) {
            return Err(Reject::new(RejectKind::Shape, format!("no record of {}: {why}", self.platform)));
        }
        let Read { filled, authority, operation, status, act } = self.read(text, context)?;
        let env = Env { filled: &filled, row: None };
        let (of, platform) = (authority.clone(), self.platform.as_str());
        let home = Home { platform, authority: &of };
        let mut event = Event::new(self.platform, authority, self.actor(home, &env));
        (event.class_uid, event.activity_id, event.access) = (act.class_uid, act.activity_id, act.access);
        (event.status, event.api.operation) = (status, operation);
        event.severity_id = act.severity_id.unwrap_or(1);
        event.privileged = act.is_privileged.then_some(true);
        event.status_code = self.outcome.code.get(&env);
        if let Some((raw, parsed)) = self.time.get(&env) {
            event.time = parsed.map(|parsed| parsed.nanos);
            event.time_precision = parsed.map_or(event.time_precision, |parsed| parsed.precision);
            event.time_raw = Some(raw);
        }
        for (column, value) in &self.columns {
            if let Some(text) = value.get(&env) {
                column.take.set(&mut event, text);
            }
        }
        for (column, values) in &self.lists {
            let list = listed(values, &filled);
            *(column.list)(&mut event) = list;
        }
        self.identities(&mut event, home, &env);
        self.resources(&mut event, home, &filled);
        self.credentials(&mut event, home, &filled);
        self.grants(&mut event, home, &env);
        self.rest(&mut event, home, &filled);
        self.quality(&mut event, &env, filled.is_cut);
        Ok(event)
    }

    /// The first actor that is there.
    pub(super) fn actor<'a>(&self, home: Home<'_>, env: &Env<'_, 'a>) -> Principal<'a> {
        let found = self.actors.iter().find_map(|actor| actor.get(home, env));
        found.unwrap_or_else(|| nobody(self.platform, home.authority))
    }

    fn identities(&self, event: &mut Event<'_>, home: Home<'_>, env: &Env<'_, '_>) {
        event.subject = self.subject.principal(home, env);
        event.initiator = self.initiator.principal(home, env);
        event.session = self.session.get(Class::Session, home, env, false).map(|uri| uri.uri);
        let grants = self.grant_refs.iter().filter_map(|grant| grant.get(Class::Grant, home, env, false));
        event.grant_refs = grants.map(|uri| uri.uri).collect();
        for step in self.steps.iter().filter(|step| env.all(&step.when)) {
            let Some(principal) = step.principal.get(&event.actor.uri, home, env) else { continue };
            event.chain.push(ModelStep {
                principal,
                step: step.step,
                evidence_path: step.evidence,
                asserted_by: Cow::Borrowed(home.platform),
                verified: step.is_verified,
            });
        }
    }

    fn resources<'a>(&self, event: &mut Event<'a>, home: Home<'_>, filled: &Filled<'a>) {
        for resource in &self.resources {
            for row in rows(resource.list, filled) {
                let env = Env { filled, row };
                if !env.all(&resource.when) {
                    continue;
                }
                let Some(named) = resource.uri.get(Class::Resource, home, &env, false) else { continue };
                if event.resources.iter().any(|known| known.uri == named.uri) {
                    continue;
                }
                let kind = resource.kind.get(&env).unwrap_or(named.kind);
                let name = resource.name.get(&env);
                event.resources.push(model::Resource { uri: named.uri, kind, name, role: resource.role });
            }
        }
    }

    fn credentials<'a>(&self, event: &mut Event<'a>, home: Home<'_>, filled: &Filled<'a>) {
        let env = Env { filled, row: None };
        event.credential = self.credential.iter().find_map(|credential| credential.get(home, &env, filled));
        // Of a call that failed nothing was issued, and nothing became of what there was.
        if event.status == Status::Failure {
            return;
        }
        let issued = self.issued.iter().find_map(|issued| Some((issued.get(home, &env, filled)?, &issued.holder)));
        if let Some((issued, holder)) = issued {
            if let Some(b) = holder.get(&event.actor.uri, home, &env) {
                let (a, rel) = (issued.uri.clone(), model::AliasRel::CredentialOf);
                event.aliases.push(model::Alias { a, b, rel, rule: "mapping:issued-for" });
            }
            event.issued_credential = Some(issued);
        }
        for change in &self.credential_changes {
            for row in rows(change.list, filled) {
                let env = Env { filled, row };
                let uri = env.all(&change.when).then(|| change.uri.get(Class::Cred, home, &env, false)).flatten();
                let Some(uri) = uri.map(|uri| uri.uri) else { continue };
                let holder = change.holder.get(&event.actor.uri, home, &env);
                let native_id = change.native_id.get(&env);
                event.credential_changes.push(model::CredentialChange {
                    change: change.change,
                    uri,
                    native_id,
                    holder,
                });
            }
        }
    }

    fn grants<'a>(&self, event: &mut Event<'a>, home: Home<'_>, env: &Env<'_, 'a>) {
        for grant in self.grants.iter().filter(|grant| env.all(&grant.when)) {
            let Some(uri) = grant.uri.get(Class::Grant, home, env, false) else { continue };
            let who = |who: &Who| who.get(&event.actor.uri, home, env);
            let fact = GrantFact {
                requester: who(&grant.requester),
                beneficiary: who(&grant.beneficiary),
                approver: who(&grant.approver),
                target: grant.target.get(env),
                reason: grant.reason.get(env),
                ticket: grant.ticket.get(env),
                resource: grant.resource.get(env),
                policy: grant.policy.get(env),
                not_before: grant.not_before.nanos(env),
                not_after: grant.not_after.nanos(env),
                duration_s: grant.duration_s.get(env).and_then(|text| text.parse().ok()),
                ..GrantFact::new(uri.uri.clone(), grant.phase)
            };
            if !event.grant_refs.contains(&uri.uri) {
                event.grant_refs.push(uri.uri);
            }
            event.grants.push(fact);
        }
    }

    /// Names seen together, values changed, records named.
    fn rest<'a>(&self, event: &mut Event<'a>, home: Home<'_>, filled: &Filled<'a>) {
        let env = Env { filled, row: None };
        for alias in self.aliases.iter().filter(|alias| env.all(&alias.when)) {
            let one = |(class, who): &(Class, Who)| match who {
                Who::Named(identity) => identity.get(*class, home, &env, false).map(|uri| uri.uri),
                other => other.get(&event.actor.uri, home, &env),
            };
            let (Some(a), Some(b)) = (one(&alias.a), one(&alias.b)) else { continue };
            // A claim is nobody's other name.
            if a != b && !a.contains("/?") && !b.contains("/?") {
                event.aliases.push(model::Alias { a, b, rel: alias.rel, rule: alias.rule });
            }
        }
        for change in &self.changes {
            for row in rows(change.list, filled) {
                let env = Env { filled, row };
                let field = env.all(&change.when).then(|| change.field.get(&env)).flatten();
                let (before, after) = (change.before.get(&env), change.after.get(&env));
                if let Some(field) = field.filter(|_| before.is_some() || after.is_some()) {
                    event.changes.push(model::Change { field, before, after });
                }
            }
        }
        for related in &self.related {
            for row in rows(related.list, filled) {
                let env = Env { filled, row };
                let id = env.all(&related.when).then(|| related.id.get(&env)).flatten();
                event.related.extend(id.map(|source_event_id| model::Related { rel: related.rel, source_event_id }));
            }
        }
    }

    fn quality(&self, event: &mut Event<'_>, env: &Env<'_, '_>, is_cut: bool) {
        let holds = |conditions: &Option<Vec<Condition>>| conditions.as_ref().is_some_and(|all| env.all(all));
        let quality = &self.quality;
        event.quality.truncated = is_cut || holds(&quality.truncated);
        event.quality.sampled = holds(&quality.sampled);
        event.quality.redacted = holds(&quality.redacted);
        event.quality.missing = quality.expected.iter().copied().filter(|column| self.lacks(event, column)).collect();
    }

    /// Whether an event has nothing in a column.
    fn lacks(&self, event: &Event<'_>, column: &str) -> bool {
        match column {
            "time" => event.time.is_none(),
            "api_operation" => event.api.operation.is_none(),
            "actor_principal" => event.actor.uri.ends_with("/?unknown"),
            "actor_name" => event.actor.name.is_none(),
            "authority" => event.authority == "unknown",
            "resources" => event.resources.is_empty(),
            "credential_uri" => event.credential.is_none(),
            "session_uri" => event.session.is_none(),
            "status" => event.status == Status::Unknown,
            "source_event_id" => event.source_event_id.is_none(),
            "src_ip" => event.src.ip.is_none(),
            "user_agent" => event.user_agent.is_none(),
            "tenant" => event.tenant.is_none(),
            _ => false,
        }
    }
}

impl Actor {
    pub(super) fn get<'a>(&self, home: Home<'_>, env: &Env<'_, 'a>) -> Option<Principal<'a>> {
        if !env.all(&self.when) {
            return None;
        }
        let is_claim = !self.unproved.is_empty() && env.all(&self.unproved);
        let uri = self.uri.get(Class::Principal, home, env, is_claim)?.uri;
        if is_claim {
            // Who is only claimed to act says nothing about what acted.
            let (kind, is_human) = (ActorKind::Unknown, Human::Unknown);
            return Some(Principal { uri, kind, name: self.name.get(env), is_human, rule: "default" });
        }
        Some(Principal { uri, kind: self.kind, name: self.name.get(env), is_human: self.human, rule: self.rule })
    }
}

impl Who {
    pub(super) fn get(&self, actor: &str, home: Home<'_>, env: &Env<'_, '_>) -> Option<String> {
        match self {
            Who::Nobody => None,
            Who::Actor => Some(actor.to_owned()),
            Who::Named(identity) => identity.principal(home, env),
        }
    }
}

impl Credential {
    fn get<'a>(&self, home: Home<'_>, env: &Env<'_, 'a>, filled: &Filled<'a>) -> Option<model::Credential<'a>> {
        if !env.all(&self.when) {
            return None;
        }
        let named = self.uri.get(Class::Cred, home, env, false)?;
        let fingerprint = self
            .fingerprint
            .as_ref()
            .and_then(|(algorithm, encoding, value)| Some(Fingerprint { algorithm, encoding, value: value.get(env)? }));
        Some(model::Credential {
            uri: named.uri,
            kind: named.kind,
            native_id: self.native_id.get(env),
            fingerprint,
            issuer: self.issuer.get(env),
            audience: listed(&self.audience, filled),
            scopes: listed(&self.scopes, filled),
            not_before: self.not_before.nanos(env),
            not_after: self.not_after.nanos(env),
            confirmation: None,
            mfa: self.mfa.get(env).and_then(|text| flag(&text)),
            parent: self.parent.get(Class::Cred, home, env, false).map(|uri| uri.uri),
            uses_max: self.uses_max.get(env).and_then(|text| text.parse().ok()),
        })
    }
}

/// The values of a column of several, each once.
pub(super) fn listed<'a>(values: &[Listed], filled: &Filled<'a>) -> Vec<Text<'a>> {
    let mut found: Vec<Text<'a>> = Vec::new();
    for value in values {
        for row in rows(value.list, filled) {
            let text = value.value.get(&Env { filled, row }).filter(|text| !found.contains(text));
            found.extend(text);
        }
    }
    found
}
