//! Tables that must survive a restart where a run is kept: used assertions, used requests, and the journal of runs.
//!
//! The log of a kept world is in `rows`. A kept directory is ours alone: a file says so, with the version of what lies there. Whatever else is found there,
//! or damage, is an error that names the directory, never a panic.

pub mod rows;

use crate::durable::Log;
use crate::fault::guarded;
use federation::{StoreError, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The file that says whose directory it is, and what is in it.
const MARKER: &str = "fedsim-store";
const MARKED: &str = "fedsim store, version 1\n";
const JOURNAL: &str = "journal";
/// The tree of `rows`.
const LOG: &str = "log";
/// Version of a journal's entries.
const ENTRY: u32 = 1;
/// Expired keys in memory are dropped every so many insertions.
const TIDY: usize = 256;

type Table = BTreeMap<(String, String), Time>;

/// In memory for a replay, in sled under `--keep DIR`. Clones share what they hold.
#[derive(Debug, Clone)]
pub enum Store {
    Memory(Arc<Mutex<Table>>),
    Kept(Kept),
}

/// An open directory.
#[derive(Debug, Clone)]
pub struct Kept {
    db: sled::Db,
    dir: PathBuf,
}

/// A finished case as the journal has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub version: u32,
    pub case: String,
    pub met: bool,
    /// How its sign-ins ended.
    pub ends: String,
    pub transcript: String,
}

impl Entry {
    pub fn new(case: &str, met: bool, ends: String, transcript: String) -> Entry {
        Entry { version: ENTRY, case: case.into(), met, ends, transcript }
    }
}

impl Store {
    pub fn memory() -> Store {
        Store::Memory(Arc::default())
    }

    /// Opens or makes the store of `--keep DIR`.
    pub fn keep(dir: &Path) -> Result<Store, StoreError> {
        let cannot = |e: std::io::Error| {
            let dir = dir.display();
            StoreError(format!("cannot keep anything in `{dir}`: {e}\n  name a directory that you may write to"))
        };
        std::fs::create_dir_all(dir).map_err(cannot)?;
        if std::fs::read_dir(dir).map_err(cannot)?.next().is_none() {
            std::fs::write(dir.join(MARKER), MARKED).map_err(cannot)?;
        }
        Store::open(dir)
    }

    /// Opens the store of an earlier `--keep DIR`.
    pub fn open(dir: &Path) -> Result<Store, StoreError> {
        let wrong = |why: &str| Err(StoreError(format!("`{}` {why}", dir.display())));
        match std::fs::read_to_string(dir.join(MARKER)) {
            Ok(text) if text == MARKED => {}
            Ok(_) => return wrong("was written by another version of fedsim; name a new directory"),
            Err(_) if dir.is_dir() => {
                return wrong(
                    "is no store of fedsim's and not empty; name a new directory, or one of an earlier `--keep`",
                );
            }
            Err(_) => return wrong("is no directory of an earlier `fedsim run --keep`"),
        }
        let path = dir.join("sled");
        let db = sound(dir, || sled::Config::new().path(path).flush_every_ms(None).open())?;
        Ok(Store::Kept(Kept { db, dir: dir.into() }))
    }

    /// A number that no other run in this store has, 0 in memory, where every run is the first; what expired before
    /// `now` is forgotten.
    pub fn begin(&self, now: Time) -> Result<u64, StoreError> {
        let Store::Kept(Kept { db, dir }) = self else { return Ok(0) };
        sound(dir, || {
            for name in db.tree_names() {
                if [JOURNAL.as_bytes(), LOG.as_bytes(), b"__sled__default"].contains(&name.as_ref()) {
                    continue;
                }
                let tree = db.open_tree(name)?;
                for row in tree.iter() {
                    let (key, until) = row?;
                    if !live(&until, now) {
                        tree.remove(key)?;
                    }
                }
            }
            db.generate_id().map(|id| id + 1)
        })
    }

