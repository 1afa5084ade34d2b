//! Followed folders: each line once, whatever rotation makes of the files, and whenever the process ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use collect::{Folders, Pipeline, Progress, State};
use model::Millis;

use crate::{Bench, add, lines, numbered, options};

const SETTLED: Duration = Duration::from_millis(400);

/// A folder of logs, which is followed.
struct Logs {
    bench: Bench,
    folders: Folders,
}

impl Logs {
    fn new() -> Logs {
        let bench = Bench::new();
        fs::create_dir(bench.path("logs")).unwrap();
        let folders = over(&bench);
        Logs { bench, folders }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.bench.path("logs").join(name)
    }

    fn look(&mut self) -> u64 {
        self.bench.look_over(&mut self.folders)
    }

    /// Looks until nothing has come for longer than a copy takes to settle.
    fn looks(&mut self) -> u64 {
        let (mut records, mut last) = (0, Instant::now());
        while last.elapsed() < SETTLED * 3 {
            let new = self.look();
            if new > 0 {
                (records, last) = (records + new, Instant::now());
            }
            std::thread::sleep(SETTLED / 10);
        }
        records
    }

    /// Another process, with a state that is folded anew.
    fn restart(&mut self, name: &str) {
        let state = State::open(&self.bench.path(name)).unwrap();
        self.bench.fold_into(&state);
        self.bench.state = state.into();
        self.folders = over(&self.bench);
    }

    /// Fills a file that is looked at meanwhile, as long as it has to be to begin and end in other blocks.
    fn fill(&mut self, path: &Path) {
        for part in 0..40 {
            add(path, &lines(part * 20..part * 20 + 20));
            self.looks_for(20);
        }
    }

    fn looks_for(&mut self, records: u64) {
        let (mut come, begun) = (0, Instant::now());
        while come < records && begun.elapsed() < Duration::from_secs(20) {
            come += self.look();
        }
        assert_eq!(come, records);
    }

    /// What is sealed, in the order of its lines.
    fn sealed(&self) -> Vec<String> {
        let mut records = self.bench.records();
        records.sort();
        records
    }

    /// A look that is broken off within a delivery, as by a kill: of what it reads, the beginning only is sealed.
    fn killed(&mut self) {
        let (append, progress, stop) = (self.bench.ledger.append(), Progress::default(), AtomicBool::new(false));
        let clock = || Millis(1_763_000_000_000);
        let (scrubber, progress, stop) = (&self.bench.scrubber, &progress, &stop);
        let looked = std::thread::scope(|scope| {
            scope.spawn(|| {
                while progress.snapshot().bytes_read < 100_000 {
                    std::hint::spin_loop();
                }
                stop.store(true, Relaxed);
            });
            let pipeline = Pipeline { append: &append, scrubber, clock: &clock, progress, stop, pace: &|_| {} };
            self.folders.look(&pipeline, &self.bench.state, &options()).unwrap()
        });
        let summary = looked.unwrap();
        assert!(summary.stopped && summary.records > 0 && summary.deliveries == 0, "{summary:?}");
    }
}

fn over(bench: &Bench) -> Folders {
    Folders::new(vec![bench.path("logs").display().to_string()], SETTLED)
}

fn sorted(mut records: Vec<String>) -> Vec<String> {
    records.sort();
    records
}

fn gzip(path: &Path) -> Vec<u8> {
    use std::io::Write as _;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&fs::read(path).unwrap()).unwrap();
    packed.finish().unwrap()
}

fn cut(path: &Path) {
    fs::OpenOptions::new().write(true).open(path).unwrap().set_len(0).unwrap();
}

#[test]
fn files_that_appear_are_taken_and_what_is_made_of_them_adds_nothing() {
    let mut logs = Logs::new();
    let path = logs.path("a.log");
    fs::write(&path, "").unwrap();
    logs.look();
    logs.fill(&path);
    // Copied, with what has come since the last look, and cut; then written to.
    add(&path, &lines(800..803));
    fs::copy(&path, logs.path("a.log.1")).unwrap();
    cut(&path);
    add(&path, &lines(1_000..1_010));
    fs::write(logs.path("b.log"), lines(2_000..2_005)).unwrap();
    assert_eq!(logs.looks(), 3 + 10 + 5);
    // Compressed, slowly.
    let packed = gzip(&logs.path("a.log.1"));
    let copy = fs::read_to_string(logs.path("a.log.1")).unwrap();
    fs::write(logs.path("a.log.2.gz"), "").unwrap();
    assert_eq!(logs.looks(), 0, "nothing of it is there");
    add_bytes(&logs.path("a.log.2.gz"), &packed[..packed.len() / 2]);
    fs::remove_file(logs.path("a.log.1")).unwrap();
    assert_eq!(logs.looks(), 0, "not whole yet");
    add_bytes(&logs.path("a.log.2.gz"), &packed[packed.len() / 2..]);
    assert_eq!(logs.looks(), 0);
    // One that nobody has seen, and one that is known in part.
    let other = logs.bench.put("other", lines(3_000..3_100));
    fs::write(logs.path("c.gz"), gzip(&other)).unwrap();
    let more = logs.bench.put("more", copy + &lines(803..805));
    fs::write(logs.path("a.log.3.gz"), gzip(&more)).unwrap();
    assert_eq!(logs.looks(), 102);
    logs.restart("again.redb");
    assert_eq!(logs.looks(), 0);
    let expected = [numbered(0..805), numbered(1_000..1_010), numbered(2_000..2_005), numbered(3_000..3_100)].concat();
    assert_eq!(logs.sealed(), sorted(expected));
}

