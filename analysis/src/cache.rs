//! The decision cores' answers, remembered: each question is asked of a party once, and looked up from then on.
//!
//! A question is a place in a table whose sides are what settings can tell apart. How often each of Okta's and Access's
//! answers was used is counted, so that rules that fire are known without any text in the loop.

use crate::facts::{DeviceFacts, Uem};
use crate::leaves::{AccessRule, Direct, Leaves, Matched, OktaAsk, OktaNext, Shown, Signed};
use crate::model::{Model, PersonId, UserId};
use federation::{DeviceContext, Finding, Time, Why};
use idp_access::decide::chain::MethodSet;
use idp_access::decide::device_types::DeviceTypes;
use std::time::Duration;

/// What Access's policy was asked.
#[derive(Debug, Clone, Copy)]
pub struct RuleAsk {
    pub policy: u16,
    pub network: u16,
    pub agent: (u16, DeviceTypes),
    pub known: Option<PersonId>,
}

/// A question, its answer, and how often it was used.
#[derive(Debug, Clone, Copy)]
pub struct Used<Q, A> {
    pub ask: Q,
    pub answer: A,
    pub times: u64,
}

const NONE: u32 = u32::MAX;

pub struct Cache {
    users: usize,
    persons: usize,
    networks: usize,
    agents: usize,
    /// By app: ages of an authentication that its rules tell apart.
    ages: Vec<Vec<Duration>>,
    /// Where each app's block begins, and the size of a platform's and network's part of it.
    blocks: Vec<(usize, usize)>,
    okta: Vec<u32>,
    pub okta_used: Vec<Used<OktaAsk, OktaNext>>,
    rules: Vec<u32>,
    pub rules_used: Vec<Used<RuleAsk, AccessRule>>,
    matched: Vec<Option<Matched>>,
    shown: Vec<Option<Shown>>,
    compliant: Vec<Option<bool>>,
    typed: Vec<Option<Option<PersonId>>>,
    stated: Vec<Option<Option<PersonId>>>,
    offered: Vec<Option<MethodSet>>,
}

const PLATFORMS: usize = 6;

impl Cache {
    pub fn new(m: &Model, agents: usize, devices: usize) -> Cache {
        let (users, persons, networks) = (m.users.len(), m.persons.len() + 1, m.networks.len());
        let grace = Duration::from_secs(10);
        let ages: Vec<Vec<Duration>> = m
            .okta()
            .apps
            .iter()
            .map(|app| {
                let minutes = app.rules.iter().filter_map(|r| r.reauthenticate_after_minutes);
                let mut ages: Vec<Duration> =
                    minutes.map(|n| Duration::from_secs(u64::from(n) * 60).max(grace)).collect();
                ages.sort();
                ages.dedup();
                ages
            })
            .collect();
        let mut at = 0;
        let blocks = ages
            .iter()
            .map(|ages| {
                let part = (users + 1) + 4 * users + 12 * (ages.len() + 1) * users;
                let begins = at;
                at += part * PLATFORMS * networks;
                (begins, part)
            })
            .collect();
        Cache {
            users,
            persons,
            networks,
            agents,
            ages,
            blocks,
            okta: vec![NONE; at],
            okta_used: Vec::new(),
            rules: vec![NONE; m.access().policies.len() * networks * agents * persons],
            rules_used: Vec::new(),
            matched: vec![None; m.okta().identity_providers.len() * persons],
            shown: vec![None; devices * 3 * networks * 2],
            compliant: vec![None; devices * 3 * persons * 2],
            typed: vec![None; persons * 2 * networks],
            stated: vec![None; users * networks],
            offered: vec![None; networks * persons],
        }
    }

    fn place(&self, ask: &OktaAsk) -> usize {
        let app = usize::from(ask.app);
        let (begins, part) = self.blocks[app];
        let factor = usize::from(ask.factor_in_sign_in);
        let within = match ask.signed {
            Signed::No => ask.login.map_or(0, |id| usize::from(id) + 1),
            Signed::Fresh { user, factor_in_session } => {
                (self.users + 1) + usize::from(user) * 4 + usize::from(factor_in_session) * 2 + factor
            }
            Signed::Session { user, authenticated_at, factor: in_session } => {
                let age = ask.now.since(authenticated_at);
                let old = self.ages[app].iter().take_while(|limit| age > **limit).count();
                let trust = match ask.trust {
                    DeviceContext::Unknown => 0,
                    DeviceContext::NotTrusted => 1,
                    DeviceContext::Trusted => 2,
                };
                let person = usize::from(user) * (self.ages[app].len() + 1) + old;
                (self.users + 1) + 4 * self.users + person * 12 + (usize::from(in_session) * 2 + factor) * 3 + trust
            }
        };
        begins + (ask.platform as usize * self.networks + usize::from(ask.network)) * part + within
    }
}

fn who(person: Option<PersonId>) -> usize {
    person.map_or(0, |p| usize::from(p) + 1)
}

