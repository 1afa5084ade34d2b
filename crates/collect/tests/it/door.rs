//! Deliveries that others send.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use collect::{Cut, Door, Parcel, Refused, Sealed, State, Submission};
use model::{Header, Kind, Millis};

use crate::{Bench, lines, numbered};

fn door(bench: &Bench, state: &Arc<State>) -> Door {
    let (append, reader) = (bench.ledger.append(), bench.ledger.reader());
    Door::new(append, reader, bench.scrubber.clone(), state.clone(), || Millis(1_763_000_000_000))
}

fn parcel(body: &str, request: Option<&str>, cut: Cut) -> Parcel {
    let (source, name) = ("net".to_owned(), "/test".to_owned());
    Parcel { source, name, request: request.map(str::to_owned), body: body.to_owned().into(), cut }
}

fn send(door: &Door, parcel: &Parcel) -> Result<Sealed, Refused> {
    match door.submit(parcel)? {
        Submission::Repeated(sealed) => Ok(sealed),
        Submission::Submitted(submitted) => wait(door.seal(submitted)),
    }
}

/// Asks a future again and again until it is there.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_receipt_is_the_leaf_of_its_record() {
    let bench = Bench::new();
    let door = door(&bench, &bench.state);
    // More than one group of the writer holds.
    let sealed = send(&door, &parcel(&lines(0..9_000), None, Cut::Auto)).unwrap();
    assert_eq!((sealed.records.len(), sealed.already_known), (9_000, 0));
    let view = bench.ledger.reader().view().unwrap();
    for receipt in sealed.records.iter().step_by(97).chain(sealed.records.last()) {
        assert_eq!(view.leaf(receipt.index).unwrap().leaf_hash(), receipt.leaf_hash);
    }
    assert!(sealed.checkpoint.size.0 > sealed.records.last().unwrap().index.0);
    assert_eq!(bench.records(), numbered(0..9_000));
}

#[test]
fn records_are_where_the_receiver_says_they_are() {
    let bench = Bench::new();
    let door = door(&bench, &bench.state);
    // The first four bytes would be a gzip stream; the last range is not in the content.
    let body: &[u8] = b"\x1f\x8b\x08{\"number\":0}\n{\"number\":1} end";
    let ranges = [3..15, 16..28, 29..90];
    let parcel = Parcel { body: body.into(), ..parcel("", None, Cut::At(ranges.into())) };
    assert_eq!(send(&door, &parcel).unwrap().records.len(), 2);
    assert_eq!(bench.records(), numbered(0..2));
}

#[test]
fn actions_of_a_bulk_request_are_no_records_and_nothing_is_lost() {
    let bench = Bench::new();
    let door = door(&bench, &bench.state);
    let body = "{\"index\":{}}\n{\"number\":0}\n\n{\"delete\":{\"_id\":\"7\"}}\n{\"create\":{}}\r\n {\"number\":1} \n{\"create\":{}}\n{\"number\":2}";
    assert_eq!(send(&door, &parcel(body, None, Cut::Bulk)).unwrap().records.len(), 3);
    assert_eq!(bench.records(), numbered(0..3));
    let delivery = bench.leaves().into_iter().find(|(header, _)| header.kind == Kind::Delivery).unwrap();
    let delivery: model::DeliveryBody = serde_json::from_slice(&delivery.1.body).unwrap();
    assert_eq!((delivery.records, delivery.content_bytes, delivery.gaps_cut), (3, body.len() as u64, false));
    let Err(Refused::Empty) = send(&door, &parcel("{\"delete\":{}}\n", None, Cut::Bulk)) else { panic!("no record") };
}

#[test]
fn a_key_is_remembered_by_the_log() {
    let bench = Bench::new();
    let first = {
        let door = door(&bench, &bench.state);
        let first = send(&door, &parcel(&lines(0..3), Some("k"), Cut::Auto)).unwrap();
        let again = send(&door, &parcel(&lines(0..3), Some("k"), Cut::Auto)).unwrap();
        assert_eq!((again.records, again.already_known), (first.records.clone(), 3), "not folded yet");
        first
    };
    // Another process, whose state is made from the log alone.
    let state = Arc::new(State::open(&bench.path("other.redb")).unwrap());
    bench.fold_into(&state);
    let door = door(&bench, &state);
    let again = send(&door, &parcel(&lines(0..3), Some("k"), Cut::Auto)).unwrap();
    assert_eq!((again.records, again.already_known), (first.records, 3));
    let other = send(&door, &parcel(&lines(0..2), Some("k"), Cut::Auto));
    assert!(matches!(other, Err(Refused::OtherBody(_))), "{other:?}");
    assert_eq!(bench.records(), numbered(0..3));
}

