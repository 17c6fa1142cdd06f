//! Other people's SAML libraries agree: each stands as service provider behind our Okta, or as identity provider before our
//! app; right messages are accepted on both sides, and wrong ones are refused. The scripts in `tests/peers` are the peers.
//!
//! Messages cross the world's TLS over loopback. The peers read the real clock, so the world's starts there.

mod tab;

use fedsim::saas::{App, OktaIdp};
use fedsim::world::Running;
use fedsim::{Fabric, Options};
use fedsim_tests::{case, there};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tab::{Held, Seen, Stop, Tab};
use wire::dsig::TrustedKey;

const HOST: &str = "salesforce.test";
const PERSON: &str = "alice@acme.test";

/// A peer: its name, the program that runs it, the script.
struct Peer {
    name: &'static str,
    program: PathBuf,
    script: PathBuf,
}

fn peers(under: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(under)
}

impl Peer {
    fn python(name: &'static str, script: &str) -> Option<Peer> {
        let peer = Peer { name, program: peers(".venv-saml/bin/python"), script: peers(script) };
        there(name, peer.program.exists()).then_some(peer)
    }

    fn node(name: &'static str, script: &str) -> Option<Peer> {
        let installed = peers("node_modules").is_dir() && Command::new("node").arg("--version").output().is_ok();
        let peer = Peer { name, program: "node".into(), script: peers(script) };
        there(name, installed).then_some(peer)
    }

    /// A program of its own, built by `tests/peers/install`.
    fn program(name: &'static str, path: &str) -> Option<Peer> {
        let peer = Peer { name, program: peers(path), script: PathBuf::new() };
        there(name, peer.program.exists()).then_some(peer)
    }

    /// What it says, or why it refuses.
    fn run(&self, arguments: &[&str], input: &str) -> Result<String, String> {
        let mut command = Command::new(&self.program);
        command.args(Some(&self.script).filter(|s| !s.as_os_str().is_empty())).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|e| e.to_string())?;
        // A peer that does not read its input has closed it.
        let _ = child.stdin.take().map(|mut pipe| pipe.write_all(input.as_bytes()));
        let output = child.wait_with_output().map_err(|e| e.to_string())?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_string();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    fn says(&self, arguments: &[&str], input: &str) -> Value {
        let said = self.run(arguments, input).unwrap_or_else(|e| panic!("{} {arguments:?}: {e}", self.name));
        serde_json::from_str(&said).unwrap_or_else(|e| panic!("{}: {e}: {said}", self.name))
    }
}

#[allow(clippy::disallowed_methods, reason = "strangers read the real clock")]
fn now() -> federation::Time {
    federation::Time(0) + SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn live(test: impl AsyncFnOnce(&Running)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut world = case("device-trust/managed-gets-in").world;
        world.start = now().to_string();
        let options = Options { fabric: Fabric::Loopback, ..Options::default() };
        let running = Running::start(&world, &options).await.expect("the world starts");
        test(&running).await;
    });
}

fn pem(kind: &str, der: &[u8]) -> String {
    let base64 = wire::form::encode_bytes(der);
    let lines: Vec<_> = base64.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", lines.join("\n"))
}

fn write(dir: &Path, name: &str, text: &str) -> String {
    let path = dir.join(name);
    std::fs::write(&path, text).expect("a file of our own");
    path.to_string_lossy().into_owned()
}

fn response_of(held: &Held) -> String {
    held.fields.iter().find(|(n, _)| n == "SAMLResponse").map(|(_, v)| v.clone()).expect("a response")
}

/// The peer takes the place of our app: same entity, same consumer.
fn behind_our_okta(peer: &Peer) {
    live(async |running| {
        let dir = tempfile::tempdir().expect("a directory of our own");
        let url = format!("https://{}/app/salesforce/metadata", running.world.okta.host);
        let metadata = running.get(&url).await.expect("Okta's metadata").into_body();
        let okta = wire::metadata::read_idp(&metadata).expect("reads");
        let config = json!({
            "sp": App::entity_id(HOST), "acs": App::acs_url(HOST), "idp": okta.entity_id, "sso": okta.sso_url,
            "certificate": wire::form::encode_bytes(&okta.keys[0]),
            "metadata": write(dir.path(), "okta.xml", &String::from_utf8_lossy(&metadata)),
        });
        let config = write(dir.path(), "config.json", &config.to_string());
        let asked = peer.says(&["request", &config], "");
        let (url, id) = (asked["url"].as_str().expect("an address"), asked["id"].as_str().expect("an id"));
        let held = Tab::on(running, "alices-iphone").held(url, "/saml/acs").await;
        let response = response_of(&held);
        let told = peer.says(&["consume", &config, id], &response);
        assert_eq!(told["name"], PERSON, "{}", peer.name);
        assert!(told["attributes"].to_string().contains("TRUSTED"), "{}: {told}", peer.name);
        // Right only for who asked, and only as it was signed.
        let stranger = peer.run(&["consume", &config, "_another"], &response);
        assert!(stranger.is_err(), "{} takes what it did not ask for: {stranger:?}", peer.name);
        let xml = String::from_utf8(wire::form::decode_post(&response).expect("base64")).expect("text");
        let forged = xml.replace(PERSON, "mallory@acme.test");
        assert_ne!(forged, xml);
        let forged = peer.run(&["consume", &config, id], &wire::form::encode_post(&forged));
        assert!(forged.is_err(), "{} takes a forgery: {forged:?}", peer.name);
        println!("peer ran: {} behind our Okta", peer.name);
    });
}

