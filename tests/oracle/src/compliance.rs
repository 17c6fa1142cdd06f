//! Compliance: which policies a device breaks, what UEM does about it, and when more of that is due.
//!
//! Not compliant is what an action says, never what a rule says.

use crate::Oracle;
use crate::device::{Command, Phone, uem_platform};
use federation::Time;
use federation::tenant::uem::{ActionKind, ComplianceAction, CompliancePolicy, ComplianceRule, Matching};
use std::collections::BTreeSet;
use std::time::Duration;

pub(crate) fn minutes(n: u32) -> Duration {
    Duration::from_secs(u64::from(n) * 60)
}

/// Dotted versions as numbers.
fn older(version: &str, than: &str) -> bool {
    let parts = |v: &str| -> Vec<u64> { v.split('.').map(|p| p.parse().unwrap_or(0)).collect() };
    let (mut a, mut b) = (parts(version), parts(than));
    let length = a.len().max(b.len());
    a.resize(length, 0);
    b.resize(length, 0);
    a < b
}

fn broken(rule: &ComplianceRule, phone: &Phone, now: Time) -> bool {
    let facts = &phone.reported;
    match rule {
        ComplianceRule::Compromised => facts.compromised,
        ComplianceRule::NoPasscode => !facts.passcode,
        ComplianceRule::NotEncrypted => !facts.encrypted,
        ComplianceRule::OsBelow(version) => older(&phone.reported_os, version),
        ComplianceRule::AppPresent(app) => facts.apps.contains(app),
        ComplianceRule::AppMissing(app) => !facts.apps.contains(app),
        ComplianceRule::NotSeenForMinutes(n) => now.since(phone.seen) > minutes(*n),
    }
}

fn violated(policy: &CompliancePolicy, phone: &Phone, now: Time) -> bool {
    let concerns = policy.platforms.is_empty() || policy.platforms.contains(&uem_platform(phone.kind));
    let mut rules = policy.rules.iter().map(|rule| broken(rule, phone, now));
    concerns
        && !policy.rules.is_empty()
        && match policy.matching {
            Matching::Any => rules.any(|b| b),
            Matching::All => rules.all(|b| b),
        }
}

impl Oracle {
    /// UEM looks at what the device last reported, acts on it, and gives back what nothing keeps away any more.
    // compliance-implied: and back again when compliant
    pub(crate) fn judge(&self, phone: &mut Phone) {
        if phone.enrolled_as.is_none() || phone.leaving {
            return;
        }
        let now = self.at("uem");
        let before = self.kept_away(phone);
        for policy in &self.world.uem.compliance_policies {
            if violated(policy, phone, now) {
                phone.found.entry(policy.name.clone()).or_insert(now);
            } else {
                phone.found.remove(&policy.name);
            }
        }
        phone.found.retain(|name, _| self.world.uem.compliance_policies.iter().any(|p| p.name == *name));
        phone.fired.retain(|(name, _)| phone.found.contains_key(name));
        self.act(phone);
        let delivered = now + minutes(self.world.uem.delivery_minutes);
        let after = self.kept_away(phone);
        for profile in before.difference(&after) {
            if !phone.withdraw(&Command::Remove(profile.clone())) {
                phone.send(delivered, Command::Install(profile.clone()));
            }
        }
        let marked = self.taken(phone).any(|action| action.mark_not_compliant);
        phone.compliant = !marked;
        phone.judged = true;
    }

    /// Actions that violated policies have taken.
    fn taken<'a>(&'a self, phone: &'a Phone) -> impl Iterator<Item = &'a ComplianceAction> {
        self.world.uem.compliance_policies.iter().flat_map(|policy| {
            let fired = |i: usize| phone.fired.contains(&(policy.name.clone(), i));
            policy.actions.iter().enumerate().filter(move |(i, _)| fired(*i)).map(|(_, action)| action)
        })
    }

    /// Profiles that a compliance policy has taken away.
    pub(crate) fn kept_away(&self, phone: &Phone) -> BTreeSet<String> {
        let profile = |action: &ComplianceAction| match &action.what {
            ActionKind::RemoveProfile(profile) => Some(profile.clone()),
            ActionKind::Notify | ActionKind::EnterpriseWipe => None,
        };
        self.taken(phone).filter_map(profile).collect()
    }

    /// Actions and escalations whose time has come.
    // compliance-implied
    fn act(&self, phone: &mut Phone) {
        let now = self.at("uem");
        let delivered = now + minutes(self.world.uem.delivery_minutes);
        for policy in &self.world.uem.compliance_policies {
            let Some(found) = phone.found.get(&policy.name).copied() else { continue };
            for (i, action) in policy.actions.iter().enumerate() {
                if found + minutes(action.after_minutes) > now || !phone.fired.insert((policy.name.clone(), i)) {
                    continue;
                }
                match &action.what {
                    ActionKind::Notify => {}
                    ActionKind::RemoveProfile(profile) => {
                        phone.withdraw(&Command::Install(profile.clone()));
                        phone.send(delivered, Command::Remove(profile.clone()));
                    }
                    ActionKind::EnterpriseWipe => {
                        phone.leaving = true;
                        phone.commands.clear();
                        phone.send(delivered, Command::Wipe);
                    }
                }
            }
        }
    }
    /// When the next action of a violated policy is due.
    pub(crate) fn escalation(&self, phone: &Phone) -> Option<Time> {
        if phone.leaving {
            return None;
        }
        let due = self.world.uem.compliance_policies.iter().flat_map(|policy| {
            let found = phone.found.get(&policy.name).copied();
            let open =
                policy.actions.iter().enumerate().filter(|(i, _)| !phone.fired.contains(&(policy.name.clone(), *i)));
            open.filter_map(move |(_, action)| Some(found? + minutes(action.after_minutes)))
        });
        due.min()
    }

    /// The policies that UEM says an enrolled device breaks. One that is there no more, or not for this platform, is no word.
    pub(crate) fn violations(&self, phone: &Phone) -> BTreeSet<String> {
        let counts = |p: &&CompliancePolicy| {
            let here = p.platforms.is_empty() || p.platforms.contains(&uem_platform(phone.kind));
            here && phone.enrolled_as.is_some() && !phone.leaving && phone.found.contains_key(&p.name)
        };
        self.world.uem.compliance_policies.iter().filter(counts).map(|p| p.name.clone()).collect()
    }
}
