//! `deedbook show`: one plain sentence, then who, what, when, where, why, how, outcome; the record; where
//! each value came from; how it is sealed.

use std::collections::BTreeMap;

use ledger::{Selection, View};
use model::{Caller, DeliveryBody, EventId, FLAG_TRUNCATED, Header, Kind};
use serde_json::{Map, Value, json};

use super::Place;
use crate::cli::Format;
use crate::exit::{Exit, Missing, Usage};
use crate::pipeline;

/// How far behind a record its delivery leaf is looked for: a delivery over the network is shorter, and only those have
/// callers.
const DELIVERY_LEAVES_MAX: u64 = 1 << 20;

/// The questions of an auditor, and the columns that answer each.
const QUESTIONS: [(&str, &[&str]); 7] = [
    (
        "who",
        &[
            "actor_name",
            "actor_principal",
            "actor_kind",
            "is_human",
            "is_human_rule",
            "subject_principal",
            "initiator_principal",
            "role",
            "agent_uid",
            "agent_run",
            "workload_name",
            "workload_uid",
        ],
    ),
    (
        "what",
        &[
            "api_service",
            "api_operation",
            "access",
            "resources",
            "secret_access_path",
            "changes",
            "class_uid",
            "activity_id",
        ],
    ),
    ("when", &["time", "time_raw", "received_at", "sequenced_at"]),
    ("where", &["platform", "authority", "tenant", "region", "src_ip", "src_host", "user_agent", "device_name"]),
    (
        "why",
        &[
            "purpose_reason",
            "purpose_ticket",
            "purpose_job",
            "grants",
            "grant_refs",
            "decision_policies",
            "decision_reason",
        ],
    ),
    (
        "how",
        &[
            "credential_kind",
            "credential_native_id",
            "credential_uri",
            "credential_mfa",
            "session_uri",
            "authn_protocol",
            "authn_method",
            "chain",
            "issued_credential_uri",
        ],
    ),
    ("outcome", &["status", "status_code", "decision_effect", "error_code", "error_message"]),
];

pub(crate) fn run(place: &Place, event: &str, format: Format) -> anyhow::Result<Exit> {
    let log = place.log()?;
    let tables = pipeline::tables(&place.data, &log)?;
    let id = resolve(event, &log, &tables)?;
    let view = pipeline::view(&place.data, &log)?;
    let stored = view.leaf(id.index)?;
    let header = Header::decode(&stored.header)?;
    if header.kind != model::Kind::Record {
        return Err(Missing(format!("leaf {} of log {} is a {:?}, not a record", id.index, id.log, header.kind)).into());
    }
    let row = |batch: Option<lake::RecordBatch>| -> Option<Map<String, Value>> {
        serde_json::from_str(&lake::json::row(&batch?, 0)).ok()
    };
    let event = row(tables.event(&id)?);
    let reject = row(tables.reject(&id)?);
    // A proof that does not verify is never returned, so to have it is to have checked it.
    let sealed = match view.prove(id.index) {
        Ok(_) => format!(
            "sealed: leaf {} of {}, under a signed checkpoint of {} leaves; proof checked now",
            id.index,
            log.origin,
            view.size()
        ),
        Err(error) => format!("NOT PROVED: {error}"),
    };
    let leaf_hash = stored.leaf_hash();
    let caller = caller(&view, &id, &header)?;
    let mappings = tables.mappings()?;
    let shown = Shown { mappings, id, event, reject, caller, raw: &stored.body, header: &header, leaf_hash, sealed };
    if format == Format::Table {
        shown.print();
    } else {
        println!("{}", shown.as_json());
    }
    Ok(Exit::Done)
}

/// The caller whose token the sender relayed with this record: in the delivery leaf behind it.
fn caller(view: &View, id: &EventId, header: &Header) -> anyhow::Result<Option<Caller>> {
    let position = &header.position;
    let is_alone = position.content_sha256.is_some() && header.flags & FLAG_TRUNCATED == 0;
    let (Some(number), false) = (position.delivery, is_alone) else { return Ok(None) };
    let selection = Selection { bodies: true, only: Some(Kind::Delivery) };
    let range = id.index.0..id.index.0.saturating_add(DELIVERY_LEAVES_MAX);
    for leaves in view.scan(range, selection) {
        for leaf in leaves? {
            let end = Header::decode(&leaf.header)?;
            match end.position.delivery.filter(|_| end.source == header.source) {
                Some(delivery) if delivery == number => {
                    let body: DeliveryBody = serde_json::from_slice(&leaf.body)?;
                    return Ok(body.caller_of(position.ordinal.unwrap_or(0)).cloned());
                }
                Some(delivery) if delivery > number => return Ok(None),
                _ => {}
            }
        }
    }
    Ok(None)
}

