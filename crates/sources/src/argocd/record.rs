//! The forms of Argo CD's records, brought to one.

use std::borrow::Cow;

use crate::field::Text;
use crate::json::{Document, View};
use crate::{Probe, Reject};

/// Most names read of one line.
const PAIRS_MAX: usize = 128;

#[derive(Default)]
pub(super) struct Record<'a> {
    pub(super) time: Text<'a>,
    pub(super) level: Text<'a>,
    pub(super) message: Text<'a>,
    pub(super) error: Text<'a>,
    pub(super) id: Text<'a>,
    pub(super) service: Text<'a>,
    pub(super) method: Text<'a>,
    pub(super) code: Text<'a>,
    pub(super) duration_ms: Option<i64>,
    pub(super) from: Text<'a>,
    pub(super) user_agent: Text<'a>,
    pub(super) claims: Option<Claims<'a>>,
    pub(super) reason: Text<'a>,
    /// `Normal` or `Warning`, of what was done to an application.
    pub(super) kind: Text<'a>,
    pub(super) user: Text<'a>,
    pub(super) user_name: Text<'a>,
    pub(super) name: Text<'a>,
    pub(super) project: Text<'a>,
    pub(super) cluster: Text<'a>,
    pub(super) role: Text<'a>,
    pub(super) token: Text<'a>,
}

/// What the token of a call says, after it was checked.
#[derive(Default)]
pub(super) struct Claims<'a> {
    pub(super) subject: Text<'a>,
    pub(super) issuer: Text<'a>,
    pub(super) email: Text<'a>,
    pub(super) id: Text<'a>,
    pub(super) audience: Vec<Cow<'a, str>>,
    pub(super) issued_at: Option<i64>,
    pub(super) expires_at: Option<i64>,
}

impl<'a> Claims<'a> {
    /// Whether Argo CD made the token itself.
    pub(super) fn is_local(&self) -> bool {
        self.issuer.as_deref() == Some("argocd")
    }

    pub(super) fn protocol(&self) -> &'static str {
        if self.is_local() { "argocd" } else { "oidc" }
    }

    fn of(claims: View<'_, 'a>) -> Claims<'a> {
        let number = |pointer: &str| claims.get(pointer).and_then(|number| number.parse().ok());
        let mut audience: Vec<_> =
            claims.at("/aud").into_iter().flat_map(View::inside).filter_map(View::text).collect();
        audience.extend(claims.get("/aud"));
        Claims {
            subject: claims.get("/sub"),
            issuer: claims.get("/iss"),
            email: claims.any(&["/email", "/preferred_username"]),
            id: claims.get("/jti"),
            audience,
            issued_at: number("/iat"),
            expires_at: number("/exp"),
        }
    }

    /// Claims inside of a text, which do not outlive it.
    fn detached(self) -> Claims<'static> {
        let own = |text: Text<'_>| text.map(|text| Cow::Owned(text.into_owned()));
        Claims {
            subject: own(self.subject),
            issuer: own(self.issuer),
            email: own(self.email),
            id: own(self.id),
            audience: self.audience.into_iter().map(|text| Cow::Owned(text.into_owned())).collect(),
            issued_at: self.issued_at,
            expires_at: self.expires_at,
        }
    }
}

/// Whether an object is an event of Kubernetes that Argo CD wrote.
pub(super) fn is_event(probe: &Probe<'_>) -> bool {
    let source = probe.raw("source").map(Probe::new);
    let of_source = source.as_ref().and_then(|source| source.text("component"));
    let by = of_source.or_else(|| probe.text("reportingComponent")).or_else(|| probe.text("reportingController"));
    by.is_some_and(|by| by.starts_with("argocd"))
        && (probe.has("involvedObject") || probe.has("regarding"))
        && probe.has("reason")
}

/// Whether a text is a line of its log.
pub(super) fn begins(text: &str) -> bool {
    if !text.starts_with("time=") || !text.contains(" level=") {
        return false;
    }
    let has = |key: &str| text.contains(key);
    (has(" grpc.method=") && has(" grpc.service=")) || (has(" application=") && has(" reason=") && has(" dest-server="))
}

impl<'a> Record<'a> {
    pub(super) fn read(text: &'a str) -> Result<Option<Record<'a>>, Reject> {
        if !text.starts_with('{') {
            return Ok(begins(text).then(|| of_pairs(&pairs(text))));
        }
        let record = Document::read(text)?;
        if record.get("/kind").as_deref() == Some("Event") {
            return Ok(Some(of_event(&record)));
        }
        let mut read = of_pairs(&Fields(&record));
        if let Some(claims) = record.root().at("/grpc.request.claims").filter(|claims| claims.text().is_none()) {
            read.claims = Some(Claims::of(claims));
        }
        if let Some(content) = record.root().at("/grpc.request.content").filter(|content| content.text().is_none()) {
            read.content(content);
        }
        Ok((read.service.is_some() || read.reason.is_some()).then_some(read))
    }

    /// What was asked for.
    fn content(&mut self, content: View<'_, 'a>) {
        self.name = content.any(&[
            "/name",
            "/application/metadata/name",
            "/project/metadata/name",
            "/repo/repo",
            "/repo",
            "/server",
        ]);
        self.project = content.any(&["/project", "/application/spec/project", "/appProject"]);
        self.user_name = content.get("/username");
        self.role = content.get("/role");
        self.token = content.get("/id");
        self.cluster = content.get("/application/spec/destination/server");
    }
}

/// Names and values of a line, whatever its form.
trait Named<'a> {
    fn get(&self, name: &str) -> Text<'a>;
}

