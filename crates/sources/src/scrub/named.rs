//! Values behind names: headers, cookies, parameters, fields, pairs of a name and a value.

use super::check::{Class, Found, is_token, is_word, plain, run, starts_clean};
use super::rule::{How, Rule, rules};
use super::{Secret, field, known};

/// In which ways a name stands before its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Header,
    Authorization,
    Cookie,
    Parameter,
    Signature,
    Pair,
    Field,
}

/// Rules 91 to 98.
pub(super) static RULES: [Rule; 8] = [
    Rule {
        number: 91,
        name: "http-header",
        what: "value of a header such as X-Api-Key, X-Vault-Token, X-Auth-Token, Private-Token, DD-API-KEY, in a map, a list of names and values, or a line",
        how: How::Named(Place::Header),
    },
    Rule {
        number: 92,
        name: "authorization-value",
        what: "value of Authorization or Proxy-Authorization behind another scheme than those of rule 12 (Token, ApiKey, SSWS, Bot, Negotiate), or without one",
        how: How::Named(Place::Authorization),
    },
    Rule {
        number: 93,
        name: "cookie",
        what: "value of a cookie whose name says session, sid, auth, token, jwt, csrf or remember, in Cookie or Set-Cookie",
        how: How::Named(Place::Cookie),
    },
    Rule {
        number: 94,
        name: "parameter",
        what: "value behind = and a name of a credential (password, pwd, access_token, client_secret, api_key, AccountKey, SharedAccessKey, DB_PASSWORD, GITHUB_TOKEN): queries, connection strings, key=value logs, options of commands",
        how: How::Named(Place::Parameter),
    },
    Rule {
        number: 95,
        name: "signed-url",
        what: "signature of a URL that opens what it names: sig= and base64 of 32 bytes (Azure), X-Amz-Signature= and 64 hex digits, X-Goog-Signature= and at least 128",
        how: How::Named(Place::Signature),
    },
    Rule {
        number: 96,
        name: "named-value",
        what: "value beside a name of a credential, as in {\"name\":\"DB_PASSWORD\",\"value\":\"...\"}",
        how: How::Named(Place::Pair),
    },
    Rule {
        number: 97,
        name: "credential-field",
        what: "value of a field whose name ends with authToken, apiToken, botToken, appSecret, apiSecret, sharedSecret, signingSecret, webhookSecret, tokenSecret, privateKeyData, passwd, or of at least 32 characters with accountKey, sharedAccessKey, applicationKey",
        how: How::Named(Place::Field),
    },
    Rule {
        number: 98,
        name: "dsn-password",
        what: "password in a data source name: user:password@tcp(host), jdbc:oracle:thin:user/password@host",
        how: How::Byte(b'@', dsn),
    },
];

/// Parts of names of credentials: few and rare ones, because each costs time in every record.
pub(super) static ANCHORS: &[&str] = &[
    "sig=",
    "sig%3",
    "ignature=",
    "cret",
    "CRET",
    "oken",
    "OKEN",
    "sswo",
    "SSWO",
    "sswd",
    "SSWD",
    "phra",
    "PHRA",
    "piKe",
    "pi_k",
    "pi-k",
    "pi-K",
    "PI_K",
    "PI-K",
    "pike",
    "teKe",
    "te_k",
    "TE_K",
    "yMat",
    "wd=",
    "WD=",
    "ntKe",
    "edAc",
    "onKe",
    "on-K",
    "on-k",
    "ns-k",
    "ookie",
    "uthorization\"",
    "uthorization:",
    "uthorization\\",
];

/// Longest name that is looked at.
const NAME_BYTES_MAX: usize = 64;

/// Most values of one name.
const VALUES_MAX: usize = 64;

/// Shortest value behind a header or in a cookie: what is shorter is a flag.
const VALUE_BYTES_MIN: usize = 8;

/// Shortest value of a parameter.
const PARAMETER_BYTES_MIN: usize = 3;

/// Looks at the name that holds the byte at `at`. Returns up to where this turn is done.
pub(super) fn look(record: &[u8], at: usize, done: usize, out: &mut Vec<Secret>) -> usize {
    let Some(name) = Name::at(record, at).filter(Name::is_known) else { return done };
    let known = out.len();
    name.look(record, done, out);
    out.iter().skip(known).map(|secret| secret.end).max().unwrap_or(name.end).max(done)
}

