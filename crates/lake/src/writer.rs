//! The rows of one segment as files, and what a caller may seal about them.

use std::path::{Path, PathBuf};

use model::{Event, ViewManifest};
use trace::Fact;

use crate::derive::{Deriver, Outcome, Sealed, Sink};
use crate::facts::{Builder as FactsBuilder, Packer};
use crate::files::{CARRY, Encode, Ending, Rows, RowsPiece, Working};
use crate::lookup;
use crate::rows::TableRows;
use crate::schema::{Origin, RejectRow};
use crate::{Error, ErrorKind, Result, schema};

/// Rows gathered before they become a batch.
const BATCH_ROWS: usize = 4_096;

/// The names of lake files: `<first>-<last>.<normaliser>.<turn>.<part>`, where the turn makes a name
/// new when the same leaves are derived again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileName {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) normaliser: String,
    pub(crate) turn: u32,
    pub(crate) part: Part,
}

/// The stored tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    Events,
    Rejects,
}

/// What a lake file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Rows of a table.
    Rows(Table),
    /// Where the events are that have a key.
    Lookup,
    /// What `trace` knows of each event.
    Facts,
}

impl Part {
    const ALL: [Part; 4] = [Part::Rows(Table::Events), Part::Rows(Table::Rejects), Part::Lookup, Part::Facts];

    /// How the names of its files end.
    const fn suffix(self) -> &'static str {
        match self {
            Part::Rows(Table::Events) => "events.parquet",
            Part::Rows(Table::Rejects) => "rejects.parquet",
            Part::Lookup => "lookup",
            Part::Facts => "facts",
        }
    }
}

impl std::fmt::Display for FileName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let FileName { first, last, normaliser, turn, part } = self;
        write!(f, "{first}-{last}.{normaliser}.{turn}.{}", part.suffix())
    }
}

impl FileName {
    /// Reads a name back; nothing, if it is no name of a lake file.
    pub(crate) fn parse(name: &str) -> Option<FileName> {
        let mut parts = name.splitn(4, '.');
        let (range, normaliser, turn, part) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let (first, last) = range.split_once('-')?;
        let parsed = FileName {
            first: first.parse().ok()?,
            last: last.parse().ok()?,
            normaliser: normaliser.to_owned(),
            turn: turn.parse().ok()?,
            part: Part::ALL.into_iter().find(|known| known.suffix() == part)?,
        };
        // One spelling only: no leading zeros, no path separators, nothing after the suffix.
        (parsed.to_string() == name && normaliser.bytes().all(|b| b.is_ascii_hexdigit())).then_some(parsed)
    }
}

/// How many records of each outcome a segment holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records that became events.
    pub events: u64,
    /// Records that became rejects.
    pub rejects: u64,
}

impl Counts {
    fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Event => self.events += 1,
            Outcome::Reject => self.rejects += 1,
            Outcome::Own => {}
        }
    }
}

/// Complete, durable lake files of one segment.
#[derive(Clone, Debug)]
pub struct Written {
    /// The body of the leaf that announces them; until that leaf is sealed nobody reads them.
    pub manifest: ViewManifest,
    /// What is in them.
    pub counts: Counts,
}

/// Follows the log by cursor and writes what is derived of one segment after the other: the files of events,
/// of facts and for look-ups always, the rejects file if there is a reject.
pub struct Follower {
    folder: PathBuf,
    deriver: Deriver,
    turn: u32,
    first: u64,
    next: u64,
    counts: Counts,
    made: Made,
    files: Files,
    merging: lookup::Merging,
}

/// What is made of leaves and not in a file yet.
struct Made {
    rows: TableRows,
    lookup: lookup::Builder,
    facts: FactsBuilder,
    /// The first fact that could not be taken.
    failed: Option<Error>,
}

impl Made {
    fn new(first: u64) -> Made {
        let (lookup, facts) = (lookup::Builder::new(first), FactsBuilder::new(first));
        Made { rows: TableRows::default(), lookup, facts, failed: None }
    }
}

