//! Model invocation logs of Amazon Bedrock: who asked which model, and how much of it.
//!
//! What was asked and answered stands in the record, and in none of the columns.

use std::borrow::Cow;

use model::{Access, Event, Platform, Resource, ResourceRole, Status};
use serde::Deserialize;

use crate::aws::caller::{self, Caller};
use crate::field::{Text, said};
use crate::{Context, Module, Origin, Probe, Reject, RejectKind, fill, json, time};

pub(crate) static MODULE: Module =
    Module { platform: Platform::Bedrock, version: 1, recognise, normalise, origins: ORIGINS };

/// One invocation. Bodies are skipped over.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Invocation<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    timestamp: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    account_id: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    region: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    request_id: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    operation: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    model_id: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    inference_region: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    error_code: Text<'a>,
    #[serde(borrow, deserialize_with = "json::object")]
    identity: Option<Identity<'a>>,
    #[serde(borrow, deserialize_with = "json::object")]
    input: Option<Side<'a>>,
    #[serde(borrow, deserialize_with = "json::object")]
    output: Option<Side<'a>>,
    #[serde(borrow, deserialize_with = "json::object")]
    request_metadata: Option<Metadata<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Identity<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    arn: Text<'a>,
}

/// The question or the answer: its tokens, and where a long one was put.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Side<'a> {
    #[serde(borrow, alias = "outputBodyS3Path", deserialize_with = "json::text")]
    input_body_s3_path: Text<'a>,
    #[serde(alias = "outputTokenCount", deserialize_with = "json::integer")]
    input_token_count: Option<i64>,
}

/// What the caller said about its own request. It chooses the names; these say what they mean.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metadata<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    agent_id: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    session_id: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    purpose: Text<'a>,
}

fn recognise(probe: &Probe<'_>) -> bool {
    probe.contains("\"ModelInvocationLog\"") && probe.text("schemaType") == Some("ModelInvocationLog")
        || probe.contains("\"modelId\"")
            && ["modelId", "requestId", "accountId", "identity", "operation"].iter().all(|key| probe.has(key))
            && (probe.has("input") || probe.has("output"))
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let invocation: Invocation<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    if said(&invocation.operation).is_none() && said(&invocation.model_id).is_none() {
        return Err(Reject::new(RejectKind::Shape, "neither operation nor modelId: not an invocation of a model"));
    }
    Ok(event(&invocation, context))
}

fn event<'a>(invocation: &Invocation<'a>, context: &Context<'_>) -> Event<'a> {
    let account = said(&invocation.account_id);
    let authority = account.clone().unwrap_or_else(|| Cow::Owned(context.authority.unwrap_or("unknown").to_owned()));
    let arn = invocation.identity.as_ref().and_then(|identity| said(&identity.arn));
    let who = arn.map_or_else(Caller::anonymous, |arn| Caller::of_arn(&arn).unwrap_or_else(|| Caller::named(arn)));
    let mut event = Event::new(Platform::Bedrock, authority.clone(), who.actor.clone());
    let operation = said(&invocation.operation).unwrap_or(Cow::Borrowed("InvokeModel"));
    (event.class_uid, event.activity_id, event.access) =
        if ["List", "Get"].iter().any(|verb| operation.starts_with(verb)) {
            (6003, 2, Access::Read)
        } else {
            (6003, 99, Access::Execute)
        };
    event.tenant.clone_from(&account);
    event.party = who.account.as_deref().map(|own| match Some(own) == account.as_deref() {
        true => model::Party::Own,
        false => model::Party::Third,
    });
    event.api.service = Some(Cow::Borrowed("bedrock"));
    event.api.operation = Some(Cow::Owned(format!("bedrock:{operation}")));
    event.api.request_id = said(&invocation.request_id);
    event.source_event_id = said(&invocation.request_id);
    event.correlation_ids.extend(said(&invocation.request_id));
    event.region = said(&invocation.region);
    // With a profile across regions, the region that computed the answer.
    event.dst.network = said(&invocation.inference_region);
    event.status = if said(&invocation.error_code).is_some() { Status::Failure } else { Status::Success };
    event.error_code = said(&invocation.error_code);
    event.status_code = said(&invocation.error_code);
    event.session = who.session;
    event.role = who.role;
    event.aliases = who.aliases;
    event.initiator = who.initiator;
    event.workload.uid = who.instance;
    agent(&mut event, invocation);
    tokens(&mut event, invocation);
    let region = event.region.clone().unwrap_or_default();
    if let Some(id) = said(&invocation.model_id) {
        event.resources.push(caller::model(id, &authority, &region));
    }
    event.resources.extend(stored(invocation));
    when(&mut event, invocation);
    missing(&mut event);
    event
}

