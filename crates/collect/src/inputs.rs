//! What the arguments mean: files, folders, globs and standard input.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One thing to read.
pub enum Input {
    /// A file, to its end.
    File(PathBuf),
    /// A stream without a name, to its end: standard input, here or of a command that speaks through
    /// the control socket.
    Stream(Box<dyn Read + Send>),
    /// An object of a store, to its end; what was sealed of it before is not sealed again.
    Object {
        /// Where it is, as in `s3://bucket/key`.
        name: String,
        /// What tells its bytes from others under the same name.
        request: String,
        /// Its bytes.
        bytes: Box<dyn Read + Send>,
    },
    /// A compressed file that has come to a followed folder: taken whole or not at all, and of the copy of a file that is
    /// sealed in part, what is new.
    Packed {
        /// Its name.
        path: PathBuf,
        /// The open file.
        file: Arc<File>,
    },
    /// A file that is being followed: held open, so that it can be read to its end after it was renamed.
    Growing {
        /// The name under which it was opened.
        path: PathBuf,
        /// The open file.
        file: Arc<File>,
        /// Nothing more will come: an unfinished last line is taken too.
        last: bool,
    },
}

/// An input, or a part of one, that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Unread {
    /// The path as given or found.
    pub path: String,
    /// Why, as in `permission denied` or `gzip stream ends early at byte 4096`.
    pub reason: String,
}

/// Expands arguments into files, in a stable order: arguments as given, folders by name, depth first.
/// An argument that does not exist is tried as a glob. Hidden files and
/// anything that is not a regular file inside a folder are passed over; symbolic links inside a folder
/// are not followed, so a loop cannot be entered.
pub fn expand<'a>(arguments: impl IntoIterator<Item = &'a str>, unread: &mut Vec<Unread>) -> Vec<PathBuf> {
    let mut inputs = Vec::new();
    for argument in arguments {
        if std::fs::symlink_metadata(argument).is_ok() {
            add(Path::new(argument), &mut inputs, unread);
        } else {
            add_glob(argument, &mut inputs, unread);
        }
    }
    inputs
}

/// Says what is wrong with a glob.
///
/// # Errors
/// What [`expand`] would take for the name of a file, which has to be as it is.
pub fn check_pattern(pattern: &str) -> Result<(), String> {
    glob::Pattern::new(pattern).map(drop).map_err(|error| error.to_string())
}

fn add_glob(pattern: &str, inputs: &mut Vec<PathBuf>, unread: &mut Vec<Unread>) {
    let no_such =
        || Unread { path: pattern.to_owned(), reason: "no such file or folder, and no file matches".to_owned() };
    let Ok(paths) = glob::glob(pattern) else {
        unread.push(no_such());
        return;
    };
    let mut any = false;
    for found in paths {
        any = true;
        match found {
            Ok(path) => add(&path, inputs, unread),
            Err(error) => unread.push(because(error.path(), error.error())),
        }
    }
    if !any {
        unread.push(no_such());
    }
}

fn add(path: &Path, inputs: &mut Vec<PathBuf>, unread: &mut Vec<Unread>) {
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_dir() => walk(path, inputs, unread),
        // Pipes and devices are read only when named: `deedbook ingest <(zcat x)` is one.
        Ok(_) => inputs.push(path.to_owned()),
        Err(error) => unread.push(because(path, &error)),
    }
}

fn walk(root: &Path, inputs: &mut Vec<PathBuf>, unread: &mut Vec<Unread>) {
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let listed = std::fs::read_dir(&folder).and_then(|entries| entries.collect::<Result<Vec<_>, _>>());
        let mut entries = match listed {
            Ok(entries) => entries,
            Err(error) => {
                unread.push(because(&folder, &error));
                continue;
            }
        };
        entries.sort_by_key(std::fs::DirEntry::file_name);
        let mut inner = Vec::new();
        for entry in entries {
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => inner.push(entry.path()),
                Ok(kind) if kind.is_file() => inputs.push(entry.path()),
                Ok(_) => {}
                Err(error) => unread.push(because(&entry.path(), &error)),
            }
        }
        folders.extend(inner.into_iter().rev());
    }
}

pub(crate) fn because(path: &Path, error: &std::io::Error) -> Unread {
    Unread { path: path.display().to_string(), reason: error.to_string() }
}
