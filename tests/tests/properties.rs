//! What holds in every world: generated settings and sign-ins, played through the live wire.

use federation::tenant::access::{ApplicationSource, PostureUnrequested};
use federation::tenant::okta::{RequestContext, TrustCondition, TrustEvaluation};
use federation::{EventKind, World};
use fedsim::runner::StepResult;
use fedsim::{Fabric, Observed, Options};
use fedsim_tests::agreement::{impossible, runner};
use fedsim_tests::{disagreements, granted, hand_over, replay, worlds};
use oracle::Oracle;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{TestCaseError, TestError};
use scenarios::{Action, Case};
use std::cell::Cell;

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

/// Each request with ForceAuthn to an application source that honours it is answered by what was proven anew: from the
/// request to Access's answer no method is satisfied by a session, and a success passes one. Says what is wrong.
fn forced_requests(world: &World, step: &StepResult, seen: &Seen) -> Vec<String> {
    let honours = |xml: &str| {
        let provider = world.okta.identity_providers.iter().find(|i| xml.contains(&i.id));
        let source = |s: &&ApplicationSource| provider.is_some_and(|p| p.name == s.okta_identity_provider);
        world.access.application_sources.iter().find(source).is_some_and(|s| s.force_authn)
    };
    let (mut forced, mut passed, mut wrong) = (false, false, Vec::new());
    for event in &step.events {
        match &event.kind {
            EventKind::Message { to, flags, xml, .. } if to == "access" => {
                (forced, passed) = (flags.iter().any(|f| f == "ForceAuthn=true") && honours(xml), false);
                if forced {
                    count(&seen.forced_requests);
                }
            }
            EventKind::Message { flags, .. } if event.party == "access" && forced => {
                let failed = flags.iter().any(|f| f.contains("AuthnFailed"));
                if !failed && !passed {
                    wrong.push("a request with ForceAuthn was answered with success, and nothing was passed".into());
                }
                forced = false;
            }
            EventKind::Decided { because, .. } if event.party == "access" => {
                passed |= because.iter().any(|f| f.code == "method/passed");
                if forced && because.iter().any(|f| f.code == "method/satisfied-in-session") {
                    wrong.push(format!("a session satisfied a method under ForceAuthn: {because:#?}"));
                }
            }
            _ => {}
        }
    }
    wrong
}

/// Whether trust may rest on an earlier sign-in: an Okta session that keeps it, a posture of Access's session.
fn trust_is_kept(world: &World) -> bool {
    world.okta.assumptions.trust_evaluation == TrustEvaluation::PerSession
        || world.access.assumptions.posture_unrequested == PostureUnrequested::PostureWheneverOn
}

/// How often a property had something to say.
#[derive(Default)]
struct Seen {
    trusted_grants: Cell<u32>,
    forced: Cell<u32>,
    forced_requests: Cell<u32>,
    invalid: Cell<u32>,
    satisfied: Cell<u32>,
    granted: Cell<u32>,
    refused: Cell<u32>,
}

fn count(cell: &Cell<u32>) {
    cell.set(cell.get() + 1);
}

/// Properties 1 to 4; what is wrong, a line each.
fn wrong(case: &Case, seen: &Seen) -> Vec<String> {
    let result = replay(case, Fabric::Memory);
    if impossible(&result) {
        return Vec::new();
    }
    // 1: an independent reading of the mission comes to the same.
    let mut wrong = disagreements(case, &result);
    // An independent reading of which certificates are good, step by step.
    let mut oracle = Oracle::new(&case.world);
    for (step, played) in case.steps.iter().zip(&result.steps) {
        oracle.apply(&step.action);
        wrong.extend(forced_requests(&case.world, played, seen));
        let (Some(observed), Action::SignIn(sign_in)) = (&played.observed, &step.action) else { continue };
        let granted = granted(observed);
        count(if granted { &seen.granted } else { &seen.refused });
        // 2: nobody is let in for a trusted device that did not show its certificate, and a good one.
        let valid = oracle.holds_a_valid_certificate(&sign_in.on);
        if !valid {
            count(&seen.invalid);
        }
        if granted && decided_by_trust(&case.world, observed) {
            count(&seen.trusted_grants);
            let shown = valid && has(observed, "managed/by-certificate");
            if !shown && !trust_is_kept(&case.world) {
                wrong.push(format!("granted as trusted without a valid certificate: {:#?}", observed.because));
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
        // 4: every outcome explains itself, by a finding or by the refusal of a message.
        if observed.because.is_empty() && observed.refused.is_empty() {
            wrong.push(format!("{} by {} without a finding", observed.outcome, observed.by));
        }
    }
    wrong
}

/// FNV-1a, to name a case's file by its content.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
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
            let name = format!("case-{:016x}", fingerprint(&case.story));
            match hand_over::to_file(&name, &case) {
                Ok(path) => panic!("{why}\nreplay it: fedsim run {} --seed 0\n{}", path.display(), case.story),
                Err(no_file) => panic!("{why}\nno scenario file: {no_file}\n{}", case.story),
            }
        }
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
    // A property that never had anything to say proves nothing.
    for (what, cell) in [
        ("grants to trusted devices", &seen.trusted_grants),
        ("sign-ins under ForceAuthn", &seen.forced),
        ("requests with ForceAuthn that Access honours", &seen.forced_requests),
        ("sign-ins without a valid certificate", &seen.invalid),
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
        let work = |r: &fedsim::CaseResult| (r.handshakes, r.signatures, r.verifications);
        assert_eq!(work(&memory), work(&loopback), "{}", case.story);
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

/// A generated case, handed over as a file, is replayed as it was: the same transcript, and the oracle's expectations met.
#[test]
fn a_case_that_is_handed_over_replays() {
    for (i, case) in drawn(6).iter().enumerate() {
        let path = hand_over::to_file(&format!("round-trip-{i}"), case).expect("it can be written");
        let scenario = scenarios::load_file(&path).expect("it can be read");
        let read = scenario.cases().remove(0);
        let (before, after) = (replay(case, Fabric::Memory), replay(&read, Fabric::Memory));
        assert_eq!(before.transcript(), after.transcript(), "{}", case.story);
        assert!(impossible(&after) || after.met(), "{:#?}", after.steps.iter().map(|s| &s.missed).collect::<Vec<_>>());
        std::fs::remove_file(path).expect("it was there");
    }
}
