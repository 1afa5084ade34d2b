//! What the completeness account asks of the log: receipts in order, and what was announced beside them.
//!
//! The receipts come out of the stored rows, column by column; the raw bytes are read only of sources whose platform numbers
//! its records. Judging is for `trace`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use model::{Directive, Heartbeat, SourceGap};
use serde::{Deserialize, Serialize};
use trace::completeness::{
    Account, Axis, DAY_MS, Heartbeat as Beat, Number, Pause, Proof, Receipt, Source, Span, Stop, Transport, blind_spans,
};

use crate::session::Limits;
use crate::{Error, ErrorKind, Lake, Result};

/// Most receipts that are gone through for one account.
const RECEIPTS_MAX: u64 = 200_000_000;

/// What came more than a day after it happened was not sent as it happened.
const LIVE_MS_MAX: i64 = DAY_MS;

/// How far back a rhythm reaches, before the range that is asked for: eight weeks, and one to begin with.
const HISTORY_MS: i64 = 63 * DAY_MS;

/// The longest beginning of a name by which a transport is told.
const NAME_CHARS: usize = 24;

/// All that is needed for the account.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Told {
    /// One account for each source, told everything; by number.
    pub accounts: BTreeMap<u32, Account>,
    /// Leaves that were looked at.
    pub size: u64,
    /// Gaps that are sealed already.
    pub sealed: Vec<SourceGap>,
}

impl Told {
    /// The accounts as one process hands them to another of the same release.
    ///
    /// # Errors
    /// None that is known of: all of it can be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let error = |error| Error::caused(ErrorKind::Fatal, "the accounts cannot be written", error);
        postcard::to_stdvec(self).map_err(error)
    }

    /// The accounts as another process wrote them.
    ///
    /// # Errors
    /// If they are cut short, or of another release.
    pub fn from_bytes(bytes: &[u8]) -> Result<Told> {
        let error = |error| Error::caused(ErrorKind::Fatal, "the accounts cannot be read", error);
        postcard::from_bytes(bytes).map_err(error)
    }
}

/// What is found out about a source before its receipts are read.
#[derive(Default)]
struct Known {
    platforms: BTreeMap<String, i64>,
    records: i64,
    late: i64,
}

impl Lake {
    /// Tells each source's account all there is from `since_ms` on, and enough before that for a rhythm. `proofs` are what
    /// became of upstream proofs, by source.
    ///
    /// # Errors
    /// As for a question in SQL.
    pub fn completeness(
        self: &Arc<Self>,
        since_ms: i64,
        now_ms: i64,
        proofs: &BTreeMap<String, Vec<Proof>>,
    ) -> Result<Told> {
        let known = self.known_sources()?;
        let own = self.own_leaves(now_ms)?;
        let stops = self.stops()?;
        let mut transports = self.transports(&own)?;
        let mut accounts = BTreeMap::new();
        for source in self.sources()? {
            let of = known.get(&source.number);
            let usual = of.and_then(|known| known.platforms.iter().max_by_key(|(_, count)| **count));
            let axis = match of {
                Some(known) if known.late * 2 > known.records => Axis::Event,
                _ => Axis::Receipt,
            };
            let set = Some(source.platform.clone()).filter(|platform| platform != "auto");
            let told = Source {
                platform: set.or_else(|| usual.map(|(platform, _)| platform.clone())).unwrap_or_default(),
                transport: transports.remove(&source.number).unwrap_or_default(),
                axis,
                pauses: own.pauses.get(&source.name).cloned().unwrap_or_default(),
                stops: stops.get(&source.number).cloned().unwrap_or_default(),
                proofs: proofs.get(&source.name).cloned().unwrap_or_default(),
                counts: Vec::new(),
                blind: if axis == Axis::Receipt { own.blind.clone() } else { Vec::new() },
                name: source.name,
            };
            accounts.insert(source.number, Account::new(told));
        }
        self.receipts(&mut accounts, since_ms - HISTORY_MS)?;
        Ok(Told { accounts, size: self.tree_size(), sealed: own.gaps })
    }

