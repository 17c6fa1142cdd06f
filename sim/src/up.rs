//! `fedsim up`: a world on loopback that stays, for browsers and curl, its clock on real time until Ctrl-C.

use crate::clock::Clock;
use crate::core::Door;
use crate::curl::{Folder, quote, write_files};
use crate::net::{Fabric, Listening};
use crate::select::{did_you_mean, shown};
use crate::style::Style;
use crate::transcript;
use crate::world::{Options, Running};
use federation::tenant::okta::Factor;
use federation::{Event, Outside, Party, Time, World};
use scenarios::Scenario;
use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};
use std::path::Path;
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
    told_to(&format!("\nGoodbye: the world `{}` is gone{gone}.", scenario.name)).map(|_| ())
}

async fn serve(scenario: &Scenario, folder: &Path, seed: u64) -> Result<(), String> {
    let options = Options { fabric: Fabric::Loopback, seed, ..Options::default() };
    let running = Running::start(&scenario.world, &options).await.map_err(|e| e.to_string())?;
    running.core.drain();
    write_files(&running, folder)?;
    let told = [head(scenario), hosts(&running.net.ports()), people(&running), walk(&running, folder)];
    if !told_to(&told.join("\n"))? || !told_to("What the parties do is told here. Ctrl-C ends it.\n")? {
        return Ok(());
    }
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
        wake(&running).await;
        let news = chronicle.news(running.core.drain(), running.core.clock.now());
        if !news.is_empty() && !told_to(&folded(&news))? {
            return Ok(());
        }
        if let Some(stopped) = stopped {
            return stopped;
        }
    }
}

/// Lets the parties do what is due by itself: sweeps, publications, provisioning.
async fn wake(running: &Running) {
    let parties: [&dyn Party; 3] = [&*running.access, &*running.okta, &*running.uem];
    for party in parties {
        let door = Door { party: party.name().into(), core: running.core.clone(), net: running.net.clone() };
        if party.next_due().is_some_and(|due| due <= door.now()) {
            party.wake(&door).await;
        }
    }
}

