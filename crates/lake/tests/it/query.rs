//! Filters, point look-ups, groups and what indexes skip: always the answer of a full scan.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lake::{Filter, Lake, Limits};
use model::{EventId, LeafIndex, Status};
use proptest::prelude::*;
use serde_json::Value;

use crate::log::{LOG, Log, ask, k8s, lines};

fn leaves(answer: lake::Answer) -> Vec<i64> {
    let rows = lines(answer).unwrap();
    rows.iter().map(|line| serde_json::from_str::<Value>(line).unwrap()["leaf_index"].as_i64().unwrap()).collect()
}

fn find(lake: &Arc<Lake>, filter: &Filter) -> Vec<i64> {
    leaves(lake.events(filter, Limits::default()).unwrap())
}

/// The pattern of a filter, tried in the most naive way there is.
fn matches(text: &[u8], pattern: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => (0..=text.len()).any(|skip| matches(&text[skip..], rest)),
        (Some((b'?', pattern)), Some((_, text))) => matches(text, pattern),
        (Some((p, pattern)), Some((t, text))) => p == t && matches(text, pattern),
        _ => false,
    }
}

/// What a filter lets through, row by row over JSON lines of everything.
fn brute_force(rows: &[Value], filter: &Filter) -> Vec<i64> {
    let text = |row: &Value, name: &str| row[name].as_str().map(str::to_owned);
    let like = |row: &Value, names: &[&str], pattern: &Option<String>| {
        pattern.as_ref().is_none_or(|pattern| {
            names.iter().any(|n| text(row, n).is_some_and(|t| matches(t.as_bytes(), pattern.as_bytes())))
        })
    };
    let nanos = |row: &Value| -> i64 {
        let time: jiff::Timestamp = row["time"].as_str().unwrap().parse().unwrap();
        i64::try_from(time.as_nanosecond()).unwrap()
    };
    let mut found: Vec<_> = rows
        .iter()
        .filter(|row| filter.since.is_none_or(|since| nanos(row) >= since))
        .filter(|row| filter.until.is_none_or(|until| nanos(row) < until))
        .filter(|row| {
            let names = ["actor_principal", "actor_name", "subject_principal", "initiator_principal"];
            like(row, &names, &filter.principal)
        })
        .filter(|row| like(row, &["api_operation"], &filter.action))
        .filter(|row| like(row, &["src_ip"], &filter.src_ip))
        .filter(|row| filter.outcome.is_none_or(|status| row["status"] == status.as_str()))
        .filter(|row| {
            let resources = row["resources"].as_array().cloned().unwrap_or_default();
            filter.resource.is_none() || resources.iter().any(|r| like(r, &["uri", "name"], &filter.resource))
        })
        .filter(|row| {
            let ids = row["correlation_ids"].as_array().cloned().unwrap_or_default();
            filter.correlation.as_ref().is_none_or(|id| ids.iter().any(|i| i == id))
        })
        .filter(|row| filter.duplicates || row["duplicate_of"].is_null())
        .map(|row| (nanos(row), row["leaf_index"].as_i64().unwrap()))
        .collect();
    found.sort_unstable();
    if !filter.oldest_first {
        found.reverse();
    }
    found.truncate(filter.limit.unwrap_or(usize::MAX));
    found.into_iter().map(|(_, leaf)| leaf).collect()
}

fn pattern(values: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    proptest::option::weighted(0.4, proptest::sample::select(values).prop_map(str::to_owned))
}

prop_compose! {
    fn filters()(
        since in proptest::option::weighted(0.3, 0_i64..60),
        until in proptest::option::weighted(0.3, 0_i64..60),
        principal in pattern(&["user-1", "*user*", "k8s*", "*user-?", "*%*", "nobody", "*_1", "*"]),
        action in pattern(&["get secrets", "*secrets", "list*", "*e*", "???*", "get_secrets"]),
        outcome in proptest::option::weighted(0.2, proptest::sample::select(&[Status::Success, Status::Failure][..])),
        resource in pattern(&["*db", "*vault*", "db", "*pay*"]),
        src_ip in pattern(&["10.0.0.3", "10.*", "10.0.0.?", "1.2.3.4"]),
        correlation in pattern(&["id-3", "id-17", "id-44", "nothing"]),
        duplicates in any::<bool>(),
        oldest_first in any::<bool>(),
        limit in proptest::option::weighted(0.3, 0_usize..20),
    ) -> Filter {
        let at = |second: i64| (1_675_245_600 + second) * 1_000_000_000;
        Filter {
            since: since.map(at), until: until.map(at), principal, action, outcome, resource, src_ip, correlation,
            duplicates, oldest_first, limit, ..Filter::default()
        }
    }
}

