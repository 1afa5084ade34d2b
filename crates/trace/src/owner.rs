//! Whose a principal is, as inventories and records say.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::AliasRel;
use serde::Serialize;

use crate::Fact;
use crate::alias::Relation;
use crate::answer::Evidence;
use crate::bearing::Bearings;

/// Whose a principal is. Of each part the newest inventory that states it counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Owner {
    /// Who answers for it: names, addresses, ids, URIs; sorted.
    pub owners: Vec<String>,
    /// Team it belongs to.
    pub team: Option<String>,
    /// What it is for.
    pub purpose: Option<String>,
    /// How sensitive it, or what it reaches, is.
    pub sensitivity: Option<String>,
    /// The records that say so, newest first.
    pub evidence: Vec<Evidence>,
}

impl Owner {
    /// Whether anybody, or a team, answers for it.
    pub fn is_known(&self) -> bool {
        !self.owners.is_empty() || self.team.is_some()
    }
}

/// From the inventories that list it, newest first, and from relations.
pub(crate) fn of(listings: &[Arc<Fact>], relations: &[Relation], bearings: &Bearings) -> Owner {
    let mut owner = Owner::default();
    let mut owners: BTreeSet<String> = BTreeSet::new();
    for fact in listings {
        let Some(listed) = &fact.inventory else { continue };
        let first_with_owners = owners.is_empty() && !listed.owners.is_empty();
        if first_with_owners {
            owners.extend(listed.owners.iter().cloned());
        }
        let mut says = first_with_owners;
        let parts = [
            (&mut owner.team, &listed.team),
            (&mut owner.purpose, &listed.purpose),
            (&mut owner.sensitivity, &listed.sensitivity),
        ];
        for (known, said) in parts {
            if known.is_none() && said.is_some() {
                known.clone_from(said);
                says = true;
            }
        }
        if says {
            owner.evidence.push(Evidence::of(fact));
        }
    }
    for relation in relations.iter().filter(|relation| relation.rel == AliasRel::OwnedBy) {
        if bearings.means(&relation.a, relation.evidence.time) && owners.insert(relation.b.clone()) {
            owner.evidence.push(relation.evidence.clone());
        }
    }
    owner.owners = owners.into_iter().collect();
    owner
}
