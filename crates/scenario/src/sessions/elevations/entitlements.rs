//! Grants of Privileged Access Manager. The trap (`identity.md` 5): the activation has no principal, and the
//! binding after it is the service agent's; only the request says who benefits.

use std::io;

use super::{Elevation, World, judged};
use crate::gcp;
use crate::pam::{self, Grant, Step};
use crate::sink::Log;

/// What becomes of a request, by turns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Course {
    /// Approved, and over when its time is.
    Ends,
    Denied,
    /// The entitlement asks for no approval, and the answer to the request says so: it does not wait.
    Unattended,
    /// Approved, and taken back before its time.
    Revoked,
    /// Nothing was asked for.
    Never,
}

const COURSES: [Course; 5] = [Course::Ends, Course::Denied, Course::Unattended, Course::Revoked, Course::Never];
/// The shortest that an entitlement can be asked for.
const DURATION_S: u64 = 1_800;
const PROJECTS: [&str; 4] = ["halden-billing", "halden-customs", "halden-routing", "halden-fleet"];

impl World<'_> {
    pub(super) fn entitlement(&mut self, e: &mut Elevation, step: u32) -> io::Result<Option<f64>> {
        let course = COURSES.get(e.number % COURSES.len()).copied().unwrap_or(Course::Ends);
        let [project, elsewhere] =
            [0, 1].map(|next| PROJECTS.get((e.number + next) % PROJECTS.len()).copied().unwrap_or_default());
        e.target = "roles/storage.objectAdmin".to_owned();
        let approved = !matches!(course, Course::Denied | Course::Never);
        let gap = 20.0 + self.random.wait(20.0).min(60.0);
        match (step, course) {
            (0, Course::Never) => e.step = 3,
            (0, Course::Unattended) => {
                self.pam(e, project, "CreateGrant", "SCHEDULED", true)?;
                e.step = 2;
            }
            (0, _) => self.pam(e, project, "CreateGrant", "APPROVAL_AWAITED", true)?,
            (1, Course::Denied) => {
                self.pam(e, project, "DenyGrant", "DENIED", false)?;
                e.step = 3;
            }
            (1, _) => self.pam(e, project, "ApproveGrant", "SCHEDULED", false)?,
            (2, _) => {
                self.in_force(e, Some(DURATION_S as f64));
                self.pam_event(e, project, "PAMActivateGrant", "ACTIVE")?;
                self.pam_binding(e, project, "ADD")?;
            }
            (3, _) => {
                let verdict = match course {
                    Course::Denied => judged("NOT_APPROVED", "L3"),
                    Course::Never => judged("NO_GRANT", ""),
                    _ => judged("CONSISTENT", "L3"),
                };
                self.use_bucket(e, project, verdict)?;
            }
            (4, _) if approved => {
                self.use_bucket(e, elsewhere, judged("OVER_SCOPE", "L3"))?;
                if course != Course::Revoked {
                    return Ok(Some((e.ends_us - self.now_us) / 1e6));
                }
            }
            (5, Course::Revoked) => {
                e.ends_us = self.now_us;
                self.pam(e, project, "RevokeGrant", "REVOKED", false)?;
                self.pam_binding(e, project, "REMOVE")?;
            }
            (5, _) if approved => {
                self.pam_event(e, project, "PAMEndGrant", "ENDED")?;
                self.pam_binding(e, project, "REMOVE")?;
            }
            (6, _) if approved => self.use_bucket(e, project, judged("OUTSIDE_WINDOW", "L3"))?,
            _ => return Ok(None),
        }
        Ok(Some(gap))
    }

    fn pam(&mut self, e: &Elevation, project: &str, verb: &str, state: &str, own: bool) -> io::Result<()> {
        let (id, time, ip) = (self.random.hex(14), self.time(9, 0.0), self.random.public_ip());
        let caller = if own { &e.user } else { &e.approver };
        let record = pam::call(&Step { id: &id, time: &time, caller, ip: &ip }, &grant(e, project), verb, state);
        self.emit(Log::Gcp, &record, false)
    }

    fn pam_event(&mut self, e: &Elevation, project: &str, method: &str, state: &str) -> io::Result<()> {
        let (id, time) = (self.random.hex(14), self.time(9, 0.0));
        let record = pam::event(&Step { id: &id, time: &time, caller: "", ip: "" }, &grant(e, project), method, state);
        self.emit(Log::Gcp, &record, false)
    }

    fn pam_binding(&mut self, e: &Elevation, project: &str, action: &str) -> io::Result<()> {
        let (id, time) = (self.random.hex(14), self.time(9, 0.0));
        let ends = self.time(0, e.begins_us + DURATION_S as f64 * 1e6 - self.now_us);
        let record =
            pam::binding(&Step { id: &id, time: &time, caller: "", ip: "" }, &grant(e, project), action, &ends);
        self.emit(Log::Gcp, &record, false)
    }

    fn use_bucket(&mut self, e: &mut Elevation, project: &str, judged: super::Judged) -> io::Result<()> {
        let (id, time, ip) = (self.random.hex(14), self.time(9, 0.0), self.random.public_ip());
        let record = gcp::record(&gcp::Entry {
            id: &id,
            time: &time,
            project,
            log: "data_access",
            service: "storage.googleapis.com",
            method: "storage.objects.get",
            resource: &format!("projects/_/buckets/{project}-queue/objects/head.json"),
            who: &gcp::principal(&e.user),
            permission: "storage.objects.get",
            ip: &ip,
            denied: "",
            members: "",
            account: None,
        });
        self.emit(Log::Gcp, &record, false)?;
        self.note_use(e, "gcp", &id, judged);
        Ok(())
    }
}

fn grant<'a>(e: &'a Elevation, project: &'a str) -> Grant<'a> {
    let number = PROJECTS.iter().position(|name| *name == project).unwrap_or(0) as u64;
    Grant {
        project,
        number: 418_273_640_900 + number,
        entitlement: "storage-break-glass",
        id: &e.grant,
        requester: &e.user,
        role: &e.target,
        duration_s: DURATION_S,
    }
}
