//! `deedbook prove`

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::EventId;

use super::Place;
use crate::exit::{Exit, Missing, Usage};
use crate::pipeline;

pub(crate) fn run(place: &Place, event: &str, output: &Path, record: Option<&Path>) -> anyhow::Result<Exit> {
    let log = place.log()?;
    let id: EventId = event.parse().map_err(|error: model::EventIdError| Usage(error.to_string()))?;
    if id.log != log.short {
        return Err(Missing(format!("event {id} is of log {}, this is {} ({})", id.log, log.short, log.origin)).into());
    }
    let proof = pipeline::view(&place.data, &log)?.prove(id.index)?;
    std::fs::write(output, &proof.text).map_err(|error| anyhow::anyhow!("write {}: {error}", output.display()))?;
    if let Some(path) = record {
        let opening = serde_json::json!({
            "log": log.origin,
            "index": id.index.0,
            "sequenced_at_ms": proof.stored.sequenced_at.0,
            "salt": STANDARD.encode(proof.stored.salt),
            "header": STANDARD.encode(&proof.stored.header),
            "body": STANDARD.encode(&proof.stored.body),
        });
        std::fs::write(path, format!("{opening:#}\n"))
            .map_err(|error| anyhow::anyhow!("write {}: {error}", path.display()))?;
    }
    eprintln!(
        "{}",
        match record {
            Some(record) => format!(
                "check it anywhere: deedbook-verify proof {} --record {} --key deedbook.vkey",
                output.display(),
                record.display()
            ),
            None => "the proof alone shows that some leaf is in the log; --record writes what opens it".to_owned(),
        }
    );
    Ok(Exit::Done)
}
