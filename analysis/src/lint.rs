//! Traps of a design: settings that the documents warn of, each with a change that springs it and a situation that shows it.
//!
//! A trap is reported only where a situation goes wrong because of it: its end is bad as things stand, and another once the
//! setting is changed. Both ends have been evaluated.

use crate::ask::elsewhere;
use crate::change::sign_on_rule;
use crate::facts::{By, End};
use crate::space::{PASSWORDS, Situation, Space};
use federation::tenant::SignatureAlgorithm;
use federation::tenant::access::{AuthMethod, DeviceType, RuleAction};
use federation::tenant::okta::{
    AccessAction, App, Factor, IdentityProvider, MatchAgainst, RequestContext, ResponseSignature, TrustCondition,
};
use federation::tenant::uem::{ActionKind, ComplianceAction};
use federation::{Client, DeviceKind, Outcome, Platform, World};
use scenarios::PasswordEntry;
use uem_mock::inventory::platform_of;

/// A documented trap. `requirement`: the row of `requirements.toml` that says where it is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trap {
    pub id: &'static str,
    pub requirement: &'static str,
    pub title: &'static str,
}

/// What a bad end looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shows {
    /// A healthy device of hers, and she is not let in; let in once changed.
    HealthyKeptOut,
    /// The same on a desktop.
    DesktopKeptOut,
    /// A device that UEM does not manage gets in; kept out once changed.
    UnmanagedIn,
    /// A managed phone that is not compliant gets in.
    NonCompliantIn,
    /// A device whose certificate is revoked gets in.
    RevokedIn,
    /// An unmanaged device that says it is another gets in.
    DisguisedIn,
    /// A device that is no longer compliant goes on with a session.
    SessionIn,
    /// The browser goes round in circles.
    Loops,
    /// The person ends on Access's own page, and elsewhere once changed.
    StuckAtAccess,
    /// A factor is asked for that she cannot give.
    NoFactor,
}

pub struct Suspect {
    pub trap: Trap,
    /// The setting.
    pub at: String,
    pub cure: String,
    pub cured: World,
    shows: Shows,
}

/// A trap with the situation that shows it.
pub struct Found {
    pub trap: Trap,
    pub at: String,
    pub cure: String,
    pub situation: Situation,
    pub before: End,
    pub after: End,
}

macro_rules! traps {
    ($($name:ident $id:literal $requirement:literal $title:literal;)+) => {
        $(const $name: Trap = Trap { id: $id, requirement: $requirement, title: $title };)+
        /// All that are known.
        pub const TRAPS: &[Trap] = &[$($name),+];
    };
}

traps! {
    COMPLIANCE_FORCED "device-compliance-under-force-authn" "forceauthn-excludes-device-compliance" "Device Compliance stands in a chain that ForceAuthn asks: no healthy phone gets through";
    DESKTOP_CONTEXT "device-trust-context-for-desktops" "desktop-not-supported" "an identity provider with the Device Trust context serves desktops, which Device Trust does not know";
    NOTIFICATION_OFF "failure-notification-off" "m2-app-source" "Authentication Failure Notification is off: a failed sign-in ends at Access, and Okta's rules never see it";
    RESPONSE_OFF "device-sso-response-off" "m2-app-source" "Device SSO Response is off: Okta never hears that a device is managed";
    FORCE_OFF "force-authn-off" "m2-app-source" "Enable Force AuthN Request is off: the context is ignored and no posture comes";
    LOOP "fallback-that-loops" "forceauthn-excludes-third-party-idp" "a fallback sends people to Okta, which sends them back";
    DEFAULT_ALLOWS "default-rule-reachable" "default-allows" "an untrusted device falls through to the app's default rule, which allows";
    NO_DENY "deny-rule-missing" "default-allows" "the app's rules let trusted devices in and deny nobody";
    NO_INTEGRATION "trust-rule-without-integration" "m2-integration" "rules ask for trust on a platform whose Device Trust integration is off: they match nobody";
    IPAD "platform-by-user-agent" "platform-is-user-agent" "the platform is what the user agent says: an iPad, or whoever spoofs, walks round the rules for phones";
    BROWSER_FIRST "broad-rule-above-the-platforms" "m1-flow" "a rule for web browsers or all device types stands above a platform's own";
    POLICY_DROPS "policy-without-the-platform" "m1-flow" "the application source's own policy has no rule for a platform that the default policy serves";
    NO_REVOCATION "certificate-without-revocation" "certificate-truth" "a certificate method does not check revocation: a revoked certificate goes on opening doors";
    POSTURE_ONLY "posture-is-not-compliance" "posture-is-not-compliance" "Device Trust asks whether a device is managed, not whether it is compliant, and no compliance policy takes the profile away";
    PASSWORD_FALLBACK "password-fallback" "m1-flow" "a fallback to a password lets devices in that no certificate vouches for";
    UNSIGNED "requests-not-signed" "m2-exchange" "Okta does not sign its requests, and Access takes signed ones only";
    SIGNATURE "signature-that-is-never-made" "m2-exchange" "Okta wants a signature that Access is not set to make";
    REQUEST_SHA1 "requests-signed-by-sha1" "wire-algorithms" "Okta signs its requests by SHA-1, and Access is assumed to want better";
    RESPONSE_SHA1 "responses-signed-by-sha1" "wire-algorithms" "Access signs by SHA-1 what Okta takes by SHA-256 alone";
    NO_SOURCE "identity-provider-without-source" "m2-idp-context" "Access has no application source for this identity provider";
    ISSUER "issuer-mismatch" "m2-exchange" "the identity provider's issuer is not Access";
    NO_MATCH "username-matches-nobody" "m1-flow" "the name that Access states fits no account at Okta";
    NOT_OFFERED "method-without-identity-provider" "m1-flow" "a rule names a method that no identity provider of Access offers";
    UEM_CREDENTIAL "uem-integration-broken" "uem-down" "Access cannot ask UEM: host, credential or the compliance check itself is wrong";
    LONG_SESSION "session-outlives-compliance" "session-age" "a session recognises methods for so long that a device which is no longer compliant keeps its access";
    NO_FACTOR_ENROLLED "factor-nobody-has" "m1-mfa" "a rule asks for a second factor of somebody who has none enrolled";
}

