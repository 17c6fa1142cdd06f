//! Who gets an answer from whom, and what time it is at each of them.

use crate::{Oracle, Stop, Visit, stop};
use federation::{Outcome, Time};
use scenarios::{BreakHow, Breakage};

/// How long a browser waits for an answer.
const BROWSER_MS: u64 = 60_000;
/// How long a device waits for UEM, and Access for a CRL.
const DEVICE_MS: u64 = 30_000;

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    Answered,
    /// The other side did what it was asked, and the answer was lost.
    Lost,
    /// The other side never heard of it, or answered nonsense.
    Nothing,
}

impl Oracle {
    /// What stands between a caller and a party; what concerns this caller alone counts first.
    pub(crate) fn breakage(&self, from: &str, to: &str) -> Option<&Breakage> {
        let of = |from: Option<String>| self.broken.get(&(to.to_string(), from));
        of(Some(from.to_string())).or_else(|| of(None))
    }

    pub(crate) fn reach(&self, from: &str, to: &str, patience_ms: u64) -> Reach {
        match self.breakage(from, to).map(|b| (b.how, b.delay_ms)) {
            None | Some((BreakHow::ClockSkew, _)) => Reach::Answered,
            Some((BreakHow::Slow, delay)) if delay < patience_ms => Reach::Answered,
            Some((BreakHow::DroppedConnection, _)) => Reach::Lost,
            Some(_) => Reach::Nothing,
        }
    }

    /// A device, or Access for its CRL, calls UEM.
    pub(crate) fn reach_uem(&self, from: &str) -> Reach {
        self.reach(from, "uem", DEVICE_MS)
    }

    /// The browser of a device needs the party; without an answer it stops there.
    pub(crate) fn needs(&self, from: &str, party: &str) -> Result<(), Stop> {
        match self.reach(from, party, BROWSER_MS) {
            Reach::Answered => Ok(()),
            Reach::Lost | Reach::Nothing => stop(Outcome::Unreachable, "browser"),
        }
    }

    /// As [`Oracle::needs`], for a visit.
    pub(crate) fn visit_needs(&self, v: &Visit, party: &str) -> Result<(), Stop> {
        self.needs(&v.step.on, party)
    }

    /// What the clock of a party shows.
    pub(crate) fn at(&self, party: &str) -> Time {
        self.shown(party, self.now)
    }

    pub(crate) fn shown(&self, party: &str, time: Time) -> Time {
        Time(time.0 + self.ahead(party) * 1000)
    }

    /// When it is for everybody what the clock of a party shows.
    pub(crate) fn unshown(&self, party: &str, time: Time) -> Time {
        Time(time.0 - self.ahead(party) * 1000)
    }

    fn ahead(&self, party: &str) -> i64 {
        self.skews.get(party).copied().unwrap_or(0)
    }

    /// Whether a message that `from` issues now and calls good for `life` seconds is good at `to`, which allows for `skew`
    /// seconds. None may be issued in the future; without a life it does not end.
    // clock-skew: every bearer check of times
    pub(crate) fn in_time(&self, from: &str, to: &str, life: Option<i64>, skew: i64) -> bool {
        let apart = self.ahead(from) - self.ahead(to);
        apart <= skew && life.is_none_or(|life| -apart < life + skew)
    }
}
