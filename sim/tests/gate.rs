//! What strangers do to a listener: over real sockets on 127.0.0.1, bounded in number and time. A good request is answered throughout.
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use bytes::Bytes;
use federation::{CallError, EventKind, Fut, Outside, Party, Request, Response, Time};
use fedsim::Fabric;
use fedsim::clock::Clock;
use fedsim::core::Core;
use fedsim::gate::Limits;
use fedsim::net::{Caller, Net, SERVER_IP};
use fedsim::store::Store;
use fedsim::tls::TlsVersions;
use rustls::pki_types::ServerName;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const HOST: &str = "echo.test";
const LIMITS: Limits = Limits {
    connections: 8,
    handshake: Duration::from_millis(800),
    head: Duration::from_millis(800),
    exchange: Duration::from_millis(2500),
};
/// Nothing here takes longer.
const PATIENCE: Duration = Duration::from_secs(20);

struct Echo;

impl Party for Echo {
    fn name(&self) -> &str {
        "echo"
    }
    fn hosts(&self) -> Vec<String> {
        vec![HOST.into()]
    }
    fn handle<'a>(&'a self, _: &'a dyn Outside, request: Request) -> Fut<'a, Response> {
        Box::pin(async move {
            assert!(request.uri().path() != "/panic", "as asked");
            if request.uri().path() == "/think" {
                std::future::pending::<()>().await;
            }
            Response::new(Bytes::from(format!("{} bytes", request.body().len())))
        })
    }
}

struct World {
    core: Arc<Core>,
    net: Net,
    port: u16,
}

impl World {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).await.unwrap()
    }

    async fn tls(&self) -> TlsStream<TcpStream> {
        let connector = TlsConnector::from(self.net.authority().client(Vec::new()).unwrap());
        connector.connect(ServerName::try_from(HOST).unwrap(), self.connect().await).await.unwrap()
    }

    /// The first line of the answer to these bytes; empty: the connection ends without one.
    async fn says(&self, bytes: &[u8]) -> String {
        let mut stream = self.tls().await;
        let _ = stream.write_all(bytes).await;
        let answer = to_the_end(&mut stream).await;
        answer.lines().next().unwrap_or_default().to_string()
    }

    async fn good(&self) -> Result<String, CallError> {
        let caller = Caller { name: "tester".into(), ip: SERVER_IP, keys: Vec::new(), timeout_ms: 1000 };
        let request = http::Request::post(format!("https://{HOST}/")).body(Bytes::from_static(b"abc")).unwrap();
        let response = self.net.call(&caller, request).await?;
        Ok(String::from_utf8_lossy(response.body()).into_owned())
    }

    fn count(&self, code: &str) -> u64 {
        self.net.refusals().get(code).copied().unwrap_or_default()
    }

    fn refused(&self) -> Vec<String> {
        let events = self.core.drain().into_iter();
        events.filter_map(|e| if let EventKind::Refused { code, .. } = e.kind { Some(code) } else { None }).collect()
    }
}

