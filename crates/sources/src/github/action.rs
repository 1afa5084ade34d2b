//! What an action does: OCSF class, activity and coarse access.

pub(super) use crate::fill::Act;
use crate::fill::act;
use model::Access;

/// Category and verb of an action: `team.add_member` is `team`, `add_member`.
pub(super) fn split(action: &str) -> (&str, &str) {
    action.split_once('.').unwrap_or(("", action))
}

/// Class, activity and access of an action.
pub(super) fn classify(action: &str, operation_type: Option<&str>) -> Act {
    let (category, verb) = split(action);
    identity(category, verb)
        .or_else(|| credential(category, verb))
        .or_else(|| app(category, verb))
        .or_else(|| policy(category, verb))
        .or_else(|| code(category, verb))
        .unwrap_or_else(|| plain(access(verb, operation_type)))
}

/// Sign-ins, members, teams, roles.
fn identity(category: &str, verb: &str) -> Option<Act> {
    Some(match (category, verb) {
        (_, "sso_response") | ("user", "login" | "failed_login" | "device_verification_success") => {
            act(3002, 1, Access::Authenticate)
        }
        ("user", "logout") => act(3002, 2, Access::Authenticate),
        ("user", "create") => act(3007, 1, Access::Create),
        ("user", "destroy" | "delete") => act(3007, 3, Access::Delete),
        ("user", "unsuspend") => act(3007, 4, Access::Modify),
        ("user", "suspend") => act(3007, 5, Access::Modify),
        ("user", "change_password") => act(3007, 8, Access::Modify),
        ("user", "forgot_password" | "reset_password") => act(3007, 9, Access::Modify),
        ("user", "promote") | ("business", "add_admin" | "invite_admin") => act(3007, 16, Access::Grant),
        ("user", "demote") | ("business", "remove_admin") => act(3007, 17, Access::Grant),
        ("two_factor_authentication" | "security_key" | "passkey", "enabled" | "register" | "create") => {
            act(3007, 12, Access::Modify)
        }
        ("two_factor_authentication" | "security_key" | "passkey", "disabled" | "remove" | "destroy") => {
            act(3007, 13, Access::Modify)
        }
        ("org" | "business" | "", "add_member" | "invite_member" | "add_outside_collaborator" | "restore_member")
        | ("team", "add_member") => act(3006, 3, Access::Grant),
        ("org" | "business" | "", "remove_member" | "remove_outside_collaborator" | "cancel_invitation")
        | ("team", "remove_member") => act(3006, 4, Access::Grant),
        ("org" | "business", "update_member") | ("team", "promote_maintainer") => act(3007, 16, Access::Grant),
        ("team", "demote_maintainer") => act(3007, 17, Access::Grant),
        ("team" | "external_group", "create" | "provision") => act(3006, 6, Access::Create),
        ("team" | "external_group", "destroy" | "delete") => act(3006, 5, Access::Delete),
        ("team", "add_repository" | "update_repository_permission") => act(3006, 1, Access::Grant),
        ("team", "remove_repository") => act(3006, 2, Access::Grant),
        ("team" | "external_group", _) => act(3006, 9, Access::Modify),
        ("repo", "add_member" | "update_member") => act(3007, 14, Access::Grant),
        ("repo", "remove_member") => act(3007, 15, Access::Grant),
        ("organization_role", "assign") | ("organization_moderators", "add_user" | "add_team") => {
            act(3007, 16, Access::Grant)
        }
        ("organization_role", "revoke") | ("organization_moderators", "remove_user" | "remove_team") => {
            act(3007, 17, Access::Grant)
        }
        ("organization_role" | "role" | "enterprise_role", "create") => act(3008, 1, Access::Create),
        ("organization_role" | "role" | "enterprise_role", "update") => act(3008, 2, Access::Modify),
        ("organization_role" | "role" | "enterprise_role", "destroy") => act(3008, 3, Access::Delete),
        _ => return None,
    })
}

