//! The one list of columns of each stored table.
//!
//! A column is declared here once: its name, its meaning, its type and where its value comes from.
//! The Arrow schema, the builders, the Parquet settings, the JSON of an event and the page
//! `docs/tables.md` (checked by a test) all follow from these lists.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{Schema, SchemaRef};
use model::{
    Alias, Change, Credential, CredentialChange, Entitlement, Event, EventId, Fingerprint, GrantFact, HeldCredential,
    Inventory, Millis, Related, Resource, Step, Text as Name,
};

use crate::cells::{Column, Count};
use crate::cells::{
    Columns, Each, Flag, Nanos, Small, Text, TheCount, TheFlag, TheMillis, TheNanos, TheSmall, Word, Words, columns,
};

/// What the pipeline knows about a record besides its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The log and leaf of the record.
    pub id: &'a EventId,
    /// Name of its source.
    pub source: &'a str,
    /// Number of its source.
    pub source_number: u32,
    /// When the writer numbered it.
    pub sequenced_at: Millis,
    /// When the collector took it.
    pub received_at: Millis,
}

/// An event on its way into a table.
pub(crate) struct EventRow<'a> {
    pub(crate) origin: Origin<'a>,
    pub(crate) normaliser: &'a str,
    pub(crate) duplicate_of: Option<u64>,
    pub(crate) event: &'a Event<'a>,
}

/// A reject on its way into a table.
pub(crate) struct RejectRow<'a> {
    pub(crate) origin: Origin<'a>,
    pub(crate) normaliser: &'a str,
    pub(crate) reason: &'static str,
    pub(crate) detail: &'a str,
    pub(crate) position: &'a model::Position,
    pub(crate) position_name: Option<&'a str>,
    pub(crate) body_bytes: u64,
    pub(crate) raw_head: &'a str,
}

/// The Arrow schema of the stored events.
pub fn events() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| Arc::new(Schema::new(EventColumns::fields())));
    Arc::clone(&SCHEMA)
}

/// The Arrow schema of the stored rejects.
pub fn rejects() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| Arc::new(Schema::new(RejectColumns::fields())));
    Arc::clone(&SCHEMA)
}

/// Names and meanings of the columns of the stored events, in order.
pub fn event_columns() -> &'static [Column] {
    EventColumns::DECLARED
}

/// Names and meanings of the columns of the stored rejects, in order.
pub fn reject_columns() -> &'static [Column] {
    RejectColumns::DECLARED
}

/// Columns by whose values people look for a needle: each gets a bloom filter.
pub(crate) const LOOKED_UP: &[&str] = &[
    "source_event_id",
    "actor_principal",
    "actor_name",
    "subject_principal",
    "initiator_principal",
    "credential_uri",
    "credential_native_id",
    "issued_credential_uri",
    "issued_credential_native_id",
    "session_uri",
    "api_request_id",
    "src_ip",
    "trace_id",
    "correlation_ids.list.element",
    "resources.list.element.uri",
    "resources.list.element.name",
    "credential_changes.list.element.uri",
    "grants.list.element.uri",
    "inventory_uri",
    "entitlements.list.element.holder",
    "entitlements.list.element.source",
];

/// Columns of which pages have a smallest and a largest value: those that questions give a range of, or
/// that are alike over long runs of leaves. Elsewhere every page would say "anything".
pub(crate) const RANGED: &[&str] = &[
    "leaf_index",
    "source",
    "source_number",
    "sequenced_at",
    "received_at",
    "duplicate_of",
    "time",
    "class_uid",
    "status_id",
    "platform",
];

/// Columns whose values rarely repeat: a dictionary of them would be work for nothing.
pub(crate) const RARELY_REPEATED: &[&str] =
    &["leaf_index", "source_event_id", "time_raw", "api_request_id", "correlation_ids.list.element"];

fn fingerprint<'e, 'a>(credential: &'e Option<Credential<'a>>) -> Option<&'e Fingerprint<'a>> {
    credential.as_ref()?.fingerprint.as_ref()
}

fn inventory<'e, 'a>(event: &'e Event<'a>) -> Option<&'e Inventory<'a>> {
    event.inventory.as_deref()
}

fn held<'e, 'a>(event: &'e Event<'a>) -> &'e [HeldCredential<'a>] {
    inventory(event).map_or(&[], |inventory| &inventory.credentials)
}

