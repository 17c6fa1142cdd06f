//! Rules for people, beneath both dialects: who may be created where, what must be there, whose name is taken.
//!
//! Each rule answers with the changes that make it so, or with the fault; nothing is changed here.

use super::fault::Fault;
use super::{Rules, patch, shape};
use crate::people::{Change, Directory, SYSTEM_DOMAIN, User};
use federation::tenant::access::{ClassicPlural, DirectoryKind, Recreate, UserNameScope};
use federation::tenant::provisioning::UserAttribute;
use federation::{Finding, Why};
use serde_json::Value;
use std::sync::Arc;
use wire::oauth::SecretHash;
use wire::scim::classic;
use wire::scim::message::{PatchOperation, member};
use wire::scim::schemas::{ENTERPRISE_URN, WS1B_USER_URN};
use wire::scim::{AttrPath, Object, Resource};

/// What came of it: the record as it is to be, and the changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome<T> {
    pub record: Arc<T>,
    pub changes: Vec<Change>,
}

/// The domain that a resource states.
pub(super) fn said_domain(attributes: &Object, urn: &str) -> Option<String> {
    attributes.get(urn)?.get("domain")?.as_str().map(Into::into)
}

/// States the domain of the directory. A client may take its word back; which directory it is does not change.
pub(super) fn state_domain(attributes: &mut Object, urn: &str, domain: &str) {
    let extension = attributes.entry(urn).or_insert_with(|| Value::Object(Object::new()));
    if let Some(extension) = extension.as_object_mut() {
        extension.insert("domain".into(), domain.into());
    }
}

fn has_text(object: Option<&Value>, name: &str) -> bool {
    object.and_then(|o| o.get(name)).and_then(Value::as_str).is_some_and(|t| !t.trim().is_empty())
}

fn has(attributes: &Object, attribute: UserAttribute) -> bool {
    let workspace = attributes.get(WS1B_USER_URN);
    let first = |name: &str| attributes.get(name).and_then(Value::as_array).and_then(|l| l.first());
    match attribute {
        UserAttribute::UserName => {
            attributes.get("userName").and_then(Value::as_str).is_some_and(|t| !t.trim().is_empty())
        }
        UserAttribute::FirstName => has_text(attributes.get("name"), "givenName"),
        UserAttribute::LastName => has_text(attributes.get("name"), "familyName"),
        UserAttribute::Email => has_text(first("emails"), "value"),
        UserAttribute::Phone => has_text(first("phoneNumbers"), "value"),
        UserAttribute::EmployeeID => has_text(attributes.get(ENTERPRISE_URN), "employeeNumber"),
        UserAttribute::DistinguishedName => has_text(workspace, "distinguishedName"),
        UserAttribute::UserPrincipalName => has_text(workspace, "userPrincipalName"),
    }
}

