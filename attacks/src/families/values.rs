//! What stands inside values, and ids that are there twice.

use super::{altered, written};
use crate::edit::{Edit, Place, Val};
use crate::{Family, On, Who};

const NAME: &str = "Response/Assertion/Subject/NameID";
const AUDIENCE: &str = "Response/Assertion/Conditions/AudienceRestriction/Audience";
const ISSUER: &str = "Response/Issuer";
const CLASS: &str = "Response/Assertion/AuthnStatement/AuthnContext/AuthnContextClassRef";

/// A comment after the first character: readers of the first text node see only that.
fn commented(old: &str) -> String {
    let (head, tail) = old.split_at(old.char_indices().nth(1).map_or(old.len(), |(i, _)| i));
    format!("{head}<!-- -->{tail}")
}
fn instructed(old: &str) -> String {
    commented(old).replace("<!-- -->", "<?x?>")
}
fn sectioned(old: &str) -> String {
    format!("<![CDATA[{old}]]>")
}
fn with_child(old: &str) -> String {
    commented(old).replace("<!-- -->", "<x:y xmlns:x=\"urn:x\"/>")
}

pub static CARRIED: Family = Family {
    name: "comments and sections in values",
    class: "values in pieces",
    who: Who::Network,
    on: On::Response,
    source: "CVE-2017-11427 to -11430, CVE-2018-0489, VU#475445; digest in a comment: CVE-2025-29775; canonicalisation drops comments, so the signature holds",
    requirement: "wire-front-door",
    rows: &[
        altered(
            "comment-in-name-id",
            Edit::Text(NAME, Val::Of(commented)),
            "saml/comment",
            "A comment splits the name.",
        ),
        altered(
            "comment-in-issuer",
            Edit::Text(ISSUER, Val::Of(commented)),
            "saml/comment",
            "A comment splits the issuer.",
        ),
        altered(
            "comment-in-audience",
            Edit::Text(AUDIENCE, Val::Of(commented)),
            "saml/comment",
            "A comment splits the audience.",
        ),
        altered(
            "comment-in-class-ref",
            Edit::Text(CLASS, Val::Of(commented)),
            "saml/comment",
            "A comment splits the class of authentication.",
        ),
        altered(
            "comment-in-digest",
            Edit::Fn(|xml, _| {
                xml.contains("<ds:DigestValue>")
                    .then(|| xml.replacen("<ds:DigestValue>", "<ds:DigestValue><!--x-->", 1))
            }),
            "saml/comment",
            "A comment stands in the digest.",
        ),
        altered(
            "comment-in-signature-value",
            Edit::Fn(|xml, _| {
                xml.contains("<ds:SignatureValue>")
                    .then(|| xml.replacen("<ds:SignatureValue>", "<ds:SignatureValue><!--x-->", 1))
            }),
            "saml/comment",
            "A comment stands in the signature's value.",
        ),
        altered(
            "comment-between-elements",
            Edit::Put(Place::First, "Response/Assertion", "<!-- x -->"),
            "saml/comment",
            "A comment stands between elements.",
        ),
        altered(
            "comment-before-root",
            Edit::Put(Place::Before, "Response", "<!-- x -->"),
            "saml/comment",
            "A comment stands before the message.",
        ),
        altered("cdata-in-name-id", Edit::Text(NAME, Val::Of(sectioned)), "saml/cdata", "The name is a CDATA section."),
        altered(
            "cdata-in-audience",
            Edit::Text(AUDIENCE, Val::Of(sectioned)),
            "saml/cdata",
            "The audience is a CDATA section.",
        ),
        altered(
            "pi-before-root",
            Edit::Put(Place::Before, "Response", "<?xml-stylesheet href=\"https://evil.test/x.xsl\"?>"),
            "saml/processing-instruction",
            "A stylesheet is named before the message.",
        ),
    ],
};

