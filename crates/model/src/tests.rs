use crate::uri::{self, Class};
use crate::*;

fn header() -> Header {
    Header {
        kind: Kind::Record,
        flags: 0,
        source: 7,
        source_seq: 41,
        received_at: Millis(1_790_000_000_123),
        body_bytes: 2,
        replacements: vec![Replacement { offset: 3, length: 9, rule: 2 }],
        position: Position {
            delivery: Some(0),
            ordinal: Some(256),
            name: Some("audit.log".to_owned()),
            head_sha256: Some([9; 32]),
            ..Position::default()
        },
    }
}

#[test]
fn uuid_vectors_of_identity_md_8() {
    for (uri, id) in [
        ("nhi:principal:aws:111122223333:role/AROAEXAMPLEEXAMPLE12", "efdfbd2d-9eaa-5a28-a1fa-0a6c3c6af92a"),
        ("nhi:cred:aws:111122223333:sts-key/ASIAEXAMPLEEXAMPLE12", "0d0b3049-1d6f-5567-9272-0f56164e48f8"),
        ("nhi:principal:spiffe:example.org:workload/ns/prod/sa/api", "9d8901a5-26df-5511-960e-a7e6dccc051c"),
    ] {
        assert_eq!(uri::stable_id(uri).to_string(), id, "{uri}");
    }
}

#[test]
fn uris_are_built_as_identity_md_3_2_writes_them() {
    assert_eq!(
        uri::principal("aws", "111122223333", "role", "AROAEXAMPLEEXAMPLE12"),
        "nhi:principal:aws:111122223333:role/AROAEXAMPLEEXAMPLE12"
    );
    assert_eq!(
        uri::build(Class::Principal, "spiffe", "example.org", "workload").path("ns/prod/sa/api").finish(),
        "nhi:principal:spiffe:example.org:workload/ns/prod/sa/api"
    );
    assert_eq!(uri::principal_named("aws", "", "role", "Admin"), "nhi:principal:aws:unknown:role/~Admin");
    assert_eq!(uri::principal("x", "a", "t", "~a:b/é"), "nhi:principal:x:a:t/%7Ea%3Ab%2F%C3%A9");
}

#[test]
fn decomposed_and_composed_names_give_one_uri() {
    assert_eq!(uri::principal("x", "a", "t", "e\u{301}"), uri::principal("x", "a", "t", "\u{e9}"));
}

#[test]
fn a_uri_is_never_longer_than_its_limit_and_still_tells_ids_apart() {
    let long = |tail: &str| uri::principal("x", "a", "t", &("é".repeat(3_000) + tail));
    assert!(long("a").len() <= uri::URI_BYTES_MAX);
    let claimed = uri::principal_claimed("syslog", "", "user", &"x".repeat(3_000));
    assert!(
        claimed.len() <= uri::URI_BYTES_MAX && claimed.contains("/?sha256%3A"),
        "an unproved name stays one: {claimed}"
    );
    assert_ne!(long("a"), long("b"));
}

#[test]
fn a_header_decodes_to_what_was_encoded() {
    let mut bytes = Vec::new();
    header().encode(&mut bytes);
    assert_eq!(Header::decode(&bytes), Ok(header()));
}

#[test]
fn every_cut_or_extended_header_is_refused() {
    let mut bytes = Vec::new();
    header().encode(&mut bytes);
    for length in 0..bytes.len() {
        assert!(Header::decode(&bytes[..length]).is_err(), "{length} bytes");
    }
    bytes.push(0);
    assert_eq!(Header::decode(&bytes), Err(HeaderError::Long(1)));
}

#[test]
fn a_leaf_decodes_to_what_was_encoded_and_reserved_bytes_are_refused() {
    let leaf = Leaf { sequenced_at: Millis(77), commitment: Commitment([5; 32]) };
    let bytes = leaf.encode();
    assert_eq!(Leaf::decode(&bytes), Ok(leaf));
    for at in 0..4 {
        let mut changed = bytes;
        changed[at] = 1;
        assert!(Leaf::decode(&changed).is_err(), "byte {at}");
    }
}

#[test]
fn a_commitment_binds_salt_header_and_body() {
    let mut head = Vec::new();
    header().encode(&mut head);
    let base = commitment(&[1; 16], &head, b"{}");
    assert_ne!(base, commitment(&[2; 16], &head, b"{}"));
    assert_ne!(base, commitment(&[1; 16], &head, b"[]"));
    assert_ne!(base, commitment(&[1; 16], &head[1..], b"{}"));
}

#[test]
fn event_ids_have_one_spelling() {
    let id: EventId = "3f2a91c0-41022".parse().unwrap();
    assert_eq!(id.to_string(), "3f2a91c0-41022");
    for wrong in ["3f2a91c0-041", "3F2a91c0-4", "3f2a91c-4", "3f2a91c0", "3f2a91c0-", "3f2a91c0--1"] {
        assert!(wrong.parse::<EventId>().is_err(), "{wrong}");
    }
}

#[test]
fn times_print_as_rfc3339_utc() {
    assert_eq!(rfc3339_from_millis(Millis(0)), "1970-01-01T00:00:00.000Z");
    assert_eq!(rfc3339_from_nanos(1_000_000_000), "1970-01-01T00:00:01Z");
    assert_eq!(rfc3339_from_nanos(1_500_000), "1970-01-01T00:00:00.001500Z");
    assert_eq!(rfc3339_from_nanos(-1), "1969-12-31T23:59:59.999999999Z");
}

#[test]
fn hex_is_read_as_it_is_written_and_nothing_else_is() {
    let bytes = [0x00, 0x7f, 0xa5, 0xff];
    assert_eq!(crate::hex(&bytes), "007fa5ff");
    assert_eq!(crate::unhex("007fa5ff"), Some(bytes));
    assert_eq!(crate::unhex("007FA5FF"), Some(bytes));
    for wrong in ["", "007fa5f", "007fa5ff0", "007fa5ff00", "+07fa5ff", "0 7fa5ff", "007fa5fg", "007fé5ff"] {
        assert_eq!(crate::unhex::<4>(wrong), None, "{wrong}");
    }
}

#[test]
fn a_delivery_leaf_from_before_there_were_callers_reads_and_encodes_the_same() {
    let old = concat!(
        r#"{"name":"-","delivery":3,"encoding":"none","transport_sha256":"","transport_bytes":0,"content_sha256":"","#,
        r#""offset":0,"content_bytes":0,"records":4,"replaced":0,"between":"\n","gaps":[],"gaps_cut":false,"ended":"end"}"#
    );
    let mut body: crate::DeliveryBody = serde_json::from_str(old).unwrap();
    assert_eq!(crate::canonical_json(&body), old.as_bytes());
    let of = |subject: &str, first, last| {
        let subject = Some(subject.to_owned());
        crate::Caller { subject, first, last, ..crate::Caller::default() }
    };
    body.callers = vec![of("all", 0, 3), of("some", 1, 2)];
    let said = |ordinal| body.caller_of(ordinal).and_then(|caller| caller.subject.as_deref());
    assert_eq!(
        (said(0), said(1), said(2), said(3), said(4)),
        (Some("all"), Some("some"), Some("some"), Some("all"), None)
    );
    let encoded = crate::canonical_json(&body);
    assert_eq!(serde_json::from_slice::<crate::DeliveryBody>(&encoded).unwrap(), body);
}
