//! Known secrets, replaced before sealing (`sealed-log.md` 5.2).
//!
//! Only structure decides: a known prefix with its length or checksum, a JSON web token, an
//! `Authorization` value, a private key, the password in a URL, a field that is known to hold a
//! credential. Nothing is guessed from how random a text looks. [`RULES`] lists what is known;
//! what is not in it is not found, so say "known secrets", never "no secrets".
//!
//! A secret becomes `deedbook:secret:<rule>:<fingerprint>`, letters that no JSON string has to
//! escape, so a record that parsed still parses, at any depth of JSON inside of JSON. The
//! fingerprint is HMAC-SHA256(key, SHA-256(secret)): equal secrets stay equal, and a platform that
//! logs the SHA-256 of a token joins with them.

mod field;
mod rule;

#[cfg(test)]
mod tests;

use std::ops::Range;

use aho_corasick::{AhoCorasick, Input, Match, Span, packed};
use hmac::{Hmac, KeyInit, Mac};
use model::Replacement;
use sha2::{Digest, Sha256};

use rule::Anchor;
pub use rule::{RULES, Rule};

/// How many hex digits of the fingerprint stand in the replacement.
const FINGERPRINT_DIGITS: usize = 32;

/// How often a record is looked through at most. A second pass finds what the first one ran into, a
/// third one has yet to find anything.
const PASSES_MAX: usize = 3;

/// What every replacement begins with.
const MARK: &str = "deedbook:secret:";

/// Finds known secrets and replaces them.
#[derive(Clone, Debug)]
pub struct Scrubber {
    finder: Finder,
    /// What each pattern of the finder leads to.
    anchors: Vec<Anchor>,
    at_sign: Option<Anchor>,
    mac: Hmac<Sha256>,
}

/// One pass for all anchors.
#[derive(Clone, Debug)]
enum Finder {
    /// With vector instructions.
    Packed(packed::Searcher),
    /// On processors without them.
    Automaton(AhoCorasick),
}

impl Finder {
    fn find(&self, record: &[u8], from: usize) -> Option<Match> {
        match self {
            Finder::Packed(searcher) => searcher.find_in(record, Span { start: from, end: record.len() }),
            Finder::Automaton(automaton) => automaton.find(Input::new(record).range(from..)),
        }
    }
}

/// A record whose known secrets were replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scrubbed {
    /// The record with the replacements in it.
    pub body: Vec<u8>,
    /// Where they are in `body`, in order.
    pub replacements: Vec<Replacement>,
}

