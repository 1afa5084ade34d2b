//! Column by column, where values come from.

use crate::{Origin, origin};

const SUBJECTS: &[&str] = &[
    "/input/attributes/source/principal",
    "/input/request/userInfo/username",
    "/input/user/id",
    "/input/user/name",
    "/input/user",
    "/input/subject/id",
    "/input/subject",
    "/input/principal/id",
    "/input/principal",
    "/input/identity/user",
    "/requested_by",
];
const RESULTS: &[&str] =
    &["/result/allow", "/result/allowed", "/result/response/allowed", "/result/decision", "/result/result", "/result"];
const ACTIONS: &[&str] = &[
    "/input/attributes/request/http/method",
    "/input/request/operation",
    "/input/action/operation",
    "/input/action",
    "/input/method",
];
const REQUESTS: &[&str] =
    &["/input/attributes/request/http/headers/x-request-id", "/input/attributes/request/http/id", "/input/request/uid"];

pub(super) static ORIGINS: &[Origin] = &[
    origin("source_event_id", &["/decision_id"]),
    origin("time", &["/timestamp", "/time"]),
    origin("time_raw", &["/timestamp", "/time"]),
    origin("access", ACTIONS),
    origin("status_id", RESULTS),
    origin("status_code", RESULTS),
    origin("decision_effect", RESULTS),
    origin("decision_rule", &["/path", "/query"]),
    origin("decision_policies", &["/bundles", "/revision"]),
    origin(
        "decision_reason",
        &[
            "/result/reason",
            "/result/reasons/0",
            "/result/message",
            "/result/response/status/reason",
            "/result/0/msg",
            "/result/0",
        ],
    ),
    origin("error_code", &["/error/code"]),
    origin(
        "error_message",
        &[
            "/error/message",
            "/error/errors/0/message",
            "/result/reason",
            "/result/reasons/0",
            "/result/message",
            "/result/response/status/reason",
            "/result/0",
        ],
    ),
    origin("actor_principal", SUBJECTS),
    origin("actor_name", SUBJECTS),
    origin("role", &["/input/role"]),
    origin("api_service", &["/input/attributes/destination/service", "/labels/app"]),
    origin("api_operation", &["/path", "/query"]),
    origin("api_request_id", REQUESTS),
    origin(
        "resources",
        &[
            "/input/attributes/request/http/path",
            "/input/resource/id",
            "/input/resource/name",
            "/input/resource",
            "/input/object",
            "/input/path",
            "/input/request/name",
            "/path",
        ],
    ),
    origin("src_ip", &["/requested_by"]),
    origin("src_port", &["/requested_by"]),
    origin("trace_id", &["/trace_id"]),
    origin("span_id", &["/span_id"]),
    origin("duration_ms", &["/metrics/timer_server_handler_ns", "/metrics/timer_rego_query_eval_ns"]),
    origin("workload_uid", &["/labels/id"]),
    origin("region", &["/labels/region"]),
    origin("correlation_ids", &["/decision_id", "/batch_decision_id"]),
];
