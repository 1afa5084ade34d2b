//! The incident of the demo: an agent of Halden Freight's billing team, talked into it by a document it
//! read, takes the payroll export on a request for access that was over eleven minutes before.
//!
//! Two thousand ordinary records come first, so that there is something to search in. Then ten logs tell
//! the story in pieces, in UTC of the day that begins at the start:
//!
//! | time | log | what |
//! |---|---|---|
//! | 09:12 | Okta | alice signs in |
//! | 09:25 | Teleport, SPIRE | she asks for `payroll-export` until 10:30 (ticket OPS-2291); chen approves; the workload's entry `JIT-417` ends then, too |
//! | 09:30 | Okta, OpenTelemetry | the agent gets a token on her behalf; its run begins, autonomous |
//! | 10:02 | SPIRE | the workload gets an SVID; 10:05 its pod a token (Kubernetes) |
//! | 10:11 | Vault, AWS | it logs in, leases keys, reads October's export: within the window |
//! | 10:30 | Teleport | the request expires; the certificate made under it lives until 11:02 |
//! | 10:39 | Vault, AWS | it leases keys again; 10:41:07 it reads November's export |
//! | 10:41 | Kubernetes, Vault, PostgreSQL, AWS | five attempts are refused |
//! | 10:55 | AWS | the second route: a key that never ends reads the same bucket |

mod agent;
mod cloud;

use std::io;
use std::path::Path;

use crate::sink::{Form, Log, Sink, Truth};
use crate::truth::Totals;
use crate::{Delivery, Options, sessions};

/// The person behind it.
const ALICE: &str = "alice.berg@halden.example";
const ALICE_ID: &str = "00u4lic3b3rgHALDEN01";
/// Who approved.
const CHEN: &str = "chen.holm@halden.example";
/// The access request, known to people as JIT-417.
const REQUEST: &str = "0192e9a4-1c00-7417-8a5e-c2d3e4f50417";
const REASON: &str = "JIT-417: monthly export, OPS-2291";
/// The run of the agent.
const RUN: &str = "0192e9a7-3b10-7d44-9c21-5f6e7d8c9b0a";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
/// The span of the whole run.
const ROOT: &str = "00f067aa0ba90417";
/// AWS's ids of the two requests that read the exports: in CloudTrail and in the agent's own spans.
const OCTOBER: &str = "H4LD3N0CT2026EXP";
const NOVEMBER: &str = "H4LD3NN0V2026EXP";
const SPIFFE: &str = "spiffe://prod.example/ns/billing/sa/agent";
const POD: &str = "billing-agent-7d9c5b6f4-x2k8p";
const POD_UID: &str = "5b0c9e1a-2f64-4d5c-9a3e-7d1f0c6a8b21";
const IP: &str = "10.18.4.77";
const BACKGROUND: u64 = 2_000;

/// Times of the day of the incident.
#[derive(Clone, Copy)]
struct Clock {
    midnight_ms: i64,
}

/// Hours, minutes, seconds as seconds of a day.
const fn hms(hours: i64, minutes: i64, seconds: i64) -> i64 {
    hours * 3_600 + minutes * 60 + seconds
}

impl Clock {
    fn at(self, second: i64, digits: usize) -> String {
        let time = jiff::Timestamp::from_millisecond(self.ms(second)).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        format!("{time:.digits$}")
    }

    const fn ms(self, second: i64) -> i64 {
        self.midnight_ms + second * 1_000
    }
}

/// One record of the story.
struct Told {
    log: Log,
    second: i64,
    denied: bool,
    record: String,
}

impl Told {
    const fn new(log: Log, second: i64, record: String) -> Told {
        Told { log, second, denied: false, record }
    }

    const fn refused(log: Log, second: i64, record: String) -> Told {
        Told { log, second, denied: true, record }
    }
}

/// Writes the background and the incident below `out`, of the day that begins at `start_ms`; CloudTrail
/// as S3 objects.
pub fn write(out: &Path, start_ms: i64) -> io::Result<Totals> {
    write_as(out, start_ms, Form::Objects)
}

/// The same, with CloudTrail in another form.
pub fn write_as(out: &Path, start_ms: i64, form: Form) -> io::Result<Totals> {
    let clock = Clock { midnight_ms: start_ms };
    let options = Options {
        seed: 1,
        records: BACKGROUND,
        start_ms: clock.ms(hms(9, 25, 0)),
        form,
        delivery: Delivery::default(),
    };
    let mut sink = Sink::create(out, &options)?;
    let mut totals = sessions::simulate(&options, &mut sink)?;
    let mut story = agent::story(clock);
    story.extend(cloud::story(clock));
    story.sort_by_key(|told| told.second);
    for told in &story {
        let platform = sink.record(told.log, &told.record, clock.ms(told.second))?;
        totals.records += 1;
        *totals.platforms.entry(platform).or_default() += 1;
        totals.denied += u64::from(told.denied);
        totals.last_ms = totals.last_ms.max(clock.ms(told.second));
    }
    for minted in cloud::truth() {
        sink.truth(Truth::Credentials, &minted)?;
    }
    totals.bytes = sink.bytes;
    sink.finish(&totals)?;
    Ok(totals)
}
