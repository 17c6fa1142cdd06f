//! Every situation that a world can tell apart: who, with which device in which state, after what, opening what from where.
//!
//! A situation is made of what people and devices do, so that each can be replayed: its state is what the steps before it have
//! left. [`Space::of`] derives the classes from the settings; [`Space::decide`] says what one comes to.

mod devices;
mod pasts;
mod people;
mod situation;

pub use devices::{Condition, Kit};
pub use pasts::{MARGIN, ages};
pub use people::Who;
pub use situation::{AXES, Axis, Situation};

use crate::cache::Cache;
use crate::facts::{Attempt, Browser, DeviceFacts, End, Uem, Ways};
use crate::leaves::{Leaves, number};
use crate::model::Model;
use crate::sign_in::{self, Scratch};
use crate::stage::{Stage, Stuck};
use federation::{Time, Why, World};
use scenarios::{MfaAnswer, PasswordEntry, Start};
use std::net::IpAddr;
use std::sync::Arc;

pub const STARTS: [Start; 2] = [Start::Sp, Start::Dashboard];
pub const PASSWORDS: [PasswordEntry; 3] = [PasswordEntry::Right, PasswordEntry::Wrong, PasswordEntry::None];
/// Denying a push and mistyping a code come to the same.
pub const FACTORS: [MfaAnswer; 4] = [MfaAnswer::Totp, MfaAnswer::PushApprove, MfaAnswer::Wrong, MfaAnswer::None];
pub const WAYS: [Uem; 2] = [Uem::Answers, Uem::Refuses];

/// A person with a device in a state, after what happened before.
#[derive(Debug, Clone)]
pub struct Node {
    pub who: u16,
    pub kit: u16,
    pub condition: u16,
    pub past: u16,
    /// Number of [`Space::devices`].
    pub device: u16,
    /// Sessions at Okta and Access.
    pub browser: Browser,
    /// The app's own session, where one was left, and the app's number.
    pub app: Option<(u16, crate::facts::AppSession)>,
    pub now: Time,
}

/// What happened before, as `pasts` made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// The app that was opened, with everything right.
    pub app: Option<u16>,
    pub wait_minutes: u64,
    pub ends: Vec<&'static str>,
    /// The app's own session is left as it is.
    pub keeps_app: bool,
    pub label: String,
}

pub struct Space {
    pub model: Arc<Model>,
    pub whos: Vec<Who>,
    pub kits: Vec<Kit>,
    /// Per who and kit.
    pub conditions: Vec<Condition>,
    pub pasts: Vec<Past>,
    pub devices: Vec<DeviceFacts>,
    /// The same as anybody judges them, at their own time.
    meanings: Vec<DeviceFacts>,
    pub nodes: Vec<Node>,
    /// The numbers of networks that are told apart.
    pub networks: Vec<u16>,
    pub ways: usize,
}

/// How much of a world's space is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Sessions of earlier sign-ins.
    pub sessions: bool,
}

impl Default for Extent {
    fn default() -> Extent {
        Extent { sessions: true }
    }
}

impl Space {
    /// # Errors
    /// Where the model leaves out what the world has.
    pub fn of(world: &World, extent: Extent) -> Result<Space, Stuck> {
        let mut world = world.clone();
        world.devices.clear();
        let networks = people::networks(&mut world);
        let model = Arc::new(Model::new(Arc::new(world)));
        let whos = people::classes(&model);
        let kits = devices::kits(&model);
        let mut space = Space {
            ways: if devices::asks_uem(&model.world) { 2 } else { 1 },
            whos,
            kits,
            conditions: Vec::new(),
            pasts: vec![Past::none()],
            devices: Vec::new(),
            meanings: Vec::new(),
            nodes: Vec::new(),
            networks,
            model,
        };
        pasts::fill(&mut space, extent)?;
        Ok(space)
    }

    /// The same people, devices, states and pasts in another world: how each node stands there; nothing where its story cannot
    /// be told there. Numbers of situations are the same.
    ///
    /// # Errors
    /// Where the model leaves out what the other world has.
    pub fn carried(&self, other: &World) -> Result<(Space, Vec<bool>), Stuck> {
        let mut world = other.clone();
        world.devices.clear();
        world.networks.clone_from(&self.model.world.networks);
        let model = Arc::new(Model::new(Arc::new(world)));
        let mut space = Space {
            whos: self.whos.iter().map(|who| people::again(&model, who)).collect(),
            kits: self.kits.clone(),
            conditions: self.conditions.clone(),
            pasts: self.pasts.clone(),
            devices: Vec::new(),
            meanings: Vec::new(),
            nodes: Vec::new(),
            networks: self.networks.clone(),
            ways: self.ways,
            model,
        };
        let mut told = Vec::new();
        for node in &self.nodes {
            told.push(pasts::again(&mut space, self, node)?);
        }
        Ok((space, told))
    }

