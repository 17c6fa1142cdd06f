//! Generated cases: the two baselines with their settings turned, and somebody who signs in once or twice.

use federation::device::Facts;
use federation::tenant::access::{
    self, ApplicationSource, AuthMethod, AuthMethod::*, DeviceSsoResponseOff, FallbackPerson, ForceAuthnToggleOff,
    GroupRuleBeforeIdentity, Pending, PostureUnrequested, UdidLocation, Unsupported,
};
use federation::tenant::okta::{
    self, AccessAction, Binding, DeviceTrustIntegration, FactorPrompt, FilterMismatch, IdentityProvider,
    RequestContext, ResponseSignature, SessionRule, SignOnRule, TrustCondition, TrustEvaluation,
    TrustWithoutIntegration,
};
use federation::tenant::uem::{self, ActionKind, ComplianceAction, FirstCheck};
use federation::{Client, Platform, World};
use proptest::prelude::*;
use proptest::sample::select;
use scenarios::{
    Action, BreakHow, Breakage, Case, Expect, FactsChange, FactsPatch, MfaAnswer, OnProfile, PasswordEntry, SignIn,
    SignOut, SourceMap, Start, Step, Wait, Wipe,
};

/// Okta as Access's own fallback, so that chains may name it.
const FALLBACK: &str = r#"
[[change]]
at = "okta.apps"
insert = { name = "workspace-one-access", assigned = { everyone = true } }

[[change]]
at = "access.identity_providers"
insert = { name = "okta", directories = ["acme"], methods = ["okta-auth-method"], third_party = { okta_app = "workspace-one-access" } }

[[step]]
sign_in = { who = "alice", on = "alices-iphone", app = "wiki" }
expect = { outcome = "granted" }
"#;

