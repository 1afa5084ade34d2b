//! By which keys an event can be found: the one list, from which a store builds its index.
//!
//! The same list is read off an [`Event`] on its way into an index, and off a [`Fact`] to tell whether
//! it is what a look-up meant: an index may hold false positives, an answer may not.

use model::{AliasRel, Event, Text};

use crate::name::{Name, decoded};
use crate::{Fact, Key, settings};

/// Version of the list below, for whoever stores an index made from it: raised with every change, since
/// an index of an older list would lack what it does not know.
pub const VERSION: u8 = 3;

impl<'k> Key<'k> {
    /// Number of this kind of key and the text that is compared. Numbers are never used again for
    /// something else: stored indexes hold them.
    pub fn parts(self) -> (u8, &'k str) {
        match self {
            Key::Used(text) => (0, text),
            Key::UsedId(text) => (1, text),
            Key::Issued(text) => (2, text),
            Key::IssuedId(text) => (3, text),
            Key::IssuedFrom(text) => (4, text),
            Key::IssuedTo(text) => (5, text),
            Key::Changed(text) => (6, text),
            Key::Session(text) => (7, text),
            Key::Principal(text) => (8, text),
            Key::Resource(text) => (9, text),
            Key::Correlation(text) => (10, text),
            Key::Grant(text) => (11, text),
            Key::GrantedTo(text) => (12, text),
            Key::SourceEvent(text) => (13, text),
            Key::Name(text) => (14, text),
            Key::Address(text) => (15, text),
            Key::Listed(text) => (16, text),
            Key::Entitled(text) => (17, text),
            Key::JobOf(text) => (18, text),
            Key::EndsWith(text) => (19, text),
            Key::Told(text) => (20, text),
            Key::RunWith(text) => (21, text),
            Key::RunOn(text) => (22, text),
            Key::Alias(text, rel) => (32 + rel as u8, text),
        }
    }
}

/// Visits every key by which an event is found; some of them twice.
pub fn of_event(event: &Event<'_>, each: &mut dyn FnMut(Key<'_>)) {
    if let Some(used) = &event.credential {
        each(Key::Used(&used.uri));
        if event.agent.run.is_some() {
            each(Key::RunWith(&used.uri));
        }
        used.native_id.iter().for_each(|id| each(Key::UsedId(id)));
        each_end(&used.uri, used.native_id.as_deref(), each);
    }
    if let Some(issued) = &event.issued_credential {
        each(Key::Issued(&issued.uri));
        each_end(&issued.uri, issued.native_id.as_deref(), each);
        issued.native_id.iter().for_each(|id| each(Key::IssuedId(id)));
        let used = event.credential.as_ref().map(|used| &used.uri);
        issued.parent.as_ref().or(used).into_iter().for_each(|parent| each(Key::IssuedFrom(parent)));
    }
    let issued = event.issued_credential.as_ref().map(|issued| issued.uri.as_str());
    for alias in &event.aliases {
        if alias.rel == AliasRel::CredentialOf && Some(alias.a.as_str()) == issued {
            each(Key::IssuedTo(&alias.b));
        }
        each(Key::Alias(&alias.a, alias.rel));
        each(Key::Alias(&alias.b, alias.rel));
    }
    event.credential_changes.iter().for_each(|change| each(Key::Changed(&change.uri)));
    if let Some(session) = &event.session {
        each(Key::Session(session));
        each(Key::EndsWith(end(session)));
    }
    each(Key::Principal(&event.actor.uri));
    event.subject.iter().chain(&event.initiator).for_each(|uri| each(Key::Principal(uri)));
    event.chain.iter().for_each(|step| each(Key::Principal(&step.principal)));
    event.actor.name.iter().for_each(|name| each(Key::Name(name)));
    let of_run = is_run(event.session.as_deref(), &event.aliases, |alias| (&alias.a, alias.rel));
    for resource in &event.resources {
        if of_run {
            each(Key::RunOn(&resource.uri));
        }
        each(Key::Resource(&resource.uri));
        resource.name.iter().for_each(|name| each(Key::Name(name)));
    }
    event.correlation_ids.iter().for_each(|id| each(Key::Correlation(id)));
    event.grant_refs.iter().for_each(|uri| each(Key::Grant(uri)));
    for grant in &event.grants {
        if !is_lease(&grant.uri) {
            each(Key::Told(GRANT));
        }
        each(Key::Grant(&grant.uri));
        each(Key::EndsWith(end(&grant.uri)));
        grant.beneficiary.iter().for_each(|uri| each(Key::GrantedTo(uri)));
    }
    text(&event.source_event_id).into_iter().for_each(|id| each(Key::SourceEvent(id)));
    text(&event.src.ip).into_iter().for_each(|ip| each(Key::Address(ip)));
    event.inventory.iter().for_each(|listed| each(Key::Listed(&listed.uri)));
    event.entitlements.iter().for_each(|entitlement| each(Key::Entitled(&entitlement.holder)));
    job_of(&event.actor.uri).iter().for_each(|job| each(Key::JobOf(job)));
}

