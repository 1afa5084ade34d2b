//! Vault audit entries, after the vendor's audit device reference: a request and a response each.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::put;

/// The token behind a call.
#[derive(Clone, Debug)]
pub struct Token<'a> {
    /// Its accessor, in the clear.
    pub accessor: &'a str,
    /// The token, in the clear; only its HMAC is written.
    pub token: &'a str,
    /// Entity.
    pub entity: &'a str,
    /// Display name.
    pub display: &'a str,
    /// JSON list of policies.
    pub policies: &'a str,
    /// When it was issued, RFC 3339.
    pub issued: &'a str,
}

/// One call.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// Request id: equal in both entries.
    pub id: &'a str,
    /// Time of the request, RFC 3339 with nanoseconds.
    pub time: &'a str,
    /// Time of the response.
    pub done: &'a str,
    /// `read`, `update`, `create`, ...
    pub operation: &'a str,
    /// Path without the leading slash.
    pub path: &'a str,
    /// Mount type, as in `kv`.
    pub mount: &'a str,
    /// Source address.
    pub ip: &'a str,
    /// Members of `request.data`, values already HMACed.
    pub data: &'a str,
    /// Members of `response`; empty for none.
    pub response: &'a str,
    /// Error of a call that failed.
    pub error: Option<&'a str>,
    /// The token that a login or a token creation hands out.
    pub issues: Option<&'a Token<'a>>,
}

/// What an audit device writes instead of a value.
pub fn hmac(salt: &str, value: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(salt.as_bytes()) else { return String::new() };
    mac.update(value.as_bytes());
    let mut out = String::from("hmac-sha256:");
    for byte in mac.finalize().into_bytes() {
        put(&mut out, format_args!("{byte:02x}"));
    }
    out
}

/// What some calls have besides.
#[derive(Clone, Copy, Debug, Default)]
pub struct More<'a> {
    /// Members of `auth.metadata`: what the auth method knows of whoever logged in.
    pub metadata: &'a str,
    /// Members of `request.headers`: headers that the operator has audited.
    pub headers: &'a str,
    /// Members of `request` about the client's certificate, each with a leading comma.
    pub certificate: &'a str,
}

/// The request entry and the response entry, a line each.
pub fn records(salt: &str, token: Option<&Token<'_>>, call: &Call<'_>) -> [String; 2] {
    records_with(salt, token, call, More::default())
}

/// The same, of a call that says more.
pub fn records_with(salt: &str, token: Option<&Token<'_>>, call: &Call<'_>, more: More<'_>) -> [String; 2] {
    [entry(salt, token, call, more, false), entry(salt, token, call, more, true)]
}

fn entry(salt: &str, token: Option<&Token<'_>>, call: &Call<'_>, more: More<'_>, response: bool) -> String {
    let mut out = String::with_capacity(2_048);
    let (kind, time) = if response { ("response", call.done) } else { ("request", call.time) };
    put(&mut out, format_args!("{{\"time\":\"{time}\",\"type\":\"{kind}\",\"auth\":{{"));
    if let Some(token) = token {
        auth(&mut out, salt, token, more.metadata);
        let allowed = call.error.is_none();
        put(&mut out, format_args!(",\"policy_results\":{{\"allowed\":{allowed}"));
        if allowed {
            put(
                &mut out,
                format_args!(
                    ",\"granting_policies\":[{{\"name\":\"default\",\"namespace_id\":\"root\",\"type\":\"acl\"}}]"
                ),
            );
        }
        out.push('}');
    }
    put(&mut out, format_args!("}},\"request\":{{\"id\":\"{}\"", call.id));
    if let Some(token) = token {
        put(
            &mut out,
            format_args!(
                ",\"client_id\":\"{}\",\"client_token\":\"{}\",\"client_token_accessor\":\"{}\"",
                token.entity,
                hmac(salt, token.token),
                hmac(salt, token.accessor)
            ),
        );
    }
    let mount_point =
        call.path.split_inclusive('/').take(if call.path.starts_with("auth/") { 2 } else { 1 }).collect::<String>();
    put(
        &mut out,
        format_args!(
            ",\"operation\":\"{}\",\"mount_point\":\"{mount_point}\",\"mount_type\":\"{}\",\"mount_running_version\":\"v1.21.0+builtin.vault\",\"mount_class\":\"secret\",\"namespace\":{{\"id\":\"root\"}},\"path\":\"{}\",\"data\":{{{}}},\"remote_address\":\"{}\",\"remote_port\":48212{}",
            call.operation, call.mount, call.path, call.data, call.ip, more.certificate
        ),
    );
    match more.headers {
        "" => out.push('}'),
        headers => put(&mut out, format_args!(",\"headers\":{{{headers}}}}}")),
    }
    if response {
        put(&mut out, format_args!(",\"response\":{{\"mount_type\":\"{}\"", call.mount));
        if call.error.is_none() {
            if let Some(issued) = call.issues {
                out.push_str(",\"auth\":{");
                auth(&mut out, salt, issued, more.metadata);
                out.push('}');
            }
            if !call.response.is_empty() {
                put(&mut out, format_args!(",{}", call.response));
            }
        }
        out.push('}');
    }
    if let Some(error) = call.error {
        put(&mut out, format_args!(",\"error\":\"{error}\""));
    }
    out.push('}');
    out
}

fn auth(out: &mut String, salt: &str, token: &Token<'_>, metadata: &str) {
    if !metadata.is_empty() {
        put(out, format_args!("\"metadata\":{{{metadata}}},"));
    }
    put(
        out,
        format_args!(
            "\"client_token\":\"{}\",\"accessor\":\"{}\",\"display_name\":\"{}\",\"policies\":{policies},\"token_policies\":{policies},\"entity_id\":\"{}\",\"token_type\":\"service\",\"token_ttl\":3600,\"token_issue_time\":\"{}\"",
            hmac(salt, token.token),
            hmac(salt, token.accessor),
            token.display,
            token.entity,
            token.issued,
            policies = token.policies
        ),
    );
}