#[test]
fn a_delivery_that_a_crash_cut_short_is_gone_on_with() {
    let bench = Bench::new();
    send(&door(&bench, &bench.state), &parcel(&lines(0..4), Some("k"), Cut::Auto)).unwrap();
    // A log that holds the first two records and no more: what a crash between two groups leaves.
    let cut = Bench::new();
    let mut kept = Vec::new();
    for (header, leaf) in bench.leaves().into_iter().filter(|(header, _)| header.source == 1) {
        let is_kept = header.kind == Kind::Directive || header.position.ordinal.is_some_and(|ordinal| ordinal < 2);
        if is_kept {
            kept.push(model::Prepared::new(leaf.salt, header, leaf.body.to_vec()));
        }
    }
    cut.ledger.append().submit(kept).unwrap().wait().unwrap();
    cut.fold_into(&cut.state);
    let sealed = send(&door(&cut, &cut.state), &parcel(&lines(0..4), Some("k"), Cut::Auto)).unwrap();
    assert_eq!((sealed.records.len(), sealed.already_known), (2, 2));
    assert_eq!(cut.records(), numbered(0..4));
    cut.fold_into(&cut.state);
    let again = send(&door(&cut, &cut.state), &parcel(&lines(0..4), Some("k"), Cut::Auto)).unwrap();
    assert_eq!((again.records.len(), again.already_known), (4, 4));
    numbers_have_no_gaps(&cut);
}

fn numbers_have_no_gaps(bench: &Bench) {
    let of_source = |header: &Header| (header.source == 1).then_some(header.source_seq);
    let numbers: Vec<u64> = bench.leaves().iter().filter_map(|(header, _)| of_source(header)).collect();
    assert_eq!(numbers, (0..numbers.len() as u64).collect::<Vec<_>>());
}

#[test]
fn a_refused_delivery_gives_its_numbers_back_and_files_go_on_from_there() {
    let bench = Bench::new();
    let door = door(&bench, &bench.state);
    send(&door, &parcel(&lines(0..2), None, Cut::Auto)).unwrap();
    for (body, cut) in [("", Cut::Auto), (" \n ", Cut::Auto), ("", Cut::Whole)] {
        let refused = send(&door, &parcel(body, Some("k"), cut));
        assert!(matches!(refused, Err(Refused::Empty)), "{refused:?}");
    }
    let mut bomb = vec![0u8; 80 << 20];
    bomb[0] = b'{';
    let bomb = zstd::encode_all(bomb.as_slice(), 3).unwrap();
    let refused = send(&door, &Parcel { body: bomb.into(), ..parcel("", None, Cut::Auto) });
    assert!(matches!(refused, Err(Refused::TooLong { .. } | Refused::Damaged(_))), "{refused:?}");
    send(&door, &parcel(&lines(2..3), Some("k"), Cut::Auto)).unwrap();
    let file = bench.put("a", lines(3..6));
    let options = collect::Options { source: "net".to_owned(), ..crate::options() };
    bench.with(|pipeline| pipeline.ingest(&bench.state, vec![collect::Input::File(file)], &options));
    send(&door, &parcel(&lines(6..8), None, Cut::Auto)).unwrap();
    assert_eq!(bench.records(), numbered(0..8));
    numbers_have_no_gaps(&bench);
}

#[test]
fn senders_of_one_source_do_not_mix_their_numbers() {
    let bench = Bench::new();
    let door = door(&bench, &bench.state);
    std::thread::scope(|scope| {
        for sender in 0..8u32 {
            let door = &door;
            scope.spawn(move || {
                for nth in 0..50 {
                    send(door, &parcel(&lines(sender * 50 + nth..sender * 50 + nth + 1), None, Cut::Auto)).unwrap();
                }
            });
        }
    });
    let mut records = bench.records();
    records.sort_by_key(|record| record.len());
    records.sort();
    let mut expected = numbered(0..400);
    expected.sort();
    assert_eq!(records, expected);
    numbers_have_no_gaps(&bench);
}