fn add_bytes(path: &Path, bytes: &[u8]) {
    use std::io::Write as _;
    fs::OpenOptions::new().append(true).open(path).unwrap().write_all(bytes).unwrap();
}

#[test]
fn a_rotation_by_rename_and_compression_is_read_once() {
    let mut logs = Logs::new();
    let path = logs.path("a.log");
    fs::write(&path, "").unwrap();
    logs.look();
    logs.fill(&path);
    add(&path, &lines(800..802));
    fs::rename(&path, logs.path("a.log.1")).unwrap();
    fs::write(&path, lines(1_000..1_003)).unwrap();
    logs.looks_for(2 + 3);
    // The writer still has the old file open, and is within a line.
    add(&logs.path("a.log.1"), "{\"number\":802");
    assert_eq!(logs.looks(), 0);
    add(&logs.path("a.log.1"), &format!("}}\n{}", lines(803..804)));
    assert_eq!(logs.looks(), 2);
    let packed = gzip(&logs.path("a.log.1"));
    fs::remove_file(logs.path("a.log.1")).unwrap();
    fs::write(logs.path("a.log.1.gz"), packed).unwrap();
    assert_eq!(logs.looks(), 0);
    assert_eq!(logs.sealed(), sorted([numbered(0..804), numbered(1_000..1_003)].concat()));
}

#[test]
fn a_copy_of_a_short_file_adds_what_is_new_of_it() {
    let mut logs = Logs::new();
    let path = logs.path("a.log");
    for part in 0..3 {
        add(&path, &lines(part * 2..part * 2 + 2));
        logs.looks_for(2);
    }
    add(&path, &lines(6..7));
    fs::copy(&path, logs.path("a.1.log")).unwrap();
    cut(&path);
    add(&path, &lines(100..101));
    logs.looks_for(1 + 1);
    fs::write(logs.path("a.2.log.gz"), gzip(&logs.path("a.1.log"))).unwrap();
    fs::remove_file(logs.path("a.1.log")).unwrap();
    assert_eq!(logs.looks(), 0);
    assert_eq!(logs.sealed(), sorted([numbered(0..7), numbered(100..101)].concat()));
}

#[test]
fn files_with_the_same_first_line_are_no_copies_of_each_other() {
    let mut logs = Logs::new();
    let first = "{\"event\":\"started\"}\n";
    let path = logs.path("a.log");
    fs::write(&path, first).unwrap();
    logs.looks_for(1);
    add(&path, &lines(0..2));
    logs.looks_for(2);
    // The next day, under the name of the day before; and another program.
    fs::rename(&path, logs.path("a.log.1")).unwrap();
    fs::write(&path, format!("{first}{}", lines(10..12))).unwrap();
    fs::write(logs.path("b.log"), format!("{first}{}", lines(20..22))).unwrap();
    assert_eq!(logs.looks(), 6);
    assert_eq!(logs.sealed().iter().filter(|record| record.contains("started")).count(), 3);
}

#[test]
fn a_copy_that_ended_long_before_what_is_sealed_is_known() {
    let mut logs = Logs::new();
    let path = logs.path("a.log");
    fs::write(&path, lines(0..400)).unwrap();
    logs.looks_for(400);
    fs::copy(&path, logs.bench.path("kept")).unwrap();
    for part in 20..60 {
        add(&path, &lines(part * 20..part * 20 + 20));
        logs.looks_for(20);
    }
    fs::rename(logs.bench.path("kept"), logs.path("a.log.1")).unwrap();
    cut(&path);
    assert_eq!(logs.looks(), 0);
}

