//! From leaves to rows: the fold that every row comes out of.
//!
//! Leaves go in, in order and without gaps, whether they come from the tail, from evidence or in a
//! rebuild; rows come out. All that a row may depend on besides its own leaf is in [`Carry`]: the
//! names of sources and deliveries, and the firsts of the duplicate window. So a rebuild equals the
//! first run, and a run that was interrupted goes on with the same carry.

use std::collections::{BTreeMap, VecDeque};

use model::{Directive, Event, EventId, FLAG_TRUNCATED, Header, Kind, LeafIndex, Platform};
use serde::{Deserialize, Serialize};
use sources::mapping::{MAPPINGS_MAX, Mapping, Mappings};
use sources::{Context, Reject, RejectKind, Scratch};

use crate::evidence::Evidence;
use crate::lack::{Completeness, Lacks};
use crate::schema::{Origin, RejectRow};
use crate::twice::{Twice, telling};
use crate::{Error, ErrorKind, Result};

/// Deliveries whose names are remembered, so that a reject deep in a file can say which file.
const DELIVERIES_MAX: usize = 256;

/// Bytes of a rejected record that its row shows.
const RAW_HEAD_BYTES: usize = 256;

/// A source as its directive named it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Number in headers.
    pub number: u32,
    /// The name people use.
    pub name: String,
    /// `auto` or the name of a platform.
    pub platform: String,
    /// Authority of records that do not name their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    /// Whom to ask about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

impl Source {
    fn context(&self) -> (Option<Platform>, Option<&str>) {
        (Platform::named(&self.platform).filter(|_| self.platform != "auto"), self.authority.as_deref())
    }
}

/// An OIDC issuer, and whose tokens it signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issuer {
    /// Host and path, without `https://`.
    pub host: String,
    /// Platform of its principals, as in their URIs.
    pub platform: String,
    /// Authority of its principals, as in their URIs.
    pub authority: String,
}

/// What the operator said about identities, each with the leaf that says it, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Configured {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    issuers: Vec<(u64, Issuer)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    brokers: Vec<(u64, String)>,
}

/// A mapping file that a directive brought. The file itself is read again from its leaf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Mapped {
    name: String,
    leaf: u64,
    /// SHA-256 of the file, hex.
    digest: String,
}

/// What the fold knows of earlier leaves, without the duplicate window: small enough for the footer
/// of each lake file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Carry {
    pub(crate) sources: BTreeMap<u32, Source>,
    #[serde(default, flatten)]
    configured: Configured,
    /// The operator's mapping files, in the order in which their names came first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    mappings: Vec<Mapped>,
    /// When records may lack.
    #[serde(default)]
    lacks: Lacks,
    /// Source, number and name of recent deliveries, oldest first.
    deliveries: VecDeque<(u32, u64, String)>,
}

impl Carry {
    /// Takes from a leaf what later rows depend on.
    pub(crate) fn note(&mut self, leaf: &Sealed<'_>) -> Result<Header> {
        let header = Header::decode(leaf.header).map_err(|error| {
            let context = format!("leaf {}: its header cannot be read, run `verify`", leaf.index);
            Error::caused(ErrorKind::Evidence, context, error)
        })?;
        self.lacks.look(leaf);
        match header.kind {
            Kind::Record => self.note_delivery(&header),
            Kind::Directive => self.directive(leaf),
            Kind::Heartbeat => self.lacks.heartbeat(leaf),
            _ => {}
        }
        Ok(header)
    }

    fn note_delivery(&mut self, header: &Header) {
        let position = &header.position;
        let (Some(number), Some(name)) = (position.delivery, &position.name) else { return };
        if self.delivery(header.source, number).is_some() {
            return;
        }
        if self.deliveries.len() >= DELIVERIES_MAX {
            self.deliveries.pop_front();
        }
        self.deliveries.push_back((header.source, number, name.clone()));
    }

    fn delivery(&self, source: u32, number: u64) -> Option<&str> {
        let mut newest_first = self.deliveries.iter().rev();
        newest_first.find(|(s, n, _)| (*s, *n) == (source, number)).map(|(_, _, name)| name.as_str())
    }

