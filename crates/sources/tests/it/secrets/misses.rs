//! What looks like a secret and is none: kept as it is.

use super::hits::{age, github};
use super::{Random, TIMES, base64};

/// Patterns of what must be kept.
const PATTERNS: &[&str] = &[
    // Names and ids.
    "arn:aws:iam::{d12}:role/{a20}",
    "arn:aws:secretsmanager:eu-west-1:{d12}:secret:prod/db-{a6}",
    "AKIA{U16}",
    "ASIA{U16}",
    "AIDA{U17}",
    "AROA{U17}:{a20}",
    "{h8}-{h4}-4{h3}-8{h3}-{h12}",
    "requestId={h8}-{h4}-{h4}-{h4}-{h12}",
    "Root=1-{h8}-{h24}",
    "x-amz-request-id: {U16}",
    "x-amz-id-2: {b76}",
    "traceparent: 00-{h32}-{h16}-01",
    "AC{h32}",
    "SK{h32}",
    "LTAI{a20}",
    "NRJS-{h19}",
    "projects/p/secrets/s/versions/3",
    "projects/p/serviceAccounts/a@p.iam.gserviceaccount.com/keys/{h40}",
    "clientToken={h8}-{h4}-{h4}-{h4}-{h12}",
    "nextToken={a60}",
    "NEXT_TOKEN={a60}",
    "pageToken={a40}",
    "organizations/o-{s10}",
    "subnet-{h17}",
    "i-{h17}",
    "eni-{h17}",
    // Digests of every length, commits, fingerprints.
    "{h8}",
    "{h16}",
    "{h32}",
    "{h40}",
    "{h56}",
    "{h64}",
    "{h96}",
    "{h128}",
    "sha256:{h64}",
    "sha512-{a86}==",
    "commit {h40}",
    "{h7}..{h7}",
    "SHA256:{a43}",
    "MD5:{h2}:{h2}:{h2}:{h2}",
    "hashed_token={a43}=",
    "etag=\"{h32}-12\"",
    "checksum={b43}=",
    "{b43}=",
    "{b86}==",
    "hmac-sha256:{h64}",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA{a44}",
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB{a200}",
    "age1{s58}",
    // Prefixes with too little behind them, too much, or of other letters.
    "ghp_{a35}",
    "github_pat_{a81}",
    "glpat-{a12}",
    "xoxb-{a8}",
    "npm_config_{a20}",
    "sk_test_{a24}",
    "pk_live_{a24}",
    "hf_{l33}",
    "hf_{h34}",
    "sk-ant-api03-{a40}",
    "sk-{a48}",
    "gsk_{a51}",
    "dapi{h31}",
    "dapi{h33}",
    "dop_v1_{h63}",
    "dckr_pat_{a26}",
    "lin_api_{a39}",
    "ntn_{a46}",
    "secret_{a42}",
    "secret_{a44}",
    "ATATT3x{a60}",
    "shpat_{h31}",
    "EAAA{s60}",
    "pscale_tkn_{a20}",
    "dp.pt.{a20}",
    "glsa_{a31}_{h8}",
    "NRAK-{U20}",
    "ops_eyJ{a60}",
    "A3-{U6}-{U5}",
    "tskey-auth-{a3}",
    "bkua_{s39}",
    "CCIPAT_{a22}_{h39}",
    "rubygems_{h47}",
    "cio{s32}",
    "socio{a32}",
    "oy2{s42}",
    "glrt-{a12}",
    "GR1348941{a12}",
    "sntryu_{h63}",
    "sbp_{h39}",
    "{d5}:AA{a33}",
    "{d9}:AB{a33}",
    "SG.{a21}.{a43}",
    "key-{h31}",
    "pubkey-{h32}",
    "HRKU-AA{a57}",
    "pul-{h39}",
    "v1.0-alpha.{d2}",
    "fo1_{a42}",
    "EZTK{a54}",
    "pat-na1-{h12}",
    "AKCp{a60}",
    "cmVmdGtu",
    "sqp_{h39}",
    "sgp_{h39}",
    "pnu_{a35}",
    "GOCSPX-{a27}",
    "1//0{a20}",
    "ABSK{a50}",
    "{a75}+ASt{a5}Q==",
    "{a76}AZDO{a3}",
    "{a3}8Q~{a20}",
    "sha256~{a42}",
    // Masked, empty, told by a placeholder, or a word.
    "password=***",
    "password=",
    "password=REDACTED",
    "Password=<hidden>",
    "password=${DB_PASSWORD}",
    "password={{ db }}",
    "password=%s",
    "password=true",
    "password=null",
    "using password: YES",
    "passwordless login of {a8}",
    "PWD=/srv/app{s8}",
    "OLDPWD=/srv",
    "access_token=xxxxxxxx",
    "api_key=None",
    "sig={a20}",
    "sig=none",
    "Signature={a43}",
    "X-Amz-SignedHeaders=host",
    "client_secret=[REDACTED]",
    "authorization denied for {a10}",
    "X-Api-Key: ",
    "X-Api-Key: ********",
    "Cookie: theme=dark; lang=en; _ga=GA1.2.{d10}.{d10}",
    "Set-Cookie: awsalb={a60}; Path=/",
    "Authorization: AWS4-HMAC-SHA256 Credential=AKIA{U16}/20260101/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature={h64}",
    "Authorization: Digest username=\"a\", response=\"{h32}\"",
    "Authorization: Bearer",
    "user:{a8}@host",
    "tcp(h:3306)",
    "git@github.com:o/{s8}.git",
    "https://hooks.slack.com/services/T{U5}",
    "https://discord.com/api/webhooks/{d18}",
    "docs of webhooks/{s20}",
    "jdbc:oracle:thin:@h:1521:x",
];

