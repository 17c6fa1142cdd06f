//! What somebody does in a world: which device she holds, one sign-in or two, and what happens between them.

use federation::device::Facts;
use federation::tenant::okta::UserStatus;
use federation::{Client, World};
use proptest::prelude::*;
use proptest::sample::select;
use scenarios::{
    Action, BreakHow, Breakage, Change, Expect, FactsChange, FactsPatch, MfaAnswer, OnProfile, PasswordEntry, SignIn,
    SignOut, Start, Step, Wait, Wipe,
};

#[derive(Debug, Clone)]
#[allow(dead_code, reason = "`who` is read by people, in the text of a failing case")]
pub struct Visit {
    who: &'static str,
    on: &'static str,
    enrolled_as: Option<&'static str>,
    facts: Facts,
    sign_ins: Vec<SignIn>,
    /// Between the two sign-ins.
    between: Vec<Between>,
}

/// Something that happens, or an administrator's change of the world that is not yet drawn.
#[derive(Debug, Clone)]
enum Between {
    Happens(Action),
    /// Alice's account at Okta gets that status.
    Status(UserStatus),
    /// Alice's account at Access is switched off or on.
    Enabled(bool),
}

fn sign_in(who: &'static str, on: &'static str, client: Client) -> impl Strategy<Value = SignIn> {
    use MfaAnswer::{PushApprove, PushDeny, Totp, Wrong};
    use PasswordEntry::Right;
    (
        select(vec!["salesforce", "wiki", "lunch-menu"]),
        prop_oneof![
            4 => Just(client),
            1 => select(vec![Client::Browser, Client::MobileSite, Client::Hub, Client::DesktopSite])
        ],
        select(vec![None, Some("office"), Some("home")]),
        prop_oneof![5 => Just(Start::Sp), 1 => Just(Start::Dashboard)],
        select(vec![Right, Right, Right, PasswordEntry::Wrong, PasswordEntry::None]),
        select(vec![Totp, Totp, PushApprove, PushDeny, MfaAnswer::None, Wrong]),
    )
        .prop_map(move |(app, client, network, start, password, mfa)| SignIn {
            who: who.into(),
            on: on.into(),
            app: app.into(),
            client,
            network: network.map(Into::into),
            start,
            password,
            mfa,
        })
}

/// What happens between two sign-ins; nothing one time in some.
fn between(on: &'static str) -> impl Strategy<Value = Vec<Between>> {
    let quiet = prop_oneof![5 => happenings(on), 2 => by_administrators(), 1 => clocks()];
    (quiet, prop::bool::weighted(0.2)).prop_map(move |(mut all, signs_out)| {
        if signs_out {
            all.push(Between::Happens(out(on, "okta")));
        }
        all
    })
}

fn out(on: &str, at: &str) -> Action {
    Action::SignOut(SignOut { on: on.into(), at: at.into() })
}

fn wait(minutes: u64) -> Action {
    Action::Wait(Wait { minutes })
}

/// What the device, its owner and the weather do.
fn happenings(on: &'static str) -> impl Strategy<Value = Vec<Between>> {
    let facts = |compromised| {
        let facts = FactsPatch { compromised: Some(compromised), ..FactsPatch::default() };
        Action::DeviceFacts(FactsChange { device: on.into(), facts })
    };
    let profile = if on == "alices-android" { "android-mobile-sso" } else { "ios-mobile-sso" };
    let on_profile = || OnProfile { device: on.into(), profile: profile.into() };
    let uem = |how| Action::Break(Breakage { party: "uem".into(), from: None, how, delay_ms: 30_000, seconds: 0 });
    let all = vec![
        vec![],
        vec![wait(1)],
        vec![wait(45)],
        vec![wait(9 * 60)],
        vec![Action::RemoveProfile(on_profile())],
        vec![facts(true), Action::Sweep],
        vec![facts(true), Action::Sweep, wait(10)],
        vec![facts(false), Action::Sweep, wait(10)],
        vec![Action::Wipe(Wipe { device: on.into(), phase: Default::default() })],
        vec![Action::RevokeCertificate(on_profile()), out(on, "okta")],
        vec![Action::RevokeCertificate(on_profile()), wait(70), out(on, "okta")],
        vec![wait(25 * 60)],
        vec![uem(BreakHow::Unreachable)],
        vec![uem(BreakHow::Nonsense), wait(45)],
        vec![uem(BreakHow::Slow), out(on, "okta")],
        vec![uem(BreakHow::DroppedConnection), facts(true), Action::Sweep, out(on, "okta")],
        vec![out(on, "okta")],
        vec![out(on, "okta"), out(on, "salesforce"), out(on, "wiki"), out(on, "lunch-menu")],
        vec![out(on, "access"), out(on, "okta")],
    ];
    select(all).prop_map(|actions| actions.into_iter().map(Between::Happens).collect())
}

