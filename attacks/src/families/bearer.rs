//! What a misbehaving identity provider says, properly signed: wrong, missing and doubled at every place.

use super::written;
use crate::edit::{Edit, Place, Val};
use crate::{Act, End, Family, On, Row, Who};

const A: &str = "Response/Assertion";
const AUDIENCES: &str = "Response/Assertion/Conditions/AudienceRestriction";
const AUDIENCE: &str = "Response/Assertion/Conditions/AudienceRestriction/Audience";
const CONDITIONS: &str = "Response/Assertion/Conditions";
const SUBJECT: &str = "Response/Assertion/Subject";
const NAME: &str = "Response/Assertion/Subject/NameID";
const CONFIRMATION: &str = "Response/Assertion/Subject/SubjectConfirmation";
const DATA: &str = "Response/Assertion/Subject/SubjectConfirmation/SubjectConfirmationData";
const STATEMENT: &str = "Response/Assertion/AuthnStatement";

fn slash(old: &str) -> String {
    format!("{old}/")
}
fn upper(old: &str) -> String {
    old.to_uppercase()
}
fn longer(old: &str) -> String {
    format!("{old}.evil.test")
}
fn query(old: &str) -> String {
    format!("{old}?x=y")
}
fn plain(old: &str) -> String {
    old.replacen("https://", "http://", 1)
}
fn shorter(old: &str) -> String {
    old.get(..old.len().saturating_sub(1)).unwrap_or_default().into()
}

const fn destination(name: &'static str, val: Val, says: &'static str) -> Row {
    written(name, Edit::Attr("Response", "Destination", val), "saml/destination", says)
}
const fn recipient(name: &'static str, val: Val, says: &'static str) -> Row {
    written(name, Edit::Attr(DATA, "Recipient", val), "saml/recipient", says)
}
const fn audience(name: &'static str, val: Val, says: &'static str) -> Row {
    written(name, Edit::Text(AUDIENCE, val), "saml/audience", says)
}