fn names<'e>(names: Option<&'e Vec<Name<'_>>>) -> impl Iterator<Item = &'e str> {
    names.into_iter().flatten().map(|name| &**name)
}

fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

columns! {
    /// One row per event.
    pub(crate) struct EventColumns for r: EventRow<'r> {
        /// The log: the first 8 hex digits of SHA-256(log origin).
        log: Word = &r.origin.id.log;
        /// The leaf that holds the record.
        leaf_index: TheCount = integer(r.origin.id.index.0);
        /// Name of the source.
        source: Word = r.origin.source;
        /// Number of the source in sealed headers.
        source_number: TheCount = i64::from(r.origin.source_number);
        /// The record's id at its source.
        source_event_id: Text = r.event.source_event_id.as_deref();
        /// When the log numbered the record, by our clock.
        sequenced_at: TheMillis = r.origin.sequenced_at;
        /// When the collector took the delivery, by our clock.
        received_at: TheMillis = r.origin.received_at;
        /// What made this row: a hash over the versions of the source modules.
        normaliser: Word = r.normaliser;
        /// Leaf of the first record with the same platform, authority, source event id, time and outcome; empty for the first.
        duplicate_of: Count = r.duplicate_of.map(integer);
        /// When it happened, by the clock of the source; the time of receipt when the record has none.
        time: TheNanos = time_of(r.origin, r.event);
        /// The time, verbatim.
        time_raw: Text = r.event.time_raw.as_deref();
        /// How fine the clock reading was: s, ms, us, ns.
        time_precision: Word = r.event.time_precision.as_str();
        /// OCSF class.
        class_uid: TheSmall = i32::try_from(r.event.class_uid).unwrap_or(i32::MAX);
        /// OCSF activity within the class.
        activity_id: TheSmall = i32::from(r.event.activity_id);
        /// OCSF outcome: 1 success, 2 failure, 0 unknown, 99 other.
        status_id: TheSmall = i32::from(r.event.status.id());
        /// The outcome as a word: success, failure, unknown, other.
        status: Word = r.event.status.as_str();
        /// The platform's outcome code, verbatim.
        status_code: Text = r.event.status_code.as_deref();
        /// OCSF severity; 1 is informational.
        severity_id: TheSmall = i32::from(r.event.severity_id);
        /// What was done, coarsely: read, create, modify, delete, execute, authenticate, issue, grant, other.
        access: Word = r.event.access.as_str();
        /// Organisation, tenant or account the record belongs to.
        tenant: Text = r.event.tenant.as_deref();
        /// The platform whose module or mapping file read the record.
        platform: Word = r.event.platform.as_str();
        /// Tenancy or issuer boundary of the names in the record.
        authority: Word = &r.event.authority;
        /// Region.
        region: Text = r.event.region.as_deref();

        /// Who executed: canonical URI.
        actor_principal: Word = &r.event.actor.uri;
        /// What kind of principal executed.
        actor_kind: Word = r.event.actor.kind.as_str();
        /// The executor's name, verbatim.
        actor_name: Text = r.event.actor.name.as_deref();
        /// Whether a human executed: human, nonhuman, mixed, unknown.
        is_human: Word = r.event.actor.is_human.as_str();
        /// The rule that decided `is_human`.
        is_human_rule: Word = r.event.actor.rule;
        /// Whose rights were used, if not the executor's own: canonical URI.
        subject_principal: Text = r.event.subject.as_deref();
        /// Who started it, as the record says: canonical URI.
        initiator_principal: Text = r.event.initiator.as_deref();
        /// The principals from initiator to executor, with the evidence for each link.
        chain: Each<ChainColumns> = &r.event.chain;
        /// Whose the executor is: own, third, provider.
        party: Text = r.event.party.map(model::Party::as_str);
        /// Role under which the executor worked, verbatim.
        role: Text = r.event.role.as_deref();
        /// Whether the executor or the act is privileged, if the record shows it.
        privileged: Flag = r.event.privileged;
        /// Stable id of the AI agent.
        agent_uid: Text = r.event.agent.uid.as_deref();
        /// Id of one instance of the agent.
        agent_instance: Text = r.event.agent.instance.as_deref();
        /// Id of one run of the agent.
        agent_run: Text = r.event.agent.run.as_deref();
        /// How the agent ran: interactive, autonomous.
        agent_mode: Text = r.event.agent.mode.map(model::Mode::as_str);
        /// The model the agent ran on.
        agent_model: Text = r.event.agent.model.as_deref();
        /// Version of the agent.
        agent_version: Text = r.event.agent.version.as_deref();
        /// Pod, function, instance or job the executor ran in.
        workload_name: Text = r.event.workload.name.as_deref();
        /// The workload's immutable id.
        workload_uid: Text = r.event.workload.uid.as_deref();
        /// Namespace, project or repository of the workload.
        workload_namespace: Text = r.event.workload.namespace.as_deref();
        /// Node or host the workload ran on.
        workload_node: Text = r.event.workload.node.as_deref();

        /// The credential used: canonical URI.
        credential_uri: Text = r.event.credential.as_ref().map(|c| c.uri.as_str());
        /// Type of the credential used: access-key, sts-key, jti, accessor, ...
        credential_kind: Text = r.event.credential.as_ref().map(|c| &*c.kind);
        /// The platform's id of the credential used, verbatim.
        credential_native_id: Text = r.event.credential.as_ref().and_then(|c| c.native_id.as_deref());
        /// How the platform digested the credential used.
        credential_fingerprint_algorithm: Text = fingerprint(&r.event.credential).map(|f| f.algorithm);
        /// How that digest is written: hex, base64.
        credential_fingerprint_encoding: Text = fingerprint(&r.event.credential).map(|f| f.encoding);
        /// The digest.
        credential_fingerprint_value: Text = fingerprint(&r.event.credential).map(|f| &*f.value);
        /// Who issued the credential used.
        credential_issuer: Text = r.event.credential.as_ref().and_then(|c| c.issuer.as_deref());
        /// For whom the credential used is meant.
        credential_audience: Words = names(r.event.credential.as_ref().map(|c| &c.audience));
        /// What the credential used allows, as the record says.
        credential_scopes: Words = names(r.event.credential.as_ref().map(|c| &c.scopes));
        /// The credential used is valid from.
        credential_not_before: Nanos = r.event.credential.as_ref().and_then(|c| c.not_before);
        /// The credential used is valid until.
        credential_not_after: Nanos = r.event.credential.as_ref().and_then(|c| c.not_after);
        /// Key the credential used is bound to.
        credential_confirmation: Text = r.event.credential.as_ref().and_then(|c| c.confirmation.as_deref());
        /// Whether the credential used was obtained with a second factor.
        credential_mfa: Flag = r.event.credential.as_ref().and_then(|c| c.mfa);
        /// How often the credential used may be used, if that is limited.
        credential_uses_max: Count = r.event.credential.as_ref().and_then(|c| c.uses_max).map(i64::from);
        /// The credential it was minted with: canonical URI.
        credential_parent: Text = r.event.credential.as_ref().and_then(|c| c.parent.as_deref());
        /// The credential issued: canonical URI.
        issued_credential_uri: Text = r.event.issued_credential.as_ref().map(|c| c.uri.as_str());
        /// Type of the credential issued.
        issued_credential_kind: Text = r.event.issued_credential.as_ref().map(|c| &*c.kind);
        /// The platform's id of the credential issued, verbatim.
        issued_credential_native_id: Text = r.event.issued_credential.as_ref().and_then(|c| c.native_id.as_deref());
        /// How the platform digested the credential issued.
        issued_credential_fingerprint_algorithm: Text = fingerprint(&r.event.issued_credential).map(|f| f.algorithm);
        /// How that digest is written: hex, base64.
        issued_credential_fingerprint_encoding: Text = fingerprint(&r.event.issued_credential).map(|f| f.encoding);
        /// The digest.
        issued_credential_fingerprint_value: Text = fingerprint(&r.event.issued_credential).map(|f| &*f.value);
        /// Who issued the new credential.
        issued_credential_issuer: Text = r.event.issued_credential.as_ref().and_then(|c| c.issuer.as_deref());
        /// For whom the credential issued is meant.
        issued_credential_audience: Words = names(r.event.issued_credential.as_ref().map(|c| &c.audience));
        /// What the credential issued allows, as the record says.
        issued_credential_scopes: Words = names(r.event.issued_credential.as_ref().map(|c| &c.scopes));
        /// The credential issued is valid from.
        issued_credential_not_before: Nanos = r.event.issued_credential.as_ref().and_then(|c| c.not_before);
        /// The credential issued is valid until.
        issued_credential_not_after: Nanos = r.event.issued_credential.as_ref().and_then(|c| c.not_after);
        /// Key the credential issued is bound to.
        issued_credential_confirmation: Text =
            r.event.issued_credential.as_ref().and_then(|c| c.confirmation.as_deref());
        /// Whether the credential issued was obtained with a second factor.
        issued_credential_mfa: Flag = r.event.issued_credential.as_ref().and_then(|c| c.mfa);
        /// How often the credential issued may be used, if that is limited.
        issued_credential_uses_max: Count = r.event.issued_credential.as_ref().and_then(|c| c.uses_max).map(i64::from);
        /// The credential the new one was minted with: canonical URI.
        issued_credential_parent: Text = r.event.issued_credential.as_ref().and_then(|c| c.parent.as_deref());
        /// Credentials refreshed, revoked, disabled, enabled or rotated.
        credential_changes: Each<CredentialChangeColumns> = &r.event.credential_changes;
        /// The session: canonical URI.
        session_uri: Text = r.event.session.as_deref();
        /// Grants the record names: canonical URIs.
        grant_refs: Words = r.event.grant_refs.iter().map(String::as_str);
        /// What the record says about grants.
        grants: Each<GrantColumns> = &r.event.grants;
        /// Names seen together in the record.
        aliases: Each<AliasColumns> = &r.event.aliases;
        /// The principal, group, role or policy that an inventory lists: canonical URI.
        inventory_uri: Text = inventory(r.event).map(|i| i.uri.as_str());
        /// Its name, verbatim.
        inventory_name: Text = inventory(r.event).and_then(|i| i.name.as_deref());
        /// The platform's type of it.
        inventory_item_type: Text = inventory(r.event).map(|i| &*i.item_type);
        /// What kind of principal is listed.
        inventory_kind: Text = inventory(r.event).map(|i| i.kind.as_str());
        /// Whether the listed principal is a human's: human, nonhuman, mixed, unknown.
        inventory_is_human: Text = inventory(r.event).map(|i| i.is_human.as_str());
        /// The rule that decided `inventory_is_human`.
        inventory_rule: Text = inventory(r.event).map(|i| i.rule);
        /// Whether it can be used: enabled, disabled, deleted.
        inventory_state: Text = inventory(r.event).and_then(|i| i.state).map(model::InventoryState::as_str);
        /// Who answers for it, as the inventory says.
        inventory_owners: Words = names(inventory(r.event).map(|i| &i.owners));
        /// Team it belongs to.
        inventory_team: Text = inventory(r.event).and_then(|i| i.team.as_deref());
        /// What it is for.
        inventory_purpose: Text = inventory(r.event).and_then(|i| i.purpose.as_deref());
        /// How sensitive it, or what it reaches, is.
        inventory_sensitivity: Text = inventory(r.event).and_then(|i| i.sensitivity.as_deref());
        /// When it came to exist.
        inventory_created: Nanos = inventory(r.event).and_then(|i| i.created);
        /// When it was last used, as the platform says.
        inventory_last_used: Nanos = inventory(r.event).and_then(|i| i.last_used);
        /// When it ends.
        inventory_not_after: Nanos = inventory(r.event).and_then(|i| i.not_after);
        /// The credentials it has.
        inventory_credentials: Each<HeldCredentialColumns> = held(r.event);
        /// What the inventory says that holders may do.
        entitlements: Each<EntitlementColumns> = &r.event.entitlements;
        /// OCSF delegation id.
        delegation_uid: Text = r.event.delegation_uid.as_deref();

        /// How the identity was proved: saml, oidc, password, ...
        authn_protocol: Text = r.event.authn.protocol.as_deref();
        /// The platform's name of the method.
        authn_method: Text = r.event.authn.method.as_deref();
        /// Whether a second factor was used.
        authn_mfa: Flag = r.event.authn.mfa;
        /// The factors, as the record names them.
        authn_factors: Words = names(Some(&r.event.authn.factors));
        /// What was decided: allow, deny, observed.
        decision_effect: Text = r.event.decision.effect.map(model::Effect::as_str);
        /// Who decided.
        decision_pdp: Text = r.event.decision.pdp.as_deref();
        /// The policies named.
        decision_policies: Words = names(Some(&r.event.decision.policies));
        /// The rule that matched.
        decision_rule: Text = r.event.decision.rule.as_deref();
        /// The reason of the decision, verbatim.
        decision_reason: Text = r.event.decision.reason.as_deref();
        /// Service that was called.
        api_service: Text = r.event.api.service.as_deref();
        /// What was called: the action that `--action` matches.
        api_operation: Text = r.event.api.operation.as_deref();
        /// The platform's id of the request.
        api_request_id: Text = r.event.api.request_id.as_deref();
        /// What was acted on.
        resources: Each<ResourceColumns> = &r.event.resources;
        /// The secret whose value was touched.
        secret_access_path: Text = r.event.secret_access.path.as_deref();
        /// Version of that secret.
        secret_access_version: Text = r.event.secret_access.version.as_deref();
        /// Lease under which it was handed out.
        secret_access_lease_id: Text = r.event.secret_access.lease_id.as_deref();
        /// Address it came from.
        src_ip: Text = r.event.src.ip.as_deref();
        /// Port it came from.
        src_port: Small = r.event.src.port.map(i32::from);
        /// Name it came from, when the record has a name instead of an address.
        src_host: Text = r.event.src.host.as_deref();
        /// Country it came from, as the platform says.
        src_country: Text = r.event.src.country.as_deref();
        /// Network it came from, as the platform says.
        src_network: Text = r.event.src.network.as_deref();
        /// User agent, verbatim.
        user_agent: Text = r.event.user_agent.as_deref();
        /// The caller's program, as the platform names it.
        client_app: Text = r.event.client_app.as_deref();
        /// Address it went to.
        dst_ip: Text = r.event.dst.ip.as_deref();
        /// Port it went to.
        dst_port: Small = r.event.dst.port.map(i32::from);
        /// Name it went to.
        dst_host: Text = r.event.dst.host.as_deref();
        /// Country it went to, as the platform says.
        dst_country: Text = r.event.dst.country.as_deref();
        /// Network it went to, as the platform says.
        dst_network: Text = r.event.dst.network.as_deref();
        /// Id of a person's device.
        device_id: Text = r.event.device.id.as_deref();
        /// Name of a person's device.
        device_name: Text = r.event.device.name.as_deref();
        /// Operating system of a person's device.
        device_os: Text = r.event.device.os.as_deref();
        /// Whether a person's device is managed, as the platform says.
        device_managed: Flag = r.event.device.managed;
        /// Process on a host.
        process: Text = r.event.process.as_deref();

        /// W3C trace id.
        trace_id: Text = r.event.trace_id.as_deref();
        /// Span id.
        span_id: Text = r.event.span_id.as_deref();
        /// Parent span id.
        parent_span_id: Text = r.event.parent_span_id.as_deref();
        /// Every value by which another record names this one.
        correlation_ids: Words = names(Some(&r.event.correlation_ids));
        /// Records this one names.
        related: Each<RelatedColumns> = &r.event.related;
        /// Error code, verbatim.
        error_code: Text = r.event.error_code.as_deref();
        /// Error message, verbatim.
        error_message: Text = r.event.error_message.as_deref();
        /// Duration in milliseconds.
        duration_ms: Count = r.event.duration_ms;
        /// Bytes towards the resource.
        data_bytes_in: Count = r.event.data_bytes_in;
        /// Bytes from the resource.
        data_bytes_out: Count = r.event.data_bytes_out;
        /// Rows or items touched.
        data_rows: Count = r.event.data_rows;
        /// Values changed.
        changes: Each<ChangeColumns> = &r.event.changes;
        /// Tool an agent called.
        tool_name: Text = r.event.tool.name.as_deref();
        /// Server that offers the tool.
        tool_server: Text = r.event.tool.server.as_deref();
        /// Id of the tool call.
        tool_call_id: Text = r.event.tool.call_id.as_deref();
        /// SHA-256 of the arguments of the tool call, hex.
        tool_argument_digest: Text = r.event.tool.argument_digest.as_deref();
        /// Declared reason, free text.
        purpose_reason: Text = r.event.purpose.reason.as_deref();
        /// Ticket or change id.
        purpose_ticket: Text = r.event.purpose.ticket.as_deref();
        /// Job or pipeline.
        purpose_job: Text = r.event.purpose.job.as_deref();
        /// Columns a complete record of this platform would fill.
        quality_missing: Words = missing(r.event);
        /// The platform says that it cut the record.
        quality_truncated: TheFlag = r.event.quality.truncated;
        /// The platform says that it kept only some records.
        quality_sampled: TheFlag = r.event.quality.sampled;
        /// The platform hid values.
        quality_redacted: TheFlag = r.event.quality.redacted;
        /// A JSON object had the same key twice; the last one counts.
        quality_duplicate_keys: TheFlag = r.event.quality.duplicate_keys;
    }
}

