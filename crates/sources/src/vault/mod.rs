//! HashiCorp Vault and OpenBao audit.

use model::{Event, Platform};

use crate::{Context, Module, Probe, Reject, RejectKind};

pub(crate) static MODULE: Module = Module { platform: Platform::Vault, version: 1, recognise, normalise, origins: &[] };

fn recognise(_probe: &Probe<'_>) -> bool {
    false
}

fn normalise<'a>(_text: &'a str, _context: &Context<'_>) -> Result<Event<'a>, Reject> {
    Err(Reject::new(RejectKind::Shape, "no reader yet"))
}
