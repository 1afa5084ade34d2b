//! Roles of administrators and memberships of groups at Okta: given and taken, with no end of their own.

use std::io;

use super::{Elevation, Judged, World, judged};
use crate::okta::{self, Actor};
use crate::sink::Log;

/// What becomes of a right, by turns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Course {
    RolePair,
    GroupPair,
    Standing,
    Never,
}

const COURSES: [Course; 4] = [Course::RolePair, Course::Standing, Course::GroupPair, Course::Never];

impl World<'_> {
    pub(super) fn okta_role(&mut self, e: &mut Elevation, step: u32) -> io::Result<Option<f64>> {
        let course = COURSES.get(e.number % COURSES.len()).copied().unwrap_or(Course::RolePair);
        if step == 0 {
            e.user_id = format!("00u{}", self.random.aws_id(""));
            e.grant.clone_from(&e.user_id);
            let group = course == Course::GroupPair;
            e.target = if group { "Night operators" } else { "Help Desk administrator" }.to_owned();
        }
        let gap = 20.0 + self.random.wait(20.0).min(60.0);
        match (step, course) {
            (0, Course::Never) => e.step = 2,
            // A sign-on that is refused proves nobody, but that it was within a session of theirs.
            (0, Course::GroupPair) => {
                e.kept[0] = format!("102{}", self.random.base64(22).replace(['+', '/'], "_"));
                let actor = Actor { id: &e.user_id, kind: "User", login: &e.user };
                self.tell_okta("user.session.start", "User login to Okta", actor, "", &e.kept[0], "", "")?;
            }
            (0, _) => {}
            (1, _) => {
                self.in_force(e, None);
                self.change_right(e, course, true)?;
            }
            (2, Course::Never) => self.use_right(e, course, true, judged("NO_GRANT", ""))?,
            (2 | 3, Course::RolePair | Course::GroupPair | Course::Standing) => {
                self.use_right(e, course, false, judged("CONSISTENT", "L3"))?;
            }
            (4, Course::RolePair | Course::GroupPair) => {
                e.ends_us = self.now_us;
                self.change_right(e, course, false)?;
            }
            (5, Course::RolePair | Course::GroupPair) => {
                self.use_right(e, course, true, judged("OUTSIDE_WINDOW", "L3"))?;
            }
            _ => return Ok(None),
        }
        Ok(Some(gap))
    }

    fn change_right(&mut self, e: &Elevation, course: Course, gives: bool) -> io::Result<()> {
        let user = okta::target("User", &e.user_id, &e.user);
        let (kind, message, debug, targets) = match (course, gives) {
            (Course::GroupPair, true) => {
                ("group.user_membership.add", "Add user to group membership", String::new(), "group")
            }
            (Course::GroupPair, false) => {
                ("group.user_membership.remove", "Remove user from group membership", String::new(), "group")
            }
            (_, true) => (
                "user.account.privilege.grant",
                "Grant user privilege",
                format!(r#","privilegeGranted":"{}""#, e.target),
                "",
            ),
            (_, false) => (
                "user.account.privilege.revoke",
                "Revoke user privilege",
                format!(r#","privilegeRevoked":"{}""#, e.target),
                "",
            ),
        };
        let targets = match targets {
            "" => user,
            _ => format!("{user},{}", okta::target("UserGroup", "00g3opsgrpHALDEN0697", &e.target)),
        };
        let actor = Actor { id: "00uHALDENADMIN000001", kind: "User", login: "okta-admin@halden.example" };
        self.tell_okta(kind, message, actor, "", "", &targets, &debug).map(drop)
    }

    /// Somebody's factors are reset; or an application of the group is opened.
    fn use_right(&mut self, e: &mut Elevation, course: Course, refused: bool, judged: Judged) -> io::Result<()> {
        let actor = Actor { id: &e.user_id, kind: "User", login: &e.user };
        let (kind, message, targets, failure) = match course {
            Course::GroupPair => (
                "user.authentication.sso",
                "User single sign on to app",
                okta::target("AppInstance", "0oa00000000000000041", "night-console"),
                "User is not assigned to the client application.",
            ),
            _ => (
                "user.mfa.factor.reset_all",
                "Reset all factors for user",
                okta::target("User", "00uHALDENLOCKED00001", "mira.holm@halden.example"),
                "Not authorized",
            ),
        };
        let failure = if refused { failure } else { "" };
        let id = self.tell_okta(kind, message, actor, failure, &e.kept[0], &targets, "")?;
        self.note_use(e, "okta", &id, judged);
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one event, each once")]
    fn tell_okta(
        &mut self,
        kind: &str,
        message: &str,
        actor: Actor<'_>,
        failure: &str,
        session: &str,
        targets: &str,
        debug: &str,
    ) -> io::Result<String> {
        let (id, time, ip) = (self.random.uuid(), self.time(3, 0.0), self.random.public_ip());
        let record = okta::record(&okta::Event {
            id: &id,
            time: &time,
            kind,
            message,
            actor,
            ip: &ip,
            failure,
            session,
            api_token: "",
            targets,
            debug,
        });
        self.emit(Log::Okta, &record, !failure.is_empty())?;
        Ok(id)
    }
}
