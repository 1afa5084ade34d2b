//! Which values of a log entry fill which column.

use crate::Origin;

const fn from(column: &'static str, pointers: &'static [&'static str]) -> Origin {
    Origin { column, pointers }
}

pub(super) const ORIGINS: &[Origin] = &[
    from("source_event_id", &["/insertId", "/insertid"]),
    from(
        "time",
        &[
            "/timestamp",
            "/protoPayload/requestMetadata/requestAttributes/time",
            "/receiveTimestamp",
            "/receivetimestamp",
        ],
    ),
    from(
        "time_raw",
        &[
            "/timestamp",
            "/protoPayload/requestMetadata/requestAttributes/time",
            "/receiveTimestamp",
            "/receivetimestamp",
        ],
    ),
    from("class_uid", &["/protoPayload/methodName"]),
    from("activity_id", &["/protoPayload/methodName"]),
    from("access", &["/protoPayload/methodName", "/protoPayload/authorizationInfo/*/permissionType"]),
    from("status_id", &["/protoPayload/status/code", "/protoPayload/authorizationInfo/*/granted"]),
    from("status_code", &["/protoPayload/status/code"]),
    from("severity_id", &["/severity"]),
    from("tenant", &["/logName", "/logname", "/resource/labels/project_id", "/resource/labels/organization_id"]),
    from("authority", &["/logName", "/logname", "/resource/labels/project_id", "/resource/labels/organization_id"]),
    from(
        "region",
        &[
            "/protoPayload/resourceLocation/currentLocations/0",
            "/resource/labels/location",
            "/resource/labels/region",
            "/resource/labels/zone",
        ],
    ),
    from(
        "actor_principal",
        &[
            "/protoPayload/metadata/mapped_principal",
            "/protoPayload/authenticationInfo/principalSubject",
            "/protoPayload/authenticationInfo/principalEmail",
        ],
    ),
    from(
        "actor_name",
        &["/protoPayload/authenticationInfo/principalEmail", "/protoPayload/authenticationInfo/principalSubject"],
    ),
    from("chain", &["/protoPayload/authenticationInfo/serviceAccountDelegationInfo"]),
    from("initiator_principal", &["/protoPayload/authenticationInfo/serviceAccountDelegationInfo/0"]),
    from("role", &["/protoPayload/authenticationInfo/authoritySelector"]),
    from("credential_native_id", &["/protoPayload/authenticationInfo/serviceAccountKeyName"]),
    from("credential_uri", &["/protoPayload/authenticationInfo/serviceAccountKeyName"]),
    from("issued_credential_native_id", &["/protoPayload/response/name", "/protoPayload/resourceName"]),
    from("issued_credential_scopes", &["/protoPayload/request/scope"]),
    from("issued_credential_audience", &["/protoPayload/request/audience"]),
    from(
        "grants",
        &[
            "/protoPayload/serviceData/policyDelta/bindingDeltas",
            "/protoPayload/request/policy/bindings",
            "/protoPayload/request/grant",
            "/protoPayload/response",
        ],
    ),
    from("changes", &["/protoPayload/serviceData/policyDelta/bindingDeltas", "/protoPayload/request/policy/bindings"]),
    from("decision_effect", &["/protoPayload/authorizationInfo/*/granted", "/protoPayload/status/code"]),
    from("decision_rule", &["/protoPayload/authorizationInfo/*/permission"]),
    from(
        "decision_reason",
        &[
            "/labels/authorization.k8s.io~1reason",
            "/protoPayload/metadata/violationReason",
            "/protoPayload/status/message",
        ],
    ),
    from("api_service", &["/protoPayload/serviceName", "/operation/producer"]),
    from("api_operation", &["/protoPayload/methodName", "/methodName"]),
    from("api_request_id", &["/protoPayload/requestMetadata/requestAttributes/id"]),
    from(
        "resources",
        &[
            "/protoPayload/resourceName",
            "/protoPayload/authorizationInfo/*/resource",
            "/protoPayload/authorizationInfo/*/resourceAttributes/name",
            "/resource/labels/name",
        ],
    ),
    from("secret_access_path", &["/protoPayload/resourceName"]),
    from("src_ip", &["/protoPayload/requestMetadata/callerIp", "/protoPayload/requestMetadata/callerIP"]),
    from("src_host", &["/protoPayload/requestMetadata/callerIp", "/protoPayload/requestMetadata/callerIP"]),
    from("src_network", &["/protoPayload/requestMetadata/callerNetwork"]),
    from("user_agent", &["/protoPayload/requestMetadata/callerSuppliedUserAgent"]),
    from("client_app", &["/protoPayload/authenticationInfo/oauthInfo/oauthClientId"]),
    from("dst_ip", &["/protoPayload/requestMetadata/destinationAttributes/ip"]),
    from("trace_id", &["/trace"]),
    from("span_id", &["/spanId"]),
    from("correlation_ids", &["/operation/id", "/trace", "/labels/compute.googleapis.com~1root_trigger_id"]),
    from("error_code", &["/protoPayload/status/code"]),
    from("error_message", &["/protoPayload/status/message"]),
    from("data_rows", &["/protoPayload/numResponseItems"]),
    from("purpose_reason", &["/protoPayload/request/reason", "/protoPayload/request/grant/justification"]),
];
