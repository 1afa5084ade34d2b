//! One delivery, from the pieces of the splitter to the items of the log: positions, the bytes
//! between the records, and the closing delivery leaf.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::{DeliveryBody, FLAG_TRUNCATED, Gap, Header, Kind, Millis, Position, hex};
use sources::split::Piece;

use crate::caller::Callers;
use crate::content::{Digests, Encoding};
use crate::pulled::is_object;

/// Bytes between records that one delivery leaf may hold, in all.
const GAP_BYTES_MAX: usize = 256 << 10;

/// Longest text that may be the usual one between two records.
const BETWEEN_BYTES_MAX: usize = 64;

/// What becomes one leaf.
#[derive(Debug)]
pub(crate) enum Item {
    /// A record: to be scrubbed.
    Record(Header, Vec<u8>),
    /// The end of a delivery: `replaced` is filled in when its records have been scrubbed.
    Delivery(Header, Box<DeliveryBody>),
    /// A body of our own.
    Own(Header, Vec<u8>),
}

/// Where a delivery came from, as far as it has a file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    pub(crate) name: String,
    pub(crate) device: Option<u64>,
    pub(crate) inode: Option<u64>,
    pub(crate) head_bytes: Option<u64>,
    pub(crate) head_sha256: Option<[u8; 32]>,
    /// Where the content begins in a growing file.
    pub(crate) base: u64,
    /// Key that the sender gave.
    pub(crate) request: Option<String>,
    /// Where each record stands in a stream that numbers them itself.
    pub(crate) offsets: Option<Arc<[u64]>>,
}

impl Origin {
    /// The bytes are the same whenever they are asked for: what is read in part is gone on with.
    pub(crate) fn is_object(&self) -> bool {
        self.request.is_some() && is_object(&self.name)
    }

    /// Where a record stands at its sender.
    fn place(&self, ordinal: u64, offset: u64) -> u64 {
        let nth = usize::try_from(ordinal).unwrap_or(usize::MAX);
        let told = self.offsets.as_ref().map(|offsets| offsets.get(nth).copied().unwrap_or(self.base));
        told.unwrap_or(self.base + offset)
    }
}

/// The numbers a source gives to its leaves: gapless, in the order of submission.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers {
    pub(crate) source: u32,
    pub(crate) next_seq: u64,
}

/// A delivery being put together.
pub(crate) struct Delivery {
    origin: Origin,
    number: u64,
    received_at: Millis,
    /// Records sealed by a run that was stopped: cut again, not sealed again.
    skip: u64,
    pub(crate) records: u64,
    /// Kept back until it is known whether it is all there is.
    first: Option<Record>,
    between: Option<Vec<u8>>,
    gap: Vec<u8>,
    gaps: Vec<Gap>,
    gap_bytes: usize,
    gaps_cut: bool,
    end_of_last: u64,
    pub(crate) callers: Callers,
}

struct Record {
    offset: u64,
    bytes: Vec<u8>,
    /// Length and SHA-256 of a record of which only the beginning is kept.
    cut: Option<(u64, [u8; 32])>,
}

