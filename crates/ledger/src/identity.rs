//! What a log is called and which key it signs with: `identity`, `keys/<short>`, the making of a
//! log and the finding of one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::{Directive, Kind, Millis, canonical_json};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tlog::note::{Algorithm, SignerKey, VerifierKey};

use crate::append::Entry;
use crate::disk::{Disk, parent};
use crate::head::{self, Head, note_frame};
use crate::layout::Layout;
use crate::wal::{Files, Wal};
use crate::{Clock, Error, ErrorKind, Options, RealDisk, Result};

/// Largest identity or key file that is read.
const SMALL_BYTES_MAX: u64 = 64 << 10;

/// Version of the folder's format: WAL, evidence, history and leaves together.
pub const FORMAT: u32 = 0;

/// A log in a data folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogInfo {
    /// Its name in checkpoints.
    pub origin: String,
    /// [`model::log_short`] of the origin: its name on disk and in event ids.
    pub short: String,
    /// When it was made.
    pub created: Millis,
    /// Version of the folder's format.
    pub format: u32,
    /// The verifier key, in the text form of a signed note.
    pub vkey: String,
    /// `<data>/logs/<short>`.
    pub dir: PathBuf,
    /// The signing key.
    pub key: PathBuf,
    /// The fingerprint key: 32 random bytes in hex.
    pub fingerprint_key: PathBuf,
}

impl LogInfo {
    /// Reads the fingerprint key: for the scrubber, never for a normaliser.
    ///
    /// # Errors
    /// `Io` when the file is not there; `Corrupt` when it does not hold 64 hex digits.
    pub fn read_fingerprint_key(&self) -> Result<[u8; 32]> {
        let path = &self.fingerprint_key;
        let text = RealDisk.read(path, SMALL_BYTES_MAX).map_err(|e| Error::io("read", path, &e))?;
        let wrong = || Error::corrupt(format!("{}: not 32 bytes in hex", path.display()));
        std::str::from_utf8(&text).ok().and_then(|text| model::unhex(text.trim_end())).ok_or_else(wrong)
    }
}

/// How [`init`] makes a log.
#[derive(Clone, Debug, Default)]
pub struct InitOptions {
    /// Name of the log in its checkpoints; `deedbook/<16 random hex>` when not given.
    pub origin: Option<String>,
    /// Limits; only those of the WAL matter here.
    pub options: Options,
}

/// The file `identity`: canonical JSON and a newline.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    format: u32,
    origin: String,
    created_ms: u64,
    key: String,
}

/// Makes a log: keys, identity, and its first leaf. The log appears whole or not at all.
///
/// # Errors
/// `Invalid` for an origin that cannot name a log or is taken; `Io`.
pub fn init(data: &Path, options: &InitOptions, clock: &dyn Clock) -> Result<LogInfo> {
    init_on(&(Arc::new(RealDisk) as Arc<dyn Disk>), data, options, clock)
}

/// [`init`] on any disk.
///
/// # Errors
/// As [`init`].
pub fn init_on(disk: &Arc<dyn Disk>, data: &Path, options: &InitOptions, clock: &dyn Clock) -> Result<LogInfo> {
    let origin = match &options.origin {
        Some(origin) => origin.clone(),
        None => format!("deedbook/{}", model::hex(random::<32>()?.get(..8).unwrap_or_default())),
    };
    let layout = Layout::new(data, &model::log_short(&origin));
    if disk.exists(&layout.log).map_err(|e| Error::io("look for", &layout.log, &e))? {
        return Err(Error::invalid(format!("{}: the log {origin} exists already", layout.log.display())));
    }
    let signer = make_keys(disk.as_ref(), &layout, &origin)?;
    // The log is built under a name that nobody reads and gets its own name when it is whole.
    let staging = Layout::new(data, &format!(".init-{}", model::hex(&random::<32>()?)));
    let staging = Layout { short: layout.short.clone(), ..staging };
    let created = clock.wall();
    build(disk, &staging, &signer, &options.options, created)?;
    disk.rename(&staging.log, &layout.log).map_err(|e| Error::io("rename", &layout.log, &e))?;
    sync_dir(disk.as_ref(), &parent(&layout.log))?;
    // Durable now: the log, with leaf 0. A crash before left keys and a folder that is no log.
    read(disk.as_ref(), &layout)
}

