//! One sign-in, from the app's front page to where the browser rests: the browser's part, and the loop over the parties.
//!
//! What crosses the wire as messages is here a step from one place to the next; what each party makes of it is in `okta` and
//! `access`, which ask the decision cores that the endpoints ask.

mod access;
mod okta;

use crate::facts::{AppSession, Attempt, Browser, By, DeviceFacts, End, Uem, Ways};
use crate::leaves::Leaves;
use crate::model::{Model, PersonId, UserId};
use access::AccessTx;
use federation::tenant::access::AuthMethod;
use federation::{DeviceContext, Finding, Outcome, Time, Why};
use idp_access::decide::chain::SESSION_LIFE;
use idp_okta::decide::session::alive;
use okta::OktaTx;
use scenarios::{MfaAnswer, PasswordEntry, Start};
use std::time::Duration;

/// As the browser has them.
const STEP_LIMIT: u32 = 40;
const PATIENCE_OF_A_PERSON: u32 = 20;
const ANSWER: Duration = Duration::from_secs(4);
const PUSH_LIFE: Duration = Duration::from_secs(300);
/// As the app has it.
const APP_SESSION: Duration = Duration::from_secs(365 * 24 * 3600);
/// As both parties have it.
const TRANSACTION: Duration = Duration::from_secs(600);

/// Where the browser goes next.
#[derive(Debug, Clone, Copy)]
enum At {
    App,
    /// At Okta, for one of its apps; with the request of the app or of one of Access's transactions.
    OktaStart {
        app: Option<u16>,
        asked: Asked,
    },
    OktaLogin {
        tx: u8,
        password: bool,
    },
    OktaMfa {
        tx: u8,
    },
    OktaAcs {
        tx: u8,
        idp: u16,
        answer: Answer,
    },
    AccessStart {
        tx: u8,
        idp: u16,
    },
    Leg {
        tx: u8,
        leg: u8,
    },
    AccessContinue {
        tx: u8,
        shown: Option<(PersonId, Option<bool>)>,
    },
    AccessLogin {
        tx: u8,
    },
    AccessMfa {
        tx: u8,
    },
    /// With Okta's word for one of Access's transactions.
    AccessAcs {
        user: UserId,
        for_tx: u8,
    },
    AppAcs {
        user: UserId,
        told: DeviceContext,
        solicited: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Nothing,
    ByApp,
    ByAccess(u8),
}

/// Access's answer to Okta.
#[derive(Debug, Clone, Copy)]
enum Answer {
    Failure,
    Success { person: PersonId, managed: Option<bool> },
}

/// A page that a person sees.
#[derive(Debug, Clone, Copy)]
enum Page {
    OktaIdentify {
        tx: u8,
    },
    OktaSignIn {
        tx: u8,
        failed: bool,
    },
    OktaMfa {
        tx: u8,
        failed: bool,
    },
    AccessSignIn {
        tx: u8,
        failed: bool,
    },
    AccessMfa {
        tx: u8,
    },
    /// Where nothing more can be done.
    Rest(Outcome, By),
}

enum Step {
    Go(At),
    Show(Page),
}

/// What a sign-in works with; kept between sign-ins so that nothing is allocated anew.
#[derive(Clone, Default)]
pub struct Scratch {
    okta: Vec<OktaTx>,
    access: Vec<AccessTx>,
}

struct Trip<'a, L, W> {
    m: &'a Model,
    a: &'a Attempt,
    device: &'a DeviceFacts,
    ways: &'a Ways,
    browser: &'a mut Browser,
    now: Time,
    leaves: &'a mut L,
    why: &'a mut W,
    okta: &'a mut Vec<OktaTx>,
    access: &'a mut Vec<AccessTx>,
    /// The transaction that Access's cookie names.
    cookie: Option<u8>,
    any_factor_passed: bool,
    /// The last that was said of a second factor.
    factor_failed_last: bool,
    typed: Option<(UserId, bool)>,
    /// Settled by each answer of UEM: how long it took.
    user_answer: bool,
}

