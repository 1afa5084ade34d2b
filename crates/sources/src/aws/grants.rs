//! Rights given and taken: policies, groups, account assignments, key grants (`identity.md` 5).

use std::borrow::Cow;

use model::GrantPhase;
use model::uri::{self, Class};
use model::{Event, GrantFact, Text};

use super::arn::{Arn, PLATFORM};
use super::class::Call;
use super::identity::Who;
use super::record::Record;
use crate::params::Params;

/// Adds what a successful call gave or took.
pub(super) fn fill<'a>(
    event: &mut Event<'a>,
    record: &Record<'a>,
    call: Call<'_>,
    request: &Params<'a>,
    who: &Who<'a>,
) {
    let found = match call.service {
        "iam" => iam(call, request, who),
        "sso" => assignment(record, call, request, who),
        "kms" => key_grant(record, call, request, who),
        "lambda" => permission(record, call, request, who),
        _ => None,
    };
    let Some((uri, phase, beneficiary, target)) = found else { return };
    let resource = account_of(call, request, record);
    event.grants.push(GrantFact {
        resource,
        requester: Some(who.actor.uri.clone()),
        beneficiary,
        target,
        ..GrantFact::new(uri, phase)
    });
}

/// The account that an assignment opens: whatever is in it.
fn account_of<'a>(call: Call<'_>, request: &Params<'a>, record: &Record<'a>) -> Option<Text<'a>> {
    let account = request.text("targetId").or_else(|| record.recipient_account_id.clone());
    account.filter(|_| call.service == "sso").map(|account| Cow::Owned(format!("arn:aws:iam::{account}:*")))
}

type Found<'a> = (String, GrantPhase, Option<String>, Option<Text<'a>>);

fn phase(name: &str) -> GrantPhase {
    let taken = ["Detach", "Delete", "Remove", "Revoke", "Retire"].iter().any(|verb| name.starts_with(verb));
    if taken { GrantPhase::Revoke } else { GrantPhase::Activate }
}

fn iam<'a>(call: Call<'_>, request: &Params<'a>, who: &Who<'_>) -> Option<Found<'a>> {
    let kind = match call.name {
        "AttachUserPolicy" | "DetachUserPolicy" | "PutUserPolicy" | "DeleteUserPolicy" => "user",
        "AttachRolePolicy" | "DetachRolePolicy" | "PutRolePolicy" | "DeleteRolePolicy" => "role",
        "AttachGroupPolicy" | "DetachGroupPolicy" | "PutGroupPolicy" | "DeleteGroupPolicy" => "group",
        "AddUserToGroup" | "RemoveUserFromGroup" => "user",
        _ => return None,
    };
    let holder = request.text(match kind {
        "user" => "userName",
        "role" => "roleName",
        _ => "groupName",
    })?;
    let target =
        request.text("policyArn").or_else(|| request.text("policyName")).or_else(|| request.text("groupName"))?;
    let grant = if call.name.ends_with("Policy") { "policy" } else { "group-member" };
    let uri = uri::build(Class::Grant, PLATFORM, &who.account, grant).id(kind).name(&holder).name(&target).finish();
    let beneficiary = uri::principal_named(PLATFORM, &who.account, kind, &holder);
    Some((uri, phase(call.name), Some(beneficiary), Some(target)))
}

/// IAM Identity Center: a permission set for a user or group in an account.
fn assignment<'a>(record: &Record<'a>, call: Call<'_>, request: &Params<'a>, who: &Who<'_>) -> Option<Found<'a>> {
    if !matches!(call.name, "CreateAccountAssignment" | "DeleteAccountAssignment") {
        return None;
    }
    let holder = request.text("principalId")?;
    let set = request.text("permissionSetArn")?;
    let account = request.text("targetId").or_else(|| record.recipient_account_id.clone())?;
    let uri = uri::build(Class::Grant, PLATFORM, &account, "account-assignment").id(&holder).id(&set).finish();
    let kind = match request.text("principalType").as_deref() {
        Some("GROUP") => "identity-center-group",
        _ => "identity-center-user",
    };
    let beneficiary = uri::principal(PLATFORM, &who.account, kind, &holder);
    Some((uri, phase(call.name), Some(beneficiary), Some(set)))
}

fn key_grant<'a>(record: &Record<'a>, call: Call<'_>, request: &Params<'a>, who: &Who<'_>) -> Option<Found<'a>> {
    let id = match call.name {
        "CreateGrant" => Params::of(record.response_elements).text("grantId")?,
        "RetireGrant" | "RevokeGrant" => request.text("grantId")?,
        _ => return None,
    };
    let grantee = request.text("granteePrincipal");
    let beneficiary = grantee.as_deref().and_then(|text| principal_of(text, &who.account));
    let uri = uri::grant(PLATFORM, &who.account, "kms-grant", &id);
    Some((uri, phase(call.name), beneficiary, request.text("keyId").or_else(|| Some(Cow::Owned(id.into_owned())))))
}

/// A statement in a function's own policy.
fn permission<'a>(record: &Record<'a>, call: Call<'_>, request: &Params<'a>, who: &Who<'_>) -> Option<Found<'a>> {
    if !matches!(call.name, "AddPermission" | "RemovePermission") {
        return None;
    }
    let (function, statement) = (request.text("functionName")?, request.text("statementId")?);
    let region = record.aws_region.as_deref().unwrap_or_default();
    let name = function.rsplit(":function:").next().unwrap_or(&function);
    let uri = uri::build(Class::Grant, PLATFORM, &who.account, "lambda-permission")
        .id(region)
        .name(name)
        .name(&statement)
        .finish();
    let beneficiary = request.text("principal").and_then(|text| principal_of(&text, &who.account));
    Some((uri, phase(call.name), beneficiary, Some(function)))
}

/// The principal that a policy names: an ARN, an account, a service.
fn principal_of(text: &str, account: &str) -> Option<String> {
    if text.ends_with(".amazonaws.com") {
        return Some(uri::principal(PLATFORM, super::arn::AMAZON, "service", text));
    }
    if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
        return Some(uri::principal(PLATFORM, text, "account", text));
    }
    let arn = Arn::parse(text)?;
    let account = if arn.account.is_empty() { account } else { arn.account };
    match (arn.typed().0, arn.role_name()) {
        (_, Some(role)) => Some(uri::principal_named(PLATFORM, account, "role", role)),
        ("user", _) => Some(uri::principal_named(PLATFORM, account, "user", arn.last())),
        _ if arn.resource == "root" => Some(uri::principal(PLATFORM, account, "account", account)),
        _ => None,
    }
}
