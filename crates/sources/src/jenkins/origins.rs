//! Column by column, where values come from. Parts of a line of Audit Trail are named like fields.

use crate::{Origin, origin};

pub(super) static ORIGINS: &[Origin] = &[
    origin("time", &["/instant/epochSecond", "/timeMillis", "/date"]),
    origin("time_raw", &["/instant/epochSecond", "/timeMillis", "/date"]),
    origin("class_uid", &["/message", "/path"]),
    origin("activity_id", &["/message", "/path"]),
    origin("access", &["/message", "/path"]),
    origin("status_id", &["/message", "/result"]),
    origin("status_code", &["/message", "/result"]),
    origin("actor_principal", &["/contextMap/userId", "/message", "/user"]),
    origin("actor_name", &["/contextMap/userId", "/message", "/user"]),
    origin("session_uri", &["/message", "/path", "/number"]),
    origin("api_operation", &["/message", "/path"]),
    origin("api_request_id", &["/contextMap/requestId"]),
    origin("resources", &["/message", "/path"]),
    origin("secret_access_path", &["/message"]),
    origin("src_ip", &["/contextMap/ipAddress", "/from"]),
    origin("workload_name", &["/message", "/path"]),
    origin("workload_node", &["/message", "/node"]),
    origin("purpose_job", &["/message", "/path"]),
    origin("purpose_reason", &["/message"]),
    origin("duration_ms", &["/duration"]),
    origin("correlation_ids", &["/contextMap/requestId", "/message", "/path"]),
];
