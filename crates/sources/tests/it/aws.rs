//! Tests of `aws`: CloudTrail.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::{golden, real};

/// Columns whose values stand in the record word for word, with their place in the event.
const VERBATIM: &[(&str, &str)] = &[
    ("source_event_id", "/source_event_id"),
    ("time_raw", "/time_raw"),
    ("status_code", "/status_code"),
    ("tenant", "/tenant"),
    ("region", "/region"),
    ("actor_name", "/actor/name"),
    ("role", "/role"),
    ("workload_name", "/workload/name"),
    ("workload_namespace", "/workload/namespace"),
    ("workload_uid", "/workload/uid"),
    ("credential_native_id", "/credential/native_id"),
    ("credential_issuer", "/credential/issuer"),
    ("issued_credential_native_id", "/issued_credential/native_id"),
    ("issued_credential_issuer", "/issued_credential/issuer"),
    ("api_service", "/api/service"),
    ("api_request_id", "/api/request_id"),
    ("resources", "/resources/0/name"),
    ("resources", "/resources/1/name"),
    ("secret_access_path", "/secret_access/path"),
    ("secret_access_version", "/secret_access/version"),
    ("src_ip", "/src/ip"),
    ("src_host", "/src/host"),
    ("src_network", "/src/network"),
    ("dst_host", "/dst/host"),
    ("user_agent", "/user_agent"),
    ("authn_method", "/authn/method"),
    ("decision_reason", "/decision/reason"),
    ("error_code", "/error_code"),
    ("error_message", "/error_message"),
    ("correlation_ids", "/correlation_ids/0"),
    ("correlation_ids", "/correlation_ids/1"),
    ("related", "/related/0/source_event_id"),
    ("data_bytes_in", "/data_bytes_in"),
    ("data_bytes_out", "/data_bytes_out"),
    ("purpose_reason", "/purpose/reason"),
    ("inventory_name", "/inventory/name"),
    ("inventory_owners", "/inventory/owners/0"),
    ("inventory_team", "/inventory/team"),
    ("inventory_purpose", "/inventory/purpose"),
    ("inventory_sensitivity", "/inventory/sensitivity"),
    ("inventory_credentials", "/inventory/credentials/0/native_id"),
];

#[test]
fn goldens() {
    golden::all("aws", 40);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("aws", 7);
}

/// Even of a digest that was cut down: it is what it is, and what is missing is said.
#[test]
fn a_digest_file_is_an_event() {
    let digest = br#"{"awsAccountId":"111122223333","digestS3Bucket":"b","digestSignatureAlgorithm":"SHA256withRSA","logFiles":[]}"#;
    let event = golden::normalise(digest).unwrap();
    assert_eq!((event["class_uid"].as_u64(), event["activity_id"].as_u64()), (Some(1008), Some(4)));
    assert_eq!(event["quality"]["missing"], serde_json::json!(["time", "region", "resources"]));
}

#[test]
fn a_record_that_only_contains_one_is_not_taken() {
    for text in [
        r#"{"kind":"Event","apiVersion":"audit.k8s.io/v2","requestObject":{"eventName":"x","eventSource":"y"}}"#,
        r#"{"finding":{"eventSource":"s3.amazonaws.com","eventName":"GetObject","userIdentity":{}}}"#,
        r#"{"note":"\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"GetObject\""}"#,
        r#"{"eventName":"GetObject"}"#,
    ] {
        let taken = golden::normalise(text.as_bytes()).is_ok_and(|event| event["platform"] == "aws");
        assert!(!taken, "{text}");
    }
}

#[test]
fn odd_values_lose_no_record() {
    for text in [
        r#"{"eventSource":"s3.amazonaws.com","eventName":"GetObject","userIdentity":"nobody","resources":["x",7]}"#,
        r#"{"eventSource":"s3.amazonaws.com","eventName":"GetObject","requestParameters":"none","responseElements":[1]}"#,
        r#"{"eventSource":"sts.amazonaws.com","eventName":"AssumeRole","responseElements":{"credentials":{"accessKeyId":7}}}"#,
        r#"{"eventSource":5,"eventName":true,"eventTime":"yesterday","tlsDetails":[],"readOnly":"True"}"#,
        r#"{"eventSource":"ec2.amazonaws.com","eventName":"X","requestParameters":{"instancesSet":{"items":"x"},"":{}}}"#,
        r#"{"eventSource":"s3.amazonaws.com","eventName":"ä","userIdentity":{"type":"AssumedRole","arn":"arn:","principalId":":"}}"#,
        r#"{"eventSource":"s3.amazonaws.com","eventName":"GetObject","userIdentity":{"type":"IAMUser","type":"Root"}}"#,
    ] {
        let event = golden::normalise(text.as_bytes()).unwrap_or_else(|reject| panic!("{text}: {reject}"));
        assert_eq!(event["platform"], "aws");
        assert!(event["actor"]["uri"].as_str().unwrap().starts_with("nhi:principal:"), "{text}");
    }
}