    fn directive(&mut self, leaf: &Sealed<'_>) {
        // A directive of a newer release may be unknown here, and others do not matter to rows.
        let directive = serde_json::from_slice(leaf.body);
        directive.iter().for_each(|directive| self.lacks.directive(directive, leaf));
        match directive {
            Ok(Directive::Source { number, name, platform, authority, owner }) => {
                self.sources.insert(number, Source { number, name, platform, authority, owner });
            }
            Ok(Directive::Issuer { host, platform, authority }) => {
                self.configured.issuers.push((leaf.index, Issuer { host, platform, authority }));
            }
            Ok(Directive::Broker { principal }) => self.configured.brokers.push((leaf.index, principal)),
            Ok(Directive::Mapping { name, toml }) => {
                let new = Mapped { digest: sources::mapping::digest(&toml), leaf: leaf.index, name };
                let is_room = self.mappings.len() < MAPPINGS_MAX;
                match self.mappings.iter_mut().find(|known| known.name == new.name) {
                    Some(known) => *known = new,
                    None if is_room => self.mappings.push(new),
                    None => {}
                }
            }
            Ok(Directive::MappingRemoved { name }) => self.mappings.retain(|known| known.name != name),
            _ => {}
        }
    }

    /// What reads the records behind the last leaf.
    pub(crate) fn normaliser(&self) -> String {
        sources::normaliser(self.mappings.iter().map(|mapped| (&*mapped.name, &*mapped.digest)))
    }

    /// The mappings in force behind the last leaf, read from the leaves that brought them.
    pub(crate) fn mappings(&self, evidence: &dyn Evidence) -> Result<Mappings> {
        let mut leaves: Vec<u64> = self.mappings.iter().map(|mapped| mapped.leaf).collect();
        leaves.sort_unstable();
        let mut files = BTreeMap::new();
        if !leaves.is_empty() {
            evidence.leaves(&leaves, &mut |leaf| {
                if let Ok(Directive::Mapping { toml, .. }) = serde_json::from_slice(leaf.body) {
                    files.insert(leaf.index, toml);
                }
            })?;
        }
        let mut mappings = Mappings::shipped().clone();
        for mapped in &self.mappings {
            let toml = files.get(&mapped.leaf).map(String::as_str).unwrap_or_default();
            put(&mut mappings, &mapped.name, toml);
        }
        Ok(mappings)
    }

    /// The issuers that directives below a leaf configured: of several words about one, the last.
    pub(crate) fn issuers(&self, below: u64) -> impl Iterator<Item = &Issuer> {
        let said = self.configured.issuers.iter().filter(move |(leaf, _)| *leaf < below).map(|(_, issuer)| issuer);
        said.collect::<Vec<_>>()
            .into_iter()
            .rev()
            .scan(Vec::new(), |seen, issuer| {
                let is_last = !seen.contains(&&issuer.host);
                seen.push(&issuer.host);
                Some(is_last.then_some(issuer))
            })
            .flatten()
    }

    /// The brokers that directives below a leaf named.
    pub(crate) fn brokers(&self, below: u64) -> impl Iterator<Item = &str> {
        self.configured.brokers.iter().filter(move |(leaf, _)| *leaf < below).map(|(_, uri)| uri.as_str())
    }

    /// Whether records may lack in a range, milliseconds since 1970, as the leaves below a size say.
    pub(crate) fn lacks(&self, size: u64, from_ms: i64, until_ms: i64) -> Completeness {
        self.lacks.of(size, from_ms, until_ms)
    }

    /// Name of a source; empty if no directive named it.
    pub(crate) fn name(&self, number: u32) -> &str {
        self.sources.get(&number).map_or("", |source| &source.name)
    }
}

/// Puts a mapping in force. One that this release cannot read, or that is of another name than its directive says, is
/// in force for nothing: then its records are read as if it were not there.
fn put(mappings: &mut Mappings, name: &str, toml: &str) {
    match Mapping::compile(toml) {
        Ok(mapping) if mapping.name() == name => mappings.set(mapping),
        _ => {
            mappings.remove(name);
        }
    }
}

/// A leaf with its opening, as the fold reads it.
#[derive(Clone, Copy, Debug)]
pub struct Sealed<'a> {
    /// Its place in the log.
    pub index: u64,
    /// When the writer numbered it.
    pub sequenced_at: model::Millis,
    /// The encoded header.
    pub header: &'a [u8],
    /// The bytes kept.
    pub body: &'a [u8],
}

/// What became of one leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A record that became an event.
    Event,
    /// A record that became a reject.
    Reject,
    /// No record: one of the log's own leaves.
    Own,
}

/// Where the fold puts what it makes of records.
pub(crate) trait Sink {
    /// Takes an event; `duplicate_of` is the leaf of the first record that told the same.
    fn event(&mut self, origin: Origin<'_>, normaliser: &str, duplicate_of: Option<u64>, event: &Event<'_>);

    /// Takes a reject.
    fn reject(&mut self, row: &RejectRow<'_>);
}

/// Keeps nothing: for whoever wants only the fold behind the rows.
pub(crate) struct Forget;

impl Sink for Forget {
    fn event(&mut self, _: Origin<'_>, _: &str, _: Option<u64>, _: &Event<'_>) {}

