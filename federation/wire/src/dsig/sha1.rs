//! Signatures by RSA and SHA-1, which AWS-LC verifies and does not make.

use kryptering::{HashAlgorithm, SignatureAlgorithm, Signer};
use openssl::{error::ErrorStack, hash::MessageDigest, pkey::PKey, sign};

/// A private key as PKCS #8.
pub(super) struct Rsa(pub(super) Vec<u8>);

pub(super) fn sign(pkcs8: &[u8], message: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let key = PKey::private_key_from_pkcs8(pkcs8)?;
    sign::Signer::new(MessageDigest::sha1(), &key)?.sign_oneshot_to_vec(message)
}

impl Signer for Rsa {
    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::RsaPkcs1v15(HashAlgorithm::Sha1)
    }

    fn sign(&self, data: &[u8]) -> kryptering::Result<Vec<u8>> {
        sign(&self.0, data).map_err(|e| kryptering::Error::Crypto(e.to_string()))
    }
}
