//! Findings of IAM Access Analyzer: who from outside can reach a resource, and which rights and keys are not used.
//!
//! A finding is what the analyser thinks of policies, not an act: it tells what could be done, by whom.

use std::borrow::Cow;

use model::{Access, Alias, AliasRel, Decision, Effect, Event, Party, Platform, ResourceRole, Status};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::aws::caller::{self, Caller};
use crate::field::{Text, said};
use crate::params::Params;
use crate::{Context, Module, Origin, Probe, Reject, RejectKind, aws, fill, json, time};

pub(crate) static MODULE: Module =
    Module { platform: Platform::AccessAnalyzer, version: 1, recognise, normalise, origins: ORIGINS };

/// The service, and the source of its events.
const SERVICE: &str = "access-analyzer.amazonaws.com";
const SOURCE: &str = "aws.access-analyzer";

/// What EventBridge puts around a finding.
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
    account: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    region: Text<'a>,
    #[serde(borrow, deserialize_with = "json::texts")]
    resources: Vec<Cow<'a, str>>,
    #[serde(borrow, alias = "finding", deserialize_with = "json::object")]
    detail: Option<Finding<'a>>,
}

/// One finding, as an event or as the API gives it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Finding<'a> {
    #[serde(borrow, alias = "findingId", deserialize_with = "json::text")]
    id: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    status: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    finding_type: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    resource: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    resource_type: Text<'a>,
    #[serde(borrow, alias = "accountId", deserialize_with = "json::text")]
    resource_owner_account: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    region: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    analyzed_at: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    created_at: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    updated_at: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    error: Text<'a>,
    #[serde(deserialize_with = "json::boolean")]
    is_public: Option<bool>,
    #[serde(deserialize_with = "json::boolean")]
    is_deleted: Option<bool>,
    #[serde(borrow)]
    principal: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "json::texts")]
    action: Vec<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "json::objects")]
    finding_details: Vec<Details<'a>>,
}

/// Of the newer form of the API: one of these is there.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Details<'a> {
    #[serde(borrow, alias = "internalAccessDetails", deserialize_with = "json::object")]
    external_access_details: Option<Reach<'a>>,
    #[serde(borrow, deserialize_with = "json::object")]
    unused_iam_user_access_key_details: Option<Unused<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Reach<'a> {
    #[serde(deserialize_with = "json::boolean")]
    is_public: Option<bool>,
    #[serde(borrow)]
    principal: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "json::texts")]
    action: Vec<Cow<'a, str>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Unused<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    access_key_id: Text<'a>,
}

/// An event of the analyser, the answer with one finding, or a finding: an id, a type of resource, and when it was looked at.
fn recognise(probe: &Probe<'_>) -> bool {
    if probe.contains(SOURCE) && probe.text("source") == Some(SOURCE) {
        return probe.has("detail");
    }
    probe.contains("\"analyzedAt\"")
        && probe.raw("finding").is_some_and(|finding| finding.starts_with('{') && finding.contains("\"resourceType\""))
        || probe.contains("\"analyzedAt\"")
            && ["analyzedAt", "resourceType", "status"].iter().all(|key| probe.has(key))
            && (probe.has("id") || probe.has("findingId"))
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let mut envelope: Envelope<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    let finding = match envelope.detail.take() {
        Some(finding) => finding,
        None => serde_json::from_str(text).map_err(|error| json::not_json(&error))?,
    };
    if said(&finding.resource_type).is_none() && said(&finding.status).is_none() && envelope.detail_type.is_none() {
        return Err(Reject::new(RejectKind::Shape, "neither resourceType nor status: not a finding"));
    }
    Ok(event(&envelope, &finding, context))
}

fn event<'a>(envelope: &Envelope<'a>, finding: &Finding<'a>, context: &Context<'_>) -> Event<'a> {
    let account = said(&finding.resource_owner_account).or_else(|| said(&envelope.account));
    let authority = account.clone().unwrap_or_else(|| Cow::Owned(context.authority.unwrap_or("unknown").to_owned()));
    let who = Caller::service(SERVICE, Cow::Borrowed(SERVICE));
    let mut event = Event::new(Platform::AccessAnalyzer, authority, who.actor);
    let status = said(&finding.status);
    (event.class_uid, event.access) = (2008, Access::Other);
    event.activity_id = match status.as_deref() {
        Some("RESOLVED" | "ARCHIVED") => 3,
        _ if finding.updated_at != finding.created_at && said(&finding.updated_at).is_some() => 2,
        _ => 1,
    };
    event.party = Some(Party::Provider);
    event.status = if said(&finding.error).is_some() { Status::Failure } else { Status::Success };
    event.error_code = said(&finding.error);
    event.status_code = status;
    event.tenant = account;
    event.region = said(&finding.region).or_else(|| said(&envelope.region));
    event.source_event_id = said(&envelope.id).filter(|_| envelope.detail_type.is_some()).or_else(|| said(&finding.id));
    event.correlation_ids.extend(said(&finding.id));
    event.api.service = Some(Cow::Borrowed("access-analyzer"));
    let kind = said(&finding.finding_type).or_else(|| said(&envelope.detail_type));
    event.api.operation = Some(kind.unwrap_or(Cow::Borrowed("ExternalAccess")));
    reach(&mut event, finding);
    resources(&mut event, envelope, finding);
    unused(&mut event, finding);
    when(&mut event, envelope, finding);
    missing(&mut event);
    event
}

