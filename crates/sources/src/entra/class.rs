//! Which OCSF class, activity and access an audited activity stands for.

use model::Access;

/// What an activity means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class {
    pub(super) uid: u32,
    pub(super) activity: u8,
    pub(super) access: Access,
}

/// The meaning of an activity by its display name: the first row all of whose words it contains,
/// else its first word within the class of its category.
pub(super) fn of(activity: &str, category: &str, operation_type: &str) -> Class {
    let name = activity.to_ascii_lowercase();
    for &(words, uid, activity, access) in TABLE {
        if words.split('+').all(|word| name.contains(word)) {
            return Class { uid, activity, access };
        }
    }
    by_verb(&name, category, operation_type)
}

/// Whether acts of this kind are those of an administrator.
pub(super) fn privileged(class: Class, category: &str) -> bool {
    class.access == Access::Grant
        || class.access == Access::Issue
        || ["RoleManagement", "Policy", "ApplicationManagement", "DirectoryManagement"].contains(&category)
}

fn by_verb(name: &str, category: &str, operation_type: &str) -> Class {
    let uid = match category {
        "GroupManagement" => 3006,
        "UserManagement" => 3007,
        _ => 3004,
    };
    let verb = name.split_whitespace().next().unwrap_or_default();
    let verb = match operation_type {
        "Add" | "Update" | "Delete" | "Assign" | "Unassign" if !VERBS.contains(&verb) => operation_type,
        _ => verb,
    };
    // Create, update and delete have other numbers in each of the three classes.
    let [create, update, delete] = match uid {
        3006 => [6, 9, 5],
        3007 => [1, 2, 3],
        _ => [1, 3, 4],
    };
    let (activity, access) = match verb {
        "add" | "added" | "create" | "register" | "invite" | "Add" => (create, Access::Create),
        "delete" | "deleted" | "hard" | "remove" | "removed" | "Delete" => (delete, Access::Delete),
        "update" | "updated" | "set" | "change" | "restore" | "enable" | "disable" | "verify" | "Update" => {
            (update, Access::Modify)
        }
        "Assign" | "Unassign" => (99, Access::Grant),
        "get" | "read" | "download" | "export" | "list" if uid == 3004 => (2, Access::Read),
        "get" | "read" | "download" | "export" | "list" => (99, Access::Read),
        _ => (99, Access::Other),
    };
    Class { uid, activity, access }
}

const VERBS: [&str; 16] = [
    "add", "added", "create", "register", "invite", "delete", "deleted", "hard", "remove", "removed", "update",
    "updated", "set", "change", "restore", "enable",
];

/// Words of display names in lower case, joined with `+`; the first row that fits counts.
const TABLE: &[(&str, u32, u8, Access)] = &[
    ("remove service principal credentials", 3007, 19, Access::Delete),
    ("service principal credentials", 3007, 18, Access::Issue),
    ("certificates and secrets management", 3007, 18, Access::Issue),
    ("federated identity credential", 3007, 18, Access::Issue),
    // Privileged Identity Management: a request is no assignment yet.
    ("outside of pim", 3007, 16, Access::Grant),
    ("role+requested", 3003, 99, Access::Grant),
    ("role+approved", 3003, 99, Access::Grant),
    ("role+denied", 3003, 99, Access::Grant),
    ("role+canceled", 3003, 99, Access::Grant),
    ("remove+member from role", 3007, 17, Access::Grant),
    ("member to role+pim activation", 3003, 3, Access::Grant),
    ("member to role", 3007, 16, Access::Grant),
    ("member from role", 3007, 17, Access::Grant),
    ("remove member from group", 3006, 4, Access::Grant),
    ("add member to group", 3006, 3, Access::Grant),
    ("remove owner from", 3007, 15, Access::Grant),
    ("add owner to", 3007, 14, Access::Grant),
    ("remove app role assignment", 3007, 15, Access::Grant),
    ("add app role assignment", 3007, 14, Access::Grant),
    ("remove delegated permission grant", 3007, 15, Access::Grant),
    ("add delegated permission grant", 3007, 14, Access::Grant),
    ("consent to application", 3007, 14, Access::Grant),
    ("revoke consent", 3007, 15, Access::Grant),
    ("conditional access policy+add", 3004, 1, Access::Create),
    ("conditional access policy+delete", 3004, 4, Access::Delete),
    ("conditional access policy", 3004, 3, Access::Modify),
    ("reset+password", 3007, 9, Access::Modify),
    ("change+password", 3007, 8, Access::Modify),
    ("disable account", 3007, 5, Access::Modify),
    ("enable account", 3007, 4, Access::Modify),
    ("disable strong authentication", 3007, 13, Access::Modify),
    ("enable strong authentication", 3007, 12, Access::Modify),
    ("user deleted security info", 3007, 13, Access::Modify),
    ("user registered security info", 3007, 12, Access::Modify),
    ("invite external user", 3007, 1, Access::Create),
    ("revoke sign in sessions", 3002, 2, Access::Modify),
];
