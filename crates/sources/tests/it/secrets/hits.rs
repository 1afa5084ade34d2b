//! Secrets that must be found.

use super::{Random, TIMES, base64};

/// Tokens that are known wherever they stand, by the rule and the patterns of their kinds.
pub(super) const TOKENS: &[(&str, &[&str])] = &[
    ("github-pat", &["github_pat_{a82}"]),
    ("slack", &["xoxb-{d11}-{d11}-{a24}", "xapp-1-{U11}-{d13}-{h64}"]),
    ("gitlab", &["glpat-{t20}", "glpat-{t27}.0{s2}.{s9}"]),
    ("google-api-key", &["AIza{t35}"]),
    ("google-oauth", &["ya29.{t60}"]),
    ("stripe", &["sk_live_{a24}", "rk_live_{a99}"]),
    ("npm", &["npm_{a36}"]),
    ("pypi", &["pypi-AgEIcHlwaS5vcmc{t80}"]),
    ("vault", &["hvs.{t90}", "hvb.{t140}", "hvr.{t90}"]),
    ("deedbook", &["dbk_{t43}"]),
    ("anthropic", &["sk-ant-api03-{t93}AA", "sk-ant-admin01-{t93}AA", "sk-ant-oat01-{t93}AA"]),
    (
        "openai",
        &[
            "sk-{a20}T3BlbkFJ{a20}",
            "sk-proj-{t74}T3BlbkFJ{t74}",
            "sk-svcacct-{t58}T3BlbkFJ{t58}",
            "sk-admin-{t58}T3BlbkFJ{t58}",
        ],
    ),
    ("huggingface", &["hf_{l34}", "api_org_{l34}"]),
    ("groq", &["gsk_{a52}"]),
    ("xai", &["xai-{a80}"]),
    ("perplexity", &["pplx-{a48}"]),
    ("replicate", &["r8_{a37}"]),
    ("openrouter", &["sk-or-v1-{h64}"]),
    ("langsmith", &["lsv2_pt_{h32}_{h10}", "lsv2_sk_{h32}_{h10}"]),
    ("langfuse", &["sk-lf-{h8}-{h4}-{h4}-{h4}-{h12}"]),
    ("nvidia", &["nvapi-{t64}"]),
    ("pinecone", &["pcsk_{a5}_{a63}", "pcsk_{a6}_{a63}"]),
    ("databricks", &["dapi{h32}", "dapi{h32}-2"]),
    ("terraform", &["{a14}.atlasv1.{a67}"]),
    ("digitalocean", &["dop_v1_{h64}", "doo_v1_{h64}", "dor_v1_{h64}"]),
    ("docker-hub", &["dckr_pat_{t27}", "dckr_oat_{t32}"]),
    ("linear", &["lin_api_{a40}", "lin_oauth_{h64}"]),
    ("notion", &["ntn_{d11}{a35}", "secret_{a43}"]),
    ("atlassian", &["ATATT3x{t186}", "ATCTT3x{t180}", "ATBB{a32}"]),
    ("shopify", &["shpat_{h32}", "shpca_{h32}", "shppa_{h32}", "shpss_{h32}"]),
    ("square", &["sq0atp-{t22}", "sq0csp-{t43}", "EAAA{t60}"]),
    ("planetscale", &["pscale_tkn_{t43}", "pscale_pw_{t43}", "pscale_oauth_{t43}"]),
    (
        "doppler",
        &[
            "dp.pt.{a43}",
            "dp.st.{a43}",
            "dp.st.prd_a.{a43}",
            "dp.ct.{a43}",
            "dp.sa.{a43}",
            "dp.scim.{a43}",
            "dp.audit.{a43}",
        ],
    ),
    ("grafana", &["glsa_{a32}_{h8}", "glc_{a80}"]),
    ("new-relic", &["NRAK-{U27}", "NRII-{t32}", "{h36}NRAL"]),
    ("1password", &["ops_eyJ{a400}", "A3-{U6}-{U11}-{U5}-{U5}-{U5}", "A3-{U6}-{U6}-{U5}-{U5}-{U5}-{U5}"]),
    ("tailscale", &["tskey-auth-{a17}-{a32}", "tskey-api-{a17}-{a32}", "tskey-client-{a17}-{a32}"]),
    ("buildkite", &["bkua_{s40}"]),
    ("circleci", &["CCIPAT_{a22}_{h40}", "CCIPRJ_{a22}_{h40}"]),
    ("rubygems", &["rubygems_{h48}"]),
    ("crates-io", &["cio{a32}"]),
    ("nuget", &["oy2{s43}"]),
    (
        "gitlab-other",
        &[
            "glrt-{t20}",
            "gldt-{t20}",
            "glft-{t20}",
            "glsoat-{t20}",
            "glffct-{t20}",
            "glwt-{t20}",
            "glptt-{h40}",
            "glcbt-64_{t20}",
            "glcbt-{t20}",
            "glimt-{t25}",
            "glagent-{t50}",
            "gloas-{t64}",
            "GR1348941{t20}",
        ],
    ),
    ("sentry", &["sntrys_eyJ{a120}_{a43}", "sntryu_{h64}"]),
    ("supabase", &["sbp_{h40}", "sb_secret_{t31}"]),
    ("telegram", &["{d9}:AA{t33}", "{d10}:AA{t33}"]),
    ("sendgrid", &["SG.{t22}.{t43}"]),
    ("mailgun", &["key-{h32}"]),
    ("brevo", &["xkeysib-{h64}-{a16}", "xsmtpsib-{h64}-{a16}"]),
    ("heroku", &["HRKU-AA{t58}"]),
    ("figma", &["figd_{t40}"]),
    ("postman", &["PMAK-{h24}-{h34}"]),
    ("pulumi", &["pul-{h40}"]),
    ("cloudflare-origin", &["v1.0-{h24}-{h146}"]),
    ("fly", &["fo1_{t43}", "fm1r_{a120}", "fm1a_{a120}", "fm2_{a120}"]),
    ("dynatrace", &["dt0c01.{U24}.{U64}"]),
    ("easypost", &["EZAK{a54}"]),
    ("hubspot", &["pat-na1-{h8}-{h4}-{h4}-{h4}-{h12}", "pat-eu1-{h8}-{h4}-{h4}-{h4}-{h12}"]),
    ("artifactory", &["AKCp{a69}", "cmVmd{a59}"]),
    ("sonarqube", &["sqp_{h40}", "squ_{h40}", "sqa_{h40}"]),
    ("sourcegraph", &["sgp_{h40}", "sgp_{h16}_{h40}", "sgp_local_{h40}"]),
    ("readme", &["rdme_{s70}"]),
    ("prefect", &["pnu_{a36}"]),
    ("clojars", &["CLOJARS_{s60}"]),
    ("contentful", &["CFPAT-{t43}"]),
    ("mongodb-atlas", &["mdb_sa_sk_{t40}"]),
    ("aiven", &["AVNS_{t19}"]),
    ("google-client", &["GOCSPX-{t28}", "1//0{t60}"]),
    ("bedrock", &["ABSK{a130}", "bedrock-api-key-{a200}"]),
    (
        "azure-key",
        &[
            "{a76}+ASt{a5}Q==",
            "{a76}ACDb{a5}g==",
            "{a76}APIM{a5}A==",
            "{a33}+AEh{a6}=",
            "{a33}+ASb{a6}=",
            "{a33}AIoT{a6}=",
            "{a44}AzFu{a5}w==",
            "{a42}AzSe{a6}",
            "{a33}AzCa{a6}=",
            "{a42}+ACR{a6}",
        ],
    ),
    ("azure-devops", &["{a76}AZDO{a4}"]),
    ("azure-client", &["{a3}8Q~{t34}", "{a3}7Q~{t31}"]),
    ("openshift", &["sha256~{t43}"]),
    ("openssh-key", &["b3BlbnNzaC1rZXktdjEAAAAA{a200}"]),
];

