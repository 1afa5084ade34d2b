use proptest::prelude::*;

use super::*;
use crate::{ErrorKind, leaf_hash};

/// RFC 6962 section 2.1 as it is written: slow, recursive, and sharing nothing with the tree.
fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::EMPTY_TREE,
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&naive_root(left), &naive_root(right))
        }
    }
}

/// RFC 6962 section 2.1.1.
fn naive_path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() <= 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut path, sibling) = match index.checked_sub(left.len()) {
        None => (naive_path(index, left), right),
        Some(index) => (naive_path(index, right), left),
    };
    path.push(naive_root(sibling));
    path
}

/// RFC 6962 section 2.1.2.
fn naive_subproof(old: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if whole { Vec::new() } else { vec![naive_root(leaves)] };
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut proof, other) = if old <= left.len() {
        (naive_subproof(old, left, whole), right)
    } else {
        (naive_subproof(old - left.len(), right, false), left)
    };
    proof.push(naive_root(other));
    proof
}

struct Leaves<'l>(&'l [Hash]);

impl HashReader for Leaves<'_> {
    type Error = Error;

    fn node(&mut self, node: Node) -> Result<Hash> {
        let start = (node.index as usize) << node.level;
        let leaves = self.0.get(start..start + (1 << node.level));
        leaves.map(naive_root).ok_or_else(|| Error::invalid(format!("{node:?} is not in the tree")))
    }
}

fn leaves(count: usize) -> Vec<Hash> {
    (0..count).map(|at| leaf_hash(format!("leaf {at}").as_bytes())).collect()
}

fn frontier(leaves: &[Hash]) -> Frontier {
    let mut frontier = Frontier::new();
    frontier.append_all(leaves.iter().copied());
    frontier
}

/// The inputs and roots of the reference tests of the Certificate Transparency project
/// (`merkle_tree_test.cc` of github.com/google/certificate-transparency).
#[test]
fn roots_are_those_of_the_certificate_transparency_reference() {
    let inputs: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut frontier = Frontier::new();
    assert_eq!(frontier.root(), Hash::EMPTY_TREE);
    for (input, root) in inputs.iter().zip(roots) {
        frontier.append(leaf_hash(input));
        assert_eq!(frontier.root().to_string(), root, "size {}", frontier.size());
    }
}

#[test]
fn all_small_trees_and_proofs_are_those_of_the_definition() {
    let all = leaves(70);
    for size in 0..=all.len() {
        let tree = &all[..size];
        let root = naive_root(tree);
        assert_eq!(frontier(tree).root(), root);
        assert_eq!(subtree_root(&mut Leaves(tree), 0, size as u64).unwrap(), root);
        assert_eq!(Frontier::read(&mut Leaves(tree), size as u64).unwrap(), frontier(tree));
        for index in 0..size {
            let proof = prove_inclusion(&mut Leaves(tree), index as u64, size as u64).unwrap();
            assert_eq!(proof, naive_path(index, tree), "leaf {index} of {size}");
            verify_inclusion(index as u64, size as u64, &tree[index], &proof, &root).unwrap();
        }
        for old in 1..=size {
            let proof = prove_consistency(&mut Leaves(tree), old as u64, size as u64).unwrap();
            assert_eq!(proof, naive_subproof(old, tree, true), "{old} to {size}");
            let old_root = naive_root(&all[..old]);
            verify_consistency(old as u64, &old_root, size as u64, &root, &proof).unwrap();
        }
    }
}

