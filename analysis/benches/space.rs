//! What an outcome costs: situations of the baselines and of a world with forty rules, findings off, one thread.

use analysis::sign_in::Scratch;
use analysis::space::{Extent, Space};
use federation::tenant::okta::SignOnRule;
use federation::{Silent, World};
use std::hint::black_box;

fn main() {
    divan::main();
}

fn baseline(name: &str) -> World {
    let text = format!(
        "name = \"bench\"\nbaseline = \"{name}\"\n[[step]]\nsign_in = {{ who = \"alice\", on = \"alices-iphone\", app = \"wiki\" }}\nexpect = {{ outcome = \"granted\" }}\n"
    );
    match scenarios::load_str("own/bench.toml", &text) {
        Ok(scenario) => scenario.world,
        Err(wrong) => panic!("{}", wrong.iter().map(ToString::to_string).collect::<String>()),
    }
}

/// Rules for somebody else before those that decide, in every app.
fn with_rules(mut world: World, rules: usize) -> World {
    let apps = world.okta.apps.len();
    for app in &mut world.okta.apps {
        let Some(last) = app.rules.first().cloned() else { continue };
        for number in 0..rules / apps {
            let people = federation::tenant::okta::PeopleCondition {
                groups: vec![format!("group-{number}")],
                ..Default::default()
            };
            app.rules.insert(0, SignOnRule { name: format!("rule-{number}"), people, ..last.clone() });
        }
    }
    world
}

#[divan::bench(args = ["device-trust-mobile", "routing-only", "forty-rules"])]
fn decide_a_whole_space(bencher: divan::Bencher<'_, '_>, name: &str) {
    let world = match name {
        "forty-rules" => with_rules(baseline("device-trust-mobile"), 40),
        other => baseline(other),
    };
    let space = Space::of(&world, Extent::default()).expect("the model speaks of it");
    let count = space.len();
    bencher.counter(divan::counter::ItemsCount::new(count)).bench(|| {
        let (mut cache, mut scratch) = (space.cache(), Scratch::default());
        let mut granted = 0_usize;
        for number in 0..count {
            let end = space.decide(&space.at(number), &mut cache, &mut Silent, &mut scratch);
            granted += usize::from(end.granted());
        }
        black_box(granted)
    });
}

#[divan::bench]
fn derive_a_space(bencher: divan::Bencher<'_, '_>) {
    let world = baseline("device-trust-mobile");
    bencher.bench(|| Space::of(black_box(&world), Extent::default()).map(|space| space.len()));
}
