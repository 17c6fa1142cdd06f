//! Plays the steps of a case as the runner plays them over the wire, without a wire: devices, UEM's records, what lies between.

mod devices;

use crate::beyond::beyond;
use crate::facts::{
    AccessSession, AppSession, Attempt, Browser, By, Certificate, DeviceFacts, End, OktaSession, Uem, Ways,
};
use crate::leaves::{Direct, Leaves};
use crate::model::{Agent, Model, UserId};
use crate::sign_in::{self, Scratch};
use federation::device::Device;
use federation::tenant::uem::Payload;
use federation::{DeviceContext, Finding, Outcome, Time, World};
use scenarios::{Action, BreakHow, Breakage, Case, PlantKind, SignIn, Step};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use uem_mock::Manage;
use uem_mock::records::{Certified, Records};

const DAY: Duration = Duration::from_secs(86_400);
const PATIENCE_MS: u64 = 30_000;

/// Why a case cannot be played to its end here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stuck {
    /// It is about messages or about what the model leaves out.
    Beyond(&'static str),
    /// An author's mistake, as the runner would name it.
    Impossible(String),
}

fn impossible<T>(why: impl Into<String>) -> Result<T, Stuck> {
    Err(Stuck::Impossible(why.into()))
}

/// A sign-in's end, in names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub outcome: Outcome,
    pub by: String,
    pub device_trusted: Option<DeviceContext>,
    pub okta: Option<String>,
    pub access: Option<String>,
    pub app: Option<String>,
    pub because: Vec<Finding>,
}

#[derive(Clone)]
struct Held {
    payload: Payload,
    certified: Certified,
    planted: Option<PlantKind>,
}

#[derive(Clone)]
struct Handset {
    device: Device,
    udid: String,
    enrolled: bool,
    profiles: BTreeMap<String, Held>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    Down,
    Slow(u64),
    Nonsense,
    HangsUp,
}

#[derive(Clone, Default)]
pub(crate) struct Jar {
    okta: Option<OktaSession>,
    access: Option<AccessSession>,
    apps: BTreeMap<String, AppSession>,
}

enum Reached {
    Yes,
    /// It did what it was asked, and nobody heard.
    Unheard,
    No,
}

/// A world in the middle of a story.
#[derive(Clone)]
pub struct Stage {
    pub model: Arc<Model>,
    records: Records,
    pub now: Time,
    handsets: BTreeMap<String, Handset>,
    jars: BTreeMap<String, Jar>,
    links: BTreeMap<String, String>,
    faults: BTreeMap<(String, Option<String>), Fault>,
    wrong: BTreeMap<UserId, u8>,
    direct: Direct,
    scratch: Scratch,
}

/// A 40-digit name for a device that states none.
fn udid(device: &Device) -> String {
    device.udid.clone().unwrap_or_else(|| {
        let hash = device
            .name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        format!("{hash:016x}{hash:016x}{:08x}", hash >> 32)
    })
}

/// Plays a case; an entry for every step that is a sign-in.
///
/// # Errors
/// Where it is not for the model, or not possible.
pub fn play(case: &Case) -> Result<Vec<Option<Told>>, Stuck> {
    let mut stage = Stage::start(Arc::new(Model::new(Arc::new(case.world.clone()))))?;
    case.steps.iter().map(|step| stage.step(step)).collect()
}

impl Stage {
    /// The world as it starts, its devices enrolled.
    ///
    /// # Errors
    /// Where the model leaves out what the world has.
    pub fn start(model: Arc<Model>) -> Result<Stage, Stuck> {
        let devices = model.world.devices.clone();
        Stage::start_with(model, &devices)
    }

    /// The same with other devices than the world's own.
    ///
    /// # Errors
    /// As [`Stage::start`].
    pub fn start_with(model: Arc<Model>, devices: &[Device]) -> Result<Stage, Stuck> {
        if let Some(what) = beyond(&model.world) {
            return Err(Stuck::Beyond(what));
        }
        let handsets = devices.iter().map(|d| {
            let handset = Handset { device: d.clone(), udid: udid(d), enrolled: false, profiles: BTreeMap::new() };
            (d.name.clone(), handset)
        });
        let mut stage = Stage {
            records: Records::new(model.world.uem.clone(), model.start),
            now: model.start,
            handsets: handsets.collect(),
            jars: BTreeMap::new(),
            links: BTreeMap::new(),
            faults: BTreeMap::new(),
            wrong: BTreeMap::new(),
            direct: Direct::default(),
            scratch: Scratch::default(),
            model,
        };
        for device in devices {
            if let Some(user) = &device.enrolled_as
                && !stage.enrol(&device.name, user)?
            {
                return impossible(format!("cannot enrol `{}`", device.name));
            }
        }
        Ok(stage)
    }

