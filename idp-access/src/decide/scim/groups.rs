//! Rules for groups, beneath both dialects. Members are people who are there; without a domain a group lands in the
//! System Domain, which is where pushed groups end up.

use super::fault::Fault;
use super::matching::{self, Matcher};
use super::users::{Outcome, said_domain, state_domain};
use super::{Rules, patch, shape};
use crate::people::{Change, Group, SYSTEM_DOMAIN};
use federation::tenant::access::{DirectoryKind, UserNameScope};
use federation::{Finding, Why};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use wire::scim::classic;
use wire::scim::filter::{Filter, Literal, Op};
use wire::scim::message::{PatchOperation, PatchVerb, member};
use wire::scim::schemas::{GROUP, WS1B_GROUP_URN};
use wire::scim::{Object, Resource};

/// What becomes of the members.
#[derive(Debug, Default)]
struct Members {
    added: BTreeSet<String>,
    removed: BTreeSet<String>,
}

impl Members {
    fn add(&mut self, id: &str) {
        self.removed.remove(id);
        self.added.insert(id.into());
    }
    fn remove(&mut self, id: &str) {
        self.added.remove(id);
        self.removed.insert(id.into());
    }
}

/// Ids of a `members` value.
fn ids(value: &Value) -> Result<Vec<String>, Fault> {
    let Some(attribute) = wire::scim::schema::find(GROUP.attributes, "members") else { return Ok(Vec::new()) };
    let items = shape::checked(attribute, value, "members")?.unwrap_or_default();
    let id = |item: &Value| item.get("value").and_then(Value::as_str).map(Into::into);
    let all: Option<Vec<String>> = items.as_array().into_iter().flatten().map(id).collect();
    all.ok_or_else(|| Fault::Invalid("each of `members` needs the `value` of a user's id".into()))
}

