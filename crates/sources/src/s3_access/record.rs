//! One request, from a line of fields between spaces or from an object of the same fields.

use std::borrow::Cow;

use serde::Deserialize;

pub(super) use crate::field::Text;
use crate::json;

/// Fields of a request in the order of a line. The spellings are those of table definitions for these logs.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Access<'a> {
    #[serde(borrow, rename = "bucketowner", alias = "bucket_owner", deserialize_with = "json::text")]
    pub(super) bucket_owner: Text<'a>,
    #[serde(borrow, alias = "bucket_name", deserialize_with = "json::text")]
    pub(super) bucket: Text<'a>,
    #[serde(borrow, alias = "requestdatetime", deserialize_with = "json::text")]
    pub(super) time: Text<'a>,
    #[serde(borrow, rename = "remoteip", alias = "remote_ip", deserialize_with = "json::text")]
    pub(super) remote_ip: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) requester: Text<'a>,
    #[serde(borrow, rename = "requestid", alias = "request_id", deserialize_with = "json::text")]
    pub(super) request_id: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) operation: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) key: Text<'a>,
    #[serde(borrow, rename = "requesturi", alias = "request_uri", deserialize_with = "json::text")]
    pub(super) request_uri: Text<'a>,
    #[serde(borrow, rename = "httpstatus", alias = "http_status", deserialize_with = "json::text")]
    pub(super) http_status: Text<'a>,
    #[serde(borrow, rename = "errorcode", alias = "error_code", deserialize_with = "json::text")]
    pub(super) error_code: Text<'a>,
    #[serde(borrow, rename = "bytessent", alias = "bytes_sent", deserialize_with = "json::text")]
    pub(super) bytes_sent: Text<'a>,
    #[serde(borrow, rename = "objectsize", alias = "object_size", deserialize_with = "json::text")]
    pub(super) object_size: Text<'a>,
    #[serde(borrow, rename = "totaltime", alias = "total_time", deserialize_with = "json::text")]
    pub(super) total_time: Text<'a>,
    #[serde(borrow, rename = "useragent", alias = "user_agent", deserialize_with = "json::text")]
    pub(super) user_agent: Text<'a>,
    #[serde(borrow, rename = "hostid", alias = "host_id", deserialize_with = "json::text")]
    pub(super) host_id: Text<'a>,
    #[serde(
        borrow,
        rename = "signatureversion",
        alias = "sigv",
        alias = "signature_version",
        deserialize_with = "json::text"
    )]
    pub(super) signature_version: Text<'a>,
    #[serde(
        borrow,
        rename = "authenticationtype",
        alias = "authtype",
        alias = "auth_type",
        deserialize_with = "json::text"
    )]
    pub(super) authentication_type: Text<'a>,
    #[serde(borrow, rename = "hostheader", alias = "endpoint", alias = "host_header", deserialize_with = "json::text")]
    pub(super) host_header: Text<'a>,
    #[serde(borrow, rename = "tlsversion", alias = "tls_version", deserialize_with = "json::text")]
    pub(super) tls_version: Text<'a>,
    /// The same, as one collector spells it beside the others.
    #[serde(borrow, rename = "tlsVersion", deserialize_with = "json::text")]
    pub(super) tls_version_camel: Text<'a>,
    #[serde(borrow, rename = "accesspointarn", alias = "access_point_arn", deserialize_with = "json::text")]
    pub(super) access_point: Text<'a>,
    #[serde(borrow, rename = "aclrequired", alias = "acl_required", deserialize_with = "json::text")]
    pub(super) acl_required: Text<'a>,
}

/// A value, which `-` is not.
pub(super) fn said<'a>(text: &Text<'a>) -> Text<'a> {
    text.clone().filter(|text| !text.is_empty() && text != "-")
}

/// Bytes of the beginning of a line that show its first three fields: names of buckets have up to 63 letters.
pub(super) const HEAD_BYTES: usize = 192;