/// Rules of lines that do not travel in JSON.
pub(super) fn is_line(rule: &str) -> bool {
    rule == "ldif-password"
}

/// Records, the rule that knows the secret in them, and the secret.
pub(super) fn others(random: &mut Random) -> Vec<(&'static str, String, String)> {
    let mut found = Vec::new();
    for _ in 0..TIMES {
        named(random, &mut found);
        whole(random, &mut found);
        found.extend(webhooks(random));
    }
    found
}

/// Where a secret stands that has no form of its own: `@` is its place.
const PLACES: &[(&str, &[&str])] = &[
    (
        "parameter",
        &[
            "GET /p?a=1&access_token=@&b=2",
            "Server=tcp:h,1433;User ID=a;Password=@;Encrypt=True",
            "level=info password=@ msg=x",
            "env DB_PASSWORD=@ GITHUB_TOKEN=x1",
            "login --user a --password @ --x",
            "login --api-key=@",
            "jdbc:postgresql://h/db?user=a&password=@",
            "jdbc:sqlserver://h;user=a;password=@;x=1",
            "Host=h;Username=a;Pwd=@",
            "cfg password=\"@\" next=1",
            "u=%7B%22password%22%3A%22@%22%7D",
            "u=x%3Fclient_secret%3D@%26y",
            "POST body: grant_type=x&client_id=y&client_secret=@",
            "AWS_SECRET_ACCESS_KEY=@",
        ],
    ),
    (
        "http-header",
        &[
            r#"{"headers":{"X-Api-Key":"@","Accept":"x"}}"#,
            r#"{"headers":{"x-api-key":["@"]}}"#,
            r#"{"headers":[{"name":"X-Vault-Token","value":"@"}]}"#,
            "GET / HTTP/1.1 X-Auth-Token: @",
            r#"{"Private-Token":"@"}"#,
            "map[X-Vault-Token:[@]]",
            r#"{"DD-API-KEY":"@"}"#,
            r#"{"Ocp-Apim-Subscription-Key" : "@"}"#,
            r#"{"X-Amz-Security-Token":"@"}"#,
        ],
    ),
    (
        "authorization-value",
        &[
            "Authorization: Token @",
            r#"{"Authorization":"ApiKey @"}"#,
            r#"{"authorization":["SSWS @"]}"#,
            r#"{"Proxy-Authorization":"Negotiate @"}"#,
            r#"{"authorization":"Bot @"}"#,
            "authorization: Splunk @",
            r#"{"headers":[{"name":"Authorization","value":"GenieKey @"}]}"#,
        ],
    ),
    (
        "cookie",
        &[
            "Cookie: theme=dark; JSESSIONID=@; lang=en",
            r#"{"cookie":"a=1; session=@"}"#,
            r#"{"Set-Cookie":["sid=@; Path=/; HttpOnly"]}"#,
            r#"{"headers":[{"name":"Cookie","value":"auth_token=@"}]}"#,
            "Set-Cookie: remember_me=@; Secure",
        ],
    ),
    (
        "named-value",
        &[
            r#"{"environment":[{"name":"DB_PASSWORD","value":"@"}]}"#,
            r#"{"env":[{"name":"A","value":"b"},{"name":"GITHUB_TOKEN", "value":"@"}]}"#,
            r#"{"Key":"ClientSecret","Value":"@"}"#,
            r#"{"parameters":[{"parameterKey":"MasterUserPassword","parameterValue":"@"}]}"#,
            r#"[{"key":"apiKey","value":"@"}]"#,
        ],
    ),
    (
        "credential-field",
        &[
            r#"{"authToken":"@"}"#,
            r#"{"botToken" : "@"}"#,
            r#"{"slackSigningSecret":"@"}"#,
            r#"{"webhookSecret":"@"}"#,
            r#"{"passwd":"@"}"#,
        ],
    ),
    (
        "dsn-password",
        &[
            "app:@@tcp(db:3306)/app",
            "dsn=jdbc:oracle:thin:scott/@@h:1521:x",
            "u:@@unix(/run/s)/d",
            "v=app:@@tcp(h)/a?x=1",
            "app:@@tcp6([::1]:3306)/b",
        ],
    ),
    (
        "url-password",
        &[
            "postgres://app:@@db/app",
            "https://u:@@h/",
            "amqp://u:@@h:5672/v",
            "redis://:@@h:6379/0",
            "mongodb+srv://u:@@h/d",
        ],
    ),
    (
        "authorization",
        &[
            "Authorization: Bearer @",
            r#"{"authorization":"Bearer @"}"#,
            "x Bearer @ y",
            "curl -H 'Authorization: Bearer @'",
            "header=Bearer @",
        ],
    ),
    (
        "aws-credential",
        &[
            r#"{"secretAccessKey":"@"}"#,
            r#"{"SecretAccessKey" : "@"}"#,
            r#"{"sessionToken":"@"}"#,
            r#"{"aws_secret_access_key":"@"}"#,
            r#"{"a":{"aws_session_token":"@"}}"#,
        ],
    ),
    (
        "token-field",
        &[
            r#"{"access_token":"@"}"#,
            r#"{"refresh_token":"@"}"#,
            r#"{"id_token":"@"}"#,
            r#"{"client_token":"@"}"#,
            r#"{"api_key":"@"}"#,
        ],
    ),
    (
        "secret-field",
        &[
            r#"{"password":"@"}"#,
            r#"{"client_secret":"@"}"#,
            r#"{"newPassword":"@"}"#,
            r#"{"secret":"@"}"#,
            r#"{"passphrase" : "@"}"#,
        ],
    ),
    (
        "sql-password",
        &[
            "ALTER ROLE a PASSWORD '@'",
            "CREATE USER a IDENTIFIED BY '@'",
            "create user a password '@'",
            "SET PASSWORD = '@'",
            "ALTER LOGIN a WITH password='@'",
        ],
    ),
    ("ldif-password", &["dn: cn=a\nuserPassword: @\ncn: a", "dn: cn=a\nunicodePwd:: @\ncn: a"]),
    (
        "kubernetes-secret",
        &[
            r#"{"requestObject":{"kind":"Secret","apiVersion":"v1","metadata":{"name":"a"},"data":{"k":"@","empty":""}}}"#,
            r#"{"requestObject":{"apiVersion":"v1","stringData":{"k":"@"},"kind":"Secret"}}"#,
            r#"{"objectRef":{"resource":"secrets","name":"a"},"requestObject":{"data":{"k":"@"}}}"#,
            r#"{"responseObject":{"kind":"SecretList","items":[{"metadata":{"name":"a"},"data":{"k":"@"}}]}}"#,
            r#"{"apiVersion":"v1","items":[{"data":{"k": "@"}}],"kind":"SecretList"}"#,
        ],
    ),
];

