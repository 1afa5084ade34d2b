//! The WAL, frame by frame: checksums, the tree it carries, the notes it holds.

use std::collections::BTreeSet;

use model::{Kind, Manifest};
use tlog::checkpoint::Opened;
use tlog::tree::Frontier;

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

/// Where a group frame stands, and which leaves it holds.
#[derive(Clone, Copy)]
struct GroupAt {
    number: u64,
    mark: u64,
    offset: u64,
    first: u64,
    end: u64,
}

/// Reads and checks every frame of every live file.
pub(super) fn scan(look: &Look<'_>, findings: &mut Findings) -> Result<Wal> {
    let numbers = wal::live_files(look.disk.as_ref(), &look.layout.wal())?;
    let mut found = Wal::default();
    let mut head: Option<Head> = None;
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
                head = None;
                continue;
            }
            Err(error) => {
                findings.add(Class::Altered, &name, "offset 0", error.to_string());
                head = None;
                continue;
            }
        };
        let begins = Head::from_file_header(&file.0)?;
        if let Some(before) = &head
            && *before != begins
        {
            findings.add(Class::Altered, &name, "offset 0", "does not go on where the file before it ends");
        }
        if found.groups.is_empty() && head.is_none() {
            found.first = begins.tree.size();
        }
        found.expected.push(root_of(&begins.tree, &name, "offset 0".to_owned()));
        let live = Live { file: file.1.as_ref(), number, mark: file.0.mark, is_last: Some(number) == last };
        head = Some(scan_file(look, &mut found, begins, &live, findings));
    }
    found.end = head.as_ref().map_or(0, |head| head.tree.size());
    if let Some(head) = &head {
        found.expected.push(root_of(&head.tree, "wal", format!("end at leaf {}", head.tree.size())));
    }
    Ok(found)
}

fn root_of(tree: &Frontier, file: &str, at: String) -> Expected {
    Expected { size: tree.size(), root: tree.root(), place: (file.to_owned(), at), published: false }
}

/// One live file.
struct Live<'a> {
    file: &'a dyn File,
    number: u64,
    /// What its frames carry.
    mark: u64,
    is_last: bool,
}

/// The frames of one file; returns the head behind the last one.
fn scan_file(look: &Look<'_>, found: &mut Wal, mut head: Head, live: &Live<'_>, findings: &mut Findings) -> Head {
    let name = format!("wal/{}", wal::file_name(live.number));
    let mut offset = PAGE_BYTES as u64;
    loop {
        let at = format!("offset {offset}");
        match wal::read_frame(live.file, live.mark, offset) {
            Ok(Found::Frame(header, bytes)) => {
                // A group frame brings the note over the group before it; a note frame is one.
                if let Some(note) = wal::note(&header, &bytes) {
                    check_note(look, &head, &note, &name, &at, findings);
                }
                if header.kind == FrameKind::Group {
                    match take_group(found, &head, &header, &bytes) {
                        Ok(after) => {
                            let Live { number, mark, .. } = *live;
                            found.groups.push(GroupAt { number, mark, offset, first: header.first, end: header.size });
                            head = after;
                        }
                        Err(reason) => {
                            findings.add(Class::Altered, &name, &at, reason);
                            return head;
                        }
                    }
                }
                offset += u64::from(header.frame_bytes);
            }
            Ok(Found::End(End::Clean)) => return head,
            Ok(Found::End(End::Torn(reason))) => {
                torn(found, live, offset, reason, findings);
                return head;
            }
            Err(error) => {
                findings.add(Class::Altered, &name, &at, error.to_string());
                return head;
            }
        }
    }
}

/// A note in the WAL must be ours, and of the tree it follows.
fn check_note(look: &Look<'_>, head: &Head, note: &[u8], name: &str, at: &str, findings: &mut Findings) {
    match Opened::open(note, look.key) {
        Ok(opened) if opened.checkpoint.size == head.tree.size() && opened.checkpoint.root == head.tree.root() => {}
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
    head: &Head,
    header: &FrameHeader,
    bytes: &bytes::Bytes,
) -> std::result::Result<Head, String> {
    let leaves = wal::leaves(header, bytes)?;
    for leaf in leaves.iter().filter(|leaf| leaf.kind == Kind::Manifest) {
        let manifest: Manifest =
            serde_json::from_slice(&leaf.body).map_err(|e| format!("manifest cannot be read: {e}"))?;
        found.manifests.insert(format!("{}-{}.{}", manifest.first, manifest.last, manifest.generation));
    }
    let entries: Vec<_> = leaves.iter().map(Stored::leaf).collect();
    head.follow(header, &entries)
        .ok_or_else(|| "group does not follow from the one before: leaves, number, time or root differ".to_owned())
}

impl Wal {
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
            let GroupAt { number, mark, offset, first, .. } = *group;
            let path = layout.wal().join(wal::file_name(number));
            if first > next {
                return Err(Error::corrupt(format!("leaves {next}..{first} cannot be read")));
            }
            let file = disk.open(&path).map_err(|e| Error::io("open", &path, &e))?;
            let frame = wal::read_frame(file.as_ref(), mark, offset).map_err(|e| Error::io("read", &path, &e))?;
            let Found::Frame(header, bytes) = frame else {
                return Err(Error::corrupt(format!("{} offset {offset}: the frame is gone", path.display())));
            };
            let mut leaves = wal::leaves(&header, &bytes).map_err(Error::corrupt)?;
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
