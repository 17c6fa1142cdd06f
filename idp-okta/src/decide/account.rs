//! What becomes of an account as somebody signs in to it through an identity provider: made, woken, brought up to date.

use super::expression::Stated;
use super::matching::{self, Match};
use federation::tenant::okta::{GroupAssignments, IdentityProvider, StatedGroups, User, UserStatus};
use federation::{Finding, Why};

/// Somebody who may be signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// As the account is from now on.
    pub user: User,
    /// What is new about it, in order.
    pub changes: Vec<Change>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Made,
    Reactivated,
    Unsuspended,
    Profile,
    Joined(String),
    Left(String),
}

/// `users`: everybody, as they are now.
pub fn decide(
    idp: &IdentityProvider,
    users: &[User],
    name: &str,
    stated: Stated<'_>,
    why: &mut impl Why,
) -> Option<Found> {
    let path = |setting: &str| format!("okta.identity_providers.{}.{setting}", idp.name);
    let (mut user, mut changes) = match matching::decide(idp, name, users.iter(), why) {
        Match::Nobody => return None,
        Match::Create => (matching::made(name), vec![Change::Made]),
        Match::Account(user) => (user.clone(), Vec::new()),
        Match::Woken(user) => {
            let suspended = user.status == UserStatus::Suspended;
            let change = if suspended { Change::Unsuspended } else { Change::Reactivated };
            (User { status: UserStatus::Active, ..user.clone() }, vec![change])
        }
    };
    let made = changes == [Change::Made];
    if made || idp.profile_source {
        let news = profile(idp, &mut user, stated);
        if news && !made {
            why.note(|| Finding::new("match/profile-updated").rule(path("profile_source")).saw(user.login.clone()));
            changes.push(Change::Profile);
        }
    }
    let moves = groups(idp, &mut user, stated);
    if !moves.is_empty() {
        why.note(|| Finding::new("match/groups-assigned").rule(path("group_assignments")).saw(user.groups.join(", ")));
    }
    changes.extend(moves);
    Some(Found { user, changes })
}

/// What the assertion states of the person, but for her groups; says whether anything is new.
fn profile(idp: &IdentityProvider, user: &mut User, stated: Stated<'_>) -> bool {
    let before = user.clone();
    let of_groups = match &idp.group_assignments {
        GroupAssignments::AddToMissing(groups) | GroupAssignments::FullSync(groups) => Some(&groups.attribute),
        GroupAssignments::None | GroupAssignments::Specific(_) => None,
    };
    for (name, values) in stated.attributes.iter().filter(|(name, _)| Some(name) != of_groups) {
        let Some(value) = values.first() else { continue };
        match name.as_str() {
            "email" => user.email.clone_from(value),
            _ => {
                user.attributes.insert(name.clone(), value.clone());
            }
        }
    }
    *user != before
}

/// Groups that she joins and leaves.
fn groups(idp: &IdentityProvider, user: &mut User, stated: Stated<'_>) -> Vec<Change> {
    let named = |from: &StatedGroups| -> Vec<String> {
        stated.values(&from.attribute).iter().filter(|group| from.filter.contains(group)).cloned().collect()
    };
    let (joins, leaves) = match &idp.group_assignments {
        GroupAssignments::None => return Vec::new(),
        GroupAssignments::Specific(groups) => (groups.clone(), Vec::new()),
        GroupAssignments::AddToMissing(from) => (named(from), Vec::new()),
        GroupAssignments::FullSync(from) => {
            let joins = named(from);
            let left = |group: &&String| from.filter.contains(group) && !joins.contains(group);
            let leaves = user.groups.iter().filter(left).cloned().collect();
            (joins, leaves)
        }
    };
    let mut changes = Vec::new();
    for group in joins {
        if !user.groups.contains(&group) {
            user.groups.push(group.clone());
            changes.push(Change::Joined(group));
        }
    }
    user.groups.retain(|group| !leaves.contains(group));
    changes.extend(leaves.into_iter().map(Change::Left));
    changes
}
