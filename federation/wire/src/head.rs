//! The head of an HTTP/1.1 request, judged as bytes before any parser sees it. What two readers could understand
//! differently is refused: two lengths, a length and an encoding, folded lines, blanks before a colon.

use crate::Refusal;

/// Of the whole head.
pub const MAX_BYTES: usize = 64 * 1024;
const MAX_FIELDS: usize = 100;
const MAX_BODY: u64 = 1 << 20;
/// Fields that mean something once only.
const SINGLE: &[&str] = &["host", "content-length", "transfer-encoding", "content-type", "authorization", "expect"];

/// What a head says of the body behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The most that the endpoint takes.
    pub body_limit: usize,
}

/// Length of the head in `bytes`, once its last line is there.
pub fn length(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|w| w == b"\r\n\r\n").map(|at| at + 4)
}

/// Judges a whole head that came to the host `host`.
pub fn check(head: &[u8], host: &str) -> Result<Head, Refusal> {
    let malformed = |what: &str| Refusal::new("http/malformed", what);
    if head.len() > MAX_BYTES {
        return Err(Refusal::new("http/too-large", format!("a head of {} bytes", head.len())));
    }
    let lines = head.strip_suffix(b"\r\n\r\n").ok_or_else(|| malformed("no end"))?;
    let text = std::str::from_utf8(lines).map_err(|_| malformed("not text"))?;
    if text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\r' | '\n')) {
        return Err(malformed("a control character"));
    }
    let mut lines = text.split("\r\n");
    let path = request_line(lines.next().unwrap_or_default())?;
    let mut fields: Vec<(String, &str)> = Vec::new();
    for line in lines {
        if fields.len() == MAX_FIELDS {
            return Err(Refusal::new("http/too-many-fields", format!("more than {MAX_FIELDS}")));
        }
        let field = field(line)?;
        if SINGLE.contains(&field.0.as_str()) && fields.iter().any(|(n, _)| *n == field.0) {
            return Err(Refusal::new("http/repeated-field", field.0));
        }
        fields.push(field);
    }
    let get = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, v)| *v);
    let named = get("host").ok_or_else(|| Refusal::new("http/host", "none"))?;
    // `host:1@other` is one host to one reader and another to the next.
    let (name, port) = named.split_once(':').unwrap_or((named, "443"));
    let is_port = !port.is_empty() && port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit());
    if !is_port || !name.eq_ignore_ascii_case(host) {
        return Err(Refusal::new("http/host", "another host's request"));
    }
    let limit = body_limit(path);
    match (get("content-length"), get("transfer-encoding")) {
        (Some(_), Some(_)) => return Err(Refusal::new("http/length-and-encoding", "both")),
        (None, Some(encoding)) if !encoding.eq_ignore_ascii_case("chunked") => {
            return Err(Refusal::new("http/encoding", encoding));
        }
        (Some(length), None) => {
            let digits = !length.is_empty() && length.len() < 16 && length.bytes().all(|b| b.is_ascii_digit());
            let length = length.parse().ok().filter(|_| digits);
            let length: u64 = length.ok_or_else(|| Refusal::new("http/length", "no number"))?;
            if length > limit {
                return Err(Refusal::new("http/body-too-large", format!("{length} bytes")));
            }
        }
        _ => {}
    }
    Ok(Head { body_limit: usize::try_from(limit).unwrap_or(usize::MAX) })
}

/// `METHOD PATH HTTP/1.1`, a path of this host; returns the path.
fn request_line(line: &str) -> Result<&str, Refusal> {
    let malformed = |what: &str| Refusal::new("http/malformed", what);
    let mut parts = line.split(' ');
    let (Some(method), Some(target), Some(version), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(malformed("the request line"));
    };
    if method.is_empty() || method.len() > 16 || !method.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(malformed("the method"));
    }
    if version != "HTTP/1.1" {
        return Err(Refusal::new("http/version", version.chars().take(16).collect::<String>()));
    }
    if !target.starts_with('/') || !target.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(malformed("the target"));
    }
    Ok(target.split('?').next().unwrap_or(target))
}

/// A field's name in lower case, and its value without the blanks around.
fn field(line: &str) -> Result<(String, &str), Refusal> {
    let malformed = |what: &str| Refusal::new("http/malformed", what);
    if line.contains(['\r', '\n']) {
        return Err(malformed("half a line end"));
    }
    let (name, value) = line.split_once(':').ok_or_else(|| malformed("a line without a colon"))?;
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if name.is_empty() || !name.bytes().all(token) {
        return Err(malformed("the name of a field"));
    }
    Ok((name.to_ascii_lowercase(), value.trim_matches([' ', '\t'])))
}

/// SAML comes in forms of half a MiB at most, an OAuth request is small.
fn body_limit(path: &str) -> u64 {
    let path = path.to_ascii_lowercase();
    match () {
        () if path.contains("oauth") || path.contains("/token") => 64 * 1024,
        () if path.contains("/saml") || path.contains("/sso") || path.contains("/login") || path.contains("/mfa") => {
            512 * 1024
        }
        () => MAX_BODY,
    }
}
