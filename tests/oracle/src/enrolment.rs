//! Between a device and UEM: enrolment, profiles with their certificates, check-ins, wipes, revocation.

use crate::Oracle;
use crate::device::{Certificate, Command, Phone, Waiting, uem_platform};
use crate::reach::Reach;
use federation::tenant::uem::{FirstCheck, Profile, Template};
use scenarios::{PlantKind, Planting};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);
/// UEM's certificates are good from a little before they are made.
const BACKDATE: Duration = Duration::from_secs(300);

impl Oracle {
    /// Enrols a device with a UEM user's credentials; UEM pushes every profile for that platform.
    // m2-enrol
    pub(crate) fn enrol(&mut self, device: &str, user: &str) {
        let Some(mut phone) = self.phones.remove(device) else { return };
        let heard = self.reach_uem(device);
        if self.world.uem.users.iter().any(|u| u.name == user) && heard != Reach::Nothing {
            // A device that enrols anew leaves first.
            let revoked = phone.enrolled_as.is_some() && self.revoke_on_removal(&mut phone, None);
            leave(&mut phone);
            phone.enrolled_as = Some(user.into());
            phone.on_record = true;
            // A token that was in an answer that was lost is nobody's, and UEM takes no other.
            phone.knows_uem = heard == Reach::Answered;
            phone.judged = false;
            phone.compliant = true;
            self.report(&mut phone);
            // first-compliance-check
            if self.world.uem.assumptions.first_compliance_check == FirstCheck::AtEnrolment {
                self.judge(&mut phone);
            }
            if revoked {
                // UEM knows of them before the device asks for new ones.
                self.phones.insert(device.into(), phone);
                self.revoked();
                let Some(back) = self.phones.remove(device) else { return };
                phone = back;
            }
            let platform = uem_platform(phone.kind);
            // Documented: actions that block a profile block its receipt, so what a violation keeps away never arrives.
            let kept_away = self.kept_away(&phone);
            for profile in self.world.uem.profiles.iter().filter(|p| p.platforms.contains(&platform)) {
                phone.withdraw(&Command::Remove(profile.name.clone()));
                if phone.knows_uem && !phone.leaving && !kept_away.contains(&profile.name) {
                    self.install(&mut phone, &profile.name);
                }
            }
        }
        self.phones.insert(device.into(), phone);
    }

    /// A new certificate for the person who enrolled the device.
    fn install(&self, phone: &mut Phone, profile: &str) {
        let uem = &self.world.uem;
        let user = uem.users.iter().find(|u| Some(&u.name) == phone.enrolled_as.as_ref());
        let (Some(user), Some(profile)) = (user, uem.profiles.iter().find(|p| p.name == profile)) else { return };
        let certificate = Certificate {
            payload: profile.payload,
            template: profile.template,
            upn: user.upn.clone().unwrap_or_else(|| user.email.clone()),
            email: user.email.clone(),
            username: user.username.clone(),
            from: self.at("uem") - BACKDATE,
            until: self.at("uem") + DAY * uem.ca.leaf_days,
            planted: None,
            revoked: false,
            listed: false,
        };
        phone.certificates.insert(profile.name.clone(), certificate);
    }

    /// A certificate that UEM did not mean to issue, or never saw, in the place of a profile's.
    // certificate-truth
    pub(crate) fn plant(&mut self, wish: &Planting) {
        let uem = &self.world.uem;
        let profile = uem.profiles.iter().find(|p| p.name == wish.profile);
        let user = uem.users.iter().find(|u| u.name == wish.as_user);
        let (Some(profile), Some(user), Some(phone)) = (profile, user, self.phones.get_mut(&wish.device)) else {
            return;
        };
        let tomorrow = wish.kind == PlantKind::NotYetValid;
        let certificate = Certificate {
            payload: profile.payload,
            template: Template::EnrollmentUser,
            upn: user.upn.clone().unwrap_or_else(|| user.email.clone()),
            email: user.email.clone(),
            username: user.username.clone(),
            from: if tomorrow { self.now + DAY } else { self.now },
            until: self.now + DAY * 365,
            planted: Some(wish.kind),
            revoked: false,
            listed: false,
        };
        phone.certificates.insert(wish.profile.clone(), certificate);
    }

    /// A person asks on the device for a profile that is meant for it.
    pub(crate) fn install_by_hand(&mut self, device: &str, profile: &str) {
        let Some(mut phone) = self.phones.remove(device) else { return };
        let platform = uem_platform(phone.kind);
        let fits = |p: &Profile| p.name == profile && p.platforms.contains(&platform);
        let offered = self.world.uem.profiles.iter().any(fits) && !self.kept_away(&phone).contains(profile);
        let at_home = phone.knows_uem && phone.enrolled_as.is_some() && !phone.leaving;
        if offered && at_home && self.reach_uem(device) == Reach::Answered {
            self.install(&mut phone, profile);
        }
        self.phones.insert(device.into(), phone);
    }

