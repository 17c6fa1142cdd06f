//! Algorithms and keys that must never count.

use super::row;
use crate::edit::{Edit, Place, Val};
use crate::sign::algorithm;
use crate::{Act, Family, On, Row, Shape, Who, With};

const METHOD: &str = "Signature/SignedInfo/SignatureMethod";
const DIGEST: &str = "Signature/SignedInfo/Reference/DigestMethod";
const NAME: &str = "Response/Assertion/Subject/NameID";
const KEY_INFO_PATH: &str = "Signature/KeyInfo";
const EVIL: Edit = Edit::Text(NAME, Val::Evil);

const fn by_sender(name: &'static str, edit: Edit, says: &'static str) -> Row {
    row(name, Act::Sign(Shape { edit: Some(edit), with: With::Real }), "saml/algorithm", says)
}

const fn by_forger(name: &'static str, edit: Option<Edit>, with: With, code: &'static str, says: &'static str) -> Row {
    row(name, Act::Forge(EVIL, Shape { edit, with }), code, says)
}

pub static ALGORITHMS: Family = Family {
    name: "weak algorithms of the sender",
    class: "algorithms",
    who: Who::Idp,
    on: On::SignedResponse,
    source: "RFC 9231; SHA-1: Access's application default is SHA1withRSA; this reader's floor is SHA-256",
    requirement: "wire-algorithms",
    rows: &[
        by_sender(
            "rsa-sha1",
            algorithm(METHOD, "http://www.w3.org/2000/09/xmldsig#rsa-sha1"),
            "Signed with RSA and SHA-1.",
        ),
        by_sender("digest-sha1", algorithm(DIGEST, "http://www.w3.org/2000/09/xmldsig#sha1"), "Digested with SHA-1."),
        by_sender(
            "rsa-md5",
            algorithm(METHOD, "http://www.w3.org/2001/04/xmldsig-more#rsa-md5"),
            "Signed with RSA and MD5.",
        ),
        by_sender("digest-md5", algorithm(DIGEST, "http://www.w3.org/2001/04/xmldsig-more#md5"), "Digested with MD5."),
        by_sender(
            "rsa-sha224",
            algorithm(METHOD, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha224"),
            "Signed with RSA and SHA-224.",
        ),
        by_sender(
            "digest-sha224",
            algorithm(DIGEST, "http://www.w3.org/2001/04/xmldsig-more#sha224"),
            "Digested with SHA-224.",
        ),
        by_sender("method-empty", algorithm(METHOD, ""), "The method's name is empty."),
        by_sender("method-unknown", algorithm(METHOD, "urn:x:method"), "A method nobody knows."),
        by_sender(
            "method-none",
            algorithm(METHOD, "http://www.w3.org/2000/09/xmldsig#none"),
            "The method is called none.",
        ),
        by_sender("digest-unknown", algorithm(DIGEST, "urn:x:digest"), "A digest nobody knows."),
        by_sender(
            "method-other-case",
            algorithm(METHOD, "http://www.w3.org/2001/04/xmldsig-more#RSA-SHA256"),
            "The method in capital letters.",
        ),
        row(
            "method-missing",
            Act::Sign(Shape { edit: Some(Edit::Drop(METHOD)), with: With::Real }),
            "saml/signature-shape",
            "The method is missing.",
        ),
        row(
            "digest-method-missing",
            Act::Sign(Shape { edit: Some(Edit::Drop(DIGEST)), with: With::Real }),
            "saml/signature-shape",
            "The digest's method is missing.",
        ),
    ],
};

pub static FORGED: Family = Family {
    name: "signatures by the wrong key",
    class: "algorithm confusion",
    who: Who::Network,
    on: On::SignedResponse,
    source: "HMAC keyed by the public certificate (Tsai and Somorovsky); CVE-2009-0217 (HMACOutputLength); key type decides the algorithm",
    requirement: "wire-algorithms",
    rows: &[
        by_forger(
            "hmac-certificate-der",
            Some(algorithm(METHOD, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")),
            With::HmacDer,
            "saml/algorithm",
            "HMAC keyed by the certificate's bytes.",
        ),
        by_forger(
            "hmac-certificate-pem",
            Some(algorithm(METHOD, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")),
            With::HmacPem,
            "saml/algorithm",
            "HMAC keyed by the certificate as PEM text.",
        ),
        by_forger(
            "hmac-public-key",
            Some(algorithm(METHOD, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")),
            With::HmacSpki,
            "saml/algorithm",
            "HMAC keyed by the public key.",
        ),
        by_forger(
            "hmac-sha1",
            Some(algorithm(METHOD, "http://www.w3.org/2000/09/xmldsig#hmac-sha1")),
            With::HmacDer,
            "saml/algorithm",
            "HMAC with SHA-1 keyed by the certificate.",
        ),
        by_forger(
            "hmac-output-length",
            Some(Edit::All(&[
                algorithm(METHOD, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"),
                Edit::Swap(
                    "hmac-sha256\"/>",
                    "hmac-sha256\"><ds:HMACOutputLength>0</ds:HMACOutputLength></ds:SignatureMethod>",
                ),
            ])),
            With::HmacDer,
            "saml/signature-shape",
            "HMAC of which no bit counts.",
        ),
        by_forger(
            "dsa-sha1",
            Some(algorithm(METHOD, "http://www.w3.org/2000/09/xmldsig#dsa-sha1")),
            With::Dsa,
            "saml/algorithm",
            "Signed with a DSA key.",
        ),
        by_forger(
            "dsa-sha256",
            Some(algorithm(METHOD, "http://www.w3.org/2009/xmldsig11#dsa-sha256")),
            With::Dsa,
            "saml/algorithm",
            "Signed with a DSA key and SHA-256.",
        ),
        by_forger(
            "ecdsa-for-an-rsa-key",
            Some(algorithm(METHOD, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256")),
            With::Attacker,
            "saml/algorithm",
            "The method is of another kind than the configured key.",
        ),
        by_forger(
            "rsa-1024",
            None,
            With::Small,
            "saml/signature-invalid",
            "Signed with an RSA key of 1024 bits of her own.",
        ),
        by_forger("zero-signature", None, With::Nothing, "saml/signature-invalid", "The signature is zeros."),
    ],
};

pub static KEY_INFO: Family = Family {
    name: "keys brought along",
    class: "KeyInfo injection",
    who: Who::Network,
    on: On::SignedResponse,
    source: "CVE-2018-7644, CVE-2021-21239 (pysaml2, KeyValue); SAML core 5.4.5: KeyInfo is a hint",
    requirement: "wire-algorithms",
    rows: &[
        by_forger(
            "key-info-certificate",
            None,
            With::Attacker,
            "saml/signature-invalid",
            "Signed with a key of her own, whose certificate lies in KeyInfo.",
        ),
        by_forger(
            "key-info-two-certificates",
            Some(Edit::Double("Signature/KeyInfo/X509Data/X509Certificate")),
            With::Attacker,
            "saml/signature-invalid",
            "Two certificates lie in KeyInfo.",
        ),
        by_forger(
            "key-info-none",
            Some(Edit::Drop(KEY_INFO_PATH)),
            With::Attacker,
            "saml/signature-invalid",
            "Signed with a key of her own, without KeyInfo.",
        ),
        by_forger(
            "key-info-key-value",
            Some(Edit::Text(
                KEY_INFO_PATH,
                Val::Is(
                    "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>",
                ),
            )),
            With::Attacker,
            "saml/signature-invalid",
            "A bare key lies in KeyInfo.",
        ),
        by_forger(
            "key-info-key-name",
            Some(Edit::Text(KEY_INFO_PATH, Val::Is("<ds:KeyName>../../etc/passwd</ds:KeyName>"))),
            With::Attacker,
            "saml/signature-invalid",
            "KeyInfo names a file.",
        ),
        by_forger(
            "key-info-retrieval",
            Some(Edit::Text(
                KEY_INFO_PATH,
                Val::Is(
                    "<ds:RetrievalMethod URI=\"https://evil.test/key\" Type=\"http://www.w3.org/2000/09/xmldsig#rawX509Certificate\"/>",
                ),
            )),
            With::Attacker,
            "saml/key-info",
            "The key is to be fetched from elsewhere.",
        ),
        by_forger(
            "key-info-honest-certificate",
            Some(Edit::Fn(|template, scene| {
                let honest = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, scene.certificate);
                Edit::Text("Signature/KeyInfo/X509Data/X509Certificate", Val::Is("")).apply(template, scene).map(|t| {
                    t.replace(
                        "<ds:X509Certificate></ds:X509Certificate>",
                        &format!("<ds:X509Certificate>{honest}</ds:X509Certificate>"),
                    )
                })
            })),
            With::Attacker,
            "saml/signature-invalid",
            "Signed with a key of her own, and KeyInfo shows the honest certificate.",
        ),
        by_forger(
            "key-info-garbage",
            Some(Edit::Put(
                Place::Last,
                "Signature/KeyInfo/X509Data",
                "<ds:X509SubjectName>CN=x</ds:X509SubjectName><ds:X509CRL>AAAA</ds:X509CRL>",
            )),
            With::Attacker,
            "saml/signature-invalid",
            "KeyInfo is full of other hints.",
        ),
    ],
};
