//! Reports: what a person reads of a case, held against made-up results.

use super::*;
use federation::{Event, EventKind, Finding, Outcome, Time};
use std::collections::BTreeMap;

fn case(id: &str) -> Case {
    let text = "name = \"one\"\nbaseline = \"routing-only\"\n\n[[step]]\nsweep = {}\n";
    let mut case = scenarios::load_str("mine/one.toml", text).unwrap().cases().remove(0);
    case.id = id.into();
    case
}

fn step(outcome: Outcome, missed: &[(&str, &str, &str)]) -> StepResult {
    let finding = Finding::new("policy/rule-matched").rule("access.policies.default");
    let decided = EventKind::Decided { verdict: "authenticate by ios".into(), because: vec![finding.clone()] };
    let event = |at| Event { at: Time(at), party: "access".into(), kind: decided.clone() };
    StepResult {
        number: 1,
        action: "alice opens wiki on alices-iphone".into(),
        state: BTreeMap::new(),
        observed: Some(Observed {
            outcome,
            by: "okta".into(),
            because: vec![finding.clone(), finding],
            refused: vec!["saml/replay: _1".into()],
            as_whom: BTreeMap::new(),
            device_trusted: None,
            page: String::new(),
            page_text: String::new(),
            flags: Vec::new(),
            log: Vec::new(),
            cycle: Vec::new(),
            attack: None,
        }),
        missed: missed
            .iter()
            .map(|(w, e, o)| Missed { what: (*w).into(), expected: (*e).into(), observed: (*o).into() })
            .collect(),
        events: (0..12).map(|n| event(n * 1000)).collect(),
    }
}

fn result(id: &str, steps: Vec<StepResult>) -> CaseResult {
    let mut result = crate::replay(&case(id), &crate::Options::default());
    result.steps = steps;
    result
}

fn listed(ids: &[(&str, &[Outcome])]) -> String {
    let cases: Vec<Case> = ids.iter().map(|(id, _)| case(id)).collect();
    let mut listing = Listing::new(&cases, Style::plain());
    let mut out = String::new();
    for (case, (id, outcomes)) in cases.iter().zip(ids) {
        let result = result(id, outcomes.iter().map(|o| step(*o, &[])).collect());
        let _ = writeln!(out, "{}", listing.line(case, &result));
    }
    out
}

#[test]
fn families_lessons_tries_and_the_path_of_outcomes() {
    let (granted, page) = (Outcome::Granted, Outcome::EnrolmentPage);
    let long = "b/one~a-label-that-is-so-long-that-no-outcome-has-room-behind-it-any-more";
    let told = listed(&[
        ("a/one", &[page]),
        ("a/one~with-a-change", &[granted]),
        ("a/two", &[page, granted]),
        ("a/three", &[Outcome::SignInRequired, Outcome::SignInFailed, Outcome::MfaFailed, granted]),
        ("a/four", &[]),
        (long, &[granted]),
    ]);
    let wanted = "\
a
ok   one                                      enrolment-page by okta
ok     ~with-a-change                         granted by okta
ok   two                                      enrolment-page -> granted
ok   three                                    sign-in-required -> sign-in-failed
                                              -> mfa-failed -> granted
ok   four

b
ok   one~a-label-that-is-so-long-that-no-outcome-has-room-behind-it-any-more
                                              granted by okta
";
    assert_eq!(told, wanted);
}

#[test]
fn a_miss_shows_expected_observed_the_decisive_lines_and_the_place_of_the_setting() {
    let missed = [("outcome", "granted", "denied"), ("because", "x", "a, b")];
    let case = case("a/one");
    let told = Listing::new(std::slice::from_ref(&case), Style::plain())
        .line(&case, &result("a/one", vec![step(Outcome::Denied, &missed)]));
    for wanted in [
        "MISS one",
        "step 1: alice opens wiki on alices-iphone",
        "at mine/one.toml:4",
        "expected  granted",
        "observed  denied",
        "…\n",
        "00:00:11 access decides: authenticate by ios",
        "policy/rule-matched at access.policies.default",
        "set at scenarios/baselines/",
        "refused: saml/replay: _1",
        "fedsim explain mine/one.toml",
    ] {
        assert!(told.contains(wanted), "`{wanted}` is not in\n{told}");
    }
    assert_eq!(told.matches("policy/rule-matched").count(), 1, "each finding once:\n{told}");
    assert_eq!(told.matches("access decides").count(), DECISIVE, "{told}");
    assert!(told.lines().all(|l| measure(l) <= 80), "{told}");
}

#[test]
fn a_summary() {
    let good = result("a/one", vec![step(Outcome::Granted, &[])]);
    let bad = result("a/two", vec![step(Outcome::Granted, &[("outcome", "x", "y")])]);
    assert_eq!(summary(std::slice::from_ref(&good), Style::plain()), "1 met, 0 missed, 1 case");
    assert_eq!(summary(&[good, bad], Style::plain()), "1 met, 1 missed, 2 cases");
}