/// Whether a line begins with an owner, a bucket, and a time in brackets.
pub(super) fn begins(head: &str) -> bool {
    let mut words = head.splitn(3, ' ');
    let (Some(owner), Some(bucket), Some(rest)) = (words.next(), words.next(), words.next()) else { return false };
    let is_owner = owner == "-" || owner.len() >= 20 && owner.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_owner && !bucket.is_empty() && rest.get(..BRACKETED).is_some_and(|time| rfc3339(time).is_some())
}

/// Length of `[06/Feb/2019:00:00:38 +0000]`.
const BRACKETED: usize = 28;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `[06/Feb/2019:00:00:38 +0000]`, with or without its brackets, as RFC 3339 writes it.
pub(super) fn rfc3339(text: &str) -> Option<String> {
    let text = text.trim_start_matches('[').trim_end_matches(']');
    let (date, zone) = text.split_once(' ')?;
    let (day, rest) = date.split_once('/')?;
    let (month, rest) = rest.split_once('/')?;
    let (year, clock) = rest.split_once(':')?;
    let month = MONTHS.iter().position(|known| *known == month)? + 1;
    let (hours, minutes) = zone.split_at_checked(3)?;
    Some(format!("{year}-{month:02}-{day}T{clock}{hours}:{minutes}"))
}

/// Takes a line apart. `None` if it has fewer fields than the oldest form of it.
pub(super) fn of_line(line: &str) -> Option<Access<'_>> {
    /// Fields up to the version of the object.
    const FIELDS_MIN: usize = 18;
    let fields = fields(line);
    if fields.len() < FIELDS_MIN {
        return None;
    }
    let at = |number: usize| fields.get(number).map(|field| Cow::Borrowed(*field));
    Some(Access {
        bucket_owner: at(0),
        bucket: at(1),
        time: at(2),
        remote_ip: at(3),
        requester: at(4),
        request_id: at(5),
        operation: at(6),
        key: at(7),
        request_uri: at(8),
        http_status: at(9),
        error_code: at(10),
        bytes_sent: at(11),
        object_size: at(12),
        total_time: at(13),
        user_agent: at(USER_AGENT),
        host_id: at(18),
        signature_version: at(19),
        authentication_type: at(21),
        host_header: at(22),
        tls_version: at(23),
        tls_version_camel: None,
        access_point: at(24),
        acl_required: at(25),
    })
}

/// Where the user agent stands: the last field in quotes.
const USER_AGENT: usize = 16;

/// Fields between spaces; those in quotes or brackets may hold some. A quote inside of quotes is not escaped: only one
/// before a space, or at the end, closes, and of the user agent, which anybody can fill, the last one of the line.
fn fields(line: &str) -> Vec<&str> {
    let mut fields = Vec::with_capacity(28);
    let mut rest = line.trim_end();
    while !rest.is_empty() {
        let (field, after) = match rest.as_bytes().first() {
            Some(b'"') if fields.len() == USER_AGENT && !rest.ends_with('"') => {
                let inside = rest.get(1..).unwrap_or_default();
                inside.rsplit_once("\" ").unwrap_or((inside, ""))
            }
            Some(b'"') => closed(rest, "\" ", '"'),
            Some(b'[') => closed(rest, "] ", ']'),
            _ => rest.split_once(' ').unwrap_or((rest, "")),
        };
        fields.push(field);
        rest = after;
    }
    fields
}

/// What stands between the first letter and its end, and what follows.
fn closed<'t>(text: &'t str, end: &str, last: char) -> (&'t str, &'t str) {
    let inside = text.get(1..).unwrap_or_default();
    match inside.split_once(end) {
        Some(found) => found,
        None => (inside.strip_suffix(last).unwrap_or(inside), ""),
    }
}

/// The id of the access key in the query of a signed URL: all of its credential that is no secret.
pub(super) fn key_of_query(uri: &str) -> Option<String> {
    let (_, query) = uri.split_once('?')?;
    let query = query.split(' ').next()?;
    let value = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("X-Amz-Credential=").or_else(|| pair.strip_prefix("AWSAccessKeyId=")))?;
    let value = model::uri::decoded(value);
    let id = value.split('/').next().unwrap_or_default();
    (id.len() >= 16 && id.bytes().all(|byte| byte.is_ascii_alphanumeric())).then(|| id.to_owned())
}
