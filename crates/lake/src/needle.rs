//! Which files can hold a needle: conditions against the bloom filters of the lake files.
//!
//! The planner asks bloom filters only about plain columns, and opens the footer of every file for it.
//! Here the catalog knows where each filter is, and what is looked for inside a list
//! (`correlation_ids`, the URIs of `resources`) counts too. A filter that cannot be read skips nothing.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use parquet::file::metadata::ParquetMetaData;
use twox_hash::XxHash64;

use crate::catalog::Catalog;
use crate::schema::LOOKED_UP;
use crate::writer::FileName;

/// Where the bloom filters of a file are: first byte and length of each, by the path of the column.
pub(crate) type Places = BTreeMap<String, (u64, u32)>;

/// Bytes of one block of a filter: a value sets eight bits, all in one block.
const BLOCK_BYTES: u64 = 32;

/// What picks the bit in each word of a block (Parquet format, `BloomFilter.md`, *Algorithm*).
const SALTS: [u32; 8] =
    [0x47b6_137b, 0x4497_4d91, 0x8824_ad5b, 0xa2b7_289d, 0x7054_95c7, 0x2df1_424b, 0x9efc_4947, 0x5c6b_fb31];

/// Whether a filter may hold a value, by the one block that decides: 32 bytes are read where the
/// whole filter has tens of thousands. Nothing, if they cannot be read.
fn may_hold(file: &File, (offset, length): (u64, u32), value: &str) -> Option<bool> {
    // The bits take a power of two; what stands before them is their header, which is shorter.
    let bits = 1 << u64::from(length).checked_ilog2()?;
    let hash = XxHash64::oneshot(0, value.as_bytes());
    let block = ((hash >> 32) * (bits / BLOCK_BYTES)) >> 32;
    let mut words = [0; BLOCK_BYTES as usize];
    file.read_exact_at(&mut words, offset + (u64::from(length) - bits) + block * BLOCK_BYTES).ok()?;
    let key = hash as u32;
    let is_set = |(salt, word): (&u32, &[u8; 4])| u32::from_le_bytes(*word) >> (key.wrapping_mul(*salt) >> 27) & 1 == 1;
    Some(SALTS.iter().zip(words.as_chunks().0).all(is_set))
}

/// Where the filters are, from a footer. A file of several row groups has several filters for a
/// column; none of them speaks for the file.
pub(crate) fn places(footer: &ParquetMetaData) -> Places {
    let [group] = footer.row_groups() else { return Places::new() };
    let place = |column: &parquet::file::metadata::ColumnChunkMetaData| {
        let offset = u64::try_from(column.bloom_filter_offset()?).ok()?;
        let length = u32::try_from(column.bloom_filter_length()?).ok()?;
        Some((column.column_path().string(), (offset, length)))
    };
    group.columns().iter().filter_map(place).collect()
}

/// What the rows that a question wants must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Needle {
    /// The value in the column of this path.
    Value(&'static str, String),
    All(Vec<Needle>),
    Any(Vec<Needle>),
}

