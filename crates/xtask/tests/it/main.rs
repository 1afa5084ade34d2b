//! Tidy tests: what a reader may rely on in this repository, kept by a test instead of a promise.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod docs;
mod edges;
mod words;

use std::path::{Path, PathBuf};

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// All files that git tracks, relative to the root.
fn tracked() -> Vec<String> {
    let listed = std::process::Command::new("git").arg("ls-files").current_dir(root()).output().unwrap();
    assert!(listed.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listed.stderr));
    let files: Vec<String> = String::from_utf8(listed.stdout).unwrap().lines().map(str::to_owned).collect();
    assert!(files.len() > 20, "git lists {} files only", files.len());
    files
}

/// The text of a tracked file; `None` when it is deleted in the working tree or is not text.
fn text(file: &str) -> Option<String> {
    String::from_utf8(std::fs::read(root().join(file)).ok()?).ok()
}
