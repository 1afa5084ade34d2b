//! Inventory of IAM: the items of `get-account-authorization-details` and of `list-access-keys`.
//!
//! Users and roles are the principals of CloudTrail under the same URIs; groups and policies are the
//! resources of CloudTrail, and hand on privileges.

use std::borrow::Cow;

use model::uri;
use model::{
    Alias, AliasRel, Entitlement, EntitlementKind, Event, HeldCredential, Inventory, InventoryState, Platform, Text,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::arn::{Arn, PLATFORM, account_of_key, place};
use super::human::{self, Verdict};
use super::policy;
use super::record::{Maybe, filled, seen};
use crate::{Context, Probe, Reject, RejectKind, json, listing};

/// Any of the items: each has some of these.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Item<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    arn: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    user_id: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    user_name: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    role_id: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    role_name: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    group_id: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    group_name: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    policy_id: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    policy_name: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    access_key_id: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    status: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    description: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    create_date: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    default_version_id: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::object")]
    role_last_used: Option<LastUsed<'a>>,
    #[serde(borrow, deserialize_with = "json::object")]
    permissions_boundary: Option<Boundary<'a>>,
    #[serde(borrow)]
    assume_role_policy_document: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "json::texts")]
    group_list: Vec<Text<'a>>,
    #[serde(borrow, deserialize_with = "json::objects")]
    tags: Vec<Tag<'a>>,
    #[serde(borrow, deserialize_with = "json::objects")]
    attached_managed_policies: Vec<Attached<'a>>,
    #[serde(
        borrow,
        alias = "UserPolicyList",
        alias = "RolePolicyList",
        alias = "GroupPolicyList",
        deserialize_with = "json::objects"
    )]
    inline_policies: Vec<Inline<'a>>,
    #[serde(borrow, deserialize_with = "json::objects")]
    policy_version_list: Vec<Version<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct LastUsed<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    last_used_date: Maybe<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Boundary<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    permissions_boundary_arn: Maybe<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Tag<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    key: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    value: Maybe<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Attached<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    policy_name: Maybe<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    policy_arn: Maybe<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Inline<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    policy_name: Maybe<'a>,
    #[serde(borrow)]
    policy_document: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Version<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    version_id: Maybe<'a>,
    #[serde(deserialize_with = "json::boolean")]
    is_default_version: Option<bool>,
    #[serde(borrow)]
    document: Option<&'a RawValue>,
}

/// Ids under which items stand, each with the name beside it.
const IDS: [(&str, &str); 5] =
    [("UserId", "Arn"), ("RoleId", "Arn"), ("GroupId", "Arn"), ("PolicyId", "Arn"), ("AccessKeyId", "UserName")];

/// Whether a record is such an item.
pub(super) fn recognise(probe: &Probe<'_>) -> bool {
    probe.contains("\"CreateDate\"")
        && probe.has("CreateDate")
        && IDS.iter().any(|(id, beside)| probe.has(id) && probe.has(beside))
}

/// Reads an item. The account is that of its ARN, or the one hidden in a key id.
pub(super) fn read<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let item: Item<'a> = serde_json::from_str(text).map_err(|error| json::not_json(&error))?;
    if seen(&item.access_key_id).is_some() {
        return Ok(access_key(&item, context));
    }
    let arn = seen(&item.arn).and_then(Arn::parse).filter(|arn| arn.service == "iam");
    let arn = arn.ok_or_else(|| {
        Reject::new(RejectKind::Shape, format!("Arn {:?} of an inventory item names nothing of IAM", item.arn))
    })?;
    let account = arn.account.to_owned();
    let mut found =
        Found { holder: String::new(), account, aliases: Vec::new(), entitlements: Vec::new(), whole: true };
    let listed = match (seen(&item.user_id), seen(&item.role_id), seen(&item.group_id)) {
        (Some(id), _, _) => user(&item, id, &mut found),
        (_, Some(id), _) => role(&item, id, &mut found),
        (_, _, Some(_)) => group(&item, arn, &mut found),
        _ => managed_policy(&item, arn, &mut found),
    };
    let mut event = listing::listed(Platform::Aws, Cow::Owned(found.account.clone()), listed);
    event.tenant = Some(Cow::Owned(found.account));
    (event.aliases, event.entitlements) = (found.aliases, found.entitlements);
    if !found.whole {
        event.quality.missing.push("entitlements");
    }
    Ok(event)
}

