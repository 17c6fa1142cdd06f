//! What a broken or lying sender states of the device. All of it must end in a device that does not count as trusted.

use super::written;
use crate::edit::{Edit, Place, Val};
use crate::{Act, End, Family, On, Row, Who};

const CONTEXT: &str = "Response/Assertion/AuthnStatement/AuthnContext";
const DECL: &str = "Response/Assertion/AuthnStatement/AuthnContext/AuthnContextDecl";
const DECLARATION: &str =
    "Response/Assertion/AuthnStatement/AuthnContext/AuthnContextDecl/AuthenticationContextDeclaration";
const EXTENSION: &str =
    "Response/Assertion/AuthnStatement/AuthnContext/AuthnContextDecl/AuthenticationContextDeclaration/Extension";
const DEVICE: &str =
    "Response/Assertion/AuthnStatement/AuthnContext/AuthnContextDecl/AuthenticationContextDeclaration/Extension/Device";
const POSTURE_: &str = "Response/Assertion/AuthnStatement/AuthnContext/AuthnContextDecl/AuthenticationContextDeclaration/Extension/Device/Posture";
const FACT: &str = "Response/Assertion/AuthnStatement/AuthnContext/AuthnContextDecl/AuthenticationContextDeclaration/Extension/Device/Posture/Fact";
const TRUE: &str = "<Fact Name=\"IsManaged\" Value=\"true\"/>";

const fn untrusted(name: &'static str, edit: Edit, says: &'static str) -> Row {
    Row { name, act: Act::Write(edit), end: End::NotTrusted, says }
}

const fn value(name: &'static str, value: &'static str, says: &'static str) -> Row {
    untrusted(name, Edit::Attr(FACT, "Value", Val::Is(value)), says)
}

/// The declaration moves to `open … close`, put at the end of the element at `path`.
fn moved(xml: &str, path: &str, open: &str, close: &str) -> Option<String> {
    let spot = crate::edit::find(xml, DECL)?;
    let decl = spot.text(xml).to_string();
    let rest = format!("{}{}", &xml[..spot.start], &xml[spot.end..]);
    let at = crate::edit::find(&rest, path)?;
    Some(format!("{}{open}{decl}{close}{}", &rest[..at.close], &rest[at.close..]))
}

