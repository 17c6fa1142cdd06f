//! App sign-on policy (Classic): the first rule that matches decides; the implied last rule allows everything.

use super::scope::{in_location, in_people};
use super::trust::{self, TrustMatch};
use federation::tenant::okta::{
    AccessAction, App, DeviceTrustIntegration, FactorPrompt, Okta, SignOnRule, TrustCondition, User,
};
use federation::{DeviceContext, Finding, Platform, Time, Why};
use std::net::IpAddr;
use std::time::Duration;

/// After an authentication even "every sign-in" does not ask again for so long (documented).
const GRACE: Duration = Duration::from_secs(10);

pub struct Facts<'a> {
    pub app: &'a App,
    pub user: &'a User,
    pub platform: Platform,
    pub ip: IpAddr,
    pub trust: DeviceContext,
    pub authenticated_at: Time,
    pub now: Time,
    pub factor_in_session: bool,
    pub factor_in_sign_in: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignOn<'a> {
    Allow,
    Deny,
    EnrolmentPage(&'a DeviceTrustIntegration),
    NeedTrust(&'a DeviceTrustIntegration),
    StepUp,
    Reauthenticate,
}

pub fn sign_on<'a>(settings: &'a Okta, facts: &Facts<'_>, why: &mut impl Why) -> SignOn<'a> {
    for rule in facts.app.rules.iter().filter(|rule| rule.enabled) {
        let applies = in_people(&rule.people, facts.user)
            && in_location(settings, &rule.location, facts.ip)
            && rule.platforms.contains(&facts.platform);
        if !applies {
            continue;
        }
        match trust::matches(settings, facts.platform, rule.device_trust, facts.trust, why) {
            TrustMatch::No => continue,
            TrustMatch::Ask(integration) => return SignOn::NeedTrust(integration),
            TrustMatch::Yes => {}
        }
        let path = || format_path(facts.app, rule);
        why.note(|| Finding::new("sign-on/rule-matched").rule(path()).saw(facts.trust.to_string()));
        return act(settings, rule, facts, why);
    }
    why.note(|| Finding::new("sign-on/default-allow").rule(format!("okta.apps.{}.rules", facts.app.name)));
    SignOn::Allow
}

fn format_path(app: &App, rule: &SignOnRule) -> String {
    format!("okta.apps.{}.rules.{}", app.name, rule.name)
}

fn act<'a>(settings: &'a Okta, rule: &SignOnRule, facts: &Facts<'_>, why: &mut impl Why) -> SignOn<'a> {
    let path = || format_path(facts.app, rule);
    if rule.access == AccessAction::Deny {
        let integration = trust::integration(settings, facts.platform);
        return match integration.filter(|_| rule.device_trust == TrustCondition::NotTrusted) {
            Some(integration) => SignOn::EnrolmentPage(integration),
            None => SignOn::Deny,
        };
    }
    if let Some(minutes) = rule.reauthenticate_after_minutes {
        let patience = Duration::from_secs(u64::from(minutes) * 60).max(GRACE);
        if facts.now.since(facts.authenticated_at) > patience {
            why.note(|| Finding::new("reauthenticate/due").rule(path()));
            return SignOn::Reauthenticate;
        }
    }
    let done = match rule.factor {
        None => true,
        Some(FactorPrompt::EverySignIn) => facts.factor_in_sign_in,
        Some(FactorPrompt::OncePerSession) => facts.factor_in_session || facts.factor_in_sign_in,
    };
    if done {
        return SignOn::Allow;
    }
    why.note(|| Finding::new("mfa/required").rule(path()));
    SignOn::StepUp
}
