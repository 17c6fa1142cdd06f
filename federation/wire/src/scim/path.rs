//! Paths of PATCH operations (RFC 7644 3.5.2): an attribute, a filter over its elements, a sub-attribute.

use super::filter::{AttrPath, Filter, Problem, Reader};
use std::fmt;

/// `members[value eq "x"]`, `emails[type eq "work"].value`, `name.familyName`.
#[derive(Debug, Clone, PartialEq)]
pub struct PatchPath {
    pub attr: AttrPath,
    pub filter: Option<Filter>,
    /// The sub-attribute after a filter; without a filter it stands in `attr`.
    pub sub: Option<String>,
}

impl PatchPath {
    pub fn parse(text: &str) -> Result<PatchPath, Problem> {
        let mut reader = Reader::new(text)?;
        reader.space();
        let attr = reader.attr_path()?;
        let mut path = PatchPath { attr, filter: None, sub: None };
        if reader.at('[') {
            path.filter = Some(reader.brackets()?);
            if reader.take('.') {
                let sub = reader.attr_path()?;
                if sub.urn.is_some() || sub.sub.is_some() {
                    return Err(Problem { at: 0..text.len(), message: format!("`{sub}` is no sub-attribute") });
                }
                path.sub = Some(sub.name);
            }
        }
        reader.end()?;
        Ok(path)
    }

    /// The sub-attribute that it names, wherever it stands.
    pub fn sub_attribute(&self) -> Option<&str> {
        self.sub.as_deref().or(self.attr.sub.as_deref())
    }
}

impl fmt::Display for PatchPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.attr)?;
        if let Some(filter) = &self.filter {
            write!(f, "[{filter}]")?;
        }
        if let Some(sub) = &self.sub {
            write!(f, ".{sub}")?;
        }
        Ok(())
    }
}
