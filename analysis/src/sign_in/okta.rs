//! Okta's part of a sign-in: its transactions, the loop over its step function, and its answers.

use super::{Answer, Asked, At, Page, Step, TRANSACTION, Trip, slot};
use crate::facts::{By, OktaSession};
use crate::leaves::{Leaves, Matched, OktaAsk, OktaNext, Signed};
use crate::model::UserId;
use federation::tenant::okta::{Factor, TrustEvaluation};
use federation::{DeviceContext, Finding, Outcome, Silent, Time, Why};
use idp_okta::decide::session::{self, Limits};
use idp_okta::decide::{factor, trust};
use scenarios::{MfaAnswer, PasswordEntry};

#[derive(Debug, Clone, Copy)]
pub(super) struct OktaTx {
    moved: Time,
    app: u16,
    asked: Asked,
    login: Option<UserId>,
    fresh: Option<UserId>,
    ignore_session: bool,
    trust: DeviceContext,
    local_only: bool,
    factor: Option<UserId>,
    live: bool,
}

fn error() -> Step {
    Step::Show(Page::Rest(Outcome::OktaError, By::Okta))
}

impl<L: Leaves, W: Why> Trip<'_, L, W> {
    fn tx(&mut self, at: u8) -> &mut OktaTx {
        &mut self.okta[usize::from(at)]
    }

    /// Where the sign-in is over or took too long, nobody finds it any more.
    fn is_open(&self, at: u8) -> bool {
        let tx = &self.okta[usize::from(at)];
        tx.live && self.now.since(tx.moved) < TRANSACTION
    }

    pub(super) fn okta_start(&mut self, app: Option<u16>, asked: Asked) -> Step {
        let Some(app) = app else { return error() };
        self.okta.push(OktaTx {
            moved: self.now,
            app,
            asked,
            login: None,
            fresh: None,
            ignore_session: false,
            trust: DeviceContext::Unknown,
            local_only: false,
            factor: None,
            live: true,
        });
        self.okta_drive(slot(self.okta.len() - 1))
    }

    fn okta_drive(&mut self, at: u8) -> Step {
        let tx = *self.tx(at);
        let mut live = if !tx.ignore_session && tx.fresh.is_none() { self.live_session() } else { None };
        for _ in 0..8 {
            if self.m.okta().assumptions.trust_evaluation == TrustEvaluation::PerSession
                && let Some(session) = live.filter(|_| self.okta[usize::from(at)].trust == DeviceContext::Unknown)
            {
                self.tx(at).trust = session.trust;
            }
            let tx = *self.tx(at);
            let person = tx.fresh.or(live.map(|s| s.user));
            let signed = match (tx.fresh, live) {
                (Some(user), _) => {
                    Signed::Fresh { user, factor_in_session: self.replaced(user).is_some_and(|s| s.factor) }
                }
                (None, Some(s)) => {
                    Signed::Session { user: s.user, authenticated_at: s.authenticated_at, factor: s.factor }
                }
                (None, None) => Signed::No,
            };
            let ask = OktaAsk {
                app: tx.app,
                platform: self.a.agent.platform,
                network: self.a.network,
                now: self.now,
                login: tx.login,
                signed,
                trust: tx.trust,
                local_only: tx.local_only,
                factor_in_sign_in: tx.factor.is_some() && tx.factor == person,
            };
            let next = self.leaves.okta(self.m, &ask, self.why);
            self.tx(at).moved = self.now;
            let page = match next {
                OktaNext::StartSession(limits) => {
                    live = person.map(|user| self.start_session(at, user, limits));
                    continue;
                }
                OktaNext::Reauthenticate => {
                    let tx = self.tx(at);
                    tx.login = person.or(tx.login);
                    tx.ignore_session = true;
                    live = None;
                    continue;
                }
                OktaNext::Issue(told) => {
                    let Some(user) = person else { return error() };
                    self.tx(at).live = false;
                    return Step::Go(match tx.asked {
                        Asked::ByAccess(for_tx) => At::AccessAcs { user, for_tx },
                        asked => At::AppAcs { user, told, solicited: asked == Asked::ByApp },
                    });
                }
                OktaNext::GoTo(idp) => return Step::Go(At::AccessStart { tx: at, idp }),
                OktaNext::StepUp => {
                    self.factor_failed_last = false;
                    Page::OktaMfa { tx: at, failed: false }
                }
                OktaNext::Identify => Page::OktaIdentify { tx: at },
                OktaNext::SignIn => Page::OktaSignIn { tx: at, failed: false },
                OktaNext::NotAssigned => Page::Rest(Outcome::NotAssigned, By::Okta),
                OktaNext::Denied => Page::Rest(Outcome::Denied, By::Okta),
                OktaNext::EnrolmentPage => Page::Rest(Outcome::EnrolmentPage, By::Okta),
            };
            return Step::Show(page);
        }
        error()
    }

    fn live_session(&mut self) -> Option<OktaSession> {
        let session = self.browser.okta?;
        let lives = self.m.active(session.user)
            && session::alive(session.limits, session.created, session.last_used, self.now, self.why);
        self.browser.okta = lives.then_some(OktaSession { last_used: self.now, ..session });
        self.browser.okta
    }

    /// The user's own live session that a new one takes the place of.
    fn replaced(&self, user: UserId) -> Option<OktaSession> {
        let old = self.browser.okta.filter(|s| s.user == user)?;
        session::alive(old.limits, old.created, old.last_used, self.now, &mut Silent).then_some(old)
    }

    fn start_session(&mut self, at: u8, user: UserId, limits: Limits) -> OktaSession {
        let old = self.replaced(user);
        let now = self.now;
        let tx = self.tx(at);
        let session = OktaSession {
            user,
            created: now,
            last_used: now,
            authenticated_at: now,
            limits,
            factor: tx.factor == Some(user) || old.is_some_and(|old| old.factor),
            trust: tx.trust,
        };
        (tx.fresh, tx.ignore_session) = (None, false);
        self.browser.okta = Some(session);
        session
    }

    pub(super) fn okta_login(&mut self, at: u8, password: bool) -> Step {
        if !self.is_open(at) {
            return error();
        }
        let Some(account) = self.a.okta else { return error() };
        if !password {
            self.tx(at).login = Some(account);
            return self.okta_drive(at);
        }
        let who = self.m.typed[usize::from(account)];
        let right = self.a.password == PasswordEntry::Right && self.a.wrong < factor::TRIES;
        self.typed = Some((account, right && who.is_some()));
        let Some(user) = who.filter(|_| right) else {
            self.why.note(|| Finding::new("sign-in/password-wrong"));
            self.tx(at).moved = self.now;
            return Step::Show(Page::OktaSignIn { tx: at, failed: true });
        };
        self.why.note(|| Finding::new("sign-in/password-ok"));
        let tx = self.tx(at);
        (tx.login, tx.fresh, tx.local_only) = (Some(user), Some(user), false);
        self.okta_drive(at)
    }

    pub(super) fn okta_mfa(&mut self, at: u8) -> Step {
        if !self.is_open(at) {
            return error();
        }
        let tx = *self.tx(at);
        let session = || {
            let s = self.browser.okta.filter(|_| !tx.ignore_session)?;
            let lives = session::alive(s.limits, s.created, s.last_used, self.now, &mut Silent);
            (lives && self.m.active(s.user)).then_some(s.user)
        };
        let Some(user) = tx.fresh.or_else(session) else { return self.okta_drive(at) };
        let account = &self.m.users[usize::from(user)];
        let types = matches!(self.a.mfa, MfaAnswer::Totp | MfaAnswer::Wrong) && account.factors.contains(&Factor::Totp);
        let push = match self.a.mfa {
            _ if types => None,
            MfaAnswer::PushDeny | MfaAnswer::Wrong => Some("deny"),
            MfaAnswer::None => Some("none"),
            MfaAnswer::Totp | MfaAnswer::PushApprove => Some("approve"),
        };
        let own = self.a.okta == Some(user) && usize::from(user) < self.m.configured;
        if !factor::passes(account, 0, push, || types && self.a.mfa == MfaAnswer::Totp && own) {
            self.why.note(|| Finding::new("mfa/failed"));
            self.factor_failed_last = true;
            return Step::Show(Page::OktaMfa { tx: at, failed: true });
        }
        self.why.note(|| Finding::new("mfa/passed"));
        (self.any_factor_passed, self.factor_failed_last) = (true, false);
        self.tx(at).factor = Some(user);
        if let Some(session) = self.browser.okta.as_mut().filter(|s| s.user == user) {
            session.factor = true;
        }
        self.okta_drive(at)
    }

    pub(super) fn okta_acs(&mut self, at: u8, idp: u16, answer: Answer) -> Step {
        let link = self.m.links[usize::from(idp)];
        let taken = match answer {
            Answer::Failure => link.failure,
            Answer::Success { .. } => link.success,
        };
        if !self.is_open(at) || !taken {
            return error();
        }
        let said = match answer {
            Answer::Failure => trust::Answer::Failure,
            Answer::Success { managed: None, .. } => trust::Answer::NoPosture,
            Answer::Success { managed: Some(true), .. } => trust::Answer::Managed,
            Answer::Success { managed: Some(false), .. } => trust::Answer::NotManaged,
        };
        let name = &self.m.okta().identity_providers[usize::from(idp)].name;
        let context = trust::conclude(self.m.okta(), self.a.agent.platform, name, said, self.why);
        self.tx(at).trust = context;
        let Answer::Success { person, .. } = answer else {
            self.tx(at).local_only = true;
            return self.okta_drive(at);
        };
        match self.leaves.matched(self.m, idp, person, self.why) {
            Matched::Reject => return error(),
            Matched::User(user) => {
                let tx = self.tx(at);
                (tx.login, tx.fresh) = (Some(user), Some(user));
            }
            Matched::Nobody => self.tx(at).local_only = true,
        }
        self.okta_drive(at)
    }
}
