//! What is asked again and again: directories and providers.

use std::time::Duration;

use super::{Metric, Patience, Stop};
use crate::app::App;

/// Somebody who is asked.
pub(crate) trait Poll: Send {
    /// Asks once, and has sealed what is new.
    ///
    /// # Errors
    /// With the reason, for people; it is asked again later.
    fn ask(&mut self) -> impl Future<Output = Result<(), String>> + Send;

    /// Whose turn it is.
    fn turn(&self) -> Turn<'_>;
}

/// What is known about who is asked.
pub(crate) struct Turn<'t> {
    pub(crate) app: &'t App,
    pub(crate) stop: &'t Stop,
    pub(crate) source: &'t str,
    /// What is done: `search`.
    pub(crate) what: &'static str,
    /// Who is asked, as the settings say it.
    pub(crate) place: &'t str,
    pub(crate) every_seconds: u64,
}

/// How often somebody is asked, and how often all of it is sealed again.
///
/// # Errors
/// When nobody could be asked so.
pub(crate) fn check(poll_seconds: u64, full_seconds: u64) -> Result<(), String> {
    if poll_seconds == 0 || full_seconds < poll_seconds {
        return Err(format!(
            "poll_seconds = {poll_seconds} has to be 1 at least, and full_seconds = {full_seconds} not less"
        ));
    }
    Ok(())
}

/// Asks until it is told to stop, and waits longer each time that it fails.
pub(crate) async fn follow(mut asked: impl Poll) {
    let (mut patience, stop) = (Patience::default(), asked.turn().stop.clone());
    while !stop.is_set() {
        let done = asked.ask().await;
        let Turn { app, source, what, place, every_seconds, .. } = asked.turn();
        let wait = match done {
            Ok(()) => {
                patience.reset();
                Duration::from_secs(every_seconds)
            }
            // Nobody is told that what was stopped did not end.
            Err(_) if stop.is_set() => break,
            Err(reason) => {
                app.pulled.add(Metric::Failures, &[("source", source), ("what", what)], 1);
                tracing::warn!("{what} {place}: {reason}; tried again later");
                patience.next()
            }
        };
        stop.sleep(wait).await;
    }
}