    /// Situations of one node.
    pub fn per_node(&self) -> usize {
        self.model.apps.len() * self.networks.len() * STARTS.len() * PASSWORDS.len() * FACTORS.len() * self.ways
    }

    pub fn len(&self) -> usize {
        self.nodes.len() * self.per_node()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn cache(&self) -> Cache {
        Cache::new(&self.model, self.kits.len(), self.devices.len())
    }

    /// The situation of a number.
    pub fn at(&self, number: usize) -> Situation {
        let (node, mut rest) = (number / self.per_node(), number % self.per_node());
        let mut take = |size: usize| {
            let digit = rest % size;
            rest /= size;
            digit
        };
        let uem = take(self.ways);
        let mfa = take(FACTORS.len());
        let password = take(PASSWORDS.len());
        let start = take(STARTS.len());
        let network = take(self.networks.len());
        let app = take(self.model.apps.len());
        Situation { node, app, network, start, password, mfa, uem }
    }

    pub fn number(&self, s: &Situation) -> usize {
        let mut at = s.node;
        for (size, digit) in [
            (self.model.apps.len(), s.app),
            (self.networks.len(), s.network),
            (STARTS.len(), s.start),
            (PASSWORDS.len(), s.password),
            (FACTORS.len(), s.mfa),
            (self.ways, s.uem),
        ] {
            at = at * size + digit;
        }
        at
    }

    /// What a situation comes to.
    #[inline]
    pub fn decide<L: Leaves, W: Why>(&self, s: &Situation, leaves: &mut L, why: &mut W, scratch: &mut Scratch) -> End {
        let node = &self.nodes[s.node];
        let who = &self.whos[usize::from(node.who)];
        let attempt = Attempt {
            app: number(s.app),
            start: STARTS[s.start],
            agent: self.kits[usize::from(node.kit)].agent,
            agent_id: node.kit,
            network: self.networks[s.network],
            okta: who.okta,
            access: who.access,
            password: PASSWORDS[s.password],
            mfa: FACTORS[s.mfa],
            wrong: 0,
        };
        let ways = Ways { uem: WAYS[s.uem], ..Ways::default() };
        let app = node.app.filter(|(app, _)| usize::from(*app) == s.app).map(|(_, session)| session);
        let mut browser = Browser { app, ..node.browser };
        let device = &self.devices[usize::from(node.device)];
        sign_in::sign_in(&self.model, &attempt, device, &ways, &mut browser, node.now, leaves, why, scratch)
    }

    /// Every situation's end, in order of number, on two threads; `seen` is told in parts, which are then put together.
    pub fn each<T: Send>(
        &self,
        begin: impl Fn() -> T + Sync,
        seen: impl Fn(&mut T, usize, &Situation, &End) + Sync,
    ) -> Vec<(T, Cache)> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(self.nodes.len()).max(1);
        let part = self.nodes.len().div_ceil(threads).max(1);
        let work = |from: usize| {
            let (mut state, mut cache, mut scratch) = (begin(), self.cache(), Scratch::default());
            let per_node = self.per_node();
            for number in from * per_node..((from + part).min(self.nodes.len())) * per_node {
                let situation = self.at(number);
                let end = self.decide(&situation, &mut cache, &mut federation::Silent, &mut scratch);
                seen(&mut state, number, &situation, &end);
            }
            (state, cache)
        };
        std::thread::scope(|scope| {
            let begun: Vec<_> =
                (0..self.nodes.len()).step_by(part).map(|from| scope.spawn(move || work(from))).collect();
            begun.into_iter().filter_map(|thread| thread.join().ok()).collect()
        })
    }

    /// The world with the situation's own device and nothing else in people's hands.
    pub fn stage(&self, node: &Node) -> Result<Stage, Stuck> {
        Stage::start_with(self.model.clone(), &[self.condition(node).device.clone()])
    }

    pub fn condition(&self, node: &Node) -> &Condition {
        &self.conditions[usize::from(node.condition)]
    }

    pub fn network_ip(&self, network: usize) -> IpAddr {
        self.model.networks[usize::from(self.networks[network])]
    }
}

impl Past {
    fn none() -> Past {
        Past { app: None, wait_minutes: 0, ends: Vec::new(), keeps_app: false, label: String::new() }
    }
}
