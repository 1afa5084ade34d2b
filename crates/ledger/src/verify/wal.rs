//! The WAL, frame by frame: checksums, numbers, times, the notes it holds, the roots it carries.
//!
//! Each root is held against the tree that the leaves give, from evidence and behind it from the WAL
//! itself. Leaves that the WAL still has beside their evidence are recomputed by [`Wal::recompute`].

use std::collections::BTreeSet;
use std::path::Path;

use model::{Kind, Manifest, Millis};
use tlog::Hash;
use tlog::checkpoint::Opened;

use super::tree::Expected;
use super::{Class, Findings, Look};
use crate::disk::{Disk, File};
use crate::head::Head;
use crate::identity::origin_hash;
use crate::layout::Layout;
use crate::stored::Stored;
use crate::wal::{self, End, FileHeader, Found, FrameHeader, FrameKind, PAGE_BYTES};
use crate::{Error, Result};

/// What the live WAL files say.
#[derive(Default)]
pub(super) struct Wal {
    /// First leaf of the oldest live file.
    pub(super) first: u64,
    /// One past the last leaf.
    pub(super) end: u64,
    /// Roots that the tree must have.
    pub(super) expected: Vec<Expected>,
    /// Names of segments whose manifests are in the WAL.
    pub(super) manifests: BTreeSet<String>,
    pub(super) notes: Vec<String>,
    groups: Vec<GroupAt>,
}

/// What a file or a group says the log is like behind it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Link {
    size: u64,
    root: Hash,
    /// Number of the next group.
    group: u64,
    sequenced_at: Millis,
    own_leaves: u64,
}

impl Link {
    fn of(head: &Head) -> Link {
        Link {
            size: head.tree.size(),
            root: head.tree.root(),
            group: head.group,
            sequenced_at: head.sequenced_at,
            own_leaves: head.own_leaves,
        }
    }

    /// The link behind this group, if it follows by its numbers and its time. Whether its root does
    /// is for the tree to say.
    fn follow(&self, frame: &FrameHeader) -> Option<Link> {
        let follows = frame.group == self.group
            && frame.first == self.size
            && frame.size == frame.first + u64::from(frame.count)
            && frame.sequenced_at >= self.sequenced_at
            && frame.own_leaves >= self.own_leaves;
        follows.then(|| Link {
            size: frame.size,
            root: Hash(frame.root),
            group: self.group + 1,
            sequenced_at: frame.sequenced_at,
            own_leaves: frame.own_leaves,
        })
    }

    fn expected(&self, file: &str, at: String) -> Expected {
        Expected { size: self.size, root: self.root, place: (file.to_owned(), at), published: false }
    }
}

/// Where a group frame stands, and which leaves it holds.
#[derive(Clone, Copy)]
struct GroupAt {
    number: u64,
    mark: u64,
    offset: u64,
    first: u64,
    end: u64,
}

impl GroupAt {
    /// The group, read again.
    fn read(&self, file: &dyn File, path: &Path) -> Result<(FrameHeader, Vec<Stored>)> {
        match wal::read_frame(file, self.mark, self.offset).map_err(|e| Error::io("read", path, &e))? {
            Found::Frame(header, bytes) => {
                let leaves = wal::leaves(&header, &bytes).map_err(Error::corrupt)?;
                Ok((header, leaves))
            }
            Found::End(_) => {
                Err(Error::corrupt(format!("{} offset {}: the frame is gone", path.display(), self.offset)))
            }
        }
    }
}

/// Reads and checks every frame of every live file.
pub(super) fn scan(look: &Look<'_>, findings: &mut Findings) -> Result<Wal> {
    let numbers = wal::live_files(look.disk.as_ref(), &look.layout.wal())?;
    let mut found = Wal::default();
    let mut link: Option<Link> = None;
    if numbers.is_empty() {
        findings.add(Class::Missing, "wal", "", "no file is there");
    }
    let last = numbers.last().copied();
    for number in numbers {
        let name = format!("wal/{}", wal::file_name(number));
        let path = look.layout.wal().join(wal::file_name(number));
        let opened = look.disk.open(&path).map_err(|e| Error::io("open", &path, &e));
        let file = match opened.and_then(|file| Ok((FileHeader::read(file.as_ref(), &path)?, file))) {
            Ok((header, file)) if header.number == number && header.origin == origin_hash(&look.info.origin) => {
                (header, file)
            }
            Ok(_) => {
                findings.add(Class::Altered, &name, "offset 0", "first page belongs to another file or log");
                link = None;
                continue;
            }
            Err(error) => {
                findings.add(Class::Altered, &name, "offset 0", error.to_string());
                link = None;
                continue;
            }
        };
        let begins = Link::of(&Head::from_file_header(&file.0)?);
        if link.is_some_and(|before| before != begins) {
            findings.add(Class::Altered, &name, "offset 0", "does not go on where the file before it ends");
        }
        if found.groups.is_empty() && link.is_none() {
            found.first = begins.size;
        }
        found.expected.push(begins.expected(&name, "offset 0".to_owned()));
        let live = Live { file: file.1.as_ref(), number, mark: file.0.mark, is_last: Some(number) == last };
        link = Some(scan_file(look, &mut found, begins, &live, findings));
    }
    found.end = link.map_or(0, |link| link.size);
    Ok(found)
}

/// One live file.
struct Live<'a> {
    file: &'a dyn File,
    number: u64,
    /// What its frames carry.
    mark: u64,
    is_last: bool,
}

