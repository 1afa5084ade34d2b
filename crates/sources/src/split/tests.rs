#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;
use crate::nesting::Step;

/// What came out: records with their offsets, and the content put together again.
#[derive(Debug, Default, PartialEq)]
struct Split {
    records: Vec<(u64, Vec<u8>, Option<Cut>)>,
    content: Vec<u8>,
    end: Option<End>,
}

fn split_with(limits: Limits, chunks: &[&[u8]]) -> Split {
    let mut splitter = Splitter::new(limits);
    let mut split = Split::default();
    let mut at = 0_u64;
    let mut take = |piece: Piece<'_>| match piece {
        Piece::Record { offset, bytes, cut } => {
            assert_eq!(offset, at, "pieces follow each other");
            at += cut.map_or(bytes.len() as u64, |cut| cut.length);
            split.content.extend_from_slice(bytes);
            split.records.push((offset, bytes.to_vec(), cut));
        }
        Piece::Between { offset, bytes } => {
            assert_eq!(offset, at, "pieces follow each other");
            at += bytes.len() as u64;
            split.content.extend_from_slice(bytes);
        }
    };
    for chunk in chunks {
        splitter.push(chunk, &mut take);
    }
    let end = splitter.finish(&mut take);
    assert_eq!(end.consumed, at);
    assert_eq!(end.records, split.records.len() as u64);
    split.end = Some(end);
    split
}

/// The records of a content, the same in one chunk and byte by byte.
fn split(content: &str) -> Vec<String> {
    let whole = split_with(Limits::default(), &[content.as_bytes()]);
    let bytes: Vec<&[u8]> = content.as_bytes().chunks(1).collect();
    assert_eq!(whole, split_with(Limits::default(), &bytes));
    assert_eq!(whole.content, content.as_bytes());
    texts(&whole)
}

fn texts(split: &Split) -> Vec<String> {
    split.records.iter().map(|(_, bytes, _)| String::from_utf8_lossy(bytes).into_owned()).collect()
}

#[test]
fn entries_of_ldif_end_at_a_blank_line_or_at_the_next_name() {
    let content = "# head\n#  folded\nversion: 1\n\ndn: a=1\r\nb: 2\r\n c\r\n\r\nDN: a=2\nb: 3\ndn: a=3\n# inside\nd\n\n\n# tail\nresult: 0";
    assert_eq!(split(content), ["dn: a=1\r\nb: 2\r\n c", "DN: a=2\nb: 3", "dn: a=3\n# inside\nd"]);
    assert_eq!(split("dn: a=1\nb: 2\n"), ["dn: a=1\nb: 2"]);
    assert_eq!(split("# no directory\ntext\n\ndn: a=1\n"), ["# no directory", "text", "dn: a=1"]);
}

