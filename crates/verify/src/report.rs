//! What a check of a whole log has found so far, bounded.

use std::fmt::Display;

use crate::Failure;

/// Lines kept of each sort; the rest is counted.
const LINES_MAX: usize = 50;

/// Lines of one sort.
#[derive(Default)]
struct Lines {
    kept: Vec<String>,
    more: usize,
}

impl Lines {
    fn add(&mut self, line: String) {
        if self.kept.len() < LINES_MAX {
            self.kept.push(line);
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
    altered: Lines,
    differs: Lines,
    facts: Vec<String>,
    notes: Lines,
}

impl Findings {
    /// Sealed bytes are not what they were, or not there.
    pub(crate) fn altered(&mut self, place: impl Display, what: impl Display) {
        self.altered.add(format!("{place}: {what}"));
    }

    /// A derived file is not what was announced; the evidence can make it again.
    pub(crate) fn differs(&mut self, place: impl Display, what: impl Display) {
        self.differs.add(format!("{place}: {what}"));
    }

    /// What was checked, or was not.
    pub(crate) fn fact(&mut self, line: impl Into<String>) {
        self.facts.push(line.into());
    }

    /// Not wrong, but worth knowing.
    pub(crate) fn note(&mut self, line: String) {
        self.notes.add(line);
    }

    /// Keeps an alteration, so that the rest is still looked at; other failures end the check.
    pub(crate) fn keep<T>(&mut self, result: Result<T, Failure>) -> Result<Option<T>, Failure> {
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
    pub(crate) fn verdict(self, title: &str) -> Result<String, Failure> {
        let facts: String = self.facts.iter().chain(&self.notes.kept).map(|fact| format!("\n  {fact}")).collect();
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
