//! Facts of a folder of native logs, split and read as when they are ingested.

use std::path::Path;
use std::sync::Arc;

use trace::Fact;

use crate::memory::fact;

/// Authorities that the operator gave to the logs of the scenario, by the name of the file.
fn authority(name: &str) -> Option<&str> {
    match name {
        "prod-north.json" => Some("prod-north"),
        "prod-north.log" | "prod-south.log" | "staging.log" => name.strip_suffix(".log"),
        "audit.log" => Some("halden-vault"),
        "postgresql.json" => Some(scenario::postgres::SERVER),
        "audit-events.ndjson" => Some(scenario::gitlab::SERVER),
        "system.ndjson" => Some("halden.okta.com"),
        _ => None,
    }
}

/// Reads all logs below a folder, in order of their names; the truth is no log.
pub(crate) fn read(folder: &Path, facts: &mut Vec<Arc<Fact>>) {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            read(&path, facts);
        } else if !name.starts_with("truth") {
            split(&std::fs::read(&path).unwrap(), authority(&name), facts);
        }
    }
}

fn split(content: &[u8], authority: Option<&str>, facts: &mut Vec<Arc<Fact>>) {
    let context = sources::Context { authority, ..sources::Context::default() };
    let mut take = |piece: sources::split::Piece<'_>| {
        if let sources::split::Piece::Record { bytes, .. } = piece {
            facts.push(fact(facts.len(), std::str::from_utf8(bytes).unwrap(), &context));
        }
    };
    let mut splitter = sources::split::Splitter::new(sources::split::Limits::default());
    splitter.push(content, &mut take);
    splitter.finish(&mut take);
}
