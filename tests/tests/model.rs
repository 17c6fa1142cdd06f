//! The model is the simulator without bytes: on every case of the catalogue that it can express it comes to the same, step
//! by step, and so it does on generated ones.

use analysis::stage::{Stuck, Told, play};
use fedsim::{CaseResult, Fabric};
use fedsim_tests::agreement::{impossible, runner};
use fedsim_tests::{cases, replay, worlds};
use proptest::strategy::{Strategy, ValueTree};
use scenarios::Case;
use std::collections::BTreeMap;

/// What of a sign-in both must agree on, as text.
fn observed(result: &CaseResult) -> Vec<Option<String>> {
    let told = |o: &fedsim::Observed| {
        let at = |party: &str| o.as_whom.get(party).cloned();
        line(&Told {
            outcome: o.outcome,
            by: o.by.clone(),
            device_trusted: o.device_trusted,
            okta: at("okta"),
            access: at("access"),
            app: at("app"),
            because: Vec::new(),
        })
    };
    result.steps.iter().map(|s| s.observed.as_ref().map(told)).collect()
}

fn line(t: &Told) -> String {
    let trusted = t.device_trusted.map_or("none".into(), |d| d.to_string());
    format!("{} by {} trusted {trusted} okta {:?} access {:?} app {:?}", t.outcome, t.by, t.okta, t.access, t.app)
}

/// Where model and wire differ; nothing where the model does not speak of such cases.
fn differs(case: &Case) -> Result<Option<String>, &'static str> {
    let modelled = match play(case) {
        Err(Stuck::Beyond(what)) => return Err(what),
        Err(Stuck::Impossible(why)) => {
            let wire = replay(case, Fabric::Memory);
            return Ok(wire.error.is_none().then(|| format!("{}: the model cannot: {why}", case.id)));
        }
        Ok(told) => told,
    };
    let wire = replay(case, Fabric::Memory);
    if let Some(error) = &wire.error {
        return Ok(Some(format!("{}: the wire cannot: {error}", case.id)));
    }
    let lines: Vec<Option<String>> = modelled.iter().map(|t| t.as_ref().map(line)).collect();
    let seen = observed(&wire);
    let at = lines.iter().zip(&seen).position(|(a, b)| a != b);
    Ok(at.map(|at| format!("{} step {}:\n  model {:?}\n  wire  {:?}", case.id, at + 1, lines[at], seen[at])))
}

#[test]
fn model_and_wire_agree_on_the_catalogue() {
    let (mut wrong, mut beyond, mut agreed) = (Vec::new(), BTreeMap::<&str, u32>::new(), 0);
    for case in cases() {
        match differs(&case) {
            Ok(None) => agreed += 1,
            Ok(Some(line)) => wrong.push(line),
            Err(what) => *beyond.entry(what).or_default() += 1,
        }
    }
    println!("{agreed} agree; not for the model: {beyond:?}");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(agreed > 150, "only {agreed} cases are expressed");
}

#[test]
fn model_and_wire_agree_on_generated_cases() {
    let count = std::env::var("FEDSIM_MODEL_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(150);
    let mut runner = runner(1);
    let (mut wrong, mut agreed) = (Vec::new(), 0);
    for _ in 0..count {
        let Ok(tree) = worlds::case().new_tree(&mut runner) else { continue };
        let case = tree.current();
        match differs(&case) {
            Ok(None) => agreed += 1,
            Ok(Some(line)) => wrong.push(format!("{line}\n{}", case.story)),
            Err(_) => {}
        }
    }
    println!("{agreed} agree");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.first().cloned().unwrap_or_default());
}

#[test]
fn an_impossible_story_is_impossible_twice() {
    let stuck = |case: &Case| matches!(play(case), Err(Stuck::Impossible(_)));
    let mut case = fedsim_tests::case("device-trust/managed-gets-in");
    let on = scenarios::OnProfile { device: "bobs-iphone".into(), profile: "ios-mobile-sso".into() };
    case.steps[0].action = scenarios::Action::RemoveProfile(on);
    assert!(stuck(&case) && impossible(&replay(&case, Fabric::Memory)));
}
