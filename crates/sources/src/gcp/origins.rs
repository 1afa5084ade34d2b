//! Which values of a log entry fill which column.

use crate::Origin;

/// A pointer into the payload, under each key that it travels under.
macro_rules! payload {
    ($($pointer:literal),+ $(; $($other:literal),+)?) => {
        &[
            $(
                concat!("/protoPayload", $pointer),
                concat!("/protopayload", $pointer),
                concat!("/protopayload_auditlog", $pointer),
                concat!("/jsonPayload", $pointer),
                $pointer,
            )+
            $($($other,)+)?
        ]
    };
}

const fn from(column: &'static str, pointers: &'static [&'static str]) -> Origin {
    Origin { column, pointers }
}

/// Times of an entry, the preferred one first.
const STAMPS: &[&str] = &[
    "/timestamp",
    "/protoPayload/timestamp",
    "/protoPayload/requestMetadata/requestAttributes/time",
    "/protopayload/requestMetadata/requestAttributes/time",
    "/receiveTimestamp",
    "/receivetimestamp",
];

pub(super) const ORIGINS: &[Origin] = &[
    from("source_event_id", &["/insertId", "/insertid"]),
    from("time", STAMPS),
    from("time_raw", STAMPS),
    from("class_uid", payload!("/methodName")),
    from("activity_id", payload!("/methodName")),
    from("access", payload!("/methodName", "/authorizationInfo/*/permissionType")),
    from("status_id", payload!("/status/code", "/authorizationInfo/*/granted")),
    from("status", payload!("/status/code", "/authorizationInfo/*/granted")),
    from("status_code", payload!("/status/code")),
    from("severity_id", &["/severity"]),
    from("tenant", &["/logName", "/logname", "/resource/labels/project_id", "/resource/labels/organization_id"]),
    from("authority", &["/logName", "/logname", "/resource/labels/project_id", "/resource/labels/organization_id"]),
    from(
        "region",
        payload!("/resourceLocation/currentLocations/0"; "/resource/labels/location", "/resource/labels/region", "/resource/labels/zone"),
    ),
    from(
        "actor_principal",
        payload!(
            "/metadata/mapped_principal",
            "/authenticationInfo/principalSubject",
            "/authenticationInfo/principalEmail"
        ),
    ),
    from("actor_kind", payload!("/authenticationInfo/principalSubject", "/authenticationInfo/principalEmail")),
    from("is_human", payload!("/authenticationInfo/principalSubject", "/authenticationInfo/principalEmail")),
    from("actor_name", payload!("/authenticationInfo/principalEmail", "/authenticationInfo/principalSubject")),
    from("chain", payload!("/authenticationInfo/serviceAccountDelegationInfo")),
    from("initiator_principal", payload!("/authenticationInfo/serviceAccountDelegationInfo/0")),
    from("role", payload!("/authenticationInfo/authoritySelector")),
    from("credential_native_id", payload!("/authenticationInfo/serviceAccountKeyName")),
    from("credential_uri", payload!("/authenticationInfo/serviceAccountKeyName")),
    from("issued_credential_native_id", payload!("/response/name", "/resourceName")),
    from("issued_credential_scopes", payload!("/request/scope")),
    from("issued_credential_audience", payload!("/request/audience")),
    from(
        "grants",
        payload!("/serviceData/policyDelta/bindingDeltas", "/request/policy/bindings", "/request/grant", "/response"),
    ),
    from("changes", payload!("/serviceData/policyDelta/bindingDeltas", "/request/policy/bindings")),
    from("decision_effect", payload!("/authorizationInfo/*/granted", "/status/code")),
    from("decision_rule", payload!("/authorizationInfo/*/permission")),
    from(
        "decision_reason",
        payload!("/metadata/violationReason", "/status/message"; "/labels/authorization.k8s.io~1reason"),
    ),
    from("api_service", payload!("/serviceName"; "/operation/producer")),
    from("api_operation", payload!("/methodName")),
    from("api_request_id", payload!("/requestMetadata/requestAttributes/id")),
    from(
        "resources",
        payload!("/resourceName", "/authorizationInfo/*/resource", "/authorizationInfo/*/resourceAttributes/name"; "/resource/labels/name"),
    ),
    from("secret_access_path", payload!("/resourceName")),
    from("secret_access_version", payload!("/resourceName")),
    from("src_ip", payload!("/requestMetadata/callerIp", "/requestMetadata/callerIP")),
    from("src_host", payload!("/requestMetadata/callerIp", "/requestMetadata/callerIP")),
    from("src_network", payload!("/requestMetadata/callerNetwork")),
    from("user_agent", payload!("/requestMetadata/callerSuppliedUserAgent")),
    from("client_app", payload!("/authenticationInfo/oauthInfo/oauthClientId")),
    from("dst_ip", payload!("/requestMetadata/destinationAttributes/ip")),
    from("trace_id", &["/trace"]),
    from("span_id", &["/spanId"]),
    from(
        "correlation_ids",
        payload!(
            "/metadata/vpcServiceControlsUniqueId",
            "/metadata/tableDataRead/jobName",
            "/metadata/tableDataChange/jobName",
            "/metadata/tableDeletion/jobName",
            "/metadata/tableCreation/jobName",
            "/requestMetadata/requestAttributes/id";
            "/operation/id",
            "/trace",
            "/labels/compute.googleapis.com~1root_trigger_id"
        ),
    ),
    from("error_code", payload!("/status/code")),
    from("error_message", payload!("/status/message")),
    from("data_rows", payload!("/numResponseItems")),
    from(
        "purpose_reason",
        payload!(
            "/request/reason",
            "/request/grant/justification/unstructuredJustification",
            "/response/justification/unstructuredJustification"
        ),
    ),
];
