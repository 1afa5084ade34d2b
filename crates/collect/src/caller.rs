//! Callers whose tokens a sender relays: with a whole delivery, or as the member `actor_token` of a record.
//!
//! What a token is worth is found out by whoever knows the issuers ([`Relayed`]); here tokens are found in records,
//! kept from the disk, and what was found out is put into the delivery leaf, in the same durable step as the records.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use model::{Caller, Gap, Millis};
use sha2::{Digest as _, Sha256};

use crate::secrets::{Replaced, Secrets};
use sources::split::Piece;

use crate::content::{Digests, Encoding};
use crate::door::{Parcel, Piecework};

/// The member of a record that holds the token of its caller.
const MEMBER: &[u8] = b"\"actor_token\"";

/// Different tokens of one delivery that are looked at.
pub const TOKENS_MAX: usize = 1_024;

/// Callers that one delivery leaf may hold.
const CALLERS_MAX: usize = 1_024;

/// What is known of the callers of a delivery.
#[derive(Clone, Debug, Default)]
pub struct Relayed {
    /// Of the token beside it: the caller of all its records that have none of their own.
    pub delivery: Option<Caller>,
    /// Whether its records are looked at for tokens; by SHA-256, what was found out about each. Without it a member of
    /// that name is one like any other.
    pub records: Option<HashMap<[u8; 32], Caller>>,
}

impl Relayed {
    pub(crate) fn is_in_records(&self) -> bool {
        self.records.is_some()
    }
}

/// A delivery that is decoded and not cut yet.
#[derive(Debug)]
pub struct Opened {
    pub(crate) content: Bytes,
    pub(crate) encoding: Encoding,
    pub(crate) digests: Digests,
}

impl Opened {
    /// The tokens in its records, each once, at most [`TOKENS_MAX`].
    pub fn tokens(&self, parcel: &Parcel) -> HashSet<String> {
        let mut tokens = HashSet::new();
        if parcel.relayed.is_in_records() && may_have_tokens(&self.content) {
            let work = Piecework { parcel, content: &self.content, received_at: Millis(0), began: None };
            work.cut(&mut |piece| {
                if let Piece::Record { bytes, .. } = piece
                    && tokens.len() < TOKENS_MAX
                {
                    tokens.extend(token_of(bytes));
                }
            });
        }
        tokens
    }
}

/// The callers of a delivery, as its leaf will hold them.
#[derive(Debug, Default)]
pub(crate) struct Callers {
    pub(crate) kept: Vec<Caller>,
    pub(crate) is_cut: bool,
}

impl Callers {
    pub(crate) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Takes note of the token in a record, if it has one.
    pub(crate) fn of_record(&mut self, ordinal: u64, record: &[u8], relayed: &Relayed) {
        let Some(token) = token_of(record) else { return };
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let known = relayed.records.as_ref().and_then(|records| records.get(&digest)).cloned();
        let caller = known.unwrap_or_else(|| Caller {
            reason: Some(format!("more than {TOKENS_MAX} different tokens came at once")),
            ..Caller::default()
        });
        let is_full = self.kept.len() >= CALLERS_MAX;
        match self.kept.last_mut() {
            Some(last) if last.last + 1 == ordinal && same(last, &caller) => last.last = ordinal,
            _ if is_full => self.is_cut = true,
            _ => self.kept.push(Caller { first: ordinal, last: ordinal, ..caller }),
        }
    }

    /// These, behind the caller of the whole delivery.
    pub(crate) fn behind(mut self, relayed: &Relayed, records: u64) -> Callers {
        if let Some((caller, last)) = relayed.delivery.clone().zip(records.checked_sub(1)) {
            self.kept.insert(0, Caller { first: 0, last, ..caller });
        }
        self
    }
}

fn same(one: &Caller, other: &Caller) -> bool {
    *one == Caller { first: one.first, last: one.last, ..other.clone() }
}

/// Whether it is worth to look for tokens.
pub(crate) fn may_have_tokens(content: &[u8]) -> bool {
    memchr::memmem::find(content, MEMBER).is_some()
}

/// The token of a record: the last one, as readers of JSON take the last of equal members.
fn token_of(record: &[u8]) -> Option<String> {
    let range = token_ranges(record).pop()?;
    // The quote behind it is missing where the record was cut: then a part of a token is all there is.
    let quoted = record.get(range.start.checked_sub(1)?..range.end + 1)?;
    serde_json::from_slice::<String>(quoted).ok()
}

