//! The one clock: a value that steps move. TLS, SAML, sessions and compliance all read it.

use federation::Time;
use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// A shared virtual clock; it never goes back.
#[derive(Debug, Clone)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    pub fn at(start: Time) -> Clock {
        Clock(Arc::new(AtomicI64::new(start.0)))
    }
    pub fn now(&self) -> Time {
        Time(self.0.load(Ordering::SeqCst))
    }
    pub fn advance(&self, by: Duration) {
        self.to(self.now() + by);
    }
    /// Moves to `time` unless it is past already.
    pub fn to(&self, time: Time) {
        self.0.fetch_max(time.0, Ordering::SeqCst);
    }
}

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.now().seconds()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}
