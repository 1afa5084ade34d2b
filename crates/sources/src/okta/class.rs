//! Which OCSF class, activity and access an event type stands for.

use model::Access;

/// What an event type means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class {
    pub(super) uid: u32,
    pub(super) activity: u8,
    pub(super) access: Access,
}

/// The meaning of an event type: the longest prefix in the table, else its last word.
pub(super) fn of(event_type: &str) -> Class {
    TABLE
        .iter()
        .filter(|(prefix, ..)| event_type.starts_with(prefix))
        .max_by_key(|(prefix, ..)| prefix.len())
        .map_or_else(|| by_verb(event_type), |&(_, uid, activity, access)| Class { uid, activity, access })
}

/// Whether acts of this type are those of an administrator.
pub(super) fn privileged(event_type: &str) -> bool {
    [
        "user.account.privilege.",
        "user.session.impersonation.",
        "user.session.access_admin_app",
        "group.privilege.",
        "app.oauth2.client.privilege.",
        "iam.",
        "system.api_token.",
        "policy.lifecycle.",
        "policy.rule.",
    ]
    .iter()
    .any(|prefix| event_type.starts_with(prefix))
}

fn by_verb(event_type: &str) -> Class {
    let (activity, access) = match event_type.rsplit(['.', '_']).next().unwrap_or_default() {
        "create" | "created" | "add" | "generate" | "upload" | "import" | "enroll" => (1, Access::Create),
        "read" | "view" | "list" | "download" | "export" | "search" | "reveal" => (2, Access::Read),
        "update" | "updated" | "activate" | "deactivate" | "enable" | "disable" | "change" | "modify" | "rotate"
        | "reset" | "suspend" | "unsuspend" => (3, Access::Modify),
        "delete" | "deleted" | "remove" | "revoke" | "unenroll" | "clear" => (4, Access::Delete),
        "grant" | "assign" | "unassign" => (3, Access::Grant),
        _ => (99, Access::Other),
    };
    Class { uid: 6003, activity, access }
}

