//! What every question about attribution has in common: the events as of a pin, the time range, the
//! bounds, and how an answer says what it was computed from.

use std::sync::Arc;
use std::time::Instant;

use lake::{Facts, Pin};
use serde::Serialize;
use trace::{Key, Lookup, Order, Settings, Store as _};

use crate::cli::{Asking, Format};
use crate::commands::Place;
use crate::exit::Usage;
use crate::{output, pipeline, when};

/// Events read for an answer when nobody says how many.
const EVENTS: usize = 200;

/// A question, ready to be answered.
pub(crate) struct Question {
    pub(crate) facts: Facts,
    pub(crate) settings: Settings,
    /// Earliest event time, nanoseconds since 1970.
    pub(crate) since: i64,
    /// Latest event time, nanoseconds since 1970; also the moment as of which things are alive or ended.
    pub(crate) until: i64,
    /// Most events of the answer.
    pub(crate) limit: usize,
    pin: Pin,
    format: Format,
    timing: bool,
    /// When the log was open.
    ready: Instant,
    lake: Arc<lake::Lake>,
}

/// What `-o json` prints of every answer.
#[derive(Serialize)]
struct Printed<'a, T> {
    /// What was asked about, as it was typed.
    asked: &'a str,
    /// `--at` with this repeats the answer.
    pin: String,
    /// As of when, RFC 3339.
    as_of: String,
    /// Whether records may lack in the range.
    completeness: &'a lake::Completeness,
    answer: T,
}

impl Question {
    pub(crate) fn open(place: &Place, asking: &Asking) -> anyhow::Result<Question> {
        Question::reading(place, asking, EVENTS)
    }

    /// A question that reads so many events when nobody says how many.
    pub(crate) fn reading(place: &Place, asking: &Asking, events: usize) -> anyhow::Result<Question> {
        let began = Instant::now();
        let log = place.log()?;
        let lake = pipeline::tables(&place.data, &log)?;
        let pinned = asking.at.as_deref().map(Pin::parse).transpose().map_err(|error| Usage(error.to_string()))?;
        let (facts, asked) = match &pinned {
            Some(pin) => (Facts::at(&lake, pin).map_err(|error| Usage(error.to_string()))?, pin.asked),
            None => (Facts::as_of(&lake, lake.tree_size())?, pipeline::now()),
        };
        let now = i64::try_from(asked.0).unwrap_or(i64::MAX).saturating_mul(1_000_000);
        let moment = |flag, text: &Option<String>| text.as_deref().map(|text| when::parse(flag, text, now)).transpose();
        let since = moment("since", &asking.since)?.unwrap_or(i64::MIN);
        let until = moment("until", &asking.until)?.unwrap_or(now);
        if since > until {
            let shown = model::rfc3339_from_nanos;
            return Err(Usage(format!("--since {} is not before --until {}", shown(since), shown(until))).into());
        }
        let (issuers, brokers) = facts.configured();
        let defaults = Settings::default();
        let settings = Settings {
            issuers: issuers.map(issuer).collect(),
            brokers: brokers.map(str::to_owned).collect(),
            hashes: asking.audit_hash.iter().map(|pair| hashed(pair)).collect::<Result<_, _>>()?,
            // So many uses are read: an answer that was cut says so, and --limit raises it.
            uses_max: asking.limit.unwrap_or(events).max(1),
            ..defaults
        };
        let (pin, limit) = (facts.pin(asked), asking.limit.unwrap_or(events).max(1));
        let (format, timing, ready) = (asking.output.format, asking.timing, Instant::now());
        if timing {
            eprintln!("open: {:.3} ms", (ready - began).as_secs_f64() * 1e3);
        }
        Ok(Question { facts, settings, since, until, limit, pin, format, timing, ready, lake })
    }

    /// The grants that records of the range tell of, the newest first, and whether there are others.
    pub(crate) fn grants(&self) -> anyhow::Result<(Vec<String>, bool)> {
        let lookup = Lookup {
            key: Key::Told(trace::keys::GRANT),
            from: self.since,
            until: self.until,
            order: Order::Newest,
            limit: self.limit.saturating_mul(STEPS_OF_A_GRANT),
        };
        let page = self.facts.find(&lookup)?;
        let mut uris: Vec<String> = Vec::new();
        for grant in page.facts.iter().flat_map(|fact| &fact.grants) {
            if !uris.contains(&grant.uri) {
                uris.push(grant.uri.clone());
            }
        }
        let more = page.more || uris.len() > self.limit;
        uris.truncate(self.limit);
        Ok((uris, more))
    }

    /// Prints an answer: as JSON, or as lines for people with a last one that says how to repeat it.
    pub(crate) fn print<T: Serialize>(
        &self,
        asked: &str,
        answer: &T,
        lines: impl FnOnce(&T) -> Vec<String>,
    ) -> anyhow::Result<()> {
        let completeness = &self.facts.completeness(self.since, self.until);
        let as_of = model::rfc3339_from_nanos(self.until);
        let printed = Printed { asked, pin: self.pin.to_string(), as_of, completeness, answer };
        output::told(self.format, &printed, std::slice::from_ref(&printed), || {
            let mut lines = lines(answer);
            lines.extend([format!("completeness: {}", completeness.line()), format!("pin: {}", self.pin)]);
            lines
        })?;
        if self.timing {
            eprintln!("answer: {:.3} ms", self.ready.elapsed().as_secs_f64() * 1e3);
        }
        Ok(())
    }

    /// The tables of the log.
    pub(crate) fn tables(&self) -> &Arc<lake::Lake> {
        &self.lake
    }

    /// Why an answer is empty is the first thing its reader asks.
    pub(crate) fn nothing(&self, asked: &str) -> anyhow::Result<String> {
        let shown = model::rfc3339_from_nanos;
        let span = match self.lake.span()? {
            Some((first, last)) => format!("the log spans {} .. {}", shown(first), shown(last)),
            None => "the log has no events yet".to_owned(),
        };
        let completeness = self.facts.completeness(self.since, self.until);
        let owned = match completeness.state {
            lake::Seen::NoGapKnown => String::new(),
            _ => format!("; completeness: {}", completeness.line()),
        };
        Ok(format!("`{asked}` is in no event of the range, under this name; {span}{owned}"))
    }
}

/// Records that tell of one grant, as a rule: request, approval, activation, end.
const STEPS_OF_A_GRANT: usize = 4;

fn issuer(issuer: &lake::Issuer) -> trace::Issuer {
    let lake::Issuer { host, platform, authority } = issuer.clone();
    trace::Issuer { host, platform, authority }
}

/// `<id>=<hash>`, as `--audit-hash` takes it.
fn hashed(pair: &str) -> Result<trace::Hashed, Usage> {
    let (id, hash) = pair.split_once('=').ok_or_else(|| {
        Usage("--audit-hash takes <id>=<hash>, the id in the clear and what sys/audit-hash gives for it".to_owned())
    })?;
    Ok(trace::Hashed { id: id.to_owned(), hash: hash.to_owned() })
}
