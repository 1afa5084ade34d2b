//! AWS CloudTrail: management, data, network activity and insight events.
//!
//! Who called is in [`identity`] and [`human`], with which credential in [`lineage`], what kind of
//! act it was in [`class`], on what in [`resources`], how it ended in [`outcome`], which rights it gave
//! in [`grants`]; the items of an inventory of IAM are read by [`inventory`], digest files by [`digest`]. The page is `docs/sources/aws.md`.

mod arn;
pub(crate) mod caller;
mod class;
mod digest;
mod grants;
mod human;
mod identity;
mod inventory;
mod lineage;
mod logging;
mod origins;
mod outcome;
mod policy;
mod record;
mod resources;
mod secrets;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use model::{Access, Platform, Status};
use model::{Api, Authn, Endpoint, Event, Related, Text};
use serde_json::value::RawValue;

use self::class::Call;
use self::identity::Who;
use self::record::{Record, filled, seen};
use crate::params::Params;
use crate::{Context, Module, Probe, Reject, RejectKind, json, time};

pub(crate) static MODULE: Module =
    Module { platform: Platform::Aws, version: 3, recognise, normalise, origins: origins::ORIGINS };

/// What CloudTrail writes where a value must not be logged.
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

/// As far as the caller's key lies from the beginning of a record, white space included.
const HEAD_BYTES: usize = 64;

/// OCSF severity of anything that root does (`identity.md` 3.4).
const SEVERITY_HIGH: u8 = 4;

/// A record with an event source and an event name, an insight, or a digest file.
fn recognise(probe: &Probe<'_>) -> bool {
    if begins_like_a_record(probe.head(HEAD_BYTES)) {
        return true;
    }
    let both = |source, name| probe.has(source) && probe.has(name);
    probe.contains("\"eventSource\"") && both("eventSource", "eventName")
        || probe.contains("\"eventsource\"") && both("eventsource", "eventname")
        || probe.contains("\"userIdentity\"")
            && (both("userIdentity", "eventName") || both("userIdentity", "eventSource"))
        || probe.contains("\"AwsCloudTrailInsight\"") && both("eventType", "insightDetails")
        || probe.contains("\"digestSignatureAlgorithm\"") && both("digestS3Bucket", "logFiles")
        || inventory::recognise(probe)
}

/// CloudTrail writes the version first and the caller next.
fn begins_like_a_record(head: &str) -> bool {
    let first = head.strip_prefix('{').unwrap_or_default().trim_start();
    first.starts_with("\"eventVersion\"") && first.contains("\"userIdentity\"")
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let record: Record<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    if record.digest_signature_algorithm.is_some() {
        return digest::read(text, context);
    }
    if record.insight_details.is_some() {
        return Ok(insight(&record, context));
    }
    if seen(&record.event_name).is_none() && seen(&record.event_source).is_none() {
        if inventory::recognise(&Probe::new(text)) {
            return inventory::read(text, context);
        }
        return Err(Reject::new(RejectKind::Shape, "neither eventName nor eventSource: not a CloudTrail record"));
    }
    Ok(read(&record, text, context))
}

/// A principal of IAM by its ARN, as policies and lists name it.
pub(crate) fn principal_of_arn(arn: &str) -> Option<String> {
    arn.starts_with("arn:").then(|| policy::aws_principal(arn)).flatten()
}

/// A principal of IAM by ARN, account or id, as a policy names it.
pub(crate) fn principal_of_name(name: &str) -> Option<String> {
    policy::aws_principal(name)
}

/// The account that the record belongs to; empty if nothing says so.
fn tenant<'a>(record: &Record<'a>) -> Text<'a> {
    filled(&record.recipient_account_id)
        .or_else(|| record.user_identity.as_ref().and_then(|identity| filled(&identity.account_id)))
        .unwrap_or_default()
}

