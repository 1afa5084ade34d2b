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

/// Looks until nothing has come for longer than a copy takes to settle.
fn looks(bench: &Bench, follow: &mut Follow) -> u64 {
    let (mut records, mut last) = (0, std::time::Instant::now());
    while last.elapsed() < std::time::Duration::from_millis(1_200) {
        let new = bench.look(follow);
        if new > 0 {
            (records, last) = (records + new, std::time::Instant::now());
        }
        std::thread::sleep(std::time::Duration::from_millis(40));
    }
    records
}

fn over(bench: &Bench, pattern: &str) -> Follow {
    Follow::over(vec![bench.path("logs").join(pattern).display().to_string()], std::time::Duration::from_millis(400))
}

/// Long enough that it does not begin and end in the same 4 KiB.
fn long(bench: &Bench, follow: &mut Follow, path: &std::path::Path) {
    for part in 0..40 {
        add(path, &lines(part * 20..part * 20 + 20));
        assert_eq!(bench.look(follow), 20);
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

#[test]
fn files_that_appear_are_taken_and_what_is_made_of_them_adds_nothing() {
    let bench = Bench::new();
    let logs = bench.path("logs");
    fs::create_dir(&logs).unwrap();
    let path = logs.join("a.log");
    fs::write(&path, "").unwrap();
    let mut follow = over(&bench, "");
    bench.look(&mut follow);
    long(&bench, &mut follow, &path);
    // Copied, with what has come since the last look, and cut; then written to.
    add(&path, &lines(800..803));
    fs::copy(&path, logs.join("a.log.1")).unwrap();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(0).unwrap();
    add(&path, &lines(1_000..1_010));
    fs::write(logs.join("b.log"), lines(2_000..2_005)).unwrap();
    assert_eq!(looks(&bench, &mut follow), 3 + 10 + 5);
    // Compressed.
    let packed = gzip(&fs::read(logs.join("a.log.1")).unwrap());
    fs::write(logs.join("a.log.2.gz"), &packed[..packed.len() / 2]).unwrap();
    fs::remove_file(logs.join("a.log.1")).unwrap();
    assert_eq!(looks(&bench, &mut follow), 0, "not whole yet");
    fs::write(logs.join("a.log.2.gz"), &packed).unwrap();
    assert_eq!(looks(&bench, &mut follow), 0);
    // One that nobody has seen, and one that is known in part.
    fs::write(logs.join("c.gz"), gzip(lines(3_000..3_100).as_bytes())).unwrap();
    let more = [lines(0..803), lines(803..805)].concat();
    fs::write(logs.join("a.log.3.gz"), gzip(more.as_bytes())).unwrap();
    assert_eq!(looks(&bench, &mut follow), 102);
    // Another process finds nothing new, with a state that was folded anew.
    let mut follow = over(&bench, "*");
    assert_eq!(looks(&bench, &mut follow), 0);
    let mut records = bench.records();
    records.sort();
    let mut expected =
        [numbered(0..805), numbered(1_000..1_010), numbered(2_000..2_005), numbered(3_000..3_100)].concat();
    expected.sort();
    assert_eq!(records, expected);
}

#[test]
fn a_rotation_by_rename_and_compression_is_read_once() {
    let bench = Bench::new();
    let logs = bench.path("logs");
    fs::create_dir(&logs).unwrap();
    let path = logs.join("a.log");
    fs::write(&path, "").unwrap();
    let mut follow = over(&bench, "a.log*");
    bench.look(&mut follow);
    long(&bench, &mut follow, &path);
    add(&path, &lines(800..802));
    fs::rename(&path, logs.join("a.log.1")).unwrap();
    fs::write(&path, lines(1_000..1_003)).unwrap();
    // The writer still has the old file open.
    add(&logs.join("a.log.1"), &lines(802..804));
    assert_eq!(looks(&bench, &mut follow), 2 + 3 + 2);
    let packed = gzip(&fs::read(logs.join("a.log.1")).unwrap());
    fs::remove_file(logs.join("a.log.1")).unwrap();
    fs::write(logs.join("a.log.1.gz"), packed).unwrap();
    assert_eq!(looks(&bench, &mut follow), 0);
    assert_eq!(bench.records().len(), 807);
}
