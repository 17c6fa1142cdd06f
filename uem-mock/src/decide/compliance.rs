//! Compliance policies: is a rule broken, is a policy violated, which actions are due, what is the device's status.

use federation::device::Facts;
use federation::tenant::uem::{ComplianceAction, CompliancePolicy, ComplianceRule, Matching};
use federation::{Finding, Platform, Time, Why};
use std::collections::BTreeSet;
use std::time::Duration;

/// What rules look at: the last sample and how old it is.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    pub facts: &'a Facts,
    pub os_version: &'a str,
    /// Since the device was last seen.
    pub unseen: Duration,
}

/// What a policy says of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    Kept,
    Violated,
    /// The policy is for other platforms.
    NotApplicable,
}

/// Status that follows from the actions that have been taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Compliant,
    /// An action with *Mark as Not Compliant* has been taken; a broken rule alone never does this.
    NotCompliant,
}

/// Judges one policy. Findings name the broken rules, and only where the policy is violated.
pub fn judge(policy: &CompliancePolicy, platform: Platform, sample: &Sample, why: &mut impl Why) -> Judgement {
    if !applies(policy, platform) {
        return Judgement::NotApplicable;
    }
    let violated = match policy.matching {
        Matching::Any => policy.rules.iter().any(|rule| is_broken(rule, sample)),
        // A policy without rules is violated by nobody.
        Matching::All => !policy.rules.is_empty() && policy.rules.iter().all(|rule| is_broken(rule, sample)),
    };
    if !violated {
        return Judgement::Kept;
    }
    for rule in policy.rules.iter().filter(|rule| is_broken(rule, sample)) {
        why.note(|| {
            let (saw, wanted) = describe(rule, sample);
            Finding::new("compliance/policy-violated").rule(path(policy)).saw(saw).wanted(wanted)
        });
    }
    Judgement::Violated
}

/// Whether the policy is assigned to `platform`; no platform means all.
pub fn applies(policy: &CompliancePolicy, platform: Platform) -> bool {
    policy.platforms.is_empty() || policy.platforms.contains(&platform)
}

/// `uem.compliance_policies.NAME`.
pub fn path(policy: &CompliancePolicy) -> String {
    format!("uem.compliance_policies.{}", policy.name)
}

fn is_broken(rule: &ComplianceRule, sample: &Sample) -> bool {
    match rule {
        ComplianceRule::Compromised => sample.facts.compromised,
        ComplianceRule::NoPasscode => !sample.facts.passcode,
        ComplianceRule::NotEncrypted => !sample.facts.encrypted,
        ComplianceRule::OsBelow(least) => os_below(sample.os_version, least),
        ComplianceRule::AppPresent(app) => sample.facts.apps.contains(app),
        ComplianceRule::AppMissing(app) => !sample.facts.apps.contains(app),
        ComplianceRule::NotSeenForMinutes(minutes) => sample.unseen > minutes_long(*minutes),
    }
}

/// What was seen and what was wanted, for a broken rule.
fn describe(rule: &ComplianceRule, sample: &Sample) -> (String, String) {
    match rule {
        ComplianceRule::Compromised => ("compromised".into(), "not compromised".into()),
        ComplianceRule::NoPasscode => ("no passcode".into(), "a passcode".into()),
        ComplianceRule::NotEncrypted => ("not encrypted".into(), "encrypted".into()),
        ComplianceRule::OsBelow(least) => (format!("OS {}", sample.os_version), format!("OS {least} or later")),
        ComplianceRule::AppPresent(app) => (format!("app {app}"), format!("no app {app}")),
        ComplianceRule::AppMissing(app) => (format!("no app {app}"), format!("app {app}")),
        ComplianceRule::NotSeenForMinutes(minutes) => (
            format!("last seen {} minutes ago", sample.unseen.as_secs() / 60),
            format!("seen within {minutes} minutes"),
        ),
    }
}

/// Compares dotted versions by number, missing parts being zero. A version without a number counts as below.
fn os_below(have: &str, least: &str) -> bool {
    match (numbers(have), numbers(least)) {
        (Some(have), Some(least)) => have < least,
        _ => true,
    }
}

/// Parts as numbers, without trailing zeros, so that `17` equals `17.0`.
fn numbers(version: &str) -> Option<Vec<u64>> {
    let mut parts = version.trim().split('.').map(|part| part.parse::<u64>().ok()).collect::<Option<Vec<_>>>()?;
    while parts.last() == Some(&0) {
        parts.pop();
    }
    Some(parts)
}

/// Whether `version` is one that [`judge`] can compare.
pub fn is_version(version: &str) -> bool {
    numbers(version).is_some()
}

pub fn minutes_long(minutes: u32) -> Duration {
    Duration::from_secs(u64::from(minutes) * 60)
}

/// When `action` of a policy violated since `since` is due.
pub fn due_at(action: &ComplianceAction, since: Time) -> Time {
    since + minutes_long(action.after_minutes)
}

/// Indices of actions that are due at `now` and not yet `taken`, in time's order, then the policy's.
pub fn due_actions(policy: &CompliancePolicy, since: Time, taken: &BTreeSet<usize>, now: Time) -> Vec<usize> {
    let mut due: Vec<(Time, usize)> = untaken(policy, since, taken).filter(|(at, _)| *at <= now).collect();
    due.sort_unstable();
    due.into_iter().map(|(_, index)| index).collect()
}

/// When the next action that is not `taken` is due.
pub fn next_action(policy: &CompliancePolicy, since: Time, taken: &BTreeSet<usize>) -> Option<Time> {
    untaken(policy, since, taken).map(|(at, _)| at).min()
}

