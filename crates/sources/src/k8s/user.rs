//! Who asked: what Kubernetes' user names, uids, groups and extras mean (`identity.md` 3.1, 3.4).

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{ActorKind, Alias, AliasRel, Human, Party, Principal, Workload};

use super::PLATFORM;
use super::record::{Extra, User};

/// What a user entry of the record says.
pub(super) struct Identity<'a> {
    pub(super) principal: Principal<'a>,
    pub(super) party: Option<Party>,
    /// The AWS role session behind the user, named as CloudTrail's events name it.
    pub(super) session: Option<String>,
    /// Member of `system:masters`, which no authorizer can refuse.
    pub(super) privileged: Option<bool>,
    pub(super) workload: Workload<'a>,
    pub(super) aliases: Vec<Alias>,
}

/// Names that many people and machines can hold at once (`identity.md` 3.4).
const SHARED: [&str; 7] =
    ["kubernetes-admin", "kubernetes-super-admin", "system:admin", "admin", "root", "administrator", "cluster-admin"];

/// Prefixes of the uid that the AWS authenticator gives: `<prefix>:<account>:<unique id>`.
const AWS_UID_PREFIXES: [&str; 2] = ["aws-iam-authenticator:", "heptio-authenticator-aws:"];

/// Reads the identity off the user of a record. `unauthenticated` says that the server refused to
/// accept any identity (401), so that a missing name means nobody rather than a trimmed record.
pub(super) fn identity<'a>(user: &mut User<'a>, authority: &str, unauthenticated: bool) -> Identity<'a> {
    let username = user.username.take().filter(|name| !name.is_empty());
    let uid = user.uid.take().filter(|uid| !uid.is_empty());
    let masters = user.in_group("system:masters");
    let session = aws_session(uid.as_deref(), user.extra.as_ref());
    let mut identity = match username {
        None => nobody(authority, unauthenticated),
        Some(name) if name == "system:anonymous" => anonymous(name, authority),
        Some(name) => match service_account(&name) {
            Some((namespace, account)) => {
                let (namespace, account) = (namespace.to_owned(), account.to_owned());
                account_identity(name, uid, authority, &namespace, &account, user.extra.as_mut())
            }
            None => named(name, uid, authority, user.extra.as_ref()),
        },
    };
    identity.session = session;
    if masters {
        identity.privileged = Some(true);
    }
    identity
}

/// `system:serviceaccount:<namespace>:<name>`, taken apart.
pub(super) fn service_account(username: &str) -> Option<(&str, &str)> {
    username.strip_prefix("system:serviceaccount:")?.split_once(':')
}

/// URI of a service account known by its name only.
pub(super) fn service_account_uri(authority: &str, namespace: &str, name: &str) -> String {
    uri::build(Class::Principal, PLATFORM, authority, "serviceaccount").name(namespace).id(name).finish()
}

/// URI of any user name, as bindings and certificate requests name them.
pub(super) fn username_uri(authority: &str, username: &str) -> String {
    if let Some((namespace, name)) = service_account(username) {
        return service_account_uri(authority, namespace, name);
    }
    if username == "system:anonymous" {
        return uri::principal(PLATFORM, authority, "anon", authority);
    }
    match username.strip_prefix("system:node:") {
        Some(node) => uri::principal_named(PLATFORM, authority, "node", node),
        None if username.starts_with("system:") && !is_shared(username) => {
            uri::principal_named(PLATFORM, authority, "component", username)
        }
        None => uri::principal_named(PLATFORM, authority, "user", username),
    }
}

fn account_identity<'a>(
    username: Cow<'a, str>,
    uid: Option<Cow<'a, str>>,
    authority: &str,
    namespace: &str,
    account: &str,
    extra: Option<&mut Extra<'a>>,
) -> Identity<'a> {
    let named = service_account_uri(authority, namespace, account);
    let mut aliases = Vec::new();
    let uri = match &uid {
        Some(uid) => {
            let by_uid = uri::principal(PLATFORM, authority, "serviceaccount", uid);
            aliases.push(alias(&by_uid, &named, AliasRel::SameAs, "k8s:username+uid"));
            by_uid
        }
        None => named,
    };
    let mut workload = Workload { namespace: Some(Cow::Owned(namespace.to_owned())), ..Workload::default() };
    if let Some(extra) = extra {
        workload.name = first(&mut extra.pod_name);
        workload.uid = first(&mut extra.pod_uid);
        workload.node = first(&mut extra.node_name);
        if let Some(pod) = &workload.uid {
            let pod = uri::principal(PLATFORM, authority, "pod", pod);
            aliases.push(alias(&pod, &uri, AliasRel::RunsAs, "k8s:token-bound-pod"));
        }
    }
    let principal = principal(uri, ActorKind::ServiceAccount, username, Human::Nonhuman, "R1:k8s-serviceaccount");
    Identity { principal, party: Some(Party::Own), session: None, privileged: None, workload, aliases }
}

