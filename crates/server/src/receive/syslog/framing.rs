//! Where a message of syslog begins and ends in a stream of bytes.
//!
//! RFC 6587 knows two ways, which one stream may mix: a count of octets, a space, and so many octets (3.4.1, and RFC 5425
//! 4.3); or a message up to a line feed (3.4.2). The first byte tells: no message begins with a digit, for all begin with
//! `<`. What begins with neither is taken up to its line end, too, so nothing that came is thrown away. Some senders end
//! messages with NUL, with CR LF, or put a line feed behind counted octets.

use sha2::{Digest as _, Sha256};

use crate::receive::socket::Batch;
use crate::receive::stream::{Cut, Framing, Head, cut_all};

/// Digits of an octet count; more are no count.
const COUNT_DIGITS_MAX: usize = 10;

/// One stream of messages.
#[derive(Debug)]
pub(crate) struct Frames {
    limit: usize,
    long: Option<Long>,
}

/// A message over the limit that is being read.
#[derive(Debug)]
struct Long {
    kept: Vec<u8>,
    hash: Sha256,
    length: u64,
    /// Octets that are still to come; `None` for a message up to a line end.
    left: Option<u64>,
}

/// What the bytes begin with.
enum First {
    /// A message of so many bytes behind so many others, and where the next frame begins.
    Message { begin: usize, end: usize, next: usize },
    /// An end of a line.
    Nothing,
    /// A message over the limit: where it begins, and its length if that was told.
    Long { begin: usize, length: Option<u64> },
    /// Not to be told without more bytes. At the end of the stream the message is what is behind so many bytes.
    Wait { begin: usize, broken: bool },
}

impl Frames {
    pub(crate) fn new(limit: usize) -> Frames {
        Frames { limit, long: None }
    }
}

impl Framing for Frames {
    fn cut(&mut self, bytes: &[u8], ended: bool, batch: &mut Batch) -> Cut {
        let mut cut = Cut::default();
        loop {
            let rest = bytes.get(cut.used..).unwrap_or_default();
            if let Some(long) = self.long.take() {
                let (used, done) = long.read(rest, self.limit, ended);
                cut.used += used;
                match done {
                    Ok(head) => cut.head = Some(head),
                    Err(long) => self.long = Some(long),
                }
                return cut;
            }
            if rest.is_empty() || batch.is_full() {
                return cut;
            }
            match first(rest, self.limit) {
                First::Nothing => cut.used += 1,
                First::Message { begin, end, next } => {
                    batch.push(rest.get(begin..end).unwrap_or_default());
                    cut.used += next;
                }
                First::Long { begin, length } => {
                    cut.used += begin;
                    self.long = Some(Long { kept: Vec::new(), hash: Sha256::new(), length: 0, left: length });
                    if !batch.is_empty() {
                        // Those before it are sealed first.
                        return cut;
                    }
                }
                First::Wait { .. } if !ended => return cut,
                First::Wait { begin, broken } => {
                    let message = rest.get(begin..).unwrap_or_default();
                    match message.len() {
                        0 => {}
                        length if length > self.limit => cut.head = Some(Head::of(message, self.limit)),
                        _ => batch.push(message),
                    }
                    cut.broken += u64::from(broken);
                    cut.used = bytes.len();
                    return cut;
                }
            }
        }
    }
}

impl Long {
    /// Reads on; the message if this was all of it.
    fn read(mut self, bytes: &[u8], limit: usize, ended: bool) -> (usize, Result<Head, Long>) {
        let (message, behind) = match self.left {
            Some(left) => match bytes.get(..usize::try_from(left).unwrap_or(usize::MAX)) {
                Some(message) => (message, Some(0)),
                None => (bytes, None),
            },
            None => match memchr::memchr2(b'\n', 0, bytes) {
                Some(end) => (bytes.get(..end).unwrap_or_default(), Some(1)),
                None => (bytes, None),
            },
        };
        let room = limit.saturating_sub(self.kept.len());
        self.kept.extend_from_slice(message.get(..room).unwrap_or(message));
        self.hash.update(message);
        self.length += message.len() as u64;
        self.left = self.left.map(|left| left.saturating_sub(message.len() as u64));
        let used = message.len() + behind.unwrap_or(0);
        if behind.is_none() && !ended {
            return (used, Err(self));
        }
        let Long { kept, hash, length, .. } = self;
        (used, Ok(Head { kept, length, sha256: hash.finalize().into() }))
    }
}

fn first(bytes: &[u8], limit: usize) -> First {
    if matches!(bytes.first(), Some(b'\n' | b'\r' | 0)) {
        return First::Nothing;
    }
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let counts = bytes.first() != Some(&b'0') && (1..=COUNT_DIGITS_MAX).contains(&digits);
    match bytes.get(digits) {
        None if counts => return First::Wait { begin: 0, broken: true },
        Some(b' ') if counts => return counted(bytes, digits, limit),
        _ => {}
    }
    // One byte over the limit may be the carriage return of its end.
    let window = bytes.get(..limit.saturating_add(2)).unwrap_or(bytes);
    match memchr::memchr2(b'\n', 0, window) {
        Some(end) => {
            let message = bytes.get(..end).unwrap_or_default();
            let message = message.strip_suffix(b"\r").unwrap_or(message);
            if message.len() > limit {
                return First::Long { begin: 0, length: None };
            }
            First::Message { begin: 0, end: message.len(), next: end + 1 }
        }
        None if window.len() > limit + 1 => First::Long { begin: 0, length: None },
        None => First::Wait { begin: 0, broken: false },
    }
}

/// A frame that begins with so many digits and a space.
fn counted(bytes: &[u8], digits: usize, limit: usize) -> First {
    let count = bytes.iter().take(digits).fold(0u64, |count, digit| count * 10 + u64::from(digit - b'0'));
    let begin = digits + 1;
    match usize::try_from(count) {
        Ok(length) if length <= limit => match begin + length {
            end if end <= bytes.len() => First::Message { begin, end, next: end },
            _ => First::Wait { begin, broken: true },
        },
        _ => First::Long { begin, length: Some(count) },
    }
}

/// The messages of a stream that comes in chunks: what the fuzz target asks for.
pub(crate) fn messages(chunks: &[&[u8]], limit: usize) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    cut_all(Frames::new(limit), chunks, |message, _| messages.push(message.to_vec()));
    messages
}

#[cfg(test)]
mod tests;