    /// UEM has the device install a profile anew; the device is told at once.
    pub(crate) fn renew(&mut self, device: &str, profile: &str) {
        let now = self.at("uem");
        if let Some(phone) = self.phones.get_mut(device) {
            phone.withdraw(&Command::Install(profile.into()));
            phone.send(now, Command::Install(profile.into()));
        }
        self.check_in(device);
    }

    fn report(&self, phone: &mut Phone) {
        phone.reported = phone.facts.clone();
        phone.reported_os = phone.os_version.clone();
        phone.seen = self.at("uem");
    }

    /// The device reports and gets what waits for it. One that has left is told so.
    pub(crate) fn check_in(&mut self, device: &str) {
        let Some(mut phone) = self.phones.remove(device) else { return };
        // uem-down
        let heard = self.reach_uem(device);
        let mut revoked = false;
        if phone.knows_uem && heard != Reach::Nothing {
            if phone.enrolled_as.is_some() {
                self.report(&mut phone);
                revoked = self.deliver(&mut phone, heard);
            } else if heard == Reach::Answered {
                wipe(&mut phone);
            }
        }
        self.phones.insert(device.into(), phone);
        if revoked {
            self.revoked();
        }
    }

    pub(crate) fn check_in_all(&mut self) {
        for device in self.phones.keys().cloned().collect::<Vec<_>>() {
            self.check_in(&device);
        }
    }

    /// What is lost on its way is not sent again, but for a wipe: a device that has left hears of it each time.
    /// Whether UEM revoked something over it.
    fn deliver(&self, phone: &mut Phone, heard: Reach) -> bool {
        let now = self.at("uem");
        let (due, later): (Vec<_>, Vec<_>) = phone.commands.drain(..).partition(|c| c.at <= now);
        phone.commands = later;
        let mut revoked = false;
        for command in due {
            match &command.what {
                Command::Wipe => revoked |= self.revoke_on_removal(phone, None),
                Command::Remove(profile) => revoked |= self.revoke_on_removal(phone, Some(profile)),
                Command::Install(_) => {}
            }
            match command.what {
                Command::Wipe if heard == Reach::Answered => wipe(phone),
                Command::Wipe => leave(phone),
                _ if heard != Reach::Answered => {}
                Command::Remove(profile) => {
                    phone.certificates.remove(&profile);
                }
                Command::Install(profile) => self.install(phone, &profile),
            }
        }
        revoked
    }

    /// UEM revokes what it issued, where it does so on removal; says whether there was anything. What was planted past UEM
    /// is in no list of UEM's.
    fn revoke_on_removal(&self, phone: &mut Phone, profile: Option<&str>) -> bool {
        let mut any = false;
        let issued = phone
            .certificates
            .iter_mut()
            .filter(|(name, c)| profile.is_none_or(|wanted| wanted == *name) && c.planted.is_none() && !c.revoked);
        for (_, certificate) in issued.filter(|_| self.world.uem.ca.revoke_on_removal) {
            (certificate.revoked, any) = (true, true);
        }
        any
    }

    /// An administrator revokes the certificate of a profile.
    pub(crate) fn revoke(&mut self, device: &str, profile: &str) {
        let held = self.phones.get_mut(device).and_then(|phone| phone.certificates.get_mut(profile));
        let Some(certificate) = held.filter(|c| c.planted.is_none() && !c.revoked) else { return };
        certificate.revoked = true;
        self.revoked();
    }

    /// An administrator's enterprise wipe: pending until the device's next check-in, and nobody wakes it for that.
    pub(crate) fn request_wipe(&mut self, device: &str) {
        let now = self.at("uem");
        if let Some(phone) = self.phones.get_mut(device) {
            phone.leaving = true;
            phone.commands = vec![Waiting { at: now, what: Command::Wipe, due: true }];
        }
    }

    /// UEM no longer counts the device as its own; the device hears of it later.
    pub(crate) fn leave(&mut self, device: &str) {
        let Some(mut phone) = self.phones.remove(device) else { return };
        let revoked = self.revoke_on_removal(&mut phone, None);
        leave(&mut phone);
        self.phones.insert(device.into(), phone);
        if revoked {
            self.revoked();
        }
    }
}

/// UEM forgets what it wanted of the device.
fn leave(phone: &mut Phone) {
    phone.enrolled_as = None;
    phone.leaving = false;
    phone.commands.clear();
    phone.found.clear();
    phone.fired.clear();
}

/// The device drops what UEM put there.
fn wipe(phone: &mut Phone) {
    leave(phone);
    phone.certificates.clear();
    phone.knows_uem = false;
}
