//! From events to batches of rows.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use model::Event;

use crate::cells::Columns;
use crate::derive::Sink;
use crate::schema::{self, EventColumns, EventRow, Origin, RejectColumns, RejectRow};
use crate::{Error, ErrorKind, Result};

/// Rows of one table under construction. One of these serves for a whole run: it keeps what can be
/// kept between batches.
struct Rows<C> {
    schema: SchemaRef,
    columns: C,
    rows: usize,
}

impl<C: Columns> Rows<C> {
    fn new(schema: SchemaRef) -> Rows<C> {
        Rows { schema, columns: C::default(), rows: 0 }
    }

    fn append(&mut self, row: &C::Row<'_>) {
        self.columns.append(row);
        self.rows += 1;
    }

    fn flush(&mut self) -> Result<RecordBatch> {
        self.rows = 0;
        RecordBatch::try_new(self.schema.clone(), self.columns.finish())
            .map_err(|error| Error::caused(ErrorKind::Fatal, "columns of unequal length", error))
    }
}

/// Events on their way into the table.
pub struct EventRows(Rows<EventColumns>);

impl Default for EventRows {
    fn default() -> EventRows {
        EventRows(Rows::new(schema::events()))
    }
}

impl EventRows {
    /// Appends one event; `duplicate_of` is the leaf of the first record that told the same.
    pub fn append(&mut self, origin: Origin<'_>, normaliser: &str, duplicate_of: Option<u64>, event: &Event<'_>) {
        self.0.append(&EventRow { origin, normaliser, duplicate_of, event });
    }

    /// How many events wait.
    pub fn len(&self) -> usize {
        self.0.rows
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.0.rows == 0
    }

    /// The waiting events as one batch.
    ///
    /// # Errors
    /// Fatal, if a column has lost a cell: a mistake of this program.
    pub fn flush(&mut self) -> Result<RecordBatch> {
        self.0.flush()
    }
}

/// Rejects on their way into the table.
pub(crate) struct RejectRows(Rows<RejectColumns>);

impl Default for RejectRows {
    fn default() -> RejectRows {
        RejectRows(Rows::new(schema::rejects()))
    }
}

impl RejectRows {
    pub(crate) fn append(&mut self, row: &RejectRow<'_>) {
        self.0.append(row);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.rows
    }

    pub(crate) fn flush(&mut self) -> Result<RecordBatch> {
        self.0.flush()
    }
}

/// The rows of both tables.
#[derive(Default)]
pub(crate) struct TableRows {
    pub(crate) events: EventRows,
    pub(crate) rejects: RejectRows,
}

impl Sink for TableRows {
    fn event(&mut self, origin: Origin<'_>, normaliser: &str, duplicate_of: Option<u64>, event: &Event<'_>) {
        self.events.append(origin, normaliser, duplicate_of, event);
    }

    fn reject(&mut self, row: &RejectRow<'_>) {
        self.rejects.append(row);
    }
}
