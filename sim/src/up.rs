//! `fedsim up`: a world on loopback that stays, for browsers and curl, its clock on real time until Ctrl-C.

use crate::cli::say;
use crate::clock::Clock;
use crate::net::{Fabric, Listening};
use crate::select::{did_you_mean, shown};
use crate::transcript;
use crate::world::{Options, Running};
use base64::Engine as _;
use federation::tenant::okta::Factor;
use federation::{Event, Party, Time, World};
use scenarios::Scenario;
use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const TICK: Duration = Duration::from_millis(100);
/// After this long without an event, names of ids start anew; likewise after `MANY` events, which bound the memory.
const QUIET: Duration = Duration::from_secs(60);
const MANY: usize = 2000;

/// Keeps the world of `what`, a baseline or a scenario file, running until Ctrl-C.
pub(crate) fn up(what: &str, dir: Option<&Path>, seed: u64) -> Result<(), String> {
    let mut scenario = load(what)?;
    // TOTP codes and assertions are good in the real world only at real time.
    scenario.world.start = now().to_string();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    let folder = Folder::make(dir)?;
    let done = runtime.block_on(serve(&scenario, folder.path(), seed));
    let gone = folder.clear();
    done?;
    say(&format!("\nGoodbye: the world `{}` is gone{gone}.", scenario.name));
    Ok(())
}

async fn serve(scenario: &Scenario, folder: &Path, seed: u64) -> Result<(), String> {
    let options = Options { fabric: Fabric::Loopback, seed, ..Options::default() };
    let running = Running::start(&scenario.world, &options).await.map_err(|e| e.to_string())?;
    running.core.drain();
    let keys = write_files(&running, folder)?;
    let told = [head(scenario), hosts(&running.net.ports()), people(&running), curl(&running, folder, &keys)];
    say(&told.join("\n"));
    say("What the parties do is told here. Ctrl-C ends it.\n");
    let mut interval = tokio::time::interval(TICK);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let ctrl_c = tokio::signal::ctrl_c();
    tokio::pin!(ctrl_c);
    let mut chronicle = Chronicle::default();
    loop {
        let stopped = tokio::select! {
            stopped = &mut ctrl_c => Some(stopped.map_err(|e| format!("cannot listen for Ctrl-C: {e}"))),
            _ = interval.tick() => None,
        };
        tick(&running.core.clock);
        let news = chronicle.news(running.core.drain(), running.core.clock.now());
        if !news.is_empty() {
            say(news.trim_end());
        }
        if let Some(stopped) = stopped {
            return stopped;
        }
    }
}

/// Tells events as they come. Ids keep their names until nothing has happened for a while.
#[derive(Default)]
struct Chronicle {
    events: Vec<Event>,
    /// Bytes of the text that are told already.
    told: usize,
}

impl Chronicle {
    fn news(&mut self, events: Vec<Event>, now: Time) -> String {
        if events.is_empty() {
            if self.events.last().is_some_and(|last| now.since(last.at) > QUIET) {
                *self = Chronicle::default();
            }
            return String::new();
        }
        self.events.extend(events);
        let text = transcript::text(&self.events);
        let news = text.get(self.told..).unwrap_or_default().to_string();
        self.told = text.len();
        if self.events.len() > MANY {
            *self = Chronicle::default();
        }
        news
    }
}

/// The virtual clock follows the real one; it never goes back.
fn tick(clock: &Clock) {
    clock.to(now());
}

