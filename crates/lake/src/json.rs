//! Rows as JSON: the fields in the order of the columns, times as RFC 3339 with `Z`, nulls and empty
//! lists left out, so that a line stays the same while nothing in the row changes.

use std::io::{self, Write};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StructArray};
use arrow::datatypes::{
    DataType, Decimal128Type, Field, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimeUnit,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// Writes each row as one line of JSON.
///
/// # Errors
/// Whatever `out` returns.
pub fn write_lines(batch: &RecordBatch, out: &mut impl Write) -> io::Result<()> {
    let mut line = Vec::with_capacity(4_096);
    for row in 0..batch.num_rows() {
        line.clear();
        object(&mut line, batch.schema_ref().fields().iter().map(|f| f.name().as_str()), batch.columns(), row);
        line.push(b'\n');
        out.write_all(&line)?;
    }
    Ok(())
}

/// One row as a JSON object.
pub fn row(batch: &RecordBatch, row: usize) -> String {
    let mut text = Vec::new();
    object(&mut text, batch.schema_ref().fields().iter().map(|f| f.name().as_str()), batch.columns(), row);
    lossless(text)
}

/// One cell as plain text, for tables and CSV: texts as they are, times as RFC 3339, lists and
/// structs as JSON; nothing for a null.
pub fn cell(column: &dyn Array, row: usize) -> Option<String> {
    if absent(column, row) {
        return None;
    }
    if let Some(text) = text(column, row) {
        return Some(text.to_owned());
    }
    let mut json = Vec::new();
    value(&mut json, column, row);
    let json = lossless(json);
    // Whatever else JSON writes as a string has no escapes in it: times, digits, hexadecimal.
    let plain = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    Some(plain.map_or_else(|| json.clone(), str::to_owned))
}

fn lossless(json: Vec<u8>) -> String {
    String::from_utf8(json).unwrap_or_default()
}

fn object<'n>(out: &mut Vec<u8>, names: impl Iterator<Item = &'n str>, columns: &[ArrayRef], row: usize) {
    out.push(b'{');
    let begin = out.len();
    for (name, column) in names.zip(columns) {
        if absent(column, row) {
            continue;
        }
        if out.len() > begin {
            out.push(b',');
        }
        string(out, name);
        out.push(b':');
        value(out, column, row);
    }
    out.push(b'}');
}

/// Null, or a list without elements.
fn absent(column: &dyn Array, row: usize) -> bool {
    if column.is_null(row) {
        return true;
    }
    match column.data_type() {
        DataType::Null => true,
        DataType::List(_) => column.as_list::<i32>().value_length(row) == 0,
        DataType::LargeList(_) => column.as_list::<i64>().value_length(row) == 0,
        _ => false,
    }
}

