//! Time that passes: what the parties do by themselves, one thing after the other, however long it takes.

use crate::runner::Stage;
use federation::Time;

impl Stage {
    /// Lets what is due by `until` happen, one thing at a time, in order of time, then party.
    ///
    /// A long quiet stretch is not played hour by hour: once every device has reported, and while nothing but sweeps and
    /// publications is due, UEM goes on to the last of them. Those are then played in full, so that every record is as if
    /// all had been.
    pub(crate) async fn let_happen(&mut self, until: Time) -> Result<(), String> {
        let mut everybody_reported = false;
        loop {
            let due = ["access", "okta", "uem"].iter().filter_map(|name| Some((self.next_due(name)?, *name))).min();
            let Some((at, name)) = due.filter(|(at, _)| *at <= until) else { break };
            let core = self.running.core.clone();
            core.clock.to(at);
            if name == "uem" {
                everybody_reported = self.check_in_all().await;
            }
            if let Some(party) = self.running.party(name) {
                party.wake(&self.door(name)).await;
                if party.next_due().is_some_and(|next| next <= core.shown(name, at)) {
                    return Err(format!("`{name}` does not get on with what is due at {at}"));
                }
            }
            if name == "uem" {
                everybody_reported &= self.check_in_all().await;
                if everybody_reported {
                    let others = ["access", "okta"].iter().filter_map(|name| self.next_due(name)).min();
                    let until = others.unwrap_or(until).min(until);
                    self.running.uem.pass_over(core.shown("uem", core.clock.now()), core.shown("uem", until));
                }
            }
        }
        self.running.core.clock.to(until);
        Ok(())
    }

    /// Lets Okta and Access do what an administrator has just given them to do, until neither has anything left for now.
    pub(crate) async fn settle(&mut self) -> Result<(), String> {
        loop {
            let now = self.running.core.clock.now();
            let due = ["okta", "access"].into_iter().find(|name| self.next_due(name).is_some_and(|at| at <= now));
            let Some(name) = due else { return Ok(()) };
            let Some(party) = self.running.party(name) else { return Ok(()) };
            party.wake(&self.door(name)).await;
            if party.next_due().is_some_and(|next| next <= self.running.core.shown(name, now)) {
                return Err(format!("`{name}` does not get on with what is due"));
            }
        }
    }

    /// When something of a party is due, in the time of the world.
    fn next_due(&self, name: &str) -> Option<Time> {
        let due = self.running.party(name)?.next_due()?;
        Some(Time(due.0.saturating_sub(self.running.core.skew(name))))
    }
}
