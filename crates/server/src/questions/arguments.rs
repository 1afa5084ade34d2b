//! The arguments that become of a request. Nothing foreign ever becomes an option: a value stands behind `--name=` or
//! behind `--`, and a name that is not in the table is refused.

use std::borrow::Cow;

use serde_json::Value;

use super::{Argument, Format, Named, Parameter, Route, Takes};
use crate::problem::Problem;

/// A name and its value, as the caller gave them.
pub(super) type Pair = (String, String);

/// The pairs of a query.
pub(super) fn of_query(query: &str) -> Vec<Pair> {
    let decoded = |text: &str| -> String {
        let spaced = text.replace('+', " ");
        let decoded: Cow<'_, str> = percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy();
        decoded.into_owned()
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

/// The pairs of a JSON object.
pub(super) fn of_body(body: &[u8]) -> Result<Vec<Pair>, Problem> {
    let wrong = || Problem::invalid("the body is no JSON object of names and values");
    let Ok(Value::Object(members)) = serde_json::from_slice(body) else { return Err(wrong()) };
    let plain = |value: Value| match value {
        Value::String(text) => Ok(text),
        Value::Bool(switch) => Ok(switch.to_string()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(wrong()),
    };
    let mut pairs = Vec::new();
    for (name, value) in members {
        match value {
            Value::Null => {}
            Value::Array(values) => {
                for value in values {
                    pairs.push((name.clone(), plain(value)?));
                }
            }
            value => pairs.push((name, plain(value)?)),
        }
    }
    Ok(pairs)
}

/// All arguments of the command.
///
/// # Errors
/// Invalid: a name that the route does not know, a value that is not what it takes, one that is missing.
pub(super) fn of(
    route: &Route,
    path: &[(&str, &str)],
    named: &[Pair],
    format: Option<Format>,
) -> Result<Vec<String>, Problem> {
    let mut arguments: Vec<String> = route.command.iter().map(|word| (*word).to_owned()).collect();
    let by_itself = match route.argument {
        Argument::Named(name) => Some(name),
        _ => None,
    };
    for (name, value) in named {
        if value.contains('\0') {
            return Err(Problem::invalid(format!("`{}` has a byte that is 0", shown(name))));
        }
        if by_itself == Some(name.as_str()) {
            continue;
        }
        let Some(parameter) = route.named_parameters().find(|parameter| parameter.name == name) else {
            return Err(unknown(route, name));
        };
        let count = named.iter().filter(|(other, _)| other == name).count();
        if count > 1 && parameter.takes != Takes::Texts {
            return Err(Problem::invalid(format!("`{name}` is given {count} times")));
        }
        arguments.extend(option(parameter, value)?);
    }
    let given = |name: &str| named.iter().filter(|(other, value)| other == name && !value.is_empty()).count();
    let lacking = route.named_parameters().find(|parameter| parameter.required && given(parameter.name) == 0);
    if let Some(lacking) = lacking {
        return Err(Problem::invalid(format!("`{}` is missing: {}", lacking.name, lacking.about)));
    }
    arguments.extend(format.map(|format| format!("--output={}", format.as_str())));
    let text = match route.argument {
        Argument::None => None,
        Argument::Body(_) => Some("-"),
        Argument::Path(name) => path.iter().find(|(other, _)| *other == name).map(|(_, value)| *value),
        Argument::Named(name) => {
            if given(name) != 1 {
                return Err(Problem::invalid(format!("`{name}` is to be given once")));
            }
            named.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
        }
    };
    // `-` alone is standard input to a command: only a body is.
    if let Some("-" | "") = text
        && !matches!(route.argument, Argument::Body(_))
    {
        return Err(Problem::invalid("an empty text or `-` names nothing"));
    }
    if let Some(text) = text {
        if text.contains('\0') {
            return Err(Problem::invalid("the path has a byte that is 0"));
        }
        arguments.extend(["--".to_owned(), text.to_owned()]);
    }
    Ok(arguments)
}

fn option(parameter: &Parameter, value: &str) -> Result<Option<String>, Problem> {
    let Parameter { name, takes, .. } = parameter;
    let flag = name.replace('_', "-");
    let wrong = |what: String| Err(Problem::invalid(format!("`{name}` is {what}, not `{}`", shown(value))));
    match takes {
        Takes::Switch => match value {
            "true" => Ok(Some(format!("--{flag}"))),
            "false" => Ok(None),
            _ => wrong("true or false".to_owned()),
        },
        Takes::Count if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) || value.len() > 18 => {
            wrong("a number from 0 on".to_owned())
        }
        Takes::One(known) if !known.contains(&value) => wrong(format!("one of {}", known.join(", "))),
        _ => Ok(Some(format!("--{flag}={value}"))),
    }
}

fn unknown(route: &Route, name: &str) -> Problem {
    let by_itself = match route.argument {
        Argument::Named(name) => Some(name),
        _ => None,
    };
    let known: Vec<&str> = by_itself.into_iter().chain(route.named_parameters().map(|known| known.name)).collect();
    let place = match route.named {
        Named::Query => "parameter",
        Named::Body => "member",
    };
    let known = if known.is_empty() { "none is".to_owned() } else { format!("known are {}", known.join(", ")) };
    Problem::invalid(format!("{place} `{}` is not known; {known}", shown(name)))
}

/// The beginning of what somebody sent.
fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}
