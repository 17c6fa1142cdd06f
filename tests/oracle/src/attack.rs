//! Attacks, by what kind they are and whom they strike; the oracle sees no message.
//!
//! A case's kind is the first word of its name. Whatever is no exception is refused by whoever gets the message.

use crate::{Oracle, Stop, stop};
use federation::Outcome;
use scenarios::{Misbehaving, Misbehaviour};

/// How a case of this kind ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It changes nothing of what is said.
    Harmless,
    /// posture-fails-closed: the assertion counts, the device is not trusted.
    Untrusted,
    /// device-certificate: the method fails and the chain goes on.
    MethodFails,
    /// device-possession: there is no connection.
    NoConnection,
    Refused,
}

fn kind(name: &str) -> Kind {
    match name.split('-').next().unwrap_or_default() {
        "harmless" | "boundary" | "session" | "relay" => Kind::Harmless,
        "posture" => Kind::Untrusted,
        "certificate" | "person" | "udid" => Kind::MethodFails,
        "tls" => Kind::NoConnection,
        _ => Kind::Refused,
    }
}

/// Whether the case is about a request, not about a response.
fn is_about_requests(name: &str) -> bool {
    [
        "request-",
        "query-",
        "xsw-request-",
        "deflate-",
        "tamper-force",
        "tamper-request",
        "harmless-request",
        "harmless-query",
    ]
    .iter()
    .any(|start| name.starts_with(start))
}

impl Oracle {
    /// The armed attack, where it is on a message of this kind by `sender`; it strikes once.
    fn strikes(&mut self, sender: Misbehaving, request: bool) -> Option<Kind> {
        let fits = |m: &Misbehaviour| {
            is_about_requests(&m.as_case) == request && (m.party == sender || m.party == Misbehaving::Network)
        };
        let wish = self.armed.take_if(|m| m.party != Misbehaving::Device && fits(m))?;
        Some(kind(&wish.as_case))
    }

    /// Okta's request reaches Access. wire-authn-request, wire-redirect: Access shows its own error page.
    pub(crate) fn request_at_access(&mut self) -> Result<(), Stop> {
        match self.strikes(Misbehaving::Okta, true) {
            Some(Kind::Refused) => stop(Outcome::AccessDenied, "access"),
            _ => Ok(()),
        }
    }

    /// The app's request reaches Okta.
    pub(crate) fn request_at_okta(&mut self) -> Result<(), Stop> {
        match self.strikes(Misbehaving::App, true) {
            Some(Kind::Refused) => stop(Outcome::OktaError, "okta"),
            _ => Ok(()),
        }
    }

    /// Access's response reaches Okta, which shows 400 where it refuses it; whether its posture has become worthless.
    pub(crate) fn response_at_okta(&mut self) -> Result<bool, Stop> {
        match self.strikes(Misbehaving::Access, false) {
            Some(Kind::Refused) => stop(Outcome::OktaError, "okta"),
            struck => Ok(struck == Some(Kind::Untrusted)),
        }
    }

    /// Okta's response reaches the app.
    pub(crate) fn response_at_app(&mut self, app: &str) -> Result<(), Stop> {
        match self.strikes(Misbehaving::Okta, false) {
            Some(Kind::Refused) => stop(Outcome::AppRejected, app),
            _ => Ok(()),
        }
    }

    /// What the device shows: whether its certificate counts in this sign-in, or there is no connection at all.
    pub(crate) fn certificate_counts(&self) -> Result<bool, Stop> {
        match self.armed.as_ref().filter(|m| m.party == Misbehaving::Device).map(|m| kind(&m.as_case)) {
            Some(Kind::NoConnection) => stop(Outcome::Unreachable, "browser"),
            Some(Kind::MethodFails) => Ok(false),
            _ => Ok(true),
        }
    }
}
