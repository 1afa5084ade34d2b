use signed_note::{Note as TheirNote, StandardSigner, StandardVerifier, VerifierList};
use tlog::checkpoint::{Checkpoint, Opened};
use tlog::leaf_hash;
use tlog::note::{Algorithm, Note, SignerKey};

fn key() -> SignerKey {
    SignerKey::from_seed("oracle.example/log", Algorithm::Ed25519, &[42; 32]).unwrap()
}

#[test]
fn our_checkpoint_is_theirs() {
    let ours = Checkpoint::new("oracle.example/log", 70_000, leaf_hash(b"root"));
    let note = ours.sign(&key()).unwrap().encode();
    let theirs = TheirNote::from_bytes(note.as_bytes()).unwrap();
    let verifier = StandardVerifier::new(&key().verifier().to_string()).unwrap();
    let (known, unknown) = theirs.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap();
    assert_eq!((known.len(), unknown.len()), (1, 0));
    let checkpoint = tlog_tiles::Checkpoint::from_bytes(theirs.text()).unwrap();
    assert_eq!((checkpoint.origin(), checkpoint.size()), ("oracle.example/log", 70_000));
    assert_eq!(checkpoint.hash().0, ours.root.0);
}

#[test]
fn their_note_is_ours() {
    let text = "oracle.example/log\n3\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let mut theirs = TheirNote::new(text.as_bytes(), &[]).unwrap();
    let signer = StandardSigner::new(&key().to_secret_text()).unwrap();
    theirs.add_sigs(&[&signer]).unwrap();
    let bytes = theirs.to_bytes();
    assert_eq!(Opened::open(&bytes, &key().verifier()).unwrap().checkpoint.size, 3);
    // Ed25519 is deterministic, so both write the same bytes.
    let mut ours = Note::new(text).unwrap();
    ours.sign(&key()).unwrap();
    assert_eq!(ours.encode().into_bytes(), bytes);
}
