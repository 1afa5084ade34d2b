//! Snowflake: rows of the views of `ACCOUNT_USAGE` and of `ORGANIZATION_USAGE`.
//!
//! Logins, sessions and queries hang together by ids: a login names the credential, a session its login, a
//! query its session. [`record`] knows the columns, [`query`] what statements do, [`grants`] the views of grants.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    Access, ActorKind, Alias, AliasRel, Credential, Event, Human, Platform, Principal, Related, Resource, ResourceRole,
    Status,
};

use self::record::Row;
use crate::field::{Text, first, instant, kebab, said};
use crate::fill::{self, Act, act};
use crate::{Context, Module, Probe, Reject, RejectKind, json};

mod grants;
mod origins;
mod query;
mod record;

/// The platform part of canonical URIs.
const NAME: &str = "snowflake";

pub(crate) static MODULE: Module =
    Module { platform: Platform::Snowflake, version: 1, recognise, normalise, origins: origins::ORIGINS };

/// The view that a row is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum View {
    Login,
    Session,
    Query,
    Access,
    Grant,
    Transfer,
}

/// Columns by which a view is told from all others.
const VIEWS: [(View, &[[&str; 2]]); 6] = [
    (View::Access, &[["QUERY_ID", "query_id"], ["DIRECT_OBJECTS_ACCESSED", "direct_objects_accessed"]]),
    (
        View::Query,
        &[["QUERY_TYPE", "query_type"], ["EXECUTION_STATUS", "execution_status"], ["USER_NAME", "user_name"]],
    ),
    (
        View::Login,
        &[["EVENT_TYPE", "event_type"], ["IS_SUCCESS", "is_success"], ["REPORTED_CLIENT_TYPE", "reported_client_type"]],
    ),
    (View::Session, &[["SESSION_ID", "session_id"], ["LOGIN_EVENT_ID", "login_event_id"]]),
    (View::Grant, &[["GRANTED_TO", "granted_to"], ["GRANTEE_NAME", "grantee_name"], ["GRANTED_BY", "granted_by"]]),
    (
        View::Transfer,
        &[["SOURCE_CLOUD", "source_cloud"], ["TARGET_CLOUD", "target_cloud"], ["TRANSFER_TYPE", "transfer_type"]],
    ),
];

fn recognise(probe: &Probe<'_>) -> bool {
    view(probe).is_some()
}

fn view(probe: &Probe<'_>) -> Option<View> {
    let has = |names: &[&str; 2]| names.iter().any(|name| probe.contains(name) && probe.has(name));
    VIEWS.iter().find(|(_, columns)| columns.iter().all(has)).map(|(view, _)| *view)
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let Some(view) = view(&Probe::new(text)) else {
        let detail = "no row of LOGIN_HISTORY, SESSIONS, QUERY_HISTORY, ACCESS_HISTORY, GRANTS_TO_* or \
                      DATA_TRANSFER_HISTORY";
        return Err(Reject::new(RejectKind::Shape, detail));
    };
    let row: Row<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    let authority = authority(&row, context);
    let mut event = Event::new(Platform::Snowflake, authority.clone(), actor(&row, view, &authority));
    event.tenant = first(&[&row.organization, &row.account]);
    event.api.service = Some(Cow::Borrowed(NAME));
    event.role = said(&row.role);
    match view {
        View::Login => login(&mut event, &row),
        View::Session => session(&mut event, &row),
        View::Query => query(&mut event, &row),
        View::Access => accessed(&mut event, &row),
        View::Grant => grants::read(&mut event, &row),
        View::Transfer => transfer(&mut event, &row),
    }
    let holes = [
        (event.time.is_none(), "time"),
        (event.source_event_id.is_none() && !matches!(view, View::Grant | View::Transfer), "source_event_id"),
        (event.actor.name.is_none() && view != View::Transfer, "actor_principal"),
        (event.status == Status::Unknown, "status_id"),
        (event.session.is_none() && view == View::Query, "session_uri"),
        (event.grants.is_empty() && view == View::Grant, "grants"),
        (event.src.ip.is_none() && view == View::Login, "src_ip"),
        (event.authority == "unknown", "authority"),
    ];
    fill::lacking(&mut event, &holes);
    Ok(event)
}

