//! Edits of a message as text: find an element by its path of local names, then change just that.
//!
//! Text, not a tree: an attack must be able to write what no serialiser would. It works on what this system writes
//! (no comments, no CDATA), and says so where an element is not found.

use crate::Scene;
use std::time::Duration;

/// Where an element stands in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spot {
    /// Of `<`.
    pub start: usize,
    /// After `>` of the opening tag.
    pub inside: usize,
    /// Of `</`; equals `end` where the element is empty and closed in itself.
    pub close: usize,
    pub end: usize,
}

impl Spot {
    pub fn text<'a>(&self, xml: &'a str) -> &'a str {
        &xml[self.start..self.end]
    }
    pub fn content<'a>(&self, xml: &'a str) -> &'a str {
        if self.close >= self.inside { &xml[self.inside..self.close] } else { "" }
    }
    pub fn tag<'a>(&self, xml: &'a str) -> &'a str {
        &xml[self.start..self.inside]
    }
}

/// After the `>` of the tag that starts at `at`; quotes are respected.
fn tag_end(xml: &str, at: usize) -> Option<usize> {
    let mut quote = None;
    for (i, b) in xml.as_bytes().iter().enumerate().skip(at) {
        match (quote, b) {
            (None, b'>') => return Some(i + 1),
            (None, b'"' | b'\'') => quote = Some(*b),
            (Some(q), b) if q == *b => quote = None,
            _ => {}
        }
    }
    None
}

pub(crate) fn local_name(xml: &str, at: usize) -> &str {
    let name = xml[at + 1..].split(|c: char| c.is_whitespace() || c == '>' || c == '/').next().unwrap_or_default();
    name.rsplit(':').next().unwrap_or(name)
}

/// The element whose opening tag starts at `start`.
fn element(xml: &str, start: usize) -> Option<Spot> {
    let inside = tag_end(xml, start)?;
    if xml[..inside].ends_with("/>") {
        return Some(Spot { start, inside, close: inside, end: inside });
    }
    let (mut depth, mut at) = (1usize, inside);
    loop {
        let next = at + xml[at..].find('<')?;
        let end = tag_end(xml, next)?;
        if xml[next..].starts_with("</") {
            depth -= 1;
            if depth == 0 {
                return Some(Spot { start, inside, close: next, end });
            }
        } else if !xml[next..].starts_with("<!") && !xml[next..].starts_with("<?") && !xml[..end].ends_with("/>") {
            depth += 1;
        }
        at = end;
    }
}

/// Child elements of what lies between `from` and `to`.
fn children(xml: &str, from: usize, to: usize) -> Vec<Spot> {
    let (mut found, mut at) = (Vec::new(), from);
    while let Some(next) = xml.get(at..to).and_then(|s| s.find('<')).map(|i| at + i) {
        if xml[next..].starts_with("</") || xml[next..].starts_with("<?") || xml[next..].starts_with("<!") {
            at = tag_end(xml, next).unwrap_or(to);
            continue;
        }
        let Some(spot) = element(xml, next) else { break };
        at = spot.end;
        found.push(spot);
    }
    found
}

/// The first element at `path`, such as `Response/Assertion/Subject`; the root comes first.
pub(crate) fn find(xml: &str, path: &str) -> Option<Spot> {
    let (mut from, mut to, mut found) = (0, xml.len(), None);
    for name in path.split('/') {
        let spot = children(xml, from, to).into_iter().find(|s| local_name(xml, s.start) == name)?;
        (from, to, found) = (spot.inside, spot.close.max(spot.inside), Some(spot));
    }
    found
}

/// Value of an attribute of the element at `path`, as written.
pub(crate) fn attribute<'a>(xml: &'a str, path: &str, name: &str) -> Option<&'a str> {
    let tag = find(xml, path)?.tag(xml);
    let at = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    tag[at..].split('"').next()
}

