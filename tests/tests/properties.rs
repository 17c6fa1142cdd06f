//! What holds in every world: generated settings and sign-ins, played through the live wire.

use federation::tenant::okta::{RequestContext, TrustCondition};
use federation::{Outcome, World};
use fedsim::{CaseResult, Fabric, Observed, Options};
use fedsim_tests::{disagreements, replay, worlds};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use scenarios::Case;
use std::cell::Cell;

/// The same cases at every run.
fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 512, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// What each played sign-in came to.
fn outcomes(result: &CaseResult) -> impl Iterator<Item = &Observed> {
    result.steps.iter().filter_map(|step| step.observed.as_ref())
}

fn has(observed: &Observed, code: &str) -> bool {
    observed.because.iter().any(|finding| finding.code == code)
}

/// Whether the last app rule that matched wants a trusted device.
fn decided_by_trust(world: &World, observed: &Observed) -> bool {
    let decided = observed.because.iter().rev().find(|f| f.code.starts_with("sign-on/"));
    let wants = |path: &str| {
        world.okta.apps.iter().any(|app| {
            app.rules.iter().any(|rule| {
                rule.device_trust == TrustCondition::Trusted
                    && path == format!("okta.apps.{}.rules.{}", app.name, rule.name)
            })
        })
    };
    decided.is_some_and(|f| f.code == "sign-on/rule-matched" && wants(&f.rule))
}

/// Every trip to Access is with ForceAuthn, and Access obeys.
fn always_forced(world: &World) -> bool {
    world.okta.identity_providers.iter().all(|i| i.request_context == RequestContext::DeviceTrust)
        && world.access.application_sources.iter().all(|s| s.force_authn)
}

/// How often a property had something to say.
#[derive(Default)]
struct Seen {
    trusted_grants: Cell<u32>,
    forced: Cell<u32>,
    satisfied: Cell<u32>,
    granted: Cell<u32>,
    refused: Cell<u32>,
}

fn count(cell: &Cell<u32>) {
    cell.set(cell.get() + 1);
}

/// Whether the story asks for what cannot be done, such as removing a profile that a device does not have:
/// an author's mistake, which the runner names, and no sign-in to judge.
fn impossible(result: &fedsim::CaseResult) -> bool {
    let told = ["has no profile", "has no certificate of profile", "UEM knows no device", "is Unenrolled"];
    result.error.as_ref().is_some_and(|e| told.iter().any(|t| e.contains(t)))
}

/// Properties 1 to 4; what is wrong, a line each.
fn wrong(case: &Case, seen: &Seen) -> Vec<String> {
    let result = replay(case, Fabric::Memory);
    if impossible(&result) {
        return Vec::new();
    }
    // 1: an independent reading of the mission comes to the same.
    let mut wrong = disagreements(case, &result);
    for observed in outcomes(&result) {
        let granted = matches!(observed.outcome, Outcome::Granted | Outcome::GrantedAfterMfa);
        count(if granted { &seen.granted } else { &seen.refused });
        // 2: nobody is let in for a trusted device that did not show its certificate.
        if granted && decided_by_trust(&case.world, observed) {
            count(&seen.trusted_grants);
            if !has(observed, "managed/by-certificate") {
                wrong.push(format!("granted as trusted without a certificate: {:#?}", observed.because));
            }
        }
        // 3: ForceAuthn defeats Access's session.
        let satisfied = has(observed, "method/satisfied-in-session");
        if always_forced(&case.world) {
            count(&seen.forced);
            if satisfied {
                wrong.push(format!("a session satisfied a method under ForceAuthn: {:#?}", observed.because));
            }
        } else if satisfied {
            count(&seen.satisfied);
        }
        // 4: every outcome explains itself.
        if observed.because.is_empty() {
            wrong.push(format!("{} by {} without a finding", observed.outcome, observed.by));
        }
    }
    wrong
}

#[test]
fn what_holds_in_every_world() {
    let seen = Seen::default();
    let cases = std::env::var("FEDSIM_PROPERTY_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(300);
    let played = runner(cases).run(&worlds::case(), |case| {
        let wrong = wrong(&case, &seen);
        if wrong.is_empty() { Ok(()) } else { Err(TestCaseError::fail(wrong.join("\n"))) }
    });
    match played {
        Ok(()) => {}
        Err(TestError::Fail(why, case)) => {
            let steps: Vec<_> = case.steps.iter().map(|s| &s.action).collect();
            panic!("{why}\n{}\n{steps:#?}", case.story);
        }
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
    // A property that never had anything to say proves nothing.
    for (what, cell) in [
        ("grants to trusted devices", &seen.trusted_grants),
        ("sign-ins under ForceAuthn", &seen.forced),
        ("methods satisfied in a session", &seen.satisfied),
        ("grants", &seen.granted),
        ("refusals", &seen.refused),
    ] {
        println!("{what}: {}", cell.get());
        assert!(cell.get() > 0, "no {what} among the generated cases");
    }
}

/// A few cases of the same stream.
fn drawn(cases: usize) -> Vec<Case> {
    let mut runner = runner(1);
    (0..cases).filter_map(|_| worlds::case().new_tree(&mut runner).ok()).map(|tree| tree.current()).collect()
}

#[test]
fn fabrics_have_the_same_transcript() {
    let cases = drawn(6);
    assert_eq!(cases.len(), 6);
    for case in &cases {
        let (memory, loopback) = (replay(case, Fabric::Memory), replay(case, Fabric::Loopback));
        assert!(memory.error.is_none() || impossible(&memory), "{:?}\n{}", memory.error, case.story);
        assert_eq!(memory.error, loopback.error, "{}", case.story);
        assert_eq!(memory.transcript(), loopback.transcript(), "{}", case.story);
        assert_eq!(memory.handshakes, loopback.handshakes, "{}", case.story);
    }
}

#[test]
fn a_seed_has_one_transcript() {
    for case in &drawn(4) {
        for seed in [0, 7] {
            let options = Options { seed, ..Options::default() };
            let (once, again) = (fedsim::replay(case, &options), fedsim::replay(case, &options));
            assert!(!once.transcript().is_empty(), "{}", case.story);
            assert_eq!(once.transcript(), again.transcript(), "{}", case.story);
        }
    }
}
