//! A world that is kept and killed: whatever was answered is there afterwards, whatever the moment; and what lies in its
//! directory is read whole or refused with a word about it.
#![cfg(unix)]

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

const ACCESS: &str = "acme.workspaceoneaccess.test";
const UEM: &str = "as1.awmdm.test";
const USERS: &str = "/SAAS/jersey/manager/api/scim/Users";
const ROUNDS: usize = 12;
const WRITERS: usize = 4;

/// A kept world that is up, and what a client needs to talk to it.
struct Up {
    child: Child,
    ports: BTreeMap<String, u16>,
    tls: Arc<ClientConfig>,
    token: String,
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Up {
    fn start(dir: &Path) -> Up {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fedsim"));
        command.args(["up", "provisioning", "--keep"]).arg(dir).stdout(Stdio::piped());
        let mut child = command.spawn().expect("fedsim starts");
        let mut ports = BTreeMap::new();
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
        for line in lines.by_ref() {
            let words: Vec<&str> = line.split_whitespace().collect();
            if let [host, at, _] = words[..]
                && let Some(port) = at.strip_prefix("127.0.0.1:").and_then(|port| port.parse().ok())
            {
                ports.insert(host.to_string(), port);
            }
            if line.contains("Ctrl-C ends it") {
                break;
            }
        }
        // What it says is read as long as it lives, so that it goes on.
        std::thread::spawn(move || lines.for_each(drop));
        let mut roots = RootCertStore::empty();
        let pem = std::fs::read(dir.join("ca.pem")).expect("the world is up");
        roots.add(CertificateDer::from_pem_slice(&pem).expect("a certificate")).expect("a root");
        let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
        let tls = tls.with_safe_default_protocol_versions().expect("versions").with_root_certificates(roots);
        let mut up = Up { child, ports, tls: Arc::new(tls.with_no_client_auth()), token: String::new() };
        let form = "grant_type=client_credentials&client_id=OktaSCIM&client_secret=shared-secret-of-OktaSCIM";
        let headers = "content-type: application/x-www-form-urlencoded\r\n";
        let (status, body) = up.exchange(ACCESS, "POST", "/SAAS/auth/oauthtoken", headers, form).expect("an answer");
        assert_eq!(status, 200, "{body}");
        up.token = body["access_token"].as_str().expect("a token").to_string();
        up
    }

    fn exchange(&self, host: &str, method: &str, path: &str, headers: &str, body: &str) -> Option<(u16, Value)> {
        let stream = TcpStream::connect(("127.0.0.1", self.ports[host])).ok()?;
        let name = ServerName::try_from(host.to_string()).ok()?;
        let mut tls = StreamOwned::new(ClientConnection::new(self.tls.clone(), name).ok()?, stream);
        let length = body.len();
        let request =
            format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\n{headers}content-length: {length}\r\n\r\n{body}");
        tls.write_all(request.as_bytes()).ok()?;
        let mut answer = Vec::new();
        let _ = tls.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        // Half an answer acknowledges nothing.
        let announced =
            head.lines().find_map(|l| l.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        (announced.unwrap_or(0) == body.len()).then(|| (status, serde_json::from_str(body).unwrap_or_default()))
    }

    fn scim(&self, method: &str, path: &str, body: &Value) -> Option<(u16, Value)> {
        let headers = format!("authorization: Bearer {}\r\ncontent-type: application/json\r\n", self.token);
        let text = if body.is_null() { String::new() } else { body.to_string() };
        self.exchange(ACCESS, method, path, &headers, &text)
    }

    fn uem(&self, method: &str, path: &str, body: &Value) -> Option<(u16, Value)> {
        // access-api:api password
        let headers = "authorization: Basic YWNjZXNzLWFwaTphcGkgcGFzc3dvcmQ=\r\naw-tenant-code: tenant-code-of-acme\r\n\
                       content-type: application/json\r\n";
        let text = if body.is_null() { String::new() } else { body.to_string() };
        self.exchange(UEM, method, &format!("/api/system/users/{path}"), headers, &text)
    }
}

/// What has to be there: by id, whether somebody is active; `None`: whatever became of it, nobody has said.
#[derive(Default)]
struct Acknowledged {
    people: BTreeMap<String, Option<Person>>,
    accounts: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Person {
    Active,
    Inactive,
    Gone,
}

/// Writes until the world is gone; `said` counts what was answered.
fn writes(up: &Up, name: &str, all: &Mutex<Acknowledged>, said: &AtomicUsize) {
    let mut last: Option<String> = None;
    for n in 0.. {
        let user = format!("{name}-{n}");
        let told = |id: &str, person: Option<Person>| {
            all.lock().expect("unpoisoned").people.insert(id.to_string(), person);
        };
        let done = match (n % 4, &last) {
            (2, Some(id)) => {
                told(id, None);
                let done = up.scim("PATCH", &format!("{USERS}/{id}"), &json!({ "active": false }));
                done.map(|(status, body)| {
                    assert_eq!(status, 200, "{body}");
                    told(id, Some(Person::Inactive));
                })
            }
            (3, Some(id)) if n % 8 == 3 => {
                told(id, None);
                up.scim("DELETE", &format!("{USERS}/{id}"), &Value::Null).map(|(status, body)| {
                    assert_eq!(status, 204, "{body}");
                    told(id, Some(Person::Gone));
                })
            }
            (3, _) => up.uem("POST", "adduser", &json!({ "UserName": user, "Password": "p" })).map(|(status, body)| {
                assert_eq!(status, 200, "{body}");
                all.lock().expect("unpoisoned").accounts.push(user);
            }),
            _ => {
                let body = json!({
                    "schemas": ["urn:scim:schemas:core:1.0"],
                    "userName": user,
                    "name": { "givenName": "Carol", "familyName": "Danvers" },
                    "emails": [{ "value": format!("{user}@acme.test"), "type": "work", "primary": true }],
                    "active": true,
                    "urn:scim:schemas:extension:workspace:1.0": { "domain": "okta.acme.test" },
                });
                up.scim("POST", USERS, &body).map(|(status, body)| {
                    assert_eq!(status, 201, "{body}");
                    let id = body["id"].as_str().expect("an id").to_string();
                    told(&id, Some(Person::Active));
                    last = Some(id);
                })
            }
        };
        if done.is_none() {
            return;
        }
        said.fetch_add(1, Ordering::SeqCst);
    }
}

/// Everything that was ever acknowledged is as it was left.
fn check(up: &Up, all: &Acknowledged, round: usize) {
    let (status, list) = up.scim("GET", &format!("{USERS}?count=100000"), &Value::Null).expect("an answer");
    assert_eq!(status, 200, "{list}");
    let people = list["Resources"].as_array().expect("a list");
    let there: BTreeMap<&str, Person> = people
        .iter()
        .map(|p| {
            (p["id"].as_str().unwrap_or_default(), if p["active"] == true { Person::Active } else { Person::Inactive })
        })
        .collect();
    for (id, person) in all.people.iter().filter_map(|(id, person)| Some((id, (*person)?))) {
        let is = there.get(id.as_str()).copied().unwrap_or(Person::Gone);
        assert_eq!(is, person, "{id} after round {round}");
    }
    for name in &all.accounts {
        let (status, found) = up.uem("GET", &format!("search?username={name}"), &Value::Null).expect("an answer");
        assert_eq!(status, 200, "{name} after round {round}: {found}");
    }
}

#[test]
fn what_was_answered_survives_a_kill_at_any_moment() {
    let home = tempfile::tempdir().expect("a directory");
    let dir = home.path().join("kept");
    let all = Mutex::new(Acknowledged::default());
    for round in 0..ROUNDS {
        let up = Up::start(&dir);
        check(&up, &all.lock().expect("unpoisoned"), round);
        let said = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (up, all, said) = (&up, &all, &said);
                scope.spawn(move || writes(up, &format!("r{round}-w{writer}"), all, said));
            }
            // The writers' own pace decides the moment: before, within and after a snapshot.
            while said.load(Ordering::SeqCst) < 1 + 7 * round {
                std::thread::yield_now();
            }
            let pid = rustix::process::Pid::from_child(&up.child);
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it lives");
        });
    }
    let up = Up::start(&dir);
    let all = all.into_inner().expect("unpoisoned");
    check(&up, &all, ROUNDS);
    let sure = all.people.values().flatten().count() + all.accounts.len();
    assert!(sure > ROUNDS * ROUNDS, "only {sure} were acknowledged");
}

