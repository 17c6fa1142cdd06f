//! The oracle: what a person should experience, straight from the author's description of the world.
//!
//! A stranger to the simulator: it knows no message, no cookie and no page, and shares types but not one function of
//! judgement with the parties. Its rules are flat; each names the requirement that it stands for.

mod access;
mod accounts;
mod attack;
mod compliance;
mod device;
mod enrolment;
mod laid;
mod methods;
mod okta;
mod provisioned;
mod provisioning;
mod pushing;
mod reach;
mod rules;
mod schedule;
mod state;
mod steps;

use access::AccessSession;
use device::Phone;
use federation::tenant::okta::User;
use federation::world::AppRequest;
use federation::{DeviceContext, Outcome, Platform, Time, World};
use okta::OktaSession;
use scenarios::{Breakage, Misbehaviour, SignIn};
use schedule::List;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// What a sign-in should come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    pub outcome: Outcome,
    /// Who decides it: `okta`, `access`, an app's name or `browser`.
    pub by: String,
    /// Okta login of the person whom the app takes the visitor for, where it lets her in.
    pub as_whom: Option<String>,
    /// What the app is told, where it asks for `device.trusted` and an assertion reaches it.
    pub device_trusted: Option<DeviceContext>,
    /// Finding codes without which the outcome would be another; each carries a requirement.
    pub because: Vec<&'static str>,
}

/// One browser of one device: device name and `browser`, `app` or `hub`.
type Jar = (String, &'static str);

/// The world as the oracle keeps it between steps.
#[derive(Debug, Clone)]
pub struct Oracle {
    world: World,
    now: Time,
    next_sweep: Time,
    list: List,
    phones: BTreeMap<String, Phone>,
    okta_sessions: BTreeMap<Jar, OktaSession>,
    access_sessions: BTreeMap<Jar, AccessSession>,
    app_sessions: BTreeMap<(Jar, String), AppSession>,
    /// By party and the caller that it fails; no caller means all.
    broken: BTreeMap<(String, Option<String>), Breakage>,
    /// Seconds that a party's clock is ahead.
    skews: BTreeMap<String, i64>,
    /// People whom Okta made from an identity provider's word (JIT).
    newcomers: Vec<User>,
    /// People whom a sign-in has changed: as configured, and as they are now.
    changed: BTreeMap<String, (User, User)>,
    /// Enrolment link that a device shows.
    links: BTreeMap<String, String>,
    /// The attack on the next sign-in.
    armed: Option<Misbehaviour>,
    /// What provisioning has made.
    provisioned: provisioned::Provisioned,
}

#[derive(Debug, Clone)]
struct AppSession {
    login: String,
    device_trusted: Option<DeviceContext>,
}

/// Where a sign-in ends before the app.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stop {
    outcome: Outcome,
    by: String,
}

fn stop<T>(outcome: Outcome, by: &str) -> Result<T, Stop> {
    Err(Stop { outcome, by: by.into() })
}

/// One sign-in on its way.
struct Visit<'a> {
    step: &'a SignIn,
    /// What the app asks, where it asks.
    asked: AppRequest,
    jar: Jar,
    platform: Platform,
    ip: IpAddr,
    /// Okta's conclusion in this transaction.
    trust: DeviceContext,
    /// The device identity provider has answered in this transaction.
    answered: bool,
    /// Login typed at Okta's identifier page.
    typed_login: bool,
    okta_factor_done: bool,
    factor_passed: bool,
    access_factor_failed: bool,
    /// Trips from Okta to Access.
    trips: u32,
    because: Vec<&'static str>,
}

impl Visit<'_> {
    /// ForceAuthn is the app's own wish; Okta's trips between are not.
    fn wants_anew(&self, app: &str) -> bool {
        self.asked.force_authn && self.step.app == app
    }

    /// wire-authn-request: with IsPassive whatever would need her is a status for the app, which lets nobody in over it.
    fn may_bother(&self) -> Result<(), Stop> {
        if self.asked.is_passive { stop(Outcome::AppRejected, &self.step.app) } else { Ok(()) }
    }

    fn because(&mut self, code: &'static str) {
        if !self.because.contains(&code) {
            self.because.push(code);
        }
    }
}
