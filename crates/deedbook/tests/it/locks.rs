//! Several processes at one log, and processes that end early.

use std::fs;
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use crate::{Bench, Ran, counts, ids, lines};

/// No step of these tests may take longer, on any machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn until(what: &str, mut met: impl FnMut() -> bool) {
    let began = Instant::now();
    while !met() {
        assert!(began.elapsed() < PATIENCE, "waited in vain for: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Sends a signal as a terminal or an init system would.
fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

fn follow(bench: &Bench, file: &str) -> Child {
    let child = bench.command(&["tail", "-f", "-o", "json", file]).spawn().unwrap();
    let socket = bench.path("data/control.sock");
    until("the control socket", || socket.exists());
    child
}

fn count(bench: &Bench) -> usize {
    bench.sql("SELECT count(*) FROM records")[0].parse().unwrap()
}

#[test]
fn ingest_works_through_the_process_that_holds_the_lock() {
    let bench = Bench::new();
    bench.put("grows.log", lines(0..10));
    bench.ingest(&["grows.log"]);
    let tail = follow(&bench, "grows.log");
    bench.add("grows.log", lines(10..12));
    until("the rows of the followed file", || count(&bench) == 12);

    bench.put("other.log", lines(50..80));
    assert_eq!(counts(&bench.ingest(&["other.log"])), [1, 30, 30, 0, 0]);
    assert_eq!(counts(&bench.ingest(&["other.log"])), [0, 0, 0, 0, 30]);
    let ran = bench.run_with(&["ingest", "-o", "json", "-"], lines(90..93).as_bytes());
    assert_eq!((ran.code, counts(&ran.json())), (Some(0), [1, 3, 3, 0, 0]), "{}", ran.err);
    // Readers need no lock.
    bench.assert_intact();
    bench.add("grows.log", lines(12..13));
    until("one more row", || count(&bench) == 46);

    signal(&tail, "-INT");
    let ran = Ran::of(tail.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    // What it did for others is not in its own report.
    let [_, records, events, rejects, _] = counts(&ran.json());
    assert_eq!((records, events, rejects), (3, 3, 0), "{}", ran.out);
    assert!(!bench.path("data/control.sock").exists());
    assert_eq!(bench.ids(), [ids(0..13), ids(50..80), ids(90..93)].concat());
    assert_eq!(counts(&bench.ingest(&["grows.log", "other.log"])), [0, 0, 0, 0, 43]);
    bench.assert_intact();
}

#[test]
fn a_followed_file_is_renamed_and_cut() {
    let bench = Bench::new();
    bench.put("first.log", "");
    bench.ingest(&["first.log"]);
    // It need not be there yet.
    let tail = follow(&bench, "a.log");
    bench.put("a.log", lines(0..5));
    until("the first rows", || count(&bench) == 5);
    bench.add("a.log", lines(5..7));
    fs::rename(bench.path("a.log"), bench.path("a.log.1")).unwrap();
    bench.put("a.log", lines(20..23));
    until("both sides of a renaming", || count(&bench) == 10);
    // Cut in place, as `copytruncate` does, and filled again.
    bench.put("a.log", lines(40..41));
    until("rows after a cut", || count(&bench) == 11);
    // A line without its end is still being written.
    bench.add("a.log", lines(41..42).trim_end());
    bench.add("a.log", "\n");
    until("the finished line", || count(&bench) == 12);
    signal(&tail, "-TERM");
    let ran = Ran::of(tail.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(bench.ids(), [ids(0..7), ids(20..23), ids(40..42)].concat());
    assert_eq!(counts(&bench.ingest(&["a.log", "a.log.1"]))[1], 0);
    bench.assert_intact();
}

#[test]
fn ctrl_c_during_ingest_leaves_a_state_that_goes_on() {
    let bench = Bench::new();
    let all = 12_000;
    bench.put("a.log", lines(0..all));
    bench.run(&["init"]);
    let child = bench.command(&["ingest", "-o", "json", "a.log"]).spawn().unwrap();
    until("the process to be at work", || bench.path("data/control.sock").exists());
    signal(&child, "-INT");
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let first = ran.json();
    crate::adds_up(&first);
    bench.assert_intact();
    let second = bench.ingest(&["a.log"]);
    assert_eq!(counts(&first)[1] + counts(&second)[1], u64::from(all), "{first} {second}");
    assert_eq!(bench.ids(), ids(0..all));
    bench.assert_intact();
}

/// Killed at five moments of its work: what was acknowledged is there once, and the next run completes it.
#[test]
fn kill_9_during_ingest_loses_and_doubles_nothing() {
    for round in 0..5 {
        let bench = Bench::new();
        let all = 6_000;
        bench.put("a.log", lines(0..all / 2));
        bench.put("b.log", lines(all / 2..all));
        bench.run(&["init"]);
        for _ in 0..2 {
            let mut child = bench.command(&["ingest", "-o", "json", "a.log", "b.log"]).spawn().unwrap();
            let socket = bench.path("data/control.sock");
            until("the process to be at work", || socket.exists() || child.try_wait().unwrap().is_some());
            thread::sleep(Duration::from_millis(40 * round));
            drop(child.kill());
            child.wait().unwrap();
        }
        let sealed = count(&bench);
        assert!(sealed <= all as usize);
        let report = bench.ingest(&["a.log", "b.log"]);
        assert_eq!(count(&bench), all as usize, "round {round}, {sealed} were sealed: {report}");
        assert_eq!(bench.ids(), ids(0..all), "round {round}");
        bench.assert_intact();
    }
}

#[test]
fn the_lock_of_another_program_is_named() {
    let bench = Bench::new();
    bench.put("a.log", lines(0..3));
    bench.ingest(&["a.log"]);
    let tail = follow(&bench, "a.log");
    // Without the socket there is no way in, and the lock says who is there.
    fs::remove_file(bench.path("data/control.sock")).unwrap();
    let ran = bench.run(&["ingest", "a.log"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.err.contains(&tail.id().to_string()), "{}", ran.err);
    signal(&tail, "-INT");
    assert_eq!(Ran::of(tail.wait_with_output().unwrap()).code, Some(0));
    assert_eq!(counts(&bench.ingest(&["a.log"])), [0, 0, 0, 0, 3]);
}
