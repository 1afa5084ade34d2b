//! The shape of a tenant's log event, as the Management API lists it and as a log stream delivers it in `data`.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::field::texts;
use crate::json;

texts! {
    Log {
        log_id: "log_id",
        id: "_id",
        date: "date",
        kind: "type",
        description: "description",
        tenant: "tenant_name",
        environment: "environment_name",
        hostname: "hostname",
        client: "client_id",
        client_name: "client_name",
        user: "user_id",
        user_name: "user_name",
        agent_id: "agent_id",
        organization: "organization_id",
        connection: "connection",
        strategy: "strategy",
        audience: "audience",
        ip: "ip",
        client_ip: "client_ip",
        agent: "user_agent",
        session: "session_id",
    } and {
        #[serde(borrow, default, deserialize_with = "json::texts")]
        scope: Vec<Cow<'a, str>>,
        #[serde(borrow, default, deserialize_with = "json::object")]
        details: Option<Details<'a>>,
        #[serde(borrow, default, deserialize_with = "json::object")]
        location_info: Option<Place<'a>>,
    }
}

texts! {
    Place { country: "country_code", }
}

texts! {
    Details {
        session: "session_id",
    } and {
        #[serde(rename = "error", borrow, default)]
        error: Option<&'a RawValue>,
        #[serde(borrow, default, deserialize_with = "json::object")]
        request: Option<Request<'a>>,
        #[serde(borrow, default, deserialize_with = "json::object")]
        response: Option<Response<'a>>,
    }
}

texts! {
    Failure { message: "message", oauth: "oauthError", code: "error", reason: "reason", kind: "type", }
}

texts! {
    /// A call of the Management API.
    Request {
        method: "method",
        path: "path",
        ip: "ip",
        agent: "userAgent",
        channel: "channel",
    } and {
        #[serde(borrow, default, deserialize_with = "json::object")]
        auth: Option<Auth<'a>>,
        #[serde(borrow, default)]
        body: Option<&'a RawValue>,
    }
}

/// Who made a call, and with what.
#[derive(Default, Deserialize)]
pub(super) struct Auth<'a> {
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) user: Option<User<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) credentials: Option<Token<'a>>,
}

texts! {
    User { id: "user_id", email: "email", name: "name", }
}

texts! {
    /// The token that a call was made with.
    Token { jti: "jti", } and {
        #[serde(borrow, default, deserialize_with = "json::texts")]
        scopes: Vec<Cow<'a, str>>,
    }
}

texts! {
    Response { status: "statusCode", } and {
        #[serde(borrow, default)]
        body: Option<&'a RawValue>,
    }
}

texts! {
    /// What bodies of requests and answers are read for; all other fields of a body are left alone.
    Body {
        id: "id",
        client: "client_id",
        audience: "audience",
        status: "status",
        expires: "expires_at",
    } and {
        #[serde(borrow, default, deserialize_with = "json::texts")]
        roles: Vec<Cow<'a, str>>,
        #[serde(borrow, default, deserialize_with = "json::texts")]
        users: Vec<Cow<'a, str>>,
        #[serde(borrow, default, deserialize_with = "json::texts")]
        members: Vec<Cow<'a, str>>,
        #[serde(borrow, default, deserialize_with = "json::texts")]
        scope: Vec<Cow<'a, str>>,
    }
}

/// A body that is an object.
pub(super) fn body<'a>(raw: Option<&'a RawValue>) -> Body<'a> {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

/// An error: an object, a text, or a text that holds an object.
pub(super) fn failure<'a>(details: &Details<'a>) -> Failure<'a> {
    let Some(raw) = details.error.map(RawValue::get) else { return Failure::default() };
    if let Ok(inside) = serde_json::from_str(raw) {
        return inside;
    }
    let text: Option<Cow<'a, str>> = serde_json::from_str::<String>(raw).ok().map(Cow::Owned);
    Failure { message: text, ..Failure::default() }
}