    /// The parties as this story has left them, with whom JIT has made.
    pub fn direct(&self) -> Direct {
        self.direct.clone()
    }

    /// Plays an action.
    ///
    /// # Errors
    /// Where it is not for the model, or not possible.
    pub fn play(&mut self, action: &Action) -> Result<Option<Told>, Stuck> {
        let now = self.now;
        self.let_happen(now)?;
        self.act(action)
    }

    /// # Errors
    /// As [`Stage::play`].
    pub fn step(&mut self, step: &Step) -> Result<Option<Told>, Stuck> {
        self.play(&step.action)
    }

    fn act(&mut self, action: &Action) -> Result<Option<Told>, Stuck> {
        match action {
            Action::SignIn(sign_in) => return self.sign_in(sign_in).map(Some),
            Action::Enrol(enrol) => {
                self.enrol(&enrol.device, &enrol.as_user)?;
            }
            Action::FollowLink(follow) => self.follow_link(&follow.who, &follow.on)?,
            Action::Wait(wait) => {
                let until = self.now + Duration::from_secs(wait.minutes.saturating_mul(60));
                self.let_happen(until)?;
            }
            Action::DeviceFacts(change) => change.facts.apply(&mut self.handset(&change.device)?.device),
            Action::CheckIn(on) => {
                self.check_in(&on.device)?;
            }
            Action::Sweep => {
                self.check_in_all()?;
                self.manage(Manage::Sweep)?;
                self.check_in_all()?;
            }
            Action::Unenrol(on) => {
                let udid = self.handset(&on.device)?.udid.clone();
                self.manage(Manage::Unenrol { udid })?;
                self.check_in(&on.device)?;
            }
            Action::Wipe(wipe) => self.wipe(wipe)?,
            Action::InstallProfile(on) => {
                self.install(&on.device, &on.profile)?;
            }
            Action::RemoveProfile(on) => {
                if self.handset(&on.device)?.profiles.remove(&on.profile).is_none() {
                    return impossible(format!("`{}` has no profile `{}`", on.device, on.profile));
                }
            }
            Action::RenewCertificate(on) => {
                let udid = self.handset(&on.device)?.udid.clone();
                self.manage(Manage::Renew { udid, profile: on.profile.clone() })?;
                self.check_in(&on.device)?;
            }
            Action::RevokeCertificate(on) => {
                let udid = self.handset(&on.device)?.udid.clone();
                self.manage(Manage::Revoke { udid, profile: on.profile.clone() })?;
            }
            Action::PlantCertificate(plant) => self.plant(plant)?,
            Action::EnrolPerson(_) | Action::Provision(_) => return Err(Stuck::Beyond("people who are provisioned")),
            Action::Misbehave(_) => return Err(Stuck::Beyond("messages that are attacked")),
            Action::Change(change) => self.change(&change.world)?,
            Action::SignOut(out) => self.sign_out(&out.on, &out.at),
            Action::Break(breakage) => self.break_it(breakage)?,
            Action::Mend(mend) => {
                let mended = |(party, from): &(String, Option<String>)| {
                    *party == mend.party && (mend.from.is_none() || *from == mend.from)
                };
                self.faults.retain(|way, _| !mended(way));
            }
        }
        Ok(None)
    }

    fn handset(&mut self, name: &str) -> Result<&mut Handset, Stuck> {
        self.handsets.get_mut(name).ok_or_else(|| Stuck::Impossible(format!("there is no device `{name}`")))
    }

    fn manage(&mut self, what: Manage) -> Result<(), Stuck> {
        self.records.manage(what, self.now).map_err(Stuck::Impossible)
    }

    fn fault(&self, party: &str, from: &str) -> Option<Fault> {
        let own = self.faults.get(&(party.to_string(), Some(from.to_string())));
        own.or_else(|| self.faults.get(&(party.to_string(), None))).copied()
    }

    fn break_it(&mut self, breakage: &Breakage) -> Result<(), Stuck> {
        let fault = match breakage.how {
            BreakHow::Unreachable => Fault::Down,
            BreakHow::TooManyRequests => return Err(Stuck::Beyond("parties that answer badly")),
            BreakHow::ClockSkew => return Err(Stuck::Beyond("clocks that differ")),
            _ if breakage.party != "uem" => return Err(Stuck::Beyond("parties that answer badly")),
            BreakHow::Slow => Fault::Slow(breakage.delay_ms),
            BreakHow::Nonsense => Fault::Nonsense,
            BreakHow::DroppedConnection => Fault::HangsUp,
        };
        self.faults.insert((breakage.party.clone(), breakage.from.clone()), fault);
        Ok(())
    }

