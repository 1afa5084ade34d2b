//! Inclusion and consistency proofs: RFC 6962 sections 2.1.1 and 2.1.2.
//!
//! Both walk from one node up to the root. Below the level where the paths of that node and of the
//! last leaf part (`inner`), a sibling may be on either side; above it, siblings are on the left
//! only, one for each bit set in the index.

use crate::{Error, Hash, Result, node_hash};

use super::{HashReader, Node, frontier::check_size, subtree_root};

/// The hashes that lead from leaf `index` to the root of the first `size` leaves, sibling first.
///
/// Errors: `Invalid` when the leaf is not in that tree; whatever the reader returns.
pub fn prove_inclusion<R: HashReader>(reader: &mut R, index: u64, size: u64) -> Result<Vec<Hash>, R::Error> {
    check_index(index, size)?;
    path(reader, index, 0, size, Vec::new())
}

/// The root that an inclusion proof leads to, starting from the hash of leaf `index`.
///
/// Errors: `Invalid` when the proof has not the number of hashes this leaf and size need.
pub fn root_from_inclusion(index: u64, size: u64, leaf: &Hash, proof: &[Hash]) -> Result<Hash> {
    check_index(index, size)?;
    let inner = inner_levels(index, size);
    check_length(proof, inner + border_levels(index, inner), "inclusion")?;
    let (below, above) = proof.split_at_checked(inner as usize).unwrap_or((proof, &[]));
    Ok(climb(leaf, index, below, above))
}

/// Checks that the leaf with this hash is at `index` of the tree with this root.
///
/// Errors: `Invalid` for a proof of the wrong length, `Mismatch` when it leads to another root.
pub fn verify_inclusion(index: u64, size: u64, leaf: &Hash, proof: &[Hash], root: &Hash) -> Result<()> {
    let computed = root_from_inclusion(index, size, leaf, proof)?;
    if computed == *root {
        return Ok(());
    }
    Err(Error::mismatch(format!(
        "leaf {index} with hash {} is not in the tree of {size} leaves: root is {}, the proof leads to {}",
        leaf.short(),
        root.short(),
        computed.short()
    )))
}

/// The hashes that show the tree of `old` leaves to be the beginning of the tree of `new` leaves.
///
/// Empty when the sizes are equal or the old tree has no leaves.
/// Errors: `Invalid` when `old` is larger than `new`; whatever the reader returns.
pub fn prove_consistency<R: HashReader>(reader: &mut R, old: u64, new: u64) -> Result<Vec<Hash>, R::Error> {
    check_order(old, new)?;
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    // The largest perfect subtree that ends with the old tree is where both trees still agree.
    let shift = old.trailing_zeros();
    let mut proof = Vec::new();
    if !old.is_power_of_two() {
        proof.push(reader.node(Node { level: shift as u8, index: (old - 1) >> shift })?);
    }
    path(reader, old - 1, shift, new, proof)
}

/// Checks that the tree of `old` leaves is the beginning of the tree of `new` leaves.
///
/// Errors: `Invalid` for sizes out of order or a proof of the wrong length, `Mismatch` when either
/// root is not the one the proof leads to.
pub fn verify_consistency(old: u64, old_root: &Hash, new: u64, new_root: &Hash, proof: &[Hash]) -> Result<()> {
    check_order(old, new)?;
    if old == 0 || old == new {
        check_length(proof, 0, "consistency")?;
        if old == 0 && *old_root != Hash::EMPTY_TREE {
            return Err(Error::mismatch(format!("tree of 0 leaves has root {}", old_root.short())));
        }
        if old == new && old_root != new_root {
            return Err(Error::mismatch(format!(
                "two roots for {old} leaves: {} and {}",
                old_root.short(),
                new_root.short()
            )));
        }
        return Ok(());
    }
    let shift = old.trailing_zeros();
    let inner = inner_levels(old - 1, new);
    let seeded = u32::from(!old.is_power_of_two());
    check_length(proof, seeded + inner - shift + border_levels(old - 1, inner), "consistency")?;
    let (seed, rest) = match proof.split_first() {
        Some((seed, rest)) if seeded == 1 => (seed, rest),
        _ => (old_root, proof),
    };
    let (below, above) = rest.split_at_checked((inner - shift) as usize).unwrap_or((rest, &[]));
    let index = (old - 1) >> shift;
    let lefts = below.iter().enumerate().filter(|(level, _)| index >> level & 1 == 1).map(|(_, hash)| hash);
    let old_computed = lefts.chain(above).fold(*seed, |node, left| node_hash(left, &node));
    let new_computed = climb(seed, index, below, above);
    for (size, root, computed) in [(old, old_root, old_computed), (new, new_root, new_computed)] {
        if *root != computed {
            return Err(Error::mismatch(format!(
                "tree of {new} leaves does not continue that of {old}: root at {size} is {}, the proof leads to {}",
                root.short(),
                computed.short()
            )));
        }
    }
    Ok(())
}

/// Appends the siblings from the node of leaf `index` at level `from` up to the root.
fn path<R: HashReader>(
    reader: &mut R,
    index: u64,
    from: u32,
    size: u64,
    mut proof: Vec<Hash>,
) -> Result<Vec<Hash>, R::Error> {
    let inner = inner_levels(index, size);
    for level in from..inner {
        let sibling = (index >> level) ^ 1;
        proof.push(if level + 1 < inner {
            reader.node(Node { level: level as u8, index: sibling })?
        } else {
            // Here the paths part: the sibling holds the last leaf and may not be perfect.
            subtree_root(reader, sibling << level, size)?
        });
    }
    for level in (inner..64).filter(|level| index >> level & 1 == 1) {
        proof.push(reader.node(Node { level: level as u8, index: (index >> level) - 1 })?);
    }
    Ok(proof)
}

/// Folds siblings onto a node; `index` is the place of that node on its level.
fn climb(node: &Hash, index: u64, below: &[Hash], above: &[Hash]) -> Hash {
    let mut node = *node;
    for (level, sibling) in below.iter().enumerate() {
        node = if index >> level & 1 == 0 { node_hash(&node, sibling) } else { node_hash(sibling, &node) };
    }
    above.iter().fold(node, |node, left| node_hash(left, &node))
}

/// Levels below the one where the paths of leaf `index` and of the last leaf have met.
fn inner_levels(index: u64, size: u64) -> u32 {
    u64::BITS - (index ^ (size - 1)).leading_zeros()
}

/// Left siblings above; `inner` is at most 63 because sizes are.
fn border_levels(index: u64, inner: u32) -> u32 {
    (index >> inner).count_ones()
}

fn check_index(index: u64, size: u64) -> Result<()> {
    check_size(size)?;
    if index >= size {
        return Err(Error::invalid(format!("leaf {index} is not in a tree of {size} leaves")));
    }
    Ok(())
}

fn check_order(old: u64, new: u64) -> Result<()> {
    check_size(new)?;
    if old > new {
        return Err(Error::invalid(format!("tree of {old} leaves cannot be the beginning of one of {new}")));
    }
    Ok(())
}

fn check_length(proof: &[Hash], expected: u32, what: &str) -> Result<()> {
    if proof.len() == expected as usize {
        return Ok(());
    }
    Err(Error::invalid(format!("{what} proof has {} hashes, these sizes need {expected}", proof.len())))
}
