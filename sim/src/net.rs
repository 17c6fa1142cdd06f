//! The simulated internet: host names, two fabrics (in-memory streams, loopback TCP), real TLS and HTTP/1.1 on both.
//!
//! Each call is a connection of its own, so that both fabrics make the same handshakes.

use crate::core::{Core, Door, locked};
use crate::gate::{self, Limits};
use crate::places::Places;
use crate::ports::Ports;
use crate::tls::{Authority, TlsError, TlsVersions};
use bytes::Bytes;
use federation::{CallError, EventKind, Party, Peer, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Frame, SizeHint};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use rustls::pki_types::ServerName;
use rustls::sign::CertifiedKey;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio_rustls::TlsConnector;

/// Where calls between servers come from.
pub const SERVER_IP: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const BODY_LIMIT: usize = 1 << 20;

/// What carries the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Fabric {
    #[default]
    Memory,
    Loopback,
}

/// As a transcript shows it: a query belongs to what a provisioning client asks, everywhere else it is a message of its own.
fn shown_path(uri: &http::Uri) -> String {
    let path = uri.path();
    let asked = uri.path_and_query().filter(|_| path.contains("/scim/") || path.starts_with("/api/system/"));
    asked.map_or(path, |asked| asked.as_str()).to_string()
}

/// Something broken on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Down,
    /// Answers after this many milliseconds.
    Slow(u64),
    /// Answers 200 with bytes that mean nothing.
    Garbage,
    /// Does what it is asked and hangs up in the middle of its answer.
    Dropped,
    /// Answers 429 and asks to be asked again after so many seconds; zero: without a word about it.
    TooMany(u64),
}

/// What a connection tells its server beside its bytes: the simulated address of the client, and whether the answer is cut.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    pub ip: IpAddr,
    pub cut: bool,
}

/// Who calls: name for the transcript, the address the other side sees, the keys it may show, its patience.
#[derive(Clone)]
pub struct Caller {
    pub name: String,
    pub ip: IpAddr,
    pub keys: Vec<Arc<CertifiedKey>>,
    pub timeout_ms: u64,
}

/// A host on loopback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listening {
    pub host: String,
    pub party: String,
    pub port: u16,
}

pub(crate) struct Site {
    pub host: String,
    pub party: Arc<dyn Party>,
    /// Issuers of the client certificates that the host asks for.
    hints: Option<Vec<Vec<u8>>>,
    /// Made when somebody first connects: most stories visit half of the hosts.
    tls: OnceLock<Arc<ServerConfig>>,
    port: Option<u16>,
}

impl Site {
    pub fn tls(&self, authority: &Authority) -> Result<Arc<ServerConfig>, TlsError> {
        if let Some(made) = self.tls.get() {
            return Ok(made.clone());
        }
        let made = authority.server(&self.host, self.hints.clone())?;
        Ok(self.tls.get_or_init(|| made).clone())
    }
}

struct Inner {
    fabric: Fabric,
    core: Arc<Core>,
    authority: Authority,
    plain: Arc<rustls::ClientConfig>,
    sites: Mutex<BTreeMap<String, Arc<Site>>>,
    /// By party, then by the caller that is hit: nobody's name means everybody.
    faults: Mutex<BTreeMap<String, BTreeMap<String, Fault>>>,
    /// Loopback: what a client port stands for.
    arrivals: Mutex<BTreeMap<u16, Arrival>>,
    handshakes: AtomicU64,
    limits: Limits,
    places: Arc<Places>,
    /// How often the gate turned somebody away, by check.
    turned_away: Mutex<BTreeMap<&'static str, u64>>,
    /// A caller that shows what it wants in TLS.
    forced: Mutex<Option<(String, Arc<rustls::ClientConfig>)>>,
    /// A document that a party publishes, and what an attacker has put in its place.
    forged: Mutex<Option<(String, Bytes)>>,
    ports: Mutex<Ports>,
    listeners: Mutex<Vec<AbortHandle>>,
    /// Connections whose request is being answered.
    busy: AtomicUsize,
    idle: Notify,
}

/// Counts a connection as busy for as long as it lives.
pub(crate) struct Busy(Net);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.0.busy.fetch_sub(1, Ordering::SeqCst);
        self.0.0.idle.notify_waiters();
    }
}

/// Writes, says that nothing follows, and reads until the other side has had enough.
async fn send_raw<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, bytes: &[u8]) -> std::io::Result<()> {
    stream.write_all(bytes).await?;
    stream.shutdown().await?;
    let mut answer = Vec::new();
    stream.take(64 * 1024).read_to_end(&mut answer).await?;
    Ok(())
}