/// A name and where it stands.
struct Name<'r> {
    begin: usize,
    end: usize,
    text: &'r [u8],
    /// In lower case, letters and digits only.
    plain: String,
}

impl<'r> Name<'r> {
    fn at(record: &'r [u8], at: usize) -> Option<Name<'r>> {
        let before = record.get(at.saturating_sub(NAME_BYTES_MAX)..at)?;
        let mut begin = at - before.iter().rev().take_while(|byte| is_name(**byte)).count();
        let rest = record.get(at..)?;
        let end = at + rest.iter().take(NAME_BYTES_MAX + 1).take_while(|byte| is_name(**byte)).count();
        // What an escape takes of it: `%26token`, `\npassword`.
        let escaped = match begin.checked_sub(1).and_then(|before| record.get(before)) {
            Some(b'%') if record.get(begin..begin + 2)?.iter().all(u8::is_ascii_hexdigit) => 2,
            Some(b'\\') if matches!(record.get(begin), Some(b'n' | b'r' | b't')) => 1,
            Some(b'\\') if record.get(begin) == Some(&b'u') => 5,
            _ => 0,
        };
        begin += escaped;
        let text = record.get(begin..end).filter(|text| text.len() <= NAME_BYTES_MAX)?;
        // The name of a rule in a replacement.
        if record.get(..begin).is_some_and(|before| before.ends_with(super::MARK.as_bytes())) {
            return None;
        }
        // Of the options of a command.
        let dashes = text.iter().take_while(|byte| **byte == b'-').count();
        let text = text.get(dashes..)?;
        let letters = text.iter().filter(|byte| byte.is_ascii_alphanumeric());
        Some(Name {
            begin: begin + dashes,
            end,
            text,
            plain: letters.map(|byte| byte.to_ascii_lowercase() as char).collect(),
        })
    }

    /// Whether it says anything in any place.
    fn is_known(&self) -> bool {
        let name = self.plain.as_str();
        is_credential(self.text, name)
            || is_field(name, usize::MAX)
            || is_header(name)
            || is_authorization(name)
            || is_secret_key(name)
            || matches!(name, "cookie" | "setcookie")
            || signature_bytes(name).is_some()
    }

    fn look(&self, record: &[u8], done: usize, out: &mut Vec<Secret>) {
        let Some(quote) = self.begin.checked_sub(1).filter(|quote| record.get(*quote) == Some(&b'"')) else {
            return self.unquoted(record, out);
        };
        let slashes = field::slashes_before(record, quote).min(quote.saturating_sub(done));
        if !field::is_delimiter(record, self.end, slashes) {
            return self.unquoted(record, out);
        }
        let after = field::skip_space(record, self.end + slashes + 1);
        match record.get(after) {
            Some(b':') => self.values(record, field::skip_space(record, after + 1), slashes, false, out),
            Some(b',') => {
                if let Some(value) = beside(record, quote, after, slashes) {
                    self.values(record, value, slashes, true, out);
                }
            }
            _ => {}
        }
    }

    /// The strings of JSON that are the value at `at`: one, or a list.
    fn values(&self, record: &[u8], at: usize, slashes: usize, is_pair: bool, out: &mut Vec<Secret>) {
        let Some(depth) = field::depth(slashes) else { return };
        let is_list = record.get(at) == Some(&b'[');
        let mut at = if is_list { field::skip_space(record, at + 1) } else { at };
        for _ in 0..VALUES_MAX {
            if !field::is_delimiter(record, at, slashes) {
                return;
            }
            let begin = at + slashes + 1;
            let Some(end) = field::closing(record, begin, slashes) else { return };
            self.value(record, Found { begin, end, levels: depth, percent: false }, is_pair, out);
            at = field::skip_space(record, end + slashes + 1);
            if !is_list || record.get(at) != Some(&b',') {
                return;
            }
            at = field::skip_space(record, at + 1);
        }
    }

    /// A whole value of JSON.
    fn value(&self, record: &[u8], value: Found, is_pair: bool, out: &mut Vec<Secret>) {
        let Some(text) = record.get(value.begin..value.end).filter(|text| !field::is_masked(text)) else { return };
        let name = self.plain.as_str();
        if matches!(name, "cookie" | "setcookie") {
            cookies(record, value, name == "setcookie", out);
        } else if is_authorization(name) {
            push(Place::Authorization, scheme(record, value), out);
        } else if is_header(name) && text.len() >= VALUE_BYTES_MIN {
            push(Place::Header, Some(value), out);
        } else if is_pair && is_credential(self.text, name) && !is_placeholder(text) {
            push(Place::Pair, (text.len() >= PARAMETER_BYTES_MIN).then_some(value), out);
        } else if !is_pair && is_field(name, text.len()) {
            push(Place::Field, (!is_placeholder(text)).then_some(value), out);
        }
    }

    /// A name that no quotes are around.
    fn unquoted(&self, record: &[u8], out: &mut Vec<Secret>) {
        let rest = record.get(self.end..).unwrap_or_default();
        let name = self.plain.as_str();
        match rest {
            [b'=', ..] => self.parameter(record, self.end + 1, out),
            [b'%', b'3', b'D' | b'd', ..] => self.parameter(record, self.end + 3, out),
            [b':', ..] => self.line(record, self.end + 1, out),
            [b'%', b'2', b'2', b'%', b'3', b'A' | b'a', ..]
                if is_credential(self.text, name) || is_secret_key(name) =>
            {
                let value = record.get(self.end + 6..).unwrap_or_default();
                let blanks = if value.starts_with(b"%20") { 3 } else { usize::from(value.starts_with(b"+")) };
                if value.get(blanks..).is_some_and(|value| value.starts_with(b"%22")) {
                    let begin = self.end + 6 + blanks + 3;
                    let text = record.get(begin..).unwrap_or_default();
                    let length = memchr::memmem::find(text, b"%22").unwrap_or(0);
                    self.push_parameter(record, Found { percent: true, ..plain(begin, begin + length) }, out);
                }
            }
            [b' ', ..] if record.get(..self.begin).is_some_and(|before| before.ends_with(b" --")) => {
                let begin = self.end + 1;
                if record.get(begin) != Some(&b'-') {
                    self.parameter(record, begin, out);
                }
            }
            _ => {}
        }
    }

    /// The value behind an equals sign.
    fn parameter(&self, record: &[u8], begin: usize, out: &mut Vec<Secret>) {
        let signature = signature_bytes(&self.plain);
        if signature.is_none() && !is_credential(self.text, &self.plain) {
            return;
        }
        // Literals of SQL have a rule of their own.
        if self.plain.ends_with("password") && record.get(begin) == Some(&b'\'') {
            return;
        }
        let value = parameter_value(record, begin);
        let Some(least) = signature else {
            return value.into_iter().for_each(|value| self.push_parameter(record, value, out));
        };
        let Some(value) = value else { return };
        let text = record.get(value.begin..value.end).unwrap_or_default();
        let decoded = field::percent_decoded(text);
        let text = decoded.as_deref().unwrap_or(text);
        let sure = match least {
            0 => {
                text.len() == 44
                    && text.ends_with(b"=")
                    && text.iter().all(|byte| Class::Base64Padded.has(*byte) || is_token(*byte))
            }
            _ => text.len() >= least && text.iter().all(u8::is_ascii_hexdigit),
        };
        push(Place::Signature, sure.then_some(value), out);
    }

    fn push_parameter(&self, record: &[u8], value: Found, out: &mut Vec<Secret>) {
        let text = record.get(value.begin..value.end).unwrap_or_default();
        let long = text.len() >= PARAMETER_BYTES_MIN;
        push(Place::Parameter, (long && !field::is_masked(text) && !is_placeholder(text)).then_some(value), out);
    }

    /// The value behind a colon, in a line of a header.
    fn line(&self, record: &[u8], at: usize, out: &mut Vec<Secret>) {
        let name = self.plain.as_str();
        let rest = record.get(at..).unwrap_or_default();
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'[')).count();
        let begin = at + blanks;
        let ends = |byte: &&u8| !matches!(byte, b'\r' | b'\n' | b'"' | b'\'' | b'\\' | b']');
        if matches!(name, "cookie" | "setcookie") || is_authorization(name) {
            let end = begin + record.get(begin..).unwrap_or_default().iter().take_while(ends).count();
            let value = plain(begin, end);
            match is_authorization(name) {
                true => push(Place::Authorization, scheme(record, value), out),
                false => cookies(record, value, name == "setcookie", out),
            }
        } else if is_header(name) {
            let end = begin + run(record, begin, |byte| Class::Base64Padded.has(byte) || Class::Unreserved.has(byte));
            let value = record.get(begin..end).unwrap_or_default();
            let replaced = record.get(begin..).is_some_and(|rest| rest.starts_with(super::MARK.as_bytes()));
            let sure = value.len() >= VALUE_BYTES_MIN && !field::is_masked(value) && !replaced;
            push(Place::Header, sure.then(|| plain(begin, end)), out);
        }
    }
}

