//! Okta System Log events, after the vendor's LogEvent object.

/// Who acts.
#[derive(Clone, Copy, Debug)]
pub struct Actor<'a> {
    /// `00u...` of a user, `0oa...` of an application, `wlp...` of an agent.
    pub id: &'a str,
    /// `User`, `PublicClientApp`, `SystemPrincipal`, `WorkloadIdentityPrincipal`.
    pub kind: &'a str,
    /// Login name.
    pub login: &'a str,
}

/// One event.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// `uuid`.
    pub id: &'a str,
    /// `published`, RFC 3339 with milliseconds.
    pub time: &'a str,
    /// As in `user.session.start`.
    pub kind: &'a str,
    /// What the administrator's console shows.
    pub message: &'a str,
    /// Who acts.
    pub actor: Actor<'a>,
    /// Source address.
    pub ip: &'a str,
    /// Why it failed; empty for a success.
    pub failure: &'a str,
    /// `externalSessionId`; empty for none.
    pub session: &'a str,
    /// Id of the SSWS token; empty for none.
    pub api_token: &'a str,
    /// JSON objects, joined by commas.
    pub targets: &'a str,
    /// Further members of the debug data, each with a leading comma.
    pub debug: &'a str,
}

/// One event as a line of JSON.
pub fn record(event: &Event<'_>) -> String {
    let Event { id, time, kind, message, actor, ip, failure, session, api_token, targets, debug } = *event;
    let Actor { id: actor_id, kind: actor_kind, login } = actor;
    let session = if session.is_empty() { "null".to_owned() } else { format!(r#""{session}""#) };
    let (result, reason) = match failure {
        "" => ("SUCCESS", "null".to_owned()),
        failure => ("FAILURE", format!(r#""{failure}""#)),
    };
    let detail = match api_token {
        "" => String::new(),
        token => format!(r#""requestApiTokenId":"{token}""#),
    };
    let host = "halden.okta.com";
    format!(
        r#"{{"actor":{{"id":"{actor_id}","type":"{actor_kind}","alternateId":"{login}","displayName":"{login}","detailEntry":null}},"client":{{"userAgent":{{"rawUserAgent":"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0","os":"Linux","browser":"FIREFOX"}},"zone":"null","device":"Computer","id":null,"ipAddress":"{ip}","geographicalContext":null}},"device":null,"authenticationContext":{{"authenticationProvider":null,"credentialProvider":null,"credentialType":null,"issuer":null,"interface":null,"authenticationStep":0,"rootSessionId":{session},"externalSessionId":{session}}},"displayMessage":"{message}","eventType":"{kind}","outcome":{{"result":"{result}","reason":{reason}}},"published":"{time}","securityContext":{{"asNumber":null,"asOrg":null,"isp":null,"domain":null,"isProxy":null}},"severity":"INFO","debugContext":{{"debugData":{{"requestId":"{id}","requestUri":"/api/v1","url":"https://{host}/api/v1"{debug}}}}},"legacyEventType":null,"transaction":{{"type":"WEB","id":"{id}","detail":{{{detail}}}}},"uuid":"{id}","version":"0","request":{{"ipChain":[{{"ip":"{ip}","geographicalContext":null,"version":"V4","source":null}}]}},"target":[{targets}]}}"#
    )
}

/// A target of an event.
pub fn target(kind: &str, id: &str, name: &str) -> String {
    format!(r#"{{"id":"{id}","type":"{kind}","alternateId":"{name}","displayName":"{name}","detailEntry":null}}"#)
}

/// The token that a grant hands out, as a target.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    /// Its `jti`: `AT.` and a random text.
    pub id: &'a str,
    /// SHA-256 of the token, base64.
    pub hash: &'a str,
    /// Whose rights it carries.
    pub subject: &'a str,
    /// Space-separated.
    pub scope: &'a str,
    /// `sub` of the outermost `act` claim; empty for none.
    pub actor: &'a str,
    /// RFC 3339.
    pub expires: &'a str,
}

/// The token as a target, with what the vendor says of it: an `access_token` or an `id_token`.
pub fn token(kind: &str, token: &Token<'_>) -> String {
    let Token { id, hash, subject, scope, actor, expires } = *token;
    let name = if kind == "id_token" { "ID Token" } else { "Access Token" };
    let actor = match actor {
        "" => String::new(),
        sub => format!(r#","actor":{{"sub":"{sub}"}}"#),
    };
    format!(
        r#"{{"id":"{id}","type":"{kind}","alternateId":null,"displayName":"{name}","detailEntry":{{"expires":"{expires}","subject":"{subject}","scope":"{scope}","hash":"{hash}"{actor}}}}}"#
    )
}
