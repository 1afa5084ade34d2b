//! Topics of Kafka, read as a consumer without a group (*Kafka protocol guide*, `Fetch`, `ListOffsets`, `Metadata`).
//!
//! The value of a Kafka record is the record; its key, headers and timestamp are not kept. Each partition is read in its order
//! from the offset behind the last that is sealed, which is in the header of that record. A value that is null (a tombstone of a
//! compacted topic) or empty is no record: it is counted and passed over. So are offsets that compaction has taken away;
//! what retention took before it was read is counted as `gone`. Records of transactions that were aborted are sealed
//! like others: the library does not tell them apart.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use collect::{Cut, Parcel, Stream};
use rskafka::BackoffConfig;
use rskafka::client::error::{Error, ProtocolError};
use rskafka::client::partition::{OffsetAt, PartitionClient, UnknownTopicHandling};
use rskafka::client::{Client, ClientBuilder};
use rskafka::record::RecordAndOffset;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{BUSY_WAIT, Metric, Patience, Stop};
use crate::app::{App, parcel};

/// Bytes asked for at once, and the most that is asked for where nothing is left of the first batches.
const FETCH_BYTES: i32 = 1 << 20;
const FETCH_BYTES_MAX: i32 = 32 << 20;
/// How long the broker waits for the first byte.
const FETCH_WAIT_MS: i32 = 500;
/// So few bytes are asked for that the broker answers with one batch.
const ONE_BATCH: i32 = 2;
/// How long the library tries before it tells what is wrong.
const TRY_MAX: Duration = Duration::from_secs(10);
/// How long an answer may take in all.
const ANSWER_MAX: Duration = Duration::from_secs(60);
/// How often it is looked for new partitions.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// Records and bytes of one delivery, but for one large record.
const DELIVERY_RECORDS_MAX: usize = 1_000;
const DELIVERY_BYTES_MAX: usize = 4 << 20;

/// Partitions that are read, of all topics of one source.
const PARTITIONS_MAX: usize = 1_024;

/// Where a partition is begun of which nothing is sealed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Begin {
    /// With the oldest record that is there.
    #[default]
    Earliest,
    /// With what comes from now on; a partition that is added later is read from its beginning.
    Latest,
}

/// Topics that are followed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Kafka {
    /// The source of their records.
    pub source: String,
    /// Brokers to begin with, as in `kafka:9092`.
    pub brokers: Vec<String>,
    /// The topics.
    pub topics: Vec<String>,
    /// Where to begin.
    #[serde(default)]
    pub from: Begin,
}

/// Reads all partitions until it is told to stop.
pub(crate) async fn follow(app: Arc<App>, settings: Kafka, stopped: watch::Receiver<bool>) {
    Arc::new(Topics { app, settings, stop: Stop::new(&stopped) }).work().await;
}

struct Topics {
    app: Arc<App>,
    settings: Kafka,
    stop: Stop,
}

impl Topics {
    async fn work(self: &Arc<Topics>) {
        let (mut patience, mut client) = (Patience::default(), None);
        let (mut read, mut tasks) = (HashSet::new(), JoinSet::new());
        let mut is_first = true;
        while let Some(looked) = self.stop.or(self.look(&mut client)).await {
            let wait = match looked {
                Ok((client, partitions)) => {
                    patience.reset();
                    for (topic, partition) in partitions {
                        if read.len() < PARTITIONS_MAX && read.insert((topic.clone(), partition)) {
                            let from = if is_first { self.settings.from } else { Begin::Earliest };
                            let name = format!("kafka://{topic}/{partition}");
                            let place = Place { topics: Arc::clone(self), topic, partition, name };
                            tasks.spawn(place.follow(Arc::clone(&client), from));
                        }
                    }
                    is_first = false;
                    LOOK_AGAIN
                }
                Err(reason) => {
                    client = None;
                    self.failure("metadata", &self.settings.brokers.join(","), &reason);
                    patience.next()
                }
            };
            self.stop.sleep(wait).await;
        }
        // What they have submitted settles first: whoever reads next asks the log where to begin.
        while tasks.join_next().await.is_some() {}
    }

    fn failure(&self, what: &str, name: &str, reason: &str) {
        self.app.pulled.add(Metric::Failures, &[("source", &self.settings.source), ("what", what)], 1);
        tracing::warn!("{what} {name}: {reason}; tried again later");
    }

