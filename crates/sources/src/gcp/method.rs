//! What a method does: OCSF class, activity and coarse access, read off its name.

pub(super) use crate::fill::Act;
use crate::fill::act;
use model::Access;

/// The kinds of method that carry facts of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `GenerateAccessToken`, `GenerateIdToken`, `SignJwt`: a token for a service account.
    Mint,
    /// `ExchangeToken` of the security token service.
    Exchange,
    /// A key of a service account, an HMAC key, an API key.
    Key(KeyChange),
    /// A service account itself.
    ServiceAccount,
    /// An IAM policy was set.
    Policy,
    /// A just-in-time grant of Privileged Access Manager.
    Grant,
    /// The value of a secret.
    Secret,
    /// A Google account signed in or out.
    Login,
    /// A call to a GKE cluster.
    Cluster,
    /// Anything else.
    Plain,
}

/// What happened to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyChange {
    /// Made or uploaded.
    Create,
    /// Deleted.
    Delete,
    /// Switched off.
    Disable,
    /// Switched on, or brought back.
    Enable,
}

/// The kind of a method. `service` may be empty: trimmed records lack it.
pub(super) fn kind(service: &str, method: &str) -> Kind {
    let verb = last(method);
    match verb {
        "GenerateAccessToken" | "GenerateIdToken" | "SignJwt" => return Kind::Mint,
        "ExchangeToken" => return Kind::Exchange,
        "AccessSecretVersion" | "AddSecretVersion" => return Kind::Secret,
        "InsertProjectOwnershipInvite" => return Kind::Policy,
        _ => {}
    }
    if method.starts_with("io.k8s.") || method.starts_with("io.gke.") || service == "k8s.io" {
        return Kind::Cluster;
    }
    if verb.eq_ignore_ascii_case("setIamPolicy") || verb == "setIamPermissions" {
        return Kind::Policy;
    }
    if service == "login.googleapis.com" || method.starts_with("google.login.") {
        return Kind::Login;
    }
    if service == "privilegedaccessmanager.googleapis.com" || verb.starts_with("PAM") {
        return Kind::Grant;
    }
    if let Some(change) = key_change(method, verb) {
        return Kind::Key(change);
    }
    if verb.ends_with("ServiceAccount") { Kind::ServiceAccount } else { Kind::Plain }
}

fn key_change(method: &str, verb: &str) -> Option<KeyChange> {
    let hmac = method.starts_with("storage.hmacKeys.");
    let api = method.starts_with("google.api.apikeys.");
    Some(match verb {
        "CreateServiceAccountKey" | "UploadServiceAccountKey" => KeyChange::Create,
        "DeleteServiceAccountKey" => KeyChange::Delete,
        "DisableServiceAccountKey" => KeyChange::Disable,
        "EnableServiceAccountKey" => KeyChange::Enable,
        "create" if hmac => KeyChange::Create,
        "delete" if hmac => KeyChange::Delete,
        "CreateKey" if api => KeyChange::Create,
        "DeleteKey" if api => KeyChange::Delete,
        "UndeleteKey" if api => KeyChange::Enable,
        _ => return None,
    })
}

/// The last part of a method name: `insert` of `v1.compute.instances.insert`.
pub(super) fn last(method: &str) -> &str {
    method.rsplit(['.', '/']).next().unwrap_or(method)
}

