//! The agent behind a call: its run, its mode, the tool it called, and for whom (`identity.md` 4, row 38).
//!
//! Agents tell of themselves; the platforms they call do not know them. What joins both is, strongest
//! first, the id of a token that both records show, the id that the platform gave to the call and told its
//! caller, the run, and the trace. Each step leads closer to the agent's own record, so the walk ends.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::{ActorKind, Mode};
use serde::Serialize;

use crate::answer::Evidence;
use crate::issuance::{Found, nanos};
use crate::rule::{self, Join};
use crate::store::{Key, Lookup, Order, Store, StoreError};
use crate::{Fact, Rank, Settings, Tier, rank};

/// Steps from a call to its agent: its client's record, the call of the tool, the run, and one to spare.
const STEPS_MAX: usize = 4;

/// The agent behind an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Agent {
    /// Canonical URI of the executor: the agent, or the client that stands for it.
    pub principal: String,
    /// Its name in the record, verbatim.
    pub name: Option<String>,
    /// Whom it says it works for.
    pub initiator: Option<String>,
    /// The run.
    pub run: Option<String>,
    /// How it ran.
    pub mode: Option<Mode>,
    /// The tool whose call led to the event, as the nearest record names it.
    pub tool: Option<String>,
    /// The weakest link on the way to it.
    pub tier: Tier,
    /// The rules on the way, nearest first; none where the event is the agent's own record.
    pub rules: Vec<&'static str>,
    /// The records on the way, nearest first; the last one is closest to the agent.
    pub evidence: Vec<Evidence>,
}

/// The agent behind an event; none where no record of one is joined with it, or several fit.
///
/// # Errors
/// When the store cannot answer.
pub fn of_event(store: &impl Store, event: &Arc<Fact>, settings: &Settings) -> Result<Option<Agent>, StoreError> {
    let mut facts = vec![event.clone()];
    let mut rules = Vec::new();
    let mut tier = Tier::L1;
    let mut tool = event.tool.clone();
    while let Some(last) = facts.last().filter(|_| rules.len() < STEPS_MAX) {
        let Some(found) = nearest(store, last, settings)? else { break };
        let [fact] = found.issuers.as_slice() else { break };
        if tool.is_none() {
            tool = fact.tool.clone().or(called(store, found.rule.join, last, fact, settings)?);
        }
        tier = tier.max(found.rule.tier);
        rules.push(found.rule.id);
        facts.push(fact.clone());
    }
    let Some(last) = facts.iter().rfind(|fact| level(fact) > 0) else { return Ok(None) };
    let far = |pick: fn(&Fact) -> Option<String>| facts.iter().rev().find_map(|fact| pick(fact));
    Ok(Some(Agent {
        principal: last.actor.uri.clone(),
        name: last.actor.name.clone(),
        initiator: far(|fact| fact.initiator.clone().filter(|_| level(fact) > 0)),
        run: far(|fact| fact.agent_run.clone()),
        mode: facts.iter().rev().find_map(|fact| fact.agent_mode),
        tool,
        tier,
        rules,
        evidence: facts.iter().map(|fact| Evidence::of(fact)).collect(),
    }))
}

/// One step closer to the agent: by the strongest join that finds anything. Several records of one run are
/// one candidate, those closest to the agent first; several runs are as many.
pub(crate) fn nearest(store: &impl Store, event: &Fact, settings: &Settings) -> Result<Option<Found>, StoreError> {
    // Its own record names whoever started it.
    if level(event) == 2 && event.initiator.is_some() {
        return Ok(None);
    }
    for join in [Join::Shown, Join::Call, Join::Run, Join::Trace] {
        let Some(rule) = rule::rule(join, "") else { continue };
        let (mut facts, mut more) = (Vec::new(), false);
        for key in keys(join, event) {
            let page = store.find(&around(key, event, settings))?;
            more |= page.more;
            facts.extend(page.facts.into_iter().filter(|fact| leads(join, fact, event)));
        }
        let issuers = one_of_each_run(join, facts);
        if !issuers.is_empty() {
            return Ok(Some(Found { rule, issuers, more }));
        }
    }
    Ok(None)
}

