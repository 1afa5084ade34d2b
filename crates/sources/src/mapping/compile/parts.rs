//! The tables of a mapping file that are read into lists of an event: who acted, on what, with which credential,
//! under which grant, what changed.

use model::uri::Class;
use model::{ActorKind, AliasRel, CredentialChangeKind, GrantPhase, Human, ResourceRole, StepKind};

use super::Compiler;
use crate::mapping::doc::{Node, Table};
use crate::mapping::error::Result;
use crate::mapping::plan::{Actor, Alias, Change, Credential, CredentialChange, Grant, Related, Resource, Step, Who};
use crate::mapping::shape::steps;

impl Compiler {
    pub(super) fn actor(&mut self, mut table: Table<'_>) -> Result<Actor> {
        let when = self.conditions(table.take("when").as_ref())?;
        let uri = self.identity(&table.need("uri")?)?;
        let name = self.optional(table.take("name"))?;
        let kind = table.take("kind").map_or(Ok(ActorKind::Unknown), |node| named!(ActorKind, node))?;
        let human = table.take("human").map_or(Ok(Human::Unknown), |node| named!(Human, node))?;
        let rule = match table.take("rule") {
            Some(node) => {
                let text = node.text()?;
                if !text.starts_with(['R']) || !text.contains(':') {
                    return Err(node.error(format!(
                        "\"{text}\" is no rule; write R1:{{platform}}-{{what}} as in R1:acme-user-type"
                    )));
                }
                Compiler::keep(&node, text)?
            }
            None if human == Human::Unknown => "default",
            None => {
                return Err(
                    table.error("says `human` but not by which `rule`; write one such as \"R1:acme-user-type\"")
                );
            }
        };
        let unproved = self.conditions(table.take("unproved").as_ref())?;
        table.finish()?;
        Ok(Actor { when, uri, name, kind, human, rule, unproved })
    }

    pub(super) fn resource(&mut self, mut table: Table<'_>) -> Result<Resource> {
        let list = self.each(&mut table)?;
        let when = self.conditions(table.take("when").as_ref())?;
        let uri = self.identity(&table.need("uri")?)?;
        let kind = self.optional(table.take("kind"))?;
        let name = self.optional(table.take("name"))?;
        let role = table.take("role").map_or(Ok(ResourceRole::Target), |node| named!(ResourceRole, node))?;
        self.done(table)?;
        Ok(Resource { list, when, uri, kind, name, role })
    }

    pub(super) fn credential(&mut self, mut table: Table<'_>) -> Result<Credential> {
        let when = self.conditions(table.take("when").as_ref())?;
        let uri = self.identity(&table.need("uri")?)?;
        let native_id = self.optional(table.take("native_id"))?;
        let fingerprint = match table.take("fingerprint") {
            None => None,
            Some(node) => {
                let mut table = node.table()?;
                let [algorithm, encoding] = [table.need("algorithm")?, table.need("encoding")?];
                let algorithm = Compiler::keep(&algorithm, algorithm.text()?)?;
                let encoding = Compiler::keep(&encoding, encoding.text()?)?;
                let value = self.value(&table.need("value")?)?;
                table.finish()?;
                Some((algorithm, encoding, value))
            }
        };
        let read = Credential {
            when,
            uri,
            native_id,
            fingerprint,
            issuer: self.optional(table.take("issuer"))?,
            audience: self.listed(table.take("audience"))?,
            scopes: self.listed(table.take("scopes"))?,
            not_before: self.time(table.take("not_before"))?,
            not_after: self.time(table.take("not_after"))?,
            mfa: self.optional(table.take("mfa"))?,
            uses_max: self.optional(table.take("uses_max"))?,
            parent: self.optional_identity(table.take("parent"))?,
            holder: self.who(table.take("holder"))?,
        };
        table.finish()?;
        Ok(read)
    }

