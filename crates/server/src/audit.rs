//! What was done with this server is itself sealed.
//!
//! A question, or anything else that shows or changes something, is one leaf, sealed before it is answered: who cannot be
//! recorded is not answered. Deliveries and polls come by the thousand and are counted by token, route and answer, one
//! leaf a minute; so are refusals, or whoever has no token could fill the log. Nothing here audits itself: a leaf is
//! appended, not requested. What reads the files directly cannot be seen (`docs/threat-model.md`).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use model::{Kind, canonical_json};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::app::App;
use crate::problem::Problem;

/// How often counts are sealed.
const EVERY: Duration = Duration::from_secs(60);

/// What is counted apart within a minute; beyond it the address of the client is left out.
const KEYS_MAX: usize = 10_000;

/// Longest `with`, bytes; what is longer is cut and says so.
const WITH_BYTES_MAX: usize = 8 << 10;

/// Routes that are polled or delivered to: counted. What is not listed here is one leaf each.
const COUNTED: &[&str] = &[
    "/v1/records",
    "/v1/checkpoint",
    "/v1/consistency",
    "/v1/webhooks/{source}",
    "/v1/logs",
    "/v1/traces",
    "/v1/cloudevents",
    "/loki/api/v1/push",
    "/metrics",
    "/",
    "/_bulk",
    "/{index}/_bulk",
];

/// Whole families of such routes.
const COUNTED_BELOW: &[&str] = &["/services/collector", "/v1/scim/", "/opentelemetry.proto.collector."];

/// Routes that tell nothing but that the server is there.
const UNRECORDED: &[&str] = &["/healthz", "/readyz"];

/// Address of a client, in the extensions of its requests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// What exactly was asked, where path and query do not say it: in the extensions of an answer.
#[derive(Clone, Debug)]
pub(crate) struct Asked(pub(crate) String);

/// Counts that are not sealed yet.
#[derive(Debug, Default)]
pub(crate) struct Counts(Mutex<BTreeMap<Key, Count>>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    did: String,
    token: String,
    name: String,
    peer: String,
    status: u16,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    times: u64,
    since_ms: u64,
}

impl Counts {
    fn add(&self, key: Key, now_ms: u64) {
        let mut counts = self.0.lock();
        let is_full = counts.len() >= KEYS_MAX && !counts.contains_key(&key);
        let key = if is_full { Key { peer: String::new(), ..key } } else { key };
        counts.entry(key).or_insert(Count { times: 0, since_ms: now_ms }).times += 1;
    }

    fn take(&self) -> BTreeMap<Key, Count> {
        std::mem::take(&mut self.0.lock())
    }
}

/// Around every route.
pub(crate) async fn record(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("(none)", MatchedPath::as_str).to_owned();
    if UNRECORDED.contains(&route.as_str()) {
        return next.run(request).await;
    }
    let did = format!("{} {route}", request.method());
    let peer = request.extensions().get::<Peer>().map_or(String::new(), |peer| peer.0.to_string());
    let known = app.access.of(request.headers(), (app.clock)()).ok();
    let (token, name) = known.map_or_else(Default::default, |token| (token.id, token.name));
    let asked = request.uri().path_and_query().map_or(String::new(), ToString::to_string);
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let key = Key { did, token, name, peer, status };
    let is_counted = COUNTED.contains(&route.as_str()) || COUNTED_BELOW.iter().any(|family| route.starts_with(family));
    let now_ms = (app.clock)().0;
    // A route that is not there, and a client that may not: nothing was shown.
    if is_counted || matches!(status, 401 | 403 | 404 | 405 | 429 | 503) {
        app.audit.add(key, now_ms);
        return response;
    }
    let more = response.extensions().get::<Asked>().map(|asked| format!(" {}", asked.0)).unwrap_or_default();
    let with = cut(asked + &more);
    let sealed = seal(&app, key, with, Count { times: 1, since_ms: now_ms }).await;
    sealed.map_or_else(|problem| problem.into_response(), |()| response)
}

/// Seals the counts of each minute until the stop.
pub(crate) async fn keep(app: Arc<App>, mut stopped: watch::Receiver<bool>) {
    while tokio::time::timeout(EVERY, stopped.wait_for(|stopped| *stopped)).await.is_err() {
        settle(&app).await;
    }
}

/// Seals the counts there are.
pub(crate) async fn settle(app: &App) {
    for (key, count) in app.audit.take() {
        if let Err(problem) = seal(app, key.clone(), String::new(), count).await {
            tracing::warn!(reason = problem.detail, "what was done in this minute is not sealed yet");
            let mut counts = app.audit.0.lock();
            let kept = counts.entry(key).or_insert(Count { times: 0, ..count });
            kept.times += count.times;
            kept.since_ms = count.since_ms;
        }
    }
}

/// When this returns, it is durable and under a signed checkpoint.
async fn seal(app: &App, key: Key, with: String, count: Count) -> Result<(), Problem> {
    let Key { did, token, name, peer, status } = key;
    let Count { times, since_ms } = count;
    let body = canonical_json(&model::Audit { did, with, token, name, peer, status, times, since_ms });
    let pending = app.door.own(Kind::Audit, body)?;
    pending.await.map_err(|error| Problem::busy(format!("the request cannot be recorded: {error}")))?;
    Ok(())
}

/// Cut at a character.
fn cut(mut with: String) -> String {
    if with.len() > WITH_BYTES_MAX {
        let whole = with.len();
        with.truncate(with.floor_char_boundary(WITH_BYTES_MAX));
        with.push_str(&format!("... ({whole} bytes)"));
    }
    with
}
