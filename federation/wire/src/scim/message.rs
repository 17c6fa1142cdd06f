//! Messages of SCIM: what is read from a body, and the envelopes of what is answered, in both dialects.

use super::classic;
use super::filter::Problem;
use super::path::PatchPath;
use super::{ERROR, LIST_RESPONSE, Object, PATCH_OP, SEARCH_REQUEST};
use crate::Refusal;
use serde_json::{Value, json};

/// Longest body of one resource or request.
pub const MAX_BYTES: usize = 256 * 1024;
const MAX_OPERATIONS: usize = 500;

/// The body as a JSON object. serde_json stops at 128 levels by itself.
pub fn read_object(body: &[u8]) -> Result<Object, Refusal> {
    if body.len() > MAX_BYTES {
        return Err(Refusal::new("scim/too-large", format!("{} bytes, at most {MAX_BYTES}", body.len())));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Refusal::new("scim/not-an-object", "the body must be a JSON object")),
        Err(e) => Err(Refusal::new("scim/not-json", format!("the body is no JSON: {e}"))),
    }
}

/// A member by name in any case (RFC 7643 2.1).
pub fn member<'a>(object: &'a Object, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| object.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)).map(|(_, v)| v))
}

/// Whether `schemas` names this URN.
pub fn names_schema(object: &Object, urn: &str) -> bool {
    let list = member(object, "schemas").and_then(Value::as_array);
    list.is_some_and(|l| l.iter().any(|v| v.as_str().is_some_and(|s| s.eq_ignore_ascii_case(urn))))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchVerb {
    Add,
    Remove,
    Replace,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PatchOperation {
    pub verb: PatchVerb,
    pub path: Option<PatchPath>,
    pub value: Value,
}

/// Why a PATCH or search body could not be read, as RFC 7644 3.12 words it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    pub scim_type: &'static str,
    pub detail: String,
}

fn unreadable(scim_type: &'static str, detail: impl Into<String>) -> Unreadable {
    Unreadable { scim_type, detail: detail.into() }
}

/// The operations of a PATCH request.
pub fn read_patch(body: &Object) -> Result<Vec<PatchOperation>, Unreadable> {
    if !names_schema(body, PATCH_OP) {
        return Err(unreadable("invalidSyntax", format!("`schemas` must name {PATCH_OP}")));
    }
    let operations = member(body, "Operations").and_then(Value::as_array);
    let Some(operations) = operations.filter(|o| !o.is_empty()) else {
        return Err(unreadable("invalidSyntax", "`Operations` must be a list of at least one operation"));
    };
    if operations.len() > MAX_OPERATIONS {
        return Err(unreadable("tooMany", format!("more than {MAX_OPERATIONS} operations")));
    }
    operations.iter().enumerate().map(|(i, o)| operation(i + 1, o)).collect()
}

fn operation(number: usize, value: &Value) -> Result<PatchOperation, Unreadable> {
    let syntax = |what: &str| unreadable("invalidSyntax", format!("operation {number}: {what}"));
    let object = value.as_object().ok_or_else(|| syntax("must be an object"))?;
    let verb = member(object, "op").and_then(Value::as_str).unwrap_or_default();
    let verb = match verb.to_ascii_lowercase().as_str() {
        "add" => PatchVerb::Add,
        "remove" => PatchVerb::Remove,
        "replace" => PatchVerb::Replace,
        _ => return Err(syntax("`op` must be `add`, `remove` or `replace`")),
    };
    let path = match member(object, "path") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => {
            let bad = |p: Problem| unreadable("invalidPath", format!("operation {number}: `{text}`: {p}"));
            Some(PatchPath::parse(text).map_err(bad)?)
        }
        Some(_) => return Err(syntax("`path` must be text")),
    };
    if path.is_none() && verb == PatchVerb::Remove {
        return Err(unreadable("noTarget", format!("operation {number}: `remove` needs a path")));
    }
    let value = member(object, "value").cloned();
    if value.is_none() && verb != PatchVerb::Remove {
        return Err(unreadable("invalidValue", format!("operation {number}: `value` is missing")));
    }
    Ok(PatchOperation { verb, path, value: value.unwrap_or_default() })
}

/// What a list asks for, from a query string or a `.search` body; nothing is judged yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    pub filter: Option<String>,
    pub sort_by: Option<String>,
    pub sort_order: Option<String>,
    pub start_index: Option<String>,
    pub count: Option<String>,
    pub attributes: Vec<String>,
    pub excluded_attributes: Vec<String>,
}

fn listed(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|s| !s.is_empty()).map(Into::into).collect()
}

impl Search {
    pub fn from_query(query: &str) -> Search {
        let mut search = Search::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "filter" => search.filter = Some(value.into_owned()),
                "sortBy" => search.sort_by = Some(value.into_owned()),
                "sortOrder" => search.sort_order = Some(value.into_owned()),
                "startIndex" => search.start_index = Some(value.into_owned()),
                "count" => search.count = Some(value.into_owned()),
                "attributes" => search.attributes = listed(&value),
                "excludedAttributes" => search.excluded_attributes = listed(&value),
                _ => {}
            }
        }
        search
    }

    /// A `.search` body; the classic dialect has no schema for it.
    pub fn from_body(body: &Object, with_schema: bool) -> Result<Search, Unreadable> {
        if with_schema && !names_schema(body, SEARCH_REQUEST) {
            return Err(unreadable("invalidSyntax", format!("`schemas` must name {SEARCH_REQUEST}")));
        }
        let text = |name: &str| match member(body, name) {
            Some(Value::String(s)) => Some(s.clone()),
            Some(Value::Number(n)) => Some(n.to_string()),
            _ => None,
        };
        let list = |name: &str| match member(body, name) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(Into::into).collect(),
            Some(Value::String(s)) => listed(s),
            _ => Vec::new(),
        };
        Ok(Search {
            filter: text("filter"),
            sort_by: text("sortBy"),
            sort_order: text("sortOrder"),
            start_index: text("startIndex"),
            count: text("count"),
            attributes: list("attributes"),
            excluded_attributes: list("excludedAttributes"),
        })
    }
}

/// A page of resources, rendered already.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    pub total: usize,
    /// From 1.
    pub start: usize,
    pub resources: Vec<Value>,
}

impl Page {
    pub fn list_response(self) -> Value {
        self.envelope(&[LIST_RESPONSE])
    }

    pub fn classic(self) -> Value {
        self.envelope(&[classic::CORE, classic::WORKSPACE])
    }

    fn envelope(self, schemas: &[&str]) -> Value {
        json!({
            "schemas": schemas,
            "totalResults": self.total,
            "itemsPerPage": self.resources.len(),
            "startIndex": self.start,
            "Resources": self.resources,
        })
    }
}

/// RFC 7644 3.12; the status is text.
pub fn error(status: u16, scim_type: Option<&str>, detail: &str) -> Value {
    let mut body = json!({ "schemas": [ERROR], "status": status.to_string(), "detail": detail });
    if let (Some(scim_type), Some(object)) = (scim_type, body.as_object_mut()) {
        object.insert("scimType".into(), scim_type.into());
    }
    body
}

/// The classic dialect's, from its one published sample.
pub fn classic_error(code: &str, message: &str) -> Value {
    json!({ "errors": [{ "code": code, "message": message, "parameters": null }] })
}
