//! Digest files of CloudTrail: each break is found and placed, and none is invented.

use std::collections::BTreeSet;

use scenario::digests::{self, Fault, Object, Placed};
use sha2::{Digest as _, Sha256};
use sources::digest::{Chain, Digest, Found, Held, Keys, Kind, LogFiles, Range, Report, Signature, Weight, verify};

const START_MS: i64 = 1_793_577_600_000;

fn nanos(ms: i64) -> i64 {
    ms * 1_000_000
}

/// Objects as they would be read from a folder.
fn read(objects: &[Object], signatures: bool) -> (Vec<Found>, LogFiles) {
    let (mut found, mut files) = (Vec::new(), LogFiles::default());
    for object in objects {
        let name = format!("s3://{}/{}", object.bucket, object.key);
        if sources::digest::is_digest(&name) {
            let signature = object.signature.clone().filter(|_| signatures);
            found.push(Found { name, digest: Digest::read(&object.content), signature });
        } else {
            let sha256 = Ok(Sha256::digest(&object.content).into());
            files.add(Held { name, sha256, replaced: 0 });
        }
    }
    (found, files)
}

fn keys() -> Keys {
    Keys::read(digests::public_keys().as_bytes()).unwrap()
}

fn judge(objects: &[Object], signatures: bool, range: Range) -> Report {
    let (found, files) = read(objects, signatures);
    verify(&found, &files, &keys(), range)
}

type Break = (Kind, Option<i64>, Option<i64>, String);

fn breaks(report: &Report) -> BTreeSet<Break> {
    assert_eq!(report.strangers, []);
    let all = report.chains.iter().flat_map(Chain::breaks);
    all.map(|verdict| (verdict.kind, verdict.since, verdict.until, verdict.what.clone())).collect()
}

/// What a fault must be told as.
fn expected(placed: &Placed, until: i64, last_kept: &str, hidden: &str) -> Vec<Break> {
    let Placed { fault, since_ms, until_ms, key, .. } = placed;
    let (since, end) = (nanos(*since_ms), nanos(*until_ms));
    let one = |kind| vec![(kind, Some(since), Some(end), key.clone())];
    match fault {
        Fault::LogAltered => one(Kind::LogAltered),
        Fault::LogDeleted => one(Kind::LogMissing),
        Fault::LogInserted => one(Kind::LogUnlisted),
        Fault::DigestAltered | Fault::DigestForged | Fault::DigestReplayed => one(Kind::DigestAltered),
        Fault::DigestDeleted | Fault::TwoDigestsDeleted => one(Kind::DigestMissing),
        // What an altered digest says of the one before it is not believed; that there is room for one is.
        Fault::PreviousHidden => vec![
            (Kind::DigestMissing, Some(since), Some(since + (end - since) / 2), hidden.to_owned()),
            (Kind::DigestAltered, Some(since + (end - since) / 2), Some(end), key.clone()),
        ],
        Fault::DigestMoved => one(Kind::DigestMoved),
        Fault::SignatureAltered => one(Kind::SignatureAltered),
        // How many went before it, nothing tells.
        Fault::FirstDeleted => vec![(Kind::DigestMissing, None, Some(end), key.clone())],
        Fault::LastDeleted => vec![(Kind::ChainSilent, Some(since), Some(until), last_kept.to_owned())],
        Fault::LoggingStopped => one(Kind::ChainRestarted),
        Fault::RangeGap => one(Kind::RangeGap),
        Fault::RangeOverlap => one(Kind::RangeOverlap),
        Fault::BucketChanged | Fault::Quiet => Vec::new(),
    }
}

fn last_digest(objects: &[Object]) -> String {
    let all = objects.iter().filter(|object| object.signature.is_some() && !object.key.contains("/old/"));
    all.map(|object| object.key.clone()).max_by_key(|key| key.rsplit('_').next().unwrap().to_owned()).unwrap()
}

/// Every fault, in every order that six seeds give, in each of three trails.
#[test]
fn each_break_is_found_and_placed_and_none_is_invented() {
    for seed in 0..6 {
        for trail in digests::trails(START_MS, 0) {
            let (objects, placed) = digests::broken(&trail, seed);
            assert_eq!(placed.len(), Fault::MIDDLE.len() + 2, "seed {seed}");
            let last = placed.iter().find(|placed| placed.fault == Fault::LastDeleted).unwrap();
            let until = nanos(last.until_ms + 3 * 3_600_000);
            let report = judge(&objects, true, Range { since: None, until: Some(until) });
            let want: BTreeSet<Break> =
                placed.iter().flat_map(|placed| expected(placed, until, &last_digest(&objects), "")).collect();
            let got = breaks(&report);
            assert_eq!(got.difference(&want).collect::<Vec<_>>(), Vec::<&Break>::new(), "invented, seed {seed}");
            assert_eq!(want.difference(&got).collect::<Vec<_>>(), Vec::<&Break>::new(), "overlooked, seed {seed}");
            let [chain] = report.chains.as_slice() else { panic!("{} chains", report.chains.len()) };
            assert_eq!(chain.count(Kind::BucketChanged), 1);
            assert!(chain.empty > 0);
            assert_eq!((chain.trail.account.as_str(), chain.trail.trail.as_str()), (trail.account, trail.name));
        }
    }
}