/// A handle on the internet of one world.
#[derive(Clone)]
pub struct Net(Arc<Inner>);

impl Net {
    pub fn new(fabric: Fabric, core: Arc<Core>, tls: TlsVersions, limits: Limits) -> Result<Net, TlsError> {
        let authority = Authority::new(core.clock.clone(), tls, None)?;
        Net::under(authority, fabric, core, limits, Ports::default())
    }

    /// A network whose hosts have their certificates from `authority` and listen where `ports` says.
    pub fn under(
        authority: Authority,
        fabric: Fabric,
        core: Arc<Core>,
        limits: Limits,
        ports: Ports,
    ) -> Result<Net, TlsError> {
        let plain = authority.client(Vec::new())?;
        Ok(Net(Arc::new(Inner {
            fabric,
            core,
            authority,
            plain,
            sites: Mutex::default(),
            faults: Mutex::default(),
            arrivals: Mutex::default(),
            handshakes: AtomicU64::new(0),
            limits,
            places: Arc::default(),
            turned_away: Mutex::default(),
            forced: Mutex::default(),
            forged: Mutex::default(),
            ports: Mutex::new(ports),
            listeners: Mutex::default(),
            busy: AtomicUsize::new(0),
            idle: Notify::new(),
        })))
    }

    pub fn authority(&self) -> &Authority {
        &self.0.authority
    }

    /// TLS handshakes completed so far.
    pub fn handshakes(&self) -> u64 {
        self.0.handshakes.load(Ordering::Relaxed)
    }

    /// From now on this caller's TLS shows these keys whatever the server asks for; `None`: it behaves again.
    pub fn force(&self, caller: &str, keys: Option<Vec<Arc<CertifiedKey>>>) -> Result<(), TlsError> {
        let config = keys.map(|keys| self.0.authority.insistent_client(keys)).transpose()?;
        *locked(&self.0.forced) = config.map(|config| (caller.to_string(), config));
        Ok(())
    }

    /// From now on whoever fetches this address gets these bytes; `None`: what its party publishes.
    pub fn forge(&self, document: Option<(String, Bytes)>) {
        *locked(&self.0.forged) = document;
    }

    /// Sends bytes to a host in place of a TLS handshake; there is never an HTTP answer.
    pub async fn raw(&self, host: &str, bytes: &[u8]) -> Result<Response, CallError> {
        let site = self.site(host).ok_or_else(|| CallError::UnknownHost(host.into()))?;
        let broken = |e: std::io::Error| CallError::Broken(e.to_string());
        match site.port {
            None => {
                let (mut near, far) = tokio::io::duplex(64 * 1024);
                let arrival = Arrival { ip: SERVER_IP, cut: false };
                tokio::spawn(gate::in_memory(self.clone(), site, far, arrival));
                send_raw(&mut near, bytes).await.map_err(broken)?;
            }
            Some(port) => {
                let mut near = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.map_err(broken)?;
                send_raw(&mut near, bytes).await.map_err(broken)?;
            }
        }
        Err(CallError::Broken("the handshake came to nothing".into()))
    }

    /// Breaks `party` for the calls of `from`, or for everybody's.
    pub fn set_fault(&self, party: &str, from: Option<&str>, fault: Fault) {
        let mut faults = locked(&self.0.faults);
        faults.entry(party.into()).or_default().insert(from.unwrap_or_default().into(), fault);
    }

    /// Mends `party` for the calls of `from`, or for good.
    pub fn mend(&self, party: &str, from: Option<&str>) {
        let mut faults = locked(&self.0.faults);
        match (from, faults.get_mut(party)) {
            (Some(from), Some(ways)) => {
                ways.remove(from);
            }
            _ => {
                faults.remove(party);
            }
        }
    }

    /// What is broken about `party` for `from`; what hits one caller alone counts first.
    fn fault(&self, party: &str, from: &str) -> Option<Fault> {
        let faults = locked(&self.0.faults);
        let ways = faults.get(party)?;
        ways.get(from).or_else(|| ways.get("")).copied()
    }

    /// Whether anything is broken about `party`.
    pub fn is_broken(&self, party: &str) -> bool {
        locked(&self.0.faults).get(party).is_some_and(|ways| !ways.is_empty())
    }

