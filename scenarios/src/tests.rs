//! The catalogue loads, and mistakes are told with file, line and column.

use super::*;
use crate::{catalogue, load_str};

fn told(wrong: &[Diagnostic]) -> String {
    wrong.iter().map(|d| d.to_string()).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_catalogue_loads() {
    let mut ids = Vec::new();
    for (file, text) in catalogue() {
        let scenario = match load_str(file, text) {
            Ok(scenario) => scenario,
            Err(wrong) => panic!("{}", told(&wrong)),
        };
        assert_eq!(scenario.name, stem(file), "{file}: a lesson is named as its file");
        assert!(
            !scenario.story.is_empty() && !scenario.teaches.is_empty(),
            "{file}: a lesson has a story and teaches something"
        );
        assert!(!scenario.steps.is_empty(), "{file}: a lesson has steps");
        ids.extend(scenario.cases().into_iter().map(|case| case.id));
    }
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "case ids are unique");
}

/// Ids of one kind in `requirements.toml`, each with its lessons.
fn requirements(kind: &str) -> Vec<(String, Vec<String>)> {
    let mut files = Files::default();
    let table =
        files.parse("requirements.toml", include_str!("../requirements.toml")).expect("requirements.toml is TOML");
    let text = |node: &Node, key: &str| node.table()?.get(key)?.node.text().map(str::to_string);
    let rows = table.get(kind).and_then(|entry| entry.node.list()).expect("it has rows");
    rows.iter()
        .map(|row| {
            assert!(
                text(row, "text").is_some() && text(row, "provenance").is_some(),
                "every row has text and provenance"
            );
            let lessons = row.table().and_then(|t| t.get("lessons")).and_then(|e| e.node.list()).unwrap_or_default();
            let lessons = lessons.iter().filter_map(|l| l.text().map(str::to_string)).collect();
            (text(row, "id").expect("every row has an id"), lessons)
        })
        .collect()
}

#[test]
fn lessons_and_requirements_name_each_other() {
    let rows = requirements("requirement");
    let mut taught: Vec<(String, String)> = Vec::new();
    for (file, text) in catalogue() {
        let scenario = load_str(file, text).unwrap_or_else(|wrong| panic!("{}", told(&wrong)));
        taught.extend(scenario.teaches.into_iter().map(|id| (id, format!("{}/{}", scenario.family, scenario.name))));
    }
    let mut listed: Vec<(String, String)> =
        rows.iter().flat_map(|(id, lessons)| lessons.iter().map(move |l| (id.clone(), l.clone()))).collect();
    taught.sort();
    listed.sort();
    assert_eq!(listed, taught, "requirements.toml lists what the lessons teach");
    let later = ["compare-methods", "setup-steps"];
    for (id, lessons) in &rows {
        let elsewhere = id.starts_with("card-") || id.starts_with("scim-") || later.contains(&id.as_str());
        assert!(!lessons.is_empty() || elsewhere, "{id} has no lesson");
    }
}

#[test]
fn expected_assumptions_exist() {
    let known = requirements("assumption");
    for (file, text) in catalogue() {
        let scenario = load_str(file, text).unwrap_or_else(|wrong| panic!("{}", told(&wrong)));
        for code in scenario.cases().iter().flat_map(|c| &c.steps).flat_map(|s| &s.expect.because) {
            if let Some(id) = code.strip_prefix("assumes/") {
                assert!(known.iter().any(|(k, _)| k == id), "{file}: there is no assumption `{id}`");
            }
        }
    }
}

/// The first complaint about `lines` under a sound header of four lines.
fn complaint(lines: &str) -> String {
    let text = format!("name = \"x\"\nteaches = []\nbaseline = \"device-trust-mobile\"\nstory = \"y\"\n{lines}");
    match load_str("own/x.toml", &text) {
        Ok(_) => panic!("it loads: {lines}"),
        Err(wrong) => wrong.first().map(|d| d.to_string()).unwrap_or_default(),
    }
}

