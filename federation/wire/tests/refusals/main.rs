//! The checks of the wire, each with its own flaw: a message with that flaw alone is refused by name, and without it accepted.
//!
//! `kit` has keys and a right message, `table` the flaws of responses, `responses` and `requests` run them.
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod kit;
mod requests;
mod responses;
#[path = "../sample/mod.rs"]
mod sample;
mod table;

use rcgen::{CertificateParams, KeyPair};
use wire::dsig::TrustedKey;
use wire::form;

#[test]
fn weak_keys_and_strange_kinds_are_refused() {
    let of = |algorithm| {
        let key = KeyPair::generate_for(algorithm).unwrap();
        CertificateParams::new(vec![]).unwrap().self_signed(&key).unwrap().der().to_vec()
    };
    let small = include_bytes!("../../testdata/rsa-1024-certificate.der").to_vec();
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
