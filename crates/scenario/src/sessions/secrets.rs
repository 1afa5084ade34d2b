//! Vault: logins, leases and secrets.

use std::io;

use super::{DENIED_PERCENT, LEASED_KEY, Session, TOKEN, World, minted, used};
use crate::cloudtrail::{self, Caller};
use crate::company::Workload;
use crate::sink::Log;
use crate::vault::{self, Token};

impl World<'_> {
    /// A service account token becomes a Vault token: row 18.
    pub(super) fn log_in(&mut self, session: &mut Session) -> io::Result<()> {
        let id = self.random.uuid();
        let accessor = self.random.base64(24);
        let (time, done, issued) = (self.time(9, 0.0), self.time(9, 6_000.0), self.time(0, 0.0));
        let Some(w) = self.workload(session) else { return Ok(()) };
        let (display, policies) = vault_names(w);
        let token = Token {
            accessor: &accessor,
            token: &session.token,
            entity: &w.entity,
            display: &display,
            policies: &policies,
            issued: &issued,
        };
        let salt = &self.company.vault_salt;
        let data =
            format!("\"jwt\":\"{}\",\"role\":\"{}\"", vault::hmac(salt, &session.pod_uid), vault::hmac(salt, &w.name));
        let call = vault::Call {
            id: &id,
            time: &time,
            done: &done,
            operation: "update",
            path: "auth/kubernetes/login",
            mount: "kubernetes",
            ip: &session.ip,
            data: &data,
            response: "",
            error: None,
            issues: Some(&token),
        };
        let records = vault::records(salt, None, &call);
        let logged = vault::hmac(salt, &accessor);
        let holder = format!("{}/{}", w.namespace, w.name);
        self.emit_vault(&records, false)?;
        self.replace(session, "vault", &logged, &id, &holder, TOKEN);
        session.token = format!("{}\n{accessor}", session.token);
        Ok(())
    }

    /// Vault hands out AWS keys on a lease: row 20. The key shows in the clear, as with
    /// `audit_non_hmac_response_keys=access_key`.
    pub(super) fn lease(&mut self, session: &mut Session) -> io::Result<()> {
        let (key, lease) = (self.random.aws_id("AKIA"), self.random.base64(24).replace(['+', '/'], "x"));
        let (secret, suffix) = (self.random.base64(40), self.random.hex(8));
        let (id, request) = (self.random.uuid(), self.random.uuid());
        let Some(w) = self.workload(session) else { return Ok(()) };
        let path = format!("aws/creds/{}", w.name);
        let name = format!("vault-{}-{suffix}", w.name);
        let (user, account) = (&self.company.vault_user, w.account.clone());
        let response = format!(
            "\"secret\":{{\"lease_id\":\"{path}/{lease}\"}},\"data\":{{\"access_key\":\"{key}\",\"secret_key\":\"{}\",\"security_token\":null}}",
            vault::hmac(&self.company.vault_salt, &secret)
        );
        let time = self.time(0, 0.0);
        let parameters = format!("{{\"userName\":\"{name}\"}}");
        let made = format!(
            "{{\"accessKey\":{{\"userName\":\"{name}\",\"accessKeyId\":\"{key}\",\"status\":\"Active\",\"createDate\":\"{time}\"}}}}"
        );
        let call = cloudtrail::Call {
            id: &id,
            request: &request,
            time: &time,
            service: "iam.amazonaws.com",
            name: "CreateAccessKey",
            read_only: false,
            data: false,
            ip: "10.16.0.7",
            agent: "aws-sdk-go/1.55.8 (go1.25.1; linux; amd64) hashicorp-vault",
            parameters: &parameters,
            response: &made,
            resources: "",
            recipient: &account,
            error: None,
            additional: "",
        };
        let record = cloudtrail::record(
            &Caller::User { account: &account, user: &user.user, user_id: &user.user_id, key: &user.key },
            &call,
        );
        let origin = session.minted.as_ref().map_or("", |minted| &minted.origin).to_owned();
        session.earlier.push(minted("aws", &key, &id, &user.key, &name, &origin, LEASED_KEY));
        self.emit_aws(&record, false)?;
        self.ask_vault(session, "read", &path, "aws", &response, None)
    }

    pub(super) fn use_vault(&mut self, session: &mut Session) -> io::Result<()> {
        let denied = self.random.percent(DENIED_PERCENT);
        let at = self.random.below(30);
        let Some(w) = self.workload(session) else { return Ok(()) };
        let (operation, path, mount) = match at {
            0 => ("update", "auth/token/renew-self".to_owned(), "token"),
            1..4 => ("update", format!("transit/encrypt/{}", w.namespace), "transit"),
            4..6 => ("update", format!("transit/decrypt/{}", w.namespace), "transit"),
            _ => ("read", format!("secret/data/{}/{}-{at}", w.namespace, w.name), "kv"),
        };
        let error = denied.then_some("1 error occurred:\\n\\t* permission denied\\n\\n");
        self.ask_vault(session, operation, &path, mount, "", error)
    }

    pub(super) fn ask_vault(
        &mut self,
        session: &mut Session,
        operation: &str,
        path: &str,
        mount: &str,
        response: &str,
        error: Option<&str>,
    ) -> io::Result<()> {
        let id = self.random.uuid();
        let (time, done) = (self.time(9, 0.0), self.time(9, 2_000.0));
        let Some(w) = self.workload(session) else { return Ok(()) };
        let (display, policies) = vault_names(w);
        let (token, accessor) = session.token.split_once('\n').unwrap_or_default();
        let token = Token {
            accessor,
            token,
            entity: &w.entity,
            display: &display,
            policies: &policies,
            issued: &session.since,
        };
        let call = vault::Call {
            id: &id,
            time: &time,
            done: &done,
            operation,
            path,
            mount,
            ip: &session.ip,
            data: "",
            response,
            error,
            issues: None,
        };
        let records = vault::records(&self.company.vault_salt, Some(&token), &call);
        self.emit_vault(&records, error.is_some())?;
        used(session, &id);
        self.refused(session, "vault", &id, error.is_some())
    }

    pub(super) fn emit_vault(&mut self, records: &[String; 2], denied: bool) -> io::Result<()> {
        for record in records {
            self.emit(Log::Vault, record, denied)?;
        }
        Ok(())
    }
}

pub(super) fn vault_names(workload: &Workload) -> (String, String) {
    let display = format!("kubernetes-{}-{}", workload.namespace, workload.name);
    (display, format!("[\"default\",\"{}\"]", workload.name))
}
