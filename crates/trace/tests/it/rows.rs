//! Rows of `identity.md` 4, one test each: the link, its tier, and what is said without the other side.

use scenario::cloudtrail::Caller;
use serde_json::json;
use sources::Context;
use trace::{Edge, EdgeKind, Found, Gap, Hashed, Lineage, Settings, Tier, lineage};

use crate::golden::{record, store, without};
use crate::lineage::{read, settings};
use crate::memory::Memory;
use crate::native::*;
use crate::platforms::{gcp, hop};

fn up(store: &Memory, id: &str) -> Lineage {
    lineage::of_event(store, &store.by_source(id), &settings()).unwrap()
}

/// What is said when no record issues the credential of a use.
pub(crate) fn is_unissued(lineage: &Lineage) -> bool {
    let unissued = lineage.gaps.iter().any(|gap| matches!(gap, Gap::UseWithoutIssuance { .. }));
    unissued && lineage.edges.iter().all(|edge| edge.kind == EdgeKind::Delegated)
}

fn issuer(edge: &Edge) -> &str {
    edge.issuer.as_ref().unwrap().source_event_id.as_deref().unwrap()
}

fn delegated(lineage: &Lineage) -> Vec<(&str, &str, Tier)> {
    let edges = lineage.edges.iter().filter(|edge| edge.kind == EdgeKind::Delegated);
    edges.map(|edge| (edge.from.as_str(), edge.to.as_str(), edge.tier)).collect()
}

/// A role session of an instance: EC2 names it after the instance.
fn on_instance(id: &str, second: i64) -> String {
    let (role, since) = (role_id("web"), at(0));
    let session = Caller::Role {
        account: ACCOUNT,
        role: "web",
        role_id: &role,
        session: "i-0123456789abcdef0",
        key: "ASIAINSTANCE00000001",
        since: &since,
        web_identity: None,
        source_identity: None,
    };
    read_object(&session, id, second)
}

/// Rows 1 and 2 without the other side: a key that no record hands out.
#[test]
fn row_01_02_a_temporary_key_without_its_mint_is_said_to_be_unissued() {
    let used = as_role("first", "ASIAFIRST00000000001", |caller| read_object(caller, "use", 9));
    assert!(is_unissued(&up(&store(&[(used, None)]), "use")));
}

/// Row 5: the subject is known from the record; without the issuer's log no token of it is.
#[test]
fn row_05_a_web_identity_without_its_issuers_log_keeps_its_subject() {
    let lineage = up(&crate::lineage::federated(&[]), "use");
    assert!(lineage.edges.iter().all(|edge| edge.kind != EdgeKind::Exchanged));
    assert_eq!(lineage.origins[0].principal, "nhi:principal:k8s:prod-north:serviceaccount/~billing/agent");
}

/// Row 6: the service hands the key to an instance, whose id is the name of the session.
#[test]
fn row_06_a_key_of_an_instance_leads_to_the_service_that_took_the_role_for_it() {
    let assume = record(
        "aws",
        "service-assume-role",
        &[
            ("/eventID", json!("assume")),
            ("/eventTime", json!(at(0))),
            ("/responseElements/credentials/accessKeyId", json!("ASIAINSTANCE00000001")),
            (
                "/responseElements/assumedRoleUser/assumedRoleId",
                json!(format!("{}:i-0123456789abcdef0", role_id("web"))),
            ),
            (
                "/responseElements/assumedRoleUser/arn",
                json!(format!("arn:aws:sts::{ACCOUNT}:assumed-role/web/i-0123456789abcdef0")),
            ),
        ],
    );
    let both = store(&[(assume, None), (on_instance("use", 60), None)]);
    let lineage = up(&both, "use");
    assert_eq!(hop(&lineage), (EdgeKind::Issued, Tier::L1, "token-id", "assume"));
    assert!(lineage.origins[0].principal.contains(":assumed-role/"), "not the service: {:?}", lineage.origins);
    assert_eq!(both.by_source("use").workload.as_deref(), Some("i-0123456789abcdef0"));
    // The instance metadata service leaves no record: the session's name is all there is.
    let alone = without(&both, "assume");
    assert!(is_unissued(&up(&alone, "use")));
    assert_eq!(alone.by_source("use").workload.as_deref(), Some("i-0123456789abcdef0"));
}

