//! The HTTP-Redirect binding: DEFLATE, base64, and a signature over the raw query.

use crate::Refusal;
use crate::checks::refuse_by;
use crate::door;
use crate::dsig::{SigningKey, TrustedKey};
use crate::read;
use crate::saml::{AuthnRequest, RequestCheck, Verified};
use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, Decompress, FlushDecompress, Status, write::DeflateEncoder};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::io::Write as _;

const INFLATED: usize = 64 * 1024;
const DEFLATE: &str = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE";
const NAMES: &[&str] = &["SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature", "SAMLEncoding"];

/// What RFC 3986 calls unreserved is not escaped: there are readers that verify what they have decoded and escaped anew.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn quoted(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// The address that carries `xml` to `sso_url`.
pub fn request_url(
    sso_url: &str,
    xml: &str,
    relay_state: Option<&str>,
    sign: Option<&SigningKey>,
) -> Result<String, Refusal> {
    let failed = |e: std::io::Error| Refusal::new("saml/cannot-write", e.to_string());
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
    deflate.write_all(xml.as_bytes()).map_err(failed)?;
    let mut query = format!("SAMLRequest={}", quoted(&STANDARD.encode(deflate.finish().map_err(failed)?)));
    if let Some(state) = relay_state {
        query += &format!("&RelayState={}", quoted(state));
    }
    if let Some(key) = sign {
        query += &format!("&SigAlg={}", quoted(key.algorithm()));
        let signature = key.sign_raw(query.as_bytes())?;
        query += &format!("&Signature={}", quoted(&STANDARD.encode(signature)));
    }
    Ok(format!("{sso_url}{}{query}", if sso_url.contains('?') { '&' } else { '?' }))
}

/// Raw parameters of interest, each at most once.
#[derive(Default)]
struct Raw<'a> {
    request: Option<&'a str>,
    relay_state: Option<&'a str>,
    algorithm: Option<&'a str>,
    signature: Option<&'a str>,
}

fn raw(query: &str) -> Result<Raw<'_>, Refusal> {
    let mut found = Raw::default();
    for pair in query.split('&').filter(|p| !p.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        // Another spelling of a name would be another message to somebody who decodes first.
        let decoded = plain(name)?;
        if decoded != name && NAMES.contains(&decoded.as_str()) {
            refuse_by!("saml/encoded-parameter", name);
        }
        let slot = match name {
            "SAMLRequest" => &mut found.request,
            "RelayState" => &mut found.relay_state,
            "SigAlg" => &mut found.algorithm,
            "Signature" => &mut found.signature,
            "SAMLEncoding" if plain(value)? != DEFLATE => {
                refuse_by!("saml/encoding", value);
                continue;
            }
            "SAMLResponse" => {
                refuse_by!("saml/two-messages", "a response in a request's query");
                continue;
            }
            _ => continue,
        };
        if slot.replace(value).is_some() {
            refuse_by!("saml/repeated-parameter", name);
        }
    }
    Ok(found)
}

fn plain(value: &str) -> Result<String, Refusal> {
    let spaced = value.replace('+', " ");
    let text = percent_decode_str(&spaced).decode_utf8().map_err(|e| Refusal::new("saml/not-utf8", e.to_string()))?;
    Ok(text.into_owned())
}

fn base64(value: &str) -> Result<Vec<u8>, Refusal> {
    let text: String =
        percent_decode_str(value).decode_utf8_lossy().chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(text).map_err(|e| Refusal::new("saml/base64", e.to_string()))
}

/// Inflates under a hard limit and refuses what trails.
fn inflate(data: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut out = vec![0; INFLATED + 1];
    let mut stream = Decompress::new(false);
    let status = stream
        .decompress(data, &mut out, FlushDecompress::Finish)
        .map_err(|e| Refusal::new("saml/deflate", e.to_string()))?;
    let (read, written) = (stream.total_in() as usize, stream.total_out() as usize);
    if written > INFLATED {
        refuse_by!("saml/deflate-bomb", format!("more than {INFLATED} bytes"));
    }
    if status != Status::StreamEnd || read != data.len() {
        refuse_by!("saml/deflate", "truncated, or bytes after the end");
    }
    out.truncate(written);
    Ok(out)
}

/// Reads a request from the raw query; the signature covers the bytes as they came (bindings 3.4.4.1).
pub fn read_request(
    raw_query: &str,
    check: &RequestCheck<'_>,
) -> Result<(Verified<AuthnRequest>, Option<String>), Refusal> {
    let parts = raw(raw_query)?;
    let encoded = parts.request.ok_or_else(|| Refusal::new("saml/missing", "no SAMLRequest"))?;
    let xml = inflate(&base64(encoded)?)?;
    let document = door::parse(door::text(&xml)?)?;
    if !document.get_elements_by_tag_name_ns(door::DSIG, "Signature").is_empty() {
        refuse_by!("saml/signature-place", "a signature inside a redirected request");
    }
    let keys = read::keys_of(&document, check)?;
    let signed = match (parts.algorithm, parts.signature) {
        (None, None) if check.require_signature => {
            refuse_by!("saml/signature-missing", "the query");
            false
        }
        (None, None) => false,
        (Some(algorithm), Some(signature)) => {
            verify(keys, check, &parts, encoded, (algorithm, signature))?;
            true
        }
        _ => {
            refuse_by!("saml/signature-missing", "SigAlg and Signature go together");
            false
        }
    };
    let request = read::request(&document, check)?;
    if signed {
        read::addressed(&request)?;
    }
    Ok((Verified(request), parts.relay_state.map(plain).transpose()?))
}

/// One of the keys made this signature over the query as it came.
fn verify(
    keys: &[TrustedKey],
    check: &RequestCheck<'_>,
    parts: &Raw<'_>,
    encoded: &str,
    (algorithm, signature): (&str, &str),
) -> Result<(), Refusal> {
    let mut message = format!("SAMLRequest={encoded}");
    if let Some(state) = parts.relay_state {
        message += &format!("&RelayState={state}");
    }
    message += &format!("&SigAlg={algorithm}");
    let (method, signature) = (plain(algorithm)?, base64(signature)?);
    let mut why = Refusal::new("key/none", "no key is configured");
    for key in keys {
        match key.verify_raw(&method, check.floor, message.as_bytes(), &signature) {
            Ok(()) => return Ok(()),
            Err(refusal) => why = refusal,
        }
    }
    Err(why)
}