/// A baseline's merged world, with Okta as a fallback of Access.
pub fn baseline(name: &str) -> World {
    let text = format!(
        "name = \"generated\"\nteaches = [\"m2-per-app\"]\nbaseline = \"{name}\"\nstory = \"Any.\"\n{FALLBACK}"
    );
    match scenarios::load_str("worlds/generated.toml", &text) {
        Ok(scenario) => scenario.world,
        Err(problems) => panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

/// What Access and Okta agree on about one identity-provider object.
#[derive(Debug, Clone)]
struct Link {
    /// *Device SSO Response*, *Enable Force Authn Request*, *Enable Authentication Failure Notification*.
    toggles: (bool, bool, bool),
    context: RequestContext,
    binding: Binding,
    sign_requests: bool,
    /// Response and assertion.
    signs: (bool, bool),
    wanted: ResponseSignature,
}

fn link() -> impl Strategy<Value = Link> {
    use ResponseSignature::*;
    (
        // The documented set-up half of the time: otherwise few phones would ever be trusted.
        prop_oneof![any::<(bool, bool, bool)>(), Just((true, true, true))],
        prop_oneof![1 => Just(RequestContext::None), 3 => Just(RequestContext::DeviceTrust)],
        select(vec![Binding::Post, Binding::Redirect]),
        prop_oneof![6 => Just(true), 1 => Just(false)],
        // At least one signature most of the time: else nothing interesting happens at Okta.
        select(vec![(true, false), (true, false), (false, true), (true, true), (true, true), (false, false)]),
        select(vec![Any, Any, Any, Response, Assertion]),
    )
        .prop_map(|(toggles, context, binding, sign_requests, signs, wanted)| Link {
            toggles,
            context,
            binding,
            sign_requests,
            signs,
            wanted,
        })
}

impl Link {
    fn set(&self, provider: &mut IdentityProvider, source: &mut ApplicationSource) {
        provider.request_context = self.context;
        provider.request_binding = self.binding;
        provider.sign_requests = self.sign_requests;
        provider.response_signature = self.wanted;
        (source.device_sso_response, source.force_authn, source.failure_notification) = self.toggles;
        (source.sign_response, source.sign_assertion) = self.signs;
    }
}

/// What Access asks of one kind of device: chains, first that passes wins.
fn chains(own: AuthMethod) -> impl Strategy<Value = Vec<Vec<AuthMethod>>> {
    select(vec![
        vec![vec![own]],
        vec![vec![own]],
        vec![vec![own, DeviceCompliance]],
        vec![vec![own, DeviceCompliance], vec![own]],
        vec![vec![own], vec![Password]],
        vec![vec![own, Mfa]],
        vec![vec![own, Mfa], vec![Password]],
        vec![vec![own], vec![Password, Mfa]],
        vec![vec![own], vec![OktaAuthMethod]],
        vec![vec![own, DeviceCompliance], vec![Password]],
        vec![vec![Password]],
        vec![vec![Password, own]],
        vec![vec![own, Password]],
        vec![vec![Certificate], vec![own]],
        vec![vec![own, Mfa], vec![Password, Mfa]],
        vec![vec![Password, own, DeviceCompliance], vec![own]],
        vec![vec![own, DeviceCompliance], vec![own, Mfa], vec![Password]],
    ])
}

/// A platform's record of Security › Device Trust.
#[derive(Debug, Clone, Copy)]
enum Integration {
    Absent,
    Disabled,
    On,
    /// Names the other identity-provider object, where there is one.
    Elsewhere,
}

fn integration() -> impl Strategy<Value = Integration> {
    use Integration::*;
    select(vec![On, On, On, On, Absent, Disabled, Elsewhere])
}

fn rule() -> impl Strategy<Value = SignOnRule> {
    use Platform::*;
    use TrustCondition::*;
    (
        select(vec![Trusted, Trusted, NotTrusted, NotTrusted, Any]),
        select(vec![AccessAction::Allow, AccessAction::Allow, AccessAction::Deny]),
        select(vec![None, None, Some(FactorPrompt::EverySignIn), Some(FactorPrompt::OncePerSession)]),
        select(vec![None, None, None, Some(0), Some(30)]),
        select(vec![
            vec![Ios, Android],
            vec![Ios, Android],
            vec![Ios],
            vec![Windows, Macos],
            vec![Ios, Android, OtherMobile, Windows, Macos, OtherDesktop],
        ]),
        prop::bool::weighted(0.9),
    )
        .prop_map(|(device_trust, access, factor, reauthenticate_after_minutes, mut platforms, enabled)| {
            // The console offers the two words about trust only without these boxes.
            if device_trust != Any {
                platforms.retain(|p| !matches!(p, OtherMobile | OtherDesktop));
            }
            SignOnRule {
                name: String::new(),
                enabled,
                people: Default::default(),
                location: Default::default(),
                platforms,
                device_trust,
                access,
                reauthenticate_after_minutes,
                factor,
            }
        })
}

/// The app's rules; nothing leaves the baseline's.
fn rules() -> impl Strategy<Value = Option<Vec<SignOnRule>>> {
    let named = |mut rules: Vec<SignOnRule>| {
        for (i, rule) in rules.iter_mut().enumerate() {
            rule.name = format!("rule-{i}");
        }
        rules
    };
    prop::option::weighted(0.8, prop::collection::vec(rule(), 0..4).prop_map(named))
}

#[derive(Debug, Clone)]
struct Settings {
    baseline: &'static str,
    links: (Link, Link),
    ios: Vec<Vec<AuthMethod>>,
    android: Vec<Vec<AuthMethod>>,
    integrations: (Integration, Integration),
    rules: Option<Vec<SignOnRule>>,
    /// *Re-authenticate after* of Access's rules.
    reauthenticate: u32,
    /// Factor of Okta's org-wide policy.
    factor: Option<FactorPrompt>,
    /// A compliance policy takes the profiles away.
    removes_profile: bool,
    attempts: u32,
    /// *Enable Cert Revocation* of the certificate methods.
    checks_revocation: bool,
    /// Device certificates live for a day.
    short_lived: bool,
    /// *Filter* of Okta's identity-provider objects.
    filter: Option<&'static str>,
    assumptions: Assumed,
}

/// Readings of what the vendors leave open; the default most of the time.
#[derive(Debug, Clone)]
struct Assumed {
    okta: okta::Assumptions,
    access: access::Assumptions,
    uem: uem::Assumptions,
}

fn other<T: Clone + std::fmt::Debug>(default: T, other: T) -> impl Strategy<Value = T> {
    prop_oneof![9 => Just(default), 1 => Just(other)]
}

fn assumed() -> impl Strategy<Value = Assumed> {
    let okta = (
        prop_oneof![
            8 => Just(TrustEvaluation::PerAppSignIn),
            1 => Just(TrustEvaluation::RoutingOnly),
            1 => Just(TrustEvaluation::PerSession)
        ],
        other(true, false),
        other(TrustWithoutIntegration::MatchNeither, TrustWithoutIntegration::NotTrusted),
        other(FilterMismatch::Error, FilterMismatch::SignInPage),
    )
        .prop_map(|(trust_evaluation, not_trusted_is_remembered, trust_without_integration, filter)| {
            okta::Assumptions {
                trust_evaluation,
                not_trusted_is_remembered,
                trust_without_integration,
                username_filter_mismatch: filter,
                ..Default::default()
            }
        });
    let access = (
        other(Unsupported::NotApplicable, Unsupported::FailRequest),
        other(DeviceSsoResponseOff::PlainAssertion, DeviceSsoResponseOff::FailureResponse),
        other(ForceAuthnToggleOff::Ignored, ForceAuthnToggleOff::Refused),
        other(PostureUnrequested::NoPosture, PostureUnrequested::PostureWheneverOn),
        other(Pending::FailClosed, Pending::Pass),
        other(GroupRuleBeforeIdentity::Skipped, GroupRuleBeforeIdentity::MatchesNobody),
        other(UdidLocation::AsTemplate, UdidLocation::SanOnly),
        prop_oneof![2 => Just(FallbackPerson::Kept), 1 => Just(FallbackPerson::Anybody)],
    )
        .prop_map(|(unsupported, response_off, toggle_off, unrequested, pending, group, udid, person)| {
            access::Assumptions {
                unsupported_under_force_authn: unsupported,
                device_sso_response_off: response_off,
                force_authn_toggle_off: toggle_off,
                posture_unrequested: unrequested,
                compliance_pending: pending,
                group_rule_before_identity: group,
                udid_location: udid,
                fallback_person: person,
                ..Default::default()
            }
        });
    let uem = prop_oneof![4 => Just(FirstCheck::AtEnrolment), 1 => Just(FirstCheck::AtNextSweep)]
        .prop_map(|first_compliance_check| uem::Assumptions { first_compliance_check });
    (okta, access, uem).prop_map(|(okta, access, uem)| Assumed { okta, access, uem })
}

fn settings() -> impl Strategy<Value = Settings> {
    (
        select(vec!["device-trust-mobile", "device-trust-mobile", "device-trust-mobile", "routing-only"]),
        (link(), link()),
        chains(MobileSsoIos),
        chains(MobileSsoAndroid),
        (integration(), integration()),
        rules(),
        select(vec![480, 480, 20, 0]),
        select(vec![None, None, None, Some(FactorPrompt::EverySignIn), Some(FactorPrompt::OncePerSession)]),
        (any::<bool>(), select(vec![5, 1]), any::<bool>(), prop::bool::weighted(0.3)),
        prop_oneof![
            8 => Just(None),
            1 => select(vec![Some(".*@acme\\.test"), Some("bob.*"), Some("nobody")])
        ],
        assumed(),
    )
        .prop_map(
            |(
                baseline,
                links,
                ios,
                android,
                integrations,
                rules,
                reauthenticate,
                factor,
                many,
                filter,
                assumptions,
            )| {
                let (removes, attempts, checks_revocation, short_lived) = many;
                Settings {
                    baseline,
                    links,
                    ios,
                    android,
                    integrations,
                    rules,
                    reauthenticate,
                    factor,
                    removes_profile: removes,
                    attempts,
                    checks_revocation,
                    short_lived,
                    filter,
                    assumptions,
                }
            },
        )
}

impl Settings {
    fn world(&self) -> World {
        let mut world = baseline(self.baseline);
        (world.okta.assumptions, world.access.assumptions) =
            (self.assumptions.okta.clone(), self.assumptions.access.clone());
        world.uem.assumptions = self.assumptions.uem.clone();
        let (okta, access) = (&mut world.okta, &mut world.access);
        for provider in &mut okta.identity_providers {
            provider.username_filter = self.filter.map(Into::into);
        }
        let links = [&self.links.0, &self.links.1];
        for (i, provider) in okta.identity_providers.iter_mut().enumerate() {
            let source = access.application_sources.iter_mut().find(|s| s.okta_identity_provider == provider.name);
            if let (Some(link), Some(source)) = (links.get(i), source) {
                link.set(provider, source);
            }
        }
        for rule in access.policies.iter_mut().flat_map(|p| &mut p.rules) {
            rule.reauthenticate_after_minutes = self.reauthenticate;
            match rule.name.as_str() {
                "ios" => rule.authenticate = self.ios.clone(),
                "android" => rule.authenticate = self.android.clone(),
                _ => {}
            }
        }
        let methods = &mut access.methods;
        methods.password.attempts = self.attempts;
        for method in [&mut methods.mobile_sso_ios, &mut methods.mobile_sso_android, &mut methods.certificate] {
            method.check_revocation = self.checks_revocation;
        }
        if self.short_lived {
            world.uem.ca.leaf_days = 1;
        }
        let first = okta.identity_providers.first().map(|i| i.name.clone()).unwrap_or_default();
        let last = okta.identity_providers.last().map(|i| i.name.clone()).unwrap_or_default();
        let record = |how: Integration| {
            let (enabled, provider) = match how {
                Integration::Absent => return None,
                Integration::Disabled => (false, &first),
                Integration::On => (true, &first),
                Integration::Elsewhere => (true, &last),
            };
            Some(DeviceTrustIntegration {
                enabled,
                identity_provider: provider.clone(),
                provider_name: "Workspace ONE".into(),
                enrollment_link: format!("https://{}/enroll", world.uem.enrollment_host),
            })
        };
        okta.device_trust.ios = record(self.integrations.0);
        okta.device_trust.android = record(self.integrations.1);
        if let Some(rules) = &self.rules {
            for app in okta.apps.iter_mut().filter(|a| a.name != "workspace-one-access") {
                app.rules = rules.clone();
            }
        }
        if self.factor.is_some() {
            okta.session_rules.push(SessionRule {
                name: "a-factor".into(),
                people: Default::default(),
                location: Default::default(),
                access: AccessAction::Allow,
                factor: self.factor,
                idle_minutes: 120,
                lifetime_minutes: 0,
            });
        }
        if self.removes_profile {
            for policy in &mut world.uem.compliance_policies {
                for profile in ["ios-mobile-sso", "android-mobile-sso"] {
                    policy.actions.push(ComplianceAction {
                        name: format!("remove-{profile}"),
                        after_minutes: 0,
                        mark_not_compliant: true,
                        what: ActionKind::RemoveProfile(profile.into()),
                    });
                }
            }
        }
        world
    }
}

#[derive(Debug, Clone)]
#[allow(dead_code, reason = "`who` is read by people, in the text of a failing case")]
struct Visit {
    who: &'static str,
    on: &'static str,
    enrolled_as: Option<&'static str>,
    facts: Facts,
    sign_ins: Vec<SignIn>,
    /// Between the two sign-ins.
    between: Vec<Action>,
}

fn sign_in(who: &'static str, on: &'static str, client: Client) -> impl Strategy<Value = SignIn> {
    use MfaAnswer::{PushApprove, PushDeny, Totp, Wrong};
    (
        select(vec!["salesforce", "wiki", "lunch-menu"]),
        prop_oneof![
            4 => Just(client),
            1 => select(vec![Client::Browser, Client::MobileSite, Client::Hub, Client::DesktopSite])
        ],
        select(vec![None, Some("office"), Some("home")]),
        prop_oneof![5 => Just(Start::Sp), 1 => Just(Start::Dashboard)],
        select(vec![
            PasswordEntry::Right,
            PasswordEntry::Right,
            PasswordEntry::Right,
            PasswordEntry::Wrong,
            PasswordEntry::None,
        ]),
        select(vec![Totp, Totp, PushApprove, PushDeny, MfaAnswer::None, Wrong]),
    )
        .prop_map(move |(app, client, network, start, password, mfa)| SignIn {
            who: who.into(),
            on: on.into(),
            app: app.into(),
            client,
            network: network.map(Into::into),
            start,
            password,
            mfa,
        })
}

/// What happens between two sign-ins; nothing one time in some.
fn between(on: &'static str) -> impl Strategy<Value = Vec<Action>> {
    let facts = |compromised| {
        let facts = FactsPatch { compromised: Some(compromised), ..FactsPatch::default() };
        Action::DeviceFacts(FactsChange { device: on.into(), facts })
    };
    let profile = if on == "alices-android" { "android-mobile-sso" } else { "ios-mobile-sso" };
    let out = |at: &str| Action::SignOut(SignOut { on: on.into(), at: at.into() });
    let uem = |how| Action::Break(Breakage { party: "uem".into(), from: None, how, delay_ms: 30_000, seconds: 0 });
    select(vec![
        vec![],
        vec![Action::Wait(Wait { minutes: 1 })],
        vec![Action::Wait(Wait { minutes: 45 })],
        vec![Action::Wait(Wait { minutes: 9 * 60 })],
        vec![Action::RemoveProfile(OnProfile { device: on.into(), profile: profile.into() })],
        vec![facts(true), Action::Sweep],
        vec![facts(true), Action::Sweep, Action::Wait(Wait { minutes: 10 })],
        vec![facts(false), Action::Sweep, Action::Wait(Wait { minutes: 10 })],
        vec![Action::Wipe(Wipe { device: on.into(), phase: Default::default() })],
        vec![Action::RevokeCertificate(OnProfile { device: on.into(), profile: profile.into() }), out("okta")],
        vec![
            Action::RevokeCertificate(OnProfile { device: on.into(), profile: profile.into() }),
            Action::Wait(Wait { minutes: 70 }),
            out("okta"),
        ],
        vec![Action::Wait(Wait { minutes: 25 * 60 })],
        vec![uem(BreakHow::Unreachable)],
        vec![uem(BreakHow::Nonsense), Action::Wait(Wait { minutes: 45 })],
        vec![uem(BreakHow::Slow), out("okta")],
        vec![out("okta")],
        vec![out("okta"), out("salesforce"), out("wiki"), out("lunch-menu")],
        vec![out("access"), out("okta")],
    ])
}

fn visit() -> impl Strategy<Value = Visit> {
    let devices = vec![
        "alices-iphone",
        "alices-iphone",
        "bobs-iphone",
        "alices-android",
        "alices-android",
        "alices-ipad",
        "alices-pc",
        "alices-mac",
    ];
    let clients = vec![Client::Browser, Client::Browser, Client::Browser, Client::MobileSite, Client::NativeApp];
    (select(vec!["alice", "alice", "bob"]), select(devices), select(clients)).prop_flat_map(|(who, on, client)| {
        (
            select(vec![None, Some("alice"), Some("alice"), Some("alice"), Some("bob")]),
            (prop::bool::weighted(0.2), prop::bool::weighted(0.8)),
            prop::collection::vec(sign_in(who, on, client), 1..=2),
            between(on),
        )
            .prop_map(move |(enrolled_as, (compromised, passcode), sign_ins, between)| Visit {
                who,
                on,
                enrolled_as,
                facts: Facts { compromised, passcode, ..Facts::default() },
                sign_ins,
                between,
            })
    })
}

/// A world and what somebody does in it; nobody says what should come of it.
pub fn case() -> impl Strategy<Value = Case> {
    (settings(), visit()).prop_map(|(settings, visit)| {
        let mut world = settings.world();
        for device in world.devices.iter_mut().filter(|d| d.name == visit.on) {
            device.enrolled_as = visit.enrolled_as.map(Into::into);
            device.facts = visit.facts.clone();
        }
        // What needs an enrolled phone is done to one.
        let has_profile = visit.enrolled_as.is_some() && !matches!(visit.on, "alices-pc" | "alices-mac");
        let possible = |action: &Action| match action {
            Action::RemoveProfile(_) | Action::RevokeCertificate(_) => has_profile,
            Action::Wipe(_) => visit.enrolled_as.is_some(),
            _ => true,
        };
        let step = |action| Step { line: 0, action, expect: Expect::default() };
        let mut steps = Vec::new();
        for (i, sign_in) in visit.sign_ins.iter().enumerate() {
            if i > 0 {
                steps.extend(visit.between.iter().filter(|action| possible(action)).cloned().map(step));
            }
            steps.push(step(Action::SignIn(sign_in.clone())));
        }
        Case {
            id: "generated".into(),
            file: "generated.toml".into(),
            // What was drawn, for whoever reads a failure.
            story: format!("{settings:#?}\n{visit:#?}"),
            teaches: Vec::new(),
            world,
            steps,
            sources: SourceMap::default(),
        }
    })
}
