//! What a call does: OCSF class, activity and coarse access.

use model::Access;

use super::Call;

pub(super) struct Act {
    pub(super) class: u32,
    pub(super) activity: u8,
    pub(super) access: Access,
    pub(super) privileged: bool,
}

const fn act(class: u32, activity: u8, access: Access) -> Act {
    Act { class, activity, access, privileged: false }
}

const fn admin(class: u32, activity: u8, access: Access) -> Act {
    Act { class, activity, access, privileged: true }
}

pub(super) fn of(call: &Call<'_>) -> Act {
    if let Some(method) = call.part_method() {
        return of_part(method);
    }
    if call.path.is_empty() {
        return act(6002, 99, Access::Other);
    }
    let collection = call.collection.as_str();
    if let Some(action) = call.action.as_deref() {
        return of_action(action, collection);
    }
    let (activity, access) = match (call.method.as_deref(), call.id.is_some()) {
        (Some("GET"), _) => return act(6003, 2, Access::Read),
        (Some("POST"), _) => (1, Access::Create),
        (Some("PATCH" | "PUT"), _) => (2, Access::Modify),
        (Some("DELETE"), _) => (3, Access::Delete),
        _ => return act(6003, 99, Access::Other),
    };
    match collection {
        "users" | "accounts" => admin(3007, activity, access),
        "auth-tokens" if access == Access::Delete => act(3007, 19, access),
        "groups" => admin(3006, [6, 6, 9, 5].get(usize::from(activity)).copied().unwrap_or(99), access),
        "roles" => admin(3008, activity, Access::Grant),
        "auth-methods" | "credential-stores" | "credential-libraries" | "credentials" | "policies" | "scopes" => {
            let activity = [1, 1, 3, 4].get(usize::from(activity)).copied().unwrap_or(99);
            admin(3004, activity, access)
        }
        _ => act(6003, [1, 1, 3, 4].get(usize::from(activity)).copied().unwrap_or(99), access),
    }
}

fn of_action(action: &str, collection: &str) -> Act {
    match (action, collection) {
        ("authenticate", _) => act(3002, 1, Access::Authenticate),
        ("authorize-session", _) => act(3003, 1, Access::Issue),
        ("cancel", _) => act(6003, 3, Access::Grant),
        ("change-password" | "set-password", _) => act(3007, 8, Access::Modify),
        (
            "add-grants"
            | "set-grants"
            | "remove-grants"
            | "add-grant-scopes"
            | "set-grant-scopes"
            | "remove-grant-scopes",
            _,
        ) => admin(3008, 5, Access::Grant),
        ("add-principals" | "set-principals", _) => admin(3007, 16, Access::Grant),
        ("remove-principals", _) => admin(3007, 17, Access::Grant),
        ("add-members" | "set-members", _) => admin(3006, 3, Access::Grant),
        ("remove-members", _) => admin(3006, 4, Access::Grant),
        ("download", _) | ("reapply-storage-policy", _) => act(6003, 2, Access::Read),
        (action, _) if action.starts_with("list") || action.starts_with("read") => act(6003, 2, Access::Read),
        (action, _)
            if ["add-", "set-", "remove-", "change-", "rotate", "reinitialize"]
                .iter()
                .any(|verb| action.starts_with(verb)) =>
        {
            admin(6003, 3, Access::Modify)
        }
        _ => act(6003, 99, Access::Other),
    }
}

/// Calls between workers and controllers, by their method.
fn of_part(method: &str) -> Act {
    match method {
        "AuthorizeConnection" => act(3003, 1, Access::Grant),
        "ConnectConnection" => act(6003, 1, Access::Execute),
        "CloseConnection" | "CancelSession" => act(6003, 4, Access::Other),
        "ActivateSession" => act(3003, 1, Access::Grant),
        "LookupSession" | "SessionInfo" | "Statistics" | "Status" | "RoutingInfo" | "ListHcpbWorkers" => {
            act(6003, 2, Access::Read)
        }
        _ => act(6003, 99, Access::Other),
    }
}
