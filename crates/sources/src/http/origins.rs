//! Column by column, where values come from. Those of a line of text are named like the variables of nginx.

use crate::Origin;

const fn origin(column: &'static str, pointers: &'static [&'static str]) -> Origin {
    Origin { column, pointers }
}

pub(super) static ORIGINS: &[Origin] = &[
    origin(
        "source_event_id",
        &[
            "/request_id",
            "/x_request_id",
            "/request/id",
            "/requestContext/extendedRequestId",
            "/extendedRequestId",
            "/requestContext/requestId",
            "/requestId",
            "/properties/transactionId",
        ],
    ),
    origin("time", TIMES),
    origin("time_raw", TIMES),
    origin(
        "authority",
        &["/server_name", "/downstream_local_uri_san", "/requestContext/domainName", "/apiId", "/resourceId"],
    ),
    origin("tenant", &["/requestContext/accountId", "/accountId", "/resourceId"]),
    origin("activity_id", METHODS),
    origin("access", METHODS),
    origin("api_operation", METHODS),
    origin(
        "api_request_id",
        &[
            "/request_id",
            "/x_request_id",
            "/request/id",
            "/request/headers/x-request-id",
            "/requestContext/requestId",
            "/requestId",
            "/properties/transactionId",
        ],
    ),
    origin("status_id", STATUSES),
    origin("status_code", STATUSES),
    origin("error_code", STATUSES),
    origin(
        "error_message",
        &["/response_code_details", "/response_flags", "/requestContext/error/message", "/properties/error_info"],
    ),
    origin("decision_reason", &["/response_code_details"]),
    origin("actor_principal", ACTORS),
    origin("actor_name", ACTORS),
    origin("initiator_principal", &["/x_forwarded_client_cert"]),
    origin("chain", &["/x_forwarded_client_cert"]),
    origin(
        "credential_native_id",
        &[
            "/downstream_peer_serial",
            "/downstream_peer_fingerprint_256",
            "/x_forwarded_client_cert",
            "/ssl_client_serial",
            "/authenticated_entity/id",
            "/requestContext/identity/accessKey",
            "/requestContext/authorizer/claims/jti",
            "/requestContext/authorizer/jwt/claims/jti",
            "/requestContext/identity/apiKeyId",
            "/apiKeyId",
        ],
    ),
    origin("credential_fingerprint", &["/downstream_peer_fingerprint_256", "/x_forwarded_client_cert"]),
    origin(
        "credential_issuer",
        &["/ssl_client_i_dn", "/downstream_peer_issuer", "/requestContext/authorizer/jwt/claims/iss"],
    ),
    origin("aliases", &["/consumer/id", "/consumer/username"]),
    origin("role", &["/requestContext/identity/userArn"]),
    origin("resources", RESOURCES),
    origin("src_ip", ADDRESSES),
    origin("src_port", ADDRESSES),
    origin("dst_ip", &["/upstream_addr", "/upstream_host", "/tries/0/ip", "/properties/serverRouted"]),
    origin(
        "user_agent",
        &[
            "/http_user_agent",
            "/user_agent",
            "/request/headers/user-agent",
            "/requestContext/identity/userAgent",
            "/requestContext/http/userAgent",
            "/properties/userAgent",
        ],
    ),
    origin(
        "duration_ms",
        &["/request_time", "/duration", "/latencies/request", "/responseLatency", "/properties/timeTaken"],
    ),
    origin("data_bytes_in", &["/request_length", "/bytes_received", "/request/size", "/properties/receivedBytes"]),
    origin(
        "data_bytes_out",
        &["/body_bytes_sent", "/bytes_sent", "/response/size", "/responseLength", "/properties/sentBytes"],
    ),
    origin("trace_id", &["/traceparent", "/trace_id", "/requestContext/xrayTraceId", "/xrayTraceId"]),
    origin("correlation_ids", &["/request_id", "/x_request_id", "/requestId", "/requestContext/requestId"]),
];

const TIMES: &[&str] = &[
    "/msec",
    "/time_iso8601",
    "/time_local",
    "/start_time",
    "/started_at",
    "/requestContext/requestTimeEpoch",
    "/requestContext/timeEpoch",
    "/requestTime",
    "/timeStamp",
];
const METHODS: &[&str] = &[
    "/request_method",
    "/method",
    "/request",
    "/request/method",
    "/requestContext/httpMethod",
    "/requestContext/http/method",
    "/httpMethod",
    "/properties/httpMethod",
];
const STATUSES: &[&str] =
    &["/status", "/response_code", "/response/status", "/requestContext/status", "/properties/httpStatus"];
const ACTORS: &[&str] = &[
    "/downstream_peer_uri_san",
    "/x_forwarded_client_cert",
    "/ssl_client_s_dn",
    "/consumer/username",
    "/consumer/id",
    "/requestContext/identity/userArn",
    "/requestContext/authorizer/claims/sub",
    "/requestContext/authorizer/jwt/claims/sub",
    "/requestContext/authorizer/principalId",
    "/requestContext/identity/apiKeyId",
    "/apiKeyId",
    "/remote_user",
    "/remote_addr",
    "/client_ip",
    "/ip",
    "/downstream_remote_address",
    "/properties/clientIP",
];
const RESOURCES: &[&str] = &[
    "/request_uri",
    "/request",
    "/path",
    "/request/uri",
    "/requestContext/path",
    "/requestContext/http/path",
    "/resourcePath",
    "/properties/originalRequestUriWithArgs",
    "/properties/originalHost",
    "/authority",
    "/host",
];
const ADDRESSES: &[&str] = &[
    "/remote_addr",
    "/downstream_remote_address",
    "/client_ip",
    "/requestContext/identity/sourceIp",
    "/requestContext/http/sourceIp",
    "/ip",
    "/properties/clientIP",
];
