//! Names of AWS: ARNs, the accounts inside key ids, and the URIs made of them.

use std::borrow::Cow;

use model::uri::{self, Class};

/// Platform part of every URI here.
pub(super) const PLATFORM: &str = "aws";

/// Authority of what AWS itself owns, and of names that are unique in all of AWS.
pub(super) const AMAZON: &str = "amazon";

/// An ARN, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arn<'a> {
    pub(super) service: &'a str,
    pub(super) region: &'a str,
    pub(super) account: &'a str,
    pub(super) resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Takes `arn:partition:service:region:account:resource` apart.
    pub(super) fn parse(text: &'a str) -> Option<Arn<'a>> {
        let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
        let _partition = parts.next()?;
        let (service, region, account) = (parts.next()?, parts.next()?, parts.next()?);
        let resource = parts.next().filter(|resource| !resource.is_empty())?;
        Some(Arn { service, region, account, resource })
    }

    /// The type and the rest of the resource part; the type is empty where the ARN has none.
    pub(super) fn typed(&self) -> (&'a str, &'a str) {
        self.resource.split_once(['/', ':']).unwrap_or(("", self.resource))
    }

    /// The last segment: IAM names are unique in an account whatever their path.
    pub(super) fn last(&self) -> &'a str {
        self.resource.rsplit('/').next().unwrap_or(self.resource)
    }

    /// The role name in the ARN of a role or of a role session.
    pub(super) fn role_name(&self) -> Option<&'a str> {
        match self.typed() {
            ("assumed-role", rest) => rest.split('/').next(),
            ("role", _) => Some(self.last()),
            _ => None,
        }
    }
}

/// A resource in the terms of its service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place<'a> {
    /// `<service>-<type>`.
    pub(super) kind: Cow<'static, str>,
    /// Account; empty when the name is unique in all of AWS.
    pub(super) account: &'a str,
    /// Region; empty when the name does not need one.
    pub(super) region: &'a str,
    /// Name or id.
    pub(super) id: &'a str,
    /// AWS never gives the id to another.
    pub(super) immutable: bool,
}

impl Place<'_> {
    /// The canonical URI.
    pub(super) fn uri(&self) -> String {
        let authority = match (self.account, self.kind.starts_with("s3-")) {
            ("", true) => AMAZON,
            (account, _) => account,
        };
        let uri = uri::build(Class::Resource, PLATFORM, authority, &self.kind);
        if self.immutable {
            return uri.id(self.id).finish();
        }
        let uri = if self.region.is_empty() { uri } else { uri.id(self.region) };
        match self.id.split_once('/') {
            Some((first, rest)) => uri.name(first).path(rest).finish(),
            None => uri.name(self.id).finish(),
        }
    }
}

/// The resource that an ARN names; `account` stands in for an ARN without one.
pub(super) fn place<'a>(arn: Arn<'a>, account: &'a str) -> Place<'a> {
    let (kind, id) = arn.typed();
    let owner = if arn.account.is_empty() { account } else { arn.account };
    let plain = |kind: &'static str, id: &'a str| Place {
        kind: Cow::Borrowed(kind),
        account: owner,
        region: arn.region,
        id,
        immutable: false,
    };
    let immutable = |kind: &'static str| Place { region: "", immutable: true, ..plain(kind, id) };
    let first = |kind: &'static str| plain(kind, id.split(['/', ':']).next().unwrap_or(id));
    match (arn.service, kind) {
        ("s3", _) if arn.region.is_empty() => {
            let kind = if arn.resource.contains('/') { "s3-object" } else { "s3-bucket" };
            Place { account: "", id: arn.resource, ..plain(kind, arn.resource) }
        }
        ("iam", "role") => plain("iam-role", arn.last()),
        ("iam", "user") => plain("iam-user", arn.last()),
        ("iam", "group") => plain("iam-group", arn.last()),
        ("iam", "policy") => plain("iam-policy", arn.last()),
        ("iam", "instance-profile") => plain("iam-instance-profile", arn.last()),
        ("kms", "key") => immutable("kms-key"),
        ("ec2", "instance") => immutable("ec2-instance"),
        ("ec2", "volume") => immutable("ec2-volume"),
        ("ec2", "snapshot") => immutable("ec2-snapshot"),
        ("ec2", "image") => immutable("ec2-image"),
        ("ec2", "vpc") => immutable("ec2-vpc"),
        ("ec2", "subnet") => immutable("ec2-subnet"),
        ("ec2", "security-group") => immutable("ec2-security-group"),
        ("ec2", "network-interface") => immutable("ec2-network-interface"),
        ("lambda", "function") => first("lambda-function"),
        ("dynamodb", "table") => first("dynamodb-table"),
        ("secretsmanager", "secret") => plain("secretsmanager-secret", id),
        ("ssm", "parameter") => plain("ssm-parameter", id),
        ("logs", "log-group") => plain("logs-log-group", id.strip_suffix(":*").unwrap_or(id)),
        ("cloudtrail", "trail") => plain("cloudtrail-trail", id),
        ("sqs", "") => plain("sqs-queue", id),
        ("sns", "") => plain("sns-topic", id),
        _ => Place { kind: Cow::Owned(kind_of(arn.service, kind)), ..plain("", id) },
    }
}

/// `<service>-<type>` in the letters that a URI allows.
fn kind_of(service: &str, kind: &str) -> String {
    let mut text = String::with_capacity(service.len() + kind.len() + 9);
    for part in [service, if kind.is_empty() { "resource" } else { kind }] {
        if !text.is_empty() {
            text.push('-');
        }
        text.extend(part.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }));
    }
    text
}

/// The account that owns a key: twelve digits hidden in the key ids that AWS gives out since 2019.
/// Used where the record does not name the account.
pub(super) fn account_of_key(key: &str) -> Option<String> {
    let body = key.strip_prefix("AKIA").or_else(|| key.strip_prefix("ASIA"))?;
    // Older ids carry no account; their fifth letter is I or J.
    if body.len() != 16 || body.starts_with(['I', 'J']) || body.ends_with("EXAMPLE") {
        return None;
    }
    let mut value: u64 = 0;
    for letter in body.bytes().take(10) {
        let digit = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'2'..=b'7' => letter - b'2' + 26,
            _ => return None,
        };
        value = value << 5 | u64::from(digit);
    }
    // Ten letters are 50 bits; the account is the 41 bits after the first one.
    let account = (value >> 9) & 0xff_ffff_ffff;
    (account < 1_000_000_000_000).then(|| format!("{account:012}"))
}
