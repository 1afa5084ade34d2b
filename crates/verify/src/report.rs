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

    fn joined(&self, before: &str) -> String {
        let more = (self.more > 0).then(|| format!("and {} more", self.more));
        self.kept.iter().cloned().chain(more).collect::<Vec<_>>().join(before)
    }
}

/// What is wrong, and what a reader should know besides.
#[derive(Default)]
pub(crate) struct Findings {
    altered: Lines,
    differs: Lines,
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

    /// The verdict; `facts` say what was checked and what was not.
    pub(crate) fn verdict(self, title: &str, facts: &[String]) -> Result<String, Failure> {
        let facts: String = facts.iter().chain(&self.notes.kept).map(|fact| format!("\n  {fact}")).collect();
        if !self.altered.kept.is_empty() {
            let derived = if self.differs.kept.is_empty() { "" } else { "\nDIFFERS: " };
            let lines = self.altered.joined("\nALTERED: ");
            return Err(Failure::Altered(format!(
                "{lines}{derived}{}\n{title}{facts}",
                self.differs.joined("\nDIFFERS: ")
            )));
        }
        if !self.differs.kept.is_empty() {
            let lines = self.differs.joined("\nDIFFERS: ");
            let remedy = "the evidence is intact; `deedbook lake rebuild` makes these files again";
            return Err(Failure::Differs(format!("{lines}\n{remedy}\n{title}{facts}")));
        }
        Ok(format!("INTACT: {title}{facts}\n"))
    }
}