    /// How many records each source has, of which platforms, and how many of them long after the fact.
    fn known_sources(self: &Arc<Self>) -> Result<BTreeMap<u32, Known>> {
        let mut known: BTreeMap<u32, Known> = BTreeMap::new();
        let text = format!(
            "SELECT source_number, platform, count(*) AS records, CAST(sum(CASE WHEN time_raw IS NOT NULL AND \
             CAST(received_at AS BIGINT) - CAST(time AS BIGINT) / 1000000 > {LIVE_MS_MAX} THEN 1 ELSE 0 END) AS BIGINT) \
             AS late FROM events_all GROUP BY source_number, platform"
        );
        self.each(&text, |row| {
            let of = known.entry(row.source()).or_default();
            let records = row.integer("records").unwrap_or(0);
            *of.platforms.entry(row.text("platform").unwrap_or_default()).or_default() += records;
            of.records += records;
            of.late += row.integer("late").unwrap_or(0);
        })?;
        Ok(known)
    }

    /// Receipts of all sources, each on its own axis.
    fn receipts(self: &Arc<Self>, accounts: &mut BTreeMap<u32, Account>, from_ms: i64) -> Result<()> {
        let by = |axis: Axis| {
            let numbers = accounts.iter().filter(|(_, account)| account.source().axis == axis);
            let numbers: Vec<String> = numbers.map(|(number, _)| number.to_string()).collect();
            if numbers.is_empty() { "-1".to_owned() } else { numbers.join(",") }
        };
        let numbers = self.numbers(accounts)?;
        let text = format!(
            "SELECT source_number, leaf_index, received, happened, again FROM (
               SELECT source_number, leaf_index, received, happened, again,
                      CASE WHEN source_number IN ({}) THEN coalesce(happened, received) ELSE received END AS at_ms FROM (
                 SELECT source_number, leaf_index, CAST(received_at AS BIGINT) AS received,
                        CASE WHEN time_raw IS NULL THEN NULL ELSE CAST(time AS BIGINT) / 1000000 END AS happened,
                        duplicate_of IS NOT NULL AS again FROM events_all
                 UNION ALL SELECT source_number, leaf_index, CAST(received_at AS BIGINT), CAST(NULL AS BIGINT), false
                   FROM rejects) AS one) AS told
             WHERE at_ms >= {from_ms} ORDER BY at_ms, leaf_index",
            by(Axis::Event)
        );
        self.each(&text, |row| {
            let Some(account) = accounts.get_mut(&row.source()) else { return };
            let leaf = row.leaf();
            account.push(&Receipt {
                leaf,
                received_ms: row.integer("received").unwrap_or(0),
                event_ms: row.integer("happened"),
                number: numbers.get(&leaf).copied(),
                again: row.truth("again"),
            });
        })
    }

    /// The senders' own numbers, by leaf.
    fn numbers(self: &Arc<Self>, accounts: &BTreeMap<u32, Account>) -> Result<HashMap<u64, Number>> {
        let mut found = HashMap::new();
        for platform in sources::number::NUMBERED {
            let of = accounts.iter().filter(|(_, account)| account.source().platform == platform.as_str());
            let of: Vec<String> = of.map(|(number, _)| number.to_string()).collect();
            if of.is_empty() {
                continue;
            }
            let mut rows: HashMap<String, u64> = HashMap::new();
            let text =
                format!("SELECT source_number, leaf_index, raw FROM records WHERE source_number IN ({})", of.join(","));
            self.each(&text, |row| {
                let Some(number) = row.text("raw").and_then(|raw| sources::number::of(platform, &raw)) else { return };
                let next = rows.len() as u64;
                let stream = *rows.entry(number.row).or_insert(next);
                found.insert(row.leaf(), Number { stream, number: number.number });
            })?;
        }
        Ok(found)
    }

    /// When the platforms said that their own logging was stopped, and when it went on.
    fn stops(self: &Arc<Self>) -> Result<BTreeMap<u32, Vec<Stop>>> {
        // OCSF 1008, Event Log Activity: 2 delete, 7 stop, 10 disable; 6 start, 9 enable.
        let text = "SELECT source_number, leaf_index, CAST(time AS BIGINT) / 1000000 AS at_ms, activity_id FROM events \
                    WHERE class_uid = 1008 AND status_id = 1 AND activity_id IN (2, 6, 7, 9, 10)";
        let mut stops: BTreeMap<u32, Vec<Stop>> = BTreeMap::new();
        self.each(text, |row| {
            let started = matches!(row.integer("activity_id"), Some(6 | 9));
            let stop = Stop { at_ms: row.integer("at_ms").unwrap_or(0), started, leaf: row.leaf() };
            stops.entry(row.source()).or_default().push(stop);
        })?;
        Ok(stops)
    }

    /// How the records of each source come, by the names of their deliveries.
    fn transports(self: &Arc<Self>, own: &Own) -> Result<BTreeMap<u32, Transport>> {
        let text = format!(
            "SELECT DISTINCT source_number, substr(position_name, 1, {NAME_CHARS}) AS name FROM leaves \
             WHERE position_name IS NOT NULL AND source_number > 0"
        );
        let mut found: BTreeMap<u32, BTreeSet<Transport>> = BTreeMap::new();
        self.each(&text, |row| {
            let name = row.text("name").unwrap_or_default();
            found.entry(row.source()).or_default().insert(transport(&name, own.tls));
        })?;
        // Of several the weakest: a forger chooses.
        Ok(found.into_iter().filter_map(|(source, found)| Some((source, found.into_iter().next()?))).collect())
    }

    /// What the log's own leaves say: pauses, heartbeats, gaps, whether its server speaks TLS.
    fn own_leaves(self: &Arc<Self>, now_ms: i64) -> Result<Own> {
        let text = "SELECT source_number, leaf_index, CAST(sequenced_at AS BIGINT) AS at_ms, kind, raw FROM leaves \
                    WHERE kind IN ('directive', 'heartbeat') ORDER BY leaf_index";
        let (mut own, mut beats) = (Own::default(), Vec::new());
        self.each(text, |row| {
            let (leaf, at_ms) = (row.leaf(), row.integer("at_ms").unwrap_or(0));
            let raw = row.text("raw").unwrap_or_default();
            if row.text("kind").as_deref() == Some("directive") {
                // A directive of a newer release may be unknown here.
                serde_json::from_str(&raw).into_iter().for_each(|directive| own.directive(directive, leaf, at_ms));
            } else if let Ok(gap) = serde_json::from_str::<SourceGap>(&raw) {
                own.gaps.push(gap);
            } else if serde_json::from_str::<Heartbeat>(&raw).is_ok() {
                beats.push(Beat { at_ms, leaf });
            }
        })?;
        own.blind = blind_spans(&beats, now_ms);
        Ok(own)
    }

    fn each(self: &Arc<Self>, text: &str, mut visit: impl FnMut(&Row<'_>)) -> Result<()> {
        let limits = Limits { rows: RECEIPTS_MAX, ..Limits::default() };
        for batch in self.sql(text, limits)? {
            let batch = plain(&batch?)?;
            (0..batch.num_rows()).for_each(|row| visit(&Row { batch: &batch, row }));
        }
        Ok(())
    }
}