fn untaken<'a>(
    policy: &'a CompliancePolicy,
    since: Time,
    taken: &'a BTreeSet<usize>,
) -> impl Iterator<Item = (Time, usize)> + 'a {
    let actions = policy.actions.iter().enumerate().filter(|(index, _)| !taken.contains(index));
    actions.map(move |(index, action)| (due_at(action, since), index))
}

/// Standing of a device, given each violated policy with the actions taken for it.
pub fn standing<'a>(
    violated: impl Iterator<Item = (&'a CompliancePolicy, &'a BTreeSet<usize>)>,
    why: &mut impl Why,
) -> Standing {
    let mut standing = Standing::Compliant;
    for (policy, taken) in violated {
        for action in
            taken.iter().filter_map(|index| policy.actions.get(*index)).filter(|action| action.mark_not_compliant)
        {
            standing = Standing::NotCompliant;
            why.note(|| {
                Finding::new("compliance/marked")
                    .rule(format!("{}.actions.{}", path(policy), action.name))
                    .saw("Mark as Not Compliant")
            });
        }
    }
    standing
}

#[cfg(test)]
mod tests {
    use super::*;
    use federation::Silent;
    use federation::tenant::uem::ActionKind;

    fn policy(matching: Matching, rules: Vec<ComplianceRule>, actions: &[(u32, bool)]) -> CompliancePolicy {
        let action = |(after_minutes, mark_not_compliant): &(u32, bool)| ComplianceAction {
            name: format!("after-{after_minutes}"),
            after_minutes: *after_minutes,
            mark_not_compliant: *mark_not_compliant,
            what: ActionKind::Notify,
        };
        CompliancePolicy {
            name: "p".into(),
            platforms: vec![],
            matching,
            rules,
            actions: actions.iter().map(action).collect(),
        }
    }

    #[track_caller]
    fn check(
        matching: Matching,
        rules: Vec<ComplianceRule>,
        change: impl Fn(&mut Facts),
        expected: Judgement,
        findings: usize,
    ) {
        let mut facts = Facts { apps: vec!["bad".into()], ..Facts::default() };
        change(&mut facts);
        let sample = Sample { facts: &facts, os_version: "17.4", unseen: Duration::from_secs(601) };
        let mut why = Vec::new();
        assert_eq!(
            judge(&policy(matching, rules.clone(), &[]), Platform::Ios, &sample, &mut why),
            expected,
            "{rules:?}"
        );
        assert_eq!(why.len(), findings, "{why:?}");
    }

    #[test]
    fn rules_and_matching() {
        use ComplianceRule::*;
        use Judgement::*;
        use Matching::*;
        let nothing = |_: &mut Facts| {};
        check(Any, vec![Compromised, NoPasscode], nothing, Kept, 0);
        check(Any, vec![Compromised, NoPasscode], |f| f.compromised = true, Violated, 1);
        check(All, vec![Compromised, NoPasscode], |f| f.compromised = true, Kept, 0);
        check(All, vec![Compromised, NoPasscode], |f| (f.compromised, f.passcode) = (true, false), Violated, 2);
        check(All, vec![], nothing, Kept, 0);
        check(Any, vec![NotEncrypted], |f| f.encrypted = false, Violated, 1);
        check(Any, vec![AppPresent("bad".into())], nothing, Violated, 1);
        check(Any, vec![AppMissing("bad".into())], nothing, Kept, 0);
        check(Any, vec![AppMissing("hub".into())], nothing, Violated, 1);
        check(Any, vec![OsBelow("17.4".into())], nothing, Kept, 0);
        check(Any, vec![OsBelow("17.10".into())], nothing, Violated, 1);
        check(Any, vec![OsBelow("17.4.0".into())], nothing, Kept, 0);
        check(Any, vec![NotSeenForMinutes(10)], nothing, Violated, 1);
        check(Any, vec![NotSeenForMinutes(11)], nothing, Kept, 0);
    }

    #[test]
    fn other_platforms_are_left_alone() {
        let policy = CompliancePolicy {
            platforms: vec![Platform::Android],
            ..policy(Matching::Any, vec![ComplianceRule::NoPasscode], &[])
        };
        let facts = Facts { passcode: false, ..Facts::default() };
        let sample = Sample { facts: &facts, os_version: "1", unseen: Duration::ZERO };
        assert_eq!(judge(&policy, Platform::Ios, &sample, &mut Silent), Judgement::NotApplicable);
        assert_eq!(judge(&policy, Platform::Android, &sample, &mut Silent), Judgement::Violated);
    }

    #[track_caller]
    fn check_due(taken: &[usize], minute: i64, expected: &[usize], next: Option<i64>) {
        let policy = policy(Matching::Any, vec![], &[(0, false), (60, true), (30, false)]);
        let taken: BTreeSet<usize> = taken.iter().copied().collect();
        assert_eq!(due_actions(&policy, Time(0), &taken, Time(minute * 60_000)), expected);
        assert_eq!(next_action(&policy, Time(0), &taken), next.map(|m| Time(m * 60_000)));
    }

    #[test]
    fn escalations_come_in_time() {
        check_due(&[], 0, &[0], Some(0));
        check_due(&[0], 29, &[], Some(30));
        check_due(&[0], 60, &[2, 1], Some(30));
        check_due(&[0, 2], 60, &[1], Some(60));
        check_due(&[0, 1, 2], 99, &[], None);
    }

    #[test]
    fn only_a_marking_action_makes_a_device_not_compliant() {
        let policy = policy(Matching::Any, vec![], &[(0, false), (60, true)]);
        let after = |taken: &[usize]| standing([(&policy, &taken.iter().copied().collect())].into_iter(), &mut Silent);
        assert_eq!(after(&[]), Standing::Compliant);
        assert_eq!(after(&[0]), Standing::Compliant);
        assert_eq!(after(&[0, 1]), Standing::NotCompliant);
    }
}
