//! The one front door of all XML: limits and forbidden constructs, before anything looks at meaning.

use crate::Refusal;
use crate::checks::refuse_by;
use std::collections::BTreeSet;
use uppsala::{Document, Element, NodeId, NodeKind};

use crate::saml::{ASSERTION, PROTOCOL};

pub const MAX_BYTES: usize = 256 * 1024;
const MAX_DEPTH: usize = 64;
const MAX_ATTRIBUTES: usize = 64;
const MAX_NAMESPACES: usize = 32;
/// In scope of one element, its ancestors' with its own: a canonicaliser carries them all along.
const MAX_SCOPE: usize = 64;
/// Of a namespace's name, which canonicalisation writes again at every element that uses it.
const MAX_NAMESPACE_NAME: usize = 512;
const MAX_ELEMENTS: usize = 8192;
const MAX_SIGNATURES: usize = 4;
pub const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";

/// Text that has passed the checks that need no parser: size, encoding, forbidden constructs, depth, width.
pub fn text(bytes: &[u8]) -> Result<&str, Refusal> {
    if bytes.len() > MAX_BYTES {
        refuse_by!("saml/too-large", format!("{} bytes", bytes.len()));
    }
    let text = std::str::from_utf8(bytes).map_err(|e| Refusal::new("saml/not-utf8", e.to_string()))?;
    if text.contains('\0') {
        refuse_by!("saml/not-utf8", "a NUL");
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    scan(after_declaration(text)?)?;
    Ok(text)
}

/// What follows the XML declaration, which may only say version 1.0 and UTF-8.
fn after_declaration(text: &str) -> Result<&str, Refusal> {
    let Some(rest) = text.strip_prefix("<?xml").filter(|r| r.starts_with([' ', '\t', '\r', '\n'])) else {
        return Ok(text);
    };
    let (declaration, body) =
        rest.split_once("?>").ok_or_else(|| Refusal::new("saml/malformed", "an open XML declaration"))?;
    for (name, wanted) in [("version", "1.0"), ("encoding", "utf-8")] {
        let Some((_, value)) = declaration.split_once(name) else { continue };
        let value = value.trim_start().trim_start_matches('=').trim_start();
        let quoted = value.chars().next().filter(|c| matches!(c, '"' | '\'')).and_then(|quote| {
            let (value, _) = value[1..].split_once(quote)?;
            Some(value)
        });
        if !quoted.is_some_and(|v| v.eq_ignore_ascii_case(wanted)) {
            refuse_by!("saml/declaration", format!("{name} is not {wanted}"));
        }
    }
    Ok(body)
}

/// Walks the tags before any parser does, and refuses what would hurt a parser: declarations, depth, width, number.
/// `<` stands in no attribute value of a well-formed document, so that no quoting can hide a tag.
fn scan(text: &str) -> Result<(), Refusal> {
    let malformed = |what: &str| Refusal::new("saml/malformed", what);
    // Of each open element: the namespaces that it declares.
    let (mut open, mut elements) = (Vec::with_capacity(MAX_DEPTH), 0usize);
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if let Some(code) = forbidden(rest) {
            refuse_by!(code, rest.chars().take(12).collect::<String>());
            rest = skipped(rest);
            continue;
        }
        let Tag { end, empty, namespaces } = tag(rest)?;
        if rest.starts_with('/') {
            open.pop().ok_or_else(|| malformed("an end tag too many"))?;
        } else {
            elements += 1;
            if elements > MAX_ELEMENTS {
                refuse_by!("saml/too-many-elements", format!("more than {MAX_ELEMENTS}"));
            }
            if open.len() == MAX_DEPTH {
                refuse_by!("saml/too-deep", format!("more than {MAX_DEPTH} levels"));
            }
            let scope = namespaces + open.iter().sum::<usize>();
            if scope > MAX_SCOPE {
                refuse_by!("saml/too-many-attributes", format!("{scope} namespaces in scope"));
            }
            if !empty {
                open.push(namespaces);
            }
        }
        rest = &rest[end..];
    }
    if open.is_empty() { Ok(()) } else { Err(malformed("an element without an end")) }
}

/// What follows a construct that is forbidden; only reached where its check is switched off.
fn skipped(rest: &str) -> &str {
    let end = match rest.as_bytes() {
        [b'!', b'-', ..] => "-->",
        [b'!', b'[', ..] => "]]>",
        [b'?', ..] => "?>",
        _ => ">",
    };
    rest.split_once(end).map_or("", |(_, after)| after)
}

/// The check that forbids what stands behind a `<`.
fn forbidden(rest: &str) -> Option<&'static str> {
    match rest.as_bytes() {
        [b'!', b'-', ..] => Some("saml/comment"),
        [b'!', b'[', ..] => Some("saml/cdata"),
        [b'!', ..] => Some("saml/doctype"),
        [b'?', ..] => Some("saml/processing-instruction"),
        _ => None,
    }
}

/// A tag that begins behind a `<`: where it ends, whether its element is empty, how many namespaces it declares.
struct Tag {
    end: usize,
    empty: bool,
    namespaces: usize,
}

