//! Column by column, where values come from.

use crate::Origin;

const fn from(column: &'static str, pointers: &'static [&'static str]) -> Origin {
    Origin { column, pointers }
}

pub(super) const ORIGINS: &[Origin] = &[
    from("source_event_id", &["/id"]),
    from("time", &["/timestamp"]),
    from("time_raw", &["/timestamp"]),
    from("class_uid", &["/resource/type", "/resource/action"]),
    from("access", &["/resource/type", "/resource/action"]),
    from("api_operation", &["/resource/type", "/resource/action"]),
    from("api_request_id", &["/request/id"]),
    from("correlation_ids", &["/request/id", "/resource/id", "/resource/meta/run_id", "/resource/meta/run/id"]),
    from("status_id", &["/resource/action"]),
    from("tenant", &["/auth/organization_id"]),
    from("actor_principal", &["/auth/accessor_id", "/auth/type"]),
    from("actor_name", &["/auth/description", "/auth/accessor_id", "/auth/type"]),
    from("actor_kind", &["/auth/type", "/auth/description"]),
    from("is_human", &["/auth/type", "/auth/description"]),
    from("initiator_principal", &["/auth/impersonator_id"]),
    from("chain", &["/auth/impersonator_id", "/auth/accessor_id"]),
    from("issued_credential_native_id", &["/resource/id"]),
    from("credential_changes", &["/resource/id"]),
    from("grants", &["/resource/type", "/resource/action", "/resource/id", "/resource/meta"]),
    from("grant_refs", &["/resource/id", "/resource/meta/run_id"]),
    from("session_uri", &["/resource/id", "/resource/meta/run_id", "/resource/meta/run/id"]),
    from("workload_uid", &["/resource/id", "/resource/meta/run_id", "/resource/meta/run/id"]),
    from(
        "workload_namespace",
        &["/resource/meta/workspace/name", "/resource/meta/workspace_name", "/resource/meta/workspace/id"],
    ),
    from(
        "resources",
        &[
            "/resource/meta/name",
            "/resource/meta/key",
            "/resource/id",
            "/resource/meta/workspace/name",
            "/resource/meta/workspace/id",
            "/resource/meta/workspace_id",
        ],
    ),
    from("purpose_reason", &["/resource/meta/comment"]),
    from("secret_access_path", &["/resource/meta/key", "/resource/id"]),
];
