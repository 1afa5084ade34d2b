//! Human or not: the ordered rules of `identity.md` 3.4 for what a CloudTrail record shows.

use model::{ActorKind, Human};

use super::identity::issuer_host;
use super::record::{Identity, Record, seen};

/// What kind of principal, whether a human acted, and which rule says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) kind: ActorKind,
    pub(super) human: Human,
    pub(super) rule: &'static str,
}

const fn verdict(kind: ActorKind, human: Human, rule: &'static str) -> Verdict {
    Verdict { kind, human, rule }
}

/// No rule fired.
pub(super) const UNKNOWN: Verdict = verdict(ActorKind::Unknown, Human::Unknown, "default");
/// The type is a service of AWS.
pub(super) const SERVICE: Verdict = verdict(ActorKind::PlatformService, Human::Nonhuman, "R1:aws-service");
/// The session name is an instance id, or the key was delivered to an instance.
pub(super) const INSTANCE: Verdict = verdict(ActorKind::Workload, Human::Nonhuman, "R2:aws-ec2-session");
/// A user of the workforce directory.
pub(super) const CENTER_USER: Verdict = verdict(ActorKind::Human, Human::Human, "R2:aws-identity-center");
/// A user of a SAML identity provider.
pub(super) const SAML: Verdict = verdict(ActorKind::Human, Human::Human, "R2:aws-saml");
const CONSOLE: Verdict = verdict(ActorKind::Human, Human::Human, "R2:aws-console");
const ON_BEHALF: Verdict = verdict(ActorKind::Human, Human::Human, "R2:aws-on-behalf-of");
pub(super) const SSO_ROLE: Verdict = verdict(ActorKind::Human, Human::Human, "R2:aws-sso-role");
const IN_SCOPE: Verdict = verdict(ActorKind::Workload, Human::Nonhuman, "R2:aws-in-scope-of");
pub(super) const LINKED: Verdict = verdict(ActorKind::ServiceAccount, Human::Nonhuman, "R2:aws-service-linked-role");
const CI: Verdict = verdict(ActorKind::CiJob, Human::Nonhuman, "R2:ci-issuer");
const CLUSTER: Verdict = verdict(ActorKind::Workload, Human::Nonhuman, "R2:eks-issuer");

/// Issuers that give tokens to jobs of a CI system, by the beginning of their host and path.
const CI_ISSUERS: [&str; 8] = [
    "token.actions.githubusercontent.com",
    "gitlab.com",
    "oidc.circleci.com",
    "app.terraform.io",
    "agent.buildkite.com",
    "api.bitbucket.org",
    "vstoken.dev.azure.com",
    "oidc.vercel.com",
];

/// Root: whoever has the password or key of the account. Never counted as one person.
pub(super) fn root(_record: &Record<'_>) -> Verdict {
    verdict(ActorKind::Shared, Human::Unknown, "default:aws-root")
}

/// An IAM user, or what one federated.
pub(super) fn user(record: &Record<'_>, identity: &Identity<'_>) -> Verdict {
    if console(record, identity) {
        return CONSOLE;
    }
    match seen(&identity.access_key_id) {
        // A long-lived key is a machine's credential; whose it is, person or machine, only an
        // inventory knows.
        Some(key) if key.starts_with("AKIA") => verdict(ActorKind::Unknown, Human::Unknown, "R3:aws-access-key"),
        _ => UNKNOWN,
    }
}

/// A role session, by how it came to be.
pub(super) fn role(
    record: &Record<'_>,
    identity: &Identity<'_>,
    role_name: Option<&str>,
    label: Option<&str>,
) -> Verdict {
    let session = identity.session_context.as_ref();
    let issuer = session.and_then(|session| session.session_issuer.as_ref());
    let provider = session
        .and_then(|session| session.web_id_federation_data.as_ref())
        .and_then(|federation| seen(&federation.federated_provider));
    if session.is_some_and(|session| seen(&session.ec2_role_delivery).is_some()) || label.is_some_and(is_instance) {
        return INSTANCE;
    }
    if identity.in_scope_of.is_some() {
        return IN_SCOPE;
    }
    if let Some(verdict) = provider.map(|provider| oidc(provider, "")).filter(|verdict| *verdict != UNKNOWN) {
        return verdict;
    }
    if issuer.and_then(|issuer| seen(&issuer.arn)).is_some_and(|arn| arn.contains(":role/aws-service-role/")) {
        return LINKED;
    }
    if identity.on_behalf_of.is_some() {
        return ON_BEHALF;
    }
    if role_name.is_some_and(is_sso_role) {
        return SSO_ROLE;
    }
    if console(record, identity) { CONSOLE } else { UNKNOWN }
}

/// The subject of an OIDC token.
pub(super) fn oidc(provider: &str, subject: &str) -> Verdict {
    let issuer = issuer_host(provider);
    if CI_ISSUERS.iter().any(|ci| issuer.starts_with(ci)) {
        CI
    } else if issuer.starts_with("oidc.eks.") || subject.starts_with("system:serviceaccount:") {
        CLUSTER
    } else {
        UNKNOWN
    }
}

/// Whether AWS says that the call came from its web console.
fn console(record: &Record<'_>, identity: &Identity<'_>) -> bool {
    record.session_credential_from_console == Some(true)
        || matches!(seen(&record.event_type), Some("AwsConsoleSignIn" | "AwsConsoleSignin" | "AwsConsoleAction"))
        || seen(&record.event_source) == Some("signin.amazonaws.com")
        || seen(&identity.invoked_by) == Some("signin.amazonaws.com")
}

/// EC2 names the sessions of an instance role after the instance.
pub(super) fn is_instance(label: &str) -> bool {
    label.strip_prefix("i-").is_some_and(|id| id.len() >= 8 && id.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Roles that IAM Identity Center made for people.
pub(super) fn is_sso_role(name: &str) -> bool {
    name.starts_with("AWSReservedSSO_")
}
