//! Columns under construction: one kind of cell per Arrow type that the tables use.
//!
//! At a hundred thousand events a second and more than a hundred columns, most of them empty, an
//! absent value must cost nothing. Cells therefore write down what is there, with the number of its
//! row, in few and small buffers that are used again; nulls and views are filled in when a batch is
//! finished, one column after the other. A column without any value shares one array of nulls with
//! the batch before.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, BooleanBuilder, ListArray, PrimitiveArray, StringViewBuilder,
    StructArray, TimestampMillisecondArray, TimestampNanosecondArray, new_null_array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{
    ArrowNativeType, DataType, Field, FieldRef, Fields, Int32Type, Int64Type, TimeUnit, TimestampNanosecondType,
};

/// Time zone of every time in the tables.
pub(crate) const UTC: &str = "UTC";

/// Long texts of a column are gathered in blocks of at most this size.
const BLOCK_BYTES_MAX: usize = 1 << 20;

/// One column under construction.
pub(crate) trait Cells: Default {
    /// Whether a cell may be null.
    const NULLABLE: bool;

    /// The Arrow type of the column.
    fn data_type() -> DataType;

    /// The column of so many rows; the next cell begins a new one.
    fn finish(&mut self, rows: usize) -> ArrayRef;
}

/// The columns of a row type under construction, declared with [`columns!`].
pub(crate) trait Columns: Default {
    /// What one row is made of.
    type Row<'r>;

    /// Names, types and meanings, in order.
    const DECLARED: &'static [Column];

    /// The Arrow fields, in order.
    fn fields() -> Fields;

    /// Appends one row.
    fn append(&mut self, row: &Self::Row<'_>);

    /// The columns so far; the next row begins new ones.
    fn finish(&mut self) -> Vec<ArrayRef>;
}

/// A column as documents and queries name it.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it means, one or two sentences.
    pub meaning: &'static str,
}