impl Needle {
    /// The part of a condition that bloom filters can answer; nothing, if they cannot.
    fn of(condition: &Expr) -> Option<Needle> {
        match condition {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
                let parts: Vec<_> = [left, right].into_iter().filter_map(|part| Needle::of(part)).collect();
                (!parts.is_empty()).then_some(Needle::All(parts))
            }
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
                Some(Needle::Any(vec![Needle::of(left)?, Needle::of(right)?]))
            }
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => {
                let (column, value) = text(right).map(|value| (left, value)).or_else(|| Some((right, text(left)?)))?;
                Needle::value(&column_name(column)?, value)
            }
            Expr::ScalarFunction(ScalarFunction { func, args }) => {
                let [list, value] = args.as_slice() else { return None };
                let value = text(value)?;
                match func.name() {
                    "array_has" => Needle::value(&element(list)?, value),
                    "any_glob" if !value.contains(['*', '?']) => Needle::value(&element(list)?, value),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn value(path: &str, value: &str) -> Option<Needle> {
        let path = LOOKED_UP.iter().find(|known| **known == path)?;
        Some(Needle::Value(path, value.to_owned()))
    }

    /// Whether a file can hold it; `holds` says so of one value.
    fn may_be(&self, holds: &mut dyn FnMut(&'static str, &str) -> bool) -> bool {
        match self {
            Needle::Value(path, value) => holds(path, value),
            Needle::All(parts) => parts.iter().all(|part| part.may_be(holds)),
            Needle::Any(parts) => parts.iter().any(|part| part.may_be(holds)),
        }
    }
}

fn text(value: &Expr) -> Option<&str> {
    match value {
        Expr::Literal(value, _) => ScalarValue::try_as_str(value).flatten(),
        _ => None,
    }
}

fn column_name(column: &Expr) -> Option<String> {
    match column {
        Expr::Column(column) => Some(column.name.clone()),
        _ => None,
    }
}

/// The path of the elements of a list column, or of one field of them.
fn element(list: &Expr) -> Option<String> {
    match list {
        Expr::Column(column) => Some(format!("{}.list.element", column.name)),
        Expr::ScalarFunction(ScalarFunction { func, args }) if func.name() == "pluck" => {
            let [list, field] = args.as_slice() else { return None };
            Some(format!("{}.{}", element(list)?, text(field)?))
        }
        _ => None,
    }
}

/// The bloom filters of the live events files.
#[derive(Debug)]
pub(crate) struct Filters {
    pub(crate) folder: PathBuf,
    pub(crate) catalog: Arc<Catalog>,
}

impl Filters {
    /// What of the conditions, all of which must hold, can be looked for in files.
    pub(crate) fn search(&self, conditions: &[Expr]) -> Option<Search<'_>> {
        let parts: Vec<_> = conditions.iter().filter_map(Needle::of).collect();
        (!parts.is_empty()).then_some(Search { filters: self, needle: Needle::All(parts) })
    }
}

/// A needle and the filters to ask for it.
pub(crate) struct Search<'f> {
    filters: &'f Filters,
    needle: Needle,
}

impl Search<'_> {
    /// Whether the file of this name can hold what is looked for.
    pub(crate) fn may_be_in(&self, name: &str) -> bool {
        let Filters { folder, catalog } = self.filters;
        let live = FileName::parse(name).and_then(|parsed| catalog.events.get(&parsed.first));
        let Some(live) = live.filter(|live| live.name == name) else { return true };
        let mut file = None;
        self.needle.may_be(&mut |path, value| {
            let Some(place) = live.blooms.get(path) else { return true };
            let file = file.get_or_insert_with(|| File::open(folder.join(name)).ok());
            file.as_ref().and_then(|file| may_hold(file, *place, value)).unwrap_or(true)
        })
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, RecordBatch, StringArray};
    use parquet::arrow::ArrowWriter;
    use parquet::bloom_filter::Sbbf;
    use parquet::file::properties::WriterProperties;
    use parquet::file::reader::{FileReader, SerializedFileReader};

    use super::*;

    #[test]
    fn one_block_says_what_the_whole_filter_says() {
        for values in [1, 40, 3_000] {
            let ids: ArrayRef = Arc::new(StringArray::from_iter_values((0..values).map(|n| format!("id-{n}"))));
            let batch = RecordBatch::try_from_iter([("id", ids)]).unwrap();
            let file = tempfile::tempfile().unwrap();
            let properties = WriterProperties::builder().set_bloom_filter_enabled(true).build();
            let mut writer = ArrowWriter::try_new(file.try_clone().unwrap(), batch.schema(), Some(properties)).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
            let reader = SerializedFileReader::new(file.try_clone().unwrap()).unwrap();
            let place = places(reader.metadata())["id"];
            let mut bytes = vec![0; place.1 as usize];
            file.read_exact_at(&mut bytes, place.0).unwrap();
            let whole = Sbbf::from_bytes(&bytes).unwrap();
            for n in 0..10_000 {
                let value = format!("id-{n}");
                assert_eq!(may_hold(&file, place, &value), Some(whole.check(value.as_str())), "{value} of {values}");
            }
            let held = (values..values + 10_000).filter(|n| whole.check(format!("id-{n}").as_str())).count();
            assert!(held < 1_500, "{held} of 10,000 absent values may be in a filter over {values}");
        }
    }
}