#[test]
fn a_changed_proof_is_refused_at_every_hash() {
    let all = leaves(37);
    let root = naive_root(&all);
    let other = leaf_hash(b"other");
    for index in 0..37_u64 {
        let proof = naive_path(index as usize, &all);
        let leaf = all[index as usize];
        let kind = |index, leaf: &Hash, proof: &[Hash], root: &Hash| {
            verify_inclusion(index, 37, leaf, proof, root).map_err(|e| e.kind())
        };
        assert_eq!(kind(index, &other, &proof, &root), Err(ErrorKind::Mismatch));
        assert_eq!(kind(index, &leaf, &proof, &other), Err(ErrorKind::Mismatch));
        assert_eq!(kind(index, &leaf, &proof[1..], &root), Err(ErrorKind::Invalid));
        assert_eq!(kind(37, &leaf, &proof, &root), Err(ErrorKind::Invalid));
        for at in 0..proof.len() {
            let mut changed = proof.clone();
            changed[at] = other;
            assert_eq!(kind(index, &leaf, &changed, &root), Err(ErrorKind::Mismatch));
        }
    }
    for old in 1..37_u64 {
        let old_root = naive_root(&all[..old as usize]);
        let proof = naive_subproof(old as usize, &all, true);
        let kind = |old_root: &Hash, root: &Hash, proof: &[Hash]| {
            verify_consistency(old, old_root, 37, root, proof).map_err(|e| e.kind())
        };
        assert_eq!(kind(&other, &root, &proof), Err(ErrorKind::Mismatch));
        assert_eq!(kind(&old_root, &other, &proof), Err(ErrorKind::Mismatch));
        assert_eq!(kind(&old_root, &root, &proof[1..]), Err(ErrorKind::Invalid));
        for at in 0..proof.len() {
            let mut changed = proof.clone();
            changed[at] = other;
            assert_eq!(kind(&old_root, &root, &changed), Err(ErrorKind::Mismatch), "{old} at {at}");
        }
    }
}

#[test]
fn sizes_out_of_order_or_range_are_refused() {
    let root = leaf_hash(b"");
    let invalid = [
        verify_consistency(5, &root, 4, &root, &[]),
        verify_consistency(3, &root, 3, &root, &[root]),
        verify_consistency(0, &Hash::EMPTY_TREE, 3, &root, &[root]),
        verify_consistency(1, &root, u64::MAX, &root, &[]),
        verify_inclusion(0, 0, &root, &[], &root),
        verify_inclusion(u64::MAX, u64::MAX, &root, &[], &root),
        prove_inclusion(&mut Leaves(&[]), 0, 0).map(|_| ()),
        prove_consistency(&mut Leaves(&[]), 2, 1).map(|_| ()),
        subtree_root(&mut Leaves(&[]), 1, 3).map(|_| ()),
        subtree_root(&mut Leaves(&[]), 3, 1).map(|_| ()),
        subtree_root(&mut Leaves(&[]), 0, u64::MAX).map(|_| ()),
    ];
    for (at, result) in invalid.into_iter().enumerate() {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Invalid, "case {at}");
    }
    let two_roots = verify_consistency(3, &root, 3, &Hash::EMPTY_TREE, &[]).unwrap_err();
    assert_eq!(two_roots.kind(), ErrorKind::Mismatch);
    let not_empty = verify_consistency(0, &root, 3, &root, &[]).unwrap_err();
    assert_eq!(not_empty.kind(), ErrorKind::Mismatch);
    // The longest path there is.
    let last = super::TREE_SIZE_MAX;
    assert_eq!(verify_inclusion(0, last, &root, &[root; 63], &root).unwrap_err().kind(), ErrorKind::Mismatch);
}

#[test]
fn a_frontier_has_one_encoding() {
    let tree = frontier(&leaves(11));
    let bytes = tree.encode();
    assert_eq!(Frontier::decode(&bytes).unwrap(), tree);
    for wrong in [&bytes[..7], &bytes[..bytes.len() - 1], &bytes[..bytes.len() - 32], &[0xff; 8 + 64 * 32][..]] {
        assert_eq!(Frontier::decode(wrong).unwrap_err().kind(), ErrorKind::Invalid);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn larger_trees_and_proofs_are_those_of_the_definition(size in 1..2_000_usize, a in 0..2_000_usize, b in 0..2_000_usize) {
        let tree = leaves(size);
        let root = naive_root(&tree);
        prop_assert_eq!(frontier(&tree).root(), root);
        prop_assert_eq!(Frontier::decode(&frontier(&tree).encode()).unwrap().root(), root);
        let (index, old) = (a % size, b % size + 1);
        let proof = prove_inclusion(&mut Leaves(&tree), index as u64, size as u64).unwrap();
        prop_assert_eq!(&proof, &naive_path(index, &tree));
        verify_inclusion(index as u64, size as u64, &tree[index], &proof, &root).unwrap();
        let proof = prove_consistency(&mut Leaves(&tree), old as u64, size as u64).unwrap();
        prop_assert_eq!(&proof, &naive_subproof(old, &tree, true));
        verify_consistency(old as u64, &naive_root(&tree[..old]), size as u64, &root, &proof).unwrap();
    }
}
