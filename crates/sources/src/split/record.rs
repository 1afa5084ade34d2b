//! Where the present record ends, for each way to read one, and how it is given out.

use sha2::{Digest, Sha256};

use super::{BETWEEN_BYTES_MAX, Cut, Flow, Large, Lines, Piece, Splitter, State, csv, is_blank, ldif};
use crate::nesting::{Braces, Step};

/// How far the first byte of the next line is looked for.
const BLANK_BYTES_MAX: usize = 4 << 10;

impl Splitter {
    /// An object at the top level, line by line: a broken one must not swallow the lines after it.
    pub(super) fn object(
        &mut self,
        mut braces: Braces,
        mut lines: Lines,
        ended: bool,
        out: &mut impl FnMut(Piece<'_>),
    ) -> Flow {
        loop {
            let from = self.scanned;
            let rest = self.bytes(from, self.buffer.len());
            let newline = memchr::memchr(b'\n', rest);
            let line = newline.and_then(|end| rest.get(..end)).unwrap_or(rest);
            if let Step::Closed(length) = braces.advance(line) {
                self.emit(from + length, State::Between(true), out);
                return Flow::On;
            }
            if let Some(last) = line.iter().rev().find(|byte| !is_blank(**byte)) {
                lines.last = *last;
            }
            let end = from + line.len();
            self.scanned = end;
            if newline.is_none() {
                if ended {
                    return self.give_up(end, lines, out);
                }
                self.state = State::Object(braces, lines);
                return Flow::Wait;
            }
            // A line ended inside the object.
            if self.limits.lines_only || braces.in_string() && !lines.first_done {
                self.emit_line(end, out);
                return Flow::On;
            }
            if braces.in_string() {
                return self.give_up(end, lines, out);
            }
            match self.next_line(end, ended) {
                NextLine::Wait => {
                    // Come back to the same line end: nothing of it is counted twice, since the
                    // line before it is behind `scanned`.
                    self.state = State::Object(braces, lines);
                    return Flow::Wait;
                }
                // In JSON no value can begin here without a colon, a comma or a bracket before it.
                NextLine::At(b'{', _) if !matches!(lines.last, b':' | b',' | b'[') => {
                    return self.give_up(end, lines, out);
                }
                NextLine::At(byte, at) => {
                    lines.first_done = true;
                    lines.brace_in_front |= byte == b'{' && self.byte(at.wrapping_sub(1)) == Some(b'\n');
                    self.scanned = at;
                }
                NextLine::Blank(at) if ended && at == self.buffer.len() => return self.give_up(end, lines, out),
                NextLine::Blank(at) => self.scanned = at,
            }
        }
    }

    fn next_line(&self, newline: usize, ended: bool) -> NextLine {
        let blank = self.bytes(newline, self.buffer.len().min(newline + BLANK_BYTES_MAX));
        match blank.iter().position(|byte| !is_blank(*byte)) {
            Some(skip) => NextLine::At(blank.get(skip).copied().unwrap_or_default(), newline + skip),
            None if blank.len() == BLANK_BYTES_MAX || ended => NextLine::Blank(newline + blank.len()),
            None => NextLine::Wait,
        }
    }

    /// The object is broken, or ended too early, and `end` is as far as it surely reaches.
    fn give_up(&mut self, end: usize, lines: Lines, out: &mut impl FnMut(Piece<'_>)) -> Flow {
        let fits = self.large.is_none() && end - self.at <= self.limits.record_bytes_max;
        if lines.brace_in_front && fits {
            // Its lines look like records of their own, only the first is broken for certain.
            self.lines_until = self.base + end as u64;
            self.scanned = self.at;
            self.state = State::Line;
        } else if lines.first_done && self.byte(end) == Some(b'\n') && lines.last != b'}' {
            self.scanned = end;
            self.state = State::Rest;
        } else {
            self.emit_line(end, out);
        }
        Flow::On
    }

    /// The rest of a broken object: up to a line that begins with a brace.
    pub(super) fn rest(&mut self, ended: bool, out: &mut impl FnMut(Piece<'_>)) -> Flow {
        loop {
            let rest = self.bytes(self.scanned, self.buffer.len());
            let Some(skip) = memchr::memchr(b'\n', rest) else {
                if !ended {
                    self.scanned = self.buffer.len();
                    return Flow::Wait;
                }
                self.emit_line(self.buffer.len(), out);
                return Flow::On;
            };
            let newline = self.scanned + skip;
            match self.byte(newline + 1) {
                Some(b'{') => {
                    self.emit_line(newline, out);
                    return Flow::On;
                }
                None if ended => {
                    self.emit_line(newline, out);
                    return Flow::On;
                }
                Some(b'}') => {
                    // The last line of it.
                    self.scanned = newline + 1;
                    self.state = State::Line;
                    return Flow::On;
                }
                None => {
                    self.scanned = newline;
                    return Flow::Wait;
                }
                _ => self.scanned = newline + 1,
            }
        }
    }

    /// An object in a list.
    pub(super) fn element(&mut self, mut braces: Braces, ended: bool, out: &mut impl FnMut(Piece<'_>)) -> Flow {
        let from = self.scanned;
        let mut to = self.buffer.len();
        let mut whole = ended;
        if let Some(length) = self.limits.lines_only.then(|| memchr::memchr(b'\n', self.bytes(from, to))).flatten() {
            to = from + length;
            whole = true;
        }
        match braces.advance(self.bytes(from, to)) {
            Step::Closed(length) => {
                self.emit(from + length, State::Between(true), out);
            }
            Step::Broken(length) => {
                // The list cannot be trusted from here on.
                self.list = None;
                let end = from + length;
                let fits = self.large.is_none() && end - self.at <= self.limits.record_bytes_max;
                if fits && memchr::memchr(b'\n', self.bytes(self.at, end)).is_some() {
                    self.scanned = end;
                    self.state = State::Rest;
                } else {
                    self.emit_line(end, out);
                }
            }
            Step::More if whole => {
                self.list = None;
                self.emit_line(to, out);
            }
            Step::More => {
                self.scanned = to;
                self.state = State::Element(braces);
                return Flow::Wait;
            }
        }
        Flow::On
    }

    /// A line.
    pub(super) fn line(&mut self, ended: bool, out: &mut impl FnMut(Piece<'_>)) -> Flow {
        let rest = self.bytes(self.scanned, self.buffer.len());
        match memchr::memchr(b'\n', rest) {
            Some(length) => self.emit_line(self.scanned + length, out),
            None if ended && !self.limits.lines_only => self.emit_line(self.buffer.len(), out),
            None => {
                self.scanned = self.buffer.len();
                return Flow::Wait;
            }
        }
        Flow::On
    }

    /// A line of comma-separated values: a line end in a quoted one belongs to it, unless a record
    /// begins behind it, for a broken one must not swallow those after it.
    pub(super) fn values(&mut self, mut quoted: bool, ended: bool, out: &mut impl FnMut(Piece<'_>)) -> Flow {
        loop {
            let rest = self.bytes(self.scanned, self.buffer.len());
            let Some(at) = memchr::memchr2(b'"', b'\n', rest).map(|skip| self.scanned + skip) else {
                self.scanned = self.buffer.len();
                if ended && !self.limits.lines_only {
                    self.emit_line(self.scanned, out);
                    return Flow::On;
                }
                self.state = State::Values(quoted);
                return Flow::Wait;
            };
            if self.byte(at) == Some(b'"') {
                quoted = !quoted;
                self.scanned = at + 1;
                continue;
            }
            let next = self.bytes(at + 1, self.buffer.len().min(at + 1 + csv::HEAD_BYTES));
            match if quoted { csv::begins(next, ended) } else { Some(true) } {
                Some(true) => {
                    self.emit_line(at, out);
                    return Flow::On;
                }
                Some(false) => self.scanned = at + 1,
                None => {
                    self.scanned = at;
                    self.state = State::Values(quoted);
                    return Flow::Wait;
                }
            }
        }
    }

    /// The lines of an LDIF entry, up to a blank one or the name of the next.
    pub(super) fn entry(&mut self, ended: bool, out: &mut impl FnMut(Piece<'_>)) -> Flow {
        loop {
            let rest = self.bytes(self.scanned, self.buffer.len());
            let Some(newline) = memchr::memchr(b'\n', rest).map(|skip| self.scanned + skip) else {
                self.scanned = self.buffer.len();
                if ended {
                    self.emit_line(self.scanned, out);
                    return Flow::On;
                }
                return Flow::Wait;
            };
            let next = self.bytes(newline + 1, self.buffer.len().min(newline + 1 + ldif::HEAD_BYTES));
            match ldif::ends(next, ended) {
                Some(true) => {
                    self.emit_line(newline, out);
                    return Flow::On;
                }
                Some(false) => self.scanned = newline + 1,
                None => {
                    self.scanned = newline;
                    return Flow::Wait;
                }
            }
        }
    }

    /// A line that belongs to no record, and may be long.
    pub(super) fn aside(&mut self, ended: bool, out: &mut impl FnMut(Piece<'_>)) -> Flow {
        let rest = self.bytes(self.at, self.buffer.len());
        let newline = memchr::memchr(b'\n', rest);
        self.at += newline.unwrap_or(rest.len());
        while self.at - self.between >= BETWEEN_BYTES_MAX {
            self.flush_between(self.between + BETWEEN_BYTES_MAX, out);
        }
        if newline.is_none() && !ended {
            return Flow::Wait;
        }
        self.state = State::Between(false);
        Flow::On
    }

    /// Everything up to the end.
    pub(super) fn all(&mut self, ended: bool, out: &mut impl FnMut(Piece<'_>)) -> Flow {
        self.scanned = self.buffer.len();
        if ended && (self.at < self.scanned || self.large.is_some()) {
            self.emit(self.scanned, State::Between(false), out);
            return Flow::On;
        }
        Flow::Wait
    }

    /// Gives out a record that ends where a line does: a carriage return belongs to what follows.
    fn emit_line(&mut self, end: usize, out: &mut impl FnMut(Piece<'_>)) {
        let length = end - self.at;
        let end = if length > 0 && self.byte(end - 1) == Some(b'\r') { end - 1 } else { end };
        self.emit(end, State::Between(false), out);
    }

    fn emit(&mut self, end: usize, next: State, out: &mut impl FnMut(Piece<'_>)) {
        if end - self.at > self.limits.record_bytes_max && self.large.is_none() {
            self.enlarge(out);
        }
        if self.large.is_some() {
            self.absorb(end);
        }
        match self.large.take() {
            Some(large) => {
                let cut = Some(Cut { length: large.length, sha256: large.hash.finalize().into() });
                out(Piece::Record { offset: large.offset, bytes: &large.kept, cut });
            }
            None => {
                self.flush_between(self.at, out);
                out(Piece::Record { offset: self.base + self.at as u64, bytes: self.bytes(self.at, end), cut: None });
            }
        }
        self.records += 1;
        self.between = end;
        self.at = end;
        self.scanned = end;
        self.state = next;
    }

    /// Gives out what lies between two records, up to `end`.
    pub(super) fn flush_between(&mut self, end: usize, out: &mut impl FnMut(Piece<'_>)) {
        if end > self.between {
            out(Piece::Between { offset: self.base + self.between as u64, bytes: self.bytes(self.between, end) });
            self.between = end;
        }
    }

    /// Keeps the present record from filling the memory: over the limit it is only hashed.
    pub(super) fn bound(&mut self, out: &mut impl FnMut(Piece<'_>)) {
        if self.large.is_none() {
            // One byte more than the limit may be a carriage return that does not belong to it.
            if self.scanned.saturating_sub(self.at) <= self.limits.record_bytes_max + 1 {
                return;
            }
            self.enlarge(out);
        }
        // The last byte may be a carriage return.
        self.absorb(self.scanned.saturating_sub(1).max(self.at));
    }

    fn enlarge(&mut self, out: &mut impl FnMut(Piece<'_>)) {
        self.flush_between(self.at, out);
        let kept = self.bytes(self.at, self.at + self.limits.kept_bytes.min(self.buffer.len() - self.at)).to_vec();
        self.large = Some(Large { offset: self.base + self.at as u64, hash: Sha256::new(), length: 0, kept });
    }

    /// Takes the bytes up to `end` into the digest of the present record.
    fn absorb(&mut self, end: usize) {
        if let (Some(large), Some(bytes)) = (&mut self.large, self.buffer.get(self.at..end)) {
            large.hash.update(bytes);
            large.length += bytes.len() as u64;
        }
        self.at = self.at.max(end);
        self.between = self.at;
    }
}

/// What follows a line end inside an object.
enum NextLine {
    /// This byte, there.
    At(u8, usize),
    /// Nothing but white space up to there.
    Blank(usize),
    /// Not known without more bytes.
    Wait,
}