fn push(place: Place, found: Option<Found>, out: &mut Vec<Secret>) {
    let rule = rules().find(|rule| matches!(rule.how, How::Named(own) if own == place));
    out.extend(found.zip(rule).map(|(found, rule)| Secret::new(found, rule)));
}

pub(super) fn is_name(byte: u8) -> bool {
    is_token(byte) || byte == b'.'
}

/// Where the value begins that stands beside a name: `"name":"X","value":`. The quote is that before the
/// name, `at` the comma behind it.
fn beside(record: &[u8], quote: usize, at: usize, slashes: usize) -> Option<usize> {
    let key = record.get(..=field::key_before(record, quote)?)?;
    let length = key.iter().rev().take_while(|byte| is_word(**byte)).count();
    let key = key.get(key.len() - length..)?;
    const NAMES: [&[u8]; 6] = [b"name", b"Name", b"key", b"Key", b"parameterName", b"parameterKey"];
    let begin = field::skip_space(record, at + 1);
    if !NAMES.contains(&key) || !field::is_delimiter(record, begin, slashes) {
        return None;
    }
    let begin = begin + slashes + 1;
    let length = run(record, begin, is_word);
    const VALUES: [&[u8]; 6] = [b"value", b"Value", b"values", b"Values", b"parameterValue", b"stringValue"];
    if !VALUES.contains(&record.get(begin..begin + length)?) || !field::is_delimiter(record, begin + length, slashes) {
        return None;
    }
    let colon = field::skip_space(record, begin + length + slashes + 1);
    (record.get(colon) == Some(&b':')).then(|| field::skip_space(record, colon + 1))
}