#[allow(clippy::disallowed_methods, reason = "`fedsim up` serves people in real time; nothing is replayed")]
fn now() -> Time {
    Time(0) + SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn load(what: &str) -> Result<Scenario, String> {
    if what.ends_with(".toml") {
        return scenarios::load_file(what).map_err(shown);
    }
    let baselines = scenarios::baselines();
    let alone = |(file, text): &&(&str, &str)| scenarios::load_str(file, text).is_ok();
    match baselines.iter().find(|(file, _)| stem(file) == what) {
        Some((file, text)) => scenarios::load_str(file, text)
            .map_err(|wrong| format!("`{what}` is no world of its own, others rest on it:\n{}", shown(wrong))),
        None => {
            let names: Vec<&str> = baselines.iter().filter(alone).map(|(file, _)| stem(file)).collect();
            let near = did_you_mean(what, names.iter().copied());
            Err(format!(
                "no baseline is called `{what}`{near}\n  there are {}; a scenario of your own ends in `.toml`",
                names.join(", ")
            ))
        }
    }
}

fn stem(file: &str) -> &str {
    Path::new(file).file_stem().and_then(|s| s.to_str()).unwrap_or(file)
}

/// Where certificates and keys are written.
enum Folder {
    Given(PathBuf),
    /// Ours, for this run only.
    Fresh(PathBuf),
}

impl Folder {
    fn make(given: Option<&Path>) -> Result<Folder, String> {
        let cannot = |path: &Path, e: std::io::Error| format!("cannot make the directory `{}`: {e}", path.display());
        if let Some(path) = given {
            std::fs::create_dir_all(path).map_err(|e| cannot(path, e))?;
            return path.canonicalize().map(Folder::Given).map_err(|e| cannot(path, e));
        }
        let mut number = 0u32;
        loop {
            let path = std::env::temp_dir().join(format!("fedsim-up-{}-{number}", std::process::id()));
            match private_dir(&path) {
                Ok(()) => return Ok(Folder::Fresh(path)),
                Err(e) if e.kind() == ErrorKind::AlreadyExists && number < 1000 => number += 1,
                Err(e) => return Err(cannot(&path, e)),
            }
        }
    }

    fn path(&self) -> &Path {
        match self {
            Folder::Given(path) | Folder::Fresh(path) => path,
        }
    }

    /// Removes a directory of our own; its keys open nothing any more.
    fn clear(&self) -> &'static str {
        match self {
            Folder::Fresh(path) if std::fs::remove_dir_all(path).is_ok() => ", and its keys with it",
            _ => "",
        }
    }
}

/// A new directory that only its owner may enter.
fn private_dir(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Writes a new file that only its owner may read; an older one of that name goes first.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut open = std::fs::OpenOptions::new();
    open.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    open.open(path)?.write_all(text.as_bytes())
}

/// Key and certificate of a profile on a device, as written.
struct KeyFiles {
    device: String,
    profile: String,
    folder: PathBuf,
}

/// `ca.pem`, `curl.conf`, and `DEVICE/PROFILE/{key,cert}.pem`.
fn write_files(running: &Running, folder: &Path) -> Result<Vec<KeyFiles>, String> {
    let cannot = |path: &Path| {
        let path = path.display().to_string();
        move |e: std::io::Error| format!("cannot write `{path}`: {e}")
    };
    let ca = folder.join("ca.pem");
    std::fs::write(&ca, certificate_pem(&running.net.authority().certificate)).map_err(cannot(&ca))?;
    let conf = folder.join("curl.conf");
    std::fs::write(&conf, curl_conf(&ca, &running.net.ports())).map_err(cannot(&conf))?;
    let mut written = Vec::new();
    for (device, handset) in &running.handsets {
        for (profile, pems) in handset.pems() {
            let folder = folder.join(file_name(device)?).join(file_name(&profile)?);
            std::fs::create_dir_all(&folder).map_err(cannot(&folder))?;
            let (key, certificate) = (folder.join("key.pem"), folder.join("cert.pem"));
            write_private(&key, &pems.key).map_err(cannot(&key))?;
            std::fs::write(&certificate, &pems.certificate).map_err(cannot(&certificate))?;
            written.push(KeyFiles { device: device.clone(), profile, folder });
        }
    }
    Ok(written)
}

/// A name that stays in its directory.
fn file_name(name: &str) -> Result<&str, String> {
    let mut parts = Path::new(name).components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(part)), None) if part == name && !name.contains('\\') => Ok(name),
        _ => Err(format!("`{name}` cannot be the name of a directory; rename it in the scenario")),
    }
}

fn certificate_pem(der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let mut out = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in text.as_bytes().chunks(64) {
        out.push_str(&String::from_utf8_lossy(line));
        out.push('\n');
    }
    out + "-----END CERTIFICATE-----\n"
}

