//! What a change of settings changes: the situations that end otherwise, in the fewest readable statements.

use crate::facts::End;
use crate::sign_in::Scratch;
use crate::space::{AXES, Axis, Extent, FACTORS, PASSWORDS, STARTS, Situation, Space};
use crate::stage::Stuck;
use federation::{Outcome, Silent, World};
use std::collections::{BTreeMap, BTreeSet};

/// Situations that end in the same two ways, told by the values of each axis.
#[derive(Debug, Clone)]
pub struct Statement {
    pub before: Outcome,
    pub after: Outcome,
    /// Axes that do not cover everything, with their values.
    pub values: Vec<(Axis, Vec<String>)>,
    pub situations: u64,
    /// The nearest to a healthy sign-in.
    pub example: Situation,
    pub ends: (End, End),
}

pub struct Diff {
    pub compared: u64,
    pub changed: u64,
    pub statements: Vec<Statement>,
    /// Changed situations that no statement holds, by their two ends.
    pub others: BTreeMap<(Outcome, Outcome), u64>,
    pub old: Space,
    pub new: Space,
}

/// Unless `all`, statements speak of sign-ins at the app without earlier sessions, with the right password and UEM answering,
/// where any of those changes.
///
/// # Errors
/// Where the model leaves out what a world has.
pub fn diff(old: &World, new: &World, all: bool) -> Result<Diff, Stuck> {
    let apps = |w: &World| w.apps.iter().map(|a| a.name.clone()).collect::<Vec<_>>();
    if apps(old) != apps(new) {
        return Err(Stuck::Impossible(
            "the two worlds have other apps, and no situation of one is there in the other".into(),
        ));
    }
    // The stories of the new world's space are told in the old one as well: what only one can tell apart is not lost.
    let (finer, swapped) = {
        let (a, b) = (Space::of(old, Extent::default())?, Space::of(new, Extent::default())?);
        if b.nodes.len() > a.nodes.len() { (b, true) } else { (a, false) }
    };
    let (other, told) = finer.carried(if swapped { old } else { new })?;
    let (old, new) = if swapped { (other, finer) } else { (finer, other) };
    let changed = changes(&old, &new, &told);
    let plain = |number: &usize| {
        let s = old.at(*number);
        let fresh = old.pasts[usize::from(old.nodes[s.node].past)].app.is_none();
        fresh && (s.start, s.password, s.uem) == (0, 0, 0)
    };
    let mut told_of: BTreeSet<usize> = changed.keys().copied().filter(|number| all || plain(number)).collect();
    let narrow = !all && !told_of.is_empty();
    if told_of.is_empty() {
        told_of = changed.keys().copied().collect();
    }
    let mut others = BTreeMap::new();
    for (_, transition) in changed.iter().filter(|(number, _)| !told_of.contains(number)) {
        *others.entry(*transition).or_default() += 1;
    }
    let statements = statements(&old, &new, &changed, told_of, narrow);
    let compared = told.iter().filter(|told| **told).count() * old.per_node();
    Ok(Diff { compared: compared as u64, changed: changed.len() as u64, statements, others, old, new })
}

type Changed = BTreeMap<usize, (Outcome, Outcome)>;

fn changes(old: &Space, new: &Space, told: &[bool]) -> Changed {
    let ends = |space: &Space| -> Vec<Outcome> {
        let parts = space.each(Vec::new, |seen: &mut Vec<Outcome>, _, _, end| seen.push(end.outcome));
        parts.into_iter().flat_map(|(seen, _)| seen).collect()
    };
    let (before, after) = (ends(old), ends(new));
    let pairs = before.into_iter().zip(after).enumerate();
    pairs.filter(|(at, (a, b))| a != b && told[at / old.per_node()]).collect()
}

/// Places on every axis; sets of them make a box.
type Place = [usize; 10];

/// A space as a grid: axes with their values, and the node of each combination that exists.
struct Grid<'s> {
    space: &'s Space,
    states: Vec<String>,
    pasts: Vec<String>,
    nodes: BTreeMap<[usize; 4], usize>,
    sizes: Place,
}

