//! SAML metadata: what an administrator pastes from one console into the other.

use crate::Refusal;
use crate::door::{self, DSIG, attribute, escape, named, only, value};
use crate::dsig::TrustedKey;
use base64::{Engine, engine::general_purpose::STANDARD};
use std::fmt::Write as _;
use uppsala::{Document, NodeId};

const NS: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
const REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";

/// A service provider: `keys` are signing certificates, DER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpMetadata {
    pub entity_id: String,
    pub acs_urls: Vec<String>,
    pub keys: Vec<Vec<u8>>,
}

/// An identity provider: `keys` are signing certificates, DER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdpMetadata {
    pub entity_id: String,
    pub sso_url: String,
    pub keys: Vec<Vec<u8>>,
}

fn key_descriptors(keys: &[Vec<u8>]) -> String {
    let one = |key: &Vec<u8>| {
        format!(
            "<md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"{DSIG}\"><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate>\
             </ds:X509Data></ds:KeyInfo></md:KeyDescriptor>",
            STANDARD.encode(key)
        )
    };
    keys.iter().map(one).collect()
}

pub fn write_sp(sp: &SpMetadata) -> String {
    let mut services = String::new();
    for (index, url) in sp.acs_urls.iter().enumerate() {
        let _ = write!(
            services,
            "<md:AssertionConsumerService Binding=\"{POST}\" Location=\"{}\" index=\"{index}\" isDefault=\"{}\"/>",
            escape(url),
            index == 0
        );
    }
    format!(
        "<md:EntityDescriptor xmlns:md=\"{NS}\" entityID=\"{}\"><md:SPSSODescriptor AuthnRequestsSigned=\"true\" WantAssertionsSigned=\"true\" \
         protocolSupportEnumeration=\"{}\">{}{services}</md:SPSSODescriptor></md:EntityDescriptor>",
        escape(&sp.entity_id),
        crate::saml::PROTOCOL,
        key_descriptors(&sp.keys)
    )
}

pub fn write_idp(idp: &IdpMetadata) -> String {
    let service =
        |binding| format!("<md:SingleSignOnService Binding=\"{binding}\" Location=\"{}\"/>", escape(&idp.sso_url));
    format!(
        "<md:EntityDescriptor xmlns:md=\"{NS}\" entityID=\"{}\"><md:IDPSSODescriptor WantAuthnRequestsSigned=\"true\" \
         protocolSupportEnumeration=\"{}\">{}<md:NameIDFormat>{}</md:NameIDFormat>{}{}</md:IDPSSODescriptor></md:EntityDescriptor>",
        escape(&idp.entity_id),
        crate::saml::PROTOCOL,
        key_descriptors(&idp.keys),
        crate::saml::NAMEID_UNSPECIFIED,
        service(POST),
        service(REDIRECT)
    )
}

pub fn read_sp(xml: &[u8]) -> Result<SpMetadata, Refusal> {
    let document = door::parse(door::text(xml)?)?;
    let (entity_id, role, keys) = read(&document, "SPSSODescriptor")?;
    let says = |n: &NodeId, name| attribute(&document, *n, name);
    let mut services = named(&document, role, NS, "AssertionConsumerService");
    services.retain(|n| says(n, "Binding").as_deref() == Some(POST));
    // The default first, then by their numbers.
    let number = |n: &NodeId| says(n, "index").and_then(|i| i.parse().ok()).unwrap_or(u16::MAX);
    services.sort_by_key(|n| (!matches!(says(n, "isDefault").as_deref(), Some("true" | "1")), number(n)));
    Ok(SpMetadata { entity_id, acs_urls: services.iter().filter_map(|n| says(n, "Location")).collect(), keys })
}

