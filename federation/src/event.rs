//! What happened, as data. A transcript is a list of these.

use crate::{Finding, Time};
use serde::Serialize;

/// One thing that happened at `at`, told by `party` (`okta`, `access`, `uem`, an app's name, `browser`, `runner`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    pub at: Time,
    pub party: String,
    #[serde(flatten)]
    pub kind: EventKind,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum EventKind {
    /// An HTTP exchange: `party` called `to`.
    Http { to: String, method: String, path: String, status: u16 },
    /// A SAML message left `party` for `to`. `flags` are what a reader looks for: `ForceAuthn=true`, `context=DevicePosture`, `IsManaged=true`, `status=Responder/AuthnFailed`.
    Message { to: String, what: String, id: String, in_response_to: Option<String>, flags: Vec<String>, xml: String },
    /// A decision core spoke.
    Decided { verdict: String, because: Vec<Finding> },
    /// A line of the vendor's own log (Okta System Log, Access audit, UEM event log).
    Log { event_type: String, result: String, actor: String, target: String, reason: String },
    /// `party` now has a session for `login`.
    SignedIn { login: String },
    /// An incoming message was refused by a named check.
    Refused { code: String, detail: String },
    /// A state change on the management surface or by itself (sweep, escalation, CRL).
    Changed { what: String },
    /// What the browser shows.
    Page { page: String, text: String },
}
