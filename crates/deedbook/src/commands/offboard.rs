//! `deedbook offboard prove`: what became of all that a principal had.

use trace::offboard::{self, Offboarding};

use super::{Place, one_of};
use crate::cli::Asking;
use crate::exit::Exit;
use crate::lines::{Line, block, gaps, shown, word};
use crate::pasted::{self, Class};
use crate::question::Question;

/// Events read when nobody says how many: a verdict over a part would be none.
const EVENTS: usize = 10_000;

pub(crate) fn prove(place: &Place, text: &str, asking: &Asking) -> anyhow::Result<Exit> {
    let question = Question::reading(place, asking, EVENTS)?;
    let found = pasted::uris(&question, text, &[Class::Principal])?;
    let uri = one_of(&question, text, found)?;
    let Question { facts, settings, since, until, .. } = &question;
    // Without a date it should all be gone by now.
    let gone_by = if *since == i64::MIN { *until } else { *since };
    let answer = offboard::prove(facts, &uri, gone_by, *until, settings)?;
    question.print(text, &answer, lines)?;
    Ok(Exit::Done)
}

fn lines(answer: &Offboarding) -> Vec<String> {
    let mut lines = vec![format!("{}: {} items", shown(&answer.principal), answer.items.len())];
    let mut body = Vec::new();
    for item in &answer.items {
        let text = format!("{} {}", item.class, shown(&item.item));
        body.push(Line::new(&word(item.verdict), text).by(None, item.ended.as_ref().or(item.last_use.as_ref())));
    }
    body.extend(gaps(&answer.gaps));
    lines.extend(block(&body));
    lines
}
