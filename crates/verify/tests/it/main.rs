//! The binary, run as an auditor runs it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod log;
mod sealed;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::{Header, Kind, Millis, Position, Prepared};
use tlog::checkpoint::Checkpoint;
use tlog::note::{Algorithm, SignerKey};
use tlog::proof::LogProof;
use tlog::{leaf_hash, node_hash};

fn signer(seed: u8) -> SignerKey {
    SignerKey::from_seed("example.com/log", Algorithm::Ed25519, &[seed; 32]).unwrap()
}

/// Two leaves; the record is the second.
fn write(folder: &Path) -> String {
    let header = Header {
        kind: Kind::Record,
        flags: 0,
        source: 3,
        source_seq: 41,
        received_at: Millis(1_700_000_000_000),
        body_bytes: 0,
        replacements: Vec::new(),
        position: Position::default(),
    };
    let item = Prepared::new([5; 16], header, b"{\"who\":\"billing\"}".to_vec());
    let (first, leaf) = (leaf_hash(b"first"), leaf_hash(&item.leaf(Millis(1_700_000_000_500))));
    let checkpoint = Checkpoint::new("example.com/log", 2, node_hash(&first, &leaf)).sign(&signer(1)).unwrap();
    fs::write(folder.join("kept"), checkpoint.encode()).unwrap();
    let other = Checkpoint::new("example.com/log", 2, first).sign(&signer(1)).unwrap();
    fs::write(folder.join("fork"), other.encode()).unwrap();
    let proof = LogProof { extra: None, index: 1, hashes: vec![first], checkpoint };
    fs::write(folder.join("e.tlog-proof"), proof.encode()).unwrap();
    fs::write(folder.join("key"), format!("{}\n", signer(1).verifier())).unwrap();
    fs::write(folder.join("stranger"), signer(2).verifier().to_string()).unwrap();
    let b64 = |bytes: &[u8]| STANDARD.encode(bytes);
    let record = format!(
        r#"{{"log":"example.com/log","index":1,"sequenced_at_ms":1700000000500,"salt":"{}","header":"{}","body":"{}"}}"#,
        b64(&item.salt),
        b64(&item.header),
        b64(&item.body)
    );
    fs::write(folder.join("r.json"), &record).unwrap();
    record
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_deedbook-verify")).current_dir(folder).args(arguments).output().unwrap()
}

fn code(folder: &Path, more: &[&str]) -> i32 {
    let base = ["proof", "e.tlog-proof", "--record", "r.json", "--key", "key"];
    run(folder, &[&base[..], more].concat()).status.code().unwrap()
}

#[test]
fn an_intact_record_is_proved_and_the_verdict_says_by_what() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let output = run(folder.path(), &["proof", "e.tlog-proof", "--record", "r.json", "--key", "key"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("INTACT: leaf 1") && text.contains("own key alone"), "{text}");
    assert_eq!(code(folder.path(), &["--checkpoint", "kept"]), 0);
}

#[test]
fn every_changed_part_of_a_record_is_altered() {
    let folder = tempfile::tempdir().unwrap();
    let record = write(folder.path());
    for (from, to) in
        [("BQUF", "BQUG"), ("00500", "00501"), ("\"index\":1", "\"index\":0"), ("eyJ", "eyK"), ("AQAA", "AgAA")]
    {
        assert_ne!(record, record.replacen(from, to, 1), "{from}");
        fs::write(folder.path().join("r.json"), record.replacen(from, to, 1)).unwrap();
        assert_eq!(code(folder.path(), &[]), 3, "{from}");
    }
}

#[test]
fn each_ending_has_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write(at);
    assert_eq!(code(at, &["--checkpoint", "fork"]), 3);
    assert_eq!(code(at, &["--checkpoint", "absent"]), 1);
    assert_eq!(code(at, &["--banana", "x"]), 2);
    assert_eq!(code(at, &["--policy"]), 2);
    assert_eq!(run(at, &[]).status.code(), Some(2));
    assert_eq!(run(at, &["--help"]).status.code(), Some(0));
    let stranger = run(at, &["proof", "e.tlog-proof", "--record", "r.json", "--key", "stranger"]);
    assert_eq!(stranger.status.code(), Some(5));
    fs::write(at.join("r.json"), "{}").unwrap();
    assert_eq!(code(at, &[]), 5);
}
