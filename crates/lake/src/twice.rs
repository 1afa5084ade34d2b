//! The same upstream event in two deliveries: which leaf told it first.
//!
//! Both leaves stay in the log; the later row points at the first. The memory of firsts covers at
//! least the last [`WINDOW_LEAVES`] leaves before the newest and is exact there: no bloom filter, no
//! sampling. It is a fold over the rows in leaf order, so a rebuild finds what the first run found.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use sha2::{Digest, Sha256};

/// How many leaves back a first record is remembered.
pub const WINDOW_LEAVES: u64 = 1 << 20;

/// Firsts are kept and forgotten in blocks of this many leaves.
const BLOCK_LEAVES: u64 = WINDOW_LEAVES / 2;

/// What one upstream event is known by: its id at the source, its time and its outcome. A platform may
/// tell of one request more than once under one id (the stages of Kubernetes, request and response of
/// Vault); these differ in time or outcome and are no copies. Empty for a record without an id.
pub(crate) fn telling(source_event_id: &str, time_raw: &str, status: &str) -> String {
    if source_event_id.is_empty() { String::new() } else { format!("{source_event_id}\n{time_raw}\n{status}") }
}

/// 96 bits of SHA-256 over platform, authority and telling. A sender cannot aim for a
/// collision, and an accidental one is out of reach for any log.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key([u32; 3]);

impl Key {
    fn new(platform: &str, authority: &str, telling: &str) -> Key {
        let mut hash = Sha256::new();
        for part in [platform, authority, telling] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let digest: [u8; 32] = hash.finalize().into();
        let word = |at: usize| digest.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_be_bytes);
        Key([word(0), word(4), word(8)])
    }
}

impl std::hash::Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let [a, b, _] = self.0;
        state.write_u64(u64::from(a) << 32 | u64::from(b));
    }
}

/// A key is a digest already.
#[derive(Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

/// First leaf of each key, as an offset in its block.
type Block = HashMap<Key, u32, BuildHasherDefault<Identity>>;

/// The firsts of the window.
#[derive(Clone, Default)]
pub(crate) struct Twice {
    /// Number of the newest block.
    newest: u64,
    /// The newest block and the two before it, newest first: the window begins inside the last.
    blocks: [Block; 3],
}

impl Twice {
    /// The first leaf of the window that told the same event, or nothing if this leaf is the first.
    /// Leaves come in ascending order; an empty id names nothing.
    pub(crate) fn first(&mut self, leaf: u64, platform: &str, authority: &str, telling: &str) -> Option<u64> {
        if telling.is_empty() {
            return None;
        }
        self.advance(leaf / BLOCK_LEAVES);
        let key = Key::new(platform, authority, telling);
        for (block, age) in self.blocks.iter().zip(0..) {
            if let Some(offset) = block.get(&key) {
                let first = self.newest.saturating_sub(age) * BLOCK_LEAVES + u64::from(*offset);
                if leaf - first <= WINDOW_LEAVES {
                    return Some(first);
                }
            }
        }
        let [newest, ..] = &mut self.blocks;
        newest.insert(key, u32::try_from(leaf % BLOCK_LEAVES).unwrap_or(u32::MAX));
        None
    }

    /// Takes a first that an earlier run found. Leaves come in ascending order.
    pub(crate) fn remember(&mut self, leaf: u64, platform: &str, authority: &str, telling: &str) {
        self.advance(leaf / BLOCK_LEAVES);
        let [newest, ..] = &mut self.blocks;
        let key = Key::new(platform, authority, telling);
        newest.insert(key, u32::try_from(leaf % BLOCK_LEAVES).unwrap_or(u32::MAX));
    }

    fn advance(&mut self, block: u64) {
        for _ in 0..block.saturating_sub(self.newest).min(3) {
            self.blocks.rotate_right(1);
            let [newest, ..] = &mut self.blocks;
            newest.clear();
        }
        self.newest = self.newest.max(block);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_of_two_points_at_the_first() {
        let mut twice = Twice::default();
        assert_eq!(twice.first(5, "aws", "1", "e"), None);
        assert_eq!(twice.first(9, "aws", "1", "e"), Some(5));
        assert_eq!(twice.first(10, "aws", "1", "e"), Some(5), "the third points at the first too");
        assert_eq!(twice.first(11, "aws", "2", "e"), None, "another authority");
        assert_eq!(twice.first(12, "k8s", "1", "e"), None, "another platform");
        assert_eq!(twice.first(13, "aws", "1", ""), None);
        assert_eq!(twice.first(14, "aws", "1", ""), None, "no id names nothing");
    }

    #[test]
    fn two_stages_of_one_request_are_no_copies() {
        let [request, response] = ["unknown", "success"].map(|status| telling("id", "2026-11-02T00:00:00Z", status));
        let mut twice = Twice::default();
        assert_eq!(twice.first(1, "vault", "1", &request), None);
        assert_eq!(twice.first(2, "vault", "1", &response), None);
        assert_eq!(twice.first(3, "vault", "1", &response), Some(2));
        assert_eq!(telling("", "2026-11-02T00:00:00Z", "success"), "");
    }

    #[test]
    fn parts_of_a_key_do_not_run_into_each_other() {
        let mut twice = Twice::default();
        assert_eq!(twice.first(0, "aws", "12", "3"), None);
        assert_eq!(twice.first(1, "aws", "1", "23"), None);
    }

    #[test]
    fn the_window_is_exact_at_both_ends() {
        for start in [0, 7, BLOCK_LEAVES - 1, BLOCK_LEAVES, 5 * BLOCK_LEAVES + 3] {
            let mut twice = Twice::default();
            assert_eq!(twice.first(start, "p", "a", "e"), None);
            assert_eq!(twice.first(start + WINDOW_LEAVES, "p", "a", "e"), Some(start), "from {start}");
            let mut twice = Twice::default();
            assert_eq!(twice.first(start, "p", "a", "e"), None);
            assert_eq!(twice.first(start + WINDOW_LEAVES + 1, "p", "a", "e"), None, "from {start}");
        }
    }

    #[test]
    fn remembering_the_firsts_gives_the_same_answers() {
        let mut whole = Twice::default();
        let mut firsts = Vec::new();
        let id = |leaf: u64| format!("e{}", leaf % 700);
        for leaf in (0..3 * WINDOW_LEAVES).step_by(4_099) {
            if whole.first(leaf, "p", "a", &id(leaf)).is_none() {
                firsts.push(leaf);
            }
        }
        let end = 3 * WINDOW_LEAVES;
        let mut restored = Twice::default();
        for leaf in firsts.into_iter().filter(|leaf| end - leaf <= WINDOW_LEAVES + BLOCK_LEAVES) {
            restored.remember(leaf, "p", "a", &id(leaf));
        }
        for leaf in end..end + 700 {
            assert_eq!(whole.first(leaf, "p", "a", &id(leaf)), restored.first(leaf, "p", "a", &id(leaf)), "{leaf}");
        }
    }
}
