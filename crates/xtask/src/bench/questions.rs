//! Questions to the whole log: needles, aggregates, and how long it takes until one can be asked.
//!
//! One process answers all of them, as a server would; `deedbook sql --timing` says how long each
//! took. With DuckDB on the machine (`python3 -m pip install duckdb`), the same aggregates run there
//! over the same files.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::program::Program;
use super::report::{Report, ms};
use super::{Place, Result, percentile, sizes};

/// Needles of each kind.
const NEEDLES: usize = 40;

/// How often an aggregate is asked: the first answer warms, the median of the others counts.
const ROUNDS: usize = 5;

/// Aggregates as a dashboard asks them; `events` is the table.
const AGGREGATES: &[(&str, &str)] = &[
    ("by platform", "SELECT platform, count(*) AS n FROM events GROUP BY 1 ORDER BY 2 DESC, 1"),
    ("by hour", "SELECT date_trunc('hour', time) AS hour, count(*) AS n FROM events GROUP BY 1 ORDER BY 1"),
    ("top principals", "SELECT actor_principal, count(*) AS n FROM events GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10"),
    (
        "operations by outcome",
        "SELECT api_operation, status, count(*) AS n FROM events GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 20",
    ),
    (
        "refused by principal",
        "SELECT actor_principal, count(*) AS n FROM events WHERE status_id = 2 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10",
    ),
];

/// What a needle is looked for in.
const LOOKED_UP: &[(&str, &str)] = &[
    ("source event id", "source_event_id"),
    ("credential", "credential_native_id"),
    ("request id", "api_request_id"),
    ("event id", "event_id"),
];

pub(crate) fn measure(place: &Place, report: &mut Report) -> Result<()> {
    eprintln!("questions");
    start(place, report)?;
    needles(place, report)?;
    aggregates(place, report)
}

/// From the start of the process to the answer of a question that reads no rows.
fn start(place: &Place, report: &mut Report) -> Result<()> {
    let mut took = Vec::new();
    let mut opened = Vec::new();
    for _ in 0..ROUNDS {
        sizes::make_cold(&place.data())?;
        let ran = place.deedbook(&["sql", "--timing", "SELECT 1"]).run()?;
        took.push(ran.wall);
        opened.extend(timings(&ran.err, "open"));
    }
    took.sort();
    opened.sort();
    report.line("start", "cold files, to the first answer, p50", &ms(percentile(&took, 0.5)), "<= 500 ms");
    report.line("start", "of it, the tables opened", &ms(percentile(&opened, 0.5)), "");
    Ok(())
}

fn needles(place: &Place, report: &mut Report) -> Result<()> {
    for (name, column) in LOOKED_UP {
        let values = values(place, column)?;
        let ask = |value: &String| {
            format!("SELECT time, actor_principal, api_operation FROM events WHERE {column} = '{value}' LIMIT 100;\n")
        };
        let ran =
            place.deedbook(&["sql", "--timing", "-o", "csv", "-"]).input(values.iter().map(ask).collect()).run()?;
        let mut took = timings(&ran.err, "answer");
        if took.len() != values.len() {
            return Err(format!("{} needles of {column}, {} answers", values.len(), took.len()).into());
        }
        let first = took.first().copied().unwrap_or_default();
        took.sort();
        let (p50, p95) = (percentile(&took, 0.5), percentile(&took, 0.95));
        let text = format!("p50 {}, p95 {}, the first {}", ms(p50), ms(p95), ms(first));
        report.line("point look-up", name, &text, "p95 <= 100 ms");
    }
    Ok(())
}

/// Values that are there, from all over the log.
pub(super) fn values(place: &Place, column: &str) -> Result<Vec<String>> {
    let stride = (place.records / 97).max(1);
    let query = format!("SELECT {column} AS v FROM events WHERE leaf_index % {stride} < 9 AND {column} IS NOT NULL");
    let out = place.deedbook(&["sql", "-o", "csv", &query]).run()?.out;
    let found: Vec<String> =
        out.lines().skip(1).filter(|line| !line.contains(['"', '\''])).map(str::to_owned).collect();
    let step = (found.len() / NEEDLES).max(1);
    Ok(found.into_iter().step_by(step).take(NEEDLES).collect())
}

fn aggregates(place: &Place, report: &mut Report) -> Result<()> {
    let script: String =
        AGGREGATES.iter().flat_map(|(_, sql)| std::iter::repeat_n(format!("{sql};\n"), ROUNDS)).collect();
    let ran = place.deedbook(&["sql", "--timing", "-o", "csv", "-"]).input(script.clone()).run()?;
    let ours = medians(&timings(&ran.err, "answer"));
    let theirs = duckdb(place, &script)?;
    for (at, (name, _)) in AGGREGATES.iter().enumerate() {
        let own = ours.get(at).copied().unwrap_or_default();
        let text = match theirs.get(at) {
            Some(other) => {
                format!("{}, DuckDB {} ({:.2} x)", ms(own), ms(*other), own.as_secs_f64() / other.as_secs_f64())
            }
            None => ms(own),
        };
        report.line("aggregate, p50", name, &text, "<= DuckDB");
    }
    report.line("aggregate, p50", "memory, all of them", &super::report::bytes(ran.peak_bytes), "");
    Ok(())
}

/// The median of each run of [`ROUNDS`] answers, the first left out.
fn medians(took: &[Duration]) -> Vec<Duration> {
    let median = |rounds: &[Duration]| {
        let mut warm = rounds.get(1..).unwrap_or_default().to_vec();
        warm.sort();
        percentile(&warm, 0.5)
    };
    took.chunks(ROUNDS).map(median).collect()
}

/// The same script in DuckDB; empty when it is not there.
fn duckdb(place: &Place, script: &str) -> Result<Vec<Duration>> {
    let program = "import duckdb, sys, time\n\
        files = sys.argv[1:]\n\
        connection = duckdb.connect()\n\
        connection.execute('CREATE VIEW events AS SELECT * FROM read_parquet($files) WHERE duplicate_of IS NULL'\
        .replace('$files', repr(files)))\n\
        for statement in sys.stdin.read().split(';\\n'):\n\
        \x20   if statement:\n\
        \x20       began = time.perf_counter()\n\
        \x20       connection.execute('CREATE OR REPLACE TEMP TABLE answer AS ' + statement)\n\
        \x20       print('answer: %.3f ms' % ((time.perf_counter() - began) * 1e3), file=sys.stderr)\n";
    let mut python = Program::new(&PathBuf::from("python3")).args(&["-c", program]);
    for entry in fs::read_dir(place.data().join("lake"))? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".events.parquet") {
            python = python.path(&path);
        }
    }
    // It does not truncate nanoseconds that have a time zone.
    let script = script.replace("date_trunc('hour', time)", "date_trunc('hour', CAST(time AS TIMESTAMP_NS))");
    match python.input(script).run() {
        Ok(ran) => Ok(medians(&timings(&ran.err, "answer"))),
        Err(error) => {
            let text = error.to_string();
            let why = text.lines().rev().find(|line| line.contains("Error")).unwrap_or(&text);
            eprintln!("no comparison with DuckDB: {why}");
            Ok(Vec::new())
        }
    }
}

/// The times that `--timing` said, in order.
pub(super) fn timings(said: &str, what: &str) -> Vec<Duration> {
    let ms = |line: &str| line.strip_prefix(what)?.strip_prefix(": ")?.strip_suffix(" ms")?.parse::<f64>().ok();
    said.lines().filter_map(ms).map(|ms| Duration::from_secs_f64(ms / 1e3)).collect()
}
