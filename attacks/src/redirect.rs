//! Queries of the Redirect binding, taken apart and put together as no honest sender would.

use crate::Scene;
use crate::edit::Edit;
use crate::sign::{With, raw};
use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::io::{Read as _, Write as _};

pub(crate) const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";

pub(crate) fn quoted(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// A parameter's raw value.
pub(crate) fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query.split('&').find_map(|p| p.strip_prefix(name)?.strip_prefix('='))
}

/// The query with one parameter's raw value replaced, or without it.
pub(crate) fn with(query: &str, name: &str, value: Option<&str>) -> Option<String> {
    parameter(query, name)?;
    let is = |p: &str| p.split('=').next() == Some(name);
    let parts: Vec<String> = query
        .split('&')
        .filter(|p| value.is_some() || !is(p))
        .map(|p| match value {
            Some(value) if is(p) => format!("{name}={value}"),
            _ => p.to_string(),
        })
        .collect();
    Some(parts.join("&"))
}

pub(crate) fn deflated(xml: &[u8]) -> Vec<u8> {
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
    // Writing into a vector cannot fail.
    let _ = deflate.write_all(xml);
    deflate.finish().unwrap_or_default()
}

/// The text inside the query.
pub(crate) fn xml(query: &str) -> Option<String> {
    let encoded = percent_decode_str(parameter(query, "SAMLRequest")?).decode_utf8().ok()?;
    let mut text = String::new();
    DeflateDecoder::new(STANDARD.decode(encoded.as_bytes()).ok()?.as_slice()).read_to_string(&mut text).ok()?;
    Some(text)
}

/// The parameter value that carries `bytes`.
pub(crate) fn carried(bytes: &[u8]) -> String {
    quoted(&STANDARD.encode(deflated(bytes)))
}

/// A query around `request` (a raw value), signed where the original was.
pub(crate) fn signed(original: &str, request: &str, algorithm: &str, key: With, scene: &Scene<'_>) -> Option<String> {
    let mut query = format!("SAMLRequest={request}");
    if let Some(state) = parameter(original, "RelayState") {
        query += &format!("&RelayState={state}");
    }
    if parameter(original, "Signature").is_none() {
        return Some(query);
    }
    query += &format!("&SigAlg={}", quoted(algorithm));
    let signature = raw(scene, key, algorithm, query.as_bytes())?;
    Some(format!("{query}&Signature={}", quoted(&STANDARD.encode(signature))))
}

/// The query made anew around the changed text, by the sender's own key.
pub(crate) fn again(query: &str, edit: Option<Edit>, scene: &Scene<'_>) -> Option<String> {
    let plain = xml(query)?;
    let text = match edit {
        Some(edit) => edit.apply(&plain, scene).filter(|t| *t != plain)?,
        None => plain,
    };
    signed(query, &carried(text.as_bytes()), crate::sign::usual(scene.certificate), With::Real, scene)
}
