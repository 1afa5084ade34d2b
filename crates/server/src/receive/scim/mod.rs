//! A SCIM 2.0 service (RFC 7643 and 7644): identity providers tell it of users and groups, as they tell any application.
//!
//! Each change is one record: the request as it came, and what the resource is after it. The answer is given when
//! that is sealed. Providers ask for what they have told before they tell more, so the resources of a source are
//! kept in memory; they are made of its sealed records when it is first asked for.

mod about;
mod answer;
mod expression;
mod patch;
mod roster;

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use collect::Cut;
use model::LeafIndex;
use parking_lot::Mutex;
use scim_v2::filter::Filter;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use self::answer::{Refusal, answer};
use self::expression::{key, matches};
use self::roster::{Kind, Roster, Told};
use crate::access::Scope;
use crate::app::{App, blocking, parcel};
use crate::problem::Problem;

/// Resources of one answer, at most, and where nothing is asked.
pub(super) const PAGE_MAX: usize = 1_000;
const PAGE: usize = 100;

/// Longest request: a group with a hundred thousand members.
const BODY_BYTES_MAX: usize = 8 << 20;

/// The rosters of all sources that were asked for. Whoever changes one holds it until the change is sealed.
#[derive(Debug, Default)]
pub(crate) struct Rosters(Mutex<HashMap<String, Arc<tokio::sync::Mutex<Option<Roster>>>>>);

impl Rosters {
    fn of(&self, source: &str) -> Arc<tokio::sync::Mutex<Option<Roster>>> {
        Arc::clone(self.0.lock().entry(source.to_owned()).or_default())
    }
}

/// What is asked of a list, or of a resource.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Asked {
    filter: Option<String>,
    start_index: Option<i64>,
    count: Option<i64>,
    attributes: Option<String>,
    excluded_attributes: Option<String>,
}

/// `/v1/scim/<source>/<endpoint>`: lists resources, makes one, or says what this service can do.
pub(crate) async fn endpoint(
    State(app): State<Arc<App>>,
    method: Method,
    Path((source, endpoint)): Path<(String, String)>,
    asked: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    finished(async move {
        let source = admitted(&app, &headers, &source)?;
        let Query(asked) = asked.map_err(|rejection| Refusal::value(rejection.body_text()))?;
        let base = base(&app, &headers, &source);
        let Some(kind) = Kind::parse(&endpoint) else {
            return told(method == Method::GET, about_us(&base, &endpoint, None));
        };
        match method {
            Method::GET => list(&app, &source, kind, &base, &asked).await,
            _ => {
                let change = Change { app: &app, source: &source, kind, base: &base, method: "POST" };
                let body = read(&app, &headers, body).await?;
                change.make(&body).await
            }
        }
    })
    .await
}

/// `/v1/scim/<source>/<endpoint>/<id>`: one resource, or a schema or resource type.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    method: Method,
    Path((source, endpoint, id)): Path<(String, String, String)>,
    asked: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    finished(async move {
        let source = admitted(&app, &headers, &source)?;
        let Query(asked) = asked.map_err(|rejection| Refusal::value(rejection.body_text()))?;
        let base = base(&app, &headers, &source);
        let Some(kind) = Kind::parse(&endpoint) else {
            return told(method == Method::GET, about_us(&base, &endpoint, Some(&id)));
        };
        let change = |method| Change { app: &app, source: &source, kind, base: &base, method };
        match method {
            Method::PUT => {
                let body = read(&app, &headers, body).await?;
                change("PUT").set(&id, &body, |_| resource_of(kind, &body)).await
            }
            Method::PATCH => {
                let body = read(&app, &headers, body).await?;
                change("PATCH").set(&id, &body, |before| patch::patched(before, &body)).await
            }
            Method::DELETE => change("DELETE").end(&id).await,
            _ => {
                let roster = app.rosters.of(&source);
                let mut roster = roster.lock().await;
                let resource = known(&app, &source, &mut roster).await?.get(kind, &id)?;
                Ok(answer(StatusCode::OK, &shown(resource, kind, &base, &asked)))
            }
        }
    })
    .await
}

/// Does this to its end: a client that hangs up between sealing and keeping would leave a roster that is not the log's.
async fn finished(work: impl Future<Output = Result<Response, Refusal>> + Send + 'static) -> Response {
    let done = tokio::spawn(work).await;
    let done = done.unwrap_or_else(|_| Err(Problem::failed("the task that changed it has ended").into()));
    done.unwrap_or_else(Refusal::into_response)
}

fn admitted(app: &App, headers: &HeaderMap, source: &str) -> Result<String, Refusal> {
    let token = app.admitted(headers, Scope::RecordsWrite)?;
    Ok(token.source(Some(source))?)
}

/// Our own address, as the caller knows it.
fn base(app: &App, headers: &HeaderMap, source: &str) -> String {
    let scheme = if app.config.tls.is_some() { "https" } else { "http" };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    format!("{scheme}://{host}/v1/scim/{source}")
}

