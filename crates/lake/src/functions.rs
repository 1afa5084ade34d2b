//! Functions that SQL over the lake has besides DataFusion's own.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryViewArray, BooleanArray, BooleanBuilder, ListArray, StringViewArray,
    StringViewBuilder, StructArray,
};
use arrow::datatypes::{DataType, Field, Fields, Int32Type, Int64Type};
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::interval_arithmetic::Interval;
use datafusion::logical_expr::preimage::PreimageResult;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, SimpleScalarUDF, Volatility,
    create_udf,
};
use model::{EventId, Header, Kind, LeafIndex};

use crate::cells::{Columns, Count, Text, TheCount, TheFlag, TheMillis, Words, columns};
use crate::derive::Source;

/// Registers the functions that people may use in SQL.
pub(crate) fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    registry.register_udf(pluck())?;
    registry.register_udf(Arc::new(glob()))?;
    registry.register_udf(any_glob())?;
    datafusion_functions_json::register_all(registry)
}

fn arrays(values: &[ColumnarValue]) -> Result<Vec<ArrayRef>> {
    ColumnarValue::values_to_arrays(values)
}

fn one(values: &[ColumnarValue]) -> Result<ArrayRef> {
    match arrays(values)?.as_slice() {
        [array] => Ok(Arc::clone(array)),
        other => exec_err!("takes one argument, got {}", other.len()),
    }
}

/// `event_id(leaf_index)`: the id of an event of this log.
pub(crate) fn event_id(log: &str) -> Arc<ScalarUDF> {
    let signature = Signature::exact(vec![DataType::Int64], Volatility::Immutable);
    Arc::new(ScalarUDF::new_from_impl(EventIdOf { log: log.to_owned(), signature }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct EventIdOf {
    log: String,
    signature: Signature,
}

impl ScalarUDFImpl for EventIdOf {
    fn name(&self) -> &'static str {
        "event_id"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let leaves = one(&args.args)?;
        let mut ids = StringViewBuilder::with_capacity(leaves.len());
        for leaf in leaves.as_primitive::<Int64Type>() {
            ids.append_option(leaf.map(|leaf| format!("{}-{leaf}", self.log)));
        }
        Ok(ColumnarValue::Array(Arc::new(ids.finish())))
    }

    /// `event_id = '3f2a91c0-41022'` is a point: the planner turns it into a range of one leaf, which
    /// files and pages are skipped by.
    fn preimage(&self, args: &[Expr], literal: &Expr, _: &SimplifyContext) -> Result<PreimageResult> {
        let ([leaf], Expr::Literal(value, _)) = (args, literal) else { return Ok(PreimageResult::None) };
        let id = value.try_as_str().flatten().and_then(|text| text.parse::<EventId>().ok());
        let Some(EventId { log, index: LeafIndex(index) }) = id else { return Ok(PreimageResult::None) };
        let Some(index) = i64::try_from(index).ok().filter(|index| log == self.log && *index < i64::MAX) else {
            return Ok(PreimageResult::None);
        };
        let interval = Interval::try_new(ScalarValue::from(index), ScalarValue::from(index + 1))?;
        Ok(PreimageResult::Range { expr: leaf.clone(), interval: Box::new(interval) })
    }
}

columns! {
    /// The parts of a leaf's header that tables show.
    struct HeaderColumns for h: Header {
        /// Number of the source.
        source_number: TheCount = i64::from(h.source);
        /// Ours, gapless per source.
        source_seq: TheCount = i64::try_from(h.source_seq).unwrap_or(i64::MAX);
        /// When the collector took the delivery.
        received_at: TheMillis = h.received_at;
        /// Length of the body as kept.
        body_bytes: TheCount = i64::try_from(h.body_bytes).unwrap_or(i64::MAX);
        /// Whether only the beginning was kept.
        truncated: TheFlag = h.flags & model::FLAG_TRUNCATED != 0;
        /// Secrets replaced before sealing.
        secrets_replaced: TheCount = h.replacements.len() as i64;
        /// The rules that knew them.
        secret_rules: Words = h.replacements.iter().map(|secret| {
            sources::scrub::rule(secret.rule).map_or("unknown", |rule| rule.name)
        });
        /// Path, object key or stream.
        position_name: Text = h.position.name.as_deref();
        /// Number of the delivery at its source.
        position_delivery: Count = h.position.delivery.and_then(|n| i64::try_from(n).ok());
        /// Number of the record in its delivery.
        position_ordinal: Count = h.position.ordinal.and_then(|n| i64::try_from(n).ok());
        /// First byte of the record in its delivery.
        position_offset: Count = h.position.offset.and_then(|n| i64::try_from(n).ok());
    }
}

/// `leaf_header(header)`: the parts of an encoded header.
pub(crate) fn leaf_header() -> ScalarUDF {
    let fields = HeaderColumns::fields();
    let returned = DataType::Struct(fields.clone());
    let decode = move |values: &[ColumnarValue]| {
        let headers = one(values)?;
        let mut columns = HeaderColumns::default();
        for (header, row) in headers.as_binary_view().iter().zip(0..) {
            match header.map(Header::decode) {
                Some(Ok(header)) => columns.append(&header),
                Some(Err(error)) => return exec_err!("a sealed header cannot be read ({error}), run `verify`"),
                None => return exec_err!("row {row} has no header, run `verify`"),
            }
        }
        let parts = StructArray::try_new(fields.clone(), columns.finish(), None)?;
        Ok(ColumnarValue::Array(Arc::new(parts)))
    };
    create_udf("leaf_header", vec![DataType::BinaryView], returned, Volatility::Immutable, Arc::new(decode))
}

/// `raw_text(body)`: the bytes as text; what is not UTF-8 becomes U+FFFD.
pub(crate) fn raw_text() -> ScalarUDF {
    let decode = |values: &[ColumnarValue]| {
        let bodies = one(values)?;
        let bodies: &BinaryViewArray = bodies.as_binary_view();
        let text: ArrayRef = match bodies.clone().to_string_view() {
            Ok(text) => Arc::new(text),
            Err(_) => {
                let mut text = StringViewBuilder::with_capacity(bodies.len());
                for body in bodies {
                    text.append_option(body.map(String::from_utf8_lossy));
                }
                Arc::new(text.finish())
            }
        };
        Ok(ColumnarValue::Array(text))
    };
    create_udf("raw_text", vec![DataType::BinaryView], DataType::Utf8View, Volatility::Immutable, Arc::new(decode))
}

/// `leaf_kind(number)`: the name of a kind of leaf.
pub(crate) fn leaf_kind() -> ScalarUDF {
    let decode = |values: &[ColumnarValue]| {
        let numbers = one(values)?;
        let names = numbers.as_primitive::<Int32Type>().iter().map(|number| {
            let kind = number.and_then(|n| u8::try_from(n).ok()).and_then(Kind::from_number);
            kind.map(kind_name)
        });
        Ok(ColumnarValue::Array(Arc::new(names.collect::<StringViewArray>())))
    };
    create_udf("leaf_kind", vec![DataType::Int32], DataType::Utf8View, Volatility::Immutable, Arc::new(decode))
}

/// The name of a kind of leaf, as the column `kind` has it.
const fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Record => "record",
        Kind::Manifest => "manifest",
        Kind::Tombstone => "tombstone",
        Kind::Directive => "directive",
        Kind::Heartbeat => "heartbeat",
        Kind::AnchorReceipt => "anchor-receipt",
        Kind::RetentionCut => "retention-cut",
        Kind::Finding => "finding",
        Kind::Export => "export",
        Kind::Note => "note",
        Kind::Audit => "audit",
        Kind::ViewManifest => "view-manifest",
        Kind::Delivery => "delivery",
    }
}

