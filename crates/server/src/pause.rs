//! Announced silences of sources, folded from sealed directives.
//!
//! While one lasts, nothing is taken for the source: a sender that keeps what it could not deliver sends it afterwards, and
//! a puller rests. That it was announced, by when and why, is part of the record.

use std::collections::BTreeMap;

use model::{Directive, Millis};
use parking_lot::RwLock;

/// A silence of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// The source.
    pub source: String,
    /// Why, for people.
    pub reason: String,
    /// When it ends by itself.
    pub until: Millis,
}

/// The last word about each source that was ever paused.
#[derive(Debug, Default)]
pub struct Pauses {
    by_source: RwLock<BTreeMap<String, Pause>>,
}

impl Pauses {
    /// Folds a directive in; those that are not about pauses change nothing.
    pub fn apply(&self, directive: &Directive) {
        match directive {
            Directive::SourcePaused { name, reason, until_ms, author: _ } => {
                let pause = Pause { source: name.clone(), reason: reason.clone(), until: Millis(*until_ms) };
                self.by_source.write().insert(name.clone(), pause);
            }
            Directive::SourceResumed { name } => drop(self.by_source.write().remove(name)),
            _ => {}
        }
    }

    /// The silence of a source, if one lasts.
    pub fn of(&self, source: &str, now: Millis) -> Option<Pause> {
        self.by_source.read().get(source).filter(|pause| pause.until > now).cloned()
    }

    /// All silences that last, by source.
    pub fn all(&self, now: Millis) -> Vec<Pause> {
        self.by_source.read().values().filter(|pause| pause.until > now).cloned().collect()
    }
}
