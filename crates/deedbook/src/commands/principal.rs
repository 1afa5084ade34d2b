//! `deedbook principal`: the passport: names over time, kind and why, life, credentials, peers, owner.

use trace::principal::{self, Passport};

use super::{Place, one_of};
use crate::cli::Asking;
use crate::exit::Exit;
use crate::lines::{Line, block, gaps, moment, shown, word};
use crate::pasted::{self, Class};
use crate::question::Question;

/// Credentials that people read; -o json has all of them.
const CREDENTIALS_MAX: usize = 20;

pub(crate) fn run(place: &Place, text: &str, asking: &Asking) -> anyhow::Result<Exit> {
    let question = Question::open(place, asking)?;
    let found = pasted::uris(&question, text, &[Class::Principal])?;
    let uri = one_of(&question, text, found)?;
    let answer = principal::of(&question.facts, &uri, question.until, &question.settings)?;
    question.print(text, &answer, lines)?;
    Ok(Exit::Done)
}

fn lines(passport: &Passport) -> Vec<String> {
    let mut lines = vec![format!("{}  {}", shown(&passport.principal), passport.principal)];
    let mut body = Vec::new();
    for name in &passport.names {
        let span = |evidence: &Option<trace::Evidence>| evidence.as_ref().map_or("?".to_owned(), |e| moment(e.time));
        let text = format!("{}  {} .. {}", name.uri, span(&name.first), span(&name.last));
        body.push(Line::new("named", text).by(None, name.first.as_ref()));
    }
    for other in &passport.other_bearers {
        let text = format!("{} was borne by {} too", shown(&other.name), other.principal);
        body.push(Line::new("", text).by(None, Some(&other.last)));
    }
    for kind in &passport.kinds {
        let text = format!("{}, {} (rule {}: {})", kind.kind.as_str(), kind.is_human.as_str(), kind.rule, kind.why);
        body.push(Line::new("kind", text).by(None, Some(&kind.evidence)));
    }
    body.push(owner(&passport.owner).by(None, passport.listed.as_ref()));
    for step in &passport.steps {
        let call = step.operation.as_deref().unwrap_or("-");
        let text = format!("{}  {call} by {}", moment(step.evidence.time), shown(&step.by));
        body.push(Line::new(&word(step.step), text).by(None, Some(&step.evidence)));
    }
    for held in passport.credentials.iter().take(CREDENTIALS_MAX) {
        let text = format!("{}  {}", shown(&held.life.credential), word(held.life.state));
        body.push(Line::new("credential", text).by(None, held.life.issued.as_ref().or(held.life.last_use.as_ref())));
    }
    if passport.credentials.len() > CREDENTIALS_MAX {
        let states = passport.states.iter().map(|(state, count)| format!("{count} {}", word(state)));
        let (count, states) = (passport.credentials.len(), states.collect::<Vec<_>>().join(", "));
        body.push(Line::new("", format!("... {count} in all: {states}; -o json has all")));
    }
    for touched in &passport.touched {
        let name = touched.name.clone().unwrap_or_else(|| shown(&touched.resource));
        let text = format!("{name}  {} allowed, {} denied", touched.allowed, touched.failed);
        body.push(Line::new("touched", text).by(None, Some(&touched.last)));
    }
    for peer in &passport.peers {
        let text = format!("{} {}, {} events", word(peer.role), shown(&peer.principal), peer.events);
        body.push(Line::new("peer", text).by(Some(peer.tier), Some(&peer.evidence)));
    }
    for relation in &passport.relations {
        let text = format!("{} {} {}", shown(&relation.a), relation.rel.as_str(), shown(&relation.b));
        body.push(Line::new("relation", text).by(None, Some(&relation.evidence)));
    }
    body.extend(gaps(&passport.gaps));
    lines.extend(block(&body));
    lines
}

/// Who answers for it, as inventories say.
fn owner(owner: &trace::Owner) -> Line {
    let mut parts: Vec<String> = owner.owners.iter().map(|uri| shown(uri)).collect();
    parts.extend(owner.team.as_ref().map(|team| format!("team {team}")));
    parts.extend(owner.purpose.as_ref().map(|purpose| format!("for {purpose}")));
    parts.extend(owner.sensitivity.as_ref().map(|sensitivity| format!("sensitivity {sensitivity}")));
    let text = if parts.is_empty() { "no inventory names one".to_owned() } else { parts.join(", ") };
    Line::new("owner", text)
}
