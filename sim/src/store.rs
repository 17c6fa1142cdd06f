//! Tables that must survive a restart where a run is kept: used assertions, used requests, and the journal of runs.

use federation::{StoreError, Time};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

/// In memory for a replay, in sled under `--keep DIR`.
#[derive(Debug)]
pub enum Store {
    Memory(Mutex<BTreeMap<(String, String), Time>>),
    Kept(sled::Db),
}

impl Store {
    pub fn memory() -> Store {
        Store::Memory(Mutex::new(BTreeMap::new()))
    }

    /// Opens or makes the store of `--keep DIR`.
    pub fn keep(dir: &Path) -> Result<Store, StoreError> {
        let open = || sled::Config::new().path(dir).flush_every_ms(None).open();
        open().map(Store::Kept).map_err(|e| StoreError(format!("cannot open `{}`: {e}", dir.display())))
    }

    /// A number that no other run in this store has; 0 in memory, where every run is the first.
    pub fn run_number(&self) -> Result<u64, StoreError> {
        match self {
            Store::Memory(_) => Ok(0),
            Store::Kept(db) => db.generate_id().map(|id| id + 1).map_err(|e| StoreError(e.to_string())),
        }
    }

    /// Inserts `key` unless it is there already; flushed before the answer (sled alone loses acknowledged writes).
    pub fn once(&self, table: &str, key: &str, until: Time) -> Result<bool, StoreError> {
        match self {
            Store::Memory(map) => {
                let mut map = map.lock().map_err(|_| StoreError("poisoned".into()))?;
                Ok(map.insert((table.into(), key.into()), until).is_none())
            }
            Store::Kept(db) => {
                let failed = |e: sled::Error| StoreError(e.to_string());
                let tree = db.open_tree(table).map_err(failed)?;
                let value = until.0.to_be_bytes().to_vec();
                let fresh = tree.compare_and_swap(key, None::<&[u8]>, Some(value)).map_err(failed)?.is_ok();
                db.flush().map_err(failed)?;
                Ok(fresh)
            }
        }
    }

    /// Appends a finished case to the journal of runs; nothing to do in memory.
    pub fn journal(&self, case: &str, transcript: &str) -> Result<(), StoreError> {
        let Store::Kept(db) = self else { return Ok(()) };
        let failed = |e: sled::Error| StoreError(e.to_string());
        let tree = db.open_tree("journal").map_err(failed)?;
        let id = db.generate_id().map_err(failed)?;
        tree.insert(format!("{id:020}/{case}"), transcript.as_bytes()).map_err(failed)?;
        db.flush().map_err(failed)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_new_once() {
        let dir = std::env::temp_dir().join(format!("fedsim-store-{}", std::process::id()));
        for store in [Store::memory(), Store::keep(&dir).expect("opens")] {
            assert_eq!(store.once("t", "k", Time(1)), Ok(true));
            assert_eq!(store.once("t", "k", Time(1)), Ok(false));
            assert_eq!(store.once("other", "k", Time(1)), Ok(true));
        }
        let again = Store::keep(&dir).expect("opens again");
        assert_eq!(again.once("t", "k", Time(1)), Ok(false), "survives a restart");
        drop(again);
        std::fs::remove_dir_all(&dir).expect("cleans up");
    }
}
