//! A tester's changes, apart from what real people and servers call. Each is told as a change.

use crate::ca::Ca;
use crate::engine::{self, State};
use crate::inventory::{DeviceRecord, Journal, Order};
use crate::schedule;
use federation::{Time, tenant};

#[derive(Debug, Clone)]
pub enum Manage {
    /// New settings; profiles that came, went or changed travel to the devices.
    Settings(Box<tenant::Uem>),
    /// An administrator requests an enterprise wipe; the device hears of it at its next check-in.
    Wipe { udid: String },
    /// The wipe counts as done without the device's word.
    ConfirmWipe { udid: String },
    /// Revokes the certificates of a profile; seen with the next CRL.
    Revoke { udid: String, profile: String },
    /// Has the device install a profile anew, with a new certificate, at its next check-in.
    Renew { udid: String, profile: String },
    /// The compliance engine looks at all devices now.
    Sweep,
    /// The device leaves; it learns of it at its next check-in.
    Unenrol { udid: String },
}

pub fn apply(
    state: &mut State,
    ca: Option<&Ca>,
    now: Time,
    patch: Manage,
    journal: &mut Journal,
) -> Result<(), String> {
    match patch {
        Manage::Settings(new) => {
            change_settings(state, *new, now);
            journal.changed("settings of UEM");
        }
        Manage::Wipe { udid } => {
            let device = device(state, &udid)?;
            if !device.is_enrolled() {
                return Err(format!("device {udid} is {}", device.enrollment.name()));
            }
            journal.changed(format!("enterprise wipe of {}", device.device_name));
            engine::wipe(device, now, journal);
            // Nobody wakes the device for it: it waits for the device's next check-in.
            device.commands.iter_mut().for_each(|command| command.announced = true);
        }
        Manage::ConfirmWipe { udid } => leave(state, ca, &udid, "wipe confirmed for", now, journal)?,
        Manage::Unenrol { udid } => leave(state, ca, &udid, "unenrolled", now, journal)?,
        Manage::Revoke { udid, profile } => {
            let device = device(state, &udid)?;
            if device.revoke(Some(&profile), now) == 0 {
                return Err(format!("device {udid} has no certificate of profile `{profile}` to revoke"));
            }
            let name = device.device_name.clone();
            journal.changed(format!("certificate of {profile} on {name} revoked"));
            journal.log("CertificateRevoked", "Success", "UEM", &name, &profile);
            revoked(state, ca, now, journal);
        }
        Manage::Renew { udid, profile } => {
            let device = device(state, &udid)?;
            if !device.assigned.contains(&profile) {
                return Err(format!("device {udid} has no profile `{profile}`"));
            }
            journal.changed(format!("profile {profile} on {} renewed", device.device_name));
            device.withdraw(&Order::InstallProfile(profile.clone()));
            device.queue(Order::InstallProfile(profile), now);
        }
        Manage::Sweep => {
            journal.changed("compliance sweep");
            state.evaluate(None, now, journal);
        }
    }
    Ok(())
}

/// To be called after revocations: publishes at once where the settings say so.
pub fn revoked(state: &mut State, ca: Option<&Ca>, now: Time, journal: &mut Journal) {
    if state.settings.ca.publish_at_once {
        schedule::publish(state, ca, now, journal);
    }
}

fn device<'a>(state: &'a mut State, udid: &str) -> Result<&'a mut DeviceRecord, String> {
    state.devices.get_mut(udid).ok_or_else(|| format!("UEM knows no device {udid}"))
}

fn leave(
    state: &mut State,
    ca: Option<&Ca>,
    udid: &str,
    what: &str,
    now: Time,
    journal: &mut Journal,
) -> Result<(), String> {
    let State { settings, devices, .. } = state;
    let device = devices.get_mut(udid).ok_or_else(|| format!("UEM knows no device {udid}"))?;
    journal.changed(format!("{what} {}", device.device_name));
    if engine::unenrol(settings, device, now, journal) > 0 {
        revoked(state, ca, now, journal);
    }
    Ok(())
}

fn change_settings(state: &mut State, new: tenant::Uem, now: Time) {
    let old = std::mem::replace(&mut state.settings, new);
    for device in state.devices.values_mut() {
        engine::reconcile(&old, &state.settings, device, now);
    }
    if old.compliance_sweep_minutes != state.settings.compliance_sweep_minutes {
        state.next_sweep = now + schedule::sweep_period(&state.settings);
    }
    if old.ca.crl_minutes != state.settings.ca.crl_minutes {
        state.next_crl = now + schedule::crl_period(&state.settings);
    }
}
