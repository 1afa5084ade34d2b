//! The shapes of rows of the views of `ACCOUNT_USAGE`, as queries and connectors deliver them: keys in upper
//! case, or in lower case where a query named them so.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::field::texts;
use crate::json;

texts! {
    /// One row of any of the views that are read. Each view fills its own part.
    Row {
        organization: "ORGANIZATION_NAME" | "organization_name",
        account: "ACCOUNT_NAME" | "account_name",
        locator: "ACCOUNT_LOCATOR" | "account_locator",
        user: "USER_NAME" | "user_name",
        user_type: "USER_TYPE" | "user_type",
        role: "ROLE_NAME" | "role_name",
        created_on: "CREATED_ON" | "created_on",
        start_time: "START_TIME" | "start_time",
        end_time: "END_TIME" | "end_time",
        /// Collectors that hand on rows without their own time write the one they read.
        collected: "p_event_time",

        event_id: "EVENT_ID" | "event_id",
        event_timestamp: "EVENT_TIMESTAMP" | "event_timestamp",
        event_type: "EVENT_TYPE" | "event_type",
        client_ip: "CLIENT_IP" | "client_ip",
        client_type: "REPORTED_CLIENT_TYPE" | "reported_client_type",
        client_version: "REPORTED_CLIENT_VERSION" | "reported_client_version",
        factor: "FIRST_AUTHENTICATION_FACTOR" | "first_authentication_factor",
        second_factor: "SECOND_AUTHENTICATION_FACTOR" | "second_authentication_factor",
        factor_id: "FIRST_AUTHENTICATION_FACTOR_ID" | "first_authentication_factor_id",
        is_success: "IS_SUCCESS" | "is_success",
        error_code: "ERROR_CODE" | "error_code",
        error_message: "ERROR_MESSAGE" | "error_message",
        related_event: "RELATED_EVENT_ID" | "related_event_id",
        connection: "CONNECTION" | "connection",
        private_link: "CLIENT_PRIVATE_LINK_ID" | "client_private_link_id",

        session: "SESSION_ID" | "session_id",
        login_event: "LOGIN_EVENT_ID" | "login_event_id",
        method: "AUTHENTICATION_METHOD" | "authentication_method",
        application: "CLIENT_APPLICATION_ID" | "client_application_id",

        query: "QUERY_ID" | "query_id",
        parent_query: "PARENT_QUERY_ID" | "parent_query_id",
        root_query: "ROOT_QUERY_ID" | "root_query_id",
        query_text: "QUERY_TEXT" | "query_text",
        query_type: "QUERY_TYPE" | "query_type",
        query_tag: "QUERY_TAG" | "query_tag",
        query_start: "QUERY_START_TIME" | "query_start_time",
        execution_status: "EXECUTION_STATUS" | "execution_status",
        database: "DATABASE_NAME" | "database_name",
        schema: "SCHEMA_NAME" | "schema_name",
        warehouse: "WAREHOUSE_NAME" | "warehouse_name",
        elapsed_ms: "TOTAL_ELAPSED_TIME" | "total_elapsed_time",
        bytes_written: "BYTES_WRITTEN" | "bytes_written",
        bytes_out: "BYTES_WRITTEN_TO_RESULT" | "bytes_written_to_result",
        rows: "ROWS_PRODUCED" | "rows_produced",

        granted_role: "ROLE" | "role",
        granted_to: "GRANTED_TO" | "granted_to",
        grantee: "GRANTEE_NAME" | "grantee_name",
        granted_by: "GRANTED_BY" | "granted_by",
        deleted_on: "DELETED_ON" | "deleted_on",
        privilege: "PRIVILEGE" | "privilege",
        granted_on: "GRANTED_ON" | "granted_on",
        name: "NAME" | "name",
        catalog: "TABLE_CATALOG" | "table_catalog",
        table_schema: "TABLE_SCHEMA" | "table_schema",

        source_cloud: "SOURCE_CLOUD" | "source_cloud",
        source_region: "SOURCE_REGION" | "source_region",
        target_cloud: "TARGET_CLOUD" | "target_cloud",
        target_region: "TARGET_REGION" | "target_region",
        transfer_type: "TRANSFER_TYPE" | "transfer_type",
        transferred: "BYTES_TRANSFERRED" | "bytes_transferred",
    } and {
        #[serde(rename = "DIRECT_OBJECTS_ACCESSED", alias = "direct_objects_accessed", borrow, default)]
        read: Option<&'a RawValue>,
        #[serde(rename = "BASE_OBJECTS_ACCESSED", alias = "base_objects_accessed", borrow, default)]
        base: Option<&'a RawValue>,
        #[serde(rename = "OBJECTS_MODIFIED", alias = "objects_modified", borrow, default)]
        written: Option<&'a RawValue>,
        #[serde(rename = "OBJECT_MODIFIED_BY_DDL", alias = "object_modified_by_ddl", borrow, default)]
        defined: Option<&'a RawValue>,
    }
}

/// An object of `ACCESS_HISTORY`.
#[derive(Default, Deserialize)]
pub(super) struct Object {
    #[serde(rename = "objectDomain", default, deserialize_with = "owned")]
    pub(super) domain: Option<String>,
    #[serde(rename = "objectName", default, deserialize_with = "owned")]
    pub(super) name: Option<String>,
    #[serde(rename = "operationType", default, deserialize_with = "owned")]
    pub(super) operation: Option<String>,
}

fn owned<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(json::text(deserializer)?.map(Cow::into_owned).filter(|text| !text.is_empty()))
}

#[derive(Deserialize)]
struct Objects(#[serde(deserialize_with = "json::objects")] Vec<Object>);

/// The objects of a column of `ACCESS_HISTORY`: JSON, or JSON inside of a text, as connectors hand it on.
pub(super) fn objects(raw: Option<&RawValue>) -> Vec<Object> {
    let Some(raw) = raw.map(RawValue::get) else { return Vec::new() };
    let inner: Option<Cow<'_, str>> = if raw.starts_with('"') { serde_json::from_str(raw).ok() } else { None };
    serde_json::from_str(inner.as_deref().unwrap_or(raw)).map(|Objects(list)| list).unwrap_or_default()
}
