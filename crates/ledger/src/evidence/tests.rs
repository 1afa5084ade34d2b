//! Which files are live: every state that a crash or damage can leave the folder in.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(clippy::single_range_in_vec_init, reason = "a list of ranges is meant")]

use std::path::Path;

use super::segments::parse_name;
use super::{Chosen, choose};

/// Chooses among files; names are given without their ending, those in `sealed` are in the WAL.
fn chosen(files: &[&str], wal_first: u64, sealed: &[&str]) -> Chosen {
    let files = files.iter().map(|name| parse_name(Path::new(""), &format!("{name}.parquet")).unwrap());
    choose(files.collect(), wal_first, &|name| sealed.contains(&name))
}

fn names(segments: &[super::Segment]) -> Vec<String> {
    segments.iter().map(super::Segment::name).collect()
}

#[test]
fn files_below_the_wal_are_live_by_name_and_files_in_it_by_manifest() {
    let found = chosen(&["0-9.1", "10-19.1", "20-29.1"], 20, &[]);
    assert_eq!(
        (names(&found.live), names(&found.dead)),
        (vec!["0-9.1".into(), "10-19.1".into()], vec!["20-29.1".into()])
    );
    assert_eq!((found.covered, found.gaps.len(), found.holes.len()), (20, 0, 0));
    assert_eq!(chosen(&["0-9.1", "10-19.1", "20-29.1"], 20, &["20-29.1"]).covered, 30);
}

#[test]
fn a_rewrite_beside_its_pieces_is_live_when_it_is_sealed() {
    let files = ["0-9.1", "10-19.1", "0-19.2"];
    let orphan = chosen(&files, 20, &[]);
    assert_eq!(
        (names(&orphan.live), names(&orphan.dead)),
        (vec!["0-9.1".into(), "10-19.1".into()], vec!["0-19.2".into()])
    );
    let rewrite = chosen(&files, 20, &["0-19.2"]);
    assert_eq!(
        (names(&rewrite.live), names(&rewrite.dead)),
        (vec!["0-19.2".into()], vec!["0-9.1".into(), "10-19.1".into()])
    );
}

#[test]
fn a_lost_file_costs_its_own_leaves() {
    let middle = chosen(&["0-9.1", "20-29.1"], 30, &[]);
    assert_eq!(names(&middle.live), ["0-9.1", "20-29.1"]);
    assert_eq!((middle.gaps, middle.holes, middle.covered), (vec![10..20], vec![], 30));
    let last = chosen(&["0-9.1"], 30, &["10-34.1"]);
    assert_eq!((last.gaps, last.holes, last.covered), (vec![10..30], vec![], 30));
    let in_the_wal = chosen(&["0-9.1", "20-29.1"], 10, &["10-19.1", "20-29.1"]);
    assert_eq!(names(&in_the_wal.live), ["0-9.1", "20-29.1"]);
    assert_eq!((in_the_wal.gaps, in_the_wal.holes, in_the_wal.covered), (vec![], vec![10..20], 30));
    let across = chosen(&["0-9.1", "20-29.1"], 15, &["10-19.1", "20-29.1"]);
    assert_eq!((across.gaps, across.holes, across.covered), (vec![10..15], vec![15..20], 30));
    let all = chosen(&[], 30, &[]);
    assert_eq!((all.gaps, all.holes, all.covered), (vec![0..30], vec![], 30));
}

#[test]
fn an_orphan_with_lost_leaves_is_not_deleted() {
    // The first piece is lost; the rewrite that has its leaves was never sealed.
    let found = chosen(&["10-19.1", "0-19.2"], 20, &[]);
    assert_eq!(names(&found.live), ["10-19.1"]);
    assert_eq!((found.gaps, names(&found.dead)), (vec![0..10], vec![]));
}
