//! The filter language of RFC 7644 3.4.2.2: read with spans, printed back, limited in length, depth and terms.
//!
//! Nothing here says what a filter matches.

use std::fmt;
use std::ops::Range;

const MAX_BYTES: usize = 8 * 1024;
const MAX_DEPTH: usize = 32;
const MAX_TERMS: usize = 200;

/// What is wrong, and where in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub at: Range<usize>,
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at character {}", self.message, self.at.start + 1)
    }
}

/// `urn:…:User:name.familyName`; the part before the last colon is the URN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttrPath {
    pub urn: Option<String>,
    pub name: String,
    pub sub: Option<String>,
}

impl fmt::Display for AttrPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(urn) = &self.urn {
            write!(f, "{urn}:")?;
        }
        f.write_str(&self.name)?;
        if let Some(sub) = &self.sub {
            write!(f, ".{sub}")?;
        }
        Ok(())
    }
}

impl AttrPath {
    /// Reads a path that stands alone, as in `attributes` and `sortBy`.
    pub fn parse(text: &str) -> Result<AttrPath, Problem> {
        let mut reader = Reader::new(text)?;
        reader.space();
        let path = reader.attr_path()?;
        reader.end()?;
        Ok(path)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    Eq,
    Ne,
    Co,
    Sw,
    Ew,
    Gt,
    Ge,
    Lt,
    Le,
}

const OPS: [(&str, Op); 9] = [
    ("eq", Op::Eq),
    ("ne", Op::Ne),
    ("co", Op::Co),
    ("sw", Op::Sw),
    ("ew", Op::Ew),
    ("gt", Op::Gt),
    ("ge", Op::Ge),
    ("lt", Op::Lt),
    ("le", Op::Le),
];

impl Op {
    pub fn name(self) -> &'static str {
        OPS.iter().find(|(_, op)| *op == self).map_or("", |(name, _)| name)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Null => f.write_str("null"),
            Literal::Bool(b) => write!(f, "{b}"),
            Literal::Number(n) => write!(f, "{n}"),
            Literal::Text(t) => f.write_str(&serde_json::Value::from(t.as_str()).to_string()),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    Compare {
        path: AttrPath,
        op: Op,
        value: Literal,
    },
    Present(AttrPath),
    /// `emails[type eq "work"]`: one element meets all of it.
    Element {
        path: AttrPath,
        filter: Box<Filter>,
    },
    Not(Box<Filter>),
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
}

impl Filter {
    pub fn parse(text: &str) -> Result<Filter, Problem> {
        let mut reader = Reader::new(text)?;
        reader.space();
        let filter = reader.or(false)?;
        reader.end()?;
        Ok(filter)
    }

    /// How tightly it binds: `or` least.
    fn rank(&self) -> u8 {
        match self {
            Filter::Or(..) => 0,
            Filter::And(..) => 1,
            _ => 2,
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The right side of `and` and `or` is read as one term, so an equal rank needs parentheses there.
        let side = |f: &mut fmt::Formatter<'_>, side: &Filter, least: u8| {
            if side.rank() < least { write!(f, "({side})") } else { write!(f, "{side}") }
        };
        match self {
            Filter::Compare { path, op, value } => write!(f, "{path} {} {value}", op.name()),
            Filter::Present(path) => write!(f, "{path} pr"),
            Filter::Element { path, filter } => write!(f, "{path}[{filter}]"),
            Filter::Not(inner) => write!(f, "not ({inner})"),
            Filter::And(left, right) => {
                side(f, left, 1)?;
                f.write_str(" and ")?;
                side(f, right, 2)
            }
            Filter::Or(left, right) => {
                side(f, left, 0)?;
                f.write_str(" or ")?;
                side(f, right, 1)
            }
        }
    }
}

/// A cursor over the text; shared with PATCH paths.
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    terms: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Result<Reader<'a>, Problem> {
        if text.len() > MAX_BYTES {
            return Err(Problem { at: 0..text.len(), message: format!("longer than {MAX_BYTES} bytes") });
        }
        Ok(Reader { text, at: 0, depth: 0, terms: 0 })
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn wrong<T>(&self, length: usize, message: impl Into<String>) -> Result<T, Problem> {
        Err(Problem { at: self.at..(self.at + length).min(self.text.len()), message: message.into() })
    }

    fn found(&self) -> String {
        let word: String = self.rest().chars().take_while(|c| !c.is_whitespace()).take(40).collect();
        if word.is_empty() { "the end".into() } else { format!("`{word}`") }
    }

    /// Skips spaces; whether there were any.
    pub(super) fn space(&mut self) -> bool {
        let trimmed = self.rest().trim_start_matches([' ', '\t']);
        let was = self.at;
        self.at = self.text.len() - trimmed.len();
        self.at > was
    }

    pub(super) fn at(&self, c: char) -> bool {
        self.rest().starts_with(c)
    }

    pub(super) fn take(&mut self, c: char) -> bool {
        let taken = self.rest().starts_with(c);
        self.at += if taken { c.len_utf8() } else { 0 };
        taken
    }

    pub(super) fn end(&mut self) -> Result<(), Problem> {
        self.space();
        if self.rest().is_empty() {
            Ok(())
        } else {
            self.wrong(1, format!("nothing may follow, found {}", self.found()))
        }
    }

    /// A keyword in any case that ends at a space, a parenthesis or the end.
    fn keyword(&mut self, word: &str) -> bool {
        let Some(head) = self.rest().get(..word.len()) else { return false };
        let after = self.rest()[word.len()..].chars().next();
        let whole = after.is_none_or(|c| c == ' ' || c == '\t' || c == '(' || c == ')' || c == ']');
        let taken = whole && head.eq_ignore_ascii_case(word);
        self.at += if taken { word.len() } else { 0 };
        taken
    }

