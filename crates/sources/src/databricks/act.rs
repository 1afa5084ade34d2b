//! What an action of a service does: class, activity and access.

use model::Access;

use super::record::Params;
use crate::fill::{Act, act};
use crate::sql;

/// Class, activity and access of an action.
pub(super) fn of(service: &str, action: &str, params: &Params<'_>) -> Act {
    if let Some(found) = logging(service, action, params) {
        return found;
    }
    if let Some(found) = identity(service, action, params) {
        return found;
    }
    let access = access(action);
    match service {
        "unityCatalog" if action.starts_with("generateTemporary") => act(3002, 3, Access::Issue),
        "unityCatalog" if is_grant(action) => act(3008, 4, Access::Grant),
        "unityCatalog" if action.contains("StorageCredential") || action.contains("Connection") => Act::entity(access),
        "databrickssql" | "databricksSql" if params.statement.is_some() => {
            let (activity, access) = sql::act(params.statement.as_deref().unwrap_or_default());
            act(6005, activity, access)
        }
        "secrets" if action.to_ascii_lowercase().contains("acl") => act(3004, 3, Access::Grant),
        "iamRole" | "sqlPermissions" | "ssoConfigBackend" | "workspace" | "accounts"
            if is_grant(action) || action.ends_with("Acl") =>
        {
            act(3004, 3, Access::Grant)
        }
        "ssoConfigBackend" => Act::entity(access),
        "workspace" | "accounts"
            if ["ConfEdit", "Settings", "Setting", "IpAcl"].iter().any(|word| action.contains(word)) =>
        {
            Act::entity(if access == Access::Other { Access::Modify } else { access })
        }
        "notebook" | "commands" if action.contains("unCommand") => act(6003, 99, Access::Execute),
        _ if is_grant(action) => act(3004, 3, Access::Grant),
        _ => Act::api(access),
    }
}

/// Log delivery, and the verbose part of the audit log.
fn logging(service: &str, action: &str, params: &Params<'_>) -> Option<Act> {
    let says = |text: &Option<std::borrow::Cow<'_, str>>, word: &str| {
        text.as_deref().is_some_and(|text| text.to_ascii_lowercase().contains(word))
    };
    if action.contains("LogDelivery") || service == "logDelivery" {
        let off = says(&params.log_status, "disabled");
        return Some(match access(action) {
            Access::Read => act(1008, 99, Access::Read),
            Access::Create => act(1008, 9, Access::Create),
            Access::Delete => act(1008, 10, Access::Delete),
            _ if off => act(1008, 10, Access::Modify),
            _ if says(&params.log_status, "enabled") => act(1008, 9, Access::Modify),
            _ => act(1008, 99, Access::Modify),
        });
    }
    if says(&params.conf_keys, "audit") {
        return Some(act(1008, if says(&params.conf_values, "false") { 10 } else { 9 }, Access::Modify));
    }
    None
}

/// Who signs in, with what, and who may what.
fn identity(service: &str, action: &str, params: &Params<'_>) -> Option<Act> {
    let lower = action.to_ascii_lowercase();
    let ends = |word: &str| lower.ends_with(word);
    if ends("login") || lower == "oidctokenauthorization" || lower == "logout" || lower.contains("ipaccessdenied") {
        let activity = if lower == "logout" { 2 } else { 1 };
        return Some(act(3002, activity, Access::Authenticate));
    }
    if is_credential(service, action) {
        return Some(match access(action) {
            Access::Read => Act::api(Access::Read),
            Access::Delete => act(3007, 19, Access::Delete),
            Access::Modify => act(3007, 99, Access::Modify),
            _ => act(3007, 18, Access::Issue),
        });
    }
    Some(match action {
        "setAdmin" | "setAccountAdmin" | "changeAccountOwner" | "addUserToAdminGroup" | "modifyUserRole" => {
            act(3007, 16, Access::Grant)
        }
        "removeAdmin" | "removeAccountAdmin" => act(3007, 17, Access::Grant),
        "addPrincipalToGroup" | "addPrincipalsToGroup" => act(3006, 3, Access::Grant),
        "removePrincipalFromGroup" | "removePrincipalsFromGroup" => act(3006, 4, Access::Grant),
        "createGroup" => act(3006, 6, Access::Create),
        "removeGroup" | "deleteGroup" => act(3006, 5, Access::Delete),
        "updateGroup" => act(3006, 9, Access::Modify),
        "activateUser" => act(3007, 4, Access::Modify),
        "deactivateUser" => act(3007, 5, Access::Modify),
        "changePassword" => act(3007, 8, Access::Modify),
        "resetPassword" => act(3007, 9, Access::Modify),
        "add" | "create" | "createUser" | "addUser" if service == "accounts" => act(3007, 1, Access::Create),
        "delete" | "deleteUser" | "removeUser" if service == "accounts" => act(3007, 3, Access::Delete),
        "updateUser" => act(3007, 2, Access::Modify),
        "update" if service == "accounts" && params.endpoint.is_some() => act(3007, 2, Access::Modify),
        _ => return None,
    })
}

/// Tokens and secrets of users and service principals, themselves.
pub(super) fn is_credential(service: &str, action: &str) -> bool {
    action.contains("DbToken") && !action.contains("Acl")
        || action.contains("ServicePrincipalCredential")
        || action.contains("ServicePrincipalSecret")
        || service == "servicePrincipalCredentials"
        || matches!(action, "createToken" | "revokeToken" | "mintOAuthToken" | "rotateRecipientToken")
}

fn is_grant(action: &str) -> bool {
    ["updatePermissions", "changePermissions", "grant", "revoke", "changeOwner", "requestObjectAccess"]
        .contains(&action)
        || action.ends_with("PermissionAssignment")
        || (action.starts_with("change") && action.ends_with("Acl"))
        || action.ends_with("Permissions") && !action.starts_with("get") && !action.starts_with("list")
}

/// What the verb of an action means: actions begin with it.
pub(super) fn access(action: &str) -> Access {
    let lower = action.to_ascii_lowercase();
    let begins = |words: &[&str]| words.iter().any(|word| lower.starts_with(word));
    if begins(&["get", "list", "read", "search", "download", "export", "view", "describe", "open", "attach", "fetch"]) {
        Access::Read
    } else if begins(&["create", "add", "put", "import", "upload", "generate", "install", "mount", "clone", "register"])
    {
        Access::Create
    } else if begins(&[
        "delete",
        "remove",
        "uninstall",
        "unmount",
        "revoke",
        "drop",
        "purge",
        "garbagecollect",
        "trash",
    ]) {
        Access::Delete
    } else if begins(&[
        "update",
        "edit",
        "change",
        "set",
        "rename",
        "move",
        "modify",
        "resize",
        "restore",
        "reset",
        "rotate",
        "enable",
        "disable",
        "workspaceconfedit",
        "patch",
        "detach",
    ]) {
        Access::Modify
    } else if begins(&["run", "execute", "start", "submit", "trigger", "cancel", "stop", "restart", "query", "command"])
    {
        Access::Execute
    } else {
        Access::Other
    }
}
