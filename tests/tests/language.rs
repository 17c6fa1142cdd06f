//! Steps of the language, each in a story of its own: author, oracle and simulator agree on both fabrics.

use fedsim::Fabric;
use fedsim_tests::{disagreements, replay};
use scenarios::Case;

fn case(baseline: &str, steps: &str) -> Case {
    let text = format!("baseline = \"{baseline}\"\n{steps}");
    let scenario = scenarios::load_str("own/x.toml", &text);
    let scenario =
        scenario.unwrap_or_else(|wrong| panic!("{}", wrong.iter().map(ToString::to_string).collect::<String>()));
    scenario.cases().remove(0)
}

#[track_caller]
fn check(baseline: &str, steps: &str) {
    let case = case(baseline, steps);
    let (memory, loopback) = (replay(&case, Fabric::Memory), replay(&case, Fabric::Loopback));
    let missed: Vec<_> = memory.steps.iter().flat_map(|s| s.missed.iter().map(move |m| (s.number, m))).collect();
    assert!(memory.met(), "{missed:#?}\n{:?}\n{}", memory.error, memory.transcript());
    assert_eq!(memory.transcript(), loopback.transcript());
    assert_eq!(memory.handshakes, loopback.handshakes);
    assert_eq!(disagreements(&case, &memory), Vec::<String>::new());
}

const ALICE: &str = "sign_in = { who = \"alice\", on = \"alices-iphone\", app = \"salesforce\" }";

#[test]
fn a_dropped_connection_is_no_answer_and_yet_something_was_done() {
    check(
        "routing-only",
        &format!(
            r#"
[[step]]
break = {{ party = "uem", how = "dropped-connection" }}
[[step]]
{ALICE}
expect = {{ outcome = "access-denied", by = "access", because = ["compliance/uem-unreachable"] }}
[[step]]
enrol = {{ device = "bobs-iphone", as_user = "bob" }}
expect = {{ log = ["EnrollmentComplete"], state = {{ uem.devices.bobs-iphone.enrolment = "enrolled", devices.bobs-iphone.profiles = [] }} }}
[[step]]
break = {{ party = "okta", from = "alices-iphone", how = "dropped-connection" }}
[[step]]
{ALICE}
expect = {{ outcome = "unreachable", by = "browser" }}
[[step]]
mend = {{ party = "uem" }}
[[step]]
mend = {{ party = "okta", from = "alices-iphone" }}
[[step]]
{ALICE}
expect = {{ outcome = "granted" }}
"#
        ),
    );
}

#[test]
fn a_clock_that_is_wrong_is_wrong_for_everything() {
    for (party, seconds, expect) in [
        ("access", 120, "outcome = \"granted\""),
        ("access", 180, "outcome = \"okta-error\", because = [\"saml/not-yet-valid\"]"),
        ("access", -180, "outcome = \"access-denied\", by = \"access\", because = [\"saml/not-yet-valid\"]"),
        ("okta", 180, "outcome = \"access-denied\", by = \"access\", because = [\"saml/not-yet-valid\"]"),
        ("okta", 100, "outcome = \"app-rejected\", because = [\"saml/not-yet-valid\"]"),
        ("salesforce", 90, "outcome = \"granted\""),
        ("salesforce", 150, "outcome = \"okta-error\", because = [\"saml/not-yet-valid\"]"),
    ] {
        let steps = format!(
            "[[step]]\nbreak = {{ party = \"{party}\", how = \"clock-skew\", seconds = {seconds} }}\n[[step]]\n{ALICE}\nexpect = {{ {expect} }}\n\
             [[step]]\nmend = {{ party = \"{party}\" }}\n[[step]]\nsign_in = {{ who = \"alice\", on = \"alices-android\", app = \"wiki\" }}\nexpect = {{ outcome = \"granted\" }}"
        );
        check("device-trust-mobile", &steps);
    }
    check(
        "device-trust-mobile",
        r#"
[[step]]
break = { party = "uem", how = "clock-skew", seconds = 600 }
[[step]]
enrol = { device = "bobs-iphone", as_user = "bob" }
expect = { state = { devices.bobs-iphone.certificates.ios-mobile-sso = "not-yet-valid" } }
[[step]]
sign_in = { who = "bob", on = "bobs-iphone", app = "salesforce" }
expect = { outcome = "enrolment-page", because = ["certificate/not-yet-valid"] }
"#,
    );
}

#[test]
fn a_wipe_waits_for_the_device() {
    check(
        "device-trust-mobile",
        &format!(
            r#"
[[step]]
wipe = {{ device = "alices-iphone", phase = "request" }}
[[step]]
wait = {{ minutes = 10 }}
expect = {{ state = {{ uem.devices.alices-iphone.enrolment = "wipe-pending", devices.alices-iphone.profiles = ["ios-mobile-sso"] }} }}
[[step]]
check_in = {{ device = "alices-iphone" }}
expect = {{ log = ["BreakMDMConfirmed"], state = {{ uem.devices.alices-iphone.enrolment = "unenrolled", uem.devices.alices-iphone.compliance = "not-available", devices.alices-iphone.profiles = [] }} }}
[[step]]
{ALICE}
expect = {{ outcome = "enrolment-page", state = {{ okta.sessions.alices-iphone = "alice@acme.test", access.sessions.alices-iphone = "none", apps.salesforce.sessions.alices-iphone = "none" }} }}
"#
        ),
    );
}

