//! Keys of AWS on a lease of Vault: the lease says how long, and the record that made the key names it.

use std::io;

use super::{Elevation, Judged, World, judged};
use crate::cloudtrail::{self, Caller};
use crate::vault::{self, Token};

/// How a lease ends, by turns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Course {
    /// With its key, at a time that the log tells.
    Told,
    /// Revoked, while the key goes on.
    Revoked,
    /// At a time that no record tells: the device writes the id of a lease and not its length.
    Untold,
}

const COURSES: [Course; 3] = [Course::Told, Course::Revoked, Course::Untold];
const ROLE: &str = "oncall-export";
const LIFE_S: u64 = 3_600;

impl World<'_> {
    pub(super) fn aws_lease(&mut self, e: &mut Elevation, step: u32) -> io::Result<Option<f64>> {
        let course = COURSES.get(e.number % COURSES.len()).copied().unwrap_or(Course::Told);
        let proved = judged("PROVED", "L1");
        let gap = 20.0 + self.random.wait(20.0).min(60.0);
        match (step, course) {
            (0, _) => {
                let prefix = if course == Course::Untold { "AKIA" } else { "ASIA" };
                let accessor = self.random.base64(24);
                e.kept = [self.random.aws_id(prefix), self.account(e.number), accessor, self.time(0, 0.0)];
                e.grant = self.random.hex(24);
                e.target = format!("{}/{ROLE}/{}", engine(course), e.grant);
                self.log_in_to_vault(e)?;
            }
            (1, _) => {
                self.make_key(e, course)?;
                self.in_force(e, (course != Course::Untold).then_some(LIFE_S as f64));
            }
            (2, Course::Untold) => self.use_leased(e, course, judged("UNKNOWN", "L2"))?,
            (2, _) => self.use_leased(e, course, proved)?,
            (3, Course::Revoked) => {
                e.ends_us = self.now_us;
                // Until now nothing had ended before its key.
                e.uses.iter_mut().for_each(|one| one.credential_outlives_grant = true);
                self.ask_for_lease(e, "update", &format!("sys/leases/revoke/{}", e.target), "system", "")?;
            }
            (4, Course::Revoked) => {
                self.use_leased(
                    e,
                    course,
                    Judged { credential_outlives_grant: true, ..judged("OUTSIDE_WINDOW", "L1") },
                )?;
            }
            _ => return Ok(None),
        }
        Ok(Some(gap))
    }

    fn log_in_to_vault(&mut self, e: &Elevation) -> io::Result<()> {
        let (id, time, done) = (self.random.uuid(), self.time(9, 0.0), self.time(9, 4_000.0));
        let user = e.user.split('@').next().unwrap_or_default();
        let salt = &self.company.vault_salt;
        let display = format!("userpass-{user}");
        let call = vault::Call {
            id: &id,
            time: &time,
            done: &done,
            operation: "update",
            path: &format!("auth/userpass/login/{user}"),
            mount: "userpass",
            ip: "10.16.0.40",
            data: &format!(r#""password":"{}""#, vault::hmac(salt, &e.user_id)),
            response: "",
            error: None,
            issues: Some(&token(e, &display)),
        };
        let more = vault::More { metadata: &format!(r#""username":"{user}""#), ..vault::More::default() };
        let records = vault::records_with(salt, None, &call, more);
        self.emit_vault(&records, false)
    }

    fn ask_for_lease(
        &mut self,
        e: &Elevation,
        operation: &str,
        path: &str,
        mount: &str,
        response: &str,
    ) -> io::Result<()> {
        let (id, time, done) = (self.random.uuid(), self.time(9, 0.0), self.time(9, 4_000.0));
        let call = vault::Call {
            id: &id,
            time: &time,
            done: &done,
            operation,
            path,
            mount,
            ip: "10.16.0.40",
            data: "",
            response,
            error: None,
            issues: None,
        };
        let display = format!("userpass-{}", e.user.split('@').next().unwrap_or_default());
        let records = vault::records(&self.company.vault_salt, Some(&token(e, &display)), &call);
        self.emit_vault(&records, false)
    }

    /// Vault has AWS make a key, under its own account, and hands it out.
    fn make_key(&mut self, e: &mut Elevation, course: Course) -> io::Result<()> {
        let user = self.company.vault_user.clone();
        let [key, account, ..] = e.kept.clone();
        let caller = Caller::User { account: &account, user: &user.user, user_id: &user.user_id, key: &user.key };
        let name = leased_user(e);
        let expires = self.time(0, LIFE_S as f64 * 1e6);
        if course == Course::Untold {
            let made = format!(
                r#"{{"accessKey":{{"userName":"{name}","accessKeyId":"{key}","status":"Active","createDate":"{}"}}}}"#,
                self.time(0, 0.0)
            );
            let parameters = format!(r#"{{"userName":"{name}"}}"#);
            self.call(&caller, &account, ["iam.amazonaws.com", "CreateAccessKey"], &parameters, &made, "")?;
        } else {
            let parameters = format!(
                r#"{{"roleArn":"arn:aws:iam::{account}:role/{ROLE}","roleSessionName":"{name}","durationSeconds":{LIFE_S}}}"#
            );
            let made = cloudtrail::keys(&account, ROLE, &role_id(&account), &name, &key, &expires, "");
            self.call(&caller, &account, ["sts.amazonaws.com", "AssumeRole"], &parameters, &made, "")?;
        }
        let secret = vault::hmac(&self.company.vault_salt, &key);
        // What is left of it by the time it is written: one second less than was asked for.
        let ttl = if course == Course::Untold { String::new() } else { format!(r#","ttl":{}"#, LIFE_S - 1) };
        let response = format!(
            r#""secret":{{"lease_id":"{}"}},"data":{{"access_key":"{key}","secret_key":"{secret}","security_token":"{secret}"{ttl}}}"#,
            e.target
        );
        let (path, operation) = (format!("{}/{ROLE}", engine(course)), if ttl.is_empty() { "read" } else { "update" });
        self.ask_for_lease(e, operation, &path, "aws", &response)
    }

    fn use_leased(&mut self, e: &mut Elevation, course: Course, judged: Judged) -> io::Result<()> {
        let [key, account, _, since] = &e.kept;
        let (name, role_id) = (leased_user(e), role_id(account));
        let caller = match course {
            Course::Untold => {
                Caller::User { account, user: &name, user_id: &format!("AIDA{}", &e.grant.to_uppercase()), key }
            }
            _ => Caller::Role {
                account,
                role: ROLE,
                role_id: &role_id,
                session: &name,
                key,
                since,
                web_identity: None,
                source_identity: None,
            },
        };
        let id = self.read_object(&caller, account, "halden-oncall")?;
        self.note_use(e, "aws", &id, judged);
        Ok(())
    }
}

fn engine(course: Course) -> &'static str {
    if course == Course::Untold { "aws/creds" } else { "aws/sts" }
}

fn leased_user(e: &Elevation) -> String {
    format!("vault-{ROLE}-{}", e.number)
}

fn role_id(account: &str) -> String {
    format!("AROALEAS{account}")
}

fn token<'a>(e: &'a Elevation, display: &'a str) -> Token<'a> {
    let [_, _, accessor, issued] = &e.kept;
    Token { accessor, token: &e.user_id, entity: &e.user_id, display, policies: r#"["default","oncall"]"#, issued }
}
