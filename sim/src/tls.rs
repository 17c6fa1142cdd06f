//! TLS of the simulated internet: one CA, a certificate per host, every hop encrypted.
//!
//! A certificate host asks for a client certificate and judges only that its key is held:
//! a bad device certificate ends the method at Access, not the handshake.

use crate::clock::Clock;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::SupportedProtocolVersion;
use rustls::client::ResolvesClientCert;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::NoServerSessionStorage;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::CertifiedKey;
use rustls::{
    CipherSuite, ClientConfig, DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme,
};
use std::sync::Arc;

/// Something went wrong while making keys or certificates.
pub type TlsError = Box<dyn std::error::Error + Send + Sync>;

/// Which versions of TLS both sides offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TlsVersions {
    /// 1.3, and 1.2 for who asks.
    #[default]
    Both,
    Tls12,
    Tls13,
}

impl TlsVersions {
    fn offered(self) -> &'static [&'static SupportedProtocolVersion] {
        static TLS12: [&SupportedProtocolVersion; 1] = [&rustls::version::TLS12];
        static TLS13: [&SupportedProtocolVersion; 1] = [&rustls::version::TLS13];
        match self {
            TlsVersions::Both => rustls::DEFAULT_VERSIONS,
            TlsVersions::Tls12 => &TLS12,
            TlsVersions::Tls13 => &TLS13,
        }
    }
}

const TLS13_128: CipherSuite = CipherSuite::TLS13_AES_128_GCM_SHA256;
const TLS12_128: CipherSuite = CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256;

/// Key (PKCS#8) and certificate of an authority, DER.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AuthorityKey {
    pub pkcs8: Vec<u8>,
    pub certificate: Vec<u8>,
}

/// The certificate authority that every client of the simulated internet trusts.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    key: Vec<u8>,
    pub certificate: CertificateDer<'static>,
    clock: Clock,
    provider: Arc<CryptoProvider>,
    versions: TlsVersions,
}

impl Authority {
    /// Keys and certificates of its own, or those of an earlier run.
    pub fn new(clock: Clock, versions: TlsVersions, earlier: Option<&AuthorityKey>) -> Result<Authority, TlsError> {
        let key = match earlier {
            Some(earlier) => KeyPair::try_from(earlier.pkcs8.as_slice())?,
            None => KeyPair::generate()?,
        };
        let mut params = CertificateParams::new(Vec::<String>::new())?;
        params.distinguished_name.push(DnType::CommonName, "fedsim public web CA (test)");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let certificate = match earlier {
            Some(earlier) => CertificateDer::from(earlier.certificate.clone()),
            None => params.self_signed(&key)?.der().clone(),
        };
        let (pkcs8, issuer) = (key.serialize_der(), Issuer::new(params, key));
        let mut provider = aws_lc_rs::default_provider();
        // Processors have instructions for SHA-256; hashing with SHA-384 was a twentieth of a sign-in.
        provider.cipher_suites.sort_by_key(|suite| !matches!(suite.suite(), TLS13_128 | TLS12_128));
        Ok(Authority { issuer, key: pkcs8, certificate, clock, provider: Arc::new(provider), versions })
    }

    /// What another run needs to be the same authority.
    pub fn key(&self) -> AuthorityKey {
        AuthorityKey { pkcs8: self.key.clone(), certificate: self.certificate.to_vec() }
    }

    /// Server side of `host`; `hints` present: ask for a client certificate from one of these issuers.
    pub fn server(&self, host: &str, hints: Option<Vec<Vec<u8>>>) -> Result<Arc<ServerConfig>, TlsError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(vec![host.to_string()])?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let leaf = params.signed_by(&key, &self.issuer)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let builder = ServerConfig::builder_with_details(self.provider.clone(), Arc::new(self.clock.clone()))
            .with_protocol_versions(self.versions.offered())?;
        let builder = match hints {
            None => builder.with_no_client_auth(),
            Some(hints) => {
                let hints = hints.into_iter().map(DistinguishedName::from).collect();
                builder.with_client_cert_verifier(Arc::new(PossessionOnly { hints, provider: self.provider.clone() }))
            }
        };
        let mut config = builder.with_single_cert(vec![leaf.der().clone()], key)?;
        // No resumption: it would bring back a device's certificate without the proof of its key.
        config.send_tls13_tickets = 0;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        Ok(Arc::new(config))
    }

    /// Client side; `keys` are offered where the server's hint names their issuer.
    pub fn client(&self, keys: Vec<Arc<CertifiedKey>>) -> Result<Arc<ClientConfig>, TlsError> {
        self.client_with(Arc::new(ByHint(keys)))
    }

    /// Client side that shows its first key whatever the server's hint says.
    pub fn insistent_client(&self, keys: Vec<Arc<CertifiedKey>>) -> Result<Arc<ClientConfig>, TlsError> {
        self.client_with(Arc::new(Insistent(keys)))
    }

    fn client_with(&self, resolver: Arc<dyn ResolvesClientCert>) -> Result<Arc<ClientConfig>, TlsError> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone())?;
        let builder = ClientConfig::builder_with_details(self.provider.clone(), Arc::new(self.clock.clone()))
            .with_protocol_versions(self.versions.offered())?
            .with_root_certificates(roots);
        let mut config = builder.with_client_cert_resolver(resolver);
        config.resumption = rustls::client::Resumption::disabled();
        Ok(Arc::new(config))
    }

    /// A key and its chain in the form that TLS wants.
    pub fn certified(&self, chain: Vec<Vec<u8>>, pkcs8: Vec<u8>) -> Result<Arc<CertifiedKey>, TlsError> {
        let key = self.provider.key_provider.load_private_key(PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pkcs8)))?;
        Ok(Arc::new(CertifiedKey::new(chain.into_iter().map(CertificateDer::from).collect(), key)))
    }
}

/// Chooses the device's certificate by the acceptable-CA hint, as browsers do.
#[derive(Debug)]
struct ByHint(Vec<Arc<CertifiedKey>>);

impl ResolvesClientCert for ByHint {
    fn resolve(&self, hints: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let usable = |key: &&Arc<CertifiedKey>| key.key.choose_scheme(schemes).is_some();
        let wanted =
            |key: &&Arc<CertifiedKey>| hints.is_empty() || issuer_of(key).is_some_and(|i| hints.contains(&&i[..]));
        self.0.iter().filter(usable).find(wanted).cloned()
    }
    fn has_certs(&self) -> bool {
        !self.0.is_empty()
    }
}

/// Shows its key to whoever asks.
#[derive(Debug)]
struct Insistent(Vec<Arc<CertifiedKey>>);

impl ResolvesClientCert for Insistent {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.first().cloned()
    }
    fn has_certs(&self) -> bool {
        !self.0.is_empty()
    }
}

fn issuer_of(key: &CertifiedKey) -> Option<Vec<u8>> {
    wire::certificate::issuer_der(key.cert.first()?)
}

/// Takes any certificate whose key the client proves to hold.
#[derive(Debug)]
struct PossessionOnly {
    hints: Vec<DistinguishedName>,
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for PossessionOnly {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }
    fn client_auth_mandatory(&self) -> bool {
        false
    }
    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
