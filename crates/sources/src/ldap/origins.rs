//! Where the columns of an LDIF entry come from: attributes, written like pointers.

use crate::{Origin, origin};

/// The preferred attribute first.
pub(super) static ORIGINS: &[Origin] = &[
    origin("authority", &["/dn"]),
    origin("inventory_uri", &["/objectSid", "/objectGUID", "/entryUUID", "/dn"]),
    origin("inventory_name", &["/userPrincipalName", "/sAMAccountName", "/uid", "/cn", "/dn"]),
    origin("inventory_kind", &["/objectClass", "/servicePrincipalName", "/employeeType"]),
    origin("inventory_is_human", &["/objectClass", "/servicePrincipalName", "/employeeType"]),
    origin("inventory_state", &["/userAccountControl", "/nsAccountLock", "/loginDisabled", "/isDeleted"]),
    origin("inventory_owners", &["/owner", "/managedBy"]),
    origin("inventory_team", &["/department", "/departmentNumber"]),
    origin("inventory_purpose", &["/description"]),
    origin("inventory_created", &["/whenCreated", "/createTimestamp"]),
    origin("inventory_last_used", &["/lastLogonTimestamp"]),
    origin("inventory_not_after", &["/accountExpires"]),
    origin("entitlements", &["/memberOf", "/member", "/uniqueMember", "/memberUid"]),
];
