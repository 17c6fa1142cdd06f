//! JSON Web Tokens of one issuer: RS256 and nothing else, with the issuer's own key and nothing that a token brings along.

use crate::Refusal;
use crate::dsig::{RSA_SHA256, SigningKey, TrustedKey};
use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use federation::tenant::SignatureAlgorithm;
use serde_json::{Map, Value, json};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;

const MAX_BYTES: usize = 8 * 1024;
/// Header members by which a token would choose its own key.
const FOREIGN_KEYS: [&str; 6] = ["jwk", "jku", "x5u", "x5c", "x5t", "crit"];

/// A key that signs tokens and verifies its own.
#[derive(Debug, Clone)]
pub struct Issuer {
    key: SigningKey,
    public: TrustedKey,
    jwk: Value,
    kid: String,
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Issuer {
    /// RSA only.
    pub fn new(key: SigningKey) -> Result<Issuer, Refusal> {
        let unusable = |e: &dyn std::fmt::Display| Refusal::new("key/unusable", e.to_string());
        let (_, certificate) = X509Certificate::from_der(key.certificate()).map_err(|e| unusable(&e))?;
        let PublicKey::RSA(rsa) = certificate.public_key().parsed().map_err(|e| unusable(&e))? else {
            return Err(Refusal::new("key/kind", "tokens are signed with RSA"));
        };
        let trim = |bytes: &[u8]| encode(&bytes[bytes.iter().take_while(|b| **b == 0).count()..]);
        let (n, e) = (trim(rsa.modulus), trim(rsa.exponent));
        // RFC 7638: members in order, no spaces.
        let kid = encode(digest::digest(&digest::SHA256, format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#).as_bytes()));
        let jwk = json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": n, "e": e });
        let public = TrustedKey::from_certificate(key.certificate())?;
        Ok(Issuer { key, public, jwk, kid })
    }

    pub fn jwk(&self) -> &Value {
        &self.jwk
    }

    /// The key set as it is published.
    pub fn jwks(&self) -> Value {
        json!({ "keys": [self.jwk] })
    }

    /// The public key as PEM, for the older interface.
    pub fn pem(&self) -> String {
        let (_, certificate) = match X509Certificate::from_der(self.key.certificate()) {
            Ok(parsed) => parsed,
            Err(_) => return String::new(),
        };
        let text = STANDARD.encode(certificate.public_key().raw);
        let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|c| std::str::from_utf8(c).ok()).collect();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
    }

    pub fn sign(&self, claims: &Value) -> Result<String, Refusal> {
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": self.kid });
        let message = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature = self.key.sign_raw(message.as_bytes())?;
        Ok(format!("{message}.{}", encode(signature)))
    }

    /// The claims of a token that this key has signed. Dates are the caller's to judge.
    pub fn read(&self, token: &str) -> Result<Map<String, Value>, Refusal> {
        if token.len() > MAX_BYTES {
            return Err(Refusal::new("jwt/too-large", format!("{} bytes", token.len())));
        }
        let malformed = |what: &str| Refusal::new("jwt/malformed", what);
        let parts: Vec<&str> = token.split('.').collect();
        let [header, claims, signature] = parts[..] else { return Err(malformed("not three parts")) };
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed("a part is not base64url"));
        let object = |part: &str| -> Result<Map<String, Value>, Refusal> {
            serde_json::from_slice(&decoded(part)?).map_err(|_| malformed("a part is no JSON object"))
        };
        let head = object(header)?;
        if head.get("alg") != Some(&Value::from("RS256")) {
            return Err(Refusal::new("jwt/algorithm", "the algorithm is not RS256"));
        }
        if let Some(name) = FOREIGN_KEYS.iter().find(|n| head.contains_key(**n)) {
            return Err(Refusal::new("jwt/foreign-key", format!("the header has `{name}`")));
        }
        if head.get("kid") != Some(&Value::from(self.kid.as_str())) {
            return Err(Refusal::new("jwt/unknown-key", "the key id is not ours"));
        }
        let message = format!("{header}.{claims}");
        self.public
            .verify_raw(RSA_SHA256, SignatureAlgorithm::Sha256, message.as_bytes(), &decoded(signature)?)
            .map_err(|_| Refusal::new("jwt/signature-invalid", "the signature does not fit"))?;
        object(claims)
    }
}
