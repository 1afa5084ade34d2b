//! The columns that a mapping fills with one text each, and how each takes it.

use model::{Effect, Event, Mode, Party, Text};

/// How a column takes a text.
#[derive(Debug)]
pub(super) enum Take {
    /// As it is.
    Text(for<'e, 'a> fn(&'e mut Event<'a>) -> &'e mut Option<Text<'a>>),
    /// As a whole number.
    Number(for<'e, 'a> fn(&'e mut Event<'a>) -> &'e mut Option<i64>),
    /// As a port.
    Port(for<'e, 'a> fn(&'e mut Event<'a>) -> &'e mut Option<u16>),
    /// `true` and `false` in any case.
    Flag(for<'e, 'a> fn(&'e mut Event<'a>) -> &'e mut Option<bool>),
    /// One of a closed list; false if it is none of them.
    Word(fn(&mut Event<'_>, &str) -> bool),
}

/// A column by its name in the lake.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) take: Take,
}

macro_rules! columns {
    ($($name:literal $take:ident $($field:ident).+,)+) => {
        &[$(Column { name: $name, take: Take::$take(|event| &mut event.$($field).+) },)+]
    };
}

/// Columns of plain values.
pub(super) static COLUMNS: &[Column] = columns! {
    "source_event_id" Text source_event_id,
    "tenant" Text tenant,
    "region" Text region,
    "role" Text role,
    "privileged" Flag privileged,
    "agent_uid" Text agent.uid,
    "agent_instance" Text agent.instance,
    "agent_run" Text agent.run,
    "agent_model" Text agent.model,
    "agent_version" Text agent.version,
    "workload_name" Text workload.name,
    "workload_uid" Text workload.uid,
    "workload_namespace" Text workload.namespace,
    "workload_node" Text workload.node,
    "delegation_uid" Text delegation_uid,
    "authn_protocol" Text authn.protocol,
    "authn_method" Text authn.method,
    "authn_mfa" Flag authn.mfa,
    "decision_pdp" Text decision.pdp,
    "decision_rule" Text decision.rule,
    "decision_reason" Text decision.reason,
    "api_service" Text api.service,
    "api_request_id" Text api.request_id,
    "secret_access_path" Text secret_access.path,
    "secret_access_version" Text secret_access.version,
    "secret_access_lease_id" Text secret_access.lease_id,
    "src_ip" Text src.ip,
    "src_port" Port src.port,
    "src_host" Text src.host,
    "src_country" Text src.country,
    "src_network" Text src.network,
    "user_agent" Text user_agent,
    "client_app" Text client_app,
    "dst_ip" Text dst.ip,
    "dst_port" Port dst.port,
    "dst_host" Text dst.host,
    "dst_country" Text dst.country,
    "dst_network" Text dst.network,
    "device_id" Text device.id,
    "device_name" Text device.name,
    "device_os" Text device.os,
    "device_managed" Flag device.managed,
    "process" Text process,
    "trace_id" Text trace_id,
    "span_id" Text span_id,
    "parent_span_id" Text parent_span_id,
    "error_code" Text error_code,
    "error_message" Text error_message,
    "duration_ms" Number duration_ms,
    "data_bytes_in" Number data_bytes_in,
    "data_bytes_out" Number data_bytes_out,
    "data_rows" Number data_rows,
    "tool_name" Text tool.name,
    "tool_server" Text tool.server,
    "tool_call_id" Text tool.call_id,
    "purpose_reason" Text purpose.reason,
    "purpose_ticket" Text purpose.ticket,
    "purpose_job" Text purpose.job,
};

/// Columns of closed lists.
pub(super) static WORDS: &[Column] = &[
    Column { name: "party", take: Take::Word(|event, text| taken(&mut event.party, Party::parse(text))) },
    Column { name: "agent_mode", take: Take::Word(|event, text| taken(&mut event.agent.mode, Mode::parse(text))) },
    Column {
        name: "decision_effect",
        take: Take::Word(|event, text| taken(&mut event.decision.effect, Effect::parse(text))),
    },
    Column { name: "severity_id", take: Take::Word(severity) },
];

/// Columns of several values.
pub(super) static LISTS: &[List] = &[
    List { name: "correlation_ids", list: |event| &mut event.correlation_ids },
    List { name: "authn_factors", list: |event| &mut event.authn.factors },
    List { name: "decision_policies", list: |event| &mut event.decision.policies },
];

/// A column of several values.
#[derive(Debug)]
pub(super) struct List {
    pub(super) name: &'static str,
    pub(super) list: for<'e, 'a> fn(&'e mut Event<'a>) -> &'e mut Vec<Text<'a>>,
}

fn taken<T>(place: &mut Option<T>, value: Option<T>) -> bool {
    let is_one = value.is_some();
    *place = value;
    is_one
}

/// OCSF severities: 1 informational to 6 fatal.
fn severity(event: &mut Event<'_>, text: &str) -> bool {
    let found = text.parse::<u8>().ok().filter(|severity| (1..=6).contains(severity));
    event.severity_id = found.unwrap_or(event.severity_id);
    found.is_some()
}

impl Take {
    /// Gives a column its text; false if the column cannot take it.
    pub(super) fn set<'a>(&self, event: &mut Event<'a>, text: Text<'a>) -> bool {
        match self {
            Take::Text(field) => {
                *field(event) = Some(text);
                true
            }
            Take::Number(field) => taken(field(event), number(&text)),
            Take::Port(field) => taken(field(event), text.parse().ok()),
            Take::Flag(field) => taken(field(event), flag(&text)),
            Take::Word(set) => set(event, &text),
        }
    }

    pub(super) fn wants(&self) -> &'static str {
        match self {
            Take::Text(_) => "a text",
            Take::Number(_) => "a whole number",
            Take::Port(_) => "a port",
            Take::Flag(_) => "true or false",
            Take::Word(_) => "one of the column's words",
        }
    }
}

/// A whole number; of one with a fraction the whole part.
fn number(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| {
        let (whole, fraction) = text.split_once('.')?;
        fraction.bytes().all(|byte| byte.is_ascii_digit()).then(|| whole.parse().ok())?
    })
}

pub(super) fn flag(text: &str) -> Option<bool> {
    match text {
        text if text.eq_ignore_ascii_case("true") => Some(true),
        text if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}