/// `fedsim up --keep DIR true`: it ends as soon as it is up.
fn brief(dir: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fedsim"));
    command.args(["up", "provisioning", "--quiet", "--keep"]).arg(dir).args(["--", "true"]).output().expect("runs")
}

fn copied(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("reads") {
        let entry = entry.expect("reads");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copied(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).expect("copies");
        }
    }
}

/// The largest files of the store and the snapshot, damaged in many ways: a word about it and exit code 2, or everything
/// is there.
#[test]
fn a_damaged_world_is_refused_with_a_word_about_it() {
    let home = tempfile::tempdir().expect("a directory");
    let dir = home.path().join("kept");
    let all = Mutex::new(Acknowledged::default());
    {
        let up = Up::start(&dir);
        let said = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            scope.spawn(|| writes(&up, "w", &all, &said));
            while said.load(Ordering::SeqCst) < 40 {
                std::thread::yield_now();
            }
            let pid = rustix::process::Pid::from_child(&up.child);
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it lives");
        });
    }
    let all = all.into_inner().expect("unpoisoned");
    type Damage = fn(&mut Vec<u8>);
    let ways: [(&str, Damage); 6] = [
        ("empty", |bytes| bytes.clear()),
        ("cut in half", |bytes| bytes.truncate(bytes.len() / 2)),
        ("cut by little", |bytes| bytes.truncate(bytes.len().saturating_sub(9))),
        ("a bit in the middle", |bytes| {
            let at = bytes.len() / 2;
            bytes[at] ^= 4;
        }),
        ("bits all over", |bytes| bytes.iter_mut().step_by(37).for_each(|byte| *byte ^= 1)),
        ("foreign", |bytes| *bytes = b"PK\x03\x04 somebody else's\n".repeat(40)),
    ];
    let mut refused = 0;
    for file in ["kept.json", "store/sled/db", "store/sled/conf", "store/tail", "store/fedsim-store"] {
        for (way, damage) in &ways {
            let case = home.path().join("case");
            let _ = std::fs::remove_dir_all(&case);
            copied(&dir, &case);
            let path = case.join(file);
            let mut bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{file}: {e}"));
            damage(&mut bytes);
            std::fs::write(&path, bytes).expect("writes");
            let output = brief(&case);
            let err = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!err.contains("panicked") && !err.contains("internal error"), "{file}, {way}: {err}");
            match output.status.code() {
                Some(2) => {
                    refused += 1;
                    assert!(err.starts_with("error") || err.starts_with("fedsim"), "{file}, {way}: {err}");
                    assert!(err.contains("directory"), "{file}, {way}: {err}");
                }
                Some(0) => check(&Up::start(&case), &all, 0),
                code => panic!("{file}, {way}: {code:?} {err}"),
            }
        }
    }
    assert!(refused >= 20, "{refused}");
    for (gone, wanted) in
        [("kept.json", "the snapshot before it is gone"), ("store", "its log"), ("store/tail", "`tail`")]
    {
        let case = home.path().join("case");
        let _ = std::fs::remove_dir_all(&case);
        copied(&dir, &case);
        let path = case.join(gone);
        let removed = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        removed.expect("it was there");
        let output = brief(&case);
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{gone}: {err}");
        assert!(err.contains(wanted), "{gone}: {err}");
    }
}
