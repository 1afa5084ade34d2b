use super::*;
use crate::note::Algorithm;
use crate::{ErrorKind, leaf_hash};

fn key(name: &str) -> SignerKey {
    SignerKey::from_seed(name, Algorithm::Ed25519, &[9; 32]).unwrap()
}

#[test]
fn a_signed_checkpoint_opens_with_its_key_alone() {
    let checkpoint = Checkpoint::new("example.com/log", 11, leaf_hash(b"root"));
    let note = checkpoint.sign(&key("example.com/log")).unwrap();
    let bytes = note.encode();
    let opened = Opened::open(bytes.as_bytes(), &key("example.com/log").verifier()).unwrap();
    assert_eq!(opened.checkpoint, checkpoint);
    assert_eq!(opened.cosignatures(&[]).unwrap(), []);
    let other_name = Opened::open(bytes.as_bytes(), &key("example.com/other").verifier()).unwrap_err();
    assert_eq!(other_name.kind(), ErrorKind::UnknownKey);
    let other_key = SignerKey::from_seed("example.com/log", Algorithm::Ed25519, &[8; 32]).unwrap().verifier();
    assert_eq!(Opened::open(bytes.as_bytes(), &other_key).unwrap_err().kind(), ErrorKind::UnknownKey);
    let altered = bytes.replace("\n11\n", "\n12\n");
    let altered = Opened::open(altered.as_bytes(), &key("example.com/log").verifier()).unwrap_err();
    assert_eq!(altered.kind(), ErrorKind::Mismatch);
}

#[test]
fn a_key_signs_for_its_own_log_and_no_extensions() {
    let mut checkpoint = Checkpoint::new("a", 1, leaf_hash(b"x"));
    assert_eq!(checkpoint.sign(&key("b")).unwrap_err().kind(), ErrorKind::Invalid);
    checkpoint.extensions.push("more".into());
    assert_eq!(checkpoint.sign(&key("a")).unwrap_err().kind(), ErrorKind::Invalid);
    // Those of others are kept.
    assert_eq!(Checkpoint::parse(&checkpoint.to_text()).unwrap(), checkpoint);
}

#[test]
fn malformed_checkpoints_are_refused() {
    let root = leaf_hash(b"root").to_base64();
    let cases = [
        String::new(),
        "\n".into(),
        format!("\n1\n{root}\n"),
        format!("log\n01\n{root}\n"),
        format!("log\n+1\n{root}\n"),
        format!("log\n-1\n{root}\n"),
        format!("log\n\n{root}\n"),
        format!("log\n1\n{root}"),
        format!("log\n1\n{root}\n\n"),
        format!("log\n1\n{root}\nmore\n\n"),
        format!("log\n1\n{}\n", &root[..43]),
        "log\n1\nAAAA\n".into(),
        "log\n1\n".into(),
        format!("log\n0\n{root}\n"),
        format!("log\n9223372036854775808\n{root}\n"),
        format!("log\n18446744073709551616\n{root}\n"),
    ];
    for text in cases {
        assert_eq!(Checkpoint::parse(&text).map_err(|e| e.kind()), Err(ErrorKind::Invalid), "{text:?}");
    }
    let empty = Checkpoint::new("log", 0, Hash::EMPTY_TREE);
    assert_eq!(Checkpoint::parse(&empty.to_text()).unwrap(), empty);
}
