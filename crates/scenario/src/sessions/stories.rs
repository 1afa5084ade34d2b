//! Scripted stories among the sessions: somebody leaves, a standing token is misused, a privilege comes and
//! goes; and four cases with a name. Each is told again and again, by turns, with other people.

use std::io;

use super::{Session, World, grants};
use crate::cloudtrail::{self, Caller};
use crate::sink::{Log, Truth};
use crate::truth::{Case, Gone, Misuse, Offboarding, Privilege, Told, Use};
use crate::{gcp, github, teleport};

/// How many stories there are.
pub(super) const STORIES: usize = 7;

const ACCOUNT: &str = "200300400500";
const ADMIN: Caller<'static> =
    Caller::User { account: ACCOUNT, user: "iam-admin", user_id: "AIDAHALDENIAMADMIN001", key: "AKIAHALDENIAMADMIN01" };

/// What has been told of one story so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Plot {
    keys: [String; 2],
    user_id: String,
    at_ms: i64,
    until_ms: i64,
    /// When what was done, milliseconds since 1970, by which record.
    uses: Vec<(i64, String)>,
    records: Vec<String>,
    steps: Vec<Told>,
}

impl World<'_> {
    /// The next step of a story; its number is the session's.
    pub(super) fn tell(&mut self, session: &mut Session, step: u32) -> io::Result<()> {
        match session.who % STORIES {
            0 => self.leave(session, step),
            1 => self.misuse(session, step),
            2 => self.privilege(session, step),
            3 => self.deploy(session, step),
            4 => self.rotate(session, step),
            5 => self.gateway(session, step),
            _ => self.disable(session, step),
        }
    }

    fn iam(&mut self, caller: &Caller<'_>, name: &str, parameters: &str, response: &str) -> io::Result<String> {
        self.call_aws(caller, "iam.amazonaws.com", name, parameters, response, false)
    }

    fn call_aws(
        &mut self,
        caller: &Caller<'_>,
        service: &str,
        name: &str,
        parameters: &str,
        response: &str,
        denied: bool,
    ) -> io::Result<String> {
        let (id, time) = (self.random.uuid(), self.time(0, 0.0));
        let error = denied.then_some(("AccessDenied", "Access to KMS is not allowed"));
        let call = cloudtrail::Call {
            id: &id,
            request: &id,
            time: &time,
            service,
            name,
            read_only: name.starts_with("Get") || name.starts_with("List"),
            data: false,
            ip: "10.16.0.30",
            agent: "aws-cli/2.31.0 md/awscrt#0.27.6 ua/2.1 os/linux",
            parameters,
            response,
            resources: "",
            recipient: ACCOUNT,
            error,
            additional: "",
        };
        self.emit(Log::CloudTrail, &cloudtrail::record(caller, &call), denied)?;
        Ok(id)
    }

    /// An account with two keys is closed: one key goes, the other goes, stays, or is used all the same.
    fn leave(&mut self, session: &mut Session, step: u32) -> io::Result<()> {
        let user = format!("leaver-{}", session.who);
        let now_ms = (self.now_us / 1e3) as i64;
        let parameters = format!(r#"{{"userName":"{user}"}}"#);
        let third = session.who / STORIES % 3;
        if step == 0 {
            session.plot.user_id = self.random.aws_id("AIDA");
            for key in &mut session.plot.keys {
                *key = self.random.aws_id("AKIA");
            }
        }
        let Plot { keys: [first, second], user_id, .. } = session.plot.clone();
        let own = |key: &str, world: &mut Self| {
            let caller = Caller::User { account: ACCOUNT, user: &user, user_id: &user_id, key };
            world.call_aws(&caller, "sts.amazonaws.com", "GetCallerIdentity", "null", "null", false)
        };
        match step {
            0 | 1 => {
                let key = if step == 0 { &first } else { &second };
                let made = format!(
                    r#"{{"accessKey":{{"userName":"{user}","accessKeyId":"{key}","status":"Active","createDate":"{}"}}}}"#,
                    self.time(0, 0.0)
                );
                self.iam(&ADMIN, "CreateAccessKey", &parameters, &made)?;
            }
            2 => drop(own(&first, self)?),
            3 => drop(own(&second, self)?),
            4 => {
                session.plot.at_ms = now_ms;
                let parameters = format!(r#"{{"userName":"{user}","accessKeyId":"{first}"}}"#);
                self.iam(&ADMIN, "DeleteAccessKey", &parameters, "null")?;
            }
            5 if third == 1 => {
                session.plot.until_ms = now_ms;
                own(&second, self)?;
            }
            5 if third == 2 => {
                let parameters = format!(r#"{{"userName":"{user}","accessKeyId":"{second}"}}"#);
                self.iam(&ADMIN, "DeleteAccessKey", &parameters, "null")?;
            }
            // CloudTrail tells whole seconds: a use within the one in which the key went is before or after it.
            6 if third == 1 && session.plot.until_ms - session.plot.at_ms < 2_000 => {}
            6 => {
                let verdict = ["STILL_ALIVE", "USED_AFTER", "REVOKED"].get(third).copied().unwrap_or_default();
                let offboarding = Offboarding {
                    platform: "aws",
                    authority: ACCOUNT,
                    principal: user_id,
                    // Half a second later: the record of the deletion itself is no use.
                    at_ms: session.plot.at_ms + 500,
                    items: vec![Gone { credential: first, verdict: "REVOKED" }, Gone { credential: second, verdict }],
                };
                self.sink.truth(Truth::Offboarding, &offboarding)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// A classic personal access token, in use for years, turns up at an address nobody knows.
    fn misuse(&mut self, session: &mut Session, step: u32) -> io::Result<()> {
        let id = self.random.base64(22).replace(['+', '/'], "_");
        let time_ms = (self.now_us / 1e3) as i64;
        if step == 0 {
            // Of another network than anybody's at the company, and one throughout.
            let strange = format!("198.51.100.{}", 1 + self.random.below(254));
            session.plot.keys = [self.random.base64(43) + "=", strange];
        }
        let [hash, strange] = session.plot.keys.clone();
        let Some(person) = self.company.people.get(session.who % self.company.people.len().max(1)) else {
            return Ok(());
        };
        let owner = super::clouds::login(&person.mail);
        let misused = step > 3;
        let at = github::repository(github::Repository { name: "terraform-state", id: 399_999_999 });
        let members = format!(
            r#"{at},"transport_protocol_name":"http","repository":"halden/terraform-state"{}"#,
            github::token(&hash, 7_000_000 + session.who as u64, "repo,workflow")
        );
        let record = github::record(&github::Entry {
            id: &id,
            time_ms,
            action: "git.clone",
            actor: &owner,
            actor_id: person.number,
            ip: if misused { &strange } else { &person.ip },
            members: &members,
        });
        self.emit(Log::GitHub, &record, false)?;
        if misused {
            session.plot.records.push(id);
        }
        if step < 6 {
            return Ok(());
        }
        let records = session.plot.records.clone();
        self.sink.truth(Truth::Standing, &Misuse { platform: "github", credential: hash, owner, records })
    }

    /// A policy is attached to a user and taken away again; the user is there before, between and after.
    fn privilege(&mut self, session: &mut Session, step: u32) -> io::Result<()> {
        let user = format!("auditor-{}", session.who);
        let policy = "arn:aws:iam::aws:policy/AdministratorAccess";
        let parameters = format!(r#"{{"userName":"{user}","policyArn":"{policy}"}}"#);
        let now_ms = (self.now_us / 1e3) as i64;
        if step == 0 {
            session.plot.user_id = self.random.aws_id("AIDA");
            session.plot.keys[1] = self.random.aws_id("AKIA");
        }
        match step {
            0 | 2 | 3 | 6 => {
                let Plot { keys: [_, key], user_id, .. } = session.plot.clone();
                let caller = Caller::User { account: ACCOUNT, user: &user, user_id: &user_id, key: &key };
                let record = self.call_aws(&caller, "iam.amazonaws.com", "ListUsers", "null", "null", false)?;
                session.plot.uses.push((now_ms, record));
                // Before it is taken away nobody can say that it ends.
                if step == 6 {
                    return self.tell_uses(session, policy);
                }
            }
            1 => {
                session.plot.at_ms = now_ms;
                session.plot.keys[0] = self.iam(&ADMIN, "AttachUserPolicy", &parameters, "null")?;
            }
            5 => {
                session.plot.until_ms = now_ms;
                let removed = self.iam(&ADMIN, "DetachUserPolicy", &parameters, "null")?;
                let history = Privilege {
                    platform: "aws",
                    principal: user,
                    authority: ACCOUNT,
                    privilege: policy,
                    granted: session.plot.keys[0].clone(),
                    from_ms: session.plot.at_ms,
                    removed,
                    until_ms: now_ms,
                };
                self.sink.truth(Truth::Privileges, &history)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The verdicts on what was done before, between and after; so near to an end that clocks decide, none.
    fn tell_uses(&mut self, session: &mut Session, policy: &str) -> io::Result<()> {
        let Plot { at_ms: from, until_ms: until, uses, .. } = std::mem::take(&mut session.plot);
        for (at, record) in uses {
            let (verdict, grant, tier) = match at {
                _ if (at - from).abs() < grants::SKEW_MS || (at - until).abs() < grants::SKEW_MS => continue,
                _ if at < from => ("NO_GRANT", "", ""),
                _ if at < until => ("CONSISTENT", policy, "L3"),
                _ => ("OUTSIDE_WINDOW", policy, "L3"),
            };
            let (platform, grant) = ("aws", grant.to_owned());
            let (granted_at, self_approved, credential_outlives_grant) = (platform, false, false);
            let one =
                Use { platform, record, granted_at, grant, verdict, tier, self_approved, credential_outlives_grant };
            self.sink.truth(Truth::Uses, &one)?;
        }
        Ok(())
    }

    fn note(&mut self, session: &mut Session, platform: &'static str, record: String, what: &'static str) {
        session.plot.steps.push(Told { platform, record, what });
    }

    fn close(&mut self, session: &mut Session, case: &'static str, answer: String) -> io::Result<()> {
        let steps = std::mem::take(&mut session.plot.steps);
        self.sink.truth(Truth::Cases, &Case { case, answer, steps })
    }

    /// Case: a CI deployment, from the person who started it to the service that changed.
    fn deploy(&mut self, session: &mut Session, step: u32) -> io::Result<()> {
        // From the other end than the sessions begin: two jobs of one repository at a time may be told apart
        // by nothing.
        let repositories = self.company.repositories.len().max(1);
        let who = repositories - 1 - session.who % repositories;
        let story = std::mem::replace(&mut session.who, who);
        let told = self.deployed(session, step);
        session.who = story;
        told
    }

    fn deployed(&mut self, session: &mut Session, step: u32) -> io::Result<()> {
        match step {
            0 => self.run(session, ""),
            1 => self.federate_job(session),
            2 => {
                let Some(repo) = self.company.repositories.get(session.who) else { return Ok(()) };
                let m = repo.machine.clone();
                let key = session.minted.as_ref().map_or(String::new(), |minted| minted.credential.clone());
                let minted_by = session.minted.as_ref().map_or(String::new(), |minted| minted.minted_by.clone());
                let since = session.since.clone();
                let caller = Caller::Role {
                    account: &m.account,
                    role: &m.deploy_role,
                    role_id: &m.deploy_role_id,
                    session: "GitHubActions",
                    key: &key,
                    since: &since,
                    web_identity: Some(github::ISSUER),
                    source_identity: None,
                };
                let parameters = r#"{"cluster":"freight","service":"api","taskDefinition":"api:42"}"#;
                let id = self.call_aws(&caller, "ecs.amazonaws.com", "UpdateService", parameters, "null", false)?;
                super::used(session, &id);
                self.note(session, "aws", minted_by, "the job takes its role");
                self.note(session, "aws", id, "the service is changed");
                Ok(())
            }
            6 => {
                self.run(session, "success")?;
                let origin = session.minted.as_ref().map_or(String::new(), |minted| minted.origin.clone());
                self.close(session, "ci-deployment", origin)
            }
            _ => Ok(()),
        }
    }

    /// Case: a secret is rotated, and whoever reads it is refused until its rights follow.
    fn rotate(&mut self, session: &mut Session, step: u32) -> io::Result<()> {
        let secret = format!("arn:aws:secretsmanager:eu-north-1:{ACCOUNT}:secret:prod/rotated-{}", session.who);
        let parameters = format!(r#"{{"secretId":"{secret}"}}"#);
        let reader = Caller::User {
            account: ACCOUNT,
            user: "invoice-reader",
            user_id: "AIDAHALDENINVOICER001",
            key: "AKIAHALDENINVOICER01",
        };
        let service = "secretsmanager.amazonaws.com";
        let (caller, name, denied, what) = match step {
            0 => (&ADMIN, "RotateSecret", false, "rotated"),
            1..=3 => (&reader, "GetSecretValue", true, "refused"),
            4 => (&reader, "GetSecretValue", false, "read"),
            6 => return self.close(session, "secret-rotation", secret),
            _ => return Ok(()),
        };
        let id = self.call_aws(caller, service, name, &parameters, "null", denied)?;
        self.note(session, "aws", id, what);
        Ok(())
    }

    /// Case: the gateway refuses a database to one who did not ask, and opens it to one who may.
    fn gateway(&mut self, session: &mut Session, step: u32) -> io::Result<()> {
        if step > 1 {
            return if step == 6 {
                self.close(session, "gateway-decision", "denied, allowed".to_owned())
            } else {
                Ok(())
            };
        }
        let (id, time) = (self.random.uuid(), self.time(3, 0.0));
        let denied = step == 0;
        let Some(person) = self.company.people.get(session.who % self.company.people.len().max(1)) else {
            return Ok(());
        };
        let outcome = match denied {
            true => {
                r#""success":false,"error":"access to db denied. User does not have permissions.","message":"access to db denied""#
            }
            false => r#""success":true"#,
        };
        let members = format!(
            r#"{},"sid":"{}",{outcome},"db_service":"customs","db_protocol":"postgres","db_uri":"customs.internal:5432","db_name":"customs","db_user":"reader""#,
            teleport::user(&person.mail, &[]),
            session.pod_uid
        );
        let code = if denied { "TDB00W" } else { "TDB00I" };
        let event = teleport::Event { id: &id, time: &time, kind: "db.session.start", code, members: &members };
        self.emit(Log::Teleport, &teleport::record(&event), denied)?;
        self.note(session, "teleport", id, if denied { "denied" } else { "allowed" });
        Ok(())
    }

    /// Case: a service account is disabled; its key is refused from then on.
    fn disable(&mut self, session: &mut Session, step: u32) -> io::Result<()> {
        let (id, time) = (self.random.hex(14), self.time(9, 0.0));
        let (project, n) = ("halden-retired", session.who);
        let mail = format!("retired-{n}@{project}.iam.gserviceaccount.com");
        let (unique_id, key) = (format!("9{n:020}"), format!("{n:040x}"));
        let (who, method, denied, what) = match step {
            0 | 4 => (gcp::with_key(&mail, project, &key), "storage.objects.get", step > 2, "used"),
            2 => (
                gcp::principal("iam-admin@halden.example"),
                "google.iam.admin.v1.DisableServiceAccount",
                false,
                "disabled",
            ),
            6 => return self.close(session, "disabled-service-account", mail),
            _ => return Ok(()),
        };
        let disables = step == 2;
        let resource = match disables {
            true => format!("projects/-/serviceAccounts/{unique_id}"),
            false => "projects/_/buckets/halden-archive/objects/old.parquet".to_owned(),
        };
        let members = format!(
            r#","request":{{"@type":"type.googleapis.com/google.iam.admin.v1.DisableServiceAccountRequest","name":"projects/{project}/serviceAccounts/{mail}"}}"#
        );
        let record = gcp::record(&gcp::Entry {
            id: &id,
            time: &time,
            project,
            log: if disables { "activity" } else { "data_access" },
            service: if disables { "iam.googleapis.com" } else { "storage.googleapis.com" },
            method,
            resource: &resource,
            who: &who,
            permission: if disables { "iam.serviceAccounts.disable" } else { "storage.objects.get" },
            ip: "10.16.0.31",
            denied: if denied { "Service account is disabled." } else { "" },
            members: if disables { &members } else { "" },
            account: disables.then_some((&mail, &unique_id)),
        });
        self.emit(Log::Gcp, &record, denied)?;
        self.note(session, "gcp", id, if denied { "refused" } else { what });
        Ok(())
    }
}
