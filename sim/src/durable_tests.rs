//! The log: what settles is on disk, concurrent writers share a batch, and a disk that fails ends it.

use super::*;
use federation::EventKind;

/// A disk whose every batch is counted, and which fails at one of them; `keeps` says how many rows it has then kept.
#[derive(Clone, Default)]
struct Fake(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    left: Left,
    batches: Vec<usize>,
    fails_at: Option<usize>,
    keeps: usize,
}

impl Disk for Fake {
    fn write(&self, rows: &[Row]) -> Result<(), StoreError> {
        let mut inside = locked(&self.0);
        if inside.fails_at == Some(inside.batches.len()) {
            let keeps = inside.keeps;
            inside.left.rows.extend(rows.iter().take(keeps).cloned());
            return Err(StoreError("no space left".into()));
        }
        inside.batches.push(rows.len());
        inside.left.rows.extend_from_slice(rows);
        Ok(())
    }

    fn forget(&self, number: u64) -> Result<(), StoreError> {
        let left = &mut locked(&self.0).left;
        left.rows.retain(|row| row.number > number);
        left.forgotten = number;
        Ok(())
    }

    fn read(&self) -> Result<Left, StoreError> {
        Ok(locked(&self.0).left.clone())
    }
}

fn change(text: &str) -> Change {
    Change { bytes: text.into(), audit: vec![EventKind::Changed { what: text.into() }] }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn what_settles_is_on_disk_with_its_audit_and_the_next_run_goes_on_after_it() {
    let disk = Fake::default();
    let log = Log::open(disk.clone()).unwrap();
    for text in ["a", "b"] {
        log.commit("uem", Time(7), change(text));
    }
    runtime().block_on(log.settled()).unwrap();
    let rows = disk.read().unwrap().rows;
    let seen: Vec<_> = rows.iter().map(|row| (row.number, &*row.party, &*row.change)).collect();
    assert_eq!(seen, [(1, "uem", &b"a"[..]), (2, "uem", b"b")]);
    let audit = String::from_utf8_lossy(&rows[1].audit);
    assert!(audit.contains(r#""party":"uem""#) && audit.contains(r#""what":"b""#), "{audit}");
    log.forget(1);
    drop(log);
    let log = Log::open(disk.clone()).unwrap();
    assert_eq!((log.left().forgotten, log.left().last(), log.last()), (1, 2, 2));
    log.commit("okta", Time(8), change("c"));
    drop(log);
    assert_eq!(disk.read().unwrap().last(), 3, "what waits at the end is written");
}

#[test]
fn writers_at_the_same_time_share_a_batch() {
    let disk = Fake::default();
    let log = Log::open(disk.clone()).unwrap();
    let held = locked(&disk.0);
    // The disk is busy with the first one while all others come.
    for n in 0..100 {
        log.commit("access", Time(0), change(&n.to_string()));
    }
    drop(held);
    runtime().block_on(log.settled()).unwrap();
    let batches = locked(&disk.0).batches.clone();
    assert_eq!(batches.iter().sum::<usize>(), 100);
    assert!(batches.len() <= 100 && batches.last().is_some_and(|last| *last >= 1), "{batches:?}");
    assert!(batches.len() < 100, "{batches:?}");
}

#[test]
fn after_a_batch_that_failed_nothing_settles_and_nothing_is_written() {
    for keeps in [0, 1] {
        let disk = Fake::default();
        locked(&disk.0).fails_at = Some(1);
        locked(&disk.0).keeps = keeps;
        let log = Log::open(disk.clone()).unwrap();
        let runtime = runtime();
        log.commit("access", Time(0), change("good"));
        assert_eq!(runtime.block_on(log.settled()), Ok(()));
        log.commit("access", Time(0), change("lost"));
        let failed = Err(StoreError("no space left".into()));
        assert_eq!(runtime.block_on(log.settled()), failed);
        log.commit("access", Time(0), change("later"));
        assert_eq!(runtime.block_on(log.settled()), failed);
        drop(log);
        let rows = disk.read().unwrap().rows;
        let seen: Vec<_> = rows.iter().map(|row| &*row.change).collect();
        assert_eq!(seen, [&b"good"[..], b"lost"][..=keeps], "whole changes, in their order");
    }
}
