//! PATCH (RFC 7644 3.5.2): operations over a copy of the resource. The caller keeps the copy only if all of them fit.

use super::fault::Fault;
use super::matching;
use super::shape::{self, Place, Target};
use serde_json::Value;
use wire::scim::filter::{Filter, Literal, Op};
use wire::scim::message::{PatchOperation, PatchVerb};
use wire::scim::path::PatchPath;
use wire::scim::schema::Mutability;
use wire::scim::{Object, Resource};

/// Does one operation.
pub fn apply(resource: Resource, object: &mut Object, operation: &PatchOperation) -> Result<(), Fault> {
    let Some(path) = &operation.path else {
        let Value::Object(body) = &operation.value else {
            return Err(Fault::Invalid("without a path the value must be an object of attributes".into()));
        };
        return merge(resource, object, body, operation.verb);
    };
    match shape::locate(resource, &path.attr)? {
        Target::Extension(urn) => {
            if operation.verb == PatchVerb::Remove {
                object.remove(urn);
                return Ok(());
            }
            let Value::Object(_) = operation.value else {
                return Err(Fault::Invalid(format!("`{path}` must be an object")));
            };
            if operation.verb == PatchVerb::Replace
                && let Some(old) = object.get_mut(urn).and_then(Value::as_object_mut)
            {
                // The one attribute that is not the client's to replace.
                old.retain(|name, _| name == "domain");
            }
            let body = Object::from_iter([(urn.to_string(), operation.value.clone())]);
            merge(resource, object, &body, operation.verb)
        }
        Target::Place(place) => {
            writable(&place, path)?;
            at_place(object, &place, path, operation)
        }
    }
}

/// Without a path: each attribute of the value is a target of its own. `id` and the like are passed over,
/// because clients send the whole resource (Okta: `{id, displayName}`).
fn merge(resource: Resource, object: &mut Object, body: &Object, verb: PatchVerb) -> Result<(), Fault> {
    for (name, value) in body {
        if ["id", "schemas", "meta"].iter().any(|n| n.eq_ignore_ascii_case(name)) {
            continue;
        }
        if let (Some(extension), Value::Object(fields)) = (resource.extension(name), value) {
            for (field, value) in fields.iter().filter(|(f, _)| !f.eq_ignore_ascii_case("schemas")) {
                let text = format!("{}:{field}", extension.urn);
                single(resource, object, &text, value, verb)?;
            }
            continue;
        }
        // `emails[type eq "work"].value` as a name, as Microsoft's client writes it.
        single(resource, object, name, value, verb)?;
    }
    Ok(())
}

fn single(resource: Resource, object: &mut Object, path: &str, value: &Value, verb: PatchVerb) -> Result<(), Fault> {
    let path = PatchPath::parse(path).map_err(|p| Fault::Path(format!("`{path}`: {p}")))?;
    let operation = PatchOperation { verb, path: Some(path), value: value.clone() };
    apply(resource, object, &operation)
}

fn writable(place: &Place, path: &PatchPath) -> Result<(), Fault> {
    let closed = |m: Mutability| m == Mutability::ReadOnly;
    if closed(place.attribute.mutability) || place.sub.is_some_and(|s| closed(s.mutability)) {
        return Err(Fault::ReadOnly(format!("`{path}` is read-only")));
    }
    Ok(())
}

/// The object that holds the attribute, made where it is missing.
fn holder<'a>(object: &'a mut Object, urn: Option<&str>) -> Result<&'a mut Object, Fault> {
    let Some(urn) = urn else { return Ok(object) };
    let extension = object.entry(urn).or_insert_with(|| Value::Object(Object::new()));
    extension.as_object_mut().ok_or_else(|| Fault::Invalid(format!("`{urn}` is no object")))
}

