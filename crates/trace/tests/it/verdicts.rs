//! Verdicts on native records of each platform that gives time-bound access (`identity.md` 5).

use serde_json::{Value, json};
use trace::grant::{self, GrantState, Proof, Verdict};
use trace::{Settings, Tier, lineage};

use crate::golden::{record, store, without};
use crate::memory::Memory;
use crate::native::*;
use crate::platforms::gcp;

fn who(store: &Memory, id: &str) -> Proof {
    let event = store.by_source(id);
    let lineage = lineage::of_event(store, &event, &crate::lineage::settings()).unwrap();
    grant::prove(store, &event, &lineage, &crate::lineage::settings()).unwrap()
}

fn said(store: &Memory, id: &str) -> (Verdict, Option<Tier>) {
    let proof = who(store, id);
    (proof.verdict, proof.tier)
}

const L1: Option<Tier> = Some(Tier::L1);
const L3: Option<Tier> = Some(Tier::L3);

fn teleport(approver: &str) -> Memory {
    let case = |case: &str, edits: &[(&str, Value)]| (record("teleport", case, edits), None);
    let session = |id: &str, time: &str| {
        case("session-start", &[("/uid", json!(id)), ("/time", json!(time)), ("/sid", json!(id))])
    };
    store(&[
        case("access-request-create", &[]),
        case("access-request-review-first", &[("/reviewer", json!(approver))]),
        case("access-request-review-approves", &[]),
        session("early", "2026-03-14T09:59:00Z"),
        session("inside", "2026-03-14T10:30:00Z"),
        session("late", "2026-03-14T13:31:00Z"),
    ])
}

#[test]
fn teleport_access_requests() {
    let requests = teleport("sol@wharf.example");
    assert_eq!(said(&requests, "inside"), (Verdict::Proved, L1));
    assert_eq!(said(&requests, "early"), (Verdict::OutsideWindow, L1));
    assert_eq!(said(&requests, "late"), (Verdict::OutsideWindow, L1));
    let grant = who(&requests, "inside").grant.unwrap();
    assert_eq!((grant.approvals.len(), grant.state), (2, GrantState::Active));
    assert_eq!(grant.reason.as_deref(), Some("OPS-2291 crane 7 is stuck"));
    let own = who(&teleport("dana@wharf.example"), "inside");
    assert_eq!((own.verdict, own.self_approved), (Verdict::NotApproved, true), "whoever asked approved it too");
    // The first vote alone is not the platform's decision, and a grant that no record tells of is not known.
    let voted = without(&requests, "5d0c9a10-7b1e-4c6d-9a51-000000000031");
    assert_eq!(said(&voted, "inside").0, Verdict::OutsideWindow, "approved, and never in force");
    let untold = store(&[(record("teleport", "session-start", &[("/uid", json!("use"))]), None)]);
    assert_eq!(said(&untold, "use"), (Verdict::Unknown, L1));
}

fn entra(approver: &str) -> Memory {
    let call = |id: &str, time: &str| {
        let edits = [
            ("/time", json!(time)),
            ("/properties/timeGenerated", json!(time)),
            ("/properties/requestId", json!(id)),
            ("/properties/signInActivityId", json!("")),
            ("/properties/servicePrincipalId", json!("")),
            ("/properties/userId", json!("0D4F3C2B-1111-4222-8333-444455556666")),
        ];
        (record("entra", "graph_call.allowed", &edits), None)
    };
    let case = |case: &str, edits: &[(&str, Value)]| (record("entra", case, edits), None);
    store(&[
        case("pim_requested", &[]),
        case("pim_approved", &[("/properties/initiatedBy/user/id", json!(approver))]),
        case("pim_activated", &[]),
        call("inside", "2026-04-02T10:00:00Z"),
        call("late", "2026-04-02T12:30:00Z"),
    ])
}

fn approval_of(store: &Memory) -> String {
    let approves =
        |fact: &&std::sync::Arc<trace::Fact>| fact.grants.iter().any(|told| told.phase == model::GrantPhase::Approve);
    store.facts().iter().find(approves).and_then(|fact| fact.source_event_id.clone()).unwrap()
}

