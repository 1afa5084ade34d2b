//! Inventories: IAM as `aws iam get-account-authorization-details` prints it, RBAC as `kubectl get -o json`
//! does, and a list kept by hand. Compact, as behind `jq -c`.

/// What a statement of a policy says.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'a> {
    /// `Allow` or `Deny`.
    pub effect: &'a str,
    /// Actions, with wildcards.
    pub actions: &'a [&'a str],
    /// On what.
    pub resource: &'a str,
}

fn list(texts: &[&str]) -> String {
    format!("[{}]", texts.iter().map(|text| format!(r#""{text}""#)).collect::<Vec<_>>().join(","))
}

/// A policy document.
pub fn document(statements: &[Statement<'_>]) -> String {
    let statement = |Statement { effect, actions, resource }: &Statement<'_>| {
        format!(r#"{{"Effect":"{effect}","Action":{},"Resource":"{resource}"}}"#, list(actions))
    };
    let statements: Vec<String> = statements.iter().map(statement).collect();
    format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","))
}

fn tags(owner: &str) -> String {
    match owner {
        "" => "[]".to_owned(),
        owner => format!(r#"[{{"Key":"Owner","Value":"{owner}"}},{{"Key":"cost-center","Value":"4711"}}]"#),
    }
}

/// A user, with a policy of its own, and what it has from groups and managed policies.
#[derive(Clone, Copy, Debug)]
pub struct User<'a> {
    /// Account.
    pub account: &'a str,
    /// Name.
    pub name: &'a str,
    /// `AIDA...`.
    pub id: &'a str,
    /// Its own policy, as [`document`].
    pub policy: &'a str,
    /// Names of its groups.
    pub groups: &'a [&'a str],
    /// Names of managed policies of the account.
    pub attached: &'a [&'a str],
    /// Value of the tag; empty for none.
    pub owner: &'a str,
}

fn attached(account: &str, names: &[&str]) -> String {
    let one = |name: &&str| format!(r#"{{"PolicyName":"{name}","PolicyArn":"arn:aws:iam::{account}:policy/{name}"}}"#);
    format!("[{}]", names.iter().map(one).collect::<Vec<_>>().join(","))
}

/// One item of `UserDetailList`.
pub fn user(user: &User<'_>) -> String {
    let User { account, name, id, policy, groups, owner, .. } = *user;
    format!(
        r#"{{"Path":"/","UserName":"{name}","UserId":"{id}","Arn":"arn:aws:iam::{account}:user/{name}","CreateDate":"2025-02-03T09:15:00+00:00","UserPolicyList":[{{"PolicyName":"own","PolicyDocument":{policy}}}],"GroupList":{},"AttachedManagedPolicies":{},"Tags":{}}}"#,
        list(groups),
        attached(account, user.attached),
        tags(owner)
    )
}

/// A role that a service account of a cluster may take, with a policy of its own.
#[derive(Clone, Copy, Debug)]
pub struct Role<'a> {
    /// Account.
    pub account: &'a str,
    /// Name.
    pub name: &'a str,
    /// `AROA...`.
    pub id: &'a str,
    /// Issuer of the tokens of the cluster.
    pub issuer: &'a str,
    /// The service account, as its tokens name it.
    pub subject: &'a str,
    /// Its own policy, as [`document`].
    pub policy: &'a str,
    /// Value of the tag; empty for none.
    pub owner: &'a str,
}

/// One item of `RoleDetailList`.
pub fn role(role: &Role<'_>) -> String {
    let Role { account, name, id, issuer, subject, policy, owner } = *role;
    format!(
        r#"{{"Path":"/","RoleName":"{name}","RoleId":"{id}","Arn":"arn:aws:iam::{account}:role/{name}","CreateDate":"2024-11-05T10:00:00+00:00","AssumeRolePolicyDocument":{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Federated":"arn:aws:iam::{account}:oidc-provider/{issuer}"}},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{{"StringEquals":{{"{issuer}:sub":"{subject}","{issuer}:aud":"sts.amazonaws.com"}}}}}}]}},"InstanceProfileList":[],"RolePolicyList":[{{"PolicyName":"work","PolicyDocument":{policy}}}],"AttachedManagedPolicies":[],"Tags":{}}}"#,
        tags(owner)
    )
}

/// One item of `GroupDetailList`, with a policy of its own.
pub fn group(account: &str, name: &str, policy: &str) -> String {
    format!(
        r#"{{"Path":"/","GroupName":"{name}","GroupId":"AGPAHALDEN{:X>10}","Arn":"arn:aws:iam::{account}:group/{name}","CreateDate":"2024-11-05T10:00:00+00:00","GroupPolicyList":[{{"PolicyName":"own","PolicyDocument":{policy}}}],"AttachedManagedPolicies":[]}}"#,
        name.to_uppercase()
    )
}

