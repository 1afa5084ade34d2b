//! `deedbook events --origin`: every event, on any platform, that a principal is behind.

use trace::downstream::{self, Downstream, Span};

use super::{Place, one_of};
use crate::cli::Asking;
use crate::exit::Exit;
use crate::lines::{Line, block, gaps, moment, shown};
use crate::pasted::{self, Class};
use crate::question::Question;

pub(crate) fn run(place: &Place, text: &str, asking: &Asking) -> anyhow::Result<Exit> {
    let question = Question::open(place, asking)?;
    // The accounts of one person on several platforms are one question.
    let principals = pasted::uris(&question, text, &[Class::Principal])?;
    if principals.is_empty() {
        one_of(&question, text, Vec::new())?;
    }
    let Question { facts, settings, since, until, limit, .. } = &question;
    let span = Span { since: *since, until: *until, after: None, events_max: *limit };
    let answer = downstream::of(facts, &principals, &span, settings)?;
    question.print(text, &answer, lines)?;
    Ok(Exit::Done)
}

fn lines(answer: &Downstream) -> Vec<String> {
    let mut lines: Vec<String> = answer.origins.iter().map(|uri| shown(uri)).collect();
    let mut body = Vec::new();
    for event in &answer.events {
        let call = event.operation.as_deref().unwrap_or("-");
        let what = event.resources.first().map(|uri| shown(uri)).unwrap_or_default();
        let text = format!(
            "{}  {}  {call}  {what}  {}  by {}",
            moment(event.event.time),
            event.event.platform,
            event.status.as_str(),
            shown(&event.executed_by)
        );
        body.push(Line::new("", text).by(Some(event.tier), Some(&event.event)));
    }
    body.extend(gaps(&answer.gaps));
    lines.extend(block(&body));
    if answer.next.is_some() {
        lines.push(format!("the first {} shown; --limit shows more", answer.events.len()));
    }
    lines
}
