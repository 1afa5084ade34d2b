//! Items of an export of eDiscovery: lines of a table whose columns are known by their order. Those of Copilot are what
//! its users asked and were answered; the text itself is not in the table.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{Access, ActorKind, Event, Human, Mode, Platform, Principal, Resource, ResourceRole, Status};

use super::NAME;
use crate::entra::identity as directory;
use crate::split::csv;
use crate::{Context, Reject, RejectKind, fill, time};

/// Columns of the table.
const COLUMNS: usize = 166;

/// Places of the columns that are read.
const STATUS: usize = 1;
const ADDED_BY: usize = 3;
const DATE: usize = 25;
const ERROR_CODE: usize = 59;
const IMMUTABLE_ID: usize = 76;
const MESSAGE_ID: usize = 80;
const ITEM_CLASS: usize = 94;
const ITEM_SOURCE: usize = 95;
const SENDER: usize = 133;
const SIZE: usize = 141;
const WORKLOAD: usize = 165;
/// Columns that say yes or no in every line.
const FLAGS: [usize; 4] = [14, 15, 72, 73];

/// How the item class of what Copilot keeps begins.
const COPILOT: &str = "IPM.SkypeTeams.Message.Copilot";

/// Whether a line is an item: cheap looks first.
pub(super) fn is_item(head: &str, line: impl Fn() -> Option<String>) -> bool {
    !head.starts_with('{') && head.contains(",IndexQuery,") && line().is_some_and(|line| read(&line).is_some())
}

type Values<'a> = Vec<Option<Cow<'a, str>>>;

fn read(line: &str) -> Option<Values<'_>> {
    let values = csv::values(line)?;
    let flag = |at: &usize| matches!(values.get(*at), Some(Some(text)) if text == "True" || text == "False");
    (values.len() == COLUMNS && FLAGS.iter().all(flag) && values.get(ADDED_BY)?.is_some()).then_some(values)
}

pub(super) fn event<'a>(line: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let values = read(line)
        .ok_or_else(|| Reject::new(RejectKind::Shape, format!("no line of {COLUMNS} columns, as an export has")))?;
    let at = |column: usize| values.get(column).cloned().flatten().filter(|text| !text.is_empty());
    let authority = context.authority.unwrap_or("unknown").to_owned();
    let source = at(ITEM_SOURCE);
    let actor = Principal {
        uri: match &source {
            Some(name) => directory::user(&authority, None, Some(name.clone()), true),
            None => directory::unknown(&authority),
        },
        kind: ActorKind::Human,
        name: source.clone(),
        is_human: Human::Unknown,
        rule: "default",
    };
    let mut event = Event::new(Platform::M365, Cow::Owned(authority), actor);
    let class = at(ITEM_CLASS).unwrap_or(Cow::Borrowed("item"));
    let copilot = class.strip_prefix(COPILOT).map(|host| host.trim_start_matches('.').to_owned());
    (event.class_uid, event.activity_id, event.access) = match copilot {
        Some(_) => (6003, 99, Access::Execute),
        None => (6001, 7, Access::Read),
    };
    event.status = match at(STATUS).as_deref() {
        Some("Succeeded") => Status::Success,
        Some("Failed" | "Error") => Status::Failure,
        _ => Status::Other,
    };
    event.status_code = at(STATUS);
    event.error_code = at(ERROR_CODE);
    event.source_event_id = at(IMMUTABLE_ID);
    event.correlation_ids.extend(at(MESSAGE_ID));
    event.api.operation = Some(Cow::Owned(format!("ediscovery:{class}")));
    event.api.service = at(WORKLOAD);
    event.data_bytes_out = at(SIZE).and_then(|size| size.parse().ok());
    if let Some(host) = copilot {
        event.agent.uid = Some(Cow::Owned(format!("Copilot.{host}")));
        event.agent.mode = Some(Mode::Interactive);
        // Who wrote it tells a question from an answer.
        event.client_app = at(SENDER);
    }
    let kinds = [("item", at(IMMUTABLE_ID), ResourceRole::Target), ("mailbox", source, ResourceRole::Related)];
    for (kind, name, role) in kinds {
        let Some(name) = name else { continue };
        let uri = uri::build(Class::Resource, NAME, &event.authority, kind).name(&name).finish();
        event.resources.push(Resource { uri, kind: Cow::Borrowed(kind), name: Some(name), role });
    }
    let raw = at(DATE);
    fill::timed(&mut event, raw.as_deref().and_then(time::parse), raw);
    let holes = [
        (event.time.is_none(), "time"),
        (event.actor.name.is_none(), "actor_principal"),
        (event.authority == "unknown", "authority"),
        (true, "src_ip"),
    ];
    fill::lacking(&mut event, &holes);
    Ok(event)
}
