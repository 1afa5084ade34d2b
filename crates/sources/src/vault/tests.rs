use super::path::{Act, Path};
use super::record::{Namespace, Request};

fn request(path: &'static str, mount: &'static str, engine: &'static str) -> Request<'static> {
    let text = |text: &'static str| Some(text.into());
    Request { path: text(path), mount_point: text(mount), mount_type: text(engine), ..Request::default() }
}

#[test]
fn paths_are_sorted_by_what_they_do() {
    for (operation, path, mount, engine, act, name) in [
        ("read", "secret/data/a", "secret/", "kv", Act::Secret, "read secret/data"),
        ("read", "secret/metadata/a", "secret/", "kv", Act::Plain, "read secret/metadata"),
        ("list", "secret/metadata/", "secret/", "kv", Act::Plain, "list secret/metadata"),
        ("read", "team/kv/a/b", "team/kv/", "kv", Act::Secret, "read team/kv"),
        ("read", "kv/my-secret", "", "", Act::Secret, "read kv"),
        ("read", "other/my-secret", "", "", Act::Plain, "read other"),
        ("read", "other/data/my-secret", "", "", Act::Secret, "read other/data"),
        ("read", "aws/creds/r", "", "", Act::Dynamic, "read aws/creds"),
        ("list", "aws/creds", "aws/", "aws", Act::Plain, "list aws/creds"),
        ("read", "secret/creds/r", "secret/", "kv", Act::Secret, "read secret/creds"),
        ("update", "transit/encrypt/k", "", "", Act::Encrypt, "update transit/encrypt"),
        ("update", "pki/issue/r", "", "", Act::Certificate, "update pki/issue"),
        ("update", "transit/sign/k", "transit/", "transit", Act::KeyUse, "update transit/sign"),
        ("update", "ssh/sign/r", "ssh/", "ssh", Act::Certificate, "update ssh/sign"),
        ("update", "auth/userpass/login/u", "", "", Act::Login, "update auth/userpass/login"),
        ("update", "auth/a/b/login", "auth/a/b/", "approle", Act::Login, "update auth/a/b/login"),
        ("update", "auth/approle/role/r/secret-id", "", "", Act::SecretId, "update auth/approle/role/secret-id"),
        ("read", "auth/approle/role/r/role-id", "", "", Act::Plain, "read auth/approle/role"),
        ("update", "auth/token/create/admins", "", "", Act::TokenCreate, "update auth/token/create"),
        ("update", "auth/token/renew-self", "", "", Act::TokenRenew, "update auth/token/renew-self"),
        ("update", "sys/leases/revoke/aws/creds/r/x", "", "", Act::LeaseRevoke, "update sys/leases/revoke"),
        ("update", "sys/leases/lookup", "", "", Act::LeaseLookup, "update sys/leases/lookup"),
        ("update", "sys/policies/acl/p", "", "", Act::Policy, "update sys/policies/acl"),
        ("read", "sys/policies/acl/p", "", "", Act::Plain, "read sys/policies/acl"),
        ("delete", "sys/audit/file", "", "", Act::Audit, "delete sys/audit"),
        ("update", "sys/audit/test", "", "", Act::SelfTest, "update sys/audit"),
        ("update", "sys/seal", "", "", Act::Seal, "update sys/seal"),
        ("update", "sys/capabilities-self", "", "", Act::Capabilities, "update sys/capabilities-self"),
        ("update", "identity/entity", "", "", Act::User, "update identity/entity"),
        ("", "", "", "", Act::Plain, ""),
    ] {
        let request = request(path, mount, engine);
        let path = Path::new(&request, None);
        assert_eq!(path.act(operation), act, "{operation} {:?}", request.path);
        assert_eq!(path.operation(operation), name);
    }
}

#[test]
fn both_sides_of_a_versioned_secret_are_one_secret() {
    let secret = |path| Path::new(&request(path, "secret/", "kv"), None).secret();
    for path in ["secret/data/a/b", "secret/metadata/a/b", "secret/delete/a/b", "secret/destroy/a/b"] {
        assert_eq!(secret(path).as_deref(), Some("secret/a/b"), "{path}");
    }
    assert_eq!(secret("secret/a/b").as_deref(), Some("secret/a/b"));
    assert_eq!(secret("secret/metadata/"), None);
    assert_eq!(secret("secret/config"), None);
    assert_eq!(secret("secret/"), None);
}

#[test]
fn a_mount_point_below_a_namespace_still_parts_the_path() {
    let mut request = request("kv/data/a", "team-a/kv/", "kv");
    request.namespace = Some(Namespace { id: None, path: Some("team-a/".into()) });
    let path = Path::new(&request, None);
    assert_eq!((path.mount, path.rest), ("kv", "data/a"));
}
