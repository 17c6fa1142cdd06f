//! Every setting acts. Settings are found through serde, never listed: each is turned alone in a story where it should
//! matter, and an outcome, a message, a log or a page must change. A setting that nobody reads fails here by its path.

mod doors;
mod leaves;
mod rows;
#[path = "../tenant/mod.rs"]
mod tenant;
mod tour;

use federation::{EventKind, World};
use fedsim::runner::StepResult;
use fedsim::{CaseResult, Fabric, transcript};
use fedsim_tests::{cases, replay};
use leaves::Leaf;
use rows::{AT_LOAD, CELLAR, DOORS, LABELS, STORIES, TOUR, VALUES};
use scenarios::{Action, Case};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The small worlds of this test.
const OWN: &[(&str, &str)] = &[
    ("worlds/a-pasted-text.toml", include_str!("worlds/a-pasted-text.toml")),
    ("worlds/android.toml", include_str!("worlds/android.toml")),
    ("worlds/every-door.toml", include_str!("worlds/every-door.toml")),
    ("worlds/fallbacks.toml", include_str!("worlds/fallbacks.toml")),
    ("worlds/filtered.toml", include_str!("worlds/filtered.toml")),
    ("worlds/okta-provisions.toml", include_str!("worlds/okta-provisions.toml")),
    ("worlds/on-premises.toml", include_str!("worlds/on-premises.toml")),
    ("worlds/provisioned.toml", include_str!("worlds/provisioned.toml")),
    ("worlds/strict-phones.toml", include_str!("worlds/strict-phones.toml")),
    ("worlds/two-clients.toml", include_str!("worlds/two-clients.toml")),
    ("worlds/where-to.toml", include_str!("worlds/where-to.toml")),
    ("worlds/who-and-where.toml", include_str!("worlds/who-and-where.toml")),
];

/// A world with what happens in it, and what was seen of that as it stands.
struct Story {
    case: Case,
    world: Value,
    before: OnceLock<Vec<String>>,
}

impl Story {
    fn new(case: Case) -> Story {
        let world = serde_json::to_value(&case.world).expect("a world is plain data");
        Story { case, world, before: OnceLock::new() }
    }

    fn before(&self) -> &[String] {
        let seen = || self.seen(self.case.clone());
        self.before.get_or_init(|| {
            let before = seen();
            assert_eq!(before, seen(), "{} is not the same twice", self.case.id);
            before
        })
    }

    /// What people and administrators see there, step by step; fewer steps where it cannot be played to its end.
    fn seen(&self, case: Case) -> Vec<String> {
        match self.case.id.as_str() {
            TOUR | CELLAR => tour::answers(&case.world),
            DOORS => doors::said(&case.world),
            _ => steps(&replay(&case, Fabric::Memory)),
        }
    }

    /// The story in a turned world. Steps that change other settings leave this one turned.
    fn turned(&self, leaf: &Leaf, value: &Value, world: World) -> Case {
        let stays = |world: &World| {
            let told = serde_json::to_value(world).expect("a world is plain data");
            let untouched = told.pointer(&leaf.pointer) == self.world.pointer(&leaf.pointer);
            untouched.then(|| leaves::with(&told, leaf, value.clone()).ok()).flatten()
        };
        let mut case = Case { world, ..self.case.clone() };
        for step in &mut case.steps {
            let later = match &mut step.action {
                Action::Change(change) => Some(&mut change.world),
                Action::Provision(provision) => provision.world.as_mut(),
                _ => None,
            };
            if let Some(later) = later
                && let Some(turned) = stays(later)
            {
                **later = turned;
            }
        }
        case
    }

    /// The turn of `path` that shows here, as a line; else `None`.
    fn shows(&self, path: &str) -> Option<String> {
        let before = self.before();
        let places = leaves::of(&self.world).into_iter().filter(|leaf| leaf.path == path);
        let turns = places.flat_map(|leaf| self.turns(&leaf).into_iter().map(move |turn| (leaf.clone(), turn)));
        turns.into_iter().find_map(|(leaf, (value, world))| {
            let after = self.seen(self.turned(&leaf, &value, world));
            before
                .iter()
                .zip(&after)
                .any(|(b, a)| a != b)
                .then(|| format!("{path} = {value} shows in {}", self.case.id))
        })
    }

    /// Whether the story as a file loads as it stands and does not once `path` is turned. Writing checks by reading.
    fn does_not_load(&self, path: &str) -> bool {
        let loads = |world: World| {
            let (id, file) = ("own/turned".into(), "own/turned.toml".into());
            scenarios::write(&Case { id, file, world, ..self.case.clone() }).is_ok()
        };
        let mut places = leaves::of(&self.world).into_iter().filter(|leaf| leaf.path == path);
        loads(self.case.world.clone())
            && places.any(|leaf| self.turns(&leaf).into_iter().any(|(_, world)| !loads(world)))
    }

