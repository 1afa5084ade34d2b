//! Which lake files are live: a fold over the view manifests of the log.
//!
//! The file `catalog` keeps the fold up to some leaf, so that opening a log of any length reads only
//! what came after. It is a note to ourselves: lost, damaged or of another log, it is made again from
//! the log.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::datatypes::{Int32Type, Int64Type};
use model::{Header, Kind, ViewManifest};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowPredicateFn, ParquetRecordBatchReaderBuilder, RowFilter};
use parquet::file::metadata::ParquetMetaData;
use serde::{Deserialize, Serialize};

use crate::derive::Carry;
use crate::evidence::{Evidence, Segment, try_scan};
use crate::files::{CARRY, sync_folder};
use crate::lookup::Run;
use crate::needle::{self, Places};
use crate::twice::WINDOW_LEAVES;
use crate::writer::{FileName, Part, Table};
use crate::{Error, ErrorKind, Result};

/// Name of the catalog in `lake/`.
pub(crate) const NAME: &str = "catalog";

/// Raised when a catalog of an older release must not be read.
const VERSION: u32 = 4;

/// A lake file that a view manifest announced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LiveFile {
    pub(crate) name: String,
    pub(crate) sha256: String,
    pub(crate) bytes: u64,
    pub(crate) rows: u64,
    /// Leaf of the manifest that announced it.
    pub(crate) announced_by: u64,
    pub(crate) first: u64,
    pub(crate) last: u64,
    /// First and last leaf with a row; of events files with a row.
    pub(crate) leaves: Option<(i64, i64)>,
    /// Earliest and latest event time, nanoseconds; of events files and look-up files with a row.
    pub(crate) times: Option<(i64, i64)>,
    /// Where its bloom filters are; of events files with a row.
    pub(crate) blooms: Places,
}

/// The fold over view manifests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Catalog {
    version: u32,
    log: String,
    /// Leaves below this one are folded in.
    pub(crate) through: u64,
    /// Highest turn of any file ever announced.
    pub(crate) turn: u32,
    /// Events files by first leaf.
    pub(crate) events: BTreeMap<u64, LiveFile>,
    /// Rejects files by first leaf.
    pub(crate) rejects: BTreeMap<u64, LiveFile>,
    /// Look-up files by first leaf.
    pub(crate) lookups: BTreeMap<u64, LiveFile>,
    /// Files of facts by first leaf.
    pub(crate) facts: BTreeMap<u64, LiveFile>,
}

impl Catalog {
    fn new(log: &str) -> Catalog {
        let (events, rejects, lookups, facts) = Default::default();
        Catalog { version: VERSION, log: log.to_owned(), through: 0, turn: 0, events, rejects, lookups, facts }
    }

    /// The fold over all view manifests of the log: the kept one, and what came after it. No other
    /// file is looked at.
    pub(crate) fn open(folder: &Path, evidence: &dyn Evidence) -> Result<Catalog> {
        let kept = Catalog::load(folder, evidence.log()).filter(|kept| kept.through <= evidence.size());
        let mut catalog = kept.unwrap_or_else(|| Catalog::new(evidence.log()));
        catalog.go_on(evidence)?;
        Ok(catalog)
    }

    /// No file, whatever the log announces.
    pub(crate) fn without_files(evidence: &dyn Evidence) -> Catalog {
        Catalog { through: evidence.size(), ..Catalog::new(evidence.log()) }
    }

    /// Looks whether every live file is there, with the length it was sealed with, and notes what
    /// the footers of those seen for the first time say.
    pub(crate) fn look(&mut self, folder: &Path) -> Result<()> {
        for file in self.files() {
            let path = folder.join(&file.name);
            let bytes = std::fs::metadata(&path).map_err(|error| Error::file(&path, error))?.len();
            if bytes != file.bytes {
                return Err(Error::file(&path, format!("{bytes} bytes, sealed with {}", file.bytes)));
            }
        }
        for file in self.events.values_mut().filter(|file| file.times.is_none() && file.rows > 0) {
            let builder = open(&folder.join(&file.name))?;
            file.leaves = bounds(builder.metadata(), "leaf_index");
            file.times = bounds(builder.metadata(), "time");
            file.blooms = needle::places(builder.metadata());
        }
        for file in self.lookups.values_mut().filter(|file| file.times.is_none() && file.rows > 0) {
            file.times = Some(Run::open(&folder.join(&file.name))?.span());
        }
        Ok(())
    }

    /// The live files of all tables.
    pub(crate) fn files(&self) -> impl Iterator<Item = &LiveFile> {
        [&self.events, &self.rejects, &self.lookups, &self.facts].into_iter().flat_map(BTreeMap::values)
    }