/// What the log says of itself.
#[derive(Default)]
struct Own {
    pauses: BTreeMap<String, Vec<Pause>>,
    blind: Vec<Span>,
    gaps: Vec<SourceGap>,
    /// Whether HTTP comes over TLS, and with certificates of clients.
    tls: Tls,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tls {
    #[default]
    None,
    Server,
    Mutual,
}

impl Own {
    fn directive(&mut self, directive: Directive, leaf: u64, at_ms: i64) {
        match directive {
            Directive::SourcePaused { name, reason, until_ms, author } => {
                let pauses = self.pauses.entry(name).or_default();
                // The last word counts from when it is said.
                pauses.iter_mut().for_each(|pause| pause.span.until_ms = pause.span.until_ms.min(at_ms));
                let until_ms = i64::try_from(until_ms).unwrap_or(i64::MAX);
                pauses.push(Pause { span: Span::new(at_ms, until_ms), reason, author, leaf });
            }
            Directive::SourceResumed { name } => {
                let pauses = self.pauses.entry(name).or_default();
                pauses.iter_mut().for_each(|pause| pause.span.until_ms = pause.span.until_ms.min(at_ms));
            }
            Directive::Settings { toml } => {
                let says = |word: &str| toml.lines().any(|line| line.trim_start().starts_with(word));
                self.tls = match (says("[tls]"), says("client_roots")) {
                    (false, _) => Tls::None,
                    (true, false) => Tls::Server,
                    (true, true) => Tls::Mutual,
                };
            }
            _ => {}
        }
    }
}

/// How a delivery of this name came: receivers name theirs by protocol, what is fetched by where it is.
fn transport(name: &str, tls: Tls) -> Transport {
    if let Some((scheme, _)) = name.split_once("://") {
        return match scheme {
            "syslog+udp" => Transport::Udp,
            "syslog+tls" | "fluent+tls" | "s3" | "ldaps" | "oidc" => Transport::TlsToken,
            // Whether TLS was begun on a connection of LDAP is not in its name; Kafka is spoken to without.
            "syslog+tcp" | "fluent" | "vault" | "kafka" | "ldap" => Transport::Plain,
            "scim" => over_http(tls),
            _ => Transport::Unknown,
        };
    }
    match name {
        "/v1/webhooks" => Transport::Signed,
        _ if HTTP.contains(&name) => over_http(tls),
        _ => Transport::Local,
    }
}

/// Whether what a delivery of this name holds lay, or was made, on this machine: a file, or a sender on one of its own addresses.
pub fn is_of_this_machine(name: &str) -> bool {
    let Some((scheme, rest)) = name.split_once("://") else { return transport(name, Tls::None) == Transport::Local };
    let is_pushed = matches!(scheme, "syslog+udp" | "syslog+tcp" | "syslog+tls" | "fluent" | "fluent+tls" | "vault");
    // A Unix socket of Vault has a path for an address.
    is_pushed && ["127.", "[::1]", "::1", "/"].iter().any(|own| rest.starts_with(own))
}

/// What deliveries over HTTP are called: all other names that begin with a slash are files.
const HTTP: [&str; 10] = [
    "/_bulk",
    "/loki/api/v1/push",
    "/services/collector",
    "/v1/cloudevents",
    "/v1/kubernetes/audit",
    "/v1/logs",
    "/v1/records",
    "/v1/traces",
    "/v1/vault/audit",
    "/v1/webhooks",
];

const fn over_http(tls: Tls) -> Transport {
    match tls {
        Tls::None => Transport::Plain,
        Tls::Server => Transport::TlsToken,
        Tls::Mutual => Transport::Mtls,
    }
}

/// A row of an answer.
struct Row<'b> {
    batch: &'b RecordBatch,
    row: usize,
}

