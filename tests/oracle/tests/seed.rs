//! The seed's stories as data: one world, small changes, what the person experiences.

use federation::tenant::access::AuthMethod::{self, Certificate, DeviceCompliance, Mfa, MobileSsoIos, OktaAuthMethod};
use federation::tenant::access::DeviceType;
use federation::tenant::okta::{RequestContext, UserMatch};
use federation::tenant::uem::{ActionKind, ComplianceAction, Payload};
use federation::{Client, DeviceContext, Outcome, Platform, World};
use oracle::{Expected, Oracle};
use scenarios::{
    Action, BreakHow, Breakage, Enrolment, FactsChange, FactsPatch, MfaAnswer, OnProfile, PasswordEntry, SignIn, Start,
    Wait, Wipe,
};

type Change = fn(&mut World);
/// Name, world, device, app, outcome, by, device.trusted, a code among the reasons.
type Story =
    (&'static str, Change, &'static str, &'static str, Outcome, &'static str, Option<DeviceContext>, &'static str);

fn device_trust(_: &mut World) {}

/// M1: Okta only routes, Access decides managed and compliant.
fn routing_only(w: &mut World) {
    w.okta.identity_providers[0].request_context = RequestContext::None;
    w.okta.device_trust.ios = None;
    for app in &mut w.okta.apps {
        app.rules.clear();
    }
    let source = &mut w.access.application_sources[0];
    (source.device_sso_response, source.force_authn, source.failure_notification) = (false, false, false);
    chain(w, vec![vec![MobileSsoIos, DeviceCompliance]]);
}

/// Windows: Certificate and Device Compliance.
fn desktop(w: &mut World) {
    let mut profile = w.uem.profiles[0].clone();
    (profile.name, profile.payload, profile.platforms) =
        ("certificate".into(), Payload::Certificate, vec![Platform::Windows]);
    w.uem.profiles.push(profile);
    w.access.identity_providers[0].methods.push(Certificate);
    let mut rule = w.access.policies[0].rules[0].clone();
    (rule.name, rule.device_types, rule.authenticate) =
        ("windows".into(), vec![DeviceType::Windows10], vec![vec![Certificate, DeviceCompliance]]);
    w.access.policies[0].rules.push(rule);
}

fn chain(w: &mut World, chains: Vec<Vec<AuthMethod>>) {
    w.access.policies[0].rules[0].authenticate = chains;
}

fn world(change: Change) -> World {
    let mut world: World = toml::from_str(include_str!("world.toml")).expect("the test world reads");
    change(&mut world);
    world
}

fn visit(on: &str, app: &str) -> SignIn {
    SignIn {
        who: "alice".into(),
        on: on.into(),
        app: app.into(),
        client: Client::Browser,
        network: None,
        start: Start::Sp,
        password: PasswordEntry::Right,
        mfa: MfaAnswer::Totp,
    }
}

fn sign_in(oracle: &mut Oracle, on: &str, app: &str) -> Expected {
    oracle.apply(&Action::SignIn(visit(on, app))).expect("a sign-in has an answer")
}

#[test]
fn the_seeds_stories() {
    use Outcome::*;
    let trusted = Some(DeviceContext::Trusted);
    let not = Some(DeviceContext::NotTrusted);
    let unknown = Some(DeviceContext::Unknown);
    let old_chain: Change = |w| chain(w, vec![vec![MobileSsoIos, DeviceCompliance]]);
    let third_party: Change = |w| chain(w, vec![vec![MobileSsoIos], vec![OktaAuthMethod]]);
    let third_party_loop: Change = |w| {
        routing_only(w);
        chain(w, vec![vec![MobileSsoIos], vec![OktaAuthMethod]]);
    };
    let step_up: Change = |w| {
        routing_only(w);
        chain(w, vec![vec![MobileSsoIos, Mfa]]);
    };
    let no_deny: Change = |w| {
        w.okta.apps[0].rules.pop();
    };
    let integration_off: Change = |w| w.okta.device_trust.ios = None;
    let other_provider: Change = |w| {
        if let Some(ios) = &mut w.okta.device_trust.ios {
            ios.identity_provider = "nobody".into();
        }
        w.okta.apps[0].rules.clear();
    };
    let forgotten: Change = |w| w.okta.assumptions.not_trusted_is_remembered = false;
    let one_idp_trap: Change = |w| {
        desktop(w);
        w.okta.routing_rules[0].platforms.push(Platform::Windows);
    };
    let one_idp_cure: Change = |w| {
        desktop(w);
        let mut idp = w.okta.identity_providers[0].clone();
        (idp.name, idp.id, idp.request_context) = ("ws1-desktop".into(), "0oa2".into(), RequestContext::None);
        w.okta.identity_providers.push(idp);
        let mut route = w.okta.routing_rules[0].clone();
        (route.name, route.platforms, route.identity_provider) =
            ("desktop".into(), vec![Platform::Windows], "ws1-desktop".into());
        w.okta.routing_rules.push(route);
        let mut source = w.access.application_sources[0].clone();
        (source.name, source.okta_identity_provider) = ("okta-desktop".into(), "ws1-desktop".into());
        (source.failure_notification, source.force_authn) = (false, false);
        w.access.application_sources.push(source);
    };
    let revocable: Change = |w| w.access.methods.mobile_sso_ios.check_revocation = true;
    let bobs_phone: Change = |w| {
        let mut bob = w.okta.users[0].clone();
        (bob.name, bob.login, bob.email) = ("bob".into(), "bob@acme.test".into(), "bob@acme.test".into());
        w.okta.users.push(bob);
        let mut bob = w.access.directories[0].users[0].clone();
        (bob.name, bob.username, bob.email) = ("bob".into(), "bob@acme.test".into(), "bob@acme.test".into());
        w.access.directories[0].users.push(bob);
        let mut bob = w.uem.users[0].clone();
        (bob.name, bob.username, bob.email) = ("bob".into(), "bob@acme.test".into(), "bob@acme.test".into());
        w.uem.users.push(bob);
        w.devices[1].enrolled_as = Some("bob".into());
    };
    let renamed: Change = |w| w.access.directories[0].users[0].username = "ACME-alice".into();
    let by_login: Change = |w| w.okta.routing_rules[0].user = UserMatch::Domains(vec!["acme.test".into()]);
    let rows: &[Story] = &[
        ("m1 managed, compliant", routing_only, "iphone", "salesforce", Granted, "salesforce", unknown, ""),
        ("m1 unmanaged", routing_only, "own-phone", "salesforce", AccessDenied, "access", None, "certificate/missing"),
        (
            "m1 not compliant",
            routing_only,
            "jailbroken",
            "salesforce",
            AccessDenied,
            "access",
            None,
            "compliance/not-compliant",
        ),
        ("m1 denies the harmless app too", routing_only, "own-phone", "lunch", AccessDenied, "access", None, ""),
        ("m1 mfa at access", step_up, "iphone", "salesforce", GrantedAfterMfa, "salesforce", unknown, ""),
        ("m2 managed", device_trust, "iphone", "salesforce", Granted, "salesforce", trusted, "device-trust/trusted"),
        (
            "m2 unmanaged",
            device_trust,
            "own-phone",
            "salesforce",
            EnrolmentPage,
            "okta",
            None,
            "device-trust/failure-response",
        ),
        ("m2 unmanaged, wiki", device_trust, "own-phone", "wiki", GrantedAfterMfa, "wiki", not, ""),
        ("m2 unmanaged, lunch", device_trust, "own-phone", "lunch", Granted, "lunch", unknown, "sign-on/default-allow"),
        ("m2 posture is not compliance", device_trust, "jailbroken", "salesforce", Granted, "salesforce", trusted, ""),
        (
            "m2 force authn, compliance",
            old_chain,
            "iphone",
            "salesforce",
            EnrolmentPage,
            "okta",
            None,
            "force-authn/method-not-supported",
        ),
        (
            "m2 force authn, third party",
            third_party,
            "own-phone",
            "salesforce",
            EnrolmentPage,
            "okta",
            None,
            "force-authn/method-not-supported",
        ),
        ("m1 third party loops", third_party_loop, "own-phone", "salesforce", Loop, "browser", None, ""),
        (
            "m2 ipad says mac",
            device_trust,
            "ipad",
            "salesforce",
            Granted,
            "salesforce",
            unknown,
            "sign-on/default-allow",
        ),
        ("m2 missing deny", no_deny, "own-phone", "salesforce", Granted, "salesforce", not, "sign-on/default-allow"),
        (
            "m2 no integration",
            integration_off,
            "own-phone",
            "salesforce",
            Granted,
            "salesforce",
            unknown,
            "device-trust/no-integration",
        ),
        (
            "m2 other provider",
            other_provider,
            "iphone",
            "salesforce",
            Granted,
            "salesforce",
            unknown,
            "device-trust/other-identity-provider",
        ),
        ("m2 not remembered", forgotten, "own-phone", "salesforce", Loop, "browser", None, ""),
        (
            "one-idp trap",
            one_idp_trap,
            "pc",
            "salesforce",
            Granted,
            "salesforce",
            unknown,
            "force-authn/method-not-supported",
        ),
        ("its cure, managed", one_idp_cure, "pc", "salesforce", Granted, "salesforce", unknown, ""),
        (
            "its cure, unmanaged",
            one_idp_cure,
            "old-pc",
            "salesforce",
            AccessDenied,
            "access",
            None,
            "certificate/missing",
        ),
        ("revoked nobody yet", revocable, "iphone", "salesforce", Granted, "salesforce", trusted, ""),
        ("bob's phone is bob", bobs_phone, "own-phone", "salesforce", Granted, "salesforce", trusted, ""),
        ("ad person unknown to okta", renamed, "iphone", "salesforce", Granted, "salesforce", trusted, "match/no-user"),
        ("routing by login", by_login, "iphone", "salesforce", Granted, "salesforce", trusted, ""),
        ("not assigned", device_trust, "iphone", "payroll", NotAssigned, "okta", None, "assignment/missing"),
    ];
    for (name, change, on, app, outcome, by, device_trusted, code) in rows {
        let got = sign_in(&mut Oracle::new(&world(*change)), on, app);
        assert_eq!(
            (got.outcome, got.by.as_str(), got.device_trusted),
            (*outcome, *by, *device_trusted),
            "{name}: {got:?}"
        );
        assert!(code.is_empty() || got.because.contains(code), "{name}: {got:?}");
        let bob = got.as_whom.as_deref() == Some("bob@acme.test");
        assert_eq!(bob, name.contains("bob"), "{name}: {got:?}");
        assert_eq!(got.as_whom.is_some(), matches!(outcome, Granted | GrantedAfterMfa), "{name}");
    }
}

/// Device SSO Response, Enable Force AuthN Request, Enable Authentication Failure Notification.
#[test]
fn each_toggle_has_its_own_consequence() {
    use Outcome::{AccessDenied, EnrolmentPage, Granted};
    for cell in 0..8_u8 {
        let (sso, force, notify) = (cell & 4 != 0, cell & 2 != 0, cell & 1 != 0);
        let mut world = world(device_trust);
        let source = &mut world.access.application_sources[0];
        (source.device_sso_response, source.force_authn, source.failure_notification) = (sso, force, notify);
        let managed = sign_in(&mut Oracle::new(&world), "iphone", "salesforce");
        let own = sign_in(&mut Oracle::new(&world), "own-phone", "salesforce");
        assert_eq!(
            managed.outcome,
            if sso && force { Granted } else { EnrolmentPage },
            "{sso} {force} {notify}: {managed:?}"
        );
        assert_eq!(own.outcome, if notify { EnrolmentPage } else { AccessDenied }, "{sso} {force} {notify}: {own:?}");
    }
}

/// compliance-implied, with its delays and back again.
#[test]
fn a_removed_profile_makes_the_posture_fail() {
    let mut world = world(device_trust);
    let remove = ActionKind::RemoveProfile("mobile-sso".into());
    world.uem.compliance_policies[0].actions =
        vec![ComplianceAction { name: "remove".into(), after_minutes: 30, mark_not_compliant: true, what: remove }];
    let mut oracle = Oracle::new(&world);
    let facts = |compromised| {
        let facts = FactsPatch { compromised: Some(compromised), ..FactsPatch::default() };
        Action::DeviceFacts(FactsChange { device: "iphone".into(), facts })
    };
    let out = |at: &str| Action::SignOut(scenarios::SignOut { on: "iphone".into(), at: at.into() });
    oracle.apply(&facts(true));
    // Found at 60, acted on at 90, delivered at 95.
    for (wait, outcome) in [(94, Outcome::Granted), (1, Outcome::EnrolmentPage)] {
        oracle.apply(&Action::Wait(Wait { minutes: wait }));
        assert_eq!(sign_in(&mut oracle, "iphone", "salesforce").outcome, outcome, "after {wait}");
        oracle.apply(&out("salesforce"));
    }
    oracle.apply(&facts(false));
    oracle.apply(&Action::Wait(Wait { minutes: 30 }));
    assert_eq!(sign_in(&mut oracle, "iphone", "salesforce").outcome, Outcome::Granted);
}

/// session-age: M1 keeps its access inside a live session; ForceAuthn defeats Access's.
#[test]
fn a_live_session_skips_the_checks() {
    for (change, second) in [(routing_only as Change, Outcome::Granted), (device_trust, Outcome::EnrolmentPage)] {
        let mut oracle = Oracle::new(&world(change));
        assert_eq!(sign_in(&mut oracle, "iphone", "lunch").outcome, Outcome::Granted);
        oracle.apply(&Action::Wipe(Wipe { device: "iphone".into(), phase: Default::default() }));
        assert_eq!(sign_in(&mut oracle, "iphone", "salesforce").outcome, second);
    }
}

/// m2-enrol: the next attempt succeeds.
#[test]
fn enrolling_repairs() {
    let mut oracle = Oracle::new(&world(device_trust));
    assert_eq!(sign_in(&mut oracle, "own-phone", "salesforce").outcome, Outcome::EnrolmentPage);
    oracle.apply(&Action::Enrol(Enrolment { device: "own-phone".into(), as_user: "alice".into() }));
    let got = sign_in(&mut oracle, "own-phone", "salesforce");
    assert_eq!((got.outcome, got.as_whom.as_deref()), (Outcome::Granted, Some("alice@acme.test")));
}

/// uem-down: compliance fails closed, posture does not notice.
#[test]
fn uem_down() {
    for how in [BreakHow::Unreachable, BreakHow::Slow, BreakHow::Nonsense] {
        for (change, outcome) in [(routing_only as Change, Outcome::AccessDenied), (device_trust, Outcome::Granted)] {
            let mut oracle = Oracle::new(&world(change));
            oracle.apply(&Action::Break(Breakage {
                party: "uem".into(),
                from: None,
                how,
                delay_ms: 30_000,
                seconds: 0,
            }));
            assert_eq!(sign_in(&mut oracle, "iphone", "salesforce").outcome, outcome, "{how:?}");
        }
    }
}

#[test]
fn what_she_answers_counts() {
    use Outcome::*;
    let wrong: fn(&mut SignIn) = |s| s.password = PasswordEntry::Wrong;
    let silent: fn(&mut SignIn) = |s| s.password = PasswordEntry::None;
    let denies: fn(&mut SignIn) = |s| s.mfa = MfaAnswer::PushDeny;
    let dashboard: fn(&mut SignIn) = |s| s.start = Start::Dashboard;
    for (how, outcome, by) in [
        (wrong, SignInFailed, "okta"),
        (silent, SignInRequired, "okta"),
        (denies, MfaFailed, "okta"),
        (dashboard, AppRejected, "wiki"),
    ] {
        let mut step = visit("own-phone", "wiki");
        how(&mut step);
        let got = Oracle::new(&world(device_trust)).apply(&Action::SignIn(step)).expect("an answer");
        assert_eq!((got.outcome, got.by.as_str()), (outcome, by));
    }
}

/// certificate-truth: revoked, once published, where the method checks; expired.
#[test]
fn certificates_end() {
    for (checks, minutes, days, outcome) in [
        (true, 59, 365, Outcome::Granted),
        (true, 60, 365, Outcome::EnrolmentPage),
        (false, 60, 365, Outcome::Granted),
        (false, 1441, 1, Outcome::EnrolmentPage),
    ] {
        let mut world = world(device_trust);
        world.access.methods.mobile_sso_ios.check_revocation = checks;
        world.uem.ca.leaf_days = days;
        let mut oracle = Oracle::new(&world);
        oracle.apply(&Action::RevokeCertificate(OnProfile { device: "iphone".into(), profile: "mobile-sso".into() }));
        oracle.apply(&Action::Wait(Wait { minutes }));
        assert_eq!(sign_in(&mut oracle, "iphone", "salesforce").outcome, outcome, "{checks} {minutes} {days}");
    }
}
