//! The list of mutants is sound. Whether the oracle sees them is the runner's question: `--bin mutants`.

use fedsim_tests::mutants::{Mutant, all, schema, schemata};
use scenarios::requirements;
use std::collections::BTreeSet;
use std::path::Path;

fn mutants() -> Vec<Mutant> {
    all().expect("the list reads")
}

/// The rows about the two ways of trusting a device.
fn behaviour() -> BTreeSet<&'static str> {
    let ids: Vec<&str> = requirements().rows.iter().map(|row| row.id.as_str()).collect();
    let at = |id: &str| ids.iter().position(|known| *known == id).expect("the row is there");
    ids[at("m1-flow")..=at("session-age")].iter().copied().collect()
}

#[test]
fn every_expression_is_there_once() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let changed = schemata(&root, &mutants()).expect("every mutant finds its place");
    for file in changed.keys() {
        assert!(["idp-okta/", "idp-access/", "uem-mock/"].iter().any(|party| file.starts_with(party)), "{file}");
    }
}

#[test]
fn every_behaviour_has_a_mutant_and_every_mutant_a_requirement() {
    let mutants = mutants();
    let broken: BTreeSet<&str> = mutants.iter().map(|m| m.requirement.as_str()).collect();
    let whole: Vec<_> = behaviour().difference(&broken).copied().collect();
    assert!(whole.is_empty(), "no mutant breaks {whole:?}");
    let unknown = |id: &&&str| requirements().requirement(id).is_none() && requirements().assumption(id).is_none();
    let dangling: Vec<_> = broken.iter().filter(unknown).collect();
    assert!(dangling.is_empty(), "not in scenarios/requirements.toml: {dangling:?}");
    let ids: BTreeSet<&str> = mutants.iter().map(|m| m.id.as_str()).collect();
    assert_eq!(ids.len(), mutants.len(), "an id is there twice");
}

fn mutant(id: &str, find: &str, within: Option<&str>) -> Mutant {
    let text = |s: &str| s.to_string();
    Mutant {
        id: text(id),
        requirement: text("m1-flow"),
        file: text("f"),
        find: text(find),
        replace: text("false"),
        within: within.map(text),
        note: text(""),
    }
}

#[track_caller]
fn check(mutants: &[Mutant], expected: Result<&str, &str>) {
    let observed = schema("if a == b { x } else if b { x }", &mutants.iter().collect::<Vec<_>>());
    match expected {
        Ok(text) => assert_eq!(observed.as_deref(), Ok(text)),
        Err(part) => assert!(observed.as_ref().is_err_and(|e| e.contains(part)), "{observed:?}"),
    }
}

#[test]
fn mutants_stand_behind_switches() {
    let on = |id: &str| format!("if federation::mutant::on(\"{id}\") {{ false }} else ");
    let one = mutant("one", "a == b", None);
    let first = format!("if ({}{{ a == b }}) {{ x }} else if b {{ x }}", on("one"));
    check(std::slice::from_ref(&one), Ok(&first));
    let both = format!("if ({}{}{{ a == b }}) {{ x }} else if b {{ x }}", on("one"), on("two"));
    check(&[one.clone(), mutant("two", "a == b", None)], Ok(&both));
    let second = format!("if a == b {{ x }} else if ({}{{ b }}) {{ x }}", on("one"));
    check(&[mutant("one", "b", Some("else if b"))], Ok(&second));
    check(&[mutant("one", "x", None)], Err("several times"));
    check(&[mutant("one", "y", None)], Err("there is no `y`"));
    check(&[one, mutant("two", "== b", None)], Err("overlaps"));
}