/// Records that could be of the agent at the time of a call: before it, give or take the clocks.
fn around<'k>(key: Key<'k>, event: &Fact, settings: &Settings) -> Lookup<'k> {
    let tolerance = nanos(rule::rule(Join::Trace, "").map_or(0, |rule| rule.tolerance_ms));
    Lookup {
        key,
        from: event.time.saturating_sub(nanos(settings.life_max_ms)).saturating_sub(tolerance),
        until: event.time.saturating_add(tolerance),
        order: Order::Newest,
        limit: settings.candidates_max,
    }
}

/// The look-ups of a join.
fn keys(join: Join, event: &Fact) -> Vec<Key<'_>> {
    let trace = event.trace_id.as_deref();
    match join {
        // Agents and their gateways name a token beside the call: the uses of one may be many.
        Join::Shown => {
            let used = event.credential.as_ref().filter(|used| rule::is_unique(&used.kind));
            used.and_then(|used| used.native_id.as_deref()).map(Key::Correlation).into_iter().collect()
        }
        // A record that knows of a run is told by it, and a platform that logs a trace says which id it is.
        Join::Call if level(event) == 0 => event
            .correlation_ids
            .iter()
            .map(String::as_str)
            .filter(|id| Some(*id) != trace)
            .map(Key::Correlation)
            .collect(),
        Join::Run => {
            let own = event.session.as_deref().filter(|session| level(event) > 0 && rank(session) != Rank::Claim);
            own.map(Key::Session).into_iter().collect()
        }
        Join::Trace => {
            let unsaid = event.correlation_ids.iter().map(String::as_str).find(|id| is_trace(id));
            trace.or(unsaid).map(Key::Correlation).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// Whether an id is one of W3C Trace Context: 32 hexadecimal digits, which no platform gives to a call.
fn is_trace(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether a record leads from an event closer to its agent.
fn leads(join: Join, fact: &Fact, event: &Fact) -> bool {
    let closer = closeness(fact) > closeness(event);
    let fits = match join {
        // The caller's end of the call, which need not know that it is an agent's.
        Join::Call => fact.platform != event.platform && (closer || fact.trace_id.is_some()),
        Join::Shown => closer && shows(fact, event),
        _ => closer,
    };
    fits && fact.id != event.id && !fact.same_call(event)
}

/// Whether two records show one token.
fn shows(fact: &Fact, event: &Fact) -> bool {
    let id = |fact: &Fact| fact.credential.as_ref().and_then(|used| used.native_id.clone());
    id(fact).is_some_and(|shown| id(event) == Some(shown))
}

/// How close a record is to an agent: 2 is its own, 1 knows of its run, 0 is anything else.
fn level(fact: &Fact) -> u8 {
    match (fact.actor.kind, &fact.agent_run) {
        (ActorKind::Agent, _) => 2,
        (_, Some(_)) => 1,
        (_, None) => 0,
    }
}

/// [`level`], and whether it says for whom.
fn closeness(fact: &Fact) -> (u8, bool) {
    (level(fact), fact.initiator.is_some())
}

/// The closest record of each run; of several the last one before the call. A call that its caller's record
/// names is of one trace.
fn one_of_each_run(join: Join, mut facts: Vec<Arc<Fact>>) -> Vec<Arc<Fact>> {
    let Some(best) = facts.iter().map(|fact| closeness(fact)).max() else { return Vec::new() };
    facts.retain(|fact| closeness(fact) == best);
    facts.sort_by(|a, b| b.order().cmp(&a.order()));
    let run = |fact: &Fact| match join {
        Join::Call => fact.agent_run.clone().or_else(|| fact.trace_id.clone()),
        _ => fact.agent_run.clone(),
    };
    let mut seen = BTreeSet::new();
    facts.retain(|fact| seen.insert(run(fact)));
    facts.reverse();
    facts
}

/// The tool that an agent had called last when a call of its run was made.
fn called(
    store: &impl Store,
    join: Join,
    event: &Fact,
    agent: &Fact,
    settings: &Settings,
) -> Result<Option<String>, StoreError> {
    for key in keys(join, event) {
        let page = store.find(&around(key, event, settings))?;
        let of_run = |fact: &&Arc<Fact>| fact.agent_run == agent.agent_run && fact.time <= event.time;
        if let Some(tool) = page.facts.iter().filter(of_run).find_map(|fact| fact.tool.clone()) {
            return Ok(Some(tool));
        }
    }
    Ok(None)
}