#[test]
fn origins_lead_back_to_the_values() {
    golden::origins("aws", VERBATIM);
}

/// Records of one folder of real logs, as the platform or a collector wrote them.
fn real_records(folder: &Path) -> Vec<String> {
    let mut records = Vec::new();
    let (plain, packed) = (real::files(folder, ".json"), real::files(folder, ".json.gz"));
    for path in plain.iter().chain(&packed) {
        let mut text = String::new();
        let file = std::fs::File::open(path).unwrap();
        if packed.contains(path) {
            flate2::read::GzDecoder::new(file).take(1 << 30).read_to_string(&mut text).unwrap();
        } else {
            std::io::BufReader::new(file).read_to_string(&mut text).unwrap();
        }
        for value in serde_json::Deserializer::from_str(&text).into_iter::<&RawValue>() {
            records.extend(inside(value.unwrap()));
        }
    }
    records
}

/// The records of a delivery: `Records[]`, a list, or the value itself.
fn inside(value: &RawValue) -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Delivery<'a> {
        #[serde(rename = "Records", borrow)]
        records: Vec<&'a RawValue>,
    }
    let many: Vec<&RawValue> = match serde_json::from_str::<Delivery<'_>>(value.get()) {
        Ok(delivery) => delivery.records,
        Err(_) => serde_json::from_str(value.get()).unwrap_or_else(|_| vec![value]),
    };
    many.into_iter().map(|record| record.get().to_owned()).collect()
}

/// Every real record of CloudTrail, by the set it is from.
fn real_sets(folder: &Path) -> BTreeMap<&'static str, Vec<String>> {
    let mut sets = BTreeMap::new();
    for (name, least) in [("invictus", 2_900), ("stratus", 168), ("otrf", 103), ("bindplane", 4), ("sans504", 19_643)] {
        let records = real_records(&folder.join("cloudtrail").join(name));
        assert!(records.len() >= least, "{name}: {} records, at least {least} are there", records.len());
        sets.insert(name, records);
    }
    sets.insert("panther", real::panther(&folder.join("panther/AWS.CloudTrail.jsonl")));
    sets
}

/// Calls that CloudTrail calls read-only and that are more than a look: `docs/sources/aws.md`.
const READ_ONLY_AND_MORE: [&str; 4] = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "sts:AssumeRole"];

#[test]
fn every_real_record_becomes_an_event_and_no_column_is_empty_where_the_record_has_it() {
    let Some(folder) = real::folder() else { return };
    let mut more = BTreeSet::new();
    for (set, records) in real_sets(&folder) {
        for raw in records {
            let record: Value = serde_json::from_str(&raw).unwrap();
            let event = golden::normalise(raw.as_bytes()).unwrap_or_else(|reject| panic!("{set}: {reject}\n{raw}"));
            assert_eq!(event["platform"], "aws");
            columns(&record, &event, &raw);
            if let Some(flag) = flag(&record["readOnly"]) {
                let access = event["access"].as_str().unwrap();
                if flag && access != "read" {
                    more.insert(event["api"]["operation"].as_str().unwrap().to_owned());
                }
                assert!(!flag || matches!(access, "read" | "issue" | "execute" | "authenticate"), "{access}: {raw}");
                assert!(flag || access != "read", "{raw}");
            }
        }
    }
    assert_eq!(more, READ_ONLY_AND_MORE.map(str::to_owned).into());
}

fn flag(value: &Value) -> Option<bool> {
    value.as_bool().or_else(|| value.as_str()?.to_ascii_lowercase().parse().ok())
}

/// What the record has at a pointer, in either spelling.
fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    let text = value.pointer(pointer).or_else(|| value.pointer(&pointer.to_ascii_lowercase()))?;
    text.as_str().filter(|text| !text.is_empty())
}

