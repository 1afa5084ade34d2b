//! People who ask first: access requests of Teleport, reviews of hoop.dev, activations of a role in Entra.
//! Some use what they got too late, some were refused and act all the same, some never ask.

use std::io;

use super::{Session, World};
use crate::entra;
use crate::hoop;
use crate::sink::{Log, Truth};
use crate::teleport::{self, Request};
use crate::truth::{Granted, Use};

/// What a session's uses are allowed by.
#[derive(Clone, Debug, Default)]
pub(super) struct Leave {
    /// Id of the request.
    id: String,
    kind: Asked,
    begins_us: f64,
    ends_us: f64,
    /// Who decides.
    reviewer: String,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Asked {
    #[default]
    Approved,
    Denied,
    /// Nothing was asked for.
    Never,
}

/// What a person had on one platform before: of a use without a request, the nearest in time decides.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Had {
    /// When the last window ended.
    ended_us: Option<f64>,
    /// When the last refusal was said.
    denied_us: Option<f64>,
}

/// Uses so near to an end are left out of the truth: clocks may differ by that much.
const SKEW_US: f64 = 10e6;
pub(super) const SKEW_MS: i64 = 10_000;

impl World<'_> {
    /// Decides what is asked for and how it will end; every third window is over before the session is.
    fn ask(&mut self, session: &mut Session) {
        // By turns on each platform, so that each outcome comes up however few people ask.
        let turn = self.asked.entry(session.kind as usize).or_default();
        *turn += 1;
        let kind = match *turn % 8 {
            3 => Asked::Denied,
            6 => Asked::Never,
            _ => Asked::Approved,
        };
        let (random, pace) = (&mut self.random, self.pace_us);
        let short = random.percent(35);
        let length = if short { pace * f64::from(session.steps) * 0.5 } else { 3_600e6 };
        let other = (session.who + 1 + random.below(20) as usize) % self.company.people.len().max(1);
        let reviewer = self.company.people.get(other).map_or(String::new(), |person| person.mail.clone());
        let ends_us = self.now_us + length.max(60e6);
        session.leave = Leave { id: random.uuid(), kind, begins_us: f64::MAX, ends_us, reviewer };
    }

    fn granted(&mut self, session: &Session, platform: &'static str, who: &str, target: &str) -> io::Result<()> {
        let leave = &session.leave;
        let approved = leave.kind == Asked::Approved;
        let granted = Granted {
            platform,
            grant: leave.id.clone(),
            requester: who.to_owned(),
            beneficiary: who.to_owned(),
            target: target.to_owned(),
            approver: leave.reviewer.clone(),
            approved,
            not_before_ms: if approved { (leave.begins_us / 1e3) as i64 } else { 0 },
            not_after_ms: (leave.ends_us / 1e3) as i64,
        };
        self.sink.truth(Truth::Grants, &granted)
    }

    /// The verdict on a use: linked by the request itself, or by who and when.
    fn verdict(&mut self, session: &Session, platform: &'static str, record: &str, named: bool) -> io::Result<()> {
        let leave = &session.leave;
        let near = |at: f64| (self.now_us - at).abs() < SKEW_US;
        if leave.kind == Asked::Approved && (near(leave.begins_us) || near(leave.ends_us)) {
            return Ok(());
        }
        let (verdict, tier) = match leave.kind {
            Asked::Approved if self.now_us > leave.ends_us => ("OUTSIDE_WINDOW", if named { "L1" } else { "L3" }),
            Asked::Approved if named => ("PROVED", "L1"),
            Asked::Approved => ("CONSISTENT", "L3"),
            Asked::Denied => ("NOT_APPROVED", "L3"),
            Asked::Never => match self.had(platform, session.who) {
                Had { denied_us: None, ended_us: None } => ("NO_GRANT", ""),
                Had { denied_us: Some(denied), ended_us: Some(ended) } if (denied - ended).abs() < SKEW_US => {
                    return Ok(());
                }
                Had { denied_us, ended_us } if denied_us > ended_us => ("NOT_APPROVED", "L3"),
                Had { .. } => ("OUTSIDE_WINDOW", "L3"),
            },
        };
        let grant = if leave.kind == Asked::Never { String::new() } else { leave.id.clone() };
        let (self_approved, credential_outlives_grant) = (false, false);
        let record = record.to_owned();
        let one = Use {
            platform,
            record,
            granted_at: platform,
            grant,
            verdict,
            tier,
            self_approved,
            credential_outlives_grant,
        };
        self.sink.truth(Truth::Uses, &one)
    }

    fn had(&mut self, platform: &'static str, who: usize) -> Had {
        self.had.get(&(platform, who)).copied().unwrap_or_default()
    }

    /// Remembers the outcome once the session is over.
    pub(super) fn remember(&mut self, session: &Session) {
        let platform = match session.kind {
            super::Kind::Request => "teleport",
            super::Kind::Review => "hoop",
            super::Kind::Activation => "entra",
            _ => return,
        };
        let had = self.had.entry((platform, session.who)).or_default();
        let (last, at) = match session.leave.kind {
            Asked::Approved => (&mut had.ended_us, session.leave.ends_us),
            Asked::Denied => (&mut had.denied_us, session.leave.begins_us),
            Asked::Never => return,
        };
        *last = Some(last.map_or(at, |last| last.max(at)));
    }

    pub(super) fn teleport(&mut self, session: &mut Session, step: u32) -> io::Result<()> {
        if step == 0 {
            self.ask(session);
        }
        let step = if session.leave.kind == Asked::Never { step.max(3) } else { step };
        let (id, time) = (self.random.uuid(), self.time(3, 0.0));
        let ends = self.time(3, session.leave.ends_us - self.now_us);
        let Some(person) = self.company.people.get(session.who) else { return Ok(()) };
        let (user, ip) = (person.mail.clone(), person.ip.clone());
        let request = Request {
            id: &session.leave.id,
            user: &user,
            role: "database-reader",
            reason: "monthly figures",
            ends: &ends,
        };
        let approved = session.leave.kind == Asked::Approved;
        let requests: &[&str] = if approved { &[&session.leave.id] } else { &[] };
        let (kind, code, members) = match step {
            0 => ("access_request.create", "T5000I", teleport::asked(&request)),
            1 => {
                let state = if approved { "APPROVED" } else { "DENIED" };
                ("access_request.review", "T5002I", teleport::reviewed(&request, &session.leave.reviewer, state))
            }
            2 => {
                let certificate = teleport::certificate(&user, requests, &ends, &ip);
                ("cert.create", "TC000I", format!("{}{certificate}", teleport::user(&user, requests)))
            }
            _ => {
                let query = format!(
                    r#"{},"sid":"{}","success":true,"db_service":"freight","db_protocol":"postgres","db_uri":"freight.internal:5432","db_name":"freight","db_user":"reader","db_query":"SELECT 1""#,
                    teleport::user(&user, requests),
                    session.pod_uid
                );
                ("db.session.query", "TDB02I", query)
            }
        };
        let record = teleport::record(&teleport::Event { id: &id, time: &time, kind, code, members: &members });
        self.emit(Log::Teleport, &record, false)?;
        match step {
            1 => {
                session.leave.begins_us = self.now_us;
                self.granted(session, "teleport", &user, "database-reader")
            }
            0 | 2 => Ok(()),
            _ => self.verdict(session, "teleport", &id, true),
        }
    }

    pub(super) fn hoop(&mut self, session: &mut Session, step: u32) -> io::Result<()> {
        if step == 0 {
            self.ask(session);
            session.since = self.time(3, 0.0);
        }
        let step = if session.leave.kind == Asked::Never { step.max(2) } else { step };
        let (id, time) = (self.random.uuid(), self.time(3, 0.0));
        let Some(person) = self.company.people.get(session.who) else { return Ok(()) };
        let (user, user_id) = (person.mail.clone(), person.id.clone());
        let connection = format!("freight-{}", session.who % 12);
        if step >= 2 {
            let record = hoop::session(&hoop::Session {
                id: &id,
                user_id: &user_id,
                user: &user,
                verb: "exec",
                connection: &connection,
                begins: &time,
                ends: "",
                review: "",
            });
            self.emit(Log::Hoop, &record, false)?;
            return self.verdict(session, "hoop", &id, false);
        }
        let decided = step == 1;
        if decided {
            session.leave.begins_us = self.now_us;
            let seconds = ((session.leave.ends_us - self.now_us) / 1e6).max(60.0).floor();
            session.leave.ends_us = self.now_us + seconds * 1e6;
        }
        let status = match (decided, session.leave.kind) {
            (false, _) => "PENDING",
            (true, Asked::Approved) => "APPROVED",
            (true, _) => "REJECTED",
        };
        let reviewer = if decided { session.leave.reviewer.as_str() } else { "" };
        let record = hoop::review(&hoop::Review {
            id: &session.leave.id,
            session: &session.pod_uid,
            kind: "jit",
            status,
            owner_id: &user_id,
            owner: &user,
            connection: &connection,
            created: &session.since,
            seconds: ((session.leave.ends_us - self.now_us) / 1e6).round() as u64,
            reviewer,
            reviewed: if decided { &time } else { "" },
        });
        self.emit(Log::Hoop, &record, false)?;
        if decided { self.granted(session, "hoop", &user, &connection) } else { Ok(()) }
    }

    /// Privileged Identity Management, with approval.
    pub(super) fn activate(&mut self, session: &mut Session, step: u32) -> io::Result<()> {
        if step == 0 {
            self.ask(session);
            if session.leave.kind == Asked::Denied {
                session.leave.kind = Asked::Approved;
            }
        }
        let step = if session.leave.kind == Asked::Never { step.max(3) } else { step };
        let (id, time, ends) =
            (self.random.uuid(), self.time(6, 0.0), self.time(6, session.leave.ends_us - self.now_us));
        let Some(person) = self.company.people.get(session.who) else { return Ok(()) };
        let (user, user_id, ip) = (person.mail.clone(), object_id(&person.id), person.ip.clone());
        let reviewer = session.leave.reviewer.clone();
        let role = entra::target("Role", "fe930be7-5e62-47db-91af-98c3a49a38b1", "User Administrator", "");
        let subject = entra::target("User", &user_id, &user, "");
        let targets = format!("{role},{subject}");
        let details = [
            ("RoleDefinitionOriginType", "BuiltInRole"),
            ("StartTime", time.as_str()),
            ("ExpirationTime", ends.as_str()),
            ("Justification", "monthly review"),
            ("RequestId", session.leave.id.as_str()),
        ];
        let (activity, by) = match step {
            0 => ("Add member to role requested (PIM activation)", &user),
            1 => ("Add member to role approved (PIM activation)", &reviewer),
            2 => ("Add member to role completed (PIM activation)", &user),
            _ => ("Update user", &user),
        };
        let by_id = if step == 1 { object_id(by) } else { user_id.clone() };
        let is_use = step > 2;
        let other = entra::target("User", &object_id(&id), "mira.holm@halden.example", "");
        let envelope = entra::Envelope {
            time: &time,
            operation: activity,
            category: "AuditLogs",
            ip: &ip,
            correlation: &id,
            code: 0,
        };
        let record = entra::audit(
            &envelope,
            &entra::Audit {
                id: &id,
                category: if is_use { "UserManagement" } else { "RoleManagement" },
                activity,
                service: if is_use { "Core Directory" } else { "PIM" },
                user_id: &by_id,
                user: by,
                targets: if is_use { &other } else { &targets },
                details: if is_use { &[] } else { &details },
            },
        );
        self.emit(Log::Entra, &record, false)?;
        match step {
            2 => {
                session.leave.begins_us = self.now_us;
                self.granted(session, "entra", &user, "User Administrator")
            }
            0 | 1 => Ok(()),
            _ => self.verdict(session, "entra", &id, false),
        }
    }
}

/// An object id that is always the same for one name.
fn object_id(name: &str) -> String {
    let hash =
        |seed: u64| name.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
    let (a, b) = (hash(0xCBF2_9CE4_8422_2325), hash(0x9E37_79B9_7F4A_7C15));
    format!("{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}", a >> 32, (a >> 16) & 0xffff, a & 0xfff, b & 0xfff, b >> 16)
}
