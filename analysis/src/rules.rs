//! Which rules ever fire, and what keeps the others from it.
//!
//! A rule that no situation of the whole space brings to fire is dead. What blocks it is an irreducible set of the rules above
//! it: with these alone above it it stays dead, without any one of them it fires. That is evaluated over the whole space.

use crate::cache::RuleAsk;
use crate::leaves::{Direct, Leaves, OktaAsk};
use crate::model::Model;
use crate::space::{Extent, Space};
use federation::World;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A rule of an ordered policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Path of the setting.
    pub path: String,
    /// Path of the list that it stands in, and its place there.
    pub policy: String,
    pub at: usize,
    /// What it does, in a word.
    pub action: String,
}

/// Every rule of every ordered policy of Okta and Access. UEM's compliance policies are no order: none hides another.
pub fn rules(world: &World) -> Vec<Rule> {
    let mut found = Vec::new();
    let mut list = |policy: String, rules: Vec<(&String, String)>| {
        for (at, (name, action)) in rules.into_iter().enumerate() {
            found.push(Rule { path: format!("{policy}.{name}"), policy: policy.clone(), at, action });
        }
    };
    let okta = &world.okta;
    list(
        "okta.routing_rules".into(),
        okta.routing_rules.iter().map(|r| (&r.name, r.identity_provider.clone())).collect(),
    );
    let session = |r: &federation::tenant::okta::SessionRule| format!("{:?} {:?}", r.access, r.factor);
    list("okta.session_rules".into(), okta.session_rules.iter().map(|r| (&r.name, session(r))).collect());
    for app in &okta.apps {
        let action = |r: &federation::tenant::okta::SignOnRule| {
            format!("{:?} {:?} {:?}", r.access, r.factor, r.reauthenticate_after_minutes)
        };
        let rules = app.rules.iter().map(|r| (&r.name, action(r))).collect();
        list(format!("okta.apps.{}.rules", app.name), rules);
    }
    for policy in &world.access.policies {
        let action = |r: &federation::tenant::access::PolicyRule| format!("{:?} {:?}", r.action, r.authenticate);
        let rules = policy.rules.iter().map(|r| (&r.name, action(r))).collect();
        list(format!("access.policies.{}.rules", policy.name), rules);
    }
    found
}

/// What was asked of the policies over a whole space, and how often each rule answered.
pub struct Asked {
    okta: Vec<OktaAsk>,
    access: Vec<RuleAsk>,
    pub hits: BTreeMap<String, u64>,
}

const FIRES: [&str; 4] =
    ["routing/rule-matched", "session/rule-matched", "sign-on/rule-matched", "policy/rule-matched"];

impl Asked {
    pub fn of(space: &Space) -> Asked {
        let mut asked = Asked { okta: Vec::new(), access: Vec::new(), hits: BTreeMap::new() };
        for ((), cache) in space.each(|| (), |(), _, _, _| {}) {
            for (finding, times) in cache.findings(&space.model) {
                if FIRES.contains(&finding.code) {
                    *asked.hits.entry(finding.rule).or_default() += times;
                }
            }
            asked.okta.extend(cache.okta_used.iter().map(|used| used.ask));
            asked.access.extend(cache.rules_used.iter().map(|used| used.ask));
        }
        asked
    }

    /// Whether any question that was asked brings the rule to fire in another world.
    fn fires(&self, model: &Model, rule: &str) -> bool {
        let says = |why: &[federation::Finding]| why.iter().any(|f| f.rule == rule && FIRES.contains(&f.code));
        let okta = self.okta.iter().any(|ask| {
            let mut why = Vec::new();
            Direct::default().okta(model, ask, &mut why);
            says(&why)
        });
        okta || self.access.iter().any(|ask| {
            let mut why = Vec::new();
            Direct::default().rule(model, ask.policy, ask.network, ask.agent, ask.known, &mut why);
            says(&why)
        })
    }
}

