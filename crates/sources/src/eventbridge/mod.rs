//! Events of Amazon EventBridge that carry no record of another platform: what services of AWS and one's own programs say.
//!
//! The bus checks who may put an event on it; of `source`, only that names beginning with `aws.` are Amazon's own.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{Access, ActorKind, Event, Human, Platform, Principal, ResourceRole, Status};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::aws::caller::{self, Caller};
use crate::field::{Text, said};
use crate::params::Params;
use crate::{Context, Module, Origin, Probe, Reject, RejectKind, fill, json, time};

pub(crate) static MODULE: Module =
    Module { platform: Platform::EventBridge, version: 1, recognise, normalise, origins: ORIGINS };

/// The name of the platform inside URIs.
const NAME: &str = "eventbridge";

#[derive(Default, Deserialize)]
#[serde(default)]
struct Envelope<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    id: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    time: Text<'a>,
    #[serde(borrow, rename = "detail-type", deserialize_with = "json::text")]
    detail_type: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    source: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    account: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    region: Text<'a>,
    #[serde(borrow, deserialize_with = "json::texts")]
    resources: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
}

/// The four keys that every event has. What it carries is looked for first, by whoever asks.
fn recognise(probe: &Probe<'_>) -> bool {
    probe.contains("\"detail-type\"")
        && ["detail-type", "source", "detail", "account"].iter().all(|key| probe.has(key))
        && probe.text("source") != Some("aws.access-analyzer")
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let envelope: Envelope<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    let (Some(source), Some(detail_type)) = (said(&envelope.source), said(&envelope.detail_type)) else {
        return Err(Reject::new(RejectKind::Shape, "source or detail-type is missing; every event has both"));
    };
    Ok(event(&envelope, source, detail_type, context))
}

fn event<'a>(envelope: &Envelope<'a>, source: Cow<'a, str>, kind: Cow<'a, str>, context: &Context<'_>) -> Event<'a> {
    let account = said(&envelope.account);
    let authority = account.clone().unwrap_or_else(|| Cow::Owned(context.authority.unwrap_or("unknown").to_owned()));
    let detail = Params::of(envelope.detail);
    let own = source.strip_prefix("aws.").filter(|name| !name.starts_with("partner/"));
    let (actor, party) = match own {
        Some(service) => {
            let who = Caller::service(&format!("{service}.amazonaws.com"), source.clone());
            (who.actor, who.party)
        }
        // Anybody with the right to put events gives them any source.
        None => (claimed(&source, &authority), None),
    };
    let mut event = Event::new(Platform::EventBridge, authority, actor);
    event.party = party;
    (event.class_uid, event.activity_id, event.access) = classify(&kind);
    event.severity_id = severity(&detail, event.class_uid);
    event.tenant = account;
    event.region = said(&envelope.region);
    event.source_event_id = said(&envelope.id);
    event.correlation_ids.extend(detail.first(&["requestId", "request-id", "correlationId", "execution-id"]));
    event.status_code = detail.first(&["state", "status", "result", "state-name"]);
    event.status = outcome(event.status_code.as_deref(), &kind);
    event.error_code = detail.first(&["errorCode", "error-code"]);
    event.error_message =
        detail.first(&["errorMessage", "cause", "reason"]).filter(|_| event.status == Status::Failure);
    event.api.operation = Some(kind);
    event.api.service = Some(source);
    let role = |first: bool| if first { ResourceRole::Target } else { ResourceRole::Related };
    for arn in &envelope.resources {
        let first = event.resources.is_empty();
        event.resources.extend(caller::resource(arn.clone(), &event.authority, role(first)));
    }
    let raw = said(&envelope.time);
    fill::timed(&mut event, raw.as_deref().and_then(time::parse), raw);
    missing(&mut event);
    event
}

