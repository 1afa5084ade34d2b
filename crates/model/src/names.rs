//! Lists of names: each value has one spelling, the same in tables, JSON, flags and pages. All are closed but that of
//! platforms, which mapping files add to.

use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock};

/// Declares an enum whose variants have one text form each.
macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// All values, in the order of declaration.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The one spelling of this value.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }

            /// The value with this spelling.
            pub fn parse(text: &str) -> Option<$name> {
                match text { $($text => Some($name::$variant),)+ _ => None }
            }
        }

        spelled!($name, $name::parse);
    };
}

/// Text and serde forms of a list of names, by its spelling.
macro_rules! spelled {
    ($name:ident, $parse:path) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<$name, D::Error> {
                struct Spelling;

                impl serde::de::Visitor<'_> for Spelling {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("a value of ", stringify!($name)))
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        $parse(text).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
                    }
                }

                d.deserialize_str(Spelling)
            }
        }
    };
}

/// Declares [`Platform`]: a closed list of modules, and the open one of mapping files.
macro_rules! platforms {
    ($($(#[$vdoc:meta])* $variant:ident = $text:literal,)+) => {
        /// What a record is of: a platform with a source module, or one that a mapping file describes. The URI part
        /// and the column value.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Platform {
            $($(#[$vdoc])* $variant,)+
            /// A platform that a mapping file gave its name to.
            Mapped(MappedName),
        }

        impl Platform {
            /// All platforms with a module, in the order of declaration.
            pub const ALL: &'static [Platform] = &[$(Platform::$variant),+];

            /// The one spelling of this value.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Platform::$variant => $text,)+
                    Platform::Mapped(name) => name.0,
                }
            }

            fn built_in(text: &str) -> Option<Platform> {
                match text { $($text => Some(Platform::$variant),)+ _ => None }
            }
        }
    };
}

platforms! {
    /// AWS CloudTrail.
    Aws = "aws",
    /// Kubernetes audit.
    Kubernetes = "k8s",
    /// HashiCorp Vault and OpenBao audit.
    Vault = "vault",
    /// Google Cloud audit logs.
    Gcp = "gcp",
    /// GitHub audit log.
    GitHub = "github",
    /// Okta System Log.
    Okta = "okta",
    /// Microsoft Entra sign-in and audit logs.
    Entra = "entra",
    /// Azure Activity.
    Azure = "azure",
    /// Events that arrive as OCSF.
    Ocsf = "ocsf",
    /// Teleport audit.
    Teleport = "teleport",
    /// SPIRE server log.
    Spire = "spire",
    /// hoop.dev sessions and reviews.
    Hoop = "hoop",
    /// PostgreSQL server log, with pgaudit.
    Postgres = "postgres",
    /// Directories, as LDIF.
    Ldap = "ldap",
    /// Users, groups and agents as SCIM lists them.
    Scim = "scim",
    /// Inventories kept by hand.
    Inventory = "inventory",
    /// OpenTelemetry spans, those of AI agents above all.
    Otel = "otel",
    /// MCP messages, as gateways and proxies log them.
    Mcp = "mcp",
    /// GitLab audit events.
    GitLab = "gitlab",
    /// Grants of ticket systems, in a plain form of ours.
    Grant = "grant",
    /// Syslog messages, those with CEF or LEEF in them above all.
    Syslog = "syslog",
    /// Google Workspace activities.
    GoogleWorkspace = "google-workspace",
    /// Microsoft 365 unified audit, Copilot interactions among it.
    M365 = "m365",
    /// Server access logs of Amazon S3.
    S3Access = "s3-access",
    /// Model invocation logs of Amazon Bedrock.
    Bedrock = "bedrock",
    /// Findings of IAM Access Analyzer.
    AccessAnalyzer = "access-analyzer",
    /// Events of Amazon EventBridge that carry no other platform's record.
    EventBridge = "eventbridge",
    /// Linux hosts: sshd, sudo, PAM and their like, and auditd.
    Linux = "linux",
    /// Access logs of web servers, proxies and gateways.
    Http = "http",
    /// Decision logs of Open Policy Agent.
    Opa = "opa",
    /// Alerts of Falco.
    Falco = "falco",
    /// Events of Tetragon.
    Tetragon = "tetragon",
    /// Audit logs of MySQL, MariaDB and Percona Server.
    Mysql = "mysql",
    /// Events of HashiCorp Boundary.
    Boundary = "boundary",
    /// Server log and events of Argo CD.
    ArgoCd = "argocd",
    /// Audit logs of Jenkins.
    Jenkins = "jenkins",
    /// Audit log of Bitbucket Server.
    Bitbucket = "bitbucket",
    /// Snowflake account usage: logins, queries, access, grants.
    Snowflake = "snowflake",
    /// Slack audit logs.
    Slack = "slack",
    /// Databricks audit log.
    Databricks = "databricks",
    /// Auth0 log events.
    Auth0 = "auth0",
    /// Salesforce event log files, real-time events and setup audit trail.
    Salesforce = "salesforce",
    /// 1Password events.
    OnePassword = "onepassword",
    /// MongoDB Atlas events of organisations and projects.
    MongoDbAtlas = "mongodb-atlas",
    /// Keycloak user events and admin events.
    Keycloak = "keycloak",
    /// OpenAI's audit log of an organisation.
    OpenAi = "openai",
    /// Activities of an organisation at Anthropic.
    Anthropic = "anthropic",
    /// Audit trail of HCP Terraform.
    Terraform = "terraform",
    /// Audit events of Buildkite.
    Buildkite = "buildkite",
    /// Audit log of CircleCI.
    CircleCi = "circleci",
    /// CyberArk: Privileged Access Manager and Conjur.
    CyberArk = "cyberark",
    /// Event log of Bitwarden, with its Secrets Manager.
    Bitwarden = "bitwarden",
    /// Audit log of Infisical.
    Infisical = "infisical",
    /// Audit trails of ManageEngine PAM360.
    Pam360 = "pam360",
    /// Audit activities of PingOne.
    Ping = "ping",
    /// Audit events of SailPoint Identity Security Cloud.
    SailPoint = "sailpoint",
    /// Providers of OpenID Connect and their keys, as they publish them.
    Oidc = "oidc",
}

/// The name of a mapping file, kept once for the life of the process: so a platform stays a plain value to copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MappedName(&'static str);

/// Longest name that a mapping file can give to its platform.
pub const MAPPED_NAME_BYTES_MAX: usize = 32;

/// Most names of mapping files that one process remembers, those of mappings that are gone by now among them.
pub const MAPPED_NAMES_MAX: usize = 4_096;

static MAPPED: RwLock<BTreeSet<&'static str>> = RwLock::new(BTreeSet::new());

impl Platform {
    /// The platform with this spelling, if it is known: it has a module, or [`Platform::named`] was told of it.
    pub fn parse(text: &str) -> Option<Platform> {
        let mapped = || MAPPED.read().unwrap_or_else(PoisonError::into_inner).get(text).copied();
        Platform::built_in(text).or_else(|| mapped().map(|name| Platform::Mapped(MappedName(name))))
    }

    /// The platform with this spelling; a name that is new is remembered, as that of a mapping file. `None` for what
    /// can be no name (`a` to `z`, digits and dashes, at most [`MAPPED_NAME_BYTES_MAX`]), and for a new one when there
    /// are [`MAPPED_NAMES_MAX`] already.
    pub fn named(text: &str) -> Option<Platform> {
        if let Some(known) = Platform::parse(text) {
            return Some(known);
        }
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if text.is_empty() || text.len() > MAPPED_NAME_BYTES_MAX || !text.bytes().all(is_plain) {
            return None;
        }
        let mut names = MAPPED.write().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= MAPPED_NAMES_MAX {
            return None;
        }
        let name = crate::intern(text)?;
        names.insert(name);
        Some(Platform::Mapped(MappedName(name)))
    }

    /// Whether it has a module, and so a fixed name that no mapping file can take.
    pub const fn is_built_in(self) -> bool {
        !matches!(self, Platform::Mapped(_))
    }
}

// Facts and rows name platforms whose mapping may be gone by now.
spelled!(Platform, Platform::named);

names! {
    /// What was done, coarsely; never empty.
    Access {
        /// Looked at.
        Read = "read",
        /// Made.
        Create = "create",
        /// Changed.
        Modify = "modify",
        /// Destroyed.
        Delete = "delete",
        /// Ran something: exec, invoke, sign, encrypt, decrypt.
        Execute = "execute",
        /// Proved an identity.
        Authenticate = "authenticate",
        /// Handed out a credential.
        Issue = "issue",
        /// Gave or took rights.
        Grant = "grant",
        /// None of these, or not known.
        Other = "other",
    }
}

names! {
    /// What kind of principal acted (`schema.md` 2.1).
    ActorKind {
        /// A person.
        Human = "human",
        /// A service account of the platform.
        ServiceAccount = "service-account",
        /// A workload: pod, instance, function, SPIFFE identity.
        Workload = "workload",
        /// An OAuth or API client.
        ApiClient = "api-client",
        /// A script under a person's or shared identity.
        Script = "script",
        /// A job of a CI system.
        CiJob = "ci-job",
        /// A bot user.
        Bot = "bot",
        /// An installed app or integration.
        Integration = "integration",
        /// An AI agent.
        Agent = "agent",
        /// The platform itself.
        PlatformService = "platform-service",
        /// A name that many can use: root, admin, anonymous.
        Shared = "shared",
        /// The record does not say.
        Unknown = "unknown",
    }
}

names! {
    /// Whether a human acted; `mixed` is a human's principal used by a machine.
    Human {
        /// A person.
        Human = "human",
        /// A machine.
        Nonhuman = "nonhuman",
        /// A machine credential of a person.
        Mixed = "mixed",
        /// The record does not say.
        Unknown = "unknown",
    }
}

names! {
    /// Outcome: OCSF `status_id` 1, 2, 0 and 99.
    Status {
        /// OCSF 1.
        Success = "success",
        /// OCSF 2.
        Failure = "failure",
        /// OCSF 0: the record does not say.
        Unknown = "unknown",
        /// OCSF 99: neither (pending, challenged).
        Other = "other",
    }
}

impl Status {
    /// The OCSF `status_id`.
    pub const fn id(self) -> u8 {
        match self {
            Status::Success => 1,
            Status::Failure => 2,
            Status::Unknown => 0,
            Status::Other => 99,
        }
    }
}

names! {
    /// How fine the source's clock reading was.
    TimePrecision {
        /// Seconds or coarser.
        Second = "s",
        /// Milliseconds.
        Milli = "ms",
        /// Microseconds.
        Micro = "us",
        /// Nanoseconds.
        Nano = "ns",
    }
}

names! {
    /// How one principal of a delegation chain led to the next.
    StepKind {
        /// Acts for another and stays visible.
        Delegation = "delegation",
        /// Acts as another.
        Impersonation = "impersonation",
        /// Took a role.
        Assume = "assume",
        /// Exchanged a token.
        Exchange = "exchange",
        /// A platform service forwarded the call.
        ServiceForward = "service-forward",
        /// Invoked a function, tool or agent.
        Invoke = "invoke",
    }
}

names! {
    /// How two names relate (`identity.md` 3.3).
    AliasRel {
        /// One identity, two names, seen in one record.
        SameAs = "same_as",
        /// A run of a class.
        InstanceOf = "instance_of",
        /// Uses the rights of.
        RunsAs = "runs_as",
        /// Trusted across platforms.
        FederatesTo = "federates_to",
        /// Belongs to.
        OwnedBy = "owned_by",
        /// Is a credential of.
        CredentialOf = "credential_of",
        /// Changed its name to.
        RenamedTo = "renamed_to",
    }
}

names! {
    /// What happened to a credential.
    CredentialChangeKind {
        /// Came to exist.
        Issued = "issued",
        /// Its life was extended.
        Refreshed = "refreshed",
        /// Can no longer be used.
        Revoked = "revoked",
        /// Switched off, may be switched on again.
        Disabled = "disabled",
        /// Switched on again.
        Enabled = "enabled",
        /// Replaced by a new value under the same name.
        Rotated = "rotated",
    }
}

names! {
    /// A step in the life of a grant: the activities of the Access Grant Activity class.
    GrantPhase {
        /// Asked for.
        Request = "request",
        /// Approved.
        Approve = "approve",
        /// Denied.
        Deny = "deny",
        /// In force.
        Activate = "activate",
        /// Given more time.
        Extend = "extend",
        /// Ended early.
        Revoke = "revoke",
        /// Ended by time.
        Expire = "expire",
        /// Used.
        Use = "use",
        /// Break-glass.
        Bypass = "bypass",
    }
}

names! {
    /// What the platform decided.
    Effect {
        /// Let through.
        Allow = "allow",
        /// Stopped.
        Deny = "deny",
        /// Only recorded.
        Observed = "observed",
    }
}

names! {
    /// How an entitlement of an inventory leads to privileges.
    EntitlementKind {
        /// The holder itself may, or must not, do what it lists.
        Privilege = "privilege",
        /// The holder has all that its source has: member of a group, bound to a role, attached policy.
        Inherits = "inherits",
        /// Whatever else gives it, the holder can do no more than its source allows.
        Bounded = "bounded",
    }
}

names! {
    /// Whether a listed identity or credential can be used.
    InventoryState {
        /// It can.
        Enabled = "enabled",
        /// It is switched off, and may be switched on again.
        Disabled = "disabled",
        /// It is marked as deleted, and still listed.
        Deleted = "deleted",
    }
}

names! {
    /// How an agent ran.
    Mode {
        /// A person at the other end.
        Interactive = "interactive",
        /// Nobody at the other end.
        Autonomous = "autonomous",
    }
}

names! {
    /// Who the actor belongs to, seen from the tenant.
    Party {
        /// The tenant's own.
        Own = "own",
        /// Another organisation.
        Third = "third",
        /// The platform's provider.
        Provider = "provider",
    }
}

names! {
    /// The part a resource plays in an event: OCSF `role_id` 1 to 4.
    ResourceRole {
        /// What was acted on.
        Target = "target",
        /// What acted.
        Actor = "actor",
        /// What was changed by it.
        Affected = "affected",
        /// Named beside it.
        Related = "related",
    }
}
