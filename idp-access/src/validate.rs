//! What an administrator should be told before the tenant runs: path of the setting and message.

use federation::tenant::Access;
use federation::tenant::access::{AuthMethod, PolicyRule};

const LONGEST_MESSAGE: usize = 4000;

pub fn validate(access: &Access) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if !access.policies.iter().any(|p| p.name == "default") {
        found.push(("access.policies".into(), "the policy `default` must exist".into()));
    }
    for source in &access.application_sources {
        if !access.policies.iter().any(|p| p.name == source.policy) {
            let path = format!("access.application_sources.{}.policy", source.name);
            found.push((path, format!("there is no policy `{}`", source.policy)));
        }
    }
    identity_providers(access, &mut found);
    for policy in &access.policies {
        for rule in &policy.rules {
            check_rule(access, &format!("access.policies.{}.rules.{}", policy.name, rule.name), rule, &mut found);
        }
    }
    found
}

fn range_exists(access: &Access, name: &str) -> bool {
    name == "ALL RANGES" || access.network_ranges.iter().any(|r| r.name == name)
}

fn identity_providers(access: &Access, found: &mut Vec<(String, String)>) {
    for idp in &access.identity_providers {
        let path = format!("access.identity_providers.{}", idp.name);
        for name in idp.directories.iter().filter(|n| !access.directories.iter().any(|d| &d.name == *n)) {
            found.push((format!("{path}.directories"), format!("there is no directory `{name}`")));
        }
        for name in idp.network_ranges.iter().filter(|n| !range_exists(access, n)) {
            found.push((format!("{path}.network_ranges"), format!("there is no network range `{name}`")));
        }
    }
}

fn check_rule(access: &Access, path: &str, rule: &PolicyRule, found: &mut Vec<(String, String)>) {
    if !range_exists(access, &rule.network_range) {
        found.push((format!("{path}.network_range"), format!("there is no network range `{}`", rule.network_range)));
    }
    let groups: Vec<&String> = access.directories.iter().flat_map(|d| &d.users).flat_map(|u| &u.groups).collect();
    for group in rule.groups.iter().filter(|g| !groups.contains(g)) {
        found.push((format!("{path}.groups"), format!("nobody belongs to a group `{group}`")));
    }
    for chain in &rule.authenticate {
        let at = chain.iter().position(|m| *m == AuthMethod::DeviceCompliance);
        if at.is_some_and(|at| !chain[..at].iter().any(|m| m.by_certificate())) {
            found.push((
                format!("{path}.authenticate"),
                "device-compliance must come after a certificate method in its chain".into(),
            ));
        }
    }
    if rule.error.as_ref().is_some_and(|e| e.message.chars().count() > LONGEST_MESSAGE) {
        found.push((format!("{path}.error.message"), format!("longer than {LONGEST_MESSAGE} characters")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    #[track_caller]
    fn check(change: impl FnOnce(&mut Access), expected_path: &str) {
        let mut access = fixtures::access();
        change(&mut access);
        let paths: Vec<String> = validate(&access).into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, if expected_path.is_empty() { vec![] } else { vec![expected_path.to_string()] });
    }

    #[test]
    fn each_mistake_is_named_once() {
        check(|_| {}, "");
        check(|a| a.application_sources[0].policy = "gone".into(), "access.application_sources.okta.policy");
        check(
            |a| a.identity_providers[0].directories.push("gone".into()),
            "access.identity_providers.built-in.directories",
        );
        check(
            |a| a.policies[0].rules[0].network_range = "gone".into(),
            "access.policies.default.rules.ios.network_range",
        );
        let alone = vec![vec![AuthMethod::DeviceCompliance]];
        check(|a| a.policies[0].rules[0].authenticate = alone, "access.policies.default.rules.ios.authenticate");
        let rename = |a: &mut Access| {
            a.policies[0].name = "mobile".into();
            a.application_sources[0].policy = "mobile".into();
        };
        check(rename, "access.policies");
    }
}
