//! Device certificates as a broken CA or a dishonest device would show them.

use federation::Time;
use openssl::asn1::{Asn1Integer, Asn1Object, Asn1OctetString, Asn1Time};
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{BasicConstraints, ExtendedKeyUsage, KeyUsage};
use openssl::x509::{X509, X509Builder, X509Extension, X509Name, X509NameBuilder};

/// Makes what the device shows.
pub type Make = fn(&DeviceScene<'_>) -> Option<Presented>;

/// What a device brings to the certificate host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presented {
    Nothing,
    /// Leaf first, DER; `key` is PKCS#8 DER.
    Chain {
        chain: Vec<Vec<u8>>,
        key: Vec<u8>,
    },
    /// The certificate in a header of the request, with no certificate in TLS.
    Header(Vec<u8>),
    /// Bytes instead of a handshake.
    Bytes(Vec<u8>),
    /// A chain, and the list of revoked certificates that the CA publishes.
    Listed {
        chain: Vec<Vec<u8>>,
        key: Vec<u8>,
        crl: Vec<u8>,
    },
}

/// Names that an honest certificate of this device holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    pub cn: String,
    pub upn: Vec<String>,
    pub emails: Vec<String>,
    pub uris: Vec<String>,
}

/// What is known where a device misbehaves. `ca` is the key of the CA that Access trusts: a broken CA issues what it should not.
pub struct DeviceScene<'a> {
    pub now: Time,
    pub ca: &'a Ca,
    pub names: Names,
}

impl DeviceScene<'_> {
    /// What the same device shows that does nothing wrong; `listed`: beside the CA's list, which does not name it.
    pub fn honest(&self, listed: bool) -> Option<Presented> {
        if listed { self.revoking(false, 3600) } else { Leaf::honest(self).issue(self.ca) }
    }

    /// An honest leaf beside a list that the CA signed, which may name it. The list ends so many seconds from now.
    pub(crate) fn revoking(&self, revoked: bool, end: i64) -> Option<Presented> {
        self.listed_by(self.ca, revoked, end)
    }

    /// An honest leaf beside another CA's list.
    pub(crate) fn listed_by(&self, ca: &Ca, revoked: bool, end: i64) -> Option<Presented> {
        let Presented::Chain { chain, key } = Leaf::honest(self).issue(self.ca)? else { return None };
        let serial = X509::from_der(chain.first()?).ok()?.serial_number().to_bn().ok()?.to_vec();
        let listed = revoked.then_some(serial);
        let crl =
            crate::x509::revocation_list(ca, listed.as_deref(), self.now.seconds() - 60, self.now.seconds() + end)?;
        Some(Presented::Listed { chain, key, crl })
    }
}

/// A certificate authority.
#[derive(Clone)]
pub struct Ca {
    pub(crate) certificate: X509,
    pub(crate) key: PKey<Private>,
}

impl Ca {
    pub(crate) fn new(certificate: X509, key: PKey<Private>) -> Option<Ca> {
        Some(Ca { certificate, key })
    }
    /// From a certificate and a PKCS#8 key, both DER.
    pub fn from_der(certificate: &[u8], pkcs8: &[u8]) -> Option<Ca> {
        Ca::new(X509::from_der(certificate).ok()?, PKey::private_key_from_pkcs8(pkcs8).ok()?)
    }
    /// Its own certificate, DER.
    pub fn der(&self) -> Option<Vec<u8>> {
        self.certificate.to_der().ok()
    }
}

/// A new P-256 key, PKCS#8 DER.
pub fn new_key() -> Option<Vec<u8>> {
    p256()?.private_key_to_pkcs8().ok()
}

/// RSA-PSS with SHA-256 by any key, PKCS#8 DER: also by one that careful libraries do not load.
pub fn signed_by_any_key(pkcs8: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let key = PKey::private_key_from_pkcs8(pkcs8).ok()?;
    let mut signer = openssl::sign::Signer::new(MessageDigest::sha256(), &key).ok()?;
    signer.set_rsa_padding(openssl::rsa::Padding::PKCS1_PSS).ok()?;
    signer.set_rsa_pss_saltlen(openssl::sign::RsaPssSaltlen::DIGEST_LENGTH).ok()?;
    signer.sign_oneshot_to_vec(message).ok()
}

fn p256() -> Option<PKey<Private>> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).ok()?;
    PKey::from_ec_key(EcKey::generate(&group).ok()?).ok()
}

fn name(cn: &str) -> Option<X509Name> {
    let mut name = X509NameBuilder::new().ok()?;
    name.append_entry_by_nid(Nid::COMMONNAME, cn).ok()?;
    Some(name.build())
}

fn serial(number: &[u8]) -> Option<Asn1Integer> {
    BigNum::from_slice(number).ok()?.to_asn1_integer().ok()
}

