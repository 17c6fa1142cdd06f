//! Lists: filters, order and pages. A page without a filter costs the page; `userName`, `externalId` and `id` are looked up.

use super::Rules;
use super::fault::Fault;
use super::matching::{self, Matcher};
use super::shape::{self, Place, Target};
use super::view::View;
use crate::people::{Group, User};
use serde_json::Value;
use std::cmp::Ordering;
use std::sync::Arc;
use wire::scim::filter::{Filter, Op};
use wire::scim::message::Search;
use wire::scim::{AttrPath, Resource, classic};

/// Most resources of one answer.
pub const MAX_RESULTS: usize = 500;
/// Documented for the classic interface.
const CLASSIC_COUNT: usize = 20;
const COUNT: usize = 100;

/// A list request whose words are understood.
#[derive(Debug)]
pub struct Query {
    matcher: Option<Matcher>,
    sort: Option<(Place, bool)>,
    /// From 1.
    pub start: usize,
    count: usize,
}

/// A page of records.
#[derive(Debug)]
pub struct Listed<T> {
    pub total: usize,
    pub items: Vec<Arc<T>>,
}

/// Operators that the classic interface documents.
fn classic_filter(resource: Resource, filter: Filter) -> Result<Filter, Fault> {
    let two = |a: Box<Filter>, b: Box<Filter>| {
        Ok::<_, Fault>((Box::new(classic_filter(resource, *a)?), Box::new(classic_filter(resource, *b)?)))
    };
    let renamed = |path: AttrPath| {
        if path.urn.is_none() && path.name.eq_ignore_ascii_case("emails") {
            return Err(Fault::Filter("`emails` cannot be filtered".into()));
        }
        Ok(classic::path_to_core(resource, path))
    };
    Ok(match filter {
        Filter::Compare { op: op @ (Op::Ne | Op::Ew), .. } => {
            return Err(Fault::Filter(format!("`{}` is none of eq, co, sw, gt, ge, lt, le", op.name())));
        }
        Filter::Compare { path, op, value } => Filter::Compare { path: renamed(path)?, op, value },
        Filter::And(a, b) => two(a, b).map(|(a, b)| Filter::And(a, b))?,
        Filter::Or(a, b) => two(a, b).map(|(a, b)| Filter::Or(a, b))?,
        other => return Err(Fault::Filter(format!("`{other}` is no comparison by eq, co, sw, gt, ge, lt or le"))),
    })
}

/// A filter that was encoded twice: the classic interface then finds nobody and says nothing.
fn encoded_twice(text: &str) -> bool {
    !text.contains(' ') && text.contains("%20")
}

