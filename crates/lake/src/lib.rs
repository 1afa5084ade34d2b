//! The derived tables: Arrow schema, Parquet, DataFusion, SQL.
//!
//! The ledger is ground state, everything here is derived from it: delete `lake/`, and the same rows
//! come back. [`Deriver`] folds leaves into rows, [`Follower`] writes the rows of each segment as
//! Parquet and says what a caller may seal about it, [`Lake`] answers questions over the sealed files
//! and, derived on the fly, over the leaves that have no files yet.
//!
//! This crate does not know how the ledger writes, never appends a leaf, and knows no HTTP.

mod catalog;
mod cells;
mod completeness;
mod derive;
mod error;
mod evidence;
mod facts;
mod files;
mod filter;
mod functions;
pub mod json;
mod lack;
mod lake;
mod log;
mod lookup;
mod needle;
mod number;
mod pin;
mod rows;
pub mod schema;
mod session;
mod tables;
mod tail;
mod twice;
mod views;
mod writer;

pub use arrow::array::RecordBatch;
pub use cells::Column;
pub use completeness::{Told, is_of_this_machine};
pub use derive::{Deriver, Issuer, Outcome, Sealed, Source};
pub use error::{Error, ErrorKind, Result};
pub use evidence::{Checkpoint, Evidence, Segment};
pub use facts::Facts;
pub use filter::{Cursor, Filter};
pub use lack::{Completeness, Lack, Seen};
pub use lake::{Difference, Lake, Progress, check};
pub use log::Log;
pub use pin::Pin;
pub use rows::EventRows;
pub use session::{Answer, Limits};
pub use twice::WINDOW_LEAVES;
pub use writer::{Closing, Counts, Follower, Written};