/// What was pulled without the metadata of the objects has its signatures in the digests that follow.
#[test]
fn without_metadata_the_next_digest_has_the_signature() {
    for seed in 20..23 {
        for trail in digests::trails(START_MS, 0) {
            let (objects, placed) = digests::broken(&trail, seed);
            let last = placed.iter().find(|placed| placed.fault == Fault::LastDeleted).unwrap();
            let until = nanos(last.until_ms + 3 * 3_600_000);
            let report = judge(&objects, false, Range { since: None, until: Some(until) });
            let told = placed.iter().filter(|placed| placed.fault != Fault::SignatureAltered);
            let want: BTreeSet<Break> =
                told.flat_map(|placed| expected(placed, until, &last_digest(&objects), "")).collect();
            assert_eq!(breaks(&report), want, "seed {seed}");
            // Before each digest that is gone or lies over another one, before a chain that begins anew, and at the end.
            assert_eq!(report.chains[0].count(Kind::DigestUnsigned), 6, "seed {seed}");
        }
    }
}

#[test]
fn an_unbroken_chain_has_no_break() {
    let mut objects = Vec::new();
    for (n, trail) in digests::trails(START_MS, 30).iter().enumerate() {
        objects.extend(digests::chain(trail, n as u64));
    }
    let report = judge(&objects, true, Range::default());
    assert_eq!(breaks(&report), BTreeSet::new());
    assert_eq!(report.chains.len(), 3);
    assert_eq!(report.worst(), Some(Weight::Note), "each chain begins");
    for chain in &report.chains {
        assert_eq!((chain.digests, chain.count(Kind::DigestVerified)), (30, 30));
        assert_eq!(chain.count(Kind::LogVerified) as u64, chain.log_files);
        assert_eq!(chain.count(Kind::ChainBegins), 1);
    }
    // Its metadata not kept, the last digest of each chain is the only one without a signature.
    let report = judge(&objects, false, Range::default());
    assert_eq!(breaks(&report), BTreeSet::new());
    assert!(report.chains.iter().all(|chain| chain.count(Kind::DigestUnsigned) == 1));
}

/// What lies before the range is not asked for, though it proves what lies inside.
#[test]
fn what_lies_outside_of_the_range_is_not_told() {
    let trail = &digests::trails(START_MS, 0)[0];
    let (objects, placed) = digests::broken(trail, 3);
    let middle = &placed[8];
    let range = Range { since: Some(nanos(middle.since_ms)), until: Some(nanos(middle.until_ms)) };
    let report = judge(&objects, true, range);
    let want: BTreeSet<Break> = expected(middle, 0, "", "").into_iter().collect();
    assert_eq!(breaks(&report), want);
    // A chain whose first digests were not kept that long.
    let whole = digests::chain(&digests::trails(START_MS, 20)[0], 1);
    let recent: Vec<Object> = whole.iter().skip(whole.len() / 2).cloned().collect();
    let (found, _) = read(&recent, true);
    let first = found.iter().filter_map(|found| found.digest.as_ref().ok()).map(|digest| digest.start).min().unwrap();
    let digests: Vec<Object> = recent.into_iter().filter(|object| object.signature.is_some()).collect();
    let kinds = |report: &Report| report.chains[0].breaks().map(|v| v.kind).collect::<BTreeSet<_>>();
    let without_logs = judge(&digests, true, Range { since: Some(first), until: None });
    assert!(!kinds(&without_logs).contains(&Kind::DigestMissing));
    assert!(kinds(&judge(&digests, true, Range::default())).contains(&Kind::DigestMissing));
}

#[test]
fn without_the_key_nothing_is_proved_and_nothing_is_broken() {
    let objects = digests::chain(&digests::trails(START_MS, 6)[1], 1);
    let (found, files) = read(&objects, true);
    let report = verify(&found, &files, &Keys::default(), Range::default());
    assert_eq!(report.worst(), Some(Weight::Unchecked));
    assert_eq!(report.chains[0].count(Kind::KeyUnknown), 6);
    assert!(report.chains[0].verdicts.iter().all(|verdict| !verdict.evidence.contains("signed by CloudTrail")));
}

#[test]
fn a_log_file_with_replaced_secrets_was_verified_at_receipt() {
    let objects = digests::chain(&digests::trails(START_MS, 6)[0], 1);
    let (found, files) = read(&objects, true);
    let mut scrubbed = LogFiles::default();
    for object in objects.iter().filter(|object| object.signature.is_none()) {
        let sha256 = Ok(Sha256::digest(&object.content).into());
        scrubbed.add(Held { name: object.key.clone(), sha256, replaced: 3 });
    }
    assert!(!files.is_empty() && files.len() == scrubbed.len());
    let report = verify(&found, &scrubbed, &keys(), Range::default());
    assert_eq!(report.worst(), Some(Weight::Note));
    let chain = &report.chains[0];
    let told = chain.verdicts.iter().find(|verdict| verdict.kind == Kind::LogVerifiedAtReceipt).unwrap();
    assert!(told.evidence.contains("not re-checkable, 3 replaced"), "{}", told.evidence);
    assert_eq!(chain.count(Kind::LogVerified), 0);
}

