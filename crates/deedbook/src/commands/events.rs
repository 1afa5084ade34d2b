//! `deedbook events`

use std::sync::Arc;

use lake::Cursor;
use model::{EventId, Platform, Status};

use super::{Place, downstream};
use crate::cli::{Asking, Events, Format};
use crate::exit::{Exit, Missing, Usage};
use crate::{output, pipeline, when};

/// What a table shows of an event; the other formats show everything.
const COLUMNS: [&str; 9] =
    ["time", "event_id", "platform", "actor_name", "api_operation", "resources", "status", "src_ip", "group_count"];

pub(crate) fn run(place: &Place, events: &Events) -> anyhow::Result<Exit> {
    if let Some(origin) = &events.origin {
        return downstream::run(place, origin, &asking(events));
    }
    let log = place.log()?;
    let tables = pipeline::tables(&place.data, &log)?;
    // What `--platform` may name.
    tables.mappings()?;
    let mut filter = filter(events)?;
    filter.cursor = cursor(events, &log, &tables)?;
    let (since, until) = (filter.since, filter.until);
    let limits = lake::Limits::default();
    let answer = if events.group { tables.groups(&filter, limits)? } else { tables.events(&filter, limits)? };
    let rows = output::print(answer, events.output.format, Some(&COLUMNS))?;
    let is_full = Some(usize::try_from(rows).unwrap_or(usize::MAX)) == filter.limit;
    if events.sealed_after.is_some() {
        if is_full {
            eprintln!("the first {rows} shown; --sealed-after the last of them goes on");
        } else {
            eprintln!("seen through {}-{}", log.short, tables.tree_size().saturating_sub(1));
        }
    } else if rows == 0 {
        eprintln!("{}", nothing(tables.span()?));
    } else if is_full {
        eprintln!("the newest {rows} shown; --limit 0 shows all");
    }
    if events.sealed_after.is_none() {
        output::own_up(&tables, since, until)?;
    }
    Ok(Exit::Done)
}

/// `--origin` is answered by lineage, not by a filter.
fn asking(events: &Events) -> Asking {
    Asking {
        since: events.since.clone(),
        until: events.until.clone(),
        at: events.at.clone(),
        limit: Some(if events.limit > 0 { events.limit } else { usize::MAX }),
        audit_hash: Vec::new(),
        timing: false,
        output: events.output,
    }
}

/// Where the page begins.
fn cursor(events: &Events, log: &ledger::LogInfo, tables: &Arc<lake::Lake>) -> anyhow::Result<Option<Cursor>> {
    let of_log = |text: &str| -> anyhow::Result<(EventId, i64)> {
        let id: EventId = text.parse().map_err(|error: model::EventIdError| Usage(error.to_string()))?;
        if id.log != log.short {
            let message = format!("event {id} is of log {}, this is {} ({})", id.log, log.short, log.origin);
            return Err(Missing(message).into());
        }
        let leaf = i64::try_from(id.index.0).unwrap_or(i64::MAX);
        Ok((id, leaf))
    };
    if let Some(text) = &events.sealed_after {
        return Ok(Some(Cursor::SealedAfter { leaf: of_log(text)?.1 }));
    }
    let Some(text) = events.before.as_ref().or(events.after.as_ref()) else { return Ok(None) };
    let (id, leaf) = of_log(text)?;
    let time = tables.time(&id)?.ok_or_else(|| Missing(format!("there is no event {id}")))?;
    Ok(Some(if events.before.is_some() { Cursor::Before { time, leaf } } else { Cursor::After { time, leaf } }))
}

/// Why an answer is empty is the first thing its reader asks.
fn nothing(span: Option<(i64, i64)>) -> String {
    match span {
        Some((first, last)) => format!(
            "0 in range; the log spans {} .. {}",
            model::rfc3339_from_nanos(first),
            model::rfc3339_from_nanos(last)
        ),
        None => "0 in range; the log has no events yet".to_owned(),
    }
}

fn filter(events: &Events) -> anyhow::Result<lake::Filter> {
    let now = i64::try_from(pipeline::now().0).unwrap_or(i64::MAX).saturating_mul(1_000_000);
    let moment = |flag, text: &Option<String>| text.as_deref().map(|text| when::parse(flag, text, now)).transpose();
    let (since, until) = (moment("since", &events.since)?, moment("until", &events.until)?);
    if let (Some(since), Some(until)) = (since, until)
        && since >= until
    {
        let shown = model::rfc3339_from_nanos;
        return Err(Usage(format!("--since {} is not before --until {}", shown(since), shown(until))).into());
    }
    let columns = match events.output.format {
        Format::Table => COLUMNS.iter().filter(|name| **name != "group_count").map(|name| (*name).to_owned()).collect(),
        _ => Vec::new(),
    };
    Ok(lake::Filter {
        since,
        until,
        principal: events.principal.clone(),
        action: events.action.clone(),
        outcome: events.outcome.as_deref().map(outcome).transpose()?,
        platform: events.platform.as_deref().map(platform).transpose()?,
        source: events.source.clone(),
        credential: events.credential.clone(),
        resource: events.resource.clone(),
        src_ip: events.src_ip.clone(),
        correlation: events.correlation.clone(),
        duplicates: events.duplicates,
        limit: (events.limit > 0).then_some(events.limit),
        columns,
        ..lake::Filter::default()
    })
}

fn outcome(name: &str) -> Result<Status, Usage> {
    Status::parse(name).ok_or_else(|| Usage(format!("outcome `{name}` is not known; success, failure, unknown, other")))
}

fn platform(name: &str) -> anyhow::Result<Platform> {
    pipeline::platform(name)?.ok_or_else(|| Usage("--platform auto selects nothing; leave it out".to_owned()).into())
}
