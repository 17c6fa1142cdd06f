//! Sample keys and right messages, one place for all tests that send SAML: other folders' tests include this file by path.
//! A test says between whom its message goes, and changes the fields that it is about.

#![allow(dead_code, clippy::unwrap_used, reason = "each test uses its part, and may stop where it stands")]

use federation::Time;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    PKCS_RSA_SHA256,
};
use std::time::Duration;
use wire::dsig::{SigningKey, TrustedKey};
use wire::saml::*;

pub const NOW: Time = Time(1_772_442_000_000);
pub const POSTURE: &str = "urn:okta:saml:2.0:DevicePosture";

/// Who sends a message, to where, for whom.
#[derive(Debug, Clone, Copy)]
pub struct Ends<'a> {
    pub issuer: &'a str,
    /// Where it is posted.
    pub to: &'a str,
    pub audience: &'a str,
}

/// A self-made certificate of an RSA key; no reader looks at more of it than the key.
pub fn certificate(pkcs8: &[u8]) -> Vec<u8> {
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8.to_vec().into(), &PKCS_RSA_SHA256).unwrap();
    CertificateParams::new(vec![]).unwrap().self_signed(&key).unwrap().der().to_vec()
}

pub fn rsa(pkcs8: &[u8]) -> SigningKey {
    SigningKey::from_pkcs8(pkcs8, certificate(pkcs8)).unwrap()
}

pub fn p256() -> SigningKey {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let certificate = CertificateParams::new(vec![]).unwrap().self_signed(&key).unwrap().der().to_vec();
    SigningKey::from_pkcs8(&key.serialize_der(), certificate).unwrap()
}

pub fn trusted(key: &SigningKey) -> Vec<TrustedKey> {
    vec![TrustedKey::from_certificate(key.certificate()).unwrap()]
}

/// Says that `alice` was signed in, in answer to the request `id1`, for 200 seconds from [`NOW`].
pub fn response(Ends { issuer, to, audience }: Ends<'_>) -> Response {
    let until = NOW + Duration::from_secs(200);
    Response {
        id: "_r".into(),
        in_response_to: Some("id1".into()),
        destination: Some(to.into()),
        issuer: issuer.into(),
        issue_instant: NOW,
        status: Status::success(),
        assertion: Some(Assertion {
            id: "_a".into(),
            issuer: issuer.into(),
            issue_instant: NOW,
            name_id: "alice".into(),
            name_id_format: NAMEID_UNSPECIFIED.into(),
            name_qualifier: None,
            recipient: to.into(),
            in_response_to: Some("id1".into()),
            confirmation_not_on_or_after: until,
            not_before: Some(NOW - Duration::from_secs(15)),
            not_on_or_after: Some(until),
            audience: audience.into(),
            authn_instant: NOW,
            session_index: "_s".into(),
            session_not_on_or_after: None,
            class_ref: "urn:x".into(),
            posture: None,
            attributes: vec![],
        }),
    }
}

/// A managed iPhone.
pub fn posture() -> DevicePosture {
    DevicePosture {
        namespace: POSTURE.into(),
        device_id: "98bc".into(),
        vendor: "Apple".into(),
        model: "iPhone".into(),
        os: "iOS".into(),
        os_version: "17.4".into(),
        facts: vec![("IsManaged".into(), "true".into())],
    }
}

/// What a response's assertion says, to change it.
pub fn assertion(response: &mut Response) -> &mut Assertion {
    response.assertion.as_mut().unwrap()
}

/// Asks for a fresh sign-in; `Ends::audience` is where the answer is to go.
pub fn request(Ends { issuer, to, audience }: Ends<'_>) -> AuthnRequest {
    AuthnRequest {
        id: "id2592935172059086719897827".into(),
        issue_instant: NOW,
        destination: Some(to.into()),
        issuer: issuer.into(),
        acs_url: Some(audience.into()),
        force_authn: true,
        is_passive: false,
        name_id_format: Some(NAMEID_UNSPECIFIED.into()),
        subject: None,
        requested_context: Some(RequestedAuthnContext {
            comparison: "minimum".into(),
            class_refs: vec![POSTURE.into()],
        }),
    }
}

/// A CA for device certificates, as UEM makes it.
pub struct DeviceCa {
    pub der: Vec<u8>,
    pub pkcs8: Vec<u8>,
    pub issuer: Issuer<'static, KeyPair>,
}

pub fn device_ca() -> DeviceCa {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "device CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let der = params.self_signed(&key).unwrap().der().to_vec();
    DeviceCa { der, pkcs8: key.serialize_der(), issuer: Issuer::new(params, key) }
}
