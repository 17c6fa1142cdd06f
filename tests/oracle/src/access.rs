//! Access: which rule, which chain, which method, and what it tells Okta in the end.

use crate::device::Certificate;
use crate::okta::Answer;
use crate::{Oracle, Stop, Visit, stop};
use federation::tenant::SignatureAlgorithm;
use federation::tenant::access::{
    ApplicationSource, AuthMethod, DeviceSsoResponseOff, DeviceType, FallbackPerson, ForceAuthnToggleOff,
    GroupRuleBeforeIdentity, IdentityProvider, NameIdPolicy, PolicyRule, PostureUnrequested, RuleAction, Unsupported,
    User,
};
use federation::tenant::okta::{IdentityProvider as OktaProvider, NameIdFormat};
use federation::{Client, Outcome, Platform, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A person at Access: directory and user by name.
pub(crate) type Account = (String, String);

#[derive(Debug, Clone)]
pub(crate) struct AccessSession {
    pub(crate) account: Account,
    /// When each method was last satisfied.
    methods: BTreeMap<AuthMethod, Time>,
    device: Option<Certificate>,
}

/// How long a request is good, in seconds; unknown: ours.
pub(crate) const REQUEST_LIFE: i64 = 3600;

/// What a sign-in at Access has come to so far.
#[derive(Debug, Default)]
struct Tried {
    forced: bool,
    session: Option<AccessSession>,
    person: Option<Account>,
    passed: BTreeSet<AuthMethod>,
    failed: BTreeSet<AuthMethod>,
    /// The certificate that the device has just shown, and the one that authenticated.
    shown: Option<Certificate>,
    device: Option<Certificate>,
}

/// How a chain went.
enum Chain {
    Passed(Account),
    Failed,
    /// `unsupported-under-force-authn = "fail-request"`
    FailedForGood,
}

impl Oracle {
    /// Okta sends the person to Access on behalf of one of its identity-provider objects.
    pub(crate) fn at_access(&mut self, v: &mut Visit, provider: &str, device_trust: bool) -> Result<Answer, Stop> {
        self.visit_needs(v, "access")?;
        self.request_at_access()?;
        // clock-skew: Access takes a request that is two minutes early, or as much older than an hour
        if !self.in_time("okta", "access", Some(REQUEST_LIFE), 120) {
            return stop(Outcome::AccessDenied, "access");
        }
        // m2-idp-context: each identity-provider object has its own application source
        let Some(source) =
            self.world.access.application_sources.iter().find(|s| s.okta_identity_provider == provider).cloned()
        else {
            return stop(Outcome::AccessDenied, "access");
        };
        // m2-exchange: Access's metadata says WantAuthnRequestsSigned="true"
        if self.world.okta.identity_providers.iter().any(|i| i.name == provider && !i.sign_requests) {
            return stop(Outcome::AccessDenied, "access");
        }
        let assumes = self.world.access.assumptions.clone();
        // wire-algorithms: what Okta signs by SHA-1 counts at Access only where it is assumed to
        let by_sha1 = |i: &OktaProvider| i.request_algorithm == SignatureAlgorithm::Sha1;
        if self.world.okta.identity_providers.iter().any(|i| i.name == provider && by_sha1(i)) {
            v.because("assumes/request-algorithm");
            if assumes.request_algorithm != SignatureAlgorithm::Sha1 {
                return stop(Outcome::AccessDenied, "access");
            }
        }
        // m2-app-source: Enable Force AuthN Request
        let forced = device_trust && source.force_authn;
        if device_trust && !forced {
            if assumes.force_authn_toggle_off == ForceAuthnToggleOff::Refused {
                return refuse(v, &source);
            }
            v.because("force-authn/ignored");
        }
        let Some((account, methods)) = self.authenticated(v, &source, forced)? else { return refuse(v, &source) };
        // posture-is-not-compliance: managed is what a device credential proves, and nothing more
        let managed = methods.iter().any(|m| m.by_certificate());
        let posture = match (source.device_sso_response, forced) {
            (true, true) => Some(managed),
            // posture-unrequested
            (true, false) if assumes.posture_unrequested == PostureUnrequested::PostureWheneverOn => Some(managed),
            // device-sso-response-off
            (false, true) => {
                v.because("posture/toggle-off");
                if assumes.device_sso_response_off == DeviceSsoResponseOff::FailureResponse {
                    // Where failures stay at Access, this one does, too.
                    return refuse(v, &source);
                }
                None
            }
            _ => None,
        };
        let Some(user) = self.account(&account) else { return refuse(v, &source) };
        // name-id-policy
        let by_address = self
            .world
            .okta
            .identity_providers
            .iter()
            .any(|i| i.name == provider && i.name_id_format == NameIdFormat::EmailAddress)
            && assumes.name_id_policy == NameIdPolicy::AsRequested;
        Ok(Answer::Success {
            username: if by_address { user.email.clone() } else { user.username.clone() },
            attributes: stated(&source, user),
            posture,
            response_signed: source.sign_response,
            assertion_signed: source.sign_assertion,
        })
    }

    /// The person and the methods that she passed, in this sign-in or before it; nothing where Access keeps her out.
    fn authenticated(
        &mut self,
        v: &mut Visit,
        source: &ApplicationSource,
        forced: bool,
    ) -> Result<Option<(Account, Vec<AuthMethod>)>, Stop> {
        // session-age: ForceAuthn defeats Access's session
        let session = if forced { None } else { self.access_sessions.get(&v.jar).cloned() };
        let session = session.filter(|s| self.account(&s.account).is_some());
        let known = session.as_ref().map(|s| s.account.clone());
        let Some(rule) = self.access_rule(v, source, known.as_ref()) else { return Ok(None) };
        match rule.action {
            RuleAction::Deny => {
                v.because("policy/denied-by-rule");
                return Ok(None);
            }
            RuleAction::Allow => return Ok(known.map(|account| (account, Vec::new()))),
            RuleAction::Authenticate => {}
        }
        let mut tried = Tried { forced, session, ..Tried::default() };
        for chain in &rule.authenticate {
            match self.chain(v, &rule, chain, &mut tried)? {
                Chain::Failed => {}
                Chain::FailedForGood => return Ok(None),
                Chain::Passed(account) => {
                    let methods = tried.passed.iter().chain(chain).copied().collect();
                    if !tried.passed.is_empty() {
                        self.remember(v, &tried, account.clone());
                    }
                    return Ok(Some((account, methods)));
                }
            }
        }
        Ok(None)
    }

    /// What was passed anew makes a session; what her live session holds stays in it.
    fn remember(&mut self, v: &Visit, tried: &Tried, account: Account) {
        let before = tried.session.as_ref().filter(|s| s.account == account);
        let mut methods = before.map(|s| s.methods.clone()).unwrap_or_default();
        let now = self.at("access");
        methods.extend(tried.passed.iter().map(|method| (*method, now)));
        let device = tried.device.clone().or_else(|| before.and_then(|s| s.device.clone()));
        self.access_sessions.insert(v.jar.clone(), AccessSession { account, methods, device });
    }

    /// The first rule that fits place, device and group.
    fn access_rule(&self, v: &Visit, source: &ApplicationSource, known: Option<&Account>) -> Option<PolicyRule> {
        let policy = self.world.access.policies.iter().find(|p| p.name == source.policy)?;
        let types = device_types(v.platform, v.step.client);
        for rule in &policy.rules {
            if !self.in_range(&rule.network_range, v) || !rule.device_types.iter().any(|t| types.contains(t)) {
                continue;
            }
            if rule.groups.is_empty() {
                return Some(rule.clone());
            }
            match known.and_then(|a| self.account(a)) {
                Some(user) if user.groups.iter().any(|g| rule.groups.contains(g)) => return Some(rule.clone()),
                Some(_) => {}
                // group-rule-before-identity
                None if self.world.access.assumptions.group_rule_before_identity
                    == GroupRuleBeforeIdentity::Skipped => {}
                None => return None,
            }
        }
        None
    }

    fn in_range(&self, name: &str, v: &Visit) -> bool {
        let ranges = &self.world.access.network_ranges;
        name == "ALL RANGES" || ranges.iter().any(|r| r.name == name && r.ranges.iter().any(|net| net.contains(&v.ip)))
    }

    pub(crate) fn account(&self, account: &Account) -> Option<&User> {
        let directory = self.world.access.directories.iter().find(|d| d.name == account.0)?;
        directory.users.iter().find(|u| u.name == account.1 && u.enabled)
    }

    /// Enabled people of some directories who fit.
    pub(crate) fn accounts(&self, directories: Option<&[String]>, fits: impl Fn(&User) -> bool) -> Vec<Account> {
        let served = |name: &String| directories.is_none_or(|d| d.contains(name));
        let all = self.world.access.directories.iter().filter(|d| served(&d.name));
        all.flat_map(|d| d.users.iter().filter(|u| u.enabled && fits(u)).map(|u| (d.name.clone(), u.name.clone())))
            .collect()
    }

    /// Whether a chain can be completed at all; one that cannot is passed over before anything of it is asked.
    fn is_open(&self, v: &mut Visit, chain: &[AuthMethod], tried: &Tried) -> bool {
        let mut certificate_before = false;
        for method in chain {
            // Documented: one attempt, or five with a password, then the next.
            if tried.failed.contains(method) {
                return false;
            }
            if self.provider_of(*method, v).is_none() {
                v.because("method/no-identity-provider");
                return false;
            }
            let applicable = match method {
                AuthMethod::MobileSsoIos => v.platform == Platform::Ios,
                AuthMethod::MobileSsoAndroid => v.platform == Platform::Android,
                // Documented: never alone, always after a certificate method.
                AuthMethod::DeviceCompliance => certificate_before,
                AuthMethod::Password | AuthMethod::Certificate | AuthMethod::OktaAuthMethod | AuthMethod::Mfa => true,
            };
            if !applicable {
                return false;
            }
            certificate_before |= method.by_certificate();
        }
        !chain.is_empty()
    }

    /// Documented: the first identity provider that offers the method in this network range is selected.
    fn provider_of(&self, method: AuthMethod, v: &Visit) -> Option<&IdentityProvider> {
        let here = |i: &&IdentityProvider| i.network_ranges.iter().any(|r| self.in_range(r, v));
        self.world.access.identity_providers.iter().filter(|i| i.methods.contains(&method)).find(here)
    }

    /// Every method of the chain, one after the other.
    fn chain(
        &mut self,
        v: &mut Visit,
        rule: &PolicyRule,
        chain: &[AuthMethod],
        tried: &mut Tried,
    ) -> Result<Chain, Stop> {
        // forceauthn-excludes-device-compliance, forceauthn-excludes-third-party-idp: not applicable, so neither is its chain
        let excluded = |m: &AuthMethod| matches!(m, AuthMethod::DeviceCompliance | AuthMethod::OktaAuthMethod);
        if tried.forced && chain.iter().any(excluded) {
            v.because("force-authn/method-not-supported");
            let how = self.world.access.assumptions.unsupported_under_force_authn;
            return Ok(if how == Unsupported::FailRequest { Chain::FailedForGood } else { Chain::Failed });
        }
        if !self.is_open(v, chain, tried) {
            return Ok(Chain::Failed);
        }
        for method in chain {
            // Documented: what has been passed is not asked again in a fallback.
            if tried.passed.contains(method) {
                continue;
            }
            // session-age: a method satisfied in the session is not asked again
            if let Some(account) = self.satisfied(rule, *method, tried) {
                v.because("method/satisfied-in-session");
                tried.person.get_or_insert(account);
                continue;
            }
            if *method == AuthMethod::Mfa && tried.person.is_none() && self.live(rule, tried).is_none() {
                return Ok(Chain::Failed);
            }
            let bound = chain.iter().any(|m| tried.passed.contains(m) || self.satisfied(rule, *m, tried).is_some());
            if bound || *method == AuthMethod::Mfa {
                let live = self.live(rule, tried).map(|s| s.account.clone());
                tried.person = tried.person.take().or(live);
            }
            let found = self.ask(v, *method, rule, tried)?;
            let Some(found) = found.filter(|found| self.may_answer(v, tried, bound, found)) else {
                // She does not try again; where one try is all there is, Access goes on.
                if *method == AuthMethod::Password && self.world.access.methods.password.attempts > 1 {
                    return stop(Outcome::SignInFailed, "access");
                }
                tried.failed.insert(*method);
                return Ok(Chain::Failed);
            };
            if tried.person.as_ref().is_some_and(|known| *known != found) {
                tried.passed.clear();
                tried.device = None;
            }
            tried.person = Some(found);
            if method.by_certificate() {
                tried.device = tried.shown.take();
            }
            tried.passed.insert(*method);
        }
        let person = tried.person.clone().or_else(|| self.live(rule, tried).map(|s| s.account.clone()));
        Ok(person.map_or(Chain::Failed, Chain::Passed))
    }

    /// The live session, where it proves anything to this rule and is nobody else's.
    fn live<'t>(&self, rule: &PolicyRule, tried: &'t Tried) -> Option<&'t AccessSession> {
        let session = tried.session.as_ref()?;
        let fresh = Duration::from_secs(u64::from(rule.reauthenticate_after_minutes) * 60);
        let young = session.methods.values().any(|at| self.at("access").since(*at) < fresh);
        let hers = tried.person.as_ref().is_none_or(|p| *p == session.account);
        (young && hers).then_some(session)
    }

    /// Whose session satisfies the method.
    fn satisfied(&self, rule: &PolicyRule, method: AuthMethod, tried: &Tried) -> Option<Account> {
        let session = self.live(rule, tried)?;
        let fresh = Duration::from_secs(u64::from(rule.reauthenticate_after_minutes) * 60);
        let at = *session.methods.get(&method)?;
        (self.at("access").since(at) < fresh).then(|| session.account.clone())
    }

    // fallback-person: whom a chain identified stays the sign-in's person, unless the assumption says otherwise
    fn may_answer(&self, v: &mut Visit, tried: &Tried, bound: bool, found: &Account) -> bool {
        if tried.person.as_ref().is_none_or(|known| known == found) {
            return true;
        }
        if bound {
            return false;
        }
        v.because("assumes/fallback-person");
        self.world.access.assumptions.fallback_person == FallbackPerson::Anybody
    }

    /// Whom the method finds.
    fn ask(
        &mut self,
        v: &mut Visit,
        method: AuthMethod,
        rule: &PolicyRule,
        tried: &mut Tried,
    ) -> Result<Option<Account>, Stop> {
        let Some(provider) = self.provider_of(method, v).cloned() else { return Ok(None) };
        Ok(match method {
            AuthMethod::Password => self.password_at_access(v, &provider.directories)?,
            AuthMethod::Mfa => self.factor_at_access(v, tried.person.clone()),
            AuthMethod::OktaAuthMethod => match &provider.third_party {
                // forceauthn-excludes-third-party-idp: without ForceAuthn the person goes back to Okta
                Some(third) => self.by_okta(v, &third.okta_app.clone(), &provider.directories)?,
                None => None,
            },
            AuthMethod::DeviceCompliance => {
                let session = self.live(rule, tried).cloned();
                let who = tried.person.clone().or_else(|| session.as_ref().map(|s| s.account.clone()));
                let device = tried.device.clone().or_else(|| session.and_then(|s| s.device));
                who.filter(|who| self.is_compliant(v, who, device.as_ref()))
            }
            AuthMethod::MobileSsoIos | AuthMethod::MobileSsoAndroid | AuthMethod::Certificate => {
                let counts = self.certificate_counts()?;
                tried.shown = if counts { self.shown_certificate(v, method) } else { None };
                tried.shown.clone().and_then(|c| self.person_of(v, method, &c, &provider.directories))
            }
        })
    }
}

