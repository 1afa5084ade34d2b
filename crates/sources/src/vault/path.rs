//! What a path of the API means: everything in Vault is a path, and the mount it leads to decides.

use model::Access;

use super::record::{Request, Response, some};

/// A request path, parted at its mount.
#[derive(Debug, Clone, Copy)]
pub(super) struct Path<'a> {
    /// Where the engine or auth method is mounted, without the last slash: `kv`, `auth/userpass`.
    pub(super) mount: &'a str,
    /// What follows.
    pub(super) rest: &'a str,
    /// Type of the mount, as the entry says or as its place implies.
    pub(super) engine: Option<&'a str>,
}

/// The requests that mean more than their operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Nothing but the operation.
    Plain,
    /// Proves an identity to an auth method and gets a token.
    Login,
    /// Makes a token under the caller's own.
    TokenCreate,
    /// Gives a token more time.
    TokenRenew,
    /// Ends a token.
    TokenRevoke,
    /// Looks at a token.
    TokenLookup,
    /// Makes the secret id of an AppRole.
    SecretId,
    /// Reads or writes a stored secret's value.
    Secret,
    /// Has an engine make a credential.
    Dynamic,
    /// Has an engine sign a certificate.
    Certificate,
    /// Ends a certificate.
    CertificateRevoke,
    /// Has a key encrypt.
    Encrypt,
    /// Has a key decrypt.
    Decrypt,
    /// Has a key do something else: sign, verify, derive.
    KeyUse,
    /// Gives a lease more time.
    LeaseRenew,
    /// Ends a lease, or all below a prefix.
    LeaseRevoke,
    /// Asks when a lease ends.
    LeaseLookup,
    /// Makes, changes or removes a policy.
    Policy,
    /// Vault's own probe of an audit device that is about to be switched on.
    SelfTest,
    /// Switches an audit device on or off.
    Audit,
    /// Changes what audit devices write: which headers, and whether in the clear.
    AuditPolicy,
    /// Mounts or unmounts an engine or auth method.
    Mount,
    /// Seals or unseals.
    Seal,
    /// Makes a root token, new unseal keys.
    RootKey,
    /// Opens a wrapped response.
    Unwrap,
    /// Makes, changes or removes a user of an auth method or an entity.
    User,
    /// Makes, changes or removes a role that logins take.
    Role,
    /// Asks what a token may do.
    Capabilities,
}

/// Words of the API that a first segment may be, as opposed to names that users chose.
const WORDS: [&str; 46] = [
    "ca",
    "ca_chain",
    "cert",
    "certs",
    "code",
    "config",
    "create",
    "create-orphan",
    "creds",
    "crl",
    "data",
    "datakey",
    "decrypt",
    "delete",
    "destroy",
    "encrypt",
    "entity",
    "entity-alias",
    "group",
    "hmac",
    "intermediate",
    "issue",
    "issuer",
    "keys",
    "login",
    "lookup",
    "lookup-accessor",
    "lookup-self",
    "metadata",
    "oidc",
    "renew",
    "renew-self",
    "revoke",
    "revoke-accessor",
    "revoke-self",
    "rewrap",
    "role",
    "roles",
    "root",
    "sign",
    "static-creds",
    "sts",
    "undelete",
    "users",
    "verify",
    "map",
];

/// First segments below `sys/` whose second is a word of the API, too.
const SYS_PAIRS: [&str; 9] =
    ["policies", "leases", "wrapping", "internal", "tools", "config", "generate-root", "rekey", "rotate"];

