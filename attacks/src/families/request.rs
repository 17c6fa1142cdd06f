//! Requests of a misbehaving service provider, properly signed.

use super::written;
use crate::edit::{Edit, Place, Val};
use crate::{Family, On, Who};

const R: &str = "AuthnRequest";

pub static REQUEST: Family = Family {
    name: "the request's fields",
    class: "requests",
    who: Who::Sp,
    on: On::PostedRequest,
    source: "SAML core 3.2.1, 3.4.1; profiles 4.1.4.1; bindings 3.5.5.2",
    requirement: "wire-authn-request",
    rows: &[
        written(
            "request-foreign-acs",
            Edit::Attr(R, "AssertionConsumerServiceURL", Val::Is("https://evil.test/acs")),
            "saml/acs-unknown",
            "The answer is to go to an address that is not registered.",
        ),
        written(
            "request-acs-longer-host",
            Edit::Attr(R, "AssertionConsumerServiceURL", Val::Of(|old| format!("{old}.evil.test"))),
            "saml/acs-unknown",
            "The address only begins like the registered one.",
        ),
        written(
            "request-acs-javascript",
            Edit::Attr(R, "AssertionConsumerServiceURL", Val::Is("javascript:alert(1)")),
            "saml/acs-unknown",
            "The address is a script.",
        ),
        written(
            "request-issuer-unknown",
            Edit::Text("AuthnRequest/Issuer", Val::Is("https://evil.test/sp")),
            "saml/issuer",
            "Nobody knows who asks.",
        ),
        written(
            "request-issuer-missing",
            Edit::Drop("AuthnRequest/Issuer"),
            "saml/missing-element",
            "It does not say who asks.",
        ),
        written("request-issuer-doubled", Edit::Double("AuthnRequest/Issuer"), "saml/repeated-element", "Two ask."),
        written(
            "request-destination-wrong",
            Edit::Attr(R, "Destination", Val::Is("https://evil.test/sso")),
            "saml/destination",
            "It goes elsewhere.",
        ),
        written(
            "request-destination-missing",
            Edit::Attr(R, "Destination", Val::Gone),
            "saml/destination",
            "A signed request that does not say where it goes.",
        ),
        written("request-version", Edit::Attr(R, "Version", Val::Is("1.1")), "saml/version", "It is of version 1.1."),
        written("request-id-missing", Edit::Attr(R, "ID", Val::Gone), "saml/missing-attribute", "It has no id."),
        written(
            "request-issued-in-the-future",
            Edit::Attr(R, "IssueInstant", Val::Late(1)),
            "saml/not-yet-valid",
            "It was issued later than the skew allows.",
        ),
        written(
            "request-issue-instant-garbage",
            Edit::Attr(R, "IssueInstant", Val::Is("now")),
            "saml/time",
            "It does not say when it was issued.",
        ),
        written(
            "request-force-authn-word",
            Edit::Attr(R, "ForceAuthn", Val::Is("yes")),
            "saml/boolean",
            "ForceAuthn is a word that is no boolean.",
        ),
        written(
            "request-force-authn-capital",
            Edit::Attr(R, "ForceAuthn", Val::Is("True")),
            "saml/boolean",
            "ForceAuthn is `True`, which is no xs:boolean.",
        ),
        written(
            "request-subject-doubled",
            Edit::Put(
                Place::After,
                "AuthnRequest/Issuer",
                "<s:Subject xmlns:s=\"urn:oasis:names:tc:SAML:2.0:assertion\"><s:NameID>a</s:NameID></s:Subject><s:Subject xmlns:s=\"urn:oasis:names:tc:SAML:2.0:assertion\"><s:NameID>b</s:NameID></s:Subject>",
            ),
            "saml/repeated-element",
            "Two people are proposed.",
        ),
        written(
            "request-context-doubled",
            Edit::Double("AuthnRequest/RequestedAuthnContext"),
            "saml/repeated-element",
            "Two contexts are asked for.",
        ),
        written(
            "request-is-a-response",
            Edit::Fn(|xml, _| Some(xml.replace("AuthnRequest", "LogoutRequest"))),
            "saml/root",
            "A logout request instead.",
        ),
    ],
};