/// Rows of an account do not name it; those of the organisation's views do.
fn authority<'a>(row: &Row<'a>, context: &Context<'_>) -> Cow<'a, str> {
    if let Some(set) = context.authority {
        return Cow::Owned(set.to_owned());
    }
    match (said(&row.organization), said(&row.account), said(&row.locator)) {
        (Some(organization), Some(account), _) => Cow::Owned(format!("{organization}-{account}").to_ascii_lowercase()),
        (_, _, Some(locator)) => Cow::Owned(locator.to_ascii_lowercase()),
        _ => Cow::Borrowed("unknown"),
    }
}

/// Users by name: Snowflake writes no other id of theirs, and a dropped user's name can be given again.
fn actor<'a>(row: &Row<'a>, view: View, authority: &str) -> Principal<'a> {
    let nobody = |kind, is_human, rule| Principal {
        uri: uri::principal(NAME, authority, "unknown", "unknown"),
        kind,
        name: None,
        is_human,
        rule,
    };
    if view == View::Grant {
        return grants::actor(row, authority);
    }
    let Some(name) = said(&row.user) else { return nobody(ActorKind::Unknown, Human::Unknown, "default") };
    let failed = view == View::Login && !is_yes(&row.is_success);
    let uri = match failed {
        true => uri::principal_claimed(NAME, authority, "user", &name),
        false => uri::principal_named(NAME, authority, "user", &name),
    };
    let (kind, is_human, rule) = match failed {
        true => (ActorKind::Unknown, Human::Unknown, "default"),
        false => sort(row, &name),
    };
    Principal { uri, kind, name: Some(name), is_human, rule }
}

/// The type of a user says it best; else how it proved itself.
fn sort(row: &Row<'_>, name: &str) -> (ActorKind, Human, &'static str) {
    let factor = first(&[&row.factor, &row.method]).unwrap_or_default().to_ascii_uppercase();
    let by_token = ["PROGRAMMATIC_ACCESS_TOKEN", "RSA_KEYPAIR", "KEYPAIR"].iter().any(|word| factor.contains(word));
    match row.user_type.as_deref().unwrap_or_default() {
        "PERSON" if by_token => (ActorKind::Script, Human::Mixed, "R3:snowflake-token-of-person"),
        "PERSON" => (ActorKind::Human, Human::Human, "R1:snowflake-user-type"),
        "SERVICE" | "LEGACY_SERVICE" => (ActorKind::ServiceAccount, Human::Nonhuman, "R1:snowflake-user-type"),
        "SNOWFLAKE_SERVICE" => (ActorKind::PlatformService, Human::Nonhuman, "R1:snowflake-user-type"),
        _ if matches!(name, "SNOWFLAKE" | "SYSTEM") => {
            (ActorKind::PlatformService, Human::Nonhuman, "R1:snowflake-itself")
        }
        _ if factor.contains("WORKLOAD_IDENTITY") => {
            (ActorKind::Workload, Human::Nonhuman, "R1:snowflake-workload-identity")
        }
        _ if factor.contains("SAML") => (ActorKind::Human, Human::Human, "R2:snowflake-sign-on"),
        _ if said(&row.second_factor).is_some() => (ActorKind::Human, Human::Human, "R2:snowflake-second-factor"),
        _ if by_token => (ActorKind::Script, Human::Unknown, "default"),
        _ => (ActorKind::Unknown, Human::Unknown, "default"),
    }
}

fn is_yes(text: &Text<'_>) -> bool {
    text.as_deref().is_some_and(|text| text.eq_ignore_ascii_case("yes") || text.eq_ignore_ascii_case("true"))
}

fn login<'a>(event: &mut Event<'a>, row: &Row<'a>) {
    let kind = said(&row.event_type);
    let act = match kind.as_deref().unwrap_or_default() {
        "LOGOUT" => act(3002, 2, Access::Authenticate),
        _ => act(3002, 1, Access::Authenticate),
    };
    act.put(event);
    event.api.operation = kind;
    event.source_event_id = said(&row.event_id);
    event.status_code = said(&row.is_success);
    event.status = match (&event.status_code, is_yes(&row.is_success)) {
        (None, _) => Status::Unknown,
        (_, true) => Status::Success,
        (_, false) => Status::Failure,
    };
    failure(event, row);
    // Zero stands for a login through Snowflake's own services.
    fill::endpoint(&mut event.src, said(&row.client_ip).filter(|ip| ip != "0.0.0.0"));
    event.src.network = first(&[&row.private_link, &row.connection]);
    event.client_app = client(row);
    event.authn.method = said(&row.factor);
    event.authn.mfa = said(&row.factor).map(|_| said(&row.second_factor).is_some());
    event.authn.factors = [&row.factor, &row.second_factor].into_iter().filter_map(said).collect();
    event.credential = credential(row, &event.authority);
    if let Some(id) = &event.source_event_id {
        event.session = Some(uri::session(NAME, &event.authority, "login", id));
        event.correlation_ids.push(id.clone());
    }
    let related = said(&row.related_event).filter(|id| id != "0");
    event.related.extend(related.map(|source_event_id| Related { rel: "related-login", source_event_id }));
    fill::when(event, first(&[&row.event_timestamp, &row.collected]));
}

