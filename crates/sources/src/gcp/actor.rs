//! Names of Google Cloud principals: accounts, service accounts, service agents, federated subjects,
//! cluster users, and the members of IAM bindings.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{ActorKind, Human, Party, Principal};

use super::PLATFORM;

/// A principal and whose it is.
pub(super) struct Identity {
    pub(super) uri: String,
    pub(super) kind: ActorKind,
    pub(super) is_human: Human,
    pub(super) rule: &'static str,
    pub(super) party: Option<Party>,
}

impl Identity {
    fn new(uri: String, kind: ActorKind, is_human: Human, rule: &'static str, party: Option<Party>) -> Identity {
        Identity { uri, kind, is_human, rule, party }
    }

    /// As the actor of an event, under its native name.
    pub(super) fn named<'a>(self, name: Option<Cow<'a, str>>) -> Principal<'a> {
        Principal { uri: self.uri, kind: self.kind, name, is_human: self.is_human, rule: self.rule }
    }
}

/// The identity behind `principalSubject`, which says its kind, and `principalEmail`, which does not.
pub(super) fn of_call(subject: Option<&str>, email: Option<&str>, cluster: Option<&str>) -> Option<Identity> {
    if let (Some(cluster), Some(name)) = (cluster, email)
        && name.starts_with("system:")
    {
        return Some(of_cluster_user(name, cluster));
    }
    match (subject, email) {
        (Some(subject), _) if subject.starts_with("serviceAccount:") || subject.starts_with("principal://") => {
            Some(of_member(subject))
        }
        (_, Some(email)) => Some(of_email(email)),
        (Some(subject), None) if subject.contains(':') => Some(of_member(subject)),
        (Some(subject), None) => Some(external(subject, "")),
        (None, None) => None,
    }
}

/// A member of an IAM binding, a `principalSubject`, a principal of a delegation.
pub(super) fn of_member(member: &str) -> Identity {
    if let Some(rest) = member.strip_prefix("deleted:") {
        return deleted(rest);
    }
    if let Some(path) = member.strip_prefix("principal://iam.googleapis.com/") {
        return federated(path);
    }
    match member.split_once(':') {
        Some(("user", email)) => of_email(email),
        Some(("serviceAccount", name)) => service_account(name),
        Some(("group", email)) => {
            named("group", domain(email), email, ActorKind::Shared, Human::Unknown, "shared-name")
        }
        Some(("domain", name)) => named("domain", name, name, ActorKind::Shared, Human::Unknown, "shared-name"),
        Some((kind @ ("projectOwner" | "projectEditor" | "projectViewer"), project)) => {
            named("basic-role", project, kind, ActorKind::Shared, Human::Unknown, "shared-name")
        }
        _ if member.contains('@') => of_email(member),
        _ => named("member", "google", member, ActorKind::Shared, Human::Unknown, "shared-name"),
    }
}

/// An account known by its e-mail address.
pub(super) fn of_email(email: &str) -> Identity {
    if let Some(path) = email.strip_prefix("principal://iam.googleapis.com/") {
        return federated(path);
    }
    if email.ends_with(".gserviceaccount.com") || is_agent(email) || email.contains(".svc.id.goog[") {
        return service_account(email);
    }
    if email == "system@google.com" {
        return platform_service("google");
    }
    if !email.contains('@') {
        return external(email, "");
    }
    let email = &normal(email);
    named("user", domain(email), email, ActorKind::Human, Human::Human, "R1:gcp-user-account")
}

/// A Google service that acts by itself.
pub(super) fn platform_service(service: &str) -> Identity {
    let uri = uri::principal(PLATFORM, "google", "service", service);
    Identity::new(uri, ActorKind::PlatformService, Human::Nonhuman, "R1:gcp-system-event", Some(Party::Provider))
}

/// Whoever called without a credential.
pub(super) fn anonymous(authority: &str) -> Identity {
    let uri = uri::principal(PLATFORM, authority, "anon", authority);
    Identity::new(uri, ActorKind::Shared, Human::Unknown, "anonymous", None)
}

