//! The form in which facts are stored.

use model::{
    Access, ActorKind, AliasRel, CredentialChangeKind, Effect, EntitlementKind, EventId, GrantPhase, Human,
    InventoryState, LeafIndex, Mode, Platform, ResourceRole, Status, StepKind,
};
use trace::{
    Actor, Alias, Change, Credential, Entitlement, Fact, GrantFact, HeldCredential, Inventory, Resource, Step,
};

/// A fact that says something in every field.
fn full() -> Fact {
    let text = |text: &str| Some(text.to_owned());
    let texts = |text: &str| vec![text.to_owned()];
    let credential = |id: &str| Credential {
        uri: format!("nhi:cred:aws:1:sts-key/{id}"),
        kind: "sts-key".to_owned(),
        native_id: text(id),
        audience: texts("sts.amazonaws.com"),
        not_before: Some(1),
        not_after: Some(2),
        confirmation: text("thumbprint"),
        parent: text("nhi:cred:aws:1:access-key/AKIA"),
        uses_max: Some(3),
    };
    Fact {
        id: EventId { log: String::new(), index: LeafIndex(0) },
        source_event_id: text("event"),
        time: 4,
        platform: Platform::Aws,
        authority: "1".to_owned(),
        status: Status::Success,
        access: Access::Issue,
        operation: text("sts:AssumeRole"),
        actor: Actor {
            uri: "nhi:principal:aws:1:role/AROA".to_owned(),
            kind: ActorKind::Workload,
            name: text("role"),
            is_human: Human::Nonhuman,
            rule: "R2:service-trust".to_owned(),
        },
        subject: text("subject"),
        initiator: text("initiator"),
        chain: vec![Step {
            principal: "principal".to_owned(),
            step: StepKind::Assume,
            evidence_path: "/userIdentity".to_owned(),
            asserted_by: "aws".to_owned(),
            verified: true,
        }],
        role: text("role"),
        agent_run: text("run"),
        agent_mode: Some(Mode::Autonomous),
        tool: text("tool"),
        trace_id: text("trace"),
        workload: text("pod"),
        credential: Some(credential("ASIA1")),
        issued: Some(credential("ASIA2")),
        changes: vec![Change {
            change: CredentialChangeKind::Issued,
            uri: "nhi:cred:aws:1:sts-key/ASIA2".to_owned(),
            holder: text("holder"),
        }],
        session: text("session"),
        grant_refs: texts("grant"),
        grants: vec![GrantFact {
            uri: "grant".to_owned(),
            phase: GrantPhase::Approve,
            requester: text("requester"),
            beneficiary: text("beneficiary"),
            approver: text("approver"),
            target: text("target"),
            reason: text("reason"),
            ticket: text("ticket"),
            not_before: Some(5),
            not_after: Some(6),
            duration_s: Some(7),
            resource: text("resource"),
            policy: text("policy"),
            policy_version: text("2"),
            approvals_min: Some(8),
        }],
        aliases: vec![Alias {
            a: "a".to_owned(),
            b: "b".to_owned(),
            rel: AliasRel::SameAs,
            rule: "arn+principalId".to_owned(),
        }],
        inventory: Some(Box::new(Inventory {
            uri: "listed".to_owned(),
            name: text("name"),
            item_type: "role".to_owned(),
            kind: ActorKind::ServiceAccount,
            is_human: Human::Nonhuman,
            rule: "R4:inventory".to_owned(),
            state: Some(InventoryState::Enabled),
            owners: texts("owner"),
            team: text("team"),
            purpose: text("purpose"),
            sensitivity: text("high"),
            created: Some(9),
            last_used: Some(10),
            not_after: Some(11),
            credentials: vec![HeldCredential {
                uri: "held".to_owned(),
                kind: "access-key".to_owned(),
                native_id: text("AKIA"),
                state: Some(InventoryState::Disabled),
                created: Some(12),
                last_used: Some(13),
                not_after: Some(14),
            }],
        })),
        entitlements: vec![Entitlement {
            holder: "holder".to_owned(),
            kind: EntitlementKind::Privilege,
            privileges: texts("s3:*"),
            except: texts("s3:DeleteObject"),
            source: text("policy"),
            targets: texts("bucket"),
            effect: Effect::Allow,
            via: text("statement"),
            conditional: true,
            not_after: Some(15),
        }],
        effect: Some(Effect::Deny),
        resources: vec![Resource { uri: "bucket".to_owned(), name: text("bucket"), role: ResourceRole::Target }],
        correlation_ids: texts("request"),
        related: vec![("shared-event".to_owned(), "other".to_owned())],
        reason: text("reason"),
        ticket: text("OPS-1"),
        job: text("job"),
        src_ip: text("10.0.0.1"),
        user_agent: text("aws-cli"),
        logging: Some(trace::upstream::Logging::Stopped),
    }
}

/// Stored facts have no names of fields and are read by their order: a change here that forgets
/// [`trace::FORM`] would read the files of the release before wrongly.
#[test]
fn the_form_of_a_fact_is_that_of_its_version() {
    let form = serde_json::json!({ "form": trace::FORM }).to_string();
    let fact = serde_json::to_string(&full()).unwrap();
    assert_eq!(serde_json::from_str::<Fact>(&fact).unwrap(), full());
    // Each field on a line of its own, in order, so that a difference is seen.
    let shown = format!("{form}\n{}\n", fact.replace(",\"", ",\n\""));
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/fact.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &shown).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    assert!(shown == golden, "raise trace::FORM, then UPDATE_GOLDEN=1:\n{shown}");
}
