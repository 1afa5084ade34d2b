//! What becomes of known secrets on the way to the log, and how many of them there were.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use model::{Directive, Replacement};
use serde::{Deserialize, Serialize};
use sources::scrub::{self, Scrubbed, Scrubber};

/// How many secrets each rule replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaced(BTreeMap<u16, u64>);

impl Replaced {
    /// Of all rules together.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Each rule by its name, with how many it replaced.
    pub fn by_rule(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().map(|(rule, count)| (scrub::rule(*rule).map_or("unknown", |rule| rule.name), *count))
    }

    /// Adds what was replaced elsewhere.
    pub fn merge(&mut self, other: &Replaced) {
        other.0.iter().for_each(|(rule, count)| *self.0.entry(*rule).or_default() += count);
    }

    pub(crate) fn add(&mut self, replacements: &[Replacement]) {
        replacements.iter().for_each(|replacement| *self.0.entry(replacement.rule).or_default() += 1);
    }
}

/// Sources whose known secrets are sealed as they come: those of which the operator's last word says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unscrubbed(BTreeSet<String>);

impl Unscrubbed {
    /// Takes the next directive of the log.
    pub fn apply(&mut self, directive: &Directive) {
        match directive {
            Directive::SourceScrubbing { name, on: false, .. } => drop(self.0.insert(name.clone())),
            Directive::SourceScrubbing { name, on: true, .. } => drop(self.0.remove(name)),
            _ => {}
        }
    }

    /// Whether this source is one of them.
    pub fn contains(&self, source: &str) -> bool {
        self.0.contains(source)
    }

    /// Their names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// What is done about the secrets of one source.
#[derive(Clone, Copy)]
pub(crate) struct Secrets<'s> {
    pub(crate) scrubber: &'s Scrubber,
    /// Whether known secrets are replaced; if not, tokens of callers alone.
    pub(crate) on: bool,
}

impl Secrets<'_> {
    /// As [`Scrubber::scrub_with`], as far as the source is scrubbed.
    pub(crate) fn scrub(self, record: &[u8], tokens: &[Range<usize>]) -> Option<Scrubbed> {
        if self.on { self.scrubber.scrub_with(record, tokens) } else { self.scrubber.replace_tokens(record, tokens) }
    }
}
