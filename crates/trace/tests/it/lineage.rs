//! Lineage up, on small native records: a chain each of `identity.md` 4, with its evidence.

use model::Platform;
use scenario::{cloudtrail::Caller, kubernetes::User};
use sources::Context;
use trace::{EdgeKind, Found, Gap, Issuer, Lineage, Mark, Settings, Tier, lineage};

use crate::memory::Memory;
use crate::native::*;

fn up(store: &Memory, id: &str) -> Lineage {
    lineage::of_event(store, &store.by_source(id), &settings()).unwrap()
}

pub(crate) fn settings() -> Settings {
    let issuer = |host: &str, platform: &str, authority: &str| Issuer {
        host: host.to_owned(),
        platform: platform.to_owned(),
        authority: authority.to_owned(),
    };
    let issuers =
        vec![issuer(ISSUER, "k8s", CLUSTER), issuer("token.actions.githubusercontent.com", "github", "github.com")];
    Settings { issuers, ..Settings::default() }
}

/// The ids at the source of the issuing records on the path, nearest first.
fn issuers(lineage: &Lineage) -> Vec<String> {
    let hops = lineage.edges.iter().filter(|edge| edge.on_path && edge.kind != EdgeKind::Delegated);
    hops.map(|edge| edge.issuer.as_ref().unwrap().source_event_id.clone().unwrap()).collect()
}

fn plain() -> Context<'static> {
    Context::default()
}

fn vault_cluster() -> Context<'static> {
    Context { authority: Some("vault-1"), ..Context::default() }
}

