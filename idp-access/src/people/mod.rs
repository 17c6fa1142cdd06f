//! Everybody that Access knows, behind one look-up: the people that the tenant was configured with and those that came
//! over SCIM, with directories, groups and OAuth clients.
//!
//! Remembers and finds; what may be written is decided in `decide::scim`. Looking somebody up by id, login, mail, UPN or
//! external id costs the logarithm of their number, a page at any offset likewise, a write no more than the record.

mod index;
pub mod queue;
pub mod record;
pub mod seed;

use federation::tenant::access as tenant;
use index::Index;
pub use record::{Change, Client, Directory, Group, SYSTEM_DOMAIN, User};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(crate) fn folded(text: &str) -> String {
    text.to_lowercase()
}

/// By what somebody is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named<'a> {
    Login(&'a str),
    Email(&'a str),
    Upn(&'a str),
}

impl<'a> Named<'a> {
    pub fn text(self) -> &'a str {
        let (Named::Login(text) | Named::Email(text) | Named::Upn(text)) = self;
        text
    }
}

type Slot = u32;

#[derive(Debug, Default)]
pub struct People {
    directories: BTreeMap<String, Arc<Directory>>,
    users: Vec<Option<Arc<User>>>,
    /// Taken slots in the order of creation.
    order: Vec<Slot>,
    by_id: BTreeMap<String, Slot>,
    /// By directory and name.
    by_key: BTreeMap<(String, String), Slot>,
    by_login: Index<Slot>,
    by_email: Index<Slot>,
    by_upn: Index<Slot>,
    by_external_id: Index<Slot>,
    groups: BTreeMap<String, Arc<Group>>,
    group_order: Vec<String>,
    groups_by_name: Index<String>,
    members: BTreeMap<String, BTreeSet<Slot>>,
    memberships: BTreeMap<Slot, BTreeSet<String>>,
    clients: BTreeMap<String, Arc<Client>>,
}

impl People {
    pub fn directories(&self) -> impl Iterator<Item = &Arc<Directory>> {
        self.directories.values()
    }
    pub fn directory(&self, id: &str) -> Option<&Arc<Directory>> {
        self.directories.get(id)
    }
    pub fn directory_named(&self, name: &str) -> Option<&Arc<Directory>> {
        self.directories.values().find(|d| d.name == name)
    }
    pub fn directory_of_domain(&self, domain: &str) -> Option<&Arc<Directory>> {
        self.directories.values().find(|d| d.has_domain(domain))
    }

    pub fn user(&self, id: &str) -> Option<&Arc<User>> {
        self.at(*self.by_id.get(id)?)
    }
    fn at(&self, slot: Slot) -> Option<&Arc<User>> {
        self.users.get(slot as usize)?.as_ref()
    }
    fn found<'a>(&'a self, index: &'a Index<Slot>, text: &str) -> impl Iterator<Item = &'a Arc<User>> + use<'a> {
        index.get(folded(text)).filter_map(|slot| self.at(*slot))
    }

    /// By directory name and user name, as sign-in remembers people.
    pub fn user_by_key(&self, directory: &str, name: &str) -> Option<&Arc<User>> {
        let directory = self.directory_named(directory)?;
        self.at(*self.by_key.get(&(directory.id.clone(), name.into()))?)
    }

    /// Each once.
    pub fn named(&self, by: Named<'_>) -> Vec<&Arc<User>> {
        let (index, text): (&Index<Slot>, &str) = match by {
            Named::Login(text) => (&self.by_login, text),
            Named::Email(text) => (&self.by_email, text),
            Named::Upn(text) => (&self.by_upn, text),
        };
        let slots: BTreeSet<Slot> = index.get(folded(text)).copied().collect();
        slots.into_iter().filter_map(|slot| self.at(slot)).collect()
    }

    pub fn by_login(&self, login: &str) -> impl Iterator<Item = &Arc<User>> {
        self.found(&self.by_login, login)
    }
    /// External ids are compared exactly; the index folds them, so the caller looks again.
    pub fn by_external_id(&self, id: &str) -> impl Iterator<Item = &Arc<User>> {
        self.found(&self.by_external_id, id)
    }

    pub fn user_count(&self) -> usize {
        self.order.len()
    }
    /// In the order of creation.
    pub fn users_from(&self, offset: usize) -> impl Iterator<Item = &Arc<User>> {
        self.order.get(offset..).unwrap_or_default().iter().filter_map(|slot| self.at(*slot))
    }

    pub fn group(&self, id: &str) -> Option<&Arc<Group>> {
        self.groups.get(id)
    }
    pub fn group_count(&self) -> usize {
        self.group_order.len()
    }
    pub fn groups_from(&self, offset: usize) -> impl Iterator<Item = &Arc<Group>> {
        self.group_order.get(offset..).unwrap_or_default().iter().filter_map(|id| self.groups.get(id))
    }
    pub fn groups_named(&self, name: &str) -> impl Iterator<Item = &Arc<Group>> {
        self.groups_by_name.get(folded(name)).filter_map(|id| self.groups.get(id))
    }
    pub fn members(&self, group: &str) -> impl Iterator<Item = &Arc<User>> {
        self.members.get(group).into_iter().flatten().filter_map(|slot| self.at(*slot))
    }
    pub fn is_member(&self, group: &str, user: &str) -> bool {
        let (Some(members), Some(slot)) = (self.members.get(group), self.by_id.get(user)) else { return false };
        members.contains(slot)
    }
    pub fn groups_of(&self, user: &str) -> impl Iterator<Item = &Arc<Group>> {
        let groups = self.by_id.get(user).and_then(|slot| self.memberships.get(slot));
        groups.into_iter().flatten().filter_map(|id| self.groups.get(id))
    }

    pub fn clients(&self) -> impl Iterator<Item = &Arc<Client>> {
        self.clients.values()
    }
    pub fn client(&self, id: &str) -> Option<&Arc<Client>> {
        self.clients.get(id)
    }

    /// Somebody as sign-in reads her; the password stays behind.
    pub fn person(&self, user: &User) -> tenant::User {
        tenant::User {
            name: user.name.clone(),
            username: user.user_name().into(),
            email: user.email().unwrap_or_default().into(),
            upn: user.upn().map(Into::into),
            password: String::new(),
            groups: self.groups_of(&user.id).map(|g| g.display_name().to_string()).collect(),
            enabled: user.active(),
        }
    }

    /// All of it, as the changes that make it in an empty store.
    pub fn as_changes(&self) -> Vec<Change> {
        let directories = self.directories.values().cloned().map(Change::PutDirectory);
        let users = self.users_from(0).cloned().map(Change::PutUser);
        let groups = self.groups_from(0).cloned().map(Change::PutGroup);
        let members = self.group_order.iter().flat_map(|group| {
            self.members(group).map(move |user| Change::AddMember { group: group.clone(), user: user.id.clone() })
        });
        let clients = self.clients.values().cloned().map(Change::PutClient);
        directories.chain(users).chain(groups).chain(members).chain(clients).collect()
    }

    /// Does what was decided; what does not fit the state any more does nothing.
    pub fn apply(&mut self, changes: &[Change]) {
        for change in changes {
            match change {
                Change::PutDirectory(directory) => {
                    self.directories.insert(directory.id.clone(), directory.clone());
                }
                Change::RemoveDirectory(id) => self.remove_directory(id),
                Change::PutUser(user) => self.put_user(user),
                Change::RemoveUser(id) => self.remove_user(id),
                Change::PutGroup(group) => self.put_group(group),
                Change::RemoveGroup(id) => self.remove_group(id),
                Change::AddMember { group, user } => self.add_member(group, user),
                Change::RemoveMember { group, user } => self.remove_member(group, user),
                Change::PutClient(client) => {
                    self.clients.insert(client.id.clone(), client.clone());
                }
                Change::RemoveClient(id) => {
                    self.clients.remove(id);
                }
            }
        }
    }

    fn remove_directory(&mut self, id: &str) {
        let users: Vec<String> = self.users_from(0).filter(|u| u.directory == id).map(|u| u.id.clone()).collect();
        users.iter().for_each(|u| self.remove_user(u));
        let groups: Vec<String> = self.groups_from(0).filter(|g| g.directory == id).map(|g| g.id.clone()).collect();
        groups.iter().for_each(|g| self.remove_group(g));
        self.directories.remove(id);
    }

    fn index_user(&mut self, slot: Slot, user: &User, there: bool) {
        self.by_login.set(folded(user.user_name()), slot, there);
        for (index, text) in [
            (&mut self.by_email, user.email()),
            (&mut self.by_upn, user.upn().or(user.email())),
            (&mut self.by_external_id, user.external_id()),
        ] {
            if let Some(text) = text.filter(|t| !t.is_empty()) {
                index.set(folded(text), slot, there);
            }
        }
        let key = (user.directory.clone(), user.name.clone());
        if there {
            self.by_key.insert(key, slot)
        } else {
            self.by_key.remove(&key)
        };
    }

    fn put_user(&mut self, user: &Arc<User>) {
        let slot = match self.by_id.get(&user.id) {
            Some(slot) => *slot,
            None => {
                let Ok(slot) = Slot::try_from(self.users.len()) else { return };
                self.users.push(None);
                self.order.push(slot);
                self.by_id.insert(user.id.clone(), slot);
                slot
            }
        };
        if let Some(old) = self.users[slot as usize].replace(user.clone()) {
            self.index_user(slot, &old, false);
        }
        self.index_user(slot, user, true);
    }

    fn remove_user(&mut self, id: &str) {
        let Some(slot) = self.by_id.remove(id) else { return };
        for group in self.memberships.remove(&slot).unwrap_or_default() {
            if let Some(members) = self.members.get_mut(&group) {
                members.remove(&slot);
            }
        }
        if let Ok(at) = self.order.binary_search(&slot) {
            self.order.remove(at);
        }
        if let Some(old) = self.users[slot as usize].take() {
            self.index_user(slot, &old, false);
        }
    }

    fn put_group(&mut self, group: &Arc<Group>) {
        match self.groups.insert(group.id.clone(), group.clone()) {
            Some(old) => self.groups_by_name.set(folded(old.display_name()), group.id.clone(), false),
            None => self.group_order.push(group.id.clone()),
        }
        self.groups_by_name.set(folded(group.display_name()), group.id.clone(), true);
    }

    fn remove_group(&mut self, id: &str) {
        let Some(old) = self.groups.remove(id) else { return };
        self.groups_by_name.set(folded(old.display_name()), id.into(), false);
        self.group_order.retain(|g| g != id);
        for slot in self.members.remove(id).unwrap_or_default() {
            if let Some(groups) = self.memberships.get_mut(&slot) {
                groups.remove(id);
            }
        }
    }

    fn add_member(&mut self, group: &str, user: &str) {
        let Some(slot) = self.by_id.get(user).copied().filter(|_| self.groups.contains_key(group)) else { return };
        self.members.entry(group.into()).or_default().insert(slot);
        self.memberships.entry(slot).or_default().insert(group.into());
    }

    fn remove_member(&mut self, group: &str, user: &str) {
        let Some(slot) = self.by_id.get(user).copied() else { return };
        if let Some(members) = self.members.get_mut(group) {
            members.remove(&slot);
        }
        if let Some(groups) = self.memberships.get_mut(&slot) {
            groups.remove(group);
        }
    }
}