/// Says something; `false` where nobody reads on, and the world may go.
fn told_to(text: &str) -> Result<bool, String> {
    match writeln!(std::io::stdout(), "{text}") {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(e) => Err(format!("cannot write the output: {e}")),
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

/// Lines of a transcript within 80 columns: what is too long goes on below what it says.
fn folded(news: &str) -> String {
    const SAYS: usize = 34;
    let mut out = String::new();
    for line in news.lines() {
        match line.split_at_checked(SAYS) {
            Some((who, says)) if line.chars().count() > 80 => Style::plain().put(&mut out, who, SAYS, says),
            _ => {
                let _ = writeln!(out, "{line}");
            }
        }
    }
    out.truncate(out.trim_end().len());
    out
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
        return scenarios::load_file(what).and_then(crate::sound::sound).map_err(shown);
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

fn head(scenario: &Scenario) -> String {
    let steps = match scenario.steps.len() {
        0 => String::new(),
        n => format!("Its {n} steps are not played: here you act.\n"),
    };
    let mut out = format!("{}\n\n", scenario.name);
    for paragraph in scenario.story.trim().split("\n\n") {
        Style::plain().put(&mut out, "", 0, paragraph);
    }
    let _ = writeln!(out, "{steps}The clock is the real one, {}.", scenario.world.start);
    out
}

fn hosts(ports: &[Listening]) -> String {
    let width = ports.iter().map(|p| p.host.len()).max().unwrap_or_default();
    let mut out = format!("{:<width$}  {:<15}  PARTY\n", "HOST", "ADDRESS");
    for Listening { host, party, port } in ports {
        let address = format!("127.0.0.1:{port}");
        let _ = writeln!(out, "{host:<width$}  {address:<15}  {party}");
    }
    out
}

/// Who may sign in where, with what; passwords of a simulated world are no secret.
fn people(running: &Running) -> String {
    let world = &running.world;
    let mut out = format!("{:<10}  {:<7}  {:<24}  PASSWORD\n", "PERSON", "AT", "LOGIN");
    for person in &world.people {
        for (party, login, password) in accounts(world, person) {
            let _ = writeln!(out, "{:<10}  {party:<7}  {login:<24}  {password}", person.name);
        }
        let user = world.okta.users.iter().find(|u| person.okta.as_ref() == Some(&u.name));
        let secret = user.filter(|u| u.factors.contains(&Factor::Totp)).and_then(|u| running.totp_secrets.get(&u.name));
        if let Some(secret) = secret {
            let secret = totp_rs::Secret::Raw(secret.clone()).to_encoded();
            let _ = writeln!(out, "{:<10}  {:<7}  {:<24}  {secret}", person.name, "okta", "(TOTP secret)");
        }
    }
    for client in &world.access.remote_app_access {
        let _ = writeln!(out, "{:<10}  {:<7}  {:<24}  {}", "(client)", "access", client.name, client.shared_secret);
    }
    for administrator in &world.access.provisioning.administrators {
        let (name, password) = (&administrator.name, &administrator.password);
        let _ = writeln!(out, "{:<10}  {:<7}  {name:<24}  {password}", "(admin)", "access");
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

/// A walk to copy, line by line.
fn walk(running: &Running, folder: &Path) -> String {
    let phone =
        |h: &&crate::device::Handset| h.device.kind == federation::DeviceKind::Iphone && !h.profiles().is_empty();
    let devices = || running.handsets.values();
    let device = devices().find(phone).or(devices().next()).map_or("DEVICE", |h| h.device.name.as_str());
    let url = running.world.apps.first().map(|app| quote(&format!("https://{}/", app.host))).unwrap_or_default();
    let device = quote(device);
    let mut out = format!("In another shell, curl as the browser of {device}:\n");
    for line in [
        format!("cd {}", quote(&folder.to_string_lossy())),
        format!("./open {device} {url}"),
        format!("./submit {device}    # again, as long as a page is submitted at once"),
        format!("curl --config {device}/curl.conf {url}"),
        format!("cat {device}/page.html"),
    ] {
        let _ = writeln!(out, "  {line}");
    }
    let devices: Vec<&str> = running.handsets.keys().map(String::as_str).collect();
    Style::plain().put(&mut out, "Devices: ", 2, &format!("{}.", devices.join(", ")));
    Style::plain().put(
        &mut out,
        "",
        0,
        "Each has a curl.conf in a directory of its name, with its user agent, cookies and certificate.",
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn an_unknown_baseline_is_told_with_a_neighbour() {
        let told = load("device-trust-mobil").expect_err("there is none");
        assert!(told.contains("did you mean `device-trust-mobile`?"), "{told}");
        assert!(load("zzz").is_err_and(|told| !told.contains("did you mean")));
        assert!(load("nowhere.toml").is_err_and(|told| told.contains("there is no such file")));
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
                write_files(&running, folder.path()).unwrap();
                assert!(!running.net.ports().is_empty(), "{file}");
                assert!(people(&running).contains("correct horse"), "{file}");
                let told =
                    [head(&scenario), hosts(&running.net.ports()), people(&running), walk(&running, folder.path())];
                let told = told.join("\n");
                assert!(told.lines().all(|l| l.chars().count() <= 80), "{told}");
                for (device, handset) in &running.handsets {
                    for profile in handset.pems().keys() {
                        let place = folder.path().join(device).join(profile);
                        let (key, cert) = (place.join("key.pem"), place.join("cert.pem"));
                        assert!(std::fs::read_to_string(&key).unwrap().contains("PRIVATE KEY"));
                        assert!(std::fs::read_to_string(cert).unwrap().contains("BEGIN CERTIFICATE"));
                        #[cfg(unix)]
                        {
                            use std::os::unix::fs::PermissionsExt as _;
                            assert_eq!(std::fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
                        }
                    }
                }
                write_files(&running, folder.path()).expect("a second run over the same directory");
            });
            let path = folder.path().to_path_buf();
            folder.clear();
            assert!(!path.exists());
        }
        assert!(worlds >= 2, "device-trust-mobile and routing-only stand alone");
    }
}
