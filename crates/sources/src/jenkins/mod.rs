//! Jenkins: lines of the plugin Audit Trail, and the events of the plugin Audit Log as Log4j writes them in JSON.

mod line;
mod origins;

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{Access, ActorKind, Event, Human, Platform, Principal, ResourceRole, Status};

use self::line::Line;
use crate::json::Document;
use crate::{Context, Module, Probe, Reject, RejectKind, fill, syslog, url};

/// The platform part of URIs.
const NAME: &str = "jenkins";

/// How much of a line shows whose it is.
const HEAD_BYTES: usize = 4_096;

pub(crate) static MODULE: Module =
    Module { platform: Platform::Jenkins, version: 1, recognise, normalise, origins: origins::ORIGINS };

fn recognise(probe: &Probe<'_>) -> bool {
    let head = probe.head(HEAD_BYTES);
    match head.as_bytes().first() {
        Some(b'{') => {
            probe.contains("AuditLogger") && probe.text("loggerName") == Some("AuditLogger") && probe.has("message")
        }
        Some(b'A'..=b'Z' | b'0'..=b'9') => line::read(head.lines().next().unwrap_or_default()).is_some(),
        _ => false,
    }
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let at = context.authority.unwrap_or("unknown");
    if text.starts_with('{') {
        return audit_log(&Document::read(text)?, at);
    }
    let line = line::read(text.trim_end())
        .ok_or_else(|| Reject::new(RejectKind::Shape, "no time, path and user as Audit Trail writes them"))?;
    Ok(audit_trail(line, at))
}

/// A user of Jenkins: by its id, which is a name.
fn user<'a>(name: Option<Cow<'a, str>>, at: &str) -> Principal<'a> {
    match name.as_deref() {
        None | Some("NA" | "anonymous" | "") => {
            let uri = uri::principal(NAME, at, "anon", at);
            let (kind, is_human, rule) = (ActorKind::Shared, Human::Unknown, "anonymous");
            Principal { uri, kind, name: None, is_human, rule }
        }
        Some("SYSTEM") => fill::itself(NAME, at, "controller", "R1:jenkins-itself"),
        Some("timer" | "SCM change" | "an SCM change") => {
            let uri = uri::principal_named(NAME, at, "trigger", name.as_deref().unwrap_or_default());
            let (kind, is_human, rule) = (ActorKind::PlatformService, Human::Nonhuman, "R1:jenkins-trigger");
            Principal { uri, kind, name, is_human, rule }
        }
        Some(known) => {
            let shared = known == "admin";
            fill::named(NAME, at, Cow::Owned(known.to_owned()), shared)
        }
    }
}

fn audit_trail<'a>(line: Line<'a>, at: &str) -> Event<'a> {
    let mut event = Event::new(Platform::Jenkins, Cow::Owned(at.to_owned()), user(line.user.map(Cow::Borrowed), at));
    fill::when(&mut event, Some(Cow::Borrowed(line.time)));
    if let Some(parsed) = line.parsed_time {
        (event.time, event.time_precision) = (Some(parsed.nanos), parsed.precision);
    }
    event.api.service = Some(Cow::Borrowed("audit-trail"));
    fill::endpoint(&mut event.src, line.from.map(Cow::Borrowed));
    if let Some(build) = &line.build {
        (event.class_uid, event.activity_id, event.access) = (6003, 99, Access::Execute);
        event.api.operation = Some(Cow::Borrowed("build"));
        event.status_code = build.result.map(Cow::Borrowed);
        event.status = status(build.result);
        event.workload.node = build.node.map(Cow::Borrowed);
        event.duration_ms = build.duration_ms;
        run(&mut event, full_name(line.path), build.number, at);
    } else {
        let path = url::bare(Cow::Borrowed(line.path));
        let (operation, class, activity, access) = line::act(&path);
        (event.class_uid, event.activity_id, event.access) = (class, activity, access);
        event.privileged = (access != Access::Execute).then_some(true);
        event.api.operation = Some(Cow::Owned(operation));
        // It is written when a request comes.
        event.status = Status::Unknown;
        fill::target(&mut event, "path", Some(path));
    }
    let holes = [(event.status == Status::Unknown, "status"), (event.actor.name.is_none(), "actor_principal")];
    fill::missing(&mut event, &holes);
    event
}

/// `job/folder/job/pay/` as `folder/pay`, the full name of a job.
fn full_name(path: &str) -> Cow<'static, str> {
    let path = path.trim_matches('/');
    Cow::Owned(path.strip_prefix("job/").unwrap_or(path).replace("/job/", "/"))
}

fn status(result: Option<&str>) -> Status {
    match result {
        Some("SUCCESS" | "Success") => Status::Success,
        Some("FAILURE" | "ABORTED" | "UNSTABLE" | "NOT_BUILT") => Status::Failure,
        _ => Status::Unknown,
    }
}

