//! What `deedbook serve` does over loopback, beside the ceiling of this machine: batches, one record a request, the
//! receivers of others, start and idle memory. Client and server share the cores; what each used is printed.

mod client;
mod server;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use client::{Load, load, request};
use server::Server;

use super::program::{self, Program};
use super::report::{Report, bytes, ms, rate};
use super::steps::{self, Sample};
use super::{Place, Result, percentile};
use crate::BenchServe;

/// Records of a batch.
const BATCH_RECORDS: usize = 1_000;
/// Connections that send batches.
const BATCH_CONNECTIONS: usize = 4;
/// How long batches are sent.
const BATCH_TIME: Duration = Duration::from_secs(20);
/// Connections that send one record a request, and how long.
const SINGLE_CONNECTIONS: usize = 256;
const SINGLE_TIME: Duration = Duration::from_secs(10);
/// How long a server has nothing to do before its memory is looked at.
const IDLE: Duration = Duration::from_secs(10);
/// Records that the scenario writes: about a third are CloudTrail's.
const SCENARIO_RECORDS: &str = "200000";

/// Runs everything and prints the tables.
pub(crate) fn run(options: &BenchServe) -> Result<()> {
    let own = std::env::current_exe()?;
    let bin = options.bin.clone().or_else(|| own.parent().map(Path::to_path_buf)).ok_or("no folder of programs")?;
    let place = Place { bin, work: std::path::absolute(&options.work)?, records: options.records };
    let _ = fs::remove_dir_all(&place.work);
    fs::create_dir_all(&place.work)?;
    let mut report = Report::begin(&place)?;
    let scenario = Program::new(&place.bin.join("scenario"));
    scenario.args(&["--records", SCENARIO_RECORDS, "--out"]).path(&place.logs()).run()?;
    let sample = Sample::read(&[place.logs().join("cloudtrail")])?;
    let mut bare = steps::measure(&sample, &place.work)?;

    let wanted = |part: &str| options.only.as_ref().is_none_or(|only| only == part);
    let mut run = Run { place: &place, sample: &sample, report: &mut report, native: None };
    if wanted("batches") {
        let of_native = run.batches("native, batches of 1,000", "/v1/records?source=bench", Shape::Lines)?;
        let queryable = run.queryable(&of_native)?;
        bare.parquet = steps::parquet(&place.work.join("serve").join("lake"))?;
        run.against(&of_native, queryable, bare.ingest_per_s());
        run.native = Some(of_native.acknowledged_per_s);
        run.batches("HEC, batches of 1,000", "/services/collector/event?source=bench", Shape::Hec)?;
        run.batches("_bulk, batches of 1,000", "/bench/_bulk", Shape::Bulk)?;
    }
    if wanted("single") {
        run.single()?;
    }
    if wanted("start") {
        run.start()?;
    }
    if bare.parquet > 0.0 {
        report.steps(&sample, &bare);
    }
    report.print();
    if !options.keep {
        fs::remove_dir_all(&place.work)?;
    }
    Ok(())
}

/// How a batch is put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// A record a line.
    Lines,
    /// `{"event":...}` one after the other.
    Hec,
    /// An action before each line.
    Bulk,
}

/// What batches came to.
struct Batches {
    what: &'static str,
    acknowledged_per_s: f64,
    records: f64,
    /// How long they came, and the clean stop after them.
    took: Duration,
}

struct Run<'r> {
    place: &'r Place,
    sample: &'r Sample,
    report: &'r mut Report,
    /// Records a second over the native path.
    native: Option<f64>,
}

