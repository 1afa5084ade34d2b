//! What lineage needs of one event, owned and compact.

use model::{
    Access, ActorKind, AliasRel, CredentialChangeKind, Effect, EntitlementKind, Event, EventId, GrantPhase, Human,
    InventoryState, LeafIndex, Mode, Platform, ResourceRole, Status, StepKind,
};
use serde::{Deserialize, Serialize};

use crate::upstream::Logging;

/// Version of the form in which [`Fact`] is stored by whoever keeps facts: raised with every change of a
/// field below, since a form without names of fields is read by their order.
pub const FORM: u8 = 1;

/// The view of one event that this crate works on: one fact per event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// The event. Not stored with the rest: whoever keeps a fact keeps it under its id.
    #[serde(skip, default = "nowhere")]
    pub id: EventId,
    /// The record's id at its source.
    pub source_event_id: Option<String>,
    /// Event time, nanoseconds since 1970.
    pub time: i64,
    /// The platform whose module or mapping file read the record.
    pub platform: Platform,
    /// Boundary of the names in the record.
    pub authority: String,
    /// Outcome.
    pub status: Status,
    /// What was done, coarsely.
    pub access: Access,
    /// The call, as in `s3:GetObject`.
    pub operation: Option<String>,
    /// Who executed.
    pub actor: Actor,
    /// URI of whose rights were used, if not the actor's own.
    pub subject: Option<String>,
    /// URI of who started it, as the record says.
    pub initiator: Option<String>,
    /// Initiator first, executor last.
    pub chain: Vec<Step>,
    /// Role under which the actor worked, verbatim.
    pub role: Option<String>,
    /// Run of an AI agent.
    pub agent_run: Option<String>,
    /// How the agent ran.
    pub agent_mode: Option<Mode>,
    /// Name of the tool that an agent called.
    pub tool: Option<String>,
    /// The trace it belongs to: chosen by whoever calls.
    pub trace_id: Option<String>,
    /// Pod, function, instance or job the actor ran in.
    pub workload: Option<String>,
    /// What the actor acted with.
    pub credential: Option<Credential>,
    /// What the record shows being issued.
    pub issued: Option<Credential>,
    /// What the record says became of credentials.
    pub changes: Vec<Change>,
    /// URI of the session.
    pub session: Option<String>,
    /// URIs of grants the event names.
    pub grant_refs: Vec<String>,
    /// What the record says about grants.
    pub grants: Vec<GrantFact>,
    /// Names seen together.
    pub aliases: Vec<Alias>,
    /// The item of an inventory that the record is.
    pub inventory: Option<Box<Inventory>>,
    /// What the record, an inventory's, says that holders may do.
    pub entitlements: Vec<Entitlement>,
    /// What was decided.
    pub effect: Option<Effect>,
    /// What was acted on.
    pub resources: Vec<Resource>,
    /// Values by which other records name this one.
    pub correlation_ids: Vec<String>,
    /// Records this one names: relation and id at the source.
    pub related: Vec<(String, String)>,
    /// Declared reason.
    pub reason: Option<String>,
    /// Declared ticket.
    pub ticket: Option<String>,
    /// Job or pipeline.
    pub job: Option<String>,
    /// Address it came from.
    pub src_ip: Option<String>,
    /// User agent, verbatim.
    pub user_agent: Option<String>,
    /// What became of a log of the platform, if that is what the call was about.
    pub logging: Option<Logging>,
}

/// Who executed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Canonical URI.
    pub uri: String,
    /// What kind of principal.
    pub kind: ActorKind,
    /// The name in the record, verbatim.
    pub name: Option<String>,
    /// Whether a human acted.
    pub is_human: Human,
    /// The rule of `identity.md` 3.4 that decided it, as in `R1:k8s-serviceaccount`.
    pub rule: String,
}

/// One link of the delegation chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// URI of the principal.
    pub principal: String,
    /// How it led to the next one.
    pub step: StepKind,
    /// JSON pointer of the value that shows it.
    pub evidence_path: String,
    /// Who says so.
    pub asserted_by: String,
    /// Whether the platform checked it.
    pub verified: bool,
}