/// Tokens, keys and secrets of applications.
fn credential(category: &str, verb: &str) -> Option<Act> {
    let issued = act(3007, 18, Access::Issue);
    let ended = act(3007, 19, Access::Delete);
    Some(match (category, verb) {
        ("personal_access_token", "access_granted" | "create" | "credential_regenerated") => issued,
        ("personal_access_token", "access_revoked" | "destroy" | "credential_revoked" | "credential_expired") => ended,
        ("personal_access_token", "request_created" | "request_denied" | "request_cancelled") => {
            act(3007, 99, Access::Grant)
        }
        ("personal_access_token" | "auto_approve_personal_access_token_requests", _) => act(3004, 3, Access::Modify),
        ("oauth_access" | "oauth_authorization", "create" | "regenerate") => issued,
        ("oauth_access" | "oauth_authorization", "destroy" | "revoke") => ended,
        ("public_key" | "deploy_key" | "gpg_key" | "ssh_certificate_authority", "create") => issued,
        ("public_key" | "deploy_key" | "gpg_key" | "ssh_certificate_authority", "delete" | "destroy") => ended,
        ("public_key" | "deploy_key", _) => act(3007, 2, Access::Modify),
        ("org_credential_authorization", "grant") => act(3007, 18, Access::Grant),
        ("org_credential_authorization", _) => act(3007, 19, Access::Grant),
        ("oauth_application" | "integration", "generate_client_secret" | "generate_public_key" | "reset_secret") => {
            issued
        }
        ("oauth_application" | "integration", "remove_client_secret" | "revoke_tokens" | "revoke_all_tokens") => ended,
        _ => return None,
    })
}

/// Apps and their installations.
fn app(category: &str, verb: &str) -> Option<Act> {
    Some(match (category, verb) {
        ("integration_installation", "create" | "install") => act(6002, 1, Access::Grant),
        ("integration_installation", "destroy" | "delete" | "uninstall") => act(6002, 2, Access::Delete),
        ("integration_installation", "unsuspend") => act(6002, 6, Access::Modify),
        ("integration_installation", "suspend") => act(6002, 7, Access::Modify),
        ("integration_installation", _) => act(6002, 8, Access::Grant),
        ("integration_installation_request", _) => act(6002, 99, Access::Grant),
        ("org", "oauth_app_access_approved") => act(6002, 6, Access::Grant),
        ("org", "oauth_app_access_denied" | "oauth_app_access_blocked") => act(6002, 7, Access::Grant),
        ("org", "oauth_app_access_requested" | "oauth_app_access_unblocked") => act(6002, 99, Access::Grant),
        ("oauth_application" | "integration", "create") => act(3004, 1, Access::Create),
        ("oauth_application" | "integration", "destroy" | "delete") => act(3004, 4, Access::Delete),
        ("oauth_application" | "integration", _) => act(3004, 3, Access::Modify),
        _ => return None,
    })
}

/// Rules, single sign-on, audit log.
fn policy(category: &str, verb: &str) -> Option<Act> {
    Some(match (category, verb) {
        ("protected_branch", "policy_override" | "rejected_ref_update") => act(6003, 3, Access::Modify),
        ("environment", verb) if verb.ends_with("_protection_rule") => {
            let access = access(verb, None);
            act(3004, entity(verb, access), access)
        }
        ("protected_branch" | "repository_ruleset" | "branch_protection_rule", _) => {
            let access = access(verb, None);
            act(3004, entity(verb, access), if access == Access::Other { Access::Modify } else { access })
        }
        ("org" | "business" | "enterprise", _)
            if ["saml", "two_factor", "sso", "ip_allow_list", "oauth_app_restrictions", "oidc", "scim"]
                .iter()
                .any(|word| verb.contains(word)) =>
        {
            act(3004, entity(verb, Access::Modify), Access::Modify)
        }
        ("ip_allow_list" | "ip_allow_list_entry" | "enterprise_identity_provider", _) => {
            let access = access(verb, None);
            act(3004, entity(verb, access), access)
        }
        ("audit_log_streaming", "create" | "enable") => act(1008, 9, Access::Create),
        ("audit_log_streaming", "destroy" | "delete" | "disable") => act(1008, 10, Access::Delete),
        ("audit_log_streaming", "check") => act(6003, 2, Access::Read),
        ("audit_log_streaming", _) => act(1008, 99, Access::Modify),
        // Addresses are left out of the audit log, or written into it.
        (_, "disable_source_ip_disclosure" | "enable_source_ip_disclosure") => act(1008, 99, Access::Modify),
        (_, "audit_log_export" | "audit_log_git_event_export") => act(1008, 3, Access::Read),
        _ => return None,
    })
}

