//! Each field changed on its way: what was signed no longer stands there.

use super::altered;
use crate::edit::{Edit, Val};
use crate::{Family, On, Row, Who};

const SOURCE: &str = "XML-DSig core validation; what a signature is for";
const A: &str = "Response/Assertion";

const fn attr(name: &'static str, path: &'static str, attribute: &'static str, val: Val, says: &'static str) -> Row {
    altered(name, Edit::Attr(path, attribute, val), "saml/signature-invalid", says)
}

const fn text(name: &'static str, path: &'static str, val: Val, says: &'static str) -> Row {
    altered(name, Edit::Text(path, val), "saml/signature-invalid", says)
}

/// Another base64 character in front: still base64, another value.
fn flip(old: &str) -> String {
    let first = if old.starts_with('A') { 'B' } else { 'A' };
    format!("{first}{}", old.get(1..).unwrap_or_default())
}

pub static RESPONSE: Family = Family {
    name: "tampering with a signed response",
    class: "tampering",
    who: Who::Network,
    on: On::SignedResponse,
    source: SOURCE,
    requirement: "wire-verified-node",
    rows: &[
        altered(
            "tamper-response-id",
            Edit::Attr("Response", "ID", Val::Is("_other")),
            "saml/reference",
            "The response has another id than the one that is signed.",
        ),
        attr(
            "tamper-response-issue-instant",
            "Response",
            "IssueInstant",
            Val::At(1),
            "The response was issued a second later.",
        ),
        attr(
            "tamper-destination",
            "Response",
            "Destination",
            Val::Is("https://evil.test/acs"),
            "The response goes elsewhere.",
        ),
        altered(
            "tamper-response-in-response-to",
            Edit::Attr("Response", "InResponseTo", Val::Is("_other")),
            "saml/signature-invalid|saml/in-response-to",
            "The response answers another request.",
        ),
        text(
            "tamper-response-issuer",
            "Response/Issuer",
            Val::Is("https://evil.test/idp"),
            "Another issuer of the response.",
        ),
        attr(
            "tamper-status",
            "Response/Status/StatusCode",
            "Value",
            Val::Is("urn:oasis:names:tc:SAML:2.0:status:Requester"),
            "Success becomes failure.",
        ),
        text(
            "tamper-digest",
            "Response/Signature/SignedInfo/Reference/DigestValue",
            Val::Of(flip),
            "One character of the digest.",
        ),
        text(
            "tamper-signature-value",
            "Response/Signature/SignatureValue",
            Val::Of(flip),
            "One character of the signature.",
        ),
        text(
            "tamper-signature-not-base64",
            "Response/Signature/SignatureValue",
            Val::Is("!!!"),
            "The signature is not base64.",
        ),
        altered(
            "tamper-attribute-added",
            Edit::Attr("Response", "Consent", Val::Is("urn:x")),
            "saml/signature-invalid",
            "An attribute is added to the response.",
        ),
    ],
};

