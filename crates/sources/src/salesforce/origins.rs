//! Column by column, where values come from.

use crate::Origin;

const fn from(column: &'static str, pointers: &'static [&'static str]) -> Origin {
    Origin { column, pointers }
}

const KIND: &[&str] = &["/EVENT_TYPE", "/attributes/type", "/Action", "/Section", "/OPERATION", "/METHOD"];
const TIMES: &[&str] = &["/TIMESTAMP_DERIVED", "/TIMESTAMP", "/EventDate", "/LoginTime", "/CreatedDate"];
const STATUS: &[&str] = &["/LOGIN_STATUS", "/STATUS_CODE", "/STATUS", "/Status", "/REQUEST_STATUS"];
const WHO: &[&str] = &[
    "/USER_ID",
    "/USER_ID_DERIVED",
    "/UserId",
    "/USER_NAME",
    "/USERNAME",
    "/Username",
    "/DELEGATED_USER_ID",
    "/DELEGATED_USER_NAME",
    "/DelegatedUsername",
    "/CreatedById",
];

pub(super) const ORIGINS: &[Origin] = &[
    from("source_event_id", &["/EventIdentifier", "/Id", "/REQUEST_ID"]),
    from("time", TIMES),
    from("time_raw", TIMES),
    from("class_uid", KIND),
    from("activity_id", KIND),
    from("access", KIND),
    from("api_operation", KIND),
    from("api_request_id", &["/REQUEST_ID"]),
    from("correlation_ids", &["/REQUEST_ID", "/LOGIN_KEY", "/LoginKey", "/RelatedEventIdentifier"]),
    from("related", &["/RelatedEventIdentifier"]),
    from("status_id", STATUS),
    from("status_code", STATUS),
    from("error_code", STATUS),
    from("decision_effect", &["/PolicyOutcome", "/SUMMARY"]),
    from("decision_policies", &["/PolicyId"]),
    from("decision_reason", &["/PolicyOutcome", "/SUMMARY"]),
    from("authority", &["/ORGANIZATION_ID"]),
    from("tenant", &["/ORGANIZATION_ID"]),
    from("actor_principal", WHO),
    from("actor_name", WHO),
    from(
        "actor_kind",
        &["/USER_TYPE", "/UserType", "/LOGIN_TYPE", "/LoginType", "/EVENT_TYPE", "/ResponsibleNamespacePrefix"],
    ),
    from(
        "is_human",
        &["/USER_TYPE", "/UserType", "/LOGIN_TYPE", "/LoginType", "/EVENT_TYPE", "/ResponsibleNamespacePrefix"],
    ),
    from("initiator_principal", &["/DELEGATED_USER_ID", "/DELEGATED_USER_NAME", "/DelegatedUsername", "/DelegateUser"]),
    from("subject_principal", &["/USER_ID", "/UserId"]),
    from(
        "chain",
        &["/DELEGATED_USER_ID", "/DelegatedUsername", "/USER_ID", "/UserId", "/DelegateUser", "/CreatedById"],
    ),
    from("aliases", WHO),
    from("session_uri", &["/SESSION_KEY", "/SessionKey", "/LOGIN_KEY", "/LoginKey"]),
    from("credential_changes", &["/EVENT_TYPE", "/CONNECTED_APP_ID", "/CLIENT_ID", "/USER_ID"]),
    from("authn_method", &["/LOGIN_TYPE", "/LoginType", "/AUTHENTICATION_METHOD_REFERENCE", "/AuthMethodReference"]),
    from("authn_mfa", &["/SESSION_LEVEL", "/SessionLevel"]),
    from("changes", &["/Display"]),
    from(
        "resources",
        &[
            "/REPORT_ID",
            "/ENTITY_NAME",
            "/QueriedEntities",
            "/CONNECTED_APP_ID",
            "/CLIENT_ID",
            "/URI",
            "/LoginUrl",
            "/Section",
            "/ORGANIZATION_ID",
        ],
    ),
    from("src_ip", &["/SOURCE_IP", "/SourceIp", "/CLIENT_IP"]),
    from("src_country", &["/COUNTRY_CODE", "/CountryIso"]),
    from("user_agent", &["/USER_AGENT", "/BROWSER_TYPE", "/Browser"]),
    from("client_app", &["/CONNECTED_APP_NAME", "/APPLICATION", "/Application", "/CLIENT_NAME", "/CONNECTED_APP_ID"]),
    from("device_os", &["/PLATFORM_TYPE", "/Platform"]),
    from("data_rows", &["/ROWS_PROCESSED", "/RowsProcessed", "/API_TOTAL_COUNT"]),
    from("duration_ms", &["/RUN_TIME", "/EvaluationTime"]),
];
