//! Delete everything derived, and it comes back; damage it, and it is named.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use lake::{ErrorKind, Evidence, Lake, Limits};
use model::{FLAG_TRUNCATED, Kind, Position};

use crate::log::{Log, ask, k8s};

/// Several segments with all that a row may depend on from an earlier leaf: a source that is renamed
/// and given a platform, deliveries that go on in the next segment, events told twice across files.
fn eventful(folder: &Path) -> Log {
    let mut log = Log::new();
    let at = |delivery, ordinal: u64| Position {
        delivery: Some(delivery),
        ordinal: Some(ordinal),
        offset: Some(ordinal * 100),
        name: (ordinal == 0).then(|| format!("audit-{delivery}.log")),
        ..Position::default()
    };
    for n in 0..40_u32 {
        log.record_at(1, at(7, n.into()), k8s(&format!("id-{}", n % 23), "user", "get", "db", n % 23).as_bytes());
        if n % 9 == 8 {
            log.record_at(1, at(7, 100 + u64::from(n)), b"{\"kind\":");
            log.settle(folder);
        }
        if n == 20 {
            log.source(1, "renamed", "k8s");
            let full = Position { full_bytes: Some(20_000_000), ..at(8, 0) };
            log.push(Kind::Record, 1, full, FLAG_TRUNCATED, b"{\"kept\":".to_vec());
        }
    }
    log.record_at(1, at(7, 999), &[0xff, 0xfe]);
    log
}

fn everything(lake: &Arc<Lake>) -> Vec<String> {
    let mut all = ask(lake, "SELECT * FROM events_all ORDER BY leaf_index");
    all.extend(ask(lake, "SELECT * FROM rejects ORDER BY leaf_index"));
    all.extend(ask(lake, "SELECT * FROM sources ORDER BY number"));
    all
}

#[test]
fn a_rebuild_equals_the_run_that_was_interrupted_at_every_segment() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = eventful(folder.path());
    let before = log.lake(folder.path());
    let expected = everything(&before);
    assert!(expected.iter().any(|line| line.contains("duplicate_of")));
    assert!(expected.iter().any(|line| line.contains(r#""source":"renamed""#)));
    assert!(expected.iter().any(|line| line.contains("the record has 20000000 bytes, the first 8 were kept")));

    let mut steps = Vec::new();
    let manifest = before.rebuild(&mut |progress| steps.push(progress)).unwrap().unwrap();
    assert!(manifest.rebuild && manifest.first == 0);
    assert_eq!(steps.len(), 4);
    assert_eq!(steps[3].leaves, steps[3].leaves_total);
    assert_eq!(everything(&log.lake(folder.path())), expected, "not sealed yet: the old files are in force");

    log.announce(&manifest);
    let after = log.lake(folder.path());
    assert_eq!(everything(&after), expected);
    let writer = Lake::open_for_writing(&folder.path().join("lake"), Arc::new(log.clone())).unwrap();
    assert_eq!(writer.tidy().unwrap(), 0, "two readers are there");
    assert_eq!(everything(&before), expected, "who came before the rebuild still reads the old files");
    drop((before, after));
    let removed = writer.tidy().unwrap();
    assert!(removed >= 4, "{removed}");
    assert_eq!(everything(&log.lake(folder.path())), expected);

    // And once more from nothing at all: files gone, catalog gone.
    std::fs::remove_dir_all(folder.path().join("lake")).unwrap();
    mends(&mut log, folder.path(), &expected);
}

/// Questions say what to do; a rebuild does it; nothing of the damage is left.
fn mends(log: &mut Log, folder: &Path, expected: &[String]) {
    let lake = folder.join("lake");
    assert!(!lake::check(&lake, log).unwrap().is_empty());
    let opened = Lake::open_for_writing(&lake, Arc::new(log.clone())).unwrap();
    let manifest = opened.rebuild(&mut |_| {}).unwrap().unwrap();
    log.announce(&manifest);
    assert_eq!(everything(&log.lake(folder)), expected);
    assert_eq!(lake::check(&lake, log).unwrap(), []);
    Lake::open_for_writing(&lake, Arc::new(log.clone())).unwrap().tidy().unwrap();
    let names = std::fs::read_dir(&lake).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let left =
        names.filter(|name| [".parquet", ".lookup", ".facts", ".tmp"].iter().any(|end| name.ends_with(end))).count();
    assert_eq!(left, manifest.files.len(), "only the announced files are left");
    assert_eq!(everything(&log.lake(folder)), expected);
}

#[test]
fn whatever_is_missing_or_damaged_a_rebuild_mends_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = eventful(folder.path());
    let expected = everything(&log.lake(folder.path()));
    for damage in 0..4 {
        let lake = log.lake(folder.path());
        let name = manifest_files(&lake).swap_remove(damage);
        drop(lake);
        let path = folder.path().join("lake").join(&name);
        let bytes = std::fs::read(&path).unwrap();
        match damage {
            0 => std::fs::remove_file(&path).unwrap(),
            1 => std::fs::write(&path, &bytes[..bytes.len() - 7]).unwrap(),
            2 => std::fs::write(&path, b"").unwrap(),
            _ => {
                let mut bytes = bytes;
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                std::fs::write(&path, &bytes).unwrap();
            }
        }
        if damage < 3 {
            let error = Lake::open(&folder.path().join("lake"), Arc::new(log.clone())).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt);
            assert!(error.to_string().contains("`deedbook lake rebuild`"), "{error}");
        }
        mends(&mut log, folder.path(), &expected);
    }
}

