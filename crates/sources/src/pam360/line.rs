//! A line of an audit trail, as PAM360 sends it to a syslog server: words with underscores for blanks, between blanks
//! and colons. After the header of syslog:
//!
//! `<trail>Audit:<operator>:<from> <operation> <yyyy/MM/dd> <HH:mm:ss> <status> <server> <details>`

/// The trails. Each is the word in front of `Audit:`.
const TRAILS: [&str; 4] = ["Resource", "User", "Task", "Key"];

/// How much of a line shows that it is one.
pub(super) const HEAD_BYTES: usize = 512;

/// A line, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) trail: &'static str,
    pub(super) operator: Option<&'a str>,
    pub(super) from: Option<&'a str>,
    pub(super) operation: &'a str,
    /// Date and time, as written.
    pub(super) when: &'a str,
    pub(super) status: &'a str,
    pub(super) server: Option<&'a str>,
    pub(super) details: &'a str,
}

/// A word that says something.
pub(super) fn said(word: &str) -> Option<&str> {
    let empty = word.is_empty() || word.eq_ignore_ascii_case("n/a") || word == "Not_Applicable" || word == "-";
    (!empty).then_some(word)
}

impl<'a> Line<'a> {
    /// Reads a line; `None` if it is none. What is behind the first word of the details may be missing.
    pub(super) fn read(text: &'a str) -> Option<Line<'a>> {
        if !text.starts_with('<') && !text.as_bytes().first()?.is_ascii_alphanumeric() {
            return None;
        }
        let (trail, rest) = TRAILS.iter().find_map(|trail| {
            let mark = format!("{trail}Audit:");
            let at = text.find(&mark).filter(|at| *at < HEAD_BYTES)?;
            // The word begins the line or stands behind a blank.
            let alone = at == 0 || text.as_bytes().get(at - 1) == Some(&b' ');
            alone.then(|| text.get(at + mark.len()..)).flatten().map(|rest| (*trail, rest))
        })?;
        let mut words = rest.splitn(6, ' ');
        let who = words.next()?;
        let operation = words.next()?;
        let (date, clock, status) = (words.next()?, words.next()?, words.next()?);
        let (server, details) = words.next()?.split_once(' ').unwrap_or_default();
        let is_date =
            date.len() == 10 && date.as_bytes().get(4) == Some(&b'/') && date.as_bytes().get(7) == Some(&b'/');
        if !is_date || clock.len() != 8 || operation.is_empty() {
            return None;
        }
        // Behind the trail stand who, a blank, what, and a blank.
        let begin = text.len() - rest.len() + who.len() + operation.len() + 2;
        let when = text.get(begin..begin + date.len() + 1 + clock.len())?;
        let (operator, from) = who.split_once(':').unwrap_or((who, ""));
        let (operator, from, server) = (said(operator), said(from), said(server));
        Some(Line {
            trail,
            operator,
            from,
            operation,
            when,
            status,
            server,
            details: details.trim_end_matches(['\n', '\r']),
        })
    }
}

/// What a line is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Details<'a> {
    /// Resource, and account on it.
    pub(super) resource: Option<&'a str>,
    pub(super) account: Option<&'a str>,
    /// The user on whom it was acted, or for whom.
    pub(super) user: Option<&'a str>,
    pub(super) reason: Option<&'a str>,
}

impl<'a> Details<'a> {
    /// `<resource>:<account>:<user>:<reason>` in the trail of resources, `<organisation>-<user>:<reason>` in that of users.
    pub(super) fn read(line: &Line<'a>) -> Details<'a> {
        if line.trail == "Resource" || line.trail == "Key" {
            let mut parts = line.details.splitn(4, ':').map(said);
            let mut part = || parts.next().flatten();
            return Details { resource: part(), account: part(), user: part(), reason: part() };
        }
        let (user, reason) = line.details.split_once(':').unwrap_or((line.details, ""));
        // Organisations of clients have names of their own, in which a dash may stand.
        let user = user.strip_prefix("Non-MSP-").or_else(|| user.strip_prefix('-')).unwrap_or(user);
        Details { user: said(user), reason: said(reason.trim_end_matches('|')), ..Details::default() }
    }
}
