//! Reviews of deployments at GitHub: webhook deliveries, which have no id, and the audit log entry with
//! which a job starts, after the vendor's references.

use crate::github::{Entry, Repository, record, repository};

/// An account.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a> {
    /// Login.
    pub login: &'a str,
    /// Number.
    pub id: u64,
}

impl Account<'_> {
    fn json(&self) -> String {
        format!(r#"{{"login":"{}","id":{},"type":"User"}}"#, self.login, self.id)
    }
}

/// The run that waits.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// Repository.
    pub repository: Repository<'a>,
    /// Number of the run.
    pub id: u64,
    /// The protected environment.
    pub environment: &'a str,
    /// Who started it.
    pub starter: Account<'a>,
}

/// A delivery of `deployment_review`: it is waited for somebody (`requested`), who then decides (`approved`,
/// `rejected`).
pub fn delivery(run: &Run<'_>, action: &str, by: Account<'_>, time: &str) -> String {
    let Run { repository: Repository { name, id: number }, id, environment, starter } = *run;
    let job = format!(
        r#"{{"id":{id}1,"name":"deploy","status":"waiting","conclusion":null,"environment":"{environment}","created_at":"{time}","updated_at":"{time}"}}"#
    );
    let decision = match action {
        "requested" => {
            format!(r#""environment":"{environment}","requestor":{},"workflow_job_run":{job}"#, starter.json())
        }
        _ => format!(r#""approver":{},"comment":"window of OPS-2291","workflow_job_runs":[{job}]"#, by.json()),
    };
    format!(
        r#"{{"action":"{action}",{decision},"since":"{time}","workflow_run":{{"id":{id},"name":"release","run_attempt":1,"workflow_id":7788,"head_branch":"main","status":"waiting","conclusion":null,"actor":{starter},"triggering_actor":{starter},"created_at":"{time}","updated_at":"{time}"}},"repository":{{"id":{number},"name":"{name}","full_name":"halden/{name}","private":true,"visibility":"private","owner":{{"login":"halden","id":90210,"type":"Organization"}}}},"organization":{{"login":"halden","id":90210}},"sender":{}}}"#,
        by.json(),
        starter = starter.json()
    )
}

/// The audit log entry of a decision: `workflows.approve_workflow_job`, `workflows.reject_workflow_job`.
pub fn decided(run: &Run<'_>, id: &str, time_ms: i64, action: &str, by: Account<'_>) -> String {
    let members = format!(
        r#"{},"operation_type":"modify","run_number":318,"workflow_run_id":{},"environment_name":"{}""#,
        repository(run.repository),
        run.id,
        run.environment
    );
    record(&Entry { id, time_ms, action, actor: by.login, actor_id: by.id, ip: "203.0.113.24", members: &members })
}

/// `workflows.prepared_workflow_job`: the job has its runner; the entry has no actor.
pub fn prepared(run: &Run<'_>, id: &str, time_ms: i64) -> String {
    let Run { repository: Repository { name, .. }, id: number, environment, .. } = *run;
    format!(
        r#"{{"@timestamp":{time_ms},"_document_id":"{id}","action":"workflows.prepared_workflow_job","business":"halden","created_at":{time_ms},"org":"halden","org_id":90210{},"environment_name":"{environment}","is_hosted_runner":true,"job_name":"deploy","job_workflow_ref":"halden/{name}/.github/workflows/release.yml@refs/heads/main","runner_name":"GitHub Actions 41","secrets_passed":["NPM_TOKEN"],"workflow_run_id":{number}}}"#,
        repository(run.repository)
    )
}
