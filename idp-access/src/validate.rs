//! What an administrator should be told before the tenant runs: path of the setting and message.

use crate::decide::oauth;
use crate::decide::statement::VALUES;
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
        let idp = &source.okta_identity_provider;
        let before = access.application_sources.iter().take_while(|other| other.name != source.name);
        if let Some(twin) = before.into_iter().find(|other| other.okta_identity_provider == *idp) {
            let path = format!("access.application_sources.{}.okta_identity_provider", source.name);
            found.push((path, format!("`{}` was made from the metadata of `{idp}` already", twin.name)));
        }
        for (name, value) in source.attributes.iter().filter(|(_, value)| !VALUES.contains(&value.as_str())) {
            let path = format!("access.application_sources.{}.attributes.{name}", source.name);
            found.push((path, format!("there is no value `{value}`; known are {}", VALUES.join(", "))));
        }
    }
    identity_providers(access, &mut found);
    provisioning(access, &mut found);
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

fn provisioning(access: &Access, found: &mut Vec<(String, String)>) {
    for client in &access.remote_app_access {
        let path = |what: &str| format!("access.remote_app_access.{}.{what}", client.name);
        if !oauth::good_id(&client.name) {
            found.push((path("name"), "letters, digits and . _ - @ only".into()));
        }
        if client.shared_secret.is_empty() {
            found.push((path("shared_secret"), "an empty secret opens nothing".into()));
        }
        if client.access_token_ttl_minutes == 0 || client.access_token_ttl_minutes > oauth::LONGEST_MINUTES {
            let text = format!("from 1 to {} minutes, a year", oauth::LONGEST_MINUTES);
            found.push((path("access_token_ttl_minutes"), text));
        }
        for scope in client.scope.iter().filter(|s| !oauth::SCOPES.contains(&s.as_str())) {
            let text = format!("there is no scope `{scope}`; known are {}", oauth::SCOPES.join(", "));
            found.push((path("scope"), text));
        }
    }
    for administrator in access.provisioning.administrators.iter().filter(|a| a.password.is_empty()) {
        let path = format!("access.provisioning.administrators.{}.password", administrator.name);
        found.push((path, "an empty password opens nothing".into()));
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
        // Documented.
        if chain.iter().skip(1).any(|m| *m == AuthMethod::Certificate) {
            found.push((format!("{path}.authenticate"), "certificate must come first in its chain".into()));
        }
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
    use federation::tenant::access::ApplicationSource;
    use federation::tenant::provisioning::RemoteAppAccessClient;

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
        let late = vec![vec![AuthMethod::Password, AuthMethod::Certificate]];
        check(|a| a.policies[0].rules[0].authenticate = late, "access.policies.default.rules.ios.authenticate");
        let twin = |a: &mut Access| {
            let twin = ApplicationSource { name: "twin".into(), ..a.application_sources[0].clone() };
            a.application_sources.push(twin);
        };
        check(twin, "access.application_sources.twin.okta_identity_provider");
        let client = |change: fn(&mut RemoteAppAccessClient)| {
            move |a: &mut Access| {
                let json = r#"{"name": "OktaSCIM", "shared_secret": "s"}"#;
                let mut client: RemoteAppAccessClient = serde_json::from_str(json).expect("a client");
                change(&mut client);
                a.remote_app_access.push(client);
            }
        };
        check(client(|_| {}), "");
        check(client(|c| c.name = "Okta SCIM".into()), "access.remote_app_access.Okta SCIM.name");
        check(client(|c| c.shared_secret.clear()), "access.remote_app_access.OktaSCIM.shared_secret");
        let ttl = "access.remote_app_access.OktaSCIM.access_token_ttl_minutes";
        check(client(|c| c.access_token_ttl_minutes = 0), ttl);
        check(client(|c| c.access_token_ttl_minutes = 600_000), ttl);
        check(client(|c| c.scope = vec!["all".into()]), "access.remote_app_access.OktaSCIM.scope");
        let rename = |a: &mut Access| {
            a.policies[0].name = "mobile".into();
            a.application_sources[0].policy = "mobile".into();
        };
        check(rename, "access.policies");
    }
}
