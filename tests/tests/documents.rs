//! Documents that must stay true: finding codes, and messages that strangers can read.

use federation::EventKind;
use fedsim::Fabric;
use fedsim_tests::{cases, replay};
use std::collections::BTreeSet;

/// Every finding code that a replay brings up stands in `docs/findings.md`.
#[test]
fn every_finding_is_documented() {
    let text = include_str!("../../docs/findings.md");
    let documented: BTreeSet<&str> = text.lines().filter_map(|l| l.strip_prefix("| `")?.split('`').next()).collect();
    let mut unknown = BTreeSet::new();
    for case in cases() {
        for step in replay(&case, Fabric::Memory).steps {
            for finding in step.observed.into_iter().flat_map(|o| o.because) {
                if !documented.contains(finding.code) && !finding.code.starts_with("assumes/") {
                    unknown.insert(finding.code);
                }
            }
        }
    }
    assert!(unknown.is_empty(), "not in docs/findings.md: {unknown:?}");
}

/// What Okta hears of a failure is what failed: a denied approval is no failed Kerberos.
#[test]
fn a_failure_response_says_what_failed() {
    const KERBEROS: &str = "Kerberos NEGOTIATE failed or was canceled by the user.";
    let rows = [
        ("action = \"deny\"", "alices-iphone", "Access to this application is denied by policy."),
        ("authenticate = [[\"mobile-sso-ios\", \"mfa\"]]", "alices-iphone", "The sign-in was not approved."),
        ("authenticate = [[\"mobile-sso-ios\", \"device-compliance\"]]", "alices-iphone", KERBEROS),
        ("groups = []", "bobs-iphone", KERBEROS),
    ];
    for (set, phone, expected) in rows {
        let text = format!(
            "baseline = \"device-trust-mobile\"\n[[change]]\nat = \"access.policies.default.rules.ios\"\nset = {{ {set} }}\n\
             [[step]]\nsign_in = {{ who = \"alice\", on = \"{phone}\", app = \"salesforce\", mfa = \"push-deny\" }}\n"
        );
        let scenario = scenarios::load_str("own/x.toml", &text).unwrap_or_else(|wrong| panic!("{wrong:#?}"));
        let result = replay(&scenario.cases()[0], Fabric::Memory);
        let told = result.steps[0].events.iter().find_map(|event| match &event.kind {
            EventKind::Message { xml, .. } => Some(xml.split_once("StatusDetail>")?.1.split_once('<')?.0.to_string()),
            _ => None,
        });
        assert_eq!(told.as_deref(), Some(expected), "{set}");
    }
}
