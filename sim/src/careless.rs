//! The TLS of a careless device: it signs with any RSA key that it has, also with one that our own TLS does not load.

use rustls::pki_types::CertificateDer;
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::{Error, SignatureAlgorithm, SignatureScheme};
use std::sync::Arc;

/// PKCS#8 DER.
#[derive(Clone)]
struct AnyKey(Vec<u8>);

impl std::fmt::Debug for AnyKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AnyKey")
    }
}

impl SigningKey for AnyKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered.contains(&self.scheme()).then(|| Box::new(self.clone()) as Box<dyn Signer>)
    }
    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::RSA
    }
}

impl Signer for AnyKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signed = attacks::certificate::signed_by_any_key(&self.0, message);
        signed.ok_or_else(|| Error::General("no key that could sign".into()))
    }
    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::RSA_PSS_SHA256
    }
}

/// A key and its chain, whatever the key is worth.
pub(crate) fn certified(chain: Vec<Vec<u8>>, pkcs8: Vec<u8>) -> Arc<CertifiedKey> {
    Arc::new(CertifiedKey::new(chain.into_iter().map(CertificateDer::from).collect(), Arc::new(AnyKey(pkcs8))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::tls::{Authority, TlsVersions};
    use attacks::certificate::{Ca, DeviceScene, Names, Presented};
    use federation::Time;
    use rustls::pki_types::ServerName;
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    /// What the host makes of a device that shows this: how many certificates it saw, or why it hung up.
    async fn met(authority: &Authority, shown: Arc<CertifiedKey>) -> Result<usize, String> {
        let server = authority.server("host.test", Some(vec![])).expect("a server");
        let client = authority.insistent_client(vec![shown]).expect("a client");
        let (near, far) = tokio::io::duplex(64 * 1024);
        let name = ServerName::try_from("host.test").expect("a name");
        let connector = TlsConnector::from(client);
        let (accepted, _device) = tokio::join!(TlsAcceptor::from(server).accept(far), connector.connect(name, near));
        let stream = accepted.map_err(|e| e.to_string())?;
        Ok(stream.get_ref().1.peer_certificates().map_or(0, <[_]>::len))
    }

    /// The device's part is done right with either key: it is the host that ends the handshake of the small one.
    #[test]
    fn the_host_refuses_the_small_key_and_nothing_else() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let now = Time::parse("2026-03-02T09:00:00Z").expect("a time");
            for versions in [TlsVersions::Tls12, TlsVersions::Tls13] {
                let authority = Authority::new(Clock::at(now), versions, None).expect("an authority");
                let large = include_bytes!("../keys/public-test-key-1.der");
                let pair = rcgen::KeyPair::try_from(&large[..]).expect("a key");
                let params = rcgen::CertificateParams::new(vec![]).expect("has parameters");
                let own = params.self_signed(&pair).expect("signs").der().to_vec();
                assert_eq!(met(&authority, certified(vec![own], large.to_vec())).await, Ok(1));
                let key = authority.key();
                let ca = Ca::from_der(&key.certificate, &key.pkcs8).expect("a CA");
                let attack = attacks::find("tls-certificate-rsa-1024").expect("is a case");
                let attacks::Act::Device(make) = attack.row.act else { panic!("it makes no certificate") };
                let made = make(&DeviceScene { now, ca: &ca, names: Names { cn: "x".into(), ..Names::default() } });
                let Some(Presented::Chain { chain, key }) = made else { panic!("it shows no chain") };
                assert!(authority.certified(chain.clone(), key.clone()).is_err(), "our own TLS loads it");
                let refused = met(&authority, certified(chain, key)).await.expect_err("it is refused");
                assert!(refused.contains("signature") || refused.contains("Signature"), "{refused}");
            }
        });
    }
}