/// Why there is no scrubber.
#[derive(Debug, thiserror::Error)]
#[error("the table of secret rules does not compile")]
pub struct Error(#[from] aho_corasick::BuildError);

impl Scrubber {
    /// A scrubber with the 32 random bytes of `keys/<short>.fp`. Fails only if the table of rules
    /// is wrong, which a test would show.
    pub fn new(fingerprint_key: [u8; 32]) -> Result<Scrubber, Error> {
        // HMAC pads a short key with zeros to the block length; done here, it cannot fail.
        let mut block = [0; 64];
        for (to, from) in block.iter_mut().zip(fingerprint_key) {
            *to = from;
        }
        let (patterns, anchors): (Vec<_>, Vec<_>) = rule::anchors().into_iter().unzip();
        let finder = match packed::Searcher::new(&patterns) {
            Some(searcher) => Finder::Packed(searcher),
            None => Finder::Automaton(AhoCorasick::new(&patterns)?),
        };
        Ok(Scrubber { finder, anchors, at_sign: rule::at_sign(), mac: Hmac::new(&block.into()) })
    }

    /// Replaces the known secrets of a record, JSON or plain text; `None` if it has none. What comes
    /// out has none: a secret that runs into another, as a token in the middle of a password, is
    /// replaced as a whole.
    pub fn scrub(&self, record: &[u8]) -> Option<Scrubbed> {
        let Pass { mut scrubbed, .. } = self.pass(record)?;
        for _ in 1..PASSES_MAX {
            let Some(later) = self.pass(&scrubbed.body) else { break };
            scrubbed = later.after(&scrubbed.replacements);
        }
        Some(scrubbed)
    }

    /// Replaces the secrets that do not run into one before them.
    fn pass(&self, record: &[u8]) -> Option<Pass> {
        let mut pass: Option<Pass> = None;
        let mut done = 0;
        let mut next = Next { anchor: self.finder.find(record, 0), at_sign: memchr::memchr(b'@', record) };
        while let Some((anchor, at)) = self.next(record, &mut next, done) {
            let Some(secret) = anchor.look(record, at, done).filter(|secret| secret.begin >= done) else { continue };
            let Pass { scrubbed, taken } = pass.get_or_insert_with(|| Pass {
                scrubbed: Scrubbed { body: Vec::with_capacity(record.len() + 256), replacements: Vec::new() },
                taken: Vec::new(),
            });
            scrubbed.body.extend_from_slice(record.get(done..secret.begin).unwrap_or_default());
            let offset = scrubbed.body.len();
            self.replace(&secret, record, &mut scrubbed.body);
            scrubbed.replacements.push(Replacement {
                offset: u32::try_from(offset).unwrap_or(u32::MAX),
                length: u32::try_from(scrubbed.body.len() - offset).unwrap_or(u32::MAX),
                rule: secret.rule.number,
            });
            taken.push(secret.begin..secret.end);
            done = secret.end;
        }
        if let Some(Pass { scrubbed, .. }) = &mut pass {
            scrubbed.body.extend_from_slice(record.get(done..).unwrap_or_default());
        }
        pass
    }

    /// The next place to look closer at, at or after `from`.
    fn next(&self, record: &[u8], next: &mut Next, from: usize) -> Option<(Anchor, usize)> {
        if next.anchor.is_some_and(|hit| hit.start() < from) {
            next.anchor = self.finder.find(record, from);
        }
        if next.at_sign.is_some_and(|at| at < from) {
            next.at_sign = at_sign(record, from);
        }
        let hit = next.anchor.filter(|hit| next.at_sign.is_none_or(|at| hit.start() < at));
        match (hit, next.at_sign) {
            (Some(hit), _) => {
                next.anchor = self.finder.find(record, hit.end());
                Some((self.anchors.get(hit.pattern().as_usize()).copied()?, hit.start()))
            }
            (None, Some(at)) => {
                next.at_sign = at_sign(record, at + 1);
                Some((self.at_sign?, at))
            }
            (None, None) => None,
        }
    }

    /// The fingerprint of a secret, as it stands in a replacement.
    pub fn fingerprint(&self, secret: &[u8]) -> String {
        self.fingerprint_of_sha256(&Sha256::digest(secret).into())
    }

    /// The fingerprint of a secret of which only the SHA-256 is known.
    pub fn fingerprint_of_sha256(&self, sha256: &[u8; 32]) -> String {
        let mut mac = self.mac.clone();
        mac.update(sha256);
        let mut text = model::hex(&mac.finalize().into_bytes());
        text.truncate(FINGERPRINT_DIGITS);
        text
    }

    fn replace(&self, secret: &Secret, record: &[u8], out: &mut Vec<u8>) {
        let raw = record.get(secret.begin..secret.end).unwrap_or_default();
        let fingerprint = match field::unescape(raw, secret.levels) {
            Some(plain) => self.fingerprint(plain.as_bytes()),
            None => self.fingerprint(raw),
        };
        for part in [MARK, secret.rule.name, ":", &fingerprint] {
            out.extend_from_slice(part.as_bytes());
        }
    }
}

/// What one pass over a record replaced.
struct Pass {
    scrubbed: Scrubbed,
    /// For each replacement, what it took the place of.
    taken: Vec<Range<usize>>,
}

impl Pass {
    /// The record with the replacements of the pass before this one too, moved with the text. One
    /// that lies in a secret found now is part of it.
    fn after(self, earlier: &[Replacement]) -> Scrubbed {
        let Pass { scrubbed: Scrubbed { body, mut replacements }, taken } = self;
        let moved = earlier.iter().filter_map(|old| {
            let before = taken.partition_point(|range| range.end <= old.offset as usize);
            if taken.get(before).is_some_and(|range| range.start < (old.offset + old.length) as usize) {
                return None;
            }
            let ends = before.checked_sub(1).and_then(|last| Some((taken.get(last)?.end, replacements.get(last)?)));
            let (then, now) = ends.map_or((0, 0), |(end, new)| (end, new.offset + new.length));
            Some(Replacement { offset: now + (old.offset - u32::try_from(then).ok()?), ..*old })
        });
        let moved: Vec<Replacement> = moved.collect();
        replacements.extend(moved);
        replacements.sort_by_key(|replacement| replacement.offset);
        Scrubbed { body, replacements }
    }
}

/// The next hit of each search.
struct Next {
    anchor: Option<Match>,
    at_sign: Option<usize>,
}

fn at_sign(record: &[u8], from: usize) -> Option<usize> {
    Some(from + memchr::memchr(b'@', record.get(from..)?)?)
}

/// A secret in a record.
struct Secret {
    begin: usize,
    end: usize,
    /// How often it is wrapped in JSON strings, if it may hold escapes.
    levels: usize,
    rule: &'static Rule,
}