/// Class, activity and access. `reads` is what the platform says about the permission, if it does.
pub(super) fn classify(service: &str, method: &str, kind: Kind, reads: Option<bool>) -> Act {
    match kind {
        Kind::Mint => act(3002, 3, Access::Issue),
        Kind::Exchange => act(3002, 1, Access::Issue),
        Kind::Key(KeyChange::Create) => act(3007, 18, Access::Issue),
        Kind::Key(KeyChange::Delete) => act(3007, 19, Access::Delete),
        Kind::Key(KeyChange::Disable | KeyChange::Enable) => act(3007, 2, Access::Modify),
        Kind::ServiceAccount => service_account(last(method)),
        Kind::Policy => act(3007, 99, Access::Grant),
        Kind::Grant => grant(last(method), reads),
        Kind::Secret if last(method) == "AddSecretVersion" => act(6003, 1, Access::Create),
        Kind::Secret => act(6003, 2, Access::Read),
        Kind::Login => login(last(method)),
        Kind::Cluster | Kind::Plain => {
            let found = special(service, method, last(method)).unwrap_or_else(|| plain(access(last(method), reads)));
            // A query reads or writes: the permission says which.
            let query = found.class_uid == 6005 && found.activity_id == 4;
            if query && reads == Some(true) { Act { access: Access::Read, ..found } } else { found }
        }
    }
}

fn service_account(verb: &str) -> Act {
    match verb.strip_suffix("ServiceAccount").unwrap_or_default() {
        "Create" | "Undelete" => act(3007, 1, Access::Create),
        "Delete" => act(3007, 3, Access::Delete),
        "Enable" => act(3007, 4, Access::Modify),
        "Disable" => act(3007, 5, Access::Modify),
        "Get" => act(6003, 2, Access::Read),
        _ => act(3007, 2, Access::Modify),
    }
}

fn grant(verb: &str, reads: Option<bool>) -> Act {
    match verb {
        "CreateGrant" | "ApproveGrant" | "DenyGrant" => act(3007, 99, Access::Grant),
        "PAMActivateGrant" => act(3003, 3, Access::Grant),
        "RevokeGrant" | "WithdrawGrant" | "PAMEndGrant" | "PAMExpireGrant" => act(3007, 17, Access::Grant),
        "PAMReportExternalGrantModification" => act(3007, 99, Access::Modify),
        "PAMDeleteGrant" => act(3007, 99, Access::Delete),
        _ => plain(access(verb, reads)),
    }
}

fn login(verb: &str) -> Act {
    match verb {
        "logout" => act(3002, 2, Access::Authenticate),
        _ if verb.starts_with("login") || verb.starts_with("suspicious") || verb.starts_with("gov") => {
            act(3002, 1, Access::Authenticate)
        }
        _ if verb.starts_with("2sv") || verb.starts_with("titanium") => {
            act(3007, if verb.contains("isenroll") || verb.contains("isable") { 13 } else { 12 }, Access::Modify)
        }
        _ if verb.starts_with("password") => act(3007, 8, Access::Modify),
        _ if verb.starts_with("account") => act(3007, 5, Access::Modify),
        _ => act(3002, 99, Access::Authenticate),
    }
}

/// Methods whose class is not the default one.
fn special(service: &str, method: &str, verb: &str) -> Option<Act> {
    match service {
        "storage.googleapis.com" if method.contains("objects.") => return Some(datastore(verb)),
        "bigquery.googleapis.com" => return Some(bigquery(method, verb)),
        "datastore.googleapis.com"
        | "firestore.googleapis.com"
        | "spanner.googleapis.com"
        | "bigtable.googleapis.com"
        | "cloudsql.googleapis.com" => return rows(method, verb),
        "cloudkms.googleapis.com" => match verb {
            "Encrypt" | "RawEncrypt" => return Some(act(6005, 9, Access::Execute)),
            "Decrypt" | "RawDecrypt" | "AsymmetricDecrypt" => return Some(act(6005, 10, Access::Execute)),
            _ => {}
        },
        "logging.googleapis.com" => return logging(verb),
        "admin.googleapis.com" => return workspace(verb),
        _ => {}
    }
    if verb == "SignBlob" {
        return Some(act(3002, 3, Access::Execute));
    }
    match verb {
        "CreateRole" => return Some(act(3008, 1, Access::Create)),
        "UpdateRole" | "UndeleteRole" => return Some(act(3008, 2, Access::Modify)),
        "DeleteRole" => return Some(act(3008, 3, Access::Delete)),
        _ => {}
    }
    let trust = ["WorkloadIdentityPool", "WorkforcePool", "OAuthClient", "OrgPolicy"];
    let verb_access = access(verb, None);
    if trust.iter().any(|name| method.contains(name)) && verb_access != Access::Read {
        return Some(act(3004, entity_activity(verb, verb_access), verb_access));
    }
    None
}

