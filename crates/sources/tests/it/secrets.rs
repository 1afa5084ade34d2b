//! The corpus of known secrets: hits of every rule in each form in which records hold them, and near misses.
//!
//! The secrets are made when the test runs, from patterns: no text of this repository looks like a live one.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sources::scrub::{Scrubber, rules};

mod hits;
mod misses;

/// Secrets of each pattern.
pub(crate) const TIMES: usize = 5;

/// Numbers that are the same in each run.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn of(&mut self, alphabet: &str, length: usize) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        (0..length).map(|_| letters[(self.next() % letters.len() as u64) as usize]).collect()
    }

    /// A text by a pattern: `{h64}` is 64 small hex digits, and so on.
    pub(crate) fn text(&mut self, pattern: &str) -> String {
        let (mut out, mut rest) = (String::new(), pattern);
        while let Some((before, after)) = rest.split_once('{') {
            let (part, after) = after.split_once('}').unwrap();
            let (kind, length) = part.split_at(1);
            out.push_str(before);
            out.push_str(&self.of(alphabet(kind), length.parse().unwrap()));
            rest = after;
        }
        out + rest
    }
}

const DIGITS: &str = "0123456789";
const SMALL: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
const LARGE: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const BOTH: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const TOKEN: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
const BASE64: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/";

fn alphabet(kind: &str) -> &'static str {
    match kind {
        "d" => DIGITS,
        "h" => "0123456789abcdef",
        "l" => LETTERS,
        "a" => BOTH,
        "s" => SMALL,
        "U" => LARGE,
        "t" => TOKEN,
        "b" => BASE64,
        _ => panic!("{kind}"),
    }
}

/// A text as it may stand in a record: alone, in JSON, in JSON inside of JSON once and twice.
pub(crate) fn wrapped(text: &str) -> Vec<String> {
    let mut wrapped = vec![text.to_owned(), format!("<34>1 2026-01-01T00:00:00Z h app 1 - - {text}")];
    let mut nested = text.to_owned();
    for _ in 0..3 {
        nested = serde_json::json!({ "id": 1, "message": nested, "z": "end" }).to_string();
        wrapped.push(nested.clone());
    }
    wrapped
}

/// All forms of a token: as above, and behind an equals sign, in quotes, in a URL, in an encoded URL.
fn forms(token: &str) -> Vec<String> {
    let mut forms = wrapped(&format!("use {token} now"));
    forms.extend(wrapped(&format!("level=info note={token} next=1")));
    forms.extend(wrapped(&format!("level=info note=\"{token}\" next='{token}'")));
    forms.extend(wrapped(&format!("GET /x?note={token}&y=1")));
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    if token.bytes().all(unreserved) {
        forms.extend(wrapped(&format!("GET /x?u=https%3A%2F%2Fh%2F%3Fnote%3D{token}%26y%3D1")));
    }
    forms
}

/// What is wrong if a secret is not found by its rule, with the fingerprint of the plain text, or if what is left of
/// a record of JSON is no JSON, or has a secret still.
fn fault(scrubber: &Scrubber, record: &str, rule: &str, secret: &str) -> Option<String> {
    let Some(scrubbed) = scrubber.scrub(record.as_bytes()) else { return Some(format!("{rule}: nothing in {record}")) };
    let body = String::from_utf8(scrubbed.body).unwrap();
    let marker = format!("deedbook:secret:{rule}:{}", scrubber.fingerprint(secret.as_bytes()));
    let is_json = |text: &str| serde_json::from_str::<serde_json::Value>(text).is_ok();
    let sound = body.contains(&marker) && !body.contains(secret) && (!is_json(record) || is_json(&body));
    let again = scrubber.scrub(body.as_bytes());
    (!sound || again.is_some()).then(|| format!("{rule}: {record} became {body}, without {marker}"))
}

#[test]
fn every_secret_of_the_corpus_is_found_in_each_form() {
    let scrubber = Scrubber::new([3; 32]).unwrap();
    let mut random = Random::new(7);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut faults = Vec::new();
    for (rule, patterns) in hits::TOKENS {
        for pattern in *patterns {
            for _ in 0..TIMES {
                let token = random.text(pattern);
                for form in forms(&token) {
                    faults.extend(fault(&scrubber, &form, rule, &token));
                    *counts.entry(rule).or_default() += 1;
                }
            }
        }
    }
    for (rule, record, secret) in hits::others(&mut random) {
        for form in wrapped(&record) {
            let nested = form.starts_with('{');
            if hits::is_line(rule) && nested {
                continue;
            }
            faults.extend(fault(&scrubber, &form, rule, &secret));
            *counts.entry(rule).or_default() += 1;
        }
    }
    let all: usize = counts.values().sum();
    assert!(faults.is_empty(), "{} of {all} are not found:\n{}", faults.len(), faults.join("\n"));
    for rule in rules() {
        let count = counts.get(rule.name).copied().unwrap_or_default();
        assert!(count >= 5, "{count} secrets of rule {}", rule.name);
    }
}

#[test]
fn no_near_miss_of_the_corpus_is_taken_for_a_secret() {
    let scrubber = Scrubber::new([3; 32]).unwrap();
    let mut random = Random::new(11);
    let (mut count, mut faults) = (0, Vec::new());
    for miss in misses::all(&mut random) {
        for form in wrapped(&miss) {
            let found = scrubber.scrub(form.as_bytes());
            faults.extend(found.map(|found| format!("{form} became {}", String::from_utf8_lossy(&found.body))));
            count += 1;
        }
    }
    assert!(faults.is_empty(), "{} of {count}:\n{}", faults.len(), faults.join("\n"));
    assert!(count > 1_000, "{count} near misses");
}

/// Base64 of a text, as Kubernetes holds values.
pub(crate) fn base64(text: &str) -> String {
    STANDARD.encode(text)
}
