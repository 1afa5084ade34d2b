//! Column by column, where values come from. Each key may be in lower case, too.

use crate::Origin;

const fn from(column: &'static str, pointers: &'static [&'static str]) -> Origin {
    Origin { column, pointers }
}

const TIMES: &[&str] = &[
    "/EVENT_TIMESTAMP",
    "/CREATED_ON",
    "/DELETED_ON",
    "/START_TIME",
    "/END_TIME",
    "/QUERY_START_TIME",
    "/p_event_time",
];
const OPERATION: &[&str] = &[
    "/EVENT_TYPE",
    "/QUERY_TYPE",
    "/TRANSFER_TYPE",
    "/OBJECT_MODIFIED_BY_DDL/operationType",
    "/OBJECTS_MODIFIED",
    "/DELETED_ON",
];

pub(super) const ORIGINS: &[Origin] = &[
    from("source_event_id", &["/EVENT_ID", "/QUERY_ID", "/SESSION_ID"]),
    from("time", TIMES),
    from("time_raw", TIMES),
    from("class_uid", &["/EVENT_TYPE", "/QUERY_TYPE", "/QUERY_TEXT", "/GRANTED_TO", "/OBJECTS_MODIFIED"]),
    from("access", &["/EVENT_TYPE", "/QUERY_TYPE", "/QUERY_TEXT", "/GRANTED_TO", "/OBJECTS_MODIFIED"]),
    from("api_operation", OPERATION),
    from("api_request_id", &["/QUERY_ID"]),
    from("correlation_ids", &["/QUERY_ID", "/PARENT_QUERY_ID", "/ROOT_QUERY_ID", "/EVENT_ID", "/LOGIN_EVENT_ID"]),
    from("related", &["/RELATED_EVENT_ID", "/LOGIN_EVENT_ID", "/PARENT_QUERY_ID"]),
    from("status_id", &["/IS_SUCCESS", "/EXECUTION_STATUS"]),
    from("status_code", &["/IS_SUCCESS", "/EXECUTION_STATUS"]),
    from("error_code", &["/ERROR_CODE"]),
    from("error_message", &["/ERROR_MESSAGE"]),
    from("authority", &["/ORGANIZATION_NAME", "/ACCOUNT_NAME", "/ACCOUNT_LOCATOR"]),
    from("tenant", &["/ORGANIZATION_NAME", "/ACCOUNT_NAME"]),
    from("region", &["/SOURCE_REGION"]),
    from("actor_principal", &["/USER_NAME", "/GRANTED_BY"]),
    from("actor_name", &["/USER_NAME", "/GRANTED_BY"]),
    from("actor_kind", &["/USER_TYPE", "/FIRST_AUTHENTICATION_FACTOR", "/USER_NAME", "/GRANTED_BY"]),
    from("is_human", &["/USER_TYPE", "/FIRST_AUTHENTICATION_FACTOR", "/SECOND_AUTHENTICATION_FACTOR"]),
    from("role", &["/ROLE_NAME", "/GRANTED_BY"]),
    from("privileged", &["/ROLE_NAME", "/GRANTED_BY"]),
    from("credential_native_id", &["/FIRST_AUTHENTICATION_FACTOR_ID"]),
    from("credential_kind", &["/FIRST_AUTHENTICATION_FACTOR"]),
    from("session_uri", &["/SESSION_ID", "/EVENT_ID"]),
    from("aliases", &["/SESSION_ID", "/LOGIN_EVENT_ID"]),
    from(
        "grants",
        &["/GRANTED_TO", "/GRANTEE_NAME", "/ROLE", "/PRIVILEGE", "/GRANTED_ON", "/NAME", "/CREATED_ON", "/DELETED_ON"],
    ),
    from("grant_refs", &["/GRANTED_TO", "/GRANTEE_NAME", "/ROLE", "/PRIVILEGE", "/GRANTED_ON", "/NAME"]),
    from("authn_method", &["/FIRST_AUTHENTICATION_FACTOR", "/AUTHENTICATION_METHOD"]),
    from("authn_mfa", &["/SECOND_AUTHENTICATION_FACTOR"]),
    from("authn_factors", &["/FIRST_AUTHENTICATION_FACTOR", "/SECOND_AUTHENTICATION_FACTOR"]),
    from(
        "resources",
        &[
            "/DIRECT_OBJECTS_ACCESSED/*/objectName",
            "/BASE_OBJECTS_ACCESSED/*/objectName",
            "/OBJECTS_MODIFIED/*/objectName",
            "/OBJECT_MODIFIED_BY_DDL/objectName",
            "/QUERY_TEXT",
            "/SCHEMA_NAME",
            "/DATABASE_NAME",
            "/WAREHOUSE_NAME",
            "/NAME",
            "/ROLE",
            "/GRANTEE_NAME",
            "/TARGET_REGION",
        ],
    ),
    from("src_ip", &["/CLIENT_IP"]),
    from("src_network", &["/CLIENT_PRIVATE_LINK_ID", "/CONNECTION", "/SOURCE_CLOUD", "/SOURCE_REGION"]),
    from("dst_network", &["/TARGET_CLOUD", "/TARGET_REGION"]),
    from("client_app", &["/REPORTED_CLIENT_TYPE", "/REPORTED_CLIENT_VERSION", "/CLIENT_APPLICATION_ID"]),
    from("purpose_job", &["/QUERY_TAG"]),
    from("duration_ms", &["/TOTAL_ELAPSED_TIME", "/START_TIME", "/END_TIME"]),
    from("data_rows", &["/ROWS_PRODUCED"]),
    from("data_bytes_in", &["/BYTES_WRITTEN"]),
    from("data_bytes_out", &["/BYTES_WRITTEN_TO_RESULT", "/BYTES_TRANSFERRED"]),
    from("quality_sampled", &["/ERROR_MESSAGE"]),
];
