//! Column by column, where values come from. A message stands by itself, or under one of the keys that
//! gateways use; where it is text inside of a text no pointer leads into it.

use crate::Origin;

/// A column with pointers into the message, and into what stands around it.
macro_rules! origin {
    ($column:literal, [$($message:literal),*], [$($around:literal),*]) => {
        Origin {
            column: $column,
            pointers: &[
                $($around,)*
                $($message, concat!("/payload", $message), concat!("/message", $message),)*
                $(concat!("/request", $message), concat!("/response", $message), concat!("/rpc", $message),)*
                $(concat!("/msg", $message),)*
                "/raw",
            ],
        }
    };
}

pub(super) const ORIGINS: &[Origin] = &[
    origin!("source_event_id", ["/id"], ["/session_id", "/sessionId"]),
    origin!("time", [], ["/timestamp", "/@timestamp", "/time", "/ts"]),
    origin!("time_raw", [], ["/timestamp", "/@timestamp", "/time", "/ts"]),
    origin!("access", ["/method"], ["/method"]),
    origin!("class_uid", ["/method"], ["/method"]),
    origin!("api_operation", ["/method"], ["/method"]),
    origin!("api_service", [], ["/server_url", "/server_id", "/serverId", "/server"]),
    origin!("api_request_id", ["/id"], ["/request_id", "/requestId"]),
    origin!("status_id", ["/error", "/result/isError"], []),
    origin!("status_code", ["/error/code"], []),
    origin!("error_code", ["/error/code"], []),
    origin!("error_message", ["/error/message"], []),
    origin!("duration_ms", [], ["/duration_ms", "/latency_ms"]),
    origin!("authority", [], ["/server_url"]),
    origin!(
        "actor_principal",
        ["/params/clientInfo/name"],
        ["/principal/client_id", "/client_id", "/principal/sub", "/principal"]
    ),
    origin!(
        "actor_name",
        ["/params/clientInfo/name"],
        ["/principal/client_id", "/client_id", "/principal/sub", "/sub", "/principal"]
    ),
    origin!("subject_principal", [], ["/principal/sub", "/sub"]),
    origin!("initiator_principal", [], ["/principal/sub", "/sub"]),
    origin!("chain", [], ["/principal/sub", "/principal/act/sub", "/principal/client_id"]),
    origin!("agent_uid", [], ["/principal/client_id", "/client_id"]),
    origin!("agent_run", [], ["/session_id", "/sessionId"]),
    origin!("agent_version", ["/params/clientInfo/version"], []),
    origin!("client_app", ["/params/clientInfo/name"], []),
    origin!("credential_uri", [], ["/principal/jti", "/jti", "/principal/iss", "/iss"]),
    origin!("credential_native_id", [], ["/principal/jti", "/jti"]),
    origin!("credential_scopes", [], ["/principal/scope", "/scope"]),
    origin!("credential_audience", [], ["/principal/aud", "/aud"]),
    origin!("credential_not_after", [], ["/principal/exp", "/exp"]),
    origin!("session_uri", [], ["/session_id", "/sessionId"]),
    origin!("trace_id", ["/params/_meta/traceparent", "/result/_meta/traceparent"], ["/traceparent"]),
    origin!("parent_span_id", ["/params/_meta/traceparent", "/result/_meta/traceparent"], ["/traceparent"]),
    origin!("correlation_ids", ["/id", "/params/_meta/traceparent"], ["/session_id", "/request_id", "/traceparent"]),
    origin!("tool_name", ["/params/name"], []),
    origin!("tool_server", [], ["/server_url", "/server_id", "/serverId", "/server"]),
    origin!("tool_call_id", ["/id"], []),
    origin!("tool_argument_digest", ["/params/arguments"], []),
    origin!("resources", ["/params/name", "/params/uri"], ["/server_url", "/server_id"]),
    origin!("dst_host", [], ["/server_url"]),
    origin!("src_ip", [], ["/client_ip", "/remote_addr", "/source_ip"]),
    origin!("user_agent", [], ["/user_agent", "/userAgent"]),
];
