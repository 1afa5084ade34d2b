//! A digest file as a record: CloudTrail's own statement of which log files it delivered. What it proves is found
//! by [`crate::digest`]; here it is an event, so that it can be asked for like any other.

use std::borrow::Cow;

use model::{Access, Event, Party, Platform, Related, Status, Text};
use serde::Deserialize;

use super::{identity, resources};
use crate::digest::Trail;
use crate::{Context, Reject, json, time};

type Maybe<'a> = Option<Cow<'a, str>>;

#[derive(Default, Deserialize)]
#[serde(default)]
struct File<'a> {
    #[serde(borrow, rename = "awsAccountId", deserialize_with = "json::text")]
    account: Maybe<'a>,
    #[serde(borrow, rename = "digestEndTime", deserialize_with = "json::text")]
    end: Maybe<'a>,
    #[serde(borrow, rename = "digestStartTime", deserialize_with = "json::text")]
    start: Maybe<'a>,
    #[serde(borrow, rename = "digestS3Bucket", deserialize_with = "json::text")]
    bucket: Maybe<'a>,
    #[serde(borrow, rename = "digestS3Object", deserialize_with = "json::text")]
    object: Maybe<'a>,
    #[serde(borrow, rename = "previousDigestS3Object", deserialize_with = "json::text")]
    previous: Maybe<'a>,
    #[serde(rename = "logFiles", deserialize_with = "json::objects")]
    log_files: Vec<Listed>,
}

/// A log file that is listed: only counted.
#[derive(Default, Deserialize)]
struct Listed {}

pub(super) fn read<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let file: File<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    let said = |text: &Maybe<'a>| -> Option<Text<'a>> { text.clone().filter(|text| !text.is_empty()) };
    let account = said(&file.account);
    let authority = account.clone().unwrap_or_else(|| Cow::Owned(context.authority.unwrap_or("unknown").to_owned()));
    let mut event = Event::new(Platform::Aws, authority, identity::insight());
    // The log files of an hour are put away and listed.
    (event.class_uid, event.activity_id, event.access) = (1008, 4, Access::Create);
    event.status = Status::Success;
    event.party = Some(Party::Provider);
    event.tenant = account;
    event.api.operation = Some(Cow::Borrowed("cloudtrail-digest:Deliver"));
    event.time_raw = said(&file.end);
    let moment = |text: &Maybe<'_>| text.as_deref().and_then(time::parse);
    if let Some(end) = moment(&file.end) {
        event.time = Some(end.nanos);
        event.time_precision = end.precision;
        let length = moment(&file.start).map(|start| end.nanos.saturating_sub(start.nanos) / 1_000_000);
        event.duration_ms = length.filter(|length| *length >= 0);
    }
    event.data_rows = i64::try_from(file.log_files.len()).ok();
    event.region = file.object.as_deref().and_then(Trail::of).map(|trail| Cow::Owned(trail.region));
    // No id of its own: two digests of one name are not one, they are what has to be found.
    event.correlation_ids.extend(said(&file.object));
    if let Some(previous) = said(&file.previous) {
        event.related.push(Related { rel: "previous-digest", source_event_id: previous });
    }
    if let (Some(bucket), Some(object)) = (said(&file.bucket), said(&file.object)) {
        resources::object(&mut event, &bucket, &object);
    }
    let wanted = [
        ("time", event.time.is_some()),
        ("region", event.region.is_some()),
        ("tenant", event.tenant.is_some()),
        ("resources", !event.resources.is_empty()),
    ];
    event.quality.missing.extend(wanted.into_iter().filter(|(_, there)| !there).map(|(column, _)| column));
    Ok(event)
}
