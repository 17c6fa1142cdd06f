//! From the steps of a scenario to the oracle's state and answers.

use crate::access::REQUEST_LIFE;
use crate::compliance::minutes;
use crate::device::{Phone, seen_platform};
use crate::schedule::List;
use crate::{AppSession, Expected, Jar, Oracle, Stop, Visit, stop};
use federation::world::{Comparison, WantedContext};
use federation::{Client, DeviceContext, Outcome, Time, World};
use scenarios::{Action, BreakHow, FactsPatch, MfaAnswer, SignIn, Start, WipePhase};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// A person's answer to a prompt.
const ANSWER: Duration = Duration::from_secs(4);
/// How long a push waits for an answer.
const PUSH_LIFE: Duration = Duration::from_secs(300);

impl Oracle {
    /// The world as it stands at its start; devices that start enrolled are.
    pub fn new(world: &World) -> Oracle {
        let start = Time::parse(&world.start).unwrap_or_default();
        let sweep = minutes(world.uem.compliance_sweep_minutes.max(1));
        let list = minutes(world.uem.ca.crl_minutes.max(1));
        let mut oracle = Oracle {
            world: world.clone(),
            now: start,
            next_sweep: start + sweep,
            list: List { until: start + list * 2, next: start + list },
            phones: world.devices.iter().map(|d| (d.name.clone(), Phone::new(d, start))).collect(),
            okta_sessions: BTreeMap::new(),
            access_sessions: BTreeMap::new(),
            app_sessions: BTreeMap::new(),
            broken: BTreeMap::new(),
            skews: BTreeMap::new(),
            newcomers: Vec::new(),
            changed: BTreeMap::new(),
            links: BTreeMap::new(),
            armed: None,
            provisioned: Default::default(),
        };
        oracle.begin_provisioning();
        oracle.lay_people();
        for device in &world.devices {
            if let Some(user) = &device.enrolled_as {
                oracle.enrol(&device.name, user);
            }
        }
        oracle
    }

    /// Does what a step says; a sign-in has an answer.
    pub fn apply(&mut self, action: &Action) -> Option<Expected> {
        self.pass_until(self.now);
        match action {
            Action::SignIn(step) => return Some(self.sign_in(step)),
            Action::Enrol(e) => self.enrol(&e.device, &e.as_user),
            Action::FollowLink(f) => self.follow_link(&f.who, &f.on),
            Action::Unenrol(d) => {
                self.leave(&d.device);
                self.check_in(&d.device);
            }
            Action::Wipe(w) => match w.phase {
                WipePhase::Whole => {
                    self.request_wipe(&w.device);
                    self.check_in(&w.device);
                }
                WipePhase::Request => self.request_wipe(&w.device),
                WipePhase::Confirm => self.leave(&w.device),
            },
            Action::DeviceFacts(change) => {
                if let Some(phone) = self.phones.get_mut(&change.device) {
                    patch(phone, &change.facts);
                }
            }
            Action::Sweep => self.sweep(),
            Action::CheckIn(d) => self.check_in(&d.device),
            Action::InstallProfile(p) => self.install_by_hand(&p.device, &p.profile),
            Action::RenewCertificate(p) => self.renew(&p.device, &p.profile),
            Action::RemoveProfile(p) => {
                if let Some(phone) = self.phones.get_mut(&p.device) {
                    phone.certificates.remove(&p.profile);
                }
            }
            Action::RevokeCertificate(p) => self.revoke(&p.device, &p.profile),
            Action::PlantCertificate(wish) => self.plant(wish),
            Action::Misbehave(wish) => self.armed = Some(wish.clone()),
            Action::Change(change) => {
                let before = (self.world.uem.compliance_sweep_minutes, self.world.uem.ca.crl_minutes);
                let adapter = self.world.access.provisioning.airwatch.clone();
                self.world = (*change.world).clone();
                self.new_periods(before.0, before.1);
                self.keep_accounts();
                if self.world.access.provisioning.airwatch != adapter {
                    self.everybody_to_uem();
                }
                self.plan();
                self.lay_people();
            }
            Action::Provision(provision) => {
                if let Some(world) = &provision.world {
                    self.world = (**world).clone();
                    self.keep_accounts();
                    self.lay_people();
                }
                self.provision(&provision.step);
            }
            Action::EnrolPerson(person) => self.enrol_person(&person.who, &person.on),
            Action::SignOut(out) => self.sign_out(&out.on, &out.at),
            Action::Wait(wait) => self.pass_until(self.now + Duration::from_secs(wait.minutes.saturating_mul(60))),
            Action::Break(breakage) if breakage.how == BreakHow::ClockSkew => {
                self.skews.insert(breakage.party.clone(), breakage.seconds);
            }
            Action::Break(breakage) => {
                self.broken.insert((breakage.party.clone(), breakage.from.clone()), breakage.clone());
            }
            Action::Mend(mend) => {
                let stays = |(party, from): &(String, Option<String>)| {
                    *party != mend.party || (mend.from.is_some() && *from != mend.from)
                };
                self.broken.retain(|way, _| stays(way));
                if mend.from.is_none() {
                    self.skews.remove(&mend.party);
                }
            }
        }
        None
    }