    fn reject(&mut self, _: &RejectRow<'_>) {}
}

/// The fold: owns the carry, the duplicate window, the mappings and the buffers of the normaliser.
pub struct Deriver {
    id: EventId,
    normaliser: String,
    mappings: Mappings,
    pub(crate) carry: Carry,
    pub(crate) twice: Twice,
    scratch: Scratch,
}

impl Deriver {
    /// A fold over the log with this short name, before its first leaf.
    pub fn new(log: &str) -> Deriver {
        Deriver::resume(log, Carry::default(), Twice::default(), Mappings::shipped().clone())
    }

    /// A fold that goes on where another stopped, with the mappings that are in force there.
    pub(crate) fn resume(log: &str, carry: Carry, twice: Twice, mappings: Mappings) -> Deriver {
        Deriver {
            id: EventId { log: log.to_owned(), index: LeafIndex(0) },
            normaliser: carry.normaliser(),
            mappings,
            carry,
            twice,
            scratch: Scratch::default(),
        }
    }

    /// What makes the rows here.
    pub fn normaliser(&self) -> &str {
        &self.normaliser
    }

    /// Hands on what one leaf says. Leaves come in order.
    ///
    /// # Errors
    /// Evidence, if the sealed header cannot be read: then the leaf is not what the log holds.
    pub(crate) fn push(&mut self, leaf: &Sealed<'_>, sink: &mut impl Sink) -> Result<Outcome> {
        let header = self.carry.note(leaf)?;
        if header.kind != Kind::Record {
            if header.kind == Kind::Directive {
                self.settle(leaf);
            }
            return Ok(Outcome::Own);
        }
        self.id.index = LeafIndex(leaf.index);
        Ok(self.record(leaf, &header, sink))
    }

    /// Records behind a mapping's directive are read by it.
    fn settle(&mut self, leaf: &Sealed<'_>) {
        match serde_json::from_slice(leaf.body) {
            Ok(Directive::Mapping { name, toml }) => {
                if self.carry.mappings.iter().any(|mapped| mapped.leaf == leaf.index) {
                    put(&mut self.mappings, &name, &toml);
                }
            }
            Ok(Directive::MappingRemoved { name }) => {
                self.mappings.remove(&name);
            }
            _ => return,
        }
        // A fold that goes on from here asks them in this order, too.
        self.mappings.arrange(self.carry.mappings.iter().map(|mapped| &*mapped.name));
        self.normaliser = self.carry.normaliser();
    }

    fn record(&mut self, leaf: &Sealed<'_>, header: &Header, sink: &mut impl Sink) -> Outcome {
        let source = self.carry.sources.get(&header.source);
        let (platform, authority) = source.map_or((None, None), Source::context);
        let origin = Origin {
            id: &self.id,
            source: self.carry.name(header.source),
            source_number: header.source,
            sequenced_at: leaf.sequenced_at,
            received_at: header.received_at,
        };
        let context = Context { platform, authority, received_at: header.received_at, mappings: &self.mappings };
        let reject = match normalise(leaf.body, header, &context, &mut self.scratch) {
            Ok(event) => {
                let id = event.source_event_id.as_deref().unwrap_or_default();
                let told = telling(id, event.time_raw.as_deref().unwrap_or_default(), event.status.as_str());
                let first = self.twice.first(leaf.index, event.platform.as_str(), &event.authority, &told);
                sink.event(origin, &self.normaliser, first, &event);
                return Outcome::Event;
            }
            Err(reject) => reject,
        };
        let delivery = header.position.delivery.and_then(|number| self.carry.delivery(header.source, number));
        let head = leaf.body.get(..RAW_HEAD_BYTES).unwrap_or(leaf.body);
        sink.reject(&RejectRow {
            origin,
            normaliser: &self.normaliser,
            reason: reject.kind.as_str(),
            detail: &reject.detail,
            position: &header.position,
            position_name: header.position.name.as_deref().or(delivery),
            body_bytes: header.body_bytes,
            raw_head: &String::from_utf8_lossy(head),
        });
        Outcome::Reject
    }
}

/// What a record says, unless only its beginning was kept.
pub(crate) fn normalise<'a>(
    body: &'a [u8],
    header: &Header,
    context: &Context<'_>,
    scratch: &'a mut Scratch,
) -> std::result::Result<Event<'a>, Reject> {
    if header.flags & FLAG_TRUNCATED == 0 { sources::normalise(body, context, scratch) } else { Err(too_large(header)) }
}

fn too_large(header: &Header) -> Reject {
    let kept = header.body_bytes;
    let detail = match header.position.full_bytes {
        Some(full) => format!("the record has {full} bytes, the first {kept} were kept"),
        None => format!("only the first {kept} bytes were kept"),
    };
    Reject::new(RejectKind::TooLarge, detail)
}