fn authority(subject: &openssl::x509::X509NameRef, number: &[u8], by: Option<&Ca>) -> Option<Ca> {
    with_key(p256()?, subject, number, by)
}

fn with_key(key: PKey<Private>, subject: &openssl::x509::X509NameRef, number: &[u8], by: Option<&Ca>) -> Option<Ca> {
    let mut builder = X509::builder().ok()?;
    builder.set_version(2).ok()?;
    builder.set_serial_number(serial(number)?.as_ref()).ok()?;
    builder.set_subject_name(subject).ok()?;
    builder.set_issuer_name(by.map_or(subject, |ca| ca.certificate.subject_name())).ok()?;
    builder.set_pubkey(&key).ok()?;
    builder.set_not_before(Asn1Time::from_unix(946_684_800).ok()?.as_ref()).ok()?;
    builder.set_not_after(Asn1Time::from_unix(4_102_444_800).ok()?.as_ref()).ok()?;
    builder.append_extension(BasicConstraints::new().critical().ca().build().ok()?).ok()?;
    builder.append_extension(KeyUsage::new().critical().key_cert_sign().crl_sign().build().ok()?).ok()?;
    builder.sign(by.map_or(&key, |ca| &ca.key), MessageDigest::sha256()).ok()?;
    Ca::new(builder.build(), key)
}

/// A CA that nobody trusts.
pub(crate) fn outsider(cn: &str, number: u8) -> Option<Ca> {
    authority(name(cn)?.as_ref(), &[number], None)
}

/// A CA with the name and the serial number of `ca` and a key of its own.
pub(crate) fn lookalike(ca: &Ca) -> Option<Ca> {
    let number = ca.certificate.serial_number().to_bn().ok()?.to_vec();
    authority(ca.certificate.subject_name(), &number, None)
}

/// CAs with one name and one key, each of which could have issued each other: no road ends, and there are very many.
pub(crate) fn maze(size: u8) -> Option<Vec<Ca>> {
    let (key, name) = (p256()?, name("a maze")?);
    (1..=size).map(|n| with_key(key.clone(), name.as_ref(), &[n], None)).collect()
}

/// A CA that `ca` certified.
pub(crate) fn intermediate(ca: &Ca) -> Option<Ca> {
    authority(name("a CA between")?.as_ref(), &[11], Some(ca))
}

/// What a leaf says; times are seconds from now.
pub(crate) struct Leaf {
    now: i64,
    pub cn: String,
    pub upn: Vec<String>,
    pub emails: Vec<String>,
    pub uris: Vec<String>,
    pub hosts: Vec<String>,
    pub from: i64,
    pub until: i64,
    /// `None`: no extended key usage at all.
    pub usage: Option<&'static str>,
    pub ca: bool,
    pub critical: bool,
    pub digest: MessageDigest,
    pub small_key: bool,
    pub version_1: bool,
    /// Its key may sign; otherwise it may encipher keys and nothing else.
    pub signs: bool,
    /// Another common name behind the first.
    pub second_cn: Option<String>,
}

impl Leaf {
    pub fn honest(scene: &DeviceScene<'_>) -> Leaf {
        let names = &scene.names;
        Leaf {
            now: scene.now.seconds(),
            cn: names.cn.clone(),
            upn: names.upn.clone(),
            emails: names.emails.clone(),
            uris: names.uris.clone(),
            hosts: Vec::new(),
            from: -300,
            until: 86_400 * 90,
            usage: Some("clientAuth"),
            ca: false,
            critical: false,
            digest: MessageDigest::sha256(),
            small_key: false,
            version_1: false,
            signs: true,
            second_cn: None,
        }
    }

    pub fn no_names(&mut self) {
        (self.cn, self.upn, self.emails, self.uris) = ("unnamed".into(), vec![], vec![], vec![]);
    }

    /// Every place where a person's name may stand.
    pub fn all_names(&mut self, name: &str) {
        (self.cn, self.upn, self.emails) = (name.into(), vec![name.into()], vec![name.into()]);
    }

    fn key(&self) -> Option<PKey<Private>> {
        match self.small_key {
            true => PKey::private_key_from_pkcs8(include_bytes!("../keys/public-test-rsa-1024.der")).ok(),
            false => p256(),
        }
    }

    pub fn issue(self, ca: &Ca) -> Option<Presented> {
        let (leaf, key) = self.made(ca)?;
        Some(Presented::Chain { chain: vec![leaf.to_der().ok()?], key: key.private_key_to_pkcs8().ok()? })
    }

    pub fn made(self, ca: &Ca) -> Option<(X509, PKey<Private>)> {
        let key = self.key()?;
        Some((self.build(ca.certificate.subject_name(), &key, &ca.key)?, key))
    }

