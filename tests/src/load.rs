//! Attackers of a world that is up, and the person who signs in meanwhile.
#![allow(clippy::disallowed_methods, reason = "what is measured is real time")]

use fedsim::page;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Url;

const DEVICE: &str = "ALICES_IPHONE";
/// Okta and the app keep 10,000 sign-ins under way each.
const FILL: usize = 10_500;
const FILLERS: usize = 30;
/// No answer takes longer, or it is none.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the world is and how one speaks to it, from the environment that `fedsim up` gives.
pub struct World {
    hosts: BTreeMap<String, u16>,
    agent: String,
    app: String,
    okta: String,
    plain: Arc<ClientConfig>,
    device: Arc<ClientConfig>,
}

fn pem(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn certificate(path: &str) -> CertificateDer<'static> {
    CertificateDer::from(wire::certificate::der_from_pem(&pem(path)).expect("a certificate"))
}

impl World {
    pub fn from_environment() -> Option<World> {
        let of = |name: &str| std::env::var(format!("FEDSIM_{name}")).ok();
        let hosts = of("CONNECT_TO")?;
        let host = |rule: &str| {
            let (host, address) = rule.split_once(":443:")?;
            Some((host.to_string(), address.rsplit(':').next()?.parse().ok()?))
        };
        let mut roots = RootCertStore::empty();
        roots.add(certificate(&of("CA")?)).expect("an authority");
        let client = || {
            let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
            let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
            builder.expect("versions").with_root_certificates(roots.clone())
        };
        let key = rcgen::KeyPair::from_pem(&pem(&of(&format!("DEVICE_{DEVICE}_KEY"))?)).expect("a key");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let chain = vec![certificate(&of(&format!("DEVICE_{DEVICE}_CERT"))?)];
        Some(World {
            hosts: hosts.split_whitespace().filter_map(host).collect(),
            agent: of(&format!("DEVICE_{DEVICE}_AGENT"))?,
            app: of("APP_SALESFORCE_URL")?,
            okta: of("OKTA_URL")?,
            plain: Arc::new(client().with_no_client_auth()),
            device: Arc::new(client().with_client_auth_cert(chain, key).expect("a pair")),
        })
    }

    async fn tcp(&self, host: &str) -> io::Result<TcpStream> {
        let port = self.hosts.get(host).copied().ok_or_else(|| io::Error::other(host.to_string()))?;
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn tls(&self, host: &str, config: &Arc<ClientConfig>) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.to_string()).map_err(io::Error::other)?;
        TlsConnector::from(config.clone()).connect(name, self.tcp(host).await?).await
    }

    /// The n-th of the hosts that answer browsers.
    fn host(&self, n: usize) -> &str {
        let hosts = [self.app.as_str(), self.okta.as_str()];
        hosts[n % hosts.len()].trim_start_matches("https://")
    }

    /// One exchange, connection and all.
    async fn exchange(&self, tab: &mut Tab, url: &Url, form: Option<String>) -> io::Result<Answer> {
        let host = url.host_str().unwrap_or_default().to_string();
        let jar = tab.cookies.entry(host.clone()).or_default();
        let cookies: Vec<String> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let (method, body) = form.map_or(("GET", String::new()), |form| ("POST", form));
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nuser-agent: {}\r\ncookie: {}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
            self.agent,
            cookies.join("; "),
            body.len()
        );
        let mut stream = self.tls(&host, &tab.config).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut bytes = Vec::new();
        // A server that closes without TLS's goodbye has said all the same what it had to say.
        let ended = stream.read_to_end(&mut bytes).await;
        if bytes.is_empty() {
            ended?;
            return Err(io::Error::other("no answer"));
        }
        let answer = Answer::read(&String::from_utf8_lossy(&bytes));
        for (name, value) in &answer.cookies {
            jar.insert(name.clone(), value.clone());
        }
        Ok(answer)
    }
}

