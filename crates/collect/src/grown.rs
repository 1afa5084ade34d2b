//! A growing file under another name: the copy that a rotation made of it, or that copy compressed.
//!
//! A growing file is sealed in parts, so no digest of all of it is known. It is known again by its first 4 KiB and by the
//! last part that was sealed of it, at its place (of a copy that ends before that, by one of the parts before); what is
//! behind the end of all parts is new.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::Error;
use crate::content::{Content, Digests};
use crate::delivery::Origin;
use crate::inputs::{Unread, because};
use crate::run::{Extent, HEAD_BYTES, Reader};
use crate::state::{OpenDelivery, Source, State};

/// A growing file as far as it is sealed, by its beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Grown {
    /// Where to go on: `end`, or the beginning of an unfinished last line.
    pub(crate) resume: u64,
    pub(crate) end: u64,
    pub(crate) records: u64,
    /// The last parts, [`PARTS_MAX`] at most, in their order.
    pub(crate) parts: Vec<Part>,
}

/// Parts that are remembered of a file: a copy may have ended a few looks before the last of it was sealed.
const PARTS_MAX: usize = 8;

/// A part of a file that is one delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) offset: u64,
    pub(crate) bytes: u64,
    pub(crate) sha256: [u8; 32],
}

impl Part {
    fn range(&self) -> Range<u64> {
        self.offset..self.offset.saturating_add(self.bytes)
    }
}

impl Grown {
    /// The same file with another part.
    pub(crate) fn with(before: Option<Grown>, part: Part, resume: u64, end: u64, records: u64) -> Grown {
        let mut parts = before.map(|before| before.parts).unwrap_or_default();
        parts.push(part);
        let surplus = parts.len().saturating_sub(PARTS_MAX);
        parts.drain(..surplus);
        Grown { resume, end, records, parts }
    }

    /// The part by which a file of this length would be known again.
    fn mark(&self, length: u64) -> Option<&Part> {
        self.parts.iter().rev().find(|part| part.range().end <= length)
    }
}

