//! Objects around a list of records.
//!
//! An object is an envelope if one of its keys is known to hold records, the value is a list of
//! objects, and all keys before it are ones that envelopes have. Looked for in the first
//! [`HEAD_BYTES`] only: a record of any platform shows another key long before.

/// How far an envelope may reach before its list begins, and after it ends.
pub(super) const HEAD_BYTES: usize = 4 << 10;

/// Keys that hold records. CloudTrail files; Azure diagnostic settings; Kubernetes lists;
/// Microsoft Graph; CloudWatch Logs; Cloud Logging `entries.list`; CloudTrail `lookup-events`;
/// inventories of IAM, of GitHub's REST API, of SCIM; findings of IAM Access Analyzer; pages of OpenAI, Anthropic, HCP
/// Terraform, Bitwarden; of Infisical.
const LISTS: [&str; 17] = [
    "Records",
    "records",
    "items",
    "value",
    "logEvents",
    "entries",
    "Events",
    "UserDetailList",
    "GroupDetailList",
    "RoleDetailList",
    "AccessKeyMetadata",
    "installations",
    "Resources",
    "findings",
    "data",
    "auditLogs",
    "Policies",
];

/// As many of [`LISTS`], the first ones, may open an envelope; the others mean something else in front
/// and count behind another list only.
const OPENING: usize = 16;

/// Keys that may come before the list.
const HEADS: [&str; 27] = [
    "messageType",
    "owner",
    "logGroup",
    "logStream",
    "subscriptionFilters",
    "policyLevel",
    "kind",
    "etag",
    "apiVersion",
    "metadata",
    "@odata.context",
    "@odata.count",
    "@odata.nextLink",
    "nextLink",
    "NextToken",
    "nextToken",
    "nextPageToken",
    "ResultsCount",
    "total_count",
    "schemas",
    "totalResults",
    "itemsPerPage",
    "startIndex",
    "IsTruncated",
    "Marker",
    "object",
    "has_more",
];

/// Lists in lists, as OpenTelemetry writes them: processes, their libraries, the spans of those.
const NESTED: [&str; 3] = ["resourceSpans", "scopeSpans", "spans"];

/// The deepest of the lists in lists: its elements are records.
pub(super) const DEEPEST: usize = NESTED.len() - 1;

/// Keys that may come before a list in lists.
const NESTED_HEADS: [&str; 3] = ["resource", "scope", "schemaUrl"];

/// What the beginning of an object or a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Envelope {
    /// A list of records: so many bytes up to its first element, or up to and with the end of the
    /// envelope when there is no further list.
    List(usize),
    /// The outermost of lists in lists: so many bytes up to its first element.
    Nested(usize),
    /// No envelope.
    None,
    /// Not to be told without more bytes.
    Wait,
}

/// Looks at an object from its opening brace on.
pub(super) fn open(head: &[u8], more: bool) -> Envelope {
    let nested = Reader { bytes: head, at: 1 }.keys(&NESTED[..1], Some(&NESTED_HEADS));
    let found = match nested {
        Some(Envelope::List(length)) => Some(Envelope::Nested(length)),
        Some(Envelope::None) => Reader { bytes: head, at: 1 }.keys(&LISTS[..OPENING], Some(&HEADS)),
        other => other,
    };
    found.unwrap_or(if more { Envelope::Wait } else { Envelope::None })
}

/// Looks at an element of a list in lists, from its opening brace on: does it hold the next deeper one?
pub(super) fn open_nested(head: &[u8], depth: usize, more: bool) -> Envelope {
    let lists = NESTED.get(depth + 1..depth + 2).unwrap_or_default();
    let found = Reader { bytes: head, at: 1 }.keys(lists, Some(&NESTED_HEADS));
    found.unwrap_or(if more { Envelope::Wait } else { Envelope::None })
}

/// Looks at a list from its opening bracket on: is it one of objects, or empty?
pub(super) fn open_bare(head: &[u8], more: bool) -> Envelope {
    let mut reader = Reader { bytes: head, at: 1 };
    match reader.token() {
        Some(b'{' | b']') => Envelope::List(reader.at),
        Some(_) => Envelope::None,
        None if more => Envelope::Wait,
        None => Envelope::None,
    }
}

/// Looks at the rest of an envelope, from the closing bracket of its list on.
pub(super) fn close(tail: &[u8], more: bool) -> Envelope {
    let mut reader = Reader { bytes: tail, at: 1 };
    let found = match reader.token() {
        Some(b'}') => Some(Envelope::List(reader.at + 1)),
        Some(b',') => {
            reader.at += 1;
            reader.keys(&LISTS, None)
        }
        Some(_) => Some(Envelope::None),
        None => None,
    };
    found.unwrap_or(if more { Envelope::Wait } else { Envelope::None })
}

/// Reads keys and values until it is clear; `None` from a method means that the bytes ended first.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Key by key, up to one of `lists`. A key that is not among `heads`, where they are given, ends the
    /// search.
    fn keys(&mut self, lists: &[&str], heads: Option<&[&str]>) -> Option<Envelope> {
        loop {
            if self.token()? != b'"' {
                return Some(Envelope::None);
            }
            let key = self.string()?;
            if self.token()? != b':' {
                return Some(Envelope::None);
            }
            self.at += 1;
            if lists.iter().any(|list| list.as_bytes() == key) && self.token()? == b'[' {
                self.at += 1;
                match self.token()? {
                    b'{' | b']' => return Some(Envelope::List(self.at)),
                    _ => return Some(Envelope::None),
                }
            }
            if heads.is_some_and(|heads| heads.iter().all(|head| head.as_bytes() != key)) {
                return Some(Envelope::None);
            }
            self.skip_value()?;
            match self.token()? {
                b',' => self.at += 1,
                b'}' if heads.is_none() => return Some(Envelope::List(self.at + 1)),
                _ => return Some(Envelope::None),
            }
        }
    }

    /// The next byte that is no white space, not taken.
    fn token(&mut self) -> Option<u8> {
        let rest = self.bytes.get(self.at..)?;
        let skip = rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
        self.at += skip;
        rest.get(skip).copied()
    }

    /// A string, from its opening quote; what is between the quotes.
    fn string(&mut self) -> Option<&'a [u8]> {
        let begin = self.at + 1;
        let mut at = begin;
        loop {
            at += memchr::memchr2(b'"', b'\\', self.bytes.get(at..)?)?;
            if self.bytes.get(at) == Some(&b'"') {
                self.at = at + 1;
                return self.bytes.get(begin..at);
            }
            at += 2;
        }
    }

    fn skip_value(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.token()? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' | b',' if depth == 0 => return Some(()),
                b'}' | b']' => {
                    depth -= 1;
                    self.at += 1;
                }
                _ => self.at += 1,
            }
            if depth == 0 && matches!(self.token()?, b'}' | b']' | b',') {
                return Some(());
            }
        }
    }
}