/// Why a rule never fires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dead {
    /// Switched off.
    Disabled,
    /// Even first it would never fire: nobody meets its conditions.
    Conditions,
    /// These rules above it take all that it would.
    Blocked { by: Vec<Rule>, differs: bool },
    /// A question that its fate depends on comes up in the whole space only without these.
    Unsettled,
}

/// The rule, and how often it fires; a reason where it never does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    pub rule: Rule,
    pub hits: u64,
    pub dead: Option<Dead>,
}

/// The fate of every rule of a world.
pub fn fates(space: &Space, world: &World) -> Vec<Fate> {
    let asked = Asked::of(space);
    let all = rules(world);
    let fate = |rule: &Rule| {
        let hits = asked.hits.get(&rule.path).copied().unwrap_or_default();
        let dead = (hits == 0).then(|| reason(space, world, &asked, &all, rule));
        Fate { rule: rule.clone(), hits, dead }
    };
    all.iter().map(fate).collect()
}

fn reason(space: &Space, world: &World, asked: &Asked, all: &[Rule], rule: &Rule) -> Dead {
    if is_disabled(world, rule) {
        return Dead::Disabled;
    }
    let above: Vec<&Rule> = all.iter().filter(|r| r.policy == rule.policy && r.at < rule.at).collect();
    let changed = |kept: &[&Rule]| with_only(&space.model.world, rule, kept);
    let fires = |kept: &[&Rule]| asked.fires(&Model::new(Arc::new(changed(kept))), &rule.path);
    if !fires(&[]) {
        return Dead::Conditions;
    }
    let mut kept = above;
    for drop in kept.clone() {
        let fewer: Vec<&Rule> = kept.iter().copied().filter(|r| r.at != drop.at).collect();
        if !fires(&fewer) {
            kept = fewer;
        }
    }
    if kept.is_empty() || !stays_dead(&changed(&kept), &rule.path) {
        return Dead::Unsettled;
    }
    let differs = kept.iter().any(|r| r.action != rule.action);
    Dead::Blocked { by: kept.into_iter().cloned().collect(), differs }
}

/// Whether the rule never fires in the whole space of a world.
fn stays_dead(world: &World, rule: &str) -> bool {
    let Ok(space) = Space::of(world, Extent::default()) else { return false };
    !Asked::of(&space).hits.contains_key(rule)
}

fn is_disabled(world: &World, rule: &Rule) -> bool {
    let app = |name: &str| world.okta.apps.iter().find(|a| a.name == name);
    match rule.policy.split('.').collect::<Vec<_>>().as_slice() {
        ["okta", "routing_rules"] => !world.okta.routing_rules[rule.at].enabled,
        ["okta", "apps", name, "rules"] => app(name).is_some_and(|app| !app.rules[rule.at].enabled),
        _ => false,
    }
}

/// The world with these rules above the rule and no others.
fn with_only(world: &World, rule: &Rule, kept: &[&Rule]) -> World {
    fn keep<T>(list: &mut Vec<T>, rule: &Rule, kept: &[&Rule]) {
        let mut at = 0;
        list.retain(|_| {
            let stays = at >= rule.at || kept.iter().any(|k| k.at == at);
            at += 1;
            stays
        });
    }
    let mut world = world.clone();
    match rule.policy.split('.').collect::<Vec<_>>().as_slice() {
        ["okta", "routing_rules"] => keep(&mut world.okta.routing_rules, rule, kept),
        ["okta", "session_rules"] => keep(&mut world.okta.session_rules, rule, kept),
        ["okta", "apps", name, "rules"] => {
            if let Some(app) = world.okta.apps.iter_mut().find(|a| a.name == *name) {
                keep(&mut app.rules, rule, kept);
            }
        }
        ["access", "policies", name, "rules"] => {
            if let Some(policy) = world.access.policies.iter_mut().find(|p| p.name == *name) {
                keep(&mut policy.rules, rule, kept);
            }
        }
        _ => {}
    }
    world
}
