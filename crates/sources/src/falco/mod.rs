//! Alerts of Falco: what a rule saw on a host or in the audit log of a cluster.

mod origins;

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{Access, ActorKind, Effect, Event, Human, Platform, Principal, ResourceRole, Status};

use crate::json::{Document, View};
use crate::{Context, Module, Probe, Reject, RejectKind, fill};

/// The platform part of URIs.
const NAME: &str = "falco";

pub(crate) static MODULE: Module =
    Module { platform: Platform::Falco, version: 1, recognise, normalise, origins: origins::ORIGINS };

fn recognise(probe: &Probe<'_>) -> bool {
    probe.contains("\"priority\"")
        && ["rule", "priority", "output"].iter().all(|key| probe.has(key))
        && (probe.has("output_fields") || probe.has("time"))
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let record = Document::read(text)?;
    let Some(rule) = record.get("/rule") else {
        return Err(Reject::new(RejectKind::Shape, "rule is missing; every alert names its rule"));
    };
    let host = record.get("/hostname");
    let fields = Fields(record.root().at("/output_fields"));
    let at = context.authority.or(host.as_deref()).unwrap_or("unknown").to_owned();
    let mut event = Event::new(Platform::Falco, Cow::Owned(at.clone()), actor(&fields, context, &at));
    let is_lost = rule.starts_with("Falco internal");
    (event.class_uid, event.activity_id) = if is_lost { (1008, 99) } else { (2004, 1) };
    event.access = access(&fields);
    event.severity_id = severity(record.get("/priority").as_deref());
    event.status_code = record.get("/priority");
    event.status = match fields.any(&["evt.res", "ka.response.code"]).as_deref() {
        Some("SUCCESS") => Status::Success,
        Some(code) if code.parse::<u16>().is_ok_and(|code| code < 400) => Status::Success,
        Some(_) => Status::Failure,
        None => Status::Unknown,
    };
    event.source_event_id = record.get("/uuid");
    event.api.service = record.get("/source");
    event.api.operation = fields.any(&["ka.verb", "evt.type"]).or_else(|| Some(rule.clone()));
    event.correlation_ids.extend(fields.any(&["ka.auditid", "container.id"]));
    fill::when(&mut event, record.any(&["/time", "/output_fields/evt.time.iso8601", "/output_fields/evt.time"]));
    event.decision.effect = Some(Effect::Observed);
    event.decision.pdp = Some(Cow::Borrowed(NAME));
    event.decision.policies.extend(record.items("/tags").filter_map(View::text));
    event.decision.rule = Some(rule);
    placed(&mut event, &fields, host);
    event.role = fields.get("user.name").filter(|_| event.workload.name.is_some());
    event.privileged = (fields.get("user.uid").as_deref() == Some("0")).then_some(true);
    what(&mut event, &fields);
    let holes = [(event.source_event_id.is_none(), "source_event_id"), (event.actor.name.is_none(), "actor_principal")];
    fill::missing(&mut event, &holes);
    Ok(event)
}

/// The fields that a rule puts into its alerts, by their names.
struct Fields<'d, 'a>(Option<View<'d, 'a>>);

impl<'a> Fields<'_, 'a> {
    fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        let value = self.0?.inside().find(|field| field.key() == name)?.text()?;
        // Falco says `<NA>` for what it does not know.
        (!matches!(value.as_ref(), "<NA>" | "host" | "-1")).then_some(value)
    }

    fn any(&self, names: &[&str]) -> Option<Cow<'a, str>> {
        names.iter().find_map(|name| self.get(name))
    }
}

/// The user of the cluster's API, the pod, the container, or the user of the host.
fn actor<'a>(fields: &Fields<'_, 'a>, context: &Context<'_>, at: &str) -> Principal<'a> {
    let cluster = context.authority.unwrap_or("unknown");
    if let Some(user) = fields.get("ka.user.name") {
        return of_cluster(user, cluster);
    }
    let of = |uri, name, kind, is_human, rule| Principal { uri, kind, name: Some(name), is_human, rule };
    let workload = (ActorKind::Workload, Human::Nonhuman, "R1:falco-workload");
    if let Some(pod) = fields.get("k8s.pod.name") {
        let namespace = fields.get("k8s.ns.name").unwrap_or(Cow::Borrowed("unknown"));
        let uri = match fields.get("k8s.pod.uid") {
            Some(uid) => uri::principal("k8s", cluster, "pod", &uid),
            None => uri::build(Class::Principal, "k8s", cluster, "pod").name(&namespace).id(&pod).finish(),
        };
        return of(uri, pod, workload.0, workload.1, workload.2);
    }
    if let Some(container) = fields.get("container.id") {
        let name = fields.get("container.name").unwrap_or_else(|| container.clone());
        return of(uri::principal(NAME, at, "container", &container), name, workload.0, workload.1, workload.2);
    }
    // Who logged in, else as whom the process runs.
    if let Some(name) = fields.any(&["user.loginname", "user.name"]) {
        let shared = name == "root";
        return Principal {
            uri: uri::principal_named("linux", at, "user", &name),
            ..fill::named(NAME, at, name, shared)
        };
    }
    match fields.any(&["user.loginuid", "user.uid"]) {
        Some(uid) => {
            let uri = uri::principal_named("linux", at, "unix-uid", &uid);
            of(uri, uid, ActorKind::Unknown, Human::Unknown, "default")
        }
        None => fill::itself(NAME, at, "sensor", "R1:falco-itself"),
    }
}