/// The program as it calls itself.
fn client<'a>(row: &Row<'a>) -> Text<'a> {
    let kind = first(&[&row.client_type, &row.application])?;
    Some(match said(&row.client_version).filter(|version| version != "0") {
        Some(version) => Cow::Owned(format!("{kind} {version}")),
        None => kind,
    })
}

/// Which credential proved the user: its id in the view `CREDENTIALS`. Older rows name the method alone.
fn credential<'a>(row: &Row<'a>, authority: &str) -> Option<Credential<'a>> {
    let id = said(&row.factor_id)?;
    let kind = said(&row.factor).map_or_else(|| "credential".to_owned(), |factor| kebab(&factor));
    let uri = uri::cred(NAME, authority, "credential", &id);
    Some(Credential { uri, kind: Cow::Owned(kind), native_id: Some(id), ..Credential::default() })
}

/// A session and the login it began with: the link from queries to credentials.
fn session<'a>(event: &mut Event<'a>, row: &Row<'a>) {
    act(3002, 1, Access::Authenticate).put(event);
    event.api.operation = Some(Cow::Borrowed("SESSION"));
    event.status = Status::Success;
    event.source_event_id = said(&row.session);
    event.authn.method = said(&row.method);
    event.client_app = said(&row.application);
    let of = |kind: &str, id: &str| uri::session(NAME, &event.authority, kind, id);
    let (session, login) = (said(&row.session), said(&row.login_event));
    event.session = session.as_deref().map(|id| of("session", id));
    if let (Some(a), Some(login)) = (event.session.clone(), login) {
        event.aliases.push(Alias {
            a,
            b: of("login", &login),
            rel: AliasRel::InstanceOf,
            rule: "snowflake:session+login",
        });
        event.related.push(Related { rel: "login", source_event_id: login.clone() });
        event.correlation_ids.push(login);
    }
    fill::when(event, first(&[&row.created_on, &row.collected]));
}

fn query<'a>(event: &mut Event<'a>, row: &Row<'a>) {
    let kind = said(&row.query_type);
    let text = row.query_text.as_deref().unwrap_or_default();
    query::of(kind.as_deref().unwrap_or_default(), text).put(event);
    event.api.operation = kind;
    event.api.request_id = said(&row.query);
    event.source_event_id = said(&row.query);
    event.correlation_ids.extend(said(&row.query));
    event.status_code = said(&row.execution_status);
    event.status = match row.execution_status.as_deref().unwrap_or_default().to_ascii_uppercase().as_str() {
        "SUCCESS" => Status::Success,
        "FAIL" | "FAILED_WITH_ERROR" | "FAILED_WITH_INCIDENT" | "INCIDENT" => Status::Failure,
        "" => Status::Unknown,
        _ => Status::Other,
    };
    failure(event, row);
    let admin = ["ACCOUNTADMIN", "SECURITYADMIN", "ORGADMIN", "USERADMIN", "SYSADMIN"];
    event.privileged = event.role.as_deref().map(|role| admin.contains(&role));
    event.session = said(&row.session).map(|id| uri::session(NAME, &event.authority, "session", &id));
    event.purpose.job = said(&row.query_tag);
    let number = |text: &Text<'_>| text.as_deref().and_then(|text| text.parse::<i64>().ok());
    event.duration_ms = number(&row.elapsed_ms);
    event.data_rows = number(&row.rows);
    event.data_bytes_in = number(&row.bytes_written);
    event.data_bytes_out = number(&row.bytes_out);
    let schema = said(&row.schema).map(|schema| match said(&row.database) {
        Some(database) => Cow::Owned(format!("{database}.{schema}")),
        None => schema,
    });
    if event.class_uid == 3007 {
        // A name without quotes is one in capital letters.
        let name = query::user_of(text).map(|name| match text.contains(&format!("\"{name}\"")) {
            true => Cow::Owned(name.to_owned()),
            false => Cow::Owned(name.to_uppercase()),
        });
        resource(event, "user", name, ResourceRole::Affected);
    }
    for (kind, name, role) in [
        ("schema", schema, ResourceRole::Target),
        ("database", said(&row.database), ResourceRole::Target),
        ("warehouse", said(&row.warehouse), ResourceRole::Related),
    ] {
        resource(event, kind, name, role);
    }
    fill::when(event, first(&[&row.start_time, &row.end_time, &row.collected]));
}

