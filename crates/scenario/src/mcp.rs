//! Messages of the Model Context Protocol, after its specification of 2025-06-18, as a gateway logs them: each
//! with the claims of the token that it checked.

/// What the gateway knows about every message of a session.
#[derive(Clone, Copy, Debug)]
pub struct Session<'a> {
    /// `Mcp-Session-Id`.
    pub id: &'a str,
    /// The server.
    pub server: &'a str,
    /// Issuer of the token.
    pub issuer: &'a str,
    /// `jti` of the token.
    pub token: &'a str,
    /// `client_id` of the token.
    pub client: &'a str,
    /// `sub` of the token.
    pub subject: &'a str,
    /// Address of the client.
    pub ip: &'a str,
}

/// A message from the client, RFC 3339 with milliseconds, and the JSON of it.
pub fn request(session: &Session<'_>, time: &str, message: &str) -> String {
    entry(session, time, "client_to_server", message, "")
}

/// The answer to a call of `method`.
pub fn response(session: &Session<'_>, time: &str, method: &str, message: &str) -> String {
    entry(session, time, "server_to_client", message, &format!(r#","method":"{method}","duration_ms":41.5"#))
}

fn entry(session: &Session<'_>, time: &str, direction: &str, message: &str, more: &str) -> String {
    let Session { id, server, issuer, token, client, subject, ip } = session;
    format!(
        r#"{{"timestamp":"{time}","direction":"{direction}","server_url":"{server}","session_id":"{id}","client_ip":"{ip}","user_agent":"shipping-agent/1.3","message":{message},"principal":{{"iss":"{issuer}","sub":"{subject}","client_id":"{client}","jti":"{token}","aud":"{server}","scope":"shipping.read"}}{more}}}"#
    )
}

/// The first message of a client.
pub fn initialize(id: u64) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"initialize","params":{{"protocolVersion":"2025-06-18","capabilities":{{}},"clientInfo":{{"name":"shipping-agent","version":"1.3"}}}}}}"#
    )
}

/// The answer to it.
pub fn initialized(id: u64) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"result":{{"protocolVersion":"2025-06-18","capabilities":{{"tools":{{}}}},"serverInfo":{{"name":"shipping","version":"4.0"}}}}}}"#
    )
}

/// The client is ready; a notification has no id.
pub const READY: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

/// A call of a tool, in a trace of 32 hex digits under a span of 16.
pub fn call(id: u64, tool: &str, trace: &str, span: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"{tool}","arguments":{{"day":"today"}},"_meta":{{"traceparent":"00-{trace}-{span}-01"}}}}}}"#
    )
}

/// What came of it; refused for want of a scope, or done.
pub fn answer(id: u64, refused: bool) -> String {
    match refused {
        true => {
            format!(
                r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":-32001,"message":"scope shipping.write is missing"}}}}"#
            )
        }
        false => format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[],"isError":false}}}}"#),
    }
}