/// Nobody: the record does not name the caller.
pub(super) fn unnamed(authority: &str) -> Identity {
    let uri = uri::principal_claimed(PLATFORM, authority, "user", "unknown");
    Identity::new(uri, ActorKind::Unknown, Human::Unknown, "default", None)
}

/// A subject of an outside identity provider, before it is mapped.
pub(super) fn external(subject: &str, provider: &str) -> Identity {
    let uri = uri::principal_claimed(PLATFORM, provider, "external", subject);
    Identity::new(uri, ActorKind::Unknown, Human::Unknown, "default", None)
}

/// URI of a service account by its unique id.
pub(super) fn service_account_by_id(project: &str, unique_id: &str) -> String {
    uri::principal(PLATFORM, project, "sa", unique_id)
}

/// The project of a service account, read off its address.
pub(super) fn project_of(email: &str) -> Cow<'_, str> {
    let Some((local, host)) = email.split_once('@') else { return Cow::Borrowed("unknown") };
    match host.strip_suffix(".iam.gserviceaccount.com") {
        Some(_) if is_agent(email) => Cow::Borrowed(number(local)),
        // Projects of a domain: `name@project.example.com.iam...` is `example.com:project`.
        Some(project) => match project.split_once('.') {
            Some((project, domain)) => Cow::Owned(format!("{domain}:{project}")),
            None => Cow::Borrowed(project),
        },
        None if host == "appspot.gserviceaccount.com" => Cow::Borrowed(local),
        None if host.ends_with("gserviceaccount.com") => Cow::Borrowed(number(local)),
        None => Cow::Borrowed("unknown"),
    }
}

/// The number in `service-<n>`, `service-org-<n>`, `<n>-compute`, `<n>`; `google` when there is none.
fn number(local: &str) -> &str {
    let rest = local.strip_prefix("service-").unwrap_or(local);
    let rest = rest.strip_prefix("org-").or_else(|| rest.strip_prefix("folder-")).unwrap_or(rest);
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    rest.get(..digits).filter(|digits| !digits.is_empty()).unwrap_or("google")
}

/// Whether an address belongs to an account that Google made for one of its services.
fn is_agent(email: &str) -> bool {
    let Some((local, host)) = email.split_once('@') else {
        // Cloud Storage agents are logged with a dash in place of the `@`.
        return email.starts_with("service-") && email.ends_with(".gserviceaccount.com");
    };
    let google = host.strip_suffix(".iam.gserviceaccount.com");
    (local.starts_with("service-") && google.is_some_and(|name| !name.contains('.')))
        || google.is_some_and(|name| name.starts_with("gcp-sa-"))
        || host == "cloudservices.gserviceaccount.com"
        || host == "system.gserviceaccount.com"
}

fn service_account(name: &str) -> Identity {
    if let Some((pool, workload)) = name.strip_suffix(']').and_then(|name| name.split_once('[')) {
        return cluster_workload(pool, workload);
    }
    if is_agent(name) {
        let uri = uri::principal_named(PLATFORM, &project_of(name), "sa", &normal(name));
        let party = Some(Party::Provider);
        return Identity::new(uri, ActorKind::PlatformService, Human::Nonhuman, "R1:gcp-service-agent", party);
    }
    let uri = uri::principal_named(PLATFORM, &project_of(name), "sa", &normal(name));
    Identity::new(uri, ActorKind::ServiceAccount, Human::Nonhuman, "R1:gcp-serviceaccount", None)
}