#[test]
fn profiles_come_and_go_by_hand() {
    check(
        "device-trust-mobile",
        &format!(
            r#"
[[step]]
remove_profile = {{ device = "alices-iphone", profile = "ios-mobile-sso" }}
expect = {{ state = {{ devices.alices-iphone.certificates.ios-mobile-sso = "none" }} }}
[[step]]
install_profile = {{ device = "alices-iphone", profile = "ios-mobile-sso" }}
expect = {{ log = ["CertificateIssued"], state = {{ devices.alices-iphone.certificates.ios-mobile-sso = "valid" }} }}
[[step]]
install_profile = {{ device = "alices-iphone", profile = "desktop-certificate" }}
expect = {{ because = ["uem/profile-not-assigned"], state = {{ devices.alices-iphone.profiles = ["ios-mobile-sso"] }} }}
[[step]]
{ALICE}
expect = {{ outcome = "granted" }}
[[step]]
unenrol = {{ device = "alices-iphone" }}
expect = {{ state = {{ uem.devices.alices-iphone.enrolment = "unenrolled", devices.alices-iphone.profiles = [] }} }}
"#
        ),
    );
}

#[test]
fn consoles_change_while_the_world_runs() {
    check(
        "device-trust-mobile",
        r#"
[[step]]
sign_in = { who = "alice", on = "alices-iphone", app = "lunch-menu", start = "dashboard" }
expect = { outcome = "granted" }
[[step]]
change = [
  { at = "apps.lunch-menu.accept_idp_initiated", set = false },
  { at = "okta.identity_providers", insert = { name = "second", id = "0oaworkspaceone00009", issuer = "https://acme.workspaceoneaccess.test/SAAS/API/1.0/GET/metadata/idp.xml", sso_url = "https://acme.workspaceoneaccess.test/SAAS/auth/federation/sso", request_context = "device-trust" } },
  { at = "okta.routing_rules.mobile-to-workspace-one.identity_provider", set = "second" },
  { at = "okta.device_trust.android.identity_provider", set = "second" },
  { at = "access.application_sources", insert = { name = "okta-second", okta_identity_provider = "second", device_sso_response = true, force_authn = true } },
]
[[step]]
sign_in = { who = "alice", on = "alices-iphone", app = "lunch-menu", start = "dashboard" }
expect = { outcome = "app-rejected", by = "lunch-menu" }
[[step]]
sign_in = { who = "alice", on = "alices-android", app = "salesforce" }
expect = { outcome = "granted", device_trusted = "TRUSTED" }
"#,
    );
}

/// What a device comes to in three days, played in one piece or hour by hour.
#[test]
fn a_long_wait_is_many_short_ones() {
    let world = r#"
[[change]]
at = "uem.compliance_policies.passcode-present.actions"
set = [{ name = "tell", after_minutes = 90 }, { name = "take", after_minutes = 1500, do = { remove-profile = "ios-mobile-sso" } }]
[[change]]
at = "uem.compliance_policies"
insert = { name = "seen", rules = [{ not-seen-for-minutes = 90 }], actions = [{ name = "tell" }] }
[[step]]
break = { party = "uem", from = "alices-ipad" }
[[step]]
device_facts = { device = "alices-iphone", facts = { passcode = false } }
[[step]]
revoke_certificate = { device = "alices-android", profile = "android-mobile-sso" }
"#;
    let end = r#"
[[step]]
check_in = { device = "alices-pc" }
expect = { state = { uem.devices.alices-iphone.compliance = "non-compliant", uem.devices.alices-iphone.violations = ["passcode-present"], devices.alices-iphone.profiles = [], uem.devices.alices-ipad.compliance = "non-compliant", uem.devices.alices-ipad.violations = ["seen"], devices.alices-android.certificates.android-mobile-sso = "revoked", uem.devices.alices-pc.compliance = "compliant" } }
"#;
    check("device-trust-mobile", &format!("{world}[[step]]\nwait = {{ minutes = 4320 }}\n{end}"));
    check("device-trust-mobile", &format!("{world}{}{end}", "[[step]]\nwait = { minutes = 60 }\n".repeat(72)));
}

#[test]
fn a_year_is_no_matter() {
    let case = case("device-trust-mobile", "[[step]]\nwait = { minutes = 525600 }\n[[step]]\nsweep = {}");
    let result = replay(&case, Fabric::Memory);
    assert!(result.met(), "{:?}", result.error);
    assert!(result.handshakes < 100, "{} handshakes in a quiet year", result.handshakes);
    let events = result.steps[0].events.len();
    assert!(events < 100, "{events} events in a quiet year");
}
