//! What can be wrong with a response, how, and the check that says so.
//!
//! `Before`: an honest key signs something wrong. `After`: somebody changes what was signed. `Receiver`: the message is
//! right and comes to the wrong one, or at the wrong time.

use crate::kit::*;
use wire::dsig;
use wire::saml::*;

pub enum Flaw {
    /// The sender says something else.
    Message(fn(&mut Response)),
    /// The sender writes it differently, and signs that.
    Before(Text),
    /// Changed under way.
    After(Text),
    /// As `After`, on a message of which only the assertion is signed.
    AfterAssertion(Text),
    /// Another receiver, or the same at another time.
    Receiver(fn(&mut ResponseCheck<'_>)),
    /// Signed by a key that nobody configured.
    Stranger,
}
use Flaw::*;

/// What is wrong, how, and the check that says so.
pub const RESPONSES: &[(&str, Flaw, &str)] = &[
    // 1: the front door
    ("larger than 256 KiB", After(|x| x.replace(">alice<", &format!(">{}<", "a".repeat(262_144)))), "saml/too-large"),
    ("a NUL", After(|x| x.replace(">alice<", ">ali\0ce<")), "saml/not-utf8"),
    ("a document type", After(|x| format!("<!DOCTYPE x>{x}")), "saml/doctype"),
    ("an entity", After(|x| format!("<!ENTITY a \"b\">{x}")), "saml/doctype"),
    ("a comment in a value", After(|x| x.replace(">alice<", ">ali<!-- -->ce<")), "saml/comment"),
    ("a comment anywhere", Before(|x| x.replace("<saml2p:Status>", "<!-- --><saml2p:Status>")), "saml/comment"),
    ("a processing instruction", After(|x| x.replace(">alice<", ">ali<?x?>ce<")), "saml/processing-instruction"),
    ("a CDATA section", After(|x| x.replace(">alice<", "><![CDATA[alice]]><")), "saml/cdata"),
    ("another encoding", After(|x| format!("<?xml version=\"1.0\" encoding=\"UTF-16\"?>{x}")), "saml/declaration"),
    ("XML 1.1", After(|x| format!("<?xml version=\"1.1\"?>{x}")), "saml/declaration"),
    ("cut off", After(|x| x[..x.len() - 5].into()), "saml/malformed"),
    ("markup behind", After(|x| format!("{x}<x/>")), "saml/malformed"),
    ("two documents", After(|x| format!("{x}{x}")), "saml/malformed"),
    ("an unknown entity", After(|x| x.replace(">alice<", ">&alice;<")), "saml/malformed"),
    (
        "nested 65 deep",
        After(|x| x.replace(">alice<", &format!(">{}{}<", "<a>".repeat(65), "</a>".repeat(65)))),
        "saml/too-deep",
    ),
    (
        "65 attributes",
        After(|x| x.replace("<saml2p:Status>", &format!("<saml2p:Status {}>", many(65, "a")))),
        "saml/too-many-attributes",
    ),
    (
        "33 namespaces",
        After(|x| x.replace("<saml2p:Status>", &format!("<saml2p:Status {}>", many(33, "xmlns:a")))),
        "saml/too-many-attributes",
    ),
    (
        "8193 elements",
        After(|x| x.replace("<saml2p:Status>", &format!("{}<saml2p:Status>", "<a/>".repeat(8192)))),
        "saml/too-many-elements",
    ),
    (
        "a relative namespace",
        Before(|x| x.replacen("<saml2p:Status>", "<x xmlns=\"y\"/><saml2p:Status>", 1)),
        "saml/relative-namespace",
    ),
    // 2, 3: one assertion, unique ids, nothing but text in a value
    ("two ids alike", After(|x| x.replace("ID=\"_a\"", "ID=\"_r\"")), "saml/duplicate-id"),
    (
        "an Id like the ID",
        After(|x| x.replace("<saml2p:Status>", "<x Id=\"_r\"/><saml2p:Status>")),
        "saml/duplicate-id",
    ),
    (
        "an id with a prefix",
        After(|x| x.replacen("ID=\"_r\"", "xmlns:x=\"urn:x\" x:ID=\"_x\" ID=\"_r\"", 1)),
        "saml/id",
    ),
    ("an id that is none", Message(|r| r.id = "1 2".into()), "saml/id"),
    (
        "a second assertion",
        AfterAssertion(|x| x.replace("<saml2:Assertion", &format!("{}<saml2:Assertion", evil(x)))),
        "saml/assertion-count",
    ),
    (
        "an assertion within",
        Before(|x| {
            x.replace("<saml2:Conditions", &format!("<saml2:Advice>{}</saml2:Advice><saml2:Conditions", evil(x)))
        }),
        "saml/assertion-count",
    ),
    (
        "an assertion that is no child",
        Before(|x| {
            x.replace("<saml2:Assertion ", "<x><saml2:Assertion ")
                .replace("</saml2:Assertion>", "</saml2:Assertion></x>")
        }),
        "saml/assertion-place",
    ),
    (
        "an encrypted assertion",
        Before(|x| x.replace("</saml2p:Response>", "<saml2:EncryptedAssertion/></saml2p:Response>")),
        "saml/encrypted",
    ),
    ("no assertion", Message(|r| r.assertion = None), "saml/assertion-count"),
    ("an element in a value", Before(|x| x.replace(">alice<", ">ali<x/>ce<")), "saml/not-text"),
    ("another root", Before(|x| x.replace("saml2p:Response", "saml2p:ArtifactResponse")), "saml/root"),
    (
        "a root from nowhere",
        Before(|x| x.replace("xmlns:saml2p=\"urn:oasis:names:tc:SAML:2.0:protocol\"", "xmlns:saml2p=\"urn:x\"")),
        "saml/root",
    ),
    // 4: the shape of a signature
    ("no signature", After(|x| x.replace(&signature(x), "")), "saml/signature-missing"),
    ("changed under way", After(|x| x.replace(">alice<", ">mallory<")), "saml/signature-invalid"),
    ("a posture changed", After(|x| x.replace("Value=\"true\"", "Value=\"false\"")), "saml/signature-invalid"),
    ("two signatures", After(|x| x.replace(&signature(x), &signature(x).repeat(2))), "saml/signature-shape"),
    ("two SignedInfo", After(|x| twice(x, "<ds:SignedInfo>", "</ds:SignedInfo>")), "saml/signature-shape"),
    ("two SignatureValue", After(|x| twice(x, "<ds:SignatureValue>", "</ds:SignatureValue>")), "saml/signature-shape"),
    ("two References", Before(|x| twice(x, "<ds:Reference ", "</ds:Reference>")), "saml/signature-shape"),
    ("an Object", After(|x| x.replace("</ds:Signature>", "<ds:Object/></ds:Signature>")), "saml/signature-shape"),
    (
        "a method with parameters",
        After(|x| {
            x.replace(
                "rsa-sha256\"/>",
                "rsa-sha256\"><ds:HMACOutputLength>1</ds:HMACOutputLength></ds:SignatureMethod>",
            )
            .replace(
                "ecdsa-sha256\"/>",
                "ecdsa-sha256\"><ds:HMACOutputLength>1</ds:HMACOutputLength></ds:SignatureMethod>",
            )
        }),
        "saml/signature-shape",
    ),
    (
        "an algorithm with a prefix",
        After(|x| x.replace("<ds:DigestMethod ", "<ds:DigestMethod xmlns:x=\"urn:x\" x:Algorithm=\"y\" ")),
        "saml/signature-shape",
    ),
    ("the whole document", Before(|x| x.replace("URI=\"#_r\"", "URI=\"\"")), "saml/reference"),
    ("another element", Before(|x| x.replace("URI=\"#_r\"", "URI=\"#_a\"")), "saml/reference"),
    ("an XPointer", After(|x| x.replace("URI=\"#_r\"", "URI=\"#xpointer(id('_r'))\"")), "saml/reference"),
    ("a file", After(|x| x.replace("URI=\"#_r\"", "URI=\"Cargo.toml\"")), "saml/reference"),
    ("an unknown transform", After(|x| x.replace("xmldsig#enveloped-signature", "x")), "saml/transform"),
    (
        "an XSLT transform",
        After(|x| {
            x.replace(
                "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
                "http://www.w3.org/TR/1999/REC-xslt-19991116",
            )
        }),
        "saml/transform",
    ),
    (
        "a transform with parameters",
        After(|x| x.replace("enveloped-signature\"/>", "enveloped-signature\"><ds:XPath>x</ds:XPath></ds:Transform>")),
        "saml/transform",
    ),
    ("no transforms", After(|x| without(x, "<ds:Transforms>", "</ds:Transforms>")), "saml/signature-shape"),
    (
        "inclusive canonicalisation",
        After(|x| {
            x.replace(
                "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>",
                "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"/>",
            )
        }),
        "saml/canonicalization",
    ),
    (
        "the digest of nothing",
        After(|x| {
            x.replace(
                &cut(x, "<ds:DigestValue>", "</ds:DigestValue>"),
                "<ds:DigestValue>47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=</ds:DigestValue>",
            )
        }),
        "saml/void-digest",
    ),
    (
        "a signature somewhere inside",
        After(|x| x.replace("<saml2p:Status>", &format!("<x ID=\"_x\">{}</x><saml2p:Status>", signature(x)))),
        "saml/signature-place",
    ),
    (
        "a key to be fetched",
        After(|x| x.replace("<ds:X509Data>", "<ds:RetrievalMethod URI=\"#k\"/><ds:X509Data>")),
        "saml/key-info",
    ),
    (
        "a bad one beside a good one",
        AfterAssertion(|x| {
            let whole = signature(x).replace("#_a", "#_r");
            x.replacen("</saml2:Issuer>", &format!("</saml2:Issuer>{whole}"), 1)
        }),
        "saml/signature-invalid",
    ),
    // 5: algorithms and keys
    (
        "HMAC",
        After(|x| {
            x.replace("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", HMAC)
                .replace("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", HMAC)
        }),
        "saml/algorithm",
    ),
    (
        "SHA-1",
        After(|x| {
            x.replace("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", dsig::RSA_SHA1).replace(
                "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
                "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1",
            )
        }),
        "saml/algorithm",
    ),
    (
        "a SHA-1 digest",
        After(|x| x.replace("http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sha1")),
        "saml/algorithm",
    ),
    (
        "the other kind of key",
        After(|x| match x.contains("ecdsa-sha256") {
            true => x.replace("ecdsa-sha256", "rsa-sha256"),
            false => x.replace("rsa-sha256", "ecdsa-sha256"),
        }),
        "saml/algorithm",
    ),
    ("a key that the message brings", Stranger, "saml/signature-invalid"),
    ("no key configured", Receiver(|c| c.keys = &[]), "key/none"),
    ("only the assertion counts", Receiver(|c| c.must_sign = MustSign::Assertion), "saml/signature-missing"),
    // 6: the bearer rules (profiles 4.1.4.3)
    ("another issuer", Message(|r| r.issuer = "https://evil.test".into()), "saml/issuer"),
    ("another issuer of the assertion", Message(|r| assertion(r).issuer = "https://evil.test".into()), "saml/issuer"),
    ("no issuer", Before(|x| without(x, "<saml2:Issuer>", "</saml2:Issuer>")), "saml/missing-element"),
    ("an issuer with a blank", Message(|r| r.issuer = format!("{IDP} ")), "saml/issuer"),
    ("another destination", Message(|r| r.destination = Some("https://evil.test".into())), "saml/destination"),
    ("no destination", Message(|r| r.destination = None), "saml/destination"),
    ("another recipient", Message(|r| assertion(r).recipient = "https://evil.test".into()), "saml/recipient"),
    ("no recipient", Before(|x| x.replace(&format!(" Recipient=\"{ACS}\""), "")), "saml/recipient"),
    ("another audience", Message(|r| assertion(r).audience = "https://evil.test".into()), "saml/audience"),
    (
        "no audience",
        Before(|x| without(x, "<saml2:AudienceRestriction>", "</saml2:AudienceRestriction>")),
        "saml/audience",
    ),
    (
        "two restrictions, one not ours",
        Before(|x| {
            x.replace("</saml2:Conditions>", "<saml2:AudienceRestriction><saml2:Audience>x</saml2:Audience></saml2:AudienceRestriction></saml2:Conditions>")
        }),
        "saml/audience",
    ),
    (
        "an unknown condition",
        Before(|x| x.replace("</saml2:Conditions>", "<saml2:Condition/></saml2:Conditions>")),
        "saml/condition",
    ),
    ("no conditions", Before(|x| without(x, "<saml2:Conditions ", "</saml2:Conditions>")), "saml/missing-element"),
    ("an answer to nothing", Message(|r| r.in_response_to = None), "saml/in-response-to"),
    ("an answer to another request", Message(|r| r.in_response_to = Some("id2".into())), "saml/in-response-to"),
    (
        "a confirmation of another request",
        Message(|r| assertion(r).in_response_to = Some("id2".into())),
        "saml/in-response-to",
    ),
    ("a confirmation of no request", Message(|r| assertion(r).in_response_to = None), "saml/in-response-to"),
    ("solicited, but not by us", Receiver(|c| c.in_response_to = None), "saml/in-response-to"),
    (
        "no confirmation",
        Before(|x| without(x, "<saml2:SubjectConfirmation ", "</saml2:SubjectConfirmation>")),
        "saml/missing-element",
    ),
    (
        "two confirmations",
        Before(|x| twice(x, "<saml2:SubjectConfirmation ", "</saml2:SubjectConfirmation>")),
        "saml/repeated-element",
    ),
    ("holder of key", Before(|x| x.replace("cm:bearer", "cm:holder-of-key")), "saml/confirmation"),
    (
        "a confirmation with NotBefore",
        Before(|x| {
            x.replace(
                "<saml2:SubjectConfirmationData ",
                "<saml2:SubjectConfirmationData NotBefore=\"2026-01-01T00:00:00Z\" ",
            )
        }),
        "saml/confirmation",
    ),
    (
        "a confirmation without an end",
        Before(|x| {
            x.replacen(
                &format!("SubjectConfirmationData NotOnOrAfter=\"{}\"", NOW + seconds(200)),
                "SubjectConfirmationData",
                1,
            )
        }),
        "saml/missing-attribute",
    ),
    (
        "no authentication statement",
        Before(|x| without(x, "<saml2:AuthnStatement ", "</saml2:AuthnStatement>")),
        "saml/authn-statement",
    ),
    (
        "two authentication statements",
        Before(|x| twice(&x.replace(" ID=\"98bc\"", ""), "<saml2:AuthnStatement ", "</saml2:AuthnStatement>")),
        "saml/repeated-element",
    ),
    ("no name", Message(|r| assertion(r).name_id = String::new()), "saml/name-id"),
    ("no subject", Before(|x| without(x, "<saml2:Subject>", "</saml2:Subject>")), "saml/missing-element"),
    ("version 1.1", Before(|x| x.replacen("Version=\"2.0\"", "Version=\"1.1\"", 1)), "saml/version"),
    (
        "an assertion of version 1.1",
        Before(|x| x.replace("ID=\"_a\" Version=\"2.0\"", "ID=\"_a\" Version=\"1.1\"")),
        "saml/version",
    ),
    (
        "no id",
        Before(|x| {
            x.replace(
                "<saml2:Assertion xmlns:saml2=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_a\"",
                "<saml2:Assertion xmlns:saml2=\"urn:oasis:names:tc:SAML:2.0:assertion\"",
            )
        }),
        "saml/missing-attribute",
    ),
    ("a failure with an assertion", Message(|r| r.status.code = RESPONDER.into()), "saml/assertion-count"),
    (
        "a nested success",
        Message(|r| (r.status.code, r.status.sub_code) = (RESPONDER.into(), Some(SUCCESS.into()))),
        "saml/assertion-count",
    ),
    ("two statuses", Before(|x| twice(x, "<saml2p:Status>", "</saml2p:Status>")), "saml/repeated-element"),
    (
        "an attribute twice",
        Message(|r| assertion(r).attributes.push(("device.trusted".into(), vec!["x".into()]))),
        "saml/repeated-attribute",
    ),
    // 7: time, half open, with skew; `the_last_good_moment` has the other side of each
    ("at the end of the confirmation", Receiver(|c| c.now = NOW + seconds(260)), "saml/expired"),
    ("at the end of the conditions", Message(|r| assertion(r).not_on_or_after = Some(NOW - seconds(60))), "saml/time"),
    (
        "at the end of the session",
        Message(|r| assertion(r).session_not_on_or_after = Some(NOW - seconds(60))),
        "saml/expired",
    ),
    (
        "before the conditions begin",
        Message(|r| assertion(r).not_before = Some(NOW + seconds(61))),
        "saml/not-yet-valid",
    ),
    ("said tomorrow", Message(|r| r.issue_instant = NOW + seconds(61)), "saml/not-yet-valid"),
    ("asserted tomorrow", Message(|r| assertion(r).issue_instant = NOW + seconds(61)), "saml/not-yet-valid"),
    ("authenticated tomorrow", Message(|r| assertion(r).authn_instant = NOW + seconds(61)), "saml/not-yet-valid"),
    ("an end before the beginning", Message(|r| assertion(r).not_on_or_after = assertion(r).not_before), "saml/time"),
    ("a time with an offset", Before(|x| x.replacen(&NOW.to_string(), "2026-03-02T10:00:00+01:00", 1)), "saml/time"),
];

const HMAC: &str = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";

fn evil(xml: &str) -> String {
    let it = cut(xml, "<saml2:Assertion ", "</saml2:Assertion>").replace(">alice<", ">mallory<");
    let it = it.replace("ID=\"_a\"", "ID=\"_evil\"").replace("ID=\"98bc\"", "ID=\"98bd\"");
    if it.contains("<ds:Signature ") { it.replace(&signature(&it), "") } else { it }
}
