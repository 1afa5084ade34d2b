//! `deedbook sql`

use std::io::Read as _;

use super::Place;
use crate::cli::Format;
use crate::exit::Exit;
use crate::{output, pipeline};

pub(crate) fn run(place: &Place, query: &str, format: Format) -> anyhow::Result<Exit> {
    let log = place.log()?;
    let mut text = query.to_owned();
    if query == "-" {
        text.clear();
        std::io::stdin().read_to_string(&mut text)?;
    }
    let answer = pipeline::tables(&place.data, &log)?.sql(&text, lake::Limits::default())?;
    let rows = output::print(answer, format, None)?;
    if rows == 0 && format == Format::Table {
        eprintln!("no rows");
    }
    Ok(Exit::Done)
}