/// No token names the activation, and no call the role: principal and window are all there is.
#[test]
fn entra_pim_activations() {
    let pim = entra("2f2f2f2f-000b-400b-800b-000000000055");
    let inside = who(&pim, "inside");
    assert_eq!((inside.verdict, inside.tier, inside.scope_untold), (Verdict::Consistent, L3, true));
    assert_eq!(inside.grant.unwrap().ticket.as_deref(), Some("CHG-4711"));
    assert_eq!(said(&pim, "late").0, Verdict::OutsideWindow);
    let own = who(&entra("0D4F3C2B-1111-4222-8333-444455556666"), "inside");
    assert_eq!((own.verdict, own.self_approved), (Verdict::NotApproved, true));
    // Whether the role needs an approval stands in its settings, which no record shows.
    let unattended = who(&without(&pim, &approval_of(&pim)), "inside");
    assert_eq!((unattended.verdict, unattended.policy_untold), (Verdict::Unknown, true));
    assert_eq!(said(&without(&pim, &approval_of(&pim)), "late").0, Verdict::OutsideWindow);
    let outside = store(&[
        (record("entra", "outside_pim", &[]), None),
        (
            record(
                "entra",
                "graph_call.allowed",
                &[
                    ("/properties/requestId", json!("use")),
                    ("/properties/servicePrincipalId", json!("")),
                    ("/properties/userId", json!("0D4F3C2B-1111-4222-8333-444455556666")),
                    ("/properties/timeGenerated", json!("2026-05-02T12:30:00Z")),
                    ("/time", json!("2026-05-02T12:30:00Z")),
                ],
            ),
            None,
        ),
    ]);
    let standing = who(&outside, "use");
    assert_eq!((standing.verdict, standing.grant.unwrap().break_glass), (Verdict::Standing, true));
}

fn pam() -> Memory {
    let case = |case: &str, time: &str, edits: &[(&str, Value)]| {
        let mut all = vec![("/timestamp", json!(time))];
        all.extend(edits.iter().cloned());
        (record("gcp", case, &all), None)
    };
    let call = |id: &str, time: &str, project: &str| {
        let get = gcp(
            id,
            0,
            "storage.googleapis.com",
            "storage.objects.get",
            "projects/_/buckets/b/objects/o",
            r#""principalEmail":"oncall@acme.example""#,
            "",
        );
        let resource = json!({"type": "gcs_bucket", "labels": {"project_id": project, "bucket_name": "b"}});
        let mut value: Value = serde_json::from_str(&get).unwrap();
        (value["timestamp"], value["resource"]) = (json!(time), resource);
        value["logName"] = json!(format!("projects/{project}/logs/cloudaudit.googleapis.com%2Fdata_access"));
        (value.to_string(), None)
    };
    store(&[
        case("pam_create_grant", "2026-09-03T08:15:00Z", &[]),
        case("pam_approve_grant", "2026-09-03T08:16:00Z", &[]),
        case("pam_activate_grant", "2026-09-03T08:17:00Z", &[]),
        call("inside", "2026-09-03T08:30:00Z", "acme-orders"),
        call("elsewhere", "2026-09-03T08:30:00Z", "acme-payroll"),
        call("late", "2026-09-03T09:30:00Z", "acme-orders"),
    ])
}

/// The activation names nobody: who benefits is known from the request, by the name of the grant.
#[test]
fn gcp_pam_grants() {
    let pam = pam();
    let inside = who(&pam, "inside");
    assert_eq!((inside.verdict, inside.tier, inside.scope_untold), (Verdict::Consistent, L3, false));
    let grant = inside.grant.unwrap();
    assert_eq!(grant.evidence.len(), 3, "request, approval and activation");
    assert!(grant.policy.unwrap().ends_with("entitlements/sql-break-glass"));
    assert_eq!(said(&pam, "elsewhere").0, Verdict::OverScope, "another project");
    assert_eq!(said(&pam, "late").0, Verdict::OutsideWindow);
    assert_eq!(said(&without(&pam, "pam00003"), "inside").0, Verdict::OutsideWindow, "never in force");
    assert_eq!(said(&without(&pam, "pam00002"), "inside").0, Verdict::NotApproved);
    // Without the request nothing says whose grant it is.
    assert_eq!(said(&without(&without(&pam, "pam00001"), "pam00002"), "inside").0, Verdict::NoGrant);
}