pub(crate) fn read(lines: Vec<(String, Context<'static>)>) -> Memory {
    let lines: Vec<(&str, &Context<'_>)> = lines.iter().map(|(line, context)| (line.as_str(), context)).collect();
    Memory::read(&lines)
}

/// Rows 1 and 2: key of a user, role, second role, object.
#[test]
fn row_01_02_chained_roles_lead_back_to_the_key_of_the_user() {
    let store = read(vec![
        (mint(&user("AKIADEPLOYER00000001"), "mint-1", 0, "AssumeRole", "first", "ASIAFIRST00000000001"), plain()),
        (
            as_role("first", "ASIAFIRST00000000001", |caller| {
                mint(caller, "mint-2", 10, "AssumeRole", "second", "ASIASECOND0000000001")
            }),
            plain(),
        ),
        (as_role("second", "ASIASECOND0000000001", |caller| read_object(caller, "use", 20)), plain()),
    ]);
    let lineage = up(&store, "use");
    assert_eq!(issuers(&lineage), ["mint-2", "mint-1"]);
    let tiers: Vec<Tier> = lineage.edges.iter().map(|edge| edge.tier).collect();
    assert_eq!(tiers, [Tier::L1, Tier::L1]);
    assert_eq!(lineage.edges[0].basis, ["issued_credential_uri", "credential_uri"]);
    assert_eq!(lineage.edges[0].from, format!("nhi:cred:aws:{ACCOUNT}:sts-key/ASIAFIRST00000000001"));
    assert_eq!(lineage.edges[1].user.as_ref().unwrap().source_event_id.as_deref(), Some("mint-2"));
    assert_eq!(lineage.origins[0].principal, format!("nhi:principal:aws:{ACCOUNT}:user/AIDADEPLOYER000000001"));
    assert_eq!((lineage.origins[0].tier, lineage.origins[0].found), (Tier::L1, Found::Lineage));
    let key = format!("nhi:cred:aws:{ACCOUNT}:access-key/AKIADEPLOYER00000001");
    let user = lineage.edges[1].issuer.clone();
    assert_eq!(lineage.gaps, [Gap::UseWithoutIssuance { credential: key, user }]);
}

/// Row 7: the key of the user, made by an administrator.
#[test]
fn row_07_a_long_lived_key_leads_to_whoever_made_it_at_l2() {
    let made = r#"{"accessKey":{"userName":"deployer","accessKeyId":"AKIADEPLOYER00000001","status":"Active"}}"#;
    let create = Aws {
        id: "create",
        second: 0,
        service: "iam.amazonaws.com",
        name: "CreateAccessKey",
        parameters: r#"{"userName":"deployer"}"#,
        response: made,
        resources: "",
    };
    let admin = Caller::User {
        account: ACCOUNT,
        user: "root-admin",
        user_id: "AIDAADMIN00000000001",
        key: "AKIAADMIN0000000001",
    };
    let store = read(vec![
        (aws(&admin, &create), plain()),
        (read_object(&user("AKIADEPLOYER00000001"), "use", 86_400), plain()),
    ]);
    let lineage = up(&store, "use");
    assert_eq!(issuers(&lineage), ["create"]);
    assert_eq!((lineage.edges[0].tier, lineage.weakest), (Tier::L2, Some(Tier::L2)));
}

/// Row 20: a lease of Vault, the key in the clear, and AWS's own record of the minting.
pub(crate) fn leased() -> Vec<(String, Context<'static>)> {
    let issued = at(0);
    let token = token("accessor-1", &issued);
    let [_, login] = ask(
        None,
        Some(&token),
        &Ask {
            id: "login",
            second: 0,
            operation: "update",
            path: "auth/kubernetes/login",
            mount: "kubernetes",
            response: "",
            data: "",
        },
    );
    let response = r#""secret":{"lease_id":"aws/sts/export/7f3c"},"data":{"access_key":"ASIAEXPORT0000000001","secret_key":"hmac-sha256:00"}"#;
    let [_, lease] = ask(
        Some(&token),
        None,
        &Ask { id: "lease", second: 30, operation: "read", path: "aws/sts/export", mount: "aws", response, data: "" },
    );
    let engine =
        Caller::User { account: ACCOUNT, user: "vault", user_id: "AIDAVAULT00000000001", key: "AKIAVAULT00000000001" };
    vec![
        (login, vault_cluster()),
        (lease, vault_cluster()),
        (mint(&engine, "assume", 30, "AssumeRole", "export", "ASIAEXPORT0000000001"), plain()),
        (as_role("export", "ASIAEXPORT0000000001", |caller| read_object(caller, "use", 60)), plain()),
    ]
}

#[test]
fn row_20_a_leased_key_leads_through_vault_and_the_brokers_own_account_is_beside_the_path() {
    let lineage = up(&read(leased()), "use");
    assert_eq!(issuers(&lineage), ["lease", "login"]);
    let beside: Vec<&trace::Edge> = lineage.edges.iter().filter(|edge| !edge.on_path).collect();
    assert_eq!(beside.len(), 1);
    assert_eq!(beside[0].issuer.as_ref().unwrap().source_event_id.as_deref(), Some("assume"));
    let brokered = lineage.edges.iter().find(|edge| edge.kind == EdgeKind::Brokered).unwrap();
    assert_eq!((brokered.tier, brokered.rule, brokered.tolerance_ms), (Tier::L1, "token-id-elsewhere", 60_000));
    assert_eq!(brokered.issuer.as_ref().unwrap().platform, Platform::Vault);
    assert_eq!(lineage.origins.len(), 1, "{:?}", lineage.origins);
    assert!(lineage.origins[0].principal.contains(":entity/e2d7c1b0"));
}

/// Rows 18 and 19: a token, its child, the child of that.
#[test]
fn row_18_19_child_tokens_of_vault_lead_to_the_login() {
    let issued = at(0);
    let (first, second) = (token("accessor-1", &issued), token("accessor-2", &issued));
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
        response: "",
        data: "",
    };
    let secret =
        Ask { id: "use", second: 9, operation: "read", path: "secret/data/bank", mount: "kv", response: "", data: "" };
    let records =
        [ask(None, Some(&first), &login), ask(Some(&first), Some(&second), &create), ask(Some(&second), None, &secret)];
    let store = read(records.into_iter().flatten().map(|line| (line, vault_cluster())).collect());
    let lineage = up(&store, "use");
    assert_eq!(issuers(&lineage), ["create", "login"]);
    assert_eq!(lineage.weakest, Some(Tier::L1));
}

/// Row 10: the kubelet fetches the token, the service account is behind it.
#[test]
fn row_10_a_pods_token_leads_to_its_service_account_not_to_the_kubelet() {
    let get = Kube { id: "use", second: 60, verb: "get", resource: "secrets", subresource: "", name: "bank" };
    let store = read(vec![
        (token_request("request", 0, "jti-1", "https://kubernetes.default.svc"), cluster()),
        (kube(&service_account("jti-1"), &get, 200, "", ""), cluster()),
    ]);
    let lineage = up(&store, "use");
    assert_eq!(issuers(&lineage), ["request"]);
    assert_eq!(lineage.edges[0].tier, Tier::L1);
    assert!(lineage.edges[0].from.contains(":x509-sha256/7e7e"), "{:?}", lineage.edges[0]);
    assert_eq!(lineage.origins[0].principal, "nhi:principal:k8s:prod-north:serviceaccount/~billing/agent");
}

/// Row 10, made by hand: whoever asked for the token is behind it.
#[test]
fn a_token_that_another_service_account_asked_for_leads_to_that_one() {
    let other = User::ServiceAccount {
        namespace: "ci",
        name: "runner",
        uid: "d0",
        pod: "p",
        pod_uid: "p0",
        node: "n",
        jti: "jti-0",
    };
    let get = Kube { id: "use", second: 60, verb: "get", resource: "secrets", subresource: "", name: "bank" };
    let store = read(vec![
        (token_request_by(&other, "request", 0, "jti-1", "x"), cluster()),
        (kube(&service_account("jti-1"), &get, 200, "", ""), cluster()),
    ]);
    assert_eq!(up(&store, "use").origins[0].principal, "nhi:principal:k8s:prod-north:serviceaccount/d0");
}

const SUBJECT: &str = "system:serviceaccount:billing:agent";

pub(crate) fn federated(requests: &[(&str, i64)]) -> Memory {
    let mut lines: Vec<(String, Context<'static>)> = requests
        .iter()
        .map(|(id, second)| (token_request(id, *second, &format!("jti-{id}"), "sts.amazonaws.com"), cluster()))
        .collect();
    let web = Caller::Web { issuer: ISSUER, subject: SUBJECT };
    let mint = mint_for(&web, "mint", 100, "AssumeRoleWithWebIdentity", "export", "ASIAEXPORT0000000001", SUBJECT);
    lines.push((mint, plain()));
    lines.push((as_role("export", "ASIAEXPORT0000000001", |caller| read_object(caller, "use", 120)), plain()));
    read(lines)
}

/// Rows 5 and 13: the account is known from the verified subject, the token only by time.
#[test]
fn row_05_13_a_web_identity_leads_to_the_service_account_at_l3_and_to_its_token_at_l4() {
    let lineage = up(&federated(&[("request", 0)]), "use");
    let kinds: Vec<(EdgeKind, Tier)> = lineage.edges.iter().map(|edge| (edge.kind, edge.tier)).collect();
    let expected = [(EdgeKind::Issued, Tier::L1), (EdgeKind::FederatesTo, Tier::L3), (EdgeKind::Exchanged, Tier::L4)];
    assert_eq!(kinds[..3], expected);
    let origin = &lineage.origins[0];
    assert_eq!(origin.principal, "nhi:principal:k8s:prod-north:serviceaccount/~billing/agent");
    assert_eq!(origin.tier, Tier::L3);
}

#[test]
fn of_two_tokens_that_fit_none_is_picked() {
    let lineage = up(&federated(&[("request-1", 0), ("request-2", 5)]), "use");
    assert!(lineage.edges.iter().all(|edge| edge.kind != EdgeKind::Exchanged));
    let candidates = lineage.gaps.iter().find_map(|gap| match gap {
        Gap::Ambiguous { candidates, .. } => Some(candidates.len()),
        _ => None,
    });
    assert_eq!(candidates, Some(2));
    assert_eq!(lineage.origins[0].tier, Tier::L3, "the account is the same whichever it was");
}

#[test]
fn an_issuer_that_nobody_configured_is_named() {
    let store = federated(&[("request", 0)]);
    let lineage = lineage::of_event(&store, &store.by_source("use"), &Settings::default()).unwrap();
    let named =
        lineage.gaps.iter().any(|gap| matches!(gap, Gap::IssuerNotConfigured { issuer, .. } if issuer == ISSUER));
    assert!(named, "{:?}", lineage.gaps);
}

pub(crate) fn github(subject: &str) -> Memory {
    read(job(subject).into_iter().map(|(line, _)| (line, plain())).collect())
}

/// A run of a workflow, its role in a cloud, and what it read there.
pub(crate) fn job(subject: &str) -> Vec<(String, Option<&'static str>)> {
    let run = format!(
        r#"{{"action":"workflows.created_workflow_run","@timestamp":{},"actor":"alice","actor_id":11,"actor_is_bot":false,"org":"acme","repo":"acme/pay","repo_id":456789,"workflow_run_id":9001,"run_attempt":1,"name":"deploy","workflow_id":5,"_document_id":"run"}}"#,
        nanos(0) / 1_000_000
    );
    let web = Caller::Web { issuer: "token.actions.githubusercontent.com", subject };
    let mint = mint_for(&web, "mint", 100, "AssumeRoleWithWebIdentity", "deploy", "ASIADEPLOY0000000001", subject);
    let used = as_role("deploy", "ASIADEPLOY0000000001", |caller| read_object(caller, "use", 120));
    vec![(run, None), (mint, None), (used, None)]
}

/// Row 25: by the run where the subject names it, else by repository and time.
#[test]
fn row_25_a_github_job_is_l3_by_its_run_and_l4_by_its_repository() {
    let by_run = up(&github("repo:acme/pay:run_id:9001"), "use");
    assert_eq!(issuers(&by_run), ["mint", "run"]);
    assert_eq!(by_run.origins[0].principal, "nhi:principal:github:github.com:user/11");
    assert_eq!(by_run.weakest, Some(Tier::L3));
    let by_id = up(&github("repo:acme@1/pay@456789:ref:refs/heads/main"), "use");
    assert_eq!(issuers(&by_id), ["mint", "run"]);
    assert_eq!(by_id.weakest, Some(Tier::L4));
}

#[test]
fn a_key_used_before_it_was_minted_is_no_link() {
    let store = read(vec![
        (as_role("first", "ASIAFIRST00000000001", |caller| read_object(caller, "use", 0)), plain()),
        (mint(&user("AKIADEPLOYER00000001"), "mint", 60, "AssumeRole", "first", "ASIAFIRST00000000001"), plain()),
    ]);
    let lineage = up(&store, "use");
    assert!(lineage.edges.is_empty());
    assert!(matches!(&lineage.gaps[..], [Gap::IssuedAfterUse { .. }]), "{:?}", lineage.gaps);
}

#[test]
fn clocks_a_few_seconds_apart_break_no_link() {
    let store = read(vec![
        (as_role("first", "ASIAFIRST00000000001", |caller| read_object(caller, "use", 0)), plain()),
        (mint(&user("AKIADEPLOYER00000001"), "mint", 4, "AssumeRole", "first", "ASIAFIRST00000000001"), plain()),
    ]);
    assert_eq!(issuers(&up(&store, "use")), ["mint"]);
}

#[test]
fn a_key_used_after_its_end_keeps_its_link_with_a_mark() {
    let store = read(vec![
        (mint(&user("AKIADEPLOYER00000001"), "mint", 0, "AssumeRole", "first", "ASIAFIRST00000000001"), plain()),
        (as_role("first", "ASIAFIRST00000000001", |caller| read_object(caller, "use", 3_700)), plain()),
    ]);
    assert_eq!(up(&store, "use").edges[0].marks, [Mark::UsedAfterEnd]);
}

#[test]
fn two_issuances_of_one_token_contradict_each_other() {
    let store = read(vec![
        (mint(&user("AKIADEPLOYER00000001"), "mint-1", 0, "AssumeRole", "first", "ASIAFIRST00000000001"), plain()),
        (mint(&user("AKIADEPLOYER00000002"), "mint-2", 1, "AssumeRole", "first", "ASIAFIRST00000000001"), plain()),
        (as_role("first", "ASIAFIRST00000000001", |caller| read_object(caller, "use", 20)), plain()),
    ]);
    let lineage = up(&store, "use");
    assert!(lineage.edges.is_empty());
    assert!(matches!(&lineage.gaps[0], Gap::Ambiguous { candidates, .. } if candidates.len() == 2));
}

#[test]
fn a_delivery_told_twice_is_one_issuance() {
    let lines = leased();
    let twice = lines.iter().chain(&lines).cloned().collect();
    assert_eq!(issuers(&up(&read(twice), "use")), ["lease", "login"]);
}

#[test]
fn a_key_that_issued_itself_ends_in_a_labelled_cycle() {
    let store = read(vec![
        (
            as_role("first", "ASIAFIRST00000000001", |c| {
                mint(c, "a", 0, "AssumeRole", "first", "ASIAFIRST00000000001")
            }),
            plain(),
        ),
        (as_role("first", "ASIAFIRST00000000001", |caller| read_object(caller, "use", 20)), plain()),
    ]);
    let lineage = up(&store, "use");
    assert!(lineage.gaps.iter().any(|gap| matches!(gap, Gap::Cycle { .. })), "{:?}", lineage.gaps);
}

#[test]
fn two_keys_that_issued_each_other_end_in_a_labelled_cycle() {
    let store = read(vec![
        (as_role("b", "ASIABBBBB00000000001", |c| mint(c, "a", 0, "AssumeRole", "a", "ASIAAAAAA00000000001")), plain()),
        (as_role("a", "ASIAAAAAA00000000001", |c| mint(c, "b", 1, "AssumeRole", "b", "ASIABBBBB00000000001")), plain()),
        (as_role("a", "ASIAAAAAA00000000001", |caller| read_object(caller, "use", 20)), plain()),
    ]);
    let lineage = up(&store, "use");
    assert!(lineage.gaps.iter().any(|gap| matches!(gap, Gap::Cycle { .. })), "{:?}", lineage.gaps);
}

#[test]
fn a_chain_longer_than_the_limit_is_cut_and_says_so() {
    let mut lines =
        vec![(mint(&user("AKIADEPLOYER00000001"), "m0", 0, "AssumeRole", "r0", "ASIAR000000000000000"), plain())];
    for n in 1..6 {
        let (role, key) = (format!("r{}", n - 1), format!("ASIAR{:0>15}", n - 1));
        let (id, next, next_key) = (format!("m{n}"), format!("r{n}"), format!("ASIAR{n:0>15}"));
        lines.push((as_role(&role, &key, |c| mint(c, &id, n, "AssumeRole", &next, &next_key)), plain()));
    }
    let store = read(lines);
    let limit = Settings { hops_max: 3, ..Settings::default() };
    let lineage = lineage::of_event(&store, &store.by_source("m5"), &limit).unwrap();
    assert!(lineage.gaps.contains(&Gap::Cut { limit: "hops_max", value: 3 }), "{:?}", lineage.gaps);
    assert!(lineage.edges.len() <= 4);
}

#[test]
fn a_token_for_another_audience_is_no_candidate() {
    let mut lines = vec![(token_request("for-vault", 5, "jti-v", "vault"), cluster())];
    lines.push((token_request("for-sts", 0, "jti-s", "sts.amazonaws.com"), cluster()));
    let web = Caller::Web { issuer: ISSUER, subject: SUBJECT };
    let mint = mint_for(&web, "mint", 100, "AssumeRoleWithWebIdentity", "export", "ASIAEXPORT0000000001", SUBJECT);
    lines.push((mint, plain()));
    let lineage = up(&read(lines), "mint");
    let exchanged = lineage.edges.iter().find(|edge| edge.kind == EdgeKind::Exchanged).unwrap();
    assert_eq!(exchanged.issuer.as_ref().unwrap().source_event_id.as_deref(), Some("for-sts"));
}

/// A login with an hour's token, `between` at 600 seconds, a use two hours later.
fn later_use(path: &str, answered: bool) -> Memory {
    let issued = at(0);
    let token = token("accessor-1", &issued);
    let call = |id, second, operation, path| Ask { id, second, operation, path, mount: "x", response: "", data: "" };
    let mut records = ask(None, Some(&token), &call("login", 0, "update", "auth/kubernetes/login")).to_vec();
    records.extend(ask(Some(&token), answered.then_some(&token), &call("between", 600, "update", path)));
    records.extend(ask(Some(&token), None, &call("use", 7_200, "read", "secret/data/bank")));
    read(records.into_iter().map(|line| (line, vault_cluster())).collect())
}

#[test]
fn a_refreshed_token_is_not_used_after_its_end_and_a_revoked_one_is_used_after_that() {
    let marks = |store: &Memory| up(store, "use").edges[0].marks.clone();
    assert_eq!(marks(&later_use("auth/token/renew-self", true)), [Mark::Refreshed]);
    let revoked = marks(&later_use("auth/token/revoke-self", false));
    assert_eq!(revoked, [Mark::UsedAfterEnd, Mark::UsedAfterRevocation]);
}

/// The broker's own key was leased by the same login: two ways meet, and nothing goes round.
#[test]
fn two_ways_that_meet_are_no_cycle() {
    let issued = at(0);
    let token = token("accessor-1", &issued);
    let response = r#""secret":{"lease_id":"aws/creds/vault/1"},"data":{"access_key":"AKIAVAULT00000000001"}"#;
    let path = "aws/creds/vault";
    let own = Ask { id: "own", second: 5, operation: "read", path, mount: "aws", response, data: "" };
    let mut lines = leased();
    lines.extend(ask(Some(&token), None, &own).map(|line| (line, vault_cluster())));
    let lineage = up(&read(lines), "use");
    let login = |edge: &&trace::Edge| edge.issuer.as_ref().unwrap().source_event_id.as_deref() == Some("login");
    assert_eq!(lineage.edges.iter().filter(login).count(), 2);
    assert!(lineage.gaps.is_empty(), "{:?}", lineage.gaps);
}
