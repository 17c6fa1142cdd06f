//! Property tests of device-trust designs, for your own CI.
//!
//! Strategies for worlds near a given one, for its people, devices and sign-ins; questions about every situation that a world can
//! tell apart; and the replay of a directory of scenarios as single test cases.
//!
//! A world is read from a scenario file with [`world_of`], from a baseline with [`baseline`].
//!
//! ```
//! use fedsim_proptest::{assert_never, baseline, pattern};
//!
//! let world = baseline("device-trust-mobile");
//! // Nobody is let in whom Okta was told to be untrusted.
//! assert_never!(world, pattern("outcome = \"granted\"\napp = \"salesforce\"\ndevice_trusted = \"NOT_TRUSTED\""));
//! ```
//!
//! The plain function gives the counterexample with its explanation, and a case that replays:
//!
//! ```
//! use fedsim_proptest::{baseline, never, pattern};
//!
//! let open = never(&baseline("device-trust-mobile"), pattern("granted = true\napp = \"lunch-menu\"\ndevice = { managed = false }"));
//! let counterexample = open.expect_err("the lunch menu does not care");
//! assert!(counterexample.situation.contains("opens lunch-menu"), "{counterexample}");
//! let replayed = fedsim::replay(&counterexample.case, &fedsim::Options::default());
//! assert!(replayed.met());
//! ```
//!
//! Random worlds and sign-ins of theirs, over the live wire:
//!
//! ```
//! use fedsim_proptest::{baseline, sign_ins, worlds_near};
//! use proptest::prelude::*;
//! use proptest::test_runner::{Config, TestRunner};
//!
//! let worlds = worlds_near(baseline("device-trust-mobile"));
//! let attempts = worlds.prop_flat_map(|world| sign_ins(&world).prop_map(move |step| (world.clone(), step)));
//! TestRunner::new(Config { cases: 4, ..Config::default() })
//!     .run(&attempts, |(world, step)| {
//!         let result = fedsim::replay(&fedsim_proptest::case(world, step), &fedsim::Options::default());
//!         prop_assert!(result.error.is_none(), "{:?}", result.error);
//!         Ok(())
//!     })
//!     .unwrap();
//! ```
//!
//! A world that runs in your process, for an app of your own as service provider, is [`fedsim::world::Running`].
//!
//! **Stability.** Until 1.0 a minor version may break this interface and a patch version does not. What a world's settings mean may change
//! within a version where the documents that they follow are found to say otherwise; the changelog says so.

use analysis::ask::{by, sweep};
use analysis::change::changes;
use analysis::space::{Extent, Space};
use analysis::stage::Stuck;
use federation::device::Device;
use federation::world::Person;
use federation::{Client, World};
use proptest::prelude::*;
use proptest::sample::select;
use scenarios::{
    Action, Case, Expect, Holds, Invariant, MfaAnswer, PasswordEntry, Pattern, SignIn, SourceMap, Start, Step,
};
use std::fmt;
use std::path::Path;

pub use fedsim;
pub use scenarios;

/// The world of an embedded baseline.
///
/// # Panics
/// Where there is none of that name.
pub fn baseline(name: &str) -> World {
    world_text(&format!("name = \"near\"\nbaseline = \"{name}\"\n"))
}

/// The world of a scenario file.
///
/// # Errors
/// Everything that is wrong with the file, each with file, line and column.
pub fn world_of(file: impl AsRef<Path>) -> Result<World, Vec<scenarios::Diagnostic>> {
    Ok(scenarios::load_file(file)?.world)
}

