//! Entry bundles: the entries of one tile, each with its length before it.

use crate::{Error, Result};

use super::Tile;

/// Longest entry: its length is written in 16 bits.
pub const ENTRY_BYTES_MAX: usize = 65_535;

/// Appends `length u16 big-endian | entry`.
///
/// Errors: `Invalid` over [`ENTRY_BYTES_MAX`]; `bundle` is unchanged then.
pub fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<()> {
    let length = u16::try_from(entry.len())
        .map_err(|_| Error::invalid(format!("entry has {} bytes, the limit is {ENTRY_BYTES_MAX}", entry.len())))?;
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    Ok(())
}

/// The entries of a bundle, in order, as many as `tile.width` says.
///
/// Errors: `Invalid` when the bytes end inside an entry or hold more or fewer entries.
pub fn bundle_entries(tile: Tile, bytes: &[u8]) -> Result<Vec<&[u8]>> {
    let mut entries = Vec::with_capacity(usize::from(tile.width));
    let mut rest = bytes;
    while entries.len() < usize::from(tile.width) {
        let split = rest
            .split_first_chunk::<2>()
            .and_then(|(length, after)| after.split_at_checked(usize::from(u16::from_be_bytes(*length))));
        let Some((entry, after)) = split else {
            return Err(Error::invalid(format!(
                "{tile} has {} bytes and ends inside entry {} of {}",
                bytes.len(),
                entries.len(),
                tile.width
            )));
        };
        entries.push(entry);
        rest = after;
    }
    if !rest.is_empty() {
        return Err(Error::invalid(format!("{tile} has {} bytes after its {} entries", rest.len(), tile.width)));
    }
    Ok(entries)
}