/// Sixty events of which some are told twice, in two files and the tail.
fn mixed(folder: &std::path::Path) -> Log {
    let mut log = Log::new();
    for n in 0..60_u32 {
        let (user, verb, secret) = (
            ["user-1", "user-2", "user_1", "%"][n as usize % 4],
            ["get", "list"][n as usize % 2],
            ["db", "vault-key"][n as usize / 7 % 2],
        );
        let record = k8s(&format!("id-{}", n % 50), user, verb, secret, n % 50);
        log.record(&if n % 5 == 0 {
            record.replace(r#""code":200"#, r#""code":403,"status":"Failure""#)
        } else {
            record
        });
        if n % 25 == 24 {
            log.settle(folder);
        }
    }
    log
}

#[test]
fn a_filter_finds_what_a_full_scan_finds() {
    let folder = tempfile::tempdir().unwrap();
    let lake = mixed(folder.path()).lake(folder.path());
    let rows: Vec<Value> =
        ask(&lake, "SELECT * FROM events_all").iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 60);
    assert_eq!(rows.iter().filter(|row| !row["duplicate_of"].is_null()).count(), 10, "told twice");
    let some = std::cell::Cell::new(0);
    let mut runner = proptest::test_runner::TestRunner::new_with_rng(
        ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() },
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    runner
        .run(&filters(), |filter| {
            let expected = brute_force(&rows, &filter);
            some.set(some.get() + usize::from(!expected.is_empty()));
            prop_assert_eq!(find(&lake, &filter), expected, "{:?}", filter);
            Ok(())
        })
        .unwrap();
    assert!(some.get() > 20, "only {} of 120 filters find anything", some.get());
}

