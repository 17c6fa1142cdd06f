//! One step of a sign-in: what is known, to what happens next. Handlers and models loop over [`next`]; it performs nothing.

use crate::decide::routing::{self, Asked, Route};
use crate::decide::session::{self, Limits, SessionVerdict};
use crate::decide::sign_on::{self, SignOn};
use crate::decide::{scope, trust};
use federation::tenant::okta::{App, DeviceTrustIntegration, IdentityProvider, Okta, User};
use federation::{DeviceContext, Finding, Platform, Time, Why};
use std::net::IpAddr;

/// What a transaction knows.
pub struct Facts<'a> {
    pub app: &'a App,
    pub platform: Platform,
    pub ip: IpAddr,
    pub now: Time,
    pub login: Option<&'a str>,
    /// The account of `login`, where there is one.
    pub known: Option<&'a User>,
    pub signed_in: SignedIn<'a>,
    pub trust: DeviceContext,
    /// An identity provider answered without a usable person: only a local sign-in helps.
    pub local_only: bool,
    pub factor_in_sign_in: bool,
}

#[derive(Clone, Copy)]
pub enum SignedIn<'a> {
    No,
    /// Authenticated in this transaction; no session yet.
    Fresh {
        user: &'a User,
        /// Her live session, which the new one will replace, has a second factor.
        factor_in_session: bool,
    },
    Session {
        user: &'a User,
        authenticated_at: Time,
        factor: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next<'a> {
    NotAssigned,
    Identify,
    SignIn,
    GoTo(&'a IdentityProvider),
    StartSession(Limits),
    StepUp,
    /// Forget the session for this transaction and sign in again.
    Reauthenticate,
    Denied,
    EnrolmentPage(&'a DeviceTrustIntegration),
    /// An assertion for the app, with `device.trusted`.
    Issue(DeviceContext),
}

pub fn next<'a>(settings: &'a Okta, facts: &Facts<'_>, why: &mut impl Why) -> Next<'a> {
    let user = match facts.signed_in {
        _ if facts.local_only => return Next::SignIn,
        SignedIn::No => return authenticate(settings, facts, why),
        SignedIn::Fresh { user, .. } | SignedIn::Session { user, .. } => user,
    };
    // Classic signs a person in to Okta first and then loads the app: its own policy comes before the assignment.
    let (authenticated_at, factor) = match facts.signed_in {
        SignedIn::Session { authenticated_at, factor, .. } => (authenticated_at, factor),
        SignedIn::Fresh { factor_in_session: in_session, .. } => {
            let given = session::Factors { in_sign_in: facts.factor_in_sign_in, in_session };
            return match session::may_start(settings, user, facts.ip, given, why) {
                SessionVerdict::Allow(limits) => Next::StartSession(limits),
                SessionVerdict::StepUp => Next::StepUp,
                SessionVerdict::Deny => Next::Denied,
            };
        }
        SignedIn::No => return authenticate(settings, facts, why),
    };
    if !scope::assigned(facts.app, user) {
        why.note(|| Finding::new("assignment/missing").rule(format!("okta.apps.{}.assigned", facts.app.name)));
        return Next::NotAssigned;
    }
    let asked = sign_on::Facts {
        app: facts.app,
        user,
        platform: facts.platform,
        ip: facts.ip,
        trust: facts.trust,
        authenticated_at,
        now: facts.now,
        factor_in_session: factor,
        factor_in_sign_in: facts.factor_in_sign_in,
    };
    match sign_on::sign_on(settings, &asked, why) {
        SignOn::Allow => Next::Issue(trust::attribute(settings, facts.app, facts.platform, facts.trust)),
        SignOn::Deny => Next::Denied,
        SignOn::EnrolmentPage(integration) => Next::EnrolmentPage(integration),
        SignOn::StepUp => Next::StepUp,
        SignOn::Reauthenticate => Next::Reauthenticate,
        SignOn::NeedTrust(integration) => {
            let found = settings.identity_providers.iter().find(|idp| idp.name == integration.identity_provider);
            found.map_or(Next::EnrolmentPage(integration), Next::GoTo)
        }
    }
}

fn authenticate<'a>(settings: &'a Okta, facts: &Facts<'_>, why: &mut impl Why) -> Next<'a> {
    let asked =
        Asked { app: &facts.app.name, platform: facts.platform, ip: facts.ip, login: facts.login, user: facts.known };
    match routing::route(settings, &asked, why) {
        Route::NeedLogin => Next::Identify,
        Route::Okta => Next::SignIn,
        Route::IdentityProvider(idp) => Next::GoTo(idp),
    }
}
