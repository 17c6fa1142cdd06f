//! Every trap that `lint` knows is found in a world that has it, with a situation that replays over the live wire; the
//! documented set-up, mended, springs none of them.

use analysis::lint::{Ends, Found, TRAPS, lint};
use analysis::space::{Extent, Space};
use federation::World;
use fedsim::Fabric;
use fedsim_tests::replay;

const MOBILE: &str = "device-trust-mobile";
const ROUTING: &str = "routing-only";

/// Trap, baseline, and the change that springs it.
const SPRUNG: &[(&str, &str, &str)] = &[
    (
        "device-compliance-under-force-authn",
        MOBILE,
        r#"at = "access.policies.default.rules.ios"
        set = { authenticate = [["mobile-sso-ios", "device-compliance"]] }"#,
    ),
    (
        "device-trust-context-for-desktops",
        MOBILE,
        r#"at = "okta.routing_rules.desktop-to-workspace-one.identity_provider"
        set = "workspace-one""#,
    ),
    (
        "failure-notification-off",
        MOBILE,
        r#"at = "access.application_sources.okta.failure_notification"
        set = false"#,
    ),
    (
        "device-sso-response-off",
        MOBILE,
        r#"at = "access.application_sources.okta.device_sso_response"
        set = false"#,
    ),
    (
        "force-authn-off",
        MOBILE,
        r#"at = "access.application_sources.okta.force_authn"
        set = false"#,
    ),
    (
        "fallback-that-loops",
        ROUTING,
        r#"at = "okta.apps"
        insert = { name = "workspace-one-access", assigned = { everyone = true } }
        [[change]]
        at = "access.identity_providers"
        insert = { name = "okta", directories = ["acme"], methods = ["okta-auth-method"], third_party = { okta_app = "workspace-one-access" } }
        [[change]]
        at = "access.policies.default.rules.ios"
        set = { authenticate = [["mobile-sso-ios"], ["okta-auth-method"]] }"#,
    ),
    (
        "default-rule-reachable",
        MOBILE,
        r#"at = "okta.apps.salesforce.rules.untrusted-mobile"
        set = { platforms = ["ios"] }"#,
    ),
    (
        "deny-rule-missing",
        MOBILE,
        r#"at = "okta.apps.salesforce.rules.untrusted-mobile"
        remove = true"#,
    ),
    (
        "trust-rule-without-integration",
        MOBILE,
        r#"at = "okta.device_trust.android"
        set = { enabled = false }"#,
    ),
    (
        "platform-by-user-agent",
        MOBILE,
        r#"at = "okta.routing_rules.desktop-to-workspace-one.platforms"
        set = ["windows"]"#,
    ),
    (
        "broad-rule-above-the-platforms",
        MOBILE,
        r#"at = "access.policies.default.rules.web"
        remove = true
        [[change]]
        at = "access.policies.default.rules"
        insert = { name = "web", device_types = ["web-browser"], action = "deny" }
        before = "ios""#,
    ),
    (
        "policy-without-the-platform",
        MOBILE,
        r#"at = "access.policies"
        insert = { name = "own", rules = [{ name = "windows", device_types = ["windows10"], authenticate = [["certificate"]] }] }
        [[change]]
        at = "access.application_sources.okta"
        set = { policy = "own" }"#,
    ),
    ("certificate-without-revocation", MOBILE, ""),
    ("posture-is-not-compliance", MOBILE, ""),
    (
        "password-fallback",
        ROUTING,
        r#"at = "access.policies.default.rules.ios"
        set = { authenticate = [["mobile-sso-ios", "device-compliance"], ["password"]] }"#,
    ),
    (
        "requests-not-signed",
        MOBILE,
        r#"at = "okta.identity_providers.workspace-one"
        set = { sign_requests = false }"#,
    ),
    (
        "requests-signed-by-sha1",
        MOBILE,
        r#"at = "okta.identity_providers.workspace-one"
        set = { request_algorithm = "sha1" }"#,
    ),
    (
        "responses-signed-by-sha1",
        MOBILE,
        r#"at = "access.application_sources.okta"
        set = { signature_algorithm = "sha1" }"#,
    ),
    (
        "signature-that-is-never-made",
        MOBILE,
        r#"at = "okta.identity_providers.workspace-one"
        set = { response_signature = "assertion" }"#,
    ),
    (
        "identity-provider-without-source",
        MOBILE,
        r#"at = "access.application_sources.okta-desktop"
        remove = true"#,
    ),
    (
        "issuer-mismatch",
        MOBILE,
        r#"at = "okta.identity_providers.workspace-one"
        set = { issuer = "https://elsewhere.test" }"#,
    ),
    (
        "username-matches-nobody",
        MOBILE,
        r#"at = "access.directories.acme.users.alice"
        set = { username = "alice", upn = "alice@acme.test", email = "alice@acme.test" }
        [[change]]
        at = "okta.users.alice"
        set = { email = "alice" }"#,
    ),
    (
        "method-without-identity-provider",
        MOBILE,
        r#"at = "access.identity_providers.built-in"
        set = { methods = ["password", "mobile-sso-ios", "certificate", "device-compliance"] }"#,
    ),
    (
        "uem-integration-broken",
        ROUTING,
        r#"at = "access.uem"
        set = { api_key = "of another tenant" }"#,
    ),
    ("session-outlives-compliance", ROUTING, ""),
    (
        "factor-nobody-has",
        MOBILE,
        r#"at = "okta.users.alice"
        set = { factors = [] }"#,
    ),
];

fn world(baseline: &str, change: &str) -> World {
    let change = if change.is_empty() { String::new() } else { format!("[[change]]\n{change}\n") };
    match scenarios::load_str("own/trap.toml", &format!("name = \"trap\"\nbaseline = \"{baseline}\"\n{change}")) {
        Ok(scenario) => scenario.world,
        Err(wrong) => panic!("{}", wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

fn found(world: &World) -> (Space, Vec<Found>) {
    let space = Space::of(world, Extent::default()).expect("the model speaks of it");
    let found = lint(&space, &Ends::of(&space), world);
    (space, found)
}

#[test]
fn every_trap_is_found_where_it_is_and_its_situation_replays() {
    let known: Vec<&str> = SPRUNG.iter().map(|(id, ..)| *id).collect();
    for trap in TRAPS {
        assert!(known.contains(&trap.id), "no world springs `{}`", trap.id);
        assert!(scenarios::requirements().requirement(trap.requirement).is_some(), "{}", trap.requirement);
    }
    let mut missing = Vec::new();
    for (id, baseline, change) in SPRUNG {
        let (space, found) = found(&world(baseline, change));
        let Some(trap) = found.iter().find(|f| f.trap.id == *id) else {
            missing.push(format!("{id}: only {:?}", found.iter().map(|f| f.trap.id).collect::<Vec<_>>()));
            continue;
        };
        assert_ne!((trap.before.outcome, trap.before.by), (trap.after.outcome, trap.after.by), "{id}");
        let case = space.case("trap", &space.sentence(&trap.situation), &trap.situation, &trap.before);
        let played = replay(&case, Fabric::Memory);
        assert!(played.met(), "{id}: {:#?} {:?}", played.steps.last().map(|s| &s.missed), played.error);
    }
    assert!(missing.is_empty(), "not found:\n{}", missing.join("\n"));
}
