//! Whose account an answer of Access is for, as the settings of Okta's identity-provider objects have it.

use federation::tenant::okta::{AccountLink, GroupAssignments, IdentityProvider, MatchAgainst, NoMatch, StatedGroups};
use proptest::prelude::*;
use proptest::sample::select;

#[derive(Debug, Clone)]
pub struct Whose {
    username: &'static str,
    against: MatchAgainst,
    filter: Option<&'static str>,
    no_match: NoMatch,
    link: AccountLink,
    /// Only staff is linked.
    links_staff: bool,
    /// *Reactivate*, *Unsuspend*, *Profile Source*.
    wakes: (bool, bool),
    profile_source: bool,
    groups: GroupAssignments,
}

/// Mostly the name itself.
fn username() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        9 => Just("idpuser.subjectNameId"),
        1 => select(vec![
            "saml.subjectNameId",
            "idpuser.email",
            "String.toUpperCase(idpuser.subjectNameId)",
            "String.substringBefore(idpuser.subjectNameId, \"@\") + '@acme.test'",
            "String.append(String.substringBefore(idpuser.subjectNameId, '@'), ' of acme')",
            "String.replace(idpuser.subjectNameId, 'acme', 'elsewhere')",
        ])
    ]
}

fn groups() -> impl Strategy<Value = GroupAssignments> {
    let staff = || vec!["staff".to_string()];
    let stated = |filter: &[&str]| StatedGroups {
        attribute: "groups".into(),
        filter: filter.iter().map(ToString::to_string).collect(),
    };
    select(vec![
        GroupAssignments::None,
        GroupAssignments::None,
        GroupAssignments::Specific(staff()),
        GroupAssignments::AddToMissing(stated(&["staff"])),
        GroupAssignments::FullSync(stated(&["staff", "contractors"])),
    ])
}

pub fn whose() -> impl Strategy<Value = Whose> {
    use MatchAgainst::{CustomAttribute, Either, Email, Username};
    let account = (
        username(),
        select(vec![Username, Username, Username, Username, Username, Email, Either, CustomAttribute]),
        prop_oneof![
            8 => Just(None),
            1 => select(vec![Some(".*@acme\\.test"), Some("bob.*"), Some("nobody")])
        ],
        prop_oneof![2 => Just(NoMatch::Redirect), 1 => Just(NoMatch::Jit)],
        prop_oneof![9 => Just(AccountLink::Automatic), 1 => Just(AccountLink::Disabled)],
    );
    (account, prop::bool::weighted(0.1), any::<(bool, bool)>(), prop::bool::weighted(0.3), groups()).prop_map(
        |((username, against, filter, no_match, link), links_staff, wakes, profile_source, groups)| Whose {
            username,
            against,
            filter,
            no_match,
            link,
            links_staff: links_staff && link == AccountLink::Automatic,
            wakes,
            profile_source,
            groups,
        },
    )
}

impl Whose {
    pub fn set(&self, provider: &mut IdentityProvider) {
        provider.username = self.username.into();
        provider.match_against = self.against;
        provider.match_attribute = (self.against == MatchAgainst::CustomAttribute).then(|| "formerLogin".into());
        provider.username_filter = self.filter.map(Into::into);
        provider.no_match = self.no_match;
        provider.account_link = self.link;
        if self.links_staff {
            provider.account_link_groups = vec!["staff".into()];
        }
        (provider.reactivate, provider.unsuspend) = self.wakes;
        provider.profile_source = self.profile_source;
        provider.group_assignments = self.groups.clone();
    }
}
