//! Whose account an answer of Access is for: the name that Okta makes of it, the account that fits, and what becomes of that.

use crate::{Oracle, Visit};
use federation::tenant::okta::{
    AccountLink, GroupAssignments, IdentityProvider, MatchAgainst, NoMatch, User, UserStatus,
};

type Attributes = [(String, Vec<String>)];

impl Oracle {
    /// The account as it is from now on; nobody: Okta asks her to sign in.
    // m1-flow, scim-new-users
    pub(crate) fn matched(
        &mut self,
        v: &mut Visit,
        idp: &IdentityProvider,
        username: &str,
        attributes: &Attributes,
    ) -> Option<User> {
        let users = &self.world.okta.users;
        let fitting: Vec<User> = users.iter().filter(|u| names(idp, u, username)).cloned().collect();
        let linked = |u: &User| {
            let groups = &idp.account_link_groups;
            idp.account_link == AccountLink::Automatic
                && (groups.is_empty() || u.groups.iter().any(|g| groups.contains(g)))
        };
        let woken = |u: &User| match u.status {
            UserStatus::Active => true,
            UserStatus::Suspended => idp.unsuspend,
            UserStatus::Deactivated => idp.reactivate,
        };
        let taken = users.iter().any(|u| u.login.eq_ignore_ascii_case(username));
        let (mut user, made) = match fitting.as_slice() {
            [one] if linked(one) && woken(one) => (User { status: UserStatus::Active, ..one.clone() }, false),
            [one] if linked(one) => {
                v.because("match/no-user");
                return None;
            }
            [_, _, ..] => {
                v.because("match/no-user");
                return None;
            }
            others => {
                if !others.is_empty() {
                    v.because("match/not-linked");
                }
                if idp.no_match != NoMatch::Jit || username.is_empty() {
                    v.because("match/no-user");
                    return None;
                }
                if taken {
                    v.because("match/name-taken");
                    return None;
                }
                (newcomer(username), true)
            }
        };
        if made || idp.profile_source {
            take_profile(idp, &mut user, attributes);
        }
        take_groups(idp, &mut user, attributes);
        self.keep(user.clone(), made);
        Some(user)
    }

    fn keep(&mut self, user: User, made: bool) {
        if made {
            self.newcomers.push(user.clone());
            self.world.okta.users.push(user);
            return;
        }
        if let Some(known) = self.newcomers.iter_mut().find(|u| u.name == user.name) {
            *known = user.clone();
        }
        for known in self.world.okta.users.iter_mut().filter(|u| u.name == user.name && **u != user) {
            // What an administrator last said of it, for when he says something else.
            let configured = self.changed.get(&user.name).map_or(known.clone(), |(configured, _)| configured.clone());
            self.changed.insert(user.name.clone(), (configured, user.clone()));
            *known = user.clone();
        }
    }

    /// An administrator's world with what sign-ins have made of it: accounts that he did not touch stay as they are.
    pub(crate) fn keep_accounts(&mut self) {
        let users = &mut self.world.okta.users;
        self.changed.retain(|name, (configured, now)| {
            let known = users.iter_mut().find(|u| u.name == *name && *u == configured);
            known.map(|known| known.clone_from(now)).is_some()
        });
        self.world.okta.users.extend(self.newcomers.iter().cloned());
    }
}

fn names(idp: &IdentityProvider, user: &User, username: &str) -> bool {
    let same = |a: &str| a.eq_ignore_ascii_case(username);
    match idp.match_against {
        MatchAgainst::Username => same(&user.login),
        MatchAgainst::Email => same(&user.email),
        MatchAgainst::Either => same(&user.login) || same(&user.email),
        MatchAgainst::CustomAttribute => idp
            .match_attribute
            .iter()
            .any(|wanted| user.attributes.iter().any(|(key, value)| key == wanted && same(value))),
    }
}

fn newcomer(username: &str) -> User {
    User {
        // Nobody whom an administrator made is called so.
        name: format!("jit:{username}"),
        login: username.into(),
        email: username.into(),
        password: String::new(),
        groups: Vec::new(),
        attributes: Default::default(),
        status: UserStatus::Active,
        factors: Vec::new(),
    }
}

