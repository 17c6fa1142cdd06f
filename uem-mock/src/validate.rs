//! Settings that name what is not there, or that can never mean anything.

use crate::decide::compliance::is_version;
use federation::tenant::Uem;
use federation::tenant::uem::{ActionKind, CompliancePolicy, ComplianceRule};
use std::collections::BTreeSet;

/// Problems as path and message; empty: none.
pub fn validate(uem: &Uem) -> Vec<(String, String)> {
    let mut problems = Vec::new();
    unique("uem.organization_groups", uem.organization_groups.iter().map(|g| &g.name), &mut problems);
    unique("uem.users", uem.users.iter().map(|u| &u.name), &mut problems);
    unique("uem.profiles", uem.profiles.iter().map(|p| &p.name), &mut problems);
    unique("uem.compliance_policies", uem.compliance_policies.iter().map(|p| &p.name), &mut problems);
    let mut say = |path: String, message: String| problems.push((path, message));
    let is_group = |name: &str| uem.organization_groups.iter().any(|group| group.name == name);
    for user in &uem.users {
        if let Some(group) = user.organization_group.as_deref().filter(|group| !is_group(group)) {
            say(
                format!("uem.users.{}.organization_group", user.name),
                format!("there is no organization group `{group}`"),
            );
        }
    }
    for policy in &uem.compliance_policies {
        check_policy(uem, policy, &mut say);
    }
    if let Some(version) = uem.version.as_deref().filter(|v| crate::decide::enrolment::release(v).is_none()) {
        say("uem.version".into(), format!("`{version}` is no release such as `19.09`"));
    }
    for (path, minutes) in [
        ("uem.compliance_sweep_minutes", uem.compliance_sweep_minutes),
        ("uem.ca.crl_minutes", uem.ca.crl_minutes),
        ("uem.ca.leaf_days", uem.ca.leaf_days),
    ] {
        if minutes == 0 {
            say(path.into(), "must be 1 or more".into());
        }
    }
    problems
}

fn check_policy(uem: &Uem, policy: &CompliancePolicy, say: &mut impl FnMut(String, String)) {
    let path = crate::decide::compliance::path(policy);
    if policy.rules.is_empty() {
        say(format!("{path}.rules"), "a policy without rules is violated by nobody".into());
    }
    for rule in &policy.rules {
        if let ComplianceRule::OsBelow(version) = rule
            && !is_version(version)
        {
            say(format!("{path}.rules"), format!("`{version}` is not a version like `17.4`"));
        }
    }
    for action in &policy.actions {
        if let ActionKind::RemoveProfile(profile) = &action.what
            && !uem.profiles.iter().any(|p| &p.name == profile)
        {
            say(format!("{path}.actions.{}.do", action.name), format!("there is no profile `{profile}`"));
        }
    }
}

fn unique<'a>(path: &str, names: impl Iterator<Item = &'a String>, problems: &mut Vec<(String, String)>) {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            problems.push((format!("{path}.{name}"), "the name is used twice".into()));
        }
    }
}