pub static WRITTEN: Family = Family {
    name: "values that are no plain text",
    class: "values in pieces",
    who: Who::Idp,
    on: On::Response,
    source: "SAML core 1.3.1 and 2.2 (values are strings); CVE-2017-11428 family",
    requirement: "wire-front-door",
    rows: &[
        written(
            "pi-in-name-id",
            Edit::Text(NAME, Val::Of(instructed)),
            "saml/processing-instruction",
            "A processing instruction splits the name.",
        ),
        written(
            "child-in-name-id",
            Edit::Text(NAME, Val::Of(with_child)),
            "saml/not-text",
            "An element splits the name.",
        ),
        written(
            "child-in-issuer",
            Edit::Text(ISSUER, Val::Of(with_child)),
            "saml/not-text",
            "An element splits the issuer.",
        ),
        written(
            "child-in-audience",
            Edit::Text(AUDIENCE, Val::Of(with_child)),
            "saml/not-text",
            "An element splits the audience.",
        ),
        written(
            "child-in-class-ref",
            Edit::Text(CLASS, Val::Of(with_child)),
            "saml/not-text",
            "An element splits the class of authentication.",
        ),
        written(
            "name-id-nested",
            Edit::Text(NAME, Val::Of(|old| format!("<saml2:NameID>{old}</saml2:NameID>"))),
            "saml/not-text",
            "The name lies one element deeper.",
        ),
        written(
            "name-id-xinclude",
            Edit::Text(
                NAME,
                Val::Is(
                    "<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" parse=\"text\" href=\"file:///etc/hostname\"/>",
                ),
            ),
            "saml/not-text",
            "The name is to be included from a file.",
        ),
        written(
            "attribute-value-children",
            Edit::Put(
                Place::Last,
                "Response/Assertion",
                "<saml2:AttributeStatement><saml2:Attribute Name=\"role\"><saml2:AttributeValue>us<x:y xmlns:x=\"urn:x\"/>er</saml2:AttributeValue></saml2:Attribute></saml2:AttributeStatement>",
            ),
            "saml/not-text",
            "An element splits an attribute's value.",
        ),
    ],
};

/// An element of Extensions that has the assertion's id in this attribute.
fn named_in_extensions(xml: &str, attribute: &str) -> Option<String> {
    let id = crate::edit::attribute(xml, "Response/Assertion", "ID")?.to_string();
    let element = format!("<saml2p:Extensions><x:y xmlns:x=\"urn:x\" {attribute}=\"{id}\"/></saml2p:Extensions>");
    Some(xml.replacen("<saml2p:Status>", &format!("{element}<saml2p:Status>"), 1))
}

pub static IDS_CARRIED: Family = Family {
    name: "an id twice, by the network",
    class: "duplicate ids",
    who: Who::Network,
    on: On::SignedAssertion,
    source: "CVE-2021-28091 (lasso); GHSA-w553 (LightSAML); SAML core 1.3.4",
    requirement: "wire-one-assertion",
    rows: &[
        altered(
            "duplicate-id-extensions",
            Edit::Fn(|xml, _| named_in_extensions(xml, "ID")),
            "saml/duplicate-id",
            "An element of Extensions has the id of the signed assertion.",
        ),
        altered(
            "duplicate-id-lower-case",
            Edit::Fn(|xml, _| named_in_extensions(xml, "id")),
            "saml/duplicate-id",
            "An element of Extensions has that id in an attribute of small letters, which some resolvers take.",
        ),
        altered(
            "duplicate-id-xml-id",
            Edit::Fn(|xml, _| named_in_extensions(xml, "xml:id")),
            "saml/id",
            "An element of Extensions has that id as its xml:id.",
        ),
        altered(
            "duplicate-id-response",
            Edit::Fn(|xml, scene| {
                let id = crate::edit::attribute(xml, "Response/Assertion", "ID")?.to_string();
                let own = crate::edit::attribute(xml, "Response", "ID")?.to_string();
                let _ = scene;
                Some(xml.replacen(&format!(" ID=\"{own}\""), &format!(" ID=\"{id}\""), 1))
            }),
            "saml/duplicate-id",
            "The response takes the id of the signed assertion.",
        ),
    ],
};

pub static IDS_WRITTEN: Family = Family {
    name: "ids, by the sender",
    class: "duplicate ids",
    who: Who::Idp,
    on: On::SignedResponse,
    source: "SAML core 1.3.4 and 5.4.2",
    requirement: "wire-one-assertion",
    rows: &[
        written(
            "duplicate-id-signed",
            Edit::Fn(|xml, scene| {
                let id = crate::edit::attribute(xml, "Response", "ID")?.to_string();
                let old = crate::edit::attribute(xml, "Response/Assertion", "ID")?.to_string();
                let _ = scene;
                Some(xml.replacen(&format!(" ID=\"{old}\""), &format!(" ID=\"{id}\""), 1))
            }),
            "saml/duplicate-id",
            "Response and assertion have one id.",
        ),
        written(
            "response-id-missing",
            Edit::Attr("Response", "ID", Val::Gone),
            "saml/missing-attribute",
            "The response has no id.",
        ),
    ],
};