struct Tab {
    config: Arc<ClientConfig>,
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

#[derive(Default)]
struct Answer {
    status: u16,
    location: Option<String>,
    cookies: Vec<(String, String)>,
    body: String,
}

impl Answer {
    fn read(text: &str) -> Answer {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let status = lines.next().and_then(|l| l.split(' ').nth(1)?.parse().ok()).unwrap_or_default();
        let mut answer = Answer { status, body: body.into(), ..Answer::default() };
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            match name.to_ascii_lowercase().as_str() {
                "location" => answer.location = Some(value.into()),
                "set-cookie" => {
                    let pair = value.split(';').next().and_then(|pair| pair.split_once('='));
                    answer.cookies.extend(pair.map(|(name, value)| (name.into(), value.into())));
                }
                _ => {}
            }
        }
        answer
    }
}

/// What a run has seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// How long each answer took that the good person waited for.
    pub answers: Vec<Duration>,
    pub sign_ins: u64,
    /// Sign-ins that were begun at the app and at Okta beforehand and never finished.
    pub started: u64,
    /// Sign-ins that came to nothing, and why.
    pub broken: Vec<String>,
    /// How often each attack was made.
    pub attacks: BTreeMap<&'static str, u64>,
    /// Resident memory of the world, in bytes: before, and at most.
    pub rest: u64,
    pub peak: u64,
}

impl Seen {
    pub fn longest(&self) -> Duration {
        self.answers.iter().max().copied().unwrap_or(PATIENCE)
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sorted = self.answers.clone();
        sorted.sort_unstable();
        let at = |share: usize| sorted.get(sorted.len() * share / 100).or(sorted.last()).copied().unwrap_or_default();
        for (name, count) in &self.attacks {
            writeln!(f, "{count:>8}  {name}")?;
        }
        writeln!(f, "{:>8}  sign-ins begun beforehand, never finished", self.started)?;
        let (half, most) = (at(50).as_secs_f64() * 1e3, at(99).as_secs_f64() * 1e3);
        let longest = self.longest().as_secs_f64() * 1e3;
        writeln!(
            f,
            "{} good sign-ins, {} answers: median {half:.1} ms, 99 of 100 within {most:.1} ms, longest {longest:.1} ms",
            self.sign_ins,
            sorted.len()
        )?;
        write!(f, "memory of the world: {} MiB at rest, {} MiB at most", self.rest >> 20, self.peak >> 20)?;
        for why in self.broken.iter().take(5) {
            write!(f, "\nbroken: {why}")?;
        }
        Ok(())
    }
}

/// Attacks `world` for a while and signs in again and again.
pub fn run(world: World, time: Duration) -> Seen {
    let world = Arc::new(world);
    let counts: Counts = Arc::default();
    let mut seen = Seen { rest: resident("VmRSS"), ..Seen::default() };
    let attackers = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let attackers = attackers.expect("a runtime");
    seen.started = attackers.block_on(fill(&world));
    for attack in ATTACKS {
        for n in 0..attack.tasks {
            attackers.spawn(again_and_again(attack, world.clone(), n, counts.clone()));
        }
    }
    let good = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    good.block_on(async {
        let until = Instant::now() + time;
        let mut pace = interval(Duration::from_millis(100));
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while Instant::now() < until {
            pace.tick().await;
            match sign_in(&world, &mut seen.answers).await {
                Ok(()) => seen.sign_ins += 1,
                Err(why) => seen.broken.push(why),
            }
        }
    });
    attackers.shutdown_background();
    seen.peak = resident("VmHWM");
    let counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    seen.attacks = counts.iter().map(|(name, count)| (*name, count.load(Ordering::Relaxed))).collect();
    seen
}

/// Memory of the world, which is this program's parent; 0 where the system does not say.
fn resident(field: &str) -> u64 {
    let path = format!("/proc/{}/status", std::os::unix::process::parent_id());
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.unwrap_or_default() << 10
}

