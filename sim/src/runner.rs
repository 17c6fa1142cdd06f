//! Replays a case step by step and compares what the person experienced with what its author expected.

use crate::browser::{Answers, Browser, Cookies, End, Mfa, Visit};
use crate::net::{Caller, Fault};
use crate::report;
use crate::store::Entry;
use crate::transcript;
use crate::world::{BuildError, Options, Running};
use federation::{Client, DeviceContext, Event, EventKind, Finding, Outcome, Time};
use scenarios::{
    Action, BreakHow, Breakage, Case, Expect, FactsPatch, MfaAnswer, PasswordEntry, Planting, SignIn, Start, Step,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// What a sign-in came to.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Observed {
    pub outcome: Outcome,
    /// Who decided it: `okta`, `access`, an app's name or `browser`.
    pub by: String,
    pub because: Vec<Finding>,
    /// Messages that a named check refused: `code: detail`.
    pub refused: Vec<String>,
    /// Login at each party that has a session for this browser.
    pub as_whom: BTreeMap<String, String>,
    /// Present only where an assertion reached the app.
    pub device_trusted: Option<DeviceContext>,
    pub page: String,
    pub page_text: String,
    pub flags: Vec<String>,
    pub log: Vec<String>,
    /// The redirects that repeat, where there was a loop.
    pub cycle: Vec<String>,
}

/// An expectation that did not hold.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Missed {
    pub what: String,
    pub expected: String,
    pub observed: String,
}

#[derive(Debug, Clone, serde::Serialize)]
pub struct StepResult {
    pub number: usize,
    pub action: String,
    pub observed: Option<Observed>,
    pub missed: Vec<Missed>,
    #[serde(skip)]
    pub events: Vec<Event>,
}

/// What came of a case.
#[derive(Debug, Clone, serde::Serialize)]
pub struct CaseResult {
    pub id: String,
    pub steps: Vec<StepResult>,
    /// Why the case could not be played to its end.
    pub error: Option<String>,
    pub handshakes: u64,
}

impl CaseResult {
    pub fn met(&self) -> bool {
        self.error.is_none() && self.steps.iter().all(|s| s.missed.is_empty())
    }
    /// The canonical transcript of all steps.
    pub fn transcript(&self) -> String {
        transcript::text(self.steps.iter().flat_map(|s| &s.events))
    }
    pub fn last(&self) -> Option<&Observed> {
        self.steps.iter().rev().find_map(|s| s.observed.as_ref())
    }
}

/// Replays `case`; every problem ends up in the result.
pub async fn run(case: &Case, options: &Options) -> CaseResult {
    let mut result = CaseResult { id: case.id.clone(), steps: Vec::new(), error: None, handshakes: 0 };
    match Running::start(&case.world, options).await {
        Err(BuildError(e)) => result.error = Some(e),
        Ok(running) => {
            running.core.drain();
            let mut stage =
                Stage { running, cookies: BTreeMap::new(), sessions: BTreeMap::new(), links: BTreeMap::new() };
            for (index, step) in case.steps.iter().enumerate() {
                match stage.play(index + 1, step).await {
                    Ok(step) => result.steps.push(step),
                    Err(e) => {
                        result.error = Some(format!("step {}: {e}", index + 1));
                        break;
                    }
                }
            }
            result.handshakes = stage.running.net.handshakes();
            let entry = Entry::new(&case.id, result.met(), report::ends(&result), result.transcript());
            if let Err(e) = stage.running.core.store.journal(&entry) {
                result.error.get_or_insert(e.to_string());
            }
        }
    }
    result
}

struct Stage {
    running: Running,
    /// Cookies of each program of each device.
    cookies: BTreeMap<String, Cookies>,
    /// Who each device's browser is signed in as, by party.
    sessions: BTreeMap<String, BTreeMap<String, String>>,
    /// Link of the enrolment page that a device shows.
    links: BTreeMap<String, String>,
}

impl Stage {
    async fn play(&mut self, number: usize, step: &Step) -> Result<StepResult, String> {
        let now = self.running.core.clock.now();
        self.let_happen(now).await?;
        let observed = self.act(&step.action).await?;
        let events = self.running.core.drain();
        let observed = observed.map(|(visit, device, app)| self.observe(visit, &device, &app, &events));
        let missed = observed.as_ref().map(|o| compare(&step.expect, o)).unwrap_or_default();
        Ok(StepResult { number, action: crate::describe::action(&step.action), observed, missed, events })
    }

