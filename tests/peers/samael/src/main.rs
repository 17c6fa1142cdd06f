//! What samael with xmlsec makes of every response of the attack corpus: `samael-reads CORPUS OUT.tsv`.
//!
//! It reads the wall clock, so its limits of time are set so wide that none bites: it says nothing about times.

use samael::crypto::AllowedSignatureAlgorithm::{EcdsaSha256, RsaSha256};
use samael::service_provider::ServiceProviderBuilder;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).map(PathBuf::from);
    let (corpus, out) = (arguments.next().ok_or("no corpus")?, arguments.next().ok_or("no output")?);
    let facts: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(corpus.join("corpus.json"))?)?;
    let text = |key: &str| facts[key].as_str().unwrap_or_default().to_string();
    let metadata = format!(
        "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{}\"><md:IDPSSODescriptor \
         protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><md:KeyDescriptor use=\"signing\"><ds:KeyInfo \
         xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data>\
         </ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
         Location=\"https://acme.okta.test/sso\"/></md:IDPSSODescriptor></md:EntityDescriptor>",
        text("issuer"),
        text("certificate"),
    );
    let reader = ServiceProviderBuilder::default()
        .entity_id(text("audience"))
        .acs_url(text("acs"))
        .idp_metadata(metadata.parse::<samael::metadata::EntityDescriptor>()?)
        .max_issue_delay(chrono::Duration::days(20_000))
        .max_clock_skew(chrono::Duration::days(20_000))
        .allowed_signature_algorithms(vec![RsaSha256, EcdsaSha256])
        .build()?;
    let (request, name) = (text("request"), text("name"));
    let mut lines = Vec::new();
    for (case, file) in facts["files"].as_object().ok_or("no files")? {
        let encoded = std::fs::read_to_string(corpus.join(file.as_str().unwrap_or_default()))?;
        let verdict = match reader.parse_base64_response(&encoded, Some(&[&request])) {
            Err(problem) => {
                if std::env::var_os("WHY").is_some() {
                    eprintln!("{case}: {problem}");
                }
                "refused".to_string()
            }
            Ok(assertion) => {
                let read = assertion.subject.and_then(|s| s.name_id).map(|n| n.value).unwrap_or_default();
                if read == name { "accepted".into() } else { format!("FORGED '{read}'") }
            }
        };
        lines.push(format!("{case}\t{verdict}\n"));
    }
    std::fs::write(out, lines.concat())?;
    println!("{} messages read by samael", lines.len());
    Ok(())
}
