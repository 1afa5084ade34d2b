//! `deedbook session`: the stitched timeline across platforms.

use trace::Store as _;
use trace::session::{self, Timeline};

use super::{Place, one_of};
use crate::cli::Asking;
use crate::exit::Exit;
use crate::lines::{Line, block, gaps, moment, shown, word};
use crate::pasted::{self, Class};
use crate::question::Question;

pub(crate) fn run(place: &Place, text: &str, asking: &Asking) -> anyhow::Result<Exit> {
    let question = Question::open(place, asking)?;
    let Question { facts, settings, .. } = &question;
    let event = text.parse().ok().map(|id| facts.event(&id)).transpose()?.flatten();
    let answer = match event {
        Some(event) => session::of_event(facts, &event, settings)?,
        None => {
            let sessions = pasted::uris(&question, text, &[Class::Session])?;
            if sessions.is_empty() {
                // No session is called so; the newest event that the text leads to belongs to one.
                let hits = pasted::events(&question, text, 1)?;
                let Some(event) = hits.facts.first() else {
                    one_of(&question, text, Vec::new())?;
                    return Ok(Exit::Done);
                };
                session::of_event(facts, event, settings)?
            } else {
                session::of_session(facts, &one_of(&question, text, sessions)?, settings)?
            }
        }
    };
    question.print(text, &answer, lines)?;
    Ok(Exit::Done)
}

fn lines(answer: &Timeline) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(answer.sessions.iter().map(|session| shown(session)));
    let mut silences = answer.silences.iter().peekable();
    let mut body = Vec::new();
    for entry in &answer.entries {
        while let Some(silence) = silences.next_if(|silence| silence.until <= entry.evidence.time) {
            body.push(Line::new("silence", format!("{} .. {}", moment(silence.from), moment(silence.until))));
        }
        let call = entry.operation.as_deref().unwrap_or("-");
        let with = entry.credential.as_ref().map(|uri| format!("  {}", shown(uri))).unwrap_or_default();
        let text = format!("{}  {}  {call}{with}", moment(entry.evidence.time), entry.evidence.platform);
        body.push(Line::new(&word(entry.moment), text).by(Some(entry.tier), Some(&entry.evidence)));
    }
    body.extend(gaps(&answer.gaps));
    lines.extend(block(&body));
    lines
}