/// A build of a job.
fn run<'a>(event: &mut Event<'a>, job: Cow<'a, str>, number: &str, at: &str) {
    let uri = uri::build(Class::Session, NAME, at, "build").name(&job).id(number).finish();
    event.session = Some(uri);
    event.workload.name = Some(Cow::Owned(format!("{job}#{number}")));
    event.purpose.job = Some(job.clone());
    event.correlation_ids.push(Cow::Owned(format!("{job}#{number}")));
    fill::target(event, "job", Some(job));
}

/// An event of the plugin Audit Log: its name and fields are in the message, as RFC 5424 writes structured data.
fn audit_log<'a>(record: &Document<'a>, at: &str) -> Result<Event<'a>, Reject> {
    let message = record.get("/message").unwrap_or_default();
    let data = message.find('[').and_then(|from| message.get(from..)).unwrap_or_default();
    let fields = syslog::parameters(data);
    let Some((name, ..)) = fields.first() else {
        return Err(Reject::new(RejectKind::Shape, "message has no structured data; every event of Audit Log has"));
    };
    let operation = name.split('@').next().unwrap_or(name).to_owned();
    let value = |names: &[&str]| -> Option<Cow<'a, str>> {
        names.iter().find_map(|name| {
            let found = fields.iter().find(|(_, key, value)| key == name && !value.is_empty());
            found.map(|(.., value)| Cow::Owned(value.clone()))
        })
    };
    let who = record.any(&["/contextMap/userId", "/contextMap/user"]).or_else(|| value(&["userId", "userName"]));
    let mut event = Event::new(Platform::Jenkins, Cow::Owned(at.to_owned()), user(who.clone(), at));
    when(&mut event, record);
    let (class, activity, access) = match operation.as_str() {
        "login" => (3002, 1, Access::Authenticate),
        "logout" => (3002, 2, Access::Other),
        "createUser" => (3007, 1, Access::Create),
        "updateUser" => (3007, 2, Access::Modify),
        "deleteUser" => (3007, 3, Access::Delete),
        "updatePassword" => (3007, 8, Access::Modify),
        "buildStart" | "buildFinish" => (6003, 99, Access::Execute),
        "useCredentials" => (6003, 2, Access::Read),
        name if name.starts_with("create") || name.starts_with("copy") => (6003, 1, Access::Create),
        name if name.starts_with("delete") => (6003, 4, Access::Delete),
        name if name.starts_with("update") => (6003, 3, Access::Modify),
        _ => (6003, 99, Access::Other),
    };
    (event.class_uid, event.activity_id, event.access) = (class, activity, access);
    event.status_code = value(&["buildStatus", "result"]).or_else(|| record.get("/contextMap/status"));
    event.status = match (status(event.status_code.as_deref()), operation.as_str()) {
        // All but builds are told once they are done.
        (Status::Unknown, name) if !name.starts_with("build") => Status::Success,
        (found, _) => found,
    };
    fill::endpoint(&mut event.src, record.any(&["/contextMap/ipAddress", "/contextMap/hostIp"]));
    event.api.service = Some(Cow::Borrowed("audit-log"));
    event.api.request_id = record.get("/contextMap/requestId");
    event.correlation_ids.extend(event.api.request_id.clone());
    let job = value(&["projectName", "itemName", "jobName"]);
    match (job, value(&["buildNumber"])) {
        (Some(job), Some(number)) => run(&mut event, job, &number, at),
        (Some(job), None) => fill::target(&mut event, "item", Some(job)),
        (None, _) => {}
    }
    if operation == "useCredentials" {
        let used = value(&["name", "credentialsId", "fileName"]);
        event.secret_access.path.clone_from(&used);
        fill::target(&mut event, "credentials", used);
    }
    let node = value(&["nodeName"]);
    event.workload.node.clone_from(&node);
    fill::target(&mut event, "node", node);
    let account = matches!(class, 3002 | 3007).then(|| value(&["userId", "userName"]).or(who)).flatten();
    if event.resources.is_empty() && account.is_some() {
        fill::target(&mut event, "user", account);
    }
    if event.resources.is_empty() {
        fill::resource(&mut event, "server", Cow::Owned(at.to_owned()), ResourceRole::Related);
    }
    event.purpose.reason = value(&["cause"]);
    event.api.operation = Some(Cow::Owned(operation));
    let nobody = event.actor.name.is_none();
    fill::missing(&mut event, &[(nobody, "actor_principal")]);
    Ok(event)
}

/// Seconds and nanoseconds of an instant, or one of the texts that layouts write.
fn when<'a>(event: &mut Event<'a>, record: &Document<'a>) {
    match (record.get("/instant/epochSecond"), record.get("/instant/nanoOfSecond")) {
        (Some(seconds), nanos) => {
            let nanos = nanos.unwrap_or(Cow::Borrowed("0"));
            fill::when(event, Some(Cow::Owned(format!("{seconds}.{nanos:0>9}"))));
        }
        _ => fill::when(event, record.any(&["/timeMillis", "/timestamp", "/@timestamp"])),
    }
}
