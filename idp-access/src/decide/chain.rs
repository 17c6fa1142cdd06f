//! Which method is next: chains in order (fallbacks), methods in order inside one (AND).

use super::device_types::Os;
use federation::tenant::access::{Assumptions, AuthMethod, PolicyRule, Unsupported};
use federation::{Finding, Time, Why};
use std::time::Duration;

/// A set of methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MethodSet(u8);

impl MethodSet {
    pub fn of(methods: &[AuthMethod]) -> MethodSet {
        methods.iter().fold(MethodSet::default(), |set, m| set.with(*m))
    }
    #[must_use]
    pub fn with(self, m: AuthMethod) -> MethodSet {
        MethodSet(self.0 | 1 << m as u8)
    }
    pub fn has(self, m: AuthMethod) -> bool {
        self.0 & (1 << m as u8) != 0
    }
}

/// What has happened so far. Small and `Copy`, for exhaustive analysis.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    pub os: Os,
    /// ForceAuthn was asked for and is honoured.
    pub force_authn: bool,
    /// In this transaction.
    pub passed: MethodSet,
    pub failed: MethodSet,
    /// Satisfied in the live session and younger than the rule's re-authentication.
    pub in_session: MethodSet,
    /// Some identity provider offers it to this address and person.
    pub offered: MethodSet,
    pub person_known: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The chain at this index goes on with a method.
    Ask {
        method: AuthMethod,
        chain: usize,
    },
    /// The chain at this index is complete.
    Passed {
        chain: usize,
    },
    Exhausted,
}

enum Walk {
    Ask(AuthMethod),
    Complete,
    NextChain,
    FailRequest,
}

/// Longest life of a session; rules ask for younger methods.
pub const SESSION_LIFE: Duration = Duration::from_secs(90 * 24 * 3600);

/// Methods of a session that this rule still recognises.
pub fn recognised(satisfied: impl Iterator<Item = (AuthMethod, Time)>, rule: &PolicyRule, now: Time) -> MethodSet {
    let patience = Duration::from_secs(u64::from(rule.reauthenticate_after_minutes) * 60);
    let young = satisfied.filter(|(_, at)| now.since(*at) < patience);
    young.fold(MethodSet::default(), |set, (m, _)| set.with(m))
}

/// Whether a chain uses what the live session proves: its person then counts.
pub fn uses_session(chain: &[AuthMethod], in_session: MethodSet) -> bool {
    chain.iter().any(|m| in_session.has(*m))
}

/// Whether the chain that asks rests on a method that has been satisfied: nobody else may answer for the rest of it.
pub fn is_bound(chain: &[AuthMethod], in_session: MethodSet, passed: MethodSet) -> bool {
    uses_session(chain, in_session) || chain.iter().any(|m| passed.has(*m))
}

/// Failed attempts that end a method (documented: certificate 1, password 5).
pub fn attempts(method: AuthMethod, password: u32) -> u32 {
    if method == AuthMethod::Password { password.max(1) } else { 1 }
}

pub fn next(path: &str, rule: &PolicyRule, assumptions: &Assumptions, facts: &Facts, why: &mut impl Why) -> Next {
    for (index, chain) in rule.authenticate.iter().enumerate() {
        match walk(path, chain, assumptions, facts, why) {
            Walk::Ask(method) => return Next::Ask { method, chain: index },
            Walk::Complete => return Next::Passed { chain: index },
            Walk::NextChain => {}
            Walk::FailRequest => break,
        }
    }
    why.note(|| Finding::new("chain/exhausted").rule(path));
    Next::Exhausted
}

fn walk(path: &str, chain: &[AuthMethod], assumptions: &Assumptions, facts: &Facts, why: &mut impl Why) -> Walk {
    if facts.force_authn {
        let excluded = |m: &&AuthMethod| matches!(m, AuthMethod::DeviceCompliance | AuthMethod::OktaAuthMethod);
        if let Some(method) = chain.iter().find(excluded) {
            why.note(|| Finding::new("force-authn/method-not-supported").rule(path).saw(method.name()));
            why.note(|| Finding::new("assumes/unsupported-under-force-authn").rule(path));
            return match assumptions.unsupported_under_force_authn {
                Unsupported::NotApplicable => Walk::NextChain,
                Unsupported::FailRequest => Walk::FailRequest,
            };
        }
    }
    let mut certificate_before = false;
    for method in chain {
        if !usable(path, *method, certificate_before, facts, why) {
            return Walk::NextChain;
        }
        certificate_before |= method.by_certificate();
    }
    for method in chain {
        if facts.passed.has(*method) {
            why.note(|| Finding::new("method/passed").rule(path).saw(method.name()));
        } else if !facts.force_authn && facts.in_session.has(*method) {
            why.note(|| Finding::new("method/satisfied-in-session").rule(path).saw(method.name()));
        } else if *method == AuthMethod::Mfa && !facts.person_known {
            why.note(|| {
                Finding::new("method/failed").rule(path).saw("person unknown").wanted("mfa after another method")
            });
            return Walk::NextChain;
        } else {
            return Walk::Ask(*method);
        }
    }
    if chain.is_empty() || !facts.person_known { Walk::NextChain } else { Walk::Complete }
}

