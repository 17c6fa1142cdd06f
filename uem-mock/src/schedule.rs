//! What UEM does by itself: compliance sweeps, escalations, deliveries, CRL publication.
//!
//! Due things happen in (time, sequence) order, the sequence being that of [`Due`].

use crate::ca::Ca;
use crate::decide::compliance::{minutes_long, next_action};
use crate::engine::State;
use crate::inventory::{DeviceRecord, Journal};
use crate::memory::Touched;
use federation::Time;
use federation::tenant::Uem;
use federation::tenant::uem::ComplianceRule;
use std::time::Duration;

/// Kinds of due things, in the order in which those of one moment happen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Sweep,
    /// The next action of a violated policy. The device is judged anew first, so a repaired one is spared.
    Escalation {
        udid: String,
    },
    /// A command may now be fetched: the world is told that a check-in is worth it.
    Delivery {
        udid: String,
    },
    Crl,
}

/// At least a minute, whatever the settings say.
pub fn sweep_period(settings: &Uem) -> Duration {
    minutes_long(settings.compliance_sweep_minutes.max(1))
}

/// At least a minute, whatever the settings say.
pub fn crl_period(settings: &Uem) -> Duration {
    minutes_long(settings.ca.crl_minutes.max(1))
}

pub fn next_due(state: &State) -> Option<Time> {
    agenda(state).into_iter().map(|(at, _)| at).min()
}

fn agenda(state: &State) -> Vec<(Time, Due)> {
    let mut agenda = vec![(state.next_sweep, Due::Sweep), (state.next_crl, Due::Crl)];
    for device in state.devices.values() {
        let udid = || device.udid.clone();
        agenda.extend(escalation(&state.settings, device).map(|at| (at, Due::Escalation { udid: udid() })));
        let waiting = device.commands.iter().filter(|command| !command.announced);
        agenda.extend(waiting.map(|command| (command.deliver_at, Due::Delivery { udid: udid() })));
    }
    agenda
}

fn escalation(settings: &Uem, device: &DeviceRecord) -> Option<Time> {
    if !device.is_enrolled() {
        return None;
    }
    let policies = settings.compliance_policies.iter();
    let violated = policies.filter_map(|policy| Some((policy, device.violations.get(&policy.name)?)));
    violated.filter_map(|(policy, v)| next_action(policy, v.since, &v.taken)).min()
}

/// Does what is due by `now`. Missed periods are made up for once.
///
/// What a look at the devices changes is kept where anything came of it: else the next run looks again.
pub fn wake(state: &mut State, ca: Option<&Ca>, now: Time, journal: &mut Journal) {
    let quiet = journal.0.len();
    let mut due: Vec<(Time, Due)> = agenda(state).into_iter().filter(|(at, _)| *at <= now).collect();
    due.sort();
    for (_, what) in due {
        match what {
            Due::Sweep => {
                state.evaluate(None, now, journal);
                state.next_sweep = after(state.next_sweep, sweep_period(&state.settings), now);
            }
            Due::Escalation { udid } => state.evaluate(Some(&udid), now, journal),
            Due::Delivery { .. } => {}
            Due::Crl => publish(state, ca, now, journal),
        }
    }
    let commands = state.devices.values_mut().flat_map(|device| &mut device.commands);
    for command in commands.filter(|command| command.deliver_at <= now) {
        command.announced = true;
    }
    if journal.0.len() > quiet {
        state.touch_all();
    }
}

/// Goes on to the last sweep and the last publication that are due by `until`, where none before them could change
/// anything: nothing else is due until then, and no device could be missed meanwhile.
pub fn pass_over(state: &mut State, now: Time, until: Time) {
    let rules = state.settings.compliance_policies.iter().flat_map(|policy| &policy.rules);
    let by_time = rules.into_iter().any(|rule| matches!(rule, ComplianceRule::NotSeenForMinutes(_)));
    if by_time && state.devices.values().any(|device| device.is_enrolled() && device.last_seen < now) {
        return;
    }
    let others = agenda(state).into_iter().filter(|(_, due)| !matches!(due, Due::Sweep | Due::Crl));
    let until = others.map(|(at, _)| at).min().unwrap_or(until).min(until);
    state.next_sweep = last(state.next_sweep, sweep_period(&state.settings), until);
    state.next_crl = last(state.next_crl, crl_period(&state.settings), until);
}

/// Publishes a CRL and sets the date of the next one.
pub fn publish(state: &mut State, ca: Option<&Ca>, now: Time, journal: &mut Journal) {
    let period = crl_period(&state.settings);
    state.next_crl = after(state.next_crl, period, now);
    state.last_crl = now;
    let Some(ca) = ca else { return };
    match ca.crl(state.devices.values(), state.crl_number + 1, now, period) {
        Ok(crl) => {
            state.crl_number += 1;
            state.crl = crl;
            state.touched.insert(Touched::Crl);
            let issued = state.devices.values().flat_map(|device| &device.certificates);
            let revoked = issued.filter(|c| c.revoked.is_some()).count();
            if revoked > 0 {
                journal.changed(format!("CRL {} published, {revoked} revoked", state.crl_number));
            }
        }
        Err(e) => journal.refused("certificate/crl", e),
    }
}

/// The first of `at`, `at + period`, … after `now`.
fn after(at: Time, period: Duration, now: Time) -> Time {
    if at > now {
        return at;
    }
    let step = i64::try_from(period.as_millis()).unwrap_or(i64::MAX).max(1);
    let missed = (now.0 - at.0) / step + 1;
    Time(at.0.saturating_add(step.saturating_mul(missed)))
}

/// The last of `at`, `at + period`, … that is not after `until`; `at` where none is.
fn last(at: Time, period: Duration, until: Time) -> Time {
    let step = i64::try_from(period.as_millis()).unwrap_or(i64::MAX).max(1);
    let whole = until.0.saturating_sub(at.0).max(0) / step;
    Time(at.0.saturating_add(step.saturating_mul(whole)))
}
