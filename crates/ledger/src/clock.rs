//! Time as an argument: the writer asks a [`Clock`], and only [`SystemClock`] asks the machine.

use std::time::Instant;

use model::Millis;

/// Wall time and monotonic time, in milliseconds.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970; may step.
    fn wall(&self) -> Millis;
    /// Milliseconds since some fixed instant; never steps back.
    fn monotonic_ms(&self) -> u64;
}

/// The clock of the machine.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time begins now.
    pub fn new() -> SystemClock {
        SystemClock { started: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> SystemClock {
        SystemClock::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the ledger reads the wall clock")]
    fn wall(&self) -> Millis {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    fn monotonic_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
