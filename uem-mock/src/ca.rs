//! The built-in certificate authority: a pathLen-0 CA, device certificates from requests made on the device, CRLs.

use crate::inventory::{DeviceRecord, Issued};
use federation::Time;
use federation::tenant::uem::{Template, User};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertificateSigningRequestParams,
    CrlDistributionPoint, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    OtherNameValue, PublicKeyData, RevocationReason, RevokedCertParams, SanType, SerialNumber,
};
use std::time::Duration;

/// Microsoft's user principal name, as an `otherName`.
const UPN: [u64; 10] = [1, 3, 6, 1, 4, 1, 311, 20, 2, 3];
const DAY: Duration = Duration::from_secs(86_400);
/// Clocks of devices differ by a little.
const BACKDATE: Duration = Duration::from_secs(300);
const CA_DAYS: u32 = 3650;
/// An RSA-2048 public key is 270 bytes of DER.
const LEAST_RSA_BYTES: usize = 270;

/// Key of the device CA, PKCS#8 DER.
#[derive(Clone)]
pub struct CaKey {
    pub key_pkcs8: Vec<u8>,
    /// Its own certificate, DER, where it has one already.
    pub certificate: Option<Vec<u8>>,
}

/// X.509 has whole seconds. A macro, as the type it makes belongs to a crate that this one does not name.
macro_rules! date {
    ($time:expr) => {
        rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(u64::try_from(($time).seconds()).unwrap_or(0))
    };
}

pub struct Ca {
    certificate: Vec<u8>,
    issuer: Issuer<'static, KeyPair>,
}

/// What a device certificate states.
pub struct Statement<'a> {
    pub template: Template,
    pub user: &'a User,
    pub udid: &'a str,
    pub host: &'a str,
    pub leaf_days: u32,
    pub now: Time,
}

impl Ca {
    /// Subject, serial and dates depend on `start` alone and the key on `key`; only an ECDSA signature varies.
    pub fn new(ca: &CaKey, start: Time) -> Result<Ca, rcgen::Error> {
        let key = KeyPair::try_from(ca.key_pkcs8.as_slice())?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "AirWatch Enterprise CA");
        params.distinguished_name.push(DnType::OrganizationName, "fedsim UEM");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.serial_number = Some(SerialNumber::from_slice(&[0x41, 0x57, 0, 0, 0, 0, 0, 0, 0, 1]));
        (params.not_before, params.not_after) = (date!(start - BACKDATE), date!(start + DAY * CA_DAYS));
        let certificate = match &ca.certificate {
            Some(certificate) => certificate.clone(),
            None => params.self_signed(&key)?.der().to_vec(),
        };
        Ok(Ca { certificate, issuer: Issuer::new(params, key) })
    }

    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// Issues for a PEM request whose signature proves possession of the key. Nothing else of the request is used.
    /// Returns the certificate in PEM.
    pub fn issue(&self, csr_pem: &str, serial: &[u8], says: &Statement) -> Result<String, String> {
        let request =
            CertificateSigningRequestParams::from_pem(csr_pem).map_err(|e| format!("certificate request: {e}"))?;
        let key = &request.public_key;
        if [&rcgen::PKCS_RSA_SHA256, &rcgen::PKCS_RSA_SHA384, &rcgen::PKCS_RSA_SHA512].contains(&key.algorithm())
            && key.der_bytes().len() < LEAST_RSA_BYTES
        {
            return Err("certificate request: RSA keys need 2048 bits".into());
        }
        let params = leaf(serial, says).map_err(|e| format!("certificate template: {e}"))?;
        let certificate = params.signed_by(key, &self.issuer).map_err(|e| e.to_string())?;
        Ok(certificate.pem())
    }

    /// A CRL of everything revoked so far. It stays good for two periods, so that a reader between
    /// two publications never holds an expired one.
    pub fn crl<'a>(
        &self,
        devices: impl Iterator<Item = &'a DeviceRecord>,
        number: u64,
        now: Time,
        period: Duration,
    ) -> Result<Vec<u8>, String> {
        let revoked = devices.flat_map(|device| &device.certificates).filter_map(revoked_entry).collect();
        let params = CertificateRevocationListParams {
            this_update: date!(now),
            next_update: date!(now + period * 2),
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: revoked,
            key_identifier_method: rcgen::KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer).map(|crl| crl.der().to_vec()).map_err(|e| e.to_string())
    }
}

fn leaf(serial: &[u8], says: &Statement) -> Result<CertificateParams, rcgen::Error> {
    let Statement { user, udid, .. } = says;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    let subject = match says.template {
        Template::EnrollmentUser => user.username.as_str(),
        Template::DeviceUid => udid,
    };
    params.distinguished_name.push(DnType::CommonName, subject);
    let upn = user.upn.as_ref().unwrap_or(&user.email);
    if !upn.is_empty() {
        params.subject_alt_names.push(SanType::OtherName((UPN.to_vec(), OtherNameValue::Utf8String(upn.clone()))));
    }
    if !user.email.is_empty() {
        params.subject_alt_names.push(SanType::Rfc822Name(user.email.as_str().try_into()?));
    }
    if says.template == Template::EnrollmentUser {
        params.subject_alt_names.push(SanType::URI(format!("urn:udid:{udid}").try_into()?));
    }
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.use_authority_key_identifier_extension = true;
    params.crl_distribution_points = vec![CrlDistributionPoint { uris: vec![format!("https://{}/crl", says.host)] }];
    params.serial_number = Some(SerialNumber::from_slice(serial));
    (params.not_before, params.not_after) = (date!(says.now - BACKDATE), date!(says.now + DAY * says.leaf_days));
    Ok(params)
}

fn revoked_entry(issued: &Issued) -> Option<RevokedCertParams> {
    Some(RevokedCertParams {
        serial_number: SerialNumber::from(from_hex(&issued.serial)),
        revocation_time: date!(issued.revoked?),
        reason_code: Some(RevocationReason::CessationOfOperation),
        invalidity_date: None,
    })
}

/// 126 random bits from `fresh_id`, positive and of constant length. Returns bytes and their hexadecimal.
pub fn serial(fresh_id: &str) -> (Vec<u8>, String) {
    let mut bytes = from_hex(fresh_id);
    bytes.truncate(16);
    if let Some(first) = bytes.first_mut() {
        *first = (*first & 0x7f) | 0x40;
    }
    let hex = bytes.iter().map(|b| format!("{b:02x}")).collect();
    (bytes, hex)
}

fn from_hex(text: &str) -> Vec<u8> {
    let digit = |c: &u8| char::from(*c).to_digit(16).and_then(|d| u8::try_from(d).ok()).unwrap_or(0);
    text.as_bytes().chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, c| (byte << 4) | digit(c))).collect()
}