impl Reader<'_> {
    /// The growing file that this one is a copy of, as far as it is sealed.
    pub(crate) fn copied(
        &mut self,
        state: &State,
        source: u32,
        origin: &Origin,
        mut file: &File,
        length: u64,
    ) -> Result<Option<Grown>, Error> {
        let Some(head) = origin.head_sha256 else { return Ok(None) };
        let Some(grown) = state.grown(source, &head)? else { return Ok(None) };
        let Some(mark) = grown.mark(length) else { return Ok(None) };
        let part = (|| {
            file.seek(SeekFrom::Start(mark.offset))?;
            let mut hash = Sha256::new();
            let mut part = file.take(mark.bytes);
            loop {
                let count = part.read(&mut self.chunk)?;
                if count == 0 {
                    return Ok::<[u8; 32], io::Error>(hash.finalize().into());
                }
                hash.update(self.chunk.get(..count).unwrap_or_default());
            }
        })();
        // Whatever stops this look is met again, and reported, when the file is read for good.
        Ok(part.is_ok_and(|sha256| sha256 == mark.sha256).then_some(grown))
    }

    /// A compressed file that has come to a folder: all of it, what is new of it, or, if it cannot be read to its end,
    /// nothing.
    pub(crate) fn packed(
        &mut self,
        state: &State,
        source: &mut Source,
        interrupted: &[OpenDelivery],
        path: &Path,
        file: &File,
    ) -> Result<(), Error> {
        let mut head = Vec::new();
        let read = self.decoded(file, &mut |_, bytes| {
            let room = usize::try_from(HEAD_BYTES).unwrap_or(usize::MAX) - head.len();
            head.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
        });
        let digests = match read {
            Ok(Some(digests)) => digests,
            Ok(None) => return Ok(()),
            Err(error) => {
                self.summary.unread.push(because(path, &error));
                return Ok(());
            }
        };
        if let Some(records) = state.content(source.number, &digests.content_sha256)? {
            self.summary.already_known += records;
            return Ok(());
        }
        let head_sha256: [u8; 32] = Sha256::digest(&head).into();
        let grown = state.grown(source.number, &head_sha256)?;
        let is_same = |grown: &Grown| grown.mark(digests.content_bytes).is_some_and(|part| self.holds(file, part));
        let Some(grown) = grown.filter(is_same) else {
            return self.file(state, source, interrupted, path, file, Extent::Whole);
        };
        self.summary.already_known += grown.records;
        if grown.end >= digests.content_bytes {
            return Ok(());
        }
        let (rest, meta) = match rest(file, grown.resume).and_then(|rest| Ok((rest, file.metadata()?))) {
            Ok(found) => found,
            Err(error) => {
                self.summary.unread.push(because(path, &error));
                return Ok(());
            }
        };
        let origin = Origin {
            name: path.display().to_string(),
            device: Some(meta.dev()),
            inode: Some(meta.ino()),
            head_bytes: Some(head.len() as u64),
            head_sha256: Some(head_sha256),
            base: grown.resume,
            ..Origin::default()
        };
        let began = interrupted.iter().find(|open| open.is_part_of(&origin));
        self.deliver(state, source, rest, origin, 0, began)
    }

    /// Whether the decoded content has this part in its place.
    fn holds(&mut self, file: &File, part: &Part) -> bool {
        let mut hash = Sha256::new();
        let wanted = part.range();
        let read = self.decoded(file, &mut |offset, bytes| {
            let from = wanted.start.clamp(offset, offset + bytes.len() as u64) - offset;
            let to = wanted.end.clamp(offset, offset + bytes.len() as u64) - offset;
            let within = usize::try_from(from).unwrap_or(0)..usize::try_from(to).unwrap_or(0);
            hash.update(bytes.get(within).unwrap_or_default());
        });
        let sha256: [u8; 32] = hash.finalize().into();
        matches!(read, Ok(Some(_))) && sha256 == part.sha256
    }

    /// Decodes all of a file; `None` if the run was stopped.
    fn decoded(&mut self, mut file: &File, seen: &mut dyn FnMut(u64, &[u8])) -> io::Result<Option<Digests>> {
        file.seek(SeekFrom::Start(0))?;
        let mut content = Content::new(file)?;
        let mut offset = 0;
        loop {
            let count = content.fill(&mut self.chunk)?;
            if count == 0 {
                return Ok(Some(content.digests()));
            }
            if self.is_stopped() {
                return Ok(None);
            }
            seen(offset, self.chunk.get(..count).unwrap_or_default());
            offset += count as u64;
        }
    }
}

/// The decoded content of a file from there on.
fn rest(mut file: &File, offset: u64) -> io::Result<impl Read> {
    file.seek(SeekFrom::Start(0))?;
    let mut rest = Decoded(Content::new(file)?);
    io::copy(&mut rest.by_ref().take(offset), &mut io::sink())?;
    Ok(rest)
}

struct Decoded<'f>(Content<'f>);

impl Read for Decoded<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.fill(out)
    }
}

/// Whether it begins as something compressed does.
pub(crate) fn is_packed(mut file: &File) -> io::Result<bool> {
    file.seek(SeekFrom::Start(0))?;
    Ok(Content::new(file)?.is_encoded())
}

/// Whether it begins like a file that is sealed, in part at least, and is none that is known itself: a copy, perhaps, that is
/// still being made.
pub(crate) fn is_like_another(state: &State, source: u32, path: &Path, file: &File) -> Result<bool, Error> {
    match crate::run::look(state, source, path, file)? {
        Ok(looked) if looked.known.is_none() && looked.length > 0 => {
            looked.origin.head_sha256.map_or(Ok(false), |head| state.head(source, &head))
        }
        Ok(_) => Ok(false),
        Err(Unread { .. }) => Ok(false),
    }
}
