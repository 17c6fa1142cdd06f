//! samael as a service provider behind our Okta, and as an identity provider before our app.
//!
//! `samael-peer request CONFIG` says `{"url", "id"}`; `samael-peer consume CONFIG ID` reads a response (base64) and says
//! `{"name", "attributes"}`. `samael-peer answer CONFIG` reads a SAMLRequest (as in the query, decoded) and says a response
//! (base64); `answer-as-it-comes` is samael's own template, whose digest is SHA-1, and `answer-without-times` the same with SHA-256.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use samael::crypto::AllowedSignatureAlgorithm::{EcdsaSha256, RsaSha256};
use samael::crypto::{Crypto, CryptoProvider as _};
use samael::idp::response_builder::build_response_template;
use samael::metadata::EntityDescriptor;
use samael::schema::AuthnRequest;
use samael::service_provider::ServiceProvider;
use samael::signature::DigestAlgorithm;
use samael::traits::ToXml as _;
use serde_json::{Value, json};
use std::error::Error;
use std::io::Read as _;

type Said = Result<Value, Box<dyn Error>>;

fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let said = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["request", config] => request(config),
        ["consume", config, id] => consume(config, id),
        ["answer", config] => answer(config, true, true),
        ["answer-without-times", config] => answer(config, true, false),
        ["answer-as-it-comes", config] => answer(config, false, false),
        _ => Err("request CONFIG, consume CONFIG ID, or answer CONFIG".into()),
    };
    match said {
        Ok(Value::String(said)) => {
            println!("{said}");
            std::process::ExitCode::SUCCESS
        }
        Ok(said) => {
            println!("{said}");
            std::process::ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("refused: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn read(config: &str) -> Result<(Value, ServiceProvider), Box<dyn Error>> {
    let config: Value = serde_json::from_str(&std::fs::read_to_string(config)?)?;
    let text = |name: &str| config[name].as_str().map(String::from);
    let metadata = std::fs::read_to_string(text("metadata").ok_or("no metadata")?)?;
    let provider = ServiceProvider {
        entity_id: text("sp"),
        acs_url: text("acs"),
        idp_metadata: metadata.parse::<EntityDescriptor>()?,
        allow_idp_initiated: false,
        allowed_signature_algorithms: Some(vec![RsaSha256, EcdsaSha256]),
        ..ServiceProvider::default()
    };
    Ok((config, provider))
}

fn request(config: &str) -> Said {
    let (config, provider) = read(config)?;
    let request = provider.make_authentication_request(config["sso"].as_str().ok_or("no address")?)?;
    let url = request.redirect("/")?.ok_or("no destination")?;
    Ok(json!({ "url": url.to_string(), "id": request.id }))
}

fn consume(config: &str, id: &str) -> Said {
    let (_, provider) = read(config)?;
    let mut response = String::new();
    std::io::stdin().read_to_string(&mut response)?;
    let assertion = provider.parse_base64_response(response.trim(), Some(&[id]))?;
    let name = assertion.subject.as_ref().and_then(|s| s.name_id.as_ref()).map(|n| n.value.clone());
    let statements = assertion.attribute_statements.unwrap_or_default();
    let attributes: Vec<String> = statements
        .iter()
        .flat_map(|s| &s.attributes)
        .map(|a| format!("{:?}: {:?}", a.name, a.values.iter().map(|v| &v.value).collect::<Vec<_>>()))
        .collect();
    Ok(json!({ "name": name, "attributes": attributes }))
}

/// samael's response to the request on standard input. Its template digests with SHA-1 and has no times, though a bearer
/// confirmation without NotOnOrAfter is against the profile (SAML profiles 4.1.4.2): both can be put right.
fn answer(config: &str, sha256: bool, times: bool) -> Said {
    let config: Value = serde_json::from_str(&std::fs::read_to_string(config)?)?;
    let text = |name: &str| config[name].as_str().ok_or_else(|| format!("no `{name}`"));
    let mut request = String::new();
    std::io::stdin().read_to_string(&mut request)?;
    let deflated = STANDARD.decode(request.trim())?;
    let mut xml = String::new();
    flate2::read::DeflateDecoder::new(&deflated[..]).read_to_string(&mut xml)?;
    let asked: AuthnRequest = xml.parse()?;
    let audience = asked.issuer.and_then(|i| i.value).ok_or("the request has no issuer")?;
    let acs = asked.assertion_consumer_service_url.ok_or("the request has no consumer")?;
    let certificate = openssl::x509::X509::from_pem(&std::fs::read(text("certificate_file")?)?)?.to_der()?;
    let key = openssl::pkey::PKey::private_key_from_pem(&std::fs::read(text("key")?)?)?.rsa()?.private_key_to_der()?;
    let mut response =
        build_response_template(&certificate.into(), text("name")?, &audience, text("idp")?, &acs, &asked.id, &[]);
    for signature in response.signature.iter_mut().filter(|_| sha256) {
        for reference in &mut signature.signed_info.reference {
            reference.digest_method.algorithm = DigestAlgorithm::Sha256;
        }
    }
    if let Some(assertion) = response.assertion.as_mut().filter(|_| times) {
        let until = Some(chrono::Utc::now() + chrono::TimeDelta::minutes(5));
        if let Some(conditions) = &mut assertion.conditions {
            (conditions.not_before, conditions.not_on_or_after) = (Some(chrono::Utc::now()), until);
        }
        let confirmations = assertion.subject.as_mut().and_then(|s| s.subject_confirmations.as_mut());
        for data in confirmations.into_iter().flatten().filter_map(|c| c.subject_confirmation_data.as_mut()) {
            data.not_on_or_after = until;
        }
        // An empty AttributeStatement is against the schema.
        assertion.attribute_statements = None;
    }
    let signed = Crypto::sign_xml(response.to_string()?, &key)?;
    Ok(Value::String(STANDARD.encode(signed)))
}