/// What was read of an item besides itself.
struct Found {
    holder: String,
    account: String,
    aliases: Vec<Alias>,
    entitlements: Vec<Entitlement<'static>>,
    /// Whether each policy document could be read.
    whole: bool,
}

impl Found {
    /// Name and unique id in one record: CloudTrail shows the same pair under the same rule.
    fn same(&mut self, kind: &str, name: Option<&str>, rule: &'static str) {
        if let Some(name) = name {
            let named = uri::principal_named(PLATFORM, &self.account, kind, name);
            self.aliases.push(Alias { a: named, b: self.holder.clone(), rel: AliasRel::SameAs, rule });
        }
    }

    fn documents(&mut self, read: Option<Vec<Entitlement<'static>>>) {
        match read {
            Some(read) => self.entitlements.extend(read),
            None => self.whole = false,
        }
    }

    /// Inline and attached policies, and the boundary of all of them.
    fn policies(&mut self, item: &Item<'_>) {
        for inline in &item.inline_policies {
            let Some(document) = inline.policy_document else { continue };
            let read = policy::entitlements(&self.holder, seen(&inline.policy_name), document);
            self.documents(read);
        }
        for attached in &item.attached_managed_policies {
            let Some(arn) = seen(&attached.policy_arn) else { continue };
            let Some(source) = Arn::parse(arn).map(|arn| place(arn, &self.account).uri()) else { continue };
            let via = seen(&attached.policy_name).unwrap_or(arn).to_owned();
            self.entitlements.push(listing::inherits(&self.holder, source, Some(Cow::Owned(via))));
        }
        let boundary = item.permissions_boundary.as_ref().and_then(|boundary| seen(&boundary.permissions_boundary_arn));
        if let Some(arn) = boundary
            && let Some(source) = Arn::parse(arn).map(|arn| place(arn, &self.account).uri())
        {
            let bounded = listing::inherits(&self.holder, source, Some(Cow::Owned(arn.to_owned())));
            self.entitlements.push(Entitlement { kind: EntitlementKind::Bounded, ..bounded });
        }
    }
}

/// What users, roles, groups and policies alike have.
fn described<'a>(
    item: &Item<'a>,
    uri: &str,
    item_type: &'static str,
    name: Maybe<'a>,
    verdict: Verdict,
) -> Inventory<'a> {
    let mut listed = listing::item(uri.to_owned(), item_type, name);
    // What the item itself shows is stronger than a tag.
    (listed.kind, listed.is_human, listed.rule) = (verdict.kind, verdict.human, verdict.rule);
    listed.created = listing::nanos(seen(&item.create_date));
    for tag in &item.tags {
        if let (Some(key), Some(value)) = (seen(&tag.key), filled(&tag.value)) {
            listing::tag(&mut listed, key, value);
        }
    }
    if listed.purpose.is_none() {
        listed.purpose = filled(&item.description);
    }
    listed
}

fn user<'a>(item: &Item<'a>, id: &str, found: &mut Found) -> Inventory<'a> {
    found.holder = uri::principal(PLATFORM, &found.account, "user", id);
    found.same("user", seen(&item.user_name), "aws:user-name+principal-id");
    for group in item.group_list.iter().filter(|group| !group.is_empty()) {
        let source = group_uri(&found.account, group);
        found.entitlements.push(listing::inherits(&found.holder, source, Some(Cow::Owned(group.to_string()))));
    }
    found.policies(item);
    described(item, &found.holder, "iam-user", filled(&item.user_name), human::UNKNOWN)
}

