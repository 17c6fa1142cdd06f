//! The one front door of all XML: limits and forbidden constructs, before anything looks at meaning.

use crate::Refusal;
use std::collections::BTreeSet;
use uppsala::{Document, NodeId, NodeKind};

pub const MAX_BYTES: usize = 256 * 1024;
const MAX_DEPTH: usize = 64;
const MAX_ATTRIBUTES: usize = 64;
const MAX_NAMESPACES: usize = 32;
const MAX_SIGNATURES: usize = 4;
pub const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";

/// Text that has passed the checks that need no parser.
pub fn text(bytes: &[u8]) -> Result<&str, Refusal> {
    if bytes.len() > MAX_BYTES {
        return Err(Refusal::new("saml/too-large", format!("{} bytes", bytes.len())));
    }
    let text = std::str::from_utf8(bytes).map_err(|e| Refusal::new("saml/not-utf8", e.to_string()))?;
    if text.contains('\0') {
        return Err(Refusal::new("saml/not-utf8", "a NUL"));
    }
    if text.contains("<!DOCTYPE") || text.contains("<!ENTITY") {
        return Err(Refusal::new("saml/doctype", "a document type declaration"));
    }
    depth(text)?;
    Ok(text)
}

/// Refuses nesting that would overflow a recursive parser; counts tags roughly, never too few.
fn depth(text: &str) -> Result<(), Refusal> {
    let bytes = text.as_bytes();
    let mut depth = 0usize;
    for (i, b) in bytes.iter().enumerate() {
        match (b, bytes.get(i + 1)) {
            (b'<', Some(b'/')) => depth = depth.saturating_sub(1),
            (b'<', Some(b'!' | b'?')) => {}
            (b'<', _) => depth += 1,
            (b'/', Some(b'>')) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(Refusal::new("saml/too-deep", format!("more than {MAX_DEPTH} levels")));
        }
    }
    Ok(())
}

/// Parses and refuses what no SAML message needs.
pub fn parse(text: &str) -> Result<Document<'_>, Refusal> {
    let document = uppsala::Parser::new()
        .with_max_depth(MAX_DEPTH as u32)
        .with_forbid_dtd(true)
        .parse(text)
        .map_err(|e| e.to_string())
        .map_err(|e| Refusal::new(if e.contains("maximum depth") { "saml/too-deep" } else { "saml/malformed" }, e))?;
    document.document_element().ok_or_else(|| Refusal::new("saml/malformed", "no root element"))?;
    let mut ids = BTreeSet::new();
    let mut signatures = 0;
    for node in document.descendants(document.root()) {
        match document.node_kind(node) {
            Some(NodeKind::Comment(_)) => return Err(Refusal::new("saml/comment", "a comment")),
            Some(NodeKind::ProcessingInstruction(_)) => {
                return Err(Refusal::new("saml/processing-instruction", "a processing instruction"));
            }
            Some(NodeKind::CData(_)) => return Err(Refusal::new("saml/cdata", "a CDATA section")),
            Some(NodeKind::Element(element)) => {
                if element.attributes.len() > MAX_ATTRIBUTES || element.namespace_declarations.len() > MAX_NAMESPACES {
                    return Err(Refusal::new("saml/too-many-attributes", element.name.prefixed_name().to_string()));
                }
                if let Some(id) = element.get_attribute("ID")
                    && !ids.insert(id.to_string())
                {
                    return Err(Refusal::new("saml/duplicate-id", id));
                }
                signatures += usize::from(element.matches_name_ns(DSIG, "Signature"));
            }
            _ => {}
        }
    }
    if signatures > MAX_SIGNATURES {
        return Err(Refusal::new("saml/too-many-signatures", signatures.to_string()));
    }
    Ok(document)
}

/// Child elements in order.
pub fn elements(document: &Document<'_>, of: NodeId) -> Vec<NodeId> {
    document.children(of).into_iter().filter(|n| document.element(*n).is_some()).collect()
}

/// Child elements of this name.
pub fn named(document: &Document<'_>, of: NodeId, namespace: &str, name: &str) -> Vec<NodeId> {
    let is = |n: &NodeId| document.element(*n).is_some_and(|e| e.matches_name_ns(namespace, name));
    document.children(of).into_iter().filter(is).collect()
}

/// The only child of this name; more than one is refused.
pub fn only(
    document: &Document<'_>,
    of: NodeId,
    namespace: &str,
    name: &'static str,
) -> Result<Option<NodeId>, Refusal> {
    match named(document, of, namespace, name)[..] {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => Err(Refusal::new("saml/repeated-element", name)),
    }
}

/// The text of an element that holds one text node and nothing else; trimmed.
pub fn value(document: &Document<'_>, of: NodeId) -> Result<String, Refusal> {
    match document.children(of)[..] {
        [] => Ok(String::new()),
        [one] => match document.node_kind(one) {
            Some(NodeKind::Text(text)) => Ok(text.trim().to_string()),
            _ => Err(Refusal::new("saml/not-text", "a value that is not one text")),
        },
        _ => Err(Refusal::new("saml/not-text", "a value in several pieces")),
    }
}

pub fn attribute(document: &Document<'_>, of: NodeId, name: &str) -> Option<String> {
    document.get_attribute(of, name).map(String::from)
}

/// Text for element content or a double-quoted attribute.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push_str(&format!("&#{};", c as u32)),
            c if (c as u32) < 0x20 => {}
            c => out.push(c),
        }
    }
    out
}
