//! The store: what is used stays used, and a kept store is read back.

use super::*;

/// A directory that goes with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let dir = std::env::temp_dir().join(format!("fedsim-store-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        Scratch(dir)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const NOW: Time = Time(0);

/// Opens a store that this process had open a moment ago: sled lets go of its lock from a thread of its own.
fn again(dir: &Path) -> Store {
    for _ in 0..100_000 {
        match Store::keep(dir) {
            Ok(store) => return store,
            Err(e) if e.to_string().contains("another fedsim") => std::thread::yield_now(),
            Err(e) => panic!("{e}"),
        }
    }
    panic!("`{}` stays locked", dir.display())
}

#[test]
fn a_key_is_new_once_until_it_expires() {
    let dir = Scratch::new("once");
    for store in [Store::memory(), Store::keep(&dir.0).expect("opens")] {
        let rows = [
            ("t", 10, 0, true),
            ("t", 20, 0, false),
            ("other", 10, 0, true),
            ("t", 30, 10, true),
            ("t", 40, 29, false),
        ];
        for (table, until, now, fresh) in rows {
            assert_eq!(store.once(table, "k", Time(until), Time(now)), Ok(fresh), "{store:?} {table} {until} {now}");
        }
    }
    assert_eq!(again(&dir.0).once("other", "k", Time(10), NOW), Ok(false), "survives a restart");
}

#[test]
fn what_expired_is_forgotten() {
    let dir = Scratch::new("prune");
    let store = Store::keep(&dir.0).expect("opens");
    for n in 0..10 {
        assert_eq!(store.once("t", &n.to_string(), Time(n), NOW), Ok(true));
    }
    store.begin(Time(4)).expect("begins");
    let Store::Kept(kept) = &store else { panic!("is kept") };
    assert_eq!(kept.db.open_tree("t").unwrap().len(), 5, "5 to 9 are left");
    let memory = Store::memory();
    for n in 0..2000 {
        memory.once("t", &n.to_string(), Time(n + 1), Time(n)).expect("answers");
    }
    let Store::Memory(map) = &memory else { panic!("is in memory") };
    assert!(map.lock().unwrap().len() <= TIDY, "memory stays bounded");
}

#[test]
fn the_journal_is_read_as_it_was_written_and_runs_have_numbers_of_their_own() {
    let dir = Scratch::new("journal");
    let entry = |n: u32| Entry::new(&format!("a/{n}"), n == 1, "granted".into(), format!("line {n}\n"));
    let numbers: Vec<u64> = (1..=3)
        .map(|n| {
            let store = again(&dir.0);
            let number = store.begin(NOW).expect("begins");
            store.journal(&entry(n)).expect("writes");
            number
        })
        .collect();
    assert!(numbers[0] != numbers[1] && numbers[1] != numbers[2], "{numbers:?}");
    let runs = again(&dir.0).runs().expect("reads");
    assert_eq!(runs, (1..=3).map(|n| (u64::from(n), entry(n))).collect::<Vec<_>>());
}

#[test]
fn an_entry_of_another_version_is_told() {
    let dir = Scratch::new("version");
    let store = Store::keep(&dir.0).expect("opens");
    store.journal(&Entry { version: 9, ..Entry::new("a", true, String::new(), String::new()) }).expect("writes");
    assert!(store.runs().is_err_and(|e| e.to_string().contains("has version 9; this fedsim reads version 1")));
}

#[test]
fn foreign_directories_are_left_alone() {
    let dir = Scratch::new("foreign");
    std::fs::create_dir_all(&dir.0).unwrap();
    std::fs::write(dir.0.join("thesis.txt"), "mine").unwrap();
    for opened in [Store::keep(&dir.0), Store::open(&dir.0)] {
        assert!(opened.is_err_and(|e| e.to_string().contains("is no store of fedsim's")));
    }
    assert_eq!(std::fs::read_dir(&dir.0).unwrap().count(), 1, "nothing was added");
    let rows = [("nowhere", "is no directory of an earlier"), ("thesis.txt", "is no directory of an earlier")];
    for (name, wanted) in rows {
        assert!(Store::open(&dir.0.join(name)).is_err_and(|e| e.to_string().contains(wanted)), "{name}");
    }
    assert!(Store::keep(&dir.0.join("thesis.txt")).is_err_and(|e| e.to_string().contains("cannot keep anything in")));
    std::fs::write(dir.0.join(MARKER), "fedsim store, version 7\n").unwrap();
    assert!(Store::keep(&dir.0).is_err_and(|e| e.to_string().contains("another version of fedsim")));
}

/// Every file of a store in turn is cut short, filled with rubbish, or has bytes flipped.
#[test]
fn damage_is_an_error_or_harmless_and_never_a_panic() {
    let source = Scratch::new("damage-source");
    {
        let store = Store::keep(&source.0).expect("opens");
        for n in 0..20u32 {
            store
                .journal(&Entry::new(&format!("a/{n}"), true, "granted".into(), "line\n".repeat(200)))
                .expect("writes");
        }
    }
    let mut files = Vec::new();
    collect(&source.0, &mut files);
    assert!(files.len() >= 3, "{files:?}");
    let mut errors = 0;
    for file in &files {
        for damage in 0..6usize {
            let copy = Scratch::new("damage-copy");
            for other in &files {
                let to = copy.0.join(other.strip_prefix(&source.0).unwrap());
                std::fs::create_dir_all(to.parent().unwrap()).unwrap();
                let mut bytes = std::fs::read(other).unwrap();
                if other == file {
                    let middle = bytes.len() / 2;
                    match damage {
                        0 => bytes.truncate(middle),
                        1 => bytes.clear(),
                        2 => bytes.fill(0xff),
                        3 => bytes.iter_mut().take(64).for_each(|b| *b ^= 0x55),
                        4 => bytes.iter_mut().skip(middle).take(64).for_each(|b| *b ^= 0x55),
                        _ => bytes.extend_from_slice(&[7; 999]),
                    }
                }
                std::fs::write(to, bytes).unwrap();
            }
            let read = Store::open(&copy.0).and_then(|store| {
                store.begin(NOW)?;
                store.once("t", "k", Time(1), NOW)?;
                store.runs()
            });
            if let Err(e) = read {
                errors += 1;
                assert!(e.to_string().contains(&copy.0.display().to_string()), "names the directory: {e}");
            }
        }
    }
    assert!(errors > 0, "some damage is noticed");
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        if entry.path().is_dir() { collect(&entry.path(), files) } else { files.push(entry.path()) }
    }
}