/// Plays one sign-in; the browser keeps what it is given.
#[allow(clippy::too_many_arguments)]
pub fn sign_in<L: Leaves, W: Why>(
    m: &Model,
    a: &Attempt,
    device: &DeviceFacts,
    ways: &Ways,
    browser: &mut Browser,
    now: Time,
    leaves: &mut L,
    why: &mut W,
    scratch: &mut Scratch,
) -> End {
    scratch.okta.clear();
    scratch.access.clear();
    let Scratch { okta, access } = scratch;
    let mut trip = Trip {
        m,
        a,
        device,
        ways,
        browser,
        now,
        leaves,
        why,
        okta,
        access,
        cookie: None,
        any_factor_passed: false,
        factor_failed_last: false,
        typed: None,
        user_answer: false,
    };
    let (outcome, by) = trip.go();
    trip.end(outcome, by)
}

impl<L: Leaves, W: Why> Trip<'_, L, W> {
    fn go(&mut self) -> (Outcome, By) {
        let app = self.m.apps[usize::from(self.a.app)];
        let mut at = match self.a.start {
            Start::Sp => At::App,
            Start::Dashboard => At::OktaStart { app: app.okta, asked: Asked::Nothing },
        };
        let (mut unanswered, mut answers) = (0, 0);
        loop {
            if unanswered >= STEP_LIMIT || answers >= PATIENCE_OF_A_PERSON {
                return (Outcome::Loop, By::Browser);
            }
            unanswered += 1;
            if !self.reaches(at) {
                return (Outcome::Unreachable, By::Browser);
            }
            let page = match self.step(at) {
                Step::Go(next) => {
                    at = next;
                    continue;
                }
                Step::Show(page) => page,
            };
            match self.answer(page) {
                Ok(next) => {
                    self.now = self.now + if self.user_answer { ANSWER } else { PUSH_LIFE };
                    answers += 1;
                    unanswered = 0;
                    at = next;
                }
                Err(rest) => return rest,
            }
        }
    }

    fn reaches(&self, at: At) -> bool {
        match at {
            At::App | At::AppAcs { .. } => self.ways.app,
            At::OktaStart { .. } | At::OktaLogin { .. } | At::OktaMfa { .. } | At::OktaAcs { .. } => self.ways.okta,
            At::AccessStart { idp, .. } => self.ways.access && self.m.links[usize::from(idp)].leads,
            _ => self.ways.access,
        }
    }

    fn step(&mut self, at: At) -> Step {
        match at {
            At::App => self.front(),
            At::AppAcs { user, told, solicited } => self.app_acs(user, told, solicited),
            At::OktaStart { app, asked } => self.okta_start(app, asked),
            At::OktaLogin { tx, password } => self.okta_login(tx, password),
            At::OktaMfa { tx } => self.okta_mfa(tx),
            At::OktaAcs { tx, idp, answer } => self.okta_acs(tx, idp, answer),
            At::AccessStart { tx, idp } => self.access_start(tx, idp),
            At::Leg { tx, leg } => self.access_leg(tx, leg),
            At::AccessContinue { tx, shown } => self.access_continue(tx, shown),
            At::AccessLogin { tx } => self.access_login(tx),
            At::AccessMfa { tx } => self.access_mfa(tx),
            At::AccessAcs { user, for_tx } => self.access_acs(user, for_tx),
        }
    }

    /// The app's page for whoever has a session, or the way to Okta.
    fn front(&mut self) -> Step {
        let now = self.now;
        let session = self.browser.app.as_mut().filter(|s| now.since(s.started) < APP_SESSION);
        let Some(session) = session else {
            let app = self.m.apps[usize::from(self.a.app)];
            return Step::Go(At::OktaStart { app: app.okta, asked: Asked::ByApp });
        };
        if !std::mem::take(&mut session.fresh) {
            self.why.note(|| Finding::new("app/session"));
        }
        let outcome = if self.any_factor_passed { Outcome::GrantedAfterMfa } else { Outcome::Granted };
        Step::Show(Page::Rest(outcome, By::App))
    }

    fn app_acs(&mut self, user: UserId, told: DeviceContext, solicited: bool) -> Step {
        let app = self.m.apps[usize::from(self.a.app)];
        if !solicited && !app.accept_idp_initiated {
            return Step::Show(Page::Rest(Outcome::AppRejected, By::App));
        }
        let told = app.told.then_some(told);
        self.browser.app = Some(AppSession { user, started: self.now, told, fresh: true });
        Step::Go(At::App)
    }

    /// What the person does with a page: the next place, or where she stays.
    fn answer(&mut self, page: Page) -> Result<At, (Outcome, By)> {
        let types = self.a.password != PasswordEntry::None;
        let okta = self.a.okta.filter(|_| types);
        let access = self.a.access.filter(|_| types);
        self.user_answer = true;
        match page {
            Page::Rest(outcome, by) => Err((outcome, by)),
            Page::OktaIdentify { tx } => match okta {
                Some(_) => Ok(At::OktaLogin { tx, password: false }),
                None => Err((Outcome::SignInRequired, By::Okta)),
            },
            Page::OktaSignIn { failed: true, .. } => Err((Outcome::SignInFailed, By::Okta)),
            Page::OktaSignIn { tx, .. } => match okta {
                Some(_) => Ok(At::OktaLogin { tx, password: true }),
                None => Err((Outcome::SignInRequired, By::Okta)),
            },
            Page::OktaMfa { failed: true, .. } => Err((Outcome::MfaFailed, By::Okta)),
            Page::OktaMfa { tx, .. } => {
                self.user_answer = self.a.mfa != MfaAnswer::None;
                Ok(At::OktaMfa { tx })
            }
            Page::AccessSignIn { failed: true, .. } => Err((Outcome::SignInFailed, By::Access)),
            Page::AccessSignIn { tx, .. } => match access {
                Some(_) => Ok(At::AccessLogin { tx }),
                None => Err((Outcome::SignInRequired, By::Access)),
            },
            Page::AccessMfa { tx } => {
                self.user_answer = self.a.mfa != MfaAnswer::None;
                Ok(At::AccessMfa { tx })
            }
        }
    }

    /// UEM's answer takes its time.
    fn wait_for_uem(&mut self, patience_ms: u64) {
        if let Uem::Slow(ms) = self.ways.uem {
            self.now = self.now + Duration::from_millis(ms.min(patience_ms));
        }
    }

    fn end(&self, outcome: Outcome, by: By) -> End {
        let home = by == By::App && matches!(outcome, Outcome::Granted | Outcome::GrantedAfterMfa);
        let quiet = &mut federation::Silent;
        let okta = self
            .browser
            .okta
            .filter(|s| alive(s.limits, s.created, s.last_used, self.now, quiet) && self.m.active(s.user));
        let access =
            self.browser.access.filter(|s| self.now.since(s.started) < SESSION_LIFE && self.m.may_sign_in(s.person));
        End {
            outcome,
            by,
            trusted: self.browser.app.filter(|_| home).and_then(|s| s.told),
            okta: okta.map(|s| s.user),
            access: access.map(|s| s.person),
            app: self.browser.app.map(|s| s.user),
            now: self.now,
            typed: self.typed,
        }
    }
}

/// The place of a certificate method among the legs.
fn leg(method: AuthMethod) -> Option<u8> {
    match method {
        AuthMethod::MobileSsoIos => Some(0),
        AuthMethod::MobileSsoAndroid => Some(1),
        AuthMethod::Certificate => Some(2),
        _ => None,
    }
}

fn slot(at: usize) -> u8 {
    u8::try_from(at).unwrap_or(u8::MAX)
}
