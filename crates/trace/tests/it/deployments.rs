//! Deployments to protected environments as grants of `identity.md` 5: who let which run deploy.

use serde_json::json;
use trace::grant::{self, GrantState, Verdict};
use trace::{Settings, Tier, lineage};

use crate::golden::{record, store};
use crate::lineage::job;
use crate::memory::Memory;
use crate::native::{at as native_at, nanos};

type Line = (String, Option<&'static str>);

fn github(case: &str) -> Line {
    (record("github", case, &[]), None)
}

const SERVER: &str = "gitlab.acme.example";

fn gitlab(case: &str) -> Line {
    (record("gitlab", case, &[]), Some(SERVER))
}

const RUN: &str = "nhi:grant:github:github.com:deployment/18800200300/production";
const DEPLOYMENT: &str = "nhi:grant:gitlab:gitlab.acme.example:deployment/9031";

/// The verdict on the start of the job, which is the use of the grant.
fn verdict(store: &Memory, uri: &str, operation: &str) -> Verdict {
    let event = store.facts().iter().find(|fact| fact.operation.as_deref() == Some(operation)).unwrap();
    let settings = Settings::default();
    let lineage = lineage::of_event(store, event, &settings).unwrap();
    grant::prove_grant(store, event, uri, &lineage, &settings).unwrap().verdict
}

const STARTS: &str = "workflows.prepared_workflow_job";

#[test]
fn a_reviewed_run_on_github_has_its_request_its_approval_and_no_known_end() {
    let reviewed = store(&[
        github("webhook_deployment_review_requested"),
        github("webhook_deployment_review_approved"),
        github("workflow_job_prepared"),
    ]);
    let grant = grant::fold(&reviewed, RUN, i64::MAX, &Settings::default()).unwrap().unwrap();
    assert_eq!((grant.state, grant.requested, grant.approvals.len()), (GrantState::Active, true, 1));
    assert!(!grant.approvals[0].self_approved && grant.ends.is_none());
    assert_eq!(grant.requester.as_deref(), Some("nhi:principal:github:github.com:user/7700456"));
    // It ends with its run, and no record says when: neither proved nor standing.
    assert_eq!(verdict(&reviewed, RUN, STARTS), Verdict::Unknown);
}

#[test]
fn who_approves_the_own_run_or_is_refused_has_no_approval() {
    for decision in ["webhook_deployment_review_by_its_requester", "webhook_deployment_review_rejected"] {
        let lines = [github("webhook_deployment_review_requested"), github(decision), github("workflow_job_prepared")];
        assert_eq!(verdict(&store(&lines), RUN, STARTS), Verdict::NotApproved, "{decision}");
    }
    let unasked = [github("webhook_deployment_review_requested"), github("workflow_job_prepared")];
    assert_eq!(verdict(&store(&unasked), RUN, STARTS), Verdict::NotApproved, "nobody decided");
}

/// A cloud knows the run by its subject, and the run its reviews.
#[test]
fn what_a_run_did_in_a_cloud_is_under_the_review_of_its_deployment() {
    let run = [("/workflow_run/id", json!(9001)), ("/workflow_job_runs", json!([{ "environment": "production" }]))];
    let at = |second: i64| json!(nanos(second) / 1_000_000);
    let review = |case: &str| {
        let times = [("/workflow_run/updated_at", json!(native_at(10)))];
        (record("github", case, &[&run[..], &times[..]].concat()), None)
    };
    let starts = [("/@timestamp", at(20)), ("/workflow_run_id", json!(9001)), ("/_document_id", json!("starts"))];
    let verdict = |decision: &str| {
        let mut lines = job("repo:acme/pay:run_id:9001");
        lines.push(review(decision));
        lines.push((record("github", "workflow_job_prepared", &starts), None));
        let store = store(&lines);
        let (event, settings) = (store.by_source("use"), crate::lineage::settings());
        let lineage = lineage::of_event(&store, &event, &settings).unwrap();
        let proof = grant::prove(&store, &event, &lineage, &settings).unwrap();
        (proof.verdict, proof.tier, proof.uri)
    };
    let uri = Some("nhi:grant:github:github.com:deployment/9001/production".to_owned());
    assert_eq!(verdict("webhook_deployment_review_approved"), (Verdict::Unknown, Some(Tier::L3), uri.clone()));
    assert_eq!(verdict("webhook_deployment_review_rejected"), (Verdict::NotApproved, Some(Tier::L3), uri));
}

#[test]
fn an_approved_deployment_on_gitlab_is_proved_within_its_job() {
    let decided = |case: &str| {
        store(&[gitlab("webhook-blocked"), gitlab(case), gitlab("webhook-running"), gitlab("webhook-success")])
    };
    let approved = decided("webhook-approved");
    assert_eq!(verdict(&approved, DEPLOYMENT, "deployment.running"), Verdict::Proved);
    let grant = grant::fold(&approved, DEPLOYMENT, i64::MAX, &Settings::default()).unwrap().unwrap();
    assert_eq!((grant.state, grant.ended), (GrantState::Expired, true));
    assert_eq!(grant.reason.as_deref(), Some("window of OPS-2291"));
    for case in ["webhook-rejected", "webhook-approved-by-its-requester"] {
        assert_eq!(verdict(&decided(case), DEPLOYMENT, "deployment.running"), Verdict::NotApproved, "{case}");
    }
    let undecided = store(&[gitlab("webhook-blocked"), gitlab("webhook-running"), gitlab("webhook-success")]);
    assert_eq!(verdict(&undecided, DEPLOYMENT, "deployment.running"), Verdict::NotApproved, "it waited for somebody");
    // The audit log alone says who decided as well, of the same grant.
    let edits = [("/created_at", json!("2026-09-03T08:05:22Z"))];
    let audited = (record("gitlab", "deployment-approved", &edits), Some(SERVER));
    let both = store(&[gitlab("webhook-blocked"), audited, gitlab("webhook-running"), gitlab("webhook-success")]);
    assert_eq!(verdict(&both, DEPLOYMENT, "deployment.running"), Verdict::Proved);
}