    async fn act(&mut self, action: &Action) -> Result<Option<(Visit, String, String)>, String> {
        match action {
            Action::SignIn(sign_in) => return self.sign_in(sign_in).await.map(Some),
            Action::Enrol(enrol) => self.running.enrol(&enrol.device, &enrol.as_user).await?,
            Action::FollowLink(follow) => self.follow_link(&follow.who, &follow.on).await?,
            Action::Wait(wait) => {
                let until = self.running.core.clock.now() + Duration::from_secs(wait.minutes.saturating_mul(60));
                self.let_happen(until).await?;
            }
            Action::DeviceFacts(change) => patch(&mut self.handset(&change.device)?.device, &change.facts),
            Action::CheckIn(on) => self.check_in(&on.device).await?,
            Action::Sweep => {
                self.check_in_all().await?;
                self.manage_uem(uem_mock::Manage::Sweep)?;
                self.check_in_all().await?;
            }
            Action::Wipe(on) => {
                let udid = self.handset(&on.device)?.udid.clone();
                self.manage_uem(uem_mock::Manage::Wipe { udid })?;
                self.check_in(&on.device).await?;
            }
            Action::RemoveProfile(on) => {
                if !self.handset(&on.device)?.remove_profile(&on.profile) {
                    return Err(format!("`{}` has no profile `{}`", on.device, on.profile));
                }
            }
            Action::RevokeCertificate(on) => {
                let udid = self.handset(&on.device)?.udid.clone();
                self.manage_uem(uem_mock::Manage::Revoke { udid, profile: on.profile.clone() })?;
            }
            Action::PlantCertificate(plant) => self.plant(plant)?,
            Action::Change(change) => self.change(&change.world)?,
            Action::SignOut(out) => self.sign_out(&out.on, &out.at).await?,
            Action::Break(breakage) => self.running.net.set_fault(&breakage.party, Some(fault(breakage))),
            Action::Mend(on) => self.running.net.set_fault(&on.party, None),
        }
        Ok(None)
    }

    /// Opens the link of the enrolment page; where that is UEM's web enrolment, the Hub goes on with her UEM account.
    async fn follow_link(&mut self, who: &str, on: &str) -> Result<(), String> {
        let link = self.links.get(on).cloned().ok_or_else(|| format!("`{on}` shows no enrolment page"))?;
        let browser = Browser {
            net: self.running.net.clone(),
            core: self.running.core.clone(),
            caller: Caller { name: on.into(), ip: self.running.default_ip, keys: Vec::new(), timeout_ms: 60_000 },
            keys: Vec::new(),
            user_agent: crate::device::user_agent(self.handset(on)?.device.kind, Client::Browser),
            cookies: Cookies::default(),
        };
        if browser.visit(&link, &Answers::default()).await.page.name != "uem/enroll" {
            let what = format!("the Hub is installed from {link}, and nothing is enrolled");
            self.running.core.note(on, EventKind::Changed { what });
            return Ok(());
        }
        let person = self.running.world.people.iter().find(|p| p.name == who);
        let account = person.and_then(|p| p.uem.clone()).ok_or_else(|| format!("`{who}` has no account at UEM"))?;
        self.running.enrol(on, &account).await
    }

    /// Every program of the device that has cookies opens the party's own way out; where that works the session is gone on both sides.
    async fn sign_out(&mut self, device: &str, at: &str) -> Result<(), String> {
        let world = &self.running.world;
        let address = match at {
            "okta" => format!("https://{}/signout", world.okta.host),
            "access" => format!("https://{}/SAAS/auth/logout", world.access.host),
            _ => {
                let app = world.apps.iter().find(|a| a.name == at);
                format!("https://{}/logout", app.ok_or_else(|| format!("there is no app `{at}`"))?.host)
            }
        };
        let own: Vec<_> = self.cookies.iter().filter(|(key, _)| key.split('/').next() == Some(device)).collect();
        for (jar, cookies) in own {
            let kind = self.running.handsets.get(device).map(|h| h.device.kind).ok_or("there is no such device")?;
            let browser = Browser {
                net: self.running.net.clone(),
                core: self.running.core.clone(),
                caller: Caller {
                    name: device.into(),
                    ip: self.running.default_ip,
                    keys: Vec::new(),
                    timeout_ms: 60_000,
                },
                keys: Vec::new(),
                user_agent: crate::device::user_agent(kind, Client::Browser),
                cookies: cookies.clone(),
            };
            let visit = browser.visit(&address, &Answers::default()).await;
            let done = visit.page.name.ends_with("/signed-out");
            if let Some(sessions) = self.sessions.get_mut(jar).filter(|_| done) {
                sessions.remove(at);
            }
        }
        Ok(())
    }