impl Query {
    /// Reads the parameters of a list as this interface understands them.
    pub fn read(resource: Resource, search: &Search, newer: bool) -> Result<Query, Fault> {
        let matcher = match search.filter.as_deref().filter(|f| !f.trim().is_empty()) {
            None => None,
            Some(text) if !newer && encoded_twice(text) => {
                let nobody = Filter::parse(r#"id eq "" and id eq "x""#);
                nobody.ok().and_then(|f| matching::prepare(resource, &f).ok())
            }
            Some(text) => {
                let filter = Filter::parse(text).map_err(|p| Fault::Filter(p.to_string()))?;
                let filter = if newer { filter } else { classic_filter(resource, filter)? };
                Some(matching::prepare(resource, &filter)?)
            }
        };
        let number = |name: &str, text: &Option<String>| match text.as_deref().map(str::trim) {
            None | Some("") => Ok(None),
            Some(text) => {
                let number = text.parse::<i64>().ok().filter(|n| newer || *n >= 0);
                number.map(Some).ok_or_else(|| Fault::ListParameter(format!("`{name}` is no number: {text}")))
            }
        };
        let start = number("startIndex", &search.start_index)?.unwrap_or(1).max(1);
        let default = if newer { COUNT } else { CLASSIC_COUNT };
        let count = number("count", &search.count)?.map_or(default, |n| usize::try_from(n.max(0)).unwrap_or(0));
        let sort = match &search.sort_by {
            None => None,
            Some(text) => Some((sort_place(resource, text, newer)?, descending(search.sort_order.as_deref())?)),
        };
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        Ok(Query { matcher, sort, start, count: count.min(MAX_RESULTS) })
    }
}

impl Query {
    /// The part of the page that is left after `total` records of another kind, of which `told` stand on the page.
    pub fn after(self, total: usize, told: usize) -> Query {
        Query { start: self.start.saturating_sub(total).max(1), count: self.count - told.min(self.count), ..self }
    }
}

fn sort_place(resource: Resource, text: &str, newer: bool) -> Result<Place, Fault> {
    let wrong = |what: String| if newer { Fault::Path(what) } else { Fault::ListParameter(what) };
    let path = AttrPath::parse(text).map_err(|p| wrong(format!("`sortBy`: {p}")))?;
    let path = if newer { path } else { classic::path_to_core(resource, path) };
    match shape::locate(resource, &path) {
        Ok(Target::Place(place)) => {
            let leaf = place.sub.unwrap_or(place.attribute);
            match (leaf.subs().is_empty(), place.attribute.sub("value")) {
                (true, _) => Ok(place),
                (false, Some(value)) => Ok(Place { sub: Some(value), ..place }),
                (false, None) => Err(wrong(format!("`sortBy`: `{text}` has parts: name one of them"))),
            }
        }
        Ok(Target::Extension(_)) => Err(wrong(format!("`sortBy`: `{text}` has parts: name one of them"))),
        Err(fault) => Err(wrong(format!("`sortBy`: {fault}"))),
    }
}

fn descending(order: Option<&str>) -> Result<bool, Fault> {
    match order {
        None => Ok(false),
        Some(text) if text.eq_ignore_ascii_case("ascending") => Ok(false),
        Some(text) if text.eq_ignore_ascii_case("descending") => Ok(true),
        Some(text) => Err(Fault::ListParameter(format!("`sortOrder` is ascending or descending, not {text}"))),
    }
}

/// What a record is sorted by: of several values the primary one, else the first (RFC 7644 3.4.2.3).
fn sort_key(view: &View<'_>, place: &Place) -> Option<Value> {
    let value = view.value(place)?;
    let items = value.as_array().map_or(std::slice::from_ref(&*value), Vec::as_slice);
    let primary = items.iter().find(|v| v.get("primary") == Some(&Value::Bool(true))).or_else(|| items.first())?;
    let value = match place.sub {
        None => primary,
        Some(sub) => primary.get(sub.name)?,
    };
    let exact = place.sub.unwrap_or(place.attribute).case_exact;
    Some(match value {
        Value::String(text) if !exact => text.to_lowercase().into(),
        other => other.clone(),
    })
}

/// Records without a value come last in ascending order.
fn order(a: &Option<Value>, b: &Option<Value>) -> Ordering {
    match (a, b) {
        (None, None) => Ordering::Equal,
        (None, _) => Ordering::Greater,
        (_, None) => Ordering::Less,
        (Some(Value::String(a)), Some(Value::String(b))) => a.cmp(b),
        (Some(Value::Bool(a)), Some(Value::Bool(b))) => a.cmp(b),
        (Some(a), Some(b)) => a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal),
    }
}

impl Rules<'_> {
    pub fn list_users(&self, query: &Query) -> Listed<User> {
        let key = |u: &User, place: &Place| sort_key(&View::user(self.people, u, ""), place);
        let Some(matcher) = &query.matcher else {
            let total = self.people.user_count();
            if query.sort.is_none() {
                let items = self.people.users_from(query.start - 1).take(query.count).cloned();
                return Listed { total, items: items.collect() };
            }
            return self.page(query, self.people.users_from(0).cloned().collect(), key);
        };
        let meets = |u: &&Arc<User>| matcher.meets(&View::user(self.people, u, ""));
        let found: Vec<Arc<User>> = if let Some(name) = matcher.demands("userName") {
            self.people.by_login(name).filter(meets).cloned().collect()
        } else if let Some(id) = matcher.demands("id") {
            self.people.user(id).into_iter().filter(meets).cloned().collect()
        } else if let Some(id) = matcher.demands("externalId") {
            self.people.by_external_id(id).filter(meets).cloned().collect()
        } else {
            self.people.users_from(0).filter(meets).cloned().collect()
        };
        self.page(query, found, key)
    }

    pub fn list_groups(&self, query: &Query) -> Listed<Group> {
        let meets = |g: &&Arc<Group>| query.matcher.as_ref().is_none_or(|m| m.meets(&View::group(self.people, g, "")));
        let name = query.matcher.as_ref().and_then(|m| m.demands("displayName"));
        let found: Vec<Arc<Group>> = match name {
            Some(name) => self.people.groups_named(name).filter(meets).cloned().collect(),
            None => self.people.groups_from(0).filter(meets).cloned().collect(),
        };
        self.page(query, found, |g, place| sort_key(&View::group(self.people, g, ""), place))
    }

    fn page<T>(&self, query: &Query, mut found: Vec<Arc<T>>, key: impl Fn(&T, &Place) -> Option<Value>) -> Listed<T> {
        let total = found.len();
        if let Some((place, descending)) = &query.sort {
            let mut keyed: Vec<(Option<Value>, Arc<T>)> = found.into_iter().map(|r| (key(&r, place), r)).collect();
            keyed.sort_by(|(a, _), (b, _)| if *descending { order(b, a) } else { order(a, b) });
            found = keyed.into_iter().map(|(_, r)| r).collect();
        }
        Listed { total, items: found.into_iter().skip(query.start - 1).take(query.count).collect() }
    }
}
