//! What types of events and entries of the setup audit trail mean: class, activity and access.

use model::Access;

use super::record::Record;
use crate::fill::{Act, act};

/// Class, activity and access of an event of this type.
pub(super) fn of(kind: &str, record: &Record<'_>) -> Act {
    match kind {
        "Login" | "LoginHistory" => act(3002, 1, Access::Authenticate),
        "LoginAs" => act(3002, 7, Access::Authenticate),
        "Logout" => act(3002, 2, Access::Authenticate),
        "SessionHijacking" | "CredentialStuffing" => act(2004, 1, Access::Other),
        "OAuthTokenRevoked" => act(3007, 19, Access::Delete),
        _ if kind.starts_with("OAuthTokenRefresh") => act(3002, 5, Access::Issue),
        _ if kind.starts_with("OAuthToken") => act(3002, 3, Access::Issue),
        _ if kind.contains("Anomaly") => act(2004, 1, Access::Other),
        "SetupAuditTrail" => setup(record),
        "ReportExport"
        | "Report"
        | "ReportEvent"
        | "ListView"
        | "DocumentAttachmentDownloads"
        | "ContentTransfer"
        | "File"
        | "BulkApiResult" => {
            let export = matches!(kind, "ReportExport" | "BulkApiResult")
                || record.operation.as_deref().is_some_and(|text| text.contains("Export"));
            if export { act(6001, 7, Access::Read) } else { act(6001, 2, Access::Read) }
        }
        "PermissionSet" => act(3008, 2, Access::Grant),
        "ApexExecution" | "ApexTrigger" | "ApexCallout" | "FlowExecution" => act(6003, 99, Access::Execute),
        _ => called(record),
    }
}

/// A call: by its method, else by the operation that it names.
fn called(record: &Record<'_>) -> Act {
    let name = [&record.http_method, &record.api_method, &record.operation].into_iter().flatten().next();
    let lower = name.map(|name| name.to_ascii_lowercase()).unwrap_or_default();
    let begins = |words: &[&str]| words.iter().any(|word| lower.starts_with(word));
    Act::api(if begins(&["get", "head", "query", "describe", "retrieve", "search", "view", "read"]) {
        Access::Read
    } else if begins(&["post", "create", "insert", "upload"]) {
        Access::Create
    } else if begins(&["put", "patch", "update", "upsert", "merge"]) {
        Access::Modify
    } else if begins(&["delete", "remove", "undelete", "emptyrecyclebin"]) {
        Access::Delete
    } else if record.query.is_some() {
        Access::Read
    } else {
        Access::Other
    })
}

/// The setup audit trail: names of actions are words run together, and not all are documented.
fn setup(record: &Record<'_>) -> Act {
    let action = record.action.as_deref().unwrap_or_default().to_ascii_lowercase();
    let text =
        format!("{} {}", record.section.as_deref().unwrap_or_default(), record.display.as_deref().unwrap_or_default())
            .to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| action.contains(word));
    let access = if has(&["delete", "remove", "unassign", "revoke", "uninstall"]) {
        Access::Delete
    } else if has(&["create", "insert", "add", "new", "install"]) {
        Access::Create
    } else {
        Access::Modify
    };
    let pick = |create, alter, delete| match access {
        Access::Create => create,
        Access::Delete => delete,
        _ => alter,
    };
    if text.contains("event monitoring") || text.contains("event log file") || text.contains("event manager") {
        let off = ["disabled", "turned off", "deactivated", "deleted"].iter().any(|word| text.contains(word));
        return act(1008, if off { 10 } else { 9 }, Access::Modify);
    }
    match () {
        () if has(&["suorgadminlogin", "suorgadminlogout", "loginasgranted"]) => act(3002, 7, Access::Authenticate),
        () if has(&["permsetassign", "permsetlicenseassign", "permsetgroupassign"]) => act(3007, 14, Access::Grant),
        () if has(&["permsetunassign", "permsetlicenseunassign", "permsetgroupunassign"]) => {
            act(3007, 15, Access::Grant)
        }
        () if has(&[
            "changedprofileforuser",
            "changedroleforuser",
            "changedprofileforusercusttostd",
            "changeduserrole",
        ]) =>
        {
            act(3007, 16, Access::Grant)
        }
        () if has(&["changedpassword", "resetpassword", "resetpasswordforuser"]) => act(3007, 9, Access::Modify),
        () if has(&["frozeuser", "freezeuser", "deactivateduser"]) => act(3007, 5, Access::Modify),
        () if has(&["unfrozeuser", "activateduser"]) => act(3007, 4, Access::Modify),
        () if has(&["certificate", "consumersecret", "resettoken"]) => match access {
            Access::Delete => act(3007, 19, access),
            _ => act(3007, 18, Access::Issue),
        },
        () if has(&["user"]) && text.contains("manage users") => act(3007, pick(1, 2, 3), access),
        () if has(&["permset", "profile"]) => act(3008, pick(1, 2, 3), access),
        () if has(&["group", "queue"]) => act(3006, pick(6, 9, 5), access),
        () if has(&["connectedapp", "connectedapplication", "package"]) => act(6002, pick(1, 8, 2), access),
        () => Act::entity(access),
    }
}