/// Where the texts of the members `actor_token` at the top of a record are, without their quotes. One that the end of
/// the record cuts goes to that end.
pub fn token_ranges(record: &[u8]) -> Vec<Range<usize>> {
    texts(record, |depth| depth == 1)
}

/// Where the texts of such members are, at the depths that are asked for.
fn texts(record: &[u8], is_asked: fn(usize) -> bool) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(byte) = record.get(at) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                let end = end_of_text(record, at + 1);
                if is_asked(depth)
                    && record.get(at..=end) == Some(MEMBER)
                    && let Some(begin) = text_behind(record, end + 1)
                {
                    let end = end_of_text(record, begin);
                    let is_token =
                        record.get(begin..end).is_some_and(|text| !text.is_empty() && !text.starts_with(REPLACED));
                    found.extend(is_token.then_some(begin..end));
                    at = end;
                } else {
                    at = end;
                }
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// What stands for a token that was replaced somewhere else.
const REPLACED: &[u8] = b"deedbook:secret:";

/// The quote that ends a text, or the end of all.
fn end_of_text(record: &[u8], begin: usize) -> usize {
    let mut at = begin;
    while let Some(byte) = record.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    record.len()
}

/// Where the text begins that follows a key: behind a colon and a quote.
fn text_behind(record: &[u8], key_end: usize) -> Option<usize> {
    let space = |at: usize| {
        at + record.get(at..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_whitespace()).count()
    };
    let colon = space(key_end);
    let quote = space(colon + 1);
    (record.get(colon) == Some(&b':') && record.get(quote) == Some(&b'"')).then_some(quote + 1)
}

/// Replaces the known secrets in what lies between records, and tokens in the envelope around them.
pub(crate) fn scrub_gaps(gaps: &mut [Gap], secrets: Secrets<'_>, replaced: &mut Replaced) {
    for gap in gaps {
        let Ok(bytes) = STANDARD.decode(&gap.bytes) else { continue };
        // How deep it is in the envelope cannot be told from a part of it.
        if let Some(scrubbed) = secrets.scrub(&bytes, &texts(&bytes, |_| true)) {
            replaced.add(&scrubbed.replacements);
            gap.bytes = STANDARD.encode(scrubbed.body);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(record: &str) -> Vec<&str> {
        token_ranges(record.as_bytes()).into_iter().map(|range| &record[range]).collect()
    }

    #[test]
    fn a_token_is_a_text_at_the_top_of_a_record() {
        assert_eq!(tokens(r#"{"a":{"actor_token":"no"},"b":["actor_token"],"actor_token" : "yes","c":1}"#), ["yes"]);
        assert_eq!(
            tokens(r#"{"actor_token":"one","a":"\"actor_token\":\"no\"","actor_token":"two\"x"}"#),
            ["one", r#"two\"x"#]
        );
        assert_eq!(
            tokens(r#"{"a":"actor_token","actor_token":1,"actor_token":null,"actor_token":{"a":"b"}}"#),
            [""; 0]
        );
        assert_eq!(tokens(r#"["actor_token","no"]"#), [""; 0]);
        assert_eq!(tokens(r#"[{"actor_token":"no"}]"#), [""; 0]);
        assert_eq!(tokens(r#"{"actor_token":"deedbook:secret:jwt:00","b":""}"#), [""; 0]);
        assert_eq!(token_of(br#"{"actor_token":"one","actor_token":"two\u002e"}"#).unwrap(), "two.");
    }

    #[test]
    fn of_a_record_that_was_cut_the_part_of_a_token_is_found_and_no_bytes_do_harm() {
        let record = r#"{"a":1,"actor_token":"eyJ.eyJ.\"sig"}"#;
        for end in 0..record.len() {
            let cut = &record[..end];
            let expected = cut.len() > 22;
            assert_eq!(token_ranges(cut.as_bytes()).len(), usize::from(expected), "{cut}");
            assert_eq!(token_of(cut.as_bytes()).is_some(), end == record.len() - 1 || end == record.len(), "{cut}");
        }
        for garbage in
            ["}}}{\"actor_token\"", "{\"actor_token\":\"\\", "\"", "{\"actor_token\"", "\\\\\"{", "{\"actor_token\":\""]
        {
            token_ranges(garbage.as_bytes());
        }
    }
}
