use ed25519_dalek::{SigningKey, Verifier as _, VerifyingKey};
use proptest::prelude::*;
use sha2::{Digest, Sha512};

use super::*;
use crate::ErrorKind;

/// The example of c2sp.org/signed-note.
const SPEC_VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const SPEC_NOTE: &str = "This is an example message.\n\n\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

/// The example of the documentation of golang.org/x/mod/sumdb/note.
const GO_SKEY: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const GO_VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_NOTE: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

fn signer(name: &str, algorithm: Algorithm) -> SignerKey {
    SignerKey::from_seed(name, algorithm, &[7; 32]).unwrap()
}

#[test]
fn the_example_of_the_specification_verifies() {
    let key: VerifierKey = SPEC_VKEY.parse().unwrap();
    assert_eq!(key.to_string(), SPEC_VKEY);
    let note = Note::parse(SPEC_NOTE.as_bytes()).unwrap();
    assert_eq!(note.text(), "This is an example message.\n");
    assert_eq!(note.verify([&key]).unwrap(), [Verified { key: &key, time: None }]);
}

#[test]
fn the_example_of_the_go_package_is_signed_byte_for_byte() {
    let key = SignerKey::parse(GO_SKEY).unwrap();
    assert_eq!(key.to_secret_text(), GO_SKEY);
    assert_eq!(key.verifier().to_string(), GO_VKEY);
    let mut note = Note::new(Note::parse(GO_NOTE.as_bytes()).unwrap().text()).unwrap();
    note.sign(&key).unwrap();
    assert_eq!(note.encode(), GO_NOTE);
}

#[test]
fn malformed_notes_are_refused() {
    let good = SPEC_NOTE;
    let line = good.split("\n\n").nth(1).unwrap();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("empty", Vec::new()),
        ("no signature", b"text\n\n".to_vec()),
        ("no empty line", format!("text\n{line}").into_bytes()),
        ("no text", format!("\n{line}").into_bytes()),
        ("no last newline", good.trim_end().into()),
        ("two last newlines", format!("{good}\n").into_bytes()),
        ("not UTF-8", [b"\xff".as_slice(), good.as_bytes()].concat()),
        ("control character", good.replace("example message", "example\tmessage").into_bytes()),
        ("carriage return", good.replace('\n', "\r\n").into_bytes()),
        ("hyphen for the dash", good.replace('\u{2014}', "-").into_bytes()),
        ("two spaces", good.replace(" Uw2Q", "  Uw2Q").into_bytes()),
        ("no name", good.replace("example.com/foo ", "").into_bytes()),
        ("plus in the name", good.replace("example.com/foo", "example.com+foo").into_bytes()),
        ("space in the name", good.replace("example.com/foo", "example.com\u{2003}foo").into_bytes()),
        ("no padding", good.replace("aQM=", "aQM").into_bytes()),
        ("unused bits", good.replace("aQM=", "aQN=").into_bytes()),
        ("url alphabet", good.replace("+", "-").replace('/', "_").replace("TfX", "T-X").into_bytes()),
        ("only a key id", b"text\n\n\xe2\x80\x94 name Uw2QOg==\n".to_vec()),
        ("less than a key id", b"text\n\n\xe2\x80\x94 name Uw2Q\n".to_vec()),
        ("text after the signatures", format!("{good}text\n").into_bytes()),
    ];
    for (what, bytes) in cases {
        assert_eq!(Note::parse(&bytes).map_err(|e| e.kind()), Err(ErrorKind::Invalid), "{what}");
    }
}

#[test]
fn a_text_may_have_empty_lines_of_its_own() {
    let mut note = Note::new("one\n\n\ntwo\n").unwrap();
    note.sign(&signer("log", Algorithm::Ed25519)).unwrap();
    assert_eq!(Note::parse(note.encode().as_bytes()).unwrap(), note);
}

#[test]
fn limits_hold_and_sixteen_signatures_are_within_them() {
    let mut note = Note::new("text\n").unwrap();
    for at in 0..SIGNATURES_MAX {
        note.sign(&signer(&format!("log{at}"), Algorithm::Ed25519)).unwrap();
    }
    let first = signer("log0", Algorithm::Ed25519).verifier();
    let last = signer("log99", Algorithm::Ed25519).verifier();
    assert_eq!(Note::parse(note.encode().as_bytes()).unwrap().verify([&first, &last]).unwrap().len(), 2);
    assert_eq!(note.sign(&signer("more", Algorithm::Ed25519)).unwrap_err().kind(), ErrorKind::Invalid);
    let line = note.encode().split_inclusive('\n').next_back().unwrap().to_owned();
    let over = note.encode() + &line;
    assert!(Note::parse(over.as_bytes()).unwrap_err().to_string().contains("101 signatures, the limit is 100"));
    let long = Note::new("x".repeat(NOTE_BYTES_MAX) + "\n").unwrap().sign(&signer("log", Algorithm::Ed25519));
    assert_eq!(long.unwrap_err().kind(), ErrorKind::Invalid);
    assert!(Note::parse(&vec![b'x'; NOTE_BYTES_MAX + 1]).is_err());
}