    fn sign_out(&mut self, device: &str, at: &str) {
        if self.fault(at, device).is_some() {
            return;
        }
        for (_, jar) in self.jars.iter_mut().filter(|(name, _)| name.split('/').next() == Some(device)) {
            match at {
                "okta" => jar.okta = None,
                "access" => jar.access = None,
                app => {
                    jar.apps.remove(app);
                }
            }
        }
    }

    /// An administrator's change: people keep their sessions by name.
    fn change(&mut self, world: &World) -> Result<(), Stuck> {
        if let Some(what) = beyond(world) {
            return Err(Stuck::Beyond(what));
        }
        let old = self.model.clone();
        let new = Arc::new(Model::new(Arc::new(world.clone())));
        let user = |id: UserId| new.user_named(&old.users[usize::from(id)].name);
        let person = |id: u16| new.person_by_key(&old.persons[usize::from(id)].key);
        for jar in self.jars.values_mut() {
            jar.okta = jar.okta.and_then(|s| Some(OktaSession { user: user(s.user)?, ..s }));
            jar.access = jar.access.and_then(|s| Some(AccessSession { person: person(s.person)?, ..s }));
            let apps = std::mem::take(&mut jar.apps).into_iter();
            jar.apps = apps.filter_map(|(app, s)| Some((app, AppSession { user: user(s.user)?, ..s }))).collect();
        }
        self.direct.made = self.direct.made.iter().filter_map(|id| user(*id)).collect();
        let same = |id: UserId| {
            let of = |model: &Model, id: UserId| model.users[usize::from(id)].clone();
            user(id).filter(|new_id| of(&old, id) == of(&new, *new_id))
        };
        let wrong = std::mem::take(&mut self.wrong).into_iter();
        self.wrong = wrong.filter_map(|(id, count)| Some((same(id)?, count))).collect();
        self.model = new;
        self.manage(Manage::Settings(Box::new(world.uem.clone())))
    }

    /// What Access can learn of a device now.
    pub fn device(&self, name: &str) -> DeviceFacts {
        let Some(handset) = self.handsets.get(name) else { return DeviceFacts::default() };
        let shown = |leg: usize| {
            let fits = |held: &&Held| payload_leg(held.payload) == leg;
            let held = handset.profiles.values().find(fits)?;
            Some(Certificate {
                listed: self.records.is_listed(&held.certified.serial),
                certified: held.certified.clone(),
                planted: held.planted,
            })
        };
        let mut facts = DeviceFacts {
            id: 0,
            udid: handset.udid.clone(),
            legs: [None, None, None],
            record: self.records.stated(&handset.udid),
        };
        for (at, place) in facts.legs.iter_mut().enumerate() {
            *place = shown(at);
        }
        facts
    }

    /// Sessions of a program for an app, and what else a sign-in starts from.
    pub fn attempt(&self, step: &SignIn) -> Result<(Attempt, Browser, Ways), Stuck> {
        let (model, world) = (&self.model, &self.model.world);
        let person = world.people.iter().find(|p| p.name == step.who);
        let Some(person) = person else { return impossible(format!("there is nobody called `{}`", step.who)) };
        let Some(handset) = self.handsets.get(&step.on) else {
            return impossible(format!("there is no device `{}`", step.on));
        };
        let position = |found: Option<usize>, what: &str, name: &str| match found.and_then(|at| u16::try_from(at).ok())
        {
            Some(at) => Ok(at),
            None => impossible(format!("there is no {what} `{name}`")),
        };
        let network = match &step.network {
            None => 0,
            Some(name) => position(world.networks.iter().position(|n| n.name == *name), "network", name)?,
        };
        let app = position(world.apps.iter().position(|a| a.name == step.app), "app", &step.app)?;
        let okta = person.okta.as_ref().and_then(|name| model.user_named(name));
        let attempt = Attempt {
            app,
            start: step.start,
            agent: Agent::of(handset.device.kind, step.client),
            agent_id: 0,
            network,
            okta,
            access: person.access.as_ref().and_then(|path| model.person_at(path)),
            password: step.password,
            mfa: step.mfa,
            wrong: okta.and_then(|id| self.wrong.get(&id)).copied().unwrap_or_default(),
        };
        let jar = self.jars.get(&step.jar()).cloned().unwrap_or_default();
        let browser = Browser { okta: jar.okta, access: jar.access, app: jar.apps.get(&step.app).copied() };
        let up = |party: &str| self.fault(party, &step.on).is_none();
        let uem = match self.fault("uem", "access") {
            None => Uem::Answers,
            Some(Fault::Down) => Uem::Refuses,
            Some(Fault::Slow(ms)) => Uem::Slow(ms),
            Some(Fault::Nonsense) => Uem::Nonsense,
            Some(Fault::HangsUp) => Uem::HangsUp,
        };
        Ok((attempt, browser, Ways { okta: up("okta"), access: up("access"), app: up(&step.app), uem }))
    }

