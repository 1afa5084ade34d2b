//! A directory, asked over LDAP (RFC 4511) again and again; what it holds becomes records as LDIF.
//!
//! At a start, and once in `full_seconds`, all entries are sealed; between, those that are new, changed or gone. What was there
//! before a start is not remembered over it: an entry that vanished while nobody asked is missing from the next full
//! listing, and no record says when it went.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use collect::Cut;
use ldap3::adapters::{Adapter, PagedResults};
use ldap3::{Ldap as Handle, LdapConnAsync, LdapConnSettings, ResultEntry, Scope};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_rustls::rustls::ClientConfig;

use super::Stop;
use super::ldif::{Entry, Known, News};
use super::poll::{self, Poll, Turn};
use crate::app::{App, parcel};
use crate::config::Secret;

/// Entries that are asked for at once; Active Directory gives a thousand at most.
const PAGE_ENTRIES: i32 = 500;

/// How long a connection, a bind and each entry may take to come.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// A delivery holds about so many bytes.
const DELIVERY_BYTES: usize = 1 << 20;

/// Entries of a directory that are remembered; one with more is refused, because what is gone of it could not be told.
const ENTRIES_MAX: usize = 2_000_000;

/// A directory that is asked.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Ldap {
    /// The source of its entries.
    pub source: String,
    /// Where it is: `ldaps://directory.acme.example`, or `ldap://...` with `starttls`, or on this machine.
    pub url: String,
    /// TLS is begun on the open connection before anything else is said (RFC 4511 section 4.14).
    #[serde(default)]
    pub starttls: bool,
    /// Certificates of those who vouch for it, as PEM; without them those that the operating system trusts.
    #[serde(default)]
    pub roots: Option<PathBuf>,
    /// Who asks; without it nobody in particular (anonymous bind).
    #[serde(default)]
    pub bind_dn: Option<String>,
    /// The password of who asks.
    #[serde(default)]
    pub password: Option<Secret>,
    /// Password and entries go over the wire in the clear, also to another machine.
    #[serde(default)]
    pub plain: bool,
    /// Entries at and below this one.
    pub base: String,
    /// Which of them (RFC 4515).
    #[serde(default = "Ldap::filter")]
    pub filter: String,
    /// Their attributes: `*` for those of users, `+` for those of the directory itself.
    #[serde(default = "Ldap::attributes")]
    pub attributes: Vec<String>,
    /// How often it is asked, seconds.
    #[serde(default = "Ldap::poll_seconds")]
    pub poll_seconds: u64,
    /// How often all of it is sealed again, seconds.
    #[serde(default = "Ldap::full_seconds")]
    pub full_seconds: u64,
}

impl Ldap {
    fn filter() -> String {
        "(objectClass=*)".to_owned()
    }

    /// `memberOf` and those that only the directory writes are not among the attributes of users everywhere.
    fn attributes() -> Vec<String> {
        ["*", "memberOf", "entryUUID", "createTimestamp", "modifyTimestamp", "nsAccountLock"]
            .map(str::to_owned)
            .to_vec()
    }

    const fn poll_seconds() -> u64 {
        300
    }

    const fn full_seconds() -> u64 {
        24 * 60 * 60
    }

    /// What can be known to be wrong with it before it is asked.
    fn check(&self) -> Result<(), String> {
        let url = reqwest::Url::parse(&self.url).map_err(|error| format!("url `{}`: {error}", self.url))?;
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let is_here = host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
        let is_secret = url.scheme() == "ldaps" || self.starttls;
        match url.scheme() {
            "ldap" | "ldaps" if host.is_empty() => Err(format!("url `{}` names no host", self.url)),
            "ldap" | "ldaps" if !url.username().is_empty() || url.password().is_some() => {
                Err("the url holds no name and no password: `bind_dn` and `password` do".to_owned())
            }
            "ldap" | "ldaps" if is_secret || is_here || self.plain => Ok(()),
            "ldap" | "ldaps" => Err(format!(
                "url `{}`: what it answers would go over the wire in the clear: use ldaps://, set `starttls`, or say \
                 `plain = true`",
                self.url
            )),
            _ => Err(format!("url `{}` is neither ldap:// nor ldaps://", self.url)),
        }?;
        if self.bind_dn.is_some() != self.password.is_some() {
            return Err("`bind_dn` and `password` go together: without a password a bind proves nothing".to_owned());
        }
        poll::check(self.poll_seconds, self.full_seconds)
    }
}

