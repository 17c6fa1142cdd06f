//! The schema language of RFC 7643 section 7: what an attribute is, and its JSON. The tables stand in `schemas`.

use serde_json::{Map, Value, json};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Boolean,
    Integer,
    DateTime,
    Binary,
    /// To resources of these types; `external` and `uri` as in the RFC.
    Reference(&'static [&'static str]),
    Complex(&'static [Attribute]),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutability {
    ReadWrite,
    ReadOnly,
    Immutable,
    WriteOnly,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returned {
    Always,
    Default,
    Never,
}

/// One attribute; built by the functions below, so that a table reads as the RFC does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute {
    pub name: &'static str,
    pub kind: Kind,
    pub about: &'static str,
    pub multi: bool,
    pub required: bool,
    pub case_exact: bool,
    pub unique: bool,
    pub mutability: Mutability,
    pub returned: Returned,
    pub canonical: &'static [&'static str],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schema {
    pub urn: &'static str,
    pub name: &'static str,
    pub about: &'static str,
    pub attributes: &'static [Attribute],
}

impl Attribute {
    pub const fn new(name: &'static str, kind: Kind, about: &'static str) -> Attribute {
        Attribute {
            name,
            kind,
            about,
            multi: false,
            required: false,
            case_exact: false,
            unique: false,
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            canonical: &[],
        }
    }
    pub const fn multi(mut self) -> Attribute {
        self.multi = true;
        self
    }
    pub const fn required(mut self) -> Attribute {
        self.required = true;
        self
    }
    pub const fn exact(mut self) -> Attribute {
        self.case_exact = true;
        self
    }
    pub const fn unique(mut self) -> Attribute {
        self.unique = true;
        self
    }
    pub const fn read_only(mut self) -> Attribute {
        self.mutability = Mutability::ReadOnly;
        self
    }
    pub const fn immutable(mut self) -> Attribute {
        self.mutability = Mutability::Immutable;
        self
    }
    pub const fn write_only(mut self) -> Attribute {
        self.mutability = Mutability::WriteOnly;
        self.returned = Returned::Never;
        self
    }
    pub const fn one_of(mut self, canonical: &'static [&'static str]) -> Attribute {
        self.canonical = canonical;
        self
    }

    pub fn subs(&self) -> &'static [Attribute] {
        if let Kind::Complex(subs) = self.kind { subs } else { &[] }
    }

    /// Names are compared without case (RFC 7643 2.1).
    pub fn sub(&self, name: &str) -> Option<&'static Attribute> {
        find(self.subs(), name)
    }
}

pub fn find(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes.iter().find(|a| a.name.eq_ignore_ascii_case(name))
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "string",
        Kind::Boolean => "boolean",
        Kind::Integer => "integer",
        Kind::DateTime => "dateTime",
        Kind::Binary => "binary",
        Kind::Reference(_) => "reference",
        Kind::Complex(_) => "complex",
    }
}

/// What a tenant adds to a table: dotted names that it requires, and the values that a name may have.
#[derive(Debug, Clone, Default)]
pub struct Local {
    pub required: Vec<String>,
    pub canonical: Vec<(String, Vec<String>)>,
}

fn attribute_json(attribute: &Attribute, prefix: &str, local: &Local) -> Value {
    let path = if prefix.is_empty() { attribute.name.to_string() } else { format!("{prefix}.{}", attribute.name) };
    let under = format!("{path}.");
    let required = attribute.required || local.required.iter().any(|r| *r == path || r.starts_with(&under));
    let mut out = json!({
        "name": attribute.name,
        "type": kind_name(attribute.kind),
        "multiValued": attribute.multi,
        "description": attribute.about,
        "required": required,
        "mutability": match attribute.mutability {
            Mutability::ReadWrite => "readWrite",
            Mutability::ReadOnly => "readOnly",
            Mutability::Immutable => "immutable",
            Mutability::WriteOnly => "writeOnly",
        },
        "returned": match attribute.returned {
            Returned::Always => "always",
            Returned::Default => "default",
            Returned::Never => "never",
        },
    });
    let Some(object) = out.as_object_mut() else { return out };
    match attribute.kind {
        Kind::Complex(subs) => {
            let subs: Vec<Value> = subs.iter().map(|s| attribute_json(s, &path, local)).collect();
            object.insert("subAttributes".into(), subs.into());
        }
        kind => {
            object.insert("caseExact".into(), attribute.case_exact.into());
            object.insert("uniqueness".into(), if attribute.unique { "server" } else { "none" }.into());
            if let Kind::Reference(types) = kind {
                object.insert("referenceTypes".into(), json!(types));
            }
        }
    }
    let known = local.canonical.iter().find(|(name, _)| *name == path).map(|(_, values)| values.clone());
    let values = known.unwrap_or_else(|| attribute.canonical.iter().map(ToString::to_string).collect());
    if !values.is_empty() {
        object.insert("canonicalValues".into(), values.into());
    }
    out
}

/// A schema as `/Schemas` serves it; `location` is its own address.
pub fn schema_json(schema: &Schema, local: &Local, location: &str) -> Map<String, Value> {
    let attributes: Vec<Value> = schema.attributes.iter().map(|a| attribute_json(a, "", local)).collect();
    let out = json!({
        "schemas": [super::SCHEMA],
        "id": schema.urn,
        "name": schema.name,
        "description": schema.about,
        "attributes": attributes,
        "meta": { "resourceType": "Schema", "location": location },
    });
    if let Value::Object(map) = out { map } else { Map::new() }
}
