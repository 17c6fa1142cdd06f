//! Group push at Okta: which groups are pushed, what is due for each, and who is a member of it at Access.

use crate::Oracle;
use crate::provisioned::{Group, Trouble};
use crate::provisioning::Job;
use federation::tenant::access::DirectoryKind;
use federation::tenant::okta::{User, UserStatus};
use federation::tenant::scim_client::{NameMatch, PushNow, PushStatus, SameGroup, ScimVersion};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, Default)]
pub(crate) struct Mapping {
    /// Number of the group at Access.
    pub at_access: Option<usize>,
    /// Names at Okta, with the numbers of their records.
    pub members: BTreeMap<String, usize>,
    pub seen: BTreeSet<String>,
    pub inactive: bool,
    pub failed: bool,
    pub push_now_failed: bool,
}

impl Oracle {
    /// Name, status and link of the groups that are pushed, by name first, then by rule.
    pub(crate) fn pushed_groups(&self) -> Vec<(String, PushStatus, Option<String>)> {
        let Some(app) = self.app() else { return Vec::new() };
        let mut all: Vec<_> = app.push_groups.iter().map(|p| (p.name.clone(), p.push, p.link.clone())).collect();
        let groups: BTreeSet<&String> = self.world.okta.users.iter().flat_map(|u| &u.groups).collect();
        for group in groups {
            let by_rule = app.push_rules.iter().any(|rule| match rule.group_name {
                NameMatch::StartsWith => group.starts_with(&rule.value),
                NameMatch::EndsWith => group.ends_with(&rule.value),
                NameMatch::Contains => group.contains(&rule.value),
            });
            if by_rule && !all.iter().any(|(name, ..)| name == group) {
                all.push((group.clone(), PushStatus::Active, None));
            }
        }
        all
    }

    fn okta_members(&self, group: &str) -> BTreeSet<String> {
        let there = |u: &&User| u.status != UserStatus::Deactivated && u.groups.iter().any(|g| g == group);
        self.world.okta.users.iter().filter(there).map(|u| u.name.clone()).collect()
    }

    /// scim-groups: what is due for one pushed group
    pub(crate) fn push(&mut self, name: &str, whole: bool, racing: &BTreeSet<String>) -> Result<(), Trouble> {
        let wish = self.pushed_groups().into_iter().find(|(n, ..)| n == name);
        let (status, link) = wish.map_or((PushStatus::Unlinked, None), |(_, status, link)| (status, link));
        let mapping = self.provisioned.mappings.get(name).cloned();
        let token = self.provisioned.pasted.clone();
        match (status, mapping) {
            (PushStatus::Active, Some(m)) if m.failed && !whole => Ok(()),
            (PushStatus::Active, mapping) if mapping.as_ref().is_none_or(|m| m.at_access.is_none()) => {
                let mut mapping = mapping.unwrap_or_default();
                self.provisioned.mappings.insert(name.into(), mapping.clone());
                self.reads_access(token.as_ref())?;
                let named = link.clone().unwrap_or_else(|| name.into());
                let there = self.any_group_named(&named);
                mapping.at_access = Some(match (there, link) {
                    (Some(there), Some(_)) => there,
                    (None, None) => {
                        let domain = self.domain_of_pushed_groups().ok_or(Trouble::Failed)?;
                        self.provisioned.groups.push(Some(Group::new(&domain, name)));
                        self.provisioned.groups.len() - 1
                    }
                    // a name that is taken is not pushed over, a link needs its group
                    _ => return Err(Trouble::Failed),
                });
                self.provisioned.mappings.insert(name.into(), mapping.clone());
                self.push_members(name, mapping, true, racing)
            }
            (PushStatus::Active, Some(m)) => {
                if !whole && !m.inactive && m.seen == self.okta_members(name) {
                    return Ok(());
                }
                self.reads_access(token.as_ref())?;
                let whole = whole || m.inactive;
                self.push_members(name, m, whole, racing)
            }
            (PushStatus::Inactive, Some(m)) => {
                self.provisioned.mappings.insert(name.into(), Mapping { inactive: true, ..m });
                Ok(())
            }
            (PushStatus::Deleted, Some(m)) if m.at_access.is_some() => {
                self.reads_access(token.as_ref())?;
                self.delete_group(m.at_access.unwrap_or_default());
                self.provisioned.mappings.remove(name);
                Ok(())
            }
            (PushStatus::Deleted | PushStatus::Unlinked, Some(_)) => {
                self.provisioned.mappings.remove(name);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// scim-groups: a pushed group lands in the System Domain; the newer interface has the one directory that it fills
    fn domain_of_pushed_groups(&self) -> Option<String> {
        if self.app()?.protocol == ScimVersion::V11 {
            return Some("System Domain".into());
        }
        let mut others = self.directories().into_iter().filter(|d| d.kind == DirectoryKind::Other);
        let only = others.next()?;
        others.next().is_none().then_some(only.domain)
    }

    /// scim-groups: a member is who is in Okta's group and provisioned; others are left out without a word
    fn push_members(
        &mut self,
        name: &str,
        mut mapping: Mapping,
        whole: bool,
        racing: &BTreeSet<String>,
    ) -> Result<(), Trouble> {
        let assigns = self.app().is_some_and(|app| app.assigned.groups.iter().any(|g| g == name));
        // same-group: the push loses against the assignments of the same moment
        let loses = assigns && self.world.okta.assumptions.provisioning.same_group == SameGroup::PushLoses;
        let group = mapping.at_access.unwrap_or_default();
        if self.provisioned.groups.get(group).is_none_or(Option::is_none) {
            return Err(Trouble::Failed);
        }
        let now = self.okta_members(name);
        let known = |oracle: &Oracle, who: &String| {
            let user = oracle.provisioned.app_users.get(who);
            user.and_then(|u| u.at_access).filter(|_| !(loses && racing.contains(who)))
        };
        let mut add = BTreeMap::new();
        for who in now.iter().filter(|who| whole || !mapping.seen.contains(*who)) {
            if let Some(record) = known(self, who) {
                add.insert(who.clone(), record);
            }
        }
        let mut gone = BTreeMap::new();
        for (who, record) in &mapping.members {
            let left = !now.contains(who) && (whole || mapping.seen.contains(who));
            if left && (whole || known(self, who).is_some()) {
                gone.insert(who.clone(), *record);
            }
        }
        // Everybody who is named must be there.
        if add.values().any(|record| self.provisioned.people.get(*record).is_none_or(Option::is_none)) {
            return Err(Trouble::Failed);
        }
        self.change_members(group, add.values().copied(), gone.values().copied());
        mapping.members.retain(|who, _| !gone.contains_key(who));
        mapping.members.extend(add);
        mapping.seen = now;
        (mapping.inactive, mapping.failed) = (false, false);
        self.provisioned.mappings.insert(name.into(), mapping);
        Ok(())
    }

    /// scim-push-now
    pub(crate) fn push_now(&mut self, group: &str) {
        let fails = self.world.okta.assumptions.provisioning.push_now == PushNow::FailsFirst;
        let mapping = self.provisioned.mappings.entry(group.into()).or_default();
        if fails && !mapping.push_now_failed {
            (mapping.push_now_failed, mapping.failed) = (true, true);
            return;
        }
        self.do_job(&Job::Group { name: group.into(), whole: true, racing: BTreeSet::new() }, 0);
    }
}
