//! That this server was there, every minute, and what it has taken: without it nobody can tell afterwards whether a source
//! was silent or nobody listened.

use std::sync::Arc;
use std::time::Duration;

use model::{Heartbeat, Kind, SourceGap, canonical_json};
use serde_json::json;
use tokio::sync::watch;

use crate::alarm;
use crate::app::App;
use crate::problem::Problem;

/// How often; `trace` takes three of these for a time in which nobody listened.
const EVERY: Duration = Duration::from_secs(60);

/// Seals a heartbeat now and every minute until the stop.
pub(crate) async fn keep(app: Arc<App>, mut stopped: watch::Receiver<bool>) {
    loop {
        if let Err(problem) = beat(&app).await {
            tracing::warn!(reason = problem.detail, "the heartbeat of this minute is not sealed");
        }
        if tokio::time::timeout(EVERY, stopped.wait_for(|stopped| *stopped)).await.is_ok() {
            return;
        }
    }
}

async fn beat(app: &App) -> Result<(), Problem> {
    let body = Heartbeat { note: "heartbeat".to_owned(), since_ms: app.since.0, sources: app.metrics.beats() };
    let pending = app.door.own(Kind::Heartbeat, canonical_json(&body))?;
    pending.await.map_err(|error| Problem::busy(format!("the heartbeat cannot be sealed: {error}")))?;
    Ok(())
}

impl App {
    /// Seals a gap and tells of it. Waits until it is sealed; not for use inside of the runtime.
    ///
    /// # Errors
    /// When the log takes nothing; the gap is not told then, and the caller comes again.
    pub fn gap(&self, gap: &SourceGap) -> Result<(), String> {
        let pending = self.door.own(Kind::Heartbeat, canonical_json(gap)).map_err(|refused| refused.to_string())?;
        pending.wait().map_err(|error| error.to_string())?;
        let now = (self.clock)();
        let detail = format!("source `{}`: {}: {}", gap.source, gap.verdict, gap.what);
        if gap.open || gap.verdict != "silent" {
            let about = format!("{} {} {}", gap.source, gap.verdict, gap.from_ms);
            self.alarms.raise_about(alarm::Kind::SourceGap, &about, &detail, Some(json!(gap)), now);
        } else {
            tracing::info!("{detail}; it has ended");
        }
        Ok(())
    }
}
