//! Records, each counted once however often it was delivered.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::Fact;

/// The records that were told.
#[derive(Default)]
pub(crate) struct Once {
    /// By time and id at the source, which the two entries of one request have in common.
    told: BTreeMap<(i64, Option<String>), Vec<Placed>>,
    records: usize,
}

/// A record, and its place in the order of telling.
type Placed = (Arc<Fact>, usize);

impl Once {
    /// Records told.
    pub(crate) fn len(&self) -> usize {
        self.records
    }

    /// The place of a record, the first being 0, and whether it is told for the first time.
    pub(crate) fn place(&mut self, fact: &Arc<Fact>) -> (usize, bool) {
        let alike = self.told.entry((fact.time, fact.source_event_id.clone())).or_default();
        if let Some((_, place)) = alike.iter().find(|(known, _)| known.is_again(fact)) {
            return (*place, false);
        }
        let place = self.records;
        alike.push((fact.clone(), place));
        self.records += 1;
        (place, true)
    }
}
