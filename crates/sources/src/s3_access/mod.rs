//! Server access logs of Amazon S3: who asked a bucket for what.
//!
//! Lines of text, or objects of the same fields as collectors make of them. Principals, keys, buckets and objects have
//! the URIs of CloudTrail's records; the request id stands in both.

use std::borrow::Cow;

use model::{Credential, Decision, Effect, Event, Party, Platform, ResourceRole, Status, Step, StepKind};

use self::record::{Access, said};
use crate::aws::caller::{self, Caller};
use crate::{Context, Module, Probe, Reject, RejectKind, fill, json, time};

mod act;
mod origins;
mod record;
#[cfg(test)]
mod tests;

/// The service that requests are made to.
const SERVICE: &str = "s3";

pub(crate) static MODULE: Module =
    Module { platform: Platform::S3Access, version: 1, recognise, normalise, origins: origins::ORIGINS };

fn recognise(probe: &Probe<'_>) -> bool {
    if record::begins(probe.head(record::HEAD_BYTES)) {
        return true;
    }
    let either = |names: [&str; 2]| names.iter().any(|name| probe.has(name));
    probe.contains("\"operation\"")
        && probe.text("operation").is_some_and(is_operation)
        && either(["bucket", "bucket_name"])
        && either(["requestid", "request_id"])
}

/// `REST.GET.OBJECT`, `S3.EXPIRE.OBJECT`, `WEBSITE.GET.OBJECT`, ...
fn is_operation(text: &str) -> bool {
    ["REST.", "S3.", "SOAP.", "BATCH.", "WEBSITE."].iter().any(|start| text.starts_with(start))
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let access: Access<'a> = if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|error| json::not_json(&error))?
    } else {
        record::of_line(text)
            .ok_or_else(|| Reject::new(RejectKind::Shape, "neither a JSON object nor a line of at least 18 fields"))?
    };
    if said(&access.operation).is_none() {
        return Err(Reject::new(RejectKind::Shape, "operation is missing; every request has one"));
    }
    Ok(event(&access, context))
}

fn event<'a>(access: &Access<'a>, context: &Context<'_>) -> Event<'a> {
    let owner = said(&access.bucket_owner);
    let authority: Cow<'a, str> = match context.authority {
        Some(authority) => Cow::Owned(authority.to_owned()),
        None => owner.clone().unwrap_or(Cow::Borrowed("unknown")),
    };
    let operation = said(&access.operation).unwrap_or_default();
    let who = who(access);
    let account = who.account.clone();
    let mut event = Event::new(Platform::S3Access, authority.clone(), who.actor.clone());
    let act = act::classify(&operation);
    (event.class_uid, event.activity_id, event.access) = (act.class_uid, act.activity_id, act.access);
    event.privileged = matches!((act.class_uid, act.access), (1008, _) | (_, model::Access::Grant)).then_some(true);
    event.tenant = owner;
    event.api.service = Some(Cow::Borrowed(SERVICE));
    event.api.operation = Some(operation);
    event.api.request_id = said(&access.request_id);
    event.source_event_id = said(&access.request_id);
    event.correlation_ids.extend(said(&access.request_id));
    event.correlation_ids.extend(said(&access.host_id));
    when(&mut event, access);
    outcome(&mut event, access, account.is_some());
    place(&mut event, access);
    event.credential = credential(access, account.as_deref());
    place_caller(&mut event, who);
    if let Some(bucket) = said(&access.bucket) {
        event.resources = caller::bucket(bucket, said(&access.key).map(key));
    }
    let point = said(&access.access_point).and_then(|arn| caller::resource(arn, &authority, ResourceRole::Related));
    event.resources.extend(point);
    missing(&mut event);
    event
}

/// Keys are percent-encoded as in the request, and once more for the log.
fn key(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains('%') {
        return text;
    }
    let once = model::uri::decoded(&text);
    Cow::Owned(if text.contains("%25") { model::uri::decoded(&once) } else { once })
}

