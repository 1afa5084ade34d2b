//! The header of a message: RFC 5424 section 6, or what RFC 3164 found in use.
//!
//! Read by hand: three forms, each a few words long, of which the older has no grammar that its senders keep to.

use model::Millis;

use crate::time::{self, Parsed};

/// Most digits of a priority; the largest is 191 (RFC 5424 6.2.1).
const PRIORITY_DIGITS_MAX: usize = 3;
const PRIORITY_MAX: u8 = 191;

/// Longest tag in front of a message without a header of RFC 5424, bytes; those of containers have names of jobs in them.
const TAG_BYTES_MAX: usize = 128;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A day in nanoseconds.
const DAY_NANOS: i64 = 86_400 * 1_000_000_000;

/// A message, taken apart.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Line<'a> {
    pub(crate) priority: Option<u8>,
    pub(crate) time: Option<Parsed>,
    pub(crate) time_raw: Option<&'a str>,
    pub(crate) host: Option<&'a str>,
    pub(crate) app: Option<&'a str>,
    pub(crate) pid: Option<&'a str>,
    pub(crate) id: Option<&'a str>,
    /// Structured data, as it is written.
    pub(crate) data: Option<&'a str>,
    pub(crate) message: &'a str,
}

impl<'a> Line<'a> {
    /// Reads a message with any of the headers, or with none in front of CEF or LEEF. `None` if it is none.
    pub(crate) fn read(text: &'a str, received_at: Millis) -> Option<Line<'a>> {
        let (priority, rest) = match priority(text) {
            Some((priority, rest)) => (Some(priority), rest),
            None => (None, text),
        };
        if priority.is_some()
            && let Some(rest) = rest.strip_prefix("1 ")
            && let Some(line) = modern(rest)
        {
            return Some(Line { priority, ..line });
        }
        let told = |line: &Line<'_>| priority.is_some() || line.app.is_some() || is_payload(line.message);
        if let Some(line) = old(rest, received_at).filter(told) {
            return Some(Line { priority, ..line });
        }
        if priority.is_none() && !is_payload(rest) {
            return None;
        }
        // A priority, and then no time: all else is the message (RFC 3164 4.3.3).
        let (app, pid, message) = tagged(rest);
        Some(Line { priority, app, pid, message, ..Line::default() })
    }

    /// How grave it is, 0 to 7 (RFC 5424 6.2.1).
    pub(crate) fn severity(&self) -> Option<u8> {
        self.priority.map(|priority| priority % 8)
    }
}

/// Whether a message is CEF or LEEF.
pub(crate) fn is_payload(message: &str) -> bool {
    ["CEF:0|", "CEF:1|", "LEEF:1.0|", "LEEF:2.0|"].iter().any(|start| message.starts_with(start))
}

fn priority(text: &str) -> Option<(u8, &str)> {
    let (digits, rest) = text.strip_prefix('<')?.split_once('>')?;
    let plain = (1..=PRIORITY_DIGITS_MAX).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let priority = digits.parse::<u8>().ok().filter(|priority| plain && *priority <= PRIORITY_MAX)?;
    Some((priority, rest))
}

/// A word of a header of RFC 5424: `-` says that there is none.
fn said(word: &str) -> Option<&str> {
    (word != "-" && !word.is_empty()).then_some(word)
}

/// RFC 5424 behind the version: time, host, app, process, id, structured data, message.
fn modern(text: &str) -> Option<Line<'_>> {
    let mut words = text.splitn(6, ' ');
    let mut word = || words.next();
    let (time_raw, host, app, pid, id, rest) = (word()?, word()?, word()?, word()?, word()?, word()?);
    let time_raw = said(time_raw);
    let time = time_raw.and_then(time::parse);
    if time_raw.is_some() && time.is_none() {
        return None;
    }
    let (data, rest) = match rest.strip_prefix('-') {
        Some(rest) => (None, rest),
        None => {
            let (data, rest) = rest.split_at_checked(data_end(rest)?)?;
            (Some(data), rest)
        }
    };
    if !rest.is_empty() && !rest.starts_with(' ') {
        return None;
    }
    let rest = rest.trim_start_matches(' ');
    let message = rest.strip_prefix('\u{feff}').unwrap_or(rest);
    Some(Line {
        priority: None,
        time,
        time_raw,
        host: said(host),
        app: said(app),
        pid: said(pid),
        id: said(id),
        data,
        message,
    })
}

/// Where structured data ends: elements in brackets, in which a value in quotes may hold brackets.
fn data_end(text: &str) -> Option<usize> {
    let (mut quoted, mut open, mut escaped, mut end) = (false, false, false, None);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' if open => quoted = !quoted,
            _ if quoted => {}
            b'[' if !open => open = true,
            b']' if open => {
                open = false;
                end = Some(at + 1);
            }
            _ if !open => break,
            _ => {}
        }
    }
    end.filter(|_| !open)
}

