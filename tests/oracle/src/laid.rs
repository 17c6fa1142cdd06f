//! What provisioning has made, as the rest of the oracle sees it: people laid over the author's world, who may enrol, and the
//! state of people and groups at Access and UEM.

use crate::Oracle;
use crate::provisioned::{LAID, Person};
use federation::tenant::access::{Directory, DirectoryKind, User};
use federation::tenant::uem::Before1909;
use scenarios::{Stated, Thing};
use std::collections::BTreeSet;

impl Oracle {
    /// scim-minimum: before 19.09 UEM enrols nobody who is known by another's id
    pub(crate) fn may_enrol(&self, login: &str) -> Option<String> {
        let mut people = self.provisioned.uem_people.iter();
        let (number, person) = people.find(|(_, p)| p.login.eq_ignore_ascii_case(login))?;
        let number_of = |text: &str| text.parse::<u32>().ok();
        let release = self.world.uem.version.as_deref().and_then(|v| v.split_once('.'));
        let old =
            release.and_then(|(year, month)| Some((number_of(year)?, number_of(month)?))).is_some_and(|v| v < (19, 9));
        let lacks = old && self.world.uem.assumptions.before_19_09 == Before1909::NoEnrolment;
        (person.active && !lacks).then(|| format!("{LAID}{number}"))
    }

    /// People of the author's world are in it; those who were provisioned are laid over it, so that every other rule of the
    /// oracle sees them.
    pub(crate) fn lay_people(&mut self) {
        for (name, domain, local) in self.provisioned.made.clone() {
            if !self.world.access.directories.iter().any(|d| d.name == name) {
                let kind = if local { DirectoryKind::Local } else { DirectoryKind::Other };
                self.world.access.directories.push(Directory { name, kind, domain, users: Vec::new() });
            }
        }
        let groups_of = |number: usize| -> Vec<String> {
            let groups = self.provisioned.groups.iter().flatten().filter(|g| g.members.contains(&number));
            groups.map(|g| g.name.clone()).collect()
        };
        let people: Vec<(String, User)> = self
            .provisioned
            .people
            .iter()
            .enumerate()
            .filter_map(|(number, p)| Some((number, p.as_ref()?)))
            .map(|(number, p)| {
                let user = User {
                    name: format!("{LAID}{number}"),
                    username: p.login.clone(),
                    email: p.email.clone(),
                    upn: p.more.get("userPrincipalName").cloned(),
                    password: String::new(),
                    groups: groups_of(number),
                    enabled: p.active,
                };
                (p.domain.clone(), user)
            })
            .collect();
        for directory in &mut self.world.access.directories {
            directory.users.retain(|u| !u.name.starts_with(LAID));
            let here = people.iter().filter(|(domain, _)| domain.eq_ignore_ascii_case(&directory.domain));
            directory.users.extend(here.map(|(_, user)| user.clone()));
        }
        self.world.uem.users.retain(|u| !u.name.starts_with(LAID));
        for (number, person) in &self.provisioned.uem_people {
            self.world.uem.users.push(federation::tenant::uem::User {
                name: format!("{LAID}{number}"),
                username: person.login.clone(),
                email: person.email.clone(),
                upn: None,
                password: String::new(),
                organization_group: None,
            });
        }
    }

    pub(crate) fn state_at_access_and_uem(&self, thing: &Thing) -> Option<Stated> {
        let word = |text: &str| Some(Stated::Word(text.into()));
        let at_access = |domain: &str, login: &str| {
            let here = |p: &&Person| p.domain.eq_ignore_ascii_case(domain) && p.login.eq_ignore_ascii_case(login);
            self.provisioned.people.iter().flatten().find(here)
        };
        let logins = |numbers: &BTreeSet<usize>| {
            let person = |n: &usize| Some(self.provisioned.people.get(*n)?.as_ref()?.login.clone());
            let mut names: Vec<String> = numbers.iter().filter_map(person).collect();
            names.sort();
            Some(Stated::Names(names))
        };
        match thing {
            Thing::AccessPerson { domain, login } => match at_access(domain, login) {
                Some(p) => word(if p.active { "active" } else { "disabled" }),
                None => {
                    let of = |d: &&Directory| d.domain.eq_ignore_ascii_case(domain);
                    let users = self.world.access.directories.iter().filter(of).flat_map(|d| &d.users);
                    match users.into_iter().find(|u| u.username.eq_ignore_ascii_case(login)) {
                        Some(u) => word(if u.enabled { "active" } else { "disabled" }),
                        None => word("none"),
                    }
                }
            },
            Thing::AccessName { domain, login } => {
                at_access(domain, login).map(|p| Stated::Word(format!("{} {}", p.first, p.last)))
            }
            Thing::AccessGroup { domain, group } => match self.group_named(domain, group) {
                Some(number) => logins(&self.provisioned.groups.get(number)?.as_ref()?.members),
                None => word("none"),
            },
            Thing::UemPerson(login) => match self.at_uem(login) {
                Some(p) => word(if p.active { "active" } else { "inactive" }),
                None => word("none"),
            },
            Thing::UemName(login) => match self.at_uem(login) {
                Some(p) => Some(Stated::Word(format!("{} {}", p.first, p.last))),
                None => word("none"),
            },
            Thing::UemGroup(group) => {
                match self.provisioned.uem_groups.values().find(|(name, _)| name.eq_ignore_ascii_case(group)) {
                    Some((_, members)) => {
                        let login = |n: &usize| self.provisioned.uem_people.get(n).map(|p| p.login.clone());
                        let mut names: Vec<String> = members.iter().filter_map(login).collect();
                        names.sort();
                        Some(Stated::Names(names))
                    }
                    None => word("none"),
                }
            }
            _ => None,
        }
    }

    fn at_uem(&self, login: &str) -> Option<&Person> {
        self.provisioned.uem_people.values().find(|p| p.login.eq_ignore_ascii_case(login))
    }
}
