//! Tests of `aws`: CloudTrail.

use crate::golden;

#[test]
fn goldens() {
    golden::all("aws", 40);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("aws", 7);
}

#[test]
fn a_digest_file_is_refused_by_its_name() {
    let digest = br#"{"awsAccountId":"111122223333","digestS3Bucket":"b","digestSignatureAlgorithm":"SHA256withRSA","logFiles":[]}"#;
    let reject = golden::normalise(digest).unwrap_err();
    assert_eq!(reject.kind, sources::RejectKind::Shape);
    assert!(reject.detail.contains("digest"), "{reject}");
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
