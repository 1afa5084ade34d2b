//! Column by column, where values come from.
//!
//! In flat spans attributes are an object, and a pointer names one. In OTLP they are a list of keys and
//! values, in which a pointer can only name all values; which key it is, is what the flat pointer says.

use crate::Origin;

/// A column with its plain pointers, the attributes of the span, and those of its resource.
macro_rules! origin {
    ($column:literal, [$($plain:literal),*], [$($attribute:literal),*], [$($resource:literal),*]) => {
        Origin {
            column: $column,
            pointers: &[
                $($plain, concat!("/resourceSpans/*/scopeSpans/*/spans/*", $plain), concat!("/span", $plain),
                    concat!("/resourceLogs/*/scopeLogs/*/logRecords/*", $plain),)*
                $(concat!("/attributes/", $attribute), concat!("/span/attributes/", $attribute),)*
                $(concat!("/resource/attributes/", $resource), concat!("/attributes/", $resource),)*
                "/attributes/*/value/stringValue",
                "/attributes/*/value/intValue",
                "/attributes/*/value/arrayValue/values/*/stringValue",
                "/resourceSpans/*/scopeSpans/*/spans/*/attributes/*/value/stringValue",
                "/resourceSpans/*/scopeSpans/*/spans/*/attributes/*/value/intValue",
                "/resourceSpans/*/scopeSpans/*/spans/*/attributes/*/value/arrayValue/values/*/stringValue",
                "/resourceSpans/*/resource/attributes/*/value/stringValue",
                "/resourceLogs/*/scopeLogs/*/logRecords/*/attributes/*/value/stringValue",
                "/resourceLogs/*/scopeLogs/*/logRecords/*/attributes/*/value/intValue",
                "/resourceLogs/*/scopeLogs/*/logRecords/*/attributes/*/value/arrayValue/values/*/stringValue",
                "/resourceLogs/*/resource/attributes/*/value/stringValue",
            ],
        }
    };
}

pub(super) const ORIGINS: &[Origin] = &[
    origin!("source_event_id", ["/spanId", "/context/span_id", "/span_id"], ["log.record.uid"], []),
    origin!("time", ["/startTimeUnixNano", "/start_time", "/timeUnixNano", "/observedTimeUnixNano"], [], []),
    origin!("time_raw", ["/startTimeUnixNano", "/start_time", "/timeUnixNano", "/observedTimeUnixNano"], [], []),
    origin!("duration_ms", ["/startTimeUnixNano", "/endTimeUnixNano", "/start_time", "/end_time"], [], []),
    origin!("access", ["/kind"], ["gen_ai.operation.name", "mcp.method.name"], []),
    origin!("activity_id", ["/kind"], ["gen_ai.operation.name", "mcp.method.name"], []),
    origin!(
        "api_operation",
        ["/name", "/eventName"],
        [
            "gen_ai.operation.name",
            "openinference.span.kind",
            "traceloop.span.kind",
            "mcp.method.name",
            "rpc.method",
            "http.request.method"
        ],
        []
    ),
    origin!(
        "api_service",
        [],
        ["gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system", "rpc.service", "server.address"],
        ["service.name"]
    ),
    origin!("api_request_id", [], ["aws.request_id", "http.response.header.x-request-id"], []),
    origin!("status_id", ["/status", "/endTimeUnixNano"], ["http.response.status_code", "error.type"], []),
    origin!("status_code", ["/status/code", "/status/status_code"], ["http.response.status_code"], []),
    origin!("error_code", [], ["error.type", "http.response.status_code"], []),
    origin!(
        "error_message",
        ["/status/message", "/status/description"],
        ["otel.status_description", "status.description"],
        []
    ),
    origin!("authority", [], [], ["service.namespace"]),
    origin!("tenant", [], [], ["cloud.account.id"]),
    origin!("actor_principal", [], ["gen_ai.agent.id", "gen_ai.agent.name"], ["service.name"]),
    origin!("actor_name", [], ["gen_ai.agent.name", "agent.name", "gen_ai.agent.id"], ["service.name"]),
    origin!("initiator_principal", [], ["user.id", "enduser.id", "traceloop.association.properties.user_id"], []),
    origin!("chain", [], ["user.id", "enduser.id", "gen_ai.agent.id"], []),
    origin!("purpose_reason", [], ["gen_ai.agent.purpose", "agent.purpose"], []),
    origin!("purpose_ticket", [], ["ticket.id"], []),
    origin!("agent_uid", [], ["gen_ai.agent.id", "gen_ai.agent.name", "agent.name"], []),
    origin!("agent_instance", [], [], ["service.instance.id"]),
    origin!(
        "agent_run",
        ["/traceId", "/context/trace_id", "/trace_id"],
        ["gen_ai.conversation.id", "session.id", "traceloop.association.properties.session_id"],
        []
    ),
    origin!("agent_mode", [], ["gen_ai.agent.mode", "agent.mode"], []),
    origin!("agent_model", [], ["gen_ai.request.model", "gen_ai.response.model", "llm.model_name"], []),
    origin!("agent_version", [], ["gen_ai.agent.version"], []),
    origin!("session_uri", ["/traceId", "/context/trace_id"], ["gen_ai.conversation.id", "session.id"], []),
    origin!("trace_id", ["/traceId", "/context/trace_id", "/trace_id"], [], []),
    origin!("span_id", ["/spanId", "/context/span_id", "/span_id"], [], []),
    origin!("parent_span_id", ["/parentSpanId", "/parent_id", "/parent_span_id"], [], []),
    origin!("correlation_ids", ["/traceId", "/context/trace_id"], ["aws.request_id", "gen_ai.tool.call.id"], []),
    origin!("credential_native_id", [], ["token.jti", "oauth.token.jti"], []),
    origin!("tool_name", [], ["gen_ai.tool.name", "tool.name", "function.name"], []),
    origin!("tool_call_id", [], ["gen_ai.tool.call.id", "tool_call.id"], []),
    origin!(
        "tool_argument_digest",
        [],
        ["gen_ai.tool.call.arguments", "tool.parameters", "tool.arguments", "function.input"],
        []
    ),
    origin!(
        "resources",
        [],
        [
            "gen_ai.agent.name",
            "gen_ai.tool.name",
            "tool.name",
            "gen_ai.request.model",
            "llm.model_name",
            "mcp.resource.uri",
            "url.full",
            "server.address"
        ],
        []
    ),
    origin!("dst_host", [], ["server.address"], []),
    origin!("dst_port", [], ["server.port"], []),
    origin!("src_ip", [], ["client.address"], []),
    origin!("user_agent", [], ["user_agent.original"], []),
    origin!("workload_name", [], [], ["k8s.pod.name", "service.name"]),
    origin!("workload_uid", [], [], ["k8s.pod.uid", "service.instance.id"]),
    origin!("workload_namespace", [], [], ["k8s.namespace.name", "service.namespace"]),
    origin!("workload_node", [], [], ["k8s.node.name", "host.name"]),
];