/// Makes the two keys, or takes those that an interrupted `init` of the same origin left.
fn make_keys(disk: &dyn Disk, layout: &Layout, origin: &str) -> Result<SignerKey> {
    let signer = SignerKey::from_seed(origin, Algorithm::Ed25519, &random()?)
        .map_err(|e| Error::invalid(format!("origin `{origin}`: {e}")))?;
    let keys = parent(&layout.key());
    for folder in [&layout.data, &keys, &parent(&layout.log)] {
        disk.create_dir(folder).map_err(|e| Error::io("create", folder, &e))?;
    }
    put_new(disk, &layout.key(), format!("{}\n", signer.to_secret_text()).as_bytes())?;
    put_new(disk, &layout.fingerprint_key(), format!("{}\n", model::hex(&random::<32>()?)).as_bytes())?;
    sync_dir(disk, &keys)?;
    sync_dir(disk, &layout.data)?;
    // Durable now: both keys.
    read_signer(disk, layout, origin)
}

/// Writes a small file that must not exist; a shorter one is what a crash left of it.
fn put_new(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<()> {
    let file = match disk.create_new(path) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
            let found = disk.read(path, SMALL_BYTES_MAX).map_err(|e| Error::io("read", path, &e))?;
            if found.len() >= bytes.len() && found.last() == Some(&b'\n') {
                return Ok(());
            }
            disk.open_write(path).map_err(|e| Error::io("open", path, &e))?
        }
        Err(e) => return Err(Error::io("create", path, &e)),
    };
    file.write_at(0, bytes).map_err(|e| Error::io("write", path, &e))?;
    file.sync().map_err(|e| Error::io("sync", path, &e))
}

/// Writes the folders, the first WAL file with leaf 0 and its note, and `identity`.
fn build(disk: &Arc<dyn Disk>, layout: &Layout, signer: &SignerKey, options: &Options, created: Millis) -> Result<()> {
    for folder in [layout.wal(), layout.torn(), layout.public(), layout.evidence()] {
        disk.create_dir(&folder).map_err(|e| Error::io("create", &folder, &e))?;
    }
    let origin = signer.name().to_owned();
    let key = signer.verifier().to_string();
    let opened =
        Directive::LogOpened { origin: origin.clone(), key: key.clone(), format: FORMAT, created_ms: created.0 };
    let files = Arc::new(Files::open(disk.as_ref(), &layout.wal(), Vec::new(), options)?);
    let head = Head::default();
    let mut wal = Wal::create(disk.clone(), layout.wal(), files, options, &head.file_header(origin_hash(&origin), 1)?)?;
    let numbered = head::number(&head, [Entry::Own(Kind::Directive, canonical_json(&opened))], created)?;
    wal.write_group(&[], numbered.frame, &numbered.items)?;
    let signed = numbered.head.sign(&origin, signer)?;
    wal.write_note(note_frame(&numbered.frame), &signed.note)?;
    let identity = Identity { format: FORMAT, origin, created_ms: created.0, key };
    let mut text = serde_json::to_vec(&identity).map_err(|e| Error::fatal(e.to_string()))?;
    text.push(b'\n');
    put_new(disk.as_ref(), &layout.identity(), &text)?;
    for folder in [layout.wal(), layout.log.clone()] {
        sync_dir(disk.as_ref(), &folder)?;
    }
    Ok(())
}

/// The logs of a data folder.
///
/// # Errors
/// `NotFound` when there is none, with the line to run; `Version` for a log of another format.
pub fn discover(data: &Path) -> Result<Vec<LogInfo>> {
    discover_on(&RealDisk, data)
}

/// [`discover`] on any disk.
///
/// # Errors
/// As [`discover`].
pub fn discover_on(disk: &dyn Disk, data: &Path) -> Result<Vec<LogInfo>> {
    let mut names = match disk.list(&data.join("logs")) {
        Ok(names) => names,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(e) => return Err(Error::io("list", &data.join("logs"), &e)),
    };
    names.retain(|name| !name.starts_with('.'));
    names.sort_unstable();
    let logs: Result<Vec<LogInfo>> = names.iter().map(|name| read(disk, &Layout::new(data, name))).collect();
    match logs? {
        logs if logs.is_empty() => Err(no_log(data)),
        logs => Ok(logs),
    }
}