    /// A bad certificate, with the key that it fits, takes the place of a profile's.
    fn plant(&mut self, wish: &Planting) -> Result<(), String> {
        let users = &self.running.world.uem.users;
        let claims = users.iter().find(|u| u.name == wish.as_user).cloned();
        let claims = claims.ok_or_else(|| format!("UEM has no user `{}`", wish.as_user))?;
        let (net, now) = (self.running.net.clone(), self.running.core.clock.now());
        let udid = self.handset(&wish.device)?.udid.clone();
        let plant = self.running.insider.make(wish.kind, &claims, &udid, now).map_err(|e| e.to_string())?;
        let profile = self.running.world.uem.profiles.iter().find(|p| p.name == wish.profile);
        let payload = profile.map(|p| p.payload);
        self.handset(&wish.device)?.plant(&net, &wish.profile, payload, plant)
    }

    fn handset(&mut self, name: &str) -> Result<&mut crate::device::Handset, String> {
        self.running.handsets.get_mut(name).ok_or_else(|| format!("there is no device `{name}`"))
    }

    fn manage_uem(&self, what: uem_mock::Manage) -> Result<(), String> {
        self.running.uem.manage(&self.door("uem"), what)
    }

    fn door(&self, party: &str) -> crate::core::Door {
        crate::core::Door { party: party.into(), core: self.running.core.clone(), net: self.running.net.clone() }
    }

    fn change(&mut self, world: &federation::World) -> Result<(), String> {
        self.running.okta.manage(&self.door("okta"), idp_okta::Manage::Settings(Box::new(world.okta.clone())))?;
        self.running
            .access
            .manage(&self.door("access"), idp_access::Manage::Settings(Box::new(world.access.clone())))?;
        self.manage_uem(uem_mock::Manage::Settings(Box::new(world.uem.clone())))?;
        self.running.world = world.clone();
        Ok(())
    }

    async fn check_in(&mut self, device: &str) -> Result<(), String> {
        let (net, hosts, ip) = (self.running.net.clone(), self.running.uem_hosts.clone(), self.running.default_ip);
        self.handset(device)?.check_in(&net, &hosts, ip).await
    }

    /// Every device reports; one that cannot reach UEM tries again later.
    async fn check_in_all(&mut self) -> Result<(), String> {
        for device in self.running.handsets.keys().cloned().collect::<Vec<_>>() {
            let _unreachable = self.check_in(&device).await;
        }
        Ok(())
    }

    /// Lets what is due by `until` happen, one thing at a time, in order of time, then party.
    async fn let_happen(&mut self, until: Time) -> Result<(), String> {
        loop {
            let due = ["access", "okta", "uem"]
                .iter()
                .filter_map(|name| Some((self.running.party(name)?.next_due()?, *name)))
                .filter(|(at, _)| *at <= until)
                .min();
            let Some((at, name)) = due else { break };
            self.running.core.clock.to(at);
            if name == "uem" {
                self.check_in_all().await?;
            }
            if let Some(party) = self.running.party(name) {
                party.wake(&self.door(name)).await;
                if party.next_due().is_some_and(|next| next <= at) {
                    return Err(format!("`{name}` does not get on with what is due at {at}"));
                }
            }
            if name == "uem" {
                self.check_in_all().await?;
            }
        }
        self.running.core.clock.to(until);
        Ok(())
    }

    async fn sign_in(&mut self, step: &SignIn) -> Result<(Visit, String, String), String> {
        let world = &self.running.world;
        let person = world
            .people
            .iter()
            .find(|p| p.name == step.who)
            .ok_or_else(|| format!("there is nobody called `{}`", step.who))?;
        let handset = self.running.handsets.get(&step.on).ok_or_else(|| format!("there is no device `{}`", step.on))?;
        let ip = match &step.network {
            None => self.running.default_ip,
            Some(name) => {
                world
                    .networks
                    .iter()
                    .find(|n| &n.name == name)
                    .ok_or_else(|| format!("there is no network `{name}`"))?
                    .ip
            }
        };
        let url = match step.start {
            Start::Sp => {
                let app = world
                    .apps
                    .iter()
                    .find(|a| a.name == step.app)
                    .ok_or_else(|| format!("there is no app `{}`", step.app))?;
                format!("https://{}/", app.host)
            }
            Start::Dashboard => format!("https://{}/app/{}/sso/saml", world.okta.host, step.app),
        };
        let browser = Browser {
            net: self.running.net.clone(),
            core: self.running.core.clone(),
            caller: Caller { name: step.on.clone(), ip, keys: Vec::new(), timeout_ms: 60_000 },
            keys: handset.keys(&crate::device::Legs::of(&world.access)),
            user_agent: crate::device::user_agent(handset.device.kind, step.client),
            cookies: self.cookies.entry(jar(step)).or_default().clone(),
        };
        let answers = answers(world, person, step, &self.running.totp_secrets);
        let visit = browser.visit(&url, &answers).await;
        self.links.remove(&step.on);
        if let Some((_, link)) = visit.page.links.first().filter(|_| visit.page.name == "okta/enrolment") {
            self.links.insert(step.on.clone(), link.clone());
        }
        Ok((visit, jar(step), step.app.clone()))
    }