fn columns(record: &Value, event: &Value, raw: &str) {
    for (from, column) in [
        ("/eventID", "/source_event_id"),
        ("/eventTime", "/time_raw"),
        ("/awsRegion", "/region"),
        ("/recipientAccountId", "/tenant"),
        ("/userAgent", "/user_agent"),
        ("/errorCode", "/error_code"),
        ("/errorMessage", "/error_message"),
        ("/requestID", "/api/request_id"),
        ("/eventSource", "/api/service"),
        ("/vpcEndpointId", "/src/network"),
        ("/userIdentity/accessKeyId", "/credential/native_id"),
    ] {
        if let Some(value) = text(record, from) {
            assert_eq!(text(event, column), Some(value), "{from} against {column}: {raw}");
        }
    }
    let address = text(record, "/sourceIPAddress");
    let from =
        if address.is_some_and(|a| a.starts_with(|c: char| c.is_ascii_digit())) { "/src/ip" } else { "/src/host" };
    assert_eq!(text(event, from), address, "{raw}");
    let source = text(record, "/eventSource").unwrap().trim_end_matches(".amazonaws.com");
    let operation = format!("{source}:{}", text(record, "/eventName").unwrap());
    assert_eq!(text(event, "/api/operation"), Some(operation.as_str()));

    let identity = record.get("userIdentity").or_else(|| record.get("useridentity"));
    let principal = text(event, "/actor/uri").unwrap();
    for known in ["principalId", "userName", "arn"] {
        if identity.is_some_and(|identity| text(identity, &format!("/{known}")).is_some()) {
            assert!(!principal.ends_with("/~unknown"), "{principal}: {raw}");
        }
    }
    let failed = text(record, "/errorCode").is_some()
        || text(record, "/errorMessage").is_some()
        || ["ConsoleLogin", "PasswordUpdated"].iter().any(|call| record["responseElements"][call] == "Failure");
    assert_eq!(event["status"], if failed { "failure" } else { "success" }, "{raw}");
    let time = text(record, "/eventTime").or_else(|| text(record, "/@timestamp"));
    assert_eq!(event.get("time").is_some(), time.is_some_and(|time| time != "..."), "{raw}");
    let named = record["resources"].as_array().into_iter().flatten();
    let arns = named.filter(|named| ["ARN", "arn", "ARNPrefix"].iter().any(|key| named[*key].is_string())).count();
    assert!(arns == 0 || event["resources"].is_array(), "{raw}");
    for key in ["bucketName", "roleName", "roleArn", "functionName", "instanceId", "secretId", "keyId", "tableName"] {
        if text(&record["requestParameters"], &format!("/{key}")).is_some() {
            assert!(event["resources"].is_array(), "{key} is there, resources are empty: {raw}");
        }
    }
}

#[test]
fn a_real_key_that_is_minted_and_used_has_one_uri() {
    let Some(folder) = real::folder() else { return };
    let mut linked = BTreeMap::new();
    for (set, records) in real_sets(&folder) {
        let (mut minted, mut used) = (BTreeMap::new(), BTreeMap::new());
        for raw in records {
            let record: Value = serde_json::from_str(&raw).unwrap();
            let event = golden::normalise(raw.as_bytes()).unwrap();
            for (pointer, column, mints) in [
                ("/responseElements/credentials/accessKeyId", "/issued_credential", true),
                ("/responseElements/accessKey/accessKeyId", "/issued_credential", true),
                ("/userIdentity/accessKeyId", "/credential", false),
            ] {
                // One case made by hand shows a key in a failed call: nothing was minted.
                let refused = mints && event["status"] == "failure";
                if let Some(key) = text(&record, pointer).filter(|_| !refused) {
                    let uri = text(&event, &format!("{column}/uri")).unwrap_or_else(|| panic!("{column}: {raw}"));
                    let keys = if mints { &mut minted } else { &mut used };
                    keys.insert(key.to_owned(), uri.to_owned());
                }
            }
        }
        let both: Vec<_> = used.iter().filter(|(key, _)| minted.contains_key(*key)).collect();
        for (key, uri) in &both {
            // Cases in `panther` were made up one by one and share placeholder keys across accounts.
            assert!(set == "panther" || minted[*key] == **uri, "{set}: {} and {uri}", minted[*key]);
        }
        linked.insert(set, both.len());
    }
    eprintln!("keys minted and used within a set: {linked:?}");
    assert!(linked["invictus"] >= 8 && linked["otrf"] >= 1 && linked["stratus"] >= 3, "{linked:?}");
}

