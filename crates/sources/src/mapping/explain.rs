//! Why an event has what it has: column by column, the words of the file that gave the value, or why there is none.
//!
//! It asks the same parts for the same values as [`super::event`] does, and only adds the words.

use std::collections::HashMap;

use model::Event;
use model::uri::Class;

use super::event::{Read, rows};
use super::identity::{Home, Identity, Named};
use super::plan::{Listed, Mapping, Who};
use super::value::{Alternative, Condition, Env, Place, Value};
use crate::{Context, Reject};

/// Longest value that is shown.
const SHOWN_CHARACTERS_MAX: usize = 200;

/// One column of one record.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Explained {
    /// The column, as the lake names it.
    pub column: String,
    /// Its value; empty if it has none.
    pub value: Option<String>,
    /// What gave it, or why it is empty.
    pub why: String,
}

/// One record: its event, and where each value in it is from.
#[derive(Debug, serde::Serialize)]
pub struct Explanation<'a> {
    /// The event, as it would be derived.
    pub event: Event<'a>,
    /// Column by column.
    pub columns: Vec<Explained>,
}

impl Mapping {
    /// Reads one record as [`crate::normalise`] would, envelopes apart, and says why it came out so.
    ///
    /// # Errors
    /// The reject that the record would become.
    pub fn explain<'a>(&self, text: &'a str, context: &Context<'_>) -> Result<Explanation<'a>, Reject> {
        let event = self.normalise(text, context)?;
        let read = self.read(text, context)?;
        let mut columns = Columns { read: &read, platform: self.name(), all: Vec::new() };
        columns.first(self, context);
        columns.actor(self, &event);
        for (column, value) in &self.columns {
            columns.value(column.name, value);
        }
        for (column, values) in &self.lists {
            columns.list(column.name, values);
        }
        columns.identity("subject_principal", Class::Principal, &self.subject);
        columns.identity("initiator_principal", Class::Principal, &self.initiator);
        columns.identity("session_uri", Class::Session, &self.session);
        columns.parts(self);
        let missing = event.quality.missing.join(", ");
        let why = if missing.is_empty() { "all that is expected is there" } else { "expected of each record" };
        let missing = Some(missing).filter(|missing| !missing.is_empty());
        columns.all.push(Explained { column: "quality_missing".to_owned(), value: missing, why: why.to_owned() });
        Ok(Explanation { columns: columns.all, event })
    }
}

struct Columns<'r, 'a> {
    read: &'r Read<'a>,
    platform: &'static str,
    all: Vec<Explained>,
}

impl Columns<'_, '_> {
    fn env(&self) -> Env<'_, '_> {
        Env { filled: &self.read.filled, row: None }
    }