/// The CA and every host, for `curl --config`.
fn curl_conf(ca: &Path, ports: &[Listening]) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let mut out = format!("cacert = {}\n", quoted(&ca.to_string_lossy()));
    for Listening { host, port, .. } in ports {
        let _ = writeln!(out, "connect-to = {}", quoted(&format!("{host}:443:127.0.0.1:{port}")));
    }
    out
}

fn head(scenario: &Scenario) -> String {
    let steps = match scenario.steps.len() {
        0 => String::new(),
        n => format!("Its {n} steps are not played: here you act.\n"),
    };
    format!("{}\n{}\n{steps}The clock is the real one, {}.\n", scenario.name, scenario.story, scenario.world.start)
}

fn hosts(ports: &[Listening]) -> String {
    let width = ports.iter().map(|p| p.host.len()).max().unwrap_or_default();
    let mut out = format!("{:<width$}  {:<15}  {:<12}  URL\n", "HOST", "ADDRESS", "PARTY");
    for Listening { host, party, port } in ports {
        let address = format!("127.0.0.1:{port}");
        let _ = writeln!(out, "{host:<width$}  {address:<15}  {party:<12}  https://{host}/");
    }
    out
}

/// Who may sign in where, with what; passwords of a simulated world are no secret.
fn people(running: &Running) -> String {
    let world = &running.world;
    let mut out = format!("{:<12}  {:<7}  {:<24}  PASSWORD\n", "PERSON", "AT", "LOGIN");
    for person in &world.people {
        for (party, login, password) in accounts(world, person) {
            let _ = writeln!(out, "{:<12}  {party:<7}  {login:<24}  {password}", person.name);
        }
        let user = world.okta.users.iter().find(|u| person.okta.as_ref() == Some(&u.name));
        let secret = user.filter(|u| u.factors.contains(&Factor::Totp)).and_then(|u| running.totp_secrets.get(&u.name));
        if let Some(secret) = secret {
            let secret = totp_rs::Secret::Raw(secret.clone()).to_encoded();
            let _ = writeln!(out, "{:<12}  {:<7}  {:<24}  {secret}", person.name, "okta", "(TOTP secret)");
        }
    }
    out
}

fn accounts<'a>(world: &'a World, person: &federation::world::Person) -> Vec<(&'static str, &'a str, &'a str)> {
    let okta = world.okta.users.iter().filter(|u| person.okta.as_ref() == Some(&u.name));
    let (directory, name) = person.access.as_deref().and_then(|a| a.split_once('/')).unwrap_or_default();
    let access = world.access.directories.iter().filter(|d| d.name == directory).flat_map(|d| &d.users);
    let access = access.filter(|u| u.name == name);
    let uem = world.uem.users.iter().filter(|u| person.uem.as_ref() == Some(&u.name));
    okta.map(|u| ("okta", &u.login[..], &u.password[..]))
        .chain(access.map(|u| ("access", &u.username[..], &u.password[..])))
        .chain(uem.map(|u| ("uem", &u.username[..], &u.password[..])))
        .collect()
}

/// Ready command lines.
fn curl(running: &Running, folder: &Path, keys: &[KeyFiles]) -> String {
    let shell = |path: PathBuf| quote(&path.to_string_lossy());
    let ca = shell(folder.join("ca.pem"));
    let mut out = String::from("A host at a time (-i shows the redirect):\n");
    for Listening { host, port, .. } in running.net.ports() {
        let to = quote(&format!("{host}:443:127.0.0.1:{port}"));
        let _ = writeln!(out, "  curl --cacert {ca} --connect-to {to} {}", quote(&format!("https://{host}/")));
    }
    let conf = shell(folder.join("curl.conf"));
    if let Some(app) = running.world.apps.first() {
        let url = quote(&format!("https://{}/", app.host));
        let _ = writeln!(out, "\nAll hosts, following redirects:\n  curl --config {conf} -sL -b '' {url}");
    }
    let asking: Vec<String> = running.access.certificate_hosts().into_iter().map(|(host, _)| host).collect();
    if !keys.is_empty() {
        let _ = writeln!(out, "\nAs a device, where {} asks for a certificate:", asking.join(", "));
    }
    for KeyFiles { device, profile, folder } in keys {
        let (cert, key) = (shell(folder.join("cert.pem")), shell(folder.join("key.pem")));
        let _ = writeln!(out, "  {device}, {profile}:\n    --cert {cert} --key {key}");
    }
    out
}

