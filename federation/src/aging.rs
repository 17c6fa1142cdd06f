//! A map that anybody can fill and nobody can overfill: nothing outlives its time, and the oldest go when there are too
//! many. Whatever is done costs the logarithm of what it holds.

use crate::Time;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

#[derive(Debug)]
pub struct Aging<T> {
    life: Duration,
    most: usize,
    held: BTreeMap<String, (Time, T)>,
    order: BTreeSet<(Time, String)>,
}

impl<T> Aging<T> {
    /// For at most `most` things, each for less than `life`.
    pub fn new(life: Duration, most: usize) -> Aging<T> {
        Aging { life, most, held: BTreeMap::new(), order: BTreeSet::new() }
    }

    /// Holds `value`, whose age counts from `since`, in the place of what had that key.
    pub fn insert(&mut self, key: &str, since: Time, value: T) {
        self.remove(key);
        while self.held.len() >= self.most
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.held.remove(&oldest);
        }
        self.order.insert((since, key.into()));
        self.held.insert(key.into(), (since, value));
    }

    pub fn remove(&mut self, key: &str) -> Option<T> {
        let (since, value) = self.held.remove(key)?;
        self.order.remove(&(since, key.into()));
        Some(value)
    }

    pub fn get(&self, key: &str) -> Option<&T> {
        self.held.get(key).map(|(_, value)| value)
    }

    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.held.values().map(|(_, value)| value)
    }

    /// Forgets what is too old at `now`.
    pub fn forget(&mut self, now: Time) {
        while let Some((since, _)) = self.order.first()
            && now.since(*since) >= self.life
            && let Some((_, key)) = self.order.pop_first()
        {
            self.held.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(map: &Aging<&'static str>) -> Vec<&'static str> {
        map.values().copied().collect()
    }

    #[test]
    fn the_oldest_go_and_nothing_outlives_its_time() {
        let mut map = Aging::new(Duration::from_millis(10), 3);
        for (key, since) in [("b", 2), ("a", 1), ("c", 3)] {
            map.insert(key, Time(since), key);
        }
        map.insert("a", Time(4), "a");
        assert_eq!(keys(&map), ["a", "b", "c"], "the same key takes no other place");
        map.insert("d", Time(5), "d");
        assert_eq!(keys(&map), ["a", "c", "d"], "b was the oldest");
        map.forget(Time(12));
        assert_eq!(keys(&map), ["a", "c", "d"]);
        map.forget(Time(13));
        assert_eq!(keys(&map), ["a", "d"], "c is ten milliseconds old");
        assert_eq!((map.remove("a"), map.get("a"), map.get("d")), (Some("a"), None, Some(&"d")));
        map.forget(Time(99));
        assert!(map.order.is_empty() && map.held.is_empty());
    }
}