fn is_authorization(name: &str) -> bool {
    matches!(name, "authorization" | "proxyauthorization")
}

fn is_header(name: &str) -> bool {
    const NAMES: [&str; 25] = [
        "xapikey",
        "xapitoken",
        "xapisecret",
        "xauthtoken",
        "xaccesstoken",
        "xrefreshtoken",
        "xsubjecttoken",
        "xvaulttoken",
        "xconsultoken",
        "xnomadtoken",
        "xamzsecuritytoken",
        "xgoogapikey",
        "xgitlabtoken",
        "xfigmatoken",
        "xshopifyaccesstoken",
        "xcsrftoken",
        "xxsrftoken",
        "privatetoken",
        "jobtoken",
        "deploytoken",
        "ddapikey",
        "ddapplicationkey",
        "ocpapimsubscriptionkey",
        "xfunctionskey",
        "xgithubtoken",
    ];
    NAMES.contains(&name)
}

/// Whether a name says that its value is a credential, wherever it stands.
fn is_credential(text: &[u8], name: &str) -> bool {
    const ENDS: [&str; 30] = [
        "password",
        "passwd",
        "passphrase",
        "secretkey",
        "secretaccesskey",
        "accesstoken",
        "refreshtoken",
        "idtoken",
        "authtoken",
        "apitoken",
        "sessiontoken",
        "bearertoken",
        "oauthtoken",
        "bottoken",
        "privatetoken",
        "securitytoken",
        "apikey",
        "privatekey",
        "accountkey",
        "sharedaccesskey",
        "subscriptionkey",
        "clientsecret",
        "consumersecret",
        "appsecret",
        "apisecret",
        "sharedsecret",
        "signingsecret",
        "webhooksecret",
        "tokensecret",
        "clientassertion",
    ];
    let upper = !text.iter().any(u8::is_ascii_lowercase);
    let variable = upper && (text.ends_with(b"_TOKEN") || text.ends_with(b"_SECRET") || text.ends_with(b"_PASSPHRASE"));
    // `PWD` is where a shell is.
    let pwd = name.ends_with("pwd") && !(upper && matches!(name, "pwd" | "oldpwd"));
    let paging = ["NEXT_TOKEN", "PAGE_TOKEN", "CONTINUATION_TOKEN", "SYNC_TOKEN"];
    let paging = paging.iter().any(|end| text.ends_with(end.as_bytes()));
    (variable && !paging) || pwd || ENDS.iter().any(|end| name.ends_with(end))
}

