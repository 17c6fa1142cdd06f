//! Provisioning at Access and at UEM: which people and groups there are, by what rules they come and go, and whom the
//! provisioning adapter brings to UEM.

use crate::Oracle;
use crate::provisioning::{AppUser, Job};
use crate::pushing::Mapping;
use crate::reach::Reach;
use federation::Time;
use federation::tenant::access::{AdapterDelete, ClassicPut, Directory, DirectoryKind, UserNameScope};
use federation::tenant::provisioning::{DeploymentType, ProvisioningAdapter, UserAttribute};
use federation::tenant::scim_client::{MatchBy, ScimVersion, ServerError, UpdateWith};
use scenarios::BreakHow;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Somebody as Access has her, and as Okta's profile says she should be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Person {
    pub login: String,
    pub first: String,
    pub last: String,
    pub email: String,
    pub domain: String,
    pub external_id: String,
    pub more: BTreeMap<String, String>,
    pub active: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Group {
    pub domain: String,
    pub name: String,
    pub members: BTreeSet<usize>,
}

impl Group {
    pub fn new(domain: &str, name: &str) -> Group {
        Group { domain: domain.into(), name: name.into(), members: BTreeSet::new() }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub until: Time,
}

pub(crate) enum Trouble {
    Failed,
    /// After so long, where the target said how long.
    Later(Option<Duration>),
}

/// Whom the adapter has to look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Concern {
    Person(usize),
    Group(usize),
}

/// Everything that provisioning has made.
#[derive(Debug, Clone, Default)]
pub(crate) struct Provisioned {
    /// Time to live of clients that steps have made.
    pub clients: BTreeMap<String, u32>,
    pub tokens: BTreeMap<String, Token>,
    /// What Okta's app shows.
    pub pasted: Option<Token>,
    /// Directories that steps have made: name, domain, local or not.
    pub made: Vec<(String, String, bool)>,
    /// How often somebody was deleted at Okta.
    pub generations: BTreeMap<String, u32>,
    pub app_users: BTreeMap<String, AppUser>,
    pub mappings: BTreeMap<String, Mapping>,
    /// What Okta tries again, and after how many tries.
    pub later: Vec<(Time, Job, u32)>,
    /// What follows at once.
    pub after: Vec<Job>,
    /// At Access, by number; nothing where somebody was deleted.
    pub people: Vec<Option<Person>>,
    pub groups: Vec<Option<Group>>,
    /// At UEM, by the number at Access.
    pub uem_people: BTreeMap<usize, Person>,
    pub uem_groups: BTreeMap<usize, (String, BTreeSet<usize>)>,
    /// What the adapter tries again, and after how many tries.
    pub to_uem: BTreeMap<Concern, (Time, u32)>,
}

/// Marks people whom the oracle lays over the author's world.
pub(crate) const LAID: &str = "provisioned/";

impl Oracle {
    /// The directories of the settings and those that steps have made.
    pub(crate) fn directories(&self) -> Vec<Directory> {
        let made = self.provisioned.made.iter().map(|(name, domain, local)| Directory {
            name: name.clone(),
            kind: if *local { DirectoryKind::Local } else { DirectoryKind::Other },
            domain: domain.clone(),
            users: Vec::new(),
        });
        let own = self.world.access.directories.iter();
        let settled: Vec<Directory> =
            own.filter(|d| !self.provisioned.made.iter().any(|m| m.0 == d.name)).cloned().collect();
        settled.into_iter().chain(made).collect()
    }

    /// Answered, lost or nothing; a party with too many requests asks to be asked later, one that is down is trouble.
    pub(crate) fn reach_as(&self, from: &str, to: &str, patience: u64) -> Result<Reach, Trouble> {
        let breakage = self.breakage(from, to);
        if let Some(b) = breakage.filter(|b| b.how == BreakHow::TooManyRequests) {
            let seconds = u64::try_from(b.seconds).ok().filter(|s| *s > 0);
            return Err(Trouble::Later(seconds.map(Duration::from_secs)));
        }
        let again = self.world.okta.assumptions.provisioning.server_error == ServerError::TriesAgain;
        // scim-server-error: no answer is like an answer of the 5xx kind; nonsense is not
        match self.reach(from, to, patience) {
            Reach::Answered => Ok(Reach::Answered),
            _ if again && breakage.is_some_and(|b| b.how != BreakHow::Nonsense) => Err(Trouble::Later(None)),
            other => Ok(other),
        }
    }

