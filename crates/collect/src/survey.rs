//! A dry run: reads and cuts, seals nothing.

use std::fs::File;
use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use sources::split::{Limits, Piece, Splitter};

use crate::content::Content;
use crate::inputs::{Input, Unread, because};
use crate::{Progress, Summary};

const CHUNK_BYTES: usize = 1 << 20;

/// Reads all inputs as [`crate::Pipeline::ingest`] would and shows each record to `visit`, with true
/// for one of which only the beginning would be kept. What is known already is read all the same.
pub fn survey(
    inputs: Vec<Input>,
    progress: &Progress,
    stop: &AtomicBool,
    visit: &mut dyn FnMut(&[u8], bool),
) -> Summary {
    let mut summary = Summary::default();
    for input in inputs {
        if stop.load(Relaxed) {
            summary.stopped = true;
            break;
        }
        match input {
            Input::Stream(stream) | Input::Object { bytes: stream, .. } => {
                read("-", stream, &mut summary, progress, visit)
            }
            Input::File(path) => match File::open(&path) {
                Ok(file) => read(&path.display().to_string(), file, &mut summary, progress, visit),
                Err(error) => summary.unread.push(because(&path, &error)),
            },
            Input::Growing { path, file, .. } => {
                read(&path.display().to_string(), &*file, &mut summary, progress, visit);
            }
        }
        progress.deliveries_done.fetch_add(1, Relaxed);
    }
    summary
}

fn read(name: &str, raw: impl Read, summary: &mut Summary, progress: &Progress, visit: &mut dyn FnMut(&[u8], bool)) {
    let mut records = 0;
    let mut piece = |piece: Piece<'_>| {
        if let Piece::Record { bytes, cut, .. } = piece {
            records += 1;
            visit(bytes, cut.is_some());
        }
    };
    let mut came = 0;
    let read = Content::new(raw).and_then(|mut content| {
        let mut splitter = Splitter::new(Limits::default());
        let mut chunk = vec![0; CHUNK_BYTES];
        let ended = loop {
            match content.fill(&mut chunk) {
                Ok(0) => break Ok(()),
                Ok(filled) => splitter.push(chunk.get(..filled).unwrap_or_default(), &mut piece),
                Err(error) => break Err(error),
            }
        };
        splitter.finish(&mut piece);
        came = content.transport_bytes();
        ended
    });
    if let Err(error) = read {
        summary.unread.push(Unread { path: name.to_owned(), reason: error.to_string() });
    }
    progress.bytes_read.fetch_add(came, Relaxed);
    progress.records_sealed.fetch_add(records, Relaxed);
    summary.deliveries += 1;
    summary.records += records;
    summary.bytes += came;
}
