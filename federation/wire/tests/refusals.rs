//! The checks of the wire, each with its own flaw: a message with that flaw alone is refused by name, and without it accepted.
//!
//! `Before`: an honest key signs something wrong. `After`: somebody changes what was signed. `Receiver`: the message is
//! right and comes to the wrong one, or at the wrong time.
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use federation::Time;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256};
use std::time::Duration;
use wire::dsig::{self, SignatureFloor, SigningKey, TrustedKey};
use wire::saml::*;
use wire::{form, redirect};

const ACS: &str = "https://acme.okta.test/sso/saml2/0oa1";
const IDP: &str = "https://access.test/idp.xml";
const SP: &str = "https://www.okta.com/saml2/service-provider/sp1";
const SSO: &str = "https://access.test/sso";
const NOW: Time = Time(1_772_442_000_000);
const SKEW: u32 = 60;

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn rsa(der: &[u8]) -> SigningKey {
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&der.to_vec().into(), &PKCS_RSA_SHA256).unwrap();
    let certificate = CertificateParams::new(vec![]).unwrap().self_signed(&key).unwrap().der().to_vec();
    SigningKey::from_pkcs8(der, certificate).unwrap()
}

fn p256() -> SigningKey {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let certificate = CertificateParams::new(vec![]).unwrap().self_signed(&key).unwrap().der().to_vec();
    SigningKey::from_pkcs8(&key.serialize_der(), certificate).unwrap()
}

struct Keys {
    ours: SigningKey,
    stranger: SigningKey,
}

/// RSA-2048 and P-256: every case runs with both.
fn keys() -> [Keys; 2] {
    [
        Keys {
            ours: rsa(include_bytes!("../testdata/rsa-1.der")),
            stranger: rsa(include_bytes!("../testdata/rsa-2.der")),
        },
        Keys { ours: p256(), stranger: p256() },
    ]
}

fn trusted(key: &SigningKey) -> Vec<TrustedKey> {
    vec![TrustedKey::from_certificate(key.certificate()).unwrap()]
}

fn response() -> Response {
    Response {
        id: "_r".into(),
        in_response_to: Some("id1".into()),
        destination: Some(ACS.into()),
        issuer: IDP.into(),
        issue_instant: NOW,
        status: Status::success(),
        assertion: Some(Assertion {
            id: "_a".into(),
            issuer: IDP.into(),
            issue_instant: NOW,
            name_id: "alice".into(),
            name_id_format: NAMEID_UNSPECIFIED.into(),
            name_qualifier: None,
            recipient: ACS.into(),
            in_response_to: Some("id1".into()),
            confirmation_not_on_or_after: NOW + seconds(200),
            not_before: NOW - seconds(15),
            not_on_or_after: NOW + seconds(300),
            audience: SP.into(),
            authn_instant: NOW,
            session_index: "_s".into(),
            session_not_on_or_after: Some(NOW + seconds(400)),
            class_ref: "urn:x".into(),
            posture: Some(DevicePosture {
                namespace: "urn:okta:saml:2.0:DevicePosture".into(),
                device_id: "98bc".into(),
                vendor: "Apple".into(),
                model: "iPhone".into(),
                os: "iOS".into(),
                os_version: "17.4".into(),
                facts: vec![("IsManaged".into(), "true".into())],
            }),
            attributes: vec![("device.trusted".into(), vec!["TRUSTED".into()])],
        }),
    }
}

fn assertion(r: &mut Response) -> &mut Assertion {
    r.assertion.as_mut().unwrap()
}

type Text = fn(&str) -> String;