    /// Inserts `key` unless it is there already and not past its `until`; flushed before the answer (sled alone loses
    /// acknowledged writes).
    pub fn once(&self, table: &str, key: &str, until: Time, now: Time) -> Result<bool, StoreError> {
        match self {
            Store::Memory(map) => {
                let mut map = map.lock().unwrap_or_else(PoisonError::into_inner);
                if map.len() % TIDY == TIDY - 1 {
                    map.retain(|_, until| *until > now);
                }
                let before = map.insert((table.into(), key.into()), until);
                let fresh = before.is_none_or(|until| until <= now);
                if !fresh && let Some(before) = before {
                    map.insert((table.into(), key.into()), before);
                }
                Ok(fresh)
            }
            Store::Kept(Kept { db, dir }) => sound(dir, || {
                let tree = db.open_tree(table)?;
                loop {
                    let before = tree.get(key)?;
                    if before.as_ref().is_some_and(|until| live(until, now)) {
                        return Ok(false);
                    }
                    let value = until.0.to_be_bytes().to_vec();
                    if tree.compare_and_swap(key, before, Some(value))?.is_ok() {
                        db.flush()?;
                        return Ok(true);
                    }
                }
            }),
        }
    }

    /// Appends a finished case to the journal of runs; nothing to do in memory.
    pub fn journal(&self, entry: &Entry) -> Result<(), StoreError> {
        let Store::Kept(Kept { db, dir }) = self else { return Ok(()) };
        let value = serde_json::to_vec(entry).map_err(|e| StoreError(e.to_string()))?;
        sound(dir, || {
            let tree = db.open_tree(JOURNAL)?;
            loop {
                let number = tree.last()?.map_or(Some(0), |(key, _)| number(&key)).unwrap_or_default() + 1;
                let fresh = tree.compare_and_swap(number.to_be_bytes(), None::<&[u8]>, Some(value.clone()))?;
                if fresh.is_ok() {
                    return db.flush().map(|_| ());
                }
            }
        })
    }

    /// The log of a world that outlives a restart; nothing in memory.
    pub fn log(&self) -> Result<Option<Log>, StoreError> {
        match self {
            Store::Memory(_) => Ok(None),
            Store::Kept(kept) => Log::open(rows::SledRows::open(kept)?).map(Some),
        }
    }

    /// The journal, oldest first: each run with its number.
    pub fn runs(&self) -> Result<Vec<(u64, Entry)>, StoreError> {
        let Store::Kept(Kept { db, dir }) = self else { return Ok(Vec::new()) };
        let rows = sound(dir, || db.open_tree(JOURNAL)?.iter().collect::<Result<Vec<_>, _>>())?;
        let damaged = |what: String| damaged(dir, &what);
        let read = |(key, value): (sled::IVec, sled::IVec)| {
            let number = number(&key).ok_or_else(|| damaged("a journal key is no number".into()))?;
            let entry: Entry =
                serde_json::from_slice(&value).map_err(|e| damaged(format!("entry {number} of its journal: {e}")))?;
            match entry.version {
                ENTRY => Ok((number, entry)),
                other => Err(StoreError(format!(
                    "entry {number} of the journal in `{}` has version {other}; this fedsim reads version {ENTRY}\n  \
                     read it with the fedsim that wrote it, or name a new directory",
                    dir.display()
                ))),
            }
        };
        rows.into_iter().map(read).collect()
    }
}

fn number(key: &[u8]) -> Option<u64> {
    key.try_into().ok().map(u64::from_be_bytes)
}

/// Whether a key is still spent; what cannot be read is.
fn live(until: &[u8], now: Time) -> bool {
    until.try_into().map_or(true, |bytes| Time(i64::from_be_bytes(bytes)) > now)
}

fn damaged(dir: &Path, what: &str) -> StoreError {
    let what = what.lines().next().unwrap_or_default();
    StoreError(format!(
        "the store in `{}` is damaged: {what}\n  name a new directory, or remove this one",
        dir.display()
    ))
}

/// What sled answers; it panics over some damage, and that is an error here.
fn sound<T>(dir: &Path, act: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
    match guarded(act) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(sled::Error::Io(e)))
            if e.kind() == std::io::ErrorKind::Other || e.kind() == std::io::ErrorKind::WouldBlock =>
        {
            Err(StoreError(format!(
                "cannot open the store in `{}`; is another fedsim using it? ({e})\n  wait for it, or name another directory",
                dir.display()
            )))
        }
        Ok(Err(sled::Error::Io(e))) => {
            Err(StoreError(format!("cannot read or write the store in `{}`: {e}", dir.display())))
        }
        Ok(Err(e)) => Err(damaged(dir, &e.to_string())),
        Err(panic) => Err(damaged(dir, &panic)),
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