/// The columns that are missing; `time` too when the time of receipt stands in for it.
fn missing<'e>(event: &'e Event<'_>) -> impl Iterator<Item = &'e str> {
    let listed = event.quality.missing.contains(&"time");
    let time = (event.time.is_none() && !listed).then_some("time");
    event.quality.missing.iter().copied().chain(time)
}

/// When an event happened, nanoseconds: by the clock of its source; the time of receipt when the record has none.
pub(crate) fn time_of(origin: Origin<'_>, event: &Event<'_>) -> i64 {
    event.time.unwrap_or_else(|| nanos(origin.received_at))
}

pub(crate) fn nanos(time: Millis) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX).saturating_mul(1_000_000)
}

columns! {
    /// One link of a delegation chain.
    pub(crate) struct ChainColumns for r: Step<'r> {
        /// Canonical URI.
        principal: Word = &r.principal;
        /// How it led to the next: delegation, impersonation, assume, exchange, service-forward, invoke.
        step: Word = r.step.as_str();
        /// JSON pointer of the value that shows it.
        evidence_path: Word = r.evidence_path;
        /// Who says so.
        asserted_by: Word = &r.asserted_by;
        /// Whether the platform checked it.
        verified: TheFlag = r.verified;
    }
}

columns! {
    /// What happened to a credential.
    pub(crate) struct CredentialChangeColumns for r: CredentialChange<'r> {
        /// issued, refreshed, revoked, disabled, enabled, rotated.
        change: Word = r.change.as_str();
        /// Canonical URI of the credential.
        uri: Word = &r.uri;
        /// The platform's own id, verbatim.
        native_id: Text = r.native_id.as_deref();
        /// Canonical URI of the principal whose credential it is.
        holder: Text = r.holder.as_deref();
    }
}