/// A directory being asked.
pub(crate) struct Directory {
    app: Arc<App>,
    settings: Ldap,
    tls: Arc<ClientConfig>,
    stop: Stop,
    known: Known,
    full: Option<Instant>,
}

impl Poll for Directory {
    /// Asks for all entries and has sealed what is to be sealed of them. What was sealed before an error stays known.
    async fn ask(&mut self) -> Result<(), String> {
        let Some(connected) = self.stop.or(self.connect()).await else { return Ok(()) };
        let mut ldap = connected?;
        let done = self.search(&mut ldap).await;
        // The answer is in; who hangs up without a word leaves a line in the other's log.
        let _ = tokio::time::timeout(ANSWER_MAX, ldap.unbind()).await;
        done
    }

    fn turn(&self) -> Turn<'_> {
        let Ldap { source, url, poll_seconds, .. } = &self.settings;
        Turn { app: &self.app, stop: &self.stop, source, what: "search", place: url, every_seconds: *poll_seconds }
    }
}

impl Directory {
    /// As set; asks nothing yet.
    pub(crate) fn new(app: &Arc<App>, settings: &Ldap, stopped: &watch::Receiver<bool>) -> io::Result<Directory> {
        let wrong = |what: String| io::Error::other(format!("[[ldap]] {}: {what}", settings.source));
        settings.check().map_err(wrong)?;
        let tls = crate::tls::client(settings.roots.as_deref())?;
        let (app, settings) = (Arc::clone(app), settings.clone());
        Ok(Directory { app, settings, tls, stop: Stop::new(stopped), known: Known::default(), full: None })
    }

    async fn connect(&self) -> Result<Handle, String> {
        let settings = LdapConnSettings::new()
            .set_conn_timeout(ANSWER_MAX)
            .set_starttls(self.settings.starttls)
            .set_config(Arc::clone(&self.tls));
        let (connection, mut ldap) =
            LdapConnAsync::with_settings(settings, &self.settings.url).await.map_err(|error| error.to_string())?;
        tokio::spawn(async move {
            // Whoever waits for an answer over it is told, too.
            if let Err(error) = connection.drive().await {
                tracing::debug!(%error, "connection to a directory");
            }
        });
        if let (Some(name), Some(password)) = (&self.settings.bind_dn, &self.settings.password) {
            let password = self.app.secret(password).ok_or_else(|| format!("the secret {password} is not there"))?;
            let bound = ldap.with_timeout(ANSWER_MAX).simple_bind(name, password).await;
            bound.and_then(ldap3::LdapResult::success).map_err(|error| format!("bind as `{name}`: {error}"))?;
        }
        Ok(ldap)
    }

    async fn search(&mut self, ldap: &mut Handle) -> Result<(), String> {
        let told = |error: ldap3::LdapError| error.to_string();
        let again = self.full.is_none_or(|at| at.elapsed() >= Duration::from_secs(self.settings.full_seconds));
        let pages: Vec<Box<dyn Adapter<'_, String, Vec<String>>>> = vec![Box::new(PagedResults::new(PAGE_ENTRIES))];
        let Ldap { base, filter, attributes, .. } = self.settings.clone();
        let mut entries = ldap
            .with_timeout(ANSWER_MAX)
            .streaming_search_with(pages, &base, Scope::Subtree, &filter, attributes)
            .await
            .map_err(told)?;
        let (mut seen, mut batch, mut bytes) = (HashSet::new(), Vec::new(), 0);
        loop {
            let Some(next) = self.stop.or(entries.next()).await else { return Ok(()) };
            let Some(found) = next.map_err(told)? else { break };
            // Entries that another server has are its own to tell.
            if found.is_ref() || found.is_intermediate() {
                continue;
            }
            let entry = entry(found).ok_or("the answer holds an entry that cannot be read")?;
            if let Some(news) = self.known.news(&entry, again, &mut seen) {
                bytes += news.ldif.len();
                batch.push(news);
            }
            if seen.len() > ENTRIES_MAX {
                return Err(format!("more than {ENTRIES_MAX} entries; narrow `base` or `filter`"));
            }
            if bytes > DELIVERY_BYTES {
                self.seal(std::mem::take(&mut batch)).await?;
                bytes = 0;
            }
        }
        // Before this is known, what is missing may only have been held back.
        entries.finish().await.success().map_err(told)?;
        self.seal(batch).await?;
        self.seal_gone(&seen).await?;
        if again {
            self.full = Some(Instant::now());
        }
        tracing::debug!(entries = self.known.len(), full = again, "directory {}", self.settings.url);
        Ok(())
    }