impl<'a> Path<'a> {
    /// Parts the path of a request.
    pub(super) fn new(request: &'a Request<'_>, response: Option<&'a Response<'_>>) -> Path<'a> {
        let path = request.path.as_deref().unwrap_or_default();
        let namespace = request.namespace.as_ref().and_then(|ns| some(ns.path.as_deref()));
        let given = some(request.mount_point.as_deref())
            .map(|mount| namespace.and_then(|namespace| mount.strip_prefix(namespace)).unwrap_or(mount))
            .filter(|mount| !mount.is_empty() && path.starts_with(mount));
        let length = given.map_or_else(|| mount_length(path), str::len);
        let (mount, rest) = path.split_at_checked(length).unwrap_or((path, ""));
        let mount = mount.trim_end_matches('/');
        let engine = some(request.mount_type.as_deref())
            .or_else(|| response.and_then(|response| some(response.mount_type.as_deref())))
            .or_else(|| implied(mount));
        Path { mount, rest, engine }
    }

    /// `<operation> <mount>/<word>`: one name per kind of call, without names that users chose.
    pub(super) fn operation(&self, operation: &str) -> String {
        let mut words = self.rest.split('/').filter(|word| !word.is_empty());
        let first = words.next().unwrap_or_default();
        let mut text = format!("{operation} {}", self.mount);
        if self.mount == "sys" || WORDS.contains(&first) {
            if !first.is_empty() {
                text.push('/');
                text.push_str(first);
            }
            if let Some(second) = words.next().filter(|_| self.mount == "sys" && SYS_PAIRS.contains(&first)) {
                text.push('/');
                text.push_str(second);
            }
        }
        if self.act(operation) == Act::SecretId {
            text.push_str("/secret-id");
        }
        text.trim().to_owned()
    }

    /// What is mounted here, or where.
    pub(super) fn service(&self) -> &'a str {
        self.engine.unwrap_or(self.mount)
    }

    fn is(&self, engines: &[&str]) -> bool {
        self.engine.is_some_and(|engine| engines.contains(&engine))
    }

    /// What a request on this path does.
    pub(super) fn act(&self, operation: &str) -> Act {
        let first = self.rest.split('/').next().unwrap_or_default();
        let writes = access(operation) != Access::Read;
        if self.mount == "sys" {
            return system_act(self.rest, first, writes);
        }
        if self.mount == "auth/token" {
            return token_act(first);
        }
        if self.mount.starts_with("auth/") {
            return auth_act(self.rest, first, writes);
        }
        if self.mount == "identity" {
            return match first {
                "entity" | "entity-alias" if writes => Act::User,
                _ => Act::Plain,
            };
        }
        self.engine_act(first, operation, writes)
    }

    /// Paths of secrets engines. Older entries do not name the engine: then the word that
    /// only one kind of engine has decides.
    fn engine_act(&self, first: &str, operation: &str, writes: bool) -> Act {
        let unnamed = self.engine.is_none();
        match first {
            "creds" | "static-creds" | "sts" if !self.is_kv() && operation != "list" => Act::Dynamic,
            "encrypt" if unnamed || self.is(&["transit"]) => Act::Encrypt,
            "decrypt" if unnamed || self.is(&["transit"]) => Act::Decrypt,
            "sign" | "verify" | "hmac" | "datakey" | "rewrap" if self.is(&["transit"]) => Act::KeyUse,
            "verify" | "hmac" | "datakey" | "rewrap" if unnamed => Act::KeyUse,
            "issue" | "sign-verbatim" if writes && (unnamed || self.is(&["pki", "ssh"])) => Act::Certificate,
            "sign" if writes && (unnamed || self.is(&["pki", "ssh"])) => Act::Certificate,
            "revoke" if writes && (unnamed || self.is(&["pki"])) => Act::CertificateRevoke,
            "code" if self.is(&["totp"]) => Act::Secret,
            "metadata" | "delete" | "undelete" | "destroy" | "config" | "" => Act::Plain,
            _ if self.is_kv() && operation != "list" => Act::Secret,
            "data" if unnamed && operation != "list" => Act::Secret,
            _ => Act::Plain,
        }
    }

    fn is_kv(&self) -> bool {
        self.is(&["kv", "generic", "cubbyhole"])
    }

    /// The secret that a path of a key-value engine names, without the word that says which side of
    /// it is meant: `kv/data/app` and `kv/metadata/app` are both `kv/app`.
    pub(super) fn secret(&self) -> Option<String> {
        if !(self.is_kv() || self.rest.starts_with("data/")) || self.rest.is_empty() {
            return None;
        }
        let (word, rest) = self.rest.split_once('/').unwrap_or((self.rest, ""));
        let name = match word {
            "data" | "metadata" | "delete" | "undelete" | "destroy" | "subkeys" if !rest.is_empty() => rest,
            "config" | "metadata" | "data" => return None,
            _ => self.rest,
        };
        Some(format!("{}/{name}", self.mount))
    }

    /// What an operation on this path does to things.
    pub(super) fn access(&self, operation: &str) -> Access {
        let first = self.rest.split('/').next().unwrap_or_default();
        match (access(operation), first) {
            // Versioned secrets are deleted and restored by updates.
            (Access::Modify, "delete" | "destroy") if self.is_kv() => Access::Delete,
            (access, _) => access,
        }
    }
}