columns! {
    /// What a record says about a grant.
    pub(crate) struct GrantColumns for r: GrantFact<'r> {
        /// Canonical URI of the grant.
        uri: Word = &r.uri;
        /// request, approve, deny, activate, extend, revoke, expire, use, bypass.
        phase: Word = r.phase.as_str();
        /// Canonical URI of who asked.
        requester: Text = r.requester.as_deref();
        /// Canonical URI of who receives it.
        beneficiary: Text = r.beneficiary.as_deref();
        /// Canonical URI of who approved or denied.
        approver: Text = r.approver.as_deref();
        /// Role, resource or privileges, verbatim.
        target: Text = r.target.as_deref();
        /// Justification.
        reason: Text = r.reason.as_deref();
        /// Ticket.
        ticket: Text = r.ticket.as_deref();
        /// Valid from.
        not_before: Nanos = r.not_before;
        /// Valid until.
        not_after: Nanos = r.not_after;
        /// Longest allowed duration in seconds.
        duration_s: Count = r.duration_s.map(integer);
        /// What it is limited to: a URI, or a name verbatim; `*` at the end stands for everything that begins so.
        resource: Text = r.resource.as_deref();
        /// The policy that decides who must agree.
        policy: Text = r.policy.as_deref();
        /// Version or digest of that policy.
        policy_version: Text = r.policy_version.as_deref();
        /// Approvals that policy asks for.
        approvals_min: Count = r.approvals_min.map(i64::from);
    }
}

