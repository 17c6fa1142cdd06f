//! *Match against*, *Account Link Policy* and *If no match is found*: whose account a username is. A name that fits several
//! accounts is nobody's.

use federation::tenant::okta::{AccountLink, IdentityProvider, MatchAgainst, NoMatch, User, UserStatus};
use federation::{Finding, Why};

/// How names of people made by JIT begin; no configured one does.
pub const MADE: &str = "jit:";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match<'a> {
    Account(&'a User),
    /// One that is suspended or deactivated, and that the identity provider wakes.
    Woken(&'a User),
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

/// `users`: everybody, as they are now.
pub fn decide<'a>(
    idp: &IdentityProvider,
    name: &str,
    users: impl Iterator<Item = &'a User>,
    why: &mut impl Why,
) -> Match<'a> {
    let path = |setting: &str| format!("okta.identity_providers.{}.{setting}", idp.name);
    let mut taken = false;
    let mut fitting =
        users.inspect(|user| taken |= user.login.eq_ignore_ascii_case(name)).filter(|user| fits(idp, name, user));
    let found = (fitting.next(), fitting.next());
    fitting.for_each(drop);
    match found {
        (_, Some(_)) => {
            why.note(|| Finding::new("match/no-user").rule(path("match_against")).saw(name).wanted("one account"));
            return Match::Nobody;
        }
        (Some(one), None) if may_link(idp, one) => return woken(idp, name, one, why),
        (Some(_), None) => {
            let off = idp.account_link == AccountLink::Disabled;
            let setting = if off { "account_link" } else { "account_link_groups" };
            why.note(|| Finding::new("match/not-linked").rule(path(setting)).saw(name));
        }
        (None, None) => {}
    }
    let code = match idp.no_match {
        NoMatch::Jit if taken => "match/name-taken",
        NoMatch::Jit if !name.is_empty() => "match/jit",
        NoMatch::Jit | NoMatch::Redirect => "match/no-user",
    };
    why.note(|| Finding::new(code).saw(name));
    if code == "match/jit" { Match::Create } else { Match::Nobody }
}

/// *Account Link Policy* with its restriction to groups.
fn may_link(idp: &IdentityProvider, user: &User) -> bool {
    let groups = &idp.account_link_groups;
    idp.account_link == AccountLink::Automatic
        && (groups.is_empty() || user.groups.iter().any(|group| groups.contains(group)))
}

/// The account that fits, if it may be used: as it is, or after it is woken.
fn woken<'a>(idp: &IdentityProvider, name: &str, user: &'a User, why: &mut impl Why) -> Match<'a> {
    let (code, setting) = match user.status {
        UserStatus::Active => return Match::Account(user),
        UserStatus::Suspended if idp.unsuspend => ("match/unsuspended", "unsuspend"),
        UserStatus::Deactivated if idp.reactivate => ("match/reactivated", "reactivate"),
        UserStatus::Suspended | UserStatus::Deactivated => {
            why.note(|| Finding::new("match/no-user").saw(name).wanted("an active account"));
            return Match::Nobody;
        }
    };
    why.note(|| Finding::new(code).rule(format!("okta.identity_providers.{}.{setting}", idp.name)).saw(name));
    Match::Woken(user)
}

/// The account that JIT makes of a name.
pub fn made(name: &str) -> User {
    User {
        // No configured user can have this name: a made person never answers for somebody else.
        name: format!("{MADE}{name}"),
        login: name.into(),
        email: name.into(),
        password: String::new(),
        groups: Vec::new(),
        attributes: Default::default(),
        status: UserStatus::Active,
        factors: Vec::new(),
    }
}
