//! Keys of the fictional CloudTrail, made for these tests: they sign nothing else and protect nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};

use crate::put;

/// Who signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signer {
    /// CloudTrail in `eu-north-1`.
    North,
    /// CloudTrail in `us-east-1`: each region has a key of its own.
    East,
    /// Whoever would like to be CloudTrail.
    Forger,
}

impl Signer {
    fn pkcs8(self) -> &'static str {
        match self {
            Signer::North => NORTH,
            Signer::East => EAST,
            Signer::Forger => FORGER,
        }
    }

    /// As CloudTrail names its keys: 32 hex digits. A forger gives the name of the key that is expected.
    pub(super) fn fingerprint(self) -> &'static str {
        match self {
            Signer::North | Signer::Forger => "cd2e218f60b60c77f176befa22a20c2b",
            Signer::East => "4ddb48538d195fe1bac6a9fc295769e9",
        }
    }

    fn pair(self) -> Option<RsaKeyPair> {
        RsaKeyPair::from_pkcs8(&STANDARD.decode(self.pkcs8()).ok()?).ok()
    }

    /// Signs as `SHA256withRSA` does; hex. The same every time: PKCS#1 v1.5 has no randomness.
    pub(super) fn sign(self, text: &str) -> String {
        let Some(pair) = self.pair() else { return String::new() };
        let mut signature = vec![0; pair.public().modulus_len()];
        let signed = pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature);
        if signed.is_err() {
            return String::new();
        }
        super::hex(&signature)
    }

    /// PKCS#1 DER, base64.
    pub(super) fn public(self) -> String {
        self.pair().map(|pair| STANDARD.encode(pair.public_key().as_ref())).unwrap_or_default()
    }
}

/// What `aws cloudtrail list-public-keys` prints.
pub fn public_keys() -> String {
    let mut out = "{\"PublicKeyList\":[".to_owned();
    for (n, signer) in [Signer::North, Signer::East].into_iter().enumerate() {
        let (comma, value, print) = (if n > 0 { "," } else { "" }, signer.public(), signer.fingerprint());
        let valid =
            "\"ValidityStartTime\":\"2026-10-01T00:00:00+00:00\",\"ValidityEndTime\":\"2027-10-01T00:00:00+00:00\"";
        put(&mut out, format_args!("{comma}{{\"Value\":\"{value}\",{valid},\"Fingerprint\":\"{print}\"}}"));
    }
    out.push_str("]}");
    out
}

const NORTH: &str = "\
    MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQC9gkJfVwrvl5Z249hC4QtLoGw7Wu2J9XqnumCQ855qKE7YW7zj5oVZ\
    9RSh9j/I7glbL5wJgiT4G9VrDsw393/wpM6V8MR/CdIYVNjCsdH1f08iv92w5iN6uF4lQGmbcTKrsbccGI0r3Q1Sq0bpJPPAx0yezDdE\
    /NnvJ6m0LS0i46rBgBv28jlq9/0WS5sR2nx6ZARLy8X8ki57rkrY2syQm0xRV9igVFuzD81s+ABx0N10hLYwjLVaL051VJws1v1nT2Hg\
    FSLjLZ2flteB51aeH2QgwkXTx6frpEAfli1CiX9h/bT7AKnQYzINSJfaIgnuGPMuFjGYnL335QsrN/JxAgMBAAECggEAKX+fB7Awo59L\
    Em1Z8+lCdzThxoymlC2Whqi8UTmb8MyzWVMbdb+K55RQyJe7R4WCtH5kObvPWyqDLV6v7ziKQnjgiTqQWO5eXLglwFq+qrcObgJcakq3\
    Lb42VYt5pNGgwjLYMXWZ4mdVbcs2a8MNAqPR/jsjhj6lfaaulZdH+UnG3e7f2LpUdxqB9Wc33oEWQ9Tj/20M5R7zVc5NW0e1veXxFwnT\
    5w+Bqg++otqdi7IvprqkuN+EOGUB2NnSsLFP8PD7/4seMUOVTS9Syvwe4JN3umM9a9UCfXSqI8/4iqK66KQKlahZEkWNgnEsnDVBVQjf\
    EJRzrWVOEh8jAZr4zQKBgQD6Y1Sic2CJUDWUcc7gMDATioT6Law4lly8qdEYtTc0f6tRvB0cQD6fuLyHM9MsUSPNgD2h6LaTutlvXy36\
    6ZYGnASxCYgKKyFnSdhd0KwZc6Bn1madeZ1AwmK451ImfdAgGwn6Bc4bKwACE+S5F3tENmFIkMQi2oG4FiGbboyUnQKBgQDBwZ4llD6g\
    II6rBRrA45WEQM4ArhpowtTtcnRDr6CYyD+BjSMHrBcqj1RBn6jnefuuq7qhm49iLQUa1WLq8Wc+C00HVbnu2/yYAMdT9GJ9ZK2QgF9h\
    WuKF1aHhHZrHz6rdT4Gg/+2oXLHYIDGbEQ13SFLJD4m8HnIC6uf/e0Zq5QKBgQDcpRu37CRt3Jjar0+2j8BN+Asmy4iwdRBT0PHJ7Ccx\
    xC+cX0Dn3FVTOuAn5Kt6qiX6ub+WJhR+KnHhiuZh7eWe/W3E9LlE/Kz68EASrAh8hUAdQPo8WycQIjwM5Qunj8cQA8PO576wgjwHmLA9\
    y0t82M7xu2CbtiIJrrb+2XRYoQKBgHK1vnthGPKUU+LMUtp/4rU56LxeVyROtOEfMdYg1GOfqnl4pZSVPeHkmW2AqO7iOS9gXE3xWyI0\
    pSEN1FJkOUtyRVhiWIIhm5oiW+BIf0bdpCQ43D83H4U8xWoRrOE/AVmlCInY+0sCFghuhu/XWLGWD+0ZVeIZ5EX17QREZ5xBAoGBAPNJ\
    VzO5zf3EuIsdxlhcLZ2wbhNVVeW3PV/8zNU5PCCw1a8fN+gqy2W+/T031g7wuUt421nveIjqHC7jUKUH19G+e8c81lSDw1+HsIwzCi3d\
    YprP427Dpg0yr7BD1mrqlGbDucXknVwiatVTDzF+YXIVi+lhWuKFBBKVPy/W3HPQ\
    ";