    // m2-enrol: a web enrolment link enrols; one to the app store only brings the Hub
    fn follow_link(&mut self, who: &str, on: &str) {
        let enrolment = format!("https://{}/enroll", self.world.uem.enrollment_host);
        let account = self.world.people.iter().find(|p| p.name == who).and_then(|p| p.uem.clone());
        match account {
            _ if self.links.get(on) != Some(&enrolment) => {}
            Some(account) => self.enrol(on, &account),
            None => self.enrol_person(who, on),
        }
    }

    /// session-age: a session lives on both sides; a party that does not answer ends nothing.
    fn sign_out(&mut self, on: &str, at: &str) {
        if self.needs(on, at).is_err() {
            return;
        }
        match at {
            "okta" => self.okta_sessions.retain(|jar, _| jar.0 != on),
            "access" => self.access_sessions.retain(|jar, _| jar.0 != on),
            app => self.app_sessions.retain(|(jar, name), _| jar.0 != on || name != app),
        }
    }

    /// The person answers a prompt.
    pub(crate) fn she_answers(&mut self) {
        self.now = self.now + ANSWER;
    }

    /// A push that nobody answers takes its whole life.
    pub(crate) fn she_answers_factor(&mut self, v: &Visit) {
        self.now = self.now + if v.step.mfa == MfaAnswer::None { PUSH_LIFE } else { ANSWER };
    }

