//! The first rules: tokens of much used platforms, headers, keys, fields, statements.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::check::{Found, at_least, exactly, has_digit, is_token, is_word, plain, run, starts_clean};
use super::rule::{How, Rule};
use super::{field, ldif, sql};

/// Rules 1 to 20.
pub(super) static RULES: [Rule; 20] = [
    Rule {
        number: 1,
        name: "github",
        what: "GitHub token: ghp_, gho_, ghu_, ghs_ or ghr_ and 36 characters, the last six a CRC32",
        how: How::Anchors(&["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], github),
    },
    Rule {
        number: 2,
        name: "github-pat",
        what: "GitHub fine-grained token: github_pat_ and 82 characters",
        how: How::Anchors(&["github_pat_"], |record, at| exactly(record, at, 11, 82, is_word)),
    },
    Rule {
        number: 3,
        name: "slack",
        what: "Slack token: xox and a letter, or xapp, a dash, at least 20 characters with a digit",
        how: How::Anchors(&["xox", "xapp-"], slack),
    },
    Rule {
        number: 4,
        name: "gitlab",
        what: "GitLab token: glpat- and at least 20 characters",
        how: How::Anchors(&["glpat-"], |record, at| at_least(record, at, 6, 20, |byte| is_token(byte) || byte == b'.')),
    },
    Rule {
        number: 5,
        name: "google-api-key",
        what: "Google API key: AIza and 35 characters",
        how: How::Anchors(&["AIza"], |record, at| exactly(record, at, 4, 35, is_token)),
    },
    Rule {
        number: 6,
        name: "google-oauth",
        what: "Google OAuth access token: ya29. and at least 20 characters",
        how: How::Anchors(&["ya29."], |record, at| at_least(record, at, 5, 20, |byte| is_token(byte) || byte == b'.')),
    },
    Rule {
        number: 7,
        name: "stripe",
        what: "Stripe live key: sk_live_ or rk_live_ and at least 16 letters and digits",
        how: How::Anchors(&["sk_live_", "rk_live_"], |record, at| {
            at_least(record, at, 8, 16, |byte| byte.is_ascii_alphanumeric())
        }),
    },
    Rule {
        number: 8,
        name: "npm",
        what: "npm token: npm_ and 36 letters and digits",
        how: How::Anchors(&["npm_"], |record, at| exactly(record, at, 4, 36, |byte| byte.is_ascii_alphanumeric())),
    },
    Rule {
        number: 9,
        name: "pypi",
        what: "PyPI token: pypi- and at least 50 characters",
        how: How::Anchors(&["pypi-"], |record, at| at_least(record, at, 5, 50, is_token)),
    },
    Rule {
        number: 10,
        name: "vault",
        what: "Vault token: hvs., hvb. or hvr. and at least 20 characters; s. and 24 as the whole value of token",
        how: How::Anchors(&["hvs.", "hvb.", "hvr.", "\"s."], vault),
    },
    Rule {
        number: 11,
        name: "jwt",
        what: "JSON web token: three base64url parts, the first of them a JSON object with alg",
        how: How::Anchors(&["eyJ"], jwt),
    },
    Rule {
        number: 12,
        name: "authorization",
        what: "value after Bearer (at least 16 characters with a digit) or Basic (base64 of user:password)",
        how: How::Anchors(&["earer ", "asic "], authorization),
    },
    Rule {
        number: 13,
        name: "private-key",
        what: "PEM block of a private key, to its end or the end of the text",
        how: How::Anchors(&["-----BEGIN "], private_key),
    },
    Rule {
        number: 14,
        name: "url-password",
        what: "password in the user info of a URL",
        how: How::Byte(b'@', url_password),
    },
    Rule {
        number: 15,
        name: "aws-credential",
        what: "secretAccessKey or sessionToken, and their spellings in other tools",
        how: How::Key(|key| {
            matches!(
                key,
                "secretaccesskey"
                    | "secret_access_key"
                    | "aws_secret_access_key"
                    | "sessiontoken"
                    | "session_token"
                    | "aws_session_token"
                    | "security_token"
            )
        }),
    },
    Rule {
        number: 16,
        name: "token-field",
        what: "value of client_token, access_token, refresh_token, id_token, oauth_token, auth_token, api_key",
        how: How::Key(|key| {
            // Not `clientToken`: in AWS it makes a request idempotent and is no secret.
            matches!(
                key,
                "client_token"
                    | "access_token"
                    | "accesstoken"
                    | "refresh_token"
                    | "refreshtoken"
                    | "id_token"
                    | "idtoken"
                    | "oauth_token"
                    | "auth_token"
                    | "api_key"
                    | "apikey"
            )
        }),
    },
    Rule {
        number: 17,
        name: "secret-field",
        what: "value of password (also as the end of a longer key), passphrase, client_secret, private_key, secret_key, \
               secret_id, secret_string, secret_binary, key_material, secret",
        how: How::Key(|key| {
            // Not `secretId`: in AWS it names a secret.
            key.ends_with("password")
                || matches!(
                    key,
                    "passphrase"
                        | "client_secret"
                        | "clientsecret"
                        | "private_key"
                        | "privatekey"
                        | "secret_key"
                        | "secretkey"
                        | "secret_id"
                        | "secret_string"
                        | "secretstring"
                        | "secret_binary"
                        | "secretbinary"
                        | "keymaterial"
                        | "secret"
                )
        }),
    },
    Rule {
        number: 18,
        name: "sql-password",
        what: "literal after PASSWORD or IDENTIFIED BY in a statement of SQL",
        how: How::Anchors(&["ASSWORD", "assword ", "assword=", "DENTIFIED BY", "dentified by"], sql::password),
    },
    Rule {
        number: 19,
        name: "ldif-password",
        what: "value of an LDIF attribute whose name ends with password, pwd, a history of these, NTHash, principalKey, \
               PKCS12, credentials or RootPW",
        how: How::Anchors(
            &["assword:", "Pwd:", "dHistory:", "NTHash:", "rincipalKey:", "PKCS12:", "redentials:", "ootPW:"],
            ldif::value,
        ),
    },
    Rule {
        number: 20,
        name: "deedbook",
        what: "token of a server of our own: dbk_ and 43 characters",
        how: How::Anchors(&["dbk_"], |record, at| exactly(record, at, 4, 43, is_token)),
    },
];

fn slack(record: &[u8], at: usize) -> Option<Found> {
    let [.., kind, b'-'] = record.get(at..at + 5)? else { return None };
    let known = matches!(kind, b'a' | b'b' | b'c' | b'd' | b'e' | b'o' | b'p' | b'r' | b's');
    at_least(record, at, 5, 20, is_token).filter(|found| known && has_digit(record, found))
}

fn github(record: &[u8], at: usize) -> Option<Found> {
    let found = exactly(record, at, 4, 36, |byte| byte.is_ascii_alphanumeric())?;
    let (random, checksum) = record.get(at + 4..found.end)?.split_at_checked(30)?;
    (checksum == base62(crc32(random))).then_some(found)
}

/// CRC-32 as in zip and Ethernet, bit by bit: it runs over 30 bytes of a likely token only.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 })
    })
}