    fn observe(&mut self, visit: Visit, device: &str, app: &str, events: &[Event]) -> Observed {
        let sessions = self.sessions.entry(device.into()).or_default();
        for event in events {
            if let EventKind::SignedIn { login } = &event.kind {
                sessions.insert(event.party.clone(), login.clone());
            }
        }
        let mut because = Vec::new();
        for event in events {
            if let EventKind::Decided { because: found, .. } = &event.kind {
                because.extend(found.iter().cloned());
            }
        }
        let (outcome, by) = outcome(&visit, app, &because);
        let mut observed = Observed {
            outcome,
            by,
            because,
            refused: Vec::new(),
            as_whom: sessions
                .iter()
                .filter_map(|(party, login)| whom(party, app).map(|w| (w, login.clone())))
                .collect(),
            device_trusted: None,
            page: visit.page.name.clone(),
            page_text: visit.page.text.clone(),
            flags: Vec::new(),
            log: Vec::new(),
            cycle: visit.cycle,
        };
        for event in events {
            match &event.kind {
                EventKind::Refused { code, detail } => observed.refused.push(format!("{code}: {detail}")),
                EventKind::Message { flags, .. } => observed.flags.extend(flags.iter().cloned()),
                EventKind::Log { event_type, result, .. } => observed.log.push(format!("{event_type} {result}")),
                _ => {}
            }
        }
        if visit.page.name == "app/home" {
            observed.device_trusted = match visit.page.data.get("trusted").map(String::as_str) {
                Some("TRUSTED") => Some(DeviceContext::Trusted),
                Some("NOT_TRUSTED") => Some(DeviceContext::NotTrusted),
                Some("UNKNOWN") => Some(DeviceContext::Unknown),
                _ => None,
            };
        }
        observed
    }
}

/// Programs of a device that share cookies: its browser, a native app, the Hub.
fn jar(step: &SignIn) -> String {
    let program = match step.client {
        Client::Browser | Client::MobileSite | Client::DesktopSite => "browser",
        Client::NativeApp => "app",
        Client::Hub => "hub",
    };
    format!("{}/{program}", step.on)
}

/// The name under which a party's session is reported: `app` for the app of this step, nothing for other apps.
fn whom(party: &str, app: &str) -> Option<String> {
    match party {
        "okta" | "access" => Some(party.into()),
        _ if party == app => Some("app".into()),
        _ => None,
    }
}

fn answers(
    world: &federation::World,
    person: &federation::world::Person,
    step: &SignIn,
    secrets: &BTreeMap<String, Vec<u8>>,
) -> Answers {
    let typed = |right: &str| match step.password {
        PasswordEntry::Right => Some(right.to_string()),
        PasswordEntry::Wrong => Some(format!("{right}-mistyped")),
        PasswordEntry::None => None,
    };
    let okta = person.okta.as_ref().and_then(|name| world.okta.users.iter().find(|u| &u.name == name));
    let access = person.access.as_ref().and_then(|path| {
        let (directory, user) = path.split_once('/')?;
        world.access.directories.iter().find(|d| d.name == directory)?.users.iter().find(|u| u.name == user)
    });
    Answers {
        okta: okta.and_then(|u| Some((u.login.clone(), typed(&u.password)?))),
        access: access.and_then(|u| Some((u.username.clone(), typed(&u.password)?))),
        mfa: match step.mfa {
            MfaAnswer::Totp => Mfa::Totp,
            MfaAnswer::Wrong => Mfa::Wrong,
            MfaAnswer::PushApprove => Mfa::Approve,
            MfaAnswer::PushDeny => Mfa::Deny,
            MfaAnswer::None => Mfa::NoAnswer,
        },
        totp_secret: okta.and_then(|u| secrets.get(&u.name).cloned()).unwrap_or_default(),
    }
}

