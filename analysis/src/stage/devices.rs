//! What becomes of devices: enrolment, profiles, check-ins, time, wipes, planted certificates.

use super::{DAY, Fault, Held, PATIENCE_MS, Reached, Stage, Stuck, impossible};
use federation::Time;
use scenarios::{PlantKind, Planting, Wipe, WipePhase};
use std::time::Duration;
use uem_mock::Manage;
use uem_mock::inventory::Order;
use uem_mock::records::Certified;

impl Stage {
    /// A device calls UEM.
    pub(super) fn call(&mut self, device: &str) -> Reached {
        match self.fault("uem", device) {
            None => Reached::Yes,
            Some(Fault::Slow(ms)) => {
                self.now = self.now + Duration::from_millis(ms.min(PATIENCE_MS));
                if ms >= PATIENCE_MS { Reached::No } else { Reached::Yes }
            }
            Some(Fault::Down | Fault::Nonsense) => Reached::No,
            Some(Fault::HangsUp) => Reached::Unheard,
        }
    }

    /// Whether the device is enrolled with all that it is offered.
    pub(super) fn enrol(&mut self, device: &str, user: &str) -> Result<bool, Stuck> {
        let world = self.model.world.clone();
        let Some(account) = world.uem.users.iter().find(|u| u.name == user) else {
            return Ok(false);
        };
        let handset = self.handset(device)?.clone();
        let reached = self.call(device);
        if matches!(reached, Reached::No) {
            return Ok(false);
        }
        let offered = self.records.enrol(&handset.device, &handset.udid, account, self.now);
        let (Some(offered), Reached::Yes) = (offered, reached) else { return Ok(false) };
        self.handset(device)?.enrolled = true;
        for profile in offered {
            if !self.install(device, &profile)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(super) fn install(&mut self, device: &str, profile: &str) -> Result<bool, Stuck> {
        let handset = self.handset(device)?;
        let (enrolled, udid) = (handset.enrolled, handset.udid.clone());
        let reached = self.call(device);
        if matches!(reached, Reached::No) || !enrolled {
            return Ok(false);
        }
        let certified = self.records.certify(&udid, profile, self.now);
        let (Some(certified), Reached::Yes) = (certified, reached) else { return Ok(false) };
        let held = Held { payload: certified.payload, certified, planted: None };
        self.handset(device)?.profiles.insert(profile.into(), held);
        Ok(true)
    }

    pub(super) fn check_in(&mut self, device: &str) -> Result<bool, Stuck> {
        let handset = self.handset(device)?.clone();
        if !handset.enrolled {
            return Ok(true);
        }
        let reached = self.call(device);
        if matches!(reached, Reached::No) {
            return Ok(false);
        }
        let sample = (&handset.device.facts, handset.device.os_version.as_str());
        let orders = self.records.check_in(&handset.udid, sample.0, sample.1, self.now);
        let (Some(orders), Reached::Yes) = (orders, reached) else { return Ok(false) };
        for order in orders {
            match order {
                Order::InstallProfile(profile) => {
                    if !self.install(device, &profile)? {
                        return Ok(false);
                    }
                }
                Order::RemoveProfile(profile) => {
                    self.handset(device)?.profiles.remove(&profile);
                }
                Order::Wipe => {
                    let handset = self.handset(device)?;
                    handset.profiles.clear();
                    handset.enrolled = false;
                }
            }
        }
        Ok(true)
    }

    pub(super) fn check_in_all(&mut self) -> Result<bool, Stuck> {
        let mut all = true;
        for device in self.handsets.keys().cloned().collect::<Vec<_>>() {
            all &= self.check_in(&device)?;
        }
        Ok(all)
    }

    /// Lets what UEM does by itself happen until then.
    pub(super) fn let_happen(&mut self, until: Time) -> Result<(), Stuck> {
        while let Some(at) = self.records.next_due().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            let mut everybody = self.check_in_all()?;
            self.records.wake(self.now);
            if self.records.next_due().is_some_and(|next| next <= at) {
                return impossible("`uem` does not get on with what is due");
            }
            everybody &= self.check_in_all()?;
            if everybody {
                self.records.pass_over(self.now, until);
            }
        }
        self.now = self.now.max(until);
        Ok(())
    }

    pub(super) fn follow_link(&mut self, who: &str, on: &str) -> Result<(), Stuck> {
        let Some(link) = self.links.get(on).cloned() else {
            return impossible(format!("`{on}` shows no enrolment page"));
        };
        let world = self.model.world.clone();
        if link != format!("https://{}/enroll", world.uem.enrollment_host) || !matches!(self.call(on), Reached::Yes) {
            return Ok(());
        }
        let account = world.people.iter().find(|p| p.name == who).and_then(|p| p.uem.clone());
        let Some(account) = account else { return impossible(format!("`{who}` has no account at UEM")) };
        self.enrol(on, &account).map(|_| ())
    }

    pub(super) fn wipe(&mut self, wipe: &Wipe) -> Result<(), Stuck> {
        let udid = self.handset(&wipe.device)?.udid.clone();
        match wipe.phase {
            WipePhase::Whole => {
                self.manage(Manage::Wipe { udid })?;
                self.check_in(&wipe.device).map(|_| ())
            }
            WipePhase::Request => self.manage(Manage::Wipe { udid }),
            WipePhase::Confirm => self.manage(Manage::ConfirmWipe { udid }),
        }
    }

    pub(super) fn plant(&mut self, wish: &Planting) -> Result<(), Stuck> {
        let world = self.model.world.clone();
        let user = world.uem.users.iter().find(|u| u.name == wish.as_user).cloned();
        let Some(user) = user else { return impossible(format!("UEM has no user `{}`", wish.as_user)) };
        let Some(profile) = world.uem.profiles.iter().find(|p| p.name == wish.profile) else {
            return impossible(format!("UEM has no profile `{}`", wish.profile));
        };
        let now = self.now;
        let certified = Certified {
            payload: profile.payload,
            template: profile.template,
            user,
            serial: String::new(),
            not_before: if wish.kind == PlantKind::NotYetValid { now + DAY } else { now - DAY },
            not_after: now + DAY * 365,
        };
        let held = Held { payload: profile.payload, certified, planted: Some(wish.kind) };
        self.handset(&wish.device)?.profiles.insert(wish.profile.clone(), held);
        Ok(())
    }
}
