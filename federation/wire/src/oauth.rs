//! OAuth 2.0 as formats: token requests and answers (RFC 6749), bearer credentials and challenges (RFC 6750),
//! and secrets that are kept as hashes.

use aws_lc_rs::{constant_time, digest};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use std::fmt;

const MAX_BYTES: usize = 16 * 1024;

/// An error of RFC 6749 section 5.2; the description says what to do, never what the secret was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenError {
    pub error: &'static str,
    pub description: String,
}

impl TokenError {
    pub fn new(error: &'static str, description: impl Into<String>) -> TokenError {
        TokenError { error, description: description.into() }
    }

    pub fn status(&self) -> u16 {
        match self.error {
            "invalid_client" => 401,
            "server_error" => 500,
            _ => 400,
        }
    }

    pub fn body(&self) -> Value {
        json!({ "error": self.error, "error_description": self.description })
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error, self.description)
    }
}

#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub id: String,
    pub secret: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.id)
    }
}

/// How the client said who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownBy {
    Basic,
    Body,
    /// RFC 6749 2.3.1 forbids it; servers of the time took it.
    Query,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRequest {
    pub grant_type: Option<String>,
    pub scope: Option<String>,
    pub client: Option<(Credentials, ShownBy)>,
}

/// Reads a token request. Parameters come from the query and the body; each name once over both.
pub fn read_token_request(query: &str, body: &[u8], authorization: Option<&str>) -> Result<TokenRequest, TokenError> {
    let invalid = |what: String| TokenError::new("invalid_request", what);
    if body.len() + query.len() > MAX_BYTES {
        return Err(invalid("the request is too long".into()));
    }
    let mut fields: Vec<(String, String, ShownBy)> = Vec::new();
    let places = [(query.as_bytes(), ShownBy::Query), (body, ShownBy::Body)];
    for (name, value, place) in
        places.into_iter().flat_map(|(bytes, place)| form_urlencoded::parse(bytes).map(move |(n, v)| (n, v, place)))
    {
        if fields.iter().any(|(n, ..)| *n == name) {
            return Err(invalid(format!("the parameter `{name}` is repeated")));
        }
        fields.push((name.into_owned(), value.into_owned(), place));
    }
    let get = |name: &str| fields.iter().find(|(n, v, _)| n == name && !v.is_empty());
    let text = |name: &str| get(name).map(|(_, v, _)| v.clone());
    let from_header = authorization.map(basic).transpose()?;
    let client = match (from_header, get("client_secret")) {
        (Some(_), Some(_)) => return Err(invalid("the client authenticates in two ways at once".into())),
        (Some(credentials), None) => {
            if text("client_id").is_some_and(|id| id != credentials.id) {
                return Err(invalid("`client_id` names another client than the Authorization header".into()));
            }
            Some((credentials, ShownBy::Basic))
        }
        (None, Some((_, secret, place))) => {
            let id = text("client_id").ok_or_else(|| invalid("the parameter `client_id` is missing".into()))?;
            Some((Credentials { id, secret: secret.clone() }, *place))
        }
        (None, None) => None,
    };
    Ok(TokenRequest { grant_type: text("grant_type"), scope: text("scope"), client })
}

/// HTTP Basic; both parts are form-urlencoded first (RFC 6749 2.3.1).
pub fn basic(header: &str) -> Result<Credentials, TokenError> {
    let bad =
        || TokenError::new("invalid_client", "the Authorization header is no HTTP Basic with client id and secret");
    let (scheme, rest) = header.split_once(' ').ok_or_else(bad)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(bad());
    }
    let bytes = STANDARD.decode(rest.trim()).map_err(|_| bad())?;
    let text = String::from_utf8(bytes).map_err(|_| bad())?;
    let (id, secret) = text.split_once(':').ok_or_else(bad)?;
    let decoded = |part: &str| {
        percent_encoding::percent_decode_str(&part.replace('+', " ")).decode_utf8().map(Into::into).map_err(|_| bad())
    };
    Ok(Credentials { id: decoded(id)?, secret: decoded(secret)? })
}

/// A successful answer.
pub fn token_response(token: &str, expires_in: i64, scope: &str) -> Value {
    json!({ "access_token": token, "token_type": "Bearer", "expires_in": expires_in, "scope": scope })
}

/// What a protected resource was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown<'a> {
    Nothing,
    /// Something, but no bearer token.
    Other,
    Bearer(&'a str),
}

/// Reads the Authorization header of a call; the scheme in any case.
pub fn bearer(header: Option<&str>) -> Shown<'_> {
    match header.map(str::trim) {
        None | Some("") => Shown::Nothing,
        Some(header) => match header.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => {
                Shown::Bearer(token.trim())
            }
            _ => Shown::Other,
        },
    }
}

/// `WWW-Authenticate` of RFC 6750: without an error code where no token came.
pub fn challenge(realm: &str, error: Option<(&str, &str)>) -> String {
    let quoted = |text: &str| text.replace(['"', '\\'], "'");
    match error {
        None => format!("Bearer realm=\"{}\"", quoted(realm)),
        Some((code, description)) => {
            format!(
                "Bearer realm=\"{}\", error=\"{code}\", error_description=\"{}\"",
                quoted(realm),
                quoted(description)
            )
        }
    }
}

/// A secret as it is kept. Comparing takes the same time wherever it differs.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SecretHash {
    salt: String,
    digest: Vec<u8>,
}

impl SecretHash {
    pub fn new(salt: impl Into<String>, secret: &str) -> SecretHash {
        let salt = salt.into();
        SecretHash { digest: hash(&salt, secret), salt }
    }

    pub fn is(&self, candidate: &str) -> bool {
        constant_time::verify_slices_are_equal(&self.digest, &hash(&self.salt, candidate)).is_ok()
    }
}

fn hash(salt: &str, secret: &str) -> Vec<u8> {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&(salt.len() as u64).to_be_bytes());
    context.update(salt.as_bytes());
    context.update(secret.as_bytes());
    context.finish().as_ref().to_vec()
}
