//! Decision cases as data: platforms, and the truth table of a rule's trust condition.

use super::platform::platform;
use super::trust::{self, Answer, TrustMatch};
use federation::tenant::Okta;
use federation::tenant::okta::{DeviceTrustIntegration, TrustCondition};
use federation::{DeviceContext, Platform, Silent};

fn okta(enabled: bool) -> Okta {
    let (identity_provider, provider_name) = ("access".to_owned(), "Workspace ONE".to_owned());
    let integration =
        DeviceTrustIntegration { enabled, identity_provider, provider_name, enrollment_link: "https://e.test".into() };
    Okta {
        host: "o.test".into(),
        users: vec![],
        network_zones: vec![],
        apps: vec![],
        identity_providers: vec![],
        routing_rules: vec![],
        session_rules: vec![],
        device_trust: federation::tenant::okta::DeviceTrust { ios: Some(integration), android: None },
        assumptions: Default::default(),
    }
}

#[test]
fn platform_is_what_the_user_agent_says() {
    for (agent, expected) in [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X)", Platform::Ios),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", Platform::Macos),
        ("Mozilla/5.0 (Linux; Android 14; Pixel 8)", Platform::Android),
        ("Mozilla/5.0 (Windows NT 10.0; Win64)", Platform::Windows),
        ("Mozilla/5.0 (X11; Linux x86_64)", Platform::OtherDesktop),
        ("", Platform::OtherDesktop),
    ] {
        assert_eq!(platform(agent), expected, "{agent}");
    }
}

#[test]
fn trust_truth_table() {
    use DeviceContext::*;
    for (enabled, idp, answer, expected) in [
        (true, "access", Answer::Managed, Trusted),
        (true, "access", Answer::NotManaged, NotTrusted),
        (true, "access", Answer::NoPosture, NotTrusted),
        (true, "access", Answer::Failure, NotTrusted),
        (true, "other", Answer::Managed, Unknown),
        (false, "access", Answer::Managed, Unknown),
    ] {
        let observed = trust::conclude(&okta(enabled), Platform::Ios, idp, answer, &mut Silent);
        assert_eq!(observed, expected, "{enabled} {idp} {answer:?}");
    }
    let check = |enabled, condition, context| match trust::matches(
        &okta(enabled),
        Platform::Ios,
        condition,
        context,
        &mut Silent,
    ) {
        TrustMatch::Yes => "yes",
        TrustMatch::No => "no",
        TrustMatch::Ask(_) => "ask",
    };
    assert_eq!(check(true, TrustCondition::Trusted, Unknown), "ask");
    assert_eq!(check(true, TrustCondition::NotTrusted, NotTrusted), "yes");
    assert_eq!(check(false, TrustCondition::NotTrusted, NotTrusted), "no");
    assert_eq!(check(true, TrustCondition::Any, Unknown), "yes");
}
