//! Device certificates: read as DER, judged at a given time. TLS has proved possession of the key and nothing else.

use crate::Refusal;
use crate::checks::refuse_by;
use bytes::Bytes;
use federation::Time;
use rustls_pki_types::{
    CertificateDer, CertificateRevocationListDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime,
};
use std::time::Duration;
use webpki::{
    EndEntityCert, ExpirationPolicy, KeyUsage, OwnedCertRevocationList, RevocationOptionsBuilder,
    anchor_from_trusted_cert,
};
use x509_parser::prelude::{FromDer, GeneralName, ParsedExtension, X509Certificate};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::X509Name;

#[cfg(feature = "disable-checks")]
mod one_by_one;

/// userPrincipalName in a SAN `otherName`.
const UPN_OID: &str = "1.3.6.1.4.1.311.20.2.3";

/// What a certificate says of its holder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CertificateFacts {
    pub subject_cn: Option<String>,
    pub subject_uid: Option<String>,
    pub upn: Vec<String>,
    pub emails: Vec<String>,
    pub uris: Vec<String>,
    /// Hexadecimal.
    pub serial: String,
    pub issuer: String,
}

fn malformed(e: impl std::fmt::Display) -> Refusal {
    Refusal::new("certificate/malformed", e.to_string())
}

/// The issuer's name, DER, as a TLS server's acceptable-CA hint states it.
pub fn issuer_der(certificate: &[u8]) -> Option<Vec<u8>> {
    X509Certificate::from_der(certificate).ok().map(|(_, c)| c.issuer().as_raw().to_vec())
}

/// The subject's name, DER.
pub fn subject_der(certificate: &[u8]) -> Option<Vec<u8>> {
    X509Certificate::from_der(certificate).ok().map(|(_, c)| c.subject().as_raw().to_vec())
}

/// The first certificate of a PEM text.
pub fn der_from_pem(pem: &str) -> Result<Vec<u8>, Refusal> {
    let (_, pem) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).map_err(malformed)?;
    Ok(pem.contents)
}

/// Chain, dates, key usage and, where `crls` are given, revocation at `now`. The client-auth usage must be stated.
pub fn verify_device_certificate(
    chain: &[Bytes],
    anchors: &[Vec<u8>],
    crls: &[Vec<u8>],
    now: Time,
) -> Result<CertificateFacts, Refusal> {
    let (leaf, rest) =
        chain.split_first().ok_or_else(|| Refusal::new("certificate/missing", "the device showed none"))?;
    let facts = facts(leaf)?;
    let trusted: Vec<CertificateDer<'_>> = anchors.iter().map(|a| CertificateDer::from(a.as_slice())).collect();
    let anchors =
        trusted.iter().map(anchor_from_trusted_cert).collect::<Result<Vec<_>, _>>().map_err(|e| judged(&e))?;
    let rest: Vec<CertificateDer<'_>> = rest.iter().map(|c| CertificateDer::from(c.as_ref())).collect();
    let lists =
        crls.iter().map(|crl| OwnedCertRevocationList::from_der(&CertificateRevocationListDer::from(crl.as_slice())));
    // It is the list that cannot be read, not what the device showed.
    let unread = |e: webpki::Error| Refusal::new("certificate/crl-unavailable", format!("{e:?}"));
    let lists = lists.map(|l| l.map(Into::into)).collect::<Result<Vec<_>, _>>().map_err(unread)?;
    let lists: Vec<&webpki::CertRevocationList<'_>> = lists.iter().collect();
    let seconds = u64::try_from(now.seconds()).map_err(malformed)?;
    let asked = Judgement {
        leaf,
        anchors,
        rest: &rest,
        now: UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
        lists: &lists,
        expiry: ExpirationPolicy::Enforce,
        algorithms: webpki::ALL_VERIFICATION_ALGS.to_vec(),
        usage: KeyUsage::client_auth(),
    };
    let path = asked.path().map_err(|e| judged(&e));
    #[cfg(feature = "disable-checks")]
    if let Err(refusal) = &path
        && crate::checks::off(refusal.code)
    {
        return one_by_one::rest(refusal.code, asked).map(|()| facts);
    }
    let Path { between, anchor } = path?;
    // A trust anchor keeps no limit of its own there, so that it is held here.
    let limit = |der: &CertificateDer<'_>| path_limit(der).is_some_and(|most| between > most);
    if trusted.iter().any(|der| subject_of(der).as_ref() == Some(&anchor) && limit(der)) {
        refuse_by!("certificate/path", format!("{between} certificates stand between"));
    }
    Ok(facts)
}