impl Sink for Made {
    fn event(&mut self, origin: Origin<'_>, normaliser: &str, duplicate_of: Option<u64>, event: &Event<'_>) {
        let (leaf, time) = (origin.id.index.0, schema::time_of(origin, event));
        if duplicate_of.is_none() {
            self.lookup.push(leaf, time, event);
        }
        let fact = Fact::of(origin.id.clone(), time, event);
        if let Err(error) = self.facts.push(leaf, origin.source_number, &fact) {
            self.failed.get_or_insert(error);
        }
        self.rows.event(origin, normaliser, duplicate_of, event);
    }

    fn reject(&mut self, row: &RejectRow<'_>) {
        self.rows.reject(row);
    }
}

/// The open files; each begins with its first batch.
#[derive(Default)]
struct Files {
    events: Option<Working<Rows>>,
    rejects: Option<Working<Rows>>,
    facts: Option<Working<Packer>>,
}

impl Follower {
    /// Follows from leaf `next` on; `deriver` has seen every leaf before it. `turn` is higher than
    /// that of every file that `folder` ever had.
    pub(crate) fn new(folder: &Path, deriver: Deriver, next: u64, turn: u32, merging: lookup::Merging) -> Follower {
        Follower {
            folder: folder.to_owned(),
            deriver,
            turn,
            first: next,
            next,
            counts: Counts::default(),
            made: Made::new(next),
            files: Files::default(),
            merging,
        }
    }

    /// The leaf that comes next.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Takes the next leaf, of whatever kind.
    ///
    /// # Errors
    /// Fatal, if it is not the next one; Evidence, if its header cannot be read; Unavailable, if the
    /// disk refuses. After an error the follower is of no further use: nothing of the open segment is
    /// visible, and [`crate::Lake::follow`] begins it again.
    pub fn push(&mut self, leaf: &Sealed<'_>) -> Result<()> {
        if leaf.index != self.next {
            let context = format!("leaf {} came where leaf {} is next", leaf.index, self.next);
            return Err(Error::new(ErrorKind::Fatal, context));
        }
        self.next += 1;
        self.counts.add(self.deriver.push(leaf, &mut self.made)?);
        if let Some(error) = self.made.failed.take() {
            return Err(error);
        }
        if self.made.rows.events.len() >= BATCH_ROWS {
            self.write_events()?;
        }
        if self.made.rows.rejects.len() >= BATCH_ROWS {
            self.write_rejects()?;
        }
        Ok(())
    }

    fn write_events(&mut self) -> Result<()> {
        let rows = self.made.rows.events.flush()?;
        self.write_rows(Table::Events, RowsPiece::Rows(rows))?;
        self.write_facts(false)
    }

    fn write_rejects(&mut self) -> Result<()> {
        let rows = self.made.rows.rejects.flush()?;
        self.write_rows(Table::Rejects, RowsPiece::Rows(rows))
    }

    /// Hands a piece to the file of a table, which is begun if need be.
    fn write_rows(&mut self, table: Table, piece: RowsPiece) -> Result<()> {
        let (file, schema) = match table {
            Table::Events => (&mut self.files.events, schema::events()),
            Table::Rejects => (&mut self.files.rejects, schema::rejects()),
        };
        let working = format!("{}.{}.{}", self.first, self.turn, Part::Rows(table).suffix());
        let begin = || Working::begin(&self.folder, &working, |file, path| Rows::new(file, path, schema));
        write(file, begin, piece)
    }

    /// Hands the blocks of facts that are complete to their file; with `all` the last one too.
    fn write_facts(&mut self, all: bool) -> Result<()> {
        let working = format!("{}.{}.{}", self.first, self.turn, Part::Facts.suffix());
        let (first, folder) = (self.first, &self.folder);
        let begin = || Working::begin(folder, &working, |file, path| Packer::new(file, path, first));
        write(&mut self.files.facts, begin, self.made.facts.take(all))
    }

    /// What reads the next record.
    pub fn normaliser(&self) -> &str {
        self.deriver.normaliser()
    }

