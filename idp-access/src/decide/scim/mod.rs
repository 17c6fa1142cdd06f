//! Rules of provisioning, one set beneath both dialects of SCIM: pure functions of the settings, the people as they are
//! and what a client sent. They answer with changes or a fault; `people` does the changes, `http` says the fault.

pub mod directories;
pub mod fault;
pub mod groups;
pub mod matching;
pub mod patch;
pub mod project;
pub mod query;
pub mod shape;
pub mod users;
pub mod view;

#[cfg(test)]
mod tests;

use crate::people::People;
use fault::Fault;
use federation::tenant::Access;
use federation::tenant::access::IfMatch;
use federation::{Finding, Time, Why};

/// What the rules look at.
pub struct Rules<'a> {
    pub settings: &'a Access,
    pub people: &'a People,
    pub now: Time,
    /// SCIM 2.0; otherwise the classic interface.
    pub newer: bool,
}

impl Rules<'_> {
    /// `If-Match`: a list of versions or `*`. RFC 7644 3.14 has it; whether the classic interface looks is unknown.
    fn version_fits(&self, version: u64, if_match: Option<&str>, why: &mut impl Why) -> Result<(), Fault> {
        let Some(wanted) = if_match else { return Ok(()) };
        if !self.newer {
            why.note(|| Finding::new("assumes/scim-if-match").rule("access.assumptions.scim_if_match"));
            if self.settings.assumptions.scim_if_match == IfMatch::Ignored {
                return Ok(());
            }
        }
        if names_version(wanted, version) {
            return Ok(());
        }
        why.note(|| Finding::new("scim/version-differs").saw(view::etag(version)).wanted(wanted));
        Err(Fault::VersionDiffers)
    }
}

/// Whether an entity-tag list names this version; compared weakly.
pub fn names_version(list: &str, version: u64) -> bool {
    let ours = view::etag(version);
    let strong = ours.trim_start_matches("W/");
    list.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == strong)
}
