//! Okta: who serves the sign-in, what it concludes of the device, and what the app's policy says.

use crate::accounts::username_of;
use crate::rules::{concerns, matches_whole, user_matches};
use crate::{Oracle, Stop, Visit, stop};
use federation::tenant::SignatureAlgorithm;
use federation::tenant::okta::{
    AccessAction, DeviceTrustIntegration, Factor, FactorPrompt, FilterMismatch, IdentityProvider, RequestContext,
    ResponseSignature, SignOnRule, TrustCondition, TrustEvaluation, TrustWithoutIntegration, User, UserMatch,
    UserStatus,
};
use federation::{DeviceContext, Outcome, Time};
use scenarios::{MfaAnswer, PasswordEntry};
use std::time::Duration;

/// After so many trips to Access the browser has given up.
const MANY: u32 = 8;
/// Documented: a password just typed is not asked again even at *every sign-in*.
const GRACE: Duration = Duration::from_secs(10);

#[derive(Debug, Clone)]
pub(crate) struct OktaSession {
    pub(crate) user: String,
    since: Time,
    used: Time,
    authenticated: Time,
    factor_done: bool,
    trust: DeviceContext,
    idle_minutes: u32,
    lifetime_minutes: u32,
}

impl OktaSession {
    pub(crate) fn is_alive(&self, now: Time) -> bool {
        let idle = now.since(self.used) >= minutes(self.idle_minutes);
        let old = self.lifetime_minutes > 0 && now.since(self.since) >= minutes(self.lifetime_minutes);
        !idle && !old
    }
}

/// What Access tells Okta.
pub(crate) enum Answer {
    Success {
        username: String,
        attributes: Vec<(String, Vec<String>)>,
        posture: Option<bool>,
        response_signed: bool,
        assertion_signed: bool,
    },
    Failure {
        signed: bool,
    },
}

/// What the app's policy says.
enum Verdict {
    Enter,
    AskDeviceProvider(String),
    AuthenticateAgain,
}

fn minutes(n: u32) -> Duration {
    Duration::from_secs(u64::from(n) * 60)
}

impl Oracle {
    pub(crate) fn okta_user(&self, name: &str) -> Option<&User> {
        self.world.okta.users.iter().find(|u| u.name == name)
    }

    /// From Okta's door to the app: the user whom Okta states.
    pub(crate) fn at_okta(&mut self, v: &mut Visit, app: &str) -> Result<String, Stop> {
        self.visit_needs(v, "okta")?;
        if !self.world.okta.apps.iter().any(|a| a.name == app) {
            return stop(Outcome::OktaError, "okta");
        }
        // session-age: a live session skips the checks, but for an app that wants her anew
        let live = if v.wants_anew(app) { None } else { self.live_okta_session(v) };
        let mut user = match live {
            Some(user) => {
                v.because("session/reused");
                user
            }
            None => self.sign_in_at_okta(v, app, None)?,
        };
        for _ in 0..MANY {
            match self.app_policy(v, app, &user)? {
                Verdict::Enter => return Ok(user),
                Verdict::AskDeviceProvider(provider) => user = self.by_access(v, &provider)?,
                Verdict::AuthenticateAgain => user = self.sign_in_at_okta(v, app, Some(&user))?,
            }
        }
        stop(Outcome::Loop, "browser")
    }

    fn live_okta_session(&mut self, v: &Visit) -> Option<String> {
        let now = self.at("okta");
        let session = self.okta_sessions.get_mut(&v.jar)?;
        let alive = session.is_alive(now);
        session.used = now;
        let user = session.user.clone();
        let active = self.okta_user(&user).is_some_and(|u| u.status == UserStatus::Active);
        if !alive || !active {
            self.okta_sessions.remove(&v.jar);
            return None;
        }
        Some(user)
    }

    /// Routing decides who serves the sign-in.
    fn sign_in_at_okta(&mut self, v: &mut Visit, app: &str, known: Option<&str>) -> Result<String, Stop> {
        v.may_bother()?;
        let mut login = known.and_then(|name| self.okta_user(name)).map(|u| u.login.clone());
        for rule in self.world.okta.routing_rules.clone() {
            let here = rule.enabled
                && (rule.platforms.is_empty() || rule.platforms.contains(&v.platform))
                && (rule.apps.is_empty() || rule.apps.iter().any(|a| a == app))
                && self.is_located(&rule.location, v.ip);
            if !here {
                continue;
            }
            if rule.user != UserMatch::Anything {
                if login.is_none() {
                    login = Some(self.identifier_page(v)?);
                }
                let typed = login.clone().unwrap_or_default();
                let user = self.world.okta.users.iter().find(|u| u.login.eq_ignore_ascii_case(&typed));
                if !user_matches(&rule.user, &typed, user, self.world.okta.assumptions.routing_regex) {
                    continue;
                }
            }
            if rule.identity_provider != "okta" {
                return self.by_access(v, &rule.identity_provider);
            }
            break;
        }
        self.local_sign_in(v)
    }