impl Run<'_> {
    /// A server on a log of its own.
    fn server(&self) -> Result<Server> {
        let data = self.place.work.join("serve");
        let _ = fs::remove_dir_all(&data);
        Server::start(&self.place.bin, &data)
    }

    fn batches(&mut self, what: &'static str, path: &str, shape: Shape) -> Result<Batches> {
        eprintln!("{what}");
        let server = self.server()?;
        let requests = self.requests(path, &server.token()?, shape, BATCH_RECORDS);
        let (done, used) = measured(&server, &requests, BATCH_CONNECTIONS, BATCH_TIME)?;
        let peak = server.memory("VmHWM");
        let stopped = server.stop()?;
        let records = (done.acknowledged * BATCH_RECORDS as u64) as f64;
        let acknowledged_per_s = records / done.wall.as_secs_f64();
        self.report.line(what, "acknowledged", &rate(acknowledged_per_s), "");
        if let Some(native) = self.native {
            let ratio = format!("{:.2}", acknowledged_per_s / native);
            self.report.line(what, "against native", &ratio, ">= 0.75");
        }
        self.answers(what, &done, used, BATCH_RECORDS);
        self.report.line(what, "clean stop after them", &ms(stopped), "<= 10 s");
        self.report.line(what, "most memory of the server", &bytes(peak), "");
        Ok(Batches { what, acknowledged_per_s, records, took: done.wall + stopped })
    }

    /// The same with the rows that are left to the next start: records a second from the first one to when all can be asked
    /// for.
    fn queryable(&self, batches: &Batches) -> Result<f64> {
        let began = Instant::now();
        let server = Server::start(&self.place.bin, &self.place.work.join("serve"))?;
        server.rest()?;
        let took = batches.took + began.elapsed();
        server.stop()?;
        Ok(batches.records / took.as_secs_f64())
    }

    fn against(&mut self, batches: &Batches, queryable: f64, ceiling: f64) {
        self.report.measured(batches.what, ceiling, batches.acknowledged_per_s, ">= 0.6");
        let queryable = format!("{}, ratio {:.2}", rate(queryable), queryable / ceiling);
        self.report.line(batches.what, "until all of it is queryable", &queryable, "");
    }

    fn single(&mut self) -> Result<()> {
        let what = "one record a request, 256 connections";
        eprintln!("{what}");
        let server = self.server()?;
        let requests = self.requests("/v1/records?source=bench", &server.token()?, Shape::Lines, 1);
        let (done, used) = measured(&server, &requests, SINGLE_CONNECTIONS, SINGLE_TIME)?;
        self.report.line(what, "acknowledged", &rate(done.requests_per_s()), ">= 20 k/s");
        self.answers(what, &done, used, 1);
        let stopped = server.stop()?;
        self.report.line(what, "clean stop after them", &ms(stopped), "<= 10 s");
        Ok(())
    }

    /// From the start of a server on a log of so many records until it takes some, and what it needs while idle.
    fn start(&mut self) -> Result<()> {
        let records = self.place.records;
        eprintln!("start with {records} records");
        let server = self.server()?;
        let requests = self.requests("/v1/records?source=bench", &server.token()?, Shape::Lines, BATCH_RECORDS);
        let most = records.div_ceil(BATCH_RECORDS as u64);
        load(server.address, &requests, BATCH_CONNECTIONS, Duration::from_secs(3_600), Some(most))?;
        let what = "start to ready";
        let data = self.place.work.join("serve");
        server.kill()?;
        let server = Server::start(&self.place.bin, &data)?;
        self.report.line(what, "killed under load just before", &ms(server.ready), "");
        server.stop()?;
        super::sizes::make_cold(&data)?;
        let server = Server::start(&self.place.bin, &data)?;
        self.report.line(what, &format!("{records} records, files cold"), &ms(server.ready), "<= 500 ms");
        server.rest()?;
        std::thread::sleep(IDLE);
        self.report.line("memory, idle for 10 s", "VmRSS", &bytes(server.memory("VmRSS")), "<= 150 MiB");
        server.kill()?;
        let server = Server::start(&self.place.bin, &data)?;
        self.report.line(what, "killed while idle", &ms(server.ready), "");
        server.stop()?;
        Ok(())
    }

    /// What holds of every kind of load.
    fn answers(&mut self, what: &str, done: &Load, (server, client): (Duration, Duration), records: usize) {
        let (p50, p99) = (percentile(&done.took, 0.5), percentile(&done.took, 0.99));
        self.report.line(what, "acknowledgement, p50, p99", &format!("{}, {}", ms(p50), ms(p99)), "");
        let of = |used: Duration| used.as_secs_f64() / (done.acknowledged as f64 * records as f64) * 1e6;
        let (server_s, client_s) = (server.as_secs_f64(), client.as_secs_f64());
        let cpu = format!(
            "{server_s:.1} s ({:.1} us a record), {client_s:.1} s ({:.1} us), in {:.1} s",
            of(server),
            of(client),
            done.wall.as_secs_f64()
        );
        self.report.line(what, "CPU of server, of client", &cpu, "");
        if done.busy > 0 {
            self.report.line(what, "told to come back", &format!("{} requests", done.busy), "");
        }
    }

    /// All records of the sample, so many a request; what does not fill one is left out.
    fn requests(&self, path: &str, token: &str, shape: Shape, records: usize) -> Vec<Vec<u8>> {
        let lines: Vec<&[u8]> = self.sample.lines().collect();
        let texts = lines.chunks_exact(records).map(|batch| {
            let mut body = Vec::new();
            for (nth, line) in batch.iter().enumerate() {
                match shape {
                    Shape::Lines if nth > 0 => body.push(b'\n'),
                    Shape::Lines => {}
                    Shape::Hec => body.extend_from_slice(b"{\"event\":"),
                    Shape::Bulk => body.extend_from_slice(b"{\"create\":{}}\n"),
                }
                body.extend_from_slice(line);
                body.extend_from_slice(match shape {
                    Shape::Lines => b"",
                    Shape::Hec => b"}",
                    Shape::Bulk => b"\n",
                });
            }
            request(path, token, &body)
        });
        texts.collect()
    }
}

/// Sends, and says what it cost the server and us.
fn measured(
    server: &Server,
    requests: &[Vec<u8>],
    connections: usize,
    time: Duration,
) -> Result<(Load, (Duration, Duration))> {
    let before = (server.cpu()?, program::cpu("self")?);
    let done = load(server.address, requests, connections, time, None)?;
    let used = (server.cpu()?.saturating_sub(before.0), program::cpu("self")?.saturating_sub(before.1));
    Ok((done, used))
}
