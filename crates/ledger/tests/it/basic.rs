//! The promises of a log that nothing bad happens to.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use ledger::{ErrorKind, Ledger, Reader, Step};
use model::{Kind, LeafIndex};
use tlog::note::VerifierKey;
use tlog::proof::LogProof;

use crate::support::{HandClock, START_MS, all_records, append, new_log, open, record, records, small};

#[test]
fn init_makes_keys_that_only_the_owner_reads_and_a_first_leaf() {
    let data = tempfile::tempdir().unwrap();
    let info = new_log(data.path());
    for (path, mode) in [(&info.key, 0o600), (&info.fingerprint_key, 0o600), (&info.dir, 0o700)] {
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, mode, "{}", path.display());
    }
    assert_eq!(std::fs::read_to_string(&info.fingerprint_key).unwrap().trim().len(), 64);
    assert_eq!(ledger::discover(data.path()).unwrap(), std::slice::from_ref(&info));
    let view = Reader::open(data.path(), &info.short).unwrap().view().unwrap();
    assert_eq!(view.size().0, 1);
    let leaf = view.leaf(LeafIndex(0)).unwrap();
    assert_eq!(leaf.kind, Kind::Directive);
    let body = String::from_utf8(leaf.body.to_vec()).unwrap();
    assert!(body.contains("log-opened") && body.contains(&info.vkey), "{body}");
}

#[test]
fn an_empty_folder_says_what_to_run() {
    let data = tempfile::tempdir().unwrap();
    let error = ledger::discover(data.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("deedbook init"), "{error}");
    let open = Ledger::open(data.path(), "00000000", small(), HandClock::at(0)).err().unwrap();
    assert_eq!(open.kind(), ErrorKind::NotFound);
    assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 0, "nothing is made implicitly");
}

#[test]
fn a_second_init_of_the_same_origin_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let info = new_log(data.path());
    let key = std::fs::read(&info.key).unwrap();
    let options = ledger::InitOptions { origin: Some(info.origin.clone()), options: small() };
    let error = ledger::init(data.path(), &options, HandClock::at(START_MS).as_ref()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(std::fs::read(&info.key).unwrap(), key);
}

#[test]
fn what_is_appended_is_read_back_in_order_with_proofs() {
    let data = tempfile::tempdir().unwrap();
    let info = new_log(data.path());
    let ledger = open(data.path(), &info);
    let key: VerifierKey = info.vkey.parse().unwrap();
    let mut expected = Vec::new();
    for batch in 0..40 {
        let receipt = append(&ledger, records(batch * 20..batch * 20 + 20));
        assert_eq!(receipt.count, 20);
        assert!(receipt.checkpoint.size.0 >= receipt.first.0 + 20);
        tlog::checkpoint::Opened::open(&receipt.checkpoint.note, &key).unwrap();
        for number in 0..20 {
            expected.push((LeafIndex(receipt.first.0 + number), record(batch * 20 + number).body));
        }
    }
    ledger.flush().unwrap();
    append(&ledger, records(800..810));
    let view = ledger.reader().view().unwrap();
    assert!(all_records(&view)[..800] == expected[..]);
    assert!(view.segments().len() > 1);
    assert!(view.tail_from().0 > 800 && view.tail_from() < LeafIndex(view.size().0));
    for index in (0..view.size().0).step_by(61).chain([view.size().0 - 1]) {
        let proof = view.prove(LeafIndex(index)).unwrap();
        let leaf = tlog::leaf_hash(&proof.stored.leaf());
        let proved = LogProof::parse(proof.text.as_bytes()).unwrap().verify(&leaf, &key, None).unwrap();
        assert_eq!(proved.opened.checkpoint.size, view.size().0);
    }
    let published = ledger.close().unwrap();
    let view = Reader::open(data.path(), &info.short).unwrap().view().unwrap();
    assert_eq!((view.size(), view.root()), (published.size, published.root));
    assert_eq!(std::fs::read(info.dir.join("log/checkpoint")).unwrap(), published.note.to_vec());
    assert_eq!(all_records(&view).len(), 810);
}

#[test]
fn a_follower_gets_every_leaf_once_and_every_segment_after_its_leaves() {
    let data = tempfile::tempdir().unwrap();
    let info = new_log(data.path());
    let ledger = open(data.path(), &info);
    append(&ledger, records(0..500));
    ledger.flush().unwrap();
    let mut follower = ledger.follow(LeafIndex(0));
    append(&ledger, records(500..1_000));
    ledger.flush().unwrap();
    let (mut next, mut closed) = (0, 0);
    while next < ledger.size() || closed < 1_000 {
        match follower.next(Duration::from_secs(5)).unwrap().expect("the log goes on") {
            Step::Leaves(group) => {
                for leaf in &group.leaves {
                    assert_eq!(leaf.index.0, next);
                    next += 1;
                }
            }
            Step::Closed(segment) => {
                assert_eq!(segment.first.0, closed);
                assert!(segment.last.0 < next);
                closed = segment.last.0 + 1;
            }
        }
    }
    ledger.close().unwrap();
}

#[test]
fn a_log_is_opened_again_where_it_was_closed() {
    let data = tempfile::tempdir().unwrap();
    let info = new_log(data.path());
    for run in 0..5 {
        let ledger = open(data.path(), &info);
        append(&ledger, records(run * 150..run * 150 + 150));
        ledger.close().unwrap();
    }
    let view = Reader::open(data.path(), &info.short).unwrap().view().unwrap();
    let bodies: Vec<_> = all_records(&view).into_iter().map(|(_, body)| body).collect();
    assert!(bodies == (0..750).map(|number| record(number).body).collect::<Vec<_>>());
}

