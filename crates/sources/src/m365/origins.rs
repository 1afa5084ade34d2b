//! Column by column, where values come from. Keys in lower case stand for the same.

use crate::Origin;

const fn from(column: &'static str, pointers: &'static [&'static str]) -> Origin {
    Origin { column, pointers }
}

const OPERATION: &[&str] = &["/Operation", "/operation"];

pub(super) const ORIGINS: &[Origin] = &[
    from("source_event_id", &["/Id", "/id"]),
    from("time", &["/CreationTime", "/creationtime"]),
    from("time_raw", &["/CreationTime", "/creationtime"]),
    from("class_uid", OPERATION),
    from("access", OPERATION),
    from("activity_id", &["/Operation", "/Parameters", "/operation"]),
    from("status_id", &["/ResultStatus", "/LogonError", "/Operation", "/resultstatus"]),
    from("status_code", &["/ResultStatus", "/resultstatus"]),
    from("error_code", &["/LogonError", "/ErrorNumber"]),
    from("severity_id", &["/Severity", "/CopilotEventData/Messages"]),
    from("authority", &["/OrganizationId", "/organizationid"]),
    from("tenant", &["/OrganizationId", "/organizationid"]),
    from("region", &["/ClientRegion"]),
    from("actor_principal", &["/Actor/*/ID", "/UserKey", "/UserId", "/AppAccessContext/ClientAppId", "/userid"]),
    from("actor_name", &["/UserId", "/UserKey", "/userid"]),
    from("actor_kind", &["/UserType", "/usertype"]),
    from("is_human", &["/UserType", "/ExtendedProperties/*/Value", "/usertype"]),
    from("credential_native_id", &["/AppAccessContext/UniqueTokenId"]),
    from("issued_credential_native_id", &["/ModifiedProperties/*/NewValue"]),
    from("credential_changes", &["/ModifiedProperties"]),
    from("session_uri", &["/AppAccessContext/AADSessionId", "/SessionId", "/CopilotEventData/ThreadId"]),
    from("agent_uid", &["/AgentId", "/AppIdentity"]),
    from("agent_run", &["/CopilotEventData/ThreadId"]),
    from("agent_model", &["/CopilotEventData/ModelTransparencyDetails/*/ModelName"]),
    from("tool_name", &["/CopilotEventData/AISystemPlugin/*/Name", "/CopilotEventData/AISystemPlugin/*/Id"]),
    from("tool_server", &["/CopilotEventData/AISystemPlugin/*/Id"]),
    from("api_operation", OPERATION),
    from("api_service", &["/Workload", "/workload"]),
    from("api_request_id", &["/CorrelationId", "/IntraSystemId"]),
    from(
        "correlation_ids",
        &["/AppAccessContext/CorrelationId", "/CorrelationId", "/IntraSystemId", "/InterSystemsId"],
    ),
    from(
        "grants",
        &["/Parameters", "/TargetUserOrGroupName", "/Members/*/UPN", "/ModifiedProperties", "/ObjectId", "/parameters"],
    ),
    from("changes", &["/ModifiedProperties", "/Parameters", "/parameters"]),
    from(
        "resources",
        &[
            "/ObjectId",
            "/MailboxOwnerUPN",
            "/SiteUrl",
            "/Parameters/*/Value",
            "/CopilotEventData/AccessedResources/*/SiteUrl",
        ],
    ),
    from("src_ip", &["/ClientIP", "/ClientIPAddress", "/ActorIpAddress", "/clientip"]),
    from("user_agent", &["/UserAgent", "/ClientInfoString", "/ExtendedProperties/*/Value"]),
    from(
        "client_app",
        &[
            "/CopilotEventData/AppHost",
            "/AppAccessContext/ClientAppName",
            "/AppAccessContext/ClientAppId",
            "/ApplicationId",
        ],
    ),
    from("device_id", &["/AppAccessContext/DeviceId", "/DeviceProperties/*/Value"]),
    from("authn_method", &["/ExtendedProperties/*/Value"]),
    from("authn_protocol", &["/ExtendedProperties/*/Value"]),
];