pub static ASSERTION: Family = Family {
    name: "tampering with an assertion",
    class: "tampering",
    who: Who::Network,
    on: On::Response,
    source: SOURCE,
    requirement: "wire-verified-node",
    rows: &[
        attr(
            "tamper-assertion-issue-instant",
            A,
            "IssueInstant",
            Val::At(1),
            "The assertion was issued a second later.",
        ),
        text(
            "tamper-assertion-issuer",
            "Response/Assertion/Issuer",
            Val::Is("https://evil.test/idp"),
            "Another issuer of the assertion.",
        ),
        text("tamper-name-id", "Response/Assertion/Subject/NameID", Val::Evil, "Somebody else is named."),
        attr(
            "tamper-name-id-format",
            "Response/Assertion/Subject/NameID",
            "Format",
            Val::Is("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"),
            "The name has another format.",
        ),
        attr(
            "tamper-name-qualifier",
            "Response/Assertion/Subject/NameID",
            "NameQualifier",
            Val::Is("urn:x"),
            "The name is qualified otherwise.",
        ),
        attr(
            "tamper-confirmation-method",
            "Response/Assertion/Subject/SubjectConfirmation",
            "Method",
            Val::Is("urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"),
            "Another confirmation method.",
        ),
        attr(
            "tamper-recipient",
            "Response/Assertion/Subject/SubjectConfirmation/SubjectConfirmationData",
            "Recipient",
            Val::Is("https://evil.test/acs"),
            "Another recipient.",
        ),
        attr(
            "tamper-confirmation-end",
            "Response/Assertion/Subject/SubjectConfirmation/SubjectConfirmationData",
            "NotOnOrAfter",
            Val::At(86_400),
            "The confirmation lasts a day longer.",
        ),
        attr(
            "tamper-assertion-in-response-to",
            "Response/Assertion/Subject/SubjectConfirmation/SubjectConfirmationData",
            "InResponseTo",
            Val::Is("_other"),
            "The confirmation answers another request.",
        ),
        attr(
            "tamper-not-before",
            "Response/Assertion/Conditions",
            "NotBefore",
            Val::At(-86_400),
            "Valid since yesterday.",
        ),
        attr(
            "tamper-not-on-or-after",
            "Response/Assertion/Conditions",
            "NotOnOrAfter",
            Val::At(86_400),
            "Valid for a day longer.",
        ),
        text(
            "tamper-audience",
            "Response/Assertion/Conditions/AudienceRestriction/Audience",
            Val::Is("https://evil.test/sp"),
            "Meant for somebody else.",
        ),
        attr(
            "tamper-authn-instant",
            "Response/Assertion/AuthnStatement",
            "AuthnInstant",
            Val::At(-1),
            "Authenticated a second earlier.",
        ),
        attr(
            "tamper-session-index",
            "Response/Assertion/AuthnStatement",
            "SessionIndex",
            Val::Is("_other"),
            "Another session.",
        ),
        text(
            "tamper-class-ref",
            "Response/Assertion/AuthnStatement/AuthnContext/AuthnContextClassRef",
            Val::Is("urn:x"),
            "Another class of authentication.",
        ),
        altered(
            "tamper-element-dropped",
            Edit::Drop("Response/Assertion/Conditions/AudienceRestriction"),
            "saml/signature-invalid",
            "The audience restriction is taken out.",
        ),
        altered(
            "tamper-element-doubled",
            Edit::Double("Response/Assertion/AuthnStatement"),
            "saml/signature-invalid",
            "The statement is there twice.",
        ),
        altered(
            "tamper-attribute-statement",
            Edit::Put(
                crate::Place::Last,
                A,
                "<saml2:AttributeStatement><saml2:Attribute Name=\"role\"><saml2:AttributeValue>admin</saml2:AttributeValue></saml2:Attribute></saml2:AttributeStatement>",
            ),
            "saml/signature-invalid",
            "An attribute is added to the assertion.",
        ),
    ],
};

pub static REQUEST: Family = Family {
    name: "tampering with a signed request",
    class: "tampering",
    who: Who::Network,
    on: On::PostedRequest,
    source: SOURCE,
    requirement: "wire-authn-request",
    rows: &[
        attr(
            "tamper-force-authn",
            "AuthnRequest",
            "ForceAuthn",
            Val::Is("false"),
            "The wish for a fresh authentication is taken away.",
        ),
        attr(
            "tamper-request-acs",
            "AuthnRequest",
            "AssertionConsumerServiceURL",
            Val::Is("https://evil.test/acs"),
            "The answer is to go elsewhere.",
        ),
        altered(
            "tamper-request-id",
            Edit::Attr("AuthnRequest", "ID", Val::Is("_other")),
            "saml/reference",
            "The request has another id than the one that is signed.",
        ),
        altered(
            "tamper-requested-context",
            Edit::Drop("AuthnRequest/RequestedAuthnContext"),
            "saml/signature-invalid",
            "The wish for device trust is taken away.",
        ),
        altered(
            "tamper-request-subject",
            Edit::Put(
                crate::Place::After,
                "AuthnRequest/Signature",
                "<s:Subject xmlns:s=\"urn:oasis:names:tc:SAML:2.0:assertion\"><s:NameID>mallory</s:NameID></s:Subject>",
            ),
            "saml/signature-invalid",
            "Somebody else is proposed.",
        ),
    ],
};