/// Six digits: 0-9, A-Z, a-z.
fn base62(mut value: u32) -> [u8; 6] {
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = match (value % 62) as u8 {
            low @ 0..10 => b'0' + low,
            middle @ 10..36 => b'A' + middle - 10,
            high => b'a' + high - 36,
        };
        value /= 62;
    }
    digits
}

fn jwt(record: &[u8], at: usize) -> Option<Found> {
    if !starts_clean(record, at) {
        return None;
    }
    let mut end = at;
    for part in 0..3 {
        if part > 0 {
            if record.get(end) != Some(&b'.') {
                return None;
            }
            end += 1;
        }
        let length = run(record, end, is_token);
        // The signature of an unsigned token is empty.
        if length == 0 && part < 2 {
            return None;
        }
        if part == 0 && !is_jose_header(record.get(at..at + length)?) {
            return None;
        }
        end += length;
    }
    Some(plain(at, end))
}

fn is_jose_header(part: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Header {
        alg: String,
    }
    let decoded = URL_SAFE_NO_PAD.decode(part).ok();
    decoded.and_then(|json| serde_json::from_slice::<Header>(&json).ok()).is_some_and(|header| !header.alg.is_empty())
}

pub(super) fn authorization(record: &[u8], at: usize) -> Option<Found> {
    let at = at.checked_sub(1)?;
    let word = run(record, at, |byte| byte.is_ascii_alphabetic());
    let begin = at + word + run(record, at + word, |byte| byte == b' ');
    let length = run(record, begin, |byte| is_token(byte) || matches!(byte, b'.' | b'~' | b'+' | b'/' | b'='));
    let value = record.get(begin..begin + length)?;
    let sure = match record.get(at)? {
        // A word of a sentence is no token.
        b'B' | b'b' if word == 6 => length >= 16 && value.iter().any(u8::is_ascii_digit),
        b'B' | b'b' => STANDARD.decode(value).is_ok_and(|pair| pair.contains(&b':')),
        _ => false,
    };
    (sure && starts_clean(record, at)).then(|| plain(begin, begin + length))
}