/// The requester: an ARN, an account, a service, or nobody.
fn who<'a>(access: &Access<'a>) -> Caller<'a> {
    let Some(requester) = said(&access.requester) else { return Caller::anonymous() };
    if let Some(caller) = Caller::of_arn(&requester) {
        return caller;
    }
    if requester == "AmazonS3" {
        return Caller::service("s3.amazonaws.com", requester);
    }
    if let Some(host) = requester.strip_prefix("svc:") {
        let host = host.to_owned();
        return Caller::service(&host, requester);
    }
    if requester.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let own = Some(&requester) == said(&access.bucket_owner).as_ref();
        let mut caller = Caller::canonical(requester);
        caller.party = Some(if own { Party::Own } else { Party::Third });
        return caller;
    }
    Caller::named(requester)
}

fn place_caller<'a>(event: &mut Event<'a>, who: Caller<'a>) {
    event.session = who.session;
    event.role = who.role;
    event.aliases = who.aliases;
    event.workload.uid = who.instance;
    event.party = who.party;
    let Some(person) = who.initiator else { return };
    let step = |principal, step| Step {
        principal,
        step,
        evidence_path: "/requester",
        asserted_by: Cow::Borrowed("sso.amazonaws.com"),
        verified: true,
    };
    event.chain.push(step(person.clone(), StepKind::Assume));
    event.chain.push(step(event.actor.uri.clone(), StepKind::Invoke));
    event.initiator = Some(person);
}

/// The key that signed the URL; one that signed a header is not logged.
fn credential<'a>(access: &Access<'a>, account: Option<&str>) -> Option<Credential<'a>> {
    let id = record::key_of_query(access.request_uri.as_deref()?)?;
    let (uri, kind) = caller::key(account, &id);
    Some(Credential { uri, kind: Cow::Borrowed(kind), native_id: Some(Cow::Owned(id)), ..Credential::default() })
}

fn when<'a>(event: &mut Event<'a>, access: &Access<'a>) {
    let Some(raw) = said(&access.time) else { return };
    let parsed = time::parse(&raw).or_else(|| time::parse(&record::rfc3339(&raw)?));
    fill::timed(event, parsed, Some(raw));
}

/// By the status of the answer; what S3 did by itself has none, and is logged when it is done.
fn outcome<'a>(event: &mut Event<'a>, access: &Access<'a>, is_signed: bool) {
    let code: Option<u16> = said(&access.http_status).and_then(|code| code.parse().ok());
    event.status = match code {
        Some(..=399) => Status::Success,
        Some(_) => Status::Failure,
        None if said(&access.error_code).is_some() => Status::Failure,
        None if event.api.operation.as_deref().is_some_and(|operation| operation.starts_with("S3.")) => Status::Success,
        None => Status::Unknown,
    };
    event.status_code = said(&access.http_status);
    event.error_code = said(&access.error_code);
    let denied = matches!(event.error_code.as_deref(), Some("AccessDenied" | "AllAccessDisabled"));
    let effect = match event.status {
        Status::Failure if denied => Effect::Deny,
        Status::Success if is_signed => Effect::Allow,
        _ => return,
    };
    event.decision = Decision {
        effect: Some(effect),
        pdp: Some(Cow::Borrowed("iam")),
        rule: said(&access.acl_required).filter(|said| said == "Yes").map(|_| Cow::Borrowed("acl")),
        ..Decision::default()
    };
}

fn place<'a>(event: &mut Event<'a>, access: &Access<'a>) {
    let number = |text: &record::Text<'_>| said(text).and_then(|text| text.parse::<i64>().ok());
    event.src.ip = said(&access.remote_ip);
    event.user_agent = said(&access.user_agent);
    event.dst.host = said(&access.host_header);
    event.dst.network = said(&access.tls_version).or_else(|| said(&access.tls_version_camel));
    event.authn.method = said(&access.authentication_type);
    event.authn.protocol = said(&access.signature_version);
    event.duration_ms = number(&access.total_time);
    event.data_bytes_out = number(&access.bytes_sent);
    if event.access == model::Access::Modify && event.class_uid == 6005 {
        event.data_bytes_in = number(&access.object_size);
    }
}

/// Columns that every complete record fills. What S3 does by itself comes from nowhere.
fn missing(event: &mut Event<'_>) {
    let itself = event.party == Some(Party::Provider);
    let holes = [
        (event.time.is_none(), "time"),
        (event.source_event_id.is_none(), "source_event_id"),
        (event.status == Status::Unknown, "status_id"),
        (event.resources.is_empty(), "resources"),
        (event.src.ip.is_none() && !itself, "src_ip"),
        (event.authority == "unknown", "authority"),
    ];
    fill::lacking(event, &holes);
}