/// What the assertion states becomes the profile, but for what stands for groups.
fn take_profile(idp: &IdentityProvider, user: &mut User, attributes: &Attributes) {
    let about_groups = match &idp.group_assignments {
        GroupAssignments::AddToMissing(from) | GroupAssignments::FullSync(from) => from.attribute.as_str(),
        _ => "",
    };
    for (name, values) in attributes {
        match (name.as_str(), values.first()) {
            (_, None) => {}
            (name, _) if name == about_groups => {}
            ("email", Some(value)) => user.email = value.clone(),
            (name, Some(value)) => {
                user.attributes.insert(name.into(), value.clone());
            }
        }
    }
}

fn take_groups(idp: &IdentityProvider, user: &mut User, attributes: &Attributes) {
    let stated = |name: &str| -> Vec<String> {
        attributes.iter().filter(|(n, _)| n == name).flat_map(|(_, values)| values.clone()).collect()
    };
    let (joins, leaves) = match &idp.group_assignments {
        GroupAssignments::None => (Vec::new(), Vec::new()),
        GroupAssignments::Specific(groups) => (groups.clone(), Vec::new()),
        GroupAssignments::AddToMissing(from) => {
            (stated(&from.attribute).into_iter().filter(|g| from.filter.contains(g)).collect(), Vec::new())
        }
        GroupAssignments::FullSync(from) => {
            from.filter.iter().cloned().partition(|group| stated(&from.attribute).contains(group))
        }
    };
    user.groups.retain(|group| !leaves.contains(group));
    for group in joins {
        if !user.groups.contains(&group) {
            user.groups.push(group);
        }
    }
}

/// *IdP Username* over an assertion: terms joined by `+`. Nothing where the assertion lacks an attribute.
pub(crate) fn username_of(expression: &str, name_id: &str, attributes: &Attributes) -> Option<String> {
    split(expression, '+').into_iter().map(|term| term_of(term.trim(), name_id, attributes)).collect()
}

fn term_of(term: &str, name_id: &str, attributes: &Attributes) -> Option<String> {
    if let Some(text) = term.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
        return Some(text.into());
    }
    if let Some(text) = term.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')) {
        return Some(text.into());
    }
    if term == "idpuser.subjectNameId" || term == "saml.subjectNameId" {
        return Some(name_id.into());
    }
    if let Some(name) = term.strip_prefix("idpuser.") {
        return attributes.iter().find(|(n, _)| n == name).and_then(|(_, values)| values.first().cloned());
    }
    let (function, rest) = term.strip_prefix("String.")?.split_once('(')?;
    let inside = rest.trim_end().strip_suffix(')')?;
    let given: Option<Vec<String>> =
        split(inside, ',').into_iter().map(|a| username_of(a, name_id, attributes)).collect();
    let given = given?;
    let at = |i: usize| given.get(i).map(String::as_str);
    Some(match function.trim() {
        "toLowerCase" => at(0)?.to_lowercase(),
        "toUpperCase" => at(0)?.to_uppercase(),
        "removeSpaces" => at(0)?.chars().filter(|c| !c.is_whitespace()).collect(),
        "append" => format!("{}{}", at(0)?, at(1)?),
        "replace" => at(0)?.replace(at(1)?, at(2)?),
        "substringBefore" => at(0)?.split(at(1)?).next()?.to_string(),
        "substringAfter" => {
            at(0)?.find(at(1)?).map_or(String::new(), |i| at(0).unwrap_or("")[i + at(1).unwrap_or("").len()..].into())
        }
        _ => return None,
    })
}

/// At marks that stand neither in quotes nor in parentheses.
fn split(text: &str, mark: char) -> Vec<&str> {
    let (mut parts, mut from, mut depth, mut quote) = (Vec::new(), 0, 0, None);
    for (i, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth -= 1,
            (None, _) if c == mark && depth == 0 => {
                parts.push(&text[from..i]);
                from = i + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}