fn role<'a>(item: &Item<'a>, id: &str, found: &mut Found) -> Inventory<'a> {
    found.holder = uri::principal(PLATFORM, &found.account, "role", id);
    found.same("role", seen(&item.role_name), "aws:role-name+principal-id");
    found.policies(item);
    let arn = seen(&item.arn).unwrap_or_default();
    let mut verdict = human::UNKNOWN;
    if let Some(document) = item.assume_role_policy_document {
        match policy::trust(arn, &found.account, document) {
            Some(trust) => {
                found.entitlements.extend(trust.entitlements);
                verdict = trust.verdict;
            }
            None => found.whole = false,
        }
    }
    if arn.contains(":role/aws-service-role/") {
        verdict = human::LINKED;
    } else if seen(&item.role_name).is_some_and(human::is_sso_role) {
        verdict = human::SSO_ROLE;
    }
    let last_used = item.role_last_used.as_ref().and_then(|used| listing::nanos(seen(&used.last_used_date)));
    let described = described(item, &found.holder, "iam-role", filled(&item.role_name), verdict);
    Inventory { last_used, ..described }
}

fn group<'a>(item: &Item<'a>, arn: Arn<'_>, found: &mut Found) -> Inventory<'a> {
    found.holder = group_uri(&found.account, seen(&item.group_name).unwrap_or_else(|| arn.last()));
    found.policies(item);
    described(item, &found.holder, "iam-group", filled(&item.group_name), human::UNKNOWN)
}

/// A policy with its document in force.
fn managed_policy<'a>(item: &Item<'a>, arn: Arn<'_>, found: &mut Found) -> Inventory<'a> {
    found.holder = place(arn, &found.account).uri();
    let in_force = |version: &&Version<'_>| {
        version.is_default_version == Some(true)
            || seen(&version.version_id).is_some_and(|id| Some(id) == seen(&item.default_version_id))
    };
    match item.policy_version_list.iter().find(in_force).and_then(|version| version.document) {
        Some(document) => {
            let read = policy::entitlements(&found.holder, seen(&item.policy_name), document);
            found.documents(read);
        }
        None => found.whole = false,
    }
    described(item, &found.holder, "iam-policy", filled(&item.policy_name), human::UNKNOWN)
}

/// A group as CloudTrail's requests name it.
fn group_uri(account: &str, name: &str) -> String {
    uri::build(uri::Class::Resource, PLATFORM, account, "iam-group").name(name).finish()
}

/// A key of a user, who is known by name only.
fn access_key<'a>(item: &Item<'a>, context: &Context<'_>) -> Event<'a> {
    let key = seen(&item.access_key_id).unwrap_or_default();
    let account = account_of_key(key).or_else(|| context.authority.map(str::to_owned));
    let account = account.unwrap_or_else(|| "unknown".to_owned());
    let user = uri::principal_named(PLATFORM, &account, "user", seen(&item.user_name).unwrap_or("unknown"));
    let uri = uri::cred(PLATFORM, &account, "access-key", key);
    let mut listed = listing::item(user.clone(), "iam-user", filled(&item.user_name));
    listed.credentials.push(HeldCredential {
        uri: uri.clone(),
        kind: Cow::Borrowed("access-key"),
        native_id: filled(&item.access_key_id),
        state: match seen(&item.status) {
            Some("Active") => Some(InventoryState::Enabled),
            Some("Inactive") => Some(InventoryState::Disabled),
            _ => None,
        },
        created: listing::nanos(seen(&item.create_date)),
        last_used: None,
        not_after: None,
    });
    let mut event = listing::listed(Platform::Aws, Cow::Owned(account), listed);
    event.aliases.push(Alias { a: uri, b: user, rel: AliasRel::CredentialOf, rule: "aws:access-key-list" });
    event
}
