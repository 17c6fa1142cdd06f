//! Tokens and token requests: only our algorithm, our key, one way to authenticate, each parameter once.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
use serde_json::{Value, json};
use wire::dsig::SigningKey;
use wire::jwt::Issuer;
use wire::oauth::{self, SecretHash, Shown, ShownBy};

fn issuer(pkcs8: &[u8]) -> Issuer {
    let der = rustls_pki_types::PrivatePkcs8KeyDer::from(pkcs8.to_vec());
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_RSA_SHA256).unwrap();
    let certificate = CertificateParams::new(Vec::<String>::new()).unwrap().self_signed(&key).unwrap();
    Issuer::new(SigningKey::from_pkcs8(pkcs8, certificate.der().to_vec()).unwrap()).unwrap()
}

fn ours() -> Issuer {
    issuer(include_bytes!("../testdata/rsa-1.der"))
}

fn header(token: &str, change: impl FnOnce(&mut Value)) -> String {
    let (head, rest) = token.split_once('.').unwrap();
    let mut head: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(head).unwrap()).unwrap();
    change(&mut head);
    format!("{}.{rest}", URL_SAFE_NO_PAD.encode(head.to_string()))
}

#[test]
fn a_token_reads_back_and_forgeries_do_not() {
    let ours = ours();
    let token = ours.sign(&json!({ "sub": "alice" })).unwrap();
    assert_eq!(ours.read(&token).unwrap()["sub"], "alice");
    assert!(ours.pem().starts_with("-----BEGIN PUBLIC KEY-----"));
    let strange = issuer(include_bytes!("../testdata/rsa-2.der"));
    let (head, rest) = token.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    let mallory = URL_SAFE_NO_PAD.encode(r#"{"sub":"mallory"}"#);
    let set = |name: &'static str, value: Value| move |h: &mut Value| h[name] = value;
    let kid = ours.jwk()["kid"].clone();
    let theirs = header(&strange.sign(&json!({ "sub": "alice" })).unwrap(), set("kid", kid));
    let rows: Vec<(String, &str)> = vec![
        (format!("{head}.{mallory}.{signature}"), "jwt/signature-invalid"),
        (header(&token, set("alg", "none".into())), "jwt/algorithm"),
        (header(&token, set("alg", "HS256".into())), "jwt/algorithm"),
        (header(&token, set("alg", "rs256".into())), "jwt/algorithm"),
        (header(&token, set("jwk", strange.jwk().clone())), "jwt/foreign-key"),
        (header(&token, set("jku", "https://evil.test/keys".into())), "jwt/foreign-key"),
        (header(&token, set("crit", json!(["x"]))), "jwt/foreign-key"),
        (header(&token, set("kid", "../../dev/null".into())), "jwt/unknown-key"),
        (header(&token, |h| drop(h.as_object_mut().unwrap().remove("kid"))), "jwt/unknown-key"),
        (strange.sign(&json!({})).unwrap(), "jwt/unknown-key"),
        (theirs, "jwt/signature-invalid"),
        (format!("{head}.{mallory}."), "jwt/signature-invalid"),
        (format!("{token}="), "jwt/malformed"),
        (format!("{token}.x"), "jwt/malformed"),
        ("a-generated-shared-secret".into(), "jwt/malformed"),
        ("x".repeat(10_000), "jwt/too-large"),
    ];
    for (forged, expected) in rows {
        assert_eq!(ours.read(&forged).map_err(|r| r.code), Err(expected), "{forged}");
    }
}

fn basic(text: &str) -> String {
    format!("Basic {}", wire::form::encode_post(text))
}

#[track_caller]
fn check(query: &str, body: &str, authorization: Option<&str>, expected: Result<(&str, &str, ShownBy), &str>) {
    let read = oauth::read_token_request(query, body.as_bytes(), authorization);
    let seen = read.as_ref().map_err(|e| e.error).map(|r| {
        let (credentials, by) = r.client.as_ref().expect("a client");
        (credentials.id.as_str(), credentials.secret.as_str(), *by)
    });
    assert_eq!(seen, expected, "{query} {body}");
}

#[test]
fn clients_authenticate_in_one_way() {
    let grant = "grant_type=client_credentials&scope=admin";
    let with_id = format!("{grant}&client_id=a");
    let in_body = format!("{grant}&client_id=OktaSCIM&client_secret=s%26t");
    check("", &in_body, None, Ok(("OktaSCIM", "s&t", ShownBy::Body)));
    check(&in_body, "", None, Ok(("OktaSCIM", "s&t", ShownBy::Query)));
    check("", grant, Some(&basic("a%3Ab:c%2Bd+e")), Ok(("a:b", "c+d e", ShownBy::Basic)));
    check("", &with_id, Some(&basic("a:b")), Ok(("a", "b", ShownBy::Basic)));
    check("", &with_id, Some(&basic("other:b")), Err("invalid_request"));
    check("", &in_body, Some(&basic("OktaSCIM:s")), Err("invalid_request"));
    check("", &format!("{grant}&scope=admin"), None, Err("invalid_request"));
    check("scope=admin", grant, None, Err("invalid_request"));
    check("", "client_secret=s", None, Err("invalid_request"));
    check("", grant, Some("Basic !"), Err("invalid_client"));
    check("", grant, Some("Bearer x"), Err("invalid_client"));
    let none = oauth::read_token_request("", grant.as_bytes(), None).unwrap();
    assert_eq!((none.client, none.scope.as_deref()), (None, Some("admin")));
}

#[test]
fn bearer_and_challenge() {
    let rows = [
        (None, Shown::Nothing),
        (Some(" "), Shown::Nothing),
        (Some("non-token"), Shown::Other),
        (Some("Basic x"), Shown::Other),
        (Some("Bearer"), Shown::Other),
        (Some("bEARER t"), Shown::Bearer("t")),
    ];
    for (header, expected) in rows {
        assert_eq!(oauth::bearer(header), expected);
    }
    assert_eq!(oauth::challenge("acme", None), "Bearer realm=\"acme\"");
    let told = oauth::challenge("a\"b", Some(("invalid_token", "the \"token\" expired")));
    assert_eq!(told, "Bearer realm=\"a'b\", error=\"invalid_token\", error_description=\"the 'token' expired\"");
}

#[test]
fn secrets_are_hashes() {
    let kept = SecretHash::new("salt", "open sesame");
    assert!(kept.is("open sesame") && !kept.is("open sesam") && !kept.is(""));
    assert_ne!(kept, SecretHash::new("pepper", "open sesame"));
    assert!(!format!("{kept:?}{}", serde_json::to_string(&kept).unwrap()).contains("sesame"));
}
