//! The port: how a party meets everything that is not itself.

use crate::{EventKind, Time};
use bytes::Bytes;
use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

pub type Request = http::Request<Bytes>;
pub type Response = http::Response<Bytes>;
pub type Fut<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What the transport knows of the caller; a request carries it in its extensions.
/// `certificates` is the chain whose key the TLS handshake proved, leaf first, DER; nothing about it has been judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    pub ip: IpAddr,
    pub certificates: Vec<Bytes>,
}

/// A party: one vendor's service. Requests come with an absolute `Host` and a [`Peer`] extension.
pub trait Party: Send + Sync {
    /// Short name in transcripts: `okta`, `access`, `uem`, or an app's name.
    fn name(&self) -> &str;
    /// Host names it answers for.
    fn hosts(&self) -> Vec<String>;
    /// Of those, the hosts whose TLS asks the client for a certificate, each with the acceptable-CA hint (DER subjects).
    fn certificate_hosts(&self) -> Vec<(String, Vec<Bytes>)> {
        Vec::new()
    }
    fn handle<'a>(&'a self, outside: &'a dyn Outside, request: Request) -> Fut<'a, Response>;
    /// When something is due by itself; `None`: never.
    fn next_due(&self) -> Option<Time> {
        None
    }
    /// Does what is due at `outside.now()`.
    fn wake<'a>(&'a self, _outside: &'a dyn Outside) -> Fut<'a, ()> {
        Box::pin(async {})
    }
}

/// A party's only door.
pub trait Outside: Send + Sync {
    fn now(&self) -> Time;
    /// 160 random bits as 40 hex digits, from the stream of this party and `purpose`.
    fn fresh_id(&self, purpose: &'static str) -> String;
    /// A new P-256 key, PKCS#8 DER.
    fn new_key(&self) -> Vec<u8>;
    /// An HTTPS call to `https://HOST/…`; the URI must be absolute. `timeout_ms` is the caller's patience: an answer
    /// after exactly that long is late.
    fn call<'a>(&'a self, request: Request, timeout_ms: u64) -> Fut<'a, Result<Response, CallError>>;
    /// Inserts `key` into `table` until `until`; `Ok(false)` where it was there already. Durable where the run is.
    fn once(&self, table: &'static str, key: &str, until: Time) -> Result<bool, StoreError>;
    /// Puts a change after all earlier ones, with what the audit says of it, as one. To be called under the lock of what
    /// changes, so that the order of the calls is that of the changes. Where the run keeps state, no answer of any party
    /// leaves before it is on disk; where it does not, nothing is asked for.
    fn commit(&self, _change: &dyn Fn() -> Change) {}
    /// Tells the transcript.
    fn note(&self, kind: EventKind);
}

/// What a party has changed, as it reads it back itself, and the lines of its own log that tell of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    pub bytes: Vec<u8>,
    pub audit: Vec<EventKind>,
}

/// Why a call brought no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallError {
    UnknownHost(String),
    Refused(String),
    TimedOut,
    Broken(String),
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::UnknownHost(host) => write!(f, "no such host `{host}`"),
            CallError::Refused(why) => write!(f, "connection refused: {why}"),
            CallError::TimedOut => f.write_str("no answer in time"),
            CallError::Broken(why) => write!(f, "connection broke: {why}"),
        }
    }
}

impl std::error::Error for CallError {}

/// The store could not answer; callers fail closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreError(pub String);

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "store: {}", self.0)
    }
}

impl std::error::Error for StoreError {}
