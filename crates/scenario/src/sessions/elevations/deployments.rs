//! Jobs that wait until somebody lets them deploy, and what their runs do in AWS.

use std::io;

use super::super::clouds::login;
use super::{Elevation, Judged, World, judged};
use crate::cloudtrail::{self, Caller};
use crate::deployment_review::{self as review, Account, Run};
use crate::github::{self, Repository};
use crate::sink::Log;

/// What becomes of a deployment, by turns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Course {
    Approved,
    /// The run goes on without the job, and takes its role all the same.
    Rejected,
    /// By whoever started the run.
    Own,
}

const COURSES: [Course; 3] = [Course::Approved, Course::Rejected, Course::Own];
const ENVIRONMENT: &str = "production";

impl World<'_> {
    pub(super) fn deployment(&mut self, e: &mut Elevation, step: u32) -> io::Result<Option<f64>> {
        let course = COURSES.get(e.number % COURSES.len()).copied().unwrap_or(Course::Approved);
        let people = self.company.people.len().max(1);
        let person = |at: usize| self.company.people.get(at % people).map(|p| (login(&p.mail), p.number));
        let starter = person(e.number).unwrap_or_default();
        let by = if course == Course::Own { starter.clone() } else { person(e.number + 1).unwrap_or_default() };
        let number = e.number as u64;
        let name = format!("release-{number}");
        let run = Run {
            repository: Repository { name: &name, id: 500_000_000 + number },
            id: 28_000_000_000 + number,
            environment: ENVIRONMENT,
            starter: Account { login: &starter.0, id: starter.1 },
        };
        let by = Account { login: &by.0, id: by.1 };
        let (time, time_ms) = (self.time(0, 0.0), (self.now_us / 1e3) as i64);
        let (verb, entry) = match course {
            Course::Rejected => ("rejected", "workflows.reject_workflow_job"),
            _ => ("approved", "workflows.approve_workflow_job"),
        };
        let inside = match course {
            Course::Approved => Judged { credential_outlives_grant: true, ..judged("UNKNOWN", "L3") },
            Course::Rejected => judged("NOT_APPROVED", "L3"),
            Course::Own => {
                Judged { self_approved: true, credential_outlives_grant: true, ..judged("NOT_APPROVED", "L3") }
            }
        };
        let gap = 20.0 + self.random.wait(20.0).min(60.0);
        match step {
            0 => {
                (e.user, e.approver) = (starter.0.clone(), by.login.to_owned());
                (e.grant, e.target) = (format!("{}/{ENVIRONMENT}", run.id), ENVIRONMENT.to_owned());
                self.tell_run(&run, "")?;
            }
            1 => self.emit(Log::GitHubHooks, &review::delivery(&run, "requested", run.starter, &time), false)?,
            2 => {
                self.emit(Log::GitHubHooks, &review::delivery(&run, verb, by, &time), false)?;
                let id = self.document();
                self.emit(Log::GitHub, &review::decided(&run, &id, time_ms, entry, by), false)?;
            }
            3 if course == Course::Rejected => {}
            3 => {
                self.in_force(e, None);
                e.approved = course == Course::Approved;
                let id = self.document();
                self.emit(Log::GitHub, &review::prepared(&run, &id, time_ms), false)?;
            }
            4 => self.take_role_of_run(e, &run)?,
            5 => self.use_role_of_run(e, inside)?,
            6 => {
                e.ends_us = self.now_us;
                self.tell_run(&run, "success")?;
            }
            7 => {
                let after = if course == Course::Approved { "OUTSIDE_WINDOW" } else { "NOT_APPROVED" };
                self.use_role_of_run(e, Judged { verdict: after, ..inside })?;
            }
            _ => return Ok(None),
        }
        Ok(Some(gap))
    }

    fn document(&mut self) -> String {
        self.random.base64(22).replace(['+', '/'], "_")
    }

    fn tell_run(&mut self, run: &Run<'_>, conclusion: &str) -> io::Result<()> {
        let (id, time_ms) = (self.document(), (self.now_us / 1e3) as i64);
        let action = match conclusion {
            "" => "workflows.created_workflow_run",
            _ => "workflows.completed_workflow_run",
        };
        let members = github::run(run.repository, run.id, 7_788, conclusion);
        let Account { login: actor, id: actor_id } = run.starter;
        let ip = "203.0.113.24";
        let record =
            github::record(&github::Entry { id: &id, time_ms, action, actor, actor_id, ip, members: &members });
        self.emit(Log::GitHub, &record, false)
    }

    fn take_role_of_run(&mut self, e: &mut Elevation, run: &Run<'_>) -> io::Result<()> {
        let (key, expires) = (self.random.aws_id("ASIA"), self.time(0, 3_600e6));
        let account = self.account(e.number);
        let role_id = self.random.aws_id("AROA");
        e.kept = [key, account, role_id, self.time(0, 0.0)];
        let [key, account, role_id, _] = &e.kept;
        let subject = github::subject(run.repository, run.id);
        let parameters = format!(
            r#"{{"roleArn":"arn:aws:iam::{account}:role/release","roleSessionName":"GitHubActions","durationSeconds":3600}}"#
        );
        let response = cloudtrail::keys(account, "release", role_id, "GitHubActions", key, &expires, &subject);
        let resources = super::super::aws::role_resource(account, "release");
        let caller = Caller::Web { issuer: github::ISSUER, subject: &subject };
        let call = ["sts.amazonaws.com", "AssumeRoleWithWebIdentity"];
        self.call(&caller, account, call, &parameters, &response, &resources).map(drop)
    }

    fn use_role_of_run(&mut self, e: &mut Elevation, judged: Judged) -> io::Result<()> {
        let [key, account, role_id, since] = &e.kept;
        let caller = Caller::Role {
            account,
            role: "release",
            role_id,
            session: "GitHubActions",
            key,
            since,
            web_identity: Some(github::ISSUER),
            source_identity: None,
        };
        let id = self.read_object(&caller, account, "halden-releases")?;
        self.note_use(e, "aws", &id, judged);
        Ok(())
    }
}