    /// scim-new-users: looked for by name, linked where she is there, made where she is not
    pub(crate) fn find_or_create(&mut self, wanted: &Person) -> Result<usize, Trouble> {
        let same = |p: &Person| p.login.eq_ignore_ascii_case(&wanted.login);
        let own = self.provisioned.people.iter().enumerate();
        let named: Vec<(usize, bool)> = own
            .filter_map(|(i, p)| Some((i, p.as_ref()?)))
            .filter(|(_, p)| same(p))
            .map(|(i, p)| (i, p.domain.eq_ignore_ascii_case(&wanted.domain)))
            .collect();
        let configured = self.world.access.directories.iter().find(|d| {
            d.users.iter().any(|u| !u.name.starts_with(LAID) && u.username.eq_ignore_ascii_case(&wanted.login))
        });
        let by_name_alone = self.world.okta.assumptions.provisioning.match_by == MatchBy::UserName;
        if let Some((there, _)) = named.iter().find(|(_, here)| *here) {
            self.update(*there, wanted, true)?;
            return Ok(*there);
        }
        if let Some(directory) = configured {
            let here = directory.domain.eq_ignore_ascii_case(&wanted.domain);
            // Whoever came from Active Directory cannot be written over.
            if here || by_name_alone {
                return Err(Trouble::Failed);
            }
        }
        // A record cannot change its domain.
        if by_name_alone && !named.is_empty() {
            return Err(Trouble::Failed);
        }
        self.create(wanted, configured.is_some() || !named.is_empty())
    }

    /// The verbatim refusals: domain, kind of directory, required attributes; then the name.
    fn create(&mut self, wanted: &Person, taken_elsewhere: bool) -> Result<usize, Trouble> {
        let of_domain = |d: &&Directory| d.domain.eq_ignore_ascii_case(&wanted.domain);
        let directories = self.directories();
        let directory = directories.iter().filter(of_domain).min_by_key(|d| d.kind != DirectoryKind::Other);
        let system = wanted.domain.eq_ignore_ascii_case("System Domain");
        let fits = match directory {
            Some(d) => matches!(d.kind, DirectoryKind::Other | DirectoryKind::Local),
            None => system,
        };
        let tenant_wide = self.world.access.assumptions.scim_name_scope == UserNameScope::Tenant;
        if !fits || !self.complete(wanted, None) || (tenant_wide && taken_elsewhere) {
            return Err(Trouble::Failed);
        }
        let domain = directory.map_or_else(|| wanted.domain.clone(), |d| d.domain.clone());
        self.provisioned.people.push(Some(Person { domain, active: true, ..wanted.clone() }));
        let number = self.provisioned.people.len() - 1;
        self.bring_to_uem(&Concern::Person(number), 0);
        Ok(number)
    }

    /// Required attributes are there, or were never there.
    fn complete(&self, wanted: &Person, before: Option<&Person>) -> bool {
        let has = |p: &Person, attribute: &UserAttribute| match attribute {
            UserAttribute::UserName => !p.login.is_empty(),
            UserAttribute::FirstName => !p.first.is_empty(),
            UserAttribute::LastName => !p.last.is_empty(),
            UserAttribute::Email => !p.email.is_empty(),
            UserAttribute::Phone => p.more.contains_key("phone"),
            UserAttribute::EmployeeID => p.more.contains_key("employeeID"),
            UserAttribute::DistinguishedName => p.more.contains_key("distinguishedName"),
            UserAttribute::UserPrincipalName => p.more.contains_key("userPrincipalName"),
        };
        let required = &self.world.access.provisioning.required_attributes;
        !wanted.login.is_empty() && required.iter().all(|a| has(wanted, a) || before.is_some_and(|b| !has(b, a)))
    }

