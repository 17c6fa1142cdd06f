//! Access: which rule, which chain, which method, and what it tells Okta in the end.

use crate::device::Certificate;
use crate::okta::Answer;
use crate::{Oracle, Stop, Visit, stop};
use federation::tenant::access::{
    ApplicationSource, AuthMethod, CertificateIdentifier, DeviceSsoResponseOff, DeviceType, ForceAuthnToggleOff,
    GroupRuleBeforeIdentity, PolicyRule, PostureUnrequested, RuleAction, UdidLocation, Unsupported, User,
};
use federation::tenant::uem::{Payload, Template};
use federation::{Client, Outcome, Platform, Time};
use scenarios::{BreakHow, MfaAnswer, PasswordEntry, PlantKind};
use std::collections::BTreeMap;
use std::time::Duration;

/// A person at Access: directory and user by name.
pub(crate) type Account = (String, String);

#[derive(Debug, Clone)]
pub(crate) struct AccessSession {
    account: Account,
    /// When each method was last satisfied.
    methods: BTreeMap<AuthMethod, Time>,
}

/// How a chain went.
enum Chain {
    Passed(Account, BTreeMap<AuthMethod, Time>),
    Failed,
    /// `unsupported-under-force-authn = "fail-request"`
    FailedForGood,
}