/// From the app's front door to its home page, with a new browser on the managed phone.
async fn sign_in(world: &World, answers: &mut Vec<Duration>) -> Result<(), String> {
    let mut tab = Tab { config: world.device.clone(), cookies: BTreeMap::new() };
    let mut url = Url::parse(&world.app).map_err(|e| e.to_string())?;
    let mut form = None;
    for _ in 0..12 {
        let start = Instant::now();
        let answer = timeout(PATIENCE, world.exchange(&mut tab, &url, form.take())).await;
        answers.push(start.elapsed());
        let answer = answer.map_err(|_| format!("{url}: no answer in time"))?.map_err(|e| format!("{url}: {e}"))?;
        if let Some(to) = &answer.location {
            url = url.join(to).map_err(|e| e.to_string())?;
            continue;
        }
        let page = page::read(&answer.body);
        match page.form {
            Some(auto) if page.auto => {
                form = Some(form_urlencoded::Serializer::new(String::new()).extend_pairs(&auto.fields).finish());
                url = url.join(&auto.action).map_err(|e| e.to_string())?;
            }
            _ if page.name == "app/home" => return Ok(()),
            _ => return Err(format!("{url}: {} {} {}", answer.status, page.name, page.text)),
        }
    }
    Err("it goes round in circles".into())
}

/// Begins more sign-ins than the app and Okta keep, as fast as they take them.
async fn fill(world: &Arc<World>) -> u64 {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..FILLERS {
        let world = world.clone();
        tasks.spawn(async move {
            let mut done = 0;
            for _ in 0..FILL / FILLERS {
                let mut tab = Tab { config: world.plain.clone(), cookies: BTreeMap::new() };
                let Ok(app) = Url::parse(&world.app) else { return done };
                let Ok(sent) = world.exchange(&mut tab, &app, None).await else { continue };
                let Ok(okta) = app.join(&sent.location.unwrap_or_default()) else { continue };
                done += u64::from(world.exchange(&mut tab, &okta, None).await.is_ok());
            }
            done
        });
    }
    tasks.join_all().await.into_iter().sum()
}

type Counts = Arc<Mutex<BTreeMap<&'static str, AtomicU64>>>;

/// One kind of attack: so many tasks at once, each so often.
struct Attack {
    name: &'static str,
    tasks: usize,
    every: Duration,
    act: fn(Arc<World>, usize) -> Acting,
}

type Acting = std::pin::Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// About three thousand idle connections, a thousand slow ones and some hundred attempts a second.
const ATTACKS: &[Attack] = &[
    Attack { name: "idle connections", tasks: 3000, every: ms(1000), act: |w, n| Box::pin(idle(w, n)) },
    Attack { name: "slow heads", tasks: 300, every: ms(1000), act: |w, n| Box::pin(slow_head(w, n)) },
    Attack { name: "slow bodies", tasks: 300, every: ms(1000), act: |w, n| Box::pin(slow_body(w, n)) },
    Attack { name: "large bodies that stall", tasks: 200, every: ms(2000), act: |w, n| Box::pin(stalled_body(w, n)) },
    Attack { name: "half handshakes", tasks: 100, every: ms(1000), act: |w, n| Box::pin(half_handshake(w, n)) },
    Attack { name: "garbage", tasks: 50, every: ms(500), act: |w, n| Box::pin(garbage(w, n)) },
    Attack { name: "started logins", tasks: 20, every: ms(200), act: |w, n| Box::pin(started_login(w, n)) },
    Attack { name: "bombs", tasks: 4, every: ms(200), act: |w, n| Box::pin(bomb(w, n)) },
];

async fn again_and_again(attack: &'static Attack, world: Arc<World>, n: usize, counts: Counts) {
    let mut pace = interval(attack.every);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // They do not all begin at once.
    let _ = timeout(attack.every * u32::try_from(n % 100).unwrap_or(0) / 100, std::future::pending::<()>()).await;
    loop {
        pace.tick().await;
        counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(attack.name)
            .or_default()
            .fetch_add(1, Ordering::Relaxed);
        let _ = (attack.act)(world.clone(), n).await;
    }
}

/// Until the server has had enough.
async fn to_the_end(mut stream: impl AsyncReadExt + Unpin) -> io::Result<()> {
    let mut bytes = [0; 4096];
    while stream.read(&mut bytes).await? > 0 {}
    Ok(())
}

