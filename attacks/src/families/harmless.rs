//! Rewrites that change nothing of what is said. All of them must pass.

use crate::edit::{Edit, Place, Val};
use crate::redirect::{RSA_SHA256, parameter, quoted};
use crate::sign::With;
use crate::{Act, End, Family, On, Row, Shape, Who};

const fn passes(name: &'static str, act: Act, says: &'static str) -> Row {
    Row { name, act, end: End::Accepted, says }
}

const SOURCE: &str = "XML 1.0, Namespaces in XML, XML-DSig, SAML core: other software writes so";

/// Line breaks as many identity providers write them.
fn wrapped(text: &str) -> String {
    text.as_bytes().chunks(64).map(|c| String::from_utf8_lossy(c).into_owned()).collect::<Vec<_>>().join("\r\n")
}

fn broken_lines(old: &str) -> String {
    format!("\n{}\n", wrapped(old).replace('\r', ""))
}

/// White space between elements, where the schema has no text.
fn indented(xml: &str) -> String {
    xml.replace("><saml2", ">\n  <saml2").replace("></saml2", ">\n</saml2")
}

pub static CARRIED: Family = Family {
    name: "rewrites on the way",
    class: "harmless",
    who: Who::Network,
    on: On::Response,
    source: SOURCE,
    requirement: "wire-harmless",
    rows: &[
        passes(
            "harmless-xml-declaration",
            Act::Alter(Edit::Put(Place::Before, "Response", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")),
            "An XML declaration comes first.",
        ),
        passes(
            "harmless-trailing-newline",
            Act::Alter(Edit::Put(Place::After, "Response", "\n")),
            "A line break follows the message.",
        ),
        passes(
            "harmless-attribute-order",
            Act::Alter(Edit::Fn(|xml, _| {
                let version = " Version=\"2.0\"";
                let rest = xml.replacen(version, "", 1);
                Some(rest.replacen("<saml2p:Response", &format!("<saml2p:Response{version}"), 1))
            })),
            "The attributes of the response in another order.",
        ),
        passes(
            "harmless-attribute-spaces",
            Act::Alter(Edit::Fn(|xml, _| Some(xml.replacen(" Version=\"2.0\"", "\n   Version = \"2.0\"", 1)))),
            "White space between attributes.",
        ),
        passes(
            "harmless-single-quotes",
            Act::Alter(Edit::Fn(|xml, _| Some(xml.replacen(" Version=\"2.0\"", " Version='2.0'", 1)))),
            "Single quotes.",
        ),
        passes(
            "harmless-character-reference",
            Act::Alter(Edit::Text(
                "Response/Assertion/Subject/NameID",
                Val::Of(|old| {
                    let first = old.chars().next().unwrap_or('x');
                    format!("&#x{:x};{}", first as u32, old.get(first.len_utf8()..).unwrap_or_default())
                }),
            )),
            "A letter of the name by reference.",
        ),
        passes(
            "harmless-tag-spaces",
            Act::Alter(Edit::Fn(|xml, _| Some(xml.replacen("</saml2:NameID>", "</saml2:NameID >", 1)))),
            "White space in a closing tag.",
        ),
        passes(
            "harmless-empty-element",
            Act::Alter(Edit::Fn(|xml, _| {
                let spot = crate::edit::find(xml, "Response/Status/StatusCode")?;
                let open = spot.tag(xml).strip_suffix("/>")?;
                Some(format!("{}{open}></saml2p:StatusCode>{}", &xml[..spot.start], &xml[spot.end..]))
            })),
            "An empty element with a closing tag.",
        ),
        passes(
            "harmless-key-info-dropped",
            Act::Alter(Edit::Fn(|xml, _| {
                let (start, end) = (xml.find("<ds:KeyInfo>")?, xml.find("</ds:KeyInfo>")? + "</ds:KeyInfo>".len());
                // The outermost signature's own is not signed by itself; an inner one is covered by the outer signature.
                Some(format!("{}{}", &xml[..start], &xml[end..]))
            })),
            "KeyInfo is taken out: it is a hint.",
        ),
        passes(
            "harmless-unused-namespace",
            Act::Alter(Edit::Attr("Response", "xmlns:unused", Val::Is("urn:unused"))),
            "A namespace that nobody uses.",
        ),
        passes(
            "harmless-base64-lines",
            Act::Form(|encoded| vec![("SAMLResponse".into(), wrapped(encoded))]),
            "Line breaks in the form's base64.",
        ),
        passes(
            "harmless-form-order",
            Act::Form(|encoded| vec![("x".into(), "y".into()), ("SAMLResponse".into(), encoded.into())]),
            "Another field stands before the message.",
        ),
    ],
};

pub static WRITTEN: Family = Family {
    name: "other ways of writing",
    class: "harmless",
    who: Who::Idp,
    on: On::Response,
    source: SOURCE,
    requirement: "wire-harmless",
    rows: &[
        passes(
            "harmless-prefixes",
            Act::Write(Edit::Fn(|xml, _| Some(xml.replace("saml2p:", "samlp:").replace(":saml2p", ":samlp")))),
            "Another prefix for the protocol.",
        ),
        passes(
            "harmless-default-namespace",
            Act::Write(Edit::Fn(|xml, _| {
                Some(xml.replace("<saml2p:Status", "<Status").replace("</saml2p:Status", "</Status").replacen(
                    "<saml2p:Response",
                    "<saml2p:Response xmlns=\"urn:oasis:names:tc:SAML:2.0:protocol\"",
                    1,
                ))
            })),
            "The protocol as the default namespace.",
        ),
        passes(
            "harmless-indented",
            Act::Write(Edit::Fn(|xml, _| Some(indented(xml)))),
            "White space between elements.",
        ),
        passes(
            "harmless-second-audience",
            Act::Write(Edit::Put(
                Place::First,
                "Response/Assertion/Conditions/AudienceRestriction",
                "<saml2:Audience>https://other.test/sp</saml2:Audience>",
            )),
            "A second audience in the same restriction: either suffices.",
        ),
        passes(
            "harmless-second-restriction",
            Act::Write(Edit::Double("Response/Assertion/Conditions/AudienceRestriction")),
            "A second restriction that also names us.",
        ),
        passes(
            "harmless-one-time-use",
            Act::Write(Edit::Put(Place::Last, "Response/Assertion/Conditions", "<saml2:OneTimeUse/>")),
            "OneTimeUse, which is how every assertion is treated.",
        ),
        passes(
            "harmless-attribute-statement",
            Act::Write(Edit::Put(
                Place::Last,
                "Response/Assertion",
                "<saml2:AttributeStatement><saml2:Attribute Name=\"colour\"><saml2:AttributeValue>blue</saml2:AttributeValue></saml2:Attribute></saml2:AttributeStatement>",
            )),
            "An attribute of the person.",
        ),
        passes(
            "harmless-statements-swapped",
            Act::Write(Edit::Fn(|xml, _| {
                let statement = crate::edit::find(xml, "Response/Assertion/AuthnStatement")?;
                let text = statement.text(xml).to_string();
                let rest = format!("{}{}", &xml[..statement.start], &xml[statement.end..]);
                let at = crate::edit::find(&rest, "Response/Assertion/Conditions")?.start;
                Some(format!("{}{text}{}", &rest[..at], &rest[at..]))
            })),
            "The statement stands before the conditions.",
        ),
        passes(
            "harmless-no-beginning",
            Act::Write(Edit::Attr("Response/Assertion/Conditions", "NotBefore", Val::Gone)),
            "The conditions have no beginning, which core 2.5.1.2 leaves open.",
        ),
        passes(
            "harmless-no-end",
            Act::Write(Edit::Attr("Response/Assertion/Conditions", "NotOnOrAfter", Val::Gone)),
            "The conditions have no end: the confirmation has one.",
        ),
        passes(
            "harmless-attribute-type",
            Act::Write(Edit::Put(
                Place::Last,
                "Response/Assertion",
                "<saml2:AttributeStatement><saml2:Attribute Name=\"colour\"><saml2:AttributeValue \
                 xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
                 xsi:type=\"xs:string\">blue</saml2:AttributeValue></saml2:Attribute></saml2:AttributeStatement>",
            )),
            "An attribute of the person that says its type.",
        ),
        passes(
            "harmless-seconds",
            Act::Write(Edit::Attr(
                "Response/Assertion",
                "IssueInstant",
                Val::Of(|old| format!("{}Z", old.split('.').next().unwrap_or_default())),
            )),
            "A time without fractions.",
        ),
        passes(
            "harmless-microseconds",
            Act::Write(Edit::Attr("Response/Assertion", "IssueInstant", Val::Of(|old| old.replace('Z', "000Z")))),
            "A time with microseconds.",
        ),
        passes(
            "harmless-name-format",
            Act::Write(Edit::Attr("Response/Assertion/Subject/NameID", "Format", Val::Gone)),
            "The name says nothing of its format.",
        ),
        passes(
            "harmless-status-message",
            Act::Write(Edit::Put(
                Place::Last,
                "Response/Status",
                "<saml2p:StatusMessage>welcome</saml2p:StatusMessage>",
            )),
            "Success with a message.",
        ),
        passes(
            "harmless-extensions",
            Act::Write(Edit::Put(
                Place::Before,
                "Response/Status",
                "<saml2p:Extensions><x:y xmlns:x=\"urn:x\">z</x:y></saml2p:Extensions>",
            )),
            "Extensions nobody knows.",
        ),
        passes(
            "harmless-consent",
            Act::Write(Edit::Attr("Response", "Consent", Val::Is("urn:oasis:names:tc:SAML:2.0:consent:unspecified"))),
            "A statement of consent.",
        ),
        passes(
            "harmless-address",
            Act::Write(Edit::Attr(
                "Response/Assertion/Subject/SubjectConfirmation/SubjectConfirmationData",
                "Address",
                Val::Is("198.51.100.7"),
            )),
            "The client's address in the confirmation.",
        ),
        passes(
            "harmless-signature-lines",
            Act::Sign(Shape {
                edit: Some(Edit::Text("Signature/KeyInfo/X509Data/X509Certificate", Val::Of(broken_lines))),
                with: With::Real,
            }),
            "Line breaks in the certificate's base64.",
        ),
        passes(
            "harmless-sha512",
            Act::Sign(Shape {
                edit: Some(Edit::All(&[
                    crate::sign::algorithm(
                        "Signature/SignedInfo/SignatureMethod",
                        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
                    ),
                    crate::sign::algorithm(
                        "Signature/SignedInfo/Reference/DigestMethod",
                        "http://www.w3.org/2001/04/xmlenc#sha512",
                    ),
                ])),
                with: With::Real,
            }),
            "SHA-512.",
        ),
        passes(
            "harmless-inclusive-prefixes",
            Act::Sign(Shape {
                edit: Some(Edit::Swap(
                    "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>",
                    "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"><ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"xs\"/></ds:Transform>",
                )),
                with: With::Real,
            }),
            "Exclusive canonicalisation with a list of prefixes.",
        ),
    ],
};

pub static REQUEST: Family = Family {
    name: "other ways of asking",
    class: "harmless",
    who: Who::Sp,
    on: On::PostedRequest,
    source: SOURCE,
    requirement: "wire-harmless",
    rows: &[
        passes(
            "harmless-force-authn-1",
            Act::Write(Edit::Attr("AuthnRequest", "ForceAuthn", Val::Is("1"))),
            "ForceAuthn is `1`, which is true in XML.",
        ),
        passes(
            "harmless-is-passive-0",
            Act::Write(Edit::Attr("AuthnRequest", "IsPassive", Val::Is("0"))),
            "IsPassive is `0`, which is false in XML.",
        ),
        passes(
            "harmless-request-indented",
            Act::Write(Edit::Fn(|xml, _| Some(xml.replace("><saml2", ">\n<saml2")))),
            "White space between the request's elements.",
        ),
        passes(
            "harmless-request-scoping",
            Act::Write(Edit::Put(Place::Last, "AuthnRequest", "<saml2p:Scoping ProxyCount=\"1\"/>")),
            "A wish about proxies.",
        ),
        passes(
            "harmless-request-provider-name",
            Act::Write(Edit::Attr("AuthnRequest", "ProviderName", Val::Is("A provider"))),
            "The provider's name for people.",
        ),
    ],
};

pub static QUERY: Family = Family {
    name: "other queries",
    class: "harmless",
    who: Who::Network,
    on: On::Redirect,
    source: SOURCE,
    requirement: "wire-harmless",
    rows: &[
        passes(
            "harmless-query-order",
            Act::Query(|q, _| {
                let mut parts: Vec<&str> = q.split('&').collect();
                parts.reverse();
                Some(parts.join("&"))
            }),
            "The parameters in another order: the signature has its own.",
        ),
        passes(
            "harmless-query-extra",
            Act::Query(|q, _| Some(format!("{q}&utm_source=mail"))),
            "A parameter nobody knows.",
        ),
        passes(
            "harmless-query-encoding",
            Act::Query(|q, _| {
                Some(format!(
                    "{q}&SAMLEncoding={}",
                    quoted("urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE")
                ))
            }),
            "The encoding is named: it is the usual one.",
        ),
        passes(
            "harmless-query-lower-case",
            Act::Query(|q, s| {
                let state = format!("{}%2f", parameter(q, "RelayState")?.trim_end_matches("%2F"));
                let q = crate::redirect::with(q, "RelayState", Some(&state))?;
                let changed = crate::redirect::signed(&q, parameter(&q, "SAMLRequest")?, RSA_SHA256, With::Real, s)?;
                Some(changed)
            }),
            "Small letters in the escapes, signed as they are.",
        ),
    ],
};