/// The parameters of structured data: element, name and value, escapes taken off.
pub(crate) fn parameters(data: &str) -> Vec<(&str, &str, String)> {
    let mut found = Vec::new();
    let mut rest = data;
    while let Some(inside) = rest.strip_prefix('[') {
        let Some(end) = data_end(rest) else { break };
        let element = inside.split([' ', ']']).next().unwrap_or_default();
        let mut left = inside.get(element.len()..).unwrap_or_default().trim_start();
        while let Some((name, value)) = left.split_once("=\"") {
            let mut text = String::new();
            let mut chars = value.char_indices();
            let mut close = None;
            while let Some((at, char)) = chars.next() {
                match char {
                    '"' => {
                        close = Some(at + 1);
                        break;
                    }
                    '\\' => match chars.next() {
                        Some((_, escaped @ ('"' | '\\' | ']'))) => text.push(escaped),
                        Some((_, other)) => text.extend(['\\', other]),
                        None => break,
                    },
                    other => text.push(other),
                }
            }
            let Some(behind) = close.and_then(|close| value.get(close..)) else { break };
            found.push((element, name, text));
            left = behind.trim_start();
            if let Some(next) = left.strip_prefix(']') {
                left = next;
                break;
            }
        }
        // The next element begins where this one ends, as far as `left` has not run past it.
        let ended = rest.len().saturating_sub(left.len());
        let next = if left.starts_with('[') { ended } else { end };
        rest = rest.get(next..).unwrap_or_default();
        if next == 0 {
            break;
        }
    }
    found
}

/// RFC 3164 and what became of it: a time, a host, a tag with a process in brackets, a colon, the message.
fn old(text: &str, received_at: Millis) -> Option<Line<'_>> {
    let (time, time_raw, rest) = old_time(text, received_at)?;
    let (host, behind) = rest.split_once(' ')?;
    // Some write no host: then the tag is where it would be.
    let (host, rest) = if host.ends_with(':') { (None, rest) } else { (said(host), behind) };
    let (app, pid, message) = if is_payload(rest) { (None, None, rest) } else { tagged(rest) };
    let line = Line { time: Some(time), time_raw: Some(time_raw), host, app, pid, message, ..Line::default() };
    (app.is_some() || is_payload(message) || text.len() > time_raw.len()).then_some(line)
}

/// `Nov 20 10:41:07`, with a year behind the day or the time as some devices have it; or RFC 3339.
fn old_time(text: &str, received_at: Millis) -> Option<(Parsed, &str, &str)> {
    let first = text.split(' ').next()?;
    if first.len() >= 19 && first.as_bytes().get(10) == Some(&b'T') {
        let parsed = time::parse(first)?;
        return Some((parsed, first, text.get(first.len()..)?.trim_start_matches(' ')));
    }
    let month = MONTHS.iter().position(|month| *month == first)? + 1;
    let mut at = first.len();
    let mut word = || {
        let rest = text.get(at..)?;
        let word = rest.trim_start_matches(' ').split(' ').next()?;
        at += rest.len() - rest.trim_start_matches(' ').len() + word.len();
        Some((word, at))
    };
    let day: u8 = word()?.0.parse().ok()?;
    let (mut clock, mut end) = word()?;
    let mut year = None;
    if clock.len() == 4 && clock.bytes().all(|byte| byte.is_ascii_digit()) {
        year = Some(clock.parse::<i16>().ok()?);
        (clock, end) = word()?;
    }
    // Devices of one maker put a colon behind the time.
    let clock = clock.trim_end_matches(':');
    if clock.len() < 8 || clock.as_bytes().get(2) != Some(&b':') {
        return None;
    }
    let of_year = |year: i16| time::parse(&format!("{year:04}-{month:02}-{day:02}T{clock}"));
    let parsed = match year {
        Some(year) => of_year(year)?,
        None => without_year(received_at, of_year)?,
    };
    let raw = text.get(..end)?;
    Some((parsed, raw, text.get(end..)?.trim_start_matches(' ')))
}

/// The last such time before the message was received, with a day's grace for clocks and zones.
fn without_year(received_at: Millis, of_year: impl Fn(i16) -> Option<Parsed>) -> Option<Parsed> {
    let received = i64::try_from(received_at.0).ok()?.checked_mul(1_000_000)?;
    let this = jiff::Timestamp::from_nanosecond(i128::from(received)).ok()?.to_zoned(jiff::tz::TimeZone::UTC).year();
    // The 29th of February is in one year of four.
    let mut years = [this + 1, this, this - 1, this - 2, this - 3, this - 4].into_iter();
    years.find_map(|year| of_year(year).filter(|parsed| parsed.nanos <= received.saturating_add(DAY_NANOS)))
}

/// `app[pid]: message`.
fn tagged(text: &str) -> (Option<&str>, Option<&str>, &str) {
    let is_tag = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./[]()@%".contains(&byte);
    let length = text.bytes().take(TAG_BYTES_MAX + 1).take_while(|byte| is_tag(*byte)).count();
    let Some((tag, rest)) = text.split_at_checked(length).filter(|_| (1..=TAG_BYTES_MAX).contains(&length)) else {
        return (None, None, text);
    };
    let Some(message) = rest.strip_prefix(':') else { return (None, None, text) };
    let (app, pid) = match tag.strip_suffix(']').and_then(|tag| tag.split_once('[')) {
        Some((app, pid)) => (app, said(pid)),
        None => (tag, None),
    };
    (said(app), pid, message.strip_prefix(' ').unwrap_or(message))
}
