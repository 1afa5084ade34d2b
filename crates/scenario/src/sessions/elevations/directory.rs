//! Roles of Entra that are activated without an approval. Whether one was needed stands in the settings of
//! the role, which no record shows; and roles that are given outside of Privileged Identity Management.

use std::io;

use super::{Elevation, Judged, World, judged};
use crate::entra::{self, Audit, Envelope};
use crate::sink::Log;

/// What becomes of a role, by turns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Course {
    /// Activated, with no approval in the log.
    Unattended,
    /// Given for good, outside of PIM.
    Permanent,
    Never,
}

const COURSES: [Course; 3] = [Course::Unattended, Course::Permanent, Course::Never];
const DURATION_S: f64 = 900.0;
const ROLE: [&str; 2] = ["fe930be7-5e62-47db-91af-98c3a49a38b1", "User Administrator"];

impl World<'_> {
    pub(super) fn directory_role(&mut self, e: &mut Elevation, step: u32) -> io::Result<Option<f64>> {
        let course = COURSES.get(e.number % COURSES.len()).copied().unwrap_or(Course::Unattended);
        let gap = 20.0 + self.random.wait(20.0).min(60.0);
        let own = (e.user_id.clone(), e.user.clone());
        let lead = ("2f2f2f2f-000b-400b-800b-000000000055".to_owned(), "lead@halden.example".to_owned());
        match (step, course) {
            (0, Course::Never) => e.step = 2,
            (0, Course::Unattended) => {
                ROLE[1].clone_into(&mut e.target);
                self.tell_role(e, "Add member to role requested (PIM activation)", &own)?;
            }
            (0, Course::Permanent) => {
                ROLE[1].clone_into(&mut e.target);
                e.grant.clone_from(&e.user_id);
                self.in_force(e, None);
                self.tell_role(e, "Add member to role outside of PIM (permanent)", &lead)?;
                e.step = 2;
            }
            (1, _) => {
                self.in_force(e, Some(DURATION_S));
                self.tell_role(e, "Add member to role completed (PIM activation)", &own)?;
            }
            (2, Course::Unattended) => self.update_user(e, judged("UNKNOWN", "L3"))?,
            (2, Course::Permanent) => self.update_user(e, judged("CONSISTENT", "L3"))?,
            (2, Course::Never) => self.update_user(e, judged("NO_GRANT", ""))?,
            (3, Course::Unattended) => return Ok(Some((e.ends_us - self.now_us) / 1e6)),
            (4, Course::Unattended) => {
                self.tell_role(e, "Remove member from role (PIM activation expired)", &lead)?;
            }
            (5, Course::Unattended) => self.update_user(e, judged("OUTSIDE_WINDOW", "L3"))?,
            _ => return Ok(None),
        }
        Ok(Some(gap))
    }

    fn tell_role(&mut self, e: &Elevation, activity: &str, by: &(String, String)) -> io::Result<()> {
        let targets = [entra::target("Role", ROLE[0], ROLE[1], ""), entra::target("User", &e.user_id, &e.user, "")];
        let (from, until) = (self.time(6, 0.0), self.time(6, DURATION_S * 1e6));
        let mut details = vec![("RoleDefinitionOriginType", "BuiltInRole"), ("RequestId", e.grant.as_str())];
        if !activity.contains("outside of PIM") {
            details.extend([("StartTime", from.as_str()), ("ExpirationTime", until.as_str())]);
        }
        // The platform does not repeat the window when it is over.
        if activity.starts_with("Remove") {
            details.truncate(2);
        }
        self.tell_directory("RoleManagement", "PIM", activity, by, &targets.join(","), &details).map(drop)
    }

    fn update_user(&mut self, e: &mut Elevation, judged: Judged) -> io::Result<()> {
        let other = entra::target("User", "0d4f3c2b-1111-4222-8333-444455556666", "mira.holm@halden.example", "");
        let own = (e.user_id.clone(), e.user.clone());
        let id = self.tell_directory("UserManagement", "Core Directory", "Update user", &own, &other, &[])?;
        self.note_use(e, "entra", &id, judged);
        Ok(())
    }

    fn tell_directory(
        &mut self,
        category: &str,
        service: &str,
        activity: &str,
        by: &(String, String),
        targets: &str,
        details: &[(&str, &str)],
    ) -> io::Result<String> {
        let (id, time, ip) = (self.random.uuid(), self.time(6, 0.0), self.random.public_ip());
        let envelope =
            Envelope { time: &time, operation: activity, category: "AuditLogs", ip: &ip, correlation: &id, code: 0 };
        let audit = Audit { id: &id, category, activity, service, user_id: &by.0, user: &by.1, targets, details };
        self.emit(Log::Entra, &entra::audit(&envelope, &audit), false)?;
        Ok(id)
    }
}