/// One question to webpki.
struct Judgement<'a> {
    leaf: &'a [u8],
    anchors: Vec<TrustAnchor<'a>>,
    rest: &'a [CertificateDer<'a>],
    now: UnixTime,
    /// Empty: not checked.
    lists: &'a [&'a webpki::CertRevocationList<'a>],
    expiry: ExpirationPolicy,
    algorithms: Vec<&'static dyn SignatureVerificationAlgorithm>,
    usage: KeyUsage,
}

/// How many CAs stand between, and the name of the one at the end.
struct Path {
    between: usize,
    anchor: Vec<u8>,
}

impl Judgement<'_> {
    fn path(&self) -> Result<Path, webpki::Error> {
        let der = CertificateDer::from(self.leaf);
        let end_entity = EndEntityCert::try_from(&der)?;
        let revocation = match RevocationOptionsBuilder::new(self.lists) {
            Ok(options) => Some(options.with_expiration_policy(self.expiry).build()),
            // There is no list.
            Err(_) => None,
        };
        let (now, usage) = (self.now, self.usage);
        let path =
            end_entity.verify_for_usage(&self.algorithms, &self.anchors, self.rest, now, usage, revocation, None)?;
        Ok(Path { between: path.intermediate_certificates().count(), anchor: path.anchor().subject.as_ref().to_vec() })
    }
}

/// How many CAs may stand below this one.
fn path_limit(ca: &[u8]) -> Option<usize> {
    let (_, certificate) = X509Certificate::from_der(ca).ok()?;
    let constraints = certificate.basic_constraints().ok()??;
    usize::try_from(constraints.value.path_len_constraint?).ok()
}

/// The contents of the subject's name, as a trust anchor holds it.
fn subject_of(certificate: &CertificateDer<'_>) -> Option<Vec<u8>> {
    anchor_from_trusted_cert(certificate).ok().map(|anchor| anchor.subject.as_ref().to_vec())
}

/// Refusal of a webpki error, by what a reader can do about it.
fn judged(error: &webpki::Error) -> Refusal {
    use webpki::Error::*;
    let code = match error {
        CertExpired { .. } => "certificate/expired",
        CertNotValidYet { .. } => "certificate/not-yet-valid",
        UnknownIssuer => "certificate/unknown-issuer",
        CertRevoked => "certificate/revoked",
        CrlExpired { .. } => "certificate/crl-expired",
        InvalidCrlSignatureForPublicKey
        | IssuerNotCrlSigner
        | UnsupportedCrlSignatureAlgorithmContext(_)
        | UnsupportedCrlSignatureAlgorithmForPublicKeyContext(_) => "certificate/crl-unavailable",
        UnknownRevocationStatus => "certificate/revocation-unknown",
        RequiredEkuNotFoundContext(_) | CaUsedAsEndEntity => "certificate/key-usage",
        InvalidSignatureForPublicKey => "certificate/bad-signature",
        PathLenConstraintViolated
        | EndEntityUsedAsCa
        | MaximumPathDepthExceeded
        | MaximumPathBuildCallsExceeded
        | MaximumSignatureChecksExceeded
        | NameConstraintViolation => "certificate/path",
        UnsupportedCriticalExtension => "certificate/critical-extension",
        UnsupportedSignatureAlgorithmContext(_) | UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            "certificate/algorithm"
        }
        _ => "certificate/malformed",
    };
    Refusal::new(code, in_words(error))
}

