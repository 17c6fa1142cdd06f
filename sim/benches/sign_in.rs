//! What a replay costs, and beside it the floor: the bare cryptography of the same flow.
//!
//! `cargo bench -p fedsim`; docs/benchmarks.md has figures and what dominates them.

use divan::{Bencher, black_box};
use federation::{Client, EventKind, Time};
use fedsim::browser::{Answers, Browser, Cookies};
use fedsim::clock::Clock;
use fedsim::device::Legs;
use fedsim::net::Caller;
use fedsim::tls::{Authority, TlsVersions};
use fedsim::world::Running;
use fedsim::{Options, replay};
use rustls::SignatureScheme;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection};
use scenarios::{Case, Scenario};
use std::sync::Arc;

/// A managed, compliant iPhone signs in: routing only (M1), and Okta Device Trust (M2).
const FLOWS: [&str; 2] = ["routing-only/managed-compliant-gets-in", "device-trust/managed-gets-in"];

fn main() {
    divan::main();
}

fn cases() -> Vec<Case> {
    let load = |(file, text): (&str, &str)| scenarios::load_str(file, text).expect("the catalogue is right");
    scenarios::catalogue().into_iter().map(load).flat_map(|s: Scenario| s.cases()).collect()
}

fn case(id: &str) -> Case {
    cases().into_iter().find(|c| c.id == id).expect("is in the catalogue")
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Keys, certificates, parties, metadata; no device is enrolled yet.
#[divan::bench(args = FLOWS)]
fn boot(bencher: Bencher<'_, '_>, flow: &str) {
    let mut world = case(flow).world;
    world.devices.iter_mut().for_each(|d| d.enrolled_as = None);
    let runtime = runtime();
    bencher.bench_local(|| runtime.block_on(Running::start(&world, &Options::default())).expect("boots"));
}

/// The same with the baseline's devices enrolled: a key, a CSR and a certificate each, over TLS.
#[divan::bench(args = FLOWS)]
fn boot_and_enrol(bencher: Bencher<'_, '_>, flow: &str) {
    let world = case(flow).world;
    let runtime = runtime();
    bencher.bench_local(|| runtime.block_on(Running::start(&world, &Options::default())).expect("boots"));
}

/// Reading the embedded scenarios: parsed, merged, checked.
#[divan::bench(sample_count = 10)]
fn load_catalogue() -> usize {
    cases().len()
}

/// Every case of the catalogue, one after the other, over memory.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn replay_catalogue(bencher: Bencher<'_, '_>) {
    let cases = cases();
    bencher.bench_local(|| cases.iter().filter(|c| replay(c, &Options::default()).met()).count());
}

/// A browser without cookies.
fn browser(running: &Running) -> Browser {
    let handset = running.handsets.get("alices-iphone").expect("alice has a phone");
    Browser {
        net: running.net.clone(),
        core: running.core.clone(),
        caller: Caller {
            name: handset.device.name.clone(),
            ip: running.default_ip,
            keys: Vec::new(),
            timeout_ms: 60_000,
        },
        keys: handset.keys(&Legs::of(&running.world.access)),
        attack: None,
        user_agent: fedsim::device::user_agent(handset.device.kind, Client::Browser),
        cookies: Cookies::default(),
    }
}

async fn sign_in(running: &Running) -> String {
    browser(running).visit("https://salesforce.test/", &Answers::default()).await.page.name
}

/// A federated sign-in in a running world, from a browser without cookies to the app's page.
#[divan::bench(args = FLOWS)]
fn cold_sign_in(bencher: Bencher<'_, '_>, flow: &str) {
    let (case, runtime) = (case(flow), runtime());
    let running = runtime.block_on(Running::start(&case.world, &Options::default())).expect("boots");
    bencher.bench_local(|| {
        assert_eq!(runtime.block_on(sign_in(&running)), "app/home");
        running.core.drain()
    });
}

/// How much cryptography a flow has.
#[derive(Debug, Clone, Copy)]
struct Counts {
    /// Handshakes without a client certificate.
    plain: u64,
    /// Handshakes with one.
    mutual: u64,
    /// RSA signatures made, and as many verified.
    signatures: usize,
}

fn counts(flow: &str) -> Counts {
    let (case, runtime) = (case(flow), runtime());
    let running = runtime.block_on(Running::start(&case.world, &Options::default())).expect("boots");
    running.core.drain();
    let before = running.net.handshakes();
    runtime.block_on(sign_in(&running));
    let all = running.net.handshakes() - before;
    let (mut mutual, mut signatures) = (0, 0);
    for event in running.core.drain() {
        match event.kind {
            EventKind::Http { path, .. } if path == "/certificate" => mutual += 1,
            EventKind::Message { xml, .. } => signatures += xml.matches("<ds:SignatureValue>").count(),
            _ => {}
        }
    }
    Counts { plain: all - mutual, mutual, signatures }
}

