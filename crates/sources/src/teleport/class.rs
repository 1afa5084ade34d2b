//! Which OCSF class, activity and access a type of event stands for.

use model::Access;

/// What a type of event means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class {
    pub(super) uid: u32,
    pub(super) activity: u8,
    pub(super) access: Access,
}

/// The meaning of a type of event: the longest prefix in the table, else its last word.
pub(super) fn of(event: &str) -> Class {
    TABLE
        .iter()
        .filter(|(prefix, ..)| event.starts_with(prefix))
        .max_by_key(|(prefix, ..)| prefix.len())
        .map_or_else(|| by_verb(event), |&(_, uid, activity, access)| Class { uid, activity, access })
}

/// Activity and access of an HTTP method.
pub(super) fn of_http(method: &str) -> (u8, Access) {
    match method {
        "GET" | "HEAD" | "OPTIONS" => (2, Access::Read),
        "POST" => (1, Access::Create),
        "PUT" | "PATCH" => (3, Access::Modify),
        "DELETE" => (4, Access::Delete),
        _ => (99, Access::Other),
    }
}

/// Whether events of this type are acts of an administrator.
pub(super) fn privileged(event: &str) -> bool {
    ["role.", "lock.", "oidc.", "saml.", "github.", "trusted_cluster.", "cluster_auth_preference.", "cert.authority"]
        .iter()
        .any(|prefix| event.starts_with(prefix))
}

fn by_verb(event: &str) -> Class {
    let (activity, access) = match event.rsplit(['.', '_']).next().unwrap_or_default() {
        "create" | "created" | "add" | "upload" | "enroll" | "generated" => (1, Access::Create),
        "read" | "access" | "list" | "search" | "get" => (2, Access::Read),
        "update" | "updated" | "upsert" | "rotate" | "change" | "sync" => (3, Access::Modify),
        "delete" | "deleted" | "remove" | "removed" | "revoke" => (4, Access::Delete),
        _ => (99, Access::Other),
    };
    Class { uid: 6003, activity, access }
}

/// Types by prefix. Classes are those of OCSF 1.9.
const TABLE: &[(&str, u32, u8, Access)] = &[
    ("access_list.", 3006, 9, Access::Grant),
    ("access_request.", 3003, 1, Access::Grant),
    ("access_request.search", 6003, 2, Access::Read),
    ("app.session.start", 3002, 1, Access::Authenticate),
    ("app.session.end", 3002, 2, Access::Other),
    ("auth", 3002, 1, Access::Authenticate),
    ("billing.", 6003, 3, Access::Modify),
    ("bot.create", 3007, 1, Access::Create),
    ("bot.update", 3007, 2, Access::Modify),
    ("bot.delete", 3007, 3, Access::Delete),
    ("bot.join", 3002, 1, Access::Authenticate),
    ("cert.create", 3002, 3, Access::Issue),
    ("client.disconnect", 3002, 2, Access::Other),
    ("db.session.", 6005, 4, Access::Execute),
    ("db.session.start", 6005, 3, Access::Authenticate),
    ("db.session.end", 6005, 99, Access::Other),
    ("db.session.user.create", 3007, 1, Access::Create),
    ("db.session.user.deactivate", 3007, 5, Access::Modify),
    ("db.session.permissions.update", 3007, 14, Access::Grant),
    ("device.authenticate", 3002, 1, Access::Authenticate),
    ("external_audit_storage.enable", 1008, 9, Access::Modify),
    ("external_audit_storage.disable", 1008, 10, Access::Modify),
    ("session_recording_config.update", 1008, 99, Access::Modify),
    ("exec", 1007, 1, Access::Execute),
    ("github.", 3004, 3, Access::Modify),
    ("github.created", 3004, 1, Access::Create),
    ("github.deleted", 3004, 4, Access::Delete),
    ("instance.join", 3002, 1, Access::Authenticate),
    ("join_token.create", 3007, 18, Access::Issue),
    ("kube.request", 6003, 99, Access::Other),
    ("lock.created", 3007, 6, Access::Modify),
    ("lock.deleted", 3007, 7, Access::Modify),
    ("mfa.add", 3007, 12, Access::Modify),
    ("mfa.delete", 3007, 13, Access::Modify),
    ("oidc.", 3004, 3, Access::Modify),
    ("oidc.created", 3004, 1, Access::Create),
    ("oidc.deleted", 3004, 4, Access::Delete),
    ("port", 6003, 99, Access::Execute),
    ("recovery_code.used", 3002, 1, Access::Authenticate),
    ("role.created", 3008, 1, Access::Grant),
    ("role.deleted", 3008, 3, Access::Grant),
    ("role.updated", 3008, 2, Access::Grant),
    ("saml.", 3004, 3, Access::Modify),
    ("saml.created", 3004, 1, Access::Create),
    ("saml.deleted", 3004, 4, Access::Delete),
    ("saml.idp.auth", 3002, 3, Access::Issue),
    ("session.command", 1007, 1, Access::Execute),
    ("session.disk", 6003, 2, Access::Read),
    ("session.network", 6003, 99, Access::Execute),
    ("session.end", 3002, 2, Access::Other),
    ("session.leave", 3002, 2, Access::Other),
    ("session.join", 4007, 1, Access::Execute),
    ("session.rejected", 4007, 1, Access::Execute),
    ("session.start", 4007, 1, Access::Execute),
    ("spiffe.svid.issued", 3002, 3, Access::Issue),
    ("subsystem", 1007, 1, Access::Execute),
    ("user.create", 3007, 1, Access::Create),
    ("user.delete", 3007, 3, Access::Delete),
    ("user.headless.login", 3002, 1, Access::Authenticate),
    ("user.login", 3002, 1, Access::Authenticate),
    ("user.password_change", 3007, 8, Access::Modify),
    ("user.update", 3007, 2, Access::Modify),
    ("windows.desktop.session.start", 4007, 1, Access::Execute),
    ("windows.desktop.session.end", 4007, 2, Access::Other),
    ("x11-forward", 6003, 99, Access::Execute),
];
