use super::*;
use crate::checkpoint::Checkpoint;
use crate::note::{Algorithm, SignerKey};
use crate::tree::{Frontier, HashReader, Node, prove_inclusion};
use crate::{ErrorKind, leaf_hash, node_hash};

struct Tree(Vec<Hash>);

impl HashReader for Tree {
    type Error = Error;

    fn node(&mut self, node: Node) -> Result<Hash> {
        let mut level = self.0.clone();
        for _ in 0..node.level {
            level = level.as_chunks::<2>().0.iter().map(|[l, r]| node_hash(l, r)).collect();
        }
        level.get(node.index as usize).copied().ok_or_else(|| Error::invalid("no such node"))
    }
}

fn signer() -> SignerKey {
    SignerKey::from_seed("example.com/log", Algorithm::Ed25519, &[3; 32]).unwrap()
}

fn sample() -> (LogProof, Hash) {
    let leaves: Vec<Hash> = (0..21_u8).map(|at| leaf_hash(&[at])).collect();
    let mut frontier = Frontier::new();
    frontier.append_all(leaves.iter().copied());
    let checkpoint = Checkpoint::new("example.com/log", 21, frontier.root()).sign(&signer()).unwrap();
    let leaf = leaves[13];
    let hashes = prove_inclusion(&mut Tree(leaves), 13, 21).unwrap();
    (LogProof { extra: None, index: 13, hashes, checkpoint }, leaf)
}

#[test]
fn a_proof_file_reads_back_and_verifies() {
    let (mut proof, leaf) = sample();
    for extra in [None, Some(Vec::new()), Some(b"\0more".to_vec())] {
        proof.extra = extra;
        let read = LogProof::parse(proof.encode().as_bytes()).unwrap();
        assert_eq!(read, proof);
        let proved = read.verify(&leaf, &signer().verifier(), None).unwrap();
        assert_eq!(proved.opened.checkpoint.size, 21);
    }
    let first = proof.encode();
    assert!(first.starts_with("c2sp.org/tlog-proof@v1\nextra AG1vcmU=\nindex 13\n"), "{first}");
}

#[test]
fn each_part_of_a_proof_is_checked() {
    let (proof, leaf) = sample();
    let key = signer().verifier();
    let kind = |proof: &LogProof, leaf: &Hash| proof.verify(leaf, &key, None).map(|_| ()).map_err(|e| e.kind());
    assert_eq!(kind(&proof, &leaf), Ok(()));
    assert_eq!(kind(&proof, &leaf_hash(b"other")), Err(ErrorKind::Mismatch));
    assert_eq!(kind(&LogProof { index: 12, ..proof.clone() }, &leaf), Err(ErrorKind::Mismatch));
    assert_eq!(kind(&LogProof { index: 21, ..proof.clone() }, &leaf), Err(ErrorKind::Invalid));
    let mut shorter = proof.clone();
    shorter.hashes.pop();
    assert_eq!(kind(&shorter, &leaf), Err(ErrorKind::Invalid));
    for at in 0..proof.hashes.len() {
        let mut changed = proof.clone();
        changed.hashes[at].0[31] ^= 1;
        assert_eq!(kind(&changed, &leaf), Err(ErrorKind::Mismatch), "hash {at}");
    }
    let stranger = SignerKey::from_seed("example.com/log", Algorithm::Ed25519, &[4; 32]).unwrap().verifier();
    assert_eq!(proof.verify(&leaf, &stranger, None).unwrap_err().kind(), ErrorKind::UnknownKey);
}

#[test]
fn a_policy_asks_for_witnesses() {
    let (mut proof, leaf) = sample();
    let witness = SignerKey::from_seed("w.example", Algorithm::Cosignature, &[5; 32]).unwrap();
    let text = format!("log {}\nwitness w {}\nquorum w\n", signer().verifier(), witness.verifier());
    let policy = Policy::parse(text.as_bytes()).unwrap();
    let key = signer().verifier();
    assert_eq!(proof.verify(&leaf, &key, Some(&policy)).unwrap_err().kind(), ErrorKind::Quorum);
    proof.checkpoint.cosign(&witness, 1_800_000_000).unwrap();
    let proved = proof.verify(&leaf, &key, Some(&policy)).unwrap();
    assert_eq!(proved.witnesses, [Witnessed { name: "w".into(), posix_seconds: 1_800_000_000 }]);
}

#[test]
fn malformed_proofs_are_refused() {
    let good = sample().0.encode();
    let hash = leaf_hash(b"").to_base64();
    let cases = [
        String::new(),
        good.replace("@v1", "@v2"),
        good.replace("index 13", "index 013"),
        good.replace("index 13", "index"),
        good.replace("index 13\n", ""),
        good.replace("index 13", "extra !\nindex 13"),
        good.replace("index 13", "extra\nindex 13"),
        good.replace("index 13", "index 13\nextra AAAA"),
        good.replace("index 13\n", "index 13\nAAAA\n"),
        good.replace("index 13\n", &format!("index 13\n{}", format!("{hash}\n").repeat(64))),
        good.replacen("=\n", "\n", 1),
        good.replacen("\n\n", "\n", 1),
        good.trim_end().to_owned(),
        format!("{good}\n"),
        good.replace('\n', "\r\n"),
    ];
    for (at, file) in cases.iter().enumerate() {
        assert_eq!(LogProof::parse(file.as_bytes()).map_err(|e| e.kind()), Err(ErrorKind::Invalid), "case {at}");
    }
    assert!(LogProof::parse(b"\xff").is_err());
    assert!(LogProof::parse(&vec![b'x'; PROOF_BYTES_MAX + 1]).is_err());
}