impl Rules<'_> {
    fn group_name(&self, attributes: &Object) -> Result<String, Fault> {
        let name = attributes.get("displayName").and_then(Value::as_str).unwrap_or_default();
        if name.trim().is_empty() {
            return Err(Fault::Invalid("`displayName` is missing".into()));
        }
        Ok(name.into())
    }

    fn name_free(&self, name: &str, directory: &str, but: Option<&str>, why: &mut impl Why) -> Result<(), Fault> {
        let mut others = self.people.groups_named(name).filter(|g| Some(g.id.as_str()) != but).peekable();
        if others.peek().is_none() {
            return Ok(());
        }
        let everywhere = self.settings.assumptions.scim_name_scope == UserNameScope::Tenant;
        let (mut here, mut elsewhere) = (false, false);
        others.for_each(|g| if g.directory == directory { here = true } else { elsewhere = true });
        if elsewhere {
            why.note(|| Finding::new("assumes/scim-name-scope").rule("access.assumptions.scim_name_scope"));
        }
        if here || everywhere {
            why.note(|| Finding::new("scim/name-taken").saw(name));
            return Err(Fault::Taken(format!("a group with the name {name} exists already")));
        }
        Ok(())
    }

    /// Members must be people of this tenant.
    fn changes(&self, group: &str, members: Members) -> Result<Vec<Change>, Fault> {
        let unknown = members.added.iter().find(|id| self.people.user(id).is_none());
        if let Some(id) = unknown {
            return Err(Fault::Invalid(format!("`members`: there is no user {id}")));
        }
        let added = members.added.into_iter().filter(|id| !self.people.is_member(group, id));
        let added = added.map(|user| Change::AddMember { group: group.into(), user });
        let removed = members.removed.iter().filter(|id| self.people.is_member(group, id));
        let removed = removed.map(|user| Change::RemoveMember { group: group.into(), user: user.clone() });
        Ok(removed.chain(added).collect())
    }

    pub fn create_group(&self, id: String, body: &Object, why: &mut impl Why) -> Result<Outcome<Group>, Fault> {
        let mut attributes = shape::resource(Resource::Group, body)?;
        let domain = said_domain(&attributes, WS1B_GROUP_URN);
        if domain.is_none() && !self.newer {
            why.note(|| Finding::new("scim/group-in-system-domain").saw("no domain").wanted(SYSTEM_DOMAIN));
        }
        let directory = self.directory_for(domain.as_deref()).map_err(|fault| match fault {
            Fault::DomainUnknown => Fault::Invalid("the group's domain belongs to no directory".into()),
            other => other,
        })?;
        if directory.kind == DirectoryKind::Ad {
            return Err(Fault::NotLocal(Resource::Group));
        }
        let name = self.group_name(&attributes)?;
        self.name_free(&name, &directory.id, None, why)?;
        state_domain(&mut attributes, WS1B_GROUP_URN, directory.domain());
        let mut members = Members::default();
        let given = attributes.remove("members").unwrap_or_default();
        ids(&given)?.iter().for_each(|id| members.add(id));
        let group = Arc::new(Group {
            directory: directory.id.clone(),
            attributes,
            version: 1,
            created: self.now,
            modified: self.now,
            id,
        });
        let mut changes = vec![Change::PutGroup(group.clone())];
        changes.extend(self.changes(&group.id, members)?);
        why.note(|| {
            Finding::new("scim/group-created").rule(format!("access.directories.{}", directory.name)).saw(name)
        });
        Ok(Outcome { record: group, changes })
    }

    fn changeable_group(&self, id: &str, if_match: Option<&str>, why: &mut impl Why) -> Result<&Arc<Group>, Fault> {
        let group = self.people.group(id).ok_or_else(|| Fault::NotFound(format!("there is no group {id}")))?;
        if self.people.directory(&group.directory).is_some_and(|d| d.kind == DirectoryKind::Ad) {
            why.note(|| Finding::new("scim/not-local").saw(group.display_name()));
            return Err(Fault::NotLocal(Resource::Group));
        }
        self.version_fits(group.version, if_match, why)?;
        Ok(group)
    }

    pub fn replace_group(
        &self,
        id: &str,
        body: &Object,
        if_match: Option<&str>,
        why: &mut impl Why,
    ) -> Result<Outcome<Group>, Fault> {
        let old = self.changeable_group(id, if_match, why)?;
        let mut attributes = shape::resource(Resource::Group, body)?;
        let given = attributes.remove("members").unwrap_or_default();
        if let Some(domain) = said_domain(&old.attributes, WS1B_GROUP_URN)
            && said_domain(&attributes, WS1B_GROUP_URN).is_none()
        {
            state_domain(&mut attributes, WS1B_GROUP_URN, &domain);
        }
        let members = self.exactly(id, &given)?;
        self.settle_group(old, attributes, members, why)
    }

    /// The change from the members that are to those that are given.
    fn exactly(&self, group: &str, given: &Value) -> Result<Members, Fault> {
        let mut members = Members::default();
        self.people.members(group).for_each(|u| members.remove(&u.id));
        ids(given)?.iter().for_each(|id| members.add(id));
        Ok(members)
    }

    pub fn patch_group(
        &self,
        id: &str,
        operations: &[PatchOperation],
        if_match: Option<&str>,
        why: &mut impl Why,
    ) -> Result<Outcome<Group>, Fault> {
        let old = self.changeable_group(id, if_match, why)?;
        let mut attributes = old.attributes.clone();
        let mut members = Members::default();
        for operation in operations {
            match self.about_members(operation) {
                None => patch::apply(Resource::Group, &mut attributes, operation)?,
                Some(of_members) => {
                    self.patch_members(id, &mut members, &of_members)?;
                    // Without a path the other attributes of the value count, too.
                    if let (None, Value::Object(body)) = (&operation.path, &operation.value) {
                        let rest = body.iter().filter(|(n, _)| !n.eq_ignore_ascii_case("members"));
                        let value = Value::Object(rest.map(|(n, v)| (n.clone(), v.clone())).collect());
                        let rest = PatchOperation { verb: operation.verb, path: None, value };
                        patch::apply(Resource::Group, &mut attributes, &rest)?;
                    }
                }
            }
        }
        self.settle_group(old, attributes, members, why)
    }

    /// The operation as one on members, where it is one: they stand beside the record.
    fn about_members(&self, operation: &PatchOperation) -> Option<PatchOperation> {
        match (&operation.path, &operation.value) {
            (Some(path), _) => {
                let core = path.attr.urn.as_deref().is_none_or(|u| u.eq_ignore_ascii_case(GROUP.urn));
                (core && path.attr.name.eq_ignore_ascii_case("members")).then(|| operation.clone())
            }
            (None, Value::Object(body)) => {
                let value = member(body, "members")?.clone();
                Some(PatchOperation { verb: operation.verb, path: None, value })
            }
            _ => None,
        }
    }

    fn patch_members(&self, group: &str, members: &mut Members, operation: &PatchOperation) -> Result<(), Fault> {
        let filter = operation.path.as_ref().and_then(|p| p.filter.as_ref());
        if operation.path.as_ref().is_some_and(|p| p.sub_attribute().is_some()) {
            return Err(Fault::ReadOnly("a member is added or removed as a whole".into()));
        }
        match (operation.verb, filter) {
            (PatchVerb::Add, None) => ids(&operation.value)?.iter().for_each(|id| members.add(id)),
            (PatchVerb::Replace, None) => {
                self.people.members(group).for_each(|u| members.remove(&u.id));
                members.removed.extend(std::mem::take(&mut members.added));
                ids(&operation.value)?.iter().for_each(|id| members.add(id));
            }
            (PatchVerb::Remove, None) if !operation.value.is_null() => {
                ids(&operation.value)?.iter().for_each(|id| members.remove(id));
            }
            (PatchVerb::Remove, None) => {
                self.people.members(group).for_each(|u| members.remove(&u.id));
                members.removed.extend(std::mem::take(&mut members.added));
            }
            (PatchVerb::Remove, Some(filter)) => {
                for id in self.matching_members(group, members, filter)? {
                    members.remove(&id);
                }
            }
            _ => return Err(Fault::Path("members are added without a filter".into())),
        }
        Ok(())
    }

    fn matching_members(&self, group: &str, members: &Members, filter: &Filter) -> Result<Vec<String>, Fault> {
        // Okta's `members[value eq "id"]`, without walking over all of them.
        if let Filter::Compare { path, op: Op::Eq, value: Literal::Text(id) } = filter
            && path.to_string().eq_ignore_ascii_case("value")
        {
            return Ok(vec![id.clone()]);
        }
        let Some(attribute) = wire::scim::schema::find(GROUP.attributes, "members") else { return Ok(Vec::new()) };
        let matcher: Matcher = matching::elements(attribute, filter)?;
        let there = self.people.members(group).map(|u| u.id.clone()).filter(|id| !members.removed.contains(id));
        let all = there.chain(members.added.iter().cloned());
        let item = |id: &String| serde_json::json!({ "value": id, "type": "User" });
        Ok(all.filter(|id| matcher.meets_element(&item(id))).collect())
    }

    /// The classic PATCH: a new name or description, members added, members with `"operation": "delete"` removed.
    pub fn merge_group(
        &self,
        id: &str,
        raw: &Object,
        if_match: Option<&str>,
        why: &mut impl Why,
    ) -> Result<Outcome<Group>, Fault> {
        let old = self.changeable_group(id, if_match, why)?;
        let body = classic::to_core(Resource::Group, raw);
        let mut given = shape::resource(Resource::Group, &body)?;
        given.remove("members");
        let mut members = Members::default();
        let (added, removed) = member(raw, "members").map(classic::member_changes).unwrap_or_default();
        added.iter().for_each(|id| members.add(id));
        removed.iter().for_each(|id| members.remove(id));
        let mut attributes = old.attributes.clone();
        for (name, value) in given {
            match (attributes.get_mut(&name), value) {
                (Some(Value::Object(there)), Value::Object(new)) => there.extend(new),
                (_, value) => drop(attributes.insert(name, value)),
            }
        }
        self.settle_group(old, attributes, members, why)
    }

    fn settle_group(
        &self,
        old: &Arc<Group>,
        mut attributes: Object,
        members: Members,
        why: &mut impl Why,
    ) -> Result<Outcome<Group>, Fault> {
        let directory = self.people.directory(&old.directory);
        if let (Some(said), Some(directory)) = (said_domain(&attributes, WS1B_GROUP_URN), directory) {
            if !directory.has_domain(&said) {
                let text = format!("`domain` cannot be changed: the group is in {}", directory.domain());
                return Err(Fault::ReadOnly(text));
            }
            state_domain(&mut attributes, WS1B_GROUP_URN, directory.domain());
        }
        let name = self.group_name(&attributes)?;
        self.name_free(&name, &old.directory, Some(&old.id), why)?;
        let mut changes = self.changes(&old.id, members)?;
        if changes.is_empty() && attributes == old.attributes {
            why.note(|| Finding::new("scim/nothing-changed").saw(name));
            return Ok(Outcome { record: old.clone(), changes });
        }
        let mut group = Group::clone(old);
        group.attributes = attributes;
        group.version += 1;
        group.modified = self.now;
        let record = Arc::new(group);
        changes.insert(0, Change::PutGroup(record.clone()));
        why.note(|| Finding::new("scim/group-updated").saw(name));
        Ok(Outcome { record, changes })
    }

    pub fn delete_group(&self, id: &str, if_match: Option<&str>, why: &mut impl Why) -> Result<Vec<Change>, Fault> {
        let group = self.changeable_group(id, if_match, why)?;
        why.note(|| Finding::new("scim/group-deleted").saw(group.display_name()));
        Ok(vec![Change::RemoveGroup(id.into())])
    }
}