/// Event types by prefix. Classes are those of OCSF 1.9: User Management 3007 takes the place of the
/// deprecated Account Change 3001.
const TABLE: &[(&str, u32, u8, Access)] = &[
    ("access.request.", 3003, 1, Access::Grant),
    ("app.oauth2.as.authorize", 3002, 3, Access::Issue),
    ("app.oauth2.as.consent.", 3003, 1, Access::Grant),
    ("app.oauth2.as.key.rollover", 3004, 3, Access::Modify),
    ("app.oauth2.as.token.grant", 3002, 3, Access::Issue),
    ("app.oauth2.as.token.detect_reuse", 3002, 99, Access::Authenticate),
    ("app.oauth2.as.token.revoke", 3007, 19, Access::Delete),
    ("app.oauth2.authorize", 3002, 3, Access::Issue),
    ("app.oauth2.client.lifecycle.activate", 3004, 10, Access::Modify),
    ("app.oauth2.client.lifecycle.create", 3004, 1, Access::Create),
    ("app.oauth2.client.lifecycle.deactivate", 3004, 11, Access::Modify),
    ("app.oauth2.client.lifecycle.delete", 3004, 4, Access::Delete),
    ("app.oauth2.client.lifecycle.update", 3004, 3, Access::Modify),
    ("app.oauth2.client.privilege.grant", 3007, 14, Access::Grant),
    ("app.oauth2.client.privilege.revoke", 3007, 15, Access::Grant),
    ("app.oauth2.consent.", 3003, 1, Access::Grant),
    ("app.oauth2.credentials.lifecycle.activate", 3007, 2, Access::Modify),
    ("app.oauth2.credentials.lifecycle.create", 3007, 18, Access::Issue),
    ("app.oauth2.credentials.lifecycle.deactivate", 3007, 2, Access::Modify),
    ("app.oauth2.credentials.lifecycle.delete", 3007, 19, Access::Delete),
    ("app.oauth2.key.rollover", 3004, 3, Access::Modify),
    ("app.oauth2.token.detect_reuse", 3002, 99, Access::Authenticate),
    ("app.oauth2.token.grant", 3002, 3, Access::Issue),
    ("app.oauth2.token.revoke", 3007, 19, Access::Delete),
    ("app.token.reuse", 3002, 99, Access::Authenticate),
    ("application.lifecycle.activate", 6002, 6, Access::Modify),
    ("application.lifecycle.create", 6002, 1, Access::Create),
    ("application.lifecycle.deactivate", 6002, 7, Access::Modify),
    ("application.lifecycle.delete", 6002, 2, Access::Delete),
    ("application.lifecycle.update", 6002, 8, Access::Modify),
    ("application.policy.sign_on.", 3004, 3, Access::Modify),
    ("application.user_membership.add", 3007, 14, Access::Grant),
    ("application.user_membership.change", 3007, 2, Access::Modify),
    ("application.user_membership.remove", 3007, 15, Access::Grant),
    ("application.user_membership.show_password", 6003, 2, Access::Read),
    ("application.user_membership.update", 3007, 2, Access::Modify),
    ("device.enrollment.create", 3004, 6, Access::Create),
    ("device.lifecycle.activate", 3004, 10, Access::Modify),
    ("device.lifecycle.deactivate", 3004, 11, Access::Modify),
    ("device.lifecycle.delete", 3004, 4, Access::Delete),
    ("device.lifecycle.suspend", 3004, 12, Access::Modify),
    ("device.lifecycle.unsuspend", 3004, 13, Access::Modify),
    ("group.application_assignment.add", 3006, 1, Access::Grant),
    ("group.application_assignment.remove", 3006, 2, Access::Grant),
    ("group.application_assignment.update", 3006, 9, Access::Modify),
    ("group.lifecycle.create", 3006, 6, Access::Create),
    ("group.lifecycle.delete", 3006, 5, Access::Delete),
    ("group.privilege.grant", 3006, 1, Access::Grant),
    ("group.privilege.revoke", 3006, 2, Access::Grant),
    ("group.profile.update", 3006, 9, Access::Modify),
    ("group.user_membership.add", 3006, 3, Access::Grant),
    ("group.user_membership.remove", 3006, 4, Access::Grant),
    ("iam.resourceset.bindings.add", 3008, 6, Access::Grant),
    ("iam.resourceset.bindings.delete", 3008, 7, Access::Grant),
    ("iam.role.create", 3008, 1, Access::Create),
    ("iam.role.delete", 3008, 3, Access::Delete),
    ("iam.role.permissions.add", 3008, 4, Access::Grant),
    ("iam.role.permissions.delete", 3008, 5, Access::Grant),
    ("iam.role.update", 3008, 2, Access::Modify),
    ("policy.auth_reevaluate.", 3003, 99, Access::Authenticate),
    ("policy.entity_risk.evaluate", 3003, 99, Access::Authenticate),
    ("policy.evaluate_sign_on", 3003, 1, Access::Authenticate),
    ("policy.lifecycle.activate", 3004, 10, Access::Modify),
    ("policy.lifecycle.create", 3004, 1, Access::Create),
    ("policy.lifecycle.deactivate", 3004, 11, Access::Modify),
    ("policy.lifecycle.delete", 3004, 4, Access::Delete),
    ("policy.lifecycle.update", 3004, 3, Access::Modify),
    ("policy.rule.activate", 3004, 10, Access::Modify),
    ("policy.rule.add", 3004, 1, Access::Create),
    ("policy.rule.create", 3004, 1, Access::Create),
    ("policy.rule.deactivate", 3004, 11, Access::Modify),
    ("policy.rule.delete", 3004, 4, Access::Delete),
    ("policy.rule.update", 3004, 3, Access::Modify),
    ("security.breached_credential.detected", 2004, 1, Access::Other),
    ("security.threat.detected", 2004, 1, Access::Other),
    ("system.api_token.create", 3007, 18, Access::Issue),
    ("system.api_token.disable", 3007, 2, Access::Modify),
    ("system.api_token.enable", 3007, 2, Access::Modify),
    ("system.api_token.revoke", 3007, 19, Access::Delete),
    ("system.api_token.update", 3007, 2, Access::Modify),
    ("system.idp.lifecycle.activate", 3004, 10, Access::Modify),
    ("system.idp.lifecycle.create", 3004, 1, Access::Create),
    ("system.idp.lifecycle.deactivate", 3004, 11, Access::Modify),
    ("system.idp.lifecycle.delete", 3004, 4, Access::Delete),
    ("system.idp.lifecycle.update", 3004, 3, Access::Modify),
    ("system.log_stream.lifecycle.activate", 1008, 9, Access::Modify),
    ("system.log_stream.lifecycle.create", 1008, 6, Access::Create),
    ("system.log_stream.lifecycle.deactivate", 1008, 10, Access::Modify),
    ("system.log_stream.lifecycle.delete", 1008, 2, Access::Delete),
    ("system.log_stream.lifecycle.update", 1008, 99, Access::Modify),
    ("user.account.expire_password", 3007, 9, Access::Modify),
    ("user.account.lock", 3007, 6, Access::Modify),
    ("user.account.privilege.grant", 3007, 14, Access::Grant),
    ("user.account.privilege.revoke", 3007, 15, Access::Grant),
    ("user.account.report_suspicious_activity", 3007, 99, Access::Other),
    ("user.account.reset_password", 3007, 9, Access::Modify),
    ("user.account.unlock", 3007, 7, Access::Modify),
    ("user.account.update_password", 3007, 8, Access::Modify),
    ("user.account.update_", 3007, 2, Access::Modify),
    ("user.authentication.", 3002, 1, Access::Authenticate),
    ("user.credential.enroll", 3007, 18, Access::Issue),
    ("user.credential.revoke", 3007, 19, Access::Delete),
    ("user.lifecycle.activate", 3007, 4, Access::Modify),
    ("user.lifecycle.create", 3007, 1, Access::Create),
    ("user.lifecycle.deactivate", 3007, 5, Access::Modify),
    ("user.lifecycle.delete", 3007, 3, Access::Delete),
    ("user.lifecycle.reactivate", 3007, 4, Access::Modify),
    ("user.lifecycle.suspend", 3007, 5, Access::Modify),
    ("user.lifecycle.unsuspend", 3007, 4, Access::Modify),
    ("user.mfa.attempt_bypass", 3002, 1, Access::Authenticate),
    ("user.mfa.factor.activate", 3007, 12, Access::Modify),
    ("user.mfa.factor.deactivate", 3007, 13, Access::Modify),
    ("user.mfa.factor.reset_all", 3007, 13, Access::Modify),
    ("user.mfa.factor.suspend", 3007, 13, Access::Modify),
    ("user.mfa.factor.unsuspend", 3007, 12, Access::Modify),
    ("user.mfa.factor.update", 3007, 2, Access::Modify),
    ("user.mfa.okta_verify", 3002, 1, Access::Authenticate),
    ("user.session.access_admin_app", 3002, 1, Access::Authenticate),
    ("user.session.clear", 3002, 2, Access::Authenticate),
    ("user.session.context.change", 3002, 99, Access::Authenticate),
    ("user.session.end", 3002, 2, Access::Authenticate),
    ("user.session.expire", 3002, 2, Access::Authenticate),
    ("user.session.impersonation.end", 3002, 7, Access::Authenticate),
    ("user.session.impersonation.extend", 3002, 7, Access::Grant),
    ("user.session.impersonation.grant", 3002, 7, Access::Grant),
    ("user.session.impersonation.initiate", 3002, 7, Access::Authenticate),
    ("user.session.impersonation.revoke", 3002, 7, Access::Grant),
    ("user.session.start", 3002, 1, Access::Authenticate),
    ("zone.activate", 3004, 10, Access::Modify),
    ("zone.create", 3004, 1, Access::Create),
    ("zone.deactivate", 3004, 11, Access::Modify),
    ("zone.delete", 3004, 4, Access::Delete),
    ("zone.update", 3004, 3, Access::Modify),
];
