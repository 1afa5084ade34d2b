//! Column by column, where values come from. The table `system.access.audit` has the same names in snake case.

use crate::Origin;

const fn from(column: &'static str, pointers: &'static [&'static str]) -> Origin {
    Origin { column, pointers }
}

const ACTION: &[&str] = &["/serviceName", "/actionName", "/requestParams"];

pub(super) const ORIGINS: &[Origin] = &[
    from("source_event_id", &["/eventId", "/requestId", "/event_id", "/request_id"]),
    from("time", &["/timestamp", "/event_time"]),
    from("time_raw", &["/timestamp", "/event_time"]),
    from("class_uid", ACTION),
    from("activity_id", ACTION),
    from("access", ACTION),
    from("api_service", &["/serviceName", "/service_name"]),
    from("api_operation", &["/serviceName", "/actionName", "/service_name", "/action_name"]),
    from("api_request_id", &["/requestId", "/request_id"]),
    from("correlation_ids", &["/requestId", "/request_id"]),
    from("status_id", &["/response/statusCode", "/response/status_code"]),
    from("status_code", &["/response/statusCode", "/response/status_code"]),
    from("error_code", &["/response/statusCode", "/response/status_code"]),
    from("error_message", &["/response/errorMessage", "/response/error_message"]),
    from("decision_effect", &["/response/statusCode", "/response/status_code"]),
    from("decision_reason", &["/response/errorMessage", "/response/error_message"]),
    from("authority", &["/accountId", "/account_id"]),
    from("tenant", &["/workspaceId", "/accountId", "/workspace_id", "/account_id"]),
    from("actor_principal", &["/userIdentity/email", "/userIdentity/subjectName", "/user_identity/email"]),
    from(
        "actor_name",
        &["/userIdentity/email", "/userIdentity/subjectName", "/user_identity/email", "/requestParams/user"],
    ),
    from("actor_kind", &["/userIdentity/email", "/actionName", "/requestParams/authentication_method"]),
    from("is_human", &["/userIdentity/email", "/actionName", "/requestParams/authentication_method"]),
    from("party", &["/requestParams/authentication_method", "/userIdentity/email"]),
    from("privileged", &["/auditLevel", "/actionName"]),
    from("initiator_principal", &["/identityMetadata/runBy", "/identity_metadata/run_by"]),
    from("subject_principal", &["/identityMetadata/runAs", "/identity_metadata/run_as"]),
    from("chain", &["/identityMetadata/runBy", "/identityMetadata/runAs"]),
    from("session_uri", &["/sessionId", "/session_id"]),
    from("credential_native_id", &["/requestParams/tokenId"]),
    from(
        "issued_credential_native_id",
        &["/requestParams/tokenId", "/requestParams/secret_id", "/requestParams/tokenHash", "/requestId"],
    ),
    from("issued_credential_not_after", &["/requestParams/tokenExpirationTime"]),
    from("credential_changes", &["/actionName", "/requestParams/tokenId", "/requestParams/tokenHash"]),
    from(
        "grants",
        &["/actionName", "/requestParams/changes", "/requestParams/targetUserName", "/requestParams/principal"],
    ),
    from("grant_refs", &["/actionName", "/requestParams/changes", "/requestParams/targetGroupName"]),
    from("secret_access_path", &["/requestParams/scope", "/requestParams/key"]),
    from("changes", &["/requestParams/workspaceConfKeys", "/requestParams/workspaceConfValues"]),
    from("authn_method", &["/requestParams/authentication_method", "/actionName"]),
    from(
        "resources",
        &[
            "/requestParams/securable_full_name",
            "/requestParams/table_full_name",
            "/requestParams/full_name_arg",
            "/requestParams/name",
            "/requestParams/scope",
            "/requestParams/path",
            "/requestParams/notebookId",
            "/requestParams/jobId",
            "/requestParams/clusterId",
            "/requestParams/targetGroupName",
            "/requestParams/targetUserName",
            "/requestParams/user",
            "/requestParams/config_id",
            "/serviceName",
        ],
    ),
    from("purpose_job", &["/requestParams/jobId", "/requestParams/runId"]),
    from("workload_uid", &["/requestParams/clusterId", "/requestParams/warehouseId"]),
    from("src_ip", &["/sourceIPAddress", "/source_ip_address"]),
    from("user_agent", &["/userAgent", "/user_agent"]),
];
