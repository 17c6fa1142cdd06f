//! Every setting acts. The settings are found, not listed: each leaf of each tenant of each story's world is turned alone,
//! and in at least one story a page, a message or a log must change. A setting that nobody reads fails here.

use federation::{EventKind, World};
use fedsim::{CaseResult, Fabric};
use fedsim_tests::{cases, replay};
use scenarios::Case;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Values that are one setting each, whatever shape they have: choices with contents, lists and maps of what people write.
const WHOLE: &[&str] = &[
    "okta.routing_rules.*.user",
    "okta.users.*.attributes",
    "okta.apps.*.attribute_statements",
    "uem.compliance_policies.*.actions.*.do",
];

/// Names are how patches and rules find a thing; they are the thing, not a setting of it.
fn is_name(key: &str) -> bool {
    key == "name"
}

/// A setting of one world: its pattern (`okta.apps.*.rules.*.access`) and the way to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Leaf {
    pattern: String,
    pointer: String,
}

fn leaves(value: &Value, at: Leaf, found: &mut Vec<Leaf>) {
    let below = |key: &str, seen: &str| Leaf {
        pattern: format!("{}.{seen}", at.pattern).trim_start_matches('.').to_string(),
        pointer: format!("{}/{}", at.pointer, key.replace('~', "~0").replace('/', "~1")),
    };
    match value {
        _ if WHOLE.contains(&at.pattern.as_str()) => found.push(at),
        Value::Object(fields) => {
            for (key, value) in fields.iter().filter(|(key, _)| !is_name(key)) {
                leaves(value, below(key, key), found);
            }
        }
        Value::Array(items) if items.iter().any(|item| item.get("name").is_some()) => {
            for (index, item) in items.iter().enumerate() {
                leaves(item, below(&index.to_string(), "*"), found);
            }
        }
        _ => found.push(at),
    }
}

fn tenants(world: &World) -> Value {
    let whole = serde_json::to_value(world).expect("a world is plain data");
    json!({ "okta": whole["okta"], "access": whole["access"], "uem": whole["uem"] })
}

/// Other values for a setting: what serde says it may be, or what differs from it in kind.
fn others(world: &Value, leaf: &Leaf) -> Vec<Value> {
    let now = world.pointer(&leaf.pointer).expect("the leaf is there");
    let with = |value: Value| {
        let mut changed = world.clone();
        *changed.pointer_mut(&leaf.pointer).expect("the leaf is there") = value;
        changed
    };
    let mut candidates: Vec<Value> = match now {
        Value::Bool(b) => vec![json!(!b)],
        Value::Number(n) => {
            let n = n.as_u64().unwrap_or_default();
            vec![json!(0), json!(1), json!(n + 1), json!(n * 2), json!(1_000_000)]
        }
        Value::String(text) => vec![json!(format!("{text}x")), json!(format!("x{text}"))],
        Value::Array(items) => {
            let mut fewer = items.clone();
            fewer.pop();
            vec![json!([]), json!(fewer)]
        }
        Value::Object(_) => vec![json!({})],
        Value::Null => vec![json!(0), json!("x"), json!(true), json!(".*@nowhere")],
    };
    // A choice tells its variants where it is told nonsense.
    let nonsense = if now.is_array() { json!(["no-such-choice"]) } else { json!("no-such-choice") };
    if let Err(e) = serde_json::from_value::<World>(with(nonsense)) {
        let told = e.to_string();
        let words = told.split('`').skip(3).step_by(2).map(str::to_string);
        candidates.extend(words.flat_map(|word| [json!(word), json!([word]), json!({ word: "x" })]));
    }
    candidates.retain(|c| c != now && serde_json::from_value::<World>(with(c.clone())).is_ok());
    candidates
}

/// What people and administrators see: pages, messages as they stand without their signatures, logs, decisions.
fn seen(result: &CaseResult) -> Option<String> {
    if result.error.is_some() {
        return None;
    }
    let mut text = result.transcript();
    for event in result.steps.iter().flat_map(|s| &s.events) {
        if let EventKind::Message { xml, .. } = &event.kind {
            text.push_str(xml.split("<ds:Signature").next().unwrap_or_default());
            text.push_str(xml.rsplit("</ds:Signature>").next().unwrap_or_default());
        }
    }
    Some(text)
}

/// How many things of a kind are turned in one story.
const INSTANCES: usize = 3;

#[test]
fn every_setting_acts() {
    let stories: Vec<Case> =
        cases().into_iter().filter(|c| std::env::var("ALLC").is_ok() || !c.id.contains('~')).collect();
    let mut open: BTreeMap<String, usize> = BTreeMap::new();
    let mut acts: BTreeSet<String> = BTreeSet::new();
    for story in &stories {
        let world = serde_json::to_value(&story.world).expect("plain data");
        let mut found = Vec::new();
        leaves(&tenants(&story.world), Leaf { pattern: String::new(), pointer: String::new() }, &mut found);
        found.retain(|leaf| !acts.contains(&leaf.pattern));
        if found.is_empty() {
            continue;
        }
        let before = seen(&replay(story, Fabric::Memory));
        assert_eq!(before, seen(&replay(story, Fabric::Memory)), "{} is not the same twice", story.id);
        let mut tries: BTreeMap<String, usize> = BTreeMap::new();
        for leaf in found {
            let tries = tries.entry(leaf.pattern.clone()).or_default();
            if acts.contains(&leaf.pattern) || *tries >= INSTANCES {
                continue;
            }
            *tries += 1;
            for value in others(&world, &leaf) {
                *open.entry(leaf.pattern.clone()).or_default() += 1;
                let mut changed = world.clone();
                *changed.pointer_mut(&leaf.pointer).expect("the leaf is there") = value.clone();
                let mut turned = story.clone();
                turned.world = serde_json::from_value(changed).expect("checked");
                let after = seen(&replay(&turned, Fabric::Memory));
                if after.is_some() && after != before {
                    println!("{} = {value} shows in {}", leaf.pattern, story.id);
                    acts.insert(leaf.pattern.clone());
                    break;
                }
            }
            open.entry(leaf.pattern.clone()).or_default();
        }
    }
    let silent: Vec<_> = open.iter().filter(|(leaf, _)| !acts.contains(*leaf)).collect();
    assert!(silent.is_empty(), "nobody reads: {silent:#?}");
}