    fn home(&self) -> Home<'_> {
        Home { platform: self.platform, authority: &self.read.authority }
    }

    fn push(&mut self, column: impl Into<String>, found: (Option<String>, String)) {
        let (value, why) = found;
        let value = value.map(|value| value.chars().take(SHOWN_CHARACTERS_MAX).collect());
        self.all.push(Explained { column: column.into(), value, why });
    }

    fn value(&mut self, column: &str, value: &Value) {
        if !value.alternatives.is_empty() {
            let found = of_value(value, &self.env());
            self.push(column, found);
        }
    }

    fn list(&mut self, column: &str, values: &[Listed]) {
        for listed in values {
            let filled = &self.read.filled;
            let found: Vec<_> =
                rows(listed.list, filled).map(|row| of_value(&listed.value, &Env { filled, row })).collect();
            if found.is_empty() {
                let place = listed.value.places().next().map_or("the list", |place| place.said);
                self.push(column, (None, format!("{place} has no item")));
            }
            found.into_iter().for_each(|found| self.push(column, found));
        }
    }

    fn identity(&mut self, column: &str, class: Class, identity: &Identity) {
        if !identity.alternatives.is_empty() {
            let found = of_identity(identity, class, self.home(), &self.env());
            self.push(column, found);
        }
    }

    /// What all other parts may look at.
    fn first(&mut self, mapping: &Mapping, context: &Context<'_>) {
        for (name, _, value) in &mapping.named {
            self.value(&format!("${name}"), value);
        }
        match context.authority {
            Some(authority) => {
                self.push("authority", (Some(authority.to_owned()), "the setting of the source".to_owned()));
            }
            None if mapping.authority.alternatives.is_empty() => {
                let why = "no `authority` in the mapping and none set for the source";
                self.push("authority", (Some("unknown".to_owned()), why.to_owned()));
            }
            None => self.value("authority", &mapping.authority),
        }
        self.value("api_operation", &mapping.operation);
        let outcome = &mapping.outcome;
        let (by, how) = of_value(&outcome.by, &self.env());
        let row =
            outcome.rows.as_ref().and_then(|rows| Some(rows.get(by.as_deref().unwrap_or_default())?.0.to_owned()));
        let why = match (&outcome.rows, row) {
            (None, _) => "the mapping has no [outcome]".to_owned(),
            (_, Some(row)) => format!("[outcome] row \"{row}\" of {how}"),
            (_, None) => format!("[outcome] has no row for \"{}\" ({how})", by.unwrap_or_default()),
        };
        self.push("status", (Some(self.read.status.as_str().to_owned()), why));
        self.value("status_code", &outcome.code);
        let (by, how) = of_value(&mapping.acts.by, &self.env());
        let row = mapping.acts.rows.get(by.as_deref().unwrap_or_default()).map_or("*", |(row, _)| row);
        let why = format!("[act] row \"{row}\" of {how}");
        let act = self.read.act;
        self.push("class_uid", (Some(act.class_uid.to_string()), why.clone()));
        self.push("activity_id", (Some(act.activity_id.to_string()), why.clone()));
        self.push("access", (Some(act.access.as_str().to_owned()), why));
        if let Some((raw, parsed)) = mapping.time.get(&self.env()) {
            let (_, how) = of_value(&mapping.time.value, &self.env());
            let time = parsed.map(|parsed| model::rfc3339_from_nanos(parsed.nanos));
            let why = match &time {
                Some(_) => how,
                None => format!("{how}: \"{raw}\" is no time in the forms of `format`"),
            };
            self.push("time", (time, why));
        } else {
            self.value("time", &mapping.time.value);
        }
    }

    fn actor(&mut self, mapping: &Mapping, event: &Event<'_>) {
        let mut whys = Vec::new();
        for (at, actor) in mapping.actors.iter().enumerate() {
            let found = actor.get(self.home(), &self.env());
            if found.is_some() {
                let (_, how) = of_identity(&actor.uri, Class::Principal, self.home(), &self.env());
                let unproved = !actor.unproved.is_empty() && self.env().all(&actor.unproved);
                let claim = if unproved { "; a claim, because `unproved` holds" } else { "" };
                self.push("actor_principal", (Some(event.actor.uri.clone()), format!("actor[{at}] {how}{claim}")));
                self.value("actor_name", &actor.name);
                let why = format!("actor[{at}]");
                self.push("actor_kind", (Some(event.actor.kind.as_str().to_owned()), why.clone()));
                self.push("is_human", (Some(event.actor.is_human.as_str().to_owned()), why.clone()));
                self.push("is_human_rule", (Some(event.actor.rule.to_owned()), why));
                return;
            }
            whys.push(match failed(&actor.when, &self.env()) {
                Some(why) => format!("actor[{at}] {why}"),
                None => {
                    format!("actor[{at}] {}", of_identity(&actor.uri, Class::Principal, self.home(), &self.env()).1)
                }
            });
        }
        let why = if whys.is_empty() { "the mapping has no [[actor]]".to_owned() } else { whys.join("; ") };
        self.push("actor_principal", (Some(event.actor.uri.clone()), why));
    }

    /// Tables of which there can be several.
    fn parts(&mut self, mapping: &Mapping) {
        for (at, resource) in mapping.resources.iter().enumerate() {
            self.part(&format!("resources[{at}]"), resource.list, &resource.when, Class::Resource, &resource.uri);
        }
        let is_failure = self.read.status == model::Status::Failure;
        for (at, credential) in mapping.credential.iter().enumerate() {
            self.part(&format!("credential_uri[{at}]"), None, &credential.when, Class::Cred, &credential.uri);
        }
        if is_failure && !(mapping.issued.is_empty() && mapping.credential_changes.is_empty()) {
            let why = "the call failed: nothing was issued, and nothing became of a credential".to_owned();
            self.push("issued_credential_uri", (None, why.clone()));
            self.push("credential_changes", (None, why));
        } else {
            for (at, issued) in mapping.issued.iter().enumerate() {
                self.part(&format!("issued_credential_uri[{at}]"), None, &issued.when, Class::Cred, &issued.uri);
            }
            for (at, change) in mapping.credential_changes.iter().enumerate() {
                self.part(&format!("credential_changes[{at}]"), change.list, &change.when, Class::Cred, &change.uri);
            }
        }
        for (at, grant) in mapping.grants.iter().enumerate() {
            self.part(&format!("grants[{at}]"), None, &grant.when, Class::Grant, &grant.uri);
        }
        for identity in &mapping.grant_refs {
            self.identity("grant_refs", Class::Grant, identity);
        }
        for (at, step) in mapping.steps.iter().enumerate() {
            if let Who::Named(identity) = &step.principal {
                self.part(&format!("chain[{at}]"), None, &step.when, Class::Principal, identity);
            }
        }
        for (at, alias) in mapping.aliases.iter().enumerate() {
            if let (class, Who::Named(identity)) = &alias.b {
                self.part(&format!("aliases[{at}]"), None, &alias.when, *class, identity);
            }
        }
        for (at, change) in mapping.changes.iter().enumerate() {
            self.each(&format!("changes[{at}]"), change.list, &change.when, &change.field);
        }
        for (at, related) in mapping.related.iter().enumerate() {
            self.each(&format!("related[{at}]"), related.list, &related.when, &related.id);
        }
    }

    fn part(&mut self, column: &str, list: Option<usize>, when: &[Condition], class: Class, identity: &Identity) {
        let (filled, home) = (&self.read.filled, self.home());
        let found: Vec<_> = rows(list, filled)
            .map(|row| Env { filled, row })
            .map(|env| match failed(when, &env) {
                Some(why) => (None, why),
                None => of_identity(identity, class, home, &env),
            })
            .collect();
        self.all_of(column, found);
    }

    fn each(&mut self, column: &str, list: Option<usize>, when: &[Condition], value: &Value) {
        let filled = &self.read.filled;
        let found: Vec<_> = rows(list, filled)
            .map(|row| Env { filled, row })
            .map(|env| match failed(when, &env) {
                Some(why) => (None, why),
                None => of_value(value, &env),
            })
            .collect();
        self.all_of(column, found);
    }

    fn all_of(&mut self, column: &str, found: Vec<(Option<String>, String)>) {
        if found.is_empty() {
            self.push(column, (None, "the list of `each` has no item".to_owned()));
        }
        found.into_iter().for_each(|found| self.push(column, found));
    }
}