fn at_place(object: &mut Object, place: &Place, path: &PatchPath, operation: &PatchOperation) -> Result<(), Fault> {
    let attribute = place.attribute;
    let immutable = attribute.mutability == Mutability::Immutable;
    let before = shape::value_at(object, place).cloned();
    let at = holder(object, place.urn)?;
    if let Some(filter) = &path.filter {
        elements(at, place, path, filter, operation)?;
    } else if let Some(sub) = place.sub {
        sub_attribute(at, place, sub, path, operation)?;
    } else {
        match operation.verb {
            PatchVerb::Remove if attribute.multi && !operation.value.is_null() => {
                remove_listed(at, place, &operation.value, path)?;
            }
            PatchVerb::Remove => drop(at.remove(attribute.name)),
            verb => match shape::checked(attribute, &operation.value, &path.to_string())? {
                None if verb == PatchVerb::Replace => drop(at.remove(attribute.name)),
                None => {}
                Some(value) if verb == PatchVerb::Add => add(at, place, value, path)?,
                Some(value) => drop(at.insert(attribute.name.into(), value)),
            },
        }
    }
    if let Some(urn) = place.urn
        && object.get(urn).and_then(Value::as_object).is_some_and(Object::is_empty)
    {
        object.remove(urn);
    }
    // An immutable value may be said again, and said once where it is missing.
    if immutable && before.is_some() && shape::value_at(object, place) != before.as_ref() {
        return Err(Fault::ReadOnly(format!("`{path}` cannot be changed once it is set")));
    }
    Ok(())
}

/// Adding to a list keeps what is there; adding to an object keeps its other parts; anything else replaces.
fn add(at: &mut Object, place: &Place, value: Value, path: &PatchPath) -> Result<(), Fault> {
    match (at.get_mut(place.attribute.name), value) {
        (Some(Value::Array(items)), Value::Array(new)) => {
            if new.iter().any(|v| v.get("primary") == Some(&Value::Bool(true))) {
                items.iter_mut().for_each(unset_primary);
            }
            for item in new {
                if !items.contains(&item) {
                    items.push(item);
                }
            }
            shape::check_primary(items, &path.to_string())
        }
        (Some(Value::Object(fields)), Value::Object(new)) => {
            fields.extend(new);
            Ok(())
        }
        (_, value) => {
            at.insert(place.attribute.name.into(), value);
            Ok(())
        }
    }
}

/// A new primary element takes the place of the old one (RFC 7644 3.5.2).
fn unset_primary(item: &mut Value) {
    if let Some(fields) = item.as_object_mut()
        && fields.get("primary") == Some(&Value::Bool(true))
    {
        fields.insert("primary".into(), false.into());
    }
}

/// `remove` with a value names the elements by their `value` (Microsoft's client).
fn remove_listed(at: &mut Object, place: &Place, value: &Value, path: &PatchPath) -> Result<(), Fault> {
    let listed = shape::checked(place.attribute, value, &path.to_string())?.unwrap_or_default();
    let values: Vec<&Value> = listed.as_array().into_iter().flatten().filter_map(|v| v.get("value")).collect();
    if let Some(Value::Array(items)) = at.get_mut(place.attribute.name) {
        items.retain(|item| !item.get("value").is_some_and(|v| values.contains(&v)));
    }
    forget_empty(at, place.attribute.name);
    Ok(())
}

fn forget_empty(at: &mut Object, name: &str) {
    let empty = match at.get(name) {
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::Object(fields)) => fields.is_empty(),
        _ => false,
    };
    if empty {
        at.remove(name);
    }
}

/// `name.familyName`; of a list, the sub-attribute of each element.
fn sub_attribute(
    at: &mut Object,
    place: &Place,
    sub: &'static wire::scim::schema::Attribute,
    path: &PatchPath,
    operation: &PatchOperation,
) -> Result<(), Fault> {
    let name = place.attribute.name;
    let value = match operation.verb {
        PatchVerb::Remove => None,
        _ => shape::checked(sub, &operation.value, &path.to_string())?,
    };
    if value.is_some() && !at.contains_key(name) {
        let empty = Value::Object(Object::new());
        at.insert(name.into(), if place.attribute.multi { Value::Array(vec![empty]) } else { empty });
    }
    let Some(target) = at.get_mut(name) else { return Ok(()) };
    let items = if let Value::Array(items) = target { items.as_mut_slice() } else { std::slice::from_mut(target) };
    for item in items {
        let Some(fields) = item.as_object_mut() else { continue };
        match &value {
            Some(value) => drop(fields.insert(sub.name.into(), value.clone())),
            None => drop(fields.remove(sub.name)),
        }
    }
    forget_empty(at, name);
    Ok(())
}