/// A credential, as one record shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// Canonical URI.
    pub uri: String,
    /// The type part of the URI.
    pub kind: String,
    /// The platform's own id, verbatim.
    pub native_id: Option<String>,
    /// For whom it is meant.
    pub audience: Vec<String>,
    /// Valid from, nanoseconds since 1970.
    pub not_before: Option<i64>,
    /// Valid until, nanoseconds since 1970.
    pub not_after: Option<i64>,
    /// What it is bound to.
    pub confirmation: Option<String>,
    /// URI of the credential it was minted with.
    pub parent: Option<String>,
    /// How often it may be used, if that is limited.
    pub uses_max: Option<u32>,
}

/// What became of a credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What happened.
    pub change: CredentialChangeKind,
    /// Canonical URI.
    pub uri: String,
    /// URI of the principal whose credential it is.
    pub holder: Option<String>,
}

/// Two names seen in one record, or one that leads to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alias {
    /// URI.
    pub a: String,
    /// URI.
    pub b: String,
    /// How they relate.
    pub rel: AliasRel,
    /// The rule that says so.
    pub rule: String,
}

/// What was acted on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// Canonical URI.
    pub uri: String,
    /// The name in the record, verbatim.
    pub name: Option<String>,
    /// Its part in the event.
    pub role: ResourceRole,
}

/// What a record says about a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantFact {
    /// Canonical URI.
    pub uri: String,
    /// Step in its life.
    pub phase: GrantPhase,
    /// Who asked.
    pub requester: Option<String>,
    /// Who receives it.
    pub beneficiary: Option<String>,
    /// Who approved or denied.
    pub approver: Option<String>,
    /// Role, resource or privileges, verbatim.
    pub target: Option<String>,
    /// Justification.
    pub reason: Option<String>,
    /// Ticket.
    pub ticket: Option<String>,
    /// Valid from, nanoseconds since 1970.
    pub not_before: Option<i64>,
    /// Valid until, nanoseconds since 1970.
    pub not_after: Option<i64>,
    /// Longest allowed duration in seconds.
    pub duration_s: Option<u64>,
    /// What it is limited to, as other records name it; a `*` at the end stands for everything that
    /// begins so.
    pub resource: Option<String>,
    /// The policy that decides who must agree.
    pub policy: Option<String>,
    /// Version or digest of that policy.
    pub policy_version: Option<String>,
    /// Approvals that policy asks for.
    pub approvals_min: Option<u32>,
}

/// One item of an inventory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// Canonical URI: a principal, or (class `resource`) a group, role or policy.
    pub uri: String,
    /// Its name, verbatim.
    pub name: Option<String>,
    /// The platform's type.
    pub item_type: String,
    /// What kind of principal; unknown for what cannot act.
    pub kind: ActorKind,
    /// Whether it is a human's.
    pub is_human: Human,
    /// The rule that decided.
    pub rule: String,
    /// Whether it can be used.
    pub state: Option<InventoryState>,
    /// Who answers for it, as the inventory says.
    pub owners: Vec<String>,
    /// Team it belongs to.
    pub team: Option<String>,
    /// What it is for.
    pub purpose: Option<String>,
    /// How sensitive it is.
    pub sensitivity: Option<String>,
    /// Came to exist, nanoseconds since 1970.
    pub created: Option<i64>,
    /// Last used as the platform says, nanoseconds since 1970.
    pub last_used: Option<i64>,
    /// Ends, nanoseconds since 1970.
    pub not_after: Option<i64>,
    /// The credentials it has.
    pub credentials: Vec<HeldCredential>,
}

/// A credential that an inventory lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldCredential {
    /// Canonical URI.
    pub uri: String,
    /// The type part of the URI.
    pub kind: String,
    /// The platform's own id, verbatim.
    pub native_id: Option<String>,
    /// Whether it can be used.
    pub state: Option<InventoryState>,
    /// Came to exist, or valid from, nanoseconds since 1970.
    pub created: Option<i64>,
    /// Last used as the platform says, nanoseconds since 1970.
    pub last_used: Option<i64>,
    /// Valid until, nanoseconds since 1970.
    pub not_after: Option<i64>,
}

/// What a holder may do, or from whom it has what it may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entitlement {
    /// Canonical URI of who holds it: a principal, or a group, role or policy.
    pub holder: String,
    /// How to read the rest.
    pub kind: EntitlementKind,
    /// Actions, each meant on each of `targets`; comparable with [`Fact::operation`], `*` for any run.
    pub privileges: Vec<String>,
    /// Actions that `privileges` do not include.
    pub except: Vec<String>,
    /// Canonical URI of what it inherits from or is bounded by.
    pub source: Option<String>,
    /// On what; empty is all that the holder's authority has.
    pub targets: Vec<String>,
    /// Given or refused.
    pub effect: Effect,
    /// The policy statement, binding or assignment that says so.
    pub via: Option<String>,
    /// Whether it depends on conditions not told here.
    pub conditional: bool,
    /// Ends, nanoseconds since 1970.
    pub not_after: Option<i64>,
}