    async fn seal(&mut self, batch: Vec<News>) -> Result<(), String> {
        self.deliver(batch.iter().map(|news| news.ldif.as_str()).collect()).await?;
        batch.into_iter().for_each(|news| self.known.sealed(news));
        Ok(())
    }

    async fn seal_gone(&mut self, seen: &HashSet<[u8; 16]>) -> Result<(), String> {
        let gone = self.known.gone(seen);
        let (mut keys, mut text) = (Vec::new(), String::new());
        let last = gone.len().saturating_sub(1);
        for (at, (key, ldif)) in gone.into_iter().enumerate() {
            keys.push(key);
            text.push_str(&ldif);
            if at == last || text.len() > DELIVERY_BYTES {
                self.deliver(std::mem::take(&mut text)).await?;
                self.known.forget(&std::mem::take(&mut keys));
            }
        }
        Ok(())
    }

    /// Has this sealed; nothing is nothing to seal.
    async fn deliver(&self, ldif: String) -> Result<(), String> {
        if ldif.is_empty() {
            return Ok(());
        }
        let name = format!("{}/{}", self.settings.url.trim_end_matches('/'), self.settings.base);
        let parcel = parcel(self.settings.source.clone(), &name, None, Bytes::from(ldif), Cut::Auto);
        super::seal(&self.app, &parcel).await.map_err(|problem| problem.detail)?;
        Ok(())
    }
}

/// A `SearchResultEntry` (RFC 4511 section 4.5.2). The library's own reading of it ends the thread over one that is broken.
fn entry(found: ResultEntry) -> Option<Entry> {
    let mut parts = found.0.match_id(4)?.expect_constructed()?.into_iter();
    let dn = String::from_utf8(parts.next()?.expect_primitive()?).ok()?;
    let mut attributes = BTreeMap::new();
    for attribute in parts.next()?.expect_constructed()? {
        let mut parts = attribute.expect_constructed()?.into_iter();
        let name = String::from_utf8(parts.next()?.expect_primitive()?).ok()?;
        // A line of LDIF ends its name with a colon.
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.;".contains(&byte)) {
            return None;
        }
        let values = parts.next()?.expect_constructed()?.into_iter().map(|value| value.expect_primitive());
        attributes.insert(name, values.collect::<Option<Vec<_>>>()?);
    }
    Some(Entry { dn, attributes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(change: impl FnOnce(&mut Ldap)) -> Result<(), String> {
        let set = serde_json::json!({ "source": "d", "url": "ldaps://directory.acme.example", "base": "dc=acme" });
        let mut settings: Ldap = serde_json::from_value(set).unwrap();
        change(&mut settings);
        settings.check()
    }

    #[test]
    fn settings_that_would_tell_a_password_to_the_wire_are_refused() {
        assert_eq!(settings(|_| {}), Ok(()));
        let refused = |change: fn(&mut Ldap)| settings(change).unwrap_err();
        assert!(refused(|set| set.url = "ldap://directory.acme.example".to_owned()).contains("in the clear"));
        assert_eq!(settings(|set| set.url = "ldap://[::1]:1389".to_owned()), Ok(()));
        assert_eq!(settings(|set| (set.url, set.starttls) = ("ldap://d.acme.example".to_owned(), true)), Ok(()));
        assert!(refused(|set| set.url = "https://directory.acme.example".to_owned()).contains("neither ldap:// nor"));
        let error = refused(|set| set.url = "ldaps://cn=admin:hunter2@d.acme.example".to_owned());
        assert!(error.contains("`bind_dn` and `password`") && !error.contains("hunter2"), "{error}");
        assert!(refused(|set| set.bind_dn = Some("cn=a".to_owned())).contains("go together"));
        assert!(refused(|set| set.full_seconds = 1).contains("full_seconds = 1"));
    }
}