impl Oracle {
    /// Okta sends the person to Access on behalf of one of its identity-provider objects.
    pub(crate) fn at_access(
        &mut self,
        v: &mut Visit,
        provider: &str,
        device_trust: bool,
        hint: Option<Account>,
    ) -> Result<Answer, Stop> {
        self.needs("access")?;
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
        // m2-app-source: Enable Force AuthN Request
        let forced = device_trust && source.force_authn;
        if device_trust && !forced {
            v.because("force-authn/ignored");
            if assumes.force_authn_toggle_off == ForceAuthnToggleOff::Refused {
                return refuse(v, &source);
            }
        }
        let Some((account, methods)) = self.authenticated(v, &source, forced, hint)? else { return refuse(v, &source) };
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
                    // A failure notification is a signed status whatever is signed on success.
                    return Ok(Answer::Failure { signed: true });
                }
                None
            }
            _ => None,
        };
        let username = self.account(&account).map(|u| u.username.clone()).unwrap_or_default();
        Ok(Answer::Success {
            username,
            posture,
            response_signed: source.sign_response,
            assertion_signed: source.sign_assertion,
        })
    }

    /// The person and the methods of the chain that let her in; nothing where Access keeps her out.
    fn authenticated(
        &mut self,
        v: &mut Visit,
        source: &ApplicationSource,
        forced: bool,
        hint: Option<Account>,
    ) -> Result<Option<(Account, Vec<AuthMethod>)>, Stop> {
        // session-age: ForceAuthn defeats Access's session
        let session = if forced { None } else { self.access_sessions.get(&v.jar).cloned() };
        let known = session.as_ref().map(|s| s.account.clone()).or(hint);
        let Some(rule) = self.access_rule(v, source, known.as_ref()) else { return Ok(None) };
        match rule.action {
            RuleAction::Deny => {
                v.because("policy/denied-by-rule");
                return Ok(None);
            }
            RuleAction::Allow => return Ok(known.map(|account| (account, Vec::new()))),
            RuleAction::Authenticate => {}
        }
        for chain in &rule.authenticate {
            match self.chain(v, &rule, chain, forced, session.as_ref())? {
                Chain::Failed => {}
                Chain::FailedForGood => return Ok(None),
                Chain::Passed(account, methods) => {
                    let before = self.access_sessions.remove(&v.jar).filter(|s| s.account == account);
                    let mut all = before.map(|s| s.methods).unwrap_or_default();
                    all.extend(methods);
                    self.access_sessions
                        .insert(v.jar.clone(), AccessSession { account: account.clone(), methods: all });
                    return Ok(Some((account, chain.clone())));
                }
            }
        }
        Ok(None)
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

    fn account(&self, account: &Account) -> Option<&User> {
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

    /// Every method of the chain, one after the other.
    fn chain(
        &mut self,
        v: &mut Visit,
        rule: &PolicyRule,
        chain: &[AuthMethod],
        forced: bool,
        session: Option<&AccessSession>,
    ) -> Result<Chain, Stop> {
        let mut person: Option<Account> = None;
        let mut satisfied = BTreeMap::new();
        let mut device: Option<Certificate> = None;
        let fresh = Duration::from_secs(u64::from(rule.reauthenticate_after_minutes) * 60);
        for method in chain {
            // session-age: a method satisfied in the session is not asked again
            if let Some((s, at)) = session.and_then(|s| Some((s, *s.methods.get(method)?)))
                && self.now.since(at) < fresh
                && person.as_ref().is_none_or(|p| *p == s.account)
            {
                v.because("method/satisfied-in-session");
                person = Some(s.account.clone());
                satisfied.insert(*method, at);
                continue;
            }
            // forceauthn-excludes-device-compliance, forceauthn-excludes-third-party-idp
            if forced && matches!(method, AuthMethod::DeviceCompliance | AuthMethod::OktaAuthMethod) {
                v.because("force-authn/method-not-supported");
                let how = self.world.access.assumptions.unsupported_under_force_authn;
                return Ok(if how == Unsupported::FailRequest { Chain::FailedForGood } else { Chain::Failed });
            }
            let provider = self
                .world
                .access
                .identity_providers
                .iter()
                .find(|i| i.methods.contains(method) && i.network_ranges.iter().any(|r| self.in_range(r, v)));
            let Some(provider) = provider.cloned() else {
                v.because("method/no-identity-provider");
                return Ok(Chain::Failed);
            };
            let found = match method {
                AuthMethod::Password => self.password_at_access(v, &provider.directories)?,
                AuthMethod::Mfa => {
                    self.factor_at_access(v, person.clone().or_else(|| session.map(|s| s.account.clone())))
                }
                AuthMethod::OktaAuthMethod => match &provider.third_party {
                    // forceauthn-excludes-third-party-idp: without ForceAuthn the person goes back to Okta
                    Some(third) => self.by_okta(v, &third.okta_app.clone(), &provider.directories)?,
                    None => None,
                },
                AuthMethod::DeviceCompliance => {
                    let who = person.clone().or_else(|| session.map(|s| s.account.clone()));
                    who.filter(|who| self.is_compliant(v, who, device.as_ref()))
                }
                AuthMethod::MobileSsoIos | AuthMethod::MobileSsoAndroid | AuthMethod::Certificate => {
                    device = self.shown_certificate(v, *method);
                    device.clone().and_then(|c| self.person_of(v, *method, &c, &provider.directories))
                }
            };
            match found {
                Some(account) if person.as_ref().is_none_or(|p| *p == account) => person = Some(account),
                _ => return Ok(Chain::Failed),
            }
            satisfied.insert(*method, self.now);
        }
        Ok(person.map_or(Chain::Failed, |account| Chain::Passed(account, satisfied)))
    }

    /// The device's certificate for a method, where it passes what the method checks.
    // certificate-truth
    fn shown_certificate(&self, v: &mut Visit, method: AuthMethod) -> Option<Certificate> {
        let (payload, settings) = match method {
            AuthMethod::MobileSsoIos => (Payload::MobileSsoIos, &self.world.access.methods.mobile_sso_ios),
            AuthMethod::MobileSsoAndroid => (Payload::MobileSsoAndroid, &self.world.access.methods.mobile_sso_android),
            _ => (Payload::Certificate, &self.world.access.methods.certificate),
        };
        let held = self.phones.get(&v.step.on)?.certificates.values().find(|c| c.payload == payload);
        let Some(certificate) = held else {
            v.because("certificate/missing");
            return None;
        };
        // certificate-truth: of our CA, in its time, for clients
        match certificate.planted {
            Some(PlantKind::ForeignCa | PlantKind::SelfMade) => {
                v.because("certificate/bad-signature");
                return None;
            }
            Some(PlantKind::NoClientAuth) => {
                v.because("certificate/key-usage");
                return None;
            }
            _ => {}
        }
        if self.now < certificate.from {
            v.because("certificate/not-yet-valid");
            return None;
        }
        if self.now > certificate.until {
            v.because("certificate/expired");
            return None;
        }
        if settings.check_revocation && self.is_broken("uem") {
            return None;
        }
        if settings.check_revocation && self.revocation_is_public(certificate) {
            v.because("certificate/revoked");
            return None;
        }
        Some(certificate.clone())
    }

    /// Whom the certificate names: the first identifier that is present counts.
    // certificate-truth: another person's certificate authenticates that person
    fn person_of(
        &self,
        v: &mut Visit,
        method: AuthMethod,
        certificate: &Certificate,
        directories: &[String],
    ) -> Option<Account> {
        if certificate.planted == Some(PlantKind::Nobody) {
            v.because("person/not-found");
            return None;
        }
        let methods = &self.world.access.methods;
        let identifiers = match method {
            AuthMethod::MobileSsoIos => &methods.mobile_sso_ios.identifiers,
            AuthMethod::MobileSsoAndroid => &methods.mobile_sso_android.identifiers,
            _ => &methods.certificate.identifiers,
        };
        let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
        let people = match identifiers.iter().find(|i| match i {
            CertificateIdentifier::Upn => !certificate.upn.is_empty(),
            CertificateIdentifier::Email => !certificate.email.is_empty(),
            CertificateIdentifier::Subject => true,
        })? {
            CertificateIdentifier::Upn => {
                self.accounts(Some(directories), |u| same(u.upn.as_deref().unwrap_or(&u.email), &certificate.upn))
            }
            CertificateIdentifier::Email => self.accounts(Some(directories), |u| same(&u.email, &certificate.email)),
            // A subject that is the device's UDID names nobody.
            CertificateIdentifier::Subject if certificate.template == Template::DeviceUid => Vec::new(),
            CertificateIdentifier::Subject => {
                self.accounts(Some(directories), |u| same(&u.username, &certificate.username))
            }
        };
        match people.as_slice() {
            [one] => return Some(one.clone()),
            [] => v.because("person/not-found"),
            _ => v.because("person/ambiguous"),
        }
        None
    }

    /// What UEM says of the device whose certificate was shown.
    // m1-flow, uem-down, compliance-pending
    fn is_compliant(&self, v: &mut Visit, who: &Account, shown: Option<&Certificate>) -> bool {
        let access = &self.world.access;
        let Some(integration) = access.uem.as_ref().filter(|u| u.device_compliance_check) else { return false };
        let uem = &self.world.uem;
        let Some(certificate) = shown else { return false };
        let known = certificate.template == Template::EnrollmentUser
            || access.assumptions.udid_location == UdidLocation::AsTemplate;
        // The built-in template's UDID stands in the SAN, the other's in the subject.
        if !known {
            v.because("compliance/unknown-device");
            return false;
        }
        if integration.host != uem.host || self.fails_for("uem", integration.timeout_ms) {
            let nonsense = self.broken.get("uem").is_some_and(|b| b.how == BreakHow::Nonsense);
            v.because(if nonsense { "compliance/uem-error" } else { "compliance/uem-unreachable" });
            return false;
        }
        if (&integration.api_key, &integration.admin, &integration.password)
            != (&uem.api.key, &uem.api.admin, &uem.api.password)
        {
            v.because("compliance/uem-error");
            return false;
        }
        let Some(phone) = self.phones.get(&v.step.on) else { return false };
        let owner = phone.enrolled_as.as_ref().and_then(|name| uem.users.iter().find(|u| u.name == *name));
        let Some(owner) = owner else {
            v.because("compliance/not-enrolled");
            return false;
        };
        let hers = self.account(who).is_some_and(|u| {
            u.username.eq_ignore_ascii_case(&owner.username) || u.email.eq_ignore_ascii_case(&owner.email)
        });
        if !phone.compliant {
            v.because("compliance/not-compliant");
        }
        // compliance-pending: nothing is ever pending here, UEM judges at enrolment and at each sweep
        hers && phone.compliant
    }

    fn password_at_access(&mut self, v: &mut Visit, directories: &[String]) -> Result<Option<Account>, Stop> {
        let person = self.world.people.iter().find(|p| p.name == v.step.who);
        let path = person.and_then(|p| p.access.as_ref()).and_then(|path| path.split_once('/'));
        let account = path.map(|(directory, user)| (directory.to_string(), user.to_string()));
        let (Some(account), true) = (account, v.step.password != PasswordEntry::None) else {
            return stop(Outcome::SignInRequired, "access");
        };
        self.she_answers();
        let right = v.step.password == PasswordEntry::Right
            && directories.contains(&account.0)
            && self.account(&account).is_some();
        if right {
            return Ok(Some(account));
        }
        // She does not try again; where one try is all there is, Access goes on.
        if self.world.access.methods.password.attempts > 1 {
            return stop(Outcome::SignInFailed, "access");
        }
        Ok(None)
    }

    // m1-mfa
    fn factor_at_access(&mut self, v: &mut Visit, person: Option<Account>) -> Option<Account> {
        let person = person?;
        self.she_answers_factor(v);
        if matches!(v.step.mfa, MfaAnswer::Totp | MfaAnswer::PushApprove) {
            v.factor_passed = true;
            return Some(person);
        }
        v.access_factor_failed = true;
        None
    }

    /// Okta as Access's identity provider.
    fn by_okta(&mut self, v: &mut Visit, app: &str, directories: &[String]) -> Result<Option<Account>, Stop> {
        let user = self.at_okta(v, app)?;
        let Some(login) = self.okta_user(&user).map(|u| u.login.clone()) else { return Ok(None) };
        let people = self.accounts(Some(directories), |u| u.username.eq_ignore_ascii_case(&login));
        Ok(match people.as_slice() {
            [one] => Some(one.clone()),
            _ => None,
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
