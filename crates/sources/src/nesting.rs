//! Finds where a JSON object or list ends, 64 bytes at a time.
//!
//! Only strings and one pair of brackets matter for that: in valid JSON the brace that brings the
//! depth back to zero ends the object, whatever square brackets say. Eight bytes are compared at once inside ordinary
//! integers, so the cost does not depend on how long the strings are.

/// Bytes looked at in one step.
const BLOCK: usize = 64;

/// The scan of an object.
pub(crate) type Braces = Nesting<b'{', b'}'>;

/// The scan of a list.
pub(crate) type Brackets = Nesting<b'[', b']'>;

/// Where the scan stands; it may be continued with more bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Nesting<const OPEN: u8, const CLOSE: u8> {
    depth: u64,
    in_string: bool,
    escaped: bool,
}

/// What [`Nesting::advance`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It ends before this index.
    Closed(usize),
    /// A line ends inside a string at this index: not JSON, whatever follows.
    Broken(usize),
    /// All bytes belong to it; it goes on.
    More,
}

impl<const OPEN: u8, const CLOSE: u8> Nesting<OPEN, CLOSE> {
    /// Whether the bytes so far end inside a string.
    pub(crate) fn in_string(&self) -> bool {
        self.in_string
    }

    /// Reads on. The first byte ever given must be the opening bracket.
    pub(crate) fn advance(&mut self, bytes: &[u8]) -> Step {
        let (blocks, rest) = bytes.as_chunks::<BLOCK>();
        for (number, block) in blocks.iter().enumerate() {
            match self.block(block, BLOCK) {
                Step::More => {}
                Step::Closed(at) => return Step::Closed(number * BLOCK + at),
                Step::Broken(at) => return Step::Broken(number * BLOCK + at),
            }
        }
        if rest.is_empty() {
            return Step::More;
        }
        let mut block = [b' '; BLOCK];
        for (to, from) in block.iter_mut().zip(rest) {
            *to = *from;
        }
        match self.block(&block, rest.len()) {
            Step::Closed(at) => Step::Closed(blocks.len() * BLOCK + at),
            Step::Broken(at) => Step::Broken(blocks.len() * BLOCK + at),
            Step::More => Step::More,
        }
    }

    /// One block, of which only the first `length` bytes are real; the others are spaces.
    fn block(&mut self, block: &[u8; BLOCK], length: usize) -> Step {
        let escaped = self.escape(positions(block, b'\\'), length);
        let quotes = positions(block, b'"') & !escaped;
        let inside = prefix_xor(quotes) ^ if self.in_string { u64::MAX } else { 0 };
        let broken = positions(block, b'\n') & inside;
        let opens = positions(block, OPEN) & !inside;
        let closes = positions(block, CLOSE) & !inside;
        self.in_string = inside >> (BLOCK - 1) & 1 == 1;
        if broken == 0 && self.depth > u64::from(closes.count_ones()) {
            // Even with all closing brackets first the depth stays above zero.
            self.depth += u64::from(opens.count_ones());
            self.depth -= u64::from(closes.count_ones());
            return Step::More;
        }
        self.slowly(opens, closes, broken)
    }

    /// Bracket by bracket, when it may end in this block.
    fn slowly(&mut self, opens: u64, closes: u64, broken: u64) -> Step {
        let mut left = opens | closes | broken;
        while left != 0 {
            let at = left.trailing_zeros();
            let bit = 1_u64 << at;
            left &= left - 1;
            if broken & bit != 0 {
                return Step::Broken(at as usize);
            }
            if opens & bit != 0 {
                self.depth += 1;
            } else {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    return Step::Closed(at as usize + 1);
                }
            }
        }
        Step::More
    }

    /// The bytes that follow a backslash which is not itself escaped.
    fn escape(&mut self, mut backslashes: u64, length: usize) -> u64 {
        if backslashes == 0 && !self.escaped {
            return 0;
        }
        let mut escaped = 0;
        if std::mem::take(&mut self.escaped) {
            escaped |= 1;
            backslashes &= !1;
        }
        while backslashes != 0 {
            let at = backslashes.trailing_zeros() as usize;
            backslashes &= backslashes - 1;
            if at + 1 == length {
                self.escaped = true;
            } else {
                let next = 1_u64 << (at + 1);
                escaped |= next;
                backslashes &= !next;
            }
        }
        escaped
    }
}

/// Bit i is set where byte i of the block is `wanted`.
fn positions(block: &[u8; BLOCK], wanted: u8) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let pattern = u64::from_ne_bytes([wanted; 8]);
    let (words, _) = block.as_chunks::<8>();
    let mut bits = 0;
    for (number, word) in words.iter().enumerate() {
        let differs = u64::from_le_bytes(*word) ^ pattern;
        // The high bit of each byte that is zero, exactly: no carry crosses a byte.
        let equal = !(((differs & LOW) + LOW) | differs | LOW);
        bits |= ((equal >> 7).wrapping_mul(GATHER) >> 56) << (number * 8);
    }
    bits
}

/// Bit i is the parity of the bits 0 to i: set from each opening quote up to its closing one.
fn prefix_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}