/// One item of `Policies`. An older version said more, and is not in force.
pub fn policy(account: &str, name: &str, policy: &str) -> String {
    let older = document(&[Statement { effect: "Allow", actions: &["*"], resource: "*" }]);
    format!(
        r#"{{"PolicyName":"{name}","PolicyId":"ANPAHALDEN{:X>10}","Arn":"arn:aws:iam::{account}:policy/{name}","Path":"/","DefaultVersionId":"v2","AttachmentCount":1,"PermissionsBoundaryUsageCount":0,"IsAttachable":true,"CreateDate":"2024-11-05T10:00:00+00:00","UpdateDate":"2025-01-01T10:00:00+00:00","PolicyVersionList":[{{"Document":{policy},"VersionId":"v2","IsDefaultVersion":true,"CreateDate":"2025-01-01T10:00:00+00:00"}},{{"Document":{older},"VersionId":"v1","IsDefaultVersion":false,"CreateDate":"2024-11-05T10:00:00+00:00"}}]}}"#,
        name.to_uppercase().chars().filter(char::is_ascii_alphanumeric).take(10).collect::<String>()
    )
}

/// What one account answers.
pub fn account(users: &[String], groups: &[String], roles: &[String], policies: &[String]) -> String {
    format!(
        r#"{{"UserDetailList":[{}],"GroupDetailList":[{}],"RoleDetailList":[{}],"Policies":[{}]}}"#,
        users.join(","),
        groups.join(","),
        roles.join(","),
        policies.join(",")
    )
}

/// A service account of a cluster, and the role of AWS that its annotation names.
#[derive(Clone, Copy, Debug)]
pub struct ServiceAccount<'a> {
    /// Namespace.
    pub namespace: &'a str,
    /// Name.
    pub name: &'a str,
    /// UID.
    pub uid: &'a str,
    /// ARN of the role.
    pub role: &'a str,
    /// Value of the annotation; empty for none.
    pub owner: &'a str,
}

/// The service account as an item of a list.
pub fn service_account(account: &ServiceAccount<'_>) -> String {
    let ServiceAccount { namespace, name, uid, role, owner } = *account;
    let owner = match owner {
        "" => String::new(),
        owner => format!(r#","halden.example/owner":"{owner}""#),
    };
    format!(
        r#"{{"apiVersion":"v1","kind":"ServiceAccount","metadata":{{"annotations":{{"eks.amazonaws.com/role-arn":"{role}"{owner}}},"creationTimestamp":"2026-01-05T08:00:00Z","name":"{name}","namespace":"{namespace}","resourceVersion":"4711","uid":"{uid}"}}}}"#
    )
}

/// What the role of a cluster allows: API groups, resources, verbs.
pub type Rule<'a> = (&'a str, &'a [&'a str], &'a [&'a str]);

/// A role, and the binding of a service account of its name to it, both as items of a list.
pub fn bound_role(namespace: &str, name: &str, rules: &[Rule<'_>]) -> [String; 2] {
    let rule = |(group, resources, verbs): &Rule<'_>| {
        format!(r#"{{"apiGroups":["{group}"],"resources":{},"verbs":{}}}"#, list(resources), list(verbs))
    };
    let rules: Vec<String> = rules.iter().map(rule).collect();
    let metadata =
        format!(r#"{{"creationTimestamp":"2026-01-05T08:00:01Z","name":"{name}","namespace":"{namespace}"}}"#);
    [
        format!(
            r#"{{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{metadata},"rules":[{}]}}"#,
            rules.join(",")
        ),
        format!(
            r#"{{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{metadata},"roleRef":{{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"{name}"}},"subjects":[{{"kind":"ServiceAccount","name":"{name}","namespace":"{namespace}"}}]}}"#
        ),
    ]
}

/// What the cluster answers.
pub fn objects(items: &[String]) -> String {
    format!(r#"{{"apiVersion":"v1","items":[{}],"kind":"List","metadata":{{"resourceVersion":""}}}}"#, items.join(","))
}

/// The first line of a list kept by hand; it is no record.
pub const COLUMNS: &str = "identity,owner,team,purpose,sensitivity,kind,state";

/// One line of it.
pub fn line(identity: &str, owner: &str, purpose: &str, state: &str) -> String {
    format!("{identity},{owner},,{purpose},internal,service,{state}")
}
