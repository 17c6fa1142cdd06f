//! samael as a service provider behind our Okta.
//!
//! `samael-peer request CONFIG` says `{"url", "id"}`; `samael-peer consume CONFIG ID` reads a response (base64) and says
//! `{"name", "attributes"}`.

use samael::crypto::AllowedSignatureAlgorithm::{EcdsaSha256, RsaSha256};
use samael::metadata::EntityDescriptor;
use samael::service_provider::ServiceProvider;
use serde_json::{Value, json};
use std::error::Error;
use std::io::Read as _;

type Said = Result<Value, Box<dyn Error>>;

fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let said = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["request", config] => request(config),
        ["consume", config, id] => consume(config, id),
        _ => Err("request CONFIG, or consume CONFIG ID".into()),
    };
    match said {
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