    /// Puts `party` on its host names.
    pub async fn host(&self, party: Arc<dyn Party>) -> Result<(), TlsError> {
        let asking: BTreeMap<String, Vec<Bytes>> = party.certificate_hosts().into_iter().collect();
        for host in party.hosts() {
            let hints = asking.get(&host).map(|hints| hints.iter().map(|h| h.to_vec()).collect());
            let mut site = Site { host: host.clone(), party: party.clone(), hints, tls: OnceLock::new(), port: None };
            if self.0.fabric == Fabric::Loopback {
                let wanted = locked(&self.0.ports).next(&host)?;
                let listener = wanted.bind(&host)?;
                site.port = Some(listener.local_addr()?.port());
                locked(&self.0.listeners).push(gate::listen(self.clone(), listener, host.clone()));
            }
            locked(&self.0.sites).insert(host, Arc::new(site));
        }
        Ok(())
    }

    pub(crate) fn busy(&self) -> Busy {
        self.0.busy.fetch_add(1, Ordering::SeqCst);
        Busy(self.clone())
    }

    /// Listens no more, and gives those who are being served until `patience` ends; `false`: somebody was cut off.
    pub async fn close(&self, patience: Duration) -> bool {
        locked(&self.0.listeners).drain(..).for_each(|listener| listener.abort());
        let served = async {
            loop {
                let told = self.0.idle.notified();
                if self.0.busy.load(Ordering::SeqCst) == 0 {
                    return;
                }
                told.await;
            }
        };
        tokio::time::timeout(patience, served).await.is_ok()
    }

    /// Where each host listens on loopback, with the party behind it; empty in memory.
    pub fn ports(&self) -> Vec<Listening> {
        let sites = locked(&self.0.sites);
        let listening = |(host, site): (&String, &Arc<Site>)| {
            Some(Listening { host: host.clone(), party: site.party.name().into(), port: site.port? })
        };
        sites.iter().filter_map(listening).collect()
    }

    /// Connections and requests that no party saw, by the check that turned them away.
    pub fn refusals(&self) -> BTreeMap<&'static str, u64> {
        locked(&self.0.turned_away).clone()
    }

    pub(crate) fn turned_away(&self, code: &'static str) {
        *locked(&self.0.turned_away).entry(code).or_default() += 1;
    }

    pub(crate) fn limits(&self) -> Limits {
        self.0.limits
    }

    pub(crate) fn places(&self) -> &Arc<Places> {
        &self.0.places
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.0.core
    }

    /// What a client's socket stands for, which is then forgotten; a stranger stands for himself.
    pub(crate) fn arrival(&self, socket: SocketAddr) -> Arrival {
        let known = locked(&self.0.arrivals).remove(&socket.port());
        known.unwrap_or(Arrival { ip: socket.ip(), cut: false })
    }

    pub(crate) fn site(&self, host: &str) -> Option<Arc<Site>> {
        locked(&self.0.sites).get(host).cloned()
    }

    /// One HTTPS exchange; the URI must be `https://HOST/…`.
    pub async fn call(&self, caller: &Caller, request: Request) -> Result<Response, CallError> {
        let host = request.uri().host().unwrap_or_default().to_string();
        let site = self.site(&host).ok_or_else(|| CallError::UnknownHost(host.clone()))?;
        let (method, path) = (request.method().to_string(), shown_path(request.uri()));
        let to = site.party.name().to_string();
        let mark = self.0.core.mark();
        let result = self.exchange(caller, &host, site, request).await;
        let status = result.as_ref().map_or(0, |r| r.status().as_u16());
        self.0.core.note_at(mark, &caller.name, EventKind::Http { to, method, path, status });
        result
    }

    /// Hands a request to its party with no wire between: how what was before the story came about.
    pub async fn hand(&self, caller: &Caller, request: Request) -> Result<Response, CallError> {
        let host = request.uri().host().unwrap_or_default().to_string();
        let site = self.site(&host).ok_or_else(|| CallError::UnknownHost(host.clone()))?;
        let mut request = origin_form(&host, request);
        request.extensions_mut().insert(Peer { ip: caller.ip, certificates: Vec::new() });
        let door = Door { party: site.party.name().into(), core: self.0.core.clone(), net: self.clone() };
        Ok(site.party.handle(&door, request).await)
    }

    async fn exchange(
        &self,
        caller: &Caller,
        host: &str,
        site: Arc<Site>,
        request: Request,
    ) -> Result<Response, CallError> {
        let forged = locked(&self.0.forged).clone().filter(|(address, _)| request.uri() == address.as_str());
        if let Some((_, bytes)) = forged {
            return Ok(Response::new(bytes));
        }
        let fault = self.fault(site.party.name(), &caller.name);
        let arrival = Arrival { ip: caller.ip, cut: fault == Some(Fault::Dropped) };
        match fault {
            Some(Fault::Down) => return Err(CallError::Refused("nobody listens".into())),
            Some(Fault::Slow(ms)) if ms >= caller.timeout_ms => {
                self.0.core.clock.advance(Duration::from_millis(caller.timeout_ms));
                return Err(CallError::TimedOut);
            }
            Some(Fault::Slow(ms)) => self.0.core.clock.advance(Duration::from_millis(ms)),
            Some(Fault::TooMany(seconds)) => {
                let mut response = Response::new(Bytes::new());
                *response.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
                if seconds > 0 {
                    response.headers_mut().insert(http::header::RETRY_AFTER, seconds.into());
                }
                return Ok(response);
            }
            Some(Fault::Garbage) => return Ok(Response::new(Bytes::from_static(b"\x00{<garbage"))),
            Some(Fault::Dropped) | None => {}
        }
        let answered = match site.port {
            None => {
                let (near, far) = tokio::io::duplex(64 * 1024);
                tokio::spawn(gate::in_memory(self.clone(), site, far, arrival));
                self.over(caller, host, near, request).await
            }
            Some(port) => {
                let broken = |e: std::io::Error| CallError::Refused(e.to_string());
                let near = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.map_err(broken)?;
                let _ = near.set_nodelay(true);
                let own = near.local_addr().map_err(broken)?.port();
                locked(&self.0.arrivals).insert(own, arrival);
                self.over(caller, host, near, request).await
            }
        };
        // What the libraries say of it depends on where they stood.
        if arrival.cut {
            answered.map_err(|_| CallError::Broken("closed in the middle of the answer".into()))
        } else {
            answered
        }
    }

    async fn over<S>(&self, caller: &Caller, host: &str, stream: S, request: Request) -> Result<Response, CallError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let broken = |e: &dyn std::fmt::Display| CallError::Broken(e.to_string());
        let forced = locked(&self.0.forced).clone().filter(|(name, _)| *name == caller.name);
        let config = if let Some((_, config)) = forced {
            config
        } else if caller.keys.is_empty() {
            self.0.plain.clone()
        } else {
            self.0.authority.client(caller.keys.clone()).map_err(|e| broken(&e))?
        };
        let name = ServerName::try_from(host.to_string()).map_err(|e| broken(&e))?;
        let tls = TlsConnector::from(config).connect(name, stream).await.map_err(|e| broken(&e))?;
        self.0.handshakes.fetch_add(1, Ordering::Relaxed);
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(tls)).await.map_err(|e| broken(&e))?;
        tokio::spawn(connection);
        let response = sender.send_request(origin_form(host, request).map(Full::new)).await.map_err(|e| broken(&e))?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, BODY_LIMIT).collect().await.map_err(|e| broken(&e))?.to_bytes();
        Ok(Response::from_parts(parts, body))
    }
}