/// What was seen, for people; an error without words of ours keeps the library's name.
fn in_words(error: &webpki::Error) -> String {
    use webpki::Error::*;
    let at = |time: &UnixTime| Time(i64::try_from(time.as_secs()).unwrap_or_default().saturating_mul(1000));
    match error {
        CertExpired { not_after, .. } => format!("valid until {}", at(not_after)),
        CertNotValidYet { not_before, .. } => format!("valid from {}", at(not_before)),
        CrlExpired { next_update, .. } => format!("the next list was due at {}", at(next_update)),
        CertRevoked => "its serial number stands in the list".into(),
        UnknownIssuer => "no CA that is trusted here issued it".into(),
        InvalidSignatureForPublicKey => "signed by another key than the CA's".into(),
        other => format!("{other:?}"),
    }
}

fn facts(der: &[u8]) -> Result<CertificateFacts, Refusal> {
    let (_, certificate) = X509Certificate::from_der(der).map_err(malformed)?;
    let usage = certificate.extended_key_usage().map_err(malformed)?;
    if !usage.is_some_and(|u| u.value.client_auth) {
        refuse_by!("certificate/key-usage", "client authentication is not stated");
    }
    // What the key may do is not webpki's question.
    if certificate.key_usage().map_err(malformed)?.is_some_and(|u| !u.value.digital_signature()) {
        refuse_by!("certificate/key-usage", "the key may not sign");
    }
    if let Ok(PublicKey::RSA(key)) = certificate.public_key().parsed()
        && key.key_size() < 2048
    {
        refuse_by!("certificate/algorithm", format!("RSA of {} bits", key.key_size()));
    }
    let subject = certificate.subject();
    let mut facts = CertificateFacts {
        subject_cn: named_once(subject, "2.5.4.3"),
        subject_uid: named_once(subject, "0.9.2342.19200300.100.1.1"),
        serial: certificate.serial.to_str_radix(16),
        issuer: certificate.issuer().to_string(),
        ..CertificateFacts::default()
    };
    for extension in certificate.extensions() {
        let ParsedExtension::SubjectAlternativeName(san) = extension.parsed_extension() else { continue };
        for name in &san.general_names {
            match name {
                GeneralName::RFC822Name(email) => facts.emails.push((*email).into()),
                GeneralName::URI(uri) => facts.uris.push((*uri).into()),
                GeneralName::OtherName(oid, value) if oid.to_id_string() == UPN_OID => facts.upn.extend(utf8(value)),
                _ => {}
            }
        }
    }
    Ok(facts)
}

/// The only attribute of this kind; of two neither counts.
fn named_once(subject: &X509Name<'_>, kind: &str) -> Option<String> {
    let mut found = subject.iter_attributes().filter(|a| a.attr_type().to_id_string() == kind);
    match (found.next(), found.next()) {
        (Some(only), None) => only.as_str().ok().map(String::from),
        _ => None,
    }
}

/// The UTF8String inside `[0] EXPLICIT`, or bare.
fn utf8(value: &[u8]) -> Option<String> {
    let inner = contents(value, 0xa0).unwrap_or(value);
    contents(inner, 0x0c).and_then(|text| String::from_utf8(text.to_vec()).ok())
}

/// Contents of the one DER element of this tag that fills `der`.
fn contents(der: &[u8], tag: u8) -> Option<&[u8]> {
    let (length, body) = match der {
        [t, 0x81, n, body @ ..] if *t == tag => (usize::from(*n), body),
        [t, 0x82, high, low, body @ ..] if *t == tag => (usize::from(*high) << 8 | usize::from(*low), body),
        [t, n @ 0..=0x7f, body @ ..] if *t == tag => (usize::from(*n), body),
        _ => return None,
    };
    (body.len() == length).then_some(body)
}
