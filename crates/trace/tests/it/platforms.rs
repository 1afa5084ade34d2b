//! Rows of `identity.md` 4 that the company of the scenario does not have, on records of each platform.

use scenario::cloudtrail::Caller;
use sources::Context;
use trace::{EdgeKind, Found, Lineage, Settings, Tier, lineage};

use crate::golden::without;
use crate::lineage::read;
use crate::memory::Memory;
use crate::native::*;
use crate::rows::is_unissued;

fn up(store: &Memory, id: &str) -> Lineage {
    lineage::of_event(store, &store.by_source(id), &Settings::default()).unwrap()
}

fn plain(line: String) -> (String, Context<'static>) {
    (line, Context::default())
}

fn vault(lines: [String; 2]) -> Vec<(String, Context<'static>)> {
    lines.map(|line| (line, Context { authority: Some("vault-1"), ..Context::default() })).into()
}

pub(crate) fn hop(lineage: &Lineage) -> (EdgeKind, Tier, &str, &str) {
    let edge = lineage.edges.iter().find(|edge| edge.kind != EdgeKind::Delegated).expect("a hop");
    let issuer = edge.issuer.as_ref().unwrap().source_event_id.as_deref().unwrap();
    (edge.kind, edge.tier, edge.rule, issuer)
}

/// Row 3: the owner's copy shows no key of the caller; the caller's own copy does.
#[test]
fn row_03_a_cross_account_role_leads_through_the_callers_copy() {
    let minted = mint(&user("AKIADEPLOYER00000001"), "mint-caller", 0, "AssumeRole", "first", "ASIAFIRST00000000001");
    let shared = |line: &str, id: &str, identity: Option<&str>| {
        let mut value: serde_json::Value = serde_json::from_str(line).unwrap();
        value["sharedEventID"] = "shared-1".into();
        value["eventID"] = id.into();
        if let Some(identity) = identity {
            value["userIdentity"] = serde_json::from_str(identity).unwrap();
            value["recipientAccountId"] = "444455556666".into();
        }
        value.to_string()
    };
    let foreign = r#"{"type":"AWSAccount","principalId":"AIDADEPLOYER000000001","accountId":"111122223333"}"#;
    let key = r#"{"accessKey":{"userName":"deployer","accessKeyId":"AKIADEPLOYER00000001"}}"#;
    let admin =
        Caller::User { account: ACCOUNT, user: "a", user_id: "AIDAADMIN00000000001", key: "AKIAADMIN0000000001" };
    let create = Aws {
        id: "create",
        second: -9,
        service: "iam.amazonaws.com",
        name: "CreateAccessKey",
        parameters: "null",
        response: key,
        resources: "",
    };
    let store = read(vec![
        plain(aws(&admin, &create)),
        plain(shared(&minted, "mint-caller", None)),
        plain(shared(&minted, "mint-owner", Some(foreign))),
        plain(as_role("first", "ASIAFIRST00000000001", |caller| read_object(caller, "use", 9))),
    ]);
    assert_eq!(hop(&up(&store, "use")), (EdgeKind::Issued, Tier::L1, "token-id", "mint-caller"));
    let owner = up(&store, "mint-owner");
    assert_eq!(hop(&owner), (EdgeKind::Copy, Tier::L1, "shared-event", "mint-caller"));
    assert_eq!(owner.edges.last().unwrap().issuer.as_ref().unwrap().source_event_id.as_deref(), Some("create"));
    let alone = up(&without(&store, "mint-caller"), "mint-owner");
    assert!(alone.edges.is_empty() && alone.origins[0].principal.ends_with("user/AIDADEPLOYER000000001"), "{alone:?}");
}

/// Row 4: what the caller set, AWS kept.
#[test]
fn row_04_a_source_identity_is_an_origin_at_l3_beside_the_proved_one() {
    let role = role_id("first");
    let since = at(0);
    let session = Caller::Role {
        account: ACCOUNT,
        role: "first",
        role_id: &role,
        session: "s-first",
        key: "ASIAFIRST00000000001",
        since: &since,
        web_identity: None,
        source_identity: Some("alice@acme.example"),
    };
    let store = read(vec![
        plain(mint(&user("AKIADEPLOYER00000001"), "mint", 0, "AssumeRole", "first", "ASIAFIRST00000000001")),
        plain(read_object(&session, "use", 9)),
    ]);
    let lineage = up(&store, "use");
    let origins: Vec<(Found, Tier)> = lineage.origins.iter().map(|origin| (origin.found, origin.tier)).collect();
    assert_eq!(origins, [(Found::Lineage, Tier::L1), (Found::Initiator, Tier::L3)]);
    assert!(lineage.origins[1].principal.ends_with("source-identity/?alice%40acme.example"));
}