/// Where our class differs from the one that the authors of a mapping expected, and why.
const OCSF_DIFFERENCES: [(&str, u64, u64, &str); 1] =
    [("CreateUser", 3001, 3007, "Account Change is deprecated since OCSF 1.9; User Management takes its place")];

#[test]
fn the_pairs_of_ocsf_agree_or_the_difference_is_explained() {
    let Some(folder) = real::folder() else { return };
    let raws = real::files(&folder.join("ocsf_examples/mappings"), ".raw");
    let raws: Vec<_> = raws.into_iter().filter(|path| path.to_string_lossy().contains("CloudTrail")).collect();
    assert!(raws.len() >= 10, "{} pairs of CloudTrail", raws.len());
    for path in raws {
        let theirs = real::files(path.parent().unwrap(), "")
            .into_iter()
            .find(|other| other.to_string_lossy().rsplit('/').next().unwrap().to_ascii_lowercase().contains("ocsf"))
            .unwrap();
        let expected = std::fs::read_to_string(&theirs).unwrap();
        // One of their files has a comma before a closing brace.
        let expected = expected.replace("},\n    },", "}\n    },");
        let expected: Value = serde_json::from_str(&expected).unwrap();
        let event = golden::normalise(&std::fs::read(&path).unwrap()).unwrap();
        agree(&expected, &event, &path);
    }
}

fn agree(expected: &Value, event: &Value, path: &Path) {
    let name = expected["api"]["operation"].as_str().unwrap();
    let (theirs, ours) = (expected["class_uid"].as_u64().unwrap(), event["class_uid"].as_u64().unwrap());
    let explained = OCSF_DIFFERENCES.iter().any(|(call, a, b, _)| (*call, *a, *b) == (name, theirs, ours));
    assert!(theirs == ours || explained, "{}: class {theirs} against {ours}", path.display());
    assert_eq!(expected["activity_id"], event["activity_id"], "{}", path.display());
    assert!(event["api"]["operation"].as_str().unwrap().ends_with(&format!(":{name}")));
    assert_eq!(expected["api"]["service"]["name"], event["api"]["service"]);
    if let Some(status) = expected["status"].as_str() {
        assert_eq!(status.to_ascii_lowercase(), event["status"].as_str().unwrap(), "{}", path.display());
    }
    // Their `uid` and `uid_alt` are the ARN and the unique id, in either order by version.
    let user = &expected["actor"]["user"];
    let id = ["uid_alt", "uid"].iter().filter_map(|key| user[*key].as_str()).find(|id| !id.starts_with("arn:"));
    let id = id.unwrap().split(':').next().unwrap();
    // The older pairs shorten the id in the expectation but not in the record.
    let id = id.trim_end_matches("EXAMPLE");
    assert!(event["actor"]["uri"].as_str().unwrap().contains(id), "{}: {id}", path.display());
    if let Some(name) = user["name"].as_str() {
        assert_eq!(event["actor"]["name"], name, "{}", path.display());
    }
}

#[test]
fn a_rotation_says_which_secret_has_a_new_value() {
    let rotated = golden::event("aws", "secret-rotation-succeeded");
    let change = &rotated["credential_changes"][0];
    assert_eq!(change["change"], "rotated");
    assert_eq!(
        change["uri"],
        "nhi:cred:aws:111122223333:secretsmanager-secret/eu-central-1/~prod%2Fdb%2Fledger-AbCdEf"
    );
    let failed = golden::event("aws", "secret-rotation-failed");
    assert!(failed.get("credential_changes").is_none(), "{failed:#}");
    assert_eq!(failed["secret_access"], rotated["secret_access"]);
    assert_eq!(golden::event("aws", "secret-deleted")["credential_changes"][0]["uri"], change["uri"]);
    assert!(golden::event("aws", "secret-version-deleted").get("credential_changes").is_none());
}

#[test]
fn logging_of_a_bucket_that_is_switched_off_is_an_event_of_logging() {
    let off = golden::event("aws", "bucket-logging-off");
    assert_eq!((&off["class_uid"], &off["activity_id"]), (&serde_json::json!(1008), &serde_json::json!(10)));
}
