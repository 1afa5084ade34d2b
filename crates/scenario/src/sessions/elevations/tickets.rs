//! Grants of a ticket system, for users of AWS: with the policy that decides, as far as it says so.

use std::io;

use super::{Elevation, Judged, World, judged};
use crate::cloudtrail::Caller;
use crate::sink::Log;
use crate::ticket::{self, Request, Step};

/// What becomes of a request, by turns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Course {
    /// As many agree as the policy asks for.
    Approved,
    /// One of two, and the system gives it all the same.
    TooFew,
    /// Whoever asked is one of two.
    Own,
    Denied,
    /// Approved, without an end.
    Endless,
    /// Taken without asking, over the rules.
    BreakGlass,
    /// Given without an approval, and no record says that one was needed.
    PolicyUntold,
    /// The policy got stricter after the approval.
    PolicyStricterSince,
    /// The policy got stricter between request and approval.
    PolicyStricterBefore,
    /// Taken back before its time.
    Revoked,
    Never,
}

const COURSES: [Course; 11] = [
    Course::Approved,
    Course::TooFew,
    Course::PolicyUntold,
    Course::Own,
    Course::Denied,
    Course::PolicyStricterSince,
    Course::Endless,
    Course::BreakGlass,
    Course::Never,
    Course::PolicyStricterBefore,
    Course::Revoked,
];
const DURATION_S: u64 = 600;

impl Course {
    /// What is to be said of a use of what was given, in the window and within the target.
    fn inside(self) -> Judged {
        match self {
            Course::TooFew | Course::Denied | Course::PolicyStricterBefore => judged("NOT_APPROVED", "L3"),
            Course::Own => Judged { self_approved: true, ..judged("NOT_APPROVED", "L3") },
            Course::PolicyUntold => judged("UNKNOWN", "L3"),
            Course::Never => judged("NO_GRANT", ""),
            _ => judged("CONSISTENT", "L3"),
        }
    }

    fn is_approved(self) -> bool {
        !matches!(self.inside().verdict, "NOT_APPROVED" | "NO_GRANT")
    }
}

impl World<'_> {
    pub(super) fn ticket(&mut self, e: &mut Elevation, step: u32) -> io::Result<Option<f64>> {
        let course = COURSES.get(e.number % COURSES.len()).copied().unwrap_or(Course::Approved);
        if step == 0 {
            e.user_id = self.random.aws_id("AIDA");
            e.kept = [self.random.aws_id("AKIA"), self.account(e.number), self.random.hex(8), String::new()];
            e.target = format!("arn:aws:s3:::halden-exports-{}", e.number);
        }
        let (own, other, third) = (e.user.clone(), e.approver.clone(), "night-lead@halden.example");
        let gap = 20.0 + self.random.wait(20.0).min(60.0);
        match (step, course) {
            (0, Course::Never) => e.step = 3,
            (0, Course::BreakGlass) => e.step = 2,
            (0, _) => {
                let policy = match course {
                    Course::PolicyUntold => String::new(),
                    Course::PolicyStricterSince | Course::PolicyStricterBefore => ticket::policy(7, 1),
                    _ => ticket::policy(7, 2),
                };
                let members = format!("{}{policy}", asked(e, course));
                self.tell_ticket(e, "request", &own, &members)?;
            }
            (1, Course::PolicyUntold) => {}
            (1, Course::Denied) => {
                self.tell_ticket(e, "deny", &other, "")?;
                e.step = 3;
            }
            (1, _) => {
                let stricter =
                    if course == Course::PolicyStricterBefore { ticket::policy(8, 2) } else { String::new() };
                let first = if course == Course::Own { own } else { other };
                self.tell_ticket(e, "approve", &first, &stricter)?;
                if !matches!(course, Course::TooFew | Course::PolicyStricterSince | Course::PolicyStricterBefore) {
                    self.tell_ticket(e, "approve", third, "")?;
                }
            }
            (2, _) => {
                self.in_force(e, (course != Course::Endless).then_some(DURATION_S as f64));
                e.approved = course.is_approved();
                let (step, members) = match course {
                    Course::BreakGlass => ("bypass", asked(e, course)),
                    Course::PolicyStricterSince => ("activate", ticket::policy(8, 2)),
                    _ => ("activate", String::new()),
                };
                self.tell_ticket(e, step, "", &members)?;
            }
            (3, _) => self.read_export(e, true, course.inside())?,
            (4, _) if course.is_approved() => self.read_export(e, false, judged("OVER_SCOPE", "L3"))?,
            (5, Course::Revoked) => {
                e.ends_us = self.now_us;
                self.tell_ticket(e, "revoke", &other, "")?;
            }
            (5, _) if course.is_approved() && course != Course::Endless => {
                return Ok(Some((e.ends_us - self.now_us) / 1e6 + 20.0));
            }
            (6, _) if course.is_approved() => self.read_export(e, true, judged("OUTSIDE_WINDOW", "L3"))?,
            _ => return Ok(None),
        }
        Ok(Some(gap))
    }

    fn tell_ticket(&mut self, e: &Elevation, step: &str, by: &str, members: &str) -> io::Result<()> {
        let (id, time) = (self.random.uuid(), self.time(3, 0.0));
        let record = ticket::record(&Step { id: &id, time: &time, grant: &e.grant, step, by, members });
        self.emit(Log::Tickets, &record, false)
    }

    fn read_export(&mut self, e: &mut Elevation, within: bool, judged: Judged) -> io::Result<()> {
        let bucket = if within { e.target.trim_start_matches("arn:aws:s3:::") } else { "halden-payroll-exports" };
        let bucket = bucket.to_owned();
        let [key, account, ..] = e.kept.clone();
        let user = e.user.split('@').next().unwrap_or_default().to_owned();
        let caller = Caller::User { account: &account, user: &user, user_id: &e.user_id, key: &key };
        let id = self.read_object(&caller, &account, &bucket)?;
        self.note_use(e, "aws", &id, judged);
        Ok(())
    }
}

fn asked(e: &Elevation, course: Course) -> String {
    let [_, account, ..] = &e.kept;
    ticket::request(&Request {
        requester: &e.user,
        beneficiary: &format!("nhi:principal:aws:{account}:user/{}", e.user_id),
        target: "export of the night",
        resource: &e.target,
        duration_s: if course == Course::Endless { 0 } else { DURATION_S },
    })
}