    /// All partitions of the topics.
    async fn look(&self, client: &mut Option<Arc<Client>>) -> Result<(Arc<Client>, Vec<(String, i32)>), String> {
        let known = match client {
            Some(client) => Arc::clone(client),
            None => {
                let patience =
                    BackoffConfig { deadline: Some(TRY_MAX), max_backoff: TRY_MAX, ..BackoffConfig::default() };
                let builder = ClientBuilder::new(self.settings.brokers.clone()).client_id("deedbook");
                let made = timely(builder.backoff_config(patience).build()).await?;
                Arc::clone(client.insert(Arc::new(made)))
            }
        };
        let mut found = Vec::new();
        let listed = timely(known.list_topics()).await?;
        for topic in &self.settings.topics {
            match listed.iter().find(|listed| listed.name == *topic) {
                Some(listed) => found.extend(listed.partitions.iter().map(|partition| (topic.clone(), *partition))),
                None => self.failure("topic", topic, "the brokers do not know it"),
            }
        }
        Ok((known, found))
    }
}

async fn timely<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, String> {
    match tokio::time::timeout(ANSWER_MAX, work).await {
        Ok(done) => done.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {ANSWER_MAX:?}")),
    }
}

/// A partition.
struct Place {
    topics: Arc<Topics>,
    topic: String,
    partition: i32,
    name: String,
}

impl Place {
    async fn follow(self, client: Arc<Client>, from: Begin) {
        let mut patience = Patience::default();
        // Ahead of what is folded while all goes well.
        let mut next = None;
        while let Err(reason) = self.read(&client, from, &mut next, &mut patience).await {
            if self.topics.stop.is_set() {
                break;
            }
            self.topics.failure("fetch", &self.name, &reason);
            self.topics.stop.sleep(patience.next()).await;
        }
    }

    /// Reads until it is told to stop, or something fails.
    async fn read(
        &self,
        client: &Client,
        from: Begin,
        next: &mut Option<u64>,
        patience: &mut Patience,
    ) -> Result<(), String> {
        let opening = client.partition_client(self.topic.clone(), self.partition, UnknownTopicHandling::Error);
        let Some(partition) = self.topics.stop.or(timely(opening)).await else { return Ok(()) };
        let partition = partition?;
        let mut at = match *next {
            Some(at) => at,
            None => self.begin(&partition, from).await?,
        };
        let (mut bytes, mut one_by_one) = (FETCH_BYTES, false);
        loop {
            *next = Some(at);
            let offset = i64::try_from(at).map_err(|error| error.to_string())?;
            let asked = if one_by_one { ONE_BATCH } else { bytes };
            let fetch = partition.fetch_records(offset, 1..asked, FETCH_WAIT_MS);
            let fetched = self.topics.stop.or(tokio::time::timeout(ANSWER_MAX, fetch)).await;
            let Some(fetched) = fetched else { return Ok(()) };
            let (mut records, high) = match fetched.map_err(|_| format!("no answer within {ANSWER_MAX:?}"))? {
                Ok(fetched) => fetched,
                Err(Error::ServerError { protocol_error: ProtocolError::OffsetOutOfRange, .. }) => {
                    at = self.out_of_range(&partition, at).await?;
                    continue;
                }
                Err(error) if is_mark(&error) => {
                    // Asked for alone, it is the first batch that is there, and has one offset: no record is passed over.
                    at += u64::from(one_by_one);
                    one_by_one = !one_by_one;
                    continue;
                }
                Err(error) => return Err(error.to_string()),
            };
            patience.reset();
            let high = u64::try_from(high).unwrap_or(0);
            if records.is_empty() && one_by_one {
                // All before the mark can be read, so the batch has come, and compaction has left nothing of it from here on.
                at += 1;
                continue;
            }
            if records.is_empty() {
                self.lag(high.saturating_sub(at));
                if high > at {
                    // Compaction has left nothing of these batches, or a transaction is open: more bytes show what is behind.
                    bytes = bytes.saturating_mul(2).min(FETCH_BYTES_MAX);
                    tokio::time::sleep(BUSY_WAIT).await;
                }
                continue;
            }
            bytes = FETCH_BYTES;
            records.sort_by_key(|record| record.offset);
            if let Err(reason) = self.seal(records, &mut at).await {
                // What is sealed of it, the fold of the log says.
                *next = None;
                return Err(reason);
            }
            self.lag(high.saturating_sub(at));
        }
    }

    fn lag(&self, records: u64) {
        let partition = self.partition.to_string();
        let labels = [("source", self.source()), ("topic", &self.topic), ("partition", &partition)];
        self.topics.app.pulled.set(Metric::Lag, &labels, records);
    }

    fn source(&self) -> &str {
        &self.topics.settings.source
    }

