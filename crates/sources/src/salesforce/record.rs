//! The shapes of Salesforce's records: rows of event log files, whose keys are in capital letters, and objects of
//! the API, whose type stands in `attributes`: real-time events and the setup audit trail.

use serde::Deserialize;

use crate::field::{Text, texts};
use crate::json;

texts! {
    /// A row of a file, or an object; each fills its own part.
    Record {
        event_type: "EVENT_TYPE" | "EventType",
        id: "Id",
        event_id: "EventIdentifier" | "EVENT_IDENTIFIER",
        derived: "TIMESTAMP_DERIVED",
        timestamp: "TIMESTAMP",
        event_date: "EventDate" | "EVENT_DATE",
        created: "CreatedDate",
        login_time: "LoginTime",
        organization: "ORGANIZATION_ID" | "OrganizationId",
        user_derived: "USER_ID_DERIVED",
        user: "USER_ID" | "UserId",
        username: "USERNAME" | "Username",
        user_name: "USER_NAME",
        user_type: "USER_TYPE" | "UserType",
        delegated_derived: "DELEGATED_USER_ID_DERIVED",
        delegated: "DELEGATED_USER_ID",
        delegated_name: "DELEGATED_USER_NAME" | "DelegatedUsername",
        session: "SESSION_KEY" | "SessionKey",
        login: "LOGIN_KEY" | "LoginKey",
        session_level: "SESSION_LEVEL" | "SessionLevel",
        request: "REQUEST_ID" | "RequestIdentifier",
        related: "RelatedEventIdentifier",
        source_ip: "SOURCE_IP" | "SourceIp",
        client_ip: "CLIENT_IP" | "ClientIp",
        browser: "BROWSER_TYPE" | "Browser",
        agent: "USER_AGENT" | "UserAgent",
        country: "COUNTRY_CODE" | "CountryIso",
        platform: "PLATFORM_TYPE" | "Platform",
        login_status: "LOGIN_STATUS",
        request_status: "REQUEST_STATUS",
        http_status: "STATUS_CODE",
        status: "STATUS" | "Status",
        login_type: "LOGIN_TYPE" | "LoginType",
        method: "AUTHENTICATION_METHOD_REFERENCE" | "AuthMethodReference",
        application: "APPLICATION" | "Application",
        app: "CONNECTED_APP_ID" | "ConnectedAppId",
        app_name: "CONNECTED_APP_NAME" | "ConnectedAppName",
        client: "CLIENT_ID" | "ClientId",
        client_name: "CLIENT_NAME" | "Client",
        uri: "URI" | "LoginUrl",
        http_method: "METHOD" | "HttpMethod",
        api_method: "METHOD_NAME",
        operation: "OPERATION" | "Operation",
        query: "QUERY" | "Query",
        entity: "ENTITY_NAME" | "QueriedEntities",
        report: "REPORT_ID" | "ReportId",
        rows: "ROWS_PROCESSED" | "RowsProcessed",
        calls: "API_TOTAL_COUNT",
        duration: "RUN_TIME" | "EvaluationTime",
        policy: "PolicyId",
        policy_outcome: "PolicyOutcome",
        summary: "SUMMARY" | "Summary",
        action: "Action",
        section: "Section",
        display: "Display",
        created_by: "CreatedById",
        delegate: "DelegateUser",
        namespace: "ResponsibleNamespacePrefix",
    } and {
        #[serde(borrow, default, deserialize_with = "json::object")]
        attributes: Option<Attributes<'a>>,
    }
}

/// What an object of the API says about itself.
#[derive(Default, Deserialize)]
pub(super) struct Attributes<'a> {
    #[serde(rename = "type", borrow, default, deserialize_with = "json::text")]
    pub(super) kind: Text<'a>,
}