    pub(super) fn credential_change(&mut self, mut table: Table<'_>) -> Result<CredentialChange> {
        let list = self.each(&mut table)?;
        let when = self.conditions(table.take("when").as_ref())?;
        let change = named!(CredentialChangeKind, table.need("change")?)?;
        let uri = self.identity(&table.need("uri")?)?;
        let native_id = self.optional(table.take("native_id"))?;
        let holder = self.who(table.take("holder"))?;
        self.done(table)?;
        Ok(CredentialChange { list, when, change, uri, native_id, holder })
    }

    pub(super) fn grant(&mut self, mut table: Table<'_>) -> Result<Grant> {
        let read = Grant {
            when: self.conditions(table.take("when").as_ref())?,
            uri: self.identity(&table.need("uri")?)?,
            phase: named!(GrantPhase, table.need("phase")?)?,
            requester: self.who(table.take("requester"))?,
            beneficiary: self.who(table.take("beneficiary"))?,
            approver: self.who(table.take("approver"))?,
            target: self.optional(table.take("target"))?,
            reason: self.optional(table.take("reason"))?,
            ticket: self.optional(table.take("ticket"))?,
            resource: self.optional(table.take("resource"))?,
            policy: self.optional(table.take("policy"))?,
            not_before: self.time(table.take("not_before"))?,
            not_after: self.time(table.take("not_after"))?,
            duration_s: self.optional(table.take("duration_s"))?,
        };
        table.finish()?;
        Ok(read)
    }

    pub(super) fn step(&mut self, mut table: Table<'_>) -> Result<Step> {
        let when = self.conditions(table.take("when").as_ref())?;
        let node = table.need("principal")?;
        let principal = self.who(Some(node))?;
        let step = named!(StepKind, table.need("step")?)?;
        let evidence = table.need("evidence_path")?;
        steps(evidence.text()?).map_err(|problem| evidence.error(problem))?;
        let evidence = Compiler::keep(&evidence, evidence.text()?)?;
        let is_verified = table.take("verified").map_or(Ok(false), |node| node.boolean())?;
        table.finish()?;
        Ok(Step { when, principal, step, evidence, is_verified })
    }

    pub(super) fn alias(&mut self, mut table: Table<'_>) -> Result<Alias> {
        let when = self.conditions(table.take("when").as_ref())?;
        let (a, b) = (self.one(&table.need("a")?)?, self.one(&table.need("b")?)?);
        let rel = named!(AliasRel, table.need("rel")?)?;
        let rule = table.need("rule")?;
        let rule = Compiler::keep(&rule, rule.text()?)?;
        table.finish()?;
        Ok(Alias { when, a, b, rel, rule })
    }

    /// `"actor"`, or `{ principal = "user/{/id}" }` with any class.
    pub(super) fn one(&mut self, node: &Node<'_>) -> Result<(Class, Who)> {
        if node.is_text() {
            return Ok((Class::Principal, self.who(Some(node.clone()))?));
        }
        let mut table = node.table()?;
        let classes = [
            ("principal", Class::Principal),
            ("cred", Class::Cred),
            ("session", Class::Session),
            ("grant", Class::Grant),
            ("resource", Class::Resource),
        ];
        for (name, class) in classes {
            if let Some(uri) = table.take(name) {
                table.finish()?;
                return Ok((class, Who::Named(self.identity(&uri)?)));
            }
        }
        Err(node.error("names no class; write { principal = \"user/{/id}\" }, or cred, session, grant, resource"))
    }

    pub(super) fn change(&mut self, mut table: Table<'_>) -> Result<Change> {
        let list = self.each(&mut table)?;
        let when = self.conditions(table.take("when").as_ref())?;
        let field = self.value(&table.need("field")?)?;
        let before = self.optional(table.take("before"))?;
        let after = self.optional(table.take("after"))?;
        self.done(table)?;
        Ok(Change { list, when, field, before, after })
    }

    pub(super) fn related(&mut self, mut table: Table<'_>) -> Result<Related> {
        let list = self.each(&mut table)?;
        let when = self.conditions(table.take("when").as_ref())?;
        let rel = table.need("rel")?;
        let rel = Compiler::keep(&rel, rel.text()?)?;
        let id = self.value(&table.need("source_event_id")?)?;
        self.done(table)?;
        Ok(Related { list, when, rel, id })
    }
}
