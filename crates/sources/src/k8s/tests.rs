use super::object::{self, Act};
use super::record::ObjectRef;
use super::rights::binding_of;
use super::user::{arn_account, username_uri};

#[test]
fn a_reason_names_its_binding_whatever_it_is_called() {
    let uri = |reason| binding_of(reason).map(|binding| binding.uri("c"));
    for (reason, expected) in [
        (
            r#"RBAC: allowed by RoleBinding "edit/team a" of ClusterRole "edit" to Group "g""#,
            Some("nhi:grant:k8s:c:rolebinding/~team%20a/edit"),
        ),
        (
            r#"RBAC: allowed by ClusterRoleBinding "system:node:x" of ClusterRole "y" to User "z""#,
            Some("nhi:grant:k8s:c:clusterrolebinding/~system%3Anode%3Ax"),
        ),
        ("RBAC: allowed by ClusterRoleBinding reader", Some("nhi:grant:k8s:c:clusterrolebinding/~reader")),
        ("RBAC: allowed by ClusterRoleBinding", None),
        (r#"RBAC: allowed by RoleBinding "no-namespace" of Role "r""#, None),
        (r#"RBAC: allowed by RoleBinding "unclosed/n"#, None),
        (r#"RBAC: allowed by ClusterRoleBinding """#, None),
        ("node authorizer", None),
        ("", None),
    ] {
        assert_eq!(uri(reason).as_deref(), expected, "{reason}");
    }
}

#[test]
fn only_cluster_admin_is_cluster_admin() {
    let is_admin = |reason| binding_of(reason).unwrap().is_cluster_admin();
    assert!(is_admin(r#"RBAC: allowed by ClusterRoleBinding "a" of ClusterRole "cluster-admin" to Group "g""#));
    assert!(!is_admin(r#"RBAC: allowed by RoleBinding "cluster-admin/n" of Role "cluster-admin" to Group "g""#));
    assert!(!is_admin(r#"RBAC: allowed by ClusterRoleBinding "cluster-admin" of ClusterRole "view" to Group "g""#));
}

#[test]
fn requests_are_sorted_by_what_they_do() {
    for (verb, group, resource, subresource, expected) in [
        ("create", "", "serviceaccounts", "token", Act::TokenRequest),
        ("create", "", "serviceaccounts", "", Act::Plain),
        ("update", "certificates.k8s.io", "certificatesigningrequests", "approval", Act::Signing),
        ("list", "certificates.k8s.io", "certificatesigningrequests", "", Act::Plain),
        ("create", "rbac.authorization.k8s.io", "rolebindings", "", Act::Binding),
        ("create", "example.org", "rolebindings", "", Act::Plain),
        ("get", "rbac.authorization.k8s.io", "roles", "", Act::Plain),
        ("patch", "rbac.authorization.k8s.io", "clusterroles", "", Act::Role),
        ("watch", "", "secrets", "", Act::Secret),
        ("get", "", "pods", "exec", Act::Execute),
        ("create", "", "nodes", "proxy", Act::Execute),
        ("get", "", "pods", "log", Act::Plain),
        ("update", "", "pods", "status", Act::Plain),
        ("create", "authorization.k8s.io", "subjectaccessreviews", "", Act::Review),
        ("create", "batch", "jobs", "", Act::Workload),
    ] {
        let some = |text: &'static str| Some(text.into());
        let reference = ObjectRef {
            resource: some(resource),
            subresource: some(subresource),
            api_group: some(group),
            ..ObjectRef::default()
        };
        assert_eq!(object::act(&reference, verb), expected, "{verb} {group}/{resource}/{subresource}");
    }
}

#[test]
fn commands_are_read_off_the_query() {
    let command = |uri| object::command(uri);
    assert_eq!(command("/exec?command=sh&command=-c&command=a%20b%2Bc+d&tty=true").as_deref(), Some("sh -c a b+c d"));
    assert_eq!(command("/exec?command=100%"), Some("100%".to_owned()));
    assert_eq!(command("/exec?command=%ff%zz"), Some("\u{fffd}%zz".to_owned()));
    assert_eq!(command("/exec?tty=true"), None);
    assert_eq!(command("/exec"), None);
}

#[test]
fn names_in_bindings_and_names_of_callers_give_one_uri() {
    for name in ["system:serviceaccount:a:b", "system:node:n", "system:kube-scheduler", "system:admin", "bob"] {
        let mut user = super::record::User { username: Some(name.into()), ..Default::default() };
        let caller = super::user::identity(&mut user, "c", false).principal.uri;
        assert_eq!(username_uri("c", name), caller, "{name}");
    }
}

#[test]
fn arns_are_taken_apart() {
    assert_eq!(
        arn_account("arn:aws:sts::111122223333:assumed-role/r/s:x"),
        Some(("111122223333", "assumed-role/r/s:x"))
    );
    assert_eq!(arn_account("arn:aws:s3:::bucket"), None);
    assert_eq!(arn_account("not an arn"), None);
}
