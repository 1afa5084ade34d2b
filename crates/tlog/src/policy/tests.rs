use super::*;
use crate::note::SignerKey;
use crate::{ErrorKind, Hash};

fn log() -> SignerKey {
    SignerKey::from_seed("log.example", Algorithm::Ed25519, &[1; 32]).unwrap()
}

fn witness(number: u8) -> SignerKey {
    SignerKey::from_seed(&format!("w{number}.example"), Algorithm::Cosignature, &[100 + number; 32]).unwrap()
}

fn cosigned(by: &[u8]) -> Note {
    let mut note = Checkpoint::new("log.example", 0, Hash::EMPTY_TREE).sign(&log()).unwrap();
    for number in by {
        note.cosign(&witness(*number), 1_000 + u64::from(*number)).unwrap();
    }
    note
}

/// The shape of the example of c2sp.org/tlog-policy: two of three, and any of three.
fn two_groups() -> Policy {
    let mut text = format!("# who we trust\n\nlog {} https://log.example/\n", log().verifier());
    for number in 1..=6 {
        text += &format!("\twitness W{number}   {}\n", witness(number).verifier());
    }
    text += "group X 2 W1 W2 W3\ngroup Y any W4 W5 W6\ngroup both all X Y\nquorum both\n";
    Policy::parse(text.as_bytes()).unwrap()
}

#[test]
fn a_quorum_of_nested_groups_is_counted() {
    let policy = two_groups();
    for (by, met) in [
        (&[][..], false),
        (&[1, 2], false),
        (&[1, 4], false),
        (&[4, 5, 6], false),
        (&[1, 2, 4], true),
        (&[2, 3, 6], true),
        (&[1, 2, 3, 4, 5, 6], true),
        (&[1, 2, 9], false),
    ] {
        let result = policy.check(&cosigned(by));
        match met {
            true => assert_eq!(result.unwrap().len(), by.len(), "{by:?}"),
            false => assert_eq!(result.unwrap_err().kind(), ErrorKind::Quorum, "{by:?}"),
        }
    }
}

#[test]
fn a_wrong_cosignature_or_log_refuses_the_checkpoint() {
    let policy = two_groups();
    let mut note = cosigned(&[1, 2, 4]);
    let mut again = note.signatures()[1].clone();
    again.bytes[20] ^= 1;
    note.push(again).unwrap();
    assert_eq!(policy.check(&note).unwrap_err().kind(), ErrorKind::Mismatch);
    let stranger = SignerKey::from_seed("other.example", Algorithm::Ed25519, &[2; 32]).unwrap();
    let note = Checkpoint::new("other.example", 0, Hash::EMPTY_TREE).sign(&stranger).unwrap();
    assert_eq!(policy.check(&note).unwrap_err().kind(), ErrorKind::UnknownKey);
}

#[test]
fn no_quorum_asks_for_nothing() {
    let policy = Policy::parse(b"quorum none\n").unwrap();
    assert_eq!(policy.check(&cosigned(&[])).unwrap(), []);
    let single = format!("witness caf\u{e9} {}\nquorum caf\u{e9}\n", witness(1).verifier());
    let single = Policy::parse(single.as_bytes()).unwrap();
    assert_eq!(single.check(&cosigned(&[1])).unwrap()[0].posix_seconds, 1_001);
    assert!(single.check(&cosigned(&[2])).is_err());
}

#[test]
fn malformed_policies_are_refused() {
    let (w1, w2, l) = (witness(1).verifier(), witness(2).verifier(), log().verifier());
    let cases = [
        String::new(),
        "quorum none".into(),
        "log\nquorum none\n".into(),
        "quorum none\nquorum none\n".into(),
        "quorum later\n".into(),
        "banana\nquorum none\n".into(),
        "quorum none\r\n".into(),
        "quorum none\n\x00\n".into(),
        format!("log {l}\nlog {l}\nquorum none\n"),
        format!("log {l} url more\nquorum none\n"),
        format!("witness a {l}\nquorum a\n"),
        format!("witness none {w1}\nquorum none\n"),
        format!("witness a {w1}\nwitness a {w2}\nquorum a\n"),
        format!("witness a {w1}\nwitness b {w1}\nquorum a\n"),
        format!("witness a {w1}\ngroup a any a\nquorum a\n"),
        format!("witness a {w1}\ngroup g any\nquorum g\n"),
        format!("witness a {w1}\ngroup g 0 a\nquorum g\n"),
        format!("witness a {w1}\ngroup g 2 a\nquorum g\n"),
        format!("witness a {w1}\ngroup g 01 a\nquorum g\n"),
        format!("witness a {w1}\ngroup g any a a\nquorum g\n"),
        format!("witness a {w1}\ngroup g any a\ngroup h any a\nquorum g\n"),
        format!("witness a {w1}\ngroup g any b\nquorum g\n"),
        "group g any none\nquorum g\n".into(),
        format!("quorum a\nwitness a {w1}\n"),
    ];
    for text in cases {
        assert_eq!(Policy::parse(text.as_bytes()).map_err(|e| e.kind()), Err(ErrorKind::Invalid), "{text:?}");
    }
    let many: String = (0..=ITEMS_MAX).map(|_| format!("log {l}\n")).collect();
    assert!(Policy::parse(many.as_bytes()).is_err());
}