fn read<'a>(record: &Record<'a>, text: &str, context: &Context<'_>) -> Event<'a> {
    let name = record.event_name.as_deref().unwrap_or_default();
    let call = Call::new(record.event_source.as_deref().unwrap_or_default(), name);
    let status = outcome::status(record, call);
    let account = tenant(record);
    let proved = status != Status::Failure || call.service != "signin";
    let mut who = identity::read(record, &account, proved);
    let authority = match account.is_empty() {
        false => account.clone(),
        true if who.account != "unknown" && who.account != arn::AMAZON => who.account.clone(),
        true => Cow::Owned(context.authority.unwrap_or("unknown").to_owned()),
    };
    let home =
        resources::Home { account: &authority.clone(), region: record.aws_region.as_deref().unwrap_or_default() };
    let mut event = Event::new(Platform::Aws, authority, who.actor.clone());
    event.tenant = filled(&record.recipient_account_id);
    event.status = status;
    envelope(&mut event, record);
    let act = class::classify(call, record.read_only, record.request_parameters.map_or("", RawValue::get));
    (event.class_uid, event.activity_id, event.access) = (act.class_uid, act.activity_id, act.access);
    event.api = api(record, call);
    event.decision = outcome::decision(record, status);
    event.credential = lineage::used(record, &who, proved);
    event.authn = authn(record, call);
    event.aliases = std::mem::take(&mut who.aliases);
    let request = Params::of(record.request_parameters);
    resources::fill(&mut event, record, call, &request, home);
    let raw = record.request_parameters.map_or("", RawValue::get);
    event.secret_access = resources::secret(call, &request, raw);
    if call.service == "secretsmanager" && call.name.contains("Rotation") {
        event.secret_access.path = secrets::of_service_event(record);
    }
    if matches!(call.service, "ssm") {
        event.purpose.reason = request.text("reason");
    }
    if status == Status::Success {
        lineage::fill(&mut event, record, call, &request, &who);
        grants::fill(&mut event, record, call, &request, &who);
        secrets::fill(&mut event, record, call, &request);
    }
    event.privileged = who.privileged.or_else(|| privileged(act.access, call, record.read_only));
    if who.privileged == Some(true) || (call.service, call.name) == ("sts", "AssumeRoot") {
        event.severity_id = SEVERITY_HIGH;
    }
    quality(&mut event, record, text);
    place_actor(&mut event, who);
    event
}

/// What surrounds the call: ids, times, ends of the connection, errors.
fn envelope<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    event.source_event_id = filled(&record.event_id);
    event.time_raw = filled(&record.event_time).or_else(|| filled(&record.timestamp));
    if let Some(parsed) = event.time_raw.as_deref().and_then(time::parse) {
        event.time = Some(parsed.nanos);
        event.time_precision = parsed.precision;
    }
    event.region = filled(&record.aws_region);
    event.user_agent = filled(&record.user_agent);
    event.src = source(record);
    event.dst.host = record.tls_details.as_ref().and_then(|tls| filled(&tls.client_provided_host_header));
    event.status_code = filled(&record.error_code);
    event.error_code = filled(&record.error_code);
    event.error_message = filled(&record.error_message);
    event.correlation_ids.extend(filled(&record.request_id));
    event.correlation_ids.extend(filled(&record.shared_event_id));
    if let Some(shared) = filled(&record.shared_event_id) {
        event.related.push(Related { rel: "shared-event", source_event_id: shared });
    }
    if let Some(addendum) = &record.addendum {
        event.correlation_ids.extend(filled(&addendum.original_request_id));
        if let Some(original) = filled(&addendum.original_event_id) {
            event.related.push(Related { rel: "addendum", source_event_id: original });
        }
    }
    if let Some(data) = &record.additional_event_data {
        event.data_bytes_in = bytes(seen(&data.bytes_in));
        event.data_bytes_out = bytes(seen(&data.bytes_out));
        event.correlation_ids.extend(filled(&data.auth_workflow_id));
        event.correlation_ids.extend(filled(&data.amz_id_2));
    }
}

/// `0.0` in older records, `0` in newer ones.
fn bytes(text: Option<&str>) -> Option<i64> {
    let text = text?;
    text.strip_suffix(".0").unwrap_or(text).parse().ok()
}

/// An address, or the name of the service that called.
fn source<'a>(record: &Record<'a>) -> Endpoint<'a> {
    let mut src = Endpoint { network: filled(&record.vpc_endpoint_id), ..Endpoint::default() };
    match filled(&record.source_ip_address) {
        Some(address) if is_address(&address) => src.ip = Some(address),
        name => src.host = name,
    }
    src
}

