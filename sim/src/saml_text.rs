//! SAML for reading: indented, an attribute list that fits, without namespace declarations, a signature in a line. It judges nothing.

use crate::style::{Style, cut, measure};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::fmt::Write as _;

/// Elements whose text is for machines.
const CUT: &[&str] = &["X509Certificate"];
/// Characters of such a text that stay.
const KEPT: usize = 16;

/// `xml` indented; what is no XML comes back as it is.
pub(crate) fn readable(xml: &str, style: Style) -> String {
    indented(xml, style).unwrap_or_else(|| format!("{xml}\n"))
}

fn indented(xml: &str, style: Style) -> Option<String> {
    let mut reader = Reader::from_str(xml);
    let mut out = Writer { out: String::new(), depth: 0, style };
    // A start tag waits until it is known whether only text follows.
    let mut open: Option<(String, Vec<String>)> = None;
    let mut text = String::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) if start.local_name().as_ref() == "Signature" => {
                out.flush(&mut open, &mut text);
                let name = start.name().as_ref().to_string();
                let what = signature(&mut reader, &name)?;
                out.element(&name, &[], &what);
            }
            Event::Start(start) => {
                out.flush(&mut open, &mut text);
                open = Some(parts(&start)?);
            }
            Event::Empty(start) => {
                out.flush(&mut open, &mut text);
                let (name, attributes) = parts(&start)?;
                out.tag(&name, &attributes, "/>");
            }
            Event::Text(more) => text.push_str(&more),
            Event::GeneralRef(reference) => {
                let _ = write!(text, "&{};", &*reference);
            }
            Event::CData(more) => text.push_str(&more),
            Event::End(end) => {
                let name = end.name().as_ref().to_string();
                out.close(&name, open.take(), &mut text);
            }
            Event::Eof => return (out.depth == 0 && open.is_none()).then_some(out.out),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

/// Reads a signature to its end: what it covers, by which algorithm.
fn signature(reader: &mut Reader<&[u8]>, name: &str) -> Option<String> {
    let (mut covers, mut method) = (String::new(), String::new());
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) | Event::Empty(tag) => {
                let value = |key: &str| {
                    let found = tag.attributes().flatten().find(|a| a.key.as_ref() == key)?;
                    Some(found.value.to_string())
                };
                match tag.local_name().as_ref() {
                    "Reference" => covers = value("URI").unwrap_or_default(),
                    "SignatureMethod" => method = value("Algorithm").unwrap_or_default(),
                    _ => {}
                }
            }
            Event::End(end) if end.name().as_ref() == name => break,
            Event::Eof => return None,
            _ => {}
        }
    }
    let method = method.rsplit('#').next().unwrap_or_default();
    Some(format!("{method} over {covers}"))
}

/// Name and attributes as written, without namespace declarations.
fn parts(start: &BytesStart<'_>) -> Option<(String, Vec<String>)> {
    let name = start.name().as_ref().to_string();
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.ok()?;
        let key = attribute.key.as_ref().to_string();
        if key != "xmlns" && !key.starts_with("xmlns:") {
            attributes.push(format!("{key}=\"{}\"", attribute.value));
        }
    }
    Some((name, attributes))
}

struct Writer {
    out: String,
    depth: usize,
    style: Style,
}

impl Writer {
    fn indent(&self) -> usize {
        2 + 2 * self.depth
    }

    fn line(&mut self, indent: usize, text: &str) {
        // A value that is longer than the line goes on below.
        self.style.put(&mut self.out, &" ".repeat(indent), indent + 4, text);
    }

    /// A start tag with children, or text between tags, is written out.
    fn flush(&mut self, open: &mut Option<(String, Vec<String>)>, text: &mut String) {
        if let Some((name, attributes)) = open.take() {
            self.tag(&name, &attributes, ">");
            self.depth += 1;
        }
        let rest = std::mem::take(text);
        if !rest.trim().is_empty() {
            self.line(self.indent(), rest.trim());
        }
    }

    /// `<name a="b">`, an attribute a line where they do not fit one line.
    fn tag(&mut self, name: &str, attributes: &[String], end: &str) {
        let whole = [&[format!("<{name}")], attributes].concat().join(" ") + end;
        let indent = self.indent();
        if indent + measure(&whole) <= self.style.width() || attributes.is_empty() {
            return self.line(indent, &whole);
        }
        self.line(indent, &format!("<{name}"));
        for (index, attribute) in attributes.iter().enumerate() {
            let end = if index + 1 == attributes.len() { end } else { "" };
            self.line(indent + 4, &format!("{attribute}{end}"));
        }
    }

    fn close(&mut self, name: &str, open: Option<(String, Vec<String>)>, text: &mut String) {
        let Some((_, attributes)) = open else {
            self.flush(&mut None, text);
            self.depth = self.depth.saturating_sub(1);
            return self.line(self.indent(), &format!("</{name}>"));
        };
        self.element(name, &attributes, &shortened(name, &std::mem::take(text)));
    }

    /// An element with nothing but text, in one line where it fits.
    fn element(&mut self, name: &str, attributes: &[String], inner: &str) {
        let whole = [&[format!("<{name}")], attributes].concat().join(" ") + ">" + inner + &format!("</{name}>");
        if self.indent() + measure(&whole) <= self.style.width() {
            return self.line(self.indent(), &whole);
        }
        self.tag(name, attributes, ">");
        self.line(self.indent() + 2, inner);
        self.line(self.indent(), &format!("</{name}>"));
    }
}

/// The text of an element; of a signature or certificate only its beginning.
fn shortened(name: &str, text: &str) -> String {
    let text = text.trim();
    let local = name.rsplit(':').next().unwrap_or(name);
    if !CUT.contains(&local) || measure(text) <= KEPT + 1 {
        return text.into();
    }
    format!("{} ({} characters)", cut(text, KEPT + 1), text.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indents_and_cuts() {
        let long = "x".repeat(90);
        let xml = format!(
            "<?xml version=\"1.0\"?><a:R xmlns:a=\"urn:a\" ID=\"_1\"><ds:Signature><ds:SignatureMethod \
             Algorithm=\"urn:x#rsa-sha256\"/><ds:Reference URI=\"#_1\"/></ds:Signature><a:B>t &amp; u</a:B><a:C/>\
             <X509Certificate>{long}</X509Certificate><a:D>{long}</a:D></a:R>"
        );
        let wanted = format!(
            "  <a:R ID=\"_1\">\n    <ds:Signature>rsa-sha256 over #_1</ds:Signature>\n    <a:B>t &amp; u</a:B>\n    \
             <a:C/>\n    <X509Certificate>xxxxxxxxxxxxxxxx… (90 characters)</X509Certificate>\n    <a:D>\n      {}\n          \
             {}\n    </a:D>\n  </a:R>\n",
            &long[..70],
            &long[70..]
        );
        assert_eq!(readable(&xml, Style::plain()), wanted);
    }

    #[test]
    fn what_is_no_xml_is_shown_as_it_is() {
        for text in ["", "<a", "<a><b></a>", "\u{0}{<garbage", "<a x=1/>"] {
            assert!(readable(text, Style::plain()).contains(text.trim()), "{text:?}");
        }
    }
}
