//! Workloads with an SVID, and workloads with a database user on a lease.

use std::io;

use super::{Session, TOKEN, World, minted, used};
use crate::sink::Log;
use crate::truth::Tiers;
use crate::vault::{self, Token};
use crate::{postgres, spire};

const CHAINED: Tiers = Tiers { issuance: "L1", parent: "L1", origin: "L1" };
/// A user by its name, which Vault showed in the clear: row 20.
const LEASED_USER: Tiers = Tiers { issuance: "L1", parent: "L1", origin: "L1" };

impl World<'_> {
    /// Row 35.
    pub(super) fn sign_svid(&mut self, session: &mut Session) -> io::Result<()> {
        let (id, entry) = (self.random.uuid(), self.random.uuid());
        let (time, expires) = (self.time(0, 0.0), self.time(0, 3_600e6));
        let serial = format!("1{:018}{:018}", self.random.below(1 << 59), self.random.below(1 << 59));
        let Some(w) = self.company.workloads.get(session.who) else { return Ok(()) };
        let workload = format!("spiffe://halden.example/ns/{}/sa/{}", w.namespace, w.name);
        let agent = format!("spiffe://halden.example/spire/agent/k8s_psat/prod/{}", session.node);
        let record = spire::signed(&spire::Signed {
            id: &id,
            time: &time,
            agent: &agent,
            workload: &workload,
            entry: &entry,
            serial: &serial,
            expires: &expires,
            ip: &session.ip,
        });
        session.minted = Some(minted("spire", &serial, &id, "", &workload, &workload, TOKEN));
        self.emit(Log::Spire, &record, false)
    }

    /// The serial number stands in both logs.
    pub(super) fn log_in_with_svid(&mut self, session: &mut Session) -> io::Result<()> {
        let (id, accessor) = (self.random.uuid(), self.random.base64(24));
        let (time, done, issued) = (self.time(9, 0.0), self.time(9, 6_000.0), self.time(0, 0.0));
        let Some(w) = self.company.workloads.get(session.who) else { return Ok(()) };
        let Some(svid) = session.minted.take() else { return Ok(()) };
        let serial = &svid.credential;
        let (display, policies) = super::secrets::vault_names(w);
        let token = Token {
            accessor: &accessor,
            token: &session.token,
            entity: &w.entity,
            display: &display,
            policies: &policies,
            issued: &issued,
        };
        let salt = &self.company.vault_salt;
        let call = vault::Call {
            id: &id,
            time: &time,
            done: &done,
            operation: "update",
            path: "auth/cert/login",
            mount: "cert",
            ip: &session.ip,
            data: &format!(r#""name":"{}""#, vault::hmac(salt, &w.name)),
            response: "",
            error: None,
            issues: Some(&token),
        };
        let more = vault::More {
            metadata: &format!(
                r#""cert_name":"{name}","common_name":"{name}","serial_number":"{serial}""#,
                name = w.name
            ),
            certificate: &format!(r#","client_certificate_serial_number":"{serial}""#),
            headers: "",
        };
        let records = vault::records_with(salt, None, &call, more);
        let logged = vault::hmac(salt, &accessor);
        let token = minted("vault", &logged, &id, serial, &svid.holder, &svid.origin, CHAINED);
        self.emit_vault(&records, false)?;
        let mut svid = svid;
        svid.uses += 1;
        svid.last_use = id;
        session.earlier.push(svid);
        session.minted = Some(token);
        session.since = self.time(0, 0.0);
        session.token = format!("{}\n{accessor}", session.token);
        Ok(())
    }

    /// Vault makes a user of the database: row 20. Its name shows in the clear, as with
    /// `audit_non_hmac_response_keys=username`.
    pub(super) fn lease_user(&mut self, session: &mut Session) -> io::Result<()> {
        let (random, lease) = (self.random.base64(20).replace(['+', '/'], "x"), self.random.hex(24));
        let Some(w) = self.company.workloads.get(session.who) else { return Ok(()) };
        let short = |text: &str| text.chars().take(8).collect::<String>();
        let (display, _) = super::secrets::vault_names(w);
        let (display, role) = (short(&display), short(&w.name));
        let user = format!("v-{display}-{role}-{random}-{}", (self.now_us / 1e6) as i64);
        let path = format!("database/creds/{}", w.name);
        let response = format!(
            r#""secret":{{"lease_id":"{path}/{lease}"}},"data":{{"username":"{user}","password":"{}"}}"#,
            vault::hmac(&self.company.vault_salt, &lease)
        );
        let parent = session.minted.as_ref().map_or(String::new(), |minted| minted.credential.clone());
        let origin = session.minted.as_ref().map_or(String::new(), |minted| minted.origin.clone());
        self.ask_vault(session, "read", &path, "database", &response, None)?;
        let by = session.minted.as_ref().map_or(String::new(), |minted| minted.last_use.clone());
        session.earlier.extend(session.minted.take());
        session.minted = Some(minted("postgres", &user, &by, &parent, &user, &origin, LEASED_USER));
        session.kept[0] = user;
        session.kept[1] = format!("{:x}.{:x}", (self.now_us / 1e6) as i64, 4_000 + self.totals.records % 60_000);
        Ok(())
    }

    pub(super) fn use_database(&mut self, session: &mut Session) -> io::Result<()> {
        const STATEMENTS: [(&str, &str, &str); 4] = [
            ("READ", "SELECT", "public.shipments"),
            ("READ", "SELECT", "public.invoices"),
            ("WRITE", "INSERT", "public.events"),
            ("WRITE", "UPDATE", "public.routes"),
        ];
        let denied = self.random.percent(super::DENIED_PERCENT);
        let (class, command, object) = *self.random.pick(&STATEMENTS);
        let time = self.time(3, 0.0).replace('T', " ").replace('Z', " UTC");
        let number = 2 + session.minted.as_ref().map_or(0, |minted| minted.uses);
        let [user, connection, _] = &session.kept;
        let (tag, severity, state, message) = match (number, denied) {
            (2, _) => {
                ("authentication", "LOG", "00000", format!("connection authorized: user={user} database=freight"))
            }
            (_, true) => (command, "ERROR", "42501", "permission denied for table salaries".to_owned()),
            (_, false) => (command, "LOG", "00000", postgres::audited(class, command, object)),
        };
        let denied = denied && number > 2;
        let record = postgres::record(&postgres::Line {
            time: &time,
            session: connection,
            number,
            process: 4_000 + number,
            user,
            database: "freight",
            ip: &session.ip,
            tag,
            severity,
            state,
            message: &message,
            application: "freight-api",
        });
        let id = format!("{connection}/{number}");
        self.emit(Log::Postgres, &record, denied)?;
        used(session, &id);
        self.refused(session, "postgres", &id, denied)
    }
}