/// The issuer and the repository of a job that showed itself as a foreign subject.
fn job_of(actor: &str) -> Option<String> {
    let name = Name::of(actor).filter(|name| name.platform == "oauth" && name.kind == "subject")?;
    let repository = settings::repository(&decoded(name.id))?;
    Some(format!("{}/{repository}", decoded(name.authority)))
}

/// Whether this is the session of a run: an alias says of what.
fn is_run<A>(session: Option<&str>, aliases: &[A], of: impl Fn(&A) -> (&String, AliasRel)) -> bool {
    let instance = |alias: &A| {
        let (a, rel) = of(alias);
        rel == AliasRel::InstanceOf && Some(a.as_str()) == session
    };
    aliases.iter().any(instance)
}

/// What [`Key::Told`] calls records about grants.
pub const GRANT: &str = "grant";

fn is_lease(grant: &str) -> bool {
    Name::of(grant).is_some_and(|name| name.kind == "lease")
}

/// The end of a credential's URI, where the platform's own id of it is another text: a path, say.
fn each_end(uri: &str, native_id: Option<&str>, each: &mut dyn FnMut(Key<'_>)) {
    if native_id != Some(end(uri)) {
        each(Key::EndsWith(end(uri)));
    }
}

/// The last segment of a URI, without the mark of a name or a claim.
fn end(uri: &str) -> &str {
    let segment = uri.rsplit('/').next().unwrap_or_default();
    segment.strip_prefix(['~', '?']).unwrap_or(segment)
}

fn text<'t>(value: &'t Option<Text<'_>>) -> Option<&'t str> {
    value.as_deref()
}

impl Fact {
    /// Visits every key by which this fact is found; some of them twice.
    pub fn keys(&self, each: &mut dyn FnMut(Key<'_>)) {
        if let Some(used) = &self.credential {
            each(Key::Used(&used.uri));
            if self.agent_run.is_some() {
                each(Key::RunWith(&used.uri));
            }
            used.native_id.iter().for_each(|id| each(Key::UsedId(id)));
            each_end(&used.uri, used.native_id.as_deref(), each);
        }
        if let Some(issued) = &self.issued {
            each(Key::Issued(&issued.uri));
            each_end(&issued.uri, issued.native_id.as_deref(), each);
            issued.native_id.iter().for_each(|id| each(Key::IssuedId(id)));
            let used = self.credential.as_ref().map(|used| &used.uri);
            issued.parent.as_ref().or(used).into_iter().for_each(|parent| each(Key::IssuedFrom(parent)));
        }
        self.holders().for_each(|holder| each(Key::IssuedTo(holder)));
        for alias in &self.aliases {
            each(Key::Alias(&alias.a, alias.rel));
            each(Key::Alias(&alias.b, alias.rel));
        }
        self.changes.iter().for_each(|change| each(Key::Changed(&change.uri)));
        if let Some(session) = &self.session {
            each(Key::Session(session));
            each(Key::EndsWith(end(session)));
        }
        each(Key::Principal(&self.actor.uri));
        self.subject.iter().chain(&self.initiator).for_each(|uri| each(Key::Principal(uri)));
        self.chain.iter().for_each(|step| each(Key::Principal(&step.principal)));
        self.actor.name.iter().for_each(|name| each(Key::Name(name)));
        let of_run = self.is_run();
        for resource in &self.resources {
            if of_run {
                each(Key::RunOn(&resource.uri));
            }
            each(Key::Resource(&resource.uri));
            resource.name.iter().for_each(|name| each(Key::Name(name)));
        }
        self.correlation_ids.iter().for_each(|id| each(Key::Correlation(id)));
        self.grant_refs.iter().for_each(|uri| each(Key::Grant(uri)));
        for grant in &self.grants {
            if !is_lease(&grant.uri) {
                each(Key::Told(GRANT));
            }
            each(Key::Grant(&grant.uri));
            each(Key::EndsWith(end(&grant.uri)));
            grant.beneficiary.iter().for_each(|uri| each(Key::GrantedTo(uri)));
        }
        self.source_event_id.iter().for_each(|id| each(Key::SourceEvent(id)));
        self.src_ip.iter().for_each(|ip| each(Key::Address(ip)));
        self.inventory.iter().for_each(|listed| each(Key::Listed(&listed.uri)));
        self.entitlements.iter().for_each(|entitlement| each(Key::Entitled(&entitlement.holder)));
        job_of(&self.actor.uri).iter().for_each(|job| each(Key::JobOf(job)));
    }

    /// Whether this is a record of a run of a job.
    pub(crate) fn is_run(&self) -> bool {
        is_run(self.session.as_deref(), &self.aliases, |alias| (&alias.a, alias.rel))
    }

    /// Whether a look-up by this key means this fact.
    pub fn has(&self, key: Key<'_>) -> bool {
        let mut found = false;
        self.keys(&mut |own| found |= own == key);
        found
    }
}
