//! What crosses the wire between the parties, and nothing about what they decide.
//!
//! SAML goes one road: front door (limits, no DOCTYPE), signature shape, verify, then read only the verified node.

pub mod certificate;
#[cfg(not(feature = "disable-checks"))]
mod checks;
#[cfg(feature = "disable-checks")]
pub mod checks;
pub mod directoryconfigs;
pub mod door;
pub mod dsig;
pub mod form;
pub mod head;
pub mod ids;
pub mod jwt;
pub mod look;
pub mod metadata;
pub mod oauth;
mod read;
pub mod redirect;
pub mod refusal;
pub mod saml;
pub mod scim;

pub use refusal::Refusal;
