//! What a principal may do, as inventories say: its own privileges, and those of the groups, roles and
//! policies that it has them from.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use model::{Effect, EntitlementKind};
use serde::Serialize;

use crate::answer::{Evidence, as_maybe_time};
use crate::store::{Key, Lookup, Store, StoreError};
use crate::{Entitlement, Fact, Settings};

/// One privilege of a principal, and how it has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Privilege {
    /// The action, `*` standing for any run of characters.
    pub privilege: String,
    /// Actions that it does not include.
    pub except: Vec<String>,
    /// On what, as the platform names it; empty is all that the holder's authority has.
    pub targets: Vec<String>,
    /// Given or refused.
    pub effect: Effect,
    /// From the principal to the group, role or policy that has the privilege.
    pub through: Vec<String>,
    /// The policy statement, binding or assignment that says so.
    pub via: Option<String>,
    /// Whether it depends on conditions that the inventory does not tell: then it may be less.
    pub conditional: bool,
    /// Ends, as far as known.
    #[serde(serialize_with = "as_maybe_time")]
    pub not_after: Option<i64>,
    /// The inventories it rests on, that of the privilege first, then the way back to the principal.
    pub evidence: Vec<Evidence>,
}

impl Privilege {
    /// Whether it stands for more than one action.
    pub(crate) fn is_wildcard(&self) -> bool {
        self.privilege.contains('*')
    }

    /// Whether an action is meant.
    pub(crate) fn covers(&self, operation: &str) -> bool {
        matches(&self.privilege, operation) && !self.except.iter().any(|except| matches(except, operation))
    }

    /// Whether a resource of an event is meant; an event that names none is not outside.
    pub(crate) fn reaches(&self, fact: &Fact) -> bool {
        let meant = |text: &str| self.targets.iter().any(|target| matches(target, text));
        self.targets.is_empty()
            || fact.resources.is_empty()
            || fact.resources.iter().any(|one| meant(&one.uri) || one.name.as_deref().is_some_and(meant))
    }

    /// Whether it is meant on everything, whatever else holds.
    fn is_flat(&self) -> bool {
        !self.conditional && (self.targets.is_empty() || self.targets.iter().any(|target| target == "*"))
    }
}

/// Whether a text is one that a pattern means: `*` is any run of characters, `?` one; case does not
/// count, since platforms take actions in any.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut seen) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = text.get(seen) {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, seen));
                at += 1;
            }
            Some(one) if *one == b'?' || one.eq_ignore_ascii_case(byte) => {
                at += 1;
                seen += 1;
            }
            _ => {
                let Some((back, from)) = star else { return false };
                star = Some((back, from + 1));
                at = back + 1;
                seen = from + 1;
            }
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

/// What inventories say a principal may do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entitled {
    pub(crate) privileges: Vec<Privilege>,
    /// For each limit put on the principal: what it leaves.
    bounds: Vec<(String, Vec<Privilege>)>,
    /// The newest inventory that says anything of the principal.
    pub(crate) newest: Option<Evidence>,
    /// Groups, roles and policies of which no inventory says what they hold.
    pub(crate) not_listed: BTreeSet<String>,
    /// Whether a limit left privileges out.
    pub(crate) cut: bool,
}

impl Entitled {
    /// Whether an action is given, not refused, and within every limit.
    pub(crate) fn allows(&self, operation: &str) -> bool {
        let gives = |one: &&Privilege| one.effect == Effect::Allow && one.covers(operation);
        let refuses = |one: &&Privilege| one.effect == Effect::Deny && one.is_flat() && one.covers(operation);
        // A limit that nobody listed leaves nobody knows what.
        let within = |(source, left): &(String, Vec<Privilege>)| {
            self.not_listed.contains(source) || left.iter().any(|one| gives(&one))
        };
        self.privileges.iter().any(|one| gives(&one))
            && !self.privileges.iter().any(|one| refuses(&one))
            && self.bounds.iter().all(within)
    }
}