/// Reads a tag and counts its attributes on the way.
fn tag(rest: &str) -> Result<Tag, Refusal> {
    let (mut attributes, mut namespaces, mut name_from, mut at) = (0usize, 0usize, 0usize, 0usize);
    let bytes = rest.as_bytes();
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'>' => return Ok(Tag { end: at + 1, empty: at > 0 && bytes[at - 1] == b'/', namespaces }),
            b'<' => break,
            quote @ (b'"' | b'\'') => {
                let length = bytes[at + 1..].iter().position(|b| b == quote || *b == b'<');
                let Some(length) = length.filter(|n| bytes[at + 1 + n] == *quote) else { break };
                let before = &bytes[name_from..at];
                let name = before.iter().position(|b| b.is_ascii_whitespace()).map_or(before, |n| &before[n..]);
                let is_namespace = name.trim_ascii_start().starts_with(b"xmlns");
                namespaces += usize::from(is_namespace);
                attributes += usize::from(!is_namespace);
                if attributes > MAX_ATTRIBUTES || namespaces > MAX_NAMESPACES {
                    refuse_by!("saml/too-many-attributes", format!("{attributes} and {namespaces}"));
                }
                if is_namespace && length > MAX_NAMESPACE_NAME {
                    refuse_by!("saml/too-large", format!("a namespace's name of {length} bytes"));
                }
                at += length + 1;
                name_from = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    Err(Refusal::new("saml/malformed", "a tag without an end"))
}

/// Parses and refuses what no SAML message needs.
pub fn parse(text: &str) -> Result<Document<'_>, Refusal> {
    let document = uppsala::Parser::new()
        .with_max_depth(MAX_DEPTH as u32)
        .with_forbid_dtd(true)
        .parse(text)
        .map_err(|e| Refusal::new("saml/malformed", e.to_string()))?;
    document.document_element().ok_or_else(|| Refusal::new("saml/malformed", "no root element"))?;
    let mut ids = BTreeSet::new();
    let mut signatures = 0;
    for node in document.descendants(document.root()) {
        match document.node_kind(node) {
            Some(NodeKind::Element(element)) => {
                identifiers(element, &mut ids)?;
                absolute(element)?;
                signatures += usize::from(element.matches_name_ns(DSIG, "Signature"));
            }
            Some(NodeKind::Text(_)) => {}
            // The scan has refused these already, but for the parser's own idea of what it read.
            _ => return Err(Refusal::new("saml/malformed", "neither an element nor text")),
        }
    }
    if signatures > MAX_SIGNATURES {
        refuse_by!("saml/too-many-signatures", signatures.to_string());
    }
    Ok(document)
}

/// Whatever a signature could refer to is named once, in a way that no two readers see differently.
fn identifiers(element: &Element<'_>, ids: &mut BTreeSet<String>) -> Result<(), Refusal> {
    for attribute in &element.attributes {
        let name = &attribute.name.local_name;
        if !name.eq_ignore_ascii_case("id") && name != "AssertionID" {
            continue;
        }
        let value = attribute.value.to_string();
        if attribute.name.namespace_uri.is_some() {
            refuse_by!("saml/id", "an identifier in a foreign namespace");
        }
        let ours = [PROTOCOL, ASSERTION].iter().any(|ns| element.name.namespace_uri.as_deref() == Some(*ns));
        if ours && !is_ncname(&value) {
            refuse_by!("saml/id", format!("`{value}` is no identifier"));
        }
        if !ids.insert(value) {
            refuse_by!("saml/duplicate-id", attribute.value.to_string());
        }
    }
    Ok(())
}

/// xs:ID as everybody writes it: no colon, no white space, no digit first.
fn is_ncname(text: &str) -> bool {
    let letter = |c: char| c.is_alphabetic() || c == '_';
    text.starts_with(letter) && text.chars().all(|c| letter(c) || c.is_numeric() || c == '-' || c == '.')
}

/// Canonicalisation of relative namespace names is undefined: some implementations then digest nothing.
fn absolute(element: &Element<'_>) -> Result<(), Refusal> {
    for (_, uri) in &element.namespace_declarations {
        let scheme = uri.split_once(':').map(|(scheme, _)| scheme).unwrap_or_default();
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
        if !uri.is_empty() && !is_scheme {
            refuse_by!("saml/relative-namespace", uri.to_string());
        }
    }
    Ok(())
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
        [first, ..] => {
            refuse_by!("saml/repeated-element", name);
            Ok(Some(first))
        }
    }
}

/// The text of an element that holds one text node and nothing else, exactly as it stands.
pub fn value(document: &Document<'_>, of: NodeId) -> Result<String, Refusal> {
    match document.children(of)[..] {
        [] => Ok(String::new()),
        [one] => match document.node_kind(one) {
            Some(NodeKind::Text(text)) => Ok(text.to_string()),
            _ => pieces(document, of, "a value that is not one text"),
        },
        _ => pieces(document, of, "a value in several pieces"),
    }
}

/// Refused; without that check what a lenient reader sees, the first piece.
fn pieces(document: &Document<'_>, of: NodeId, what: &str) -> Result<String, Refusal> {
    refuse_by!("saml/not-text", what);
    let first = document.children(of).into_iter().find_map(|n| match document.node_kind(n) {
        Some(NodeKind::Text(text)) => Some(text.to_string()),
        _ => None,
    });
    Ok(first.unwrap_or_default())
}

/// An attribute in no namespace; `x:ID` is not `ID`.
pub fn attribute(document: &Document<'_>, of: NodeId, name: &str) -> Option<String> {
    let attributes = &document.element(of)?.attributes;
    let found = attributes.iter().find(|a| a.name.namespace_uri.is_none() && a.name.local_name == name)?;
    Some(found.value.to_string())
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
            // No XML document can hold these, not even as references.
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            c => out.push(c),
        }
    }
    out
}
