//! The server side of a connection: its place among the others, TLS, the head of its one request, the answer.
//!
//! Everything that a stranger can do to a listener is bounded here: how many connections, how long each part of one may
//! take, how large it may be. A party that panics answers 500 and goes on.

use crate::core::{Door, locked};
use crate::net::{Arrival, Net, Site, sent};
use bytes::Bytes;
use federation::{EventKind, Party, Peer, Response};
use http::StatusCode;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use wire::{Refusal, head};

/// What a listener puts up with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Open connections of one listener.
    pub connections: usize,
    /// For the TLS handshake.
    pub handshake: Duration,
    /// From the handshake to the end of the request's head.
    pub head: Duration,
    /// From the end of the head to the end of the answer.
    pub exchange: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        let seconds = Duration::from_secs;
        Limits { connections: 1024, handshake: seconds(10), head: seconds(10), exchange: seconds(30) }
    }
}

/// Connections of one listener. When it is full, the oldest that has sent no complete head goes.
#[derive(Default)]
struct Places(Mutex<(u64, BTreeMap<u64, Place>)>);

struct Place {
    headed: bool,
    task: Option<AbortHandle>,
}

/// One connection's place; given back when dropped.
struct Ticket(Arc<Places>, u64);

impl Places {
    /// `None`: every connection is being served.
    fn take(places: &Arc<Places>, most: usize, net: &Net) -> Option<Ticket> {
        let mut held = locked(&places.0);
        if held.1.len() >= most {
            let oldest = held.1.iter().find(|(_, place)| !place.headed).map(|(id, _)| *id)?;
            if let Some(task) = held.1.remove(&oldest).and_then(|place| place.task) {
                task.abort();
            }
            net.turned_away("http/shed");
        }
        held.0 += 1;
        let id = held.0;
        held.1.insert(id, Place { headed: false, task: None });
        Some(Ticket(places.clone(), id))
    }
}

impl Ticket {
    fn change(&self, change: impl FnOnce(&mut Place)) {
        if let Some(place) = locked(&self.0.0).1.get_mut(&self.1) {
            change(place);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        locked(&self.0.0).1.remove(&self.1);
    }
}

/// Serves a host on loopback until it is told to stop.
pub(crate) fn listen(net: Net, listener: TcpListener, host: String) -> AbortHandle {
    let places = Arc::new(Places::default());
    tokio::spawn(async move {
        loop {
            let Ok((stream, from)) = listener.accept().await else {
                // Out of descriptors, or the client went away: the others are still there.
                let _ = timeout(Duration::from_millis(20), std::future::pending::<()>()).await;
                continue;
            };
            let Some(site) = net.site(&host) else { continue };
            admit(&net, &places, site, stream, from);
        }
    })
    .abort_handle()
}

fn admit(net: &Net, places: &Arc<Places>, site: Arc<Site>, stream: TcpStream, from: SocketAddr) {
    let Some(ticket) = Places::take(places, net.limits().connections, net) else {
        net.turned_away("http/full");
        net.arrival(from);
        return;
    };
    let _ = stream.set_nodelay(true);
    let ticket = Arc::new(ticket);
    let task = tokio::spawn(serve(net.clone(), site, stream, Err(from), Some(ticket.clone())));
    ticket.change(|place| place.task = Some(task.abort_handle()));
}

/// One connection in memory.
pub(crate) async fn in_memory<S>(net: Net, site: Arc<Site>, stream: S, from: Arrival)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    serve(net, site, stream, Ok(from), None).await;
}

/// `from`: who arrives, or the socket that the network's table has it for.
async fn serve<S>(net: Net, site: Arc<Site>, stream: S, from: Result<Arrival, SocketAddr>, ticket: Option<Arc<Ticket>>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = net.limits();
    let Ok(tls) = site.tls(net.authority()) else { return net.turned_away("http/handshake") };
    let accepted = timeout(limits.handshake, TlsAcceptor::from(tls).accept(stream)).await;
    let Arrival { ip, cut } = from.unwrap_or_else(|socket| net.arrival(socket));
    let Ok(Ok(mut tls)) = accepted else { return net.turned_away("http/handshake") };
    let head = match timeout(limits.head, read_head(&mut tls, &site.host)).await {
        Err(_) => return net.turned_away("http/slow-head"),
        // A client that goes away is its own business.
        Ok(Ok(None)) => return,
        Ok(Ok(Some(head))) => head,
        Ok(Err(refusal)) => return refuse(&net, &site, &mut tls, &refusal).await,
    };
    let _busy = net.busy();
    if let Some(ticket) = &ticket {
        ticket.change(|place| place.headed = true);
    }
    let certificates = tls.get_ref().1.peer_certificates().unwrap_or_default();
    let peer = Peer { ip, certificates: certificates.iter().map(|c| Bytes::copy_from_slice(c)).collect() };
    let door = Door { party: site.party.name().to_string(), core: net.core().clone(), net: net.clone() };
    let limit = head.judged.body_limit;
    let service = service_fn(move |request| {
        let (party, door, peer) = (site.party.clone(), door.clone(), peer.clone());
        async move { Ok::<_, Infallible>(sent(answer(&*party, &door, peer, request, limit).await, cut)) }
    });
    let mut server = hyper::server::conn::http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(limits.head).keep_alive(false);
    server.max_buf_size(head::MAX_BYTES + 8192).max_headers(100);
    let stream = Again { read: head.bytes, at: 0, stream: tls };
    if timeout(limits.exchange, server.serve_connection(TokioIo::new(stream), service)).await.is_err() {
        net.turned_away("http/slow-exchange");
    }
}