fn binding(expires: Option<&str>) -> Memory {
    let annotations = expires.map_or(json!({}), |at| json!({"access.example.org/expires-at": at}));
    let bind = record(
        "k8s",
        "create-rolebinding.allowed",
        &[
            ("/requestObject/metadata/annotations", annotations.clone()),
            ("/responseObject/metadata/annotations", annotations),
            ("/requestReceivedTimestamp", json!("2026-10-05T10:00:00Z")),
            ("/stageTimestamp", json!("2026-10-05T10:00:00Z")),
        ],
    );
    let get = |id: &str, time: &str| {
        let reason = r#"RBAC: allowed by RoleBinding "mara-debug/billing" of ClusterRole "edit" to User "oidc:mara@example.org""#;
        let edits = [
            ("/auditID", json!(id)),
            ("/annotations/authorization.k8s.io~1reason", json!(reason)),
            ("/requestReceivedTimestamp", json!(time)),
            ("/stageTimestamp", json!(time)),
        ];
        (record("k8s", "get-secret.allowed", &edits), Some(CLUSTER))
    };
    store(&[(bind, Some(CLUSTER)), get("inside", "2026-10-05T10:30:00Z"), get("late", "2026-10-05T11:30:00Z")])
}

/// The server says by which binding it let a request pass.
#[test]
fn kubernetes_bindings_with_an_end() {
    let bound = binding(Some("2026-10-05T11:00:00Z"));
    assert_eq!(said(&bound, "inside"), (Verdict::Proved, L1));
    assert_eq!(said(&bound, "late"), (Verdict::OutsideWindow, L1), "the controller left the binding in place");
    assert_eq!(said(&binding(None), "inside").0, Verdict::Standing);
}

fn assigned(deleted: bool) -> Memory {
    let assign = |id: &str, name: &str, time: &str| {
        let edits = [
            ("/eventID", json!(id)),
            ("/eventName", json!(name)),
            ("/eventTime", json!(time)),
            ("/requestParameters/targetId", json!(ACCOUNT)),
        ];
        (record("aws", "account-assignment", &edits), None)
    };
    let call = |id: &str, time: &str| {
        (record("aws", "on-behalf-of", &[("/eventID", json!(id)), ("/eventTime", json!(time))]), None)
    };
    let mut lines = vec![
        assign("assign", "CreateAccountAssignment", "2026-03-02T09:00:00Z"),
        call("inside", "2026-03-02T09:14:00Z"),
        call("late", "2026-03-02T11:14:00Z"),
    ];
    if deleted {
        lines.push(assign("unassign", "DeleteAccountAssignment", "2026-03-02T10:00:00Z"));
    }
    store(&lines)
}

/// An assignment ends with its deletion: a just-in-time tool is known by the pair.
#[test]
fn aws_identity_center_assignments() {
    let pair = assigned(true);
    assert_eq!(said(&pair, "inside"), (Verdict::Consistent, L3));
    assert_eq!(said(&pair, "late"), (Verdict::OutsideWindow, L3));
    assert_eq!(said(&assigned(false), "inside").0, Verdict::Standing);
    let elsewhere = record(
        "aws",
        "account-assignment",
        &[("/requestParameters/targetId", json!("999988887777")), ("/eventTime", json!("2026-03-02T09:00:00Z"))],
    );
    let call = record("aws", "on-behalf-of", &[("/eventID", json!("use"))]);
    assert_eq!(said(&store(&[(elsewhere, None), (call, None)]), "use").0, Verdict::OverScope, "of another account");
}

