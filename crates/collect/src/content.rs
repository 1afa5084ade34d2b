//! The decoded content of a delivery, with the digests of what came and of what it holds.

use std::cell::RefCell;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use sha2::{Digest, Sha256};

/// Decoded bytes allowed per compressed byte, once [`DECODE_FREE_BYTES`] have been decoded. Logs
/// compress ten to a hundred times; a thousand times is a bomb.
pub const DECODE_RATIO_MAX: u64 = 256;

/// Decoded bytes for which no ratio is asked.
const DECODE_FREE_BYTES: u64 = 64 << 20;

/// How a delivery was compressed, by its first bytes, never by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As it is.
    None,
    /// RFC 1952, one member or several.
    Gzip,
    /// RFC 8878, one frame or several.
    Zstd,
}

impl Encoding {
    /// The name in a delivery leaf.
    pub const fn as_str(self) -> &'static str {
        match self {
            Encoding::None => "none",
            Encoding::Gzip => "gzip",
            Encoding::Zstd => "zstd",
        }
    }

    pub(crate) fn of(head: &[u8]) -> Encoding {
        match head {
            [0x1f, 0x8b, 8, ..] => Encoding::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Encoding::Zstd,
            _ => Encoding::None,
        }
    }
}

/// Counts and hashes what passes.
struct Tap<R> {
    inner: R,
    seen: Rc<RefCell<Seen>>,
}

#[derive(Default)]
struct Seen {
    bytes: u64,
    hash: Sha256,
}

impl<R: Read> Read for Tap<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        let mut seen = self.seen.borrow_mut();
        seen.bytes += count as u64;
        seen.hash.update(out.get(..count).unwrap_or_default());
        Ok(count)
    }
}

/// A delivery while it is read.
pub(crate) struct Content<'a> {
    reader: Box<dyn Read + 'a>,
    transport: Rc<RefCell<Seen>>,
    decoded: Seen,
    /// An error behind bytes that were handed out: a decoder tells of damage once, then of an end.
    failed: Option<io::Error>,
    pub(crate) encoding: Encoding,
}

/// What is known of a delivery once it was read.
#[derive(Debug)]
pub(crate) struct Digests {
    pub(crate) transport_sha256: [u8; 32],
    pub(crate) transport_bytes: u64,
    pub(crate) content_sha256: [u8; 32],
    pub(crate) content_bytes: u64,
}

impl Digests {
    /// Of bytes that are their own content.
    pub(crate) fn plain(bytes: &[u8]) -> Digests {
        let (sha256, length): ([u8; 32], u64) = (Sha256::digest(bytes).into(), bytes.len() as u64);
        Digests { transport_sha256: sha256, transport_bytes: length, content_sha256: sha256, content_bytes: length }
    }
}

/// The magic number of an encoding is within this many bytes.
pub(crate) const MAGIC_BYTES: usize = 4;

impl<'a> Content<'a> {
    /// Looks at the first bytes and puts the decoder for them in front of `raw`.
    pub(crate) fn new(mut raw: impl Read + 'a) -> io::Result<Content<'a>> {
        let mut head = Vec::with_capacity(MAGIC_BYTES);
        raw.by_ref().take(MAGIC_BYTES as u64).read_to_end(&mut head)?;
        let encoding = Encoding::of(&head);
        Content::encoded(io::Cursor::new(head).chain(raw), encoding)
    }

    fn encoded(whole: impl Read + 'a, encoding: Encoding) -> io::Result<Content<'a>> {
        let transport = Rc::new(RefCell::new(Seen::default()));
        let reader: Box<dyn Read + 'a> = match encoding {
            // Content and transport are the same bytes: hashed once, as content.
            Encoding::None => Box::new(whole),
            Encoding::Gzip => {
                let tap = Tap { inner: whole, seen: Rc::clone(&transport) };
                Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(64 << 10, tap)))
            }
            Encoding::Zstd => {
                let tap = Tap { inner: whole, seen: Rc::clone(&transport) };
                Box::new(zstd::stream::read::Decoder::new(tap)?)
            }
        };
        Ok(Content { reader, transport, decoded: Seen::default(), failed: None, encoding })
    }

    /// Bytes taken so far, as they came.
    pub(crate) fn transport_bytes(&self) -> u64 {
        match self.encoding {
            Encoding::None => self.decoded.bytes,
            _ => self.transport.borrow().bytes,
        }
    }

    /// Fills `out` as far as there is content; less than its length only at the end.
    pub(crate) fn fill(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if let Some(error) = self.failed.take() {
            return Err(self.named(error));
        }
        let mut filled = 0;
        while let Some(rest) = out.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.reader.read(rest) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if filled == 0 => return Err(self.named(error)),
                // What came before the error is content all the same: the next call reports it.
                Err(error) => {
                    self.failed = Some(error);
                    break;
                }
            }
        }
        self.decoded.bytes += filled as u64;
        self.decoded.hash.update(out.get(..filled).unwrap_or_default());
        self.refuse_bomb()?;
        Ok(filled)
    }

    /// The digests of what was read so far.
    pub(crate) fn digests(self) -> Digests {
        let content_sha256: [u8; 32] = self.decoded.hash.finalize().into();
        let content_bytes = self.decoded.bytes;
        let (transport_sha256, transport_bytes) = match self.encoding {
            Encoding::None => (content_sha256, content_bytes),
            _ => {
                let seen = self.transport.borrow();
                (seen.hash.clone().finalize().into(), seen.bytes)
            }
        };
        Digests { transport_sha256, transport_bytes, content_sha256, content_bytes }
    }

    fn refuse_bomb(&self) -> io::Result<()> {
        let (decoded, came) = (self.decoded.bytes, self.transport_bytes());
        if decoded > DECODE_FREE_BYTES && decoded / DECODE_RATIO_MAX > came {
            return Err(io::Error::other(format!(
                "{decoded} bytes decoded from {came}: more than {DECODE_RATIO_MAX} times (decode_ratio_max), decode it yourself if it is no bomb"
            )));
        }
        Ok(())
    }

    fn named(&self, error: io::Error) -> io::Error {
        let at = self.transport_bytes();
        match (self.encoding, error.kind()) {
            (Encoding::None, _) => error,
            (encoding, io::ErrorKind::UnexpectedEof) => {
                io::Error::other(format!("{} stream ends early at byte {at}", encoding.as_str()))
            }
            (encoding, _) => {
                io::Error::other(format!("{} stream is damaged before byte {at}: {error}", encoding.as_str()))
            }
        }
    }
}
