//! `attributes` and `excludedAttributes` (RFC 7644 3.9): what of a rendered resource is told.

use super::fault::Fault;
use super::shape::{self, Target};
use serde_json::Value;
use wire::scim::message::Search;
use wire::scim::{AttrPath, Object, Resource, classic};

/// Told whatever is asked for.
const ALWAYS: [&str; 2] = ["id", "schemas"];

/// What a request wants to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    Everything,
    Only(Vec<Spot>),
    Without(Vec<Spot>),
}

/// A spot in a rendered resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    urn: Option<&'static str>,
    name: Option<&'static str>,
    sub: Option<&'static str>,
}

fn spot(resource: Resource, text: &str, newer: bool) -> Result<Option<Spot>, Fault> {
    let found = AttrPath::parse(text).map_err(|p| p.to_string()).and_then(|path| {
        let path = if newer { path } else { classic::path_to_core(resource, path) };
        shape::locate(resource, &path).map_err(|f| f.to_string())
    });
    match found {
        Ok(Target::Extension(urn)) => Ok(Some(Spot { urn: Some(urn), name: None, sub: None })),
        Ok(Target::Place(place)) => {
            Ok(Some(Spot { urn: place.urn, name: Some(place.attribute.name), sub: place.sub.map(|s| s.name) }))
        }
        // RFC 7644 3.9 passes over unknown names; the classic interface documents 400.
        Err(_) if newer || ALWAYS.contains(&text) => Ok(None),
        Err(what) => Err(Fault::Invalid(format!("`attributes`: {what}"))),
    }
}

impl Wanted {
    pub fn read(resource: Resource, search: &Search, newer: bool) -> Result<Wanted, Fault> {
        let spots = |names: &[String]| {
            let found: Result<Vec<Option<Spot>>, Fault> = names.iter().map(|n| spot(resource, n, newer)).collect();
            found.map(|spots| spots.into_iter().flatten().collect::<Vec<Spot>>())
        };
        match (&search.attributes[..], &search.excluded_attributes[..]) {
            ([], []) => Ok(Wanted::Everything),
            (names, []) => Ok(Wanted::Only(spots(names)?)),
            ([], names) => Ok(Wanted::Without(spots(names)?)),
            _ => Err(Fault::Invalid("`attributes` and `excludedAttributes` exclude each other".into())),
        }
    }

    /// Whether an attribute of the core was asked for by name.
    pub fn names(&self, name: &str) -> bool {
        match self {
            Wanted::Everything => true,
            Wanted::Only(spots) => spots.iter().any(|s| s.urn.is_none() && s.name == Some(name)),
            Wanted::Without(spots) => !spots.iter().any(|s| s.urn.is_none() && s.name == Some(name) && s.sub.is_none()),
        }
    }

    /// Leaves of a resource in the shape of 2.0 what is wanted.
    pub fn of(&self, resource: Object) -> Object {
        match self {
            Wanted::Everything => resource,
            Wanted::Only(spots) => {
                let mut out = Object::new();
                for name in ALWAYS {
                    out.extend(resource.get(name).map(|v| (name.to_string(), v.clone())));
                }
                spots.iter().for_each(|spot| copy(spot, &resource, &mut out));
                out
            }
            Wanted::Without(spots) => {
                let mut out = resource;
                spots.iter().for_each(|spot| remove(spot, &mut out));
                out
            }
        }
    }
}

fn part(value: &Value, sub: &str) -> Value {
    let one = |v: &Value| {
        let fields = v.get(sub).map(|s| (sub.to_string(), s.clone()));
        Value::Object(Object::from_iter(fields))
    };
    value.as_array().map_or_else(|| one(value), |items| items.iter().map(one).collect::<Vec<_>>().into())
}

/// Puts `new` beside what is there already, element by element.
fn join(there: &mut Value, new: Value) {
    match (there, new) {
        (Value::Object(there), Value::Object(new)) => there.extend(new),
        (Value::Array(there), Value::Array(new)) => there.iter_mut().zip(new).for_each(|(t, n)| join(t, n)),
        _ => {}
    }
}

fn copy(spot: &Spot, from: &Object, to: &mut Object) {
    let (from, to) = match spot.urn {
        None => (from, to),
        Some(urn) => {
            let Some(extension) = from.get(urn).and_then(Value::as_object) else { return };
            let there = to.entry(urn).or_insert_with(|| Value::Object(Object::new()));
            let Some(there) = there.as_object_mut() else { return };
            (extension, there)
        }
    };
    let Some(name) = spot.name else {
        to.extend(from.clone());
        return;
    };
    let Some(value) = from.get(name) else { return };
    let value = spot.sub.map_or_else(|| value.clone(), |sub| part(value, sub));
    match to.get_mut(name) {
        Some(there) => join(there, value),
        None => drop(to.insert(name.into(), value)),
    }
}

fn remove(spot: &Spot, from: &mut Object) {
    let Some(name) = spot.name else {
        from.remove(spot.urn.unwrap_or_default());
        return;
    };
    let from = match spot.urn {
        None => from,
        Some(urn) => match from.get_mut(urn).and_then(Value::as_object_mut) {
            Some(extension) => extension,
            None => return,
        },
    };
    match spot.sub {
        None if ALWAYS.contains(&name) => {}
        None => drop(from.remove(name)),
        Some(sub) => match from.get_mut(name) {
            Some(Value::Object(fields)) => drop(fields.remove(sub)),
            Some(Value::Array(items)) => {
                items.iter_mut().filter_map(Value::as_object_mut).for_each(|fields| drop(fields.remove(sub)));
            }
            _ => {}
        },
    }
}
