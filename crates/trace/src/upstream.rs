//! What the platforms themselves say about their logs: switched off, on, changed, thrown away.
//!
//! A module gives such a call the class Event Log Activity (1008) and an activity; that is all this needs. What
//! each platform can say, and what it cannot, is in `docs/completeness-stops.md`.

use model::Status;
use serde::{Deserialize, Serialize};

use crate::Fact;

/// OCSF class of calls that concern a log.
const EVENT_LOG_ACTIVITY: u32 = 1008;

/// What became of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Logging {
    /// It is written from here on.
    Started,
    /// It is not written from here on.
    Stopped,
    /// It is set up otherwise; the record does not show whether it says more or less.
    Changed,
    /// What was written, or what writes it, is gone.
    Deleted,
}

impl Logging {
    /// By class and activity of an event. Nothing becomes of a log that is exported, archived or rotated.
    pub fn of(class_uid: u32, activity_id: u8) -> Option<Logging> {
        if class_uid != EVENT_LOG_ACTIVITY {
            return None;
        }
        match activity_id {
            1 | 2 => Some(Logging::Deleted),
            3..=5 => None,
            6 | 8 | 9 => Some(Logging::Started),
            7 | 10 => Some(Logging::Stopped),
            _ => Some(Logging::Changed),
        }
    }

    /// Whether less is known from here on, for sure or perhaps.
    pub fn blinds(self) -> bool {
        self != Logging::Started
    }

    /// The one spelling of it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Logging::Started => "started",
            Logging::Stopped => "stopped",
            Logging::Changed => "changed",
            Logging::Deleted => "deleted",
        }
    }
}

impl std::fmt::Display for Logging {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a fact says became of a log, and whether it did: a call that was refused stopped nothing, but
/// somebody tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop<'a> {
    /// What was asked for.
    pub logging: Logging,
    /// False where the call failed; true as well where its outcome is not told, since then it may have been done.
    pub done: bool,
    /// URI of the log, trail, sink, device or stream; none where the record names none.
    pub what: Option<&'a str>,
}

/// What a fact says about a log of its platform.
pub fn stops(fact: &Fact) -> Option<Stop<'_>> {
    let logging = fact.logging?;
    let what = fact.resources.first().map(|resource| resource.uri.as_str());
    Some(Stop { logging, done: fact.status != Status::Failure, what })
}
