//! Deliveries that others send.

use std::io::Read as _;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use collect::{Cut, Door, Parcel, Refused, Relayed, Sealed, State, Submission};
use model::{Header, Kind, Millis};

use crate::{Bench, lines, numbered};

fn door(bench: &Bench, state: &Arc<State>) -> Door {
    let (append, reader) = (bench.ledger.append(), bench.ledger.reader());
    Door::new(append, reader, bench.scrubber.clone(), state.clone(), || Millis(1_763_000_000_000))
}

fn parcel(body: &str, request: Option<&str>, cut: Cut) -> Parcel {
    let (source, name) = ("net".to_owned(), "/test".to_owned());
    Parcel {
        source,
        name,
        request: request.map(str::to_owned),
        body: body.to_owned().into(),
        cut,
        stream: None,
        relayed: Relayed::default(),
    }
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
fn a_packed_body_is_decoded_up_to_a_limit() {
    let packed = zstd::encode_all(lines(0..100).as_bytes(), 3).unwrap();
    assert!(collect::is_packed(&packed) && !collect::is_packed(lines(0..1).as_bytes()));
    let length = lines(0..100).len();
    assert_eq!(collect::decode(&packed, length).unwrap(), lines(0..100).as_bytes());
    let Err(Refused::TooLong { .. }) = collect::decode(&packed, length - 1) else { panic!("over the limit") };
    let Err(Refused::Damaged(_)) = collect::decode(&packed[..packed.len() - 3], length) else { panic!("cut short") };
    assert_eq!(collect::decode(b"as it is", 100).unwrap(), b"as it is");
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

fn stream(begin: u64, offsets: &[u64]) -> Parcel {
    let body: String = offsets.iter().map(|offset| format!("{{\"number\":{offset}}}")).collect();
    let mut end = 0;
    let ranges: Vec<std::ops::Range<usize>> = offsets
        .iter()
        .map(|offset| {
            let begin = end;
            end += format!("{{\"number\":{offset}}}").len();
            begin..end
        })
        .collect();
    let stream = Some(collect::Stream { begin, offsets: offsets.into() });
    Parcel { name: "kafka://t/0".to_owned(), stream, ..parcel(&body, None, Cut::At(ranges.into())) }
}

#[test]
fn a_stream_goes_on_behind_what_is_sealed_of_it() {
    let bench = Bench::new();
    let door = door(&bench, &bench.state);
    assert_eq!(door.next_offset("net", "kafka://t/0").unwrap(), None);
    let next = || {
        bench.fold_into(&bench.state);
        let known = door.next_offset("net", "kafka://t/0").unwrap();
        let state = Arc::new(State::open(&bench.path("again.redb")).unwrap());
        bench.fold_into(&state);
        let again =
            Door::new(bench.ledger.append(), bench.ledger.reader(), bench.scrubber.clone(), state, || Millis(1));
        assert_eq!(again.next_offset("net", "kafka://t/0").unwrap(), known, "folded from the first leaf");
        drop(again);
        std::fs::remove_file(bench.path("again.redb")).unwrap();
        known
    };
    send(&door, &stream(7, &[])).unwrap();
    assert_eq!(next(), Some(7), "where it begins is sealed before anything came");
    send(&door, &stream(7, &[9])).unwrap();
    assert_eq!(next(), Some(10));
    send(&door, &stream(10, &[10, 12, 40])).unwrap();
    assert_eq!(next(), Some(41));
    let places: Vec<_> = bench
        .leaves()
        .iter()
        .filter_map(|(header, _)| (header.kind == Kind::Record).then_some(header.position.offset))
        .collect();
    assert_eq!(places, [Some(9), Some(10), Some(12), Some(40)]);
    // Made anew, it begins at 0 again.
    send(&door, &stream(0, &[0, 1])).unwrap();
    assert_eq!(next(), Some(2));
    assert_eq!(door.next_offset("net", "kafka://t/1").unwrap(), None);
}

#[test]
fn a_stream_that_a_crash_cut_short_goes_on_in_another_delivery() {
    let bench = Bench::new();
    send(&door(&bench, &bench.state), &stream(0, &[0, 1, 2, 3])).unwrap();
    let cut = kept(&bench, 2);
    assert_eq!(door(&cut, &cut.state).next_offset("net", "kafka://t/0").unwrap(), Some(2));
    send(&door(&cut, &cut.state), &stream(2, &[2, 3])).unwrap();
    cut.fold_into(&cut.state);
    assert_eq!(door(&cut, &cut.state).next_offset("net", "kafka://t/0").unwrap(), Some(4));
    assert_eq!(cut.records(), numbered(0..4));
    numbers_have_no_gaps(&cut);
}

/// A log that holds the first so many records of another and no more: what a crash between two groups leaves.
fn kept(bench: &Bench, records: u64) -> Bench {
    let cut = Bench::new();
    let mut leaves = Vec::new();
    for (header, leaf) in bench.leaves().into_iter().filter(|(header, _)| header.source == 1) {
        let is_kept =
            header.kind == Kind::Directive || header.position.ordinal.is_some_and(|ordinal| ordinal < records);
        if is_kept {
            leaves.push(model::Prepared::new(leaf.salt, header, leaf.body.to_vec()));
        }
    }
    cut.ledger.append().submit(leaves).unwrap().wait().unwrap();
    cut.fold_into(&cut.state);
    cut
}

fn object(body: &str, etag: &str) -> Parcel {
    let name = "s3://b/a.jsonl".to_owned();
    Parcel { name, ..parcel(body, Some(&format!("a.jsonl@{etag}")), Cut::Auto) }
}

#[test]
fn an_object_is_known_for_good_and_apart_from_keys_of_senders() {
    let bench = Bench::new();
    let door = door(&bench, &bench.state);
    send(&door, &parcel(&lines(10..11), Some("a.jsonl@1"), Cut::Auto)).unwrap();
    assert!(!door.knows_object("net", "s3://b/a.jsonl", "a.jsonl@1").unwrap());
    for (etag, new) in [("1", 3), ("1", 0), ("2", 3)] {
        assert_eq!(send(&door, &object(&lines(0..3), etag)).unwrap().records.len(), new, "{etag}");
    }
    // Without a record it is known all the same.
    assert_eq!(send(&door, &object(" \n", "3")).unwrap().records.len(), 0);
    let state = Arc::new(State::open(&bench.path("other.redb")).unwrap());
    bench.fold_into(&state);
    let door = self::door(&bench, &state);
    for (etag, is_known) in [("1", true), ("2", true), ("3", true), ("4", false)] {
        assert_eq!(door.knows_object("net", "s3://b/a.jsonl", &format!("a.jsonl@{etag}")).unwrap(), is_known, "{etag}");
    }
    assert_eq!(send(&door, &object(&lines(0..3), "2")).unwrap().already_known, 3);
    assert_eq!(send(&door, &parcel(&lines(10..11), Some("a.jsonl@1"), Cut::Auto)).unwrap().already_known, 1);
}

#[test]
fn a_long_object_that_ends_early_is_gone_on_with() {
    let bench = Bench::new();
    let door = door(&bench, &bench.state);
    let stop = std::sync::atomic::AtomicBool::new(false);
    let whole = lines(0..3_000);
    let read = |bytes: Box<dyn std::io::Read + Send>| door.object("net", "s3://b/long", "long@1", bytes, &stop);
    let broken = std::io::Cursor::new(whole.as_bytes()[..20_005].to_vec()).chain(Broken);
    let first = read(Box::new(broken)).unwrap();
    assert_eq!(first.unread.len(), 1);
    assert!(first.records > 0 && !door.knows_object("net", "s3://b/long", "long@1").unwrap());
    assert!(!door.may_read_object("net", "s3://b/long", "long@1").unwrap());
    let again = read(Box::new(std::io::empty()));
    assert!(matches!(again, Err(Refused::Busy(_))), "not folded: {again:?}");
    bench.fold_into(&bench.state);
    let second = read(Box::new(std::io::Cursor::new(whole.clone().into_bytes()))).unwrap();
    assert_eq!((second.records, second.already_known), (3_000 - first.records, first.records));
    assert!(door.knows_object("net", "s3://b/long", "long@1").unwrap());
    assert_eq!(read(Box::new(std::io::empty())).unwrap().records, 0);
    bench.fold_into(&bench.state);
    assert!(door.knows_object("net", "s3://b/long", "long@1").unwrap());
    assert_eq!(bench.records(), numbered(0..3_000));
    numbers_have_no_gaps(&bench);
    send(&door, &parcel("{}", None, Cut::Auto)).unwrap();
    numbers_have_no_gaps(&bench);
}

/// A connection that breaks.
struct Broken;

impl std::io::Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("connection reset"))
    }
}

#[test]
fn a_record_that_is_too_long_is_kept_as_its_beginning() {
    let bench = Bench::new();
    let door = door(&bench, &bench.state);
    let long = "x".repeat((16 << 20) + 1);
    let all = std::iter::once(0..long.len()).collect();
    for cut in [Cut::Whole, Cut::At(all)] {
        assert_eq!(send(&door, &parcel(&long, None, cut)).unwrap().records.len(), 1);
    }
    for (header, leaf) in bench.leaves().iter().filter(|(header, _)| header.kind == Kind::Record) {
        assert_eq!((leaf.body.len(), header.position.full_bytes), (64 << 10, Some(long.len() as u64)));
    }
}
