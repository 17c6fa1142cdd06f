//! What a filter matches (RFC 7644 3.4.2.2): the schema says whether case counts and what can be compared.

use super::fault::Fault;
use super::shape::{self, Place, Target};
use super::view::View;
use serde_json::Value;
use std::borrow::Cow;
use std::cmp::Ordering;
use wire::scim::filter::{Filter, Literal, Op};
use wire::scim::schema::{Attribute, Kind, Returned};
use wire::scim::{AttrPath, Resource};

/// A filter whose attributes are known; made once, asked for each resource.
#[derive(Debug, Clone, PartialEq)]
pub enum Matcher {
    Compare {
        place: Place,
        op: Op,
        value: Literal,
    },
    Present(Place),
    PresentExtension(&'static str),
    Element {
        place: Place,
        filter: Box<Matcher>,
    },
    Not(Box<Matcher>),
    And(Box<Matcher>, Box<Matcher>),
    Or(Box<Matcher>, Box<Matcher>),
    /// Inside brackets: a sub-attribute of the element.
    Sub {
        sub: &'static Attribute,
        op: Op,
        value: Literal,
    },
    SubPresent(&'static Attribute),
}

/// Finds the attributes of a filter and refuses what cannot be compared.
pub fn prepare(resource: Resource, filter: &Filter) -> Result<Matcher, Fault> {
    let two =
        |a: &Filter, b: &Filter| Ok::<_, Fault>((Box::new(prepare(resource, a)?), Box::new(prepare(resource, b)?)));
    Ok(match filter {
        Filter::Compare { path, op, value } => {
            let place = comparable(resource, path)?;
            check(leaf(&place), *op, value, path)?;
            Matcher::Compare { place, op: *op, value: value.clone() }
        }
        Filter::Present(path) => match locate(resource, path)? {
            Target::Place(place) => Matcher::Present(visible(place, path)?),
            Target::Extension(urn) => Matcher::PresentExtension(urn),
        },
        Filter::Element { path, filter } => {
            let Target::Place(place) = locate(resource, path)? else {
                return Err(Fault::Filter(format!("`{path}` has no elements")));
            };
            Matcher::Element { place, filter: Box::new(elements(place.attribute, filter)?) }
        }
        Filter::Not(inner) => Matcher::Not(Box::new(prepare(resource, inner)?)),
        Filter::And(a, b) => two(a, b).map(|(a, b)| Matcher::And(a, b))?,
        Filter::Or(a, b) => two(a, b).map(|(a, b)| Matcher::Or(a, b))?,
    })
}

/// The filter of a value path, over the sub-attributes of one element.
pub fn elements(attribute: &'static Attribute, filter: &Filter) -> Result<Matcher, Fault> {
    let sub = |path: &AttrPath| {
        let plain = path.urn.is_none() && path.sub.is_none();
        let sub = attribute.sub(&path.name).filter(|_| plain);
        sub.ok_or_else(|| Fault::Filter(format!("`{path}` is no part of `{}`", attribute.name)))
    };
    let two =
        |a: &Filter, b: &Filter| Ok::<_, Fault>((Box::new(elements(attribute, a)?), Box::new(elements(attribute, b)?)));
    Ok(match filter {
        Filter::Compare { path, op, value } => {
            check(sub(path)?, *op, value, path)?;
            Matcher::Sub { sub: sub(path)?, op: *op, value: value.clone() }
        }
        Filter::Present(path) => Matcher::SubPresent(sub(path)?),
        Filter::Element { path, .. } => return Err(Fault::Filter(format!("`{path}` stands inside brackets"))),
        Filter::Not(inner) => Matcher::Not(Box::new(elements(attribute, inner)?)),
        Filter::And(a, b) => two(a, b).map(|(a, b)| Matcher::And(a, b))?,
        Filter::Or(a, b) => two(a, b).map(|(a, b)| Matcher::Or(a, b))?,
    })
}

fn locate(resource: Resource, path: &AttrPath) -> Result<Target, Fault> {
    shape::locate(resource, path).map_err(|f| Fault::Filter(f.to_string()))
}

/// What is never told cannot be asked for.
fn visible(place: Place, path: &AttrPath) -> Result<Place, Fault> {
    if place.attribute.returned == Returned::Never {
        return Err(Fault::Filter(format!("`{path}` cannot be filtered")));
    }
    Ok(place)
}

fn comparable(resource: Resource, path: &AttrPath) -> Result<Place, Fault> {
    match locate(resource, path)? {
        Target::Place(place) => {
            let place = visible(place, path)?;
            if leaf(&place).subs().is_empty() {
                return Ok(place);
            }
            // `emails co "x"` means their values.
            match place.attribute.sub("value") {
                Some(value) if place.sub.is_none() => Ok(Place { sub: Some(value), ..place }),
                _ => Err(Fault::Filter(format!("`{path}` has parts: name one of them"))),
            }
        }
        Target::Extension(_) => Err(Fault::Filter(format!("`{path}` has parts: name one of them"))),
    }
}

fn leaf(place: &Place) -> &'static Attribute {
    place.sub.unwrap_or(place.attribute)
}

fn check(attribute: &Attribute, op: Op, value: &Literal, path: &AttrPath) -> Result<(), Fault> {
    let fits = match (attribute.kind, value) {
        (_, Literal::Null) => matches!(op, Op::Eq | Op::Ne),
        (Kind::Boolean, Literal::Bool(_)) => matches!(op, Op::Eq | Op::Ne),
        (Kind::Integer, Literal::Number(_)) => !matches!(op, Op::Co | Op::Sw | Op::Ew),
        (Kind::Binary, Literal::Text(_)) => matches!(op, Op::Eq | Op::Ne | Op::Co | Op::Sw | Op::Ew),
        (Kind::Text | Kind::Reference(_) | Kind::DateTime, Literal::Text(_)) => true,
        _ => false,
    };
    if fits {
        Ok(())
    } else {
        Err(Fault::Filter(format!("`{path} {} {value}` compares what does not compare", op.name())))
    }
}

fn compare(attribute: &Attribute, actual: &Value, op: Op, wanted: &Literal) -> bool {
    match (actual, wanted) {
        (Value::String(actual), Literal::Text(wanted)) if attribute.case_exact || attribute.kind == Kind::DateTime => {
            text(actual, op, wanted)
        }
        (Value::String(actual), Literal::Text(wanted)) => text(&actual.to_lowercase(), op, &wanted.to_lowercase()),
        (Value::Bool(actual), Literal::Bool(wanted)) => (actual == wanted) == (op == Op::Eq),
        (Value::Number(actual), Literal::Number(wanted)) => {
            let (Some(actual), Some(wanted)) = (actual.as_f64(), wanted.as_f64()) else { return false };
            actual.partial_cmp(&wanted).is_some_and(|order| ordered(order, op))
        }
        _ => op == Op::Ne,
    }
}

fn text(actual: &str, op: Op, wanted: &str) -> bool {
    match op {
        Op::Co => actual.contains(wanted),
        Op::Sw => actual.starts_with(wanted),
        Op::Ew => actual.ends_with(wanted),
        _ => ordered(actual.cmp(wanted), op),
    }
}

fn ordered(order: Ordering, op: Op) -> bool {
    match op {
        Op::Eq => order.is_eq(),
        Op::Ne => order.is_ne(),
        Op::Gt => order.is_gt(),
        Op::Ge => order.is_ge(),
        Op::Lt => order.is_lt(),
        Op::Le => order.is_le(),
        Op::Co | Op::Sw | Op::Ew => false,
    }
}

/// The values that a comparison looks at: of a plural attribute each element's.
fn each(value: &Value, place: &Place, mut what: impl FnMut(&Value)) {
    let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    match place.sub {
        None => items.iter().for_each(what),
        Some(sub) => items.iter().filter_map(|item| item.get(sub.name)).for_each(&mut what),
    }
}

fn compare_all(value: Option<Cow<'_, Value>>, place: &Place, op: Op, wanted: &Literal) -> bool {
    let (mut some, mut any, mut all) = (false, false, true);
    if let Some(value) = value {
        each(&value, place, |v| {
            some |= present(Some(v));
            let fits = compare(leaf(place), v, op, wanted);
            any |= fits;
            all &= fits;
        });
    }
    match (op, wanted) {
        (Op::Eq, Literal::Null) => !some,
        (Op::Ne, Literal::Null) => some,
        (Op::Ne, _) => all,
        _ => any,
    }
}

fn present(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(fields)) => !fields.is_empty(),
        Some(Value::String(text)) => !text.is_empty(),
        Some(_) => true,
    }
}