/// Who can do what: the principal in `subject`, the actions as the rule of what policies let through.
fn reach<'a>(event: &mut Event<'a>, finding: &Finding<'a>) {
    let detailed = finding.finding_details.iter().find_map(|details| details.external_access_details.as_ref());
    let (principal, actions, is_public) = match detailed {
        Some(reach) => (reach.principal, &reach.action, reach.is_public),
        None => (finding.principal, &finding.action, finding.is_public),
    };
    let public = is_public == Some(true);
    event.severity_id = match (event.activity_id, public) {
        (3, _) => 1,
        (_, true) => 4,
        _ => 3,
    };
    let named = Params::of(principal);
    let (kind, name) = match named.iter().next().map(|(kind, _)| kind.to_owned()) {
        Some(kind) => (kind.clone(), named.text(&kind)),
        None => return,
    };
    event.subject = name.as_deref().and_then(|name| aws::principal_of_name(name).filter(|_| kind == "AWS"));
    event.decision = Decision {
        effect: Some(Effect::Observed),
        pdp: Some(Cow::Borrowed("access-analyzer")),
        policies: actions.clone(),
        rule: name.map(|name| Cow::Owned(format!("{kind}:{name}"))),
        reason: public.then_some(Cow::Borrowed("public")),
    };
}

fn resources<'a>(event: &mut Event<'a>, envelope: &Envelope<'a>, finding: &Finding<'a>) {
    let account = event.authority.clone();
    let target = said(&finding.resource);
    let found = target.and_then(|arn| caller::resource(arn, &account, ResourceRole::Target));
    event.resources.extend(found);
    let analyzers = envelope.resources.iter().cloned();
    event.resources.extend(analyzers.filter_map(|arn| caller::resource(arn, &account, ResourceRole::Related)));
}

/// A key that nobody uses is whose the resource is.
fn unused(event: &mut Event<'_>, finding: &Finding<'_>) {
    let details = finding.finding_details.iter().filter_map(|d| d.unused_iam_user_access_key_details.as_ref());
    let holder = finding.resource.as_deref().and_then(aws::principal_of_arn);
    for id in details.filter_map(|details| said(&details.access_key_id)) {
        let (a, _) = caller::key(Some(&event.authority), &id);
        if let Some(b) = holder.clone() {
            event.aliases.push(Alias { a, b, rel: AliasRel::CredentialOf, rule: "access-analyzer:unused-key" });
        }
    }
}

fn when<'a>(event: &mut Event<'a>, envelope: &Envelope<'a>, finding: &Finding<'a>) {
    let texts = [&envelope.time, &finding.updated_at, &finding.analyzed_at, &finding.created_at];
    let raw = texts.into_iter().find_map(said);
    fill::timed(event, raw.as_deref().and_then(time::parse), raw);
    if finding.is_deleted == Some(true) {
        event.activity_id = 3;
    }
}

/// Columns that every complete record fills.
fn missing(event: &mut Event<'_>) {
    let holes = [
        (event.time.is_none(), "time"),
        (event.source_event_id.is_none(), "source_event_id"),
        (event.status_code.is_none(), "status_code"),
        (event.resources.is_empty(), "resources"),
        (event.tenant.is_none(), "tenant"),
    ];
    fill::lacking(event, &holes);
}

const PRINCIPAL: &[&str] = &[
    "/detail/principal/AWS",
    "/principal/AWS",
    "/findingDetails/*/externalAccessDetails/principal/AWS",
    "/finding/principal/AWS",
    "/detail/principal",
    "/principal",
];

const ORIGINS: &[Origin] = &[
    Origin { column: "source_event_id", pointers: &["/id", "/findingId", "/finding/id"] },
    Origin { column: "time", pointers: &["/time", "/updatedAt", "/analyzedAt", "/finding/updatedAt"] },
    Origin { column: "time_raw", pointers: &["/time", "/updatedAt", "/analyzedAt", "/finding/updatedAt"] },
    Origin { column: "activity_id", pointers: &["/detail/status", "/status", "/detail/updatedAt", "/updatedAt"] },
    Origin { column: "status_code", pointers: &["/detail/status", "/status", "/finding/status"] },
    Origin { column: "error_code", pointers: &["/detail/error", "/error"] },
    Origin { column: "severity_id", pointers: &["/detail/isPublic", "/isPublic"] },
    Origin {
        column: "authority",
        pointers: &[
            "/detail/accountId",
            "/resourceOwnerAccount",
            "/accountId",
            "/finding/resourceOwnerAccount",
            "/account",
        ],
    },
    Origin {
        column: "tenant",
        pointers: &[
            "/detail/accountId",
            "/resourceOwnerAccount",
            "/accountId",
            "/finding/resourceOwnerAccount",
            "/account",
        ],
    },
    Origin { column: "region", pointers: &["/detail/region", "/region"] },
    Origin { column: "actor_principal", pointers: &["/source", "/analyzedAt"] },
    Origin { column: "subject_principal", pointers: PRINCIPAL },
    Origin { column: "decision_rule", pointers: PRINCIPAL },
    Origin {
        column: "decision_policies",
        pointers: &["/detail/action", "/action", "/finding/action", "/findingDetails/*/externalAccessDetails/action"],
    },
    Origin { column: "correlation_ids", pointers: &["/detail/id", "/id", "/findingId"] },
    Origin { column: "api_operation", pointers: &["/detail/findingType", "/findingType", "/detail-type"] },
    Origin { column: "resources", pointers: &["/detail/resource", "/resource", "/finding/resource", "/resources"] },
    Origin {
        column: "aliases",
        pointers: &["/findingDetails/*/unusedIamUserAccessKeyDetails/accessKeyId", "/resource"],
    },
];
