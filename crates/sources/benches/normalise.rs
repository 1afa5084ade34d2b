//! How fast records become events: one row per platform, over its golden records.
//!
//! `cargo bench -p sources` prints time, records and bytes per second on one core.

#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use sources::{Context, Scratch};

fn main() {
    divan::main();
}

/// The records of a platform as they travel: on one line each, without white space.
fn records(platform: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(platform);
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| !path.to_string_lossy().ends_with(".event.json"));
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            match serde_json::from_str::<serde_json::Value>(&text) {
                Ok(_) => compact(&text),
                Err(_) => text,
            }
        })
        .collect()
}

/// Takes the white space between tokens out, and leaves the order of the members.
fn compact(text: &str) -> String {
    let (mut out, mut inside, mut escaped) = (String::with_capacity(text.len()), false, false);
    for c in text.chars() {
        if inside || !c.is_whitespace() {
            out.push(c);
        }
        inside ^= c == '"' && !escaped;
        escaped = inside && c == '\\' && !escaped;
    }
    out
}

fn run(bencher: Bencher<'_, '_>, platform: &str, context: Context<'_>) {
    let records = records(platform);
    let bytes: usize = records.iter().map(String::len).sum();
    bencher.counter(ItemsCount::new(records.len())).counter(BytesCount::new(bytes)).bench_local(|| {
        for record in &records {
            let mut scratch = Scratch::default();
            let _ = black_box(sources::normalise(black_box(record.as_bytes()), &context, &mut scratch));
        }
    });
}

/// All platforms with golden records, by the names of their folders.
fn platforms() -> Vec<String> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let folders = std::fs::read_dir(golden).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut platforms: Vec<String> = folders.filter(|name| model::Platform::named(name).is_some()).collect();
    platforms.sort();
    platforms
}

/// The source is set to the platform.
#[divan::bench(args = platforms())]
fn known(bencher: Bencher<'_, '_>, platform: &str) {
    run(bencher, platform, Context { platform: model::Platform::named(platform), ..Context::default() });
}

/// Each record is recognised by its content.
#[divan::bench(args = platforms())]
fn recognised(bencher: Bencher<'_, '_>, platform: &str) {
    run(bencher, platform, Context::default());
}

/// Audit events of GitLab, which its module and [`MAPPED`] both read.
fn audit_events() -> Vec<String> {
    let mut records = records("gitlab");
    records.retain(|record| record.contains("\"author_id\"") && record.contains("\"details\""));
    records
}

/// A mapping file with what the module of GitLab reads.
const MAPPED: &str = include_str!("gitlab.toml");

fn audit(bencher: Bencher<'_, '_>, context: Context<'_>) {
    let records = audit_events();
    let bytes: usize = records.iter().map(String::len).sum();
    bencher.counter(ItemsCount::new(records.len())).counter(BytesCount::new(bytes)).bench_local(|| {
        for record in &records {
            let mut scratch = Scratch::default();
            let _ = black_box(sources::normalise(black_box(record.as_bytes()), &context, &mut scratch));
        }
    });
}

/// What [`mapping_file`] is to be compared with: at most half as fast is the promise.
#[divan::bench]
fn built_in_module(bencher: Bencher<'_, '_>) {
    audit(bencher, Context { platform: Some(model::Platform::GitLab), ..Context::default() });
}

#[divan::bench]
fn mapping_file(bencher: Bencher<'_, '_>) {
    let mapping = sources::mapping::Mapping::compile(MAPPED).unwrap();
    let platform = Some(mapping.platform());
    let mut mappings = sources::mapping::Mappings::default();
    mappings.set(mapping);
    audit(bencher, Context { platform, mappings: &mappings, ..Context::default() });
}
