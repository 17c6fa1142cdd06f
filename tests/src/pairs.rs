//! Worlds and situations, each decided by the model, by the oracle and, for some, over the live wire.

use crate::worlds;
use analysis::cache::Cache;
use analysis::facts::End;
use analysis::sign_in::Scratch;
use analysis::space::{Extent, Situation, Space};
use analysis::stage;
use federation::{Silent, World};
use oracle::{Expected, Oracle};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, RngSeed, TestRng, TestRunner};
use scenarios::Case;

/// Numbers that look random and are the same at every run.
pub struct Draw(u64);

impl Draw {
    pub fn new(seed: u64) -> Draw {
        Draw(seed.wrapping_add(0x9e37_79b9_7f4a_7c15))
    }
    pub fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % (most.max(1) as u64)).unwrap_or_default()
    }
}

/// A generator of worlds; the same seed, the same worlds.
pub fn generator(seed: u64) -> TestRunner {
    let config = Config { failure_persistence: None, rng_seed: RngSeed::Fixed(seed), ..Config::default() };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

pub fn world(runner: &mut TestRunner) -> Option<World> {
    Some(worlds::case().new_tree(runner).ok()?.current().world)
}

/// A situation as a case, what the model says of it, and how that reads.
pub struct Pair {
    pub case: Case,
    pub end: End,
    pub modelled: String,
}

pub fn pair(space: &Space, cache: &mut Cache, scratch: &mut Scratch, s: &Situation) -> Pair {
    let end = space.decide(s, cache, &mut Silent, scratch);
    let case = space.case("pair", &space.sentence(s), s, &end);
    let app = space.word(s, analysis::space::Axis::App);
    let told = stage::told(&space.model, &end, &app, Vec::new());
    let trusted = told.device_trusted.map_or("none".into(), |d| d.to_string());
    let app = told.app.filter(|_| end.granted()).unwrap_or_default();
    Pair { case, end, modelled: format!("{} by {} trusted {trusted} as {app}", told.outcome, told.by) }
}

/// What the oracle says of a case's last sign-in.
pub fn expected(case: &Case) -> String {
    let mut oracle = Oracle::new(&case.world);
    let mut last: Option<Expected> = None;
    for step in &case.steps {
        last = oracle.apply(&step.action);
    }
    let Some(e) = last else { return "nothing".into() };
    let trusted = e.device_trusted.map_or("none".into(), |d| d.to_string());
    format!("{} by {} trusted {trusted} as {}", e.outcome, e.by, e.as_whom.unwrap_or_default())
}

/// What came of comparing.
#[derive(Debug, Default)]
pub struct Compared {
    pub worlds: u64,
    pub situations: u64,
    pub pairs: u64,
    pub differ: Vec<String>,
}

/// Compares model and oracle on `count` pairs, `each` of a world.
pub fn compare(seed: u64, count: u64, each: u64, mut told: impl FnMut(&Compared)) -> Compared {
    let mut runner = generator(seed);
    let mut draw = Draw::new(seed);
    let mut compared = Compared::default();
    while compared.pairs < count && compared.differ.len() < 20 {
        let Some(world) = world(&mut runner) else { continue };
        let Ok(space) = Space::of(&world, Extent::default()) else { continue };
        let (mut cache, mut scratch) = (space.cache(), Scratch::default());
        compared.worlds += 1;
        compared.situations += space.len() as u64;
        for _ in 0..each.min(count - compared.pairs) {
            let s = space.at(draw.below(space.len()));
            let Pair { case, modelled, .. } = pair(&space, &mut cache, &mut scratch, &s);
            let expected = expected(&case);
            compared.pairs += 1;
            if expected != modelled {
                let steps: Vec<String> = case.steps.iter().map(|s| format!("{:?}", s.action)).collect();
                compared.differ.push(format!(
                    "{}\n  model  {modelled}\n  oracle {expected}\n  {}",
                    space.sentence(&s),
                    steps.join("\n  ")
                ));
                if compared.differ.len() >= 20 {
                    break;
                }
            }
        }
        told(&compared);
    }
    compared
}
