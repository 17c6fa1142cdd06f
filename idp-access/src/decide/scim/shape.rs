//! The shape of a resource: a body is held against the schemas, and what remains is canonical.
//!
//! Names get the schema's case, `null` and empty lists mean unassigned (RFC 7643 2.5), what the server alone says is left
//! out, and a value of another kind is refused with its place.

use super::fault::Fault;
use serde_json::Value;
use wire::scim::classic::TENANT_PREFIX;
use wire::scim::schema::{Attribute, Kind, Mutability, find};
use wire::scim::schemas::COMMON;
use wire::scim::{AttrPath, Object, Resource};

/// Longest single text.
const MAX_TEXT: usize = 8 * 1024;

/// Where an attribute stands: in an extension or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The extension's URN as it is written in resources.
    pub urn: Option<&'static str>,
    pub attribute: &'static Attribute,
    pub sub: Option<&'static Attribute>,
}

/// What a path names in this kind of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Place(Place),
    /// A whole extension.
    Extension(&'static str),
}

/// Finds what a path names; names in any case.
pub fn locate(resource: Resource, path: &AttrPath) -> Result<Target, Fault> {
    let unknown = || Fault::Path(format!("`{path}` is no attribute of {}", resource.name()));
    if let Some(extension) = resource.extension(&path.to_string()) {
        return Ok(Target::Extension(extension.urn));
    }
    let (urn, attributes) = match &path.urn {
        None => (None, resource.core().attributes),
        Some(urn) if urn.eq_ignore_ascii_case(resource.core().urn) => (None, resource.core().attributes),
        Some(urn) => {
            let extension = resource.extension(urn).ok_or_else(unknown)?;
            (Some(extension.urn), extension.attributes)
        }
    };
    let common = if urn.is_none() { find(COMMON, &path.name) } else { None };
    let attribute = find(attributes, &path.name).or(common).ok_or_else(unknown)?;
    let sub = match &path.sub {
        Some(name) => Some(attribute.sub(name).ok_or_else(unknown)?),
        None => None,
    };
    Ok(Target::Place(Place { urn, attribute, sub }))
}

/// A whole resource. Unknown attributes are left out, as RFC 7644 3.3 lets a server do.
pub fn resource(resource: Resource, body: &Object) -> Result<Object, Fault> {
    let mut out = Object::new();
    for (name, value) in body {
        if name.eq_ignore_ascii_case("schemas") {
            continue;
        }
        if let Some(extension) = resource.extension(name) {
            let Value::Object(fields) = value else {
                if value.is_null() {
                    continue;
                }
                return Err(Fault::Syntax(format!("`{name}` must be an object")));
            };
            let fields = attributes(extension.attributes, fields, extension.urn)?;
            insert(&mut out, extension.urn, Value::Object(fields), name)?;
            continue;
        }
        if name.starts_with(TENANT_PREFIX) {
            out.insert(name.clone(), value.clone());
            continue;
        }
        // `urn:…:User:name` at the top, as some clients write core and extension attributes.
        if name.contains(':')
            && let Ok(path) = AttrPath::parse(name)
            && let Ok(Target::Place(Place { urn, attribute, sub: None })) = locate(resource, &path)
        {
            let Some(value) = checked(attribute, value, name)? else { continue };
            let at = match urn {
                None => &mut out,
                Some(urn) => {
                    let extension = out.entry(urn).or_insert_with(|| Value::Object(Object::new()));
                    extension.as_object_mut().ok_or_else(|| Fault::Syntax(format!("`{urn}` must be an object")))?
                }
            };
            insert(at, attribute.name, value, name)?;
            continue;
        }
        let known = find(resource.core().attributes, name).or_else(|| find(COMMON, name));
        if let Some(attribute) = known
            && let Some(value) = checked(attribute, value, name)?
        {
            insert(&mut out, attribute.name, value, name)?;
        }
    }
    out.retain(|_, value| value.as_object().is_none_or(|o| !o.is_empty()));
    Ok(out)
}