fn failed(when: &[Condition], env: &Env<'_, '_>) -> Option<String> {
    when.iter().find(|condition| !condition.holds(env)).map(|failed| format!("not so: {}", failed.said))
}

fn of_value(value: &Value, env: &Env<'_, '_>) -> (Option<String>, String) {
    let found = |alternative: &Alternative| Some((alternative.get(env)?.into_owned(), alternative.how(env)));
    match value.alternatives.iter().find_map(found) {
        Some((text, how)) => (Some(text), how),
        None => {
            let whys: Vec<_> = value.alternatives.iter().map(|alternative| alternative.why_not(env)).collect();
            (None, whys.join("; "))
        }
    }
}

fn of_identity(identity: &Identity, class: Class, home: Home<'_>, env: &Env<'_, '_>) -> (Option<String>, String) {
    let found = |named: &Named| Some((named.get(class, home, env, false)?.uri, named.said.to_string()));
    match identity.alternatives.iter().find_map(found) {
        Some((uri, how)) => (Some(uri), how),
        None => {
            let whys: Vec<_> = identity.alternatives.iter().map(|named| named.why_not(env)).collect();
            (None, whys.join("; "))
        }
    }
}

/// Column by column, the paths that its values may come from.
pub(super) fn origins(mapping: &Mapping) -> Vec<(&'static str, Vec<&'static str>)> {
    let named: HashMap<&str, &Value> = mapping.named.iter().map(|(name, _, value)| (&**name, value)).collect();
    let mut origins = Origins { mapping, named, all: Vec::new() };
    origins.value("authority", &mapping.authority);
    origins.value("api_operation", &mapping.operation);
    origins.value("status_id", &mapping.outcome.by);
    origins.value("status", &mapping.outcome.by);
    origins.value("status_code", &mapping.outcome.code);
    for column in ["class_uid", "activity_id", "access"] {
        origins.value(column, &mapping.acts.by);
    }
    origins.value("time", &mapping.time.value);
    origins.value("time_raw", &mapping.time.value);
    for actor in &mapping.actors {
        origins.identity("actor_principal", &actor.uri);
        origins.value("actor_name", &actor.name);
        for column in ["actor_kind", "is_human", "is_human_rule"] {
            actor.when.iter().for_each(|condition| origins.value(column, &condition.value));
        }
    }
    for (column, value) in &mapping.columns {
        origins.value(column.name, value);
    }
    for (column, values) in &mapping.lists {
        values.iter().for_each(|listed| origins.value(column.name, &listed.value));
    }
    origins.identity("subject_principal", &mapping.subject);
    origins.identity("initiator_principal", &mapping.initiator);
    origins.identity("session_uri", &mapping.session);
    mapping.grant_refs.iter().for_each(|grant| origins.identity("grant_refs", grant));
    for resource in &mapping.resources {
        origins.identity("resources", &resource.uri);
        origins.value("resources", &resource.name);
    }
    for credential in &mapping.credential {
        origins.identity("credential_uri", &credential.uri);
        origins.value("credential_native_id", &credential.native_id);
    }
    for issued in &mapping.issued {
        origins.identity("issued_credential_uri", &issued.uri);
        origins.value("issued_credential_native_id", &issued.native_id);
    }
    mapping.credential_changes.iter().for_each(|change| origins.identity("credential_changes", &change.uri));
    mapping.grants.iter().for_each(|grant| origins.identity("grants", &grant.uri));
    for change in &mapping.changes {
        origins.value("changes", &change.field);
        origins.value("changes", &change.before);
        origins.value("changes", &change.after);
    }
    mapping.related.iter().for_each(|related| origins.value("related", &related.id));
    origins.all
}

