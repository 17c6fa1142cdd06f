//! What UEM should know of somebody, and the next thing to tell it.

use crate::people::{People, User};
use federation::tenant::Access;
use federation::tenant::access::{AdapterDelete, DirectoryKind};
use federation::tenant::provisioning::{DeploymentType, ProvisioningAdapter};
use federation::{Finding, Why};
use serde_json::Value;

/// Somebody as UEM is to have her.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    pub username: String,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub phone: String,
    pub external_id: String,
    pub active: bool,
}

/// Somebody as UEM has her.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct There {
    pub id: u64,
    pub as_is: Wish,
}

/// The next call to UEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Create(Wish),
    Update(u64, Wish),
    Activate(u64),
    Deactivate(u64),
    Delete(u64),
    Nothing,
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Step::Create(wish) => write!(f, "create {} in UEM", wish.username),
            Step::Update(id, wish) => write!(f, "update {} ({id}) in UEM", wish.username),
            Step::Activate(id) => write!(f, "activate {id} in UEM"),
            Step::Deactivate(id) => write!(f, "deactivate {id} in UEM"),
            Step::Delete(id) => write!(f, "delete {id} in UEM"),
            Step::Nothing => f.write_str("nothing to do in UEM"),
        }
    }
}

const RULE: &str = "access.provisioning.airwatch";

/// The adapter where it provisions at all.
pub fn adapter(settings: &Access) -> Option<&ProvisioningAdapter> {
    settings.provisioning.airwatch.as_ref().filter(|a| a.deployment == DeploymentType::Automatic)
}

/// Whether the adapter looks at people of this directory: those of Active Directory reach UEM by UEM's own way.
pub fn looks_at(kind: DirectoryKind) -> bool {
    matches!(kind, DirectoryKind::Other | DirectoryKind::Jit)
}

/// What UEM should have of somebody; `None` where it should have nobody.
pub fn wish(settings: &Access, people: &People, user: &User, why: &mut impl Why) -> Option<Wish> {
    let adapter = adapter(settings)?;
    if !people.directory(&user.directory).is_some_and(|d| looks_at(d.kind)) {
        return None;
    }
    let groups = &adapter.entitled_groups;
    let entitled =
        groups.is_empty() || people.groups_of(&user.id).any(|g| groups.iter().any(|n| n == g.display_name()));
    if !entitled {
        why.note(|| {
            Finding::new("adapter/not-entitled")
                .rule(format!("{RULE}.entitled_groups"))
                .saw(user.user_name())
                .wanted(groups.join(", "))
        });
        return None;
    }
    let text = |object: Option<&Value>, name: &str| {
        object.and_then(|o| o.get(name)).and_then(Value::as_str).unwrap_or_default().to_string()
    };
    let name = user.attributes.get("name");
    let phones = user.attributes.get("phoneNumbers").and_then(Value::as_array);
    let wish = Wish {
        username: user.user_name().into(),
        first_name: text(name, "givenName"),
        last_name: text(name, "familyName"),
        email: user.email().unwrap_or_default().into(),
        phone: text(phones.and_then(|p| p.first()), "value"),
        external_id: user.external_id().unwrap_or_default().into(),
        active: user.active(),
    };
    let needed = [
        ("firstName", &wish.first_name),
        ("lastName", &wish.last_name),
        ("email", &wish.email),
        ("externalId", &wish.external_id),
    ];
    let missing: Vec<&str> = needed.into_iter().filter(|(_, v)| v.is_empty()).map(|(n, _)| n).collect();
    if missing.is_empty() {
        return Some(wish);
    }
    why.note(|| {
        Finding::new("adapter/attribute-missing").saw(format!("{} without {}", wish.username, missing.join(", ")))
    });
    None
}

/// The next step from what is there to what should be; called again until nothing is left.
pub fn next(settings: &Access, deleted: bool, wish: Option<&Wish>, there: Option<&There>, why: &mut impl Why) -> Step {
    match (wish, there) {
        (None, None) => Step::Nothing,
        // Somebody who may not sign in is not made anew in UEM.
        (Some(wish), None) if !wish.active => Step::Nothing,
        (Some(wish), None) => Step::Create(wish.clone()),
        (Some(wish), Some(there)) => {
            let same = Wish { active: there.as_is.active, ..wish.clone() } == there.as_is;
            match (same, wish.active, there.as_is.active) {
                (false, ..) => Step::Update(there.id, wish.clone()),
                (true, true, false) => Step::Activate(there.id),
                (true, false, true) => Step::Deactivate(there.id),
                _ => Step::Nothing,
            }
        }
        (None, Some(there)) => {
            if deleted {
                why.note(|| Finding::new("assumes/adapter-delete").rule("access.assumptions.adapter_delete"));
                if settings.assumptions.adapter_delete == AdapterDelete::Deletes {
                    return Step::Delete(there.id);
                }
            }
            if there.as_is.active { Step::Deactivate(there.id) } else { Step::Nothing }
        }
    }
}
