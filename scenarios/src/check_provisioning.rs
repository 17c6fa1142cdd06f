//! Steps and states of provisioning that name what is not there.

use crate::Diagnostic;
use crate::diagnostic::did_you_mean;
use crate::expect::Stated;
use crate::provisioning::{Pasted, Provisioning, Seen, Whom};
use crate::thing::Thing;
use crate::tree::{At, Entry, Files, Node};
use federation::World;

struct Check<'a> {
    files: &'a Files,
    node: &'a Node,
    wrong: Vec<Diagnostic>,
}

impl Check<'_> {
    fn at(&self, key: &str) -> At {
        self.node.table().and_then(|keys| keys.get(key)).map_or(self.node.at, |entry| entry.node.at)
    }

    fn known<'n>(&mut self, what: &str, name: &str, among: impl IntoIterator<Item = &'n str>, key: &str) {
        let among: Vec<&str> = among.into_iter().collect();
        if !among.contains(&name) {
            let help = did_you_mean(name, among.iter().copied());
            let at = self.at(key);
            self.wrong.push(self.files.diagnostic(at, format!("there is no {what} `{name}`"), help));
        }
    }
}

fn texts(set: &std::collections::BTreeSet<String>) -> impl Iterator<Item = &str> {
    set.iter().map(String::as_str)
}

/// Complaints about one step; `node` is its value.
pub(crate) fn check_provisioning(
    files: &Files,
    (world, seen): (&World, &Seen),
    node: &Node,
    step: &Provisioning,
) -> Vec<Diagnostic> {
    let mut check = Check { files, node, wrong: Vec::new() };
    let users = || world.okta.users.iter().map(|u| u.name.as_str());
    let at_access = matches!(
        step,
        Provisioning::CreateClient(_)
            | Provisioning::GetToken(_)
            | Provisioning::CreateDirectory(_)
            | Provisioning::CreateGroup(_)
    );
    let of_people = matches!(
        step,
        Provisioning::JoinGroup(_)
            | Provisioning::LeaveGroup(_)
            | Provisioning::ChangeProfile(_)
            | Provisioning::SetStatus(_)
            | Provisioning::Delete(_)
    );
    if !at_access && !of_people && world.okta.workspace_one_app.is_none() {
        let help = "add `baseline = \"okta-provisions\"`, or `[okta.workspace_one_app]`";
        check.wrong.push(files.diagnostic(node.at, "Okta has no app that provisions in this world", help));
        return check.wrong;
    }
    if matches!(step, Provisioning::CreateClient(_)) && world.access.provisioning.administrators.is_empty() {
        let help = "add one to `access.provisioning.administrators`";
        check.wrong.push(files.diagnostic(node.at, "Access has no administrator who could do that", help));
    }
    match step {
        Provisioning::GetToken(t) => check.known("client", &t.client, texts(&seen.clients), "client"),
        Provisioning::CreateDirectory(d) => check.known("client", &d.token_of, texts(&seen.clients), "token_of"),
        Provisioning::CreateGroup(g) => {
            check.known("client", &g.token_of, texts(&seen.clients), "token_of");
            check.known("domain", &g.domain, texts(&seen.domains), "domain");
        }
        Provisioning::ConfigureProvisioning(Pasted::TokenOf(c)) => {
            check.known("client", c, texts(&seen.clients), "token_of");
        }
        Provisioning::ConfigureProvisioning(Pasted::SecretOf(c)) => {
            check.known("client", c, texts(&seen.clients), "secret_of");
        }
        Provisioning::Assign(Whom::Who(who)) | Provisioning::Unassign(Whom::Who(who)) => {
            check.known("Okta user", who, users(), "who");
        }
        Provisioning::Assign(Whom::Group(group)) | Provisioning::Unassign(Whom::Group(group)) => {
            check.known("group", group, texts(&seen.groups), "group");
        }
        Provisioning::JoinGroup(m) => check.known("Okta user", &m.who, users(), "who"),
        Provisioning::LeaveGroup(m) => {
            check.known("Okta user", &m.who, users(), "who");
            let groups = world.okta.users.iter().filter(|u| u.name == m.who).flat_map(|u| &u.groups);
            check.known("group of hers", &m.group, groups.map(String::as_str), "group");
        }
        Provisioning::PushGroup(p) => check.known("group", &p.group, texts(&seen.groups), "group"),
        Provisioning::UnlinkGroup(u) => check.known("group", &u.group, texts(&seen.groups), "group"),
        Provisioning::PushNow(p) => check.known("group", &p.group, texts(&seen.groups), "group"),
        Provisioning::ChangeProfile(c) => check.known("Okta user", &c.who, users(), "who"),
        Provisioning::SetStatus(c) => check.known("Okta user", &c.who, users(), "who"),
        Provisioning::Delete(d) => check.known("Okta user", &d.who, users(), "who"),
        Provisioning::CreateClient(_)
        | Provisioning::TestCredentials
        | Provisioning::RetryAllGroups
        | Provisioning::RetryTasks => {}
    }
    check.wrong
}

/// Complaints about the expected state of something that provisioning makes.
pub(crate) fn check_thing(
    files: &Files,
    (world, seen): (&World, &Seen),
    entry: &Entry,
    (thing, stated): (&Thing, &Stated),
) -> Vec<Diagnostic> {
    let node = Node { at: entry.key, value: entry.node.value.clone() };
    let mut check = Check { files, node: &node, wrong: Vec::new() };
    match thing {
        Thing::AppUser(who) | Thing::Task(who) => {
            check.known("Okta user", who, world.okta.users.iter().map(|u| u.name.as_str()), "");
        }
        Thing::PushedGroup(group) | Thing::GroupError(group) | Thing::UemGroup(group) => {
            check.known("group", group, texts(&seen.groups), "");
        }
        Thing::AccessPerson { domain, login } | Thing::AccessName { domain, login } => {
            check.known("domain", domain, texts(&seen.domains), "");
            check.known("login", login, texts(&seen.logins), "");
        }
        Thing::AccessGroup { domain, group } => {
            check.known("domain", domain, texts(&seen.domains), "");
            check.known("group", group, texts(&seen.groups), "");
        }
        Thing::UemPerson(login) | Thing::UemName(login) => check.known("login", login, texts(&seen.logins), ""),
        _ => {}
    }
    let listed = matches!(thing, Thing::AccessGroup { .. } | Thing::UemGroup(_));
    let at = entry.node.at;
    match stated {
        Stated::Names(names) if listed => {
            for name in names.iter().filter(|name| !seen.logins.contains(*name)) {
                let help = did_you_mean(name, texts(&seen.logins));
                check.wrong.push(files.diagnostic(at, format!("`{name}` can never be there"), help));
            }
        }
        Stated::Names(_) => {
            check.wrong.push(files.diagnostic(at, "found a list, wanted a text", "write the one word, in quotes"))
        }
        Stated::Word(word) => {
            if let Some(words) = thing.words().filter(|words| !words.contains(&word.as_str())) {
                let help = did_you_mean(word, words.iter().copied());
                check.wrong.push(files.diagnostic(at, format!("unknown value `{word}`"), help));
            }
        }
    }
    check.wrong
}