/// What the page that the browser rests on means to the person, and whose page it is.
fn outcome(visit: &Visit, app: &str, because: &[Finding]) -> (Outcome, String) {
    match &visit.end {
        End::Loop => return (Outcome::Loop, "browser".into()),
        End::Unreachable(_) => return (Outcome::Unreachable, "browser".into()),
        End::Page => {}
    }
    let page = visit.page.name.as_str();
    let owner = match page.split('/').next() {
        Some("app") => app.to_string(),
        Some(owner) => owner.to_string(),
        None => String::new(),
    };
    let passed = because.iter().any(|f| f.code == "mfa/passed");
    let factor = because.iter().rev().find(|f| f.code.starts_with("mfa/")).map(|f| f.code);
    let outcome = match page {
        "app/home" if passed => Outcome::GrantedAfterMfa,
        "app/home" => Outcome::Granted,
        "app/rejected" => Outcome::AppRejected,
        "okta/mfa" | "access/mfa" => Outcome::MfaFailed,
        "access/denied" if factor == Some("mfa/failed") => Outcome::MfaFailed,
        "okta/enrolment" => Outcome::EnrolmentPage,
        "okta/denied" => Outcome::Denied,
        "okta/error" => Outcome::OktaError,
        "okta/not-assigned" => Outcome::NotAssigned,
        "okta/sign-in" | "access/sign-in" if visit.page.failed => Outcome::SignInFailed,
        "okta/sign-in" | "okta/identify" | "access/sign-in" => Outcome::SignInRequired,
        "access/denied" | "access/error" => Outcome::AccessDenied,
        _ => Outcome::Unreachable,
    };
    (outcome, owner)
}

fn fault(breakage: &Breakage) -> Fault {
    match breakage.how {
        BreakHow::Unreachable => Fault::Down,
        BreakHow::Slow => Fault::Slow(breakage.delay_ms),
        BreakHow::Nonsense => Fault::Garbage,
    }
}

/// Changes what the device is; UEM hears of it at the next check-in.
fn patch(device: &mut federation::device::Device, change: &FactsPatch) {
    let change = change.clone();
    let facts = &mut device.facts;
    facts.compromised = change.compromised.unwrap_or(facts.compromised);
    facts.passcode = change.passcode.unwrap_or(facts.passcode);
    facts.encrypted = change.encrypted.unwrap_or(facts.encrypted);
    facts.apps = change.apps.unwrap_or_else(|| std::mem::take(&mut facts.apps));
    facts.attributes = change.attributes.unwrap_or_else(|| std::mem::take(&mut facts.attributes));
    if let Some(version) = change.os_version {
        device.os_version = version;
    }
}

/// Everything in `expect` that `observed` does not show.
pub fn compare(expect: &Expect, observed: &Observed) -> Vec<Missed> {
    let mut missed = Vec::new();
    let mut same = |what: &str, expected: Option<String>, observed: String| {
        if let Some(expected) = expected.filter(|e| *e != observed) {
            missed.push(Missed { what: what.into(), expected, observed });
        }
    };
    same("outcome", expect.outcome.map(|o| o.to_string()), observed.outcome.to_string());
    same("by", expect.by.clone(), observed.by.clone());
    let trusted = observed.device_trusted.map_or_else(|| "none".into(), |d| d.to_string());
    same("device.trusted", expect.device_trusted.map(|d| d.to_string()), trusted);
    let whom = &expect.as_whom;
    for (party, login) in [("okta", &whom.okta), ("access", &whom.access), ("app", &whom.app)] {
        same(&format!("as_whom.{party}"), login.clone(), observed.as_whom.get(party).cloned().unwrap_or_default());
    }
    let findings: Vec<String> = observed.because.iter().map(|f| f.code.to_string()).collect();
    let found = |w: &str| match w.split_once(' ') {
        Some((code, rule)) => observed.because.iter().any(|f| f.code == code && f.rule == rule),
        None => findings.iter().any(|f| f == w) || observed.refused.iter().any(|r| r.starts_with(&format!("{w}: "))),
    };
    let mut contains = |what: &str, wanted: &[String], has: &dyn Fn(&str) -> bool, observed: &str| {
        for wanted in wanted {
            let (word, should) = wanted.strip_prefix('!').map_or((wanted.as_str(), true), |w| (w, false));
            if has(word) != should {
                missed.push(Missed { what: what.into(), expected: wanted.clone(), observed: observed.into() });
            }
        }
    };
    let shown = |list: &[String]| if list.is_empty() { "none".into() } else { list.join(", ") };
    contains("because", &expect.because, &found, &shown(&findings));
    contains("page", &expect.page_contains, &|w| observed.page_text.contains(w), &observed.page_text);
    contains("flags", &expect.flags, &|w| observed.flags.iter().any(|f| f == w), &shown(&observed.flags));
    contains("log", &expect.log, &|w| observed.log.iter().any(|l| l.contains(w)), &shown(&observed.log));
    missed
}
