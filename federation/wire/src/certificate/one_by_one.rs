//! Only where a check can be switched off: webpki is asked again with that one question answered in the holder's favour,
//! so that every other check still speaks.

use super::{Judgement, judged};
use crate::Refusal;
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use rustls_pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, SignatureVerificationAlgorithm, TrustAnchor, UnixTime,
    alg_id,
};
use std::time::Duration;
use webpki::{ExpirationPolicy, KeyUsage, anchor_from_trusted_cert};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::x509::X509Name;

type Algorithm = &'static dyn SignatureVerificationAlgorithm;

/// Takes every signature for right.
#[derive(Debug)]
struct Believing(Algorithm);

impl SignatureVerificationAlgorithm for Believing {
    fn verify_signature(&self, _: &[u8], _: &[u8], _: &[u8]) -> Result<(), InvalidSignature> {
        Ok(())
    }
    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.0.public_key_alg_id()
    }
    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.0.signature_alg_id()
    }
}

/// ECDSA on P-256 with SHA-1, verified.
#[derive(Debug)]
struct EcdsaSha1;

impl SignatureVerificationAlgorithm for EcdsaSha1 {
    fn verify_signature(&self, public: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let right = || -> Result<bool, openssl::error::ErrorStack> {
            let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
            let point = EcPoint::from_bytes(&group, public, &mut *openssl::bn::BigNumContext::new()?)?;
            let key = PKey::from_ec_key(EcKey::from_public_key(&group, &point)?)?;
            openssl::sign::Verifier::new(MessageDigest::sha1(), &key)?.verify_oneshot(signature, message)
        };
        right().ok().filter(|right| *right).map(|_| ()).ok_or(InvalidSignature)
    }
    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P256
    }
    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        // ecdsa-with-SHA1
        AlgorithmIdentifier::from_slice(&[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01])
    }
}

/// What is left of the judgement without the check `code`.
pub(super) fn rest(code: &str, mut asked: Judgement<'_>) -> Result<(), Refusal> {
    let (_, leaf) = X509Certificate::from_der(asked.leaf).map_err(super::malformed)?;
    let believing = || -> Vec<Algorithm> {
        let wrap = |a: &Algorithm| -> Algorithm { Box::leak(Box::new(Believing(*a))) };
        webpki::ALL_VERIFICATION_ALGS.iter().map(wrap).collect()
    };
    match code {
        "certificate/expired" | "certificate/not-yet-valid" => {
            let inside = u64::try_from(leaf.validity().not_after.timestamp()).unwrap_or_default();
            asked.now = UnixTime::since_unix_epoch(Duration::from_secs(inside));
        }
        "certificate/revoked" | "certificate/revocation-unknown" | "certificate/crl-unavailable" => asked.lists = &[],
        "certificate/crl-expired" => asked.expiry = ExpirationPolicy::Ignore,
        "certificate/algorithm" => asked.algorithms = [webpki::ALL_VERIFICATION_ALGS, &[&EcdsaSha1]].concat(),
        "certificate/bad-signature" => asked.algorithms = believing(),
        "certificate/unknown-issuer" => {
            // Whoever issued it is trusted, and nobody knows that one's key.
            asked.algorithms = believing();
            let own = CertificateDer::from(asked.leaf);
            let mut anchor = anchor_from_trusted_cert(&own).map_err(|e| judged(&e))?.to_owned();
            anchor.subject = bare(leaf.issuer()).into();
            asked.anchors.push(anchor);
        }
        "certificate/path" => {
            let between = asked.rest.iter().filter_map(|der| anchor_from_trusted_cert(der).ok());
            asked.anchors.extend(between.map(|a| a.to_owned()));
        }
        "certificate/key-usage" if leaf.is_ca() => return as_a_ca(&leaf, &asked),
        "certificate/key-usage" => asked.usage = stated(&leaf),
        _ => {}
    }
    asked.path().map(|_| ()).map_err(|e| judged(&e))
}

/// A name without its tag and length, as webpki keeps it.
fn bare(name: &X509Name<'_>) -> Vec<u8> {
    super::contents(name.as_raw(), 0x30).unwrap_or_default().to_vec()
}

/// The purpose that the certificate itself states.
fn stated(leaf: &X509Certificate<'_>) -> KeyUsage {
    const SERVER: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
    const MAIL: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 4];
    const ANY: &[u8] = &[0x55, 0x1d, 0x25, 0];
    match leaf.extended_key_usage().ok().flatten().map(|u| u.value) {
        Some(u) if u.server_auth => KeyUsage::required_if_present(SERVER),
        Some(u) if u.email_protection => KeyUsage::required_if_present(MAIL),
        Some(u) if u.any => KeyUsage::required_if_present(ANY),
        _ => KeyUsage::client_auth(),
    }
}

/// webpki judges no CA's certificate as somebody's own: dates and signature by hand.
fn as_a_ca(leaf: &X509Certificate<'_>, asked: &Judgement<'_>) -> Result<(), Refusal> {
    let now = i64::try_from(asked.now.as_secs()).unwrap_or_default();
    let (from, until) = (leaf.validity().not_before.timestamp(), leaf.validity().not_after.timestamp());
    if !(from..=until).contains(&now) {
        return Err(Refusal::new("certificate/expired", "or not yet valid"));
    }
    let issuer = |a: &&TrustAnchor<'_>| a.subject.as_ref() == bare(leaf.issuer());
    let Some(issuer) = asked.anchors.iter().find(issuer) else {
        return Err(Refusal::new("certificate/unknown-issuer", leaf.issuer().to_string()));
    };
    // SubjectPublicKeyInfo ends with the BIT STRING of the key.
    let spki = [&[0x30, issuer.subject_public_key_info.len() as u8][..], &issuer.subject_public_key_info].concat();
    let key = x509_parser::x509::SubjectPublicKeyInfo::from_der(&spki).map_err(super::malformed)?.1;
    let (message, signature) = (leaf.tbs_certificate.as_ref(), leaf.signature_value.data.as_ref());
    let holds = |a: &Algorithm| a.verify_signature(key.subject_public_key.data.as_ref(), message, signature).is_ok();
    match asked.algorithms.iter().any(holds) {
        true => Ok(()),
        false => Err(Refusal::new("certificate/bad-signature", "")),
    }
}