    pub fn self_issued(self) -> Option<Presented> {
        let key = self.key()?;
        let own = name(&self.cn)?;
        let leaf = self.build(&own, &key, &key)?;
        Some(Presented::Chain { chain: vec![leaf.to_der().ok()?], key: key.private_key_to_pkcs8().ok()? })
    }

    fn build(&self, issuer: &openssl::x509::X509NameRef, key: &PKey<Private>, signer: &PKey<Private>) -> Option<X509> {
        let mut builder = X509::builder().ok()?;
        builder.set_version(if self.version_1 { 0 } else { 2 }).ok()?;
        builder.set_serial_number(serial(&[0x2a, 0x17, 0x0c])?.as_ref()).ok()?;
        // An empty name is written as it is.
        let mut subject = X509NameBuilder::new().ok()?;
        for cn in [Some(&self.cn), self.second_cn.as_ref()].into_iter().flatten().filter(|cn| !cn.is_empty()) {
            subject.append_entry_by_nid(Nid::COMMONNAME, cn).ok()?;
        }
        let subject = subject.build();
        builder.set_subject_name(&subject).ok()?;
        builder.set_issuer_name(issuer).ok()?;
        builder.set_pubkey(key).ok()?;
        builder.set_not_before(Asn1Time::from_unix(self.now + self.from).ok()?.as_ref()).ok()?;
        builder.set_not_after(Asn1Time::from_unix(self.now + self.until).ok()?.as_ref()).ok()?;
        if !self.version_1 {
            self.extend(&mut builder)?;
        }
        builder.sign(signer, self.digest).ok()?;
        Some(builder.build())
    }

    fn extend(&self, builder: &mut X509Builder) -> Option<()> {
        if self.ca {
            builder.append_extension(BasicConstraints::new().critical().ca().build().ok()?).ok()?;
        }
        let mut usage = KeyUsage::new();
        let usage = if self.signs { usage.digital_signature() } else { usage.key_encipherment() };
        builder.append_extension(usage.critical().build().ok()?).ok()?;
        if let Some(usage) = self.usage {
            builder.append_extension(ExtendedKeyUsage::new().other(usage).build().ok()?).ok()?;
        }
        let names = self.alternative_names();
        if !names.is_empty() {
            builder.append_extension(extension("2.5.29.17", false, &der(0x30, &names))?).ok()?;
        }
        if self.critical {
            builder.append_extension(extension("1.3.6.1.4.1.99999.1", true, &[0x05, 0x00])?).ok()?;
        }
        Some(())
    }

    /// The contents of GeneralNames.
    fn alternative_names(&self) -> Vec<u8> {
        const UPN: &[u8] = &[0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x14, 0x02, 0x03];
        let mut out = Vec::new();
        for upn in &self.upn {
            out.extend(der(0xa0, &[UPN, &der(0xa0, &der(0x0c, upn.as_bytes()))].concat()));
        }
        for (tag, names) in [(0x81, &self.emails), (0x82, &self.hosts), (0x86, &self.uris)] {
            out.extend(names.iter().flat_map(|n| der(tag, n.as_bytes())));
        }
        out
    }
}

/// One DER element.
pub(crate) fn der(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len();
    let mut out = vec![tag];
    match length {
        0..=0x7f => out.push(length as u8),
        0x80..=0xff => out.extend([0x81, length as u8]),
        _ => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend(contents);
    out
}

fn extension(oid: &str, critical: bool, contents: &[u8]) -> Option<X509Extension> {
    let oid = Asn1Object::from_str(oid).ok()?;
    X509Extension::new_from_der(&oid, critical, Asn1OctetString::new_from_bytes(contents).ok()?.as_ref()).ok()
}

/// A TLS greeting that offers this version and nothing newer.
pub(crate) fn hello(version: u16) -> Vec<u8> {
    let [high, low] = version.to_be_bytes();
    let mut body = vec![high, low];
    body.extend([0x5a; 32]);
    body.push(0);
    let suites: [u16; 4] = [0xc013, 0xc014, 0x002f, 0x0035];
    body.extend([0, 8]);
    body.extend(suites.iter().flat_map(|s| s.to_be_bytes()));
    body.extend([1, 0]);
    // supported_groups with P-256, ec_point_formats.
    let extensions = [0x00, 0x0a, 0x00, 0x04, 0x00, 0x02, 0x00, 0x17, 0x00, 0x0b, 0x00, 0x02, 0x01, 0x00];
    body.extend([0, extensions.len() as u8]);
    body.extend(extensions);
    let mut handshake = vec![0x01, 0x00, (body.len() >> 8) as u8, body.len() as u8];
    handshake.extend(body);
    let mut record = vec![0x16, 0x03, 0x01, (handshake.len() >> 8) as u8, handshake.len() as u8];
    record.extend(handshake);
    record
}