/// The files of the newest rebuild, or of the first manifests.
fn manifest_files(lake: &Arc<Lake>) -> Vec<String> {
    let rows = ask(lake, "SELECT raw FROM leaves WHERE kind = 'view-manifest' ORDER BY leaf_index");
    let manifests = rows.iter().map(|row| {
        let row: serde_json::Value = serde_json::from_str(row).unwrap();
        serde_json::from_str::<model::ViewManifest>(row["raw"].as_str().unwrap()).unwrap()
    });
    let mut files: Vec<String> = Vec::new();
    for manifest in manifests {
        if manifest.rebuild {
            files.clear();
        }
        files.extend(manifest.files.into_iter().map(|file| file.name));
    }
    files.retain(|name| name.contains("events"));
    files
}

/// Sealing goes on beside lost files, and the rows that come then are those that would have come.
#[test]
fn following_goes_on_without_the_old_files_and_makes_the_same_rows() {
    let ids = |n: u32| k8s(&format!("id-{}", n % 23), "user", "get", "db", n % 23);
    let whole = tempfile::tempdir().unwrap();
    let mut log = eventful(whole.path());
    for n in 40..60 {
        log.record(&ids(n));
    }
    log.settle(whole.path());
    let expected = everything(&log.lake(whole.path()));
    assert!(expected.iter().any(|line| line.contains(r#""duplicate_of":"#)));

    for lost in [&[0][..], &[1], &[3], &[0, 2], &[0, 1, 2, 3]] {
        let folder = tempfile::tempdir().unwrap();
        let mut log = eventful(folder.path());
        let lake = folder.path().join("lake");
        let names = manifest_files(&log.lake(folder.path()));
        let kept: Vec<_> = lost.iter().map(|lost| lake.join(&names[*lost])).collect();
        let kept: Vec<_> = kept.into_iter().map(|path| (std::fs::read(&path).unwrap(), path)).collect();
        for (at, (bytes, path)) in kept.iter().enumerate() {
            let mut bytes = bytes.clone();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            // Every other one is there and lies.
            std::fs::remove_file(path).unwrap();
            if at % 2 == 1 {
                std::fs::write(path, &bytes).unwrap();
            }
        }
        for n in 40..60 {
            log.record(&ids(n));
        }
        log.settle(folder.path());
        // The lost files come back only to ask what the new one says.
        for (bytes, path) in &kept {
            std::fs::write(path, bytes).unwrap();
        }
        assert_eq!(everything(&log.lake(folder.path())), expected, "without {lost:?}");
    }
}

#[test]
fn a_lake_without_any_file_says_the_same_as_one_with_files() {
    let (folder, bare) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log = eventful(folder.path());
    let expected = everything(&log.lake(folder.path()));
    let mut again = Log::new();
    log.scan(1, Log::size(&log), &mut |leaf| {
        let header = model::Header::decode(leaf.header).unwrap();
        // The same leaves, but no view manifest that would announce a file.
        let kind = if header.kind == Kind::ViewManifest { Kind::Audit } else { header.kind };
        again.push(kind, header.source, header.position, header.flags, leaf.body.to_vec());
        ControlFlow::Continue(())
    })
    .unwrap();
    let lake = again.lake(bare.path());
    assert_eq!(lake.covered(), 0);
    assert_eq!(everything(&lake), expected);
}

#[test]
fn a_reject_deep_in_a_file_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let lake = eventful(folder.path()).lake(folder.path());
    let rows = ask(
        &lake,
        "SELECT position_name, position_ordinal, position_offset, reason FROM rejects ORDER BY leaf_index DESC LIMIT 2",
    );
    assert_eq!(
        rows,
        [
            r#"{"position_name":"audit-7.log","position_ordinal":999,"position_offset":99900,"reason":"not UTF-8"}"#,
            r#"{"position_name":"audit-7.log","position_ordinal":135,"position_offset":13500,"reason":"not JSON"}"#
        ]
    );
}

#[test]
fn a_changed_byte_or_a_missing_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let log = eventful(folder.path());
    let lake = log.lake(folder.path());
    assert_eq!(lake.check(), []);
    let name = manifest_file(&lake);
    let path = folder.path().join("lake").join(&name);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let found = lake::check(&folder.path().join("lake"), &log).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].file, name);
    assert!(found[0].first <= found[0].last);

    std::fs::remove_file(&path).unwrap();
    let found = lake::check(&folder.path().join("lake"), &log).unwrap();
    assert_eq!(found.len(), 1);
    let error = Lake::open(&folder.path().join("lake"), Arc::new(log.clone())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("lake rebuild"), "{error}");
}

