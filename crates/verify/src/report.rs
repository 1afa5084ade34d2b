//! What a check of a whole log has found so far, bounded.

use crate::{Failure, Result};

/// Lines kept of each sort; the rest is counted.
const LINES_MAX: usize = 50;

/// Lines of one sort.
#[derive(Default)]
pub(crate) struct Lines {
    kept: Vec<String>,
    more: usize,
}

impl Lines {
    pub(crate) fn add(&mut self, line: impl Into<String>) {
        if self.kept.len() < LINES_MAX {
            self.kept.push(line.into());
        } else {
            self.more += 1;
        }
    }

    /// The lines, this word before each but the first, where the caller has it.
    fn joined(&self, word: &str) -> String {
        let more = (self.more > 0).then(|| format!("and {} more", self.more));
        self.kept.iter().cloned().chain(more).collect::<Vec<_>>().join(&format!("\n{word}: "))
    }
}

/// What is wrong, and what a reader should know besides.
#[derive(Default)]
pub(crate) struct Findings {
    /// Sealed bytes that are not what they were, or not there.
    pub(crate) altered: Lines,
    /// Derived files that are not what was announced; the evidence can make them again.
    pub(crate) differs: Lines,
    /// What was checked, or was not.
    pub(crate) facts: Lines,
    /// Not wrong, but worth knowing.
    pub(crate) notes: Lines,
}

impl Findings {
    /// Keeps an alteration, so that the rest is still looked at; other failures end the check.
    pub(crate) fn keep<T>(&mut self, result: Result<T>) -> Result<Option<T>> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(Failure::Altered(line)) => {
                self.altered.add(line);
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }

    /// The verdict on what the title names.
    pub(crate) fn verdict(self, title: &str) -> Result<String> {
        let facts: String = self.facts.kept.iter().chain(&self.notes.kept).map(|fact| format!("\n  {fact}")).collect();
        let (altered, differs) = (self.altered.joined("ALTERED"), self.differs.joined("DIFFERS"));
        let remedy = "the evidence is intact; `deedbook lake rebuild` makes these files again";
        match (altered.is_empty(), differs.is_empty()) {
            (true, true) => Ok(format!("INTACT: {title}{facts}\n")),
            (true, false) => Err(Failure::Differs(format!("{differs}\n{remedy}\n{title}{facts}"))),
            (false, true) => Err(Failure::Altered(format!("{altered}\n{title}{facts}"))),
            (false, false) => Err(Failure::Altered(format!("{altered}\nDIFFERS: {differs}\n{title}{facts}"))),
        }
    }
}