#[test]
fn an_event_is_found_by_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let log = mixed(folder.path());
    let lake = log.lake(folder.path());
    let id = |log: &str, index| EventId { log: log.to_owned(), index: LeafIndex(index) };
    for leaf in [1, 24, 30, 58] {
        let row = lake.event(&id(LOG, leaf)).unwrap().expect("an event");
        assert_eq!(row.num_rows(), 1);
        assert!(lake::json::row(&row, 0).starts_with(&format!(r#"{{"event_id":"{LOG}-{leaf}","#)));
        assert!(lake.reject(&id(LOG, leaf)).unwrap().is_none());
        let by_sql = ask(&lake, &format!("SELECT leaf_index FROM events_all WHERE event_id = '{LOG}-{leaf}'"));
        assert_eq!(by_sql, [format!(r#"{{"leaf_index":{leaf}}}"#)]);
    }
    for missing in [id(LOG, 0), id(LOG, 9_999), id("00000000", 1), id(LOG, u64::MAX)] {
        assert!(lake.event(&missing).unwrap().is_none(), "{missing}");
        let sql = format!("SELECT leaf_index FROM events_all WHERE event_id = '{missing}'");
        assert!(ask(&lake, &sql).is_empty(), "{missing}");
    }
}

#[test]
fn the_span_is_that_of_all_events() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Log::new().lake(folder.path()).span().unwrap(), None);
    let lake = mixed(folder.path()).lake(folder.path());
    let (from, to) = lake.span().unwrap().unwrap();
    let span = format!(r#"{{"f":"{}","t":"{}"}}"#, model::rfc3339_from_nanos(from), model::rfc3339_from_nanos(to));
    assert_eq!(ask(&lake, "SELECT min(time) AS f, max(time) AS t FROM events_all"), [span]);
}

#[test]
fn events_that_share_a_correlation_id_fold_into_one() {
    let folder = tempfile::tempdir().unwrap();
    let lake = mixed(folder.path()).lake(folder.path());
    let all = Filter { duplicates: true, ..Filter::default() };
    let rows = lines(lake.groups(&all, Limits::default()).unwrap()).unwrap();
    let rows: Vec<Value> = rows.iter().map(|line| serde_json::from_str(line).unwrap()).collect();

    // The same by flooding from each row over all that share an id with it.
    let ids: BTreeMap<i64, BTreeSet<String>> = ask(&lake, "SELECT leaf_index, correlation_ids FROM events_all")
        .iter()
        .map(|line| {
            let row: Value = serde_json::from_str(line).unwrap();
            let ids = row["correlation_ids"].as_array().cloned().unwrap_or_default();
            (row["leaf_index"].as_i64().unwrap(), ids.iter().map(|id| id.as_str().unwrap().to_owned()).collect())
        })
        .collect();
    let order = find(&lake, &all);
    let mut done = BTreeSet::new();
    let mut expected = Vec::new();
    for leaf in order {
        let (mut set, mut known, before) = (BTreeSet::from([leaf]), ids[&leaf].clone(), done.len());
        if !done.insert(leaf) {
            continue;
        }
        while let Some((more, its)) = ids.iter().find(|(l, i)| !set.contains(l) && !known.is_disjoint(i)) {
            set.insert(*more);
            known.extend(its.iter().cloned());
            done.insert(*more);
        }
        assert_eq!(done.len() - before, set.len());
        expected.push((leaf, set.len() as i64));
    }
    let found: Vec<_> =
        rows.iter().map(|row| (row["leaf_index"].as_i64().unwrap(), row["group_count"].as_i64().unwrap())).collect();
    assert_eq!(found, expected);
    assert!(found.iter().any(|(_, count)| *count > 1));

    let first = Filter { limit: Some(3), columns: vec!["leaf_index".into()], ..all };
    let rows = lines(lake.groups(&first, Limits::default()).unwrap()).unwrap();
    let wanted: Vec<_> =
        expected.iter().take(3).map(|(leaf, n)| format!(r#"{{"leaf_index":{leaf},"group_count":{n}}}"#)).collect();
    assert_eq!(rows, wanted);
}

/// Ten thousand events in one file, so that it has several pages.
fn large(folder: &std::path::Path) -> Log {
    let mut log = Log::new();
    for n in 0..20_000_u32 {
        log.record(&k8s(&format!("id-{n}"), &format!("user-{}", n / 100), "get", "db", n / 400));
    }
    log.settle(folder);
    log
}

#[test]
fn indexes_skip_and_never_lie() {
    let folder = tempfile::tempdir().unwrap();
    let lake = large(folder.path()).lake(folder.path());
    let plan = |condition: &str| {
        ask(&lake, &format!("EXPLAIN ANALYZE SELECT leaf_index FROM events_all WHERE {condition}")).join("\n")
    };
    for (value, skipped) in [("user-17", false), ("user-1x", true)] {
        let by_index = ask(&lake, &format!("SELECT count(*) AS n FROM events_all WHERE actor_name = '{value}'"));
        let by_scan =
            ask(&lake, &format!("SELECT count(*) AS n FROM events_all WHERE concat(actor_name, '') = '{value}'"));
        assert_eq!(by_index, by_scan, "{value}");
        let metrics = plan(&format!("actor_name = '{value}'"));
        assert_eq!(!metrics.contains(".events.parquet"), skipped, "{value}: {metrics}");
    }
    let metrics = plan("leaf_index BETWEEN 9000 AND 9010");
    assert!(metrics.contains("page_index_pages_pruned=3 total → 1 matched"), "{metrics}");
    let rows = ask(&lake, "SELECT count(*) AS n FROM events_all WHERE leaf_index BETWEEN 9000 AND 9010");
    assert_eq!(rows, [r#"{"n":11}"#]);
}

/// Needles of every kind that a bloom filter can rule out, in lists too: what a question finds with
/// the filters is what it finds when the condition is hidden from them.
#[test]
fn files_ruled_out_by_a_needle_hold_none() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Log::new();
    for file in 0..6_u32 {
        for n in 0..40 {
            let id = format!("id-{}", file * 30 + n);
            log.record(&k8s(&id, &format!("user-{}", file / 2), "get", &format!("db-{}", (file + n) % 7), n));
        }
        log.settle(folder.path());
    }
    log.record(&k8s("id-in-the-tail", "user-9", "get", "db-9", 9));
    let lake = log.lake(folder.path());
    let resource = |n: u32| {
        let row = ask(&lake, &format!("SELECT resources[1]['uri'] AS v FROM events_all WHERE leaf_index = {n}"));
        serde_json::from_str::<Value>(&row[0]).unwrap()["v"].as_str().unwrap().to_owned()
    };
    let mut needles = vec![resource(1), resource(50), "nothing".to_owned()];
    needles.extend((0..10).map(|n| format!("db-{n}")));
    needles.extend((0..240).step_by(17).map(|n| format!("id-{n}")));
    needles.extend(["id-in-the-tail", "user-0", "user-1", "user-9"].map(str::to_owned));
    let mut skipped = 0;
    for needle in &needles {
        for (open, hidden) in [
            ("array_has(correlation_ids, '$')", "array_has(array_append(correlation_ids, ''), '$')"),
            ("array_has(pluck(resources, 'uri'), '$')", "array_has(array_append(pluck(resources, 'uri'), ''), '$')"),
            ("any_glob(pluck(resources, 'name'), '$')", "any_glob(array_append(pluck(resources, 'name'), ''), '$')"),
            ("'$' = source_event_id", "concat(source_event_id, '') = '$'"),
            (
                "actor_name = '$' OR array_has(correlation_ids, '$')",
                "concat(actor_name, '') = '$' OR array_has(array_append(correlation_ids, ''), '$')",
            ),
            (
                "actor_name = 'user-1' AND array_has(correlation_ids, '$')",
                "concat(actor_name, '') = 'user-1' AND array_has(array_append(correlation_ids, ''), '$')",
            ),
            ("NOT array_has(correlation_ids, '$')", "NOT array_has(array_append(correlation_ids, ''), '$')"),
            ("source_event_id <> '$'", "concat(source_event_id, '') <> '$'"),
        ] {
            let rows = |condition: &str| {
                let condition = condition.replace('$', needle);
                ask(&lake, &format!("SELECT leaf_index FROM events_all WHERE {condition} ORDER BY leaf_index"))
            };
            assert_eq!(rows(open), rows(hidden), "{open} of {needle}");
        }
        let plan =
            ask(&lake, &format!("EXPLAIN SELECT leaf_index FROM events WHERE array_has(correlation_ids, '{needle}')"));
        skipped += 6 - plan.join("").matches(".events.parquet").count();
    }
    assert!(skipped > 5 * needles.len(), "only {skipped} files of {} were not opened", 6 * needles.len());
}
