//! What UEM does by itself while time passes: sweeps, escalations, deliveries, revocation lists. All by UEM's clock.

use crate::Oracle;
use crate::compliance::minutes;
use crate::device::Certificate;
use federation::Time;

/// The revocation list (CRL) that can be had from UEM.
#[derive(Debug, Clone, Copy)]
pub(crate) struct List {
    /// From then on it is out of date.
    pub until: Time,
    /// When the next one is due.
    pub next: Time,
}

impl Oracle {
    /// The compliance engine looks at every device.
    pub(crate) fn sweep(&mut self) {
        self.check_in_all();
        self.judge_all(|_, _| true);
        self.check_in_all();
    }

    fn judge_all(&mut self, which: impl Fn(&Oracle, &crate::device::Phone) -> bool) {
        for device in self.phones.keys().cloned().collect::<Vec<_>>() {
            let Some(mut phone) = self.phones.remove(&device) else { continue };
            if which(self, &phone) {
                self.judge(&mut phone);
            }
            self.phones.insert(device, phone);
        }
    }

    /// Lets virtual time pass: what is due happens when it is due.
    pub(crate) fn pass_until(&mut self, until: Time) {
        let end = self.shown("uem", until);
        let ahead = end.0 - until.0;
        loop {
            let due = self.next_change().min(self.next_sweep).min(self.list.next);
            // Okta and Access come before UEM where both are due.
            if let Some(at) = self.next_try().filter(|at| *at <= until && at.0 + ahead <= due.0) {
                self.now = self.now.max(at);
                self.try_again();
                continue;
            }
            if due > end {
                break;
            }
            self.now = self.now.max(Time(due.0 - ahead));
            self.do_due();
        }
        self.now = self.now.max(until);
    }

    /// Devices report before UEM looks, so one that was mended in the meantime is spared its escalation.
    fn do_due(&mut self) {
        self.check_in_all();
        let now = self.at("uem");
        let sweeps = self.next_sweep <= now;
        self.judge_all(|oracle, phone| sweeps || oracle.escalation(phone).is_some_and(|at| at <= now));
        // What was missed while the clock jumped is made up for once.
        let cadence = minutes(self.world.uem.compliance_sweep_minutes.max(1));
        while self.next_sweep <= now {
            self.next_sweep = self.next_sweep + cadence;
        }
        if self.list.next <= now {
            self.publish();
        }
        for command in self.phones.values_mut().flat_map(|phone| &mut phone.commands).filter(|c| c.at <= now) {
            command.due = true;
        }
        self.check_in_all();
    }

    /// When an escalation or a delivery is due next.
    fn next_change(&self) -> Time {
        let mut next = Time::MAX;
        for phone in self.phones.values().filter(|p| p.enrolled_as.is_some()) {
            next = self.escalation(phone).into_iter().fold(next, Time::min);
            next = phone.commands.iter().filter(|c| !c.due).map(|c| c.at).fold(next, Time::min);
        }
        next
    }

    /// A list of all that is revoked by now, good for two periods.
    // revocation-delay
    fn publish(&mut self) {
        let (now, every) = (self.at("uem"), minutes(self.world.uem.ca.crl_minutes.max(1)));
        self.list.until = now + every * 2;
        while self.list.next <= now {
            self.list.next = self.list.next + every;
        }
        for certificate in self.phones.values_mut().flat_map(|phone| phone.certificates.values_mut()) {
            certificate.listed = certificate.revoked;
        }
    }

    /// UEM has revoked something: it publishes at once where it is set to.
    // revocation-delay
    pub(crate) fn revoked(&mut self) {
        if self.world.uem.ca.publish_at_once {
            self.publish();
        }
    }

    /// Whether the list is out of date for somebody whose clock shows `at`; lists have whole seconds.
    // clock-skew: whoever is ahead of UEM by two periods takes no list of it
    pub(crate) fn list_is_old(&self, at: Time) -> bool {
        at.seconds() >= self.list.until.seconds()
    }

    /// What the published list says of a certificate at that time, where it says anything.
    // certificate-truth
    pub(crate) fn listed(&self, certificate: &Certificate, at: Time) -> Option<&'static str> {
        if self.list_is_old(at) {
            return Some("certificate/crl-expired");
        }
        certificate.listed.then_some("certificate/revoked")
    }

    /// Periods that an administrator has changed begin anew.
    pub(crate) fn new_periods(&mut self, sweep_minutes: u32, crl_minutes: u32) {
        let (now, uem) = (self.at("uem"), &self.world.uem);
        if uem.compliance_sweep_minutes != sweep_minutes {
            self.next_sweep = now + minutes(uem.compliance_sweep_minutes.max(1));
        }
        if uem.ca.crl_minutes != crl_minutes {
            self.list.next = now + minutes(uem.ca.crl_minutes.max(1));
        }
    }
}
