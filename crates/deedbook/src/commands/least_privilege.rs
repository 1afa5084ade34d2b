//! `deedbook least-privilege`: what a principal may do, against what it did.

use trace::least_privilege::{self, Granted, LeastPrivilege};

use super::{Place, one_of};
use crate::cli::Asking;
use crate::exit::Exit;
use crate::lines::{Line, block, gaps, moment, shown};
use crate::pasted::{self, Class};
use crate::question::Question;

/// Events read when nobody says how many: a verdict over a part would be none.
const EVENTS: usize = 10_000;

pub(crate) fn run(place: &Place, text: &str, asking: &Asking) -> anyhow::Result<Exit> {
    let question = Question::reading(place, asking, EVENTS)?;
    let found = pasted::uris(&question, text, &[Class::Principal])?;
    let uri = one_of(&question, text, found)?;
    let Question { facts, settings, since, until, .. } = &question;
    let answer = least_privilege::of(facts, &uri, *since, *until, settings)?;
    question.print(text, &answer, lines)?;
    Ok(Exit::Done)
}

fn lines(answer: &LeastPrivilege) -> Vec<String> {
    let mut lines = vec![format!(
        "{}: {} privileges used, {} unused, {} actions without a recorded privilege",
        shown(&answer.principal),
        answer.used_privileges.len(),
        answer.unused_privileges.len(),
        answer.without_grant.len()
    )];
    let inventory = answer.inventory.as_ref();
    let listed = inventory.map_or("none".to_owned(), |inventory| moment(inventory.time));
    let mut body = vec![Line::new("inventory", format!("{listed}; {}", answer.inventory_note)).by(None, inventory)];
    body.extend(answer.used_privileges.iter().map(|granted| privilege("used", granted)));
    body.extend(answer.unused_privileges.iter().map(|granted| privilege("unused", granted)));
    for used in answer.used.iter().filter(|used| !used.granted || used.denied > 0) {
        let granted = if used.granted { "" } else { ", no privilege on record covers it" };
        let text = format!("{}  {} allowed, {} denied{granted}", used.operation, used.allowed, used.denied);
        body.push(Line::new("call", text).by(None, used.last_allowed.as_ref().or(used.last_denied.as_ref())));
    }
    body.extend(answer.not_listed.iter().map(|uri| Line::new("not listed", shown(uri))));
    body.extend(gaps(&answer.gaps));
    lines.extend(block(&body));
    lines
}

fn privilege(label: &str, granted: &Granted) -> Line {
    let targets = granted.privilege.targets.join(", ");
    let through = granted.privilege.through.iter().map(|uri| format!(" through {}", shown(uri))).collect::<String>();
    let instead = if granted.wildcard && !granted.operations.is_empty() {
        let operations = granted.operations.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        format!("; {operations} would do")
    } else {
        String::new()
    };
    let text = format!("{}  {targets}{through}  {} calls{instead}", granted.privilege.privilege, granted.uses);
    Line::new(label, text).by(None, granted.last_use.as_ref().or(granted.privilege.evidence.first()))
}
