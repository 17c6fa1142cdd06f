//! Steps and expectations that name what is not there, or that can never hold.

use crate::Diagnostic;
use crate::action::{Action, BreakHow, Breakage, Mend};
use crate::check_provisioning::check_thing;
use crate::diagnostic::{did_you_mean, did_you_mean_in};
use crate::expect::{Expect, Stated};
use crate::known::known;
use crate::provisioning::Seen;
use crate::thing::Thing;
use crate::tree::{At, Entry, Files, Node, Table, Value};
use federation::World;
use std::collections::BTreeSet;

/// A hundred years, in minutes.
const LONGEST_WAIT: u64 = 100 * 525_600;
/// Clocks further off than ten years are a slip of the finger.
const MOST_SKEW: i64 = 10 * 365 * 86_400;

/// What a transcript says of SAML messages: a name before `=`, or Access's status message.
const FLAGS: [&str; 9] = [
    "ForceAuthn",
    "IsPassive",
    "context",
    "Subject",
    "status",
    "class",
    "IsManaged",
    "IsCompliant",
    "DEVICE_NOT_MANAGED",
];

/// Complaints about one action; `node` is its value.
pub(crate) fn check_action(files: &Files, world: &World, node: &Node, action: &Action) -> Vec<Diagnostic> {
    let mut check = Check { files, world, node, wrong: Vec::new() };
    let devices: Vec<&str> = world.devices.iter().map(|d| d.name.as_str()).collect();
    let apps: Vec<&str> = world.apps.iter().map(|a| a.name.as_str()).collect();
    match action {
        Action::SignIn(s) => {
            check.known("person", &s.who, world.people.iter().map(|p| p.name.as_str()), "who");
            check.known("device", &s.on, devices, "on");
            check.known("app", &s.app, apps, "app");
            if let Some(network) = &s.network {
                check.known("network", network, world.networks.iter().map(|n| n.name.as_str()), "network");
            }
        }
        Action::FollowLink(f) | Action::EnrolPerson(f) => {
            check.known("person", &f.who, world.people.iter().map(|p| p.name.as_str()), "who");
            check.known("device", &f.on, devices, "on");
        }
        Action::Enrol(e) => {
            check.known("device", &e.device, devices, "device");
            check.known("UEM user", &e.as_user, world.uem.users.iter().map(|u| u.name.as_str()), "as_user");
        }
        Action::Unenrol(d) | Action::CheckIn(d) => check.known("device", &d.device, devices, "device"),
        Action::Wipe(w) => check.known("device", &w.device, devices, "device"),
        Action::DeviceFacts(d) => check.known("device", &d.device, devices, "device"),
        Action::InstallProfile(p)
        | Action::RemoveProfile(p)
        | Action::RenewCertificate(p)
        | Action::RevokeCertificate(p) => {
            check.known("device", &p.device, devices, "device");
            check.known("profile", &p.profile, world.uem.profiles.iter().map(|p| p.name.as_str()), "profile");
        }
        Action::PlantCertificate(p) => {
            check.known("device", &p.device, devices, "device");
            check.known("profile", &p.profile, world.uem.profiles.iter().map(|p| p.name.as_str()), "profile");
            check.known("UEM user", &p.as_user, world.uem.users.iter().map(|u| u.name.as_str()), "as_user");
        }
        Action::SignOut(s) => {
            check.known("device", &s.on, devices, "on");
            let places: Vec<&str> = ["okta", "access"].into_iter().chain(apps).collect();
            check.known("place to sign out at", &s.at, places, "at");
        }
        Action::Break(breakage) => check.breakage(breakage),
        Action::Mend(Mend { party, from }) => check.way(party, from.as_deref()),
        Action::Misbehave(m) => check.attack(&m.as_case),
        Action::Wait(wait) if wait.minutes > LONGEST_WAIT => {
            let message = format!("{} minutes are more than a hundred years", wait.minutes);
            check.say(check.at("minutes"), message, "an hour has 60, a day 1440, a year 525600");
        }
        Action::Sweep | Action::Change(_) | Action::Wait(_) | Action::Provision(_) => {}
    }
    check.wrong
}

