use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{Delivery, Form, Options, incident, write};

const OPTIONS: Options = Options {
    seed: 7,
    records: 3_000,
    start_ms: 1_790_000_000_000,
    form: Form::Lines,
    delivery: Delivery { shuffle_s: 0, double_percent: 0, without: Vec::new() },
};

fn lines(path: &Path) -> Vec<Value> {
    std::fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn files(out: &Path) -> BTreeMap<&'static str, Vec<Value>> {
    let kubernetes = ["prod-north", "prod-south", "staging"].iter();
    let mut files: BTreeMap<&'static str, Vec<Value>> = [
        ("aws", "cloudtrail/events.ndjson"),
        ("vault", "vault/audit.log"),
        ("github", "github/audit.ndjson"),
        ("okta", "okta/system.ndjson"),
        ("entra", "entra/directory.ndjson"),
        ("azure", "azure/activity.ndjson"),
        ("gcp", "gcp/audit.ndjson"),
        ("teleport", "teleport/events.ndjson"),
        ("spire", "spire/server.ndjson"),
        ("hoop", "hoop/gateway.ndjson"),
        ("postgres", "postgres/postgresql.json"),
        ("otel", "otel/spans.ndjson"),
        ("gitlab", "gitlab/audit-events.ndjson"),
        ("mcp", "mcp/messages.ndjson"),
        ("grant", "tickets/desk.ndjson"),
    ]
    .into_iter()
    .map(|(platform, name)| (platform, lines(&out.join(name))))
    .collect();
    let clusters = kubernetes.flat_map(|name| lines(&out.join(format!("kubernetes/{name}.log"))));
    files.insert("k8s", clusters.collect());
    inventories(out, &mut files);
    files.entry("github").or_default().extend(lines(&out.join("github/webhooks.ndjson")));
    files
}

/// Adds the items of the inventories, as many as whoever collects them has to find.
fn inventories(out: &Path, files: &mut BTreeMap<&'static str, Vec<Value>>) {
    let read = |name: &str| std::fs::read_to_string(out.join("inventory").join(name)).unwrap_or_default();
    let documents = [
        ("aws", "iam.json", &["UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"][..]),
        ("k8s", "prod-north.json", &["items"][..]),
    ];
    for (platform, name, keys) in documents {
        let document: Value = serde_json::from_str(&read(name)).unwrap_or_default();
        let items = keys.iter().flat_map(|key| document[key].as_array().cloned().unwrap_or_default());
        files.entry(platform).or_default().extend(items);
    }
    files.insert("inventory", read("owners.csv").lines().skip(1).map(Value::from).collect());
}

#[test]
fn every_record_is_json_and_counted() {
    let out = tempfile::tempdir().unwrap();
    let totals = write(out.path(), &OPTIONS).unwrap();
    let files = files(out.path());
    for (platform, records) in &files {
        assert_eq!(records.len() as u64, totals.platforms[platform], "{platform}");
        assert!(!records.is_empty(), "{platform}");
    }
    assert_eq!(totals.records, OPTIONS.records);
    assert_eq!(files.values().map(Vec::len).sum::<usize>() as u64, totals.records);
}

/// What a session writes next may be several records: it is not begun where they are more than was asked for.
#[test]
fn as_many_records_are_written_as_were_asked_for() {
    for records in (500..540).chain([1_001, 2_002]) {
        let out = tempfile::tempdir().unwrap();
        let totals = write(out.path(), &Options { records, ..OPTIONS }).unwrap();
        assert_eq!(totals.records, records);
    }
}

/// Every file below a folder, logs and truth, by its path.
fn bytes(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let each = paths.flat_map(|path| match path.is_dir() {
        true => bytes(&path),
        false => BTreeMap::from([(path.clone(), std::fs::read(&path).unwrap())]),
    });
    each.collect()
}

#[test]
fn one_seed_writes_the_same_bytes_and_another_does_not() {
    let read = |seed| {
        let out = tempfile::tempdir().unwrap();
        write(out.path(), &Options { seed, ..OPTIONS }).unwrap();
        let inside = |(path, bytes): (PathBuf, Vec<u8>)| (path.strip_prefix(out.path()).unwrap().to_owned(), bytes);
        bytes(out.path()).into_iter().map(inside).collect::<BTreeMap<_, _>>()
    };
    let (one, again, other) = (read(7), read(7), read(8));
    assert!(one.len() > 25, "{:?}", one.keys());
    assert_eq!(one.keys().collect::<Vec<_>>(), again.keys().collect::<Vec<_>>());
    for (path, bytes) in &one {
        assert!(again[path] == *bytes, "{}", path.display());
        assert!(other.get(path) != Some(bytes), "{}", path.display());
    }
}

