//! Settings of the three tenants, as an administrator would set them. Console labels stand in the doc comments.
//!
//! Every list of tables has unique `name`s, so that a patch can name its target.

pub mod access;
pub mod okta;
pub mod provisioning;
pub mod scim_client;
pub mod uem;

pub use access::Access;
pub use okta::Okta;
pub use uem::Uem;

pub(crate) fn yes() -> bool {
    true
}