struct Suspects<'w> {
    world: &'w World,
    found: Vec<Suspect>,
}

impl Suspects<'_> {
    fn push(&mut self, trap: Trap, shows: Shows, at: String, cure: impl Into<String>, change: impl FnOnce(&mut World)) {
        let mut cured = self.world.clone();
        change(&mut cured);
        if cured != *self.world {
            self.found.push(Suspect { trap, at, cure: cure.into(), cured, shows });
        }
    }
}

/// Settings that look like traps.
pub fn suspects(world: &World) -> Vec<Suspect> {
    let mut all = Suspects { world, found: Vec::new() };
    toggles(&mut all);
    chains(&mut all);
    policies(&mut all);
    providers(&mut all);
    apps(&mut all);
    methods(&mut all);
    people(&mut all);
    all.found
}

fn trusting(idp: &IdentityProvider) -> bool {
    idp.request_context == RequestContext::DeviceTrust
}

fn toggles(all: &mut Suspects<'_>) {
    for (i, source) in all.world.access.application_sources.iter().enumerate() {
        let of = |idp: &&IdentityProvider| idp.name == source.okta_identity_provider;
        if !all.world.okta.identity_providers.iter().find(of).is_some_and(trusting) {
            continue;
        }
        let at = |setting: &str| format!("access.application_sources.{}.{setting}", source.name);
        all.push(NOTIFICATION_OFF, Shows::StuckAtAccess, at("failure_notification"), "set it to true", |w| {
            w.access.application_sources[i].failure_notification = true;
        });
        all.push(RESPONSE_OFF, Shows::HealthyKeptOut, at("device_sso_response"), "set it to true", |w| {
            w.access.application_sources[i].device_sso_response = true;
        });
        all.push(FORCE_OFF, Shows::HealthyKeptOut, at("force_authn"), "set it to true", |w| {
            w.access.application_sources[i].force_authn = true;
        });
    }
}