async fn to_the_end(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// Lets the server read what was written, and sees that it waits for more.
async fn is_waited_for(stream: &mut TlsStream<TcpStream>) {
    let answer = tokio::time::timeout(Duration::from_millis(50), stream.read_u8()).await;
    assert!(answer.is_err(), "{answer:?}");
}

fn live(test: impl AsyncFnOnce(&World)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let within = async {
        let clock = Clock::at(Time::parse("2026-03-02T09:00:00Z").unwrap());
        let core = Arc::new(Core::new(clock, 0, Store::memory()).unwrap());
        let net = Net::new(Fabric::Loopback, core.clone(), TlsVersions::Both, LIMITS).unwrap();
        net.host(Arc::new(Echo)).await.unwrap();
        let port = net.ports()[0].port;
        let world = World { core, net, port };
        assert_eq!(world.good().await, Ok("3 bytes".into()));
        test(&world).await;
        assert_eq!(world.good().await, Ok("3 bytes".into()), "it goes on: {:?}", world.net.refusals());
    };
    runtime.block_on(async { tokio::time::timeout(PATIENCE, within).await.expect("in time") });
}

/// A request in which nothing is wrong but `line` and `body`.
fn request(line: &str, body: &str) -> Vec<u8> {
    format!("POST / HTTP/1.1\r\nhost: {HOST}\r\n{line}\r\n\r\n{body}").into()
}

#[test]
fn a_bad_head_ends_the_connection_with_its_reason() {
    live(async |world| {
        let many: String = (0..200).map(|i| format!("x{i}: y\r\n")).collect();
        let other = String::from_utf8(request("x: y", "")).unwrap().replace(HOST, "other.test");
        let cases: &[(&str, Vec<u8>, &str, &str)] = &[
            (
                "a length and an encoding",
                request("content-length: 3\r\ntransfer-encoding: chunked", "0\r\n\r\n"),
                "400",
                "http/length-and-encoding",
            ),
            (
                "the other way round",
                request("transfer-encoding: chunked\r\ncontent-length: 3", "0\r\n\r\n"),
                "400",
                "http/length-and-encoding",
            ),
            ("two lengths", request("content-length: 3\r\ncontent-length: 30", "abc"), "400", "http/repeated-field"),
            ("two alike", request("content-length: 3\r\ncontent-length: 3", "abc"), "400", "http/repeated-field"),
            ("huge fields", request(&format!("x: {}", "y".repeat(70_000)), ""), "431", "http/too-large"),
            ("many fields", request(&format!("{many}x: y"), ""), "431", "http/too-many-fields"),
            ("no HTTP", b"\x00\x01\x02\r\n\r\n".to_vec(), "400", "http/malformed"),
            ("another host's", other.into_bytes(), "421", "http/host"),
            ("a body said to be large", request("content-length: 99999999", "abc"), "413", "http/body-too-large"),
            ("a body that grows", request("transfer-encoding: chunked", &grown()), "413", "http/body-too-large"),
            ("no chunks", request("transfer-encoding: chunked", "zz\r\n"), "400", "http/body"),
        ];
        for (what, bytes, status, code) in cases {
            world.core.drain();
            let said = world.says(bytes).await;
            assert_eq!(world.refused(), [*code], "{what}: {said}");
            assert!(said.is_empty() || said.starts_with(&format!("HTTP/1.1 {status}")), "{what}: {said}");
        }
    });
}

/// More than a MiB, in chunks.
fn grown() -> String {
    format!("10000\r\n{}\r\n", "a".repeat(65_536)).repeat(17) + "0\r\n\r\n"
}

#[test]
fn only_one_request_is_read_of_a_connection() {
    live(async |world| {
        let mut stream = world.tls().await;
        let twice = [request("content-length: 3", "abc"), request("content-length: 1", "x")].concat();
        stream.write_all(&twice).await.unwrap();
        let answer = to_the_end(&mut stream).await;
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
        assert!(answer.ends_with("3 bytes"), "{answer}");
    });
}

#[test]
fn whoever_speaks_no_tls_is_sent_away() {
    live(async |world| {
        let hello = [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01];
        let plain = format!("GET / HTTP/1.1\r\nhost: {HOST}\r\n\r\n");
        let garbage: Vec<u8> = (0..4096u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for bytes in [&b""[..], &hello, plain.as_bytes(), &garbage] {
            let before = world.count("http/handshake");
            let mut stream = world.connect().await;
            stream.write_all(bytes).await.unwrap();
            assert!(!to_the_end(&mut stream).await.contains("HTTP/1.1"), "no answer in the clear");
            assert_eq!(world.count("http/handshake"), before + 1);
        }
    });
}

#[test]
fn slow_heads_and_slow_bodies_end() {
    live(async |world| {
        let mut slow = world.tls().await;
        slow.write_all(b"POST / HTTP/1.1\r\nhost: ").await.unwrap();
        assert_eq!(world.good().await, Ok("3 bytes".into()), "meanwhile");
        assert_eq!(to_the_end(&mut slow).await, "");
        assert_eq!(world.count("http/slow-head"), 1);
        let mut slow = world.tls().await;
        slow.write_all(&request("content-length: 9", "abc")).await.unwrap();
        assert_eq!(world.good().await, Ok("3 bytes".into()), "meanwhile");
        assert!(!to_the_end(&mut slow).await.contains("200"));
        assert_eq!(world.count("http/slow-exchange"), 1);
    });
}

#[test]
fn when_full_the_oldest_that_said_nothing_goes_first() {
    live(async |world| {
        // One that is being served, then idle ones up to the limit.
        let mut served = world.tls().await;
        served.write_all(&request("content-length: 9", "abc")).await.unwrap();
        is_waited_for(&mut served).await;
        let mut idle = Vec::new();
        for _ in 0..LIMITS.connections {
            idle.push(world.connect().await);
        }
        assert_eq!(world.good().await, Ok("3 bytes".into()), "{:?}", world.net.refusals());
        assert!(world.count("http/shed") >= 2, "{:?}", world.net.refusals());
        let mut byte = [0];
        assert!(matches!(idle[0].read(&mut byte).await, Ok(0) | Err(_)), "the oldest is gone");
        let sent = served.write_all(b"defghi").await;
        assert!(sent.is_ok(), "{sent:?} {:?}", world.net.refusals());
        assert!(to_the_end(&mut served).await.ends_with("9 bytes"), "whoever is served stays");
    });
}

#[test]
fn when_all_send_slowly_the_oldest_goes() {
    live(async |world| {
        let mut slow = Vec::new();
        for _ in 0..LIMITS.connections {
            let mut stream = world.tls().await;
            stream.write_all(&request("content-length: 9", "abc")).await.unwrap();
            slow.push(stream);
        }
        for stream in &mut slow {
            is_waited_for(stream).await;
        }
        assert_eq!(world.good().await, Ok("3 bytes".into()), "{:?}", world.net.refusals());
        assert_eq!(to_the_end(&mut slow[0]).await, "", "the oldest is gone");
        slow[1].write_all(b"defghi").await.unwrap();
        assert!(to_the_end(&mut slow[1]).await.ends_with("9 bytes"), "the next one is not");
    });
}

#[test]
fn when_all_are_answered_the_next_is_turned_away() {
    live(async |world| {
        let mut answered = Vec::new();
        for _ in 0..LIMITS.connections {
            let mut stream = world.tls().await;
            stream.write_all(format!("GET /think HTTP/1.1\r\nhost: {HOST}\r\n\r\n").as_bytes()).await.unwrap();
            answered.push(stream);
        }
        for stream in &mut answered {
            is_waited_for(stream).await;
        }
        let good = world.good().await;
        assert!(good.is_err(), "full: {good:?} {:?}", world.net.refusals());
        assert!(world.count("http/full") >= 1, "{:?}", world.net.refusals());
        for mut stream in answered {
            to_the_end(&mut stream).await;
        }
    });
}

#[test]
fn a_party_that_panics_goes_on() {
    live(async |world| {
        world.core.drain();
        let said = world.says(format!("GET /panic HTTP/1.1\r\nhost: {HOST}\r\n\r\n").as_bytes()).await;
        assert!(said.starts_with("HTTP/1.1 500"), "{said}");
        assert_eq!(world.refused(), ["http/panic"]);
    });
}