/// A user of Identity Center whose session carries the name alone, which AWS put there.
#[test]
fn aws_identity_center_assignments_by_the_name_of_the_session() {
    let sign_in = record(
        "aws",
        "identity-center-challenge",
        &[("/eventTime", json!("2026-03-02T09:05:00Z")), ("/additionalEventData/UserName", json!("bob@example.com"))],
    );
    let call = record(
        "aws",
        "account-assignment",
        &[
            ("/eventID", json!("use")),
            ("/eventName", json!("ListInstances")),
            ("/eventTime", json!("2026-03-02T09:20:00Z")),
            ("/requestParameters", json!(null)),
            ("/responseElements", json!(null)),
        ],
    );
    let known: Vec<_> = assigned(true).facts().to_vec();
    let more = store(&[(sign_in, None), (call, None)]);
    let mut facts = known;
    facts.extend(more.facts().iter().map(|fact| {
        let mut fact = (**fact).clone();
        fact.id.index.0 += 100;
        std::sync::Arc::new(fact)
    }));
    assert_eq!(said(&Memory::of(facts), "use"), (Verdict::Consistent, L3));
}

fn leased(ttl: Option<u32>) -> Memory {
    let key = "ASIAEXPORT0000000001";
    let lease = record(
        "vault",
        "aws-sts-ttl",
        &[
            ("/request/id", json!("lease")),
            ("/time", json!(at(0))),
            ("/auth/token_issue_time", json!(at(-60))),
            ("/auth/token_ttl", json!(3_600)),
            ("/auth/num_uses", json!(0)),
            ("/response/data/access_key", json!(key)),
            ("/response/data/ttl", json!(ttl)),
        ],
    );
    let call = |id: &str, second| (as_role("export", key, |caller| read_object(caller, id, second)), None);
    let engine = scenario::cloudtrail::Caller::User {
        account: ACCOUNT,
        user: "vault",
        user_id: "AIDAVAULT00000000001",
        key: "AKIAVAULT00000000001",
    };
    store(&[
        (lease, Some("vault-1")),
        // AWS gave the key an hour.
        (mint(&engine, "assume", 0, "AssumeRole", "export", key), None),
        call("inside", 300),
        call("late", 1_000),
        call("later", 3_700),
    ])
}

/// A lease is named by the record that made the key; its end is in the log for keys that end by themselves.
#[test]
fn vault_leases() {
    let leases = leased(Some(900));
    let inside = who(&leases, "inside");
    assert_eq!((inside.verdict, inside.tier, inside.credential_outlives_grant), (Verdict::Proved, L1, true));
    assert_eq!(said(&leases, "late"), (Verdict::OutsideWindow, L1));
    let endless = leased(None);
    assert_eq!(said(&endless, "inside").0, Verdict::Unknown, "it ends, and no record says when");
    assert_eq!(said(&endless, "later").0, Verdict::OutsideWindow, "with its token at the latest");
}

fn reviewed(edits: &[(&str, Value)]) -> Memory {
    let review = record("hoop", "review-jit-approved", edits);
    let session = |id: &str, time: &str, connection: &str| {
        let edits = [
            ("/id", json!(id)),
            ("/review", json!(null)),
            ("/connection", json!(connection)),
            ("/start_date", json!(time)),
            ("/end_date", json!(time)),
        ];
        (record("hoop", "session-exec.allowed", &edits), None)
    };
    store(&[
        (review, None),
        session("inside", "2026-03-14T09:00:00Z", "ledger"),
        session("elsewhere", "2026-03-14T09:00:00Z", "payroll"),
        session("late", "2026-03-14T09:30:00Z", "ledger"),
    ])
}

