//! Column by column, where values come from. Of a line of the server's log all are in `message`.

use crate::Origin;

const fn from(column: &'static str, pointers: &'static [&'static str]) -> Origin {
    Origin { column, pointers }
}

const ACT: &[&str] = &["/type", "/operationType", "/resourceType", "/resourcePath", "/message"];

pub(super) const ORIGINS: &[Origin] = &[
    from("source_event_id", &["/id"]),
    from("time", &["/time", "/timestamp"]),
    from("time_raw", &["/time", "/timestamp"]),
    from("class_uid", ACT),
    from("activity_id", ACT),
    from("access", ACT),
    from("api_operation", ACT),
    from("status_id", &["/error", "/type", "/message"]),
    from("error_code", &["/error", "/message"]),
    from("error_message", &["/details/reason", "/message"]),
    from("authority", &["/realmId", "/message"]),
    from("tenant", &["/realmName", "/realmId", "/message"]),
    from("actor_principal", &["/userId", "/clientId", "/details/impersonator", "/authDetails/userId", "/message"]),
    from(
        "actor_name",
        &["/details/username", "/userId", "/clientId", "/details/impersonator", "/authDetails/userId", "/message"],
    ),
    from("actor_kind", &["/type", "/details/username", "/details/grant_type", "/message"]),
    from("is_human", &["/type", "/details/username", "/details/grant_type", "/message"]),
    from("initiator_principal", &["/userId", "/details/impersonator", "/message"]),
    from("subject_principal", &["/userId", "/message"]),
    from("chain", &["/userId", "/details/subject_token_client_id", "/clientId", "/details/impersonator", "/message"]),
    from("aliases", &["/userId", "/details/username", "/message"]),
    from("session_uri", &["/sessionId", "/message"]),
    from("correlation_ids", &["/details/token_id", "/details/refresh_token_id", "/details/code_id", "/message"]),
    from("credential_native_id", &["/details/refresh_token_id", "/message"]),
    from("issued_credential_native_id", &["/details/token_id", "/message"]),
    from("issued_credential_scopes", &["/details/scope", "/message"]),
    from("issued_credential_audience", &["/details/audience", "/message"]),
    from("issued_credential_not_after", &["/details/access_token_expiration_time", "/time", "/message"]),
    from(
        "credential_changes",
        &["/details/refresh_token_id", "/details/updated_refresh_token_id", "/resourcePath", "/message"],
    ),
    from("grants", &["/resourceType", "/resourcePath", "/representation"]),
    from("grant_refs", &["/resourceType", "/resourcePath", "/representation"]),
    from("authn_protocol", &["/details/auth_method", "/message"]),
    from("authn_method", &["/details/grant_type", "/details/auth_type", "/message"]),
    from("authn_factors", &["/details/client_auth_method", "/message"]),
    from("resources", &["/resourcePath", "/clientId", "/details/token_id", "/realmId", "/message"]),
    from("src_ip", &["/ipAddress", "/authDetails/ipAddress", "/message"]),
    from("client_app", &["/clientId", "/authDetails/clientId", "/message"]),
];
