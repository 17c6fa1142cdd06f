//! X.509 certificates by OpenSSL, which signs what careful libraries refuse to.

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::x509::{X509, X509NameBuilder};

/// A certificate for keys of SAML signers; nobody looks at more than its public key.
pub(crate) fn self_signed(key: &PKey<Private>, name: &str) -> Option<Vec<u8>> {
    let mut subject = X509NameBuilder::new().ok()?;
    subject.append_entry_by_text("CN", name).ok()?;
    let subject = subject.build();
    let mut builder = X509::builder().ok()?;
    builder.set_version(2).ok()?;
    builder.set_serial_number(BigNum::from_u32(1).ok()?.to_asn1_integer().ok()?.as_ref()).ok()?;
    builder.set_subject_name(&subject).ok()?;
    builder.set_issuer_name(&subject).ok()?;
    builder.set_pubkey(key).ok()?;
    builder.set_not_before(Asn1Time::from_unix(1_577_836_800).ok()?.as_ref()).ok()?;
    builder.set_not_after(Asn1Time::from_unix(2_524_608_000).ok()?.as_ref()).ok()?;
    builder.sign(key, MessageDigest::sha256()).ok()?;
    builder.build().to_der().ok()
}

/// A list of revoked certificates, DER, written by hand: OpenSSL's binding cannot make one.
pub(crate) fn revocation_list(
    ca: &crate::certificate::Ca,
    serial: Option<&[u8]>,
    from: i64,
    until: i64,
) -> Option<Vec<u8>> {
    use crate::certificate::der;
    // ecdsa-with-SHA256
    let algorithm = der(0x30, &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]);
    let time = |seconds: i64| {
        let text = federation::Time(seconds * 1000).to_string();
        let digits: String = text.chars().filter(char::is_ascii_digit).take(14).collect();
        der(0x17, format!("{}Z", &digits[2..]).as_bytes())
    };
    let mut body = der(0x02, &[1]);
    body.extend(&algorithm);
    body.extend(ca.certificate.subject_name().to_der().ok()?);
    body.extend(time(from));
    body.extend(time(until));
    if let Some(serial) = serial {
        let entry = der(0x30, &[der(0x02, serial), time(from)].concat());
        body.extend(der(0x30, &entry));
    }
    let number = der(0x30, &[&[0x06, 0x03, 0x55, 0x1d, 0x14][..], &der(0x04, &der(0x02, &[1]))].concat());
    body.extend(der(0xa0, &der(0x30, &number)));
    let body = der(0x30, &body);
    let mut signer = openssl::sign::Signer::new(MessageDigest::sha256(), &ca.key).ok()?;
    let signature = signer.sign_oneshot_to_vec(&body).ok()?;
    let bits = der(0x03, &[&[0][..], &signature].concat());
    Some(der(0x30, &[body, algorithm, bits].concat()))
}
