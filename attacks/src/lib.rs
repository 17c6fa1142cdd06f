//! Attacks as data: each a named case that turns an honest message into a malicious one, with the check that must refuse it.
//!
//! Nothing here decides anything, and no party knows this crate. A case says who misbehaves and holds only the keys that
//! party would hold: a sender writes something else and signs it with its real key; the network cannot sign again.

mod apply;
mod edit;
mod families;
mod redirect;
pub mod sign;
mod x509;

pub mod certificate;

pub use apply::{Unfit, form, message, query, query_undone, undone};
pub use edit::{Edit, Place, Val};
pub use sign::{Key, Shape, With};

use federation::Time;

/// Who does the wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// The sender of assertions, with its real key.
    Idp,
    /// The sender of requests, with its real key.
    Sp,
    /// Somebody between the two, with keys of her own only.
    Network,
    /// The device or whoever holds it.
    Device,
    /// The person at the browser.
    Person,
}

impl Who {
    pub fn name(self) -> &'static str {
        match self {
            Who::Idp => "identity provider",
            Who::Sp => "service provider",
            Who::Network => "network",
            Who::Device => "device",
            Who::Person => "person",
        }
    }
}

/// What the message must be like for the case to be what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// A response, whatever is signed.
    Response,
    /// A response whose own element is signed; one over its assertion is taken away.
    SignedResponse,
    /// A response whose assertion alone is signed; one over the response is taken away.
    SignedAssertion,
    /// A request in a form.
    PostedRequest,
    /// A request in a query.
    Redirect,
    /// A device's TLS client certificate.
    Certificate,
    /// How, when and by whom an honest message is delivered.
    Delivery,
}

/// How the case must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Refused by this check; `a|b` where parties name it differently.
    Refused(&'static str),
    /// Accepted, and the device does not count as trusted.
    NotTrusted,
    /// Accepted: it is no attack, or only looks like one.
    Accepted,
    /// Accepted under a session id that nobody could know before.
    NewSession,
    /// Accepted, and the browser stays where it belongs.
    StaysHome,
    /// The TLS handshake ends.
    Handshake,
    /// The certificate method fails with this finding and the chain goes on.
    MethodFails(&'static str),
}

/// What is done to the message.
#[derive(Debug, Clone, Copy)]
pub enum Act {
    /// The sender writes this and signs what it wrote.
    Write(Edit),
    /// The sender signs in this shape.
    Sign(Shape),
    /// Both.
    Forge(Edit, Shape),
    /// The text is changed after it was signed.
    Alter(Edit),
    /// Bytes that are no text, or not UTF-8.
    Bytes(fn(&str, &Scene<'_>) -> Vec<u8>),
    /// The form around the message: its fields from the encoded message.
    Form(fn(&str) -> Vec<(String, String)>),
    /// The raw query is changed after it was signed.
    Query(fn(&str, &Scene<'_>) -> Option<String>),
    /// The sender's query, made anew around another text: `true` signs it as the original was.
    Requery(Edit),
    /// See [`Delivery`].
    Deliver(Delivery),
    /// See [`certificate`].
    Device(certificate::Make),
}

/// What somebody does with an honest message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// The same browser posts it twice.
    Twice,
    /// Posted twice at the same time.
    AtOnce,
    /// Posted again after so many seconds.
    Later(u64),
    /// Another browser, with no cookies, posts it.
    OtherBrowser,
    /// Another browser that has a request of its own open posts it.
    OtherBrowserWaiting,
    /// Posted to the ACS of somebody else: the org's where the instance's is meant, or the other way round.
    OtherAcs,
    /// The browser comes with this cookie already set.
    FixedCookie(&'static str),
    /// RelayState is replaced.
    RelayState(&'static str),
}

/// What all cases of a family share.
pub struct Family {
    pub name: &'static str,
    pub class: &'static str,
    pub who: Who,
    pub on: On,
    /// Where it was published, or the clause that it breaks.
    pub source: &'static str,
    /// Id in `scenarios/requirements.toml`.
    pub requirement: &'static str,
    pub rows: &'static [Row],
}

/// One case.
pub struct Row {
    pub name: &'static str,
    pub act: Act,
    pub end: End,
    /// What it does, one sentence.
    pub says: &'static str,
}

/// A case with its family.
#[derive(Clone, Copy)]
pub struct Attack {
    pub family: &'static Family,
    pub row: &'static Row,
}

impl Attack {
    pub fn name(&self) -> &'static str {
        self.row.name
    }
    /// Whether it must pass.
    pub fn harmless(&self) -> bool {
        self.row.end == End::Accepted
    }
}

/// Every case, in the order of the table.
pub fn registry() -> Vec<Attack> {
    families::ALL.iter().flat_map(|family| family.rows.iter().map(move |row| Attack { family, row })).collect()
}

/// How a case ends, by the first word of its name: what scenarios and the oracle go by.
pub fn first_word(end: End, class: &str) -> &'static [&'static str] {
    match end {
        End::Accepted => &["harmless", "boundary"],
        End::NotTrusted => &["posture"],
        End::MethodFails(_) => &["certificate", "person", "udid"],
        End::Handshake => &["tls"],
        End::NewSession => &["session"],
        End::StaysHome => &["relay"],
        // Two of everything cannot be read at all.
        End::Refused(_) if class == "posture" => &["twice"],
        End::Refused(_) => &[],
    }
}

pub fn find(name: &str) -> Option<Attack> {
    registry().into_iter().find(|a| a.row.name == name)
}

/// What the one who misbehaves knows, and the keys that she holds.
pub struct Scene<'a> {
    pub now: Time,
    /// How much the reader lets clocks differ.
    pub skew_seconds: u32,
    /// The sender's key; only where the sender itself misbehaves, or for the undone attack.
    pub key: Option<&'a Key>,
    /// The sender's certificate, which is public.
    pub certificate: &'a [u8],
    /// Somebody else's name, whom the attacker wants to be.
    pub evil: &'a str,
}
