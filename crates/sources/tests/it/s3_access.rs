//! Server access logs of S3: goldens, twins, the joins with CloudTrail, and records that nobody here wrote.

use serde_json::{Value, json};
use sources::split::{Limits, Piece, Splitter};

use crate::{golden, real};

#[test]
fn goldens() {
    golden::all("s3-access", 10);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("s3-access", 2);
}

fn line(case: &str) -> String {
    std::fs::read_to_string(format!("{}/tests/golden/s3-access/{case}.log", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn each_line_of_a_file_is_a_record_of_this_platform_alone() {
    let cases = ["get.allowed", "get.denied", "presigned-get", "anonymous-plain-http", "lifecycle-expiry"];
    let file: String = cases.iter().map(|case| line(case)).collect();
    let mut records = Vec::new();
    let mut splitter = Splitter::new(Limits::default());
    let mut take = |piece: Piece<'_>| {
        if let Piece::Record { bytes, cut: None, .. } = piece {
            records.push(String::from_utf8(bytes.to_vec()).unwrap());
        }
    };
    for chunk in file.as_bytes().chunks(7) {
        splitter.push(chunk, &mut take);
    }
    splitter.finish(&mut take);
    assert_eq!(records, cases.map(|case| line(case).trim_end().to_owned()));
    for record in &records {
        let probe = sources::Probe::new(record);
        let yes: Vec<_> = sources::MODULES.iter().filter(|m| (m.recognise)(&probe)).map(|m| m.platform).collect();
        assert_eq!(yes, [model::Platform::S3Access], "{record}");
    }
}

#[test]
fn a_request_is_the_one_that_cloudtrail_logged() {
    let trail = json!({"eventVersion": "1.08", "userIdentity": {"type": "AssumedRole", "principalId": "AROAEXAMPLEEXAMPLE12:i-0abc12de34f567890",
        "arn": "arn:aws:sts::111122223333:assumed-role/exporter/i-0abc12de34f567890", "accountId": "111122223333", "accessKeyId": "ASIAEXAMPLEEXAMPLE12",
        "sessionContext": {"sessionIssuer": {"type": "Role", "principalId": "AROAEXAMPLEEXAMPLE12", "arn": "arn:aws:iam::111122223333:role/exporter", "accountId": "111122223333", "userName": "exporter"}}},
        "eventTime": "2026-11-20T10:41:07Z", "eventSource": "s3.amazonaws.com", "eventName": "GetObject", "awsRegion": "eu-central-1",
        "requestParameters": {"bucketName": "ledger-exports", "key": "2026/11/payouts.csv"}, "requestID": "9A1206F460EXAMPL", "eventID": "e", "readOnly": true, "recipientAccountId": "111122223333"});
    let trail = golden::normalise(trail.to_string().as_bytes()).unwrap();
    let [request, signed] = ["get.allowed", "presigned-get"].map(|case| golden::event("s3-access", case));
    assert_eq!(trail["resources"], signed["resources"]);
    let ids = |event: &Value| event["correlation_ids"][0].clone();
    assert_eq!(ids(&trail), ids(&signed));
    // CloudTrail says that the role's name and id are one.
    let names: Vec<_> = trail["aliases"].as_array().unwrap().iter().map(|alias| alias["a"].clone()).collect();
    assert!(names.contains(&request["actor"]["uri"]), "{names:?}");
    assert_eq!(signed["credential"]["uri"], "nhi:cred:aws:111122223333:access-key/AKIAIOSFODNN7EXAMPLE");
    let used = golden::event("aws", "secret-deleted");
    assert_eq!(signed["credential"]["uri"], used["credential"]["uri"]);
}

#[test]
fn operations_have_the_class_and_access_that_they_mean() {
    for (operation, class, activity, access) in [
        ("REST.HEAD.OBJECT", 6005, 1, "read"),
        ("REST.GET.BUCKET", 6005, 8, "read"),
        ("REST.COPY.OBJECT", 6005, 5, "modify"),
        ("REST.COPY.OBJECT_GET", 6005, 1, "read"),
        ("REST.PUT.PART", 6005, 5, "modify"),
        ("REST.DELETE.OBJECT", 6005, 7, "delete"),
        ("REST.DELETE.BUCKET", 6003, 4, "delete"),
        ("REST.PUT.BUCKETPOLICY", 6003, 3, "grant"),
        ("REST.PUT.ACL", 6003, 3, "grant"),
        ("REST.GET.ACL", 6003, 2, "read"),
        ("REST.GET.LOGGING_STATUS", 6003, 2, "read"),
        ("REST.PUT.LOGGING_STATUS", 1008, 99, "modify"),
        ("REST.PUT.LIFECYCLE", 6003, 3, "modify"),
        ("WEBSITE.GET.OBJECT", 6005, 1, "read"),
        ("BATCH.DELETE.OBJECT", 6005, 7, "delete"),
        ("S3.TRANSITION_GDA.OBJECT", 6005, 2, "modify"),
        ("S3.CREATE.DELETEMARKER", 6005, 6, "delete"),
        ("REST.NEW.THING", 6003, 99, "other"),
    ] {
        let record = json!({"operation": operation, "bucket": "b", "requestid": "r", "httpstatus": "200"});
        let event = golden::normalise(record.to_string().as_bytes()).unwrap();
        let found = (event["class_uid"].as_i64(), event["activity_id"].as_i64(), event["access"].as_str());
        assert_eq!(found, (Some(class), Some(activity), Some(access)), "{operation}");
    }
}

#[test]
fn a_line_that_is_cut_is_a_reject_with_its_reason() {
    let whole = line("get.allowed");
    let cut = whole.split(" SigV4").next().unwrap().rsplit_once(" - ").unwrap().0.split(" \"-\"").next().unwrap();
    let reject = golden::normalise(cut.as_bytes()).unwrap_err();
    assert_eq!(reject.to_string(), "shape: neither a JSON object nor a line of at least 18 fields");
}

#[test]
fn every_real_record_becomes_an_event_that_keeps_what_it_has() {
    let Some(folder) = real::folder() else { return };
    let records = real::panther(&folder.join("panther/AWS.S3ServerAccess.jsonl"));
    assert_eq!(records.len(), 11);
    for text in records {
        let event = golden::normalise(text.as_bytes()).unwrap_or_else(|reject| panic!("{reject}: {text}"));
        let record: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(event["platform"], "s3-access", "{text}");
        assert_eq!(event["api"]["operation"], record["operation"], "{text}");
        assert_eq!(event["source_event_id"], record["requestid"], "{text}");
        assert!(event["time"].is_i64() && event["resources"][0]["uri"].is_string(), "{text}");
        assert_ne!(event["access"], "other", "{text}");
        let failed = record["httpstatus"].as_i64().is_some_and(|code| code >= 400);
        assert_eq!(event["status"], if failed { "failure" } else { "success" }, "{text}");
        if let Some(requester) = record["requester"].as_str() {
            assert_eq!(event["actor"]["name"], requester, "{text}");
        }
    }
}
