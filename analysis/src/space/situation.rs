//! One situation: its axes, its distance from a healthy one, its words, and the scenario that replays it.

use super::{FACTORS, PASSWORDS, STARTS, Space, WAYS, pasts};
use crate::facts::{End, Uem};
use crate::stage;
use federation::{Client, World};
use scenarios::{
    Action, AsWhom, BreakHow, Breakage, Case, Expect, MfaAnswer, PasswordEntry, SignIn, SourceMap, Start, Step,
};

/// By numbers: the node, and what is done at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Situation {
    pub node: usize,
    pub app: usize,
    pub network: usize,
    pub start: usize,
    pub password: usize,
    pub mfa: usize,
    pub uem: usize,
}

/// What situations differ in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Axis {
    Who,
    Device,
    State,
    Past,
    App,
    Network,
    Start,
    Password,
    Factor,
    Uem,
}

pub const AXES: [Axis; 10] = [
    Axis::Who,
    Axis::Device,
    Axis::State,
    Axis::Past,
    Axis::App,
    Axis::Network,
    Axis::Start,
    Axis::Password,
    Axis::Factor,
    Axis::Uem,
];

impl Space {
    /// Facts away from a healthy sign-in: her own enrolled device, nothing before, everything typed right.
    pub fn distance(&self, s: &Situation) -> u32 {
        let node = &self.nodes[s.node];
        let past = &self.pasts[usize::from(node.past)];
        let client = self.kits[usize::from(node.kit)].client != Client::Browser;
        let before = u32::from(past.app.is_some()) * 2
            + u32::from(past.wait_minutes > 0)
            + u32::try_from(past.ends.len()).unwrap_or(0);
        let rest = [client, s.network > 0, s.start > 0, s.password > 0, s.mfa > 0, s.uem > 0];
        let rest = rest.into_iter().filter(|differs| *differs).count();
        self.condition(node).distance + before + u32::try_from(rest).unwrap_or(0)
    }

    /// The word for a situation's place on an axis.
    pub fn word(&self, s: &Situation, axis: Axis) -> String {
        let node = &self.nodes[s.node];
        let kit = &self.kits[usize::from(node.kit)];
        let world = &self.model.world;
        match axis {
            Axis::Who => self.whos[usize::from(node.who)].name.clone(),
            Axis::Device => {
                let name = format!("{:?}", kit.kind);
                match kit.client {
                    Client::Browser => name,
                    client => format!("{name} ({client:?})"),
                }
            }
            Axis::State => self.condition(node).label.clone(),
            Axis::Past => {
                let past = &self.pasts[usize::from(node.past)];
                if past.app.is_none() { "no sessions".into() } else { past.label.clone() }
            }
            Axis::App => world.apps[s.app].name.clone(),
            Axis::Network => world.networks[usize::from(self.networks[s.network])].name.clone(),
            Axis::Start => if STARTS[s.start] == Start::Sp { "at the app" } else { "at the dashboard" }.into(),
            Axis::Password => match PASSWORDS[s.password] {
                PasswordEntry::Right => "right password",
                PasswordEntry::Wrong => "wrong password",
                PasswordEntry::None => "no password",
            }
            .into(),
            Axis::Factor => match FACTORS[s.mfa] {
                MfaAnswer::Totp => "right code",
                MfaAnswer::PushApprove => "push approved",
                MfaAnswer::None => "no factor answered",
                MfaAnswer::Wrong | MfaAnswer::PushDeny => "wrong code",
            }
            .into(),
            Axis::Uem => if WAYS[s.uem] == Uem::Answers { "UEM answers" } else { "UEM is unreachable" }.into(),
        }
    }

    /// A sentence: what differs from the healthy is said, the rest is not.
    pub fn sentence(&self, s: &Situation) -> String {
        let mut said = vec![format!(
            "{} opens {} on {} {}",
            self.word(s, Axis::Who),
            self.word(s, Axis::App),
            self.word(s, Axis::Device),
            self.word(s, Axis::State)
        )];
        let node = &self.nodes[s.node];
        if self.pasts[usize::from(node.past)].app.is_some() {
            said.push(self.word(s, Axis::Past));
        }
        if self.networks.len() > 1 {
            said.push(format!("from {}", self.word(s, Axis::Network)));
        }
        let rest = [(Axis::Start, s.start), (Axis::Password, s.password), (Axis::Factor, s.mfa), (Axis::Uem, s.uem)];
        said.extend(rest.into_iter().filter(|(_, at)| *at > 0).map(|(axis, _)| self.word(s, axis)));
        said.join(", ")
    }

    /// Whether the device's state is that of a device which UEM manages.
    pub fn is_managed(&self, s: &Situation) -> bool {
        let node = &self.nodes[s.node];
        self.devices[usize::from(node.device)].record.as_ref().is_some_and(|record| record.enrolled)
    }

    pub fn compliance(&self, s: &Situation) -> &'static str {
        let node = &self.nodes[s.node];
        match self.devices[usize::from(node.device)].record.as_ref().map(|r| r.compliance) {
            Some("Compliant") => "compliant",
            Some("NonCompliant") => "non-compliant",
            Some("PendingComplianceCheck") => "pending",
            Some(_) => "not-available",
            None => "unknown",
        }
    }

    /// The world in which a situation's steps are played.
    pub fn world_of(&self, s: &Situation) -> World {
        let mut world = (*self.model.world).clone();
        world.devices = vec![self.condition(&self.nodes[s.node]).device.clone()];
        world
    }

    /// Its steps; the last is the sign-in that it is about.
    pub fn steps(&self, s: &Situation) -> Vec<Action> {
        let node = &self.nodes[s.node];
        let mut steps = pasts::steps(self, node);
        if WAYS[s.uem] == Uem::Refuses {
            steps.push(Action::Break(Breakage {
                party: "uem".into(),
                from: None,
                how: BreakHow::Unreachable,
                delay_ms: 30_000,
                seconds: 0,
            }));
        }
        steps.push(Action::SignIn(SignIn {
            who: self.word(s, Axis::Who),
            on: self.condition(node).device.name.clone(),
            app: self.word(s, Axis::App),
            client: self.kits[usize::from(node.kit)].client,
            network: Some(self.word(s, Axis::Network)),
            start: STARTS[s.start],
            password: PASSWORDS[s.password],
            mfa: FACTORS[s.mfa],
        }));
        steps
    }

    /// The scenario that comes to `end`, with that as its expectation.
    pub fn case(&self, name: &str, story: &str, s: &Situation, end: &End) -> Case {
        let told = stage::told(&self.model, end, &self.word(s, Axis::App), Vec::new());
        let expect = Expect {
            outcome: Some(told.outcome),
            by: Some(told.by),
            device_trusted: told.device_trusted,
            as_whom: AsWhom { okta: told.okta, access: told.access, app: told.app.filter(|_| end.granted()) },
            ..Expect::default()
        };
        let step = |action| Step { line: 0, action, expect: Expect::default() };
        let mut steps: Vec<Step> = self.steps(s).into_iter().map(step).collect();
        if let Some(last) = steps.last_mut() {
            last.expect = expect;
        }
        Case {
            id: format!("own/{name}"),
            file: format!("{name}.toml"),
            story: story.into(),
            teaches: Vec::new(),
            world: self.world_of(s),
            steps,
            sources: SourceMap::default(),
        }
    }
}
