//! What an operation does: OCSF class, activity and coarse access.

use model::Access;

use super::record::{Record, property};
use crate::entra;
pub(super) use crate::fill::Act;
use crate::fill::act;

/// The meaning of an operation, its last full stop left out.
pub(super) fn classify(record: &Record<'_>, operation: &str) -> Act {
    if let Some(found) = auditing(record, operation).or_else(|| by_name(operation)) {
        return found;
    }
    let workload = record.workload.as_deref().unwrap_or_default();
    if workload == "AzureActiveDirectory" || operation.contains(' ') {
        let (class_uid, activity_id, access) = entra::act_of(operation);
        return act(class_uid, activity_id, access);
    }
    match operation.split_once('-') {
        Some((verb, noun)) if verb.bytes().all(|byte| byte.is_ascii_alphabetic()) => cmdlet(verb, noun),
        _ => by_word(workload, operation),
    }
}

/// Auditing switched on, off or changed, of the organisation or of one mailbox.
fn auditing(record: &Record<'_>, operation: &str) -> Option<Act> {
    // The parameter, and the value that means that nothing is recorded.
    let (parameter, off) = match operation {
        "Set-AdminAuditLogConfig" => ("UnifiedAuditLogIngestionEnabled", "False"),
        "Set-Mailbox" => ("AuditEnabled", "False"),
        "Set-OrganizationConfig" => ("AuditDisabled", "True"),
        "Set-MailboxAuditBypassAssociation" => ("AuditBypassEnabled", "True"),
        _ if operation.ends_with("UnifiedAuditLogRetentionPolicy") => return Some(act(1008, 99, Access::Modify)),
        _ => return None,
    };
    match property(&record.parameters, parameter) {
        Some(value) if value.eq_ignore_ascii_case(off) => Some(act(1008, 10, Access::Modify)),
        Some(_) => Some(act(1008, 9, Access::Modify)),
        None if operation == "Set-AdminAuditLogConfig" => Some(act(1008, 99, Access::Modify)),
        None => None,
    }
}

/// Operations with a meaning of their own.
fn by_name(operation: &str) -> Option<Act> {
    Some(match operation {
        "UserLoggedIn"
        | "UserLoginFailed"
        | "MailboxLogin"
        | "TeamsSessionStarted"
        | "UserSignedIn"
        | "SignInEvent" => act(3002, 1, Access::Authenticate),
        "UserLoggedOff" => act(3002, 2, Access::Authenticate),
        "CopilotInteraction" | "ConnectedAIAppInteraction" | "AIAppInteraction" | "TeamCopilotInteraction" => {
            act(6003, 99, Access::Execute)
        }
        "AlertTriggered" | "AlertEntityGenerated" | "AlertUpdated" => act(2004, 1, Access::Other),
        _ if operation.starts_with("DlpRule") || operation.starts_with("TIMail") || operation.starts_with("TIUrl") => {
            act(2004, 1, Access::Other)
        }
        "Send" | "SendAs" | "SendOnBehalf" => act(6003, 99, Access::Execute),
        "MailItemsAccessed" | "MessageBind" | "FolderBind" => act(6001, 2, Access::Read),
        "SoftDelete" | "HardDelete" | "MoveToDeletedItems" => act(6001, 4, Access::Delete),
        "SearchQueryInitiatedSharePoint" | "SearchQueryInitiatedExchange" | "SearchQueryPerformed" => {
            act(6001, 5, Access::Read)
        }
        "FileSyncDownloadedFull" | "FileSyncDownloadedPartial" | "FileDownloaded" | "SearchExportDownloaded" => {
            act(6001, 7, Access::Read)
        }
        "AnonymousLinkUsed" | "SecureLinkUsed" | "CompanyLinkUsed" | "SharingLinkUsed" => act(6001, 2, Access::Read),
        "BotAddedToTeam" | "AppInstalled" | "ConnectorAdded" | "TabAdded" => act(6002, 1, Access::Create),
        "BotRemovedFromTeam" | "AppUninstalled" | "ConnectorRemoved" | "TabRemoved" => act(6002, 2, Access::Delete),
        "MemberAdded" | "AddedToGroup" => act(3006, 3, Access::Grant),
        "MemberRemoved" | "RemovedFromGroup" => act(3006, 4, Access::Grant),
        "MemberRoleChanged" => act(3006, 9, Access::Grant),
        "SiteCollectionAdminAdded" => act(3007, 14, Access::Grant),
        "SiteCollectionAdminRemoved" => act(3007, 15, Access::Grant),
        _ => return None,
    })
}

/// A cmdlet of Exchange or of the compliance centre: verb and noun.
fn cmdlet(verb: &str, noun: &str) -> Act {
    let gives = ["Permission", "RoleGroupMember", "RoleAssignment", "GroupMember", "Delegate"];
    if noun.contains("RoleGroupMember")
        || noun.contains("DistributionGroupMember")
        || noun.contains("UnifiedGroupLinks")
    {
        return act(3006, if verb == "Remove" { 4 } else { 3 }, Access::Grant);
    }
    if gives.iter().any(|word| noun.contains(word)) && verb != "Get" {
        return act(3007, if verb == "Remove" { 15 } else { 14 }, Access::Grant);
    }
    match verb {
        "New" | "Add" | "Install" | "Import" => act(3004, 1, Access::Create),
        "Remove" | "Uninstall" | "Clear" => act(3004, 4, Access::Delete),
        "Get" | "Search" | "Test" | "Export" | "Validate" => act(3004, 2, Access::Read),
        "Enable" => act(3004, 8, Access::Modify),
        "Disable" => act(3004, 9, Access::Modify),
        "Start" | "Stop" | "Invoke" | "Complete" | "Resume" | "Suspend" => act(6003, 99, Access::Execute),
        _ => act(3004, 3, Access::Modify),
    }
}

/// Operations in camel case: the first of these words that one contains.
fn by_word(workload: &str, operation: &str) -> Act {
    let has = |words: &[&str]| words.iter().any(|word| operation.contains(word));
    // What is shared and stored is a document; all else a thing of its service.
    let class =
        if matches!(workload, "SharePoint" | "OneDrive") || has(&["File", "Folder", "Page"]) { 6001 } else { 6003 };
    if has(&[
        "Sharing",
        "Shared",
        "SecureLink",
        "AnonymousLink",
        "CompanyLink",
        "Permission",
        "AccessRequest",
        "Invitation",
    ]) {
        act(class, if class == 6001 { 8 } else { 3 }, Access::Grant)
    } else if has(&["Accessed", "View", "Previewed", "Read", "Listed", "Searched", "Exported", "Downloaded"]) {
        act(class, 2, Access::Read)
    } else if has(&["Deleted", "Removed", "Recycled", "Purged", "Delete", "Remove"]) {
        act(class, 4, Access::Delete)
    } else if has(&["Created", "Added", "Uploaded", "Copied", "Create", "Add", "Restored", "Installed"]) {
        act(class, 1, Access::Create)
    } else if has(&[
        "Modified",
        "Updated",
        "Changed",
        "Renamed",
        "Moved",
        "Set",
        "Update",
        "Edited",
        "Enabled",
        "Disabled",
        "CheckedIn",
        "CheckedOut",
        "Applied",
        "Locked",
    ]) {
        act(class, 3, Access::Modify)
    } else if has(&["Started", "Run", "Launch", "Execute", "Posted", "Sent", "Invoked"]) {
        act(class, 99, Access::Execute)
    } else {
        act(class, 99, Access::Other)
    }
}
