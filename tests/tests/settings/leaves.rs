//! Settings of a world, found through serde: where each stands, and what else it could say.

use federation::World;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Maps whose keys people choose: each is one setting.
const MAPS: &[&str] = &[
    "okta.users.*.attributes",
    "okta.apps.*.attribute_statements",
    "okta.workspace_one_app.mappings",
    "access.application_sources.*.attributes",
];

/// A setting of one world: its path with items as `*` (`okta.apps.*.rules.*.access`), and the way to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leaf {
    pub path: String,
    pub pointer: String,
}

/// Every setting of the three tenants.
pub fn of(world: &Value) -> Vec<Leaf> {
    let mut found = Vec::new();
    for tenant in ["okta", "access", "uem"] {
        walk(&world[tenant], Leaf { path: tenant.into(), pointer: format!("/{tenant}") }, &mut found);
    }
    found
}

fn walk(value: &Value, at: Leaf, found: &mut Vec<Leaf>) {
    let below = |key: &str, seen: &str| Leaf {
        path: format!("{}.{seen}", at.path),
        pointer: format!("{}/{}", at.pointer, key.replace('~', "~0").replace('/', "~1")),
    };
    match value {
        _ if MAPS.contains(&at.path.as_str()) => found.push(at),
        Value::Object(fields) => fields.iter().for_each(|(key, value)| walk(value, below(key, key), found)),
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, below(&index.to_string(), "*"), found);
            }
        }
        _ => found.push(at),
    }
}

/// The settings of all worlds by path, each with one place. What is empty in one and has contents in another is its contents.
pub fn of_all(worlds: &[Value]) -> BTreeMap<String, (&Value, Leaf)> {
    let (mut full, mut empty) = (BTreeMap::new(), BTreeMap::new());
    for world in worlds {
        for leaf in of(world) {
            let value = world.pointer(&leaf.pointer);
            let hollow = value.is_none_or(|v| v.is_null() || v.as_array().is_some_and(Vec::is_empty));
            if hollow { &mut empty } else { &mut full }.insert(leaf.path.clone(), (world, leaf));
        }
    }
    empty.retain(|path, _| !is_within(&full, path));
    full.extend(empty);
    full
}

fn is_within<T>(paths: &BTreeMap<String, T>, path: &str) -> bool {
    let start = format!("{path}.");
    paths.range(start.clone()..).next().is_some_and(|(next, _)| next.starts_with(&start))
}

/// Choices with contents that no world chooses, so that nobody has seen the settings inside.
pub fn never_chosen(all: &BTreeMap<String, (&Value, Leaf)>) -> Vec<String> {
    let mut missing = Vec::new();
    for (path, (world, leaf)) in all {
        if !world.pointer(&leaf.pointer).is_some_and(Value::is_string) {
            continue;
        }
        let hollow = |choice: &String| with(world, leaf, json!(choice)).is_err();
        let chosen = choices(world, leaf).into_iter().filter(hollow).map(|choice| format!("{path}.{choice}"));
        missing.extend(chosen.filter(|inside| !all.contains_key(inside) && !is_within(all, inside)));
    }
    missing
}

/// The world with another value in one place, where serde takes it.
pub fn with(world: &Value, leaf: &Leaf, value: Value) -> Result<World, String> {
    let mut changed = world.clone();
    *changed.pointer_mut(&leaf.pointer).ok_or("no such place")? = value;
    serde_json::from_value(changed).map_err(|e| e.to_string())
}

/// What a choice may be: serde tells where it is told nonsense.
pub fn choices(world: &Value, leaf: &Leaf) -> Vec<String> {
    let told = |nonsense: Value| with(world, leaf, nonsense).err().unwrap_or_default();
    let listed = world.pointer(&leaf.pointer).is_some_and(Value::is_array);
    let told = told(if listed { json!(["no-such-choice"]) } else { json!("no-such-choice") });
    if !told.contains("unknown variant") {
        return Vec::new();
    }
    told.split('`').skip(3).step_by(2).map(str::to_string).collect()
}

/// Worlds with another value there: the choices, or what differs from it in kind.
pub fn others(world: &Value, leaf: &Leaf) -> Vec<(Value, World)> {
    let now = world.pointer(&leaf.pointer).expect("the leaf is there");
    let mut candidates: Vec<Value> = match now {
        Value::Array(_) => choices(world, leaf).into_iter().map(|c| json!([c])).collect(),
        _ => choices(world, leaf).into_iter().map(Value::from).collect(),
    };
    let chosen = !candidates.is_empty();
    candidates.extend(match now {
        Value::Bool(b) => vec![json!(!b)],
        Value::Number(n) => {
            let n = n.as_u64().unwrap_or_default();
            vec![json!(n * 2), json!(0), json!(1), json!(n + 1), json!(1_000_000)]
        }
        Value::String(text) if !chosen => vec![json!(format!("{text}x")), json!(format!("x{text}"))],
        Value::String(_) => vec![],
        Value::Array(items) => {
            let (mut fewer, mut turned) = (items.clone(), items.clone());
            fewer.pop();
            turned.reverse();
            vec![json!([]), json!(fewer), json!(turned)]
        }
        Value::Object(_) => vec![json!({})],
        Value::Null => vec![json!(0), json!("x"), json!(true)],
    });
    candidates.retain(|c| c != now);
    candidates.into_iter().filter_map(|c| Some((c.clone(), with(world, leaf, c).ok()?))).collect()
}
