//! Which files can hold a needle: conditions against the bloom filters of the lake files.
//!
//! The planner asks bloom filters only about plain columns, and opens the footer of every file for it.
//! Here the catalog knows where each filter is, and what is looked for inside a list
//! (`correlation_ids`, the URIs of `resources`) counts too. A filter that cannot be read skips nothing.

use std::collections::{BTreeMap, HashMap};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use parquet::bloom_filter::Sbbf;
use parquet::file::metadata::ParquetMetaData;

use crate::catalog::Catalog;
use crate::schema::LOOKED_UP;
use crate::writer::FileName;

/// Where the bloom filters of a file are: first byte and length of each, by the path of the column.
pub(crate) type Places = BTreeMap<String, (u64, u32)>;

/// Largest bloom filter that is read, in bytes: several times what the writer makes.
const FILTER_BYTES_MAX: u32 = 4 << 20;

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
        let mut read: HashMap<&str, Option<Sbbf>> = HashMap::new();
        self.needle.may_be(&mut |path, value| {
            let filter = read.entry(path).or_insert_with(|| {
                let (offset, length) = *live.blooms.get(path)?;
                if file.is_none() {
                    file = std::fs::File::open(folder.join(name)).ok();
                }
                let mut bytes = vec![0; usize::try_from(length.min(FILTER_BYTES_MAX)).ok()?];
                file.as_ref()?.read_exact_at(&mut bytes, offset).ok()?;
                Sbbf::from_bytes(&bytes).ok()
            });
            filter.as_ref().is_none_or(|filter| filter.check(value))
        })
    }
}