impl Row<'_> {
    fn column(&self, name: &str) -> Option<&Arc<dyn Array>> {
        self.batch.column_by_name(name).filter(|column| column.is_valid(self.row))
    }

    fn integer(&self, name: &str) -> Option<i64> {
        Some(self.column(name)?.as_primitive_opt::<Int64Type>()?.value(self.row))
    }

    fn text(&self, name: &str) -> Option<String> {
        Some(self.column(name)?.as_string_opt::<i32>()?.value(self.row).to_owned())
    }

    fn truth(&self, name: &str) -> bool {
        self.column(name).and_then(|column| Some(column.as_boolean_opt()?.value(self.row))).unwrap_or(false)
    }

    fn source(&self) -> u32 {
        self.integer("source_number").and_then(|number| u32::try_from(number).ok()).unwrap_or(0)
    }

    fn leaf(&self) -> u64 {
        self.integer("leaf_index").and_then(|leaf| u64::try_from(leaf).ok()).unwrap_or(0)
    }
}

/// The same rows with texts and integers of one kind, whatever the planner made of them.
fn plain(batch: &RecordBatch) -> Result<RecordBatch> {
    let fatal = |error| Error::caused(ErrorKind::Fatal, "columns of the completeness account", error);
    let mut columns = Vec::new();
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let wanted = match column.data_type() {
            DataType::Utf8View | DataType::LargeUtf8 | DataType::Dictionary(_, _) => DataType::Utf8,
            kind if kind.is_integer() => DataType::Int64,
            kind => kind.clone(),
        };
        let column =
            if *column.data_type() == wanted { Arc::clone(column) } else { cast(column, &wanted).map_err(fatal)? };
        columns.push((field.name().clone(), column));
    }
    RecordBatch::try_from_iter(columns).map_err(fatal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_that_were_handed_over_go_on_as_those_that_were_not() {
        let receipt = |minute: i64| Receipt {
            leaf: minute.unsigned_abs(),
            received_ms: minute * 60_000,
            event_ms: Some(minute * 60_000 - 1),
            number: Some(Number { stream: 1, number: minute.unsigned_abs() }),
            again: false,
        };
        let mut told = Told { size: 7, ..Told::default() };
        let mut account = Account::new(Source { name: "crm".to_owned(), ..Source::default() });
        (0..15_000).for_each(|minute| account.push(&receipt(minute)));
        told.accounts.insert(1, account);
        let mut handed = Told::from_bytes(&told.to_bytes().unwrap()).unwrap();
        for told in [&mut told, &mut handed] {
            (15_500..15_700).for_each(|minute| told.accounts.get_mut(&1).unwrap().push(&receipt(minute)));
        }
        let report = |told: &Told| told.accounts.get(&1).unwrap().report(0, 15_700 * 60_000);
        assert_eq!((handed.size, report(&handed)), (7, report(&told)));
        assert!(report(&told).findings.len() > 1, "a silence and a hole: {:?}", report(&told).findings);
        let cut = told.to_bytes().unwrap();
        assert!(Told::from_bytes(cut.get(..cut.len() / 2).unwrap()).is_err());
    }

    #[test]
    fn how_a_delivery_came_is_told_by_its_name() {
        let of = |name: &str| transport(&name.chars().take(NAME_CHARS).collect::<String>(), Tls::Server);
        for name in HTTP {
            let expected = if name == "/v1/webhooks" { Transport::Signed } else { Transport::TlsToken };
            assert_eq!(of(name), expected, "{name}");
        }
        assert_eq!(transport("/v1/kubernetes/audit", Tls::None), Transport::Plain);
        assert_eq!(transport("scim://Users/1", Tls::Mutual), Transport::Mtls);
        for (name, expected) in [
            ("syslog+udp://192.0.2.1", Transport::Udp),
            ("syslog+tcp://192.0.2.1:514", Transport::Plain),
            ("syslog+tls://192.0.2.1:6514", Transport::TlsToken),
            ("s3://bucket/AWSLogs/1/CloudTrail", Transport::TlsToken),
            ("kafka://audit/0", Transport::Plain),
            ("ldap://127.0.0.1:389/dc=acme", Transport::Plain),
            ("ldaps://directory.acme.example/dc=acme", Transport::TlsToken),
            ("gopher://x", Transport::Unknown),
            ("/var/log/audit/audit.log", Transport::Local),
            ("/v1/records/copy.jsonl", Transport::Local),
            ("-", Transport::Local),
        ] {
            assert_eq!(of(name), expected, "{name}");
        }
        for (name, here) in [
            ("/var/log/audit/audit.log", true),
            ("syslog+udp://127.0.0.1", true),
            ("vault:///run/vault.sock", true),
            ("syslog+tcp://192.0.2.1", false),
            ("/v1/records", false),
            ("s3://127.0.0.1/x", false),
        ] {
            assert_eq!(is_of_this_machine(name), here, "{name}");
        }
    }
}