/// Row 21: the token inside a wrapped answer.
#[test]
fn row_21_an_unwrapped_token_leads_through_the_wrapping_to_whoever_had_it_wrapped() {
    let issued = at(0);
    let (first, wrapping, inner) =
        (token("accessor-1", &issued), token("wrap-1", &issued), token("accessor-2", &issued));
    let hashed = |text: &str| scenario::vault::hmac(SALT, text);
    let wrap = format!(
        r#""wrap_info":{{"token":"{}","accessor":"{}","ttl":300,"creation_time":"{issued}","creation_path":"auth/token/create","wrapped_accessor":"{}"}}"#,
        hashed("wrap-1"),
        hashed("wrap-1"),
        hashed("accessor-2")
    );
    let login = Ask {
        id: "login",
        second: 0,
        operation: "update",
        path: "auth/kubernetes/login",
        mount: "kubernetes",
        response: "",
        data: "",
    };
    let create = Ask {
        id: "create",
        second: 5,
        operation: "update",
        path: "auth/token/create",
        mount: "token",
        response: &wrap,
        data: "",
    };
    let unwrap = Ask {
        id: "unwrap",
        second: 7,
        operation: "update",
        path: "sys/wrapping/unwrap",
        mount: "system",
        response: "",
        data: "",
    };
    let secret =
        Ask { id: "use", second: 9, operation: "read", path: "secret/data/bank", mount: "kv", response: "", data: "" };
    let mut lines = vault(ask(None, Some(&first), &login));
    lines.extend(vault(ask(Some(&first), None, &create)));
    lines.extend(vault(ask(Some(&wrapping), None, &unwrap)));
    lines.extend(vault(ask(Some(&inner), None, &secret)));
    let store = read(lines);
    let lineage = up(&store, "use");
    assert_eq!(hop(&lineage), (EdgeKind::Issued, Tier::L1, "announced", "create"));
    assert_eq!(lineage.edges[1].issuer.as_ref().unwrap().source_event_id.as_deref(), Some("login"));
    assert!(is_unissued(&up(&without(&store, "create"), "use")));
}

pub(crate) fn gcp(
    id: &str,
    second: i64,
    service: &str,
    method: &str,
    resource: &str,
    authentication: &str,
    more: &str,
) -> String {
    format!(
        r#"{{"insertId":"{id}","timestamp":"{}","logName":"projects/prod/logs/cloudaudit.googleapis.com%2Fdata_access","protoPayload":{{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","serviceName":"{service}","methodName":"{method}","resourceName":"{resource}","status":{{}},"authenticationInfo":{{{authentication}}}{more}}}}}"#,
        at(second)
    )
}

const ROBOT: &str = "robot@prod.iam.gserviceaccount.com";