columns! {
    /// A credential that an inventory lists.
    pub(crate) struct HeldCredentialColumns for r: HeldCredential<'r> {
        /// Canonical URI of the credential.
        uri: Word = &r.uri;
        /// Type of the credential: access-key, app-key, ...
        kind: Word = &r.kind;
        /// The platform's own id, verbatim.
        native_id: Text = r.native_id.as_deref();
        /// enabled, disabled, deleted.
        state: Text = r.state.map(model::InventoryState::as_str);
        /// Came to exist, or valid from.
        created: Nanos = r.created;
        /// Last used, as the platform says.
        last_used: Nanos = r.last_used;
        /// Valid until.
        not_after: Nanos = r.not_after;
    }
}

columns! {
    /// What a holder may do, or from whom it has what it may do.
    pub(crate) struct EntitlementColumns for r: Entitlement<'r> {
        /// Canonical URI of who holds it.
        holder: Word = &r.holder;
        /// privilege, inherits, bounded.
        kind: Word = r.kind.as_str();
        /// Actions it may, or must not, do.
        privileges: Words = r.privileges.iter().map(|name| &**name);
        /// Actions that those do not include.
        except: Words = r.except.iter().map(|name| &**name);
        /// Canonical URI of the group, role or policy that it inherits from or is bounded by.
        source: Text = r.source.as_deref();
        /// On what, as the platform names it; empty is all that the authority has.
        targets: Words = r.targets.iter().map(|name| &**name);
        /// allow, deny.
        effect: Word = r.effect.as_str();
        /// The policy statement, binding or assignment that says so.
        via: Text = r.via.as_deref();
        /// Whether it depends on conditions not told here.
        conditional: TheFlag = r.conditional;
        /// Ends.
        not_after: Nanos = r.not_after;
    }
}

