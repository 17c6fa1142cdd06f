//! What all hosts of a run share: clock, seeded ids, the transcript, the store; and a party's door to it.

use crate::clock::Clock;
use crate::durable::Log;
use crate::net::{Caller, Net};
use crate::store::Store;
use federation::{CallError, Change, Event, EventKind, Fut, Outside, Request, Response, StoreError, Time};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Shared state of one world.
pub struct Core {
    pub clock: Clock,
    pub store: Store,
    /// What parties commit, where the run keeps state.
    pub log: Option<Log>,
    seed: u64,
    /// Number of the run in its store: a kept store has seen the ids of its earlier runs.
    run: u64,
    streams: Mutex<BTreeMap<String, ChaCha20Rng>>,
    events: Mutex<Vec<Event>>,
    /// How many milliseconds a party's clock is ahead.
    skews: Mutex<BTreeMap<String, i64>>,
}

/// Takes a lock whatever became of its last holder.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Core {
    pub fn new(clock: Clock, seed: u64, store: Store) -> Result<Core, StoreError> {
        let run = store.begin(clock.now())?;
        Ok(Core {
            clock,
            store,
            log: None,
            seed,
            run,
            streams: Mutex::default(),
            events: Mutex::default(),
            skews: Mutex::default(),
        })
    }

    /// 160 bits from the child stream `name`; one consumer never disturbs another.
    pub fn fresh_id(&self, name: &str) -> String {
        let mut streams = locked(&self.streams);
        let stream = streams
            .entry(name.to_string())
            .or_insert_with(|| ChaCha20Rng::from_seed(derive(self.seed, self.run, name)));
        let mut bytes = [0u8; 20];
        stream.fill_bytes(&mut bytes);
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }

    /// 32 bytes that depend on the seed and `name` alone, the same in every run.
    pub fn lasting(&self, name: &str) -> [u8; 32] {
        derive(self.seed, 0, name)
    }

    /// Once everything that was committed is on disk, where the run keeps state.
    ///
    /// # Errors
    /// Why it never will be: nothing may be answered any more.
    pub async fn settled(&self) -> Result<(), StoreError> {
        match &self.log {
            Some(log) => log.settled().await,
            None => Ok(()),
        }
    }

    pub fn note(&self, party: &str, kind: EventKind) {
        let event = Event { at: self.clock.now(), party: party.into(), kind };
        locked(&self.events).push(event);
    }

    /// Where the next event will stand.
    pub fn mark(&self) -> (usize, Time) {
        (locked(&self.events).len(), self.clock.now())
    }

    /// Notes what began at `mark`, before all that it led to.
    pub fn note_at(&self, (index, at): (usize, Time), party: &str, kind: EventKind) {
        let mut events = locked(&self.events);
        let index = index.min(events.len());
        events.insert(index, Event { at, party: party.into(), kind });
    }

    /// Sets how far the clock of `party` is ahead, in milliseconds; below zero, behind.
    pub fn set_skew(&self, party: &str, ahead: i64) {
        locked(&self.skews).insert(party.into(), ahead);
    }

    pub fn skew(&self, party: &str) -> i64 {
        locked(&self.skews).get(party).copied().unwrap_or(0)
    }

    /// What the clock of `party` shows at `time`.
    pub fn shown(&self, party: &str, time: Time) -> Time {
        Time(time.0.saturating_add(self.skew(party)).clamp(0, Time::MAX.0))
    }

    /// Takes what was noted since the last call.
    pub fn drain(&self) -> Vec<Event> {
        std::mem::take(&mut *locked(&self.events))
    }
}

fn derive(seed: u64, run: u64, name: &str) -> [u8; 32] {
    let seed = Sha256::new().chain_update(seed.to_be_bytes()).chain_update(run.to_be_bytes());
    seed.chain_update(name).finalize().into()
}

/// The door of one party.
#[derive(Clone)]
pub struct Door {
    pub party: String,
    pub core: Arc<Core>,
    pub net: Net,
}

impl Outside for Door {
    fn now(&self) -> Time {
        self.core.shown(&self.party, self.core.clock.now())
    }
    fn fresh_id(&self, purpose: &'static str) -> String {
        self.core.fresh_id(&format!("{}/{purpose}", self.party))
    }
    fn new_key(&self) -> Vec<u8> {
        crate::device::new_key()
    }
    fn call<'a>(&'a self, request: Request, timeout_ms: u64) -> Fut<'a, Result<Response, CallError>> {
        Box::pin(async move {
            let caller = Caller { name: self.party.clone(), ip: crate::net::SERVER_IP, keys: Vec::new(), timeout_ms };
            self.net.call(&caller, request).await
        })
    }
    fn once(&self, table: &'static str, key: &str, until: Time) -> Result<bool, StoreError> {
        self.core.store.once(&format!("{}/{table}", self.party), key, until, self.now())
    }
    fn commit(&self, change: &dyn Fn() -> Change) {
        if let Some(log) = &self.core.log {
            log.commit(&self.party, self.core.clock.now(), change());
        }
    }
    fn note(&self, kind: EventKind) {
        self.core.note(&self.party, kind);
    }
}