    /// The fold over the log alone, without the kept one and without a look at the files.
    pub(crate) fn fold(evidence: &dyn Evidence) -> Result<Catalog> {
        let mut catalog = Catalog::new(evidence.log());
        catalog.go_on(evidence)?;
        Ok(catalog)
    }

    fn go_on(&mut self, evidence: &dyn Evidence) -> Result<()> {
        for (leaf, body) in announcements(evidence, self.through)? {
            let manifest: ViewManifest = serde_json::from_slice(&body).map_err(|error| {
                Error::caused(ErrorKind::Evidence, format!("leaf {leaf} is no view manifest, run `verify`"), error)
            })?;
            self.announce(leaf, &manifest)?;
        }
        self.through = evidence.size();
        Ok(())
    }

    fn announce(&mut self, leaf: u64, manifest: &ViewManifest) -> Result<()> {
        let overlaps = |file: &LiveFile| file.first <= manifest.last && manifest.first <= file.last;
        let unknown = |file: &model::LakeFile| {
            let context = format!("leaf {leaf} announces `{}`, which is no name of a lake file", file.name);
            Error::new(ErrorKind::Evidence, context)
        };
        let named = |file: &model::LakeFile| FileName::parse(&file.name).ok_or_else(|| unknown(file));
        let names = manifest.files.iter().map(named).collect::<Result<Vec<_>>>()?;
        self.lookups.retain(|_, file| !manifest.rebuild && !overlaps(file));
        // Look-up files alone are earlier ones merged: the rows stay where they are.
        if names.iter().any(|name| name.part != Part::Lookup) {
            for rows in [&mut self.events, &mut self.rejects, &mut self.facts] {
                rows.retain(|_, file| !manifest.rebuild && !overlaps(file));
            }
        }
        for (name, file) in names.iter().zip(&manifest.files) {
            self.turn = self.turn.max(name.turn);
            let live = LiveFile {
                name: file.name.clone(),
                sha256: file.sha256.clone(),
                bytes: file.bytes,
                rows: file.rows,
                announced_by: leaf,
                first: name.first,
                last: name.last,
                leaves: None,
                times: None,
                blooms: Places::new(),
            };
            let files = match name.part {
                Part::Rows(Table::Events) => &mut self.events,
                Part::Rows(Table::Rejects) => &mut self.rejects,
                Part::Lookup => &mut self.lookups,
                Part::Facts => &mut self.facts,
            };
            files.insert(name.first, live);
        }
        Ok(())
    }

    /// Leaves below this one have files, without a gap.
    pub(crate) fn covered(&self) -> u64 {
        let mut next = 0;
        for file in self.events.values() {
            if file.first != next {
                break;
            }
            next = file.last + 1;
        }
        next
    }

    /// The last leaf boundary from which the fold can go on with nothing but files that `whole`
    /// approves of: the one that ends there and all that reach into the duplicate window before it. At
    /// worst the beginning of the log.
    pub(crate) fn resumable(&self, mut whole: impl FnMut(&LiveFile) -> bool) -> u64 {
        let mut end = self.covered();
        for file in self.events.values().rev() {
            if file.last >= end {
                continue;
            }
            if file.last < end.saturating_sub(WINDOW_LEAVES) {
                break;
            }
            if !whole(file) {
                end = file.first;
            }
        }
        end
    }

    /// The carry behind the last leaf before `end`, which is the end of an events file.
    pub(crate) fn carry(&self, folder: &Path, end: u64) -> Result<Carry> {
        let Some(file) = self.events.values().rfind(|file| file.last < end) else { return Ok(Carry::default()) };
        let path = folder.join(&file.name);
        let metadata = open(&path)?.metadata().file_metadata().clone();
        let lines = metadata.key_value_metadata().map(Vec::as_slice).unwrap_or_default();
        let text = lines.iter().find(|line| line.key == CARRY).and_then(|line| line.value.as_deref());
        serde_json::from_str(text.unwrap_or_default()).map_err(|error| Error::file(&path, error))
    }

    fn load(folder: &Path, log: &str) -> Option<Catalog> {
        let text = std::fs::read_to_string(folder.join(NAME)).ok()?;
        let (digest, json) = text.split_once('\n')?;
        if digest != checksum(json) {
            return None;
        }
        let catalog: Catalog = serde_json::from_str(json).ok()?;
        (catalog.version == VERSION && catalog.log == log).then_some(catalog)
    }

