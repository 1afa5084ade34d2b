//! Standing tokens and standing rights, against the truth of the scenario: which records are a misuse and
//! whose the token is; and since when and until when a privilege was held.

use std::sync::Arc;

use trace::grant::GrantState;
use trace::principal::StepKind;
use trace::{Fact, blast_radius, grant, lineage, offboard, principal, who};

use crate::judge::text;
use crate::memory::Memory;
use crate::truth::{World, delivered, settings, world};

/// Who knows since when a token was in strange hands is told each record of the misuse and none of before,
/// and whose token it is.
#[test]
fn a_misused_token_leads_to_the_records_of_the_misuse_and_to_its_owner() {
    let World { facts, standing, end, .. } = world(6_000);
    let settings = settings(&facts);
    let store = Memory::of(facts);
    for misuse in &standing {
        let records: Vec<Arc<Fact>> =
            misuse["records"].as_array().unwrap().iter().map(|id| store.by_source(id.as_str().unwrap())).collect();
        let (first, last) = (records.first().unwrap(), records.last().unwrap());
        let token = first.credential.as_ref().unwrap().uri.clone();
        let radius = |since, until| blast_radius::of(&store, &token, since, until, &settings).unwrap();

        let since = radius(first.time, end);
        assert_eq!(since.uses, records.len(), "{misuse} {since:?}");
        let [touched] = since.touched.iter().filter(|one| one.resource.contains("repo")).collect::<Vec<_>>()[..] else {
            panic!("{misuse} {since:?}");
        };
        let (newest, oldest) = (touched.last.source_event_id.as_deref(), touched.first);
        assert_eq!((touched.allowed, oldest), (records.len(), first.time), "{misuse}");
        assert_eq!(newest, last.source_event_id.as_deref(), "{misuse}");
        assert!(since.revoke.iter().any(|revoke| revoke.credential == token), "{misuse} {since:?}");
        assert_eq!(radius(last.time + 1, end).uses, 0, "{misuse}");
        // The owner's own uses of before are in no other answer than one that asks for them.
        assert_eq!(radius(i64::MIN, first.time - 1).uses, 4, "{misuse}");

        let owner = text(misuse, "owner");
        for record in &records {
            let who = who::of_event(&store, record, &settings).unwrap();
            assert_eq!(who.executed_by.name.as_deref(), Some(owner), "{misuse}");
            assert_eq!(who.with.map(|with| with.credential).as_deref(), Some(token.as_str()), "{misuse}");
        }
        let up = lineage::of_credential(&store, &token, end, &settings).unwrap();
        assert!(up.origins.iter().all(|origin| origin.name.as_deref() == Some(owner)), "{misuse} {up:?}");
        let passport = principal::of(&store, &first.actor.uri, end, &settings).unwrap();
        let held = passport.credentials.iter().find(|held| held.life.credential == token);
        assert!(held.is_some_and(|held| held.used_by), "{misuse} {:?}", passport.credentials);
    }
    assert!(standing.len() > 3, "{}", standing.len());
}

/// The state of a privilege as of a time, and since and until when it was held, by the name of its holder.
fn held(store: &Memory, facts: (&str, &str), time: i64) -> Option<(GrantState, Option<i64>, Option<i64>)> {
    let (holder, privilege) = facts;
    let settings = settings(&[]);
    let proof = offboard::prove(store, holder, time, time, &settings).unwrap();
    let found =
        proof.items.iter().find(|item| item.class == "grant" && item.item.ends_with(&trace::escaped(privilege)))?;
    let grant = grant::fold(store, &found.item, time, &settings).unwrap()?;
    Some((grant.state, grant.begins, grant.ends))
}

fn judge_privileges(World { facts, privileges, .. }: World) {
    let settings = settings(&facts);
    let store = Memory::of(facts);
    for one in &privileges {
        let (granted, removed) = (store.by_source(text(one, "granted")), store.by_source(text(one, "removed")));
        let (from, until) = (granted.time, removed.time);
        // CloudTrail cuts its times to seconds.
        let second = |key: &str| one[key].as_i64().unwrap() / 1_000 * 1_000_000_000;
        assert_eq!((from, until), (second("from_ms"), second("until_ms")), "{one}");
        let (platform, authority) = (text(one, "platform"), text(one, "authority"));
        let holder = format!("nhi:principal:{platform}:{authority}:user/~{}", text(one, "principal"));
        let at = |time| held(&store, (&holder, text(one, "privilege")), time);
        assert_eq!(at(from - 1), None, "{one}");
        for between in [from, (from + until) / 2, until - 1] {
            assert_eq!(at(between), Some((GrantState::Active, Some(from), None)), "{one}");
        }
        for after in [until, until + 3_600_000_000_000] {
            assert_eq!(at(after), Some((GrantState::Revoked, Some(from), Some(until))), "{one}");
        }
        // The passport tells both records, and no other change of rights.
        let passport = principal::of(&store, &holder, i64::MAX, &settings).unwrap();
        let steps = passport.steps.iter().filter(|step| step.step == StepKind::RightsChanged);
        let steps: Vec<&str> = steps.map(|step| step.evidence.source_event_id.as_deref().unwrap()).collect();
        assert_eq!(steps, [text(one, "granted"), text(one, "removed")], "{one}");
    }
    assert!(privileges.len() > 2, "{}", privileges.len());
}

#[test]
fn a_privilege_is_held_exactly_from_the_record_that_gave_it_to_the_one_that_took_it() {
    judge_privileges(world(6_000));
}

#[test]
fn a_privilege_told_late_twice_and_out_of_order_is_held_just_as_long() {
    let delivery = scenario::Delivery { shuffle_s: 21_600, double_percent: 20, without: Vec::new() };
    judge_privileges(delivered(6_000, delivery));
}