pub static ENVELOPE: Family = Family {
    name: "the response's own fields",
    class: "bearer checks",
    who: Who::Idp,
    on: On::SignedResponse,
    source: "SAML core 3.2.2; bindings 3.5.5.2; profiles 4.1.4.2 and 4.1.4.3; samael findings S4 and S5",
    requirement: "wire-bearer",
    rows: &[
        written(
            "issuer-wrong",
            Edit::Text("Response/Issuer", Val::Is("https://evil.test/idp")),
            "saml/issuer",
            "The response is by another issuer.",
        ),
        written("issuer-missing", Edit::Drop("Response/Issuer"), "saml/missing-element", "The response has no issuer."),
        written(
            "issuer-empty",
            Edit::Text("Response/Issuer", Val::Is("")),
            "saml/issuer",
            "The response's issuer is empty.",
        ),
        written(
            "issuer-doubled",
            Edit::Double("Response/Issuer"),
            "saml/repeated-element",
            "The response has two issuers.",
        ),
        written(
            "issuer-slash",
            Edit::Text("Response/Issuer", Val::Of(slash)),
            "saml/issuer",
            "A slash follows the issuer.",
        ),
        written(
            "issuer-upper-case",
            Edit::Text("Response/Issuer", Val::Of(upper)),
            "saml/issuer",
            "The issuer in capital letters.",
        ),
        destination("destination-wrong", Val::Is("https://evil.test/acs"), "The response is for another address."),
        destination("destination-missing", Val::Gone, "The response does not say where it goes."),
        destination("destination-empty", Val::Is(""), "The destination is empty."),
        destination("destination-slash", Val::Of(slash), "A slash follows the destination."),
        destination("destination-query", Val::Of(query), "A query follows the destination."),
        destination("destination-longer-host", Val::Of(longer), "The destination only begins like ours."),
        destination("destination-shorter", Val::Of(shorter), "The destination is a prefix of ours."),
        destination("destination-plain-http", Val::Of(plain), "The destination is ours without TLS."),
        destination("destination-upper-case", Val::Of(upper), "The destination in capital letters."),
        written(
            "in-response-to-wrong",
            Edit::Attr("Response", "InResponseTo", Val::Is("_other")),
            "saml/in-response-to",
            "The response answers another request.",
        ),
        written(
            "in-response-to-missing",
            Edit::Attr("Response", "InResponseTo", Val::Gone),
            "saml/in-response-to|saml/unsolicited",
            "The response answers no request, its confirmation does.",
        ),
        written(
            "in-response-to-empty",
            Edit::Attr("Response", "InResponseTo", Val::Is("")),
            "saml/in-response-to",
            "The response answers an empty id.",
        ),
        written(
            "version-missing",
            Edit::Attr("Response", "Version", Val::Gone),
            "saml/version",
            "The response has no version.",
        ),
        written(
            "version-1-1",
            Edit::Attr("Response", "Version", Val::Is("1.1")),
            "saml/version",
            "The response is of version 1.1.",
        ),
        written(
            "version-2-1",
            Edit::Attr("Response", "Version", Val::Is("2.1")),
            "saml/version",
            "The response is of version 2.1.",
        ),
        written("status-missing", Edit::Drop("Response/Status"), "saml/missing-element", "The response has no status."),
        written(
            "status-doubled",
            Edit::Double("Response/Status"),
            "saml/repeated-element",
            "The response has two statuses.",
        ),
        written(
            "status-code-missing",
            Edit::Drop("Response/Status/StatusCode"),
            "saml/missing-element",
            "The status has no code.",
        ),
        written(
            "status-error-with-assertion",
            Edit::Attr("Response/Status/StatusCode", "Value", Val::Is("urn:oasis:names:tc:SAML:2.0:status:Responder")),
            "saml/assertion-count",
            "A failure that carries an assertion.",
        ),
        written(
            "status-success-nested",
            Edit::Fn(|xml, _| {
                let success = "<saml2p:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/>";
                xml.contains(success).then(|| xml.replacen(success, &format!("<saml2p:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Responder\">{success}</saml2p:StatusCode>"), 1))
            }),
            "saml/assertion-count",
            "Success stands under a failure.",
        ),
        written(
            "status-success-lower-case",
            Edit::Attr("Response/Status/StatusCode", "Value", Val::Of(|old| old.to_lowercase())),
            "saml/assertion-count",
            "Success in small letters.",
        ),
        written("assertion-missing", Edit::Drop(A), "saml/assertion-count", "Success without an assertion."),
        written(
            "assertion-doubled",
            Edit::Fn(|xml, _| {
                let spot = crate::edit::find(xml, A)?;
                let id = crate::edit::attribute(xml, A, "ID")?;
                Some(format!(
                    "{}{}{}",
                    &xml[..spot.end],
                    spot.text(xml).replacen(id, "_second", 1).replace("<Device ID=\"", "<Device ID=\"_second"),
                    &xml[spot.end..]
                ))
            }),
            "saml/assertion-count",
            "Two assertions, both covered by the signature.",
        ),
        written(
            "assertion-encrypted",
            Edit::Fn(|xml, _| {
                let spot = crate::edit::find(xml, A)?;
                let cipher = "<saml2:EncryptedAssertion><x:EncryptedData xmlns:x=\"http://www.w3.org/2001/04/xmlenc#\"/></saml2:EncryptedAssertion>";
                Some(format!("{}{cipher}{}", &xml[..spot.start], &xml[spot.end..]))
            }),
            "saml/encrypted",
            "The assertion is encrypted.",
        ),
        written(
            "assertion-and-encrypted",
            Edit::Put(Place::After, A, "<saml2:EncryptedAssertion/>"),
            "saml/encrypted",
            "An encrypted assertion beside the plain one.",
        ),
        written(
            "root-logout-response",
            Edit::Fn(|xml, _| Some(xml.replace("saml2p:Response", "saml2p:LogoutResponse"))),
            "saml/root",
            "A logout response.",
        ),
        written(
            "root-artifact-response",
            Edit::Fn(|xml, _| Some(xml.replace("saml2p:Response", "saml2p:ArtifactResponse"))),
            "saml/root",
            "An artifact response.",
        ),
        written(
            "root-saml-1-1",
            Edit::Swap("urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:1.0:protocol"),
            "saml/root",
            "The response is of SAML 1.1.",
        ),
        written(
            "root-no-namespace",
            Edit::Fn(|xml, _| {
                Some(xml.replacen("<saml2p:Response", "<Response", 1).replacen("</saml2p:Response>", "</Response>", 1))
            }),
            "saml/root",
            "The root has no namespace.",
        ),
        written(
            "response-issued-in-the-future",
            Edit::Attr("Response", "IssueInstant", Val::Late(1)),
            "saml/not-yet-valid",
            "The response was issued later than the skew allows.",
        ),
        written(
            "response-issue-instant-missing",
            Edit::Attr("Response", "IssueInstant", Val::Gone),
            "saml/missing-attribute",
            "The response does not say when it was issued.",
        ),
    ],
};