fn chains(all: &mut Suspects<'_>) {
    for (p, policy) in all.world.access.policies.iter().enumerate() {
        for (r, rule) in policy.rules.iter().enumerate() {
            let at = || format!("access.policies.{}.rules.{}.authenticate", policy.name, rule.name);
            let has = |m: AuthMethod| rule.authenticate.iter().any(|chain| chain.contains(&m));
            if has(AuthMethod::DeviceCompliance) {
                all.push(COMPLIANCE_FORCED, Shows::HealthyKeptOut, at(), "take device-compliance out", |w| {
                    for chain in &mut w.access.policies[p].rules[r].authenticate {
                        chain.retain(|m| *m != AuthMethod::DeviceCompliance);
                    }
                });
            }
            if has(AuthMethod::OktaAuthMethod) {
                all.push(LOOP, Shows::Loops, at(), "take the chains with okta-auth-method out", |w| {
                    let chains = &mut w.access.policies[p].rules[r].authenticate;
                    chains.retain(|chain| !chain.contains(&AuthMethod::OktaAuthMethod));
                });
            }
            let certified = |chain: &[AuthMethod]| chain.iter().any(|m| m.by_certificate());
            let falls = |chain: &Vec<AuthMethod>| !certified(chain) && chain.contains(&AuthMethod::Password);
            if rule.authenticate.iter().any(|c| certified(c)) && rule.authenticate.iter().any(falls) {
                all.push(PASSWORD_FALLBACK, Shows::UnmanagedIn, at(), "remove the chains without a certificate", |w| {
                    w.access.policies[p].rules[r].authenticate.retain(|chain| !falls(chain));
                });
            }
            let whole = || format!("access.policies.{}.rules.{}.reauthenticate_after_minutes", policy.name, rule.name);
            if has(AuthMethod::DeviceCompliance) && rule.reauthenticate_after_minutes > 0 {
                all.push(LONG_SESSION, Shows::SessionIn, whole(), "set it to 0", |w| {
                    w.access.policies[p].rules[r].reauthenticate_after_minutes = 0;
                });
            }
        }
    }
}

fn policies(all: &mut Suspects<'_>) {
    let broad =
        |types: &[DeviceType]| types.iter().any(|t| matches!(t, DeviceType::WebBrowser | DeviceType::AllDeviceTypes));
    for (p, policy) in all.world.access.policies.iter().enumerate() {
        let last = policy.rules.iter().rposition(|r| !broad(&r.device_types)).unwrap_or(0);
        for (r, rule) in policy.rules.iter().enumerate().filter(|(r, rule)| *r < last && broad(&rule.device_types)) {
            let at = format!("access.policies.{}.rules.{}", policy.name, rule.name);
            for shows in [Shows::HealthyKeptOut, Shows::UnmanagedIn] {
                all.push(BROWSER_FIRST, shows, at.clone(), "move it below the platforms' rules", |w| {
                    let rules = &mut w.access.policies[p].rules;
                    let rule = rules.remove(r);
                    rules.push(rule);
                });
            }
        }
    }
    for (i, source) in all.world.access.application_sources.iter().enumerate().filter(|(_, s)| s.policy != "default") {
        let at = format!("access.application_sources.{}.policy", source.name);
        all.push(POLICY_DROPS, Shows::HealthyKeptOut, at, "set it to \"default\"", |w| {
            w.access.application_sources[i].policy = "default".into();
        });
    }
    let offered = |m: AuthMethod| all.world.access.identity_providers.iter().any(|i| i.methods.contains(&m));
    let chains = all
        .world
        .access
        .policies
        .iter()
        .flat_map(|p| p.rules.iter().flat_map(move |r| r.authenticate.iter().flatten().map(move |m| (p, r, *m))));
    let missing: Vec<_> = chains.filter(|(_, r, m)| r.action == RuleAction::Authenticate && !offered(*m)).collect();
    for (policy, rule, method) in missing {
        let at = format!("access.policies.{}.rules.{}.authenticate", policy.name, rule.name);
        let cure = format!("add {} to the built-in identity provider", method.name());
        all.push(NOT_OFFERED, Shows::HealthyKeptOut, at, cure, |w| {
            if let Some(idp) = w.access.identity_providers.iter_mut().find(|i| i.third_party.is_none()) {
                idp.methods.push(method);
            }
        });
    }
}