    /// Her account, where she is ready to type.
    fn typist(&self, v: &Visit) -> Option<User> {
        let person = self.world.people.iter().find(|p| p.name == v.step.who)?;
        let user = person.okta.as_ref().and_then(|name| self.okta_user(name))?;
        (v.step.password != PasswordEntry::None).then(|| user.clone())
    }

    fn identifier_page(&mut self, v: &mut Visit) -> Result<String, Stop> {
        let Some(user) = self.typist(v) else { return stop(Outcome::SignInRequired, "okta") };
        if !v.typed_login {
            v.typed_login = true;
            self.she_answers();
        }
        Ok(user.login)
    }

    // m2-failure-not-terminal: Okta asks the person to sign in
    fn local_sign_in(&mut self, v: &mut Visit) -> Result<String, Stop> {
        let Some(user) = self.typist(v) else { return stop(Outcome::SignInRequired, "okta") };
        self.she_answers();
        if v.step.password == PasswordEntry::Wrong || user.status != UserStatus::Active {
            return stop(Outcome::SignInFailed, "okta");
        }
        self.new_session(v, &user)
    }

    /// A trip to Access and back. Whom Okta knows already is a hint in its request and decides nothing there (subject-hint).
    fn by_access(&mut self, v: &mut Visit, provider: &str) -> Result<String, Stop> {
        v.may_bother()?;
        v.trips += 1;
        if v.trips > MANY {
            // forceauthn-excludes-third-party-idp: round and round
            return stop(Outcome::Loop, "browser");
        }
        let Some(idp) = self.world.okta.identity_providers.iter().find(|i| i.name == provider).cloned() else {
            return stop(Outcome::OktaError, "okta");
        };
        // m2-idp-context
        let device_trust = idp.request_context == RequestContext::DeviceTrust;
        let answer = self.at_access(v, &idp.name, device_trust)?;
        self.visit_needs(v, "okta")?;
        // What Okta cannot verify it does not read.
        let signed = match (&answer, idp.response_signature) {
            (Answer::Failure { signed }, _) => *signed,
            (Answer::Success { response_signed, .. }, ResponseSignature::Response) => *response_signed,
            (Answer::Success { assertion_signed, .. }, ResponseSignature::Assertion) => *assertion_signed,
            (Answer::Success { response_signed, assertion_signed, .. }, ResponseSignature::Any) => {
                *response_signed || *assertion_signed
            }
        };
        if !signed {
            return stop(Outcome::OktaError, "okta");
        }
        if idp.issuer != format!("https://{}/SAAS/API/1.0/GET/metadata/idp.xml", self.world.access.host) {
            return stop(Outcome::OktaError, "okta");
        }
        // wire-algorithms: Access's application signs by its own setting, Okta's object names the least that it takes
        let source = self.world.access.application_sources.iter().find(|s| s.okta_identity_provider == idp.name);
        if idp.response_algorithm == SignatureAlgorithm::Sha256
            && source.is_some_and(|s| s.signature_algorithm == SignatureAlgorithm::Sha1)
        {
            return stop(Outcome::OktaError, "okta");
        }
        // clock-skew: what is issued later than now is refused, a failure as well; an assertion also ends
        let life = source.map(|s| i64::from(s.validity_seconds));
        let life = life.filter(|_| matches!(answer, Answer::Success { .. }));
        if !self.in_time("access", "okta", life, i64::from(idp.max_clock_skew_seconds)) {
            return stop(Outcome::OktaError, "okta");
        }
        let worthless = self.response_at_okta()?;
        self.conclude(v, &idp, &answer);
        if worthless && v.answered {
            // posture-fails-closed: what is not clearly managed is not trusted
            v.trust = DeviceContext::NotTrusted;
            v.because.retain(|code| *code != "device-trust/trusted");
        }
        match answer {
            Answer::Failure { .. } => {
                v.because("device-trust/failure-response");
                self.local_sign_in(v)
            }
            Answer::Success { username, attributes, .. } => {
                // m1-flow: the IdP Username expression makes the name; one that cannot be made ends the sign-in
                let made = username_of(&idp.username, &username, &attributes);
                let Some(username) = made.filter(|name| !name.contains(char::is_whitespace)) else {
                    return stop(Outcome::OktaError, "okta");
                };
                // username-filter-mismatch
                if idp.username_filter.as_ref().is_some_and(|f| !matches_whole(f, &username)) {
                    v.because("match/filtered");
                    return match self.world.okta.assumptions.username_filter_mismatch {
                        FilterMismatch::Error => stop(Outcome::OktaError, "okta"),
                        FilterMismatch::SignInPage => self.local_sign_in(v),
                    };
                }
                match self.matched(v, &idp, &username, &attributes) {
                    Some(user) => self.new_session(v, &user),
                    None => self.local_sign_in(v),
                }
            }
        }
    }