/// The request with which an app sends the browser away.
fn asked(sent: &Seen) -> String {
    assert_eq!(sent.status, 303);
    let to = url::Url::parse(sent.headers["location"].to_str().expect("text")).expect("an address");
    let (_, request) = to.query_pairs().find(|(n, _)| n == "SAMLRequest").expect("a request");
    request.into_owned()
}

/// The peer is the identity provider of an app of ours. `refused`: what else it can be made to say, and the check that
/// refuses it.
fn before_our_app(peer: &Peer, refused: &[(&str, &str)]) {
    live(async |running| {
        let dir = tempfile::tempdir().expect("a directory of our own");
        let (host, idp, sso) = ("notes.test", "https://peer.test/metadata", "https://peer.test/sso");
        let pkcs8 = include_bytes!("../../federation/wire/testdata/rsa-1.der");
        let pair = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8.to_vec().into(), &rcgen::PKCS_RSA_SHA256);
        let params = rcgen::CertificateParams::new(vec![]).expect("params");
        let certificate = params.self_signed(&pair.expect("a key")).expect("signs").der().to_vec();
        let keys = vec![TrustedKey::from_certificate(&certificate).expect("a key")];
        let settings =
            federation::world::SaasApp { name: "notes".into(), host: host.into(), ..running.world.apps[0].clone() };
        let trusts = OktaIdp { entity_id: idp.into(), sso_url: sso.into(), keys };
        running.net.host(Arc::new(App::new(settings, trusts))).await.expect("the app is up");
        let ours = wire::metadata::SpMetadata {
            entity_id: App::entity_id(host),
            acs_urls: vec![App::acs_url(host)],
            keys: vec![],
        };
        let config = json!({
            "idp": idp, "sso": sso, "name": PERSON,
            "key": write(dir.path(), "key.pem", &pem("PRIVATE KEY", pkcs8)),
            "certificate_file": write(dir.path(), "cert.pem", &pem("CERTIFICATE", &certificate)),
            "metadata": write(dir.path(), "app.xml", &wire::metadata::write_sp(&ours)),
        });
        let config = write(dir.path(), "config.json", &config.to_string());
        let mut tab = Tab::on(running, "alices-iphone");
        let sent = tab.get(&format!("https://{host}/"), &[]).await;
        let request = asked(&sent);
        let response = peer.run(&["answer", &config], &request).unwrap_or_else(|e| panic!("{}: {e}", peer.name));
        let form = |response: &str| Held {
            url: App::acs_url(host).parse().expect("an address"),
            fields: vec![("SAMLResponse".into(), response.into())],
        };
        let xml = String::from_utf8(wire::form::decode_post(&response).expect("base64")).expect("text");
        let forged = xml.replace(PERSON, "mallory@acme.test");
        assert_ne!(forged, xml);
        let seen = tab.clone().post(&form(&wire::form::encode_post(&forged))).await;
        assert!(seen.page.text.contains("saml/signature-invalid"), "{}", seen.page.text);
        // A wrong answer uses up the request: the browser asks again.
        for (step, code) in refused {
            let request = asked(&tab.get(&format!("https://{host}/"), &[]).await);
            let response = peer.run(&[step, &config], &request).unwrap_or_else(|e| panic!("{} {step}: {e}", peer.name));
            let seen = tab.clone().post(&form(&response)).await;
            assert!(seen.page.text.contains(code), "{} {step}: {}", peer.name, seen.page.text);
        }
        let sent = tab.get(&format!("https://{host}/"), &[]).await;
        let request = asked(&sent);
        let response = peer.run(&["answer", &config], &request).unwrap_or_else(|e| panic!("{}: {e}", peer.name));
        let clock = &running.core.clock;
        clock.to(now() + Duration::from_secs(1));
        let seen = tab.post(&form(&response)).await;
        let Stop::Rests(home) = tab.go_on(seen, "").await else { panic!("nothing is held") };
        assert_eq!(home.page.name, "app/home", "{}: {}", peer.name, home.page.text);
        assert!(home.page.text.contains(PERSON), "{}", home.page.text);
        println!("peer ran: {} before our app", peer.name);
    });
}

#[test]
fn python3_saml_stands_behind_our_okta() {
    Peer::python("python3-saml", "python3_saml.py").iter().for_each(behind_our_okta);
}

#[test]
fn pysaml2_stands_behind_our_okta() {
    Peer::python("pysaml2", "pysaml2_peer.py").iter().for_each(behind_our_okta);
}

#[test]
fn pysaml2_stands_before_our_app() {
    Peer::python("pysaml2", "pysaml2_peer.py").iter().for_each(|peer| before_our_app(peer, &[]));
}

#[test]
fn node_saml_stands_behind_our_okta() {
    Peer::node("node-saml", "node_saml.js").iter().for_each(behind_our_okta);
}

#[test]
fn samael_stands_behind_our_okta() {
    Peer::program("samael", "../../target/peers/debug/samael-peer").iter().for_each(behind_our_okta);
}

#[test]
fn samael_stands_before_our_app() {
    // Its template digests with SHA-1, and has no times, though the profile demands one of a bearer confirmation.
    let refused = [("answer-as-it-comes", "saml/algorithm"), ("answer-without-times", "saml/missing-attribute")];
    Peer::program("samael", "../../target/peers/debug/samael-peer")
        .iter()
        .for_each(|peer| before_our_app(peer, &refused));
}