    /// Ends the files with the leaf pushed last, which need not be the last of an evidence file; the
    /// next leaf begins new ones. They are complete when [`Closing::wait`] says so. Without a leaf
    /// there is no file.
    ///
    /// # Errors
    /// Unavailable, if the disk refuses; then as after an error of [`Follower::push`].
    pub fn close(&mut self) -> Result<Option<Closing>> {
        if self.next == self.first {
            return Ok(None);
        }
        let (first, last) = (self.first, self.next.saturating_sub(1));
        let normaliser = self.deriver.normaliser().to_owned();
        let name = |part| FileName { first, last, normaliser: normaliser.clone(), turn: self.turn, part }.to_string();
        let names = [Part::Rows(Table::Events), Part::Rows(Table::Rejects), Part::Lookup, Part::Facts].map(name);
        let [events, rejects, found, told] = names;
        self.write_events()?;
        if self.counts.rejects > 0 {
            self.write_rejects()?;
        }
        let carry = serde_json::to_string(&self.deriver.carry)
            .map_err(|error| Error::caused(ErrorKind::Fatal, "encode the carry", error))?;
        self.write_rows(Table::Events, RowsPiece::Note(CARRY, carry))?;
        let end = self.next;
        self.made.facts.skip_to(end);
        self.write_facts(true)?;
        let open = std::mem::take(&mut self.files);
        let rows = [(open.events, events), (open.rejects, rejects)].into_iter();
        let rows = rows.filter_map(|(file, name)| Some(file?.finish(&self.folder, name)));
        let facts = open.facts.map(|file| file.finish(&self.folder, told));
        let mut files = rows.chain(facts).collect::<Result<Vec<Ending>>>()?;
        let keys = std::mem::replace(&mut self.made.lookup, lookup::Builder::new(end));
        let working = format!("{first}.{}.{}", self.turn, Part::Lookup.suffix());
        files.push(Ending::begin(&self.folder, &working, found, move |out| keys.write(end, out))?);
        self.first = self.next;
        Ok(Some(Closing { first, last, normaliser, files, counts: std::mem::take(&mut self.counts) }))
    }

    /// Takes note of files that the caller has announced, and begins to merge look-up files where
    /// enough of one size have come together. The caller announces what comes of that like the files of
    /// a segment, and tells it here too.
    ///
    /// # Errors
    /// Unavailable, if the disk refuses.
    pub fn announced(&mut self, manifest: &ViewManifest) -> Result<Option<Closing>> {
        self.merging.note(manifest);
        let Some(runs) = self.merging.due() else { return Ok(None) };
        let lookup::Due { first, last, names } = runs;
        let normaliser = self.deriver.normaliser().to_owned();
        let name = FileName { first, last, normaliser: normaliser.clone(), turn: self.turn, part: Part::Lookup };
        let working = format!("{first}.{}.{}", self.turn, Part::Lookup.suffix());
        let paths: Vec<PathBuf> = names.iter().map(|name| self.folder.join(name)).collect();
        let merge = move |out: &mut dyn std::io::Write| lookup::merged(&paths, out);
        let files = vec![Ending::begin(&self.folder, &working, name.to_string(), merge)?];
        Ok(Some(Closing { first, last, normaliser, files, counts: Counts::default() }))
    }
}

/// Hands a piece to a file, which is begun if need be; says why it could not be written.
fn write<E: Encode>(
    file: &mut Option<Working<E>>,
    begin: impl FnOnce() -> Result<Working<E>>,
    piece: E::Piece,
) -> Result<()> {
    let mut open = match file.take() {
        Some(open) => open,
        None => begin()?,
    };
    match open.write(piece) {
        Ok(()) => {
            *file = Some(open);
            Ok(())
        }
        Err(error) => Err(open.failed(error)),
    }
}

/// The files of one segment while they are being completed.
pub struct Closing {
    first: u64,
    last: u64,
    normaliser: String,
    files: Vec<Ending>,
    counts: Counts,
}

impl Closing {
    /// Whether [`Closing::wait`] would return at once.
    pub fn is_done(&self) -> bool {
        self.files.iter().all(Ending::is_done)
    }

    /// Waits for the files. When this returns they are durable; the caller seals the manifest, and
    /// from then on they are read.
    ///
    /// # Errors
    /// Unavailable, if the disk refused; then as after an error of [`Follower::push`].
    pub fn wait(self) -> Result<Written> {
        let Closing { first, last, normaliser, files, counts } = self;
        let files = files.into_iter().map(Ending::wait).collect::<Result<_>>()?;
        Ok(Written { manifest: ViewManifest { first, last, normaliser, files, rebuild: false }, counts })
    }
}