    /// Trusted: the platform's own device provider says in so many words that the device is managed.
    // not-trusted-is-remembered, posture-is-not-compliance
    fn conclude(&self, v: &mut Visit, idp: &IdentityProvider, answer: &Answer) {
        let Some(integration) = self.integration(v) else { return };
        if integration.identity_provider != idp.name {
            v.because("device-trust/other-identity-provider");
            return;
        }
        v.answered = true;
        v.trust = match answer {
            Answer::Success { posture: Some(true), .. } => DeviceContext::Trusted,
            _ if self.world.okta.assumptions.not_trusted_is_remembered => DeviceContext::NotTrusted,
            _ => DeviceContext::Unknown,
        };
        match answer {
            Answer::Success { posture: Some(true), .. } => v.because("device-trust/trusted"),
            Answer::Success { posture: Some(false), .. } => v.because("device-trust/not-managed"),
            Answer::Success { posture: None, .. } => v.because("device-trust/no-posture"),
            Answer::Failure { .. } => {}
        }
    }

    /// The platform's record on Security › Device Trust, where it is enabled.
    // desktop-not-supported
    fn integration(&self, v: &Visit) -> Option<&DeviceTrustIntegration> {
        self.world.okta.device_trust.of(v.platform).filter(|i| i.enabled)
    }

    /// The person is known: Okta's own sign-on policy applies.
    fn new_session(&mut self, v: &mut Visit, user: &User) -> Result<String, Stop> {
        let rules = self.world.okta.session_rules.iter();
        let rule = rules.into_iter().find(|r| concerns(&r.people, user) && self.is_located(&r.location, v.ip)).cloned();
        let before = self.okta_sessions.get(&v.jar).filter(|s| s.user == user.name);
        let done = v.okta_factor_done || before.is_some_and(|s| s.factor_done);
        if rule.as_ref().is_some_and(|r| r.access == AccessAction::Deny) {
            return stop(Outcome::Denied, "okta");
        }
        match rule.as_ref().and_then(|r| r.factor) {
            Some(FactorPrompt::EverySignIn) if !v.okta_factor_done => self.factor_at_okta(v, user)?,
            Some(FactorPrompt::OncePerSession) if !done => self.factor_at_okta(v, user)?,
            _ => {}
        }
        let session = OktaSession {
            user: user.name.clone(),
            since: self.at("okta"),
            used: self.at("okta"),
            authenticated: self.at("okta"),
            factor_done: done || v.okta_factor_done,
            trust: v.trust,
            idle_minutes: rule.as_ref().map_or(120, |r| r.idle_minutes),
            lifetime_minutes: rule.as_ref().map_or(0, |r| r.lifetime_minutes),
        };
        self.okta_sessions.insert(v.jar.clone(), session);
        Ok(user.name.clone())
    }

    fn factor_at_okta(&mut self, v: &mut Visit, user: &User) -> Result<(), Stop> {
        v.may_bother()?;
        self.she_answers_factor(v);
        let person = self.world.people.iter().find(|p| p.name == v.step.who);
        let own = person.is_some_and(|p| p.okta.as_ref() == Some(&user.name));
        let (code, push) = (user.factors.contains(&Factor::Totp), user.factors.contains(&Factor::Push));
        let passed = match v.step.mfa {
            // Her authenticator knows her own account only.
            MfaAnswer::Totp if code => own && self.code_is_current(),
            MfaAnswer::Totp | MfaAnswer::PushApprove => push,
            MfaAnswer::PushDeny | MfaAnswer::None | MfaAnswer::Wrong => false,
        };
        if !passed {
            return stop(Outcome::MfaFailed, "okta");
        }
        v.okta_factor_done = true;
        v.factor_passed = true;
        if let Some(session) = self.okta_sessions.get_mut(&v.jar).filter(|s| s.user == user.name) {
            session.factor_done = true;
        }
        Ok(())
    }

    /// A code is good for its half minute and for one to either side.
    // clock-skew
    fn code_is_current(&self) -> bool {
        let step = |time: Time| time.0.div_euclid(30_000);
        (step(self.now) - step(self.at("okta"))).abs() <= 1
    }