    fn turns(&self, leaf: &Leaf) -> Vec<(Value, World)> {
        let listed = VALUES.iter().filter(|(path, _)| *path == leaf.path);
        let listed = listed.map(|(_, json)| serde_json::from_str::<Value>(json).expect("a row's value is JSON"));
        let turned = |value: Value| Some((value.clone(), leaves::with(&self.world, leaf, value).ok()?));
        let mut turns: Vec<_> = listed.filter_map(turned).collect();
        turns.extend(leaves::others(&self.world, leaf));
        turns
    }
}

/// Outcome, pages, messages as they stand without their signatures, logs and decisions of each step.
fn steps(result: &CaseResult) -> Vec<String> {
    let told = |step: &StepResult| {
        let mut text = format!("{:?}\n{}", step.observed.as_ref().map(|o| o.outcome), transcript::text(&step.events));
        for event in &step.events {
            if let EventKind::Message { xml, .. } = &event.kind {
                text.push_str(xml.split("<ds:Signature").next().unwrap_or_default());
                text.push_str(xml.rsplit("</ds:Signature>").next().unwrap_or_default());
            }
        }
        text
    };
    result.steps.iter().map(told).collect()
}

/// The row with the longest beginning of a path.
fn row(path: &str) -> (&'static str, &'static [&'static str]) {
    let begins = |row: &str| path.strip_prefix(row).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
    let rows = STORIES.iter().filter(|(row, _)| begins(row));
    *rows.max_by_key(|(row, _)| row.len()).unwrap_or(&("", &[]))
}

/// The catalogue and the small worlds.
fn all_cases() -> Vec<Case> {
    let mut all = cases();
    for (file, text) in OWN {
        match scenarios::load_str(file, text) {
            Ok(scenario) => all.extend(scenario.cases().into_iter().map(|case| {
                let id = format!("own/{}", scenario.name);
                Case { id, ..case }
            })),
            Err(problems) => panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
        }
    }
    all
}

/// Where a setting has been seen to act: its path, the row's story, and the turn in words.
type Seen = (String, &'static str, String);

/// Turns every setting in the stories of its row, on as many threads as there are processors.
fn turn_all(paths: &[String], stories: &BTreeMap<String, Story>) -> Vec<Seen> {
    let next = AtomicUsize::new(0);
    let turn =
        |path: &String| row(path).1.iter().find_map(|id| Some((path.clone(), *id, stories.get(*id)?.shows(path)?)));
    let work = || {
        let mut seen = Vec::new();
        while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
            seen.extend(turn(path));
        }
        seen
    };
    std::thread::scope(|scope| {
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        let threads: Vec<_> = (0..processors).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a story panicked")).collect()
    })
}

#[test]
fn every_setting_acts() {
    let stories: BTreeMap<String, Story> = all_cases().into_iter().map(|c| (c.id.clone(), Story::new(c))).collect();
    let worlds: Vec<Value> = stories.values().map(|story| story.world.clone()).collect();
    let settings = leaves::of_all(&worlds);
    let mut wrong: Vec<String> =
        leaves::never_chosen(&settings).into_iter().map(|path| format!("{path}: no world chooses it")).collect();

    let otherwise: BTreeSet<&str> =
        AT_LOAD.iter().map(|(path, ..)| *path).chain(LABELS.iter().map(|(path, _)| *path)).collect();
    let paths: Vec<String> = settings.keys().filter(|path| !otherwise.contains(path.as_str())).cloned().collect();
    let seen = turn_all(&paths, &stories);
    let acting: BTreeSet<&String> = seen.iter().map(|(path, ..)| path).collect();
    for path in paths.iter().filter(|path| !acting.contains(path)) {
        let (_, tried) = row(path);
        wrong.push(format!("{path}: turned, it changes nothing in {tried:?}; give it a story, or delete it"));
    }
    for (path, id, _) in AT_LOAD {
        if !stories.get(*id).is_some_and(|story| story.does_not_load(path)) {
            wrong.push(format!("{path}: turned, it still loads in {id}"));
        }
    }

    let used: BTreeSet<(&str, &str)> = seen.iter().map(|(path, id, _)| (row(path).0, *id)).collect();
    let listed = STORIES.iter().flat_map(|(row, ids)| ids.iter().map(|id| (*row, *id)));
    wrong.extend(listed.filter(|pair| !used.contains(pair)).map(|(row, id)| format!("{row}: {id} shows nothing")));
    let named = otherwise.into_iter().chain(VALUES.iter().map(|(path, _)| *path));
    wrong.extend(
        named.filter(|path| !settings.contains_key(*path)).map(|path| format!("{path}: there is no such setting")),
    );
    let told: Vec<&str> = seen.iter().map(|(.., told)| told.as_str()).collect();
    println!("{}", told.join("\n"));
    assert!(wrong.is_empty(), "{} of {} settings act\n{}", acting.len(), paths.len(), wrong.join("\n"));
}
