#![allow(clippy::unwrap_used)]

use super::arn::{Arn, account_of_key, place};
use super::class::{Call, classify};
use super::lineage::expiry;
use super::outcome::denied_target;
use model::Access;

#[test]
fn the_account_is_read_out_of_a_key_id() {
    // A vector that researchers of key ids published.
    assert_eq!(account_of_key("ASIAQNZGKIQY56JQ7WML").as_deref(), Some("029608264753"));
    assert_eq!(account_of_key("AKIAIOSFODNN7EXAMPLE"), None, "older ids and samples hold no account");
    assert_eq!(account_of_key("AKIA"), None);
    assert_eq!(account_of_key("AKIA0000000000000000"), None, "0 is no base32 digit");
}

#[test]
fn an_expiry_is_read_as_sts_writes_it() {
    let at = |text: &str| expiry(text).map(model::rfc3339_from_nanos);
    assert_eq!(at("Jul 10, 2023, 12:09:47 PM").as_deref(), Some("2023-07-10T12:09:47Z"));
    assert_eq!(at("Oct 2, 2019 1:02:03 AM").as_deref(), Some("2019-10-02T01:02:03Z"));
    assert_eq!(at("Nov 30, 2024, 12:00:00 AM").as_deref(), Some("2024-11-30T00:00:00Z"));
    assert_eq!(at("2024-11-30T08:43:17Z").as_deref(), Some("2024-11-30T08:43:17Z"));
    for bad in ["", "soon", "Jul 40, 2023, 12:09:47 PM", "Jul 10, 2023, 13:09:47 PM", "Jul 10, 2023"] {
        assert_eq!(expiry(bad), None, "{bad}");
    }
}

#[test]
fn one_resource_has_one_uri_by_name_and_by_arn() {
    let uri = |text: &str| place(Arn::parse(text).unwrap(), "111122223333").uri();
    assert_eq!(uri("arn:aws:s3:::logs/a b/c.gz"), "nhi:resource:aws:amazon:s3-object/~logs/a%20b/c.gz");
    assert_eq!(uri("arn:aws-cn:s3:::logs"), "nhi:resource:aws:amazon:s3-bucket/~logs");
    assert_eq!(uri("arn:aws:iam::111122223333:role/a/b/Deploy"), "nhi:resource:aws:111122223333:iam-role/~Deploy");
    assert_eq!(
        uri("arn:aws:lambda:us-east-1:111122223333:function:bill:PROD"),
        "nhi:resource:aws:111122223333:lambda-function/us-east-1/~bill"
    );
    assert_eq!(uri("arn:aws:kms:us-east-1:111122223333:key/k-1"), "nhi:resource:aws:111122223333:kms-key/k-1");
    assert_eq!(
        uri("arn:aws:New_Svc:eu-west-1:111122223333:Thing/x"),
        "nhi:resource:aws:111122223333:new-svc-thing/eu-west-1/~x",
        "a service without a row still has a URI"
    );
    assert!(Arn::parse("arn:aws:s3").is_none());
}

#[test]
fn access_agrees_with_the_read_only_flag() {
    let access = |source: &str, name: &str, read_only| classify(Call::new(source, name), read_only, "").access;
    assert_eq!(access("ec2.amazonaws.com", "RunInstances", Some(false)), Access::Create);
    assert_eq!(access("athena.amazonaws.com", "CreatePreview", Some(true)), Access::Read);
    assert_eq!(access("wafv2.amazonaws.com", "ListWebACLs", Some(false)), Access::Other);
    assert_eq!(access("sts.amazonaws.com", "AssumeRole", Some(true)), Access::Issue, "a mint stays a mint");
}

#[test]
fn the_api_version_of_lambda_is_no_part_of_the_call() {
    for (name, bare) in [
        ("CreateFunction20150331", "CreateFunction"),
        ("GetFunction20150331v2", "GetFunction"),
        ("Invoke", "Invoke"),
        ("ListBucketsv2", "ListBucketsv2"),
        ("20150331", ""),
    ] {
        assert_eq!(Call::new("lambda.amazonaws.com", name).name, bare);
    }
}

#[test]
fn a_denial_names_its_target() {
    let role = "arn:aws:iam::111122223333:role/Deploy";
    let text = format!("User: arn:x is not authorized to perform: sts:AssumeRole on resource: {role}");
    assert_eq!(denied_target(&text), Some(role));
    assert_eq!(denied_target(&format!("{text} because no identity-based policy allows it")), Some(role));
    assert_eq!(denied_target("x on resource: *"), None);
}
