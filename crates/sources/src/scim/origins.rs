//! Where the columns of a SCIM resource come from.

use crate::{Origin, origin};

/// The preferred pointer first; of a change that our own service was told it is below `resource`.
pub(super) static ORIGINS: &[Origin] = &[
    origin("authority", &["/meta/location", "/resource/meta/location"]),
    origin("inventory_uri", &["/id", "/resource/id"]),
    origin(
        "inventory_name",
        &[
            "/userName",
            "/agentUserName",
            "/displayName",
            "/name",
            "/resource/userName",
            "/resource/agentUserName",
            "/resource/displayName",
            "/resource/name",
        ],
    ),
    origin("inventory_kind", &["/schemas", "/userType", "/resource/schemas", "/resource/userType"]),
    origin("inventory_is_human", &["/schemas", "/userType", "/resource/schemas", "/resource/userType"]),
    origin("inventory_state", &["/active", "/resource/active", "/method"]),
    origin(
        "inventory_owners",
        &[
            "/owners/*/display",
            "/owners/*/value",
            "/owner/display",
            "/owner/value",
            "/resource/owners/*/display",
            "/resource/owners/*/value",
            "/resource/owner/display",
            "/resource/owner/value",
        ],
    ),
    origin(
        "inventory_team",
        &[
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/department",
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/organization",
        ],
    ),
    origin("inventory_purpose", &["/description", "/resource/description"]),
    origin("inventory_created", &["/meta/created", "/resource/meta/created"]),
    origin(
        "entitlements",
        &[
            "/groups/*/value",
            "/members/*/value",
            "/roles/*/value",
            "/entitlements/*/value",
            "/resource/groups/*/value",
            "/resource/members/*/value",
            "/resource/roles/*/value",
            "/resource/entitlements/*/value",
        ],
    ),
];