struct Fields<'d, 'a>(&'d Document<'a>);

impl<'a> Named<'a> for Fields<'_, 'a> {
    fn get(&self, name: &str) -> Text<'a> {
        self.0.get(&format!("/{name}"))
    }
}

impl<'a> Named<'a> for Vec<(&'a str, Cow<'a, str>)> {
    fn get(&self, name: &str) -> Text<'a> {
        self.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone()).filter(|value| !value.is_empty())
    }
}

fn of_pairs<'a>(line: &impl Named<'a>) -> Record<'a> {
    let any = |names: &[&str]| names.iter().find_map(|name| line.get(name));
    let millis = line.get("grpc.time_ms").and_then(|text| text.split('.').next()?.parse().ok());
    let mut record = Record {
        time: any(&["time", "grpc.start_time"]),
        level: line.get("level"),
        message: line.get("msg"),
        error: any(&["error", "grpc.error"]),
        service: line.get("grpc.service"),
        method: line.get("grpc.method"),
        code: line.get("grpc.code"),
        duration_ms: millis,
        from: any(&["source.ip", "peer.address", "grpc.peer.address"]),
        user_agent: any(&["grpc.request.user-agent", "user-agent"]),
        reason: line.get("reason"),
        kind: line.get("type"),
        user: line.get("user"),
        name: line.get("application"),
        project: line.get("project"),
        cluster: line.get("dest-server"),
        ..Record::default()
    };
    // Claims and content are JSON inside of a text.
    if let Some(claims) = line
        .get("grpc.request.claims")
        .and_then(|text| Document::read(&text).ok().map(|d| Claims::of(d.root()).detached()))
    {
        record.claims = Some(claims);
    }
    if let Some(text) = line.get("grpc.request.content")
        && let Ok(content) = Document::read(&text)
    {
        let mut asked = Record::default();
        asked.content(content.root());
        let own = |text: Text<'_>| text.map(|text| Cow::Owned(text.into_owned()));
        record.name = own(asked.name).or(record.name);
        record.project = own(asked.project).or(record.project);
        (record.user_name, record.role) = (own(asked.user_name), own(asked.role));
        (record.token, record.cluster) = (own(asked.token), own(asked.cluster).or(record.cluster));
    }
    record
}

/// An event of Kubernetes about an application.
fn of_event<'a>(record: &Document<'a>) -> Record<'a> {
    let message = record.any(&["/message", "/note"]);
    // `mira initiated sync to HEAD (3f2a...)`: what stands before the verb is whom Argo CD calls so.
    let user = message.as_deref().and_then(|message| {
        let end = [" initiated ", " deleted ", " created ", " updated ", " ran action "]
            .iter()
            .filter_map(|verb| message.find(verb))
            .min()?;
        message.get(..end).filter(|user| !user.is_empty() && !user.contains(' ')).map(str::to_owned)
    });
    Record {
        time: record.any(&["/eventTime", "/lastTimestamp", "/firstTimestamp", "/metadata/creationTimestamp"]),
        message,
        id: record.get("/metadata/uid"),
        reason: record.get("/reason"),
        kind: record.get("/type"),
        user: user.map(Cow::Owned),
        name: record.any(&["/involvedObject/name", "/regarding/name"]),
        ..Record::default()
    }
}

/// The pairs of a line in logfmt: values with spaces in quotes, with backslashes before quotes.
fn pairs(text: &str) -> Vec<(&str, Cow<'_, str>)> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while found.len() < PAIRS_MAX {
        let Some((key, after)) = rest.split_once('=') else { break };
        let key = key.rsplit(' ').next().unwrap_or(key);
        if let Some(inside) = after.strip_prefix('"') {
            let mut escaped = false;
            let end = inside.bytes().position(|byte| {
                let ends = byte == b'"' && !escaped;
                escaped = byte == b'\\' && !escaped;
                ends
            });
            let end = end.unwrap_or(inside.len());
            let (value, behind) = inside.split_at(end);
            // A text in quotes is written as JSON writes it.
            let value = match value.contains('\\') {
                true => {
                    serde_json::from_str::<String>(&format!("\"{value}\"")).map_or(Cow::Borrowed(value), Cow::Owned)
                }
                false => Cow::Borrowed(value),
            };
            found.push((key, value));
            rest = behind.strip_prefix('"').unwrap_or(behind).trim_start();
        } else {
            let (value, behind) = after.split_once(' ').unwrap_or((after, ""));
            found.push((key, Cow::Borrowed(value)));
            rest = behind.trim_start();
        }
    }
    found
}
