//! Access's part of a sign-in: its transactions, the loop over its chain's step function, and its answers.

use super::{Answer, Asked, At, Page, Step, TRANSACTION, Trip, leg, slot};
use crate::facts::{AccessSession, By, METHODS};
use crate::leaves::{AccessRule, Leaves};
use crate::model::{PersonId, UserId};
use federation::tenant::access::{AuthMethod, PolicyRule};
use federation::{Finding, Outcome, Time, Why};
use idp_access::decide::chain::{self, MethodSet, Next, SESSION_LIFE};
use idp_access::decide::person::{self, Answering};
use idp_access::decide::policy;
use idp_access::decide::posture::{self, Failure, Force, Posture};
use scenarios::{MfaAnswer, PasswordEntry};

const CRL_PATIENCE_MS: u64 = 10_000;

#[derive(Debug, Clone, Copy)]
pub(super) struct AccessTx {
    started: Time,
    okta_tx: u8,
    idp: u16,
    source: u16,
    policy: u16,
    rule: u16,
    force_authn: bool,
    context: bool,
    asked: Option<AuthMethod>,
    passed: MethodSet,
    failed: MethodSet,
    wrong_passwords: u32,
    person: Option<PersonId>,
    bound: bool,
    udid: Option<bool>,
    live: bool,
}

/// Access's own page for what it cannot go on with.
fn refused() -> Step {
    Step::Show(Page::Rest(Outcome::AccessDenied, By::Access))
}

