//! What the lake asks of the ledger: leaves in order, and where their files are.

use std::ops::ControlFlow;
use std::path::PathBuf;

use crate::Result;
use crate::derive::Sealed;

/// A live evidence file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// First leaf in it.
    pub first: u64,
    /// Last leaf in it.
    pub last: u64,
    /// Where it is.
    pub path: PathBuf,
}

/// A published checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Leaves below it.
    pub size: u64,
    /// Root over them, base64 as in the signed note.
    pub root: String,
}

/// A log as of one size. It does not change while it is asked; a newer size is another value.
pub trait Evidence: std::fmt::Debug + Send + Sync {
    /// Short name of the log ([`model::log_short`]).
    fn log(&self) -> &str;

    /// Number of leaves.
    fn size(&self) -> u64;

    /// The live evidence files below the size, ascending and without overlap.
    fn segments(&self) -> &[Segment];

    /// Visits the leaves of `from..to` in order, until told to stop.
    ///
    /// # Errors
    /// Evidence, if a leaf cannot be read.
    fn scan(&self, from: u64, to: u64, visit: &mut dyn FnMut(&Sealed<'_>) -> ControlFlow<()>) -> Result<()>;

    /// Visits single leaves, in the order of the log.
    ///
    /// # Errors
    /// Evidence, if one of them cannot be read.
    fn leaves(&self, indexes: &[u64], visit: &mut dyn FnMut(&Sealed<'_>)) -> Result<()>;

    /// The published checkpoints, oldest first.
    ///
    /// # Errors
    /// Evidence, if the history cannot be read.
    fn checkpoints(&self) -> Result<Vec<Checkpoint>>;
}

/// Visits leaves with a function that can fail, and stops at its first error.
pub(crate) fn try_scan(
    evidence: &dyn Evidence,
    from: u64,
    to: u64,
    mut visit: impl FnMut(&Sealed<'_>) -> Result<ControlFlow<()>>,
) -> Result<()> {
    let mut failed = None;
    evidence.scan(from, to, &mut |leaf| match visit(leaf) {
        Ok(flow) => flow,
        Err(error) => {
            failed = Some(error);
            ControlFlow::Break(())
        }
    })?;
    failed.map_or(Ok(()), Err)
}
