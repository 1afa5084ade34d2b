//! What is fetched and not sent: objects of a store, and streams whose records are numbered where they come from.
//!
//! An object is known by its name and by what tells its bytes from others (`key@etag`), for good: a store keeps objects for
//! years and lists them each time. A stream is known by its name and the offset behind the last record that is sealed, in the
//! order of the log: a topic that was made anew begins again at 0. Both travel in sealed positions.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::door::{Door, Known, Refused, SEAT_WAIT, remembered};
use crate::inputs::Input;
use crate::run::{Options, Pipeline, Summary};
use crate::{Error, Progress};

/// How the name of an object begins.
const OBJECTS: &str = "s3://";
/// How the name of a resource begins that a provider tells of change by change: what it is called there follows.
const RESOURCES: &str = "scim://";
/// How the name of a stream begins: topic and partition follow.
const STREAMS: &str = "kafka://";

/// Bytes of the digest by which an object is known: among ten million, two alike are one in 10^24.
const OBJECT_KEY_BYTES: usize = 16;

/// How far what reads the log may be behind an object that is being read, leaves.
const LEAVES_BEHIND_MAX: u64 = 16_384;
/// How long an object waits for them after each group, at most, in steps of [`BEHIND_STEP`].
const BEHIND_STEPS_MAX: u32 = 50;
const BEHIND_STEP: Duration = Duration::from_millis(20);

/// Where the records of a delivery stand in a stream that numbers them itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Where the delivery begins.
    pub begin: u64,
    /// The offset of each record, ascending. None at all says that the stream is read from `begin` on.
    pub offsets: Arc<[u64]>,
}

/// A stream as far as it is sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StreamState {
    /// Behind the last record that is sealed.
    pub(crate) next: u64,
    /// The delivery it came in.
    pub(crate) delivery: u64,
}

/// No sender chooses what a delivery is called, so nobody can send an object.
pub(crate) fn is_object(name: &str) -> bool {
    name.starts_with(OBJECTS)
}

pub(crate) fn is_resource(name: &str) -> bool {
    name.starts_with(RESOURCES)
}

/// What a delivery is called that tells all of a resource; the last one counts, see [`Door::resources`].
pub fn resource_name(path: &str) -> String {
    format!("{RESOURCES}{path}")
}

pub(crate) fn is_stream(name: &str) -> bool {
    name.starts_with(STREAMS)
}

pub(crate) fn object_key(source: u32, name: &str, request: &str) -> Vec<u8> {
    let digest = Sha256::new().chain_update(name).chain_update(b"\n").chain_update(request).finalize();
    let digest = digest.get(..OBJECT_KEY_BYTES).unwrap_or_default();
    [source.to_be_bytes().as_slice(), digest].concat()
}

pub(crate) fn stream_key(source: u32, name: &str) -> Vec<u8> {
    [source.to_be_bytes().as_slice(), name.as_bytes()].concat()
}

impl Door {
    /// Whether this object is sealed to its end. `false` while that is being found out.
    ///
    /// # Errors
    /// Failed, if the positions cannot be read.
    pub fn knows_object(&self, source: &str, name: &str, request: &str) -> Result<bool, Refused> {
        let number = self.state.number(source)?;
        Ok(matches!(self.known(number, name, request)?, Some(Known::Object { .. })))
    }

    /// Whether [`Door::object`] would read it now: not while what was sealed of an earlier attempt is not folded.
    ///
    /// # Errors
    /// Failed, if the positions cannot be read.
    pub fn may_read_object(&self, source: &str, name: &str, request: &str) -> Result<bool, Refused> {
        let number = self.state.number(source)?;
        Ok(!matches!(self.known(number, name, request)?, Some(Known::Begun { .. } | Known::UnderWay)))
    }

    /// The offset behind the last that is sealed of a stream; `None` if nothing is. True of what is folded: after a
    /// delivery that failed, ask once [`Door::folded`] has come as far as the log.
    ///
    /// # Errors
    /// Failed, if the positions cannot be read.
    pub fn next_offset(&self, source: &str, name: &str) -> Result<Option<u64>, Refused> {
        Ok(self.state.next_offset(self.state.number(source)?, name)?)
    }

    /// The last record of each resource of a source. True of what is folded.
    ///
    /// # Errors
    /// Failed, if the positions cannot be read.
    pub fn resources(&self, source: &str) -> Result<Vec<u64>, Refused> {
        Ok(self.state.resources(self.state.number(source)?)?)
    }

    /// Leaves of the log that are folded.
    pub fn folded(&self) -> u64 {
        self.state.applied_through().0
    }

    /// Seals an object that is too long to be held in memory, while it is read; its source is busy for others until then. What
    /// ends early, or is damaged, is sealed as far as whole records came and goes on from there when it is read again.
    /// Returns what was done; all of it is sealed if nothing is unread and it was not stopped.
    ///
    /// # Errors
    /// Busy, before anything was read; Failed, if writing has stopped.
    pub fn object(
        &self,
        source: &str,
        name: &str,
        request: &str,
        bytes: Box<dyn Read + Send>,
        stop: &AtomicBool,
    ) -> Result<Summary, Refused> {
        let seat = self.state.seat(source, "auto")?;
        let number = {
            let Some(mut seated) = seat.source.try_lock_for(SEAT_WAIT) else {
                return Err(Refused::Busy(format!("source `{source}` is busy with files")));
            };
            if !self.state.refresh(&seat, &mut seated, self.reader.view()?.size().0)? {
                return Err(Refused::Busy(format!("source `{source}` looks up what was sealed of it")));
            }
            seated.number
        };
        match self.known(number, name, request)? {
            Some(Known::Object { records, .. }) => return Ok(Summary { already_known: records, ..Summary::default() }),
            Some(_) => return Err(Refused::Busy(format!("what was sealed of `{request}` is being looked up"))),
            None => {}
        }
        let key = remembered(name, request);
        self.remember(number, key.clone(), Known::UnderWay);
        let done =
            self.read_object(source, Input::Object { name: name.to_owned(), request: request.to_owned(), bytes }, stop);
        let size = self.reader.view().map_or(u64::MAX, |view| view.size().0);
        let known = match &done {
            Ok(done) if done.unread.is_empty() && !done.stopped => {
                Known::Object { records: done.records + done.already_known, size }
            }
            _ => Known::Begun { size },
        };
        self.remember(number, key, known);
        Ok(done?)
    }

    fn read_object(&self, source: &str, object: Input, stop: &AtomicBool) -> Result<Summary, Error> {
        let keep_close = |end| {
            let mut steps = 0;
            while self.folded() + LEAVES_BEHIND_MAX < end && steps < BEHIND_STEPS_MAX {
                thread::sleep(BEHIND_STEP);
                steps += 1;
            }
        };
        let pipeline = Pipeline {
            append: &self.append,
            scrubber: &self.scrubber,
            clock: &self.clock,
            progress: &Progress::default(),
            stop,
            pace: &keep_close,
        };
        let options = Options { source: source.to_owned(), platform: None, workers: 1, scrub: true };
        pipeline.ingest(&self.state, vec![object], &options)
    }
}
