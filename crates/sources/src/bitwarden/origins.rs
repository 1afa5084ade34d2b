//! Column by column, where values come from.

use crate::Origin;

const fn from(column: &'static str, pointers: &'static [&'static str]) -> Origin {
    Origin { column, pointers }
}

pub(super) const ORIGINS: &[Origin] = &[
    from("time", &["/date"]),
    from("time_raw", &["/date"]),
    from("class_uid", &["/type"]),
    from("access", &["/type"]),
    from("api_operation", &["/type"]),
    from("status_id", &["/type"]),
    from("status_code", &["/type"]),
    from("tenant", &["/organizationId", "/providerId"]),
    from("actor_principal", &["/actingUserId", "/serviceAccountId", "/systemUser", "/userId"]),
    from("actor_name", &["/actingUserId", "/serviceAccountId", "/systemUser", "/userId"]),
    from("actor_kind", &["/actingUserId", "/serviceAccountId", "/systemUser"]),
    from("is_human", &["/type", "/serviceAccountId", "/systemUser"]),
    from("secret_access_path", &["/secretId", "/itemId", "/cipherId"]),
    from(
        "resources",
        &[
            "/secretId",
            "/projectId",
            "/itemId",
            "/cipherId",
            "/collectionId",
            "/groupId",
            "/policyId",
            "/grantedServiceAccountId",
            "/serviceAccountId",
            "/memberId",
            "/organizationUserId",
            "/domainName",
            "/organizationId",
        ],
    ),
    from("client_app", &["/device", "/deviceType"]),
    from("src_ip", &["/ipAddress"]),
];