/// Row 7: what happens to a long-lived key is told beside its link.
#[test]
fn row_07_a_key_used_after_its_deletion_is_marked() {
    let admin =
        Caller::User { account: ACCOUNT, user: "a", user_id: "AIDAADMIN00000000001", key: "AKIAADMIN0000000001" };
    let iam = |id: &'static str, second, name: &'static str, parameters: &'static str, response: &'static str| {
        let (service, resources) = ("iam.amazonaws.com", "");
        (aws(&admin, &Aws { id, second, service, name, parameters, response, resources }), None)
    };
    let made = r#"{"accessKey":{"userName":"deployer","accessKeyId":"AKIADEPLOYER00000001"}}"#;
    let named = r#"{"userName":"deployer","accessKeyId":"AKIADEPLOYER00000001"}"#;
    let store = store(&[
        iam("create", 0, "CreateAccessKey", r#"{"userName":"deployer"}"#, made),
        (read_object(&user("AKIADEPLOYER00000001"), "before", 50), None),
        iam("delete", 60, "DeleteAccessKey", named, "null"),
        (read_object(&user("AKIADEPLOYER00000001"), "after", 90), None),
    ]);
    let before = up(&store, "before");
    assert_eq!((hop(&before), before.edges[0].marks.len()), ((EdgeKind::Issued, Tier::L2, "key-id", "create"), 0));
    assert_eq!(up(&store, "after").edges[0].marks, [trace::Mark::UsedAfterRevocation]);
    assert!(is_unissued(&up(&without(&store, "create"), "before")));
}

/// Row 8: every call of a sign-in to Identity Center carries the id of its credential.
#[test]
fn row_08_a_call_of_an_identity_center_user_leads_to_the_sign_in_at_l3() {
    let created = record("aws", "identity-center-create-token", &[("/eventID", json!("create"))]);
    let used = record(
        "aws",
        "identity-center-create-token",
        &[
            ("/eventID", json!("use")),
            ("/eventTime", json!("2026-03-02T09:20:00Z")),
            ("/eventName", json!("ListAccounts")),
            ("/responseElements", json!(null)),
        ],
    );
    let store = store(&[(created, None), (used, None)]);
    let lineage = up(&store, "use");
    assert_eq!(hop(&lineage), (EdgeKind::Issued, Tier::L3, "session-id", "create"));
    assert!(lineage.gaps.is_empty(), "a sign-in that carries its own id did not issue itself: {:?}", lineage.gaps);
    assert!(is_unissued(&up(&without(&store, "create"), "use")));
}

/// Row 8: the user behind a session that works on behalf of one, in the record itself.
#[test]
fn row_08_a_session_on_behalf_of_a_user_names_them_in_one_record() {
    let lineage = up(&store(&[(record("aws", "on-behalf-of", &[("/eventID", json!("use"))]), None)]), "use");
    let user = "nhi:principal:aws:111122223333:identity-center-user/5f0a1b2c-0000-4000-8000-00000000beef";
    assert_eq!(delegated(&lineage)[0].0, user);
    assert_eq!((lineage.origins[0].principal.as_str(), lineage.origins[0].found), (user, Found::Initiator));
}

/// Row 9: the record names the vendor's account and nothing of the person at it.
#[test]
fn row_09_a_vendor_that_access_was_delegated_to_is_named_by_its_account() {
    let lineage = up(&store(&[(record("aws", "vendor-delegate", &[("/eventID", json!("use"))]), None)]), "use");
    let vendor = "nhi:principal:aws:999988887777:account/999988887777";
    assert_eq!(delegated(&lineage)[0].0, vendor);
    assert_eq!(lineage.origins[0].principal, vendor);
    assert!(is_unissued(&lineage), "the delegated key has no mint in the customer's log: {:?}", lineage.gaps);
}

/// Row 10 without the TokenRequest.
#[test]
fn row_10_a_pods_token_without_its_request_is_said_to_be_unissued() {
    let get = Kube { id: "use", second: 60, verb: "get", resource: "secrets", subresource: "", name: "bank" };
    let used = kube(&service_account("jti-1"), &get, 200, "", "");
    assert!(is_unissued(&up(&store(&[(used, Some(CLUSTER))]), "use")));
}

/// Row 12: an outside token's id, which both its issuer and the cluster log.
#[test]
fn row_12_a_token_of_an_outside_issuer_leads_there_by_its_jti() {
    let issued = record(
        "teleport",
        "svid-issued",
        &[
            ("/uid", json!("issue")),
            ("/time", json!("2026-10-05T09:10:00Z")),
            ("/serial_number", json!(null)),
            ("/svid_type", json!("jwt")),
            ("/jti", json!("0d9f6f6e-5a35-4a53-9a5a-2d1f4c1f8a10")),
        ],
    );
    let credential = json!(["JTI=0d9f6f6e-5a35-4a53-9a5a-2d1f4c1f8a10"]);
    let used = record(
        "k8s",
        "get-secret.allowed",
        &[("/auditID", json!("use")), ("/user/extra/authentication.kubernetes.io~1credential-id", credential)],
    );
    let store = store(&[(issued, None), (used, Some(CLUSTER))]);
    assert_eq!(hop(&up(&store, "use")), (EdgeKind::Brokered, Tier::L1, "native-id", "issue"));
    assert!(is_unissued(&up(&without(&store, "issue"), "use")));
}

/// Row 13: of two pods' tokens the one is taken whose pod the caller named its session after.
#[test]
fn row_13_a_pod_named_in_the_session_tells_its_token_from_the_others_at_l4() {
    let request = |id: &str, jti: &str, pod: &str| {
        let line = token_request(id, 0, jti, "sts.amazonaws.com").replace("agent-7d9", pod);
        let line = line.replace("5b0c9e1a-2f64-4d5c-9a3e-7d1f0c6a8b21", &format!("uid-of-{pod}"));
        (line, cluster())
    };
    let subject = "system:serviceaccount:billing:agent";
    let web = Caller::Web { issuer: ISSUER, subject };
    let mint = mint_for(&web, "mint", 100, "AssumeRoleWithWebIdentity", "export", "ASIAEXPORT0000000001", subject);
    let used = as_role("export", "ASIAEXPORT0000000001", |caller| read_object(caller, "use", 120));
    let with = |label: &str| {
        read(vec![
            request("request-1", "jti-1", "agent-abc12"),
            request("request-2", "jti-2", "agent-xyz34"),
            (mint.replace("s-export", label), Context::default()),
            (used.clone(), Context::default()),
        ])
    };
    let lineage = up(&with("eks-prod-agent-xyz34-3f2a"), "use");
    let exchanged = lineage.edges.iter().find(|edge| edge.kind == EdgeKind::Exchanged).unwrap();
    assert_eq!((exchanged.tier, exchanged.rule, issuer(exchanged)), (Tier::L4, "claimed-id", "request-2"));
    let both = up(&with("agent-abc12-or-agent-xyz34"), "use");
    assert!(both.gaps.iter().any(|gap| matches!(gap, Gap::Ambiguous { .. })), "a name with both tells nothing");
    let silent = up(&with("session"), "use");
    assert!(silent.gaps.iter().any(|gap| matches!(gap, Gap::Ambiguous { .. })), "neither is picked");
    assert_eq!(silent.origins[0].tier, Tier::L3, "the account is the same whichever it was");
}

/// Row 15 without the mint: the chain in the record remains.
#[test]
fn row_15_an_impersonation_without_its_mint_keeps_the_chain_of_the_record() {
    let robot = r#""principalEmail":"robot@prod.iam.gserviceaccount.com","serviceAccountDelegationInfo":[{"firstPartyPrincipal":{"principalEmail":"alice@acme.example"}}]"#;
    let get =
        gcp("use", 60, "storage.googleapis.com", "storage.objects.get", "projects/_/buckets/b/objects/o", robot, "");
    let lineage = up(&store(&[(get, None)]), "use");
    assert_eq!(delegated(&lineage).len(), 1);
    assert!(lineage.origins[0].principal.ends_with("user/~alice%40acme.example"), "{:?}", lineage.origins);
}

/// Row 18 without the login.
#[test]
fn row_18_a_token_of_vault_without_its_login_is_said_to_be_unissued() {
    let issued = at(0);
    let token = token("accessor-1", &issued);
    let call =
        Ask { id: "use", second: 9, operation: "read", path: "secret/data/bank", mount: "kv", response: "", data: "" };
    let lines = ask(Some(&token), None, &call).map(|line| (line, Some("vault-1")));
    assert!(is_unissued(&up(&store(&lines), "use")));
}

const DATABASE_USER: &str = "v-approle-reporting-7Kq2mVw9xE4r-1791192025";

/// A lease of a database user, whose name Vault hashes, and a query by that user.
fn database() -> Memory {
    let lease = record("vault", "database-creds", &[("/request/id", json!("lease"))]);
    let query = record(
        "postgres",
        "audit-function",
        &[
            ("/session_id", json!("use")),
            ("/line_num", json!(1)),
            ("/user", json!(DATABASE_USER)),
            ("/timestamp", json!("2026-10-05 09:21:00.000 UTC")),
        ],
    );
    store(&[(lease, Some("vault-1")), (query, Some("ledger-db"))])
}

/// Row 20: a hash joins when the holder of the key says of what it is.
#[test]
fn row_20_a_database_user_leads_to_its_lease_when_the_hash_of_its_name_is_supplied() {
    let store = database();
    let query = store.by_source("use/1");
    let lease = store.by_source("lease");
    let hash = lease.issued.as_ref().unwrap().native_id.clone().unwrap();
    assert!(hash.starts_with("hmac-sha256:"));
    let supplied = Settings { hashes: vec![Hashed { id: DATABASE_USER.to_owned(), hash }], ..settings() };
    let lineage = lineage::of_event(&store, &query, &supplied).unwrap();
    assert_eq!(hop(&lineage), (EdgeKind::Brokered, Tier::L1, "hashed-id", "lease"));
    // Down, too: from the lease to what was done with it.
    let lease = &lease.issued.as_ref().unwrap().uri;
    let radius = trace::blast_radius::of(&store, lease, i64::MIN, i64::MAX, &supplied).unwrap();
    assert_eq!(radius.uses, 1);
    assert!(radius.touched.iter().any(|touched| touched.resource.contains("ledger-db")), "{:?}", radius.touched);
    // Nobody else can: without the pair nothing joins, and nothing is guessed from the form of the name.
    assert!(is_unissued(&lineage::of_event(&store, &query, &settings()).unwrap()));
}

/// Row 22: why Vault let it happen stands in the entry, whoever issued the token.
#[test]
fn row_22_the_decision_of_vault_is_in_the_entry() {
    let store = database();
    assert_eq!(store.by_source("lease").effect, Some(model::Effect::Allow));
    let denied =
        crate::golden::store(&[(record("vault", "database-creds-denied", &[("/request/id", json!("no"))]), None)]);
    assert_eq!(denied.by_source("no").effect, Some(model::Effect::Deny));
}

/// Row 25: the run that the caller named its session after, among others of the repository.
#[test]
fn row_25_a_run_named_in_the_session_tells_it_from_the_others_at_l4() {
    let run = |id: &str, run: u64, actor: u64| {
        format!(
            r#"{{"action":"workflows.created_workflow_run","@timestamp":{},"actor":"a{actor}","actor_id":{actor},"actor_is_bot":false,"org":"acme","repo":"acme/pay","repo_id":456789,"workflow_run_id":{run},"run_attempt":1,"name":"deploy","workflow_id":5,"_document_id":"{id}"}}"#,
            nanos(0) / 1_000_000
        )
    };
    // The subject has the name of the repository alone; the runs have its id.
    let subject = "repo:acme/pay:ref:refs/heads/main";
    let web = Caller::Web { issuer: "token.actions.githubusercontent.com", subject };
    let mint = mint_for(&web, "mint", 100, "AssumeRoleWithWebIdentity", "deploy", "ASIADEPLOY0000000001", subject);
    let with = |label: &str| {
        store(&[
            (run("run-1", 18_800_200_300, 11), None),
            (run("run-2", 18_800_200_301, 12), None),
            (mint.replace("s-deploy", label), None),
            (as_role("deploy", "ASIADEPLOY0000000001", |caller| read_object(caller, "use", 120)), None),
        ])
    };
    let lineage = up(&with("gh-18800200301-1"), "use");
    let exchanged = lineage.edges.iter().find(|edge| edge.kind == EdgeKind::Exchanged).unwrap();
    assert_eq!((exchanged.tier, exchanged.rule, issuer(exchanged)), (Tier::L4, "claimed-id", "run-2"));
    assert_eq!(lineage.origins[0].principal, "nhi:principal:github:github.com:user/12");
    let silent = up(&with("deploy"), "use");
    assert!(silent.gaps.iter().any(|gap| matches!(gap, Gap::Ambiguous { .. })), "{:?}", silent.gaps);
}

/// Row 25: many read a repository between the start of its run and the run's token being shown.
#[test]
fn row_25_a_run_is_found_behind_all_else_that_happened_to_its_repository() {
    let entry = |id: &str, second: i64, members: &str| {
        let line = format!(
            r#"{{"@timestamp":{},"actor":"a11","actor_id":11,"actor_is_bot":false,"org":"acme","repo":"acme/pay","repo_id":456789,"_document_id":"{id}",{members}}}"#,
            nanos(second) / 1_000_000
        );
        (line, None)
    };
    let run = r#""action":"workflows.created_workflow_run","workflow_run_id":18800200300,"run_attempt":1,"name":"deploy","workflow_id":5"#;
    let subject = "repo:acme/pay:ref:refs/heads/main";
    let web = Caller::Web { issuer: "token.actions.githubusercontent.com", subject };
    let mint = mint_for(&web, "mint", 100, "AssumeRoleWithWebIdentity", "deploy", "ASIADEPLOY0000000001", subject);
    let mut lines = vec![entry("run", 0, run), (mint, None)];
    lines.extend((1..80).map(|n| entry(&format!("clone-{n}"), n, r#""action":"git.clone","transport_protocol":1"#)));
    lines.push((as_role("deploy", "ASIADEPLOY0000000001", |caller| read_object(caller, "use", 120)), None));
    let lineage = up(&store(&lines), "use");
    let exchanged = lineage.edges.iter().find(|edge| edge.kind == EdgeKind::Exchanged).unwrap();
    assert_eq!((exchanged.tier, issuer(exchanged)), (Tier::L4, "run"));
}

/// Row 27: a call without a token id leads to the sign-in that opened its session.
#[test]
fn row_27_a_call_of_an_entra_session_leads_to_the_sign_in_at_l3() {
    let session = json!("00aa6fab-7f00-4c11-9d22-eeddccbbaa01");
    let sign_in = record("entra", "user.allowed", &[("/properties/id", json!("signin"))]);
    let call = record(
        "entra",
        "graph_call.allowed",
        &[
            ("/properties/requestId", json!("use")),
            ("/properties/signInActivityId", json!("")),
            ("/properties/servicePrincipalId", json!("")),
            ("/properties/userId", json!("0D4F3C2B-1111-4222-8333-444455556666")),
            ("/properties/sessionId", session),
        ],
    );
    let store = store(&[(sign_in, None), (call, None)]);
    assert_eq!(hop(&up(&store, "use")), (EdgeKind::Opened, Tier::L3, "session-opened", "signin"));
    assert!(up(&without(&store, "signin"), "use").edges.is_empty(), "applications have no session at all");
}

/// A call of a resource server, as OCSF, made with a token of this id.
fn served(token: &str, time: &str) -> String {
    record(
        "ocsf",
        "api.allowed",
        &[
            ("/metadata/original_event_uid", json!("use")),
            ("/time", json!(time)),
            ("/actor/session", json!(null)),
            ("/api/token", json!({"uid": token})),
        ],
    )
}

/// Row 30: a resource server that logs the id of the token.
#[test]
fn row_30_a_call_with_an_okta_access_token_leads_to_its_grant_at_l1() {
    let granted = record("okta", "client_credentials", &[("/uuid", json!("grant"))]);
    let used = served("AT.p0QexampleTOKENidentifier", "2026-03-14T09:20:00Z");
    let store = store(&[(granted, Some("wharf.okta.com")), (used, None)]);
    assert_eq!(hop(&up(&store, "use")), (EdgeKind::Brokered, Tier::L1, "native-id", "grant"));
    assert!(is_unissued(&up(&without(&store, "grant"), "use")));
}

/// Row 32: any issuer and any server that log one id.
#[test]
fn row_32_a_token_of_any_issuer_leads_to_its_issuance_at_l1() {
    let issued = record("ocsf", "ticket_issued", &[("/metadata/original_event_uid", json!("issue"))]);
    let used = served("tok-7", "2026-05-05T08:10:00Z");
    let store = store(&[(issued, None), (used, None)]);
    assert_eq!(hop(&up(&store, "use")), (EdgeKind::Issued, Tier::L1, "token-id", "issue"));
    assert!(is_unissued(&up(&without(&store, "issue"), "use")));
}

/// Row 33: the actors of an exchange, nested as RFC 8693 has them, in the record of it.
#[test]
fn row_33_an_exchange_shows_its_chain_of_actors_in_one_record() {
    let exchanged = record("okta", "agent_token_exchange", &[("/uuid", json!("exchange"))]);
    let used = served("JAG.7exampleIDENTIFIER", "2026-03-14T09:16:00Z");
    let store = store(&[(exchanged, Some("wharf.okta.com")), (used, None)]);
    let lineage = up(&store, "use");
    assert_eq!(hop(&lineage), (EdgeKind::Brokered, Tier::L1, "native-id", "exchange"));
    let chain = delegated(&lineage);
    assert_eq!(chain.len(), 2, "{chain:?}");
    assert!(chain[0].0.ends_with("user/00u9k2hfexAMPLE1d697") && chain[1].1.contains("agent/"), "{chain:?}");
    let person = &lineage.origins.iter().find(|origin| origin.found == Found::Initiator).unwrap().principal;
    assert!(person.ends_with("user/00u9k2hfexAMPLE1d697"));
    // The provider logs no id of the token that was shown for it.
    assert!(store.by_source("exchange").credential.is_none());
}

/// Row 35: the serial number that the server signed is the one that was shown.
#[test]
fn row_35_a_svid_shown_to_vault_leads_to_its_signing_at_l1() {
    let serial = "214933908099603316458134831733103562640";
    let signed = record("spire", "signed-x509-svid", &[("/request_id", json!("sign"))]);
    let login = record(
        "vault",
        "login-cert",
        &[
            ("/request/id", json!("use")),
            ("/time", json!("2026-03-14T09:20:00Z")),
            ("/request/client_certificate_serial_number", json!(serial)),
        ],
    );
    let store = store(&[(signed, None), (login, Some("vault-1"))]);
    assert_eq!(hop(&up(&store, "use")), (EdgeKind::Brokered, Tier::L1, "native-id", "sign"));
    assert!(is_unissued(&up(&without(&store, "sign"), "use")), "at the usual level the server logs no serial");
}

/// Row 37: a session of Teleport leads to its start; a bot's work to its join.
#[test]
fn row_37_a_teleport_session_leads_to_its_start_and_a_bot_to_its_join() {
    let start = record("teleport", "session-start", &[("/uid", json!("start"))]);
    let end = record("teleport", "session-end", &[("/uid", json!("use"))]);
    let join = record("teleport", "bot-join", &[("/uid", json!("join")), ("/time", json!("2026-03-14T09:00:00Z"))]);
    let cert = record("teleport", "cert-create-bot", &[("/uid", json!("cert"))]);
    let store = store(&[(start, None), (end, None), (join, None), (cert, None)]);
    assert_eq!(hop(&up(&store, "use")), (EdgeKind::Opened, Tier::L3, "session-opened", "start"));
    assert!(up(&without(&store, "start"), "use").edges.is_empty());
    // The start names the access request, the records after it only the session.
    let request = &store.by_source("start").grant_refs[0];
    let event = store.by_source("use");
    let proof = trace::grant::prove(&store, &event, &up(&store, "use"), &settings()).unwrap();
    assert_eq!((proof.uri.as_ref(), proof.tier), (Some(request), Some(Tier::L3)));
    let bot = up(&store, "cert");
    assert_eq!(hop(&bot), (EdgeKind::Issued, Tier::L2, "key-id", "join"));
    assert!(bot.origins[0].principal.contains("github"), "{:?}", bot.origins);
    assert!(is_unissued(&up(&without(&store, "join"), "cert")));
}
