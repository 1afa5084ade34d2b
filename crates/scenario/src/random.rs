//! Everything random, from one seed.

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// The only source of chance in a scenario.
pub(crate) struct Random(ChaCha8Rng);

const HEX: &[u8; 16] = b"0123456789abcdef";
const UPPER: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number below `limit`, which is at least 1.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0.random_range(0..limit.max(1))
    }

    /// True in `percent` of a hundred cases.
    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of a slice, uniformly. The slice is never empty here: all are tables of this crate.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        let at = usize::try_from(self.below(items.len() as u64)).unwrap_or(0);
        #[expect(clippy::indexing_slicing, reason = "below the length by construction")]
        &items[at]
    }

    /// One of a slice, the first ones far more often: real names are used unevenly.
    pub(crate) fn pick_uneven<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        let skewed = (self.below(1 << 20) * self.below(1 << 20)) >> 20;
        let at = usize::try_from((skewed * items.len() as u64) >> 20).unwrap_or(0);
        #[expect(clippy::indexing_slicing, reason = "below the length by construction")]
        &items[at]
    }

    /// A time to the next event, in microseconds, exponential around `mean`.
    pub(crate) fn wait(&mut self, mean: f64) -> f64 {
        let uniform: f64 = self.0.random();
        -mean * (1.0 - uniform).ln()
    }

    /// Characters of an alphabet whose length is a power of two: so many bits each.
    fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        let bits = alphabet.len().trailing_zeros();
        let (mut word, mut left) = (0_u64, 0);
        let mut out = String::with_capacity(length);
        for _ in 0..length {
            if left < bits {
                (word, left) = (self.0.random(), u64::BITS);
            }
            let at = usize::try_from(word & ((1 << bits) - 1)).unwrap_or(0);
            out.push(char::from(alphabet.get(at).copied().unwrap_or(b'0')));
            word >>= bits;
            left -= bits;
        }
        out
    }

    pub(crate) fn hex(&mut self, length: usize) -> String {
        self.text(HEX, length)
    }

    pub(crate) fn base64(&mut self, length: usize) -> String {
        self.text(BASE64, length)
    }

    /// An AWS unique id: a prefix that says the kind, and 16 characters.
    pub(crate) fn aws_id(&mut self, prefix: &str) -> String {
        format!("{prefix}{}", self.text(UPPER, 16))
    }

    /// RFC 9562 version 4.
    pub(crate) fn uuid(&mut self) -> String {
        let h = self.hex(30);
        let part = |from: usize, to: usize| h.get(from..to).unwrap_or_default();
        let variant = self.pick(b"89ab");
        format!(
            "{}-{}-4{}-{}{}-{}",
            part(0, 8),
            part(8, 12),
            part(12, 15),
            char::from(*variant),
            part(15, 18),
            part(18, 30)
        )
    }

    /// An address inside a private network.
    pub(crate) fn private_ip(&mut self) -> String {
        format!("10.{}.{}.{}", 16 + self.below(8), self.below(256), 1 + self.below(254))
    }

    /// An address of TEST-NET-3 (RFC 5737): it belongs to nobody.
    pub(crate) fn public_ip(&mut self) -> String {
        format!("203.0.113.{}", 1 + self.below(254))
    }
}