fn named(random: &mut Random, found: &mut Vec<(&'static str, String, String)>) {
    for (rule, places) in PLACES {
        for place in *places {
            let secret = match *rule {
                "kubernetes-secret" => base64(&random.text("{a20}")),
                // What is in an encoded URL has no bytes that are encoded once more here.
                _ => random.text("{a12}_7{a20}"),
            };
            found.push((*rule, place.replacen('@', &secret, 1), secret));
        }
    }
    let signature = random.text("{a43}%3D");
    let plain = signature.replace("%3D", "=");
    found.push(("signed-url", format!("https://a.blob.core.windows.net/c?sv=2024&sp=r&sig={signature}&se=x"), plain));
    let signature = random.text("{h64}");
    found.push(("signed-url", format!("GET /b?X-Amz-Date=x&X-Amz-Signature={signature}"), signature));
    let signature = random.text("{h512}");
    found.push(("signed-url", format!("GET /b?X-Goog-Signature={signature}&x=1"), signature));
}

fn webhooks(random: &mut Random) -> Vec<(&'static str, String, String)> {
    let path = |host: &str, rest: String| (format!("POST https://{host}{rest} 200"), format!("{host}{rest}"));
    let (slack, slack_secret) = path("hooks.slack.com/services/", random.text("T{U10}/B{U10}/{a24}"));
    let (discord, discord_secret) = path("webhooks/", random.text("{d18}/{t68}"));
    let teams = random
        .text("{h8}-{h4}-{h4}-{h4}-{h12}@{h8}-{h4}-{h4}-{h4}-{h12}/IncomingWebhook/{h32}/{h8}-{h4}-{h4}-{h4}-{h12}");
    vec![
        ("slack-webhook", slack, slack_secret),
        ("discord-webhook", discord.replace("https://", "https://discord.com/api/"), discord_secret),
        ("teams-webhook", format!("POST https://x.webhook.office.com/webhookb2/{teams}"), teams),
    ]
}

/// Secrets with a checksum or with parts of their own.
fn whole(random: &mut Random, found: &mut Vec<(&'static str, String, String)>) {
    let github = github(&random.text("{a30}"));
    found.push(("github", format!("clone with {github}"), github));
    let part = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    use base64::Engine as _;
    let jwt = format!(
        "{}.{}.{}",
        part(r#"{"alg":"RS256","typ":"JWT"}"#),
        part(&random.text("{\"sub\":\"{a9}\"}".replace("{\"", "\u{1}").as_str()).replace('\u{1}', "{\"")),
        random.text("{t43}")
    );
    found.push(("jwt", format!("id {jwt} end"), jwt));
    let [begin, end] = ["BEGIN", "END"].map(|word| format!("-----{word} OPENSSH PRIVATE {}-----", "KEY"));
    let pem = format!("{begin}\n{}\n{end}", random.text("{b64}"));
    found.push(("private-key", format!("key {pem} end"), pem.clone()));
    let encoded = base64(&pem);
    found.push(("encoded-key", format!("tls.key: {encoded}"), encoded));
    let age = age(random);
    found.push(("age", format!("identity {age}"), age));
    let lines = random.text("{b64}\n{b30}==");
    found.push((
        "putty-key",
        format!("PuTTY-User-Key-File-3: ssh-rsa\nPrivate-Lines: 2\n{lines}\nPrivate-MAC: 00ff"),
        lines,
    ));
}

/// A token of GitHub: the last six of its 36 letters and digits are the CRC-32 of the others in base 62.
pub(super) fn github(random: &str) -> String {
    let mut crc = flate2::Crc::new();
    crc.update(random.as_bytes());
    let (mut sum, mut digits) = (crc.sum(), Vec::new());
    for _ in 0..6 {
        let digits62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        digits.push(digits62.as_bytes()[(sum % 62) as usize] as char);
        sum /= 62;
    }
    format!("{}_{random}{}", "ghp", digits.iter().rev().collect::<String>())
}

/// A key of age, by BIP 173: 32 bytes in groups of five bits, and the checksum.
pub(super) fn age(random: &mut Random) -> String {
    const DIGITS: &str = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    let values: Vec<u32> = random.of(DIGITS, 52).chars().map(|digit| DIGITS.find(digit).unwrap() as u32).collect();
    let name = "age-secret-key-";
    let expanded =
        name.bytes().map(|byte| u32::from(byte >> 5)).chain([0]).chain(name.bytes().map(|byte| u32::from(byte & 31)));
    let all = expanded.chain(values.iter().copied()).chain([0; 6]);
    let sum = all.fold(1_u32, |sum, value| {
        let top = sum >> 25;
        let next = (sum & 0x1ff_ffff) << 5 ^ value;
        [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3]
            .iter()
            .enumerate()
            .fold(next, |next, (bit, own)| if top >> bit & 1 == 1 { next ^ own } else { next })
    }) ^ 1;
    let checksum = (0..6).map(|at| sum >> (5 * (5 - at)) & 31);
    let digits: String =
        values.into_iter().chain(checksum).map(|value| DIGITS.as_bytes()[value as usize] as char).collect();
    format!("{}{digits}", "age-secret-key-1").to_uppercase()
}
