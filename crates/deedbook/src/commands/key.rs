//! `deedbook key show`

use super::Place;
use crate::exit::Exit;

pub(crate) fn show(place: &Place) -> anyhow::Result<Exit> {
    println!("{}", place.log()?.vkey);
    Ok(Exit::Done)
}