/// What a query read, wrote and defined. The view has a row only of what Snowflake could tell apart.
fn accessed<'a>(event: &mut Event<'a>, row: &Row<'a>) {
    let (written, defined) = (record::objects(row.written), record::objects(row.defined));
    let operation = defined.iter().find_map(|object| object.operation.clone());
    let (act, operation) = match &operation {
        Some(ddl) => (query::of("", &format!("{ddl} OBJECT")), Cow::Owned(ddl.clone())),
        None if written.is_empty() => (act(6005, 1, Access::Read), Cow::Borrowed("READ")),
        None => (act(6005, 5, Access::Modify), Cow::Borrowed("WRITE")),
    };
    act.put(event);
    event.api.operation = Some(operation);
    event.api.request_id = said(&row.query);
    event.source_event_id = said(&row.query);
    for id in [&row.query, &row.parent_query, &row.root_query].into_iter().filter_map(said) {
        if !event.correlation_ids.contains(&id) {
            event.correlation_ids.push(id);
        }
    }
    event
        .related
        .extend(said(&row.parent_query).map(|source_event_id| Related { rel: "parent-query", source_event_id }));
    let reads = record::objects(row.read).into_iter().chain(record::objects(row.base)).collect();
    for (objects, role) in
        [(written, ResourceRole::Affected), (defined, ResourceRole::Affected), (reads, ResourceRole::Target)]
    {
        for object in objects {
            let kind = object.domain.as_deref().map_or_else(|| "object".to_owned(), kebab);
            let name = object.name.map(Cow::Owned);
            add(event, Cow::Owned(kind), name, role);
        }
    }
    fill::when(event, first(&[&row.query_start, &row.collected]));
}

/// How many bytes went from region to region in an hour, by whomever.
fn transfer<'a>(event: &mut Event<'a>, row: &Row<'a>) {
    Act::api(Access::Other).put(event);
    event.class_uid = 6005;
    event.api.operation = said(&row.transfer_type).map(|kind| Cow::Owned(format!("DATA_TRANSFER.{kind}")));
    event.status = Status::Success;
    event.data_bytes_out = row.transferred.as_deref().and_then(|bytes| bytes.parse().ok());
    event.region = said(&row.source_region);
    let place = |cloud: &Text<'a>, region: &Text<'a>| -> Text<'a> {
        Some(Cow::Owned(format!("{} {}", said(cloud)?, said(region)?)))
    };
    event.src.network = place(&row.source_cloud, &row.source_region);
    event.dst.network = place(&row.target_cloud, &row.target_region);
    resource(event, "region", event.dst.network.clone(), ResourceRole::Target);
    fill::when(event, first(&[&row.start_time, &row.collected]));
    let bounds = [&row.start_time, &row.end_time].map(|text| instant(&said(text)?));
    if let [Some(from), Some(to)] = bounds {
        event.duration_ms = to.nanos.checked_sub(from.nanos).map(|nanos| nanos / 1_000_000);
    }
}

fn failure<'a>(event: &mut Event<'a>, row: &Row<'a>) {
    if event.status == Status::Failure {
        event.error_code = said(&row.error_code);
        event.error_message = said(&row.error_message);
    }
    // The row stands for more that Snowflake left out.
    event.quality.sampled |= row.error_message.as_deref() == Some("OVERFLOW_FAILURE_EVENTS_ELIDED");
}

fn resource<'a>(event: &mut Event<'a>, kind: &'static str, name: Text<'a>, role: ResourceRole) {
    add(event, Cow::Borrowed(kind), name, role);
}

fn add<'a>(event: &mut Event<'a>, kind: Cow<'a, str>, name: Text<'a>, role: ResourceRole) {
    let Some(name) = name else { return };
    let uri = uri::build(Class::Resource, NAME, &event.authority, &kind).name(&name).finish();
    if event.resources.iter().all(|known| known.uri != uri) {
        event.resources.push(Resource { uri, kind, name: Some(name), role });
    }
}
