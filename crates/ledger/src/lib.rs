//! The ground state: WAL, sequencer, signing, tiles and evidence on disk, recovery, verified reading.
//!
//! What the other crates build on:
//!
//! ```text
//! init(data, &InitOptions, &dyn Clock) -> LogInfo           never implicit
//! discover(data) -> Vec<LogInfo>                { origin, short, created, format, vkey, dir, key, fingerprint_key }
//! Ledger::open(data, short, Options, Arc<dyn Clock>) -> Ledger        one writer, Locked names the pid
//!   ledger.info() -> &LogInfo
//!   ledger.append() -> Append                   submit(Vec<Prepared>) -> Pending; wait() -> Receipt
//!                                               submit_own(Kind, body): a leaf of source 0, numbered by the writer
//!   ledger.follow(LeafIndex) -> Follower        next(Duration) -> Option<Step>
//!     Step::Leaves(Arc<Group>)                  consecutive leaves, none twice, none left out
//!     Step::Closed(Segment)                     all leaves of this evidence file have been handed over
//!   ledger.reader() -> Reader                   the same door as for other processes
//!   ledger.flush(), ledger.publish() -> Signed, ledger.close()
//! Reader::open(data, short) -> Reader; reader.view() -> View          never locks
//!   view.size(), view.root(), view.checkpoint() -> &Signed
//!   view.leaf(LeafIndex) -> Stored
//!   view.scan(Range<u64>, Selection { bodies, only: Option<Kind> }) -> Scan: Iterator<Item = Result<Vec<Stored>>>
//!   view.prove(LeafIndex) -> Proof { the .tlog-proof text, the Stored that opens it }
//!   view.segments() -> &[Segment]               { first, last, generation, path }: plain Parquet
//!   view.tail_from() -> LeafIndex               first leaf that is in no segment yet
//! backup::run(data, short, to, threads, progress) -> Backup  a verified copy, beside a living writer
//! ```
//!
//! This crate knows no SQL, no HTTP and nothing of what a record means.

mod alarm;
mod append;
pub mod backup;
mod checkpoint;
mod clock;
mod disk;
mod error;
mod evidence;
mod head;
mod history;
mod identity;
mod keeper;
mod layout;
mod ledger;
mod merge;
mod options;
mod published;
mod reader;
mod recover;
mod repair;
mod sequencer;
mod stored;
mod tail;
mod tiles;
pub mod verify;
mod wal;

pub use append::{Append, Pending, Receipt};
pub use checkpoint::Signed;
pub use clock::{Clock, SystemClock};
pub use disk::{Disk, File, Guard, RealDisk};
pub use error::{Error, ErrorKind, Result};
pub use evidence::Segment;
pub use identity::{FORMAT, InitOptions, LogInfo, discover, discover_on, init, init_on};
pub use ledger::Ledger;
pub use options::Options;
pub use reader::{Proof, Reader, Scan, Selection, View};
pub use repair::{Repaired, repair};
pub use stored::{Group, Stored};
pub use tail::{Follower, Step};