const EAST: &str = "\
    MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCWRkgb+1TqOc3qLuQPqGPTBn8eprrKwV07NkC4wdNBrT+DFwJ1XuIi\
    0fPX9Eykpw/45DF+QmMU66ZXqAwCo+/LT27PvX61cUP2cy0JSRD24ofm5d0S8sKdv1bWT5wfrKwJT5hVzrm7T6tS+YojjSlB+4SZKsW2\
    uLr58mdUgBTGqdV0E4LIlE/Xm19mTl+e1L0GEjAyK0x2G2U/iH1fI9znMFHMiOFf4Se+k2Fez7bDqllAqjLs/c+5uEM8fLQjws4IXtnU\
    ZTTc53Mv6yNOkkR2ESZXcFqE46BiHKoQ/XgsqA88hN3XS3ur1nTbpRxmGONhO19zEnRzN+48qX4jOtDhAgMBAAECggEACySH+UcwGzQR\
    EDHM6FpQmJetOl0bkag33QmfT/PTUdXiVTqSDJjuBK3zukobmsPme8qT3uxWQ3lburkztshoIfewXEgNSq/s3avZpYwc7WmLsTPPKjYE\
    90R2UGrTxUd89C3KOmabQAfeyMbHFu7DJejcAq14vp1BBAKU5d+fasGVAx0wDnGVQSaLy5sufQ+krEQqmxvtuxFAyTX9REWtaiwK3Ynd\
    xkLmVj/wMFMtckH7fKEdxiK3nVnokkMR7MEQAxWI47ahWg45f2ReERr1CUbnaA5X7SnXfjf2yWAijE7qmfqwMsCUq+mNaxxLxm2AIiA9\
    eLFaXVi5T2p1gi58oQKBgQDF6dShYUkUy9Sq1ajDc5gARHwWWvHoWawRpIbWepbdqRJg812OEQOtxz35O1CEq0cWQiQZohjDXISt8gbT\
    NkYaOnw8q8D7boYk/7k7e1VwotyZK/dO0ZEqdRDxAcJdrxxtAYRPxmX6YG+zRjQEetjUBGQ6DTRqEgwwjH4FN/pwCQKBgQDCYR48bZuw\
    fAWpQc/hiT0DxibSDJ0mUTitsNPz80ciEn/6FuX7TIL+KNawAdCZTKZ+x89UXDodI57lpUzbbo33rNNqwcg6V+GvPt+e/vzCvogKQucE\
    TGxfAcBdCRJHvuxwRMkSvphb1tWav/GIuNjUaB7kPGQOZiu7ktbK707gGQKBgBb+SaPOJ61w2O5YEFlUzq4JRtlaC4zRDjqmgLveVjS+\
    ddIptA7TTzgbU8nm6D3hoEqnuIX53SKlVwzWd5CGV7KoZNKvqaYMey1FQIH2nECPy01IXF0d392s6CD38VrtA0Ju0K5sAGEMXy3W1ChJ\
    FXPcZsCP1C0Wl6/0Qpfcnw3xAoGAASjhLE0fG6txwTPCUL8n3QjmnGQ039CmPOsMKK1v5DUmDFDsqFYpheiqdzxbiT6a07DPfNpcAmZ/\
    ATG+RqTfNfYTANUNI8P4dbozTViKG4NVfnItvKnUD7EL+8IdGM57zKOsa281q36ZoaW5hC5OJN5GKOhvVGKpqiHTJDzPRKkCgYAw+deO\
    Z/teMBcHq7ajtle/qz0tCiax80zukOg2Dt1npTYe/qRenruafK03piQptHSBvlg0a2hL57LQDZVEKlGateXFKlJP7vy9TWhA0qMuWgj/\
    f8Ico71uhv1dyAw5LSGVUzDlGGcA1yYQlkgArsEqxtcDELD5yJSVrGUlYld/YQ==\
    ";