/// An event id, or the id that a record has at its source.
fn resolve(text: &str, log: &ledger::LogInfo, tables: &std::sync::Arc<lake::Lake>) -> anyhow::Result<EventId> {
    if let Ok(id) = text.parse::<EventId>() {
        return match id.log == log.short {
            true => Ok(id),
            false => {
                Err(Missing(format!("event {id} is of log {}, this is {} ({})", id.log, log.short, log.origin)).into())
            }
        };
    }
    let filter = lake::Filter {
        source_event_id: Some(text.to_owned()),
        limit: Some(10),
        columns: vec!["event_id".to_owned(), "time".to_owned(), "api_operation".to_owned()],
        ..lake::Filter::default()
    };
    let mut found = Vec::new();
    for batch in tables.events(&filter, lake::Limits::default())? {
        let batch = batch?;
        found.extend((0..batch.num_rows()).filter_map(|row| serde_json::from_str(&lake::json::row(&batch, row)).ok()));
    }
    let id = |row: &Map<String, Value>| row.get("event_id").and_then(Value::as_str).map(str::to_owned);
    match found.as_slice() {
        [] => Err(Missing(format!(
            "`{text}` is neither an event id (3f2a91c0-41022) nor the id of a record at its source"
        ))
        .into()),
        [one] => Ok(id(one).unwrap_or_default().parse()?),
        many => {
            let ids: Vec<String> = many.iter().filter_map(id).collect();
            Err(Usage(format!("`{text}` names several events, take one of {}", ids.join(", "))).into())
        }
    }
}

struct Shown<'a> {
    mappings: sources::mapping::Mappings,
    id: EventId,
    event: Option<Map<String, Value>>,
    reject: Option<Map<String, Value>>,
    caller: Option<Caller>,
    raw: &'a [u8],
    header: &'a Header,
    leaf_hash: [u8; 32],
    sealed: String,
}

impl Shown<'_> {
    fn print(&self) {
        match (&self.event, &self.reject) {
            (Some(event), _) => {
                println!("{}\n", sentence(event));
                for (question, columns) in QUESTIONS {
                    let mut label = question;
                    for (column, value) in columns.iter().filter_map(|column| Some((column, event.get(*column)?))) {
                        println!("{label:<8} {column:<22} {}", plain(value));
                        label = "";
                    }
                }
                println!("\nwhere each value came from (JSON pointers into the record)");
                for (column, (pointer, value)) in self.origins(event) {
                    println!("  {column:<24} {pointer:<44} {}", plain(&value));
                }
            }
            (None, Some(reject)) => println!(
                "Record {} was rejected: {} ({}).",
                self.id,
                reject.get("reason").map(plain).unwrap_or_default(),
                reject.get("detail").map(plain).unwrap_or_default()
            ),
            (None, None) => {
                println!("Record {} has no row in the derived tables; run `deedbook lake rebuild`.", self.id)
            }
        }
        self.caller.iter().for_each(print_caller);
        let position = &self.header.position;
        println!(
            "\nrecord, {} bytes as kept, source {}, received {}",
            self.raw.len(),
            self.header.source,
            self.header.received_at
        );
        println!(
            "  delivery {}, record {}, offset {}; {} known secrets replaced",
            position.delivery.unwrap_or(0),
            position.ordinal.unwrap_or(0),
            position.offset.unwrap_or(0),
            self.header.replacements.len()
        );
        println!("{}", String::from_utf8_lossy(self.raw).trim_end());
        println!("\n{}", self.sealed);
    }

    fn as_json(&self) -> Value {
        let origins: BTreeMap<String, String> = self
            .event
            .iter()
            .flat_map(|event| self.origins(event))
            .map(|(column, (pointer, _))| (column, pointer))
            .collect();
        let mut shown = json!({
            "event_id": self.id.to_string(),
            "sentence": self.event.as_ref().map(sentence),
            "event": self.event,
            "reject": self.reject,
            "origins": origins,
            "raw": String::from_utf8_lossy(self.raw),
            "replacements": self.header.replacements.len(),
            "leaf_hash": model::hex(&self.leaf_hash),
            "seal": self.sealed,
        });
        if let (Some(caller), Some(members)) = (&self.caller, shown.as_object_mut()) {
            members.insert("caller".to_owned(), json!(caller));
        }
        shown
    }

    /// For each column of the event: the first of its pointers that the record has, and its value there.
    fn origins(&self, event: &Map<String, Value>) -> BTreeMap<String, (String, Value)> {
        let mut found = BTreeMap::new();
        let platform = event.get("platform").and_then(Value::as_str).and_then(model::Platform::parse);
        let mut scratch = sources::Scratch::default();
        let text = sources::unwrapped(self.raw, &self.mappings, &mut scratch);
        let record = text.and_then(|text| serde_json::from_str::<Value>(text).ok());
        let (Some(platform), Some(record)) = (platform, record) else { return found };
        let origins: Vec<(&str, Vec<&str>)> = match (sources::module(platform), self.mappings.get(platform)) {
            (Some(module), _) => {
                module.origins.iter().map(|origin| (origin.column, origin.pointers.to_vec())).collect()
            }
            (None, Some(mapping)) => mapping.origins(),
            (None, None) => Vec::new(),
        };
        for (column, pointers) in origins.iter().filter(|(column, _)| event.contains_key(*column)) {
            let at = pointers.iter().find_map(|pointer| pointed(&record, pointer));
            found.extend(at.map(|at| ((*column).to_owned(), at)));
        }
        found
    }
}

