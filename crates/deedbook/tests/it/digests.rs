//! `deedbook source digests`, over a copy of a bucket and over what was ingested.

use scenario::digests;

use crate::Bench;

const START_MS: i64 = 1_793_577_600_000;
const HOURS: usize = 24;

/// A bucket of signed chains, broken or whole, and the keys.
fn bucket(bench: &Bench, broken: bool) -> Vec<digests::Placed> {
    bench.put("keys.txt", digests::public_keys());
    digests::write_all(&bench.path("bucket"), 7, START_MS, HOURS, broken).unwrap()
}

#[test]
fn whole_chains_are_proved_from_a_copy_and_from_what_was_ingested() {
    let bench = Bench::new();
    assert_eq!(bucket(&bench, false), []);
    let ran = bench.run(&["source", "digests", "--key", "keys.txt", "--from", "bucket", "-o", "json"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let told = ran.json();
    let chains = told["chains"].as_array().unwrap();
    assert!(chains.len() >= 3 && chains.iter().all(|chain| chain["digests"].as_u64() > Some(0)), "{told}");
    assert_eq!(bench.run(&["ingest", "--init", "--source", "trail", "bucket"]).code, Some(0));
    let ran = bench.run(&["source", "digests", "--key", "keys.txt", "--until", "2026-11-03T00:00:00Z", "-o", "json"]);
    let sealed = ran.json();
    for (chain, of_copy) in sealed["chains"].as_array().unwrap().iter().zip(chains) {
        assert_eq!((&chain["trail"], &chain["digests"]), (&of_copy["trail"], &of_copy["digests"]));
        let altered = chain["verdicts"].as_array().unwrap().iter().find(|verdict| verdict["weight"] == "break");
        assert_eq!(altered, None, "{}", ran.err);
    }
}

#[test]
fn the_account_has_what_digests_prove_and_where_they_are_broken() {
    for is_broken in [false, true] {
        let bench = Bench::new();
        let placed = bucket(&bench, is_broken);
        assert_eq!(bench.run(&["ingest", "--init", "--source", "trail", "bucket"]).code, Some(0));
        let range = ["--since", "2026-11-02", "--until", "2026-11-03", "-o", "json"];
        let account = |more: &[&str]| {
            let ran = bench.run(&[&["completeness"], more, &range[..]].concat());
            assert_eq!(ran.code, Some(0), "{}", ran.err);
            ran.json()["sources"][0].clone()
        };
        let found = |account: &serde_json::Value| -> Vec<String> {
            let findings = account["findings"].as_array().unwrap();
            let unproved = findings.iter().filter(|finding| finding["verdict"] == "unproved");
            unproved.map(|finding| finding["what"].as_str().unwrap().to_owned()).collect()
        };
        let blind = |account: &serde_json::Value| account["blind_spots"].to_string().contains("no-proof");
        let without = account(&[]);
        assert!(blind(&without) && found(&without).is_empty(), "{without}");
        let with = account(&["--key", "keys.txt"]);
        assert!(!blind(&with), "{with}");
        let told = found(&with);
        assert_eq!(told.is_empty(), !is_broken, "{told:?}");
        if is_broken {
            for word in ["log-missing", "digest-missing"] {
                assert!(told.iter().any(|what| what.starts_with(word)), "{word} of {placed:?}: {told:?}");
            }
        }
    }
}

#[test]
fn broken_chains_are_said_to_be_and_the_exit_says_so() {
    let bench = Bench::new();
    let placed = bucket(&bench, true);
    assert!(!placed.is_empty());
    let ran = bench.run(&["source", "digests", "--key", "keys.txt", "--from", "bucket"]);
    assert_eq!(ran.code, Some(3), "{}{}", ran.out, ran.err);
    for word in ["log-altered", "log-missing", "digest-missing"] {
        assert!(ran.out.contains(word), "{word}: {}", ran.out);
    }
    let empty = Bench::new();
    empty.put("keys.txt", digests::public_keys());
    empty.put("none/a.txt", "no digest");
    let ran = empty.run(&["source", "digests", "--key", "keys.txt", "--from", "none"]);
    assert_eq!(ran.code, Some(5), "nothing was proved: {}", ran.err);
    empty.put("wrong.txt", "no key");
    let ran = empty.run(&["source", "digests", "--key", "wrong.txt", "--from", "none"]);
    assert!(ran.err.contains("--key wrong.txt"), "{}", ran.err);
}