impl Fact {
    /// The facts of one event. `time` is the event's own, or the time of receipt of an event without one.
    pub fn of(id: EventId, time: i64, event: &Event<'_>) -> Fact {
        Fact {
            id,
            source_event_id: text(event.source_event_id.as_ref()),
            time,
            platform: event.platform,
            authority: event.authority.to_string(),
            status: event.status,
            access: event.access,
            operation: text(event.api.operation.as_ref()),
            actor: actor(&event.actor),
            subject: event.subject.clone(),
            initiator: event.initiator.clone(),
            chain: event.chain.iter().map(step).collect(),
            role: text(event.role.as_ref()),
            agent_run: text(event.agent.run.as_ref()),
            agent_mode: event.agent.mode,
            tool: text(event.tool.name.as_ref()),
            trace_id: text(event.trace_id.as_ref()),
            workload: text(event.workload.name.as_ref().or(event.workload.uid.as_ref())),
            credential: event.credential.as_ref().map(credential),
            issued: event.issued_credential.as_ref().map(credential),
            changes: event.credential_changes.iter().map(change).collect(),
            session: event.session.clone(),
            grant_refs: event.grant_refs.clone(),
            grants: event.grants.iter().map(grant).collect(),
            aliases: event.aliases.iter().map(alias).collect(),
            inventory: event.inventory.as_deref().map(|listed| Box::new(inventory(listed))),
            entitlements: event.entitlements.iter().map(entitlement).collect(),
            effect: event.decision.effect,
            resources: event.resources.iter().map(resource).collect(),
            correlation_ids: event.correlation_ids.iter().map(ToString::to_string).collect(),
            related: event.related.iter().map(|r| (r.rel.to_owned(), r.source_event_id.to_string())).collect(),
            reason: text(event.purpose.reason.as_ref()),
            ticket: text(event.purpose.ticket.as_ref()),
            job: text(event.purpose.job.as_ref()),
            src_ip: text(event.src.ip.as_ref()),
            user_agent: text(event.user_agent.as_ref()),
            logging: Logging::of(event.class_uid, event.activity_id),
        }
    }

    /// The order of facts: by time, then by what the record itself says, so that it does not depend
    /// on the order of arrival; the leaf decides last, between records told twice.
    pub fn order(&self) -> impl Ord + '_ {
        let leaf = (self.id.log.as_str(), self.id.index.0);
        (self.time, self.platform, self.authority.as_str(), self.source_event_id.as_deref(), leaf)
    }

    /// To whom the record says it issued its credential.
    pub fn holders(&self) -> impl Iterator<Item = &str> {
        let issued = self.issued.as_ref().map(|issued| issued.uri.as_str());
        self.aliases
            .iter()
            .filter(move |alias| alias.rel == AliasRel::CredentialOf && Some(alias.a.as_str()) == issued)
            .map(|alias| alias.b.as_str())
    }

    /// The principals behind [`Fact::holders`]: of a session, whose it is.
    pub(crate) fn bearers(&self) -> impl Iterator<Item = &str> {
        self.holders().map(|holder| {
            let of = |alias: &&Alias| alias.rel == AliasRel::InstanceOf && alias.a == holder;
            self.aliases.iter().find(of).map_or(holder, |alias| alias.b.as_str())
        })
    }

    /// Whether this fact and another are two tellings of one call: a doubled delivery, the two entries
    /// of one request, the copies in two accounts.
    pub fn same_call(&self, other: &Fact) -> bool {
        let same_id = self.source_event_id.is_some() && self.source_event_id == other.source_event_id;
        let shared = || self.shared().is_some_and(|id| other.shared() == Some(id));
        self.platform == other.platform && (same_id && self.authority == other.authority || shared())
    }

    /// Whether two facts are of one record, delivered twice: nothing but the leaf differs.
    pub(crate) fn is_again(&self, other: &Fact) -> bool {
        let alike = || {
            self.time == other.time && self.source_event_id.is_some() && self.source_event_id == other.source_event_id
        };
        self.id == other.id || alike() && Fact { id: other.id.clone(), ..self.clone() } == *other
    }

    /// The id under which another account's copy of this record is found.
    pub(crate) fn shared(&self) -> Option<&str> {
        self.related.iter().find(|(rel, _)| rel == "shared-event").map(|(_, id)| id.as_str())
    }
}

