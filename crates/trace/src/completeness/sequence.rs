//! The sender's own numbers: which are missing, which came twice.
//!
//! A row of numbers may be told out of order. What counts is what is missing when all was told: a hole that is filled
//! later is none.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::input::{Number, Receipt};

/// Runs of numbers that one row may have before the oldest are let go.
const RUNS_MAX: usize = 4_096;

/// Rows of numbers of one source.
const STREAMS_MAX: usize = 65_536;

/// A number this much below all that were seen begins a new row: the sender has started again.
const RESTART_BELOW: u64 = 1_000;

/// Where a number was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) number: u64,
    pub(crate) at_ms: i64,
    pub(crate) leaf: u64,
}

/// Numbers without a hole, from one to another.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Run {
    first: Seen,
    last: Seen,
}

/// Numbers that are missing between two that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hole {
    pub(crate) stream: u64,
    pub(crate) before: Seen,
    pub(crate) after: Seen,
}

impl Hole {
    /// How many numbers are missing.
    pub(crate) fn missing(&self) -> u64 {
        self.after.number.saturating_sub(self.before.number).saturating_sub(1)
    }
}

/// One row of numbers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Row {
    /// Runs, ascending.
    runs: Vec<Run>,
    /// Holes of rows that were left behind by a restart, or that are too old to be filled.
    closed: Vec<(Seen, Seen)>,
}

/// All rows of one source.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Sequences {
    rows: BTreeMap<u64, Row>,
}

impl Sequences {
    /// Takes a number; true when it was there already.
    pub(crate) fn push(&mut self, number: Number, receipt: &Receipt, at_ms: i64) -> bool {
        if self.rows.len() >= STREAMS_MAX && !self.rows.contains_key(&number.stream) {
            return false;
        }
        let seen = Seen { number: number.number, at_ms, leaf: receipt.leaf };
        self.rows.entry(number.stream).or_default().push(seen)
    }

    /// Whether there are any numbers.
    pub(crate) fn any(&self) -> bool {
        !self.rows.is_empty()
    }

    /// What is missing now.
    pub(crate) fn holes(&self) -> impl Iterator<Item = Hole> {
        self.rows.iter().flat_map(|(stream, row)| {
            let open = row.runs.windows(2).filter_map(|pair| match pair {
                [before, after] => Some((before.last, after.first)),
                _ => None,
            });
            let all = row.closed.iter().copied().chain(open);
            all.map(|(before, after)| Hole { stream: *stream, before, after })
        })
    }
}

impl Row {
    fn push(&mut self, seen: Seen) -> bool {
        let number = seen.number;
        // The usual case: the next number.
        if let Some(run) = self.runs.last_mut()
            && run.last.number.checked_add(1) == Some(number)
        {
            run.last = seen;
            return false;
        }
        let lowest = self.runs.first().map_or(number, |run| run.first.number);
        if number == 0 && lowest > 0 || number.saturating_add(RESTART_BELOW) < lowest {
            self.restart();
        }
        let at = self.runs.partition_point(|run| run.last.number < number);
        if self.runs.get(at).is_some_and(|run| run.first.number <= number) {
            return true;
        }
        let joins_before =
            at.checked_sub(1).filter(|before| self.runs.get(*before).is_some_and(|run| run.last.number + 1 == number));
        let joins_after = self.runs.get(at).is_some_and(|run| number + 1 == run.first.number);
        match (joins_before, joins_after) {
            (Some(before), true) => {
                let after = self.runs.remove(at);
                self.runs.get_mut(before).into_iter().for_each(|run| run.last = after.last);
            }
            (Some(before), false) => self.runs.get_mut(before).into_iter().for_each(|run| run.last = seen),
            (None, true) => self.runs.get_mut(at).into_iter().for_each(|run| run.first = seen),
            (None, false) => self.runs.insert(at, Run { first: seen, last: seen }),
        }
        if self.runs.len() > RUNS_MAX {
            let oldest = self.runs.remove(0);
            let next = self.runs.first().map(|run| run.first);
            self.closed.extend(next.map(|next| (oldest.last, next)));
        }
        false
    }

    /// The sender counts from the beginning again.
    fn restart(&mut self) {
        for pair in self.runs.windows(2) {
            if let [before, after] = pair {
                self.closed.push((before.last, after.first));
            }
        }
        self.runs.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(numbers: &[u64]) -> (Vec<(u64, u64)>, usize) {
        let mut sequences = Sequences::default();
        let mut again = 0;
        for (at, number) in numbers.iter().enumerate() {
            let at_ms = at as i64;
            let receipt = Receipt { leaf: at as u64, received_ms: at_ms, event_ms: None, number: None, again: false };
            again += usize::from(sequences.push(Number { stream: 1, number: *number }, &receipt, at_ms));
        }
        (sequences.holes().map(|hole| (hole.before.number, hole.after.number)).collect(), again)
    }

    #[test]
    fn what_is_missing_when_all_was_told_is_a_hole_in_whatever_order() {
        assert_eq!(told(&[5, 6, 7, 8]), (vec![], 0), "the first number that was seen is no hole");
        assert_eq!(told(&[1, 2, 6, 7]), (vec![(2, 6)], 0));
        assert_eq!(told(&[1, 2, 6, 4, 3, 7, 5]), (vec![], 0), "filled later");
        assert_eq!(told(&[1, 3, 2, 3, 1]), (vec![], 2), "told again");
        assert_eq!(told(&[4, 2, 3]), (vec![], 0), "the first ones came late");
    }

    #[test]
    fn a_sender_that_counts_from_the_beginning_has_not_lost_what_it_had() {
        assert_eq!(told(&[900, 901, 0, 1, 2]), (vec![], 0));
        assert_eq!(told(&[90_000, 90_002, 1, 2, 4]), (vec![(90_000, 90_002), (2, 4)], 0), "holes of both stay");
    }
}
