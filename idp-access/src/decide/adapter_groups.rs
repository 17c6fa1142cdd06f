//! What UEM should know of a group, and the next thing to tell it. Members are those whom UEM has.

use super::adapter::adapter;
use crate::people::Group;
use federation::tenant::Access;
use federation::{Finding, Why};
use std::collections::BTreeSet;

/// A group as UEM is to have it; members by UEM's ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupWish {
    pub name: String,
    pub members: BTreeSet<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupThere {
    pub id: u64,
    pub members: BTreeSet<u64>,
}

/// The next call to UEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupStep {
    Create(String),
    Add { group: u64, user: u64 },
    Remove { group: u64, user: u64 },
    Delete(u64),
    Nothing,
}

impl std::fmt::Display for GroupStep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            GroupStep::Create(name) => write!(f, "create the group {name} in UEM"),
            GroupStep::Add { group, user } => write!(f, "add {user} to the group {group} in UEM"),
            GroupStep::Remove { group, user } => write!(f, "remove {user} from the group {group} in UEM"),
            GroupStep::Delete(id) => write!(f, "delete the group {id} in UEM"),
            GroupStep::Nothing => f.write_str("nothing to do in UEM"),
        }
    }
}

/// Only groups that the *Group Provisioning* page lists reach UEM (documented).
pub fn wish(settings: &Access, group: &Group, members: BTreeSet<u64>, why: &mut impl Why) -> Option<GroupWish> {
    let adapter = adapter(settings)?;
    if !adapter.provisioned_groups.iter().any(|name| name == group.display_name()) {
        why.note(|| {
            Finding::new("adapter/group-not-listed")
                .rule("access.provisioning.airwatch.provisioned_groups")
                .saw(group.display_name())
        });
        return None;
    }
    Some(GroupWish { name: group.display_name().into(), members })
}

/// The next step from what is there to what should be; called again until nothing is left.
pub fn next(wish: Option<&GroupWish>, there: Option<&GroupThere>) -> GroupStep {
    match (wish, there) {
        (None, None) => GroupStep::Nothing,
        (Some(wish), None) => GroupStep::Create(wish.name.clone()),
        (None, Some(there)) => GroupStep::Delete(there.id),
        (Some(wish), Some(there)) => {
            let group = there.id;
            let missing = wish.members.difference(&there.members).next();
            let surplus = there.members.difference(&wish.members).next();
            match (missing, surplus) {
                (Some(user), _) => GroupStep::Add { group, user: *user },
                (None, Some(user)) => GroupStep::Remove { group, user: *user },
                (None, None) => GroupStep::Nothing,
            }
        }
    }
}
