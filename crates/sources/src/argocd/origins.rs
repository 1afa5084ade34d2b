//! Column by column, where values come from.

use crate::{Origin, origin};

pub(super) static ORIGINS: &[Origin] = &[
    origin("source_event_id", &["/metadata/uid"]),
    origin("time", &["/time", "/grpc.start_time", "/eventTime", "/lastTimestamp"]),
    origin("time_raw", &["/time", "/grpc.start_time", "/eventTime", "/lastTimestamp"]),
    origin("class_uid", &["/grpc.service", "/grpc.method"]),
    origin("activity_id", &["/grpc.method", "/reason"]),
    origin("access", &["/grpc.method", "/reason"]),
    origin("severity_id", &["/level"]),
    origin("status_id", &["/grpc.code", "/type"]),
    origin("status_code", &["/grpc.code", "/type"]),
    origin("error_code", &["/grpc.code"]),
    origin("error_message", &["/error", "/grpc.error", "/msg", "/message"]),
    origin("decision_reason", &["/error", "/grpc.error"]),
    origin("tenant", &["/grpc.request.content/project", "/grpc.request.content"]),
    origin(
        "actor_principal",
        &["/grpc.request.claims/sub", "/grpc.request.claims", "/user", "/message", "/grpc.request.content"],
    ),
    origin(
        "actor_name",
        &[
            "/grpc.request.claims/email",
            "/grpc.request.claims/sub",
            "/grpc.request.claims",
            "/user",
            "/message",
            "/grpc.request.content",
        ],
    ),
    origin("aliases", &["/grpc.request.claims"]),
    origin("credential_native_id", &["/grpc.request.claims/jti", "/grpc.request.claims"]),
    origin("credential_issuer", &["/grpc.request.claims/iss", "/grpc.request.claims"]),
    origin("issued_credential_native_id", &["/grpc.request.content/id", "/grpc.request.content"]),
    origin("credential_changes", &["/grpc.request.content/id", "/grpc.request.content"]),
    origin("api_service", &["/grpc.service"]),
    origin("api_operation", &["/grpc.method", "/reason"]),
    origin(
        "resources",
        &[
            "/grpc.request.content/name",
            "/grpc.request.content",
            "/application",
            "/dest-server",
            "/involvedObject/name",
            "/regarding/name",
            "/grpc.service",
        ],
    ),
    origin("src_ip", &["/source.ip", "/peer.address"]),
    origin("src_port", &["/source.ip", "/peer.address"]),
    origin("user_agent", &["/grpc.request.user-agent"]),
    origin("duration_ms", &["/grpc.time_ms"]),
];
