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
//!
//! Secrets are ranges of the record as it came. Each rule finds its own, as if it were alone; ranges that
//! overlap become one; each is replaced once, from the bytes that came. So no replacement is ever cut
//! into, and text between two of them is text of the record.

mod field;
mod ldif;
mod rule;
mod sql;

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

/// How often a record is looked through at most. A second pass finds what is a secret only next to a
/// replacement, as a password with a private key in it, whose blanks no URL has; a third one has yet to
/// find anything.
const PASSES_MAX: usize = 4;

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
        self.scrub_with(record, &[])
    }

    /// The same, and the texts at `tokens` are JSON web tokens, whatever they look like. Each is the inside of a JSON
    /// string.
    pub fn scrub_with(&self, record: &[u8], tokens: &[Range<usize>]) -> Option<Scrubbed> {
        let told = tokens.iter().filter(|token| !token.is_empty() && token.end <= record.len());
        let told = told.map(|token| Secret { begin: token.start, end: token.end, levels: 1, rule: rule::token() });
        let mut secrets = union(told.chain(self.find(record)).collect());
        if secrets.is_empty() {
            return None;
        }
        let mut scrubbed = self.replace_all(record, &secrets);
        for _ in 1..PASSES_MAX {
            let later = self.find(&scrubbed.body);
            if later.is_empty() {
                break;
            }
            let later: Vec<Secret> = later.into_iter().map(|found| in_record(found, &scrubbed, &secrets)).collect();
            secrets.extend(later);
            secrets = union(secrets);
            scrubbed = self.replace_all(record, &secrets);
        }
        Some(scrubbed)
    }

    /// What each rule finds in a text. Secrets of one rule do not overlap; those of two may.
    fn find(&self, text: &[u8]) -> Vec<Secret> {
        let mut found = Vec::new();
        // Up to where each rule has worked the text off, so that no rule takes longer than it is long.
        let mut done = [0; rule::TURNS];
        let mut next = Next { anchor: self.finder.find(text, 0), at_sign: memchr::memchr(b'@', text) };
        while let Some((anchor, at)) = self.next(text, &mut next) {
            let Some(done) = done.get_mut(anchor.turn()).filter(|done| **done <= at) else { continue };
            if let Some(secret) = anchor.look(text, at, *done) {
                *done = secret.end;
                found.push(secret);
            }
        }
        found
    }

    /// The next place to look closer at. An anchor may begin inside of another, as that of a private key
    /// in `pypi-----BEGIN `.
    fn next(&self, text: &[u8], next: &mut Next) -> Option<(Anchor, usize)> {
        let hit = next.anchor.filter(|hit| next.at_sign.is_none_or(|at| hit.start() < at));
        match (hit, next.at_sign) {
            (Some(hit), _) => {
                next.anchor = self.finder.find(text, hit.start() + 1);
                Some((self.anchors.get(hit.pattern().as_usize()).copied()?, hit.start()))
            }
            (None, Some(at)) => {
                next.at_sign = at_sign(text, at + 1);
                Some((self.at_sign?, at))
            }
            (None, None) => None,
        }
    }

    /// Replaces secrets, which are in order and do not overlap, and nothing else.
    fn replace_all(&self, record: &[u8], secrets: &[Secret]) -> Scrubbed {
        let mut body = Vec::with_capacity(record.len() + 256);
        let mut replacements = Vec::with_capacity(secrets.len());
        let mut done = 0;
        for secret in secrets {
            body.extend_from_slice(record.get(done..secret.begin).unwrap_or_default());
            let offset = body.len();
            self.replace(secret, record, &mut body);
            replacements.push(Replacement {
                offset: u32::try_from(offset).unwrap_or(u32::MAX),
                length: u32::try_from(body.len() - offset).unwrap_or(u32::MAX),
                rule: secret.rule.number,
            });
            done = secret.end;
        }
        body.extend_from_slice(record.get(done..).unwrap_or_default());
        Scrubbed { body, replacements }
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

/// The next hit of each search.
struct Next {
    anchor: Option<Match>,
    at_sign: Option<usize>,
}

fn at_sign(record: &[u8], from: usize) -> Option<usize> {
    Some(from + memchr::memchr(b'@', record.get(from..)?)?)
}

/// A secret in a record.
#[derive(Clone, Copy, Debug)]
struct Secret {
    begin: usize,
    end: usize,
    /// How often it is wrapped in JSON strings, if it may hold escapes.
    levels: usize,
    rule: &'static Rule,
}

/// Secrets in order, of which no two overlap. Those that did are one, and what the longer one says
/// about it holds; of two that are equal, what the first one says.
fn union(mut secrets: Vec<Secret>) -> Vec<Secret> {
    secrets.sort_by_key(|secret| secret.begin);
    let mut apart: Vec<Secret> = Vec::with_capacity(secrets.len());
    for secret in secrets {
        match apart.last_mut() {
            Some(last) if secret.begin < last.end => {
                let (begin, end) = (last.begin, last.end.max(secret.end));
                let longer = if secret.end - secret.begin > last.end - last.begin { secret } else { *last };
                *last = Secret { begin, end, ..longer };
            }
            _ => apart.push(secret),
        }
    }
    apart
}

/// A secret that was found in what is left of a record, as a range of the record. Where it has a part
/// of a replacement it takes all of what that stands for.
fn in_record(found: Secret, scrubbed: &Scrubbed, secrets: &[Secret]) -> Secret {
    let origin = |at: usize| -> Range<usize> {
        let end = |replacement: &Replacement| (replacement.offset + replacement.length) as usize;
        let before = scrubbed.replacements.partition_point(|replacement| end(replacement) <= at);
        match (scrubbed.replacements.get(before), secrets.get(before)) {
            (Some(replacement), Some(secret)) if (replacement.offset as usize) < at => secret.begin..secret.end,
            _ => {
                let last = before.checked_sub(1);
                let last = last.and_then(|last| Some((end(scrubbed.replacements.get(last)?), secrets.get(last)?.end)));
                let (from, to) = last.unwrap_or((0, 0));
                to + (at - from)..to + (at - from)
            }
        }
    };
    Secret { begin: origin(found.begin).start, end: origin(found.end).end, ..found }
}
