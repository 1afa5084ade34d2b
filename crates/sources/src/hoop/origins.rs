//! Column by column, where values come from.

use crate::Origin;

pub(super) const ORIGINS: &[Origin] = &[
    Origin { column: "source_event_id", pointers: &["/id"] },
    Origin {
        column: "time",
        pointers: &[
            "/end_date",
            "/start_date",
            "/revoked_at",
            "/revoke_at",
            "/review_groups_data/*/review_date",
            "/review_groups/*/reviewed_at",
            "/created_at",
        ],
    },
    Origin {
        column: "time_raw",
        pointers: &[
            "/end_date",
            "/start_date",
            "/revoked_at",
            "/revoke_at",
            "/review_groups_data/*/review_date",
            "/review_groups/*/reviewed_at",
            "/created_at",
        ],
    },
    Origin { column: "class_uid", pointers: &["/verb", "/event_type", "/resource_type", "/action"] },
    Origin { column: "access", pointers: &["/verb", "/event_type", "/resource_type", "/action"] },
    Origin { column: "api_operation", pointers: &["/event_type", "/status", "/resource_type", "/action"] },
    Origin { column: "status_id", pointers: &["/exit_code", "/exit_err", "/outcome"] },
    Origin { column: "status_code", pointers: &["/exit_code", "/status"] },
    Origin { column: "error_code", pointers: &["/exit_code"] },
    Origin { column: "error_message", pointers: &["/exit_err", "/error_message"] },
    Origin { column: "authority", pointers: &["/org", "/org_id"] },
    Origin { column: "tenant", pointers: &["/org", "/org_id"] },
    Origin {
        column: "actor_principal",
        pointers: &["/user_id", "/user", "/user_email", "/actor_subject", "/review_owner/email", "/owner_email"],
    },
    Origin {
        column: "actor_name",
        pointers: &["/user", "/user_email", "/actor_email", "/review_owner/email", "/owner_email", "/user_name"],
    },
    Origin { column: "session_uri", pointers: &["/id", "/session", "/session_id"] },
    Origin { column: "grant_refs", pointers: &["/id", "/review/id"] },
    Origin {
        column: "grants",
        pointers: &[
            "/id",
            "/status",
            "/review_groups_data/*/status",
            "/review_groups/*/status",
            "/access_duration",
            "/access_duration_sec",
            "/revoked_at",
            "/revoke_at",
            "/access_request_rule_name",
            "/min_approvals",
        ],
    },
    Origin { column: "decision_effect", pointers: &["/review/status"] },
    Origin { column: "decision_rule", pointers: &["/review/type", "/access_request_rule_name"] },
    Origin { column: "authn_method", pointers: &["/verb"] },
    Origin {
        column: "resources",
        pointers: &["/connection", "/review_connection/name", "/connection_name", "/resource_id", "/resource_name"],
    },
    Origin { column: "duration_ms", pointers: &["/start_date", "/end_date"] },
    Origin { column: "purpose_reason", pointers: &["/metadata/reason"] },
    Origin { column: "purpose_ticket", pointers: &["/metadata/ticket", "/metadata/jira-issue"] },
    Origin { column: "correlation_ids", pointers: &["/id", "/session", "/session_id"] },
];
