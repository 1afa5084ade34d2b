//! What an answer was computed from, so that it can be repeated.

use model::Millis;
use sha2::{Digest as _, Sha256};

use crate::{Error, ErrorKind, Result};

/// Hex digits of a normaliser, and of what stands for several.
const NORMALISER_DIGITS: usize = 16;

/// The log, how much of it was seen, what turned it into an answer, and when that was. Written
/// `<log>-<size>.<normaliser>.r<resolution>.<asked>`; everything else an answer depends on is in the
/// leaves below the size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Short name of the log.
    pub log: String,
    /// Leaves below this one were seen.
    pub size: u64,
    /// What turned the records below the size into events: one normaliser, or a digest over several and
    /// where each begins.
    pub normaliser: String,
    /// Version of the rules of lineage and aliases.
    pub resolution: u32,
    /// The moment as of which things were called alive or ended, milliseconds since 1970.
    pub asked: Millis,
}

impl Pin {
    /// Of an answer that this release computes over so many leaves, read by these normalisers, each with
    /// the first leaf it read.
    pub(crate) fn now(log: &str, size: u64, read_by: &[(u64, String)], asked: Millis) -> Pin {
        let normaliser = match read_by {
            [(_, only)] => only.clone(),
            several => {
                let mut hash = Sha256::new();
                several.iter().for_each(|(first, normaliser)| hash.update(format!("{first} {normaliser}\n")));
                let mut hex = model::hex(&hash.finalize());
                hex.truncate(NORMALISER_DIGITS);
                hex
            }
        };
        Pin { log: log.to_owned(), size, normaliser, resolution: trace::RESOLUTION, asked }
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

    /// Whether this release can repeat an answer with this pin: `now` is the pin of the answer that it would
    /// give in its place, `size` how many leaves the log has.
    pub(crate) fn holds(&self, now: &Pin, size: u64) -> Result<()> {
        let refuse = |why: String| Err(Error::new(ErrorKind::Invalid, format!("pin {self} cannot be repeated: {why}")));
        if self.log != now.log {
            return refuse(format!("it is of log {}, this is log {}", self.log, now.log));
        }
        if self.size > size {
            return refuse(format!(
                "it saw {} leaves, the log has {size}: it was cut, run `deedbook verify`",
                self.size
            ));
        }
        if self.normaliser != now.normaliser {
            let (theirs, ours) = (&self.normaliser, &now.normaliser);
            return refuse(format!("view gone, its records were read by normaliser {theirs}, here by {ours}"));
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

    fn pin(read_by: &[(u64, &str)]) -> Pin {
        let read_by: Vec<(u64, String)> = read_by.iter().map(|(first, by)| (*first, (*by).to_owned())).collect();
        Pin::now("3f2a91c0", 812, &read_by, Millis(1_795_168_800_000))
    }

    #[test]
    fn a_pin_is_read_back_in_one_spelling_only() {
        let pin = pin(&[(0, "0123456789abcdef")]);
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
        let pin = pin(&[(0, "0123456789abcdef")]);
        pin.holds(&pin, 900).unwrap();
        let why = |pin: &Pin, now: &Pin, size| pin.holds(now, size).unwrap_err().to_string();
        assert!(why(&pin, &Pin { log: "ffffffff".to_owned(), ..pin.clone() }, 900).contains("of log 3f2a91c0"));
        assert!(why(&pin, &pin, 811).contains("has 811"));
        assert!(why(&Pin { normaliser: "0".repeat(16), ..pin.clone() }, &pin, 900).contains("view gone"));
        assert!(why(&Pin { resolution: 0, ..pin.clone() }, &pin, 900).contains("version 0 of the rules"));
    }

    #[test]
    fn what_several_normalisers_read_is_not_what_one_of_them_read() {
        let (old, new) = ("0123456789abcdef", "fedcba9876543210");
        let all = [pin(&[(0, old)]), pin(&[(0, new)]), pin(&[(0, old), (400, new)]), pin(&[(0, old), (401, new)])];
        for (at, one) in all.iter().enumerate() {
            assert_eq!(one.normaliser.len(), NORMALISER_DIGITS);
            assert_eq!(Pin::parse(&one.to_string()).unwrap(), *one);
            assert!(all.iter().skip(at + 1).all(|other| one.holds(other, 812).is_err()), "{one}");
        }
    }
}
