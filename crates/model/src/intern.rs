//! Texts that live as long as the process: constants of mapping files, which events borrow like those of modules.
//!
//! A constant of a mapping would otherwise be copied into each event. The same text is kept once, however often a mapping
//! is read, so what is kept is bounded by the different texts that mapping files ever held, and by [`INTERNED_BYTES_MAX`].

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Most bytes that are kept in all; a process that met it is started again.
pub const INTERNED_BYTES_MAX: usize = 16 << 20;

struct Kept {
    texts: BTreeSet<&'static str>,
    bytes: usize,
}

static KEPT: Mutex<Kept> = Mutex::new(Kept { texts: BTreeSet::new(), bytes: 0 });

/// The same text for the life of the process; `None` when [`INTERNED_BYTES_MAX`] is used up.
pub fn intern(text: &str) -> Option<&'static str> {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = kept.texts.get(text) {
        return Some(known);
    }
    if kept.bytes + text.len() > INTERNED_BYTES_MAX {
        return None;
    }
    let text: &'static str = Box::leak(Box::from(text));
    kept.bytes += text.len();
    kept.texts.insert(text);
    Some(text)
}