/// The body of an answer. One that is cut announces all of it and ends after half.
pub(crate) struct Answer {
    left: Option<Bytes>,
    cut: bool,
}

impl Answer {
    fn new(body: Bytes, cut: bool) -> Answer {
        let half = body.len() / 2;
        Answer { left: Some(if cut { body.slice(..half) } else { body }), cut }
    }
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let hangs_up = || Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
        let next = match self.left.take() {
            Some(bytes) if !bytes.is_empty() => Some(Ok(Frame::data(bytes))),
            _ => std::mem::take(&mut self.cut).then(hangs_up),
        };
        std::task::Poll::Ready(next)
    }

    fn size_hint(&self) -> SizeHint {
        // Unknown where it is cut: then the announced length is not compared with what comes.
        if self.cut {
            SizeHint::default()
        } else {
            SizeHint::with_exact(self.left.as_ref().map_or(0, |b| b.len() as u64))
        }
    }

    fn is_end_stream(&self) -> bool {
        !self.cut && self.left.as_ref().is_none_or(Bytes::is_empty)
    }
}

pub(crate) fn sent(mut response: Response, cut: bool) -> http::Response<Answer> {
    if cut {
        let whole = response.body().len().max(1);
        response.headers_mut().insert(http::header::CONTENT_LENGTH, whole.into());
    }
    response.map(|body| Answer::new(body, cut))
}

/// Origin form with a `Host` header, as HTTP/1.1 wants it.
fn origin_form(host: &str, request: Request) -> Request {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |p| p.as_str()).to_string();
    parts.uri = path.parse().unwrap_or_default();
    if let Ok(host) = host.parse() {
        parts.headers.insert(http::header::HOST, host);
    }
    Request::from_parts(parts, body)
}
