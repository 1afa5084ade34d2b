//! Entries of a directory as LDIF (RFC 2849), and which of them are new since the last time.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

/// Attributes that name an entry for good, the best first: whoever moves it changes its distinguished name only.
const IDS: [&str; 4] = ["entryuuid", "objectguid", "ipauniqueid", "nsuniqueid"];

/// What is told of an entry that is gone, so that it is still known which one it was.
const TOLD_OF_GONE: [&str; 8] =
    ["objectclass", "objectsid", "objectguid", "entryuuid", "ipauniqueid", "nsuniqueid", "samaccountname", "uid"];

/// An entry as a directory returned it: each attribute with its values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) dn: String,
    /// By the name as the directory spells it. Values are in order: directories return them in any.
    pub(super) attributes: BTreeMap<String, Vec<Vec<u8>>>,
}

impl Entry {
    /// The same entry gives the same text, in whatever order its directory tells it.
    pub(super) fn ldif(&self) -> String {
        let mut out = String::new();
        line(&mut out, "dn", self.dn.as_bytes());
        for (name, values) in &self.attributes {
            let mut values: Vec<_> = values.iter().collect();
            values.sort_unstable();
            for value in values {
                line(&mut out, name, value);
            }
        }
        out.push('\n');
        out
    }

    fn values(&self, wanted: &str) -> Option<&[Vec<u8>]> {
        let found = self.attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, values)| values.as_slice())
    }

    /// What stays the same of it for ever, or its name where there is no such thing.
    fn key(&self) -> [u8; 16] {
        let id = IDS.iter().find_map(|id| Some((*id, self.values(id)?.first()?.as_slice())));
        let (kind, id) = id.unwrap_or(("dn", self.dn.as_bytes()));
        digest(&[kind.as_bytes(), id])
    }

    /// The entry as it is told of when it is gone: marked as Active Directory marks what is deleted.
    fn gone(&self) -> Entry {
        let told = |name: &str| TOLD_OF_GONE.iter().any(|wanted| name.eq_ignore_ascii_case(wanted));
        let mut attributes: BTreeMap<_, _> = self
            .attributes
            .iter()
            .filter(|(name, _)| told(name))
            .map(|(name, at)| (name.clone(), at.clone()))
            .collect();
        attributes.insert("isDeleted".to_owned(), vec![b"TRUE".to_vec()]);
        Entry { dn: self.dn.clone(), attributes }
    }
}

fn digest(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let (mut out, all) = ([0; 16], hash.finalize());
    out.copy_from_slice(all.get(..16).unwrap_or(&[0; 16]));
    out
}

/// `name: value`, or `name:: base64` where it is not what RFC 2849 calls a safe string.
fn line(out: &mut String, name: &str, value: &[u8]) {
    let first_is_safe = !matches!(value.first(), Some(b' ' | b':' | b'<'));
    let rest_is_safe = value.iter().all(|byte| byte.is_ascii() && !matches!(byte, 0 | b'\n' | b'\r'));
    // Writing to a string cannot fail.
    let _ = match std::str::from_utf8(value) {
        Ok(text) if first_is_safe && rest_is_safe && !text.ends_with(' ') => writeln!(out, "{name}: {text}"),
        _ => writeln!(out, "{name}:: {}", BASE64_STANDARD.encode(value)),
    };
}

/// What is sealed of a directory: of each entry a digest, and what is told of it when it is gone.
#[derive(Debug, Default)]
pub(super) struct Known {
    entries: HashMap<[u8; 16], ([u8; 16], String)>,
}

/// What there is to seal of an entry, until it is.
#[derive(Debug)]
pub(super) struct News {
    pub(super) ldif: String,
    key: [u8; 16],
    digest: [u8; 16],
    gone: String,
}

impl Known {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Notes that the entry is there; what is to be sealed of it if it is new or another than before, or `again` is set.
    pub(super) fn news(&self, entry: &Entry, again: bool, seen: &mut HashSet<[u8; 16]>) -> Option<News> {
        let (key, ldif) = (entry.key(), entry.ldif());
        let digest = digest(&[ldif.as_bytes()]);
        seen.insert(key);
        let is_known = self.entries.get(&key).is_some_and(|(known, _)| *known == digest);
        (again || !is_known).then(|| News { ldif, key, digest, gone: entry.gone().ldif() })
    }