enum Flaw {
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

/// Empties what a signer fills in, and signs anew.
fn signed_anew(xml: &str, key: &SigningKey) -> String {
    let mut out = String::new();
    let mut rest = xml;
    while let Some((at, tag)) =
        ["DigestValue>", "SignatureValue>"].iter().filter_map(|t| Some((rest.find(&format!("<ds:{t}"))?, t))).min()
    {
        let open = at + "<ds:".len() + tag.len();
        let close = rest[open..].find("</ds:").unwrap() + open;
        out += &rest[..open];
        out += &rest[close..close + 5 + tag.len()];
        rest = &rest[close + 5 + tag.len()..];
    }
    dsig::fill(&(out + rest), key).unwrap()
}

fn cut(xml: &str, from: &str, to: &str) -> String {
    let start = xml.find(from).unwrap_or_else(|| panic!("no {from} in {xml}"));
    let end = start + xml[start..].find(to).unwrap_or_else(|| panic!("no {to} in {xml}")) + to.len();
    xml[start..end].to_string()
}

fn without(xml: &str, from: &str, to: &str) -> String {
    xml.replacen(&cut(xml, from, to), "", 1)
}

fn signature(xml: &str) -> String {
    cut(xml, "<ds:Signature ", "</ds:Signature>")
}

fn evil(xml: &str) -> String {
    let it = cut(xml, "<saml2:Assertion ", "</saml2:Assertion>").replace(">alice<", ">mallory<");
    let it = it.replace("ID=\"_a\"", "ID=\"_evil\"").replace("ID=\"98bc\"", "ID=\"98bd\"");
    if it.contains("<ds:Signature ") { it.replace(&signature(&it), "") } else { it }
}

fn read(xml: &[u8], key: &SigningKey, change: Option<fn(&mut ResponseCheck<'_>)>) -> Result<Response, &'static str> {
    let keys = trusted(key);
    let mut check = ResponseCheck {
        issuer: IDP,
        keys: &keys,
        must_sign: MustSign::Any,
        floor: SignatureFloor::Sha256,
        audience: SP,
        acs_url: ACS,
        in_response_to: Some("id1"),
        now: NOW,
        skew_seconds: SKEW,
    };
    if let Some(change) = change {
        change(&mut check);
    }
    read_response(xml, &check).map(Verified::into_inner).map_err(|r| r.code)
}

/// The verdict on a response, with the flaw or without.
fn verdict(flaw: &Flaw, flawed: bool, keys: &Keys) -> Result<Response, &'static str> {
    let key = &keys.ours;
    let written = |r: &Response| write_response(r, Some(key), None).unwrap();
    let good = written(&response());
    match flaw {
        Message(change) => {
            let mut message = response();
            if flawed {
                change(&mut message);
            }
            read(written(&message).as_bytes(), key, None)
        }
        Before(change) => {
            let text = if flawed { change(&good) } else { good.clone() };
            assert!(!flawed || text != good, "nothing was changed");
            read(signed_anew(&text, key).as_bytes(), key, None)
        }
        After(change) => {
            let text = if flawed { change(&good) } else { good.clone() };
            assert!(!flawed || text != good, "nothing was changed");
            read(text.as_bytes(), key, None)
        }
        AfterAssertion(change) => {
            let good = write_response(&response(), None, Some(key)).unwrap();
            let text = if flawed { change(&good) } else { good.clone() };
            assert!(!flawed || text != good, "nothing was changed");
            read(text.as_bytes(), key, None)
        }
        Receiver(change) => read(good.as_bytes(), key, flawed.then_some(*change)),
        Stranger => {
            let signer = if flawed { &keys.stranger } else { key };
            read(write_response(&response(), Some(signer), None).unwrap().as_bytes(), key, None)
        }
    }
}

/// What is wrong, how, and the check that says so.
const RESPONSES: &[(&str, Flaw, &str)] = &[
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
    ("at the end of the conditions", Message(|r| assertion(r).not_on_or_after = NOW - seconds(60)), "saml/time"),
    (
        "at the end of the session",
        Message(|r| assertion(r).session_not_on_or_after = Some(NOW - seconds(60))),
        "saml/expired",
    ),
    ("before the conditions begin", Message(|r| assertion(r).not_before = NOW + seconds(61)), "saml/not-yet-valid"),
    ("said tomorrow", Message(|r| r.issue_instant = NOW + seconds(61)), "saml/not-yet-valid"),
    ("asserted tomorrow", Message(|r| assertion(r).issue_instant = NOW + seconds(61)), "saml/not-yet-valid"),
    ("authenticated tomorrow", Message(|r| assertion(r).authn_instant = NOW + seconds(61)), "saml/not-yet-valid"),
    ("an end before the beginning", Message(|r| assertion(r).not_on_or_after = assertion(r).not_before), "saml/time"),
    ("a time with an offset", Before(|x| x.replacen(&NOW.to_string(), "2026-03-02T10:00:00+01:00", 1)), "saml/time"),
];

const HMAC: &str = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";

fn many(n: usize, name: &str) -> String {
    (0..n).map(|i| format!("{name}{i}=\"urn:{i}\" ")).collect()
}

fn twice(xml: &str, from: &str, to: &str) -> String {
    let it = cut(xml, from, to);
    xml.replacen(&it, &it.repeat(2), 1)
}

#[test]
fn every_flaw_of_a_response_is_refused_by_its_check() {
    let mut wrong = Vec::new();
    for keys in keys() {
        for (what, flaw, code) in RESPONSES {
            let (flawed, sound) = (verdict(flaw, true, &keys), verdict(flaw, false, &keys));
            if flawed.as_ref().map(|_| "accepted") != Err(code) || sound != Ok(response()) {
                wrong.push(format!(
                    "{what}: {:?} instead of {code}; without: {:?}",
                    flawed.map(|_| "accepted"),
                    sound.map(|_| "accepted")
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Not-quite-UTF-8 cannot be written as a Rust string.
#[test]
fn bytes_that_are_no_text_are_refused() {
    let [keys, _] = keys();
    let xml = write_response(&response(), Some(&keys.ours), None).unwrap();
    let utf16: Vec<u8> = xml.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin1 = [xml.replace(">alice<", ">alic").as_bytes(), b"\xe9<"].concat();
    for bytes in [utf16, latin1] {
        assert_eq!(read(&bytes, &keys.ours, None).map(|_| ()), Err("saml/not-utf8"));
    }
}

#[test]
fn the_last_good_moment() {
    type Change = fn(&mut Response);
    let [keys, _] = keys();
    let cases: &[(&str, Change, i64)] = &[
        ("confirmation", |_| {}, 259_999),
        ("conditions", |r| assertion(r).not_on_or_after = NOW + seconds(100), 159_999),
        ("session", |r| assertion(r).session_not_on_or_after = Some(NOW + seconds(100)), 159_999),
    ];
    for (what, change, last) in cases {
        let mut message = response();
        change(&mut message);
        let xml = write_response(&message, Some(&keys.ours), None).unwrap();
        let at = |ms: i64| {
            let keys = trusted(&keys.ours);
            let check = ResponseCheck {
                issuer: IDP,
                keys: &keys,
                must_sign: MustSign::Any,
                floor: SignatureFloor::Sha256,
                audience: SP,
                acs_url: ACS,
                in_response_to: Some("id1"),
                now: Time(NOW.0 + ms),
                skew_seconds: SKEW,
            };
            read_response(xml.as_bytes(), &check).map(|_| ()).map_err(|r| r.code)
        };
        assert_eq!(at(*last), Ok(()), "{what}");
        assert_eq!(at(last + 1), Err("saml/expired"), "{what}");
        assert_eq!(at(last + 1000), Err("saml/expired"), "{what}");
        // Said at NOW: a receiver whose clock is behind by the skew still takes it, and not a moment more.
        assert_eq!(at(-60_000), Ok(()), "{what}");
        assert_eq!(at(-60_001), Err("saml/not-yet-valid"), "{what}");
    }
}

/// 10, 11: requests, by POST and by redirect.
fn request() -> AuthnRequest {
    AuthnRequest {
        id: "id2592935172059086719897827".into(),
        issue_instant: NOW,
        destination: Some(SSO.into()),
        issuer: SP.into(),
        acs_url: Some(ACS.into()),
        force_authn: true,
        is_passive: false,
        name_id_format: Some(NAMEID_UNSPECIFIED.into()),
        subject: Some("alice".into()),
        requested_context: Some(RequestedAuthnContext {
            comparison: "minimum".into(),
            class_refs: vec!["urn:okta:saml:2.0:DevicePosture".into()],
        }),
    }
}

fn with_check<T>(key: &SigningKey, run: impl FnOnce(&RequestCheck<'_>) -> T) -> T {
    let keys = trusted(key);
    let known = [(SP, keys.as_slice())];
    run(&RequestCheck {
        expected_issuer_keys: &known,
        require_signature: true,
        floor: SignatureFloor::Sha256,
        destination: SSO,
        now: NOW,
        skew_seconds: SKEW,
    })
}

/// Flaws that the sender writes and signs; each on both bindings.
const REQUESTS: &[(&str, Text, &str)] = &[
    ("another issuer", |x| x.replace(SP, "https://evil.test"), "saml/issuer"),
    ("no issuer", |x| without(x, "<saml2:Issuer", "</saml2:Issuer>"), "saml/missing-element"),
    ("another destination", |x| x.replace(SSO, "https://evil.test"), "saml/destination"),
    ("no destination", |x| x.replace(&format!("Destination=\"{SSO}\""), ""), "saml/destination"),
    ("another root", |x| x.replace("saml2p:AuthnRequest", "saml2p:LogoutRequest"), "saml/root"),
    ("version 1.1", |x| x.replace("Version=\"2.0\"", "Version=\"1.1\""), "saml/version"),
    ("a third truth value", |x| x.replace("ForceAuthn=\"true\"", "ForceAuthn=\"True\""), "saml/boolean"),
    ("an unknown comparison", |x| x.replace("Comparison=\"minimum\"", "Comparison=\"about\""), "saml/comparison"),
    ("asked tomorrow", |x| x.replace(&stamp(0), &stamp(61)), "saml/not-yet-valid"),
    ("asked an hour and a skew ago", |x| x.replace(&stamp(0), &stamp(-3660)), "saml/expired"),
    ("a document type", |x| format!("<!DOCTYPE x>{x}"), "saml/doctype"),
    ("an element in a value", |x| x.replace(">alice<", ">ali<x/>ce<"), "saml/not-text"),
];

/// As samael writes times.
fn stamp(seconds: i64) -> String {
    Time(NOW.0 + seconds * 1000).to_string()
}

fn posted(xml: &str, key: &SigningKey) -> Result<AuthnRequest, &'static str> {
    with_check(key, |c| read_request(xml.as_bytes(), c).map(Verified::into_inner).map_err(|r| r.code))
}

fn redirected(query: &str, key: &SigningKey) -> Result<AuthnRequest, &'static str> {
    with_check(key, |c| redirect::read_request(query, c).map(|(r, _)| r.into_inner()).map_err(|r| r.code))
}

fn query(xml: &str, key: &SigningKey) -> String {
    redirect::request_url(SSO, xml, Some("a b/ü"), Some(key)).unwrap().split_once('?').unwrap().1.to_string()
}

#[test]
fn every_flaw_of_a_request_is_refused_by_its_check() {
    for Keys { ours: key, stranger } in keys() {
        let (post, bare) = (write_request(&request(), Some(&key)).unwrap(), write_request(&request(), None).unwrap());
        assert_eq!(posted(&post, &key), Ok(request()));
        assert_eq!(redirected(&query(&bare, &key), &key), Ok(request()));
        for (what, change, code) in REQUESTS {
            let bare_flawed = change(&bare);
            assert_ne!(bare_flawed, bare, "{what}: nothing was changed");
            assert_eq!(redirected(&query(&bare_flawed, &key), &key).map(|_| ()), Err(*code), "{what}, redirected");
            if !what.contains("document type") && !what.contains("no issuer") {
                assert_eq!(posted(&signed_anew(&change(&post), &key), &key).map(|_| ()), Err(*code), "{what}, posted");
            }
        }
        let forged: &[(&str, String, &str)] = &[
            (
                "changed under way",
                post.replace("ForceAuthn=\"true\"", "ForceAuthn=\"false\""),
                "saml/signature-invalid",
            ),
            ("unsigned", bare.clone(), "saml/signature-missing"),
            ("signed by a stranger", write_request(&request(), Some(&stranger)).unwrap(), "saml/signature-invalid"),
        ];
        for (what, xml, code) in forged {
            assert_eq!(posted(xml, &key).map(|_| ()), Err(*code), "{what}");
        }
    }
}

#[test]
fn every_trick_with_a_query_is_refused_by_its_check() {
    for Keys { ours: key, stranger } in keys() {
        let (post, bare) = (write_request(&request(), Some(&key)).unwrap(), write_request(&request(), None).unwrap());
        let good = query(&bare, &key);
        let cut = |name: &str| good.split('&').filter(|p| !p.starts_with(name)).collect::<Vec<_>>().join("&");
        let (first, rest) = good.split_once('&').unwrap();
        let message = first.strip_prefix("SAMLRequest=").unwrap();
        let other = query(&bare.replace(">alice<", ">mallory<"), &stranger);
        let cases: &[(&str, String, &str)] = &[
            ("RelayState changed", good.replace("RelayState=a", "RelayState=b"), "saml/signature-invalid"),
            ("RelayState encoded differently", good.replace("a%20b", "a+b"), "saml/signature-invalid"),
            ("RelayState gone", cut("RelayState"), "saml/signature-invalid"),
            ("the request of another", other.clone(), "saml/signature-invalid"),
            (
                "the request of another before ours",
                format!("{}&{rest}", other.split_once('&').unwrap().0),
                "saml/signature-invalid",
            ),
            (
                "unsigned",
                [cut("SigAlg").split('&').collect::<Vec<_>>()[..2].join("&")].concat(),
                "saml/signature-missing",
            ),
            ("no Signature", cut("Signature"), "saml/signature-missing"),
            ("no SigAlg", cut("SigAlg"), "saml/signature-missing"),
            ("no request", cut("SAMLRequest"), "saml/missing"),
            ("two requests", format!("SAMLRequest=x&{good}"), "saml/repeated-parameter"),
            ("two RelayStates", format!("{good}&RelayState=x"), "saml/repeated-parameter"),
            ("two signatures", format!("{good}&Signature=x"), "saml/repeated-parameter"),
            ("a request by another spelling", format!("SAML%52equest=x&{good}"), "saml/encoded-parameter"),
            ("a response too", format!("{good}&SAMLResponse=x"), "saml/two-messages"),
            ("another encoding", format!("{good}&SAMLEncoding=x"), "saml/encoding"),
            ("HMAC", good.replace("ecdsa", "hmac").replace("rsa", "hmac"), "saml/algorithm"),
            ("no base64", good.replace(message, "%21"), "saml/base64"),
            ("not deflated", good.replace(message, "AAAA"), "saml/deflate"),
            ("something behind the deflated message", good.replace(message, &behind(message)), "saml/deflate"),
            ("a bomb", good.replace(message, &deflated(&"a".repeat(65_537))), "saml/deflate-bomb"),
            ("signed inside too", query(&post, &key), "saml/signature-place"),
        ];
        assert_eq!(redirected(&good, &key), Ok(request()));
        for (what, query, code) in cases {
            assert_ne!(*query, good, "{what}: nothing was changed");
            assert_eq!(redirected(query, &key).map(|_| ()), Err(*code), "{what}");
        }
        assert_eq!(redirected(&format!("{good}&utm=1"), &key), Ok(request()), "others' parameters are theirs");
    }
}

/// The message as `request_url` would encode `text`.
fn deflated(text: &str) -> String {
    let url = redirect::request_url("x", text, None, None).unwrap();
    url.split_once("SAMLRequest=").unwrap().1.into()
}

/// Three bytes more behind the deflate stream.
fn behind(message: &str) -> String {
    let base64 = message.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
    let mut bytes = form::decode_post(&base64).unwrap();
    bytes.extend(b"abc");
    let text = form::encode_bytes(&bytes);
    text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

#[test]
fn weak_keys_and_strange_kinds_are_refused() {
    let of = |algorithm| {
        let key = KeyPair::generate_for(algorithm).unwrap();
        CertificateParams::new(vec![]).unwrap().self_signed(&key).unwrap().der().to_vec()
    };
    let small = include_bytes!("../testdata/rsa-1024-certificate.der").to_vec();
    let cases = [
        ("P-256", of(&rcgen::PKCS_ECDSA_P256_SHA256), "ok"),
        ("P-384", of(&rcgen::PKCS_ECDSA_P384_SHA384), "ok"),
        ("Ed25519", of(&rcgen::PKCS_ED25519), "key/kind"),
        ("RSA of 1024 bits", small, "key/too-small"),
        ("no certificate", b"x".to_vec(), "key/unusable"),
    ];
    for (what, der, code) in cases {
        assert_eq!(TrustedKey::from_certificate(&der).map_or_else(|r| r.code, |_| "ok"), code, "{what}");
    }
}

/// 1, 20: forms are read strictly, and nothing is repaired.
#[test]
fn every_flaw_of_a_form_is_refused_by_its_check() {
    let fields = |n: usize| (0..n).map(|i| format!("f{i}=x&")).collect::<String>();
    let cases: &[(&str, Vec<u8>, &str)] = &[
        ("sound", b"a=1+2%2B&b=&c".to_vec(), "ok"),
        ("as many fields as allowed", fields(32).into(), "ok"),
        ("a field more", fields(33).into(), "form/too-many-fields"),
        ("a field twice", b"a=1&a=2".to_vec(), "form/repeated-field"),
        ("a field twice in another spelling", b"a=1&%61=2".to_vec(), "form/repeated-field"),
        ("no UTF-8", b"a=%ff".to_vec(), "form/not-utf8"),
        ("a NUL", b"a=%00".to_vec(), "form/not-utf8"),
        ("more than half a MiB", vec![b'a'; 512 * 1024 + 1], "form/too-large"),
    ];
    for (what, body, code) in cases {
        assert_eq!(form::Form::parse(body).map_or_else(|r| r.code, |_| "ok"), *code, "{what}");
    }
    let form = form::Form::parse(b"a=1+2%2B&b=&c").unwrap();
    assert_eq!([form.get("a"), form.get("b"), form.get("c"), form.get("d")], [Some("1 2+"), Some(""), Some(""), None]);
}

/// 13: posture fails closed.
#[test]
fn only_one_true_statement_makes_a_device_managed() {
    let [keys, _] = keys();
    let fact = "<Fact Name=\"IsManaged\" Value=\"true\"/>";
    type Row<'a> = (&'a str, Text, Option<PostureFact>);
    let cases: &[Row<'_>] = &[
        ("as it should be", |x| x.into(), Some(PostureFact::Yes)),
        ("no", |x| x.replace("\"true\"", "\"false\""), Some(PostureFact::No)),
        ("another case", |x| x.replace("\"true\"", "\"True\""), Some(PostureFact::Unknown("True".into()))),
        ("a number", |x| x.replace("\"true\"", "\"1\""), Some(PostureFact::Unknown("1".into()))),
        ("another name", |x| x.replace("IsManaged", "isManaged"), Some(PostureFact::Absent)),
        ("no value", |x| x.replace(" Value=\"true\"", ""), Some(PostureFact::Unknown(String::new()))),
        ("twice", |x| twice(x, "<Fact ", "/>"), Some(PostureFact::Doubled)),
        ("twice in two postures", |x| twice(x, "<Posture>", "</Posture>"), Some(PostureFact::Doubled)),
        (
            "twice in two devices",
            |x| twice(&x.replace(" ID=\"98bc\"", ""), "<Device ", "</Device>"),
            Some(PostureFact::Doubled),
        ),
        ("no posture", |x| without(x, "<Posture>", "</Posture>"), Some(PostureFact::Absent)),
        ("no device", |x| without(x, "<Device ", "</Device>"), None),
        ("no declaration", |x| without(x, "<saml2:AuthnContextDecl>", "</saml2:AuthnContextDecl>"), None),
        (
            "only the class",
            |x| {
                without(x, "<saml2:AuthnContextDecl>", "</saml2:AuthnContextDecl>")
                    .replace(">urn:x<", ">urn:okta:saml:2.0:DevicePosture<")
            },
            None,
        ),
        (
            "outside the assertion",
            |x| {
                let decl = cut(x, "<saml2:AuthnContextDecl>", "</saml2:AuthnContextDecl>");
                x.replace(&decl, "").replace(
                    "<saml2p:Status>",
                    &format!("<saml2p:Extensions>{decl}</saml2p:Extensions><saml2p:Status>"),
                )
            },
            None,
        ),
    ];
    let good = write_response(&response(), Some(&keys.ours), None).unwrap();
    assert!(good.contains(fact));
    for (what, change, expected) in cases {
        let read = read(signed_anew(&change(&good), &keys.ours).as_bytes(), &keys.ours, None).unwrap();
        let posture = read.assertion.unwrap().posture;
        assert_eq!(posture.map(|p| p.is_managed()), *expected, "{what}");
    }
}

/// What others may write and we must read.
#[test]
fn harmless_differences_are_accepted() {
    let [keys, _] = keys();
    let good = write_response(&response(), Some(&keys.ours), None).unwrap();
    let before: &[(&str, Text)] = &[
        ("white space between elements", |x| x.replace("><saml2", ">\n  <saml2")),
        ("other prefixes", |x| {
            x.replace("saml2p:", "p:")
                .replace("saml2:", "a:")
                .replace("xmlns:saml2p", "xmlns:p")
                .replace("xmlns:saml2", "xmlns:a")
        }),
        ("single quotes", |x| x.replace("Version=\"2.0\"", "Version='2.0'")),
        ("a character reference", |x| x.replace(">alice<", ">&#97;lice<")),
        ("prefixes of a canonicalisation", |x| {
            x.replace(
            "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>",
            "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"><ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"xs\"/></ds:Transform>",
        )
        }),
        ("no KeyInfo", |x| without(x, "<ds:KeyInfo>", "</ds:KeyInfo>")),
        ("seconds without a fraction", |x| x.replace(".000Z", "Z")),
        ("an attribute that nobody knows", |x| {
            x.replace("<saml2:Subject>", "<saml2:Subject xmlns:x=\"urn:x\" x:y=\"z\">")
        }),
    ];
    for (what, change) in before {
        let text = change(&good);
        assert_ne!(text, good, "{what}: nothing was changed");
        assert_eq!(read(signed_anew(&text, &keys.ours).as_bytes(), &keys.ours, None), Ok(response()), "{what}");
    }
    let after: &[(&str, Text)] = &[
        ("a declaration", |x| format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{x}")),
        ("a byte order mark", |x| format!("\u{feff}{x}")),
        ("white space around", |x| format!("{x}\n")),
    ];
    for (what, change) in after {
        assert_eq!(read(change(&good).as_bytes(), &keys.ours, None), Ok(response()), "{what}");
    }
    let wrapped = form::encode_post(&good)
        .as_bytes()
        .chunks(76)
        .map(|c| String::from_utf8_lossy(c).into_owned())
        .collect::<Vec<_>>()
        .join("\r\n");
    assert_eq!(form::decode_post(&wrapped).unwrap(), good.as_bytes(), "base64 in lines");
}