#[test]
fn hoop_reviews() {
    let reviews = reviewed(&[]);
    assert_eq!(said(&reviews, "inside"), (Verdict::Consistent, L3), "owner and connection");
    assert_eq!(said(&reviews, "elsewhere").0, Verdict::OverScope);
    assert_eq!(said(&reviews, "late").0, Verdict::OutsideWindow);
    assert_eq!(who(&reviews, "inside").grant.unwrap().policy.as_deref(), Some("prod-databases"));
    let two = reviewed(&[("/min_approvals", json!(2))]);
    assert_eq!(said(&two, "inside").0, Verdict::NotApproved, "one of two");
    let own = reviewed(&[("/review_groups_data/0/reviewed_by/email", json!("dana@wharf.example"))]);
    assert_eq!((said(&own, "inside").0, who(&own, "inside").self_approved), (Verdict::NotApproved, true));
    // Of a request that was refused and one that had ended, the nearer is the one it was made under.
    let refused = [
        ("/type", json!("jit")),
        ("/created_at", json!("2026-03-14T06:00:00Z")),
        ("/review_groups_data/0/review_date", json!("2026-03-14T06:02:00Z")),
    ];
    let both = |time: &str| {
        let own =
            [("/id", json!("use")), ("/review", json!(null)), ("/start_date", json!(time)), ("/end_date", json!(time))];
        let use_of = record("hoop", "session-exec.allowed", &own);
        let lines = [record("hoop", "review-jit-approved", &[]), record("hoop", "review-rejected", &refused), use_of];
        said(&store(&lines.map(|line| (line, None))), "use").0
    };
    assert_eq!(both("2026-03-14T09:30:00Z"), Verdict::OutsideWindow);
    assert_eq!(both("2026-03-14T06:10:00Z"), Verdict::NotApproved);
    let forced = reviewed(&[("/review_groups_data/0/forced_review", json!(true))]);
    let forced = who(&forced, "inside");
    assert_eq!((forced.verdict, forced.forced), (Verdict::Consistent, true), "over the rules, and said so");
    // Approved for one session, which names the review.
    let once = [("/status", json!("EXECUTED")), ("/review_groups_data/0/status", json!("APPROVED"))];
    let mut once: Vec<(&str, Value)> = once.to_vec();
    once.push(("/review_groups_data/0/reviewed_by", json!({"email": "sol@wharf.example"})));
    once.push(("/review_groups_data/0/review_date", json!("2026-03-14T08:55:00Z")));
    let one =
        store(&[(record("hoop", "review-pending", &once), None), (record("hoop", "session-exec.allowed", &[]), None)]);
    assert_eq!(said(&one, "35db0a2f-e5ce-4ad8-a308-000000000001"), (Verdict::Proved, L1));
}

/// Membership and roles have no end but the record that takes them back.
#[test]
fn okta_roles_and_memberships() {
    let case = |id: &str, case: &str, time: &str, edits: &[(&str, Value)]| {
        let mut all = vec![("/uuid", json!(id)), ("/published", json!(time))];
        all.extend(edits.iter().cloned());
        (record("okta", case, &all), None)
    };
    let user = json!([{"id": "00uHOLDER", "type": "User", "alternateId": "eve@wharf.example", "displayName": "Eve"}]);
    let revoke = [
        ("/eventType", json!("user.account.privilege.revoke")),
        ("/target", user.clone()),
        ("/debugContext/debugData/privilegeGranted", json!(null)),
        ("/debugContext/debugData/privilegeRevoked", json!("Organization administrator, Report administrator")),
    ];
    let holder = [("/actor/id", json!("00uHOLDER")), ("/actor/alternateId", json!("eve@wharf.example"))];
    let lines = [
        case("grant", "admin_role.allowed", "2026-03-14T09:00:00Z", &[("/target", user)]),
        case("inside", "sign_in.allowed", "2026-03-14T09:10:00Z", &holder),
        case("revoke", "admin_role.allowed", "2026-03-14T10:00:00Z", &revoke),
        case("late", "sign_in.allowed", "2026-03-14T10:10:00Z", &holder),
    ];
    let roles = store(&lines);
    let revoked = &roles.by_source("revoke").grants[0].uri;
    let granted = &roles.by_source("grant").grants[0].uri;
    assert_eq!(revoked, granted, "one grant, given and taken");
    assert_eq!(said(&roles, "inside"), (Verdict::Consistent, L3));
    assert_eq!(said(&roles, "late"), (Verdict::OutsideWindow, L3));
    assert_eq!(said(&without(&roles, "revoke"), "inside").0, Verdict::Standing);
}

