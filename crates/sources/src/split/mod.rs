//! From a delivery to its records.
//!
//! The decoded bytes of a delivery go in, in chunks of any size; out come its records, each with
//! its offset, and the bytes between them, so that the delivery can be put together again: the
//! content is exactly the pieces in their order. The shape is read off the content: lines of JSON,
//! of text, or of a database's comma-separated values, a list of objects, an object around one list of records (CloudTrail's `Records`,
//! an `EventList`, Azure's `records`, `logEvents` of CloudWatch), pretty-printed objects, objects
//! without anything between them, and all of these after one another.
//!
//! No byte is changed, and none is judged: whether a record is JSON at all is asked when it is
//! normalised. Where something is broken, the broken part is a record of its own, and splitting goes
//! on behind it. Decisions depend on the content alone, never on where a chunk ends.

pub(crate) mod csv;
mod envelope;
mod ldif;
mod record;

#[cfg(test)]
mod tests;

use crate::nesting::Braces;
use envelope::{Envelope, HEAD_BYTES};
use sha2::Sha256;

/// How much of a record is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A longer record is read as a stream and only its beginning is kept; in bytes.
    pub record_bytes_max: usize,
    /// How much of such a record is kept, in bytes.
    pub kept_bytes: usize,
    /// Each whole line is a record, whatever it holds, and a last line without its end stays for
    /// later: for a file that is still being written.
    pub lines_only: bool,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { record_bytes_max: 16 << 20, kept_bytes: 64 << 10, lines_only: false }
    }
}

/// A part of a delivery, in the order of the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A record, or its beginning.
    Record {
        /// First byte in the content.
        offset: u64,
        /// Its bytes; the first [`Limits::kept_bytes`] of them if it was cut.
        bytes: &'a [u8],
        /// Set if only the beginning was kept.
        cut: Option<Cut>,
    },
    /// Bytes that belong to no record. One that is longer than 64 KiB comes in parts.
    Between {
        /// First byte in the content.
        offset: u64,
        /// The bytes.
        bytes: &'a [u8],
    },
}

/// What is known of a record of which only the beginning was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Its true length in bytes.
    pub length: u64,
    /// SHA-256 of all of it.
    pub sha256: [u8; 32],
}

/// How a delivery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Bytes that were given out as pieces. With [`Limits::lines_only`] the rest, the beginning of
    /// a line, was not, and belongs to the next delivery; else it is the length of the content.
    pub consumed: u64,
    /// Records.
    pub records: u64,
}

/// Bytes between records are handed out in parts of at most this length.
const BETWEEN_BYTES_MAX: usize = 64 << 10;

/// A chunk is worked off in steps of this length, so that the buffer stays small.
const STEP_BYTES: usize = 1 << 20;

/// How many bytes at the beginning tell a binary file.
const SNIFF_BYTES: usize = 4 << 10;

/// Splits one delivery after the other.
#[derive(Debug)]
pub struct Splitter {
    limits: Limits,
    /// Content not yet given out: `buffer[0]` is at `base` in the content.
    buffer: Vec<u8>,
    base: u64,
    records: u64,
    /// Where bytes begin that are known to belong to no record.
    between: usize,
    /// Where the present record begins, or the next is looked for.
    at: usize,
    /// How far the present record was looked at.
    scanned: usize,
    state: State,
    /// Inside this list: `None` for the top level.
    list: Option<List>,
    /// The delivery is LDIF, whose records are runs of lines.
    entries: bool,
    /// Lines that begin before this offset in the content are records as they are.
    lines_until: u64,
    /// The present record, when it is over the limit.
    large: Option<Large>,
}

/// What is being read.
#[derive(Clone, Copy, Debug)]
enum State {
    /// The beginning of the delivery.
    Start,
    /// What lies between records; true right after an object, where a comma means nothing.
    Between(bool),
    /// An object at the top level.
    Object(Braces, Lines),
    /// An object in a list.
    Element(Braces),
    /// A line.
    Line,
    /// A line of comma-separated values; true inside of a quoted one.
    Values(bool),
    /// The lines of an LDIF entry.
    Entry,
    /// A line of LDIF that belongs to no entry.
    Aside,
    /// The rest of a broken object that had several lines.
    Rest,
    /// All there is: a binary file.
    All,
}

/// What is around the present record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum List {
    /// A list at the top level.
    Bare,
    /// A list inside an object.
    Enveloped,
    /// One of lists in lists, the outermost being 0.
    Nested(usize),
}

/// The lines of an object that has several.
#[derive(Clone, Copy, Debug, Default)]
struct Lines {
    /// Its first line is complete.
    first_done: bool,
    /// One of the other lines begins with a brace, so the lines may be records of their own.
    brace_in_front: bool,
    /// Last byte that is no white space.
    last: u8,
}

/// A record over the limit.
#[derive(Debug)]
struct Large {
    offset: u64,
    hash: Sha256,
    length: u64,
    kept: Vec<u8>,
}

