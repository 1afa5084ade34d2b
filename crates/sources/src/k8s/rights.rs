//! Who may: decisions of the server, and the bindings and requests that change them
//! (`identity.md` 5, Kubernetes).

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{Alias, AliasRel, Decision, Effect, GrantFact, GrantPhase, Text};
use serde_json::value::RawValue;

use super::PLATFORM;
use super::record::{Annotations, Named, Object, ObjectRef};
use super::user::{alias, service_account_uri, username_uri};

/// The server that decides; admission and authorization both run inside it.
const PDP: &str = "kube-apiserver";

/// What the server decided, from its annotations and, when a later check refused, its message.
pub(super) fn decision<'a>(
    annotations: &mut Annotations<'a>,
    code: Option<u16>,
    message: Option<&str>,
) -> Decision<'a> {
    let mut decision = Decision { reason: annotations.reason.take().filter(|r| !r.is_empty()), ..Decision::default() };
    decision.effect = match annotations.decision.as_deref() {
        Some("allow") => Some(Effect::Allow),
        Some("forbid") => Some(Effect::Deny),
        _ => None,
    };
    if let Some(binding) = decision.reason.as_deref().and_then(binding_of) {
        let rule = binding.role.map(|(kind, name)| Cow::Owned(format!("{kind}/{name}")));
        let policy = Cow::Owned(binding.policy());
        decision.pdp = Some(Cow::Borrowed("RBAC"));
        decision.rule = rule;
        decision.policies.push(policy);
    }
    let level = annotations.pod_security_policy.take().map(|level| pod_security(&level));
    if code == Some(403) {
        if decision.effect == Some(Effect::Allow) {
            // Authorization let it pass, admission did not: what allowed it decided nothing.
            decision = Decision { pdp: Some(Cow::Borrowed("admission")), ..Decision::default() };
        }
        decision.effect = Some(Effect::Deny);
        decision.reason = decision.reason.or_else(|| message.map(|message| Cow::Owned(message.to_owned())));
        if let Some((pdp, policy)) = message.and_then(admission) {
            decision.pdp = Some(Cow::Owned(pdp));
            decision.policies.extend(policy.map(Cow::Owned));
        }
    }
    decision.policies.extend(level.filter(|level| !decision.policies.contains(level)));
    if decision.effect.is_some() && decision.pdp.is_none() {
        decision.pdp = Some(Cow::Borrowed(PDP));
    }
    decision
}

fn pod_security<'a>(level: &str) -> Text<'a> {
    Cow::Owned(format!("PodSecurity/{level}"))
}

/// The admission plugin that a refusal names, and its policy.
fn admission(message: &str) -> Option<(String, Option<String>)> {
    if let Some((_, rest)) = message.split_once("admission webhook \"") {
        let (webhook, _) = rest.split_once('"')?;
        return Some((format!("admission webhook {webhook}"), None));
    }
    if let Some((_, rest)) = message.split_once("ValidatingAdmissionPolicy '") {
        let (policy, _) = rest.split_once('\'')?;
        return Some(("ValidatingAdmissionPolicy".to_owned(), Some(format!("ValidatingAdmissionPolicy/{policy}"))));
    }
    if let Some((_, rest)) = message.split_once("violates PodSecurity \"") {
        let (level, _) = rest.split_once('"')?;
        return Some(("PodSecurity".to_owned(), Some(format!("PodSecurity/{level}"))));
    }
    None
}

/// The binding that a reason of the RBAC authorizer names:
/// `RBAC: allowed by RoleBinding "name/namespace" of Role "role" to User "user"`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BindingName<'a> {
    namespace: Option<&'a str>,
    name: &'a str,
    role: Option<(&'a str, &'a str)>,
}

impl BindingName<'_> {
    fn policy(&self) -> String {
        match self.namespace {
            Some(namespace) => format!("RoleBinding/{namespace}/{}", self.name),
            None => format!("ClusterRoleBinding/{}", self.name),
        }
    }

    /// URI of the grant that the binding is.
    pub(super) fn uri(&self, authority: &str) -> String {
        binding_uri(authority, self.namespace, self.name)
    }

    /// Whether it gives all rights on everything.
    pub(super) fn is_cluster_admin(&self) -> bool {
        self.role == Some(("ClusterRole", "cluster-admin"))
    }
}

