//! A growing file under another name: the copy that a rotation made of it, or that copy compressed.
//!
//! A growing file is sealed in parts, so no digest of all of it is known. It is known again by its beginning, up to 4 KiB,
//! and by a part that was sealed of it, at its place; what is behind the end of all parts is new. A file that was shorter
//! than 4 KiB when it was sealed last may begin as many do (a head line, say), so only a name that a rotation could have
//! given it makes another file its copy.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::Error;
use crate::content::{Content, Digests, MAGIC_BYTES};
use crate::delivery::Origin;
use crate::inputs::{Unread, because};
use crate::run::{Extent, HEAD_BYTES, Reader};
use crate::state::{OpenDelivery, Source, State};

/// A growing file as far as it is sealed, by its beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Grown {
    /// The name under which it was sealed last.
    pub(crate) name: String,
    pub(crate) device: u64,
    pub(crate) inode: u64,
    /// Where to go on: `end`, or the beginning of an unfinished last line.
    pub(crate) resume: u64,
    pub(crate) end: u64,
    pub(crate) records: u64,
    /// The first part, and the last ones in their order: [`PARTS_MAX`] at most.
    pub(crate) parts: Vec<Part>,
}

/// Parts that are remembered of a file. The first stays, so that a copy is known by it that ended long before the last
/// part was sealed.
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
    /// Behind the parts that were known of it before.
    pub(crate) fn after(mut self, before: Option<Grown>) -> Grown {
        let mut parts = before.map(|before| before.parts).unwrap_or_default();
        parts.append(&mut self.parts);
        while parts.len() > PARTS_MAX {
            parts.remove(1);
        }
        Grown { parts, ..self }
    }

    /// Whether this part goes on where it was read to.
    pub(crate) fn is_followed_by(&self, part: &Part) -> bool {
        part.offset > 0 && part.offset <= self.end
    }

    /// The part by which a file of this length would be known again.
    fn mark(&self, length: u64) -> Option<&Part> {
        self.parts.iter().rev().find(|part| part.range().end <= length)
    }
}

/// How a content begins.
#[derive(Clone, Debug, Default)]
pub(crate) struct Beginning(Vec<u8>);

impl Beginning {
    /// Of the bytes of a file as they are.
    pub(crate) fn of(mut file: &File) -> io::Result<Beginning> {
        file.seek(SeekFrom::Start(0))?;
        let mut head = Vec::new();
        file.take(HEAD_BYTES).read_to_end(&mut head)?;
        Ok(Beginning(head))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The digest of so many bytes, if there are so many.
    pub(crate) fn sha256(&self, bytes: u64) -> Option<[u8; 32]> {
        let bytes = usize::try_from(bytes).ok()?;
        self.0.get(..bytes).map(|head| Sha256::digest(head).into())
    }

    /// What a file may have been known by when it was shorter: each length that ends a line, and all of it; the longest
    /// first, with its digest.
    pub(crate) fn heads(&self) -> Vec<(u64, [u8; 32])> {
        let (mut hash, mut heads) = (Sha256::new(), Vec::new());
        let mut length = 0;
        for line in self.0.split_inclusive(|byte| *byte == b'\n') {
            hash.update(line);
            length += line.len() as u64;
            heads.push((length, hash.clone().finalize().into()));
        }
        heads.reverse();
        heads
    }

    fn add(&mut self, bytes: &[u8]) {
        let room = usize::try_from(HEAD_BYTES).unwrap_or(usize::MAX).saturating_sub(self.0.len());
        self.0.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
    }
}

/// Whether a rotation may have made a file of the second name out of one of the first, by a copy or by compressing it: up to
/// the first dot or digit they are called the same, and the copy's name is longer. `a.log` is no copy of `a.log.1`, and the
/// file of one day none of the day before's.
pub(crate) fn may_be_copy(original: &str, copy: &str) -> bool {
    let name = |path: &str| Path::new(path).file_name().map(|name| name.to_string_lossy().into_owned());
    let (Some(original), Some(copy)) = (name(original), name(copy)) else { return false };
    let end = |name: &str| name.find(|at: char| at == '.' || at.is_ascii_digit()).unwrap_or(name.len());
    copy.len() > original.len() && copy.get(..end(&copy)) == original.get(..end(&original))
}

impl Reader<'_> {
    /// The growing file that this one is a copy of, as far as it is sealed.
    pub(crate) fn copied(
        &mut self,
        state: &State,
        source: u32,
        origin: &Origin,
        beginning: &Beginning,
        file: &File,
        length: u64,
    ) -> Result<Option<Grown>, Error> {
        // Whatever stops this look is met again, and reported, when the file is read for good.
        let mut holds = |mark: &Part| self.part(file, mark).is_ok_and(|sha256| sha256 == mark.sha256);
        original(state, source, origin, beginning, length, &mut holds)
    }