    /// `activate`: she is being assigned; a profile push never changes the status (documented).
    pub(crate) fn update(&mut self, number: usize, wanted: &Person, activate: bool) -> Result<(), Trouble> {
        let Some(Some(there)) = self.provisioned.people.get(number).cloned() else { return Err(Trouble::Failed) };
        let classic = self.world.okta.workspace_one_app.as_ref().is_some_and(|a| a.protocol == ScimVersion::V11);
        let put = self.world.okta.assumptions.provisioning.update_with == UpdateWith::Put;
        // scim-classic-put
        if classic && put && self.world.access.assumptions.scim_classic_put == ClassicPut::Refused {
            return Err(Trouble::Failed);
        }
        let taken = self.provisioned.people.iter().enumerate().any(|(i, p)| {
            let other = p.as_ref().filter(|_| i != number);
            other.is_some_and(|p| p.login.eq_ignore_ascii_case(&wanted.login) && p.domain == there.domain)
        });
        let moved = !there.domain.eq_ignore_ascii_case(&wanted.domain);
        if taken || moved || !self.complete(wanted, Some(&there)) {
            return Err(Trouble::Failed);
        }
        // A merge and a replacement over what was read both keep what the profile leaves out.
        let mut more = there.more.clone();
        more.extend(wanted.more.clone());
        let kept = |new: &String, old: &String| if new.is_empty() { old.clone() } else { new.clone() };
        let person = Person {
            active: there.active || activate,
            domain: there.domain.clone(),
            first: kept(&wanted.first, &there.first),
            last: kept(&wanted.last, &there.last),
            email: kept(&wanted.email, &there.email),
            more,
            ..wanted.clone()
        };
        self.provisioned.people[number] = Some(person);
        self.bring_to_uem(&Concern::Person(number), 0);
        Ok(())
    }

    /// scim-chain: deactivated at Access, and then at UEM
    pub(crate) fn deactivate(&mut self, number: usize) {
        if let Some(Some(person)) = self.provisioned.people.get_mut(number) {
            person.active = false;
            self.bring_to_uem(&Concern::Person(number), 0);
        }
    }

    pub(crate) fn delete_at_access(&mut self, login: &str) {
        let domain = self.world.okta.workspace_one_app.as_ref().map(|a| a.domain.clone()).unwrap_or_default();
        let here = |p: &Option<Person>| {
            p.as_ref().is_some_and(|p| p.login.eq_ignore_ascii_case(login) && p.domain.eq_ignore_ascii_case(&domain))
        };
        let Some(number) = self.provisioned.people.iter().position(here) else { return };
        if !self.admin_reaches_access() {
            return;
        }
        self.provisioned.people[number] = None;
        for group in self.provisioned.groups.iter_mut().flatten() {
            group.members.remove(&number);
        }
        self.bring_to_uem(&Concern::Person(number), 0);
    }

    pub(crate) fn delete_at_uem(&mut self, login: &str) {
        let of = |(_, p): &(&usize, &Person)| p.login.eq_ignore_ascii_case(login);
        if let Some(number) = self.provisioned.uem_people.iter().find(of).map(|(n, _)| *n) {
            self.provisioned.uem_people.remove(&number);
            for (_, members) in self.provisioned.uem_groups.values_mut() {
                members.remove(&number);
            }
        }
    }

    pub(crate) fn group_named(&self, domain: &str, name: &str) -> Option<usize> {
        let here = |g: &Group| g.domain.eq_ignore_ascii_case(domain) && g.name.eq_ignore_ascii_case(name);
        self.provisioned.groups.iter().position(|g| g.as_ref().is_some_and(here))
    }

    /// A group of that name wherever it lies. One of Active Directory counts, and can be linked to no purpose.
    pub(crate) fn any_group_named(&self, name: &str) -> Option<usize> {
        let made =
            self.provisioned.groups.iter().position(|g| g.as_ref().is_some_and(|g| g.name.eq_ignore_ascii_case(name)));
        let users = self.world.access.directories.iter().flat_map(|d| &d.users).filter(|u| !u.name.starts_with(LAID));
        let synced = users.flat_map(|u| &u.groups).any(|g| g.eq_ignore_ascii_case(name));
        made.or(synced.then_some(usize::MAX))
    }

    pub(crate) fn change_members(
        &mut self,
        group: usize,
        add: impl Iterator<Item = usize>,
        gone: impl Iterator<Item = usize>,
    ) {
        if let Some(Some(group)) = self.provisioned.groups.get_mut(group) {
            let gone: BTreeSet<usize> = gone.collect();
            group.members.retain(|number| !gone.contains(number));
            group.members.extend(add);
        }
        self.bring_to_uem(&Concern::Group(group), 0);
    }

    pub(crate) fn delete_group(&mut self, group: usize) {
        if let Some(place) = self.provisioned.groups.get_mut(group) {
            *place = None;
        }
        self.bring_to_uem(&Concern::Group(group), 0);
    }

    fn adapter(&self) -> Option<&ProvisioningAdapter> {
        let adapter = self.world.access.provisioning.airwatch.as_ref();
        adapter.filter(|a| a.deployment == DeploymentType::Automatic)
    }