#[test]
fn a_wrong_signature_of_a_known_key_refuses_the_whole_note() {
    let (a, b) = (signer("a", Algorithm::Ed25519), signer("b", Algorithm::Ed25519));
    let mut note = Note::new("text\n").unwrap();
    note.sign(&a).unwrap();
    note.sign(&b).unwrap();
    let (a, b) = (a.verifier(), b.verifier());
    let stranger = signer("c", Algorithm::Ed25519).verifier();
    assert_eq!(note.verify([&a, &b]).unwrap().len(), 2);
    assert_eq!(note.verify([&stranger]).unwrap_err().kind(), ErrorKind::UnknownKey);
    let mut changed = note.clone();
    changed.signatures[1].bytes[5] ^= 1;
    assert_eq!(changed.verify([&a, &b]).unwrap_err().kind(), ErrorKind::Mismatch);
    assert_eq!(changed.verify([&a]).unwrap().len(), 1);
    let other_text = Note { text: "other\n".into(), ..note.clone() };
    assert_eq!(other_text.verify([&a]).unwrap_err().kind(), ErrorKind::Mismatch);
    let mut short = note;
    short.signatures[0].bytes.pop();
    assert_eq!(short.verify([&a]).unwrap_err().kind(), ErrorKind::Mismatch);
}

#[test]
fn a_cosignature_signs_its_time() {
    let key = signer("witness", Algorithm::Cosignature);
    let verifier: VerifierKey = key.verifier().to_string().parse().unwrap();
    let mut note = Note::new("origin\n0\nroot\n").unwrap();
    note.cosign(&key, 1_700_000_000).unwrap();
    assert_eq!(note.verify([&verifier]).unwrap()[0].time, Some(1_700_000_000));
    // The message of c2sp.org/tlog-cosignature, signed apart from `cosign`.
    let message = b"cosignature/v1\ntime 1700000000\norigin\n0\nroot\n";
    let bytes = ed25519_dalek::Signer::sign(&SigningKey::from_bytes(&[7; 32]), message).to_bytes();
    assert_eq!(note.signatures()[0].bytes, [&1_700_000_000_u64.to_be_bytes()[..], &bytes].concat());
    for at in [0, 7, 8, 71] {
        let mut changed = note.clone();
        changed.signatures[0].bytes[at] ^= 0x80;
        assert_eq!(changed.verify([&verifier]).unwrap_err().kind(), ErrorKind::Mismatch, "byte {at}");
    }
    assert!(note.cosign(&key, u64::MAX).is_err());
    assert!(note.sign(&key).is_err());
    assert!(note.cosign(&signer("log", Algorithm::Ed25519), 1).is_err());
}

#[test]
fn malformed_keys_are_refused() {
    let small_order = VerifierKey::new("weak", Algorithm::Ed25519, &{
        let mut identity = [0; 32];
        identity[0] = 1;
        identity
    });
    assert_eq!(small_order.unwrap_err().kind(), ErrorKind::Invalid);
    let cases = [
        ("", ErrorKind::Invalid),
        ("name", ErrorKind::Invalid),
        ("name+530d903a", ErrorKind::Invalid),
        ("other+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ErrorKind::Invalid),
        ("example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ErrorKind::Invalid),
        ("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2", ErrorKind::Invalid),
        ("example.com/foo+530d903a+Aeky", ErrorKind::Invalid),
        ("example.com/foo+530d903a+", ErrorKind::Invalid),
        ("+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ErrorKind::Invalid),
        ("example.com/foo+530d903a+BukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ErrorKind::UnknownKey),
    ];
    for (vkey, kind) in cases {
        assert_eq!(vkey.parse::<VerifierKey>().map_err(|e| e.kind()), Err(kind), "{vkey}");
    }
    for secret in ["", GO_VKEY, "PRIVATE+KEY+x", &GO_SKEY.replace("c74f20a3", "c74f20a4"), &GO_SKEY[..60]] {
        let error = SignerKey::parse(secret).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(!error.to_string().contains("AYEK"), "a message shows the key: {error}");
    }
    assert!(!format!("{:?}", SignerKey::parse(GO_SKEY).unwrap()).contains("AYEK"));
}

/// A signature whose R is the identity satisfies the plain equation for its text; the strict rule
/// refuses it.
#[test]
fn verification_follows_the_strict_rule() {
    let key = SigningKey::from_bytes(&[7; 32]);
    let mut point = [0; 32];
    point[0] = 1;
    let hash = Sha512::new().chain_update(point).chain_update(key.verifying_key().as_bytes()).chain_update(b"text\n");
    let challenge = hash.finalize();
    // s = H(R, A, M) * a, by doubling and adding.
    let a = key.to_scalar();
    let mut s = a - a;
    for bit in (0..512).rev() {
        s = s + s;
        if challenge[bit / 8] >> (bit % 8) & 1 == 1 {
            s += a;
        }
    }
    let bytes = [point, s.to_bytes()].concat();
    let plain: &VerifyingKey = &key.verifying_key();
    plain.verify(b"text\n", &ed25519_dalek::Signature::from_slice(&bytes).unwrap()).expect("the plain rule accepts");
    let verifier = signer("log", Algorithm::Ed25519).verifier();
    let mut note = Note::new("text\n").unwrap();
    note.push(Signature { name: "log".into(), key_id: verifier.id(), bytes }).unwrap();
    assert_eq!(note.verify([&verifier]).unwrap_err().kind(), ErrorKind::Mismatch);
}

proptest! {
    #[test]
    fn a_changed_byte_is_another_note_or_none(at in 0..SPEC_NOTE.len(), bit in 0..8) {
        let mut bytes = SPEC_NOTE.as_bytes().to_vec();
        bytes[at] ^= 1u8 << bit;
        if let Ok(note) = Note::parse(&bytes) {
            prop_assert_eq!(note.encode().into_bytes(), bytes);
            prop_assert!(note.verify([&SPEC_VKEY.parse::<VerifierKey>().unwrap()]).is_err());
        }
    }

    #[test]
    fn foreign_bytes_never_panic(bytes in "[a\n\u{2014} +=/]{0,40}") {
        if let Ok(note) = Note::parse(bytes.as_bytes()) {
            prop_assert_eq!(&note.encode(), &bytes);
        }
        let _ = bytes.parse::<VerifierKey>();
        let _ = SignerKey::parse(&bytes);
    }
}