/// A value to write.
#[derive(Debug, Clone, Copy)]
pub enum Val {
    Is(&'static str),
    /// Made from what stood there.
    Of(fn(&str) -> String),
    /// Seconds from now.
    At(i64),
    /// Now and the reader's skew and so many seconds.
    Late(i64),
    /// Now less the reader's skew and so many seconds.
    Early(i64),
    /// Somebody else's name.
    Evil,
    Gone,
}

impl Val {
    fn of(self, old: &str, scene: &Scene<'_>) -> Option<String> {
        let at = |s: i64| {
            let shift = Duration::from_secs(s.unsigned_abs());
            if s < 0 { scene.now - shift } else { scene.now + shift }.to_string()
        };
        let skew = i64::from(scene.skew_seconds);
        match self {
            Val::Is(text) => Some(text.into()),
            Val::Of(make) => Some(make(old)),
            Val::At(s) => Some(at(s)),
            Val::Late(s) => Some(at(skew + s)),
            Val::Early(s) => Some(at(s - skew)),
            Val::Evil => Some(scene.evil.into()),
            Val::Gone => None,
        }
    }
}

/// Where something is put.
#[derive(Debug, Clone, Copy)]
pub enum Place {
    Before,
    First,
    Last,
    After,
}

/// One change of a text.
#[derive(Debug, Clone, Copy)]
pub enum Edit {
    Text(&'static str, Val),
    Attr(&'static str, &'static str, Val),
    Drop(&'static str),
    Double(&'static str),
    Put(Place, &'static str, &'static str),
    Swap(&'static str, &'static str),
    Fn(fn(&str, &Scene<'_>) -> Option<String>),
    All(&'static [Edit]),
}

impl Edit {
    /// The changed text; `None` where there is nothing to change.
    pub(crate) fn apply(&self, xml: &str, scene: &Scene<'_>) -> Option<String> {
        match self {
            Edit::Text(path, val) => {
                let spot = find(xml, path)?;
                let new = val.of(spot.content(xml), scene).unwrap_or_default();
                Some(format!("{}{new}{}", &xml[..spot.inside], &xml[spot.close..]))
            }
            Edit::Attr(path, name, val) => set_attribute(xml, path, name, *val, scene),
            Edit::Drop(path) => {
                let spot = find(xml, path)?;
                Some(format!("{}{}", &xml[..spot.start], &xml[spot.end..]))
            }
            Edit::Double(path) => {
                let spot = find(xml, path)?;
                // The copy has ids of its own: a doubled id would be another attack.
                let copy = spot.text(xml).replace(" ID=\"", " ID=\"_2");
                Some(format!("{}{copy}{}", &xml[..spot.end], &xml[spot.end..]))
            }
            Edit::Put(place, path, what) => {
                let spot = find(xml, path)?;
                let at = match place {
                    Place::Before => spot.start,
                    Place::First => spot.inside,
                    Place::Last => spot.close,
                    Place::After => spot.end,
                };
                Some(format!("{}{what}{}", &xml[..at], &xml[at..]))
            }
            Edit::Swap(from, to) => xml.contains(from).then(|| xml.replace(from, to)),
            Edit::Fn(change) => change(xml, scene),
            Edit::All(edits) => edits.iter().try_fold(xml.to_string(), |xml, edit| edit.apply(&xml, scene)),
        }
    }
}

fn set_attribute(xml: &str, path: &str, name: &str, val: Val, scene: &Scene<'_>) -> Option<String> {
    let spot = find(xml, path)?;
    let old = attribute(xml, path, name);
    let tag = spot.tag(xml);
    let new = val.of(old.unwrap_or_default(), scene);
    let tag = match (old, new) {
        (None, None) => return None,
        (Some(old), None) => tag.replacen(&format!(" {name}=\"{old}\""), "", 1),
        (Some(old), Some(new)) => tag.replacen(&format!(" {name}=\"{old}\""), &format!(" {name}=\"{new}\""), 1),
        (None, Some(new)) => {
            let end = tag.len() - if tag.ends_with("/>") { 2 } else { 1 };
            format!("{} {name}=\"{new}\"{}", &tag[..end], &tag[end..])
        }
    };
    Some(format!("{}{tag}{}", &xml[..spot.start], &xml[spot.inside..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const XML: &str = "<p:R ID=\"r\"><a:I>x</a:I><a:A ID=\"a\"><a:I>y&gt;</a:I><a:E Q=\"1>2\"/></a:A></p:R>";

    #[test]
    fn finds_by_path() {
        let text = |path| find(XML, path).map(|s| s.content(XML));
        assert_eq!(text("R/I"), Some("x"));
        assert_eq!(text("R/A/I"), Some("y&gt;"));
        assert_eq!(text("R/A/E"), Some(""));
        assert_eq!(text("R/E"), None);
        assert_eq!(attribute(XML, "R/A/E", "Q"), Some("1>2"));
        assert_eq!(attribute(XML, "R/A", "Q"), None);
    }
}