/// Whether the present state can go on with the bytes there are.
#[derive(PartialEq, Eq)]
enum Flow {
    /// Yes.
    On,
    /// Only with more bytes.
    Wait,
}

impl Splitter {
    /// A splitter for deliveries, one after the other.
    pub fn new(limits: Limits) -> Splitter {
        let kept_bytes = limits.kept_bytes.min(limits.record_bytes_max);
        Splitter {
            limits: Limits { kept_bytes, ..limits },
            buffer: Vec::new(),
            base: 0,
            records: 0,
            between: 0,
            at: 0,
            scanned: 0,
            state: State::Start,
            list: None,
            entries: false,
            lines_until: 0,
            large: None,
        }
    }

    /// The next bytes of the delivery.
    pub fn push(&mut self, chunk: &[u8], out: &mut impl FnMut(Piece<'_>)) {
        for step in chunk.chunks(STEP_BYTES) {
            self.buffer.extend_from_slice(step);
            self.run(false, out);
        }
    }

    /// The delivery has no more bytes. The splitter is then ready for another one.
    pub fn finish(&mut self, out: &mut impl FnMut(Piece<'_>)) -> End {
        self.run(true, out);
        let consumed = self.large.as_ref().map_or(self.base + self.between as u64, |large| large.offset);
        let end = End { consumed, records: self.records };
        let buffer = std::mem::take(&mut self.buffer);
        *self = Splitter::new(self.limits);
        self.buffer = buffer;
        self.buffer.clear();
        end
    }

    fn run(&mut self, ended: bool, out: &mut impl FnMut(Piece<'_>)) {
        while self.step(ended, out) == Flow::On {}
        if ended && !self.limits.lines_only {
            self.at = self.buffer.len();
        }
        if ended {
            self.flush_between(self.at, out);
        }
        // What was given out makes room for what comes.
        let done = self.between;
        self.buffer.drain(..done);
        self.base += done as u64;
        self.between = 0;
        self.at -= done;
        self.scanned = self.scanned.saturating_sub(done);
    }

    fn step(&mut self, ended: bool, out: &mut impl FnMut(Piece<'_>)) -> Flow {
        let flow = match self.state {
            State::Start => self.start(ended),
            State::Between(after_object) => self.find_record(after_object, ended, out),
            State::Object(braces, lines) => self.object(braces, lines, ended, out),
            State::Element(braces) => self.element(braces, ended, out),
            State::Line => self.line(ended, out),
            State::Values(quoted) => self.values(quoted, ended, out),
            State::Entry => self.entry(ended, out),
            State::Aside => self.aside(ended, out),
            State::Rest => self.rest(ended, out),
            State::All => self.all(ended, out),
        };
        if flow == Flow::Wait && !matches!(self.state, State::Start | State::Between(_) | State::Aside) {
            self.bound(out);
        }
        flow
    }

    fn bytes(&self, from: usize, to: usize) -> &[u8] {
        self.buffer.get(from..to).unwrap_or_default()
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.buffer.get(at).copied()
    }

    fn start(&mut self, ended: bool) -> Flow {
        if !self.limits.lines_only && self.buffer.len() < SNIFF_BYTES && !ended {
            return Flow::Wait;
        }
        self.state = State::Between(false);
        if self.limits.lines_only {
            return Flow::On;
        }
        if self.buffer.starts_with(b"\xef\xbb\xbf") {
            self.at = 3;
        }
        let head = self.bytes(self.at, self.buffer.len().min(SNIFF_BYTES));
        let text =
            head.iter().position(|byte| !is_blank(*byte)).and_then(|first| head.get(first..)).unwrap_or_default();
        if !matches!(text.first(), Some(b'{' | b'[')) && memchr::memchr(0, text).is_some() {
            // Lines of a binary file would be as many rejects that say nothing.
            self.state = State::All;
            self.scanned = self.at;
        } else if let Some(length) = headers(text) {
            // What the columns mean is no item of the inventory.
            self.at += head.len() - text.len() + length;
        } else {
            self.entries = ldif::is_ldif(text);
        }
        Flow::On
    }

    /// From the end of a record to the beginning of the next.
    fn find_record(&mut self, mut after_object: bool, ended: bool, out: &mut impl FnMut(Piece<'_>)) -> Flow {
        loop {
            if self.at - self.between >= BETWEEN_BYTES_MAX {
                self.flush_between(self.between + BETWEEN_BYTES_MAX, out);
            }
            match self.byte(self.at) {
                None => {
                    self.state = State::Between(after_object);
                    return Flow::Wait;
                }
                Some(byte) if is_blank(byte) => {
                    if byte == b'\n' && self.limits.lines_only {
                        self.list = None;
                    }
                    self.at += 1;
                }
                Some(b',') if after_object => {
                    after_object = false;
                    self.at += 1;
                }
                Some(byte) => {
                    self.state = State::Between(after_object);
                    return self.begin(byte, ended);
                }
            }
        }
    }

    /// Decides what begins with this byte.
    fn begin(&mut self, byte: u8, ended: bool) -> Flow {
        if let Some(list) = self.list {
            self.scanned = self.at;
            return self.begin_in_list(byte, list, ended);
        }
        if self.limits.lines_only && !self.line_is_whole() {
            return Flow::Wait;
        }
        self.scanned = self.at;
        if self.entries {
            return self.begin_entry(ended);
        }
        let head = self.head();
        let more = !ended && head.len() < HEAD_BYTES;
        match byte {
            b'{' => match envelope::open(head, more) {
                Envelope::Wait => return Flow::Wait,
                Envelope::List(length) => self.enter(List::Enveloped, length),
                Envelope::Nested(length) => self.enter(List::Nested(0), length),
                Envelope::None if self.lines_until > self.base + self.at as u64 => self.state = State::Line,
                Envelope::None => self.state = State::Object(Braces::default(), Lines::default()),
            },
            b'[' => match envelope::open_bare(head, more) {
                Envelope::Wait => return Flow::Wait,
                Envelope::List(length) | Envelope::Nested(length) => self.enter(List::Bare, length),
                Envelope::None => self.state = State::Line,
            },
            _ => match csv::begins(self.bytes(self.at, self.buffer.len().min(self.at + csv::HEAD_BYTES)), ended) {
                None => return Flow::Wait,
                Some(true) => self.state = State::Values(false),
                Some(false) => self.state = State::Line,
            },
        }
        Flow::On
    }

    /// Whether the line that begins here has its end, or is too long to wait for it.
    fn line_is_whole(&mut self) -> bool {
        let from = self.scanned.max(self.at);
        self.scanned = self.buffer.len();
        memchr::memchr(b'\n', self.bytes(from, self.scanned)).is_some()
            || self.scanned - self.at > self.limits.record_bytes_max + 1
    }

    /// What may be looked at to tell an envelope. A line of a growing file stands for itself: a list
    /// that does not end in it is not entered.
    fn head(&self) -> &[u8] {
        let head = self.bytes(self.at, self.buffer.len().min(self.at + HEAD_BYTES));
        if !self.limits.lines_only {
            return head;
        }
        let all = self.bytes(self.at, self.buffer.len());
        let line = memchr::memchr(b'\n', all).and_then(|end| all.get(..end)).unwrap_or_default();
        match (line.first(), line.trim_ascii_end().last()) {
            (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')) => head,
            _ => &[],
        }
    }

    /// Decides what a line of LDIF begins with this byte.
    fn begin_entry(&mut self, ended: bool) -> Flow {
        let head = self.bytes(self.at, self.buffer.len().min(self.at + ldif::ASIDE_BYTES));
        if head.len() < ldif::ASIDE_BYTES && !ended {
            return Flow::Wait;
        }
        self.state = if ldif::is_aside(head) { State::Aside } else { State::Entry };
        Flow::On
    }

    fn enter(&mut self, list: List, length: usize) {
        self.at += length;
        self.list = Some(list);
        self.state = State::Between(false);
    }

    fn begin_in_list(&mut self, byte: u8, list: List, ended: bool) -> Flow {
        match (byte, list) {
            (b'{', List::Nested(depth)) if depth < envelope::DEEPEST => {
                let head = self.bytes(self.at, self.buffer.len().min(self.at + HEAD_BYTES));
                match envelope::open_nested(head, depth, !ended && head.len() < HEAD_BYTES) {
                    Envelope::Wait => return Flow::Wait,
                    Envelope::List(length) | Envelope::Nested(length) => self.enter(List::Nested(depth + 1), length),
                    Envelope::None => self.state = State::Element(Braces::default()),
                }
            }
            (b'{', _) => self.state = State::Element(Braces::default()),
            (b']', List::Bare) => self.leave(1),
            (b']', List::Enveloped | List::Nested(_)) => {
                let tail = self.bytes(self.at, self.buffer.len().min(self.at + HEAD_BYTES));
                match envelope::close(tail, !ended && tail.len() < HEAD_BYTES) {
                    Envelope::Wait => return Flow::Wait,
                    // The end of the envelope, or another list in it.
                    Envelope::List(length) | Envelope::Nested(length) if tail.get(length - 1) == Some(&b'}') => {
                        self.leave(length);
                        if let List::Nested(depth @ 1..) = list {
                            self.list = Some(List::Nested(depth - 1));
                        }
                    }
                    Envelope::List(length) | Envelope::Nested(length) => self.enter(List::Enveloped, length),
                    // Whatever this is, it must not hide: it is read as a record.
                    Envelope::None => self.leave(1),
                }
            }
            // Not what a list holds.
            _ => self.leave(0),
        }
        Flow::On
    }

    fn leave(&mut self, length: usize) {
        self.at += length;
        self.list = None;
        self.state = State::Between(length > 0);
    }
}

/// The length of a first line that only names the columns of an inventory.
fn headers(text: &[u8]) -> Option<usize> {
    let line = text.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?;
    csv::inventory_header(line).or_else(|| csv::export_header(line))
}

/// White space; NUL too, which a file shows where it was cut while a program still wrote to it.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0)
}