/// The frames of one file; returns the link behind the last one.
fn scan_file(look: &Look<'_>, found: &mut Wal, mut link: Link, live: &Live<'_>, findings: &mut Findings) -> Link {
    let name = format!("wal/{}", wal::file_name(live.number));
    let mut offset = PAGE_BYTES as u64;
    loop {
        let at = format!("offset {offset}");
        match wal::read_frame(live.file, live.mark, offset) {
            Ok(Found::Frame(header, bytes)) => {
                // A group frame brings the note over the group before it; a note frame is one.
                if let Some(note) = wal::note(&header, &bytes) {
                    check_note(look, &link, &note, &name, &at, findings);
                }
                if header.kind == FrameKind::Group {
                    match take_group(found, &link, &header, &bytes) {
                        Ok(after) => {
                            let Live { number, mark, .. } = *live;
                            found.expected.push(after.expected(&name, at));
                            found.groups.push(GroupAt { number, mark, offset, first: header.first, end: header.size });
                            link = after;
                        }
                        Err(reason) => {
                            findings.add(Class::Altered, &name, &at, reason);
                            return link;
                        }
                    }
                }
                offset += u64::from(header.frame_bytes);
            }
            Ok(Found::End(End::Clean)) => return link,
            Ok(Found::End(End::Torn(reason))) => {
                torn(found, live, offset, reason, findings);
                return link;
            }
            Err(error) => {
                findings.add(Class::Altered, &name, &at, error.to_string());
                return link;
            }
        }
    }
}

/// A note in the WAL must be ours, and of the tree it follows.
fn check_note(look: &Look<'_>, link: &Link, note: &[u8], name: &str, at: &str, findings: &mut Findings) {
    match Opened::open(note, look.key) {
        Ok(opened) if opened.checkpoint.size == link.size && opened.checkpoint.root == link.root => {}
        Ok(_) => findings.add(Class::Altered, name, at, "note is not of the tree it follows"),
        Err(error) => findings.add(Class::Altered, name, at, error.to_string()),
    }
}

/// Bytes that are no frame where one was begun: damage, or the last write of a machine that stopped.
fn torn(found: &mut Wal, live: &Live<'_>, offset: u64, reason: &str, findings: &mut Findings) {
    let name = format!("wal/{}", wal::file_name(live.number));
    let behind = wal::valid_frame_after(live.file, live.mark, offset).ok().flatten();
    let what = match behind {
        Some((later, _)) => format!("{reason}, and a whole frame follows at offset {later}: this one was durable once"),
        None if live.is_last => {
            format!(
                "{reason}: damage, or the last write before the machine stopped; start any writing command to recover, then verify again"
            )
        }
        None => reason.to_owned(),
    };
    findings.add(Class::Altered, &name, &format!("offset {offset}"), what);
    found.notes.push(format!("{name} was read up to offset {offset}"));
}

fn take_group(
    found: &mut Wal,
    link: &Link,
    header: &FrameHeader,
    bytes: &bytes::Bytes,
) -> std::result::Result<Link, String> {
    let leaves = wal::leaves(header, bytes)?;
    for leaf in leaves.iter().filter(|leaf| leaf.kind == Kind::Manifest) {
        let manifest: Manifest =
            serde_json::from_slice(&leaf.body).map_err(|e| format!("manifest cannot be read: {e}"))?;
        found.manifests.insert(format!("{}-{}.{}", manifest.first, manifest.last, manifest.generation));
    }
    link.follow(header)
        .ok_or_else(|| "group does not follow from the one before: leaves, number or time differ".to_owned())
}

impl Wal {
    /// The live files that hold leaves below `covered`, which are in evidence too.
    pub(super) fn covered_files(&self, covered: u64) -> Vec<u64> {
        let mut numbers: Vec<u64> = self.groups.iter().filter(|at| at.first < covered).map(|at| at.number).collect();
        numbers.dedup();
        numbers
    }

    /// Recomputes the leaves below `covered` that this file holds, from what opens them, and compares
    /// the root behind each group. Returns where and what when one differs.
    pub(super) fn recompute(&self, look: &Look<'_>, number: u64, covered: u64) -> Result<Option<(String, String)>> {
        let path = look.layout.wal().join(wal::file_name(number));
        let file = look.disk.open(&path).map_err(|e| Error::io("open", &path, &e))?;
        let mut head = Head::from_file_header(&FileHeader::read(file.as_ref(), &path)?)?;
        for at in self.groups.iter().filter(|at| at.number == number && at.first < covered) {
            let (header, leaves) = at.read(file.as_ref(), &path)?;
            let entries: Vec<_> = leaves.iter().map(Stored::leaf).collect();
            match head.follow(&header, &entries) {
                Some(after) => head = after,
                None => {
                    let what = "root is not that of the leaves in the group";
                    return Ok(Some((format!("offset {}", at.offset), what.to_owned())));
                }
            }
        }
        Ok(None)
    }

    /// The leaves from `from` on, read again.
    pub(super) fn leaves<'a>(
        &'a self,
        disk: &'a dyn Disk,
        layout: &'a Layout,
        from: u64,
    ) -> impl Iterator<Item = Result<Stored>> + 'a {
        let mut next = from;
        let groups = self.groups.iter().filter(move |group| group.end > from);
        let read = move |group: &GroupAt| -> Result<Vec<Stored>> {
            let path = layout.wal().join(wal::file_name(group.number));
            if group.first > next {
                return Err(Error::corrupt(format!("leaves {next}..{} cannot be read", group.first)));
            }
            let file = disk.open(&path).map_err(|e| Error::io("open", &path, &e))?;
            let (header, mut leaves) = group.read(file.as_ref(), &path)?;
            leaves.retain(|leaf| leaf.index.0 >= from);
            next = header.size;
            Ok(leaves)
        };
        groups.map(read).flat_map(|leaves| match leaves {
            Ok(leaves) => leaves.into_iter().map(Ok).collect::<Vec<_>>(),
            Err(error) => vec![Err(error)],
        })
    }
}