/// Complaints about what is expected of a step; `node` is the expectation, `key` the action's.
pub(crate) fn check_expect(
    files: &Files,
    (world, seen): (&World, &Seen),
    node: &Node,
    (key, action): (&str, &Action),
    expect: &Expect,
) -> Vec<Diagnostic> {
    let mut check = Check { files, world, node, wrong: Vec::new() };
    let apt = Expect::keys_after(action);
    for (wrong, entry) in node.table().into_iter().flatten().filter(|(key, _)| !apt.contains(&key.as_str())) {
        let shown = apt.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        let message = format!("`{wrong}` says nothing of a step with `{key}`: only a sign-in has it");
        check.wrong.push(files.diagnostic(entry.key, message, format!("there is {shown}")));
    }
    if let Some(by) = &expect.by {
        let parties = ["okta", "access", "browser"].into_iter().chain(world.apps.iter().map(|a| a.name.as_str()));
        check.known("party", by, parties, "by");
    }
    check.codes(expect);
    check.log(expect);
    check.flags(expect);
    if let Some(state) = node.table().and_then(|keys| keys.get("state")) {
        check.state(state, expect, seen);
    }
    check.wrong
}

/// What differs between two worlds and stands for the whole run, and what to do instead.
pub(crate) fn frozen(before: &World, after: &World) -> Option<(&'static str, &'static str)> {
    let hosts = |w: &World| {
        [&w.okta.host, &w.access.host, &w.access.certificate_host, &w.uem.host, &w.uem.enrollment_host]
            .map(String::clone)
    };
    let places = |w: &World| w.apps.iter().map(|a| (a.name.clone(), a.host.clone())).collect::<Vec<_>>();
    let ahead = "set it in a `[[change]]`, before the first step";
    if before.start != after.start {
        Some(("`start`", "let time pass with `wait`"))
    } else if before.devices != after.devices {
        Some(("devices", "use `device_facts`, `enrol`, `unenrol` or `wipe`"))
    } else if before.people != after.people {
        Some(("people", "change their accounts, under `okta.users`, `access.directories` and `uem.users`"))
    } else if before.networks != after.networks {
        Some(("networks", "choose one with `network` of `sign_in`"))
    } else if hosts(before) != hosts(after) {
        Some(("host names", ahead))
    } else if places(before) != places(after) {
        Some(("the apps there are and their hosts", ahead))
    } else {
        None
    }
}

struct Check<'a> {
    files: &'a Files,
    world: &'a World,
    node: &'a Node,
    wrong: Vec<Diagnostic>,
}

