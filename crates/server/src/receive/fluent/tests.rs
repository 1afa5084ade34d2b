use rmpv::Value;

use super::*;

fn packed(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    rmpv::encode::write_value(&mut bytes, value).unwrap();
    bytes
}

fn text_of(message: &[u8]) -> Vec<String> {
    let records = records(message, LARGE_BYTES_MAX).unwrap();
    records.into_iter().map(|record| String::from_utf8(record).unwrap()).collect()
}

fn one(record: Value) -> String {
    text_of(&packed(&Value::Array(vec!["a".into(), 7.into(), record]))).remove(0)
}

#[test]
fn every_kind_of_value_has_a_place_in_json() {
    let long = "x".repeat(70_000);
    for (value, json) in [
        (Value::Nil, "null"),
        (Value::from(true), "true"),
        (Value::from(-1), "-1"),
        (Value::from(-129), "-129"),
        (Value::from(-32_769), "-32769"),
        (Value::from(i64::MIN), "-9223372036854775808"),
        (Value::from(u64::MAX), "18446744073709551615"),
        (Value::from(1.5f32), "1.5"),
        (Value::from(f64::NAN), "\"NaN\""),
        (Value::from("q\"\u{1}é"), r#""q\"\u0001é""#),
        (Value::from(long.as_str()), &format!("\"{long}\"")),
        (Value::Binary(b"bytes".to_vec()), "\"bytes\""),
        (Value::Binary(vec![0xff, 0xfe]), r#"{"$binary":"//4="}"#),
        (Value::Ext(5, vec![1, 2, 3]), r#"{"$extension":[5,"AQID"]}"#),
        (Value::Ext(0, vec![0, 0, 0, 9, 0, 0, 0, 1]), "9.000000001"),
        (Value::Map(vec![(3.into(), 4.into()), (Value::Nil, Value::Array(vec![]))]), r#"{"3":4,"null":[]}"#),
    ] {
        let expected = format!("{{\"tag\":\"a\",\"time\":7,\"record\":{json}}}");
        assert_eq!(one(value), expected);
        if json != "9.000000001" {
            serde_json::from_str::<serde_json::Value>(&expected).unwrap();
        }
    }
}

#[test]
fn a_message_that_comes_in_pieces_is_found_where_it_ends() {
    let message = packed(&Value::Array(vec!["a".into(), Value::Array(vec![]), Value::Map(vec![])]));
    let two = [message.clone(), message.clone()].concat();
    let mut extent = Extent::default();
    for length in 0..message.len() {
        assert_eq!(extent.advance(&two[..length]), Ok(None));
    }
    assert_eq!(extent.advance(&two), Ok(Some(message.len())));
    assert_eq!(Extent::default().advance(&[0xc1]), Err(Wrong::Never));
}

#[test]
fn hostile_messages_are_refused_within_their_limits() {
    let read = |message: &[u8]| events::read(message, 1 << 20, &mut Batch::default()).unwrap_err();
    // Lists of four billion, deep nests, and a bomb.
    assert_eq!(read(&[0x92, 0xa1, b'a', 0xdd, 0xff, 0xff, 0xff, 0xff]), Wrong::Short);
    let deep = [[0x93, 0xa1, b'a', 1].as_slice(), &[0x91; 500], &[1]].concat();
    assert_eq!(read(&deep), Wrong::Deep);
    let mut zeros = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    io::Write::write_all(&mut zeros, &vec![0; 8 << 20]).unwrap();
    let options = Value::Map(vec![("compressed".into(), "gzip".into())]);
    let bomb = packed(&Value::Array(vec!["a".into(), Value::Binary(zeros.finish().unwrap()), options]));
    assert!(bomb.len() < 20_000);
    assert_eq!(read(&bomb), Wrong::Large);
    // A tag that every one of many empty events would repeat.
    let events = Value::Array(vec![Value::Array(vec![1.into(), Value::Map(vec![])]); 5_000]);
    assert_eq!(read(&packed(&Value::Array(vec!["t".repeat(10_000).into(), events]))), Wrong::Large);
    for form in [
        Value::from(1),
        Value::Array(vec![]),
        Value::Array(vec!["a".into(), 1.into()]),
        Value::Array(vec![1.into(), 1.into(), 1.into()]),
        Value::Array(vec!["a".into(), Value::Array(vec![1.into()])]),
        Value::Array(vec!["a".into(), Value::Array(vec![]), 1.into()]),
        Value::Array(vec!["a".into(), 1.into(), 1.into(), Value::Nil, Value::Nil]),
    ] {
        assert!(matches!(read(&packed(&form)), Wrong::Form(_)), "{form}");
    }
}

#[test]
fn a_chunk_names_its_events() {
    let mut batch = Batch::default();
    batch.push(b"1");
    let (_, cut) = batch.take();
    let key = |chunk: &[u8], body: &'static [u8]| key(chunk, &Bytes::from_static(body), &cut);
    assert_eq!(key(b"c", b"1"), key(b"c", b"1"));
    assert_ne!(key(b"c", b"1"), key(b"c", b"2"));
    assert_eq!((key(b"", b"1"), key(&[b'x'; 200], b"1")), (None, None));
}