fn about_us(base: &str, endpoint: &str, id: Option<&str>) -> Option<Value> {
    match (endpoint, id) {
        ("ServiceProviderConfig", None) => Some(about::configuration(base)),
        ("ResourceTypes", name) => about::resource_types(base, name),
        ("Schemas", id) => about::schemas(base, id),
        _ => None,
    }
}

fn told(is_asked: bool, about: Option<Value>) -> Result<Response, Refusal> {
    let about = about
        .ok_or_else(|| Refusal::not_found("neither Users, Groups, ServiceProviderConfig, ResourceTypes nor Schemas"))?;
    if !is_asked {
        return Err(Problem::method("this can only be read").into());
    }
    Ok(answer(StatusCode::OK, &about))
}

async fn read(app: &App, headers: &HeaderMap, body: Body) -> Result<Bytes, Refusal> {
    let (body, _permit) = app.body(headers, body).await?;
    if body.len() > BODY_BYTES_MAX {
        let detail = format!("the body has {} bytes; a request of SCIM has {BODY_BYTES_MAX} at most", body.len());
        return Err(Problem::too_long_by(detail).into());
    }
    Ok(body)
}

/// The roster of a source, made of its records if it is not there yet.
async fn known<'r>(app: &Arc<App>, source: &str, roster: &'r mut Option<Roster>) -> Result<&'r mut Roster, Refusal> {
    if roster.is_none() {
        let (app, source) = (Arc::clone(app), source.to_owned());
        *roster = Some(blocking(move || of_log(&app, &source)).await??);
    }
    Ok(roster.get_or_insert_default())
}

fn of_log(app: &App, source: &str) -> Result<Roster, Problem> {
    let view = app.view()?;
    if app.door.folded() < view.size().0 {
        return Err(Problem::busy("what was sealed of this source is being looked up"));
    }
    let failed = |error: &dyn std::fmt::Display| Problem::failed(error.to_string());
    let leaves = app.door.resources(source).map_err(|error| failed(&error))?;
    let records = view.leaves(leaves.into_iter().map(LeafIndex).collect()).map_err(|error| failed(&error))?;
    Ok(Roster::of(records.iter().map(|record| record.body.as_ref())))
}

async fn list(app: &Arc<App>, source: &str, kind: Kind, base: &str, asked: &Asked) -> Result<Response, Refusal> {
    let filter = asked.filter.as_deref().map(str::parse::<Filter>).transpose();
    let filter = filter.map_err(|error| Refusal::filter(error.to_string()))?;
    // Section 3.4.2.4: what is less than the least counts as that.
    let start = usize::try_from(asked.start_index.unwrap_or(1)).unwrap_or(1).max(1);
    let count = asked.count.map_or(PAGE, |count| usize::try_from(count).unwrap_or(0)).min(PAGE_MAX);
    let roster = app.rosters.of(source);
    let mut roster = roster.lock().await;
    let roster = known(app, source, &mut roster).await?;
    let (mut total, mut page) = (0, Vec::new());
    for resource in roster.all(kind).filter(|resource| filter.as_ref().is_none_or(|filter| matches(resource, filter))) {
        total += 1;
        if total >= start && page.len() < count {
            page.push(shown(resource, kind, base, asked));
        }
    }
    Ok(answer(StatusCode::OK, &about::list(total, start, page)))
}

/// A resource as it is told: with its address, and with the attributes that are asked for.
fn shown(mut resource: Map<String, Value>, kind: Kind, base: &str, asked: &Asked) -> Value {
    let id = resource.get("id").and_then(Value::as_str).unwrap_or_default();
    let location = format!("{base}/{}/{id}", kind.endpoint());
    if let Some(Value::Object(meta)) = resource.get_mut("meta") {
        meta.insert("location".to_owned(), location.into());
    }
    let names = |list: &str| list.split(',').map(|name| name.trim().to_lowercase()).collect::<Vec<_>>();
    let first = |name: &str| name.to_lowercase().split('.').next().unwrap_or_default().to_owned();
    if let Some(wanted) = asked.attributes.as_deref().map(names) {
        let is_wanted = |name: &str| wanted.iter().any(|wanted| first(wanted) == name.to_lowercase());
        resource.retain(|name, _| matches!(name.as_str(), "id" | "schemas" | "meta") || is_wanted(name));
    } else if let Some(unwanted) = asked.excluded_attributes.as_deref().map(names) {
        resource
            .retain(|name, _| matches!(name.as_str(), "id" | "schemas") || !unwanted.contains(&name.to_lowercase()));
    }
    Value::Object(resource)
}