/// A user as the audit log of the cluster calls it.
fn of_cluster<'a>(user: Cow<'a, str>, cluster: &str) -> Principal<'a> {
    let account = user.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'));
    let (uri, kind, is_human, rule) = match account {
        Some((namespace, name)) => (
            uri::build(Class::Principal, "k8s", cluster, "serviceaccount").name(namespace).id(name).finish(),
            ActorKind::ServiceAccount,
            Human::Nonhuman,
            "R1:k8s-serviceaccount",
        ),
        None => (uri::principal_named("k8s", cluster, "user", &user), ActorKind::Unknown, Human::Unknown, "default"),
    };
    Principal { uri, kind, name: Some(user), is_human, rule }
}

fn placed<'a>(event: &mut Event<'a>, fields: &Fields<'_, 'a>, host: Option<Cow<'a, str>>) {
    event.workload.node = host;
    event.workload.name = fields.any(&["k8s.pod.name", "container.name", "container.id"]);
    event.workload.uid = fields.any(&["k8s.pod.uid", "container.id"]);
    event.workload.namespace = fields.any(&["k8s.ns.name", "ka.target.namespace"]);
    // The command line may hold a secret.
    event.process = fields.any(&["proc.exepath", "proc.name"]);
    event.client_app = fields.any(&["ka.useragent", "proc.pname"]);
    let ip = |name| fields.get(name).filter(|ip| ip.parse::<std::net::IpAddr>().is_ok());
    event.src.ip = ip("fd.cip").or_else(|| fields.get("ka.sourceips"));
    event.src.port = fields.get("fd.cport").and_then(|port| port.parse().ok());
    event.dst.ip = ip("fd.sip");
    event.dst.port = fields.get("fd.sport").and_then(|port| port.parse().ok());
}

fn what<'a>(event: &mut Event<'a>, fields: &Fields<'_, 'a>) {
    if let Some(name) = fields.get("ka.target.name") {
        fill::resource(event, "k8s-object", name, ResourceRole::Target);
    }
    let is_file = fields.get("fd.name").is_some_and(|name| name.starts_with('/'));
    fill::target(event, if is_file { "file" } else { "connection" }, fields.get("fd.name"));
    fill::target(event, "image", fields.any(&["container.image.repository", "container.image"]));
    if event.resources.is_empty() {
        let name = event.workload.name.clone().or_else(|| event.workload.node.clone());
        fill::target(event, "host", name);
    }
}

fn access(fields: &Fields<'_, '_>) -> Access {
    let verb = fields.any(&["ka.verb", "evt.type", "syscall.type"]);
    match verb.as_deref().unwrap_or_default() {
        "open" | "openat" | "openat2" | "open_by_handle_at" => match fields.get("evt.is_open_write").as_deref() {
            Some("true") => Access::Modify,
            _ => Access::Read,
        },
        "read" | "get" | "list" | "watch" | "stat" => Access::Read,
        "execve" | "execveat" | "ptrace" | "init_module" | "finit_module" => Access::Execute,
        "create" | "creat" | "mkdir" | "mkdirat" | "symlink" | "link" => Access::Create,
        "unlink" | "unlinkat" | "rmdir" | "delete" | "deletecollection" => Access::Delete,
        "rename" | "renameat" | "renameat2" | "chmod" | "fchmod" | "fchmodat" | "chown" | "write" | "update"
        | "patch" => Access::Modify,
        "setuid" | "setgid" => Access::Authenticate,
        _ => Access::Other,
    }
}

fn severity(priority: Option<&str>) -> u8 {
    match priority.unwrap_or_default().to_ascii_lowercase().as_str() {
        "emergency" => 6,
        "alert" | "critical" => 5,
        "error" => 4,
        "warning" => 3,
        "notice" => 2,
        _ => 1,
    }
}
