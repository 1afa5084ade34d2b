//! Lines of access logs: the common and the combined form, with the name of the virtual host in front or not, and what
//! Werkzeug writes.

use std::borrow::Cow;

use super::fields::Call;
use crate::time::{self, Parsed};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Reads a line; `None` if it is none of these, to the letter.
pub(super) fn read(line: &str) -> Option<Call<'_>> {
    let line = line.trim_end();
    let line = logged(line).unwrap_or(line);
    let (before, rest) = line.split_once(" [")?;
    let (time, rest) = rest.split_once(']')?;
    let parsed = when(time)?;
    let (server, client, user) = whom(before)?;
    let rest = rest.strip_prefix(" \"")?;
    // A request may hold quotes that nobody escaped: it ends where a status follows.
    let end = request_end(rest)?;
    let (request, rest) = rest.split_at_checked(end)?;
    let rest = rest.strip_prefix("\" ")?;
    let (status, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let (bytes, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let bytes_out = match bytes {
        "-" => None,
        bytes => Some(bytes.parse::<i64>().ok()?),
    };
    let mut call = Call {
        time: Some(Cow::Borrowed(time)),
        parsed_time: Some(parsed),
        client: Some(Cow::Borrowed(client)),
        user: said(user),
        server: server.and_then(|server| server.rsplit_once(':')).map(|(name, _)| Cow::Borrowed(name)),
        host: server.map(Cow::Borrowed),
        status: Some(Cow::Borrowed(status)),
        bytes_out,
        ..Call::default()
    };
    call.request(Cow::Borrowed(request));
    if rest.is_empty() {
        return Some(call);
    }
    let (referer, rest, _) = quoted(rest)?;
    let _ = referer;
    let (agent, rest, closed) = quoted(rest.trim_start())?;
    call.user_agent = said(agent);
    call.truncated = !closed;
    // Servers are told to add more behind it, each as it likes.
    (rest.is_empty() || rest.starts_with(' ')).then_some(call)
}

/// The line behind the head of Python's logging: `2026-04-06 10:25:34,384 [INFO] name: `.
fn logged(line: &str) -> Option<&str> {
    let (head, rest) = line.split_once(": ")?;
    let (stamp, rest_of_head) = head.split_at_checked(19)?;
    let is_ours = rest_of_head.starts_with(',') && rest_of_head.contains(" [");
    (is_ours && stamp.as_bytes().get(10) == Some(&b' ') && time::parse(stamp).is_some()).then_some(rest)
}

/// `client ident user`, with `host:port` in front where there are virtual hosts.
fn whom(text: &str) -> Option<(Option<&str>, &str, &str)> {
    let (first, rest) = text.split_once(' ')?;
    let is_client = |text: &str| {
        text.parse::<std::net::IpAddr>().is_ok()
            || (!text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')))
    };
    let is_server = |text: &str| {
        text.rsplit_once(':').is_some_and(|(host, port)| is_client(host) && port.parse::<u16>().is_ok())
            && text.parse::<std::net::IpAddr>().is_err()
    };
    let (server, client, rest) = if is_server(first) {
        let (client, rest) = rest.split_once(' ')?;
        (Some(first), client, rest)
    } else {
        (None, first, rest)
    };
    // What identd said is nobody's word any more; a user may have spaces in it.
    let (ident, user) = rest.split_once(' ')?;
    (is_client(client) && !ident.is_empty() && !user.is_empty()).then_some((server, client, user))
}

/// Where a request ends: before a quote, a space, three digits, and a space or nothing.
fn request_end(text: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.find("\" ")?;
        let mut status = text.get(at + 2..)?.bytes();
        let digits = status.by_ref().take(3).filter(u8::is_ascii_digit).count();
        if digits == 3 && matches!(status.next(), Some(b' ') | None) {
            return Some(at);
        }
        from = at + 2;
    }
}

/// What is in quotes, what is behind it, and whether it is closed.
fn quoted(text: &str) -> Option<(&str, &str, bool)> {
    let inside = text.strip_prefix('"')?;
    let mut escaped = false;
    let end = inside.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    match end {
        Some(end) => Some((inside.get(..end)?, inside.get(end + 1..)?, true)),
        None => Some((inside, "", false)),
    }
}

fn said(text: &str) -> Option<Cow<'_, str>> {
    (!matches!(text, "-" | "" | "\"\"")).then_some(Cow::Borrowed(text))
}

/// `13/Jan/2016:19:31:16 +0000`; Werkzeug writes a space and no zone.
pub(super) fn when(text: &str) -> Option<Parsed> {
    let (date, clock) = text.split_at_checked(11)?;
    let (clock, zone) = match clock.strip_prefix(':') {
        Some(clock) => clock.split_once(' ')?,
        None => (clock.strip_prefix(' ')?, "Z"),
    };
    let (day, rest) = date.split_once('/')?;
    let (month, year) = rest.split_once('/')?;
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let zone = match zone.split_at_checked(3) {
        Some((hours, minutes)) if minutes.len() == 2 => format!("{hours}:{minutes}"),
        _ if zone == "Z" => zone.to_owned(),
        _ => return None,
    };
    (day.len() == 2 && year.len() == 4 && clock.len() == 8)
        .then(|| time::parse(&format!("{year}-{month:02}-{day}T{clock}{zone}")))?
}