/// Keys of secrets that the rules of fields know in JSON.
fn is_secret_key(name: &str) -> bool {
    matches!(name, "secret" | "secretid" | "secretstring" | "keymaterial")
}

/// Keys that the rules of fields do not know. Some names stand before ids as well.
fn is_field(name: &str, length: usize) -> bool {
    const ENDS: [&str; 16] = [
        "authtoken",
        "apitoken",
        "bearertoken",
        "bottoken",
        "privatetoken",
        "oauthtoken",
        "appsecret",
        "apisecret",
        "consumersecret",
        "sharedsecret",
        "signingsecret",
        "webhooksecret",
        "tokensecret",
        "privatekeydata",
        "passwd",
        "ddapikey",
    ];
    const LONG: [&str; 4] = ["accountkey", "sharedaccesskey", "applicationkey", "ddappkey"];
    ENDS.iter().any(|end| name.ends_with(end)) || (length >= 32 && LONG.iter().any(|end| name.ends_with(end)))
}

/// How many hex digits a signature of this name has at least, 0 for base64 of 32 bytes.
fn signature_bytes(name: &str) -> Option<usize> {
    match name {
        "sig" => Some(0),
        "xamzsignature" => Some(64),
        "xgoogsignature" => Some(128),
        _ => None,
    }
}

