//! Invariants over a whole space: which situations break them, the nearest to a healthy one, and the smallest cure.

use crate::change::{Change, changes};
use crate::facts::{By, End, Uem};
use crate::sign_in::Scratch;
use crate::space::{Axis, Extent, PASSWORDS, Situation, Space, WAYS};
use crate::stage::{self, Stuck};
use federation::{Outcome, World};
use scenarios::{Action, Holds, Invariant, PasswordEntry, Pattern, Reach};
use std::collections::BTreeMap;

/// A pattern with its static part worked out per place of each axis.
struct Compiled<'p> {
    pattern: &'p Pattern,
    nodes: Vec<bool>,
    apps: Vec<bool>,
    networks: Vec<bool>,
    passwords: [bool; 3],
    ways: [bool; 2],
}

impl Compiled<'_> {
    fn of<'p>(space: &Space, pattern: &'p Pattern) -> Compiled<'p> {
        let at = |node: usize| Situation { node, app: 0, network: 0, start: 0, password: 0, mfa: 0, uem: 0 };
        let fits = |wanted: &Option<String>, word: String| wanted.as_ref().is_none_or(|w| *w == word);
        let nodes = (0..space.nodes.len()).map(|node| {
            let (s, d) = (at(node), &pattern.device);
            let n = &space.nodes[node];
            let kit = &space.kits[usize::from(n.kit)];
            let enrolled_as = || space.condition(n).device.enrolled_as.as_deref();
            fits(&pattern.who, space.word(&s, Axis::Who))
                && pattern.session.is_none_or(|w| w == space.pasts[usize::from(n.past)].app.is_some())
                && d.managed.is_none_or(|w| w == space.is_managed(&s))
                && d.compliance.is_none_or(|w| w.name() == space.compliance(&s))
                && d.kind.is_none_or(|w| w == kit.kind)
                && d.client.is_none_or(|w| w == kit.client)
                && d.platform.is_none_or(|w| w == kit.agent.platform)
                && d.own.is_none_or(|w| {
                    w == (enrolled_as().is_some() && enrolled_as() == space.whos[usize::from(n.who)].uem.as_deref())
                })
        });
        let place = |app: usize, network: usize| Situation { app, network, ..at(0) };
        let apps = (0..space.model.apps.len()).map(|a| fits(&pattern.app, space.word(&place(a, 0), Axis::App)));
        let networks =
            (0..space.networks.len()).map(|n| fits(&pattern.network, space.word(&place(0, n), Axis::Network)));
        Compiled {
            nodes: nodes.collect(),
            apps: apps.collect(),
            networks: networks.collect(),
            passwords: PASSWORDS.map(|p| pattern.password.is_none_or(|w| w == (p == PasswordEntry::Right))),
            ways: WAYS.map(|w| pattern.uem.is_none_or(|wanted| (wanted == Reach::Answers) == (w == Uem::Answers))),
            pattern,
        }
    }

    fn matches(&self, space: &Space, s: &Situation, end: &End) -> bool {
        let p = self.pattern;
        self.nodes[s.node]
            && self.apps[s.app]
            && self.networks[s.network]
            && self.passwords[s.password]
            && self.ways[s.uem]
            && p.granted.is_none_or(|w| w == end.granted())
            && p.after_mfa.is_none_or(|w| w == (end.outcome == Outcome::GrantedAfterMfa))
            && p.outcome.is_none_or(|w| w == end.outcome || (w == Outcome::Granted && end.granted()))
            && p.device_trusted.is_none_or(|w| Some(w) == end.trusted)
            && p.by.as_ref().is_none_or(|w| *w == by(space, s, end))
    }
}

pub fn by(space: &Space, s: &Situation, end: &End) -> String {
    match end.by {
        By::Okta => "okta".into(),
        By::Access => "access".into(),
        By::Browser => "browser".into(),
        By::App => space.word(s, Axis::App),
    }
}

