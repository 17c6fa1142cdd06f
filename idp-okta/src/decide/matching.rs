//! *Match against*: whose account an incoming username is. A name that fits several accounts is nobody's.

use federation::tenant::okta::{IdentityProvider, MatchAgainst, NoMatch, User, UserStatus};
use federation::{Finding, Why};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match<'a> {
    Account(&'a User),
    /// *Create new user (JIT)*.
    Create,
    Nobody,
}

/// Whether `name` is this account's.
pub fn fits(idp: &IdentityProvider, name: &str, user: &User) -> bool {
    let (login, email) = (user.login.eq_ignore_ascii_case(name), user.email.eq_ignore_ascii_case(name));
    match idp.match_against {
        MatchAgainst::Username => login,
        MatchAgainst::Email => email,
        MatchAgainst::Either => login || email,
        MatchAgainst::CustomAttribute => {
            let held = idp.match_attribute.as_ref().and_then(|attribute| user.attributes.get(attribute));
            held.is_some_and(|value| value.eq_ignore_ascii_case(name))
        }
    }
}

pub fn decide<'a>(
    idp: &IdentityProvider,
    name: &str,
    users: impl Iterator<Item = &'a User>,
    why: &mut impl Why,
) -> Match<'a> {
    let nobody = || Finding::new("match/no-user").saw(name);
    let mut fitting = users.filter(|user| fits(idp, name, user));
    match (fitting.next(), fitting.next()) {
        (Some(one), None) if one.status == UserStatus::Active => Match::Account(one),
        (None, _) if idp.no_match == NoMatch::Jit && !name.is_empty() => {
            why.note(|| Finding::new("match/jit").saw(name));
            Match::Create
        }
        (_, Some(_)) => {
            let path = format!("okta.identity_providers.{}.match_against", idp.name);
            why.note(|| nobody().rule(path).wanted("one account"));
            Match::Nobody
        }
        _ => {
            why.note(nobody);
            Match::Nobody
        }
    }
}

/// The account that JIT makes of a name.
pub fn made(idp: &IdentityProvider, name: &str) -> User {
    User {
        // No configured user can have this name: a made person never answers for somebody else.
        name: format!("jit:{name}"),
        login: name.into(),
        email: name.into(),
        password: String::new(),
        groups: idp.jit_groups.clone(),
        attributes: Default::default(),
        status: UserStatus::Active,
        factors: Vec::new(),
    }
}