fn named<'a>(
    username: Cow<'a, str>,
    uid: Option<Cow<'a, str>>,
    authority: &str,
    extra: Option<&Extra<'a>>,
) -> Identity<'a> {
    if let Some(node) = username.strip_prefix("system:node:") {
        let uri = uri::principal_named(PLATFORM, authority, "node", node);
        let workload = Workload { node: Some(Cow::Owned(node.to_owned())), ..Workload::default() };
        let principal = principal(uri, ActorKind::Workload, username, Human::Nonhuman, "R1:k8s-node");
        return Identity {
            principal,
            party: Some(Party::Own),
            session: None,
            privileged: None,
            workload,
            aliases: Vec::new(),
        };
    }
    if let Some(token_id) = username.strip_prefix("system:bootstrap:") {
        let uri = uri::principal(PLATFORM, authority, "bootstrap-token", token_id);
        return plain(principal(uri, ActorKind::Workload, username, Human::Nonhuman, "R1:k8s-system"), None, None);
    }
    if is_shared(&username) {
        return shared(username, uid, authority, extra);
    }
    if username.starts_with("system:") {
        let uri = uri::principal_named(PLATFORM, authority, "component", &username);
        return plain(
            principal(uri, ActorKind::PlatformService, username, Human::Nonhuman, "R1:k8s-system"),
            None,
            None,
        );
    }
    if username.starts_with("eks:") || matches!(username.as_ref(), "aksService" | "hcpService") {
        let mut aliases = Vec::new();
        let uri = user_uri(&username, uid.as_deref(), authority, AliasRel::RunsAs, &mut aliases);
        aliases.extend(aws_alias(uid.as_deref(), &uri, extra));
        let principal = principal(uri, ActorKind::PlatformService, username, Human::Nonhuman, "R1:k8s-provider");
        return Identity { aliases, ..plain(principal, Some(Party::Provider), None) };
    }
    person_or_machine(username, uid, authority, extra)
}

/// A user of an outside identity source: a certificate's common name, OIDC, IAM.
fn person_or_machine<'a>(
    username: Cow<'a, str>,
    uid: Option<Cow<'a, str>>,
    authority: &str,
    extra: Option<&Extra<'a>>,
) -> Identity<'a> {
    let mut aliases = Vec::new();
    // Several IAM roles may be mapped to one user name: a typed relation, never a merge.
    let rel = if aws_unique_id(uid.as_deref()).is_some() { AliasRel::RunsAs } else { AliasRel::SameAs };
    let uri = user_uri(&username, uid.as_deref(), authority, rel, &mut aliases);
    aliases.extend(aws_alias(uid.as_deref(), &uri, extra));
    let (kind, is_human, rule) = if username.ends_with(".gserviceaccount.com") {
        (ActorKind::ServiceAccount, Human::Nonhuman, "R1:gcp-serviceaccount")
    } else {
        aws_human(extra).unwrap_or((ActorKind::Unknown, Human::Unknown, "default"))
    };
    Identity { aliases, ..plain(principal(uri, kind, username, is_human, rule), None, None) }
}

fn shared<'a>(
    username: Cow<'a, str>,
    uid: Option<Cow<'a, str>>,
    authority: &str,
    extra: Option<&Extra<'a>>,
) -> Identity<'a> {
    let mut aliases = Vec::new();
    let certificate = extra.and_then(|extra| extra.credential_id.first()?.strip_prefix("X509SHA256="));
    // A name that many hold says nobody; the certificate, or the IAM identity behind it, does.
    let uri = match certificate {
        Some(hex) => {
            let by_certificate = uri::principal(PLATFORM, authority, "x509-sha256", hex);
            let by_name = uri::principal_named(PLATFORM, authority, "user", &username);
            aliases.push(alias(&by_certificate, &by_name, AliasRel::RunsAs, "k8s:shared-name"));
            by_certificate
        }
        None => user_uri(&username, uid.as_deref(), authority, AliasRel::RunsAs, &mut aliases),
    };
    aliases.extend(aws_alias(uid.as_deref(), &uri, extra));
    let (is_human, rule) = match aws_human(extra) {
        Some((_, is_human, rule)) => (is_human, rule),
        None => (Human::Unknown, "shared-name"),
    };
    let principal = principal(uri, ActorKind::Shared, username, is_human, rule);
    Identity { aliases, ..plain(principal, None, Some(true)) }
}

fn anonymous<'a>(username: Cow<'a, str>, authority: &str) -> Identity<'a> {
    let uri = uri::principal(PLATFORM, authority, "anon", authority);
    plain(principal(uri, ActorKind::Shared, username, Human::Unknown, "anonymous"), None, None)
}