fn entity_activity(verb: &str, access: Access) -> u8 {
    match access {
        Access::Create => 1,
        Access::Delete => 4,
        _ if verb.starts_with("Enable") => 8,
        _ if verb.starts_with("Disable") => 9,
        _ => 3,
    }
}

fn datastore(verb: &str) -> Act {
    match verb {
        "get" => act(6005, 1, Access::Read),
        "list" => act(6005, 8, Access::Read),
        "create" | "insert" | "compose" | "copy" | "rewrite" => act(6005, 6, Access::Create),
        "delete" => act(6005, 7, Access::Delete),
        _ => match access(verb, None) {
            Access::Read => act(6005, 1, Access::Read),
            other => act(6005, 2, if other == Access::Other { Access::Modify } else { other }),
        },
    }
}

fn bigquery(method: &str, verb: &str) -> Act {
    let object = method.rsplit(['.', '/']).nth(1).unwrap_or_default().to_ascii_lowercase();
    if object.starts_with("job") {
        return match verb.to_ascii_lowercase().as_str() {
            "insert" | "insertjob" | "query" => act(6005, 4, Access::Execute),
            "getqueryresults" => act(6005, 1, Access::Read),
            lower if lower.starts_with("list") => act(6005, 8, Access::Read),
            _ => plain(access(verb, None)),
        };
    }
    match access(verb, None) {
        Access::Read if verb.to_ascii_lowercase().starts_with("list") && !object.starts_with("tabledata") => {
            act(6005, 8, Access::Read)
        }
        Access::Read => act(6005, 1, Access::Read),
        Access::Create if object.starts_with("tabledata") => act(6005, 5, Access::Create),
        Access::Create => act(6005, 6, Access::Create),
        Access::Delete => act(6005, 7, Access::Delete),
        other => act(6005, 2, other),
    }
}

/// Reads and writes of rows; managing the databases themselves is an ordinary call.
fn rows(method: &str, verb: &str) -> Option<Act> {
    if method.contains("Admin") || method.contains("admin") {
        return None;
    }
    Some(match verb {
        "Lookup" | "BatchGetDocuments" | "GetDocument" | "Read" | "StreamingRead" | "ReadRows" => {
            act(6005, 1, Access::Read)
        }
        "RunQuery" | "RunAggregationQuery" | "ExecuteSql" | "ExecuteStreamingSql" | "query" => {
            act(6005, 4, Access::Execute)
        }
        "ListDocuments" => act(6005, 8, Access::Read),
        "Commit" | "BatchWrite" | "Write" | "MutateRow" | "MutateRows" => act(6005, 5, Access::Modify),
        "connect" => act(6005, 3, Access::Execute),
        _ => return None,
    })
}

fn logging(verb: &str) -> Option<Act> {
    Some(match verb {
        "CreateSink" => act(1008, 9, Access::Create),
        "DeleteSink" => act(1008, 10, Access::Delete),
        "DeleteLog" | "DeleteBucket" => act(1008, 2, Access::Delete),
        "UndeleteBucket" => act(1008, 9, Access::Modify),
        "UpdateSink" | "UpdateBucket" | "UpdateSettings" | "UpdateCmekSettings" | "CreateExclusion"
        | "UpdateExclusion" | "DeleteExclusion" => act(1008, 99, access(verb, None)),
        _ => return None,
    })
}

/// What a request asks of a log, where the method alone does not say it: Event Log Activity.
pub(super) fn switched(service: &str, method: &str, request: &str) -> Option<u8> {
    let says = |key: &str, value: &str| {
        let after = request.split_once(key).map(|(_, after)| after.trim_start())?;
        Some(after.strip_prefix(':')?.trim_start().starts_with(value))
    };
    let on_off = |on: bool| if on { 9 } else { 10 };
    match service {
        "logging.googleapis.com" if last(method) == "UpdateSink" => {
            says("\"disabled\"", "true").map(|off| on_off(!off))
        }
        "compute.googleapis.com" if method.contains("subnetworks.") && last(method) == "patch" => {
            says("\"enableFlowLogs\"", "true").map(on_off)
        }
        _ => None,
    }
}

