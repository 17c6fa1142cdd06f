//! The log of a kept world in sled: one tree, one atomic batch and one flush for all rows that are waiting.
//!
//! sled drops what it cannot read at its end without a word, as it has to after a crash. So the number of the last row that
//! was flushed stands in a file beside it, too: rows that were there once and are there no more are damage.

use super::{Kept, LOG, damaged, sound};
use crate::durable::{Disk, Left, Row};
use federation::StoreError;
use sha2::{Digest, Sha256};
use sled::{Batch, Tree};
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

const TAIL: &str = "tail";
/// Key of the number up to which rows are in a snapshot.
const FORGOTTEN: &[u8] = b"f";
const ROW: u8 = b'r';
const AUDIT: u8 = b'a';
/// Two places that are written in turn: a half-written one leaves the other.
const SLOT: usize = 16;

/// The tree and the file beside it.
pub struct SledRows {
    kept: Kept,
    tree: Tree,
    /// With the place that is next.
    tail: Mutex<(File, bool)>,
    path: PathBuf,
}

impl SledRows {
    pub fn open(kept: &Kept) -> Result<SledRows, StoreError> {
        let tree = sound(&kept.dir, || kept.db.open_tree(LOG))?;
        let path = kept.dir.join(TAIL);
        let missing = path.symlink_metadata().is_err_and(|e| e.kind() == ErrorKind::NotFound);
        if missing && !tree.is_empty() {
            return Err(damaged(&kept.dir, "the file `tail` is missing"));
        }
        let new = tree.is_empty();
        let file = File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(|e| StoreError(format!("cannot open `{}`: {e}", path.display())))?;
        let rows = SledRows { kept: kept.clone(), tree, tail: Mutex::new((file, false)), path };
        if new {
            // Before the first row: from then on there is always a number.
            rows.file(|file, _| if file.metadata()?.len() == 0 { file.write_all(&slot(0)) } else { Ok(()) })?;
        }
        Ok(rows)
    }

    /// What every party's own log said, oldest first, as it was committed.
    pub fn audit(&self) -> Result<Vec<Vec<u8>>, StoreError> {
        sound(&self.kept.dir, || self.tree.scan_prefix([AUDIT]).values().map(|v| Ok(v?.to_vec())).collect())
    }

    fn file<T>(&self, act: impl FnOnce(&mut File, &mut bool) -> std::io::Result<T>) -> Result<T, StoreError> {
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        let (file, second) = &mut *tail;
        act(file, second).map_err(|e| StoreError(format!("cannot read or write `{}`: {e}", self.path.display())))
    }

    /// The last row that was flushed once; less after a crash in between, never more.
    fn tail(&self) -> Result<u64, StoreError> {
        let mut bytes = Vec::new();
        self.file(|file, _| {
            file.seek(SeekFrom::Start(0))?;
            file.take(4 * SLOT as u64).read_to_end(&mut bytes)
        })?;
        let numbers = bytes.chunks_exact(SLOT).filter_map(told);
        match numbers.max() {
            Some(number) => Ok(number),
            None => Err(damaged(&self.kept.dir, "the file `tail` cannot be read")),
        }
    }

    fn row(&self, key: &[u8], value: &[u8]) -> Result<Row, StoreError> {
        let wrong = || damaged(&self.kept.dir, "a row of its log cannot be read");
        let number = key.get(1..).and_then(super::number).ok_or_else(wrong)?;
        let end = value.iter().position(|byte| *byte == 0).ok_or_else(wrong)?;
        let party = String::from_utf8(value[..end].to_vec()).map_err(|_| wrong())?;
        Ok(Row { number, party, change: value[end + 1..].to_vec(), audit: Vec::new() })
    }
}

fn key(kind: u8, number: u64) -> [u8; 9] {
    let mut key = [kind; 9];
    key[1..].copy_from_slice(&number.to_be_bytes());
    key
}

/// A number with what proves it whole.
fn slot(number: u64) -> [u8; SLOT] {
    let mut slot = [0; SLOT];
    slot[..8].copy_from_slice(&number.to_be_bytes());
    slot[8..].copy_from_slice(&Sha256::digest(number.to_be_bytes())[..8]);
    slot
}

fn told(bytes: &[u8]) -> Option<u64> {
    let number = super::number(bytes.get(..8)?)?;
    (slot(number) == bytes).then_some(number)
}

impl Disk for SledRows {
    fn write(&self, rows: &[Row]) -> Result<(), StoreError> {
        let Some(last) = rows.last().map(|row| row.number) else { return Ok(()) };
        let mut batch = Batch::default();
        for row in rows {
            let value = [row.party.as_bytes(), &[0], &row.change].concat();
            batch.insert(&key(ROW, row.number), value);
            if !row.audit.is_empty() {
                batch.insert(&key(AUDIT, row.number), &*row.audit);
            }
        }
        sound(&self.kept.dir, || {
            self.tree.apply_batch(batch)?;
            self.kept.db.flush()
        })?;
        self.file(|file, second| {
            *second = !*second;
            file.seek(SeekFrom::Start(if *second { SLOT as u64 } else { 0 }))?;
            file.write_all(&slot(last))
        })
    }

    fn forget(&self, number: u64) -> Result<(), StoreError> {
        sound(&self.kept.dir, || {
            let mut batch = Batch::default();
            for found in self.tree.range(key(ROW, 0)..=key(ROW, number)).keys() {
                batch.remove(found?);
            }
            batch.insert(FORGOTTEN, &number.to_be_bytes());
            self.tree.apply_batch(batch)?;
            self.kept.db.flush().map(|_| ())
        })
    }

    fn read(&self) -> Result<Left, StoreError> {
        let dir = &self.kept.dir;
        let forgotten = sound(dir, || self.tree.get(FORGOTTEN))?;
        let forgotten = match &forgotten {
            None => 0,
            Some(bytes) => super::number(bytes).ok_or_else(|| damaged(dir, "its log does not say where it begins"))?,
        };
        let found = sound(dir, || self.tree.scan_prefix([ROW]).collect::<Result<Vec<_>, _>>())?;
        let rows = found.iter().map(|(key, value)| self.row(key, value)).collect::<Result<Vec<_>, _>>()?;
        let left = Left { forgotten, rows };
        if let Some((wanted, row)) = (forgotten + 1..).zip(&left.rows).find(|(wanted, row)| row.number != *wanted) {
            return Err(damaged(dir, &format!("its log has row {} where {wanted} should be", row.number)));
        }
        let (last, tail) = (left.last(), self.tail()?);
        if tail > last {
            return Err(damaged(dir, &format!("its log ends at row {last} and was written up to {tail}")));
        }
        Ok(left)
    }
}
