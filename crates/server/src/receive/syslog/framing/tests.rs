use super::*;

const LIMIT: usize = 16;

fn cut(chunks: &[&[u8]]) -> Vec<String> {
    messages(chunks, LIMIT).into_iter().map(|message| String::from_utf8(message).unwrap()).collect()
}

/// In one piece, and byte by byte.
fn both(stream: &[u8]) -> Vec<String> {
    let whole = cut(&[stream]);
    let bytes: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(whole, cut(&bytes), "the same in other chunks");
    whole
}

#[test]
fn one_stream_may_mix_both_kinds_of_frames() {
    // What is counted may hold a line end, and letters of several bytes count as those.
    let stream = "5 <1>ab<1>c\n8 <1>d\ne\u{e9}<1>f\n";
    assert_eq!(both(stream.as_bytes()), ["<1>ab", "<1>c", "<1>d\ne\u{e9}", "<1>f"]);
}

#[test]
fn line_ends_of_any_kind_are_no_part_of_a_message() {
    assert_eq!(both(b"<1>a\r\n<1>b\0<1>c\n\n\0\n5 <1>de\n<1>last"), ["<1>a", "<1>b", "<1>c", "<1>de", "<1>last"]);
}

#[test]
fn what_is_no_frame_is_a_line() {
    assert_eq!(
        both(b"hello\n2026-01-01T00:00\n0 a\n12345678901 b\n"),
        ["hello", "2026-01-01T00:00", "0 a", "12345678901 b"]
    );
}

#[test]
fn a_message_cut_off_by_the_end_is_kept_as_far_as_it_came() {
    assert_eq!(both(b"12 <1>half"), ["<1>half"]);
    assert_eq!(both(b"12 "), [""; 0]);
    assert_eq!(both(b"12"), ["12"]);
    let (mut frames, mut batch) = (Frames::new(LIMIT), Batch::default());
    assert_eq!(frames.cut(b"12 <1>half", true, &mut batch), Cut { used: 10, head: None, broken: 1 });
}

#[test]
fn of_a_long_message_the_beginning_is_kept_and_all_of_it_is_told() {
    let long = [b'x'; 40];
    for stream in [[b"40 ".as_slice(), &long, b"5 <1>ab"].concat(), [long.as_slice(), b"\n<1>ab\n"].concat()] {
        let kept = "x".repeat(LIMIT);
        assert_eq!(both(&stream), [kept.as_str(), "<1>ab"]);
        let (mut frames, mut batch) = (Frames::new(LIMIT), Batch::default());
        let cut = frames.cut(&stream, false, &mut batch);
        assert_eq!(cut.head, Some(Head::of(&long, LIMIT)));
        assert_eq!((batch.is_empty(), frames.cut(&stream[cut.used..], true, &mut batch).broken), (true, 0));
    }
    // At the limit, a carriage return does not count.
    let full = "y".repeat(LIMIT);
    assert_eq!(both(format!("{full}\r\n{full}\n16 {full}z\n").as_bytes()), [&full, &full, &full, "z"]);
    assert_eq!(both("z".repeat(LIMIT + 1).as_bytes()), ["z".repeat(LIMIT)], "one byte over, at the end of the stream");
    // One that never ends is still told, with what there was of it.
    assert_eq!(both(&[b'z'; 100]), ["z".repeat(LIMIT)]);
    assert_eq!(both(b"9999999999 <1>zzzzzzzzzzzzzzzzzzzz"), ["<1>zzzzzzzzzzzzz"]);
}

#[test]
fn those_before_a_long_message_come_before_it() {
    assert_eq!(both(b"<1>a\n20 <1>xxxxxxxxxxxxxxxxx<1>b\n"), ["<1>a", "<1>xxxxxxxxxxxxx", "<1>b"]);
}
