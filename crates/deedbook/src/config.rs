//! The settings of `deedbook serve`: a TOML file, and what the command line says on top of it.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Context as _;
use server::{Config, Secret, Webhook};

use crate::cli::Serve;
use crate::commands::followed;
use crate::exit::Usage;

/// The settings of a server.
///
/// # Errors
/// When the file cannot be read, or sets something that is not known: with its line, and what may have been meant.
pub(crate) fn of(serve: &Serve) -> anyhow::Result<Config> {
    let mut config = serve.config.as_deref().map_or_else(|| Ok(Config::default()), read)?;
    if !serve.listen.is_empty() {
        config.listen.clone_from(&serve.listen);
    }
    config.plain |= serve.plain;
    for text in &serve.webhook {
        config.webhook.push(webhook(text)?);
    }
    config.check().map_err(Usage)?;
    followed::check(&config.follow)?;
    if let Some(open) = config.plain_addresses().find(|address| !address.ip().is_loopback())
        && !config.plain
    {
        let message = format!(
            "{open} is reached from other machines, and tokens and records would go over the wire in the clear: set [tls], or say --plain"
        );
        return Err(Usage(message).into());
    }
    Ok(config)
}

/// Reads a file of settings.
pub(crate) fn read(path: &Path) -> anyhow::Result<Config> {
    let text = std::fs::read_to_string(path).with_context(|| format!("settings {}", path.display()))?;
    parse(&text).map_err(|error| Usage(format!("settings {}: {error}", path.display())).into())
}

fn parse(text: &str) -> Result<Config, String> {
    toml::from_str(text).map_err(|error| {
        let message = error.to_string();
        match meant(error.message()) {
            Some(name) => format!("{}\ndid you mean `{name}`?", message.trim_end()),
            None => message,
        }
    })
}

/// The known name that an unknown one is closest to, read off the list in the message.
fn meant(message: &str) -> Option<String> {
    let mut quoted = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    let given = quoted.next()?;
    let close = quoted.map(|name| (strsim::damerau_levenshtein(given, name), name)).min()?;
    (close.0 <= given.len().div_ceil(3)).then(|| close.1.to_owned())
}

/// The values of all secrets that the settings name, by how they name them.
///
/// # Errors
/// When one is not there, or is empty.
pub(crate) fn secrets(config: &Config) -> anyhow::Result<HashMap<String, String>> {
    let value = |secret: &Secret| {
        let value = match secret {
            #[expect(clippy::disallowed_methods, reason = "the binary alone reads the environment")]
            Secret::Env(name) => std::env::var(name).with_context(|| format!("secret {secret}"))?,
            Secret::File(path) => {
                let read = std::fs::read_to_string(path).with_context(|| format!("secret {secret}"))?;
                read.trim_end().to_owned()
            }
        };
        if value.is_empty() {
            return Err(Usage(format!("secret {secret} is empty")).into());
        }
        Ok((secret.to_string(), value))
    };
    config.secrets().map(value).collect()
}

/// `SOURCE=env:NAME` or `SOURCE=file:PATH`: a secret on the command line would be in the list of processes.
fn webhook(text: &str) -> Result<Webhook, Usage> {
    // What was given may be the secret itself: its source is all that is said again.
    let source = text.split_once('=').map_or("...", |(source, _)| source);
    let wrong = || Usage(format!("--webhook `{source}` is not SOURCE=env:NAME or SOURCE=file:PATH"));
    let (_, place) = text.split_once('=').ok_or_else(wrong)?;
    let secret = Secret::try_from(place.to_owned()).map_err(|_| wrong())?;
    Ok(Webhook { source: source.to_owned(), secret, kind: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_setting_is_refused_with_its_line_and_what_may_be_meant() {
        let error = parse("plain = true\n[limits]\nbody_byte_max = 1\n").unwrap_err();
        assert!(error.contains("line 3"), "{error}");
        assert!(error.contains("did you mean `body_bytes_max`?"), "{error}");
        let error = parse("zebra = 1\n").unwrap_err();
        assert!(!error.contains("did you mean"), "{error}");
    }

    #[test]
    fn a_secret_in_the_settings_is_refused_and_not_repeated() {
        let error = parse("[[webhook]]\nsource = \"gh\"\nsecret = \"hunter2\"\n").unwrap_err();
        assert!(error.contains("env:NAME"), "{error}");
    }

    #[test]
    fn the_defaults_read_back_as_themselves() {
        let text = toml::to_string(&Config::default()).unwrap();
        assert_eq!(parse(&text).unwrap(), Config::default());
    }
}