/// Records of JSON that must be kept.
const RECORDS: &[&str] = &[
    r#"{"accessKeyId":"AKIA{U16}","keyId":"{h40}","publicKey":"{b60}","fingerprint":"{h40}"}"#,
    r#"{"clientToken":"{h8}-{h4}-{h4}-{h4}-{h12}","nextToken":"{a80}","secretId":"prod/db","secretName":"a","tokenId":"{a20}"}"#,
    r#"{"annotations":{"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":"RBAC: allowed by {a20}"}}"#,
    r#"{"authorization":{"action":"Microsoft.Storage/write","scope":"/subscriptions/{h8}"}}"#,
    r#"{"kind":"ConfigMap","apiVersion":"v1","data":{"k":"{a20}"}}"#,
    r#"{"kind":"Event","objectRef":{"resource":"configmaps"},"requestObject":{"data":{"k":"{a20}"}}}"#,
    r#"{"kind":"Role","rules":[{"resources":["secrets"],"verbs":["get"]}],"data":{"k":"{a20}"}}"#,
    r#"{"kind":"Secret","metadata":{"name":"a","uid":"{h8}-{h4}-{h4}-{h4}-{h12}"},"type":"Opaque","data":null}"#,
    r#"{"environment":[{"name":"PASSWORD_MIN_LENGTH","value":"12"},{"name":"DB_PASSWORD","value":"***"},{"name":"TOKEN_TTL","value":"36000000"}]}"#,
    r#"{"env":[{"name":"DB_PASSWORD","valueFrom":{"secretKeyRef":{"name":"{a12}","key":"password"}}}]}"#,
    r#"{"headers":{"X-Api-Key":"","x-request-id":"{h32}","Authorization":"REDACTED","cookie":"theme=dark"}}"#,
    r#"{"authToken":"***","accountKey":"{a12}","apiTokenId":"{a24}","passwd":null,"tokens":["a"]}"#,
    r#"{"password":null,"passwordLastUsed":"2026-01-01T00:00:00Z","mfaAuthenticated":"true","token":"{a12}"}"#,
];

pub(super) fn all(random: &mut Random) -> Vec<String> {
    let mut all = Vec::new();
    for _ in 0..TIMES {
        all.extend(PATTERNS.iter().map(|pattern| random.text(&pattern.replace("${", "$<").replace("{{", "<"))));
        for record in RECORDS {
            all.push(text_of_json(random, record));
        }
        let mut token = github(&random.text("{a30}"));
        let last = if token.ends_with('0') { '1' } else { '0' };
        token.pop();
        all.push(format!("{token}{last}"));
        // One digit of the key is another one.
        let key = age(random);
        let last = if key.ends_with('Q') { 'P' } else { 'Q' };
        all.push(format!("{}{last}", &key[..key.len() - 1]));
        let [begin, end] = ["BEGIN", "END"].map(|word| format!("-----{word} CERTIFICATE-----"));
        let certificate = format!("{begin}\n{}\n{end}", random.text("{b64}"));
        all.push(base64(&certificate));
        all.push(certificate);
        let public = format!("-----BEGIN PUBLIC {0}-----\n{1}\n-----END PUBLIC {0}-----", "KEY", random.text("{b64}"));
        all.push(public);
    }
    all
}

/// A record by a pattern: braces of JSON are not those of a part.
fn text_of_json(random: &mut Random, record: &str) -> String {
    let mut out = String::new();
    let mut rest = record;
    while let Some(at) = rest.find('{') {
        let (before, part) = rest.split_at(at);
        out.push_str(before);
        match part[1..].split_once('}') {
            Some((inner, after))
                if inner.len() < 5 && inner.len() > 1 && inner[1..].bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                out.push_str(&random.text(&format!("{{{inner}}}")));
                rest = after;
            }
            _ => {
                out.push('{');
                rest = &part[1..];
            }
        }
    }
    out + rest
}
