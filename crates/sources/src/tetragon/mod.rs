//! Events of Tetragon: processes that began and ended, and what its policies saw them do, or stopped.

mod origins;

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{Access, ActorKind, Decision, Effect, Event, Human, Platform, Principal, Related, ResourceRole, Status};

use crate::json::{Document, View};
use crate::{Context, Module, Probe, Reject, RejectKind, fill};

/// The platform part of URIs.
const NAME: &str = "tetragon";

/// Types of events, each the key of what it says.
const TYPES: [&str; 8] = [
    "process_exec",
    "process_exit",
    "process_kprobe",
    "process_tracepoint",
    "process_lsm",
    "process_uprobe",
    "process_loader",
    "rate_limit_info",
];

pub(crate) static MODULE: Module =
    Module { platform: Platform::Tetragon, version: 1, recognise, normalise, origins: origins::ORIGINS };

fn recognise(probe: &Probe<'_>) -> bool {
    (probe.contains("\"process_") || probe.contains("\"rate_limit_info\""))
        && TYPES.iter().any(|kind| probe.raw(kind).is_some_and(|value| value.starts_with('{')))
        && (probe.has("node_name") || probe.has("time"))
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let record = Document::read(text)?;
    let found = TYPES.iter().find_map(|kind| Some((*kind, record.root().at(&format!("/{kind}"))?)));
    let Some((kind, told)) = found else {
        return Err(Reject::new(RejectKind::Shape, "no type of event that is known, such as process_exec"));
    };
    let node = record.get("/node_name");
    let cluster = record.get("/cluster_name");
    let at = context.authority.or(cluster.as_deref()).unwrap_or("unknown").to_owned();
    let process = told.at("/process");
    let host = node.clone().unwrap_or(Cow::Borrowed("unknown"));
    let actor = process
        .map_or_else(|| fill::itself(NAME, &at, "sensor", "R1:tetragon-itself"), |process| actor(process, &at, &host));
    let mut event = Event::new(Platform::Tetragon, Cow::Owned(at), actor);
    fill::when(&mut event, record.any(&["/time"]).or_else(|| told.any(&["/process/start_time", "/time"])));
    event.workload.node = node;
    event.api.service = Some(Cow::Borrowed(kind));
    event.api.operation = match told.get("/function_name") {
        Some(function) => Some(function),
        None => told.get("/event").or(Some(Cow::Borrowed(kind))),
    };
    act(&mut event, kind, told);
    if let Some(process) = process {
        of_process(&mut event, kind, process);
    }
    event.related.extend(
        told.get("/parent/exec_id")
            .or_else(|| told.get("/process/parent_exec_id"))
            .map(|source_event_id| Related { rel: "parent-process", source_event_id }),
    );
    touched(&mut event, told);
    decided(&mut event, kind, told);
    let holes = [
        (event.actor.name.is_none() && process.is_some(), "actor_principal"),
        (event.workload.node.is_none(), "workload_node"),
    ];
    fill::missing(&mut event, &holes);
    Ok(event)
}

/// The pod, or on a host who logged in, else as whom the process runs.
fn actor<'a>(process: View<'_, 'a>, at: &str, node: &str) -> Principal<'a> {
    if let Some(pod) = process.get("/pod/name") {
        let namespace = process.get("/pod/namespace").unwrap_or(Cow::Borrowed("unknown"));
        let uri = match process.get("/pod/uid") {
            Some(uid) => uri::principal("k8s", at, "pod", &uid),
            None => uri::build(Class::Principal, "k8s", at, "pod").name(&namespace).id(&pod).finish(),
        };
        let (kind, is_human, rule) = (ActorKind::Workload, Human::Nonhuman, "R1:tetragon-pod");
        return Principal { uri, kind, name: Some(pod), is_human, rule };
    }
    let login = process.get("/auid").filter(|auid| auid != "4294967295");
    let uid = login.or_else(|| process.any(&["/uid", "/process_credentials/uid"])).unwrap_or(Cow::Borrowed("0"));
    let (uri, kind) = match uid.as_ref() {
        "0" => (uri::principal_named("linux", node, "user", "root"), ActorKind::Shared),
        uid => (uri::principal_named("linux", node, "unix-uid", uid), ActorKind::Unknown),
    };
    Principal { uri, kind, name: Some(uid), is_human: Human::Unknown, rule: "default" }
}

