//! Answers as lines for people: a label, what is said, and at the right the tier and the record that
//! says it.

use trace::{Evidence, Tier, readable};

/// Columns that the text may take before its tier and record move behind it.
const TEXT_COLUMNS: usize = 72;

/// Width of the labels.
const LABEL_COLUMNS: usize = 14;

/// Longest id that is shown whole: a UUID is.
const ID_COLUMNS: usize = 36;

/// What is shown of the begin and the end of a longer one.
const ID_BEGIN: usize = 18;
const ID_END: usize = 4;

/// One line.
pub(crate) struct Line {
    indent: usize,
    label: String,
    text: String,
    source: String,
}

impl Line {
    /// A label and what is said.
    pub(crate) fn new(label: &str, text: impl Into<String>) -> Line {
        Line { indent: 2, label: label.to_owned(), text: text.into(), source: String::new() }
    }

    /// A line further to the right.
    pub(crate) fn deeper(mut self, levels: usize) -> Line {
        self.indent += 2 * levels;
        self
    }

    /// How strong it is, and the record that says it.
    pub(crate) fn by(mut self, tier: Option<Tier>, evidence: Option<&Evidence>) -> Line {
        let tier = tier.map(Tier::as_str);
        let record = evidence.map(|evidence| format!("record {}", evidence.event_id));
        self.source = tier.map(str::to_owned).into_iter().chain(record).collect::<Vec<_>>().join(" ");
        self
    }
}

/// The lines, those of one block with their records under each other.
pub(crate) fn block(lines: &[Line]) -> Vec<String> {
    let begin = |line: &Line| {
        let indent = " ".repeat(line.indent);
        let gap = if line.label.is_empty() { "" } else { " " };
        let width = if line.label.is_empty() { 0 } else { LABEL_COLUMNS };
        format!("{indent}{:<width$}{gap}{}", line.label, line.text)
    };
    let widest = lines.iter().map(begin).map(|text| text.chars().count()).filter(|width| *width <= TEXT_COLUMNS).max();
    let column = widest.unwrap_or(TEXT_COLUMNS);
    lines.iter().map(|line| format!("{:<column$}   {}", begin(line), line.source).trim_end().to_owned()).collect()
}

/// The one spelling of a word of an answer, as `-o json` prints it.
pub(crate) fn word(value: impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

/// A moment, to the second.
pub(crate) fn moment(nanos: i64) -> String {
    let text = model::rfc3339_from_nanos(nanos);
    match text.split_once('.') {
        Some((second, _)) => format!("{second}Z"),
        None => text,
    }
}

/// A URI as people read it, long ids cut in the middle; `-o json` has them whole.
pub(crate) fn shown(uri: &str) -> String {
    readable(uri).split('/').map(cut).collect::<Vec<_>>().join("/")
}

fn cut(part: &str) -> String {
    let (id, rest) = part.split_once(' ').unwrap_or((part, ""));
    let letters: Vec<char> = id.chars().collect();
    let (Some(begin), Some(end)) = (letters.get(..ID_BEGIN), letters.get(letters.len().saturating_sub(ID_END)..))
    else {
        return part.to_owned();
    };
    if letters.len() <= ID_COLUMNS {
        return part.to_owned();
    }
    let gap = if rest.is_empty() { "" } else { " " };
    format!("{}..{}{gap}{rest}", String::from_iter(begin), String::from_iter(end))
}

/// A name with the principal behind it, if there is a name; of an ARN its last part is enough.
pub(crate) fn person(uri: &str, name: Option<&str>) -> String {
    match name {
        Some(name) if name.starts_with("arn:") => {
            let own = name.rsplit('/').next().unwrap_or(name);
            format!("{}, as {}", shown(uri), cut(own))
        }
        Some(name) if !uri.contains(name) => format!("{name}, {}", shown(uri)),
        _ => shown(uri),
    }
}

/// What could not be told, a line each.
pub(crate) fn gaps(gaps: &[trace::Gap]) -> Vec<Line> {
    gaps.iter().map(gap).collect()
}

fn gap(gap: &trace::Gap) -> Line {
    use trace::Gap;
    match gap {
        Gap::UseWithoutIssuance { credential, user } => {
            let text = format!("no record issues {}: older than the log, not collected, or forged", shown(credential));
            Line::new("not told", text).by(None, user.as_ref())
        }
        Gap::IssuedAfterUse { credential, issuer, .. } => {
            Line::new("not told", format!("{} was issued after this use", shown(credential))).by(None, Some(issuer))
        }
        Gap::Ambiguous { about, candidates } => {
            let ids = candidates.iter().map(|candidate| candidate.event_id.to_string()).collect::<Vec<_>>().join(", ");
            Line::new("not told", format!("several records fit {}: {ids}", shown(about)))
        }
        Gap::IssuerNotConfigured { issuer, .. } => Line::new(
            "not told",
            format!("whose tokens {issuer} signs; `deedbook source set --issuer {issuer} ...` says so"),
        ),
        Gap::SilentBroker { principal, issuer } => {
            Line::new("not told", format!("for whom the broker {} minted: its own record is missing", shown(principal)))
                .by(None, Some(issuer))
        }
        Gap::Cycle { credential } => Line::new(
            "not told",
            format!("{} is its own ancestor: the records contradict each other", shown(credential)),
        ),
        Gap::Cut { limit, value } => Line::new("cut", format!("at {value} ({limit}); --limit raises it")),
    }
}
