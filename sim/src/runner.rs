//! Replays a case step by step and compares what the person experienced with what its author expected.

use crate::browser::{Answers, Browser, Cookies, Mfa, Visit};
use crate::device::When;
use crate::net::{Caller, Fault};
pub use crate::observe::{Missed, Observed};
use crate::observe::{Noticed, compare};
use crate::provision::Notes;
use crate::report;
use crate::store::Entry;
use crate::transcript;
use crate::world::{BuildError, Options, Running};
use federation::{Client, Event, EventKind};
use scenarios::{
    Action, BreakHow, Breakage, Case, MfaAnswer, Misbehaviour, PasswordEntry, Planting, SignIn, Start, Step, Wipe,
    WipePhase,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use uem_mock::Manage;

#[derive(Debug, Clone, serde::Serialize)]
pub struct StepResult {
    pub number: usize,
    pub action: String,
    pub observed: Option<Observed>,
    /// The things whose state the step's expectation asks for.
    pub state: BTreeMap<String, String>,
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
    /// Signatures of SAML messages made, and signatures checked, good or bad.
    pub signatures: u64,
    pub verifications: u64,
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
    let mut result = CaseResult {
        id: case.id.clone(),
        steps: Vec::new(),
        error: None,
        handshakes: 0,
        signatures: 0,
        verifications: 0,
    };
    match Running::start(&case.world, options).await {
        Err(BuildError(e)) => result.error = Some(e),
        Ok(running) => {
            running.core.drain();
            let mut stage = Stage {
                running,
                cookies: BTreeMap::new(),
                links: BTreeMap::new(),
                armed: None,
                notes: Notes::default(),
            };
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
            let tally = stage.running.tally();
            (result.signatures, result.verifications) = (tally.made(), tally.checked());
            let entry = Entry::new(&case.id, result.met(), report::ends(&result), result.transcript());
            if let Err(e) = stage.running.core.store.journal(&entry) {
                result.error.get_or_insert(e.to_string());
            }
        }
    }
    result
}

/// A world on stage, with what its people hold.
pub(crate) struct Stage {
    pub(crate) running: Running,
    /// Cookies of each program of each device.
    cookies: BTreeMap<String, Cookies>,
    /// Link of the enrolment page that a device shows.
    links: BTreeMap<String, String>,
    /// The attack that waits for the next sign-in.
    armed: Option<Misbehaviour>,
    /// What an administrator has written down.
    pub(crate) notes: Notes,
}

impl Stage {
    async fn play(&mut self, number: usize, step: &Step) -> Result<StepResult, String> {
        let now = self.running.core.clock.now();
        self.let_happen(now).await?;
        let attack = self.armed.as_ref().filter(|_| matches!(step.action, Action::SignIn(_)));
        let attack = attack.map(crate::misbehave::told).transpose()?;
        let visit = self.act(&step.action).await?;
        if matches!(step.action, Action::Provision(_) | Action::Change(_)) {
            self.settle().await?;
        }
        let events = self.running.core.drain();
        let noticed = Noticed::of(&events);
        let observed = match (visit, &step.action) {
            (Some(visit), Action::SignIn(s)) => Some(Observed::of(visit, &s.app, noticed.clone(), self.as_whom(s))),
            _ => None,
        };
        let observed = observed.map(|o| Observed { attack, ..o });
        let state = self.states(&step.expect.state).await;
        // Looking at the state is no part of the story.
        self.running.core.drain();
        let missed = compare(&step.expect, observed.as_ref(), &noticed, &state);
        let state = state.into_iter().map(|(path, stated)| (path, stated.to_string())).collect();
        Ok(StepResult { number, action: crate::describe::action(&step.action), observed, state, missed, events })
    }

    async fn act(&mut self, action: &Action) -> Result<Option<Visit>, String> {
        match action {
            Action::SignIn(sign_in) => return self.sign_in(sign_in).await.map(Some),
            Action::Enrol(enrol) => {
                let done = self.running.enrol(&enrol.device, &enrol.as_user, When::InTheStory).await;
                self.tell(&enrol.device, "is not enrolled", done);
            }
            Action::EnrolPerson(person) => self.enrol_person(&person.who, &person.on).await?,
            Action::Provision(provision) => self.provision(provision).await?,
            Action::FollowLink(follow) => self.follow_link(&follow.who, &follow.on).await?,
            Action::Wait(wait) => {
                let until = self.running.core.clock.now() + Duration::from_secs(wait.minutes.saturating_mul(60));
                self.let_happen(until).await?;
            }
            Action::DeviceFacts(change) => change.facts.apply(&mut self.handset(&change.device)?.device),
            Action::CheckIn(on) => self.hears(&on.device).await,
            Action::Sweep => {
                self.check_in_all().await;
                self.manage_uem(Manage::Sweep)?;
                self.check_in_all().await;
            }
            Action::Unenrol(on) => {
                let udid = self.handset(&on.device)?.udid.clone();
                self.manage_uem(Manage::Unenrol { udid })?;
                self.hears(&on.device).await;
            }
            Action::Wipe(wipe) => self.wipe(wipe).await?,
            Action::InstallProfile(on) => {
                let way = self.running.way_to_uem(When::InTheStory);
                let profile = self.running.world.uem.profiles.iter().find(|p| p.name == on.profile);
                let payload = profile.map(|p| p.payload);
                let done = self.handset(&on.device)?.install(&way, &on.profile, payload).await;
                self.tell(&on.device, &format!("does not get profile {}", on.profile), done);
            }
            Action::RemoveProfile(on) => {
                if !self.handset(&on.device)?.remove_profile(&on.profile) {
                    return Err(format!("`{}` has no profile `{}`", on.device, on.profile));
                }
            }
            Action::RenewCertificate(on) => {
                let udid = self.handset(&on.device)?.udid.clone();
                self.manage_uem(Manage::Renew { udid, profile: on.profile.clone() })?;
                self.hears(&on.device).await;
            }
            Action::RevokeCertificate(on) => {
                let udid = self.handset(&on.device)?.udid.clone();
                self.manage_uem(Manage::Revoke { udid, profile: on.profile.clone() })?;
            }
            Action::PlantCertificate(plant) => self.plant(plant)?,
            Action::Misbehave(wish) => self.armed = Some(wish.clone()),
            Action::Change(change) => self.change(&change.world)?,
            Action::SignOut(out) => self.sign_out(&out.on, &out.at).await?,
            Action::Break(breakage) => self.break_it(breakage),
            Action::Mend(mend) => {
                self.running.net.mend(&mend.party, mend.from.as_deref());
                if mend.from.is_none() {
                    self.running.core.set_skew(&mend.party, 0);
                }
            }
        }
        Ok(None)
    }

    /// Opens the link of the enrolment page; where that is UEM's web enrolment, the Hub goes on with her UEM account.
    async fn follow_link(&mut self, who: &str, on: &str) -> Result<(), String> {
        let link = self.links.get(on).cloned().ok_or_else(|| format!("`{on}` shows no enrolment page"))?;
        let browser = self.browser(on, Client::Browser)?;
        if browser.visit(&link, &Answers::default()).await.page.name != "uem/enroll" {
            let what = format!("the Hub is installed from {link}, and nothing is enrolled");
            self.running.core.note(on, EventKind::Changed { what });
            return Ok(());
        }
        let person = self.running.world.people.iter().find(|p| p.name == who);
        let Some(account) = person.and_then(|p| p.uem.clone()) else {
            // Whoever has no password at UEM is of the directory.
            return self.enrol_person(who, on).await;
        };
        let done = self.running.enrol(on, &account, When::InTheStory).await;
        self.tell(on, "is not enrolled", done);
        Ok(())
    }

    async fn wipe(&mut self, wipe: &Wipe) -> Result<(), String> {
        let udid = self.handset(&wipe.device)?.udid.clone();
        match wipe.phase {
            WipePhase::Whole => {
                self.manage_uem(Manage::Wipe { udid })?;
                self.hears(&wipe.device).await;
                Ok(())
            }
            WipePhase::Request => self.manage_uem(Manage::Wipe { udid }),
            WipePhase::Confirm => self.manage_uem(Manage::ConfirmWipe { udid }),
        }
    }

    fn break_it(&self, breakage: &Breakage) {
        let Breakage { party, from, how, delay_ms, seconds } = breakage;
        let fault = match how {
            BreakHow::Unreachable => Fault::Down,
            BreakHow::Slow => Fault::Slow(*delay_ms),
            BreakHow::Nonsense => Fault::Garbage,
            BreakHow::DroppedConnection => Fault::Dropped,
            BreakHow::TooManyRequests => Fault::TooMany(u64::try_from(*seconds).unwrap_or(0)),
            BreakHow::ClockSkew => return self.running.core.set_skew(party, seconds.saturating_mul(1000)),
        };
        self.running.net.set_fault(party, from.as_deref(), fault);
    }

    /// The device checks in at once, where it can; otherwise it hears of things later.
    async fn hears(&mut self, device: &str) {
        let done = self.check_in(device).await;
        self.tell(device, "does not get through to UEM", done);
    }

    /// A device that fails at something is part of the story.
    pub(crate) fn tell(&self, device: &str, what: &str, done: Result<(), String>) {
        if let Err(why) = done {
            self.running.core.note(device, EventKind::Changed { what: format!("{device} {what}: {why}") });
        }
    }

    /// A program of the device as it is without keys and cookies, at the usual place.
    pub(crate) fn browser(&self, on: &str, client: Client) -> Result<Browser, String> {
        let handset = self.running.handsets.get(on).ok_or_else(|| format!("there is no device `{on}`"))?;
        Ok(Browser {
            net: self.running.net.clone(),
            core: self.running.core.clone(),
            caller: Caller { name: on.into(), ip: self.running.default_ip, keys: Vec::new(), timeout_ms: 60_000 },
            keys: Vec::new(),
            user_agent: crate::device::user_agent(handset.device.kind, client),
            cookies: Cookies::default(),
            attack: None,
        })
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
        for (_, cookies) in own {
            let browser = Browser { cookies: cookies.clone(), ..self.browser(device, Client::Browser)? };
            browser.visit(&address, &Answers::default()).await;
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

    pub(crate) fn handset(&mut self, name: &str) -> Result<&mut crate::device::Handset, String> {
        self.running.handsets.get_mut(name).ok_or_else(|| format!("there is no device `{name}`"))
    }

    fn manage_uem(&self, what: Manage) -> Result<(), String> {
        self.running.uem.manage(&self.door("uem"), what)
    }

    pub(crate) fn door(&self, party: &str) -> crate::core::Door {
        crate::core::Door { party: party.into(), core: self.running.core.clone(), net: self.running.net.clone() }
    }

    pub(crate) fn change(&mut self, world: &federation::World) -> Result<(), String> {
        self.running.rewire(world)?;
        self.manage_uem(Manage::Settings(Box::new(world.uem.clone())))?;
        Ok(())
    }

    async fn check_in(&mut self, device: &str) -> Result<(), String> {
        let way = self.running.way_to_uem(When::InTheStory);
        self.handset(device)?.check_in(&way).await
    }

    /// Every device reports; one that cannot reach UEM tries again later. Says whether all did.
    pub(crate) async fn check_in_all(&mut self) -> bool {
        let mut all = true;
        for device in self.running.handsets.keys().cloned().collect::<Vec<_>>() {
            all &= self.check_in(&device).await.is_ok();
        }
        all
    }

    /// Cookies that a program of a device has for a host.
    pub(crate) fn cookie(&self, jar: &str, host: &str, name: &str) -> Option<String> {
        crate::core::locked(self.cookies.get(jar)?).get(host)?.get(name).cloned()
    }

    async fn sign_in(&mut self, step: &SignIn) -> Result<Visit, String> {
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
        let attack = match self.armed.take() {
            None => None,
            Some(wish) => Some(Arc::new(self.running.arm(&wish, step)?)),
        };
        let plain = self.browser(&step.on, step.client)?;
        let browser = Browser {
            caller: Caller { ip, ..plain.caller },
            keys: handset.keys(&crate::device::Legs::of(&world.access)),
            cookies: self.cookies.entry(step.jar()).or_default().clone(),
            attack: attack.clone(),
            ..plain
        };
        let answers = answers(world, person, step, &self.running.totp_secrets);
        let visit = browser.visit(&url, &answers).await;
        if let Some(attack) = attack {
            self.running.net.force(&step.on, None).map_err(|e| e.to_string())?;
            self.running.net.forge(None);
            attack.outcome()?;
        }
        self.links.remove(&step.on);
        if let Some((_, link)) = visit.page.links.first().filter(|_| visit.page.name == "okta/enrolment") {
            self.links.insert(step.on.clone(), link.clone());
        }
        Ok(visit)
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
