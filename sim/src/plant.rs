//! Certificates that should authenticate nobody, made for scenarios as whoever could make them would: real DER, a real key.
//!
//! The device shows them in real TLS. Nothing here judges them: that is Access's part.

use crate::device::Pems;
use federation::Time;
use federation::tenant::uem::User;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    OtherNameValue, SanType,
};
use rustls::pki_types::CertificateDer;
use scenarios::PlantKind;
use std::time::Duration;

/// Microsoft's user principal name, as an `otherName`.
const UPN: [u64; 10] = [1, 3, 6, 1, 4, 1, 311, 20, 2, 3];
const DAY: Duration = Duration::from_secs(86_400);

/// The device CA as an insider holds it: its certificate, and its key, DER.
pub struct Insider {
    pub certificate: Vec<u8>,
    pub key_pkcs8: Vec<u8>,
}

/// A certificate and its key.
pub struct Plant {
    pub der: Vec<u8>,
    pub key_pkcs8: Vec<u8>,
    pub pems: Pems,
}

impl Insider {
    /// Whoever signs it, it bears the name of the device CA: a server's hint tells that name to everybody.
    pub fn make(&self, kind: PlantKind, claims: &User, udid: &str, now: Time) -> Result<Plant, rcgen::Error> {
        let key = KeyPair::generate()?;
        let signer = match kind {
            PlantKind::ForeignCa => KeyPair::generate()?,
            PlantKind::SelfMade => KeyPair::try_from(key.serialize_der().as_slice())?,
            PlantKind::NotYetValid | PlantKind::NoClientAuth | PlantKind::Nobody => {
                KeyPair::try_from(self.key_pkcs8.as_slice())?
            }
        };
        let named = CertificateDer::from(self.certificate.as_slice());
        let certificate = leaf(kind, claims, udid, now)?.signed_by(&key, &Issuer::from_ca_cert_der(&named, signer)?)?;
        let pems = Pems { key: key.serialize_pem(), certificate: certificate.pem() };
        Ok(Plant { der: certificate.der().to_vec(), key_pkcs8: key.serialize_der(), pems })
    }
}

fn leaf(kind: PlantKind, claims: &User, udid: &str, now: Time) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.subject_alt_names.push(SanType::URI(format!("urn:udid:{udid}").try_into()?));
    if kind == PlantKind::Nobody {
        params.distinguished_name.push(DnType::CommonName, udid);
    } else {
        params.distinguished_name.push(DnType::CommonName, claims.username.as_str());
        let upn = claims.upn.as_ref().unwrap_or(&claims.email).clone();
        params.subject_alt_names.push(SanType::OtherName((UPN.to_vec(), OtherNameValue::Utf8String(upn))));
        params.subject_alt_names.push(SanType::Rfc822Name(claims.email.as_str().try_into()?));
    }
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![match kind {
        PlantKind::NoClientAuth => ExtendedKeyUsagePurpose::ServerAuth,
        _ => ExtendedKeyUsagePurpose::ClientAuth,
    }];
    let seconds = Duration::from_secs(u64::try_from(now.seconds()).unwrap_or(0));
    let now = rcgen::date_time_ymd(1970, 1, 1) + seconds;
    params.not_before = if kind == PlantKind::NotYetValid { now + DAY } else { now - DAY };
    params.not_after = now + DAY * 365;
    Ok(params)
}
