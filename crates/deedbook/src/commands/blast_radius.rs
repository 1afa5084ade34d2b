//! `deedbook blast-radius`: what a credential or a principal touched and minted, what of it is alive, and
//! what to revoke in which order.

use trace::life::State;
use trace::{BlastRadius, blast_radius};

use super::{Place, one_of};
use crate::cli::Asking;
use crate::exit::Exit;
use crate::lines::{Line, block, gaps, moment, shown, word};
use crate::pasted::{self, Class};
use crate::question::Question;

/// Lines of a part that people read; -o json has all of them.
const LINES_MAX: usize = 50;

pub(crate) fn run(place: &Place, text: &str, asking: &Asking) -> anyhow::Result<Exit> {
    let question = Question::open(place, asking)?;
    let found = pasted::uris(&question, text, &[Class::Credential, Class::Principal])?;
    let start = one_of(&question, text, found)?;
    let Question { facts, settings, since, until, .. } = &question;
    let answer = blast_radius::of(facts, &start, *since, *until, settings)?;
    question.print(text, &answer, lines)?;
    Ok(Exit::Done)
}

fn lines(answer: &BlastRadius) -> Vec<String> {
    let alive = answer.credentials.iter().filter(|life| life.state == State::Alive).count();
    let mut lines = vec![format!(
        "{}: {} uses read, {} resources touched, {} credentials, {alive} alive",
        shown(&answer.start),
        answer.uses,
        answer.touched.len(),
        answer.credentials.len()
    )];
    let mut body = Vec::new();
    for touched in answer.touched.iter().take(LINES_MAX) {
        let name = touched.name.clone().unwrap_or_else(|| shown(&touched.resource));
        let calls = touched.operations.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let text = format!("{name}  {calls}  {} allowed, {} denied", touched.allowed, touched.failed);
        body.push(Line::new("touched", text).by(None, Some(&touched.last)));
    }
    body.extend(left_out(answer.touched.len()));
    for could in answer.could_touch.iter().take(LINES_MAX) {
        let targets = could.privilege.targets.join(", ");
        let text = format!("{}  {targets}  as {}", could.privilege.privilege, shown(&could.principal));
        body.push(Line::new("could touch", text).by(None, could.privilege.evidence.first()));
    }
    body.extend(left_out(answer.could_touch.len()));
    for uri in &answer.not_listed {
        body.push(Line::new("could touch", format!("unknown: no inventory says what {} may do", shown(uri))));
    }
    for life in answer.credentials.iter().take(LINES_MAX) {
        let end = life.not_after.map(|end| format!(", until {}", moment(end))).unwrap_or_default();
        let text = format!("{}  {}{end}", shown(&life.credential), word(life.state));
        body.push(Line::new("minted", text).by(None, life.issued.as_ref()));
    }
    body.extend(left_out(answer.credentials.len()));
    for (at, revoke) in answer.revoke.iter().enumerate().take(LINES_MAX) {
        let text = match &revoke.ends_with {
            Some(parent) => format!("{} ends with {}", shown(&revoke.credential), shown(parent)),
            None => format!("{} ({})", shown(&revoke.credential), word(revoke.state)),
        };
        body.push(Line::new(&format!("revoke {}", at + 1), text));
    }
    body.extend(left_out(answer.revoke.len()));
    body.extend(gaps(&answer.gaps));
    lines.extend(block(&body));
    lines
}

fn left_out(count: usize) -> Option<Line> {
    (count > LINES_MAX).then(|| Line::new("", format!("... {} more; -o json has all", count - LINES_MAX)))
}
