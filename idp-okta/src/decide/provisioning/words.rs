//! What the tasks dashboard, the error panel of *Push Groups* and *Test API Credentials* say.

use federation::Time;

/// What was to be done to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Create,
    Update,
    Deactivate,
}

/// A task that failed; `who` is shown, `login` is her user name.
pub fn task(deed: Deed, app: &str, who: &str, login: &str, cause: &str) -> String {
    match deed {
        Deed::Create => {
            format!(
                "Automatic provisioning of user {who} to app {app} failed: Error while creating user {login}: {cause}"
            )
        }
        Deed::Update => format!(
            "Automatic profile push of user {who} to app {app} failed: Error while trying to push profile update for \
             {login}: {cause}"
        ),
        Deed::Deactivate => format!(
            "Automatic deprovisioning of user {who} to app {app} failed: Error while deactivating user {login}: {cause}"
        ),
    }
}

/// The red panel of a pushed group: when, and the probable cause.
pub fn panel(at: Time, group: &str, cause: &str) -> String {
    let time = at.to_string();
    let (day, clock) = (time.get(..10).unwrap_or_default(), at.clock());
    format!("Failed on {day} {clock} UTC: Unable to update Group Push mapping target App group {group}: {cause}")
}

pub const EMPTY_USER: &str = "Create new user returned empty user.";

pub const PUSH_NOW: &str = "Push Now did not get through. Click Retry All Groups";

pub fn name_taken(group: &str) -> String {
    format!("A group named {group} exists already: link it, or push under another name")
}

pub fn not_there(group: &str) -> String {
    format!("There is no group named {group} to link")
}

pub fn missing(app: &str) -> String {
    format!("Linked group is missing in {app}. Change the linked group to resume pushing group memberships.")
}

pub fn verified(app: &str) -> String {
    format!("{app} was verified successfully!")
}

pub fn not_verified(cause: &str) -> String {
    format!("Error authenticating: {cause}")
}
