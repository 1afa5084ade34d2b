#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use super::*;

fn scrubber() -> Scrubber {
    Scrubber::new([7; 32]).unwrap()
}

fn scrub(record: &str) -> Option<(String, Vec<u16>)> {
    let scrubbed = scrubber().scrub(record.as_bytes())?;
    let body = String::from_utf8(scrubbed.body).unwrap();
    for replacement in &scrubbed.replacements {
        let (offset, length) = (replacement.offset as usize, replacement.length as usize);
        let name = super::rule(replacement.rule).unwrap().name;
        assert!(body[offset..offset + length].starts_with(&format!("deedbook:secret:{name}:")));
        assert_eq!(length, "deedbook:secret::".len() + name.len() + 32);
    }
    Some((body, scrubbed.replacements.iter().map(|replacement| replacement.rule).collect()))
}

/// `n` characters that look random enough, none of them special.
fn random(n: usize) -> String {
    "a1B2c3D4e5F6g7H8i9J0k".chars().cycle().take(n).collect()
}

/// A web token of our own; the parts are put together here so that no scanner stumbles over them.
fn web_token() -> String {
    use base64::Engine as _;
    let part = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.{}", part(r#"{"alg":"RS256","kid":"1"}"#), part(r#"{"sub":"x"}"#), random(40))
}

fn github_token() -> String {
    // A token that was published as an example of the checksum.
    ["ghp", "_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ", "0mLq17"].concat()
}