impl<'a> Check<'a> {
    fn entry(&self, key: &str) -> Option<&'a Entry> {
        self.node.table()?.get(key)
    }

    fn at(&self, key: &str) -> At {
        self.entry(key).map_or(self.node.at, |entry| entry.node.at)
    }

    fn say(&mut self, at: At, message: impl Into<String>, help: impl Into<String>) {
        self.wrong.push(self.files.diagnostic(at, message, help));
    }

    fn known<'n>(&mut self, what: &str, name: &str, among: impl IntoIterator<Item = &'n str>, key: &str) {
        let among: Vec<&str> = among.into_iter().collect();
        if !among.contains(&name) {
            let help = did_you_mean(name, among.iter().copied());
            self.say(self.at(key), format!("there is no {what} `{name}`"), help);
        }
    }

    fn attack(&mut self, name: &str) {
        if !known().attacks.iter().any(|known| known == name) {
            let help = did_you_mean_in(name, known().attacks.iter().map(String::as_str), "docs/attacks.md");
            self.say(self.at("as"), format!("there is no attack `{name}`"), help);
        }
    }

    /// A party, and who calls it.
    fn way(&mut self, party: &str, from: Option<&str>) {
        let world = self.world;
        let parties: Vec<&str> =
            ["okta", "access", "uem"].into_iter().chain(world.apps.iter().map(|a| a.name.as_str())).collect();
        self.known("party", party, parties.iter().copied(), "party");
        if let Some(from) = from {
            let callers = parties.into_iter().chain(world.devices.iter().map(|d| d.name.as_str()));
            self.known("party or device", from, callers, "from");
        }
    }

    fn breakage(&mut self, breakage: &Breakage) {
        self.way(&breakage.party, breakage.from.as_deref());
        let skewed = breakage.how == BreakHow::ClockSkew;
        let timed = skewed || breakage.how == BreakHow::TooManyRequests;
        for (key, fits, how) in [("delay_ms", breakage.how == BreakHow::Slow, "slow"), ("seconds", timed, "clock-skew")]
        {
            if let Some(entry) = self.entry(key).filter(|_| !fits) {
                let help = format!("add `how = \"{how}\"`, or leave `{key}` out");
                self.say(entry.key, format!("`{key}` belongs to `how = \"{how}\"`"), help);
            }
        }
        if skewed && self.entry("seconds").is_none() {
            let help = "add `seconds = 180`; below zero, the clock is behind";
            self.say(self.node.at, "the key `seconds` is missing", help);
        }
        if breakage.seconds.abs() > MOST_SKEW {
            let message = format!("a clock that is {} seconds off is no clock", breakage.seconds);
            self.say(self.at("seconds"), message, format!("{MOST_SKEW} seconds, ten years, are the most"));
        }
        if let Some(entry) = self.entry("from").filter(|_| skewed) {
            self.say(entry.key, "a clock is wrong for everybody", "leave `from` out");
        }
    }

    /// Place of the `i`th item of the list under `key`.
    fn item(&self, key: &str, i: usize) -> At {
        let list = self.entry(key).and_then(|entry| entry.node.list());
        list.and_then(|list| list.get(i)).map_or(self.node.at, |node| node.at)
    }

    fn codes(&mut self, expect: &Expect) {
        let mut paths = None;
        for (i, wanted) in expect.because.iter().enumerate() {
            let word = wanted.strip_prefix('!').unwrap_or(wanted);
            let (code, rule) = word.split_once(' ').map_or((word, None), |(code, rule)| (code, Some(rule)));
            let at = self.item("because", i);
            if !known().codes.iter().any(|known| known == code) {
                let help = did_you_mean_in(code, known().codes.iter().map(String::as_str), "docs/findings.md");
                self.say(at, format!("there is no finding `{code}`"), help);
            }
            let Some(rule) = rule else { continue };
            let paths = paths.get_or_insert_with(|| setting_paths(self.world));
            if !paths.contains(rule) {
                let help = did_you_mean(rule, paths.iter().map(String::as_str).filter(|path| near(path, rule)));
                self.say(at, format!("there is no setting `{rule}`"), help);
            }
        }
    }

    fn log(&mut self, expect: &Expect) {
        for (i, wanted) in expect.log.iter().enumerate() {
            let word = wanted.strip_prefix('!').unwrap_or(wanted);
            let event = word.split_once(' ').map_or(word, |(event, _)| event);
            if !known().events.iter().any(|known| known == event) {
                let help = did_you_mean_in(event, known().events.iter().map(String::as_str), "docs/findings.md");
                self.say(self.item("log", i), format!("there is no log event `{event}`"), help);
            }
        }
    }

    /// A flag that no message has would never be seen, and its absence always.
    fn flags(&mut self, expect: &Expect) {
        for (i, wanted) in expect.flags.iter().enumerate() {
            let word = wanted.strip_prefix('!').unwrap_or(wanted);
            let flag = word.split_once('=').map_or(word, |(flag, _)| flag);
            if !FLAGS.contains(&flag) {
                let at = self.item("flags", i);
                self.say(at, format!("no message has a flag `{flag}`"), did_you_mean(flag, FLAGS));
            }
        }
    }

    fn state(&mut self, written: &Entry, expect: &Expect, seen: &Seen) {
        let mut places = Vec::new();
        if let Value::Table(table) = &written.node.value {
            leaves("", table, &mut places);
        }
        let paths = Thing::paths(self.world);
        for (path, entry) in places {
            if let Some(thing) = Thing::parse(&path).filter(Thing::is_provisioned) {
                let stated = expect.state.0.get(&path);
                let wrong = stated.map(|stated| check_thing(self.files, (self.world, seen), entry, (&thing, stated)));
                self.wrong.extend(wrong.into_iter().flatten());
                continue;
            }
            let thing = Thing::parse(&path).filter(|_| paths.contains(&path));
            let (Some(thing), Some(stated)) = (thing, expect.state.0.get(&path)) else {
                let help = did_you_mean(&path, paths.iter().map(String::as_str));
                self.say(entry.key, format!("there is no state of `{path}`"), help);
                continue;
            };
            match (stated, thing.names(self.world)) {
                (Stated::Names(names), Some(among)) => {
                    for name in names.iter().filter(|name| !among.contains(&name.as_str())) {
                        self.say(
                            entry.node.at,
                            format!("`{name}` can never be there"),
                            did_you_mean(name, among.clone()),
                        );
                    }
                }
                (Stated::Word(word), Some(_)) => {
                    let none = ["", "none"].contains(&word.as_str());
                    let help = if none { "write `[]`".into() } else { format!("write `[\"{word}\"]`") };
                    self.say(entry.node.at, "found a text, wanted a list of names", help);
                }
                (Stated::Names(_), None) => {
                    let word = thing.words().and_then(|words| words.first().copied()).unwrap_or("…");
                    self.say(entry.node.at, "found a list, wanted a text", format!("write `\"{word}\"`"));
                }
                (Stated::Word(word), None) => {
                    let words = thing.words().unwrap_or_default();
                    if !words.is_empty() && !words.contains(&word.as_str()) {
                        self.say(
                            entry.node.at,
                            format!("unknown value `{word}`"),
                            did_you_mean(word, words.iter().copied()),
                        );
                    }
                }
            }
        }
    }
}

