//! Okta's decision cores: pure, total, and each leaving its reasons in `why`. No state, no message, no clock.

pub mod account;
pub mod context;
pub mod expression;
pub mod factor;
pub mod filter;
pub mod matching;
pub mod platform;
pub mod provisioning;
pub mod request;
pub mod routing;
pub mod scope;
pub mod session;
pub mod sign_on;
#[cfg(test)]
mod tests;
pub mod trust;
