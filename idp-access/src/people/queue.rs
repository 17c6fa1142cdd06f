//! Whom the provisioning adapter has to look at, and when. A person, or a group, stands here until UEM has answered: nothing is lost.

use federation::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Longest pause between two tries (unknown: ours).
const LONGEST_MINUTES: u64 = 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Job {
    due: Time,
    attempts: u32,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Queue {
    /// By id of the user.
    jobs: BTreeMap<String, Job>,
    /// Order of due jobs.
    order: std::collections::BTreeSet<(Time, String)>,
    /// Ids at UEM by ids here.
    known: BTreeMap<String, u64>,
    /// The same of groups.
    known_groups: BTreeMap<String, u64>,
}

/// What a group's job is called among those of people.
pub fn group_job(id: &str) -> String {
    format!("group/{id}")
}

impl Queue {
    /// Somebody has changed: she is looked at at once, whatever was planned.
    pub fn push(&mut self, user: &str, now: Time) {
        self.set(user, Job { due: now, attempts: 0 });
    }

    fn set(&mut self, user: &str, job: Job) {
        if let Some(old) = self.jobs.insert(user.into(), job) {
            self.order.remove(&(old.due, user.into()));
        }
        self.order.insert((job.due, user.into()));
    }

    pub fn next_due(&self) -> Option<Time> {
        self.order.first().map(|(due, _)| *due)
    }

    /// Takes the first that is due; the number of tries so far.
    pub fn take(&mut self, now: Time) -> Option<(String, u32)> {
        let (due, user) = self.order.first().filter(|(due, _)| *due <= now)?.clone();
        self.order.remove(&(due, user.clone()));
        let job = self.jobs.remove(&user)?;
        Some((user, job.attempts))
    }

    /// Tries again later, each time after twice the pause; a change in the meantime comes first.
    pub fn retry(&mut self, user: &str, attempts: u32, now: Time) {
        if self.jobs.contains_key(user) {
            return;
        }
        let minutes = 1u64.checked_shl(attempts).unwrap_or(LONGEST_MINUTES).min(LONGEST_MINUTES);
        self.set(user, Job { due: now + Duration::from_secs(minutes * 60), attempts: attempts.saturating_add(1) });
    }

    pub fn id_at_uem(&self, user: &str) -> Option<u64> {
        self.known.get(user).copied()
    }
    pub fn group_at_uem(&self, group: &str) -> Option<u64> {
        self.known_groups.get(group).copied()
    }
    /// What a person, or a group, is called at UEM now.
    pub fn know(&mut self, id: &str, group: bool, at_uem: Option<u64>) {
        let known = if group { &mut self.known_groups } else { &mut self.known };
        match at_uem {
            Some(at_uem) => known.insert(id.into(), at_uem),
            None => known.remove(id),
        };
    }
    pub fn len(&self) -> usize {
        self.jobs.len()
    }
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_a_change_comes_at_once() {
        let minute = |m: i64| Time(m * 60_000);
        let mut queue = Queue::default();
        queue.push("alice", minute(0));
        let mut now = minute(0);
        let mut dues = Vec::new();
        for _ in 0..9 {
            let (user, attempts) = queue.take(now).expect("due");
            queue.retry(&user, attempts, now);
            let due = queue.next_due().expect("planned");
            dues.push(due.since(now).as_secs() / 60);
            assert_eq!(queue.take(now), None);
            now = due;
        }
        assert_eq!(dues, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        queue.push("alice", now - Duration::from_secs(1));
        queue.push("bob", now);
        assert_eq!(queue.take(now), Some(("alice".into(), 0)));
        queue.push("alice", now);
        queue.retry("alice", 5, now);
        assert_eq!((queue.len(), queue.next_due()), (2, Some(now)));
    }
}