/// Git, Actions, secrets of Actions.
fn code(category: &str, verb: &str) -> Option<Act> {
    Some(match (category, verb) {
        ("git", "clone" | "fetch") => act(6003, 2, Access::Read),
        ("git", "push") => act(6003, 3, Access::Modify),
        ("workflows", "approve_workflow_job" | "reject_workflow_job" | "bypass_protection_rules")
        | ("deployment_review" | "deployment_protection_rule", _) => act(6003, 99, Access::Grant),
        ("workflows", "delete_workflow_run") => act(6003, 4, Access::Delete),
        ("workflows", "enable_workflow" | "disable_workflow" | "pin_workflow" | "unpin_workflow") => {
            act(6003, 3, Access::Modify)
        }
        ("workflows" | "workflow_run" | "workflow_job" | "check_run" | "check_suite", _) => {
            act(6003, 99, Access::Execute)
        }
        _ => return None,
    })
}

fn entity(verb: &str, access: Access) -> u8 {
    if verb.starts_with("enable") || verb.ends_with("enabled") {
        8
    } else if verb.starts_with("disable") || verb.ends_with("disabled") {
        9
    } else {
        match access {
            Access::Create => 1,
            Access::Delete => 4,
            _ => 3,
        }
    }
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

/// GitHub's own word on an entry, else what the verb means.
pub(super) fn access(verb: &str, operation_type: Option<&str>) -> Access {
    match operation_type {
        Some("create") => return Access::Create,
        Some("modify" | "restore" | "transfer") => return Access::Modify,
        Some("remove") => return Access::Delete,
        Some("access") => return Access::Read,
        Some("authentication") => return Access::Authenticate,
        _ => {}
    }
    // `repo.access` is a change of who may see the repository.
    if verb == "access" {
        return Access::Modify;
    }
    let mut best: Option<(usize, Access)> = None;
    for (access, words) in VERBS {
        for word in *words {
            if verb.starts_with(word) && best.is_none_or(|(length, _)| word.len() > length) {
                best = Some((word.len(), *access));
            }
        }
    }
    best.map_or(Access::Other, |(_, access)| access)
}

/// What verbs mean, by their beginning; the longest match counts.
const VERBS: &[(Access, &[&str])] = &[
    (Access::Create, &["create", "add", "open", "publish", "register", "install", "fork", "import", "upload"]),
    (
        Access::Delete,
        &["destroy", "delete", "remove", "revoke", "uninstall", "expire", "dismiss", "unregister", "purge"],
    ),
    (Access::Read, &["access", "download", "export", "read", "view", "list", "clone", "fetch", "get"]),
    (
        Access::Modify,
        &[
            "update",
            "change",
            "set",
            "enable",
            "disable",
            "rename",
            "transfer",
            "archive",
            "unarchive",
            "edit",
            "close",
            "reopen",
            "merge",
            "lock",
            "unlock",
            "pin",
            "unpin",
            "restore",
            "move",
            "convert",
            "push",
            "synchronize",
            "label",
            "unlabel",
            "assign",
            "unassign",
            "resolve",
            "submit",
            "ready",
            "block",
            "unblock",
            "suspend",
            "unsuspend",
            "toggle",
            "actions_enabled",
            "auto",
            "indirect",
            "star",
            "clear",
            "migrate",
            "verify",
            "unverify",
            "stage",
            "visibility",
            "advanced",
            "config",
            "saml",
            "add_topic",
        ],
    ),
    (Access::Execute, &["run", "trigger", "start", "request", "dispatch", "execute", "prepared", "completed"]),
];
