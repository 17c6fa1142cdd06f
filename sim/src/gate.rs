//! The server side of a connection: its place among the others, TLS, the head of its one request, the answer.
//!
//! Everything that a stranger can do to a listener is bounded here: how many connections, how long each part of one may
//! take, how large it may be. A party that panics answers 500 and goes on.

use crate::core::Door;
use crate::net::{Arrival, Net, Site, sent};
use crate::places::{Stage, Ticket};
use bytes::{Bytes, BytesMut};
use federation::{EventKind, Party, Peer, Response};
use http::StatusCode;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
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
    /// Open connections of a world, over all its listeners.
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

/// Serves a host on loopback until it is told to stop.
pub(crate) fn listen(net: Net, listener: TcpListener, host: String) -> AbortHandle {
    tokio::spawn(async move {
        loop {
            let Ok((stream, from)) = listener.accept().await else {
                // Out of descriptors, or the client went away: the others are still there.
                let _ = timeout(Duration::from_millis(20), std::future::pending::<()>()).await;
                continue;
            };
            let Some(site) = net.site(&host) else { continue };
            admit(&net, site, stream, from);
        }
    })
    .abort_handle()
}

fn admit(net: &Net, site: Arc<Site>, stream: TcpStream, from: SocketAddr) {
    let Some((ticket, shed)) = net.places().take(net.limits().connections) else {
        net.turned_away("http/full");
        net.arrival(from);
        return;
    };
    if shed {
        net.turned_away("http/shed");
    }
    let _ = stream.set_nodelay(true);
    let ticket = Arc::new(ticket);
    let task = tokio::spawn(serve(net.clone(), site, stream, Err(from), Some(ticket.clone())));
    ticket.task(task.abort_handle());
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
        ticket.reaches(Stage::Body);
    }
    let certificates = tls.get_ref().1.peer_certificates().unwrap_or_default();
    let peer = Peer { ip, certificates: certificates.iter().map(|c| Bytes::copy_from_slice(c)).collect() };
    let door = Door { party: site.party.name().to_string(), core: net.core().clone(), net: net.clone() };
    let limit = head.judged.body_limit;
    let service = service_fn(move |request| {
        let (party, door, peer, ticket) = (site.party.clone(), door.clone(), peer.clone(), ticket.clone());
        async move {
            let response = answer(&*party, &door, peer, request, limit, ticket.as_deref()).await;
            Ok::<_, Infallible>(sent(response, cut))
        }
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
        "http/busy" | "http/store" => StatusCode::SERVICE_UNAVAILABLE,
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
    ticket: Option<&Ticket>,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let refused = |refusal: Refusal| {
        note(&door.net, &door.party, &refusal);
        let mut response = Response::default();
        *response.status_mut() = status_of(refusal.code);
        response
    };
    let body = match read_body(Limited::new(body, limit), limit, ticket, &door.net).await {
        Ok(body) => body,
        Err(refusal) => return refused(refusal),
    };
    if let Some(ticket) = ticket {
        ticket.reaches(Stage::Answer);
    }
    parts.extensions.insert(peer);
    let answered = unpanicked(party.handle(door, http::Request::from_parts(parts, body))).await;
    // No answer, not even to a question, rests on what a crash could still undo.
    if let Err(e) = door.core.settled().await {
        return refused(Refusal::new("http/store", e.to_string()));
    }
    answered.unwrap_or_else(|| refused(Refusal::new("http/panic", "")))
}

/// A whole body, in a room that all bodies share.
async fn read_body(
    mut body: Limited<Incoming>,
    limit: usize,
    ticket: Option<&Ticket>,
    net: &Net,
) -> Result<Bytes, Refusal> {
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|e| match e.is::<http_body_util::LengthLimitError>() {
            true => Refusal::new("http/body-too-large", format!("more than {limit} bytes")),
            false => Refusal::new("http/body", e.to_string()),
        })?;
        let Ok(data) = frame.into_data() else { continue };
        let gone = ticket.map_or(Ok(0), |ticket| ticket.more(data.len()));
        let gone = gone.map_err(|()| Refusal::new("http/busy", "no room for another body"))?;
        (0..gone).for_each(|_| net.turned_away("http/shed"));
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.freeze())
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
