//! The places that a world has for connections, over all its listeners, and the memory that they may fill.
//!
//! When there is no place, the oldest connection that has sent no complete head goes, else the oldest that is still sending
//! its body. Whoever is being answered stays.

use crate::core::locked;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::task::AbortHandle;

/// Bytes of bodies that are held at the same time.
pub(crate) const BODIES: usize = 64 << 20;

/// Everybody who is connected.
#[derive(Default)]
pub(crate) struct Places(Mutex<Held>);

#[derive(Default)]
struct Held {
    /// The last number that was given; older connections have smaller ones.
    last: u64,
    places: BTreeMap<u64, Place>,
    /// Bytes of all bodies.
    bodies: usize,
}

struct Place {
    stage: Stage,
    body: usize,
    task: Option<AbortHandle>,
}

/// How far a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Head,
    Body,
    Answer,
}

impl Held {
    fn remove(&mut self, id: u64) -> Option<AbortHandle> {
        let place = self.places.remove(&id)?;
        self.bodies -= place.body;
        place.task
    }

    /// Ends the oldest connection at this stage but `not` this one; `false`: there is none.
    fn shed(&mut self, not: u64, goes: impl Fn(&Place) -> bool) -> bool {
        let oldest = self.places.iter().find(|(id, place)| **id != not && goes(place)).map(|(id, _)| *id);
        let Some(id) = oldest else { return false };
        if let Some(task) = self.remove(id) {
            task.abort();
        }
        true
    }
}

/// One connection's place; given back when dropped.
pub(crate) struct Ticket(Arc<Places>, u64);

impl Places {
    /// A place among `most`, and whether somebody had to go for it; `None`: everybody is being answered.
    pub(crate) fn take(self: &Arc<Places>, most: usize) -> Option<(Ticket, bool)> {
        let mut held = locked(&self.0);
        let full = held.places.len() >= most;
        if full && !held.shed(0, |p| p.stage == Stage::Head) && !held.shed(0, |p| p.stage == Stage::Body) {
            return None;
        }
        held.last += 1;
        let id = held.last;
        held.places.insert(id, Place { stage: Stage::Head, body: 0, task: None });
        Some((Ticket(self.clone(), id), full))
    }
}

impl Ticket {
    pub(crate) fn task(&self, task: AbortHandle) {
        if let Some(place) = locked(&self.0.0).places.get_mut(&self.1) {
            place.task = Some(task);
        }
    }

    pub(crate) fn reaches(&self, stage: Stage) {
        if let Some(place) = locked(&self.0.0).places.get_mut(&self.1) {
            place.stage = stage;
        }
    }

    /// Makes room for more of the body; older bodies that are still coming go for it. `Err`: there is none. `Ok`: how many
    /// had to go.
    pub(crate) fn more(&self, bytes: usize) -> Result<u64, ()> {
        let mut held = locked(&self.0.0);
        let mut gone = 0;
        while held.bodies + bytes > BODIES {
            if !held.shed(self.1, |p| p.stage == Stage::Body && p.body > 0) {
                return Err(());
            }
            gone += 1;
        }
        // One that was shed meanwhile holds no place, and its task ends.
        if let Some(place) = held.places.get_mut(&self.1) {
            place.body += bytes;
            held.bodies += bytes;
        }
        Ok(gone)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        locked(&self.0.0).remove(self.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holders(places: &Arc<Places>) -> Vec<u64> {
        locked(&places.0).places.keys().copied().collect()
    }

    #[test]
    fn whoever_waits_longest_for_its_client_goes_first() {
        let places = Arc::new(Places::default());
        let stages = [Stage::Answer, Stage::Body, Stage::Head, Stage::Head, Stage::Body];
        let taken: Vec<Ticket> = stages
            .iter()
            .map(|stage| {
                let (ticket, shed) = places.take(5).expect("there is room");
                assert!(!shed);
                ticket.reaches(*stage);
                ticket
            })
            .collect();
        for left in [[1, 2, 4, 5, 6], [1, 2, 5, 6, 7], [1, 5, 6, 7, 8], [1, 6, 7, 8, 9]] {
            let (ticket, shed) = places.take(5).expect("somebody goes");
            assert!(shed);
            ticket.reaches(Stage::Answer);
            assert_eq!(holders(&places), left);
            std::mem::forget(ticket);
        }
        assert!(places.take(5).is_none(), "everybody is being answered");
        drop(taken);
        assert_eq!(holders(&places), [6, 7, 8, 9], "a place is given back once");
    }

    #[test]
    fn bodies_share_one_budget() {
        let places = Arc::new(Places::default());
        let (old, _) = places.take(9).expect("room");
        let (new, _) = places.take(9).expect("room");
        old.reaches(Stage::Body);
        new.reaches(Stage::Body);
        assert_eq!(old.more(BODIES - 1), Ok(0));
        assert_eq!(new.more(1), Ok(0), "the last byte");
        assert_eq!(new.more(1), Ok(1), "the older goes");
        assert_eq!(holders(&places), [2]);
        assert_eq!(new.more(BODIES), Err(()), "nobody else is left to go");
        drop(new);
        assert_eq!(locked(&places.0).bodies, 0);
        assert_eq!(old.more(5), Ok(0));
        assert_eq!(locked(&places.0).bodies, 0, "one that was shed holds nothing");
    }
}