fn print_caller(caller: &Caller) {
    let found = match &caller.reason {
        None => "its token was verified".to_owned(),
        Some(why) => format!("a claim: {why}"),
    };
    println!("\ncaller, as relayed by the sender: {found}");
    let row = |name: &str, value: &Option<String>| {
        if let Some(value) = value {
            println!("  {name:<24} {value}");
        }
    };
    row("issuer", &caller.issuer);
    row("subject", &caller.subject);
    row("jti", &caller.jti);
    row("client", &caller.client);
    for actor in &caller.actors {
        let subject = actor.subject.as_deref().unwrap_or("unnamed");
        let issuer = actor.issuer.as_ref().map(|issuer| format!(" of {issuer}")).unwrap_or_default();
        println!("  {:<24} {subject}{issuer}", "actor");
    }
}

/// The value at a pointer in which `*` stands for any index; the pointer with the index that was found.
fn pointed(record: &Value, pointer: &str) -> Option<(String, Value)> {
    let Some((before, after)) = pointer.split_once("/*") else {
        return record
            .pointer(pointer)
            .filter(|value| !value.is_null())
            .map(|value| (pointer.to_owned(), value.clone()));
    };
    let count = record.pointer(before)?.as_array()?.len();
    (0..count).find_map(|index| pointed(record, &format!("{before}/{index}{after}")))
}

/// `On 2026-11-20T10:41:07Z, role/export (service account) read payroll-exports/2026-11.csv ...`
fn sentence(event: &Map<String, Value>) -> String {
    let text = |column: &str| event.get(column).map(plain).filter(|text| !text.is_empty());
    let actor = text("actor_name").or(text("actor_principal")).unwrap_or_else(|| "somebody".to_owned());
    let kind = text("actor_kind").filter(|kind| kind != "unknown").map(|kind| format!(" ({})", kind.replace('-', " ")));
    let call = text("api_operation").unwrap_or_else(|| "an unnamed call".to_owned());
    let on = event
        .get("resources")
        .and_then(|resources| resources.get(0))
        .and_then(|first| first.get("name").or(first.get("uri")))
        .map(|name| format!(" on {}", plain(name)));
    let from = text("src_ip").or(text("src_host")).map(|from| format!(" from {from}"));
    let with =
        text("credential_native_id").map(|id| format!(" with {} {id}", text("credential_kind").unwrap_or_default()));
    let behalf = text("initiator_principal").map(|who| format!(", started by {who}"));
    let outcome = match text("status").as_deref() {
        Some("success") => "it was allowed".to_owned(),
        Some("failure") => {
            format!("it failed{}", text("error_code").map(|code| format!(" ({code})")).unwrap_or_default())
        }
        _ => "the record does not say how it ended".to_owned(),
    };
    format!(
        "On {}, {actor}{} called {call}{}{}{}{}; {outcome}.",
        text("time").unwrap_or_default(),
        kind.unwrap_or_default(),
        on.unwrap_or_default(),
        from.unwrap_or_default(),
        with.unwrap_or_default(),
        behalf.unwrap_or_default()
    )
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
