//! What inventories list, and what became of it: who of those listed acts, and with which of its rights.
//!
//! One account of AWS, one cluster and a list kept by hand, some dozens of identities whatever the size of the
//! company: so many are followed, and no more.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::World;
use crate::company::CLUSTERS;
use crate::inventory::{self, Role, Rule, ServiceAccount, Statement, User};
use crate::sink::Truth;
use crate::truth::Listed;

const USERS: usize = 8;
const ROLES: usize = 12;
const SERVICE_ACCOUNTS: usize = 16;
const BY_HAND: usize = 10;
/// At most a record in so many is one of an inventory; a smaller company has none.
const SHARE: u64 = 4;

/// What one of those listed did.
pub(super) struct Followed {
    listed: Listed,
    /// What its policies give, as they spell it.
    granted: &'static [&'static str],
    allowed: BTreeSet<String>,
    denied: BTreeSet<String>,
}

/// Those who are listed, by the id that nobody else gets.
pub(super) type Inventory = BTreeMap<String, Followed>;

/// Which action of a policy allows a call: the vendor's names of both.
const ALLOWED_BY: [(&str, &str); 12] = [
    ("s3:GetObject", "s3:Get*"),
    ("s3:PutObject", "s3:PutObject"),
    ("s3:PutObject", "s3:Put*"),
    ("s3:ListObjects", "s3:List*"),
    ("kms:Decrypt", "kms:Decrypt"),
    ("kms:Decrypt", "kms:*"),
    ("sqs:SendMessage", "sqs:SendMessage"),
    ("sqs:SendMessage", "sqs:*"),
    ("ec2:DescribeInstances", "ec2:Describe*"),
    ("iam:GetRole", "iam:Get*"),
    ("sts:AssumeRole", "sts:AssumeRole"),
    ("sts:AssumeRole", "sts:*"),
];

/// Secrets are opened by their own policies, and who one is may be asked by anyone: neither is in an identity's.
const OF_USER: [&str; 10] = [
    "s3:Get*",
    "s3:PutObject",
    "s3:List*",
    "kms:Decrypt",
    "iam:Get*",
    "sqs:SendMessage",
    "sqs:ReceiveMessage",
    "sts:AssumeRole",
    "ec2:Describe*",
    "ec2:TerminateInstances",
];
const OF_ROLE: [&str; 8] =
    ["s3:Get*", "s3:Put*", "s3:List*", "kms:*", "sqs:*", "ec2:Describe*", "iam:Get*", "dynamodb:*"];
/// The calls of pods, and one that none makes.
const OF_SERVICE_ACCOUNT: [&str; 12] = [
    "get configmaps",
    "update configmaps",
    "delete configmaps",
    "list pods",
    "watch pods",
    "patch pods",
    "delete pods",
    "update leases",
    "get secrets",
    "create events",
    "get deployments",
    "list jobs",
];
const RULES: [Rule<'static>; 7] = [
    ("", &["configmaps"], &["get", "update", "delete"]),
    ("", &["pods"], &["list", "watch", "patch", "delete"]),
    ("coordination.k8s.io", &["leases"], &["update"]),
    ("", &["secrets"], &["get"]),
    ("", &["events"], &["create"]),
    ("apps", &["deployments"], &["get"]),
    ("batch", &["jobs"], &["list"]),
];