#[test]
fn a_second_writer_is_told_who_holds_the_log() {
    let data = tempfile::tempdir().unwrap();
    let info = new_log(data.path());
    let ledger = open(data.path(), &info);
    let error = Ledger::open(data.path(), &info.short, small(), HandClock::at(START_MS)).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Locked);
    assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    ledger.close().unwrap();
    open(data.path(), &info).close().unwrap();
}

#[test]
fn own_leaves_are_numbered_without_gaps() {
    let data = tempfile::tempdir().unwrap();
    let info = new_log(data.path());
    for run in 0..3 {
        let ledger = open(data.path(), &info);
        for number in 0..4 {
            let body = format!("{{\"run\":{run},\"number\":{number}}}").into_bytes();
            ledger.append().submit_own(Kind::Audit, body).unwrap().wait().unwrap();
            append(&ledger, records(number..number + 1));
        }
        ledger.close().unwrap();
    }
    let view = Reader::open(data.path(), &info.short).unwrap().view().unwrap();
    let leaves = view.scan(0..u64::MAX, ledger::Selection { bodies: false, only: None });
    let own: Vec<u64> = leaves
        .flat_map(|batch| batch.unwrap())
        .map(|leaf| model::Header::decode(&leaf.header).unwrap())
        .filter(|header| header.source == 0)
        .map(|header| header.source_seq)
        .collect();
    assert_eq!(own, (0..own.len() as u64).collect::<Vec<_>>());
    assert!(own.len() > 13);
}

#[test]
fn single_leaves_are_read_together_whatever_their_order() {
    let data = tempfile::tempdir().unwrap();
    let info = new_log(data.path());
    let ledger = open(data.path(), &info);
    for from in (0..320).step_by(16) {
        append(&ledger, records(from..from + 16));
        if from == 288 {
            ledger.flush().unwrap();
        }
    }
    ledger.publish().unwrap();
    let view = ledger.reader().view().unwrap();
    assert!(!view.segments().is_empty() && view.tail_from().0 < view.size().0, "some leaves have no file yet");
    let asked = [view.size().0 - 1, 7, 0, 290, 7, 8, 301].map(LeafIndex).to_vec();
    let found = view.leaves(asked.clone()).unwrap();
    let mut sorted = asked;
    sorted.sort_unstable();
    sorted.dedup();
    let alone: Vec<_> = sorted.iter().map(|index| view.leaf(*index).unwrap()).collect();
    assert_eq!(found, alone);
    assert_eq!(
        view.leaves(vec![view.size().0].into_iter().map(LeafIndex).collect()).unwrap_err().kind(),
        ErrorKind::NotFound
    );
}

/// Who must not wait is refused before a queue at its limit, and taken once there is room.
#[test]
fn a_full_queue_refuses_who_must_not_wait() {
    let data = tempfile::tempdir().unwrap();
    let info = new_log(data.path());
    let ledger = open(data.path(), &info);
    // Ten times the limit, alone: taken, and sealed in forty groups.
    let many = ledger.append().try_submit(records(0..640)).unwrap();
    let refused = ledger.append().try_submit(records(640..641)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
    assert!(refused.to_string().contains("queue_records_max"), "{refused}");
    let receipt = many.wait().unwrap();
    assert_eq!((receipt.count, receipt.times.iter().map(|(leaves, _)| leaves).sum()), (640, 640));
    ledger.append().try_submit(records(640..641)).unwrap().wait().unwrap();
}

/// What a reader who kept a checkpoint asks for, checked as it checks it.
#[test]
fn a_view_shows_that_it_goes_on_from_any_earlier_one() {
    let data = tempfile::tempdir().unwrap();
    let info = new_log(data.path());
    let ledger = open(data.path(), &info);
    let mut seen = Vec::new();
    for batch in 0..30 {
        append(&ledger, records(batch * 20..batch * 20 + 20));
        let view = ledger.reader().view().unwrap();
        seen.push((view.size(), tlog::Hash(view.root())));
    }
    let view = ledger.reader().view().unwrap();
    let (size, root) = (view.size().0, tlog::Hash(view.root()));
    for (old, old_root) in &seen {
        let proof: Vec<_> = view.consistency(*old).unwrap().into_iter().map(tlog::Hash).collect();
        tlog::tree::verify_consistency(old.0, old_root, size, &root, &proof).unwrap();
        let other = tlog::Hash([7; 32]);
        assert!(tlog::tree::verify_consistency(old.0, &other, size, &root, &proof).is_err());
    }
    for impossible in [0, size + 1] {
        assert_eq!(view.consistency(model::TreeSize(impossible)).unwrap_err().kind(), ErrorKind::Invalid);
    }
}

#[test]
fn a_stop_that_does_not_wait_for_evidence_loses_nothing() {
    let data = tempfile::tempdir().unwrap();
    let info = new_log(data.path());
    let ledger = open(data.path(), &info);
    for batch in 0..200 {
        append(&ledger, records(batch * 20..batch * 20 + 20));
    }
    let in_time = ledger.flush_within(Duration::ZERO).unwrap();
    let expected = all_records(&ledger.reader().view().unwrap());
    drop(ledger);
    let view = Reader::open(data.path(), &info.short).unwrap().view().unwrap();
    let in_segments = view.segments().last().map_or(0, |segment| segment.last.0 + 1);
    assert!(in_time || in_segments < view.size().0, "the rest is in the WAL");
    drop(view);
    let again = open(data.path(), &info);
    assert!(again.flush_within(Duration::from_secs(60)).unwrap());
    assert_eq!(all_records(&again.reader().view().unwrap()), expected);
    again.close().unwrap();
    let view = Reader::open(data.path(), &info.short).unwrap().view().unwrap();
    assert_eq!(all_records(&view), expected);
}