impl Rules<'_> {
    /// The directory of a domain. Without one the classic interface means the System Domain, as its groups do;
    /// the newer service the tenant's one directory that is filled over SCIM.
    pub(super) fn directory_for(&self, domain: Option<&str>) -> Result<&Arc<Directory>, Fault> {
        let of_domain = |domain: &str| {
            let all = self.people.directories().filter(|d| d.has_domain(domain));
            // Where an Other directory shares a domain, provisioning means that one.
            all.min_by_key(|d| d.kind != DirectoryKind::Other)
        };
        match domain {
            Some(domain) => of_domain(domain).ok_or(Fault::DomainUnknown),
            None if self.newer => {
                let mut others = self.people.directories().filter(|d| d.kind == DirectoryKind::Other);
                match (others.next(), others.next()) {
                    (Some(only), None) => Ok(only),
                    (None, _) => Err(Fault::Invalid("the tenant has no directory that is filled over SCIM".into())),
                    _ => Err(Fault::Invalid(format!(
                        "several directories are filled over SCIM: name one in `{WS1B_USER_URN}:domain`"
                    ))),
                }
            }
            None => of_domain(SYSTEM_DOMAIN).ok_or(Fault::DomainUnknown),
        }
    }

    /// Holds a resource against what must be there; a record that never had it may go on without.
    fn complete(&self, attributes: &Object, old: Option<&Object>, why: &mut impl Why) -> Result<(), Fault> {
        let required = &self.settings.provisioning.required_attributes;
        let mut missing: Vec<UserAttribute> =
            required.iter().copied().filter(|a| !has(attributes, *a) && old.is_none_or(|o| has(o, *a))).collect();
        if !has(attributes, UserAttribute::UserName) && !missing.contains(&UserAttribute::UserName) {
            missing.push(UserAttribute::UserName);
        }
        if !missing.is_empty() {
            let names: Vec<&str> = missing.iter().map(|m| m.name()).collect();
            why.note(|| {
                Finding::new("scim/required-missing")
                    .rule("access.provisioning.required_attributes")
                    .saw(format!("without {}", names.join(", ")))
            });
            return Err(Fault::RequiredMissing(missing));
        }
        let emails = attributes.get("emails").and_then(Value::as_array).map_or(0, Vec::len);
        if emails > 1 {
            return Err(Fault::Invalid(format!("`emails` must hold exactly one address, not {emails}")));
        }
        Ok(())
    }

    /// Whoever has the name already, where names must differ.
    fn holder(&self, user_name: &str, directory: &str, but: Option<&str>, why: &mut impl Why) -> Option<&Arc<User>> {
        let mut others = self.people.by_login(user_name).filter(|u| Some(u.id.as_str()) != but).peekable();
        others.peek()?;
        let here = |u: &&Arc<User>| u.directory == directory;
        let everywhere = self.settings.assumptions.scim_name_scope == UserNameScope::Tenant;
        let all: Vec<&Arc<User>> = others.collect();
        if all.iter().any(|u| !here(u)) {
            why.note(|| Finding::new("assumes/scim-name-scope").rule("access.assumptions.scim_name_scope"));
        }
        let own = all.iter().find(|u| here(u)).copied();
        own.or(if everywhere { all.first().copied() } else { None })
    }

    fn taken(&self, user_name: &str, why: &mut impl Why) -> Fault {
        why.note(|| Finding::new("scim/name-taken").saw(user_name));
        Fault::Taken(format!("a user with the name {user_name} exists already"))
    }

    /// Creates somebody under `id`, or revives a deactivated record.
    pub fn create_user(&self, id: String, body: &Object, why: &mut impl Why) -> Result<Outcome<User>, Fault> {
        let mut attributes = shape::resource(Resource::User, body)?;
        let domain = said_domain(&attributes, WS1B_USER_URN);
        let directory = self.directory_for(domain.as_deref()).inspect_err(|_| {
            why.note(|| Finding::new("scim/domain-unknown").saw(domain.as_deref().unwrap_or("no domain")));
        })?;
        let path = format!("access.directories.{}", directory.name);
        if matches!(directory.kind, DirectoryKind::Ad | DirectoryKind::Jit) {
            why.note(|| Finding::new("scim/creation-unsupported").rule(path).saw(directory.domain()));
            return Err(Fault::CreationUnsupported);
        }
        self.complete(&attributes, None, why)?;
        state_domain(&mut attributes, WS1B_USER_URN, directory.domain());
        attributes.entry("active").or_insert(Value::Bool(true));
        let password = attributes.remove("password");
        let user_name = attributes.get("userName").and_then(Value::as_str).unwrap_or_default().to_string();
        let mut user = User {
            name: id.clone(),
            directory: directory.id.clone(),
            attributes,
            password: None,
            version: 1,
            created: self.now,
            modified: self.now,
            id,
        };
        if let Some(old) = self.holder(&user_name, &directory.id, None, why) {
            if !self.revives(old, &user, why) {
                return Err(self.taken(&user_name, why));
            }
            user =
                User { attributes: user.attributes, version: old.version + 1, modified: self.now, ..User::clone(old) };
        }
        user.password = hashed(&user.id, password.as_ref()).or(user.password);
        why.note(|| Finding::new("scim/user-created").rule(path).saw(user_name));
        let record = Arc::new(user);
        Ok(Outcome { changes: vec![Change::PutUser(record.clone())], record })
    }

    /// Deleting in Okta only deactivates; creating the same person anew brings the old record back (a documented trap).
    fn revives(&self, old: &User, new: &User, why: &mut impl Why) -> bool {
        if old.active() || old.directory != new.directory {
            return false;
        }
        why.note(|| {
            Finding::new("assumes/scim-recreate").rule("access.assumptions.scim_recreate").saw(old.user_name())
        });
        let revives = self.settings.assumptions.scim_recreate == Recreate::Revives;
        if revives {
            why.note(|| Finding::new("scim/user-revived").saw(old.user_name()));
        }
        revives
    }

    /// The record of an id that may be changed.
    fn changeable(&self, id: &str, if_match: Option<&str>, why: &mut impl Why) -> Result<&Arc<User>, Fault> {
        let user = self.people.user(id).ok_or_else(|| Fault::NotFound(format!("there is no user {id}")))?;
        if self.people.directory(&user.directory).is_some_and(|d| d.kind == DirectoryKind::Ad) {
            why.note(|| Finding::new("scim/not-local").saw(user.user_name()));
            return Err(Fault::NotLocal(Resource::User));
        }
        self.version_fits(user.version, if_match, why)?;
        Ok(user)
    }

    /// Everything the client may say is replaced; what is left out is unassigned, but for `active` and the password.
    pub fn replace_user(
        &self,
        id: &str,
        body: &Object,
        if_match: Option<&str>,
        why: &mut impl Why,
    ) -> Result<Outcome<User>, Fault> {
        let old = self.changeable(id, if_match, why)?;
        let mut attributes = shape::resource(Resource::User, body)?;
        if let Some(domain) = said_domain(&old.attributes, WS1B_USER_URN)
            && said_domain(&attributes, WS1B_USER_URN).is_none()
        {
            state_domain(&mut attributes, WS1B_USER_URN, &domain);
        }
        self.same_domain(&mut attributes, old)?;
        if !attributes.contains_key("active")
            && let Some(active) = old.attributes.get("active")
        {
            attributes.insert("active".into(), active.clone());
        }
        // Attributes of the other dialect are not this client's to leave out.
        for (name, value) in old.attributes.iter().filter(|(n, _)| n.starts_with(classic::TENANT_PREFIX)) {
            attributes.entry(name.clone()).or_insert_with(|| value.clone());
        }
        self.settle(old, attributes, why)
    }

    pub fn patch_user(
        &self,
        id: &str,
        operations: &[PatchOperation],
        if_match: Option<&str>,
        why: &mut impl Why,
    ) -> Result<Outcome<User>, Fault> {
        let old = self.changeable(id, if_match, why)?;
        let mut attributes = old.attributes.clone();
        for operation in operations {
            patch::apply(Resource::User, &mut attributes, operation)?;
        }
        self.same_domain(&mut attributes, old)?;
        self.settle(old, attributes, why)
    }

    /// The classic PATCH: attributes that are there are merged, those that `meta.attributes` names are removed.
    pub fn merge_user(
        &self,
        id: &str,
        raw: &Object,
        if_match: Option<&str>,
        why: &mut impl Why,
    ) -> Result<Outcome<User>, Fault> {
        let old = self.changeable(id, if_match, why)?;
        let mut attributes = old.attributes.clone();
        let meta = member(raw, "meta").and_then(Value::as_object);
        let removed = meta.and_then(|m| member(m, "attributes")).and_then(Value::as_array);
        for name in removed.into_iter().flatten().filter_map(Value::as_str) {
            let path = AttrPath::parse(name).map_err(|p| Fault::Path(format!("`{name}`: {p}")))?;
            let path = classic::path_to_core(Resource::User, path);
            let path = wire::scim::PatchPath { attr: path, filter: None, sub: None };
            let remove =
                PatchOperation { verb: wire::scim::message::PatchVerb::Remove, path: Some(path), value: Value::Null };
            patch::apply(Resource::User, &mut attributes, &remove)?;
        }
        let body = classic::to_core(Resource::User, raw);
        let mut given = shape::resource(Resource::User, &body)?;
        self.same_domain(&mut given, old)?;
        for (name, value) in given {
            match (attributes.get_mut(&name), value) {
                (Some(Value::Object(there)), Value::Object(new)) => there.extend(new),
                (Some(Value::Array(there)), Value::Array(new)) => {
                    self.merge_plural(there, new, member(raw, &name), why)
                }
                (_, value) => {
                    attributes.insert(name, value);
                }
            }
        }
        self.settle(old, attributes, why)
    }

    fn merge_plural(&self, there: &mut Vec<Value>, new: Vec<Value>, raw: Option<&Value>, why: &mut impl Why) {
        why.note(|| Finding::new("assumes/scim-classic-plural").rule("access.assumptions.scim_classic_plural"));
        if self.settings.assumptions.scim_classic_plural == ClassicPlural::Replaces {
            *there = new;
            return;
        }
        let (_, deleted) = raw.map(classic::member_changes).unwrap_or_default();
        let value = |item: &Value| item.get("value").and_then(Value::as_str).map(str::to_string);
        let gone = |item: &Value| value(item).is_some_and(|v| deleted.contains(&v));
        there.retain(|item| !gone(item) && !new.iter().any(|n| value(n).is_some() && value(n) == value(item)));
        there.extend(new.into_iter().filter(|item| !gone(item)));
    }

    /// A stated domain must be the one of the directory; it is written as the directory writes it.
    fn same_domain(&self, attributes: &mut Object, old: &User) -> Result<(), Fault> {
        let directory = self.people.directory(&old.directory);
        let (Some(said), Some(directory)) = (said_domain(attributes, WS1B_USER_URN), directory) else { return Ok(()) };
        if !directory.has_domain(&said) {
            let text = format!("`domain` cannot be changed: the user belongs to {}", directory.domain());
            return Err(Fault::ReadOnly(text));
        }
        state_domain(attributes, WS1B_USER_URN, directory.domain());
        Ok(())
    }

    /// The rules that hold after any change, and the change itself; none where nothing differs.
    fn settle(&self, old: &Arc<User>, mut attributes: Object, why: &mut impl Why) -> Result<Outcome<User>, Fault> {
        let password = hashed(&old.id, attributes.remove("password").as_ref()).or_else(|| old.password.clone());
        self.complete(&attributes, Some(&old.attributes), why)?;
        let user_name = attributes.get("userName").and_then(Value::as_str).unwrap_or_default().to_string();
        if self.holder(&user_name, &old.directory, Some(&old.id), why).is_some() {
            return Err(self.taken(&user_name, why));
        }
        if attributes == old.attributes && password == old.password {
            why.note(|| Finding::new("scim/nothing-changed").saw(user_name));
            return Ok(Outcome { record: old.clone(), changes: Vec::new() });
        }
        let mut user = User::clone(old);
        user.attributes = attributes;
        user.password = password;
        user.version += 1;
        user.modified = self.now;
        let code = match (old.active(), user.active()) {
            (true, false) => "scim/user-deactivated",
            (false, true) => "scim/user-activated",
            _ => "scim/user-updated",
        };
        why.note(|| Finding::new(code).saw(user_name));
        let record = Arc::new(user);
        Ok(Outcome { changes: vec![Change::PutUser(record.clone())], record })
    }

    pub fn delete_user(&self, id: &str, if_match: Option<&str>, why: &mut impl Why) -> Result<Vec<Change>, Fault> {
        let user = self.changeable(id, if_match, why)?;
        why.note(|| Finding::new("scim/user-deleted").saw(user.user_name()));
        Ok(vec![Change::RemoveUser(id.into())])
    }
}

fn hashed(id: &str, password: Option<&Value>) -> Option<SecretHash> {
    Some(SecretHash::new(id, password?.as_str()?))
}