impl World<'_> {
    /// Writes the inventories, if the company is large enough for them.
    pub(super) fn list(&mut self, records: u64) -> io::Result<()> {
        let mut followed = Vec::new();
        let documents = [
            ("aws", "inventory/iam.json".to_owned(), self.list_account(&mut followed)),
            ("k8s", format!("inventory/{}.json", CLUSTERS[0]), self.list_cluster(&mut followed)),
            ("inventory", "inventory/owners.csv".to_owned(), self.list_by_hand(&mut followed)),
        ];
        if documents.iter().map(|(.., (items, _))| items).sum::<u64>() * SHARE > records {
            return Ok(());
        }
        for (platform, name, (items, text)) in documents {
            self.sink.document(platform, &name, &text)?;
            self.totals.records += items;
            *self.totals.platforms.entry(platform).or_default() += items;
        }
        for one in followed {
            self.listed.insert(one.listed.principal.clone(), one);
        }
        Ok(())
    }

    /// Users and roles of the first account.
    fn list_account(&self, followed: &mut Vec<Followed>) -> (u64, String) {
        let Some(account) = self.company.accounts.first() else { return (0, String::new()) };
        let allow = |actions, resource| Statement { effect: "Allow", actions, resource };
        let own = inventory::document(&[
            allow(&["s3:Get*", "s3:PutObject"], "arn:aws:s3:::halden-*"),
            allow(&["s3:List*", "kms:Decrypt", "iam:Get*"], "*"),
            Statement { effect: "Deny", actions: &["iam:DeleteUser"], resource: "*" },
        ]);
        let group = inventory::document(&[allow(&["sts:AssumeRole", "ec2:Describe*", "ec2:TerminateInstances"], "*")]);
        let queues = inventory::document(&[allow(&["sqs:SendMessage", "sqs:ReceiveMessage"], "*")]);
        let work = inventory::document(&[allow(&OF_ROLE, "*")]);
        let machines = self.company.machines.iter().filter(|machine| machine.account == *account).take(USERS);
        let machines = machines.map(|machine| (machine.user.as_str(), machine.user_id.as_str()));
        let mut users = Vec::new();
        for (n, (name, id)) in machines.chain([("legacy-backup", "AIDAHALDENLEGACYBACK1")]).enumerate() {
            let owner = self.owner(n);
            users.push(inventory::user(&User {
                account,
                name,
                id,
                policy: &own,
                groups: &["ci"],
                attached: &["freight-queues"],
                owner,
            }));
            followed.push(follow("aws", account, id, name, owner, &OF_USER));
        }
        let mut roles = Vec::new();
        let workloads = self.company.workloads.iter().filter(|workload| workload.account == *account).take(ROLES);
        for (n, w) in workloads.enumerate() {
            // The list kept by hand knows the owner of one that has no tag.
            let (owner, by_hand) = (self.owner(n), n == BY_HAND_ROLE);
            roles.push(inventory::role(&Role {
                account,
                name: &w.role,
                id: &w.role_id,
                issuer: self.company.clusters.get(w.cluster).map_or("", |cluster| &cluster.issuer),
                subject: &format!("system:serviceaccount:{}:{}", w.namespace, w.name),
                policy: &work,
                owner,
            }));
            let owner = if by_hand { OWNER_BY_HAND } else { owner };
            followed.push(follow("aws", account, &w.role_id, &w.role, owner, &OF_ROLE));
        }
        let (groups, policies) =
            ([inventory::group(account, "ci", &group)], [inventory::policy(account, "freight-queues", &queues)]);
        let items = users.len() + roles.len() + groups.len() + policies.len();
        (items as u64, inventory::account(&users, &groups, &roles, &policies))
    }

    /// Service accounts of the first cluster, with a role and a binding each.
    fn list_cluster(&self, followed: &mut Vec<Followed>) -> (u64, String) {
        let mut items = Vec::new();
        for (n, w) in self.company.workloads.iter().filter(|w| w.cluster == 0).take(SERVICE_ACCOUNTS).enumerate() {
            let owner = self.owner(n);
            items.push(inventory::service_account(&ServiceAccount {
                namespace: w.namespace,
                name: &w.name,
                uid: &w.uid,
                role: &format!("arn:aws:iam::{}:role/{}", w.account, w.role),
                owner,
            }));
            items.extend(inventory::bound_role(w.namespace, &w.name, &RULES));
            followed.push(follow("k8s", CLUSTERS[0], &w.uid, &w.name, owner, &OF_SERVICE_ACCOUNT));
        }
        (items.len() as u64, inventory::objects(&items))
    }

    /// Service accounts of Google, one of them long deleted, and a role whose owner no tag tells.
    fn list_by_hand(&self, followed: &mut Vec<Followed>) -> (u64, String) {
        let mut lines = vec![inventory::COLUMNS.to_owned()];
        for (n, account) in self.company.accounts_gcp.iter().take(BY_HAND).enumerate() {
            let owner = self.owner(n);
            lines.push(inventory::line(&account.mail, owner, "shipping", "enabled"));
            followed.push(follow("gcp", &account.project, &account.unique_id, &account.mail, owner, &[]));
        }
        let gone = "sunset@halden-retired.iam.gserviceaccount.com";
        lines.push(inventory::line(gone, "", "none", "deleted"));
        let mut deleted = follow("gcp", "halden-retired", gone, gone, "", &[]);
        deleted.listed.deleted = true;
        followed.push(deleted);
        let Some(account) = self.company.accounts.first() else { return (0, String::new()) };
        let role = self.company.workloads.iter().filter(|w| w.account == *account).nth(BY_HAND_ROLE);
        let role = role.map(|w| format!("arn:aws:iam::{account}:role/{}", w.role));
        lines.extend(role.map(|role| inventory::line(&role, OWNER_BY_HAND, "shipping", "enabled")));
        // The first line names the columns.
        (lines.len() as u64 - 1, lines.join("\n") + "\n")
    }

    /// Of each three one has no owner.
    fn owner(&self, n: usize) -> &str {
        self.company.people.get(n).filter(|_| n % 3 != 2).map_or("", |person| &person.mail)
    }

    /// One of those listed acted, or somebody else did with its rights.
    pub(super) fn acts(&mut self, who: &str, acts: Acts, denied: bool, operation: impl FnOnce() -> String) {
        let Some(followed) = self.listed.get_mut(who) else { return };
        followed.listed.records += u64::from(acts == Acts::Itself);
        let side = if denied { &mut followed.denied } else { &mut followed.allowed };
        side.insert(operation());
    }

    /// Tells what became of each.
    pub(super) fn tell_listed(&mut self) -> io::Result<()> {
        for (_, Followed { mut listed, granted, allowed, denied }) in std::mem::take(&mut self.listed) {
            let covers = |operation: &str, privilege: &str| match listed.platform {
                "aws" => ALLOWED_BY.contains(&(operation, privilege)),
                _ => operation == privilege,
            };
            let is_used = |privilege: &&&str| allowed.iter().any(|operation| covers(operation, privilege));
            let is_given = |operation: &str| granted.iter().any(|privilege| covers(operation, privilege));
            let texts = |all: Vec<&&str>| all.into_iter().map(|text| (*text).to_owned()).collect();
            let (used, unused): (Vec<&&str>, Vec<&&str>) = granted.iter().partition(is_used);
            let without = allowed.iter().filter(|operation| !is_given(operation)).cloned().collect();
            (listed.used, listed.unused, listed.without_grant) = (texts(used), texts(unused), without);
            listed.denied = denied.into_iter().collect();
            self.sink.truth(Truth::Listed, &listed)?;
        }
        Ok(())
    }
}

/// Which of the roles has its owner in the list kept by hand alone.
const BY_HAND_ROLE: usize = 2;
const OWNER_BY_HAND: &str = "chen.holm@halden.example";

/// Whether one acts, or another with its rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Acts {
    Itself,
    Through,
}

fn follow(
    platform: &'static str,
    authority: &str,
    principal: &str,
    name: &str,
    owner: &str,
    granted: &'static [&'static str],
) -> Followed {
    let listed = Listed {
        platform,
        authority: authority.to_owned(),
        principal: principal.to_owned(),
        name: name.to_owned(),
        owner: owner.to_owned(),
        ..Listed::default()
    };
    Followed { listed, granted, allowed: BTreeSet::new(), denied: BTreeSet::new() }
}
