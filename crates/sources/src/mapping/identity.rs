//! Templates of canonical URIs: `user/{/actor/gid}`, with `~` before a name and `?` before a claim.

use std::borrow::Cow;

use model::uri::{self, Class};

use super::value::{Condition, Env, Template, Value};
use crate::field::hyphened;

/// The first alternative whose parts are all there.
#[derive(Debug, Default)]
pub(super) struct Identity {
    pub(super) alternatives: Vec<Named>,
}

/// One way to name something.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) when: Vec<Condition>,
    /// Another platform than the mapping's, for names that it logs and did not give.
    pub(super) platform: Option<&'static str>,
    pub(super) authority: Option<Value>,
    pub(super) kind: Kind,
    pub(super) segments: Vec<Segment>,
    pub(super) said: Box<str>,
}

#[derive(Debug)]
pub(super) enum Kind {
    Fixed(&'static str),
    From(Template),
}

#[derive(Debug)]
pub(super) struct Segment {
    pub(super) mark: Mark,
    pub(super) template: Template,
}

/// How much a segment of a URI is worth (`identity.md` 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Never given to another.
    Id,
    /// Mutable.
    Name,
    /// Checked by nobody.
    Claim,
}

/// Platform and authority of names that say nothing else.
#[derive(Clone, Copy)]
pub(super) struct Home<'h> {
    pub(super) platform: &'static str,
    pub(super) authority: &'h str,
}

/// A URI, and its type as the platform calls it.
pub(super) struct Uri {
    pub(super) uri: String,
    pub(super) kind: Cow<'static, str>,
}

impl Identity {
    pub(super) fn get(&self, class: Class, home: Home<'_>, env: &Env<'_, '_>, is_claim: bool) -> Option<Uri> {
        self.alternatives.iter().find_map(|named| named.get(class, home, env, is_claim))
    }

    /// The URI as that of a principal.
    pub(super) fn principal(&self, home: Home<'_>, env: &Env<'_, '_>) -> Option<String> {
        self.get(Class::Principal, home, env, false).map(|uri| uri.uri)
    }
}

impl Named {
    pub(super) fn get(&self, class: Class, home: Home<'_>, env: &Env<'_, '_>, is_claim: bool) -> Option<Uri> {
        if !env.all(&self.when) {
            return None;
        }
        let kind = match &self.kind {
            Kind::Fixed(kind) => Cow::Borrowed(*kind),
            Kind::From(template) => Cow::Owned(Some(hyphened(&template.get(env)?)).filter(|kind| !kind.is_empty())?),
        };
        let authority = match &self.authority {
            None => Cow::Borrowed(home.authority),
            Some(authority) => authority.get(env).unwrap_or(Cow::Borrowed("unknown")),
        };
        let mut builder = uri::build(class, self.platform.unwrap_or(home.platform), &authority, &kind);
        for segment in &self.segments {
            let text = segment.template.get(env)?;
            builder = match segment.mark {
                _ if is_claim => builder.claim(&text),
                Mark::Id => builder.id(&text),
                Mark::Name => builder.name(&text),
                Mark::Claim => builder.claim(&text),
            };
        }
        Some(Uri { uri: builder.finish(), kind })
    }

    /// Why it names nothing; asked only when it names nothing.
    pub(super) fn why_not(&self, env: &Env<'_, '_>) -> String {
        if let Some(failed) = self.when.iter().find(|condition| !condition.holds(env)) {
            return format!("not so: {}", failed.said);
        }
        let absent = self.templates().flat_map(Template::places).find(|place| env.at(place).is_none());
        absent.map_or_else(|| "no type".to_owned(), |place| format!("{} has no value", place.said))
    }

    pub(super) fn templates(&self) -> impl Iterator<Item = &Template> {
        let kind = match &self.kind {
            Kind::From(template) => Some(template),
            Kind::Fixed(_) => None,
        };
        kind.into_iter().chain(self.segments.iter().map(|segment| &segment.template))
    }
}
