//! One line of the server's log, in either of its two structured forms.

use std::borrow::Cow;

use serde::Deserialize;

pub(super) use crate::field::Text;
use crate::json;
use crate::split::csv;
use crate::split::csv::values;

/// The fields that both forms have, named as `jsonlog` does.
#[derive(Default, Deserialize)]
pub(super) struct Record<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) timestamp: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) user: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) dbname: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) pid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) remote_host: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) remote_port: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) session_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) line_num: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) error_severity: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) state_code: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) message: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) statement: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) application_name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) backend_type: Text<'a>,
}

/// Reads a line of `csvlog`: 23 columns at least, by version up to 26. `None` if it is none.
pub(super) fn of_csv(text: &str) -> Option<Record<'_>> {
    if csv::begins(text.as_bytes(), true) != Some(true) {
        return None;
    }
    let mut values = values(text)?;
    if values.len() < 23 {
        return None;
    }
    let mut take = |column: usize| values.get_mut(column).and_then(Option::take);
    let (remote_host, remote_port) = match take(4) {
        Some(Cow::Borrowed(from)) => match from.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => {
                (Some(Cow::Borrowed(host)), Some(Cow::Borrowed(port)))
            }
            _ => (Some(Cow::Borrowed(from)), None),
        },
        other => (other, None),
    };
    Some(Record {
        remote_host,
        remote_port,
        timestamp: take(0),
        user: take(1),
        dbname: take(2),
        pid: take(3),
        session_id: take(5),
        line_num: take(6),
        error_severity: take(11),
        state_code: take(12),
        message: take(13),
        statement: take(19),
        application_name: take(22),
        backend_type: take(23),
    })
}

/// A value that is really there.
pub(super) fn said<'a>(value: &Text<'a>) -> Text<'a> {
    value.clone().filter(|text| !text.is_empty() && *text != "[unknown]")
}
