//! Answers as tables, JSON, NDJSON or CSV. Rows are printed as they come; only a table waits for its
//! last row, because its columns are as wide as their widest cell.

use std::io::{BufWriter, IsTerminal as _, Write as _};

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use crate::cli::Format;
use crate::exit::Usage;

/// Rows that a table on a terminal shows; the others are counted.
const TABLE_ROWS_MAX: u64 = 5_000;

/// Prints an answer; `columns` are those that a table shows, all others show every column. Returns how
/// many rows there were.
pub(crate) fn print(answer: lake::Answer, format: Format, columns: Option<&[&str]>) -> anyhow::Result<u64> {
    match format {
        Format::Table => table(answer, columns),
        Format::Json => json(answer),
        Format::Ndjson => ndjson(answer),
        Format::Csv => csv(answer),
    }
}

fn ndjson(answer: lake::Answer) -> anyhow::Result<u64> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut rows = 0;
    for batch in answer {
        let batch = batch?;
        rows += batch.num_rows() as u64;
        lake::json::write_lines(&batch, &mut out)?;
    }
    out.flush()?;
    Ok(rows)
}

fn json(answer: lake::Answer) -> anyhow::Result<u64> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut rows = 0;
    out.write_all(b"[")?;
    for batch in answer {
        let batch = batch?;
        for row in 0..batch.num_rows() {
            let comma = if rows == 0 { "" } else { "," };
            write!(out, "{comma}\n{}", lake::json::row(&batch, row))?;
            rows += 1;
        }
    }
    out.write_all(b"\n]\n")?;
    out.flush()?;
    Ok(rows)
}

fn csv(answer: lake::Answer) -> anyhow::Result<u64> {
    let mut out = csv::Writer::from_writer(BufWriter::new(std::io::stdout().lock()));
    let schema = answer.schema();
    out.write_record(schema.fields().iter().map(|field| field.name()))?;
    let mut rows = 0;
    for batch in answer {
        let batch = batch?;
        for row in 0..batch.num_rows() {
            out.write_record(batch.columns().iter().map(|column| lake::json::cell(column, row).unwrap_or_default()))?;
            rows += 1;
        }
    }
    out.flush()?;
    Ok(rows)
}

/// The name of the first resource of a list, and how many more there are.
fn first_name(resources: &str) -> String {
    let Ok(list) = serde_json::from_str::<Vec<serde_json::Value>>(resources) else { return resources.to_owned() };
    let name =
        list.first().and_then(|first| first.get("name").or(first.get("uri"))).and_then(serde_json::Value::as_str);
    match (name, list.len()) {
        (Some(name), 1) => name.to_owned(),
        (Some(name), count) => format!("{name} +{}", count - 1),
        (None, _) => String::new(),
    }
}

fn table(answer: lake::Answer, columns: Option<&[&str]>) -> anyhow::Result<u64> {
    let schema = answer.schema();
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let shown: Vec<usize> = match columns {
        Some(wanted) => wanted.iter().filter_map(|name| names.iter().position(|n| n == name)).collect(),
        None => (0..names.len()).collect(),
    };
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    if std::io::stdout().is_terminal() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    table.set_header(shown.iter().filter_map(|at| names.get(*at)));
    let mut rows = 0;
    for batch in answer {
        let batch = batch?;
        for row in 0..batch.num_rows() {
            rows += 1;
            if rows <= TABLE_ROWS_MAX {
                let cell = |at: &usize| {
                    let text = lake::json::cell(batch.column(*at), row).unwrap_or_default();
                    if columns.is_some() && names.get(*at) == Some(&"resources") { first_name(&text) } else { text }
                };
                table.add_row(shown.iter().map(cell));
            }
        }
    }
    if rows > 0 {
        let mut out = std::io::stdout().lock();
        for line in table.lines() {
            writeln!(out, "{}", line.trim_end())?;
        }
    }
    if rows > TABLE_ROWS_MAX {
        eprintln!("{rows} rows, the first {TABLE_ROWS_MAX} shown; -o ndjson prints all");
    }
    Ok(rows)
}

/// Visits the rows of an answer, each by its cells as plain text; a null is empty.
pub(crate) fn each_row(answer: lake::Answer, mut visit: impl FnMut(&dyn Fn(usize) -> String)) -> anyhow::Result<()> {
    for batch in answer {
        let batch = batch?;
        for row in 0..batch.num_rows() {
            visit(&|column| lake::json::cell(batch.column(column), row).unwrap_or_default());
        }
    }
    Ok(())
}

/// Prints an answer that is no table of rows: all of it as JSON, its parts as NDJSON, lines for people.
pub(crate) fn told<T: Serialize>(
    format: Format,
    whole: &impl Serialize,
    parts: &[T],
    lines: impl FnOnce() -> Vec<String>,
) -> anyhow::Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    match format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, whole)?;
            writeln!(out)?;
        }
        Format::Ndjson => {
            for part in parts {
                serde_json::to_writer(&mut out, part)?;
                writeln!(out)?;
            }
        }
        Format::Csv => return Err(Usage("this answer is no table of rows; -o json has all of it".to_owned()).into()),
        Format::Table => lines().iter().try_for_each(|line| writeln!(out, "{}", line.trim_end()))?,
    }
    out.flush()?;
    Ok(())
}

/// Says on stderr when records may lack in a range, nanoseconds since 1970: rows alone cannot.
pub(crate) fn own_up(tables: &lake::Lake, since: Option<i64>, until: Option<i64>) -> anyhow::Result<()> {
    let now = i64::try_from(crate::pipeline::now().0).unwrap_or(i64::MAX).saturating_mul(1_000_000);
    let told = tables.lacks(since.unwrap_or(i64::MIN), until.unwrap_or(now).min(now))?;
    if !told.lacks.is_empty() {
        eprintln!("completeness: {}", told.line());
    }
    Ok(())
}
