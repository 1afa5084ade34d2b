//! Granted against used, from inventories as the platforms export them.

use std::sync::Arc;

use sources::Context;
use trace::least_privilege::{Granted, LeastPrivilege, of};
use trace::{Fact, Gap, Settings};

use crate::lineage::settings;
use crate::memory::Memory;
use crate::native::*;

/// An item of an inventory, as received at a second.
pub(crate) fn item(at: usize, second: i64, line: &str, context: &Context<'_>) -> Arc<Fact> {
    let mut fact = (*crate::memory::fact(at, line, context)).clone();
    fact.time = nanos(second);
    fact.source_event_id = Some(format!("item-{at}"));
    Arc::new(fact)
}

fn policy(name: &str, statements: &str) -> String {
    format!(
        r#"{{"PolicyName":"{name}","PolicyId":"ANPA{name}","Arn":"arn:aws:iam::{ACCOUNT}:policy/{name}","Path":"/","DefaultVersionId":"v1","AttachmentCount":1,"IsAttachable":true,"CreateDate":"2024-11-05T10:00:00+00:00","PolicyVersionList":[{{"Document":{{"Version":"2012-10-17","Statement":[{statements}]}},"VersionId":"v1","IsDefaultVersion":true}}]}}"#
    )
}

fn attached(name: &str) -> String {
    format!(r#"{{"PolicyName":"{name}","PolicyArn":"arn:aws:iam::{ACCOUNT}:policy/{name}"}}"#)
}

/// The user of `native::user`, with policies of its own and groups.
pub(crate) fn user_detail(inline: &str, policies: &str, more: &str) -> String {
    format!(
        r#"{{"Path":"/","UserName":"deployer","UserId":"AIDADEPLOYER000000001","Arn":"arn:aws:iam::{ACCOUNT}:user/deployer","CreateDate":"2025-02-03T09:15:00+00:00","UserPolicyList":[{{"PolicyName":"own","PolicyDocument":{{"Version":"2012-10-17","Statement":[{inline}]}}}}],"AttachedManagedPolicies":[{policies}]{more}}}"#
    )
}

fn call(at: usize, second: i64, name: &str, denied: bool) -> Arc<Fact> {
    let line = read_object(&user("AKIADEPLOYER00000001"), &format!("{name}-{at}"), second);
    let mut fact = (*crate::memory::fact(at, &line, &Context::default())).clone();
    fact.operation = Some(format!("s3:{name}"));
    if denied {
        (fact.status, fact.effect) = (model::Status::Failure, Some(model::Effect::Deny));
    }
    Arc::new(fact)
}

const READ: &str = r#"{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::payroll-exports/*"}"#;
const ELSEWHERE: &str = r#"{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::other/*"}"#;

fn world(more: Vec<Arc<Fact>>) -> Memory {
    let plain = Context::default();
    let group = format!(
        r#"{{"Path":"/","GroupName":"ops","GroupId":"AGPAOPS","Arn":"arn:aws:iam::{ACCOUNT}:group/ops","CreateDate":"2024-11-05T10:00:00Z","GroupPolicyList":[],"AttachedManagedPolicies":[{}]}}"#,
        attached("queues")
    );
    let user = user_detail(
        &format!("{READ},{ELSEWHERE}"),
        r#"{"PolicyName":"ReadOnlyAccess","PolicyArn":"arn:aws:iam::aws:policy/ReadOnlyAccess"}"#,
        r#","GroupList":["ops"]"#,
    );
    let mut facts = vec![
        item(0, 0, &user, &plain),
        item(1, 0, &group, &plain),
        item(
            2,
            0,
            &policy("queues", r#"{"Effect":"Allow","Action":["sqs:SendMessage","sqs:*"],"Resource":"*"}"#),
            &plain,
        ),
        call(10, 100, "GetObject", false),
        call(11, 110, "GetObject", false),
        call(12, 120, "PutObject", false),
        call(13, 130, "DeleteBucket", false),
        call(14, 140, "PutBucketPolicy", true),
    ];
    facts.extend(more);
    Memory::of(facts)
}

fn answer(store: &Memory, since: i64, until: i64) -> LeastPrivilege {
    let principal = format!("nhi:principal:aws:{ACCOUNT}:user/AIDADEPLOYER000000001");
    of(store, &principal, nanos(since), nanos(until), &settings()).unwrap()
}

fn names(granted: &[Granted]) -> Vec<&str> {
    granted.iter().map(|one| one.privilege.privilege.as_str()).collect()
}

#[test]
fn granted_through_groups_and_policies_is_held_against_what_was_used() {
    let answer = answer(&world(Vec::new()), 0, 1_000);
    assert_eq!(names(&answer.used_privileges), ["s3:Get*"]);
    let used = &answer.used_privileges[0];
    assert_eq!((used.wildcard, used.uses, used.operations.first().unwrap().as_str()), (true, 2, "s3:GetObject"));
    assert_eq!(used.last_use.as_ref().unwrap().source_event_id.as_deref(), Some("GetObject-11"));
    assert_eq!(names(&answer.unused_privileges), ["s3:PutObject", "sqs:SendMessage", "sqs:*"]);
    let through: Vec<&str> =
        answer.unused_privileges[1].privilege.through.iter().map(|uri| uri.rsplit('/').next().unwrap()).collect();
    assert_eq!(through, ["AIDADEPLOYER000000001", "~ops", "~queues"]);
    assert_eq!(answer.unused_privileges[1].privilege.evidence.len(), 3, "policy, group, user");
    assert_eq!(answer.without_grant, ["s3:DeleteBucket"]);
    assert_eq!(answer.denied, ["s3:PutBucketPolicy"]);
    let put = answer.used.iter().find(|used| used.operation == "s3:PutObject").unwrap();
    assert_eq!((put.granted, put.outside_targets), (true, 1), "granted elsewhere");
    assert_eq!(answer.inventory.as_ref().unwrap().time, nanos(0));
    assert_eq!(answer.not_listed.len(), 1);
    assert!(answer.not_listed[0].contains("ReadOnlyAccess"));
}

#[test]
fn without_an_inventory_it_is_said_that_none_was_seen() {
    let facts = (0..3).map(|n| call(n, 100, "GetObject", false)).collect();
    let answer = answer(&Memory::of(facts), 0, 1_000);
    assert_eq!((answer.inventory.as_ref(), answer.inventory_note), (None, "no inventory seen"));
    assert_eq!(answer.without_grant, ["s3:GetObject"]);
    let value = serde_json::to_value(&answer).unwrap();
    assert_eq!(
        (value["inventory_note"].as_str(), value["since"].as_str()),
        (Some("no inventory seen"), Some("2026-11-20T10:00:00Z"))
    );
}

#[test]
fn the_newest_inventory_counts_and_none_after_the_time_asked_for() {
    let less = item(
        20,
        500,
        &user_detail(r#"{"Effect":"Allow","Action":"s3:DeleteBucket","Resource":"*"}"#, "", ""),
        &Context::default(),
    );
    let store = world(vec![less]);
    let now = answer(&store, 0, 1_000);
    assert_eq!((names(&now.used_privileges), names(&now.unused_privileges)), (vec!["s3:DeleteBucket"], vec![]));
    assert_eq!(now.without_grant, ["s3:GetObject", "s3:PutObject"]);
    assert_eq!(names(&answer(&store, 0, 400).used_privileges), ["s3:Get*"], "as of before it");
}

#[test]
fn what_is_refused_or_beyond_a_boundary_is_not_granted() {
    let refuse =
        r#"{"Effect":"Deny","Action":"s3:GetObject","Resource":"*"},{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#;
    let bound = format!(
        r#","PermissionsBoundary":{{"PermissionsBoundaryType":"Policy","PermissionsBoundaryArn":"arn:aws:iam::{ACCOUNT}:policy/robots"}}"#
    );
    let plain = Context::default();
    let user = item(20, 50, &user_detail(refuse, "", &bound), &plain);
    let limit =
        item(21, 50, &policy("robots", r#"{"Effect":"Allow","Action":["s3:Get*","s3:Put*"],"Resource":"*"}"#), &plain);
    let answer = answer(&world(vec![user, limit]), 0, 1_000);
    let granted: Vec<(&str, bool)> = answer.used.iter().map(|used| (used.operation.as_str(), used.granted)).collect();
    let expected =
        [("s3:DeleteBucket", false), ("s3:GetObject", false), ("s3:PutBucketPolicy", true), ("s3:PutObject", true)];
    assert_eq!(granted, expected);
    assert_eq!(answer.refused_privileges[0].privilege, "s3:GetObject");
}

#[test]
fn groups_that_hold_each_other_end() {
    let plain = Context::default();
    let cycle = |at, from: &str, to: &str| {
        let mut fact = (*item(at, 0, &policy("x", READ), &plain)).clone();
        fact.entitlements[0].holder = from.to_owned();
        fact.entitlements[0].kind = model::EntitlementKind::Inherits;
        fact.entitlements[0].source = Some(to.to_owned());
        fact.inventory = None;
        Arc::new(fact)
    };
    let user = format!("nhi:principal:aws:{ACCOUNT}:user/AIDADEPLOYER000000001");
    let (a, b) = ("nhi:resource:aws:1:iam-group/~a", "nhi:resource:aws:1:iam-group/~b");
    let answer = answer(&Memory::of(vec![cycle(0, &user, a), cycle(1, a, b), cycle(2, b, a)]), 0, 10);
    assert!(answer.unused_privileges.is_empty() && answer.gaps.is_empty());
}

#[test]
fn more_privileges_than_the_limit_are_cut_and_said() {
    let principal = format!("nhi:principal:aws:{ACCOUNT}:user/AIDADEPLOYER000000001");
    let limit = Settings { privileges_max: 2, ..settings() };
    let answer = of(&world(Vec::new()), &principal, nanos(0), nanos(1_000), &limit).unwrap();
    assert_eq!(answer.used_privileges.len() + answer.unused_privileges.len(), 2);
    assert!(answer.gaps.contains(&Gap::Cut { limit: "privileges_max", value: 2 }));
}

#[test]
fn a_service_account_has_what_its_bindings_give_in_their_namespace() {
    let role = r#"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"view"},"rules":[{"apiGroups":[""],"resources":["secrets","pods"],"verbs":["get"]}]}"#;
    let bound = |namespace: &str| {
        format!(
            r#"{{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{{"name":"b","namespace":"{namespace}"}},"roleRef":{{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"view"}},"subjects":[{{"kind":"ServiceAccount","name":"agent","namespace":"billing"}}]}}"#
        )
    };
    let get = Kube { id: "use", second: 60, verb: "get", resource: "secrets", subresource: "", name: "bank" };
    let used = crate::memory::fact(9, &kube(&service_account("jti-1"), &get, 200, "", ""), &cluster());
    let outside = |namespace: &str| {
        let facts = vec![item(0, 0, role, &cluster()), item(1, 0, &bound(namespace), &cluster()), used.clone()];
        let answer = of(&Memory::of(facts), &used.actor.uri, nanos(0), nanos(1_000), &settings()).unwrap();
        let get = answer.used.iter().find(|used| used.operation == "get secrets").unwrap();
        assert!(get.granted, "{answer:?}");
        (get.outside_targets, names(&answer.used_privileges).len())
    };
    assert_eq!(outside("billing"), (0, 1));
    assert_eq!(outside("other"), (1, 0));
}

/// `s3:*` covers `s3:GetObject`; stars in the middle, many of them, and case.
#[test]
fn wildcards_cover_what_they_say() {
    let covers = |privilege: &str, operation: &str| {
        let principal = format!("nhi:principal:aws:{ACCOUNT}:user/AIDADEPLOYER000000001");
        let statement = format!(r#"{{"Effect":"Allow","Action":"{privilege}","Resource":"*"}}"#);
        let user = item(0, 0, &user_detail(&statement, "", ""), &Context::default());
        let mut used = (*call(1, 10, "x", false)).clone();
        used.operation = Some(operation.to_owned());
        let store = Memory::of(vec![user, Arc::new(used)]);
        of(&store, &principal, nanos(0), nanos(100), &settings()).unwrap().used[0].granted
    };
    let many = "s3:*".to_owned() + &"a*".repeat(30);
    for (privilege, operation, wanted) in [
        ("s3:*", "s3:GetObject", true),
        ("s3:get*", "s3:GetObject", true),
        ("s3:*Object", "s3:GetObject", true),
        ("s3:*Object", "s3:GetObjectAcl", false),
        ("s3:Get?bject", "s3:GetObject", true),
        ("*", "kms:Decrypt", true),
        ("s3:*", "s3express:GetObject", false),
        ("s3:GetObject", "s3:GetObjectAcl", false),
        (&many, &("s3:".to_owned() + &"a".repeat(29) + "b"), false),
    ] {
        assert_eq!(covers(privilege, operation), wanted, "{privilege} {operation}");
    }
}
