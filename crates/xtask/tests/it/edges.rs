//! The floor plan: which crate may know which (`ARCHITECTURE.md`, *Code map*).

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// Crate, the crates of ours it may use, and those its tests may use besides.
const EDGES: &[(&str, &[&str], &[&str])] = &[
    ("model", &[], &[]),
    ("tlog", &[], &[]),
    ("sources", &["model"], &["scenario"]),
    ("ledger", &["model", "tlog"], &[]),
    ("trace", &["model"], &["scenario", "sources"]),
    ("lake", &["model", "sources", "ledger", "trace"], &["scenario"]),
    ("collect", &["model", "sources", "ledger"], &[]),
    ("server", &["model", "ledger", "collect"], &["sources"]),
    ("deedbook", &["model", "tlog", "sources", "ledger", "trace", "lake", "collect", "server"], &["scenario"]),
    ("verify", &["model", "tlog"], &["ledger"]),
    ("scenario", &[], &[]),
    ("xtask", &["model", "tlog", "sources", "ledger"], &[]),
];

/// A heavy dependency, and the only crates that may name it.
const FENCED: &[(&str, &[&str])] = &[
    ("datafusion", &["lake"]),
    ("datafusion-functions-json", &["lake"]),
    ("arrow", &["lake"]),
    ("anyhow", &["deedbook"]),
    ("clap", &["deedbook", "scenario", "xtask"]),
    ("tokio", &["lake", "server", "deedbook"]),
    ("axum", &["server"]),
    ("ed25519-dalek", &["tlog"]),
];

fn metadata() -> Metadata {
    MetadataCommand::new().manifest_path(crate::root().join("Cargo.toml")).no_deps().exec().unwrap()
}

#[test]
fn each_crate_knows_only_what_the_floor_plan_allows() {
    let allowed: BTreeMap<&str, (&[&str], &[&str])> =
        EDGES.iter().map(|(name, uses, tests)| (*name, (*uses, *tests))).collect();
    let metadata = metadata();
    let names: BTreeSet<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    assert_eq!(names, allowed.keys().copied().collect(), "the crates of the workspace and of this table");
    for package in &metadata.packages {
        let (uses, tests) = allowed[package.name.as_str()];
        for dependency in package.dependencies.iter().filter(|d| names.contains(d.name.as_str())) {
            let known = uses.contains(&dependency.name.as_str())
                || dependency.kind == DependencyKind::Development && tests.contains(&dependency.name.as_str());
            assert!(known, "{} must not know {}", package.name, dependency.name);
        }
    }
}

#[test]
fn folder_and_crate_have_one_name() {
    for package in metadata().packages {
        let folder = package.manifest_path.parent().unwrap().file_name().unwrap();
        assert_eq!(folder, package.name.as_str());
    }
}

#[test]
fn heavy_dependencies_stay_behind_their_fence() {
    for package in metadata().packages {
        for dependency in package.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal) {
            if let Some((_, within)) = FENCED.iter().find(|(name, _)| *name == dependency.name) {
                assert!(within.contains(&package.name.as_str()), "{} must not use {}", package.name, dependency.name);
            }
        }
    }
}

#[test]
fn parquet_brings_no_arrow_into_the_ledger_and_the_auditors_program() {
    for package in metadata().packages.iter().filter(|p| ["ledger", "verify"].contains(&p.name.as_str())) {
        for dependency in package.dependencies.iter().filter(|d| d.name == "parquet") {
            assert!(!dependency.uses_default_features, "{}", package.name);
            assert!(!dependency.features.iter().any(|feature| feature == "arrow"), "{}", package.name);
        }
    }
}

#[test]
fn the_code_map_names_the_crates_there_are() {
    let page = crate::text("ARCHITECTURE.md").expect("ARCHITECTURE.md");
    for (name, ..) in EDGES {
        assert!(page.contains(&format!("| `{name}` |")), "ARCHITECTURE.md has no row for `{name}`");
    }
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let name = row.trim_start_matches("| `").split('`').next().unwrap();
        let known = EDGES.iter().any(|(edge, ..)| *edge == name);
        assert!(known || !page.contains(&format!("crates/{name}")), "ARCHITECTURE.md maps `{name}`, which is no crate");
    }
}