fn workspace(verb: &str) -> Option<Act> {
    Some(match verb {
        "addGroupMember" => act(3006, 3, Access::Grant),
        "removeGroupMember" => act(3006, 4, Access::Grant),
        "createGroup" => act(3006, 6, Access::Create),
        "deleteGroup" => act(3006, 5, Access::Delete),
        "updateGroupMember" | "changeGroupSetting" => act(3006, 9, Access::Modify),
        "createUser" | "undeleteUser" => act(3007, 1, Access::Create),
        "deleteUser" => act(3007, 3, Access::Delete),
        "suspendUser" => act(3007, 5, Access::Modify),
        "unsuspendUser" => act(3007, 4, Access::Modify),
        "changePassword" => act(3007, 8, Access::Modify),
        "assignRole" => act(3007, 16, Access::Grant),
        "unassignRole" => act(3007, 17, Access::Grant),
        "createRole" => act(3008, 1, Access::Create),
        "deleteRole" => act(3008, 3, Access::Delete),
        "updateRole" | "renameRole" | "addPrivilege" | "removePrivilege" => act(3008, 2, Access::Modify),
        "authorizeApiClientAccess" => act(3004, 3, Access::Grant),
        _ => return None,
    })
}

fn plain(access: Access) -> Act {
    let activity = match access {
        Access::Create => 1,
        Access::Read => 2,
        Access::Modify => 3,
        Access::Delete => 4,
        _ => 99,
    };
    act(6003, activity, access)
}

/// The access that a verb means; the platform's word on the permission where the verb is unknown.
pub(super) fn access(verb: &str, reads: Option<bool>) -> Access {
    let lower = verb.to_ascii_lowercase();
    let mut best: Option<(usize, Access)> = None;
    for (access, words) in VERBS {
        for word in *words {
            if lower.starts_with(word) && best.is_none_or(|(length, _)| word.len() > length) {
                best = Some((word.len(), *access));
            }
        }
    }
    match (best, reads) {
        (Some((_, access)), _) => access,
        (None, Some(true)) => Access::Read,
        (None, Some(false)) => Access::Modify,
        (None, None) => Access::Other,
    }
}

/// What verbs mean, by their beginning; the longest match counts.
const VERBS: &[(Access, &[&str])] = &[
    (
        Access::Read,
        &[
            "get",
            "list",
            "aggregated",
            "read",
            "search",
            "lookup",
            "query",
            "fetch",
            "describe",
            "test",
            "check",
            "view",
            "download",
            "batchget",
            "watch",
            "count",
            "validate",
            "pull",
            "analyze",
            "find",
            "explain",
        ],
    ),
    (
        Access::Modify,
        &[
            "update", "patch", "set", "modify", "replace", "enable", "disable", "move", "resize", "attach", "detach",
            "undelete", "restore", "start", "stop", "reset", "suspend", "resume", "apply", "write", "append", "commit",
            "change", "add", "bulk", "migrate", "upgrade", "rollback", "cancel", "ack",
        ],
    ),
    (Access::Create, &["create", "insert", "upload", "register", "import", "clone", "copy", "batchcreate"]),
    (Access::Delete, &["delete", "remove", "destroy", "purge", "batchdelete", "deregister", "unregister", "drop"]),
    (
        Access::Execute,
        &[
            "run",
            "execute",
            "invoke",
            "call",
            "sign",
            "encrypt",
            "decrypt",
            "exec",
            "connect",
            "predict",
            "submit",
            "publish",
            "rawencrypt",
            "rawdecrypt",
            "asymmetric",
            "mac",
            "proxy",
            "send",
        ],
    ),
];
