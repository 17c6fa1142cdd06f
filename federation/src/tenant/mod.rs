//! Settings of the three tenants, as an administrator would set them. Console labels stand in the doc comments.
//!
//! Every list of tables has unique `name`s, so that a patch can name its target.

pub mod access;
pub mod okta;
pub mod provisioning;
pub mod scim_client;
pub mod uem;

use serde::{Deserialize, Serialize};

pub use access::Access;
pub use okta::Okta;
pub use uem::Uem;

/// The hash of a signature: the one that a party signs by, or the least that it accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureAlgorithm {
    /// RSA-SHA1: forgeable in principle since 2017.
    Sha1,
    #[default]
    Sha256,
}

pub(crate) fn yes() -> bool {
    true
}
