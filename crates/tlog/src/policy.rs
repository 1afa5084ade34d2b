//! Trust policies: which logs, which witnesses, how many of them (c2sp.org/tlog-policy).

use crate::checkpoint::Checkpoint;
use crate::note::{Algorithm, Note, VerifierKey};
use crate::{Error, Result, text};

#[cfg(test)]
mod tests;

/// Most logs, witnesses and groups together. The specification asks for at least 32 of each.
const ITEMS_MAX: usize = 1_000;

/// A policy that was read from its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Logs of which one must have signed; empty when the log is known otherwise.
    pub logs: Vec<VerifierKey>,
    members: Vec<Member>,
    /// Index in `members`; `None` for `quorum none`.
    quorum: Option<usize>,
}

/// A witness or a group; names are unique among both.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Member {
    /// Octets, not necessarily UTF-8.
    name: Vec<u8>,
    what: What,
    /// Already in a group.
    grouped: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Witness(VerifierKey),
    Group { needed: usize, members: Vec<usize> },
}

/// A witness whose cosignature is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witnessed {
    /// Its name in the policy.
    pub name: String,
    /// When it says that it cosigned, in seconds since 1970.
    pub posix_seconds: u64,
}

impl Policy {
    /// Reads a policy.
    ///
    /// Errors: `Invalid` with the line; `UnknownKey` for a key type this program does not know.
    pub fn parse(bytes: &[u8]) -> Result<Policy> {
        let wrong = bytes.iter().find(|byte| matches!(byte, 0..=8 | 11..=31 | 127));
        if let Some(byte) = wrong {
            return Err(Error::invalid(format!("policy has the control character {byte:#04x}")));
        }
        let body = match bytes {
            [] => bytes,
            [body @ .., b'\n'] => body,
            _ => return Err(Error::invalid("policy does not end with a newline")),
        };
        let mut reading =
            Reading { policy: Policy { logs: Vec::new(), members: Vec::new(), quorum: None }, done: false };
        for (at, line) in body.split(|byte| *byte == b'\n').enumerate() {
            reading.line(line).map_err(|e| e.at(format_args!("policy line {}", at + 1)))?;
        }
        if !reading.done {
            return Err(Error::invalid("policy has no quorum line; `quorum none` asks for no witness"));
        }
        Ok(reading.policy)
    }

    /// The keys of all witnesses.
    pub fn witness_keys(&self) -> impl Iterator<Item = &VerifierKey> + Clone {
        self.members.iter().filter_map(|member| match &member.what {
            What::Witness(key) => Some(key),
            What::Group { .. } => None,
        })
    }

    /// Checks a signed checkpoint: a listed log has signed it (when logs are listed) and enough
    /// witnesses have. Returns the witnesses whose cosignatures are good.
    ///
    /// Errors: `UnknownKey` when no listed log has signed, `Mismatch` for any wrong signature of a
    /// key of this policy, `Quorum` when there are too few cosignatures, `Invalid` for a note that
    /// is no checkpoint.
    pub fn check(&self, note: &Note) -> Result<Vec<Witnessed>> {
        let checkpoint = Checkpoint::parse(note.text())?;
        if !self.logs.is_empty() {
            let keys = self.logs.iter().filter(|key| key.name() == checkpoint.origin);
            note.verify(keys).map_err(|e| e.at("logs of the policy"))?;
        }
        let made = |key: &&VerifierKey| note.signatures().iter().any(|signature| key.made(signature));
        let verified = match self.witness_keys().any(|key| made(&key)) {
            true => note.verify(self.witness_keys())?,
            false => Vec::new(),
        };
        let mut seen: Vec<bool> = Vec::with_capacity(self.members.len());
        let mut witnesses = Vec::new();
        for member in &self.members {
            let met = match &member.what {
                Witness(key) => {
                    let times = verified.iter().filter(|good| good.key == key).filter_map(|good| good.time);
                    let first = times.min();
                    witnesses.extend(first.map(|posix_seconds| Witnessed {
                        name: String::from_utf8_lossy(&member.name).into_owned(),
                        posix_seconds,
                    }));
                    first.is_some()
                }
                // Members are defined before their group, so they are in `seen`.
                Group { needed, members } => {
                    members.iter().filter(|at| seen.get(**at).copied().unwrap_or(false)).count() >= *needed
                }
            };
            seen.push(met);
        }
        match self.quorum {
            Some(at) if !seen.get(at).copied().unwrap_or(false) => Err(Error::quorum(format!(
                "checkpoint of {} leaves is cosigned by {} of the policy's witnesses, which is not its quorum",
                checkpoint.size,
                witnesses.len()
            ))),
            _ => Ok(witnesses),
        }
    }
}

