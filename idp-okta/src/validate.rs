//! Settings that cannot be meant: dangling names, patterns that do not compile, boxes that exclude each other.

use crate::decide::expression;
use federation::Platform;
use federation::tenant::Okta;
use federation::tenant::okta::{AccountLink, Location, MatchAgainst, MatchHow, TrustCondition, UserMatch};
use federation::tenant::scim_client::WorkspaceOneApp;

/// Paths of settings, each with what is wrong there.
pub fn validate(okta: &Okta) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let idp_known = |name: &str| okta.identity_providers.iter().any(|idp| idp.name == name);
    for rule in &okta.routing_rules {
        let path = format!("okta.routing_rules.{}", rule.name);
        if rule.identity_provider != "okta" && !idp_known(&rule.identity_provider) {
            let message = format!("no identity provider `{}`", rule.identity_provider);
            found.push((format!("{path}.identity_provider"), message));
        }
        for app in rule.apps.iter().filter(|name| !okta.apps.iter().any(|app| app.name == **name)) {
            found.push((format!("{path}.apps"), format!("no app `{app}`")));
        }
        let user = format!("{path}.user");
        match &rule.user {
            UserMatch::Regex(pattern) => check_pattern(&user, pattern, &mut found),
            UserMatch::Attribute(m) if m.how == MatchHow::Regex => check_pattern(&user, &m.value, &mut found),
            _ => {}
        }
        check_location(okta, &path, &rule.location, &mut found);
    }
    for rule in &okta.session_rules {
        let path = format!("okta.session_rules.{}", rule.name);
        check_location(okta, &path, &rule.location, &mut found);
        if rule.idle_minutes == 0 {
            found.push((format!("{path}.idle_minutes"), "a session that may idle for no time is none".into()));
        }
    }
    let configured = okta.device_trust.ios.is_some() || okta.device_trust.android.is_some();
    for app in &okta.apps {
        let known = |expression: &str| expression == "device.trusted" || expression.starts_with("user.");
        for (name, expression) in app.attribute_statements.iter().filter(|(_, expression)| !known(expression)) {
            let message = format!("there is no value `{expression}`; known are device.trusted and user.ATTRIBUTE");
            found.push((format!("okta.apps.{}.attribute_statements.{name}", app.name), message));
        }
        for rule in &app.rules {
            let path = format!("okta.apps.{}.rules.{}", app.name, rule.name);
            check_location(okta, &path, &rule.location, &mut found);
            let other = [Platform::OtherMobile, Platform::OtherDesktop].iter().any(|p| rule.platforms.contains(p));
            if rule.device_trust != TrustCondition::Any && !configured {
                found.push((path.clone(), "trust can be asked only where Device Trust is configured".into()));
            }
            if rule.device_trust != TrustCondition::Any && other {
                found.push((path, "trust cannot be asked of `other-mobile` or `other-desktop`: untick them".into()));
            }
        }
    }
    for (name, integration) in [("ios", &okta.device_trust.ios), ("android", &okta.device_trust.android)] {
        if let Some(dangling) = integration.as_ref().filter(|i| !idp_known(&i.identity_provider)) {
            let message = format!("no identity provider `{}`", dangling.identity_provider);
            found.push((format!("okta.device_trust.{name}"), message));
        }
    }
    for idp in &okta.identity_providers {
        if (idp.match_against == MatchAgainst::CustomAttribute) != idp.match_attribute.is_some() {
            let message = "`custom-attribute` and `match_attribute` belong together: set both or neither".into();
            found.push((format!("okta.identity_providers.{}.match_against", idp.name), message));
        }
        if let Err(wrong) = expression::parse(&idp.username) {
            found.push((format!("okta.identity_providers.{}.username", idp.name), wrong));
        }
        if idp.account_link == AccountLink::Disabled && !idp.account_link_groups.is_empty() {
            let message = "a restriction of links says nothing where accounts are never linked".into();
            found.push((format!("okta.identity_providers.{}.account_link_groups", idp.name), message));
        }
        if let Some(pattern) = &idp.username_filter {
            check_pattern(&format!("okta.identity_providers.{}.username_filter", idp.name), pattern, &mut found);
        }
        let twin = okta.identity_providers.iter().take_while(|other| other.name != idp.name).find(|o| o.id == idp.id);
        if let Some(twin) = twin {
            let message = format!("`{}` has the id `{}` already: each has one of its own", twin.name, idp.id);
            found.push((format!("okta.identity_providers.{}.id", idp.name), message));
        }
    }
    if let Some(app) = &okta.workspace_one_app {
        check_app(app, &mut found);
    }
    found
}

/// Attributes of the app that have a place in what is sent. Others would need an External Namespace (documented).
const MAPPED: [&str; 12] = [
    "userName",
    "givenName",
    "familyName",
    "email",
    "phone",
    "employeeID",
    "userPrincipalName",
    "distinguishedName",
    "title",
    "nickName",
    "userType",
    "preferredLanguage",
];

fn check_app(app: &WorkspaceOneApp, found: &mut Vec<(String, String)>) {
    let path = "okta.workspace_one_app";
    for (name, expression) in &app.mappings {
        if !MAPPED.contains(&name.as_str()) {
            let message = format!("the app has no attribute `{name}`: it has {}", MAPPED.join(", "));
            found.push((format!("{path}.mappings.{name}"), message));
        }
        let constant = expression.len() > 1 && expression.starts_with('\'') && expression.ends_with('\'');
        if !constant && !expression.starts_with("user.") {
            let message = format!("`{expression}` is neither `user.ATTRIBUTE` nor a constant in single quotes");
            found.push((format!("{path}.mappings.{name}"), message));
        }
    }
    for rule in app.push_rules.iter().filter(|rule| rule.value.is_empty()) {
        found.push((format!("{path}.push_rules.{}.value", rule.name), "a rule needs a text to look for".into()));
    }
}

fn check_pattern(path: &str, pattern: &str, found: &mut Vec<(String, String)>) {
    if regex::Regex::new(pattern).is_err() {
        found.push((path.into(), format!("`{pattern}` is no regular expression")));
    }
}

fn check_location(okta: &Okta, path: &str, location: &Location, found: &mut Vec<(String, String)>) {
    if !location.in_zones.is_empty() && !location.not_in_zones.is_empty() {
        found.push((path.into(), "both `in_zones` and `not_in_zones` are set: keep one".into()));
    }
    for name in location.in_zones.iter().chain(&location.not_in_zones) {
        if !okta.network_zones.iter().any(|zone| zone.name == *name) {
            found.push((path.into(), format!("no network zone `{name}`")));
        }
    }
}
