//! What comes next for one person of the app.

use super::{Profile, RULE, assigned, profile};
use crate::ledger::AppUser;
use federation::tenant::okta::{User, UserStatus};
use federation::tenant::scim_client::{MatchBy, WorkspaceOneApp};
use federation::{Finding, Why};

/// The next thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Look whether she is there; link her, or make her.
    Provision(Profile),
    /// Push her profile.
    Update(String, Profile),
    Deactivate(String),
    /// She was never there, or what is there is left alone: forget the assignment.
    Forget,
    /// A change that does not travel was seen.
    Stay(Profile),
    /// She is suspended, which sends nothing.
    Hold,
    Nothing,
}

impl std::fmt::Display for Act {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Act::Provision(profile) => write!(f, "provision {}", profile.user_name),
            Act::Update(_, profile) => write!(f, "push the profile of {}", profile.user_name),
            Act::Deactivate(_) => f.write_str("deactivate"),
            Act::Forget => f.write_str("forget the assignment"),
            Act::Stay(profile) => write!(f, "send nothing of {}", profile.user_name),
            Act::Hold => f.write_str("send nothing"),
            Act::Nothing => f.write_str("nothing"),
        }
    }
}

/// A failed task waits for an administrator, whatever else changes, but for an assignment that ends.
pub fn next(app: &WorkspaceOneApp, user: Option<&User>, record: Option<&AppUser>, why: &mut impl Why) -> Act {
    let standing = user.filter(|user| assigned(app, user));
    match standing.map(|user| (user.status, user)) {
        // Suspending sends nothing (documented).
        Some((UserStatus::Suspended, user)) => {
            if record.is_none_or(|r| r.id.is_none() || r.held) {
                return Act::Nothing;
            }
            why.note(|| Finding::new("provisioning/suspended").saw(&user.login));
            Act::Hold
        }
        Some((UserStatus::Active, user)) => here(app, profile(app, user), record, why),
        Some((UserStatus::Deactivated, _)) | None => gone(app, record, why),
    }
}

fn here(app: &WorkspaceOneApp, wanted: Profile, record: Option<&AppUser>, why: &mut impl Why) -> Act {
    let record = record.cloned().unwrap_or_default();
    if record.trouble.is_some() {
        return Act::Nothing;
    }
    let off = |code: &'static str, setting: &str| {
        Finding::new(code).rule(format!("{RULE}.{setting}")).saw(wanted.user_name.clone())
    };
    match record.id {
        None if app.create_users => Act::Provision(wanted),
        None if record.seen.is_some() => Act::Nothing,
        None => {
            why.note(|| off("provisioning/create-off", "create_users"));
            Act::Stay(wanted)
        }
        Some(_) if record.pushed.as_ref() == Some(&wanted) => Act::Nothing,
        Some(id) if app.update_user_attributes => Act::Update(id, wanted),
        Some(_) if record.seen.as_ref() == Some(&wanted) => Act::Nothing,
        Some(_) => {
            why.note(|| off("provisioning/update-off", "update_user_attributes"));
            Act::Stay(wanted)
        }
    }
}

fn gone(app: &WorkspaceOneApp, record: Option<&AppUser>, why: &mut impl Why) -> Act {
    let Some(record) = record else { return Act::Nothing };
    match &record.id {
        None => Act::Forget,
        Some(id) if app.deactivate_users => Act::Deactivate(id.clone()),
        Some(_) => {
            why.note(|| {
                Finding::new("provisioning/deactivate-off").rule(format!("{RULE}.deactivate_users")).saw(&record.login)
            });
            Act::Forget
        }
    }
}

/// A record that the target has under the person's user name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub id: String,
    pub user_name: String,
    pub domain: String,
}

/// Which of the records that were found is the person.
pub fn is_there<'f>(how: MatchBy, wanted: &Profile, found: &'f [Found], why: &mut impl Why) -> Option<&'f Found> {
    let named = |f: &&Found| f.user_name.eq_ignore_ascii_case(&wanted.user_name);
    let same_domain = |f: &Found| f.domain.is_empty() || f.domain.eq_ignore_ascii_case(&wanted.domain);
    let elsewhere = found.iter().filter(named).find(|f| !same_domain(f));
    if let Some(other) = elsewhere {
        why.note(|| {
            Finding::new("assumes/scim-match")
                .rule("okta.assumptions.provisioning.match_by")
                .saw(other.domain.clone())
                .wanted(wanted.domain.clone())
        });
    }
    let here = found.iter().filter(named).find(|f| same_domain(f));
    let linked = here.or(if how == MatchBy::UserName { elsewhere } else { None });
    if let Some(linked) = linked {
        why.note(|| Finding::new("provisioning/linked").saw(linked.user_name.clone()));
    }
    linked
}
