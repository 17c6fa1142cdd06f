//! What happened before: for every person, device and state the sessions that an earlier sign-in leaves, by their age.
//!
//! Ages are told apart by the limits that settings have. An age that a person's answers could carry over a limit while she
//! signs in stands for nobody and is left out: the last [`MARGIN`] minutes before each.

use super::devices::conditions;
use super::{Extent, Node, Past, Space};
use crate::facts::{AppSession, Browser, DeviceFacts};
use crate::leaves::number;
use crate::model::Model;
use crate::stage::{Stage, Stuck};
use federation::Time;
use scenarios::{Action, MfaAnswer, PasswordEntry, SignIn, SignOut, Start, Wait};
use std::collections::BTreeMap;

/// Minutes that a sign-in may take.
pub const MARGIN: u64 = 7;

/// Ages in minutes, one of each class.
pub fn ages(m: &Model) -> Vec<u64> {
    let okta = m.okta();
    let sessions = okta.session_rules.iter().flat_map(|r| [r.idle_minutes, r.lifetime_minutes]);
    let apps = okta.apps.iter().flat_map(|a| &a.rules).filter_map(|r| r.reauthenticate_after_minutes);
    let access = m.access().policies.iter().flat_map(|p| &p.rules).map(|r| r.reauthenticate_after_minutes);
    let mut limits: Vec<u64> = sessions.chain(apps).chain(access).map(u64::from).filter(|n| *n > 0).collect();
    limits.push(120);
    limits.sort_unstable();
    limits.dedup();
    let mut ages = vec![0];
    if limits[0] > 1 + MARGIN {
        ages.push(1);
    }
    for (at, limit) in limits.iter().enumerate() {
        let age = limit + 1;
        if limits.get(at + 1).is_none_or(|next| age + MARGIN <= *next) {
            ages.push(age);
        }
    }
    ages
}

type Key = (Option<crate::facts::OktaSession>, Option<crate::facts::AccessSession>, Option<(u16, AppSession)>, u16);

pub(super) fn fill(space: &mut Space, extent: Extent) -> Result<(), Stuck> {
    let ages = ages(&space.model);
    for who in 0..space.whos.len() {
        for kit in 0..space.kits.len() {
            one(space, who, kit, if extent.sessions { &ages } else { &[] })?;
        }
    }
    Ok(())
}

/// Nodes of one person with one kind of device.
fn one(space: &mut Space, who: usize, kit: usize, ages: &[u64]) -> Result<(), Stuck> {
    let model = space.model.clone();
    let all = conditions(&model, &space.whos, &space.whos[who], space.kits[kit].kind);
    let mut seen: Vec<DeviceFacts> = Vec::new();
    for condition in all {
        let mut stage = Stage::start_with(model.clone(), std::slice::from_ref(&condition.device))?;
        let begun = stage.clone();
        if !plays(&mut stage, &condition.steps)? {
            continue;
        }
        let name = condition.device.name.clone();
        let facts = meaning(&stage.device(&name), stage.now);
        if seen.contains(&facts) && !condition.stays {
            continue;
        }
        seen.push(facts);
        let at = number(space.conditions.len());
        space.conditions.push(condition.clone());
        let mut told: BTreeMap<u16, Vec<Key>> = BTreeMap::new();
        push(space, (who, kit, at), Past::none(), &stage, (Browser::default(), None), &mut told);
        if ages.is_empty() {
            continue;
        }
        for app in 0..model.apps.len() {
            let mut stage = begun.clone();
            let sign_in = prior(space, who, kit, app, &name);
            let _ = stage.play(&Action::SignIn(sign_in.clone()))?;
            if !plays(&mut stage, &condition.steps)? {
                continue;
            }
            for age in ages.iter().filter(|age| **age == 0 || **age >= condition.minutes) {
                let wait_minutes = age.saturating_sub(condition.minutes);
                if *age == 0 && condition.minutes > 0 {
                    continue;
                }
                let mut later = stage.clone();
                later.play(&Action::Wait(Wait { minutes: wait_minutes }))?;
                let label = format!("after opening {} {age} minutes ago", model.world.apps[app].name);
                variants(space, (who, kit, at), (app, wait_minutes, label), &later, &sign_in, &mut told)?;
            }
        }
    }
    Ok(())
}

/// The sessions as they are, and with one side signed out of.
fn variants(
    space: &mut Space,
    place: (usize, usize, u16),
    (app, wait_minutes, label): (usize, u64, String),
    stage: &Stage,
    sign_in: &SignIn,
    told: &mut BTreeMap<u16, Vec<Key>>,
) -> Result<(), Stuck> {
    let (_, whole, _) = stage.attempt(sign_in)?;
    let own = whole.app.map(|session| (number(app), session));
    let past = |ends: &[&'static str], keeps_app: bool, label: String| Past {
        app: Some(number(app)),
        wait_minutes,
        ends: ends.to_vec(),
        keeps_app,
        label,
    };
    let without = |okta: bool, access: bool| Browser {
        okta: whole.okta.filter(|_| okta),
        access: whole.access.filter(|_| access),
        app: None,
    };
    push(space, place, past(&[], false, label.clone()), stage, (without(true, true), None), told);
    if own.is_some() {
        let kept = past(&[], true, format!("{label}, the app still open"));
        push(space, place, kept, stage, (without(true, true), own), told);
    }
    if whole.okta.is_some() && whole.access.is_some() {
        let ended = past(&["okta"], false, format!("{label}, signed out of Okta"));
        push(space, place, ended, stage, (without(false, true), None), told);
        let ended = past(&["access"], false, format!("{label}, signed out of Access"));
        push(space, place, ended, stage, (without(true, false), None), told);
    }
    Ok(())
}

