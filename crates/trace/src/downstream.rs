//! Every event that somebody is behind, on any platform, page by page in the order of time.
//!
//! Somebody is behind what they did, what was done in their name, and what was done with credentials
//! that came of either. `who` names the first origin of an event; here every principal counts that
//! stands on the way to it, each event with the way and its weakest link.

use std::sync::Arc;

use model::{Effect, EventId, Status};
use serde::{Serialize, Serializer};

use crate::answer::{Edge, Evidence, Gap, as_time};
use crate::descent::{Aim, Descended, Descent, Reached};
use crate::merge::{Merge, Next};
use crate::store::{Store, StoreError};
use crate::{Fact, Settings, Tier, alias, bearing};

/// One event, and how it came from where the question began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Descendant {
    /// The event.
    pub event: Evidence,
    /// Who executed.
    pub executed_by: String,
    /// With which credential.
    pub credential: Option<String>,
    /// The call.
    pub operation: Option<String>,
    /// What was acted on.
    pub resources: Vec<String>,
    /// Outcome.
    pub status: Status,
    /// What was decided.
    pub decision: Option<Effect>,
    /// The weakest link on the way.
    pub tier: Tier,
    /// Principal first, then the credentials and identities that the way goes through.
    pub path: Vec<String>,
}

/// Where a page ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cursor {
    /// Time of its last event, nanoseconds since 1970; RFC 3339 when printed.
    #[serde(serialize_with = "as_time")]
    pub time: i64,
    /// Its last event.
    #[serde(serialize_with = "as_text")]
    pub event_id: EventId,
}

fn as_text<S: Serializer>(id: &EventId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

/// One page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Downstream {
    /// The principals asked about.
    pub origins: Vec<String>,
    /// The names under which they were looked for.
    pub names: Vec<String>,
    /// The events, oldest first.
    pub events: Vec<Descendant>,
    /// The links of the ways on this page.
    pub edges: Vec<Edge>,
    /// Where the next page begins; none after the last one.
    pub next: Option<Cursor>,
    /// Limits that cut the answer.
    pub gaps: Vec<Gap>,
    /// Version of the rules.
    pub resolution: u32,
}

/// Which events.
#[derive(Clone, Debug)]
pub struct Span {
    /// From here, nanoseconds since 1970, inclusive.
    pub since: i64,
    /// Up to here, inclusive; also the time as of which names and credentials are told.
    pub until: i64,
    /// After this event: [`Downstream::next`] of the page before.
    pub after: Option<Cursor>,
    /// At most so many.
    pub events_max: usize,
}

/// One page of the events that principals are behind. Several are one question: the accounts of one
/// person on several platforms.
///
/// # Errors
/// When the store cannot answer.
pub fn of(
    store: &impl Store,
    principals: &[String],
    span: &Span,
    settings: &Settings,
) -> Result<Downstream, StoreError> {
    let mut descent = Descent::new(store, Aim::Origin, span.until, settings);
    let mut names: Vec<String> = Vec::new();
    for principal in principals {
        let identity = alias::resolve(store, principal, span.until, settings)?;
        let bearings = bearing::of(store, &identity, span.until, settings)?;
        names.extend(
            bearings.names.iter().map(|name| name.uri.clone()).filter(|name| !names.contains(name)).collect::<Vec<_>>(),
        );
        descent.principal(&bearings)?;
        if bearings.cut {
            descent.cut("candidates_max", settings.candidates_max);
        }
    }
    let descended = descent.run()?;
    let (found, next) = page(store, &descended, span, settings)?;
    let mut edges: Vec<Edge> = Vec::new();
    let mut events = Vec::new();
    for Found { fact, tier, of } in &found {
        events.push(descendant(fact, *tier, *of, &descended, &mut edges));
    }
    Ok(Downstream {
        origins: principals.to_vec(),
        names,
        events,
        edges,
        next,
        gaps: descended.gaps,
        resolution: crate::RESOLUTION,
    })
}

fn descendant(fact: &Fact, tier: Tier, of: usize, descended: &Descended, edges: &mut Vec<Edge>) -> Descendant {
    let mut path = Vec::new();
    let mut next = Some(of);
    while let Some(Reached { uri, above, edge, .. }) = next.and_then(|place| descended.reached.get(place)) {
        path.push(uri.clone());
        if let Some(edge) = edge.and_then(|place| descended.edges.get(place))
            && !edges.contains(edge)
        {
            edges.push(edge.clone());
        }
        next = above.filter(|above| Some(*above) != next);
    }
    path.reverse();
    Descendant {
        event: Evidence::of(fact),
        executed_by: fact.actor.uri.clone(),
        credential: fact.credential.as_ref().map(|credential| credential.uri.clone()),
        operation: fact.operation.clone(),
        resources: fact.resources.iter().map(|resource| resource.uri.clone()).collect(),
        status: fact.status,
        decision: fact.effect,
        tier,
        path,
    }
}

/// One event of a page.
struct Found {
    fact: Arc<Fact>,
    tier: Tier,
    /// Place of what it is a use of.
    of: usize,
}

/// The next events in the order of time, and where they end when others follow.
fn page(
    store: &impl Store,
    descended: &Descended,
    span: &Span,
    settings: &Settings,
) -> Result<(Vec<Found>, Option<Cursor>), StoreError> {
    let after = match &span.after {
        Some(cursor) => store.event(&cursor.event_id)?,
        None => None,
    };
    let bounds = (span.since, span.until);
    let mut merge = Merge::new(store, &descended.readings, bounds, after.as_ref(), settings.uses_max)?;
    let mut found: Vec<Found> = Vec::new();
    let end = |fact: &Fact| Some(Cursor { time: fact.time, event_id: fact.id.clone() });
    loop {
        let used = match merge.next()? {
            Next::End => return Ok((found, None)),
            Next::Stopped(at) => return Ok((found, end(&at))),
            Next::Use(used) => used,
        };
        let Some(reading) = descended.readings.get(used.reading) else { continue };
        let way = descended.reached.get(reading.of).map_or(Tier::L1, |reached| reached.tier);
        let new = Found { fact: used.fact, tier: used.tier.max(way), of: reading.of };
        match found.last_mut() {
            // Of two ways to one event, the better founded, then the shorter.
            Some(last) if last.fact.is_again(&new.fact) => {
                if rank(&new, descended) < rank(last, descended) {
                    *last = new;
                }
            }
            _ => {
                if found.len() >= span.events_max.max(1) {
                    let next = found.last().and_then(|last| end(&last.fact));
                    return Ok((found, next));
                }
                found.push(new);
            }
        }
    }
}

fn rank(found: &Found, descended: &Descended) -> (Tier, usize, usize) {
    let hop = descended.reached.get(found.of).map_or(0, |reached| reached.hop);
    (found.tier, hop, found.of)
}