/// Whether a path is worth proposing for another: it lies as deep.
fn near(path: &str, wrong: &str) -> bool {
    path.matches('.').count() == wrong.matches('.').count()
}

/// Dotted paths of a table of tables, each with its last entry.
fn leaves<'a>(path: &str, table: &'a Table, found: &mut Vec<(String, &'a Entry)>) {
    for (key, entry) in table {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match &entry.node.value {
            Value::Table(further) => leaves(&path, further, found),
            _ => found.push((path, entry)),
        }
    }
}

/// The paths of all settings, written or not.
fn setting_paths(world: &World) -> BTreeSet<String> {
    fn walk(path: &str, value: &toml::Value, found: &mut BTreeSet<String>) {
        match value {
            toml::Value::Table(table) => {
                table.iter().for_each(|(key, value)| step(path, key, value, found));
            }
            toml::Value::Array(list) => {
                for (i, item) in list.iter().enumerate() {
                    let name = item.get("name").and_then(toml::Value::as_str);
                    step(path, name.unwrap_or(&i.to_string()), item, found);
                }
            }
            _ => {}
        }
    }
    fn step(path: &str, key: &str, value: &toml::Value, found: &mut BTreeSet<String>) {
        let path = if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
        walk(&path, value, found);
        found.insert(path);
    }
    let mut found = BTreeSet::new();
    if let Ok(value) = toml::Value::try_from(world) {
        walk("", &value, &mut found);
    }
    found
}