/// Whether a text has the form of an IP address. Masked addresses with odd numbers count: they stand
/// where the address stood.
fn is_address(text: &str) -> bool {
    let of = |allowed: fn(&u8) -> bool| text.bytes().all(|b| allowed(&b));
    text.contains('.') && of(|b| b.is_ascii_digit() || *b == b'.')
        || text.contains(':') && of(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.'))
}

fn api<'a>(record: &Record<'a>, call: Call<'_>) -> Api<'a> {
    let name = record.event_name.as_deref().unwrap_or_default();
    let operation = match (call.service, name) {
        (service, "") => service.to_owned(),
        ("", name) => name.to_owned(),
        (service, name) => format!("{service}:{name}"),
    };
    Api {
        service: filled(&record.event_source),
        operation: Some(Cow::Owned(operation)),
        request_id: filled(&record.request_id),
    }
}

/// How the caller proved who it is, where the record says more than a signature.
fn authn<'a>(record: &Record<'a>, call: Call<'_>) -> Authn<'a> {
    let mut authn = Authn::default();
    let attributes = record
        .user_identity
        .as_ref()
        .and_then(|identity| identity.session_context.as_ref())
        .and_then(|session| session.attributes.as_ref());
    authn.mfa = lineage::mfa_used(record).or_else(|| attributes.and_then(|attributes| attributes.mfa_authenticated));
    authn.protocol = match (call.service, call.name) {
        ("sts", "AssumeRoleWithSAML") => Some(Cow::Borrowed("saml")),
        ("sts", "AssumeRoleWithWebIdentity") | ("eks-auth", _) => Some(Cow::Borrowed("oidc")),
        ("rolesanywhere", "CreateSession") => Some(Cow::Borrowed("x509")),
        ("signin", "ConsoleLogin") => {
            let saml =
                record.additional_event_data.as_ref().is_some_and(|data| seen(&data.saml_provider_arn).is_some());
            Some(Cow::Borrowed(if saml { "saml" } else { "password" }))
        }
        _ => None,
    };
    if let Some(data) = &record.additional_event_data {
        authn.method = filled(&data.credential_type)
            .or_else(|| filled(&data.authentication_method))
            .or_else(|| filled(&data.signature_version));
        authn.factors.extend(filled(&data.mfa_identifier).or_else(|| filled(&data.mfa_type)));
    }
    authn
}

/// Acts that change who may do what, or what is recorded.
fn privileged(access: Access, call: Call<'_>, read_only: Option<bool>) -> Option<bool> {
    let writes = matches!(access, Access::Create | Access::Modify | Access::Delete) && read_only != Some(true);
    let guards = matches!(call.service, "iam" | "organizations" | "sso" | "cloudtrail" | "guardduty" | "account");
    let issues = access == Access::Issue && (call.service == "iam" || call.name == "AssumeRoot");
    (access == Access::Grant || issues || writes && guards).then_some(true)
}

fn quality(event: &mut Event<'_>, record: &Record<'_>, text: &str) {
    let omitted = |value: Option<&RawValue>| value.is_some_and(|value| is_omitted(value.get()));
    event.quality.truncated = omitted(record.request_parameters)
        || omitted(record.response_elements)
        || omitted(record.service_event_details);
    event.quality.redacted = memchr::memmem::find(text.as_bytes(), HIDDEN.as_bytes()).is_some();
    let service_event = seen(&record.event_type) == Some("AwsServiceEvent");
    let wanted: [(&'static str, bool); 7] = [
        ("source_event_id", event.source_event_id.is_some()),
        ("time", event.time.is_some()),
        ("actor_principal", record.user_identity.is_some()),
        ("api_operation", seen(&record.event_name).is_some() && seen(&record.event_source).is_some()),
        ("src_ip", seen(&record.source_ip_address).is_some() || service_event),
        ("region", event.region.is_some()),
        ("tenant", event.tenant.is_some()),
    ];
    event.quality.missing.extend(wanted.into_iter().filter(|(_, there)| !there).map(|(column, _)| column));
}

/// CloudTrail replaces a value over its size limit by an object that says `"omitted": true`.
fn is_omitted(text: &str) -> bool {
    const MARK_BYTES_MAX: usize = 400;
    text.len() <= MARK_BYTES_MAX
        && text.contains("\"omitted\"")
        && Params::of(serde_json::from_str(text).ok()).text("omitted").as_deref() == Some("true")
}

fn place_actor<'a>(event: &mut Event<'a>, who: Who<'a>) {
    event.role = who.role;
    event.subject = who.subject;
    event.initiator = who.initiator;
    event.session = who.session;
    event.chain = who.chain;
    event.workload = who.workload;
    event.party = who.party;
}

/// An insight: not a call of anybody but CloudTrail's own finding about many calls.
fn insight<'a>(record: &Record<'a>, context: &Context<'_>) -> Event<'a> {
    let account = tenant(record);
    let authority =
        if account.is_empty() { Cow::Owned(context.authority.unwrap_or("unknown").to_owned()) } else { account };
    let mut event = Event::new(Platform::Aws, authority, identity::insight());
    event.tenant = filled(&record.recipient_account_id);
    envelope(&mut event, record);
    let details = record.insight_details.as_ref();
    let ended = details.and_then(|details| seen(&details.state)) == Some("End");
    (event.class_uid, event.activity_id) = (2004, if ended { 3 } else { 1 });
    event.status = Status::Success;
    event.party = Some(model::Party::Provider);
    let kind = details.and_then(|details| seen(&details.insight_type)).unwrap_or("Insight");
    event.api.operation = Some(Cow::Owned(format!("cloudtrail-insight:{kind}")));
    event
}
