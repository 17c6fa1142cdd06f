//! The space of situations: what the fast way decides is what the steps come to, in the model, for the oracle and over the
//! wire, and how large three worlds' spaces are.

use analysis::ask::sweep;
use analysis::model::Model;
use analysis::sign_in::Scratch;
use analysis::space::{Extent, MARGIN, Space, ages};
use analysis::stage::{Stage, play};
use federation::World;
use fedsim::Fabric;
use fedsim_tests::pairs::{Draw, Pair, compare, expected, pair};
use fedsim_tests::{replay, worlds};
use scenarios::{Action, Case, MfaAnswer};
use std::sync::Arc;

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

/// A baseline with Carol, who differs from Alice in nothing that a setting speaks of.
fn with_carol(baseline: &str) -> World {
    let text = format!(
        r#"name = "carol"
baseline = "{baseline}"
[[change]]
at = "okta.users"
insert = {{ name = "carol", login = "carol@acme.test", email = "carol@acme.test", password = "her own", groups = ["staff"], factors = ["totp", "push"] }}
[[change]]
at = "access.directories.acme.users"
insert = {{ name = "carol", username = "carol@acme.test", email = "carol@acme.test", password = "her own", groups = ["staff"] }}
[[change]]
at = "uem.users"
insert = {{ name = "carol", username = "carol", email = "carol@acme.test", upn = "carol@acme.test", password = "her own", organization_group = "acme" }}
[[change]]
at = "people"
insert = {{ name = "carol", okta = "carol", access = "acme/carol", uem = "carol" }}
"#
    );
    match scenarios::load_str("own/carol.toml", &text) {
        Ok(scenario) => scenario.world,
        Err(wrong) => panic!("{}", wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

/// How a case's last sign-in ends, whoever it is.
fn ends(case: &Case) -> String {
    let told = play(case).expect("it can be played").pop().flatten().expect("the last step is a sign-in");
    format!("{} by {} {:?} {}", told.outcome, told.by, told.device_trusted, told.app.is_some())
}

/// Carol for Alice and Alice for Carol, everywhere.
fn exchanged(case: &Case) -> Case {
    let swap = |name: &mut String| match name.as_str() {
        "alice" => *name = "carol".into(),
        "carol" => *name = "alice".into(),
        _ => {}
    };
    let mut case = case.clone();
    case.world.devices.iter_mut().filter_map(|d| d.enrolled_as.as_mut()).for_each(swap);
    for step in &mut case.steps {
        match &mut step.action {
            Action::SignIn(s) => swap(&mut s.who),
            Action::PlantCertificate(p) => swap(&mut p.as_user),
            _ => {}
        }
    }
    case
}

/// A class is one: other members, other ages of its interval and other ways of failing end alike.
#[test]
fn two_situations_of_a_class_end_alike() {
    let (mut people, mut older, mut denied) = (0, 0, 0);
    for name in ["device-trust-mobile", "routing-only"] {
        let world = with_carol(name);
        let space = Space::of(&world, Extent::default()).expect("the model speaks of it");
        let alice = space.whos.iter().find(|w| w.name == "alice").expect("she is there");
        assert!(alice.members >= 2, "nobody is like Alice: {:?}", space.whos);
        let (mut cache, mut scratch, mut draw) = (space.cache(), Scratch::default(), Draw::new(23));
        let ages = ages(&space.model);
        for _ in 0..600 {
            let s = space.at(draw.below(space.len()));
            let case = pair(&space, &mut cache, &mut scratch, &s).case;
            let told = ends(&case);
            assert_eq!(told, ends(&exchanged(&case)), "{}", space.sentence(&s));
            people += 1;
            let mut otherwise = case.clone();
            if let Some(Action::SignIn(last)) = otherwise.steps.last_mut().map(|s| &mut s.action)
                && last.mfa == MfaAnswer::Wrong
            {
                last.mfa = MfaAnswer::PushDeny;
                assert_eq!(told, ends(&otherwise), "{}", space.sentence(&s));
                denied += 1;
            }
            let node = &space.nodes[s.node];
            let past = &space.pasts[usize::from(node.past)];
            let age = past.wait_minutes + space.condition(node).minutes;
            let (Some(at), true) = (ages.iter().position(|a| *a == age), past.app.is_some() && age > 0) else {
                continue;
            };
            let until = ages.get(at + 1).map_or(age + 2000, |next| (next - 1).saturating_sub(MARGIN));
            let later = draw.below(usize::try_from(until.saturating_sub(age)).unwrap_or_default()) as u64;
            let mut aged = case.clone();
            let wait = aged.steps.iter_mut().rev().find_map(|s| match &mut s.action {
                Action::Wait(wait) => Some(wait),
                _ => None,
            });
            let Some(wait) = wait.filter(|wait| wait.minutes == past.wait_minutes) else { continue };
            wait.minutes += later;
            // Where UEM has done more meanwhile it is another state of the device.
            let mut stage = Stage::start(Arc::new(Model::new(Arc::new(aged.world.clone())))).expect("it starts");
            let before = &aged.steps[..aged.steps.len() - 1];
            before.iter().for_each(|step| drop(stage.step(step).expect("it plays")));
            let device = &aged.world.devices[0].name;
            if space.stands(node, &stage.device(device), stage.now) {
                assert_eq!(told, ends(&aged), "{} {later} minutes later", space.sentence(&s));
                older += 1;
            }
        }
    }
    println!("{people} people, {older} ages, {denied} denied pushes");
    assert!(people > 1000 && older > 50 && denied > 50, "{people} {older} {denied}");
}

/// Three worlds, counted exactly: a change of any number is a change of what people experience, or of what is told apart.
#[test]
fn three_worlds_are_counted() {
    let world = |name: &str| match name {
        "revocation-looked-at" => {
            let mut world = worlds::baseline("device-trust-mobile");
            world.access.methods.mobile_sso_ios.check_revocation = true;
            world
        }
        other => worlds::baseline(other),
    };
    let mut wrong = Vec::new();
    for (name, expected) in COUNTED {
        let space = Space::of(&world(name), Extent::default()).expect("the model speaks of it");
        let swept = sweep(&space, &[]);
        let counted: Vec<String> = swept.outcomes.iter().map(|(outcome, count)| format!("{outcome} {count}")).collect();
        let counted = format!("{}: {}", space.len(), counted.join(", "));
        if counted != *expected {
            wrong.push(format!("{name} {counted}"));
        }
    }
    assert!(wrong.is_empty(), "counted otherwise:\n{}", wrong.join("\n"));
}

const COUNTED: &[(&str, &str)] = &[
    (
        "device-trust-mobile",
        "75456: granted 36032, granted-after-mfa 272, mfa-failed 592, enrolment-page 1200, access-denied 13248, sign-in-required 3768, sign-in-failed 3768, app-rejected 16576",
    ),
    (
        "routing-only",
        "90720: granted 35844, granted-after-mfa 4793, mfa-failed 10990, access-denied 20088, sign-in-required 1032, sign-in-failed 1032, app-rejected 16941",
    ),
    (
        "revocation-looked-at",
        "75456: granted 34336, granted-after-mfa 368, mfa-failed 800, enrolment-page 1616, access-denied 13248, sign-in-required 4872, sign-in-failed 4872, app-rejected 15344",
    ),
];
