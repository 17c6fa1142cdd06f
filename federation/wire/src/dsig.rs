//! XML signatures: keys from configuration alone, one shape, an allow-list of algorithms.

use crate::Refusal;
use crate::checks::refuse_by;
use crate::door::{self, DSIG, attribute, elements, named, only};
use crate::saml::ASSERTION;
use aws_lc_rs::digest as hash;
use aws_lc_rs::signature as raw;
use base64::{Engine, engine::general_purpose::STANDARD};
use bergshamra::keys::loader;
use bergshamra::{DsigContext, Key, KeysManager, VerifyResult};
use federation::tenant::SignatureAlgorithm;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use uppsala::{Document, NodeId, NodeKind};
use x509_parser::prelude::{FromDer, X509Certificate};

mod sha1;

const EXC_C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
pub const RSA_SHA1: &str = "http://www.w3.org/2000/09/xmldsig#rsa-sha1";
pub const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
pub const ECDSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
const RSA_SHA384: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384";
const RSA_SHA512: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512";
const ECDSA_SHA384: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384";
const RSA: &[&str] = &[RSA_SHA256, RSA_SHA384, RSA_SHA512];
const EC: &[&str] = &[ECDSA_SHA256, ECDSA_SHA384];
/// P-256 and P-384.
const CURVES: &[&str] = &["1.2.840.10045.3.1.7", "1.3.132.0.34"];
const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
const DIGESTS: &[&str] =
    &[SHA256, "http://www.w3.org/2001/04/xmldsig-more#sha384", "http://www.w3.org/2001/04/xmlenc#sha512"];

/// That a transform may name.
const MAX_PREFIXES: usize = 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    Ec,
}

/// What the keys of one world have done: signatures made and signatures checked, good or bad. Clones share the count.
#[derive(Debug, Clone, Default)]
pub struct Tally(Arc<Work>);

#[derive(Debug, Default)]
struct Work {
    made: AtomicU64,
    checked: AtomicU64,
}

impl Tally {
    pub fn made(&self) -> u64 {
        self.0.made.load(Ordering::Relaxed)
    }

    pub fn checked(&self) -> u64 {
        self.0.checked.load(Ordering::Relaxed)
    }

    fn make(&self) {
        self.0.made.fetch_add(1, Ordering::Relaxed);
    }

    fn check(&self) {
        self.0.checked.fetch_add(1, Ordering::Relaxed);
    }
}

/// A private key with the certificate that tells it to others, and the hash that it signs by.
#[derive(Clone)]
pub struct SigningKey {
    inner: Arc<Inner>,
    tally: Tally,
    hash: SignatureAlgorithm,
}

struct Inner {
    kind: Kind,
    pkcs8: Vec<u8>,
    key: Key,
    certificate: Vec<u8>,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey")
    }
}

fn bad_key(e: impl std::fmt::Display) -> Refusal {
    Refusal::new("key/unusable", e.to_string())
}

impl SigningKey {
    /// RSA of 2048 bits or more, or P-256.
    pub fn from_pkcs8(der: &[u8], certificate_der: Vec<u8>) -> Result<SigningKey, Refusal> {
        let kind = TrustedKey::from_certificate(&certificate_der)?.kind;
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", wrap(&STANDARD.encode(der)));
        let key = loader::load_pem_auto(pem.as_bytes(), None).map_err(bad_key)?;
        let inner = Inner { kind, pkcs8: der.to_vec(), key, certificate: certificate_der };
        Ok(SigningKey { inner: Arc::new(inner), tally: Tally::default(), hash: SignatureAlgorithm::Sha256 })
    }

    /// Counts its signatures there from now on.
    #[must_use]
    pub fn tallied(self, tally: &Tally) -> SigningKey {
        SigningKey { tally: tally.clone(), ..self }
    }

    /// The same key, signing by another hash. SHA-1 goes with RSA alone.
    #[must_use]
    pub fn by(&self, hash: SignatureAlgorithm) -> SigningKey {
        SigningKey { hash, ..self.clone() }
    }

    /// Where it counts.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// X.509 DER, as it stands in metadata.
    pub fn certificate(&self) -> &[u8] {
        &self.inner.certificate
    }