fn push(
    space: &mut Space,
    (who, kit, condition): (usize, usize, u16),
    past: Past,
    stage: &Stage,
    (browser, app): (Browser, Option<(u16, AppSession)>),
    told: &mut BTreeMap<u16, Vec<Key>>,
) {
    let name = super::devices::device_name(space.kits[kit].kind);
    let facts = stage.device(name);
    let device = device(space, facts, stage.now);
    let key = (browser.okta, browser.access, app, device);
    let known = told.entry(device).or_default();
    if past.app.is_some() && (browser == Browser::default() && app.is_none() || known.contains(&key)) {
        return;
    }
    known.push(key);
    let at = space.pasts.iter().position(|p| *p == past).unwrap_or_else(|| {
        space.pasts.push(past);
        space.pasts.len() - 1
    });
    space.nodes.push(Node {
        who: number(who),
        kit: number(kit),
        condition,
        past: number(at),
        device,
        browser,
        app,
        now: stage.now,
    });
}

/// The number of a device's facts, each kept once.
fn device(space: &mut Space, facts: DeviceFacts, now: Time) -> u16 {
    let meant = meaning(&facts, now);
    let known = space.meanings.iter().position(|d| *d == meant);
    number(known.unwrap_or_else(|| {
        let id = number(space.devices.len());
        space.devices.push(DeviceFacts { id, ..facts });
        space.meanings.push(meant);
        space.devices.len() - 1
    }))
}

/// What of a device's facts anybody judges: dates as they stand now, and no serial numbers.
fn meaning(facts: &DeviceFacts, now: Time) -> DeviceFacts {
    let mut facts = DeviceFacts { id: 0, ..facts.clone() };
    for certificate in facts.legs.iter_mut().flatten() {
        let stands = |begun: bool| if begun { Time(0) } else { Time::MAX };
        certificate.certified.serial.clear();
        certificate.certified.not_before = stands(certificate.certified.not_before <= now);
        certificate.certified.not_after = stands(certificate.certified.not_after < now);
    }
    facts
}

impl Space {
    /// Whether a device's facts are those of a node, as anybody judges them.
    pub fn stands(&self, node: &Node, facts: &DeviceFacts, now: Time) -> bool {
        meaning(facts, now) == self.meanings[usize::from(node.device)]
    }
}

/// Whether all of it can be done.
fn plays(stage: &mut Stage, steps: &[Action]) -> Result<bool, Stuck> {
    for step in steps {
        match stage.play(step) {
            Ok(_) => {}
            Err(Stuck::Impossible(_)) => return Ok(false),
            Err(beyond) => return Err(beyond),
        }
    }
    Ok(true)
}

/// An earlier sign-in, with everything right.
pub(super) fn prior(space: &Space, who: usize, kit: usize, app: usize, device: &str) -> SignIn {
    SignIn {
        who: space.whos[who].name.clone(),
        on: device.into(),
        app: space.model.world.apps[app].name.clone(),
        client: space.kits[kit].client,
        network: Some(space.model.world.networks[usize::from(space.networks[0])].name.clone()),
        start: Start::Sp,
        password: PasswordEntry::Right,
        mfa: MfaAnswer::Totp,
    }
}

/// Adds a node of another world's space, as it stands in this one; says whether its story can be told here.
pub(super) fn again(space: &mut Space, from: &Space, node: &Node) -> Result<bool, Stuck> {
    let device_name = from.condition(node).device.name.clone();
    let mut stage = Stage::start_with(space.model.clone(), std::slice::from_ref(&from.condition(node).device));
    let steps = steps(from, node);
    let played = match &mut stage {
        Ok(stage) => plays(stage, &steps)?,
        Err(Stuck::Impossible(_)) => false,
        Err(beyond) => return Err(beyond.clone()),
    };
    let Ok(stage) = stage else {
        let none = device(space, DeviceFacts::default(), Time(0));
        space.nodes.push(Node { device: none, ..node.clone() });
        return Ok(false);
    };
    let facts = stage.device(&device_name);
    let at = device(space, facts, stage.now);
    let sign_in = prior(from, usize::from(node.who), usize::from(node.kit), 0, &device_name);
    let (_, browser, _) = stage.attempt(&sign_in)?;
    let past = &from.pasts[usize::from(node.past)];
    let app = past.app.filter(|_| past.keeps_app).and_then(|app| Some((app, stage.app_session(&sign_in, app)?)));
    space.nodes.push(Node {
        device: at,
        browser: Browser { app: None, ..browser },
        app,
        now: stage.now,
        ..node.clone()
    });
    Ok(played)
}

/// The steps of a node, before the sign-in that it is about.
pub fn steps(space: &Space, node: &Node) -> Vec<Action> {
    let condition = space.condition(node);
    let past = &space.pasts[usize::from(node.past)];
    let mut steps = Vec::new();
    let name = condition.device.name.clone();
    if let Some(app) = past.app {
        let (who, kit) = (usize::from(node.who), usize::from(node.kit));
        steps.push(Action::SignIn(prior(space, who, kit, usize::from(app), &name)));
    }
    steps.extend(condition.steps.iter().cloned());
    if past.wait_minutes > 0 {
        steps.push(Action::Wait(Wait { minutes: past.wait_minutes }));
    }
    if let Some(app) = past.app.filter(|_| !past.keeps_app) {
        let at = space.model.world.apps[usize::from(app)].name.clone();
        steps.push(Action::SignOut(SignOut { on: name.clone(), at }));
    }
    steps.extend(past.ends.iter().map(|at| Action::SignOut(SignOut { on: name.clone(), at: (*at).into() })));
    steps
}