#[test]
fn the_truth_names_the_record_that_minted_each_credential_and_counts_its_uses() {
    let out = tempfile::tempdir().unwrap();
    write(out.path(), &OPTIONS).unwrap();
    let files = files(out.path());
    let id = |record: &Value| {
        let ids = [
            "/eventID",
            "/auditID",
            "/request/id",
            "/insertId",
            "/properties/id",
            "/uuid",
            "/request_id",
            "/record_id",
            "/id",
        ];
        let found = ids.iter().find_map(|path| record.pointer(path));
        found.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let ids: BTreeSet<String> = files.values().flatten().map(id).collect();
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for record in files.values().flatten() {
        let jti = record.pointer("/user/extra/authentication.kubernetes.io~1credential-id/0").and_then(Value::as_str);
        let key = record.pointer("/userIdentity/accessKeyId").or(record.pointer("/request/client_token_accessor"));
        let credential = jti.and_then(|jti| jti.strip_prefix("JTI=")).or(key.and_then(Value::as_str));
        if let Some(credential) = credential {
            uses.entry(credential.to_owned()).or_default().insert(id(record));
        }
    }
    let truth = lines(&out.path().join("truth.ndjson"));
    let minted: Vec<&Value> = truth.iter().filter(|line| line.get("credential").is_some()).collect();
    assert!(minted.len() > 50, "{}", minted.len());
    for line in minted {
        let text = |key: &str| line[key].as_str().unwrap();
        let by = text("minted_by");
        assert!(by.is_empty() || ids.contains(by), "{line}");
        // A token that is exchanged for a web identity leaves no trace of its id; a long-lived key is
        // shared by many sessions: for both the log shows another count than the session.
        let shown = uses.get(text("credential")).map_or(0, BTreeSet::len) as u64;
        let exact = !by.is_empty() && matches!(text("platform"), "aws" | "vault");
        assert!(!exact || shown == line["uses"].as_u64().unwrap(), "{line}: the log shows {shown}");
    }
}

#[test]
fn records_of_a_file_are_in_order_of_time() {
    let out = tempfile::tempdir().unwrap();
    write(out.path(), &OPTIONS).unwrap();
    let times: Vec<String> = lines(&out.path().join("cloudtrail/events.ndjson"))
        .iter()
        .map(|record| record["eventTime"].as_str().unwrap().to_owned())
        .collect();
    assert!(times.is_sorted());
}

#[test]
fn the_incident_is_written_as_the_platforms_would() {
    let out = tempfile::tempdir().unwrap();
    let totals = incident::write(out.path(), OPTIONS.start_ms).unwrap();
    assert_eq!(totals.platforms.values().sum::<u64>(), totals.records);
    let vault = lines(&out.path().join("vault/audit.log"));
    assert!(
        vault
            .iter()
            .any(|entry| entry.pointer("/response/data/access_key").is_some_and(|key| key == "ASIAHALDENEXPORT007F"))
    );
    assert!(std::fs::read_dir(out.path().join("cloudtrail/AWSLogs/CloudTrail/eu-north-1")).unwrap().count() > 0);
}

/// Each way that a use can stand to a grant, where the vendors' logs let it be known.
#[test]
fn every_verdict_comes_up_and_each_use_names_a_record() {
    let out = tempfile::tempdir().unwrap();
    write(out.path(), &Options { records: 6_000, ..OPTIONS }).unwrap();
    let text = files(out.path()).values().flatten().map(Value::to_string).collect::<String>();
    // A policy that somebody has is a grant as well.
    let named = [("truth-grants.ndjson", "grant"), ("truth-privileges.ndjson", "privilege")].map(|(file, key)| {
        lines(&out.path().join(file)).iter().map(|line| line[key].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    });
    let granted: BTreeSet<String> = named.into_iter().flatten().collect();
    let mut verdicts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in lines(&out.path().join("truth-uses.ndjson")) {
        let of = |key: &str| line[key].as_str().unwrap();
        assert!(text.contains(of("record")), "{line}");
        assert!(of("grant").is_empty() || granted.contains(of("grant")) || of("granted_at") == "teleport", "{line}");
        verdicts.entry(of("verdict").to_owned()).or_default().insert(of("granted_at").to_owned());
    }
    // How far sessions of Teleport and hoop.dev outlast what they got is left to chance.
    let by_chance = |of: &&str| matches!(*of, "teleport" | "hoop");
    let on =
        |verdict: &str| verdicts[verdict].iter().map(String::as_str).filter(|of| !by_chance(of)).collect::<Vec<_>>();
    assert_eq!(on("CONSISTENT"), ["aws", "entra", "gcp", "grant", "okta"]);
    assert_eq!(on("NOT_APPROVED"), ["gcp", "github", "grant"]);
    assert_eq!(on("NO_GRANT"), ["aws", "entra", "gcp", "grant", "k8s", "okta"]);
    assert_eq!(on("OUTSIDE_WINDOW"), ["aws", "entra", "gcp", "github", "grant", "k8s", "okta", "vault"]);
    assert_eq!(on("OVER_SCOPE"), ["aws", "gcp", "grant", "k8s"]);
    assert_eq!(on("PROVED"), ["k8s", "vault"]);
    assert_eq!(on("STANDING"), ["aws", "entra", "grant", "k8s", "okta"]);
    assert_eq!(on("UNKNOWN"), ["entra", "github", "grant", "vault"]);
    assert!(["NOT_APPROVED", "NO_GRANT"].iter().all(|verdict| verdicts[*verdict].contains("teleport")));
}
