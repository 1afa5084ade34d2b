//! Which values of an entry, or of a webhook delivery, fill which column.

use crate::Origin;

const fn from(column: &'static str, pointers: &'static [&'static str]) -> Origin {
    Origin { column, pointers }
}

pub(super) const ORIGINS: &[Origin] = &[
    from("source_event_id", &["/_document_id"]),
    from(
        "time",
        &["/@timestamp", "/at_sign_timestamp", "/created_at", "/workflow_job/completed_at", "/head_commit/timestamp"],
    ),
    from(
        "time_raw",
        &[
            "/@timestamp",
            "/at_sign_timestamp",
            "/created_at",
            "/workflow_job/completed_at",
            "/workflow_run/updated_at",
            "/pull_request/updated_at",
            "/head_commit/timestamp",
            "/personal_access_token_request/created_at",
            "/key/created_at",
        ],
    ),
    from("class_uid", &["/action"]),
    from("activity_id", &["/action"]),
    from("access", &["/operation_type", "/action"]),
    from("status_id", &["/conclusion", "/action"]),
    from("status_code", &["/conclusion", "/workflow_job/conclusion", "/workflow_run/conclusion"]),
    from("tenant", &["/org", "/business", "/organization/login", "/repository/owner/login"]),
    from("actor_principal", &["/actor_id", "/actor", "/sender/id", "/sender/login", "/pusher/name"]),
    from("actor_name", &["/actor", "/sender/login", "/pusher/name", "/actor_id", "/workflow_run/name"]),
    from("initiator_principal", &["/user_id", "/user"]),
    from("chain", &["/user", "/actor"]),
    from("agent_run", &["/agent_session_id"]),
    from("agent_uid", &["/actor_id", "/actor"]),
    from("credential_uri", &["/hashed_token", "/token_id"]),
    from("credential_native_id", &["/token_id", "/hashed_token"]),
    from("credential_fingerprint", &["/hashed_token"]),
    from("credential_scopes", &["/token_scopes"]),
    from(
        "issued_credential_native_id",
        &[
            "/user_programmatic_access_id",
            "/fingerprint",
            "/key/id",
            "/oauth_application_id",
            "/personal_access_token_request/token_id",
        ],
    ),
    from("session_uri", &["/workflow_run_id", "/run_attempt", "/agent_session_id", "/actor_session"]),
    from("grants", &["/action", "/user", "/permission", "/user_programmatic_access_request_id"]),
    from("changes", &["/old_permission", "/previous_visibility", "/old_name"]),
    from("decision_effect", &["/action"]),
    from("authn_protocol", &["/transport_protocol_name", "/protocol_name"]),
    from("authn_method", &["/programmatic_access_type", "/issuer"]),
    from("api_operation", &["/action"]),
    from("api_request_id", &["/request_id"]),
    from(
        "resources",
        &["/repo", "/repository", "/team", "/user", "/hook_id", "/name", "/org", "/repository/full_name"],
    ),
    from("secret_access_path", &["/key", "/secrets_passed/0"]),
    from("src_ip", &["/actor_ip"]),
    from("src_country", &["/actor_location/country_code"]),
    from("user_agent", &["/user_agent", "/data/user_agent"]),
    from("client_app", &["/application_name", "/oauth_application", "/integration", "/oauth_application_id"]),
    from("workload_uid", &["/workflow_run_id", "/workflow_job/run_id", "/workflow_run/id"]),
    from("workload_node", &["/runner_name", "/workflow_job/runner_name"]),
    from("purpose_job", &["/name", "/job_name", "/workflow_job/name", "/workflow_run/name"]),
    from("correlation_ids", &["/request_id", "/workflow_run_id", "/agent_session_id"]),
    from("error_message", &["/message", "/reason"]),
];