impl Matcher {
    /// Whether a resource meets it. Over several values `ne` wants none to be equal, the others one that fits.
    pub fn meets(&self, view: &View<'_>) -> bool {
        match self {
            Matcher::Compare { place, op, value } => compare_all(view.value(place), place, *op, value),
            Matcher::Present(place) => {
                let mut there = false;
                if let Some(value) = view.value(place) {
                    each(&value, place, |v| there |= present(Some(v)));
                }
                there
            }
            Matcher::PresentExtension(urn) => view.has_extension(urn),
            Matcher::Element { place, filter } => {
                let (mut there, whole) = (false, Place { sub: None, ..*place });
                if let Some(value) = view.value(&whole) {
                    each(&value, &whole, |item| there |= filter.meets_element(item));
                }
                there
            }
            Matcher::Not(inner) => !inner.meets(view),
            Matcher::And(a, b) => a.meets(view) && b.meets(view),
            Matcher::Or(a, b) => a.meets(view) || b.meets(view),
            Matcher::Sub { .. } | Matcher::SubPresent(_) => false,
        }
    }

    /// Whether one element of a plural attribute meets the filter of a value path.
    pub fn meets_element(&self, item: &Value) -> bool {
        match self {
            Matcher::Sub { sub, op, value } => match (item.get(sub.name), op, value) {
                (actual, Op::Eq, Literal::Null) => !present(actual),
                (actual, Op::Ne, Literal::Null) => present(actual),
                (None, op, _) => *op == Op::Ne,
                (Some(actual), op, value) => compare(sub, actual, *op, value),
            },
            Matcher::SubPresent(sub) => present(item.get(sub.name)),
            Matcher::Not(inner) => !inner.meets_element(item),
            Matcher::And(a, b) => a.meets_element(item) && b.meets_element(item),
            Matcher::Or(a, b) => a.meets_element(item) || b.meets_element(item),
            _ => false,
        }
    }

    /// The text that this attribute of the core must equal, where the whole filter demands it.
    pub fn demands(&self, name: &str) -> Option<&str> {
        match self {
            Matcher::Compare { place, op: Op::Eq, value: Literal::Text(text) }
                if place.urn.is_none() && place.sub.is_none() && place.attribute.name == name =>
            {
                Some(text)
            }
            Matcher::And(a, b) => a.demands(name).or_else(|| b.demands(name)),
            _ => None,
        }
    }
}
