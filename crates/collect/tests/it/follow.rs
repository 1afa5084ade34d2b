//! Growing files: each line once, whatever happens to the file between two looks.

use std::fs;

use collect::Follow;

use crate::{Bench, add, lines, numbered};

#[test]
fn lines_come_once_and_whole() {
    let bench = Bench::new();
    let path = bench.path("a.log");
    let mut follow = Follow::new(vec![path.clone()]);
    assert_eq!(bench.look(&mut follow), 0, "it need not be there yet");
    fs::write(&path, lines(0..3)).unwrap();
    assert_eq!(bench.look(&mut follow), 3);
    assert_eq!(bench.look(&mut follow), 0);
    add(&path, "{\"number\":3");
    assert_eq!(bench.look(&mut follow), 0, "a line without its end is still being written");
    add(&path, &format!("}}\n{}", lines(4..5)));
    assert_eq!(bench.look(&mut follow), 2);
    assert_eq!(bench.records(), numbered(0..5));
}

#[test]
fn a_renamed_file_is_read_to_its_end_before_the_new_one() {
    let bench = Bench::new();
    let path = bench.put("a.log", lines(0..3));
    let mut follow = Follow::new(vec![path.clone()]);
    assert_eq!(bench.look(&mut follow), 3);
    // Written after the last look, and the last line without its line feed.
    add(&path, lines(3..5).trim_end());
    fs::rename(&path, bench.path("a.log.1")).unwrap();
    assert_eq!(bench.look(&mut follow), 1, "between two rotations the old file is still held");
    fs::write(&path, lines(10..12)).unwrap();
    assert_eq!(bench.look(&mut follow), 3);
    assert_eq!(bench.records(), [numbered(0..5), numbered(10..12)].concat());
    // A run over the folder finds nothing new.
    assert_eq!(bench.ingest(&[path, bench.path("a.log.1")]).records, 0);
}

#[test]
fn a_file_cut_in_place_begins_anew() {
    let bench = Bench::new();
    let path = bench.put("a.log", lines(0..6));
    let mut follow = Follow::new(vec![path.clone()]);
    assert_eq!(bench.look(&mut follow), 6);
    fs::copy(&path, bench.path("a.log.1")).unwrap();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(0).unwrap();
    assert_eq!(bench.look(&mut follow), 0);
    add(&path, &lines(20..22));
    assert_eq!(bench.look(&mut follow), 2);
    assert_eq!(bench.records(), [numbered(0..6), numbered(20..22)].concat());
    // The copy holds what is known.
    assert_eq!(bench.ingest(&[bench.path("a.log.1")]).records, 0);
}

#[test]
fn a_file_cut_and_refilled_past_its_old_end_between_two_looks_begins_anew() {
    let bench = Bench::new();
    let path = bench.put("a.log", lines(0..2));
    let mut follow = Follow::new(vec![path.clone()]);
    assert_eq!(bench.look(&mut follow), 2);
    fs::write(&path, lines(100..140)).unwrap();
    assert_eq!(bench.look(&mut follow), 40);
    assert_eq!(bench.records(), [numbered(0..2), numbered(100..140)].concat());
}