/// A Kubernetes service account under Workload Identity: `<project>.svc.id.goog[<namespace>/<name>]`,
/// written like its newer `principal://` form.
fn cluster_workload(pool: &str, workload: &str) -> Identity {
    let project = pool.strip_suffix(".svc.id.goog").unwrap_or(pool);
    let subject = match workload.split_once('/') {
        Some((namespace, name)) => format!("ns/{namespace}/sa/{name}"),
        None => workload.to_owned(),
    };
    let uri = uri::build(Class::Principal, PLATFORM, project, "wif").id(pool).id(&subject).finish();
    Identity::new(uri, ActorKind::Workload, Human::Nonhuman, "R1:gcp-workload-identity", None)
}

/// `projects/<n>/locations/global/workloadIdentityPools/<pool>/subject/<s>` and its workforce twin.
fn federated(path: &str) -> Identity {
    if let Some((before, after)) = path.split_once("/workloadIdentityPools/") {
        let project = before.strip_prefix("projects/").and_then(|rest| rest.split('/').next()).unwrap_or("unknown");
        let (pool, subject) = after.split_once("/subject/").unwrap_or((after, ""));
        let uri = uri::build(Class::Principal, PLATFORM, project, "wif").id(pool).id(subject).finish();
        return Identity::new(uri, ActorKind::Workload, Human::Nonhuman, "R1:gcp-workload-identity", None);
    }
    if let Some((_, after)) = path.split_once("workforcePools/") {
        let (pool, subject) = after.split_once("/subject/").unwrap_or((after, ""));
        let uri = uri::build(Class::Principal, PLATFORM, "iam.googleapis.com", "workforce").id(pool).id(subject);
        return Identity::new(uri.finish(), ActorKind::Human, Human::Human, "R1:gcp-workforce", None);
    }
    external(path, "")
}

/// `serviceAccount:<email>?uid=<id>`: only the id still says who it was.
fn deleted(rest: &str) -> Identity {
    let (member, id) = rest.split_once("?uid=").unwrap_or((rest, ""));
    let mut identity = of_member(member);
    if let (Some(email), false) = (member.strip_prefix("serviceAccount:"), id.is_empty()) {
        identity.uri = service_account_by_id(&project_of(email), id);
    }
    identity
}

/// A user of a GKE cluster, written as the Kubernetes module writes it.
pub(super) fn of_cluster_user(name: &str, cluster: &str) -> Identity {
    const K8S: &str = "k8s";
    if let Some((namespace, account)) = name.strip_prefix("system:serviceaccount:").and_then(|n| n.split_once(':')) {
        let uri = uri::build(Class::Principal, K8S, cluster, "serviceaccount").name(namespace).id(account).finish();
        return Identity::new(uri, ActorKind::ServiceAccount, Human::Nonhuman, "R1:k8s-serviceaccount", None);
    }
    if let Some(node) = name.strip_prefix("system:node:") {
        let uri = uri::principal_named(K8S, cluster, "node", node);
        return Identity::new(uri, ActorKind::Workload, Human::Nonhuman, "R1:k8s-node", None);
    }
    if name == "system:anonymous" {
        let uri = uri::principal(K8S, cluster, "anon", cluster);
        return Identity::new(uri, ActorKind::Shared, Human::Unknown, "anonymous", None);
    }
    let uri = uri::principal_named(K8S, cluster, "component", name);
    Identity::new(uri, ActorKind::PlatformService, Human::Nonhuman, "R1:k8s-system", None)
}

fn named(kind: &str, authority: &str, name: &str, actor: ActorKind, is_human: Human, rule: &'static str) -> Identity {
    Identity::new(uri::principal_named(PLATFORM, authority, kind, name), actor, is_human, rule, None)
}

/// An address with its domain in lower case: domains have no case, mailboxes may.
fn normal(email: &str) -> Cow<'_, str> {
    match email.split_once('@') {
        Some((local, host)) if host.bytes().any(|b| b.is_ascii_uppercase()) => {
            Cow::Owned(format!("{local}@{}", host.to_ascii_lowercase()))
        }
        _ => Cow::Borrowed(email),
    }
}

fn domain(email: &str) -> &str {
    email.rsplit_once('@').map_or("unknown", |(_, host)| host)
}