fn nobody<'a>(authority: &str, unauthenticated: bool) -> Identity<'a> {
    let (uri, kind, rule) = if unauthenticated {
        (uri::principal(PLATFORM, authority, "anon", authority), ActorKind::Shared, "anonymous")
    } else {
        (uri::principal_claimed(PLATFORM, authority, "user", "unknown"), ActorKind::Unknown, "default")
    };
    plain(Principal { uri, kind, name: None, is_human: Human::Unknown, rule }, None, None)
}

fn is_shared(username: &str) -> bool {
    SHARED.iter().any(|shared| shared.eq_ignore_ascii_case(username))
}

/// By uid when there is one, with the relation of the name to it.
fn user_uri(username: &str, uid: Option<&str>, authority: &str, rel: AliasRel, aliases: &mut Vec<Alias>) -> String {
    let by_name = uri::principal_named(PLATFORM, authority, "user", username);
    match uid {
        Some(uid) => {
            let by_uid = uri::principal(PLATFORM, authority, "user", uid);
            aliases.push(alias(&by_uid, &by_name, rel, "k8s:username+uid"));
            by_uid
        }
        None => by_name,
    }
}

/// The AWS account and unique id inside a uid of the AWS authenticator.
fn aws_unique_id(uid: Option<&str>) -> Option<(&str, &str)> {
    let uid = uid?;
    AWS_UID_PREFIXES.iter().find_map(|prefix| uid.strip_prefix(prefix))?.split_once(':')
}

fn aws_session(uid: Option<&str>, extra: Option<&Extra<'_>>) -> Option<String> {
    let (account, role) = aws_unique_id(uid)?;
    let key = extra?.access_key_id.first().filter(|key| key.starts_with("ASIA"))?;
    let session = uri::build(Class::Session, "aws", account, "assumed-role").id(role).id(key);
    role.starts_with("AROA").then(|| session.finish())
}

/// The AWS principal that this user is, across platforms.
fn aws_alias(uid: Option<&str>, user: &str, extra: Option<&Extra<'_>>) -> Option<Alias> {
    let aws = if let Some((account, id)) = aws_unique_id(uid) {
        match id.get(..4)? {
            "AROA" => uri::principal("aws", account, "role", id.split(':').next().unwrap_or(id)),
            "AIDA" => uri::principal("aws", account, "user", id),
            _ => return None,
        }
    } else {
        let (account, resource) = arn_account(extra?.arn.first()?)?;
        let (kind, name) = resource.split_once('/')?;
        match kind {
            "assumed-role" => uri::principal_named("aws", account, "role", name.split('/').next()?),
            "role" | "user" => uri::principal_named("aws", account, kind, name.rsplit('/').next()?),
            _ => return None,
        }
    };
    Some(alias(&aws, user, AliasRel::FederatesTo, "k8s:eks-extra"))
}

/// Account and resource part of an ARN.
pub(super) fn arn_account(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.splitn(6, ':');
    let (head, account) = (parts.next()?, parts.nth(3)?);
    (head == "arn" && !account.is_empty()).then_some((account, parts.next()?))
}

/// Rule R2 on the role session that the AWS authenticator saw.
fn aws_human(extra: Option<&Extra<'_>>) -> Option<(ActorKind, Human, &'static str)> {
    let extra = extra?;
    let arn = extra.arn.first()?;
    let (_, resource) = arn_account(arn)?;
    let role = resource.strip_prefix("assumed-role/")?;
    if role.starts_with("AWSReservedSSO_") {
        return Some((ActorKind::Human, Human::Human, "R2:aws-sso-role"));
    }
    let session = extra.session_name.first().map(AsRef::as_ref).or_else(|| role.split_once('/').map(|(_, s)| s))?;
    let instance = session.strip_prefix("i-")?;
    (instance.len() >= 8 && instance.bytes().all(|b| b.is_ascii_hexdigit())).then_some((
        ActorKind::Workload,
        Human::Nonhuman,
        "R2:aws-ec2-session",
    ))
}

fn principal<'a>(
    uri: String,
    kind: ActorKind,
    name: Cow<'a, str>,
    is_human: Human,
    rule: &'static str,
) -> Principal<'a> {
    Principal { uri, kind, name: Some(name), is_human, rule }
}

fn plain(principal: Principal<'_>, party: Option<Party>, privileged: Option<bool>) -> Identity<'_> {
    Identity { principal, party, session: None, privileged, workload: Workload::default(), aliases: Vec::new() }
}

pub(super) fn alias(a: &str, b: &str, rel: AliasRel, rule: &'static str) -> Alias {
    Alias { a: a.to_owned(), b: b.to_owned(), rel, rule }
}

fn first<'a>(values: &mut [Cow<'a, str>]) -> Option<Cow<'a, str>> {
    values.first_mut().map(std::mem::take).filter(|value| !value.is_empty())
}