    /// Keeps the fold. A crash leaves the old one or the new one; both are right.
    pub(crate) fn save(&self, folder: &Path) -> Result<()> {
        let json = serde_json::to_string(self)
            .map_err(|error| Error::caused(ErrorKind::Fatal, "encode the catalog", error))?;
        let (unfinished, path) = (folder.join("catalog.tmp"), folder.join(NAME));
        let text = format!("{}\n{json}", checksum(&json));
        std::fs::write(&unfinished, text).map_err(|error| Error::io("write", &unfinished, error))?;
        std::fs::File::open(&unfinished)
            .and_then(|file| file.sync_all())
            .and_then(|()| std::fs::rename(&unfinished, &path))
            .map_err(|error| Error::io("write", &path, error))?;
        sync_folder(folder)
    }
}

fn checksum(json: &str) -> String {
    use sha2::{Digest, Sha256};
    model::hex(&Sha256::digest(json.as_bytes()))
}

pub(crate) fn open(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<std::fs::File>> {
    let file = std::fs::File::open(path).map_err(|error| Error::file(path, error))?;
    ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| Error::file(path, error))
}

/// Least and greatest value of a column of numbers or times, from the footer.
fn bounds(footer: &ParquetMetaData, column: &str) -> Option<(i64, i64)> {
    use parquet::file::statistics::Statistics;
    let columns = footer.file_metadata().schema_descr().columns();
    let column = columns.iter().position(|c| c.path().string() == column);
    let mut span: Option<(i64, i64)> = None;
    for group in footer.row_groups() {
        let statistics = column.and_then(|at| group.columns().get(at)).and_then(|column| column.statistics());
        let Some(Statistics::Int64(values)) = statistics else { continue };
        if let (Some(min), Some(max)) = (values.min_opt(), values.max_opt()) {
            span = Some(span.map_or((*min, *max), |(from, to)| (from.min(*min), to.max(*max))));
        }
    }
    span
}

/// The bodies of view manifests from leaf `from` on, in order.
fn announcements(evidence: &dyn Evidence, from: u64) -> Result<Vec<(u64, Vec<u8>)>> {
    let mut found = Vec::new();
    let mut next = from;
    for segment in evidence.segments().iter().filter(|segment| segment.last >= from) {
        if segment.first > next {
            tail_announcements(evidence, next, segment.first, &mut found)?;
        }
        file_announcements(segment, from, &mut found)?;
        next = segment.last + 1;
    }
    tail_announcements(evidence, next, evidence.size(), &mut found)?;
    Ok(found)
}

fn tail_announcements(evidence: &dyn Evidence, from: u64, to: u64, found: &mut Vec<(u64, Vec<u8>)>) -> Result<()> {
    if from >= to {
        return Ok(());
    }
    try_scan(evidence, from, to, |leaf| {
        // The first byte of a header is the kind; the rest matters only for those we look for.
        if leaf.header.first() == Some(&Kind::ViewManifest.number()) && Header::decode(leaf.header).is_ok() {
            found.push((leaf.index, leaf.body.to_vec()));
        }
        Ok(ControlFlow::Continue(()))
    })
}

/// Reads only the pages of an evidence file that hold a view manifest.
fn file_announcements(segment: &Segment, from: u64, found: &mut Vec<(u64, Vec<u8>)>) -> Result<()> {
    let path = &segment.path;
    let wrong = |error: Box<dyn std::error::Error + Send + Sync>| {
        let context = format!("evidence file {} cannot be read, run `verify`", path.display());
        Error::caused(ErrorKind::Evidence, context, error)
    };
    let builder = open(path)?;
    let columns = |names: &[&str]| ProjectionMask::columns(builder.parquet_schema(), names.iter().copied());
    let wanted = |batch: RecordBatch| {
        let kinds = batch.column(0).as_primitive::<Int32Type>();
        Ok(kinds
            .iter()
            .map(|kind| Some(kind == Some(i32::from(Kind::ViewManifest.number()))))
            .collect::<BooleanArray>())
    };
    let filter = RowFilter::new(vec![Box::new(ArrowPredicateFn::new(columns(&["kind"]), wanted))]);
    let mask = columns(&["index", "body"]);
    let reader = builder.with_projection(mask).with_row_filter(filter).build().map_err(|error| wrong(error.into()))?;
    for batch in reader {
        let batch = batch.map_err(|error| wrong(error.into()))?;
        let leaves = batch.column(0).as_primitive::<Int64Type>().iter();
        for (leaf, body) in leaves.zip(batch.column(1).as_binary::<i32>()) {
            let (Some(leaf), Some(body)) = (leaf.and_then(|leaf| u64::try_from(leaf).ok()), body) else { continue };
            if leaf >= from {
                found.push((leaf, body.to_vec()));
            }
        }
    }
    Ok(())
}