async fn idle(world: Arc<World>, n: usize) -> io::Result<()> {
    to_the_end(world.tcp(world.host(n)).await?).await
}

async fn trickle(stream: &mut TlsStream<TcpStream>, bytes: &[u8]) -> io::Result<()> {
    let mut pace = interval(ms(500));
    loop {
        pace.tick().await;
        stream.write_all(bytes).await?;
        stream.flush().await?;
    }
}

async fn slow_head(world: Arc<World>, n: usize) -> io::Result<()> {
    let host = world.host(n).to_string();
    let mut stream = world.tls(&host, &world.plain).await?;
    stream.write_all(format!("GET / HTTP/1.1\r\nhost: {host}\r\nx: ").as_bytes()).await?;
    trickle(&mut stream, b"y").await
}

fn upload(host: &str, length: usize) -> String {
    format!(
        "POST /sso/saml2 HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n"
    )
}

async fn slow_body(world: Arc<World>, n: usize) -> io::Result<()> {
    let host = world.host(n).to_string();
    let mut stream = world.tls(&host, &world.plain).await?;
    stream.write_all(upload(&host, 100_000).as_bytes()).await?;
    trickle(&mut stream, b"SAMLResponse=").await
}

async fn stalled_body(world: Arc<World>, _: usize) -> io::Result<()> {
    let host = world.host(1).to_string();
    let mut stream = world.tls(&host, &world.plain).await?;
    stream.write_all(upload(&host, 520_000).as_bytes()).await?;
    stream.write_all(&vec![b'a'; 519_000]).await?;
    to_the_end(stream).await
}

async fn half_handshake(world: Arc<World>, n: usize) -> io::Result<()> {
    let mut stream = world.tcp(world.host(n)).await?;
    // A ClientHello that says it is longer than what comes.
    stream.write_all(&[0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]).await?;
    to_the_end(stream).await
}

async fn garbage(world: Arc<World>, n: usize) -> io::Result<()> {
    let mut stream = world.tcp(world.host(n)).await?;
    let bytes: Vec<u8> = (0..2048u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    stream.write_all(&bytes).await?;
    to_the_end(stream).await
}

/// As far as somebody comes without being anybody: the app, Okta and Access each remember a sign-in.
async fn started_login(world: Arc<World>, _: usize) -> io::Result<()> {
    let mut tab = Tab { config: world.plain.clone(), cookies: BTreeMap::new() };
    let app = Url::parse(&world.app).map_err(io::Error::other)?;
    let sent = world.exchange(&mut tab, &app, None).await?;
    let okta = app.join(&sent.location.unwrap_or_default()).map_err(io::Error::other)?;
    let page = page::read(&world.exchange(&mut tab, &okta, None).await?.body);
    let Some(form) = page.form.filter(|_| page.auto) else { return Ok(()) };
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&form.fields).finish();
    let access = okta.join(&form.action).map_err(io::Error::other)?;
    world.exchange(&mut tab, &access, Some(body)).await.map(|_| ())
}

/// Messages that are small for the sender and would be work for a careless reader.
async fn bomb(world: Arc<World>, n: usize) -> io::Result<()> {
    let xml = match n % 4 {
        0 => "<a>".repeat(60_000),
        1 => format!("<a{}/>", (0..9_000).map(|i| format!(" b{i}=\"\"")).collect::<String>()),
        2 => format!("<a>{}</a>", "<b/>".repeat(40_000)),
        _ => format!("<!DOCTYPE a [<!ENTITY b \"{}\">]><a>&b;</a>", "c".repeat(100_000)),
    };
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("SAMLResponse", &wire::form::encode_post(&xml))
        .finish();
    let mut tab = Tab { config: world.plain.clone(), cookies: BTreeMap::new() };
    let to = Url::parse(&format!("{}/sso/saml2", world.okta)).map_err(io::Error::other)?;
    world.exchange(&mut tab, &to, Some(body)).await.map(|_| ())
}