columns! {
    /// Two names and how they relate.
    pub(crate) struct AliasColumns for r: Alias {
        /// URI.
        a: Word = &r.a;
        /// URI.
        b: Word = &r.b;
        /// same_as, instance_of, runs_as, federates_to, owned_by, credential_of, renamed_to.
        rel: Word = r.rel.as_str();
        /// The rule that says so.
        rule: Word = r.rule;
    }
}

columns! {
    /// What was acted on.
    pub(crate) struct ResourceColumns for r: Resource<'r> {
        /// Canonical URI.
        uri: Word = &r.uri;
        /// The platform's type.
        r#type: Word = &r.kind;
        /// The name or ARN in the record, verbatim.
        name: Text = r.name.as_deref();
        /// target, actor, affected, related.
        role: Word = r.role.as_str();
    }
}

columns! {
    /// A record named by another.
    pub(crate) struct RelatedColumns for r: Related<'r> {
        /// How: shared-event, request-response, group, ...
        rel: Word = r.rel;
        /// The other record's id at its source.
        source_event_id: Word = &r.source_event_id;
    }
}

columns! {
    /// A value before and after.
    pub(crate) struct ChangeColumns for r: Change<'r> {
        /// Name of the field.
        field: Word = &r.field;
        /// Value before.
        before: Text = r.before.as_deref();
        /// Value after.
        after: Text = r.after.as_deref();
    }
}