/// Reads the binding out of a reason; `None` when it names none.
pub(super) fn binding_of(reason: &str) -> Option<BindingName<'_>> {
    let rest = reason.strip_prefix("RBAC: allowed by ")?;
    let (kind, rest) = rest.split_once(' ')?;
    let (name, rest) = quoted(rest)?;
    let role = rest.strip_prefix(" of ").and_then(|rest| {
        let (kind, rest) = rest.split_once(' ')?;
        Some((kind, quoted(rest)?.0))
    });
    match kind {
        "ClusterRoleBinding" => Some(BindingName { namespace: None, name, role }),
        "RoleBinding" => {
            // Neither name may hold a slash: the last one parts them.
            let (name, namespace) = name.rsplit_once('/')?;
            Some(BindingName { namespace: Some(namespace), name, role })
        }
        _ => None,
    }
}

/// A text in quotes, or a bare word, and what follows it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    match text.strip_prefix('"') {
        Some(text) => text.split_once('"'),
        None => Some(text.split_at(text.find(' ').unwrap_or(text.len()))),
    }
    .filter(|(name, _)| !name.is_empty())
}

fn binding_uri(authority: &str, namespace: Option<&str>, name: &str) -> String {
    match namespace {
        Some(namespace) => {
            uri::build(Class::Grant, PLATFORM, authority, "rolebinding").name(namespace).id(name).finish()
        }
        None => uri::build(Class::Grant, PLATFORM, authority, "clusterrolebinding").name(name).finish(),
    }
}

/// A change of a binding, as far as its record goes.
pub(super) struct BindingChange<'a> {
    pub(super) facts: Vec<GrantFact<'a>>,
    pub(super) alias: Option<Alias>,
    pub(super) cluster_admin: bool,
}

/// The rights that making, changing or removing a binding gives or takes: one fact per subject.
/// `done` is false for an attempt, which changes nothing.
pub(super) fn binding_change<'a>(
    verb: &str,
    reference: &ObjectRef<'a>,
    objects: [Option<Object<'a>>; 2],
    authority: &str,
    requester: &str,
    done: bool,
) -> Option<BindingChange<'a>> {
    let [request, response] = objects;
    let removed = verb.starts_with("delete");
    // The response holds the binding as stored; for a deletion it may be a mere `Status`.
    let stored = response.filter(|object| removed || object.role_ref.is_some());
    let details_uid = stored.as_ref().and_then(|object| object.details.as_ref()?.uid.clone());
    let object = stored.or(request).unwrap_or_default();
    let meta = object.metadata.unwrap_or_default();
    let name = reference.name.clone().filter(|name| !name.is_empty()).or(meta.name)?;
    let clustered = reference.resource.as_deref() == Some("clusterrolebindings");
    let namespace = reference.namespace.as_deref().filter(|ns| !clustered && !ns.is_empty());
    let by_name = binding_uri(authority, namespace, &name);
    let alias = reference.uid.clone().or(meta.uid).or(details_uid).filter(|uid| !uid.is_empty()).map(|uid| {
        let kind = if clustered { "clusterrolebinding" } else { "rolebinding" };
        alias(&uri::grant(PLATFORM, authority, kind, &uid), &by_name, AliasRel::SameAs, "k8s:binding-name+uid")
    });
    let target = object.role_ref.as_ref().map(role_name);
    let phase = match (done, removed) {
        (false, _) => GrantPhase::Request,
        (true, true) => GrantPhase::Revoke,
        (true, false) => GrantPhase::Activate,
    };
    let fact = GrantFact {
        requester: Some(requester.to_owned()),
        target: target.clone(),
        // Whatever the role says, in its own namespace alone.
        resource: namespace.map(|namespace| Cow::Owned(format!("{namespace}/*"))),
        not_after: meta.annotations.and_then(expiry),
        ticket: meta.annotations.and_then(ticket),
        ..GrantFact::new(by_name, phase)
    };
    let mut facts: Vec<GrantFact<'a>> = object
        .subjects
        .iter()
        .map(|subject| GrantFact { beneficiary: beneficiary(subject, namespace, authority), ..fact.clone() })
        .collect();
    if facts.is_empty() {
        facts.push(fact);
    }
    Some(BindingChange { facts, alias, cluster_admin: target.as_deref() == Some("ClusterRole/cluster-admin") })
}

