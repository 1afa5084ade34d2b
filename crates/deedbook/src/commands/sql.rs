//! `deedbook sql`

use std::io::Read as _;
use std::time::Instant;

use super::Place;
use crate::cli::Format;
use crate::exit::Exit;
use crate::{output, pipeline};

/// Answers one query, or each of standard input in turn: all over the log as it was at the first.
pub(crate) fn run(place: &Place, query: &str, timing: bool, format: Format) -> anyhow::Result<Exit> {
    let log = place.log()?;
    let mut text = query.to_owned();
    if query == "-" {
        text.clear();
        std::io::stdin().read_to_string(&mut text)?;
    }
    let timed = |what: &str, since: Instant| {
        if timing {
            eprintln!("{what}: {:.3} ms", since.elapsed().as_secs_f64() * 1e3);
        }
    };
    let began = Instant::now();
    let tables = pipeline::tables(&place.data, &log)?;
    timed("open", began);
    for statement in statements(&text) {
        let began = Instant::now();
        let rows = output::print(tables.sql(statement, lake::Limits::default())?, format, None)?;
        timed("answer", began);
        if rows == 0 && format == Format::Table {
            eprintln!("no rows");
        }
    }
    output::own_up(&tables, None, None)?;
    Ok(Exit::Done)
}

/// The statements of a script: each ends with `;` at the end of a line, or with the text.
fn statements(script: &str) -> impl Iterator<Item = &str> {
    let is_alone = !script.contains(";\n");
    script.split(";\n").filter(move |statement| is_alone || !statement.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::statements;

    #[test]
    fn a_script_holds_one_statement_or_several() {
        let read = |script| statements(script).collect::<Vec<_>>();
        assert_eq!(read("SELECT 1"), ["SELECT 1"]);
        assert_eq!(read("SELECT ';' AS a,\n2"), ["SELECT ';' AS a,\n2"]);
        assert_eq!(read("SELECT 1;\nSELECT\n2;\n"), ["SELECT 1", "SELECT\n2"]);
        assert_eq!(read(""), [""], "an empty query is answered with what is wrong with it");
    }
}
