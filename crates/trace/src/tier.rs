//! How strong a link is.

/// Strength of the evidence behind one link, strongest first.
///
/// The weakest link of a chain is its tier: [`Ord::max`] over the links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub enum Tier {
    /// A unique token id stands in both records, or one record shows both ends.
    L1,
    /// The id of a long-lived key stands in both records.
    L2,
    /// A session, or an account with its caller and a window of time.
    L3,
    /// A heuristic: it fits, and something else might fit as well.
    L4,
}

impl Tier {
    /// The one spelling of this tier.
    pub const fn as_str(self) -> &'static str {
        match self {
            Tier::L1 => "L1",
            Tier::L2 => "L2",
            Tier::L3 => "L3",
            Tier::L4 => "L4",
        }
    }
}

impl std::fmt::Display for Tier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
