//! What an event type means: class, activity, access, outcome, and of an exchange what was handed in.

use model::{Access, Status};

use crate::fill::{Act, act};

/// What a type says by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) act: Act,
    pub(super) status: Status,
    /// The grant by which a token was asked for.
    pub(super) grant: Option<&'static str>,
}

const fn kind(act: Act, status: Status) -> Kind {
    Kind { act, status, grant: None }
}

/// Exchanges of something for tokens: the part of the type behind `s` or `f`, and the grant.
const EXCHANGES: [(&str, &str); 19] = [
    ("eacft", "authorization_code"),
    ("deleacft", "authorization_code"),
    ("eccft", "client_credentials"),
    ("ertft", "refresh_token"),
    ("errt", "refresh_token"),
    ("epft", "password"),
    ("ede", "urn:ietf:params:oauth:grant-type:device_code"),
    ("ecte", "urn:ietf:params:oauth:grant-type:token-exchange"),
    ("eoobft", "mfa-oob"),
    ("eotpft", "mfa-otp"),
    ("ercft", "mfa-recovery-code"),
    ("epotpft", "passwordless-otp"),
    ("epkoobft", "passkey"),
    ("epasskeyft", "passkey"),
    ("eciba", "urn:openid:params:grant-type:ciba"),
    ("ens", "social-token"),
    ("d", "delegation"),
    ("success_on_behalf_of_token_exchange", "urn:ietf:params:oauth:grant-type:token-exchange"),
    ("failed_on_behalf_of_token_exchange", "urn:ietf:params:oauth:grant-type:token-exchange"),
];

/// Reads a type.
pub(super) fn of(name: &str) -> Kind {
    if let Some(found) = exchange(name) {
        return found;
    }
    let (success, failure) = (Status::Success, Status::Failure);
    let sign_in = act(3002, 1, Access::Authenticate);
    match name {
        "s" | "scoa" | "ssa" => kind(sign_in, success),
        "f" | "fp" | "fu" | "fc" | "fco" | "fcoa" | "fsa" | "fapi_login" | "pwd_leak" | "limit_wc" | "limit_mu"
        | "limit_sul" | "pla_blocked" => kind(sign_in, failure),
        "slo" | "oidc_backchannel_logout_succeeded" => kind(act(3002, 2, Access::Authenticate), success),
        "flo" | "oidc_backchannel_logout_failed" => kind(act(3002, 2, Access::Authenticate), failure),
        "ss" | "si" => kind(act(3007, 1, Access::Create), success),
        "fs" | "fi" | "signup_pwd_leak" => kind(act(3007, 1, Access::Create), failure),
        "sdu" => kind(act(3007, 3, Access::Delete), success),
        "fdu" => kind(act(3007, 3, Access::Delete), failure),
        "scp" | "scpr" | "sce" | "scu" | "scpn" | "sv" | "svr" => kind(user_change(name), success),
        "fcp" | "fcpr" | "fce" | "fcu" | "fcpn" | "fv" | "fvr" | "reset_pwd_leak" | "fcph" => {
            kind(user_change(name), failure)
        }
        "ublkdu" => kind(act(3007, 7, Access::Modify), success),
        "srrt" => kind(act(3007, 19, Access::Delete), success),
        "sapi" | "mgmt_api_read" => kind(Act::api(Access::Other), success),
        "fapi" => kind(Act::api(Access::Other), failure),
        "w" | "depnote" => kind(act(6003, 99, Access::Other), Status::Other),
        "api_limit" | "limit_delegation" | "appi" => kind(act(6003, 99, Access::Other), failure),
        _ => by_words(name),
    }
}

fn exchange(name: &str) -> Option<Kind> {
    let words = name.contains("_exchange_") && !name.starts_with("passkey");
    let (rest, status) = match name.as_bytes() {
        _ if name.starts_with("success_") => (name, Status::Success),
        _ if name.starts_with("failed_") => (name, Status::Failure),
        _ if words && name.ends_with("_succeeded") => (name, Status::Success),
        _ if words && name.ends_with("_failed") => (name, Status::Failure),
        [b's', ..] => (name.get(1..)?, Status::Success),
        [b'f', ..] => (name.get(1..)?, Status::Failure),
        _ => return None,
    };
    let known = EXCHANGES.iter().find(|(code, _)| *code == rest).map(|(_, grant)| *grant);
    let by_form = rest.starts_with('e') && rest.ends_with("ft");
    let grant = match known {
        Some(grant) => grant,
        None if name.starts_with("idjag") => "urn:ietf:params:oauth:grant-type:jwt-bearer",
        None if name.starts_with("jwt_bearer") => "urn:ietf:params:oauth:grant-type:jwt-bearer",
        None if by_form || words => "other",
        None => return None,
    };
    let activity = if grant == "refresh_token" { 5 } else { 3 };
    Some(Kind { act: act(3002, activity, Access::Issue), status, grant: Some(grant) })
}

/// Passwords, addresses and names of users.
fn user_change(name: &str) -> Act {
    match name {
        "scp" | "fcp" | "fcph" => act(3007, 8, Access::Modify),
        "scpr" | "fcpr" | "reset_pwd_leak" => act(3007, 9, Access::Modify),
        _ => act(3007, 2, Access::Modify),
    }
}

/// Types with names of several words: second factors, keys, provisioning.
fn by_words(name: &str) -> Kind {
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let status = if has(&["fail", "reject", "error"]) || name.starts_with("limit_") {
        Status::Failure
    } else if has(&["succe", "complete", "sent", "send_", "created", "gd_", "finish", "auth_"]) || name.starts_with('s')
    {
        Status::Success
    } else {
        Status::Unknown
    };
    let found = match name {
        "gd_auth_succeed"
        | "gd_auth_failed"
        | "gd_auth_rejected"
        | "gd_recovery_succeed"
        | "gd_recovery_failed"
        | "gd_otp_rate_limit_exceed"
        | "gd_recovery_rate_limit_exceed" => act(3002, 1, Access::Authenticate),
        "gd_start_auth" | "gd_send_pn" | "gd_send_sms" | "gd_send_voice" | "gd_send_email" => {
            act(3002, 6, Access::Authenticate)
        }
        _ if name.starts_with("gd_send_") || name.starts_with("gd_start_auth") => act(3002, 6, Access::Authenticate),
        "gd_enrollment_complete" => act(3007, 12, Access::Modify),
        "gd_unenroll" => act(3007, 13, Access::Modify),
        "gd_user_delete" => act(3007, 13, Access::Delete),
        _ if name.starts_with("gd_tenant") || name.starts_with("gd_update") => Act::entity(Access::Modify),
        _ if name.starts_with("kms_") => Act::entity(Access::Modify),
        "cls" | "cs" => act(3002, 6, Access::Authenticate),
        _ => act(6003, 99, Access::Other),
    };
    kind(found, status)
}