impl Delivery {
    pub(crate) fn new(origin: Origin, number: u64, received_at: Millis, skip: u64) -> Delivery {
        Delivery {
            end_of_last: origin.base,
            origin,
            number,
            received_at,
            skip,
            records: 0,
            first: None,
            between: None,
            gap: Vec::new(),
            gaps: Vec::new(),
            gap_bytes: 0,
            gaps_cut: false,
            callers: Callers::default(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.origin.name
    }

    /// Takes one piece; hands out the items that are certain now.
    pub(crate) fn piece(&mut self, piece: &Piece<'_>, numbers: &mut Numbers, out: &mut impl FnMut(Item)) {
        match piece {
            Piece::Between { bytes, .. } => {
                if self.gap.len() < GAP_BYTES_MAX {
                    self.gap.extend_from_slice(bytes);
                } else {
                    self.gaps_cut = true;
                }
            }
            Piece::Record { offset, bytes, cut } => {
                self.close_gap(self.records > 0);
                if let Some(first) = self.first.take() {
                    self.seal(first, 0, None, numbers, out);
                }
                let length = cut.as_ref().map_or(bytes.len() as u64, |cut| cut.length);
                self.end_of_last = self.origin.base + offset + length;
                let ordinal = self.records;
                self.records += 1;
                if ordinal < self.skip {
                    return;
                }
                let record = Record {
                    offset: self.origin.place(ordinal, *offset),
                    bytes: bytes.to_vec(),
                    cut: cut.as_ref().map(|cut| (cut.length, cut.sha256)),
                };
                if ordinal == 0 {
                    self.first = Some(record);
                } else {
                    self.seal(record, ordinal, None, numbers, out);
                }
            }
        }
    }

    /// Ends the delivery: a lone record carries the digest itself, all else gets a delivery leaf.
    pub(crate) fn finish(
        mut self,
        digests: &Digests,
        encoding: Encoding,
        ended: String,
        numbers: &mut Numbers,
        out: &mut impl FnMut(Item),
    ) {
        self.close_gap(false);
        let exact = self.records == 1 && self.gaps.is_empty() && !self.gaps_cut && ended == "end";
        // What is known of a caller has no place but the delivery leaf.
        let lone = self.callers.is_empty()
            && exact
            && encoding == Encoding::None
            && self.first.as_ref().is_some_and(|record| record.cut.is_none());
        if let Some(first) = self.first.take() {
            let alone = lone.then_some((digests.content_bytes, digests.content_sha256));
            self.seal(first, 0, alone, numbers, out);
        }
        if lone {
            return;
        }
        let position = Position { offset: Some(self.origin.base), ..self.origin_position() };
        let header = self.header(Kind::Delivery, position, numbers);
        let body = DeliveryBody {
            name: self.origin.name.clone(),
            delivery: self.number,
            encoding: encoding.as_str().to_owned(),
            transport_sha256: hex(&digests.transport_sha256),
            transport_bytes: digests.transport_bytes,
            content_sha256: hex(&digests.content_sha256),
            offset: self.origin.base,
            content_bytes: digests.content_bytes,
            records: self.records,
            replaced: 0,
            between: self.between.take().and_then(|b| String::from_utf8(b).ok()).unwrap_or_default(),
            gaps: self.gaps,
            gaps_cut: self.gaps_cut,
            ended,
            callers: self.callers.kept,
            callers_cut: self.callers.is_cut,
        };
        out(Item::Delivery(header, Box::new(body)));
    }

    fn seal(
        &self,
        record: Record,
        ordinal: u64,
        alone: Option<(u64, [u8; 32])>,
        numbers: &mut Numbers,
        out: &mut impl FnMut(Item),
    ) {
        let base = if ordinal == 0 { self.origin_position() } else { Position::default() };
        let position = Position {
            delivery: Some(self.number),
            ordinal: Some(ordinal),
            offset: Some(record.offset),
            content_sha256: alone.or(record.cut).map(|(_, sha256)| sha256),
            full_bytes: alone.or(record.cut).map(|(bytes, _)| bytes),
            ..base
        };
        let mut header = self.header(Kind::Record, position, numbers);
        if record.cut.is_some() {
            header.flags = FLAG_TRUNCATED;
        }
        out(Item::Record(header, record.bytes));
    }

    fn header(&self, kind: Kind, position: Position, numbers: &mut Numbers) -> Header {
        let source_seq = numbers.next_seq;
        numbers.next_seq += 1;
        Header {
            kind,
            flags: 0,
            source: numbers.source,
            source_seq,
            received_at: self.received_at,
            body_bytes: 0,
            replacements: Vec::new(),
            position,
        }
    }

    /// What the first record and the delivery leaf say of the file: enough to know it again.
    fn origin_position(&self) -> Position {
        Position {
            delivery: Some(self.number),
            name: Some(self.origin.name.clone()),
            device: self.origin.device,
            inode: self.origin.inode,
            head_bytes: self.origin.head_bytes,
            head_sha256: self.origin.head_sha256,
            request: self.origin.request.clone(),
            ..Position::default()
        }
    }

    /// Files away the bytes since the last record; `inner` when another record follows.
    fn close_gap(&mut self, inner: bool) {
        let usual = match &self.between {
            Some(between) => *between == self.gap,
            None if inner && self.gap.len() <= BETWEEN_BYTES_MAX && std::str::from_utf8(&self.gap).is_ok() => {
                self.between = Some(self.gap.clone());
                true
            }
            None => false,
        };
        let nothing_said = if inner { usual } else { self.gap.is_empty() };
        if !nothing_said {
            self.gap_bytes += self.gap.len().max(1);
            if self.gap_bytes <= GAP_BYTES_MAX {
                self.gaps.push(Gap { offset: self.end_of_last, bytes: STANDARD.encode(&self.gap) });
            } else {
                self.gaps_cut = true;
            }
        }
        self.gap.clear();
    }
}
