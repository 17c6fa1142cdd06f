//! A signer that signs what no honest one would: any shape of `ds:Signature`, any algorithm, any key.

use base64::{Engine, engine::general_purpose::STANDARD};
use bergshamra::c14n::{C14nMode, canonicalize_doc};
use bergshamra::xml::nodeset::NodeSet;
use openssl::hash::{MessageDigest, hash};
use openssl::pkey::{Id, PKey, Private};
use openssl::sign::Signer;
use uppsala::{Document, NodeId};

use crate::Scene;
use crate::edit::{self, Edit, Val};

pub(crate) const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";

/// A private key and the certificate that goes with it.
#[derive(Clone)]
pub struct Key {
    pub(crate) private: PKey<Private>,
    pub certificate: Vec<u8>,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    /// `None` where `pkcs8` is no private key.
    pub fn new(pkcs8: &[u8], certificate: Vec<u8>) -> Option<Key> {
        Some(Key { private: PKey::private_key_from_pkcs8(pkcs8).ok()?, certificate })
    }

    /// A public test key with a certificate of its own.
    fn own(pkcs8: &[u8]) -> Option<Key> {
        let private = PKey::private_key_from_pkcs8(pkcs8).ok()?;
        let certificate = crate::x509::self_signed(&private, "attacker")?;
        Some(Key { private, certificate })
    }

    /// The attacker's own RSA-2048 key.
    pub fn attacker() -> Option<Key> {
        Key::own(include_bytes!("../keys/public-test-key-3.der"))
    }
}

/// With what a forger signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum With {
    /// The sender's real key: who misbehaves holds it.
    Real,
    /// A key of the attacker's.
    Attacker,
    /// RSA of 1024 bits.
    Small,
    Dsa,
    /// HMAC keyed by the sender's public certificate, as DER, as PEM text, or by its public key.
    HmacDer,
    HmacPem,
    HmacSpki,
    /// Bytes that are no signature.
    Nothing,
}

pub(crate) fn raw(scene: &Scene<'_>, with: With, method: &str, message: &[u8]) -> Option<Vec<u8>> {
    let certificate = || openssl::x509::X509::from_der(scene.certificate).ok();
    let digest = digest_of(method);
    let hmac = |key: &[u8]| {
        let mut signer = Signer::new(digest, PKey::hmac(key).ok()?.as_ref()).ok()?;
        signer.sign_oneshot_to_vec(message).ok()
    };
    let asymmetric = |key: &PKey<Private>| {
        let mut signer = Signer::new(digest, key).ok()?;
        let der = signer.sign_oneshot_to_vec(message).ok()?;
        match key.id() {
            Id::EC => {
                let two = openssl::ecdsa::EcdsaSig::from_der(&der).ok()?;
                let mut out = two.r().to_vec_padded(32).ok()?;
                out.extend(two.s().to_vec_padded(32).ok()?);
                Some(out)
            }
            _ => Some(der),
        }
    };
    match with {
        With::Real => asymmetric(&scene.key?.private),
        With::Attacker => asymmetric(&Key::attacker()?.private),
        With::Small => asymmetric(&Key::own(include_bytes!("../keys/public-test-rsa-1024.der"))?.private),
        With::Dsa => {
            asymmetric(&PKey::private_key_from_pkcs8(include_bytes!("../keys/public-test-dsa-1024.der")).ok()?)
        }
        With::HmacDer => hmac(scene.certificate),
        With::HmacPem => hmac(&certificate()?.to_pem().ok()?),
        With::HmacSpki => hmac(&certificate()?.public_key().ok()?.public_key_to_pem().ok()?),
        With::Nothing => Some(vec![0; 256]),
    }
}

fn digest_of(algorithm: &str) -> MessageDigest {
    match algorithm.rsplit(['-', '#']).next() {
        Some("sha1") => MessageDigest::sha1(),
        Some("md5") => MessageDigest::md5(),
        Some("sha384") => MessageDigest::sha384(),
        Some("sha512") => MessageDigest::sha512(),
        Some("sha224") => MessageDigest::sha224(),
        _ => MessageDigest::sha256(),
    }
}

