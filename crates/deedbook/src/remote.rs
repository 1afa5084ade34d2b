//! `--server`: the same command, asked of a server. Which commands that are, and what they take there, is the table of
//! routes of the server itself: nothing is known about any of them here.

use std::io::{Read as _, Write as _};

use anyhow::Context as _;
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory as _};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use server::questions::{Argument, Format, Named, Route, routes};

use crate::cli::Arguments;
use crate::exit::{Missing, Usage};

/// The variable that holds the token.
pub(crate) const TOKEN: &str = "DEEDBOOK_TOKEN";

/// What is sent.
struct Request {
    route: &'static Route,
    url: String,
    accept: Option<Format>,
    body: Option<(&'static str, Vec<u8>)>,
}

/// Has a server run the command, prints what it answers, and gives the exit code.
pub(crate) fn run(matches: &ArgMatches, server: &str) -> anyhow::Result<u8> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the binary reads the environment: a token on the command line would be in the list of processes"
    )]
    let token = std::env::var(TOKEN).map_err(|_| Usage(format!("--server wants a token in {TOKEN}")))?;
    let request = request(matches, server, &mut || {
        let mut text = Vec::new();
        std::io::stdin().read_to_end(&mut text)?;
        Ok(text)
    })?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(send(request, &token))
}

async fn send(request: Request, token: &str) -> anyhow::Result<u8> {
    let Request { route, url, accept, body } = request;
    let method = reqwest::Method::from_bytes(route.method.as_str().as_bytes())?;
    let mut sent = reqwest::Client::builder().build()?.request(method, &url).bearer_auth(token);
    if let Some(format) = accept {
        sent = sent.header("accept", format.media_type());
    }
    if let Some((media_type, body)) = body {
        sent = sent.header("content-type", media_type).body(body);
    }
    let mut answer = sent.send().await.with_context(|| format!("ask {url}"))?;
    if !answer.status().is_success() {
        let status = answer.status();
        let body = answer.bytes().await.unwrap_or_default();
        return Err(problem(status, &body));
    }
    let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (exit, note) = (header("deedbook-exit"), header("deedbook-note"));
    let mut out = std::io::stdout().lock();
    while let Some(part) = answer.chunk().await.context("the answer broke off: it is not whole")? {
        out.write_all(&part)?;
    }
    out.flush()?;
    if let Some(note) = note {
        eprintln!("{}", percent_decode_str(&note).decode_utf8_lossy());
    }
    Ok(exit.and_then(|exit| exit.parse().ok()).unwrap_or(0))
}

/// What a server says is wrong, as the command itself would say it.
fn problem(status: reqwest::StatusCode, body: &[u8]) -> anyhow::Error {
    let members: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let member = |name: &str| members.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
    let (Some(code), Some(detail)) = (member("code"), member("detail")) else {
        return anyhow::anyhow!("the server answered {status}; is it a Deedbook server?");
    };
    match code.as_str() {
        "not-found" => Missing(detail).into(),
        "request-invalid" | "not-acceptable" => Usage(detail).into(),
        _ => anyhow::anyhow!("{detail} ({code})"),
    }
}

fn request(
    matches: &ArgMatches,
    server: &str,
    stdin: &mut dyn FnMut() -> anyhow::Result<Vec<u8>>,
) -> anyhow::Result<Request> {
    let mut command = Arguments::command();
    let (mut words, mut inner) = (Vec::new(), matches);
    while let Some((word, next)) = inner.subcommand() {
        command = command.find_subcommand(word).cloned().unwrap_or_default();
        words.push(word);
        inner = next;
    }
    let positional = command.get_positionals().next().map(|argument| argument.get_id().as_str().to_owned());
    let text = positional.as_deref().and_then(|id| raw(inner, id).pop());
    // `-` is standard input, which a route takes as a body.
    let is_piped = text.as_deref() == Some("-");
    let fits = |route: &&Route| route.command == words && (!is_piped || matches!(route.argument, Argument::Body(_)));
    let Some(route) = routes().iter().find(fits) else { return Err(local(&words).into()) };
    let mut named = Vec::new();
    for argument in command.get_arguments().filter(|argument| !argument.is_positional() && !argument.is_global_set()) {
        let id = argument.get_id().as_str();
        let given = matches!(inner.value_source(id), Some(ValueSource::CommandLine | ValueSource::EnvVariable));
        if !given || id == "format" {
            continue;
        }
        if !route.named_parameters().any(|parameter| parameter.name == id) {
            let message = format!("--{} is about a data folder, and means nothing with --server", id.replace('_', "-"));
            return Err(Usage(message).into());
        }
        named.extend(raw(inner, id).into_iter().map(|value| (id.to_owned(), value)));
    }
    let mut path = route.path.to_owned();
    let mut body = None;
    match (route.argument, text) {
        (Argument::Path(name), Some(text)) => path = path.replace(&format!("{{{name}}}"), &encoded(&text)),
        (Argument::Named(name), Some(text)) => named.push((name.to_owned(), text)),
        (Argument::Body(media_type), Some(text)) => {
            body = Some((media_type, if is_piped { stdin()? } else { text.into_bytes() }));
        }
        _ => {}
    }
    let mut url = format!("{}{path}", server.trim_end_matches('/'));
    match route.named {
        Named::Query if !named.is_empty() => {
            let pairs = named.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
            url = format!("{url}?{}", pairs.collect::<Vec<_>>().join("&"));
        }
        Named::Body if route.named_parameters().next().is_some() => {
            body = Some(("application/json", serde_json::to_vec(&members(named))?));
        }
        _ => {}
    }
    let wanted = raw(inner, "format").pop();
    let known = [Format::Json, Format::Ndjson, Format::Csv, Format::Table];
    let accept = wanted.and_then(|wanted| known.into_iter().find(|format| format.as_str() == wanted));
    Ok(Request { route, url, accept, body })
}

