//! From files to sealed leaves: what to read, where it stood, how it is cut into records, and how
//! fast it may go.
//!
//! A delivery (a file, a stream, a part of a growing file) is opened and decoded ([`content`]), split
//! by `sources::split`, scrubbed and committed to on worker threads, and submitted to the ledger in
//! order ([`run`]). Positions travel inside the sealed headers, so what is already known ([`State`]) is
//! a fold of the log: delete it and it comes back equal.
//!
//! This crate knows nothing of the tree, of SQL, or of what a record means.

mod caller;
mod content;
mod delivery;
mod door;
mod folder;
mod follow;
mod grown;
mod inputs;
mod progress;
mod pulled;
mod run;
mod secrets;
mod state;
mod store;
mod survey;

pub use caller::{Opened, Relayed, TOKENS_MAX, token_ranges};
pub use content::{DECODE_RATIO_MAX, Encoding};
pub use door::{Cut, Door, Parcel, Receipt, Refused, Sealed, Submission, Submitted, decode, is_packed};
pub use folder::Folders;
pub use follow::Follow;
pub use inputs::{Input, Unread, check_pattern, expand};
pub use progress::{Progress, Snapshot};
pub use pulled::{Stream, resource_name};
pub use run::{Options, Pipeline, Summary};
pub use secrets::{Replaced, Unscrubbed};
pub use state::{Source, State};
pub use survey::survey;

/// What can go wrong while collecting. A file that cannot be read is not an error but an [`Unread`]:
/// the others go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The ledger refused or stopped.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// The derived positions cannot be kept.
    #[error("positions in {path}: {message}; delete the file, it is rebuilt from the log")]
    State {
        /// The file.
        path: String,
        /// What the store said.
        message: String,
    },
    /// A source is set to another platform.
    #[error("source `{name}` is set to platform {existing}, not {wanted}; use another --source name")]
    SourcePlatform {
        /// Its name.
        name: String,
        /// What it is set to.
        existing: String,
        /// What was asked for.
        wanted: String,
    },
    /// A worker thread ended early.
    #[error("a worker thread stopped; what was acknowledged is sealed, run the same command again")]
    Worker,
}