enum Both<'p> {
    Never(Compiled<'p>),
    Always(Compiled<'p>),
    Implies(Compiled<'p>, Compiled<'p>),
}

impl Both<'_> {
    fn of<'p>(space: &Space, holds: &'p Holds) -> Both<'p> {
        match holds {
            Holds::Never(pattern) => Both::Never(Compiled::of(space, pattern)),
            Holds::Always(pattern) => Both::Always(Compiled::of(space, pattern)),
            Holds::Implies { when, then } => Both::Implies(Compiled::of(space, when), Compiled::of(space, then)),
        }
    }
    fn broken(&self, space: &Space, s: &Situation, end: &End) -> bool {
        match self {
            Both::Never(p) => p.matches(space, s, end),
            Both::Always(p) => !p.matches(space, s, end),
            Both::Implies(when, then) => when.matches(space, s, end) && !then.matches(space, s, end),
        }
    }
}

/// How an invariant fares.
#[derive(Debug, Clone)]
pub struct Verdict {
    pub violations: u64,
    /// The one with the fewest facts away from a healthy sign-in.
    pub nearest: Option<(Situation, End)>,
}

/// What a whole space says of each invariant, and how many situations have which end.
#[derive(Debug, Clone, Default)]
pub struct Swept {
    pub verdicts: Vec<Verdict>,
    pub outcomes: BTreeMap<Outcome, u64>,
}

pub fn sweep(space: &Space, invariants: &[Invariant]) -> Swept {
    let all: Vec<Both<'_>> = invariants.iter().map(|i| Both::of(space, &i.holds)).collect();
    type Nearest = Option<(u32, usize, End)>;
    type State = (Vec<(u64, Nearest)>, BTreeMap<Outcome, u64>);
    let begin = || -> State { (vec![(0, None); all.len()], BTreeMap::new()) };
    let parts = space.each(begin, |(found, outcomes), number, s, end| {
        *outcomes.entry(end.outcome).or_default() += 1;
        for (invariant, (count, nearest)) in all.iter().zip(found) {
            if invariant.broken(space, s, end) {
                *count += 1;
                let distance = space.distance(s);
                if nearest.as_ref().is_none_or(|(d, ..)| distance < *d) {
                    *nearest = Some((distance, number, *end));
                }
            }
        }
    });
    let mut swept = Swept { verdicts: vec![Verdict { violations: 0, nearest: None }; all.len()], ..Swept::default() };
    let mut nearest: Vec<Nearest> = vec![None; all.len()];
    for ((found, outcomes), _) in parts {
        for (outcome, count) in outcomes {
            *swept.outcomes.entry(outcome).or_default() += count;
        }
        for (at, (count, near)) in found.into_iter().enumerate() {
            swept.verdicts[at].violations += count;
            if let Some(near) = near
                && nearest[at].as_ref().is_none_or(|known| (near.0, near.1) < (known.0, known.1))
            {
                nearest[at] = Some(near);
            }
        }
    }
    for (verdict, near) in swept.verdicts.iter_mut().zip(nearest) {
        verdict.nearest = near.map(|(_, number, end)| (space.at(number), end));
    }
    swept
}

/// What a situation's steps come to in another world; nothing where they cannot be played there.
pub fn elsewhere(space: &Space, s: &Situation, world: &World) -> Option<End> {
    let (world, steps) = carried(space, s, world);
    let mut stage =
        stage::Stage::start(std::sync::Arc::new(crate::model::Model::new(std::sync::Arc::new(world)))).ok()?;
    let (last, before) = steps.split_last()?;
    for step in before {
        stage.play(step).ok()?;
    }
    let Action::SignIn(sign_in) = last else { return None };
    stage.end(sign_in).ok()
}

/// Another world with the situation's device and places in it, and the situation's steps.
pub fn carried(space: &Space, s: &Situation, world: &World) -> (World, Vec<Action>) {
    let mut world = world.clone();
    world.devices = vec![space.condition(&space.nodes[s.node]).device.clone()];
    world.networks = space.model.world.networks.clone();
    (world, space.steps(s))
}