    fn part(&mut self, mut file: &File, mark: &Part) -> io::Result<[u8; 32]> {
        file.seek(SeekFrom::Start(mark.offset))?;
        let mut hash = Sha256::new();
        let mut part = file.take(mark.bytes);
        loop {
            let count = part.read(&mut self.chunk)?;
            if count == 0 {
                return Ok(hash.finalize().into());
            }
            hash.update(self.chunk.get(..count).unwrap_or_default());
        }
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
        let mut beginning = Beginning::default();
        let read = self.decoded(file, &mut |_, bytes| beginning.add(bytes));
        let (digests, meta) = match read.and_then(|digests| Ok((digests, file.metadata()?))) {
            Ok((Some(digests), meta)) => (digests, meta),
            Ok((None, _)) => return Ok(()),
            Err(error) => {
                self.summary.unread.push(because(path, &error));
                return Ok(());
            }
        };
        if let Some(records) = state.content(source.number, &digests.content_sha256)? {
            self.summary.already_known += records;
            return Ok(());
        }
        let mut origin = Origin {
            name: path.display().to_string(),
            device: Some(meta.dev()),
            inode: Some(meta.ino()),
            head_bytes: Some(beginning.bytes().len() as u64),
            head_sha256: beginning.sha256(beginning.bytes().len() as u64),
            ..Origin::default()
        };
        let mut holds = |part: &Part| self.holds(file, part);
        if let Some(grown) = original(state, source.number, &origin, &beginning, digests.content_bytes, &mut holds)? {
            self.summary.already_known += grown.records;
            if grown.end >= digests.content_bytes {
                return Ok(());
            }
            origin.base = grown.resume;
        }
        let began = interrupted
            .iter()
            .find(|open| open.is_part_of(&origin, &beginning) || open.is_part_of_original(&origin, &beginning));
        if origin.base == 0 && began.is_none() {
            return self.file(state, source, interrupted, path, file, Extent::Whole);
        }
        match rest(file, origin.base) {
            Ok(rest) => self.deliver(state, source, rest, origin, 0, began),
            Err(error) => {
                self.summary.unread.push(because(path, &error));
                Ok(())
            }
        }
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
                self.summary.stopped = true;
                return Ok(None);
            }
            seen(offset, self.chunk.get(..count).unwrap_or_default());
            offset += count as u64;
        }
    }
}

/// The growing file that a content of this length, which begins so, is a copy of. `holds` says whether it has a part in
/// its place.
fn original(
    state: &State,
    source: u32,
    origin: &Origin,
    beginning: &Beginning,
    length: u64,
    holds: &mut dyn FnMut(&Part) -> bool,
) -> Result<Option<Grown>, Error> {
    for (bytes, head) in beginning.heads() {
        if let Some(grown) = state.grown(source, &head)?
            && (bytes >= HEAD_BYTES || may_be_copy(&grown.name, &origin.name))
            && grown.mark(length).is_some_and(&mut *holds)
        {
            return Ok(Some(grown));
        }
    }
    Ok(None)
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

/// What a file is that is not read as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    /// Gzip or zstd.
    Known,
    /// Something that is not read.
    Foreign(&'static str),
}

/// Whether it begins as something compressed does.
pub(crate) fn packing(beginning: &[u8]) -> Option<Packing> {
    match beginning {
        [0xfd, b'7', b'z', b'X', b'Z', ..] => Some(Packing::Foreign("xz")),
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => Some(Packing::Foreign("bzip2")),
        [0x04, 0x22, 0x4d, 0x18, ..] => Some(Packing::Foreign("lz4")),
        [b'P', b'K', 3, 4, ..] => Some(Packing::Foreign("zip")),
        _ => crate::is_packed(beginning.get(..MAGIC_BYTES.min(beginning.len())).unwrap_or_default())
            .then_some(Packing::Known),
    }
}

/// What the log knows of a file that has come to a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Likeness {
    /// It is known itself, by device and inode.
    Itself,
    /// It begins like a file that is sealed, in part at least: a copy, perhaps, that is still being made.
    Another,
    /// Nothing.
    None,
}

/// Looks a plain file up.
pub(crate) fn likeness(
    state: &State,
    source: u32,
    path: &Path,
    file: &File,
    beginning: &Beginning,
) -> Result<Likeness, Error> {
    let looked = match crate::run::look(state, source, path, file)? {
        Ok(looked) => looked,
        Err(Unread { .. }) => return Ok(Likeness::None),
    };
    let open = state.open_deliveries(source)?;
    if looked.known.is_some() || open.iter().any(|open| open.is_part_of(&looked.origin, beginning)) {
        return Ok(Likeness::Itself);
    }
    for (_, head) in beginning.heads() {
        if state.head(source, &head)? || state.grown(source, &head)?.is_some() {
            return Ok(Likeness::Another);
        }
    }
    let is_begun = open.iter().any(|open| open.is_part_of_original(&looked.origin, beginning));
    Ok(if is_begun { Likeness::Another } else { Likeness::None })
}