/// Lost evidence fails the questions that need it, and never shortens an answer.
#[test]
fn lost_evidence_fails_the_questions_that_need_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = eventful(folder.path());
    let events = ask(&log.lake(folder.path()), "SELECT count(*) AS n FROM events_all");
    let lost = log.lose_segment(1);
    let lake = log.lake(folder.path());
    assert_eq!(ask(&lake, "SELECT count(*) AS n FROM events_all"), events);
    let counted = lake.sql("SELECT sum(length(raw)) FROM records", Limits::default());
    let error = counted.and_then(|answer| answer.collect::<lake::Result<Vec<_>>>()).unwrap_err().to_string();
    assert!(error.contains(&format!("leaves-{}-to-{}-are-missing", lost.first, lost.last)), "{error}");
}

fn manifest_file(lake: &Arc<Lake>) -> String {
    let rows =
        ask(lake, "SELECT json_get_str(raw, 'files', 0, 'name') AS name FROM leaves WHERE kind = 'view-manifest'");
    let row: serde_json::Value = serde_json::from_str(&rows[0]).unwrap();
    row["name"].as_str().unwrap().to_owned()
}

#[test]
fn a_damaged_or_foreign_catalog_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let log = eventful(folder.path());
    let lake = log.lake(folder.path());
    let expected = everything(&lake);
    Lake::open_for_writing(&folder.path().join("lake"), Arc::new(log.clone())).unwrap().save().unwrap();
    let path = folder.path().join("lake/catalog");
    let kept = std::fs::read(&path).unwrap();
    assert!(String::from_utf8_lossy(&kept).contains("correlation_ids"), "where the bloom filters are");
    assert_eq!(everything(&log.lake(folder.path())), expected, "from the kept one");
    for damage in [kept.len() / 2, 3, kept.len() - 1] {
        let mut bytes = kept.clone();
        bytes[damage] ^= 4;
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(everything(&log.lake(folder.path())), expected, "byte {damage}");
    }
    std::fs::write(&path, &kept).unwrap();
    let mut shorter = Log::new();
    shorter.record(&k8s("x", "user", "get", "db", 1));
    assert_eq!(
        ask(&shorter.lake(folder.path()), "SELECT count(*) AS n FROM events"),
        [r#"{"n":1}"#],
        "of a longer log"
    );
}

#[test]
fn files_whose_manifest_was_never_sealed_are_not_read_and_go_away() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = eventful(folder.path());
    let expected = everything(&log.lake(folder.path()));
    log.close_segment(&folder.path().join("evidence"));
    let lake = log.lake(folder.path());
    let mut follower = lake.follow().unwrap();
    log.scan(follower.next(), Log::size(&log), &mut |leaf| {
        follower.push(leaf).unwrap();
        ControlFlow::Continue(())
    })
    .unwrap();
    let orphan = follower.close().unwrap().unwrap().wait().unwrap();
    std::fs::write(folder.path().join("lake/9999.9.events.tmp"), b"half").unwrap();
    std::fs::write(folder.path().join("lake/3.9.events.tmp"), b"half").unwrap();
    drop(lake);
    assert_eq!(everything(&log.lake(folder.path())), expected);
    let tidy =
        |log: &Log| Lake::open_for_writing(&folder.path().join("lake"), Arc::new(log.clone())).unwrap().tidy().unwrap();
    assert_eq!(tidy(&log), 1, "a follower may be writing about the leaves from here on");
    log.settle(folder.path());
    assert_eq!(everything(&log.lake(folder.path())), expected);
    assert_eq!(tidy(&log), orphan.manifest.files.len(), "their leaves have other files now");
    assert_eq!(everything(&log.lake(folder.path())), expected);
}
