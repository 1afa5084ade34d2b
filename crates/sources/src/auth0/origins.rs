//! Column by column, where values come from.

use crate::Origin;

const fn from(column: &'static str, pointers: &'static [&'static str]) -> Origin {
    Origin { column, pointers }
}

const CALL: &[&str] = &["/type", "/details/request/method", "/details/request/path", "/details/request/body"];

pub(super) const ORIGINS: &[Origin] = &[
    from("source_event_id", &["/log_id", "/_id"]),
    from("time", &["/date"]),
    from("time_raw", &["/date"]),
    from("class_uid", CALL),
    from("activity_id", CALL),
    from("access", CALL),
    from("api_operation", CALL),
    from("correlation_ids", &["/details/session_id", "/session_id", "/details/request/auth/credentials/jti"]),
    from("status_id", &["/type", "/details/response/statusCode"]),
    from("status_code", &["/details/response/statusCode"]),
    from("error_code", &["/details/error/oauthError", "/details/error/reason", "/details/error/type"]),
    from("error_message", &["/details/error/message", "/details/error", "/description"]),
    from("decision_effect", &["/type"]),
    from("decision_reason", &["/description"]),
    from("authority", &["/tenant_name"]),
    from("tenant", &["/tenant_name", "/hostname"]),
    from("region", &["/environment_name"]),
    from(
        "actor_principal",
        &["/agent_id", "/details/request/auth/user/user_id", "/user_id", "/client_id", "/user_name"],
    ),
    from(
        "actor_name",
        &[
            "/agent_id",
            "/details/request/auth/user/email",
            "/details/request/auth/user/name",
            "/user_name",
            "/user_id",
            "/client_name",
            "/client_id",
        ],
    ),
    from("actor_kind", &["/type", "/agent_id", "/user_id", "/client_id", "/details/request/channel"]),
    from("is_human", &["/type", "/agent_id", "/user_id", "/client_id", "/details/request/channel"]),
    from("agent_uid", &["/agent_id"]),
    from("initiator_principal", &["/user_id"]),
    from("subject_principal", &["/user_id"]),
    from("chain", &["/user_id", "/client_id", "/agent_id"]),
    from("session_uri", &["/details/session_id", "/session_id"]),
    from("credential_native_id", &["/details/request/auth/credentials/jti"]),
    from("credential_scopes", &["/details/request/auth/credentials/scopes"]),
    from("issued_credential_native_id", &["/log_id", "/_id", "/details/response/body/id"]),
    from("issued_credential_issuer", &["/hostname"]),
    from("issued_credential_audience", &["/audience"]),
    from("issued_credential_scopes", &["/scope"]),
    from("issued_credential_not_after", &["/details/request/body/expires_at", "/details/response/body/expires_at"]),
    from("credential_changes", &["/details/request/method", "/details/request/path"]),
    from(
        "grants",
        &[
            "/details/request/path",
            "/details/request/body/roles",
            "/details/request/body/users",
            "/details/request/body/client_id",
            "/details/request/body/audience",
            "/details/request/body/scope",
            "/details/response/body/id",
        ],
    ),
    from("grant_refs", &["/details/request/path", "/details/response/body/id"]),
    from("authn_method", &["/type", "/connection", "/strategy"]),
    from("resources", &["/details/request/path", "/audience", "/client_id", "/connection", "/organization_id"]),
    from("src_ip", &["/ip", "/client_ip", "/details/request/ip"]),
    from("src_country", &["/location_info/country_code"]),
    from("user_agent", &["/user_agent", "/details/request/userAgent"]),
    from("client_app", &["/client_name", "/client_id"]),
];
