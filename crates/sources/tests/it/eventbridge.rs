//! EventBridge and the findings of IAM Access Analyzer: goldens, and what an event carries.

use serde_json::json;
use sources::split::{Limits, Piece, Splitter};

use crate::golden;

#[test]
fn goldens() {
    golden::all("eventbridge", 5);
    golden::all("access-analyzer", 6);
}

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    let verbatim = [
        ("source_event_id", "/source_event_id"),
        ("time_raw", "/time_raw"),
        ("tenant", "/tenant"),
        ("region", "/region"),
        ("actor_name", "/actor/name"),
        ("api_operation", "/api/operation"),
        ("status_code", "/status_code"),
        ("error_message", "/error_message"),
        ("correlation_ids", "/correlation_ids/0"),
    ];
    golden::origins("eventbridge", &verbatim);
    let verbatim = [
        ("source_event_id", "/source_event_id"),
        ("time_raw", "/time_raw"),
        ("tenant", "/tenant"),
        ("status_code", "/status_code"),
        ("error_code", "/error_code"),
        ("decision_policies", "/decision/policies/0"),
        ("resources", "/resources/0/name"),
    ];
    golden::origins("access-analyzer", &verbatim);
}

#[test]
fn the_record_inside_of_an_event_counts_where_a_platform_knows_it() {
    let bare = golden::event("aws", "secret-rotation-succeeded");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/aws/secret-rotation-succeeded.json");
    let record: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let event = json!({"version": "0", "id": "e", "detail-type": "AWS Service Event via CloudTrail", "source": "aws.secretsmanager",
        "account": "111122223333", "time": "2026-11-20T10:41:07Z", "region": "eu-central-1", "resources": [], "detail": record});
    assert_eq!(bare, golden::normalise(event.to_string().as_bytes()).unwrap());
    // A partner's record stands one object deeper.
    let audit = json!({"id": 1, "author_id": 1, "entity_id": 2, "entity_type": "Project", "details": {"event_name": "user_created"}, "created_at": "2026-09-03T08:05:22Z"});
    let event = json!({"version": "0", "id": "e", "detail-type": "x", "source": "aws.partner/gitlab", "account": "1", "detail": {"data": audit}});
    assert_eq!(golden::normalise(event.to_string().as_bytes()).unwrap()["platform"], "gitlab");
    let other = json!({"version": "0", "id": "e", "detail-type": "x", "source": "com.acme", "account": "1", "detail": {"data": {"a": 1}}});
    assert_eq!(golden::normalise(other.to_string().as_bytes()).unwrap()["platform"], "eventbridge");
}

#[test]
fn only_amazon_speaks_as_amazon() {
    let own = golden::event("eventbridge", "own-program");
    assert_eq!(own["actor"]["uri"], "nhi:principal:eventbridge:111122223333:source/?com.acme.payouts");
    let service = golden::event("eventbridge", "instance-state");
    assert_eq!(service["actor"]["uri"], "nhi:principal:aws:amazon:service/ec2.amazonaws.com");
}

#[test]
fn a_list_of_findings_is_split_and_one_finding_unwrapped() {
    let finding: serde_json::Value = serde_json::from_slice(
        &std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/access-analyzer/list-findings-item.json"))
            .unwrap(),
    )
    .unwrap();
    let list = json!({"findings": [finding, finding], "nextToken": "x"}).to_string();
    let mut platforms = Vec::new();
    let mut take = |piece: Piece<'_>| {
        if let Piece::Record { bytes, .. } = piece {
            platforms.push(golden::normalise(bytes).unwrap()["platform"].clone());
        }
    };
    let mut splitter = Splitter::new(Limits::default());
    splitter.push(list.as_bytes(), &mut take);
    splitter.finish(&mut take);
    assert_eq!(platforms, ["access-analyzer", "access-analyzer"]);
    let one = golden::normalise(json!({"finding": finding}).to_string().as_bytes()).unwrap();
    assert_eq!(
        (&one["class_uid"], &one["subject"]),
        (&json!(2008), &json!("nhi:principal:aws:444455556666:role/~vendor"))
    );
}

#[test]
fn a_finding_that_is_over_is_closed_and_a_public_one_is_grave() {
    for (case, activity, severity) in
        [("event-active", 1, 3), ("event-public-role-trust", 2, 4), ("event-resolved", 3, 1)]
    {
        let event = golden::event("access-analyzer", case);
        assert_eq!(
            (event["activity_id"].as_i64(), event["severity_id"].as_i64()),
            (Some(activity), Some(severity)),
            "{case}"
        );
    }
    let unused = golden::event("access-analyzer", "unused-key-v2");
    let alias = &unused["aliases"][0];
    assert_eq!(alias["a"], "nhi:cred:aws:111122223333:access-key/AKIAIOSFODNN7EXAMPLE");
    assert_eq!(alias["b"], "nhi:principal:aws:111122223333:user/~etl");
}
