//! What comes next for one pushed group, and who is a member of it at the target.

use super::{RULE, members};
use crate::ledger::{AppUser, Mapping};
use federation::tenant::Okta;
use federation::tenant::scim_client::{NameMatch, PushNow, PushRule, PushStatus, SameGroup, WorkspaceOneApp};
use federation::{Finding, Why};
use std::collections::{BTreeMap, BTreeSet};

/// How a group is pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    pub name: String,
    pub status: PushStatus,
    pub link: Option<String>,
    /// The rule that pushes it; by name, where there is none.
    pub rule: Option<String>,
}

fn fits(rule: &PushRule, group: &str) -> bool {
    match rule.group_name {
        NameMatch::StartsWith => group.starts_with(&rule.value),
        NameMatch::EndsWith => group.ends_with(&rule.value),
        NameMatch::Contains => group.contains(&rule.value),
    }
}

/// The groups that are pushed or were: by name first, then by rule.
pub fn pushed(okta: &Okta, app: &WorkspaceOneApp) -> Vec<Pushed> {
    let mut all: Vec<Pushed> = Vec::new();
    for group in &app.push_groups {
        let (name, link) = (group.name.clone(), group.link.clone());
        all.push(Pushed { name, status: group.push, link, rule: None });
    }
    let groups: BTreeSet<&String> = okta.users.iter().flat_map(|u| &u.groups).collect();
    for group in groups {
        let by_rule = app.push_rules.iter().find(|rule| fits(rule, group));
        if let Some(rule) = by_rule.filter(|_| !all.iter().any(|p| p.name == *group)) {
            let (name, rule) = (group.clone(), Some(rule.name.clone()));
            all.push(Pushed { name, status: PushStatus::Active, link: None, rule });
        }
    }
    all
}

/// The next thing to do about a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Make or link it, with everybody who can be in it.
    Create,
    /// Those who came and went.
    Members,
    /// Everybody anew.
    Whole,
    /// Keep it at the target and stop pushing.
    Rest,
    /// Forget the link.
    Unlink,
    /// Forget the link and delete the group at the target.
    Delete,
    Nothing,
}

impl std::fmt::Display for Act {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Act::Create => "push",
            Act::Members => "push who came to and left",
            Act::Whole => "push the whole of",
            Act::Rest => "stop pushing",
            Act::Unlink => "unlink, and leave,",
            Act::Delete => "unlink, and delete,",
            Act::Nothing => "nothing",
        })
    }
}

/// A push that failed waits for an administrator; a link that ends does not.
pub fn next(okta: &Okta, wish: Option<&Pushed>, name: &str, mapping: Option<&Mapping>, whole: bool) -> Act {
    let status = wish.map_or(PushStatus::Unlinked, |w| w.status);
    match (status, mapping) {
        (PushStatus::Active, None) => Act::Create,
        (PushStatus::Active, Some(m)) if m.trouble.is_some() && !whole => Act::Nothing,
        (PushStatus::Active, Some(m)) if m.id.is_none() => Act::Create,
        (PushStatus::Active, Some(m)) if m.inactive || whole => Act::Whole,
        (PushStatus::Active, Some(m)) => {
            let now: BTreeSet<String> = members(okta, name).map(|u| u.name.clone()).collect();
            if now == m.seen { Act::Nothing } else { Act::Members }
        }
        (PushStatus::Inactive, Some(m)) if !m.inactive => Act::Rest,
        (PushStatus::Inactive, _) | (_, None) => Act::Nothing,
        (PushStatus::Deleted, Some(m)) if m.id.is_some() => Act::Delete,
        (PushStatus::Deleted | PushStatus::Unlinked, Some(_)) => Act::Unlink,
    }
}

/// What is sent about members: ids by name, those who come and those who go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemberChange {
    pub add: BTreeMap<String, String>,
    pub remove: BTreeMap<String, String>,
    /// Members of Okta's group who are left out.
    pub ignored: Vec<String>,
}

/// Who can be told of.
pub struct Facts<'a> {
    pub people: &'a BTreeMap<String, AppUser>,
    pub mapping: &'a Mapping,
    /// Whose assignment changes in the same moment.
    pub racing: &'a BTreeSet<String>,
    pub whole: bool,
}

/// A member of the pushed group is somebody who is in Okta's group and has been provisioned; everybody else is left out
/// without a word (documented).
pub fn changes(okta: &Okta, app: &WorkspaceOneApp, name: &str, facts: &Facts<'_>, why: &mut impl Why) -> MemberChange {
    let assigns = app.assigned.groups.iter().any(|g| g == name);
    let race = assigns && !facts.racing.is_empty();
    if race {
        why.note(|| Finding::new("assumes/same-group").rule("okta.assumptions.provisioning.same_group").saw(name));
    }
    let loses = |who: &str| {
        race && okta.assumptions.provisioning.same_group == SameGroup::PushLoses && facts.racing.contains(who)
    };
    let id = |who: &str| facts.people.get(who).and_then(|r| r.id.clone()).filter(|_| !loses(who));
    let now: BTreeSet<String> = members(okta, name).map(|u| u.name.clone()).collect();
    let mut change = MemberChange::default();
    for who in now.iter().filter(|who| facts.whole || !facts.mapping.seen.contains(*who)) {
        match id(who) {
            Some(id) => drop(change.add.insert(who.clone(), id)),
            None => change.ignored.push(who.clone()),
        }
    }
    let left = |who: &&String| !now.contains(*who) && (facts.whole || facts.mapping.seen.contains(*who));
    for (who, there) in facts.mapping.members.iter().filter(|(who, _)| left(who)) {
        // Whoever is not assigned any more cannot be told of, but for a push of the whole group.
        match id(who).or_else(|| facts.whole.then(|| there.clone())) {
            Some(id) => drop(change.remove.insert(who.clone(), id)),
            None => change.ignored.push(who.clone()),
        }
    }
    if !change.ignored.is_empty() {
        why.note(|| {
            Finding::new("push/not-provisioned")
                .rule(format!("{RULE}.assigned"))
                .saw(change.ignored.join(", "))
                .wanted("provisioned before the push")
        });
    }
    change
}

/// Whether *Push Now* fails before anything is sent: the documented fault, whose cause is not.
pub fn push_now_fails(okta: &Okta, mapping: Option<&Mapping>, why: &mut impl Why) -> bool {
    why.note(|| Finding::new("assumes/push-now").rule("okta.assumptions.provisioning.push_now"));
    let fails =
        okta.assumptions.provisioning.push_now == PushNow::FailsFirst && !mapping.is_some_and(|m| m.push_now_failed);
    if fails {
        why.note(|| Finding::new("push/push-now-failed").wanted("Retry All Groups"));
    }
    fails
}