    fn skipped(&self, why: &str, records: u64) {
        self.topics.app.pulled.add(Metric::Skipped, &[("source", self.source()), ("why", why)], records);
    }

    /// Waits until all that is in the log now is folded.
    async fn folded(&self) -> Result<(), String> {
        let size = self.topics.app.view().map_err(|problem| problem.detail)?.size().0;
        while self.topics.app.door.folded() < size {
            if self.topics.stop.is_set() {
                return Err("told to stop".to_owned());
            }
            tokio::time::sleep(BUSY_WAIT).await;
        }
        Ok(())
    }

    async fn begin(&self, partition: &PartitionClient, from: Begin) -> Result<u64, String> {
        self.folded().await?;
        let sealed = self.topics.app.door.next_offset(self.source(), &self.name).map_err(|error| error.to_string())?;
        if let Some(at) = sealed {
            return Ok(at);
        }
        if from == Begin::Earliest {
            return edge(partition, OffsetAt::Earliest).await;
        }
        let begin = edge(partition, OffsetAt::Latest).await?;
        // Sealed before anything has come: what comes while the server is down is not passed over by the next start.
        self.put(Bytes::new(), Vec::new(), Vec::new(), begin).await?;
        Ok(begin)
    }

    /// The broker has nothing at this offset.
    async fn out_of_range(&self, partition: &PartitionClient, at: u64) -> Result<u64, String> {
        let (earliest, latest) = (edge(partition, OffsetAt::Earliest).await?, edge(partition, OffsetAt::Latest).await?);
        if at < earliest {
            self.skipped("gone", earliest - at);
            tracing::warn!("{}: records {at} to {earliest} are gone at the broker before they were read", self.name);
        } else if at > latest {
            tracing::warn!("{}: the broker ends at {latest}, {at} was read: taken for a topic made anew", self.name);
        } else {
            // It came between the two questions.
            return Ok(at);
        }
        Ok(earliest)
    }

    async fn seal(&self, records: Vec<RecordAndOffset>, at: &mut u64) -> Result<(), String> {
        let (mut body, mut ranges, mut offsets) = (BytesMut::new(), Vec::<Range<usize>>::new(), Vec::new());
        let mut empty = 0;
        let mut next = *at;
        for RecordAndOffset { record, offset } in records {
            let offset = u64::try_from(offset).map_err(|error| error.to_string())?;
            let value = record.value.unwrap_or_default();
            let is_full = offsets.len() >= DELIVERY_RECORDS_MAX || body.len() + value.len() > DELIVERY_BYTES_MAX;
            if is_full && !offsets.is_empty() {
                self.put(body.split().freeze(), std::mem::take(&mut ranges), std::mem::take(&mut offsets), *at).await?;
                *at = next;
            }
            next = offset + 1;
            if value.is_empty() {
                empty += 1;
                continue;
            }
            ranges.push(body.len()..body.len() + value.len());
            body.extend_from_slice(&value);
            offsets.push(offset);
        }
        if !offsets.is_empty() {
            self.put(body.freeze(), ranges, offsets, *at).await?;
        }
        *at = next;
        if empty > 0 {
            self.skipped("empty", empty);
        }
        Ok(())
    }

    async fn put(&self, body: Bytes, ranges: Vec<Range<usize>>, offsets: Vec<u64>, begin: u64) -> Result<(), String> {
        let count = offsets.len() as u64;
        let stream = Some(Stream { begin, offsets: offsets.into() });
        let parcel = parcel(self.source().to_owned(), &self.name, None, body, Cut::At(ranges.into()));
        match super::seal(&self.topics.app, &Parcel { stream, ..parcel }).await {
            Ok(_) => Ok(()),
            // No later attempt would be another: it must not keep back what is behind it.
            Err(problem) if matches!(problem.code, "body-too-long" | "body-damaged") => {
                self.skipped("refused", count);
                tracing::error!("{} from {begin}: {}; {count} records are not sealed", self.name, problem.detail);
                Ok(())
            }
            Err(problem) => Err(problem.detail),
        }
    }
}

/// The library cannot read the marks that end a transaction: an answer with one of them is an error to it as a whole.
fn is_mark(error: &Error) -> bool {
    matches!(error, Error::Request(_)) && error.to_string().contains("control batch")
}

async fn edge(partition: &PartitionClient, at: OffsetAt) -> Result<u64, String> {
    let offset = timely(partition.get_offset(at)).await?;
    u64::try_from(offset).map_err(|_| format!("the broker says offset {offset}"))
}