fn role_name<'a>(role: &Named<'a>) -> Text<'a> {
    let kind = role.kind.as_deref().unwrap_or("Role");
    Cow::Owned(format!("{kind}/{}", role.name.as_deref().unwrap_or_default()))
}

pub(super) fn beneficiary(subject: &Named<'_>, namespace: Option<&str>, authority: &str) -> Option<String> {
    let name = subject.name.as_deref()?;
    Some(match subject.kind.as_deref()? {
        "ServiceAccount" => service_account_uri(authority, subject.namespace.as_deref().or(namespace)?, name),
        "Group" => uri::principal_named(PLATFORM, authority, "group", name),
        _ => username_uri(authority, name),
    })
}

/// An end of validity among annotations: Kubernetes has none of its own, controllers for temporary
/// access write one under a key that says so (`.../expires-at`, `.../expiry`).
pub(super) fn expiry(annotations: &RawValue) -> Option<i64> {
    let annotations: std::collections::BTreeMap<String, serde_json::Value> =
        serde_json::from_str(annotations.get()).ok()?;
    annotations.iter().filter(|(key, _)| key.to_ascii_lowercase().contains("expir")).find_map(|(_, value)| {
        let value = value.as_str()?;
        Some(crate::time::parse(value)?.nanos)
    })
}

/// The ticket that such a controller notes beside the end.
fn ticket<'a>(annotations: &RawValue) -> Option<Text<'a>> {
    let annotations: std::collections::BTreeMap<String, serde_json::Value> =
        serde_json::from_str(annotations.get()).ok()?;
    let named = |key: &&String| key.to_ascii_lowercase().ends_with("ticket");
    let key = annotations.keys().find(named)?;
    annotations.get(key)?.as_str().filter(|ticket| !ticket.is_empty()).map(|ticket| Cow::Owned(ticket.to_owned()))
}

/// The grant that a certificate signing request is: asked for, approved, denied.
pub(super) fn signing<'a>(
    verb: &str,
    reference: &ObjectRef<'a>,
    objects: [Option<&Object<'a>>; 2],
    authority: &str,
    actor: &str,
    done: bool,
) -> Option<GrantFact<'a>> {
    let [request, response] = objects;
    let find = |pick: fn(&Object<'a>) -> Option<Text<'a>>| response.and_then(pick).or_else(|| request.and_then(pick));
    let name = reference
        .name
        .clone()
        .filter(|name| !name.is_empty())
        .or_else(|| find(|object| object.metadata.as_ref()?.name.clone()))?;
    // Requests are deleted and their names reused; the uid is theirs alone.
    let uid = reference.uid.clone().or_else(|| find(|object| object.metadata.as_ref()?.uid.clone()));
    let builder = uri::build(Class::Grant, PLATFORM, authority, "certificatesigningrequest");
    let uri = match &uid {
        Some(uid) => builder.id(uid).finish(),
        None => builder.name(&name).finish(),
    };
    let username = find(|object| object.spec.as_ref()?.username.clone());
    let condition = request.or(response).and_then(|object| object.status.as_ref()?.conditions.last());
    let deciding = reference.subresource.as_deref() == Some("approval");
    let phase = match (reference.subresource.as_deref(), condition.and_then(|c| c.kind.as_deref())) {
        _ if !done => GrantPhase::Request,
        (Some("approval"), Some("Denied")) => GrantPhase::Deny,
        (Some("approval"), _) => GrantPhase::Approve,
        (Some("status"), _) => GrantPhase::Activate,
        _ if verb.starts_with("delete") => GrantPhase::Revoke,
        _ => GrantPhase::Request,
    };
    let requester = match &username {
        Some(username) => Some(username_uri(authority, username)),
        None if reference.subresource.is_none() => Some(actor.to_owned()),
        None => None,
    };
    Some(GrantFact {
        beneficiary: requester.clone(),
        requester,
        approver: deciding.then(|| actor.to_owned()),
        target: find(|object| object.spec.as_ref()?.signer_name.clone()),
        reason: condition.and_then(|condition| condition.message.clone()),
        ..GrantFact::new(uri, phase)
    })
}