    fn sign_in(&mut self, step: &SignIn) -> Expected {
        let networks = &self.world.networks;
        let place = step.network.as_ref().map_or(networks.first(), |name| networks.iter().find(|n| n.name == *name));
        let kind = self.phones.get(&step.on).map(|p| p.kind).unwrap_or(federation::DeviceKind::LinuxPc);
        let app = self.world.apps.iter().find(|a| a.name == step.app);
        let asked = app.filter(|_| step.start == Start::Sp).map(|a| a.request.clone()).unwrap_or_default();
        let mut visit = Visit {
            step,
            asked,
            jar: jar(&step.on, step.client),
            platform: seen_platform(kind, step.client),
            ip: place.map_or(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 10)), |n| n.ip),
            trust: DeviceContext::Unknown,
            answered: false,
            typed_login: false,
            okta_factor_done: false,
            factor_passed: false,
            access_factor_failed: false,
            trips: 0,
            because: Vec::new(),
        };
        self.links.remove(&step.on);
        let end = self.through(&mut visit);
        self.armed = None;
        let because = visit.because;
        match end {
            Ok((session, outcome)) => Expected {
                outcome,
                by: step.app.clone(),
                as_whom: Some(session.login),
                device_trusted: session.device_trusted,
                because,
            },
            Err(stop) => Expected { outcome: stop.outcome, by: stop.by, as_whom: None, device_trusted: None, because },
        }
    }

    /// Okta's word on what the app asks: a user, a page of its own, or a status that the app does not take.
    // wire-authn-request
    fn asked_of_okta(&mut self, visit: &mut Visit, app: &str) -> Result<String, Stop> {
        let rejected = |oracle: &Oracle, visit: &Visit| {
            oracle.visit_needs(visit, app)?;
            stop(Outcome::AppRejected, app)
        };
        if visit.asked.context.as_ref().is_some_and(|wanted| !is_a_password(wanted)) {
            self.visit_needs(visit, "okta")?;
            return rejected(self, visit);
        }
        match self.at_okta(visit, app) {
            Err(told)
                if visit.asked.is_passive && !matches!(told.outcome, Outcome::OktaError | Outcome::Unreachable) =>
            {
                self.links.remove(&visit.step.on);
                rejected(self, visit)
            }
            other => other,
        }
    }

    fn through(&mut self, visit: &mut Visit) -> Result<(AppSession, Outcome), Stop> {
        let app = visit.step.app.clone();
        if visit.step.start == Start::Sp {
            self.visit_needs(visit, &app)?;
            // session-age: the app's own session asks nobody
            if let Some(session) = self.app_sessions.get(&(visit.jar.clone(), app.clone())) {
                return Ok((session.clone(), Outcome::Granted));
            }
        }
        // clock-skew: Okta takes an app's request that is two minutes early
        if visit.step.start == Start::Sp && !self.in_time(&app, "okta", Some(REQUEST_LIFE), 120) {
            self.visit_needs(visit, "okta")?;
            return stop(Outcome::OktaError, "okta");
        }
        if visit.step.start == Start::Sp {
            self.request_at_okta()?;
        }
        let user = self.asked_of_okta(visit, &app)?;
        self.visit_needs(visit, &app)?;
        self.response_at_app(&app)?;
        let takes_it = self.world.apps.iter().find(|a| a.name == app).is_some_and(|a| a.accept_idp_initiated);
        if visit.step.start == Start::Dashboard && !takes_it {
            return stop(Outcome::AppRejected, &app);
        }
        // clock-skew: Okta's assertion is good from now, for five minutes
        let skew = self.world.apps.iter().find(|a| a.name == app).map_or(0, |a| i64::from(a.clock_skew_seconds));
        if !self.in_time("okta", &app, Some(300), skew) {
            return stop(Outcome::AppRejected, &app);
        }
        let login = self.okta_user(&user).map(|u| u.login.clone()).unwrap_or_default();
        let session = AppSession { login, device_trusted: self.stated_trust(visit, &app) };
        self.app_sessions.insert((visit.jar.clone(), app), session.clone());
        // m1-mfa: a factor at either system
        Ok((session, if visit.factor_passed { Outcome::GrantedAfterMfa } else { Outcome::Granted }))
    }
}

/// Whether a password over TLS, which is what Okta states, is what is wanted.
fn is_a_password(wanted: &WantedContext) -> bool {
    let class = |class: &String| {
        let last = class.strip_prefix("urn:oasis:names:tc:SAML:2.0:ac:classes:")?;
        ["unspecified", "Password", "PasswordProtectedTransport"].iter().position(|known| *known == last)
    };
    let mut classes = wanted.classes.iter().map(class);
    wanted.classes.is_empty()
        || match wanted.comparison {
            Comparison::Exact | Comparison::Maximum => classes.any(|c| c == Some(2)),
            Comparison::Minimum => classes.any(|c| c.is_some()),
            Comparison::Better => classes.all(|c| c.is_some_and(|c| c < 2)),
        }
}

/// Which cookies a client has: the browser's whatever site it asks for, and those of each app of its own.
fn jar(device: &str, client: Client) -> Jar {
    let which = match client {
        Client::Browser | Client::MobileSite | Client::DesktopSite => "browser",
        Client::NativeApp => "app",
        Client::Hub => "hub",
    };
    (device.into(), which)
}

fn patch(phone: &mut Phone, change: &FactsPatch) {
    let change = change.clone();
    let facts = &mut phone.facts;
    facts.compromised = change.compromised.unwrap_or(facts.compromised);
    facts.passcode = change.passcode.unwrap_or(facts.passcode);
    facts.encrypted = change.encrypted.unwrap_or(facts.encrypted);
    if let Some(apps) = change.apps {
        facts.apps = apps;
    }
    if let Some(attributes) = change.attributes {
        facts.attributes = attributes;
    }
    if let Some(version) = change.os_version {
        phone.os_version = version;
    }
}
