//! `deedbook jit`: a verdict on each use of a just-in-time grant.

use std::collections::BTreeMap;

use serde::Serialize;
use trace::grant::{self, Grant, Proof, Verdict};

use super::{Place, one_of};
use crate::cli::Asking;
use crate::exit::Exit;
use crate::lines::{Line, block, moment, shown, word};
use crate::pasted::{self, Class};
use crate::question::Question;

/// One grant with the verdict on each use of it.
#[derive(Serialize)]
struct Proved {
    uri: String,
    /// What its records say; none when no record tells of it.
    grant: Option<Grant>,
    uses: Vec<Proof>,
    /// Whether a limit cut uses off.
    more: bool,
}

/// All grants of the range.
#[derive(Serialize)]
struct Report {
    verdicts: BTreeMap<String, usize>,
    grants: Vec<Proved>,
    /// Whether a limit cut grants off.
    more: bool,
}

pub(crate) fn prove(place: &Place, text: &str, asking: &Asking) -> anyhow::Result<Exit> {
    let question = Question::open(place, asking)?;
    let found = pasted::uris(&question, text, &[Class::Grant])?;
    let uri = one_of(&question, text, found)?;
    let answer = of(&question, uri)?;
    question.print(text, &answer, |answer| lines(answer, true))?;
    Ok(Exit::Done)
}

fn of(question: &Question, uri: String) -> anyhow::Result<Proved> {
    let Question { facts, settings, since, until, .. } = question;
    let grant = grant::fold(facts, &uri, *until, settings)?;
    let (uses, more) = grant::uses(facts, &uri, *since, *until, settings)?;
    Ok(Proved { uri, grant, uses, more })
}

pub(crate) fn report(place: &Place, asking: &Asking) -> anyhow::Result<Exit> {
    let question = Question::open(place, asking)?;
    let (uris, more) = question.grants()?;
    let mut grants = Vec::new();
    let mut verdicts = BTreeMap::new();
    for uri in uris {
        let proved = of(&question, uri)?;
        for proof in &proved.uses {
            *verdicts.entry(word(proof.verdict)).or_default() += 1;
        }
        grants.push(proved);
    }
    let answer = Report { verdicts, grants, more };
    question.print("grants", &answer, |answer| {
        let mut text: Vec<String> = answer.verdicts.iter().map(|(verdict, uses)| format!("{verdict} {uses}")).collect();
        text.insert(0, format!("{} grants", answer.grants.len()));
        let mut all = vec![text.join("   ")];
        all.extend(answer.grants.iter().flat_map(|proved| lines(proved, false)));
        if answer.more {
            all.push(format!("the newest {} grants shown; --limit shows more", answer.grants.len()));
        }
        all
    })?;
    Ok(Exit::Done)
}

/// A grant and its uses; of a report only those that are not as they should be.
fn lines(proved: &Proved, all: bool) -> Vec<String> {
    let time = |nanos: Option<i64>| nanos.map_or_else(|| "?".to_owned(), moment);
    let mut lines = Vec::new();
    match &proved.grant {
        Some(grant) => {
            let window = format!("{} .. {}", time(grant.begins), time(grant.ends));
            lines.push(format!("{}  {}  {window}  {} uses", shown(&grant.grant), word(grant.state), proved.uses.len()));
            let mut body = Vec::new();
            if all {
                let named = |uri: &Option<String>| uri.as_deref().map_or("?".to_owned(), shown);
                body.push(Line::new("requested by", named(&grant.requester)).by(None, grant.evidence.first()));
                let target = grant.target.clone().unwrap_or_else(|| "?".to_owned());
                body.push(Line::new("target", target));
                let reason = [grant.ticket.clone(), grant.reason.clone()].into_iter().flatten().collect::<Vec<_>>();
                if !reason.is_empty() {
                    body.push(Line::new("why", reason.join(", ")));
                }
            }
            for approval in grant.approvals.iter().filter(|_| all) {
                let what = if approval.approved { "approved by" } else { "denied by" };
                let own = if approval.self_approved { ", who asked for it" } else { "" };
                let who = approval.approver.as_deref().map_or("?".to_owned(), shown);
                body.push(Line::new(what, format!("{who}{own}")).by(None, Some(&approval.evidence)));
            }
            lines.extend(block(&body));
        }
        None => lines.push(format!("{}  no record tells of it  {} uses", shown(&proved.uri), proved.uses.len())),
    }
    let good = |verdict: Verdict| matches!(verdict, Verdict::Proved | Verdict::Consistent);
    let mut body = Vec::new();
    for proof in proved.uses.iter().filter(|proof| all || !good(proof.verdict)) {
        let mut text = word(proof.verdict);
        if proof.credential_outlives_grant {
            text.push_str(", the credential outlives the grant");
        }
        if proof.self_approved {
            text.push_str(", approved by the requester");
        }
        if proof.forced {
            text.push_str(", approved over the rules");
        }
        let text = format!("{}  {text}", moment(proof.user.time));
        body.push(Line::new("use", text).by(proof.tier, Some(&proof.user)));
    }
    lines.extend(block(&body));
    if proved.more {
        lines.push("  cut; --limit shows more uses".to_owned());
    }
    lines
}