    fn or(&mut self, inside: bool) -> Result<Filter, Problem> {
        let mut left = self.and(inside)?;
        while self.joined("or") {
            left = Filter::Or(Box::new(left), Box::new(self.and(inside)?));
        }
        Ok(left)
    }

    fn and(&mut self, inside: bool) -> Result<Filter, Problem> {
        let mut left = self.term(inside)?;
        while self.joined("and") {
            left = Filter::And(Box::new(left), Box::new(self.term(inside)?));
        }
        Ok(left)
    }

    /// ` and ` between two terms; otherwise the cursor stays.
    fn joined(&mut self, word: &str) -> bool {
        let before = self.at;
        self.space();
        if self.keyword(word) {
            self.space();
            return true;
        }
        self.at = before;
        false
    }

    fn term(&mut self, inside: bool) -> Result<Filter, Problem> {
        self.terms += 1;
        if self.terms > MAX_TERMS {
            return self.wrong(1, format!("more than {MAX_TERMS} terms"));
        }
        let before = self.at;
        if self.keyword("not") {
            self.space();
            if self.take('(') {
                return Ok(Filter::Not(Box::new(self.group(inside)?)));
            }
            self.at = before;
        }
        if self.take('(') {
            return self.group(inside);
        }
        self.expression(inside)
    }

    /// What stands in parentheses, the first of them taken.
    fn group(&mut self, inside: bool) -> Result<Filter, Problem> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.wrong(1, format!("more than {MAX_DEPTH} nested parentheses"));
        }
        self.space();
        let filter = self.or(inside)?;
        self.space();
        if !self.take(')') {
            return self.wrong(1, format!("expected `)`, found {}", self.found()));
        }
        self.depth -= 1;
        Ok(filter)
    }

    fn expression(&mut self, inside: bool) -> Result<Filter, Problem> {
        let path = self.attr_path()?;
        if self.rest().starts_with('[') {
            if inside {
                return self.wrong(1, "brackets cannot stand inside brackets");
            }
            return Ok(Filter::Element { path, filter: Box::new(self.brackets()?) });
        }
        if !self.space() {
            return self.wrong(1, format!("expected a space and an operator after `{path}`, found {}", self.found()));
        }
        if self.keyword("pr") {
            return Ok(Filter::Present(path));
        }
        let Some((_, op)) = OPS.iter().find(|(name, _)| self.keyword(name)) else {
            let length = self.rest().find(' ').unwrap_or(self.rest().len());
            return self.wrong(length, format!("{} is no operator: eq ne co sw ew gt ge lt le pr", self.found()));
        };
        if !self.space() {
            return self.wrong(1, format!("expected a value after `{}`, found {}", op.name(), self.found()));
        }
        Ok(Filter::Compare { path, op: *op, value: self.literal()? })
    }

    /// `[…]`, the cursor at the bracket.
    pub(super) fn brackets(&mut self) -> Result<Filter, Problem> {
        self.take('[');
        self.space();
        let filter = self.or(true)?;
        self.space();
        if !self.take(']') {
            return self.wrong(1, format!("expected `]`, found {}", self.found()));
        }
        Ok(filter)
    }

    pub(super) fn attr_path(&mut self) -> Result<AttrPath, Problem> {
        let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '$' | ':' | '.');
        let length = self.rest().find(|c| !named(c)).unwrap_or(self.rest().len());
        let whole = &self.rest()[..length];
        let (urn, attribute) = match whole.rsplit_once(':') {
            Some((urn, attribute)) => (Some(urn), attribute),
            None => (None, whole),
        };
        let (name, sub) = match attribute.split_once('.') {
            Some((name, sub)) => (name, Some(sub)),
            None => (attribute, None),
        };
        let good = |n: &str| {
            let bare = n.strip_prefix('$').unwrap_or(n);
            bare.starts_with(|c: char| c.is_ascii_alphabetic()) && !bare.contains(['$', '.', ':'])
        };
        let urn_good = urn.is_none_or(|u| u.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("urn:")));
        if !good(name) || !sub.is_none_or(good) || !urn_good {
            let what = if length == 0 { self.found() } else { format!("`{whole}`") };
            return self.wrong(length.max(1), format!("expected an attribute, found {what}"));
        }
        self.at += length;
        Ok(AttrPath { urn: urn.map(Into::into), name: name.into(), sub: sub.map(Into::into) })
    }

    fn literal(&mut self) -> Result<Literal, Problem> {
        let rest = self.rest();
        if rest.starts_with('"') {
            return self.text();
        }
        let length = rest.find([' ', '\t', ')', ']']).unwrap_or(rest.len());
        let word = &rest[..length];
        let literal = match word {
            "true" => Literal::Bool(true),
            "false" => Literal::Bool(false),
            "null" => Literal::Null,
            _ => match serde_json::from_str(word) {
                Ok(number) => Literal::Number(number),
                Err(_) => {
                    return self.wrong(length.max(1), format!("{} is no value: text stands in quotes", self.found()));
                }
            },
        };
        self.at += length;
        Ok(literal)
    }

    fn text(&mut self) -> Result<Literal, Problem> {
        let rest = self.rest();
        let mut escaped = false;
        for (i, c) in rest.char_indices().skip(1) {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => {
                    let Ok(text) = serde_json::from_str::<String>(&rest[..=i]) else {
                        return self.wrong(i + 1, "the quoted text is no JSON string");
                    };
                    self.at += i + 1;
                    return Ok(Literal::Text(text));
                }
                _ => {}
            }
        }
        self.wrong(rest.len(), "the quote is not closed")
    }
}