/// A digest delivered twice is one; an altered copy beside the real one is told, and takes nothing from it.
#[test]
fn copies_are_told_apart() {
    let mut objects = digests::chain(&digests::trails(START_MS, 6)[0], 1);
    let again: Vec<Object> = objects.clone();
    objects.extend(again);
    assert_eq!(judge(&objects, true, Range::default()).worst(), Some(Weight::Note));
    let mut copy = objects.iter().find(|object| object.signature.is_some()).unwrap().clone();
    copy.content.push(b' ');
    objects.push(copy.clone());
    let report = judge(&objects, true, Range::default());
    let told: Vec<_> = report.chains[0].breaks().collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].kind, told[0].what.as_str()), (Kind::DigestAltered, copy.key.as_str()));
}

/// What is no digest at all takes its place in the chain by its name, or is a stranger.
#[test]
fn bytes_that_are_no_digest_are_told() {
    let mut objects = digests::chain(&digests::trails(START_MS, 6)[0], 1);
    let at = objects.iter().rposition(|object| object.signature.is_some()).unwrap();
    objects[at].content = b"{\"digestS3Object\": 1}".to_vec();
    let report = judge(&objects, true, Range::default());
    let told: Vec<_> = report.chains[0].breaks().collect();
    assert_eq!((told.len(), told[0].kind, told[0].what.as_str()), (1, Kind::DigestAltered, objects[at].key.as_str()));
    let name = "x_CloudTrail-Digest_.json.gz".to_owned();
    let found = [Found { name, digest: Digest::read(b"no"), signature: None }];
    let report = verify(&found, &LogFiles::default(), &keys(), Range::default());
    assert_eq!((report.chains.len(), report.strangers.len()), (0, 1));
}

/// A signature that OpenSSL made, and the forms in which a key is handed over.
#[test]
fn a_signature_by_openssl_holds_with_each_form_of_its_key() {
    let file = |name: &str| {
        std::fs::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/digest").join(name)).unwrap()
    };
    let digest = Digest::read(&file("digest.json")).unwrap();
    let signature = String::from_utf8(file("signature.hex")).unwrap();
    for form in ["spki.pem", "pkcs1.pem", "pkcs1.base64"] {
        let keys = Keys::read(&file(form)).unwrap();
        assert_eq!(keys.check(&digest, &signature), Signature::Verified, "{form}");
        assert_eq!(keys.check(&digest, &signature.to_uppercase()), Signature::Verified, "{form}");
        assert_eq!(keys.check(&digest, &signature.replace('a', "b")), Signature::Wrong, "{form}");
        assert_eq!(keys.check(&digest, ""), Signature::Wrong, "{form}");
        let mut content = file("digest.json");
        content.push(b'\n');
        assert_eq!(keys.check(&Digest::read(&content).unwrap(), &signature), Signature::Wrong, "{form}");
    }
    assert_eq!(keys().check(&digest, &signature), Signature::KeyUnknown);
    for no_key in ["", "{}", "-----BEGIN PUBLIC KEY-----", "AAAA"] {
        assert!(Keys::read(no_key.as_bytes()).is_err(), "{no_key}");
    }
}

/// The sample of AWS's own page, and whether there are digests among the real logs.
#[test]
fn real_digests_are_read() {
    let Some(folder) = crate::real::folder() else { return };
    let page =
        folder.join("cloudtrail/awsdocs/ct-cloudtrail-log-file-validation-digest-file-structure.json-blocks.txt");
    let text = std::fs::read_to_string(page).unwrap();
    let samples: Vec<Digest> = text
        .split("\n\n")
        .filter(|sample| !sample.trim().is_empty())
        .map(|sample| Digest::read(sample.as_bytes()).unwrap())
        .collect();
    assert_eq!(samples.len(), 2);
    assert_eq!((samples[0].log_files.len(), samples[1].log_files.len()), (1, 0));
    assert_eq!((samples[0].trail.trail.as_str(), samples[0].trail.region.as_str()), ("your-trail-name", "us-east-2"));
    assert_eq!(samples[0].end - samples[0].start, 3_600_000_000_000);
    assert!(samples.iter().all(|sample| sample.previous.as_ref().unwrap().sha256.is_some()));
    let real = crate::real::files(&folder.join("cloudtrail"), ".json.gz");
    let digests = real.iter().filter(|path| sources::digest::is_digest(&path.to_string_lossy())).count();
    eprintln!("{digests} digest files among {} objects of real trails", real.len());
}