pub static ASSERTION: Family = Family {
    name: "the assertion's fields",
    class: "bearer checks",
    who: Who::Idp,
    on: On::Response,
    source: "SAML core 2.3 to 2.7; profiles 4.1.4.2 and 4.1.4.3; samael finding S5",
    requirement: "wire-bearer",
    rows: &[
        written(
            "assertion-issuer-wrong",
            Edit::Text("Response/Assertion/Issuer", Val::Is("https://evil.test/idp")),
            "saml/issuer",
            "The assertion is by another issuer.",
        ),
        written(
            "assertion-issuer-missing",
            Edit::Drop("Response/Assertion/Issuer"),
            "saml/missing-element",
            "The assertion has no issuer.",
        ),
        written(
            "assertion-issuer-empty",
            Edit::Text("Response/Assertion/Issuer", Val::Is("")),
            "saml/issuer",
            "The assertion's issuer is empty.",
        ),
        written(
            "assertion-issuer-doubled",
            Edit::Double("Response/Assertion/Issuer"),
            "saml/repeated-element",
            "The assertion has two issuers.",
        ),
        written(
            "assertion-version-missing",
            Edit::Attr(A, "Version", Val::Gone),
            "saml/version",
            "The assertion has no version.",
        ),
        written(
            "assertion-version-1-1",
            Edit::Attr(A, "Version", Val::Is("1.1")),
            "saml/version",
            "The assertion is of version 1.1.",
        ),
        written(
            "assertion-issue-instant-missing",
            Edit::Attr(A, "IssueInstant", Val::Gone),
            "saml/missing-attribute",
            "The assertion does not say when it was issued.",
        ),
        written("subject-missing", Edit::Drop(SUBJECT), "saml/missing-element", "The assertion is about nobody."),
        written("subject-doubled", Edit::Double(SUBJECT), "saml/repeated-element", "The assertion is about two."),
        written("name-id-missing", Edit::Drop(NAME), "saml/missing-element", "The subject has no name."),
        written("name-id-doubled", Edit::Double(NAME), "saml/repeated-element", "The subject has two names."),
        written("name-id-empty", Edit::Text(NAME, Val::Is("")), "saml/name-id", "The name is empty."),
        written("name-id-blank", Edit::Text(NAME, Val::Is("  ")), "saml/name-id", "The name is blank."),
        written(
            "confirmation-missing",
            Edit::Drop(CONFIRMATION),
            "saml/missing-element",
            "Nothing confirms the subject.",
        ),
        written(
            "confirmation-holder-of-key",
            Edit::Attr(CONFIRMATION, "Method", Val::Is("urn:oasis:names:tc:SAML:2.0:cm:holder-of-key")),
            "saml/confirmation",
            "The subject must hold a key.",
        ),
        written(
            "confirmation-sender-vouches",
            Edit::Attr(CONFIRMATION, "Method", Val::Is("urn:oasis:names:tc:SAML:2.0:cm:sender-vouches")),
            "saml/confirmation",
            "The sender vouches for the subject.",
        ),
        written(
            "confirmation-method-missing",
            Edit::Attr(CONFIRMATION, "Method", Val::Gone),
            "saml/confirmation",
            "The confirmation has no method.",
        ),
        written("confirmation-data-missing", Edit::Drop(DATA), "saml/missing-element", "The confirmation has no data."),
        written(
            "confirmation-end-missing",
            Edit::Attr(DATA, "NotOnOrAfter", Val::Gone),
            "saml/missing-attribute",
            "The confirmation never ends.",
        ),
        written(
            "confirmation-not-before",
            Edit::Attr(DATA, "NotBefore", Val::At(-60)),
            "saml/confirmation",
            "The confirmation has a NotBefore, which bearer forbids.",
        ),
        written(
            "confirmation-in-response-to-wrong",
            Edit::Attr(DATA, "InResponseTo", Val::Is("_other")),
            "saml/in-response-to",
            "The confirmation answers another request.",
        ),
        written(
            "confirmation-in-response-to-missing",
            Edit::Attr(DATA, "InResponseTo", Val::Gone),
            "saml/in-response-to",
            "The confirmation answers no request.",
        ),
        recipient("recipient-wrong", Val::Is("https://evil.test/acs"), "The recipient is somebody else."),
        recipient("recipient-missing", Val::Gone, "There is no recipient."),
        recipient("recipient-empty", Val::Is(""), "The recipient is empty."),
        recipient("recipient-slash", Val::Of(slash), "A slash follows the recipient."),
        recipient("recipient-query", Val::Of(query), "A query follows the recipient."),
        recipient("recipient-longer-host", Val::Of(longer), "The recipient only begins like ours."),
        recipient("recipient-plain-http", Val::Of(plain), "The recipient is ours without TLS."),
        written("conditions-missing", Edit::Drop(CONDITIONS), "saml/missing-element", "There are no conditions."),
        written(
            "conditions-doubled",
            Edit::Double(CONDITIONS),
            "saml/repeated-element",
            "There are two sets of conditions.",
        ),
        written(
            "condition-unknown",
            Edit::Put(Place::Last, CONDITIONS, "<saml2:Condition/>"),
            "saml/condition",
            "A condition nobody knows.",
        ),
        written(
            "condition-foreign",
            Edit::Put(Place::Last, CONDITIONS, "<x:OnlyOnMondays xmlns:x=\"urn:x\"/>"),
            "saml/condition",
            "A condition of another namespace.",
        ),
        written("audience-restriction-missing", Edit::Drop(AUDIENCES), "saml/audience", "It is meant for everybody."),
        written("audience-missing", Edit::Drop(AUDIENCE), "saml/audience", "The restriction names nobody."),
        audience("audience-wrong", Val::Is("https://evil.test/sp"), "It is meant for somebody else."),
        audience("audience-empty", Val::Is(""), "The audience is empty."),
        audience("audience-slash", Val::Of(slash), "A slash follows the audience."),
        audience("audience-longer", Val::Of(longer), "The audience only begins like ours."),
        audience("audience-shorter", Val::Of(shorter), "The audience is a prefix of ours."),
        audience("audience-upper-case", Val::Of(upper), "The audience in capital letters."),
        audience("audience-spaces", Val::Of(|old| format!(" {old} ")), "Spaces surround the audience."),
        written(
            "audience-two-restrictions",
            Edit::Put(
                Place::After,
                AUDIENCES,
                "<saml2:AudienceRestriction><saml2:Audience>https://evil.test/sp</saml2:Audience></saml2:AudienceRestriction>",
            ),
            "saml/audience",
            "Two restrictions, one of which leaves us out.",
        ),
        written("authn-statement-missing", Edit::Drop(STATEMENT), "saml/authn-statement", "Nobody was authenticated."),
        written("authn-statement-doubled", Edit::Double(STATEMENT), "saml/repeated-element", "Authenticated twice."),
        written(
            "authn-context-missing",
            Edit::Drop("Response/Assertion/AuthnStatement/AuthnContext"),
            "saml/missing-element",
            "It does not say how.",
        ),
        written(
            "authn-context-doubled",
            Edit::Double("Response/Assertion/AuthnStatement/AuthnContext"),
            "saml/repeated-element",
            "It says how twice.",
        ),
        written(
            "class-ref-doubled",
            Edit::Double("Response/Assertion/AuthnStatement/AuthnContext/AuthnContextClassRef"),
            "saml/repeated-element",
            "Two classes of authentication.",
        ),
        written(
            "authn-instant-missing",
            Edit::Attr(STATEMENT, "AuthnInstant", Val::Gone),
            "saml/missing-attribute",
            "It does not say when.",
        ),
        written(
            "assertion-namespace",
            Edit::Fn(|xml, _| {
                Some(xml.replacen("<saml2:Subject>", "<Subject xmlns=\"urn:x\">", 1).replacen(
                    "</saml2:Subject>",
                    "</Subject>",
                    1,
                ))
            }),
            "saml/missing-element",
            "The subject is of another namespace.",
        ),
        Row {
            name: "unsolicited",
            act: Act::Write(Edit::All(&[
                Edit::Attr("Response", "InResponseTo", Val::Gone),
                Edit::Attr(DATA, "InResponseTo", Val::Gone),
            ])),
            end: End::Refused("saml/in-response-to|saml/unsolicited"),
            says: "It answers no request at all.",
        },
    ],
};