impl Grid<'_> {
    fn of(space: &Space) -> Grid<'_> {
        let states: BTreeSet<&String> = space.conditions.iter().map(|c| &c.label).collect();
        let states: Vec<String> = states.into_iter().cloned().collect();
        let pasts: Vec<String> = space.pasts.iter().map(|p| p.label.clone()).collect();
        let mut grid = Grid { space, states, pasts, nodes: BTreeMap::new(), sizes: [0; 10] };
        for node in 0..space.nodes.len() {
            let key = grid.key(node);
            grid.nodes.insert(key, node);
        }
        grid.sizes = [
            space.whos.len(),
            space.kits.len(),
            grid.states.len(),
            grid.pasts.len(),
            space.model.apps.len(),
            space.networks.len(),
            STARTS.len(),
            PASSWORDS.len(),
            FACTORS.len(),
            space.ways,
        ];
        grid
    }

    fn key(&self, node: usize) -> [usize; 4] {
        let n = &self.space.nodes[node];
        let label = &self.space.condition(n).label;
        let state = self.states.iter().position(|s| s == label).unwrap_or_default();
        [usize::from(n.who), usize::from(n.kit), state, usize::from(n.past)]
    }

    fn place(&self, number: usize) -> Place {
        let s = self.space.at(number);
        let [who, kit, state, past] = self.key(s.node);
        [who, kit, state, past, s.app, s.network, s.start, s.password, s.mfa, s.uem]
    }

    /// The number of the situation at a place, where there is one.
    fn number(&self, p: &Place) -> Option<usize> {
        let node = *self.nodes.get(&[p[0], p[1], p[2], p[3]])?;
        let situation = Situation { node, app: p[4], network: p[5], start: p[6], password: p[7], mfa: p[8], uem: p[9] };
        Some(self.space.number(&situation))
    }

    /// Every situation of a box.
    fn each(&self, boxed: &[Vec<usize>], seen: &mut impl FnMut(usize) -> bool) -> bool {
        let mut place = [0; 10];
        self.walk(boxed, 0, &mut place, seen)
    }

    fn walk(&self, boxed: &[Vec<usize>], axis: usize, place: &mut Place, seen: &mut impl FnMut(usize) -> bool) -> bool {
        if axis == 4 && !self.nodes.contains_key(&[place[0], place[1], place[2], place[3]]) {
            return true;
        }
        if axis == boxed.len() {
            return self.number(place).is_none_or(&mut *seen);
        }
        boxed[axis].iter().all(|value| {
            place[axis] = *value;
            self.walk(boxed, axis + 1, place, seen)
        })
    }

    fn word(&self, axis: usize, value: usize) -> String {
        let s = Situation { node: 0, app: 0, network: 0, start: 0, password: 0, mfa: 0, uem: 0 };
        let space = self.space;
        match AXES[axis] {
            Axis::Who => space.whos[value].name.clone(),
            Axis::Device => {
                let node = space.nodes.iter().position(|n| usize::from(n.kit) == value).unwrap_or_default();
                space.word(&Situation { node, ..s }, Axis::Device)
            }
            Axis::State => self.states[value].clone(),
            Axis::Past => {
                if self.pasts[value].is_empty() {
                    "no sessions".into()
                } else {
                    self.pasts[value].clone()
                }
            }
            Axis::App => space.word(&Situation { app: value, ..s }, Axis::App),
            Axis::Network => space.word(&Situation { network: value, ..s }, Axis::Network),
            Axis::Start => space.word(&Situation { start: value, ..s }, Axis::Start),
            Axis::Password => space.word(&Situation { password: value, ..s }, Axis::Password),
            Axis::Factor => space.word(&Situation { mfa: value, ..s }, Axis::Factor),
            Axis::Uem => space.word(&Situation { uem: value, ..s }, Axis::Uem),
        }
    }
}

/// Boxes that hold every changed situation and nothing that did not change so, each as large as it can be.
fn statements(old: &Space, new: &Space, changed: &Changed, mut left: BTreeSet<usize>, narrow: bool) -> Vec<Statement> {
    let grid = Grid::of(old);
    let mut order: Vec<usize> = left.iter().copied().collect();
    order.sort_by_key(|number| (old.distance(&old.at(*number)), *number));
    let mut found = Vec::new();
    for seed in order {
        if !left.contains(&seed) {
            continue;
        }
        let transition = changed[&seed];
        let mut boxed: Vec<Vec<usize>> = grid.place(seed).iter().map(|value| vec![*value]).collect();
        // What a person does least on purpose comes first, so that statements speak of devices and apps.
        let axes: &[usize] = if narrow { &[8, 5, 4, 2, 0, 1] } else { &[9, 8, 7, 6, 5, 3, 4, 2, 0, 1] };
        for axis in axes.iter().copied() {
            for value in 0..grid.sizes[axis] {
                if boxed[axis].contains(&value) {
                    continue;
                }
                let mut slice = boxed.clone();
                slice[axis] = vec![value];
                let mut any = false;
                let same = grid.each(&slice, &mut |number| {
                    any = true;
                    changed.get(&number) == Some(&transition)
                });
                if same && any {
                    boxed[axis].push(value);
                }
            }
        }
        let mut situations = 0;
        grid.each(&boxed, &mut |number| {
            situations += u64::from(left.remove(&number));
            true
        });
        let values =
            boxed.iter().enumerate().filter(|(axis, values)| axes.contains(axis) && values.len() < grid.sizes[*axis]);
        let values =
            values.map(|(axis, values)| (AXES[axis], values.iter().map(|value| grid.word(axis, *value)).collect()));
        let example = old.at(seed);
        let end = |space: &Space| space.decide(&example, &mut space.cache(), &mut Silent, &mut Scratch::default());
        found.push(Statement {
            before: transition.0,
            after: transition.1,
            values: values.collect(),
            situations,
            example,
            ends: (end(old), end(new)),
        });
    }
    found.sort_by_key(|s: &Statement| std::cmp::Reverse(s.situations));
    found
}