struct Origins<'m> {
    mapping: &'m Mapping,
    named: HashMap<&'m str, &'m Value>,
    all: Vec<(&'static str, Vec<&'static str>)>,
}

impl Origins<'_> {
    fn value(&mut self, column: &'static str, value: &Value) {
        for place in value.places() {
            self.place(column, place);
        }
    }

    fn identity(&mut self, column: &'static str, identity: &Identity) {
        for place in identity.alternatives.iter().flat_map(Named::templates).flat_map(|template| template.places()) {
            self.place(column, place);
        }
    }

    /// A path, or the paths behind a name.
    fn place(&mut self, column: &'static str, place: &Place) {
        if let Some(name) = place.said.strip_prefix('$') {
            match (name, self.named.get(name).copied()) {
                (_, Some(value)) => self.value(column, value),
                ("operation", None) => self.value(column, &self.mapping.operation),
                ("status", None) => self.value(column, &self.mapping.outcome.by),
                _ => {}
            }
            return;
        }
        let at = self.all.iter().position(|(known, _)| *known == column);
        match at.and_then(|at| self.all.get_mut(at)) {
            Some((_, pointers)) if pointers.contains(&place.said) => {}
            Some((_, pointers)) => pointers.push(place.said),
            None => self.all.push((column, vec![place.said])),
        }
    }
}