/// The floor: the handshakes, signatures and verifications of `cold_sign_in`, and nothing else.
#[divan::bench(args = FLOWS)]
fn floor_of_cold_sign_in(bencher: Bencher<'_, '_>, flow: &str) {
    let counts = counts(flow);
    println!("{flow}: {counts:?}");
    let authority = authority();
    let plain = (authority.client(Vec::new()).expect("a client"), authority.server("a.test", None).expect("a server"));
    let key = rcgen::KeyPair::generate().expect("a key");
    let certificate =
        rcgen::CertificateParams::new(vec!["phone".into()]).and_then(|p| p.self_signed(&key)).expect("signs");
    let hint = wire::certificate::issuer_der(certificate.der()).expect("has an issuer");
    let keys = vec![authority.certified(vec![certificate.der().to_vec()], key.serialize_der()).expect("a pair")];
    let mutual =
        (authority.client(keys).expect("a client"), authority.server("a.test", Some(vec![hint])).expect("a server"));
    let rsa = Rsa::new();
    bencher.bench_local(|| {
        (0..counts.plain).for_each(|_| handshake(&plain.0, &plain.1));
        (0..counts.mutual).for_each(|_| handshake(&mutual.0, &mutual.1));
        (0..counts.signatures).for_each(|_| rsa.verify(&rsa.sign()));
    });
}

#[divan::bench]
fn one_handshake(bencher: Bencher<'_, '_>) {
    let authority = authority();
    let (client, server) =
        (authority.client(Vec::new()).expect("a client"), authority.server("a.test", None).expect("a server"));
    bencher.bench_local(|| handshake(&client, &server));
}

#[divan::bench]
fn one_rsa_signature(bencher: Bencher<'_, '_>) {
    let rsa = Rsa::new();
    bencher.bench_local(|| rsa.sign());
}

#[divan::bench]
fn one_rsa_verification(bencher: Bencher<'_, '_>) {
    let rsa = Rsa::new();
    let signature = rsa.sign();
    bencher.bench_local(|| rsa.verify(&signature));
}

fn authority() -> Authority {
    let clock = Clock::at(Time::parse("2026-03-02T09:00:00Z").expect("a time"));
    Authority::new(clock, TlsVersions::default(), None).expect("an authority")
}

/// Both sides of one, without a network between them.
fn handshake(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) {
    let name = ServerName::try_from("a.test").expect("a name");
    let mut client = ClientConnection::new(client.clone(), name).expect("a client");
    let mut server = ServerConnection::new(server.clone()).expect("a server");
    let mut bytes = Vec::with_capacity(8192);
    while client.is_handshaking() || server.is_handshaking() {
        bytes.clear();
        client.write_tls(&mut bytes).expect("memory takes it");
        server.read_tls(&mut &bytes[..]).expect("memory gives it");
        server.process_new_packets().expect("the client is right");
        bytes.clear();
        server.write_tls(&mut bytes).expect("memory takes it");
        client.read_tls(&mut &bytes[..]).expect("memory gives it");
        client.process_new_packets().expect("the server is right");
    }
}

/// RSA-2048 as the SAML signers have it.
struct Rsa {
    signer: Box<dyn rustls::sign::Signer>,
    public: Vec<u8>,
}

/// About as long as a `SignedInfo`.
const MESSAGE: [u8; 700] = [7; 700];

impl Rsa {
    fn new() -> Rsa {
        let der = PrivatePkcs8KeyDer::from(include_bytes!("../keys/public-test-key-1.der").to_vec());
        let pair = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&der, &rcgen::PKCS_RSA_SHA256).expect("a key");
        let key = default_provider().key_provider.load_private_key(PrivateKeyDer::Pkcs8(der)).expect("a key");
        let signer = key.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256]).expect("an RSA key");
        Rsa { signer, public: pair.public_key_raw().to_vec() }
    }

    fn sign(&self) -> Vec<u8> {
        self.signer.sign(black_box(&MESSAGE)).expect("signs")
    }

    fn verify(&self, signature: &[u8]) {
        let algorithms = default_provider().signature_verification_algorithms;
        let (_, found) =
            algorithms.mapping.iter().find(|(s, _)| *s == SignatureScheme::RSA_PKCS1_SHA256).expect("is known");
        found[0].verify_signature(&self.public, &MESSAGE, signature).expect("verifies");
    }
}