fn by_administrators() -> impl Strategy<Value = Vec<Between>> {
    use Between::{Enabled, Happens, Status};
    use UserStatus::{Active, Deactivated, Suspended};
    select(vec![
        vec![Status(Suspended)],
        vec![Status(Deactivated)],
        vec![Status(Active)],
        vec![Enabled(false)],
        vec![Enabled(false), Happens(wait(45)), Enabled(true)],
        vec![Status(Suspended), Happens(wait(1)), Status(Active)],
    ])
}

/// A party's clock is set, and time goes on: requests, answers, certificates and revocation lists age differently.
fn clocks() -> impl Strategy<Value = Vec<Between>> {
    let apart = |party: &'static str, seconds: i64| {
        Action::Break(Breakage { party: party.into(), from: None, how: BreakHow::ClockSkew, delay_ms: 30_000, seconds })
    };
    (
        select(vec!["okta", "access", "access", "uem", "uem"]),
        select(vec![60, 150, -60, -150, 3700, -3700, 7300, -7300, 90_000, -90_000]),
        select(vec![vec![], vec![wait(5)], vec![wait(70)], vec![wait(130)]]),
    )
        .prop_map(move |(party, seconds, then)| {
            [apart(party, seconds)].into_iter().chain(then).map(Between::Happens).collect()
        })
}

pub fn visit() -> impl Strategy<Value = Visit> {
    let devices = vec![
        "alices-iphone",
        "alices-iphone",
        "bobs-iphone",
        "alices-android",
        "alices-android",
        "alices-ipad",
        "alices-pc",
        "alices-mac",
    ];
    let clients = vec![Client::Browser, Client::Browser, Client::Browser, Client::MobileSite, Client::NativeApp];
    (select(vec!["alice", "alice", "bob"]), select(devices), select(clients)).prop_flat_map(|(who, on, client)| {
        (
            select(vec![None, Some("alice"), Some("alice"), Some("alice"), Some("bob")]),
            (prop::bool::weighted(0.2), prop::bool::weighted(0.8)),
            prop::collection::vec(sign_in(who, on, client), 1..=2),
            between(on),
        )
            .prop_map(move |(enrolled_as, (compromised, passcode), sign_ins, between)| Visit {
                who,
                on,
                enrolled_as,
                facts: Facts { compromised, passcode, ..Facts::default() },
                sign_ins,
                between,
            })
    })
}

impl Visit {
    /// The device as she brings it.
    pub fn set(&self, world: &mut World) {
        for device in world.devices.iter_mut().filter(|d| d.name == self.on) {
            device.enrolled_as = self.enrolled_as.map(Into::into);
            device.facts = self.facts.clone();
        }
    }

    /// What happens, in order. What needs an enrolled phone is done to one.
    pub fn steps(&self, world: &World) -> Vec<Step> {
        let has_profile = self.enrolled_as.is_some() && !matches!(self.on, "alices-pc" | "alices-mac");
        let possible = |action: &Action| match action {
            Action::RemoveProfile(_) | Action::RevokeCertificate(_) => has_profile,
            Action::Wipe(_) => self.enrolled_as.is_some(),
            _ => true,
        };
        let step = |action| Step { line: 0, action, expect: Expect::default() };
        let mut now = world.clone();
        let mut steps = Vec::new();
        for (i, sign_in) in self.sign_ins.iter().enumerate() {
            if i > 0 {
                let actions = self.between.iter().map(|between| between.action(&mut now));
                steps.extend(actions.filter(possible).map(step));
            }
            steps.push(step(Action::SignIn(sign_in.clone())));
        }
        steps
    }
}

impl Between {
    /// A change starts from the world as it stands by then.
    fn action(&self, now: &mut World) -> Action {
        match self {
            Between::Happens(action) => return action.clone(),
            Between::Status(status) => {
                now.okta.users.iter_mut().filter(|u| u.name == "alice").for_each(|u| u.status = *status);
            }
            Between::Enabled(enabled) => {
                let users = now.access.directories.iter_mut().flat_map(|d| &mut d.users);
                users.filter(|u| u.name == "alice").for_each(|u| u.enabled = *enabled);
            }
        }
        Action::Change(Change { patches: Vec::new(), world: Box::new(now.clone()) })
    }
}