pub fn read_idp(xml: &[u8]) -> Result<IdpMetadata, Refusal> {
    let document = door::parse(door::text(xml)?)?;
    let (entity_id, role, keys) = read(&document, "IDPSSODescriptor")?;
    if keys.is_empty() {
        return Err(Refusal::new("metadata/no-key", "no signing key"));
    }
    let service =
        named(&document, role, NS, "SingleSignOnService").first().and_then(|n| attribute(&document, *n, "Location"));
    let sso_url = service.ok_or_else(|| Refusal::new("metadata/no-service", "no SingleSignOnService"))?;
    Ok(IdpMetadata { entity_id, sso_url, keys })
}

/// Entity id, role descriptor and signing certificates, each of which must be a key that could verify something.
fn read(document: &Document<'_>, role: &'static str) -> Result<(String, NodeId, Vec<Vec<u8>>), Refusal> {
    let root = document.document_element().ok_or_else(|| Refusal::new("metadata/malformed", "no root"))?;
    let entity_id =
        attribute(document, root, "entityID").ok_or_else(|| Refusal::new("metadata/malformed", "no entityID"))?;
    let node = only(document, root, NS, role)?.ok_or_else(|| Refusal::new("metadata/role", role))?;
    let mut keys = Vec::new();
    for descriptor in named(document, node, NS, "KeyDescriptor") {
        if attribute(document, descriptor, "use").is_some_and(|u| u != "signing") {
            continue;
        }
        let mut at = descriptor;
        for name in ["KeyInfo", "X509Data", "X509Certificate"] {
            at = only(document, at, DSIG, name)?.ok_or_else(|| Refusal::new("metadata/key", name))?;
        }
        let certificate = crate::form::decode_post(&value(document, at)?)?;
        TrustedKey::from_certificate(&certificate)?;
        keys.push(certificate);
    }
    Ok((entity_id, node, keys))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_wants_usable_keys() {
        let key = rcgen::KeyPair::generate().expect("makes a key");
        let params = rcgen::CertificateParams::new(Vec::<String>::new()).expect("has parameters");
        let certificate = params.self_signed(&key).expect("signs").der().to_vec();
        let sp = SpMetadata {
            entity_id: "a&b".into(),
            acs_urls: vec!["https://a.test/acs?x=\"1\"".into()],
            keys: vec![certificate.clone()],
        };
        let idp =
            IdpMetadata { entity_id: "a&b".into(), sso_url: "https://a.test/?x=&".into(), keys: vec![certificate] };
        assert_eq!(read_sp(write_sp(&sp).as_bytes()), Ok(sp.clone()));
        assert_eq!(read_idp(write_idp(&idp).as_bytes()), Ok(idp.clone()));
        // Only POST carries responses; the default comes first.
        let offered = |binding: &str, index: &str, rest: &str| {
            format!(
                "<md:AssertionConsumerService Binding=\"{binding}\" Location=\"https://a.test/{index}\" index=\"{index}\"{rest}/>"
            )
        };
        let several = [
            offered(&POST.replace("POST", "Artifact"), "1", ""),
            offered(POST, "3", ""),
            offered(POST, "2", ""),
            offered(POST, "4", " isDefault=\"true\""),
        ];
        let written = write_sp(&SpMetadata { acs_urls: vec![], ..sp.clone() });
        let written = written.replace("</md:SPSSODescriptor>", &(several.concat() + "</md:SPSSODescriptor>"));
        let read = read_sp(written.as_bytes()).map(|sp| sp.acs_urls.concat());
        assert_eq!(read, Ok("https://a.test/4https://a.test/2https://a.test/3".into()));
        // An app that signs nothing has no key; an identity provider without one could not be believed.
        let keyless = SpMetadata { keys: vec![], ..sp.clone() };
        assert_eq!(read_sp(write_sp(&keyless).as_bytes()), Ok(keyless));
        let code = |keys| read_idp(write_idp(&IdpMetadata { keys, ..idp.clone() }).as_bytes()).map_err(|r| r.code);
        assert_eq!(code(vec![]), Err("metadata/no-key"));
        assert_eq!(code(vec![vec![1, 2, 3]]), Err("key/unusable"));
    }
}