/// A signature over `#id` as this system writes it, with nothing filled in.
fn template(id: &str, certificate: &[u8], method: &str) -> String {
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    format!(
        "<ds:Signature xmlns:ds=\"{DSIG}\"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm=\"{exclusive}\"/>\
         <ds:SignatureMethod Algorithm=\"{method}\"/><ds:Reference URI=\"#{id}\">\
         <ds:Transforms><ds:Transform Algorithm=\"{DSIG}enveloped-signature\"/><ds:Transform Algorithm=\"{exclusive}\"/></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/><ds:DigestValue></ds:DigestValue></ds:Reference>\
         </ds:SignedInfo><ds:SignatureValue></ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}\
         </ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>",
        STANDARD.encode(certificate)
    )
}

/// The method that goes with a certificate's key.
pub(crate) fn usual(certificate: &[u8]) -> &'static str {
    let key = openssl::x509::X509::from_der(certificate).and_then(|c| c.public_key());
    match key.map(|k| k.id()) {
        Ok(Id::EC) => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
        _ => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    }
}

/// How a part is signed.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Changes the empty signature before it is filled.
    pub edit: Option<Edit>,
    pub with: With,
}

impl Shape {
    pub const HONEST: Shape = Shape { edit: None, with: With::Real };
}

/// Signs the element at `path` of `xml`, which carries no signature of its own yet.
pub(crate) fn sign(xml: &str, path: &str, shape: Shape, scene: &Scene<'_>) -> Option<String> {
    let id = edit::attribute(xml, path, "ID").unwrap_or_default().to_string();
    let certificate = match shape.with {
        With::Attacker => Key::attacker()?.certificate,
        _ => scene.certificate.to_vec(),
    };
    let plain = template(&id, &certificate, usual(&certificate));
    let mut signature = match shape.edit {
        Some(edit) => edit.apply(&plain, scene).filter(|changed| *changed != plain)?,
        None => plain,
    };
    let issuer = edit::find(xml, &format!("{path}/Issuer"));
    let at = issuer.map_or_else(|| edit::find(xml, path).map(|s| s.inside), |s| Some(s.end))?;
    signature = fill_digests(xml, path, &signature)?;
    let placed = format!("{}{signature}{}", &xml[..at], &xml[at..]);
    let method = edit::attribute(&signature, "Signature/SignedInfo/SignatureMethod", "Algorithm").unwrap_or_default();
    let value = STANDARD.encode(raw(scene, shape.with, method, &signed_info(&placed, at, &signature)?)?);
    signature = signature.replacen(
        "<ds:SignatureValue></ds:SignatureValue>",
        &format!("<ds:SignatureValue>{value}</ds:SignatureValue>"),
        1,
    );
    Some(format!("{}{signature}{}", &xml[..at], &xml[at..]))
}

/// Fills each empty `DigestValue` with the digest of what its reference points to.
fn fill_digests(xml: &str, path: &str, signature: &str) -> Option<String> {
    const EMPTY: &str = "<ds:DigestValue></ds:DigestValue>";
    let document = uppsala::parse(xml).ok()?;
    let own = at_path(&document, path)?;
    let mut out = signature.to_string();
    while let Some(at) = out.find(EMPTY) {
        let from = out[..at].rfind("<ds:Reference")?;
        let reference = &out[from..at];
        let uri = reference.split(" URI=\"").nth(1).and_then(|r| r.split('"').next()).unwrap_or_default();
        let target = match uri.strip_prefix('#') {
            Some(id) => by_id(&document, id).unwrap_or(own),
            None if uri.is_empty() => document.document_element()?,
            None => own,
        };
        let algorithm = reference.split("DigestMethod Algorithm=\"").nth(1).and_then(|r| r.split('"').next());
        let modes = reference.split("Algorithm=\"").filter_map(|r| C14nMode::from_uri(r.split('"').next()?));
        let mode = modes.last().unwrap_or(C14nMode::Exclusive);
        let bytes = canonical(&document, target, mode)?;
        let digest = STANDARD.encode(hash(digest_of(algorithm.unwrap_or_default()), &bytes).ok()?);
        out.replace_range(at..at + EMPTY.len(), &format!("<ds:DigestValue>{digest}</ds:DigestValue>"));
    }
    Some(out)
}

