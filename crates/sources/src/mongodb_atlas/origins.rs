//! Column by column, where values come from. Each key may be in lower case throughout.

use crate::Origin;

const fn from(column: &'static str, pointers: &'static [&'static str]) -> Origin {
    Origin { column, pointers }
}

const KIND: &[&str] = &["/eventTypeName", "/eventtypename"];

pub(super) const ORIGINS: &[Origin] = &[
    from("source_event_id", &["/id"]),
    from("time", &["/created"]),
    from("time_raw", &["/created"]),
    from("class_uid", KIND),
    from("activity_id", KIND),
    from("access", KIND),
    from("api_operation", KIND),
    from("status_id", KIND),
    from("authority", &["/links/*/href"]),
    from("tenant", &["/orgId", "/groupId", "/orgid", "/groupid"]),
    from("actor_principal", &["/apiKeyId", "/publicKey", "/userId", "/username", "/userid"]),
    from("actor_name", &["/publicKey", "/apiKeyId", "/username", "/userId"]),
    from("actor_kind", &["/apiKeyId", "/publicKey", "/userId", "/username"]),
    from("is_human", &["/apiKeyId", "/publicKey", "/userId", "/username"]),
    from("party", &["/isGlobalAdmin"]),
    from("privileged", &["/isGlobalAdmin", "/eventTypeName"]),
    from("aliases", &["/apiKeyId", "/publicKey", "/userId", "/username"]),
    from("credential_native_id", &["/publicKey"]),
    from("issued_credential_native_id", &["/targetPublicKey"]),
    from("credential_changes", &["/targetPublicKey", "/eventTypeName"]),
    from("grants", &["/eventTypeName", "/targetUsername", "/targetPublicKey", "/teamId", "/groupId", "/orgId"]),
    from("grant_refs", &["/targetUsername", "/targetPublicKey", "/teamId", "/groupId", "/orgId"]),
    from(
        "resources",
        &[
            "/resourceId",
            "/targetUsername",
            "/targetPublicKey",
            "/dbUserUsername",
            "/whitelistEntry",
            "/accessListEntry",
            "/alertConfigId",
            "/clusterName",
            "/teamId",
            "/groupId",
            "/orgId",
            "/orgid",
        ],
    ),
    from("src_ip", &["/remoteAddress", "/remoteaddress"]),
];
