//! The log of a world that outlives a restart: every change that a party commits, in one order over all parties, on disk
//! before any answer that may rest on it.
//!
//! Writers do not wait for the disk, answers do: what was committed while the disk was busy goes to it as one batch with
//! one flush. After a batch that failed nothing is written and nothing is answered any more: memory is ahead of the disk,
//! and only a new start brings both together. A snapshot (`lasting`) takes the place of the rows before it.

use crate::core::locked;
use federation::{Change, StoreError, Time};
use serde_json::json;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::watch;

/// A change as it is kept. Numbers count from 1 and leave none out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub number: u64,
    pub party: String,
    pub change: Vec<u8>,
    /// What the party's own log says of it: one JSON text, empty where it says nothing.
    pub audit: Vec<u8>,
}

/// What an earlier run has left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Left {
    /// Rows up to this number are in a snapshot and gone.
    pub forgotten: u64,
    /// Those after it, without a gap.
    pub rows: Vec<Row>,
}

impl Left {
    pub fn last(&self) -> u64 {
        self.rows.last().map_or(self.forgotten, |row| row.number)
    }
}

/// Where rows are kept.
pub trait Disk: Send + Sync {
    /// All of them, with their audit, or none; they are on disk when this returns.
    fn write(&self, rows: &[Row]) -> Result<(), StoreError>;
    /// A snapshot has everything up to `number`. The audit stays.
    fn forget(&self, number: u64) -> Result<(), StoreError>;
    /// What is there; an error where anything is missing.
    fn read(&self) -> Result<Left, StoreError>;
}

/// How far the disk is: the number of the last row on it, or why there will be no further one.
type Progress = Result<u64, StoreError>;

#[derive(Default)]
struct Waiting {
    rows: Vec<Row>,
    /// Number of the last row that was committed.
    last: u64,
    /// What a snapshot has.
    forget: Option<u64>,
    over: bool,
}

struct Shared {
    waiting: Mutex<Waiting>,
    more: Condvar,
    progress: watch::Sender<Progress>,
}

/// The log of one run; clones are the same log.
#[derive(Clone)]
pub struct Log(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    left: Left,
    writer: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").field("last", &self.last()).finish()
    }
}

impl Log {
    /// Goes on after what `disk` has.
    pub fn open(disk: impl Disk + 'static) -> Result<Log, StoreError> {
        let left = disk.read()?;
        let last = left.last();
        let shared = Arc::new(Shared {
            waiting: Mutex::new(Waiting { last, ..Waiting::default() }),
            more: Condvar::new(),
            progress: watch::Sender::new(Ok(last)),
        });
        let theirs = shared.clone();
        let writer = std::thread::Builder::new().name("log".into()).spawn(move || write(&theirs, &disk));
        let writer = writer.map_err(|e| StoreError(format!("cannot start the log's thread: {e}")))?;
        Ok(Log(Arc::new(Inner { shared, left, writer: Some(writer) })))
    }

    /// What was on disk when it was opened.
    pub fn left(&self) -> &Left {
        &self.0.left
    }

    /// Number of the last row that was committed.
    pub fn last(&self) -> u64 {
        locked(&self.0.shared.waiting).last
    }

    /// Puts a change after all others; see [`Log::settled`].
    pub fn commit(&self, party: &str, at: Time, change: Change) {
        let audit = match change.audit.is_empty() {
            true => Vec::new(),
            false => json!({ "at": at, "party": party, "events": change.audit }).to_string().into_bytes(),
        };
        let mut waiting = locked(&self.0.shared.waiting);
        waiting.last += 1;
        let number = waiting.last;
        waiting.rows.push(Row { number, party: party.into(), change: change.bytes, audit });
        drop(waiting);
        self.0.shared.more.notify_one();
    }

    /// Once everything that is committed now is on disk.
    ///
    /// # Errors
    /// Why it never will be.
    pub async fn settled(&self) -> Result<(), StoreError> {
        let wanted = self.last();
        let mut progress = self.0.shared.progress.subscribe();
        let reached = progress.wait_for(|progress| progress.as_ref().map_or(true, |last| *last >= wanted)).await;
        match reached {
            Ok(progress) => progress.clone().map(|_| ()),
            Err(_) => Err(StoreError("the log is closed".into())),
        }
    }

    /// Rows up to `number` are in a snapshot that is on disk.
    pub fn forget(&self, number: u64) {
        locked(&self.0.shared.waiting).forget = Some(number);
        self.0.shared.more.notify_one();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        locked(&self.shared.waiting).over = true;
        self.shared.more.notify_one();
        // What is waiting is written first.
        let _ = self.writer.take().map(JoinHandle::join);
    }
}

/// Writes what is waiting, as one batch, until nobody can commit any more or the disk fails.
fn write(shared: &Shared, disk: &dyn Disk) {
    let idle = |waiting: &mut Waiting| waiting.rows.is_empty() && waiting.forget.is_none() && !waiting.over;
    loop {
        let waiting = locked(&shared.waiting);
        let mut waiting = shared.more.wait_while(waiting, idle).unwrap_or_else(PoisonError::into_inner);
        let (rows, forget, over) = (std::mem::take(&mut waiting.rows), waiting.forget.take(), waiting.over);
        drop(waiting);
        let mut done = Ok(());
        if let Some(last) = rows.last().map(|row| row.number) {
            done = disk.write(&rows);
            if done.is_ok() {
                shared.progress.send_modify(|progress| *progress = Ok(last));
            }
        }
        if let (Ok(()), Some(number)) = (&done, forget) {
            done = disk.forget(number);
        }
        if let Err(e) = done {
            shared.progress.send_modify(|progress| *progress = Err(e));
            return;
        }
        if over {
            return;
        }
    }
}

#[cfg(test)]
#[path = "durable_tests.rs"]
mod tests;