/// Two ways of UEM are tables of their own; others are asked each time.
fn way(uem: Uem) -> Option<usize> {
    match uem {
        Uem::Answers => Some(0),
        Uem::Refuses => Some(1),
        _ => None,
    }
}

impl Leaves for Cache {
    #[inline]
    fn okta(&mut self, m: &Model, ask: &OktaAsk, why: &mut impl Why) -> OktaNext {
        if ask.local_only {
            return Direct::default().okta(m, ask, why);
        }
        let place = self.place(ask);
        if let Some(used) = self.okta_used.get_mut(self.okta[place] as usize) {
            used.times += 1;
            return used.answer;
        }
        let answer = Direct::default().okta(m, ask, why);
        self.okta[place] = u32::try_from(self.okta_used.len()).unwrap_or(NONE);
        self.okta_used.push(Used { ask: *ask, answer, times: 1 });
        answer
    }

    #[inline]
    fn rule(
        &mut self,
        m: &Model,
        policy: u16,
        network: u16,
        agent: (u16, DeviceTypes),
        known: Option<PersonId>,
        why: &mut impl Why,
    ) -> AccessRule {
        let place = ((usize::from(policy) * self.networks + usize::from(network)) * self.agents + usize::from(agent.0))
            * self.persons
            + who(known);
        if let Some(used) = self.rules_used.get_mut(self.rules[place] as usize) {
            used.times += 1;
            return used.answer;
        }
        let answer = Direct::default().rule(m, policy, network, agent, known, why);
        self.rules[place] = u32::try_from(self.rules_used.len()).unwrap_or(NONE);
        self.rules_used.push(Used { ask: RuleAsk { policy, network, agent, known }, answer, times: 1 });
        answer
    }

    #[inline]
    fn matched(&mut self, m: &Model, idp: u16, person: PersonId, why: &mut impl Why) -> Matched {
        let place = usize::from(idp) * self.persons + usize::from(person);
        *self.matched[place].get_or_insert_with(|| Direct::default().matched(m, idp, person, why))
    }

    #[inline]
    fn certificate(
        &mut self,
        m: &Model,
        device: &DeviceFacts,
        leg: usize,
        network: u16,
        circumstances: (Uem, Time),
        why: &mut impl Why,
    ) -> Shown {
        let Some(uem) = way(circumstances.0) else {
            return Direct::default().certificate(m, device, leg, network, circumstances, why);
        };
        let place = ((usize::from(device.id) * 3 + leg) * self.networks + usize::from(network)) * 2 + uem;
        let ask = || Direct::default().certificate(m, device, leg, network, circumstances, why);
        *self.shown[place].get_or_insert_with(ask)
    }

    #[inline]
    fn compliant(
        &mut self,
        m: &Model,
        device: &DeviceFacts,
        named: Option<bool>,
        person: Option<PersonId>,
        uem: Uem,
        why: &mut impl Why,
    ) -> bool {
        let Some(at) = way(uem) else { return Direct::default().compliant(m, device, named, person, uem, why) };
        let name = named.map_or(0, |own| 1 + usize::from(own));
        let place = ((usize::from(device.id) * 3 + name) * self.persons + who(person)) * 2 + at;
        let ask = || Direct::default().compliant(m, device, named, person, uem, why);
        *self.compliant[place].get_or_insert_with(ask)
    }

    #[inline]
    fn typed(&mut self, m: &Model, account: PersonId, right: bool, network: u16) -> Option<PersonId> {
        let place = (usize::from(account) * 2 + usize::from(right)) * self.networks + usize::from(network);
        *self.typed[place].get_or_insert_with(|| Direct::default().typed(m, account, right, network))
    }

    #[inline]
    fn stated(&mut self, m: &Model, user: UserId, network: u16, why: &mut impl Why) -> Option<PersonId> {
        let place = usize::from(user) * self.networks + usize::from(network);
        *self.stated[place].get_or_insert_with(|| Direct::default().stated(m, user, network, why))
    }

    #[inline]
    fn offered(&mut self, m: &Model, network: u16, person: Option<PersonId>) -> MethodSet {
        let place = usize::from(network) * self.persons + who(person);
        *self.offered[place].get_or_insert_with(|| Direct::default().offered(m, network, person))
    }
}

impl Cache {
    /// Every finding that Okta's and Access's policies gave, with how often.
    pub fn findings(&self, m: &Model) -> Vec<(Finding, u64)> {
        let mut found = Vec::new();
        for used in &self.okta_used {
            let mut why = Vec::new();
            Direct::default().okta(m, &used.ask, &mut why);
            found.extend(why.into_iter().map(|f| (f, used.times)));
        }
        for used in &self.rules_used {
            let RuleAsk { policy, network, agent, known } = used.ask;
            let mut why = Vec::new();
            Direct::default().rule(m, policy, network, agent, known, &mut why);
            found.extend(why.into_iter().map(|f| (f, used.times)));
        }
        found
    }
}