columns! {
    /// One row per reject.
    pub(crate) struct RejectColumns for r: RejectRow<'r> {
        /// The log: the first 8 hex digits of SHA-256(log origin).
        log: Word = &r.origin.id.log;
        /// The leaf that holds the record.
        leaf_index: TheCount = integer(r.origin.id.index.0);
        /// Name of the source.
        source: Word = r.origin.source;
        /// Number of the source in sealed headers.
        source_number: TheCount = i64::from(r.origin.source_number);
        /// When the log numbered the record, by our clock.
        sequenced_at: TheMillis = r.origin.sequenced_at;
        /// When the collector took the delivery, by our clock.
        received_at: TheMillis = r.origin.received_at;
        /// What made this row: a hash over the versions of the source modules.
        normaliser: Word = r.normaliser;
        /// Why it is no event: too large, empty, not UTF-8, not JSON, too deep, unknown platform, shape.
        reason: Word = r.reason;
        /// What exactly, with the byte where it is known.
        detail: Word = r.detail;
        /// Path, object key or stream it came in.
        position_name: Text = r.position_name;
        /// Number of the delivery at its source.
        position_delivery: Count = r.position.delivery.map(integer);
        /// Number of the record in its delivery, from 0.
        position_ordinal: Count = r.position.ordinal.map(integer);
        /// First byte of the record in the content of its delivery.
        position_offset: Count = r.position.offset.map(integer);
        /// Length of the record as kept, in bytes.
        body_bytes: TheCount = integer(r.body_bytes);
        /// The first 256 bytes of the record as text; what is not UTF-8 shows as U+FFFD.
        raw_head: Word = r.raw_head;
    }
}
