//! Column by column, where values come from.

use crate::Origin;

const fn from(column: &'static str, pointers: &'static [&'static str]) -> Origin {
    Origin { column, pointers }
}

pub(super) const ORIGINS: &[Origin] = &[
    from("source_event_id", &["/id"]),
    from("time", &["/occurred_at"]),
    from("time_raw", &["/occurred_at"]),
    from("class_uid", &["/action"]),
    from("access", &["/action"]),
    from("api_operation", &["/action"]),
    from("api_request_id", &["/request/id"]),
    from("correlation_ids", &["/request/id", "/payload/workflow/id", "/payload/job/id"]),
    from("status_id", &["/success", "/payload/job/status"]),
    from("status_code", &["/payload/status", "/payload/job/status", "/payload/job/job_status"]),
    from("error_message", &["/payload/reason"]),
    from("tenant", &["/scope/name", "/scope/id"]),
    from("actor_principal", &["/actor/id", "/actor/type"]),
    from("actor_name", &["/actor/name", "/actor/id"]),
    from("actor_kind", &["/actor/type"]),
    from("is_human", &["/actor/type", "/action"]),
    from("issued_credential_native_id", &["/payload/fingerprint", "/target/id"]),
    from("credential_changes", &["/payload/fingerprint", "/target/id"]),
    from("grants", &["/action", "/payload/job/id", "/payload/job/name", "/target/id"]),
    from("grant_refs", &["/payload/job/id", "/target/id"]),
    from("session_uri", &["/payload/job/id", "/target/id"]),
    from("workload_uid", &["/payload/job/id", "/target/id"]),
    from("workload_name", &["/payload/job/name", "/target/name"]),
    from("workload_namespace", &["/payload/project/name", "/payload/project/id"]),
    from("purpose_job", &["/payload/workflow/id"]),
    from(
        "resources",
        &[
            "/target/name",
            "/target/id",
            "/payload/context_name",
            "/payload/context/name",
            "/payload/project/name",
            "/payload/workflow/name",
        ],
    ),
    from(
        "secret_access_path",
        &["/payload/env_var_name", "/payload/name", "/payload/context_name", "/payload/context/name", "/target/name"],
    ),
];