struct Read {
    bytes: Vec<u8>,
    judged: head::Head,
}

/// Reads until the head is complete, and judges it; `None`: the client went away.
async fn read_head(stream: &mut (impl AsyncRead + Unpin), host: &str) -> Result<Option<Read>, Refusal> {
    let mut bytes = Vec::with_capacity(4096);
    loop {
        let seen = bytes.len().saturating_sub(3);
        match stream.read_buf(&mut bytes).await {
            Ok(0) | Err(_) => return Ok(None),
            Ok(_) => {}
        }
        let whole = head::length(&bytes[seen..]).map(|end| seen + end);
        let length = whole.unwrap_or(bytes.len());
        if length > head::MAX_BYTES {
            return Err(Refusal::new("http/too-large", format!("a head of more than {} bytes", head::MAX_BYTES)));
        }
        if whole.is_some() {
            let judged = head::check(&bytes[..length], host)?;
            return Ok(Some(Read { bytes, judged }));
        }
    }
}

async fn refuse(net: &Net, site: &Site, stream: &mut (impl AsyncWrite + Unpin), refusal: &Refusal) {
    note(net, site.party.name(), refusal);
    let status = status_of(refusal.code);
    let reason = status.canonical_reason().unwrap_or_default();
    let text = format!("HTTP/1.1 {} {reason}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", status.as_u16());
    let written = async {
        stream.write_all(text.as_bytes()).await?;
        stream.shutdown().await
    };
    let _ = timeout(net.limits().head, written).await;
}

fn note(net: &Net, party: &str, refusal: &Refusal) {
    net.turned_away(refusal.code);
    net.core().note(party, EventKind::Refused { code: refusal.code.into(), detail: refusal.detail.clone() });
}

fn status_of(code: &str) -> StatusCode {
    match code {
        "http/too-large" | "http/too-many-fields" => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        "http/body-too-large" => StatusCode::PAYLOAD_TOO_LARGE,
        "http/host" => StatusCode::MISDIRECTED_REQUEST,
        "http/version" => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
        "http/encoding" => StatusCode::NOT_IMPLEMENTED,
        "http/panic" => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// Hands a request to the party: body read under the limit, peer attached, a panic caught.
async fn answer(
    party: &dyn Party,
    door: &Door,
    peer: Peer,
    request: http::Request<Incoming>,
    limit: usize,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let refused = |refusal: Refusal| {
        note(&door.net, &door.party, &refusal);
        let mut response = Response::default();
        *response.status_mut() = status_of(refusal.code);
        response
    };
    let body = match Limited::new(body, limit).collect().await {
        Ok(body) => body.to_bytes(),
        Err(e) if e.is::<http_body_util::LengthLimitError>() => {
            return refused(Refusal::new("http/body-too-large", format!("more than {limit} bytes")));
        }
        Err(e) => return refused(Refusal::new("http/body", e.to_string())),
    };
    parts.extensions.insert(peer);
    match unpanicked(party.handle(door, http::Request::from_parts(parts, body))).await {
        Some(response) => response,
        None => refused(Refusal::new("http/panic", "")),
    }
}

/// The future's answer; `None`: it panicked. Parties keep their state behind locks that outlive a panic.
async fn unpanicked(mut future: federation::Fut<'_, Response>) -> Option<Response> {
    std::future::poll_fn(move |cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(Poll::Ready(response)) => Poll::Ready(Some(response)),
        Ok(Poll::Pending) => Poll::Pending,
        Err(_) => Poll::Ready(None),
    })
    .await
}

/// A stream whose beginning has been read already.
struct Again<S> {
    read: Vec<u8>,
    at: usize,
    stream: S,
}

impl<S: AsyncRead + Unpin> AsyncRead for Again<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let left = &self.read[self.at..];
        if left.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, to);
        }
        let length = left.len().min(to.remaining());
        to.put_slice(&left[..length]);
        self.at += length;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Again<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, from)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
