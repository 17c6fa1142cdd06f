//! Which rule of a policy applies: rules in order, the first match wins.

use super::device_types::DeviceTypes;
use federation::tenant::Access;
use federation::tenant::access::{AccessPolicy, GroupRuleBeforeIdentity, PolicyRule, RuleAction};
use federation::{Finding, Why};
use std::net::IpAddr;

/// What a rule's conditions look at. `groups` is `None` until the person is known.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub ip: IpAddr,
    pub device_types: DeviceTypes,
    pub groups: Option<&'a [String]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict<'a> {
    Authenticate(&'a PolicyRule),
    Allow(&'a PolicyRule),
    /// By this rule, or because no rule matches.
    Deny(Option<&'a PolicyRule>),
}

impl<'a> Verdict<'a> {
    pub fn rule(&self) -> Option<&'a PolicyRule> {
        match self {
            Verdict::Authenticate(r) | Verdict::Allow(r) => Some(r),
            Verdict::Deny(r) => *r,
        }
    }
}

pub fn rule_path(policy: &str, rule: &str) -> String {
    format!("access.policies.{policy}.rules.{rule}")
}

/// Whether one of the named ranges holds the address. `ALL RANGES` is implied.
pub fn covers<'n>(access: &Access, mut names: impl Iterator<Item = &'n String>, ip: IpAddr) -> bool {
    names.any(|name| {
        name == "ALL RANGES"
            || access
                .network_ranges
                .iter()
                .any(|range| &range.name == name && range.ranges.iter().any(|net| net.contains(&ip)))
    })
}

pub fn decide<'a>(access: &Access, policy: &'a AccessPolicy, facts: &Facts<'_>, why: &mut impl Why) -> Verdict<'a> {
    for rule in &policy.rules {
        if !facts.device_types.meets(&rule.device_types)
            || !covers(access, std::iter::once(&rule.network_range), facts.ip)
        {
            continue;
        }
        let path = || rule_path(&policy.name, &rule.name);
        match facts.groups {
            _ if rule.groups.is_empty() => {}
            Some(groups) if groups.iter().any(|g| rule.groups.contains(g)) => {}
            Some(_) => continue,
            None => {
                why.note(|| {
                    Finding::new("policy/rule-skipped-group")
                        .rule(path())
                        .saw("person unknown")
                        .wanted(rule.groups.join(", "))
                });
                why.note(|| Finding::new("assumes/group-rule-before-identity").rule(path()));
                match access.assumptions.group_rule_before_identity {
                    GroupRuleBeforeIdentity::Skipped => continue,
                    GroupRuleBeforeIdentity::MatchesNobody => return Verdict::Deny(Some(rule)),
                }
            }
        }
        why.note(|| Finding::new("policy/rule-matched").rule(path()));
        return match rule.action {
            RuleAction::Authenticate => Verdict::Authenticate(rule),
            RuleAction::Allow => Verdict::Allow(rule),
            RuleAction::Deny => {
                why.note(|| Finding::new("policy/denied-by-rule").rule(path()));
                Verdict::Deny(Some(rule))
            }
        };
    }
    why.note(|| Finding::new("policy/no-rule").rule(format!("access.policies.{}", policy.name)));
    Verdict::Deny(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;
    use federation::Decision;
    use federation::tenant::access::DeviceType;

    #[track_caller]
    fn check(
        ip: &str,
        types: &[DeviceType],
        groups: Option<&[&str]>,
        expected_rule: Option<&str>,
        expected_codes: &[&str],
    ) {
        let access = fixtures::access();
        let groups: Option<Vec<String>> = groups.map(|g| g.iter().map(|s| s.to_string()).collect());
        let facts =
            Facts { ip: ip.parse().expect("ip"), device_types: DeviceTypes::of(types), groups: groups.as_deref() };
        let decision = Decision::of(|why| decide(&access, &access.policies[0], &facts, why));
        assert_eq!(decision.verdict.rule().map(|r| r.name.as_str()), expected_rule);
        let codes: Vec<&str> = decision.because.iter().map(|f| f.code).collect();
        assert_eq!(codes, expected_codes);
    }

    #[test]
    fn the_first_rule_that_matches_applies() {
        use DeviceType::*;
        check("10.1.2.3", &[Ios, WebBrowser], Some(&[]), Some("ios"), &["policy/rule-matched"]);
        check("10.1.2.3", &[Android], Some(&[]), Some("blocked"), &["policy/rule-matched", "policy/denied-by-rule"]);
        check("192.0.2.1", &[Android], Some(&["staff"]), Some("staff"), &["policy/rule-matched"]);
        check("192.0.2.1", &[Android], Some(&[]), None, &["policy/no-rule"]);
        let skipped = ["policy/rule-skipped-group", "assumes/group-rule-before-identity", "policy/no-rule"];
        check("192.0.2.1", &[Android], None, None, &skipped);
        check("192.0.2.1", &[Macos], None, None, &["policy/no-rule"]);
    }
}
