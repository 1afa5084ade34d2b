//! From leaves to rows: the fold that every row comes out of.
//!
//! Leaves go in, in order and without gaps, whether they come from the tail, from evidence or in a
//! rebuild; rows come out. All that a row may depend on besides its own leaf is in [`Carry`]: the
//! names of sources and deliveries, and the firsts of the duplicate window. So a rebuild equals the
//! first run, and a run that was interrupted goes on with the same carry.

use std::collections::{BTreeMap, VecDeque};

use model::{Directive, EventId, FLAG_TRUNCATED, Header, Kind, LeafIndex, Platform};
use serde::{Deserialize, Serialize};
use sources::{Context, Reject, RejectKind, Scratch};

use crate::rows::{EventRows, RejectRows};
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
}

/// What the fold knows of earlier leaves, without the duplicate window: small enough for the footer
/// of each lake file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Carry {
    pub(crate) sources: BTreeMap<u32, Source>,
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
        match header.kind {
            Kind::Record => self.note_delivery(&header),
            Kind::Directive => self.directive(leaf.body),
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

    fn directive(&mut self, body: &[u8]) {
        // A directive of a newer release may be unknown here; only `source` matters to rows.
        if let Ok(Directive::Source { number, name, platform }) = serde_json::from_slice(body) {
            self.sources.insert(number, Source { number, name, platform });
        }
    }

    fn source(&self, number: u32) -> (&str, Option<Platform>) {
        match self.sources.get(&number) {
            Some(source) => (&source.name, Platform::parse(&source.platform)),
            None => ("", None),
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

/// The fold: owns the carry, the duplicate window and the buffers of the normaliser.
pub struct Deriver {
    id: EventId,
    normaliser: String,
    pub(crate) carry: Carry,
    pub(crate) twice: Twice,
    scratch: Scratch,
}

impl Deriver {
    /// A fold over the log with this short name, before its first leaf.
    pub fn new(log: &str) -> Deriver {
        Deriver::resume(log, Carry::default(), Twice::default())
    }

    /// A fold that goes on where another stopped.
    pub(crate) fn resume(log: &str, carry: Carry, twice: Twice) -> Deriver {
        Deriver {
            id: EventId { log: log.to_owned(), index: LeafIndex(0) },
            normaliser: sources::normaliser(),
            carry,
            twice,
            scratch: Scratch::default(),
        }
    }

    /// What makes the rows here.
    pub fn normaliser(&self) -> &str {
        &self.normaliser
    }

    /// Appends the row of one leaf. Leaves come in order.
    ///
    /// # Errors
    /// Evidence, if the sealed header cannot be read: then the leaf is not what the log holds.
    pub(crate) fn push(
        &mut self,
        leaf: &Sealed<'_>,
        events: &mut EventRows,
        rejects: &mut RejectRows,
    ) -> Result<Outcome> {
        let header = self.carry.note(leaf)?;
        if header.kind != Kind::Record {
            return Ok(Outcome::Own);
        }
        self.id.index = LeafIndex(leaf.index);
        Ok(self.record(leaf, &header, events, rejects))
    }

    fn record(
        &mut self,
        leaf: &Sealed<'_>,
        header: &Header,
        events: &mut EventRows,
        rejects: &mut RejectRows,
    ) -> Outcome {
        let (source, platform) = self.carry.source(header.source);
        let origin = Origin {
            id: &self.id,
            source,
            source_number: header.source,
            sequenced_at: leaf.sequenced_at,
            received_at: header.received_at,
        };
        let context = Context { platform, authority: None, received_at: header.received_at };
        let result = if header.flags & FLAG_TRUNCATED == 0 {
            sources::normalise(leaf.body, &context, &mut self.scratch)
        } else {
            Err(too_large(header))
        };
        let reject = match result {
            Ok(event) => {
                let id = event.source_event_id.as_deref().unwrap_or_default();
                let told = telling(id, event.time_raw.as_deref().unwrap_or_default(), event.status.as_str());
                let first = self.twice.first(leaf.index, event.platform.as_str(), &event.authority, &told);
                events.append(origin, &self.normaliser, first, &event);
                return Outcome::Event;
            }
            Err(reject) => reject,
        };
        let delivery = header.position.delivery.and_then(|number| self.carry.delivery(header.source, number));
        let head = leaf.body.get(..RAW_HEAD_BYTES).unwrap_or(leaf.body);
        rejects.append(&RejectRow {
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

fn too_large(header: &Header) -> Reject {
    let kept = header.body_bytes;
    let detail = match header.position.full_bytes {
        Some(full) => format!("the record has {full} bytes, the first {kept} were kept"),
        None => format!("only the first {kept} bytes were kept"),
    };
    Reject::new(RejectKind::TooLarge, detail)
}