pub static POSTURE: Family = Family {
    name: "the posture declaration",
    class: "posture",
    who: Who::Idp,
    on: On::Response,
    source: "The device-trust rules that follow from the seed: absent, doubled, unknown or in another case counts as unmanaged",
    requirement: "posture-fails-closed",
    rows: &[
        untrusted("posture-absent", Edit::Drop(DECL), "There is no declaration."),
        untrusted("posture-empty", Edit::Text(DECL, Val::Is("")), "The declaration is empty."),
        untrusted("posture-no-extension", Edit::Drop(EXTENSION), "The declaration has no extension."),
        untrusted("posture-no-device", Edit::Drop(DEVICE), "The extension describes no device."),
        untrusted("posture-no-posture", Edit::Drop(POSTURE_), "The device has no posture."),
        untrusted("posture-no-fact", Edit::Drop(FACT), "The posture states no fact."),
        value("posture-false", "false", "The device is not managed."),
        value("posture-unknown-value", "perhaps", "The value is a word nobody knows."),
        value("posture-empty-value", "", "The value is empty."),
        value("posture-capital-value", "True", "The value is `True`."),
        value("posture-upper-value", "TRUE", "The value is `TRUE`."),
        value("posture-one", "1", "The value is `1`."),
        value("posture-yes", "yes", "The value is `yes`."),
        value("posture-spaces", " true ", "Spaces surround the value."),
        untrusted("posture-value-missing", Edit::Attr(FACT, "Value", Val::Gone), "The fact has no value."),
        untrusted(
            "posture-name-lower-case",
            Edit::Attr(FACT, "Name", Val::Is("ismanaged")),
            "The fact's name in small letters.",
        ),
        untrusted(
            "posture-name-space",
            Edit::Attr(FACT, "Name", Val::Is("IsManaged ")),
            "A space follows the fact's name.",
        ),
        untrusted("posture-name-missing", Edit::Attr(FACT, "Name", Val::Gone), "The fact has no name."),
        untrusted(
            "posture-attribute-case",
            Edit::All(&[Edit::Attr(FACT, "value", Val::Is("true")), Edit::Attr(FACT, "Value", Val::Gone)]),
            "The attribute's name in small letters.",
        ),
        untrusted(
            "posture-other-fact-only",
            Edit::Attr(FACT, "Name", Val::Is("IsCompliant")),
            "Only compliance is stated.",
        ),
        untrusted("posture-doubled-same", Edit::Double(FACT), "The fact stands there twice, both times true."),
        untrusted(
            "posture-doubled-false-first",
            Edit::Put(Place::First, POSTURE_, "<Fact Name=\"IsManaged\" Value=\"false\"/>"),
            "False stands before true.",
        ),
        untrusted(
            "posture-doubled-false-last",
            Edit::Put(Place::Last, POSTURE_, "<Fact Name=\"IsManaged\" Value=\"false\"/>"),
            "False stands after true.",
        ),
        untrusted(
            "posture-doubled-no-value",
            Edit::Put(Place::Last, POSTURE_, "<Fact Name=\"IsManaged\"/>"),
            "A second fact has no value.",
        ),
        untrusted(
            "posture-text-instead",
            Edit::Text(POSTURE_, Val::Is("<Fact Name=\"IsManaged\">true</Fact>")),
            "The value is text instead of an attribute.",
        ),
        untrusted(
            "posture-fact-outside",
            Edit::All(&[Edit::Drop(FACT), Edit::Put(Place::Last, DEVICE, TRUE)]),
            "The fact lies outside the posture.",
        ),
        untrusted(
            "posture-fact-deeper",
            Edit::Text(POSTURE_, Val::Is("<Facts><Fact Name=\"IsManaged\" Value=\"true\"/></Facts>")),
            "The fact lies one element deeper.",
        ),
        untrusted(
            "posture-fact-other-namespace",
            Edit::Text(POSTURE_, Val::Is("<x:Fact xmlns:x=\"urn:x\" Name=\"IsManaged\" Value=\"true\"/>")),
            "The fact is of another namespace.",
        ),
        untrusted(
            "posture-other-declaration",
            Edit::Fn(|xml, _| Some(xml.replace("AuthenticationContextDeclaration", "ContextDeclaration"))),
            "The declaration has another name.",
        ),
        untrusted("posture-two-declarations-inside", Edit::Double(DECLARATION), "Two declarations lie in one."),
        untrusted(
            "posture-attribute-statement-only",
            Edit::All(&[
                Edit::Drop(DECL),
                Edit::Put(
                    Place::Last,
                    "Response/Assertion",
                    "<saml2:AttributeStatement><saml2:Attribute Name=\"IsManaged\"><saml2:AttributeValue>true</saml2:AttributeValue></saml2:Attribute></saml2:AttributeStatement>",
                ),
            ]),
            "Managed is an attribute of the person instead.",
        ),
        untrusted(
            "posture-class-ref-only",
            Edit::All(&[
                Edit::Drop(DECL),
                Edit::Text(
                    "Response/Assertion/AuthnStatement/AuthnContext/AuthnContextClassRef",
                    Val::Is("urn:okta:saml:2.0:DevicePosture"),
                ),
            ]),
            "The class of authentication is the posture's, and there is no declaration.",
        ),
        untrusted(
            "posture-in-extensions",
            Edit::Fn(|xml, _| {
                let moved = moved(xml, "Response/Status", "", "")?;
                Some(moved.replacen("<saml2p:Status>", "<saml2p:Extensions/><saml2p:Status>", 1))
            }),
            "The declaration lies in the response, outside the assertion.",
        ),
        untrusted(
            "posture-in-advice",
            Edit::Fn(|xml, _| moved(xml, "Response/Assertion", "<saml2:Advice>", "</saml2:Advice>")),
            "The declaration lies in the assertion's Advice.",
        ),
        untrusted(
            "posture-in-subject",
            Edit::Fn(|xml, _| moved(xml, "Response/Assertion/Subject", "", "")),
            "The declaration lies in the subject.",
        ),
        untrusted(
            "posture-beside-context",
            Edit::Fn(|xml, _| moved(xml, "Response/Assertion/AuthnStatement", "", "")),
            "The declaration lies beside the context.",
        ),
        untrusted(
            "posture-declaration-as-text",
            Edit::Text(DECL, Val::Of(|old| old.replace('<', "&lt;"))),
            "The declaration is text.",
        ),
        untrusted(
            "posture-declaration-reference",
            Edit::Fn(|xml, scene| {
                let rest = Edit::Drop(DECL).apply(xml, scene)?;
                Edit::Put(
                    Place::Last,
                    CONTEXT,
                    "<saml2:AuthnContextDeclRef>https://evil.test/managed.xml</saml2:AuthnContextDeclRef>",
                )
                .apply(&rest, scene)
            }),
            "The declaration is to be fetched from elsewhere.",
        ),
        written(
            "twice-posture-declaration",
            Edit::Double(DECL),
            "saml/repeated-element",
            "There are two declarations.",
        ),
        untrusted("posture-device-doubled", Edit::Double(DEVICE), "There are two devices."),
        untrusted("posture-posture-doubled", Edit::Double(POSTURE_), "The device has two postures."),
        untrusted("posture-extension-doubled", Edit::Double(EXTENSION), "The declaration has two extensions."),
    ],
};