/// `source_name(number)`: the name of a source.
pub(crate) fn source_name(sources: Vec<Source>) -> ScalarUDF {
    let decode = move |values: &[ColumnarValue]| {
        let numbers = one(values)?;
        let names = numbers.as_primitive::<Int64Type>().iter().map(|number| {
            let source = sources.iter().find(|source| number == Some(i64::from(source.number)));
            source.map(|source| source.name.as_str())
        });
        Ok(ColumnarValue::Array(Arc::new(names.collect::<StringViewArray>())))
    };
    create_udf("source_name", vec![DataType::Int64], DataType::Utf8View, Volatility::Immutable, Arc::new(decode))
}

/// `pluck(list, 'field')`: one field of each struct of a list, as a list: `pluck(resources, 'uri')`.
pub(crate) fn pluck() -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::new_from_impl(Pluck { signature: Signature::any(2, Volatility::Immutable) }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Pluck {
    signature: Signature,
}

impl Pluck {
    fn field(list: &DataType, name: Option<&str>) -> Result<(usize, Arc<Field>)> {
        let (DataType::List(element), Some(name)) = (list, name) else {
            return plan_err!("pluck takes a list of structs and the name of a field, as in pluck(resources, 'uri')");
        };
        let DataType::Struct(fields) = element.data_type() else {
            return plan_err!("pluck takes a list of structs, this is a list of {}", element.data_type());
        };
        match fields.find(name) {
            Some((at, field)) => {
                let element = Field::new("element", field.data_type().clone(), field.is_nullable());
                Ok((at, Arc::new(element)))
            }
            None => plan_err!("there is no field `{name}`, there are {}", field_names(fields)),
        }
    }
}

fn field_names(fields: &Fields) -> String {
    fields.iter().map(|field| field.name().as_str()).collect::<Vec<_>>().join(", ")
}

impl ScalarUDFImpl for Pluck {
    fn name(&self) -> &'static str {
        "pluck"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        plan_err!("pluck needs the name of a field as a literal")
    }

    fn return_field_from_args(&self, args: datafusion::logical_expr::ReturnFieldArgs<'_>) -> Result<Arc<Field>> {
        let name = args.scalar_arguments.get(1).copied().flatten().and_then(|s| s.try_as_str().flatten());
        let list = args.arg_fields.first().map_or(&DataType::Null, |field| field.data_type());
        let (_, element) = Pluck::field(list, name)?;
        Ok(Arc::new(Field::new("pluck", DataType::List(element), true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let name = match args.args.get(1) {
            Some(ColumnarValue::Scalar(scalar)) => scalar.try_as_str().flatten(),
            _ => None,
        };
        let lists = arrays(args.args.get(..1).unwrap_or_default())?;
        let Some(lists) = lists.first().and_then(|array| array.as_list_opt::<i32>()) else {
            return exec_err!("pluck takes a list of structs");
        };
        let (at, element) = Pluck::field(lists.data_type(), name)?;
        let values = Arc::clone(lists.values().as_struct().column(at));
        let plucked = ListArray::try_new(element, lists.offsets().clone(), values, lists.nulls().cloned())?;
        Ok(ColumnarValue::Array(Arc::new(plucked)))
    }
}

/// `glob(text, pattern)`: whether a text matches a pattern with `*` (any run) and `?` (any one).
pub(crate) fn glob() -> ScalarUDF {
    let test = |values: &[ColumnarValue]| {
        let columns = arrays(values)?;
        let [texts, patterns] = columns.as_slice() else { return exec_err!("glob takes a text and a pattern") };
        let (texts, patterns) = (texts.as_string_view(), patterns.as_string_view());
        let found = texts.iter().zip(patterns).map(|(text, pattern)| Some(matches_glob(text?, pattern?)));
        Ok(ColumnarValue::Array(Arc::new(found.collect::<BooleanArray>())))
    };
    let texts = vec![DataType::Utf8View, DataType::Utf8View];
    create_udf("glob", texts, DataType::Boolean, Volatility::Immutable, Arc::new(test))
}

/// `any_glob(list, pattern)`: whether any text of a list matches.
pub(crate) fn any_glob() -> Arc<ScalarUDF> {
    let test = |values: &[ColumnarValue]| {
        let columns = arrays(values)?;
        let [lists, patterns] = columns.as_slice() else { return exec_err!("any_glob takes a list and a pattern") };
        let Some(lists) = lists.as_list_opt::<i32>().filter(|lists| lists.value_type() == DataType::Utf8View) else {
            return exec_err!("any_glob takes a list of texts, not {}", lists.data_type());
        };
        let patterns = arrow::compute::cast(patterns, &DataType::Utf8View)?;
        let mut found = BooleanBuilder::with_capacity(lists.len());
        for (list, pattern) in lists.iter().zip(patterns.as_string_view()) {
            let (Some(list), Some(pattern)) = (list, pattern) else {
                found.append_null();
                continue;
            };
            found.append_value(list.as_string_view().iter().flatten().any(|text| matches_glob(text, pattern)));
        }
        Ok(ColumnarValue::Array(Arc::new(found.finish())))
    };
    let signature = Signature::any(2, Volatility::Immutable);
    let function = SimpleScalarUDF::new_with_signature("any_glob", signature, DataType::Boolean, Arc::new(test));
    Arc::new(ScalarUDF::new_from_impl(function))
}

/// Whether the whole text matches; `*` is any run of characters, `?` any one, the rest is itself.
/// Linear in practice and never worse than the product of both lengths.
pub(crate) fn matches_glob(text: &str, pattern: &str) -> bool {
    let (mut text, mut pattern) = (text.chars(), pattern.chars());
    // Where to go on after the last star took one character more.
    let mut retry: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        let (mut ahead, at) = (pattern.clone(), text.clone());
        match (ahead.next(), text.next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                retry = Some((ahead.clone(), at.clone()));
                (pattern, text) = (ahead, at);
                continue;
            }
            (Some('?'), Some(_)) => {
                pattern = ahead;
                continue;
            }
            (Some(wanted), Some(found)) if wanted == found => {
                pattern = ahead;
                continue;
            }
            _ => {}
        }
        let Some((after_star, mut taken)) = retry.take() else { return false };
        if taken.next().is_none() {
            return false;
        }
        retry = Some((after_star.clone(), taken.clone()));
        (pattern, text) = (after_star, taken);
    }
}