/// The values of an argument, as they were typed; `true` for a switch that was set.
fn raw(matches: &ArgMatches, id: &str) -> Vec<String> {
    let values = matches.try_get_raw(id).ok().flatten();
    values.map(|values| values.map(|value| value.to_string_lossy().into_owned()).collect()).unwrap_or_default()
}

/// Names with one value each, or with several.
fn members(named: Vec<(String, String)>) -> serde_json::Value {
    let mut members = serde_json::Map::new();
    for (name, value) in named {
        let values = members.entry(name).or_insert_with(|| serde_json::json!([]));
        if let Some(values) = values.as_array_mut() {
            values.push(value.into());
        }
    }
    members.into()
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn local(words: &[&str]) -> Usage {
    let mut known: Vec<String> = routes().iter().map(|route| route.command.join(" ")).collect();
    known.dedup();
    let command = words.join(" ");
    Usage(format!("`{command}` works on a data folder, and not over --server; there: {}", known.join(", ")))
}

#[cfg(test)]
mod tests {
    use clap::Command;

    use super::*;

    /// Options that mean nothing to somebody who asks from elsewhere.
    const LOCAL: [&str; 4] = ["timing", "checkpoint", "format", "key"];

    fn command(words: &[&str]) -> Command {
        words.iter().fold(Arguments::command(), |command, word| command.find_subcommand(word).unwrap().clone())
    }

    #[test]
    fn the_table_of_routes_says_what_the_command_line_takes() {
        for route in routes() {
            let command = command(route.command);
            let options = command.get_arguments().filter(|option| !option.is_positional() && !option.is_hide_set());
            let mut taken: Vec<&str> =
                options.map(|option| option.get_id().as_str()).filter(|id| !LOCAL.contains(id)).collect();
            let mut known: Vec<&str> = route.named_parameters().map(|parameter| parameter.name).collect();
            taken.sort_unstable();
            known.sort_unstable();
            assert_eq!(known, taken, "{}", route.path);
            assert_eq!(command.get_positionals().count() == 1, route.argument != Argument::None, "{}", route.path);
            let has_format = command.get_arguments().any(|argument| argument.get_id() == "format");
            assert_eq!(has_format, !route.formats.is_empty(), "{}", route.path);
        }
    }

    fn asked(arguments: &[&str]) -> anyhow::Result<(String, Option<String>)> {
        let all = ["deedbook", "--server", "http://h:1/"].iter().chain(arguments);
        let matches = Arguments::command().try_get_matches_from(all)?;
        let request = request(&matches, "http://h:1/", &mut || Ok(b"piped".to_vec()))?;
        let body = request.body.map(|(_, body)| String::from_utf8(body).unwrap());
        Ok((format!("{} {}", request.route.method.as_str(), request.url), body))
    }

    #[test]
    fn a_command_becomes_its_request() {
        let url = |arguments: &[&str]| asked(arguments).unwrap().0;
        assert_eq!(
            url(&["events", "--src-ip", "10.*", "--group", "--limit", "5"]),
            "GET http://h:1/v1/events?src_ip=10%2E%2A&group=true&limit=5"
        );
        assert_eq!(url(&["show", "a/b"]), "GET http://h:1/v1/events/a%2Fb");
        assert_eq!(url(&["who", "x y", "--since", "7d"]), "GET http://h:1/v1/who?since=7d&text=x%20y");
        assert_eq!(asked(&["who", "-"]).unwrap(), ("POST http://h:1/v1/who".to_owned(), Some("piped".to_owned())));
        assert_eq!(asked(&["sql", "SELECT 1"]).unwrap().1.unwrap(), "SELECT 1");
        assert_eq!(asked(&["sql", "-"]).unwrap().1.unwrap(), "piped");
        let made = asked(&["token", "create", "--name", "ci", "--scope", "read"]).unwrap();
        assert_eq!(made.1.unwrap(), r#"{"name":["ci"],"scope":["read"]}"#);
        for arguments in [&["init"][..], &["lake", "rebuild"], &["events", "--origin", "x", "--timing"]] {
            assert!(asked(arguments).is_err(), "{arguments:?}");
        }
        let message = asked(&["verify", "--checkpoint", "f"]).err().unwrap().to_string();
        assert!(message.contains("--checkpoint is about a data folder"), "{message}");
    }
}