fn insert(out: &mut Object, name: &str, value: Value, as_written: &str) -> Result<(), Fault> {
    if out.insert(name.into(), value).is_some() {
        return Err(Fault::Syntax(format!("`{as_written}` is given twice")));
    }
    Ok(())
}

fn attributes(known: &'static [Attribute], fields: &Object, place: &str) -> Result<Object, Fault> {
    let mut out = Object::new();
    for (name, value) in fields {
        if let Some(attribute) = find(known, name)
            && let Some(value) = checked(attribute, value, &format!("{place}.{name}"))?
        {
            insert(&mut out, attribute.name, value, name)?;
        }
    }
    Ok(out)
}

/// The canonical value of an attribute; `None` where it is unassigned or not the client's to say.
pub fn checked(attribute: &'static Attribute, value: &Value, place: &str) -> Result<Option<Value>, Fault> {
    if attribute.mutability == Mutability::ReadOnly || value.is_null() {
        return Ok(None);
    }
    if !attribute.multi {
        return single(attribute, value, place);
    }
    // A single value for a plural attribute means a list of it.
    let one = std::slice::from_ref(value);
    let items = value.as_array().map_or(one, Vec::as_slice);
    let mut out = Vec::with_capacity(items.len());
    for (i, item) in items.iter().enumerate() {
        out.extend(single(attribute, item, &format!("{place}[{i}]"))?);
    }
    check_primary(&out, place)?;
    Ok((!out.is_empty()).then_some(Value::Array(out)))
}

/// At most one element is primary (RFC 7643 2.4).
pub fn check_primary(items: &[Value], place: &str) -> Result<(), Fault> {
    let primary = items.iter().filter(|v| v.get("primary") == Some(&Value::Bool(true))).count();
    if primary > 1 { Err(Fault::Invalid(format!("`{place}` has {primary} primary values"))) } else { Ok(()) }
}

fn single(attribute: &'static Attribute, value: &Value, place: &str) -> Result<Option<Value>, Fault> {
    let wrong = |wanted: &str| Err(Fault::Invalid(format!("`{place}` must be {wanted}")));
    match (attribute.kind, value) {
        (_, Value::Null) => Ok(None),
        (Kind::Complex(subs), Value::Object(fields)) => {
            let fields = attributes(subs, fields, place)?;
            Ok((!fields.is_empty()).then_some(Value::Object(fields)))
        }
        // An element given by its value alone.
        (Kind::Complex(subs), Value::String(_)) if attribute.multi && find(subs, "value").is_some() => {
            let fields = Object::from_iter([("value".to_string(), value.clone())]);
            Ok(Some(Value::Object(fields)))
        }
        (Kind::Complex(_), _) => wrong("an object"),
        (Kind::Boolean, Value::Bool(_)) => Ok(Some(value.clone())),
        // Microsoft's client writes booleans as text.
        (Kind::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(Some(true.into())),
        (Kind::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(Some(false.into())),
        (Kind::Boolean, _) => wrong("true or false"),
        (Kind::Integer, Value::Number(n)) if n.is_i64() || n.is_u64() => Ok(Some(value.clone())),
        (Kind::Integer, _) => wrong("a whole number"),
        (_, Value::String(text)) if text.len() > MAX_TEXT => wrong(&format!("no longer than {MAX_TEXT} bytes")),
        (Kind::Text | Kind::Reference(_) | Kind::Binary | Kind::DateTime, Value::String(_)) => Ok(Some(value.clone())),
        _ => wrong("text"),
    }
}

/// The value at a place of a canonical resource.
pub fn value_at<'a>(object: &'a Object, place: &Place) -> Option<&'a Value> {
    let at = match place.urn {
        None => object,
        Some(urn) => object.get(urn)?.as_object()?,
    };
    at.get(place.attribute.name)
}
