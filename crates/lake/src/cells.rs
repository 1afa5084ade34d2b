//! Columns under construction: one kind of cell per Arrow type that the tables use.
//!
//! At a hundred thousand events a second and more than a hundred columns, most of them empty, an
//! absent value must cost an addition. Texts therefore count their nulls and only write them down
//! when a value follows; a column without any value shares one array of nulls with the batch before.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanBuilder, ListArray, PrimitiveBuilder, StringViewBuilder, StructArray,
    TimestampMillisecondBuilder, TimestampNanosecondBuilder, new_null_array,
};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Int32Type, Int64Type, TimeUnit};

/// Time zone of every time in the tables.
pub(crate) const UTC: &str = "UTC";

/// Long texts of a column are gathered in blocks of this size. The builder's own way is to double the
/// size up to 2 MiB and never come back, for each of a hundred columns: more pages than the cache has.
const BLOCK_BYTES: u32 = 32 << 10;

/// One column under construction.
pub(crate) trait Cells: Default {
    /// Whether a cell may be null.
    const NULLABLE: bool;

    /// The Arrow type of the column.
    fn data_type() -> DataType;

    /// The column so far; the next cell begins a new one.
    fn finish(&mut self) -> ArrayRef;
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
        $vis struct $table { $( $name: $kind, )+ }

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
                $( self.$name.append($value); )+
            }

            fn finish(&mut self) -> Vec<arrow::array::ArrayRef> {
                vec![ $( $crate::cells::Cells::finish(&mut self.$name), )+ ]
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
    nulls_pending: usize,
    builder: Option<StringViewBuilder>,
    empty: Option<ArrayRef>,
}

impl Text {
    pub(crate) fn append(&mut self, value: Option<&str>) {
        let Some(value) = value else {
            self.nulls_pending += 1;
            return;
        };
        let builder = self.builder.get_or_insert_with(|| StringViewBuilder::new().with_fixed_block_size(BLOCK_BYTES));
        for _ in 0..std::mem::take(&mut self.nulls_pending) {
            builder.append_null();
        }
        builder.append_value(value);
    }
}

impl Cells for Text {
    const NULLABLE: bool = true;

    fn data_type() -> DataType {
        DataType::Utf8View
    }

    fn finish(&mut self) -> ArrayRef {
        let nulls = std::mem::take(&mut self.nulls_pending);
        match &mut self.builder {
            Some(builder) if !arrow::array::ArrayBuilder::is_empty(builder) => {
                for _ in 0..nulls {
                    builder.append_null();
                }
                Arc::new(builder.finish())
            }
            _ => match &self.empty {
                Some(array) if array.len() == nulls => Arc::clone(array),
                _ => Arc::clone(self.empty.insert(new_null_array(&DataType::Utf8View, nulls))),
            },
        }
    }
}

/// Text that is always there.
#[derive(Default)]
pub(crate) struct Word(Text);

impl Word {
    pub(crate) fn append(&mut self, value: &str) {
        self.0.append(Some(value));
    }
}

impl Cells for Word {
    const NULLABLE: bool = false;

    fn data_type() -> DataType {
        DataType::Utf8View
    }