fn of_process<'a>(event: &mut Event<'a>, kind: &str, process: View<'_, 'a>) {
    event.process = process.get("/pid");
    event.workload.name = process.any(&["/pod/name", "/docker"]);
    event.workload.uid = process.any(&["/pod/uid", "/pod/container/id", "/docker"]);
    event.workload.namespace = process.get("/pod/namespace");
    // As whom it runs in its pod or host.
    event.role = process.any(&["/user/name", "/uid"]);
    event.privileged = (process.get("/uid").as_deref() == Some("0")).then_some(true);
    // Arguments may hold a secret.
    fill::target(event, "binary", process.get("/binary"));
    if let Some(image) = process.any(&["/pod/container/image/name", "/pod/container/image/id"]) {
        fill::resource(event, "image", image, ResourceRole::Related);
    }
    if let Some(id) = process.get("/exec_id") {
        let node = event.workload.node.clone().unwrap_or(Cow::Borrowed("unknown"));
        event.session = Some(uri::session(NAME, &node, "exec", &id));
        if matches!(kind, "process_exec" | "process_exit") {
            event.source_event_id = Some(Cow::Owned(format!("{id}/{kind}")));
        }
        event.correlation_ids.push(id);
    }
}

/// Class, activity, access.
fn act(event: &mut Event<'_>, kind: &str, told: View<'_, '_>) {
    let function = told.get("/function_name").unwrap_or_default();
    let has = |words: &[&str]| words.iter().any(|word| function.contains(word));
    (event.class_uid, event.activity_id, event.access) = match kind {
        "process_exec" => (1007, 1, Access::Execute),
        "process_exit" => (1007, 2, Access::Other),
        "process_loader" => (1005, 1, Access::Execute),
        // Events were left out.
        "rate_limit_info" => (1008, 99, Access::Other),
        _ if has(&["execve", "bprm"]) => (1007, 1, Access::Execute),
        _ if has(&["tcp_", "udp_", "sock", "connect", "ip_output"]) => (4001, 1, Access::Other),
        _ if has(&["unlink", "rmdir"]) => (1001, 4, Access::Delete),
        _ if has(&["write", "truncate", "rename", "chmod", "chown"]) => (1001, 3, Access::Modify),
        _ if has(&["open", "read", "fd_install", "file_permission", "mmap"]) => (1001, 2, access(told)),
        _ if has(&["setuid", "setgid", "capset", "commit_creds"]) => (3002, 7, Access::Authenticate),
        _ if has(&["module", "bpf"]) => (1007, 99, Access::Execute),
        _ => (1007, 99, Access::Other),
    };
}

/// Whether a file is written, by the mask that kernel functions are called with: 2 is MAY_WRITE.
fn access(told: View<'_, '_>) -> Access {
    let args = told.at("/args");
    let masks = args.into_iter().flat_map(View::inside).filter_map(|arg| arg.get("/int_arg"));
    let writes = masks.filter_map(|mask| mask.parse::<u32>().ok()).any(|mask| mask & 2 != 0);
    if writes { Access::Modify } else { Access::Read }
}

/// Files and connections among the arguments.
fn touched<'a>(event: &mut Event<'a>, told: View<'_, 'a>) {
    for arg in told.at("/args").into_iter().flat_map(View::inside) {
        fill::target(event, "file", arg.any(&["/file_arg/path", "/path_arg/path", "/linux_binprm_arg/path"]));
        if let Some(sock) = arg.at("/sock_arg").or_else(|| arg.at("/skb_arg")) {
            event.src.ip = sock.get("/saddr");
            event.src.port = sock.get("/sport").and_then(|port| port.parse().ok());
            event.dst.ip = sock.get("/daddr");
            event.dst.port = sock.get("/dport").and_then(|port| port.parse().ok());
        }
    }
    if event.resources.is_empty() {
        let node = event.workload.node.clone();
        fill::target(event, "host", node);
    }
}

/// What became of it: a policy may have stopped it.
fn decided<'a>(event: &mut Event<'a>, kind: &str, told: View<'_, 'a>) {
    let action = told.get("/action").filter(|action| !action.ends_with("_UNKNOWN"));
    let stopped = action.as_deref().is_some_and(|action| action.ends_with("SIGKILL") || action.ends_with("OVERRIDE"));
    event.status_code = action.or_else(|| told.get("/signal")).or_else(|| told.get("/status"));
    event.status = match kind {
        _ if stopped => Status::Failure,
        "process_exec" => Status::Success,
        "process_exit" if told.at("/signal").is_some() => Status::Failure,
        "process_exit" => match told.get("/status").as_deref() {
            None | Some("0") => Status::Success,
            Some(_) => Status::Failure,
        },
        "rate_limit_info" => Status::Unknown,
        _ => Status::Success,
    };
    if event.status == Status::Failure {
        event.error_code.clone_from(&event.status_code);
    }
    if kind == "rate_limit_info" {
        event.severity_id = 3;
        event.data_rows = told.get("/number_of_dropped_process_events").and_then(|number| number.parse().ok());
        event.quality.sampled = true;
    }
    let policy = told.get("/policy_name");
    if policy.is_some() || stopped {
        event.decision = Decision {
            effect: Some(if stopped { Effect::Deny } else { Effect::Observed }),
            pdp: Some(Cow::Borrowed(NAME)),
            policies: policy.into_iter().collect(),
            reason: told.get("/message"),
            ..Decision::default()
        };
        event.severity_id = if stopped { 4 } else { 2 };
    }
}
