//! Answers over a log on disk against all that its scenario says is true: every credential's issuance, parent and
//! origin, every verdict on a use, every refused attempt, every account that was closed.
//!
//! `make bench` runs it on what it has ingested. By hand, over a data folder and the folder that `scenario` wrote:
//! `cargo bench -p lake --bench truth -- <data> <logs> [one in so many] [platform without a log]`. Each line that is not
//! right is on stderr. Without the log of a platform, links of the others are judged: some are missed, none may be
//! wrong.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr
)]

#[path = "../../trace/tests/it/judge.rs"]
#[allow(dead_code, reason = "the tests of trace judge some more")]
mod judge;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use judge::{Said, Score, Scores, all, judge_left, judge_one, judge_refused, judge_use};
use lake::{Facts, Lake, Log};
use ledger::Reader;
use serde_json::Value;
use trace::{Issuer, Key, Lookup, Settings, Store as _};

/// Lines between two words on how far it is.
const PROGRESS_LINES: usize = 100_000;

/// Records of the broker that are read to know its accounts.
const BROKER_RECORDS: usize = 10_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [data, logs, rest @ ..] = arguments.as_slice() else {
        eprintln!("truth: no data folder and no folder of the scenario given, nothing is judged");
        return;
    };
    let every = rest.first().map_or(1, |every| every.parse().expect("one in so many: a number"));
    let lake = open(Path::new(data));
    let facts = Facts::as_of(&lake, lake.tree_size()).unwrap();
    let truth = Truth { logs: PathBuf::from(logs), every };
    let without = rest.get(1).map(String::as_str);
    let settings = settings(&truth, &facts);

    let began = Instant::now();
    let scores = truth.each("truth.ndjson", |minted, scores: &mut Scores| {
        if minted.get("credential").is_some() && minted["platform"].as_str() != without {
            judge_one(&facts, minted, &settings, scores);
        }
    });
    let mut sum = Scores::new();
    for (key, score) in scores.into_iter().flatten() {
        sum.entry(key).or_default().add(score);
    }
    for link in ["issuance", "parent", "origin"] {
        let Score { right, wrong, missed, open } = all(&sum, link);
        println!("{link}: right {right:?}, wrong {wrong:?}, missed {missed:?}, left open {open:?}");
    }
    println!("lineage: {:.0} s", began.elapsed().as_secs_f64());
    if without.is_some() {
        return;
    }

    let mut uses: BTreeMap<(String, bool), usize> = BTreeMap::new();
    let said = truth.each("truth-uses.ndjson", |one, said: &mut Vec<(String, bool)>| {
        let mut verdict = Said::new();
        judge_use(&facts, one, &settings, &mut verdict);
        let told = verdict.into_values().flatten().next().map(|(told, _)| told).unwrap_or_default();
        said.push((one["verdict"].as_str().unwrap().to_owned(), told == judge::expected_of_use(one)));
    });
    said.into_iter().flatten().for_each(|verdict| *uses.entry(verdict).or_default() += 1);
    for ((verdict, right), count) in uses {
        println!("use {verdict}: {count} {}", if right { "right" } else { "WRONG" });
    }
    let refused = truth.each("truth-denied.ndjson", |one, said: &mut Vec<bool>| {
        said.extend(judge_refused(&facts, one, &settings));
    });
    let (right, wrong): (Vec<bool>, Vec<bool>) = refused.into_iter().flatten().partition(|right| *right);
    println!("refused attempts: {} right, {} WRONG", right.len(), wrong.len());
    let end = lake.span().unwrap().map_or(i64::MAX, |(_, last)| last);
    let left = truth.each("truth-offboarding.ndjson", |one, said: &mut Vec<(String, String)>| {
        said.extend(judge_left(&facts, one, end, &settings));
    });
    let (right, wrong): (Vec<_>, Vec<_>) = left.into_iter().flatten().partition(|(truth, said)| truth == said);
    println!("credentials of closed accounts: {} right, {} WRONG", right.len(), wrong.len());
    println!("all of it: {:.0} s, one in {every}", began.elapsed().as_secs_f64());
}

fn open(data: &Path) -> Arc<Lake> {
    let log = std::fs::read_dir(data.join("logs")).unwrap().next().expect("a log").unwrap();
    let reader = Reader::open(data, &log.file_name().to_string_lossy()).unwrap();
    Arc::new(Lake::open(&data.join("lake"), Arc::new(Log::new(reader.view().unwrap()))).unwrap())
}

/// The files of the truth.
struct Truth {
    logs: PathBuf,
    every: usize,
}

impl Truth {
    fn lines(&self, name: &str) -> Lines<BufReader<File>> {
        BufReader::new(File::open(self.logs.join(name)).unwrap()).lines()
    }

    /// Judges the lines of a file on all cores; one result a thread.
    fn each<R: Default + Send>(&self, name: &str, judge: impl Fn(&Value, &mut R) + Sync) -> Vec<R> {
        let lines = Mutex::new(self.lines(name).enumerate());
        let work = || {
            let mut result = R::default();
            loop {
                let next = lines.lock().unwrap().find(|(number, _)| number % self.every == 0);
                let Some((number, line)) = next else { return result };
                judge(&serde_json::from_str(&line.unwrap()).unwrap(), &mut result);
                if number % PROGRESS_LINES == 0 {
                    eprintln!("{name}: line {number}");
                }
            }
        };
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    }
}

/// What the operator of the scenario's company configured: the totals are the last line. The accounts of the
/// broker are those that bear its name.
fn settings(truth: &Truth, facts: &Facts) -> Settings {
    let totals: Value = serde_json::from_str(&truth.lines("truth.ndjson").last().unwrap().unwrap()).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let issuer =
        |issuer: &Value| Issuer { host: text(&issuer[0]), platform: text(&issuer[1]), authority: text(&issuer[2]) };
    let named = Lookup::newest(Key::Name(totals["broker"].as_str().unwrap()), i64::MAX, BROKER_RECORDS);
    let brokers: BTreeSet<String> =
        facts.find(&named).unwrap().facts.iter().map(|fact| fact.actor.uri.clone()).collect();
    let issuers = totals["issuers"].as_array().unwrap().iter().map(issuer).collect();
    Settings { issuers, brokers: brokers.into_iter().collect(), ..Settings::default() }
}