/// A holder that is still to be followed.
struct Holder {
    uri: String,
    /// How it was come to, the principal first.
    through: Vec<String>,
    /// What the way there is limited to; none is not limited.
    targets: Vec<String>,
    conditional: bool,
    not_after: Option<i64>,
    /// The inventories on the way, the nearest first.
    evidence: Vec<Evidence>,
}

/// Follows the holders from the names of a principal, as of a time in nanoseconds since 1970.
pub(crate) fn of(store: &impl Store, names: &[String], time: i64, settings: &Settings) -> Result<Entitled, StoreError> {
    let mut found = Entitled::default();
    let starts = names.iter().map(|name| Holder {
        uri: name.clone(),
        through: Vec::new(),
        targets: Vec::new(),
        conditional: false,
        not_after: None,
        evidence: Vec::new(),
    });
    let mut bounds: BTreeMap<String, Evidence> = BTreeMap::new();
    let mut walk = Walk { store, time, settings, found: &mut found, bounds: &mut bounds };
    let privileges = walk.follow(starts.collect(), names.len())?;
    found.privileges = privileges;
    for (source, evidence) in bounds {
        let start = Holder {
            uri: source.clone(),
            through: Vec::new(),
            targets: Vec::new(),
            conditional: false,
            not_after: None,
            evidence: vec![evidence],
        };
        let mut beside = BTreeMap::new();
        let mut walk = Walk { store, time, settings, found: &mut found, bounds: &mut beside };
        let left = walk.follow(vec![start], 0)?;
        found.bounds.push((source, left));
    }
    Ok(found)
}

struct Walk<'w, S> {
    store: &'w S,
    time: i64,
    settings: &'w Settings,
    found: &'w mut Entitled,
    bounds: &'w mut BTreeMap<String, Evidence>,
}

