//! Forms: what browsers post, and pages that post by themselves.

use crate::Refusal;
use crate::checks::refuse_by;
use crate::look::{self, POST};
use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode;
use std::fmt::Write as _;

pub use crate::door::escape as html_escape;

const MAX_FIELDS: usize = 32;
const MAX_BYTES: usize = 512 * 1024;

/// A form's fields, each name once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    pub fn parse(body: &[u8]) -> Result<Form, Refusal> {
        if body.len() > MAX_BYTES {
            refuse_by!("form/too-large", body.len().to_string());
        }
        let mut fields: Vec<(String, String)> = Vec::new();
        for pair in body.split(|b| *b == b'&').filter(|p| !p.is_empty()) {
            let (name, value) = match pair.iter().position(|b| *b == b'=') {
                Some(at) => (decoded(&pair[..at])?, decoded(&pair[at + 1..])?),
                None => (decoded(pair)?, String::new()),
            };
            if fields.len() >= MAX_FIELDS {
                refuse_by!("form/too-many-fields", MAX_FIELDS.to_string());
            }
            if fields.iter().any(|(n, _)| *n == name) {
                refuse_by!("form/repeated-field", name);
            }
            fields.push((name, value));
        }
        Ok(Form(fields))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// `+` and `%` undone. What is no UTF-8 is refused and not repaired.
fn decoded(text: &[u8]) -> Result<String, Refusal> {
    let spaced: Vec<u8> = text.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
    let text = percent_decode(&spaced).decode_utf8().map_err(|e| Refusal::new("form/not-utf8", e.to_string()))?;
    if text.contains('\0') {
        refuse_by!("form/not-utf8", "a NUL");
    }
    Ok(text.into_owned())
}

pub fn encode_post(xml: &str) -> String {
    encode_bytes(xml.as_bytes())
}

pub fn encode_bytes(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Base64 as identity providers write it: line breaks are allowed.
pub fn decode_post(text: &str) -> Result<Vec<u8>, Refusal> {
    if text.is_empty() {
        refuse_by!("saml/missing", "no message in the form");
    }
    let compact: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(compact).map_err(|e| Refusal::new("saml/base64", e.to_string()))
}

/// A page whose form the browser submits at once.
pub fn auto_post_page(title: &str, action: &str, fields: &[(&str, &str)]) -> String {
    let mut inputs = String::new();
    for (name, value) in fields {
        let _ =
            write!(inputs, "<input type=\"hidden\" name=\"{}\" value=\"{}\">", html_escape(name), html_escape(value));
    }
    let main = format!(
        "<main data-page=\"auto-post\"><h1>{0}</h1><form method=\"post\" action=\"{1}\" data-auto=\"1\">{inputs}\
         <button type=\"submit\">Continue</button></form></main><script>{POST}</script>",
        html_escape(title),
        html_escape(action),
    );
    look::page(title, "One moment", &main)
}
