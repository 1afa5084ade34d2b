//! Column by column, where values come from.

use crate::Origin;

const fn from(column: &'static str, pointers: &'static [&'static str]) -> Origin {
    Origin { column, pointers }
}

pub(super) const ORIGINS: &[Origin] = &[
    from("source_event_id", &["/id", "/_id"]),
    from("time", &["/createdAt"]),
    from("time_raw", &["/createdAt"]),
    from("class_uid", &["/event/type"]),
    from("access", &["/event/type"]),
    from("api_operation", &["/event/type"]),
    from("status_id", &["/event/type"]),
    from("tenant", &["/orgId", "/organization"]),
    from(
        "actor_principal",
        &[
            "/actor/metadata/userId",
            "/actor/metadata/identityId",
            "/actor/metadata/serviceId",
            "/actor/metadata/clientId",
            "/actor/type",
        ],
    ),
    from(
        "actor_name",
        &[
            "/actor/metadata/email",
            "/actor/metadata/username",
            "/actor/metadata/name",
            "/actor/metadata/userId",
            "/actor/metadata/identityId",
            "/actor/metadata/serviceId",
            "/actor/metadata/clientId",
            "/actor/type",
        ],
    ),
    from("actor_kind", &["/actor/type"]),
    from("is_human", &["/actor/type", "/userAgentType"]),
    from("authn_method", &["/event/type", "/actor/metadata/authMethod"]),
    from("credential_native_id", &["/event/metadata/clientSecretId", "/actor/metadata/serviceId"]),
    from(
        "issued_credential_native_id",
        &[
            "/event/metadata/identityAccessTokenId",
            "/event/metadata/clientSecretId",
            "/event/metadata/tokenId",
            "/event/metadata/serialNumber",
        ],
    ),
    from("credential_changes", &["/event/metadata/clientSecretId", "/event/metadata/serialNumber"]),
    from("grants", &["/event/type", "/event/metadata/leaseId", "/event/metadata/newRole"]),
    from("grant_refs", &["/event/metadata/leaseId"]),
    from("changes", &["/event/metadata/oldRole", "/event/metadata/newRole"]),
    from(
        "secret_access_path",
        &["/event/metadata/environment", "/event/metadata/secretPath", "/event/metadata/secretKey"],
    ),
    from("secret_access_version", &["/event/metadata/secretVersion"]),
    from("secret_access_lease_id", &["/event/metadata/leaseId"]),
    from("data_rows", &["/event/metadata/numberOfSecrets"]),
    from(
        "resources",
        &[
            "/event/metadata/secretKey",
            "/event/metadata/secretPath",
            "/event/metadata/secrets/*/secretKey",
            "/event/metadata/secretId",
            "/event/metadata/name",
            "/event/metadata/identityId",
            "/event/metadata/email",
            "/event/metadata/userId",
            "/event/metadata/dn",
            "/event/metadata/cn",
            "/event/metadata/slug",
            "/event/type",
            "/projectName",
            "/projectId",
            "/workspace",
        ],
    ),
    from("client_app", &["/userAgentType"]),
    from("src_ip", &["/ipAddress"]),
    from("user_agent", &["/userAgent"]),
];
