//! Known secrets, replaced before sealing (`sealed-log.md` 5.2).
//!
//! Only structure decides: a known prefix with its length or checksum, a JSON web token, an
//! `Authorization` value, a private key, the password in a URL, a field that is known to hold a
//! credential. Nothing is guessed from how random a text looks. [`rules`] lists what is known;
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

mod check;
mod encoded;
mod entropy;
mod field;
mod finder;
mod known;
mod kube;
mod ldif;
mod named;
mod rule;
mod sql;
mod vendor;

#[cfg(test)]
mod tests;

use std::ops::Range;

use hmac::{Hmac, KeyInit, Mac};
use model::Replacement;
use sha2::{Digest, Sha256};

use check::Found;
pub use entropy::random_texts;
use finder::Finder;
use rule::Anchor;
pub use rule::{Rule, rule, rules};

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
    /// What `@` and `~` lead to.
    at_sign: Vec<Anchor>,
    tilde: Vec<Anchor>,
    mac: Hmac<Sha256>,
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
        let finder = Finder::new(&rule::anchors())?;
        let [at_sign, tilde] = [b'@', b'~'].map(|byte| rule::of_byte(byte).collect());
        Ok(Scrubber { finder, at_sign, tilde, mac: Hmac::new(&block.into()) })
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
        let mut secrets = union(told(record, tokens).chain(self.find(record)).collect());
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

    /// Replaces the texts at `tokens` as [`Scrubber::scrub_with`] does, and nothing else.
    pub fn replace_tokens(&self, record: &[u8], tokens: &[Range<usize>]) -> Option<Scrubbed> {
        let secrets = union(told(record, tokens).collect());
        (!secrets.is_empty()).then(|| self.replace_all(record, &secrets))
    }

    /// What each rule finds in a text. Secrets may overlap.
    fn find(&self, text: &[u8]) -> Vec<Secret> {
        let mut found = Vec::new();
        let mut turns = Turns::default();
        for group in self.finder.groups() {
            turns.0.clear();
            group.each(text, |anchor, at| turns.look(anchor, text, at, &mut found));
        }
        turns.0.clear();
        for at in memchr::memchr2_iter(b'@', b'~', text) {
            let anchors = if text.get(at) == Some(&b'@') { &self.at_sign } else { &self.tilde };
            anchors.iter().for_each(|anchor| turns.look(*anchor, text, at, &mut found));
        }
        found
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
        let plain = field::unescape(raw, secret.levels);
        let plain = plain.as_ref().map_or(raw, |plain| plain.as_bytes());
        let decoded = if secret.percent { field::percent_decoded(plain) } else { None };
        let fingerprint = self.fingerprint(decoded.as_deref().unwrap_or(plain));
        for part in [MARK, secret.rule.name, ":", &fingerprint] {
            out.extend_from_slice(part.as_bytes());
        }
    }
}

/// Up to where each rule has worked a text off, so that none takes longer than the text is long.
#[derive(Default)]
struct Turns(Vec<(u16, usize)>);

impl Turns {
    fn look(&mut self, anchor: Anchor, text: &[u8], at: usize, found: &mut Vec<Secret>) {
        let turn = anchor.turn();
        let known = self.0.iter().position(|(own, _)| *own == turn);
        let done = known.and_then(|known| self.0.get(known)).map_or(0, |(_, done)| *done);
        if done > at {
            return;
        }
        let end = anchor.look(text, at, done, found);
        match known.and_then(|known| self.0.get_mut(known)) {
            Some((_, done)) => *done = end,
            None if end > 0 => self.0.push((turn, end)),
            None => {}
        }
    }
}

/// A secret in a record.
#[derive(Clone, Copy, Debug)]
struct Secret {
    begin: usize,
    end: usize,
    /// How often it is wrapped in JSON strings, if it may hold escapes.
    levels: usize,
    /// Whether it may hold the escapes of URLs.
    percent: bool,
    rule: &'static Rule,
}

impl Secret {
    fn new(found: Found, rule: &'static Rule) -> Secret {
        let Found { begin, end, levels, percent } = found;
        Secret { begin, end, levels, percent, rule }
    }
}

/// Tokens of which somebody said where in a record they are.
fn told(record: &[u8], tokens: &[Range<usize>]) -> impl Iterator<Item = Secret> {
    let inside = tokens.iter().filter(|token| !token.is_empty() && token.end <= record.len());
    inside.map(|token| Secret { begin: token.start, end: token.end, levels: 1, percent: false, rule: rule::token() })
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