/// Access keeps the person out: tells Okta, or shows its own page.
// m2-app-source: Enable Authentication Failure Notification
fn refuse(v: &mut Visit, source: &ApplicationSource) -> Result<Answer, Stop> {
    if source.failure_notification {
        // A failure notification is a signed status whatever is signed on success.
        return Ok(Answer::Failure { signed: true });
    }
    // m1-explains
    stop(if v.access_factor_failed { Outcome::MfaFailed } else { Outcome::AccessDenied }, "access")
}

/// Attributes that an application source maps; one without a value is not stated.
fn stated(source: &ApplicationSource, user: &User) -> Vec<(String, Vec<String>)> {
    let mut stated = Vec::new();
    for (name, expression) in &source.attributes {
        let values = match expression.as_str() {
            "${user.userName}" => vec![user.username.clone()],
            "${user.email}" => vec![user.email.clone()],
            "${user.userPrincipalName}" => vec![user.upn.as_ref().unwrap_or(&user.email).clone()],
            "${groupNames}" => user.groups.clone(),
            _ => vec![],
        };
        if values.iter().any(|value| !value.is_empty()) {
            stated.push((name.clone(), values));
        }
    }
    stated
}

/// One request matches several device types.
fn device_types(platform: Platform, client: Client) -> Vec<DeviceType> {
    let mut types = vec![DeviceType::AllDeviceTypes];
    types.push(if client == Client::Hub { DeviceType::HubApp } else { DeviceType::WebBrowser });
    match platform {
        Platform::Ios => types.push(DeviceType::Ios),
        Platform::Android => types.push(DeviceType::Android),
        Platform::Windows => types.push(DeviceType::Windows10),
        Platform::Macos => types.push(DeviceType::Macos),
        Platform::OtherMobile | Platform::OtherDesktop => {}
    }
    types
}