/// A word for a POSIX shell.
fn quote(text: &str) -> String {
    if text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:@=+".contains(c)) && !text.is_empty() {
        text.into()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_a_shell() {
        let rows = [("a/b.pem", "a/b.pem"), ("", "''"), ("a b", "'a b'"), ("it's", "'it'\\''s'"), ("$(x)", "'$(x)'")];
        for (given, wanted) in rows {
            assert_eq!(quote(given), wanted);
        }
    }

    #[test]
    fn the_chronicle_tells_each_event_once_and_keeps_names_until_it_is_quiet() {
        let at = |ms| Event {
            at: Time(ms),
            party: "wiki".into(),
            kind: federation::EventKind::Message {
                to: "okta".into(),
                what: "AuthnRequest".into(),
                id: ms.to_string(),
                in_response_to: None,
                flags: Vec::new(),
                xml: String::new(),
            },
        };
        let mut chronicle = Chronicle::default();
        let rows = [(vec![at(0)], 0, "request-1"), (vec![], 10, ""), (vec![at(20)], 20, "request-2")];
        for (events, now, wanted) in
            rows.into_iter().chain([(vec![], 61_000, ""), (vec![at(70_000)], 70_000, "request-1")])
        {
            let news = chronicle.news(events, Time(now));
            assert_eq!(news.lines().count(), usize::from(!wanted.is_empty()), "{news}");
            assert!(news.contains(wanted), "{news}");
        }
    }

    #[test]
    fn names_of_directories() {
        for good in ["alices-iphone", "Alice's iPhone", "..x"] {
            assert_eq!(file_name(good), Ok(good));
        }
        for bad in ["", ".", "..", "a/b", "/a", "a/", "../a", "a\\b"] {
            assert!(file_name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_unknown_baseline_is_told_with_a_neighbour() {
        let told = load("device-trust-mobil").expect_err("there is none");
        assert!(told.contains("did you mean `device-trust-mobile`?"), "{told}");
        assert!(load("zzz").is_err_and(|told| !told.contains("did you mean")));
        assert!(load("nowhere.toml").is_err_and(|told| told.contains("cannot be read")));
    }

    #[test]
    fn every_baseline_comes_up_and_writes_its_files() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut worlds = 0;
        for (file, _) in scenarios::baselines() {
            let Ok(scenario) = load(stem(file)) else { continue };
            worlds += 1;
            let folder = Folder::make(None).unwrap();
            let options = Options { fabric: Fabric::Loopback, ..Options::default() };
            runtime.block_on(async {
                let running = Running::start(&scenario.world, &options).await.unwrap();
                let keys = write_files(&running, folder.path()).unwrap();
                assert!(!running.net.ports().is_empty(), "{file}");
                assert!(people(&running).contains("correct horse"), "{file}");
                for KeyFiles { folder, .. } in &keys {
                    let (key, cert) = (folder.join("key.pem"), folder.join("cert.pem"));
                    assert!(std::fs::read_to_string(&key).unwrap().contains("PRIVATE KEY"));
                    assert!(std::fs::read_to_string(cert).unwrap().contains("BEGIN CERTIFICATE"));
                    #[cfg(unix)]
                    {
                        use std::os::unix::fs::PermissionsExt as _;
                        assert_eq!(std::fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
                    }
                }
                let again = write_files(&running, folder.path()).unwrap();
                assert_eq!(again.len(), keys.len(), "a second run over the same directory");
            });
            let path = folder.path().to_path_buf();
            folder.clear();
            assert!(!path.exists());
        }
        assert!(worlds >= 2, "device-trust-mobile and routing-only stand alone");
    }
}
