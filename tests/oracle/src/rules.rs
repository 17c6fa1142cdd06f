//! Conditions that stand in both vendors' rules: places, people, regular expressions.

use crate::Oracle;
use federation::tenant::okta::{AttributeMatch, Location, MatchHow, PeopleCondition, RoutingRegex, User, UserMatch};
use std::net::IpAddr;

impl Oracle {
    pub(crate) fn is_located(&self, location: &Location, ip: IpAddr) -> bool {
        let within = |name: &String| {
            self.world
                .okta
                .network_zones
                .iter()
                .any(|z| z.name == *name && z.gateways.iter().any(|net| net.contains(&ip)))
        };
        (location.in_zones.is_empty() || location.in_zones.iter().any(within))
            && !location.not_in_zones.iter().any(within)
    }
}

/// Exceptions win; empty lists mean everybody.
pub(crate) fn concerns(people: &PeopleCondition, user: &User) -> bool {
    let any = |groups: &[String]| groups.iter().any(|g| user.groups.contains(g));
    let excepted = people.except_users.contains(&user.name) || any(&people.except_groups);
    let everybody = people.users.is_empty() && people.groups.is_empty();
    !excepted && (everybody || people.users.contains(&user.name) || any(&people.groups))
}

/// The whole text matches.
pub(crate) fn matches_whole(pattern: &str, text: &str) -> bool {
    regex::Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|r| r.is_match(text))
}

/// Whom a routing rule is for.
// routing-regex: the whole of the text, or a part of it
pub(crate) fn user_matches(condition: &UserMatch, login: &str, user: Option<&User>, how: RoutingRegex) -> bool {
    let regex = |pattern: &str, text: &str| match how {
        RoutingRegex::Whole => matches_whole(pattern, text),
        RoutingRegex::Part => matches_whole(&format!(".*(?:{pattern}).*"), text),
    };
    match condition {
        UserMatch::Anything => true,
        UserMatch::Domains(domains) => {
            let domain = login.rsplit_once('@').map(|(_, d)| d).unwrap_or_default();
            domains.iter().any(|d| d.eq_ignore_ascii_case(domain))
        }
        UserMatch::Regex(pattern) => regex(pattern, login),
        UserMatch::Attribute(wanted) => user.is_some_and(|u| attribute_matches(wanted, u, regex)),
    }
}

fn attribute_matches(wanted: &AttributeMatch, user: &User, regex: impl Fn(&str, &str) -> bool) -> bool {
    let value = match wanted.attribute.as_str() {
        "login" => &user.login,
        "email" => &user.email,
        other => match user.attributes.get(other) {
            Some(value) => value,
            None => return false,
        },
    };
    match wanted.how {
        MatchHow::Equals => *value == wanted.value,
        MatchHow::StartsWith => value.starts_with(&wanted.value),
        MatchHow::Contains => value.contains(&wanted.value),
        MatchHow::Regex => regex(&wanted.value, value),
    }
}