    /// scim-chain: the adapter at Access tells UEM; while UEM is away it tries again with growing pauses
    pub(crate) fn bring_to_uem(&mut self, what: &Concern, tries: u32) {
        let Some(adapter) = self.adapter().cloned() else { return };
        let Some(uem) = self.world.access.uem.clone() else { return };
        let concerns = match what {
            Concern::Person(number) => {
                self.provisioned.uem_people.contains_key(number) || self.wished(&adapter, *number).is_some()
            }
            Concern::Group(number) => {
                self.provisioned.uem_groups.contains_key(number)
                    || self
                        .provisioned
                        .groups
                        .get(*number)
                        .and_then(Option::as_ref)
                        .is_some_and(|g| adapter.provisioned_groups.contains(&g.name))
            }
        };
        if !concerns {
            return;
        }
        let api = &self.world.uem.api;
        let right = api.key == uem.api_key && api.admin == uem.admin && api.password == uem.password;
        let answered = self.reach("access", "uem", uem.timeout_ms) == Reach::Answered;
        if !(answered && right && uem.host == self.world.uem.host) {
            let minutes = 1u64.checked_shl(tries).unwrap_or(60).min(60);
            let at = self.at("access") + Duration::from_secs(minutes * 60);
            self.provisioned.to_uem.insert(what.clone(), (at, tries + 1));
            return;
        }
        self.provisioned.to_uem.remove(what);
        match what {
            Concern::Person(number) => self.person_at_uem(&adapter, *number),
            Concern::Group(number) => self.group_at_uem(&adapter, *number),
        }
    }

    /// The adapter has been told something new: it looks at everybody.
    pub(crate) fn everybody_to_uem(&mut self) {
        (0..self.provisioned.people.len()).for_each(|number| self.bring_to_uem(&Concern::Person(number), 0));
        (0..self.provisioned.groups.len()).for_each(|number| self.bring_to_uem(&Concern::Group(number), 0));
    }

    /// Somebody of a directory that the adapter looks at, entitled and complete.
    fn wished(&self, adapter: &ProvisioningAdapter, number: usize) -> Option<Person> {
        let person = self.provisioned.people.get(number)?.clone()?;
        let kind = self.directories().into_iter().find(|d| d.domain == person.domain)?.kind;
        let looked_at = matches!(kind, DirectoryKind::Other | DirectoryKind::Jit);
        let mut groups = self.provisioned.groups.iter().flatten().filter(|g| g.members.contains(&number));
        let entitled = adapter.entitled_groups.is_empty() || groups.any(|g| adapter.entitled_groups.contains(&g.name));
        let complete = [&person.first, &person.last, &person.email, &person.external_id].iter().all(|t| !t.is_empty());
        (looked_at && entitled && complete).then_some(person)
    }

    fn person_at_uem(&mut self, adapter: &ProvisioningAdapter, number: usize) {
        let wished = self.wished(adapter, number);
        let there = self.provisioned.uem_people.get(&number).cloned();
        let groups = &self.world.uem.organization_groups;
        let wanted = &adapter.organization_group;
        let place = groups.iter().any(|g| g.group_id.eq_ignore_ascii_case(wanted) || g.name == *wanted);
        match (wished, there) {
            (Some(person), None) if person.active && place => {
                self.provisioned.uem_people.insert(number, person);
                let groups = self.provisioned.groups.iter().enumerate();
                let hers: Vec<usize> = groups
                    .filter(|(_, g)| g.as_ref().is_some_and(|g| g.members.contains(&number)))
                    .map(|(i, _)| i)
                    .collect();
                hers.into_iter().for_each(|g| self.bring_to_uem(&Concern::Group(g), 0));
            }
            (Some(person), Some(_)) => drop(self.provisioned.uem_people.insert(number, person)),
            (None, Some(there)) => {
                let deleted = self.provisioned.people.get(number).is_none_or(Option::is_none);
                // adapter-delete
                if deleted && self.world.access.assumptions.adapter_delete == AdapterDelete::Deletes {
                    self.provisioned.uem_people.remove(&number);
                } else {
                    self.provisioned.uem_people.insert(number, Person { active: false, ..there });
                }
            }
            _ => {}
        }
    }

    fn group_at_uem(&mut self, adapter: &ProvisioningAdapter, number: usize) {
        let group = self.provisioned.groups.get(number).cloned().flatten();
        match group.filter(|g| adapter.provisioned_groups.contains(&g.name)) {
            Some(group) => {
                let there = |n: &usize| self.provisioned.uem_people.contains_key(n);
                let members = group.members.iter().copied().filter(there).collect();
                self.provisioned.uem_groups.insert(number, (group.name, members));
            }
            None => drop(self.provisioned.uem_groups.remove(&number)),
        }
    }
}
