//! Where the columns of a SCIM resource come from.

use crate::Origin;

const fn origin(column: &'static str, pointers: &'static [&'static str]) -> Origin {
    Origin { column, pointers }
}

/// The preferred pointer first.
pub(super) static ORIGINS: &[Origin] = &[
    origin("authority", &["/meta/location"]),
    origin("inventory_uri", &["/id"]),
    origin("inventory_name", &["/userName", "/agentUserName", "/displayName", "/name"]),
    origin("inventory_kind", &["/schemas", "/userType"]),
    origin("inventory_is_human", &["/schemas", "/userType"]),
    origin("inventory_state", &["/active"]),
    origin("inventory_owners", &["/owners/*/display", "/owners/*/value", "/owner/display", "/owner/value"]),
    origin(
        "inventory_team",
        &[
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/department",
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/organization",
        ],
    ),
    origin("inventory_purpose", &["/description"]),
    origin("inventory_created", &["/meta/created"]),
    origin("entitlements", &["/groups/*/value", "/members/*/value", "/roles/*/value", "/entitlements/*/value"]),
];