/// A change of settings that cures, and what else it changes.
pub struct Cure {
    pub change: Change,
    /// Situations whose end becomes another.
    pub changed: u64,
    /// Healthy sign-ins that were let in and no longer are.
    pub locked_out: u64,
}

/// The change that cures invariant `at` everywhere and breaks none that holds, with the fewest other situations changed.
/// Everything that is said of it has been evaluated.
///
/// # Errors
/// Where the model leaves out what a world has.
pub fn cure(
    space: &Space,
    world: &World,
    invariants: &[Invariant],
    at: usize,
    swept: &Swept,
) -> Result<Option<Cure>, Stuck> {
    let Some((nearest, _)) = swept.verdicts[at].nearest else { return Ok(None) };
    let ends = ends(space);
    let mut best: Option<Cure> = None;
    for change in changes(world) {
        // One look at the nearest situation spares most of the work.
        let Some(end) = elsewhere(space, &nearest, &change.world) else { continue };
        if Both::of(space, &invariants[at].holds).broken(space, &nearest, &end) {
            continue;
        }
        let Ok(cured) = Space::of(&change.world, Extent::default()) else { continue };
        let after = sweep(&cured, invariants);
        let worse = |(before, after): (&Verdict, &Verdict)| before.violations == 0 && after.violations > 0;
        if after.verdicts[at].violations > 0 || swept.verdicts.iter().zip(&after.verdicts).any(worse) {
            continue;
        }
        let (changed, locked_out) = differences(space, &ends, &cured);
        let better = |known: &Cure| (locked_out, changed) < (known.locked_out, known.changed);
        if best.as_ref().is_none_or(better) {
            best = Some(Cure { change, changed, locked_out });
        }
    }
    Ok(best)
}

fn ends(space: &Space) -> Vec<Outcome> {
    let mut all = vec![Outcome::Unreachable; space.len()];
    let parts =
        space.each(Vec::new, |seen: &mut Vec<(usize, Outcome)>, number, _, end| seen.push((number, end.outcome)));
    parts.into_iter().flat_map(|(seen, _)| seen).for_each(|(number, outcome)| all[number] = outcome);
    all
}

/// Situations of `space` without sessions that end otherwise in the other world, and those of them that were healthy and let in.
fn differences(space: &Space, ends: &[Outcome], other: &Space) -> (u64, u64) {
    let (mut cache, mut scratch) = (other.cache(), Scratch::default());
    let key = |space: &Space, node: usize| {
        let n = &space.nodes[node];
        let (who, kit) = (&space.whos[usize::from(n.who)].name, &space.kits[usize::from(n.kit)]);
        (
            who.clone(),
            kit.kind,
            kit.client,
            space.condition(n).label.clone(),
            space.pasts[usize::from(n.past)].label.clone(),
        )
    };
    let index: BTreeMap<_, usize> = (0..other.nodes.len()).map(|node| (key(other, node), node)).collect();
    let (mut changed, mut locked_out) = (0, 0);
    if other.networks.len() != space.networks.len() || other.model.apps.len() != space.model.apps.len() {
        return (u64::MAX, u64::MAX);
    }
    for node in 0..space.nodes.len() {
        let Some(same) = index.get(&key(space, node)) else { continue };
        let from = node * space.per_node();
        for (offset, before) in ends[from..from + space.per_node()].iter().enumerate() {
            let s = space.at(from + offset);
            if s.uem >= other.ways {
                continue;
            }
            let there = Situation { node: *same, ..s };
            let end = other.decide(&there, &mut cache, &mut federation::Silent, &mut scratch);
            if end.outcome != *before {
                changed += 1;
                let was = matches!(before, Outcome::Granted | Outcome::GrantedAfterMfa);
                locked_out += u64::from(was && !end.granted() && space.distance(&s) == 0);
            }
        }
    }
    (changed, locked_out)
}
