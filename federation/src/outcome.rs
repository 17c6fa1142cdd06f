//! What a person experiences in the end.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The list of `mission`: every sign-in ends in exactly one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Granted,
    GrantedAfterMfa,
    MfaFailed,
    /// Okta: "This device must be secured by …".
    EnrolmentPage,
    /// Okta's policy page.
    Denied,
    /// Access's own page, with its message.
    AccessDenied,
    /// Stopped at Okta's sign-in page.
    SignInRequired,
    SignInFailed,
    /// Okta's 400 page, with its reason.
    OktaError,
    NotAssigned,
    /// The browser gave up after too many redirects.
    Loop,
    /// The app refused the assertion.
    AppRejected,
    Unreachable,
}

/// Okta's conclusion about a device, as `device.trusted` states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeviceContext {
    Trusted,
    NotTrusted,
    Unknown,
}

impl fmt::Display for DeviceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DeviceContext::Trusted => "TRUSTED",
            DeviceContext::NotTrusted => "NOT_TRUSTED",
            DeviceContext::Unknown => "UNKNOWN",
        })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Outcome::Granted => "granted",
            Outcome::GrantedAfterMfa => "granted-after-mfa",
            Outcome::MfaFailed => "mfa-failed",
            Outcome::EnrolmentPage => "enrolment-page",
            Outcome::Denied => "denied",
            Outcome::AccessDenied => "access-denied",
            Outcome::SignInRequired => "sign-in-required",
            Outcome::SignInFailed => "sign-in-failed",
            Outcome::OktaError => "okta-error",
            Outcome::NotAssigned => "not-assigned",
            Outcome::Loop => "loop",
            Outcome::AppRejected => "app-rejected",
            Outcome::Unreachable => "unreachable",
        })
    }
}
