//! Why a message was refused: a stable code and what was seen.

use std::fmt;

/// A named check that said no. `code` is `area/check`, e.g. `saml/signature-missing`; `detail` never holds secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub code: &'static str,
    pub detail: String,
}

impl Refusal {
    pub fn new(code: &'static str, detail: impl Into<String>) -> Refusal {
        Refusal { code, detail: detail.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.detail.is_empty() { f.write_str(self.code) } else { write!(f, "{}: {}", self.code, self.detail) }
    }
}

impl std::error::Error for Refusal {}
