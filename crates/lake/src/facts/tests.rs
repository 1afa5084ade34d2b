use std::path::{Path, PathBuf};

use model::{EventId, Header, Kind, LeafIndex, Millis, Position};
use sources::{Context, Scratch};

use super::file::{Builder, FactFile, Packer};
use super::*;
use crate::files::Working;

const FIRST: u64 = 65_536;

/// A fact as records give it, with a resource of so many letters.
fn fact(leaf: u64, letters: usize) -> Fact {
    let name = "n".repeat(letters);
    let record = format!(
        r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Request","auditID":"id-{leaf}","stage":"ResponseComplete",
        "requestURI":"/api/v1/namespaces/prod/secrets/{name}","verb":"get",
        "user":{{"username":"system:serviceaccount:prod:web","uid":"u-{leaf}","groups":["system:authenticated"],
        "extra":{{"authentication.kubernetes.io/credential-id":["JTI=j-{leaf}"]}}}},
        "sourceIPs":["10.0.0.7"],"userAgent":"kubectl","objectRef":{{"resource":"secrets","namespace":"prod","name":"{name}","apiVersion":"v1"}},
        "responseStatus":{{"metadata":{{}},"code":200}},
        "requestReceivedTimestamp":"2026-11-20T08:00:00.000000Z","stageTimestamp":"2026-11-20T08:00:00.000100Z"}}"#
    );
    let header = Header {
        kind: Kind::Record,
        flags: 0,
        source: 1,
        source_seq: leaf,
        received_at: Millis(1_795_168_800_000),
        body_bytes: record.len() as u64,
        replacements: Vec::new(),
        position: Position::default(),
    };
    let context = Context { received_at: header.received_at, ..Context::default() };
    let mut scratch = Scratch::default();
    let event = crate::derive::normalise(record.as_bytes(), &header, &context, &mut scratch).unwrap();
    Fact::of(EventId { log: String::new(), index: LeafIndex(0) }, event.time.unwrap(), &event)
}

/// A file of a run with facts at these leaves.
fn file(folder: &Path, told: &[(u64, Fact)], end: u64) -> PathBuf {
    let mut builder = Builder::new(FIRST);
    let mut working = Working::begin(folder, "new", |file, path| Packer::new(file, path, FIRST)).unwrap();
    for (leaf, fact) in told {
        builder.push(*leaf, 3, fact).unwrap();
        working.write(builder.take(false)).unwrap();
    }
    builder.skip_to(end);
    working.write(builder.take(true)).unwrap();
    let written = working.finish(folder, "run.facts".to_owned()).unwrap().wait().unwrap();
    assert_eq!(written.rows, told.len() as u64);
    folder.join(written.name)
}

fn read(path: &Path, leaves: &[u64]) -> Result<Vec<(u64, Fact)>> {
    let mut found = Vec::new();
    let mut zstd = Decompressor::new().unwrap();
    FactFile::open(path)?.read(leaves, &mut zstd, |leaf, source, fact| {
        assert_eq!(source, 3);
        found.push((leaf, fact));
        Ok(())
    })?;
    Ok(found)
}

#[test]
fn what_went_in_comes_out_leaf_by_leaf_and_all_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let told: Vec<_> =
        (0..203).filter(|n| n % 5 != 2 && !(60..110).contains(n)).map(|n| (FIRST + n, fact(n, n as usize))).collect();
    let path = file(folder.path(), &told, FIRST + 210);
    let all: Vec<u64> = (FIRST - 3..FIRST + 300).collect();
    assert_eq!(read(&path, &all).unwrap(), told);
    for leaf in all {
        let expected: Vec<_> = told.iter().filter(|(own, _)| *own == leaf).cloned().collect();
        assert_eq!(read(&path, &[leaf]).unwrap(), expected, "{leaf}");
    }
    assert_eq!(read(&path, &[]).unwrap(), []);
}

#[test]
fn a_run_without_an_event_is_a_file_too() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(read(&file(folder.path(), &[], FIRST + 1), &[FIRST]).unwrap(), []);
    std::fs::remove_file(folder.path().join("run.facts")).unwrap();
    assert_eq!(read(&file(folder.path(), &[], FIRST), &[FIRST]).unwrap(), []);
}

#[test]
fn a_flipped_bit_anywhere_is_an_error_or_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let told: Vec<_> = (0..40).map(|n| (FIRST + n, fact(n, 5))).collect();
    let path = file(folder.path(), &told, FIRST + 40);
    let whole = std::fs::read(&path).unwrap();
    let all: Vec<u64> = (FIRST..FIRST + 40).collect();
    let mut errors = 0;
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        std::fs::write(&path, &bytes).unwrap();
        match read(&path, &all) {
            Ok(found) => assert!(found == told, "byte {at} of {}", whole.len()),
            Err(_) => errors += 1,
        }
    }
    // The mark in front, and what zstd says of itself, is read by nobody.
    assert!(errors > whole.len() - 64, "{errors} of {}", whole.len());
    for length in [0, 7, 47, 48, 200, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(read(&path, &all).is_err(), "cut to {length}");
    }
}
