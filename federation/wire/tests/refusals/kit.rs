//! What the cases share: keys, a right message, and ways to spoil its text.

use federation::Time;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256};
use std::time::Duration;
use wire::dsig::{self, SigningKey, TrustedKey};
use wire::saml::*;

pub const ACS: &str = "https://acme.okta.test/sso/saml2/0oa1";
pub const IDP: &str = "https://access.test/idp.xml";
pub const SP: &str = "https://www.okta.com/saml2/service-provider/sp1";
pub const SSO: &str = "https://access.test/sso";
pub const NOW: Time = Time(1_772_442_000_000);
pub const SKEW: u32 = 60;

pub fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

pub fn rsa(der: &[u8]) -> SigningKey {
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&der.to_vec().into(), &PKCS_RSA_SHA256).unwrap();
    let certificate = CertificateParams::new(vec![]).unwrap().self_signed(&key).unwrap().der().to_vec();
    SigningKey::from_pkcs8(der, certificate).unwrap()
}

pub fn p256() -> SigningKey {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let certificate = CertificateParams::new(vec![]).unwrap().self_signed(&key).unwrap().der().to_vec();
    SigningKey::from_pkcs8(&key.serialize_der(), certificate).unwrap()
}

pub struct Keys {
    pub ours: SigningKey,
    pub stranger: SigningKey,
}

/// RSA-2048 and P-256: every case runs with both.
pub fn keys() -> [Keys; 2] {
    [
        Keys {
            ours: rsa(include_bytes!("../../testdata/rsa-1.der")),
            stranger: rsa(include_bytes!("../../testdata/rsa-2.der")),
        },
        Keys { ours: p256(), stranger: p256() },
    ]
}

pub fn trusted(key: &SigningKey) -> Vec<TrustedKey> {
    vec![TrustedKey::from_certificate(key.certificate()).unwrap()]
}

pub fn response() -> Response {
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

pub fn assertion(r: &mut Response) -> &mut Assertion {
    r.assertion.as_mut().unwrap()
}

pub type Text = fn(&str) -> String;

/// Empties what a signer fills in, and signs anew.
pub fn signed_anew(xml: &str, key: &SigningKey) -> String {
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

pub fn cut(xml: &str, from: &str, to: &str) -> String {
    let start = xml.find(from).unwrap_or_else(|| panic!("no {from} in {xml}"));
    let end = start + xml[start..].find(to).unwrap_or_else(|| panic!("no {to} in {xml}")) + to.len();
    xml[start..end].to_string()
}

pub fn without(xml: &str, from: &str, to: &str) -> String {
    xml.replacen(&cut(xml, from, to), "", 1)
}

pub fn signature(xml: &str) -> String {
    cut(xml, "<ds:Signature ", "</ds:Signature>")
}

pub fn many(n: usize, name: &str) -> String {
    (0..n).map(|i| format!("{name}{i}=\"urn:{i}\" ")).collect()
}

pub fn twice(xml: &str, from: &str, to: &str) -> String {
    let it = cut(xml, from, to);
    xml.replacen(&it, &it.repeat(2), 1)
}