#[test]
fn a_copy_that_is_found_with_its_original_waits_for_it() {
    let mut logs = Logs::new();
    fs::write(logs.path("a.log"), lines(0..900)).unwrap();
    // As far as it has been copied.
    fs::write(logs.path("a.log.1"), lines(0..700)).unwrap();
    logs.looks_for(900);
    fs::copy(logs.path("a.log"), logs.path("a.log.1")).unwrap();
    cut(&logs.path("a.log"));
    assert_eq!(logs.looks(), 0);
    assert_eq!(logs.sealed(), sorted(numbered(0..900)));
}

#[test]
fn a_look_that_was_killed_is_gone_on_with_whatever_has_become_of_the_file() {
    let steps: [fn(&mut Logs, &Path); 4] = [
        |_, path| add(path, &lines(90_000..90_010)),
        |logs, path| {
            fs::rename(path, logs.path("a.log.1")).unwrap();
            fs::write(path, lines(90_000..90_010)).unwrap();
        },
        |logs, path| {
            fs::copy(path, logs.path("a.log.1")).unwrap();
            cut(path);
            add(path, &lines(90_000..90_010));
        },
        |logs, path| {
            fs::write(logs.path("a.log.1.gz"), gzip(path)).unwrap();
            fs::remove_file(path).unwrap();
            fs::write(path, lines(90_000..90_010)).unwrap();
        },
    ];
    for (step, rotate) in steps.into_iter().enumerate() {
        for known in [0, 1] {
            let mut logs = Logs::new();
            let path = logs.path("a.log");
            if known > 0 {
                // Short, so that it begins otherwise when it is read again.
                fs::write(&path, lines(80_000..80_002)).unwrap();
                logs.looks_for(2);
            }
            add(&path, &long_lines(0..30_000));
            logs.killed();
            rotate(&mut logs, &path);
            logs.restart("again.redb");
            logs.looks();
            let texts: Vec<String> = logs.bench.records();
            let mut numbers: Vec<u64> = texts.iter().map(|text| number(text)).collect();
            numbers.sort_unstable();
            let expected: Vec<u64> = (0..30_000).chain(80_000..80_000 + 2 * known).chain(90_000..90_010).collect();
            assert_eq!(numbers.len(), expected.len(), "step {step}, known {known}");
            assert_eq!(numbers, expected, "step {step}, known {known}");
        }
    }
}

/// Many batches of them.
fn long_lines(numbers: std::ops::Range<u32>) -> String {
    let text = "x".repeat(200);
    numbers.map(|number| format!("{{\"number\":{number},\"text\":\"{text}\"}}\n")).collect()
}

fn number(record: &str) -> u64 {
    serde_json::from_str::<serde_json::Value>(record).unwrap()["number"].as_u64().unwrap()
}

#[test]
fn an_unfinished_end_is_taken_once_the_file_rests() {
    let mut logs = Logs::new();
    fs::write(logs.path("whole.json"), "{\n  \"number\": 1\n}").unwrap();
    assert_eq!(logs.look(), 0, "it may still be written");
    assert_eq!(logs.looks(), 1);
    assert_eq!(number(&logs.sealed()[0]), 1);
}

#[test]
fn what_is_compressed_otherwise_is_told_and_not_sealed() {
    let mut logs = Logs::new();
    fs::write(logs.path("a.log.1.xz"), b"\xfd7zXZ\0rest\n").unwrap();
    let look = |logs: &mut Logs| {
        let state = std::sync::Arc::clone(&logs.bench.state);
        let folders = &mut logs.folders;
        logs.bench.with(|pipeline| folders.look(pipeline, &state, &options()))
    };
    let summary = look(&mut logs).unwrap();
    assert_eq!((summary.records, summary.unread.len()), (0, 1));
    assert!(summary.unread[0].reason.contains("xz"), "{:?}", summary.unread);
    assert_eq!(logs.looks(), 0);
}

#[test]
fn what_waits_is_counted() {
    let mut logs = Logs::new();
    let path = logs.path("a.log");
    fs::write(&path, lines(0..3)).unwrap();
    logs.looks_for(3);
    assert_eq!(logs.folders.unsealed(), 0);
    add(&path, &lines(3..5));
    assert_eq!(logs.folders.unsealed(), lines(3..5).len() as u64);
    logs.looks_for(2);
    assert_eq!(logs.folders.unsealed(), 0);
}

#[test]
fn a_long_file_is_read_in_parts() {
    let mut logs = Logs::new();
    let path = logs.path("a.log");
    fs::write(&path, long_lines(0..45_000)).unwrap();
    let first = logs.look();
    assert!(first > 0 && first < 45_000, "{first}");
    assert!(logs.folders.unsealed() > 0);
    logs.looks_for(45_000 - first);
    fs::rename(&path, logs.path("a.log.1")).unwrap();
    fs::write(logs.path("a.log.1.gz"), gzip(&logs.path("a.log.1"))).unwrap();
    assert_eq!(logs.looks(), 0);
}