fn text(column: &dyn Array, row: usize) -> Option<&str> {
    match column.data_type() {
        DataType::Utf8 => Some(column.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => Some(column.as_string::<i64>().value(row)),
        DataType::Utf8View => Some(column.as_string_view().value(row)),
        _ => None,
    }
}

fn value(out: &mut Vec<u8>, column: &dyn Array, row: usize) {
    macro_rules! number {
        ($kind:ty) => {
            number(out, column.as_primitive::<$kind>().value(row))
        };
    }
    if let Some(text) = text(column, row) {
        return string(out, text);
    }
    match column.data_type() {
        DataType::Boolean => number(out, column.as_boolean().value(row)),
        DataType::Int8 => number!(Int8Type),
        DataType::Int16 => number!(Int16Type),
        DataType::Int32 => number!(Int32Type),
        DataType::Int64 => number!(Int64Type),
        DataType::UInt8 => number!(UInt8Type),
        DataType::UInt16 => number!(UInt16Type),
        DataType::UInt32 => number!(UInt32Type),
        DataType::UInt64 => number!(UInt64Type),
        DataType::Float32 => float(out, f64::from(column.as_primitive::<Float32Type>().value(row))),
        DataType::Float64 => float(out, column.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal128(..) => number(out, column.as_primitive::<Decimal128Type>().value_as_string(row)),
        DataType::Timestamp(unit, _) => string(out, &time(column, *unit, row)),
        DataType::List(_) => list(out, &column.as_list::<i32>().value(row)),
        DataType::LargeList(_) => list(out, &column.as_list::<i64>().value(row)),
        DataType::FixedSizeList(..) => list(out, &column.as_fixed_size_list().value(row)),
        DataType::Struct(fields) => structure(out, fields, column.as_struct(), row),
        DataType::Binary => string(out, &model::hex(column.as_binary::<i32>().value(row))),
        DataType::LargeBinary => string(out, &model::hex(column.as_binary::<i64>().value(row))),
        DataType::BinaryView => string(out, &model::hex(column.as_binary_view().value(row))),
        DataType::FixedSizeBinary(_) => string(out, &model::hex(column.as_fixed_size_binary().value(row))),
        _ => other(out, column, row),
    }
}

fn number(out: &mut Vec<u8>, number: impl std::fmt::Display) {
    // Writing to memory cannot fail.
    let _ = write!(out, "{number}");
}

fn float(out: &mut Vec<u8>, number: f64) {
    if number.is_finite() {
        let _ = serde_json::to_writer(out, &number);
    } else {
        // JSON has no number for these.
        string(out, &number.to_string());
    }
}

fn string(out: &mut Vec<u8>, text: &str) {
    let _ = serde_json::to_writer(out, text);
}

fn list(out: &mut Vec<u8>, items: &dyn Array) {
    out.push(b'[');
    for at in 0..items.len() {
        if at > 0 {
            out.push(b',');
        }
        if items.is_null(at) {
            out.extend_from_slice(b"null");
        } else {
            value(out, items, at);
        }
    }
    out.push(b']');
}

fn structure(out: &mut Vec<u8>, fields: &[std::sync::Arc<Field>], parts: &StructArray, row: usize) {
    object(out, fields.iter().map(|field| field.name().as_str()), parts.columns(), row);
}

fn time(column: &dyn Array, unit: TimeUnit, row: usize) -> String {
    let (value, per_second) = match unit {
        TimeUnit::Second => (column.as_primitive::<TimestampSecondType>().value(row), 1),
        TimeUnit::Millisecond => (column.as_primitive::<TimestampMillisecondType>().value(row), 1_000),
        TimeUnit::Microsecond => (column.as_primitive::<TimestampMicrosecondType>().value(row), 1_000_000),
        TimeUnit::Nanosecond => (column.as_primitive::<TimestampNanosecondType>().value(row), 1_000_000_000),
    };
    let nanos = i128::from(value) * (1_000_000_000 / per_second);
    match (i64::try_from(nanos), u64::try_from(value), unit) {
        // Our own times always have their three digits.
        (_, Ok(millis), TimeUnit::Millisecond) => model::rfc3339_from_millis(model::Millis(millis)),
        (Ok(nanos), _, _) => model::rfc3339_from_nanos(nanos),
        _ => jiff::Timestamp::from_nanosecond(nanos).map_or_else(|_| value.to_string(), |time| time.to_string()),
    }
}

/// Types that only a query can make: dates, intervals, durations, dictionaries, maps, unions.
fn other(out: &mut Vec<u8>, column: &dyn Array, row: usize) {
    if let DataType::Dictionary(_, _) = column.data_type()
        && let Ok(plain) = arrow::compute::cast(&column.slice(row, 1), &DataType::Utf8View)
        && !plain.is_null(0)
    {
        return value(out, &plain, 0);
    }
    let options = FormatOptions::default();
    let text = ArrayFormatter::try_new(column, &options).and_then(|format| format.value(row).try_to_string());
    string(out, &text.unwrap_or_default());
}
