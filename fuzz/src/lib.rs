//! What the fuzzers call, and what the replay of their corpora calls: whatever the bytes, nothing panics, and nothing is
//! accepted that says something else than what the one trusted key has signed. Each returns whether it accepted.

use bytes::Bytes;
use federation::Time;
use federation::tenant::SignatureAlgorithm;
use wire::dsig::TrustedKey;
use wire::saml::{self, MustSign, RequestCheck, ResponseCheck};
use wire::{certificate as device, door as front, form as forms, head as heads, metadata, redirect as query};

/// Of the key that signed the seeds; the private half is a public test key.
pub const SIGNER: &[u8] = include_bytes!("../seeds/signer.der");
/// Of the CA that issued the seed of the certificate reader; its key was thrown away.
pub const CA: &[u8] = include_bytes!("../seeds/ca.der");
pub const NOW: Time = Time(1_772_442_000_000);
pub const ACS: &str = "https://sp.test/acs";
pub const IDP: &str = "https://idp.test/metadata";
pub const SP: &str = "https://sp.test/metadata";
pub const SSO: &str = "https://idp.test/sso";
pub const REQUEST: &str = "id1";
pub const NAME: &str = "alice";
pub const HOST: &str = "idp.test";

/// The front door of all XML.
pub fn door(data: &[u8]) -> bool {
    front::text(data).is_ok_and(|text| front::parse(text).is_ok())
}

/// Everything that reads SAML by POST.
pub fn saml(data: &[u8]) -> bool {
    let _ = (saml::peek(data), metadata::read_sp(data), metadata::read_idp(data));
    let keys = signer();
    let check = ResponseCheck {
        issuer: IDP,
        keys: &keys,
        must_sign: MustSign::Any,
        floor: SignatureAlgorithm::Sha256,
        audience: SP,
        acs_url: ACS,
        in_response_to: Some(REQUEST),
        now: NOW,
        skew_seconds: 60,
    };
    let response = saml::read_response(data, &check);
    if let Ok(assertion) = response.as_ref().map(|r| r.assertion.as_ref()) {
        assert!(assertion.is_none_or(|a| a.name_id == NAME), "a forged name");
    }
    let request = with_check(|check| saml::read_request(data, check));
    if let Ok(request) = &request {
        assert_eq!(request.acs_url.as_deref(), Some(ACS), "a forged request");
    }
    response.is_ok() || request.is_ok()
}

/// The Redirect binding.
pub fn redirect(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let request = with_check(|check| query::read_request(text, check));
    if let Ok((request, _)) = &request {
        assert_eq!(request.acs_url.as_deref(), Some(ACS), "a forged request");
    }
    request.is_ok()
}

/// The reader of device certificates; the bytes are tried as certificate, as CA and as CRL.
pub fn certificate(data: &[u8]) -> bool {
    let leaf = [Bytes::copy_from_slice(data)];
    let _ = (device::issuer_der(data), device::subject_der(data), TrustedKey::from_certificate(data).is_ok());
    let _ = std::str::from_utf8(data).map(device::der_from_pem);
    let _ = device::verify_device_certificate(&leaf, &[data.to_vec()], &[], NOW);
    let _ = device::verify_device_certificate(&leaf, &[CA.to_vec()], &[data.to_vec()], NOW);
    let facts = device::verify_device_certificate(&leaf, &[CA.to_vec()], &[], NOW);
    if let Ok(facts) = &facts {
        assert_eq!(facts.upn, [NAME], "a forged device");
    }
    facts.is_ok()
}

/// What browsers post.
pub fn form(data: &[u8]) -> bool {
    let Ok(form) = forms::Form::parse(data) else { return false };
    let message = form.get("SAMLResponse").map(forms::decode_post);
    message.is_none_or(|m| m.is_ok_and(|xml| saml(&xml)))
}

/// The head of a request.
pub fn head(data: &[u8]) -> bool {
    let Some(length) = heads::length(data) else { return false };
    heads::check(&data[..length], HOST).is_ok()
}

fn signer() -> Vec<TrustedKey> {
    TrustedKey::from_certificate(SIGNER).into_iter().collect()
}

fn with_check<T>(run: impl FnOnce(&RequestCheck<'_>) -> T) -> T {
    let keys = signer();
    run(&RequestCheck {
        expected_issuer_keys: &[(SP, keys.as_slice())],
        require_signature: true,
        floor: SignatureAlgorithm::Sha256,
        destination: SSO,
        now: NOW,
        skew_seconds: 60,
    })
}