/// Length of the mount at the head of a path, where the entry does not say: one segment, two below
/// `auth/`.
fn mount_length(path: &str) -> usize {
    let segments = if path.starts_with("auth/") { 2 } else { 1 };
    path.match_indices('/').nth(segments - 1).map_or(path.len(), |(at, _)| at + 1)
}

/// Mounts that are there from the start, and the customary places of the key-value engine.
fn implied(mount: &str) -> Option<&'static str> {
    match mount {
        "sys" => Some("system"),
        "identity" => Some("identity"),
        "cubbyhole" => Some("cubbyhole"),
        "auth/token" => Some("token"),
        "secret" | "kv" | "kv-v2" | "kv-v1" => Some("kv"),
        _ => None,
    }
}

/// What an operation does, on its own.
fn access(operation: &str) -> Access {
    match operation {
        "read" | "list" | "help" | "header" | "scan" => Access::Read,
        "create" => Access::Create,
        "update" | "patch" | "renew" => Access::Modify,
        "delete" | "revoke" | "rollback" => Access::Delete,
        _ => Access::Other,
    }
}

fn system_act(rest: &str, first: &str, writes: bool) -> Act {
    match first {
        "policy" | "policies" if writes => Act::Policy,
        "audit" if rest == "audit/test" => Act::SelfTest,
        "audit" if writes => Act::Audit,
        "config" if writes && rest.starts_with("config/auditing/") => Act::AuditPolicy,
        "mounts" | "auth" | "remount" if writes => Act::Mount,
        "seal" | "unseal" | "step-down" if writes => Act::Seal,
        "generate-root" | "rekey" | "rekey-recovery-key" | "rotate" if writes => Act::RootKey,
        "renew" => Act::LeaseRenew,
        "revoke" | "revoke-prefix" | "revoke-force" => Act::LeaseRevoke,
        "leases" if rest.starts_with("leases/renew") => Act::LeaseRenew,
        "leases" if rest.starts_with("leases/revoke") => Act::LeaseRevoke,
        "leases" if rest == "leases/lookup" => Act::LeaseLookup,
        "wrapping" if rest == "wrapping/unwrap" => Act::Unwrap,
        _ if first.starts_with("capabilities") => Act::Capabilities,
        _ => Act::Plain,
    }
}

fn token_act(first: &str) -> Act {
    match first {
        "create" | "create-orphan" => Act::TokenCreate,
        "renew" | "renew-self" | "renew-accessor" => Act::TokenRenew,
        "revoke" | "revoke-self" | "revoke-accessor" | "revoke-orphan" => Act::TokenRevoke,
        "lookup" | "lookup-self" | "lookup-accessor" => Act::TokenLookup,
        _ => Act::Plain,
    }
}

fn auth_act(rest: &str, first: &str, writes: bool) -> Act {
    let last = rest.rsplit('/').next().unwrap_or_default();
    match first {
        "login" => Act::Login,
        "oidc" if rest == "oidc/callback" => Act::Login,
        "role" if writes && matches!(last, "secret-id" | "custom-secret-id") => Act::SecretId,
        "role" | "roles" if writes => Act::Role,
        "users" | "user" | "groups" | "certs" if writes => Act::User,
        _ => Act::Plain,
    }
}