fn providers(all: &mut Suspects<'_>) {
    let entity = format!("https://{}/SAAS/API/1.0/GET/metadata/idp.xml", all.world.access.host);
    for (i, idp) in all.world.okta.identity_providers.iter().enumerate() {
        let at = |setting: &str| format!("okta.identity_providers.{}.{setting}", idp.name);
        if trusting(idp) {
            desktops(all, idp);
        }
        all.push(UNSIGNED, Shows::HealthyKeptOut, at("sign_requests"), "set it to true", |w| {
            w.okta.identity_providers[i].sign_requests = true;
        });
        all.push(REQUEST_SHA1, Shows::HealthyKeptOut, at("request_algorithm"), "set it to \"sha256\"", |w| {
            w.okta.identity_providers[i].request_algorithm = SignatureAlgorithm::Sha256;
        });
        all.push(ISSUER, Shows::HealthyKeptOut, at("issuer"), format!("set it to \"{entity}\""), |w| {
            w.okta.identity_providers[i].issuer.clone_from(&entity);
        });
        all.push(NO_MATCH, Shows::HealthyKeptOut, at("match_against"), "set it to \"either\"", |w| {
            let idp = &mut w.okta.identity_providers[i];
            (idp.match_against, idp.match_attribute) = (MatchAgainst::Either, None);
        });
        let source = all.world.access.application_sources.iter().position(|s| s.okta_identity_provider == idp.name);
        match source {
            None => {
                let Some(like) = all.world.access.application_sources.first().cloned() else { continue };
                all.push(NO_SOURCE, Shows::HealthyKeptOut, at("name"), "add an application source for it", |w| {
                    let mut made = like;
                    (made.name, made.okta_identity_provider) = (format!("for-{}", idp.name), idp.name.clone());
                    w.access.application_sources.push(made);
                });
            }
            Some(source) => {
                let name = &all.world.access.application_sources[source].name;
                let signs = format!("access.application_sources.{name}.signature_algorithm");
                all.push(RESPONSE_SHA1, Shows::HealthyKeptOut, signs, "set it to \"sha256\"", |w| {
                    w.access.application_sources[source].signature_algorithm = SignatureAlgorithm::Sha256;
                });
                let cure = "have Access sign the assertion too";
                if idp.response_signature == ResponseSignature::Assertion {
                    all.push(SIGNATURE, Shows::HealthyKeptOut, at("response_signature"), cure, |w| {
                        w.access.application_sources[source].sign_assertion = true;
                    });
                }
            }
        }
    }
}

/// Desktops go through an identity provider of their own, without the context.
fn desktops(all: &mut Suspects<'_>, idp: &IdentityProvider) {
    let desktop = |p: &Platform| matches!(p, Platform::Windows | Platform::Macos);
    for (r, rule) in all.world.okta.routing_rules.iter().enumerate() {
        let hits =
            rule.identity_provider == idp.name && (rule.platforms.is_empty() || rule.platforms.iter().any(desktop));
        if !hits {
            continue;
        }
        let at = format!("okta.routing_rules.{}.identity_provider", rule.name);
        let cure = "send desktops to a second identity provider with the context None";
        let source =
            all.world.access.application_sources.iter().find(|s| s.okta_identity_provider == idp.name).cloned();
        all.push(DESKTOP_CONTEXT, Shows::DesktopKeptOut, at, cure, |w| {
            let name = format!("{}-desktops", idp.name);
            let mut second = idp.clone();
            (second.name, second.request_context) = (name.clone(), RequestContext::None);
            second.id = format!("{}9", &idp.id[..idp.id.len().saturating_sub(1)]);
            w.okta.identity_providers.push(second);
            if let Some(mut source) = source {
                source.name = format!("{}-desktops", source.name);
                source.okta_identity_provider.clone_from(&name);
                w.access.application_sources.push(source);
            }
            let mut own = w.okta.routing_rules[r].clone();
            own.name = format!("{}-desktops", own.name);
            own.platforms = vec![Platform::Windows, Platform::Macos];
            own.identity_provider = name;
            w.okta.routing_rules.insert(r, own);
        });
    }
}

fn apps(all: &mut Suspects<'_>) {
    use AccessAction::Deny;
    const MOBILE: [Platform; 2] = [Platform::Ios, Platform::Android];
    let asks = |app: &App| app.rules.iter().any(|r| r.enabled && r.device_trust != TrustCondition::Any);
    for (a, app) in all.world.okta.apps.iter().enumerate().filter(|(_, app)| asks(app)) {
        let at = format!("okta.apps.{}.rules", app.name);
        let denies = app.rules.iter().any(|r| r.enabled && r.device_trust == TrustCondition::NotTrusted);
        let mut last = |trap, shows, cure: &str, platforms: &[Platform], trust| {
            let rule = sign_on_rule("deny-what-is-left", platforms, trust, Deny);
            all.push(trap, shows, at.clone(), cure, |w| w.okta.apps[a].rules.push(rule));
        };
        let trap = if denies { DEFAULT_ALLOWS } else { NO_DENY };
        let cure = "add a last rule that denies iOS and Android devices that are not trusted";
        last(trap, Shows::UnmanagedIn, cure, &MOBILE, TrustCondition::NotTrusted);
        let desktops = [Platform::Windows, Platform::Macos, Platform::OtherDesktop, Platform::OtherMobile];
        let cure = "add a last rule that denies every other platform, or rules of their own for desktops";
        last(DEFAULT_ALLOWS, Shows::UnmanagedIn, cure, &desktops, TrustCondition::Any);
        last(IPAD, Shows::DisguisedIn, cure, &desktops, TrustCondition::Any);
        for platform in MOBILE {
            let named = |r: &&federation::tenant::okta::SignOnRule| {
                r.device_trust != TrustCondition::Any && r.platforms.contains(&platform)
            };
            let trust = &all.world.okta.device_trust;
            let off = !trust.of(platform).is_some_and(|i| i.enabled);
            let Some(rule) = app.rules.iter().find(named).filter(|_| off) else { continue };
            let at = format!("okta.apps.{}.rules.{}.device_trust", app.name, rule.name);
            let word = if platform == Platform::Ios { "iOS" } else { "Android" };
            let name = "deny-without-integration";
            let denying = sign_on_rule(name, &[platform], TrustCondition::Any, Deny);
            let cure = format!("set up Device Trust for {word}, or deny it");
            all.push(NO_INTEGRATION, Shows::UnmanagedIn, at, cure, |w| w.okta.apps[a].rules.push(denying));
        }
    }
    if all.world.okta.apps.iter().any(asks) {
        posture_only(all);
    }
}