/// The agent, as far as the caller says; and the model.
fn agent<'a>(event: &mut Event<'a>, invocation: &Invocation<'a>) {
    event.agent.model = said(&invocation.model_id);
    let Some(metadata) = &invocation.request_metadata else { return };
    event.agent.uid = said(&metadata.agent_id);
    event.agent.run = said(&metadata.session_id);
    event.purpose.reason = said(&metadata.purpose);
}

/// All tokens, of question and answer.
fn tokens(event: &mut Event<'_>, invocation: &Invocation<'_>) {
    let of = |side: &Option<Side<'_>>| side.as_ref().and_then(|side| side.input_token_count);
    event.data_rows = match (of(&invocation.input), of(&invocation.output)) {
        (None, None) => None,
        (asked, answered) => Some(asked.unwrap_or(0).saturating_add(answered.unwrap_or(0))),
    };
}

/// Objects in which a long question or answer was put.
fn stored<'a>(invocation: &Invocation<'a>) -> Vec<Resource<'a>> {
    let paths = [&invocation.input, &invocation.output].into_iter().flatten();
    let paths = paths.filter_map(|side| said(&side.input_body_s3_path));
    paths
        .filter_map(|path| {
            let (bucket, key) = path.strip_prefix("s3://")?.split_once('/')?;
            let object = caller::bucket(Cow::Owned(bucket.to_owned()), Some(Cow::Owned(key.to_owned())));
            object.into_iter().next().map(|object| Resource { role: ResourceRole::Related, ..object })
        })
        .collect()
}

fn when<'a>(event: &mut Event<'a>, invocation: &Invocation<'a>) {
    let raw = said(&invocation.timestamp);
    fill::timed(event, raw.as_deref().and_then(time::parse), raw);
}

/// Columns that every complete record fills.
fn missing(event: &mut Event<'_>) {
    let holes = [
        (event.time.is_none(), "time"),
        (event.source_event_id.is_none(), "source_event_id"),
        (event.actor.name.is_none(), "actor_principal"),
        (event.resources.is_empty(), "resources"),
        (event.region.is_none(), "region"),
        (event.tenant.is_none(), "tenant"),
    ];
    fill::lacking(event, &holes);
}

const ORIGINS: &[Origin] = &[
    Origin { column: "source_event_id", pointers: &["/requestId"] },
    Origin { column: "time", pointers: &["/timestamp"] },
    Origin { column: "time_raw", pointers: &["/timestamp"] },
    Origin { column: "class_uid", pointers: &["/operation"] },
    Origin { column: "access", pointers: &["/operation"] },
    Origin { column: "status_id", pointers: &["/errorCode"] },
    Origin { column: "status_code", pointers: &["/errorCode"] },
    Origin { column: "error_code", pointers: &["/errorCode"] },
    Origin { column: "authority", pointers: &["/accountId"] },
    Origin { column: "tenant", pointers: &["/accountId"] },
    Origin { column: "region", pointers: &["/region"] },
    Origin { column: "actor_principal", pointers: &["/identity/arn"] },
    Origin { column: "actor_name", pointers: &["/identity/arn"] },
    Origin { column: "is_human", pointers: &["/identity/arn"] },
    Origin { column: "role", pointers: &["/identity/arn"] },
    Origin { column: "session_uri", pointers: &["/identity/arn"] },
    Origin { column: "initiator_principal", pointers: &["/identity/arn"] },
    Origin { column: "workload_uid", pointers: &["/identity/arn"] },
    Origin { column: "agent_model", pointers: &["/modelId"] },
    Origin { column: "agent_uid", pointers: &["/requestMetadata/agentId"] },
    Origin { column: "agent_run", pointers: &["/requestMetadata/sessionId"] },
    Origin { column: "purpose_reason", pointers: &["/requestMetadata/purpose"] },
    Origin { column: "api_operation", pointers: &["/operation"] },
    Origin { column: "api_request_id", pointers: &["/requestId"] },
    Origin { column: "correlation_ids", pointers: &["/requestId"] },
    Origin { column: "dst_network", pointers: &["/inferenceRegion"] },
    Origin { column: "data_rows", pointers: &["/input/inputTokenCount", "/output/outputTokenCount"] },
    Origin { column: "resources", pointers: &["/modelId", "/input/inputBodyS3Path", "/output/outputBodyS3Path"] },
];
