//! Any sequence of appends, flushes, publishings, clean stops and crashes of the process gives the log
//! that a list of records and a naive tree give.

use ledger::{Ledger, Selection};
use model::Kind;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use crate::support::{append, new_log, open, record_of};

#[derive(Clone, Debug)]
enum Step {
    Append(Vec<usize>),
    Flush,
    Publish,
    Close,
    Drop,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop::collection::vec(prop_oneof![8 => 20..900usize, 1 => 9_000..30_000usize], 1..40).prop_map(Step::Append),
        1 => Just(Step::Flush),
        1 => Just(Step::Publish),
        1 => Just(Step::Close),
        1 => Just(Step::Drop),
    ]
}

/// RFC 6962 section 2.1, as it is written there.
fn naive_root(leaves: &[[u8; 44]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    match leaves {
        [] => {}
        [leaf] => {
            hash.update([0]);
            hash.update(leaf);
        }
        leaves => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            hash.update([1]);
            hash.update(naive_root(left));
            hash.update(naive_root(right));
        }
    }
    hash.finalize().into()
}

/// The log holds exactly these records, and its root is the naive one.
fn agrees(ledger: &Ledger, expected: &[Vec<u8>]) {
    let view = ledger.reader().view().unwrap();
    let leaves: Vec<_> = view.scan(0..u64::MAX, Selection::default()).flat_map(|batch| batch.unwrap()).collect();
    let bodies: Vec<&[u8]> =
        leaves.iter().filter(|leaf| leaf.kind == Kind::Record).map(|leaf| &leaf.body[..]).collect();
    assert!(bodies.iter().eq(expected.iter()), "{} records, expected {}", bodies.len(), expected.len());
    assert_eq!(leaves.len() as u64, view.size().0);
    let entries: Vec<_> = leaves.iter().map(|leaf| leaf.leaf()).collect();
    assert_eq!(naive_root(&entries), view.root());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn the_log_is_the_list_of_what_was_appended(steps in prop::collection::vec(step(), 1..24)) {
        let data = tempfile::tempdir().unwrap();
        let info = new_log(data.path());
        let mut ledger = open(data.path(), &info);
        let mut expected = Vec::new();
        for step in steps {
            match step {
                Step::Append(sizes) => {
                    let first = expected.len() as u64;
                    let batch: Vec<_> = sizes.iter().zip(first..).map(|(size, number)| record_of(number, *size)).collect();
                    expected.extend(batch.iter().map(|prepared| prepared.body.clone()));
                    append(&ledger, batch);
                }
                Step::Flush => ledger.flush().unwrap(),
                Step::Publish => {
                    let size = ledger.size();
                    prop_assert!(ledger.publish().unwrap().size.0 >= size);
                }
                Step::Close => {
                    ledger.close().unwrap();
                    ledger = open(data.path(), &info);
                }
                Step::Drop => {
                    drop(ledger);
                    ledger = open(data.path(), &info);
                }
            }
        }
        agrees(&ledger, &expected);
        ledger.close().unwrap();
        let ledger = open(data.path(), &info);
        agrees(&ledger, &expected);
    }
}
