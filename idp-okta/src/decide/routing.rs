//! Routing rules (`IDP_DISCOVERY`): who authenticates this sign-in. The first rule that matches wins; Okta itself is last.

use super::scope::in_location;
use federation::tenant::okta::{
    AttributeMatch, IdentityProvider, MatchHow, Okta, RoutingRegex, RoutingRule, User, UserMatch,
};
use federation::{Finding, Platform, Why};
use std::net::IpAddr;

pub struct Asked<'a> {
    pub app: &'a str,
    pub platform: Platform,
    pub ip: IpAddr,
    /// What was typed at the identifier page, or is known already.
    pub login: Option<&'a str>,
    pub user: Option<&'a User>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route<'a> {
    Okta,
    IdentityProvider(&'a IdentityProvider),
    /// A rule that matches so far looks at the login.
    NeedLogin,
}

pub fn route<'a>(settings: &'a Okta, asked: &Asked<'_>, why: &mut impl Why) -> Route<'a> {
    for rule in settings.routing_rules.iter().filter(|rule| rule.enabled) {
        if !place_matches(settings, rule, asked) {
            continue;
        }
        if rule.user != UserMatch::Anything {
            let Some(login) = asked.login else {
                why.note(|| Finding::new("routing/login-needed").rule(format!("okta.routing_rules.{}", rule.name)));
                return Route::NeedLogin;
            };
            if !user_matches(settings, rule, login, asked.user, why) {
                continue;
            }
        }
        why.note(|| {
            Finding::new("routing/rule-matched")
                .rule(format!("okta.routing_rules.{}", rule.name))
                .saw(asked.platform.name())
        });
        let found = settings.identity_providers.iter().find(|idp| idp.name == rule.identity_provider);
        return found.map_or(Route::Okta, Route::IdentityProvider);
    }
    why.note(|| Finding::new("routing/default").saw(asked.platform.name()));
    Route::Okta
}

fn place_matches(settings: &Okta, rule: &RoutingRule, asked: &Asked<'_>) -> bool {
    (rule.platforms.is_empty() || rule.platforms.contains(&asked.platform))
        && (rule.apps.is_empty() || rule.apps.iter().any(|app| app == asked.app))
        && in_location(settings, &rule.location, asked.ip)
}

fn user_matches(settings: &Okta, rule: &RoutingRule, login: &str, user: Option<&User>, why: &mut impl Why) -> bool {
    match &rule.user {
        UserMatch::Anything => true,
        UserMatch::Domains(domains) => {
            let domain = login.rsplit_once('@').map_or("", |(_, domain)| domain);
            domains.iter().any(|wanted| wanted.eq_ignore_ascii_case(domain))
        }
        UserMatch::Regex(pattern) => regex_matches(settings, rule, pattern, login, why),
        UserMatch::Attribute(wanted) => user.and_then(|user| attribute(user, &wanted.attribute)).is_some_and(|value| {
            let AttributeMatch { value: wanted, how, .. } = wanted;
            match how {
                MatchHow::Equals => value == wanted,
                MatchHow::StartsWith => value.starts_with(wanted),
                MatchHow::Contains => value.contains(wanted),
                MatchHow::Regex => regex_matches(settings, rule, wanted, value, why),
            }
        }),
    }
}

fn attribute<'u>(user: &'u User, name: &str) -> Option<&'u str> {
    match name {
        "login" => Some(&user.login),
        "email" => Some(&user.email),
        other => user.attributes.get(other).map(String::as_str),
    }
}

/// The two readings differ only where the pattern matches a part and not the whole.
fn regex_matches(settings: &Okta, rule: &RoutingRule, pattern: &str, text: &str, why: &mut impl Why) -> bool {
    if whole_match(pattern, text) {
        return true;
    }
    let part = regex::Regex::new(pattern).is_ok_and(|regex| regex.is_match(text));
    if part {
        let path = || format!("okta.routing_rules.{}.user", rule.name);
        why.note(|| Finding::new("assumes/routing-regex").rule(path()).saw(text).wanted(pattern));
    }
    part && settings.assumptions.routing_regex == RoutingRegex::Part
}

/// A pattern that does not compile matches nothing; [`crate::validate`] names it.
pub fn whole_match(pattern: &str, text: &str) -> bool {
    regex::Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|regex| regex.is_match(text))
}