fn nowhere() -> EventId {
    EventId { log: String::new(), index: LeafIndex(0) }
}

fn text(value: Option<&model::Text<'_>>) -> Option<String> {
    value.map(ToString::to_string)
}

fn actor(actor: &model::Principal<'_>) -> Actor {
    Actor {
        uri: actor.uri.clone(),
        kind: actor.kind,
        name: text(actor.name.as_ref()),
        is_human: actor.is_human,
        rule: actor.rule.to_owned(),
    }
}

fn step(step: &model::Step<'_>) -> Step {
    Step {
        principal: step.principal.clone(),
        step: step.step,
        evidence_path: step.evidence_path.to_owned(),
        asserted_by: step.asserted_by.to_string(),
        verified: step.verified,
    }
}

fn credential(credential: &model::Credential<'_>) -> Credential {
    Credential {
        uri: credential.uri.clone(),
        kind: credential.kind.to_string(),
        native_id: text(credential.native_id.as_ref()),
        audience: credential.audience.iter().map(ToString::to_string).collect(),
        not_before: credential.not_before,
        not_after: credential.not_after,
        confirmation: text(credential.confirmation.as_ref()),
        parent: credential.parent.clone(),
        uses_max: credential.uses_max,
    }
}

fn change(change: &model::CredentialChange<'_>) -> Change {
    Change { change: change.change, uri: change.uri.clone(), holder: change.holder.clone() }
}

fn alias(alias: &model::Alias) -> Alias {
    Alias { a: alias.a.clone(), b: alias.b.clone(), rel: alias.rel, rule: alias.rule.to_owned() }
}

fn texts(values: &[model::Text<'_>]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

fn inventory(listed: &model::Inventory<'_>) -> Inventory {
    Inventory {
        uri: listed.uri.clone(),
        name: text(listed.name.as_ref()),
        item_type: listed.item_type.to_string(),
        kind: listed.kind,
        is_human: listed.is_human,
        rule: listed.rule.to_owned(),
        state: listed.state,
        owners: texts(&listed.owners),
        team: text(listed.team.as_ref()),
        purpose: text(listed.purpose.as_ref()),
        sensitivity: text(listed.sensitivity.as_ref()),
        created: listed.created,
        last_used: listed.last_used,
        not_after: listed.not_after,
        credentials: listed.credentials.iter().map(held).collect(),
    }
}

fn held(credential: &model::HeldCredential<'_>) -> HeldCredential {
    HeldCredential {
        uri: credential.uri.clone(),
        kind: credential.kind.to_string(),
        native_id: text(credential.native_id.as_ref()),
        state: credential.state,
        created: credential.created,
        last_used: credential.last_used,
        not_after: credential.not_after,
    }
}

fn entitlement(entitlement: &model::Entitlement<'_>) -> Entitlement {
    Entitlement {
        holder: entitlement.holder.clone(),
        kind: entitlement.kind,
        privileges: texts(&entitlement.privileges),
        except: texts(&entitlement.except),
        source: entitlement.source.clone(),
        targets: texts(&entitlement.targets),
        effect: entitlement.effect,
        via: text(entitlement.via.as_ref()),
        conditional: entitlement.conditional,
        not_after: entitlement.not_after,
    }
}

fn resource(resource: &model::Resource<'_>) -> Resource {
    Resource { uri: resource.uri.clone(), name: text(resource.name.as_ref()), role: resource.role }
}

fn grant(grant: &model::GrantFact<'_>) -> GrantFact {
    GrantFact {
        uri: grant.uri.clone(),
        phase: grant.phase,
        requester: grant.requester.clone(),
        beneficiary: grant.beneficiary.clone(),
        approver: grant.approver.clone(),
        target: text(grant.target.as_ref()),
        reason: text(grant.reason.as_ref()),
        ticket: text(grant.ticket.as_ref()),
        not_before: grant.not_before,
        not_after: grant.not_after,
        duration_s: grant.duration_s,
        resource: text(grant.resource.as_ref()),
        policy: text(grant.policy.as_ref()),
        policy_version: text(grant.policy_version.as_ref()),
        approvals_min: grant.approvals_min,
    }
}