/// Texts that a value is put in for, and words that are none.
fn is_placeholder(text: &[u8]) -> bool {
    const WORDS: [&[u8]; 12] = [
        b"yes",
        b"YES",
        b"True",
        b"False",
        b"TRUE",
        b"FALSE",
        b"nil",
        b"undefined",
        b"required",
        b"REQUIRED",
        b"NULL",
        b"unset",
    ];
    let escape = |text: &[u8]| text.get(1..3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    match text.first() {
        Some(b'$' | b'{' | b'<' | b'(' | b'?') => true,
        Some(b'%') if !escape(text) => true,
        _ => WORDS.contains(&text),
    }
}

/// The value of a parameter: in quotes of its own, or up to what cannot be in it.
fn parameter_value(record: &[u8], begin: usize) -> Option<Found> {
    let rest = record.get(begin..)?;
    let slashes = rest.iter().take_while(|byte| **byte == b'\\').count();
    if rest.get(slashes) == Some(&b'"') {
        let open = begin + slashes + 1;
        // The end of the string that the name is in looks the same.
        let next = record.get(field::skip_space(record, open))?;
        if matches!(next, b',' | b'}' | b']' | b':') {
            return None;
        }
        let end = field::closing(record, open, slashes)?;
        let levels = if slashes == 0 { 0 } else { field::depth(slashes).unwrap_or(0) };
        return Some(Found { begin: open, end, levels, percent: false });
    }
    if rest.first() == Some(&b'\'') {
        let text = rest.get(1..)?;
        let length = memchr::memchr2(b'\'', b'"', text).filter(|end| text.get(*end) == Some(&b'\''))?;
        return Some(plain(begin + 1, begin + 1 + length));
    }
    let mut length = 0;
    while let Some(byte) = rest.get(length) {
        let escaped = rest.get(..length).is_some_and(|before| before.ends_with(b"%26"));
        match byte {
            _ if escaped => {
                length -= 3;
                break;
            }
            // A slash that JSON escapes.
            b'\\' if rest.get(length + 1) == Some(&b'/') => length += 2,
            b' ' | b'\t' | b'\r' | b'\n' | b'&' | b';' | b',' | b'"' | b'\'' | b'<' | b'>' | b')' | b']' | b'}'
            | b'\\' | b'|' => break,
            _ => length += 1,
        }
    }
    let text = rest.get(..length)?;
    let levels = if text.contains(&b'\\') {
        field::slashes_around(record, begin).and_then(field::depth).unwrap_or(1)
    } else {
        0
    };
    Some(Found { levels, percent: true, ..plain(begin, begin + length) })
}

/// What stands behind the scheme of an `Authorization` value, where another rule does not find it.
fn scheme(record: &[u8], value: Found) -> Option<Found> {
    let text = record.get(value.begin..value.end)?;
    let word = text.iter().take_while(|byte| is_token(**byte)).count();
    let blanks = text.get(word..)?.iter().take_while(|byte| **byte == b' ').count();
    let (scheme, rest) = (text.get(..word)?.to_ascii_lowercase(), text.get(word + blanks..)?);
    if field::is_masked(text) || field::is_masked(rest) && !rest.is_empty() {
        return None;
    }
    if blanks == 0 || rest.is_empty() {
        // No scheme: a token, if it looks like one.
        let sure = text.len() >= 16 && text.iter().any(u8::is_ascii_digit) && !text.contains(&b' ');
        return sure.then_some(value);
    }
    // These hold signatures of this one request, and the name of a key.
    const SIGNED: [&[u8]; 5] = [b"aws4-hmac-sha256", b"aws4-ecdsa-p256-sha256", b"digest", b"signature", b"hmac"];
    if SIGNED.contains(&scheme.as_slice()) {
        return None;
    }
    let begin = value.begin + word + blanks;
    if matches!(scheme.as_slice(), b"bearer" | b"basic") {
        // Rule 12 anchors at the second letter.
        let theirs = known::authorization(record, value.begin + 1).is_some();
        let sure = !theirs && rest.len() >= VALUE_BYTES_MIN && !rest.contains(&b' ');
        return sure.then_some(Found { begin, ..value });
    }
    // `Token token="x"`: the value without its name and quotes.
    let named = memchr::memchr(b'"', rest).filter(|_| rest.contains(&b'='));
    let (begin, end) = match named {
        Some(quote) => {
            let length =
                run(record, begin + quote + 1, |byte| Class::Base64Padded.has(byte) || Class::Unreserved.has(byte));
            (begin + quote + 1, begin + quote + 1 + length)
        }
        None if rest.contains(&b' ') => return None,
        None => (begin, value.end),
    };
    (end - begin >= VALUE_BYTES_MIN).then_some(Found { begin, end, ..value })
}

/// The values of cookies that open a session.
fn cookies(record: &[u8], value: Found, is_set: bool, out: &mut Vec<Secret>) {
    const PARTS: [&str; 9] = ["sess", "sid", "auth", "token", "jwt", "csrf", "xsrf", "remember", "login"];
    let Some(text) = record.get(value.begin..value.end) else { return };
    let mut begin = value.begin;
    // What follows in `Set-Cookie` are attributes.
    for pair in text.split(|byte| *byte == b';').take(if is_set { 1 } else { VALUES_MAX }) {
        if let Some(equals) = memchr::memchr(b'=', pair) {
            let name = pair.get(..equals).unwrap_or_default().trim_ascii().to_ascii_lowercase();
            let name = String::from_utf8_lossy(&name);
            let (from, to) = (begin + equals + 1, begin + pair.trim_ascii_end().len());
            let secret = record.get(from..to).unwrap_or_default();
            let long = secret.len() >= VALUE_BYTES_MIN && !field::is_masked(secret);
            if long && PARTS.iter().any(|part| name.contains(part)) {
                push(Place::Cookie, Some(Found { begin: from, end: to, percent: true, ..value }), out);
            }
        }
        begin += pair.len() + 1;
    }
}

/// At the `@` of a data source name that is no URL.
fn dsn(record: &[u8], at: usize) -> Option<Found> {
    let before = record.get(at.saturating_sub(256)..at)?;
    let after = record.get(at + 1..)?;
    let go = [&b"tcp("[..], b"tcp6(", b"unix("].iter().any(|kind| after.starts_with(kind));
    let length =
        before.iter().rev().take_while(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\')).count();
    let info = before.get(before.len() - length..)?;
    // Both parts are found at once: what is left of one that was replaced has no other.
    if memchr::memmem::find(info, super::MARK.as_bytes()).is_some() {
        return None;
    }
    let split = match go {
        true => memchr::memchr(b':', info).filter(|split| *split > 0 && !info.contains(&b'/'))?,
        false => {
            let user = memchr::memmem::find(info, b"jdbc:oracle:thin:")? + "jdbc:oracle:thin:".len();
            user + memchr::memchr(b'/', info.get(user..)?).filter(|length| *length > 0)?
        }
    };
    let begin = at - length + split + 1;
    let value = record.get(begin..at)?;
    let clean = starts_clean(record, at - length);
    (clean && !value.is_empty() && !field::is_masked(value) && !is_placeholder(value)).then(|| plain(begin, at))
}