impl<L: Leaves, W: Why> Trip<'_, L, W> {
    fn ax(&mut self, at: u8) -> &mut AccessTx {
        &mut self.access[usize::from(at)]
    }

    fn setting(&self, at: u8) -> &PolicyRule {
        let tx = &self.access[usize::from(at)];
        &self.m.access().policies[usize::from(tx.policy)].rules[usize::from(tx.rule)]
    }

    /// Whether a transaction is there for a browser that names it.
    fn is_owned(&self, at: u8) -> bool {
        let tx = &self.access[usize::from(at)];
        self.cookie == Some(at) && tx.live && self.now.since(tx.started) < TRANSACTION
    }

    pub(super) fn access_start(&mut self, okta_tx: u8, idp: u16) -> Step {
        let link = self.m.links[usize::from(idp)];
        let (Some(source), Some(policy), true) = (link.source, link.policy, link.admitted) else { return refused() };
        let settings = &self.m.access().application_sources[usize::from(source)];
        let force = posture::force(settings, &self.m.access().assumptions, link.force_authn, self.why);
        self.access.push(AccessTx {
            started: self.now,
            okta_tx,
            idp,
            source,
            policy,
            rule: 0,
            force_authn: force == Force::Honoured,
            context: link.context,
            asked: None,
            passed: MethodSet::default(),
            failed: MethodSet::default(),
            wrong_passwords: 0,
            person: None,
            bound: false,
            udid: None,
            live: false,
        });
        let at = slot(self.access.len() - 1);
        if force == Force::Refused {
            return self.fail(at);
        }
        let session = self.session().filter(|_| force != Force::Honoured);
        let known = session.map(|s| s.person).filter(|p| self.m.may_sign_in(*p));
        let agent = (self.a.agent_id, self.a.agent.types);
        match self.leaves.rule(self.m, policy, self.a.network, agent, known, self.why) {
            AccessRule::Authenticate(rule) => {
                self.ax(at).rule = rule;
                let step = self.access_drive(at);
                self.cookie = Some(at);
                step
            }
            AccessRule::Allow => match known {
                Some(person) => self.grant(at, person, &[]),
                None => self.fail(at),
            },
            AccessRule::Deny => self.fail(at),
        }
    }

    fn session(&self) -> Option<AccessSession> {
        self.browser.access.filter(|s| self.now.since(s.started) < SESSION_LIFE)
    }

    /// The live session, with the methods that this rule still recognises.
    fn live(&self, at: u8) -> Option<(AccessSession, MethodSet)> {
        let tx = &self.access[usize::from(at)];
        if tx.force_authn {
            return None;
        }
        let session = self.session().filter(|s| tx.person.is_none_or(|p| p == s.person))?;
        if !self.m.may_sign_in(session.person) {
            return None;
        }
        let satisfied = METHODS.into_iter().filter_map(|m| Some((m, session.satisfied[m as usize]?)));
        Some((session, chain::recognised(satisfied, self.setting(at), self.now)))
    }

    fn access_drive(&mut self, at: u8) -> Step {
        self.ax(at).live = false;
        let m = self.m;
        let (policy, rule) = (self.access[usize::from(at)].policy, self.access[usize::from(at)].rule);
        let policy = &m.access().policies[usize::from(policy)];
        let rule = &policy.rules[usize::from(rule)];
        let path = if W::KEEPS { policy::rule_path(&policy.name, &rule.name) } else { String::new() };
        loop {
            let session = self.live(at);
            let in_session = session.map(|(_, m)| m).unwrap_or_default();
            let usable = session.filter(|_| in_session != MethodSet::default()).map(|(s, _)| s);
            let tx = *self.ax(at);
            let facts = chain::Facts {
                os: self.a.agent.os,
                force_authn: tx.force_authn,
                passed: tx.passed,
                failed: tx.failed,
                in_session,
                offered: self.leaves.offered(m, self.a.network, tx.person),
                person_known: tx.person.is_some() || usable.is_some(),
            };
            match chain::next(&path, rule, &m.access().assumptions, &facts, self.why) {
                Next::Ask { method: AuthMethod::DeviceCompliance, .. } => {
                    let udid = tx.udid.or_else(|| usable.and_then(|s| s.udid));
                    let who = tx.person.or_else(|| usable.map(|s| s.person));
                    let compliant = self.leaves.compliant(m, self.device, udid, who, self.ways.uem, self.why);
                    self.wait_for_compliance(udid, who);
                    let tx = self.ax(at);
                    match compliant {
                        true => tx.passed = tx.passed.with(AuthMethod::DeviceCompliance),
                        false => tx.failed = tx.failed.with(AuthMethod::DeviceCompliance),
                    }
                }
                Next::Ask { method, chain } => {
                    let chain = &rule.authenticate[chain];
                    let uses = chain::uses_session(chain, in_session);
                    let bound = chain::is_bound(chain, in_session, tx.passed);
                    let tx = self.ax(at);
                    if tx.person.is_none() && (method == AuthMethod::Mfa || uses) {
                        tx.person = usable.map(|s| s.person);
                    }
                    (tx.bound, tx.asked, tx.live) = (bound, Some(method), true);
                    return self.ask(at, method);
                }
                Next::Passed { chain } => return self.pass(at, usable, &rule.authenticate[chain]),
                Next::Exhausted => return self.fail(at),
            }
        }
    }

    fn wait_for_compliance(&mut self, udid: Option<bool>, who: Option<PersonId>) {
        let integration = self.m.access().uem.as_ref().filter(|u| u.device_compliance_check);
        if let Some(uem) = integration.filter(|_| udid.is_some() && who.is_some_and(|p| self.m.may_sign_in(p))) {
            self.wait_for_uem(uem.timeout_ms);
        }
    }

    fn ask(&mut self, at: u8, method: AuthMethod) -> Step {
        match method {
            AuthMethod::Password => {
                let failed = self.ax(at).wrong_passwords > 0;
                Step::Show(Page::AccessSignIn { tx: at, failed })
            }
            AuthMethod::Mfa => Step::Show(Page::AccessMfa { tx: at }),
            AuthMethod::OktaAuthMethod => match self.m.okta_for_access {
                Some(app) => Step::Go(At::OktaStart { app, asked: Asked::ByAccess(at) }),
                None => refused(),
            },
            _ => Step::Go(At::Leg { tx: at, leg: leg(method).unwrap_or_default() }),
        }
    }

    pub(super) fn access_leg(&mut self, at: u8, leg: u8) -> Step {
        let settings = crate::leaves::method_settings(self.m, crate::facts::LEGS[usize::from(leg)]);
        let leg = usize::from(leg);
        if settings.check_revocation && self.device.legs[leg].is_some() {
            self.wait_for_uem(CRL_PATIENCE_MS);
        }
        let circumstances = (self.ways.uem, self.now);
        let shown = self.leaves.certificate(self.m, self.device, leg, self.a.network, circumstances, self.why);
        Step::Go(At::AccessContinue { tx: at, shown })
    }

    pub(super) fn access_continue(&mut self, at: u8, shown: Option<(PersonId, Option<bool>)>) -> Step {
        if !self.is_owned(at) {
            return refused();
        }
        let Some(method) = self.ax(at).asked.take() else { return refused() };
        match shown {
            Some((person, udid)) if self.takes(at, person) => {
                let tx = self.ax(at);
                tx.udid = udid.or(tx.udid);
                tx.passed = tx.passed.with(method);
            }
            _ => {
                let tx = self.ax(at);
                tx.failed = tx.failed.with(method);
            }
        }
        self.access_drive(at)
    }

    /// Takes `found` for the sign-in's person where that may be; says whether it was.
    fn takes(&mut self, at: u8, found: PersonId) -> bool {
        let how = self.m.access().assumptions.fallback_person;
        let tx = *self.ax(at);
        let key = |p: PersonId| &self.m.persons[usize::from(p)].key;
        match person::may_answer(how, tx.person.map(key), tx.bound, key(found), self.why) {
            Answering::Refused => return false,
            Answering::SamePerson => {}
            Answering::Instead => {
                let tx = self.ax(at);
                (tx.passed, tx.udid) = (MethodSet::default(), None);
            }
        }
        self.ax(at).person = Some(found);
        true
    }

    pub(super) fn access_login(&mut self, at: u8) -> Step {
        if !self.is_owned(at) || self.ax(at).asked != Some(AuthMethod::Password) {
            return refused();
        }
        let Some(account) = self.a.access else { return refused() };
        let right = self.a.password == PasswordEntry::Right;
        let found = self.leaves.typed(self.m, account, right, self.a.network);
        let code = if found.is_some() { "sign-in/password-ok" } else { "sign-in/password-wrong" };
        self.why.note(|| Finding::new(code));
        let most = chain::attempts(AuthMethod::Password, self.m.access().methods.password.attempts);
        match found {
            Some(person) if self.takes(at, person) => {
                let tx = self.ax(at);
                tx.passed = tx.passed.with(AuthMethod::Password);
            }
            _ => {
                let tx = self.ax(at);
                tx.wrong_passwords += 1;
                if tx.wrong_passwords >= most {
                    tx.failed = tx.failed.with(AuthMethod::Password);
                }
            }
        }
        self.ax(at).asked = None;
        self.access_drive(at)
    }

    pub(super) fn access_mfa(&mut self, at: u8) -> Step {
        if !self.is_owned(at) || self.ax(at).asked != Some(AuthMethod::Mfa) {
            return refused();
        }
        let approves = matches!(self.a.mfa, MfaAnswer::Totp | MfaAnswer::PushApprove);
        self.why.note(|| Finding::new(if approves { "mfa/passed" } else { "mfa/failed" }));
        self.any_factor_passed |= approves;
        self.factor_failed_last = !approves;
        let tx = self.ax(at);
        match approves {
            true => tx.passed = tx.passed.with(AuthMethod::Mfa),
            false => tx.failed = tx.failed.with(AuthMethod::Mfa),
        }
        tx.asked = None;
        self.access_drive(at)
    }

    pub(super) fn access_acs(&mut self, user: UserId, for_tx: u8) -> Step {
        let Some(at) = self.cookie.filter(|at| self.is_owned(*at)) else { return refused() };
        if self.ax(at).asked != Some(AuthMethod::OktaAuthMethod) || at != for_tx {
            return refused();
        }
        self.ax(at).asked = None;
        match self.leaves.stated(self.m, user, self.a.network, self.why) {
            Some(person) if self.takes(at, person) => {
                let tx = self.ax(at);
                tx.passed = tx.passed.with(AuthMethod::OktaAuthMethod);
            }
            _ => {
                let tx = self.ax(at);
                tx.failed = tx.failed.with(AuthMethod::OktaAuthMethod);
            }
        }
        self.access_drive(at)
    }

    /// The chain is complete: a session where anything was proven anew, then the answer to Okta.
    fn pass(&mut self, at: u8, session: Option<AccessSession>, chain: &[AuthMethod]) -> Step {
        let tx = *self.ax(at);
        let who = tx.person.or(session.map(|s| s.person)).filter(|p| self.m.may_sign_in(*p));
        let Some(person) = who else { return self.fail(at) };
        if tx.passed != MethodSet::default() {
            let mut satisfied = session.map(|s| s.satisfied).unwrap_or_default();
            for method in METHODS.into_iter().filter(|m| tx.passed.has(*m)) {
                satisfied[method as usize] = Some(self.now);
            }
            let udid = tx.udid.or_else(|| session.and_then(|s| s.udid));
            self.browser.access = Some(AccessSession { started: self.now, person, satisfied, udid });
        }
        self.grant(at, person, chain)
    }

    fn grant(&mut self, at: u8, person: PersonId, chain: &[AuthMethod]) -> Step {
        let tx = *self.ax(at);
        let passed = METHODS.into_iter().filter(|m| tx.passed.has(*m));
        let managed = posture::managed(passed, chain);
        let m = self.m;
        let source = &m.access().application_sources[usize::from(tx.source)];
        let stated = match posture::decide(source, &m.access().assumptions, tx.context, managed, self.why) {
            Posture::FailInstead => return self.fail(at),
            Posture::Nothing => None,
            Posture::IsManaged(managed) => Some(managed),
        };
        let answer = Answer::Success { person, managed: stated };
        Step::Go(At::OktaAcs { tx: tx.okta_tx, idp: tx.idp, answer })
    }

    fn fail(&mut self, at: u8) -> Step {
        let tx = *self.ax(at);
        let m = self.m;
        let source = &m.access().application_sources[usize::from(tx.source)];
        match posture::failure(source, self.why) {
            Failure::Notify => Step::Go(At::OktaAcs { tx: tx.okta_tx, idp: tx.idp, answer: Answer::Failure }),
            Failure::OwnPage if self.factor_failed_last => Step::Show(Page::Rest(Outcome::MfaFailed, By::Access)),
            Failure::OwnPage => refused(),
        }
    }
}
