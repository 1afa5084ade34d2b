//! Which OCSF class, activity and access an operation stands for.

use model::Access;

/// What an operation means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class {
    pub(super) uid: u32,
    pub(super) activity: u8,
    pub(super) access: Access,
}

const fn class(uid: u32, activity: u8, access: Access) -> Class {
    Class { uid, activity, access }
}

/// The meaning of an operation in lower case: `microsoft.x/y/write`, or the name of a data operation
/// such as `getblob`.
pub(super) fn of(operation: &str) -> Class {
    match operation.rsplit_once('/') {
        Some((resource, verb)) => management(resource, verb),
        None => data(operation),
    }
}

/// Whether acts of this kind are those of an administrator.
pub(super) fn privileged(operation: &str) -> bool {
    ["microsoft.authorization/", "/listkeys/", "/regeneratekey/", "/runcommand/", "/elevateaccess/", "microsoft.aad"]
        .iter()
        .any(|part| operation.contains(part))
}

/// Whether the call or its answer holds the value of a secret.
pub(super) fn reads_secret(operation: &str) -> bool {
    [
        "/getsecret/action",
        "/listkeys/action",
        "/listsecrets/action",
        "/listcredentials/action",
        "/listconnectionstrings/action",
        "/listadminkeys/action",
        "/listclusteradmincredential/action",
        "/listclusterusercredential/action",
    ]
    .iter()
    .any(|part| operation.ends_with(part))
        || matches!(operation, "secretget" | "secretset" | "secretbackup")
}

fn management(resource: &str, verb: &str) -> Class {
    let delete = match verb {
        // A write makes or changes; the record does not always tell which.
        "write" => false,
        "delete" => true,
        "read" => return class(6003, 2, Access::Read),
        "action" => return action(resource),
        _ => return class(6003, 99, Access::Other),
    };
    let kind = resource.rsplit('/').next().unwrap_or_default();
    let pick = |uid, changed, gone| {
        if delete { class(uid, gone, Access::Delete) } else { class(uid, changed, Access::Modify) }
    };
    match kind {
        "roleassignments" | "roleassignmentschedulerequests" | "roleeligibilityschedulerequests" => {
            class(3007, if delete { 17 } else { 16 }, Access::Grant)
        }
        "roledefinitions" => pick(3008, 2, 3),
        "federatedidentitycredentials" => {
            if delete {
                class(3007, 19, Access::Delete)
            } else {
                class(3007, 18, Access::Issue)
            }
        }
        // A write may leave categories out: it says that something about the log changed.
        "diagnosticsettings"
        | "logprofiles"
        | "flowlogs"
        | "datacollectionrules"
        | "datacollectionruleassociations"
        | "dataconnectors"
        | "auditingsettings"
        | "extendedauditingsettings" => pick(1008, 99, 10),
        "workspaces" if resource == "microsoft.operationalinsights/workspaces" => {
            if delete {
                class(1008, 2, Access::Delete)
            } else {
                class(6003, 3, Access::Modify)
            }
        }
        "policyassignments"
        | "policydefinitions"
        | "policysetdefinitions"
        | "policyexemptions"
        | "locks"
        | "accesspolicies" => pick(3004, 3, 4),
        _ => pick(6003, 3, 4),
    }
}

/// Operations that end in `action`: the word before says what is done.
fn action(resource: &str) -> Class {
    let word = resource.rsplit('/').next().unwrap_or_default();
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| word.starts_with(prefix));
    match word {
        "elevateaccess" => class(3007, 16, Access::Grant),
        "purge" if resource.starts_with("microsoft.operationalinsights/") => class(1008, 1, Access::Delete),
        "begingetaccess" | "generatesas" | "listaccountsas" | "listservicesas" => class(3002, 3, Access::Issue),
        _ if begins(&["regenerate", "rotate"]) => class(6003, 3, Access::Issue),
        _ if begins(&["list", "get", "read", "check", "validate", "export", "show", "query", "download"]) => {
            class(6003, 2, Access::Read)
        }
        _ if begins(&["purge", "delete", "remove", "revoke"]) => class(6003, 4, Access::Delete),
        _ if begins(&["create", "add", "import", "backup", "capture", "generate"]) => class(6003, 1, Access::Create),
        _ if begins(&[
            "update",
            "set",
            "move",
            "recover",
            "restore",
            "register",
            "reset",
            "refresh",
            "deployifnotexists",
        ]) =>
        {
            class(6003, 3, Access::Modify)
        }
        _ => class(6003, 99, Access::Execute),
    }
}

/// Operations on data: blobs, files, queues, tables, secrets and keys.
fn data(operation: &str) -> Class {
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| operation.starts_with(prefix));
    let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| operation.ends_with(suffix));
    match operation {
        _ if begins(&["getblobserviceproperties", "getaccountinformation"]) => class(6003, 2, Access::Read),
        "authentication" => class(3002, 1, Access::Authenticate),
        "vaultaccesspolicychangedeventgridnotification" => class(3004, 3, Access::Grant),
        // What the vault told about the age of its objects.
        _ if ends(&["eventgridnotification"]) => class(6003, 99, Access::Other),
        _ if begins(&["secret", "key", "certificate", "vault", "storageaccount", "sasdefinition", "managedhsm"]) => {
            match operation {
                // Before `wrap`, with which `unwrap` ends.
                _ if ends(&["decrypt", "unwrap"]) => class(6005, 10, Access::Execute),
                _ if ends(&["encrypt", "wrap"]) => class(6005, 9, Access::Execute),
                _ if ends(&["sign", "verify", "release"]) => class(6003, 99, Access::Execute),
                _ if ends(&["get", "list", "listversions", "deleted", "backup"]) => class(6003, 2, Access::Read),
                _ if ends(&["set", "create", "import"]) => class(6003, 1, Access::Create),
                _ if ends(&["delete", "purge"]) => class(6003, 4, Access::Delete),
                _ => class(6003, 3, Access::Modify),
            }
        }
        _ if begins(&["list"]) => class(6005, 8, Access::Read),
        _ if begins(&["get", "read", "peek", "query"]) => class(6005, 1, Access::Read),
        _ if begins(&["put", "append", "copy", "flush", "insert", "upload"]) => class(6005, 5, Access::Modify),
        _ if begins(&["create"]) => class(6005, 6, Access::Create),
        _ if begins(&["set", "update", "merge", "rename", "undelete", "lease", "snapshot"]) => {
            class(6005, 2, Access::Modify)
        }
        _ if begins(&["delete", "clear"]) => class(6005, 7, Access::Delete),
        _ => class(6003, 99, Access::Other),
    }
}