fn no_log(data: &Path) -> Error {
    let data = data.display();
    Error::new(ErrorKind::NotFound, format!("{data}: there is no log here; run `deedbook init --data {data}`"))
}

/// Reads and checks `identity`.
pub(crate) fn read(disk: &dyn Disk, layout: &Layout) -> Result<LogInfo> {
    let path = layout.identity();
    let bytes = disk.read(&path, SMALL_BYTES_MAX).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => no_log(&layout.data).at(path.display()),
        _ => Error::io("read", &path, &e),
    })?;
    #[derive(Deserialize)]
    struct Version {
        format: u32,
    }
    let unreadable = |e: serde_json::Error| Error::corrupt(format!("{}: {e}", path.display()));
    let version: Version = serde_json::from_slice(&bytes).map_err(unreadable)?;
    if version.format != FORMAT {
        let message = format!(
            "{}: folder has format {}, this program reads format {FORMAT}; use the version that wrote it",
            path.display(),
            version.format
        );
        return Err(Error::new(ErrorKind::Version, message));
    }
    let identity: Identity = serde_json::from_slice(&bytes).map_err(unreadable)?;
    let mut text = serde_json::to_vec(&identity).map_err(unreadable)?;
    text.push(b'\n');
    if text != bytes || model::log_short(&identity.origin) != layout.short {
        return Err(Error::corrupt(format!("{}: not what `init` wrote for this folder", path.display())));
    }
    Ok(LogInfo {
        origin: identity.origin,
        short: layout.short.clone(),
        created: Millis(identity.created_ms),
        format: identity.format,
        vkey: identity.key,
        dir: layout.log.clone(),
        key: layout.key(),
        fingerprint_key: layout.fingerprint_key(),
    })
}

/// The verifier key of a log.
pub(crate) fn verifier(info: &LogInfo) -> Result<VerifierKey> {
    let wrong = |e: String| Error::corrupt(format!("{}: {e}", info.dir.join("identity").display()));
    let key: VerifierKey = info.vkey.parse().map_err(|e: tlog::Error| wrong(e.to_string()))?;
    if key.name() == info.origin { Ok(key) } else { Err(wrong("key is of another log".to_owned())) }
}

/// Reads the signing key and checks that it is the one of this log.
pub(crate) fn signer(disk: &dyn Disk, layout: &Layout, info: &LogInfo) -> Result<SignerKey> {
    let signer = read_signer(disk, layout, &info.origin)?;
    if signer.verifier().to_string() != info.vkey {
        let path = layout.key();
        let message = format!("{}: this is not the key of {}, which has {}", path.display(), info.origin, info.vkey);
        return Err(Error::invalid(message));
    }
    Ok(signer)
}

fn read_signer(disk: &dyn Disk, layout: &Layout, origin: &str) -> Result<SignerKey> {
    let path = layout.key();
    let bytes = disk.read(&path, SMALL_BYTES_MAX).map_err(|e| Error::io("read", &path, &e))?;
    let text = String::from_utf8(bytes).unwrap_or_default();
    let signer = SignerKey::parse(text.trim_end()).map_err(|e| Error::invalid(format!("{}: {e}", path.display())))?;
    if signer.name() != origin {
        let message = format!("{}: key is for {}, the log is {origin}", path.display(), signer.name());
        return Err(Error::invalid(message));
    }
    Ok(signer)
}

/// SHA-256 of the origin, as WAL files carry it.
pub(crate) fn origin_hash(origin: &str) -> [u8; 32] {
    Sha256::digest(origin.as_bytes()).into()
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| Error::new(ErrorKind::Io, format!("draw {N} random bytes: {e}")))?;
    Ok(bytes)
}

fn sync_dir(disk: &dyn Disk, folder: &Path) -> Result<()> {
    disk.sync_dir(folder).map_err(|e| Error::io("sync", folder, &e))
}
