//! What whoever runs a log has left open, as far as the log can tell: part of `deedbook doctor`.

use std::sync::Arc;

use anyhow::Context as _;
use lake::{Lake, Limits};
use serde::{Deserialize, Serialize};

use super::{Place, token};
use crate::lines::Line;
use crate::{output, pipeline};

/// A clock this far ahead of ours is told, milliseconds.
const AHEAD_MS_MIN: i64 = 60_000;

/// Sources of each kind that are named.
const SOURCES_MAX: usize = 1_000;

/// Where the last backup is noted, in the folder of state.
const BACKUP_FILE: &str = "backup.json";

/// What was found.
#[derive(Debug, Serialize)]
pub(crate) struct Upkeep {
    /// The last backup that this machine made; none if there was none. Without one, or behind it, there is a single copy.
    backup: Option<Backup>,
    /// Leaves that are in no backup which this machine made.
    leaves_in_one_copy: u64,
    /// Sources whose records lay on this machine before they were sealed, with one of the places.
    kept_on_this_machine: Vec<Found>,
    /// Sources with events from after the time at which they came.
    clocks_ahead: Vec<Found>,
    /// Sources of which nobody said whose they are.
    without_owner: Vec<String>,
    /// Sources whose known secrets are sealed as they come.
    unscrubbed: Vec<String>,
}

/// A source, and what shows it.
#[derive(Debug, Serialize)]
struct Found {
    source: String,
    example: String,
    /// How many deliveries, or events.
    count: u64,
}

/// A backup that was made and verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Backup {
    /// The log.
    pub(crate) log: String,
    /// Its folder.
    pub(crate) to: String,
    /// Leaves in it.
    pub(crate) leaves: u64,
    /// When, milliseconds since 1970.
    pub(crate) at_ms: u64,
}

impl Backup {
    /// Notes it for `doctor`. The backup is made either way: without the note it is not known of, and that is said.
    pub(crate) fn note(&self, place: &Place) {
        let path = place.data.join("state").join(BACKUP_FILE);
        let text = serde_json::to_vec(self).unwrap_or_default();
        if let Err(error) = std::fs::write(&path, text) {
            tracing::warn!("`doctor` will not know of this backup: {}: {error}", path.display());
        }
    }

    fn last(place: &Place, log: &ledger::LogInfo) -> anyhow::Result<Option<Backup>> {
        let path = place.data.join("state").join(BACKUP_FILE);
        match std::fs::read(&path) {
            // A note that cannot be read, or of another log, is none.
            Ok(text) => Ok(serde_json::from_slice(&text).ok().filter(|last: &Backup| last.log == log.short)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| path.display().to_string()),
        }
    }
}

impl Upkeep {
    pub(crate) fn of(place: &Place, tables: &Arc<Lake>) -> anyhow::Result<Upkeep> {
        let log = place.log()?;
        let backup = Backup::last(place, &log)?;
        let sources = tables.sources()?;
        let unowned = sources.iter().filter(|source| source.owner.is_none()).map(|source| source.name.clone());
        let saved = backup.as_ref().map_or(0, |backup| backup.leaves);
        Ok(Upkeep {
            leaves_in_one_copy: tables.tree_size().saturating_sub(saved),
            backup,
            kept_on_this_machine: kept_here(tables)?,
            clocks_ahead: found(tables, &ahead())?,
            without_owner: unowned.take(SOURCES_MAX).collect(),
            unscrubbed: token::known(&pipeline::view(&place.data, &log)?)?
                .unscrubbed
                .names()
                .map(str::to_owned)
                .collect(),
        })
    }

    /// As lines, with what mends each.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        let leaves = self.leaves_in_one_copy;
        match &self.backup {
            _ if leaves == 0 => {}
            None => lines.push(Line::new(
                "single copy",
                format!("all {leaves} leaves: no backup is known of; `deedbook backup --to DIR` on another disk"),
            )),
            Some(Backup { to, at_ms, .. }) => {
                let at = model::Millis(*at_ms);
                lines.push(Line::new("single copy", format!("{leaves} leaves since the backup of {at} in {to}")));
            }
        }
        for Found { source, example, count } in &self.kept_on_this_machine {
            let text = format!(
                "{source}: {count} deliveries lay on this machine before they were sealed, as {example}: who rules it could change \
                 them; send them to a collector elsewhere"
            );
            lines.push(Line::new("same host", text));
        }
        for Found { source, example, count } in &self.clocks_ahead {
            let text =
                format!("{source}: {count} events are from after their receipt, as {example}: its clock is ahead");
            lines.push(Line::new("clock", text));
        }
        for name in &self.without_owner {
            let text = format!("{name}: nobody said whose it is; `deedbook source set {name} --owner TEAM`");
            lines.push(Line::new("no owner", text));
        }
        for name in &self.unscrubbed {
            let text =
                format!("{name}: its secrets are sealed as they come; `deedbook source scrub {name} on --reason ...`");
            lines.push(Line::new("not scrubbed", text));
        }
        lines
    }
}

fn ahead() -> String {
    format!(
        "SELECT source, CAST(max(time) AS VARCHAR) AS example, count(*) AS count FROM events_all \
         WHERE time_raw IS NOT NULL AND CAST(time AS BIGINT) / 1000000 > CAST(received_at AS BIGINT) + {AHEAD_MS_MIN} \
         GROUP BY source ORDER BY source LIMIT {SOURCES_MAX}"
    )
}

/// The sources with deliveries from this machine: files, and senders on its own addresses.
fn kept_here(tables: &Arc<Lake>) -> anyhow::Result<Vec<Found>> {
    let named = "SELECT source, min(position_name) AS example, count(*) AS count FROM leaves \
                 WHERE position_name IS NOT NULL AND source_number > 0 \
                 GROUP BY source, substr(position_name, 1, 24) ORDER BY source, count DESC";
    let mut here: Vec<Found> = Vec::new();
    for found in found(tables, named)?.into_iter().filter(|found| lake::is_of_this_machine(&found.example)) {
        match here.last_mut().filter(|last| last.source == found.source) {
            Some(last) => last.count += found.count,
            None => here.push(found),
        }
    }
    here.truncate(SOURCES_MAX);
    Ok(here)
}

fn found(tables: &Arc<Lake>, query: &str) -> anyhow::Result<Vec<Found>> {
    let mut all = Vec::new();
    output::each_row(tables.sql(query, Limits::default())?, |cell| {
        all.push(Found { source: cell(0), example: cell(1), count: cell(2).parse().unwrap_or_default() });
    })?;
    Ok(all)
}