    fn finish(&mut self) -> ArrayRef {
        self.0.finish()
    }
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident($required:ident): $arrow:ty, $native:ty, $data_type:expr;)+) => { $(
        $(#[$doc])*
        #[derive(Default)]
        pub(crate) struct $name(PrimitiveBuilder<$arrow>);

        impl $name {
            pub(crate) fn append(&mut self, value: Option<$native>) {
                self.0.append_option(value);
            }
        }

        impl Cells for $name {
            const NULLABLE: bool = true;

            fn data_type() -> DataType {
                $data_type
            }

            fn finish(&mut self) -> ArrayRef {
                Arc::new(self.0.finish())
            }
        }

        $(#[$doc])*
        /// Always there.
        #[derive(Default)]
        pub(crate) struct $required($name);

        impl $required {
            pub(crate) fn append(&mut self, value: $native) {
                self.0.0.append_value(value);
            }
        }

        impl Cells for $required {
            const NULLABLE: bool = false;

            fn data_type() -> DataType {
                $data_type
            }

            fn finish(&mut self) -> ArrayRef {
                self.0.finish()
            }
        }
    )+ };
}

numbers! {
    /// A number of 32 bits.
    Small(TheSmall): Int32Type, i32, DataType::Int32;
    /// A number of 64 bits.
    Count(TheCount): Int64Type, i64, DataType::Int64;
}

/// Yes or no, or not known.
#[derive(Default)]
pub(crate) struct Flag(BooleanBuilder);

impl Flag {
    pub(crate) fn append(&mut self, value: Option<bool>) {
        self.0.append_option(value);
    }
}

impl Cells for Flag {
    const NULLABLE: bool = true;

    fn data_type() -> DataType {
        DataType::Boolean
    }

    fn finish(&mut self) -> ArrayRef {
        Arc::new(self.0.finish())
    }
}

/// Yes or no.
#[derive(Default)]
pub(crate) struct TheFlag(BooleanBuilder);

impl TheFlag {
    pub(crate) fn append(&mut self, value: bool) {
        self.0.append_value(value);
    }
}

impl Cells for TheFlag {
    const NULLABLE: bool = false;

    fn data_type() -> DataType {
        DataType::Boolean
    }

    fn finish(&mut self) -> ArrayRef {
        Arc::new(self.0.finish())
    }
}

/// A time of a source's clock, in nanoseconds since 1970.
#[derive(Default)]
pub(crate) struct Nanos(TimestampNanosecondBuilder);

impl Nanos {
    pub(crate) fn append(&mut self, value: Option<i64>) {
        self.0.append_option(value);
    }
}

impl Cells for Nanos {
    const NULLABLE: bool = true;

    fn data_type() -> DataType {
        DataType::Timestamp(TimeUnit::Nanosecond, Some(UTC.into()))
    }

    fn finish(&mut self) -> ArrayRef {
        Arc::new(self.0.finish().with_timezone(UTC))
    }
}

/// A time that is always there, in nanoseconds since 1970.
#[derive(Default)]
pub(crate) struct TheNanos(Nanos);

impl TheNanos {
    pub(crate) fn append(&mut self, value: i64) {
        self.0.append(Some(value));
    }
}

impl Cells for TheNanos {
    const NULLABLE: bool = false;

    fn data_type() -> DataType {
        Nanos::data_type()
    }

    fn finish(&mut self) -> ArrayRef {
        self.0.finish()
    }
}

/// A time of our own clock, always there, in milliseconds since 1970.
#[derive(Default)]
pub(crate) struct TheMillis(TimestampMillisecondBuilder);

impl TheMillis {
    pub(crate) fn append(&mut self, value: model::Millis) {
        self.0.append_value(i64::try_from(value.0).unwrap_or(i64::MAX));
    }
}

impl Cells for TheMillis {
    const NULLABLE: bool = false;

    fn data_type() -> DataType {
        DataType::Timestamp(TimeUnit::Millisecond, Some(UTC.into()))
    }

    fn finish(&mut self) -> ArrayRef {
        Arc::new(self.0.finish().with_timezone(UTC))
    }
}

/// Where each list begins among the values; a list may be empty and is never null.
struct Offsets(Vec<i32>);

impl Default for Offsets {
    fn default() -> Offsets {
        Offsets(vec![0])
    }
}

impl Offsets {
    fn close(&mut self, items: usize) {
        let last = self.0.last().copied().unwrap_or_default();
        self.0.push(last.saturating_add(i32::try_from(items).unwrap_or(i32::MAX)));
    }

    fn finish(&mut self) -> OffsetBuffer<i32> {
        let offsets = ScalarBuffer::from(self.0.as_slice().to_vec());
        self.0.truncate(1);
        OffsetBuffer::new(offsets)
    }
}

fn item<C: Cells>() -> FieldRef {
    Arc::new(Field::new("element", C::data_type(), false))
}

/// A list of texts.
#[derive(Default)]
pub(crate) struct Words {
    offsets: Offsets,
    values: Word,
}

impl Words {
    pub(crate) fn append<'v>(&mut self, values: impl IntoIterator<Item = &'v str>) {
        let mut items = 0;
        for value in values {
            self.values.append(value);
            items += 1;
        }
        self.offsets.close(items);
    }
}

impl Cells for Words {
    const NULLABLE: bool = false;

    fn data_type() -> DataType {
        DataType::List(item::<Word>())
    }

    fn finish(&mut self) -> ArrayRef {
        Arc::new(ListArray::new(item::<Word>(), self.offsets.finish(), self.values.finish(), None))
    }
}

/// A list of structs.
#[derive(Default)]
pub(crate) struct Each<C> {
    offsets: Offsets,
    columns: C,
}

impl<C: Columns> Each<C> {
    pub(crate) fn append(&mut self, rows: &[C::Row<'_>]) {
        for row in rows {
            self.columns.append(row);
        }
        self.offsets.close(rows.len());
    }
}

impl<C: Columns> Cells for Each<C> {
    const NULLABLE: bool = false;

    fn data_type() -> DataType {
        DataType::List(Arc::new(Field::new("element", DataType::Struct(C::fields()), false)))
    }

    fn finish(&mut self) -> ArrayRef {
        let fields = C::fields();
        let rows = StructArray::new(fields.clone(), self.columns.finish(), None);
        let element = Arc::new(Field::new("element", DataType::Struct(fields), false));
        Arc::new(ListArray::new(element, self.offsets.finish(), Arc::new(rows), None))
    }
}