impl<S: Store> Walk<'_, S> {
    /// The privileges of holders; the first `own` of them are the principal itself.
    fn follow(&mut self, starts: Vec<Holder>, own: usize) -> Result<Vec<Privilege>, StoreError> {
        let mut privileges = Vec::new();
        let mut known: BTreeSet<String> = starts.iter().map(|holder| holder.uri.clone()).collect();
        let mut queue: VecDeque<Holder> = starts.into();
        let mut visited = 0;
        while let Some(holder) = queue.pop_front() {
            visited += 1;
            if visited > self.settings.events_max {
                self.found.cut = true;
                break;
            }
            let said = self.said_of(&holder.uri)?;
            if visited <= own {
                let told = said.iter().map(|(fact, _)| fact.clone()).chain(self.listing(&holder.uri)?);
                let newest = told.max_by(|a, b| a.order().cmp(&b.order())).map(|fact| Evidence::of(&fact));
                self.found.newest = [self.found.newest.take(), newest].into_iter().flatten().max_by_key(|one| one.time);
            } else if said.is_empty() && self.listing(&holder.uri)?.is_none() {
                self.found.not_listed.insert(holder.uri.clone());
            }
            for (fact, entitlement) in said {
                self.take(&holder, &fact, &entitlement, &mut privileges, &mut queue, &mut known);
            }
        }
        Ok(privileges)
    }

    fn take(
        &mut self,
        holder: &Holder,
        fact: &Arc<Fact>,
        entitlement: &Entitlement,
        privileges: &mut Vec<Privilege>,
        queue: &mut VecDeque<Holder>,
        known: &mut BTreeSet<String>,
    ) {
        let through: Vec<String> = holder.through.iter().chain([&holder.uri]).cloned().collect();
        let evidence: Vec<Evidence> = [Evidence::of(fact)].into_iter().chain(holder.evidence.iter().cloned()).collect();
        let targets = narrower(&holder.targets, &entitlement.targets);
        let conditional = holder.conditional || entitlement.conditional;
        let not_after = [holder.not_after, entitlement.not_after].into_iter().flatten().min();
        if not_after.is_some_and(|end| end < self.time) {
            return;
        }
        match (entitlement.kind, &entitlement.source) {
            (EntitlementKind::Privilege, _) => {
                for privilege in &entitlement.privileges {
                    if privileges.len() >= self.settings.privileges_max {
                        self.found.cut = true;
                        return;
                    }
                    privileges.push(Privilege {
                        privilege: privilege.clone(),
                        except: entitlement.except.clone(),
                        targets: targets.clone(),
                        effect: entitlement.effect,
                        through: through.clone(),
                        via: entitlement.via.clone(),
                        conditional,
                        not_after,
                        evidence: evidence.clone(),
                    });
                }
            }
            (EntitlementKind::Inherits, Some(source)) if known.insert(source.clone()) => {
                queue.push_back(Holder { uri: source.clone(), through, targets, conditional, not_after, evidence });
            }
            (EntitlementKind::Bounded, Some(source)) => {
                self.bounds.entry(source.clone()).or_insert_with(|| Evidence::of(fact));
            }
            _ => {}
        }
    }

    /// The newest inventory that lists a holder.
    fn listing(&self, holder: &str) -> Result<Option<Arc<Fact>>, StoreError> {
        Ok(self.store.find(&Lookup::newest(Key::Listed(holder), self.time, 1))?.facts.into_iter().next())
    }

    /// What inventories say of one holder: of those that list it the newest alone, of bindings each by
    /// its name.
    fn said_of(&mut self, holder: &str) -> Result<Vec<(Arc<Fact>, Entitlement)>, StoreError> {
        let page = self.store.find(&Lookup::newest(Key::Entitled(holder), self.time, self.settings.uses_max))?;
        self.found.cut |= page.more;
        let lists = |fact: &Fact| fact.inventory.as_ref().is_some_and(|listed| listed.uri == holder);
        // An item that was listed since without an entitlement has none any more.
        let listed = self.listing(holder)?.map(|fact| fact.time);
        let mut told: BTreeSet<(Option<String>, Option<String>)> = BTreeSet::new();
        let mut said = Vec::new();
        let mut source: Option<Arc<Fact>> = None;
        for fact in page.facts {
            let of_holder = fact.entitlements.iter().filter(|one| one.holder == holder);
            if lists(&fact) {
                // Newest first: others that list it are older.
                if source.is_none() && listed.is_none_or(|newest| newest <= fact.time) {
                    said.extend(of_holder.map(|one| (fact.clone(), one.clone())));
                    source = Some(fact.clone());
                }
                continue;
            }
            let new: Vec<&Entitlement> =
                of_holder.filter(|one| !told.contains(&(one.via.clone(), one.source.clone()))).collect();
            told.extend(new.iter().map(|one| (one.via.clone(), one.source.clone())));
            said.extend(new.into_iter().map(|one| (fact.clone(), one.clone())));
        }
        Ok(said)
    }
}

/// What is left of targets on a way that is limited: all of one, where the other limits nothing.
fn narrower(outer: &[String], inner: &[String]) -> Vec<String> {
    let all = |targets: &[String]| targets.is_empty() || targets.iter().any(|target| target == "*");
    match (all(outer), all(inner)) {
        (true, _) => inner.to_vec(),
        (false, true) => outer.to_vec(),
        (false, false) => {
            let mut both: Vec<String> =
                inner.iter().filter(|one| outer.iter().any(|o| matches(o, one))).cloned().collect();
            both.extend(outer.iter().filter(|one| inner.iter().any(|i| matches(i, one))).cloned());
            both.dedup();
            // Nothing that is in both leaves nothing; an empty list would be everything.
            if both.is_empty() { vec![NOTHING.to_owned()] } else { both }
        }
    }
}

/// A target that no resource has.
const NOTHING: &str = "";