    /// Plays a sign-in; by number.
    ///
    /// # Errors
    /// As [`Stage::play`].
    pub fn end(&mut self, step: &SignIn) -> Result<End, Stuck> {
        let now = self.now;
        self.let_happen(now)?;
        self.opened(step).map(|(end, _)| end)
    }

    /// The session of an app, by number, that the program of a sign-in has.
    pub fn app_session(&self, step: &SignIn, app: u16) -> Option<AppSession> {
        let name = &self.model.world.apps.get(usize::from(app))?.name;
        self.jars.get(&step.jar())?.apps.get(name).copied()
    }

    fn sign_in(&mut self, step: &SignIn) -> Result<Told, Stuck> {
        let model = self.model.clone();
        let (end, because) = self.opened(step)?;
        Ok(told(&model, &end, &step.app, because))
    }

    fn opened(&mut self, step: &SignIn) -> Result<(End, Vec<Finding>), Stuck> {
        let mut direct = std::mem::take(&mut self.direct);
        let opened = self.open(step, &mut direct);
        self.direct = direct;
        opened
    }

    /// A sign-in whose questions somebody else answers.
    ///
    /// # Errors
    /// As [`Stage::play`].
    pub fn asked(&mut self, step: &SignIn, leaves: &mut impl Leaves) -> Result<(Told, End), Stuck> {
        let now = self.now;
        self.let_happen(now)?;
        let model = self.model.clone();
        let (end, because) = self.open(step, leaves)?;
        Ok((told(&model, &end, &step.app, because), end))
    }

    fn open(&mut self, step: &SignIn, leaves: &mut impl Leaves) -> Result<(End, Vec<Finding>), Stuck> {
        let (attempt, mut browser, ways) = self.attempt(step)?;
        let device = self.device(&step.on);
        let model = self.model.clone();
        let mut because = self.records.because();
        because.clear();
        let end = sign_in::sign_in(
            &model,
            &attempt,
            &device,
            &ways,
            &mut browser,
            self.now,
            leaves,
            &mut because,
            &mut self.scratch,
        );
        let kept = self.jars.entry(step.jar()).or_default();
        (kept.okta, kept.access) = (browser.okta, browser.access);
        match browser.app {
            Some(session) => kept.apps.insert(step.app.clone(), session),
            None => kept.apps.remove(&step.app),
        };
        self.now = end.now;
        match end.typed {
            Some((user, true)) => {
                self.wrong.remove(&user);
            }
            Some((user, false)) => {
                let wrong = self.wrong.entry(user).or_default();
                *wrong = wrong.saturating_add(1);
            }
            None => {}
        }
        self.links.remove(&step.on);
        if end.outcome == Outcome::EnrolmentPage
            && let Some(integration) = model.okta().device_trust.of(attempt.agent.platform)
        {
            self.links.insert(step.on.clone(), integration.enrollment_link.clone());
        }
        Ok((end, because))
    }
}

/// An end in names.
pub fn told(model: &Model, end: &End, app: &str, because: Vec<Finding>) -> Told {
    let login = |id: UserId| model.users[usize::from(id)].login.clone();
    Told {
        outcome: end.outcome,
        by: match end.by {
            By::Okta => "okta".into(),
            By::Access => "access".into(),
            By::App => app.into(),
            By::Browser => "browser".into(),
        },
        device_trusted: end.trusted,
        okta: end.okta.map(login),
        access: end.access.map(|id| model.persons[usize::from(id)].user.username.clone()),
        app: end.app.map(login),
        because,
    }
}

pub(crate) fn payload_leg(payload: Payload) -> usize {
    match payload {
        Payload::MobileSsoIos => 0,
        Payload::MobileSsoAndroid => 1,
        Payload::Certificate => 2,
    }
}