    /// It is sealed.
    pub(super) fn sealed(&mut self, news: News) {
        self.entries.insert(news.key, (news.digest, news.gone));
    }

    /// Those that were not seen in all of the directory: their keys, and what is to be sealed of them.
    pub(super) fn gone(&self, seen: &HashSet<[u8; 16]>) -> Vec<([u8; 16], String)> {
        let gone = self.entries.iter().filter(|(key, _)| !seen.contains(*key));
        let mut gone: Vec<_> = gone.map(|(key, (_, ldif))| (*key, ldif.clone())).collect();
        gone.sort_unstable();
        gone
    }

    /// That they are gone is sealed.
    pub(super) fn forget(&mut self, keys: &[[u8; 16]]) {
        for key in keys {
            self.entries.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(dn: &str, attributes: &[(&str, &[&str])]) -> Entry {
        let values = |values: &[&str]| values.iter().map(|value| value.as_bytes().to_vec()).collect();
        let attributes = attributes.iter().map(|(name, all)| ((*name).to_owned(), values(all))).collect();
        Entry { dn: dn.to_owned(), attributes }
    }

    #[test]
    fn what_is_no_safe_string_is_base64() {
        let values: [&str; 6] = ["plain", " blank before", "blank behind ", "", "<url", "Jos\u{e9}"];
        let ldif = entry("cn=a,dc=acme", &[("cn", &values)]).ldif();
        let expected = "dn: cn=a,dc=acme\ncn: \ncn:: IGJsYW5rIGJlZm9yZQ==\ncn:: PHVybA==\ncn:: Sm9zw6k=\n\
                        cn:: YmxhbmsgYmVoaW5kIA==\ncn: plain\n\n";
        assert_eq!(ldif, expected);
        let broken = Entry { dn: "cn=a\ndn: cn=b".to_owned(), attributes: BTreeMap::new() };
        assert_eq!(broken.ldif(), "dn:: Y249YQpkbjogY249Yg==\n\n", "a line end in a name begins no line");
    }

    #[test]
    fn only_what_changed_is_news_and_the_order_of_values_is_no_change() {
        let (mut known, mut seen) = (Known::default(), HashSet::new());
        let first = entry("cn=ops,dc=acme", &[("member", &["cn=b", "cn=a"]), ("entryUUID", &["u-1"])]);
        known.sealed(known.news(&first, false, &mut seen).unwrap());
        let turned = entry("cn=ops,dc=acme", &[("member", &["cn=a", "cn=b"]), ("entryUUID", &["u-1"])]);
        assert!(known.news(&turned, false, &mut seen).is_none());
        assert!(known.news(&turned, true, &mut seen).is_some(), "all of it is asked for again");
        let more = entry("cn=ops,dc=acme", &[("member", &["cn=a"]), ("entryUUID", &["u-1"])]);
        assert!(known.news(&more, false, &mut seen).is_some());
    }

    #[test]
    fn an_entry_that_was_moved_is_not_gone_and_one_that_is_gone_is_still_named() {
        let (mut known, mut seen) = (Known::default(), HashSet::new());
        for (dn, id) in [("uid=svc-a,dc=acme", "u-1"), ("uid=svc-b,dc=acme", "u-2")] {
            let all = entry(dn, &[("entryUUID", &[id]), ("mail", &["x@acme.example"]), ("uid", &["svc"])]);
            known.sealed(known.news(&all, false, &mut seen).unwrap());
        }
        let mut seen = HashSet::new();
        let moved = entry("uid=svc-a,ou=new,dc=acme", &[("entryUUID", &["u-1"])]);
        known.sealed(known.news(&moved, false, &mut seen).unwrap());
        let gone = known.gone(&seen);
        let expected = "dn: uid=svc-b,dc=acme\nentryUUID: u-2\nisDeleted: TRUE\nuid: svc\n\n";
        assert_eq!(gone.iter().map(|(_, ldif)| ldif.as_str()).collect::<Vec<_>>(), [expected]);
        known.forget(&[gone[0].0]);
        assert_eq!((known.gone(&seen).len(), known.len()), (0, 1));
    }
}
