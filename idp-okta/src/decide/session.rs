//! The org-wide Okta sign-on policy, and whether a session still lives.

use super::scope::{in_location, in_people};
use federation::tenant::okta::{AccessAction, FactorPrompt, Okta, User};
use federation::{Finding, Time, Why};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    pub idle_minutes: u32,
    /// 0: none.
    pub lifetime_minutes: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionVerdict {
    Allow(Limits),
    StepUp,
    Deny,
}

/// Second factors that she has given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Factors {
    pub in_sign_in: bool,
    /// In the live session of hers that the new one replaces.
    pub in_session: bool,
}

/// May a session start for `user`? The implied last rule allows.
pub fn may_start(settings: &Okta, user: &User, ip: IpAddr, given: Factors, why: &mut impl Why) -> SessionVerdict {
    let rules = settings.session_rules.iter();
    let mut matching = rules.filter(|rule| in_people(&rule.people, user) && in_location(settings, &rule.location, ip));
    let Some(rule) = matching.next() else {
        why.note(|| Finding::new("session/default"));
        return SessionVerdict::Allow(Limits { idle_minutes: 120, lifetime_minutes: 0 });
    };
    let path = || format!("okta.session_rules.{}", rule.name);
    why.note(|| Finding::new("session/rule-matched").rule(path()));
    if rule.access == AccessAction::Deny {
        return SessionVerdict::Deny;
    }
    let done = match rule.factor {
        None => true,
        Some(FactorPrompt::EverySignIn) => given.in_sign_in,
        Some(FactorPrompt::OncePerSession) => given.in_sign_in || given.in_session,
    };
    if !done {
        why.note(|| Finding::new("mfa/required").rule(path()));
        return SessionVerdict::StepUp;
    }
    SessionVerdict::Allow(Limits { idle_minutes: rule.idle_minutes, lifetime_minutes: rule.lifetime_minutes })
}

pub fn alive(limits: Limits, created: Time, last_used: Time, now: Time, why: &mut impl Why) -> bool {
    let minutes = |n: u32| Duration::from_secs(u64::from(n) * 60);
    let idle = now.since(last_used) >= minutes(limits.idle_minutes);
    let old = limits.lifetime_minutes > 0 && now.since(created) >= minutes(limits.lifetime_minutes);
    if idle || old {
        let saw = if idle { "idle for too long" } else { "lifetime over" };
        why.note(|| Finding::new("session/expired").saw(saw));
        return false;
    }
    why.note(|| Finding::new("session/reused"));
    true
}