    pub fn algorithm(&self) -> &'static str {
        match (self.inner.kind, self.hash) {
            (Kind::Rsa, SignatureAlgorithm::Sha1) => RSA_SHA1,
            (Kind::Rsa, SignatureAlgorithm::Sha256) => RSA_SHA256,
            (Kind::Ec, _) => ECDSA_SHA256,
        }
    }

    fn digest(&self) -> &'static str {
        match self.algorithm() {
            RSA_SHA1 => SHA1,
            _ => SHA256,
        }
    }

    /// A signature over bytes, as the Redirect binding wants it.
    pub(crate) fn sign_raw(&self, message: &[u8]) -> Result<Vec<u8>, Refusal> {
        self.tally.make();
        let random = aws_lc_rs::rand::SystemRandom::new();
        match (self.inner.kind, self.hash) {
            (Kind::Rsa, SignatureAlgorithm::Sha1) => sha1::sign(&self.inner.pkcs8, message).map_err(bad_key),
            (Kind::Rsa, SignatureAlgorithm::Sha256) => {
                let pair = raw::RsaKeyPair::from_pkcs8(&self.inner.pkcs8).map_err(bad_key)?;
                let mut out = vec![0; pair.public_modulus_len()];
                pair.sign(&raw::RSA_PKCS1_SHA256, &random, message, &mut out).map_err(bad_key)?;
                Ok(out)
            }
            (Kind::Ec, _) => {
                let pair = raw::EcdsaKeyPair::from_pkcs8(&raw::ECDSA_P256_SHA256_FIXED_SIGNING, &self.inner.pkcs8)
                    .map_err(bad_key)?;
                Ok(pair.sign(&random, message).map_err(bad_key)?.as_ref().to_vec())
            }
        }
    }
}

fn wrap(base64: &str) -> String {
    base64.as_bytes().chunks(64).map(|c| String::from_utf8_lossy(c).into_owned()).collect::<Vec<_>>().join("\n")
}

/// A public key that configuration says to trust. The certificate's dates do not matter (metadata interoperability profile).
#[derive(Clone)]
pub struct TrustedKey {
    kind: Kind,
    key: Key,
    public: Vec<u8>,
    tally: Tally,
}

impl std::fmt::Debug for TrustedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TrustedKey({:?})", self.kind)
    }
}

impl TrustedKey {
    pub fn from_certificate(der: &[u8]) -> Result<TrustedKey, Refusal> {
        let (_, certificate) = X509Certificate::from_der(der).map_err(bad_key)?;
        let spki = certificate.public_key();
        let kind = match spki.parsed().map_err(bad_key)? {
            x509_parser::public_key::PublicKey::RSA(rsa) if rsa.key_size() < 2048 => {
                return Err(Refusal::new("key/too-small", format!("RSA of {} bits", rsa.key_size())));
            }
            x509_parser::public_key::PublicKey::RSA(_) => Kind::Rsa,
            x509_parser::public_key::PublicKey::EC(_) => {
                let curve = spki.algorithm.parameters.as_ref().and_then(|p| p.as_oid().ok()).map(|o| o.to_id_string());
                match curve {
                    Some(curve) if CURVES.contains(&curve.as_str()) => Kind::Ec,
                    other => return Err(Refusal::new("key/kind", other.unwrap_or_else(|| "no named curve".into()))),
                }
            }
            _ => return Err(Refusal::new("key/kind", "neither RSA nor EC")),
        };
        let key = loader::load_spki_der(spki.raw).map_err(bad_key)?;
        Ok(TrustedKey { kind, key, public: spki.subject_public_key.data.to_vec(), tally: Tally::default() })
    }

    /// Counts what is checked with it there from now on.
    #[must_use]
    pub fn tallied(self, tally: &Tally) -> TrustedKey {
        TrustedKey { tally: tally.clone(), ..self }
    }

    fn allows(&self, method: &str, floor: SignatureAlgorithm) -> bool {
        match self.kind {
            Kind::Rsa => RSA.contains(&method) || (floor == SignatureAlgorithm::Sha1 && method == RSA_SHA1),
            Kind::Ec => EC.contains(&method),
        }
    }