/// Elements that a filter picks.
fn elements(
    at: &mut Object,
    place: &Place,
    path: &PatchPath,
    filter: &Filter,
    operation: &PatchOperation,
) -> Result<(), Fault> {
    let attribute = place.attribute;
    let matcher = matching::elements(attribute, filter).map_err(|f| Fault::Path(f.to_string()))?;
    let unknown = || Fault::Path(format!("`{path}` names no part of `{}`", attribute.name));
    let sub = match &path.sub {
        Some(name) => Some(attribute.sub(name).ok_or_else(unknown)?),
        None => None,
    };
    if sub.is_some_and(|s| s.mutability == Mutability::ReadOnly) {
        return Err(Fault::ReadOnly(format!("`{path}` is read-only")));
    }
    let mut items = match at.remove(attribute.name) {
        Some(Value::Array(items)) => items,
        Some(other) => vec![other],
        None => Vec::new(),
    };
    let matched = items.iter().filter(|i| matcher.meets_element(i)).count();
    let result = match (operation.verb, sub) {
        (PatchVerb::Remove, _) if matched == 0 => Err(Fault::NoTarget(format!("`{path}` matches nothing"))),
        (PatchVerb::Remove, None) => {
            items.retain(|item| !matcher.meets_element(item));
            Ok(())
        }
        (PatchVerb::Remove, Some(sub)) => {
            for fields in items.iter_mut().filter(|i| matcher.meets_element(i)).filter_map(Value::as_object_mut) {
                fields.remove(sub.name);
            }
            Ok(())
        }
        _ => write(&mut items, &matcher, matched, sub, path, filter, attribute, operation),
    };
    if !items.is_empty() {
        at.insert(attribute.name.into(), Value::Array(items));
    }
    result
}

#[allow(clippy::too_many_arguments, reason = "one step of `elements`, apart for its length")]
fn write(
    items: &mut Vec<Value>,
    matcher: &matching::Matcher,
    matched: usize,
    sub: Option<&'static wire::scim::schema::Attribute>,
    path: &PatchPath,
    filter: &Filter,
    attribute: &'static wire::scim::schema::Attribute,
    operation: &PatchOperation,
) -> Result<(), Fault> {
    let place = path.to_string();
    let fields = match sub {
        Some(sub) => {
            let value = shape::checked(sub, &operation.value, &place)?;
            Object::from_iter(value.map(|v| (sub.name.to_string(), v)))
        }
        None => match shape::checked(attribute, &operation.value, &place)? {
            Some(Value::Array(mut list)) if list.len() == 1 => match list.remove(0) {
                Value::Object(fields) => fields,
                _ => return Err(Fault::Invalid(format!("`{place}` must be an object"))),
            },
            _ => return Err(Fault::Invalid(format!("`{place}` must be one element"))),
        },
    };
    if matched == 0 {
        // A filter of equalities says what the new element looks like; RFC 7644 leaves `add` free here.
        let template = (operation.verb == PatchVerb::Add).then(|| template(filter)).flatten();
        let Some(mut item) = template else {
            return Err(Fault::NoTarget(format!("`{path}` matches nothing")));
        };
        item.extend(fields);
        let item = shape::checked(attribute, &Value::Object(item), &place)?;
        items.extend(item.into_iter().flat_map(|v| if let Value::Array(v) = v { v } else { vec![v] }));
        return shape::check_primary(items, &place);
    }
    let becomes_primary = fields.get("primary") == Some(&Value::Bool(true));
    for item in items.iter_mut() {
        if !matcher.meets_element(item) {
            if becomes_primary {
                unset_primary(item);
            }
            continue;
        }
        match item.as_object_mut() {
            Some(old) if sub.is_some() || operation.verb == PatchVerb::Add => old.extend(fields.clone()),
            _ => *item = Value::Object(fields.clone()),
        }
    }
    shape::check_primary(items, &place)
}

/// The element that `type eq "work" and primary eq true` describes.
fn template(filter: &Filter) -> Option<Object> {
    match filter {
        Filter::Compare { path, op: Op::Eq, value } => {
            let value = match value {
                Literal::Text(text) => Value::from(text.as_str()),
                Literal::Bool(b) => Value::from(*b),
                Literal::Number(n) => Value::Number(n.clone()),
                Literal::Null => return None,
            };
            Some(Object::from_iter([(path.name.clone(), value)]))
        }
        Filter::And(a, b) => {
            let mut both = template(a)?;
            both.extend(template(b)?);
            Some(both)
        }
        _ => None,
    }
}