fn private_key(record: &[u8], at: usize) -> Option<Found> {
    let label = at + 11;
    let rest = record.get(label..)?;
    let dashes = memchr::memmem::find(rest.get(..rest.len().min(PEM_LABEL_BYTES_MAX))?, b"-----")?;
    let name = rest.get(..dashes)?;
    let known = name.ends_with(b"PRIVATE KEY") || name.ends_with(b"PRIVATE KEY BLOCK");
    if !known || !name.iter().all(is_label) {
        return None;
    }
    let body = label + dashes + 5;
    let slashes = field::slashes_around(record, at);
    let end = pem_end(record, body, slashes);
    // Backslashes before the closing quote belong to it.
    let key = record.get(body..end)?;
    let end = end - key.iter().rev().take_while(|byte| **byte == b'\\').count();
    (end > body).then(|| Found { levels: slashes.and_then(field::depth).unwrap_or(0), ..plain(at, end) })
}

/// Longest text between the dashes of a PEM header or foot that is looked at.
const PEM_LABEL_BYTES_MAX: usize = 64;

fn is_label(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || *byte == b' '
}

/// Where the key ends whose text begins at `body`: behind its foot, or with its string if it was cut
/// off. The foot of a key in another string is not its own.
fn pem_end(record: &[u8], body: usize, slashes: Option<usize>) -> usize {
    let mut at = body;
    let mut first_quote = None;
    while let Some(skip) = record.get(at..).and_then(|rest| memchr::memchr2(b'"', b'-', rest)) {
        at += skip;
        let rest = record.get(at..).unwrap_or_default();
        if let Some(foot) = rest.strip_prefix(b"-----END ") {
            let label = foot.iter().take(PEM_LABEL_BYTES_MAX).take_while(|byte| is_label(byte)).count();
            let dashes = foot.get(label..).is_some_and(|rest| rest.starts_with(b"-----"));
            return if dashes { at + 9 + label + 5 } else { at };
        }
        if rest.first() == Some(&b'"') {
            if slashes.is_some_and(|slashes| !field::is_escaped_once(record, at, slashes)) {
                return at;
            }
            first_quote = first_quote.or(Some(at));
        }
        at += 1;
    }
    first_quote.unwrap_or(record.len())
}

fn url_password(record: &[u8], at: usize) -> Option<Found> {
    let before = record.get(..at)?;
    let length = before.iter().rev().take_while(|byte| is_user_info(**byte)).count();
    let info = at - length;
    // RFC 3986 section 3.2.1: everything after the first colon is the password.
    let password = info + first_colon(before.get(info..)?)? + 1;
    let value = before.get(password..)?;
    (before.get(..info)?.ends_with(b"://") && !field::is_masked(value)).then(|| plain(password, at))
}

/// The first colon that is not part of a replacement, as in a user name that was a token.
fn first_colon(info: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr(b':', info.get(at..)?)?;
        let (before, after) = info.split_at_checked(at + 1)?;
        if !before.ends_with(b"deedbook:") || !after.starts_with(b"secret:") {
            return Some(at);
        }
        // Behind the two colons that follow in it.
        for _ in 0..3 {
            at += memchr::memchr(b':', info.get(at..)?)? + 1;
        }
    }
}

/// RFC 3986 section 3.2.1, and what people write there.
fn is_user_info(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(byte, b'/' | b'?' | b'#' | b'@' | b'"' | b'\\' | b'<' | b'>' | b'[' | b']' | b' ')
}

/// Vault's tokens; the older form is short, so its field has to say what it is.
fn vault(record: &[u8], at: usize) -> Option<Found> {
    if record.get(at) != Some(&b'"') {
        return at_least(record, at, 4, 20, is_token);
    }
    let (key_at, length) = (field::key_before(record, at)?, run(record, at + 3, |byte| byte.is_ascii_alphanumeric()));
    let (found, ()) =
        field::value(record, key_at, 0, |key| (key == "token").then_some(())).map(|(rule, found)| (found, rule))?;
    (length == 24 && found.begin == at + 1 && found.end == at + 27).then_some(found)
}