    /// Assignment, then the app's sign-on rules in order.
    // m2-per-app
    fn app_policy(&mut self, v: &mut Visit, app: &str, name: &str) -> Result<Verdict, Stop> {
        let found = self.world.okta.apps.iter().find(|a| a.name == app).cloned().zip(self.okta_user(name).cloned());
        let Some((app, user)) = found else { return stop(Outcome::OktaError, "okta") };
        let assigned = &app.assigned;
        if !(assigned.everyone
            || assigned.users.contains(&user.name)
            || user.groups.iter().any(|g| assigned.groups.contains(g)))
        {
            v.because("assignment/missing");
            return stop(Outcome::NotAssigned, "okta");
        }
        for rule in &app.rules {
            let here = rule.enabled
                && concerns(&rule.people, &user)
                && self.is_located(&rule.location, v.ip)
                && rule.platforms.contains(&v.platform);
            if !here {
                continue;
            }
            match self.trust_fits(v, rule) {
                Fits::Yes => return self.rule_says(v, rule, &user),
                Fits::No => {}
                Fits::Ask(provider) => return Ok(Verdict::AskDeviceProvider(provider)),
            }
        }
        // default-allows
        v.because("sign-on/default-allow");
        Ok(Verdict::Enter)
    }

    fn trust_fits(&mut self, v: &mut Visit, rule: &SignOnRule) -> Fits {
        let wanted = match rule.device_trust {
            TrustCondition::Any => return Fits::Yes,
            TrustCondition::Trusted => DeviceContext::Trusted,
            TrustCondition::NotTrusted => DeviceContext::NotTrusted,
        };
        let assumes = self.world.okta.assumptions.clone();
        let Some(provider) = self.integration(v).map(|i| i.identity_provider.clone()) else {
            // trust-without-integration
            v.because("device-trust/no-integration");
            let counts = assumes.trust_without_integration == TrustWithoutIntegration::NotTrusted;
            return if counts && wanted == DeviceContext::NotTrusted { Fits::Yes } else { Fits::No };
        };
        // trust-evaluation
        if assumes.trust_evaluation == TrustEvaluation::PerSession && !v.answered {
            v.trust = self.okta_sessions.get(&v.jar).map_or(v.trust, |s| s.trust);
        }
        if v.trust == DeviceContext::Unknown && assumes.trust_evaluation != TrustEvaluation::RoutingOnly {
            return Fits::Ask(provider);
        }
        let seen = if v.trust == DeviceContext::Trusted { DeviceContext::Trusted } else { DeviceContext::NotTrusted };
        if seen == wanted { Fits::Yes } else { Fits::No }
    }

    fn rule_says(&mut self, v: &mut Visit, rule: &SignOnRule, user: &User) -> Result<Verdict, Stop> {
        if rule.access == AccessAction::Deny {
            // m2-enrol
            let link = self.integration(v).map(|i| i.enrollment_link.clone());
            let link = link.filter(|_| rule.device_trust == TrustCondition::NotTrusted);
            let enrol = link.is_some();
            link.and_then(|link| self.links.insert(v.step.on.clone(), link));
            return stop(if enrol { Outcome::EnrolmentPage } else { Outcome::Denied }, "okta");
        }
        let session = self.okta_sessions.get(&v.jar);
        let authenticated = session.map_or(self.at("okta"), |s| s.authenticated);
        if let Some(limit) = rule.reauthenticate_after_minutes
            && self.at("okta").since(authenticated) > minutes(limit).max(GRACE)
        {
            v.because("reauthenticate/due");
            return Ok(Verdict::AuthenticateAgain);
        }
        let done = v.okta_factor_done
            || (rule.factor == Some(FactorPrompt::OncePerSession) && session.is_some_and(|s| s.factor_done));
        if rule.factor.is_some() && !done {
            self.factor_at_okta(v, user)?;
        }
        Ok(Verdict::Enter)
    }

    /// What the assertion says of the device, where the app asks.
    // device-trusted-attribute
    pub(crate) fn stated_trust(&self, v: &Visit, app: &str) -> Option<DeviceContext> {
        let app = self.world.okta.apps.iter().find(|a| a.name == app)?;
        if app.attribute_statements.get("device.trusted").map(String::as_str) != Some("device.trusted") {
            return None;
        }
        let asks = app.rules.iter().any(|r| r.enabled && r.device_trust != TrustCondition::Any);
        if !asks || self.integration(v).is_none() {
            return Some(DeviceContext::Unknown);
        }
        // trust-evaluation: kept for the session, whichever rule of this app has decided
        let kept = self.world.okta.assumptions.trust_evaluation == TrustEvaluation::PerSession && !v.answered;
        let session = self.okta_sessions.get(&v.jar).filter(|_| kept);
        Some(session.map_or(v.trust, |session| session.trust))
    }
}

/// Whether a rule's trust condition fits.
enum Fits {
    Yes,
    No,
    /// Nobody knows yet: the platform's device provider is asked.
    Ask(String),
}
