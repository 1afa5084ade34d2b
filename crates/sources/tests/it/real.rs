//! Records that nobody here wrote, when `DEEDBOOK_REAL_LOGS` names the folder that holds them.

use std::path::{Path, PathBuf};

/// The folder of real logs; says so and returns `None` when there is none.
pub(crate) fn folder() -> Option<PathBuf> {
    match std::env::var_os("DEEDBOOK_REAL_LOGS") {
        Some(folder) => Some(PathBuf::from(folder)),
        None => {
            eprintln!("skipped: DEEDBOOK_REAL_LOGS is not set, real logs are not tested");
            None
        }
    }
}

/// All files below a folder whose name ends so, in order of their paths.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The records inside a file of `panther/`: the value `log` of each line.
pub(crate) fn panther(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["log"].to_string())
        .collect()
}
