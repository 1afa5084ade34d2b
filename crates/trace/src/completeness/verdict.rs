//! What is said of an hour, and what it rests on.

use serde::Serialize;

use super::Span;

/// What an hour was. The first that applies is the hour's; the others are among its findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The platform itself said that it did not log.
    Stopped,
    /// An upstream proof does not hold, or is missing.
    Unproved,
    /// Numbers of the sender are missing, or it made more records than came.
    Hole,
    /// Silent for longer than its rhythm has.
    Silent,
    /// Heard, and far less than its rhythm has.
    Dripping,
    /// Nobody listened here.
    Blind,
    /// A silence was announced.
    Paused,
    /// Silent, and filled since; or records came late.
    Late,
    /// Receipt and event have parted: a clock, or the way here.
    Drifting,
    /// Much came more than once.
    Doubled,
    /// Too little is known to say anything.
    TooLittleHistory,
    /// Nothing is missing that could be told.
    Complete,
}

impl Verdict {
    /// All of them, the gravest first.
    pub const ALL: [Verdict; 12] = [
        Verdict::Stopped,
        Verdict::Unproved,
        Verdict::Hole,
        Verdict::Silent,
        Verdict::Dripping,
        Verdict::Blind,
        Verdict::Paused,
        Verdict::Late,
        Verdict::Drifting,
        Verdict::Doubled,
        Verdict::TooLittleHistory,
        Verdict::Complete,
    ];

    /// As it is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Verdict::Stopped => "stopped",
            Verdict::Unproved => "unproved",
            Verdict::Hole => "hole",
            Verdict::Silent => "silent",
            Verdict::Dripping => "dripping",
            Verdict::Blind => "blind",
            Verdict::Paused => "paused",
            Verdict::Late => "late",
            Verdict::Drifting => "drifting",
            Verdict::Doubled => "doubled",
            Verdict::TooLittleHistory => "too-little-history",
            Verdict::Complete => "complete",
        }
    }

    /// Whether records may be missing for good, and nobody had announced it.
    pub const fn is_gap(self) -> bool {
        matches!(
            self,
            Verdict::Stopped | Verdict::Unproved | Verdict::Hole | Verdict::Silent | Verdict::Dripping | Verdict::Blind
        )
    }
}

/// Something that was found about a source, with its place and evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What.
    pub verdict: Verdict,
    /// When.
    pub span: Span,
    /// Whether it lasts.
    pub open: bool,
    /// In words, with the figures that it rests on.
    pub what: String,
    /// Records that are missing, or came late, or came again; none where it is not known.
    pub records: Option<u64>,
    /// Leaves that show it: of a gap the records before and after it.
    pub leaves: Vec<u64>,
}