fn posture_only(all: &mut Suspects<'_>) {
    for policy in &all.world.uem.compliance_policies {
        let removes =
            |a: &ComplianceAction| matches!(a.what, ActionKind::RemoveProfile(_) | ActionKind::EnterpriseWipe);
        if policy.actions.iter().any(removes) {
            continue;
        }
        let at = format!("uem.compliance_policies.{}.actions", policy.name);
        let cure = "add actions that remove the Mobile SSO profiles";
        all.push(POSTURE_ONLY, Shows::NonCompliantIn, at, cure, |w| {
            let names: Vec<String> = w.uem.profiles.iter().map(|p| p.name.clone()).collect();
            let Some(policy) = w.uem.compliance_policies.iter_mut().find(|p| p.name == policy.name) else { return };
            policy.actions.extend(names.into_iter().map(|profile| ComplianceAction {
                name: format!("remove-{profile}"),
                after_minutes: 0,
                mark_not_compliant: true,
                what: ActionKind::RemoveProfile(profile),
            }));
        });
    }
}

fn methods(all: &mut Suspects<'_>) {
    let at = |m: AuthMethod| format!("{}.check_revocation", m.path());
    let cure = "set it to true";
    all.push(NO_REVOCATION, Shows::RevokedIn, at(AuthMethod::MobileSsoIos), cure, |w| {
        w.access.methods.mobile_sso_ios.check_revocation = true;
    });
    all.push(NO_REVOCATION, Shows::RevokedIn, at(AuthMethod::MobileSsoAndroid), cure, |w| {
        w.access.methods.mobile_sso_android.check_revocation = true;
    });
    all.push(NO_REVOCATION, Shows::RevokedIn, at(AuthMethod::Certificate), cure, |w| {
        w.access.methods.certificate.check_revocation = true;
    });
    let (api, host) = (all.world.uem.api.clone(), all.world.uem.host.clone());
    let cure = "set host, API key and administrator to UEM's, and the check on";
    all.push(UEM_CREDENTIAL, Shows::HealthyKeptOut, "access.uem".into(), cure, |w| {
        if let Some(uem) = &mut w.access.uem {
            (uem.host, uem.api_key, uem.admin, uem.password) = (host, api.key, api.admin, api.password);
            uem.device_compliance_check = true;
        }
    });
}

fn people(all: &mut Suspects<'_>) {
    for (u, user) in all.world.okta.users.iter().enumerate().filter(|(_, u)| u.factors.is_empty()) {
        let at = format!("okta.users.{}.factors", user.name);
        all.push(NO_FACTOR_ENROLLED, Shows::NoFactor, at, "enrol one", |w| w.okta.users[u].factors.push(Factor::Totp));
    }
}

/// Ends of a whole space, the situations nearest to a healthy one first.
pub struct Ends {
    ends: Vec<End>,
    order: Vec<u32>,
}