fn canonical(document: &Document<'_>, node: NodeId, mode: C14nMode) -> Option<Vec<u8>> {
    let set = if mode.with_comments() {
        NodeSet::tree_with_comments(node, document)
    } else {
        NodeSet::tree_without_comments(node, document)
    };
    canonicalize_doc::<&str>(document, mode, Some(&set), &[]).ok()
}

/// The canonical bytes of the `SignedInfo` of the signature that stands at `at`.
fn signed_info(placed: &str, at: usize, signature: &str) -> Option<Vec<u8>> {
    let method = edit::attribute(signature, "Signature/SignedInfo/CanonicalizationMethod", "Algorithm");
    let mode = method.and_then(C14nMode::from_uri).unwrap_or(C14nMode::Exclusive);
    let document = uppsala::parse(placed).ok()?;
    // The signature is the n-th element of the text, and of the tree.
    let before =
        placed[..at].matches('<').count() - placed[..at].matches("</").count() - placed[..at].matches("<?").count();
    let elements = document.descendants(document.root()).into_iter().filter(|n| document.element(*n).is_some());
    let node = elements.clone().nth(before)?;
    let info = document
        .children(node)
        .into_iter()
        .find(|n| document.element(*n).is_some_and(|e| e.name.local_name == "SignedInfo"))?;
    canonical(&document, info, mode)
}

fn at_path(document: &Document<'_>, path: &str) -> Option<NodeId> {
    let mut at = document.document_element()?;
    for name in path.split('/').skip(1) {
        at = document
            .children(at)
            .into_iter()
            .find(|n| document.element(*n).is_some_and(|e| e.name.local_name == name))?;
    }
    Some(at)
}

fn by_id(document: &Document<'_>, id: &str) -> Option<NodeId> {
    document.descendants(document.root()).into_iter().find(|n| document.get_attribute(*n, "ID") == Some(id))
}

/// Takes the signatures of both parts away and says which parts had one, outermost first.
pub(crate) fn unsign(xml: &str) -> (String, Vec<&'static str>) {
    let (mut out, mut parts) = (xml.to_string(), Vec::new());
    for part in ["Response", "Response/Assertion", "AuthnRequest"] {
        if let Some(spot) = edit::find(&out, &format!("{part}/Signature")) {
            out.replace_range(spot.start..spot.end, "");
            parts.push(part);
        }
    }
    (out, parts)
}

/// Signs `parts`, innermost first; the outermost in the given shape, or every one where `shape` is honest.
pub(crate) fn resign(xml: &str, parts: &[&'static str], shape: Shape, scene: &Scene<'_>) -> Option<String> {
    let mut out = xml.to_string();
    // The first tag that is neither a declaration nor an instruction.
    let start = xml.match_indices('<').map(|(at, _)| at).find(|at| !xml[at + 1..].starts_with(['?', '!']))?;
    let root = edit::local_name(xml, start).to_string();
    for (depth, part) in parts.iter().enumerate().rev() {
        // The attack may have renamed the root, or left no assertion to sign.
        let path = part.replacen("Response", &root, 1).replacen("AuthnRequest", &root, 1);
        if depth > 0 && edit::find(&out, &path).is_none() {
            continue;
        }
        out = sign(&out, &path, if depth == 0 { shape } else { Shape::HONEST }, scene)?;
    }
    Some(out)
}

/// An attribute of the signature's own parts.
pub(crate) const fn algorithm(path: &'static str, uri: &'static str) -> Edit {
    Edit::Attr(path, "Algorithm", Val::Is(uri))
}