/// Declares a row type: its columns in order, each with its meaning, its kind of cell and where the
/// value comes from.
macro_rules! columns {
    (
        $(#[doc = $about:literal])*
        $vis:vis struct $table:ident for $row:ident: $row_type:ty {
            $( $(#[doc = $meaning:literal])+ $name:ident: $kind:ty = $value:expr; )+
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Default)]
        $vis struct $table {
            rows: usize,
            $( $name: $kind, )+
        }

        impl $crate::cells::Columns for $table {
            type Row<'r> = $row_type;

            const DECLARED: &'static [$crate::cells::Column] = &[
                $( $crate::cells::Column {
                    name: $crate::cells::plain(stringify!($name)),
                    meaning: concat!($($meaning,)+),
                }, )+
            ];

            fn fields() -> arrow::datatypes::Fields {
                arrow::datatypes::Fields::from(vec![
                    $( $crate::cells::field::<$kind>($crate::cells::plain(stringify!($name))), )+
                ])
            }

            fn append(&mut self, $row: &Self::Row<'_>) {
                let row = self.rows;
                self.rows += 1;
                $( self.$name.append(row, $value); )+
            }

            fn finish(&mut self) -> Vec<arrow::array::ArrayRef> {
                let rows = std::mem::take(&mut self.rows);
                vec![ $( $crate::cells::Cells::finish(&mut self.$name, rows), )+ ]
            }
        }
    };
}
pub(crate) use columns;

/// The name of a field without the `r#` of a Rust keyword.
pub(crate) const fn plain(name: &'static str) -> &'static str {
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}

pub(crate) fn field<C: Cells>(name: &str) -> Field {
    Field::new(name, C::data_type(), C::NULLABLE)
}

/// Text that may be absent.
#[derive(Default)]
pub(crate) struct Text {
    /// All values, one after the other.
    text: String,
    /// Row and end of each value.
    values: Vec<(usize, usize)>,
    empty: Option<ArrayRef>,
}

impl Text {
    pub(crate) fn append(&mut self, row: usize, value: Option<&str>) {
        if let Some(value) = value {
            self.text.push_str(value);
            self.values.push((row, self.text.len()));
        }
    }
}

impl Cells for Text {
    const NULLABLE: bool = true;

    fn data_type() -> DataType {
        DataType::Utf8View
    }

    fn finish(&mut self, rows: usize) -> ArrayRef {
        if self.values.is_empty() {
            return match &self.empty {
                Some(array) if array.len() == rows => Arc::clone(array),
                _ => Arc::clone(self.empty.insert(new_null_array(&DataType::Utf8View, rows))),
            };
        }
        let block = u32::try_from(self.text.len().clamp(1, BLOCK_BYTES_MAX)).unwrap_or(u32::MAX);
        let mut builder = StringViewBuilder::with_capacity(rows).with_fixed_block_size(block);
        let (mut next, mut begin) = (0, 0);
        for (row, end) in self.values.drain(..) {
            (next..row).for_each(|_| builder.append_null());
            builder.append_option(self.text.get(begin..end));
            (next, begin) = (row + 1, end);
        }
        (next..rows).for_each(|_| builder.append_null());
        self.text.clear();
        Arc::new(builder.finish())
    }
}

/// Text that is always there.
#[derive(Default)]
pub(crate) struct Word(Text);

impl Word {
    pub(crate) fn append(&mut self, row: usize, value: &str) {
        self.0.append(row, Some(value));
    }
}

impl Cells for Word {
    const NULLABLE: bool = false;

    fn data_type() -> DataType {
        DataType::Utf8View
    }

    fn finish(&mut self, rows: usize) -> ArrayRef {
        self.0.finish(rows)
    }
}

/// Values of which some are absent, with the row of each.
struct Sparse<T>(Vec<(usize, T)>);

impl<T> Default for Sparse<T> {
    fn default() -> Sparse<T> {
        Sparse(Vec::new())
    }
}

impl<T: Copy + Default> Sparse<T> {
    fn append(&mut self, row: usize, value: Option<T>) {
        self.0.extend(value.map(|value| (row, value)));
    }

    /// A value for each row, and which of them are there.
    fn finish(&mut self, rows: usize) -> (Vec<T>, Option<NullBuffer>) {
        let (mut values, mut there) = (vec![T::default(); rows], vec![false; rows]);
        let is_full = self.0.len() == rows;
        for (row, value) in self.0.drain(..) {
            if let (Some(cell), Some(is_there)) = (values.get_mut(row), there.get_mut(row)) {
                (*cell, *is_there) = (value, true);
            }
        }
        (values, (!is_full).then(|| NullBuffer::from(there)))
    }

    fn primitive<A: ArrowPrimitiveType<Native = T>>(&mut self, rows: usize) -> PrimitiveArray<A>
    where
        T: ArrowNativeType,
    {
        let (values, nulls) = self.finish(rows);
        PrimitiveArray::new(ScalarBuffer::from(values), nulls)
    }
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident($required:ident): $arrow:ty, $native:ty, $data_type:expr;)+) => { $(
        $(#[$doc])*
        #[derive(Default)]
        pub(crate) struct $name(Sparse<$native>);

        impl $name {
            pub(crate) fn append(&mut self, row: usize, value: Option<$native>) {
                self.0.append(row, value);
            }
        }

        impl Cells for $name {
            const NULLABLE: bool = true;

            fn data_type() -> DataType {
                $data_type
            }

            fn finish(&mut self, rows: usize) -> ArrayRef {
                Arc::new(self.0.primitive::<$arrow>(rows))
            }
        }

        $(#[$doc])*
        /// Always there.
        #[derive(Default)]
        pub(crate) struct $required(Vec<$native>);

        impl $required {
            pub(crate) fn append(&mut self, _row: usize, value: $native) {
                self.0.push(value);
            }
        }

        impl Cells for $required {
            const NULLABLE: bool = false;

            fn data_type() -> DataType {
                $data_type
            }

            fn finish(&mut self, _rows: usize) -> ArrayRef {
                Arc::new(PrimitiveArray::<$arrow>::new(drain(&mut self.0), None))
            }
        }
    )+ };
}

/// The values so far, copied out: the buffer they were gathered in is used again.
fn drain<T: ArrowNativeType>(values: &mut Vec<T>) -> ScalarBuffer<T> {
    let copy = ScalarBuffer::from(values.as_slice().to_vec());
    values.clear();
    copy
}

numbers! {
    /// A number of 32 bits.
    Small(TheSmall): Int32Type, i32, DataType::Int32;
    /// A number of 64 bits.
    Count(TheCount): Int64Type, i64, DataType::Int64;
}

/// Yes or no, or not known.
#[derive(Default)]
pub(crate) struct Flag(Sparse<bool>);

impl Flag {
    pub(crate) fn append(&mut self, row: usize, value: Option<bool>) {
        self.0.append(row, value);
    }
}

impl Cells for Flag {
    const NULLABLE: bool = true;

    fn data_type() -> DataType {
        DataType::Boolean
    }

    fn finish(&mut self, rows: usize) -> ArrayRef {
        let (values, nulls) = self.0.finish(rows);
        Arc::new(BooleanArray::new(values.into(), nulls))
    }
}

/// Yes or no.
#[derive(Default)]
pub(crate) struct TheFlag(BooleanBuilder);

impl TheFlag {
    pub(crate) fn append(&mut self, _row: usize, value: bool) {
        self.0.append_value(value);
    }
}

impl Cells for TheFlag {
    const NULLABLE: bool = false;

    fn data_type() -> DataType {
        DataType::Boolean
    }

    fn finish(&mut self, _rows: usize) -> ArrayRef {
        Arc::new(self.0.finish())
    }
}

/// A time of a source's clock, in nanoseconds since 1970.
#[derive(Default)]
pub(crate) struct Nanos(Sparse<i64>);

impl Nanos {
    pub(crate) fn append(&mut self, row: usize, value: Option<i64>) {
        self.0.append(row, value);
    }
}

impl Cells for Nanos {
    const NULLABLE: bool = true;

    fn data_type() -> DataType {
        DataType::Timestamp(TimeUnit::Nanosecond, Some(UTC.into()))
    }

    fn finish(&mut self, rows: usize) -> ArrayRef {
        Arc::new(self.0.primitive::<TimestampNanosecondType>(rows).with_timezone(UTC))
    }
}

/// A time that is always there, in nanoseconds since 1970.
#[derive(Default)]
pub(crate) struct TheNanos(Vec<i64>);

impl TheNanos {
    pub(crate) fn append(&mut self, _row: usize, value: i64) {
        self.0.push(value);
    }
}

impl Cells for TheNanos {
    const NULLABLE: bool = false;

    fn data_type() -> DataType {
        Nanos::data_type()
    }

    fn finish(&mut self, _rows: usize) -> ArrayRef {
        Arc::new(TimestampNanosecondArray::new(drain(&mut self.0), None).with_timezone(UTC))
    }
}

/// A time of our own clock, always there, in milliseconds since 1970.
#[derive(Default)]
pub(crate) struct TheMillis(Vec<i64>);

impl TheMillis {
    pub(crate) fn append(&mut self, _row: usize, value: model::Millis) {
        self.0.push(i64::try_from(value.0).unwrap_or(i64::MAX));
    }
}

impl Cells for TheMillis {
    const NULLABLE: bool = false;

    fn data_type() -> DataType {
        DataType::Timestamp(TimeUnit::Millisecond, Some(UTC.into()))
    }

    fn finish(&mut self, _rows: usize) -> ArrayRef {
        Arc::new(TimestampMillisecondArray::new(drain(&mut self.0), None).with_timezone(UTC))
    }
}

/// Where each list ends among the values, for the lists that are not empty; a list is never null.
#[derive(Default)]
struct Ends {
    /// Items so far.
    items: usize,
    /// Row and end of each list that has items.
    lists: Vec<(usize, usize)>,
}

impl Ends {
    /// Closes the list of a row, which has so many items.
    fn close(&mut self, row: usize, items: usize) {
        if items > 0 {
            self.items += items;
            self.lists.push((row, self.items));
        }
    }

    fn finish(&mut self, rows: usize) -> OffsetBuffer<i32> {
        let mut offsets = Vec::with_capacity(rows + 1);
        let mut end = 0;
        for (row, items) in self.lists.drain(..) {
            // The lists before this one are empty: they end where the last one did.
            offsets.resize(row + 1, end);
            end = i32::try_from(items).unwrap_or(i32::MAX);
        }
        offsets.resize(rows + 1, end);
        self.items = 0;
        OffsetBuffer::new(ScalarBuffer::from(offsets))
    }
}

fn item<C: Cells>() -> FieldRef {
    Arc::new(Field::new("element", C::data_type(), false))
}

/// A list of texts.
#[derive(Default)]
pub(crate) struct Words {
    ends: Ends,
    values: Word,
}

impl Words {
    pub(crate) fn append<'v>(&mut self, row: usize, values: impl IntoIterator<Item = &'v str>) {
        let mut items = 0;
        for value in values {
            self.values.append(self.ends.items + items, value);
            items += 1;
        }
        self.ends.close(row, items);
    }
}

impl Cells for Words {
    const NULLABLE: bool = false;

    fn data_type() -> DataType {
        DataType::List(item::<Word>())
    }

    fn finish(&mut self, rows: usize) -> ArrayRef {
        let items = self.ends.items;
        let values = self.values.finish(items);
        Arc::new(ListArray::new(item::<Word>(), self.ends.finish(rows), values, None))
    }
}

/// A list of structs.
#[derive(Default)]
pub(crate) struct Each<C> {
    ends: Ends,
    columns: C,
}

impl<C: Columns> Each<C> {
    pub(crate) fn append(&mut self, row: usize, items: &[C::Row<'_>]) {
        for item in items {
            self.columns.append(item);
        }
        self.ends.close(row, items.len());
    }
}

impl<C: Columns> Cells for Each<C> {
    const NULLABLE: bool = false;

    fn data_type() -> DataType {
        DataType::List(Arc::new(Field::new("element", DataType::Struct(C::fields()), false)))
    }

    fn finish(&mut self, rows: usize) -> ArrayRef {
        let fields = C::fields();
        let structs = StructArray::new(fields.clone(), self.columns.finish(), None);
        let element = Arc::new(Field::new("element", DataType::Struct(fields), false));
        Arc::new(ListArray::new(element, self.ends.finish(rows), Arc::new(structs), None))
    }
}