impl Ends {
    pub fn of(space: &Space) -> Ends {
        let parts = space.each(Vec::new, |seen: &mut Vec<End>, _, _, end| seen.push(*end));
        let ends: Vec<End> = parts.into_iter().flat_map(|(seen, _)| seen).collect();
        let distances: Vec<u32> = (0..ends.len()).map(|at| space.distance(&space.at(at))).collect();
        let mut order: Vec<u32> = (0..u32::try_from(ends.len()).unwrap_or(u32::MAX)).collect();
        order.sort_by_key(|at| (distances[*at as usize], *at));
        Ends { ends, order }
    }
    pub fn at(&self, number: usize) -> &End {
        &self.ends[number]
    }
    /// Situations by distance, with their ends.
    pub fn nearest_first<'a>(&'a self, space: &'a Space) -> impl Iterator<Item = (Situation, &'a End)> + 'a {
        self.order.iter().map(move |at| (space.at(*at as usize), &self.ends[*at as usize]))
    }
}

fn is_bad(space: &Space, s: &Situation, end: &End, shows: Shows) -> bool {
    let node = &space.nodes[s.node];
    let kit = &space.kits[usize::from(node.kit)];
    let desktop = matches!(platform_of(kit.kind), Platform::Windows | Platform::Macos);
    let condition = space.condition(node);
    let own =
        condition.device.enrolled_as.is_some() && condition.device.enrolled_as == space.whos[usize::from(node.who)].uem;
    let plain = kit.client == Client::Browser && s.password == 0 && s.mfa == 0 && s.uem == 0;
    let fresh = space.pasts[usize::from(node.past)].app.is_none();
    // A certificate stands in for a password: who must type one all the same is kept out as well.
    let types = PASSWORDS[s.password] != PasswordEntry::Wrong;
    let answers = kit.client == Client::Browser && types && s.mfa == 0 && s.uem == 0;
    let healthy = own && condition.steps.is_empty() && fresh && answers && s.start == 0;
    let kept_out = healthy && !end.granted() && end.outcome != Outcome::NotAssigned;
    let managed = space.is_managed(s);
    match shows {
        Shows::HealthyKeptOut => kept_out,
        Shows::DesktopKeptOut => kept_out && desktop,
        Shows::UnmanagedIn => !managed && fresh && plain && end.granted(),
        Shows::NonCompliantIn => {
            managed && !desktop && fresh && plain && end.granted() && space.compliance(s) == "non-compliant"
        }
        Shows::RevokedIn => condition.label.ends_with("is revoked") && fresh && plain && end.granted(),
        Shows::DisguisedIn => {
            let mobile = matches!(kit.kind, DeviceKind::Iphone | DeviceKind::Ipad | DeviceKind::AndroidPhone);
            let said = matches!(kit.agent.platform, Platform::Ios | Platform::Android);
            !managed && fresh && s.password == 0 && s.mfa == 0 && end.granted() && mobile && !said
        }
        // Okta's own session asks nobody.
        Shows::SessionIn => {
            !fresh && node.browser.okta.is_none() && plain && end.granted() && space.compliance(s) == "non-compliant"
        }
        Shows::Loops => end.outcome == Outcome::Loop,
        Shows::StuckAtAccess => end.by == By::Access && end.outcome == Outcome::AccessDenied && fresh && plain,
        Shows::NoFactor => end.outcome == Outcome::MfaFailed && s.mfa == 0,
    }
}

fn is_better(before: &End, after: &End, shows: Shows) -> bool {
    match shows {
        Shows::HealthyKeptOut | Shows::DesktopKeptOut | Shows::NoFactor => after.granted(),
        Shows::Loops => after.outcome != Outcome::Loop,
        Shows::StuckAtAccess => (after.outcome, after.by) != (before.outcome, before.by),
        _ => !after.granted(),
    }
}

/// How many situations that look bad are tried in the changed world before a suspicion is dropped.
const TRIES: usize = 60;

/// The situation that shows a suspect, where there is one.
pub fn shown(space: &Space, ends: &Ends, suspect: &Suspect) -> Option<Found> {
    let bad = ends.nearest_first(space).filter(|(s, end)| is_bad(space, s, end, suspect.shows));
    for (situation, before) in bad.take(TRIES) {
        let Some(after) = elsewhere(space, &situation, &suspect.cured) else { continue };
        if is_better(before, &after, suspect.shows) {
            let (at, cure) = (suspect.at.clone(), suspect.cure.clone());
            return Some(Found { trap: suspect.trap, at, cure, situation, before: *before, after });
        }
    }
    None
}

/// Every trap that a situation shows, each setting once.
pub fn lint(space: &Space, ends: &Ends, world: &World) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for suspect in suspects(world) {
        if found.iter().any(|f| f.trap == suspect.trap && f.at == suspect.at) {
            continue;
        }
        found.extend(shown(space, ends, &suspect));
    }
    found
}