#[test]
fn policies_are_a_list_behind_another_and_no_envelope_by_themselves() {
    let alone = r#"{"Policies":[{"a":1}],"b":2}"#;
    assert_eq!(split(alone), [alone]);
    assert_eq!(split(r#"{"UserDetailList":[{"u":1}],"Policies":[{"a":1}]}"#), [r#"{"u":1}"#, r#"{"a":1}"#]);
}

#[test]
fn a_comment_without_an_end_is_not_held() {
    let mut splitter = Splitter::new(Limits::default());
    let (mut most, mut taken) = (0, 0);
    let mut push = |splitter: &mut Splitter, chunk: &[u8]| {
        splitter.push(chunk, &mut |piece| {
            if let Piece::Between { bytes, .. } = piece {
                taken += bytes.len();
            }
        });
        most = most.max(splitter.buffer.len());
    };
    push(&mut splitter, format!("dn: a=1\n\n#{}", "x".repeat(8_192)).as_bytes());
    for _ in 0..64 {
        push(&mut splitter, "x".repeat(64 << 10).as_bytes());
    }
    assert!(most < 1 << 20, "{most} bytes are held");
    assert!(taken > 3 << 20, "{taken} bytes were given out");
}

#[test]
fn the_headers_of_an_inventory_are_between_records() {
    let rows = "spiffe://a/b,o,t,p,s\nspiffe://a/c,o,t,p,s";
    let wanted = ["spiffe://a/b,o,t,p,s", "spiffe://a/c,o,t,p,s"];
    assert_eq!(split(&format!("identity,owner,team,purpose,sensitivity,kind\r\n{rows}")), wanted);
    assert_eq!(split("identity,owner,team\nx").len(), 2, "other columns are another file");
}

#[test]
fn lines_of_json_are_records_and_line_ends_are_not() {
    assert_eq!(split("{\"a\":1}\n{\"b\":\"}{\"}\r\n\n{\"c\":{}}"), ["{\"a\":1}", "{\"b\":\"}{\"}", "{\"c\":{}}"]);
}

#[test]
fn plain_lines_are_records() {
    assert_eq!(split("one\r\ntwo\n\n[three] 3\n7\n"), ["one", "two", "[three] 3", "7"]);
}

#[test]
fn a_list_gives_its_elements() {
    assert_eq!(split("[\n  {\"a\": 1},\n  {\"b\": [1, {}]}\n]\n"), ["{\"a\": 1}", "{\"b\": [1, {}]}"]);
    assert!(split("[]\n").is_empty());
    assert!(split("[ ]").is_empty());
}

#[test]
fn envelopes_give_their_elements_in_one_line_or_many() {
    assert_eq!(split(r#"{"Records":[{"a":1},{"b":2}]}"#), [r#"{"a":1}"#, r#"{"b":2}"#]);
    assert_eq!(split("{\n \"records\": [\n  {\"a\":1}\n ]\n}\n"), [r#"{"a":1}"#]);
    assert_eq!(
        split(
            "{\"kind\":\"EventList\",\"apiVersion\":\"audit.k8s.io/v1\",\"metadata\":{},\"items\":[{\"kind\":\"Event\"}]}\n{\"kind\":\"Event\",\"level\":\"x\"}\n"
        ),
        [r#"{"kind":"Event"}"#, r#"{"kind":"Event","level":"x"}"#]
    );
    assert_eq!(
        split(r#"{"messageType":"DATA_MESSAGE","owner":"1","logEvents":[{"id":"1","message":"{\"a\":1}"}]}"#),
        [r#"{"id":"1","message":"{\"a\":1}"}"#]
    );
    assert_eq!(
        split(r#"{"@odata.context":"x","value":[{"a":1}],"@odata.nextLink":"y"}{"b":2}"#),
        [r#"{"a":1}"#, r#"{"b":2}"#]
    );
    assert_eq!(split(r#"{"object":"list","data":[{"a":1},{"b":2}],"has_more":false}"#), [r#"{"a":1}"#, r#"{"b":2}"#]);
    assert_eq!(split(r#"{"auditLogs":[{"a":1}]}"#), [r#"{"a":1}"#]);
}

#[test]
fn an_object_with_a_key_of_its_own_is_no_envelope() {
    let record = r#"{"id":"x","value":[{"a":1}]}"#;
    assert_eq!(split(record), [record]);
    let record = r#"{"object":"event","type":1000,"data":[{"a":1}]}"#;
    assert_eq!(split(record), [record]);
    let record = r#"{"records":[1,2]}"#;
    assert_eq!(split(record), [record]);
    let record = r#"{"Records":"none"}"#;
    assert_eq!(split(record), [record]);
}

#[test]
fn a_second_list_in_an_envelope_is_read_too() {
    assert_eq!(split(r#"{"Records":[{"a":1}],"n":{"x":[1]},"records":[{"b":2}]}"#), [r#"{"a":1}"#, r#"{"b":2}"#]);
}

#[test]
fn what_follows_the_list_of_an_envelope_cannot_hide() {
    let tail = format!(r#","note":"{}"}}"#, "x".repeat(5_000));
    let records = split(&format!(r#"{{"Records":[{{"a":1}}]{tail}"#));
    assert_eq!(records[0], r#"{"a":1}"#);
    assert!(records[1..].concat().contains("xxxx"));
}

#[test]
fn pretty_printed_objects_are_one_record_each() {
    let one = "{\n  \"a\": {\n    \"b\": \"}\\\"\"\n  }\n}";
    assert_eq!(split(&format!("{one}\n\n\n{one}{one}\n{{\"c\":1}}\n")), [one, one, one, "{\"c\":1}"]);
}

#[test]
fn objects_without_anything_between_them_are_records() {
    assert_eq!(split(r#"{"a":1}{"b":2} {"c":3},{"d":4}"#), [r#"{"a":1}"#, r#"{"b":2}"#, r#"{"c":3}"#, r#"{"d":4}"#]);
}

#[test]
fn a_truncated_line_takes_no_other_line_with_it() {
    for broken in ["{\"a\":\"b", "{\"a\":1", "{\"a\":1,", "{\"a\":", "{\"a\":[{\"b\":1},", "{\"a\":{\"b\":{"] {
        let records = split(&format!("{{\"x\":1}}\n{broken}\n{{\"y\":1}}\n{{\"z\":1}}\n"));
        assert_eq!(records, ["{\"x\":1}", broken, "{\"y\":1}", "{\"z\":1}"], "{broken}");
    }
}

#[test]
fn a_truncated_delivery_ends_in_one_broken_record() {
    assert_eq!(split(r#"{"Records":[{"a":1},{"b":"#), [r#"{"a":1}"#, r#"{"b":"#]);
    assert_eq!(split("[\n {\"a\":1},\n {\"b\":\n"), ["{\"a\":1}", "{\"b\":\n"]);
    assert_eq!(split("{\n  \"a\": 1,\n  \"b\": [\n"), ["{\n  \"a\": 1,\n  \"b\": ["]);
}

#[test]
fn a_broken_pretty_printed_object_ends_where_the_next_begins() {
    let broken = "{\n  \"a\": \"one\ntwo\",\n  \"b\": {}\n}";
    assert_eq!(split(&format!("{broken}\n{{\"c\":1}}\n")), [broken, "{\"c\":1}"]);
    let broken = "{\n  \"a\": \"x\"";
    assert_eq!(split(&format!("{broken}\n{{\n \"c\":1\n}}\n")), [broken, "{\n \"c\":1\n}"]);
}

#[test]
fn a_list_that_breaks_inside_a_string_is_left_and_the_rest_is_found_again() {
    let records = split("{\"Records\":[{\"a\":\"x\n{\"Records\":[{\"b\":1}]}\n{\"c\":1}\n");
    assert_eq!(records, ["{\"a\":\"x", "{\"b\":1}", "{\"c\":1}"]);
    let records = split("{\"Records\": [{\n  \"a\": \"x\ny\",\n  \"b\": {}\n}]}\n\n{\n\"c\":1\n}\n");
    assert_eq!(records, ["{\n  \"a\": \"x\ny\",\n  \"b\": {}\n}]}", "{\n\"c\":1\n}"]);
}

#[test]
fn zeros_and_a_byte_order_mark_in_front_belong_to_no_record() {
    assert_eq!(split("\0\0\0{\"a\":1}\n"), ["{\"a\":1}"]);
    assert_eq!(split("\u{feff}{\"a\":1}\n"), ["{\"a\":1}"]);
}

#[test]
fn a_binary_delivery_is_one_record() {
    let content = "\x7fELF\0\0\n\n\0{\n\0\n";
    assert_eq!(split(content), [content]);
}

#[test]
fn a_record_over_the_limit_is_cut_and_accounted_for() {
    let limits = Limits { record_bytes_max: 100, kept_bytes: 10, lines_only: false };
    let long = "y".repeat(1_000);
    for (content, record) in [
        (format!("a\n{long}\r\nb\n"), long.clone()),
        (format!("a\n{{\"k\":\"{long}\"}}\nb\n"), format!("{{\"k\":\"{long}\"}}")),
        (format!("[{{\"k\":\"{long}\"}}]"), format!("{{\"k\":\"{long}\"}}")),
        (format!("\0x{long}"), format!("x{long}")),
        (format!("{{\n\"k\":\n\"{long}\"\n}}\n"), format!("{{\n\"k\":\n\"{long}\"\n}}")),
    ] {
        let whole = split_with(limits, &[content.as_bytes()]);
        let small: Vec<&[u8]> = content.as_bytes().chunks(7).collect();
        assert_eq!(whole, split_with(limits, &small), "{content}");
        let cut: Vec<_> = whole.records.iter().filter(|record| record.2.is_some()).collect();
        assert_eq!(cut.len(), 1);
        assert_eq!(cut[0].1, &record.as_bytes()[..10]);
        let expected = Cut { length: record.len() as u64, sha256: Sha256::digest(record.as_bytes()).into() };
        assert_eq!(cut[0].2, Some(expected));
    }
}

#[test]
fn the_limit_itself_is_not_over_it() {
    let limits = Limits { record_bytes_max: 100, kept_bytes: 10, lines_only: false };
    for (length, cut) in [(100, false), (101, true)] {
        let content = format!("{}\r\nb", "y".repeat(length));
        for size in [1, 64, 1_000] {
            let chunks: Vec<&[u8]> = content.as_bytes().chunks(size).collect();
            let split = split_with(limits, &chunks);
            assert_eq!(split.records[0].2.is_some(), cut, "{length} bytes in chunks of {size}");
        }
    }
}

#[test]
fn memory_stays_bounded_by_the_largest_record() {
    let limits = Limits { record_bytes_max: 64 << 10, kept_bytes: 10, lines_only: false };
    for filler in ["x", " ", "{\"a\":", "[", "{\n", "[{\"a\":{},"] {
        let mut splitter = Splitter::new(limits);
        let chunk = filler.repeat(64 << 10);
        for _ in 0..((4 << 20) / chunk.len()) {
            splitter.push(chunk.as_bytes(), &mut |_| {});
            assert!(
                splitter.buffer.len() <= (64 << 10) + STEP_BYTES,
                "{filler:?}: {} bytes held",
                splitter.buffer.len()
            );
        }
        splitter.finish(&mut |_| {});
    }
}

#[test]
fn a_tail_without_an_end_is_streamed_and_accounted_for() {
    const LIMIT: usize = 64 << 10;
    // As many times the limit as 64 MiB and more are of the default one.
    const CHUNKS: usize = 5;
    let limits = Limits { record_bytes_max: LIMIT, kept_bytes: 10, lines_only: false };
    let chunk = vec![b'y'; STEP_BYTES];
    for (before, begin) in [
        ("a\n", "text "),
        ("{\"a\":1}\n", "{\"k\":\""),
        ("{\"Records\":[{\"a\":1},", "{\"k\":\""),
        ("{\"a\":1}\n", "{\n\"k\": [\n"),
        // A second line inside a string: broken, and its rest is read to the end.
        ("{\"a\":1}\n", "{\n\"k\": \"\n"),
        ("", "\u{1}\0"),
    ] {
        let mut whole = Sha256::new_with_prefix(begin);
        let mut splitter = Splitter::new(limits);
        let mut last = None;
        let mut take = |piece: Piece<'_>| {
            if let Piece::Record { offset, bytes, cut } = piece {
                last = Some((offset, bytes.to_vec(), cut));
            }
        };
        splitter.push(format!("{before}{begin}").as_bytes(), &mut take);
        for _ in 0..CHUNKS {
            whole.update(&chunk);
            splitter.push(&chunk, &mut take);
            assert!(splitter.buffer.len() <= LIMIT + STEP_BYTES, "{begin:?}: {} bytes held", splitter.buffer.len());
        }
        let end = splitter.finish(&mut take);
        let length = begin.len() + CHUNKS * STEP_BYTES;
        assert_eq!(end.consumed as usize, before.len() + length, "{begin:?}");
        let (offset, kept, cut) = last.unwrap();
        assert_eq!(cut, Some(Cut { length: length as u64, sha256: whole.finalize().into() }), "{begin:?}");
        assert_eq!(offset as usize, before.len());
        assert_eq!(kept, [begin.as_bytes(), &chunk].concat()[..10]);
    }
}

#[test]
fn a_tail_without_an_end_stays_for_later_in_a_growing_file() {
    let limits = Limits { record_bytes_max: 64 << 10, kept_bytes: 10, lines_only: true };
    let chunk = vec![b'y'; STEP_BYTES];
    let mut splitter = Splitter::new(limits);
    let mut records = Vec::new();
    let mut take = |piece: Piece<'_>| {
        if let Piece::Record { bytes, cut, .. } = piece {
            records.push((bytes.to_vec(), cut));
        }
    };
    splitter.push(b"first\n", &mut take);
    for _ in 0..5 {
        splitter.push(&chunk, &mut take);
        assert!(splitter.buffer.len() <= (64 << 10) + STEP_BYTES, "{} bytes held", splitter.buffer.len());
    }
    assert_eq!(splitter.finish(&mut take), End { consumed: 6, records: 1 });
    assert_eq!(records, [(b"first".to_vec(), None)]);
}

#[test]
fn a_growing_file_gives_whole_lines_only() {
    let limits = Limits { lines_only: true, ..Limits::default() };
    let content = "{\"a\":1}\n{\n\"b\":2}\n{\"Records\":[{\"c\":1},{\"d\":1}]}\n[{\"e\":1}]\ntext\n{\"f\":1}";
    let expected = ["{\"a\":1}", "{", "\"b\":2}", "{\"c\":1}", "{\"d\":1}", "{\"e\":1}", "text"];
    for size in [1, 5, 1_000] {
        let chunks: Vec<&[u8]> = content.as_bytes().chunks(size).collect();
        let split = split_with(limits, &chunks);
        assert_eq!(texts(&split), expected);
        assert_eq!(split.end.unwrap().consumed, content.rfind('{').unwrap() as u64);
    }
}

#[test]
fn a_splitter_can_be_used_again() {
    let mut splitter = Splitter::new(Limits::default());
    for _ in 0..2 {
        let mut offsets = Vec::new();
        let mut take = |piece: Piece<'_>| match piece {
            Piece::Record { offset, .. } => offsets.push(offset),
            Piece::Between { .. } => {}
        };
        splitter.push(b"{\"Records\":[{\"a\":1},{\"b", &mut take);
        let end = splitter.finish(&mut take);
        assert_eq!((offsets.as_slice(), end.consumed), (&[12, 20][..], 23));
    }
}

/// The plain way to find the end of an object: byte by byte.
fn end_slowly(bytes: &[u8]) -> Step {
    let (mut depth, mut string, mut escaped) = (0_u64, false, false);
    for (at, byte) in bytes.iter().enumerate() {
        let after_backslash = std::mem::take(&mut escaped);
        match byte {
            b'\n' if string => return Step::Broken(at),
            b'\\' => escaped = !after_backslash,
            b'"' if !after_backslash => string = !string,
            b'{' if !string => depth += 1,
            b'}' if !string => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Step::Closed(at + 1);
                }
            }
            _ => {}
        }
    }
    Step::More
}

fn jsonish() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        5 => prop::sample::select(vec!["{", "}", "\"", "\\", "\n", "[", "]", ",", ":", " ", "\r\n", "\0", "x", "{\"a\":1}", "\"Records\":["]).prop_map(|s| s.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..80),
    ];
    prop::collection::vec(part, 0..60).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn blocks_agree_with_bytes(tail in jsonish(), cut in any::<prop::sample::Index>()) {
        let bytes = [b"{", tail.as_slice()].concat();
        let expected = end_slowly(&bytes);
        prop_assert_eq!(Braces::default().advance(&bytes), expected);
        let cut = cut.index(bytes.len());
        let mut braces = Braces::default();
        let step = match braces.advance(&bytes[..cut]) {
            Step::More => match braces.advance(&bytes[cut..]) {
                Step::Closed(at) => Step::Closed(cut + at),
                Step::Broken(at) => Step::Broken(cut + at),
                Step::More => Step::More,
            },
            step => step,
        };
        prop_assert_eq!(step, expected);
    }

    #[test]
    fn chunks_change_nothing_and_no_byte_is_lost(
        content in jsonish(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        lines_only in any::<bool>(),
        record_bytes_max in prop::sample::select(vec![3_usize, 20, 1_000]),
    ) {
        let limits = Limits { record_bytes_max, kept_bytes: 5, lines_only };
        let whole = split_with(limits, &[&content]);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(content.len() + 1)).collect();
        cuts.extend([0, content.len()]);
        cuts.sort_unstable();
        let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &content[pair[0]..pair[1]]).collect();
        prop_assert_eq!(&whole, &split_with(limits, &chunks));
        if whole.records.iter().all(|record| record.2.is_none()) {
            prop_assert_eq!(&whole.content[..], &content[..whole.end.unwrap().consumed as usize]);
        }
        if !lines_only {
            prop_assert_eq!(whole.end.unwrap().consumed, content.len() as u64);
        }
    }
}

#[test]
fn lists_in_lists_give_the_elements_of_the_deepest() {
    let spans = |list: &str| format!(r#"{{"scope":{{"name":"s"}},"spans":[{list}],"schemaUrl":"u"}}"#);
    let process = |scopes: &str| format!(r#"{{"resource":{{"attributes":[{{"key":"k"}}]}},"scopeSpans":[{scopes}]}}"#);
    let (one, two, three) = (r#"{"spanId":"1"}"#, r#"{"spanId":"2","events":[{"a":[1]}]}"#, r#"{"spanId":"3"}"#);
    let first = process(&format!("{},{}", spans(&format!("{one},{two}")), spans("")));
    let line = format!(r#"{{"resourceSpans":[{first},{}]}}"#, process(&spans(three)));
    assert_eq!(split(&format!("{line}\n{line}\n")), [one, two, three, one, two, three]);
    assert!(split(r#"{"resourceSpans":[]}"#).is_empty());
    // The deeper lists are lists only inside of the outer one.
    assert_eq!(split(&spans(one)), [spans(one)]);
    // A process that shows no list soon enough is a record of its own, and hides nothing after it.
    let large = format!(r#"{{"resource":{{"a":"{}"}},"scopeSpans":[{}]}}"#, "x".repeat(5_000), spans(one));
    assert_eq!(split(&format!(r#"{{"resourceSpans":[{large},{}]}}"#, process(&spans(two)))), [large.as_str(), two]);
}
