//! The JSON Schema of an event line and the page of tables say what the code says.
//! `UPDATE_GOLDEN=1` writes them; read the difference before you commit it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use arrow::datatypes::{DataType, Field, SchemaRef};
use lake::Column;
use model as m;
use serde_json::{Map, Value, json};

fn docs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)
}

fn agrees(name: &str, wanted: &str) {
    let path = docs(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(found, wanted, "docs/{name}: run with UPDATE_GOLDEN=1 and read the difference");
}

/// Pattern of an event id.
pub(crate) const ID: &str = "^[0-9a-f]{8}-(0|[1-9][0-9]*)$";

/// Pattern of a time.
pub(crate) const TIME: &str = r"^-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$";

/// The JSON Schema of a line of `events -o ndjson`.
pub(crate) fn event_schema() -> String {
    let mut properties = Map::new();
    let mut required = vec![json!("event_id")];
    let id = json!({
        "type": "string",
        "pattern": ID,
        "description": "Names the event: log and leaf index."
    });
    properties.insert("event_id".into(), id);
    for (field, column) in lake::schema::events().fields().iter().zip(lake::schema::event_columns()) {
        let mut property = of_type(field.data_type());
        if let Some(names) = closed(column.name) {
            property.insert("enum".into(), names);
        }
        property.insert("description".into(), json!(column.meaning.trim()));
        properties.insert(column.name.into(), Value::Object(property));
        if is_always_there(field) {
            required.push(json!(column.name));
        }
    }
    let count = json!({"type": "integer", "minimum": 1,
        "description": "With --group: how many events share a correlation id with this one, itself included."});
    properties.insert("group_count".into(), count);
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Deedbook event, version 1",
        "description": "One line of `events -o ndjson`. A null or empty value is left out. New columns may be added; none is renamed, removed or given another meaning within version 1.",
        "type": "object",
        "additionalProperties": false,
        "required": required,
        "properties": properties,
    });
    format!("{schema:#}\n")
}

/// An empty list is left out, like a null.
fn is_always_there(field: &arrow::datatypes::Field) -> bool {
    !field.is_nullable() && !matches!(field.data_type(), DataType::List(_))
}

fn of_type(kind: &DataType) -> Map<String, Value> {
    let schema = match kind {
        DataType::Utf8View => json!({"type": "string"}),
        DataType::Int32 | DataType::Int64 => json!({"type": "integer"}),
        DataType::Boolean => json!({"type": "boolean"}),
        DataType::Timestamp(..) => {
            json!({"type": "string", "format": "date-time", "pattern": TIME})
        }
        DataType::List(element) => json!({"type": "array", "minItems": 1, "items": of_type(element.data_type())}),
        DataType::Struct(fields) => {
            let property = |field: &std::sync::Arc<Field>| (field.name().clone(), of_type(field.data_type()).into());
            let required: Vec<_> = fields.iter().filter(|f| is_always_there(f)).map(|f| f.name().clone()).collect();
            json!({"type": "object", "additionalProperties": false, "required": required,
                   "properties": fields.iter().map(property).collect::<Map<_, Value>>()})
        }
        other => panic!("{other} has no JSON"),
    };
    let Value::Object(schema) = schema else { panic!("{schema}") };
    schema
}

/// The closed lists of names.
fn closed(column: &str) -> Option<Value> {
    macro_rules! names {
        ($list:ty) => {
            <$list>::ALL.iter().map(|name| json!(name.as_str())).collect()
        };
    }
    Some(match column {
        "access" => names!(m::Access),
        "actor_kind" | "inventory_kind" => names!(m::ActorKind),
        "is_human" | "inventory_is_human" => names!(m::Human),
        "inventory_state" => names!(m::InventoryState),
        "status" => names!(m::Status),
        "time_precision" => names!(m::TimePrecision),
        "party" => names!(m::Party),
        "agent_mode" => names!(m::Mode),
        "decision_effect" => names!(m::Effect),
        _ => return None,
    })
}

#[test]
fn the_json_schema_is_the_one_of_the_columns() {
    agrees("schema/event-v1.json", &event_schema());
}

const BEGIN: &str = "<!-- columns of ";

#[test]
fn the_page_of_tables_lists_every_column() {
    let page = std::fs::read_to_string(docs("tables.md")).unwrap();
    let mut wanted = String::new();
    let mut skipping = false;
    for line in page.lines() {
        if line == "<!-- end -->" {
            skipping = false;
        }
        if !skipping {
            writeln!(wanted, "{line}").unwrap();
        }
        let table = line.strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(" -->"));
        if let Some(table) = table {
            wanted += &match table {
                "events" => listed(&lake::schema::events(), lake::schema::event_columns()),
                "rejects" => listed(&lake::schema::rejects(), lake::schema::reject_columns()),
                other => panic!("no list of columns of {other}"),
            };
            skipping = true;
        }
    }
    assert_eq!(page.matches(BEGIN).count(), 2);
    agrees("tables.md", &wanted);
}

fn listed(schema: &SchemaRef, columns: &[Column]) -> String {
    let mut text = String::from("| column | type | meaning |\n|---|---|---|\n");
    for (field, column) in schema.fields().iter().zip(columns) {
        writeln!(text, "| `{}` | {} | {} |", column.name, type_name(field.data_type()), column.meaning.trim()).unwrap();
    }
    text
}

fn type_name(kind: &DataType) -> String {
    match kind {
        DataType::Utf8View => "text".into(),
        DataType::Int32 | DataType::Int64 => "integer".into(),
        DataType::Boolean => "boolean".into(),
        DataType::Timestamp(..) => "time".into(),
        DataType::List(element) => format!("list of {}", type_name(element.data_type())),
        DataType::Struct(fields) => {
            let part = |field: &std::sync::Arc<Field>| match field.data_type() {
                DataType::Utf8View => field.name().clone(),
                other => format!("{} ({})", field.name(), type_name(other)),
            };
            format!("{{{}}}", fields.iter().map(part).collect::<Vec<_>>().join(", "))
        }
        other => panic!("{other} has no name"),
    }
}
