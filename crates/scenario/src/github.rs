//! GitHub audit log entries, after the vendor's reference of audit log events.

/// What every entry has.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// `_document_id`.
    pub id: &'a str,
    /// Milliseconds since 1970.
    pub time_ms: i64,
    /// As in `workflows.created_workflow_run`.
    pub action: &'a str,
    /// Login.
    pub actor: &'a str,
    /// Number of the account.
    pub actor_id: u64,
    /// Address; shown only where the owner switched that on.
    pub ip: &'a str,
    /// Further members, each with a leading comma.
    pub members: &'a str,
}

/// One entry as a line of JSON.
pub fn record(entry: &Entry<'_>) -> String {
    let Entry { id, time_ms, action, actor, actor_id, ip, members } = *entry;
    format!(
        r#"{{"@timestamp":{time_ms},"_document_id":"{id}","action":"{action}","actor":"{actor}","actor_id":{actor_id},"actor_ip":"{ip}","actor_is_bot":false,"business":"halden","created_at":{time_ms},"org":"halden","org_id":90210{members}}}"#
    )
}

/// A repository.
#[derive(Clone, Copy, Debug)]
pub struct Repository<'a> {
    /// Name, without the owner.
    pub name: &'a str,
    /// Number.
    pub id: u64,
}

/// Members of an entry about a repository.
pub fn repository(repository: Repository<'_>) -> String {
    let Repository { name, id } = repository;
    format!(r#","repo":"halden/{name}","repo_id":{id},"public_repo":false,"visibility":"private""#)
}

/// Members of `workflows.created_workflow_run` and `workflows.completed_workflow_run`.
pub fn run(repo: Repository<'_>, run: u64, workflow: u64, conclusion: &str) -> String {
    let conclusion = match conclusion {
        "" => String::new(),
        text => format!(r#","conclusion":"{text}""#),
    };
    format!(
        r#"{},"event":"workflow_dispatch","head_branch":"main","head_sha":"{run:040x}","name":"deploy","operation_type":"create","run_attempt":1,"run_number":{},"workflow_id":{workflow},"workflow_run_id":{run},"trigger_id":null{conclusion}"#,
        repository(repo),
        run % 10_000
    )
}

/// Members of an entry that was made with a personal access token.
pub fn token(hash: &str, id: u64, scopes: &str) -> String {
    format!(
        r#","hashed_token":"{hash}","token_id":{id},"programmatic_access_type":"Personal access token (classic)","token_scopes":"{scopes}""#
    )
}

/// The subject of the OIDC token of a run whose organisation puts the run's id into it.
pub fn subject(repo: Repository<'_>, run: u64) -> String {
    format!("repo:halden/{}:ref:refs/heads/main:run_id:{run}", repo.name)
}

/// The issuer of such tokens.
pub const ISSUER: &str = "token.actions.githubusercontent.com";
