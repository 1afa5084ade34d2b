//! Messages over a connection that acknowledges nothing: they are cut, sealed, and read only as fast as that goes.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use futures::FutureExt as _;
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncReadExt as _;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::socket::{BATCH_BYTES_MAX, Batch, READ_BYTES, Stream, keep};
use crate::app::{App, parcel};

/// Pause before it is looked again whether there is room for a long message.
const PAUSE: Duration = Duration::from_millis(50);

/// Where messages begin and end in a stream.
pub(crate) trait Framing: Send {
    /// Cuts messages off the beginning of `bytes` until the batch is full, a long message is complete, or what is left is
    /// no whole message. The end of the stream makes it one.
    fn cut(&mut self, bytes: &[u8], ended: bool, batch: &mut Batch) -> Cut;
}

/// What [`Framing::cut`] did.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Cut {
    /// Bytes that are done with.
    pub(crate) used: usize,
    /// A message over the limit, which comes behind those of the batch.
    pub(crate) head: Option<Head>,
    /// Messages that the end of the stream cut off; what there was of them is in the batch.
    pub(crate) broken: u64,
}

/// The beginning of a message that was longer than the limit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) kept: Vec<u8>,
    /// Length of all of it.
    pub(crate) length: u64,
    /// SHA-256 of all of it.
    pub(crate) sha256: [u8; 32],
}

impl Head {
    /// Of a message that is there as a whole.
    pub(crate) fn of(message: &[u8], limit: usize) -> Head {
        let kept = message.get(..limit).unwrap_or(message).to_vec();
        Head { kept, length: message.len() as u64, sha256: Sha256::digest(message).into() }
    }
}

/// All that is cut off a stream that comes in chunks, in its order: what fuzz targets and tests ask for.
pub(crate) fn cut_all(mut framing: impl Framing, chunks: &[&[u8]], mut each: impl FnMut(&[u8], u64)) {
    let mut buffer = Vec::new();
    for nth in 0..=chunks.len() {
        buffer.extend_from_slice(chunks.get(nth).copied().unwrap_or_default());
        loop {
            let mut batch = Batch::default();
            let cut = framing.cut(&buffer, nth == chunks.len(), &mut batch);
            buffer.drain(..cut.used);
            if batch.is_empty() && cut.head.is_none() {
                break;
            }
            batch.iter().for_each(|message| each(message, message.len() as u64));
            cut.head.iter().for_each(|head| each(&head.kept, head.length));
        }
    }
}

/// Whose messages are sealed, and as what.
#[derive(Clone)]
pub(crate) struct Sealing {
    pub(crate) app: Arc<App>,
    pub(crate) source: String,
    /// How deliveries are called.
    pub(crate) name: String,
    pub(crate) stopped: watch::Receiver<bool>,
}

impl Sealing {
    /// Reads messages until the sender ends the connection or the collector stops. What was read by then is sealed, a
    /// message without an end, too.
    pub(crate) async fn connection(mut self, mut stream: Box<dyn Stream>, mut framing: impl Framing) {
        let mut buffer = BytesMut::new();
        let mut room = None;
        loop {
            // A little for each connection is there; a long message waits for its place in memory.
            if buffer.len() >= READ_BYTES && !self.has(&mut room) && !*self.stopped.borrow() {
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            buffer.reserve(READ_BYTES);
            let mut ended = tokio::select! {
                read = stream.read_buf(&mut buffer) => !matches!(read, Ok(1..)),
                _ = self.stopped.wait_for(|stopped| *stopped) => true,
            };
            // More of what waits makes a larger delivery, if there is room for one.
            while !ended && buffer.len() < BATCH_BYTES_MAX {
                if buffer.len() >= READ_BYTES && !self.has(&mut room) {
                    break;
                }
                buffer.reserve(READ_BYTES);
                match stream.read_buf(&mut buffer).now_or_never() {
                    None => break,
                    Some(read) => ended = !matches!(read, Ok(1..)),
                }
            }
            if !self.messages(&mut framing, &mut buffer, ended).await || ended {
                return;
            }
            if buffer.len() < READ_BYTES {
                room = None;
            }
            if buffer.is_empty() {
                // An idle connection holds no memory.
                buffer = BytesMut::new();
            }
        }
    }

    /// Whether there is room for a delivery, from before or now.
    fn has(&self, room: &mut Option<OwnedSemaphorePermit>) -> bool {
        if room.is_none() {
            *room = self.app.room_now(2 * BATCH_BYTES_MAX);
        }
        room.is_some()
    }

    /// Seals all messages that are whole. False if that is not possible.
    async fn messages(&self, framing: &mut impl Framing, buffer: &mut BytesMut, ended: bool) -> bool {
        loop {
            let mut batch = Batch::default();
            let cut = framing.cut(buffer, ended, &mut batch);
            buffer.advance(cut.used);
            self.app.metrics.messages_cut(&self.source, cut.broken);
            if batch.is_empty() && cut.head.is_none() {
                return true;
            }
            if !self.seal(&mut batch).await {
                return false;
            }
            if let Some(head) = cut.head
                && !self.seal_head(head).await
            {
                return false;
            }
        }
    }

    pub(crate) async fn seal(&self, batch: &mut Batch) -> bool {
        if batch.is_empty() {
            return true;
        }
        let records = batch.records();
        let (body, cut) = batch.take();
        self.delivery(body, cut, records as u64).await
    }

    /// The beginning of a message over the limit.
    pub(crate) async fn seal_head(&self, head: Head) -> bool {
        self.app.metrics.messages_cut(&self.source, 1);
        let Head { kept, length, sha256 } = head;
        tracing::warn!("a message of {length} bytes from {} was cut: {} are kept", self.name, kept.len());
        self.delivery(kept.into(), collect::Cut::Head { length, sha256 }, 1).await
    }

    async fn delivery(&self, body: bytes::Bytes, cut: collect::Cut, records: u64) -> bool {
        let parcel = parcel(self.source.clone(), &self.name, None, body, cut);
        match keep(&self.app, parcel, self.stopped.clone()).await {
            Ok(_) => true,
            Err(problem) => {
                self.app.metrics.messages_lost(&self.source, records);
                tracing::error!("{records} messages from {} could not be sealed: {}", self.name, problem.detail);
                false
            }
        }
    }
}
