//! What an answer was computed from, so that it can be repeated.

use model::Millis;

use crate::{Error, ErrorKind, Result};

/// The log, how much of it was seen, what turned it into an answer, and when that was. Written
/// `<log>-<size>.<normaliser>.r<resolution>.<asked>`; everything else an answer depends on is in the
/// leaves below the size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Short name of the log.
    pub log: String,
    /// Leaves below this one were seen.
    pub size: u64,
    /// What turned records into events.
    pub normaliser: String,
    /// Version of the rules of lineage and aliases.
    pub resolution: u32,
    /// The moment as of which things were called alive or ended, milliseconds since 1970.
    pub asked: Millis,
}

impl Pin {
    /// Of an answer that this release computes over a log of this size.
    pub(crate) fn now(log: &str, size: u64, asked: Millis) -> Pin {
        Pin { log: log.to_owned(), size, normaliser: sources::normaliser(), resolution: trace::RESOLUTION, asked }
    }

    /// Reads a pin back.
    ///
    /// # Errors
    /// Invalid, if the text is no pin.
    pub fn parse(text: &str) -> Result<Pin> {
        let wrong = || {
            let context = format!(
                "`{text}` is no pin; a pin is `<log>-<size>.<normaliser>.r<resolution>.<asked>`, as answers print it"
            );
            Error::new(ErrorKind::Invalid, context)
        };
        let parts: Vec<&str> = text.split('.').collect();
        let [view, normaliser, resolution, asked] = parts.as_slice() else { return Err(wrong()) };
        let (log, size) = view.split_once('-').ok_or_else(wrong)?;
        let resolution = resolution.strip_prefix('r').and_then(|number| number.parse().ok()).ok_or_else(wrong)?;
        let size = size.parse().map_err(|_| wrong())?;
        let asked = Millis(asked.parse().map_err(|_| wrong())?);
        let pin = Pin { log: log.to_owned(), size, normaliser: (*normaliser).to_owned(), resolution, asked };
        if pin.to_string() == text { Ok(pin) } else { Err(wrong()) }
    }

    /// Whether this release can repeat an answer with this pin over the log of this name and size.
    pub(crate) fn holds(&self, log: &str, size: u64) -> Result<()> {
        let refuse = |why: String| Err(Error::new(ErrorKind::Invalid, format!("pin {self} cannot be repeated: {why}")));
        let now = Pin::now(log, size, self.asked);
        if self.log != now.log {
            return refuse(format!("it is of log {}, this is log {log}", self.log));
        }
        if self.size > size {
            return refuse(format!(
                "it saw {} leaves, the log has {size}: it was cut, run `deedbook verify`",
                self.size
            ));
        }
        if self.normaliser != now.normaliser {
            let (theirs, ours) = (&self.normaliser, now.normaliser);
            return refuse(format!("view gone, records were read by normaliser {theirs}, this release has {ours}"));
        }
        if self.resolution != now.resolution {
            let (theirs, ours) = (self.resolution, now.resolution);
            return refuse(format!("it was computed by version {theirs} of the rules, this release has {ours}"));
        }
        Ok(())
    }
}

impl std::fmt::Display for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Pin { log, size, normaliser, resolution, asked } = self;
        write!(f, "{log}-{size}.{normaliser}.r{resolution}.{asked}", asked = asked.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_read_back_in_one_spelling_only() {
        let pin = Pin::now("3f2a91c0", 812, Millis(1_795_168_800_000));
        assert_eq!(Pin::parse(&pin.to_string()).unwrap(), pin);
        let text = pin.to_string();
        for other in [
            "",
            "3f2a91c0",
            "3f2a91c0-1",
            &text.replace("-812", "-0812"),
            &format!("{text}.x"),
            &text.replace(".r", "."),
        ] {
            assert!(Pin::parse(other).is_err(), "{other}");
        }
    }

    #[test]
    fn a_pin_that_cannot_be_repeated_says_why() {
        let pin = Pin::now("3f2a91c0", 812, Millis(1_795_168_800_000));
        pin.holds("3f2a91c0", 900).unwrap();
        let why = |pin: &Pin, log, size| pin.holds(log, size).unwrap_err().to_string();
        assert!(why(&pin, "ffffffff", 900).contains("of log 3f2a91c0"));
        assert!(why(&pin, "3f2a91c0", 811).contains("has 811"));
        assert!(why(&Pin { normaliser: "0".repeat(16), ..pin.clone() }, "3f2a91c0", 900).contains("view gone"));
        assert!(why(&Pin { resolution: 0, ..pin }, "3f2a91c0", 900).contains("version 0 of the rules"));
    }
}
