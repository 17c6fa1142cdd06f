//! What Okta keeps of provisioning: the token, who is there at the target under which id, the pushed groups, what failed,
//! and what is still to be done, in order of time. Remembers and judges nothing.

use crate::decide::provisioning::Profile;
use federation::Time;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};

/// Somebody's assignment to the app.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppUser {
    /// Her login, for texts about somebody who is gone.
    pub login: String,
    /// Her id at the target; without one she has not been provisioned.
    pub id: Option<String>,
    /// What was pushed last.
    pub pushed: Option<Profile>,
    /// What was looked at last: a change that is not to travel is told once.
    pub seen: Option<Profile>,
    /// She is suspended, and that has been told.
    pub held: bool,
    /// The error of her failed task.
    pub trouble: Option<String>,
}

/// A group push mapping.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// Of the group at the target.
    pub id: Option<String>,
    /// The name of the group at the target.
    pub target: String,
    pub inactive: bool,
    /// Who is a member at the target because of Okta: names, with their ids there.
    pub members: BTreeMap<String, String>,
    /// Who was in Okta's group when it was looked at last.
    pub seen: BTreeSet<String>,
    /// *Push Now* has failed once.
    pub push_now_failed: bool,
    pub last_push: Option<Time>,
    pub trouble: Option<String>,
}

/// Something to be done for the app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Work {
    Person(String),
    Group {
        name: String,
        /// Everybody, not only those who came and went.
        whole: bool,
        /// Whose assignment changes in the same moment.
        racing: BTreeSet<String>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    pub work: Work,
    /// Tries so far.
    pub attempts: u32,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Ledger {
    /// As it was pasted last, where the console took it.
    pub token: Option<String>,
    /// Ids of Okta's users, by name.
    pub ids: BTreeMap<String, String>,
    pub people: BTreeMap<String, AppUser>,
    pub groups: BTreeMap<String, Mapping>,
    agenda: Agenda,
}

/// Order of due jobs: the time, then who came first.
type Place = (Time, u64);

/// What is still to be done. A person has one job at most: she is brought up to date whole.
#[derive(Debug, Clone, Default)]
struct Agenda {
    jobs: BTreeMap<Place, Job>,
    people: BTreeMap<String, Place>,
    planned: u64,
}

impl Agenda {
    fn put(&mut self, at: Time, job: Job) {
        let place = (at, self.planned);
        self.planned += 1;
        if let Work::Person(name) = &job.work
            && let Some(old) = self.people.insert(name.clone(), place)
        {
            self.jobs.remove(&old);
        }
        self.jobs.insert(place, job);
    }
}

impl Serialize for Agenda {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.jobs.iter().map(|((at, _), job)| (at, job)))
    }
}

impl<'de> Deserialize<'de> for Agenda {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Agenda, D::Error> {
        let mut agenda = Agenda::default();
        for (at, job) in Vec::<(Time, Job)>::deserialize(deserializer)? {
            agenda.put(at, job);
        }
        Ok(agenda)
    }
}

impl Ledger {
    pub fn plan(&mut self, at: Time, job: Job) {
        self.agenda.put(at, job);
    }

    pub fn next_due(&self) -> Option<Time> {
        self.agenda.jobs.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes the first that is due.
    pub fn take(&mut self, now: Time) -> Option<Job> {
        let Agenda { jobs, people, .. } = &mut self.agenda;
        let place = *jobs.first_key_value().filter(|((at, _), _)| *at <= now)?.0;
        let job = jobs.remove(&place)?;
        if let Work::Person(name) = &job.work {
            people.remove(name);
        }
        Some(job)
    }

    /// Whether a person's task waits for another try.
    pub fn waits(&self, person: &str) -> bool {
        self.agenda.people.contains_key(person)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_has_one_job_and_the_agenda_outlives_a_restart() {
        let minute = |m: i64| Time(m * 60_000);
        let person = |name: &str, attempts| Job { work: Work::Person(name.into()), attempts };
        let mut ledger = Ledger::default();
        ledger.plan(minute(5), person("carol", 1));
        ledger.plan(minute(1), person("dave", 0));
        ledger.plan(minute(1), person("carol", 0));
        let kept = serde_json::to_value(&ledger).expect("it is plain data");
        let mut ledger: Ledger = serde_json::from_value(kept).expect("it reads");
        assert!(ledger.waits("carol") && ledger.take(minute(0)).is_none());
        assert_eq!(ledger.take(minute(1)), Some(person("dave", 0)));
        assert_eq!(ledger.take(minute(1)), Some(person("carol", 0)), "the new job is in the place of the old");
        assert!(!ledger.waits("carol") && ledger.next_due().is_none());
    }
}