/// The resource that a request gives.
fn resource_of(kind: Kind, body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    let mut resource: Map<String, Value> =
        serde_json::from_slice(body).map_err(|error| Refusal::syntax(format!("no resource: {error}")))?;
    let schema = kind.schema();
    let schemas = resource.get("schemas").and_then(Value::as_array);
    if !schemas.is_some_and(|all| all.iter().any(|known| known.as_str() == Some(schema.as_str()))) {
        return Err(Refusal::value(format!("`schemas` lacks `{schema}`")));
    }
    // Never told to anybody again (RFC 7643 section 4.1.1); in the sealed request it is replaced.
    if let Some(password) = key(&resource, "password").cloned() {
        resource.remove(&password);
    }
    Ok(resource)
}

/// A resource after a change, without an application around it.
///
/// # Errors
/// As it is refused.
pub(crate) fn changed(resource: &Map<String, Value>, body: &[u8]) -> Result<Map<String, Value>, String> {
    patch::patched(resource, body).map_err(|refusal| refusal.detail)
}

/// Whether a filter finds a resource; none if it is no filter.
pub(crate) fn finds(resource: &Map<String, Value>, filter: &str) -> Option<bool> {
    Some(matches(resource, &filter.parse().ok()?))
}

/// A change of a resource.
#[derive(Clone, Copy)]
struct Change<'c> {
    app: &'c Arc<App>,
    source: &'c str,
    kind: Kind,
    base: &'c str,
    method: &'static str,
}

impl Change<'_> {
    async fn make(self, body: &Bytes) -> Result<Response, Refusal> {
        let mut resource = resource_of(self.kind, body)?;
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|error| Problem::failed(error.to_string()))?;
        let id = uuid::Builder::from_random_bytes(random).into_uuid().to_string();
        let now = self.now();
        resource.insert("id".to_owned(), id.clone().into());
        resource.insert(
            "meta".to_owned(),
            json!({ "resourceType": self.kind.name(), "created": now, "lastModified": now }),
        );
        let roster = self.app.rosters.of(self.source);
        let mut roster = roster.lock().await;
        let roster = known(self.app, self.source, &mut roster).await?;
        roster.check(self.kind, &id, &resource)?;
        self.seal(&id, Some(body), &resource).await?;
        roster.put(self.kind, &id, &resource);
        let shown = shown(resource, self.kind, self.base, &Asked::default());
        let mut response = answer(StatusCode::CREATED, &shown);
        let location = shown.pointer("/meta/location").and_then(Value::as_str).and_then(|at| at.parse().ok());
        response.headers_mut().extend(location.map(|location| (header::LOCATION, location)));
        Ok(response)
    }

    async fn set(
        self,
        id: &str,
        body: &Bytes,
        after: impl FnOnce(&Map<String, Value>) -> Result<Map<String, Value>, Refusal>,
    ) -> Result<Response, Refusal> {
        let roster = self.app.rosters.of(self.source);
        let mut roster = roster.lock().await;
        let roster = known(self.app, self.source, &mut roster).await?;
        let before = roster.get(self.kind, id)?;
        let mut resource = after(&before)?;
        let mut meta = before.get("meta").cloned().unwrap_or_else(|| json!({ "resourceType": self.kind.name() }));
        if let Some(members) = meta.as_object_mut() {
            members.insert("lastModified".to_owned(), self.now().into());
        }
        resource.insert("id".to_owned(), id.into());
        resource.insert("meta".to_owned(), meta);
        roster.check(self.kind, id, &resource)?;
        self.seal(id, Some(body), &resource).await?;
        roster.put(self.kind, id, &resource);
        Ok(answer(StatusCode::OK, &shown(resource, self.kind, self.base, &Asked::default())))
    }

    async fn end(self, id: &str) -> Result<Response, Refusal> {
        let roster = self.app.rosters.of(self.source);
        let mut roster = roster.lock().await;
        let roster = known(self.app, self.source, &mut roster).await?;
        let before = roster.get(self.kind, id)?;
        self.seal(id, None, &before).await?;
        roster.remove(self.kind, id);
        Ok(StatusCode::NO_CONTENT.into_response())
    }

    /// When this returns, the change is sealed.
    async fn seal(self, id: &str, request: Option<&Bytes>, resource: &Map<String, Value>) -> Result<(), Refusal> {
        let path = format!("{}/{id}", self.kind.endpoint());
        let request = request.map(|body| serde_json::from_slice::<&RawValue>(body)).transpose();
        let request = request.map_err(|error| Refusal::syntax(format!("the body is no JSON: {error}")))?;
        let told = Told { method: self.method, path: &path, request, resource };
        let record = serde_json::to_vec(&told).map_err(|error| Problem::failed(error.to_string()))?;
        let name = collect::resource_name(&path);
        let parcel = parcel(self.source.to_owned(), &name, None, Bytes::from(record), Cut::Whole);
        self.app.seal(parcel).await?;
        Ok(())
    }

    fn now(self) -> String {
        (self.app.clock)().to_string()
    }
}