const FORGER: &str = "\
    MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQCN/JmMfw55dzS3DdRt8O3XAzstugNtOoMq7BnIBiqdb4AelRAJpCDg\
    qeVcaSpqrrUDpyhRijaRsKWxQBHL05jzDZzqhp/7L1QUfBuo4Vw5pAAZT+bId5oJzxpBpUBqeUZ2PqJATHantnSVT+Y/Mmzs1FjlCwQs\
    qcYfZXf86YNqFb2in/o/P1RY8hWtjsbWJHoOWcE6HrMO+iItfCn/4vthwFFf5NcOvm1csqkpQFG9ev4+jv8w+i0fkEEAVkawodIuQ9us\
    Og4e5C5QUfGqNkwKU7Y3ax8czfOjddxezSWv/qb5RSO7h0FU8FUMPicvgG6GsbbJISQPJo1l9hbNIdjxAgMBAAECggEAD4Z1S7WA4as1\
    KmbquXLEruP9joxuX30sZn8WepaiBkDw42ctL8Cwj6BEIgylxLCBvnqCoBfay6djFrSIvZ7PdJQiekpqJ88PBIZlh9vMd8kE8b+Y3oal\
    YzkwB8mH95x3JerHVvyFZOVAbiskY/ihjGvTpIfF1xRhQ4GW0yK9adX5BiVm9rx64BZCIghS5Ye7bp9lPS/2e4E7gEFrfONhIfWZGFyu\
    Cn74OkkBRDnk1A18yXu2VPcli3ffwzsFagC/TiBWvwKg+CeWrmEERjFWYU+deuSMkCts5LwUxR0hISuZK4vstvY8WtLftMq8RLxFfAf7\
    nmRZ1ROazQMEQQQ1IQKBgQDEVCQhZzSESB1JU0+rdOeXGXdhW9vuScj1G+katmo/PMtIfDtpqiGwqgQPjbrRGf950+POxFxat/94n4VW\
    WVT2spSiaYVSFElsVNzEooCzQRDI36GOmKsomgtA8KWhtwqGtaR6tXEiodhpFTlJ0UYn7GwlFrAuChBanbr33NK5jQKBgQC5JD4TbT8g\
    fxtz9dhUr88JKzoeQfXCSeHVD/g9boW84emQtt8kZu8XZIt2oA2AtkMdSCQoeCNpkU/vWYAbh+EjQfd/ltK+Xwlm0Ku9Pc9MPd2Vupl/\
    xYL/C6r//LKd+BH6tnpIdxWAVPOtrHuAt+BQc6MblEqDgiRHMcRUBhWZ9QKBgQCs8DU3W1LOZzus+H8IWB0cY2leUG1F1Kb5ChHm3uJu\
    O94RRqWLKTsuBEU5ci4qvQzmwrg7zYpQux2FonbwnhYSjTIScoLmz0nx7Drf1wkpXVosp5kHJAI47KCXHqO39KWIDf8JvEQhLpGT1wc0\
    t+xlhIOqk/azR1gqiiBE77aLjQKBgELSh+0vEwfBmMEDzK7UPZ+LkJB3MiKL1Ay4lNpnV7HSwCBRQLy8wjLpQUTxg64fGp4o+ZP5uJ5T\
    qkwzO3+0TVgSaSgN4caAOr53NmU5N+bGtYFjNh/dw+gV6AQ4yqclcCfTUNNy17nX75ORm4nb1AR1mDtODI7mm/1uQvQotgc5AoGBAK4q\
    hPwRHDjUSFZ6n6c96Zmf/GF2hF1sV0w/aERFFwPZh0Ptyt1jMDoGfp3epdmJNScFHFNZGUJnJorwdVaNtP2nb3a0iwL7T6QTTs/iYk07\
    0l7Q1sVn92ViXR92LjBEgWQdGaYAli+Dg+QeowUgRAMRsoNiunmeKiSEeBcjwAQT\
    ";
