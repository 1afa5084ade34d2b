//! A compiled mapping: what each part of an event is read from.

use model::uri::Class;
use model::{
    Access, ActorKind, AliasRel, CredentialChangeKind, GrantPhase, Human, Platform, ResourceRole, Status, StepKind,
};

use super::columns::{Column, List};
use super::identity::Identity;
use super::lines::Form;
use super::rows::Rows;
use super::shape::Shape;
use super::value::{Condition, Value};
use super::when::Time;

/// One platform that a file describes.
#[derive(Debug)]
pub struct Mapping {
    pub(super) platform: Platform,
    pub(super) title: String,
    pub(super) text: String,
    pub(super) digest: String,
    pub(super) form: Form,
    /// All marks of one of these.
    pub(super) recognise: Vec<Vec<Mark>>,
    pub(super) shape: Shape,
    /// Values with a name, each in its slot, in the order of the file.
    pub(super) named: Vec<(Box<str>, usize, Value)>,
    pub(super) slots: Slots,
    pub(super) authority: Value,
    pub(super) operation: Value,
    pub(super) outcome: Outcome,
    pub(super) acts: Acts,
    pub(super) time: Time,
    pub(super) actors: Vec<Actor>,
    pub(super) columns: Vec<(&'static Column, Value)>,
    pub(super) lists: Vec<(&'static List, Vec<Listed>)>,
    pub(super) subject: Identity,
    pub(super) initiator: Identity,
    pub(super) session: Identity,
    pub(super) grant_refs: Vec<Identity>,
    pub(super) resources: Vec<Resource>,
    pub(super) credential: Vec<Credential>,
    pub(super) issued: Vec<Credential>,
    pub(super) credential_changes: Vec<CredentialChange>,
    pub(super) grants: Vec<Grant>,
    pub(super) steps: Vec<Step>,
    pub(super) aliases: Vec<Alias>,
    pub(super) changes: Vec<Change>,
    pub(super) related: Vec<Related>,
    pub(super) quality: Quality,
}

/// Slots of what is computed first, for conditions and texts to look at.
#[derive(Debug, Default)]
pub(super) struct Slots {
    pub(super) operation: usize,
    pub(super) status: usize,
    pub(super) access: usize,
}

/// What a record of the platform has.
#[derive(Debug)]
pub(super) struct Mark {
    pub(super) steps: Vec<String>,
    pub(super) test: super::value::Test,
    pub(super) said: Box<str>,
}

#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) by: Value,
    /// None where no record says how it ended.
    pub(super) rows: Option<Rows<Status>>,
    pub(super) code: Value,
}

#[derive(Debug)]
pub(super) struct Acts {
    pub(super) by: Value,
    pub(super) rows: Rows<Act>,
}

/// Class, activity and access of an operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Act {
    pub(super) class_uid: u32,
    pub(super) activity_id: u8,
    pub(super) access: Access,
    pub(super) is_privileged: bool,
    pub(super) severity_id: Option<u8>,
}

#[derive(Debug)]
pub(super) struct Actor {
    pub(super) when: Vec<Condition>,
    pub(super) uri: Identity,
    pub(super) name: Value,
    pub(super) kind: ActorKind,
    pub(super) human: Human,
    pub(super) rule: &'static str,
    /// If it holds, nobody proved to be this one.
    pub(super) unproved: Vec<Condition>,
}

/// Values for a column of several: one, or one of each item of a list.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) list: Option<usize>,
    pub(super) value: Value,
}

/// Whoever a fact is about.
#[derive(Debug)]
pub(super) enum Who {
    Nobody,
    /// The actor of the event.
    Actor,
    Named(Identity),
}

#[derive(Debug)]
pub(super) struct Resource {
    pub(super) list: Option<usize>,
    pub(super) when: Vec<Condition>,
    pub(super) uri: Identity,
    pub(super) kind: Value,
    pub(super) name: Value,
    pub(super) role: ResourceRole,
}

#[derive(Debug)]
pub(super) struct Credential {
    pub(super) when: Vec<Condition>,
    pub(super) uri: Identity,
    pub(super) native_id: Value,
    pub(super) fingerprint: Option<(&'static str, &'static str, Value)>,
    pub(super) issuer: Value,
    pub(super) audience: Vec<Listed>,
    pub(super) scopes: Vec<Listed>,
    pub(super) not_before: Time,
    pub(super) not_after: Time,
    pub(super) mfa: Value,
    pub(super) uses_max: Value,
    pub(super) parent: Identity,
    pub(super) holder: Who,
}

#[derive(Debug)]
pub(super) struct CredentialChange {
    pub(super) list: Option<usize>,
    pub(super) when: Vec<Condition>,
    pub(super) change: CredentialChangeKind,
    pub(super) uri: Identity,
    pub(super) native_id: Value,
    pub(super) holder: Who,
}

#[derive(Debug)]
pub(super) struct Grant {
    pub(super) when: Vec<Condition>,
    pub(super) uri: Identity,
    pub(super) phase: GrantPhase,
    pub(super) requester: Who,
    pub(super) beneficiary: Who,
    pub(super) approver: Who,
    pub(super) target: Value,
    pub(super) reason: Value,
    pub(super) ticket: Value,
    pub(super) resource: Value,
    pub(super) policy: Value,
    pub(super) not_before: Time,
    pub(super) not_after: Time,
    pub(super) duration_s: Value,
}

#[derive(Debug)]
pub(super) struct Step {
    pub(super) when: Vec<Condition>,
    pub(super) principal: Who,
    pub(super) step: StepKind,
    pub(super) evidence: &'static str,
    pub(super) is_verified: bool,
}

#[derive(Debug)]
pub(super) struct Alias {
    pub(super) when: Vec<Condition>,
    pub(super) a: (Class, Who),
    pub(super) b: (Class, Who),
    pub(super) rel: AliasRel,
    pub(super) rule: &'static str,
}

#[derive(Debug)]
pub(super) struct Change {
    pub(super) list: Option<usize>,
    pub(super) when: Vec<Condition>,
    pub(super) field: Value,
    pub(super) before: Value,
    pub(super) after: Value,
}

#[derive(Debug)]
pub(super) struct Related {
    pub(super) list: Option<usize>,
    pub(super) when: Vec<Condition>,
    pub(super) rel: &'static str,
    pub(super) id: Value,
}

#[derive(Debug, Default)]
pub(super) struct Quality {
    pub(super) expected: Vec<&'static str>,
    pub(super) truncated: Option<Vec<Condition>>,
    pub(super) sampled: Option<Vec<Condition>>,
    pub(super) redacted: Option<Vec<Condition>>,
}
