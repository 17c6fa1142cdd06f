//! Time as a value. Nothing here reads a clock: "expired" is a comparison, not a call.

use std::fmt;
use std::time::Duration;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(pub i64);

impl Time {
    /// The latest time that RFC 3339 with a four-digit year can write.
    pub const MAX: Time = Time(253_402_300_799_999);

    /// Reads `2026-03-02T09:00:00Z` or `…00.123Z`. Offsets other than `Z` are refused, as SAML core 1.3.3 has UTC only.
    pub fn parse(text: &str) -> Option<Time> {
        if !text.ends_with('Z') {
            return None;
        }
        let stamp: jiff::Timestamp = text.parse().ok()?;
        Some(Time(stamp.as_millisecond()))
    }

    /// Whole seconds since the epoch, rounded down.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// `09:00:04`, the time of day in UTC.
    pub fn clock(self) -> String {
        let s = self.seconds().rem_euclid(86_400);
        format!("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
    }

    /// Time from `earlier` to `self`; zero where `earlier` is later.
    pub fn since(self, earlier: Time) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl std::ops::Add<Duration> for Time {
    type Output = Time;
    fn add(self, d: Duration) -> Time {
        let ms = i64::try_from(d.as_millis()).unwrap_or(i64::MAX);
        Time(self.0.saturating_add(ms).min(Time::MAX.0))
    }
}

impl std::ops::Sub<Duration> for Time {
    type Output = Time;
    fn sub(self, d: Duration) -> Time {
        Time(self.0.saturating_sub(i64::try_from(d.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl serde::Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Time {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
        let text = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        Time::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("no time in UTC: `{text}`")))
    }
}

impl fmt::Display for Time {
    /// `2026-03-02T09:00:00.000Z`: UTC with milliseconds, as both vendors write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0.clamp(0, Time::MAX.0)) {
            Ok(stamp) => write!(f, "{stamp:.3}"),
            Err(_) => write!(f, "{}ms", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for text in ["2026-03-02T09:00:00.000Z", "1999-12-31T23:59:59.999Z"] {
            let time = Time::parse(text).expect("parses");
            assert_eq!(time.to_string(), text);
        }
        assert_eq!(Time::parse("2026-03-02T09:00:00+01:00"), None);
    }
}