fn usable(path: &str, method: AuthMethod, certificate_before: bool, facts: &Facts, why: &mut impl Why) -> bool {
    if facts.failed.has(method) {
        why.note(|| Finding::new("method/failed").rule(path).saw(method.name()));
        return false;
    }
    if !facts.offered.has(method) {
        why.note(|| Finding::new("method/no-identity-provider").rule(path).saw(method.name()));
        return false;
    }
    let wanted = match method {
        AuthMethod::MobileSsoIos if facts.os != Os::Ios => "iOS",
        AuthMethod::MobileSsoAndroid if facts.os != Os::Android => "Android",
        AuthMethod::DeviceCompliance if !certificate_before => "a certificate method before it",
        _ => return true,
    };
    why.note(|| {
        Finding::new("method/failed").rule(path).saw(format!("{} on {}", method.name(), facts.os.name())).wanted(wanted)
    });
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;
    use federation::Decision;
    use federation::tenant::access::AuthMethod::*;

    const ALL: [AuthMethod; 7] =
        [Password, MobileSsoIos, MobileSsoAndroid, Certificate, DeviceCompliance, OktaAuthMethod, Mfa];

    fn facts() -> Facts {
        let none = MethodSet::default();
        let offered = MethodSet::of(&ALL);
        Facts {
            os: Os::Ios,
            force_authn: false,
            passed: none,
            failed: none,
            in_session: none,
            offered,
            person_known: false,
        }
    }

    fn ask(method: AuthMethod, chain: usize) -> Next {
        Next::Ask { method, chain }
    }

    #[track_caller]
    fn check(chains: &[&[AuthMethod]], facts: Facts, expected: Next, expected_code: &str) {
        let mut rule = fixtures::access().policies[0].rules[0].clone();
        rule.authenticate = chains.iter().map(|c| c.to_vec()).collect();
        let decision = Decision::of(|why| next("r", &rule, &Assumptions::default(), &facts, why));
        assert_eq!(decision.verdict, expected, "{:?}", decision.because);
        let seen = expected_code.is_empty() || decision.because.iter().any(|f| f.code == expected_code);
        assert!(seen, "{expected_code} is not in {:?}", decision.because);
    }

    #[test]
    fn a_chain_is_walked_in_order_with_fallbacks() {
        let both: &[AuthMethod] = &[MobileSsoIos, DeviceCompliance];
        let chains = [both, &[Password]];
        let f = facts();
        let ios = MethodSet::of(&[MobileSsoIos]);
        check(&chains, f, ask(MobileSsoIos, 0), "");
        check(&chains, Facts { passed: ios, person_known: true, ..f }, ask(DeviceCompliance, 0), "method/passed");
        check(&chains, Facts { failed: ios, ..f }, ask(Password, 1), "method/failed");
        check(&chains, Facts { os: Os::Macos, ..f }, ask(Password, 1), "method/failed");
        let done = MethodSet::of(both);
        check(&chains, Facts { passed: done, person_known: true, ..f }, Next::Passed { chain: 0 }, "method/passed");
        let failed = MethodSet::of(&[DeviceCompliance, Password]);
        check(&chains, Facts { passed: ios, failed, person_known: true, ..f }, Next::Exhausted, "chain/exhausted");
        check(&chains, Facts { offered: ios, ..f }, Next::Exhausted, "method/no-identity-provider");
        check(&[&[DeviceCompliance]], f, Next::Exhausted, "method/failed");
        check(&[&[]], Facts { person_known: true, ..f }, Next::Exhausted, "chain/exhausted");
        check(&[&[Mfa]], f, Next::Exhausted, "method/failed");
        let password = MethodSet::of(&[Password]);
        check(
            &[&[Password, MobileSsoIos], &[Password, Mfa]],
            Facts { passed: password, failed: ios, person_known: true, ..f },
            ask(Mfa, 1),
            "",
        );
    }

    #[test]
    fn force_authn_excludes_methods_and_defeats_the_session() {
        let f = Facts { force_authn: true, ..facts() };
        check(&[&[MobileSsoIos, DeviceCompliance]], f, Next::Exhausted, "force-authn/method-not-supported");
        check(
            &[&[MobileSsoIos, DeviceCompliance], &[MobileSsoIos]],
            f,
            ask(MobileSsoIos, 1),
            "assumes/unsupported-under-force-authn",
        );
        check(&[&[OktaAuthMethod]], f, Next::Exhausted, "force-authn/method-not-supported");
        let live = Facts { in_session: MethodSet::of(&[MobileSsoIos]), person_known: true, ..facts() };
        check(&[&[MobileSsoIos]], live, Next::Passed { chain: 0 }, "method/satisfied-in-session");
        check(&[&[MobileSsoIos]], Facts { force_authn: true, ..live }, ask(MobileSsoIos, 0), "");
    }
}
