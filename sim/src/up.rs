//! `fedsim up`: a world on loopback that stays, for browsers, curl and programs, its clock on real time, until Ctrl-C or
//! until the program ends that it is up for.
//!
//! - `folder`: the directory it is written to. `facts`: what is written there, and the variables that say it.
//! - `told`: what is printed. `command`: the program and the signals. `kept`: a world that outlives a restart.

mod command;
mod facts;
pub(crate) mod folder;
mod kept;
mod told;

use crate::clock::Clock;
use crate::core::Door;
use crate::curl;
use crate::gate::Limits;
use crate::net::Fabric;
use crate::ports::Ports;
use crate::select::{did_you_mean, shown};
use crate::store::Store;
use crate::style::Style;
use crate::transcript;
use crate::world::{Options, Own, Running};
use command::{Command, Signals, Stop};
use federation::{Event, Outside, Party, Time};
use folder::Folder;
use kept::Keeper;
use scenarios::Scenario;
use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use told::{head, hosts, people, walk};

const TICK: Duration = Duration::from_millis(100);
/// After this long without an event, names of ids start anew; likewise after `MANY` events, which bound the memory.
const QUIET: Duration = Duration::from_secs(60);
const MANY: usize = 2000;
/// Descriptors for everything that is no stranger's connection.
const SPARE: usize = 256;
/// How long those who are being served at the end have.
const FAREWELL: Duration = Duration::from_secs(2);

/// What somebody wants to be up.
#[derive(Debug, Default)]
pub(crate) struct Wish {
    /// A baseline or a scenario file.
    pub what: String,
    pub dir: Option<PathBuf>,
    /// As `dir`, and the next run goes on from there.
    pub keep: Option<PathBuf>,
    pub seed: u64,
    pub ports: Ports,
    /// Names of apps, and the metadata of those that take their places.
    pub apps: Vec<(String, PathBuf)>,
    /// Metadata of Access's third-party identity provider in Okta's place.
    pub idp: Option<PathBuf>,
    /// Say nothing but errors.
    pub quiet: bool,
    pub command: Vec<String>,
}

/// Keeps a world running until it is told to stop; says the exit code.
pub(crate) fn up(wish: &Wish) -> Result<u8, String> {
    let mut scenario = load(&wish.what)?;
    // TOTP codes and assertions are good in the real world only at real time.
    scenario.world.start = now().to_string();
    let own = own(wish, &scenario)?;
    // Two at least: while one works, the other lets people in.
    let threads = std::thread::available_parallelism().map_or(2, |n| n.get().clamp(2, 8));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    let runtime = runtime.map_err(|e| e.to_string())?;
    let folder = Folder::make(wish.dir.as_deref().or(wish.keep.as_deref()), wish.keep.is_some())?;
    let done = runtime.block_on(serve(wish, &scenario, own, &folder));
    let gone = folder.clear();
    let code = done?;
    Voice::of(wish).say(&format!("\nGoodbye: the world `{}` is gone{gone}.", scenario.name))?;
    Ok(code)
}

/// Reads the metadata of software that takes the place of ours.
fn own(wish: &Wish, scenario: &Scenario) -> Result<Own, String> {
    let read = |file: &Path| std::fs::read(file).map_err(|e| format!("cannot read `{}`: {e}", file.display()));
    let mut own = Own::default();
    for (name, file) in &wish.apps {
        let names: Vec<&str> = scenario.world.apps.iter().map(|app| app.name.as_str()).collect();
        if !names.contains(&name.as_str()) {
            let near = did_you_mean(name, names.iter().copied());
            return Err(format!("no app is called `{name}`{near}\n  there are {}", names.join(", ")));
        }
        let shown = file.display();
        let metadata = wire::metadata::read_sp(&read(file)?)
            .map_err(|e| format!("`{shown}` is no metadata of a service provider: {e}"))?;
        if metadata.acs_urls.is_empty() {
            return Err(format!("`{shown}` names no AssertionConsumerService with the binding HTTP-POST"));
        }
        own.apps.insert(name.clone(), metadata);
    }
    if let Some(file) = &wish.idp {
        if scenario.world.access.identity_providers.iter().all(|idp| idp.third_party.is_none()) {
            return Err(format!("Access has no third-party identity provider in `{}`", scenario.name));
        }
        let metadata = wire::metadata::read_idp(&read(file)?)
            .map_err(|e| format!("`{}` is no metadata of an identity provider: {e}", file.display()))?;
        own.idp = Some(metadata);
    }
    Ok(own)
}