fn world_text(text: &str) -> World {
    match scenarios::load_str("own/near.toml", text) {
        Ok(scenario) => scenario.world,
        Err(wrong) => panic!("{}", wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

/// A pattern as `never` tables write it, one key a line.
///
/// # Panics
/// Where it is none.
pub fn pattern(text: &str) -> Pattern {
    let text = format!("name = \"p\"\nbaseline = \"device-trust-mobile\"\n[never]\n{text}\n");
    match scenarios::load_str("own/pattern.toml", &text).map(|scenario| scenario.invariants.into_iter().next()) {
        Ok(Some(Invariant { holds: Holds::Never(pattern), .. })) => pattern,
        Ok(_) => Pattern::default(),
        Err(wrong) => panic!("{}", wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

/// The given world with up to four single settings changed, as an administrator could change them.
pub fn worlds_near(world: World) -> impl Strategy<Value = World> {
    prop::collection::vec(any::<prop::sample::Index>(), 0..=4).prop_map(move |picks| {
        picks.into_iter().fold(world.clone(), |world, pick| {
            let mut possible = changes(&world);
            if possible.is_empty() { world } else { possible.swap_remove(pick.index(possible.len())).world }
        })
    })
}

/// Somebody of the world. It must have people.
pub fn people(world: &World) -> impl Strategy<Value = Person> + use<> {
    select(world.people.clone())
}

/// A device of the world, enrolled by anybody or nobody, in whatever shape.
pub fn devices(world: &World) -> impl Strategy<Value = Device> + use<> {
    let users: Vec<Option<String>> = world.uem.users.iter().map(|u| Some(u.name.clone())).chain([None]).collect();
    let state = (any::<bool>(), any::<bool>(), any::<bool>());
    (select(world.devices.clone()), select(users), state).prop_map(|(device, enrolled_as, state)| {
        let mut device = Device { enrolled_as, ..device };
        (device.facts.compromised, device.facts.passcode, device.facts.encrypted) = state;
        device
    })
}

/// Somebody opens an app of the world on one of its devices. It must have people, devices and apps.
pub fn sign_ins(world: &World) -> impl Strategy<Value = SignIn> + use<> {
    let names = |names: Vec<String>| select(names);
    let networks: Vec<Option<String>> = world.networks.iter().map(|n| Some(n.name.clone())).chain([None]).collect();
    let apps = world.apps.iter().map(|a| a.name.clone()).collect();
    (
        names(world.people.iter().map(|p| p.name.clone()).collect()),
        names(world.devices.iter().map(|d| d.name.clone()).collect()),
        names(apps),
        select(vec![Client::Browser, Client::MobileSite, Client::NativeApp, Client::Hub, Client::DesktopSite]),
        select(networks),
        select(vec![Start::Sp, Start::Dashboard]),
        select(vec![PasswordEntry::Right, PasswordEntry::Wrong, PasswordEntry::None]),
        select(vec![MfaAnswer::Totp, MfaAnswer::PushApprove, MfaAnswer::PushDeny, MfaAnswer::Wrong, MfaAnswer::None]),
    )
        .prop_map(|(who, on, app, client, network, start, password, mfa)| SignIn {
            who,
            on,
            app,
            client,
            network,
            start,
            password,
            mfa,
        })
}

/// A sign-in in a world, to be replayed; nothing is expected of it.
pub fn case(world: World, step: SignIn) -> Case {
    Case {
        id: "own/generated".into(),
        file: "generated.toml".into(),
        story: String::new(),
        teaches: Vec::new(),
        world,
        steps: vec![Step { line: 0, action: Action::SignIn(step), expect: Expect::default() }],
        sources: SourceMap::default(),
    }
}

/// The situation nearest to a healthy sign-in that breaks what was asked.
#[derive(Debug, Clone)]
pub struct Counterexample {
    pub situation: String,
    /// The outcome, and who decided it.
    pub outcome: String,
    /// How many situations break it, of how many.
    pub violations: u64,
    pub situations: usize,
    /// Replays it, and expects what it came to.
    pub case: Case,
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.situation, self.outcome)?;
        writeln!(f, "{} of {} situations break it", self.violations, self.situations)?;
        match scenarios::write(&self.case) {
            Ok(text) => write!(f, "as a scenario file:\n\n{text}"),
            Err(why) => write!(f, "it cannot be written as a file: {why}"),
        }
    }
}

impl std::error::Error for Counterexample {}

/// Whether no situation of the world fits the pattern.
///
/// # Errors
/// The nearest that does.
pub fn never(world: &World, pattern: Pattern) -> Result<(), Box<Counterexample>> {
    holds(world, Holds::Never(pattern))
}

/// Whether every situation of the world fits the pattern.
///
/// # Errors
/// The nearest that does not.
pub fn always(world: &World, pattern: Pattern) -> Result<(), Box<Counterexample>> {
    holds(world, Holds::Always(pattern))
}

/// Whether every situation that fits `when` fits `then`.
///
/// # Errors
/// The nearest that does not.
pub fn implies(world: &World, when: Pattern, then: Pattern) -> Result<(), Box<Counterexample>> {
    holds(world, Holds::Implies { when, then })
}

fn holds(world: &World, holds: Holds) -> Result<(), Box<Counterexample>> {
    let space = match Space::of(world, Extent::default()) {
        Ok(space) => space,
        Err(Stuck::Beyond(what)) => panic!("the world has {what}, which the analysis leaves out"),
        Err(Stuck::Impossible(why)) => panic!("{why}"),
    };
    let invariant = Invariant { name: "asked".into(), file: "asked.toml".into(), line: 0, holds };
    let swept = sweep(&space, std::slice::from_ref(&invariant));
    let Some((s, end)) = swept.verdicts[0].nearest else { return Ok(()) };
    let situation = space.sentence(&s);
    Err(Box::new(Counterexample {
        outcome: format!("{} by {}", end.outcome, by(&space, &s, &end)),
        violations: swept.verdicts[0].violations,
        situations: space.len(),
        case: space.case("counterexample", &situation, &s, &end),
        situation,
    }))
}

/// Panics with the counterexample where a situation of the world fits the pattern.
#[macro_export]
macro_rules! assert_never {
    ($world:expr, $pattern:expr $(,)?) => {
        if let Err(counterexample) = $crate::never(&$world, $pattern) {
            panic!("{counterexample}");
        }
    };
}

/// Panics with the counterexample where a situation of the world does not fit the pattern.
#[macro_export]
macro_rules! assert_always {
    ($world:expr, $pattern:expr $(,)?) => {
        if let Err(counterexample) = $crate::always(&$world, $pattern) {
            panic!("{counterexample}");
        }
    };
}

/// Every case of every scenario file of a directory, for a test harness that takes them one by one; [`fedsim::replay`] plays one.
///
/// # Errors
/// What is wrong with any file, and a directory that cannot be read.
pub fn cases_in(directory: impl AsRef<Path>) -> Result<Vec<Case>, String> {
    let directory = directory.as_ref();
    let read = std::fs::read_dir(directory).map_err(|e| format!("cannot read `{}`: {e}", directory.display()))?;
    let mut files: Vec<_> = read.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "toml"));
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let scenario = scenarios::load_file(&file)
            .map_err(|wrong| wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
        cases.extend(scenario.cases());
    }
    Ok(cases)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    #[test]
    fn what_is_broken_is_told_with_a_file() {
        let world = baseline("device-trust-mobile");
        assert_never!(world, pattern("outcome = \"loop\""));
        assert_always!(world, pattern("device = { }"));
        let broken = always(&world, pattern("granted = true")).expect_err("not everybody is let in");
        assert!(broken.to_string().contains("[[step]]"), "{broken}");
        assert!(implies(&world, pattern("device_trusted = \"TRUSTED\""), pattern("granted = true")).is_ok());
    }

    #[test]
    fn strategies_draw_what_a_world_has() {
        let world = baseline("routing-only");
        let mut runner = TestRunner::deterministic();
        for _ in 0..8 {
            let near = worlds_near(world.clone()).new_tree(&mut runner).expect("draws").current();
            assert_eq!(near.apps, world.apps);
            let person = people(&world).new_tree(&mut runner).expect("draws").current();
            assert!(world.people.contains(&person));
            let device = devices(&world).new_tree(&mut runner).expect("draws").current();
            assert!(world.devices.iter().any(|d| d.name == device.name));
        }
    }

    #[test]
    fn a_directory_is_single_cases() {
        let cases =
            cases_in(concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/catalogue/uem-down")).expect("reads");
        assert!(cases.len() > 1);
        assert!(cases_in("nowhere").is_err());
    }
}
