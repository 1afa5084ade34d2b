//! GitLab: deploy keys, whose uses show them by title, and access tokens of projects, whose uses show their
//! bot alone.

use std::io;

use super::clouds::{MADE_KEY, login};
use super::{Session, World, minted, revoked, used};
use crate::gitlab::{self, Event, Project};
use crate::sink::Log;

/// The number under which GitLab logs what a deploy key does.
const DEPLOY_KEY: i64 = -3;

impl World<'_> {
    /// A person adds a deploy key to a project, or makes an access token for it.
    pub(super) fn make_project_token(&mut self, session: &mut Session) -> io::Result<()> {
        // Of the key or token, and of its bot: beyond the numbers that people have.
        let (number, hex) = (200_000_000 + self.totals.records, self.random.hex(12));
        let Some(repo) = self.company.repositories.get(session.who) else { return Ok(()) };
        let Some(owner) = self.company.people.get(repo.starter) else { return Ok(()) };
        let owner = login(&owner.mail);
        session.kept = match is_key(session) {
            true => [format!("deploy-{hex}"), number.to_string(), String::new()],
            false => [number.to_string(), number.to_string(), format!("project_{}_bot_{hex}", repo.id)],
        };
        let (kind, message) = match is_key(session) {
            true => ("deploy_key_added", r#""Added deploy key""#.to_owned()),
            false => (
                "project_access_token_created",
                format!(
                    r#""Created project access token with token_id: {number} with scopes: [\"write_repository\"]""#
                ),
            ),
        };
        let holder = if is_key(session) { format!("halden/{}", repo.name) } else { session.kept[2].clone() };
        let id = self.administer_token(session, kind, &message)?;
        session.minted = Some(minted("gitlab", &session.kept[0], &id, "", &holder, &owner, MADE_KEY));
        Ok(())
    }

    /// The same person takes it back.
    pub(super) fn revoke_project_token(&mut self, session: &mut Session) -> io::Result<()> {
        let (kind, message) = match is_key(session) {
            true => ("deploy_key_removed", r#""Removed deploy key""#.to_owned()),
            false => (
                "project_access_token_deleted",
                format!(r#""Revoked project access token with token_id: {}""#, session.kept[0]),
            ),
        };
        let id = self.administer_token(session, kind, &message)?;
        revoked(session, id);
        Ok(())
    }

    fn administer_token(&mut self, session: &Session, kind: &str, message: &str) -> io::Result<String> {
        let (id, time) = ((90_000_000 + self.totals.records).to_string(), self.time(3, 0.0));
        let Some(repo) = self.company.repositories.get(session.who) else { return Ok(id) };
        let Some(owner) = self.company.people.get(repo.starter) else { return Ok(id) };
        let [title, number, bot] = &session.kept;
        let number = number.parse().unwrap_or(0);
        let record = gitlab::record(&Event {
            id: &id,
            time: &time,
            kind,
            author: owner.number.cast_signed(),
            name: &login(&owner.mail),
            class: "User",
            ip: &owner.ip,
            project: Project { id: repo.id, name: &repo.name },
            target: if is_key(session) { (number, "DeployKey", title) } else { (number, "User", bot) },
            message,
        });
        self.emit(Log::GitLab, &record, false)?;
        Ok(id)
    }

    /// A clone or a push. GitLab logs none that it refuses.
    pub(super) fn use_project_token(&mut self, session: &mut Session) -> io::Result<()> {
        let (id, time) = (self.random.uuid(), self.time(3, 0.0));
        let action = *self.random.pick(&["git-upload-pack", "git-receive-pack"]);
        let Some(repo) = self.company.repositories.get(session.who) else { return Ok(()) };
        let [title, number, bot] = &session.kept;
        let (author, name, class, protocol) = match is_key(session) {
            true => (DEPLOY_KEY, title, "DeployKey", "ssh"),
            false => (number.parse().unwrap_or(0), bot, "User", "http"),
        };
        let record = gitlab::record(&Event {
            id: &id,
            time: &time,
            kind: "repository_git_operation",
            author,
            name,
            class,
            ip: &session.ip,
            project: Project { id: repo.id, name: &repo.name },
            target: (repo.id, "Project", &repo.name),
            message: &gitlab::git(protocol, action),
        });
        self.emit(Log::GitLab, &record, false)?;
        // No record says with which of its tokens a bot came.
        if is_key(session) {
            used(session, &id);
        }
        Ok(())
    }
}

/// Every other project has a deploy key.
fn is_key(session: &Session) -> bool {
    session.who.is_multiple_of(2)
}