async fn serve(wish: &Wish, scenario: &Scenario, own: Own, folder: &Folder) -> Result<u8, String> {
    let mut signals = Signals::listen()?;
    let voice = Voice::of(wish);
    let mut limits = Limits::default();
    limits.connections = limits.connections.min(command::descriptors().saturating_sub(SPARE));
    let (fabric, seed, ports) = (Fabric::Loopback, wish.seed, wish.ports.clone());
    let mut options = Options { fabric, seed, ports, own, limits, ..Options::default() };
    let mut keeper = None;
    if wish.keep.is_some() {
        let (kept, lasting) = Keeper::open(folder, &scenario.name, wish.seed)?;
        keeper = Some(kept);
        options.ports.last = lasting.as_ref().map(|l| l.ports.clone()).unwrap_or_default();
        options.lasting = lasting.map(Arc::new);
        let store = Store::keep(&folder.path().join("store")).map_err(|e| e.to_string())?;
        options.log = store.log().map_err(|e| e.to_string())?;
        options.store = Some(store);
    }
    let running = Running::start(&scenario.world, &options).await.map_err(|e| e.to_string())?;
    known_hosts(&wish.ports, &running)?;
    running.core.drain();
    curl::write_files(&running, folder)?;
    let variables = facts::write(&running, &scenario.name, folder).await?;
    running.core.drain();
    if let Some(keeper) = &mut keeper {
        keeper.finish(&running, folder).await?;
    }
    let told = [head(scenario), hosts(&running.net.ports()), people(&running), walk(&running, folder.path())];
    let until = if wish.command.is_empty() { "Ctrl-C ends it." } else { "It ends with the program." };
    if !voice.say(&told.join("\n"))? || !voice.say(&format!("What the parties do is told here. {until}\n"))? {
        return Ok(0);
    }
    let mut command = Command::start(&wish.command, &variables)?;
    let keeping = keeper.as_mut().map(|keeper| (keeper, folder));
    let end = live(&running, voice, &mut command, &mut signals, keeping).await?;
    let code = match end {
        End::Program(code) => code,
        End::Unheard => command.stop(Stop::Terminate, &mut signals).await?,
        End::Told(stop) => command.stop(stop, &mut signals).await?,
    };
    running.net.close(FAREWELL).await;
    if let Some(keeper) = &mut keeper {
        keeper.finish(&running, folder).await?;
    }
    voice.say(&Chronicle::default().news(running.core.drain(), running.core.clock.now()))?;
    Ok(code)
}

/// Hosts for which somebody has chosen a port are hosts of this world.
fn known_hosts(ports: &Ports, running: &Running) -> Result<(), String> {
    let hosts = running.net.ports();
    match ports.of.keys().find(|host| hosts.iter().all(|at| at.host != **host)) {
        None => Ok(()),
        Some(host) => {
            let names: Vec<&str> = hosts.iter().map(|at| at.host.as_str()).collect();
            let near = did_you_mean(host, names.iter().copied());
            Err(format!("no host is called `{host}`{near}\n  there are {}", names.join(", ")))
        }
    }
}

/// How a world came to its end.
enum End {
    Program(u8),
    Told(Stop),
    /// Nobody reads on.
    Unheard,
}

/// Lets time pass and tells what happens; a world that is kept is, whenever something has.
async fn live(
    running: &Running,
    voice: Voice,
    command: &mut Command,
    signals: &mut Signals,
    mut keeping: Option<(&mut Keeper, &Folder)>,
) -> Result<End, String> {
    let mut interval = tokio::time::interval(TICK);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let (mut chronicle, mut news_to_keep) = (Chronicle::default(), false);
    loop {
        let end = tokio::select! {
            code = command.end() => Some(End::Program(code?)),
            stop = signals.stop() => Some(End::Told(stop)),
            _ = interval.tick() => None,
        };
        tick(&running.core.clock);
        wake(running).await;
        let events = running.core.drain();
        news_to_keep |= !events.is_empty();
        if let Some((keeper, folder)) = &mut keeping {
            running.core.settled().await.map_err(|e| e.to_string())?;
            if news_to_keep {
                news_to_keep = !keeper.keep(running, folder).await?;
            }
        }
        // What nobody hears is not put into words.
        let news = match voice {
            Voice::Quiet => String::new(),
            _ => chronicle.news(events, running.core.clock.now()),
        };
        if !news.is_empty() && !voice.say(&folded(&news))? {
            return Ok(End::Unheard);
        }
        if let Some(end) = end {
            return Ok(end);
        }
    }
}

/// Where things are said: on standard output, or beside it where that is the program's.
#[derive(Debug, Clone, Copy)]
enum Voice {
    Out,
    Beside,
    Quiet,
}

impl Voice {
    fn of(wish: &Wish) -> Voice {
        match (wish.quiet, wish.command.is_empty()) {
            (true, _) => Voice::Quiet,
            (false, true) => Voice::Out,
            (false, false) => Voice::Beside,
        }
    }

    /// Says something; `false` where nobody reads on, and the world may go.
    fn say(self, text: &str) -> Result<bool, String> {
        let said = match self {
            Voice::Out => writeln!(std::io::stdout(), "{text}"),
            Voice::Beside => writeln!(std::io::stderr(), "{text}").or(Ok(())),
            Voice::Quiet => Ok(()),
        };
        match said {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == ErrorKind::BrokenPipe => Ok(false),
            Err(e) => Err(format!("cannot write the output: {e}")),
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

pub(crate) fn load(what: &str) -> Result<Scenario, String> {
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

#[cfg(test)]
mod tests;