/// Number of the rule, a record that has such a secret, the secret, and near misses.
fn cases() -> Vec<(u16, String, String, Vec<String>)> {
    let quoted = |key: &str, value: &str| format!(r#"{{"id":1,"{key}":"{value}","z":"end"}}"#);
    let token = |prefix: &str, length: usize, misses: &[String]| {
        let secret = format!("{prefix}{}", random(length));
        let misses = misses.iter().map(|miss| quoted("note", miss)).collect();
        (quoted("note", &format!("use {secret} now")), secret, misses)
    };
    let with = |number: u16, (record, secret, misses): (String, String, Vec<String>)| (number, record, secret, misses);
    let github = github_token();
    let jwt = web_token();
    let pem =
        ["-----BEGIN RSA PRIVATE ", "KEY-----\\nMIIE", &random(40), "\\n-----END RSA PRIVATE ", "KEY-----"].concat();
    vec![
        (
            1,
            quoted("note", &github),
            github.clone(),
            vec![
                quoted("note", &github.replace("0mLq17", "0mLq18")),
                quoted("note", &format!("x{github}")),
                quoted("note", &github[..39]),
            ],
        ),
        with(
            2,
            token("github_pat_", 82, &[format!("github_pat_{}", random(81)), format!("github_pat_{}", random(83))]),
        ),
        with(
            3,
            token(
                "xoxb-",
                30,
                &["xoxb-short".into(), format!("xoxb-{}", "ab".repeat(15)), format!("xoxz-{}", random(30))],
            ),
        ),
        with(4, token("glpat-", 20, &[format!("glpat-{}", random(19)), format!("my-glpat-{}", random(20))])),
        with(5, token("AIza", 35, &[format!("AIza{}", random(34)), format!("AIza{}", random(36))])),
        with(6, token("ya29.", 40, &[format!("ya29.{}", random(19))])),
        with(7, token("sk_live_", 24, &[format!("sk_test_{}", random(24)), format!("sk_live_{}", random(15))])),
        with(8, token("npm_", 36, &[format!("npm_{}", random(35)), "npm_config_cache".into()])),
        with(9, token("pypi-", 60, &["pypi-upload-and-more".into()])),
        with(10, token("hvs.", 24, &[format!("hvs.{}", random(19)), format!("xhvs.{}", random(24))])),
        (
            11,
            quoted("note", &jwt),
            jwt.clone(),
            vec![
                quoted("note", jwt.rsplit_once('.').unwrap().0),
                quoted("note", &format!("eyJub25lIjoxfQ.{}.{}", random(10), random(10))),
                quoted("nextToken", &format!("eyJ{}", random(60))),
            ],
        ),
        (
            12,
            quoted("authorization", &format!("Bearer {}", random(20))),
            random(20),
            vec![
                quoted("note", "Bearer authentication-required"),
                quoted("note", "Bearer abc1"),
                quoted("note", "Basic authentication"),
            ],
        ),
        (
            13,
            quoted("note", &pem),
            pem.replace("\\n", "\n"),
            vec![
                quoted("note", &["-----BEGIN PUBLIC ", "KEY-----\\nMIIB\\n-----END PUBLIC KEY-----"].concat()),
                quoted("note", "-----BEGIN CERTIFICATE-----\\nMII"),
            ],
        ),
        (
            14,
            quoted("url", "https://user:s3cret@example.org/x"),
            "s3cret".into(),
            vec![
                quoted("url", "https://example.org:8080/a@b"),
                quoted("url", "https://user@example.org/"),
                quoted("url", "https://user:***@example.org/"),
                quoted("url", "https://example.org/?q=a:b@c"),
            ],
        ),
        (
            15,
            quoted("secretAccessKey", &format!("{}\\/x", random(38))),
            format!("{}/x", random(38)),
            vec![
                quoted("secretAccessKeyId", &random(40)),
                quoted("accessKeyId", "AKIAIOSFODNN7EXAMPLE"),
                quoted("sessionTokenType", "x1"),
            ],
        ),
        (
            16,
            quoted("client_token", "s.opaque-value"),
            "s.opaque-value".into(),
            vec![
                quoted("client_token", &format!("hmac-sha256:{}", "0f".repeat(32))),
                quoted("client_token_ttl", "60"),
                quoted("hashed_token", &format!("{}=", random(43))),
                quoted("token", "abcdef"),
                quoted("clientToken", "5e0b3c1c-0000-4000-8000-0123456789ab"),
                r#"{"access_token":{"id":"x"}}"#.into(),
            ],
        ),
        (
            17,
            quoted("masterUserPassword", "hunter2"),
            "hunter2".into(),
            vec![
                quoted("password", ""),
                quoted("password", "HIDDEN_DUE_TO_SECURITY_REASONS"),
                quoted("password", "***"),
                quoted("Password", "<sensitiveDataRemoved>"),
                quoted("passwordResetRequired", "yes"),
                quoted("secret", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:a-AbCdEf"),
                quoted("secret_id", "REDACTED"),
                quoted("secretId", "prod/db"),
                quoted("note", "the password"),
                r#"{"password":true,"secret":{"name":"x"},"private_key":null}"#.into(),
            ],
        ),
        (
            18,
            quoted("statement", "ALTER ROLE app WITH PASSWORD 'hunter2' VALID UNTIL 'infinity'"),
            "hunter2".into(),
            vec![
                quoted("statement", "ALTER ROLE app PASSWORD NULL"),
                quoted("statement", "ALTER ROLE app PASSWORD ''"),
                quoted("statement", "ALTER ROLE app PASSWORD '********'"),
                quoted("statement", "ALTER ROLE app PASSWORD <REDACTED>"),
                quoted("statement", "SET password_encryption = 'scram-sha-256'"),
                quoted("statement", "SELECT 'PASSWORDS', 'x' FROM t"),
                quoted("message", "password authentication failed for user 'app'"),
                quoted("message", "identified by its name 'app'"),
            ],
        ),
        (
            19,
            "dn: cn=a,dc=example\nuserPassword:: e1NTSEF9\n aGFzaA==\nz: end".into(),
            "e1NTSEF9\n aGFzaA==".into(),
            vec![
                "dn: cn=a\npwdLastSet: 134396448670000000\nbadPwdCount: 3\nz: end".into(),
                "dn: cn=a\nuserPassword:\nz: end".into(),
                "dn: cn=a\nuserPassword: REDACTED\nz: end".into(),
                "dn: cn=a\ndescription: set userPassword: later\nz: end".into(),
                "dn: cn=a\ndescription: folded\n userPassword: text\nz: end".into(),
                quoted("note", "userPassword: nobody knows"),
            ],
        ),
        with(20, token("dbk_", 43, &[format!("dbk_{}", random(42)), format!("dbk_{}", random(44))])),
    ]
}

#[test]
fn passwords_of_directories_are_found_in_each_spelling() {
    for line in [
        "userPassword: {SSHA}hunter2",
        "userpassword: hunter2",
        "userPassword:< file:///etc/hunter2",
        "unicodePwd::IgBoAHUAbgB0AGUAcgAyACIA hunter2",
        "ms-Mcs-AdmPwd: hunter2",
        "msLAPS-EncryptedPasswordHistory:: hunter2",
        "sambaNTPassword: hunter2",
        "ipaNTHash:: hunter2",
        "krbPrincipalKey:: hunter2",
        "supplementalCredentials:: hunter2",
        "olcRootPW: hunter2",
        "ntPwdHistory:: AAAA\r\n hunter2",
    ] {
        let (body, rules) = scrub(&format!("dn: cn=a\r\n{line}\r\ncn: a")).unwrap_or_else(|| panic!("{line}"));
        assert_eq!(rules, [19], "{line}");
        assert!(!body.contains("hunter2") && body.ends_with("\r\ncn: a"), "{body}");
    }
}

#[test]
fn passwords_in_statements_are_found_in_each_spelling() {
    for (statement, secret) in [
        ("CREATE ROLE a PASSWORD 'it''s'", "it''s"),
        ("create user a with encrypted password 'hunter2';", "hunter2"),
        (r"ALTER ROLE a PASSWORD E'a\'b' NOLOGIN", r"a\'b"),
        (r"ALTER ROLE a\n\tPASSWORD\n 'hunter2'", "hunter2"),
        ("CREATE USER 'a'@'%' IDENTIFIED BY 'hunter2'", "hunter2"),
        ("SET PASSWORD = 'hunter2'", "hunter2"),
        ("ALTER LOGIN a WITH password='hunter2'", "hunter2"),
        // Cut off by whoever logged it: it ends with its string.
        ("ALTER ROLE a PASSWORD 'hunter2", "hunter2"),
    ] {
        let record = format!(r#"{{"statement":"{statement}","z":1}}"#);
        let (body, rules) = scrub(&record).unwrap_or_else(|| panic!("{record}"));
        assert_eq!(rules, [18], "{record}");
        assert!(!body.contains(secret) && body.ends_with(r#"","z":1}"#), "{body}");
        assert!(serde_json::from_str::<serde_json::Value>(&body).is_ok(), "{body}");
    }
    // A line of a log that is no JSON.
    let (body, _) = scrub("LOG:  statement: ALTER ROLE a PASSWORD 'hunter2' NOLOGIN").unwrap();
    assert!(body.ends_with("' NOLOGIN") && !body.contains("hunter2"), "{body}");
}

#[test]
fn every_rule_hits_what_it_describes_and_nothing_near_it() {
    let cases = cases();
    let numbers: Vec<u16> = cases.iter().map(|case| case.0).collect();
    let first: Vec<u16> = known::RULES.iter().map(|rule| rule.number).collect();
    assert_eq!(numbers, first, "a case for each of the first rules; `tests/it/secrets.rs` has the others");
    for (rule, record, secret, misses) in cases {
        let (body, rules) = scrub(&record).unwrap_or_else(|| panic!("rule {rule} does not hit"));
        assert_eq!(rules, [rule]);
        let name = super::rule(rule).unwrap().name;
        let marker = format!("deedbook:secret:{name}:{}", scrubber().fingerprint(secret.as_bytes()));
        assert!(body.contains(&marker), "rule {rule}: fingerprint of the plain secret in {body}");
        let is_json = record.starts_with('{');
        assert!(!is_json || serde_json::from_str::<serde_json::Value>(&body).is_ok());
        let end = if is_json { r#","z":"end"}"# } else { "\nz: end" };
        assert!(body.ends_with(end), "rule {rule} takes nothing else: {body}");
        for miss in misses {
            assert_eq!(scrub(&miss), None, "rule {rule} must not hit {miss}");
        }
    }
}

#[test]
fn secrets_are_found_in_json_inside_of_json_and_it_still_parses() {
    // Lines of LDIF do not travel in JSON.
    for (rule, record, secret, _) in cases().into_iter().filter(|case| case.1.starts_with('{')) {
        let mut nested = record;
        for level in 1..4 {
            nested = serde_json::json!({ "message": nested }).to_string();
            let (body, rules) = scrub(&nested).unwrap_or_else(|| panic!("rule {rule} at level {level}"));
            assert_eq!(rules, [rule]);
            assert!(body.contains(&scrubber().fingerprint(secret.as_bytes())), "rule {rule} at level {level}");
            let mut text = body;
            for _ in 0..level {
                let outer: serde_json::Value = serde_json::from_str(&text).unwrap();
                text = outer["message"].as_str().unwrap().to_owned();
            }
            assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
        }
    }
}

#[test]
fn plain_text_is_scrubbed_too() {
    let line = format!("GET /x HTTP/1.1 Authorization: Bearer {} token={}", random(30), github_token());
    let (body, rules) = scrub(&line).unwrap();
    assert_eq!(rules, [12, 1]);
    assert!(body.starts_with("GET /x HTTP/1.1 Authorization: Bearer deedbook:secret:authorization:"));
    let basic = scrub("authorization: Basic dXNlcjpwYXNz").unwrap();
    assert_eq!(basic.1, [12]);
}

#[test]
fn keys_are_known_in_each_spelling_and_older_vault_tokens_by_their_form() {
    let legacy = format!("s.{}", random(24));
    for (rule, key, value) in [
        (15, "SecretAccessKey", "x1"),
        (15, "aws_session_token", "x1"),
        (16, "accessToken", "x1"),
        (16, "refresh_token", "x1"),
        (17, "Password", "x1"),
        (17, "new-password", "x1"),
        (17, "clientSecret", "x1"),
        (17, "private_key", "x1"),
        (17, "secret_id", "x1"),
        (10, "token", &legacy),
    ] {
        for space in ["", " "] {
            let record = format!(r#"{{"a":1,"{key}"{space}:{space}"{value}"}}"#);
            assert_eq!(scrub(&record).map(|found| found.1), Some(vec![rule]), "{record}");
            let nested = serde_json::json!({ "message": record }).to_string();
            assert_eq!(scrub(&nested).map(|found| found.1), Some(vec![rule]), "{nested}");
        }
    }
    assert_eq!(scrub(&format!(r#"{{"host":"{legacy}"}}"#)), None);
    assert_eq!(scrub(&format!(r#"{{"token":"{legacy}0"}}"#)), None);
}

#[test]
fn identifiers_are_no_secrets() {
    for record in [
        r#"{"accessKeyId":"ASIAIOSFODNN7EXAMPLE","arn":"arn:aws:iam::123456789012:user/a","id":"5e0b3c1c-0000-4000-8000-0123456789ab"}"#,
        r#"{"authentication.kubernetes.io/credential-id":["JTI=5e0b3c1c-0000-4000-8000-0123456789ab"]}"#,
        r#"{"hashed_token":"Dk0Fq1eJ6xvB3rQ0mF0kQy1l1t9mC6l1g4Qm3yqk6eM=","sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}"#,
        r#"{"publicKey":"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ","requestID":"Z1Y2X3","accessor":"hmac-sha256:00ff"}"#,
        "",
        "\"",
        "\"password\":\"",
        "password\":\"x\"",
    ] {
        assert_eq!(scrub(record), None, "{record}");
    }
}

#[test]
fn scrubbing_twice_changes_nothing() {
    for (_, record, ..) in cases() {
        let (body, _) = scrub(&record).unwrap();
        assert_eq!(scrub(&body), None, "{body}");
    }
}

#[test]
fn a_secret_that_runs_into_another_leaves_nothing_behind() {
    // Each left something for a second pass: a password with a token in it, a value that ends with
    // backslashes right before the next key, a password with a key's text in it.
    let pem = ["-----BEGIN PRIVATE ", "KEY-----x-----END PRIVATE ", "KEY-----"].concat();
    for (record, rest, rules) in [
        (format!("see http://u:p.hvs.{}@host/ now", random(24)), "see http://u:@host/ now", vec![14]),
        (r#""password":"\\"password":"y1""#.to_owned(), r#""password":""password":"""#, vec![17, 17]),
        (format!("http://u:p{pem}@host"), "http://u:@host", vec![14]),
        (
            format!("a Bearer {} http://u:p.hvs.{}@host", random(20), random(24)),
            "a Bearer  http://u:@host",
            vec![12, 14],
        ),
        // A user name that is a token, without and with a password.
        (format!("http://{}@host", web_token()), "http://@host", vec![11]),
        (format!("http://u.{}:pass@host", web_token()), "http://u.:@host", vec![11, 14]),
    ] {
        let scrubbed = scrubber().scrub(record.as_bytes()).unwrap();
        let (body, found) = scrub(&record).unwrap();
        assert_eq!(found, rules, "{record}: {body}");
        let mut left = body.clone();
        for replacement in scrubbed.replacements.iter().rev() {
            let at = replacement.offset as usize;
            left.replace_range(at..at + replacement.length as usize, "");
        }
        assert_eq!(left, rest);
        assert_eq!(scrub(&body), None, "{body}");
    }
}

/// Takes a record apart at its replacements: each stretch of text between them is one of the record, in order.
fn assert_whole(record: &str) -> (String, Vec<u16>) {
    let scrubbed = scrubber().scrub(record.as_bytes()).unwrap();
    let (mut rest, mut at, mut kept) = (record, 0, String::new());
    let body = String::from_utf8(scrubbed.body).unwrap();
    for replacement in &scrubbed.replacements {
        let text = &body[at..replacement.offset as usize];
        rest = &rest[rest.find(text).unwrap_or_else(|| panic!("{text} is not in {rest}")) + text.len()..];
        kept.push_str(text);
        at = (replacement.offset + replacement.length) as usize;
    }
    assert!(rest.ends_with(&body[at..]), "{} does not end {rest}", &body[at..]);
    assert_eq!(scrub(&body), None, "{body}");
    kept.push_str(&body[at..]);
    (kept, scrubbed.replacements.iter().map(|replacement| replacement.rule).collect())
}

#[test]
fn a_replacement_is_never_cut_into() {
    let key = ["-----BEGIN PRIVATE ", "KEY-----x"].concat();
    // The first letters of the replacement make what stands before it as long as a token has to be.
    for (prefix, length, rule) in [("AIza", 27, 5), ("npm_", 28, 8), ("sk_live_", 8, 7), ("github_pat_", 74, 2)] {
        let record = format!("\"{prefix}{}{key}\\\"", random(length));
        assert_eq!(assert_whole(&record), (r#""\""#.to_owned(), vec![rule]), "{record}");
        let nested = serde_json::json!({ "message": record }).to_string();
        let (kept, _) = assert_whole(&nested);
        assert!(serde_json::from_str::<serde_json::Value>(&kept).is_ok(), "{kept}");
    }
    let record = format!("Basic dXNlcjpw{key}");
    assert_eq!(assert_whole(&record), ("Basic ".to_owned(), vec![12]), "{record}");
}

#[test]
fn secrets_that_overlap_are_replaced_as_one() {
    let key = ["-----BEGIN PRIVATE ", "KEY-----x"].concat();
    for (record, kept, rules) in [
        // The token takes the head of the key with it, and no rule knows a key without its head.
        (format!("a glpat-{}{key}y b", random(20)), "a ", vec![4]),
        (format!("a AIza{}{key}{} b", random(25), random(60)), "a ", vec![13]),
        // An anchor inside of another one.
        (format!("a pypi{key}y b"), "a pypi", vec![13]),
        (format!("a {}-{}", github_token(), random(20)), &format!("a -{}", random(20)), vec![1]),
    ] {
        assert_eq!(assert_whole(&record), (kept.to_owned(), rules), "{record}");
    }
}

#[test]
fn the_fingerprint_of_a_secret_with_another_in_it_is_that_of_the_whole() {
    let password = format!("p.hvs.{}", random(24));
    let (body, _) = scrub(&format!("see http://u:{password}@host/ now")).unwrap();
    assert!(body.contains(&scrubber().fingerprint(password.as_bytes())), "{body}");
}

#[test]
fn many_anchors_take_no_longer_than_their_length() {
    // Each token used to be followed to the end of the record, before it was looked at whether it begins.
    for unit in ["glpat-", "pypi-", "ya29.glpat-", "-ya29.", "hvs.-", "\\\"secret\\\":\\\\\\\""] {
        scrub(&format!("a{}", unit.repeat((1 << 20) / unit.len())));
    }
}

#[test]
fn a_private_key_ends_with_its_string() {
    let begin = ["-----BEGIN PRIVATE ", "KEY-----"].concat();
    let end = ["-----END PRIVATE ", "KEY-----"].concat();
    for (inside, after) in [
        // The foot of another string is not its own, even where taking it would leave JSON behind.
        (format!("{begin}abc"), format!(r#"","b":[1,"{end}"]}}"#)),
        (format!("{begin}abc"), format!(r#"","b":"{end}"}}"#)),
        // A quote that is part of the text does not end it.
        (format!(r#"{begin}\nComment: \"x\"\nabc{end}"#), r#""}"#.to_owned()),
        (format!(r#"{begin}abc"#), r#"\\"}"#.to_owned()),
        // Half a foot is none, whatever the next string says.
        (format!("{begin}abc"), r#"-----END ","b":"-----"}"#.to_owned()),
    ] {
        let (body, rules) = scrub(&format!(r#"{{"a":"{inside}{after}"#)).unwrap();
        assert_eq!(rules, [13]);
        let rest = body.strip_prefix(r#"{"a":"deedbook:secret:private-key:"#).unwrap();
        assert_eq!(&rest[32..], after);
        assert!(serde_json::from_str::<serde_json::Value>(&body).is_ok(), "{body}");
    }
    // Around text without JSON, quotes mean nothing.
    let (body, _) = scrub(&format!("{begin}\nComment: \"x\"\nabc{end} tail")).unwrap();
    assert!(body.starts_with("deedbook:secret:private-key:") && body.ends_with(" tail") && body.len() < 80, "{body}");
}

#[test]
fn a_private_key_far_inside_a_text_ends_with_it() {
    let [begin, end] = ["BEGIN", "END"].map(|part| format!("-----{part} PRIVATE {}-----", "KEY"));
    let record = format!(r#"{{"a":"{}{begin}abc","b":[1,"{end}"]}}"#, " ".repeat(70 << 10));
    let (body, rules) = scrub(&record).unwrap();
    assert_eq!(rules, [13]);
    assert!(body.ends_with(&format!(r#"","b":[1,"{end}"]}}"#)));
}

#[test]
fn a_private_key_behind_a_lone_quote_ends_with_its_string() {
    let mut nested = ["\"-----BEGIN PRIVATE ", "KEY-----\\"].concat();
    for level in 1..5 {
        nested = serde_json::json!({ "message": nested, "z": "end" }).to_string();
        let mut text = scrub(&nested).map_or(nested.clone(), |(body, _)| body);
        for _ in 0..level {
            let outer: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(outer["z"], "end", "{text}");
            text = outer["message"].as_str().unwrap().to_owned();
        }
    }
}

#[test]
fn the_letter_of_an_escape_begins_no_secret_and_hides_none() {
    // A line feed before `pm_`, a carriage return before `k_live_`, as JSON and as JSON in JSON.
    for text in [format!("\npm_{}", random(36)), format!("\rk_live_{}", random(20))] {
        let record = serde_json::json!({ "note": text }).to_string();
        let nested = serde_json::json!({ "message": record }).to_string();
        assert_eq!((scrub(&record), scrub(&nested)), (None, None), "{nested}");
    }
    for escape in ["\\n", "\\t", "\\u003e", "\\u0026"] {
        let (body, rules) = scrub(&format!(r#"{{"note":"a{escape}npm_{}"}}"#, random(36))).unwrap();
        assert_eq!(rules, [8]);
        assert!(body.starts_with(&format!(r#"{{"note":"a{escape}deedbook:secret:npm:"#)), "{body}");
    }
}

#[test]
fn many_headers_of_keys_take_no_longer_than_their_length() {
    // Each header used to be followed to the end of the record: hours for one of 16 MiB.
    let header = ["-----BEGIN PRIVATE ", "KEY-----"].concat();
    let record = format!("\"{header}\",").repeat((16 << 20) / 32);
    assert_eq!(scrub(&record), None);
    let record = format!("{header}x").repeat((16 << 20) / 32);
    assert_eq!(scrub(&format!("\"{record}\"")).unwrap().1, [13]);
}

#[test]
fn the_fingerprint_joins_with_a_logged_sha256_and_depends_on_the_key() {
    let secret = github_token();
    let sha256: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
    assert_eq!(scrubber().fingerprint(secret.as_bytes()), scrubber().fingerprint_of_sha256(&sha256));
    assert_ne!(scrubber().fingerprint(b"x"), Scrubber::new([8; 32]).unwrap().fingerprint(b"x"));
    // HMAC by its definition (RFC 2104) over the same key.
    let pad = |byte: u8| [[7 ^ byte; 32], [byte; 32]].concat();
    let inner = Sha256::digest([pad(0x36), sha256.to_vec()].concat());
    let outer = Sha256::digest([pad(0x5c), inner.to_vec()].concat());
    assert_eq!(scrubber().fingerprint(secret.as_bytes()), model::hex(&outer)[..32]);
}

#[test]
fn numbers_and_names_of_rules_are_unique() {
    for (at, rule) in rules().enumerate() {
        assert_eq!(usize::from(rule.number), at + 1);
        assert!(rule.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'));
        assert!(!rules().take(at).any(|other| other.name == rule.name));
    }
}

#[test]
fn a_token_that_is_told_is_replaced_whatever_it_looks_like_and_by_the_fingerprint_of_its_plain_text() {
    let scrubber = Scrubber::new([7; 32]).unwrap();
    let record = br#"{"actor_token":"not\/a.jwt","b":"ghp_"}"#;
    let scrubbed = scrubber.scrub_with(record, &[16..26, 5..5, 30..99]).unwrap();
    let expected =
        format!("{{\"actor_token\":\"deedbook:secret:jwt:{}\",\"b\":\"ghp_\"}}", scrubber.fingerprint(b"not/a.jwt"));
    assert_eq!(String::from_utf8(scrubbed.body).unwrap(), expected);
    assert_eq!((scrubbed.replacements.len(), scrubbed.replacements[0].rule), (1, 11));
    assert_eq!((super::rule::token().number, super::rule::token().name), (11, "jwt"));
}

#[test]
fn texts_that_look_random_are_counted_and_ids_are_not() {
    for (record, count) in [
        ("key a1B2c3D4e5F6g7H8i9J0kLmNoPqR and Zz9Yy8Xx7Ww6Vv5Uu4Tt3Ss2Rr", 2),
        ("5e0b3c1c-0000-4000-8000-0123456789ab 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", 0),
        ("arn:aws:iam::123456789012:role/AWSServiceRoleForAutoScaling AKIAIOSFODNN7EXAMPLE", 0),
        ("GetCallerIdentityWithAVeryLongNameInCamelCase a-name-of-words-with-dashes-2", 0),
    ] {
        assert_eq!(random_texts(record.as_bytes()), count, "{record}");
        assert_eq!(scrub(record), None, "they are never replaced");
    }
}

#[test]
fn a_replacement_in_a_data_source_name_is_no_user() {
    // A second pass took the word before the colon of the first replacement for one.
    for user in ["a1B2c3D4e5F6g7H8i9", "xoxb-11111111111-a1B2c3D4e5F6"] {
        let (body, _) = scrub(&format!("Bearer {user} {user}u:p4ss@tcp(h)")).unwrap();
        assert_eq!(scrub(&body), None, "{body}");
        assert!(!body.contains("p4ss"), "{body}");
    }
}
