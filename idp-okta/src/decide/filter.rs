//! *Filter* of an identity provider: which incoming usernames count at all.

use super::routing::whole_match;
use federation::tenant::Okta;
use federation::tenant::okta::{FilterMismatch, IdentityProvider};
use federation::{Finding, Why};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Pass,
    /// Okta's 400 page.
    Reject,
    /// As if nobody matched.
    Nobody,
}

pub fn decide(settings: &Okta, idp: &IdentityProvider, name: &str, why: &mut impl Why) -> Verdict {
    let Some(pattern) = idp.username_filter.as_ref().filter(|pattern| !whole_match(pattern, name)) else {
        return Verdict::Pass;
    };
    let path = || format!("okta.identity_providers.{}.username_filter", idp.name);
    why.note(|| Finding::new("match/filtered").rule(path()).saw(name).wanted(pattern.clone()));
    why.note(|| Finding::new("assumes/username-filter-mismatch").rule("okta.assumptions.username_filter_mismatch"));
    match settings.assumptions.username_filter_mismatch {
        FilterMismatch::Error => Verdict::Reject,
        FilterMismatch::SignInPage => {
            why.note(|| Finding::new("match/no-user").saw(name));
            Verdict::Nobody
        }
    }
}
