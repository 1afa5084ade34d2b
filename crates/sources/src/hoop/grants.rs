//! Reviews as grants.

use std::borrow::Cow;

use model::uri;
use model::{Access, Alias, AliasRel, Event, GrantFact, GrantPhase, Status};

use super::record::{Group, Record, Text, said};
use super::{NAME, connection, nanos, relate, user_uri, when};

/// The grant that a review is.
pub(super) fn uri(id: &str, authority: &str) -> String {
    uri::grant(NAME, authority, "review", id)
}

/// The review of a session, where the record names only the session.
pub(super) fn of_session(session: &str, authority: &str) -> String {
    uri::grant(NAME, authority, "review-of-session", session)
}

/// Reads a review: one record holds its whole state, so it gives a fact for each step that it shows.
pub(super) fn review<'a>(event: &mut Event<'a>, record: &Record<'a>, authority: &str) {
    let status = record.status.as_deref().unwrap_or_default();
    (event.class_uid, event.activity_id, event.access) = (3003, 1, Access::Grant);
    event.status = Status::Success;
    event.status_code = said(&record.status);
    event.api.operation = Some(Cow::Owned(format!("review.{}", status.to_ascii_lowercase())));
    let Some(id) = said(&record.id) else { return };
    event.source_event_id = Some(id.clone());
    let named = record.review_connection.as_ref().and_then(|connection| said(&connection.name));
    let target = named.or_else(|| said(&record.connection_name)).or_else(|| said(&record.connection));
    connection(event, &target, authority);
    let session = said(&record.session);
    if let Some(session) = &session {
        event.aliases.push(Alias {
            a: uri(&id, authority),
            b: of_session(session, authority),
            rel: AliasRel::SameAs,
            rule: "hoop:review+session",
        });
    }
    relate(event, session, authority);
    event.decision.rule = said(&record.access_request_rule_name);
    event.grant_refs.push(uri(&id, authority));

    let jit = record.kind.as_deref() == Some("jit");
    // Older versions write nanoseconds.
    let seconds = record.access_duration_sec.or_else(|| record.access_duration.map(|nanos| nanos / 1_000_000_000));
    let duration = seconds.filter(|seconds| jit && *seconds > 0);
    let approved = record.groups.iter().filter_map(|group| nanos(&group.review_date)).max();
    let from = approved.or_else(|| nanos(&record.created_at));
    let revoked = nanos(&record.revoked_at);
    let until = duration.zip(from).and_then(|(seconds, from)| from.checked_add(seconds.checked_mul(1_000_000_000)?));
    // What was approved once is one session; what was approved for a time is a connection.
    let resource = match event.session.clone().filter(|_| !jit) {
        Some(session) => Some(Cow::Owned(session)),
        None => target.as_deref().map(|name| Cow::Owned(uri::resource(NAME, authority, "connection", name))),
    };
    let fact = |phase, approver: Option<String>, at: Option<i64>| GrantFact {
        requester: Some(event.actor.uri.clone()),
        beneficiary: Some(event.actor.uri.clone()),
        approver,
        target: target.clone(),
        reason: said(&record.rejection_reason),
        not_before: at,
        not_after: until,
        duration_s: duration.and_then(|seconds| u64::try_from(seconds).ok()),
        resource: resource.clone(),
        policy: said(&record.access_request_rule_name),
        approvals_min: record.min_approvals.and_then(|least| u32::try_from(least).ok()),
        ..GrantFact::new(uri(&id, authority), phase)
    };
    let mut facts = vec![fact(GrantPhase::Request, None, None)];
    for group in &record.groups {
        let phase = match (group.status.as_deref(), group.forced_review) {
            (Some("APPROVED"), Some(true)) => GrantPhase::Bypass,
            (Some("APPROVED"), _) => GrantPhase::Approve,
            (Some("REJECTED"), _) => GrantPhase::Deny,
            (Some("REVOKED"), _) => GrantPhase::Revoke,
            _ => continue,
        };
        facts.push(fact(phase, reviewer(group, authority), nanos(&group.review_date)));
    }
    match status {
        "APPROVED" | "PROCESSING" | "EXECUTED" => facts.push(fact(GrantPhase::Activate, None, from)),
        "REVOKED" => {
            facts.push(fact(GrantPhase::Activate, None, from));
            facts.push(GrantFact { not_after: revoked.or(until), ..fact(GrantPhase::Revoke, None, from) });
        }
        _ => {}
    }
    event.grants = facts;
    // The record is of its last change.
    let dates: Vec<&Text<'a>> =
        [&record.revoked_at].into_iter().chain(record.groups.iter().map(|g| &g.review_date)).collect();
    let last = dates.into_iter().filter(|date| nanos(date).is_some()).max_by_key(|date| nanos(date));
    match last {
        Some(last) => when(event, &[last]),
        None => when(event, &[&record.created_at]),
    }
}

fn reviewer(group: &Group<'_>, authority: &str) -> Option<String> {
    let email =
        group.reviewed_by.as_ref().and_then(|person| said(&person.email)).or_else(|| said(&group.owner_email))?;
    Some(user_uri(None, Some(&email), authority))
}