use What::{Group, Witness};

struct Reading {
    policy: Policy,
    /// The quorum line was seen.
    done: bool,
}

impl Reading {
    fn line(&mut self, line: &[u8]) -> Result<()> {
        let words: Vec<&[u8]> = line.split(|b| matches!(b, b' ' | b'\t')).filter(|word| !word.is_empty()).collect();
        match words.as_slice() {
            [] => Ok(()),
            [word, ..] if word.starts_with(b"#") => Ok(()),
            [b"log", vkey] | [b"log", vkey, _] => self.log(vkey),
            [b"witness", name, vkey] | [b"witness", name, vkey, _] => self.witness(name, vkey),
            [b"group", name, needed, members @ ..] => self.group(name, needed, members),
            [b"quorum", name] => self.quorum(name),
            [word, ..] => Err(Error::invalid(format!(
                "`{}` with {} words is not log <vkey> [url], witness <name> <vkey> [url], group <name> all|any|<k> <members>, quorum <name>|none",
                shown(word),
                words.len()
            ))),
        }
    }

    fn log(&mut self, vkey: &[u8]) -> Result<()> {
        let key = key(vkey)?;
        if self.policy.logs.iter().any(|log| log.public() == key.public()) {
            return Err(Error::invalid(format!("log {} has the key of another log", key.name())));
        }
        self.check_room()?;
        self.policy.logs.push(key);
        Ok(())
    }

    fn witness(&mut self, name: &[u8], vkey: &[u8]) -> Result<()> {
        let key = key(vkey)?;
        if key.algorithm() != Algorithm::Cosignature {
            return Err(Error::invalid(format!("witness {} has a key that makes no cosignatures", shown(name))));
        }
        if self.policy.witness_keys().any(|known| known.public() == key.public()) {
            return Err(Error::invalid(format!("witness {} has the key of another witness", shown(name))));
        }
        self.define(name, Witness(key))
    }

    fn group(&mut self, name: &[u8], needed: &[u8], words: &[&[u8]]) -> Result<()> {
        let mut members = Vec::with_capacity(words.len());
        for word in words {
            let at = self.find(word)?;
            let member = self.policy.members.get_mut(at).filter(|member| !member.grouped);
            let member = member.ok_or_else(|| Error::invalid(format!("`{}` is in a group already", shown(word))))?;
            member.grouped = true;
            members.push(at);
        }
        let number = std::str::from_utf8(needed).ok().and_then(|needed| text::decimal(needed).ok());
        let needed = match needed {
            b"all" => Some(members.len()),
            b"any" => Some(1),
            _ => number.and_then(|number| usize::try_from(number).ok()),
        };
        match needed {
            Some(needed) if (1..=members.len()).contains(&needed) => self.define(name, Group { needed, members }),
            _ => Err(Error::invalid(format!(
                "group {} of {} members needs all, any or a number from 1 to that",
                shown(name),
                members.len()
            ))),
        }
    }

    fn quorum(&mut self, name: &[u8]) -> Result<()> {
        if self.done {
            return Err(Error::invalid("policy has a second quorum line"));
        }
        self.policy.quorum = if name == b"none" { None } else { Some(self.find(name)?) };
        self.done = true;
        Ok(())
    }

    fn find(&self, name: &[u8]) -> Result<usize> {
        let at = self.policy.members.iter().position(|member| member.name == name);
        at.ok_or_else(|| Error::invalid(format!("`{}` is not a witness or group defined above", shown(name))))
    }

    fn define(&mut self, name: &[u8], what: What) -> Result<()> {
        if name == b"none" || self.policy.members.iter().any(|member| member.name == name) {
            return Err(Error::invalid(format!("name `{}` is taken", shown(name))));
        }
        self.check_room()?;
        self.policy.members.push(Member { name: name.to_vec(), what, grouped: false });
        Ok(())
    }

    fn check_room(&self) -> Result<()> {
        if self.policy.logs.len() + self.policy.members.len() >= ITEMS_MAX {
            return Err(Error::invalid(format!("policy has more than {ITEMS_MAX} logs, witnesses and groups")));
        }
        Ok(())
    }
}

fn key(vkey: &[u8]) -> Result<VerifierKey> {
    let vkey = std::str::from_utf8(vkey).map_err(|_| Error::invalid(format!("key `{}` is not UTF-8", shown(vkey))))?;
    vkey.parse()
}

fn shown(octets: &[u8]) -> String {
    text::shown(&String::from_utf8_lossy(octets))
}
