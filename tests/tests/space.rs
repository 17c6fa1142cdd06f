//! The space of situations: what the fast way decides is what the steps come to, in the model, for the oracle and over the
//! wire, and how large three worlds' spaces are.

use analysis::sign_in::Scratch;
use analysis::space::{Extent, Space};
use analysis::stage::play;
use fedsim::Fabric;
use fedsim_tests::pairs::{Draw, Pair, compare, expected, pair};
use fedsim_tests::{replay, worlds};

fn space(baseline: &str) -> Space {
    Space::of(&worlds::baseline(baseline), Extent::default()).expect("the model speaks of it")
}

#[test]
fn a_situation_comes_to_what_its_steps_come_to() {
    for name in ["device-trust-mobile", "routing-only"] {
        let space = space(name);
        println!("{name}: {} situations, {} nodes, {} devices", space.len(), space.nodes.len(), space.devices.len());
        let (mut cache, mut scratch, mut draw) = (space.cache(), Scratch::default(), Draw::new(7));
        for _ in 0..400 {
            let s = space.at(draw.below(space.len()));
            assert_eq!(space.at(space.number(&s)), s);
            let Pair { case, modelled, .. } = pair(&space, &mut cache, &mut scratch, &s);
            let told = play(&case).expect("it can be played").pop().flatten().expect("the last step is a sign-in");
            let trusted = told.device_trusted.map_or("none".into(), |d| d.to_string());
            let granted = told.outcome.to_string().starts_with("granted");
            let app = told.app.filter(|_| granted).unwrap_or_default();
            let staged = format!("{} by {} trusted {trusted} as {app}", told.outcome, told.by);
            assert_eq!(modelled, staged, "{}\n{:#?}", space.sentence(&s), case.steps);
            assert_eq!(modelled, expected(&case), "{}\n{:#?}", space.sentence(&s), case.steps);
        }
    }
}

#[test]
fn a_situation_replays_over_the_wire_as_decided() {
    for name in ["device-trust-mobile", "routing-only"] {
        let space = space(name);
        let (mut cache, mut scratch, mut draw) = (space.cache(), Scratch::default(), Draw::new(11));
        for _ in 0..40 {
            let s = space.at(draw.below(space.len()));
            let Pair { case, .. } = pair(&space, &mut cache, &mut scratch, &s);
            let text = scenarios::write(&case).expect("it can be written");
            let read = scenarios::load_str("own/pair.toml", &text).expect("it reads").cases().remove(0);
            let played = replay(&read, Fabric::Memory);
            assert!(
                played.met(),
                "{}\n{:#?} {:?}",
                space.sentence(&s),
                played.steps.last().map(|s| &s.missed),
                played.error
            );
        }
    }
}

#[test]
fn model_and_oracle_agree_on_situations_of_generated_worlds() {
    let count = std::env::var("FEDSIM_PAIRS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_500);
    let compared = compare(1, count, 100, |_| {});
    assert!(compared.differ.is_empty(), "{}", compared.differ.join("\n"));
}
