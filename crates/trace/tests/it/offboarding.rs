//! Whether what a principal had is gone, on native records of each platform that can say so.

use serde_json::{Value, json};
use trace::offboard::{self, Gone};

use crate::golden::{record, store, without};
use crate::memory::Memory;
use crate::native::*;

/// Of one thing of a principal, as of `now`, when all should have been gone by `since`: RFC 3339.
fn gone(store: &Memory, principal: &str, item: &str, since: &str, now: &str) -> Gone {
    let nanos = |text: &str| sources::time::parse(text).unwrap().nanos;
    let settings = crate::lineage::settings();
    let proof = offboard::prove(store, principal, nanos(since), nanos(now), &settings).unwrap();
    assert!(proof.gaps.is_empty());
    let found = proof.items.iter().find(|one| one.item.contains(item));
    found.unwrap_or_else(|| panic!("no {item} in {:?}", proof.items)).verdict
}

type Line = (String, Option<&'static str>);

fn case(platform: &str, case: &str, edits: &[(&str, Value)]) -> Line {
    (record(platform, case, edits), None)
}

#[test]
fn aws_keys_and_passwords() {
    let admin = scenario::cloudtrail::Caller::User {
        account: ACCOUNT,
        user: "a",
        user_id: "AIDAADMIN00000000001",
        key: "AKIAADMIN0000000001",
    };
    let iam =
        |id: &'static str, second, name: &'static str, parameters: &'static str, response: &'static str| -> Line {
            let (service, resources) = ("iam.amazonaws.com", "");
            (aws(&admin, &Aws { id, second, service, name, parameters, response, resources }), None)
        };
    let key = r#"{"userName":"deployer","accessKeyId":"AKIADEPLOYER00000001"}"#;
    let made = r#"{"accessKey":{"userName":"deployer","accessKeyId":"AKIADEPLOYER00000001"}}"#;
    let off = r#"{"userName":"deployer","accessKeyId":"AKIADEPLOYER00000001","status":"Inactive"}"#;
    let lines = |more: Vec<Line>| {
        let mut all = vec![
            iam("create", 0, "CreateAccessKey", r#"{"userName":"deployer"}"#, made),
            iam(
                "login",
                1,
                "CreateLoginProfile",
                r#"{"userName":"deployer"}"#,
                r#"{"loginProfile":{"userName":"deployer"}}"#,
            ),
            (read_object(&user("AKIADEPLOYER00000001"), "use", 30), None),
        ];
        all.extend(more);
        store(&all)
    };
    let deployer = format!("nhi:principal:aws:{ACCOUNT}:user/AIDADEPLOYER000000001");
    let verdict = |store: &Memory, item: &str| gone(store, &deployer, item, &at(60), &at(120));
    let alive = lines(vec![]);
    assert_eq!(verdict(&alive, "AKIADEPLOYER"), Gone::StillAlive);
    assert_eq!(verdict(&alive, "console-password"), Gone::StillAlive);
    assert_eq!(verdict(&lines(vec![iam("off", 50, "UpdateAccessKey", off, "null")]), "AKIADEPLOYER"), Gone::StillAlive);
    let deleted = lines(vec![
        iam("delete", 50, "DeleteAccessKey", key, "null"),
        iam("nologin", 51, "DeleteLoginProfile", r#"{"userName":"deployer"}"#, "null"),
    ]);
    assert_eq!(verdict(&deleted, "AKIADEPLOYER"), Gone::Revoked);
    assert_eq!(verdict(&deleted, "console-password"), Gone::Revoked);
    let used = lines(vec![(read_object(&user("AKIADEPLOYER00000001"), "late", 90), None)]);
    assert_eq!(verdict(&used, "AKIADEPLOYER"), Gone::UsedAfter);
}

#[test]
fn vault_tokens() {
    let issued = at(0);
    let (first, child) = (token("accessor-1", &issued), token("accessor-2", &issued));
    let call =
        |id, second, operation, path, data| Ask { id, second, operation, path, mount: "token", response: "", data };
    let hashed = format!(r#""accessor":"{}""#, scenario::vault::hmac(SALT, "accessor-2"));
    let login = ask(None, Some(&first), &call("login", 0, "update", "auth/kubernetes/login", ""));
    let create = ask(Some(&first), Some(&child), &call("create", 5, "update", "auth/token/create", ""));
    let revoke = ask(Some(&first), None, &call("revoke", 20, "update", "auth/token/revoke-accessor", &hashed));
    let lines: Vec<Line> = [login, create, revoke].into_iter().flatten().map(|line| (line, Some("vault-1"))).collect();
    let store = store(&lines);
    let entity = store.by_source("login").actor.uri.clone();
    let [parent, child] =
        ["accessor-1", "accessor-2"].map(|accessor| scenario::vault::hmac(SALT, accessor).split_off(12));
    let verdict = |store: &Memory, item: &str, since: i64, now: i64| gone(store, &entity, item, &at(since), &at(now));
    assert_eq!(verdict(&store, &child, 30, 60), Gone::Revoked);
    assert_eq!(verdict(&store, &parent, 30, 60), Gone::StillAlive);
    assert_eq!(verdict(&store, &parent, 10, 60), Gone::UsedAfter);
    assert_eq!(verdict(&store, &parent, 30, 1_000_000), Gone::Revoked, "its time is over");
    assert_eq!(verdict(&without(&store, "revoke"), &child, 30, 60), Gone::StillAlive);
}

#[test]
fn github_tokens() {
    let granted = case("github", "pat_access_granted", &[("/_document_id", json!("grant"))]);
    let revoked = case("github", "pat_access_revoked", &[("/_document_id", json!("revoke"))]);
    let store = store(&[granted, revoked]);
    let holder = "nhi:principal:github:github.com:user/7700456";
    let verdict = |store: &Memory| gone(store, holder, "pat/310077", "2026-09-04T00:00:00Z", "2026-09-05T00:00:00Z");
    assert_eq!(verdict(&store), Gone::Revoked);
    assert_eq!(verdict(&without(&store, "revoke")), Gone::StillAlive);
}

#[test]
fn okta_api_tokens() {
    let used = case(
        "okta",
        "membership_by_api_token.allowed",
        &[
            ("/uuid", json!("use")),
            ("/published", json!("2026-03-14T09:40:00Z")),
            ("/transaction/detail/requestApiTokenId", json!("00Tz8ciTOKENexmpl697")),
        ],
    );
    let lines = [
        case("okta", "api_token.allowed", &[("/uuid", json!("make"))]),
        case("okta", "api_token_revoked", &[("/uuid", json!("revoke"))]),
        used,
    ];
    let store = store(&lines);
    let maker = "nhi:principal:okta:wharf.okta.com:user/00u9k2hfexAMPLE1d697";
    let verdict = |store: &Memory, since: &str| gone(store, maker, "ssws/", since, "2026-03-14T10:00:00Z");
    assert_eq!(verdict(&store, "2026-03-14T09:50:00Z"), Gone::Revoked);
    assert_eq!(verdict(&store, "2026-03-14T09:30:00Z"), Gone::UsedAfter, "by whoever had it");
    assert_eq!(verdict(&without(&store, "revoke"), "2026-03-14T09:50:00Z"), Gone::StillAlive);
}

#[test]
fn entra_secrets_and_tokens() {
    let tenant = "a1b2c3d4-0f0e-4a4b-8c8d-1234567890ab";
    let sp = format!("nhi:principal:entra:{tenant}:sp/7a7a7a7a-0001-4001-8001-0000000000aa");
    let call = case(
        "entra",
        "graph_call.allowed",
        &[("/time", json!("2026-04-02T08:20:00Z")), ("/properties/timeGenerated", json!("2026-04-02T08:20:00Z"))],
    );
    let removed = case("entra", "secret_removed", &[("/properties/id", json!("remove"))]);
    let store = store(&[case("entra", "secret_added", &[]), removed, call]);
    let verdict = |store: &Memory, item: &str| gone(store, &sp, item, "2026-04-02T09:00:00Z", "2026-04-02T10:00:00Z");
    assert_eq!(verdict(&store, "app-key/"), Gone::Revoked);
    assert_eq!(verdict(&without(&store, "remove"), "app-key/"), Gone::StillAlive);
    // No record of Entra says when a token ends.
    assert_eq!(verdict(&store, "uti/"), Gone::Unknown);
}

#[test]
fn gcp_service_account_keys() {
    let made = record("gcp", "create_key.allowed", &[("/insertId", json!("make")), ("/timestamp", json!(at(0)))]);
    let made = store(&[(made, None)]).by_source("make");
    let key = made.issued.as_ref().unwrap();
    let holder = made.holders().next().unwrap().to_owned();
    let lines = [
        case("gcp", "create_key.allowed", &[("/insertId", json!("make")), ("/timestamp", json!(at(0)))]),
        case(
            "gcp",
            "delete_key",
            &[
                ("/insertId", json!("delete")),
                ("/timestamp", json!(at(50))),
                ("/protoPayload/resourceName", json!(key.native_id)),
            ],
        ),
    ];
    let store = store(&lines);
    let id = key.uri.rsplit('/').next().unwrap();
    let verdict = |store: &Memory| gone(store, &holder, id, &at(60), &at(90));
    assert_eq!(verdict(&store), Gone::Revoked);
    assert_eq!(verdict(&without(&store, "delete")), Gone::StillAlive);
}

#[test]
fn kubernetes_tokens_and_bindings() {
    let get = Kube { id: "use", second: 60, verb: "get", resource: "secrets", subresource: "", name: "bank" };
    let lines = [
        (token_request("request", 0, "jti-1", "https://kubernetes.default.svc"), Some(CLUSTER)),
        (kube(&service_account("jti-1"), &get, 200, "", ""), Some(CLUSTER)),
    ];
    let store = store(&lines);
    let account = format!("nhi:principal:k8s:{CLUSTER}:serviceaccount/~billing/agent");
    let verdict = |since: i64, now: i64| gone(&store, &account, "jti/jti-1", &at(since), &at(now));
    assert_eq!(verdict(90, 120), Gone::StillAlive);
    assert_eq!(verdict(30, 120), Gone::UsedAfter);
    assert_eq!(verdict(90, 4_000), Gone::Revoked, "its hour is over");
    // A binding is a grant: it goes with its deletion, or with the end that it states.
    let bound = crate::golden::store(&[case("k8s", "create-rolebinding.allowed", &[])]);
    let mara = "nhi:principal:k8s:unknown:user/~oidc%3Amara%40example.org";
    let binding = |now: &str| gone(&bound, mara, "rolebinding/", "2026-10-05T10:00:00Z", now);
    assert_eq!(binding("2026-10-05T10:30:00Z"), Gone::StillAlive);
    assert_eq!(binding("2026-10-05T11:30:00Z"), Gone::Revoked);
}

#[test]
fn teleport_certificates_and_bots() {
    let lines = [
        case("teleport", "cert-create-user", &[]),
        case("teleport", "bot-join", &[]),
        case("teleport", "lock-created", &[]),
    ];
    let store = store(&lines);
    let dana = "nhi:principal:teleport:gate.wharf.example:user/~dana%40wharf.example";
    let certificate = |now: &str| gone(&store, dana, "certificate/", "2026-03-14T10:00:00Z", now);
    assert_eq!(certificate("2026-03-14T12:00:00Z"), Gone::StillAlive, "a certificate cannot be called back");
    assert_eq!(certificate("2026-03-14T14:00:00Z"), Gone::Revoked);
    let bot = "nhi:principal:teleport:gate.wharf.example:bot/~deployer";
    let instance = gone(&store, bot, "bot-instance/", "2026-03-14T10:00:00Z", "2026-03-14T12:00:00Z");
    assert_eq!(instance, Gone::StillAlive, "a lock can be taken off again");
}

#[test]
fn postgres_roles() {
    let lines = [case("postgres", "audit-create-role", &[]), case("postgres", "drop-role", &[])];
    let store = store(&lines);
    let role = "nhi:principal:postgres:unknown:role/~v-approle-reader-x1B2c3-1773478871";
    let verdict = |store: &Memory| gone(store, role, "login/", "2026-03-14T10:00:00Z", "2026-03-14T12:00:00Z");
    assert_eq!(verdict(&store), Gone::Revoked);
    assert_eq!(verdict(&without(&store, "69b52d97.1079/21")), Gone::StillAlive);
}

#[test]
fn spire_documents() {
    let store = store(&[case("spire", "mint-x509-svid.allowed", &[])]);
    let minted = store.facts()[0].actor.uri.clone();
    let verdict = |now: &str| gone(&store, &minted, ":svid/", "2026-03-14T09:30:00Z", now);
    assert_eq!(verdict("2026-03-14T10:00:00Z"), Gone::StillAlive);
    assert_eq!(verdict("2026-03-14T12:00:00Z"), Gone::Revoked);
}

#[test]
fn hoop_reviews_and_grants_of_a_ticket_system() {
    let dana = "nhi:principal:hoop:0cd7f941-2bb8-4f9f-93b0-000000000001:user/~dana%40wharf.example";
    let review = |name: &str, now: &str| {
        let store = store(&[case("hoop", name, &[])]);
        gone(&store, dana, "review/", "2026-03-14T09:00:00Z", now)
    };
    assert_eq!(review("review-jit-approved", "2026-03-14T09:10:00Z"), Gone::StillAlive);
    assert_eq!(review("review-jit-approved", "2026-03-14T09:30:00Z"), Gone::Revoked);
    assert_eq!(review("review-revoked", "2026-03-14T09:30:00Z"), Gone::Revoked);
    let deployer = "nhi:principal:aws:111122223333:user/AIDADEPLOYER000000001";
    let lines = |last: &str| store(&[case("grant", "request", &[]), case("grant", last, &[])]);
    let ticket = |last: &str| gone(&lines(last), deployer, "JIT-417", &at(120), &at(300));
    assert_eq!((ticket("activate"), ticket("revoke")), (Gone::StillAlive, Gone::Revoked));
}
