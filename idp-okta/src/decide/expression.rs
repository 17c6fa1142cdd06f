//! *IdP Username*: the part of Okta's expression language that makes a name of an assertion.
//!
//! Terms joined by `+`: text in quotes, `idpuser.subjectNameId` (`saml.subjectNameId` of old), `idpuser.ATTRIBUTE`, and
//! `String.` functions over such expressions.

/// What an assertion states.
#[derive(Debug, Clone, Copy)]
pub struct Stated<'a> {
    pub name_id: &'a str,
    pub attributes: &'a [(String, Vec<String>)],
}

impl Stated<'_> {
    fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(n, _)| n == name);
        found.and_then(|(_, values)| values.first()).map(String::as_str)
    }
    pub fn values(&self, name: &str) -> &[String] {
        self.attributes.iter().find(|(n, _)| n == name).map_or(&[], |(_, values)| values.as_slice())
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    Text(String),
    SubjectNameId,
    Attribute(String),
    Call(Function, Vec<Vec<Term>>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Function {
    ToLowerCase,
    ToUpperCase,
    RemoveSpaces,
    SubstringBefore,
    SubstringAfter,
    Append,
    Replace,
}

const FUNCTIONS: [(&str, Function, usize); 7] = [
    ("toLowerCase", Function::ToLowerCase, 1),
    ("toUpperCase", Function::ToUpperCase, 1),
    ("removeSpaces", Function::RemoveSpaces, 1),
    ("substringBefore", Function::SubstringBefore, 2),
    ("substringAfter", Function::SubstringAfter, 2),
    ("append", Function::Append, 2),
    ("replace", Function::Replace, 3),
];

/// Nobody writes deeper ones by hand.
const DEPTH: u8 = 16;

/// Terms joined by `+`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression(Vec<Term>);

/// What is wrong with the text is said in words.
pub fn parse(text: &str) -> Result<Expression, String> {
    let mut reader = Reader { rest: text.trim_start() };
    let terms = reader.terms(DEPTH)?;
    if reader.rest.is_empty() { Ok(Expression(terms)) } else { Err(format!("cannot read on at `{}`", reader.rest)) }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn takes(&mut self, word: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(word) else { return false };
        self.rest = rest.trim_start();
        true
    }
    fn name(&mut self) -> &'a str {
        let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start();
        name
    }
    fn terms(&mut self, depth: u8) -> Result<Vec<Term>, String> {
        let mut terms = vec![self.term(depth)?];
        while self.takes("+") {
            terms.push(self.term(depth)?);
        }
        Ok(terms)
    }
    fn term(&mut self, depth: u8) -> Result<Term, String> {
        if depth == 0 {
            return Err("it is nested too deep".into());
        }
        for quote in ['"', '\''] {
            if let Some(rest) = self.rest.strip_prefix(quote) {
                let (text, rest) = rest.split_once(quote).ok_or("a quotation mark is missing")?;
                self.rest = rest.trim_start();
                return Ok(Term::Text(text.into()));
            }
        }
        if self.takes("String.") {
            return self.call(depth);
        }
        if self.takes("saml.subjectNameId") {
            return Ok(Term::SubjectNameId);
        }
        if !self.takes("idpuser.") {
            return Err(format!("`idpuser.…`, `String.…` or a text in quotes must stand at `{}`", self.rest));
        }
        match self.name() {
            "" => Err("`idpuser.` needs the name of an attribute".into()),
            "subjectNameId" => Ok(Term::SubjectNameId),
            name => Ok(Term::Attribute(name.into())),
        }
    }
    fn call(&mut self, depth: u8) -> Result<Term, String> {
        let name = self.name();
        let known = FUNCTIONS.iter().find(|(known, ..)| *known == name);
        let (_, function, wants) = known.ok_or_else(|| {
            format!("there is no function `String.{name}`: one of {}", FUNCTIONS.map(|(known, ..)| known).join(", "))
        })?;
        if !self.takes("(") {
            return Err(format!("`(` must follow `String.{name}`"));
        }
        let mut arguments = vec![self.terms(depth - 1)?];
        while self.takes(",") {
            arguments.push(self.terms(depth - 1)?);
        }
        if !self.takes(")") {
            return Err(format!("`)` is missing after the arguments of `String.{name}`"));
        }
        if arguments.len() != *wants {
            return Err(format!("`String.{name}` takes {wants}, not {}", arguments.len()));
        }
        Ok(Term::Call(*function, arguments))
    }
}

impl Expression {
    /// `Err`: the attribute that the assertion does not state.
    pub fn of(&self, stated: Stated<'_>) -> Result<String, String> {
        value(&self.0, stated)
    }
}

fn value(terms: &[Term], stated: Stated<'_>) -> Result<String, String> {
    let of = |term: &Term| match term {
        Term::Text(text) => Ok(text.clone()),
        Term::SubjectNameId => Ok(stated.name_id.to_owned()),
        Term::Attribute(name) => stated.attribute(name).map(str::to_owned).ok_or_else(|| name.clone()),
        Term::Call(function, arguments) => {
            let given: Vec<String> = arguments.iter().map(|a| value(a, stated)).collect::<Result<_, _>>()?;
            Ok(called(*function, &given.iter().map(String::as_str).collect::<Vec<_>>()))
        }
    };
    terms.iter().map(of).collect()
}

fn called(function: Function, given: &[&str]) -> String {
    match (function, given) {
        (Function::ToLowerCase, [text]) => text.to_lowercase(),
        (Function::ToUpperCase, [text]) => text.to_uppercase(),
        (Function::RemoveSpaces, [text]) => text.split_whitespace().collect(),
        // What is not there cuts nothing off before it, and leaves nothing after it.
        (Function::SubstringBefore, [text, mark]) => text.split_once(mark).map_or(*text, |(before, _)| before).into(),
        (Function::SubstringAfter, [text, mark]) => text.split_once(mark).map_or("", |(_, after)| after).into(),
        (Function::Append, [text, more]) => format!("{text}{more}"),
        (Function::Replace, [text, old, new]) => text.replace(old, new),
        // `parse` has counted the arguments.
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, &str>) {
        let attributes = [("email".to_string(), vec!["Alice@Acme.Test".to_string()])];
        let stated = Stated { name_id: "alice@acme.test", attributes: &attributes };
        let got = parse(text).and_then(|expression| expression.of(stated));
        match (&got, expected) {
            (Ok(got), Ok(expected)) => assert_eq!(got, expected, "{text}"),
            (Err(got), Err(part)) => assert!(got.contains(part), "{text}: {got}"),
            _ => panic!("{text}: {got:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn names_are_made_of_assertions() {
        check("idpuser.subjectNameId", Ok("alice@acme.test"));
        check(" saml.subjectNameId ", Ok("alice@acme.test"));
        check("String.toLowerCase(idpuser.email)", Ok("alice@acme.test"));
        check("String.toUpperCase('a')", Ok("A"));
        check("String.substringBefore(idpuser.subjectNameId, \"@\") + \"@elsewhere.test\"", Ok("alice@elsewhere.test"));
        check("String.substringBefore(idpuser.subjectNameId, '#')", Ok("alice@acme.test"));
        check("String.substringAfter(idpuser.subjectNameId, '@')", Ok("acme.test"));
        check("String.substringAfter(idpuser.subjectNameId, '#')", Ok(""));
        check("String.append(String.removeSpaces(' a b '), 'c' + 'd')", Ok("abcd"));
        check("String.replace(idpuser.subjectNameId, 'acme', 'corp')", Ok("alice@corp.test"));
        check("idpuser.nickname", Err("nickname"));
    }

    #[test]
    fn what_is_no_expression_is_told() {
        check("", Err("must stand at ``"));
        check("alice", Err("must stand at `alice`"));
        check("idpuser.", Err("needs the name"));
        check("'a", Err("quotation mark"));
        check("String.reverse('a')", Err("no function `String.reverse`"));
        check("String.append('a')", Err("takes 2, not 1"));
        check("String.append 'a'", Err("`(` must follow"));
        check("String.toLowerCase('a'", Err("`)` is missing"));
        check("'a' 'b'", Err("read on at `'b'`"));
        check(&"String.toLowerCase(".repeat(40), Err("too deep"));
    }
}