fn ticketed(approvers: &[&str], key_second: i64) -> Memory {
    let case = |case: &str, edits: &[(&str, Value)]| (record("grant", case, edits), None);
    let mut lines = vec![
        case("request", &[]),
        case("activate", &[("/record_id", json!("a")), ("/time", json!("2026-11-20T10:02:00Z"))]),
        (read_object(&user("AKIADEPLOYER00000001"), "use", key_second), None),
    ];
    for (n, approver) in approvers.iter().enumerate() {
        lines.push(case("approve", &[("/by", json!(approver)), ("/record_id", json!(format!("p{n}")))]));
    }
    store(&lines)
}

/// The plain form: policy, its version and its approvals come with the grant.
#[test]
fn grants_of_a_ticket_system() {
    let two = ["carol@acme.example", "dan@acme.example"];
    let inside = who(&ticketed(&two, 300), "use");
    assert_eq!((inside.verdict, inside.tier, inside.scope_untold), (Verdict::Consistent, L3, false));
    let grant = inside.grant.unwrap();
    assert_eq!((grant.policy_version.as_deref(), grant.approvals_min), (Some("7"), Some(2)));
    assert_eq!(said(&ticketed(&two, 2_000), "use").0, Verdict::OutsideWindow);
    assert_eq!(said(&ticketed(&two[..1], 300), "use").0, Verdict::NotApproved, "one of two");
    assert_eq!(said(&ticketed(&["carol@acme.example"; 2], 300), "use").0, Verdict::NotApproved, "one, twice");
    let own = who(&ticketed(&["bob@acme.example", "carol@acme.example"], 300), "use");
    assert_eq!((own.verdict, own.self_approved), (Verdict::NotApproved, true));
    let lax = Settings { self_approval_allowed: true, ..Settings::default() };
    let allowed = ticketed(&["bob@acme.example", "carol@acme.example"], 300);
    let event = allowed.by_source("use");
    let lineage = lineage::of_event(&allowed, &event, &lax).unwrap();
    let proof = grant::prove(&allowed, &event, &lineage, &lax).unwrap();
    assert_eq!((proof.verdict, proof.self_approved), (Verdict::Consistent, true), "allowed, and still said");
    let other = store(&[
        (record("grant", "request", &[("/resources", json!(["arn:aws:s3:::other"])), ("/policy", json!(null))]), None),
        (record("grant", "approve", &[("/record_id", json!("p"))]), None),
        (record("grant", "activate", &[("/record_id", json!("a"))]), None),
        (read_object(&user("AKIADEPLOYER00000001"), "use", 300), None),
    ]);
    assert_eq!(said(&other, "use").0, Verdict::OverScope);
    assert_eq!(
        said(&store(&[(read_object(&user("AKIADEPLOYER00000001"), "use", 300), None)]), "use").0,
        Verdict::NoGrant
    );
}

/// A grant that is reached over a heuristic link alone.
#[test]
fn a_grant_behind_a_guessed_token_is_heuristic() {
    let annotations = json!({"access.example.org/expires-at": at(3_000)});
    let bind = record(
        "k8s",
        "create-rolebinding.allowed",
        &[
            ("/objectRef/name", json!("agent")),
            ("/requestObject/metadata", json!({"name": "agent", "namespace": "billing", "annotations": annotations})),
            ("/responseObject", json!(null)),
            ("/requestReceivedTimestamp", json!(at(-10))),
            ("/stageTimestamp", json!(at(-10))),
        ],
    );
    let chain = crate::lineage::federated(&[("request", 0)]);
    let mut facts = chain.facts().to_vec();
    facts.extend(store(&[(bind, Some(CLUSTER))]).facts().iter().map(|fact| {
        let mut fact = (**fact).clone();
        fact.id.index.0 += 100;
        std::sync::Arc::new(fact)
    }));
    assert_eq!(said(&Memory::of(facts), "use"), (Verdict::Heuristic, Some(Tier::L4)));
}