fn impersonated(callers: &[&str]) -> Memory {
    let mut lines = Vec::new();
    for (n, caller) in callers.iter().enumerate() {
        lines.push(plain(gcp(
            &format!("mint-{n}"),
            n as i64,
            "iamcredentials.googleapis.com",
            "GenerateAccessToken",
            &format!("projects/-/serviceAccounts/{ROBOT}"),
            &format!(r#""principalEmail":"{caller}""#),
            r#","request":{"lifetime":"600s","scope":["https://www.googleapis.com/auth/cloud-platform"]}"#,
        )));
    }
    let delegated = format!(
        r#""principalEmail":"{ROBOT}","serviceAccountDelegationInfo":[{{"firstPartyPrincipal":{{"principalEmail":"alice@acme.example"}}}}]"#
    );
    let get = |id: &str, second| {
        gcp(
            id,
            second,
            "storage.googleapis.com",
            "storage.objects.get",
            "projects/_/buckets/b/objects/o",
            &delegated,
            "",
        )
    };
    lines.extend([plain(get("use", 60)), plain(get("late", 700))]);
    read(lines)
}

/// Row 15: no id of a token; account, caller and time.
#[test]
fn row_15_an_impersonated_service_account_leads_to_its_caller_at_l3() {
    let lineage = up(&impersonated(&["alice@acme.example", "bob@acme.example"]), "use");
    assert_eq!(hop(&lineage), (EdgeKind::Issued, Tier::L3, "account-caller-window", "mint-0"));
    assert_eq!(lineage.origins[0].name.as_deref(), Some("alice@acme.example"));
    let late = up(&impersonated(&["alice@acme.example"]), "late");
    assert!(late.edges.iter().all(|edge| edge.kind == EdgeKind::Delegated), "the token's time was over");
    assert!(late.origins[0].principal.ends_with("user/~alice%40acme.example"), "{:?}", late.origins);
}

/// Two tokens of one caller: which one is open, who is not.
#[test]
fn two_tokens_of_one_caller_leave_the_caller_clear() {
    let lineage = up(&impersonated(&["alice@acme.example", "alice@acme.example"]), "use");
    assert!(lineage.edges.iter().all(|edge| edge.kind == EdgeKind::Delegated));
    assert!(lineage.origins[0].principal.ends_with("user/~alice%40acme.example"), "{:?}", lineage.origins);
}

/// Row 16: an outside subject, exchanged, used within the hour.
#[test]
fn row_16_a_federated_principal_leads_to_the_exchange_and_to_the_outside_subject() {
    let pool = "iam.googleapis.com/projects/42/locations/global/workloadIdentityPools/ci";
    let mapped = format!("principal://{pool}/subject/job-7");
    let exchange = gcp(
        "exchange",
        0,
        "sts.googleapis.com",
        "google.identity.sts.v1.SecurityTokenService.ExchangeToken",
        "projects/42/locations/global/workloadIdentityPools/ci/providers/github",
        r#""principalSubject":"repo:acme/pay:ref:refs/heads/main""#,
        &format!(r#","metadata":{{"mapped_principal":"{mapped}"}}"#),
    );
    let with = format!(r#""principalSubject":"{mapped}""#);
    let object = "projects/_/buckets/b/objects/o";
    let get = |id: &str, second| gcp(id, second, "storage.googleapis.com", "storage.objects.get", object, &with, "");
    let store = read(vec![plain(exchange), plain(get("use", 60)), plain(get("late", 4_000))]);
    let token = store.by_source("exchange").issued.as_ref().unwrap().uri.clone();
    let radius = trace::blast_radius::of(&store, &token, i64::MIN, i64::MAX, &Settings::default()).unwrap();
    assert_eq!(radius.uses, 1);
    let lineage = up(&store, "use");
    assert_eq!(hop(&lineage), (EdgeKind::Issued, Tier::L3, "account-caller-window", "exchange"));
    assert!(lineage.origins[0].principal.contains("external/"), "{:?}", lineage.origins);
    assert!(up(&store, "late").edges.is_empty(), "the hour was over");
}

/// Row 17.
#[test]
fn row_17_a_service_account_key_leads_to_whoever_made_it_at_l2() {
    let name = format!("projects/prod/serviceAccounts/{ROBOT}/keys/0a1b2c");
    let make = gcp(
        "make",
        0,
        "iam.googleapis.com",
        "google.iam.admin.v1.CreateServiceAccountKey",
        &format!("projects/-/serviceAccounts/{ROBOT}"),
        r#""principalEmail":"alice@acme.example""#,
        &format!(r#","response":{{"name":"{name}"}}"#),
    );
    let with = format!(r#""principalEmail":"{ROBOT}","serviceAccountKeyName":"//iam.googleapis.com/{name}""#);
    let get = gcp(
        "use",
        90_000,
        "storage.googleapis.com",
        "storage.objects.get",
        "projects/_/buckets/b/objects/o",
        &with,
        "",
    );
    let store = read(vec![plain(make), plain(get)]);
    assert_eq!(hop(&up(&store, "use")), (EdgeKind::Issued, Tier::L2, "key-id", "make"));
    assert!(is_unissued(&up(&without(&store, "make"), "use")));
}

const TENANT: &str = "11111111-2222-4333-8444-555555555555";

/// Rows 26 and 28: key of an app, sign-in with it, Graph call with the token.
#[test]
fn row_26_28_a_graph_call_leads_to_the_sign_in_and_to_the_key_of_the_app() {
    let key = "99999999-aaaa-4bbb-8ccc-dddddddddddd";
    let sp = "77777777-8888-4999-8aaa-bbbbbbbbbbbb";
    let added = format!(
        r#"{{"id":"audit","category":"ApplicationManagement","activityDisplayName":"Add service principal credentials","activityDateTime":"{}","result":"success","tenantId":"{TENANT}","initiatedBy":{{"user":{{"id":"22222222-2222-4222-8222-222222222222","userPrincipalName":"alice@acme.example"}}}},"targetResources":[{{"id":"{sp}","type":"ServicePrincipal","modifiedProperties":[{{"displayName":"KeyDescription","oldValue":"[]","newValue":"[\"[KeyIdentifier={key},KeyType=Password,KeyUsage=Verify,DisplayName=ci]\"]"}}]}}]}}"#,
        at(0)
    );
    let sign_in = format!(
        r#"{{"time":"{0}","category":"ServicePrincipalSignInLogs","tenantId":"{TENANT}","resourceId":"/tenants/{TENANT}/providers/Microsoft.aadiam","operationName":"Sign-in activity","properties":{{"id":"signin","createdDateTime":"{0}","appId":"66666666-6666-4666-8666-666666666666","servicePrincipalId":"{sp}","servicePrincipalCredentialKeyId":"{key}","uniqueTokenIdentifier":"uti-1","status":{{"errorCode":0}}}}}}"#,
        at(60)
    );
    let graph = format!(
        r#"{{"time":"{0}","category":"MicrosoftGraphActivityLogs","tenantId":"{TENANT}","resourceId":"/tenants/{TENANT}/providers/Microsoft.aadiam","properties":{{"requestId":"use","timeGenerated":"{0}","appId":"66666666-6666-4666-8666-666666666666","servicePrincipalId":"{sp}","signInActivityId":"uti-1","requestMethod":"GET","requestUri":"https://graph.microsoft.com/v1.0/users","responseStatusCode":200}}}}"#,
        at(90)
    );
    let store = read(vec![plain(added), plain(sign_in), plain(graph)]);
    let lineage = up(&store, "use");
    let hops: Vec<(Tier, &str)> = lineage
        .edges
        .iter()
        .map(|edge| (edge.tier, edge.issuer.as_ref().unwrap().source_event_id.as_deref().unwrap()))
        .collect();
    assert_eq!(hops, [(Tier::L1, "signin"), (Tier::L2, "audit")]);
    assert!(lineage.origins[0].principal.ends_with("user/22222222-2222-4222-8222-222222222222"));
    assert!(is_unissued(&up(&without(&store, "signin"), "use")));
    let keyless = up(&without(&store, "audit"), "use");
    assert!(
        matches!(&keyless.gaps[..], [trace::Gap::UseWithoutIssuance { credential, .. }] if credential.contains("app-key"))
    );
}

pub(crate) fn okta(id: &str, second: i64, kind: &str, session: &str, more: &str) -> String {
    format!(
        r#"{{"uuid":"{id}","published":"{}","eventType":"{kind}","legacyEventType":"x","displayMessage":"m","severity":"INFO","version":"0","actor":{{"id":"00u1","type":"User","alternateId":"alice@acme.example","displayName":"Alice"}},"client":{{"ipAddress":"10.0.0.9"}},"outcome":{{"result":"SUCCESS"}},"authenticationContext":{{"externalSessionId":"{session}"}}{more}}}"#,
        at(second)
    )
}

pub(crate) fn org() -> Context<'static> {
    Context { authority: Some("acme.okta.com"), ..Context::default() }
}

/// Row 29.
#[test]
fn row_29_an_okta_api_token_leads_to_whoever_made_it_at_l2() {
    let make = r#","target":[{"id":"00Tabc","type":"Token","displayName":"ci"}]"#;
    let with = r#","transaction":{"id":"t","type":"WEB","detail":{"requestApiTokenId":"00Tabc"}}"#;
    let store = read(vec![
        (okta("make", 0, "system.api_token.create", "s-1", make), org()),
        (okta("use", 90_000, "user.lifecycle.create", "unknown", with), org()),
    ]);
    assert_eq!(hop(&up(&store, "use")), (EdgeKind::Issued, Tier::L2, "key-id", "make"));
    assert!(is_unissued(&up(&without(&store, "make"), "use")));
}

/// Row 31.
#[test]
fn row_31_of_two_records_of_one_moment_the_one_that_starts_the_session_opened_it() {
    // By their ids the other one would come first.
    let store = read(vec![
        (okta("a-sso", 0, "user.authentication.sso", "s-1", ""), org()),
        (okta("b-start", 0, "user.session.start", "s-1", ""), org()),
        (okta("use", 60, "application.lifecycle.update", "s-1", ""), org()),
    ]);
    for used in ["a-sso", "use"] {
        let lineage = lineage::of_event(&store, &store.by_source(used), &Settings::default()).unwrap();
        let opened: Vec<_> = lineage.edges.iter().filter(|edge| edge.kind == EdgeKind::Opened).collect();
        let by = |edge: &&trace::Edge| edge.issuer.as_ref().unwrap().source_event_id.clone().unwrap();
        assert_eq!(opened.iter().map(by).collect::<Vec<_>>(), ["b-start"], "{used}");
    }
    let start = lineage::of_event(&store, &store.by_source("b-start"), &Settings::default()).unwrap();
    assert!(start.edges.iter().all(|edge| edge.kind != EdgeKind::Opened), "{:?}", start.edges);
}

#[test]
fn row_31_an_okta_session_leads_to_its_sign_in_at_l3() {
    let store = read(vec![
        (okta("start", 0, "user.session.start", "s-1", ""), org()),
        (okta("use", 60, "application.lifecycle.update", "s-1", ""), org()),
    ]);
    assert_eq!(hop(&up(&store, "use")), (EdgeKind::Opened, Tier::L3, "session-opened", "start"));
    let alone = up(&without(&store, "start"), "use");
    assert!(alone.edges.is_empty() && alone.gaps.is_empty(), "a session that began before the log");
}

/// Row 23: a token of GitHub by its digest has no issuing record of that digest, and that is said.
#[test]
fn row_23_a_github_token_without_its_digest_at_issuance_is_a_use_without_issuance() {
    let clone = format!(
        r#"{{"action":"git.clone","@timestamp":{},"actor":"alice","actor_id":11,"org":"acme","repo":"acme/pay","repo_id":1,"hashed_token":"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=","programmatic_access_type":"Fine-grained personal access token","_document_id":"use"}}"#,
        nanos(0) / 1_000_000
    );
    let lineage = up(&read(vec![plain(clone)]), "use");
    assert!(matches!(&lineage.gaps[..], [trace::Gap::UseWithoutIssuance { .. }]), "{:?}", lineage.gaps);
}

/// Row 14: in the event itself.
#[test]
fn row_14_an_impersonated_kubernetes_user_leads_to_the_caller_in_one_record() {
    let get = Kube { id: "use", second: 60, verb: "get", resource: "secrets", subresource: "", name: "bank" };
    let line = kube(&service_account("jti-1"), &get, 200, "", "");
    let mut value: serde_json::Value = serde_json::from_str(&line).unwrap();
    value["impersonatedUser"] = serde_json::json!({"username": "admin@acme.example", "groups": ["ops"]});
    let store = read(vec![(value.to_string(), cluster())]);
    let fact = store.by_source("use");
    assert!(fact.subject.as_ref().unwrap().contains("admin%40acme.example"));
    let lineage = up(&store, "use");
    let origin = &lineage.origins[0];
    assert_eq!((origin.principal.as_str(), origin.tier), (fact.actor.uri.as_str(), Tier::L1));
}

/// Row 11: the digest of the certificate that was signed is the id of the one that is used.
#[test]
fn row_11_a_client_certificate_leads_to_its_signing_at_l1() {
    // base64 of a PEM text whose body is base64 of `hello`.
    let pem = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCmFHVnNiRzg9Ci0tLS0tRU5EIENFUlRJRklDQVRFLS0tLS0K";
    let digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    let object = format!(
        r#","requestObject":{{"kind":"CertificateSigningRequest","metadata":{{"name":"csr-1"}},"spec":{{"username":"system:node:node-1","signerName":"kubernetes.io/kube-apiserver-client-kubelet"}},"status":{{"certificate":"{pem}"}}}}"#
    );
    let sign = Kube {
        id: "sign",
        second: 0,
        verb: "update",
        resource: "certificatesigningrequests",
        subresource: "status",
        name: "csr-1",
    };
    let controller = service_account("jti-1");
    let request = Kube {
        id: "use",
        second: 60,
        verb: "create",
        resource: "serviceaccounts",
        subresource: "token",
        name: "agent",
    };
    let node = scenario::kubernetes::User::Node { name: "node-1", certificate: digest };
    let store = read(vec![
        (kube(&controller, &sign, 200, "", &object), cluster()),
        (kube(&node, &request, 201, "", ""), cluster()),
    ]);
    assert_eq!(hop(&up(&store, "use")), (EdgeKind::Issued, Tier::L1, "token-id", "sign"));
    assert!(is_unissued(&up(&without(&store, "sign"), "use")));
}
