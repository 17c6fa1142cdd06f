//! Routing rules (`IDP_DISCOVERY`): who authenticates this sign-in. The first rule that matches wins; Okta itself is last.

use super::scope::in_location;
use federation::tenant::okta::{AttributeMatch, IdentityProvider, MatchHow, Okta, RoutingRule, User, UserMatch};
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
            if !user_matches(&rule.user, login, asked.user) {
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

fn user_matches(wanted: &UserMatch, login: &str, user: Option<&User>) -> bool {
    match wanted {
        UserMatch::Anything => true,
        UserMatch::Domains(domains) => {
            let domain = login.rsplit_once('@').map_or("", |(_, domain)| domain);
            domains.iter().any(|wanted| wanted.eq_ignore_ascii_case(domain))
        }
        UserMatch::Regex(pattern) => whole_match(pattern, login),
        UserMatch::Attribute(wanted) => user.is_some_and(|user| attribute_matches(wanted, user)),
    }
}

fn attribute_matches(wanted: &AttributeMatch, user: &User) -> bool {
    let value = match wanted.attribute.as_str() {
        "login" => Some(user.login.as_str()),
        "email" => Some(user.email.as_str()),
        other => user.attributes.get(other).map(String::as_str),
    };
    value.is_some_and(|value| match wanted.how {
        MatchHow::Equals => value == wanted.value,
        MatchHow::StartsWith => value.starts_with(&wanted.value),
        MatchHow::Contains => value.contains(&wanted.value),
        MatchHow::Regex => whole_match(&wanted.value, value),
    })
}

/// A pattern that does not compile matches nothing; [`crate::validate`] names it.
pub fn whole_match(pattern: &str, text: &str) -> bool {
    regex::Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|regex| regex.is_match(text))
}