    /// Checks a Redirect signature.
    pub(crate) fn verify_raw(
        &self,
        method: &str,
        floor: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Refusal> {
        if !self.allows(method, floor) {
            refuse_by!("saml/algorithm", method);
        }
        let algorithm: &dyn raw::VerificationAlgorithm = match (self.kind, method) {
            (Kind::Ec, ECDSA_SHA256) => &raw::ECDSA_P256_SHA256_FIXED,
            (Kind::Ec, ECDSA_SHA384) => &raw::ECDSA_P384_SHA384_FIXED,
            (Kind::Rsa, RSA_SHA256) => &raw::RSA_PKCS1_2048_8192_SHA256,
            (Kind::Rsa, RSA_SHA384) => &raw::RSA_PKCS1_2048_8192_SHA384,
            (Kind::Rsa, RSA_SHA512) => &raw::RSA_PKCS1_2048_8192_SHA512,
            (Kind::Rsa, RSA_SHA1) => &raw::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            _ => {
                refuse_by!("saml/algorithm", method);
                return Err(Refusal::new("saml/signature-invalid", "no method to verify it by"));
            }
        };
        self.tally.check();
        if raw::UnparsedPublicKey::new(algorithm, &self.public).verify(message, signature).is_err() {
            refuse_by!("saml/signature-invalid", "the query's signature");
        }
        Ok(())
    }
}

/// An unfilled signature over the element `id`; it stands where the schema wants it, after `Issuer`.
pub(crate) fn template(id: &str, key: &SigningKey) -> String {
    format!(
        "<ds:Signature xmlns:ds=\"{DSIG}\"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm=\"{EXC_C14N}\"/>\
         <ds:SignatureMethod Algorithm=\"{}\"/><ds:Reference URI=\"#{}\"><ds:Transforms><ds:Transform Algorithm=\"{ENVELOPED}\"/>\
         <ds:Transform Algorithm=\"{EXC_C14N}\"/></ds:Transforms><ds:DigestMethod Algorithm=\"{}\"/><ds:DigestValue></ds:DigestValue>\
         </ds:Reference></ds:SignedInfo><ds:SignatureValue></ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}\
         </ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>",
        key.algorithm(),
        crate::door::escape(id),
        key.digest(),
        STANDARD.encode(key.certificate()),
    )
}

/// Signs by every signature template of `xml`, innermost first. What a template asks for is the caller's business.
pub fn fill(xml: &str, key: &SigningKey) -> Result<String, Refusal> {
    let failed = |e: bergshamra::Error| Refusal::new("saml/cannot-sign", e.to_string());
    let mut document = uppsala::parse(xml).map_err(|e| Refusal::new("saml/cannot-sign", e.to_string()))?;
    let mut signatures = document.get_elements_by_tag_name_ns(DSIG, "Signature");
    signatures.reverse();
    let mut keys = KeysManager::new();
    keys.add_key(key.inner.key.clone());
    let mut context = DsigContext::new(keys);
    if key.algorithm() == RSA_SHA1 {
        context = context.with_hsm_signer(Box::new(sha1::Rsa(key.inner.pkcs8.clone())));
    }
    for signature in signatures {
        key.tally.make();
        bergshamra::dsig::sign::sign_document_node(&context, &mut document, signature).map_err(failed)?;
    }
    Ok(document.to_xml())
}

/// The names of the child elements, where all of them are XML-DSig's and nothing but white space stands between them.
fn parts<'d>(document: &'d Document<'_>, of: NodeId) -> Option<Vec<&'d str>> {
    let blank = |n: NodeId| !matches!(document.node_kind(n), Some(NodeKind::Text(t)) if !t.trim().is_empty());
    if !document.children(of).into_iter().all(blank) {
        return None;
    }
    let one = |n: &NodeId| {
        let element = document.element(*n).filter(|e| e.name.namespace_uri.as_deref() == Some(DSIG))?;
        Some(element.name.local_name.as_ref())
    };
    elements(document, of).iter().map(one).collect()
}

/// Checks the shape of one signature, so that nothing is left to interpret, and names the element that it covers.
fn shape(
    document: &Document<'_>,
    signature: NodeId,
    key: &TrustedKey,
    floor: SignatureAlgorithm,
) -> Result<NodeId, Refusal> {
    let refuse = |what: &str| Refusal::new("saml/signature-shape", what);
    let parent = place(document, signature)?;
    if named(document, parent, DSIG, "Signature").len() != 1 {
        refuse_by!("saml/signature-shape", "two signatures in one element");
    }
    let has = |of: NodeId, wanted: &[&str]| parts(document, of).is_some_and(|p| p == wanted);
    if !has(signature, &["SignedInfo", "SignatureValue", "KeyInfo"])
        && !has(signature, &["SignedInfo", "SignatureValue"])
    {
        refuse_by!("saml/signature-shape", "it is not SignedInfo, SignatureValue and KeyInfo");
    }
    // Readers differ in whether `x:Algorithm` is an algorithm.
    let prefixed =
        |n: NodeId| document.element(n).is_some_and(|e| e.attributes.iter().any(|a| a.name.prefix.is_some()));
    if document.descendants(signature).into_iter().any(prefixed) {
        refuse_by!("saml/signature-shape", "an attribute with a prefix");
    }
    if let Some(info) = only(document, signature, DSIG, "KeyInfo")? {
        key_info(document, info)?;
    }
    let info = only(document, signature, DSIG, "SignedInfo")?.ok_or_else(|| refuse("no SignedInfo"))?;
    if !has(info, &["CanonicalizationMethod", "SignatureMethod", "Reference"]) {
        refuse_by!("saml/signature-shape", "SignedInfo is not one method each and one Reference");
    }
    let reference = only(document, info, DSIG, "Reference")?.ok_or_else(|| refuse("no Reference"))?;
    let id = attribute(document, parent, "ID").ok_or_else(|| refuse("the parent has no ID"))?;
    if attribute(document, reference, "URI") != Some(format!("#{id}")) {
        refuse_by!("saml/reference", "it refers to something else than its parent");
    }
    if !has(reference, &["Transforms", "DigestMethod", "DigestValue"]) {
        refuse_by!("saml/signature-shape", "Reference is not transforms, digest method and digest");
    }
    transforms(document, reference)?;
    if bare_algorithm(document, info, "CanonicalizationMethod")? != EXC_C14N {
        refuse_by!("saml/canonicalization", "other than exclusive without comments");
    }
    let method = bare_algorithm(document, info, "SignatureMethod")?;
    if !key.allows(&method, floor) {
        refuse_by!("saml/algorithm", method);
    }
    let digest = bare_algorithm(document, reference, "DigestMethod")?;
    let weak = floor == SignatureAlgorithm::Sha1 && digest == SHA1;
    if !weak && !DIGESTS.contains(&digest.as_str()) {
        refuse_by!("saml/algorithm", digest);
    }
    let value = only(document, reference, DSIG, "DigestValue")?.ok_or_else(|| refuse("no DigestValue"))?;
    let digest = crate::form::decode_post(&door::value(document, value)?).map_err(|e| refuse(&e.detail))?;
    if of_nothing(&digest) {
        refuse_by!("saml/void-digest", "the digest of nothing");
    }
    Ok(parent)
}

/// A signature stands in the message or in its assertion, nowhere else.
fn place(document: &Document<'_>, signature: NodeId) -> Result<NodeId, Refusal> {
    let refuse = |what: &str| Refusal::new("saml/signature-place", what);
    let parent = document.parent(signature).ok_or_else(|| refuse("no parent"))?;
    let root = document.document_element();
    let is_assertion = document.element(parent).is_some_and(|e| e.matches_name_ns(ASSERTION, "Assertion"));
    if Some(parent) != root && !(is_assertion && document.parent(parent) == root) {
        refuse_by!("saml/signature-place", "neither in the message nor in its assertion");
    }
    Ok(parent)
}

/// A hint at most: keys come from configuration. What would have to be fetched or decrypted is refused.
fn key_info(document: &Document<'_>, info: NodeId) -> Result<(), Refusal> {
    let hints = ["X509Data", "KeyName", "KeyValue"];
    match parts(document, info) {
        Some(names) if names.iter().all(|n| hints.contains(n)) => Ok(()),
        _ => {
            refuse_by!("saml/key-info", "neither a certificate nor a name nor a key");
            Ok(())
        }
    }
}

/// The algorithm of a method that has no parameters.
fn bare_algorithm(document: &Document<'_>, of: NodeId, name: &'static str) -> Result<String, Refusal> {
    let refuse = |what: &str| Refusal::new("saml/signature-shape", what);
    let node = only(document, of, DSIG, name)?.ok_or_else(|| refuse(name))?;
    if !elements(document, node).is_empty() {
        refuse_by!("saml/signature-shape", "a method with parameters");
    }
    attribute(document, node, "Algorithm").ok_or_else(|| refuse(name))
}

/// Enveloped signature, then exclusive canonicalisation; the latter may name prefixes.
fn transforms(document: &Document<'_>, reference: NodeId) -> Result<(), Refusal> {
    let refuse = |what: String| {
        refuse_by!("saml/transform", what);
        Ok(())
    };
    let Some(list) = only(document, reference, DSIG, "Transforms")? else { return refuse("none".into()) };
    let nodes = elements(document, list);
    if !parts(document, list).is_some_and(|p| p.iter().all(|n| *n == "Transform")) {
        return refuse("something else than a transform".into());
    }
    let names: Vec<String> = nodes.iter().map(|n| attribute(document, *n, "Algorithm").unwrap_or_default()).collect();
    if names != [ENVELOPED, EXC_C14N] && names != [ENVELOPED] {
        return refuse(names.join(" "));
    }
    for (node, name) in nodes.iter().zip(&names) {
        let inside = elements(document, *node);
        let named =
            |n: &NodeId| document.element(*n).is_some_and(|e| e.matches_name_ns(EXC_C14N, "InclusiveNamespaces"));
        // Every element is held against every prefix.
        let few = |n: &NodeId| {
            let list = attribute(document, *n, "PrefixList").unwrap_or_default();
            list.len() <= MAX_PREFIXES * 64 && list.split_ascii_whitespace().count() <= MAX_PREFIXES
        };
        let prefixes = |n: &NodeId| named(n) && few(n);
        if !inside.is_empty() && (name != EXC_C14N || inside.len() > 1 || !inside.iter().all(prefixes)) {
            return refuse("a transform with parameters".into());
        }
    }
    Ok(())
}

/// What a canonicaliser that gave up leaves to digest.
fn of_nothing(digest: &[u8]) -> bool {
    let algorithms = [&hash::SHA1_FOR_LEGACY_USE_ONLY, &hash::SHA256, &hash::SHA384, &hash::SHA512];
    algorithms.iter().any(|a| hash::digest(a, b"").as_ref() == digest)
}

/// Verifies every signature of the document with one of `keys` and returns the elements that they cover.
/// No signature gives an empty list; a bad one always refuses.
pub(crate) fn verify(
    document: &Document<'_>,
    keys: &[TrustedKey],
    floor: SignatureAlgorithm,
) -> Result<Vec<NodeId>, Refusal> {
    let signatures = document.get_elements_by_tag_name_ns(DSIG, "Signature");
    if signatures.is_empty() {
        return Ok(Vec::new());
    }
    let mut why = Refusal::new("key/none", "no key is configured");
    for key in keys {
        match verify_with(document, &signatures, key, floor) {
            Ok(covered) => return Ok(covered),
            Err(refusal) => why = refusal,
        }
    }
    Err(why)
}

fn verify_with(
    document: &Document<'_>,
    signatures: &[NodeId],
    key: &TrustedKey,
    floor: SignatureAlgorithm,
) -> Result<Vec<NodeId>, Refusal> {
    let covered = signatures.iter().map(|s| shape(document, *s, key, floor)).collect::<Result<Vec<_>, _>>()?;
    let mut manager = KeysManager::new();
    manager.add_key(key.key.clone());
    let invalid = |why: String| Refusal::new("saml/signature-invalid", why);
    signatures.iter().for_each(|_| key.tally.check());
    let results = bergshamra::dsig::verify::verify_all_document(&DsigContext::new(manager), document);
    let results = match results {
        Ok(results) => results,
        Err(e) => {
            refuse_by!("saml/signature-invalid", e.to_string());
            return Ok(covered);
        }
    };
    if results.len() != signatures.len() {
        refuse_by!("saml/signature-invalid", "not every signature was verified");
    }
    for result in results {
        match &result {
            VerifyResult::Invalid { reason } => refuse_by!("saml/signature-invalid", reason.clone()),
            VerifyResult::Valid { signature_node, references, .. } => {
                let at = signatures
                    .iter()
                    .position(|s| s == signature_node)
                    .ok_or_else(|| invalid("another signature".into()))?;
                let node = references.first().and_then(|r| r.resolved_node);
                if !result.all_reference_digests_verified() || references.len() != 1 || node != Some(covered[at]) {
                    refuse_by!("saml/signature-invalid", "what was digested is not what is read");
                }
            }
        }
    }
    Ok(covered)
}