#[test]
fn mistakes_are_told_with_their_place() {
    let cases: &[(&str, &str, &str)] = &[
        ("storry = \"y\"", "own/x.toml:5:1: unknown key `storry`", "did you mean `story`?"),
        ("[okta]\nhots = \"y\"", "own/x.toml:6:1: unknown key `hots`", "did you mean `host`?"),
        ("[[step]]\nsing_in = {}", "own/x.toml:6:1: unknown key `sing_in`", "did you mean `sign_in`?"),
        ("[[step]]\nexpect = {}", "own/x.toml:5:1: a step has exactly one action", "`sign_in`"),
        ("[[step]]\nwait = { minutes = 1 }\nsweep = {}", "own/x.toml:5:1: a step has exactly one action", "`sign_in`"),
        (
            "[[step]]\nwait = { minutes = \"soon\" }",
            "own/x.toml:6:20: found the text `soon`, wanted a whole number, not negative",
            "^",
        ),
        (
            "[[step]]\nwait = { minutes = -1 }",
            "own/x.toml:6:20: the number `-1` does not fit, wanted a whole number, not negative",
            "^",
        ),
        ("[[step]]\nwait = { hours = 1 }", "own/x.toml:6:10: unknown key `hours`", "`minutes`"),
        (
            "[[step]]\nsign_in = { who = \"alcie\", on = \"alices-iphone\", app = \"salesforce\" }",
            "own/x.toml:6:19: there is no person `alcie`",
            "did you mean `alice`?",
        ),
        (
            "[[step]]\nsign_in = { who = \"alice\", app = \"wiki\" }",
            "own/x.toml:6:11: the key `on` is missing",
            "add `on = …`",
        ),
        (
            "[[step]]\nsweep = {}\nexpect = { outcome = \"grantd\" }",
            "own/x.toml:7:22: unknown value `grantd`",
            "did you mean `granted`?",
        ),
        (
            "[[change]]\nat = \"access.policies.default.rules.iso\"\nset = { groups = [] }",
            "own/x.toml:6:6: there is no `iso` in `access.policies.default.rules.iso`",
            "did you mean `ios`?",
        ),
        (
            "[[change]]\nat = \"access.policies.default.rules.ios\"\nset = { autenticate = [] }",
            "own/x.toml:7:9: unknown key `autenticate`",
            "did you mean `authenticate`?",
        ),
        (
            "[[change]]\nat = \"okta.device_trust.ios.identity_provider\"\nset = \"workspace-two\"",
            "own/x.toml:7:7: there is no identity provider `workspace-two`",
            "did you mean `workspace-one`?",
        ),
    ];
    for (lines, begins, has) in cases {
        let told = complaint(lines);
        assert!(told.starts_with(begins) && told.contains(has), "{lines}\n  wanted {begins} … {has}\n  told {told}");
    }
}

#[test]
fn what_is_missing_or_unknown_is_told_with_its_place() {
    let sign_in = "[[step]]\nsign_in = { who = \"alice\", on = \"alices-iphone\", app = \"salesforce\" }\n";
    let cases: &[(&str, &str, &str)] = &[
        (
            "[[change]]\nat = \"okta.host\"",
            "own/x.toml:6:6: a change has exactly one of `set`, `remove` and `insert`",
            "set",
        ),
        (
            "[[change]]\nat = \"okta.apps.wiki.rules.untrusted-mobile.platforms\"\nset = [\"ios\", \"other-mobile\"]",
            "scenarios/baselines/device-trust-mobile.toml:",
            "name the rule's platforms",
        ),
        (
            "[[try]]\nlabel = \"z\"\nchange = []\nexpect = {}",
            "own/x.toml:8:10: there is no step with `sign_in`",
            "expect_at",
        ),
        ("teaches = 1", "own/x.toml:5:1: the key `teaches` is there twice", "leave one of them out"),
        (
            "[[devices]]\nname = \"alices-iphone\"\nkind = \"fridge\"",
            "own/x.toml:7:8: unknown value `fridge`",
            "`iphone`",
        ),
    ];
    for (lines, begins, has) in cases {
        let told = complaint(lines);
        assert!(told.starts_with(begins) && told.contains(has), "{lines}\n  wanted {begins} … {has}\n  told {told}");
    }
    let told = complaint(&format!("{sign_in}[[try]]\nlabel = \"z\"\nexpect = {{}}"));
    assert!(told.starts_with("own/x.toml:7:1: the key `change` is missing"), "{told}");
    let told = load_str("own/x.toml", "baseline = \"routing-onyl\"").map_err(|wrong| wrong[0].to_string());
    let wanted = "own/x.toml:1:12: unknown baseline `routing-onyl`\n1 | baseline = \"routing-onyl\"\n  |            ^\n  = did you mean `routing-only`?";
    assert_eq!(told.map(|s| s.name), Err(wanted.to_string()));
}

#[test]
fn sources_point_to_who_wrote_a_setting_last() {
    let text = "baseline = \"device-trust-mobile\"\n[[change]]\nat = \"access.policies.default.rules.ios\"\nset = { authenticate = [[\"password\"]] }";
    let scenario = load_str("own/x.toml", text).unwrap_or_else(|wrong| panic!("{}", told(&wrong)));
    let place = |path: &str| scenario.sources.locate(path).map(|place| place.to_string()).unwrap_or_default();
    assert_eq!(place("access.policies.default.rules.ios.authenticate"), "own/x.toml:4:24");
    assert!(
        place("access.policies.default.rules.ios.device_types")
            .starts_with("scenarios/baselines/device-trust-mobile.toml:")
    );
    assert!(place("okta.host").starts_with("scenarios/baselines/people-and-devices.toml:"));
}
