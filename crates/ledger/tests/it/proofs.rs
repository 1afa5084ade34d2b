//! Proofs from tiles that a reader keeps, while the log grows and while somebody changes the files.

use ledger::{ErrorKind, LogInfo, Reader, View};
use model::LeafIndex;
use tlog::note::VerifierKey;
use tlog::proof::LogProof;

use crate::support::{append, new_log, open, records};

/// Proves a leaf and checks the proof as a stranger does.
fn prove(view: &View, info: &LogInfo, index: u64) -> ledger::Result<()> {
    let key: VerifierKey = info.vkey.parse().unwrap();
    let proof = view.prove(LeafIndex(index))?;
    let leaf = tlog::leaf_hash(&proof.stored.leaf());
    let proved = LogProof::parse(proof.text.as_bytes()).unwrap().verify(&leaf, &key, None).unwrap();
    assert_eq!(proved.opened.checkpoint.size, view.size().0);
    Ok(())
}

#[test]
fn one_reader_proves_in_every_view_while_partial_tiles_grow() {
    let data = tempfile::tempdir().unwrap();
    let info = new_log(data.path());
    let ledger = open(data.path(), &info);
    let reader = ledger.reader();
    let mut views: Vec<View> = Vec::new();
    for batch in 0..40 {
        append(&ledger, records(batch * 17..batch * 17 + 17));
        match batch % 5 {
            1 => ledger.flush().unwrap(),
            3 => drop(ledger.publish().unwrap()),
            _ => {}
        }
        views.push(reader.view().unwrap());
        // A view of an hour ago proves out of the same tiles, which are wider now.
        for view in views.iter().step_by(7).chain(views.last()) {
            let last = view.size().0 - 1;
            for index in [0, last / 2, last] {
                prove(view, &info, index).unwrap();
            }
        }
    }
    assert!(views.last().unwrap().size().0 > 600, "more than two tiles");
    ledger.close().unwrap();
}

#[test]
fn a_damaged_tile_gives_an_error_and_never_a_wrong_proof_until_it_is_whole_again() {
    let data = tempfile::tempdir().unwrap();
    let info = new_log(data.path());
    let ledger = open(data.path(), &info);
    for batch in 0..60 {
        append(&ledger, records(batch * 20..batch * 20 + 20));
    }
    ledger.close().unwrap();
    let tile = info.dir.join("log/tile/0/000");
    let whole = std::fs::read(&tile).unwrap();
    let mut changed = whole.clone();
    changed[40 * 32] ^= 1;
    let warm = Reader::open(data.path(), &info.short).unwrap().view().unwrap();
    prove(&warm, &info, 41).unwrap();
    std::fs::write(&tile, &changed).unwrap();
    // What was kept before the damage is still right.
    prove(&warm, &info, 41).unwrap();
    let cold = Reader::open(data.path(), &info.short).unwrap().view().unwrap();
    for _ in 0..2 {
        assert_eq!(prove(&cold, &info, 41).unwrap_err().kind(), ErrorKind::Corrupt);
    }
    std::fs::write(&tile, &whole).unwrap();
    prove(&cold, &info, 41).unwrap();
}
