//! Requests, by POST and by redirect.

use crate::kit::*;
use crate::sample::{self, Ends};
use federation::Time;
use federation::tenant::SignatureAlgorithm;
use wire::dsig::SigningKey;
use wire::saml::*;
use wire::{form, redirect};

/// 10, 11: requests, by POST and by redirect.
fn request() -> AuthnRequest {
    AuthnRequest { subject: Some("alice".into()), ..sample::request(Ends { issuer: SP, to: SSO, audience: ACS }) }
}

fn with_check<T>(key: &SigningKey, run: impl FnOnce(&RequestCheck<'_>) -> T) -> T {
    let keys = trusted(key);
    let known = [(SP, keys.as_slice())];
    run(&RequestCheck {
        expected_issuer_keys: &known,
        require_signature: true,
        floor: SignatureAlgorithm::Sha256,
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