fn claimed<'a>(source: &Cow<'a, str>, authority: &str) -> Principal<'a> {
    Principal {
        uri: uri::build(Class::Principal, NAME, authority, "source").claim(source).finish(),
        kind: ActorKind::Unknown,
        name: Some(source.clone()),
        is_human: Human::Unknown,
        rule: "default",
    }
}

/// Findings are findings; all else happened in a service.
fn classify(kind: &str) -> (u32, u8, Access) {
    let folded = kind.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| folded.contains(word));
    if has(&["finding", "alert", "insight"]) {
        (2004, 1, Access::Other)
    } else if has(&["creat", "launch", "upload", "put"]) {
        (6003, 1, Access::Create)
    } else if has(&["delet", "terminat", "remov", "expir"]) {
        (6003, 4, Access::Delete)
    } else if has(&["chang", "updat", "modif", "rotat", "state", "status"]) {
        (6003, 3, Access::Modify)
    } else {
        (6003, 99, Access::Other)
    }
}

/// GuardDuty has numbers up to ten, others words.
fn severity(detail: &Params<'_>, class: u32) -> u8 {
    let said = detail.text("severity");
    if let Some(number) = said.as_deref().and_then(|text| text.parse::<f64>().ok()) {
        return match number {
            9.0.. => 5,
            7.0.. => 4,
            4.0.. => 3,
            _ => 2,
        };
    }
    match said.map(|text| text.to_ascii_lowercase()).as_deref() {
        Some("critical") => 5,
        Some("high") => 4,
        Some("medium") => 3,
        Some("low") => 2,
        _ if class == 2004 => 3,
        _ => 1,
    }
}

fn outcome(state: Option<&str>, kind: &str) -> Status {
    let folded = state.unwrap_or(kind).to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| folded.contains(word));
    if has(&["fail", "error", "denied", "abort", "timed_out"]) {
        Status::Failure
    } else if has(&["pending", "starting", "in_progress", "started", "shutting"]) {
        Status::Other
    } else if state.is_some() || has(&["succe", "finding", "complet", "creat", "delet", "updat"]) {
        Status::Success
    } else {
        Status::Unknown
    }
}

/// Columns that every complete record fills.
fn missing(event: &mut Event<'_>) {
    let holes = [
        (event.time.is_none(), "time"),
        (event.source_event_id.is_none(), "source_event_id"),
        (event.status == Status::Unknown, "status_id"),
        (event.resources.is_empty(), "resources"),
        (event.tenant.is_none(), "tenant"),
    ];
    fill::lacking(event, &holes);
}

const ORIGINS: &[Origin] = &[
    Origin { column: "source_event_id", pointers: &["/id"] },
    Origin { column: "time", pointers: &["/time"] },
    Origin { column: "time_raw", pointers: &["/time"] },
    Origin { column: "class_uid", pointers: &["/detail-type"] },
    Origin { column: "access", pointers: &["/detail-type"] },
    Origin { column: "authority", pointers: &["/account"] },
    Origin { column: "tenant", pointers: &["/account"] },
    Origin { column: "region", pointers: &["/region"] },
    Origin { column: "actor_principal", pointers: &["/source"] },
    Origin { column: "actor_name", pointers: &["/source"] },
    Origin { column: "api_service", pointers: &["/source"] },
    Origin { column: "api_operation", pointers: &["/detail-type"] },
    Origin {
        column: "status_code",
        pointers: &["/detail/state", "/detail/status", "/detail/result", "/detail/state-name"],
    },
    Origin { column: "status_id", pointers: &["/detail/state", "/detail/status", "/detail/result", "/detail-type"] },
    Origin { column: "severity_id", pointers: &["/detail/severity"] },
    Origin { column: "error_code", pointers: &["/detail/errorCode", "/detail/error-code"] },
    Origin { column: "error_message", pointers: &["/detail/errorMessage", "/detail/cause", "/detail/reason"] },
    Origin { column: "correlation_ids", pointers: &["/detail/requestId", "/detail/request-id"] },
    Origin { column: "resources", pointers: &["/resources"] },
];
